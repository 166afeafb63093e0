# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cells of a polygon stand for its landslide, by their places and their altitude."""

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.samples.cells import draw
from scarp.engine.samples.polygon_cells import overlapping, standing_for, touching
from scarp.models.covariate import Covariate
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

# A landslide of 4 rows and 3 columns, one of 1 cell, and one of 2.
ROWS = np.array([*np.repeat([10, 11, 12, 13], 3), 20, 30, 30])
COLS = np.array([*np.tile([5, 6, 7], 4), 40, 8, 9])
ORIGIN = np.array([*["3"] * 12, "12", "5", "5"])


@pytest.fixture
def high(stack_of):
    """It falls by 10 m a row and rises by 1 m a column."""
    return stack_of([(Covariate("altitude", unit="m"), 1000 - 10.0 * np.arange(40)[:, None] + np.arange(61))])


def kept(stack, how, most=10):
    index = standing_for(stack, ROWS, COLS, ORIGIN, how, most)
    return sorted(zip(ROWS[index].tolist(), COLS[index].tolist()))


def test_all_are_all(high):
    assert kept(high, "all") == sorted(zip(ROWS.tolist(), COLS.tolist()))


def test_one_is_in_the_middle(high):
    """Cells 11 and 12 of column 6 are equally near to the middle of the first, both cells to that of the last: the upper, the left."""
    assert kept(high, "one") == [(11, 6), (20, 40), (30, 8)]


def test_the_highest_third_is_the_upper_end(high):
    """4 of 12 cells, 1 of 1 and 1 of 2; of the second row that with the highest column."""
    assert kept(high, "highest") == [(10, 5), (10, 6), (10, 7), (11, 7), (20, 40), (30, 9)]


def test_the_highest_part_needs_altitude(stack):
    with pytest.raises(EngineError, match="needs the covariate altitude, which the stack lacks"):
        kept(stack, "highest")


@pytest.mark.parametrize(("most", "counts"), [(1, [1, 1, 1]), (4, [4, 1, 2]), (5, [5, 1, 2]), (12, [12, 1, 2]), (100, [12, 1, 2])])
def test_some_are_spread_over_the_landslide(high, most, counts):
    index = standing_for(high, ROWS, COLS, ORIGIN, "spread", most)
    assert [(ORIGIN[index] == name).sum() for name in ("3", "12", "5")] == counts
    if most == 4:
        of_first = index[ORIGIN[index] == "3"]
        found = list(zip(ROWS[of_first].tolist(), COLS[of_first].tolist()))
        assert found == [(10, 5), (11, 7), (12, 5), (13, 7)], "every third on the way along rows to and fro, not all at one side"


def polygon(grid, first, last):
    (west, north), (east, south) = grid.centres(*first), grid.centres(*last)
    west, east, south, north = west - 9, east + 9, south - 16, north + 16
    return f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"


def test_absences_keep_away_from_all_cells_and_ids_stay(stack, grid, layer_of, listener):
    shapes = [polygon(grid, (2 + 9 * n, 3), (7 + 9 * n, 50)) for n in range(4)]
    source = layer_of("slides.gpkg", shapes)
    cells = draw(stack, source, listener, polygon_cells="one", buffer_m=0, ratio=100, folds=2, test_share=0)
    slide = cells.landslide == 1
    assert sorted(cells.origin[slide]) == ["1", "2", "3", "4"]
    inside = (cells.cols >= 3) & (cells.cols <= 50) & ((cells.rows - 2) % 9 <= 5) & (cells.rows >= 2) & (cells.rows <= 34)
    assert (inside & ~slide).sum() == 0
    assert (~slide).sum() == 400


def test_near_landslides_are_one_unit(stack, layer_of, points, listener):
    """Points 3 columns (60 m) apart are one within 61 m and two within 60 m; chains count."""
    spots = [(5, 5), (5, 8), (5, 11), (20, 5), (20, 30), (30, 50)]
    source = layer_of("points.gpkg", points(spots))
    options = {"ratio": 1, "buffer_m": 0, "folds": 2, "test_share": 0}
    joined = draw(stack, source, listener, together_m=61.0, **options)
    slide = joined.landslide == 1
    at = {(int(r), int(c)): o for r, c, o in zip(joined.rows[slide], joined.cols[slide], joined.origin[slide])}
    assert at[5, 5] == at[5, 8] == at[5, 11]
    assert len(set(at.values())) == 4
    told = "Some of the 6 landslides share cells, or lie nearer than 61 m to each other, and are kept together, so that there are 4."
    assert told in listener.messages
    assert len(set(joined.fold[slide & (joined.rows == 5)])) == 1
    assert draw(stack, source, listener, together_m=60.0, **options).units is None


def test_chains_of_landslides_are_one_as_scipy_finds_them():
    """Two hundred cells of eighty landslides drawn, and a chain through all of a thousand, whichever comes first in the layer."""
    rng = np.random.default_rng(3)
    cells, origin = rng.integers(0, 150, 200), rng.integers(0, 80, 200).astype(str)
    found = overlapping(cells, origin)
    names, number = np.unique(origin, return_inverse=True)
    sharing = csr_matrix((cells[:, None] == cells[None]).astype(int))
    of_cell = csr_matrix((np.ones(200), (np.arange(200), number)), shape=(200, len(names)))
    _, group = connected_components(of_cell.T @ sharing @ of_cell, directed=False)
    for each in np.unique(group):
        mine = group[number] == each
        assert set(found[mine]) == {origin[mine][0]}, "the first one's id"
    order = rng.permutation(1000)
    chain = overlapping(np.r_[order, order + 1], np.r_[order, order].astype(str))
    assert set(chain) == {str(order[0])}


@pytest.mark.parametrize("down", [-1, 0, 1])
@pytest.mark.parametrize("right", [-1, 0, 1])
def test_landslides_touch_at_any_side_and_corner(down, right):
    """Two of two cells each, one behind the other, and a third that stands alone."""
    away = np.array([-1, 0, 1, 2])
    rows, cols = np.r_[10 + down * away, 30, 30], np.r_[10 + right * away, 20, 21]
    found = touching(rows, cols, np.array(["4", "4", "7", "7", "8", "8"]))
    assert found == ((2, 3) if down or right else (0, 3)), "cells of the same place are not beside each other"


def test_the_last_cell_of_a_row_is_beside_no_first_one():
    """Columns 0 and 8 are the outermost: of the same row, of the next, and of the one before."""
    rows, cols = np.array([3, 4, 3, 2, 20, 20, 21, 21]), np.array([0, 0, 8, 8, 7, 8, 0, 1])
    assert touching(rows, cols, np.array(["4", "4", "7", "7", "8", "8", "9", "9"])) == (0, 4)
