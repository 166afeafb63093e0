# SPDX-License-Identifier: GPL-2.0-or-later
"""Where the breaks between classes lie, on a histogram of equal bins from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..declarations import choices
from ..errors import EngineError


def find_breaks(counts: np.ndarray, method: str, classes: int, manual: Sequence[float] | None = None) -> list[float]:
    """Return the breaks between classes, `classes` − 1 rising numbers.

    Parameters
    ----------
    counts
        Cells in equal bins from 0 to 1.
    method
        An id of `choices.CLASSIFICATIONS`.
    manual
        The breaks themselves, for the method `manual`.

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
    if method == "equal_intervals":
        return [float(each) for each in np.linspace(edges[used[0]], edges[used[-1] + 1], classes + 1)[1:-1]]
    if method == "quantiles":
        share = np.cumsum(counts) / counts.sum()
        ends = np.searchsorted(share, np.arange(1, classes) / classes) + 1
        if len(set(ends)) < classes - 1 or ends[-1] > used[-1]:
            raise EngineError(f"Too many cells share one value for {classes} classes of equal area; use fewer classes or natural breaks.")
        return [float(edges[end]) for end in ends]
    return [float(edges[end]) for end in _natural_breaks(counts[used], (edges[used] + edges[used + 1]) / 2, used, classes)]


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
    within[start >= end] = np.inf
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
