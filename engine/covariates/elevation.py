# SPDX-License-Identifier: GPL-2.0-or-later
"""The elevation that terrain and hydrology are derived from, and the grid that it gives the stack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window, open_raster, read_window
from ..files.overlay import open_real, quantity_raster
from ..gdal import gdal

_STRIP_PX = 256


# A stack of more cells than this is a slip of the hand: 40 GB a band.
_MOST_CELLS = 10**10


@dataclass(frozen=True)
class Elevation:
    """Elevation in metres on the stack's grid."""

    dataset: gdal.Dataset
    grid: Grid
    z_factor: float

    @classmethod
    def open(cls, dem: str, cell_size: float | None, z_factor: float, path: Path, feedback: Feedback) -> Elevation:
        """Open a DEM, resampled to `path` if a cell size is given.

        Raises
        ------
        EngineError
            If it is in degrees, holds no data, or is the same everywhere.
        """
        dataset, told = open_real(dem), Source.parse(dem).told
        grid = Grid.of(dataset)
        if not grid.is_projected:
            raise EngineError(
                f"The DEM {told} is in degrees, and slopes and distances need metres; warp it to a projected coordinate "
                "reference system first (gdal:warpreproject)."
            )
        if cell_size:
            grid = _resized(grid, cell_size)
        laid, how = quantity_raster(dem, grid, path, feedback)
        feedback.message(f"Elevation: {how}.")
        if z_factor == 1.0 and dataset.GetRasterBand(1).GetUnitType().lower().startswith(("f", "us")):
            feedback.warning(f"The DEM {told} says that its elevations are in feet; set the Z factor to 0.3048 if they are.")
        elevation = cls(open_raster(laid), grid, z_factor)
        low, high = elevation._range()
        if low > high:
            raise EngineError(f"The DEM {told} holds no data.")
        if low == high:
            raise EngineError(f"The DEM {told} is the same everywhere ({low:g} m); no terrain can be derived from it.")
        return elevation

    def read(self, window: Window, halo_px: int = 0) -> np.ndarray:
        """Return a window with a halo, float64 (rows + 2 halo, cols + 2 halo); NaN beyond the raster and where nodata."""
        values = read_window(self.dataset, window, dtype=np.float64, halo_px=halo_px)
        values[np.isinf(values)] = np.nan
        return values if self.z_factor == 1.0 else values * self.z_factor

    def whole(self) -> np.ndarray:
        """Return all of it, float32 (rows, cols)."""
        found = np.empty(self.grid.shape, np.float32)
        for window in self.grid.windows(_STRIP_PX, self.grid.shape[1]):
            found[window.row : window.row + window.rows] = self.read(window)
        return found

    def _range(self) -> tuple[float, float]:
        """Return two different elevations, the lower first; the only one twice, or infinity and its negative, if there are not two."""
        low, high = np.inf, -np.inf
        for window in self.grid.windows():
            values = self.read(window)
            values = values[np.isfinite(values)]
            if values.size:
                low, high = min(low, float(values.min())), max(high, float(values.max()))
            if low < high:
                break
        return low, high


def _resized(grid: Grid, cell_size: float) -> Grid:
    west, south, east, north = grid.bounds
    rows, cols = max(round((north - south) / cell_size), 1), max(round((east - west) / cell_size), 1)
    if rows * cols > _MOST_CELLS:
        raise EngineError(
            f"Cell size (CELL_SIZE) {cell_size:g} would make a stack of {rows:,} × {cols:,} cells, and at most {_MOST_CELLS:,} are "
            "allowed; choose a larger one."
        )
    return Grid(grid.crs, (west, cell_size, 0.0, north, 0.0, -cell_size), (rows, cols))
