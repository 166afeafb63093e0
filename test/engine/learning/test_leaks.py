# SPDX-License-Identifier: GPL-2.0-or-later
"""Tuning and calibration look at cells that the network of that fold has not seen, and a fit looks at nothing but its own cells."""

from dataclasses import replace

import numpy as np
import pytest
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid
from scarp.engine.learning.fitting import Examples, fit, susceptibility
from scarp.engine.learning.tuning import Candidate, held_out, search
from scarp.engine.reporting.metrics import evaluate
from scarp.engine.samples.folds import validation_part
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe

FOLDS, KINDS, COPIES = 3, 4, 16
TINY = Recipe(patch_size=5, filters=2, hidden_layers=1, units=8, members=1, epochs=12, learning_rate=0.03, batch_size=16)


@pytest.fixture(scope="module")
def copies():
    """Kinds of rock of which each occurs in one fold only, many cells of each with one label, drawn: nothing to learn from other folds."""
    kind = np.repeat(np.arange(FOLDS * KINDS), COPIES)
    labels = kind % 2
    order = np.random.default_rng(1).permutation(len(kind))
    kind, labels = kind[order], labels[order]
    patches = np.broadcast_to(kind[:, None, None, None], (len(kind), 5, 5, 1)).astype(np.float32)
    rock = Covariate("rock", "categorical", classes={number: f"rock {number}" for number in range(FOLDS * KINDS)})
    rows, cols = np.divmod(np.arange(len(kind)), 16)
    grid = Grid("", (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (13, 17))
    return Examples(Patches.of(patches), (rock,), labels, rows, cols, grid), kind // KINDS


def test_folds_of_tuning_are_not_scored_on_themselves(copies):
    examples, folds = copies
    (tried,) = search(examples, folds, [Candidate(0.03, 1, 8, 16)], TINY, 1, Feedback())
    assert len(tried.auc) == FOLDS
    assert tried.auc == pytest.approx([0.5] * FOLDS, abs=0.25)
    learnt, _ = fit(examples, TINY, 1)
    assert evaluate(examples.labels, susceptibility(learnt, examples))["auc"] > 0.95, "it would be learnt if it were told"


def test_a_fold_hears_nothing_of_its_own_labels(copies):
    examples, folds = copies
    first = folds == 0
    flipped = replace(examples, labels=np.where(first, 1 - examples.labels, examples.labels))
    said = [list(held_out(each, folds, TINY, 1, Feedback())) for each in (examples, flipped)]
    for number, ((test, own), (same, other)) in enumerate(zip(*said)):
        np.testing.assert_array_equal(test, folds == number)
        np.testing.assert_array_equal(test, same)
        assert len(own) == test.sum()
        assert (number == 0) == bool((own == other).all()), "the labels of a fold change what is said of the others alone"


@pytest.fixture(scope="module")
def slopes():
    """Patches of slope and aspect, of which the middle is the cell; labels follow the mean slope of the patch."""
    rng = np.random.default_rng(3)
    patches = np.stack([rng.normal(20, 8, (90, 5, 5)), rng.uniform(0, 360, (90, 5, 5))], axis=-1).astype(np.float32)
    labels = (patches[..., 0].mean(axis=(1, 2)) > 20).astype(int)
    rows, cols = np.divmod(np.arange(90), 18)
    grid = Grid("", (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (5, 18))
    return Examples(Patches.of(patches), (Covariate("slope"), Covariate("aspect", "circular")), labels, rows, cols, grid)


def test_the_encoding_knows_the_cells_alone(slopes):
    """Neither the cells around them in the patches, nor those that are left out."""
    known = slopes.only(np.arange(60))
    model, _ = fit(known, replace(TINY, epochs=1), 1)
    own = slopes.patches.take()[:60, 2, 2].astype(np.float64)
    assert model.encoder.to_json() == Encoder.fit(own, slopes.covariates).to_json()
    assert model.encoder.to_json()["columns"][0] == {"mean": own[:, 0].mean(), "deviation": own[:, 0].std()}


def test_members_differ_in_seed_and_in_the_cells_that_stop_them(slopes, monkeypatch):
    asked = []

    def recorded(*arguments):
        asked.append(arguments)
        return validation_part(*arguments[:6], 0, *arguments[7:])  # the same for both, so that the seed alone tells them apart

    monkeypatch.setattr("scarp.engine.learning.fitting.validation_part", recorded)
    model, histories = fit(slopes, replace(TINY, members=2, epochs=2), 7)
    assert [arguments[5:] for arguments in asked] == [(7, 0, None), (7, 1, None)]
    assert len(histories) == 2
    assert histories[0]["val_loss"] != histories[1]["val_loss"]
    assert (model.members[0]["convolution0"] != model.members[1]["convolution0"]).all()
    alone, _ = fit(slopes, replace(TINY, epochs=2), 7)
    for name, array in model.members[0].items():
        np.testing.assert_array_equal(array, alone.members[0][name])


def outward(count):
    """Patches whose slope depends on the distance from the middle and whose aspect points away from it: the same however turned."""
    down, right = np.mgrid[-2:3, -2:3].astype(float)
    aspect = np.degrees(np.arctan2(right, -down)) % 360
    aspect[2, 2] = -1.0
    scale = np.random.default_rng(4).normal(1, 0.5, count)
    slope = 10 + scale[:, None, None] * np.hypot(down, right)
    patches = np.stack([slope, np.broadcast_to(aspect, slope.shape)], axis=-1)
    return patches, (scale > 1).astype(int)


def test_turning_patches_changes_all_but_those_that_look_alike_from_every_side(slopes):
    """So patches are turned, and their aspect with them; plain descent, since others make much of the last digits of nothing."""
    plain = replace(TINY, optimizer="sgd", epochs=2, batch_size=8)
    patches, labels = outward(90)
    round_ones = replace(slopes, patches=Patches.of(patches), labels=labels)
    for examples, alike in ((round_ones, True), (slopes, False)):
        turned, still = (fit(examples, replace(plain, augment=augment), 1)[0].members[0]["convolution0"] for augment in (True, False))
        assert np.allclose(turned, still, atol=1e-5) == alike
