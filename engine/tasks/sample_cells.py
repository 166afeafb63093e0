# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: draw sample cells and write them as points."""

from __future__ import annotations

from typing import Any

from ..feedback import Feedback
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..samples.cells import draw, notice_few
from ..samples.types import Types
from . import task


@task
def run(
    feedback: Feedback,
    *,
    covariates: str,
    inventory: str,
    type_field: str | None,
    types: str | None,
    polygon_cells: str,
    most_cells: int,
    together: float,
    method: str,
    ratio: float,
    buffer: float,
    slope_limit: float,
    split: str,
    test_share: float,
    folds: int,
    block_size: float,
    seed: int,
    output: str,
) -> dict[str, Any]:
    """Write the sample cells; lengths in metres, slope in degrees."""
    check_writable(output)
    stack = Stack.open(covariates)
    cells = draw(
        stack,
        inventory,
        feedback,
        polygon_cells=polygon_cells,
        most_cells=most_cells,
        together_m=together,
        method=method,
        ratio=ratio,
        buffer_m=buffer,
        slope_limit_deg=slope_limit,
        split=split,
        test_share=test_share,
        folds=folds,
        block_size_m=block_size,
        seed=seed,
        few=True,
        types=Types.of(type_field, types),
    )
    notice_few(cells, feedback)
    with replacing(output) as path:
        cells.write(path, stack.grid)
    feedback.progress(100)
    return {"output": output, "cells": len(cells.rows)}
