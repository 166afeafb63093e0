# SPDX-License-Identifier: GPL-2.0-or-later
"""How susceptibility responds to one covariate: partial dependence and accumulated local effects (Friedman 2001; Apley & Zhu 2020).

What is set is the cell's own value; the covariate's patch around it rises or turns by as much, so that its texture stays. A class is set
in the whole patch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.covariate import Covariate
from ...models.encoding import Encoder
from ...models.patches import Patches
from ..feedback import Feedback
from .answers import Answer, batches

# Points of a curve, intervals of accumulated effects, and directions of a circular covariate.
POINTS, INTERVALS, DIRECTIONS = 15, 15, 8
# Ends of a curve, in percent of the cells: beyond, few cells tell what the model learnt.
ENDS = (1.0, 99.0)
# Cells that each point of a curve is the mean of, and that effects are accumulated from.
_CURVE_CELLS, _EFFECT_CELLS = 200, 1000


@dataclass(frozen=True)
class Response:
    """The response to one covariate.

    Parameters
    ----------
    covariate
        Which one.
    values
        Where it was set to, (points,); codes of a categorical covariate.
    dependence
        The mean susceptibility of all cells then, (points,).
    edges, effect
        Ends of the intervals and accumulated effects there, of mean 0 over the cells, (edges,); empty but for continuous covariates.
    cells
        The covariate's own values on the cells, (n,), for a histogram.
    """

    covariate: Covariate
    values: np.ndarray
    dependence: np.ndarray
    edges: np.ndarray
    effect: np.ndarray
    cells: np.ndarray

    @property
    def span(self) -> float:
        """How far the mean susceptibility reaches from its lowest to its highest."""
        return float(np.ptp(self.dependence))


def response(answer: Answer, encoder: Encoder, patches: Patches, number: int, few: int) -> Response:
    """Return the response of a model to the covariate of that number.

    Parameters
    ----------
    patches
        Covariates around cells, not encoded.
    few
        Partial dependence goes by the first so many of the cells, each of which is asked at every point; effects go by all of them.
    """
    covariate, own = encoder.covariates[number], patches.centres()[:, number].astype(float)
    some = np.arange(min(few, len(patches)))
    if covariate.kind == "categorical":
        values = np.unique(own)
    elif covariate.kind == "circular":
        values = np.arange(DIRECTIONS) * 360.0 / DIRECTIONS
    else:
        values = np.unique(np.percentile(own, np.linspace(*ENDS, POINTS)))
    every = _set_to(answer, encoder, patches, number, np.tile(some, len(values)), np.repeat(values, len(some)))
    dependence = every.reshape(len(values), len(some)).mean(axis=1, dtype=float)
    edges = effect = np.empty(0)
    if covariate.kind == "continuous" and len(values) > 1:
        edges, effect = _accumulated(answer, encoder, patches, number, own)
    return Response(covariate, values, dependence, edges, effect, own)


def all_responses(answer: Answer, encoder: Encoder, patches: Patches, seed: int, feedback: Feedback) -> list[Response]:
    """Return the response to each covariate, on sample cells drawn at random; parameters as those of `response`."""
    some = patches.only(np.random.default_rng(seed).permutation(len(patches))[:_EFFECT_CELLS])
    names = [each.name for each in encoder.covariates]
    return [response(answer, encoder, some, number, _CURVE_CELLS) for number, _ in feedback.steps(enumerate(names), len(names), "Curve")]


def _accumulated(answer: Answer, encoder: Encoder, patches: Patches, number: int, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of intervals with about as many cells each, and the effect accumulated from the first to each, centred."""
    edges = np.unique(np.percentile(own, np.linspace(*ENDS, INTERVALS + 1)))
    inside = np.flatnonzero((own >= edges[0]) & (own <= edges[-1]))
    interval = np.clip(np.searchsorted(edges, own[inside], side="left") - 1, 0, len(edges) - 2)
    both = _set_to(answer, encoder, patches, number, np.tile(inside, 2), np.concatenate([edges[interval], edges[interval + 1]]))
    step = both[len(inside) :] - both[: len(inside)]
    count = np.bincount(interval, minlength=len(edges) - 1)
    mean = np.bincount(interval, step, len(edges) - 1) / np.maximum(count, 1)
    effect = np.concatenate([[0.0], mean.cumsum()])
    return edges, effect - np.average((effect[1:] + effect[:-1]) / 2, weights=count)


def _set_to(answer: Answer, encoder: Encoder, patches: Patches, number: int, cells: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return what is said of some cells, (n,), once their covariate is as in `values`, (n,)."""
    found = np.empty(len(cells), np.float32)
    part, alone = encoder.of_covariate[number], encoder.alone(number)
    kind, middle = encoder.covariates[number].kind, patches.size_px // 2
    for some in batches(len(cells), patches.size_px):
        index, wanted = cells[some], values[some, None, None]
        around = patches.take(index)
        encoded = encoder.encode(around)
        band = around[..., number].astype(float)
        if kind == "categorical":
            band = np.broadcast_to(wanted, band.shape)
        elif kind == "circular":
            flat = band < 0
            turned = (band + wanted - np.where(flat, 0, band)[:, middle : middle + 1, middle : middle + 1]) % 360
            band = np.where(flat, np.where(flat[:, middle : middle + 1, middle : middle + 1], wanted, -1.0), turned)
        else:
            band = band + wanted - band[:, middle : middle + 1, middle : middle + 1]
        encoded[..., part] = alone.encode(band[..., None])
        found[some] = answer(np.ascontiguousarray(encoded))
    return found
