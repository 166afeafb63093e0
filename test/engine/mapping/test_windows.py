# SPDX-License-Identifier: GPL-2.0-or-later

import numpy as np
import pytest
from at_once import slowed
from listening import Listener
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.partial import PartialRaster
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.mapping import windows as mapping
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.network import predict_patches
from scarp.models.recipe import Recipe

COVARIATES = (
    Covariate("slope"),
    Covariate("aspect", "circular"),
    Covariate("geology", "categorical", classes={1: "marl", 2: "lime"}),
)


@pytest.fixture
def stack(tmp_path):
    grid = Grid(reference_of(32639).ExportToWkt(), (500007.25, 20.0, 0.0, 3600011.5, 0.0, -35.0), (37, 41))
    rng = np.random.default_rng(5)
    values = np.stack([rng.normal(20, 5, grid.shape), rng.uniform(0, 360, grid.shape), rng.integers(1, 3, grid.shape)], axis=-1)
    values[rng.random(grid.shape) < 0.1] = np.nan
    path = str(tmp_path / "stack.tif")
    with StackWriter(path, grid, COVARIATES) as writer:
        for band, covariate in enumerate(COVARIATES):
            writer.write(covariate.name, Window(0, 0, 37, 41), values[..., band])
    return Stack.open(path)


def model_of(covariates, stack, backend=None):
    values = stack.at(np.arange(37), np.arange(37), [each.name for each in covariates])
    encoder = Encoder.fit(values, covariates)
    architecture = Recipe(15, 4).architecture(len(encoder.channels))
    rng = np.random.default_rng(2)
    weights = {
        name: (rng.uniform(0.5, 1.5, shape) if name.startswith(("gamma", "variance")) else rng.normal(0, 0.3, shape)).astype(np.float32)
        for name, shape in architecture.shapes.items()
    }
    return CnnDnn(encoder, architecture, [weights], {"cell_size": [20.0, 35.0]}, backend)


@pytest.mark.parametrize("window_px", [8, 16, 512])
@pytest.mark.parametrize("backend", ["tensorflow", "numpy"])
def test_the_map_is_what_patches_give(stack, tmp_path, monkeypatch, window_px, backend):
    monkeypatch.setattr(mapping, "WINDOW_PX", window_px)
    model = model_of(COVARIATES, stack, backend)
    with PartialRaster(tmp_path / "map.tif", stack.grid, mapping.NODATA, {}) as partial:
        mapping.map_susceptibility(stack, model, [partial], Feedback())
        partial.finish(tmp_path / "map.tif", lambda percent: None)
    rows, cols = (each.ravel() for each in np.indices(stack.grid.shape))
    patches = stack.patches(rows, cols, 15)
    expected = predict_patches(model.architecture, model.members, patches, model.encoder.encode).reshape(stack.grid.shape)
    expected[~np.isfinite(patches.centres()).all(axis=1).reshape(stack.grid.shape)] = mapping.NODATA
    from osgeo import gdal

    found = gdal.Open(str(tmp_path / "map.tif")).ReadAsArray()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.std(found[found != mapping.NODATA]) > 0.05
    assert (found == mapping.NODATA).sum() > 50


def test_threads_read_one_at_a_time_and_what_the_model_tells_is_a_warning(stack, tmp_path, monkeypatch):
    """A GDAL dataset serves one thread; a model may tell that the GPU takes fewer windows than it should."""
    model = model_of(COVARIATES, stack, "numpy")
    monkeypatch.setattr(mapping, "WINDOW_PX", 16)
    most = slowed(monkeypatch, Stack, "read")
    monkeypatch.setattr(CnnDnn, "listen", lambda model, tell: tell("half of the windows at once"))
    listener = Listener()
    with PartialRaster(tmp_path / "map.tif", stack.grid, mapping.NODATA, {}) as partial:
        mapping.map_susceptibility(stack, model, [partial], listener)
    assert len(most) == 5 * 3
    assert set(most) == {1}
    assert listener.warnings == ["half of the windows at once"]


def test_bands_are_matched_by_name(stack):
    """A model of the same covariates in another order gives the same."""
    window = Window(0, 0, 37, 41)
    straight, turned = (model_of(order, stack, "numpy") for order in (COVARIATES[:2], COVARIATES[1::-1]))
    assert straight.encoder.channels != turned.encoder.channels
    (found,) = mapping.WindowMapper(stack, turned)(window)
    own = turned.predict(stack.read(window, turned.margin_px, ["aspect", "slope"]))
    np.testing.assert_array_equal(found, own)
    assert np.nanmax(np.abs(found - mapping.WindowMapper(stack, straight)(window)[0])) > 1e-3


def test_a_stack_that_lacks_something_is_refused(stack):
    assert mapping.check_stack(stack, model_of(COVARIATES[:1], stack)) == []
    other = model_of(COVARIATES, stack)
    other.encoder.covariates = (*COVARIATES[:2], Covariate("soil", "categorical"))
    with pytest.raises(EngineError, match="stack.tif lacks soil, which"):
        mapping.check_stack(stack, other)
    other.encoder.covariates = (*COVARIATES[:2], Covariate("geology"))
    with pytest.raises(EngineError, match="geology is categorical in the stack and was continuous in training"):
        mapping.check_stack(stack, other)
    other.encoder.covariates = (*COVARIATES[:2], Covariate("geology", "categorical", classes={1: "marl", 2: "gneiss"}))
    with pytest.raises(EngineError, match=r"code 2 is “lime” and was “gneiss”"):
        mapping.check_stack(stack, other)
    other.encoder.covariates = (*COVARIATES[:2], Covariate("geology", "categorical", classes={1: "marl", 7: "lime", 9: "gneiss"}))
    with pytest.raises(EngineError, match=r"“lime” is code 2 and was 7"):
        mapping.check_stack(stack, other)


def test_classes_that_lost_their_names_are_known_by_their_codes(stack):
    other = model_of(COVARIATES, stack)
    for classes in ({1: "1", 2: "2"}, {1: "marl", 2: "2"}, {1: "marl"}):
        other.encoder.covariates = (*COVARIATES[:2], Covariate("geology", "categorical", classes=classes))
        assert mapping.check_stack(stack, other) == []
    named = stack.covariates
    stack.covariates = (*COVARIATES[:2], Covariate("geology", "categorical", classes={1: "110000001", 2: "2"}, codes={1: 110_000_001}))
    assert mapping.check_stack(stack, model_of(named, stack)) == []
    stack.covariates = (*COVARIATES[:2], Covariate("geology", "categorical", classes={1: "110000001"}))
    with pytest.raises(EngineError, match="code 1 is “110000001” and was “marl”"):
        mapping.check_stack(stack, model_of(named, stack))


@pytest.mark.parametrize(
    ("size", "warned"), [([20.0, 35.0], 0), ([20.1, 35.2], 0), ([35.0, 20.0], 1), ([20.0, 36.0], 1), ([10.0, 35.0], 1)]
)
def test_cells_of_another_size_are_told(stack, size, warned):
    """More than one per cent of width or height."""
    model = model_of(COVARIATES[:1], stack)
    model.manifest["cell_size"] = size
    warnings = mapping.check_stack(stack, model)
    assert len(warnings) == warned
    assert all(f"trained on cells of {size[0]:g}" in text and "20" in text for text in warnings)


def test_a_crs_that_cannot_be_read_is_the_model_files_fault(stack):
    model = model_of(COVARIATES[:1], stack)
    model.manifest["crs"] = "PROJCS[garbage"
    with pytest.raises(EngineError, match="^The model file names no coordinate reference system that can be read, so it is damaged"):
        mapping.check_stack(stack, model)


def test_another_crs_is_told(stack):
    model = model_of(COVARIATES[:1], stack)
    model.manifest["crs"] = reference_of(32717).ExportToWkt()
    (text,) = mapping.check_stack(stack, model)
    assert "trained in WGS 84 / UTM zone 17S and the stack is in WGS 84 / UTM zone 39N" in text


def test_another_unit_is_told(stack):
    model = model_of([Covariate("slope", unit="percent")], stack)
    assert mapping.check_stack(stack, model) == []
    stack.covariates = (Covariate("slope", unit="degree"), *stack.covariates[1:])
    (text,) = mapping.check_stack(stack, model)
    assert "slope is in degree in the stack and was in percent in training" in text


def test_windows_go_down_one_broad_column_after_the_other(monkeypatch):
    monkeypatch.setattr(mapping, "WINDOW_PX", 8)
    monkeypatch.setattr(mapping, "_COLUMN_PX", 16)
    windows = mapping.windows_of(Grid(reference_of(32639).ExportToWkt(), (0.0, 20.0, 0.0, 0.0, 0.0, -35.0), (9, 30)))
    assert [(each.row, each.col, each.rows, each.cols) for each in windows] == [
        (0, 0, 4, 8), (0, 8, 4, 8), (4, 0, 4, 8), (4, 8, 4, 8), (8, 0, 1, 8), (8, 8, 1, 8),
        (0, 16, 4, 8), (0, 24, 4, 6), (4, 16, 4, 8), (4, 24, 4, 6), (8, 16, 1, 8), (8, 24, 1, 6),
    ]  # fmt: skip
