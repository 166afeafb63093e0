# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from listening import Listener
from scarp.engine.errors import EngineError
from scarp.engine.samples.dates import dates, reach, within


def spans(*values, feedback=None):
    return dates(np.array(values, object), "day", feedback).astype(str).tolist()


def told(*values):
    """Return the first day of each."""
    return [first for first, _ in spans(*values)]


@pytest.mark.parametrize(
    "value",
    [
        "2014-05-31",
        "2014/05/31",
        "2014.05.31",
        "2014/05/31 12:30:00+00",
        "2014-05-31T12:30:00Z",
        20140531,
        20140531.0,
        "20140531",
        "20140531.0",
        "31/05/2014",
        "31.05.2014",
        "31-5-2014",
        "31/05/2014 08:00",
        "05/31/2014",
        "31 May 2014",
        "31. Mai 2014",
        "31 maggio 2014",
        "31 de mayo de 2014",
        "May 31st, 2014",
        "31-May-2014",
        "2014-May-31",
        "Sat 31 May 2014 08:00",
        "5/31/2014 8:00:00 AM",
        "2014-05-31T23:30:00.5+02:00",
        "2014-05-31 23:30:00-0500",
        20140531123000,
    ],
)
def test_ways_to_write_a_day(value):
    assert told(value) == ["2014-05-31"]


def test_years_and_months_stand_for_their_first_day():
    assert told(2014, 2014.0, "2014", "2014-07", "1895") == ["2014-01-01"] * 3 + ["2014-07-01", "1895-01-01"]


def test_a_day_or_month_that_is_not_known_is_the_first():
    assert told("05/2014", "5.2014", "2014-05-00", 20140500) == ["2014-05-01"] * 4
    assert told("2014-00-00", 20140000) == ["2014-01-01"] * 2


@pytest.mark.parametrize("value", ["1393/03/10", "13/03/1393", 13930310, 1393, "1393"])
def test_years_of_another_calendar_are_refused(value):
    with pytest.raises(EngineError, match=rf"day holds '{value}', a year long past; if it is of another calendar \(the Persian one"):
        told("2014-05-31", value)


@pytest.mark.parametrize("value", [2014.5, 2014.05, 20140531.5])
def test_a_number_with_a_fraction_is_no_date(value):
    with pytest.raises(EngineError, match=rf"day holds the number {value}; expected dates"):
        told(value)


@pytest.mark.parametrize(
    "value",
    [None, "", " ", 0, 0.0, "0", -9999, -9999.0, "-9999", "00000000", "0000-00-00", "00/00/0000", "NULL", float("nan"), "unknown"],
)
def test_unknown_days(value):
    assert told(value, "2014-05-31") == ["NaT", "2014-05-31"]


def test_one_number_above_12_tells_for_the_whole_field():
    assert told("01/02/2014", "13/02/2014") == ["2014-02-01", "2014-02-13"]
    assert told("01/02/2014", "02/13/2014") == ["2014-01-02", "2014-02-13"]
    assert told("01.02.2014", "03.02.2014") == ["2014-02-01", "2014-02-03"], "dots are day first"
    assert told("03/03/2014") == ["2014-03-03"], "it makes no difference"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (["01/02/2014", "03/02/2014"], "day holds '0[13]/02/2014' and no number above 12 that would tell whether the day or the month"),
        (["05/12/2014", "12/05/2014"], "day holds '(05/12|12/05)/2014' and no number above 12"),
        (["in May"], "day holds 'in May'; expected dates such as 2014-05-31, 20140531 or 31/05/2014"),
        (["31/05/14"], "day holds '31/05/14'"),
        ([41790], "day holds '41790'"),
        (["20141332"], "day holds '20141332'"),
        (["31/02/2014"], "day holds '31/02/2014'"),
        (["13/13/2014"], "day holds '13/13/2014'"),
        ([12], "day holds '12'"),
        ([3.5], "day holds the number 3.5"),
    ],
)
def test_what_is_no_date_is_told(values, said):
    with pytest.raises(EngineError, match=said):
        told(*values)


def test_a_twelfth_tells_nothing():
    with pytest.raises(EngineError, match="no number above 12"):
        told("01/12/2014", "03/11/2014")
    with pytest.raises(EngineError, match="no number above 12"):
        told("12/01/2014", "11/03/2014")


@pytest.mark.parametrize(
    ("words", "month"),
    [
        ("Jan Jänner Januar gennaio janvier janv. enero", "01"),
        ("February Feber febbraio février févr. febrero", "02"),
        ("March Mar März mars marzo", "03"),
        ("aprile avril abril", "04"),
        ("May Mai maggio mayo", "05"),
        ("Juni giugno juin junio", "06"),
        ("Juli luglio juillet julio", "07"),
        ("agosto août Aug.", "08"),
        ("Sept settembre septiembre setiembre", "09"),
        ("Oktober ottobre octubre", "10"),
        ("novembre noviembre Nov", "11"),
        ("Dezember dicembre décembre diciembre", "12"),
    ],
)
def test_months_as_words(words, month):
    for word in words.split():
        assert told(f"{word} 2014", f"3 {word} 2013") == [f"2014-{month}-01", f"2013-{month}-03"], word


def test_what_lasts():
    assert spans("2014", "02/2012", "Feb 2013", "2014-05-00") == [
        ["2014-01-01", "2014-12-31"], ["2012-02-01", "2012-02-29"], ["2013-02-01", "2013-02-28"], ["2014-05-01", "2014-05-31"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2010-2014", "2010-01-01", "2014-12-31"),
        ("2010 – 2014", "2010-01-01", "2014-12-31"),
        ("2010/2011", "2010-01-01", "2011-12-31"),
        ("between 2010 and May 2014", "2010-01-01", "2014-05-31"),
        ("12–14 May 2014", "2014-05-12", "2014-05-14"),
        ("May-June 2014", "2014-05-01", "2014-06-30"),
        ("2014-05-01/2014-06-02", "2014-05-01", "2014-06-02"),
        ("30/05/2014 - 02/06/2014", "2014-05-30", "2014-06-02"),
        ("before 1998", "0001-01-01", "1997-12-31"),
        ("vor 3.5.1998", "0001-01-01", "1998-05-02"),
        ("until 1998", "0001-01-01", "1998-12-31"),
        ("<= May 1998", "0001-01-01", "1998-05-31"),
        ("after 2005", "2006-01-01", "9999-12-31"),
        ("since 2005", "2005-01-01", "9999-12-31"),
    ],
)
def test_spans_of_time(text, first, last):
    assert spans(text) == [[first, last]]


def test_about_a_date_is_unknown_and_told():
    listener = Listener()
    values = ["ca. 2005", "c. 2004", "~2003", "2002?", "2010"]
    assert spans(*values, feedback=listener)[:4] == [["NaT", "NaT"]] * 4
    assert "'2002?', 'c. 2004', 'ca. 2005' and 1 more such values: about when is not when" in listener.warnings[0]


def test_six_digits_are_year_and_month_only_where_the_field_says_so():
    """200512 is December 2005, or 12 May 2020, or 20 May 2012; 199905 can be the first alone."""
    assert spans("201405") == [["2014-05-01", "2014-05-31"]]
    assert spans(200512, 199905) == [["2005-12-01", "2005-12-31"], ["1999-05-01", "1999-05-31"]]
    with pytest.raises(EngineError, match="day holds '200512' and no value that would tell whether this is year and month"):
        spans(200512)
    with pytest.raises(EngineError, match="day holds '310514', whose year has two digits"):
        spans(310514)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([41790, 41791], "day holds '41790', '41791', which may be a day counted as spreadsheets do, from 1900 or from 1904"),
        ([41790.5], "day holds the number 41790.5, which may be a day counted as spreadsheets do"),
        ([1401494400000], "day holds '1401494400000', which may be seconds or milliseconds since 1970"),
        ([1401494400], "day holds '1401494400', which may be seconds or milliseconds since 1970"),
        (["12-Mar-14"], "day holds '12-Mar-14', whose year has two digits"),
        (["2010-12", "2010-14"], "day holds '2010-14', which is no month; write a span of years as 2010-2014"),
        (["2014-2010"], "day holds '2014-2010'; expected dates"),
        (["31/05/2014", "05/31/2014"], "day holds '31/05/2014' and '05/31/2014', the day first and the month first"),
        (["2014-05-31 or so"], "day holds '2014-05-31 or so'; expected"),
        (["spring 2014", "May", "soon", "later", "2014"], "day holds 'May', 'later', 'soon' and 1 more such values; expected"),
        (["?" * 5000], "expected dates"),
        (["~" * 5000 + "2014"], "expected dates"),
    ],
)
def test_what_is_asked_back(values, said):
    with pytest.raises(EngineError, match=said):
        spans(*values)


def test_the_day_itself_is_from_it_on_and_a_span_that_ends_on_it_is_neither():
    given = dates(np.array(["2014-04-30", "2014-05-01", "2014-05-02", "2014-04-30 to 2014-05-01", "May 2014"], object), "day")
    before, later = within(given, np.datetime64("2014-05-01"))
    assert before.tolist() == [True, False, False, False, False]
    assert later.tolist() == [False, True, True, False, True]


def test_spans_reach_from_the_first_day_to_the_last_whatever_their_order():
    def reached(*values):
        return reach(dates(np.array(values, object), "day"))

    assert reached("2016", "2013-02-01", "May 2014") == "2013-02-01 to 2016-12-31"
    assert reached("after 2005", "2001") == "from 2001-01-01 on"


def test_years_of_which_landslides_are_known():
    assert told("1500", "2099") == ["1500-01-01", "2099-01-01"]
    for year in ("1499", "2100"):
        with pytest.raises(EngineError, match=year):
            told(year)


def test_one_day_is_a_span_and_three_examples_are_all_there_are():
    assert spans("2014-05-01 to 2014-05-01") == [["2014-05-01", "2014-05-01"]]
    with pytest.raises(EngineError, match=r"'a', 'b', 'c'; expected"):
        told("a", "b", "c")
