# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: draw sample cells and write them as points."""

from __future__ import annotations

import time
from typing import Any

from ..feedback import Feedback
from ..files.manifest import write_manifests
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..samples.cells import counts_of, draw, notice_few
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
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the sample cells; lengths in metres, slope in degrees."""
    started = time.monotonic()
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
    results = {"cells": counts_of(cells, cells.subset != "test"), "divided": cells.divided}
    write_manifests([output], "sample_cells", asked, time.monotonic() - started, results=results)
    feedback.progress(100)
    return {"output": output, "cells": len(cells.rows)}
