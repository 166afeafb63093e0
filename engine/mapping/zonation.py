# SPDX-License-Identifier: GPL-2.0-or-later
"""Susceptibility classes: where the breaks lie, and the class raster that carries its names and colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..declarations.covariates import MAP_BANDS
from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.attributes import attribute_table, name_values
from ..files.grid import Grid, Window
from ..files.outputs import replacing, scratch_folder
from ..files.overlay import without_voids
from ..files.raster import Raster, open_raster, tally
from ..files.vectors import Row, move_shapefile, write_layer
from ..gdal import close, gdal, ogr
from ..reporting.numbers import number, percent
from .counting import Landslides

# Susceptibility lies in 0 … 1; breaks are found on a histogram of the whole raster with this many bins.
_BINS = 1024
# So far beyond 0 … 1 values are rounding, of a raster calculator for example, and count as 0 or 1.
_ROUNDING = 1e-6
# What susceptibility is multiplied by to be kept as whole numbers, percents first; as many are classes.
_SCALES = (100, 255, 1000, 10_000, 65_535)
_MOST_CLASSES = 20
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
    raster: Raster

    @classmethod
    def open(cls, path: str, feedback: Feedback | None = None) -> SusceptibilityRaster:
        """Open it, with undeclared voids taken as missing and a warning of them; raise EngineError if it cannot be opened."""
        raster = open_raster(path, what="susceptibility raster")
        rows, cols = raster.grid.shape
        raster = without_voids(raster, tally(raster, Window(0, 0, rows, cols)), feedback or Feedback())
        return cls(Source.parse(path).told, raster)

    @property
    def grid(self) -> Grid:
        """Its cells."""
        return self.raster.grid

    def read(self, window: Window) -> np.ndarray:
        """Return a window, float32 (rows, cols); what lies beyond 0 … 1 by rounding is 0 or 1."""
        values = self.raster.read(window)
        return np.clip(values, 0, 1, out=values)

    def windows(self) -> list[Window]:
        """Return windows that cover it."""
        return list(self.grid.windows())

    def histogram(self, feedback: Feedback | None = None) -> np.ndarray:
        """Count the cells in equal bins from 0 to 1, int64 (1024,); the last bin holds 1 itself.

        Raises
        ------
        EngineError
            If there are no values, or values outside 0 … 1: those of a class raster, or percents.
        """
        counts = np.zeros(_BINS, np.int64)
        low, high = np.inf, -np.inf
        for window in self.windows():
            values = self.raster.read(window)
            values = values[np.isfinite(values)]
            if len(values):
                low, high = min(low, float(values.min())), max(high, float(values.max()))
            counts += np.histogram(np.clip(values, 0, 1), _BINS, (0, 1))[0]
        if not counts.any():
            raise EngineError(f"The raster {self.path} holds no data.")
        self._check(low, high)
        if feedback and (low < 0 or high > 1):
            feedback.warning(
                f"The raster {Path(self.path).name} has values from {low:.9g} to {high:.9g}; those beyond 0 … 1 count as 0 or 1."
            )
        return counts

    def _check(self, low: float, high: float) -> None:
        """Raise EngineError where values from `low` to `high` are no susceptibility."""
        band = self.raster.band
        names = [name for name in band.GetCategoryNames() or [] if name]
        if names:
            raise EngineError(
                f"The raster {self.path} holds classes ({', '.join(names[:3])}, …) and no susceptibility; give the raster of values from "
                "0 to 1 that they were made from."
            )
        if low >= -_ROUNDING and high <= 1 + _ROUNDING:
            return
        text = f"The raster {self.path} has values from {low:.9g} to {high:.9g}; susceptibility lies between 0 and 1."
        whole = gdal.GetDataTypeName(band.DataType) not in ("Float32", "Float64")
        if low < -_ROUNDING:
            text += " Bring an index that can be negative to 0 … 1 first, or declare what is nodata (gdal:translate)."
        elif whole and high <= _MOST_CLASSES:
            text += " Are these classes? Give the raster that they were made from."
        elif scale := next((each for each in _SCALES if high <= each), None):
            told = "percents" if scale == _SCALES[0] else f"values that were multiplied by {scale:,}"
            text += f" If these are {told}, divide by {scale:,} (gdal:rastercalculator)."
        raise EngineError(text)


def class_names(classes: int) -> list[str]:
    """Return the names of the classes, from low to high.

    >>> from scarp.engine.mapping.zonation import class_names
    >>> class_names(3)
    ['low', 'moderate', 'high']
    """
    return list(_NAMES.get(classes) or (f"class {number}" for number in range(1, classes + 1)))


def class_colours(classes: int) -> list[tuple[int, int, int]]:
    """Return red, green and blue (0 to 255) of the classes, from low to high.

    >>> from scarp.engine.mapping.zonation import class_colours
    >>> class_colours(3)
    [(44, 123, 182), (255, 255, 191), (215, 25, 28)]
    """
    ramp = np.array(_RAMP, float)
    at = np.linspace(0, len(ramp) - 1, classes)
    return [tuple(round(float(np.interp(x, range(len(ramp)), ramp[:, band]))) for band in range(3)) for x in at]  # type: ignore[misc]


def write_classes(
    raster: SusceptibilityRaster, breaks: Sequence[float], path: str | Path, feedback: Feedback
) -> tuple[np.ndarray, np.ndarray]:
    """Write class numbers from 1, 0 for nodata, with names, colours and an attribute table.

    A break belongs to the class above it.

    Returns
    -------
    Cells and square kilometres of each class, from low to high, both (classes,).
    """
    classes = len(breaks) + 1
    names, colours = class_names(classes), class_colours(classes)
    out = raster.grid.create(str(path), 1, gdal.GDT_Byte, 0)
    own = raster.raster.dataset.GetMetadata()
    out.SetMetadata({name: own[name] for name in ("model", "landslide_type", "fitted_to") if name in own})
    band = out.GetRasterBand(1)
    band.SetDescription(MAP_BANDS[1])
    shown = [name.capitalize() for name in names]
    name_values(band, shown, colours)
    counts, areas = np.zeros(classes, np.int64), np.zeros(classes)
    of_cell = cell_areas_km2(raster.grid)
    windows = raster.windows()
    for window in feedback.steps(windows, len(windows), "Classifying window"):
        values = raster.read(window)
        valid = np.isfinite(values)
        numbers = np.where(valid, np.searchsorted(breaks, values, side="right") + 1, 0).astype(np.uint8)
        rows = np.repeat(of_cell[window.row : window.row + window.rows], window.cols)
        counts += np.bincount(numbers.ravel(), minlength=classes + 1)[1:]
        areas += np.bincount(numbers.ravel(), rows, classes + 1)[1:]
        band.WriteArray(numbers, window.col, window.row)
    band.SetDefaultRAT(attribute_table("Class", shown, colours, counts, [0.0, *breaks, 1.0]))
    del band
    close(out)
    return counts, areas


def cell_areas_km2(grid: Grid) -> np.ndarray:
    """Return the area of a cell in each row, (rows,), in square kilometres.

    In degrees it is that of a rectangle of meridians and parallels on the ellipsoid (Snyder 1987, Map projections: a working manual,
    eq. 3-12).

    >>> from scarp.engine.files.grid import Grid, reference_of
    >>> from scarp.engine.mapping.zonation import cell_areas_km2
    >>> degrees = Grid(reference_of(4326).ExportToWkt(), (10.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 1))
    >>> cell_areas_km2(degrees)[[0, -1]].round(1).tolist()
    [6123.1, 12308.5]
    """
    rows = grid.shape[0]
    if grid.is_projected:
        width, height = grid.cell_size_m
        return np.full(rows, width * height / 1e6)
    reference = grid.spatial_reference
    axis, flattening = reference.GetSemiMajor() / 1000, reference.GetInvFlattening()
    eccentricity = np.sqrt(2 / flattening - 1 / flattening**2) if flattening else 1e-9
    _, width, _, north, _, height = grid.transform
    sine = np.sin(np.radians(np.clip(north + height * np.arange(rows + 1), -90, 90)))
    turned = eccentricity * sine
    to_pole = sine / (1 - turned**2) + np.arctanh(turned) / eccentricity
    zone = axis**2 * (1 - eccentricity**2) / 2 * np.radians(width)
    return -zone * np.diff(to_pole)


def class_rows(
    names: Sequence[str], breaks: Sequence[float], counts: np.ndarray, areas: np.ndarray, slides: Landslides | None = None
) -> list[dict[str, Any]]:
    """Return what the table tells of each class of susceptibility: see `density_rows`.

    Parameters
    ----------
    counts, areas
        Cells and square kilometres of each class, as `write_classes` returns them.
    """
    ends = [0.0, *breaks, 1.0]
    number = None if slides is None else np.searchsorted(breaks, slides.values, side="right")
    return density_rows(names, ends, counts, areas, slides, number)


# The columns of the rows below that hold numbers, as a table of them is read.
CLASS_NUMBERS = frozenset(
    ("from", "to", "cells", "area_km2", "share_percent", "landslide_cells", "landslide_percent", "density_percent", "frequency_ratio")
) | {"landslides", "percent_of_landslides", "landslides_per_km2", "frequency_ratio_by_landslides"}


def density_rows(
    names: Sequence[str],
    ends: Sequence[float],
    counts: np.ndarray,
    areas: np.ndarray,
    slides: Landslides | None = None,
    number: np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Return a row for each class: limits, cells and area; with landslides also how many, how dense, and their frequency ratio.

    Parameters
    ----------
    names, ends
        The classes from low to high, and the limits of their values, one more.
    counts, areas
        Cells and square kilometres of each class, (classes,).
    slides, number
        Landslides, and the class of each of their rows from 0, (n,).
    """
    share = areas / areas.sum() if areas.sum() else np.zeros(len(names))
    rows: list[dict[str, Any]] = [
        {
            "class": name,
            "from": round(ends[index], 4),
            "to": round(ends[index + 1], 4),
            "cells": int(counts[index]),
            "area_km2": round(float(areas[index]), 4),
            "share_percent": round(100 * float(share[index]), 2),
        }
        for index, name in enumerate(names)
    ]
    if slides is None or number is None:
        return rows
    by_cells, by_landslides = (np.bincount(number, each, len(names)) for each in (slides.of_cells, slides.of_landslides))
    of_cells, of_landslides = (each / each.sum() if each.sum() else each for each in (by_cells, by_landslides))
    for index, row in enumerate(rows):
        there, area = counts[index] > 0, share[index]
        row["landslide_cells"] = round(float(by_cells[index]))
        row["landslide_percent"] = round(100 * float(of_cells[index]), 2)
        row["density_percent"] = round(100 * float(by_cells[index] / counts[index]), 4) if there else None
        row["frequency_ratio"] = round(float(of_cells[index] / area), 4) if area else None
        row["landslides"] = round(float(by_landslides[index]), 2)
        row["percent_of_landslides"] = round(100 * float(of_landslides[index]), 2)
        row["landslides_per_km2"] = round(float(by_landslides[index] / areas[index]), 4) if there else None
        row["frequency_ratio_by_landslides"] = round(float(of_landslides[index] / area), 4) if area else None
    return rows


def falling(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return sentences where landslides are no denser in a class than in the one below it, by cells, by landslides or both; else nothing.

    >>> from scarp.engine.mapping.zonation import falling
    >>> def rows(by_cells, by_landslides):
    ...     return [
    ...         {"class": name, "density_percent": density, "frequency_ratio_by_landslides": ratio}
    ...         for name, density, ratio in zip(("low", "moderate", "high"), by_cells, by_landslides)
    ...     ]
    >>> falling(rows((1.0, 0.5, 3.0), (0.4, 0.3, 2.0)))[:75]
    'Landslides are no denser in the class moderate than in low (0.500 % against'
    >>> falling(rows((1.0, 0.5, 3.0), (0.4, 0.9, 2.0)))[:75]
    'Counted by cells, landslides are no denser in the class moderate than in lo'
    >>> falling(rows((0.5, 1.0, 3.0), (0.4, 0.3, 2.0)))[37:115]
    'nser in the class moderate than in low (a frequency ratio of 0.300 against 0.4'
    >>> falling(rows((1.0, 0.5, 3.0), (0.4, 2.0, 1.5))).count("though by")
    2

    Classes without any landslide below those with some are as they should be.

    >>> falling(rows((0.0, 0.0, 3.0), (0.0, 0.0, 2.0)))
    ''
    """
    by_cells = _lower(rows, "density_percent", "{} against {} of the cells", lambda density: percent(density / 100, 3))
    by_landslides = _lower(rows, "frequency_ratio_by_landslides", "a frequency ratio of {} against {}", number)

    def told(of: Mapping[str, str], classes: Iterable[str]) -> str:
        return " and in ".join(of[each] for each in of if each in classes)

    sentences = (
        ("Landslides are no denser in the class {}: there classes do not rank the ground.", told(by_cells, by_landslides)),
        (
            "Counted by cells, landslides are no denser in the class {}, though by landslides they are.",
            told(by_cells, by_cells.keys() - by_landslides),
        ),
        (
            "Counted by landslides, they are no denser in the class {}, though by cells they are.",
            told(by_landslides, by_landslides.keys() - by_cells),
        ),
    )
    return " ".join(sentence.format(classes) for sentence, classes in sentences if classes)


def _lower(rows: Sequence[Mapping[str, Any]], column: str, told: str, written: Callable[[float], str]) -> dict[str, str]:
    """Return, by each class that holds no more by a column than the one below it, that in words; classes without cells do not count."""
    filled = [(str(row["class"]).removeprefix("class "), row[column]) for row in rows if row.get(column) is not None]
    return {
        high: f"{high} than in {low} ({told.format(written(more), written(less))})"
        for (low, less), (high, more) in zip(filled, filled[1:])
        if more <= less > 0
    }


def landslides_in_bins(slides: Landslides) -> np.ndarray:
    """Return how many landslides lie in each bin of `histogram`, each counted once, (1024,)."""
    return np.histogram(np.clip(slides.values, 0, 1), _BINS, (0, 1), weights=slides.of_landslides)[0]


def write_polygons(classes: str, names: Sequence[str], path: str | Path, least_area_m2: float = 0.0, dissolve: bool = True) -> None:
    """Write the areas of a class raster as polygons with the fields `class` (number from 1), `name` and `area_km2`.

    Parameters
    ----------
    path
        A GeoPackage, or a shapefile where its name ends in `.shp`.
    least_area_m2
        Smaller patches go to their largest neighbour.
    dissolve
        Whether all patches of a class are one feature.
    """
    path = Path(path)
    with scratch_folder(path) as folder:
        dataset = gdal.Open(classes)
        grid = Grid.of(dataset)
        band, reference = dataset.GetRasterBand(1), grid.spatial_reference
        of_cell = float(np.mean(cell_areas_km2(grid))) * 1e6
        least_px = int(np.ceil(least_area_m2 / of_cell - 1e-9))
        if least_px > 1:
            sieved = grid.create(str(folder / "sieved.tif"), 1, gdal.GDT_Byte, 0)
            gdal.SieveFilter(band, band.GetMaskBand(), sieved.GetRasterBand(1), least_px, 4)
            sieved.FlushCache()
            band = sieved.GetRasterBand(1)
        memory = ogr.GetDriverByName("Memory").CreateDataSource("")
        areas = memory.CreateLayer("areas", reference, ogr.wkbPolygon)
        areas.CreateField(ogr.FieldDefn("class", ogr.OFTInteger))
        gdal.Polygonize(band, band.GetMaskBand(), areas, 0)
        fields = {"class": ogr.OFTInteger, "name": ogr.OFTString, "area_km2": ogr.OFTReal}
        kind = ogr.wkbMultiPolygon if dissolve else ogr.wkbPolygon
        written = folder / "classes.gpkg"
        with replacing(written) as temporary:
            write_layer(temporary, "susceptibility_classes", kind, fields, _polygons(areas, names, grid, dissolve), reference)
        if path.suffix.lower() == ".shp":
            move_shapefile(written, path, folder)
            return
        with replacing(path) as temporary:
            written.replace(temporary)


def write_outside(applicability: str, path: str | Path) -> None:
    """Write the area outside the area of applicability as one polygon feature; none where all lies inside."""
    path = Path(path)
    with scratch_folder(path.with_name(f"{path.stem}-mask")) as folder:  # the polygons have one of their own
        dataset = gdal.Open(applicability)
        grid = Grid.of(dataset)
        classes = grid.create(str(folder / "outside.tif"), 1, gdal.GDT_Byte, 0)
        for window in grid.windows(512, 4096):
            inside = dataset.GetRasterBand(2).ReadAsArray(window.col, window.row, window.cols, window.rows)
            classes.GetRasterBand(1).WriteArray((inside == 0).astype(np.uint8), window.col, window.row)
        close(classes)
        del classes
        write_polygons(str(folder / "outside.tif"), ["outside the area of applicability"], path)


def _polygons(areas: ogr.Layer, names: Sequence[str], grid: Grid, dissolve: bool) -> Iterator[Row]:
    """Yield the polygons of classes, or of each class one, from the lowest up."""
    width, height = grid.cell_size
    of_cell = cell_areas_km2(grid)
    whole = {number: ogr.Geometry(ogr.wkbMultiPolygon) for number in range(1, len(names) + 1)}
    sizes = dict.fromkeys(whole, 0.0)
    for area in areas:
        number, geometry = area["class"], area.GetGeometryRef()
        _, _, south, north = geometry.GetEnvelope()
        middle = int(np.clip((grid.bounds[3] - (south + north) / 2) / height, 0, grid.shape[0] - 1))
        size = geometry.Area() / (width * height) * float(of_cell[middle])
        if not dissolve:
            yield {"class": number, "name": names[number - 1], "area_km2": round(size, 6)}, geometry
            continue
        whole[number].AddGeometry(geometry)
        sizes[number] += size
    for number, geometry in whole.items():
        if not geometry.IsEmpty():
            yield {"class": number, "name": names[number - 1], "area_km2": round(sizes[number], 6)}, geometry
