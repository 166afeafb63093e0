# SPDX-License-Identifier: GPL-2.0-or-later
"""What a map of any numbers holds, gone through by windows: memory does not depend on its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..declarations.choices import CLASSIFICATIONS
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window
from ..mapping.breaks import find_breaks
from ..mapping.maps import Map, Thumbnail
from ..mapping.zonation import cell_areas_km2, class_names
from ..mapping.zones import ZoneRaster
from .landslides import Part
from .ranking import Cuts

# Breaks are found on a histogram of so many equal bins, as for susceptibility (`mapping.zonation`).
BINS = 1024
# More sub-areas than this would need much memory, and nobody reads as many figures.
_MOST_ZONES = 1000
_MOST_ZONE_CUTS = 512
# Susceptibility in a narrower range than this is no map of Scarp's, but an index that happens to lie between 0 and 1.
_WIDE = 0.1
# Bars of the reliability diagram.
RELIABILITY_BINS = 10


@dataclass(frozen=True)
class Survey:
    """How the area of a map is spread over its values, in square kilometres.

    Parameters
    ----------
    cells
        How many have a value.
    bins
        Area in equal bins, see `bin_of`, (`BINS`,).
    cuts
        The thresholds that landslides make, `of_cuts` the area in their bins.
    squares
        Sum of area times value squared, and of area.
    reliability
        Area, and area times value, in equal bins from 0 to 1, (`RELIABILITY_BINS`, 2).
    zone_cuts, of_zones
        Fewer of the cuts, and the area of each zone in their bins, (zones + 1, bins); row 0 is outside of all.
    zone_cells
        Cells of each zone, (zones + 1,).
    """

    cells: int
    bins: np.ndarray
    cuts: Cuts
    of_cuts: np.ndarray
    squares: float
    reliability: np.ndarray
    zone_cuts: Cuts
    of_zones: np.ndarray
    zone_cells: np.ndarray

    @property
    def area(self) -> float:
        """Square kilometres in all."""
        return float(self.bins.sum())


def cuts_of(parts: Sequence[Part]) -> tuple[Cuts, Cuts]:
    """Return the thresholds that the landslides of all parts make, and fewer of them for sub-areas."""
    values = np.concatenate([part.landslides.values for part in parts])
    cuts = Cuts.of(values)
    return cuts, Cuts.of(cuts.values, _MOST_ZONE_CUTS)


def lay_zones(zones: str | None, field: str | None, grid: Grid, path: Path) -> ZoneRaster | None:
    """Lay sub-areas over a map's grid, into a raster at `path`; None without any.

    Raises
    ------
    EngineError
        If there are too many, and as `ZoneRaster.lay`.
    """
    if not zones:
        return None
    laid = ZoneRaster.lay(zones, field, grid, path)
    if len(laid.names) > _MOST_ZONES:
        raise EngineError(
            f"There are {len(laid.names):,} sub-areas, and at most {_MOST_ZONES:,} are allowed; name a field that puts polygons together "
            "(ZONE_FIELD), or use scarp:zonalsusceptibility, which takes any number."
        )
    return laid


def survey(seen: Map, cuts: Cuts, zone_cuts: Cuts, zones: ZoneRaster | None, feedback: Feedback) -> Survey:
    """Go through a map once."""
    areas = cell_areas_km2(seen.grid)
    count = len(zones.names) + 1 if zones else 1
    to_zone_cuts = cuts.coarser(zone_cuts)
    cells, squares = 0, 0.0
    bins, of_cuts, reliability = np.zeros(BINS), np.zeros(cuts.bins), np.zeros((RELIABILITY_BINS, 2))
    of_zones, zone_cells = np.zeros(count * zone_cuts.bins), np.zeros(count, np.int64)
    for window in seen.windows(feedback):
        values, area, valid = values_and_areas(seen, window, areas)
        cells += len(values)
        bins += np.bincount(bin_of(values, seen), area, BINS)
        of_cut = cuts.index(values)
        of_cuts += np.bincount(of_cut, area, cuts.bins)
        if seen.is_probability:
            values = np.clip(values, 0, 1)
            squares += float(area @ values.astype(np.float64) ** 2)
            tenth = np.minimum((values.astype(np.float32) * RELIABILITY_BINS).astype(np.int64), RELIABILITY_BINS - 1)
            reliability[:, 0] += np.bincount(tenth, area, RELIABILITY_BINS)
            reliability[:, 1] += np.bincount(tenth, area * values, RELIABILITY_BINS)
        if zones:
            zone = zones.read(window)[valid]
            of_zones += np.bincount(zone * zone_cuts.bins + to_zone_cuts[of_cut], area, len(of_zones))
            zone_cells += np.bincount(zone, minlength=count)
    return Survey(cells, bins, cuts, of_cuts, squares, reliability, zone_cuts, of_zones.reshape(count, zone_cuts.bins), zone_cells)


def values_and_areas(seen: Map, window: Window, areas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values of a window's valid cells and their areas, both (n,), and which cells these are, (rows, cols)."""
    values = seen.read(window)
    valid = np.isfinite(values)
    area = np.broadcast_to(areas[window.row : window.row + window.rows, None], values.shape)
    return values[valid], area[valid], valid


def bin_of(values: np.ndarray, seen: Map) -> np.ndarray:
    """Return the bin of each value among `BINS` equal ones, see `_ends`, (n,)."""
    low, high = _ends(seen)
    share = (values.astype(np.float64) - low) / (high - low)
    return np.clip((share * BINS).astype(np.int64), 0, BINS - 1)


def _ends(seen: Map) -> tuple[float, float]:
    """Return between what the bins lie: the map's least and greatest value, or 0 and 1 of susceptibility.

    So the classes of susceptibility are those that “Classify susceptibility” makes, unless it lies in so narrow a range that few of such
    bins would tell it.
    """
    return (0.0, 1.0) if seen.is_probability and seen.high - seen.low > _WIDE else (seen.low, seen.high)


@dataclass(frozen=True)
class Classes:
    """The classes that a map is divided into: their names and the breaks between them, from low to high."""

    names: list[str]
    breaks: list[float]

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the class of each value, numbered from 0; a break belongs to the class above it."""
        return np.searchsorted(np.asarray(self.breaks), values, side="right")


def own_codes(seen: Map, found: Survey) -> np.ndarray:
    """Return the codes of a map of classes that some cell has, rising, (n,)."""
    codes = np.arange(round(seen.low), round(seen.high) + 1)
    return codes[found.bins[bin_of(codes, seen)] > 0]


def classes_of(
    seen: Map, found: Survey, method: str, classes: int, breaks: Sequence[float], feedback: Feedback, codes: np.ndarray | None = None
) -> Classes:
    """Return the classes of a map: its own where it holds some, else by a method of `choices.CLASSIFICATIONS`.

    Where the map has fewer values than classes, each is a class; where the method leaves classes empty, they are natural breaks. Both
    are told: no other figure of the map needs classes.

    Parameters
    ----------
    breaks
        Manual breaks, in the map's own numbers.
    codes
        Of a map of classes, those that may be there; none: those that some cell has.

    Raises
    ------
    EngineError
        If manual breaks do not lie among its values.
    """
    if method == "manual":
        if breaks[-1] <= seen.low or breaks[0] > seen.high:
            raise EngineError(
                f"The breaks ({', '.join(f'{each:g}' for each in breaks)}) do not lie among the values of {seen.name}, which go from "
                f"{seen.low:.6g} to {seen.high:.6g}."
            )
        return Classes(class_names(len(breaks) + 1), list(breaks))
    if seen.is_of_classes:
        used = own_codes(seen, found) if codes is None else codes
        return Classes(list(seen.classes(used).values()), [float(low + high) / 2 for low, high in zip(used, used[1:])])
    values = np.count_nonzero(found.bins)
    if values < classes:
        feedback.warning(
            f"{seen.name} has only {values} different values (to a thousandth of their range), so that it is divided into {values} classes "
            f"instead of {classes}, one a value."
        )
        method, classes = "natural_breaks", values
    try:
        shares = find_breaks(found.bins, method, classes)
    except EngineError:
        feedback.warning(
            f"{seen.name} is divided by natural breaks: too many of its cells share a value for {classes} classes by "
            f"“{CLASSIFICATIONS[method]}”."
        )
        shares = find_breaks(found.bins, "natural_breaks", classes)
    low, high = _ends(seen)
    return Classes(class_names(classes), [low + (high - low) * share for share in shares])


def count_classes(
    seen: Map, classes: Classes, zones: ZoneRaster | None, feedback: Feedback, picture: Thumbnail | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return cells and square kilometres of each zone and class, both (zones + 1, classes); row 0 is outside of all zones.

    The numbers of the classes go into the picture, where there is one.
    """
    areas = cell_areas_km2(seen.grid)
    count, kinds = (len(zones.names) + 1 if zones else 1), len(classes.names)
    cells, area_of = np.zeros(count * kinds, np.int64), np.zeros(count * kinds)
    for window in seen.windows(feedback):
        values, area, valid = values_and_areas(seen, window, areas)
        number = classes.of(values)
        if picture:
            numbers = np.full(valid.shape, -1, np.int16)
            numbers[valid] = number
            picture.keep(window, numbers)
        if zones:
            number = zones.read(window)[valid] * kinds + number
        cells += np.bincount(number, minlength=count * kinds)
        area_of += np.bincount(number, area, count * kinds)
    return cells.reshape(count, kinds), area_of.reshape(count, kinds)
