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
# How near an angle by `_arctan` is known, as a share of it, with room to spare; where that leaves the last bit of 32 open, the system's
# arc tangent decides.
_NEAR = 1e-14
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
    if local:
        near = np.ascontiguousarray(elevation[halo - 1 : halo + rows + 1, halo - 1 : halo + cols + 1])
        _local(near, *cell_size_m, method == "horn", slots, values)
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
        _vector_ruggedness(np.ascontiguousarray(elevation), *cell_size_m, method == "horn", spans, halo, found["vector_ruggedness"])
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
def _mended(z: np.ndarray, row: int, lines: np.ndarray, at: np.ndarray) -> int:
    """Lay the 3×3 cells around those cells of a row that lack neighbours side by side, the missing ones extrapolated; return how many.

    `lines` (3, 3 cols) takes the cells of the row above, of the row itself and of the row below, three for each cell, whose column goes
    to `at`. Columns count from the second of `z`, and the last is not looked at: its cells at the edges are neighbours only.
    """
    count = 0
    for col in range(1, z.shape[1] - 1):
        missing = False
        for to_row in range(row - 1, row + 2):
            missing |= np.isnan(z[to_row, col - 1] + z[to_row, col] + z[to_row, col + 1])
        if missing and not np.isnan(z[row, col]):
            north, south, east, west, north_east, north_west, south_east, south_west = _around(z, row, col)
            here = 3 * count
            lines[0, here], lines[0, here + 1], lines[0, here + 2] = north_west, north, north_east
            lines[1, here], lines[1, here + 1], lines[1, here + 2] = west, z[row, col], east
            lines[2, here], lines[2, here + 1], lines[2, here + 2] = south_west, south, south_east
            at[count] = col - 1
            count += 1
    return count


@compiled()
def _first(
    above: np.ndarray, here: np.ndarray, below: np.ndarray, width: float, height: float, horn: bool,
    along_x: np.ndarray, along_y: np.ndarray,
) -> None:  # fmt: skip
    """Write the first derivatives along easting and northing, (cols,), of the middle cells of three rows, (cols + 2,)."""
    if horn:
        for col in range(len(along_x)):
            easts = above[col + 2] + 2 * here[col + 2] + below[col + 2]
            along_x[col] = (easts - (above[col] + 2 * here[col] + below[col])) / (8 * width)
        for col in range(len(along_y)):
            norths = above[col] + 2 * above[col + 1] + above[col + 2]
            along_y[col] = (norths - (below[col] + 2 * below[col + 1] + below[col + 2])) / (8 * height)
    else:
        for col in range(len(along_x)):
            along_x[col] = (here[col + 2] - here[col]) / (2 * width)
        for col in range(len(along_y)):
            along_y[col] = (above[col + 1] - below[col + 1]) / (2 * height)


@compiled()
def _arctan(x: float) -> float:
    """Return the arc tangent of what is not negative, to 4e-16 of it; unlike the system's, it can be computed for several cells at once.

    The rational function of Moshier's Cephes library (1989), on 0 … 0.66, and what leads there.
    """
    steep, middle = x > 2.414213562373095, x > 0.66
    above = -1.0 if steep else x - 1.0 if middle else x
    below = x if steep else x + 1.0 if middle else 1.0
    start = 0.5 * math.pi if steep else 0.25 * math.pi if middle else 0.0
    rest = 6.123233995736766e-17 if steep else 3.061616997868383e-17 if middle else 0.0  # what is left of π / 2 and π / 4
    t = above / below
    z = t * t
    p = (((-0.8750608600031904 * z - 16.157537187333652) * z - 75.00855792314705) * z - 122.88666844901361) * z - 64.85021904942025
    q = ((((z + 24.858464901423062) * z + 165.02700983169885) * z + 432.88106049129027) * z + 485.3903996359137) * z + 194.5506571482614
    return start + (t * (z * p / q) + t + rest)


@compiled()
def _is_open(angle: float) -> bool:
    """Tell whether an angle that is known to `_NEAR` of it could be rounded to either of two numbers of 32 bits."""
    return np.float32(angle * (1.0 - _NEAR)) != np.float32(angle * (1.0 + _NEAR))


@compiled()
def _facing(along_x: float, along_y: float) -> float:
    """Return the aspect in degrees by the system's arc tangent."""
    facing = math.degrees(math.atan2(-along_x, -along_y))
    return facing + 360.0 if facing < 0 else facing


@compiled()
def _slopes(gradient: np.ndarray, out: np.ndarray) -> None:
    """Write the slope in degrees, (cols,), as by the system's arc tangent."""
    unsure = 0
    for col in range(len(out)):
        slope = math.degrees(_arctan(gradient[col]))
        out[col] = slope
        unsure += _is_open(slope)
    if unsure:
        for col in range(len(out)):
            if _is_open(math.degrees(_arctan(gradient[col]))):
                out[col] = math.degrees(math.atan(gradient[col]))


@compiled()
def _aspects(along_x: np.ndarray, along_y: np.ndarray, gradient: np.ndarray, facing: np.ndarray, out: np.ndarray) -> None:
    """Write the aspect in degrees, (cols,), as by the system's arc tangent; `facing` is room for as many cells."""
    for col in range(len(facing)):
        y, x = -along_x[col], -along_y[col]
        long, wide = abs(x), abs(y)
        angle = _arctan(long / wide if long < wide else wide / long)
        angle = 0.5 * math.pi - angle if long < wide else angle
        angle = math.degrees(math.copysign(math.pi - angle if x < 0 else angle, y))
        facing[col] = angle + 360.0 if angle < 0 else angle
    unsure = 0
    for col in range(len(out)):
        unsure += _is_open(facing[col])
    if unsure:
        for col in range(len(out)):
            if _is_open(facing[col]):
                facing[col] = _facing(along_x[col], along_y[col])
    for col in range(len(out)):
        turned = np.float32(0.0) if np.float32(facing[col]) >= np.float32(360.0) else np.float32(facing[col])
        out[col] = turned if gradient[col] > 0 else np.float32(FLAT_ASPECT)


@compiled()
def _local(z: np.ndarray, width: float, height: float, horn: bool, slots: tuple[int, ...], out: np.ndarray) -> None:
    """Write the covariates of `_LOCAL` whose slot in `out` (covariates, rows, cols) is not negative; see `_of_line`."""
    rows, cols = out.shape[1:]
    lines, at = np.empty((3, 3 * cols)), np.empty(cols, np.int64)
    mended = np.empty((out.shape[0], 1, 3 * cols), np.float32)
    work = np.empty((6, 3 * cols))
    for row in range(rows):
        _of_line(z[row], z[row + 1], z[row + 2], width, height, horn, slots, work, out, row, cols)
        total = 0.0
        for col in range(cols + 2):
            total += z[row, col] + z[row + 1, col] + z[row + 2, col]
        if not np.isnan(total):
            continue
        count = _mended(z, row + 1, lines, at)
        if count:
            _of_line(lines[0], lines[1], lines[2], width, height, horn, slots, work, mended, 0, 3 * count - 2)
            for number in range(count):
                out[:, row, at[number]] = mended[:, 0, 3 * number]
        for col in range(cols):
            if np.isnan(z[row + 1, col + 1]):
                out[:, row, col] = np.nan


@compiled()
def _of_line(  # noqa: PLR0912 (one branch a covariate)
    above: np.ndarray, here: np.ndarray, below: np.ndarray, width: float, height: float, horn: bool,
    slots: tuple[int, ...], work: np.ndarray, out: np.ndarray, row: int, cols: int,
) -> None:  # fmt: skip
    """Write the covariates of a row of `out`, (cols,), from three rows of elevations, (cols + 2,); `work` is room for (6, cols).

    Zevenbergen and Thorne (1987) for the curvatures, Riley et al. (1999) for ruggedness, Wilson et al. (2007) for roughness. One loop a
    covariate, without a branch, and each cell read at a constant distance: so the compiler does several cells at once.
    """
    altitude, slope_tangent, slope, aspect, northness, eastness, plan, profile, general, ruggedness, roughness = slots
    along_x, along_y, gradient = work[0, :cols], work[1, :cols], work[2, :cols]
    if altitude >= 0:
        line = out[altitude, row, :cols]
        for col in range(cols):
            line[col] = here[col + 1]
    if max(slope_tangent, slope, aspect, northness, eastness) >= 0:
        _first(above, here, below, width, height, horn, along_x, along_y)
        for col in range(cols):
            gradient[col] = math.sqrt(along_x[col] * along_x[col] + along_y[col] * along_y[col])
    if slope_tangent >= 0:
        line = out[slope_tangent, row, :cols]
        for col in range(cols):
            line[col] = gradient[col]
    if slope >= 0:
        _slopes(gradient, out[slope, row, :cols])
    if aspect >= 0:
        _aspects(along_x, along_y, gradient, work[3, :cols], out[aspect, row, :cols])
    if northness >= 0:
        line = out[northness, row, :cols]
        for col in range(cols):
            line[col] = -along_y[col] / gradient[col] if gradient[col] > 0 else 0.0
    if eastness >= 0:
        line = out[eastness, row, :cols]
        for col in range(cols):
            line[col] = -along_x[col] / gradient[col] if gradient[col] > 0 else 0.0
    if max(plan, profile, general) >= 0:
        second_x, second_y, twist = work[3, :cols], work[4, :cols], work[5, :cols]
        _first(above, here, below, width, height, False, along_x, along_y)
        for col in range(cols):
            second_x[col] = (here[col + 2] - 2 * here[col + 1] + here[col]) / (width * width)
        for col in range(cols):
            second_y[col] = (above[col + 1] - 2 * here[col + 1] + below[col + 1]) / (height * height)
        for col in range(cols):
            twist[col] = (above[col + 2] - above[col] - below[col + 2] + below[col]) / (4 * width * height)
    if plan >= 0:
        line = out[plan, row, :cols]
        for col in range(cols):
            p, q, r, s, t = along_x[col], along_y[col], second_x[col], twist[col], second_y[col]
            squared = p * p + q * q
            across = q * q * r - 2 * p * q * s + p * p * t
            line[col] = -across / (squared * math.sqrt(squared)) if squared > 0 else 0.0
    if profile >= 0:
        line = out[profile, row, :cols]
        for col in range(cols):
            p, q, r, s, t = along_x[col], along_y[col], second_x[col], twist[col], second_y[col]
            squared = p * p + q * q
            along = p * p * r + 2 * p * q * s + q * q * t
            line[col] = -along / (squared * (1 + squared) * math.sqrt(1 + squared)) if squared > 0 else 0.0
    if general >= 0:
        line = out[general, row, :cols]
        for col in range(cols):
            line[col] = -(second_x[col] + second_y[col])
    if ruggedness >= 0:
        line = out[ruggedness, row, :cols]
        for col in range(cols):
            centre = here[col + 1]
            total = (above[col + 1] - centre) ** 2 + (below[col + 1] - centre) ** 2
            total = total + (here[col + 2] - centre) ** 2 + (here[col] - centre) ** 2
            total += (above[col + 2] - centre) ** 2 + (above[col] - centre) ** 2
            total += (below[col + 2] - centre) ** 2 + (below[col] - centre) ** 2
            line[col] = math.sqrt(total)
    if roughness >= 0:
        line = out[roughness, row, :cols]
        for col in range(cols):
            high = max(above[col], above[col + 1], above[col + 2], here[col], here[col + 1], here[col + 2])
            low = min(above[col], above[col + 1], above[col + 2], here[col], here[col + 1], here[col + 2])
            high = max(high, below[col], below[col + 1], below[col + 2])
            low = min(low, below[col], below[col + 1], below[col + 2])
            line[col] = high - low


@compiled()
def _upright(
    above: np.ndarray, here: np.ndarray, below: np.ndarray, width: float, height: float, horn: bool, out: np.ndarray, cols: int
) -> None:
    """Write the unit vectors that stand on the middle cells of three rows, (3, cols): against east, against north, and up."""
    along_x, along_y, up = out[0, :cols], out[1, :cols], out[2, :cols]
    _first(above, here, below, width, height, horn, along_x, along_y)
    for col in range(cols):
        up[col] = 1 / math.sqrt(1 + along_x[col] * along_x[col] + along_y[col] * along_y[col])
    for col in range(cols):
        along_x[col] *= up[col]
    for col in range(cols):
        along_y[col] *= up[col]


@compiled()
def _vectors(
    z: np.ndarray, row: int, width: float, height: float, horn: bool, lines: np.ndarray, at: np.ndarray, mended: np.ndarray, out: np.ndarray
) -> bool:
    """Write the unit vectors of a row of `z` but its first and last cell, (3, cols), 0 without elevation; return whether a cell has none.

    `lines` and `mended` are room for (3, 3 cols), `at` for (cols,).
    """
    cols = out.shape[1]
    _upright(z[row - 1], z[row], z[row + 1], width, height, horn, out, cols)
    total = 0.0
    for col in range(cols + 2):
        total += z[row - 1, col] + z[row, col] + z[row + 1, col]
    if not np.isnan(total):
        return False
    count = _mended(z, row, lines, at)
    if count:
        _upright(lines[0], lines[1], lines[2], width, height, horn, mended, 3 * count - 2)
        for number in range(count):
            out[:, at[number]] = mended[:, 3 * number]
    gaps = False
    for col in range(cols):
        if np.isnan(z[row, col + 1]):
            gaps = True
            out[:, col] = 0.0
    return gaps


@compiled()
def _count(z: np.ndarray, first: int, known: np.ndarray) -> None:
    """Write how many cells with elevation lie before each, (rows, cols + 1), in the rows of `z` from the first on but its first column."""
    for row in range(min(known.shape[0], z.shape[0] - first)):
        for col in range(known.shape[1] - 1):
            known[row, col + 1] = known[row, col] + (not np.isnan(z[first + row, col + 1]))


@compiled()
def _vector_ruggedness(z: np.ndarray, width: float, height: float, horn: bool, spans: np.ndarray, halo: int, out: np.ndarray) -> None:
    """Write 1 less the length of the mean of the unit vectors that stand on the cells of a disc; Sappington et al. (2007)."""
    rows, cols = out.shape
    reach = len(spans) // 2
    inner = halo - 1  # the vectors need one cell more on each side
    wide = cols + 2 * inner
    lines, at, mended = np.empty((3, 3 * wide)), np.empty(wide, np.int64), np.empty((3, 3 * wide))
    vectors, sums = np.empty((3, wide)), np.empty((4, cols))
    east = np.zeros((min(rows, CHUNK_PX) + 2 * reach, wide + 1))
    north, up, known = np.zeros_like(east), np.zeros_like(east), np.zeros_like(east)
    for first in range(0, rows, CHUNK_PX):
        last = min(first + CHUNK_PX, rows)
        above = first + halo - reach
        gaps = False
        for row in range(last - first + 2 * reach):
            gaps |= _vectors(z, above + row, width, height, horn, lines, at, mended, vectors)
            eastward, northward, upward = 0.0, 0.0, 0.0
            for col in range(wide):
                eastward -= vectors[0, col]
                northward -= vectors[1, col]
                upward += vectors[2, col]
                east[row, col + 1], north[row, col + 1], up[row, col + 1] = eastward, northward, upward
        if gaps:
            _count(z, above, known)
        sums[3] = np.sum(2 * spans + 1)
        for row in range(first, last):
            for number, prefix in enumerate((east, north, up)):
                add_spans(prefix, spans, row - first, inner, sums[number])
            if gaps:
                add_spans(known, spans, row - first, inner, sums[3])
            line = out[row]
            for col in range(cols):
                length = math.sqrt(sums[0, col] ** 2 + sums[1, col] ** 2 + sums[2, col] ** 2)
                value = max(1 - length / max(sums[3, col], 1.0), 0.0)
                line[col] = np.nan if np.isnan(z[row + halo, col + halo]) else value
