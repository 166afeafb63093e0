# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: tell which covariates repeat each other, and how each relates to landslides."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ..declarations.labels import inputs, settings
from ..feedback import Feedback, Heard
from ..files.manifest import versions, write_manifests
from ..files.outputs import check_writable
from ..files.stack import Stack
from ..files.tables import check_table, write_table
from ..samples.cells import resolve_samples
from ..samples.types import Types
from ..screening.advice import class_rows, screen, table_rows
from ..screening.binning import Classing
from ..screening.report import FEW_LANDSLIDES, make_report, verdict
from ..screening.survey import class_areas, survey
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
    classes: int,
    method: str,
    vif_limit: float,
    seed: int,
    output: str,
    class_table: str | None,
    report: str | None,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the table of covariates and, where wanted, that of their classes and the report."""
    feedback = Heard(feedback)
    started = time.monotonic()
    for table in (output, class_table):
        if table:
            check_table(table)
    if report:
        check_writable(report)
    stack = Stack.open(covariates)
    cells = resolve_samples(stack, inventory, label_field, seed, feedback, types=Types.of(type_field, types))
    labels = np.asarray(cells.landslide)
    landslides = int(labels.sum())
    if landslides < FEW_LANDSLIDES:
        feedback.warning(f"There are only {landslides} landslide cells; what the screening says of landslides is uncertain.")
    feedback.progress(20)
    found = survey(stack, seed, feedback.part(20, 50))
    classings = [
        Classing.of(covariate, found.sample[:, index], found.codes.get(covariate.name, np.empty(0)), method, classes)
        for index, covariate in enumerate(stack.covariates)
    ]
    areas = class_areas(stack, classings, feedback.part(50, 80))
    screening = screen(found.sample, stack.at(cells.rows, cells.cols), labels, classings, areas, vif_limit)
    feedback.progress(85)
    feedback.status("Comparing covariates and drawing the report")
    feedback.message(verdict(screening))
    for each in screening.summaries:
        if not each.inflation.df:
            feedback.warning(f"The covariate {each.name} has one value only on the {found.cells:,} valid cells; its VIF is undefined.")

    write_table(output, table_rows(screening))
    if class_table:
        write_table(class_table, class_rows(screening))
    if report:
        facts = {
            "files": {"Covariate stack": covariates, "Landslide inventory": inventory},
            "inputs": inputs("screen_covariates", asked),
            "method": method,
            "classes": classes,
            "settings": settings("screen_covariates", asked),
            "versions": versions(),
            "types": cells.types,
        }
        make_report(screening, found, stack.grid, landslides, len(labels) - landslides, facts).write(report, feedback.warnings)
    results = {"landslide_cells": landslides, "other_cells": len(labels) - landslides, "verdict": verdict(screening)}
    write_manifests((output, report), "screen_covariates", asked, time.monotonic() - started, results=results)
    feedback.progress(100)
    return {key: path for key, path in {"output": output, "class_table": class_table, "report": report}.items() if path}
