# SPDX-License-Identifier: GPL-2.0-or-later
"""Covariates of the ground around each cell: of the 3×3 cells, and of a disc.

A neighbour that is missing (beyond the raster or nodata) is extrapolated linearly from the cells that are there, so that cells at
the edge keep their values, as with GDAL's `-compute_edges`, and a plane stays a plane up to its edge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...models.compiled import compiled
from .disc import CHUNK_PX, add_spans, disc_mean, disc_range, halo_px

FLAT_ASPECT = -1.0
# What `_local` computes, in this order: a further one is named here and at the head of `_local`, and declared in
# `declarations/covariates.py`. `gradient` (the slope's tangent) serves the covariates of flow.
_LOCAL = (
    "altitude",
    "gradient",
    "slope",
    "aspect",
    "northness",
    "eastness",
    "plan_curvature",
    "profile_curvature",
    "general_curvature",
    "ruggedness",
    "roughness",
)
OF_DISC = frozenset({"topographic_position", "local_relief", "vector_ruggedness"})
TERRAIN = (*_LOCAL, *sorted(OF_DISC))


def halo_of(names: Sequence[str], spans: np.ndarray) -> int:
    """Return how many cells around a window these covariates need; `spans` is the disc (`disc.half_widths`).

    Examples
    --------
    >>> spans = np.array([1, 2, 1])
    >>> halo_of(["slope"], spans), halo_of(["slope", "local_relief"], spans), halo_of(["vector_ruggedness"], spans)
    (1, 2, 3)
    """
    if "vector_ruggedness" in names:
        return halo_px(spans) + 1
    return max(halo_px(spans), 1) if set(names) & OF_DISC else 1


def derive(
    elevation: np.ndarray, names: Sequence[str], cell_size_m: tuple[float, float], method: str, spans: np.ndarray
) -> dict[str, np.ndarray]:
    """Return covariates of a window, each float32 (rows, cols), NaN where the elevation is.

    Parameters
    ----------
    elevation
        In metres, float64, with a halo of `halo_of(names, spans)` cells, NaN where missing.
    names
        Of `TERRAIN`.
    cell_size_m
        Width and height of a cell in metres.
    method
        `horn` (Horn 1981) or `zevenbergen_thorne` (1987) for the first derivatives that slope, aspect and all that follows from
        them use. Curvatures are always Zevenbergen and Thorne's, with full second derivatives.
    spans
        The disc, as `disc.half_widths` gives it.

    Examples
    --------
    The middle cell of a plane that rises by 6 m a cell of 20 m to the east faces west:

    >>> plane = 500.0 + 6.0 * np.arange(3.0) * np.ones((3, 1))
    >>> found = derive(plane, ["slope", "aspect"], (20.0, 35.0), "horn", np.array([0, 1, 0]))
    >>> found["slope"].round(2), found["aspect"]
    (array([[16.7]], dtype=float32), array([[270.]], dtype=float32))
    """
    halo = halo_of(names, spans)
    rows, cols = elevation.shape[0] - 2 * halo, elevation.shape[1] - 2 * halo
    local = [name for name in _LOCAL if name in names]
    values = np.empty((len(local), rows, cols), np.float32)
    slots = tuple(local.index(name) if name in local else -1 for name in _LOCAL)
    _local(elevation[halo - 1 : halo + rows + 1, halo - 1 : halo + cols + 1], *cell_size_m, method == "horn", slots, values)
    found = dict(zip(local, values))
    if {"topographic_position", "local_relief"} & set(names):
        beyond = halo - halo_px(spans)
        around = np.ascontiguousarray(elevation[beyond : elevation.shape[0] - beyond, beyond : elevation.shape[1] - beyond])
        centre = elevation[halo : halo + rows, halo : halo + cols]
        if "topographic_position" in names:
            found["topographic_position"] = (centre - disc_mean(around, spans)).astype(np.float32)
        if "local_relief" in names:
            found["local_relief"] = np.where(np.isnan(centre), np.float32(np.nan), disc_range(around, spans))
    if "vector_ruggedness" in names:
        found["vector_ruggedness"] = np.empty((rows, cols), np.float32)
        _vector_ruggedness(elevation, *cell_size_m, method == "horn", spans, halo, found["vector_ruggedness"])
    return found


@compiled()
def _around(z: np.ndarray, row: int, col: int) -> tuple[float, float, float, float, float, float, float, float]:
    """Return the neighbours north, south, east, west, north-east, north-west, south-east and south-west, extrapolated if missing."""
    north, south, east, west = z[row - 1, col], z[row + 1, col], z[row, col + 1], z[row, col - 1]
    north_east, north_west, south_east, south_west = z[row - 1, col + 1], z[row - 1, col - 1], z[row + 1, col + 1], z[row + 1, col - 1]
    if np.isnan(north + south + east + west + north_east + north_west + south_east + south_west):
        centre = z[row, col]
        north, south = _pair(north, south, centre, centre, centre)
        east, west = _pair(east, west, centre, centre, centre)
        north_east, south_west = _pair(north_east, south_west, centre, north + east - centre, south + west - centre)
        north_west, south_east = _pair(north_west, south_east, centre, north + west - centre, south + east - centre)
    return north, south, east, west, north_east, north_west, south_east, south_west


@compiled()
def _pair(one: float, other: float, centre: float, no_one: float, no_other: float) -> tuple[float, float]:
    """Complete two opposite neighbours: by a line through the other and the centre, or by what is given if both are missing."""
    if np.isnan(one):
        return (no_one, no_other) if np.isnan(other) else (2 * centre - other, other)
    return (one, 2 * centre - one) if np.isnan(other) else (one, other)


@compiled()
def _first(around: tuple[float, ...], width: float, height: float, horn: bool) -> tuple[float, float]:
    """Return the first derivatives along easting and northing."""
    north, south, east, west, north_east, north_west, south_east, south_west = around
    if horn:
        return (
            ((north_east + 2 * east + south_east) - (north_west + 2 * west + south_west)) / (8 * width),
            ((north_west + 2 * north + north_east) - (south_west + 2 * south + south_east)) / (8 * height),
        )
    return (east - west) / (2 * width), (north - south) / (2 * height)


@compiled()
def _local(  # noqa: PLR0912 (one branch a covariate)
    z: np.ndarray, width: float, height: float, horn: bool, slots: tuple[int, ...], out: np.ndarray
) -> None:
    """Write the covariates of `_LOCAL` whose slot in `out` (covariates, rows, cols) is not negative.

    Zevenbergen and Thorne (1987) for the curvatures, Riley et al. (1999) for ruggedness, Wilson et al. (2007) for roughness.
    """
    altitude, slope_tangent, slope, aspect, northness, eastness, plan, profile, general, ruggedness, roughness = slots
    for row in range(out.shape[1]):
        for col in range(out.shape[2]):
            centre = z[row + 1, col + 1]
            if np.isnan(centre):
                out[:, row, col] = np.nan
                continue
            around = _around(z, row + 1, col + 1)
            north, south, east, west, north_east, north_west, south_east, south_west = around
            along_x, along_y = _first(around, width, height, horn)
            gradient = math.sqrt(along_x * along_x + along_y * along_y)
            if altitude >= 0:
                out[altitude, row, col] = centre
            if slope_tangent >= 0:
                out[slope_tangent, row, col] = gradient
            if slope >= 0:
                out[slope, row, col] = math.degrees(math.atan(gradient))
            if aspect >= 0:
                facing = FLAT_ASPECT
                if gradient > 0:
                    facing = math.degrees(math.atan2(-along_x, -along_y))
                    if facing < 0:
                        facing += 360.0
                    if np.float32(facing) >= np.float32(360.0):
                        facing = 0.0
                out[aspect, row, col] = facing
            if northness >= 0:
                out[northness, row, col] = -along_y / gradient if gradient > 0 else 0.0
            if eastness >= 0:
                out[eastness, row, col] = -along_x / gradient if gradient > 0 else 0.0
            if plan >= 0 or profile >= 0 or general >= 0:
                p, q = (east - west) / (2 * width), (north - south) / (2 * height)
                r = (east - 2 * centre + west) / (width * width)
                t = (north - 2 * centre + south) / (height * height)
                s = (north_east - north_west - south_east + south_west) / (4 * width * height)
                squared = p * p + q * q
                if plan >= 0:
                    across = q * q * r - 2 * p * q * s + p * p * t
                    out[plan, row, col] = -across / (squared * math.sqrt(squared)) if squared > 0 else 0.0
                if profile >= 0:
                    along = p * p * r + 2 * p * q * s + q * q * t
                    out[profile, row, col] = -along / (squared * (1 + squared) * math.sqrt(1 + squared)) if squared > 0 else 0.0
                if general >= 0:
                    out[general, row, col] = -(r + t)
            if ruggedness >= 0:
                total = (north - centre) ** 2 + (south - centre) ** 2 + (east - centre) ** 2 + (west - centre) ** 2
                total += (north_east - centre) ** 2 + (north_west - centre) ** 2
                total += (south_east - centre) ** 2 + (south_west - centre) ** 2
                out[ruggedness, row, col] = math.sqrt(total)
            if roughness >= 0:
                high = max(north, south, east, west, north_east, north_west, south_east, south_west)
                low = min(north, south, east, west, north_east, north_west, south_east, south_west)
                out[roughness, row, col] = max(high, centre) - min(low, centre)


@compiled()
def _vector_ruggedness(z: np.ndarray, width: float, height: float, horn: bool, spans: np.ndarray, halo: int, out: np.ndarray) -> None:
    """Write 1 less the length of the mean of the unit vectors that stand on the cells of a disc; Sappington et al. (2007)."""
    rows, cols = out.shape
    reach = len(spans) // 2
    inner = halo - 1  # the vectors need one cell more on each side
    for chunk in range((rows + CHUNK_PX - 1) // CHUNK_PX):
        first = chunk * CHUNK_PX
        last = min(first + CHUNK_PX, rows)
        above = first + halo - reach
        east = np.zeros((last - first + 2 * reach, cols + 2 * inner + 1))
        north, up, count = np.zeros_like(east), np.zeros_like(east), np.zeros_like(east)
        for row in range(east.shape[0]):
            eastward, northward, upward, known = 0.0, 0.0, 0.0, 0.0
            for col in range(east.shape[1] - 1):
                if not np.isnan(z[above + row, col + 1]):
                    along_x, along_y = _first(_around(z, above + row, col + 1), width, height, horn)
                    one = 1 / math.sqrt(1 + along_x * along_x + along_y * along_y)
                    eastward -= along_x * one
                    northward -= along_y * one
                    upward += one
                    known += 1.0
                east[row, col + 1], north[row, col + 1], up[row, col + 1], count[row, col + 1] = eastward, northward, upward, known
        gaps = np.sum(count[:, -1]) < count.shape[0] * (count.shape[1] - 1)
        sums = np.full((4, cols), float(np.sum(2 * spans + 1)))
        for row in range(first, last):
            for number, prefix in enumerate((east, north, up)):
                add_spans(prefix, spans, row - first, inner, sums[number])
            if gaps:
                add_spans(count, spans, row - first, inner, sums[3])
            for col in range(cols):
                length = math.sqrt(sums[0, col] ** 2 + sums[1, col] ** 2 + sums[2, col] ** 2)
                value = max(1 - length / max(sums[3, col], 1.0), 0.0)
                out[row, col] = np.nan if np.isnan(z[row + halo, col + halo]) else value
