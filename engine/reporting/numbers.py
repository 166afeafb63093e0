# SPDX-License-Identifier: GPL-2.0-or-later
"""How numbers and names are written: alike in every table, figure, sentence and log line of a report."""

from __future__ import annotations

import math
import re
from numbers import Integral, Real
from typing import Any

_MINUS = "−"
_WRITTEN = re.compile(rf"(?:[<>] )?[+{_MINUS}]?\d[\d,]*(?:\.\d+)?(?: %)?|[–∞]|")


def number(value: Any) -> str:
    """Return a number with three decimals, fewer where it is large; whole numbers as they are, a dash for None and NaN.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import number
    >>> [number(value) for value in (1234, 0.8123, -4321.06, 9.5e-5, -1e-9, 0.0, None)]
    ['1,234', '0.812', '−4,321.1', '< 0.001', '> −0.001', '0.000', '–']
    """
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    if isinstance(value, Integral):
        text = f"{value:,}"
    elif 0 < abs(value) < 0.0005:
        return "< 0.001" if value > 0 else f"> {_MINUS}0.001"
    elif abs(value) < 99.9995:
        text = f"{value:.3f}"
    elif abs(value) < 1e7:
        text = f"{value:,.1f}"
    else:
        text = f"{value:,.0f}"
    return text.replace("-", _MINUS, 1)


def signed(value: Any) -> str:
    """Return a difference: three decimals and always a sign, but 0.000 without one.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import signed
    >>> [signed(value) for value in (0.0123, -0.0123, 1e-5, None)]
    ['+0.012', '−0.012', '0.000', '–']
    """
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:+.3f}"
    return "0.000" if text[1:] == "0.000" else text.replace("-", _MINUS)


def interval(low: Any, high: Any) -> str:
    """Return an interval from low to high; a dash where it is not known.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import interval
    >>> interval(0.7123, 0.8), interval(float("nan"), float("nan")), interval(0.7123, None)
    ('0.712 to 0.800', '–', '–')
    """
    is_known = not any(end is None or math.isnan(end) for end in (low, high))
    return f"{number(float(low))} to {number(float(high))}" if is_known else number(None)


def with_interval(value: Any, low: Any, high: Any) -> str:
    """Return a figure of landslides with its 95 % interval; NaN ends are those of one landslide, which tells none.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import with_interval
    >>> with_interval(0.75, 0.7123, 0.8)
    '0.750 (95 % interval 0.712 to 0.800)'
    >>> with_interval(0.75, float("nan"), float("nan"))
    '0.750 (of one landslide, so without an interval)'
    """
    told = "of one landslide, so without an interval" if math.isnan(low) else f"95 % interval {interval(low, high)}"
    return f"{number(value)} ({told})"


def p_value(value: Any) -> str:
    """Return a p-value to three decimals; `< 0.001` below that, a dash for None and NaN.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import p_value
    >>> [p_value(value) for value in (0.04321, 9.5e-5, 1.0, None)]
    ['0.043', '< 0.001', '1.000', '–']
    """
    if value is not None and 0 <= value < 0.001:
        return "< 0.001"
    return number(None if value is None else float(value))


def estimate(value: Any, low: Any, high: Any) -> str:
    """Return a figure with its interval in brackets, for a table; the figure alone where that is not known.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import estimate
    >>> estimate(0.75, 0.7123, 0.8), estimate(0.75, float("nan"), float("nan"))
    ('0.750 (0.712 to 0.800)', '0.750')
    """
    return number(value) if math.isnan(low) else f"{number(value)} ({interval(low, high)})"


def percent(share: float | None, decimals: int = 0) -> str:
    """Return a share (0 to 1) in percent, with a space before the sign; what is not nothing is not written as nothing.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import percent
    >>> percent(0.849), percent(0.849, 1), percent(0.0002, 1), percent(0.0), percent(None)
    ('85 %', '84.9 %', '< 0.1 %', '0 %', '–')
    """
    if share is None or math.isnan(share):
        return "–"
    least = 0.1**decimals
    return f"< {least:g} %" if 0 < 100.0 * share < least / 2 else f"{100.0 * share:.{decimals}f} %"


def count(value: float) -> str:
    """Return how many landslides there are, of which some may lie partly elsewhere: whole where it is, else one decimal.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import count
    >>> count(1234.0), count(12.25)
    ('1,234', '12.2')
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def cell_size(across_m: float, down_m: float) -> str:
    """Return the size of a cell in metres, once where it is square.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import cell_size
    >>> cell_size(30.0, 30.0), cell_size(77.8527, 77.8527), cell_size(10.0, 20.5)
    ('30 m', '77.853 m', '10 × 20.500 m')
    """
    sides = [number(round(side) if float(side).is_integer() else float(side)) for side in (across_m, down_m)]
    return f"{' × '.join(dict.fromkeys(sides))} m"


def is_number(value: Any) -> bool:
    """Tell whether a value is written as a number: None too, as a dash, but neither True nor False."""
    return value is None or (isinstance(value, Real) and not isinstance(value, bool))


def stands_right(value: Any) -> bool:
    """Tell whether a cell of a table stands at the right of its column: a number, or one that is written already.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import stands_right
    >>> [stands_right(value) for value in (0.5, "< 0.1 %", "−0.012", "1,234", "–", "0.7 to 0.8", "slope")]
    [True, True, True, True, True, False, False]
    """
    return is_number(value) or (isinstance(value, str) and bool(_WRITTEN.fullmatch(value)))


def cut(name: str, most: int) -> str:
    """Return a name from data without its middle where it is longer than `most` letters.

    Examples
    --------
    >>> from scarp.engine.reporting.numbers import cut
    >>> cut("granite", 9), cut("weathered granite", 9)
    ('granite', 'weat…nite')
    """
    return name if len(name) <= most else f"{name[: most // 2]}…{name[len(name) - (most - most // 2 - 1) :]}"
