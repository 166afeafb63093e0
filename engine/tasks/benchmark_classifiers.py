# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: compare classifiers on the same cells and folds, and keep the best."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from ...models.classifiers import CLASSIFIERS, LABELS
from ...models.model_file import save_model
from ...models.recipe import Recipe
from ..benchmark.comparison import BESIDE, SPATIAL, Data, Fold, Validation, compare, fit_cells
from ..benchmark.report import NETWORKS, flattered, headline, make_report, verdict
from ..benchmark.summary import best, summarise, table_rows
from ..declarations.choices import FITTED_TO_ALL, TEST_SHARE, VALIDATIONS
from ..declarations.labels import chosen, inputs, read_by, settings
from ..errors import EngineError
from ..feedback import Feedback, Heard, counted
from ..files.manifest import hashes, versions, write_manifests
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..files.tables import check_table, write_table
from ..learning.fitting import Examples, fit
from ..learning.importance import applicability_of_classifier, applicability_of_network
from ..reporting.page import listed
from ..samples.cells import SampleCells, notice_divided, resolve_samples
from ..samples.dates import dates
from ..samples.folds import earliest, suggested_block_size
from ..samples.inventory import read_inventory
from ..samples.nearest import places_of
from ..samples.types import Types
from ..threads import begun
from . import task


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
    classifiers: list[str],
    validation: str,
    folds: int,
    repeats: int,
    block_size: float,
    exclusion: float,
    recipe: Recipe,
    seed: int,
    date_field: str | None,
    split_date: str | None,
    scheduler: str | None,
    output: str,
    report: str | None,
    model: str | None,
    fold_cells: str | None,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the table of metrics and, where wanted, the report, the best model's file and the cells with their folds."""
    feedback = Heard(feedback)
    started = time.monotonic()
    wanted = {"output": output, "report": report, "model": model, "fold_cells": fold_cells}
    outputs = {key: path for key, path in wanted.items() if path}
    check_table(output)
    for path in outputs.values():
        check_writable(path)
    stack = Stack.open(covariates)
    digests = begun(lambda: hashes(read_by("benchmark_classifiers", asked)))
    names = _chosen(classifiers, stack, feedback)
    methods = _methods(validation, test_inventory)
    cells = resolve_samples(stack, inventory, label_field, seed, feedback, test_inventory, Types.of(type_field, types))
    if "holdout" in methods:
        notice_divided(cells, feedback)
    kinds = None if label_field else Types.of(type_field, types)
    days, mapped = _dates(stack, inventory, bool(label_field), date_field, kinds, cells, feedback) if date_field else (None, None)
    data = replace(Data.of(stack, cells, days), places=places_of(stack, seed), mapped=mapped)
    # All but the test by a held-out inventory, which takes no part in anything else.
    inner = np.flatnonzero(cells.subset != "test") if test_inventory else np.arange(len(data.labels))
    if not block_size and "blocks" in methods:
        listening = feedback if NETWORKS.intersection(names) else None  # what is narrow for a patch is so for networks alone
        block_size = round(suggested_block_size(stack, cells.rows[inner], cells.cols[inner], seed, recipe.patch_size, listening), 1)
        feedback.message(f"Blocks of {block_size:,.0f} m, after the spatial autocorrelation of the covariates and the size of patches.")
    first = Validation(validation, folds, repeats, block_size, exclusion, TEST_SHARE, np.datetime64(split_date) if split_date else None)
    validations = [replace(first, method=method) for method in methods]
    made: list[Fold] = []
    for each in validations:
        try:
            made += _folds(each, data, inner, seed, feedback)
        except EngineError as error:
            if validation != "temporal" or each.method == "temporal":
                raise
            feedback.warning(f"{VALIDATIONS[each.method]} are left out beside the temporal validation. {error}")
    validations = [each for each in validations if any(fold.validation == each.method for fold in made)]
    of_test = f", {len(data.labels) - len(inner):,} of them those of the test inventory" if test_inventory else ""
    feedback.message(f"{counted(len(names), 'classifier')} on {counted(len(made), 'fold')}, {len(data.labels):,} cells{of_test}.")

    outcomes = compare(stack, data, made, names, seed, recipe, feedback.part(2, 90 if model else 98), scheduler)
    summaries = summarise(outcomes, data.labels, data.units)
    honest = headline([each.method for each in validations])
    of_honest = [each for each in summaries if each.validation == honest]
    in_words = verdict(of_honest, honest)
    feedback.message(in_words)

    told = {**asked, "classifiers": names, "block_size": block_size}
    used = {"block_size": block_size} if block_size else {}
    feedback.status("Writing the table and drawing the report")
    write_table(output, table_rows(summaries))
    if fold_cells:
        with replacing(fold_cells) as temporary:
            _with_folds(cells, made, honest).write(temporary, stack.grid)
    if report:
        facts = {
            "files": {"Covariate stack": covariates, "Landslide inventory": inventory, "Test inventory": test_inventory},
            "inputs": inputs("benchmark_classifiers", asked),
            "settings": settings("benchmark_classifiers", {**asked, "classifiers": names}, used),
            "members": recipe.members,
            "patch_size": recipe.patch_size,
            "equal_landslides": recipe.equal_landslides,
            "versions": versions(),
        }
        make_report(data, validations, made, summaries, facts).write(report, feedback.warnings)
    winner = best(summaries, honest)
    if model:
        feedback.message(f"{winner.label} is fitted to all cells{' but those of the test inventory' if test_inventory else ''}.")
        feedback.status("Fitting the best")
        everything = inner
        place = np.full(len(data.labels), -1)
        place[inner] = np.arange(len(inner))
        tested = [fold for fold in made if fold.validation == honest and fold.repeat == 0 and honest != "inventory"]
        parts = [(place[fold.training], place[fold.test]) for fold in tested]
        if CLASSIFIERS[winner.classifier].make is None:
            examples = Examples.of(stack, cells.only(everything), recipe.patch_size)
            asked_for = replace(recipe, companion=winner.classifier == "cnn_dnn_trees")
            last = feedback.part(90, 98)
            fitted: Any = fit(examples, asked_for, seed, last.progress, status=last.status)[0]
            fitted.applicability = applicability_of_network(fitted, examples, parts, seed)
        else:
            fitted, _ = fit_cells(data, everything, winner.classifier, honest in SPATIAL, seed, recipe.equal_landslides)
            fitted.applicability = applicability_of_classifier(fitted, data.values[everything], data.labels[everything], parts, seed)
        fitted.manifest = {
            "classifier": winner.label,
            "cell_size": list(stack.grid.cell_size),
            "crs": stack.grid.crs,
            **({"landslide_type": cells.types} if cells.types else {}),
            **FITTED_TO_ALL,
            "settings": chosen("benchmark_classifiers", told),
            "seed": seed,
            "metrics": {f"{name} ({VALIDATIONS[honest]})": value for name, value in winner.mean.items()},
            "versions": versions(),
            "inputs_sha256": digests.result(),
        }
        with replacing(model) as temporary:
            save_model(temporary, fitted)
    results = {
        "verdict": in_words,
        "best": winner.label,
        "validation": VALIDATIONS[honest],
        "auc": winner.auc.mean,
        "flattered": flattered(of_honest),
    }
    seconds = time.monotonic() - started
    write_manifests((output, report, model), "benchmark_classifiers", asked, seconds, inputs=digests.result(), results=results, used=used)
    feedback.progress(100)
    return {**outputs, "best": winner.classifier, "auc": winner.auc.mean}


def _chosen(classifiers: list[str], stack: Stack, feedback: Feedback) -> list[str]:
    names = []
    for name in (name for name in LABELS if not classifiers or name in classifiers):
        missing = [covariate for covariate in CLASSIFIERS[name].needs if covariate not in stack.names]
        if missing:
            feedback.warning(f"The stack has no covariate {listed(missing)}, so {CLASSIFIERS[name].name} is left out.")
        else:
            names.append(name)
    if not names:
        raise EngineError("No classifier is left to compare; choose at least one.")
    return names


def _methods(validation: str, test_inventory: str | None) -> list[str]:
    """Return the validations: that by a test inventory first, where there is one, the one asked for, and those beside it."""
    if validation == "inventory" and not test_inventory:
        raise EngineError("The validation by a held-out inventory needs one: give a test inventory (TEST_INVENTORY).")
    return list(dict.fromkeys(["inventory"] * bool(test_inventory) + [validation, *BESIDE.get(validation, ())]))


def _folds(validation: Validation, data: Data, inner: np.ndarray, seed: int, feedback: Feedback) -> list[Fold]:
    """Return the folds of a validation, among the `inner` cells unless it is that by a held-out inventory."""
    if validation.method == "inventory" or len(inner) == len(data.labels):
        return validation.make(data, seed, feedback)
    return [
        replace(each, training=inner[each.training], test=inner[each.test]) for each in validation.make(data.only(inner), seed, feedback)
    ]


def _dates(
    stack: Stack, inventory: str, labelled: bool, date_field: str, types: Types | None, cells: SampleCells, feedback: Feedback
) -> tuple[np.ndarray, np.ndarray]:
    """Return first and last day of each cell's landslide, the earliest of several (datetime64[D], (n, 2)); NaT where it has none.

    Then the days of each landslide as it was mapped, as `folds.told_by_others` takes them.
    """
    found = read_inventory(inventory, stack, [date_field, *([types.field] if types else [])])
    spans = dates(found.fields[date_field], date_field, feedback)
    among = np.ones(len(spans), bool)
    if types:
        among, _ = types.among(found.fields[types.field], found.origin, inventory, Feedback())
    mine = np.flatnonzero(among)[np.lexsort((np.arange(among.sum()), spans[among, 0]))[::-1]]  # the earliest last, which is kept; NaT first
    by_cell = dict(zip(zip(found.rows[mine].tolist(), found.cols[mine].tolist()), spans[mine]))
    nothing = np.full(2, np.datetime64("NaT", "D"))
    where = list(zip(cells.rows.tolist(), cells.cols.tolist()))
    unit_of = {cell: unit for cell, unit, slide in zip(where, cells.origin.tolist(), cells.landslide.tolist()) if slide}
    found_at = zip(found.rows[mine].tolist(), found.cols[mine].tolist(), found.origin[mine].tolist(), spans[mine].tolist())
    # Labelled points are cells, and their landslide is told by the origin alone.
    slides = dict.fromkeys(
        (unit, "" if labelled else origin, *days) for row, col, origin, days in found_at if (unit := unit_of.get((row, col))) is not None
    )
    own = np.array([days for _, _, *days in slides], "datetime64[D]").reshape(-1, 2)
    whole = earliest(own, np.unique([unit for unit, *_ in slides], return_inverse=True)[1].ravel())
    days = np.array([by_cell.get(cell, nothing) for cell in where], "datetime64[D]")
    return days, np.stack([own, whole], axis=1)


def _with_folds(cells: SampleCells, folds: list[Fold], method: str) -> SampleCells:
    """Return the cells with the test folds of a validation's first repeat; -1 for cells that only train."""
    number = np.full(len(cells.rows), -1)
    for fold in folds:
        if fold.validation == method and fold.repeat == 0:
            number[fold.test] = fold.number
    return replace(cells, fold=number)
