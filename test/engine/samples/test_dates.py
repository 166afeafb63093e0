# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.samples.dates import dates


def told(*values):
    return dates(np.array(values, object), "day").astype(str).tolist()


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
