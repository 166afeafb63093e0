# SPDX-License-Identifier: GPL-2.0-or-later
"""What a printed map shows: a class raster and its ground at the resolution of the paper, and the table of its classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError
from ..feedback import Feedback, counted
from ..files.grid import Grid
from ..files.opening import shortened
from ..files.overlay import coarsened, quantity_raster
from ..files.raster import open_raster
from ..files.tables import read_table, with_numbers
from .maps import Map, Thumbnail
from .zonation import CLASS_NUMBERS, cell_areas_km2, class_colours, density_rows

# Light of the usual hillshade: from the north-west, half way up.
_AZIMUTH_DEG, _ALTITUDE_DEG = 315.0, 45.0
# What a hillshade of bytes has on level ground: 255 times the sine of the altitude.
_LEVEL = float(np.sin(np.radians(_ALTITUDE_DEG)))
# The part of the light that a map is painted by: slopes in the shade must keep the colour of their class.
_RELIEF = 0.35


@dataclass(frozen=True)
class Picture:
    """A class raster as it is printed.

    Parameters
    ----------
    numbers
        (rows, cols) position of each cell's class among `names`, from 0; −1 where there is none.
    names, colours
        The classes from low to high; red, green and blue from 0 to 1, (classes, 3).
    rows
        What the table tells of each class: `class`, `cells`, `area_km2`, `share_percent` and, from a table, landslides.
    grid
        Cells of `numbers`.
    whole
        Those of the raster itself.
    """

    numbers: np.ndarray
    names: list[str]
    colours: np.ndarray
    rows: list[dict[str, Any]]
    grid: Grid
    whole: Grid

    def painted(self, shade: np.ndarray | None) -> np.ndarray:
        """Return the map as red, green and blue from 0 to 255, uint8 (rows, cols, 3); level ground has the colours of the legend.

        Parameters
        ----------
        shade
            How much light falls on each cell, (rows, cols), 1 on level ground and NaN where that is not known; None: no relief.
        """
        there = self.numbers >= 0
        painted = np.ones((*self.numbers.shape, 3), np.float32)
        painted[there] = self.colours[self.numbers[there]]
        if shade is not None:
            light = np.where(np.isfinite(shade), 1 - _RELIEF + _RELIEF * shade, 1.0)
            painted[~there] = np.where(np.isfinite(shade[~there]), 0.9, 1.0)[:, None]
            painted *= light[..., None]
        return np.rint(255 * np.clip(painted, 0, 1)).astype(np.uint8)


def read_picture(seen: Map, most_px: tuple[int, int], feedback: Feedback) -> Picture:
    """Read a class raster by windows: its cells are counted, and those in the middle of each pixel of the picture are kept.

    Parameters
    ----------
    most_px
        Most rows and columns of the picture.

    Raises
    ------
    EngineError
        If it holds no classes.
    """
    if not seen.is_of_classes:
        raise EngineError(
            f"The raster {seen.name} holds values from {seen.low:.6g} to {seen.high:.6g}, and classes are needed: a few whole numbers "
            "(scarp:classifysusceptibility makes them)."
        )
    grid = seen.grid
    picture = Thumbnail(grid, most_px)
    codes = np.arange(round(seen.low), round(seen.high) + 1)
    counts, areas, of_cell = np.zeros(len(codes), np.int64), np.zeros(len(codes)), cell_areas_km2(grid)
    for window in seen.windows(feedback):
        values = seen.read(window)
        there = np.isfinite(values)
        which = np.where(there, values - codes[0], -1).astype(np.int16)
        rows = np.repeat(of_cell[window.row : window.row + window.rows], window.cols)[there.ravel()]
        counts += np.bincount(which[there], minlength=len(codes))
        areas += np.bincount(which[there], rows, len(codes))
        picture.keep(window, which)
    names = list(seen.classes(codes).values())
    told = density_rows(names, [0.0] * (len(names) + 1), counts, areas)
    return Picture(picture.numbers, names, _colours(seen, codes), told, picture.grid, grid)


def _colours(seen: Map, codes: np.ndarray) -> np.ndarray:
    """Return the colours that the raster declares, else the usual ones from low to high; (classes, 3) from 0 to 1."""
    table = seen.raster.band.GetColorTable()
    if table is None or codes[0] < 0 or codes[-1] >= table.GetCount():
        return np.array(class_colours(len(codes))) / 255
    return np.array([table.GetColorEntry(int(code))[:3] for code in codes]) / 255


def read_shade(hillshade: str | None, dem: str | None, grid: Grid, folder: Path, feedback: Feedback) -> np.ndarray | None:
    """Return how much light falls on each cell of a grid, (rows, cols): 1 on level ground, NaN where that is not known.

    Parameters
    ----------
    hillshade
        A raster of light, from 0 to 255 or from 0 to 1.
    dem
        Elevations in metres that light is computed from, where there is no hillshade.

    Raises
    ------
    EngineError
        If it cannot be opened, does not reach the grid, holds no data there, or has values that no hillshade has.
    """
    if not hillshade and not dem:
        return None
    raster = open_raster(hillshade or dem or "", what="hillshade" if hillshade else "DEM")
    laid, _ = quantity_raster(coarsened(raster, grid, folder / "coarse.tif", feedback), grid, folder / "ground.tif", feedback)
    values = np.full(grid.shape, np.nan, np.float32)
    for window in grid.windows():
        values[window.row : window.row + window.rows, window.col : window.col + window.cols] = laid.read(window)
    if not hillshade:
        return shade(values, grid.cell_size_m) / _LEVEL
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low < 0 or high > 255:
        raise EngineError(
            f"The hillshade {raster.file} has values from {low:.6g} to {high:.6g}; a hillshade lies between 0 and 255. Give elevations "
            "as the DEM (DEM)."
        )
    return values / (255.0 if high > 1 else 1.0) / _LEVEL


def shade(elevation: np.ndarray, cell_size_m: tuple[float, float]) -> np.ndarray:
    """Return the cosine between each cell's normal and the light, 0 where it points away; NaN where the elevation is.

    Slopes follow Horn (1981), Hill shading and the reflectance map, Proceedings of the IEEE 69, 14–47.

    Parameters
    ----------
    elevation
        In metres, (rows, cols).
    cell_size_m
        Width and height of a cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.mapping.sheet import shade
    >>> shade(np.zeros((3, 3)), (10.0, 10.0)).astype(float).round(3)[1].tolist()
    [0.707, 0.707, 0.707]
    >>> shade(np.add.outer(np.arange(3) * 10.0, np.arange(3) * 10.0), (10.0, 10.0)).astype(float).round(3)[1, 1].item()
    0.986
    """
    width, height = cell_size_m
    wide = np.pad(np.asarray(elevation, np.float32), 1, mode="edge")
    left, middle, right = wide[:, :-2], wide[:, 1:-1], wide[:, 2:]
    east = right - left
    east = (east[:-2] + 2 * east[1:-1] + east[2:]) / (8 * width)
    across = left + 2 * middle + right
    south = (across[2:] - across[:-2]) / (8 * height)
    azimuth, altitude = np.radians(_AZIMUTH_DEG), np.radians(_ALTITUDE_DEG)
    # The normal is (−east, south, 1); the light (sine, cosine) of the azimuth, y to the north.
    light = np.cos(altitude) * (-east * np.sin(azimuth) + south * np.cos(azimuth)) + np.sin(altitude)
    return np.maximum(light / np.sqrt(1 + east**2 + south**2), 0)  # type: ignore[no-any-return]


def with_table(picture: Picture, table: str) -> Picture:
    """Return the picture with what a table of “Classify susceptibility” tells of its classes; see `with_rows` for errors."""
    return with_rows(picture, read_table(table), Path(table).name)


def with_rows(picture: Picture, told: Sequence[Mapping[str, Any]], name: str) -> Picture:
    """Return the picture with what rows of the table of this name tell of its classes.

    Raises
    ------
    EngineError
        If they are not of this map: other classes, or other numbers of cells.
    """
    wanted = "give the table that “Classify susceptibility” wrote with this map"
    rows_of = with_numbers(told, CLASS_NUMBERS, f"The table {name}", wanted)
    found: dict[str, Mapping[str, Any]] = {str(each.get("class", "")).lower(): each for each in rows_of}
    if set(found) != set(picture.names):
        raise EngineError(
            f"The table {name} has the classes {shortened(', '.join(found) or 'none')}, and the map {shortened(', '.join(picture.names))}; "
            f"{wanted}."
        )
    rows = []
    for row in picture.rows:
        held = {key: value for key, value in found[row["class"]].items() if key in CLASS_NUMBERS and value is not None}
        if "cells" in held and held["cells"] != row["cells"]:
            raise EngineError(
                f"The table {name} counts {counted(round(held['cells']), 'cell')} of the class {row['class']}, and the map "
                f"{row['cells']:,}; {wanted}."
            )
        rows.append({**held, **row})
    return replace(picture, rows=rows)
