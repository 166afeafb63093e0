# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of a class raster; apart from `zonation`, which needs no matplotlib."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..files.grid import Grid
from ..gdal import gdal
from ..reporting import figures

# The column of the attribute table that counts cells.
_COUNT = 4


def class_map_figure(path: str, most_px: int = 1200) -> Figure:
    """Draw a class raster with its legend, scale bar and the share of each class."""
    dataset = gdal.Open(path)
    band, table = dataset.GetRasterBand(1), dataset.GetRasterBand(1).GetDefaultRAT()
    grid = Grid.of(dataset)
    step = max(1.0, max(grid.shape) / most_px)
    rows, cols = (max(round(side / step), 1) for side in grid.shape)
    numbers = band.ReadAsArray(buf_xsize=cols, buf_ysize=rows)
    names = band.GetCategoryNames()[1:]
    colours = ["#{:02x}{:02x}{:02x}".format(*band.GetColorTable().GetColorEntry(number + 1)[:3]) for number in range(len(names))]
    counts = np.array([table.GetValueAsDouble(row, _COUNT) for row in range(len(names))])
    across, down = (side * cells / px for side, cells, px in zip(grid.cell_size_m, grid.shape[::-1], (cols, rows)))
    return figures.class_map(
        numbers, names, colours, list(counts / counts.sum()), (across, down), frame=figures.Frame.of(grid, (rows, cols))
    )
