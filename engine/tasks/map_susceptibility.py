# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: apply a trained model to every cell of a stack."""

from __future__ import annotations

from typing import Any

from ...models.model_file import load_model
from ..feedback import Feedback
from ..mapping import check_stack, map_susceptibility
from ..outputs import check_writable, replacing
from ..stack import Stack


def run(feedback: Feedback, *, covariates: str, model: str, output: str) -> dict[str, Any]:
    """Write the susceptibility raster."""
    check_writable(output)
    stack, trained = Stack.open(covariates), load_model(model)
    for warning in check_stack(stack, trained):
        feedback.warning(warning)
    for name, classes in trained.encoder.unseen_classes(stack.covariates).items():
        feedback.warning(
            f"{len(classes)} classes of {name} were not seen in training ({', '.join(classes[:5])}); "
            "there the model goes by the other covariates."
        )
    if trained.backend == "numpy":
        feedback.message("TensorFlow is not installed here: the map is computed with numpy, which takes a few times longer.")
    with replacing(output) as path:
        cells = map_susceptibility(stack, trained, path, feedback)
    feedback.message(f"Susceptibility of {cells} cells.")
    return {"output": output}
