# SPDX-License-Identifier: GPL-2.0-or-later
"""One step of what wears a terrain down, by hand."""

import numpy as np
import pytest
from scarp.engine.feedback import Feedback
from scarp.engine.landscape import erosion
from scarp.engine.landscape.erosion import Land, drainage_area, erode, fill

CELL = 10.0


def channel():
    """A channel one cell wide that falls to the west between walls; the walls drain over the edge."""
    z = np.full((5, 6), 100.0, np.float32)
    z[2] = [1, 2, 4, 7, 11, 100]
    return z


def test_pits_rise_by_the_least_step():
    z = np.array([[9, 9, 9, 9], [9, 2, 5, 9], [9, 9, 9, 6], [9, 9, 9, 9]], np.float32)
    filled = fill(z.copy())
    expected = z.copy()
    expected[1, 2] = 6 + 1e-3
    expected[1, 1] = 6 + 2e-3
    np.testing.assert_allclose(filled, expected, atol=1e-6)


def test_areas_add_up_along_the_steepest_way():
    area = drainage_area(channel(), CELL)
    np.testing.assert_allclose(area[2, :5] / CELL**2, [13, 12, 9, 6, 3])  # walls beside the channel, not those of the edge
    assert area[0, 0] == CELL**2


def test_diagonals_are_longer():
    z = np.full((3, 3), 9.0, np.float32)
    z[1, 1], z[1, 2], z[2, 2] = 5, 4, 3.7  # 1 to the east; 1.3 / √2 = 0.92 on the diagonal
    assert erosion._receivers(z)[1, 1] == 0
    z[2, 2] = 3.5
    assert erosion._receivers(z)[1, 1] == 1
    assert (erosion._receivers(z)[0] == -1).all()


def test_one_step_of_a_river_by_hand():
    z = channel()
    uplift, erodibility = 0.5, 0.02
    land = Land(np.full(z.shape, uplift), np.full(z.shape, erodibility), np.full(z.shape, 10.0))
    area = drainage_area(z, CELL)
    worn = z.copy()
    erosion._wear(worn, erosion._flood(worn), land, CELL)
    assert worn[2, 0] == 1  # the edge keeps its altitude
    below = 1.0
    for col in (1, 2, 3, 4):
        power = erodibility * (area[2, col] + 1.3e4) ** 0.45 / CELL
        below = (z[2, col] + uplift + power * below) / (1 + power)
        assert worn[2, col] == pytest.approx(below, rel=1e-5)


def test_slopes_stay_between_the_least_rise_and_the_talus():
    z = channel()
    steep = Land(np.full(z.shape, 0.0), np.full(z.shape, 1e-9), np.full(z.shape, 0.2))
    worn = z.copy()
    erosion._wear(worn, erosion._flood(worn), steep, CELL)
    np.testing.assert_allclose(worn[2, :5], [1, 2, 4, 6, 8], rtol=1e-5)  # 0.2 × 10 m a cell at the most
    soft = Land(np.full(z.shape, 0.0), np.full(z.shape, 1e9), np.full(z.shape, 0.2))
    worn = z.copy()
    erosion._wear(worn, erosion._flood(worn), soft, CELL)
    np.testing.assert_allclose(worn[2, :5], 1 + 1e-3 * np.arange(5), atol=1e-4)


def test_creep_smooths_all_but_the_edge():
    rng = np.random.default_rng(1)
    z = rng.normal(0, 5, (6, 7))
    crept = z.copy()
    erosion._creep(crept, 0.1)
    expected = z.copy()
    laplacian = z[2:, 1:-1] + z[:-2, 1:-1] + z[1:-1, 2:] + z[1:-1, :-2] - 4 * z[1:-1, 1:-1]
    expected[1:-1, 1:-1] += 0.1 * laplacian
    np.testing.assert_allclose(crept, expected, rtol=1e-9)


def test_a_step_is_a_flood_a_wear_and_a_creep():
    z = channel()
    land = Land(np.full(z.shape, 0.5), np.full(z.shape, 0.02), np.full(z.shape, 10.0))
    expected = z.copy()
    for _ in range(2):
        erosion._wear(expected, erosion._flood(expected), land, CELL)
        erosion._creep(expected, 0.1)
    np.testing.assert_array_equal(erode(z.copy(), land, CELL, 2, Feedback()), expected)
