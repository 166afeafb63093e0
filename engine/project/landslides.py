# SPDX-License-Identifier: GPL-2.0-or-later
"""The inventory of a project and its quality: kinds, period, duplicates, and what the map says if landslides lie elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..feedback import Feedback, Heard
from ..files.shapes import batches
from ..files.vectors import open_layer
from ..gdal import ogr
from ..mapping.counting import Landslides, as_stack, cell_keys, read_landslides
from ..mapping.maps import Map
from ..samples.dates import dates, reach
from ..samples.types import as_types
from ..validation.assessment import WAYS, Assessor, periods
from ..validation.landslides import Part, Tested
from ..validation.ranking import Estimate
from ..validation.survey import cuts_of, survey

# What stands for the kind of movement where the field is empty.
UNTOLD = "not told"


@dataclass(frozen=True)
class Inventory:
    """Landslides on a map, and how good the inventory is.

    Parameters
    ----------
    slides
        Their cells.
    features
        How many the layer has.
    are_polygons
        Whether they have a size.
    types
        Landslides by kind of movement, the most frequent first; None where no field tells it.
    period
        From when to when, in words; empty where no field tells it.
    undated
        Landslides without a date, where a field tells dates.
    by_year
        Landslides by year or by ten, and those of no one of them as `unknown`, where a field tells dates.
    copies
        Features whose geometry is that of one before.
    sharing
        Landslides on a cell that another one lies on too.
    left_out
        Sentences on what was left out and why.
    """

    slides: Landslides
    features: int
    are_polygons: bool
    types: dict[str, int] | None
    period: str
    undated: int
    by_year: dict[str, int]
    copies: int
    sharing: int
    left_out: list[str]


@dataclass(frozen=True)
class Moved:
    """The AUC of a map for landslides as they are mapped, and for landslides moved by a distance in random directions.

    Parameters
    ----------
    as_mapped
        By each of `assessment.WAYS`.
    moved
        By each of `assessment.WAYS`, of each repeat, (repeats,).
    lost
        Landslides that were moved off the map, the mean of the repeats.
    """

    distance_m: float
    as_mapped: dict[str, Estimate]
    moved: dict[str, np.ndarray]
    lost: float

    def range(self, way: str) -> tuple[float, float, float]:
        """Return the mean of the repeats, and the ends of what 95 % of them lie between."""
        found = self.moved[way]
        low, high = np.percentile(found, [2.5, 97.5])
        return float(found.mean()), float(low), float(high)

    def fall(self, way: str = "cells") -> float:
        """Return by how much the AUC falls on average."""
        return self.as_mapped[way].value - self.range(way)[0]


def read_project_inventory(source: str, seen: Map, type_field: str | None, date_field: str | None, feedback: Feedback) -> Inventory:
    """Read the landslides of a map and look how good the inventory is.

    Raises
    ------
    EngineError
        If it is of no use, lacks a field, or its dates are not understood.
    """
    heard = Heard(feedback)
    fields = [name for name in (type_field, date_field) if name]
    slides = read_landslides(source, seen.raster, list(dict.fromkeys(fields)), heard)
    _, rows = np.unique(slides.mapped, return_index=True)  # one row of each landslide as it was mapped
    types = None
    if type_field:
        types = dict(Counter(word or UNTOLD for word in as_types(slides.fields[type_field][rows]).tolist()).most_common())
    period, undated, by_year = "", 0, {}
    if date_field:
        spans = dates(slides.fields[date_field][rows], date_field, heard)
        known = spans[~np.isnat(spans[:, 0])]
        period, undated = reach(known) if len(known) else "", len(spans) - len(known)
        by_year = {name: int(here.sum()) for name, here in periods(spans)}
    features, are_polygons, copies = _geometries(source)
    _, cell, shared = np.unique(cell_keys(slides.rows, slides.cols), return_inverse=True, return_counts=True)
    sharing = len(np.unique(slides.mapped[shared[cell.ravel()] > 1]))
    return Inventory(slides, features, are_polygons, types, period, undated, by_year, copies, sharing, heard.warnings)


def moved(slides: Landslides, seen: Map, distance_m: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns (n,) of landslides that lie elsewhere, each with all of its cells moved by a distance in a random direction.

    Where in its cell a landslide lies is not known, so that it is drawn too: less than a cell may then lead into the next one or not.
    """
    rng = np.random.default_rng(seed)
    width, height = seen.grid.cell_size_m
    units, unit = np.unique(slides.unit, return_inverse=True)
    angle = rng.uniform(0, 2 * np.pi, len(units))
    across, down = rng.random((2, len(units)))
    cols = np.floor(across + distance_m * np.cos(angle) / width).astype(np.int64)
    rows = np.floor(down + distance_m * np.sin(angle) / height).astype(np.int64)
    unit = unit.ravel()
    return slides.rows + rows[unit], slides.cols + cols[unit]


def auc_of_moved(
    slides: Landslides, seen: Map, distance_m: float, repeats: int, seed: int, feedback: Feedback, aside: Sequence[Landslides] = ()
) -> Moved:
    """Tell what becomes of a map's AUC if each landslide lies some distance from where it was mapped, in a random direction.

    All other cells of the map stay what landslides are told from, as by “Validate susceptibility map”, but for those of the landslides
    `aside`. A landslide that is moved off the map does not count.

    Parameters
    ----------
    repeats
        How often they are moved, with the seeds `seed`, `seed + 1` and so on.
    """
    stack, (rows, cols) = as_stack(seen.raster), seen.grid.shape
    parts = [Part("unknown", slides)]
    for number in range(repeats):
        row, col = moved(slides, seen, distance_m, seed + number)
        inside = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
        values = np.full(len(row), np.nan)
        values[inside] = stack.at(row[inside], col[inside])[:, 0]
        there = np.isfinite(values)
        if there.any():
            unit = slides.unit[there]  # those that come to share a cell by being moved are still two
            parts.append(Part("unknown", Landslides.of(row[there], col[there], unit, values[there], unit=unit)))
        feedback.progress(50 * (number + 1) / repeats)
    found = survey(seen, *cuts_of(parts), None, feedback.part(50, 80))
    made = [
        Assessor(seen, found, Tested([part], list(aside)), None).whole(part).auc for part in feedback.part(80, 100).steps(parts, len(parts))
    ]
    aucs = {way: np.array([each[way].value for each in made[1:]]) for way in WAYS}
    lost = slides.count - float(np.mean([part.landslides.count for part in parts[1:]])) if len(parts) > 1 else float(slides.count)
    return Moved(distance_m, made[0], aucs, lost)


def _geometries(source: str) -> tuple[int, bool, int]:
    """Return how many features a layer has, whether most are polygons, and how many have the geometry of one before."""
    dataset, layer = open_layer(source)
    seen: set[int] = set()
    features = polygons = copies = 0
    for batch in batches(layer, []):
        features += len(batch.ids)
        xy, is_point = batch.points()
        for number, shape in enumerate(batch.shapes):
            if shape is None and not is_point[number]:
                continue
            text = b"" if is_point[number] else bytes(shape)
            key = hash(xy[number].tobytes() if is_point[number] else text)
            polygons += (int.from_bytes(text[1:5], "little") & 0x0FFFFFFF) % 1000 in (ogr.wkbPolygon, ogr.wkbMultiPolygon)
            copies += key in seen
            seen.add(key)
    del layer, dataset
    return features, polygons > features / 2, copies
