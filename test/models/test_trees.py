"""Trees as arrays say what scikit-learn's forest says, and nothing but such trees is taken."""

import sys

import numpy as np
import pytest
from scarp.models import trees as module
from scarp.models.architecture import Architecture
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.errors import EngineError
from scarp.models.model_file import load_model, save_model
from scarp.models.recipe import Recipe
from scarp.models.trees import Trees, forest, grow, trees_of


def cells(count=600, channels=5, seed=3):
    """Cells with values that repeat, an indicator among them, so that limits lie on and between values."""
    rng = np.random.default_rng(seed)
    encoded = rng.normal(size=(count, channels)).astype(np.float32).round(1)
    encoded[:, -1] = rng.random(count) < 0.2
    labels = (encoded[:, 0] + encoded[:, 1] * encoded[:, -1] + rng.normal(size=count) > 0.7).astype(int)
    return encoded, labels


@pytest.fixture(scope="module")
def fitted():
    encoded, labels = cells()
    return forest(1).fit(encoded, labels), trees_of(forest(1).fit(encoded, labels), encoded.shape[1])


def test_trees_say_what_the_forest_says(fitted):
    estimator, trees = fitted
    encoded, _ = cells(2000, seed=4)
    np.testing.assert_allclose(trees.predict(encoded), estimator.predict_proba(encoded)[:, 1], atol=1e-6)
    assert trees.predict(encoded).dtype == np.float32
    assert np.ptp(trees.predict(encoded)) > 0.5


def test_at_the_limits_and_beside_them_too(fitted):
    """A value at a limit, the next float32 below and above: each goes the way that scikit-learn's float64 limit sends it."""
    estimator, trees = fitted
    limits = np.concatenate([each.tree_.threshold[each.tree_.feature == 0] for each in estimator.estimators_])
    near = np.unique(limits.astype(np.float32))
    at = np.concatenate([near, np.nextafter(near, np.float32(-9)), np.nextafter(near, np.float32(9))])
    encoded = np.zeros((len(at), trees.channels), np.float32)
    encoded[:, 0] = at
    np.testing.assert_allclose(trees.predict(encoded), estimator.predict_proba(encoded)[:, 1], atol=1e-6)


def test_limits_that_float32_cannot_tell_are_rounded_down():
    limit = np.array([0.1, 0.5, -0.1])
    found = module._not_above(limit)
    assert (found.astype(np.float64) <= limit).all()
    assert (np.nextafter(found, np.float32(9)).astype(np.float64) > limit).all()


def test_a_tree_computed_by_hand():
    """Depth two, its left branch ending early: 0.1 where the first channel is at most 1, else 0.4 or 0.9 by the second."""
    arrays = {"channel": [[0, 0, 1]], "limit": [[1.0, np.inf, -2.0]], "value": [[0.1, 0.1, 0.4, 0.9]]}
    found = Trees(arrays, 2).predict(np.array([[1, 9], [1.1, -2], [1.1, -1.9]], np.float32))
    assert found.tolist() == pytest.approx([0.1, 0.4, 0.9])


def test_windows_of_any_layout_say_the_same_as_cells(fitted):
    _, trees = fitted
    encoded, _ = cells(70 * 300, seed=5)
    window = encoded.reshape(70, 300, -1)
    by_channel = np.moveaxis(np.ascontiguousarray(np.moveaxis(window, -1, 0)), 0, -1)
    expected = trees.predict(encoded).reshape(70, 300)
    np.testing.assert_array_equal(trees.predict(window), expected)
    np.testing.assert_array_equal(trees.predict(by_channel), expected)
    np.testing.assert_array_equal(trees.predict(by_channel[3:-4, 5:-6]), expected[3:-4, 5:-6])


def test_without_numba_the_same_comes_out(fitted, monkeypatch):
    _, trees = fitted
    encoded, _ = cells(500, seed=6)
    expected = trees.predict(encoded)
    monkeypatch.setattr(module, "_compiled", [])
    monkeypatch.setitem(sys.modules, "scarp.models.compiled", None)
    assert module._walk() is module._by_arrays
    np.testing.assert_allclose(trees.predict(encoded), expected, atol=1e-7)


def test_equal_seeds_grow_equal_trees_and_classes_count_the_same():
    encoded, labels = cells()
    first, second, other = grow(encoded, labels, 1), grow(encoded, labels, 1), grow(encoded, labels, 2)
    for name, array in first.arrays.items():
        np.testing.assert_array_equal(array, second.arrays[name])
    assert any(
        (first.arrays[name] != other.arrays[name]).any() for name in first.arrays if first.arrays[name].shape == other.arrays[name].shape
    )
    alike = np.zeros((1000, 1), np.float32)
    assert grow(alike, np.arange(1000) < 100, 1).predict(alike[:1]) == pytest.approx(0.5, abs=0.02)


def test_what_cells_count_weighs_beside_their_class():
    """Of landslides those of the second kind count three times as much: 3/8 of all there against 2/8 others, and 1/8 elsewhere."""
    kind, labels = (np.arange(800) % 2).astype(np.float32)[:, None], np.arange(800) // 400
    grown = grow(kind, labels, 1, np.where((labels == 1) & (kind[:, 0] == 1), 3.0, 1.0))
    assert grown.predict(np.array([[0], [1]], np.float32)) == pytest.approx([1 / 3, 3 / 5], abs=0.02)


def test_trees_are_many_and_shallow_and_no_end_is_of_a_single_cell():
    """One landslide far from all others never stands alone: with a cell beside it, it counts at most 9.5 of 10."""
    assert (module.TREES, module.DEPTH) == (64, 8)
    encoded, labels = cells(3000)
    grown = grow(encoded, labels, 1)
    assert grown.count == 64 and grown.arrays["limit"].shape[1] == 2**8 - 1
    far = np.arange(40, dtype=np.float32)[:, None]
    lone = grow(far, np.arange(40) == 39, 1)
    assert lone.arrays["value"].max() < 1


def test_channels_beyond_a_byte_are_asked_for():
    """Of many classes there are many channels."""
    encoded = np.zeros((2, 400), np.float32)
    encoded[1, 300] = 1
    assert Trees({"channel": [[300]], "limit": [[0.5]], "value": [[0.25, 0.75]]}, 400).predict(encoded).tolist() == [0.25, 0.75]


def test_cells_of_other_channels_are_refused():
    with pytest.raises(ValueError, match="cells of 3 channels for trees of 2"):
        Trees(GOOD, 2).predict(np.zeros((4, 3), np.float32))


GOOD = {"channel": [[0, 1, 1]], "limit": [[0.0, 1.0, np.inf]], "value": [[0.0, 0.5, 0.7, 1.0]]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"channel": [[0, 1, 2]]}, "other channels than the 2"),
        ({"channel": [[0, -1, 1]]}, "other channels"),
        ({"channel": [[0.0, 1.0, 1.0]]}, "other channels"),
        ({"channel": [[0, 1]]}, "3 nodes and 4 ends"),
        ({"limit": [[0.0, np.nan, 1.0]]}, "a limit or a value"),
        ({"limit": [[0.0, 1.0]]}, "2 nodes and 4 ends"),
        ({"limit": [[0.0, 1.0, 1.0]] * 2}, "no limit of trees"),
        ({"value": [[0.0, 0.5, 0.7, 1.1]]}, "a limit or a value"),
        ({"value": [[0.0, 0.5, np.nan, 1.0]]}, "a limit or a value"),
        ({"value": [[0.0, 0.5, 0.7]]}, "3 nodes and 3 ends"),
        ({"value": [0.0, 0.5, 0.7, 1.0]}, "no channel of trees"),
        ({"value": [["a", "b", "c", "d"]]}, "no value of trees"),
        ({name: np.empty((0, size)) for name, size in (("channel", 3), ("limit", 3), ("value", 4))}, "3 nodes and 4 ends"),
        ({"more": [1]}, "unexpected arrays of trees more"),
    ],
)
def test_arrays_that_are_no_trees_are_refused(change, message):
    Trees(GOOD, 2)
    with pytest.raises(ValueError, match=message):
        Trees({**GOOD, **change}, 2)


@pytest.fixture
def model():
    """A network of random weights with trees beside it, on two covariates."""
    encoder = Encoder.fit(np.array([[1.0, 1], [3.0, 2]]), [Covariate("slope"), Covariate("rock", "categorical", classes={1: "a", 2: "b"})])
    architecture: Architecture = Recipe(patch_size=5, filters=2, hidden_layers=1, units=3).architecture(3)
    rng = np.random.default_rng(1)
    weights = {name: rng.uniform(0.1, 0.4, shape).astype(np.float32) for name, shape in architecture.shapes.items()}
    encoded, labels = cells(channels=3)
    return CnnDnn(encoder, architecture, [weights], {"seed": 7}, "numpy", None, grow(encoded, labels, 1), 0.75)


def window_of(seed=2, shape=(30, 41)):
    rng = np.random.default_rng(seed)
    values = np.stack([rng.normal(2, 1, shape), rng.integers(1, 3, shape)], axis=-1).astype(np.float32)
    values[rng.random(shape) < 0.1, 0] = np.nan
    return values


def test_susceptibility_is_the_weighted_mean_of_both_and_nan_where_own_covariates_lack(model):
    values = window_of()
    own = values[2:-2, 2:-2]
    encoded = model.encoder.encode(own)
    expected = 0.75 * model.alone().predict(values) + 0.25 * model.trees.predict(encoded)
    found = model.predict(values)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(own).any(axis=-1))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.nanmax(np.abs(found - model.alone().predict(values))) > 0.01


def test_the_mean_is_calibrated_not_its_parts(model):
    values = window_of()
    mean = model.predict(values)
    model.calibration = {"method": "isotonic", "from": [0.0, 1.0], "to": [0.25, 0.5]}
    np.testing.assert_allclose(model.predict(values), 0.25 + 0.25 * mean, atol=1e-6)


def test_a_window_in_parts_is_the_whole(model):
    values = window_of(shape=(40, 50))
    whole = model.predict(values)
    parts = [model.predict(values[start : start + 16 + 4]) for start in (0, 16)]
    np.testing.assert_allclose(np.concatenate(parts), whole[:32], atol=1e-6)


def test_a_model_file_gives_trees_and_share_back_bit_for_bit(model, tmp_path):
    path, again = tmp_path / "m.scarp", tmp_path / "again.scarp"
    save_model(path, model)
    loaded = load_model(path, "numpy")
    assert (loaded.share, loaded.classifier, loaded.name) == (0.75, "cnn_dnn_trees", "CNN–DNN with trees (75 % network, 25 % trees)")
    np.testing.assert_array_equal(loaded.predict(window_of()), model.predict(window_of()))
    save_model(again, loaded)
    assert path.read_bytes() == again.read_bytes()


def test_a_file_without_trees_is_the_network_alone(model, tmp_path):
    path = tmp_path / "m.scarp"
    save_model(path, model.alone())
    loaded = load_model(path, "numpy")
    assert (loaded.trees, loaded.share, loaded.name) == (None, 1.0, "CNN–DNN")
    np.testing.assert_array_equal(loaded.predict(window_of()), model.alone().predict(window_of()))


@pytest.mark.parametrize("share", [-0.1, 1.5, "half", float("nan")])
def test_a_share_that_is_none_is_refused(model, tmp_path, share):
    model.share = share
    save_model(tmp_path / "m.scarp", model)
    with pytest.raises(EngineError, match="damaged"):
        load_model(tmp_path / "m.scarp", "numpy")


def test_trees_of_another_encoding_are_refused(model, tmp_path):
    encoded, labels = cells(channels=9)
    model.trees = grow(encoded, labels, 1)
    save_model(tmp_path / "m.scarp", model)
    with pytest.raises(EngineError, match="other channels than the 3"):
        load_model(tmp_path / "m.scarp", "numpy")


@pytest.mark.parametrize(
    "share, words", [(0.0, "trees alone"), (0.25, "25 % network, 75 % trees"), (0.5, "50 % network, 50 % trees"), (1.0, "network alone")]
)
def test_a_part_that_counts_nothing_is_not_named_beside_the_other(model, share, words):
    model.share = share
    assert model.name == f"CNN–DNN with trees ({words})"
