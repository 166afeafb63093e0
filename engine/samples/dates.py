# SPDX-License-Identifier: GPL-2.0-or-later
"""Days as people write them, or one sentence about what is not understood."""

from __future__ import annotations

import re

import numpy as np

from ..errors import EngineError

# What stands for an unknown date in a field that has to hold something.
_UNKNOWN = {"", "-9999", "9999", "null", "none", "nan", "nat", "unknown", "n/a", "na", "-"}
_ZEROS = re.compile(r"[0-]?[0/.: T-]*")  # 0, 00000000, 0000-00-00, 00/00/0000
_YEAR = re.compile(r"(1[5-9]\d\d|20\d\d)")
_YEAR_FIRST = re.compile(r"(?!\d{4}\.\d$)(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ].*)?")
_MONTH_FIRST = re.compile(r"(\d{1,2})[-/.](\d{4})")
# Years before are of another calendar.
_EARLIEST = 1500
_LONG_PAST = re.compile(r"(1[0-4]\d\d)(?:\d{4})?")
_COMPACT = re.compile(r"((?:1[5-9]|20)\d\d)(\d\d)(\d\d)")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.](\d{4})(?:[T ].*)?")
_EXPECTED = "expected dates such as 2014-05-31, 20140531 or 31/05/2014, a month as 2014-05 or a year as 2014"


def dates(values: np.ndarray, field: str) -> np.ndarray:
    """Return attribute values as days, datetime64[D] (n,), NaT where empty or unknown (0, −9999, 00000000).

    A year stands for its first day, and so does a month; a month or day 00 is not known. Which of two numbers is the day is seen from
    those above 12, over the whole field; numbers with dots are day first, as everywhere where they are written so.

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
    >>> dates(np.array([20140531, "2014/06/01", 2014.0, None, 0], object), "day").astype(str).tolist()
    ['2014-05-31', '2014-06-01', '2014-01-01', 'NaT', 'NaT']
    >>> dates(np.array(["31/05/2014", "01/06/2014"], object), "day").astype(str).tolist()
    ['2014-05-31', '2014-06-01']
    """
    texts = {value: _text(value, field) for value in set(values.tolist())}
    month_first = _month_first([text for text in texts.values() if text], field)
    known = {value: _day(text, month_first, field) if text else np.datetime64("NaT", "D") for value, text in texts.items()}
    return np.array([known[value] for value in values.tolist()], "datetime64[D]")


def _text(value: object, field: str) -> str:
    """Return what is to be read as a date; empty for an unknown one."""
    if isinstance(value, float) and np.isfinite(value) and not value.is_integer():  # 2014.05 is no May
        raise EngineError(f"The date field {field} holds the number {value:.10g}; {_EXPECTED}.")
    text = f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()
    text = re.sub(r"\.0+$", "", text) if re.fullmatch(r"-?\d+\.0+", text) else text
    return "" if value is None or text.lower() in _UNKNOWN or _ZEROS.fullmatch(text) else text


def _month_first(texts: list[str], field: str) -> bool:
    found = [match for match in map(_YEAR_LAST.fullmatch, texts) if match]
    firsts, seconds = ([int(match[index]) for match in found] for index in (1, 3))
    if any(first > 12 for first in firsts) or all(match[2] == "." or match[1] == match[3] for match in found):
        return False
    if any(second > 12 for second in seconds):
        return True
    raise EngineError(
        f"The date field {field} holds {found[0][0]!r} and no number above 12 that would tell whether the day or the month comes first; "
        "write dates as 2014-05-31."
    )


def _day(text: str, month_first: bool, field: str) -> np.datetime64:
    if _YEAR.fullmatch(text):
        return np.datetime64(text, "D")
    parts = ("", "", "")
    if match := _COMPACT.fullmatch(text) or _YEAR_FIRST.fullmatch(text):
        parts = match[1], match[2], match[3] or "1"
    elif match := _YEAR_LAST.fullmatch(text):
        day, month = (match[3], match[1]) if month_first else (match[1], match[3])
        parts = match[4], month, day
    elif match := _MONTH_FIRST.fullmatch(text):
        parts = match[2], match[1], "1"
    elif match := _LONG_PAST.fullmatch(text):
        parts = match[1], "1", "1"
    if parts[0] and int(parts[0]) < _EARLIEST:
        raise EngineError(
            f"The date field {field} holds {text!r}, a year long past; if it is of another calendar (the Persian one, say), convert the "
            "dates to Gregorian ones first."
        )
    year, month, day = ("01" if part in ("0", "00") else f"{part:0>2}" for part in parts)
    try:
        return np.datetime64(f"{year}-{month}-{day}", "D")
    except ValueError as error:
        raise EngineError(f"The date field {field} holds {text!r}; {_EXPECTED}.") from error
