# SPDX-License-Identifier: GPL-2.0-or-later
"""Grid search over hyper-parameters of the CNN–DNN, on folds inside the training cells, and calibration on such folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ...models.errors import DivergedError
from ...models.recipe import Recipe
from ..declarations.checks import checked_value, numbers
from ..declarations.parameters import GRID, task_parameters
from ..feedback import Feedback, counted
from ..reporting import metrics
from ..threads import at_once
from .fitting import FOLDS_AT_ONCE, Examples, fit, susceptibility


@dataclass(frozen=True)
class Candidate:
    """One point of the grid and the AUC of each fold.

    >>> from scarp.engine.learning.tuning import Candidate
    >>> from scarp.models.recipe import Recipe
    >>> candidate = Candidate(0.01, 1, 32, 64, auc=(0.8, 0.9, 0.7))
    >>> round(candidate.mean, 3), candidate.recipe(Recipe(members=5)).units, candidate.recipe(Recipe(members=5)).members
    (0.8, 32, 5)
    """

    learning_rate: float
    hidden_layers: int
    units: int
    batch_size: int
    auc: tuple[float, ...] = ()

    @property
    def mean(self) -> float:
        """Mean AUC over the folds."""
        return float(np.mean(self.auc))

    def recipe(self, usual: Recipe) -> Recipe:
        """Return a recipe with this point's values."""
        return replace(
            usual,
            learning_rate=self.learning_rate,
            hidden_layers=self.hidden_layers,
            units=self.units,
            batch_size=self.batch_size,
        )


def read_grid(learning_rates: str, hidden_layers: str, units: str, batch_sizes: str) -> list[Candidate]:
    """Return the candidates of a grid given as text, the values of each parameter separated by commas.

    >>> from scarp.engine.learning.tuning import read_grid
    >>> [(each.learning_rate, each.units) for each in read_grid("0.01, 0.001", "2", "32, 64", "16")]
    [(0.01, 32), (0.01, 64), (0.001, 32), (0.001, 64)]

    Raises
    ------
    EngineError
        If a value is not a number in its range, or not a whole one where it must be.
    """
    declared = task_parameters("train_cnn_dnn")
    texts = zip(GRID, (learning_rates, hidden_layers, units, batch_sizes))
    return [Candidate(*point) for point in product(*(numbers(checked_value(declared[key], text)) for key, text in texts))]


def search(
    examples: Examples, folds: np.ndarray, candidates: Sequence[Candidate], recipe: Recipe, seed: int, feedback: Feedback
) -> list[Candidate]:
    """Return the candidates with their AUC on folds of the training cells, the best first; each is tried with one member, without trees.

    Parameters
    ----------
    examples
        Training cells; the test cells take no part.
    folds
        The fold of each, (n,); a network is trained on all folds but one and tried on that one.
    candidates
        Points of the grid, as of `read_grid`.
    recipe
        All that the grid leaves open.
    seed
        That of every network, so that candidates differ in nothing else.

    Raises
    ------
    EngineError
        If a fold holds one class only, the others do not suffice to train, or the training of every candidate diverged.
    """
    tried: list[Candidate] = []
    last: DivergedError | None = None
    for number, (candidate, part) in enumerate(zip(candidates, feedback.parts([1] * len(candidates)))):
        single = replace(candidate.recipe(recipe), members=1, companion=False)
        told = held_out(examples, folds, single, seed, part.under(f"Candidate {number + 1} of {len(candidates)}"))
        try:
            aucs = [metrics.evaluate(examples.labels[test], found)["auc"] for test, found in told]
        except DivergedError as error:
            feedback.warning(f"Candidate {number + 1} of {len(candidates)} is left out. {error}")
            last = error
            continue
        tried.append(replace(candidate, auc=tuple(aucs)))
        feedback.message(
            f"Candidate {number + 1} of {len(candidates)}: learning rate {candidate.learning_rate:g}, "
            f"{counted(candidate.hidden_layers, 'hidden layer')}, {counted(candidate.units, 'unit')}, batches of {candidate.batch_size}: "
            f"AUC {tried[-1].mean:.3f}."
        )
    if last and not tried:
        raise last
    return sorted(tried, key=lambda each: -each.mean)


def held_out(
    examples: Examples, folds: np.ndarray, recipe: Recipe, seed: int, feedback: Feedback
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the cells of each fold, boolean (n,), and what a model trained on the others says of them, (cells of the fold,).

    Parameters are those of `search`; the model has all the members of the recipe.
    """
    numbers = np.unique(folds)
    parts = feedback.beside(len(numbers))

    def said(count: int) -> tuple[np.ndarray, np.ndarray]:
        test = folds == numbers[count]
        told = parts[count].under(f"Fold {count + 1} of {len(numbers)}")
        model, _ = fit(examples.only(~test), recipe, seed, told.progress, status=told.status)
        return test, susceptibility(model, examples.only(test))

    yield from at_once(said, range(len(numbers)), FOLDS_AT_ONCE)
