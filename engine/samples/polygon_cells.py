# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cells of a landslide stand for it, and which landslides count as one."""

from __future__ import annotations

import numpy as np

from ..errors import EngineError
from ..files.stack import Stack

# What a landslide's highest part is: the third where it began.
_UPPER = 3


def standing_for(stack: Stack, rows: np.ndarray, cols: np.ndarray, origin: np.ndarray, how: str, most: int) -> np.ndarray:
    """Return the numbers of the cells that stand for their landslides, in their order, (kept,).

    Parameters
    ----------
    rows, cols, origin
        The cells of landslides and the id of each one's landslide, (n,).
    how
        An id of `choices.POLYGON_CELLS`.
    most
        Cells of a landslide at most, where they are spread over it.

    Raises
    ------
    EngineError
        If the highest part is asked for and the stack has no altitude.
    """
    if how == "all" or not len(rows):
        return np.arange(len(rows))
    _, landslide = np.unique(origin, return_inverse=True)
    landslide = landslide.ravel()
    size = np.bincount(landslide)
    of_cell = size[landslide]
    if how == "spread":
        # Along rows to and fro, so that neighbours in the order are neighbours on the ground; then at even steps.
        along = np.where(rows % 2, -cols, cols)
        rank = _rank(landslide, (along, rows))
        kept = np.minimum(of_cell, most)
        # The first cell of each of `kept` even parts of the order.
        return np.flatnonzero((rank * kept) // of_cell != ((rank - 1) * kept) // of_cell)
    if how == "one":
        middle = [np.bincount(landslide, each)[landslide] / of_cell for each in (rows, cols)]
        return np.flatnonzero(_rank(landslide, (cols, rows, np.hypot(rows - middle[0], cols - middle[1]))) == 0)
    if "altitude" not in stack.names:
        raise EngineError(
            "The highest part of a landslide needs the covariate altitude, which the stack lacks; prepare a stack with it, or take other "
            "cells of polygons."
        )
    altitude = stack.at(rows, cols, ["altitude"])[:, 0]
    return np.flatnonzero(_rank(landslide, (cols, rows, -altitude)) < -(-of_cell // _UPPER))


def together(xy: np.ndarray, origin: np.ndarray, distance_m: float) -> np.ndarray:
    """Return the landslide of each cell, (n,), where landslides nearer to each other than a distance are one, with the first one's id.

    Parameters
    ----------
    xy
        Coordinates in metres, (n, 2).
    origin
        The id of each cell's landslide, (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.polygon_cells import together
    >>> together(np.array([[0.0, 0], [50, 0], [90, 0], [300, 0]]), np.array(["4", "7", "8", "9"]), 60.0).tolist()
    ['4', '4', '4', '9']
    """
    from scipy.spatial import cKDTree

    near = cKDTree(xy).query_pairs(np.nextafter(distance_m, 0), output_type="ndarray")
    return _joined(origin, near)


def overlapping(cells: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Return the landslide of each cell, (n,), where landslides that share a cell are one, with the first one's id.

    Parameters
    ----------
    cells
        Numbers of cells; a cell is there once for each of its landslides, (n,).
    origin
        The id of the landslide, (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.polygon_cells import overlapping
    >>> overlapping(np.array([1, 2, 2, 3, 9]), np.array(["4", "4", "7", "7", "8"])).tolist()
    ['4', '4', '4', '4', '8']
    """
    order = np.argsort(cells, kind="stable")
    same = np.flatnonzero(cells[order][1:] == cells[order][:-1])
    return _joined(origin, np.stack([order[same], order[same + 1]], axis=1))


def touching(rows: np.ndarray, cols: np.ndarray, origin: np.ndarray) -> tuple[int, int]:
    """Return how many landslides of several cells have one beside a cell of another such landslide, corners too, and how many there are.

    Parameters
    ----------
    rows, cols, origin
        The cells and the id of each one's landslide, (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.polygon_cells import touching
    >>> touching(np.array([0, 1, 2, 2, 9, 9, 3]), np.array([5, 5, 6, 7, 0, 1, 8]), np.array(["4", "4", "7", "7", "8", "8", "9"]))
    (2, 3)
    """
    _, landslide, size = np.unique(origin, return_inverse=True, return_counts=True)
    several = size[landslide.ravel()] > 1
    rows, cols, landslide = rows[several], cols[several], landslide.ravel()[several]
    if not len(rows):
        return 0, 0
    width = int(cols.max()) + 2  # a row's last cell is beside none of the next row's first
    cell = rows.astype(np.int64) * width + cols
    order = np.argsort(cell, kind="stable")
    cell, landslide = cell[order], landslide[order]
    found = np.zeros(len(size), bool)
    for step in (1, width - 1, width, width + 1):
        place = np.minimum(np.searchsorted(cell, cell + step), len(cell) - 1)
        beside = (cell[place] == cell + step) & (landslide[place] != landslide)
        found[landslide[beside]] = found[landslide[place[beside]]] = True
    return int(found.sum()), int((size > 1).sum())


def _joined(origin: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the landslide of each cell, (n,), where those of a pair of cells, by number (pairs, 2), are one, with the first one's id."""
    names, first, of_cell = np.unique(origin, return_index=True, return_inverse=True)
    place = np.empty(len(names), np.int64)
    place[np.argsort(first)] = np.arange(len(names))  # by the first cell, so that the least of a group is its first landslide
    links, group = place[of_cell.ravel()][pairs], np.arange(len(names))
    while True:
        least = group.copy()
        for one, other in (links.T, links.T[::-1]):
            np.minimum.at(least, one, group[other])
        least = least[least]
        if np.array_equal(least, group):
            break
        group = least
    return np.asarray(origin)[np.sort(first)[group[place[of_cell.ravel()]]]]


def _rank(landslide: np.ndarray, keys: tuple[np.ndarray, ...]) -> np.ndarray:
    """Return the place of each cell among those of its landslide, from 0, (n,), in the order of keys, the last of which counts first."""
    order = np.lexsort((*keys, landslide))
    begin = np.searchsorted(landslide[order], np.arange(landslide.max() + 1))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order)) - begin[landslide[order]]
    return rank
