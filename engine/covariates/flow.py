# SPDX-License-Identifier: GPL-2.0-or-later
"""Where water flows: depressions filled, eight directions, and what follows from them. Holds the whole DEM in memory.

Areas are gathered by the one direction of each cell, or shared out among several neighbours. Flow leaves the DEM at its edge and beside
cells without data. Directions point to the steepest descent (O'Callaghan and Mark 1984); on flats (lakes, the sea, filled depressions)
they take the shortest way out, so that every cell drains.
"""

from __future__ import annotations

import math
from functools import cached_property

import numba
import numpy as np

from ...models.compiled import compiled
from ..errors import EngineError

# Direction codes as ESRI writes them, with the step down the rows and right along the columns.
_CODES = np.array([1, 2, 4, 8, 16, 32, 64, 128], np.uint8)
_MOVES = np.array([(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)])
_OUTLET, _NO_DATA, _UNSEEN = 0, 247, 255
# The power of the slopes in multiple flow.
_CONVERGENCE = 1.1
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
    method
        Of `declarations.covariates.FLOW_METHODS`: how a cell shares its water out, for `accumulated`. Network, watersheds and heights
        follow the eight directions whatever it is.

    Attributes
    ----------
    directions
        Direction codes, uint8 (rows, cols).

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

    def __init__(self, elevation: np.ndarray, cell_size_m: tuple[float, float], method: str = "d8") -> None:
        if elevation.size > _MOST_CELLS:
            raise EngineError(f"The DEM has {elevation.size:,} cells, and flow is derived from at most {_MOST_CELLS:,}; use larger cells.")
        self.cell_size_m, self.method = cell_size_m, method
        self._lowest = float(np.nanmin(elevation))
        self._level_m = max(float(np.nanmax(elevation)) - self._lowest, 1e-3) / (_LEVELS - 1)
        # Made here, not in compiled code: numpy asks for large pages of memory, which walks all over it need.
        self._levels = np.empty(elevation.shape, np.int32)
        _to_levels(elevation, self._lowest, self._level_m, self._levels)
        self._order = np.empty(0 if method == "d8" else elevation.size, np.int32)
        self.directions, served = _fill(self._levels, _LEVELS, _CODES, _MOVES, self._order)
        self._order = self._order[:served]
        lengths = np.hypot(_MOVES[:, 1] * cell_size_m[0], _MOVES[:, 0] * cell_size_m[1])
        _steepest(self._levels, 1 / lengths, _CODES, _MOVES, self.directions)
        self._offsets = np.zeros(256, np.int64)
        self._offsets[_CODES] = _MOVES @ [elevation.shape[1], 1]
        self._lengths = np.full(256, np.mean(cell_size_m), np.float32)
        self._lengths[_CODES] = lengths

    @cached_property
    def cells(self) -> np.ndarray:
        """How many cells drain through each cell by its one direction, itself included, int32 (rows, cols); 0 without elevation."""
        return _accumulate(self.directions.ravel(), self._offsets).reshape(self.directions.shape)

    def accumulated(self) -> np.ndarray:
        """Return how many cells drain through each cell by the method, itself included, (rows, cols); 0 where there is no elevation.

        Of multiple flow and D∞, which share cells out, float64: in 32 bits a large river would no longer grow by single cells.
        """
        return self.cells if self.method == "d8" else self.gathered((self.directions != _NO_DATA).astype(np.float64))

    def gathered(self, amounts: np.ndarray) -> np.ndarray:
        """Return how much drains through each cell by multiple flow or D∞, itself included, where each gives an amount.

        Float64 (rows, cols), written over the amounts.
        """
        share = _share_widely if self.method == "mfd" else _share_by_angle
        share(self._levels, self.directions, self._order, self._offsets, _MOVES, *self.cell_size_m, amounts)
        return amounts

    def outflow_m(self) -> np.ndarray:
        """Return how wide the flow out of each cell is by multiple flow, in metres, float32 (rows, cols).

        The contours towards all lower neighbours: half a side each, and across corners a quarter of the diagonal (Quinn et al. 1991). The
        cell size where there is none.
        """
        return _contours(self._levels, *self.cell_size_m)

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
        base = self._above_lowest()
        known = network | (self.directions == _OUTLET)
        _hand_up(self.directions.ravel(), self._offsets, known.ravel(), base.ravel())
        _heights(self._levels, np.float32(self._level_m), base)
        return base

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


@compiled(parallel=True)
def _to_levels(elevation: np.ndarray, lowest: float, level_m: float, levels: np.ndarray) -> None:
    """Write elevation in whole levels above the lowest, int32 (rows, cols); -1 where there is none."""
    for row in numba.prange(elevation.shape[0]):
        for col in range(elevation.shape[1]):
            z = elevation[row, col]
            levels[row, col] = -1 if np.isnan(z) else int((z - lowest) / level_m + 0.5)


def _fill(levels: np.ndarray, most: int, codes: np.ndarray, moves: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, int]:
    """Fill the depressions in place; return for each cell the direction from which the filling reached it, and how many cells it served.

    Their numbers are written to `order` as they are served, unless that is empty.

    Priority flood (Barnes et al. 2014, algorithm 2). The queue keeps one ring of cells for each level, first in, first out: `last` is
    the newest cell of a ring and `after` leads from each cell to the next, from the newest to the oldest. As the lowest level in the
    queue never falls, one walk up the levels serves all cells. (`landscape/erosion.py` floods in metres, with a least rise and a heap, and
    its order decides what a seed gives: levels would change that landscape, and a heap would make this several times slower.)
    """
    # Large pages again.
    directions, after, last = np.full(levels.shape, _UNSEEN, np.uint8), np.empty(levels.size, np.int32), np.full(most, -1, np.int32)
    _seed(levels, moves, directions, last, after)
    return directions, _flood(levels, codes, moves, directions, last, after, order)


@compiled()
def _seed(levels: np.ndarray, moves: np.ndarray, directions: np.ndarray, last: np.ndarray, after: np.ndarray) -> None:
    """Queue the cells that flow leaves the DEM at, row by row."""
    rows, cols = levels.shape
    for row in range(rows):
        least = -1
        if 0 < row < rows - 1:
            least = 0
            for near in range(row - 1, row + 2):
                for col in range(cols):
                    least = min(least, levels[near, col])
        # Where nothing is missing around a row, only its two ends can be outlets.
        step = 1 if least < 0 else max(cols - 1, 1)
        for col in range(0, cols, step):
            if levels[row, col] < 0:
                directions[row, col] = _NO_DATA
                continue
            for move in range(8):
                to_row, to_col = row + moves[move, 0], col + moves[move, 1]
                if to_row < 0 or to_row == rows or to_col < 0 or to_col == cols or levels[to_row, to_col] < 0:
                    directions[row, col] = _OUTLET
                    _queue(row * cols + col, levels[row, col], last, after)
                    break


@compiled()
def _flood(
    levels: np.ndarray, codes: np.ndarray, moves: np.ndarray, directions: np.ndarray, last: np.ndarray, after: np.ndarray, order: np.ndarray
) -> int:
    """Serve the queue up the levels; return how many cells it had."""
    rows, cols = levels.shape
    flat_levels, flat_directions = levels.ravel(), directions.ravel()
    # Unsigned, since numba would look whether others are negative; steps back wrap around to what is meant.
    steps = (moves[:, 0] * cols + moves[:, 1]).astype(np.uint64)
    back = np.roll(codes, 4)
    served, is_kept = 0, len(order) > 0
    for level in range(len(last)):
        while last[level] >= 0:
            newest = last[level]
            cell = after[newest]
            if cell == newest:
                last[level] = -1
            else:
                after[newest] = after[cell]
            if is_kept:
                order[served] = cell
            served += 1
            if flat_directions[cell] == _OUTLET:
                row, col = cell // cols, cell % cols
                for move in range(8):
                    to_row, to_col = row + moves[move, 0], col + moves[move, 1]
                    if 0 <= to_row < rows and 0 <= to_col < cols and directions[to_row, to_col] == _UNSEEN:
                        _reach(np.uint64(to_row * cols + to_col), level, back[move], flat_levels, flat_directions, last, after)
            else:  # all its neighbours lie in the DEM
                for move in range(8):
                    to = np.uint64(cell) + steps[move]
                    if flat_directions[to] == _UNSEEN:
                        _reach(to, level, back[move], flat_levels, flat_directions, last, after)
    return served


@compiled()
def _reach(
    cell: int | np.uint64, level: int, code: int, levels: np.ndarray, directions: np.ndarray, last: np.ndarray, after: np.ndarray
) -> None:
    """Fill a cell up to the level of the one that reaches it, point it there, and queue it."""
    directions[cell] = code
    levels[cell] = max(levels[cell], level)
    _queue(cell, levels[cell], last, after)


@compiled()
def _queue(cell: int | np.uint64, level: int, last: np.ndarray, after: np.ndarray) -> None:
    newest = last[level]
    if newest < 0:
        after[cell] = cell
    else:
        after[cell] = after[newest]
        after[newest] = cell
    last[level] = cell


@compiled(parallel=True)
def _steepest(levels: np.ndarray, weights: np.ndarray, codes: np.ndarray, moves: np.ndarray, directions: np.ndarray) -> None:
    """Turn the direction of each cell that has lower neighbours to the steepest; the others keep theirs.

    No loop can arise: each step goes to a lower level, or to a cell of the same level that the filling reached earlier.
    """
    rows, cols = levels.shape
    flat = levels.ravel()
    steps = (moves[:, 0] * cols + moves[:, 1]).astype(np.uint64)
    for row in numba.prange(rows):
        for col in range(cols):
            if directions[row, col] == _NO_DATA:
                continue
            is_outlet = directions[row, col] == _OUTLET  # of others all neighbours have elevation
            here, code, steepest = levels[row, col], directions[row, col], 0.0
            for move in range(8):
                if is_outlet:
                    to_row, to_col = row + moves[move, 0], col + moves[move, 1]
                    if to_row < 0 or to_row == rows or to_col < 0 or to_col == cols or levels[to_row, to_col] < 0:
                        continue
                fall = (here - flat[np.uint64(row * cols + col) + steps[move]]) * weights[move]
                if fall > steepest:
                    steepest, code = fall, codes[move]
            directions[row, col] = code


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
def _look_around(levels: np.ndarray, row: int, col: int, moves: np.ndarray, near: np.ndarray) -> None:
    """Write the levels of the eight neighbours of a cell to `near`, -1 where there is none."""
    rows, cols = levels.shape
    is_inner = 0 < row < rows - 1 and 0 < col < cols - 1
    for move in range(8):
        to_row, to_col = row + moves[move, 0], col + moves[move, 1]
        near[move] = levels[to_row, to_col] if is_inner or (0 <= to_row < rows and 0 <= to_col < cols) else -1


@compiled()
def _share_widely(
    levels: np.ndarray,
    directions: np.ndarray,
    order: np.ndarray,
    offsets: np.ndarray,
    moves: np.ndarray,
    width: float,
    height: float,
    amounts: np.ndarray,
) -> None:
    """Hand the amounts down to all lower neighbours, in proportion to their slopes to the power of 1.1; Freeman (1991).

    The walk of the filling backwards: lower cells were served earlier, and on flats, where there is none, so was the one that the
    direction points to.
    """
    cols = levels.shape[1]
    weights = 1 / np.sqrt((moves[:, 0] * height) ** 2 + (moves[:, 1] * width) ** 2)
    shares, near = np.zeros(8), np.empty(8, np.int32)
    flat = amounts.ravel()
    for place in range(len(order) - 1, -1, -1):
        cell = order[place]
        row, col = cell // cols, cell % cols
        total = 0.0
        here = levels[row, col]
        _look_around(levels, row, col, moves, near)
        for move in range(8):
            shares[move] = 0.0
            if 0 <= near[move] < here:
                shares[move] = ((here - near[move]) * weights[move]) ** _CONVERGENCE
                total += shares[move]
        if total > 0:
            for move in range(8):
                if shares[move] > 0:
                    amounts[row + moves[move, 0], col + moves[move, 1]] += amounts[row, col] * (shares[move] / total)
        elif directions[row, col] != _OUTLET:
            flat[cell + offsets[directions[row, col]]] += flat[cell]


@compiled()
def _share_by_angle(  # noqa: PLR0912 (one rule, whose parts would hand each other ten numbers)
    levels: np.ndarray,
    directions: np.ndarray,
    order: np.ndarray,
    offsets: np.ndarray,
    moves: np.ndarray,
    width: float,
    height: float,
    amounts: np.ndarray,
) -> None:
    """Hand the amounts down the steepest of the eight triangles around each cell, to its two neighbours there; Tarboton (1997).

    They get shares by the angles between the way down and each. Where the steepest way leaves a triangle, or it lacks a neighbour, the
    other one gets all. The order is that of `_share_widely`.
    """
    cols = levels.shape[1]
    flat = amounts.ravel()
    corner_of_row, corner_of_col = math.atan2(height, width), math.atan2(width, height)
    diagonal_squared = height * height + width * width
    near = np.empty(8, np.int32)
    for place in range(len(order) - 1, -1, -1):
        cell = order[place]
        row, col = cell // cols, cell % cols
        here = levels[row, col]
        _look_around(levels, row, col, moves, near)
        steepest, straight, diagonal = 0.0, -1, -1  # squared; the neighbours of the triangle that get something
        along_best, aside_best, corner_best = 1.0, 0.0, 1.0
        for move in range(8):
            # Straight moves are the even ones; each has a triangle to either side.
            one, other = (move, move + 1) if move % 2 == 0 else ((move + 1) % 8, move)
            if near[one] >= here and near[other] >= here:
                continue
            has_one, has_other = near[one] >= 0, near[other] >= 0
            out, across, corner = (height, width, corner_of_col) if moves[one, 1] == 0 else (width, height, corner_of_row)
            along = (here - near[one]) / out if has_one else 0.0
            if has_one and has_other:
                aside = (near[one] - near[other]) / across
                if along > 0 and aside > 0 and aside * out < along * across:
                    squared = along * along + aside * aside
                    if squared > steepest:
                        steepest, straight, diagonal = squared, one, other
                        along_best, aside_best, corner_best = along, aside, corner
                    continue
            if along > 0 and along * along > steepest:
                steepest, straight, diagonal = along * along, one, -1
            if has_other and here > near[other]:
                fall = (here - near[other]) ** 2 / diagonal_squared
                if fall > steepest:
                    steepest, straight, diagonal = fall, -1, other
        share = 0.0 if diagonal < 0 else 1.0 if straight < 0 else math.atan2(aside_best, along_best) / corner_best
        if steepest > 0:
            if straight >= 0:
                amounts[row + moves[straight, 0], col + moves[straight, 1]] += amounts[row, col] * (1 - share)
            if diagonal >= 0:
                amounts[row + moves[diagonal, 0], col + moves[diagonal, 1]] += amounts[row, col] * share
        elif directions[row, col] != _OUTLET:
            flat[cell + offsets[directions[row, col]]] += flat[cell]


@compiled(parallel=True)
def _contours(levels: np.ndarray, width: float, height: float) -> np.ndarray:
    """Return the contours towards the lower neighbours, float32 (rows, cols); the cell size where there is none."""
    rows, cols = levels.shape
    found = np.empty((rows, cols), np.float32)
    across = math.sqrt(width * width + height * height) / 4
    for row in numba.prange(rows):
        for col in range(cols):
            total = 0.0
            for to_row in range(max(row - 1, 0), min(row + 2, rows)):
                for to_col in range(max(col - 1, 0), min(col + 2, cols)):
                    if 0 <= levels[to_row, to_col] < levels[row, col]:
                        total += height / 2 if to_row == row else width / 2 if to_col == col else across
            found[row, col] = total if total > 0 else math.sqrt(width * height)
    return found


@compiled(parallel=True)
def _heights(levels: np.ndarray, level_m: np.float32, base: np.ndarray) -> None:
    """Write the height of each cell above its base over the base, in metres; NaN stays."""
    for row in numba.prange(levels.shape[0]):
        for col in range(levels.shape[1]):
            base[row, col] = np.float32(levels[row, col]) * level_m - base[row, col]


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
