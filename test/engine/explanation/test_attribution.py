# SPDX-License-Identifier: GPL-2.0-or-later
"""Contributions by hand, and that they sum to the difference to average ground whatever the model."""

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.explanation.attribution import cell_at, contributions

PARTS = [slice(0, 1), slice(1, 3), slice(3, 4)]
AVERAGE = np.array([0.5, 0.0, 1.0, -1.0], np.float32)


@pytest.fixture
def own():
    return np.random.default_rng(3).normal(size=(6, 4)).astype(np.float32)


def test_a_sum_gives_each_its_own_term(own):
    weights = np.array([0.3, -0.2, 0.5, 0.1], np.float32)
    found, (average, said) = contributions(lambda each: each @ weights, own, AVERAGE, PARTS, np.array([2, 0, 1]))
    terms = (own - AVERAGE) * weights
    by_hand = np.column_stack([terms[:, 0], terms[:, 1] + terms[:, 2], terms[:, 3]])
    np.testing.assert_allclose(found.T, by_hand, atol=1e-6)
    assert said - average == pytest.approx(found.sum(axis=0), abs=1e-6)


def test_two_that_work_only_together_share_it(own):
    flat = np.zeros(4, np.float32)
    found, _ = contributions(lambda each: each[..., 0] * each[..., 3], own, flat, PARTS, np.array([0, 1, 2]))
    assert found[0] == pytest.approx(own[:, 0] * own[:, 3] / 2, abs=1e-6)
    assert found[2] == pytest.approx(found[0], abs=1e-6) and (found[1] == 0).all()


def test_contributions_sum_to_the_difference_whatever_the_model(own):
    def odd(each):
        return np.sin(each.sum(axis=-1)) + (each[..., 0] > 0) * np.abs(each[..., 3])

    found, (average, said) = contributions(odd, own, AVERAGE, PARTS, np.array([1, 2, 0]))
    assert found.sum(axis=0) == pytest.approx(said - average, abs=1e-5)
    assert average == pytest.approx(odd(AVERAGE))


def test_points_are_found_in_any_crs(odd_grid):
    grid = odd_grid()
    x, y = grid.centres(np.array([5]), np.array([11]))
    assert cell_at(f"{x[0]},{y[0]}", grid) == (5, 11)
    from scarp.engine.files.grid import reference_of
    from scarp.engine.gdal import osr

    there = osr.CoordinateTransformation(grid.spatial_reference, reference_of(4326)).TransformPoint(float(x[0]), float(y[0]))
    assert cell_at(f"{there[0]!r},{there[1]!r} [EPSG:4326]", grid) == (5, 11)
    for wrong in ("0,0", "0,0 [EPSG:4326]", f"{grid.bounds[0] - 1},{y[0]}"):
        with pytest.raises(EngineError, match=r"^The point \(POINT\) .* lies outside the covariate stack.*\.$"):
            cell_at(wrong, grid)
