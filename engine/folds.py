# SPDX-License-Identifier: GPL-2.0-or-later
"""Dealing cells into training, validation and test parts and folds: at random, or by whole spatial blocks."""

from __future__ import annotations

import numpy as np
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from .errors import EngineError
from .grid import Grid
from .stack import Stack

_VALIDATION_SHARE = 0.15
# Cells and lags that the variogram is estimated from.
_VARIOGRAM_CELLS = 800
_VARIOGRAM_LAGS = 20


def block_ids(rows: np.ndarray, cols: np.ndarray, grid: Grid, block_size_m: float) -> np.ndarray:
    """Return the number of the square spatial block that each cell lies in, (n,)."""
    height, width = (max(round(block_size_m / (side * grid.metres_per_unit)), 1) for side in grid.cell_size[::-1])
    return (np.asarray(rows) // height) * (grid.shape[1] // width + 1) + np.asarray(cols) // width


def suggested_block_size(stack: Stack, rows: np.ndarray, cols: np.ndarray, seed: int) -> float:
    """Return a block size in metres from the spatial autocorrelation of the covariates.

    It is the median over continuous covariates of the distance at which the empirical semivariance first reaches 95 % of the
    variance (the practical range; Roberts et al. 2017 ask for blocks of at least that size), but at least 5 cells
    and at most a fifth of the cells' extent, so that there are blocks enough to deal.
    """
    x, y = stack.grid.centres(rows, cols)
    scale = stack.grid.metres_per_unit
    x, y = x * scale, y * scale
    extent = max(np.ptp(x), np.ptp(y), 1.0)
    least, most = 5 * max(stack.grid.cell_size) * scale, extent / 5
    chosen = np.random.default_rng(seed).permutation(len(x))[:_VARIOGRAM_CELLS]
    names = [each.name for each in stack.covariates if each.kind == "continuous"]
    values = stack.at(rows[chosen], cols[chosen], names).astype(np.float64)
    first, second = np.triu_indices(len(chosen), 1)
    distance = np.hypot(x[chosen][first] - x[chosen][second], y[chosen][first] - y[chosen][second])
    lag = np.minimum((distance / (extent / 2) * _VARIOGRAM_LAGS).astype(int), _VARIOGRAM_LAGS)
    count = np.bincount(lag, minlength=_VARIOGRAM_LAGS + 1)[:-1]
    ranges = []
    for column in values.T:
        half = 0.5 * (column[first] - column[second]) ** 2
        semivariance = np.bincount(lag, half, minlength=_VARIOGRAM_LAGS + 1)[:-1] / np.maximum(count, 1)
        reached = np.flatnonzero((semivariance >= 0.95 * column.var()) & (count > 0))
        ranges.append((reached[0] + 0.5) / _VARIOGRAM_LAGS * extent / 2 if len(reached) else extent / 2)
    return float(np.clip(np.median(ranges) if ranges else least, least, max(least, most)))


def take_share(labels: np.ndarray, share: float, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Return which cells make a part of about `share`, boolean (n,): of each class at random, or whole groups at random.

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
            members = rng.permutation(np.flatnonzero(labels == label))
            taken[members[: max(round(share * len(members)), 1)]] = True
        return taken
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


def deal_folds(labels: np.ndarray, folds: int, groups: np.ndarray | None, seed: int) -> np.ndarray:
    """Return the fold of each cell from 0, (n,), with both classes in like shares; groups stay whole.

    Raises
    ------
    EngineError
        If a class has fewer cells, or there are fewer groups, than folds.
    """
    fewest = int(np.bincount(labels.astype(int), minlength=2).min())
    if fewest < folds:
        raise EngineError(f"{folds} folds need at least {folds} cells of each class; the smaller class has {fewest}. Use fewer folds.")
    if groups is not None and len(np.unique(groups)) < folds:
        raise EngineError(
            f"{folds} folds need at least {folds} spatial blocks; there are {len(np.unique(groups))}. Use a smaller block size."
        )
    splitter = StratifiedKFold if groups is None else StratifiedGroupKFold
    fold = np.empty(len(labels), np.int64)
    dealt = splitter(folds, shuffle=True, random_state=seed).split(labels, labels, groups)
    for number, (_, members) in enumerate(dealt):
        fold[members] = number
    return fold


def validation_part(rows: np.ndarray, cols: np.ndarray, labels: np.ndarray, method: str, grid: Grid, seed: int) -> np.ndarray:
    """Return which training cells decide when training stops, boolean (n,): 15 % at `random`, or in whole `blocks`."""
    groups = None
    if method == "blocks":
        extent = max(np.ptp(rows) * grid.cell_size[1], np.ptp(cols) * grid.cell_size[0]) * grid.metres_per_unit
        groups = block_ids(rows, cols, grid, max(extent / 8, 1.0))
    return take_share(np.asarray(labels), _VALIDATION_SHARE, groups, np.random.default_rng(seed))
