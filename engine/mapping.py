# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole-raster mapping by windows: while one is computed, the next is read and the last written."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from osgeo import gdal

from ..models.covariate import Covariate
from .errors import EngineError
from .feedback import Feedback
from .grid import Window
from .stack import Stack

NODATA = -9999.0
# Windows of this size keep the maps of a network with a few hundred megabytes.
_WINDOW_PX = 512


class Model(Protocol):
    """What can be mapped; see `models.model_file`."""

    manifest: dict[str, Any]

    @property
    def covariates(self) -> tuple[Covariate, ...]: ...

    @property
    def margin_px(self) -> int: ...

    def predict(self, values: np.ndarray) -> np.ndarray: ...


def check_stack(stack: Stack, model: Model) -> list[str]:
    """Return warnings about a stack that the model was not trained for.

    Raises
    ------
    EngineError
        If it lacks covariates of the model, or a covariate is of another kind.
    """
    missing = [each.name for each in model.covariates if each.name not in stack.names]
    if missing:
        raise EngineError(
            f"The covariate stack {Path(stack.path).name} lacks {', '.join(missing)}, which the model was trained with; "
            "prepare the stack with the same covariates."
        )
    for each in model.covariates:
        kind = stack.covariate(each.name).kind
        if kind != each.kind:
            raise EngineError(f"The covariate {each.name} is {kind} in the stack and was {each.kind} in training.")
        theirs, ours = stack.covariate(each.name).classes, each.classes
        changed = [str(code) for code in theirs if code in ours and theirs[code] != ours[code]]
        if changed:
            raise EngineError(
                f"The classes of {each.name} have other codes in the stack than in training (code {changed[0]} is "
                f"“{theirs[int(changed[0])]}” and was “{ours[int(changed[0])]}”); prepare both stacks from the same layer."
            )
    warnings = []
    trained = model.manifest.get("cell_size")
    if trained and not np.allclose(trained, stack.grid.cell_size, rtol=0.01):
        warnings.append(
            f"The model was trained on cells of {trained[0]:g} and the stack has cells of {stack.grid.cell_size[0]:g}: patches now "
            "cover another area, and terrain differs with scale."
        )
    return warnings


def map_susceptibility(stack: Stack, model: Model, path: str | Path, feedback: Feedback) -> int:
    """Write the susceptibility raster; return how many cells have a value.

    Raises
    ------
    EngineError
        If no cell of the stack is valid.
    """
    windows = list(stack.grid.windows(_WINDOW_PX, _WINDOW_PX))
    out = stack.grid.create(str(path), 1, gdal.GDT_Float32, NODATA)
    out.GetRasterBand(1).SetDescription("susceptibility")
    mapped = 0
    with ThreadPoolExecutor(1) as reading, ThreadPoolExecutor(1) as writing:
        ahead: Future[np.ndarray] = reading.submit(_read, stack, model, windows[0])
        written: Future[int] | None = None
        for number, window in feedback.steps(enumerate(windows), len(windows)):
            values = ahead.result()
            if number + 1 < len(windows):
                ahead = reading.submit(_read, stack, model, windows[number + 1])
            found = model.predict(values)
            if written is not None:
                mapped += written.result()
            written = writing.submit(_write, out, window, found)
        mapped += written.result() if written is not None else 0
    out.FlushCache()
    if not mapped:
        raise EngineError(f"The covariate stack {stack.path} has no valid cell: every cell lacks a covariate of the model.")
    return mapped


def _read(stack: Stack, model: Model, window: Window) -> np.ndarray:
    return stack.read(window, model.margin_px, [each.name for each in model.covariates])


def _write(out: gdal.Dataset, window: Window, values: np.ndarray) -> int:
    valid = np.isfinite(values)
    out.GetRasterBand(1).WriteArray(np.where(valid, values, np.float32(NODATA)), window.col, window.row)
    return int(valid.sum())
