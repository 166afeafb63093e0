# SPDX-License-Identifier: GPL-2.0-or-later
import shutil

import numpy as np
import pytest
from osgeo import gdal, osr
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Grid, Window, open_raster, read_window

WINDOW = Window(0, 0, 2, 3)
VALUES = np.array([[1, -9999, 7], [-1, 0, 110101003]], np.int32)


@pytest.fixture
def raster(tmp_path):
    """A raster without a CRS that declares -1 as nodata."""
    path = str(tmp_path / "soil depth.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 3, 2, 2, gdal.GDT_Int32)
    dataset.SetGeoTransform((500000.0, 20.0, 0.0, 3600000.0, 0.0, -35.0))
    for number in (1, 2):
        band = dataset.GetRasterBand(number)
        band.WriteArray(VALUES * number)
        band.SetNoDataValue(-1)
        band.SetDescription(f"depth {number}")
    return path


def shown(source):
    return read_window(open_raster(source), WINDOW, dtype=np.float64).ravel().tolist()


def test_a_crs_set_in_qgis_counts(raster):
    with pytest.raises(EngineError, match="soil depth.tif has no coordinate reference system"):
        open_raster(raster)
    dataset = open_raster(f"{raster}|crs=EPSG:32639")
    assert Grid.of(dataset).spatial_reference.GetAuthorityCode(None) == "32639"
    assert Grid.of(dataset).transform == (500000.0, 20.0, 0.0, 3600000.0, 0.0, -35.0)
    assert [dataset.GetRasterBand(number).GetDescription() for number in (1, 2)] == ["depth 1", "depth 2"]
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(3116)
    dataset = open_raster(f"{raster}|crs={reference.ExportToWkt()}")
    assert reference.IsSame(dataset.GetSpatialRef(), ["IGNORE_DATA_AXIS_TO_SRS_AXIS_MAPPING=YES"])


def test_nodata_set_in_qgis_counts_besides_the_files(raster):
    crs = "|crs=EPSG:32639"
    none = np.nan
    assert shown(raster + crs) == pytest.approx([1, -9999, 7, none, 0, 110101003], nan_ok=True)
    assert shown(f"{raster}{crs}|ownnodata=no") == [1, -9999, 7, -1, 0, 110101003]
    assert shown(f"{raster}{crs}|nodata=-9999:-9999") == pytest.approx([1, none, 7, none, 0, 110101003], nan_ok=True)
    assert shown(f"{raster}{crs}|nodata=-9999:-9999,7:7") == pytest.approx([1, none, none, none, 0, 110101003], nan_ok=True)
    assert shown(f"{raster}{crs}|nodata=0:0|ownnodata=no") == pytest.approx([1, -9999, 7, -1, none, 110101003], nan_ok=True)
    with pytest.raises(EngineError, match=r"soil depth.tif has a range of nodata values \(0 to 7\) set in QGIS"):
        shown(f"{raster}{crs}|nodata=0:7")


def test_a_file_of_several_rasters_is_not_guessed(tmp_path):
    path = str(tmp_path / "climate.gpkg")
    for number, table in enumerate(("rain", "temperature")):
        append = ["APPEND_SUBDATASET=YES"] if number else []
        dataset = gdal.GetDriverByName("GPKG").Create(path, 4, 4, 1, gdal.GDT_Byte, [f"RASTER_TABLE={table}", *append])
        dataset.SetGeoTransform((500000.0, 20.0, 0.0, 3600000.0, 0.0, -35.0))
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32639)
        dataset.SetProjection(reference.ExportToWkt())
        dataset.GetRasterBand(1).Fill(number + 5)
        dataset = None
    with pytest.raises(EngineError, match=f"climate.gpkg holds several rasters.*GPKG:{path}:rain, GPKG:{path}:temperature"):
        open_raster(path)
    assert read_window(open_raster(f"GPKG:{path}:temperature"), Window(0, 0, 1, 1)) == 6


def test_a_path_may_hold_a_pipe_and_what_cannot_be_opened_is_called_as_in_qgis(raster, tmp_path):
    shutil.copyfile(raster, tmp_path / "a|b.tif")
    assert shown(f"{tmp_path / 'a|b.tif'}|crs=EPSG:32639")[0] == 1
    with pytest.raises(EngineError, match="The raster Depth of soil cannot be opened"):
        open_raster(f"{tmp_path / 'gone.tif'}|name=Depth of soil")
