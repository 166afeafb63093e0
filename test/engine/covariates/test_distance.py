# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal, osr
from scarp.engine.covariates.distance import distance_raster
from scarp.engine.files.grid import Grid, Window
from scipy import ndimage


def grid_of(rows, cols, width=30.0, height=20.0):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    return Grid(reference.ExportToWkt(), (500000.0, width, 0.0, 3600000.0, 0.0, -height), (rows, cols))


@pytest.mark.parametrize("strip_px", [7, 512])
@pytest.mark.parametrize("share", [0.3, 0.003, 0.0003])
def test_distances_are_those_of_the_exact_transform(tmp_path, monkeypatch, strip_px, share):
    monkeypatch.setattr("scarp.engine.covariates.distance._STRIP_PX", strip_px)
    touched = np.random.default_rng(4).random((90, 130)) < share
    touched[61, 17] = True
    mask = grid_of(90, 130).create("/vsimem/mask.tif", 1, gdal.GDT_Byte)
    mask.GetRasterBand(1).WriteArray(touched.astype(np.uint8))
    inner = Window(11, 23, 50, 80)
    path = tmp_path / "distance.tif"
    assert distance_raster(mask, grid_of(50, 80), path, inner)
    expected = ndimage.distance_transform_edt(~touched, sampling=(20.0, 30.0))[11:61, 23:103]
    np.testing.assert_allclose(gdal.Open(str(path)).ReadAsArray(), expected, rtol=1e-6)


def test_nothing_to_measure_to(tmp_path):
    mask = grid_of(9, 9).create("/vsimem/empty.tif", 1, gdal.GDT_Byte)
    assert not distance_raster(mask, grid_of(9, 9), tmp_path / "distance.tif", Window(0, 0, 9, 9))
