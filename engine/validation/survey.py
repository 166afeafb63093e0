# SPDX-License-Identifier: GPL-2.0-or-later
"""What a map of any numbers holds, gone through by windows: memory does not depend on its size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window
from ..files.overlay import lay, part_under, quantity_raster, without_voids
from ..files.raster import Raster, open_raster, tally
from ..gdal import gdal
from ..mapping.breaks import find_breaks
from ..mapping.zonation import cell_areas_km2, class_names
from ..mapping.zones import ZoneRaster
from .landslides import Part
from .ranking import Cuts

# Breaks are found on a histogram of so many equal bins, as for susceptibility (`mapping.zonation`).
BINS = 1024
# A map of at most so many different whole numbers is one of classes.
_MOST_CLASSES = 20
# So far beyond 0 … 1 values are rounding.
_ROUNDING = 1e-6
# More sub-areas than this would need much memory, and nobody reads as many figures.
_MOST_ZONES = 1000
_MOST_ZONE_CUTS = 512
# Bars of the reliability diagram.
RELIABILITY_BINS = 10


@dataclass(frozen=True)
class Map:
    """A raster that ranks cells by susceptibility, whatever its numbers are.

    Parameters
    ----------
    raster
        It, without its voids.
    low, high
        Its least and greatest value.
    is_whole
        Whether its values are whole numbers.
    """

    raster: Raster
    low: float
    high: float
    is_whole: bool

    @property
    def grid(self) -> Grid:
        """Its cells."""
        return self.raster.grid

    @property
    def name(self) -> str:
        """Its name for sentences."""
        return self.raster.file

    @property
    def is_probability(self) -> bool:
        """Whether its values can be probabilities: they lie from 0 to 1 and are not 0 and 1 alone."""
        return self.low >= -_ROUNDING and self.high <= 1 + _ROUNDING and not self.is_whole

    @property
    def is_of_classes(self) -> bool:
        """Whether it holds classes: few whole numbers."""
        return self.is_whole and self.high - self.low < _MOST_CLASSES

    def told(self) -> str:
        """Return what its numbers are, in words."""
        kind = "susceptibility from 0 to 1" if self.is_probability else "classes" if self.is_of_classes else "an index"
        return f"{kind} ({self.low:.6g} to {self.high:.6g})"

    def read(self, window: Window) -> np.ndarray:
        """Return a window, float32 (rows, cols), NaN where it has no value."""
        return self.raster.read(window)

    def windows(self, feedback: Feedback) -> Iterator[Window]:
        """Yield windows that cover it, telling how far that is."""
        windows = list(self.grid.windows())
        for window in feedback.steps(windows, len(windows)):
            yield window
            if window.col + window.cols == self.grid.shape[1]:
                self.raster.dataset.FlushCache()


def open_map(source: str, band: int | None, parameter: str, feedback: Feedback) -> Map:
    """Open a map of any numbers; undeclared nodata is taken as missing, with a warning.

    Parameters
    ----------
    band
        Which of its bands it is; None: the only one.
    parameter
        The one that names the band, for the sentence that several need.

    Raises
    ------
    EngineError
        If it cannot be opened, has several bands and none is named, or holds no data or one value only.
    """
    return _looked_at(_opened(source, band, parameter), feedback)


def open_second(source: str, band: int | None, parameter: str, grid: Grid, path: Path, feedback: Feedback) -> Map:
    """Open a second map, laid over the grid of the first into a file at `path` where it has another grid."""
    raster = _opened(source, band, parameter)
    if raster.grid.matches(grid):
        return _looked_at(raster, feedback)
    part = part_under(raster, grid)
    if _is_whole(raster, part):
        raster = without_voids(raster, tally(raster, part), feedback)
        how = lay(raster, grid, path, ("mode", "near"), part)
        laid = open_raster(str(path))
    else:
        laid, how = quantity_raster(raster, grid, path, feedback)
    feedback.message(f"The second map is laid over the first one's grid: {how}.")
    found = _looked_at(laid, feedback)
    return replace(found, raster=replace(laid, source=replace(laid.source, name=raster.file)))


def _opened(source: str, band: int | None, parameter: str) -> Raster:
    named = Source.parse(source)
    named = replace(named, band=band) if band else named
    return open_raster(str(named), f"name it ({parameter})", "susceptibility map")


def _looked_at(raster: Raster, feedback: Feedback) -> Map:
    rows, cols = raster.grid.shape
    whole = Window(0, 0, rows, cols)
    found = tally(raster, whole)
    raster = without_voids(raster, found, feedback)
    found = found.without(raster.voids)
    if not np.isfinite([found.low, found.high]).all():
        raise EngineError(f"The susceptibility map {raster.file} holds no data.")
    if found.low == found.high:
        raise EngineError(f"The susceptibility map {raster.file} holds one value only ({found.low:.6g}); it tells no cell from another.")
    is_whole = found.high - found.low < _MOST_CLASSES and _is_whole(raster, whole)
    return Map(raster, float(np.float32(found.low)), float(np.float32(found.high)), is_whole)


def _is_whole(raster: Raster, part: Window) -> bool:
    """Tell whether a part of a raster holds whole numbers alone."""
    if raster.band.GetScale() in (None, 1.0) and gdal.GetDataTypeName(raster.band.DataType) not in ("Float32", "Float64"):
        return True
    for window in Grid("", (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), (part.rows, part.cols)).windows():
        values = raster.read(Window(part.row + window.row, part.col + window.col, window.rows, window.cols))
        values = values[np.isfinite(values)]
        if (values != np.rint(values)).any():
            return False
    return True


@dataclass(frozen=True)
class Survey:
    """How the area of a map is spread over its values, in square kilometres.

    Parameters
    ----------
    cells
        How many have a value.
    bins
        Area in equal bins from the least to the greatest value, (`BINS`,).
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
            tenth = np.minimum((values * RELIABILITY_BINS).astype(np.int64), RELIABILITY_BINS - 1)
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
    """Return the bin of each value among `BINS` equal ones from the map's least to its greatest value, (n,)."""
    share = (values.astype(np.float64) - seen.low) / (seen.high - seen.low)
    return np.clip((share * BINS).astype(np.int64), 0, BINS - 1)


@dataclass(frozen=True)
class Classes:
    """The classes that a map is divided into: their names and the breaks between them, from low to high."""

    names: list[str]
    breaks: list[float]

    def of(self, values: np.ndarray) -> np.ndarray:
        """Return the class of each value, numbered from 0; a break belongs to the class above it."""
        return np.searchsorted(np.asarray(self.breaks), values, side="right")


def classes_of(seen: Map, found: Survey, method: str, classes: int, breaks: Sequence[float]) -> Classes:
    """Return the classes of a map: its own where it holds some, else by a method of `choices.CLASSIFICATIONS`.

    Parameters
    ----------
    breaks
        Manual breaks, in the map's own numbers.

    Raises
    ------
    EngineError
        If the method finds none.
    """
    if method == "manual":
        if breaks[-1] <= seen.low or breaks[0] > seen.high:
            raise EngineError(
                f"The breaks ({', '.join(f'{each:g}' for each in breaks)}) do not lie among the values of {seen.name}, which go from "
                f"{seen.low:.6g} to {seen.high:.6g}."
            )
        return Classes(class_names(len(breaks) + 1), list(breaks))
    if seen.is_of_classes:
        own = np.arange(round(seen.low), round(seen.high) + 1)
        used = own[found.bins[bin_of(own, seen)] > 0]
        told = seen.raster.band.GetCategoryNames() or []
        names = [told[code].lower() if 0 <= code < len(told) and told[code] else f"{code}" for code in used]
        return Classes(names, [float(low + high) / 2 for low, high in zip(used, used[1:])])
    shares = find_breaks(found.bins, method, classes)
    return Classes(class_names(classes), [seen.low + (seen.high - seen.low) * share for share in shares])


def count_classes(seen: Map, classes: Classes, zones: ZoneRaster | None, feedback: Feedback) -> tuple[np.ndarray, np.ndarray]:
    """Return cells and square kilometres of each zone and class, both (zones + 1, classes); row 0 is outside of all zones."""
    areas = cell_areas_km2(seen.grid)
    count, kinds = (len(zones.names) + 1 if zones else 1), len(classes.names)
    cells, area_of = np.zeros(count * kinds, np.int64), np.zeros(count * kinds)
    for window in seen.windows(feedback):
        values, area, valid = values_and_areas(seen, window, areas)
        number = classes.of(values)
        if zones:
            number = zones.read(window)[valid] * kinds + number
        cells += np.bincount(number, minlength=count * kinds)
        area_of += np.bincount(number, area, count * kinds)
    return cells.reshape(count, kinds), area_of.reshape(count, kinds)
