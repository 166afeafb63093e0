# SPDX-License-Identifier: GPL-2.0-or-later
import math

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.covariates import terrain
from scarp.engine.covariates.disc import half_widths
from scarp.engine.covariates.terrain import FLAT_ASPECT, TERRAIN, derive, halo_of
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.tasks.prepare_covariates import run
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder

gdal.UseExceptions()
COVARIATE = [Covariate("aspect", "circular", "degree")]


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
    """The pages, the encoder and QGIS's users know it by −1: 0 would be north."""
    found = computed(np.full((5, 5), 7.0))
    assert (found["aspect"] == -1).all() and FLAT_ASPECT == -1
    encoder = Encoder(COVARIATE, [{}])
    assert (encoder.encode(found["aspect"][..., None]) == 0).all() and encoder.encode(np.zeros((1, 1)))[0].tolist() == [0, 1]
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


# Cells as they are in the field: wider or higher, and not as many rows as columns.
WIDTH, HEIGHT = 20.0, 35.0
A, B, C, D, E = 0.30, -0.20, 2e-3, -1.5e-3, 1e-3  # z = 500 + A x + B y + C x² + D y² + E x y, x to the east, y to the north


def quadratic(rows=16, cols=23):
    row, col = np.mgrid[:rows, :cols]
    x, y = (col - 8.3) * WIDTH, (6.1 - row) * HEIGHT
    return 500 + A * x + B * y + C * x**2 + D * y**2 + E * x * y, x, y


def derived(z, names=TERRAIN, method="horn", radius=0.0, width=WIDTH, height=HEIGHT):
    spans = half_widths(radius, width, height)
    return derive(np.pad(z, halo_of(names, spans), constant_values=np.nan), names, (width, height), method, spans)


@pytest.mark.parametrize("name", TERRAIN)
def test_each_is_the_same_alone_and_among_all(name):
    z, _, _ = quadratic()
    np.testing.assert_array_equal(derived(z, [name], radius=60.0)[name], derived(z, radius=60.0)[name])


@pytest.mark.parametrize("method", ["horn", "zevenbergen_thorne"])
def test_a_quadratic_surface_in_closed_form(method):
    """Both methods are exact on second-order surfaces, so every covariate of them has its textbook value."""
    z, x, y = quadratic()
    found = derived(z, method=method)
    p, q = A + 2 * C * x + E * y, B + 2 * D * y + E * x
    r, t, s = 2 * C, 2 * D, E
    gradient = np.hypot(p, q)
    expected = {
        "altitude": z,
        "gradient": gradient,
        "slope": np.degrees(np.arctan(gradient)),
        "aspect": np.degrees(np.arctan2(-p, -q)) % 360,
        "northness": -q / gradient,
        "eastness": -p / gradient,
        "plan_curvature": -(q**2 * r - 2 * p * q * s + p**2 * t) / gradient**3,
        "profile_curvature": -(p**2 * r + 2 * p * q * s + q**2 * t) / (gradient**2 * (1 + gradient**2) ** 1.5),
        "general_curvature": np.full_like(z, -(r + t)),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(found[name][1:-1, 1:-1], values[1:-1, 1:-1], rtol=2e-5, err_msg=name)


def test_the_two_methods_differ_as_they_should():
    """On z = x y² / 10⁴ the slope along x is y² for the middle row alone, and y² + h² / 2 over three rows weighted 1, 2, 1."""
    _, x, y = quadratic()
    z = x * y**2 / 1e4
    for method, along_x in (("zevenbergen_thorne", y**2), ("horn", y**2 + HEIGHT**2 / 2)):
        found = derived(z, ["gradient", "eastness", "plan_curvature"], method)
        inner = np.s_[1:-1, 1:-1]
        np.testing.assert_allclose((-found["eastness"] * found["gradient"])[inner], along_x[inner] / 1e4, rtol=1e-5, atol=1e-7)
    for method in ("zevenbergen_thorne", "horn"):  # curvatures are Zevenbergen and Thorne's in any case
        curvature = derived(z, ["plan_curvature"], method)["plan_curvature"]
        np.testing.assert_array_equal(curvature, found["plan_curvature"])


def test_ruggedness_and_roughness_of_3_by_3_cells():
    rng = np.random.default_rng(5)
    z = rng.normal(100, 9, (9, 13))
    found = derived(z, ["ruggedness", "roughness"])
    for row in range(1, 8):
        for col in range(1, 12):
            around = z[row - 1 : row + 2, col - 1 : col + 2]
            assert found["ruggedness"][row, col] == pytest.approx(np.sqrt(((around - z[row, col]) ** 2).sum()), rel=1e-5)
            assert found["roughness"][row, col] == pytest.approx(np.ptp(around), rel=1e-5)


def test_missing_neighbours_are_extrapolated_linearly():
    """One by one: the opposite neighbour mirrored, diagonals by the sides, and level ground where nothing tells."""
    nan = np.nan
    z = np.array([[nan, 4.0, nan], [nan, 10.0, 13.0], [nan, nan, 12.0]])
    found = derived(z, ["gradient", "eastness", "northness", "ruggedness", "roughness"], "zevenbergen_thorne")
    # North 4, so south 16; east 13, so west 7; south-east 12, so north-west 8.
    # Of the other two: north + east − 10 = 7, south + west − 10 = 13.
    p, q = (13 - 7) / (2 * WIDTH), (4 - 16) / (2 * HEIGHT)
    assert found["gradient"][1, 1] == pytest.approx(np.hypot(p, q), rel=1e-6)
    assert found["eastness"][1, 1] == pytest.approx(-p / np.hypot(p, q), rel=1e-6)
    assert found["northness"][1, 1] == pytest.approx(-q / np.hypot(p, q), rel=1e-6)
    differences = [4 - 10, 16 - 10, 13 - 10, 7 - 10, 12 - 10, 8 - 10, 7 - 10, 13 - 10]
    assert found["ruggedness"][1, 1] == pytest.approx(np.sqrt(np.square(differences).sum()), rel=1e-6)
    assert found["roughness"][1, 1] == pytest.approx(16 - 4)
    alone = derived(np.array([[nan, nan, nan], [nan, 10.0, nan], [nan, nan, nan]]), ["gradient", "aspect", "roughness"])
    assert (alone["gradient"][1, 1], alone["aspect"][1, 1], alone["roughness"][1, 1]) == (0, FLAT_ASPECT, 0)
    # North-west and south-east both missing: north + west − centre = 6, south + east − centre = 10.
    z = np.array([[nan, 4.0, 1.0], [5.0, 3.0, 8.0], [2.0, 5.0, nan]])
    found = derived(z, ["ruggedness"])["ruggedness"]
    assert found[1, 1] == pytest.approx(np.sqrt(sum((v - 3) ** 2 for v in (4, 1, 5, 8, 2, 5, 4 + 5 - 3, 5 + 8 - 3))), rel=1e-6)


def test_aspect_is_below_360_even_where_rounding_would_make_it_360():
    row, col = np.mgrid[:5, :7]
    z = 100.0 * row + 1e-7 * col  # falls to the north, and by a hair to the west
    aspect = derived(z, ["aspect"])["aspect"]
    assert (aspect == 0).all()
    assert (derived(z[::-1], ["aspect"])["aspect"] == 180).all()


def test_halos_are_what_each_covariate_needs():
    spans = half_widths(70.0, WIDTH, HEIGHT)  # reaches 3 columns and 2 rows
    assert halo_of(["slope"], spans) == 1
    assert halo_of(["topographic_position", "slope"], spans) == 3
    assert halo_of(["local_relief"], spans) == 3
    assert halo_of(["vector_ruggedness", "local_relief"], spans) == 4


@pytest.mark.parametrize("radius", [0.0, 75.0, 130.0])
@pytest.mark.parametrize("method", ["horn", "zevenbergen_thorne"])
def test_discs_of_oblong_cells(radius, method):
    rng = np.random.default_rng(3)
    z = rng.normal(100, 20, (70, 14))
    z[rng.random(z.shape) < 0.1] = np.nan
    found = derived(z, method=method, radius=radius)
    rows, cols = np.mgrid[: z.shape[0], : z.shape[1]]
    p, q = -found["gradient"] * found["eastness"], -found["gradient"] * found["northness"]
    normals = np.stack([-p, -q, np.ones_like(p)]) / np.sqrt(1 + p**2 + q**2)
    for row, col in [(0, 0), (3, 13), (12, 7), (66, 5), (69, 2)]:
        disc = np.hypot((rows - row) * HEIGHT, (cols - col) * WIDTH) <= max(radius, HEIGHT) + 1e-6
        disc &= np.isfinite(z)
        if np.isnan(z[row, col]):
            assert all(np.isnan(values[row, col]) for values in found.values())
            continue
        assert found["topographic_position"][row, col] == pytest.approx(z[row, col] - z[disc].mean(), abs=1e-4)
        assert found["local_relief"][row, col] == pytest.approx(np.ptp(z[disc]), rel=1e-6)
        length = np.linalg.norm(normals[:, disc].sum(axis=1)) / disc.sum()
        assert found["vector_ruggedness"][row, col] == pytest.approx(1 - length, abs=2e-5)


@pytest.mark.parametrize("method", ["horn", "zevenbergen_thorne"])
def test_a_window_with_its_surroundings_is_what_the_whole_is_there(method):
    """Inside a large raster no cell is missing in the halo, and none is counted or extrapolated; at its edge all is."""
    z = np.random.default_rng(6).normal(100, 20, (90, 30))
    whole = derived(z, method=method, radius=75.0)
    spans = half_widths(75.0, WIDTH, HEIGHT)
    for name in TERRAIN:
        halo = halo_of([name], spans)
        inside = derive(z, [name], (WIDTH, HEIGHT), method, spans)[name]
        np.testing.assert_allclose(inside, whole[name][halo:-halo, halo:-halo], rtol=2e-6, atol=2e-6, err_msg=name)


def test_slope_and_aspect_are_those_of_gdal_on_a_made_hill(odd_grid):
    """The twin of the test on real data; GDAL's aspect takes cells for square, so it is compared on square ones."""
    rng = np.random.default_rng(4)
    row, col = np.mgrid[:30, :41]
    z = (900 + 40 * np.sin(col / 5) * np.cos(row / 4) + 3 * col + rng.normal(0, 3, (30, 41))).astype(np.float32)
    for method, algorithm in (("horn", "Horn"), ("zevenbergen_thorne", "ZevenbergenThorne")):
        for name, height, tolerance in (("slope", 35.0, 2e-3), ("aspect", 20.0, 5e-2)):
            dem = odd_grid(30, 41, height=height).create(f"/vsimem/{method}_{name}.tif", nodata=-9999)
            dem.GetRasterBand(1).WriteArray(z)
            theirs = gdal.DEMProcessing("", dem, name, format="MEM", alg=algorithm).ReadAsArray()[1:-1, 1:-1]
            found = derived(z.astype(float), [name], method, height=height)[name][1:-1, 1:-1]
            difference = np.abs(found - theirs)
            assert np.minimum(difference, 360 - difference).max() < tolerance, (method, name)


def between(low, high, count):
    """Numbers of 64 bits just beside the middles between neighbours of 32 bits, where rounding turns by the last bit."""
    below = np.linspace(low, high, count, dtype=np.float32)
    middle = (below.astype(float) + np.nextafter(below, np.float32(np.inf))) / 2
    return (middle[:, None] * (1 + np.arange(-3, 4) * 2e-16)).ravel()


def test_angles_are_those_of_the_system_to_the_last_bit():
    rng = np.random.default_rng(4)
    turning = np.tan(np.radians(between(0.01, 89.9, 500)))
    gradient = np.concatenate([10.0 ** rng.uniform(-9, 5, 20_000), turning, [0, 0.66, 2.414213562373095]])
    found = np.empty(gradient.shape, np.float32)
    terrain._slopes(gradient, found)
    np.testing.assert_array_equal(found, np.float32([math.degrees(math.atan(each)) for each in gradient]))
    facing = np.radians(np.concatenate([rng.uniform(0, 360, 20_000), between(1e-3, 359.9999, 500)]))
    straight = np.array([(x, y) for x in (0.0, -0.0, 1.0, -1.0) for y in (0.0, -0.0, 1.0, -1.0, 1e-9) if x or y])
    along_x, along_y = np.append(-np.sin(facing), straight[:, 0]), np.append(-np.cos(facing), straight[:, 1])
    found = np.empty(along_x.shape, np.float32)
    terrain._aspects(along_x, along_y, np.hypot(along_x, along_y), np.empty(along_x.shape), found)
    expected = np.array([math.degrees(math.atan2(-x, -y)) for x, y in zip(along_x, along_y)])
    expected = np.where(expected < 0, expected + 360, expected).astype(np.float32)
    np.testing.assert_array_equal(found, np.where(expected == 360, 0, expected))
