# SPDX-License-Identifier: GPL-2.0-or-later
"""Adapting a CNN–DNN to another area: its members are trained on from their weights, and new trees grow beside its own.

What is done was chosen on sample landscapes and on two real areas, see docs/adapting.md.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ...models.cnn_dnn import CnnDnn
from ...models.dense import Weights
from ...models.errors import DivergedError
from ...models.memory import TENSORFLOW_BYTES, check_room
from ...models.recipe import Recipe
from ...models.trees import grow, joined
from ..errors import EngineError
from ..feedback import beside
from ..learning.fitting import Examples, recipe_of, uncalibrated
from ..reporting import metrics
from ..samples.folds import deal_folds, fewest_units, landslide_weights
from ..threads import at_once

LEARNING_RATE = 1e-3
# Passes over the new cells: so many that what the model knows bends to them, or that it is mostly replaced. Which is right depends on how
# much the areas differ, and is chosen on inner folds.
EPOCHS = (20, 160)
# Of many cells fewer passes do: at most so many batches.
_MOST_BATCHES = 2000
_INNER_FOLDS = 3


def recipe_for(model: CnnDnn, cells: int, epochs: int) -> Recipe:
    """Return how the members of a model are trained on: as they were trained, but at `LEARNING_RATE`, by Adam, for so many epochs.

    With more than `_MOST_BATCHES` batches in the longest training, epochs are fewer, in the same ratio to it.
    """
    recipe = recipe_of(model)
    longest = min(max(EPOCHS), _MOST_BATCHES * recipe.batch_size / cells)
    epochs = max(round(epochs * longest / max(EPOCHS)), 1)
    return replace(recipe, learning_rate=LEARNING_RATE, epochs=epochs, optimizer="adam", schedule="constant")


def adapted(
    model: CnnDnn,
    examples: Examples,
    seed: int,
    progress: Callable[[float], None] = lambda percent: None,
    status: Callable[[str], None] = lambda text: None,
) -> tuple[CnnDnn, int]:
    """Return a model adapted to cells of another area, and for which of `EPOCHS`; the given one stays as it is.

    The encoding stays that of the model, which has now seen these cells too, and so do its shape and the share of network and trees. All
    cells train, since too few are left to decide when to stop. A model with trees keeps them and gets new ones, grown on these cells. The
    model is not calibrated.

    Parameters
    ----------
    model
        What was trained elsewhere.
    examples
        Cells of the new area, with the covariates of the model in its order, in patches as wide as it sees.
    seed
        Member k is trained on with `seed + k`; the same seed on the same machine gives the same weights.
    progress
        Called with 0 to 100.
    status
        Called with what is being done.
    """
    check_room(TENSORFLOW_BYTES)
    trees, encoder = model.trees, model.encoder
    choosing, training = (0, 60), (60, 100)
    epochs = chosen_epochs(model, examples, seed, _within(progress, choosing), status)
    members = _trained_on(model, model.members, examples, epochs, seed, _within(progress, training), status)
    if trees:
        status("Growing trees beside the members")
        counts = landslide_weights(examples.labels, examples.units) if recipe_of(model).equal_landslides else None
        trees = joined(trees, grow(encoder.encode(examples.patches.centres()), examples.labels, seed, counts))
    wide = encoder.widened(examples.patches.centres())
    made = CnnDnn(wide, model.architecture, members, backend="numpy", trees=trees, share=model.share)
    return made, epochs


def chosen_epochs(
    model: CnnDnn,
    examples: Examples,
    seed: int,
    progress: Callable[[float], None] = lambda percent: None,
    status: Callable[[str], None] = lambda text: None,
) -> int:
    """Return which of `EPOCHS` serves best on inner folds of the cells, landslides whole, tried with the first member alone.

    The highest mean AUC over folds wins, of equal ones the fewer epochs. Cells that take no part here are no judges of it.
    """
    folds = max(min(_INNER_FOLDS, fewest_units(examples.labels, examples.units)), 2)
    fold = deal_folds(examples.labels, folds, None, seed, examples.units)
    found = {epochs: np.empty(len(fold)) for epochs in EPOCHS}
    done = 0
    for number in range(folds):
        known, asked = examples.only(fold != number), examples.only(fold == number)
        for epochs in EPOCHS:
            part = 100 * done / (folds * sum(EPOCHS)), 100 * (done + epochs) / (folds * sum(EPOCHS))
            doing = f"Trying {epochs} epochs on inner fold {number + 1} of {folds},"
            tried = _trained_on(model, model.members[:1], known, epochs, seed, _within(progress, part), status, doing)
            found[epochs][fold == number] = uncalibrated(CnnDnn(model.encoder, model.architecture, tried, backend="numpy"), asked)
            done += epochs
    return max(EPOCHS, key=lambda epochs: (metrics.delong(examples.labels, found[epochs], None, fold).auc, -epochs))


def _trained_on(
    model: CnnDnn,
    members: Sequence[Weights],
    examples: Examples,
    epochs: int,
    seed: int,
    progress: Callable[[float], None],
    status: Callable[[str], None],
    doing: str = "Adapting",
) -> list[Weights]:
    """Return the weights of members that were trained on, on all of the cells; `doing` begins what is told."""
    from ...models.training import train

    recipe = recipe_for(model, len(examples.labels), epochs)
    encoded = examples.patches.encoded(model.encoder)
    none = np.zeros(len(examples.labels), bool)
    counts = landslide_weights(examples.labels, examples.units) if recipe.equal_landslides else None
    parts = beside(progress, len(members))

    def trained(number: int) -> Weights:
        def telling(text: str) -> None:
            status(f"{doing} member {number + 1} of {len(members)}, {text}")

        how = recipe, seed + number, model.encoder.circular_pairs, parts[number], telling, counts, members[number]
        try:
            return train(encoded, examples.labels, none, *how).weights
        except DivergedError as error:  # which speaks of parameters that adapting does not have
            raise EngineError(
                "The model cannot be adapted: trained on, its network comes to nothing. Look whether the covariates are those that it was "
                "trained with, in the same units; else train a model of this area (scarp:traincnndnn)."
            ) from error

    found = list(at_once(trained, range(len(members))))
    gc.collect()  # networks hold their patches in memory until they are collected
    return found


def _within(progress: Callable[[float], None], part: tuple[float, float]) -> Callable[[float], None]:
    """Return what takes 0 to 100 as a part of the progress."""
    return lambda percent: progress(part[0] + (part[1] - part[0]) * percent / 100)
