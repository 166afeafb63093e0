# SPDX-License-Identifier: GPL-2.0-or-later
"""A map survives what may happen to it: interruption, another run, a full disk, a stack that goes away."""

import resource

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.partial import PartialRaster
from scarp.engine.files.stack import Stack
from scarp.engine.mapping import windows as mapping
from scarp.engine.tasks import map_susceptibility as task
from scarp.models.covariate import Covariate


class InterruptionError(Exception):
    pass


class Interrupting(Feedback):
    """Feedback that interrupts the run at a percentage, and keeps what it is told."""

    def __init__(self, percent=1000.0):
        self._percent, self.told = percent, []

    def progress(self, percent):
        if percent > self._percent:
            raise InterruptionError

    def message(self, text):
        self.told.append(text)

    warning = message


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(mapping, "WINDOW_PX", 16)


def values_of(path):
    return gdal.Open(str(path)).ReadAsArray()


def test_an_interrupted_map_goes_on_and_is_the_same(tmp_path, write_stack, model_file, small_windows):
    stack = write_stack("stack.tif", (100, 90))
    run = {"covariates": stack, "model": model_file}
    task.run(Feedback(), **run, output=str(tmp_path / "whole.tif"))
    with pytest.raises(InterruptionError):
        task.run(Interrupting(50), **run, output=str(tmp_path / "map.tif"), resume=True)
    assert not (tmp_path / "map.tif").exists()
    feedback = Interrupting()
    task.run(feedback, **run, output=str(tmp_path / "map.tif"), resume=True)
    assert any("windows were mapped before" in text for text in feedback.told)
    assert (tmp_path / "map.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_without_resume_nothing_is_left(tmp_path, write_stack, model_file, small_windows):
    stack = write_stack("stack.tif", (100, 90))
    with pytest.raises(InterruptionError):
        task.run(Interrupting(50), covariates=stack, model=model_file, output=str(tmp_path / "map.tif"))
    assert not list(tmp_path.glob(".*"))
    assert not list(tmp_path.glob("map*"))


def test_other_inputs_begin_anew(tmp_path, write_stack, model_file, small_windows):
    stack = write_stack("stack.tif", (100, 90))
    with pytest.raises(InterruptionError):
        task.run(Interrupting(50), covariates=stack, model=model_file, output=str(tmp_path / "map.tif"), resume=True)
    other = write_stack("other.tif", (100, 90), values=np.ones((100, 90, 2)))
    feedback = Interrupting()
    task.run(feedback, covariates=other, model=model_file, output=str(tmp_path / "map.tif"), resume=True)
    assert not any("before" in text for text in feedback.told)
    assert np.ptp(values_of(tmp_path / "map.tif")[20:-20, 20:-20]) == 0


def test_two_bands_by_value(tmp_path, odd_grid):
    """Written window by window, the last first; each band has its own voids and figures."""
    grid, path = odd_grid(9, 7), tmp_path / "two.tif"
    values = np.random.default_rng(4).normal(5, 2, (2, 9, 7)).astype(np.float32)
    values[0, :2, 3], values[1, 8] = np.nan, np.nan
    windows = [Window(row, col, min(4, 9 - row), min(3, 7 - col)) for row in (0, 4, 8) for col in (0, 3, 6)]
    with PartialRaster(path, grid, -9999.0, {}, windows, ("one", "two")) as partial:
        for number, each in reversed(list(enumerate(windows))):
            part = values[:, each.row : each.row + each.rows, each.col : each.col + each.cols]
            partial.write(number, each, part)
        assert partial.finish(path, lambda percent: None, {"model": "by hand"}) == 61
        means = partial.means
    dataset = gdal.Open(str(path))
    found = dataset.ReadAsArray()
    np.testing.assert_array_equal(np.where(found == -9999, np.nan, found), values)
    assert Grid.of(dataset).transform == grid.transform and dataset.GetMetadataItem("model") == "by hand"
    for band, (name, known) in enumerate(zip(("one", "two"), (each[np.isfinite(each)].astype(float) for each in values)), start=1):
        assert dataset.GetRasterBand(band).GetDescription() == name
        told = [float(dataset.GetRasterBand(band).GetMetadataItem(f"STATISTICS_{key}")) for key in ("MINIMUM", "MAXIMUM", "MEAN", "STDDEV")]
        np.testing.assert_allclose(told, [known.min(), known.max(), known.mean(), known.std()], rtol=1e-6)
        assert means[band - 1] == pytest.approx(known.mean())


@pytest.mark.parametrize(("key", "keep", "done"), [("a", True, {0, 2}), ("b", True, set()), ("a", False, set())])
def test_what_was_kept_is_gone_on_from_where_that_is_asked_for(tmp_path, odd_grid, key, keep, done):
    """Two of three windows were written before the interruption."""
    grid, windows = odd_grid(6, 7), [Window(0, 0, 2, 7), Window(2, 0, 2, 7), Window(4, 0, 2, 7)]
    with pytest.raises(InterruptionError), PartialRaster(tmp_path / "a.tif", grid, -9999.0, {"key": "a"}, windows, keep=True) as partial:
        for number in (0, 2):
            partial.write(number, windows[number], np.full((2, 7), number, np.float32))
        raise InterruptionError
    with PartialRaster(tmp_path / "a.tif", grid, -9999.0, {"key": key}, windows, keep=keep) as partial:
        assert (partial.done, partial.damage) == (done, "")
    assert not partial.folder.exists()


def test_overviews_are_means(tmp_path, odd_grid):
    """Of every second column 0 and 1, seen from afar, each cell is a half; taken one for another the map would be all 0 or all 1."""
    grid, values = odd_grid(40, 1100), np.tile(np.float32([0, 1]), (40, 550))
    with PartialRaster(tmp_path / "a.tif", grid, -9999.0, {}) as partial:
        partial.write(0, Window(0, 0, 40, 1100), values)
        partial.finish(tmp_path / "a.tif", lambda percent: None)
    dataset = gdal.Open(str(tmp_path / "a.tif"))
    assert (dataset.GetRasterBand(1).GetOverview(0).ReadAsArray() == 0.5).all()


def test_two_runs_do_not_share_an_output(tmp_path):
    grid = Grid("", (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), (4, 4))
    first, second = (PartialRaster(tmp_path / "map.tif", grid, -1.0, {}) for _ in range(2))
    with first, pytest.raises(EngineError, match="Another run is writing"):
        second.__enter__()
    with PartialRaster(tmp_path / "map.tif", grid, -1.0, {}):
        pass


def test_the_map_is_cloud_optimized(tmp_path, write_stack, model_file):
    stack = write_stack("stack.tif", (600, 700))
    task.run(Feedback(), covariates=stack, model=model_file, output=str(tmp_path / "map.tif"))
    dataset = gdal.Open(str(tmp_path / "map.tif"))
    band = dataset.GetRasterBand(1)
    values = band.ReadAsArray()
    known = values[values != mapping.NODATA].astype(float)
    assert dataset.GetMetadata("IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    assert band.GetOverviewCount() >= 1
    assert band.GetNoDataValue() == mapping.NODATA
    assert band.GetDescription() == "susceptibility"
    np.testing.assert_allclose(band.GetStatistics(False, False), [known.min(), known.max(), known.mean(), known.std()], rtol=1e-6)


@pytest.mark.parametrize("tool", ["gdalbuildvrt", "own"])
def test_a_stack_of_many_files(tmp_path, write_stack, model_file, small_windows, tool):
    shape = (64, 80)
    rng = np.random.default_rng(2)
    values = np.stack([rng.normal(20, 5, shape), rng.integers(1, 3, shape)], axis=-1)
    whole = write_stack("whole.tif", shape, values=values)
    halves = [write_stack(f"{col}.tif", (64, 40), corner=(30.0 * col, 0.0), values=values[:, col : col + 40]) for col in (0, 40)]
    vrt = str(tmp_path / "stack.vrt")
    if tool == "own":
        gdal.Translate(vrt, whole, format="VRT")
    else:
        gdal.BuildVRT(vrt, halves).FlushCache()
    for name, path in (("whole", whole), ("vrt", vrt)):
        task.run(Feedback(), covariates=path, model=model_file, output=str(tmp_path / f"{name}_map.tif"))
    np.testing.assert_array_equal(values_of(tmp_path / "whole_map.tif"), values_of(tmp_path / "vrt_map.tif"))
    assert [each.name for each in Stack.open(vrt).covariates] == ["slope", "geology"]
    assert Stack.open(vrt).covariates[1].classes == {1: "marl", 2: "lime"}


def test_a_stack_smaller_than_a_patch(tmp_path, write_stack, model_file):
    stack = write_stack("stack.tif", (2, 3), values=np.ones((2, 3, 2)))
    task.run(Feedback(), covariates=stack, model=model_file, output=str(tmp_path / "map.tif"))
    found = values_of(tmp_path / "map.tif")
    assert np.ptp(found) < 1e-6
    assert 0 < found[0, 0] < 1


def test_a_stack_without_a_valid_cell(tmp_path, write_stack, model_file):
    stack = write_stack("stack.tif", (20, 20), values=np.full((20, 20, 2), np.nan))
    with pytest.raises(EngineError, match="no valid cell"):
        task.run(Feedback(), covariates=stack, model=model_file, output=str(tmp_path / "map.tif"))
    assert not list(tmp_path.glob("*map*"))


def test_what_differs_from_training_is_told(tmp_path, write_stack, model_file):
    classes = {1: "marl", 2: "lime", 3: "gneiss"}
    values = np.stack([np.full((20, 20), 20.0), np.repeat([1.0, 3.0], [376, 24]).reshape(20, 20)], axis=-1)
    covariates = (Covariate("slope"), Covariate("geology", "categorical", classes=classes))
    stack = write_stack("stack.tif", (20, 20), covariates, epsg=32717, values=values)
    feedback = Interrupting()
    task.run(feedback, covariates=stack, model=model_file, output=str(tmp_path / "map.tif"))
    assert any("zone 39N" in text and "zone 17S" in text for text in feedback.told)
    assert any("6 % of the cells are of class gneiss, which is unknown to the model" in text for text in feedback.told)


def test_a_stack_that_goes_away(tmp_path, write_stack, model_file, small_windows):
    path = write_stack("stack.tif", (400, 400))
    stack = Stack.open(path)
    with (tmp_path / "stack.tif").open("r+b") as stream:
        stream.truncate(2000)
    with pytest.raises(EngineError, match="can no longer be read"):
        stack.read(Window(300, 300, 50, 50))


def test_a_disk_that_takes_no_more(tmp_path, write_stack, model_file):
    """A limit on the size of files stands for the full disk: both make a write fail."""
    stack = write_stack("stack.tif", (300, 300))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(EngineError, match="cannot be written"):
            task.run(Feedback(), covariates=stack, model=model_file, output=str(tmp_path / "out" / "map.tif"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list((tmp_path / "out").iterdir())
