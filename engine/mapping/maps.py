# SPDX-License-Identifier: GPL-2.0-or-later
"""Maps of any numbers that rise with susceptibility, whichever tool made them, and maps of classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window
from ..files.overlay import lay, part_under, quantity_raster, without_voids
from ..files.raster import Raster, as_text, counts_of, open_raster, tally
from ..gdal import gdal
from ..reporting.numbers import interval

# A map of at most so many different whole numbers is one of classes.
_MOST_CLASSES = 20
# A map with a value on more of its cells does not tell by nodata where it ends.
_NEARLY_ALL = 0.99
# So far beyond 0 … 1 values are rounding.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Map:
    """A raster that ranks cells by susceptibility, whatever its numbers are.

    Parameters
    ----------
    raster
        It, without its voids.
    low, high
        Its least and greatest value.
    is_of_classes
        Whether it holds classes: few whole numbers.
    """

    raster: Raster
    low: float
    high: float
    is_of_classes: bool

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
        return self.low >= -_ROUNDING and self.high <= 1 + _ROUNDING and not self.is_of_classes

    def classes(self, values: np.ndarray) -> dict[int, str]:
        """Return the names of its classes by their codes, of those among `values` (n,), from low to high."""
        named = self.raster.band.GetCategoryNames() or []
        codes = [round(float(each)) for each in np.unique(values)]
        return {code: as_text(named[code]).lower() if 0 <= code < len(named) and named[code] else f"{code}" for code in codes}

    def says(self, what: str) -> str:
        """Return what its own metadata say, such as the `model` that it comes from or its `landslide_type`; empty where they do not."""
        return as_text(self.raster.dataset.GetMetadataItem(what))

    def told(self) -> str:
        """Return what its numbers are, in words."""
        kind = "susceptibility from 0 to 1" if self.is_probability else "classes" if self.is_of_classes else "an index"
        ends = interval(self.low, self.high) if self.is_probability else f"{self.low:.6g} to {self.high:.6g}"
        return f"{kind} ({ends})"

    def read(self, window: Window) -> np.ndarray:
        """Return a window, (rows, cols) as `Raster.dtype` says, NaN where it has no value."""
        return self.raster.read(window, dtype=self.raster.dtype)

    def windows(self, feedback: Feedback) -> Iterator[Window]:
        """Yield windows that cover it, telling how far that is."""
        windows = list(self.grid.windows())
        for window in feedback.steps(windows, len(windows)):
            yield window
            if window.col + window.cols == self.grid.shape[1]:
                self.raster.dataset.FlushCache()


class Thumbnail:
    """A picture of a map that is read window by window: of each pixel the cell in its middle.

    Parameters
    ----------
    grid
        Of the map.
    most_px
        Most rows and columns of the picture.
    """

    def __init__(self, grid: Grid, most_px: tuple[int, int]) -> None:
        shape = [min(side, most) for side, most in zip(grid.shape, most_px)]
        self._taken = [((np.arange(few) + 0.5) * side / few).astype(np.int64) for few, side in zip(shape, grid.shape)]
        self.numbers = np.full(shape, -1, np.int16)
        self._whole = grid

    @property
    def grid(self) -> Grid:
        """Cells of the picture."""
        shape = self.numbers.shape
        width, height = (length * side / few for length, side, few in zip(self._whole.cell_size, self._whole.shape[::-1], shape[::-1]))
        west, _, _, north, _, _ = self._whole.transform
        return Grid(self._whole.crs, (west, width, 0.0, north, 0.0, -height), (shape[0], shape[1]))

    def keep(self, window: Window, numbers: np.ndarray) -> None:
        """Keep what lies in the middle of pixels: `numbers` of the cells of a window, (rows, cols); −1 for none."""
        starts, lengths = (window.row, window.col), (window.rows, window.cols)
        inside = [np.flatnonzero((each >= start) & (each < start + length)) for each, start, length in zip(self._taken, starts, lengths)]
        cells = [each[some] - start for each, some, start in zip(self._taken, inside, starts)]
        self.numbers[np.ix_(*inside)] = numbers[np.ix_(*cells)]


def open_map(source: str, band: int | None, parameter: str, feedback: Feedback, *, varied: bool = True) -> Map:
    """Open a map of any numbers; undeclared nodata is taken as missing, with a warning.

    Parameters
    ----------
    band
        Which of its bands it is; None: the only one.
    parameter
        The one that names the band, for the sentence that several need.
    varied
        Whether it has to tell cells from others.

    Raises
    ------
    EngineError
        If it cannot be opened, has several bands and none is named, or holds no data, or one value only where it has to vary.
    """
    return _looked_at(_opened(source, band, parameter), feedback, varied=varied)


def open_second(source: str, band: int | None, parameter: str, grid: Grid, path: Path, feedback: Feedback, *, varied: bool = True) -> Map:
    """Open a second map, laid over the grid of the first into a file at `path` where it has another grid; else as `open_map`."""
    raster = _opened(source, band, parameter)
    if raster.grid.matches(grid):
        return _looked_at(raster, feedback, varied=varied)
    part = part_under(raster, grid)
    if _is_whole(raster, part):
        raster = without_voids(raster, tally(raster, part), feedback)
        how = lay(raster, grid, path, ("mode", "near"), part)
        laid = open_raster(str(path))
    else:
        laid, how = quantity_raster(raster, grid, path, feedback)
    feedback.message(f"{raster.file} is laid over the grid of the map: {how}.")
    return _looked_at(replace(laid, source=replace(laid.source, name=raster.file)), feedback, varied=varied)


def class_map(source: str, grid: Grid, path: Path, feedback: Feedback) -> tuple[Map, dict[int, str]]:
    """Open a map of classes, laid over a grid into a file at `path` where it has another one; return it with its classes' names by code.

    Raises
    ------
    EngineError
        If it holds no classes.
    """
    found = open_second(source, None, "CLASSES", grid, path, feedback, varied=False)
    if not found.is_of_classes:
        raise EngineError(
            f"The raster {found.name} holds values from {found.low:.6g} to {found.high:.6g}, and classes are needed: a few whole numbers "
            "(scarp:classifysusceptibility makes them)."
        )
    codes: set[float] = set()
    for window in grid.windows():
        codes.update(counts_of(found.read(window))[0].tolist())
    return found, found.classes(np.array(sorted(codes)))


def _opened(source: str, band: int | None, parameter: str) -> Raster:
    named = Source.parse(source)
    named = replace(named, band=band) if band else named
    return open_raster(str(named), f"name it ({parameter})", "class raster" if parameter == "CLASSES" else "susceptibility map")


def _at(raster: Raster, row: int, col: int) -> float:
    return float(raster.read(Window(row, col, 1, 1), dtype=np.float64)[0, 0])


def _looked_at(raster: Raster, feedback: Feedback, *, varied: bool) -> Map:
    rows, cols = raster.grid.shape
    whole = Window(0, 0, rows, cols)
    found = tally(raster, whole)
    raster = without_voids(raster, found, feedback)
    found = found.without(raster.voids)
    if not np.isfinite([found.low, found.high]).all():
        raise EngineError(f"The raster {raster.file} holds no data.")
    if varied and found.low == found.high:
        raise EngineError(f"The susceptibility map {raster.file} holds one value only ({found.low:.6g}); it tells no cell from another.")
    corners = ((row, col) for row in (0, rows - 1) for col in (0, cols - 1))
    if found.zeros and found.cells > _NEARLY_ALL * rows * cols and any(_at(raster, *each) == 0 for each in corners):
        feedback.warning(
            f"The map {raster.file} has a value on nearly all cells, none of them below 0, and 0 stands on {found.zeros:,} of "
            f"{found.cells:,} cells, a corner among them, as outside a study area: it counts as the least susceptible. Declare it "
            "(gdal:translate, “Assign a specified NoData value”) if these cells have no value."
        )
    is_of_classes = found.high - found.low < _MOST_CLASSES and _is_whole(raster, whole)
    return Map(raster, float(raster.dtype(found.low)), float(raster.dtype(found.high)), is_of_classes)


def _is_whole(raster: Raster, part: Window) -> bool:
    """Tell whether a part of a raster holds whole numbers alone."""
    if raster.band.GetScale() in (None, 1.0) and gdal.GetDataTypeName(raster.band.DataType) not in ("Float32", "Float64"):
        return True
    for window in Grid("", (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), (part.rows, part.cols)).windows():
        values = raster.read(Window(part.row + window.row, part.col + window.col, window.rows, window.cols), dtype=raster.dtype)
        values = values[np.isfinite(values)]
        if (values != np.rint(values)).any():
            return False
    return True
