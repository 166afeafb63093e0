# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: apply a trained model to every cell of a stack."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

from ...models.model_file import Model, load_model
from ..errors import EngineError
from ..feedback import Feedback
from ..files.manifest import hashes
from ..files.outputs import check_writable, replacing
from ..files.partial import PartialRaster
from ..files.stack import Stack
from ..mapping.windows import NODATA, WINDOW_PX, check_stack, map_susceptibility, windows_of
from . import task


@task
def run(
    feedback: Feedback, *, covariates: str, model: str, scheduler: str | None, backend: str, resume: bool, output: str
) -> dict[str, Any]:
    """Write the susceptibility raster, a Cloud Optimized GeoTIFF."""
    check_writable(output)
    stack = Stack.open(covariates)
    wanted = None if backend == "auto" else backend
    trained = load_model(model, wanted, None if scheduler else math.prod(stack.grid.shape))
    for warning in check_stack(stack, trained):
        feedback.warning(warning)
    with PartialRaster(output, stack.grid, NODATA, _key(stack, model, trained, resume), windows_of(stack.grid), keep=resume) as partial:
        if partial.damage:
            feedback.warning(partial.damage)
        if partial.done:
            feedback.message(f"{len(partial.done)} windows were mapped before the interruption; the others follow.")
        if scheduler:
            from ..mapping.on_cluster import map_on_cluster

            map_on_cluster(scheduler, stack, model, trained.backend, partial, feedback.part(0, 90))
        else:
            feedback.message(f"Mapping: {trained.name}, with {trained.device}.")
            map_susceptibility(stack, trained, partial, feedback.part(0, 90))
        with replacing(output) as path:
            feedback.status("Writing the map with overviews")
            cells = partial.finish(path, "susceptibility", feedback.part(90, 100).progress)
            if not cells:
                raise EngineError(f"The covariate stack {stack.told} has no valid cell: every cell lacks a covariate of the model.")
    feedback.message(f"Susceptibility of {cells:,} cells.")
    return {"output": output}


def _key(stack: Stack, model: str, trained: Model, resume: bool) -> dict[str, Any]:
    """Return what a map depends on, so that only an interrupted run of the same map is gone on from."""
    return {
        # Sizes and times do not tell a stack that was written anew within a second.
        "stack": hashes({"covariates": stack.path}) if resume else stack.state,
        "model": hashlib.sha256(Path(model).read_bytes()).hexdigest(),
        "backend": trained.backend,
        "window_px": WINDOW_PX,
    }
