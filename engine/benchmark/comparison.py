# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison of classifiers: the same cells, the same folds, the same encoding fitted inside each fold."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import BaseCrossValidator, GridSearchCV
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from ...models.cell_model import CellModel
from ...models.classifiers import CLASSIFIERS, LABELS
from ...models.covariate import Covariate
from ...models.encoding import Encoder
from ...models.errors import DivergedError
from ...models.recipe import Recipe
from ..cluster import on_cluster
from ..declarations.choices import VALIDATIONS
from ..errors import EngineError
from ..feedback import Feedback, counted
from ..files.grid import Grid
from ..files.stack import Stack
from ..learning.fitting import FOLDS_AT_ONCE, Examples, fit, susceptibility
from ..reporting.numbers import number as written
from ..samples.cells import SampleCells, landslides, warn_of_few
from ..samples.folds import (
    BlockKFold,
    FoldWarning,
    KMeansKFold,
    TemporalSplit,
    deal_folds,
    fewest_units,
    landslide_weights,
    splits,
    take_share,
)
from ..samples.nearest import Distances, KnndmKFold
from ..threads import at_once

# Spatial folds always come with random ones, and random ones with spatial ones: one alone does not tell what to expect.
# Later landslides are a third question: they stand beside both.
BESIDE = {
    "random": ("blocks",),
    "blocks": ("random",),
    "kmeans": ("random",),
    "knndm": ("random",),
    "temporal": ("blocks", "random"),
    "inventory": ("blocks", "random"),
}
SPATIAL = ("blocks", "kmeans", "knndm")
# What each tells, by `learning.validation.WHERE`.
KINDS = {
    "holdout": "test",
    "random": "random",
    "blocks": "spatial",
    "knndm": "spatial",
    "kmeans": "part",
    "temporal": "temporal",
    "inventory": "held_out",
}
_INNER_FOLDS = 3
# Grids are searched on at most so many training cells; the chosen point is then fitted to all of them.
SEARCH_CELLS = 3000
# What a member of a network costs, in fits of a quick classifier; for progress only.
_MEMBER_COST = 100


@dataclass(frozen=True)
class Data:
    """The cells that all classifiers learn from and are tested on.

    Parameters
    ----------
    cells
        Where they lie, and what they are.
    grid, covariates
        Those of the stack.
    values
        The cells' own covariates, (n, bands).
    xy
        Easting and northing in metres, (n, 2).
    dates
        First and last day that the landslide may be of, datetime64[D] (n, 2), see `samples.dates`; NaT where there is none.
    places
        Easting and northing in metres of cells of the map, (m, 2), see `nearest.places_of`; kNNDM folds and `distances` need some.
    mapped
        The days of each landslide as it was mapped and of what it is one landslide with, see `folds.told_by_others`; None where unknown.
    """

    cells: SampleCells
    grid: Grid
    covariates: tuple[Covariate, ...]
    values: np.ndarray
    xy: np.ndarray
    dates: np.ndarray
    places: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    mapped: np.ndarray | None = None

    @classmethod
    def of(cls, stack: Stack, cells: SampleCells, dates: np.ndarray | None = None) -> Data:
        """Read the covariates of cells."""
        xy = stack.grid.centres_m(cells.rows, cells.cols)
        none = np.full((len(cells.rows), 2), np.datetime64("NaT"), "datetime64[D]")
        return cls(cells, stack.grid, stack.covariates, stack.at(cells.rows, cells.cols), xy, none if dates is None else dates)

    def only(self, index: np.ndarray) -> Data:
        """Return some of the cells, by number or mask."""
        return replace(self, cells=self.cells.only(index), values=self.values[index], xy=self.xy[index], dates=self.dates[index])

    def distances(self, folds: Iterable[Fold]) -> Distances:
        """Return how far test landslides lie from training landslides, and the map from both; those of no fold do not count.

        A test inventory takes no part in the map, which lies from the others so far.
        """
        folds = list(folds)
        parts = [(fold.training, fold.test) for fold in folds]
        there = np.isin(np.arange(len(self.labels)), np.concatenate([cells for both in parts for cells in both]))
        made_from = None
        if any(fold.validation == "inventory" for fold in folds):
            made_from = np.isin(np.arange(len(self.labels)), np.concatenate([training for training, _ in parts]))
        return Distances.of(self.xy, self.labels * there, self.units, parts, self.places, made_from)

    @property
    def labels(self) -> np.ndarray:
        """1 for landslide, 0 for non-landslide cells."""
        return np.asarray(self.cells.landslide)

    @property
    def units(self) -> np.ndarray | None:
        """The unit of each cell, which no fold divides; None where each is one cell."""
        return self.cells.units


@dataclass(frozen=True)
class Fold:
    """One split of the cells: the numbers of those that train and of those that are tested.

    It belongs to a `validation` (an id of `choices.VALIDATIONS`), to a `repeat` of it from 0, and has a `number` from 0 within that.
    `told` is what is not quite as asked of the folds of its repeat, in sentences.
    """

    validation: str
    repeat: int
    number: int
    training: np.ndarray
    test: np.ndarray
    told: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What one classifier says of the test cells of one fold, (test cells,), and the hyper-parameters that it had chosen."""

    fold: Fold
    classifier: str
    susceptibility: np.ndarray
    chosen: dict[str, Any]


@dataclass(frozen=True)
class Validation:
    """How cells are divided.

    Parameters
    ----------
    method
        An id of `choices.VALIDATIONS`.
    folds, repeats
        Folds of each repeat, and repeats, each dealt with a seed of its own.
    block_size_m
        Side of a spatial block.
    exclusion_m
        Training cells nearer than this to a test cell of spatial folds are left out.
    test_share
        The share of test cells in a hold-out, and of later landslides where no date divides them.
    split_date
        The day from which on landslides are tested; None for the one that leaves `test_share`.
    """

    method: str
    folds: int = 5
    repeats: int = 1
    block_size_m: float = 1000.0
    exclusion_m: float = 0.0
    test_share: float = 0.2
    split_date: np.datetime64 | None = field(default=None)

    def splitter(self, seed: int, data: Data) -> BaseCrossValidator:
        """Return the scikit-learn splitter of one repeat in space or time; X are coordinates, groups units or spans of dates."""
        if self.method == "blocks":
            return BlockKFold(self.folds, self.block_size_m, self.exclusion_m, seed)
        if self.method == "kmeans":
            return KMeansKFold(self.folds, self.exclusion_m, seed)
        if self.method == "knndm":
            return KnndmKFold(self.folds, data.places, self.exclusion_m, seed)
        return TemporalSplit(self.split_date, self.test_share, seed, data.units, data.mapped)

    def make(self, data: Data, seed: int, feedback: Feedback | None = None) -> list[Fold]:
        """Return the folds of all repeats.

        Raises
        ------
        EngineError
            If the cells do not suffice for them.
        """
        feedback = feedback or Feedback()
        if self.method not in ("holdout", "temporal", "inventory") and fewest_units(data.labels, data.units) < self.folds:
            deal_folds(data.labels, self.folds, None, seed, data.units)  # says what is missing
        made: list[Fold] = []
        known: set[frozenset[tuple[bytes, bytes]]] = set()
        for repeat in range(self.repeats):
            of_repeat: list[Fold] = []
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", FoldWarning)
                for number, (training, test) in enumerate(self._split(data, repeat, seed + repeat)):
                    _check_both_classes(data.labels, training, "training")
                    _check_both_classes(data.labels, test, "test")
                    of_repeat.append(Fold(self.method, repeat, number, training, test))
            # Not what a library says to programmers.
            told = tuple(str(warning.message) for warning in caught if issubclass(warning.category, FoldWarning))
            for sentence in told:
                feedback.warning(sentence)
            alike = frozenset((np.sort(each.training).tobytes(), np.sort(each.test).tobytes()) for each in of_repeat)
            if alike not in known:  # to count the same folds again would make intervals narrower than they are
                made += [replace(each, told=told) for each in of_repeat]
            known.add(alike)
        taken = len({each.repeat for each in made})
        if self.method != "inventory" and taken < self.repeats:
            of = f"{taken} of {self.repeats} repeats" if taken > 1 else f"one of {self.repeats} repeats"
            feedback.message(f"By {called(self.method)} the seed changes nothing in the others, so {of} counts.")
        if self.method in ("holdout", "temporal"):
            warn_of_few(min(landslides(data.cells.only(each.test)) for each in made), landslides(data.cells), feedback)
        return made

    def _split(self, data: Data, repeat: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        if self.method == "inventory":
            test = np.asarray(data.cells.subset) == "test"
            return iter([(np.flatnonzero(~test), np.flatnonzero(test))] if repeat == 0 else [])
        if self.method == "holdout":
            given = data.cells.subset == "test"
            own = repeat == 0 and len(np.unique(data.labels[given])) == 2
            test = given if own else take_share(data.labels, self.test_share, None, np.random.default_rng(seed), data.units)
            return iter([(np.flatnonzero(~test), np.flatnonzero(test))])
        if self.method == "random":
            return splits(deal_folds(data.labels, self.folds, None, seed, data.units))
        return self.splitter(seed, data).split(data.xy, data.labels, data.dates if self.method == "temporal" else data.units)


@contextmanager
def _quiet() -> Iterator[None]:
    """Let estimators say nothing of optimisers that stopped before they were done: nobody who reads the log can act on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def compare(
    stack: Stack,
    data: Data,
    folds: Sequence[Fold],
    classifiers: Sequence[str],
    seed: int,
    recipe: Recipe,
    feedback: Feedback,
    scheduler: str | None = None,
) -> list[Outcome]:
    """Train every classifier on every fold and predict its test cells.

    Classifiers of single cells run side by side on all cores, and then networks as many as there are cores. With
    the address of a Dask `scheduler` both run on the workers of its cluster. Whatever is learnt, chosen or fitted in a fold, it is by the
    training cells of that fold alone.

    Parameters
    ----------
    stack
        Where the networks read their patches.
    data, folds
        The cells, and how they are divided.
    classifiers
        Ids of `models.classifiers.CLASSIFIERS`.
    seed
        That of every classifier; the same seed on the same machine gives the same outcomes.
    recipe
        How the networks are made.

    Returns
    -------
    An outcome for each fold and classifier: the classifiers of single cells first, one after the other, then the networks fold by fold.

    Raises
    ------
    EngineError
        If the training cells of a fold do not suffice for a classifier.
    """
    _warn_of_covariates(data, folds, feedback)
    cell_jobs = [(fold, name) for name in classifiers if CLASSIFIERS[name].make for fold in folds]
    networks = [name for name in classifiers if not CLASSIFIERS[name].make]
    network_folds = folds if networks else ()
    costs = np.array([CLASSIFIERS[name].cost for _, name in cell_jobs] + [_MEMBER_COST * recipe.members] * len(network_folds))
    ends = 100.0 * costs.cumsum() / costs.sum()
    starts = np.append(0.0, ends)
    with _quiet(), on_cluster(scheduler) if scheduler else nullcontext():  # before all threads, which share what is told
        cell_job = delayed(partial(_cell_outcome, data, seed, recipe.equal_landslides))
        found: Iterator[list[Outcome]] = ([each] for each in _parallel(cell_job(fold, name) for fold, name in cell_jobs))
        if network_folds:
            job = partial(_network_outcomes, Examples.of(stack, data.cells, recipe.patch_size), networks, recipe, seed)
            parts = feedback.part(starts[len(cell_jobs)], 100).beside(len(folds))
            told = [part.under(f"Networks: fold {number} of {len(folds)}") for number, part in enumerate(parts, start=1)]
            jobs = list(zip(folds, told))
            found = chain(
                found, _parallel(map(delayed(job), folds)) if scheduler else at_once(lambda each: job(*each), jobs, FOLDS_AT_ONCE)
            )
        outcomes: list[Outcome] = []
        for done, (some, end) in enumerate(zip(found, ends), start=1):
            outcomes.extend(some)
            if scheduler or done <= len(cell_jobs):  # networks tell their own
                feedback.progress(end)
            _tell(data, outcomes, some, len(folds), done, len(ends), feedback)
    return outcomes


def _tell(data: Data, outcomes: Sequence[Outcome], new: Sequence[Outcome], folds: int, done: int, jobs: int, feedback: Feedback) -> None:
    """Tell what was done just now, and a classifier's line of the table once all its folds are there: the log is the table so far."""
    for each in new:
        own = [outcome for outcome in outcomes if outcome.classifier == each.classifier]
        label = LABELS[each.classifier]
        feedback.status(f"{label}: fold {len(own)} of {folds} ({done} of {jobs} trainings)")
        if len(own) < folds and CLASSIFIERS[each.classifier].make:
            continue
        aucs: dict[str, list[float]] = {}
        for outcome in own:
            auc = float(roc_auc_score(data.labels[outcome.fold.test], outcome.susceptibility))
            aucs.setdefault(called(outcome.fold.validation), []).append(auc)
        so_far = "" if len(own) == folds else f", {len(own)} of {folds} folds so far"
        feedback.message(f"{label}: AUC {', '.join(f'{written(np.mean(found))} in {name}' for name, found in aucs.items())}{so_far}.")


def called(method: str) -> str:
    """Return a validation as it stands within a sentence.

    >>> from scarp.engine.benchmark.comparison import called
    >>> called("knndm"), called("temporal")
    ('spatial folds', 'later landslides')
    """
    return "later landslides" if method == "temporal" else VALIDATIONS[method].split(" (")[0].lower()


@_quiet()
def fit_cells(
    data: Data, training: np.ndarray, name: str, spatial: bool, seed: int, equal: bool = False
) -> tuple[CellModel, dict[str, Any]]:
    """Fit a classifier of single cells to training cells; return it and the hyper-parameters chosen for it.

    The grid is searched for the best AUC on folds inside the training cells, spatial ones where the test is spatial. A classifier without
    probabilities gets them by Platt scaling, fitted to held-out parts of the training cells.

    Parameters
    ----------
    data, training
        The cells, and the numbers of those that train.
    name
        An id of `models.classifiers.CLASSIFIERS`, not one of the CNN–DNN.
    spatial
        Whether the folds inside are spatial.
    seed
        Deals the folds inside, and is the classifier's own.
    equal
        Whether each landslide counts the same, however many cells it has; a classifier that takes no weights of cells does not heed it.

    Raises
    ------
    EngineError
        If fewer than two training cells are of one class.
    """
    encoder = Encoder.fit(data.values[training], data.covariates)
    x, y, xy, units = encoder.encode(data.values[training]), data.labels[training], data.xy[training], data.units
    units = units if units is None else units[training]
    classifier = CLASSIFIERS[name]
    if classifier.make is None:
        raise ValueError(f"{name} is not a classifier of single cells")
    if classifier.most_cells and len(y) > classifier.most_cells:
        fewer = np.random.default_rng(seed + 1).permutation(len(y))[: classifier.most_cells]
        x, y, xy, units = x[fewer], y[fewer], xy[fewer], units if units is None else units[fewer]
    estimator, chosen = classifier.make(encoder.channels, seed), {}
    if classifier.fitting:
        estimator.set_params(**classifier.fitting(len(y)))
    if classifier.grids:
        some = np.random.default_rng(seed).permutation(len(y))[:SEARCH_CELLS]
        inner = _inner_folds(xy[some], y[some], spatial, seed, units if units is None else units[some])
        search = GridSearchCV(estimator, classifier.grids, scoring="roc_auc", cv=inner, refit=False)
        search.fit(x[some], y[some], **_weighted(estimator, y[some], units if units is None else units[some], equal))
        chosen = search.best_params_
        estimator.set_params(**chosen)
    if not hasattr(estimator, "predict_proba"):
        parts: Any = min(_INNER_FOLDS, fewest_units(y, units))
        if units is not None:
            parts = list(splits(deal_folds(y, parts, None, seed, units)))
        estimator = CalibratedClassifierCV(estimator, method="sigmoid", ensemble=False, cv=parts)
    return CellModel(encoder, estimator.fit(x, y, **_weighted(estimator, y, units, equal))), chosen


def _weighted(estimator: Any, labels: np.ndarray, units: np.ndarray | None, equal: bool) -> dict[str, np.ndarray]:
    """Return what tells an estimator's `fit` what cells count: both classes the same, and where `equal` is asked for each landslide too.

    Nothing is returned where all cells count the same, or the estimator takes no weights.
    """
    equal = equal and units is not None
    even = len(np.unique(np.bincount(labels))) == 1
    if (even and not equal) or not has_fit_parameter(estimator, "sample_weight"):
        return {}
    weights = compute_sample_weight("balanced", labels)
    return {"sample_weight": weights * landslide_weights(labels, units) if equal else weights}


def _parallel(jobs: Iterable[Any]) -> Iterator[Any]:
    """Yield the outcomes of joblib's jobs in their order, as they come."""
    return iter(Parallel(n_jobs=-1, prefer="threads", return_as="generator")(jobs))


def _cell_outcome(data: Data, seed: int, equal: bool, fold: Fold, name: str) -> Outcome:
    # The jobs share the cores already: gradient boosting with threads of its own in each job spends its time waiting.
    with threadpool_limits(1, user_api="openmp"):
        model, chosen = fit_cells(data, fold.training, name, fold.validation in SPATIAL, seed, equal)
        return Outcome(fold, name, model.predict(data.values[fold.test][None])[0], chosen)


def _network_outcomes(
    examples: Examples,
    names: Sequence[str],
    recipe: Recipe,
    seed: int,
    fold: Fold,
    feedback: Feedback | None = None,
) -> list[Outcome]:
    """Return the outcomes of the network alone, with its trees, or both: it is trained once."""
    feedback = feedback or Feedback()
    wanted = replace(recipe, companion="cnn_dnn_trees" in names)
    test = examples.only(fold.test)
    try:
        model, _ = fit(examples.only(fold.training), wanted, seed, feedback.progress, status=feedback.status)
    except DivergedError:  # it says the same of every cell, as the report tells of what was not fitted
        return [Outcome(fold, name, np.full(len(test.labels), 0.5, np.float32), {}) for name in names]
    of = {"cnn_dnn": (model.alone(), {}), model.classifier: (model, {"network_share": model.share} if model.trees else {})}
    return [Outcome(fold, name, susceptibility(of[name][0], test), of[name][1]) for name in names]


def _check_both_classes(labels: np.ndarray, part: np.ndarray, name: str) -> None:
    counts = np.bincount(labels[part], minlength=2)
    if counts.min() == 0:
        raise EngineError(
            f"The {name} part of a fold has {counts[1]} landslide and {counts[0]} non-landslide cells; it needs both. Choose another "
            "date or validation, fewer folds, or a larger inventory."
        )


def _inner_folds(
    xy: np.ndarray, labels: np.ndarray, spatial: bool, seed: int, units: np.ndarray | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return folds inside the training cells; random ones where spatial ones cannot hold both classes."""
    folds = min(_INNER_FOLDS, fewest_units(labels, units))
    if folds < 2:
        kind = "cells" if units is None else "landslides, or cells"
        raise EngineError(f"A training fold has fewer than 2 {kind} of one class; use fewer folds or a larger inventory.")
    if spatial:
        try:
            return list(splits(KMeansKFold(folds, random_state=seed).dealt(xy, labels, units)))
        except EngineError:
            pass
    return list(splits(deal_folds(labels, folds, None, seed, units)))


def _warn_of_covariates(data: Data, folds: Sequence[Fold], feedback: Feedback) -> None:
    """Tell which covariates are constant, and which classes unseen, in the training cells of some fold."""
    for band, covariate in enumerate(data.covariates):
        column = data.values[:, band]
        if covariate.kind == "categorical":
            unseen = {int(code) for fold in folds for code in np.setdiff1d(column[fold.test], column[fold.training])}
            if unseen:
                names = ", ".join(covariate.classes.get(code, str(code)) for code in sorted(unseen)[:5])
                feedback.warning(
                    f"Classes of {covariate.name} that occur in test cells of a fold without training cells: {len(unseen)} ({names}); "
                    "there the classifiers go by the other covariates."
                )
        else:
            constant = sum(float(np.ptp(column[fold.training])) == 0 for fold in folds)
            if constant:
                feedback.warning(f"The covariate {covariate.name} has one value only in the training cells of {counted(constant, 'fold')}.")
