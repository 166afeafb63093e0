# SPDX-License-Identifier: GPL-2.0-or-later
"""Exact Euclidean distance to the cells of a mask, strip by strip, so that memory does not grow with the raster's height."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np

from ...models.compiled import compiled
from ..declarations.source import Source
from ..errors import EngineError
from ..files.grid import Grid, Window
from ..files.overlay import told_crs
from ..files.raster import file_name
from ..files.shapes import Tally
from ..files.vectors import laid_over, open_layer
from ..gdal import gdal

# Features outside the grid count up to this share of the grid's size beyond its edge.
_MARGIN_SHARE = 0.25
_STRIP_PX = 512
# More rows than any raster has: no cell of the mask in this column. Adding a strip to it still fits 32 bits.
_FAR = 2**30


def distance_to_features(source: str, grid: Grid, path: Path) -> tuple[str, str]:
    """Write the distance in metres from each cell centre to the centre of the nearest cell that a feature touches.

    Features up to a quarter of the grid's size outside it count as well.

    Returns
    -------
    The raster's path, and how the layer was laid over the grid.

    Raises
    ------
    EngineError
        If no feature lies there.
    """
    dataset, layer = open_layer(source)
    wide, (top, left) = _widened(grid)
    mask = wide.create(str(path.with_suffix(".mask.tif")), 1, gdal.GDT_Byte)
    tally = Tally()
    near = laid_over(layer, wide, wide.bounds, lambda _: 1, tally)
    gdal.RasterizeLayer(mask, [1], near.GetLayer(0), burn_values=[1], options=["ALL_TOUCHED=TRUE"])
    rows, cols = grid.shape
    if not distance_raster(mask, grid, path, Window(top, left, rows, cols)):
        raise EngineError(
            f"The layer {Source.parse(source).label} has no features in the area or near it, so no distance can be computed; leave it out."
        )
    how = f"{file_name(source)}, {tally}{told_crs(layer.GetSpatialRef(), grid)}"
    del dataset
    return str(path), how


def distance_raster(mask: gdal.Dataset, grid: Grid, path: Path, inner: Window) -> bool:
    """Write the distance in metres from each cell of `grid` to the nearest cell that is 1 in `mask`; return whether there is any.

    Parameters
    ----------
    mask
        Bytes, on the cells of `grid` or on more cells around it.
    inner
        Where `grid` lies in `mask`.
    """
    rows, cols = mask.RasterYSize, mask.RasterXSize
    out = grid.create(str(path), 1, gdal.GDT_Float32, float("nan"), compressed=False)
    there = distances(
        lambda row, count: mask.ReadAsArray(0, row, cols, count),
        (rows, cols),
        inner,
        grid.cell_size_m,
        lambda row, metres: out.GetRasterBand(1).WriteArray(metres, 0, row),
    )
    out.FlushCache()
    return there


def distances(
    read: Callable[[int, int], np.ndarray],
    shape: tuple[int, int],
    inner: Window,
    cell_size_m: tuple[float, float],
    write: Callable[[int, np.ndarray], object],
) -> bool:
    """Compute the distance in metres from each cell of a window to the nearest cell of a mask; return whether there is any.

    The squared distance is the least of (Δx)² + g(x)² over the columns x, where g is the distance along a column; two passes over the
    columns give g, and the lower envelope of the parabolas gives the minimum over a row (Felzenszwalb and Huttenlocher 2012,
    sections 2.1 and 3; Meijster et al. 2000). The passes along columns hand over one row from strip to strip.

    Parameters
    ----------
    read
        Takes a row and how many rows, and returns those of the mask, (some, cols), not 0 on its cells.
    shape
        Of the mask.
    inner
        The window, in the mask.
    cell_size_m
        Width and height of a cell.
    write
        Takes a row, counted from the first of the window, and distances from there on, float32 (some, cols of the window).
    """
    strips = [(row, min(_STRIP_PX, shape[0] - row)) for row in range(0, shape[0], _STRIP_PX)]
    above = np.full(shape[1], _FAR, np.int32)
    carried = []
    for strip in strips:
        carried.append(above.copy())
        _pass_down(read(*strip), above)
    if above.min() >= _FAR:
        return False
    below = np.full(shape[1], _FAR, np.int32)
    for (row, count), from_above in zip(reversed(strips), reversed(carried)):
        steps = _along_columns(read(row, count), from_above, below)
        first, last = max(inner.row, row), min(inner.row + inner.rows, row + count)
        if first < last:
            metres = np.empty((last - first, inner.cols), np.float32)
            _along_rows(steps[first - row : last - row], inner.col, *cell_size_m, metres)
            write(first - inner.row, metres)
    return True


def _widened(grid: Grid) -> tuple[Grid, tuple[int, int]]:
    rows, cols = grid.shape
    top, left = int(rows * _MARGIN_SHARE), int(cols * _MARGIN_SHARE)
    west, width, _, north, _, height = grid.transform
    transform = (west - left * width, width, 0.0, north - top * height, 0.0, height)
    return Grid(grid.crs, transform, (rows + 2 * top, cols + 2 * left)), (top, left)


@compiled()
def _pass_down(touched: np.ndarray, above: np.ndarray) -> None:
    """Carry the number of rows since the last touched cell of each column through a strip."""
    for row in range(touched.shape[0]):
        for col in range(touched.shape[1]):
            above[col] = 0 if touched[row, col] else min(above[col] + 1, _FAR)


@compiled()
def _along_columns(touched: np.ndarray, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Return the rows to the nearest touched cell of each column, (rows, cols); carry `below` on to the strip above."""
    rows, cols = touched.shape
    steps = np.empty((rows, cols), np.int32)
    for row in range(rows):
        for col in range(cols):
            above[col] = 0 if touched[row, col] else min(above[col] + 1, _FAR)
            steps[row, col] = above[col]
    for row in range(rows - 1, -1, -1):
        for col in range(cols):
            below[col] = 0 if touched[row, col] else min(below[col] + 1, _FAR)
            steps[row, col] = min(steps[row, col], below[col])
    return steps


@compiled(parallel=True)
def _along_rows(steps: np.ndarray, left: int, width: float, height: float, out: np.ndarray) -> None:
    """Write the distance of the cells of each row from column `left` on, given the rows to the nearest touched cell of each column."""
    cols = steps.shape[1]
    for row in numba.prange(out.shape[0]):
        column = np.empty(cols, np.int32)  # of the parabolas in the lower envelope
        start = np.empty(cols, np.float64)  # and where each begins to be the lowest, in columns
        last = -1
        for col in range(cols):
            if steps[row, col] >= _FAR:
                continue
            begins = -np.inf
            while last >= 0:
                other = column[last]
                rise = (steps[row, col] * height) ** 2 - (steps[row, other] * height) ** 2
                begins = 0.5 * (rise / (width * width * (col - other)) + col + other)
                if begins > start[last]:
                    break
                last -= 1
            if last < 0:
                begins = -np.inf
            last += 1
            column[last], start[last] = col, begins
        at = 0
        for index in range(out.shape[1]):
            col = index + left
            while at < last and start[at + 1] < col:
                at += 1
            other = column[at]
            out[row, index] = np.hypot((col - other) * width, steps[row, other] * height)
