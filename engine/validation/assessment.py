# SPDX-License-Identifier: GPL-2.0-or-later
"""What a map says of landslides, in figures: of the whole area, of sub-areas and of dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..declarations.choices import INVENTORY_ROLES, RATES
from ..errors import EngineError
from ..feedback import Feedback
from ..mapping.counting import Landslides, cell_keys
from ..mapping.maps import Map
from ..mapping.zonation import cell_areas_km2, density_rows
from ..mapping.zones import ZoneRaster
from ..reporting.metrics import mean_variance
from ..reporting.numbers import cut
from ..reporting.page import MOST_LETTERS
from ..reporting.rates import RateCurve
from .landslides import Others, Part, Tested
from .ranking import (
    Cuts,
    Estimate,
    others_variance,
    placements_above,
    precision_recall,
    roc,
)
from .survey import RELIABILITY_BINS, Classes, Survey

# The two ways to count: an equal share of one for each cell of a landslide, or each cell as one.
WAYS = {"landslides": "by landslides", "cells": "by cells"}
# With fewer landslides than this a figure is chance to a large part.
FEW = 10
# More different years than this are put together by tens.
_MOST_YEARS = 12
# Less than any cell, in km² or of its own.
_NOTHING = 1e-12


@dataclass(frozen=True)
class Calibration:
    """How a map's probabilities agree with what happened; cells count by their area, or one each where they are labelled.

    Parameters
    ----------
    brier
        Mean squared error of the probability, with landslides as frequent as in the cells.
    balanced
        The same with landslides and other cells weighing a half each, as in most training.
    reliability, balanced_reliability
        Mean probability and observed share of landslides in ten equal bins, those that hold something, both (2, n).
    cells
        How many cells these bins hold, where cells count by their area so many of a mean one, (n,).
    """

    brier: float
    balanced: float
    reliability: np.ndarray
    balanced_reliability: np.ndarray
    cells: np.ndarray


@dataclass(frozen=True)
class Assessment:
    """How well a map ranks some landslides above other cells.

    Parameters
    ----------
    kind, name
        What it is of: all, sub-area or date, and which.
    role
        What the landslides are to the map.
    landslides, cells
        How many there are, and on how many cells.
    others, area
        How many other cells they are told from, and the square kilometres of the map or sub-area.
    auc, rates
        Area under the ROC curve, with its interval, and rate curve, by each of `WAYS`.
    roc
        False and true positive rates by each of `WAYS`.
    recall, precision, average_precision, prevalence
        The precision–recall curve by cells, the area under it, and the share of landslide cells: what a map that says nothing reaches.
    calibration
        None where the map's numbers are no probabilities.
    """

    kind: str
    name: str
    role: str
    landslides: int
    cells: int
    others: int
    area: float
    auc: dict[str, Estimate]
    rates: dict[str, RateCurve]
    roc: dict[str, tuple[np.ndarray, np.ndarray]]
    recall: np.ndarray
    precision: np.ndarray
    average_precision: float
    prevalence: float
    calibration: Calibration | None = None


class Assessor:
    """Assesses landslides on a map that was gone through once.

    Where nothing is labelled as no landslide, all cells but those of landslides are told from landslides, by their area.
    """

    def __init__(self, seen: Map, found: Survey, tested: Tested, zones: ZoneRaster | None) -> None:
        self._seen, self._found, self._zones = seen, found, zones
        self._areas = cell_areas_km2(seen.grid)
        slides = [*(part.landslides for part in tested.parts), *tested.aside]
        rows, cols, values = (np.concatenate([getattr(each, name) for each in slides]) for name in ("rows", "cols", "values"))
        _, first = np.unique(cell_keys(rows, cols), return_index=True)
        self._taken_values, self._taken_areas = values[first], self._areas[rows[first]]
        self._taken_zones = zones.at(rows[first], cols[first]) if zones else np.zeros(len(first), np.int64)
        taken = found.cuts.index(self._taken_values)
        self._others = np.maximum(found.of_cuts - np.bincount(taken, self._taken_areas, found.cuts.bins), 0.0)

    def whole(self, part: Part) -> Assessment:
        """Assess all landslides of a part.

        Raises
        ------
        EngineError
            If every cell of the map is one of a landslide.
        """
        found, cuts = self._found, self._found.cuts
        if part.others is None and found.cells <= len(self._taken_values):
            raise EngineError(
                f"All {found.cells:,} cells of {self._seen.name} are cells of landslides; there are none to tell them from. Is the "
                "inventory the outline of the area?"
            )
        others, count, units = self._told_from(part.others, cuts, self._others, found.cells - len(self._taken_values))
        made = self._assess(part.landslides, others, count, found.of_cuts, cuts, ("all", part.name, part.role), part.others, units)
        if not self._seen.is_probability:
            return made
        return Assessment(**{**vars(made), "calibration": self._calibration(part)})

    def sub_areas(self, part: Part) -> list[Assessment]:
        """Assess the landslides of each sub-area against the other cells of it; those without landslides or other cells are left out."""
        if not self._zones:
            return []
        found, cuts = self._found, self._found.zone_cuts
        of_slide = self._zones.at(part.landslides.rows, part.landslides.cols)
        of_other = None if part.others is None else self._zones.at(part.others.rows, part.others.cols)
        made = []
        for number, name in enumerate(self._zones.names, start=1):
            here = of_slide == number
            mine = self._taken_zones == number
            taken = np.bincount(cuts.index(self._taken_values[mine]), self._taken_areas[mine], cuts.bins)
            all_others = np.maximum(found.of_zones[number] - taken, 0.0)
            labelled = _only(part.others, of_other == number) if part.others is not None and of_other is not None else None
            others, count, units = self._told_from(labelled, cuts, all_others, int(found.zone_cells[number] - mine.sum()))
            if not here.any() or count < 1:
                continue
            slides = part.landslides.only(here)
            made.append(self._assess(slides, others, count, found.of_zones[number], cuts, ("sub-area", name, part.role), labelled, units))
        return made

    def dates(self, part: Part) -> list[Assessment]:
        """Assess the landslides of each year (of each ten, where there are many) against the same other cells; none without dates."""
        if part.spans is None:
            return []
        found, cuts = self._found, self._found.cuts
        others, count, units = self._told_from(part.others, cuts, self._others, found.cells - len(self._taken_values))
        return [
            self._assess(part.landslides.only(here), others, count, found.of_cuts, cuts, ("date", name, part.role), part.others, units)
            for name, here in periods(part.spans)
        ]

    def everything(self, parts: Sequence[Part]) -> list[Assessment]:
        """Assess each part, then the sub-areas of the first, and the dates of all that have some."""
        return [*map(self.whole, parts), *self.sub_areas(parts[0]), *(each for part in parts for each in self.dates(part))]

    def densities(self, parts: Sequence[Part], classes: Classes, cells: np.ndarray, areas: np.ndarray) -> list[dict[str, Any]]:
        """Return a row for each class of all the map by each part, and of each sub-area and date by the first.

        `cells` and `areas` are as `survey.count_classes` gives them.
        """
        first = parts[0]
        everywhere = cells.sum(axis=0), areas.sum(axis=0)
        groups = [("all", part.name, part, np.ones(len(part.landslides.rows), bool), *everywhere) for part in parts]
        if self._zones:
            zone = self._zones.at(first.landslides.rows, first.landslides.cols)
            groups += [
                ("sub-area", name, first, zone == number, cells[number], areas[number])
                for number, name in enumerate(self._zones.names, start=1)
                if cells[number].any()
            ]
        if first.spans is not None:
            groups += [("date", name, first, here, *everywhere) for name, here in periods(first.spans)]
        ends = [self._seen.low, *classes.breaks, self._seen.high]
        rows = []
        for kind, name, part, here, of_cells, of_area in groups:
            slides = part.landslides.only(here)
            made = density_rows(classes.names, ends, of_cells, of_area, slides, classes.of(slides.values))
            rows += [{"part": kind, "name": name, "landslides_are": INVENTORY_ROLES[part.role], **row} for row in made]
        return rows

    def _told_from(
        self, labelled: Others | None, cuts: Cuts, all_others: np.ndarray, count: int
    ) -> tuple[np.ndarray, int, np.ndarray | None]:
        """Return the histogram of the cells that landslides are told from, how many they are, and their units where they are labelled."""
        if labelled is None:
            return all_others, max(count, 0), None
        return np.bincount(cuts.index(labelled.values), minlength=cuts.bins).astype(float), len(labelled.values), labelled.unit

    def _assess(
        self,
        slides: Landslides,
        others: np.ndarray,
        count: int,
        area: np.ndarray,
        cuts: Cuts,
        names: tuple[str, str, str],
        labelled: Others | None,
        units: np.ndarray | None,
    ) -> Assessment:
        bins = cuts.index(slides.values)
        above = placements_above(others)[bins]
        of_cells = slides.of_cells if labelled is not None else slides.of_cells * self._areas[slides.rows]
        weights = {"landslides": slides.of_landslides, "cells": of_cells}
        histograms = {way: np.bincount(bins, weight, cuts.bins) for way, weight in weights.items()}
        auc, rates, curves = {}, {}, {}
        for way, weight in weights.items():
            value, variance = mean_variance(above, weight, slides.unit)
            if labelled is None or units is None:
                of_others = others_variance(histograms[way], others, count)
            else:
                below = 1 - placements_above(histograms[way])[cuts.index(labelled.values)]
                of_others = mean_variance(below, np.ones(len(below)), units)[1]
            auc[way] = Estimate.of_auc(value, (variance, of_others), min(slides.count, count if units is None else len(np.unique(units))))
            rates[way] = RateCurve.of(area, histograms[way])
            curves[way] = roc(histograms[way], others)
        recall, precision, average = precision_recall(histograms["cells"], others)
        share = float(of_cells.sum() / (of_cells.sum() + others.sum()))
        return Assessment(
            *names,
            slides.count,
            slides.cells,
            count,
            float(area.sum()),
            auc,
            rates,
            curves,
            recall,
            precision,
            average,
            share,
        )

    def _calibration(self, part: Part) -> Calibration:
        slides = part.landslides
        values = np.clip(slides.values.astype(np.float64), 0, 1)
        if part.others is None:
            weight, of_cell = slides.of_cells * self._areas[slides.rows], float(self._areas.mean())
            taken = np.clip(self._taken_values.astype(np.float64), 0, 1)
            squares = self._found.squares - float(self._taken_areas @ taken**2)
            other = np.maximum(self._found.reliability - _tenths(taken, self._taken_areas), 0.0)
        else:
            weight, of_cell = slides.of_cells, 1.0
            theirs = np.clip(part.others.values.astype(np.float64), 0, 1)
            squares = float(np.sum(theirs**2))
            other = _tenths(theirs, np.ones(len(theirs)))
        slide = _tenths(values, weight)
        of_slides, of_others = float(weight @ (1 - values) ** 2), max(squares, 0.0)
        all_slides, all_others = float(slide[:, 0].sum()), float(other[:, 0].sum())
        total = slide[:, 0] + other[:, 0]
        used = total > _NOTHING
        return Calibration(
            (of_slides + of_others) / (all_slides + all_others),
            (of_slides / all_slides + of_others / all_others) / 2,
            _reliability(slide, other, used),
            _reliability(slide / all_slides, other / all_others, used),
            total[used] / of_cell,
        )


def periods(spans: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Return each year, or each ten years where there are many, with which spans (n, 2) lie in it; those of no one period last.

    >>> import numpy as np
    >>> from scarp.engine.samples.dates import dates
    >>> from scarp.engine.validation.assessment import periods
    >>> spans = dates(np.array(["2014-05-31", "May 2016", None, "2014", "2013-2016"], object), "day")
    >>> [(name, np.flatnonzero(here).tolist()) for name, here in periods(spans)]
    [('2014', [0, 3]), ('2016', [1]), ('unknown', [2, 4])]
    """
    first, last = (each.astype("datetime64[Y]").astype(np.int64) + 1970 for each in spans.T)
    unknown = np.isnat(spans[:, 0])
    step = 10 if len(np.unique(first[~unknown & (first == last)])) > _MOST_YEARS else 1
    start = first // step * step
    unknown |= last // step * step != start
    made = [(f"{year}" if step == 1 else f"{year}–{year + step - 1}", (start == year) & ~unknown) for year in np.unique(start[~unknown])]
    return [*made, ("unknown", unknown)] if unknown.any() else made


def warn_of_few(made: Sequence[Assessment], feedback: Feedback) -> None:
    """Warn of figures that few landslides make."""
    for each in made:
        if each.kind == "all" and each.landslides < FEW:
            told = "one landslide, and has no interval" if each.landslides == 1 else f"{each.landslides} landslides"
            feedback.warning(f"The {RATES[each.role]} is that of {told}: it is chance to a large part.")
    few = [each.name for each in made if each.kind != "all" and each.landslides < FEW]
    if few:
        feedback.warning(f"Fewer than {FEW} landslides make the figures of {_some(few)}: they are chance to a large part.")


def without_figures(made: Sequence[Assessment], zones: ZoneRaster | None) -> str:
    """Say which sub-areas have no figures; empty where all have some."""
    if zones is None:
        return ""
    there = {each.name for each in made if each.kind == "sub-area"}
    left = [name for name in zones.names if name not in there]
    why = {
        "no landslide or no other cell of the map lies in them": left,
        "they lie beyond the map or have no area": zones.beyond,
    }
    told = [f"since {reason}: {len(names):,} ({_some(names)})" for reason, names in why.items() if names]
    return f"Sub-areas without figures, {'; '.join(told)}." if told else ""


def _some(names: Sequence[str]) -> str:
    return ", ".join(cut(name, MOST_LETTERS) for name in names[:5]) + (", …" if len(names) > 5 else "")


def table_row(made: Assessment) -> dict[str, Any]:
    """Return an assessment as a row of the table."""
    row: dict[str, Any] = {
        "part": made.kind,
        "name": made.name,
        "landslides_are": INVENTORY_ROLES[made.role],
        "landslides": made.landslides,
        "landslide_cells": made.cells,
        "other_cells": made.others,
        "area_km2": made.area,
    }
    for way in WAYS:
        found = made.auc[way]
        row |= {f"auc_by_{way}": found.value, f"auc_by_{way}_low": found.low, f"auc_by_{way}_high": found.high}
    row["rate"] = RATES[made.role]
    for way in WAYS:
        row |= {f"rate_by_{way}": made.rates[way].under, f"top_10_percent_by_{way}": 100 * made.rates[way].at(0.1)}
    row |= {"average_precision": made.average_precision, "prevalence": made.prevalence}
    if made.calibration:
        row |= {"brier": made.calibration.brier, "brier_balanced": made.calibration.balanced}
    return row


def same_keys(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of a table that all have every key, numbers to six digits; None where a row has no such figure."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    return [{key: _rounded(row.get(key)) for key in keys} for row in rows]


def _rounded(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return round(value, 6) if np.isfinite(value) else None


def _only(others: Others, chosen: np.ndarray) -> Others:
    return Others(others.rows[chosen], others.cols[chosen], others.unit[chosen], others.values[chosen])


def _tenths(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return weight, and weight times value, in equal bins from 0 to 1, (`RELIABILITY_BINS`, 2)."""
    tenth = np.minimum((values.astype(np.float32) * RELIABILITY_BINS).astype(np.int64), RELIABILITY_BINS - 1)
    return np.stack([np.bincount(tenth, each, RELIABILITY_BINS) for each in (weights, weights * values)], axis=1)


def _reliability(slide: np.ndarray, other: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return mean probability and observed share of landslides of the bins that are used, (2, n)."""
    total = slide + other
    return np.stack([total[used, 1] / total[used, 0], slide[used, 0] / total[used, 0]])
