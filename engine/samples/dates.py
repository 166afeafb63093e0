# SPDX-License-Identifier: GPL-2.0-or-later
"""Days, months, years and spans of time as people write them, or one sentence about what is not understood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np

from ...models.errors import short
from ..errors import EngineError
from ..feedback import Feedback

# A first and a last day; both NaT where nothing is known.
Span = tuple[np.datetime64, np.datetime64]
_UNKNOWN: Span = (np.datetime64("NaT", "D"), np.datetime64("NaT", "D"))
# Ends of what has none: before 1998, after 2005.
_EVER, _NEVER = np.datetime64("0001-01-01", "D"), np.datetime64("9999-12-31", "D")
# What stands for an unknown date in a field that has to hold something.
_NOTHING = {"", "-9999", "9999", "null", "none", "nan", "nat", "unknown", "n/a", "na", "-", "?"}
_ZEROS = re.compile(r"[0-]?[0/.: T-]*")  # 0, 00000000, 0000-00-00, 00/00/0000
# Years before are of another calendar.
_EARLIEST, _LATEST = 1500, 2099
_LONG_PAST = re.compile(r"(1[0-4]\d\d)(?:\d{4}|[-/.]\d{1,2}(?:[-/.]\d{1,2})?)?|\d{1,2}[-/.](?:\d{1,2}[-/.])?(1[0-4]\d\d)")
_CLOCK = r"\d{1,2}(?:[:.h]\d{2}){1,2}(?:[.,]\d+)?(?:\s?[ap]\.?m\.?)?"
_TIME = re.compile(rf"(?:t|\s|,\s?)(?:{_CLOCK}|\d{{1,2}}h|(?<=t)\d{{2}})\s?(?:z|utc|gmt|cet|cest)?(?:[+-]\d{{2}}(?::?\d{{2}})?)?$")
_YEAR = re.compile(r"\d{4}")
_YEAR_FIRST = re.compile(r"(?!\d{4}\.\d$)(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_MONTH_FIRST = re.compile(r"(\d{1,2})[-/.](\d{4})")
_COMPACT = re.compile(r"((?:1[5-9]|20)\d\d)(\d\d)(\d\d)(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?")
_SIX = re.compile(r"\d{6}")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})")
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}|\d{1,2}\W*[a-z]+\.?\W*\d{2}")
# Before a number with a fraction, which is no date.
_NUMBER = "the number "
# No date is longer.
_LONGEST = 60
_SERIAL = re.compile(rf"(?:{_NUMBER})?(\d{{5}}(?:\.\d+)?)")
_SERIALS = (18_264, 73_050)  # of spreadsheets: 1950 to 2099
_EPOCH = re.compile(r"1\d{9}|1\d{12}")
# Without accents; English, German, Italian, French and Spanish. No word means two months.
_MONTHS = (
    "january jan januar janner gennaio gen janvier janv enero ene",
    "february feb februar feber febbraio fevrier fevr fev febrero",
    "march mar marz maerz mrz marzo mars",
    "april apr aprile avril avr abril abr",
    "may mai maggio mag mayo",
    "june jun juni giugno giu juin junio",
    "july jul juli luglio lug juillet juil julio",
    "august aug agosto ago aout",
    "september sep sept settembre set septembre septiembre setiembre",
    "october oct oktober okt ottobre ott octobre octubre",
    "november nov novembre noviembre",
    "december dec dezember dez dicembre dic decembre diciembre",
)
_MONTH = {word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split()}
_WEEKDAYS = "mon tue tues wed thu thur thurs fri sat sun monday tuesday wednesday thursday friday saturday sunday"
_BESIDE_MONTH = set(f"of the in im am de del den le il el en {_WEEKDAYS}".split())
_ORDINALS = {"st", "nd", "rd", "th", "er", "o", "a"}
_ABOUT = re.compile(
    r"(?:~|≈|c\.|ca\b\.?|circa|cca\b\.?|approx\w*\.?|about|around|etwa|um|vers|env\.|environ|verso|hacia|probably|possibly|perhaps)\s*(.+)"
    r"|(.+?)\s*\(?\?\)?"
)
# Which words bound time, and whether what they name is within: before 1998 ends in 1997, until 1998 in 1998.
_BOUNDS = (
    (re.compile(r"(?:before|prior to|pre-?|vor|avant|prima del?|antes de|<(?!=))\s*(.+)"), "last", False),
    (re.compile(r"(?:until|till|up to|bis|jusqu'en|fino al?|hasta|<=|≤)\s*(.+)"), "last", True),
    (re.compile(r"(?:after|post-?|nach|apres|dopo il|dopo|despues de|>(?!=))\s*(.+)"), "first", False),
    (re.compile(r"(?:since|from|seit|ab|depuis|dal|desde|>=|≥)\s*(.+)"), "first", True),
)
_BETWEEN = re.compile(
    r"(?:between|from|von|zwischen|entre|tra|fra|dal|de|du|desde)?\s*(.+?)"
    r"\s*(?:[–—]|\s-\s|\s(?:to|until|and|bis|und|al?|e|et|au|y|hasta)\s)\s*(.+)"
)
_SIDES = re.compile(r"(\d{4})\s?[-/]\s?(\d{4})|(\d{4}-\d\d(?:-\d\d)?)/(\d{4}-\d\d(?:-\d\d)?)|([a-z]+|\d{1,2})\s?[-/]\s?(\S+\s.+)")
# What six digits may mean: year and month, or with a year of two digits.
_SIX_WAYS = {"yyyymm": (4, 2), "mmyyyy": (2, 4), "yymmdd": (2, 2, 2), "ddmmyy": (2, 2, 2), "mmddyy": (2, 2, 2)}

_EXPECTED = "expected dates such as 2014-05-31, 20140531 or 31/05/2014, a month as 2014-05 or May 2014, a year as 2014"
_WHY = {
    "calendar": ", a year long past; if it is of another calendar (the Persian one, say), convert the dates to Gregorian ones first",
    "serial": ", which may be a day counted as spreadsheets do, from 1900 or from 1904; write it as a date there (2014-05-31)",
    "epoch": ", which may be seconds or milliseconds since 1970; turn them into dates first (datetime_from_epoch in the field calculator)",
    "century": ", whose year has two digits and may be of either century, or come first or last; write it as 2014-05-31",
    "six": " and no value that would tell whether this is year and month (201405) or a day of a year of two digits; write it as 2014-05",
    "years": ", which is no month; write a span of years as 2010-2014",
    "other": f"; {_EXPECTED}",
}


def dates(values: np.ndarray, field: str, feedback: Feedback | None = None) -> np.ndarray:
    """Return attribute values as spans of days, first and last, datetime64[D] (n, 2); NaT where empty or unknown (0, −9999, 00000000).

    A day is its own span, a month or year lasts from its first day to its last (a month or day 00 is not known), and 2010–2014, before 1998
    or after 2005 last as they say. A time is left out, whatever its zone: the day is the one that is written. Which of two numbers is the
    day is seen from those above 12, over the whole field; numbers with dots are day first, as everywhere where they are written so. Months
    may be words in English, German, Italian, French and Spanish. What is told as about a date (ca. 2005, 2005?) counts as unknown, with a
    warning.

    Parameters
    ----------
    values
        Text, numbers or None (object), (n,).
    field
        What the field is called, for the message.

    Raises
    ------
    EngineError
        If a value is no date, or it is not known whether day or month comes first.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.dates import dates
    >>> dates(np.array([20140531, "12 March 2014", None, 0], object), "day")[:, 0].astype(str).tolist()
    ['2014-05-31', '2014-03-12', 'NaT', 'NaT']
    >>> dates(np.array(["2014", "2010-2014", "02/2014", "before 1998"], object), "day").astype(str).tolist()[:3]
    [['2014-01-01', '2014-12-31'], ['2010-01-01', '2014-12-31'], ['2014-02-01', '2014-02-28']]
    """
    texts = {value: _text(value) for value in set(values.tolist())}
    there = sorted({text for text in texts.values() if text})
    read = {text: _plain(text[: _LONGEST + 1]) for text in there}
    how = _Column(read.values(), field)
    found = {text: how.span(plain) for text, plain in read.items()}
    wrong = {text: _reason(read[text], how) for text, span in found.items() if span is None}
    if wrong:
        reason = next(each for each in _WHY if each in wrong.values())
        raise EngineError(
            f"The date field {field} holds {_examples([text for text, why in wrong.items() if why == reason])}{_WHY[reason]}."
        )
    rough = [text for text, plain in read.items() if how.is_about(plain)]
    if rough and feedback is not None:
        feedback.warning(f"The date field {field} holds {_examples(rough)}: about when is not when, so these count as unknown dates.")
    known = {value: (found[text] if text else None) or _UNKNOWN for value, text in texts.items()}
    return np.array([known[value] for value in values.tolist()], "datetime64[D]").reshape(-1, 2)


def _text(value: object) -> str:
    """Return what is to be read as a date, numbers with a fraction as such: 2014.05 is no May; empty for an unknown one."""
    text = str(value).strip()
    if isinstance(value, float) and np.isfinite(value):
        text = f"{value:.0f}" if value.is_integer() else f"{_NUMBER}{value:.10g}"
    text = re.sub(r"\.0+$", "", text) if re.fullmatch(r"-?\d+\.0+", text) else text
    return "" if value is None or text.lower() in _NOTHING or _ZEROS.fullmatch(text) else text


def _plain(text: str) -> str:
    """Return text in lower case, without accents, times and doubled blanks."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.lower().replace("’", "'")) if not unicodedata.combining(each))
    plain = " ".join(plain.split())
    without = _TIME.sub("", plain)
    return without if without != plain and re.search(r"\d{4}", without) else plain


def _examples(texts: Sequence[str]) -> str:
    shown = [each if each.startswith(_NUMBER) else short(each, _LONGEST) for each in texts[:3]]
    more = f" and {len(texts) - 3:,} more such values" if len(texts) > 3 else ""
    return ", ".join(shown) + more


class _Column:
    """What is seen over a whole field: whether the month comes first, and what six digits are."""

    def __init__(self, texts: Iterable[str], field: str) -> None:
        parts = [part for text in texts for part in _parts(text)]
        self.month_first = _month_first([match for match in map(_YEAR_LAST.fullmatch, parts) if match], field)
        sixes = {part for part in parts if _SIX.fullmatch(part)}
        self.six = {way for way in _SIX_WAYS if all(_as_six(each, way) for each in sixes)}

    def span(self, text: str) -> Span | None:
        """Return what a text says, None if that is not understood."""
        if len(text) > _LONGEST:
            return None
        if found := self.one(text):
            return found
        if self.is_about(text):
            return _UNKNOWN
        for pattern, end, within in _BOUNDS:
            if (match := pattern.fullmatch(text)) and (named := self.one(match[1])):
                if end == "last":
                    return _EVER, named[1] if within else named[0] - np.timedelta64(1, "D")
                return named[0] if within else named[1] + np.timedelta64(1, "D"), _NEVER
        for one, other in _sides(text):
            last = self.one(other)
            first = self.one(one) or (self.one(f"{one} {_without_day(other, one)}") if last else None)
            if first and last and first[0] <= last[0]:
                return first[0], last[1]
        return None

    def is_about(self, text: str) -> bool:
        """Return whether a text names a date as one that is about right."""
        match = _ABOUT.fullmatch(text)
        return bool(match and not self.one(text) and self.span((match[1] or match[2]).strip()))

    def one(self, text: str) -> Span | None:
        """Return the day, month or year that a text names, None if it names none."""
        if _YEAR.fullmatch(text):
            return _lasting(int(text))
        if match := _COMPACT.fullmatch(text) or _YEAR_FIRST.fullmatch(text):
            return _lasting(int(match[1]), int(match[2]), int(match[3] or 0))
        if match := _YEAR_LAST.fullmatch(text):
            day, month = (match[3], match[1]) if self.month_first else (match[1], match[3])
            return _lasting(int(match[4]), int(month), int(day))
        if match := _MONTH_FIRST.fullmatch(text):
            return _lasting(int(match[2]), int(match[1]))
        if _SIX.fullmatch(text):
            return _as_six(text, next(iter(self.six))) if self.six in ({"yyyymm"}, {"mmyyyy"}) else None
        return _named(text)


def _parts(text: str) -> list[str]:
    """Return a text and what it may be made of, without the words around dates."""
    bare = [match[1] for pattern, _, _ in _BOUNDS if (match := pattern.fullmatch(text))]
    about = _ABOUT.fullmatch(text)
    return [text, *bare, *([(about[1] or about[2]).strip()] if about else []), *(side for sides in _sides(text) for side in sides)]


def _sides(text: str) -> list[tuple[str, str]]:
    """Return the two ends of what may be a span of time, in each way to see them."""
    found = [match.groups() for match in (_BETWEEN.fullmatch(text), _SIDES.fullmatch(text)) if match]
    pairs = [tuple(each for each in groups if each is not None) for groups in found]
    return [(pair[0].strip(), pair[1].strip()) for pair in pairs]


def _without_day(text: str, before: str) -> str:
    """Return month and year of `May 2014` for a day before it (12–14 May 2014), the year alone for a month (May–June 2014)."""
    words = re.findall(r"[a-z]+|\d+", text)
    kept = [word for word in words if (len(word) == 4 and word.isdigit()) or (before.isdigit() and word in _MONTH)]
    return " ".join(kept)


def _month_first(found: list[re.Match[str]], field: str) -> bool:
    day_first = [match[0] for match in found if int(match[1]) > 12]
    month_first = [match[0] for match in found if int(match[3]) > 12]
    if day_first and month_first:
        raise EngineError(
            f"The date field {field} holds {day_first[0]!r} and {month_first[0]!r}, the day first and the month first; write all dates as "
            "2014-05-31."
        )
    if day_first or all(match[2] == "." or int(match[1]) == int(match[3]) for match in found):
        return False
    if month_first:
        return True
    open_ = next(match for match in found if match[2] != "." and int(match[1]) != int(match[3]))
    raise EngineError(
        f"The date field {field} holds {open_[0]!r} and no number above 12 that would tell whether the day or the month comes first; "
        "write dates as 2014-05-31."
    )


def _as_six(text: str, way: str) -> Span | None:
    ends = np.cumsum([0, *_SIX_WAYS[way]])
    named = dict(zip(re.findall(r"y+|m+|d+", way), (int(text[low:high]) for low, high in zip(ends, ends[1:]))))
    if "yyyy" in named:
        return _lasting(named["yyyy"], named["mm"])
    return _lasting(2000 + named["yy"], named["mm"], named["dd"]) if named["mm"] and named["dd"] else None


def _named(text: str) -> Span | None:
    """Return the day or month that is named by a word."""
    if re.sub(r"[\w\s,./'°-]", "", text):
        return None
    words = re.findall(r"[a-z]+|\d+", text)
    words = [word for at, word in enumerate(words) if not (word in _ORDINALS and at and words[at - 1].isdigit())]
    words = [word for word in words if word not in _BESIDE_MONTH]
    months, numbers = [word for word in words if word in _MONTH], [word for word in words if word.isdigit()]
    years, days = [word for word in numbers if len(word) == 4], [word for word in numbers if len(word) < 3]
    if len(months) != 1 or len(years) != 1 or len(days) > 1 or len(words) != 2 + len(days):
        return None
    return _lasting(int(years[0]), _MONTH[months[0]], int(days[0]) if days else 0)


def _lasting(year: int, month: int = 0, day: int = 0) -> Span | None:
    """Return the first and last day of a day, a month or a year (0: not known); None if there is no such one."""
    if not _EARLIEST <= year <= _LATEST:
        return None
    try:
        if day and month:
            one = np.datetime64(f"{year}-{month:02}-{day:02}", "D")
            return one, one
        whole = np.datetime64(f"{year}-{month:02}" if month else f"{year}")
    except ValueError:
        return None
    return whole.astype("datetime64[D]"), (whole + 1).astype("datetime64[D]") - np.timedelta64(1, "D")


def _reason(text: str, how: _Column) -> str:
    """Return which of `_WHY` tells why a text is no date."""
    if _LONG_PAST.fullmatch(text):
        return "calendar"
    if (match := _SERIAL.fullmatch(text)) and _SERIALS[0] <= float(match[1]) <= _SERIALS[1]:
        return "serial"
    if _EPOCH.fullmatch(text):
        return "epoch"
    if _SIX.fullmatch(text):
        return "six" if how.six & {"yyyymm", "mmyyyy"} else "century" if how.six else "other"
    if _SHORT_YEAR.fullmatch(text):
        return "century"
    if (match := _YEAR_FIRST.fullmatch(text)) and not match[3] and int(match[1][2:]) < int(match[2]):
        return "years"
    return "other"


def within(spans: np.ndarray, date: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    """Return which spans (n, 2) lie wholly before a day and which from it on, both boolean (n,); neither is known of the others.

    >>> import numpy as np
    >>> from scarp.engine.samples.dates import dates, within
    >>> spans = dates(np.array(["2013", "2014", "June 2014", None], object), "day")
    >>> [each.tolist() for each in within(spans, np.datetime64("2014-05-01"))]
    [[True, False, False, False], [False, False, True, False]]
    """
    first, last = np.asarray(spans).T
    return last < date, first >= date


def reach(spans: np.ndarray) -> str:
    """Return from when to when some spans (n, 2) reach, in words.

    >>> from scarp.engine.samples.dates import dates, reach
    >>> import numpy as np
    >>> reach(dates(np.array(["2013", "June 2014"], object), "day")), reach(dates(np.array(["before 2013"], object), "day"))
    ('2013-01-01 to 2014-06-30', 'until 2012-12-31')
    """
    first, last = np.min(spans[:, 0]), np.max(spans[:, 1])
    return f"until {last}" if first == _EVER else f"from {first} on" if last == _NEVER else f"{first} to {last}"
