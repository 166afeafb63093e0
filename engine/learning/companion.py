# SPDX-License-Identifier: GPL-2.0-or-later
"""What network and trees count in their mean: an equal half, unless cells that neither has seen tell clearly otherwise."""

from __future__ import annotations

import numpy as np

from ..reporting import metrics

HALF = 0.5
# What the network may count; steps this wide are as fine as held-out cells can tell.
_SHARES = (0.0, 0.25, HALF, 0.75, 1.0)
_CHANCE = 0.05


def choose_share(labels: np.ndarray, network: np.ndarray, trees: np.ndarray, units: np.ndarray | None = None) -> float:
    """Return what the network counts in the mean, 0 to 1.

    The share of the highest AUC is taken if its AUC is above that of the equal mean by more than chance explains (DeLong's paired test,
    p < 0.05, divided by the number of other shares that were tried); else one half, which no choice of few cells beats on others. The cells
    of a landslide speak with one voice, their mean, since they are no independent witnesses.

    Parameters
    ----------
    labels
        1 or 0 of training cells that neither was trained on, landslides whole, (n,).
    network, trees
        What each says of them, 0 to 1, (n,).
    units
        The unit of each cell, (n,), see `samples.folds.landslide_units`; None where each is one cell.

    Examples
    --------
    Trees that say nothing beside a network that knows count nothing, where there are cells enough to tell:

    >>> import numpy as np
    >>> from scarp.engine.learning.companion import choose_share
    >>> rng = np.random.default_rng(1)
    >>> labels = np.arange(2000) % 2
    >>> choose_share(labels, 0.4 * labels + 0.6 * rng.random(2000), rng.random(2000))
    1.0
    >>> choose_share(labels[:10], rng.random(10), rng.random(10))
    0.5
    """
    if len(np.unique(labels)) < 2:
        return HALF
    if units is not None:
        _, of_cell = np.unique(units, return_inverse=True)
        labels, network, trees = (np.bincount(of_cell, each) / np.bincount(of_cell) for each in (labels, network, trees))
    said = {share: share * network + (1 - share) * trees for share in _SHARES}
    best = max(_SHARES, key=lambda share: (metrics.delong(labels, said[share]).auc, share == HALF))
    return best if metrics.delong_test(labels, said[best], said[HALF]).p_value < _CHANCE / (len(_SHARES) - 1) else HALF
