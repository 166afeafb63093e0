# SPDX-License-Identifier: GPL-2.0-or-later
"""Other layers laid over the grid: distances, classes and warped rasters, each as a temporary raster."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from osgeo import gdal, ogr, osr
from scipy import ndimage

from .errors import EngineError
from .grid import Grid, compression
from .vectors import open_layer

gdal.UseExceptions()
ogr.UseExceptions()

# Features outside the grid count for distances up to this share of the grid's size beyond its edge.
_MARGIN_SHARE = 0.25
_MOST_CLASSES = 64


def distance_raster(source: str, grid: Grid, path: Path) -> str:
    """Write the Euclidean distance in metres from each cell centre to the nearest cell that a feature touches.

    Features up to a quarter of the grid's size outside it count as well.

    Raises
    ------
    EngineError
        If no feature lies there.
    """
    dataset, layer = open_layer(source)
    wide, (top, left) = _widened(grid)
    features = _reprojected(layer, wide)
    mask = gdal.GetDriverByName("MEM").Create("", wide.shape[1], wide.shape[0], 1, gdal.GDT_Byte)
    mask.SetProjection(wide.crs)
    mask.SetGeoTransform(wide.transform)
    gdal.RasterizeLayer(mask, [1], features.GetLayer(0), burn_values=[1], options=["ALL_TOUCHED=TRUE"])
    touched = mask.ReadAsArray() == 1
    if not touched.any():
        raise EngineError(
            f"The layer {layer.GetName()} has no features in the area or near it, so no distance can be computed; leave it out."
        )
    width, height = (each * grid.metres_per_unit for each in grid.cell_size)
    distance = ndimage.distance_transform_edt(~touched, sampling=(height, width))
    rows, cols = grid.shape
    out = grid.create(str(path), 1, gdal.GDT_Float32, float("nan"))
    out.GetRasterBand(1).WriteArray(distance[top : top + rows, left : left + cols].astype(np.float32))
    del dataset
    return str(path)


def class_raster(source: str, field: str | None, grid: Grid, path: Path) -> tuple[str, dict[int, str]]:
    """Write class codes on the grid; return the path and the names of the codes. Code 0 means that no class is known.

    Polygons give a cell the class at its centre; rasters the class that covers most of it (or the nearest).

    Raises
    ------
    EngineError
        If the field is missing, or there are no classes or too many.
    """
    if _is_raster(source):
        return _classes_of_raster(source, grid, path)
    if not field:
        raise EngineError(f"The polygon layer {source} needs the field that names its classes.")
    dataset, layer = open_layer(source)
    if layer.FindFieldIndex(field, True) < 0:
        raise EngineError(f"The layer {layer.GetName()} has no field {field!r}.")
    names = sorted({str(f[field]).strip() for f in layer if f[field] is not None and str(f[field]).strip()})
    layer.ResetReading()
    _check_classes(names, layer.GetName())
    codes = {name: code for code, name in enumerate(names, start=1)}
    features = _reprojected(layer, grid, field, codes)
    out = grid.create(str(path), 1, gdal.GDT_Int32)
    gdal.RasterizeLayer(out, [1], features.GetLayer(0), options=["ATTRIBUTE=code"])
    del dataset
    return str(path), {code: name for name, code in codes.items()}


def warped_raster(source: str, grid: Grid, path: Path) -> str:
    """Write a continuous raster on the grid: averaged where its cells are smaller, bilinear otherwise."""
    dataset = open_raster(source)
    if gdal.DataTypeIsComplex(dataset.GetRasterBand(1).DataType):
        raise EngineError(f"The raster {source} holds complex numbers; real ones are needed.")
    _warp(dataset, grid, path, gdal.GDT_Float32, "average" if _is_finer(dataset, grid) else "bilinear", float("nan"))
    return str(path)


def area_raster(source: str, grid: Grid, path: Path) -> str:
    """Write 1 inside the polygons of a layer, NaN outside.

    Raises
    ------
    EngineError
        If no cell lies inside.
    """
    dataset, layer = open_layer(source)
    out = grid.create(str(path), 1, gdal.GDT_Float32, float("nan"))
    out.GetRasterBand(1).Fill(float("nan"))
    features = _reprojected(layer, grid)
    gdal.RasterizeLayer(out, [1], features.GetLayer(0), burn_values=[1])
    out.FlushCache()
    if not np.isfinite(out.GetRasterBand(1).ReadAsArray()).any():
        raise EngineError(f"The study area {layer.GetName()} does not overlap the DEM.")
    del dataset
    return str(path)


def _reprojected(layer: ogr.Layer, grid: Grid, field: str | None = None, codes: dict[str, int] | None = None) -> gdal.Dataset:
    """Copy the features near the grid into memory, in its CRS, with `code` for their class."""
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    target = memory.CreateLayer("features", grid.spatial_reference, ogr.wkbUnknown)
    target.CreateField(ogr.FieldDefn("code", ogr.OFTInteger))
    source = layer.GetSpatialRef().Clone()
    source.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    transform = osr.CoordinateTransformation(source, grid.spatial_reference)
    layer.ResetReading()
    for feature in layer:
        geometry = feature.GetGeometryRef()
        value = None if field is None or feature[field] is None else str(feature[field]).strip()
        if geometry is None or (field is not None and value not in (codes or {})):
            continue
        geometry = geometry.Clone()
        geometry.FlattenTo2D()
        geometry = geometry.GetLinearGeometry()
        if geometry.Transform(transform) != ogr.OGRERR_NONE:
            continue
        if ogr.GT_Flatten(geometry.GetGeometryType()) in (ogr.wkbPolygon, ogr.wkbMultiPolygon) and not geometry.IsValid():
            geometry = geometry.MakeValid()
        copy = ogr.Feature(target.GetLayerDefn())
        copy.SetGeometry(geometry)
        if codes is not None and value is not None:
            copy["code"] = codes[value]
        target.CreateFeature(copy)
    return memory


def _widened(grid: Grid) -> tuple[Grid, tuple[int, int]]:
    rows, cols = grid.shape
    top, left = int(rows * _MARGIN_SHARE), int(cols * _MARGIN_SHARE)
    west, width, _, north, _, height = grid.transform
    transform = (west - left * width, width, 0.0, north - top * height, 0.0, height)
    return Grid(grid.crs, transform, (rows + 2 * top, cols + 2 * left)), (top, left)


def _is_raster(source: str) -> bool:
    try:
        return bool(gdal.OpenEx(source, gdal.OF_RASTER).RasterCount)
    except RuntimeError:
        return False


def open_raster(source: str) -> gdal.Dataset:
    """Open a raster that has a coordinate reference system and is north-up."""
    try:
        dataset = gdal.Open(source)
    except RuntimeError as error:
        raise EngineError(f"The raster {source} cannot be opened: {error}") from error
    Grid.of(dataset)
    return dataset


def _is_finer(dataset: gdal.Dataset, grid: Grid) -> bool:
    """Whether the raster's cells are clearly smaller than the grid's, once in its CRS."""
    suggested = gdal.AutoCreateWarpedVRT(dataset, None, grid.crs)
    return bool(suggested.GetGeoTransform()[1] < 0.75 * grid.cell_size[0])


def _warp(dataset: gdal.Dataset, grid: Grid, path: Path, kind: int, method: str, nodata: float) -> None:
    west, south, east, north = grid.bounds
    gdal.Warp(
        str(path),
        dataset,
        format="GTiff",
        dstSRS=grid.crs,
        outputBounds=(west, south, east, north),
        width=grid.shape[1],
        height=grid.shape[0],
        outputType=kind,
        resampleAlg=method,
        dstNodata=nodata,
        multithread=True,
        creationOptions=["TILED=YES", f"COMPRESS={compression()}", "BIGTIFF=IF_SAFER"],
    )


def _classes_of_raster(source: str, grid: Grid, path: Path) -> tuple[str, dict[int, str]]:
    dataset = open_raster(source)
    _warp(dataset, grid, path, gdal.GDT_Int32, "mode" if _is_finer(dataset, grid) else "near", 0)
    out = gdal.Open(str(path))
    present: set[int] = set()
    for window in grid.windows():
        present.update(np.unique(out.ReadAsArray(window.col, window.row, window.cols, window.rows)).tolist())
    codes = sorted(present - {0})
    _check_classes([str(code) for code in codes], source)
    names = _category_names(dataset.GetRasterBand(1))
    return str(path), {code: names.get(code, str(code)) for code in codes}


def _category_names(band: gdal.Band) -> dict[int, str]:
    table = band.GetDefaultRAT()
    if table is not None and table.GetRowCount():
        columns = {table.GetUsageOfCol(column): column for column in range(table.GetColumnCount())}
        if gdal.GFU_Name in columns:
            values = columns.get(gdal.GFU_MinMax, 0)
            return {
                table.GetValueAsInt(row, values): table.GetValueAsString(row, columns[gdal.GFU_Name]) for row in range(table.GetRowCount())
            }
    return {code: name for code, name in enumerate(band.GetCategoryNames() or []) if name}


def _check_classes(names: list[str], layer: str) -> None:
    if not names:
        raise EngineError(f"The layer {layer} has no classes in the area; leave it out.")
    if len(names) > _MOST_CLASSES:
        raise EngineError(f"The layer {layer} has {len(names)} classes, and at most {_MOST_CLASSES} make sense; group them first.")
