# SPDX-License-Identifier: GPL-2.0-or-later
"""A landslide inventory, or labelled points, as cells of the stack's grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..declarations.source import ID_FIELD, Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window, reference_of
from ..files.shapes import BEYOND, NO_GEOMETRY, OUTSIDE, Onto, Tally, batches, plain, simple_parts, valid
from ..files.stack import Stack
from ..files.vectors import open_layer
from ..gdal import gdal, ogr, osr, quiet

LINES = "lines"
WITHOUT_DATA = "on cells without data"
# Cells are looked at in windows of this size, so that memory does not depend on how many there are.
_WINDOW_PX = 512
# Coordinates beyond this are told with six digits.
_MOST_COORDINATE = 1e9


@dataclass(frozen=True)
class InventoryCells:
    """The cells that landslides lie in, each cell and landslide once; all arrays (n,) but `edge`.

    Parameters
    ----------
    rows, cols
        The cells.
    origin
        The landslide: the id of its feature, as text; of a feature with parts, each of which is a landslide, `id.part` from 1.
    fields
        Attribute values (object) by field.
    edge
        (m,) The numbers of cells that polygons cover in part, with their centre outside.
    """

    rows: np.ndarray
    cols: np.ndarray
    origin: np.ndarray
    fields: dict[str, np.ndarray]
    edge: np.ndarray


def read_inventory(source: str, stack: Stack, fields: Sequence[str] = (), feedback: Feedback | None = None) -> InventoryCells:
    """Return the cells of the points or polygons in a layer, in the order of its features.

    A polygon stands for the cells whose centre lies inside it, at least for one. Each part of a feature is a landslide of its own; parts
    that overlap, touch along a line or lie within each other are one. What has no geometry, lies outside the raster or only on cells
    without data is left out with a warning that counts it by reason. Geometries are reprojected, and repaired if invalid.

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
    tally, features = Tally(), 0
    onto = Onto(layer.GetSpatialRef(), stack.grid)
    id_field = ID_FIELD if layer.FindFieldIndex(ID_FIELD, True) >= 0 else None
    found: dict[str, list[np.ndarray]] = {name: [] for name in ("rows", "cols", "origin", "edge", *(f"field {each}" for each in fields))}
    for batch in batches(layer, fields, id_field):
        features += len(batch.ids)
        of_feature, cells, origin, edge = _cells_of(batch.ids, batch.shapes, *batch.points(), onto, stack.grid, tally)
        values = {f"field {field}": column[of_feature] for field, column in batch.values.items()}
        for key, column in {"rows": cells[0], "cols": cells[1], "origin": origin, "edge": edge, **values}.items():
            found[key].append(column)
    if not features:
        raise EngineError(f"The layer {name} is empty; an inventory needs at least one point or polygon.")
    if tally.dropped[NO_GEOMETRY] == features:
        raise EngineError(f"None of the {features} features of the layer {name} has a geometry.")
    if tally.dropped[LINES] and tally.dropped[LINES] + tally.dropped[NO_GEOMETRY] >= features:
        raise EngineError(
            f"The layer {name} holds lines, neither points nor polygons: which cells a landslide covers is not known from them. Give "
            "points or polygons (native:polygonize makes polygons of closed lines)."
        )
    rows, cols, origin, edge = (np.concatenate(found.pop(name)) for name in ("rows", "cols", "origin", "edge"))
    if not len(rows):
        raise EngineError(
            f"The layer {name} lies wholly outside the raster: it reaches over {_extent(layer, stack.grid)}, the raster over "
            f"{_told(stack.grid.bounds)} (in the raster's coordinates). Check both coordinate reference systems."
        )
    del dataset
    inside = valid_cells(stack, rows, cols)
    if not inside.any():
        raise EngineError(f"The layer {name} lies only on cells without data: of its {rows.size:,} cells none is valid in every covariate.")
    landslide = np.cumsum(np.r_[False, origin[1:] != origin[:-1]])  # the cells of one follow each other
    tally.taken = np.count_nonzero(np.bincount(landslide[inside]))
    tally.drop(WITHOUT_DATA, int(landslide[-1]) + 1 - tally.taken)
    if tally.reasons:
        left_out = sum(tally.dropped.values())
        what = "features" if tally.taken + left_out == features else "landslides (parts of features)"
        feedback.warning(f"{left_out:,} of {tally.taken + left_out:,} {what} of the layer {name} were left out: {tally.reasons}.")
    columns = {field: np.concatenate(found.pop(f"field {field}"))[inside] for field in fields}
    return InventoryCells(rows[inside], cols[inside], origin[inside], columns, np.unique(edge))


def valid_cells(stack: Stack, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Return which cells (n,) are valid in every covariate, boolean (n,)."""
    out = np.zeros(len(rows), bool)
    window = (rows // _WINDOW_PX) * (stack.grid.shape[1] // _WINDOW_PX + 1) + cols // _WINDOW_PX
    order, last = np.argsort(window, kind="stable"), -1
    for some in np.split(order, np.flatnonzero(np.diff(window[order])) + 1) if len(order) else []:
        row, col = int(rows[some].min()), int(cols[some].min())
        values = stack.read(Window(row, col, int(rows[some].max()) - row + 1, int(cols[some].max()) - col + 1))
        out[some] = np.isfinite(values).all(axis=-1)[rows[some] - row, cols[some] - col]
        if row // _WINDOW_PX != last:
            last = row // _WINDOW_PX
            stack.forget()
    return out


def _cells_of(
    ids: np.ndarray, shapes: np.ndarray, xy: np.ndarray, is_point: np.ndarray, onto: Onto, grid: Grid, tally: Tally
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the cells of features: the index of the feature (n,), rows and columns (2, n), and the landslide (n,); and the `edge` (m,).

    Points are laid many at a time; anything else one by one.
    """
    there = np.flatnonzero(is_point & np.isfinite(xy).all(axis=1))
    tally.drop(NO_GEOMETRY, int(is_point.sum()) - len(there))
    laid, beyond = onto.points(xy[there])
    finite = np.isfinite(laid).all(axis=1)
    rows, cols, inside = grid.cells(*np.where(finite[:, None], laid, 0.0).T)
    inside &= finite
    tally.drop(BEYOND, int(beyond.sum()))
    tally.drop(OUTSIDE, int((~inside & ~beyond).sum()))
    of_feature = [there[inside]]
    cells = [np.stack([rows[inside], cols[inside]])]
    origin = [ids[there[inside]]]
    edges = [np.empty(0, np.int64)]
    for index in np.flatnonzero(~is_point):
        some, landslide, edge = _cells_of_shape(shapes[index], onto, grid, tally)
        edges.append(grid.numbers(*edge))
        if not some.size:
            continue
        cells.append(some)
        of_feature.append(np.full(some.shape[1], index))
        numbers = (
            np.char.add(f"{ids[index]}.", landslide.astype(str)) if landslide.size and landslide[0] else np.full(some.shape[1], ids[index])
        )
        origin.append(numbers)
    feature = np.concatenate(of_feature)
    order = np.argsort(feature, kind="stable")
    return feature[order], np.concatenate(cells, axis=1)[:, order], np.concatenate(origin)[order], np.concatenate(edges)


def _cells_of_shape(shape: bytes | None, onto: Onto, grid: Grid, tally: Tally) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the cells (2, n) of a feature that is no point, and which of its parts (n,), from 1, each belongs to; 0 where there is one.

    Last come those that it covers in part, with their centre outside, (2, m).
    """
    nothing = np.empty((2, 0), np.int64), np.empty(0, np.int64), np.empty((2, 0), np.int64)
    geometry = None if shape is None else ogr.CreateGeometryFromWkb(shape)
    if geometry is None or geometry.IsEmpty():
        tally.drop(NO_GEOMETRY)
        return nothing
    parts = [part for part in simple_parts(valid(plain(geometry))) if part.GetDimension() != 1]
    if not parts:
        tally.drop(LINES)
        return nothing
    cells, numbers, edges = [], [], []
    for number, part in enumerate(parts, start=1):
        laid, reason = onto.geometry(part)
        some, edge = (nothing[0], nothing[2]) if laid is None else _landslide_cells(laid, grid)
        if not some.size:
            tally.drop(reason or OUTSIDE)
        cells.append(some)
        edges.append(edge)
        numbers.append(np.full(some.shape[1], number if len(parts) > 1 else 0))
    return np.concatenate(cells, axis=1), np.concatenate(numbers), np.concatenate(edges, axis=1)


def _landslide_cells(geometry: ogr.Geometry, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells (2, n) of one landslide, each once; none where it lies outside the grid; and those that it covers in part (2, m)."""
    parts = simple_parts(geometry)
    polygons = [part for part in parts if part.GetDimension() == 2]
    if not polygons:
        return _point_cells([part for part in parts if part.GetDimension() == 0], grid), np.empty((2, 0), np.int64)
    cells, edge = (np.concatenate(each, axis=1) for each in zip(*(_polygon_cells(polygon, grid) for polygon in polygons)))
    if not cells.size:  # smaller than a cell: the cell it lies in
        largest = max(polygons, key=lambda polygon: polygon.Area())
        with quiet():
            cells = _point_cells([largest.PointOnSurface()], grid)
    return np.unique(cells, axis=1), edge


def _point_cells(points: Sequence[ogr.Geometry], grid: Grid) -> np.ndarray:
    rows, cols, inside = grid.cells(np.array([p.GetX() for p in points]), np.array([p.GetY() for p in points]))
    return np.stack([rows[inside], cols[inside]])


def _polygon_cells(polygon: ogr.Geometry, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the cells whose centre lies inside a polygon (2, n), and of others that it covers in part (2, m)."""
    x, width, _, y, _, height = grid.transform
    west, east, south, north = polygon.GetEnvelope()
    first_row, last_row = (_clip(math.floor((edge - y) / height), grid.shape[0]) for edge in (north, south))
    first_col, last_col = (_clip(math.floor((edge - x) / width), grid.shape[1]) for edge in (west, east))
    shape = last_row - first_row + 1, last_col - first_col + 1
    mask = gdal.GetDriverByName("MEM").Create("", shape[1], shape[0], 1, gdal.GDT_Byte)
    mask.SetGeoTransform((x + first_col * width, width, 0.0, y + first_row * height, 0.0, height))
    reference = grid.spatial_reference
    mask.SetSpatialRef(reference)
    shapes = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = shapes.CreateLayer("polygons", reference, ogr.wkbPolygon)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(polygon)
    layer.CreateFeature(feature)
    gdal.RasterizeLayer(mask, [1], layer, burn_values=[2], options=["ALL_TOUCHED=TRUE"])
    gdal.RasterizeLayer(mask, [1], layer, burn_values=[1])
    burnt = mask.ReadAsArray()
    first = np.array([[first_row], [first_col]])
    return np.stack(np.nonzero(burnt == 1)) + first, np.stack(np.nonzero(burnt == 2)) + first


def _clip(index: int, size: int) -> int:
    return min(max(index, 0), size - 1)


def _extent(layer: ogr.Layer, grid: Grid) -> str:
    """Return in words how far a layer reaches, in the grid's coordinates where it can be told so, else in its own."""
    source = reference_of(layer.GetSpatialRef().ExportToWkt())
    west, east, south, north = layer.GetExtent()
    try:
        with quiet():
            found = osr.CoordinateTransformation(source, grid.spatial_reference).TransformBounds(west, south, east, north, 21)
    except (RuntimeError, AttributeError):
        found = (np.inf,)
    if np.isfinite(found).all():
        return _told(found)
    return f"{_told((west, south, east, north))} in {source.GetName()}"


def _told(bounds: Sequence[float]) -> str:
    most = np.abs(bounds).max()
    digits = ".6g" if most > _MOST_COORDINATE else ",.0f" if most > 1000 else ".4f"
    west, south, east, north = (f"{edge:{digits}}" for edge in bounds)
    return f"x {west} to {east}, y {south} to {north}"


def _check_fields(layer: ogr.Layer, name: str, fields: Sequence[str]) -> None:
    definition = layer.GetLayerDefn()
    there = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    for field in fields:
        if field not in there:
            raise EngineError(f"The layer {name} has no field {field!r}; its fields are {', '.join(there) or 'none'}.")
