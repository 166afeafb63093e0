# SPDX-License-Identifier: GPL-2.0-or-later
"""Geometries on a grid: clipped before they are projected, valid, and read many at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import EngineError
from ..feedback import counted
from ..gdal import ogr, osr, quiet
from .grid import Grid, reference_of
from .opening import damaged
from .raster import as_text

Bounds = tuple[float, float, float, float]
NO_GEOMETRY = "without a geometry"
OUTSIDE = "outside the raster"
BEYOND = "beyond the reach of the raster's coordinate reference system"
# Geometries are clipped at this many sizes of the bounds beyond their edges, so that what is cut is never seen.
_MARGIN = 1.0
# Points along each edge of the bounds when these are projected.
_EDGE_POINTS = 21
_BATCH = 65_536
# Of a point as WKB: a byte, its type, and two to four coordinates.
_POINT_BYTES = (21, 29, 37)


@dataclass
class Tally:
    """How many features of a layer were taken, and why others were not.

    Examples
    --------
    >>> from scarp.engine.files.shapes import OUTSIDE, Tally
    >>> tally = Tally(taken=38)
    >>> tally.drop(OUTSIDE, 15)
    >>> str(tally)
    '38 of 53 features; left out: 15 outside the raster'
    """

    taken: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def drop(self, reason: str, count: int = 1) -> None:
        """Count features that are left out."""
        self.dropped[reason] += count

    @property
    def reasons(self) -> str:
        """How many were left out for each reason, in words; empty for none."""
        return ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items() if count)

    def __str__(self) -> str:
        left_out = sum(self.dropped.values())
        if not left_out:
            return counted(self.taken, "feature")
        return f"{self.taken:,} of {self.taken + left_out:,} features; left out: {self.reasons}"


class Onto:
    """Lays geometries of one CRS over a grid of another.

    A projection is defined around its own area only: far from there it fails, or gives places that are wrong. So what lies far from the
    grid is cut off before.

    Parameters
    ----------
    source
        The CRS of the geometries.
    grid
        The grid.
    bounds
        The area that counts, in the grid's CRS; None for the grid's own.
    """

    def __init__(self, source: osr.SpatialReference, grid: Grid, bounds: Bounds | None = None) -> None:
        source, target = reference_of(source.ExportToWkt()), grid.spatial_reference
        self.bounds = bounds or grid.bounds
        self._transformation = None if source.IsSame(target) else _way(source, target)
        # Rectangles in the source's CRS: one, two where the date line runs through the area, none where there is no telling.
        self._near = _reach(self.bounds, _way(target, source)) if self._transformation else []

    def geometry(self, geometry: ogr.Geometry) -> tuple[ogr.Geometry | None, str]:
        """Return a geometry in the grid's CRS, flat, straight and valid, or None and why not: `OUTSIDE` or `BEYOND`.

        Of a geometry with parts those are kept that can be laid. Parts that overlap become one.
        """
        geometry = plain(geometry)
        if self._transformation:
            if self._near and not any(_within(geometry.GetEnvelope(), each) for each in self._near):
                geometry = _clipped(geometry, self._near)
                if geometry is None:
                    return None, OUTSIDE
            geometry = _transformed(geometry, self._transformation)
            if geometry is None:
                return None, BEYOND
        if _misses(geometry.GetEnvelope(), self.bounds):
            return None, OUTSIDE
        return valid(geometry), ""

    def points(self, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return points (n, 2) in the grid's CRS, NaN for what lies far off, and which of them (n,) the projection is not defined for."""
        beyond = np.zeros(len(xy), bool)
        if self._transformation is None:
            return xy, beyond
        out = np.full(xy.shape, np.nan)
        x, y = xy.T
        inside = [(x >= west) & (x <= east) & (y >= south) & (y <= north) for west, south, east, north in self._near]
        near = np.flatnonzero(np.any(inside, axis=0) if inside else np.ones(len(xy), bool))
        if len(near):
            with quiet():
                try:
                    found = np.array(self._transformation.TransformPoints(xy[near].tolist()))[:, :2]
                except RuntimeError:
                    found = np.array([_point(self._transformation, *each) for each in xy[near].tolist()])
            out[near] = np.where(np.isfinite(found), found, np.nan)
            beyond[near] = ~np.isfinite(found).all(axis=1)
        return out, beyond


def _way(source: osr.SpatialReference, target: osr.SpatialReference) -> osr.CoordinateTransformation:
    try:
        return osr.CoordinateTransformation(source, target)
    except RuntimeError as error:
        raise EngineError(
            f"There is no way from the coordinate reference system {source.GetName()} of a layer to {target.GetName()}; assign the right "
            "one to the layer or the raster."
        ) from error


def plain(geometry: ogr.Geometry) -> ogr.Geometry:
    """Return a geometry flat, without curves and with closed rings; of a TIN, polyhedral surface or triangle the polygons it is made of.

    Examples
    --------
    >>> from scarp.engine.gdal import ogr
    >>> from scarp.engine.files.shapes import plain
    >>> plain(ogr.CreateGeometryFromWkt("TIN Z (((0 0 1, 2 0 1, 0 2 1, 0 0 1)))")).ExportToWkt()
    'MULTIPOLYGON (((0 0,2 0,0 2,0 0)))'
    >>> plain(ogr.CreateGeometryFromWkt("GEOMETRYCOLLECTION (TIN (((0 0, 2 0, 0 2, 0 0))), POINT (1 1))")).ExportToWkt()
    'GEOMETRYCOLLECTION (MULTIPOLYGON (((0 0,2 0,0 2,0 0))),POINT (1 1))'
    >>> plain(ogr.CreateGeometryFromWkt("POLYGON ((0 0, 2 0, 0 2))")).ExportToWkt()
    'POLYGON ((0 0,2 0,0 2,0 0))'
    """
    geometry = geometry.GetLinearGeometry()
    kind = ogr.GT_Flatten(geometry.GetGeometryType())
    if kind == ogr.wkbTriangle:
        geometry = ogr.ForceToPolygon(geometry)
    elif ogr.GT_IsSubClassOf(kind, ogr.wkbPolyhedralSurface):
        geometry = ogr.ForceToMultiPolygon(geometry)
    elif kind == ogr.wkbGeometryCollection:
        parts = [plain(geometry.GetGeometryRef(number)) for number in range(geometry.GetGeometryCount())]
        geometry = ogr.Geometry(ogr.wkbGeometryCollection)
        for part in parts:
            geometry.AddGeometry(part)
    geometry.FlattenTo2D()
    geometry.CloseRings()
    return geometry


def valid(geometry: ogr.Geometry) -> ogr.Geometry:
    """Return a valid geometry; polygons that overlap or lie within each other are their union, where GDAL's own repair takes turns.

    Examples
    --------
    >>> from scarp.engine.gdal import ogr
    >>> from scarp.engine.files.shapes import valid
    >>> twice = ogr.CreateGeometryFromWkt("MULTIPOLYGON (((0 0, 2 0, 2 1, 0 1, 0 0)), ((1 0, 3 0, 3 1, 1 1, 1 0)))")
    >>> valid(twice).Area()
    3.0
    """
    kind = ogr.GT_Flatten(geometry.GetGeometryType())
    if kind in (ogr.wkbPoint, ogr.wkbMultiPoint):
        return geometry
    with quiet():
        if kind != ogr.wkbGeometryCollection and geometry.IsValid():
            return geometry
        if kind == ogr.wkbPolygon:
            return geometry.MakeValid()
        parts = simple_parts(geometry)
        polygons = ogr.Geometry(ogr.wkbMultiPolygon)
        for part in parts:
            if part.GetGeometryType() == ogr.wkbPolygon:
                for piece in [part] if part.IsValid() else simple_parts(part.MakeValid()):
                    if piece.GetGeometryType() == ogr.wkbPolygon:
                        polygons.AddGeometry(piece)
        others = [part for part in parts if part.GetGeometryType() != ogr.wkbPolygon]
        union = polygons.UnionCascaded() if polygons.GetGeometryCount() else None
        if not others:
            return union if union is not None else geometry
        whole = ogr.Geometry(ogr.wkbGeometryCollection)
        for part in (*others, *([union] if union is not None else [])):
            whole.AddGeometry(part)
        return whole


def simple_parts(geometry: ogr.Geometry) -> list[ogr.Geometry]:
    """Return the points, lines and polygons that a flat geometry is made of, without empty ones."""
    if geometry.IsEmpty():
        return []
    if ogr.GT_IsSubClassOf(geometry.GetGeometryType(), ogr.wkbGeometryCollection):
        return [part for i in range(geometry.GetGeometryCount()) for part in simple_parts(geometry.GetGeometryRef(i))]
    return [geometry.Clone()]


@dataclass(frozen=True)
class Batch:
    """Some features of a layer, in its order; all (n,).

    Parameters
    ----------
    ids
        FIDs, or the values of the field that was asked for as the id, as text.
    shapes
        Geometries as WKB, bytes; None where there is none.
    values
        Attributes (object) by field, None where empty: numbers, or text; days as 2014-05-31.
    """

    ids: np.ndarray
    shapes: np.ndarray
    values: dict[str, np.ndarray]

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the coordinates (n, 2) of those geometries that are points, NaN for all others, and which (n,) these are."""
        xy, is_point = np.full((len(self.shapes), 2), np.nan), np.zeros(len(self.shapes), bool)
        if self.shapes.dtype.kind == "V":  # all as long as each other
            sizes = np.full(len(self.shapes), self.shapes.dtype.itemsize)
        else:
            sizes = np.array([len(each) if each is not None else 0 for each in self.shapes], np.int64)
        for size in _POINT_BYTES:
            members = np.flatnonzero(sizes == size)
            table = np.frombuffer(b"".join(self.shapes[members]), np.uint8).reshape(-1, size)
            kinds = np.ascontiguousarray(table[:, 1:5]).view("<u4")[:, 0]
            chosen = (table[:, 0] == 1) & ((kinds & 0x0FFFFFFF) % 1000 == ogr.wkbPoint)
            is_point[members[chosen]] = True
            xy[members[chosen]] = np.ascontiguousarray(table[chosen, 5:21]).view("<f8")
        return xy, is_point


def batches(layer: ogr.Layer, fields: Sequence[str], id_field: str | None = None) -> Iterator[Batch]:
    """Yield the features of a layer, many at a time, with some of their fields.

    GDAL hands over columns of a hundred thousand features at once (Arrow, since GDAL 3.6); a loop over features, for older ones, takes a
    hundred times as long.
    """
    wanted = list(dict.fromkeys([*fields, *([id_field] if id_field else [])]))
    definition = layer.GetLayerDefn()
    names = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    if layer.TestCapability(ogr.OLCIgnoreFields):
        layer.SetIgnoredFields([name for name in names if name not in wanted])
    layer.ResetReading()
    try:
        for ids, shapes, values in _columns(layer, wanted):
            if id_field:
                yield Batch(np.array([str(each) for each in values[id_field]]), shapes, {name: values[name] for name in fields})
                continue
            letters = max(len(str(end)) for end in (ids.min(initial=0), ids.max(initial=0)))
            yield Batch(ids.astype(f"U{letters}"), shapes, {name: values[name] for name in fields})
    finally:
        if layer.TestCapability(ogr.OLCIgnoreFields):
            layer.SetIgnoredFields([])


def every(layer: ogr.Layer) -> Iterator[ogr.Feature]:
    """Yield the features of a layer from its first.

    Raises
    ------
    EngineError
        If its file cannot be read to its end.
    """
    layer.ResetReading()
    try:
        yield from layer
    except RuntimeError as error:
        raise cut_off(layer, error) from error


def cut_off(layer: ogr.Layer, error: Exception | str) -> EngineError:
    """Return the error that tells that the file of a layer ends before its last feature."""
    return damaged(f"layer {layer.GetName()}", str(error), " to its end")


def _arrow(layer: ogr.Layer, fields: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    geometry, fid = layer.GetGeometryColumn() or "wkb_geometry", layer.GetFIDColumn() or "OGC_FID"
    for batch in layer.GetArrowStreamAsNumPy():
        shapes = batch[geometry]
        if np.ma.isMaskedArray(shapes) or shapes.dtype.kind != "V":
            shapes = np.array([None if each is np.ma.masked or each is None else bytes(each) for each in shapes], object)
        yield batch[fid], shapes, {name: _plain(batch[name]) for name in fields}


def _plain(column: np.ndarray) -> np.ndarray:
    """Return a column of numbers, bytes or days as plain values (object), None where it is masked."""
    missing = np.ma.getmaskarray(column)
    data = np.ma.getdata(column)
    if data.dtype.kind == "M":
        text = np.datetime_as_string(data)
        missing, data = missing | np.isnat(data), text
    values = [as_text(each) if isinstance(each, (bytes, str)) else each for each in data.tolist()]
    out = np.empty(len(values), object)
    out[:] = [int(each) if isinstance(each, bool) else each for each in values]
    out[missing] = None
    return out


def _loop(layer: ogr.Layer, fields: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    ids: list[int] = []
    shapes: list[bytes | None] = []
    values: list[list[Any]] = []

    def gathered() -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        columns = np.empty((len(ids), len(fields)), object)
        columns[:] = values
        wkb = np.empty(len(ids), object)
        wkb[:] = shapes
        return np.array(ids), wkb, {name: columns[:, index] for index, name in enumerate(fields)}

    for feature in every(layer):
        geometry = feature.GetGeometryRef()
        ids.append(feature.GetFID())
        shapes.append(None if geometry is None else bytes(geometry.ExportToIsoWkb(ogr.wkbNDR)))
        values.append([_field(feature, name) for name in fields])
        if len(ids) == _BATCH:
            yield gathered()
            ids, shapes, values = [], [], []
    if ids:
        yield gathered()


def _columns(layer: ogr.Layer, fields: Sequence[str]) -> Iterator[tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]]:
    """Yield columns in the fastest way that this GDAL and the layer's format know."""
    if hasattr(layer, "GetArrowStreamAsNumPy"):
        stream = _arrow(layer, fields)
        try:
            first = next(stream, None)
        except (RuntimeError, ImportError, KeyError):  # a type that it does not hand over, or a GDAL without its numpy part
            layer.ResetReading()
        else:
            yield from () if first is None else (first,)
            try:
                yield from stream
            except RuntimeError as error:
                raise cut_off(layer, error) from error
            return
    yield from _loop(layer, fields)


def _field(feature: ogr.Feature, name: str) -> Any:
    try:
        value = feature.GetField(name)
    except UnicodeDecodeError:
        value = feature.GetFieldAsBinary(name)
    value = as_text(value) if isinstance(value, (str, bytes, bytearray)) else value
    return value.replace("/", "-", 2) if feature.GetFieldType(name) in (ogr.OFTDate, ogr.OFTDateTime) and value else value


def _reach(bounds: Bounds, back: osr.CoordinateTransformation) -> list[Bounds]:
    """Return the rectangles in the source's CRS that hold bounds and a margin; none where they cannot be told."""
    west, south, east, north = bounds
    across, up = _MARGIN * (east - west), _MARGIN * (north - south)
    try:
        with quiet():
            low_x, low_y, high_x, high_y = back.TransformBounds(west - across, south - up, east + across, north + up, _EDGE_POINTS)
    except (RuntimeError, AttributeError):
        return []
    if not np.isfinite([low_x, low_y, high_x, high_y]).all():
        return []
    if low_x > high_x:  # degrees, and the date line between
        return [(low_x, low_y, 180.0, high_y), (-180.0, low_y, high_x, high_y)]
    return [(low_x, low_y, high_x, high_y)]


def _clipped(geometry: ogr.Geometry, near: Sequence[Bounds]) -> ogr.Geometry | None:
    """Return what of a geometry lies near; parts wholly within stay as they are."""
    kept = ogr.Geometry(ogr.wkbGeometryCollection)
    for part in simple_parts(geometry):
        envelope = part.GetEnvelope()
        for west, south, east, north in near:
            if _within(envelope, (west, south, east, north)):
                kept.AddGeometry(part)
            elif not _misses(envelope, (west, south, east, north)):
                corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
                frame = ogr.CreateGeometryFromWkt(f"POLYGON (({', '.join(f'{x} {y}' for x, y in corners)}))")
                with quiet():
                    kept.AddGeometry(valid(part).Intersection(frame))
    parts = simple_parts(kept)
    return (kept if len(parts) > 1 else parts[0]) if parts else None


def _transformed(geometry: ogr.Geometry, transformation: osr.CoordinateTransformation) -> ogr.Geometry | None:
    """Return a geometry, or those parts of it that can be projected."""
    with quiet():
        whole = geometry.Clone()
        try:
            whole.Transform(transformation)
        except RuntimeError:
            parts = simple_parts(geometry)
            whole = ogr.Geometry(ogr.wkbGeometryCollection)
            for part in parts if len(parts) > 1 else []:
                laid = _transformed(part, transformation)
                if laid is not None:
                    whole.AddGeometry(laid)
        return None if whole.IsEmpty() else whole


def _point(transformation: osr.CoordinateTransformation, x: float, y: float) -> tuple[float, float]:
    try:
        return tuple(transformation.TransformPoint(x, y)[:2])  # type: ignore[return-value]
    except RuntimeError:
        return np.nan, np.nan


def _within(envelope: tuple[float, float, float, float], bounds: Bounds) -> bool:
    west, east, south, north = envelope
    return west >= bounds[0] and east <= bounds[2] and south >= bounds[1] and north <= bounds[3]


def _misses(envelope: tuple[float, float, float, float], bounds: Bounds) -> bool:
    west, east, south, north = envelope
    return west > bounds[2] or east < bounds[0] or south > bounds[3] or north < bounds[1]
