# SPDX-License-Identifier: GPL-2.0-or-later
import re

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid
from scarp.engine.learning import tuning
from scarp.engine.learning.fitting import Examples
from scarp.engine.learning.tuning import read_grid, search
from scarp.models.covariate import Covariate
from scarp.models.errors import DivergedError
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe


def test_a_grid_is_every_combination():
    found = read_grid("0.01, 0.1", "1;2", "32", "16,")
    assert len(found) == 4
    assert {(each.learning_rate, each.hidden_layers) for each in found} == {(0.01, 1), (0.01, 2), (0.1, 1), (0.1, 2)}
    assert {(each.units, each.batch_size) for each in found} == {(32, 16)}


@pytest.mark.parametrize(("place", "text"), [(0, "fast"), (0, "0"), (0, "-0.1"), (1, "1.5"), (1, "-1"), (2, "0"), (2, " , "), (3, "32 64")])
def test_a_wrong_grid_is_one_sentence(place, text):
    texts = ["0.01", "1", "32", "16"]
    texts[place] = text
    with pytest.raises(EngineError, match=r"^\w[\w ]+ to try \(TUNE_\w+\) must be .*numbers from .*separated by commas.*; found \""):
        read_grid(*texts)


class Listening(Feedback):
    def __init__(self):
        self.told = []

    def status(self, text):
        self.told.append(text)


def test_the_search_finds_what_learns_and_looks_at_every_fold():
    """A learning rate of next to nothing leaves the network at chance; the other one must win."""
    rng = np.random.default_rng(1)
    patches = rng.normal(size=(240, 7, 7, 2)).astype(np.float32)
    labels = (patches[..., 0].mean(axis=(1, 2)) > 0).astype(int)
    rows, cols = np.divmod(np.arange(240), 16)
    grid = Grid("", (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (15, 16))
    examples = Examples(Patches.of(patches), (Covariate("slope"), Covariate("relief")), labels, rows, cols, grid)
    recipe = Recipe(patch_size=7, filters=8, members=3, epochs=20)
    tried = search(examples, np.arange(240) % 3, read_grid("0.000001, 0.01", "1", "16", "32"), recipe, 1, listening := Listening())
    assert [each.learning_rate for each in tried] == [0.01, 1e-6]
    assert all(len(each.auc) == 3 for each in tried)
    assert tried[0].mean > tried[1].mean + 0.05
    chosen = tried[0].recipe(recipe)
    assert (chosen.learning_rate, chosen.units, chosen.members, chosen.filters) == (0.01, 16, 3, 8)
    first = "Candidate 1 of 2, fold 1 of 3, training member 1 of 1, "
    assert f"{first}compiling the network" in listening.told  # folds are tried side by side
    assert any(re.fullmatch(rf"{first}epoch 1 of 20, loss \d\.\d\d\d", text) for text in listening.told)
    assert any(text.startswith("Candidate 2 of 2, fold 3 of 3, training member 1 of 1, epoch 2 of 20") for text in listening.told)


def test_the_best_is_that_of_the_highest_mean_and_not_of_the_luckiest_fold(monkeypatch):
    """AUC 1 and 0.25 against twice 0.75."""
    labels, folds = np.tile([1, 1, 0, 0], 2), np.repeat([0, 1], 4)
    ranks = {1: [[3, 4, 1, 2], [2, 1, 3, 1.5]], 2: [[4, 2, 3, 1], [4, 2, 3, 1]]}

    def told(examples, folds, recipe, *others):
        return ((folds == number, np.array(said) / 5) for number, said in enumerate(ranks[recipe.hidden_layers]))

    monkeypatch.setattr(tuning, "held_out", told)
    nothing = np.zeros(8, int)
    examples = Examples(
        Patches.of(np.zeros((8, 5, 5, 1), np.float32)),
        (Covariate("slope"),),
        labels,
        nothing,
        nothing,
        Grid("", (0, 1, 0, 0, 0, -1), (1, 1)),
    )
    found = search(examples, folds, read_grid("0.01", "1, 2", "8", "16"), Recipe(), 1, Feedback())
    assert [(each.hidden_layers, each.auc) for each in found] == [(2, (0.75, 0.75)), (1, (1.0, 0.25))]


def test_each_point_is_tried_by_one_network_without_trees_and_told_where_none_learns(monkeypatch):
    """With its own values, and else as it is to be trained."""
    tried = []

    def told(examples, folds, recipe, seed, feedback):
        tried.append((recipe, seed))
        raise DivergedError("diverged")
        yield

    monkeypatch.setattr(tuning, "held_out", told)
    with pytest.raises(DivergedError):
        search(None, np.arange(4) % 2, read_grid("0.03", "1", "6", "16"), Recipe(members=5, patch_size=9, companion=True), 7, Feedback())
    expected = Recipe(members=1, companion=False, patch_size=9, learning_rate=0.03, hidden_layers=1, units=6, batch_size=16)
    assert tried == [(expected, 7)]
