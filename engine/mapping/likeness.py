# SPDX-License-Identifier: GPL-2.0-or-later
"""How far the covariates of an area lie from those that a model was trained on, covariate by covariate, in numbers and words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.covariate import QUANTILES
from ...models.encoding import check_codes
from ...models.model_file import Model
from ..declarations.covariates import label_of
from ..files.grid import Window
from ..files.stack import Stack
from ..reporting.numbers import percent

# A raster of more cells is looked at in so many windows a side, each of so many rows and columns, spread evenly over it.
_ALL_CELLS, _WINDOWS, _ROWS, _COLS = 2**16, 6, 32, 64
# A smaller share of the area is not worth a word. Of few training cells some of the same area lie outside by chance: 2 of n + 1 on average.
_LEAST_SHARE, _BY_CHANCE = 0.05, 3
# Covariates and classes that are told one by one; with more of them nobody reads on.
_MOST_TOLD = 5
_LOW, _MEDIAN, _HIGH = (QUANTILES.index(share) for share in (0.05, 0.5, 0.95))
OLDER = (
    "The model file was written by an older version of Scarp and does not tell what the model has seen of continuous covariates, so how "
    "far this area lies from that is not told; APPLICABILITY may tell it."
)


@dataclass(frozen=True)
class Likeness:
    """One covariate, in an area and in the training cells of a model.

    Parameters
    ----------
    name, kind, unit
        Of the covariate.
    outside
        The share of the area's cells below the least or above the greatest value of the training cells, or of classes that these lack.
    known, found
        The values up to which lie the shares `QUANTILES` of training cells and of the area's cells; None of what is not continuous.
    unknown
        The share of each class that training lacks, the largest first.
    cells
        Training cells; 0 where the model does not tell.
    is_sampled
        Whether the area's cells are a part of them, which stands for all.
    """

    name: str
    kind: str
    unit: str
    outside: float
    known: tuple[float, ...] | None
    found: tuple[float, ...] | None
    unknown: dict[str, float]
    cells: int
    is_sampled: bool = False

    @property
    def matters(self) -> bool:
        """Whether so much lies outside that it should be told: 5 % of the area, and thrice what chance brings."""
        return self.outside > max(_LEAST_SHARE, _BY_CHANCE * 2 / (self.cells + 1) if self.known else 0.0)

    @property
    def shifted(self) -> bool:
        """Whether half of the area lies where no more than 5 % of the training cells do."""
        return self.known is not None and self.found is not None and not self.known[_LOW] <= self.found[_MEDIAN] <= self.known[_HIGH]

    @property
    def label(self) -> str:
        """The covariate's name as people read it."""
        return label_of(self.name)

    @property
    def sentence(self) -> str:
        """How it differs, in words; empty where it does not."""
        cells = "sampled cells" if self.is_sampled else "cells"
        if self.matters and self.kind == "categorical":
            named = list(self.unknown)[:_MOST_TOLD]
            more = f" and {len(self.unknown) - len(named)} more" if len(self.unknown) > len(named) else ""
            some = f"class {named[0]}, which is" if len(self.unknown) == 1 else f"classes {', '.join(named)}{more}, which are"
            return f"{self.label}: {percent(self.outside)} of the {cells} are of {some} unknown to the model"
        if self.matters and self.known:
            span = f"{plain(self.known[0])} to {plain(self.known[-1])} {self.unit}".rstrip()
            return f"{self.label}: {percent(self.outside)} of the {cells} lie outside what the model has seen ({span})"
        if self.shifted and self.known and self.found:
            above = self.found[_MEDIAN] > self.known[_HIGH]
            limit = f"{plain(self.known[_HIGH if above else _LOW])} {self.unit}".rstrip()
            return f"{self.label}: half of the {cells} lie {'above' if above else 'below'} {limit}, where only 5 % of the training cells do"
        return ""


def likeness(stack: Stack, model: Model) -> list[Likeness]:
    """Return how each covariate of a model is in a stack, and was in training; continuous ones are left out where the model does not tell.

    Of a large raster some windows stand for all. A circular covariate has all its values nearly everywhere, and is left out.

    Raises
    ------
    EngineError
        If codes of classes are no whole numbers.
    """
    encoder = model.encoder
    values = _sample(stack, [each.name for each in encoder.covariates])
    sampled = math.prod(stack.grid.shape) > _ALL_CELLS
    if not len(values):
        return []
    found = []
    for number, (covariate, classes) in enumerate(zip(encoder.covariates, encoder.classes)):
        own = values[:, number]
        seen = encoder.seen[number] if encoder.seen else {}
        told = covariate.name, covariate.kind, covariate.unit
        if covariate.kind == "categorical":
            check_codes(covariate.name, own)
            codes, counts = np.unique(own[~np.isin(own, classes)].astype(np.int64), return_counts=True)
            names = stack.covariate(covariate.name).classes
            unknown = {str(names.get(int(codes[k]), codes[k])): counts[k] / len(own) for k in np.argsort(-counts, kind="stable")}
            found.append(Likeness(*told, sum(unknown.values()), None, None, unknown, seen.get("cells", 0), sampled))
        elif "quantiles" in seen:
            known = seen["quantiles"]
            outside = float(((own < np.float32(known[0])) | (own > np.float32(known[-1]))).mean())
            here = tuple(np.quantile(own.astype(np.float64), QUANTILES).tolist())
            found.append(Likeness(*told, outside, tuple(known), here, {}, seen["cells"], sampled))
    return found


def differences(found: Sequence[Likeness]) -> list[str]:
    """Return what differs, a sentence for each covariate, the largest share first; nothing where the area is like the training cells."""
    told = [each.sentence for each in sorted(found, key=lambda each: -each.outside) if each.sentence]
    if not told:
        return []
    shown = [f"{text}." for text in told[:_MOST_TOLD]]
    if len(told) > _MOST_TOLD:
        shown.append(f"{len(told) - _MOST_TOLD} more covariates differ likewise.")
    return [*shown, "There the model guesses: map its APPLICABILITY, and adapt the model to this area (scarp:finetunemodel)."]


def _sample(stack: Stack, names: Sequence[str]) -> np.ndarray:
    """Return cells of a stack that have all of some covariates, (n, bands)."""
    rows, cols = stack.grid.shape
    if rows * cols <= _ALL_CELLS:
        windows = [Window(0, 0, rows, cols)]
    else:
        high, wide = min(_ROWS, rows), min(_COLS, cols)
        places = (np.arange(_WINDOWS) + 0.5) / _WINDOWS
        tops, lefts = (np.minimum((places * side).astype(int), side - own).tolist() for side, own in ((rows, high), (cols, wide)))
        windows = [Window(top, left, high, wide) for top in tops for left in lefts]
    parts = [stack.read(window, 0, names).reshape(-1, len(names)) for window in windows]
    values = np.concatenate(parts)
    return values[np.isfinite(values).all(axis=1)]


def plain(value: float) -> str:
    """Return a value as people write it.

    >>> [plain(value) for value in (1240.4, 31.26, 0.00123, -2.0)]
    ['1,240', '31.3', '0.00123', '−2']
    """
    return (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}").replace("-", "−")
