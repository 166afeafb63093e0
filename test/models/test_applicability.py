# SPDX-License-Identifier: GPL-2.0-or-later
"""The area of applicability by hand, as CAST's `trainDI` and `aoa` have it, and its search against all distances."""

import io

import numpy as np
import pytest
from scarp.models import applicability
from scarp.models.applicability import Applicability
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.errors import EngineError
from scarp.models.model_file import load_model, save_model
from scarp.models.recipe import Recipe

# Four training cells, of which the first covariate has mean 4 and sample standard deviation sqrt(20 / 3); none differs in the second.
BY_HAND = np.array([[1.0, 7.0], [3.0, 7.0], [5.0, 7.0], [7.0, 7.0]])
STEP = 2 / np.sqrt(20 / 3)


def fold_splits(fold):
    fold = np.asarray(fold)
    return [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in np.unique(fold[fold >= 0])]


def test_an_example_by_hand():
    """Distances between the four: three of one step, two of two, one of three; their mean is 10 / 6 steps.

    Folds {1, 2} and {3, 4}: the nearest training cells of the other fold are 2, 1, 1 and 2 steps away, the indices 1.2, 0.6, 0.6, 1.2;
    quartiles 0.6 and 1.2, whisker 1.2 + 1.5 * 0.6 = 2.1, more than the greatest index: the threshold is 1.2.
    """
    encoder = Encoder.fit(BY_HAND, [Covariate("slope"), Covariate("relief")])
    area = Applicability.fit(encoder, BY_HAND, [1.0, 0.5], fold_splits([0, 0, 1, 1]))
    np.testing.assert_allclose(area.mean_distance, STEP * 10 / 6)
    np.testing.assert_allclose(area.threshold, 1.2)
    found = area.index(np.array([[[1.0, 7], [4, 7], [9, 7], [17, 99], [np.nan, 7]]]))
    np.testing.assert_allclose(found[0, :4], [0, 0.5 * 0.6, 0.6, 5 * 0.6], atol=1e-6)
    assert np.isnan(found[0, 4])


def test_without_folds_the_nearest_of_all_counts():
    """All indices are 0.6 but an outlier's, 3 by hand: whisker and quartiles 0.6, and the threshold leaves the outlier out."""
    cells = np.arange(8.0)[:, None]
    cells[7] = 11.0
    encoder = Encoder.fit(cells, [Covariate("slope")])
    area = Applicability.fit(encoder, cells, [1.0], [])
    apart = np.abs(cells - cells.T)
    mean = apart.sum() / 56
    np.testing.assert_allclose(area.threshold, 1 / mean)
    assert area.index(np.full((1, 1, 1), 11.0))[0, 0] == 0


def as_cast(train, weight, fold, new):
    """CAST 1.0.4, `trainDI` and `aoa` with the method L2, in the order of its R: weighted, scaled dummies for each class."""
    scaled = (train - train.mean(axis=0)) / train.std(axis=0, ddof=1) * weight
    others = [np.delete(np.sqrt(((scaled - one) ** 2).sum(axis=1)), number) for number, one in enumerate(scaled)]
    mean = np.mean([each.mean() for each in others])
    least = [min(np.sqrt(((scaled[j] - scaled[i]) ** 2).sum()) for j in np.flatnonzero(fold != fold[i])) for i in range(len(train))]
    index = np.array(least) / mean
    low, high = np.percentile(index, [25, 75])
    threshold = min(high + 1.5 * (high - low), index.max())
    new = (new - train.mean(axis=0)) / train.std(axis=0, ddof=1) * weight
    return mean, threshold, np.array([np.sqrt(((scaled - one) ** 2).sum(axis=1)).min() for one in new]) / mean


def mixed_cells(count, seed):
    rng = np.random.default_rng(seed)
    return np.stack([rng.normal(20, 9, count), rng.uniform(-1, 360, count), rng.choice([2, 3, 7], count, p=[0.7, 0.2, 0.1])], axis=1)


COVARIATES = [Covariate("slope"), Covariate("aspect", "circular"), Covariate("rock", "categorical")]


def channels(values):
    angle = np.radians(values[:, 1])
    flat = values[:, 1] < 0
    turned = [np.where(flat, 0, np.sin(angle)), np.where(flat, 0, np.cos(angle))]
    return np.stack([values[:, 0], *turned, *((values[:, 2] == code) for code in (2, 3, 7))], axis=1).astype(float)


@pytest.mark.parametrize("way", ["compiled", "arrays"])
def test_all_kinds_of_covariates_as_cast_has_them(monkeypatch, way):
    if way == "arrays":
        monkeypatch.setattr(applicability, "_search", lambda: applicability._by_arrays)
    train, new = mixed_cells(150, 1), mixed_cells(700, 2)
    new[0] = [400.0, 30.0, 2]  # beyond five deviations
    new[1, 2] = 9  # a class that training has not seen
    new[2, 1] = -1
    new[3, 1] = 0  # north is a direction
    lacking = new[4:5].copy()
    lacking[0, 2] = np.nan
    fold = np.random.default_rng(3).integers(0, 4, 150)
    encoder = Encoder.fit(train, COVARIATES)
    area = Applicability.fit(encoder, train, [0.8, 0.2, 0.4], fold_splits(fold))
    mean, threshold, expected = as_cast(channels(train), np.array([1, 0.25, 0.25, 0.5, 0.5, 0.5]), fold, channels(new))
    np.testing.assert_allclose([area.mean_distance, area.threshold], [mean, threshold], rtol=1e-6)
    found = area.index(new.reshape(70, 10, 3).astype(np.float32))
    np.testing.assert_allclose(found.ravel(), expected, rtol=2e-5, atol=1e-5)
    assert expected[0] > 10 and 0 < (expected > threshold).mean() < 0.5
    assert np.isnan(area.index(lacking[None])).all(), "no class is not one that training lacks"


def test_weights_below_zero_and_none_above(monkeypatch):
    train = mixed_cells(60, 4)
    encoder = Encoder.fit(train, COVARIATES)
    none, same = (Applicability.fit(encoder, train, weights, []) for weights in ([0, -1, 0], [2, 2, 2]))
    assert none.threshold == same.threshold
    slope = Applicability.fit(encoder, train, [1, -3, 0], [])
    other = train.copy()
    other[:, 1:] = 5
    np.testing.assert_allclose(slope.index(other[None]), 0, atol=1e-6)


def test_of_many_cells_some_are_kept(monkeypatch):
    monkeypatch.setattr(applicability, "MOST_CELLS", 50)
    train = mixed_cells(400, 5)
    train[::7, 0] = np.nan
    encoder = Encoder.fit(train, COVARIATES)
    first, again = (Applicability.fit(encoder, train, [1, 1, 1], fold_splits(np.arange(400) % 3), 7) for _ in range(2))
    assert len(first.arrays["cells"]) == 50
    other = Applicability.fit(encoder, train, [1, 1, 1], fold_splits(np.arange(400) % 3), 8)
    assert (first.arrays["cells"] != other.arrays["cells"]).any()
    assert all((first.arrays[name] == again.arrays[name]).all() for name in first.ARRAYS)
    assert (first.index(train[None])[0, np.isfinite(train[:, 0])] < 1e-5).sum() == 50


def test_two_thousand_cells_are_kept():
    train = mixed_cells(2100, 8)
    assert len(Applicability.fit(Encoder.fit(train, COVARIATES), train, [1, 1, 1], []).arrays["cells"]) == 2000


def model_with(area, encoder):
    architecture = Recipe(patch_size=3, hidden_layers=0).architecture(channels=len(encoder.channels))
    model = CnnDnn(encoder, architecture, [{name: np.ones(shape, np.float32) for name, shape in architecture.shapes.items()}], {}, "numpy")
    model.applicability = area
    return model


def test_a_model_file_keeps_it():
    train = mixed_cells(60, 6)
    encoder = Encoder.fit(train, COVARIATES)
    area, file = Applicability.fit(encoder, train, [1, 0.5, 0.25], fold_splits(np.arange(60) % 5)), io.BytesIO()
    save_model(file, model_with(area, encoder))
    kept = load_model(file, "numpy").applicability
    assert kept.threshold == area.threshold
    np.testing.assert_array_equal(kept.index(mixed_cells(40, 7)[None]), area.index(mixed_cells(40, 7)[None]))
    file = io.BytesIO()
    save_model(file, model_with(None, encoder))
    assert load_model(file, "numpy").applicability is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cells", np.zeros((1, 6))),
        ("cells", np.zeros((60, 5))),
        ("cells", np.full((60, 6), np.nan)),
        ("deviation", np.zeros(6)),
        ("weight", -np.ones(6)),
        ("mean", np.zeros(5)),
        ("figures", np.array([0.0, 1.0])),
        ("figures", np.array([1, 1])),
    ],
)
def test_a_damaged_one_is_refused(name, value):
    train = mixed_cells(60, 6)
    encoder = Encoder.fit(train, COVARIATES)
    area, file = Applicability.fit(encoder, train, [1, 1, 1], []), io.BytesIO()
    area.arrays[name] = value
    save_model(file, model_with(area, encoder))
    with pytest.raises(EngineError, match="damaged"):
        load_model(file, "numpy")


def test_cells_that_no_fold_tests_have_no_distance():
    """Of cells at 0, 1, 2 and 10 the last is in no test part; the others are 2, 1 and 1 apart where they are tested, the mean is 31 / 6."""
    cells = np.array([[0.0], [1.0], [2.0], [10.0]])
    folds = [(np.array([2]), np.array([0, 1])), (np.array([0, 1]), np.array([2]))]
    area = Applicability.fit(Encoder.fit(cells, [Covariate("slope")]), cells, [1.0], folds)
    np.testing.assert_allclose(area.threshold, 2 / (31 / 6))  # quartiles 1 and 1.5, whisker 2.25, the greatest 2
