# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.grid import Window
from scarp.engine.stack import Stack
from scarp.engine.tasks.prepare_covariates import run
from scarp.engine.terrain import FLAT_ASPECT, Neighbourhood

gdal.UseExceptions()


def surface(function, size=40, cell=10.0):
    y, x = np.mgrid[size * cell : 0 : -cell, 0 : size * cell : cell]
    return function(x - x.mean(), y - y.mean()), x - x.mean(), y - y.mean()


@pytest.mark.parametrize("method", ["horn", "zevenbergen_thorne"])
def test_a_plane_has_its_own_slope_everywhere(method):
    z, *_ = surface(lambda x, y: 0.3 * x - 0.4 * y)
    cells = Neighbourhood(np.pad(z, 1, constant_values=np.nan), 10, 10, method)
    np.testing.assert_allclose(cells.slope(), np.degrees(np.arctan(0.5)), atol=1e-9)
    np.testing.assert_allclose(cells.aspect(), np.degrees(np.arctan2(-0.3, 0.4)) % 360, atol=1e-9)
    np.testing.assert_allclose(cells.plan_curvature(), 0, atol=1e-9)


def test_flat_ground_has_no_aspect():
    cells = Neighbourhood(np.full((5, 5), 7.0), 10, 10)
    assert (cells.aspect() == FLAT_ASPECT).all()
    assert (cells.profile_curvature() == 0).all()


def test_a_cone_has_contours_of_its_radius():
    z, x, y = surface(lambda x, y: 1000 - 0.2 * np.hypot(x, y), size=101, cell=1.0)
    cells = Neighbourhood(z, 1, 1)
    radius = np.hypot(x, y)[1:-1, 1:-1]
    far = radius > 20
    np.testing.assert_allclose(cells.plan_curvature()[far], 1 / radius[far], rtol=1e-2)


def test_published_derivatives_of_ecuador(data_folder, tmp_path):
    output = str(tmp_path / "stack.tif")
    run(Feedback(), dem=str(data_folder / "ecuador" / "dem.tif"), slope_method="zevenbergen_thorne", output=output)
    stack = Stack.open(output)
    rows, cols = stack.grid.shape
    ours = stack.read(Window(0, 0, rows, cols), names=["slope", "plan_curvature", "profile_curvature"])
    published = gdal.Open(str(data_folder / "ecuador" / "ta_saga.tif"))
    bands = [published.GetRasterBand(number) for number in (1, 2, 3)]
    theirs = np.stack([band.ReadAsArray().astype(float) for band in bands], axis=-1)
    elevation = gdal.Open(str(data_folder / "ecuador" / "dem.tif")).ReadAsArray()
    valid = elevation != -9999
    interior = np.zeros_like(valid)
    interior[1:-1, 1:-1] = np.lib.stride_tricks.sliding_window_view(valid, (3, 3)).all(axis=(2, 3))
    for band, tolerance in ((0, 1e-4), (1, 1e-6), (2, 1e-6)):
        difference = np.abs(ours[..., band] - theirs[..., band])[interior]
        # Both are stored in 32 bits, and plan curvature has no bound where the ground is nearly level.
        allowed = tolerance + 1e-5 * np.abs(theirs[..., band])[interior]
        assert (difference <= allowed).mean() == 1, (band, (difference > allowed).sum(), difference.max())


@pytest.mark.parametrize("window_px", [64, 4096])
def test_slope_and_aspect_are_those_of_gdal(data_folder, tmp_path, window_px, monkeypatch):
    monkeypatch.setattr("scarp.engine.tasks.prepare_covariates._WINDOW_PX", window_px)
    dem = str(data_folder / "ecuador" / "dem.tif")
    output = str(tmp_path / "stack.tif")
    run(Feedback(), dem=dem, output=output)
    stack = Stack.open(output)
    ours = stack.read(Window(0, 0, *stack.grid.shape), names=["slope", "aspect"])
    for index, name in enumerate(("slope", "aspect")):
        theirs = gdal.DEMProcessing("", dem, name, format="MEM").ReadAsArray()
        both = (theirs != -9999) & np.isfinite(ours[..., index])
        assert both.mean() > 0.95
        if name == "aspect":  # GDAL computes in 32 bits, which shows where the ground is nearly level
            both &= ours[..., 0] > 2
        difference = np.abs(ours[..., index] - theirs)[both]
        assert np.minimum(difference, 360 - difference).max() < (5e-2 if name == "aspect" else 2e-3)


def test_a_dem_in_degrees_is_refused(tmp_path):
    path = str(tmp_path / "dem.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 8, 8, 1, gdal.GDT_Float32)
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    dataset.SetProjection(reference.ExportToWkt())
    dataset.SetGeoTransform((51, 0.01, 0, 33, 0, -0.01))
    dataset.GetRasterBand(1).WriteArray(np.arange(64.0).reshape(8, 8))
    dataset = None
    with pytest.raises(EngineError, match="gdal:warpreproject"):
        run(Feedback(), dem=path, output=str(tmp_path / "stack.tif"))
