# SPDX-License-Identifier: GPL-2.0-or-later
"""Means and ranges over the disc around each cell, in time that grows with its radius, not its area.

Each row of a disc is a span of cells: prefix sums give its sum in one subtraction, and a table of the extremes of 1, 2, 4, … cells
its extremes in one comparison.
"""

from __future__ import annotations

import numpy as np

from ...models.compiled import compiled
from ..errors import EngineError

# Rows that are done at a time, so that their tables stay in the processor's cache.
CHUNK_PX = 64
# Columns that are done at a time, so that the parts of the tables under work stay in its nearest.
BLOCK_PX = 128
# Each window is read with a halo of the radius on all sides, in memory.
MOST_PX = 1000


def half_widths(radius_m: float, width_m: float, height_m: float) -> np.ndarray:
    """Return how far the disc reaches to either side in each of its rows, in cells: int64 (2 · radius in rows + 1,).

    A cell belongs to the disc if its centre is no farther from the disc's than the radius, but at least the four neighbours do.

    Parameters
    ----------
    radius_m
        In metres.
    width_m, height_m
        Of a cell, in metres.

    Examples
    --------
    >>> half_widths(41.0, 20.0, 35.0)
    array([1, 2, 1])
    """
    radius = max(radius_m, width_m, height_m) * (1 + 1e-9)
    if radius_m > MOST_PX * min(width_m, height_m):
        raise EngineError(
            f"Window radius (WINDOW) must be at most {MOST_PX} cells, {MOST_PX * min(width_m, height_m):g} m on this grid; found "
            f"{radius_m:g} m."
        )
    down = np.arange(-int(radius / height_m), int(radius / height_m) + 1) * height_m
    return np.floor(np.sqrt(radius**2 - down**2) / width_m).astype(np.int64)


def halo_px(spans: np.ndarray) -> int:
    """Return how many cells around a window the disc reaches.

    Examples
    --------
    >>> halo_px(half_widths(41.0, 20.0, 35.0))
    2
    """
    return int(max(len(spans) // 2, spans.max()))


def disc_mean(values: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return the means over the discs around the cells of a window, NaN left out; NaN where a disc holds nothing else.

    Parameters
    ----------
    values
        Window with a halo of `halo_px(spans)` cells, (rows + 2 halo, cols + 2 halo).
    spans
        The disc, as `half_widths` gives it.

    Returns
    -------
    float64 (rows, cols)

    Examples
    --------
    >>> disc_mean(np.array([[9.0, 2.0, 9.0], [4.0, 6.0, 8.0], [9.0, 5.0, 9.0]]), half_widths(1.0, 1.0, 1.0))
    array([[5.]])
    """
    halo = halo_px(spans)
    out = np.empty((values.shape[0] - 2 * halo, values.shape[1] - 2 * halo))
    _mean(values, spans, halo, out)
    return out


def disc_range(values: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Return the highest less the lowest value of the discs, float32, NaN left out; shapes as in `disc_mean`.

    Examples
    --------
    >>> disc_range(np.array([[9.0, 2.0, 9.0], [4.0, 6.0, 8.0], [9.0, 5.0, 9.0]]), half_widths(1.0, 1.0, 1.0))
    array([[6.]], dtype=float32)
    """
    halo = halo_px(spans)
    out = np.empty((values.shape[0] - 2 * halo, values.shape[1] - 2 * halo), np.float32)
    _range(values, spans, halo, int(2 * spans.max() + 1).bit_length(), out)
    return out


@compiled()
def add_spans(prefix: np.ndarray, spans: np.ndarray, row: int, halo: int, out: np.ndarray) -> None:
    """Write the sums over the discs of one row, given the prefix sums (rows, cols + 1) of the rows from `row` on that they reach.

    `halo` is how many cells the windows of the prefix sums begin before the first disc's centre; `out` is (cols,).
    """
    out[:] = 0.0
    for step in range(len(spans)):
        # Slices, since a sum of indices might be negative for all the compiler knows, which keeps it from using vectors.
        high = prefix[row + step, halo + spans[step] + 1 :]
        low = prefix[row + step, halo - spans[step] :]
        for col in range(len(out)):
            out[col] += high[col] - low[col]


@compiled()
def _mean(values: np.ndarray, spans: np.ndarray, halo: int, out: np.ndarray) -> None:
    rows, cols = out.shape
    reach = len(spans) // 2
    whole = np.sum(2 * spans + 1)
    for chunk in range((rows + CHUNK_PX - 1) // CHUNK_PX):
        first = chunk * CHUNK_PX
        last = min(first + CHUNK_PX, rows)
        above = first + halo - reach
        sums = np.zeros((last - first + 2 * reach, values.shape[1] + 1))
        counts = np.zeros_like(sums)
        for row in range(sums.shape[0]):
            for col in range(values.shape[1]):
                value = values[above + row, col]
                known = not np.isnan(value)
                sums[row, col + 1] = sums[row, col] + (value if known else 0.0)
                counts[row, col + 1] = counts[row, col] + known
        gaps = np.sum(counts[:, -1]) < sums.shape[0] * values.shape[1]
        cells = np.full(cols, float(whole))
        for row in range(first, last):
            add_spans(sums, spans, row - first, halo, out[row])
            if gaps:
                add_spans(counts, spans, row - first, halo, cells)
            for col in range(cols):
                out[row, col] = out[row, col] / cells[col] if cells[col] > 0 else np.nan


@compiled()
def _range(values: np.ndarray, spans: np.ndarray, halo: int, levels: int, out: np.ndarray) -> None:
    """Write highest less lowest: each row of cells hands its extremes over all spans on to the rows whose discs it belongs to."""
    rows, cols = out.shape
    reach, widest = len(spans) // 2, np.max(spans)
    widths = np.unique(spans)
    number = np.searchsorted(widths, spans)
    # Extremes of 1, 2, 4, … cells, each begun at its first cell, and of the spans; the lowest with their sign turned.
    tables = np.empty((2, levels, BLOCK_PX + 2 * widest), np.float32)
    over = np.empty((2, len(widths), BLOCK_PX), np.float32)
    # What is known of each disc, by turns in one place and the other: nothing is written where it is read, which would keep the compiler
    # from using vectors.
    ends = np.empty((2, 2, rows, BLOCK_PX), np.float32)
    for left in range(0, cols, BLOCK_PX):
        wide = min(BLOCK_PX, cols - left)
        ends[:] = -np.inf
        for source in range(halo - reach, halo + rows + reach):
            line = values[source, left + halo - widest :]
            high, low = tables[0, 0], tables[1, 0]
            for col in range(wide + 2 * widest):
                value = np.float32(line[col])
                high[col] = -np.inf if np.isnan(value) else value
                low[col] = -np.inf if np.isnan(value) else -value
            for end in range(2):
                for level in range(1, levels):
                    step = 1 << (level - 1)
                    _higher(tables[end, level - 1], tables[end, level - 1, step:], tables[end, level, : wide + 2 * (widest - step) + 1])
                for each in range(len(widths)):
                    level = 0
                    while (2 << level) <= 2 * widths[each] + 1:
                        level += 1
                    table, at = tables[end, level], widest - widths[each]
                    _higher(table[at:], table[at + 2 * widths[each] + 1 - (1 << level) :], over[end, each, :wide])
                for step in range(len(spans)):
                    row = source - halo + reach - step
                    if 0 <= row < rows:
                        _higher(ends[source % 2, end, row], over[end, number[step]], ends[(source + 1) % 2, end, row])
        for row in range(rows):
            last = (row + halo + reach + 1) % 2
            for col in range(wide):
                top, bottom = ends[last, 0, row, col], -ends[last, 1, row, col]
                out[row, left + col] = top - bottom if top >= bottom else np.nan


@compiled()
def _higher(one: np.ndarray, other: np.ndarray, out: np.ndarray) -> None:
    for col in range(len(out)):
        out[col] = one[col] if one[col] > other[col] else other[col]
