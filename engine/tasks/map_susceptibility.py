# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: apply a trained model to every cell of a stack."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ...models.model_file import Model, load_model
from ..declarations.checks import numbers
from ..declarations.labels import read_by
from ..errors import EngineError
from ..feedback import Feedback
from ..files.manifest import hashes, write_manifests
from ..files.outputs import check_writable, replacing
from ..files.partial import PartialRaster
from ..files.stack import Stack
from ..mapping.likeness import OLDER, differences, likeness
from ..mapping.trust import APPLICABILITY_BANDS, UNCERTAINTY_BANDS, Trust
from ..mapping.windows import NODATA, WINDOW_PX, check_stack, done_in, map_susceptibility, windows_of
from ..mapping.zonation import write_outside
from ..threads import begun
from . import task

# Percent of the area outside the area of applicability from which the run warns.
_MUCH_OUTSIDE = 10.0


@task
def run(
    feedback: Feedback,
    *,
    covariates: str,
    model: str,
    dropout_passes: int,
    stability_breaks: str | list[float],
    scheduler: str | None,
    backend: str,
    resume: bool,
    output: str,
    uncertainty: str | None,
    applicability: str | None,
    outside: str | None,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the susceptibility raster and, where wanted, how far it can be trusted."""
    started = time.monotonic()
    outputs = {key: path for key, path in {"output": output, "uncertainty": uncertainty, "applicability": applicability}.items() if path}
    for path in [*outputs.values(), *([outside] if outside else [])]:
        check_writable(path)
    stack = Stack.open(covariates)
    digests = begun(lambda: hashes(read_by("map_susceptibility", asked)))  # while TensorFlow starts
    wanted = None if backend == "auto" else backend
    trained = load_model(model, wanted, None if scheduler else math.prod(stack.grid.shape))
    for warning in (*check_stack(stack, trained), *differences(likeness(stack, trained))):
        feedback.warning(warning)
    of_type = trained.manifest.get("landslide_type", "")
    told = {"model": trained.name, **{key: trained.manifest[key] for key in ("landslide_type", "fitted_to") if trained.manifest.get(key)}}
    if of_type:
        feedback.message(f"The model is for landslides of the type {of_type}; its map says nothing of others.")
    if trained.encoder.seen is None:
        feedback.message(OLDER)
    trust = Trust(tuple(numbers(stability_breaks)), dropout_passes, bool(uncertainty), bool(applicability))
    trust.check(trained)
    windows = windows_of(stack.grid)
    key = _key(stack, digests, model, trained, resume)
    with ExitStack() as open_rasters:
        partials = [
            open_rasters.enter_context(PartialRaster(path, stack.grid, NODATA, {**key, **more}, windows, bands, keep=resume))
            for path, bands, more in _layers(outputs, trust)
        ]
        for sentence in dict.fromkeys(each.damage for each in partials if each.damage):
            feedback.warning(sentence)
        done = done_in(partials)
        if done:
            feedback.message(f"{len(done)} windows were mapped before the interruption; the others follow.")
        if scheduler:
            from ..mapping.on_cluster import map_on_cluster

            map_on_cluster(scheduler, stack, model, trained.backend, partials, feedback.part(0, 90), trust)
        else:
            feedback.message(f"Mapping: {trained.name}, with {trained.device}.")
            map_susceptibility(stack, trained, partials, feedback.part(0, 90), trust)
        feedback.status("Writing the map with overviews")
        for partial, path, part in zip(partials, outputs.values(), feedback.part(90, 100).parts([1] * len(partials))):
            with replacing(path) as temporary:
                cells = partial.finish(temporary, part.progress, told)
                if not cells:
                    raise EngineError(f"The covariate stack {stack.told} has no valid cell: every cell lacks a covariate of the model.")
                if outside and path == applicability:
                    write_outside(str(temporary), outside)
    feedback.message(f"Susceptibility of {cells:,} cells.")
    found: dict[str, Any] = {"outside_percent": round(100 * (1 - partials[-1].means[1]), 4)} if applicability else {}
    seconds = time.monotonic() - started
    write_manifests([output], "map_susceptibility", asked, seconds, inputs=digests.result(), results={"cells": cells, **found})
    if not found:
        return outputs
    share = found["outside_percent"]
    sentence = (
        f"{share:.1f} % of the area lie outside the area of applicability: there the covariates are unlike those of any training cell."
    )
    (feedback.warning if share > _MUCH_OUTSIDE else feedback.message)(sentence)
    return {**outputs, **({"outside": outside} if outside else {}), **found}


def _layers(outputs: dict[str, str], trust: Trust) -> Iterator[tuple[str, tuple[str, ...], dict[str, Any]]]:
    """Yield the path of each output, its bands, and what it depends on beside stack and model."""
    yield outputs["output"], ("susceptibility",), {}
    if trust.uncertainty:
        yield outputs["uncertainty"], UNCERTAINTY_BANDS, {"breaks": trust.breaks, "passes": trust.passes}
    if trust.applicability:
        yield outputs["applicability"], APPLICABILITY_BANDS, {}


def _key(stack: Stack, digests: Future[dict[str, Any]], model: str, trained: Model, resume: bool) -> dict[str, Any]:
    """Return what a map depends on, so that only an interrupted run of the same map is gone on from."""
    return {
        # Sizes and times do not tell a stack that was written anew within a second.
        "stack": digests.result().get("covariates") if resume else stack.state,
        "model": hashlib.sha256(Path(model).read_bytes()).hexdigest(),
        "backend": trained.backend,
        "window_px": WINDOW_PX,
    }
