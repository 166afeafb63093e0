# SPDX-License-Identifier: GPL-2.0-or-later
"""What a comparison of classifiers found: means over repeats, intervals, and tests against the CNN–DNN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...models.classifiers import LABELS
from ..reporting import metrics
from .comparison import Outcome

REFERENCE = "cnn_dnn"
# Susceptibilities nearer than this are the same.
_SAME = 1e-6
# Ranks of differently trained networks do not compare, so these are means over folds; the others count the cells of all folds.
_WITHIN_FOLDS = ("auc", "average_precision", "youden_j", "youden_threshold")


@dataclass(frozen=True)
class ClassifierSummary:
    """One classifier in one validation.

    Parameters
    ----------
    mean, deviation
        Every metric of `metrics.METRICS`: mean over repeats, of `_WITHIN_FOLDS` over all their folds, and standard deviation over
        repeats. With one repeat the deviation of `_WITHIN_FOLDS` is
        that over its folds, and there is none of the others (NaN).
    auc
        Mean AUC with its 95 % interval.
    difference
        AUC minus that of the CNN–DNN with its 95 % interval and p-value, that corrected for the number of classifiers; None for itself.
    confusion
        Counts [[TN, FP], [FN, TP]] of all repeats.
    test_sets
        Labels and susceptibility of each test set.
    chosen
        How often each choice of hyper-parameters won.
    fold_aucs
        The AUC on each fold, by the number of its repeat and its own.
    constant
        In how many test sets it says the same of all cells: there it was not fitted, and no figure compares it.
    """

    validation: str
    classifier: str
    repeats: int
    mean: dict[str, float]
    deviation: dict[str, float]
    auc: metrics.TestedMean
    difference: metrics.TestedMean | None
    confusion: np.ndarray
    test_sets: list[tuple[np.ndarray, np.ndarray]]
    chosen: dict[str, int]
    fold_aucs: dict[tuple[int, int], float]
    constant: int = 0

    @property
    def fitted(self) -> bool:
        """Whether it tells cells apart in every test set."""
        return not self.constant

    @property
    def label(self) -> str:
        """The classifier's name."""
        return LABELS[self.classifier]

    @property
    def differs(self) -> bool:
        """Whether its AUC differs from the CNN–DNN's by more than chance brings, at 5 %."""
        return self.difference is not None and self.difference.p_value < 0.05


def summarise(outcomes: Sequence[Outcome], labels: np.ndarray, units: np.ndarray | None = None) -> list[ClassifierSummary]:
    """Return a summary for each validation and classifier, in the order of the table of classifiers.

    Parameters
    ----------
    outcomes
        What `comparison.compare` returned, in any order.
    labels
        1 for landslide, 0 for none, of all cells, (n,).
    units
        The landslide that each cell belongs to, (n,), see `SampleCells.units`: in intervals and tests of one test set its cells count as
        one draw. None where each is one cell.
    """
    found = []
    for validation in dict.fromkeys(outcome.fold.validation for outcome in outcomes):
        of_validation = [outcome for outcome in outcomes if outcome.fold.validation == validation]
        names = [name for name in LABELS if any(outcome.classifier == name for outcome in of_validation)]
        by_name = {name: [outcome for outcome in of_validation if outcome.classifier == name] for name in names}
        differences = _differences(by_name, labels, units)
        found += [_summary(validation, name, by_name[name], labels, units, differences.get(name)) for name in names]
    return found


def best(summaries: Sequence[ClassifierSummary], validation: str) -> ClassifierSummary:
    """Return the classifier with the highest mean AUC in a validation, of those that were fitted in every fold where there are any."""
    return max((each for each in summaries if each.validation == validation), key=lambda each: (each.fitted, each.auc.mean))


def chosen_elsewhere(summaries: Sequence[ClassifierSummary]) -> float | None:
    """Return the AUC of the best classifier where the other folds of a repeat choose it each time, the mean over folds.

    The highest of several AUCs is too high, since chance has a part in which is highest; cells that take no part in the choice tell what
    the best one reaches (nested cross-validation; Varma & Simon 2006).

    Parameters
    ----------
    summaries
        Those of one validation.

    Returns
    -------
    None where there are no two classifiers to choose from, or no other folds.
    """
    fitted = [each for each in summaries if each.fitted]
    folds = list(fitted[0].fold_aucs) if len(fitted) > 1 else []
    found = []
    for repeat, number in folds:
        others = [key for key in folds if key[0] == repeat and key[1] != number]
        if not others:
            return None
        best_there = max(fitted, key=lambda each: float(np.mean([each.fold_aucs[key] for key in others])))
        found.append(best_there.fold_aucs[repeat, number])
    return float(np.mean(found)) if found else None


def table_rows(summaries: Sequence[ClassifierSummary]) -> list[dict[str, Any]]:
    """Return a row for each validation and classifier, numbers to six digits.

    It has every metric of `metrics.METRICS` and its deviation as `<metric>_sd`, the interval of the AUC, the difference from the CNN–DNN
    with its p-value, and the hyper-parameters chosen.
    """
    rows = []
    for each in summaries:
        row: dict[str, Any] = {
            "validation": each.validation,
            "classifier": each.classifier,
            "label": each.label,
            "repeats": each.repeats,
            "not_fitted": each.constant,
            "auc_low": each.auc.low,
            "auc_high": each.auc.high,
        }
        difference = each.difference
        row["auc_minus_cnn_dnn"] = difference.mean if difference else None
        row["p_value"] = difference.p_value if difference else None
        for name, _, _ in metrics.METRICS:
            row[name] = each.mean[name]
            row[f"{name}_sd"] = each.deviation[name]
        row["chosen"] = "; ".join(f"{choice} ({count})" for choice, count in each.chosen.items())
        rows.append({key: _rounded(value) for key, value in row.items()})
    return rows


def _rounded(value: Any) -> Any:
    """Return a value of the table: six digits, None for what is not known, such as the interval of one landslide."""
    if not isinstance(value, float):
        return value
    return None if np.isnan(value) else round(float(value), 6)


def _summary(
    validation: str,
    name: str,
    outcomes: Sequence[Outcome],
    labels: np.ndarray,
    units: np.ndarray | None,
    difference: metrics.TestedMean | None,
) -> ClassifierSummary:
    test_sets = [(labels[outcome.fold.test], outcome.susceptibility) for outcome in outcomes]
    of_fold = [_evaluated(*pair) for pair in test_sets]
    repeats = np.array([outcome.fold.repeat for outcome in outcomes])
    of_repeat = []
    for repeat in np.unique(repeats):
        members = np.flatnonzero(repeats == repeat)
        pooled = _evaluated(*(np.concatenate([test_sets[member][part] for member in members]) for part in (0, 1)))
        of_repeat.append({**pooled, **{key: float(np.mean([of_fold[member][key] for member in members])) for key in _WITHIN_FOLDS}})
    # Where repeats have unequal numbers of folds, the mean of what the interval is of: all folds alike.
    mean = {key: float(np.mean([each[key] for each in (of_fold if key in _WITHIN_FOLDS else of_repeat)])) for key in of_repeat[0]}
    deviation = {key: _deviation([each[key] for each in of_repeat]) for key in of_repeat[0]}
    if len(of_repeat) == 1:
        deviation.update({key: _deviation([each[key] for each in of_fold]) for key in _WITHIN_FOLDS})
    chosen: dict[str, int] = {}
    for outcome in outcomes:
        if outcome.chosen:
            choice = ", ".join(f"{key.split('__')[-1]} {value}" for key, value in sorted(outcome.chosen.items()))
            chosen[choice] = chosen.get(choice, 0) + 1
    return ClassifierSummary(
        validation,
        name,
        len(of_repeat),
        mean,
        deviation,
        _interval([each["auc"] for each in of_fold], outcomes, test_sets, units),
        difference,
        np.sum([metrics.confusion(*pair) for pair in test_sets], axis=0),
        test_sets,
        dict(sorted(chosen.items(), key=lambda item: -item[1])),
        {(outcome.fold.repeat, outcome.fold.number): each["auc"] for outcome, each in zip(outcomes, of_fold)},
        sum(_is_constant(outcome) for outcome in outcomes),
    )


def _evaluated(labels: np.ndarray, susceptibility: np.ndarray) -> dict[str, float]:
    return metrics.evaluate(labels, susceptibility, weights=metrics.balanced(labels))


def _is_constant(outcome: Outcome) -> bool:
    """Tell whether a classifier says the same of all test cells, but for rounding."""
    return float(np.ptp(outcome.susceptibility)) < _SAME


def _interval(
    aucs: Sequence[float], outcomes: Sequence[Outcome], test_sets: Sequence[tuple[np.ndarray, np.ndarray]], units: np.ndarray | None
) -> metrics.TestedMean:
    if len(aucs) == 1:
        single = metrics.delong(*test_sets[0], clusters=_clusters(outcomes[0], units))
        return metrics.TestedMean(single.auc, single.low, single.high, float("nan"))
    found = metrics.corrected_t_test(np.array(aucs), _test_to_train(outcomes))
    if set(aucs) in ({0.0}, {1.0}):  # no fold differs, but there are so many landslides only
        first = [each for each in zip(outcomes, test_sets) if each[0].fold.repeat == outcomes[0].fold.repeat]
        draws = sum(metrics.draws_of(labels, _clusters(outcome, units)) for outcome, (labels, _) in first)
        return metrics.TestedMean(found.mean, *metrics.auc_ends(found.mean, 0.0, draws, alike=True), float("nan"))
    return metrics.TestedMean(found.mean, max(found.low, 0.0), min(found.high, 1.0), float("nan"))


def _clusters(outcome: Outcome, units: np.ndarray | None) -> np.ndarray | None:
    return None if units is None else units[outcome.fold.test]


def _differences(by_name: dict[str, list[Outcome]], labels: np.ndarray, units: np.ndarray | None) -> dict[str, metrics.TestedMean]:
    """Compare each classifier with the CNN–DNN: by DeLong's test on one test set, else by the corrected t-test over folds.

    Those that were not fitted in some fold are compared with nothing: being better than they are says nothing.
    """
    by_name = {name: outcomes for name, outcomes in by_name.items() if not any(map(_is_constant, outcomes))}
    if REFERENCE not in by_name:
        return {}
    reference = {(outcome.fold.repeat, outcome.fold.number): outcome for outcome in by_name[REFERENCE]}
    found = {}
    for name, outcomes in by_name.items():
        if name == REFERENCE:
            continue
        pairs = [(outcome, reference[outcome.fold.repeat, outcome.fold.number]) for outcome in outcomes]
        if len(pairs) == 1:
            own, other = pairs[0]
            found[name] = metrics.delong_test(labels[own.fold.test], own.susceptibility, other.susceptibility, _clusters(own, units))
        else:
            each = [
                metrics.evaluate(labels[own.fold.test], own.susceptibility)["auc"]
                - metrics.evaluate(labels[own.fold.test], other.susceptibility)["auc"]
                for own, other in pairs
            ]
            found[name] = metrics.corrected_t_test(np.array(each), _test_to_train(outcomes))
    corrected = metrics.holm(np.array([each.p_value for each in found.values()]))
    return {name: metrics.TestedMean(each.mean, each.low, each.high, float(p)) for (name, each), p in zip(found.items(), corrected)}


def _test_to_train(outcomes: Sequence[Outcome]) -> float:
    return float(np.mean([len(outcome.fold.test) / len(outcome.fold.training) for outcome in outcomes]))


def _deviation(values: Sequence[float]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
