# SPDX-License-Identifier: GPL-2.0-or-later
"""How far a map can be trusted, cell by cell: the spread of a model's members, and whether they agree on the class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ...models.applicability import Applicability
from ...models.cnn_dnn import CnnDnn
from ...models.dropout import Passes
from ..errors import EngineError

APPLICABILITY_BANDS = ("dissimilarity index", "inside the area of applicability")
UNCERTAINTY_BANDS = ("uncertainty", "class stability", "susceptibility and uncertainty")
# The classes of the third band: susceptibility counts tens, uncertainty units (resources/styles/uncertainty.qml).
SUSCEPTIBILITY_BREAKS, UNCERTAINTY_BREAKS = (1 / 3, 2 / 3), (0.05, 0.10)
# Thinned networks are drawn with this seed, so that a map is the same each time.
_SEED = 1


@dataclass(frozen=True)
class Trust:
    """What is told of each cell beside its susceptibility.

    Parameters
    ----------
    breaks
        Between the classes of which stability is told, rising.
    passes
        Thinned networks of each member, for Monte-Carlo dropout; 0 for the members as they are.
    uncertainty, applicability
        What is told: `uncertainty`, `applicability`.
    """

    breaks: tuple[float, ...] = ()
    passes: int = 0
    uncertainty: bool = True
    applicability: bool = False

    def check(self, model: object) -> None:
        """Raise EngineError, in one sentence, if a model cannot tell what is asked."""
        if self.applicability and getattr(model, "applicability", None) is None:
            raise EngineError(
                "The model file tells nothing of its training cells, as those of older versions of Scarp, so the area of applicability is "
                "not known: train the model anew, or leave out APPLICABILITY."
            )
        if not self.uncertainty:
            return
        if not isinstance(model, CnnDnn):
            name = getattr(model, "name", "This model")
            raise EngineError(
                f"{name} has no members whose spread could be told; uncertainty (UNCERTAINTY) needs a model of “Train CNN–DNN”."
            )
        if model.share == 0:
            raise EngineError(
                f"The model {model.name} goes by trees that all members share, so there is no spread of members; leave out the uncertainty "
                "(UNCERTAINTY)."
            )
        if self.passes and not model.architecture.dropout:
            raise EngineError("The model was trained without dropout, so that passes of dropout (DROPOUT_PASSES) would all say the same.")
        if not self.passes and len(model.members) == 1:
            raise EngineError(
                "The model has one member, so there is no spread of members: train it with more (MEMBERS), or ask for passes of dropout "
                "(DROPOUT_PASSES), such as 20."
            )

    def passes_of(self, model: CnnDnn) -> Passes | None:
        """Return the thinned networks of a model, where they are asked for."""
        return Passes(model.architecture, model.members, self.passes, model.backend, _SEED) if self.uncertainty and self.passes else None


def applicability(area: Applicability, values: np.ndarray, margin_px: int) -> np.ndarray:
    """Return where a model is applicable.

    Parameters
    ----------
    values
        Covariates of a window and its margin, (rows + 2 margin, cols + 2 margin, bands), NaN where invalid.

    Returns
    -------
    Float32 (2, rows, cols), NaN where a covariate is invalid: the dissimilarity index, and 1 where it is at most the threshold, else 0.
    """
    rows, cols = values.shape[0] - 2 * margin_px, values.shape[1] - 2 * margin_px
    index = area.index(values[margin_px : margin_px + rows, margin_px : margin_px + cols])
    inside = np.where(np.isfinite(index), index <= area.threshold, np.nan)
    return np.stack([index, inside]).astype(np.float32)


def uncertainty(susceptibility: np.ndarray, members: Iterable[np.ndarray], breaks: Sequence[float]) -> np.ndarray:
    """Return how far members differ, of any number of them in bounded memory.

    Parameters
    ----------
    susceptibility
        What they say together, (rows, cols), NaN where it has none.
    members
        What each says, (rows, cols), calibrated.
    breaks
        Between the classes, rising; a value that equals one belongs to the higher class.

    Returns
    -------
    Float32 (3, rows, cols), NaN where there is no susceptibility. The standard deviation of the members around their mean, divided by
    their number; the share of members in the class of the susceptibility, 0 to 1; and tens for the class of susceptibility (1 to 3, by
    `SUSCEPTIBILITY_BREAKS`) with units for that of uncertainty (1 to 3, by `UNCERTAINTY_BREAKS`).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.mapping.trust import uncertainty
    >>> said = [np.array([[0.3, 0.7]]), np.array([[0.5, 0.7]])]
    >>> uncertainty(np.array([[0.4, 0.7]], np.float32), said, [0.2, 0.4, 0.6]).round(3).tolist()
    [[[0.10000000149011612, 0.0]], [[0.5, 1.0]], [[23.0, 31.0]]]
    """
    own = np.searchsorted(breaks, susceptibility, side="right")
    count, total, squares, alike = 0, np.zeros(own.shape), np.zeros(own.shape), np.zeros(own.shape)
    for each in members:
        # From the susceptibility, which is near their mean, so that no digits are lost.
        apart = each.astype(np.float64) - susceptibility
        total += apart
        squares += apart * apart
        alike += np.searchsorted(breaks, each, side="right") == own
        count += 1
    if not count:
        return np.full((3, *own.shape), np.nan, np.float32)
    deviation = np.sqrt(np.maximum(squares / count - (total / count) ** 2, 0.0)).astype(np.float32)
    tens, units = (
        np.searchsorted(SUSCEPTIBILITY_BREAKS, susceptibility, side="right"),
        np.searchsorted(UNCERTAINTY_BREAKS, deviation, side="right"),
    )
    bands = np.stack([deviation, alike / count, 10 * (tens + 1) + units + 1]).astype(np.float32)
    return np.where(np.isfinite(susceptibility), bands, np.float32(np.nan))
