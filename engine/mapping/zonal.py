# SPDX-License-Identifier: GPL-2.0-or-later
"""What a map says of polygons, each by itself, so that they may overlap and there may be any number of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..declarations.source import ID_FIELD, Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import WINDOW_PX, Grid, Window
from ..files.raster import as_text
from ..files.shapes import NO_GEOMETRY, Onto, Tally, every, simple_parts
from ..files.vectors import Row, open_layer
from ..gdal import gdal, ogr, quiet
from .maps import Map
from .zonation import cell_areas_km2

# What the fields of the result begin with, so that they are told from the polygons' own.
_PREFIX = "susc_"
# Columns that SQLite has in a table, but for the number of a feature and its geometry.
_MOST_FIELDS = 1998
_SAME = (ogr.OFTInteger, ogr.OFTInteger64, ogr.OFTReal, ogr.OFTDate, ogr.OFTDateTime, ogr.OFTTime)
_ON_LINES = "lines or points, which cover no area"
_NOWHERE = "without a value of the map"


@dataclass(frozen=True)
class Zones:
    """Polygons whose susceptibility is asked for.

    Parameters
    ----------
    dataset, layer
        Them, open.
    name
        What the layer is called.
    fields
        OGR's type of each field of the result by name: the polygons' own, then what the map says.
    own
        The places of the polygons' own among their fields, by the name in the result.
    """

    dataset: gdal.Dataset
    layer: ogr.Layer
    name: str
    fields: dict[str, int]
    own: dict[str, int]

    @classmethod
    def open(cls, source: str, classes: dict[int, str], feedback: Feedback) -> Zones:
        """Open polygons; `classes` names the classes of the map by their codes, none without a map of classes.

        It is told which of the polygons' own fields are left out, since they have names of those of the map.

        Raises
        ------
        EngineError
            If they cannot be opened, or there are none.
        """
        dataset, layer = open_layer(source)
        name = Source.parse(source).label
        if not layer.GetFeatureCount():
            raise EngineError(f"The layer {name} is empty; at least one polygon is needed.")
        definition = layer.GetLayerDefn()
        names = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
        result = {f"{_PREFIX}{each}": kind for each, kind in _figures(classes).items()}
        told = {index: each for index, each in enumerate(names) if _is_ours(each)}
        if told:
            feedback.warning(
                f"Fields of the layer {name} that have the name of what a map says of a polygon, as from an earlier run, and are not in "
                f"the result as they were: {', '.join(told.values())}. Rename them (native:renametablefield) if they are your own."
            )
        own = _told_apart({index: each for index, each in enumerate(names) if index not in told and each.lower() != ID_FIELD})
        if len(own) + len(result) > _MOST_FIELDS:
            raise EngineError(
                f"The layer {name} has {len(own):,} fields, and a GeoPackage takes {_MOST_FIELDS - len(result):,} beside those of the map; "
                "leave out those that are not needed (native:retainfields)."
            )
        types = {each: definition.GetFieldDefn(index).GetType() for each, index in own.items()}
        kinds = {each: kind if kind in _SAME else ogr.OFTString for each, kind in types.items()}
        return cls(dataset, layer, name, {**kinds, **result}, own)

    def rows(self, seen: Map, kinds: Map | None, classes: dict[int, str], high: int, feedback: Feedback) -> Iterator[Row]:
        """Yield the polygons with their fields and what the map says of each; those beyond the map have none of it.

        Parameters
        ----------
        seen, kinds
            The map, and a map of classes on its grid.
        classes
            Names by their codes.
        high
            How many of the highest classes count as high.

        Raises
        ------
        EngineError
            If none lies on the map.
        """
        onto, tally = Onto(self.layer.GetSpatialRef(), seen.grid), Tally()
        areas = cell_areas_km2(seen.grid)
        codes = np.array(sorted(classes))
        if classes and high >= len(classes):
            feedback.warning(
                f"{high} of the highest classes count as high, and the map of classes has {len(classes)}: all are high, and "
                f"{_PREFIX}percent_high_classes is 100 everywhere. Set “Classes that count as high” to fewer (HIGH_CLASSES)."
            )
        total = self.layer.GetFeatureCount()
        self.layer.ResetReading()
        for feature in feedback.steps(every(self.layer), total):
            geometry = feature.GetGeometryRef()
            values = {name: _value(feature, index, self.fields[name]) for name, index in self.own.items()}
            laid, reason = onto.geometry(geometry) if geometry is not None and not geometry.IsEmpty() else (None, NO_GEOMETRY)
            polygons = [part for part in simple_parts(laid) if part.GetDimension() == 2] if laid is not None else []
            if not polygons:
                tally.drop(reason or _ON_LINES)
                yield values, geometry
                continue
            found = _Found.of(polygons, seen, kinds, codes, areas)
            if not found.cells:
                tally.drop(_NOWHERE)
                yield values, geometry
                continue
            tally.taken += 1
            told = found.told(classes, high)
            yield {**values, **{f"{_PREFIX}{name}": value for name, value in told.items()}}, geometry
        if not tally.taken:
            without_area = {_ON_LINES, NO_GEOMETRY} >= set(tally.dropped)
            way = (
                "give polygons (native:polygonize makes them of closed lines)" if without_area else "check its coordinate reference system"
            )
            raise EngineError(f"No polygon of the layer {self.name} lies on the map ({tally.reasons}); {way}.")
        if tally.reasons:
            feedback.warning(f"{sum(tally.dropped.values()):,} of {total:,} polygons have no result: {tally.reasons}.")


def _told_apart(names: dict[int, str]) -> dict[str, int]:
    """Return the places of fields by names that a GeoPackage tells apart: to it Name is NAME, and `fid` and `geom` are its own."""
    found: dict[str, int] = {}
    taken = {"fid", "geom"}
    for index, own in names.items():
        name, number = own, 0
        while name.lower() in taken:
            number += 1
            name = f"{own}_{number}"
        taken.add(name.lower())
        found[name] = index
    return found


def _figures(classes: dict[int, str]) -> dict[str, int]:
    """Return OGR's type of each figure of a polygon, in their order."""
    plain = {"cells": ogr.OFTInteger64, "area_km2": ogr.OFTReal, "mean": ogr.OFTReal, "deviation": ogr.OFTReal, "highest": ogr.OFTReal}
    if not classes:
        return plain
    return {**plain, "percent_high_classes": ogr.OFTReal, **dict.fromkeys(_shares(classes), ogr.OFTReal)} | {"class": ogr.OFTString}


def _is_ours(name: str) -> bool:
    """Tell whether a field has a name of what this says of polygons, by any map of classes.

    >>> from scarp.engine.mapping.zonal import _is_ours
    >>> [_is_ours(each) for each in ("susc_mean", "SUSC_PERCENT_moderate", "susc_code", "mean")]
    [True, True, False, False]
    """
    short = name.lower().removeprefix(_PREFIX)
    return short != name.lower() and (short in _figures({0: ""}) or short.startswith("percent_"))


def _shares(classes: dict[int, str]) -> list[str]:
    """Return what the share of each class is called, by its code; classes of one name have their code in it too."""
    names = {code: f"percent_{classes[code].replace(' ', '_')}" for code in sorted(classes)}
    counts = Counter(("percent_high_classes", *(name.lower() for name in names.values())))
    return [name if counts[name.lower()] == 1 else f"{name}_{code}" for code, name in names.items()]


@dataclass
class _Found:
    """Sums over the cells of a polygon, weighted by their area."""

    cells: int = 0
    area: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    highest: float = -np.inf
    by_class: np.ndarray | None = None

    @classmethod
    def of(cls, polygons: list[ogr.Geometry], seen: Map, kinds: Map | None, codes: np.ndarray, areas: np.ndarray) -> _Found:
        """Go through the cells whose centre lies in the polygons; of such that hold none, the cell in their midst."""
        found = cls(by_class=np.zeros(len(codes)))
        whole = ogr.Geometry(ogr.wkbMultiPolygon)
        for polygon in polygons:
            whole.AddGeometry(polygon)
        empty = True
        for window, inside in _masks(whole, seen.grid):
            empty &= not inside.any()
            found._add(window, inside, seen, kinds, codes, areas)
        if empty:
            with quiet():
                centre = max(polygons, key=lambda each: each.Area()).PointOnSurface()
            rows, cols, there = seen.grid.cells(np.array([centre.GetX()]), np.array([centre.GetY()]))
            if there[0]:
                found._add(Window(int(rows[0]), int(cols[0]), 1, 1), np.ones((1, 1), bool), seen, kinds, codes, areas)
        return found

    def _add(self, window: Window, inside: np.ndarray, seen: Map, kinds: Map | None, codes: np.ndarray, areas: np.ndarray) -> None:
        values = seen.read(window)
        valid = inside & np.isfinite(values)
        if not valid.any():
            return
        area = np.broadcast_to(areas[window.row : window.row + window.rows, None], values.shape)[valid]
        here = values[valid].astype(np.float64)
        self.cells += len(here)
        self.area += float(area.sum())
        self.total += float(area @ here)
        self.squares += float(area @ here**2)
        self.highest = max(self.highest, float(here.max()))
        if kinds is not None and self.by_class is not None:
            of_cell = kinds.read(window)[valid]
            known = np.isfinite(of_cell)
            number = np.searchsorted(codes, of_cell[known])
            self.by_class += np.bincount(number, area[known], len(codes))

    def told(self, classes: dict[int, str], high: int) -> dict[str, Any]:
        """Return the figures by name; shares are of the cells that have a class."""
        mean = self.total / self.area
        figures: dict[str, Any] = {
            "cells": self.cells,
            "area_km2": round(self.area, 6),
            "mean": round(mean, 6),
            "deviation": round(max(self.squares / self.area - mean**2, 0.0) ** 0.5, 6),
            "highest": round(self.highest, 6),
        }
        if classes and self.by_class is not None and self.by_class.sum():
            shares = 100 * self.by_class / self.by_class.sum()
            figures["percent_high_classes"] = round(float(shares[-high:].sum()), 3)
            figures |= {name: round(float(share), 3) for name, share in zip(_shares(classes), shares)}
            figures["class"] = classes[sorted(classes)[int(np.argmax(shares))]]
        return figures


def _masks(polygons: ogr.Geometry, grid: Grid) -> Iterator[tuple[Window, np.ndarray]]:
    """Yield windows that cover polygons, and which of their cells (rows, cols) have their centre inside."""
    x, width, _, y, _, height = grid.transform
    west, east, south, north = polygons.GetEnvelope()
    top, bottom = (int(np.clip(np.floor((edge - y) / height), 0, grid.shape[0] - 1)) for edge in (north, south))
    left, right = (int(np.clip(np.floor((edge - x) / width), 0, grid.shape[1] - 1)) for edge in (west, east))
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = memory.CreateLayer("polygons", grid.spatial_reference, ogr.wkbMultiPolygon)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(polygons)
    layer.CreateFeature(feature)
    for row in range(top, bottom + 1, WINDOW_PX):
        for col in range(left, right + 1, WINDOW_PX):
            rows, cols = min(WINDOW_PX, bottom + 1 - row), min(WINDOW_PX, right + 1 - col)
            mask = gdal.GetDriverByName("MEM").Create("", cols, rows, 1, gdal.GDT_Byte)
            mask.SetGeoTransform((x + col * width, width, 0.0, y + row * height, 0.0, height))
            mask.SetSpatialRef(grid.spatial_reference)
            gdal.RasterizeLayer(mask, [1], layer, burn_values=[1])
            yield Window(row, col, rows, cols), mask.ReadAsArray().astype(bool)


def _value(feature: ogr.Feature, index: int, kind: int) -> Any:
    if not feature.IsFieldSetAndNotNull(index):
        return None
    is_number = kind in (ogr.OFTInteger, ogr.OFTInteger64, ogr.OFTReal)
    return feature.GetField(index) if is_number else as_text(feature.GetFieldAsString(index))
