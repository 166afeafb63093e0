# SPDX-License-Identifier: GPL-2.0-or-later
"""Making a CNN–DNN from labelled cells: the encoding, the members, and their mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ...models.cnn_dnn import CnnDnn
from ...models.covariate import Covariate
from ...models.encoding import Encoder
from ...models.patches import Index, Patches
from ...models.recipe import Recipe
from ..files.grid import Grid
from ..files.stack import Stack
from ..samples.cells import SampleCells
from ..samples.folds import validation_part

History = dict[str, list[float]]


@dataclass(frozen=True)
class Examples:
    """Labelled cells with the covariates around them; arrays (n,)."""

    patches: Patches
    covariates: tuple[Covariate, ...]
    labels: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    grid: Grid

    @classmethod
    def of(cls, stack: Stack, cells: SampleCells, size_px: int) -> Examples:
        """Read the patches of sample cells."""
        patches = stack.patches(cells.rows, cells.cols, size_px)
        return cls(patches, stack.covariates, np.asarray(cells.landslide), cells.rows, cells.cols, stack.grid)

    def only(self, index: Index) -> Examples:
        """Return some of the cells."""
        return replace(self, patches=self.patches.only(index), labels=self.labels[index], rows=self.rows[index], cols=self.cols[index])


def fit(
    examples: Examples,
    recipe: Recipe,
    seed: int,
    progress: Callable[[float], None] = lambda percent: None,
    message: Callable[[str], None] = lambda text: None,
) -> tuple[CnnDnn, list[History]]:
    """Return a CNN–DNN fitted to cells, and the training history of each member.

    The encoding is fitted to these cells alone. `progress` is called with 0 to 100.
    """
    import keras

    from ...models.training import train

    encoder = Encoder.fit(examples.patches.centres(), examples.covariates)
    encoded = examples.patches.encoded(encoder)
    cells = examples.rows, examples.cols, examples.labels, recipe.validation, examples.grid
    members, histories = [], []
    for number in range(recipe.members):

        def part(percent: float, number: int = number) -> None:
            progress((100 * number + percent) / recipe.members)

        held = validation_part(*cells, seed, number)
        member = train(encoded, examples.labels, held, recipe, seed + number, encoder.circular_pairs, part)
        members.append(member.weights)
        histories.append(member.history)
        message(f"Member {number + 1} of {recipe.members}: {len(member.history['loss'])} epochs.")
    keras.backend.clear_session()  # networks hold their patches in memory until they are collected
    return CnnDnn(encoder, recipe.architecture(len(encoder.channels)), members, backend="numpy"), histories


def susceptibility(model: CnnDnn, examples: Examples) -> np.ndarray:
    """Return the susceptibility of cells, (n,), patch by patch."""
    from ...models.network import predict_patches

    mean = predict_patches(model.architecture, model.members, examples.patches, model.encoder.encode)
    return model.calibrated(mean)
