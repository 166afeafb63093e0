# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.screening.binning import DIRECTIONS, Classing, class_limits
from scarp.models.covariate import Covariate


def test_class_limits_share_the_cells():
    values = np.random.default_rng(7).lognormal(size=100_000).astype(np.float32)
    limits, _ = class_limits(values, "quantiles", 8)
    shares = np.bincount(np.searchsorted(limits, values, side="right")) / len(values)
    assert shares == pytest.approx(np.full(8, 0.125), abs=0.01)
    limits, _ = class_limits(np.r_[values, 1e9].astype(np.float32), "natural_breaks", 8)
    assert len(limits) == 7 and limits.max() < 20


@pytest.mark.parametrize("method", ["quantiles", "natural_breaks"])
def test_class_limits_of_odd_values(method):
    assert not len(class_limits(np.full(100, 3, np.float32), method, 8)[0])
    assert class_limits(np.repeat(np.float32([0, 1]), [99, 1]), method, 8)[0].tolist() == [0.5]
    assert class_limits(np.repeat(np.float32([1, 2, 4, 9]), 5), method, 4)[0].tolist() == [1.5, 3.0, 6.5], "halfway between few values"
    mostly_zero = np.r_[np.zeros(9990), np.arange(1, 11)].astype(np.float32)
    limits, _ = class_limits(mostly_zero, method, 5)
    assert limits.tolist() == [1.0]
    tiny = (np.linspace(-1, 1, 1000) * 1e-9).astype(np.float32)
    assert len(class_limits(tiny, method, 4)[0]) == 3


def test_labels_of_classes_tell_their_limits():
    values = np.linspace(0, 100, 1001, dtype=np.float32)
    classing = Classing.of(Covariate("slope"), values, np.empty(0), "quantiles", 4)
    assert classing.names == ("< 25", "25 to 50", "50 to 75", "≥ 75")
    assert Classing.of(Covariate("x"), values - 50, np.empty(0), "quantiles", 2).names == ("< 0", "≥ 0")
    assert classing.number(np.float32([24.9, 25, 75, np.nan])).tolist() == [0, 1, 3, -1]


def test_codes_that_are_no_class_are_told_apart():
    classing = Classing.of(Covariate("soil", "categorical", classes={3: "marl"}), np.empty(0), np.float32([3, 7]), "quantiles", 4)
    assert classing.names == ("marl", "7")
    assert classing.number(np.float32([3, 7, 5, 9, 1, np.nan])).tolist() == [0, 1, -1, -1, -1, -1]


def test_directions_are_eight_and_flat():
    classing = Classing.of(Covariate("aspect", "circular"), np.empty(0), np.empty(0), "quantiles", 4)
    angles = np.float32([0, 22, 23, 90, 180, 270, 337, 338, 360, -1, np.nan])
    assert [DIRECTIONS[number] if number >= 0 else None for number in classing.number(angles)] == [
        "N", "N", "NE", "E", "S", "W", "NW", "N", "N", "flat", None
    ]  # fmt: skip
