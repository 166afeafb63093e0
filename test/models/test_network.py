# SPDX-License-Identifier: GPL-2.0-or-later
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.dense import DenseNetwork
from scarp.models.encoding import Encoder
from scarp.models.errors import EngineError
from scarp.models.model_file import load_model, save_model
from scarp.models.network import build, predict_patches, weights_of
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from scarp.models.training import Turns, _gathered


def random_network(architecture, seed):
    rng = np.random.default_rng(seed)
    weights = weights_of(build(architecture), architecture)
    fixed = () if architecture.batch_normalisation else ("gamma", "mean", "variance")
    for name, array in weights.items():
        if not name.startswith(fixed):
            positive = name.startswith(("gamma", "variance"))
            weights[name] = (rng.uniform(0.5, 1.5, array.shape) if positive else rng.normal(0, 0.3, array.shape)).astype(np.float32)
    return weights


@settings(max_examples=12, deadline=None)
@given(
    half=st.integers(0, 12),
    filters=st.integers(1, 5),
    hidden_layers=st.integers(0, 3),
    channels=st.integers(1, 4),
    rows=st.integers(1, 19),
    cols=st.integers(1, 19),
    batch_normalisation=st.booleans(),
)
def test_dense_is_patch_wise(half, filters, hidden_layers, channels, rows, cols, batch_normalisation):
    architecture = Recipe(2 * half + 1, filters, hidden_layers, 6, batch_normalisation=batch_normalisation).architecture(channels)
    weights = random_network(architecture, rows * 31 + cols)
    encoded = np.random.default_rng(cols).normal(size=(rows + 2 * half, cols + 2 * half, channels)).astype(np.float32)
    view = np.lib.stride_tricks.sliding_window_view(encoded, (2 * half + 1, 2 * half + 1), axis=(0, 1))
    patches = view.reshape(rows * cols, channels, 2 * half + 1, 2 * half + 1).transpose(0, 2, 3, 1)
    expected = predict_patches(architecture, [weights], Patches.of(patches)).reshape(rows, cols)
    for backend in ("tensorflow", "numpy"):
        found = DenseNetwork(architecture, [weights], backend).predict(encoded)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_turning_a_patch_turns_its_aspect():
    """A slope that falls to the east, turned, must have the aspect that its own altitudes have."""
    size = 5
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    for downhill_east, downhill_south in ((1, 0), (0.6, 0.8), (-0.28, 0.96)):
        altitude = -(downhill_east * x + downhill_south * y)
        patch = np.stack([altitude, np.full_like(x, downhill_east), np.full_like(x, -downhill_south)], axis=-1)
        seen = set()
        for way in range(8):
            turns = Turns.of(np.arange(size**2), 3, [(1, 2)])
            turned = np.asarray(_gathered(patch.reshape(-1, 3), np.array([0]), turns.cells[way], size))[0] @ turns.channels[way]
            seen.add(turned.tobytes())
            fall_south, fall_east = (-each for each in np.gradient(turned[..., 0]))
            np.testing.assert_allclose(turned[..., 1], fall_east, atol=1e-5)
            np.testing.assert_allclose(turned[..., 2], -fall_south, atol=1e-5)
        assert len(seen) > 3


def test_an_even_patch_is_refused():
    with pytest.raises(EngineError, match="odd.*14.*15"):
        Recipe(14).architecture(3)


@pytest.fixture
def model():
    covariates = (Covariate("slope"), Covariate("aspect", "circular"))
    encoder = Encoder.fit(np.array([[1.0, 10], [3, 200]]), covariates)
    architecture = Recipe(7, 4).architecture(3)
    return CnnDnn(encoder, architecture, [random_network(architecture, 1), random_network(architecture, 2)], {"seed": 7})


def test_a_model_file_keeps_the_model(model, tmp_path):
    values = np.random.default_rng(1).normal(size=(20, 21, 2)) * 3 + 3
    values[10, 10] = np.nan
    save_model(tmp_path / "a.scarp", model)
    save_model(tmp_path / "b.scarp", model)
    assert (tmp_path / "a.scarp").read_bytes() == (tmp_path / "b.scarp").read_bytes()
    found = load_model(tmp_path / "a.scarp").predict(values)
    np.testing.assert_array_equal(found, model.predict(values))
    assert np.isnan(found[7, 7])
    assert np.isfinite(found).sum() == found.size - 1


def test_a_damaged_model_file_is_refused(model, tmp_path):
    path = tmp_path / "a.scarp"
    path.write_text("no zip")
    with pytest.raises(EngineError, match=r"a\.scarp"):
        load_model(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", '{"format": 99}')
    with pytest.raises(EngineError, match="99"):
        load_model(path)
    with pytest.raises(EngineError, match="no model file"):
        load_model(tmp_path / "none.scarp")


@pytest.mark.parametrize("hidden_layers", [0, 1, 2, 3])
def test_units_are_dropped_before_each_dense_layer_but_the_last(hidden_layers):
    """After the maps are flattened, and between dense layers; the output reads all units of the last."""
    network = build(Recipe(patch_size=5, hidden_layers=hidden_layers, dropout=0.4).architecture(2), 1e-3)
    dropped = [layer for layer in network.layers if type(layer).__name__ == "Dropout"]
    assert len(dropped) == 1 + max(hidden_layers - 1, 0)
    assert {layer.rate for layer in dropped} == {0.4}
