# SPDX-License-Identifier: GPL-2.0-or-later
"""No landslide has cells in two parts: of any validation, of the folds inside it, of tuning, calibration or stopping. By ids."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from scarp.engine.benchmark import comparison
from scarp.engine.benchmark.comparison import Data, Fold, Validation, compare, fit_cells
from scarp.engine.benchmark.summary import summarise
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.learning import fitting, tuning
from scarp.engine.learning.fitting import Examples
from scarp.engine.learning.tuning import Candidate
from scarp.engine.samples.cells import SampleCells
from scarp.engine.samples.folds import FoldWarning, KMeansKFold
from scarp.engine.tasks import train_cnn_dnn
from scarp.models.covariate import Covariate
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GridSearchCV

GRID = Grid(reference_of(32639).ExportToWkt(), (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (140, 190))
SLIDES, CELLS = 40, 6


@pytest.fixture(scope="module")
def data():
    """Forty landslides of six cells and 240 absences; covariates are drawn, the same for all cells of a landslide: they tell nothing."""
    rng = np.random.default_rng(7)
    slide = np.repeat(np.arange(SLIDES), CELLS)
    rows = rng.integers(0, 138, SLIDES)[slide] + np.tile([0, 0, 1, 1, 2, 2], SLIDES)
    cols = rng.integers(0, 188, SLIDES)[slide] + np.tile([0, 1], SLIDES * 3)
    values = rng.normal(size=(SLIDES, 3))[slide]
    count = len(slide)
    rows, cols = np.r_[rows, rng.integers(0, 140, count)], np.r_[cols, rng.integers(0, 190, count)]
    origin = np.r_[slide.astype(str), np.full(count, "random")]
    days = np.r_[(np.datetime64("2010-01-01") + np.arange(SLIDES))[slide], np.full(count, np.datetime64("NaT", "D"))]
    order = rng.permutation(2 * count)
    cells = SampleCells(
        rows[order],
        cols[order],
        np.repeat([1, 0], count)[order],
        np.full(2 * count, "train"),
        np.full(2 * count, -1),
        origin[order],
    )
    covariates = tuple(Covariate(name) for name in ("slope", "a", "b"))
    values = np.concatenate([values, rng.normal(size=(count, 3))])[order].astype(np.float32)
    return Data(cells, GRID, covariates, values, GRID.centres_m(cells.rows, cells.cols), days[order])


def landslides(data, members):
    """The ids of the landslides that cells, given as numbers or as a mask, belong to."""
    return set(data.cells.origin[members][data.labels[members] == 1])


@pytest.mark.parametrize("method", ["holdout", "random", "blocks", "kmeans", "temporal"])
def test_no_fold_divides_a_landslide(data, method):
    folds = Validation(method, folds=4, repeats=2, block_size_m=400.0).make(data, 3)
    for fold in folds:
        assert landslides(data, fold.training) and landslides(data, fold.test)
        assert not landslides(data, fold.training) & landslides(data, fold.test)
    if method == "random":
        tested = [set(data.cells.origin[fold.test]) - {"random"} for fold in folds if fold.repeat == 0]
        assert [len(each) for each in tested] == [10] * 4 and len(set.union(*tested)) == SLIDES


def test_what_a_library_says_to_programmers_is_not_told(data, monkeypatch):
    """SciPy's on how it reckons a p-value, say; what folds are not quite as asked for is told."""
    fold = KMeansKFold._fold

    def noisy(self, *cells):
        warnings.warn("Exact calculation unsuccessful.", RuntimeWarning, stacklevel=1)
        warnings.warn("A fold was merged.", FoldWarning, stacklevel=1)
        return fold(self, *cells)

    monkeypatch.setattr(KMeansKFold, "_fold", noisy)
    told = Listener()
    Validation("kmeans", folds=4).make(data, 3, told)
    assert told.warnings == ["A fold was merged."]


def test_nor_does_a_date_within_a_landslide(data):
    """Where a later landslide ran over part of an earlier one, each goes by its first day."""
    days = np.where(data.labels == 1, data.dates + np.arange(len(data.labels)) % 15, data.dates)
    (fold,) = Validation("temporal", split_date=np.datetime64("2010-01-25")).make(replace(data, dates=days), 3)
    assert len(landslides(data, fold.training)) + len(landslides(data, fold.test)) == SLIDES
    assert not landslides(data, fold.training) & landslides(data, fold.test)


def test_nor_does_a_date_divide_a_feature_without_landslides(data):
    """Labelled polygons without landslides have no date, and are dealt whole: six cells each here."""
    slide, number = data.labels == 1, np.cumsum(data.labels == 0) // CELLS
    origin = np.where(slide, data.cells.origin, np.char.add("field ", number.astype(str)))
    (fold,) = Validation("temporal", split_date=np.datetime64("2010-01-25")).make(
        replace(data, cells=replace(data.cells, origin=origin)), 3
    )
    training, test = (set(origin[each][~slide[each]]) for each in (fold.training, fold.test))
    assert training and test and not training & test


def test_hyper_parameters_are_chosen_in_space_where_the_test_is(data, monkeypatch):
    said = []

    def noted(data, training, name, spatial, *others):
        said.append(spatial)
        return SimpleNamespace(predict=lambda values: np.zeros(values.shape[:2])), {}

    monkeypatch.setattr(comparison, "fit_cells", noted)
    for method in ("blocks", "kmeans", "knndm", "random", "holdout", "inventory"):
        comparison._cell_outcome(data, 1, False, Fold(method, 0, 0, np.arange(240), np.arange(240, 480)), "lr")
    assert said == [True, True, True, False, False, False]


@pytest.mark.parametrize("spatial", [False, True])
def test_folds_inside_divide_none(data, monkeypatch, spatial):
    seen = []

    def recorded(estimator, grid, **settings):
        seen.append(settings["cv"])
        assert settings["scoring"] == "roc_auc"
        return GridSearchCV(estimator, grid, **settings)

    monkeypatch.setattr(comparison, "GridSearchCV", recorded)
    monkeypatch.setattr(comparison, "SEARCH_CELLS", 300)
    training = np.flatnonzero(np.isin(data.cells.origin, [str(number) for number in range(25)]) | (data.labels == 0))
    fit_cells(data, training, "dt", spatial, 5)
    some = training[np.random.default_rng(5).permutation(len(training))[:300]]
    assert len(seen[0]) == 3
    for inside, tested in seen[0]:
        assert not landslides(data, some[inside]) & landslides(data, some[tested])
        assert landslides(data, some[inside]) and landslides(data, some[tested])


def test_probabilities_of_a_support_vector_machine_come_from_other_landslides(data, monkeypatch):
    seen = []

    def recorded(estimator, **settings):
        seen.append(settings["cv"])
        return CalibratedClassifierCV(estimator, **settings)

    monkeypatch.setattr(comparison, "CalibratedClassifierCV", recorded)
    training = np.arange(300)
    model, _ = fit_cells(data, training, "svm", False, 5)
    assert len(seen[0]) == 3
    for inside, tested in seen[0]:
        assert not landslides(data, training[inside]) & landslides(data, training[tested])
    # What it remembers of a landslide makes it sure of that landslide's other cells, which must not count.
    assert np.abs(model.predict(data.values[None]) - 0.5).max() < 0.35


def test_what_is_remembered_of_a_landslide_is_no_skill(data):
    """Covariates that tell nothing give an AUC of a half to a tree that remembers; dealt cell by cell they give nearly one."""
    apart = replace(data, cells=replace(data.cells, origin=np.arange(len(data.labels)).astype(str)))
    for method in ("random", "holdout"):
        aucs = []
        for each in (data, apart):
            folds = Validation(method, folds=4).make(each, 1)
            (summary,) = summarise(compare(None, each, folds, ["rf"], 1, Recipe(), Feedback()), each.labels)
            aucs.append(summary.auc.mean)
        assert aucs[0] == pytest.approx(0.5, abs=0.2)
        assert aucs[1] > 0.85


@pytest.fixture
def examples(data):
    patches = np.repeat(np.repeat(data.values[:, None, None], 5, axis=1), 5, axis=2)
    cells = data.cells
    return Examples(Patches.of(patches), data.covariates, data.labels, cells.rows, cells.cols, GRID, cells.units)


def test_examples_know_the_landslides_of_their_cells(data, examples):
    stack = SimpleNamespace(patches=lambda rows, cols, size, names: examples.patches, covariates=data.covariates, grid=GRID)
    np.testing.assert_array_equal(Examples.of(stack, data.cells, 5).units, data.cells.units)


@pytest.mark.parametrize("validation", ["random", "blocks"])
def test_no_landslide_trains_a_member_and_stops_it(examples, monkeypatch, validation):
    """Units go along when some of the cells are taken, by number or by mask."""
    import scarp.models.training as training

    held = []

    def recorded(patches, labels, part, *others):
        held.append(part)
        return training.Member({}, {"loss": [0.0]})

    monkeypatch.setattr(training, "train", recorded)
    monkeypatch.setattr(fitting, "CnnDnn", lambda *arguments, **names: None)
    for index in (np.arange(400), np.arange(480) % 5 > 0):
        some = examples.only(index)
        held.clear()
        fitting.fit(some, Recipe(members=4, validation=validation, companion=False), 2)
        assert len(held) == 4
        for part in held:
            assert part.any() and not part.all()
            assert not set(some.units[part]) & set(some.units[~part])
            assert set(some.labels[part]) == {0, 1}
        np.testing.assert_array_equal(some.units, examples.units[index])


def recorded_fits(monkeypatch):
    """Put in place of fitting and predicting what notes the units of both."""
    seen = []
    monkeypatch.setattr(tuning, "fit", lambda examples, *others, **more: (set(examples.units), None))
    monkeypatch.setattr(
        tuning, "susceptibility", lambda model, examples: seen.append((model, set(examples.units))) or np.ones(len(examples.labels))
    )
    return seen


@pytest.mark.parametrize("given", ["whole", "divided", "none"])
def test_neither_tuning_nor_calibration_divides_a_landslide(data, examples, monkeypatch, given):
    """Whether the sample cells bring folds or not, and even where those divide landslides."""
    number = {"whole": data.cells.units % 5, "divided": np.arange(480) % 5, "none": np.full(480, -1)}[given]
    cells = replace(data.cells, fold=number)
    training = np.arange(480) < 420
    folds = train_cnn_dnn._folds(cells, training, 3)
    known = examples.only(training)
    assert set(folds) == {0, 1, 2}
    if given == "whole":
        np.testing.assert_array_equal(folds, number[training] % 3)
    seen = recorded_fits(monkeypatch)
    tuning.search(known, folds, [Candidate(0.01, 1, 4, 16)], Recipe(), 1, Feedback())
    list(tuning.held_out(known, folds, Recipe(), 1, Feedback()))
    assert len(seen) == 6
    for fitted, tested in seen:
        assert fitted and tested and not fitted & tested


def test_too_few_landslides_are_told(data):
    two = np.isin(data.cells.origin, ["3", "4"]) | (data.labels == 0)
    cells = SampleCells(*(getattr(data.cells, name)[two] for name in ("rows", "cols", "landslide", "subset", "fold", "origin")))
    small = Data(cells, GRID, data.covariates, data.values[two], data.xy[two], data.dates[two])
    for method in ("random", "blocks", "kmeans"):
        with pytest.raises(EngineError, match="4 folds need at least 4 landslides, since the cells of one are not divided; there are 2"):
            Validation(method, folds=4).make(small, 1)
    one = np.flatnonzero(np.isin(cells.origin, ["3"]) | (cells.landslide == 0))
    with pytest.raises(EngineError, match="fewer than 2 landslides"):
        fit_cells(small, one, "dt", False, 1)


@pytest.mark.parametrize(
    ("method", "share", "said"), [("holdout", 0.2, 8), ("holdout", 0.25, None), ("temporal", 0.2, 8), ("random", 0.2, None)]
)
def test_a_test_of_few_landslides_is_told(data, method, share, said):
    """Eight of the forty; ten are enough, and folds test on all."""
    listener = Listener()
    Validation(method, folds=5, test_share=share).make(data, 1, listener)
    told = [text for text in listener.warnings if "for the test" in text]
    assert [text.partition(":")[0] for text in told] == ([f"Only {said} of 40 landslides are for the test"] if said else [])
