# SPDX-License-Identifier: GPL-2.0-or-later
"""Which serves best in a new area: the model as it was, the adapted one, or one trained on the area's few landslides alone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from ...models.cnn_dnn import CnnDnn
from ...models.model_file import Model
from ..errors import EngineError
from ..feedback import Feedback
from ..learning.fitting import Examples, fit, recipe_of, tell_start, uncalibrated
from ..learning.validation import FOLDS, Evaluation, random_folds, spatial_folds
from ..reporting import metrics
from ..reporting.numbers import number, p_value, signed
from ..samples.folds import fewest_units
from .adapting import adapted

# Who is compared, in a few words for tables, and what each serves as in a sentence.
CONTENDERS = {
    "unadapted": ("As it was", "the model as it was"),
    "adapted": ("Adapted", "the adapted model"),
    "alone": ("New landslides alone", "a model of the new landslides alone"),
}
# With fewer landslides each fold would adapt to next to nothing, and its test tell nothing.
LEAST_LANDSLIDES = 5
_CHANCE = 0.05


@dataclass(frozen=True)
class Contest:
    """What each contender says of the same cells, which neither the adapting nor the training of that fold has seen.

    Parameters
    ----------
    tests
        By the id of the contender, see `CONTENDERS`.
    differences
        AUC of the first of two contenders minus that of the second, by both; p-values corrected for their number (Holm 1979).
    """

    tests: dict[str, Evaluation]
    differences: dict[tuple[str, str], metrics.TestedMean]

    @classmethod
    def of(cls, tests: dict[str, Evaluation]) -> Contest:
        """Compare contenders that were asked about the same cells in the same folds."""
        pairs = list(combinations(tests, 2))
        found = []
        for first, second in pairs:
            one, other = tests[first], tests[second]
            found.append(metrics.delong_test(one.labels, one.susceptibility, other.susceptibility, one.units, one.fold))
        corrected = metrics.holm(np.array([each.p_value for each in found]))
        tested = [metrics.TestedMean(each.mean, each.low, each.high, float(p)) for each, p in zip(found, corrected)]
        return cls(tests, dict(zip(pairs, tested)))

    @property
    def best(self) -> str:
        """The contender of the highest AUC."""
        return max(self.tests, key=lambda name: self.tests[name].auc.auc)

    def against(self, first: str, second: str) -> metrics.TestedMean:
        """Return the AUC of one contender minus that of another, tested."""
        if (first, second) in self.differences:
            return self.differences[first, second]
        turned = self.differences[second, first]
        return metrics.TestedMean(-turned.mean, -turned.high, -turned.low, turned.p_value)

    @property
    def verdict(self) -> str:
        """Which serves best, in one sentence."""
        best, auc = self.best, {name: number(float(each.auc.auc)) for name, each in self.tests.items()}
        others = [name for name in CONTENDERS if name != best]
        told = " and ".join(f"{auc[name]} of {CONTENDERS[name][1]}" for name in others)
        start = f"On landslides held out, {CONTENDERS[best][1]} serves best: AUC {self.tests[best].in_words}, against {told}"
        leads = {name: self.against(best, name) for name in others}
        sure = [name for name in others if leads[name].p_value < _CHANCE]
        if len(sure) == len(others):
            return f"{start}; neither lead is one of chance."
        by = {name: f"{signed(lead.mean)} on {CONTENDERS[name][1]} (p = {p_value(lead.p_value)})" for name, lead in leads.items()}
        if not sure:
            return f"{start}; but chance alone may bring these leads: {', '.join(by.values())}."
        (close,) = (name for name in others if name not in sure)
        return f"{start}; but chance alone may bring its lead of {by[close]}, though not that of {by[sure[0]]}."

    @property
    def advice(self) -> str:
        """What to do where the adapted model is not the best; empty where it is."""
        if self.best != "adapted" and not self.against(self.best, "adapted").p_value < _CHANCE:
            return (
                f"Whether adapting serves better than {CONTENDERS[self.best][1]} is not told by so few landslides; the adapted model is "
                "written, and either may do."
            )
        if self.best == "unadapted":
            return (
                "Adapting does not help here: map with the model as it was, or adapt it with more landslides. The adapted model is "
                "written all the same."
            )
        if self.best == "alone":
            return (
                "The model from elsewhere does not help here: train on these landslides with “Train CNN–DNN”. The adapted model is "
                "written all the same."
            )
        return ""


def check_is_network(model: Model, path: str) -> CnnDnn:
    """Return the model; raise EngineError if it is none that can be adapted."""
    if isinstance(model, CnnDnn):
        return model
    raise EngineError(
        f"The model file {Path(path).name} holds a classifier of single cells ({model.name}), which cannot be trained on from where it "
        "stands; adapt a CNN–DNN, or train the classifier on the landslides of both areas or of the new one (scarp:benchmarkclassifiers)."
    )


def check_enough(examples: Examples) -> None:
    """Raise EngineError if there are too few landslides, or cells without, to adapt with some and test on others."""
    there = fewest_units(examples.labels, examples.units)
    if there < LEAST_LANDSLIDES:
        slide = examples.labels == 1
        slides = int(slide.sum()) if examples.units is None else len(np.unique(examples.units[slide]))
        raise EngineError(
            f"There are {slides} landslides and {int((~slide).sum())} non-landslide cells with all covariates of the model; at "
            f"least {LEAST_LANDSLIDES} of each are needed to adapt with some and test on others; use a larger inventory, or map with the "
            "model as it is."
        )


def held(model: CnnDnn, examples: Examples, block_size_m: float, seed: int, feedback: Feedback) -> Contest:
    """Return the contest on folds of whole blocks of the new area, or at random where there are none; landslides are whole.

    In each fold the model is adapted to the other cells, and one is trained on them alone with the settings and members of the model; both,
    and the model as it was, are asked about the fold's own. None is calibrated.
    """
    dealt = spatial_folds(examples, block_size_m, FOLDS, seed, feedback)
    if dealt and not all(_suffice(examples.only(dealt[0] != number)) for number in np.unique(dealt[0])):
        feedback.warning("There are no spatial folds: without one of them too few landslides are left to adapt to.")
        dealt = None
    kind, name = ("spatial", "Spatial folds") if dealt else ("random", "Random folds")
    fold, how = dealt[:2] if dealt else random_folds(examples, FOLDS, seed)
    said = {contender: np.empty(len(fold)) for contender in CONTENDERS}
    tell_start(feedback.status)
    said["unadapted"][:] = uncalibrated(model, examples)
    numbers = np.unique(fold)
    for count, (own, part) in enumerate(zip(numbers, feedback.parts([1] * len(numbers))), start=1):
        test, told = fold == own, part.under(f"Fold {count} of {len(numbers)}")
        known, asked = examples.only(~test), examples.only(test)
        first, second = told.parts([3, 1])
        bent, _ = adapted(model, known, seed, first.progress, first.status)
        said["adapted"][test] = uncalibrated(bent, asked)
        alone, _ = fit(known, recipe_of(model), seed, second.progress, status=second.status)
        said["alone"][test] = uncalibrated(alone, asked)
    how += " Each fold was predicted by models that were adapted to, or trained on, the others alone; the mean over folds counts."
    cells = examples.labels, fold, examples.units
    return Contest.of({each: Evaluation(kind, name, how, cells[0], said[each], *cells[1:]) for each in CONTENDERS})


def _suffice(examples: Examples) -> bool:
    return fewest_units(examples.labels, examples.units) >= LEAST_LANDSLIDES - 2
