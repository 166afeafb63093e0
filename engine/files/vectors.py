# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector layers as tasks name them (a `Source` as text), and their features on a grid."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from ..declarations.outputs import archive_of
from ..declarations.source import ID_FIELD, Source, several_layers
from ..errors import EngineError
from ..gdal import close, gdal, ogr, osr
from .grid import Grid, reference_of
from .opening import damage_told, is_locked, opened, opens, parsed, shortened
from .shapes import NO_GEOMETRY, Bounds, Onto, Tally, cut_off, every

_KINDS = ("points", "lines")
# Of the index of a shapefile: its head, and each shape.
_SHX_HEAD_BYTES, _SHX_BYTES = 100, 8
# What GeoPackages say where nobody told the CRS.
_NO_CRS = ("Undefined geographic SRS", "Undefined Cartesian SRS")
# Points that are written at once, and so many that an index of their places takes longer than all else.
_ROWS_AT_ONCE = 50_000
_MOST_INDEXED = 200_000
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
    named = parsed(source)
    if named.crs:
        reference_of(named.crs)
    dataset = _opened(named)
    with damage_told(f"layer {shortened(named.label)}"):
        return _layer_of(dataset, named)


def _layer_of(dataset: gdal.Dataset, named: Source) -> tuple[gdal.Dataset, ogr.Layer]:
    """Return what `open_layer` does, of what it has opened."""
    layer = dataset.GetLayerByName(named.layername) if named.layername else _only_layer(dataset, named)
    if layer is None:
        raise EngineError(f"The file {named.path} has no layer {named.layername!r}; its layers are {', '.join(_names(dataset))}.")
    if layer.GetGeomType() == ogr.wkbNone:
        raise EngineError(
            f"The layer {named.label} is a table without geometries; load it with “Add Delimited Text Layer” or make points of it "
            "(native:createpointslayerfromtable) first."
        )
    reference = layer.GetSpatialRef()
    if (reference is None or reference.GetName() in _NO_CRS) and not named.crs:
        raise EngineError(
            f"The layer {named.label} has no coordinate reference system; assign one (Layer > Set Layer CRS) so that it can be laid over "
            f"the raster, or name it: {named.path}|crs=EPSG:…"
        )
    if dataset.GetDriver().ShortName == "FlatGeobuf":
        _check_end(layer)
    if dataset.GetDriver().ShortName == "ESRI Shapefile":
        _check_attributes(dataset, layer)
    if named.crs or named.geometrytype:
        dataset = _as_named(dataset, layer, named)
        layer = dataset.GetLayer(0)
    return dataset, layer


def _check_end(layer: ogr.Layer) -> None:
    """Raise EngineError where a FlatGeobuf lacks its last feature: GDAL takes one that was cut off between two features for whole."""
    promised = layer.GetFeatureCount(0)
    try:
        is_whole = promised <= 0 or layer.GetFeature(promised - 1) is not None
    except RuntimeError as error:
        raise cut_off(layer, error) from error
    if not is_whole:
        raise cut_off(layer, f"it promises {promised:,} features")
    layer.ResetReading()


def _check_attributes(dataset: gdal.Dataset, layer: ogr.Layer) -> None:
    """Raise EngineError where a shapefile has not as many rows of attributes as shapes: GDAL leaves out shapes, or gives them others'."""
    files = {Path(each).suffix.lower(): each for each in dataset.GetFileList() or [] if Path(each).stem == layer.GetName()}
    if not {".shx", ".dbf"} <= set(files):
        return
    shapes = (gdal.VSIStatL(files[".shx"]).size - _SHX_HEAD_BYTES) // _SHX_BYTES
    stream = gdal.VSIFOpenL(files[".dbf"], "rb")
    head = gdal.VSIFReadL(1, 8, stream) or b""
    gdal.VSIFCloseL(stream)
    rows = int.from_bytes(head[4:8], "little")
    if rows != shapes:
        raise EngineError(
            f"The layer {layer.GetName()} has {shapes:,} shapes and {rows:,} rows of attributes: its .dbf was cut off, or is that of "
            "another file. Copy or export the shapefile anew, with all files that belong to it (.shp, .shx, .dbf, .prj)."
        )


def _opened(named: Source) -> gdal.Dataset:
    try:
        return opened(named, gdal.OF_VECTOR, f"layer {shortened(named.label)}", named.options)
    except EngineError as error:
        is_tried = isinstance(error.__cause__, RuntimeError) and not is_locked(str(error.__cause__))
        if not is_tried or not archive_of(named.path).is_file() or not opens(named.path, gdal.OF_RASTER):
            raise
        raise EngineError(_is_raster(named)) from error


def _is_raster(named: Source) -> str:
    return (
        f"The layer {named.label} is a raster, and points or other vectors are needed here: make points of its cells "
        "(native:pixelstopoints) or polygons of its classes (gdal:polygonize), and keep those of the value that is meant by a filter."
    )


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
    kinds = ", ".join("'" + f"{prefix}{named.geometrytype.upper()}".replace("'", "''") + "'" for prefix in ("", "MULTI"))
    name = layer.GetName().replace("\\", "\\\\").replace('"', '\\"')
    return gdal.VectorTranslate(
        "",
        dataset,
        format="Memory",
        SQLStatement=f'SELECT * FROM "{name}" WHERE OGR_GEOMETRY IN ({kinds})' if named.geometrytype else None,  # nosec B608
        SQLDialect="OGRSQL",
        layers=None if named.geometrytype else [layer.GetName()],
        layerName=named.label,
        dstSRS=named.crs or None,
        reproject=False,
        options=["-preserve_fid"],
    )


def features(
    layer: ogr.Layer, grid: Grid, bounds: Bounds | None = None, tally: Tally | None = None
) -> Iterator[tuple[ogr.Feature, ogr.Geometry]]:
    """Yield the features that reach into an area, with their geometry in the grid's CRS, flat, without curves and valid.

    Parameters
    ----------
    bounds
        West, south, east and north of the area in the grid's CRS; the grid's own where there are none.
    tally
        Counts those that are taken, and those that are left out, by reason.
    """
    onto, tally = Onto(layer.GetSpatialRef(), grid, bounds), tally if tally is not None else Tally()
    for feature in every(layer):
        geometry = feature.GetGeometryRef()
        if geometry is None or geometry.IsEmpty():
            tally.drop(NO_GEOMETRY)
            continue
        laid, reason = onto.geometry(geometry)
        if laid is None:
            tally.drop(reason)
            continue
        tally.taken += 1
        yield feature, laid


def laid_over(
    layer: ogr.Layer,
    grid: Grid,
    bounds: Bounds,
    code: Callable[[ogr.Feature], int | None],
    tally: Tally | None = None,
    polygons: bool = False,
) -> gdal.Dataset:
    """Return a layer in memory of the features that reach into `bounds`, in the grid's CRS, each with its `code`; None leaves one out.

    Parameters
    ----------
    tally
        Counts those that reach there, and those that are left out, by reason.
    polygons
        Whether lines and points are left out, as such that cover no area.

    Raises
    ------
    EngineError
        If polygons are needed, and the layer holds lines or points alone.
    """
    tally = tally if tally is not None else Tally()
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    copies = memory.CreateLayer("features", grid.spatial_reference, ogr.wkbUnknown)
    copies.CreateField(ogr.FieldDefn("code", ogr.OFTInteger))
    others: dict[str, int] = {}
    for feature, geometry in features(layer, grid, bounds, tally):
        if polygons and geometry.GetDimension() < 2:
            kind = _KINDS[geometry.GetDimension()]
            others[kind] = others.get(kind, 0) + 1
            continue
        number = code(feature)
        if number is None:
            continue
        copy = ogr.Feature(copies.GetLayerDefn())
        copy.SetGeometry(geometry)
        copy["code"] = number
        copies.CreateFeature(copy)
    for kind, count in others.items():
        tally.taken -= count
        tally.drop(f"{kind}, which cover no area" if count > 1 else f"{kind[:-1]}, which covers no area", count)
    if others and not tally.taken:
        raise EngineError(
            f"The layer {layer.GetName()} holds {' and '.join(others)}; polygons are needed here, which native:polygonize makes of closed "
            "lines, native:buffer of others."
        )
    return memory


def write_layer(
    path: str | Path,
    name: str,
    kind: int,
    fields: Mapping[str, int],
    rows: Iterable[Row],
    reference: osr.SpatialReference | None = None,
    driver: str = "GPKG",
) -> None:
    """Write a GeoPackage of one layer, or a file of another of OGR's drivers.

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
    dataset = ogr.GetDriverByName(driver).CreateDataSource(str(path))
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
    del layer
    close(dataset)


def move_shapefile(geopackage: Path, target: Path, folder: Path) -> None:
    """Turn a GeoPackage of one layer into a shapefile at `target`, by way of a folder on the same disk.

    Its attributes are UTF-8. The files that belong to it come before the one that makes it a layer.

    Raises
    ------
    EngineError
        If it is larger than shapefiles can be.
    """
    made = folder / "shapefile"
    made.mkdir()
    try:
        options = ["ENCODING=UTF-8", "2GB_LIMIT=YES"]
        done = gdal.VectorTranslate(str(made / "layer.shp"), str(geopackage), format="ESRI Shapefile", layerCreationOptions=options)
    except RuntimeError as error:
        raise EngineError(
            f"The shapefile {target} cannot be written ({error}); write a GeoPackage (.gpkg), which has no such limits."
        ) from error
    del done
    for file in sorted(made.iterdir(), key=lambda each: each.suffix == ".shp"):
        file.replace(target.with_name(target.stem + file.suffix))


def write_points(
    path: str | Path, name: str, fields: Mapping[str, int], columns: Sequence[np.ndarray], reference: osr.SpatialReference
) -> None:
    """Write points as a GeoPackage of one layer; their coordinates are its fields `x` and `y`.

    GDAL copies them from a text file, several times as fast as features are made one by one. More than `_MOST_INDEXED` get no spatial
    index, which would take most of the time.

    Parameters
    ----------
    fields
        OGR's type of each field by name, in their order.
    columns
        The values of each field, (n,).
    """
    with tempfile.TemporaryDirectory(prefix="scarp-") as folder:
        text = Path(folder) / "points.csv"
        text.with_suffix(".csvt").write_text(",".join(f'"{ogr.GetFieldTypeName(kind)}"' for kind in fields.values()), encoding="utf-8")
        with text.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(fields)
            for start in range(0, len(columns[0]), _ROWS_AT_ONCE):
                writer.writerows(zip(*(column[start : start + _ROWS_AT_ONCE].tolist() for column in columns)))
        indexed = "YES" if len(columns[0]) <= _MOST_INDEXED else "NO"
        source = gdal.OpenEx(str(text), open_options=["X_POSSIBLE_NAMES=x", "Y_POSSIBLE_NAMES=y", "KEEP_GEOM_COLUMNS=YES"])
        written = gdal.VectorTranslate(
            str(path),
            source,
            format="GPKG",
            layerName=name,
            layerCreationOptions=[f"SPATIAL_INDEX={indexed}"],
            dstSRS=reference.ExportToWkt(),
            reproject=False,
            geometryType="POINT",
        )
        del source
        close(written)


def point(x: float, y: float) -> ogr.Geometry:
    """Return a point at easting `x` and northing `y`."""
    geometry = ogr.Geometry(ogr.wkbPoint)
    geometry.AddPoint_2D(float(x), float(y))
    return geometry
