# SPDX-License-Identifier: GPL-2.0-or-later
"""Each landslide counts the same in training, on request: one of 60 cells among twenty of one cell."""

from dataclasses import replace

import numpy as np
import pytest
from scarp.engine.benchmark import comparison
from scarp.engine.benchmark.comparison import Data, Fold, compare, fit_cells
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.learning import fitting
from scarp.engine.learning.fitting import Examples
from scarp.engine.samples.cells import SampleCells
from scarp.engine.samples.folds import landslide_weights
from scarp.models.covariate import Covariate
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe

GRID = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -20.0), (140, 190))
TINY = Recipe(patch_size=5, filters=2, hidden_layers=1, units=4, members=1, epochs=1)


@pytest.fixture(scope="module")
def data():
    """The large landslide lies where the covariate is 3, the small ones where it is −1, as half of the absences do."""
    rng = np.random.default_rng(1)
    landslide = np.repeat([1, 0], [80, 80])
    origin = np.r_[np.repeat("large", 60), np.arange(20).astype(str), np.repeat("random", 80)]
    values = np.r_[np.full(60, 3.0), np.full(20, -1.0), np.full(40, -1.0), rng.normal(0, 1, 40)][:, None].astype(np.float32)
    cells = SampleCells(np.arange(160) // 20, np.arange(160) % 20, landslide, np.full(160, "train"), np.full(160, -1), origin)
    return Data(cells, GRID, (Covariate("slope"),), values, GRID.centres_m(cells.rows, cells.cols), np.full(160, np.datetime64("NaT", "D")))


def test_a_classifier_of_cells_learns_where_most_landslides_are(data):
    """Gaussian naïve Bayes has the mean of landslides: 2 by cells, and (3 − 20) / 21 by landslides."""
    found = {}
    for equal in (False, True):
        model, _ = fit_cells(data, np.arange(160), "gnb", False, 1, equal)
        scale = model.encoder.encode(np.array([[0.0], [1.0]], np.float32))[:, 0]
        found[equal] = (float(model.estimator.theta_[1, 0]) - scale[0]) / (scale[1] - scale[0])
    assert found[False] == pytest.approx(2.0, abs=1e-4)
    assert found[True] == pytest.approx(-17 / 21, abs=1e-4)


def test_classes_count_the_same_too_where_one_has_fewer_cells(data):
    model, _ = fit_cells(data, np.arange(100), "gnb", False, 1, True)
    assert model.estimator.class_prior_ == pytest.approx([0.5, 0.5])


def test_hyper_parameters_are_chosen_by_what_cells_count(data, monkeypatch):
    """Beside the forty absences that are left the landslides count half as much in all."""
    asked = []

    class Noted(comparison.GridSearchCV):
        def fit(self, x, y, **counts):
            asked.append((y, counts["sample_weight"]))
            return super().fit(x, y, **counts)

    monkeypatch.setattr(comparison, "GridSearchCV", Noted)
    fit_cells(data, np.arange(120), "gnb", False, 1, True)
    ((labels, counts),) = asked
    assert [counts[labels == label].sum() for label in (0, 1)] == pytest.approx([60, 60])
    assert sorted(set(counts[labels == 1].round(6))) == pytest.approx([0.75 * 80 / 21 / 60, 0.75 * 80 / 21], abs=1e-6)


@pytest.mark.parametrize("equal", [False, True])
def test_the_comparison_trains_as_it_is_asked_to(data, equal):
    fold = Fold("random", 0, 0, np.arange(0, 160, 2), np.arange(1, 160, 2))
    (outcome,) = compare(None, data, [fold], ["gnb"], 1, replace(TINY, equal_landslides=equal), Feedback())
    expected = [fit_cells(data, fold.training, "gnb", False, 1, each)[0].predict(data.values[fold.test][None])[0] for each in (False, True)]
    np.testing.assert_array_equal(outcome.susceptibility, expected[equal])
    assert (expected[0] != expected[1]).any()


def test_network_and_trees_are_told_what_cells_count(data, monkeypatch):
    patches = np.repeat(np.repeat(data.values[:, None, None], 5, axis=1), 5, axis=2)
    examples = Examples(Patches.of(patches), data.covariates, data.labels, data.cells.rows, data.cells.cols, GRID, data.units)
    asked, own = [], fitting.grow

    def recorded(encoded, labels, seed, counts=None):
        asked.append(counts)
        return own(encoded, labels, seed, counts)

    monkeypatch.setattr(fitting, "grow", recorded)
    models = {equal: fitting.fit(examples, replace(TINY, equal_landslides=equal), 1)[0] for equal in (False, True)}
    expected = np.r_[np.full(60, 80 / 21 / 60), np.full(20, 80 / 21), np.ones(80)]
    np.testing.assert_allclose(landslide_weights(data.labels, data.units), expected)
    assert asked[:2] == [None, None]
    np.testing.assert_allclose(asked[3], expected)
    assert len(asked[2]) < 160 and set(np.round(asked[2], 6)) <= set(np.round(expected, 6))
    assert np.abs(models[True].members[0]["output"] - models[False].members[0]["output"]).max() > 1e-6
    cells = models[True].encoder.encode(np.array([[3.0], [-1.0]], np.float32))
    large, small = models[False].trees.predict(cells), models[True].trees.predict(cells)
    assert small[1] > large[1] + 0.1, "trees believe the small landslides more"


def test_points_count_the_same_anyway():
    assert landslide_weights(np.array([1, 0, 1]), None).tolist() == [1, 1, 1]
