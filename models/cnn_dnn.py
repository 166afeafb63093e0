# SPDX-License-Identifier: GPL-2.0-or-later
"""A trained CNN–DNN: an encoder and the mean of a few networks, with or without trees beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .applicability import Applicability
from .architecture import Architecture
from .calibration import apply_calibration
from .classifiers import LABELS
from .covariate import Covariate
from .dense import DenseNetwork, Weights
from .encoding import Encoder
from .errors import numbers
from .trees import Trees

if TYPE_CHECKING:
    from .dropout import Passes


class CnnDnn:
    """What `model_file` saves and loads, and mapping applies.

    Parameters
    ----------
    encoder
        Fitted on training cells.
    architecture
        The shape that all members share.
    members
        The weights of each member; what the network says is their mean.
    manifest
        What else the model file tells: cell size, CRS, settings, seed, metrics, versions.
    backend
        `tensorflow`, `numpy`, or None for the one that is sooner done with so many `cells`, see `dense.DenseNetwork`.
    calibration
        What `calibration.fit_calibration` returned; applied to the mean of the members, or to that of network and trees.
    trees
        The companion, on the same channels; None for the network alone.
    share
        What the network counts in the mean of both, 0 to 1; the trees count the rest.
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
        trees: Trees | None = None,
        share: float = 1.0,
        cells: int | None = None,
    ) -> None:
        self.encoder, self.architecture, self.members = encoder, architecture, list(members)
        self.manifest = manifest or {}
        self.calibration = calibration
        self.trees, self.share = trees, share if trees else 1.0
        # Where it is applicable, which training tells.
        self.applicability: Applicability | None = None
        self.network = DenseNetwork(architecture, self.members, backend, cells)

    @property
    def classifier(self) -> str:
        """Its id in `classifiers.CLASSIFIERS`."""
        return "cnn_dnn_trees" if self.trees else "cnn_dnn"

    @property
    def name(self) -> str:
        """What it is, in words."""
        if not self.trees:
            return LABELS[self.classifier]
        mixed = f"{100 * self.share:.0f} % network, {100 - 100 * self.share:.0f} % trees"
        shares = {0.0: "trees alone", 1.0: "network alone"}.get(self.share, mixed)
        return f"{LABELS[self.classifier]} ({shares})"

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

    @property
    def windows_at_once(self) -> int:
        """How many threads should ask for windows, see `dense.DenseNetwork`."""
        return self.network.windows_at_once

    def listen(self, tell: Callable[[str], None]) -> None:
        """Have what happens while windows are computed told in sentences."""
        self.network.listen(tell)

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
        valid = self._valid(values)
        if not valid.any():
            return np.full(valid.shape, np.nan, np.float32)
        encoded = self.encoder.encode(values)
        return self._finished(self.network.predict(encoded), self._beside(self._own(encoded)), valid)

    def predict_each(self, values: np.ndarray, passes: Passes | None = None) -> tuple[np.ndarray, Iterator[np.ndarray]]:
        """Return the susceptibility of a window as `predict` does, bit for bit, and that of each member alone.

        The trees, which all members share, and the calibration count in each of them as they do in the mean.

        Parameters
        ----------
        values
            See `predict`.
        passes
            Thinned networks that take the members' place, see `dropout.Passes`.

        Returns
        -------
        The susceptibility, and one member after the other; each float32 (rows, cols). None where the window has no valid cell.
        """
        valid = self._valid(values)
        if not valid.any():
            return np.full(valid.shape, np.nan, np.float32), iter(())
        encoded = self.encoder.encode(values)
        beside = self._beside(self._own(encoded))
        if passes is None:
            mean, *said = self.network.predict_each(encoded)
            each: Iterable[np.ndarray] = said
        else:
            mean, each = self.network.predict(encoded), passes.predict(encoded)
        return self._finished(mean, beside, valid), (self._finished(one, beside, valid) for one in each)

    def _valid(self, values: np.ndarray) -> np.ndarray:
        own = self._own(values)
        return np.logical_and.reduce([np.isfinite(own[..., band]) for band in range(own.shape[-1])])

    def _own(self, values: np.ndarray) -> np.ndarray:
        margin = self.margin_px
        return values[margin : values.shape[0] - margin, margin : values.shape[1] - margin]

    def _finished(self, network: np.ndarray, beside: np.ndarray | None, valid: np.ndarray) -> np.ndarray:
        mean = network if beside is None else np.float32(self.share) * network + beside
        susceptibility = self.calibrated(mean)
        numbers(susceptibility[valid])
        return np.where(valid, susceptibility, np.float32(np.nan))

    def of_encoded(self, encoded: np.ndarray) -> np.ndarray:
        """Return the susceptibility of all cells of a window, float32 (rows, cols).

        Parameters
        ----------
        encoded
            Channels of the window and its margin, (rows + 2 margin, cols + 2 margin, channels), as the encoder gives them.
        """
        return self.calibrated(self.mixed(self.network.predict(encoded), self._own(encoded)))

    def mixed(self, network: np.ndarray, encoded: np.ndarray) -> np.ndarray:
        """Return the mean of what the members say, (…), and of what the trees say of the same cells, encoded (…, channels)."""
        beside = self._beside(encoded)
        return network if beside is None else np.float32(self.share) * network + beside

    def _beside(self, encoded: np.ndarray) -> np.ndarray | None:
        """Return what the trees add to the mean of both, of encoded (…, channels); None where they add nothing."""
        return None if not self.trees or self.share == 1 else np.float32(1 - self.share) * self.trees.predict(encoded)

    def alone(self) -> CnnDnn:
        """Return the network without its trees, not calibrated."""
        return CnnDnn(self.encoder, self.architecture, self.members, self.manifest, self.backend)

    def calibrated(self, mean: np.ndarray) -> np.ndarray:
        """Return the susceptibility that the mean of the members stands for, of the same shape; NaN stays."""
        return apply_calibration(self.calibration, mean)
