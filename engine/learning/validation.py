# SPDX-License-Identifier: GPL-2.0-or-later
"""How good a CNN–DNN is on cells that it has not seen: by a part held out, and by folds at random and in space."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ...models.encoding import Encoder
from ...models.recipe import Recipe
from ...models.trees import grow
from ..errors import EngineError
from ..feedback import Feedback
from ..reporting import metrics
from ..reporting.numbers import number as written
from ..reporting.numbers import with_interval
from ..reporting.rates import RateCurve
from ..samples.folds import (
    BlockKFold,
    KMeansKFold,
    block_ids,
    deal_folds,
    fewest_units,
    landslide_weights,
    splits,
    told_if_narrow,
)
from .fitting import Examples
from .tuning import held_out

# Folds where they are the test, and where they stand beside one: three of one network each cost less than the model itself.
FOLDS, FOLDS_BESIDE = 5, 3
# Of which landslides what a test says is to be expected. Blocks lie beside blocks that train, so they do not tell of a part of the area
# without mapped landslides; nor do parts left out as a whole, each asked by itself: see docs/training.md for how much less was found there.
_AMONG = "of other landslides among the mapped ones, and less elsewhere"
WHERE = {
    "held_out": "of the landslides of the other inventory, which took no part",
    "temporal": "of later landslides on the same ground",
    "spatial": "of other landslides of this area, beside and between the mapped ones; where none is mapped, in a part of it or in "
    "another area, expect less",
    "part": "of landslides in a part of this area where none was mapped, told from that part's own cells alone; on a map of the whole "
    "area expect less",
    "random": _AMONG,
    "test": _AMONG,
}
# Fewer blocks than this for each fold are dealt with little choice.
_BLOCKS_A_FOLD = 4
# Parts of the area that are left out as a whole.
_PARTS = 5


@dataclass(frozen=True)
class Evaluation:
    """Cells and what was said of them by a model, or by models of folds, that they took no part in (but for `training`).

    Parameters
    ----------
    kind
        `held_out` for landslides of another inventory, `spatial`, `random`, `test` for a part of the sample cells, or `training` for
        cells that the model was fitted to, which is no test.
    name, how
        In a few words, and in a sentence.
    labels, susceptibility, fold
        1 or 0 of the cells, what was said of them, and by which fold, (n,).
    units
        The landslide or absence that each cell belongs to, (n,); None where each is one cell.
    narrow
        Whether folds are of blocks narrower than two patches, see `samples.folds.told_if_narrow`.
    """

    kind: str
    name: str
    how: str
    labels: np.ndarray
    susceptibility: np.ndarray
    fold: np.ndarray
    units: np.ndarray | None
    narrow: bool = False

    @cached_property
    def auc(self) -> metrics.AucInterval:
        """Its AUC, the mean over folds, with an interval that takes the cells of a landslide as one."""
        return metrics.delong(self.labels, self.susceptibility, self.units, self.fold)

    @cached_property
    def auc_by_landslides(self) -> float:
        """Its AUC where every landslide counts the same, however large, the mean over folds."""
        return float(np.mean([metrics.weighted_auc(*self._of(number)) for number in np.unique(self.fold)]))

    @property
    def landslides(self) -> int:
        """How many landslides were tested."""
        slides = self.labels == 1
        return int(slides.sum()) if self.units is None else len(np.unique(self.units[slides]))

    @property
    def in_words(self) -> str:
        """The AUC with its interval."""
        return with_interval(self.auc.auc, self.auc.low, self.auc.high)

    @property
    def told(self) -> dict[str, Any]:
        """What a model file tells of it; None for the ends of an interval that one landslide does not tell."""
        low, high = (None if np.isnan(end) else end for end in (self.auc.low, self.auc.high))
        return {"kind": self.kind, "auc": self.auc.auc, "low": low, "high": high, "landslides": self.landslides}

    def rate_curves(self) -> dict[str, RateCurve]:
        """Return its rate curves, cells of all folds together: every landslide counting the same, and every cell."""
        weights = landslide_weights(self.labels, self.units)
        return {
            "by landslides": RateCurve.of_cells(self.labels, self.susceptibility, weights),
            "by cells": RateCurve.of_cells(self.labels, self.susceptibility),
        }

    def _of(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        here = self.fold == number
        units = np.arange(len(self.labels)) if self.units is None else self.units
        _, unit, size = np.unique(units[here], return_inverse=True, return_counts=True)
        return self.labels[here], self.susceptibility[here], 1.0 / size[unit.ravel()]


def by_random_folds(examples: Examples, folds: int, recipe: Recipe, seed: int, feedback: Feedback) -> Evaluation:
    """Test one network a fold on `random_folds`."""
    fold, how = random_folds(examples, folds, seed)
    return _by(examples, fold, "random", "Random folds", how, recipe, seed, feedback)


def random_folds(examples: Examples, folds: int, seed: int) -> tuple[np.ndarray, str]:
    """Return the fold of each cell at random, (n,), landslides whole, and how it was dealt; fewer folds where landslides are fewer."""
    folds = max(min(folds, fewest_units(examples.labels, examples.units)), 2)
    fold = deal_folds(examples.labels, folds, None, seed, examples.units)
    return fold, f"Cells were dealt into {folds} folds at random, and the cells of a landslide stayed together."


def by_spatial_folds(
    examples: Examples, block_size_m: float, folds: int, recipe: Recipe, seed: int, feedback: Feedback
) -> Evaluation | None:
    """Test one network a fold on `spatial_folds`; None where there are none, or they do not suffice, which is told in a sentence."""
    dealt = spatial_folds(examples, block_size_m, folds, seed, feedback)
    if dealt is None:
        return None
    try:
        fold, how, narrow = dealt
        return replace(_by(examples, fold, "spatial", "Spatial folds", how, recipe, seed, feedback), narrow=narrow)
    except EngineError as error:
        feedback.warning(f"There is no spatial figure: {error}")
        return None


def by_parts(examples: Examples, spatial: Evaluation, equal: bool, seed: int) -> Evaluation | None:
    """Test trees on compact parts of the area, each left out as a whole: what a part without mapped landslides may show.

    Networks of so many folds more would take as long as the model. The trees beside it, on single cells, take seconds, and are asked in the
    spatial folds too, so that the difference is one of the folds alone.

    Parameters
    ----------
    examples
        Those that `spatial` tested.
    spatial
        The test by spatial folds.
    equal
        Whether each landslide counts the same in training.
    seed
        That of the parts and trees.

    Returns
    -------
    None where the cells do not make two parts with both classes.
    """
    parts = max(min(_PARTS, fewest_units(examples.labels, examples.units)), 2)
    xy = examples.grid.centres_m(examples.rows, examples.cols)
    try:
        fold = KMeansKFold(parts, random_state=seed).dealt(xy, examples.labels, examples.units)
    except EngineError:
        return None
    said, beside = (_said_by_trees(examples, each, equal, seed) for each in (fold, spatial.fold))
    of_blocks = replace(spatial, susceptibility=beside).auc.auc
    found = Evaluation("part", "Whole parts, trees alone", "", examples.labels, said, fold, examples.units)
    held = [replace(found, labels=examples.labels * (fold == number)).landslides for number in range(fold.max() + 1)]
    each = f"{min(held):,}" if min(held) == max(held) else f"{min(held):,} to {max(held):,}"
    how = (
        f"Trees on single cells, which are quick to grow, reach an AUC of {written(of_blocks)} in the spatial folds and "
        f"{found.in_words} where each of {fold.max() + 1} compact parts of the area (k-means) is left out as a whole, its landslides told "
        f"from its own cells: the mean over parts, which count alike and hold {each} landslides. On a map of "
        "the whole area landslides of a part where none was mapped may rank lower."
    )
    return replace(found, how=how)


def _said_by_trees(examples: Examples, fold: np.ndarray, equal: bool, seed: int) -> np.ndarray:
    """Return what trees grown on all folds but its own say of each cell, (n,)."""
    found = np.empty(len(fold))
    for known, test in splits(fold):
        training, centres = examples.only(known), examples.patches.only(known).centres()
        encoder = Encoder.fit(centres, examples.covariates)
        counts = landslide_weights(training.labels, training.units) if equal else None
        trees = grow(encoder.encode(centres), training.labels, seed, counts)
        found[test] = trees.predict(encoder.encode(examples.patches.only(test).centres()))
    return found


def spatial_folds(
    examples: Examples, block_size_m: float, folds: int, seed: int, feedback: Feedback
) -> tuple[np.ndarray, str, bool] | None:
    """Return the fold of each cell, (n,), how it was dealt (by blocks, or by k-means where these are too few), and if blocks are narrow.

    Landslides are whole, and there are fewer folds where there are fewer landslides. None where neither can be, which is told.
    """
    xy = examples.grid.centres_m(examples.rows, examples.cols)
    blocks = len(np.unique(block_ids(examples.rows, examples.cols, examples.grid, block_size_m)))
    folds = max(min(folds, fewest_units(examples.labels, examples.units)), 2)
    how = f"Square blocks of {block_size_m:,.0f} m were dealt into {{folds}} folds as a whole, each landslide in one."
    if blocks < _BLOCKS_A_FOLD * folds:
        how += f" The cells lie in {blocks} blocks only, so folds are few places, and another dealing may give another figure."
    if narrow := told_if_narrow(block_size_m, examples.patches.size_px, examples.grid):
        how += f" {narrow}"
    try:
        fold = BlockKFold(folds, block_size_m, random_state=seed).dealt(xy, examples.labels, examples.units)
    except EngineError:
        narrow, how = "", f"{blocks} blocks of {block_size_m:,.0f} m do not suffice, so k-means on the coordinates made {{folds}} folds."
        try:
            fold = KMeansKFold(folds, random_state=seed).dealt(xy, examples.labels, examples.units)
        except EngineError as error:
            feedback.warning(f"There is no spatial figure: {error}")
            return None
    return fold, how.format(folds=fold.max() + 1), bool(narrow)


def _by(examples: Examples, fold: np.ndarray, kind: str, name: str, how: str, recipe: Recipe, seed: int, feedback: Feedback) -> Evaluation:
    found = np.empty(len(fold))
    for test, said in held_out(examples, fold, replace(recipe, members=1), seed, feedback):
        found[test] = said
    how += f" Each fold was predicted by one network{' with trees' * recipe.companion} that had not seen it; the mean over folds counts."
    return Evaluation(kind, name, how, examples.labels, found, fold, examples.units)
