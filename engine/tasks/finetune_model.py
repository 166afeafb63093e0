# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: adapt a trained CNN–DNN to another area, and tell whether that serves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ...models.calibration import fit_calibration
from ...models.model_file import load_model, save_model
from ..adaptation.adapting import adapted
from ..adaptation.contest import check_enough, check_is_network, held
from ..adaptation.report import Adaptation, make_report
from ..declarations.choices import FITTED_TO_ALL
from ..declarations.labels import inputs, settings
from ..errors import EngineError
from ..feedback import Feedback, Heard
from ..files.manifest import hashes, versions, write_manifests
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..learning.fitting import Examples
from ..learning.importance import applicability_of_network
from ..mapping.likeness import likeness
from ..mapping.windows import check_stack
from ..reporting import metrics
from ..samples.cells import resolve_samples
from ..samples.folds import splits, suggested_block_size
from ..samples.types import Types, other_types
from . import task


@task
def run(
    feedback: Feedback,
    *,
    covariates: str,
    model: str,
    inventory: str,
    label_field: str | None,
    type_field: str | None,
    types: str | None,
    seed: int,
    output: str,
    report: str | None,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the adapted model file and the report; return them, the AUC of the adapted model and which contender serves best."""
    feedback = Heard(feedback)
    started = time.monotonic()
    for path in (output, report):
        if path:
            check_writable(path)
    stack = Stack.open(covariates)
    given = check_is_network(load_model(model, "numpy"), model)
    warnings = check_stack(stack, given)
    found = likeness(stack, given)
    for warning in (*warnings, *(f"{each.sentence}." for each in found if each.sentence)):
        feedback.warning(warning)
    digests = hashes({"covariates": covariates, "model": model, "inventory": inventory})
    if known := _known(given.manifest.get("inputs_sha256", {}), digests):
        feedback.warning(known)
    cells = resolve_samples(stack, inventory, label_field, seed, feedback, types=Types.of(type_field, types))
    of_type = str(given.manifest.get("landslide_type", ""))
    if sentence := other_types("model", of_type, cells.types):
        feedback.warning(sentence)
    feedback.status("Cutting patches")
    patch = 2 * given.margin_px + 1
    examples = Examples.of(stack, cells, patch, given.covariates)
    check_enough(examples)
    size = suggested_block_size(stack, examples.rows, examples.cols, seed, patch, feedback)
    feedback.message(
        f"{(examples.labels == 1).sum():,} landslide and {(examples.labels == 0).sum():,} non-landslide cells of the new area."
    )
    testing, adapting = feedback.part(5, 95).parts([5, 1])
    contest = held(given, examples, size, seed, testing)
    made, epochs = adapted(given, examples, seed, adapting.progress, adapting.status)
    test = contest.tests["adapted"]
    if given.calibration:
        try:
            method = given.calibration["method"]
            made.calibration = fit_calibration(method, test.susceptibility, test.labels, metrics.balanced(test.labels))
        except EngineError as error:
            feedback.warning(f"The adapted model is not calibrated, unlike the one it was adapted from. {error}")
    feedback.status("Measuring where the model is applicable")
    made.applicability = applicability_of_network(made, examples, splits(test.fold), seed)
    packages = versions()
    made.manifest = {
        "classifier": made.name,
        "cell_size": list(stack.grid.cell_size),
        "crs": stack.grid.crs,
        "settings": given.manifest.get("settings", {}),
        **({"landslide_type": cells.types or of_type} if cells.types or of_type else {}),
        **FITTED_TO_ALL,
        "seed": seed,
        # Not calibrated: the calibration was fitted to these very cells, which would praise it.
        "metrics": metrics.evaluate(test.labels, test.susceptibility, weights=metrics.balanced(test.labels)) | {"auc": test.auc.auc},
        "tests": [{**each.told, "contender": name} for name, each in contest.tests.items()],
        "adapted_from": {
            "sha256": digests["model"],
            "epochs": epochs,
            **{key: given.manifest[key] for key in ("seed", "crs", "cell_size", "inputs_sha256", "adapted_from") if key in given.manifest},
        },
        "versions": packages,
        "inputs_sha256": digests,
    }
    with replacing(output) as temporary:
        save_model(temporary, made)
    if report:
        facts = Adaptation(
            given,
            made,
            stack.grid,
            contest,
            found,
            epochs,
            {"Covariate stack": covariates, "Model file": model, "Landslides": inventory},
            {**inputs("finetune_model", asked), **settings("finetune_model", asked)},
            packages,
            warnings,
            known,
        )
        make_report(facts).write(report, feedback.warnings)
    results = {
        "verdict": f"{known} {contest.verdict}".strip(),
        "best": contest.best,
        "auc": test.auc.auc,
        "cells": {"adapting": [int((examples.labels == label).sum()) for label in (1, 0)]},
        "tests": [{**each.told, "contender": name, "name": each.name, "how": each.how} for name, each in contest.tests.items()],
    }
    write_manifests((output, report), "finetune_model", asked, time.monotonic() - started, inputs=digests, results=results)
    feedback.message(contest.verdict)
    if contest.advice:
        feedback.warning(contest.advice)
    feedback.progress(100)
    return {"output": output, **({"report": report} if report else {}), "auc": test.auc.auc, "best": contest.best}


def _known(theirs: Mapping[str, Any], here: Mapping[str, Any]) -> str:
    """Say that a model was trained on these very files, by their hashes, so that figures of it are no test; empty where it was not.

    A database has no hash, nor has a file that is not there.
    """
    if here.get("inventory") and theirs.get("inventory") == here["inventory"]:
        return "The model was trained on this very inventory, so it remembers these landslides, and no figure of it is a test."
    if here.get("covariates") and theirs.get("covariates") == here["covariates"]:
        return (
            "The model was trained on this very covariate stack, so this is no other area: if it was trained on these landslides too, it "
            "remembers them, and no figure of it is a test."
        )
    return ""
