# SPDX-License-Identifier: GPL-2.0-or-later
"""Covariates in classes: continuous ones by limits, circular ones by compass directions, categorical ones as they are."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...models.covariate import Covariate
from ..mapping.breaks import find_breaks

DIRECTIONS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW", "flat")
_FLAT = DIRECTIONS.index("flat")
# Natural breaks are found on a histogram with this many bins, between these shares of the cells: a few extreme curvatures would
# otherwise take classes of their own.
_BINS = 1024
_TAILS = (0.005, 0.995)
# Labels with more decimals than this are written with a power of ten.
_MOST_DECIMALS = 6


@dataclass(frozen=True)
class Classing:
    """The classes of one covariate.

    Parameters
    ----------
    names
        Of the classes, by number from 0.
    edges
        Continuous: the limits between classes, float32 (classes − 1,); a limit belongs to the class above it. Categorical: the codes,
        rising (classes,). Circular: empty.
    """

    covariate: Covariate
    names: tuple[str, ...]
    edges: np.ndarray

    @classmethod
    def of(cls, covariate: Covariate, sample: np.ndarray, codes: np.ndarray, method: str, classes: int) -> Classing:
        """Return the classing of a covariate.

        Parameters
        ----------
        sample
            Values of a sample of cells, float32 (n,); decides the limits of a continuous covariate.
        codes
            Every code of a categorical covariate, rising.
        method
            `quantiles` or `natural_breaks`, for continuous covariates.
        """
        if covariate.kind == "circular":
            return cls(covariate, DIRECTIONS, np.empty(0, np.float32))
        if covariate.kind == "categorical":
            return cls(covariate, tuple(covariate.classes.get(int(code), f"{code:g}") for code in codes), codes)
        edges, decimals = class_limits(sample, method, classes)
        return cls(covariate, _range_names(edges, decimals), edges)

    def number(self, values: np.ndarray) -> np.ndarray:
        """Return the class number of each value; −1 where it is NaN or a code that is none of the classes."""
        if self.covariate.kind == "circular":
            sector = np.floor((np.nan_to_num(values) + 22.5) / 45.0).astype(np.int64) % _FLAT
            number = np.where(values < 0, _FLAT, sector)
        elif self.covariate.kind == "categorical":
            number = np.searchsorted(self.edges, values)
            number[np.append(self.edges, np.nan)[number] != values] = -1
        else:
            number = np.searchsorted(self.edges, values, side="right")
        return np.where(np.isnan(values), -1, number)


def class_limits(sample: np.ndarray, method: str, classes: int) -> tuple[np.ndarray, int]:
    """Return rising limits between at most `classes` classes, float32, and the decimals that they are rounded to.

    Limits are rounded to at most a twentieth of the narrowest class, so that their labels tell them exactly. Where many cells share a
    value there are fewer classes; where there are only a few values, each is a class.
    """
    distinct = np.unique(sample).astype(np.float64)
    if len(distinct) <= classes:
        limits = (distinct[1:] + distinct[:-1]) / 2
    elif method == "natural_breaks":
        low, high = (float(each) for each in np.quantile(sample, _TAILS))
        counts, _ = np.histogram(sample, _BINS, (low, high if high > low else low + 1.0))
        breaks = find_breaks(counts, method, min(classes, np.count_nonzero(counts)))
        limits = low + (high - low) * np.array(breaks)
    else:
        limits = np.unique(np.quantile(sample, np.arange(1, classes) / classes))
    limits = limits[(limits > distinct[0]) & (limits <= distinct[-1])]
    if not len(limits):  # nearly all cells share one value
        limits = distinct[1:2]
    gaps = np.diff(np.r_[distinct[0], limits, distinct[-1]])
    decimals = 1 - math.floor(math.log10(gaps[gaps > 0].min())) if (gaps > 0).any() else 0
    rounded = np.round(limits, decimals) + 0.0  # no −0
    return np.unique(rounded.astype(np.float32)), decimals


def _range_names(limits: np.ndarray, decimals: int) -> tuple[str, ...]:
    if not len(limits):
        return ("all",)
    told = [_number(float(limit), decimals).replace("-", "−") for limit in limits]
    return (f"< {told[0]}", *(f"{low} to {high}" for low, high in zip(told, told[1:])), f"≥ {told[-1]}")


def _number(value: float, decimals: int) -> str:
    if decimals <= _MOST_DECIMALS or value == 0:
        return f"{value:.{max(decimals, 0)}f}"
    return f"{value:.{max(decimals + math.floor(math.log10(abs(value))), 0)}e}"
