# SPDX-License-Identifier: GPL-2.0-or-later
"""Where water flows: depressions filled, eight directions, and what follows from them. Holds the whole DEM in memory.

Flow leaves the DEM at its edge and beside cells without data. Directions point to the steepest descent (O'Callaghan and Mark 1984); on
flats (lakes, the sea, filled depressions) they take the shortest way out, so that every cell drains.
"""

from __future__ import annotations

import numpy as np

from ...models.compiled import compiled
from ..errors import EngineError

# Direction codes as ESRI writes them, with the step down the rows and right along the columns.
_CODES = np.array([1, 2, 4, 8, 16, 32, 64, 128], np.uint8)
_MOVES = np.array([(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)])
_OUTLET, _NO_DATA, _UNSEEN = 0, 247, 255
# What `Flow.cells` holds where there is no elevation.
NO_CELLS = 0
# Elevation is cut into this many levels between its lowest and highest: 0.1 mm each where the relief is 1600 m.
_LEVELS = 2**24
# Cells are numbered in 32 bits.
_MOST_CELLS = 2**31 - 1
# Watersheds beyond these, the largest, are one class.
MOST_WATERSHEDS = 20


class Flow:
    """The flow over a DEM.

    Parameters
    ----------
    elevation
        In metres, float32 (rows, cols), NaN where there is none.
    cell_size_m
        Width and height of a cell.

    Attributes
    ----------
    directions
        Direction codes, uint8 (rows, cols).
    cells
        How many cells drain through each cell, itself included, int32 (rows, cols); 0 where there is no elevation.

    Raises
    ------
    EngineError
        If it has more cells than 32 bits can number.

    Examples
    --------
    A slope that falls to the south-east, and leaves the DEM at its lowest corner:

    >>> flow = Flow(np.float32([[9, 8, 7], [8, 6, 4], [7, 4, 1]]), (20.0, 35.0))
    >>> flow.directions
    array([[2, 2, 4],
           [1, 2, 4],
           [1, 1, 0]], dtype=uint8)
    >>> flow.cells
    array([[1, 1, 1],
           [1, 3, 3],
           [1, 2, 9]], dtype=int32)
    """

    def __init__(self, elevation: np.ndarray, cell_size_m: tuple[float, float]) -> None:
        if elevation.size > _MOST_CELLS:
            raise EngineError(f"The DEM has {elevation.size:,} cells, and flow is derived from at most {_MOST_CELLS:,}; use larger cells.")
        self.cell_size_m = cell_size_m
        self._lowest = float(np.nanmin(elevation))
        self._level_m = max(float(np.nanmax(elevation)) - self._lowest, 1e-3) / (_LEVELS - 1)
        self._levels = _to_levels(elevation, self._lowest, self._level_m)
        self.directions = _fill(self._levels, _LEVELS, _CODES, _MOVES)
        lengths = np.hypot(_MOVES[:, 1] * cell_size_m[0], _MOVES[:, 0] * cell_size_m[1])
        _steepest(self._levels, 1 / lengths, _CODES, _MOVES, self.directions)
        self._offsets = np.zeros(256, np.int64)
        self._offsets[_CODES] = _MOVES @ [elevation.shape[1], 1]
        self._lengths = np.full(256, np.mean(cell_size_m), np.float32)
        self._lengths[_CODES] = lengths
        self.cells = _accumulate(self.directions.ravel(), self._offsets).reshape(elevation.shape)

    @property
    def filled(self) -> np.ndarray:
        """Elevation in metres with depressions filled, float32 (rows, cols), NaN where there is none."""
        metres = self._above_lowest()
        metres += np.float32(self._lowest)
        return metres

    @property
    def most_km2(self) -> float:
        """The largest area that drains through one cell."""
        return float(self.cells.max()) * self.cell_size_m[0] * self.cell_size_m[1] / 1e6

    def drainage(self, area_km2: float) -> np.ndarray:
        """Return which cells belong to the drainage network, bool (rows, cols): those that at least this area drains through.

        Raises
        ------
        EngineError
            If there are none.
        """
        cell_km2 = self.cell_size_m[0] * self.cell_size_m[1] / 1e6
        network = self.cells >= max(area_km2 / cell_km2, 1.0)
        if not network.any():
            raise EngineError(
                f"No cell of the DEM drains {area_km2:g} km², so there is no drainage network: the most is "
                f"{self.most_km2:.3g} km². Give a smaller contributing area (DRAINAGE_AREA)."
            )
        return network

    def height_above(self, network: np.ndarray) -> np.ndarray:
        """Return the height in metres above the first cell of the network downstream, or above where the flow leaves the DEM.

        Rennó et al. (2008), on filled elevation; float32 (rows, cols), NaN where there is no elevation.
        """
        height = self._above_lowest()
        base = height.copy()
        known = network | (self.directions == _OUTLET)
        _hand_up(self.directions.ravel(), self._offsets, known.ravel(), base.ravel())
        height -= base
        return height

    def stream_length(self, network: np.ndarray) -> np.ndarray:
        """Return the length in metres from each cell of the network to the next downstream, float32; 0 elsewhere, NaN without elevation."""
        found = np.where(network, self._lengths[self.directions], np.float32(0))
        found[self.directions == _NO_DATA] = np.nan
        return found

    def watersheds(self, most: int = MOST_WATERSHEDS) -> tuple[np.ndarray, dict[int, str]]:
        """Return the watershed of each cell, float32 (rows, cols), and the names: 1 is the largest, 0 all beyond the largest.

        A watershed is what drains through one outlet at the edge of the DEM.
        """
        outlets = np.flatnonzero(self.directions.ravel() == _OUTLET)
        kept = most if len(outlets) <= most else most - 1
        largest = outlets[np.argsort(-self.cells.ravel()[outlets], kind="stable")[:kept]]
        found = np.zeros(self.directions.shape, np.uint8)
        found.ravel()[largest] = np.arange(1, len(largest) + 1)
        _hand_up(self.directions.ravel(), self._offsets, (self.directions == _OUTLET).ravel(), found.ravel())
        labels = found.astype(np.float32)
        labels[self.directions == _NO_DATA] = np.nan
        names = {number: f"watershed {number}" for number in range(1, len(largest) + 1)}
        return labels, names if len(largest) == len(outlets) else {0: "other watersheds", **names}

    def _above_lowest(self) -> np.ndarray:
        metres = np.multiply(self._levels, self._level_m, dtype=np.float32, casting="same_kind")
        metres[self.directions == _NO_DATA] = np.nan
        return metres


@compiled()
def _to_levels(elevation: np.ndarray, lowest: float, level_m: float) -> np.ndarray:
    """Return elevation in whole levels above the lowest, int32 (rows, cols); -1 where there is none."""
    levels = np.empty(elevation.shape, np.int32)
    for row in range(elevation.shape[0]):
        for col in range(elevation.shape[1]):
            z = elevation[row, col]
            levels[row, col] = -1 if np.isnan(z) else int((z - lowest) / level_m + 0.5)
    return levels


@compiled()
def _fill(levels: np.ndarray, most: int, codes: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """Fill the depressions in place; return for each cell the direction from which the filling reached it.

    Priority flood (Barnes et al. 2014, algorithm 2). The queue keeps one ring of cells for each level, first in, first out: `last` is
    the newest cell of a ring and `after` leads from each cell to the next, from the newest to the oldest. As the lowest level in the
    queue never falls, one walk up the levels serves all cells. (`landscape/erosion.py` floods in metres, with a least rise and a heap, and
    its order decides what a seed gives: levels would change that landscape, and a heap would make this several times slower.)
    """
    rows, cols = levels.shape
    directions = np.full((rows, cols), _UNSEEN, np.uint8)
    last = np.full(most, -1, np.int32)
    after = np.empty(rows * cols, np.int32)
    for row in range(rows):
        for col in range(cols):
            if levels[row, col] < 0:
                directions[row, col] = _NO_DATA
                continue
            for move in range(8):
                to_row, to_col = row + moves[move, 0], col + moves[move, 1]
                if to_row < 0 or to_row == rows or to_col < 0 or to_col == cols or levels[to_row, to_col] < 0:
                    directions[row, col] = _OUTLET
                    _queue(row * cols + col, levels[row, col], last, after)
                    break
    for level in range(most):
        while last[level] >= 0:
            newest = last[level]
            cell = after[newest]
            if cell == newest:
                last[level] = -1
            else:
                after[newest] = after[cell]
            row, col = cell // cols, cell % cols
            for move in range(8):
                to_row, to_col = row + moves[move, 0], col + moves[move, 1]
                if 0 <= to_row < rows and 0 <= to_col < cols and directions[to_row, to_col] == _UNSEEN:
                    levels[to_row, to_col] = max(levels[to_row, to_col], level)
                    directions[to_row, to_col] = codes[(move + 4) % 8]
                    _queue(to_row * cols + to_col, levels[to_row, to_col], last, after)
    return directions


@compiled()
def _queue(cell: int, level: int, last: np.ndarray, after: np.ndarray) -> None:
    newest = last[level]
    if newest < 0:
        after[cell] = cell
    else:
        after[cell] = after[newest]
        after[newest] = cell
    last[level] = cell


@compiled()
def _steepest(levels: np.ndarray, weights: np.ndarray, codes: np.ndarray, moves: np.ndarray, directions: np.ndarray) -> None:
    """Turn the direction of each cell that has lower neighbours to the steepest; the others keep theirs.

    No loop can arise: each step goes to a lower level, or to a cell of the same level that the filling reached earlier.
    """
    rows, cols = levels.shape
    for row in range(rows):
        for col in range(cols):
            if directions[row, col] == _NO_DATA:
                continue
            steepest = 0.0
            for move in range(8):
                to_row, to_col = row + moves[move, 0], col + moves[move, 1]
                if 0 <= to_row < rows and 0 <= to_col < cols and levels[to_row, to_col] >= 0:
                    fall = (levels[row, col] - levels[to_row, to_col]) * weights[move]
                    if fall > steepest:
                        steepest = fall
                        directions[row, col] = codes[move]


@compiled()
def _accumulate(directions: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return how many cells drain through each, following the flow from every cell once all that drains into it is known."""
    donors = np.zeros(len(directions), np.uint8)
    cells = np.zeros(len(directions), np.int32)
    for cell in range(len(directions)):
        if directions[cell] != _NO_DATA:
            cells[cell] = 1
            if directions[cell] != _OUTLET:
                donors[cell + offsets[directions[cell]]] += 1
    done = np.uint8(255)
    for start in range(len(directions)):
        cell = start
        while donors[cell] == 0 and directions[cell] != _OUTLET and directions[cell] != _NO_DATA:
            donors[cell] = done
            below = cell + offsets[directions[cell]]
            cells[below] += cells[cell]
            donors[below] -= 1
            cell = below
    return cells


@compiled()
def _hand_up(directions: np.ndarray, offsets: np.ndarray, known: np.ndarray, values: np.ndarray) -> None:
    """Give every cell the value of the first known cell downstream; all outlets must be known. Overwrites `known` too."""
    for start in range(len(directions)):
        if known[start] or directions[start] == _NO_DATA:
            continue
        cell = start
        while not known[cell]:
            cell += offsets[directions[cell]]
        value = values[cell]
        cell = start
        while not known[cell]:
            known[cell] = True
            values[cell] = value
            cell += offsets[directions[cell]]
