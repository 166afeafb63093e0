# SPDX-License-Identifier: GPL-2.0-or-later
"""Rivers and hillslopes that wear a terrain down (stream-power law, diffusion, threshold slopes)."""

from __future__ import annotations

import heapq
from typing import NamedTuple

import numpy as np

from ...models.compiled import compiled
from ..feedback import Feedback

AREA_EXPONENT = 0.45
HILLSIDE_M2 = 1.3e4  # below about this area no river forms
DIFFUSION = 0.1  # share of the Laplacian added in a step; stable below 0.25
RISE_M = 1e-3  # least rise from a cell to the next above it, so that no cell is a pit
_ROWS = np.array([0, 1, 1, 1, 0, -1, -1, -1])
_COLS = np.array([1, 1, 0, -1, -1, -1, 0, 1])
_LENGTH = np.array([1, 2**0.5] * 4)


class Land(NamedTuple):
    """What is worn down, each of shape (rows, cols).

    `uplift` in m per step; `erodibility`, K times the length of a step, m^(1 − 2m); `talus`, the steepest
    stable gradient, m/m.
    """

    uplift: np.ndarray
    erodibility: np.ndarray
    talus: np.ndarray


def erode(altitude: np.ndarray, land: Land, cell_size: float, steps: int, feedback: Feedback) -> np.ndarray:
    """Return `altitude` after `steps` of uplift, river erosion and creep.

    Each step routes water (priority flood, steepest descent), solves dz/dt = U − K Aᵐ S implicitly from the outlets
    upwards (Braun & Willett 2013, eq. 22, n = 1, m = 0.45), lets no slope exceed the talus slope, and smooths by linear
    diffusion. The cells of the edge keep their altitude.

    Parameters
    ----------
    altitude
        Shape (rows, cols), m, float32; changed in place.
    land
        What is lifted and worn down, on the same grid.
    cell_size
        Metres.
    steps
        Number of steps.
    """
    for _ in feedback.steps(range(steps), steps):
        order = _flood(altitude)
        _wear(altitude, order, land, cell_size)
        _creep(altitude, DIFFUSION)
    return altitude


def fill(altitude: np.ndarray) -> np.ndarray:
    """Return `altitude`, float32 (rows, cols) in m and changed in place, with every pit raised until it drains, gently, to the edge.

    Examples
    --------
    >>> fill(np.float32([[9, 9, 9], [9, 2, 6], [9, 9, 9]]))[1]
    array([9.   , 6.001, 6.   ], dtype=float32)
    """
    _flood(altitude)
    return altitude


def drainage_area(altitude: np.ndarray, cell_size: float) -> np.ndarray:
    """Return the area (m²) that drains through each cell by steepest descent once pits are filled, float32 (rows, cols).

    `altitude` is (rows, cols) in m, `cell_size` in m. Water leaves at the edge: no cell of the edge drains into another.

    Examples
    --------
    >>> drainage_area(np.array([[9.0, 9, 9, 9], [9, 5, 4, 3], [9, 9, 9, 9]]), 10.0)[1]
    array([100., 100., 200., 300.], dtype=float32)
    """
    filled = altitude.astype(np.float32)
    order = _flood(filled)
    return _accumulate(filled, order, _receivers(filled)) * np.float32(cell_size**2)


@compiled()
def _flood(z: np.ndarray) -> np.ndarray:
    """Raise every pit until it drains, and return the cells from the outlets upwards (Barnes et al. 2014).

    `covariates/flow.py` floods by whole levels without a rise, which is faster; here the order of the heap decides the landscape of a seed.
    """
    rows, cols = z.shape
    order = np.empty(rows * cols, np.int32)
    seen = np.zeros((rows, cols), np.bool_)
    heap = [(z[0, 0], np.int32(0))]
    seen[0, 0] = True
    for r in range(rows):
        for c in range(cols):
            if (r in (0, rows - 1) or c in (0, cols - 1)) and not seen[r, c]:
                heap.append((z[r, c], np.int32(r * cols + c)))
                seen[r, c] = True
    heapq.heapify(heap)
    n = 0
    while len(heap) > 0:
        order[n] = heapq.heappop(heap)[1]
        r, c = divmod(order[n], cols)
        n += 1
        for k in range(8):
            rr, cc = r + _ROWS[k], c + _COLS[k]
            if 0 <= rr < rows and 0 <= cc < cols and not seen[rr, cc]:
                seen[rr, cc] = True
                z[rr, cc] = max(z[rr, cc], z[r, c] + RISE_M)
                heapq.heappush(heap, (z[rr, cc], np.int32(rr * cols + cc)))
    return order


@compiled()
def _receivers(z: np.ndarray) -> np.ndarray:
    """Return the direction (0–7) of steepest descent of each cell; −1 where none is lower, and on the edge."""
    rows, cols = z.shape
    down = np.full((rows, cols), -1, np.int8)
    for r in range(1, rows - 1):
        for c in range(1, cols - 1):
            steepest = 0.0
            for k in range(8):
                slope = (z[r, c] - z[r + _ROWS[k], c + _COLS[k]]) / _LENGTH[k]
                if slope > steepest:
                    steepest = slope
                    down[r, c] = k
    return down


@compiled()
def _accumulate(z: np.ndarray, order: np.ndarray, down: np.ndarray) -> np.ndarray:
    cols = z.shape[1]
    area = np.ones(z.shape, np.float32)
    for n in range(order.size - 1, -1, -1):
        r, c = order[n] // cols, order[n] % cols
        k = down[r, c]
        if k >= 0:
            area[r + _ROWS[k], c + _COLS[k]] += area[r, c]
    return area


@compiled()
def _wear(z: np.ndarray, order: np.ndarray, land: Land, cell_size: float) -> None:
    cols = z.shape[1]
    down = _receivers(z)
    area = _accumulate(z, order, down)
    for n in range(order.size):
        r, c = order[n] // cols, order[n] % cols
        k = down[r, c]
        if k >= 0:
            length = cell_size * _LENGTH[k]
            below = z[r + _ROWS[k], c + _COLS[k]]
            power = land.erodibility[r, c] * (area[r, c] * cell_size**2 + HILLSIDE_M2) ** AREA_EXPONENT / length
            worn = (z[r, c] + land.uplift[r, c] + power * below) / (1.0 + power)
            z[r, c] = min(max(worn, below + RISE_M), below + land.talus[r, c] * length)


@compiled()
def _creep(z: np.ndarray, diffusion: float) -> None:
    rows, cols = z.shape
    above, here = z[0].copy(), z[1].copy()
    for r in range(1, rows - 1):
        for c in range(1, cols - 1):
            z[r, c] += diffusion * (above[c] + z[r + 1, c] + here[c - 1] + here[c + 1] - 4.0 * here[c])
        above, here = here, z[r + 1].copy()
