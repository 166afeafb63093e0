# SPDX-License-Identifier: GPL-2.0-or-later
"""Discs against all cells, one by one; cells are 20 m wide and 35 m high."""

import numpy as np
import pytest
from scarp.engine.covariates.disc import disc_mean, disc_range, half_widths, halo_px

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
