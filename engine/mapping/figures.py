# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of a class raster; apart from `zonation`, which needs no matplotlib."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from ..files.grid import Grid
from ..gdal import gdal
from ..reporting import figures


def class_map_figure(path: str, most_px: int = 1200) -> Figure:
    """Draw a class raster with its legend, scale bar and the share of each class."""
    dataset = gdal.Open(path)
    band = dataset.GetRasterBand(1)
    grid = Grid.of(dataset)
    step = max(1.0, max(grid.shape) / most_px)
    numbers = band.ReadAsArray(buf_xsize=round(grid.shape[1] / step), buf_ysize=round(grid.shape[0] / step))
    names = band.GetCategoryNames()[1:]
    colours = ["#{:02x}{:02x}{:02x}".format(*band.GetColorTable().GetColorEntry(number + 1)[:3]) for number in range(len(names))]
    counts = np.array([(numbers == number + 1).sum() for number in range(len(names))], float)
    return figures.class_map(numbers, names, colours, list(counts / counts.sum()), grid.cell_size_m[0] * step)
