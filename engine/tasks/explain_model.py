# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: tell what a model goes by: in the area, with each covariate, at a point and in each cell."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from typing import Any

from ...models.cnn_dnn import CnnDnn
from ...models.model_file import load_model
from ..declarations.labels import inputs, settings
from ..explanation.answers import answer_of
from ..explanation.attribution import average_ground, cell_at, explain_cell, map_attributions, picture
from ..explanation.held_out import Ground, as_it_is, refitted, spatial_folds
from ..explanation.importance import correlations, factors_of, importances
from ..explanation.report import Explanation, make_report, table_rows, verdict
from ..explanation.response import all_responses
from ..feedback import Feedback, Heard
from ..files.manifest import versions, write_manifests
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..files.tables import check_table, write_table
from ..learning.fitting import recipe_of
from ..mapping.likeness import differences, likeness
from ..mapping.windows import check_stack
from ..samples.cells import resolve_samples
from ..samples.folds import suggested_block_size
from ..samples.types import Types, other_types
from . import task

# What a map of contributions costs, in maps, for the choice of what computes it.
_MAPS = 30
# What has no meaning where the model itself is asked.
_OF_FOLDS = ("folds", "block_size")


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
    role: str,
    folds: int,
    repeats: int,
    point: str | None,
    block_size: float,
    seed: int,
    output: str,
    report: str | None,
    dominant: str | None,
    attributions: str | None,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the table of importance and, where wanted, the report and the rasters of contributions."""
    feedback = Heard(feedback)
    started = time.monotonic()
    check_table(output)
    for path in (report, dominant, attributions):
        if path:
            check_writable(path)
    stack = Stack.open(covariates)
    mapped = bool(dominant or attributions)
    trained = load_model(model, None, math.prod(stack.grid.shape) * _MAPS if mapped else 1)
    for warning in (*check_stack(stack, trained), *differences(likeness(stack, trained))):
        feedback.warning(warning)
    if role != "held_out" and isinstance(trained, CnnDnn):
        recipe_of(trained)  # a file that tells of none is refused before anything takes long
    cell = cell_at(point, stack.grid) if point else None
    cells = resolve_samples(stack, inventory, label_field, seed, feedback, types=Types.of(type_field, types))
    if sentence := other_types("model", str(trained.manifest.get("landslide_type", "")), cells.types):
        feedback.warning(sentence)
    feedback.status("Cutting patches")
    ground = Ground.of(stack, cells, trained)
    answer, centres = answer_of(trained, feedback.status), ground.data.values
    average = average_ground(trained.encoder, centres[ground.labels == 0])
    # Before what takes long, since the point may lie where there are no data.
    local = explain_cell(answer, trained, stack, cell, average, seed) if cell else None
    feedback.progress(3)
    used: dict[str, float] = {}
    if role == "held_out":
        how = "The model itself was asked about landslides that, as was said, it was trained without."
        if not label_field:
            how += (
                " The other cells were drawn away from these alone: some may lie on landslides that the model was trained on, which lowers "
                "the AUC. Sample cells whose other cells keep away from all landslides (LABEL_FIELD) have none."
            )
            feedback.message(how)
        parted, permuting = iter([as_it_is(ground, seed)]), [feedback.part(3, 60)]
    else:
        patch = 2 * trained.margin_px + 1
        size = block_size or round(suggested_block_size(stack, ground.data.cells.rows, ground.data.cells.cols, seed, patch, feedback), 1)
        used["block_size"] = size
        made, told = spatial_folds(ground, folds, size, seed, feedback)
        how = (
            f"The model may know these landslides, so {len(made)} models like it were fitted anew, each without one part of the "
            f"area: {told}. "
            "Each was asked about the part that it had not seen."
        )
        feedback.message(how)
        stages = feedback.part(3, 60).parts([3, 1] * len(made))
        parted, permuting = refitted(ground, made, seed, stages[::2]), stages[1::2]
    factors = factors_of(trained.covariates, correlations(trained.encoder, centres))
    found = importances(parted, factors, repeats, seed, permuting)
    feedback.progress(60)
    responses = all_responses(answer, trained.encoder, ground.patches, seed, feedback.part(60, 70 if mapped else 95)) if report else []
    counts = small = None
    if mapped:
        with ExitStack() as files:
            first, second = (files.enter_context(replacing(path)) if path else None for path in (dominant, attributions))
            counts = map_attributions(stack, trained, average, first, second, seed, feedback.part(70, 95))
            small = picture(first) if first else None
    feedback.status("Writing the table and drawing the report")
    chosen = {key: value for key, value in asked.items() if role != "held_out" or key not in _OF_FOLDS}
    facts = Explanation(
        trained,
        stack.grid,
        None if counts is None else int(counts.sum()),
        found,
        how,
        responses,
        local,
        None if counts is None else (counts, small),
        {"Covariate stack": covariates, "Model file": model, "Landslides": inventory},
        {**inputs("explain_model", asked), **settings("explain_model", chosen, used)},
        versions(),
    )
    rows = table_rows(found, trained.covariates)
    write_table(output, rows)
    if report:
        make_report(facts).write(report, feedback.warnings)
    in_words = verdict(facts)
    results = {"verdict": in_words, "auc": facts.auc, "how": how}
    write_manifests((output, report), "explain_model", asked, time.monotonic() - started, results=results, used=used)
    feedback.message(in_words)
    feedback.progress(100)
    wanted = {"report": report, "dominant": dominant, "attributions": attributions}
    given = {key: path for key, path in wanted.items() if path}
    return {"output": output, **given, "auc": facts.auc, "strongest": rows[0]["factor"]}
