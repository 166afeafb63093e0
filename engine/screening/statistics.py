# SPDX-License-Identifier: GPL-2.0-or-later
"""Screening of covariates: how far they repeat each other, and how they relate to landslides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ...models.covariate import Covariate
from ..reporting.metrics import balanced

# A share of variance below this counts as none: what is left of a perfectly collinear covariate is rounding of float32.
_NOTHING = 1e-6
# Eigenvalues below this share of the largest are rounding of float64.
_SINGULAR = 1e-10


@dataclass(frozen=True)
class Inflation:
    """Generalised variance inflation of one covariate: `gvif` and the number of its columns, `df` (0 where it does not vary)."""

    gvif: float
    df: int

    @property
    def vif(self) -> float:
        """The GVIF on the scale of a VIF: the square of GVIF^(1/2df) (Fox & Monette 1992); NaN where the covariate does not vary."""
        return float(self.gvif ** (1.0 / self.df)) if self.df else float("nan")

    @property
    def tolerance(self) -> float:
        """The reciprocal of the VIF."""
        return 1.0 / self.vif


@dataclass(frozen=True)
class Correlation:
    """A correlation coefficient and its p-value; signed where the covariate has one column, else the multiple R."""

    r: float
    p_value: float


@dataclass(frozen=True)
class Gain:
    """Information gain in bits, and the p-value of the G-test of independence."""

    bits: float
    p_value: float


@dataclass(frozen=True)
class ClassRelation:
    """Landslides in the classes of one covariate; all arrays (classes,).

    `frequency_ratio` is as counted. The other figures are those of counts plus a half where `corrected`, since a count of zero leaves
    them without a value. They are NaN for a class that covers the whole area,
    or is so small that no landslide cell would be expected there, and has none.
    """

    area: np.ndarray
    landslides: np.ndarray
    frequency_ratio: np.ndarray
    information_value: np.ndarray
    w_plus: np.ndarray
    w_minus: np.ndarray
    w_plus_variance: np.ndarray
    w_minus_variance: np.ndarray
    corrected: np.ndarray

    @property
    def area_share(self) -> np.ndarray:
        """Share of the area in each class."""
        return self.area / self.area.sum()

    @property
    def landslide_share(self) -> np.ndarray:
        """Share of the landslide cells in each class."""
        return self.landslides / self.landslides.sum()

    @property
    def contrast(self) -> np.ndarray:
        """W+ − W−."""
        return self.w_plus - self.w_minus

    @property
    def contrast_deviation(self) -> np.ndarray:
        """Standard deviation of the contrast."""
        return np.sqrt(self.w_plus_variance + self.w_minus_variance)

    @property
    def studentised_contrast(self) -> np.ndarray:
        """The contrast in units of its standard deviation."""
        return self.contrast / self.contrast_deviation


def columns_of(values: np.ndarray, covariate: Covariate) -> np.ndarray:
    """Return the columns that stand for a covariate in a linear model, float64 (n, df).

    Continuous: the values. Circular: sine and cosine, 0 for flat ground. Categorical: an indicator of every class but the
    most frequent. A column that does not vary is left out, so that df is 0 for a constant covariate.

    >>> import numpy as np
    >>> from scarp.engine.screening.statistics import columns_of
    >>> from scarp.models.covariate import Covariate
    >>> columns_of(np.array([3, 3, 7, 9]), Covariate("geology", "categorical")).tolist()
    [[0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    """
    values = np.asarray(values, np.float64)
    if covariate.kind == "categorical":
        codes, counts = np.unique(values, return_counts=True)
        columns = (values[:, None] == np.delete(codes, counts.argmax())).astype(np.float64)
    elif covariate.kind == "circular":
        columns = sine_cosine(values)
    else:
        columns = values[:, None]
    return columns[:, np.ptp(columns, axis=0) > 0]


def sine_cosine(degrees: np.ndarray) -> np.ndarray:
    """Return sine and cosine of directions (n,) as (n, 2); both 0 for flat ground (negative)."""
    angle = np.radians(degrees)
    return np.stack([np.sin(angle), np.cos(angle)], axis=1) * (degrees >= 0)[:, None]


class Collinearity:
    """Linear dependence among covariates, each given by its columns (n, df) as `columns_of` returns them."""

    def __init__(self, columns: Sequence[np.ndarray]) -> None:
        standard = np.hstack([(each - each.mean(axis=0)) / each.std(axis=0) for each in columns])
        correlation = standard.T @ standard / len(standard)
        ends = np.cumsum([each.shape[1] for each in columns])
        # Within a covariate the columns are turned to uncorrelated ones, which changes no GVIF and drops those that repeat others.
        turn = np.zeros((len(correlation), 0))
        self._slices = []
        for start, end in zip(np.r_[0, ends], ends):
            size, axes = np.linalg.eigh(correlation[start:end, start:end])
            kept = size > _NOTHING
            own = np.zeros((len(correlation), kept.sum()))
            own[start:end] = axes[:, kept] / np.sqrt(size[kept])
            self._slices.append(slice(turn.shape[1], turn.shape[1] + own.shape[1]))
            turn = np.hstack([turn, own])
        self._correlation = turn.T @ correlation @ turn

    def inflation(self, members: Sequence[int]) -> list[Inflation]:
        """Return the generalised variance inflation of each of the covariates `members` by the others of them."""
        return [self.inflation_of(member, [each for each in members if each != member]) for member in members]

    def inflation_of(self, member: int, others: Sequence[int]) -> Inflation:
        """Return the generalised variance inflation of a covariate by others.

        Fox, J. and Monette, G. (1992), Generalized collinearity diagnostics, JASA 87, 178–183, eq. 10. With R_jj = I it is the
        reciprocal determinant of what the others leave unexplained of a covariate; infinite where they leave nothing.
        """
        theirs = np.r_[tuple(self._slices[each] for each in others)] if others else np.empty(0, int)
        own = self._correlation[self._slices[member]]
        if not len(own):
            return Inflation(float("nan"), 0)
        inverse = np.linalg.pinv(self._correlation[np.ix_(theirs, theirs)], _SINGULAR, hermitian=True)
        left = np.linalg.eigvalsh(np.eye(len(own)) - own[:, theirs] @ inverse @ own[:, theirs].T)
        return Inflation(float("inf") if (left < _NOTHING).any() else float(1.0 / np.prod(np.minimum(left, 1.0))), len(own))

    def df(self, members: Sequence[int]) -> int:
        """Return the number of independent columns of covariates."""
        return sum(self._slices[member].stop - self._slices[member].start for member in members)

    def likeness(self) -> np.ndarray:
        """Return how alike each two covariates are, 0 to 1 (covariates, covariates).

        The largest canonical correlation of their columns: |r| of continuous ones, the multiple R where one has a single column.
        """
        count = len(self._slices)
        alike = np.eye(count)
        for i in range(count):
            for j in range(i):
                across = self._correlation[self._slices[i], self._slices[j]]
                alike[i, j] = alike[j, i] = min(np.linalg.norm(across, 2), 1.0) if across.size else 0.0
        return alike


def stepwise(
    collinearity: Collinearity, members: Sequence[int], limit: float, explained: Callable[[Sequence[int]], float]
) -> list[tuple[int, int]]:
    """Return which covariates to drop so that no VIF is above the limit, in that order, each with the one that had the highest VIF.

    VIFs fall when a covariate goes, so they are dropped one by one. Candidates are those above the limit, and any other whose loss
    brings the highest VIF below it; the one that is missed least goes.

    Parameters
    ----------
    explained
        How much of the landslides a set of covariates explains.
    """
    left, steps = list(members), []
    while left:
        vif = dict(zip(left, (each.vif for each in collinearity.inflation(left))))
        worst = max(left, key=lambda member: vif[member])
        if vif[worst] <= limit:
            break
        without = {member: [each for each in left if each != member] for member in left}
        candidates = [
            member
            for member in sorted(left, key=lambda member: -vif[member])
            if vif[member] > limit or collinearity.inflation_of(worst, [each for each in without[member] if each != worst]).vif <= limit
        ]
        steps.append((max(candidates, key=lambda member: explained(without[member])), worst))
        left.remove(steps[-1][0])
    return steps


def explained_by(columns: Sequence[np.ndarray], labels: np.ndarray) -> Callable[[Sequence[int]], float]:
    """Return a function that tells how much of the labels (n,) a linear model on a set of covariates explains: adjusted R²."""
    together = Collinearity([*columns, labels[:, None].astype(float)])

    def adjusted(members: Sequence[int]) -> float:
        unexplained = together.inflation_of(len(columns), members).tolerance
        return 1.0 - unexplained * (len(labels) - 1) / max(len(labels) - together.df(members) - 1, 1)

    return adjusted


def correlation_with(labels: np.ndarray, columns: np.ndarray) -> Correlation:
    """Return Pearson's coefficient of labels (n,) with one column, or the multiple R with several (n, df); p by the F-test.

    Cells are weighted such that both labels count the same, so that the coefficient does not depend on how many of each were drawn; the
    test counts cells. Of a circular covariate this is the linear-circular correlation (Mardia 1976), of a categorical one Cramér's V with
    the labels.
    NaN where nothing varies.
    """
    if not columns.shape[1] or not np.ptp(labels):
        return Correlation(float("nan"), float("nan"))
    even, _, sign = _explained(labels, columns, balanced(labels))
    square, df, _ = _explained(labels, columns, np.ones(len(labels)))
    r = float(np.sqrt(even) * sign)
    left = len(labels) - df - 1
    if left <= 0:
        return Correlation(r, float("nan"))
    statistic = square / df / ((1.0 - square) / left) if square < 1.0 else float("inf")
    return Correlation(r, float(stats.f.sf(statistic, df, left)))


def _explained(labels: np.ndarray, columns: np.ndarray, weights: np.ndarray) -> tuple[float, int, float]:
    """Return R² of a weighted linear model of labels (n,), the number of independent columns, and the sign of a single column's slope."""
    root = np.sqrt(weights)
    y = labels - np.average(labels, weights=weights)
    x = (columns - np.average(columns, axis=0, weights=weights)) / columns.std(axis=0)
    y, x = root * y, root[:, None] * x
    coefficients, _, df, _ = np.linalg.lstsq(x, y, rcond=_SINGULAR)
    fitted = x @ coefficients
    return min(float(fitted @ fitted / (y @ y)), 1.0), int(df), float(np.sign(coefficients[0])) if x.shape[1] == 1 else 1.0


def cramers_v(first: np.ndarray, second: np.ndarray) -> float:
    """Return Cramér's V of two classifications (n,) of the same cells, corrected for its bias.

    Bergsma, W. (2013), A bias-correction for Cramér's V and Tschuprow's T, J. Korean Stat. Soc. 42, 323–328. Without the correction
    independent classifications have a V above 0, the more so the more classes and the fewer cells. NaN where one has a single class.

    >>> from scarp.engine.screening.statistics import cramers_v
    >>> cramers_v([1, 1, 2, 2, 3, 3], ["a", "a", "b", "b", "c", "c"])
    1.0
    """
    counts = stats.contingency.crosstab(first, second).count.astype(float)
    total, (rows, cols) = counts.sum(), counts.shape
    if min(rows, cols) < 2:
        return float("nan")
    square = stats.chi2_contingency(counts, correction=False).statistic / total
    square = max(0.0, square - (rows - 1) * (cols - 1) / (total - 1))
    rows, cols = (count - (count - 1) ** 2 / (total - 1) for count in (rows, cols))
    return float(min(np.sqrt(square / (min(rows, cols) - 1)), 1.0))


def information_gain(classes: np.ndarray, labels: np.ndarray) -> Gain:
    """Return how many bits the class of a cell tells of its label (n,): H(label) − H(label | class) (Quinlan 1986).

    Both labels count the same, so that the gain, 1 at most, does not depend on how many cells of each were drawn. The G-test of
    independence (Sokal & Rohlf 1995) counts cells.

    >>> from scarp.engine.screening.statistics import information_gain
    >>> information_gain([1, 1, 2, 2], [0, 0, 1, 1]).bits
    1.0
    """
    counts = stats.contingency.crosstab(classes, labels).count.astype(float)
    test = stats.chi2_contingency(counts, correction=False, lambda_="log-likelihood")
    even = counts / counts.sum(axis=0) / counts.shape[1]
    independent = even.sum(axis=1, keepdims=True) * even.sum(axis=0)
    there = even > 0
    bits = max(float(np.sum(even[there] * np.log2(even[there] / independent[there]))), 0.0)
    return Gain(bits, float(test.pvalue) if test.dof else float("nan"))


def class_relation(area: np.ndarray, landslides: np.ndarray) -> ClassRelation:
    """Return frequency ratio, information value and weights of evidence of classes.

    Frequency ratio: share of the landslide cells over share of the area (Lee & Talib 2005). Information value: its logarithm
    (Yin & Yan 1988). Weights of evidence with variances: Bonham-Carter (1994), Geographic Information Systems for Geoscientists, ch. 9.
    A class with a zero among its four counts (landslide or not, inside or outside) gets a half added to each of them (Haldane 1956). Where
    it holds none of the landslides, or all of them, and chance would have left less than one inside or outside, that half would be the
    evidence: all but the frequency ratio is NaN.

    Parameters
    ----------
    area, landslides
        Cells and landslide cells of each class, (classes,); every class has some area.

    Examples
    --------
    >>> from scarp.engine.screening.statistics import class_relation
    >>> found = class_relation([10, 10, 5], [1, 4, 0])
    >>> found.frequency_ratio.tolist(), found.w_plus.round(3).tolist()
    ([0.5, 2.0, 0.0], [-0.811, 0.981, -1.145])
    >>> class_relation([9990, 10], [50, 0]).information_value.tolist()
    [nan, nan]
    """
    area, landslides = np.asarray(area, float), np.asarray(landslides, float)
    four = np.stack([landslides, area - landslides, landslides.sum() - landslides, (area.sum() - landslides.sum()) - (area - landslides)])
    corrected = (four == 0).any(axis=0)
    expected = landslides.sum() * area / area.sum()
    silent = ((four[0] == 0) & (expected < 1)) | ((four[2] == 0) & (landslides.sum() - expected < 1))
    slides_in, others_in, slides_out, others_out = np.where(silent, np.nan, four + 0.5 * corrected)
    slides, others = slides_in + slides_out, others_in + others_out
    return ClassRelation(
        area=area,
        landslides=landslides,
        frequency_ratio=(landslides / landslides.sum()) / (area / area.sum()),
        information_value=np.log(slides_in / slides / ((slides_in + others_in) / (slides + others))),
        w_plus=np.log(slides_in / slides / (others_in / others)),
        w_minus=np.log(slides_out / slides / (others_out / others)),
        w_plus_variance=1 / slides_in + 1 / others_in,
        w_minus_variance=1 / slides_out + 1 / others_out,
        corrected=corrected & ~silent,
    )
