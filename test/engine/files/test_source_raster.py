# SPDX-License-Identifier: GPL-2.0-or-later
import shutil

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Window, reference_of
from scarp.engine.files.raster import open_raster, open_rasters

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
    return open_rasters(source)[0].read(WINDOW, dtype=np.float64).ravel().tolist()


def test_a_crs_set_in_qgis_counts(raster):
    with pytest.raises(EngineError, match="soil depth.tif has no coordinate reference system"):
        open_rasters(raster)
    bands = open_rasters(f"{raster}|crs=EPSG:32639")
    assert bands[0].grid.spatial_reference.GetAuthorityCode(None) == "32639"
    assert bands[0].grid.transform == (500000.0, 20.0, 0.0, 3600000.0, 0.0, -35.0)
    assert [each.band.GetDescription() for each in bands] == ["depth 1", "depth 2"]
    reference = reference_of(3116)
    assert reference.IsSame(open_rasters(f"{raster}|crs={reference.ExportToWkt()}")[0].grid.spatial_reference)


def test_nodata_set_in_qgis_counts_besides_the_files(raster):
    crs = "|crs=EPSG:32639"
    none = np.nan
    assert shown(raster + crs) == pytest.approx([1, -9999, 7, none, 0, 110101003], nan_ok=True)
    assert shown(f"{raster}{crs}|ownnodata=no") == [1, -9999, 7, -1, 0, 110101003]
    assert shown(f"{raster}{crs}|nodata=-9999:-9999") == pytest.approx([1, none, 7, none, 0, 110101003], nan_ok=True)
    assert shown(f"{raster}{crs}|nodata=-9999:-9999,7:7") == pytest.approx([1, none, none, none, 0, 110101003], nan_ok=True)
    assert shown(f"{raster}{crs}|nodata=0:0|ownnodata=no") == pytest.approx([1, -9999, 7, -1, none, 110101003], nan_ok=True)
    assert shown(f"{raster}{crs}|nodata=0:7") == pytest.approx([none, -9999, none, none, none, 110101003], nan_ok=True)


def test_a_file_of_several_rasters_is_not_guessed(tmp_path):
    path = str(tmp_path / "climate.gpkg")
    for number, table in enumerate(("rain", "temperature")):
        append = ["APPEND_SUBDATASET=YES"] if number else []
        dataset = gdal.GetDriverByName("GPKG").Create(path, 4, 4, 1, gdal.GDT_Byte, [f"RASTER_TABLE={table}", *append])
        dataset.SetGeoTransform((500000.0, 20.0, 0.0, 3600000.0, 0.0, -35.0))
        dataset.SetProjection(reference_of(32639).ExportToWkt())
        dataset.GetRasterBand(1).Fill(number + 5)
        dataset = None
    with pytest.raises(EngineError, match=f"climate.gpkg holds 2 rasters; name one of them.*GPKG:{path}:rain, GPKG:{path}:temperature"):
        open_raster(path)
    assert open_raster(f"GPKG:{path}:temperature").read(Window(0, 0, 1, 1)) == 6


def test_a_path_may_hold_a_pipe_and_what_cannot_be_opened_is_called_as_in_qgis(raster, tmp_path):
    shutil.copyfile(raster, tmp_path / "a|b.tif")
    assert shown(f"{tmp_path / 'a|b.tif'}|crs=EPSG:32639")[0] == 1
    with pytest.raises(EngineError, match="The raster Depth of soil cannot be opened"):
        open_raster(f"{tmp_path / 'gone.tif'}|name=Depth of soil")
