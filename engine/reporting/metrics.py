# SPDX-License-Identifier: GPL-2.0-or-later
"""How well susceptibility agrees with what happened, and whether one model is better than another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special, stats
from sklearn import metrics as sk

from ..errors import EngineError

# Shares that sum to 1 may be off by so much.
_ROUNDING = 1e-9

# What `evaluate` returns: id, label, meaning. In the ids "landslide" is predicted landslide, "none" predicted none.
METRICS: tuple[tuple[str, str, str], ...] = (
    ("auc", "AUC", "area under the ROC curve: how often a landslide cell ranks above a non-landslide cell"),
    ("average_precision", "Average precision", "area under the precision–recall curve"),
    ("accuracy", "Overall accuracy", "share of cells in their right class"),
    ("precision_landslide", "Precision, landslide", "share of landslide cells among those predicted landslide"),
    ("recall_landslide", "Recall, landslide", "share of landslide cells predicted landslide"),
    ("f1_landslide", "F1, landslide", "harmonic mean of precision and recall of landslide"),
    ("support_landslide", "Support, landslide", "number of landslide cells"),
    ("precision_none", "Precision, none", "share of non-landslide cells among those predicted none"),
    ("recall_none", "Recall, none", "share of non-landslide cells predicted none"),
    ("f1_none", "F1, none", "harmonic mean of precision and recall of none"),
    ("support_none", "Support, none", "number of non-landslide cells"),
    ("sensitivity", "Sensitivity", "TP / (TP + FN), the recall of landslide"),
    ("specificity", "Specificity", "TN / (TN + FP), the recall of none"),
    ("phi", "Pearson’s φ (MCC)", "correlation of predicted and true class (Matthews)"),
    ("kappa", "Cohen’s κ", "agreement beyond chance"),
    ("youden_j", "Youden’s J", "largest sensitivity + specificity − 1 over all thresholds"),
    ("youden_threshold", "Threshold of J", "the susceptibility from which on cells count as landslide to reach J"),
    ("mse", "MSE", "mean squared error of susceptibility; for 0/1 labels this is the Brier score"),
    ("rmse", "RMSE", "square root of the MSE"),
    ("mape", "MAPE", "mean of |label − susceptibility| / label over landslide cells (label 0 has no percentage)"),
    ("ece", "ECE", "expected calibration error: mean gap of susceptibility and observed share, 10 equal bins"),
)


# Said where figures are made with the weights of `balanced`.
BALANCED = (
    "All figures but the AUC and counts depend on how many non-landslide cells there are for each landslide cell, which was chosen when "
    "they were drawn; so they are taken with weights, as if there were as many of both."
)


def balanced(labels: np.ndarray) -> np.ndarray:
    """Return what each cell counts, (n,), so that both classes count the same: 1 for landslide cells, and others like as many in all.

    Parameters
    ----------
    labels
        (n,) 1 for landslide, 0 for non-landslide cells.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import balanced
    >>> balanced([1, 0, 0, 0, 0]).tolist()
    [1.0, 0.25, 0.25, 0.25, 0.25]
    """
    labels = np.asarray(labels)
    slides = int((labels == 1).sum())
    return np.where(labels == 1, 1.0, slides / max(len(labels) - slides, 1))


def evaluate(labels: np.ndarray, susceptibility: np.ndarray, threshold: float = 0.5, weights: np.ndarray | None = None) -> dict[str, float]:
    """Return every metric of `METRICS`.

    Parameters
    ----------
    labels
        (n,) 1 for landslide, 0 for non-landslide cells.
    susceptibility
        (n,) 0 to 1.
    threshold
        Cells at or above it are predicted landslide.
    weights
        (n,) what each cell counts, such as `balanced`; None: each the same. The supports are counts of cells all the same.

    Raises
    ------
    EngineError
        If the labels hold one class only, or a value is not finite.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import evaluate
    >>> found = evaluate([1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.4, 0.7, 0.2, 0.1])
    >>> round(found["auc"], 4), round(found["precision_landslide"], 4), found["support_none"]
    (0.8889, 0.6667, 3)
    """
    labels, susceptibility = _checked(labels, susceptibility)
    high = (susceptibility >= threshold).astype(int)
    precision, recall, f1, _ = sk.precision_recall_fscore_support(labels, high, labels=[1, 0], zero_division=0, sample_weight=weights)
    j, j_threshold = youden(labels, susceptibility)
    mse = float(np.average((labels - susceptibility) ** 2, weights=weights))
    return {
        "auc": float(sk.roc_auc_score(labels, susceptibility, sample_weight=weights)),
        "average_precision": float(sk.average_precision_score(labels, susceptibility, sample_weight=weights)),
        "accuracy": float(np.average(labels == high, weights=weights)),
        "precision_landslide": float(precision[0]),
        "recall_landslide": float(recall[0]),
        "f1_landslide": float(f1[0]),
        "support_landslide": int((labels == 1).sum()),
        "precision_none": float(precision[1]),
        "recall_none": float(recall[1]),
        "f1_none": float(f1[1]),
        "support_none": int((labels == 0).sum()),
        "sensitivity": float(recall[0]),
        "specificity": float(recall[1]),
        "phi": float(sk.matthews_corrcoef(labels, high, sample_weight=weights)),
        "kappa": float(sk.cohen_kappa_score(labels, high, sample_weight=weights)),
        "youden_j": j,
        "youden_threshold": j_threshold,
        "mse": mse,
        "rmse": mse**0.5,
        "mape": float(np.average(1.0 - susceptibility[labels == 1], weights=None if weights is None else weights[labels == 1])),
        "ece": expected_calibration_error(labels, susceptibility, weights=weights),
    }


def confusion(labels: np.ndarray, susceptibility: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """Return the (2, 2) counts [[TN, FP], [FN, TP]]: rows are true, columns predicted none and landslide.

    Parameters
    ----------
    labels, susceptibility
        (n,) 1 or 0, and 0 to 1.
    threshold
        Cells at or above it are predicted landslide.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import confusion
    >>> confusion([1, 1, 0, 0, 0], [0.9, 0.4, 0.5, 0.2, 0.1]).tolist()
    [[2, 1], [1, 1]]
    """
    return sk.confusion_matrix(labels, np.asarray(susceptibility) >= threshold, labels=[0, 1])


def youden(labels: np.ndarray, susceptibility: np.ndarray) -> tuple[float, float]:
    """Return Youden's J and the threshold that reaches it (Youden 1950).

    A cell is predicted landslide at or above the threshold. Of several equal maxima the highest threshold is taken.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import youden
    >>> youden([1, 1, 0, 0], [0.9, 0.4, 0.5, 0.2])
    (0.5, 0.9)
    """
    labels, susceptibility = _checked(labels, susceptibility)
    false_positive, true_positive, thresholds = sk.roc_curve(labels, susceptibility, drop_intermediate=False)
    j = (true_positive - false_positive)[1:]  # the first point, nothing predicted landslide, has no finite threshold
    best = int(np.argmax(j))
    return float(j[best]), float(thresholds[1:][best])


def reliability(
    labels: np.ndarray, susceptibility: np.ndarray, bins: int = 10, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return per non-empty bin of equal width: mean susceptibility, observed share of landslide cells, cell count or sum of weights.

    Parameters
    ----------
    labels, susceptibility
        (n,) 1 or 0, and 0 to 1; 1 itself lies in the last bin.
    weights
        (n,) what each cell counts, such as `balanced`; None: each the same.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import reliability
    >>> [each.round(3).tolist() for each in reliability([0, 1, 1], [0.22, 0.28, 1.0])]
    [[0.25, 1.0], [0.5, 1.0], [2, 1]]
    """
    labels, susceptibility = np.asarray(labels, float), np.asarray(susceptibility, float)
    index = np.clip((susceptibility * bins).astype(int), 0, bins - 1)
    counted = np.ones(len(labels)) if weights is None else np.asarray(weights, float)
    count = np.bincount(index, None if weights is None else counted, bins)
    used = count > 0
    mean = np.bincount(index, counted * susceptibility, bins)[used] / count[used]
    share = np.bincount(index, counted * labels, bins)[used] / count[used]
    return mean, share, count[used]


def expected_calibration_error(labels: np.ndarray, susceptibility: np.ndarray, bins: int = 10, weights: np.ndarray | None = None) -> float:
    """Return the mean gap of susceptibility and observed share over bins, weighted by cells (Naeini et al. 2015).

    Parameters
    ----------
    labels, susceptibility
        (n,) 1 or 0, and 0 to 1.
    weights
        (n,) what each cell counts, such as `balanced`; None: each the same.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import expected_calibration_error
    >>> round(expected_calibration_error([0, 1, 1], [0.22, 0.28, 1.0]), 4)
    0.1667
    """
    mean, share, count = reliability(labels, susceptibility, bins, weights)
    return float(np.sum(np.abs(mean - share) * count) / np.sum(count))


def mean_variance(values: np.ndarray, weights: np.ndarray, units: np.ndarray) -> tuple[float, float]:
    """Return the weighted mean of values and its variance, where those of one unit are one cluster (Obuchowski 1997, eq. 6 and 7).

    An AUC is the mean of what its landslide cells say, each the share of other cells below it, and as well the mean of what the other
    cells say; its variance is the sum of the variances of both means, and that of a difference of AUCs comes from differences alike.

    Parameters
    ----------
    values, weights
        (n,); weights of any sum.
    units
        The unit of each value, such as its landslide, (n,).

    Returns
    -------
    The mean, and its variance; NaN where there is one unit.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.reporting.metrics import mean_variance
    >>> mean_variance(np.array([1.0, 0.0, 1.0, 0.0]), np.ones(4), np.arange(4))
    (0.5, 0.08333333333333333)
    >>> mean_variance(np.array([1.0, 0.0, 1.0, 0.0]), np.ones(4), np.array([0, 1, 0, 1]))
    (0.5, 0.25)
    """
    share = weights / weights.sum()
    mean = float(values @ share)
    _, unit = np.unique(units, return_inverse=True)
    of_unit = np.bincount(unit.ravel(), share * (values - mean))
    if len(of_unit) < 2:
        return mean, float("nan")
    return mean, float(len(of_unit) / (len(of_unit) - 1) * np.sum(of_unit**2))


@dataclass(frozen=True)
class AucInterval:
    """An AUC with DeLong's standard error and its 95 % interval (`auc_ends`); NaN but for the AUC where one landslide cannot tell."""

    auc: float
    standard_error: float
    low: float
    high: float


def delong(
    labels: np.ndarray, susceptibility: np.ndarray, clusters: np.ndarray | None = None, folds: np.ndarray | None = None
) -> AucInterval:
    """Return the AUC with its standard error and 95 % interval (DeLong, DeLong & Clarke-Pearson 1988).

    The cells of one cluster, such as a landslide, may depend on each other: its cells count as one draw (Obuchowski 1997, Biometrics 53,
    567–578). Without clusters each cell is one, and the interval is too narrow where landslides have many cells. With folds it is the mean
    AUC over folds: each fold has a model of its own, so that its cells are compared with each other alone.

    Parameters
    ----------
    labels, susceptibility
        (n,) 1 or 0, and any numbers that rise with susceptibility.
    clusters
        (n,) which cluster each cell belongs to, of cells of one label; None where each is its own.
    folds
        (n,) which fold each cell belongs to; None where all are of one.

    Raises
    ------
    EngineError
        If the labels (of a fold) hold one class only, or a value is not finite.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import delong
    >>> found = delong([1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.4, 0.7, 0.2, 0.1])
    >>> round(found.auc, 4), round(found.standard_error, 4)
    (0.8889, 0.1571)
    >>> round(delong([1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.4, 0.7, 0.2, 0.1], clusters=[1, 2, 1, 3, 4, 5]).standard_error, 4)
    0.1335
    """
    folds = np.zeros(len(labels)) if folds is None else np.asarray(folds)
    auc, variance, alike = _mean_of_placements(labels, _placements(labels, susceptibility, folds), clusters, folds)
    return AucInterval(auc, variance**0.5, *auc_ends(auc, variance**0.5, draws_of(labels, clusters), alike))


def draws_of(labels: np.ndarray, clusters: np.ndarray | None) -> int:
    """Return how many landslides there are, or other cells where these are fewer, those of one cluster as one."""
    slide, clusters = np.asarray(labels) == 1, np.arange(len(labels)) if clusters is None else np.asarray(clusters)
    return min(len(np.unique(clusters[own])) for own in (slide, ~slide))


def auc_ends(auc: float, error: float, draws: int, alike: bool) -> tuple[float, float]:
    """Return the ends of the 95 % interval of an AUC; NaN where its standard error is.

    It is made on the scale of log odds, where the AUC varies more evenly and no end lies beyond 0 or 1 (Pepe 2003, section 5.2.5), by
    Student's t, since few landslides tell their own variance badly (as Brunner & Munzel 2000). Of 10 landslides by a true AUC of 0.9 it
    holds that in 90 of 100 draws; 1.96 standard errors to either side do in 81, and in 93 and 93 of 200 landslides.

    Where landslides are `alike`, all above as many other cells, as where all lie in one class, there is no variance to be seen, and by it
    no doubt. But if as many as a share A of all landslides were so, that n are would have a chance of A to the power of n: an A for which
    that is less than 2.5 % is ruled out, and the others may lie below or above all other cells.

    Parameters
    ----------
    draws
        Landslides, or other cells where these are fewer, see `draws_of`.
    alike
        Whether all landslides, or all other cells, have the same place among the others.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import auc_ends
    >>> [round(end, 3) for end in auc_ends(0.9, 0.1, 20, False)], [round(end, 3) for end in auc_ends(1.0, 0.0, 5, True)]
    ([0.468, 0.989], [0.478, 1.0])
    >>> [round(end, 3) for end in auc_ends(0.9, 0.001, 5, True)], auc_ends(0.0, 0.0, 1, True)
    ([0.43, 0.952], (0.0, 0.975))
    """
    if not np.isfinite(error):
        return error, error
    auc = auc if min(auc, 1 - auc) > _ROUNDING else float(round(auc))
    low = high = auc
    if 0 < auc < 1:
        reach = errors_to_end(draws) * error / (auc * (1 - auc))
        low, high = (float(special.expit(special.logit(auc) + sign * reach)) for sign in (-1, 1))
    if alike:
        share = _share_alike(draws)
        low, high = min(low, share * auc), max(high, share * auc + 1 - share)
    return low, high


def errors_to_end(draws: int) -> float:
    """Return how many standard errors reach to either end of a 95 % interval of a mean over so many draws, by Student's t.

    >>> from scarp.engine.reporting.metrics import errors_to_end
    >>> [round(errors_to_end(draws), 3) for draws in (2, 5, 20, 1000)]
    [12.706, 2.776, 2.093, 1.962]
    """
    return float(stats.t.ppf(0.975, max(draws - 1, 1)))


def _share_alike(draws: int) -> float:
    """Return the share of all that are alike at least where so many draws are, but for a chance of 2.5 %; see `auc_ends`."""
    return 0.025 ** (1 / draws)


def is_alike(*variances: float) -> bool:
    """Tell whether landslides, or other cells, show no variance at all."""
    return any(each < _ROUNDING**2 for each in variances)


def difference_of(difference: float, error: float, draws: int, alike: bool) -> TestedMean:
    """Return the difference of two AUCs on the same cells with its 95 % interval and p, by Student's t.

    Where landslides are `alike` (see `auc_ends`), all ranked so much higher by one of both, p is that of a sign test; two maps that rank
    all alike do not differ.

    >>> from scarp.engine.reporting.metrics import difference_of
    >>> difference_of(0.0, 0.0, 9, True)
    TestedMean(mean=0.0, low=0.0, high=0.0, p_value=1.0)
    >>> found = difference_of(0.5, 0.0, 5, True)
    >>> round(found.low, 3), round(found.high, 3), found.p_value
    (-0.283, 0.761, 0.0625)
    """
    half = errors_to_end(draws) * error
    low, high, p_value = difference - half, difference + half, two_sided(difference, error, draws)
    if alike and abs(difference) > _ROUNDING:
        share = _share_alike(draws)
        low, high = min(low, share * difference - 1 + share), max(high, share * difference + 1 - share)
        p_value = max(p_value, min(2 * 0.5**draws, 1.0))
    return TestedMean(difference, max(low, -1.0), min(high, 1.0), p_value)


def weighted_auc(labels: np.ndarray, susceptibility: np.ndarray, weights: np.ndarray) -> float:
    """Return the AUC where cells count by weights of any sum, such as `samples.folds.landslide_weights`; all (n,).

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import weighted_auc
    >>> weighted_auc([1, 1, 0], [0.9, 0.1, 0.5], [1, 3, 2])
    0.25
    """
    return float(sk.roc_auc_score(labels, susceptibility, sample_weight=weights))


@dataclass(frozen=True)
class TestedMean:
    """A mean with its 95 % interval and the two-sided p-value that it is 0."""

    mean: float
    low: float
    high: float
    p_value: float


def delong_test(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, clusters: np.ndarray | None = None, folds: np.ndarray | None = None
) -> TestedMean:
    """Return AUC(first) − AUC(second) on the same cells, tested (DeLong et al. 1988; with clusters Obuchowski 1997, see `delong`).

    Parameters
    ----------
    labels, first, second
        (n,) 1 or 0, and the susceptibility by two models.
    clusters
        (n,) which cluster each cell belongs to, of cells of one label; None where each is its own.
    folds
        (n,) which fold each cell belongs to, see `delong`; None where all are of one.

    Raises
    ------
    EngineError
        If the labels (of a fold) hold one class only, or a value is not finite.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import delong_test
    >>> delong_test([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1], [0.9, 0.8, 0.2, 0.1]).p_value
    1.0
    """
    folds = np.zeros(len(labels)) if folds is None else np.asarray(folds)
    apart = _placements(labels, first, folds) - _placements(labels, second, folds)
    difference, variance, alike = _mean_of_placements(labels, apart, clusters, folds)
    return difference_of(difference, variance**0.5, draws_of(labels, clusters), alike)


def corrected_t_test(differences: np.ndarray, test_to_train: float) -> TestedMean:
    """Compare two models over repeated cross-validation.

    The training sets of the folds overlap, so the variance is that of the mean times `1/n + n_test/n_train` instead
    of `1/n` (Nadeau & Bengio 2003; Bouckaert & Frank 2004 for repeated folds).

    Parameters
    ----------
    differences
        (n,) difference of the two models' metric on each test fold of each repeat.
    test_to_train
        Test cells per training cell: 1/4 for five folds.

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import corrected_t_test
    >>> found = corrected_t_test([0.01, 0.01, 0.02, 0.03, 0.03], 1 / 4)
    >>> round(found.mean, 3), round(found.p_value, 3)
    (0.02, 0.041)
    """
    differences = np.asarray(differences, float)
    n = differences.size
    mean = float(differences.mean())
    if n < 2:
        return TestedMean(mean, float("nan"), float("nan"), float("nan"))
    variance = float(differences.var(ddof=1)) * (1.0 / n + test_to_train)
    half = errors_to_end(n) * variance**0.5
    return TestedMean(mean, mean - half, mean + half, two_sided(mean, variance**0.5, n))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Return p-values corrected for their number, so that one false finding among them is as rare as in one test (Holm 1979).

    Examples
    --------
    >>> from scarp.engine.reporting.metrics import holm
    >>> holm([0.04, 0.01, 0.03]).tolist()
    [0.06, 0.03, 0.06]
    """
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values)
    steps = np.maximum.accumulate(p_values[order] * np.arange(p_values.size, 0, -1))
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(steps, 1.0)
    return corrected


def two_sided(difference: float, error: float, draws: int) -> float:
    """Return the p-value of a difference with this standard error, the mean over so many draws, by Student's t.

    >>> from scarp.engine.reporting.metrics import two_sided
    >>> round(two_sided(0.0196, 0.01, 10_000), 3), round(two_sided(0.0196, 0.01, 10), 3), two_sided(0.0, 0.0, 10)
    (0.05, 0.082, 1.0)
    """
    if not np.isfinite(error):
        return float("nan")
    if error < 1e-9:
        return 1.0 if abs(difference) < 1e-12 else 0.0
    return float(2 * stats.t.sf(abs(difference) / error, max(draws - 1, 1)))


def _placements(labels: np.ndarray, susceptibility: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the share of cells of the other label in its fold that each cell is on the right side of, ties as a half, (n,)."""
    labels, susceptibility = np.asarray(labels), np.asarray(susceptibility, float)
    found = np.empty(len(labels))
    for number in np.unique(folds):
        here = np.flatnonzero(folds == number)
        label, value = _checked(labels[here], susceptibility[here])
        for own, sign in ((1, 1), (0, -1)):
            mine, others = sign * value[label == own], np.sort(sign * value[label != own])
            below, to = (np.searchsorted(others, mine, side) for side in ("left", "right"))
            found[here[label == own]] = (below + to) / (2 * len(others))
    return found


def _mean_of_placements(
    labels: np.ndarray, placements: np.ndarray, clusters: np.ndarray | None, folds: np.ndarray
) -> tuple[float, float, bool]:
    """Return the mean over folds of the mean of placements, or of differences of them, its variance, and whether one kind is alike.

    The variance is NaN for one landslide.

    Other cells that are one cluster add nothing to it that could be told.
    """
    clusters = np.arange(len(labels)) if clusters is None else np.asarray(clusters)
    slide = np.asarray(labels) == 1
    (mean, variance), (_, of_others) = (mean_variance(placements[own], _equal_folds(folds[own]), clusters[own]) for own in (slide, ~slide))
    return mean, variance + (of_others if np.isfinite(of_others) else 0.0), is_alike(variance, of_others)


def _equal_folds(folds: np.ndarray) -> np.ndarray:
    """Return weights by which each fold counts the same, however many cells it has, (n,)."""
    _, fold, size = np.unique(folds, return_inverse=True, return_counts=True)
    return 1.0 / size[fold.ravel()]


def _checked(labels: np.ndarray, susceptibility: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels, susceptibility = np.asarray(labels).astype(int), np.asarray(susceptibility, float)
    if not np.isfinite(susceptibility).all():
        raise EngineError(f"{np.sum(~np.isfinite(susceptibility))} of {labels.size:,} cells have no susceptibility.")
    if np.unique(labels).size < 2:
        kind = "landslide" if labels.size and labels[0] else "non-landslide"
        raise EngineError(f"All {labels.size:,} test cells are {kind} cells; a test needs both classes. Use more cells or fewer folds.")
    return labels, susceptibility
