# SPDX-License-Identifier: GPL-2.0-or-later
"""Importance by values known beforehand: what a model goes by matters by so much, and what it does not look at by nothing."""

import numpy as np
import pytest
from scarp.engine.explanation.importance import HeldOut, Importance, asked, correlations, factors_of, importances
from scarp.engine.feedback import Feedback
from scarp.engine.samples.folds import landslide_weights
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.patches import Patches

COVARIATES = (Covariate("slope", group="geomorphologic"), Covariate("aspect", "circular", group="geomorphologic"), Covariate("noise"))
COUNT = 400


@pytest.fixture(scope="module")
def ground():
    """Patches each of one value throughout, and labels that the slope tells without fail."""
    rng = np.random.default_rng(2)
    values = np.column_stack([rng.normal(20, 5, COUNT), rng.uniform(0, 360, COUNT), rng.normal(0, 1, COUNT)])
    patches = np.broadcast_to(values[:, None, None, :], (COUNT, 3, 3, 3)).astype(np.float32)
    return Encoder.fit(values, COVARIATES), Patches.of(patches), (values[:, 0] > 20).astype(int)


def by_whole_patches(encoded):
    """What the slope of the ground around a cell says; no number where a patch was put together from cells of several."""
    slope = encoded[..., 0]
    whole = (slope == slope[:, :1, :1]).all(axis=(1, 2)) & (encoded[..., 1] == encoded[:, :1, :1, 1]).all(axis=(1, 2))
    return np.where(whole, slope.mean(axis=(1, 2)), np.nan)


def test_permutation_moves_whole_patches_and_lowers_the_auc_to_chance(ground):
    encoder, patches, labels = ground
    part = HeldOut(by_whole_patches, encoder, patches, labels)
    factors = factors_of(COVARIATES, np.eye(3))
    assert [each.name for each in factors] == ["slope", "aspect", "noise", "geomorphologic"]
    slope, aspect, noise, group = importances([part, part], factors, 6, 1, [Feedback()] * 2)
    assert slope.auc == pytest.approx([1.0, 1.0]) and slope.drop.shape == (2, 6)
    assert slope.mean == pytest.approx(0.5, abs=0.03) and slope.is_clear
    assert group.mean == pytest.approx(slope.mean, abs=1e-12)
    assert (aspect.drop == 0).all() and (noise.drop == 0).all() and not noise.is_clear
    assert 0.003 < slope.deviation < 0.05 and len(np.unique(slope.drop)) == 12
    assert (slope.cells, slope.landslides) == (2 * COUNT, 2 * labels.sum())


def test_a_permuted_covariate_takes_its_channels_from_the_cells_named(ground):
    encoder, patches, _ = ground
    encoded = patches.encoded(encoder)
    order = np.roll(np.arange(COUNT), 1)
    seen = []
    asked(lambda each: seen.append(each) or np.zeros(len(each)), encoded, np.array([1, 2]), order)
    (found,) = seen
    own, other = encoded.take(), encoded.take(order)
    assert np.array_equal(found[..., [0, 3]], own[..., [0, 3]])
    assert np.array_equal(found[..., [1, 2]], other[..., [1, 2]])


def test_clear_is_what_falls_in_every_fold_by_enough():
    def told(drop):
        return Importance(None, np.array([0.8, 0.8]), np.array(drop), 10, 5).is_clear

    assert told([[0.02, 0.02], [0.01, 0.01]])
    assert not told([[0.05, 0.05], [-0.01, -0.01]])
    assert not told([[0.004, 0.004], [0.004, 0.004]])
    assert not told([[0.001, 0.05], [0.001, 0.05]])


def test_what_correlates_is_permuted_together():
    rng = np.random.default_rng(5)
    one = rng.normal(size=300)
    values = np.column_stack([one, rng.uniform(0, 360, 300), -np.exp(one)])
    found = correlations(Encoder.fit(values, COVARIATES), values)
    assert found[0, 2] == pytest.approx(1.0) and found[0, 1] < 0.2
    (same,) = [each for each in factors_of(COVARIATES, found) if each.kind == "correlated"]
    assert same.members == (0, 2)


def test_what_counts_as_clear_at_the_limits():
    """A fall of 0.005 on average, and more than twice the spread over repeats, which is that of the means over folds (n − 1)."""

    def of(drop):
        return Importance(None, np.array([0.8] * len(drop)), np.array(drop), 10, 5)

    assert of([[0.005, 0.005], [0.005, 0.005]]).is_clear and not of([[0.0049, 0.0049], [0.0049, 0.0049]]).is_clear
    found = of([[0.01, 0.03], [0.03, 0.05]])
    assert found.of_folds.tolist() == pytest.approx([0.02, 0.04]) and found.mean == pytest.approx(0.03)
    assert found.deviation == pytest.approx(0.02 / np.sqrt(2)) and found.is_clear
    assert not of([[0.01, 0.04], [0.01, 0.04]]).is_clear, "0.025 is less than twice 0.021"
    assert not of([[0.03], [0.0]]).is_clear and of([[0.03], [0.01]]).is_clear


def test_covariates_are_together_from_a_correlation_of_seven_tenths_on():
    def sets(*pairs):
        linked = np.eye(3)
        for one, other, value in pairs:
            linked[one, other] = linked[other, one] = value
        return [each.members for each in factors_of(COVARIATES, linked) if each.kind == "correlated"]

    assert sets((0, 2, 0.7)) == [(0, 2)] and sets((0, 2, 0.699)) == []
    assert sets((0, 1, 0.8), (1, 2, 0.8)) == [(0, 1, 2)], "by others too"


def test_a_group_of_all_is_told_as_such_and_one_alone_is_none():
    alike = tuple(Covariate(name, group="geomorphologic") for name in ("slope", "relief"))
    assert [(each.kind, each.name, each.members) for each in factors_of(alike, np.eye(2))[2:]] == [
        ("group", "geomorphologic (all of them)", (0, 1))
    ]
    apart = (Covariate("slope", group="geomorphologic"), Covariate("rock", group="geological"))
    assert len(factors_of(apart, np.eye(2))) == 2


def test_another_seed_permutes_otherwise(ground):
    encoder, patches, labels = ground
    part = HeldOut(by_whole_patches, encoder, patches, labels)
    factors = factors_of(COVARIATES, np.eye(3))[:1]
    drops = [importances([part], factors, 2, seed, [Feedback()])[0].drop.tolist() for seed in (1, 1, 2)]
    assert drops[0] == drops[1] != drops[2]


def test_landslides_count_the_same_where_weights_say_so(ground):
    """A landslide of 99 cells that the answer ranks first, and one of a cell that it ranks last: 0.99 by cells, 0.5 by landslides."""
    encoder, patches, _ = ground
    few = patches.only(np.arange(110))
    labels, said = np.repeat([1, 0], [100, 10]), np.r_[np.ones(99), 0.0, np.full(10, 0.5)]
    weights = landslide_weights(labels, np.r_[np.zeros(99, int), 1, 2:12])
    told = {}
    for name, counts in (("cells", None), ("landslides", weights)):
        (found,) = importances(
            [HeldOut(lambda each: said, encoder, few, labels, counts)], [factors_of(COVARIATES, np.eye(3))[0]], 1, 1, [Feedback()]
        )
        told[name] = found.auc[0]
    assert told == {"cells": pytest.approx(0.99), "landslides": pytest.approx(0.5)}
