# SPDX-License-Identifier: GPL-2.0-or-later
"""The true susceptibility of a synthetic landscape, and landslides drawn from it.

The truth depends on what lies around a cell as much as on the cell. The log-odds of a landslide are

    η = −9 + a (3 + 12 tanh(c / 0.007 m⁻¹)) + 0.5 b + 1.2 w + exp(−f / 400 m) + exp(−r / 100 m) − 0.4 (v − 0.3) / 0.12
    a = σ((S − 18°) / 6°),   b = σ((s − 15°) / 4°)

with σ the logistic function, s the slope of the cell, S the mean slope and c the mean convergence (the Laplacian of
altitude: the negative sum of both curvatures) of the disc of `CONTEXT_PX` cells around it, w the weakness of its rock,
f and r its distances to faults and roads, and v its NDVI. All of it can be seen in a 15×15 patch of the covariates,
most of it not in the cell itself: steep ground slides where the hillside converges on it.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

import numpy as np
from scipy import ndimage

CONTEXT_PX = 6
MARGIN_PX = CONTEXT_PX + 1


def true_susceptibility(
    altitude: np.ndarray,
    cell_size: float,
    *,
    weakness: np.ndarray,
    fault_m: np.ndarray,
    road_m: np.ndarray,
    ndvi: np.ndarray,
) -> np.ndarray:
    """Return the probability (0 to 1) of a landslide in each cell.

    Parameters
    ----------
    altitude
        Shape (rows + 2 `MARGIN_PX`, cols + 2 `MARGIN_PX`), m.
    cell_size
        Metres.
    weakness, fault_m, road_m, ndvi
        Shape (rows, cols).

    Returns
    -------
    float32 (rows, cols)

    Examples
    --------
    An even slope of 18° far from faults and roads: a = 1/2, b = σ(3/4), c = 0.

    >>> plane = np.tile(np.arange(15) * 30.0 * np.tan(np.radians(18)), (15, 1))
    >>> even = {"weakness": [[0.5]], "fault_m": [[1e5]], "road_m": [[1e5]], "ndvi": [[0.3]]}
    >>> true_susceptibility(plane, 30.0, **{name: np.array(value) for name, value in even.items()}).round(5)
    array([[0.00141]], dtype=float32)
    """
    inner = np.s_[CONTEXT_PX:-CONTEXT_PX, CONTEXT_PX:-CONTEXT_PX]
    slope, convergence = _slope_deg(altitude, cell_size), _convergence(altitude, cell_size)
    disc = _disc(CONTEXT_PX)
    mean_slope = ndimage.convolve(slope, disc)[inner]
    hollow = np.tanh(ndimage.convolve(convergence, disc)[inner] / 0.007)
    steep = _logistic((mean_slope - 18) / 6)
    odds = (
        -9.0
        + steep * (3 + 12 * hollow)
        + 0.5 * _logistic((slope[inner] - 15) / 4)
        + 1.2 * weakness
        + np.exp(-fault_m / 400)
        + np.exp(-road_m / 100)
        - 0.4 * (ndvi - 0.3) / 0.12
    )
    return _logistic(odds).astype(np.float32)


def draw_keys(rng: np.random.Generator, truth: np.ndarray) -> np.ndarray:
    """Return a key for each cell; the smallest keys are a draw without replacement in proportion to `truth`.

    An exponential variate over the weight (Efraimidis & Spirakis 2006), so that windows can be drawn from in turn. Shapes are those of
    `truth`, which is 0 to 1.
    """
    return rng.standard_exponential(truth.shape) / np.maximum(truth, np.finfo(np.float32).tiny)


def grown(
    truth: Callable[[int, int], float], starts: np.ndarray, cells: int, shape: tuple[int, int], rng: np.random.Generator
) -> list[np.ndarray]:
    """Return the cells of landslides that grow from where they start, each to the side where the truth is highest, [(n, 2), …].

    Parameters
    ----------
    truth
        Gives the true susceptibility of the cell in a row and a column.
    starts
        Where landslides begin, (n, 2); one that begins within another is left out.
    cells
        How many cells a landslide has on average; numbers vary between a half and one and a half of that.
    shape
        Rows and columns of the landscape.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.landscape.truth import grown
    >>> ridge = np.array([[0.1, 0.5, 0.2], [0.1, 0.9, 0.8]])
    >>> body, = grown(lambda row, col: ridge[row, col], np.array([[0, 1]]), 2, ridge.shape, np.random.default_rng(1))
    >>> body[:2].tolist()
    [[0, 1], [1, 1]]
    """
    taken: set[tuple[int, int]] = set()
    bodies = []
    for start, size in zip(map(tuple, starts.tolist()), rng.integers(-(-cells // 2), cells + cells // 2 + 1, len(starts))):
        if start in taken:
            continue
        body: list[tuple[int, int]] = []
        edge = [(-1.0, start)]
        while edge and len(body) < size:
            _, cell = heappop(edge)
            if cell in taken:
                continue
            taken.add(cell)
            body.append(cell)
            for row, col in ((cell[0] + down, cell[1] + right) for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0))):
                if 0 <= row < shape[0] and 0 <= col < shape[1] and (row, col) not in taken:
                    heappush(edge, (-truth(row, col), (row, col)))
        bodies.append(np.array(body))
    return bodies


class BestAuc:
    """The expected AUC of the truth, which no model can be expected to exceed; on one draw of test cells, one may.

    Landslide cells are drawn in proportion to the truth t, absence cells evenly from the whole area. The ratio of the
    two densities grows with t, so by the Neyman–Pearson lemma t itself is the best score there is. Its expected AUC is
    the chance that a cell drawn in proportion to t has a larger t than one drawn evenly (ties count half).

    Absences that are kept away from landslides, or taken from flat ground, are easier to tell: every AUC is then
    higher, and the one to compare with is the AUC of the truth on the very same cells.

    Examples
    --------
    >>> best = BestAuc()
    >>> best.add(np.array([[0.1, 0.3, 0.6]]))
    >>> round(best.value(), 4)  # (0.1 · 0.5 + 0.3 · 1.5 + 0.6 · 2.5) / 3
    0.6667
    """

    _BINS = 10_000

    def __init__(self) -> None:
        self._cells = np.zeros(self._BINS)
        self._weights = np.zeros(self._BINS)

    def add(self, truth: np.ndarray) -> None:
        """Count a window of the truth, of any shape."""
        bins = np.minimum((truth.ravel() * self._BINS).astype(np.int64), self._BINS - 1)
        self._cells += np.bincount(bins, minlength=self._BINS)
        self._weights += np.bincount(bins, weights=truth.ravel(), minlength=self._BINS)

    def of(self, truth: np.ndarray) -> float:
        """Return the AUC of landslide cells with such a truth, (n,), each of them once, against all other cells."""
        own = np.bincount(np.minimum((truth * self._BINS).astype(np.int64), self._BINS - 1), minlength=self._BINS)
        return float(_placed(self._cells - own) @ own / own.sum())

    def value(self) -> float:
        """Return the AUC, to about 1e-4."""
        return float(_placed(self._cells) @ self._weights / self._weights.sum())

    def standard_error(self, presences: int, absences: int) -> float:
        """Return by how much the AUC of the truth varies from one draw of so many test cells to another.

        The variance of a mean over pairs (DeLong, DeLong & Clarke-Pearson 1988, with the distributions themselves in place of samples).
        """
        presence, absence = self._weights / self._weights.sum(), self._cells / self._cells.sum()
        placed = _placed(self._cells)
        above = 1 - np.cumsum(presence) + presence / 2
        variances = [float(share @ (place - share @ place) ** 2) for share, place in ((presence, placed), (absence, above))]
        return (variances[0] / presences + variances[1] / absences) ** 0.5


def _placed(absences: np.ndarray) -> np.ndarray:
    """Return, for each bin, the share of absences, counted by bin, below it (half of those in it)."""
    share = absences / absences.sum()
    return np.cumsum(share) - share / 2


def _slope_deg(z: np.ndarray, cell_size: float) -> np.ndarray:
    """Return the slope of all but the outermost cells (Zevenbergen & Thorne 1987)."""
    south = (z[2:, 1:-1] - z[:-2, 1:-1]) / (2 * cell_size)
    east = (z[1:-1, 2:] - z[1:-1, :-2]) / (2 * cell_size)
    return np.degrees(np.arctan(np.hypot(south, east)))


def _convergence(z: np.ndarray, cell_size: float) -> np.ndarray:
    """Return the Laplacian (1/m) of all but the outermost cells: positive in hollows."""
    return (z[2:, 1:-1] + z[:-2, 1:-1] + z[1:-1, 2:] + z[1:-1, :-2] - 4 * z[1:-1, 1:-1]) / cell_size**2


def _disc(radius: int) -> np.ndarray:
    rows, cols = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    disc = (rows**2 + cols**2 <= radius**2).astype(np.float32)
    return disc / disc.sum()


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
