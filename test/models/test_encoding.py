# SPDX-License-Identifier: GPL-2.0-or-later
import json

import numpy as np
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder

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
    assert encoder.unseen_classes(COVARIATES) == {"geology": ["sand"]}


def test_a_constant_of_training_counts_for_nothing():
    encoder = Encoder.fit(np.full((50, 1), 0.1), COVARIATES[:1])
    np.testing.assert_array_equal(encoder.encode(np.array([[0.1], [7.0], [np.nan]])), np.zeros((3, 1)))


def test_json_keeps_it():
    encoder = Encoder.fit(TRAINING, COVARIATES)
    again = Encoder.from_json(json.loads(json.dumps(encoder.to_json())))
    values = np.random.default_rng(1).normal(size=(4, 4, 3)) * 50
    np.testing.assert_array_equal(encoder.encode(values), again.encode(values))
    assert again.covariates == COVARIATES
