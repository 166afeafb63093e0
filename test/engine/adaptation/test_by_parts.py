# SPDX-License-Identifier: GPL-2.0-or-later
"""What adapting hands to whom: the recipe by numbers, seeds and cells of each step, and when there is too little to adapt to."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from scarp.engine.adaptation import adapting, contest
from scarp.engine.adaptation.adapting import adapted, chosen_epochs, recipe_for
from scarp.engine.adaptation.contest import Contest, check_enough, held
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.learning.fitting import Examples
from scarp.engine.learning.validation import Evaluation
from scarp.engine.reporting import metrics
from scarp.engine.reporting.metrics import delong_test, holm
from scarp.engine.samples.folds import landslide_weights
from scarp.models import training
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.errors import DivergedError
from scarp.models.memory import TENSORFLOW_BYTES
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from scarp.models.trees import grow

SETTINGS = {"optimizer": "sgd", "schedule": "step", "learning_rate": 0.5, "epochs": 77, "batch_size": 32, "equal_landslides": True}
GRID = Grid(reference_of(32639).ExportToWkt(), (500_000.0, 20.0, 0.0, 3_600_000.0, 0.0, -35.0), (40, 40))


def examples_of(slides, others, cells=3):
    """Landslides of so many cells each, and single other cells; patches of one value each."""
    labels = np.repeat([1, 0], [slides * cells, others])
    units = np.concatenate([np.repeat(np.arange(slides), cells), slides + np.arange(others)])
    values = np.random.default_rng(1).normal(size=len(labels))
    patches = np.broadcast_to(values[:, None, None, None], (len(labels), 3, 3, 1)).astype(np.float32)
    rows, cols = np.divmod(np.arange(len(labels)) * 7 % 1600, 40)
    return Examples(Patches.of(patches), (Covariate("slope"),), labels, rows, cols, GRID, units)


@pytest.fixture
def model():
    """Two members and trees, which count 75 %."""
    rng = np.random.default_rng(1)
    encoder = Encoder.fit(np.array([[-1.0], [1.0]]), (Covariate("slope"),))
    architecture = Recipe(patch_size=3, filters=2, hidden_layers=1, units=4).architecture(1)
    members = [{name: rng.random(shape).astype(np.float32) for name, shape in architecture.shapes.items()} for _ in range(2)]
    trees = grow(np.linspace(-1, 1, 40, dtype=np.float32)[:, None], np.arange(40) // 20, 1)
    return CnnDnn(encoder, architecture, members, {"settings": SETTINGS}, "numpy", None, trees, 0.25)


def test_members_are_trained_on_as_they_were_but_gently(model):
    recipe = recipe_for(model, 100, 20)
    assert (recipe.learning_rate, recipe.optimizer, recipe.schedule, recipe.epochs) == (1e-3, "adam", "constant", 20)
    assert (recipe.batch_size, recipe.equal_landslides, recipe.units, recipe.patch_size) == (32, True, 4, 3)
    assert adapting.EPOCHS == (20, 160)


def test_of_many_cells_epochs_are_fewer_in_the_same_ratio(model):
    """2,000 batches of 32 are 160 epochs of 400 cells, and 80 of 800; the shorter training falls by as much, to no less than one."""
    found = {cells: [recipe_for(model, cells, epochs).epochs for epochs in (20, 160)] for cells in (400, 800, 6400, 10**6)}
    assert found == {400: [20, 160], 800: [10, 80], 6400: [1, 10], 10**6: [1, 1]}


def test_each_member_goes_on_from_its_weights_with_a_seed_of_its_own(model, monkeypatch):
    """All cells train, landslides alike where the model was trained so, and trees are grown with the same."""
    told, grown = [], []

    def train(patches, labels, validation, recipe, seed, pairs, progress, status, counts, start):
        told.append((len(patches), validation.any(), recipe.epochs, seed, counts, start))
        return SimpleNamespace(weights={name: 2 * each for name, each in start.items()})

    monkeypatch.setattr(training, "train", train)
    monkeypatch.setattr(adapting, "grow", lambda encoded, labels, seed, counts: grown.append((seed, counts, encoded)) or model.trees)
    monkeypatch.setattr(adapting, "chosen_epochs", lambda given, cells, seed, *more: told.append((cells, seed)) or 160)
    examples = examples_of(6, 20)
    made, epochs = adapted(model, examples, 40)
    (cells, first), *members = told
    assert cells is examples and first == 40 and epochs == 160
    assert [each[:4] for each in members] == [(38, False, 160, 40), (38, False, 160, 41)]
    counts = landslide_weights(examples.labels, examples.units)
    for (*_, given, start), member, before in zip(members, made.members, model.members):
        assert start is before and (given == counts).all()
        assert (member["dense0"] == 2 * before["dense0"]).all()
    ((seed, given, encoded),) = grown
    assert seed == 40 and (given == counts).all() and (encoded == model.encoder.encode(examples.patches.centres())).all()
    assert made.share == 0.25 and made.trees.count == 2 * model.trees.count
    assert made.encoder.seen[0]["cells"] == 2 + 38 and made.calibration is None
    model.manifest["settings"] = {**SETTINGS, "equal_landslides": False}
    adapted(model, examples, 40)
    assert told[-1][4] is None and grown[-1][1] is None


def test_a_training_on_that_comes_to_nothing_speaks_of_no_parameter_that_there_is_not(model, monkeypatch):
    def train(*_):
        raise DivergedError("The training of the network diverged. Choose a lower learning rate than 0.001.")

    monkeypatch.setattr(training, "train", train)
    with pytest.raises(EngineError, match="^The model cannot be adapted: trained on, its network comes to nothing") as told:
        adapted(model, examples_of(6, 20), 40)
    assert "learning rate" not in str(told.value)


@pytest.mark.parametrize(("better", "expected"), [(20, 20), (160, 160), (None, 20)])
def test_epochs_are_chosen_on_landslides_that_took_no_part(model, monkeypatch, better, expected):
    """By the first member alone; of equal ones the fewer."""
    tried, asked = [], []

    def trained_on(given, members, examples, epochs, seed, *_):
        assert len(members) == 1 and members[0] is given.members[0]
        tried.append((examples.units, epochs, seed))
        return [{**members[0], "epochs": epochs}]

    def uncalibrated(network, part):
        asked.append(part.units)
        return part.labels.astype(float) if network.members[0]["epochs"] == better else np.full(len(part.labels), 0.5)

    monkeypatch.setattr(adapting, "_trained_on", trained_on)
    monkeypatch.setattr(adapting, "uncalibrated", uncalibrated)
    monkeypatch.setattr(adapting, "CnnDnn", lambda encoder, architecture, members, backend: SimpleNamespace(members=members))
    examples = examples_of(6, 20)
    assert chosen_epochs(model, examples, 40) == expected
    assert [each[1:] for each in tried] == [(20, 40), (160, 40)] * 3
    for (known, *_), part in zip(tried, asked):
        assert not np.intersect1d(known, part).size and len(known) + len(part) == 38
    assert chosen_epochs(model, examples_of(2, 20), 40) == expected and len(tried) == 6 + 4, "as many folds as landslides"


def test_progress_rises_by_how_much_is_trained(model, monkeypatch):
    """Choosing takes 60 %: three folds of 20 and 160 epochs; then each of two members half of the rest."""

    def train(patches, labels, validation, recipe, seed, pairs, progress, status, counts, start):
        progress(0)
        progress(100)
        return SimpleNamespace(weights=start)

    monkeypatch.setattr(training, "train", train)
    told = []
    adapted(model, examples_of(6, 20), 40, told.append)
    ends = [60 * epochs / 540 for epochs in (20, 180, 200, 360, 380, 540)] + [80, 100]
    assert told[1::2] == pytest.approx(ends) and told[::2] == pytest.approx([0, *ends[:-1]])


def test_members_are_trained_on_in_the_channels_that_they_know(model, monkeypatch):
    """Aspect is two channels that turn with the patch; slope is scaled as where the model was trained, whatever it is here."""
    told = []

    def train(patches, labels, validation, recipe, seed, pairs, *_):
        told.append((patches.take(), pairs))
        return SimpleNamespace(weights={})

    monkeypatch.setattr(training, "train", train)
    encoder = Encoder.fit(np.array([[-1.0, 0.0], [1.0, 90.0]]), (Covariate("slope"), Covariate("aspect", "circular")))
    given = SimpleNamespace(encoder=encoder, manifest={"settings": SETTINGS}, architecture=model.architecture, members=[{}], trees=None)
    examples = examples_of(6, 20)
    both = np.concatenate([50 + examples.patches.take(), np.full((38, 3, 3, 1), 90.0)], axis=-1).astype(np.float32)
    adapting._trained_on(given, [{}], replace(examples, patches=Patches.of(both)), 20, 1, lambda _: None, lambda _: None)
    ((encoded, pairs),) = told
    assert list(pairs) == [(1, 2)]
    np.testing.assert_array_equal(encoded, encoder.encode(both))


def test_epochs_are_chosen_by_the_mean_over_folds(model, monkeypatch):
    """What ranks each fold rightly wins, though its folds cannot be put in one order."""
    asked = []

    def uncalibrated(network, part):
        asked.append(part)
        fold = (len(asked) - 1) // 2
        is_right = part.labels / 2 + 10 * fold
        return is_right if len(asked) % 2 == 0 else np.where(np.arange(len(part.labels)) == 0, 0, part.labels)

    monkeypatch.setattr(adapting, "_trained_on", lambda given, members, *_: members)
    monkeypatch.setattr(adapting, "uncalibrated", uncalibrated)
    assert chosen_epochs(model, examples_of(6, 20), 40) == 160


def test_too_little_memory_is_told_before_anything_is_trained(model, monkeypatch):
    def check_room(needed):
        assert needed == TENSORFLOW_BYTES
        raise EngineError("too little memory")

    monkeypatch.setattr(adapting, "check_room", check_room)
    with pytest.raises(EngineError, match="too little memory"):
        adapted(model, examples_of(6, 20), 40)


@pytest.mark.parametrize(
    ("slides", "others", "told"), [(5, 20, ""), (4, 20, "There are 4 landslides and 20 non"), (9, 4, "9 landslides and 4")]
)
def test_five_landslides_and_five_other_cells_are_enough(slides, others, told):
    if not told:
        check_enough(examples_of(slides, others))
        return
    with pytest.raises(EngineError, match=rf"{told}.*at least 5 of each"):
        check_enough(examples_of(slides, others))


@pytest.mark.parametrize(("left", "kind"), [(3, "spatial"), (2, "random")])
def test_a_fold_leaves_three_landslides_to_adapt_to_or_folds_are_random(model, monkeypatch, left, kind):
    """Six landslides in two spatial folds; with three left of them each adapts, with two it is told and they are dealt at random."""
    examples = examples_of(6, 20)
    fold = np.where(examples.units < left, 0, 1)
    fold[examples.labels == 0] = np.arange(20) % 2
    seen = []
    monkeypatch.setattr(contest, "spatial_folds", lambda cells, size, folds, seed, told: seen.append((size, folds, seed)) or (fold, "So."))
    monkeypatch.setattr(contest, "adapted", lambda given, known, seed, *_: seen.append(("adapted", seed)) or ("bent", 20))
    monkeypatch.setattr(contest, "fit", lambda known, recipe, seed, *_, **__: seen.append((recipe.optimizer, seed)) or ("alone", []))
    said = {"bent": 0.25, "alone": 0.75}
    monkeypatch.setattr(contest, "uncalibrated", lambda given, part: np.full(len(part.labels), said.get(given, 0.5)))
    listener = Listener()
    found = held(model, examples, 450.0, 40, listener)
    assert seen[0] == (450.0, contest.FOLDS, 40) and set(seen[1:]) == {("adapted", 40), ("sgd", 40)}
    assert {each.kind for each in found.tests.values()} == {kind}
    told = {name: set(each.susceptibility) for name, each in found.tests.items()}
    assert told == {"unadapted": {0.5}, "adapted": {0.25}, "alone": {0.75}}
    assert any("too few landslides are left" in text for text in listener.warnings) == (kind == "random")
    assert held(model, examples, 450.0, 40, Feedback()).tests["alone"].name == {"spatial": "Spatial folds", "random": "Random folds"}[kind]


def test_differences_are_tested_by_landslides_in_their_folds_and_corrected():
    """As DeLong's test and Holm's correction give them one by one; turned round, the interval is too."""
    rng = np.random.default_rng(3)
    examples, fold = examples_of(12, 60), np.tile([0, 1], 48)
    fold = fold[examples.units]
    said = {
        name: np.clip(strength * examples.labels + rng.normal(0.3, 0.4, 96), 0, 1)
        for name, strength in zip(contest.CONTENDERS, (0.1, 0.5, 0.3))
    }
    made = Contest.of({name: Evaluation("spatial", "", "", examples.labels, each, fold, examples.units) for name, each in said.items()})
    pairs = [("unadapted", "adapted"), ("unadapted", "alone"), ("adapted", "alone")]
    alone = [delong_test(examples.labels, said[one], said[other], examples.units, fold) for one, other in pairs]
    for pair, single, p in zip(pairs, alone, holm(np.array([each.p_value for each in alone]))):
        found, turned = made.against(*pair), made.against(*pair[::-1])
        assert (found.mean, found.low, found.high, found.p_value) == (single.mean, single.low, single.high, p)
        assert (turned.mean, turned.low, turned.high, turned.p_value) == (-found.mean, -found.high, -found.low, p)
        assert found.low < found.mean < found.high


def test_what_is_said_stands_at_its_cells_and_progress_rises_by_what_takes_long(model, monkeypatch):
    """Of two folds adapting takes three parts of four, training alone the last one."""
    examples = examples_of(6, 20)
    fold = examples.units % 2
    monkeypatch.setattr(contest, "spatial_folds", lambda *_: (fold, "So."))
    monkeypatch.setattr(contest, "adapted", lambda given, known, seed, progress, status: progress(100) or (1, 20))
    monkeypatch.setattr(contest, "fit", lambda known, recipe, seed, progress, status: progress(100) or (2, []))
    monkeypatch.setattr(contest, "uncalibrated", lambda given, part: part.patches.centres()[:, 0] * (given if given in (1, 2) else 3))
    listener = Listener()
    found = held(model, examples, 450.0, 40, listener)
    values = examples.patches.centres()[:, 0].astype(float)
    for name, times in (("unadapted", 3), ("adapted", 1), ("alone", 2)):
        np.testing.assert_allclose(found.tests[name].susceptibility, times * values)
        assert (found.tests[name].fold == fold).all() and (found.tests[name].labels == examples.labels).all()
    assert listener.percents == pytest.approx([37.5, 50, 87.5, 100])


def test_what_is_left_without_a_fold_counts_and_not_what_the_fold_has(model, monkeypatch):
    """Six landslides in three folds of two: four of them are left to adapt to each time."""
    examples = examples_of(6, 21)
    monkeypatch.setattr(contest, "spatial_folds", lambda *_: (examples.units % 3, "So."))
    monkeypatch.setattr(contest, "adapted", lambda *_: ("bent", 20))
    monkeypatch.setattr(contest, "fit", lambda *_, **__: ("alone", []))
    monkeypatch.setattr(contest, "uncalibrated", lambda given, part: np.full(len(part.labels), 0.5))
    assert held(model, examples, 450.0, 40, Feedback()).tests["adapted"].kind == "spatial"


START = "On landslides held out, the adapted model serves best: AUC 1.000 (95 % interval 0.541 to 1.000), against 0.500 of the model as it "
START += "was and 0.500 of a model of the new landslides alone; "


@pytest.mark.parametrize(
    ("unadapted", "alone", "told"),
    [
        (0.049, 0.001, "neither lead is one of chance."),
        (
            0.05,
            0.001,
            "but chance alone may bring its lead of +0.200 on the model as it was (p = 0.050), though not that of +0.100 on a model of the "
            "new landslides alone (p = 0.001).",
        ),
        (
            0.25,
            0.125,
            "but chance alone may bring these leads: +0.200 on the model as it was (p = 0.250), "
            "+0.100 on a model of the new landslides alone (p = 0.125).",
        ),
    ],
)
def test_from_a_p_of_5_percent_on_a_lead_may_be_one_of_chance(unadapted, alone, told):
    examples, said = examples_of(6, 20), {"unadapted": 0.0, "adapted": 1.0, "alone": 0.0}
    fold = np.zeros(len(examples.labels), int)
    tests = {
        name: Evaluation("spatial", "", "", examples.labels, examples.labels * each, fold, examples.units) for name, each in said.items()
    }
    differences = {
        ("unadapted", "adapted"): metrics.TestedMean(-0.2, -0.4, 0.0, unadapted),
        ("unadapted", "alone"): metrics.TestedMean(0.1, 0.0, 0.2, 0.9),
        ("adapted", "alone"): metrics.TestedMean(0.1, 0.05, 0.2, alone),
    }
    assert Contest(tests, differences).verdict == START + told
