# SPDX-License-Identifier: GPL-2.0-or-later
"""What covariates count in a model, and where it is applicable: kept in its file for mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from sklearn.metrics import roc_auc_score

from ...models.applicability import Applicability
from ...models.cell_model import CellModel
from ...models.cnn_dnn import CnnDnn
from .fitting import Examples

# Cells of each class on which importance is measured.
_CELLS = 200
Splits = Iterable[tuple[np.ndarray, np.ndarray]]


def applicability_of_network(model: CnnDnn, examples: Examples, splits: Splits, seed: int) -> Applicability | None:
    """Return where a CNN–DNN is applicable, from the cells that it was trained on; None where these are all the same.

    `splits` are the training and test cells of each fold by which it was validated.
    """
    some, middle = _drawn(examples.labels, seed), model.margin_px

    def said(patches: np.ndarray) -> np.ndarray:
        encoded = model.encoder.encode(patches)
        # Side by side as one window, of which every centre of a patch counts: no network is built anew.
        window = np.concatenate(list(encoded), axis=1)
        return model.mixed(model.network.predict(window)[0, :: patches.shape[1]], encoded[:, middle, middle])

    weights = importance(examples.patches.only(some).take(), examples.labels[some], said, seed)
    return _fitted(lambda: Applicability.fit(model.encoder, examples.patches.centres(), weights, splits, seed))


def applicability_of_classifier(
    model: CellModel, values: np.ndarray, labels: np.ndarray, splits: Splits, seed: int
) -> Applicability | None:
    """Return where a classifier of single cells is applicable, from the cells that it was trained on, (n, bands)."""
    some = _drawn(labels, seed)
    weights = importance(values[some], labels[some], lambda cells: model.estimator.predict_proba(model.encoder.encode(cells))[:, 1], seed)
    return _fitted(lambda: Applicability.fit(model.encoder, values, weights, splits, seed))


def importance(values: np.ndarray, labels: np.ndarray, said: Callable[[np.ndarray], np.ndarray], seed: int) -> np.ndarray:
    """Return how much AUC a model loses where a covariate is dealt anew among the cells, (bands,).

    Parameters
    ----------
    values
        Covariates of cells, (n, bands), or of the patches around them, (n, size, size, bands): a patch is dealt as a whole.
    labels
        1 or 0, (n,), of both.
    said
        What the model says of such covariates, (n,).
    """
    rng = np.random.default_rng(seed)
    whole = roc_auc_score(labels, said(values))
    lost = []
    for band in range(values.shape[-1]):
        dealt = values.copy()
        dealt[..., band] = values[rng.permutation(len(values))][..., band]
        lost.append(whole - roc_auc_score(labels, said(dealt)))
    return np.array(lost)


def _drawn(labels: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.sort(np.concatenate([rng.permutation(np.flatnonzero(labels == label))[:_CELLS] for label in (0, 1)]))


def _fitted(fit: Callable[[], Applicability]) -> Applicability | None:
    try:
        return fit()
    except ValueError:  # nothing differs, or too few cells
        return None
