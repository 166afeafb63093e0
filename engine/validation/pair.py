# SPDX-License-Identifier: GPL-2.0-or-later
"""Two maps on the same landslides: which ranks them better, how far their classes agree, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError
from ..feedback import Feedback
from ..files.outputs import replacing
from ..files.stack import Stack
from ..gdal import gdal
from ..mapping.counting import as_stack, cell_keys
from ..mapping.maps import Map, open_second
from ..mapping.zonation import cell_areas_km2
from ..reporting.metrics import mean_variance
from .assessment import WAYS
from .landslides import Part
from .ranking import Cuts, Estimate, kappa, placements_above
from .survey import Classes, Survey, bin_of, classes_of, own_codes, survey

NODATA = -9999.0


@dataclass(frozen=True)
class Pair:
    """What two maps say of the same landslides, on the cells where both have a value.

    Parameters
    ----------
    cells, landslides
        How many of both.
    aucs
        The AUC of the first and of the second map, by each of `WAYS`.
    difference, p_value
        The first minus the second AUC with its interval, and the two-sided p-value that it is 0, by each of `WAYS`.
    names, classes
        The maps' names, and those of their classes.
    table
        Square kilometres in each class of the first (rows) and the second map.
    agreement, kappa
        The share of the area in the same class, and Cohen's kappa; None where the maps have not as many classes.
    what
        What the difference raster holds, in words.
    """

    cells: int
    landslides: int
    aucs: dict[str, tuple[float, float]]
    difference: dict[str, Estimate]
    p_value: dict[str, float]
    names: tuple[str, str]
    classes: tuple[list[str], list[str]]
    table: np.ndarray
    agreement: float | None
    kappa: float | None
    what: str

    def rows(self) -> list[dict[str, Any]]:
        """Return what the table of the task tells of it."""
        made: dict[str, Any] = {"part": "comparison", "name": "first minus second map", "landslides": self.landslides}
        for way in WAYS:
            found = self.difference[way]
            made |= {f"auc_by_{way}": found.value, f"auc_by_{way}_low": found.low, f"auc_by_{way}_high": found.high}
            made[f"p_value_by_{way}"] = self.p_value[way]
        made |= {"agreement": self.agreement, "kappa": self.kappa}
        return [made]


def compare_maps(
    first: Map,
    found: Survey,
    classes: Classes,
    parts: Sequence[Part],
    second: tuple[str, int | None, Path],
    how: tuple[str, int, Sequence[float]],
    difference: str | None,
    feedback: Feedback,
) -> Pair:
    """Open a second map, lay it over the first one's grid where it has another, and compare them; see `compare`.

    Parameters
    ----------
    second
        Its source, its band, and a path to lay it at.
    how
        Method, number and breaks of its classes.
    """
    opening, looking, comparing = feedback.parts([1, 1, 2])
    other = open_second(*second[:2], "SUSCEPTIBILITY_2_BAND", first.grid, second[2], opening)
    feedback.message(f"The second map holds {other.told()}.")
    cuts = Cuts.of(np.array([other.low, other.high]))
    its = survey(other, cuts, cuts, None, looking)
    maps, surveys = (first, other), (found, its)
    divided = _alike(maps, surveys, classes, how, feedback)
    if difference is None:
        return compare(maps, surveys, divided, parts, None, comparing)
    with replacing(difference) as path:
        return compare(maps, surveys, divided, parts, path, comparing)


def _alike(
    maps: tuple[Map, Map], surveys: tuple[Survey, Survey], classes: Classes, how: tuple[str, int, Sequence[float]], feedback: Feedback
) -> tuple[Classes, Classes]:
    """Return the classes of both maps, as many of the one as of the other where that can be.

    Parameters
    ----------
    classes
        Those of the first.
    """
    (first, other), (found, its) = maps, surveys
    method, count, breaks = how
    if first.is_of_classes and other.is_of_classes and method != "manual":
        own = own_codes(first, found), own_codes(other, its)
        more = max(own, key=len)
        codes = more if np.isin(np.concatenate(own), more).all() else None  # one map may lack a class that the other one has
        return classes_of(first, found, *how, feedback, codes), classes_of(other, its, *how, feedback, codes)
    if method == "manual" and (breaks[-1] <= other.low or breaks[0] > other.high):
        feedback.warning(
            f"The breaks ({', '.join(f'{each:g}' for each in breaks)}) do not lie among the values of {other.name}, which go from "
            f"{other.low:.6g} to {other.high:.6g}; it is divided into as many classes by its own natural breaks."
        )
        method, count, breaks = "natural_breaks", len(classes.names), []
    theirs = classes_of(other, its, method, count, breaks, feedback)
    fewer = min(len(classes.names), len(theirs.names))
    fixed = method == "manual" or first.is_of_classes or other.is_of_classes
    if not fixed and len(classes.names) != len(theirs.names):
        feedback.message(f"So that their classes can be compared, both maps are divided into {fewer} there.")
        classes, theirs = (classes_of(seen, of, method, fewer, [], Feedback()) for seen, of in zip(maps, surveys))
    return classes, theirs


def compare(
    maps: tuple[Map, Map],
    surveys: tuple[Survey, Survey],
    classes: tuple[Classes, Classes],
    parts: Sequence[Part],
    difference: Path | None,
    feedback: Feedback,
) -> Pair:
    """Compare two maps on one grid by the landslides of the first part.

    The AUCs are tested as a pair (DeLong et al. 1988), with the cells of one landslide as one cluster (Obuchowski 1997).

    Parameters
    ----------
    difference
        Where the first map minus the second one is written: of probabilities, else of the share of the area with lower values.

    Raises
    ------
    EngineError
        If no landslide lies where both maps have a value.
    """
    first, other = maps
    areas = cell_areas_km2(first.grid)
    stack = as_stack(other.raster)
    test = _Test.of(parts[0], stack, areas, other.name)
    kinds = [len(each.names) for each in classes]
    table = np.zeros(kinds[0] * kinds[1])
    as_probability = first.is_probability and other.is_probability
    ranks = [placements_above(each.bins) for each in surveys]
    out = first.grid.create(str(difference), 1, gdal.GDT_Float32, NODATA) if difference else None
    cells = 0
    for window in first.windows(feedback):
        whole = first.read(window), other.read(window)
        valid = np.isfinite(whole[0]) & np.isfinite(whole[1])
        area = np.broadcast_to(areas[window.row : window.row + window.rows, None], valid.shape)[valid]
        values = whole[0][valid], whole[1][valid]
        cells += len(area)
        if parts[0].others is None:
            test.add(values, area)
        table += np.bincount(classes[0].of(values[0]) * kinds[1] + classes[1].of(values[1]), area, len(table))
        if out:
            apart = np.full(valid.shape, NODATA, np.float32)
            apart[valid] = (
                values[0] - values[1] if as_probability else ranks[0][bin_of(values[0], first)] - ranks[1][bin_of(values[1], other)]
            )
            out.GetRasterBand(1).WriteArray(apart, window.col, window.row)
    what = (
        "susceptibility of the first map minus that of the second"
        if as_probability
        else "share of the area that ranks lower, by the first map minus by the second"
    )
    if out:
        out.GetRasterBand(1).SetDescription(what)
        out.FlushCache()
    if parts[0].others is None:
        test.take_away(parts, stack, areas, cells)
    aucs, differences, p_values = test.result()
    share, beyond_chance = kappa(table.reshape(kinds)) if kinds[0] == kinds[1] else (None, None)
    names = first.name, other.name
    of_classes = classes[0].names, classes[1].names
    return Pair(cells, test.landslides, aucs, differences, p_values, names, of_classes, table.reshape(kinds), share, beyond_chance, what)


class _Test:
    """The paired test of two AUCs, while the cells that landslides are told from come in."""

    def __init__(self, unit: np.ndarray, values: tuple[np.ndarray, np.ndarray], weights: dict[str, np.ndarray]) -> None:
        self._unit, self._weights = unit, weights
        self._cuts = tuple(Cuts.of(each) for each in values)
        self._bins = [cut.index(each) for cut, each in zip(self._cuts, values)]
        # The share of landslides above each bin of each map: what another cell there adds to the AUC.
        self._above = {
            way: [1 - placements_above(np.bincount(bins, weight, cut.bins)) for bins, cut in zip(self._bins, self._cuts)]
            for way, weight in weights.items()
        }
        self._others = [np.zeros(cut.bins) for cut in self._cuts]
        # Of what another cell adds to the difference of the AUCs: weight, sum and sum of squares.
        self._moments = {way: np.zeros(3) for way in WAYS}
        self._count = 0
        self._variance: dict[str, float] = {}

    @classmethod
    def of(cls, part: Part, stack: Stack, areas: np.ndarray, name: str) -> _Test:
        """Begin with landslides; labelled other cells come in at once. `stack` is the second map, called `name`."""
        slides = part.landslides
        theirs = stack.at(slides.rows, slides.cols)[:, 0]
        both = np.isfinite(theirs)
        if not both.any():
            raise EngineError(f"No landslide lies where both maps have a value: the second map ({name}) has none at any of them.")
        slides = slides.only(both)
        labelled = part.others
        by_cells = slides.of_cells if labelled is not None else slides.of_cells * areas[slides.rows]
        made = cls(slides.unit, (slides.values, theirs[both]), {"landslides": slides.of_landslides, "cells": by_cells})
        if labelled is not None:
            values = stack.at(labelled.rows, labelled.cols)[:, 0]
            both = np.isfinite(values)
            if not both.any():
                raise EngineError(f"No cell without a landslide lies where both maps have a value: the second map ({name}) has none there.")
            made.add((labelled.values[both], values[both]), np.ones(int(both.sum())))
            made.keep_units((labelled.values[both], values[both]), labelled.unit[both])
        return made

    @property
    def landslides(self) -> int:
        """How many landslides lie where both maps have a value."""
        return len(np.unique(self._unit))

    def add(self, values: tuple[np.ndarray, np.ndarray], weight: np.ndarray) -> None:
        """Add other cells by their values on both maps; below 0 a `weight` takes them away."""
        bins = [cut.index(each) for cut, each in zip(self._cuts, values)]
        for number, of_map in enumerate(bins):
            self._others[number] += np.bincount(of_map, weight, len(self._others[number]))
        for way, (first, second) in self._above.items():
            apart = first[bins[0]] - second[bins[1]]
            self._moments[way] += weight.sum(), weight @ apart, weight @ apart**2

    def take_away(self, parts: Sequence[Part], stack: Stack, areas: np.ndarray, cells: int) -> None:
        """Take the cells of landslides out of all `cells` that were added."""
        rows, cols, values = (np.concatenate([getattr(each.landslides, name) for each in parts]) for name in ("rows", "cols", "values"))
        _, first = np.unique(cell_keys(rows, cols), return_index=True)
        theirs = stack.at(rows[first], cols[first])[:, 0]
        both = np.isfinite(theirs)
        first = first[both]
        self.add((values[first], theirs[both]), -areas[rows[first]])
        self._others = [np.maximum(each, 0.0) for each in self._others]
        self._count = cells - len(first)
        if self._count < 1:
            raise EngineError("Where both maps have a value there are only cells of landslides; there are none to tell them from.")

    def keep_units(self, values: tuple[np.ndarray, np.ndarray], units: np.ndarray) -> None:
        """Reckon with the units of labelled cells, those of one feature for example."""
        self._count = len(np.unique(units))
        bins = [cut.index(each) for cut, each in zip(self._cuts, values)]
        for way, (first, second) in self._above.items():
            variance = mean_variance(first[bins[0]] - second[bins[1]], np.ones(len(units)), units)[1]
            self._variance[way] = variance

    def result(self) -> tuple[dict[str, tuple[float, float]], dict[str, Estimate], dict[str, float]]:
        """Return both AUCs, their difference and its p-value, each by `WAYS`."""
        below = [placements_above(others)[bins] for others, bins in zip(self._others, self._bins)]
        aucs, differences, p_values = {}, {}, {}
        draws = min(self.landslides, self._count)
        for way, weight in self._weights.items():
            aucs[way] = tuple(mean_variance(each, weight, self._unit)[0] for each in below)
            mean, variance = mean_variance(below[0] - below[1], weight, self._unit)
            differences[way], p_values[way] = Estimate.of_difference(mean, (variance, self._others_variance(way)), draws)
        return aucs, differences, p_values  # type: ignore[return-value]

    def _others_variance(self, way: str) -> float:
        if self._variance:
            return self._variance[way]
        weight, total, squares = self._moments[way]
        if self._count < 2 or weight <= 0:
            return 0.0
        return max(squares / weight - (total / weight) ** 2, 0.0) / (self._count - 1)
