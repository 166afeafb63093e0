# SPDX-License-Identifier: GPL-2.0-or-later
"""Dealing cells into training, validation and test parts and folds: at random, in space, or in time."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np

from ...models.covariate import Covariate
from ..declarations.choices import ABSENCE_METHODS
from ..errors import EngineError
from ..feedback import Feedback, counted
from ..files.grid import Grid
from ..files.stack import Stack
from .dates import reach, within

_VALIDATION_PARTS = 5
# Cells and lags that the variogram is estimated from; by 800 cells the width hung on which they were (568 to 774 m on one area).
_VARIOGRAM_CELLS = 2000
_VARIOGRAM_LAGS = 20


def block_ids(rows: np.ndarray, cols: np.ndarray, grid: Grid, block_size_m: float) -> np.ndarray:
    """Return the number of the square spatial block that each cell lies in, (n,).

    Blocks begin at the upper left corner of the grid and are whole cells wide and high, as near to `block_size_m` as may be.

    Parameters
    ----------
    rows, cols
        The cells, (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.files.grid import Grid, reference_of
    >>> from scarp.engine.samples.folds import block_ids
    >>> grid = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -50.0), (6, 10))
    >>> block_ids(np.array([0, 1, 2, 0]), np.array([0, 4, 4, 5]), grid, 100.0).tolist()
    [0, 0, 3, 1]
    """
    height, width = (max(round(block_size_m / side), 1) for side in grid.cell_size_m[::-1])
    return (np.asarray(rows) // height) * (grid.shape[1] // width + 1) + np.asarray(cols) // width


def landslide_units(landslide: np.ndarray, origin: np.ndarray) -> np.ndarray | None:
    """Return the number of the unit that each cell belongs to, (n,): units are never divided between parts or folds.

    The cells of one landslide are one; so are those of one feature that is labelled as no landslide. Absences that were drawn are one each.

    Parameters
    ----------
    landslide
        1 for landslide, 0 for other cells, (n,).
    origin
        The landslide or feature of each cell, or the rule that drew it (of `choices.ABSENCE_METHODS`), as text (n,).

    Returns
    -------
    None where every unit is one cell, as with points.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.folds import landslide_units
    >>> landslide_units(np.array([1, 1, 1, 0, 0]), np.array(["7", "12", "7", "random", "random"])).tolist()
    [1, 0, 1, 2, 3]
    >>> landslide_units(np.array([1, 1, 0]), np.array(["7", "12", "random"])) is None
    True
    """
    drawn = np.asarray(landslide) == 0
    drawn[drawn] = np.isin(np.asarray(origin[drawn], str), list(ABSENCE_METHODS))
    texts, of_text = np.unique(np.asarray(origin[~drawn], str), return_inverse=True)
    names, of_cell = np.unique(landslide[~drawn] * len(texts) + of_text.ravel(), return_inverse=True)
    if len(names) == len(of_cell):
        return None
    units = np.empty(len(landslide), np.int64)
    units[~drawn] = of_cell.ravel()
    units[drawn] = len(names) + np.arange(drawn.sum())
    return units


def landslide_weights(labels: np.ndarray, units: np.ndarray | None) -> np.ndarray:
    """Return weights by which each landslide counts the same, however many cells it has, (n,); landslide cells count 1 on average.

    >>> import numpy as np
    >>> from scarp.engine.samples.folds import landslide_weights
    >>> landslide_weights(np.array([1, 1, 1, 1, 0]), np.array([4, 4, 4, 7, 9])).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0, 1.0]
    """
    weights, slide = np.ones(len(labels)), np.asarray(labels) == 1
    if units is not None:
        _, of_cell, size = np.unique(units[slide], return_inverse=True, return_counts=True)
        weights[slide] = (slide.sum() / len(size)) / size[of_cell.ravel()]
    return weights


def keep_whole(parts: np.ndarray, units: np.ndarray | None) -> np.ndarray:
    """Return the part of each cell, (n,), such that no unit is divided: each goes where most of its cells are, else to the lowest number.

    >>> import numpy as np
    >>> from scarp.engine.samples.folds import keep_whole
    >>> keep_whole(np.array([2, 0, 2, 1, 0]), np.array([5, 5, 5, 6, 6])).tolist()
    [2, 2, 2, 0, 0]
    """
    if units is None:
        return parts
    (unit, part), count = np.unique(np.stack([units, parts]), axis=1, return_counts=True)
    order = np.lexsort((part, -count, unit))
    _, first = np.unique(unit[order], return_index=True)
    _, of_cell = np.unique(units, return_inverse=True)
    return part[order][first][of_cell.ravel()]


def suggested_block_size(
    stack: Stack, rows: np.ndarray, cols: np.ndarray, seed: int, patch_px: int = 1, feedback: Feedback | None = None
) -> float:
    """Return the `block_size` of cells of a stack, (n,), of which the covariates of a few are read."""
    chosen = _some_cells(len(rows), seed)
    values = stack.at(rows[chosen], cols[chosen])
    return block_size(values, stack.covariates, stack.grid, rows, cols, chosen, patch_px, feedback)


def _some_cells(cells: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(cells)[:_VARIOGRAM_CELLS]


def own_block_size(
    values: np.ndarray, covariates: Sequence[Covariate], grid: Grid, rows: np.ndarray, cols: np.ndarray, seed: int, patch_px: int
) -> float:
    """Return the `block_size` of cells whose covariates are known, (n, bands)."""
    chosen = _some_cells(len(rows), seed)
    return block_size(values[chosen], covariates, grid, rows, cols, chosen, patch_px)


def block_size(
    values: np.ndarray,
    covariates: Sequence[Covariate],
    grid: Grid,
    rows: np.ndarray,
    cols: np.ndarray,
    chosen: np.ndarray,
    patch_px: int = 1,
    feedback: Feedback | None = None,
) -> float:
    """Return a block size in metres from the spatial autocorrelation of covariates, `values` of the `chosen` of the cells, (some, bands).

    It is the median over continuous covariates (over categorical ones where there are none) of the distance at which the empirical
    semivariance first reaches 95 % of the variance (the practical range; Roberts et al. 2017 ask for blocks of at least that size), but
    at least 5 cells and two patches of `patch_px` cells, so that few patches of test cells reach over training cells, and at most a fifth
    of the cells' extent, so that there are blocks enough to deal. It is told where that leaves blocks narrower than two patches.
    """
    x, y = grid.centres_m(rows, cols).T
    extent = max(np.ptp(x), np.ptp(y), 1.0)
    cell = max(grid.cell_size_m)
    least, most, patches = 5 * cell, extent / 5, 2 * patch_px * cell
    if most < patches and feedback:
        feedback.warning(
            f"The cells reach over {extent:,.0f} m only, so blocks are {max(least, most):,.0f} m wide, narrower than two patches "
            f"({patches:,.0f} m): what the network sees of test cells lies partly on training cells, and spatial figures flatter it."
        )
    columns = _columns(np.asarray(values, np.float64), covariates)
    first, second = np.triu_indices(len(chosen), 1)
    distance = np.hypot(x[chosen][first] - x[chosen][second], y[chosen][first] - y[chosen][second])
    lag = np.minimum((distance / (extent / 2) * _VARIOGRAM_LAGS).astype(int), _VARIOGRAM_LAGS)
    count = np.bincount(lag, minlength=_VARIOGRAM_LAGS)[:_VARIOGRAM_LAGS]
    ranges = []
    for column in columns:
        if not np.ptp(column, axis=0).any():  # a constant has no range
            continue
        half = 0.5 * ((column[first] - column[second]) ** 2).sum(axis=1)
        semivariance = np.bincount(lag, half, minlength=_VARIOGRAM_LAGS)[:_VARIOGRAM_LAGS] / np.maximum(count, 1)
        reached = np.flatnonzero((semivariance >= 0.95 * column.var(axis=0).sum()) & (count > 0))
        ranges.append((reached[0] + 0.5) / _VARIOGRAM_LAGS * extent / 2 if len(reached) else extent / 2)
    return float(np.clip(np.median(ranges) if ranges else least, min(max(least, patches), max(least, most)), max(least, most)))


def told_if_narrow(block_size_m: float, patch_px: int, grid: Grid) -> str:
    """Say that blocks are narrower than two patches of `patch_px` cells, so that folds of them flatter a network; empty where they are not.

    >>> from scarp.engine.files.grid import Grid, reference_of
    >>> from scarp.engine.samples.folds import told_if_narrow
    >>> grid = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -20.0), (6, 10))
    >>> told_if_narrow(600.0, 15, grid), told_if_narrow(400.0, 15, grid)[:67]
    ('', 'Blocks of 400 m are narrower than two patches of the network (600 m')
    """
    patches = 2 * patch_px * max(grid.cell_size_m)
    if block_size_m > patches - 1:  # but for rounding
        return ""
    return (
        f"Blocks of {block_size_m:,.0f} m are narrower than two patches of the network ({patches:,.0f} m): what it sees of test cells lies "
        "partly on training cells, which flatters it."
    )


def _columns(values: np.ndarray, covariates: Sequence[Covariate]) -> list[np.ndarray]:
    """Return the covariates that a variogram is taken of, each (n, columns): the continuous ones, or the indicators of classes."""
    of_kind = {kind: [column for each, column in zip(covariates, values.T) if each.kind == kind] for kind in ("continuous", "categorical")}
    if of_kind["continuous"]:
        return [column[:, None] for column in of_kind["continuous"]]
    return [(column[:, None] == np.unique(column)).astype(np.float64) for column in of_kind["categorical"]]


def take_share(
    labels: np.ndarray, share: float, groups: np.ndarray | None, rng: np.random.Generator, units: np.ndarray | None = None
) -> np.ndarray:
    """Return which cells make a part of about `share`, boolean (n,): of each class at random, or whole groups at random.

    Parameters
    ----------
    labels
        1 for landslide, 0 for other cells, (n,).
    share
        From 0, which takes nothing, to 1; of each class one cell at least is taken.
    groups
        The group of each cell, (n,); whole groups are taken until the share is reached with both classes.
    units
        The unit of each cell, (n,), which is not divided, see `landslide_units`; the share is one of cells, as near as units allow.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.folds import take_share
    >>> labels = np.repeat([0, 1], [10, 5])
    >>> taken = take_share(labels, 0.2, None, np.random.default_rng(1))
    >>> [int(taken[labels == label].sum()) for label in (0, 1)]
    [2, 1]

    Raises
    ------
    EngineError
        If there are too few groups for a part with both classes.
    """
    taken = np.zeros(len(labels), bool)
    if share <= 0:
        return taken
    if groups is None:
        for label in np.unique(labels):
            taken |= _some(labels == label, share, rng, units)
        return taken
    groups = keep_whole(groups, units)
    for group in rng.permutation(np.unique(groups)):
        if taken.mean() >= share and len(np.unique(labels[taken])) == 2:
            break
        taken |= groups == group
    if len(np.unique(labels[~taken])) < 2:
        raise EngineError(
            f"The cells lie in {len(np.unique(groups))} spatial blocks, "
            "too few to keep some apart with both classes; use a smaller block size."
        )
    return taken


def _some(members: np.ndarray, share: float, rng: np.random.Generator, units: np.ndarray | None) -> np.ndarray:
    """Return about a share of those cells, boolean (n,): of single cells, or of units of one class."""
    taken = np.zeros(len(members), bool)
    if units is None:
        order = rng.permutation(np.flatnonzero(members))
        taken[order[: max(round(share * len(order)), 1)]] = True
        return taken
    numbers, size = np.unique(units[members], return_counts=True)
    order = rng.permutation(len(numbers))
    nearest = int(np.argmin(np.abs(size[order].cumsum() - share * size.sum()))) + 1
    chosen = order[: min(nearest, max(len(order) - 1, 1))]
    return members & np.isin(units, numbers[chosen])


def deal_folds(labels: np.ndarray, folds: int, groups: np.ndarray | None, seed: int, units: np.ndarray | None = None) -> np.ndarray:
    """Return the fold of each cell from 0, int64 (n,), with both classes in like shares; groups and units stay whole.

    Parameters
    ----------
    labels
        1 for landslide, 0 for other cells, (n,).
    groups
        The group of each cell, (n,), such as its spatial block; None for cells dealt one by one.
    units
        The unit of each cell, (n,), which is not divided, see `landslide_units`.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.folds import deal_folds
    >>> labels = np.repeat([0, 1], [10, 5])
    >>> np.bincount(deal_folds(labels, 5, None, seed=1)[labels == 1]).tolist()
    [1, 1, 1, 1, 1]

    Raises
    ------
    EngineError
        If a class has fewer cells or units, or there are fewer groups, than folds.
    """
    fewest = int(np.bincount(labels.astype(int), minlength=2).min())
    if fewest < folds:
        raise EngineError(
            f"{folds} folds need at least {folds} cells of each class; the smaller class has {fewest}. Use fewer folds or a larger "
            "inventory."
        )
    if groups is None and units is not None:
        return _deal_units(labels, folds, units, seed)
    groups = groups if groups is None else keep_whole(groups, units)
    if groups is not None and len(np.unique(groups)) < folds:
        raise EngineError(
            f"{folds} folds need at least {folds} spatial blocks; there are {len(np.unique(groups))}. Use a smaller block size."
        )
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    splitter = StratifiedKFold if groups is None else StratifiedGroupKFold
    fold = np.empty(len(labels), np.int64)
    dealt = splitter(folds, shuffle=True, random_state=seed).split(labels, labels, groups)
    for number, (_, members) in enumerate(dealt):
        fold[members] = number
    return fold


def fewest_units(labels: np.ndarray, units: np.ndarray | None) -> int:
    """Return the number of units, or of cells where every unit is one, of the class that has fewer."""
    first = slice(None) if units is None else np.unique(units, return_index=True)[1]
    return int(np.bincount(np.asarray(labels)[first].astype(int), minlength=2).min())


def _deal_units(labels: np.ndarray, folds: int, units: np.ndarray, seed: int) -> np.ndarray:
    """Deal units of one class each, the largest first: each goes to the fold that has the fewest cells of its class so far."""
    fewest = fewest_units(labels, units)
    if fewest < folds:
        slides = len(np.unique(units[np.asarray(labels) == 1]))
        what = "landslides" if slides == fewest else "features without landslides"
        raise EngineError(
            f"{folds} folds need at least {folds} {what}, since the cells of one are not divided; there are {fewest}. Use fewer folds or a "
            "larger inventory."
        )
    rng = np.random.default_rng(seed)
    _, first, of_cell, size = np.unique(units, return_index=True, return_inverse=True, return_counts=True)
    fold = np.empty(len(first), np.int64)
    for label in (0, 1):
        members = rng.permutation(np.flatnonzero(labels[first] == label))
        order, cells = rng.permutation(folds), np.zeros(folds, np.int64)
        for unit in members[np.argsort(-size[members], kind="stable")]:
            fewest = int(np.argmin(cells))
            cells[fewest] += size[unit]
            fold[unit] = order[fewest]
    return fold[of_cell.ravel()]


def splits(fold: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the numbers of the cells that train and are tested, fold by fold; `fold` is that of each cell, (n,)."""
    return ((np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in np.unique(fold))


def validation_part(
    rows: np.ndarray,
    cols: np.ndarray,
    labels: np.ndarray,
    method: str,
    grid: Grid,
    seed: int,
    member: int = 0,
    units: np.ndarray | None = None,
    block_size_m: float = 0.0,
) -> np.ndarray:
    """Return which training cells decide when training stops, boolean (n,): a fifth at `random`, or about that in whole `blocks`.

    Each member of an ensemble has a part of its own, so that no cell is lost to all of them.

    Parameters
    ----------
    rows, cols, labels
        The training cells, (n,).
    method
        `random` or `blocks`; blocks are an eighth of the cells' extent wide, or `block_size_m` where that is more.
    units
        The unit of each cell, (n,), which is not divided, see `landslide_units`.

    Raises
    ------
    EngineError
        If a class has too few cells, or too few blocks hold both.
    """
    labels = np.asarray(labels)
    if method == "blocks":
        extent = max(np.ptp(rows) * grid.cell_size_m[1], np.ptp(cols) * grid.cell_size_m[0])
        groups = block_ids(rows, cols, grid, max(extent / 8, block_size_m, 1.0))
        return take_share(labels, 1 / _VALIDATION_PARTS, groups, np.random.default_rng([seed, member]), units)
    parts = max(min(_VALIDATION_PARTS, fewest_units(labels, units)), 2)
    return deal_folds(labels, parts, None, seed + member // parts, units) == member % parts


class FoldWarning(UserWarning):
    """Folds are not quite what was asked for."""


class SpatialKFold(ABC):
    """A scikit-learn splitter: X are coordinates (n, 2) in metres, y labels (n,) of 1 and 0, groups units (n,) that are not divided.

    Folds with one class are merged with their nearest neighbour, with a `FoldWarning`. Training cells nearer than `exclusion_m`
    to a test cell are left out. `split` raises EngineError where fewer than two folds hold both classes, or no training cells are left.
    """

    def __init__(self, n_splits: int = 5, exclusion_m: float = 0.0, random_state: int = 0) -> None:
        self.n_splits, self.exclusion_m, self.random_state = n_splits, exclusion_m, random_state

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:  # noqa: N803
        """Return the number of folds before any are merged."""
        return self.n_splits

    def split(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:  # noqa: N803
        """Yield the training and test cells of each fold as indices."""
        from scipy.spatial import cKDTree

        xy, labels = np.asarray(X, float), np.asarray(y)
        asked = self._fold(xy, labels, groups)
        fold = merge_one_class_folds(asked, labels, xy)
        before, left = (len(np.unique(each)) for each in (asked, fold))
        if left < before:
            told = f"{before - left} of {before} spatial folds held one class only and were merged with a neighbour."
            warnings.warn(told, FoldWarning, stacklevel=2)
        for number in np.unique(fold):
            test = np.flatnonzero(fold == number)
            training = np.flatnonzero(fold != number)
            if self.exclusion_m > 0:
                distance, _ = cKDTree(xy[test]).query(xy[training])
                training = training[distance >= self.exclusion_m]
            if len(np.unique(labels[training])) < 2:
                raise EngineError(
                    f"Beyond an exclusion distance of {self.exclusion_m:g} m no training cells of both classes are left; reduce it."
                )
            yield training, test

    def dealt(self, xy: np.ndarray, labels: np.ndarray, units: np.ndarray | None) -> np.ndarray:
        """Return the number of the fold of each cell from 0, (n,), with no word on merged ones: filters of warnings are all threads'."""
        return merge_one_class_folds(self._fold(xy, labels, units), labels, xy)

    @abstractmethod
    def _fold(self, xy: np.ndarray, labels: np.ndarray, units: np.ndarray | None) -> np.ndarray:
        """Return the number of the fold of each cell, (n,)."""


class BlockKFold(SpatialKFold):
    """Folds of whole square blocks, with both classes in like shares; the blocks' origin is random.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.folds import BlockKFold
    >>> xy = np.stack(np.meshgrid(np.arange(0, 1000, 50), np.arange(0, 1000, 50)), axis=-1).reshape(-1, 2)
    >>> labels = np.arange(400) % 2
    >>> [len(test) for _, test in BlockKFold(4, block_size_m=250.0).split(xy, labels)]
    [95, 103, 98, 104]
    """

    def __init__(self, n_splits: int = 5, block_size_m: float = 1000.0, exclusion_m: float = 0.0, random_state: int = 0) -> None:
        super().__init__(n_splits, exclusion_m, random_state)
        self.block_size_m = block_size_m

    def _fold(self, xy: np.ndarray, labels: np.ndarray, units: np.ndarray | None) -> np.ndarray:
        origin = xy.min(axis=0) - np.random.default_rng(self.random_state).uniform(0, self.block_size_m, 2)
        _, blocks = np.unique(np.floor((xy - origin) / self.block_size_m), axis=0, return_inverse=True)
        return deal_folds(labels, self.n_splits, blocks.ravel(), self.random_state, units)


class KMeansKFold(SpatialKFold):
    """Folds of cells that k-means finds together (Brenning 2012; Ruß & Brenning 2010)."""

    def _fold(self, xy: np.ndarray, labels: np.ndarray, units: np.ndarray | None) -> np.ndarray:
        if len(np.unique(xy, axis=0)) < self.n_splits:
            raise EngineError(f"{self.n_splits} folds need at least {self.n_splits} cells apart; use fewer folds.")
        from sklearn.cluster import KMeans

        return keep_whole(KMeans(self.n_splits, n_init=1, random_state=self.random_state).fit_predict(xy), units)


class TemporalSplit:
    """Train before a date and test from it on: a scikit-learn splitter whose groups are days (n,) or spans (n, 2), datetime64[D].

    Cells without a date, such as drawn absences, are dealt at random in the share of the dated landslides; landslides without one, and
    those of which is not known on which side they lie (2014, where the date is in May), are left out with a `FoldWarning`.

    Parameters
    ----------
    date
        The date; None for the one that leaves `test_share` of the dated landslides after it.
    units
        The unit of each cell, (n,), see `landslide_units`: a landslide goes by its earliest date, and others are dealt whole.
    mapped
        The landslides as they were mapped, as `told_by_others` takes them, by which those that go by the date of others are told.
    """

    def __init__(
        self,
        date: np.datetime64 | None = None,
        test_share: float = 0.2,
        random_state: int = 0,
        units: np.ndarray | None = None,
        mapped: np.ndarray | None = None,
    ) -> None:
        self.date, self.test_share, self.random_state, self.units, self.mapped = date, test_share, random_state, units, mapped

    def get_n_splits(self, X: object = None, y: object = None, groups: object = None) -> int:  # noqa: N803
        """Return 1."""
        return 1

    def split(self, X: object, y: np.ndarray, groups: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:  # noqa: N803
        """Yield the training and test cells as indices."""
        given = np.asarray(groups, "datetime64[D]")
        spans = earliest(given if given.ndim == 2 else np.stack([given, given], axis=1), self.units)
        labels, dated = np.asarray(y), ~np.isnat(spans[:, 0])
        slide = labels == 1
        if not (dated & slide).any():
            raise EngineError("None of the landslides has a date, which a temporal validation needs.")
        if (slide & ~dated).any():
            warnings.warn(f"Landslide cells without a date, which are left out: {(slide & ~dated).sum()}.", FoldWarning, stacklevel=2)
        days = np.sort(spans[dated & slide, 0])
        date = self.date if self.date is not None else days[min(int(len(days) * (1 - self.test_share)), len(days) - 1)]
        earlier, later = within(spans, date)
        open_ = dated & ~earlier & ~later
        if (open_ & slide).any():
            warnings.warn(
                f"Landslide cells that are left out, since whether they are from before {date} or later is not known: "
                f"{(open_ & slide).sum()} ({reach(spans[open_ & slide][:1])}, say).",
                FoldWarning,
                stacklevel=2,
            )
        known = (earlier | later) & slide
        share = float(later[known].mean()) if known.any() else 0.0
        if share in (0.0, 1.0):
            raise EngineError(
                f"All landslides with a known date lie on one side of {date} ({reach(spans[dated & slide])}); choose a date between, or "
                "another validation."
            )
        if self.mapped is not None and (told := told_by_others(self.mapped, date, "trains")):
            warnings.warn(told, FoldWarning, stacklevel=2)
        free, rng = ~dated & ~slide, np.random.default_rng(self.random_state)
        if self.units is None:
            order = rng.permutation(np.flatnonzero(free))
            later[order[: round(share * len(order))]] = True
        elif free.any():
            later |= _some(free, share, rng, self.units)
        used = earlier | later | free
        yield np.flatnonzero(used & ~later), np.flatnonzero(used & later)


def earliest(spans: np.ndarray, units: np.ndarray | None) -> np.ndarray:
    """Return the earliest first and last day of each cell's unit, datetime64[D] (n, 2); NaT where none of its cells has one.

    >>> import numpy as np
    >>> from scarp.engine.samples.folds import earliest
    >>> days = np.array([["2014", "2015"], ["2010", "2016"], ["NaT", "NaT"]], "datetime64[D]")
    >>> earliest(days, np.array([4, 4, 7]))[:, 1].astype(str).tolist()
    ['2015-01-01', '2015-01-01', 'NaT']
    """
    if units is None:
        return spans
    found = np.empty_like(spans)
    for number, days in enumerate(spans.T):
        order = np.lexsort((days, units))
        _, first, of_cell = np.unique(units[order], return_index=True, return_inverse=True)
        found[order, number] = days[order][first][of_cell.ravel()]
    return found


def told_by_others(mapped: np.ndarray, date: np.datetime64, so: str) -> str:
    """Say how many landslides go by the date of another, since they are one landslide with it; empty where none does.

    Those of a date or later that count as earlier ones, then those whose own date is missing or on both sides.

    Parameters
    ----------
    mapped
        First and last day of each landslide as it was mapped, and of what it is one landslide with, datetime64[D] (n, 2, 2).
    so
        What the one landslide does or is, as the end of the sentence.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.folds import told_by_others
    >>> old, new = (np.array([day, day], "datetime64[D]") for day in ("2008-05-31", "2014-05-31"))
    >>> told_by_others(np.array([[new, old], [new, new], [old, old]]), np.datetime64("2010-01-01"), "trains")[39:]
    '1 shares cells with an earlier one (or is kept together with it) and counts as one landslide with it, which trains.'
    >>> never = np.array(["NaT", "NaT"], "datetime64[D]")
    >>> told_by_others(np.array([[never, new], [never, old], [never, never]]), np.datetime64("2010-01-01"), "trains")[-90:]
    'one landslide with a dated one (cells shared, or kept together): 1 as later, 1 as earlier.'
    """
    earlier, later = within(mapped[:, 0], date)
    of_earlier, of_later = within(mapped[:, 1], date)
    unknown = ~(earlier | later)
    joined, as_earlier, as_later = (int(each.sum()) for each in (later & of_earlier, unknown & of_earlier, unknown & of_later))
    shares, is_, counts = ("shares", "is", "counts") if joined == 1 else ("share", "are", "count")
    text = (
        f"Of {counted(int(later.sum()))} of {date} or later {joined:,} {shares} cells with an earlier one (or {is_} kept together with it)"
    )
    told = [f"{text} and {counts} as one landslide with it, which {so}."] if joined else []
    sides = [f"{each:,} as {side}" for each, side in ((as_later, "later"), (as_earlier, "earlier")) if each]
    if sides:
        told.append(
            f"Landslides whose own date does not say whether they are from before {date} or later, and that count as one landslide with a "
            f"dated one (cells shared, or kept together): {', '.join(sides)}."
        )
    return " ".join(told)


def merge_one_class_folds(fold: np.ndarray, labels: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Return folds that all hold both classes: one that does not joins the fold whose centre is nearest.

    Parameters
    ----------
    fold, labels, xy
        Of each cell: any number of its fold (n,), 1 or 0 (n,), and coordinates (n, 2).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.folds import merge_one_class_folds
    >>> merge_one_class_folds(np.array([7, 7, 3, 3]), np.array([1, 0, 0, 1]), np.zeros((4, 2))).tolist()
    [1, 1, 0, 0]

    Raises
    ------
    EngineError
        If fewer than two folds are left.
    """
    fold = np.unique(fold, return_inverse=True)[1].ravel()
    while True:
        numbers = np.unique(fold)
        single = [number for number in numbers if len(np.unique(labels[fold == number])) < 2]
        if not single or len(numbers) < 2:
            break
        centres = {number: xy[fold == number].mean(axis=0) for number in numbers}
        lone = single[0]
        others = [number for number in numbers if number != lone]
        fold[fold == lone] = min(others, key=lambda number: float(np.hypot(*(centres[number] - centres[lone]))))
    if len(np.unique(fold)) < 2:
        raise EngineError(
            "Landslide and non-landslide cells lie so far apart that no two spatial folds hold both; use smaller blocks or random folds."
        )
    return np.unique(fold, return_inverse=True)[1].ravel()
