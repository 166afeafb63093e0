# SPDX-License-Identifier: GPL-2.0-or-later
"""Susceptibility classes: where the breaks lie, and the class raster that carries its names and colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...models.covariate import Covariate
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window, read_window
from ..files.stack import Stack
from ..files.vectors import write_layer
from ..gdal import gdal, ogr
from ..samples.inventory import read_inventory

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
        return list(self.grid.windows())

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


def class_rows(
    raster: SusceptibilityRaster, names: list[str], breaks: list[float], counts: np.ndarray, inventory: str | None
) -> list[dict[str, Any]]:
    """Return what the table tells of each class: limits, cells, area; with an inventory also landslide cells and frequency ratio."""
    width, height = (side / 1000 for side in raster.grid.cell_size_m)
    ends = [0.0, *breaks, 1.0]
    share = counts / counts.sum()
    rows: list[dict[str, Any]] = [
        {
            "class": name,
            "from": round(ends[number], 4),
            "to": round(ends[number + 1], 4),
            "cells": int(counts[number]),
            "area_km2": round(float(counts[number] * width * height), 4),
            "share_percent": round(100 * float(share[number]), 2),
        }
        for number, name in enumerate(names)
    ]
    if inventory:
        stack = Stack(raster.path, raster.dataset, [Covariate("susceptibility")])
        cells = read_inventory(inventory, stack)
        values = stack.at(cells.rows, cells.cols)[:, 0]
        slides = np.bincount(np.searchsorted(breaks, values, side="right"), minlength=len(names))
        for row, count, area in zip(rows, slides, share):
            row["landslide_cells"] = int(count)
            row["landslide_percent"] = round(100 * float(count / slides.sum()), 2)
            row["frequency_ratio"] = round(float(count / slides.sum() / area), 4) if area else None
    return rows


def write_polygons(classes: str, names: Sequence[str], path: str | Path) -> None:
    """Write the areas of a class raster as polygons with the fields `class` (number from 1) and `name`."""
    dataset = gdal.Open(classes)
    band, reference = dataset.GetRasterBand(1), Grid.of(dataset).spatial_reference
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    areas = memory.CreateLayer("areas", reference, ogr.wkbPolygon)
    areas.CreateField(ogr.FieldDefn("class", ogr.OFTInteger))
    gdal.Polygonize(band, band.GetMaskBand(), areas, 0)
    rows = (({"class": area["class"], "name": names[area["class"] - 1]}, area.GetGeometryRef()) for area in areas)
    write_layer(path, "susceptibility_classes", ogr.wkbPolygon, {"class": ogr.OFTInteger, "name": ogr.OFTString}, rows, reference)
