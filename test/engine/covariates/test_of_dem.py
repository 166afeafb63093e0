# SPDX-License-Identifier: GPL-2.0-or-later
"""Every covariate of the DEM, read back by value from the stack that the task writes, on a grid of oblong cells."""

import numpy as np
import pytest
from listening import Listener
from osgeo import osr
from scarp.engine.covariates.disc import half_widths
from scarp.engine.covariates.flow import Flow
from scarp.engine.covariates.terrain import derive, halo_of
from scarp.engine.declarations.covariates import BY_NAME, TERRAIN
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.stack import Stack
from scarp.engine.tasks.prepare_covariates import run
from scipy import ndimage

WIDTH, HEIGHT = 20.0, 35.0
CELL_M2 = WIDTH * HEIGHT
AREA_KM2 = 8 * CELL_M2 / 1e6  # of the drainage network: eight cells


def hill(rows=44, cols=31, seed=2):
    """A rough slope to the south in several valleys, with a level terrace and a hole."""
    rng = np.random.default_rng(seed)
    row, col = np.mgrid[:rows, :cols]
    z = 900 - 9.0 * row - 0.5 * col + 6 * np.sin(col / 1.2) + rng.uniform(0, 2.2, (rows, cols))
    z[30:35, 10:16] = 600.0
    return z.astype(np.float32)


@pytest.fixture
def prepare(tmp_path, odd_grid):
    """Run the task on elevations, on the odd grid or another; return the stack's values by name."""

    def prepare(z, listener=None, grid=None, **parameters):
        dem = (grid or odd_grid(*z.shape)).create(str(tmp_path / "dem.tif"), nodata=-9999)
        dem.GetRasterBand(1).WriteArray(np.where(np.isnan(z), np.float32(-9999), z))
        dem = None
        output = str(tmp_path / "stack.tif")
        run(listener or Feedback(), dem=str(tmp_path / "dem.tif"), output=output, **{"drainage_area": AREA_KM2, **parameters})
        stack = Stack.open(output)
        return dict(zip(stack.names, np.moveaxis(stack.read(Window(0, 0, *z.shape)), -1, 0)))

    return prepare


def expected_flow(z, method):
    """The covariates of the flow, written down from their definitions on the flow's cells."""
    flow = Flow(z, (WIDTH, HEIGHT))
    known = np.isfinite(z)
    spans = half_widths(0.0, WIDTH, HEIGHT)
    gradient = derive(np.pad(z.astype(float), 1, constant_values=np.nan), ["gradient"], (WIDTH, HEIGHT), method, spans)["gradient"]
    gradient = np.maximum(gradient, 0.001)
    area = np.where(known, flow.cells * CELL_M2, np.nan)
    contour = np.sqrt(CELL_M2)  # the width of a contour in a cell
    network = flow.cells >= 8
    length = flow.stream_length(network)
    rows, cols = np.mgrid[: z.shape[0], : z.shape[1]]
    density = np.full(z.shape, np.nan)
    for row, col in np.argwhere(known):
        disc = (np.hypot((rows - row) * HEIGHT, (cols - col) * WIDTH) <= 1000) & known
        density[row, col] = length[disc].sum() / 1000 / (disc.sum() * CELL_M2 / 1e6)
    return {
        "flow_accumulation": np.log10(area),
        "specific_catchment_area": np.log10(area / contour),
        "topographic_wetness": np.log(area / contour / gradient),
        "stream_power": np.log(area / contour * gradient),
        "distance_to_drainage": np.where(known, ndimage.distance_transform_edt(~network, sampling=(HEIGHT, WIDTH)), np.nan),
        "height_above_drainage": flow.height_above(network),
        "drainage_density": density,
        "watershed": flow.watersheds()[0],
    }


@pytest.mark.parametrize("method", ["horn", "zevenbergen_thorne"])
def test_flow_is_read_back_by_value(prepare, method):
    z = hill()
    z[12:16, 20:25] = np.nan
    names = [name for name in TERRAIN if BY_NAME[name].family == "flow"]
    found = prepare(z, terrain=names, slope_method=method)
    expected = expected_flow(z, method)
    assert list(found) == list(expected) == names
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-5, err_msg=name)
    assert np.ptp(found["drainage_density"][np.isfinite(z)]) > 0.5


ACCUMULATED = ["flow_accumulation", "specific_catchment_area", "topographic_wetness", "stream_power"]


@pytest.mark.parametrize("method", ["mfd", "dinf"])
def test_shared_flow_is_read_back_by_value(prepare, method, tmp_path):
    """Of a DEM with a gap, with what the bands say of themselves; distances, heights and watersheds are those of D8."""
    z = hill()
    z[12:16, 20:25] = np.nan
    names = [name for name in TERRAIN if BY_NAME[name].family == "flow"]
    listener = Listener()
    found = prepare(z, listener, terrain=names, slope_method="horn", flow_method=method)
    expected = expected_flow(z, "horn")
    flow = Flow(z, (WIDTH, HEIGHT), method)
    area = np.where(np.isfinite(z), flow.accumulated() * CELL_M2, np.nan)
    width = flow.outflow_m() if method == "mfd" else np.sqrt(CELL_M2)
    wider = np.log(area / 10 ** expected["flow_accumulation"])  # than by D8
    expected |= {
        "flow_accumulation": np.log10(area),
        "specific_catchment_area": np.log10(area / width),
        "topographic_wetness": expected["topographic_wetness"] + wider,
        "stream_power": expected["stream_power"] + wider,
    }
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    assert np.nanmax(np.abs(wider)) > 0.3
    told = {"mfd": "Multiple flow, Freeman (1991)", "dinf": "D∞, Tarboton (1997)"}[method]
    assert f"Contributing area: {told}." in listener.messages
    stack = Stack.open(str(tmp_path / "stack.tif"))
    assert [each.name for each in stack.covariates if each.classes] == ["watershed"]
    for name in ACCUMULATED:
        assert stack.covariate(name).source.endswith(f"; {told}")
    over = "the contours that it crosses, Quinn et al. (1991)" if method == "mfd" else "cell size"
    assert stack.covariate("specific_catchment_area").source == f"contributing area over {over}; {told}"


def test_flow_goes_by_eight_directions_unless_told(prepare, tmp_path):
    names = ["specific_catchment_area", "topographic_wetness"]
    plain, told = prepare(hill(), terrain=names), prepare(hill(), terrain=names, flow_method="d8")
    for name in names:
        np.testing.assert_array_equal(plain[name], told[name])
    source = Stack.open(str(tmp_path / "stack.tif")).covariate("specific_catchment_area").source
    assert source == "contributing area over cell size; D8, O'Callaghan and Mark (1984)"


@pytest.mark.parametrize("method", ["d8", "mfd", "dinf"])
def test_every_cell_of_a_coarser_dem_has_its_area(prepare, tmp_path, odd_grid, method):
    """With larger cells and a gap, to the edge: at least the cell's own area, and together no more than the DEM's."""
    z = hill(80, 60)
    z[30:40, 20:30] = np.nan
    dem = odd_grid(*z.shape).create(str(tmp_path / "fine.tif"), nodata=-9999)
    dem.GetRasterBand(1).WriteArray(np.where(np.isnan(z), np.float32(-9999), z))
    dem = None
    output = str(tmp_path / "coarse.tif")
    run(Feedback(), dem=str(tmp_path / "fine.tif"), cell_size=70.0, terrain=["altitude", *ACCUMULATED], flow_method=method, output=output)
    stack = Stack.open(output)
    values = stack.read(Window(0, 0, *stack.grid.shape))
    known = np.isfinite(values[..., 0])
    assert 0.9 < known.mean() < 1
    assert np.isfinite(values[known]).all()
    area = 10.0 ** values[..., 1][known]
    assert area.min() >= 4900 * (1 - 1e-5)
    assert 20 * 4900 < area.max() <= known.sum() * 4900


@pytest.mark.parametrize("method", ["mfd", "dinf"])
def test_a_dem_in_degrees_is_refused_by_every_method(tmp_path, method):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(4326)
    grid = Grid(reference.ExportToWkt(), (50.0, 0.001, 0.0, 36.0, 0.0, -0.001), (20, 20))
    dem = grid.create(str(tmp_path / "degrees.tif"))
    dem.GetRasterBand(1).WriteArray(hill(20, 20))
    dem = None
    with pytest.raises(EngineError, match="degrees"):
        run(Feedback(), dem=str(tmp_path / "degrees.tif"), flow_method=method, output=str(tmp_path / "stack.tif"))


def test_a_dem_too_small_for_the_drainage_area_gets_a_network_and_says_so(prepare):
    """From a tenth of the largest catchment on, as if that had been asked for; so the defaults serve any DEM."""
    z, listener = hill(), Listener()
    most = Flow(z, (WIDTH, HEIGHT)).cells.max() * CELL_M2 / 1e6
    names = ["distance_to_drainage", "height_above_drainage", "drainage_density"]
    found, same = prepare(z, listener, terrain=names, drainage_area=1000.0), prepare(z, terrain=names, drainage_area=most / 10)
    for name in names:
        np.testing.assert_array_equal(found[name], same[name])
    assert np.ptp(found["height_above_drainage"]) > 1
    (told,) = listener.warnings
    assert told == (
        f"No cell of the DEM drains 1000 km²; the drainage network begins at {most / 10:.3g} km² instead, a tenth of the most that a cell "
        "drains (DRAINAGE_AREA)."
    )
    listener.warnings.clear()
    prepare(z, listener, terrain=names, drainage_area=most)
    assert not listener.warnings


def test_level_ground_is_as_wet_as_a_gradient_of_a_thousandth(prepare):
    found = prepare(hill(), terrain=["slope", "specific_catchment_area", "topographic_wetness", "stream_power"])
    level = found["slope"] == 0
    assert level.any()
    specific = 10 ** found["specific_catchment_area"][level].astype(float)
    np.testing.assert_allclose(found["topographic_wetness"][level], np.log(specific / 0.001), rtol=1e-5)
    np.testing.assert_allclose(found["stream_power"][level], np.log(specific * 0.001), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["horn", "zevenbergen_thorne"])
@pytest.mark.parametrize("window", [300.0, 90.0])
def test_terrain_is_read_back_by_value(prepare, method, window):
    z = hill()
    names = [name for name in TERRAIN if BY_NAME[name].family == "terrain"]
    found = prepare(z, terrain=names, slope_method=method, window=window)
    spans = half_widths(window, WIDTH, HEIGHT)
    expected = derive(np.pad(z.astype(float), halo_of(names, spans), constant_values=np.nan), names, (WIDTH, HEIGHT), method, spans)
    assert list(found) == names
    for name in names:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6, atol=1e-7, err_msg=name)


def test_the_declared_defaults_are_used(prepare):
    """Slope by Horn, a window of 300 m, drainage from 1 km² on, elevations in metres."""
    z = np.tile(hill(44, 60), (4, 1)) - np.repeat(np.arange(4) * 400.0, 44)[:, None].astype(np.float32)
    names = ["slope", "local_relief", "distance_to_drainage", "altitude"]
    told = prepare(z, terrain=names, slope_method="horn", window=300.0, drainage_area=1.0, z_factor=1.0)
    np.testing.assert_array_equal(told["altitude"], z)
    dem = {"terrain": names}
    plain = prepare(z, **dem, drainage_area=1)
    for name in names:
        np.testing.assert_array_equal(plain[name], told[name])


def test_a_z_factor_counts_in_terrain_and_flow(prepare):
    names = ["altitude", "slope", "topographic_wetness", "height_above_drainage", "flow_accumulation", "local_relief"]
    metres = prepare(hill(), terrain=names)
    feet = prepare(hill() / np.float32(0.3048), terrain=names, z_factor=0.3048)
    for name in names:
        np.testing.assert_allclose(feet[name], metres[name], rtol=2e-4, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("method", ["d8", "mfd"])
def test_cells_in_feet_count_in_metres(prepare, odd_grid, method):
    z, foot = hill(), 1200 / 3937
    chosen = {"terrain": list(TERRAIN), "flow_method": method, "z_factor": 1.0, "window": 30.0, "drainage_area": 0.003}
    feet = prepare(z, grid=odd_grid(*z.shape, epsg=2263, corner=(982_347.3, 198_761.9)), **chosen)  # New York in US survey feet
    metres = prepare(z, grid=odd_grid(*z.shape, width=WIDTH * foot, height=HEIGHT * foot), **chosen)
    for name, values in metres.items():
        np.testing.assert_allclose(feet[name], values, rtol=1e-5, atol=1e-5, err_msg=name)
    assert 0 < np.mean(metres["distance_to_drainage"] == 0) < 0.2


def test_a_circle_too_wide_for_the_cells_is_told_where_something_is_counted_in_it(prepare, odd_grid):
    """1000 cells of 0.25 m are less than the default window and than the circle of drainage density."""
    fine = {"z": hill(), "grid": odd_grid(44, 31, width=0.25, height=0.4)}
    assert list(prepare(**fine, terrain=["slope", "height_above_drainage"])) == ["slope", "height_above_drainage"]
    with pytest.raises(EngineError, match=r"\(WINDOW\) must be at most 1000 cells, 250 m on this grid; found 300 m"):
        prepare(**fine, terrain=["slope", "local_relief"])
    with pytest.raises(EngineError, match=r"^Drainage density .* 1000 m, .* 1000 cells, 250 m on this grid; leave it out \(TERRAIN\)"):
        prepare(**fine, terrain=["slope", "drainage_density"], window=100.0)


def test_an_unknown_covariate_and_a_repeated_one(prepare):
    with pytest.raises(EngineError, match="steepness"):
        prepare(hill(), terrain=["slope", "steepness"])
    assert list(prepare(hill(), terrain=["slope", "altitude", "slope"])) == ["slope", "altitude"]


def test_one_thread_and_two_write_the_same_bytes(prepare, tmp_path, monkeypatch):
    """Of all covariates, by windows that are computed at once, with a gap that some of them lie in."""
    z = hill(150, 131)
    z[40:60, 70:80] = np.nan
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 32)
    found = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("scarp.engine.covariates.build.cores", lambda threads=threads: threads)
        prepare(z, terrain=list(TERRAIN), flow_method="mfd")
        found.append((tmp_path / "stack.tif").read_bytes())
    assert found[0] == found[1] == found[2]


def test_windows_leave_no_seams_on_made_ground(prepare, monkeypatch):
    """The twin of the test on real data."""
    z = hill(90, 71)
    everything = {"terrain": list(TERRAIN), "window": 130.0}
    whole = prepare(z, **everything)
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 32)
    pieces = prepare(z, **everything)
    for name, band in whole.items():
        np.testing.assert_allclose(pieces[name], band, rtol=1e-5, atol=1e-6, err_msg=name)
