# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of the report on a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..reporting import figures
from ..reporting.numbers import number
from .importance import Importance
from .response import Response

_RAISES, _LOWERS = figures.COLOURS[0], figures.COLOURS[1]
_COLUMNS = 3
_CLASSES = 12
_COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


@figures.styled
def importance(found: Sequence[Importance], names: Sequence[str]) -> Figure:
    """Draw the fall of the AUC as bars with dots for several folds and the spread over repeats as a line; what is not clear is grey."""
    figure = Figure(figsize=(6.6, 0.9 + 0.27 * len(found)), layout="constrained")
    axes = figure.subplots()
    at = np.arange(len(found))
    colours = [_LOWERS if each.is_clear else "#B5B5B5" for each in found]
    axes.barh(at, [each.mean for each in found], 0.66, color=colours)
    for place, each in zip(at, found):
        if len(each.of_folds) > 1:
            axes.plot(each.of_folds, np.full(len(each.of_folds), place), "o", ms=3.2, mfc="white", mec="black", mew=0.7, ls="none")
        axes.plot([each.mean - 2 * each.deviation, each.mean + 2 * each.deviation], [place, place], color="black", lw=1.1)
    axes.axvline(0, color=figures.GREY, lw=0.8)
    axes.set_yticks(at, names)
    axes.set(xlabel="Fall of the AUC when permuted")
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    return figure


@figures.styled
def responses(found: Sequence[Response], names: Sequence[str]) -> Figure:
    """Draw the response to each covariate, all on one scale of susceptibility, over a histogram of its values."""
    rows = -(-len(found) // _COLUMNS)
    figure = Figure(figsize=(7.6, 2.55 * rows), layout="constrained")
    cells = figure.subfigures(rows, _COLUMNS, squeeze=False)
    low, high = _limits(found)
    for place, (each, name) in enumerate(zip(found, names)):
        upper, lower = cells[place // _COLUMNS][place % _COLUMNS].subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3.2, 1]})
        _response(upper, lower, each)
        upper.set_title(name)
        upper.set_ylim(low, high)
        lower.set_yticks([])
        lower.grid(False)
        lower.spines["left"].set_visible(False)
        if place % _COLUMNS == 0:
            upper.set_ylabel("Susceptibility")
    return figure


def _response(upper: Axes, lower: Axes, each: Response) -> None:
    covariate = each.covariate
    if covariate.kind == "continuous":
        upper.plot(each.values, each.dependence, color=_RAISES, label="partial dependence")
        if len(each.edges):
            upper.plot(each.edges, each.effect + each.dependence.mean(), color=_LOWERS, ls="--", label="accumulated local effects")
        low, high = np.percentile(each.cells, [1, 99])
        inside = each.cells[(each.cells >= low) & (each.cells <= high)]
        lower.hist(inside, bins=24, color="#B5B5B5")
        lower.set_xlabel(covariate.unit or "(no unit)")
        return
    if covariate.kind == "circular":
        at, told = np.arange(len(each.values)), list(_COMPASS[: len(each.values)])
        step = 360 / len(each.values)
        sector = np.floor((each.cells[each.cells >= 0] + step / 2) % 360 / step).astype(int)
        counts = np.bincount(sector, minlength=len(each.values))
        lower.set_xlabel("direction")
    else:
        order = np.argsort([-(each.cells == code).sum() for code in each.values], kind="stable")[:_CLASSES]
        at, codes = np.arange(len(order)), each.values[order]
        told = [covariate.classes.get(int(code), str(int(code))) for code in codes]
        counts = np.array([(each.cells == code).sum() for code in codes])
        each = Response(covariate, codes, each.dependence[order], each.edges, each.effect, each.cells)
    upper.bar(at, each.dependence, 0.7, color=_RAISES)
    lower.bar(at, counts, 0.7, color="#B5B5B5")
    lower.set_xticks(at, [name if len(name) <= 14 else name[:13] + "…" for name in told], fontsize=7)
    if covariate.kind == "categorical":
        lower.tick_params(axis="x", rotation=40)
        for label in lower.get_xticklabels():
            label.set_horizontalalignment("right")
    upper.grid(False, axis="x")


def _limits(found: Sequence[Response]) -> tuple[float, float]:
    """Return the ends of the scale that all curves share."""
    levels = [each.dependence for each in found] + [each.effect + each.dependence.mean() for each in found if len(each.effect)]
    high = float(max(level.max() for level in levels))
    return 0.0, min(1.02, max(high * 1.08, 0.1))


@figures.styled
def contributions(names: Sequence[str], parts: np.ndarray, average: float, susceptibility: float) -> Figure:
    """Draw how contributions, from the greatest down, lead from the susceptibility of average ground to that of the cell."""
    figure = Figure(figsize=(6.8, 1.2 + 0.27 * len(names)), layout="constrained")
    axes = figure.subplots()
    ends = average + np.cumsum(parts)
    starts = ends - parts
    for place, (start, part) in enumerate(zip(starts, parts)):
        axes.barh(place, part, 0.66, left=start, color=_RAISES if part > 0 else _LOWERS)
        if place + 1 < len(names):
            axes.plot([ends[place]] * 2, [place - 0.33, place + 1.33], color=figures.GREY, lw=0.7)
    axes.axvline(average, color=figures.GREY, lw=1.1, ls=":", label=f"average ground  {number(average)}")
    axes.axvline(susceptibility, color="black", lw=1.1, ls="--", label=f"this cell  {number(susceptibility)}")
    axes.set_yticks(np.arange(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    low, high = min(ends.min(), average), max(ends.max(), average)
    room = max(0.08 * (high - low), 0.005)
    axes.set(xlabel="Susceptibility", xlim=(low - room, high + room))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
    return figure
