# SPDX-License-Identifier: GPL-2.0-or-later
"""A model of single cells: an encoder and a scikit-learn estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .applicability import Applicability
from .covariate import Covariate
from .encoding import Encoder
from .errors import numbers

# Cells that are predicted at once.
_CELLS = 100_000


class CellModel:
    """What `model_file` saves and loads, and mapping applies: susceptibility from a cell's own covariates.

    Parameters
    ----------
    encoder
        Fitted on training cells.
    estimator
        A fitted scikit-learn classifier with `predict_proba`, of `models.classifiers`.
    manifest
        What else the model file tells: cell size, CRS, settings, seed, metrics, versions.
    """

    kind = "scikit-learn"
    backend = "scikit-learn"
    device = "scikit-learn on the processor"
    margin_px = 0
    windows_at_once = 2

    def __init__(self, encoder: Encoder, estimator: Any, manifest: dict[str, Any] | None = None) -> None:
        self.encoder, self.estimator = encoder, estimator
        self.manifest = manifest or {}
        # Where it is applicable, which training tells.
        self.applicability: Applicability | None = None

    @property
    def name(self) -> str:
        """What it is, in words."""
        return str(self.manifest.get("classifier", "A classifier of single cells"))

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """The covariates that it reads, in this order."""
        return self.encoder.covariates

    def listen(self, tell: Callable[[str], None]) -> None:
        """Do nothing: nothing happens that should be told."""

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Return the susceptibility of a window.

        Parameters
        ----------
        values
            Covariates, (rows, cols, bands), NaN where invalid.

        Returns
        -------
        Float32 (rows, cols), NaN where one of the cell's covariates is invalid.
        """
        valid = np.isfinite(values).all(axis=-1)
        out = np.full(valid.shape, np.nan, np.float32)
        cells = values[valid]
        if len(cells):
            out[valid] = numbers(self.of_encoded(self.encoder.encode(cells)))
        return out

    def of_encoded(self, encoded: np.ndarray) -> np.ndarray:
        """Return the susceptibility of cells, (…), from their channels, (…, channels), as the encoder gives them."""
        cells = encoded.reshape(-1, encoded.shape[-1])
        parts = [cells[start : start + _CELLS] for start in range(0, len(cells), _CELLS)]
        return np.concatenate([self.estimator.predict_proba(part)[:, 1] for part in parts]).reshape(encoded.shape[:-1])
