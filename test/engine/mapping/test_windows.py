# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.partial import PartialRaster
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.mapping import windows as mapping
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.network import build, predict_patches, weights_of
from scarp.models.recipe import Recipe

COVARIATES = (
    Covariate("slope"),
    Covariate("aspect", "circular"),
    Covariate("geology", "categorical", classes={1: "marl", 2: "lime"}),
)


@pytest.fixture
def stack(tmp_path):
    from osgeo import osr

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    grid = Grid(reference.ExportToWkt(), (0.0, 30.0, 0.0, 0.0, 0.0, -30.0), (37, 41))
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
    network = build(architecture)
    rng = np.random.default_rng(2)
    network.set_weights([rng.uniform(0.1, 0.5, weight.shape) for weight in network.get_weights()])
    return CnnDnn(encoder, architecture, [weights_of(network, architecture)], {"cell_size": [30.0, 30.0]}, backend)


@pytest.mark.parametrize("window_px", [8, 16, 512])
@pytest.mark.parametrize("backend", ["tensorflow", "numpy"])
def test_the_map_is_what_patches_give(stack, tmp_path, monkeypatch, window_px, backend):
    monkeypatch.setattr(mapping, "WINDOW_PX", window_px)
    model = model_of(COVARIATES, stack, backend)
    with PartialRaster(tmp_path / "map.tif", stack.grid, mapping.NODATA, {}) as partial:
        mapping.map_susceptibility(stack, model, partial, Feedback())
        partial.finish(tmp_path / "map.tif", "susceptibility", lambda percent: None)
    rows, cols = (each.ravel() for each in np.indices(stack.grid.shape))
    patches = stack.patches(rows, cols, 15)
    expected = predict_patches(model.architecture, model.members, patches, model.encoder.encode).reshape(stack.grid.shape)
    expected[~np.isfinite(patches.centres()).all(axis=1).reshape(stack.grid.shape)] = mapping.NODATA
    from osgeo import gdal

    found = gdal.Open(str(tmp_path / "map.tif")).ReadAsArray()
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert (found == mapping.NODATA).sum() > 50


def test_bands_are_matched_by_name(stack):
    model = model_of(COVARIATES[:1], stack)
    assert mapping.check_stack(stack, model) == []
    other = model_of(COVARIATES, stack)
    other.encoder.covariates = (*COVARIATES[:2], Covariate("soil", "categorical"))
    with pytest.raises(EngineError, match="lacks soil"):
        mapping.check_stack(stack, other)
    model.manifest["cell_size"] = [10.0, 10.0]
    assert "10" in mapping.check_stack(stack, model)[0]
