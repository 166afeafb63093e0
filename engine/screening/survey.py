# SPDX-License-Identifier: GPL-2.0-or-later
"""A stack read from end to end by windows: a sample of its cells, a small picture of it, and the area of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.encoding import check_codes
from ..errors import EngineError
from ..feedback import Feedback
from ..files.stack import Stack
from .binning import Classing

# Cells of the sample. The standard error of a class's share is then at most 0.16 % of the area (√(0.25/n)), that of a VIF at most 0.7 %
# of itself (2R/√n, from the variance of R²).
SAMPLE_CELLS = 100_000
_PICTURE_PX = 400
# A categorical covariate with more classes than this is a mistake, or wants merging.
_MOST_CLASSES = 200


@dataclass(frozen=True)
class Survey:
    """What one pass over a stack brings.

    Parameters
    ----------
    cells
        How many cells are valid in every covariate.
    sample
        Covariates of cells drawn at random among those, float32 (n, bands); all of them where there are no more.
    picture
        Every `step`-th cell of every `step`-th row, float32 (rows, cols, bands); NaN where a band is invalid.
    codes
        The codes of each categorical covariate on valid cells, by name, rising.
    """

    cells: int
    sample: np.ndarray
    picture: np.ndarray
    step: int
    codes: dict[str, np.ndarray]


def survey(stack: Stack, seed: int, feedback: Feedback, sample_cells: int = SAMPLE_CELLS) -> Survey:
    """Read the stack once; the same seed draws the same sample.

    Raises
    ------
    EngineError
        If no cell is valid in every covariate, or a categorical covariate has too many classes.
    """
    rng = np.random.default_rng(seed)
    bands = len(stack.covariates)
    step = -(-max(stack.grid.shape) // _PICTURE_PX)
    picture = np.empty((*(-(-side // step) for side in stack.grid.shape), bands), np.float32)
    categorical = [index for index, covariate in enumerate(stack.covariates) if covariate.kind == "categorical"]
    codes = {index: np.empty(0, np.float32) for index in categorical}
    sample, rank = np.empty((0, bands), np.float32), np.empty(0)
    cells = 0
    windows = list(stack.grid.windows())
    for window in feedback.steps(windows, len(windows), "Reading window"):
        values = stack.read(window)
        row, col = -(-window.row // step), -(-window.col // step)
        part = values[row * step - window.row :: step, col * step - window.col :: step]
        picture[row : row + part.shape[0], col : col + part.shape[1]] = part
        valid = values[np.isfinite(values).all(axis=-1)]
        cells += len(valid)
        for index in categorical:
            codes[index] = np.union1d(codes[index], valid[:, index])
            check_codes(stack.covariates[index].name, codes[index])
            if len(codes[index]) > _MOST_CLASSES:
                raise EngineError(
                    f"The categorical covariate {stack.covariates[index].name} has more than {_MOST_CLASSES} classes; merge classes, or "
                    "prepare it as a continuous covariate if its values are amounts."
                )
        drawn = rng.random(len(valid))
        # Once the sample is full, no cell with a higher rank than all of it can enter.
        entering = drawn < (rank.max() if len(rank) == sample_cells else 1.0)
        sample, rank = np.concatenate([sample, valid[entering]]), np.concatenate([rank, drawn[entering]])
        lowest = np.argsort(rank, kind="stable")[:sample_cells]
        sample, rank = sample[lowest], rank[lowest]
    if not cells:
        raise EngineError(f"The covariate stack {stack.told} has no cell that is valid in every covariate; check each band for data.")
    return Survey(cells, sample, picture, step, {stack.covariates[index].name: found for index, found in codes.items()})


def class_areas(stack: Stack, classings: Sequence[Classing], feedback: Feedback) -> list[np.ndarray]:
    """Count the cells of each class of each covariate, among the cells that are valid in every covariate."""
    counts = [np.zeros(len(classing.names), np.int64) for classing in classings]
    windows = list(stack.grid.windows())
    for window in feedback.steps(windows, len(windows), "Counting classes in window"):
        values = stack.read(window)
        valid = values[np.isfinite(values).all(axis=-1)]
        for index, classing in enumerate(classings):
            counts[index] += np.bincount(classing.number(valid[:, index]), minlength=len(classing.names))
    return counts
