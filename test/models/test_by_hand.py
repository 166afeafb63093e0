# SPDX-License-Identifier: GPL-2.0-or-later
"""The network and its parts against plain loops and sums, written here once more."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from scarp.models import training
from scarp.models.calibration import apply_calibration, fit_calibration
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.dense import DenseNetwork
from scarp.models.encoding import Encoder
from scarp.models.errors import EngineError
from scarp.models.model_file import load_model, save_model
from scarp.models.network import build, predict_patches
from scarp.models.optimizers import OPTIMIZERS, make_optimizer
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from scarp.models.training import shuffled_batches, start_from_logistic_regression, train
from scarp.models.trees import Trees


def random_weights(architecture, seed=1):
    """Weights whose variances are so small that the constant beside them counts."""
    rng = np.random.default_rng(seed)
    weights = {name: rng.normal(0, 0.4, shape).astype(np.float32) for name, shape in architecture.shapes.items()}
    weights.update({name: np.abs(array) * 0.005 for name, array in weights.items() if name.startswith("variance")})
    return weights


def logit(weights, patch, hidden_layers):
    """Susceptibility of one patch (size, size, channels), before the logistic function."""
    x, stage = patch.astype(float), 0
    while f"convolution{stage}" in weights:
        kernel = weights[f"convolution{stage}"]
        side = x.shape[0] - 2
        y = np.empty((side, side, kernel.shape[-1]))
        for row in range(side):
            for col in range(side):
                y[row, col] = np.einsum("ijc,ijcf->f", x[row : row + 3, col : col + 3], kernel)
        gamma, beta, mean, variance = (weights[f"{name}{stage}"] for name in ("gamma", "beta", "mean", "variance"))
        y = np.maximum(gamma * (y - mean) / np.sqrt(variance + 0.001) + beta, 0)
        half = side // 2
        x = np.array([[y[2 * row : 2 * row + 2, 2 * col : 2 * col + 2].max(axis=(0, 1)) for col in range(half)] for row in range(half)])
        stage += 1
    centre = patch[patch.shape[0] // 2, patch.shape[1] // 2]
    x = np.concatenate([x.ravel(), centre])
    for layer in range(hidden_layers):
        x = np.maximum(x @ weights[f"dense{layer}"] + weights[f"bias{layer}"], 0)
    return (x @ weights["output"] + weights["output_bias"] + centre @ weights["linear"]).item()


@pytest.mark.parametrize(("size", "hidden_layers"), [(1, 2), (3, 0), (5, 1), (9, 2), (13, 3)])
def test_the_network_by_hand(size, hidden_layers):
    """A window of 4 × 3 cells, with two members, cell by cell."""
    architecture = Recipe(patch_size=size, filters=3, hidden_layers=hidden_layers, units=5).architecture(2)
    members = [random_weights(architecture, seed) for seed in (1, 2)]
    window = np.random.default_rng(3).normal(size=(size + 3, size + 2, 2)).astype(np.float32)
    patches = [[window[row : row + size, col : col + size] for col in range(3)] for row in range(4)]
    expected = [
        [np.mean([1 / (1 + np.exp(-logit(weights, patch, hidden_layers))) for weights in members]) for patch in row] for row in patches
    ]
    assert np.ptp(expected) > 0.05
    for backend in ("numpy", "tensorflow"):
        np.testing.assert_allclose(DenseNetwork(architecture, members, backend).predict(window), expected, atol=1e-5)
    one_by_one = predict_patches(architecture, members, Patches.of(np.array(patches).reshape(-1, size, size, 2)))
    np.testing.assert_allclose(one_by_one.reshape(4, 3), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "stages", "last_side"), [(1, [], 1), (3, [], 3), (5, [6], 1), (9, [6], 3), (13, [6, 12], 1), (31, [6, 12, 24], 2)]
)
def test_stages_follow_while_five_cells_remain(size, stages, last_side):
    architecture = Recipe(patch_size=size, filters=6, hidden_layers=3, units=9).architecture(2)
    assert architecture.stages == stages
    assert architecture.last_side == last_side
    assert architecture.dense_units == [9, 4, 2]
    assert architecture.margin_px == size // 2


def test_what_is_dropped_penalised_and_averaged():
    """Dropout before the dense layers and between them, an L2 penalty on every kernel, and a moving mean of ten batches."""
    network = build(Recipe(patch_size=9, filters=2, hidden_layers=3, units=8, dropout=0.37).architecture(2), l2=0.05)
    kinds = [type(layer).__name__ for layer in network.layers]
    rates = [layer.rate for layer in network.layers if type(layer).__name__ == "Dropout"]
    assert rates == [0.37] * 3
    order = [kind for kind in kinds if kind in ("Flatten", "Dropout", "Dense")]
    assert order[:6] == ["Flatten", "Dropout", "Dense", "Dropout", "Dense", "Dropout"]
    assert [layer.momentum for layer in network.layers if type(layer).__name__ == "BatchNormalization"] == [0.9]
    kernels = [np.asarray(each.numpy()) for each in network.trainable_variables if each.name == "kernel"]
    assert len(kernels) == 6
    assert float(sum(each.numpy() for each in network.losses)) == pytest.approx(0.05 * sum((each**2).sum() for each in kernels), rel=1e-5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_have_no_momentum_of_their_own(name):
    made = make_optimizer(name, 0.0123)
    assert type(made).__name__.lower() == name
    assert float(made.learning_rate) == pytest.approx(0.0123)
    assert getattr(made, "momentum", 0.0) == 0.0


def test_it_starts_from_a_weighted_logistic_regression():
    """At the minimum of C · weighted loss + half the squared coefficients, with C = 0.1, all slopes are nil; the deep part says nothing."""
    rng = np.random.default_rng(2)
    centres = rng.normal(size=(80, 3)).astype(np.float32)
    labels = (centres[:, 0] + rng.normal(size=80) > 0.5).astype(np.float32)
    weights = np.where(labels == 1, 1.7, 0.6).astype(np.float32)
    network = build(Recipe(patch_size=5, filters=2).architecture(3))
    start_from_logistic_regression(network, centres, labels, weights)
    (linear,) = network.get_layer("linear").get_weights()
    kernel, bias = network.get_layer("output").get_weights()
    assert not kernel.any()
    residual = weights * (1 / (1 + np.exp(-(centres @ linear[:, 0] + bias))) - labels)
    np.testing.assert_allclose(0.1 * residual @ centres + linear[:, 0], 0, atol=2e-3)
    assert residual.sum() == pytest.approx(0, abs=2e-2)


def test_each_cell_comes_once_an_epoch_in_another_order():
    rng = np.random.default_rng(1)
    first, second = (shuffled_batches(rng, 50, 16) for _ in range(2))
    for batches in (first, second):
        assert batches.shape == (4, 16)
        assert sorted(batches.ravel()[:50]) == list(range(50))
        assert batches.ravel()[50:].tolist() == batches.ravel()[:14].tolist()
    assert (first != second).any()
    assert (first.ravel()[:50] != np.arange(50)).any()
    assert shuffled_batches(rng, 5, 64).shape == (1, 5)


TINY = Recipe(patch_size=5, filters=2, hidden_layers=1, units=4, epochs=1, batch_size=16, learning_rate=0.01)


@pytest.fixture(scope="module")
def cells():
    rng = np.random.default_rng(5)
    patches = rng.normal(size=(90, 5, 5, 2)).astype(np.float32)
    return Patches.of(patches), (rng.random(90) < 0.3).astype(int), np.arange(90) % 3 == 0


def test_cells_of_the_validation_part_teach_nothing(cells):
    """Neither by their labels and covariates nor by how many of them are landslides; only the choice of the epoch is theirs."""
    patches, labels, held = cells
    other = patches.take()
    other[held] += 3.0
    first = train(patches, labels, held, TINY, 1)
    second = train(Patches.of(other), np.where(held, 1, labels), held, TINY, 1)
    assert first.history["loss"] == second.history["loss"]
    assert first.history["val_loss"] != second.history["val_loss"]
    for name, array in first.weights.items():
        np.testing.assert_array_equal(array, second.weights[name])


def test_the_rate_of_each_epoch_is_that_of_the_schedule(cells, monkeypatch):
    """With a rate of nothing the kernels stay as they were; five epochs without a better loss make a plateau, and five more another."""
    patches, labels, held = cells
    asked = []
    monkeypatch.setattr(training, "rate_at", lambda *arguments: asked.append(arguments) or 0.0)
    recipe = replace(TINY, epochs=14, schedule="plateau", patience=14)
    member = train(patches, labels, held, recipe, 1)
    assert not member.weights["output"].any()
    losses, plateaus, expected, best, stalled = member.history["val_loss"], 0, [], np.inf, 0
    for epoch, loss in enumerate(losses):
        expected.append(("plateau", 0.01, epoch, 14, plateaus))
        best, stalled = (loss, 0) if loss < best else (best, stalled + 1)
        plateaus += stalled > 0 and stalled % 5 == 0
    assert asked == expected
    assert plateaus >= 1


def test_epochs_to_wait():
    assert [Recipe(epochs=epochs).epochs_to_wait for epochs in (1, 30, 40, 300)] == [10, 10, 13, 100]
    assert Recipe(epochs=300, patience=7).epochs_to_wait == 7


def test_platt_is_where_all_slopes_of_the_likelihood_are_nil():
    rng = np.random.default_rng(3)
    said = rng.uniform(0.05, 0.95, 60)
    labels = (rng.random(60) < said).astype(int)
    curve = fit_calibration("platt", said, labels)
    residual = apply_calibration(curve, said) - labels
    assert residual.sum() == pytest.approx(0, abs=1e-3)
    assert residual @ np.log(said / (1 - said)) == pytest.approx(0, abs=1e-2)


def test_platt_goes_on_to_the_ends():
    curve = {"method": "platt", "slope": 0.5, "intercept": 0.0}
    said = np.array([0.0, 1e-4, 0.5, 1 - 1e-4, 1.0, np.nan])
    expected = [1 / (1 + np.exp(0.5 * np.log((1 - 1e-6) / 1e-6))), 1 / (1 + np.sqrt(0.9999 / 0.0001)), 0.5]
    found = apply_calibration(curve, said)
    assert found[:3] == pytest.approx(expected, rel=1e-6)
    assert found[3:5] == pytest.approx([1 - expected[1], 1 - expected[0]], rel=1e-6)
    assert np.isnan(found[5])


@pytest.fixture
def file(tmp_path):
    """A good model file of three members, and what changes one of its entries."""
    encoder = Encoder.fit(np.array([[1.0], [3.0]]), [Covariate("slope")])
    architecture = Recipe(patch_size=5, filters=2, hidden_layers=1, units=3).architecture(1)
    members = [random_weights(architecture, seed) for seed in range(3)]
    path = tmp_path / "m.scarp"
    save_model(path, CnnDnn(encoder, architecture, members, {"seed": 7, "area": "here"}, "numpy"))

    def changed(entry, change):
        with zipfile.ZipFile(path) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        entries[entry] = change(entries[entry])
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in entries.items():
                archive.writestr(name, content)
        return path

    return path, members, changed


def test_a_model_file_is_what_it_says(file):
    path, members, _ = file
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["manifest.json", "member0.npz", "member1.npz", "member2.npz"]
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        text = archive.read("manifest.json").decode()
    keys = [line.split('"')[1] for line in text.splitlines() if line.startswith(' "')]
    assert keys == sorted(keys), "in one order, whatever the order they were put in"
    model = load_model(path, "numpy")
    assert len(model.members) == 3
    for weights, own in zip(model.members, members):
        for name, array in own.items():
            np.testing.assert_array_equal(weights[name], array)
    assert model.manifest["area"] == "here"
    assert model.calibration is None


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_a_model_file_keeps_what_the_network_counts_beside_its_trees(file, tmp_path, share):
    path, _, _ = file
    model = load_model(path, "numpy")
    grown = {"channel": np.array([[0]], np.uint16), "limit": np.array([[0.5]], np.float32), "value": np.array([[0.25, 0.75]], np.float32)}
    beside = CnnDnn(model.encoder, model.architecture, model.members, {}, "numpy", None, Trees(grown, 1), share)
    save_model(tmp_path / "both.scarp", beside)
    again = load_model(tmp_path / "both.scarp", "numpy")
    assert again.share == share and again.trees.arrays["value"].tolist() == [[0.25, 0.75]]
    assert load_model(path, "numpy").share == 1


def arrays(content, change):
    with np.load(io.BytesIO(content)) as found:
        weights = dict(found)
    change(weights)
    stream = io.BytesIO()
    np.savez(stream, **weights)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("entry", "change", "message"),
    [
        ("manifest.json", lambda text: text.replace(b'"cnn_dnn"', b'"oracle"'), "kind 'oracle'"),
        ("manifest.json", lambda text: text.replace(b'"channels": 1', b'"channels": 2'), "1 channels for a network of 2"),
        ("manifest.json", lambda text: text.replace(b'"members": 3', b'"members": 4'), "damaged"),
        ("member1.npz", lambda content: arrays(content, lambda weights: weights.pop("dense0")), "unexpected weights dense0"),
        ("member1.npz", lambda content: arrays(content, lambda weights: weights.update(more=np.zeros(1))), "unexpected weights more"),
        ("member1.npz", lambda content: arrays(content, lambda weights: weights.update(linear=np.zeros((2, 1)))), "weights linear"),
        ("member1.npz", lambda content: arrays(content, lambda weights: weights.update(linear=np.array([[0.5]], object))), "damaged"),
    ],
)
def test_a_file_that_was_changed_is_refused(file, entry, change, message):
    path, _, changed = file
    with pytest.raises(EngineError, match=message):
        load_model(changed(entry, change), "numpy")


def test_equal_networks_make_equal_files_whatever_the_day(file, tmp_path, monkeypatch):
    path, _, _ = file
    monkeypatch.setattr("time.localtime", lambda *seconds: (2001, 2, 3, 4, 5, 6, 0, 34, 0))
    save_model(tmp_path / "again.scarp", load_model(path, "numpy"))
    assert (tmp_path / "again.scarp").read_bytes() == path.read_bytes()
