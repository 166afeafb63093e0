# SPDX-License-Identifier: GPL-2.0-or-later
"""Covariates that tell landslides by themselves nearly without a mistake: as a rule they were made from the landslides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...models.covariate import Covariate

# No covariate of the ground is that good alone.
SUSPICIOUS = 0.99
_DIRECTIONS = 8


def leaking(values: np.ndarray, labels: np.ndarray, covariates: Sequence[Covariate]) -> dict[str, float]:
    """Return the covariates with which alone landslide cells are told from others at an AUC above 0.99, with that AUC.

    Parameters
    ----------
    values
        Covariates of the cells, (n, covariates); NaN where there is none.
    labels
        1 for landslide, 0 for other cells, (n,).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.leaks import leaking
    >>> from scarp.models.covariate import Covariate
    >>> labels = np.repeat([0, 1], 20)
    >>> values = np.stack([np.arange(40) % 7, labels + 0.5], axis=1)
    >>> leaking(values, labels, [Covariate("slope"), Covariate("scarp_height")])
    {'scarp_height': 1.0}
    """
    found = {}
    for covariate, column in zip(covariates, np.asarray(values, float).T):
        there = np.isfinite(column)
        told, own = column[there], labels[there]
        if covariate.kind != "continuous":
            told = _share_of_landslides(_classes(told, covariate), own)
        if 0 < own.sum() < len(own):
            auc = _auc(told, own)
            auc = max(auc, 1.0 - auc) if covariate.kind == "continuous" else auc
            if auc > SUSPICIOUS:
                found[covariate.name] = auc
    return found


def _classes(values: np.ndarray, covariate: Covariate) -> np.ndarray:
    if covariate.kind == "categorical":
        return values
    return np.where(values < 0, -1, np.floor(values / (360 / _DIRECTIONS)))


def _share_of_landslides(classes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the share of landslides among the other cells of each cell's class, (n,): a cell does not tell its own label."""
    _, number = np.unique(classes, return_inverse=True)
    cells, slides = np.bincount(number)[number], np.bincount(number, labels)[number]
    return (slides - labels + labels.mean()) / cells


def _auc(values: np.ndarray, labels: np.ndarray) -> float:
    """Return how often a landslide cell has a higher value than another, ties counted half."""
    _, number, counts = np.unique(values, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[number]
    slides = labels == 1
    many, others = int(slides.sum()), int((~slides).sum())
    return float((rank[slides].sum() - many * (many + 1) / 2) / (many * others))
