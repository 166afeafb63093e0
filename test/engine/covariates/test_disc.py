# SPDX-License-Identifier: GPL-2.0-or-later
"""Discs against all cells, one by one; cells are 20 m wide and 35 m high."""

import numpy as np
import pytest
from scarp.engine.covariates.disc import disc_mean, disc_range, half_widths, halo_px
from scarp.engine.errors import EngineError

WIDTH, HEIGHT = 20.0, 35.0


def members(shape, row, col, radius):
    """The cells of a disc: those whose centres are no farther, and at least the four neighbours."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    away = np.hypot((rows - row) * HEIGHT, (cols - col) * WIDTH)
    return away <= max(radius, WIDTH, HEIGHT) * (1 + 1e-9)


@pytest.mark.parametrize(
    ("radius", "spans"),
    [
        (0.0, [0, 1, 0]),  # the four neighbours: one row of 35 m, and 35 m are one column of 20 m and three quarters
        (40.0, [0, 2, 0]),  # 40 m are two columns; beside a row, √(40² − 35²) = 19.4 m are none
        (41.0, [1, 2, 1]),
        (70.0, [0, 3, 3, 3, 0]),
        (105.0, [0, 3, 4, 5, 4, 3, 0]),
    ],
)
def test_half_widths_by_hand(radius, spans):
    assert half_widths(radius, WIDTH, HEIGHT).tolist() == spans


def test_a_disc_of_more_cells_than_a_window_can_have_around_it_is_refused():
    """A thousand of the shorter side, 20 km: as far as the halo would reach along rows."""
    spans = half_widths(20_000.0, WIDTH, HEIGHT)
    assert (halo_px(spans), len(spans)) == (1000, 2 * 571 + 1)
    for width, height in ((WIDTH, HEIGHT), (HEIGHT, WIDTH)):
        with pytest.raises(EngineError, match=r"at most 1000 cells, 20000 m on this grid; found 20000\.5 m"):
            half_widths(20_000.5, width, height)


def test_the_halo_is_what_the_disc_reaches():
    assert halo_px(half_widths(105.0, WIDTH, HEIGHT)) == 5  # columns
    assert halo_px(half_widths(105.0, HEIGHT, WIDTH)) == 5  # rows
    assert halo_px(np.array([0, 1, 1, 1, 0])) == 2


@pytest.mark.parametrize("radius", [0.0, 55.0, 170.0])
@pytest.mark.parametrize("gaps", [0.0, 0.4])
def test_means_and_ranges_are_those_of_the_cells(radius, gaps):
    rng = np.random.default_rng(8)
    values = rng.normal(100, 20, (75, 19))  # more rows than a thread does at a time
    values[rng.random(values.shape) < gaps] = np.nan
    if gaps:
        values[5:17, 2:14] = np.nan  # whole discs without a value
    spans = half_widths(radius, WIDTH, HEIGHT)
    around = np.pad(values, halo_px(spans), constant_values=np.nan)
    mean, span = disc_mean(around, spans), disc_range(around, spans)
    assert mean.shape == span.shape == values.shape
    for row in range(0, 75, 3):
        for col in range(19):
            disc = values[members(values.shape, row, col, radius)]
            disc = disc[np.isfinite(disc)]
            if disc.size:
                assert mean[row, col] == pytest.approx(disc.mean(), rel=1e-9)
                assert span[row, col] == pytest.approx(np.float32(disc.max()) - np.float32(disc.min()), abs=1e-4)
            else:
                assert np.isnan(mean[row, col])
                assert np.isnan(span[row, col])
    assert np.isnan(mean).any() == (gaps > 0 and radius < 170)


def test_means_where_nothing_is_missing_around():
    """As in the middle of a large raster: every disc then has all its cells, which are not counted one by one."""
    spans = half_widths(75.0, WIDTH, HEIGHT)  # reaches 3 columns and 2 rows
    around = np.random.default_rng(9).normal(100, 20, (81, 25))
    mean = disc_mean(around, spans)
    for row, col in [(0, 0), (40, 11), (74, 18), (64, 3)]:
        disc = around[members(around.shape, row + 3, col + 3, 75.0)]
        assert len(disc) == 3 * 7 + 2 * 3 and mean[row, col] == pytest.approx(disc.mean(), rel=1e-9)
