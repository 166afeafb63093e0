# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows of a raster as arrays, NaN where it has no value."""

from __future__ import annotations

from typing import Any

import numpy as np
from osgeo import gdal

from ..errors import EngineError
from .grid import Grid, Window

gdal.UseExceptions()


def open_raster(source: str) -> gdal.Dataset:
    """Open a raster.

    Raises
    ------
    EngineError
        If it cannot be opened, is rotated or has no coordinate reference system.
    """
    try:
        dataset = gdal.Open(source)
    except RuntimeError as error:
        raise EngineError(f"The raster {source} cannot be opened: {error}") from error
    Grid.of(dataset)
    return dataset


def read_window(dataset: gdal.Dataset, window: Window, number: int = 1, dtype: Any = np.float32, halo_px: int = 0) -> np.ndarray:
    """Return a window of a band with a halo, (rows + 2 halo, cols + 2 halo) in `dtype`.

    It is NaN beyond the raster, and where the band holds NaN or its nodata value, whatever its data type.
    """
    row, col = max(window.row - halo_px, 0), max(window.col - halo_px, 0)
    end_row = min(window.row + window.rows + halo_px, dataset.RasterYSize)
    end_col = min(window.col + window.cols + halo_px, dataset.RasterXSize)
    band = dataset.GetRasterBand(number)
    stored = band.ReadAsArray(col, row, end_col - col, end_row - row)
    values = stored.astype(dtype, copy=False)
    nodata = band.GetNoDataValue()
    if nodata is not None and not np.isnan(nodata):
        values[stored == nodata] = np.nan
    top, left = row - (window.row - halo_px), col - (window.col - halo_px)
    shape = window.rows + 2 * halo_px, window.cols + 2 * halo_px
    if values.shape == shape:
        return values  # type: ignore[no-any-return]
    out = np.full(shape, np.nan, dtype)
    out[top : top + end_row - row, left : left + end_col - col] = values
    return out
