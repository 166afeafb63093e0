# SPDX-License-Identifier: GPL-2.0-or-later
"""What is chosen inside the training cells: hyper-parameters on folds like those outside, and probabilities from held-out cells."""

import warnings
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from scarp.engine.benchmark import comparison
from scarp.engine.benchmark.comparison import Data, Validation, _inner_folds, fit_cells
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid
from scarp.engine.samples.cells import SampleCells
from scarp.models.classifiers import CLASSIFIERS
from scarp.models.covariate import Covariate
from scarp.models.errors import DivergedError
from scarp.models.recipe import Recipe

GRID = Grid("", (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (200, 300))


def data_of(rows, cols, labels, values):
    cells = SampleCells(
        rows, cols, labels, np.full(len(rows), "train"), np.full(len(rows), -1), np.array([str(number) for number in range(len(rows))])
    )
    xy = np.stack(GRID.centres(rows, cols), axis=1)
    covariates = tuple(Covariate(name) for name in ("slope", "east", "north")[: values.shape[1]])
    return Data(cells, GRID, covariates, values.astype(np.float32), xy, np.full(len(rows), np.datetime64("NaT"), "datetime64[D]"))


def scattered(count, seed):
    rng = np.random.default_rng(seed)
    rows, cols = np.divmod(rng.permutation(GRID.shape[0] * GRID.shape[1])[:count], GRID.shape[1])
    return rng, rows, cols


@pytest.fixture(scope="module")
def doubtful():
    """Half the labels of steep cells, and of flat ones, are drawn: a classifier that remembers its cells is always right about them."""
    rng, rows, cols = scattered(240, 1)
    values = np.column_stack([rng.normal(size=240), rng.normal(size=240), rng.normal(size=240)])
    labels = np.where(rng.random(240) < 0.5, values[:, 0] > 0, rng.random(240) < 0.5).astype(int)
    return data_of(rows, cols, labels, values)


def estimator_of(model):
    """The estimator itself, without the Platt scaling around it."""
    return model.estimator.calibrated_classifiers_[0].estimator if hasattr(model.estimator, "calibrated_classifiers_") else model.estimator


@pytest.mark.parametrize("name", [name for name, classifier in CLASSIFIERS.items() if classifier.grids])
def test_the_best_point_of_the_grid_is_used(doubtful, name, monkeypatch):
    """And it is looked for by the AUC: a grid of one point is no choice."""
    grids = [{key: list(values)[-1:] for key, values in grid.items()} for grid in CLASSIFIERS[name].grids[:1]]
    monkeypatch.setitem(CLASSIFIERS, name, replace(CLASSIFIERS[name], grids=grids))
    model, chosen = fit_cells(doubtful, np.arange(120), name, False, 1)
    assert chosen == {key: values[0] for key, values in grids[0].items()}
    parameters = estimator_of(model).get_params()
    assert {key: parameters[key] for key in chosen} == chosen


def test_a_grid_is_not_scored_on_the_cells_that_were_fitted(doubtful):
    """A tree without limits is always right about its own cells, and the worst on others."""
    model, chosen = fit_cells(doubtful, np.arange(240), "dt", False, 1)
    assert chosen["max_depth"] in (2, 3, 4)
    assert model.estimator.get_depth() == chosen["max_depth"]


def test_folds_inside_are_spatial_where_those_outside_are():
    """Landslides come in patches of ground, which a deep tree learns by heart from the coordinates; slope tells a little everywhere."""
    rng, rows, cols = scattered(600, 2)
    patch = rng.integers(0, 2, (6, 6))[rows * 6 // GRID.shape[0], cols * 6 // GRID.shape[1]]
    data = data_of(rows, cols, patch, np.column_stack([rng.normal(size=600) + patch, cols, rows]))
    random, spatial = (fit_cells(data, np.arange(600), "dt", wanted, 1)[1]["max_depth"] for wanted in (False, True))
    assert random is None or random > 4
    assert spatial is not None and spatial <= 3


def test_folds_inside_are_of_the_places_of_the_cells_that_are_left_of_too_many(doubtful, monkeypatch):
    """Of more cells than a classifier is fitted to, the folds were of other cells' places, and so at random."""
    monkeypatch.setitem(CLASSIFIERS, "dt", replace(CLASSIFIERS["dt"], most_cells=60))
    asked = []

    def noted(xy, labels, *others):
        asked.append((xy, labels))
        return _inner_folds(xy, labels, *others)

    monkeypatch.setattr(comparison, "_inner_folds", noted)
    others_first = 40 + np.argsort(doubtful.labels[40:], kind="stable")
    fit_cells(doubtful, others_first, "dt", True, 1)
    ((xy, labels),) = asked
    assert 0.3 < labels.mean() < 0.7, "drawn, wherever they stand among all"
    label_at = {tuple(place): label for place, label in zip(doubtful.xy[40:], doubtful.labels[40:])}
    assert len(xy) == 60 and [label_at[tuple(place)] for place in xy] == labels.tolist()


def test_probabilities_come_from_held_out_cells(monkeypatch):
    """A support vector machine that remembers its cells is sure of them; where cells tell nothing it must not be."""
    grid = {"kernel": ["rbf"], "C": [100.0], "gamma": [1.0]}
    monkeypatch.setitem(CLASSIFIERS, "svm", replace(CLASSIFIERS["svm"], grids=[grid]))
    rng, rows, cols = scattered(160, 3)
    data = data_of(rows, cols, rng.permutation(np.arange(160) % 2), rng.normal(size=(160, 3)))
    model, _ = fit_cells(data, np.arange(160), "svm", False, 1)
    assert np.abs(model.predict(data.values[None]) - 0.5).mean() < 0.2


@pytest.mark.parametrize("method", ["holdout", "random", "blocks", "kmeans", "temporal"])
def test_each_repeat_is_dealt_anew(doubtful, method):
    dated = replace(doubtful, dates=np.where(doubtful.labels == 1, np.datetime64("2001-01-01") + np.arange(240), doubtful.dates))
    validation = Validation(method, folds=3, repeats=2, block_size_m=900.0)
    folds, again, other = (validation.make(dated, seed) for seed in (1, 1, 2))
    per_repeat = 1 if method in ("holdout", "temporal") else 3
    assert [(fold.repeat, fold.number) for fold in folds] == [(repeat, number) for repeat in (0, 1) for number in range(per_repeat)]
    tests = [[fold.test.tolist() for fold in made if fold.repeat == repeat] for made in (folds, again, other) for repeat in (0, 1)]
    assert tests[:2] == tests[2:4]
    assert tests[0] != tests[1]
    assert tests[4] != tests[0]
    for fold in folds:
        assert not set(fold.training) & set(fold.test)
        assert len(set(fold.training)) == len(fold.training)


@pytest.mark.parametrize("method", ["blocks", "kmeans", "knndm"])
def test_training_cells_near_a_spatial_fold_are_left_out(doubtful, method):
    data = replace(doubtful, places=doubtful.xy[::3] + 10.0)
    for exclusion in (0.0, 250.0):
        left_out = 0
        for fold in Validation(method, folds=3, block_size_m=900.0, exclusion_m=exclusion).make(data, 1):
            others = np.setdiff1d(np.arange(240), fold.test)
            apart = np.hypot(*(data.xy[others][:, None] - data.xy[fold.test]).transpose(2, 0, 1)).min(axis=1)
            assert fold.training.tolist() == others[apart >= exclusion].tolist()
            left_out += len(others) - len(fold.training)
        assert (left_out > 0) == bool(exclusion)


def test_some_of_the_cells_keep_what_belongs_to_each(doubtful):
    """Their dates too, by which later ones are told apart where a test inventory stands aside."""
    dated = replace(doubtful, dates=np.datetime64("2001-01-01") + np.arange(480).reshape(240, 2))
    some = dated.only(np.array([7, 3, 100]))
    for name in ("values", "xy", "dates", "labels"):
        np.testing.assert_array_equal(getattr(some, name), getattr(dated, name)[[7, 3, 100]])
    assert some.cells.origin.tolist() == ["7", "3", "100"]


def test_the_smallest_of_several_tests_is_told_as_one_of_few_landslides(doubtful):
    """The layer's own part has eight, a fifth drawn beside it more than twenty."""
    test = np.r_[np.flatnonzero(doubtful.labels == 1)[:8], np.flatnonzero(doubtful.labels == 0)[:20]]
    subset = np.full(240, "train")
    subset[test] = "test"
    listener = Listener()
    folds = Validation("holdout", repeats=2).make(replace(doubtful, cells=replace(doubtful.cells, subset=subset)), 1, listener)
    assert folds[0].test.tolist() == sorted(test) and doubtful.labels[folds[1].test].sum() > 15
    assert [text.partition(" are for")[0] for text in listener.warnings] == [f"Only 8 of {doubtful.labels.sum()} landslides"]


def test_a_temporal_validation_trains_on_earlier_landslides(doubtful):
    """The day itself is tested; landslides without a date take no part; absences follow in the same share."""
    days = np.datetime64("2014-05-01") + np.arange(240) % 10
    days[:40] = np.datetime64("NaT")
    dated = replace(doubtful, dates=np.where(doubtful.labels == 1, days, np.datetime64("NaT")))
    (fold,) = Validation("temporal", split_date=np.datetime64("2014-05-08")).make(dated, 1)
    slides = {name: getattr(fold, name)[dated.labels[getattr(fold, name)] == 1] for name in ("training", "test")}
    assert dated.dates[slides["training"]].max() == np.datetime64("2014-05-07")
    assert dated.dates[slides["test"]].min() == np.datetime64("2014-05-08")
    assert len(slides["training"]) + len(slides["test"]) == (~np.isnat(dated.dates)).sum()
    share = len(slides["test"]) / (len(slides["test"]) + len(slides["training"]))
    absences = int((dated.labels == 0).sum())
    assert len(fold.test) - len(slides["test"]) == pytest.approx(share * absences, abs=1)
    assert len(fold.training) + len(fold.test) == absences + (~np.isnat(dated.dates)).sum()


def test_inner_folds_are_merged_without_a_word_whatever_other_threads_do_to_warnings(monkeypatch):
    """Filters are of all threads: one that ended gave back those of before to another that had just asked for silence."""
    rng = np.random.default_rng(0)
    xy = np.concatenate([rng.normal(middle, 1.0, (20, 2)) for middle in (0.0, 50.0, 100.0)])
    labels = np.r_[np.tile([0, 1], 20), np.ones(20, int)]
    deal = comparison.KMeansKFold._fold
    monkeypatch.setattr(comparison.KMeansKFold, "_fold", lambda *given: warnings.simplefilter("always") or deal(*given))
    with warnings.catch_warnings(record=True) as told:
        assert len(_inner_folds(xy, labels, True, 0, None)) == 2
    assert told == []


def test_a_network_of_few_rounds_is_fitted_without_a_word():
    """As the best of a benchmark, or by Explain; noise takes all rounds of the multilayer perceptron."""
    rng, rows, cols = scattered(300, 300)
    noise = data_of(rows, cols, rng.integers(0, 2, 300), rng.normal(size=(300, 3)))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fit_cells(noise, np.arange(300), "mlp", False, 1)
    assert [str(each.message) for each in told] == []


@pytest.fixture
def networks(doubtful, monkeypatch):
    """Compare networks by one that says 0.2 alone and 0.7 with its trees; return the outcomes and what was asked for."""

    def compared(names, fit=None):
        asked = []
        both = SimpleNamespace(says=0.7, trees=True, share=0.25, classifier="cnn_dnn_trees")
        alone = SimpleNamespace(says=0.2, trees=None, share=1.0, classifier="cnn_dnn")
        both.alone = alone.alone = lambda: alone

        def trained(cells, recipe, seed, *_, **__):
            asked.append((cells, recipe.companion, seed))
            return (both if recipe.companion else alone), []

        class Cells(np.ndarray):
            """Numbers of cells in place of their patches."""

            def only(self, index):
                return self[index]

            labels = property(np.asarray)

        def of(stack, cells, size_px):
            asked.append(size_px)
            return np.arange(len(cells.rows)).view(Cells)

        monkeypatch.setattr(comparison, "Examples", SimpleNamespace(of=of))
        monkeypatch.setattr(comparison, "fit", fit or trained)
        monkeypatch.setattr(comparison, "susceptibility", lambda model, cells: np.full(len(cells), model.says))
        folds = Validation("random", folds=2).make(doubtful, 1)
        outcomes = comparison.compare(None, doubtful, folds, names, 3, Recipe(patch_size=9), Feedback())
        size, *fits = asked
        assert size == 9 and [(cells.tolist(), seed) for cells, _, seed in fits] == [
            (fold.training.tolist(), 3) for fold in folds if not fit
        ]
        return {(each.classifier, each.susceptibility[0], *each.chosen.items()) for each in outcomes}, [
            companion for _, companion, _ in fits
        ]

    return compared


def test_a_network_is_trained_once_a_fold_and_asked_with_its_trees_and_without(networks):
    with_trees = ("cnn_dnn_trees", 0.7, ("network_share", 0.25))
    assert networks(["cnn_dnn", "cnn_dnn_trees"]) == ({("cnn_dnn", 0.2), with_trees}, [True, True])
    assert networks(["cnn_dnn_trees"]) == ({with_trees}, [True, True])
    assert networks(["cnn_dnn"]) == ({("cnn_dnn", 0.2)}, [False, False])


def test_a_network_that_diverges_says_the_same_of_every_cell(networks):
    def diverges(*_, **__):
        raise DivergedError("it did")

    assert networks(["cnn_dnn"], diverges)[0] == {("cnn_dnn", 0.5)}


@pytest.mark.parametrize("scheduler", [None, "tcp://host:8786"])
def test_cells_and_networks_are_trained_on_the_cluster_that_is_asked_for(doubtful, monkeypatch, scheduler):
    connected, trained = [], []

    @contextmanager
    def on_cluster(address):
        connected.append(address)
        yield
        connected.clear()

    def parallel(jobs):
        for work, given, _ in jobs:
            trained.append((*connected, getattr(work, "func", work).__name__))
            yield work(*given)

    def _network_outcomes(examples, names, recipe, seed, fold, feedback=None):
        return [comparison.Outcome(fold, each, np.linspace(0, 1, len(fold.test)), {}) for each in names]

    monkeypatch.setattr(comparison, "on_cluster", on_cluster)
    monkeypatch.setattr(comparison, "_parallel", parallel)
    monkeypatch.setattr(comparison, "Examples", SimpleNamespace(of=lambda *_: None))
    monkeypatch.setattr(comparison, "_network_outcomes", _network_outcomes)
    folds = Validation("random", folds=2).make(doubtful, 1)
    outcomes = comparison.compare(None, doubtful, folds, ["cnn_dnn", "lr"], 1, Recipe(), Feedback(), scheduler)
    assert [each.classifier for each in outcomes] == ["lr", "lr", "cnn_dnn", "cnn_dnn"]
    there = [(scheduler, name) for name in ("_cell_outcome",) * 2 + ("_network_outcomes",) * 2]
    assert trained == (there if scheduler else [("_cell_outcome",)] * 2)
