# SPDX-License-Identifier: GPL-2.0-or-later
"""Making a CNN–DNN from labelled cells: the encoding, the members, their mean, and the trees beside them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...models.cnn_dnn import CnnDnn
from ...models.covariate import Covariate
from ...models.encoding import Encoder
from ...models.memory import TENSORFLOW_BYTES, check_room
from ...models.patches import Index, Patches
from ...models.recipe import Recipe
from ...models.trees import grow
from ..declarations.checks import checked_value
from ..declarations.parameters import task_parameters
from ..errors import EngineError
from ..feedback import beside
from ..files.grid import Grid
from ..files.stack import Stack
from ..samples.cells import SampleCells
from ..samples.folds import landslide_weights, own_block_size, validation_part
from ..threads import at_once
from .companion import choose_share
from .kept import KeptMembers

History = dict[str, list[float]]
# Each fold that is trained keeps its cells encoded, so that memory bounds how many are at once, whatever the number of cores.
FOLDS_AT_ONCE = 4


@dataclass(frozen=True)
class Examples:
    """Labelled cells with the covariates around them.

    Parameters
    ----------
    patches
        The covariates around each of the n cells, not encoded.
    covariates
        What the bands of the patches are.
    labels
        1 for landslide, 0 for none, (n,).
    rows, cols
        Where the cells lie in the grid, (n,).
    grid
        The stack's grid.
    units
        The unit of each cell, (n,), which no part or fold divides, see `samples.folds.landslide_units`; None where each is one cell.
    """

    patches: Patches
    covariates: tuple[Covariate, ...]
    labels: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    grid: Grid
    units: np.ndarray | None = None

    @classmethod
    def of(cls, stack: Stack, cells: SampleCells, size_px: int, covariates: Sequence[Covariate] | None = None) -> Examples:
        """Read the patches of sample cells, `size_px` cells wide and odd; those that reach beyond the stack are mirrored at its edge.

        With the covariates of a model, bands are matched by their names, and cells that lack one are left out.
        """
        names = None if covariates is None else [each.name for each in covariates]
        patches = stack.patches(cells.rows, cells.cols, size_px, names)
        own = np.asarray(cells.landslide)
        found = cls(patches, tuple(covariates or stack.covariates), own, cells.rows, cells.cols, stack.grid, cells.units)
        return found if names is None else found.only(np.isfinite(patches.centres()).all(axis=1))

    def only(self, index: Index) -> Examples:
        """Return some of the cells, by number, mask or slice; patches stay in memory where they are."""
        units = self.units if self.units is None else self.units[index]
        part = {name: getattr(self, name)[index] for name in ("labels", "rows", "cols")}
        return replace(self, patches=self.patches.only(index), units=units, **part)


def fit(
    examples: Examples,
    recipe: Recipe,
    seed: int,
    progress: Callable[[float], None] = lambda percent: None,
    message: Callable[[str], None] = lambda text: None,
    status: Callable[[str], None] = lambda text: None,
    kept: KeptMembers | None = None,
) -> tuple[CnnDnn, list[History]]:
    """Return a CNN–DNN fitted to cells, and the training history of each member.

    The encoding is fitted to these cells alone, and so are the members: each keeps a part of its own of them to decide when to stop. With a
    companion, what it counts is chosen on those parts too: what each member says of its own, and trees grown without it. The model is not
    calibrated.

    Parameters
    ----------
    examples
        Training cells, and no others.
    recipe
        The hyper-parameters.
    seed
        Member k is trained with `seed + k`; the same seed on the same machine gives the same weights.
    progress
        Called with 0 to 100.
    message
        Called with a line after each member.
    status
        Called with what is being done: the member, its epoch and loss.
    kept
        Where members are kept, and taken from where an interrupted run left them; None: nowhere.

    Raises
    ------
    EngineError
        If there is no such network, a covariate has no value on these cells, or they do not suffice for a validation part.
    """
    check_room(TENSORFLOW_BYTES)
    tell_start(status)
    from ...models.network import predict_patches
    from ...models.training import Member, train

    recipe = recipe.for_cells(len(examples.labels))
    encoder = Encoder.fit(examples.patches.centres(), examples.covariates)
    encoded = examples.patches.encoded(encoder)
    architecture = recipe.architecture(len(encoder.channels))
    parts_held = stopping_parts(examples, recipe, seed)
    counts = landslide_weights(examples.labels, examples.units) if recipe.equal_landslides else None
    own = encoder.encode(examples.patches.centres()) if recipe.companion else None
    parts = beside(progress, recipe.members)

    def trained(number: int) -> tuple[Member, np.ndarray, str]:
        """Return a member, which cells it has not seen (boolean, (n,)), and what is told of it where an earlier run trained it."""

        def doing(text: str) -> None:
            status(f"Training member {number + 1} of {recipe.members}, {text}")

        held = parts_held[number]
        left = kept.read(number, architecture) if kept else None
        if left:
            parts[number](100.0)
            return Member(*left), held, ", trained before the interruption"
        member = train(encoded, examples.labels, held, recipe, seed + number, encoder.circular_pairs, parts[number], doing, counts)
        if kept:
            kept.write(number, member.weights, member.history)
        return member, held, ""

    members, histories, told = [], [], []
    for number, (member, held, how) in enumerate(at_once(trained, range(recipe.members))):
        members.append(member.weights)
        histories.append(member.history)
        message(f"Member {number + 1} of {recipe.members}: {len(member.history['loss'])} epochs{how}.")
        if own is not None:
            status(f"Growing trees beside member {number + 1} of {recipe.members}")
            network = predict_patches(architecture, [member.weights], encoded.only(held), lambda patches: patches.astype(np.float32))
            without = grow(own[~held], examples.labels[~held], seed + number, None if counts is None else counts[~held])
            units = np.flatnonzero(held) if examples.units is None else examples.units[held]
            told.append((examples.labels[held], network, without.predict(own[held]), units))
    gc.collect()  # networks hold their patches in memory until they are collected
    model = CnnDnn(encoder, architecture, members, backend="numpy")
    if own is not None:
        held_out = [np.concatenate(each) for each in zip(*told)]
        model.trees, model.share = grow(own, examples.labels, seed, counts), choose_share(*held_out)
        message(f"{model.name}, as {len(held_out[0]):,} held-out training cells have it.")
    return model, histories


def stopping_parts(examples: Examples, recipe: Recipe, seed: int) -> list[np.ndarray]:
    """Return for each member which training cells decide when it stops, boolean (n,).

    Quick, so that cells that do not suffice are told before anything is trained.

    Raises
    ------
    EngineError
        If they do not suffice for such a part.
    """
    cells = examples.rows, examples.cols, examples.labels, recipe.validation, examples.grid
    block = [_block_size(examples, recipe, seed)] if recipe.validation == "blocks" else []
    return [validation_part(*cells, seed, number, examples.units, *block) for number in range(recipe.members)]


def tell_start(status: Callable[[str], None]) -> None:
    """Tell that TensorFlow starts, which takes seconds, where it does not run yet."""
    if "keras" not in sys.modules:
        status("Starting TensorFlow")


def recipe_of(model: CnnDnn) -> Recipe:
    """Return how a network is fitted anew: in the shape that it has, and as its file tells that it was trained.

    Raises
    ------
    EngineError
        If the file tells what no training takes.
    """
    told = model.manifest.get("settings", {})
    declared = {key: each for key, each in task_parameters("train_cnn_dnn").items() if each.recipe}
    try:
        known = {key: checked_value(each, told[key]) for key, each in declared.items() if key in told}
    except EngineError as error:
        raise EngineError(
            f"The model file tells of a training that cannot be repeated, so it is damaged; train it anew. {error}"
        ) from error
    shape = model.architecture.to_json()
    shape = {"patch_size": shape.pop("patch_size_px"), **{key: value for key, value in shape.items() if key != "channels"}}
    return replace(Recipe(**known), **shape, members=len(model.members), companion=model.trees is not None)


def _block_size(examples: Examples, recipe: Recipe, seed: int) -> float:
    """Return how wide, in metres, blocks of validation cells are: the practical range of the covariates, and two patches."""
    own = examples.patches.centres(), examples.covariates, examples.grid, examples.rows, examples.cols
    return own_block_size(*own, seed, recipe.patch_size)


def susceptibility(model: CnnDnn, examples: Examples) -> np.ndarray:
    """Return the susceptibility of cells, calibrated where the model is, (n,): patch by patch, by the rule of mapping."""
    return model.calibrated(uncalibrated(model, examples))


def uncalibrated(model: CnnDnn, examples: Examples) -> np.ndarray:
    """Return what a model says of cells before it is calibrated, (n,); raise EngineError if TensorFlow has no room."""
    check_room(TENSORFLOW_BYTES)
    from ...models.network import predict_patches

    mean = predict_patches(model.architecture, model.members, examples.patches, model.encoder.encode)
    return model.mixed(mean, model.encoder.encode(examples.patches.centres()))
