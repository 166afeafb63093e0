# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the breaks between classes lie, on a histogram of equal bins from 0 to 1."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from ..declarations import choices
from ..errors import EngineError

# Geometric intervals grow by at most this factor from class to class; so many factors are tried.
_STEEPEST = 8.0
_FACTORS = 401
# Parts of a standard deviation that classes may be wide.
_PARTS = (1.0, 1 / 2, 1 / 3, 1 / 4)
# Shares in percent may miss 100 by rounding.
_PERCENT = 0.1


def find_breaks(
    counts: np.ndarray,
    method: str,
    classes: int,
    manual: Sequence[float] | None = None,
    slides: np.ndarray | None = None,
    shares: Sequence[float] | None = None,
) -> list[float]:
    """Return the breaks between classes, `classes` − 1 rising numbers.

    Parameters
    ----------
    counts
        Cells in equal bins from 0 to 1.
    method
        An id of `choices.CLASSIFICATIONS`.
    manual
        The breaks themselves, for the method `manual`.
    slides
        Landslides in the same bins, for the methods of `choices.BY_LANDSLIDES`.
    shares
        For the method `landslide_shares`: percent of the landslides in each class, from the highest down; none: each class holds half of
        those that the higher ones left.

    Raises
    ------
    EngineError
        If manual breaks do not rise within 0 … 1 or come with another method, or the raster has too few different values.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.mapping.breaks import find_breaks
    >>> counts = np.array([40, 10, 0, 0, 20, 20, 0, 0, 5, 5])
    >>> find_breaks(counts, "natural_breaks", 2), find_breaks(counts, "quantiles", 2)
    ([0.2], [0.2])
    """
    if method == "manual":
        breaks = [float(each) for each in manual or []]
        if not breaks or sorted(set(breaks)) != breaks or breaks[0] <= 0 or breaks[-1] >= 1:
            raise EngineError(f"Manual breaks must rise and lie between 0 and 1, such as 0.2, 0.4, 0.6, 0.8; found {breaks}.")
        return breaks
    if manual:
        raise EngineError(
            f"Breaks are given ({', '.join(f'{each:g}' for each in manual)}), and the method is “{choices.CLASSIFICATIONS[method]}”; "
            f"choose “{choices.CLASSIFICATIONS['manual']}”, or leave them empty."
        )
    used = np.flatnonzero(counts)
    if len(used) == 1:
        raise EngineError(
            f"The raster has the same susceptibility everywhere, {(used[0] + 0.5) / len(counts):.3f} (to 0.001), so that there are no "
            f"classes to be told apart; check the model or what the raster was made of, or choose “{choices.CLASSIFICATIONS['manual']}”."
        )
    if len(used) < classes:
        raise EngineError(
            f"The raster has only {len(used)} different values of susceptibility (to 0.001), too few for {classes} classes; use fewer."
        )
    edges = np.linspace(0, 1, len(counts) + 1)
    if method in choices.BY_LANDSLIDES:
        if slides is None or not slides.any():
            raise EngineError(f"The method “{choices.CLASSIFICATIONS[method]}” needs landslides (INVENTORY).")
        if method == "landslide_shares":
            return _landslide_shares(slides, edges, classes, shares or [])
        return [float(edges[end]) for end in _best_rate(counts[used], slides[used], used, classes)]
    if method == "equal_intervals":
        return [float(each) for each in np.linspace(edges[used[0]], edges[used[-1] + 1], classes + 1)[1:-1]]
    if method == "quantiles":
        return _quantiles(counts, edges, used, classes)
    if method == "geometric":
        return _geometric(counts, edges[used[0]], edges[used[-1] + 1], classes)
    if method == "standard_deviation":
        return _standard_deviation(counts, edges, classes)
    return [float(edges[end]) for end in _natural_breaks(counts[used], (edges[used] + edges[used + 1]) / 2, used, classes)]


def _quantiles(counts: np.ndarray, edges: np.ndarray, used: np.ndarray, classes: int) -> list[float]:
    """Return breaks between classes of equal area, as far as the `used` bins let them be."""
    share = np.cumsum(counts) / counts.sum()
    ends = np.searchsorted(share, np.arange(1, classes) / classes) + 1
    if len(set(ends)) < classes - 1 or ends[-1] > used[-1]:
        raise EngineError(f"Too many cells share one value for {classes} classes of equal area; use fewer classes or natural breaks.")
    return [float(edges[end]) for end in ends]


def _geometric(counts: np.ndarray, low: float, high: float, classes: int) -> list[float]:
    """Return breaks whose intervals grow by a constant factor, such that classes hold as equal numbers of cells as they can.

    Frye (2007), as in ArcGIS' geometrical intervals: of all factors the one with the least sum of squared counts.
    """
    ends = np.linspace(0, 1, len(counts) + 1)
    total = np.concatenate([[0.0], np.cumsum(counts, dtype=float)])
    best, found = np.inf, np.empty(0)
    for factor in np.geomspace(1 / _STEEPEST, _STEEPEST, _FACTORS):
        widths = factor ** np.arange(classes)
        breaks = low + (high - low) * np.cumsum(widths)[:-1] / widths.sum()
        squares = float(np.sum(np.diff(np.interp([low, *breaks, high], ends, total)) ** 2))
        if squares < best:
            best, found = squares, breaks
    return [float(each) for each in found]


def _standard_deviation(counts: np.ndarray, edges: np.ndarray, classes: int) -> list[float]:
    """Return breaks a standard deviation apart, as evenly around the mean as leaves no class empty, or else a part of one (`_PARTS`)."""
    middles = (edges[:-1] + edges[1:]) / 2
    mean = float(counts @ middles / counts.sum())
    deviation = float(counts @ (middles - mean) ** 2 / counts.sum()) ** 0.5
    steps = np.arange(classes - 1) - (classes - 2) / 2
    total = np.concatenate([[0.0], np.cumsum(counts, dtype=float)])
    shifts = sorted(range(-classes, classes + 1), key=lambda shift: (abs(shift), -shift))
    for part, shift in itertools.product(_PARTS, shifts):
        breaks = mean + part * deviation * (steps + shift)
        if breaks[0] > 0 and breaks[-1] < 1 and (np.diff(np.interp([0.0, *breaks, 1.0], edges, total)) > 0).all():
            return [float(each) for each in breaks]
    raise EngineError(
        f"With a mean of {mean:.3f} and a standard deviation of {deviation:.3f} some of {classes} classes would be empty; use fewer "
        "classes or "
        "natural breaks."
    )


def _landslide_shares(slides: np.ndarray, edges: np.ndarray, classes: int, shares: Sequence[float]) -> list[float]:
    """Return breaks such that each class, from the highest down, holds at least its share (percent) of the landslides."""
    wanted = np.asarray(shares or [*(100 / 2**number for number in range(1, classes)), 100 / 2 ** (classes - 1)], float)
    if len(wanted) != classes or abs(wanted.sum() - 100) > _PERCENT or (wanted <= 0).any():
        raise EngineError(
            f"The shares of landslides (SHARES) must be {classes} numbers above 0 that make 100, from the highest class down; found "
            f"{', '.join(f'{each:g}' for each in wanted)}."
        )
    above = np.cumsum(slides[::-1])[::-1] / slides.sum()  # the share of landslides from each bin on
    breaks = [float(edges[np.flatnonzero(above >= share / 100 - 1e-9)[-1]]) for share in np.cumsum(wanted)[:-1]][::-1]
    if breaks[0] <= 0 or len(set(breaks)) < len(breaks):
        raise EngineError(
            f"The landslides have too few different values of susceptibility for {classes} classes of these shares; use fewer classes or "
            "larger shares."
        )
    return breaks


def _best_rate(counts: np.ndarray, slides: np.ndarray, bins: np.ndarray, classes: int) -> list[int]:
    """Return the bins that end all classes but the last, so that the area under the classes' success rate is greatest.

    Exact on the histogram, by dynamic programming.

    A class counts as a straight piece of the curve. The AUC of the classes rises and falls with it: both are linear in the share of pairs
    of a landslide and a cell that the classes rank rightly, those in one class as a half.
    """
    slide, cell = (np.concatenate([[0.0], np.cumsum(each, dtype=float)]) for each in (slides, counts))
    ended = slide[None, :] - slide[:, None]  # landslides in a class from one bin to another
    rightly = ended * (cell[:, None] + cell[None, :]) / 2
    return _cheapest(-rightly, bins, classes)


def _natural_breaks(counts: np.ndarray, values: np.ndarray, bins: np.ndarray, classes: int) -> list[int]:
    """Return the bins that end all classes but the last, so that the squared deviations within classes are least.

    Fisher (1958), known as Jenks' natural breaks; exact on the histogram, by dynamic programming.
    """
    weight = np.concatenate([[0.0], np.cumsum(counts, dtype=float)])
    total = np.concatenate([[0.0], np.cumsum(counts * values)])
    square = np.concatenate([[0.0], np.cumsum(counts * values**2)])
    count = len(values)
    start, end = np.arange(count + 1)[:, None], np.arange(count + 1)[None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        within = (square[end] - square[start]) - (total[end] - total[start]) ** 2 / (weight[end] - weight[start])
    return _cheapest(within, bins, classes)


def _cheapest(within: np.ndarray, bins: np.ndarray, classes: int) -> list[int]:
    """Return the bins that end all classes but the last, so that the sum of what classes cost is least.

    Parameters
    ----------
    within
        What a class from one used bin to before another costs, (used + 1, used + 1).
    bins
        The used bins, (used,).
    """
    count = len(bins)
    within[np.tri(count + 1, dtype=bool)] = np.inf  # a class has at least one bin
    cost = within[0]
    choice = []
    for _ in range(1, classes):
        sums = cost[:, None] + within
        choice.append(np.argmin(sums, axis=0))
        cost = np.min(sums, axis=0)
    ends, last = [], count
    for previous in reversed(choice):
        last = int(previous[last])
        ends.append(int(bins[last - 1]) + 1)
    return ends[::-1]
