# SPDX-License-Identifier: GPL-2.0-or-later
"""The building of a covariate stack: covariates and what reads them, window by window, and the loop that writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from threading import Lock

import numpy as np

from ...models.covariate import Covariate
from ..declarations.covariates import BY_NAME
from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback, Later, counted
from ..files.grid import Grid, Window
from ..files.overlay import area_raster, is_raster, quantity_raster
from ..files.raster import Raster, as_text, file_name, open_raster, open_rasters
from ..files.stack import StackWriter
from ..reporting.numbers import percent
from ..threads import begun, cores, in_order
from .categories import Classes, lay_class_raster, lay_classes
from .distance import distance_to_features
from .elevation import Elevation, check_ground, resized
from .of_dem import Ground

# A layer that alone takes more than this share of the DEM's cells away deserves a warning.
_COST_SHARE = 0.05
Reader = Callable[[Window], np.ndarray]


@dataclass(frozen=True)
class _Computed:
    """The bands of a window, and what they hold: cells of the area, cells with all covariates, and of each band how many it lacks."""

    bands: list[np.ndarray]
    inside: int
    valid: int
    missing: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Build:
    """Collects covariates and what reads them, window by window, then writes them.

    Parameters
    ----------
    feedback
        What is told, and the progress up to 40 %.
    folder
        Where temporary rasters go.
    grid
        Of the stack.
    elevation
        On that grid; None where there is no DEM.
    """

    def __init__(self, feedback: Feedback, folder: Path, grid: Grid, elevation: Elevation | None = None) -> None:
        self._feedback, self._folder, self.grid, self._elevation = feedback, folder, grid, elevation
        self._numbers = count(1)
        self._laid: list[Covariate] = []
        # Each reads what some covariates need of a window, and returns what computes their bands, in their order.
        self._readers: list[Callable[[Window], Callable[[], list[np.ndarray]]]] = []
        self._mask: Reader | None = None
        self._reading = Lock()  # a GDAL dataset serves one thread at a time
        self._of_dem: Ground | None = None
        # The flow is followed beside the layers, which are GDAL's work; what it tells is told at its end.
        self._flow: Future[None] | None = None
        self._of_flow = Later()

    @property
    def covariates(self) -> list[Covariate]:
        """All that were added: those of the DEM first, then in the order in which they came."""
        return [*(self._of_dem.covariates if self._of_dem else ()), *self._laid]

    def __enter__(self) -> Build:
        return self

    def __exit__(self, *_: object) -> None:
        if self._flow:
            self._flow.exception()  # it keeps files in the folder, which may go now

    @classmethod
    def of_dem(cls, dem: str, cell_size: float | None, z_factor: float | None, folder: Path, feedback: Feedback) -> Build:
        """Begin a stack on the grid of a DEM; see `Elevation.open`."""
        elevation = Elevation.open(dem, cell_size, z_factor, folder / "elevation.tif", feedback)
        return cls(feedback, folder, elevation.grid, elevation)

    @classmethod
    def of_template(cls, template: str, cell_size: float | None, folder: Path, feedback: Feedback) -> Build:
        """Begin a stack without a DEM on the grid of another raster, or on square cells over its extent."""
        raster = open_rasters(template)[0]
        grid = resized(raster.grid, cell_size) if cell_size else raster.grid
        feedback.message(f"No DEM: the stack has the grid of {file_name(raster.source)}, and no covariates of the terrain.")
        return cls(feedback, folder, grid)

    def path(self) -> Path:
        """Return a new temporary path."""
        return self._folder / f"{next(self._numbers)}.tif"

    def add_ground(self, names: list[str], method: str, flow_method: str, window_m: float, drainage_area_km2: float) -> None:
        """Add covariates of the DEM, where there is one; a thread of its own follows the flow while layers are laid."""
        if self._elevation is None:
            return
        self._feedback.status("Computing covariates from the elevation")
        self._of_dem = Ground(self._elevation, names, method, flow_method, window_m, drainage_area_km2, self._folder)
        self._readers.append(self._of_dem.read)
        self._feedback.message(f"From the elevation: {', '.join(names) or 'nothing'}.")
        if follow := self._of_dem.flow():
            self._flow = begun(lambda: follow(self._of_flow))

    def add_distance(self, name: str, source: str, *, declared: bool = True) -> None:
        """Add the distance to the features of a layer."""
        check_ground(self.grid, "The stack", "distances need metres")
        self._feedback.status(f"Laying {name} over the grid")
        path, how = distance_to_features(source, self.grid, self.path())
        self._add(name, open_raster(path).read, how, unit="m", declared=declared)

    def add_classes(self, name: str, source: str, field: str | None, unknown: str) -> None:
        """Add the classes of polygons or of a raster as a declared covariate."""
        self._feedback.status(f"Laying {name} over the grid")
        self._add_classes(name, lay_classes(source, field, self.grid, self.path(), unknown, self._feedback), declared=True)

    def add_ndvi(self, red: str, nir: str) -> None:
        """Add the normalised difference vegetation index of two bands."""
        bands = [open_raster(band, f"choose one by {parameter}_BAND") for parameter, band in (("RED", red), ("NIR", nir))]
        (low, low_how), (high, high_how) = (quantity_raster(band, self.grid, self.path(), self._feedback) for band in bands)
        if (bands[0].source.path, bands[0].number) == (bands[1].source.path, bands[1].number):
            raise EngineError(f"The red and the near-infrared band are the same, {bands[0].file}; NDVI needs two.")

        def ndvi(window: Window) -> np.ndarray:
            r, n = low.read(window), high.read(window)
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.where((r >= 0) & (n >= 0), (n - r) / (n + r), np.float32(np.nan))  # two zeros have none either

        self._add("ndvi", ndvi, f"red {low_how}; near infrared {high_how}", declared=True)

    def add_extras(self, continuous: Sequence[str], categorical: Sequence[str], distances: Sequence[str], unknown: str) -> None:
        """Add further rasters, each band a covariate, and distances; named after their layers, whatever their order."""
        rasters = [
            (raster, kind)
            for kind, sources in (("quantity", continuous), ("classes", categorical))
            for each in sources
            for raster in open_rasters(each)
        ]
        candidates = [_names_of(raster) for raster, _ in rasters]
        candidates += [tuple(f"distance_to_{name}" for name in _names_of_layer(Source.parse(source))) for source in distances]
        names = distinct(candidates, {each.name for each in self.covariates})
        for name, (raster, kind) in zip(names, rasters):
            self._feedback.status(f"Laying {name} over the grid")
            if kind == "classes":
                self._add_classes(name, lay_class_raster(raster, self.grid, self.path(), unknown, self._feedback), declared=False)
            else:
                laid, how = quantity_raster(raster, self.grid, self.path(), self._feedback)
                self._add(name, laid.read, how, unit=as_text(raster.band.GetUnitType()))
        for name, source in zip(names[len(rasters) :], distances):
            self.add_distance(name, source, declared=False)

    def bound(self, area: str) -> None:
        """Keep only the cells inside the polygons of a layer.

        Raises
        ------
        EngineError
            If there are none, or none with elevation.
        """
        self._mask = open_raster(area_raster(area, self.grid, self.path(), self._feedback)).read
        if not any(self._ground(window).any() for window in self.grid.windows()):
            raise EngineError(
                f"The DEM holds no data in the study area {Source.parse(area).label}; check the coordinate reference systems of both, or "
                "leave the area out."
            )

    def write(self, path: Path, feedback: Feedback) -> None:
        """Write every covariate, masked where one is missing, and tell what each layer cost.

        Raises
        ------
        EngineError
            If there is no covariate, or no cell has a value in all.
        """
        if not self.covariates:
            raise EngineError("No covariate was chosen: give a DEM, or ready rasters as further continuous or categorical rasters.")
        if self._flow:
            self._feedback.status("Following the flow")
            self._flow.result()
            self._of_flow.tell(self._feedback)
        windows, covariates = list(self.grid.windows()), self.covariates
        inside = valid = 0
        missing = np.zeros(len(covariates), np.int64)
        low, high = np.full(len(covariates), np.inf), np.full(len(covariates), -np.inf)
        with StackWriter(str(path), self.grid, covariates) as writer, ThreadPoolExecutor(cores()) as threads:
            # A few more than can be computed at once: those that wait bridge the moments when the disk takes longer.
            computed = in_order(lambda window: threads.submit(self._compute, window), windows, cores() + 2)
            for window, found in feedback.steps(computed, len(windows), "Writing window"):
                for covariate, band in zip(covariates, found.bands):
                    writer.write(covariate.name, window, band)
                writer.flush()
                inside, valid, missing = inside + found.inside, valid + found.valid, missing + found.missing
                low, high = np.minimum(low, found.low), np.maximum(high, found.high)
        for covariate, cells in zip(covariates, missing):
            if cells:
                tell = feedback.warning if cells > _COST_SHARE * inside else feedback.message
                tell(f"{covariate.name} is missing on {cells:,} of {inside:,} cells ({percent(cells / inside, 1)}), which become nodata.")
        feedback.message(f"{counted(len(covariates), 'covariate')}, {valid:,} valid cells of {inside:,} in the area.")
        if not valid:
            raise EngineError(
                f"No cell has a value in every covariate: the layers do not overlap{' where the DEM is valid' if self._elevation else ''}."
            )
        for covariate, least, most in zip(covariates, low, high):
            if least == most:
                value = covariate.classes.get(int(least), f"{least:g}")
                feedback.warning(
                    f"{covariate.name} is the same on all valid cells ({value}), so that nothing can be learnt from it; leave it out."
                )

    def _compute(self, window: Window) -> _Computed:
        """Return the bands of a window, masked where one is missing; several threads may call it, and take turns at reading."""
        with self._reading:
            ground, parts = self._ground(window), [read(window) for read in self._readers]
        bands = [band for compute in parts for band in compute()]
        have = [np.isfinite(band) for band in bands]
        common = np.logical_and.reduce([ground, *have])
        valid = int(np.count_nonzero(common))
        if valid < common.size:
            for band in bands:
                np.copyto(band, np.nan, where=~common)
        inside = int(np.count_nonzero(ground))
        missing = np.array([0 if valid == inside else np.count_nonzero(ground & ~each) for each in have])
        low = np.array([np.nanmin(band) if valid else np.inf for band in bands])
        high = np.array([np.nanmax(band) if valid else -np.inf for band in bands])
        return _Computed(bands, inside, valid, missing, low, high)

    def _ground(self, window: Window) -> np.ndarray:
        """Return which cells of a window belong to the area, bool (rows, cols): those with elevation, inside the bounds."""
        shape = window.rows, window.cols
        ground = np.ones(shape, bool) if self._elevation is None else np.isfinite(self._elevation.read(window))
        if self._mask is not None:
            ground &= np.isfinite(self._mask(window))
        return ground

    def _add_classes(self, name: str, classes: Classes, *, declared: bool) -> None:
        self._add(name, classes.read, classes.how, kind="categorical", classes=classes.names, codes=classes.codes, declared=declared)

    def _add(
        self,
        name: str,
        read: Reader,
        how: str,
        *,
        kind: str = "continuous",
        unit: str = "",
        classes: Mapping[int, str] | None = None,
        codes: Mapping[int, int] | None = None,
        declared: bool = False,
    ) -> None:
        """Add one covariate; one that is `declared` under its name has the kind, unit and group of its declaration."""
        group = "extra"
        if declared:
            kind, unit, group = BY_NAME[name].kind, BY_NAME[name].unit, BY_NAME[name].group
        self._laid.append(Covariate(name, kind, unit, group, how, classes or {}, codes or {}))
        self._readers.append(lambda window: partial(list, [read(window)]))
        self._feedback.message(f"{name}: {how}.")
        self._feedback.progress(min(10 + 2 * len(self._laid), 38))


def first_raster(sources: Sequence[str | None]) -> str:
    """Return the first of some layers that is a raster.

    Raises
    ------
    EngineError
        If none is.
    """
    found = next((source for source in sources if source and is_raster(source)), None)
    if found is None:
        raise EngineError("Without a DEM a raster must give the stack its grid: give one of the layers as a raster, or a TEMPLATE.")
    return found


def banded(source: str, band: int | None) -> str:
    """Return a source with a band chosen, if one was.

    Examples
    --------
    >>> banded("/data/s2.tif", 4), banded("/data/red.tif", None)
    ('/data/s2.tif|band=4', '/data/red.tif')
    """
    return str(replace(Source.parse(source), band=band)) if band else source


def distinct(candidates: Sequence[tuple[str, ...]], taken: set[str]) -> list[str]:
    """Return a name for each of some layers, no two the same, whatever their order.

    Parameters
    ----------
    candidates
        Of each layer its names, the shortest first; those that follow are longer and tell more, and the last is told by no other layer.
    taken
        Names that others have already.

    Examples
    --------
    >>> distinct([("rain", "june_rain", "/june/rain"), ("rain", "july_rain", "/july/rain"), ("soil", "june_soil", "/june/soil")], set())
    ['june_rain', 'july_rain', 'soil']
    """
    found = [""] * len(candidates)
    waiting = list(range(len(candidates)))
    for level in range(max(map(len, candidates), default=1) - 1):
        named = {number: candidates[number][level] for number in waiting}
        alone = [n for n, name in named.items() if list(named.values()).count(name) == 1 and name not in taken]
        for number in alone:
            found[number] = named[number]
        taken = taken | {named[number] for number in alone}
        waiting = [number for number in waiting if number not in alone]
    for number in sorted(waiting, key=lambda n: candidates[n][-1]):
        numbered = (f"{candidates[number][0]}_{further}" for further in count(2))
        found[number] = next(name for name in numbered if name not in taken)
        taken = taken | {found[number]}
    return found


def _names_of(raster: Raster) -> tuple[str, ...]:
    """Return the names of a raster's band, for `distinct`: of the layer where it has one band, else of the band."""
    names = _names_of_layer(raster.source)
    if len(open_rasters(str(raster.source))) == 1 and not raster.source.band:
        return names
    own = as_text(raster.band.GetDescription())
    return tuple(filter(None, (own, *(f"{name}_{own or raster.number}" for name in names))))


def _names_of_layer(source: Source) -> tuple[str, ...]:
    parent = Path(source.path).parent
    if Path(source.path).suffix.lower() == ".adf":
        parent = parent.parent
    return source.label, f"{parent.name}_{source.label}", f"{source.path}|{source.layername}"
