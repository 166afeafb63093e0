# SPDX-License-Identifier: GPL-2.0-or-later
"""What the loop that writes a stack masks, counts, warns of and names."""

from threading import Event, current_thread, main_thread
from time import sleep

import numpy as np
import pytest
from at_once import slowed
from listening import Listener
from osgeo import gdal
from scarp.engine.covariates.build import Build
from scarp.engine.covariates.categories import UNKNOWN_CODE
from scarp.engine.covariates.elevation import Elevation
from scarp.engine.covariates.flow import Flow
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.tasks.prepare_covariates import run

ROWS, COLS = 23, 17


def plane():
    row, col = np.mgrid[:ROWS, :COLS]
    return (500 + 3.0 * col - 2.0 * row).astype(np.float32)


@pytest.fixture
def raster(tmp_path, odd_grid):
    """Write an array on the odd grid, NaN as nodata; return its path."""

    def write(name, values, kind=gdal.GDT_Float32):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        dataset = odd_grid(*values.shape).create(str(path), kind=kind, nodata=-9999)
        dataset.GetRasterBand(1).WriteArray(np.where(np.isfinite(values), values, -9999))
        return str(path)

    return write


@pytest.fixture
def prepared(tmp_path, raster):
    """Run the task; return what was told, the covariates, and the values by name."""

    def prepare(z, **parameters):
        listener = Listener()
        output = str(tmp_path / "stack.tif")
        run(listener, dem=raster("dem.tif", z), output=output, **{"terrain": ["altitude"], **parameters})
        stack = Stack.open(output)
        return listener, stack, dict(zip(stack.names, np.moveaxis(stack.read(Window(0, 0, *z.shape)), -1, 0)))

    return prepare


def gaps(cells):
    """Values from 1 up that are missing on the first cells, counted along the rows."""
    values = np.arange(1.0, ROWS * COLS + 1)
    values[:cells] = np.nan
    return values.reshape(ROWS, COLS)


def test_a_cell_is_valid_where_every_covariate_is(prepared, raster):
    z = plane()
    z[10, 3:9] = np.nan
    first, second = gaps(7), gaps(0)
    second[20:, 15:] = np.nan
    told, stack, bands = prepared(z, extra_continuous=[raster("first.tif", first), raster("second.tif", second)])
    valid = np.isfinite(z) & np.isfinite(first) & np.isfinite(second)
    for name, values in (("altitude", z), ("first", first), ("second", second)):
        np.testing.assert_array_equal(bands[name], np.where(valid, values, np.nan).astype(np.float32))
    assert told.messages[-1] == f"3 covariates, {ROWS * COLS - 6 - 7 - 6} valid cells of {ROWS * COLS - 6} in the area."


@pytest.mark.parametrize(("cells", "warned"), [(19, False), (20, True)])
def test_more_than_a_twentieth_missing_is_a_warning(prepared, raster, cells, warned):
    """391 cells: 19 are 4.9 %, 20 are 5.1 %."""
    told, *_ = prepared(plane(), extra_continuous=[raster("rain.tif", gaps(cells))])
    sentence = f"rain is missing on {cells} of 391 cells ({100 * cells / 391:.1f} %), which become nodata."
    assert (sentence in told.warnings) is warned
    assert (sentence in told.messages) is not warned


def test_what_lies_outside_the_elevation_costs_nothing(prepared, raster):
    z = plane()
    z[:5] = np.nan
    told, *_ = prepared(z, extra_continuous=[raster("rain.tif", gaps(5 * COLS))])
    assert not [text for text in told.messages + told.warnings if "missing" in text]
    assert f"{18 * COLS} valid cells of {18 * COLS} in the area" in told.messages[-1]


def test_what_a_layer_lacks_is_counted_where_there_is_elevation(prepared, raster):
    """Five rows without elevation, and two cells more, which alone are lost."""
    z = plane()
    z[:5] = np.nan
    told, *_ = prepared(z, extra_continuous=[raster("rain.tif", gaps(5 * COLS + 2))])
    assert "rain is missing on 2 of 306 cells (0.7 %), which become nodata." in told.messages


def test_a_code_too_long_for_the_stack_stands_beside_its_class(prepared, raster):
    own = np.where(gaps(0) < 100, 110_101_001, 110_101_002)
    _, stack, bands = prepared(plane(), extra_categorical=[raster("soil.tif", own, gdal.GDT_Int32)])
    codes = stack.covariate("soil").codes
    assert sorted(codes.values()) == [110_101_001, 110_101_002]
    np.testing.assert_array_equal([[codes[code] for code in row] for row in bands["soil"].tolist()], own)


def test_nothing_in_common_gets_one_sentence(prepared, raster, tmp_path):
    above, below = gaps(0), gaps(0)
    above[12:], below[:12] = np.nan, np.nan
    with pytest.raises(EngineError, match="No cell has a value in every covariate"):
        prepared(plane(), extra_continuous=[raster("above.tif", above), raster("below.tif", below)])
    assert not (tmp_path / "stack.tif").exists()


def test_layers_of_one_name_are_told_by_their_folders_in_any_order(prepared, raster):
    a, b, c = (raster(f"{folder}/rain.tif", gaps(0) * factor) for factor, folder in enumerate("abc", start=1))
    for order in ([a, b], [b, a]):
        _, stack, bands = prepared(plane(), extra_continuous=order, extra_categorical=[c])
        assert sorted(stack.names) == ["a_rain", "altitude", "b_rain", "c_rain"]
        np.testing.assert_array_equal(bands["b_rain"], 2 * bands["a_rain"])


def test_an_extra_gives_way_to_a_covariate_of_its_name(prepared, raster):
    _, stack, bands = prepared(plane(), extra_continuous=[raster("altitude.tif", gaps(0))])
    folder = stack.names[1].removesuffix("_altitude")
    assert stack.names == ["altitude", f"{folder}_altitude"]
    assert folder
    np.testing.assert_array_equal(bands["altitude"], plane())


def test_ndvi_only_where_reflectances_are(prepared, raster):
    red, nir = np.full((ROWS, COLS), 0.2), np.full((ROWS, COLS), 0.3)
    red[0, :4], nir[0, :4] = [-0.1, 0.2, 0.0, 0.0], [0.3, -0.1, 0.0, 0.3]
    _, stack, bands = prepared(plane(), red=raster("red.tif", red), nir=raster("nir.tif", nir))
    assert np.isnan(bands["ndvi"][0, :3]).all()
    assert bands["ndvi"][0, 3] == 1
    np.testing.assert_allclose(bands["ndvi"][1:], 0.1 / 0.5, rtol=1e-6)
    assert stack.covariate("ndvi").source == "red red.tif, on the grid already; near infrared nir.tif, on the grid already"


def test_windows_do_not_show_in_masks_counts_and_classes(prepared, raster, monkeypatch):
    use = gaps(11) % 3
    parameters = {"extra_continuous": [raster("rain.tif", gaps(30))], "land_use": raster("use.tif", use)}
    whole_told, _, whole = prepared(plane(), **parameters)
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 8)
    told, stack, pieces = prepared(plane(), **parameters)
    for name, band in whole.items():
        np.testing.assert_array_equal(pieces[name], band)
    assert told.messages == whole_told.messages
    assert stack.covariate("land_use").classes == {0: "0", 1: "1", 2: "2", UNKNOWN_CODE: "unknown"}


def test_layers_are_laid_while_the_flow_is_followed(prepared, raster, monkeypatch):
    laid, told = Event(), []
    classes, drainage = Build.add_classes, Flow.drainage

    def lay(build, *parameters):
        classes(build, *parameters)
        laid.set()

    def follow(flow, area_km2):
        told.append(laid.wait(60))
        return drainage(flow, area_km2)

    monkeypatch.setattr(Build, "add_classes", lay)
    monkeypatch.setattr(Flow, "drainage", follow)
    terrain, use = ["distance_to_drainage", "slope", "watershed"], raster("use.tif", gaps(0) % 3)
    listener, stack, bands = prepared(plane(), terrain=terrain, land_use=use, drainage_area=0.004)
    assert told == [True]
    assert stack.names == [*terrain, "land_use"]
    assert stack.covariate("watershed").classes
    assert np.isfinite(bands["distance_to_drainage"]).all()
    # What the flow tells comes once, and after the layers, whichever is done first.
    of_flow = [number for number, text in enumerate(listener.messages) if "drainage network" in text]
    assert len(of_flow) == 1
    assert of_flow[0] > next(number for number, text in enumerate(listener.messages) if text.startswith("land_use"))


def test_what_the_flow_tells_waits_for_the_layers_where_these_take_longer(prepared, raster, monkeypatch):
    classes = Build.add_classes

    def lay(build, *parameters):
        build._flow.result(60)
        classes(build, *parameters)

    monkeypatch.setattr(Build, "add_classes", lay)
    use = raster("use.tif", gaps(0) % 3)
    listener, *_ = prepared(plane(), terrain=["height_above_drainage"], land_use=use, drainage_area=0.004)
    told = [text.split()[0] for text in listener.messages if text.startswith(("land_use", "The drainage network"))]
    assert told == ["land_use:", "The"]


def test_gdal_is_used_by_one_thread_at_a_time(prepared, monkeypatch):
    """The flow is followed by a thread that GDAL's work goes on beside, and windows are computed by several."""
    wholes, whole = [], Elevation.whole

    def read_whole(elevation):
        wholes.append(current_thread())
        return whole(elevation)

    monkeypatch.setattr(Elevation, "whole", read_whole)
    most = slowed(monkeypatch, Elevation, "read")
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 8)
    monkeypatch.setattr("scarp.engine.covariates.build.cores", lambda: 4)
    prepared(plane(), terrain=["slope", "flow_accumulation"])
    assert wholes == [main_thread()]
    assert len(most) > 2 * 9
    assert set(most) == {1}


def test_windows_follow_each_other_in_the_file(prepared, monkeypatch):
    """All bands of one before those of the next, whatever GDAL still keeps: the same input makes the same bytes."""
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 256)
    row, col = np.mgrid[:30, :600]
    _, stack, _ = prepared((500 + 3.0 * col - 2.0 * row).astype(np.float32), terrain=["altitude", "slope"])
    dataset = gdal.Open(stack.path)
    bands = [dataset.GetRasterBand(number) for number in (1, 2)]
    places = [int(band.GetMetadataItem(f"BLOCK_OFFSET_{block}_0", "TIFF")) for block in (0, 1) for band in bands]
    assert places == sorted(places)


def test_a_run_that_fails_waits_for_the_flow(prepared, raster, monkeypatch, tmp_path):
    """It keeps files in the folder that goes then."""
    ended, drainage = [], Flow.drainage

    def follow(flow, area_km2):
        sleep(0.3)
        ended.append(area_km2)
        return drainage(flow, area_km2)

    monkeypatch.setattr(Flow, "drainage", follow)
    with pytest.raises(EngineError, match=r"gone\.tif"):
        prepared(plane(), terrain=["distance_to_drainage"], land_use=str(tmp_path / "gone.tif"), drainage_area=0.004)
    assert ended == [0.004]


def test_what_stops_the_flow_or_a_layer_beside_it_is_told(prepared, raster, monkeypatch, tmp_path):
    def dry(flow, area_km2):
        raise EngineError("no river")

    monkeypatch.setattr(Flow, "drainage", dry)
    with pytest.raises(EngineError, match="no river"):
        prepared(plane(), terrain=["distance_to_drainage"], land_use=raster("use.tif", gaps(0) % 3))
    with pytest.raises(EngineError, match=r"gone\.tif"):
        prepared(plane(), terrain=["distance_to_drainage"], land_use=str(tmp_path / "gone.tif"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dem.tif", "use.tif"]


def test_progress_never_falls(prepared, raster):
    layers = [raster(f"rain{n}.tif", gaps(0)) for n in range(12)]
    told, *_ = prepared(plane(), extra_continuous=layers)
    assert told.percents == sorted(told.percents)
    assert told.percents[-1] == 100
    assert told.percents[0] <= 20
