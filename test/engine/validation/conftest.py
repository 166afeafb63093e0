# SPDX-License-Identifier: GPL-2.0-or-later
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine.files.grid import Grid, reference_of
from small_maps import UTM


@pytest.fixture
def map_of(tmp_path):
    """Write values (rows, cols) as a raster; NaN is nodata −9999 unless told."""

    def write(values, name="map.tif", grid=None, kind=gdal.GDT_Float32, nodata=-9999.0):
        values = np.atleast_2d(np.asarray(values, float))
        grid = grid or Grid(UTM.crs, UTM.transform, values.shape)
        dataset = grid.create(str(tmp_path / name), kind=kind, nodata=nodata)
        dataset.GetRasterBand(1).WriteArray(np.where(np.isnan(values), -9999.0, values))
        dataset.FlushCache()
        return str(tmp_path / name)

    return write


@pytest.fixture
def layer_of(tmp_path):
    """Write a GeoPackage of geometries as WKT with fields of text or numbers."""

    def write(shapes, file="slides.gpkg", crs=32639, **fields):
        path = str(tmp_path / file)
        dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
        layer = dataset.CreateLayer(Path(file).stem, reference_of(crs), ogr.wkbUnknown)
        for field, column in fields.items():
            layer.CreateField(ogr.FieldDefn(field, ogr.OFTInteger if isinstance(column[0], int) else ogr.OFTString))
        for number, shape in enumerate(shapes):
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(ogr.CreateGeometryFromWkt(shape))
            for field, column in fields.items():
                if column[number] is not None:
                    feature[field] = column[number]
            layer.CreateFeature(feature)
        dataset.FlushCache()
        return path

    return write
