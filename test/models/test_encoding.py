# SPDX-License-Identifier: GPL-2.0-or-later
import json

import numpy as np
import pytest
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.errors import EngineError

COVARIATES = (
    Covariate("slope", unit="degree"),
    Covariate("aspect", "circular", "degree"),
    Covariate("geology", "categorical", classes={1: "marl", 2: "lime", 3: "sand"}),
)
TRAINING = np.array([[10, 0, 1], [20, 90, 2], [30, 180, 2]], float)


def test_values_by_hand():
    encoder = Encoder.fit(TRAINING, COVARIATES)
    assert encoder.channels == ["slope", "sin(aspect)", "cos(aspect)", "geology=marl", "geology=lime"]
    deviation = np.sqrt(200 / 3)
    expected = [[10 / deviation, 1, 0, 1, 0]]
    np.testing.assert_allclose(encoder.encode(np.array([[30, 90, 1.0]])), expected, atol=1e-6)


def test_missing_flat_and_unseen_become_zero():
    encoder = Encoder.fit(TRAINING, COVARIATES)
    encoded = encoder.encode(np.array([[np.nan, -1, 3], [20, np.nan, np.nan]]))
    np.testing.assert_array_equal(encoded, np.zeros((2, 5)))


def test_a_constant_of_training_counts_for_nothing():
    encoder = Encoder.fit(np.full((50, 1), 0.1), COVARIATES[:1])
    np.testing.assert_array_equal(encoder.encode(np.array([[0.1], [7.0], [np.nan]])), np.zeros((3, 1)))


def test_json_keeps_it():
    encoder = Encoder.fit(TRAINING, COVARIATES)
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    values = np.random.default_rng(1).normal(size=(4, 4, 3)) * 50
    np.testing.assert_array_equal(encoder.encode(values), again.encode(values))
    assert again.covariates == COVARIATES


def test_values_are_cut_off_at_five_deviations():
    """Mean 20 and deviation 10 by hand: 69 is 4.9 deviations above, 70 is five, and what lies beyond stays there."""
    encoder = Encoder.fit(np.array([[10.0], [30.0]]), COVARIATES[:1])
    values = np.array([[69.0], [70.0], [71.0], [1e6], [-29.0], [-31.0], [-1e6]])
    np.testing.assert_allclose(encoder.encode(values)[:, 0], [4.9, 5, 5, 5, -4.9, -5, -5], atol=1e-6)


def test_missing_values_of_training_do_not_count():
    """Neither in mean and deviation (of all cells, not of a sample), nor among the classes; classes go by their codes."""
    training = np.array([[10, 45, 9], [np.nan, np.nan, np.nan], [30, 90, 2], [20, np.nan, 9]])
    encoder = Encoder.fit(training, COVARIATES)
    assert encoder.to_json()["columns"] == [{"mean": 20.0, "deviation": np.sqrt(200 / 3)}, {}, {"classes": [2, 9]}]
    assert encoder.channels[-2:] == ["geology=lime", "geology=9"]
    with pytest.raises(EngineError, match="aspect has no value on any training cell"):
        Encoder.fit(np.array([[1, np.nan, 1], [2, np.nan, 1.0]]), (COVARIATES[0], Covariate("aspect"), COVARIATES[2]))


def test_directions_by_hand():
    """Clockwise from north: 30 degrees are east of north, 200 west of south; flat ground has none, though 0 is north."""
    encoder = Encoder.fit(np.array([[30.0], [200.0]]), COVARIATES[1:2])
    assert encoder.circular_pairs == [(0, 1)]
    expected = [[0.5, np.sqrt(0.75)], [-0.34202, -0.93969], [0, 1], [0, 0]]
    np.testing.assert_allclose(encoder.encode(np.array([[30.0], [200.0], [0.0], [-1.0]])), expected, atol=1e-5)


def test_pairs_are_counted_in_channels_and_not_in_covariates():
    encoder = Encoder.fit(np.array([[1, 10, 30], [2, 20, 60], [3, 20, 60.0]]), (COVARIATES[2], COVARIATES[0], COVARIATES[1]))
    assert encoder.channels == ["geology=marl", "geology=lime", "geology=sand", "slope", "sin(aspect)", "cos(aspect)"]
    assert encoder.circular_pairs == [(4, 5)]


def test_windows_are_encoded_cell_by_cell():
    """Rows and columns stay where they are, whatever the shape."""
    encoder = Encoder.fit(TRAINING, COVARIATES)
    window = TRAINING[np.array([[0, 1, 2], [2, 0, 1]])]
    encoded = encoder.encode(window)
    assert encoded.shape == (2, 3, 5)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded[1, 0], encoder.encode(TRAINING[2]))
    np.testing.assert_array_equal(encoded[0, 1], encoder.encode(TRAINING[1]))


def test_what_training_has_seen_by_hand():
    """Of 0, 10, …, 100 the quantiles are round; a missing value does not count."""
    values = np.column_stack([np.arange(0, 101, 10.0), np.full(11, 90.0), [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, np.nan]])
    encoder = Encoder.fit(values, COVARIATES)
    assert encoder.seen == [{"cells": 11, "quantiles": [0, 5, 25, 50, 75, 95, 100]}, {"cells": 11}, {"cells": 10, "shares": [0.4, 0.6]}]
    assert Encoder.from_json(encoder.to_json()).seen is None
    assert encoder.alone(2).seen == encoder.seen[2:]


def test_further_cells_widen_what_was_seen():
    """Eleven cells from 0 to 100 and eleven from 200 to 300: a quarter of all lies below 50, three quarters below 250."""
    first = np.column_stack([np.arange(0, 101, 10.0), np.full(11, 90.0), np.full(11, 1.0)])
    second = first + np.array([200, 0, 1])
    encoder = Encoder.fit(np.concatenate([first, second[:1]])[:11], COVARIATES)
    encoder = Encoder(COVARIATES, [*encoder._columns[:2], {"classes": [1, 2]}], [*encoder.seen[:2], {"cells": 11, "shares": [1.0, 0.0]}])
    wide = encoder.widened(second)
    quantiles = wide.seen[0]["quantiles"]
    assert 100 <= quantiles.pop(3) <= 200 and quantiles == pytest.approx([0, 10, 50, 250, 290, 300]) and wide.seen[0]["cells"] == 22
    assert wide.seen[1:] == [{"cells": 22}, {"cells": 22, "shares": [0.5, 0.5]}]
    assert wide.to_json() == encoder.to_json(), "the encoding stays"
    assert Encoder.from_json(encoder.to_json()).widened(second).seen is None


def test_many_equal_values_are_widened_too():
    """Half of the old cells are 0, of which their quantiles tell a quarter; the new ones are 1: 1/8 up to 0, 3/4 up to 1."""
    encoder = Encoder.fit(np.repeat([0.0, 2.0], 10)[:, None], COVARIATES[:1])
    found = encoder.widened(np.full((20, 1), 1.0)).seen[0]["quantiles"]
    assert found[:2] == [0, 0] and found[2:5] == pytest.approx([0.2, 0.6, 1]) and found[-1] == 2


def test_those_who_are_more_have_the_greater_say_in_what_was_seen():
    """Thirty cells of class 1 at 0 … 100 and ten of class 2: three quarters are of class 1; none of unknown ones changes nothing."""
    first = np.column_stack([np.linspace(0, 100, 30), np.full(30, 90.0), np.full(30, 1.0)])
    columns = [{"mean": 50.0, "deviation": 10.0}, {}, {"classes": [1, 2]}]
    seen = [{"cells": 30, "quantiles": [0, 5, 25, 50, 75, 95, 100]}, {"cells": 30}, {"cells": 30, "shares": [1.0, 0.0]}]
    encoder = Encoder(COVARIATES, columns, seen)
    wide = encoder.widened(np.column_stack([np.linspace(200, 300, 10), np.full(10, 90.0), np.full(10, 2.0)]))
    assert wide.seen[2] == {"cells": 40, "shares": [0.75, 0.25]}
    assert wide.seen[0]["quantiles"][2] == pytest.approx(100 / 3), "a quarter of all is a third of the old ones"
    assert encoder.widened(np.full_like(first, np.nan)).seen == seen


def test_each_covariate_has_its_own_channels():
    encoder = Encoder.fit(
        np.array([[1, 10, 30, 5], [2, 20, 60, 6], [3, 20, 60.0, 7]]), (*COVARIATES[2:], *COVARIATES[:2], Covariate("twi"))
    )
    assert encoder.of_covariate == [slice(0, 3), slice(3, 4), slice(4, 6), slice(6, 7)]


def test_classes_between_two_are_refused():
    """As of a stack that was warped by means: 1.5 became the class 1 in name, and no cell was ever of it."""
    values = TRAINING.copy()
    values[0, 2] = 1.5
    with pytest.raises(EngineError, match="covariate geology holds 1.5, and codes of classes are whole numbers. If the raster was warped"):
        Encoder.fit(values, COVARIATES)
