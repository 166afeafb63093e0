# SPDX-License-Identifier: GPL-2.0-or-later
"""How well any numbers rank landslide cells above others, from histograms, so that memory does not depend on how many cells there are.

All thresholds that matter are the values of landslide cells: between two of them it does not matter how other cells are ranked. So a
histogram that tells what equals such a value from what lies between two gives ROC curve, AUC and placements exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..reporting.metrics import auc_ends, difference_of, is_alike

# So many values of landslide cells are told apart; of more, every so many-th.
MOST_CUTS = 1 << 16


@dataclass(frozen=True)
class Cuts:
    """Bins of numbers: one for each cut, one below each, and one above all; numbered from low to high.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.validation.ranking import Cuts
    >>> cuts = Cuts.of(np.array([0.2, 0.7, 0.2]))
    >>> cuts.bins, cuts.index(np.array([0.1, 0.2, 0.5, 0.7, 0.9])).tolist()
    (5, [0, 1, 2, 3, 4])
    """

    values: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, most: int = MOST_CUTS) -> Cuts:
        """Return bins that tell the values (n,) apart, as far as they are no more than `most` different ones."""
        found = np.unique(values)
        if len(found) > most:
            found = found[np.unique(np.linspace(0, len(found) - 1, most).round().astype(np.int64))]
        return cls(found)

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return 2 * len(self.values) + 1

    def index(self, values: np.ndarray) -> np.ndarray:
        """Return the bin of each value, (n,)."""
        below = np.searchsorted(self.values, values)
        equal = self.values[np.minimum(below, len(self.values) - 1)] == values
        return 2 * below + equal

    def coarser(self, other: Cuts) -> np.ndarray:
        """Return, for each bin, the bin of `other`, whose cuts are some of these, (bins,)."""
        own = np.searchsorted(other.values, self.values)
        equal = other.values[np.minimum(own, len(other.values) - 1)] == self.values
        found = np.empty(self.bins, np.int64)
        found[1::2] = 2 * own + equal
        found[0:-1:2] = 2 * own
        found[-1] = other.bins - 1
        return found


@dataclass(frozen=True)
class Estimate:
    """A figure with its standard error and the 95 % interval made from it."""

    value: float
    error: float
    low: float
    high: float

    @classmethod
    def of_auc(cls, value: float, variances: tuple[float, float], draws: int) -> Estimate:
        """Return the estimate of an AUC, see `auc_ends`; without an interval where its variance by landslides is not known.

        Parameters
        ----------
        variances
            By landslides and by other cells, which add none where theirs is not known.
        """
        value, error = float(np.clip(value, 0.0, 1.0)), _error(*variances)  # sums of shares may be off by rounding
        return cls(value, error, *auc_ends(value, error, draws, is_alike(*variances)))

    @classmethod
    def of_difference(cls, value: float, variances: tuple[float, float], draws: int) -> tuple[Estimate, float]:
        """Return the estimate of the difference of two AUCs, and its p-value."""
        error = _error(*variances)
        found = difference_of(value, error, draws, is_alike(*variances))
        return cls(value, error, found.low, found.high), found.p_value


def _error(of_landslides: float, of_others: float) -> float:
    return float(np.sqrt(max(of_landslides + (of_others if np.isfinite(of_others) else 0.0), 0.0)))


def placements_above(others: np.ndarray) -> np.ndarray:
    """Return the share of other cells below each bin, ties as a half, from their histogram; both (bins,)."""
    total = np.cumsum(others)
    return (total - others / 2) / total[-1]


def roc(landslides: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false and true positive rates from the highest threshold down, from histograms (bins,).

    >>> import numpy as np
    >>> from scarp.engine.validation.ranking import roc
    >>> [each.tolist() for each in roc(np.array([0, 1, 0, 1, 0]), np.array([2, 0, 1, 1, 0]))]
    [[0.0, 0.25, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0]]
    """
    used = (landslides > 0) | (others > 0)
    true, false = (np.r_[0.0, np.cumsum(each[used][::-1])] for each in (landslides, others))
    return false / false[-1], true / true[-1]


def precision_recall(landslides: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Return recall and precision from the highest threshold down, and the average precision, from histograms (bins,).

    The average precision is the area under the steps of the curve: precision, weighted by what each threshold adds to recall.

    >>> import numpy as np
    >>> from scarp.engine.validation.ranking import precision_recall
    >>> recall, precision, average = precision_recall(np.array([0, 1, 0, 1, 0]), np.array([2, 0, 1, 1, 0]))
    >>> recall.tolist(), precision.tolist(), average
    ([0.5, 1.0], [0.5, 0.5], 0.5)
    """
    true, false = (np.cumsum(each[::-1]) for each in (np.asarray(landslides, float), np.asarray(others, float)))
    steps = np.asarray(landslides)[::-1] > 0
    true, false = true[steps], false[steps]
    recall, precision = true / true[-1], true / (true + false)
    return recall, precision, float(np.sum(np.diff(np.r_[0.0, recall]) * precision))


def others_variance(landslides: np.ndarray, others: np.ndarray, count: int) -> float:
    """Return what the other cells add to the variance of the AUC, each of them a unit, from histograms (bins,).

    Parameters
    ----------
    count
        How many other cells there are; `others` may be their area.
    """
    if count < 2:
        return 0.0
    above = 1 - placements_above(landslides)
    share = others / others.sum()
    mean = float(above @ share)
    return float((above - mean) ** 2 @ share) / (count - 1)


def kappa(table: np.ndarray) -> tuple[float, float]:
    """Return the share of agreement and Cohen's kappa of a table of two classings, (classes, classes).

    >>> import numpy as np
    >>> from scarp.engine.validation.ranking import kappa
    >>> share, agreement = kappa(np.array([[20, 5], [10, 15]]))
    >>> share, round(agreement, 3)
    (0.7, 0.4)
    """
    part = table / table.sum()
    agreed, chance = float(np.trace(part)), float(part.sum(axis=1) @ part.sum(axis=0))
    return agreed, (agreed - chance) / (1 - chance) if chance < 1 else 1.0
