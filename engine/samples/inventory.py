# SPDX-License-Identifier: GPL-2.0-or-later
"""A landslide inventory, or labelled points, as cells of the stack's grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid
from ..files.stack import Stack
from ..files.vectors import feature_id, features, open_layer
from ..gdal import gdal, ogr, osr


@dataclass(frozen=True)
class InventoryCells:
    """The cells that the features of a layer lie in, each cell and feature once; all arrays (n,)."""

    rows: np.ndarray
    cols: np.ndarray
    origin: np.ndarray  # id of the feature, as text
    fields: dict[str, np.ndarray]  # attribute values (object), by field


def read_inventory(source: str, stack: Stack, fields: Sequence[str] = (), feedback: Feedback | None = None) -> InventoryCells:
    """Return the cells of the points or polygons in a layer, in the order of its features.

    A polygon stands for the cells whose centre lies inside it, at least for one. Features without a geometry, outside the
    raster or only on cells without data are left out with a warning. Geometries are reprojected, and repaired if invalid.

    Parameters
    ----------
    source
        Points or polygons, as `engine.files.vectors.open_layer` takes them.
    fields
        Attributes to read along.

    Raises
    ------
    EngineError
        If the layer is empty, holds neither points nor polygons, lacks a field, or shares no valid cell with the raster.
    """
    feedback = feedback or Feedback()
    dataset, layer = open_layer(source)
    name = Source.parse(source).label
    _check_fields(layer, name, fields)
    if layer.GetFeatureCount() == 0:
        raise EngineError(f"The layer {name} is empty; an inventory needs at least one point or polygon.")

    rows, cols, feature_index, attributes, origins = [], [], [], [], []
    no_geometry = outside = lines = 0
    extent = _Extent()
    for index, (feature, geometry) in enumerate(features(layer, stack.grid)):
        origins.append(feature_id(feature))
        attributes.append([feature.GetField(field) for field in fields])
        if geometry is None:
            no_geometry += 1
            continue
        extent.add(geometry)
        parts = _flat_parts(geometry)
        if not parts:
            lines += 1
            continue
        part_rows, part_cols = _cells(parts, stack.grid)
        outside += part_rows.size == 0
        rows.append(part_rows)
        cols.append(part_cols)
        feature_index.append(np.full(part_rows.size, index))
    del dataset

    if lines and lines + no_geometry == len(origins):
        raise EngineError(f"The layer {name} holds neither points nor polygons; an inventory is made of points or polygons.")
    if no_geometry == len(origins):
        raise EngineError(f"None of the {len(origins)} features of the layer {name} has a geometry.")
    if not any(each.size for each in rows):
        raise EngineError(
            f"The layer {name} lies wholly outside the raster: it reaches over {extent}, the raster over "
            f"{_Extent.of(stack.grid)} (in the raster's coordinates). Check both coordinate reference systems."
        )
    row, col, of_feature = np.concatenate(rows), np.concatenate(cols), np.concatenate(feature_index)
    valid = np.isfinite(stack.at(row, col)).all(axis=1)
    if not valid.any():
        raise EngineError(f"The layer {name} lies only on cells without data: of its {row.size:,} cells none is valid in every covariate.")
    on_nodata = np.unique(of_feature).size - np.unique(of_feature[valid]).size
    _warn_dropped(feedback, name, len(origins), {
        "without a geometry": no_geometry,
        "neither a point nor a polygon": lines,
        "outside the raster": outside,
        "on cells without data": on_nodata,
    })  # fmt: skip
    row, col, of_feature = row[valid], col[valid], of_feature[valid]
    values = np.array(attributes, dtype=object).reshape(len(origins), len(fields))[of_feature]
    columns = {field: values[:, index] for index, field in enumerate(fields)}
    return InventoryCells(row, col, np.array(origins)[of_feature], columns)


def dates(values: np.ndarray, field: str) -> np.ndarray:
    """Return attribute values as days (datetime64[D], NaT where empty): ISO dates, `2014/05/31` or a year.

    Raises
    ------
    EngineError
        If a value is none of these.
    """
    found = np.full(len(values), np.datetime64("NaT"), "datetime64[D]")
    for index, value in enumerate(values):
        if value is None or str(value).strip() == "":
            continue
        text = str(value).strip().replace("/", "-")[:10]
        if isinstance(value, float) and value.is_integer():
            text = f"{value:.0f}"
        try:
            found[index] = np.datetime64(text, "D")
        except ValueError as error:
            raise EngineError(
                f"The date field {field} holds {value!r}; expected dates such as 2014-05-31, or a year such as 2014."
            ) from error
    return found


def _flat_parts(geometry: ogr.Geometry) -> list[ogr.Geometry]:
    """Return the points and polygons that a geometry is made of."""
    kind = ogr.GT_Flatten(geometry.GetGeometryType())
    if kind in (ogr.wkbPoint, ogr.wkbPolygon):
        return [] if geometry.IsEmpty() else [geometry]
    if ogr.GT_IsSubClassOf(kind, ogr.wkbGeometryCollection):
        return [part for i in range(geometry.GetGeometryCount()) for part in _flat_parts(geometry.GetGeometryRef(i))]
    return []


def _cells(parts: list[ogr.Geometry], grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells of one feature, each once; empty where it lies outside the grid."""
    points = [part for part in parts if part.GetGeometryType() == ogr.wkbPoint]
    polygons = [part for part in parts if part.GetGeometryType() != ogr.wkbPoint]
    found = [_point_cells(points, grid)] if points else []
    if polygons:
        cells = _polygon_cells(polygons, grid)
        if cells.shape[1] == 0:  # smaller than a cell: the cell it lies in
            largest = max(polygons, key=lambda polygon: polygon.Area())
            cells = _point_cells([largest.PointOnSurface()], grid)
        found.append(cells)
    rows, cols = np.unique(np.concatenate(found, axis=1), axis=1)
    return rows, cols


def _point_cells(points: list[ogr.Geometry], grid: Grid) -> np.ndarray:
    rows, cols, inside = grid.cells(np.array([p.GetX() for p in points]), np.array([p.GetY() for p in points]))
    return np.stack([rows[inside], cols[inside]])


def _polygon_cells(polygons: list[ogr.Geometry], grid: Grid) -> np.ndarray:
    """Return (2, n) rows and columns of the cells whose centre lies inside a polygon."""
    x, width, _, y, _, height = grid.transform
    west, east, south, north = (limit(values) for limit, values in zip((min, max, min, max), zip(*(p.GetEnvelope() for p in polygons))))
    first_row, last_row = (_clip(math.floor((edge - y) / height), grid.shape[0]) for edge in (north, south))
    first_col, last_col = (_clip(math.floor((edge - x) / width), grid.shape[1]) for edge in (west, east))
    shape = last_row - first_row + 1, last_col - first_col + 1
    mask = gdal.GetDriverByName("MEM").Create("", shape[1], shape[0], 1, gdal.GDT_Byte)
    mask.SetGeoTransform((x + first_col * width, width, 0.0, y + first_row * height, 0.0, height))
    reference = osr.SpatialReference(wkt=grid.crs)
    mask.SetSpatialRef(reference)
    shapes = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = shapes.CreateLayer("polygons", reference, ogr.wkbPolygon)
    for polygon in polygons:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(polygon)
        layer.CreateFeature(feature)
    gdal.RasterizeLayer(mask, [1], layer, burn_values=[1])
    rows, cols = np.nonzero(mask.ReadAsArray())
    return np.stack([rows + first_row, cols + first_col])


def _clip(index: int, size: int) -> int:
    return min(max(index, 0), size - 1)


class _Extent:
    """A growing rectangle that prints itself for an error message."""

    def __init__(self) -> None:
        self.low, self.high = np.full(2, np.inf), np.full(2, -np.inf)

    @classmethod
    def of(cls, grid: Grid) -> _Extent:
        extent = cls()
        x, width, _, y, _, height = grid.transform
        extent.low = np.array([x, y + grid.shape[0] * height])
        extent.high = np.array([x + grid.shape[1] * width, y])
        return extent

    def add(self, geometry: ogr.Geometry) -> None:
        west, east, south, north = geometry.GetEnvelope()
        self.low, self.high = np.minimum(self.low, [west, south]), np.maximum(self.high, [east, north])

    def __str__(self) -> str:
        digits = ",.0f" if max(np.abs(self.high).max(), np.abs(self.low).max()) > 1000 else ".4f"
        x, y = (f"{low:{digits}} to {high:{digits}}" for low, high in zip(self.low, self.high))
        return f"x {x}, y {y}"


def _check_fields(layer: ogr.Layer, name: str, fields: Sequence[str]) -> None:
    definition = layer.GetLayerDefn()
    there = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    for field in fields:
        if field not in there:
            raise EngineError(f"The layer {name} has no field {field!r}; its fields are {', '.join(there) or 'none'}.")


def _warn_dropped(feedback: Feedback, name: str, total: int, reasons: dict[str, Any]) -> None:
    dropped = {reason: int(count) for reason, count in reasons.items() if count}
    if dropped:
        listed = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items())
        feedback.warning(f"{sum(dropped.values()):,} of {total:,} features of the layer {name} were left out: {listed}.")
