# SPDX-License-Identifier: GPL-2.0-or-later
"""Monte-Carlo dropout: networks thinned as in training, whose spread tells what a model does not know.

Gal and Ghahramani (2016), Dropout as a Bayesian approximation, ICML. A pass leaves out the same units on the whole map: one draw of the
weights, so that neighbouring cells, windows, workers of a cluster and a run that goes on see the same network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .architecture import Architecture
from .dense import DenseNetwork, Weights

# Thinned networks that compute a window together; memory holds what these say.
_TOGETHER = 8


class Passes:
    """Thinned networks of a model, ready for windows.

    Parameters
    ----------
    architecture, members
        The shape that all members share, and the weights of each.
    passes
        Thinned networks of each member.
    backend
        `tensorflow` or `numpy`.
    seed
        The same seed leaves out the same units.
    """

    def __init__(self, architecture: Architecture, members: Sequence[Weights], passes: int, backend: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        weights = [thinned(architecture, each, rng) for each in members for _ in range(passes)]
        parts = [weights[start : start + _TOGETHER] for start in range(0, len(weights), _TOGETHER)]
        self._networks = [DenseNetwork(architecture, part, backend) for part in parts]

    def predict(self, encoded: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the susceptibility of a window, float32 (rows, cols), by each thinned network; see `DenseNetwork.predict`."""
        for network in self._networks:
            yield from network.predict_each(encoded)[1:]


def thinned(architecture: Architecture, weights: Weights, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return weights of a network of which units are left out where training leaves them out, and the others count more.

    Training leaves out units of the flattened maps and of each dense layer but the last (`network.build`); what a unit gives
    is multiplied by 0, or by 1 / (1 - dropout). Here the weights that read it are.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.models.dropout import thinned
    >>> from scarp.models.recipe import Recipe
    >>> architecture = Recipe(patch_size=1, hidden_layers=1, units=1, dropout=0.5).architecture(channels=2)
    >>> weights = {name: np.ones(shape, np.float32) for name, shape in architecture.shapes.items()}
    >>> thinned(architecture, weights, np.random.default_rng(2))["dense0"].ravel().tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    thin = dict(weights)
    for layer in range(architecture.hidden_layers or 1):
        name = f"dense{layer}" if architecture.hidden_layers else "output"
        kernel = np.asarray(weights[name])
        # The centre's own channels, the last that the first layer reads, always stay.
        units = len(kernel) - (architecture.channels if layer == 0 else 0)
        factor = np.ones(len(kernel), np.float32)
        factor[:units] = (rng.random(units) >= architecture.dropout) / (1 - architecture.dropout)
        thin[name] = kernel * factor[:, None]
    return thin
