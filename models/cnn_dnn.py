# SPDX-License-Identifier: GPL-2.0-or-later
"""A trained CNN–DNN: an encoder and the mean of a few networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .architecture import Architecture
from .calibration import apply_calibration
from .covariate import Covariate
from .dense import DenseNetwork, Weights
from .encoding import Encoder


class CnnDnn:
    """What `model_file` saves and loads, and mapping applies.

    Parameters
    ----------
    encoder
        Fitted on training cells.
    architecture
        The shape that all members share.
    members
        The weights of each member; susceptibility is their mean.
    manifest
        What else the model file tells: cell size, CRS, settings, seed, metrics, versions.
    backend
        `tensorflow`, `numpy`, or None for what is installed.
    calibration
        What `calibration.fit_calibration` returned; applied to the mean of the members.
    """

    kind = "cnn_dnn"

    def __init__(
        self,
        encoder: Encoder,
        architecture: Architecture,
        members: Sequence[Weights],
        manifest: dict[str, Any] | None = None,
        backend: str | None = None,
        calibration: dict[str, Any] | None = None,
    ) -> None:
        self.encoder, self.architecture, self.members = encoder, architecture, list(members)
        self.manifest = manifest or {}
        self.calibration = calibration
        self.network = DenseNetwork(architecture, self.members, backend)

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """The covariates that it reads, in this order."""
        return self.encoder.covariates

    @property
    def margin_px(self) -> int:
        """Cells around a window that it needs."""
        return self.architecture.margin_px

    @property
    def backend(self) -> str:
        """What computes: `tensorflow` or `numpy`."""
        return self.network.backend

    @property
    def device(self) -> str:
        """What computes, in words for the log."""
        return self.network.device

    def predict(self, values: np.ndarray) -> np.ndarray:
        """Return the susceptibility of a window.

        Parameters
        ----------
        values
            Covariates of the window and its margin, (rows + 2 margin, cols + 2 margin, bands), NaN where invalid.

        Returns
        -------
        Float32 (rows, cols), NaN where one of the cell's own covariates is invalid.
        """
        margin = self.margin_px
        own = values[margin : values.shape[0] - margin, margin : values.shape[1] - margin]
        valid = np.isfinite(own).all(axis=-1)
        if not valid.any():
            return np.full(valid.shape, np.nan, np.float32)
        return np.where(valid, self.calibrated(self.network.predict(self.encoder.encode(values))), np.float32(np.nan))

    def calibrated(self, mean: np.ndarray) -> np.ndarray:
        """Return the susceptibility that the mean of the members stands for, of the same shape; NaN stays."""
        return apply_calibration(self.calibration, mean)
