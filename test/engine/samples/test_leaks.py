# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.samples.cells import resolve_samples
from scarp.engine.samples.leaks import leaking
from scarp.models.covariate import Covariate

LABELS = np.repeat([0, 1], [300, 200])
RNG = np.random.default_rng(1)


def auc_of(values, kind="continuous"):
    return leaking(np.asarray(values, float)[:, None], LABELS, [Covariate("it", kind)]).get("it")


def test_a_covariate_that_holds_the_labels_is_named():
    assert auc_of(LABELS) == 1 and auc_of(-LABELS) == 1
    assert auc_of(RNG.normal(size=500)) is None
    assert auc_of(LABELS + RNG.normal(0, 0.2, 500)) == pytest.approx(1, abs=0.01)
    assert auc_of(LABELS + RNG.normal(0, 1, 500)) is None


def test_the_limit_is_hand_made():
    """Of 60,000 pairs, 600 are out of order where two landslides lie below all others, and three exceed one per cent."""
    values = LABELS.astype(float)
    values[-2:] = -1
    assert auc_of(values) is None  # 1 − 600 / 60,000 = 0.99
    values[-1] = 1
    assert auc_of(values) == pytest.approx(1 - 300 / 60_000)
    values = LABELS.astype(float)
    values[0] = 1  # 200 ties
    assert auc_of(values) == pytest.approx(1 - 100 / 60_000)


def test_classes_and_directions():
    assert auc_of(LABELS + 3, "categorical") == 1
    assert auc_of(np.where(LABELS == 1, 7, RNG.integers(0, 5, 500)), "categorical") == 1
    assert auc_of(RNG.integers(0, 100, 500), "categorical") is None, "many classes tell nothing of the others"
    assert auc_of(np.arange(500), "categorical") is None
    assert auc_of(np.where(LABELS == 1, np.arange(500), 0), "categorical") == 1, "the number of each landslide, and none elsewhere"
    assert auc_of(np.where(LABELS == 1, 10.0, 200.0), "circular") == 1
    assert auc_of(np.where(LABELS == 1, -1.0, 20.0), "circular") == 1
    assert auc_of(RNG.uniform(0, 360, 500), "circular") is None
    assert auc_of(np.where(LABELS == 1, 44.0, 46.0), "circular") == 1, "north-east begins at 45 degrees"
    for low, high in ((0.0, 44.9), (45.0, 89.9), (315.0, 359.9)):
        assert auc_of(np.where(LABELS == 1, low, high), "circular") is None, "one direction"


def test_cells_without_a_value_do_not_count():
    values = LABELS.astype(float)
    values[::7] = np.nan
    assert auc_of(values) == 1
    assert auc_of(np.where(LABELS == 1, 1.0, np.nan)) is None


def test_leaks_are_told_where_samples_are_taken(stack_of, layer_of, points, listener, grid):
    cells = [(row, col) for row in range(3, 36, 6) for col in range(3, 58, 6)]
    label = [number % 2 for number in range(60)]
    height = np.zeros(grid.shape)
    height[tuple(np.array(cells)[1::2].T)] = 3.0
    stack = stack_of([(Covariate("noise"), RNG.normal(size=grid.shape)), (Covariate("scarp_height"), height)])
    resolve_samples(stack, layer_of("a.gpkg", points(cells), label=[str(each) for each in label]), "label", 1, listener)
    (told,) = [text for text in listener.warnings if "alone" in text]
    assert told.startswith("The covariate scarp_height alone tells landslide cells from others with an AUC of 1.000. Was it made from")


def test_directions_are_eight_and_begin_in_the_north():
    """Of eight sectors the first ends just below 45 degrees."""
    first, second = np.r_[np.full(150, 44.95), np.linspace(0, 44, 150)], np.r_[np.full(100, 45.0), np.linspace(46, 89, 100)]
    assert auc_of(np.r_[first, second], "circular") == 1
    assert auc_of(np.r_[first, second - 1.0], "circular") is None
