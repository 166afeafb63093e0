# SPDX-License-Identifier: GPL-2.0-or-later
"""The elevation that terrain and hydrology are derived from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..declarations.covariates import DECLARATIONS, MAP_BANDS
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window
from ..files.overlay import is_empty, lay, part_under
from ..files.raster import Contents, Raster, open_raster, tally, told_voids, windows_of
from ..gdal import gdal
from ..reporting.numbers import percent

_STRIP_PX = 256
# No ground lies lower or higher, the deep sea included.
_LOWEST_M, _HIGHEST_M = -12_000.0, 9_000.0
# Below the lowest shore and above the deep sea: −9999 and −999 here are voids unless other cells are nearly as low.
_VOID_GAP_M = 400.0
# Lower numbers stand for no elevation far oftener than for ground, in whatever unit.
_NO_GROUND = -900
# Cells of one value whose neighbours are mostly higher than this are no coast; on low ground less will do, if many times the usual step.
_CLIFF_M, _LEAST_CLIFF_M, _USUAL_STEPS = 30.0, 5.0, 10.0
_FOOT, _US_FOOT = 0.3048, 1200 / 3937
# What drivers say where no unit was declared, as Idrisi's.
_NO_UNITS = {"unspecified", "unknown", "undefined", "none", "n/a", "-"}
# What units of elevation are called, and their metres.
_UNITS = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters", "mtrs"), 1.0),
    **dict.fromkeys(("ft", "foot", "feet", "international foot", "international feet"), _FOOT),
    **dict.fromkeys(("us-ft", "ftus", "us ft", "us_ft", "us survey foot", "us survey feet", "us foot", "survey foot", "sft"), _US_FOOT),
    **dict.fromkeys(("km", "kilometre", "kilometer", "kilometres", "kilometers"), 1000.0),
    **dict.fromkeys(("dm", "decimetre", "decimeter", "decimetres", "decimeters"), 0.1),
    **dict.fromkeys(("cm", "centimetre", "centimeter", "centimetres", "centimeters"), 0.01),
    **dict.fromkeys(("mm", "millimetre", "millimeter", "millimetres", "millimeters"), 0.001),
    **dict.fromkeys(("yd", "yard", "yards"), 0.9144),
}


# A stack of more cells than this is a slip of the hand: 40 GB a band.
_MOST_CELLS = 10**10
# Names of bands that Scarp writes, or that hold its covariates, and that are no elevations.
_NO_ELEVATIONS = {*MAP_BANDS, *(each.name for each in DECLARATIONS)} - {"altitude"}


@dataclass(frozen=True)
class Elevation:
    """Elevation in metres on the stack's grid.

    Parameters
    ----------
    raster
        On that grid.
    grid
        Of the stack.
    z_factor
        Metres in one unit of the raster.
    """

    raster: Raster
    grid: Grid
    z_factor: float

    @classmethod
    def open(cls, dem: str, cell_size: float | None, z_factor: float | None, path: Path, feedback: Feedback) -> Elevation:
        """Open a DEM, resampled to `path` if a cell size is given.

        Parameters
        ----------
        cell_size
            In units of the DEM's CRS; None or 0: its own.
        z_factor
            Metres in one unit of elevation; None: as the DEM declares.

        Raises
        ------
        EngineError
            If it is in degrees or distorted, has several bands or is a picture, its unit is not understood, it holds no data, also
            once resampled, or is the same everywhere.
        """
        raster = open_raster(dem, "choose the one with the elevations by DEM_BAND")
        name = raster.file
        if raster.is_picture:
            raise EngineError(
                f"The DEM {name} is a picture: its bands are colours from 0 to 255, not metres. Give the elevations themselves "
                "(in QGIS: Export > Save as > Raw data)."
            )
        if other := _told_otherwise(raster.band):
            raise EngineError(f"The DEM {name} holds {other}, not elevations; choose the raster that has these.")
        check_ground(raster.grid, f"The DEM {name}", "slopes and distances need metres")
        factor = z_factor if z_factor else _declared_unit(raster, feedback)
        raster = _without_voids(raster, factor, feedback)
        grid = raster.grid
        if cell_size and grid.cell_size != (cell_size, cell_size):
            grid = resized(grid, cell_size)
            west, south, east, north = raster.grid.bounds
            reach = f"The DEM {name} reaches over {east - west:.6g} × {north - south:.6g}, and"
            if grid.shape == (1, 1):
                raise EngineError(f"{reach} cells of {cell_size:g} × {cell_size:g} (CELL_SIZE) make it one cell; choose smaller ones.")
            how = lay(raster, grid, path, ("average", "bilinear"), part_under(raster, grid))
            raster = open_raster(str(path))
            if is_empty(raster):
                raise EngineError(
                    f"{reach} no cell of {cell_size:g} × {cell_size:g} (CELL_SIZE) has elevations at its centre; choose smaller cells."
                )
        else:
            how = f"{name}, its own grid"
        feedback.message(f"Elevation: {how}.")
        if grid.ground_scale[0] != (1.0, 1.0):
            across, down = grid.cell_size_m
            feedback.warning(
                f"The DEM {name} is in {grid.spatial_reference.GetName()}, whose metres are not those on the ground: its cells are "
                f"{across:.4g} × {down:.4g} m there, and count as such. Lengths are right; a projection made for the area is better."
            )
        return cls(raster, grid, factor)

    def read(self, window: Window, halo_px: int = 0) -> np.ndarray:
        """Return a window with a halo, float64 (rows + 2 halo, cols + 2 halo); NaN beyond the raster and where nodata."""
        values = self.raster.read(window, halo_px, np.float64)
        return values if self.z_factor == 1.0 else values * self.z_factor

    def whole(self) -> np.ndarray:
        """Return all of it, float32 (rows, cols)."""
        found = np.empty(self.grid.shape, np.float32)
        for window in self.grid.windows(_STRIP_PX, self.grid.shape[1]):
            found[window.row : window.row + window.rows] = self.read(window)
        return found


def check_ground(grid: Grid, subject: str, reason: str) -> None:
    """Raise EngineError if lengths on a grid are no lengths on the ground: in degrees, or with a scale that changes over it.

    Parameters
    ----------
    subject
        Whose grid it is, at the beginning of the sentence.
    reason
        What needs metres.
    """
    way = "warp it to a projected coordinate reference system, such as the area's UTM zone, first (gdal:warpreproject)."
    if not grid.is_projected:
        raise EngineError(f"{subject} is in degrees, and {reason}; {way}")
    (across, down), off = grid.ground_scale
    if off > 0.01:
        named = grid.spatial_reference.GetName()
        raise EngineError(
            f"{subject} is in {named}, whose metre is {across:.3g} × {down:.3g} m on the ground in the middle of it and up to "
            f"{percent(off, 1)} off elsewhere, and {reason}; {way}"
        )


def resized(grid: Grid, cell_size: float) -> Grid:
    """Return a grid over the same extent with square cells.

    Examples
    --------
    >>> resized(Grid("", (0.0, 20.0, 0.0, 700.0, 0.0, -35.0), (20, 10)), 50.0).shape
    (14, 4)
    """
    west, south, east, north = grid.bounds
    rows, cols = max(round((north - south) / cell_size), 1), max(round((east - west) / cell_size), 1)
    if rows * cols > _MOST_CELLS:
        raise EngineError(
            f"Cell size (CELL_SIZE) {cell_size:g} would make a stack of {rows:,} × {cols:,} cells, and at most {_MOST_CELLS:,} are "
            "allowed; choose a larger one."
        )
    return Grid(grid.crs, (west, cell_size, 0.0, north, 0.0, -cell_size), (rows, cols))


def _declared_unit(raster: Raster, feedback: Feedback) -> float:
    """Return the metres in the unit of elevation that the band or the vertical CRS declares."""
    unit = raster.band.GetUnitType().strip().lower()
    unit = "" if unit in _NO_UNITS else unit
    reference = raster.grid.spatial_reference
    if unit and unit not in _UNITS and unit.split()[0] in _UNITS:  # metres above sea level
        unit = unit.split()[0]
    if unit and unit not in _UNITS:
        raise EngineError(
            f"The DEM {raster.file} says that its elevations are in {unit!r}, which is no length that is known here; set the Z factor "
            "(Z_FACTOR) to the metres in one unit: 1 for metres, 0.3048 for feet."
        )
    if unit:
        factor = _UNITS[unit]
    elif reference.IsVertical():
        factor, unit = float(reference.GetTargetLinearUnits("VERT_CS")), "its vertical CRS's unit"
    elif abs(reference.GetLinearUnits() - 1) > 1e-9:
        raise EngineError(
            f"The DEM {raster.file} is in a coordinate reference system in {reference.GetLinearUnitsName()}, and does not say in what its "
            "elevations are; set the Z factor (Z_FACTOR): 0.3048 if they are in feet, 1 if in metres."
        )
    else:
        return 1.0
    if factor != 1.0:
        feedback.message(f"The DEM {raster.file} says that its elevations are in {unit}: multiplied by {factor:.8g} to metres.")
    return factor


def _without_voids(raster: Raster, factor: float, feedback: Feedback) -> Raster:
    """Return the DEM without undeclared voids, and warn of these, of pictures of relief, and of missing tiles."""
    rows, cols = raster.grid.shape
    whole = Window(0, 0, rows, cols)
    found = tally(raster, whole)
    if not found.cells:
        raise EngineError(f"The DEM {raster.file} holds no data.")
    voids = _voids(found, factor)
    rest = found.without(voids)
    ground = replace(raster, voids=voids)
    told = told_voids(found, voids)
    if rest.low * factor < _LOWEST_M or rest.high * factor > _HIGHEST_M:
        limits = (_LOWEST_M / factor, _HIGHEST_M / factor)
        ground = replace(ground, limits=limits)
        kept = tally_within(ground, whole)
        beyond = found.cells - sum((found.odd or {}).get(value, 0) for value in (*voids, np.inf)) - kept.cells
        if kept.cells <= beyond:
            raise EngineError(
                f"The DEM {raster.file} has elevations from {rest.low * factor:,.0f} to {rest.high * factor:,.0f} m, as no place on Earth; "
                "if they are in another unit, set the Z factor (Z_FACTOR): 0.01 for centimetres, 0.1 for decimetres."
            )
        told = " and ".join(filter(None, [told, f"elevations lower or higher than any on Earth on {beyond:,}"]))
        rest = kept
    if told:
        feedback.warning(
            f"The DEM {raster.file} holds {told} of {found.cells:,} cells, which looks like nodata that nobody declared: they are taken as "
            "missing. Declare it (gdal:translate, “Assign a specified NoData value”) if it is."
        )
    if not np.isfinite(rest.low):
        raise EngineError(f"The DEM {raster.file} holds no data.")
    if rest.low == rest.high:
        raise EngineError(f"The DEM {raster.file} is the same everywhere ({rest.low * factor:g} m); no terrain can be derived from it.")
    if raster.band.DataType == gdal.GDT_Byte and rest.high > 150 and rest.low >= 0:
        feedback.warning(
            f"The DEM {raster.file} holds whole numbers from {rest.low:g} to {rest.high:g} in bytes, as a hillshade or another picture of "
            "relief does; if it is one, give the elevations themselves."
        )
    if found.minus_ones and (lone := _cliffs(ground, factor, -1)):
        feedback.warning(
            f"The DEM {raster.file} is -1 on {lone:,} cells with cliffs around them, as where nodata was not declared: these cells count "
            "as ground below 0. Declare -1 as nodata (gdal:translate, “Assign a specified NoData value”) if it is."
        )
    zeros = _cliffs(ground, factor, 0) if rest.low <= 0 <= rest.high else 0
    if zeros:
        feedback.warning(
            f"The DEM {raster.file} is 0 on {zeros:,} cells with cliffs around them, as where a tile of a mosaic is missing: these cells "
            "count as ground at 0 m. If they are none, complete the mosaic or declare 0 as nodata (gdal:translate)."
        )
    return ground


def _told_otherwise(band: gdal.Band) -> str:
    """Return what a band says of itself where that is no elevation: classes by their names, or what Scarp named; empty if nothing."""
    names = [name for name in band.GetCategoryNames() or [] if name]
    if names:
        return f"classes ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
    told = band.GetDescription().lower()
    return told.replace("_", " ") if told in _NO_ELEVATIONS else ""


def _voids(found: Contents, factor: float) -> tuple[float, ...]:
    """Return which odd values are no elevations.

    Those beyond what Earth has, negative ones far below the ground, beside no other or ten times as low as the next, and such as lie
    farther above the ground than its ends are apart.
    """
    lowest, spread = found.low * factor, max(found.high - found.low, 1.0)

    def is_void(value: float) -> bool:
        beyond = not _LOWEST_M <= value * factor <= _HIGHEST_M
        alone = found.low >= 0 or (value < _NO_GROUND and value < 10 * found.low)
        below = value < 0 and (lowest - value * factor > _VOID_GAP_M or alone)
        return beyond or below or (found.low < found.high and value - found.high > spread)

    return tuple(value for value in found.odd or {} if np.isfinite(value) and is_void(value))


def tally_within(raster: Raster, part: Window) -> Contents:
    """Count the cells within a raster's limits."""
    found = Contents()
    for window in windows_of(part):
        values = raster.read(window, dtype=np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            found.cells += values.size
            found.low, found.high = min(found.low, float(values.min())), max(found.high, float(values.max()))
    return found


def _cliffs(raster: Raster, factor: float, level: int) -> int:
    """Return how many cells are exactly a value of the raster, if most of what borders them is much higher or lower, else 0."""
    if not any((raster.read(window) == level).any() for window in raster.grid.windows()):
        return 0
    count = steps = 0
    total, rises = 0.0, [np.empty(0)]
    for window in raster.grid.windows():
        values = raster.read(window, 1, np.float64) * factor
        count += int((values[1:-1, 1:-1] == level * factor).sum())
        for one, other in ((values[1:-1, 1:-1], values[1:-1, 2:]), (values[1:-1, 1:-1], values[2:, 1:-1])):
            rise = np.abs(one - other)
            there, beside = one == level * factor, other == level * factor
            edge = there != beside
            rises.append(rise[edge & np.isfinite(rise)])
            inland = rise[~edge & ~there & np.isfinite(rise)]
            steps, total = steps + inland.size, total + float(inland.sum())
    limit = min(_CLIFF_M, max(_LEAST_CLIFF_M, _USUAL_STEPS * total / max(steps, 1)))
    found = np.concatenate(rises)
    return count if np.count_nonzero(found > limit) > len(found) / 2 else 0
