# SPDX-License-Identifier: GPL-2.0-or-later
"""Susceptibility classes: where the breaks lie, and the class raster that carries its names and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from osgeo import gdal

from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window
from ..files.raster import read_window
from ..reporting import figures

gdal.UseExceptions()

_WINDOW_PX = 1024
# Susceptibility lies in 0 … 1; breaks are found on a histogram of the whole raster with this many bins.
_BINS = 1024
_NAMES = {
    2: ("low", "high"),
    3: ("low", "moderate", "high"),
    4: ("low", "moderate", "high", "very high"),
    5: ("very low", "low", "moderate", "high", "very high"),
    6: ("very low", "low", "moderate", "high", "very high", "extreme"),
    7: ("extremely low", "very low", "low", "moderate", "high", "very high", "extremely high"),
}
# Blue to red through yellow (ColorBrewer RdYlBu, which colour-blind people can tell apart).
_RAMP = ((44, 123, 182), (171, 217, 233), (255, 255, 191), (253, 174, 97), (215, 25, 28))


@dataclass(frozen=True)
class SusceptibilityRaster:
    """A raster of susceptibility that is read by windows; NaN where it has none."""

    path: str
    dataset: gdal.Dataset
    grid: Grid

    @classmethod
    def open(cls, path: str) -> SusceptibilityRaster:
        """Open it; raise EngineError if it cannot be."""
        try:
            dataset = gdal.Open(path)
        except RuntimeError as error:
            raise EngineError(f"The susceptibility raster {path} cannot be opened: {error}") from error
        return cls(path, dataset, Grid.of(dataset))

    def read(self, window: Window) -> np.ndarray:
        """Return a window, float32 (rows, cols)."""
        return read_window(self.dataset, window)

    def windows(self) -> list[Window]:
        """Return windows that cover it."""
        return list(self.grid.windows(_WINDOW_PX, _WINDOW_PX))

    def histogram(self) -> np.ndarray:
        """Count the cells in equal bins from 0 to 1.

        Raises
        ------
        EngineError
            If there are no values, or values outside 0 … 1.
        """
        counts = np.zeros(_BINS, np.int64)
        for window in self.windows():
            values = self.read(window)
            values = values[np.isfinite(values)]
            if len(values) and (values.min() < 0 or values.max() > 1):
                raise EngineError(
                    f"The raster {self.path} has values from {values.min():g} to {values.max():g}; susceptibility lies between 0 and 1."
                )
            counts += np.histogram(values, _BINS, (0, 1))[0]
        if not counts.any():
            raise EngineError(f"The raster {self.path} holds no data.")
        return counts


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
        If manual breaks do not rise within 0 … 1, or the raster has too few different values.
    """
    if method == "manual":
        breaks = [float(each) for each in manual or []]
        if not breaks or sorted(set(breaks)) != breaks or breaks[0] <= 0 or breaks[-1] >= 1:
            raise EngineError(f"Manual breaks must rise and lie between 0 and 1, such as 0.2, 0.4, 0.6, 0.8; found {breaks}.")
        return breaks
    used = np.flatnonzero(counts)
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


def class_names(classes: int) -> list[str]:
    """Return the names of the classes, from low to high."""
    return list(_NAMES.get(classes) or (f"class {number}" for number in range(1, classes + 1)))


def class_colours(classes: int) -> list[tuple[int, int, int]]:
    """Return red, green and blue (0 to 255) of the classes, from low to high."""
    ramp = np.array(_RAMP, float)
    at = np.linspace(0, len(ramp) - 1, classes)
    return [tuple(round(float(np.interp(x, range(len(ramp)), ramp[:, band]))) for band in range(3)) for x in at]  # type: ignore[misc]


def write_classes(raster: SusceptibilityRaster, breaks: Sequence[float], path: str | Path, feedback: Feedback) -> np.ndarray:
    """Write class numbers from 1, 0 for nodata, with names, colours and an attribute table; return cells per class."""
    classes = len(breaks) + 1
    names, colours = class_names(classes), class_colours(classes)
    out = raster.grid.create(str(path), 1, gdal.GDT_Byte, 0)
    band = out.GetRasterBand(1)
    band.SetDescription("susceptibility class")
    table = gdal.ColorTable()
    for number, colour in enumerate(colours, start=1):
        table.SetColorEntry(number, (*colour, 255))
    band.SetColorTable(table)
    band.SetCategoryNames(["", *(name.capitalize() for name in names)])
    counts = np.zeros(classes, np.int64)
    windows = raster.windows()
    for window in feedback.steps(windows, len(windows)):
        values = raster.read(window)
        valid = np.isfinite(values)
        numbers = np.where(valid, np.searchsorted(breaks, values, side="right") + 1, 0).astype(np.uint8)
        counts += np.bincount(numbers[valid], minlength=classes + 1)[1:]
        band.WriteArray(numbers, window.col, window.row)
    band.SetDefaultRAT(_attribute_table(names, colours, breaks, counts))
    out.FlushCache()
    return counts


def _attribute_table(
    names: Sequence[str], colours: Sequence[tuple[int, int, int]], breaks: Sequence[float], counts: np.ndarray
) -> gdal.RasterAttributeTable:
    table = gdal.RasterAttributeTable()
    for name, kind, usage in (
        ("Value", gdal.GFT_Integer, gdal.GFU_MinMax),
        ("Class", gdal.GFT_String, gdal.GFU_Name),
        ("From", gdal.GFT_Real, gdal.GFU_Generic),
        ("To", gdal.GFT_Real, gdal.GFU_Generic),
        ("Count", gdal.GFT_Integer, gdal.GFU_PixelCount),
        ("Red", gdal.GFT_Integer, gdal.GFU_Red),
        ("Green", gdal.GFT_Integer, gdal.GFU_Green),
        ("Blue", gdal.GFT_Integer, gdal.GFU_Blue),
    ):
        table.CreateColumn(name, kind, usage)
    ends = [0.0, *breaks, 1.0]
    table.SetRowCount(len(names))
    for row, (name, colour) in enumerate(zip(names, colours)):
        table.SetValueAsInt(row, 0, row + 1)
        table.SetValueAsString(row, 1, name.capitalize())
        table.SetValueAsDouble(row, 2, ends[row])
        table.SetValueAsDouble(row, 3, ends[row + 1])
        table.SetValueAsInt(row, 4, int(min(counts[row], 2**31 - 1)))
        for column, value in zip((5, 6, 7), colour):
            table.SetValueAsInt(row, column, value)
    return table


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
    return figures.class_map(numbers, names, colours, list(counts / counts.sum()), grid.cell_size[0] * grid.metres_per_unit * step)
