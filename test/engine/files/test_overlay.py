# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.files.overlay import is_raster
from scarp.engine.files.raster import file_name


def test_a_file_of_a_raster_and_a_vector_is_not_guessed(tmp_path):
    path = str(tmp_path / "both.gpkg")
    raster = gdal.GetDriverByName("GPKG").Create(path, 4, 4, 1, gdal.GDT_Byte, ["RASTER_TABLE=elev"])
    raster.SetGeoTransform((0, 1, 0, 4, 0, -1))
    raster.GetRasterBand(1).WriteArray(np.ones((4, 4), np.uint8))
    raster = None
    assert is_raster(path)
    vectors = ogr.Open(path, 1)
    vectors.CreateLayer("units", None, ogr.wkbPolygon)
    vectors = None
    with pytest.raises(EngineError, match=rf"a raster and a vector layer.*{path}\|layername=units"):
        is_raster(path)
    assert is_raster(path, "name") is False
    assert is_raster(f"{path}|layername=units") is False


def test_a_layer_is_called_as_in_qgis():
    assert file_name("/d/geo.shp|layername=units") == "geo.shp"
    assert file_name("/tmp/layer.fgb|name=Geology 1:50,000") == "Geology 1:50,000"
