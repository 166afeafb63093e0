# SPDX-License-Identifier: GPL-2.0-or-later
"""How much worse a model ranks landslides that it has not seen, once a covariate tells it of other ground (Breiman 2001).

A covariate is taken away by permuting it over the held-out cells: each cell gets the covariate's whole patch of another cell, so that what
a network sees is ground that there is, with its texture, only elsewhere. Landslides were kept whole when the cells were held out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from ...models.covariate import Covariate
from ...models.encoding import Encoder
from ...models.patches import Patches
from ..feedback import Feedback
from ..reporting import metrics
from .answers import Answer, batches

# Covariates whose ranks correlate at least so much tell the same; permuted one by one, each stands in for the other.
CORRELATED = 0.7
# A fall of the AUC below this is none that matters.
LEAST_DROP = 0.005


@dataclass(frozen=True)
class Factor:
    """What is permuted together: `kind` is covariate, group or correlated; `members` are numbers of covariates."""

    kind: str
    name: str
    members: tuple[int, ...]


@dataclass(frozen=True)
class HeldOut:
    """Cells that a model has not seen, and the model: its `answer` and `encoder`.

    `labels` are 1 or 0 of each patch, (n,); `weights` what each counts in the AUC, (n,), None where all count the same.
    """

    answer: Answer
    encoder: Encoder
    patches: Patches
    labels: np.ndarray
    weights: np.ndarray | None = None


@dataclass(frozen=True)
class Importance:
    """How the AUC falls without a factor.

    Parameters
    ----------
    factor
        What was permuted.
    auc
        AUC of each fold as it is, (folds,).
    drop
        By how much it falls, (folds, repeats).
    cells, landslides
        How many held-out cells were permuted, and how many of them are of landslides.
    """

    factor: Factor
    auc: np.ndarray
    drop: np.ndarray
    cells: int
    landslides: int

    @property
    def mean(self) -> float:
        """The mean fall over folds and repeats."""
        return float(self.drop.mean())

    @property
    def deviation(self) -> float:
        """Standard deviation over repeats of the mean over folds: what the permutation itself makes."""
        return float(self.drop.mean(axis=0).std(ddof=1)) if self.drop.shape[1] > 1 else float("nan")

    @property
    def of_folds(self) -> np.ndarray:
        """The mean fall of each fold, (folds,): how it differs from place to place."""
        return np.asarray(self.drop.mean(axis=1))

    @property
    def is_clear(self) -> bool:
        """Whether it matters: the AUC falls in every fold, on average by `LEAST_DROP`, and by more than twice the spread over repeats."""
        spread = 0.0 if np.isnan(self.deviation) else self.deviation
        return bool((self.of_folds > 0).all() and self.mean >= LEAST_DROP and self.mean > 2 * spread)


def factors_of(covariates: Sequence[Covariate], correlation: np.ndarray) -> list[Factor]:
    """Return each covariate, each group of several and each set of several that correlate, as factors.

    Parameters
    ----------
    correlation
        What `correlations` returned, (covariates, covariates).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.explanation.importance import factors_of
    >>> from scarp.models.covariate import Covariate
    >>> shape = {"group": "geomorphologic"}
    >>> relief = [Covariate("slope", **shape), Covariate("relief", **shape), Covariate("rock", group="geological")]
    >>> same = np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]])
    >>> [(each.kind, each.members) for each in factors_of(relief, same)[3:]]
    [('group', (0, 1)), ('correlated', (0, 1))]
    """
    found = [Factor("covariate", each.name, (number,)) for number, each in enumerate(covariates)]
    for group in dict.fromkeys(each.group for each in covariates):
        members = tuple(number for number, each in enumerate(covariates) if each.group == group)
        if 1 < len(members) < len(covariates):
            found.append(Factor("group", group, members))
        elif len(members) > 1:
            found.append(Factor("group", f"{group} (all of them)", members))
    for members in _together(correlation >= CORRELATED):
        found.append(Factor("correlated", ", ".join(covariates[number].name for number in members), members))
    return found


def correlations(encoder: Encoder, centres: np.ndarray) -> np.ndarray:
    """Return how much covariates tell the same: the highest absolute rank correlation (Spearman) between channels of two, (covariates, …).

    Parameters
    ----------
    centres
        Covariates of cells, (n, bands).
    """
    ranks = np.stack([rankdata(channel) for channel in encoder.encode(centres).reshape(len(centres), -1).T])
    ranks -= ranks.mean(axis=1, keepdims=True)
    length = np.sqrt((ranks**2).sum(axis=1))
    ranks /= np.where(length > 0, length, 1.0)[:, None]
    of_channels, parts = np.abs(ranks @ ranks.T), encoder.of_covariate
    return np.array([[of_channels[one, other].max(initial=0.0) for other in parts] for one in parts])


def importances(
    parts: Iterable[HeldOut], factors: Sequence[Factor], repeats: int, seed: int, feedback: Sequence[Feedback]
) -> list[Importance]:
    """Return the importance of each factor, in their order.

    Parameters
    ----------
    parts
        The folds: each has cells of both classes that its model has not seen; taken one after the other.
    repeats
        Permutations of each factor in each fold.
    seed
        The same seed permutes alike; all factors of a repeat and fold are permuted alike.
    feedback
        Of each fold.
    """
    aucs, drops, cells, landslides = [], [], 0, 0
    for number, (part, told) in enumerate(zip(parts, feedback)):
        encoded = part.patches.encoded(part.encoder)
        channels = [np.concatenate([np.r_[part.encoder.of_covariate[each]] for each in factor.members]) for factor in factors]
        whole = auc_of(part.labels, asked(part.answer, encoded), part.weights)
        orders = [np.random.default_rng([seed, number, repeat]).permutation(len(part.labels)) for repeat in range(repeats)]
        fell = np.empty((len(factors), repeats))
        for at, moved in enumerate(channels):
            told.status(f"Permuting {factors[at].name} in fold {number + 1}")
            for repeat, order in enumerate(orders):
                fell[at, repeat] = whole - auc_of(part.labels, asked(part.answer, encoded, moved, order), part.weights)
            told.progress(100.0 * (at + 1) / len(factors))
        aucs.append(whole)
        drops.append(fell)
        cells, landslides = cells + len(part.labels), landslides + int(part.labels.sum())
    return [
        Importance(factor, np.array(aucs), np.stack([fell[at] for fell in drops]), cells, landslides) for at, factor in enumerate(factors)
    ]


def asked(answer: Answer, encoded: Patches, channels: np.ndarray | None = None, order: np.ndarray | None = None) -> np.ndarray:
    """Return what is said of encoded patches, (n,); `channels` of each are those of the whole patch that `order`, (n,), names instead."""
    found = np.empty(len(encoded), np.float32)
    for some in batches(len(encoded), encoded.size_px):
        values = encoded.take(some).astype(np.float32)
        if channels is not None and order is not None:
            values[..., channels] = encoded.take(order[some])[..., channels]
        found[some] = answer(values)
    return found


def auc_of(labels: np.ndarray, said: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Return the AUC of cells, each counting the same or its weight; all (n,)."""
    return metrics.delong(labels, said).auc if weights is None else metrics.weighted_auc(labels, said, weights)


def _together(linked: np.ndarray) -> list[tuple[int, ...]]:
    """Return the sets of two and more that are linked, directly or by others; `linked` is boolean (n, n)."""
    from scipy.sparse.csgraph import connected_components

    _, of = connected_components(linked, directed=False)
    sets = [tuple(int(each) for each in np.flatnonzero(of == number)) for number in np.unique(of)]
    return [members for members in sets if len(members) > 1]
