# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole-raster mapping by windows: while one is computed, the next is read and the last written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np

from ...models.applicability import Applicability
from ...models.cnn_dnn import CnnDnn
from ...models.covariate import Covariate
from ...models.encoding import Encoder
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window, reference_of
from ..files.partial import PartialRaster
from ..files.stack import Stack
from ..gdal import osr
from ..threads import in_order
from .trust import Trust, applicability, uncertainty

NODATA = -9999.0
# Windows of so many columns and half as many rows keep the maps of a network within a few hundred megabytes.
WINDOW_PX = 512
_COLUMN_PX = 4096


class Model(Protocol):
    """What can be mapped; see `models.model_file`."""

    manifest: dict[str, Any]

    encoder: Encoder

    applicability: Applicability | None

    @property
    def covariates(self) -> tuple[Covariate, ...]: ...

    @property
    def margin_px(self) -> int: ...

    @property
    def windows_at_once(self) -> int: ...

    def listen(self, tell: Callable[[str], None]) -> None: ...

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
            f"The covariate stack {Path(stack.told).name} lacks {', '.join(missing)}, which the model was trained with; "
            "prepare the stack with the same covariates."
        )
    for each in model.covariates:
        kind = stack.covariate(each.name).kind
        if kind != each.kind:
            raise EngineError(
                f"The covariate {each.name} is {kind} in the stack and was {each.kind} in training. Another program that writes a stack "
                "anew loses what its bands are; give the stack as “Prepare covariates” wrote it."
            )
        found = stack.covariate(each.name)
        theirs, ours = found.classes, each.classes
        # A raster that lost its names has codes still.
        named = {code: name for code, name in ours.items() if each.is_named(code)}
        for code in filter(found.is_named, theirs):
            name = theirs[code]
            if named.get(code, name) != name:
                told = f"code {code} is “{name}” and was “{named[code]}”"
            elif code not in named and name in named.values():
                told = f"“{name}” is code {code} and was {next(number for number in named if named[number] == name)}"
            else:
                continue
            raise EngineError(
                f"The classes of {each.name} have other codes in the stack than in training ({told}); prepare both stacks from the same "
                "layer with the same version of Scarp, and train anew."
            )
    units = [(each, stack.covariate(each.name).unit) for each in model.covariates]
    warnings = [
        f"The covariate {each.name} is in {unit} in the stack and was in {each.unit} in training: its numbers mean another thing."
        for each, unit in units
        if each.unit and unit and unit != each.unit
    ]
    trained = model.manifest.get("cell_size")
    if trained and not np.allclose(trained, stack.grid.cell_size, rtol=0.01):
        warnings.append(
            f"The model was trained on cells of {trained[0]:g} and the stack has cells of {stack.grid.cell_size[0]:g} (in the units of "
            "their coordinates): patches now cover another area, and terrain differs with scale."
        )
    reference = trained_in(model)
    if model.manifest.get("crs") and not reference.IsSame(stack.grid.spatial_reference):
        warnings.append(
            f"The model was trained in {reference.GetName()} and the stack is in {stack.grid.spatial_reference.GetName()}: right "
            "for another area, wrong if distances are now in other units."
        )
    return warnings


def trained_in(model: Model) -> osr.SpatialReference:
    """Return the coordinate reference system that a model was trained in, an empty one where its file names none.

    Raises
    ------
    EngineError
        If its file names what is none.
    """
    try:
        return reference_of(model.manifest.get("crs") or "")
    except EngineError as error:
        told = "The model file names no coordinate reference system that can be read, so it is damaged; train it anew."
        raise EngineError(told) from error


class WindowMapper:
    """Maps the windows of a stack with a model; any number of threads may call it."""

    def __init__(self, stack: Stack, model: Model, trust: Trust | None = None) -> None:
        self._stack, self._model, self._trust = stack, model, trust
        self._passes = trust.passes_of(model) if trust and isinstance(model, CnnDnn) else None
        self._names = [each.name for each in model.covariates]
        self._reading = Lock()  # a GDAL dataset serves one thread at a time

    def __call__(self, window: Window) -> list[np.ndarray]:
        """Return the susceptibility of a window, (rows, cols), and what `Trust` asks for; NaN where there is none."""
        with self._reading:
            values = self._stack.read(window, self._model.margin_px, self._names)
        if self._trust and self._trust.uncertainty and isinstance(self._model, CnnDnn):
            susceptibility, members = self._model.predict_each(values, self._passes)
            layers = [susceptibility, uncertainty(susceptibility, members, self._trust.breaks)]
        else:
            layers = [self._model.predict(values)]
        if self._trust and self._trust.applicability and self._model.applicability:
            layers.append(applicability(self._model.applicability, values, self._model.margin_px))
        return layers


def map_susceptibility(
    stack: Stack, model: Model, partials: Sequence[PartialRaster], feedback: Feedback, trust: Trust | None = None
) -> None:
    """Map the windows of partial rasters that are not done yet, on this machine: susceptibility, and what `trust` asks for.

    A few windows are under work at once, on a GPU many: while one is computed, the next is read and encoded, and the last written.
    """
    mapper = WindowMapper(stack, model, trust)
    model.listen(feedback.warning)
    with ThreadPoolExecutor(model.windows_at_once) as threads:
        complete(partials, stack.grid, lambda window: threads.submit(mapper, window), model.windows_at_once, feedback)


def complete(
    partials: Sequence[PartialRaster], grid: Grid, submit: Callable[[Window], Future[list[np.ndarray]]], at_once: int, feedback: Feedback
) -> None:
    """Have those windows of partial rasters mapped that one of them lacks, by whatever `submit` hands them to, and keep them.

    Up to `at_once` windows are under work while another one is kept.
    """
    windows, done = windows_of(grid), done_in(partials)
    left = [number for number in range(len(windows)) if number not in done]
    for number, layers in feedback.steps(in_order(lambda number: submit(windows[number]), left, at_once), len(left), "Mapping window"):
        for partial, values in zip(partials, layers):
            partial.write(number, windows[number], values)


def done_in(partials: Sequence[PartialRaster]) -> set[int]:
    """Return the windows that all of some partial rasters have."""
    return set.intersection(*(each.done for each in partials))


def windows_of(grid: Grid) -> list[Window]:
    """Return the windows of a map: down one broad column after the other, so that what GDAL keeps of the rows above is still there."""
    windows = grid.windows(WINDOW_PX // 2, WINDOW_PX)
    return sorted(windows, key=lambda window: (window.col // _COLUMN_PX, window.row, window.col))
