# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import keras
import numpy as np
import pytest
from scarp.models import training
from scarp.models.errors import DivergedError
from scarp.models.network import build, predict_patches, with_weights
from scarp.models.optimizers import OPTIMIZERS, SCHEDULES, make_optimizer, rate_at
from scarp.models.patches import Patches
from scarp.models.recipe import CLASS_WEIGHTS, Recipe
from scarp.models.training import class_weights, shuffled_batches, start_from_logistic_regression, train


def toy(n=300, seed=0):
    """Landslides where the neighbourhood's mean is high: the centre alone does not tell."""
    rng = np.random.default_rng(seed)
    patches = rng.normal(size=(n, 7, 7, 2)).astype(np.float32)
    return patches, (patches[..., 0].mean(axis=(1, 2)) > 0).astype(int)


def test_it_learns_context_and_repeats_bit_for_bit():
    patches, labels = toy()
    validation = np.arange(300) % 5 == 0
    chosen = Recipe(7, 8, epochs=30, learning_rate=0.01, l2=1e-4)
    first, second = (train(Patches.of(patches), labels, validation, chosen, seed=3) for _ in range(2))
    for name, array in first.weights.items():
        np.testing.assert_array_equal(array, second.weights[name])
    unseen, truth = toy(seed=1)
    found = predict_patches(chosen.architecture(2), [first.weights], Patches.of(unseen))
    assert found[truth == 1].mean() > found[truth == 0].mean() + 0.3
    assert first.history["loss"][-1] < first.history["loss"][0]


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adagrad"])
def test_the_optimizers_of_the_paper_lower_the_loss(optimizer):
    patches, labels = toy(120)
    member = train(
        Patches.of(patches),
        labels,
        np.zeros(120, bool),
        Recipe(7, 4, epochs=60, optimizer=optimizer, learning_rate=0.01, batch_size=8),
        seed=1,
    )
    assert member.history["loss"][-1] < member.history["loss"][0]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_loss_is_that_of_keras_on_the_same_batches(optimizer):
    """Step by step, `train_on_batch` of the same network sees the same batches and must come to the same losses and weights."""
    patches, labels = toy(96)
    chosen = Recipe(
        7,
        4,
        dropout=0.0,
        epochs=3,
        optimizer=optimizer,
        learning_rate=0.01,
        batch_size=24,
        schedule="constant",
        class_weights="none",
        augment=False,
    )
    architecture = chosen.architecture(2)
    none = np.zeros(96, bool)
    found = train(Patches.of(patches), labels, none, chosen, seed=5)

    keras.utils.set_random_seed(5)
    network = build(architecture, chosen.l2)
    start_from_logistic_regression(network, patches[:, 3, 3], labels, class_weights(labels, ~none, "none"))
    told = {"from_logits": True, "label_smoothing": chosen.label_smoothing}
    network.compile(
        make_optimizer(optimizer, 0.01),
        keras.losses.BinaryCrossentropy(**told),
        metrics=[keras.metrics.BinaryCrossentropy("mean", **told)],
    )
    rng = np.random.default_rng(5)
    for epoch in range(3):
        order = shuffled_batches(rng, 96, 24)
        rng.integers(0, 2, (len(order), 3))  # the turns, unused
        seen = [network.train_on_batch([patches[each], patches[each][:, 3, 3]], labels[each, None], return_dict=True) for each in order]
        assert found.history["loss"][epoch] == pytest.approx(np.mean([each["mean"] for each in seen]), rel=1e-4)
    expected = network.predict([patches, patches[:, 3, 3]], verbose=0)
    result = with_weights(architecture, found.weights).predict([patches, patches[:, 3, 3]], verbose=0)
    np.testing.assert_allclose(result, expected, atol=1e-3)


def test_training_stops_when_validation_stalls_and_keeps_the_best():
    patches, labels = toy(120)
    validation = np.arange(120) % 3 == 0
    labels[validation] = np.random.default_rng(1).permutation(labels[validation])  # nothing to be learnt about them
    chosen = Recipe(7, 8, epochs=200, learning_rate=0.02, patience=4)
    member = train(Patches.of(patches), labels, validation, chosen, seed=1)
    losses = member.history["val_loss"]
    assert len(losses) < 200
    assert len(losses) == np.argmin(losses) + 1 + 4
    found = predict_patches(chosen.architecture(2), [member.weights], Patches.of(patches[validation]))
    truth = labels[validation]
    weight = class_weights(labels.astype(np.float32), ~validation, "balanced")[validation]
    loss = -np.mean(weight * (truth * np.log(found) + (1 - truth) * np.log(1 - found)))
    assert loss == pytest.approx(min(losses), abs=1e-4)


def test_cells_that_say_when_to_stop_teach_nothing():
    """Of one epoch there is nothing to choose: with other labels and covariates of the validation cells the weights stay bit for bit,
    what the training cells lose too, and only what those cells lose is another."""
    patches, labels = toy(200)
    validation = np.arange(200) % 4 == 0
    chosen = Recipe(7, 4, epochs=1, learning_rate=0.01)
    other = patches.copy()
    other[validation] = np.random.default_rng(8).normal(3, 2, other[validation].shape)
    given = ((patches, labels), (patches, np.where(validation, 1 - labels, labels)), (other, labels))
    first, *others = (train(Patches.of(cells), told, validation, chosen, seed=3) for cells, told in given)
    for member in others:
        for name, array in first.weights.items():
            np.testing.assert_array_equal(array, member.weights[name])
        assert member.history["loss"] == first.history["loss"]
        assert member.history["val_loss"] != first.history["val_loss"]


def test_class_weights():
    labels = np.array([1, 0, 0, 0, 1, 0, 0, 0], np.float32)
    everything = np.ones(8, bool)
    balanced = class_weights(labels, everything, "balanced")
    assert balanced[labels == 1].sum() == pytest.approx(balanced[labels == 0].sum())
    assert balanced.mean() == pytest.approx(1)
    np.testing.assert_allclose(class_weights(labels, everything, "none"), 1.0)


def test_rare_landslides_are_predicted_lower_when_every_cell_counts_the_same():
    patches, labels = toy(240)
    labels[np.flatnonzero(labels)[30:]] = 0
    none = np.zeros(240, bool)
    found = {}
    for kind in CLASS_WEIGHTS:
        chosen = Recipe(7, 4, epochs=15, class_weights=kind)
        member = train(Patches.of(patches), labels, none, chosen, seed=1)
        found[kind] = predict_patches(chosen.architecture(2), [member.weights], Patches.of(patches)).mean()
    assert found["none"] < found["balanced"] - 0.1
    assert found["none"] == pytest.approx(labels.mean(), abs=0.1)


def test_schedules():
    rates = {name: [rate_at(name, 1.0, epoch, 90, 0) for epoch in range(90)] for name in SCHEDULES}
    assert set(rates["constant"]) == {1.0}
    assert [rates["step"][epoch] for epoch in (0, 29, 30, 59, 60, 89)] == [1, 1, 0.5, 0.5, 0.25, 0.25]
    assert rates["cosine"][0] == 1.0
    assert rates["cosine"][45] == pytest.approx(0.5)
    assert rates["cosine"][89] < 0.001
    assert [rate_at("plateau", 1.0, 50, 90, plateaus) for plateaus in (0, 1, 3)] == [1, 0.5, 0.125]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_trains_without_batch_normalisation(schedule):
    patches, labels = toy(120)
    chosen = Recipe(7, 4, batch_normalisation=False, epochs=40, schedule=schedule, learning_rate=0.005, batch_size=16)
    member = train(Patches.of(patches), labels, np.arange(120) % 5 == 0, chosen, seed=1)
    assert member.history["loss"][-1] < member.history["loss"][0] - 0.05
    assert set(member.weights) == set(chosen.architecture(2).shapes)


def test_networks_of_one_kind_share_one_compiled_epoch(monkeypatch):
    """Also with other cells, and another number of them; and what was trained before leaves no trace."""
    made = []
    monkeypatch.setattr(training, "_idle", [])
    monkeypatch.setattr(training._Loop, "__init__", _counted(training._Loop.__init__, made))
    patches, labels = toy(120)
    chosen = Recipe(7, 4, epochs=2, batch_size=16)
    none = np.zeros(120, bool)
    first = train(Patches.of(patches), labels, none, chosen, seed=1)
    train(Patches.of(patches[:90]), labels[:90], np.arange(90) % 4 == 0, chosen, seed=2)
    again = train(Patches.of(patches), labels, none, chosen, seed=1)
    assert len(made) == 1
    for name, array in first.weights.items():
        np.testing.assert_array_equal(array, again.weights[name])
    (loop,) = training._idle
    assert loop.epoch.experimental_get_tracing_count() == 1
    train(Patches.of(patches), labels, none, replace(chosen, optimizer="sgd"), seed=1)
    assert len(made) == 2


def _counted(make, made):
    def counted(self, kind):
        made.append(kind)
        make(self, kind)

    return counted


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("rate", [0.01, 10.0, float("nan"), float("inf")])
@pytest.mark.parametrize("held", [0, 5])
def test_a_training_that_diverged_says_so_and_any_other_knows_something(optimizer, rate, held):
    """With validation cells and without; what is kept is better on its own cells than saying one half of each."""
    patches, labels = toy(150)
    validation = np.arange(150) % held == 0 if held else np.zeros(150, bool)
    recipe = Recipe(7, 4, epochs=4, optimizer=optimizer, learning_rate=rate, batch_size=16)
    try:
        member = train(Patches.of(patches), labels, validation, recipe, seed=2)
    except DivergedError as error:
        assert rate >= 1 or np.isnan(rate)
        assert str(error).count(". ") <= 1 and "no model is kept" in str(error)
        assert f"than {rate:g}" in str(error)
        return
    assert rate <= 10
    said = predict_patches(recipe.architecture(2), [member.weights], Patches.of(patches))
    assert np.isfinite(said).all() and np.ptp(said) > 1e-6
    assert all(np.isfinite(array).all() for array in member.weights.values())
    judged = validation if held else ~validation
    loss = -np.log(np.clip(np.where(labels == 1, said, 1 - said), 1e-9, 1))[judged].mean()
    assert loss < 3 * np.log(2)


@pytest.mark.parametrize(
    ("loss", "spread", "words"), [(np.inf, 1, "no numbers"), (1.5, 1, "best loss is 1.5"), (0.6, 0.0, "the same of every")]
)
def test_why_a_training_diverged(loss, spread, words):
    with pytest.raises(DivergedError, match=words):
        training._check_learnt(Recipe(), 3, loss, loss, spread)
    training._check_learnt(Recipe(), 3, 1.38, 9.0, 0.01)


def test_a_network_that_collapsed_is_not_kept(monkeypatch):
    """Kernels of nothing say the same of every cell; where all cells are alike, nothing else could be said."""
    patches, labels = toy(90)
    validation = np.arange(90) % 3 == 0

    def nothing(network, centres, labels, weights):
        for layer in ("linear", "output"):
            network.get_layer(layer).set_weights([0 * each for each in network.get_layer(layer).get_weights()])

    monkeypatch.setattr(training, "start_from_logistic_regression", nothing)
    recipe = Recipe(7, 4, epochs=2, learning_rate=1e-12, optimizer="sgd")
    with pytest.raises(DivergedError, match="the same of every cell"):
        train(Patches.of(patches), labels, validation, recipe, seed=2)
    train(Patches.of(np.zeros_like(patches)), labels, validation, recipe, seed=2)


def test_cells_count_what_they_are_told_to_count():
    """The validation loss is the mean of what each cell counts times its own loss."""
    patches, labels = toy(90)
    validation, counts = np.arange(90) % 3 == 0, np.random.default_rng(2).uniform(0.2, 1.8, 90)
    recipe = Recipe(7, 8, epochs=1)
    member = train(Patches.of(patches), labels, validation, recipe, seed=1, counts=counts)
    found = predict_patches(recipe.architecture(2), [member.weights], Patches.of(patches[validation]))
    truth = labels[validation]
    weight = class_weights(labels.astype(np.float32), ~validation, "balanced")[validation] * counts[validation]
    loss = -np.mean(weight * (truth * np.log(found) + (1 - truth) * np.log(1 - found)))
    assert loss == pytest.approx(member.history["val_loss"][0], abs=1e-4)
    alike = train(Patches.of(patches), labels, validation, recipe, seed=1)
    assert np.abs(alike.weights["output"] - member.weights["output"]).max() > 1e-5, "they count in training too"
