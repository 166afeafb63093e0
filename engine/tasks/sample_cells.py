# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: draw sample cells and write them as points."""

from __future__ import annotations

from typing import Any

from ..declarations import choices
from ..feedback import Feedback
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..samples.cells import draw


def run(
    feedback: Feedback,
    *,
    covariates: str,
    inventory: str,
    output: str,
    method: str = choices.METHOD,
    ratio: float = choices.RATIO,
    buffer: float = choices.BUFFER_M,
    slope_limit: float = choices.SLOPE_LIMIT_DEG,
    split: str = choices.SPLIT,
    test_share: float = choices.TEST_SHARE,
    folds: int = choices.FOLDS,
    block_size: float = 0.0,
    seed: int = choices.SEED,
) -> dict[str, Any]:
    """Write the sample cells; lengths in metres, slope in degrees."""
    check_writable(output)
    stack = Stack.open(covariates)
    cells = draw(
        stack,
        inventory,
        feedback,
        method=method,
        ratio=ratio,
        buffer_m=buffer,
        slope_limit_deg=slope_limit,
        split=split,
        test_share=test_share,
        folds=folds,
        block_size_m=block_size,
        seed=seed,
    )
    with replacing(output) as path:
        cells.write(path, stack.grid)
    feedback.progress(100)
    return {"output": output, "cells": len(cells.rows)}
