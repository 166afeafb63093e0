# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector layers as tasks name them (a `Source` as text), and their features on a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

from ..declarations.source import ID_FIELD, Source, several_layers
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
        A `Source` as text; its CRS counts instead of the file's, and its name is the layer's.

    Returns
    -------
    The dataset, which must be kept while the layer is in use, and the layer.

    Raises
    ------
    EngineError
        If it cannot be opened, has no such layer, holds several and none is named, or has no geometry or no coordinate reference system.
    """
    named = Source.parse(source)
    try:
        dataset = gdal.OpenEx(named.path, gdal.OF_VECTOR, open_options=list(named.options))
    except RuntimeError as error:
        raise EngineError(f"The layer {named.label} cannot be opened: {error}") from error
    layer = dataset.GetLayerByName(named.layername) if named.layername else _only_layer(dataset, named)
    if layer is None:
        raise EngineError(f"The file {named.path} has no layer {named.layername!r}; its layers are {', '.join(_names(dataset))}.")
    if layer.GetGeomType() == ogr.wkbNone:
        raise EngineError(
            f"The layer {named.label} is a table without geometries; load it with “Add Delimited Text Layer” or make points of it "
            "(native:createpointslayerfromtable) first."
        )
    if layer.GetSpatialRef() is None and not named.crs:
        raise EngineError(
            f"The layer {named.label} has no coordinate reference system; assign one (Layer > Set Layer CRS) so that it can be laid over "
            f"the raster, or name it: {named.path}|crs=EPSG:…"
        )
    if named.crs or named.geometrytype:
        dataset = _as_named(dataset, layer, named)
        layer = dataset.GetLayer(0)
    return dataset, layer


def feature_id(feature: ogr.Feature) -> str:
    """Return the id of a feature: the one it has in QGIS where QGIS wrote the layer anew, else the file's own."""
    index = feature.GetFieldIndex(ID_FIELD)
    return str(feature.GetFID()) if index < 0 else feature.GetFieldAsString(index)


def _only_layer(dataset: gdal.Dataset, named: Source) -> ogr.Layer:
    """Return the one layer that has geometries, else the first."""
    layers = [dataset.GetLayer(number) for number in range(dataset.GetLayerCount())]
    shown = [layer for layer in layers if layer.GetGeomType() != ogr.wkbNone and layer.GetFeatureCount(0) != 0]
    if len(shown) > 1:
        raise EngineError(several_layers(named.path, [layer.GetName() for layer in shown]))
    return (shown or layers)[0]


def _names(dataset: gdal.Dataset) -> list[str]:
    return [dataset.GetLayer(number).GetName() for number in range(dataset.GetLayerCount())]


def _as_named(dataset: gdal.Dataset, layer: ogr.Layer, named: Source) -> gdal.Dataset:
    """Return a copy in memory of the layer, with the CRS and of the type of geometry that `named` asks for."""
    kinds = ", ".join(f"'{prefix}{named.geometrytype.upper()}'" for prefix in ("", "MULTI"))
    return gdal.VectorTranslate(
        "",
        dataset,
        format="Memory",
        SQLStatement=f'SELECT * FROM "{layer.GetName()}" WHERE OGR_GEOMETRY IN ({kinds})' if named.geometrytype else None,
        SQLDialect="OGRSQL",
        layers=None if named.geometrytype else [layer.GetName()],
        layerName=named.label,
        dstSRS=named.crs or None,
        reproject=False,
        options=["-preserve_fid"],
    )


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
