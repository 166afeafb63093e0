# SPDX-License-Identifier: GPL-2.0-or-later
"""Where water flows: depressions filled, eight directions, and what follows from them. Holds the whole DEM in memory.

Flow leaves the DEM at its edge and beside cells without data. Directions point to the steepest descent (O'Callaghan and Mark 1984);
on flats (lakes, the sea, filled depressions) to the cell from which the filling reached them, so that every cell drains.
"""

from __future__ import annotations

import numpy as np
from pyflwdir import dem as pyflwdir_dem

from .compiled import compiled
from .errors import EngineError

# Direction codes as pyflwdir (and ESRI) write them; 0 is an outlet, _NO_DATA a cell without elevation.
_STEPS = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0), 128: (-1, 1)}
_NO_DATA = 247
# Elevation is rounded to 1/1024 m: such numbers are exact in 32 bits up to 16 km, and so are the sums of the filling.
_PER_METRE = 1024.0
# What `Flow.cells` holds where there is no elevation.
NO_CELLS = 0
# Watersheds beyond these, the largest, are one class.
MOST_WATERSHEDS = 20


class Flow:
    """The flow over a DEM.

    Attributes
    ----------
    filled
        Elevation in metres with depressions filled, float32 (rows, cols), NaN where there is none.
    directions
        Direction codes, uint8 (rows, cols).
    cells
        How many cells drain through each cell, itself included, int32 (rows, cols); 0 where there is no elevation.
    """

    def __init__(self, elevation: np.ndarray, cell_size_m: tuple[float, float]) -> None:
        """Derive the flow from elevation in metres, float32 (rows, cols), which is overwritten."""
        elevation *= _PER_METRE
        np.rint(elevation, out=elevation)
        self.cell_size_m = cell_size_m
        self.filled, self.directions = pyflwdir_dem.fill_depressions(elevation, nodata=np.nan)
        self.offsets = np.zeros(256, np.int64)
        weights = np.zeros(256)
        for code, (down, right) in _STEPS.items():
            self.offsets[code] = down * elevation.shape[1] + right
            weights[code] = 1 / np.hypot(right * cell_size_m[0], down * cell_size_m[1])
        codes = np.array(list(_STEPS), np.uint8)
        moves = np.array(list(_STEPS.values()))
        _steepest(self.filled, codes, moves, weights[codes], self.directions)
        self.filled /= np.float32(_PER_METRE)
        self.cells = _accumulate(self.directions.ravel(), self.offsets).reshape(elevation.shape)

    @property
    def cell_area_m2(self) -> float:
        """Area of a cell."""
        return self.cell_size_m[0] * self.cell_size_m[1]

    def drainage(self, area_km2: float) -> np.ndarray:
        """Return which cells belong to the drainage network: those that at least this area drains through.

        Raises
        ------
        EngineError
            If there are none.
        """
        network = self.cells >= max(area_km2 * 1e6 / self.cell_area_m2, 1.0)
        if not network.any():
            most = float(self.cells.max()) * self.cell_area_m2 / 1e6
            raise EngineError(
                f"No cell of the DEM drains {area_km2:g} km², so there is no drainage network: the most is {most:.3g} km². "
                "Give a smaller contributing area (DRAINAGE_AREA)."
            )
        return network

    def height_above(self, network: np.ndarray) -> np.ndarray:
        """Return the height in metres above the first cell of the network downstream, or above where the flow leaves the DEM.

        Rennó et al. (2008), on filled elevation; float32 (rows, cols), NaN where there is no elevation.
        """
        known = network | (self.directions == 0)
        base = np.where(known, self.filled, np.float32(np.nan))
        _hand_up(self.directions.ravel(), self.offsets, known.ravel(), base.ravel())
        return self.filled - base  # type: ignore[no-any-return]

    def stream_length(self, network: np.ndarray) -> np.ndarray:
        """Return the length in metres from each cell of the network to the next downstream, float32; 0 elsewhere, NaN without elevation."""
        lengths = np.full(256, np.mean(self.cell_size_m), np.float32)
        for code, (down, right) in _STEPS.items():
            lengths[code] = np.hypot(right * self.cell_size_m[0], down * self.cell_size_m[1])
        found = np.where(network, lengths[self.directions], np.float32(0))
        found[self.directions == _NO_DATA] = np.nan
        return found

    def watersheds(self, most: int = MOST_WATERSHEDS) -> tuple[np.ndarray, dict[int, str]]:
        """Return the watershed of each cell, float32 (rows, cols), and the names: 1 is the largest, 0 all beyond the largest.

        A watershed is what drains through one outlet at the edge of the DEM.
        """
        outlets = np.flatnonzero(self.directions.ravel() == 0)
        areas = self.cells.ravel()[outlets]
        largest = outlets[np.argsort(-areas, kind="stable")[: most if len(outlets) <= most else most - 1]]
        found = np.zeros(self.directions.shape, np.uint8)
        found.ravel()[largest] = np.arange(1, len(largest) + 1)
        _hand_up(self.directions.ravel(), self.offsets, (self.directions == 0).ravel(), found.ravel())
        labels = found.astype(np.float32)
        labels[self.directions == _NO_DATA] = np.nan
        names = {number: f"watershed {number}" for number in range(1, len(largest) + 1)}
        return labels, names if len(largest) == len(outlets) else {0: "other watersheds", **names}


@compiled()
def _steepest(filled: np.ndarray, codes: np.ndarray, moves: np.ndarray, weights: np.ndarray, directions: np.ndarray) -> None:
    """Turn the direction of each cell that has lower neighbours to the steepest; the others keep theirs.

    No loop can arise: each step goes to a lower cell, or to one as high that the filling reached earlier.
    """
    rows, cols = filled.shape
    for row in range(rows):
        for col in range(cols):
            if directions[row, col] == _NO_DATA:
                continue
            most = 0.0
            for index in range(8):
                to_row, to_col = row + moves[index, 0], col + moves[index, 1]
                if 0 <= to_row < rows and 0 <= to_col < cols:
                    fall = (filled[row, col] - filled[to_row, to_col]) * weights[index]
                    if fall > most:
                        most = fall
                        directions[row, col] = codes[index]


@compiled()
def _accumulate(directions: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Return how many cells drain through each, following the flow from every cell once all that drains into it is known."""
    donors = np.zeros(len(directions), np.uint8)
    cells = np.zeros(len(directions), np.int32)
    for cell in range(len(directions)):
        if directions[cell] != _NO_DATA:
            cells[cell] = 1
            if directions[cell] != 0:
                donors[cell + offsets[directions[cell]]] += 1
    done = np.uint8(255)
    for start in range(len(directions)):
        cell = start
        while donors[cell] == 0 and directions[cell] != 0 and directions[cell] != _NO_DATA:
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
