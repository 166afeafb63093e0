# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.covariates.disc import half_widths
from scarp.engine.covariates.terrain import FLAT_ASPECT, TERRAIN, derive, halo_of
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.tasks.prepare_covariates import run

gdal.UseExceptions()


def surface(function, size=40, cell=10.0):
    y, x = np.mgrid[size * cell : 0 : -cell, 0 : size * cell : cell]
    return function(x - x.mean(), y - y.mean()), x - x.mean(), y - y.mean()


def computed(z, names=TERRAIN, cell=10.0, method="zevenbergen_thorne", radius=30.0):
    """The covariates of a surface without a halo: its edge is the raster's."""
    spans = half_widths(radius, cell, cell)
    halo = halo_of(names, spans)
    return derive(np.pad(z, halo, constant_values=np.nan), names, (cell, cell), method, spans)


@pytest.mark.parametrize("method", ["horn", "zevenbergen_thorne"])
def test_a_plane_has_its_own_slope_everywhere(method):
    z, *_ = surface(lambda x, y: 0.3 * x - 0.4 * y)
    found = computed(z, method=method)
    np.testing.assert_allclose(found["slope"], np.degrees(np.arctan(0.5)), rtol=1e-6)
    np.testing.assert_allclose(found["aspect"], np.degrees(np.arctan2(-0.3, 0.4)) % 360, rtol=1e-6)
    np.testing.assert_allclose(found["northness"], 0.8, rtol=1e-6)
    np.testing.assert_allclose(found["eastness"], -0.6, rtol=1e-6)
    for name in ("plan_curvature", "profile_curvature", "general_curvature", "vector_ruggedness"):
        np.testing.assert_allclose(found[name], 0, atol=1e-6)
    # Squared differences of a plane from its 8 neighbours sum to 6 (a² + b²) cells²; it falls by 2 (a + b) cells across 3×3.
    np.testing.assert_allclose(found["ruggedness"], np.sqrt(6 * 0.25) * 10, rtol=1e-6)
    np.testing.assert_allclose(found["roughness"], 2 * 0.7 * 10, rtol=1e-6)
    inner = slice(3, -3)
    np.testing.assert_allclose(found["topographic_position"][inner, inner], 0, atol=1e-6)
    # The farthest cells of a disc of 3 cells along (3, -4): at (2, -2), or (0, -3) and (3, 0).
    np.testing.assert_allclose(found["local_relief"][inner, inner], 2 * max(2 * 0.7, 3 * 0.4) * 10, rtol=1e-6)


def test_flat_ground_has_no_aspect():
    found = computed(np.full((5, 5), 7.0))
    assert (found["aspect"] == FLAT_ASPECT).all()
    for name in ("northness", "eastness", "profile_curvature", "plan_curvature", "vector_ruggedness", "topographic_position"):
        assert (found[name] == 0).all()


def test_a_cone_has_contours_of_its_radius():
    z, x, y = surface(lambda x, y: 1000 - 0.2 * np.hypot(x, y), size=101, cell=1.0)
    found = computed(z, cell=1.0)
    radius = np.hypot(x, y)
    far = (radius > 20) & (np.abs(x) < 49) & (np.abs(y) < 49)
    np.testing.assert_allclose(found["plan_curvature"][far], 1 / radius[far], rtol=1e-2)
    np.testing.assert_allclose(found["profile_curvature"][far], 0, atol=2e-4)
    np.testing.assert_allclose(found["slope"][far], np.degrees(np.arctan(0.2)), rtol=1e-3)


def test_a_sphere_is_curved_alike_everywhere():
    radius = 500.0
    z, x, y = surface(lambda x, y: np.sqrt(radius**2 - x**2 - y**2), size=101, cell=1.0)
    found = computed(z, cell=1.0)
    out = np.hypot(x, y)
    inner = (out > 5) & (np.abs(x) < 49) & (np.abs(y) < 49)
    np.testing.assert_allclose(found["profile_curvature"][inner], 1 / radius, rtol=1e-3)
    np.testing.assert_allclose(found["plan_curvature"][inner], 1 / out[inner], rtol=1e-3)
    # -(z_xx + z_yy) of z = √(R² - ρ²) is (2 R² - ρ²) / z³.
    np.testing.assert_allclose(found["general_curvature"][inner], ((2 * radius**2 - out**2) / z**3)[inner], rtol=1e-3)
    np.testing.assert_allclose(found["slope"][inner], np.degrees(np.arcsin(out / radius))[inner], rtol=1e-3)
    np.testing.assert_allclose(found["aspect"][inner], (np.degrees(np.arctan2(x, y)) % 360)[inner], atol=0.02)


def test_a_saddle_has_no_general_curvature():
    z, x, y = surface(lambda x, y: 1e-3 * (x**2 - y**2), size=41)
    found = computed(z)
    inner = np.zeros(z.shape, bool)
    inner[2:-2, 2:-2] = True
    np.testing.assert_allclose(found["general_curvature"][inner], 0, atol=1e-7)
    diagonal = inner & (np.abs(np.abs(x) - np.abs(y)) < 1e-6) & (np.hypot(x, y) > 20)
    np.testing.assert_allclose(found["plan_curvature"][diagonal], 0, atol=1e-7)
    along_x = inner & (np.abs(y) <= 5) & (np.abs(x) > 50)
    assert (found["profile_curvature"][along_x] < 0).all()  # concave along the slope, which steepens uphill
    assert (found["plan_curvature"][along_x] > 0).all()


def test_discs_are_what_they_say():
    rng = np.random.default_rng(3)
    z = rng.normal(100, 20, (24, 31))
    z[rng.random(z.shape) < 0.1] = np.nan
    found = computed(z, radius=45.0)
    rows, cols = np.mgrid[: z.shape[0], : z.shape[1]]
    for row, col in [(0, 0), (3, 30), (12, 15), (23, 7)]:
        disc = z[np.hypot(rows - row, cols - col) * 10 <= 45]
        if np.isnan(z[row, col]):
            assert np.isnan(found["topographic_position"][row, col])
            continue
        np.testing.assert_allclose(found["topographic_position"][row, col], z[row, col] - np.nanmean(disc), atol=1e-4)
        np.testing.assert_allclose(found["local_relief"][row, col], np.nanmax(disc) - np.nanmin(disc), rtol=1e-6)
    p, q = np.tan(np.radians(found["slope"])) * found["eastness"], np.tan(np.radians(found["slope"])) * found["northness"]
    normals = np.stack([p, q, np.ones_like(p)]) / np.sqrt(1 + p**2 + q**2)
    disc = np.hypot(rows - 12, cols - 15) * 10 <= 45
    expected = 1 - np.linalg.norm(np.nansum(normals[:, disc], axis=1)) / np.isfinite(z[disc]).sum()
    np.testing.assert_allclose(found["vector_ruggedness"][12, 15], expected, rtol=1e-4)


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
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", window_px)
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


def values_of(path):
    dataset = gdal.Open(str(path))
    band = dataset.GetRasterBand(1)
    values = band.ReadAsArray().astype(float)
    return np.where(values == band.GetNoDataValue(), np.nan, values)


@pytest.mark.parametrize(
    ("reference", "name", "method", "radius", "scale"),
    [
        ("slope_zt", "slope", "zevenbergen_thorne", 10.0, 1.0),
        ("slope_horn", "slope", "horn", 10.0, 1.0),
        ("tpi_100m", "topographic_position", "horn", 100.0, 1.0),
        # SAGA takes the root of the mean over 9 cells, Riley et al. (1999) of the sum.
        ("tri_1cell", "ruggedness", "horn", 10.0, 1 / 3),
        # SAGA's window of one cell is 3×3, so the disc must reach the diagonal; its slope is Zevenbergen and Thorne's.
        ("vrm_1cell", "vector_ruggedness", "zevenbergen_thorne", 14.2, 1.0),
    ],
)
def test_saga_agrees(data_folder, reference, name, method, radius, scale):
    folder = data_folder / "ecuador"
    z, theirs = (values_of(path) for path in (folder / "dem.tif", folder / "ref_saga850" / f"{reference}.tif"))
    ours = computed(z, [name], method=method, radius=radius)[name] * scale
    # Missing neighbours are treated differently: two cells from the edge and from nodata nothing of that is left.
    known = np.pad(np.isfinite(z), 2)
    inner = np.lib.stride_tricks.sliding_window_view(known, (5, 5)).all(axis=(2, 3)) & np.isfinite(theirs)
    assert inner.sum() > 150_000
    np.testing.assert_allclose(ours[inner], theirs[inner], rtol=1e-5, atol=1e-5)
