# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector layers as tasks name them (`path` or `path|layername=name`), and their features on a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

from ..errors import EngineError
from ..gdal import gdal, ogr, osr
from .grid import Grid

# Where a geometry goes that the projection of the grid is not defined for: outside every grid.
_NOWHERE = "POINT (1e300 1e300)"
Bounds = tuple[float, float, float, float]
# The values of a feature by field (None is empty), and its geometry.
Row = tuple[Mapping[str, Any], Optional[ogr.Geometry]]


def open_layer(source: str) -> tuple[gdal.Dataset, ogr.Layer]:
    """Open a vector layer for reading.

    Parameters
    ----------
    source
        `path`, or `path|layername=name` where the file holds several layers.

    Returns
    -------
    The dataset, which must be kept while the layer is in use, and the layer.

    Raises
    ------
    EngineError
        If it cannot be opened, has no such layer, or has no coordinate reference system.
    """
    path, _, options = source.partition("|")
    name = next((o[len("layername=") :] for o in options.split("|") if o.startswith("layername=")), None)
    try:
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR)
    except RuntimeError as error:
        raise EngineError(f"The layer {path} cannot be opened: {error}") from error
    layer = dataset.GetLayerByName(name) if name else dataset.GetLayer(0)
    if layer is None:
        raise EngineError(f"The file {path} has no layer {name!r}.")
    if layer.GetSpatialRef() is None:
        raise EngineError(
            f"The layer {name or Path(path).stem} has no coordinate reference system; assign one "
            "(Layer > Set Layer CRS) so that it can be laid over the raster."
        )
    return dataset, layer


def features(layer: ogr.Layer, grid: Grid, bounds: Bounds | None = None) -> Iterator[tuple[ogr.Feature, ogr.Geometry | None]]:
    """Yield the features with their geometry in the grid's CRS, flat, without curves and valid; None if there is none.

    With `bounds` (west, south, east, north in the grid's CRS), features without a geometry or wholly outside are left out.
    """
    source = layer.GetSpatialRef().Clone()
    source.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    target = grid.spatial_reference
    transformation = None if source.IsSame(target) else osr.CoordinateTransformation(source, target)
    layer.ResetReading()
    for feature in layer:
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            if bounds is None:
                yield feature, None
            continue
        geometry = geometry.GetLinearGeometry()
        geometry.FlattenTo2D()
        if transformation:
            try:
                geometry.Transform(transformation)
            except RuntimeError:
                geometry = ogr.CreateGeometryFromWkt(_NOWHERE)
        if bounds is not None and _misses(geometry, bounds):
            continue
        if ogr.GT_Flatten(geometry.GetGeometryType()) != ogr.wkbPoint and not geometry.IsValid():
            geometry = geometry.MakeValid()
        yield feature, geometry


def laid_over(layer: ogr.Layer, grid: Grid, bounds: Bounds, code: Callable[[ogr.Feature], int | None]) -> gdal.Dataset:
    """Return a layer in memory of the features that reach into `bounds`, in the grid's CRS, each with its `code`; None leaves one out."""
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    copies = memory.CreateLayer("features", grid.spatial_reference, ogr.wkbUnknown)
    copies.CreateField(ogr.FieldDefn("code", ogr.OFTInteger))
    for feature, geometry in features(layer, grid, bounds):
        number = code(feature)
        if number is None:
            continue
        copy = ogr.Feature(copies.GetLayerDefn())
        copy.SetGeometry(geometry)
        copy["code"] = number
        copies.CreateFeature(copy)
    return memory


def _misses(geometry: ogr.Geometry, bounds: Bounds) -> bool:
    west, east, south, north = geometry.GetEnvelope()
    return bool(west > bounds[2] or east < bounds[0] or south > bounds[3] or north < bounds[1])


def write_layer(
    path: str | Path, name: str, kind: int, fields: Mapping[str, int], rows: Iterable[Row], reference: osr.SpatialReference | None = None
) -> None:
    """Write a GeoPackage of one layer.

    Parameters
    ----------
    kind
        Type of the geometries (`ogr.wkbPoint`, …), `ogr.wkbNone` for a table without any.
    fields
        OGR's type of each field by name, in their order.
    rows
        The features.
    reference
        The CRS of the geometries.
    """
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = dataset.CreateLayer(name, reference, kind)
    for field, of_field in fields.items():
        layer.CreateField(ogr.FieldDefn(field, of_field))
    layer.StartTransaction()
    for values, geometry in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        for field, value in values.items():
            if value is not None:
                feature[field] = value
        if geometry is not None:
            feature.SetGeometry(geometry)
        layer.CreateFeature(feature)
    layer.CommitTransaction()


def point(x: float, y: float) -> ogr.Geometry:
    """Return a point at easting `x` and northing `y`."""
    geometry = ogr.Geometry(ogr.wkbPoint)
    geometry.AddPoint_2D(float(x), float(y))
    return geometry
