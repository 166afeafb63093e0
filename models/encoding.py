# SPDX-License-Identifier: GPL-2.0-or-later
"""From covariates to the channels that models read; fitted on training cells only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .covariate import QUANTILES, Covariate
from .errors import EngineError

# Standardised values beyond this are cut off: curvatures have no bound on nearly level ground.
_MOST_DEVIATIONS = 5.0


def check_codes(name: str, codes: np.ndarray) -> None:
    """Raise EngineError where codes of classes are no whole numbers, as those of a stack that was resampled by means: they are no class's.

    >>> import numpy as np
    >>> from scarp.models.encoding import check_codes
    >>> check_codes("rock", np.array([1, 4.0]))
    >>> check_codes("rock", np.array([1, 1.25]))
    Traceback (most recent call last):
    scarp.models.errors.EngineError: The categorical covariate rock holds 1.25, and codes of classes are whole numbers. If ...
    """
    broken = codes[codes % 1 != 0]
    if broken.size:
        raise EngineError(
            f"The categorical covariate {name} holds {broken[0]:g}, and codes of classes are whole numbers. If the raster was warped or "
            "resampled, do that by nearest neighbour, else values between two classes come about that neither is; if its values are "
            "amounts, prepare it as a continuous covariate."
        )


class Encoder:
    """Continuous covariates standardised, circular ones as sine and cosine, categorical ones one-hot.

    A missing value becomes 0 (the training mean), and so does every value of a covariate that is the same on all training cells. Flat
    ground has sine and cosine 0, and a class that training has not seen has no channel: all zeros. Standardised values are cut off at
    five deviations.

    Parameters
    ----------
    covariates
        What the bands are, in their order.
    columns
        What was learnt of each: `mean` and `deviation`, `classes`, or nothing.
    seen
        What else training has seen of each, for whoever compares it with other ground: `cells`, how many had a value, with `quantiles`,
        those of `QUANTILES`, or `shares` of the classes. None where it is not known, as in model files of older versions.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.models.covariate import Covariate
    >>> from scarp.models.encoding import Encoder
    >>> rock = Covariate("rock", "categorical", classes={1: "marl", 4: "lime"})
    >>> encoder = Encoder.fit(np.array([[10, 0, 1], [30, 90, 4.0]]), [Covariate("slope"), Covariate("aspect", "circular"), rock])
    >>> encoder.channels
    ['slope', 'sin(aspect)', 'cos(aspect)', 'rock=marl', 'rock=lime']
    >>> encoder.encode(np.array([[25, 270, 4], [np.nan, -1, 7], [95, 0, 1.0]])).round(2).tolist()
    [[0.5, -1.0, -0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0], [5.0, 0.0, 1.0, 1.0, 0.0]]
    """

    def __init__(
        self, covariates: Sequence[Covariate], columns: Sequence[dict[str, Any]], seen: Sequence[dict[str, Any]] | None = None
    ) -> None:
        self.covariates = tuple(covariates)
        self._columns = list(columns)
        self.seen = None if seen is None else list(seen)

    @classmethod
    def fit(cls, values: np.ndarray, covariates: Sequence[Covariate]) -> Encoder:
        """Return an encoder fitted to training cells.

        Parameters
        ----------
        values
            The covariates of training cells and of no others, (n, bands); NaN where one is missing, which does not count.
        covariates
            What the bands are.

        Raises
        ------
        EngineError
            If a covariate has no value at all there, or classes whose codes are no whole numbers.
        """
        columns: list[dict[str, Any]] = []
        for covariate, column in zip(covariates, np.asarray(values, np.float64).T):
            known = column[np.isfinite(column)]
            if not len(known):
                raise EngineError(f"The covariate {covariate.name} has no value on any training cell; leave it out.")
            if covariate.kind == "categorical":
                check_codes(covariate.name, known)
                columns.append({"classes": sorted(int(code) for code in np.unique(known))})
            elif covariate.kind == "circular":
                columns.append({})
            else:
                columns.append({"mean": float(known.mean()), "deviation": float(known.std()) if np.ptp(known) > 0 else 0.0})
        return cls(covariates, columns, _seen(values, covariates, columns))

    def widened(self, values: np.ndarray) -> Encoder:
        """Return the same encoder that has seen further training cells too, (n, bands): quantiles and shares are those of both together.

        Between the quantiles that are remembered, values count as spread evenly.
        """
        if self.seen is None:
            return self
        more = _seen(values, self.covariates, self._columns)
        return Encoder(self.covariates, self._columns, [_together(first, second) for first, second in zip(self.seen, more)])

    @property
    def channels(self) -> list[str]:
        """Names of the channels."""
        names: list[str] = []
        for covariate, column in zip(self.covariates, self._columns):
            if covariate.kind == "categorical":
                names += [f"{covariate.name}={covariate.classes.get(code, code)}" for code in column["classes"]]
            elif covariate.kind == "circular":
                names += [f"sin({covariate.name})", f"cos({covariate.name})"]
            else:
                names.append(covariate.name)
        return names

    @property
    def classes(self) -> list[list[int]]:
        """The codes that training has seen, of each covariate; none of one that is not categorical."""
        return [column.get("classes", []) for column in self._columns]

    @property
    def circular_pairs(self) -> list[tuple[int, int]]:
        """Channel numbers of each sine and cosine."""
        names = self.channels
        return [(names.index(f"sin({each.name})"), names.index(f"cos({each.name})")) for each in self.covariates if each.kind == "circular"]

    @property
    def of_covariate(self) -> list[slice]:
        """Numbers of the channels of each covariate, which follow each other."""
        widths = [
            len(column["classes"]) if each.kind == "categorical" else 2 if each.kind == "circular" else 1
            for each, column in zip(self.covariates, self._columns)
        ]
        ends = np.cumsum([0, *widths]).tolist()
        return [slice(start, end) for start, end in zip(ends, ends[1:])]

    def alone(self, number: int) -> Encoder:
        """Return the encoder of one of the covariates, by its number."""
        return Encoder([self.covariates[number]], [self._columns[number]], self.seen and [self.seen[number]])

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return covariates (…, bands) as channels, float32 (…, channels), without NaN."""
        # Channel by channel in memory, which is several times faster to fill.
        planes = np.empty((len(self.channels), *values.shape[:-1]), np.float32)
        channel = 0
        for band, (covariate, column) in enumerate(zip(self.covariates, self._columns)):
            x = values[..., band]
            if covariate.kind == "categorical":
                for code in column["classes"]:
                    planes[channel] = x == code
                    channel += 1
            elif covariate.kind == "circular":
                angle = np.radians(x)
                known = x >= 0
                planes[channel] = np.where(known, np.sin(angle), 0)
                planes[channel + 1] = np.where(known, np.cos(angle), 0)
                channel += 2
            else:
                plane = planes[channel, ...]
                channel += 1
                if column["deviation"] == 0:  # training has not seen what other values mean
                    plane.fill(0.0)
                    continue
                np.subtract(x, np.float32(column["mean"]), out=plane)
                plane /= np.float32(column["deviation"])
                np.clip(plane, -_MOST_DEVIATIONS, _MOST_DEVIATIONS, out=plane)
                plane[np.isnan(plane)] = 0.0
        return np.moveaxis(planes, 0, -1)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        return {"covariates": [each.to_json() for each in self.covariates], "columns": self._columns}

    @classmethod
    def from_json(cls, values: dict[str, Any], seen: Sequence[dict[str, Any]] | None = None) -> Encoder:
        """Return the encoder that `to_json` described, and what it has `seen`."""
        return cls([Covariate.from_json(each) for each in values["covariates"]], values["columns"], seen)


def _seen(values: np.ndarray, covariates: Sequence[Covariate], columns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what cells, (n, bands), show of each covariate; classes as the columns name them."""
    seen: list[dict[str, Any]] = []
    for covariate, column, own in zip(covariates, columns, np.asarray(values, np.float64).T):
        known = own[np.isfinite(own)]
        told: dict[str, Any] = {"cells": len(known)}
        if covariate.kind == "categorical":
            told["shares"] = [float((known == code).mean()) if len(known) else 0.0 for code in column["classes"]]
        elif covariate.kind == "continuous" and len(known):
            told["quantiles"] = np.quantile(known, QUANTILES).tolist()
        seen.append(told)
    return seen


def _together(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return what cells show of a covariate that are partly of one kind and partly of the other."""
    if not second["cells"]:
        return first
    cells = first["cells"] + second["cells"]
    told: dict[str, Any] = {"cells": cells}
    parts = [(each, each["cells"] / cells) for each in (first, second)]
    if "shares" in first:
        told["shares"] = sum(share * np.array(each["shares"]) for each, share in parts).tolist()
    if "quantiles" in first:
        places = np.unique(first["quantiles"] + second["quantiles"])
        below = sum(share * _share_below(each["quantiles"], places) for each, share in parts)
        told["quantiles"] = np.interp(QUANTILES, below, places).tolist()
    return told


def _share_below(quantiles: Sequence[float], places: np.ndarray) -> np.ndarray:
    """Return the share of values up to some places, of which the quantiles are known."""
    limits, first = np.unique(quantiles, return_index=True)
    # Where quantiles are equal, the greatest share is reached at once.
    reached = np.array(QUANTILES)[np.append(first[1:], len(quantiles)) - 1]
    return np.interp(places, limits, reached, left=0.0)
