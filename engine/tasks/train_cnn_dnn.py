# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: train the CNN–DNN on sample cells and test it on those held out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...models.calibration import fit_calibration
from ...models.cnn_dnn import CnnDnn
from ...models.errors import DivergedError
from ...models.model_file import save_model
from ...models.optimizers import OPTIMIZERS
from ...models.recipe import USUAL_EPOCHS, Recipe
from ..declarations.choices import FEW_LANDSLIDES, FITTED_TO_ALL
from ..declarations.labels import chosen, inputs, read_by, settings
from ..declarations.parameters import GRID
from ..errors import EngineError
from ..feedback import Feedback, Heard, counted
from ..files.manifest import hashes, versions, write_manifests
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..learning.fitting import Examples, History, fit, stopping_parts, uncalibrated
from ..learning.importance import applicability_of_network
from ..learning.kept import KeptMembers
from ..learning.report import Training, make_report
from ..learning.tuning import held_out, read_grid, search
from ..learning.validation import FOLDS, FOLDS_BESIDE, Evaluation, by_parts, by_random_folds, by_spatial_folds, random_folds
from ..reporting import metrics
from ..samples.cells import SampleCells, counts_of, landslides, notice_divided, resolve_samples
from ..samples.folds import deal_folds, keep_whole, splits, suggested_block_size
from ..samples.nearest import Distances, places_of
from ..samples.types import Types
from ..threads import begun
from . import task

# Fewer training cells of a class than this teach nothing.
_LEAST_CELLS = 10
# Folds inside the training cells, for tuning and calibration.
_FOLDS = 3
# Fewer training cells than this make an isotonic curve of few steps.
_ISOTONIC_CELLS = 300


@task
def run(
    feedback: Feedback,
    *,
    covariates: str,
    inventory: str,
    label_field: str | None,
    type_field: str | None,
    types: str | None,
    test_inventory: str | None,
    recipe: Recipe,
    seed: int,
    calibration: str,
    compare_optimizers: list[str] | None,
    tune: bool,
    tune_learning_rates: str,
    tune_hidden_layers: str,
    tune_units: str,
    tune_batch_sizes: str,
    resume: bool,
    model: str,
    report: str,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the model file and the report; return them and the AUC of the most honest test."""
    feedback = Heard(feedback)
    started = time.monotonic()
    candidates = read_grid(tune_learning_rates, tune_hidden_layers, tune_units, tune_batch_sizes) if tune else []
    rivals = compare_optimizers or []
    for path in (model, report):
        check_writable(path)
    stack = Stack.open(covariates)
    digests = begun(lambda: hashes(read_by("train_cnn_dnn", asked)))
    cells = resolve_samples(stack, inventory, label_field, seed, feedback, test_inventory, Types.of(type_field, types))
    few = landslides(cells) < FEW_LANDSLIDES and not test_inventory
    training = np.full(len(cells.rows), True) if few else cells.subset != "test"
    if not few:
        notice_divided(cells, feedback)
    _check(cells, training)
    feedback.status("Cutting patches")
    examples = Examples.of(stack, cells, recipe.patch_size)
    known, unseen = examples.only(training), examples.only(~training)
    divided = cells.divided
    if test_inventory:
        divided = "The landslides of the test inventory and absences drawn beside them are the test; those of the other one all train."
    if few:
        divided = (
            f"There are {landslides(cells)} landslides, fewer than {FEW_LANDSLIDES}: one part of them for the test would tell little, so "
            "folds test on all of them, those set apart for a test too, and the model is fitted to all cells."
        )
    feedback.message(
        f"{len(known.labels):,} training and {len(unseen.labels):,} test cells, {counted(len(stack.covariates), 'covariate')}. {divided}"
    )

    recipe = _with_epochs(recipe, len(known.labels), feedback)
    constant = [each.name for each, column in zip(stack.covariates, known.patches.centres().T) if np.ptp(column) == 0]
    if constant:
        feedback.warning(f"All training cells have the same {', '.join(constant)}, so the model cannot learn from it.")

    # What each part costs, in networks trained.
    fold_count = FOLDS if few else FOLDS_BESIDE
    costs = [
        len(candidates) * _FOLDS,
        len(rivals),
        recipe.members,
        _FOLDS * recipe.members if calibration != "none" else 0,
        fold_count * (2 if few else 1),
    ]
    tuning, comparing, fitting, calibrating, validating = feedback.part(5, 95).parts(costs)
    folds = _folds(cells, training, seed)
    _check_parts(known, folds if candidates or calibration != "none" else None, examples if few else None, recipe, seed)
    if sentence := _unsure(calibration, len(known.labels)):
        feedback.warning(sentence)
    tried = search(known, folds, candidates, recipe, seed, tuning)
    if tried:
        recipe = tried[0].recipe(recipe)
    others = _compared(known, replace(recipe, members=1, companion=False), rivals, seed, comparing)
    packages = versions()
    # What the members depend on: another output, or a report of another name, changes nothing of them.
    key = {
        **{name: value for name, value in asked.items() if name not in ("model", "report")},
        "inputs": digests.result(),
        "versions": packages,
    }
    kept = KeptMembers(model, key).begin(resume)
    not_calibrated = ""
    network, histories = fit(known, recipe, seed, fitting.progress, feedback.message, feedback.status, kept)
    if calibration != "none":
        not_calibrated = _calibrate(network, calibration, known, held_out(known, folds, recipe, seed, calibrating), feedback)
    tested_in_space = known if test_inventory else examples
    size = suggested_block_size(stack, tested_in_space.rows, tested_in_space.cols, seed, recipe.patch_size, feedback)
    feedback.message(f"Validation trains {costs[-1]} networks more, one a fold, beside the {recipe.members} of the model.")
    spaces, rest = validating.parts([1, 1 if few else 0])
    spatial = by_spatial_folds(tested_in_space, size, fold_count, recipe, seed, spaces)
    distances = _distances(tested_in_space, spatial, stack, seed) if spatial else None
    if few:
        beside = by_random_folds(examples, fold_count, recipe, seed, rest)
    else:
        whole = np.zeros(len(unseen.labels), np.int64)
        raw = uncalibrated(network, unseen)
        kind, name = ("held_out", "Held-out landslides (prediction)") if test_inventory else ("test", "Test cells")
        how = "" if test_inventory or distances is None else _apart(examples, training, distances, stack)
        beside = Evaluation(kind, name, how or divided, unseen.labels, raw, whole, unseen.units)
    feedback.status("Measuring where the model is applicable")
    dealt = folds if spatial is None else spatial.fold if len(spatial.fold) == len(known.labels) else spatial.fold[training]
    network.applicability = applicability_of_network(network, known, splits(dealt), seed)
    feedback.status("Testing and drawing the report")
    own = np.zeros(len(known.labels), np.int64)
    fitted = Evaluation("training", "Training cells (success)", "", known.labels, uncalibrated(network, known), own, known.units)
    parts = by_parts(tested_in_space, spatial, recipe.equal_landslides, seed) if spatial else None
    tests = [each for each in (*((beside, spatial) if test_inventory else (spatial, beside)), parts) if each]
    # The cells that the page shows in full: predicted by the model itself where some were held out, else by the folds of the headline.
    shown = tests[0] if few else beside
    said = shown.susceptibility if few else network.calibrated(shown.susceptibility)
    tested = metrics.evaluate(shown.labels, said, weights=metrics.balanced(shown.labels))

    learnt_by = {name: getattr(recipe, name) for name in ("epochs", *GRID.values())}
    told = {**asked, "resume": False, **learnt_by}  # that it was resumed is no part of it
    used = {"epochs": recipe.epochs, "patience": recipe.epochs_to_wait}
    network.manifest = {
        "classifier": network.name,
        "cell_size": list(stack.grid.cell_size),
        "crs": stack.grid.crs,
        **({"landslide_type": cells.types} if cells.types else {}),
        **(FITTED_TO_ALL if few or test_inventory else {}),
        "settings": chosen("train_cnn_dnn", told),
        "seed": seed,
        "metrics": {**tested, "auc": shown.auc.auc} if few else tested,
        "tests": [each.told for each in tests],
        "versions": packages,
        "inputs_sha256": digests.result(),
    }
    with replacing(model) as temporary:
        save_model(temporary, network)
    facts = Training(
        network,
        tests,
        fitted,
        shown,
        tested,
        divided,
        histories,
        others,
        tried,
        distances,
        counts_of(cells, training),
        recipe,
        {**inputs("train_cnn_dnn", asked), **settings("train_cnn_dnn", {**told, "epochs": asked["epochs"]}, used)},
        packages,
        stack.grid,
        {"Covariate stack": covariates, "Landslides": inventory, "Test inventory": test_inventory},
        cells.types,
        not_calibrated,
    )
    make_report(facts).write(report, feedback.warnings)
    results = {
        "cells": facts.counts,
        "divided": divided,
        "tests": [{**each.told, "name": each.name, "how": each.how} for each in tests],
        "success": fitted.told,
        "tested": tested,
        "tried": len(tried),
        "chosen": {name: getattr(recipe, name) for name in GRID.values()},
    }
    seconds = time.monotonic() - started
    write_manifests((model, report), "train_cnn_dnn", asked, seconds, inputs=digests.result(), results=results, used=used)
    kept.clear()
    for test in tests:
        feedback.message(f"AUC by {test.name.lower()}: {test.in_words}. {test.how}")
    feedback.progress(100)
    return {"model": model, "report": report, "auc": tests[0].auc.auc}


def _with_epochs(recipe: Recipe, cells: int, feedback: Feedback) -> Recipe:
    """Return the recipe with its number of epochs, which is told where it is less than usual."""
    made = recipe.for_cells(cells)
    if not recipe.epochs and made.epochs < USUAL_EPOCHS:
        feedback.message(f"Networks are trained for at most {made.epochs} epochs, since there are many cells; EPOCHS sets another number.")
    return made


def _compared(known: Examples, recipe: Recipe, optimizers: list[str], seed: int, feedback: Feedback) -> dict[str, History]:
    """Return the training history of one network by each optimizer; those that diverge are left out, which is told."""
    histories = {}
    for name, part in zip(optimizers, feedback.parts([1] * len(optimizers))):
        try:
            status = part.under(f"Optimizer {OPTIMIZERS[name]}").status
            histories[name] = fit(known, replace(recipe, optimizer=name), seed, part.progress, status=status)[1][0]
        except DivergedError as error:
            feedback.warning(f"{OPTIMIZERS[name]} is left out of the comparison of optimizers. {error}")
    return histories


def _distances(examples: Examples, test: Evaluation, stack: Stack, seed: int) -> Distances:
    xy = stack.grid.centres_m(examples.rows, examples.cols)
    return Distances.of(xy, test.labels, test.units, splits(test.fold), places_of(stack, seed))


def _apart(examples: Examples, training: np.ndarray, of_folds: Distances, stack: Stack) -> str:
    """Return a sentence where the test's landslides lie as far from those that train as those of spatial folds do; else nothing."""
    xy, split = stack.grid.centres_m(examples.rows, examples.cols), (np.flatnonzero(training), np.flatnonzero(~training))
    apart, beside = (each.folds.mean() for each in (Distances.of(xy, examples.labels, examples.units, [split], xy[:1]), of_folds))
    if apart < beside:
        return ""
    return (
        f"The landslides of the test lie {apart:,.0f} m from those that train, on average, and those of the spatial folds {beside:,.0f} m, "
        "so that this is a test in space too, of the model itself."
    )


def _check(cells: SampleCells, training: np.ndarray) -> None:
    for (name, counts), least in zip(counts_of(cells, training).items(), (_LEAST_CELLS, 0 if training.all() else 1)):
        for kind, count in zip(("landslide", "non-landslide"), counts):
            if count < least:
                raise EngineError(
                    f"The {name} cells hold {counted(count, f'{kind} cell')}, and at least {least} are needed; use a larger inventory or "
                    "another split."
                )
    there = landslides(cells.only(training))
    if there < _FOLDS:
        raise EngineError(
            f"The training has {counted(there)}, and at least {_FOLDS} are needed, since the cells of one are not divided: one "
            "trains, one tells when to stop, one tests. Use a larger inventory."
        )


def _check_parts(known: Examples, folds: np.ndarray | None, tested: Examples | None, recipe: Recipe, seed: int) -> None:
    """Raise EngineError if the cells do not suffice for all that is to be trained: known beforehand, it must not cost the training.

    `folds` (n,) are those of the training cells, and `tested` the cells that random folds test; None where there are none.
    """
    stopping_parts(known, recipe, seed)
    why = "Grid search and calibration train on two of three parts of the training cells"
    wanted = [] if folds is None else [(why, known, folds, recipe)]
    if tested is not None:
        at_random, _ = random_folds(tested, FOLDS, seed)
        wanted.append(("Folds test on all landslides and train on the others", tested, at_random, replace(recipe, members=1)))
    for why, examples, dealt, by in wanted:
        for rest, _ in splits(dealt):
            try:
                stopping_parts(examples.only(rest), by, seed)
            except EngineError as error:
                raise EngineError(f"{why}, and without one of them the cells do not suffice. {error}") from error


def _unsure(calibration: str, cells: int) -> str:
    """Say that an isotonic curve needs more than so many cells; empty where it does not."""
    if calibration != "isotonic" or cells >= _ISOTONIC_CELLS:
        return ""
    return (
        f"Isotonic calibration of {cells:,} training cells follows chance to a large part; Platt's curve (CALIBRATION) suits fewer than "
        f"{_ISOTONIC_CELLS} better."
    )


def _calibrate(network: CnnDnn, method: str, known: Examples, told: Iterator[tuple[np.ndarray, np.ndarray]], feedback: Feedback) -> str:
    """Calibrate a network on what its like `told` of cells that they had not seen; say why not where it is no better than chance there.

    That cannot be known beforehand, and the model and its tests are worth having.
    """
    learnt = np.empty(len(known.labels))
    for held, found in told:
        learnt[held] = found
    try:
        network.calibration = fit_calibration(method, learnt, known.labels, metrics.balanced(known.labels))
    except EngineError as error:
        sentence = f"The model is not calibrated, although that was asked for. {error}"
        feedback.warning(sentence)
        return sentence
    return ""


def _folds(cells: SampleCells, training: np.ndarray, seed: int) -> np.ndarray:
    """Return a few folds of the training cells, whole folds of the sample cells together where they have some."""
    own, labels = cells.fold[training], np.asarray(cells.landslide[training])
    units = cells.units if cells.units is None else cells.units[training]
    given = keep_whole(own % _FOLDS, units)
    both = all(len(np.unique(labels[given == number])) == 2 for number in range(_FOLDS))
    return given if both and own.min() >= 0 else deal_folds(labels, _FOLDS, None, seed, units)
