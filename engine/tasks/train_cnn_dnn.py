# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: train the CNN–DNN on sample cells and test it on those held out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from ...models.calibration import fit_calibration
from ...models.model_file import save_model
from ...models.recipe import Recipe
from ..declarations.labels import chosen, inputs, settings
from ..declarations.parameters import GRID
from ..errors import EngineError
from ..feedback import Feedback
from ..files.manifest import hashes, versions, write_manifest
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..learning.fitting import Examples, fit, susceptibility
from ..learning.report import Training, make_report
from ..learning.tuning import held_out, read_grid, search
from ..reporting import metrics
from ..samples.cells import SampleCells, resolve_samples
from ..samples.folds import deal_folds, keep_whole
from . import task

# Fewer training cells of a class than this teach nothing.
_LEAST_CELLS = 10
# Folds inside the training cells, for tuning and calibration.
_FOLDS = 3


@task
def run(
    feedback: Feedback,
    *,
    covariates: str,
    inventory: str,
    label_field: str | None,
    recipe: Recipe,
    seed: int,
    calibration: str,
    compare_optimizers: list[str] | None,
    tune: bool,
    tune_learning_rates: str,
    tune_hidden_layers: str,
    tune_units: str,
    tune_batch_sizes: str,
    model: str,
    report: str,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the model file and the report; return them and the AUC on the test cells."""
    started = time.monotonic()
    candidates = read_grid(tune_learning_rates, tune_hidden_layers, tune_units, tune_batch_sizes) if tune else []
    rivals = compare_optimizers or []
    for path in (model, report):
        check_writable(path)
    stack = Stack.open(covariates)
    cells = resolve_samples(stack, inventory, label_field, seed, feedback)
    training = cells.subset != "test"
    _check(cells, training)
    feedback.status("Cutting patches")
    examples = Examples.of(stack, cells, recipe.patch_size)
    known, unseen = examples.only(training), examples.only(~training)
    feedback.message(f"{len(known.labels):,} training and {len(unseen.labels):,} test cells, {len(stack.covariates)} covariates.")

    constant = [each.name for each, column in zip(stack.covariates, known.patches.centres().T) if np.ptp(column) == 0]
    if constant:
        feedback.warning(f"All training cells have the same {', '.join(constant)}, so the model cannot learn from it.")

    # What each part costs, in networks trained.
    costs = [len(candidates) * _FOLDS, len(rivals), recipe.members, _FOLDS * recipe.members if calibration != "none" else 0]
    tuning, comparing, fitting, calibrating = feedback.part(5, 95).parts(costs)
    folds = _folds(cells, training, seed)
    tried = search(known, folds, candidates, recipe, seed, tuning)
    if tried:
        recipe = tried[0].recipe(recipe)
    others = {}
    for name, part in zip(rivals, comparing.parts([1] * len(rivals))):
        rival = replace(recipe, members=1, optimizer=name, companion=False)
        others[name] = fit(known, rival, seed, part.progress, status=part.under(f"Optimizer {name}").status)[1][0]
    network, histories = fit(known, recipe, seed, fitting.progress, feedback.message, feedback.status)
    raw = susceptibility(network, unseen)
    if calibration != "none":
        said = np.empty(len(known.labels))
        for test, found in held_out(known, folds, recipe, seed, calibrating):
            said[test] = found
        network.calibration = fit_calibration(calibration, said, known.labels, metrics.balanced(known.labels))
    feedback.status("Testing and drawing the report")
    tested = metrics.evaluate(unseen.labels, network.calibrated(raw), weights=metrics.balanced(unseen.labels))

    digests = hashes({"covariates": covariates, "inventory": inventory})
    told = {**asked, **{name: getattr(recipe, name) for name in GRID.values()}}
    packages = versions()
    network.manifest = {
        "classifier": network.name,
        "cell_size": list(stack.grid.cell_size),
        "crs": stack.grid.crs,
        "settings": chosen("train_cnn_dnn", told),
        "seed": seed,
        "metrics": tested,
        "versions": packages,
        "inputs_sha256": digests,
    }
    with replacing(model) as temporary:
        save_model(temporary, network)
    facts = Training(
        network,
        unseen.labels,
        raw,
        tested,
        histories,
        others,
        tried,
        _counts(cells, training),
        recipe,
        {**inputs("train_cnn_dnn", asked), **settings("train_cnn_dnn", told)},
        packages,
    )
    make_report(facts).write(report)
    for beside in (model, report):
        write_manifest(beside, "train_cnn_dnn", asked, digests, time.monotonic() - started)
    feedback.message(f"AUC on the test cells: {tested['auc']:.3f}")
    feedback.progress(100)
    return {"model": model, "report": report, "auc": tested["auc"]}


def _counts(cells: SampleCells, training: np.ndarray) -> dict[str, tuple[int, int]]:
    """Return the landslide and non-landslide cells of each part."""
    parts = {"training": training, "test": ~training}
    return {name: (int((cells.landslide[part] == 1).sum()), int((cells.landslide[part] == 0).sum())) for name, part in parts.items()}


def _check(cells: SampleCells, training: np.ndarray) -> None:
    for (name, counts), least in zip(_counts(cells, training).items(), (_LEAST_CELLS, 1)):
        for kind, count in zip(("landslide", "non-landslide"), counts):
            if count < least:
                raise EngineError(
                    f"There are {count} {kind} cells among the {name} cells, and at least {least} are needed; use a larger inventory or "
                    "another split."
                )


def _folds(cells: SampleCells, training: np.ndarray, seed: int) -> np.ndarray:
    """Return a few folds of the training cells, whole folds of the sample cells together where they have some."""
    own, labels = cells.fold[training], np.asarray(cells.landslide[training])
    units = cells.units if cells.units is None else cells.units[training]
    given = keep_whole(own % _FOLDS, units)
    both = all(len(np.unique(labels[given == number])) == 2 for number in range(_FOLDS))
    return given if both and own.min() >= 0 else deal_folds(labels, _FOLDS, None, seed, units)
