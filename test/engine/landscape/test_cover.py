# SPDX-License-Identifier: GPL-2.0-or-later
"""Where people live and travel on a sample landscape, by hand."""

import numpy as np
from scarp.engine.landscape import cover


class Even:
    """Draws nothing but noughts."""

    def standard_normal(self, shape):
        return np.zeros(shape)


def test_settlements_weigh_water_against_slope_and_keep_apart():
    """0.6 log₁₀ of the area less a quarter of the slope: 2.4 − 2/4 = 1.9 is more than 3.6 − 7/4 = 1.85 and 4.2 − 9.5/4 = 1.825."""
    slope, area = np.full((40, 40), 60.0), np.full((40, 40), 100.0)
    cells = [(20, 11), (9, 30), (33, 33), (21, 12)]
    for cell, degrees, m2 in zip(cells, (2, 7, 9.5, 2.1), (1e4, 1e6, 1e7, 1e4)):
        slope[cell], area[cell] = degrees, m2
    slope[1, 1], area[1, 1] = 0, 1e9  # too near the edge
    found = cover._settle(Even(), slope, area, 100.0)
    np.testing.assert_array_equal(found, np.array(cells[:3]) + 0.5)  # the fourth lies beside the first


def test_travel_costs_length_times_the_mean_of_both_cells():
    graph = cover._travel(np.array([[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]])).toarray()
    assert graph[0, 1] == graph[1, 0] == 2
    assert graph[0, 3] == 1.5
    assert graph[0, 4] == graph[4, 0] == 2**0.5 * 2.5
    assert graph[1, 3] == 2**0.5 * 2.5
    assert graph[2, 4] == 2**0.5 * 4.5
    assert graph[0, 2] == graph[0, 5] == graph[2, 3] == 0


def test_bends_are_rounded_and_ends_stay():
    line = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 3.0], [0.0, 6.0]])
    np.testing.assert_allclose(cover._smooth(line), [[0, 0], [2, 1], [2, 3], [0, 6]])
    np.testing.assert_array_equal(cover._smooth(line[:2]), line[:2])


def test_distances_to_lines_in_metres():
    lines = (np.array([[1.5, 0.5], [1.5, 3.5]]), np.array([[4.5, 4.5]]), np.array([[90.0, 90.0], [95.0, 95.0]]))
    touched = [(1, 0), (1, 1), (1, 2), (1, 3), (4, 4)]
    rows, cols = np.mgrid[:6, :6]
    expected = np.min([np.hypot(rows - row, cols - col) for row, col in touched], axis=0) * 30
    np.testing.assert_allclose(cover._distance_m(lines, 6, 30.0), expected, rtol=1e-6)
    assert (cover._distance_m((lines[2],), 6, 30.0) == 180).all()
