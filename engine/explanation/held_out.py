# SPDX-License-Identifier: GPL-2.0-or-later
"""Models like the one that is explained, each fitted anew without the landslides of a part of the area, which it is then asked about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from ...models.classifiers import CLASSIFIERS, LABELS
from ...models.cnn_dnn import CnnDnn
from ...models.model_file import Model
from ...models.patches import Patches
from ..benchmark.comparison import Data, Fold, Validation, fit_cells
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid
from ..files.stack import Stack
from ..learning.fitting import Examples, fit, recipe_of
from ..samples.cells import SampleCells
from ..samples.folds import landslide_weights
from .answers import answer_of
from .importance import HeldOut

# Held-out cells that are permuted; more of them tell hardly more, and each is asked hundreds of times.
_MOST_CELLS = 3000


@dataclass(frozen=True)
class Ground:
    """The cells that a model is asked about.

    Parameters
    ----------
    model
        The model.
    data
        The cells with the model's covariates, in its order.
    patches
        The covariates around each, as wide as the model sees, not encoded.
    """

    model: Model
    data: Data
    patches: Patches

    @classmethod
    def of(cls, stack: Stack, cells: SampleCells, model: Model) -> Ground:
        """Read the cells' covariates, matched by name."""
        names = [each.name for each in model.covariates]
        patches = stack.patches(cells.rows, cells.cols, 2 * model.margin_px + 1, names)
        whole = np.isfinite(patches.centres()).all(axis=1)
        cells, patches = cells.only(whole), patches.only(whole)
        nothing = np.full(len(cells.rows), np.datetime64("NaT"), "datetime64[D]")
        xy = stack.grid.centres_m(cells.rows, cells.cols)
        return cls(model, Data(cells, stack.grid, model.covariates, patches.centres(), xy, nothing), patches)

    @property
    def labels(self) -> np.ndarray:
        """1 for landslide, 0 for non-landslide cells, (n,)."""
        return self.data.labels

    @property
    def grid(self) -> Grid:
        """The stack's grid."""
        return self.data.grid


def spatial_folds(ground: Ground, folds: int, block_size_m: float, seed: int, feedback: Feedback) -> tuple[list[Fold], str]:
    """Return folds of whole blocks and landslides, of what k-means finds together where blocks are too few, and how they were made.

    Raises
    ------
    EngineError
        If the cells do not suffice for either.
    """
    try:
        made = Validation("blocks", folds, block_size_m=block_size_m).make(ground.data, seed, feedback)
        return made, f"square blocks of {block_size_m:,.0f} m, dealt into {len(made)} folds as a whole, each landslide in one"
    except EngineError:
        made = Validation("kmeans", folds).make(ground.data, seed, feedback)
        told = f"{len(made)} folds that k-means made of the cells' places, each landslide in one, since blocks of {block_size_m:,.0f} m"
        return made, f"{told} do not suffice"


def refitted(ground: Ground, folds: Sequence[Fold], seed: int, parts: Sequence[Feedback]) -> Iterator[HeldOut]:
    """Yield for each fold a model fitted to the other cells, and the fold's own.

    A network is fitted with the settings that its file tells, one member with trees where it has some. A classifier of
    single cells is fitted as the benchmark does, its grid searched inside the training cells.

    Raises
    ------
    EngineError
        If the model file does not tell which classifier it is.
    """
    name = "" if isinstance(ground.model, CnnDnn) else _classifier(ground.model)
    for number, (fold, part) in enumerate(zip(folds, parts), start=1):
        told = part.under(f"Fold {number} of {len(folds)}")
        told.status("Fitting the model anew")
        if isinstance(ground.model, CnnDnn):
            recipe = replace(recipe_of(ground.model), members=1)
            cells, data = ground.data.cells, ground.data
            everything = Examples(ground.patches, data.covariates, data.labels, cells.rows, cells.cols, data.grid, data.units)
            model: Model = fit(everything.only(fold.training), recipe, seed, part.progress, status=told.status)[0]
        else:
            # Few cells: gradient boosting with threads of its own spends its time waiting.
            with threadpool_limits(1, user_api="openmp"):
                model = fit_cells(ground.data, fold.training, name, spatial=True, seed=seed, equal=counts_alike(ground.model))[0]
        some = fold.test[_some(ground.labels[fold.test], _MOST_CELLS // len(folds), seed)]
        part.progress(100)
        yield HeldOut(answer_of(model), model.encoder, ground.patches.only(some), ground.labels[some], _weights(ground, some))


def as_it_is(ground: Ground, seed: int) -> HeldOut:
    """Return the model itself, and cells that it was trained without."""
    some = _some(ground.labels, _MOST_CELLS, seed)
    return HeldOut(answer_of(ground.model), ground.model.encoder, ground.patches.only(some), ground.labels[some], _weights(ground, some))


def _some(labels: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Return the numbers of at most so many cells, drawn at random with both classes in their shares."""
    if len(labels) <= most:
        return np.arange(len(labels))
    rng = np.random.default_rng(seed)
    kinds = [rng.permutation(np.flatnonzero(labels == label)) for label in (0, 1)]
    return np.sort(np.concatenate([kind[: max(round(most * len(kind) / len(labels)), 1)] for kind in kinds]))


def counts_alike(model: Model) -> bool:
    """Tell whether each landslide counted the same when a model was trained, as its file says (EQUAL_LANDSLIDES)."""
    return bool(model.manifest.get("settings", {}).get("equal_landslides", False))


def _weights(ground: Ground, some: np.ndarray) -> np.ndarray | None:
    """Return what some cells count, (some,): landslides alike where the model was trained so; None where cells count the same."""
    units = ground.data.units
    return landslide_weights(ground.labels[some], units[some]) if units is not None and counts_alike(ground.model) else None


def _classifier(model: Model) -> str:
    """Return the id of the classifier that a model of single cells is."""
    names = [name for name, label in LABELS.items() if label == model.manifest.get("classifier") and CLASSIFIERS[name].make]
    if not names:
        raise EngineError(
            "The model file does not tell which classifier it holds, so that it cannot be fitted anew without the landslides it is asked "
            "about; give landslides that it was trained without, and say so (ROLE)."
        )
    return names[0]
