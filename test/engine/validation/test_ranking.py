# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.reporting.metrics import mean_variance
from scarp.engine.reporting.rates import RateCurve
from scarp.engine.validation.ranking import (
    Cuts,
    Estimate,
    kappa,
    others_variance,
    placements_above,
    precision_recall,
    roc,
)
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score


def histograms(slides, others, cuts=None):
    cuts = cuts or Cuts.of(slides)
    return [np.bincount(cuts.index(each), minlength=cuts.bins).astype(float) for each in (slides, others)]


def auc_of(slides, others):
    cuts = Cuts.of(slides)
    return mean_variance(placements_above(histograms(slides, others)[1])[cuts.index(slides)], np.ones(len(slides)), np.arange(len(slides)))[
        0
    ]


@pytest.mark.parametrize("decimals", [1, 3, 9])
def test_histograms_give_what_all_cells_give(decimals):
    """With ties and without; scikit-learn computes it from the cells themselves."""
    rng = np.random.default_rng(3)
    slides, others = rng.normal(1, 1, 200).round(decimals), rng.normal(0, 1, 5000).round(decimals)
    labels, values = np.r_[np.ones(200), np.zeros(5000)], np.r_[slides, others]
    assert auc_of(slides, others) == pytest.approx(roc_auc_score(labels, values), abs=1e-12)
    of_slides, of_others = histograms(slides, others)
    assert precision_recall(of_slides, of_others)[2] == pytest.approx(average_precision_score(labels, values), abs=1e-12)
    false, true = roc(of_slides, of_others)
    assert np.sum(np.diff(false) * (true[1:] + true[:-1]) / 2) == pytest.approx(roc_auc_score(labels, values), abs=1e-12)


def test_a_perfect_map_and_noise():
    rng = np.random.default_rng(1)
    assert auc_of(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == 1
    assert auc_of(np.array([0.0]), np.array([1.0, 2.0])) == 0
    assert auc_of(rng.random(3000), rng.random(30_000)) == pytest.approx(0.5, abs=0.02)


def test_the_variance_is_delongs_where_each_cell_is_a_unit():
    """The classic covariance of the placements, written out (DeLong et al. 1988)."""
    rng = np.random.default_rng(5)
    slides, others = rng.normal(1, 1, 40).round(1), rng.normal(0, 1, 70).round(1)
    less, ties = slides[:, None] > others, slides[:, None] == others
    kernel = less + ties / 2
    by_hand = kernel.mean(axis=1).var(ddof=1) / 40 + kernel.mean(axis=0).var(ddof=1) / 70
    of_slides, of_others = histograms(slides, others)
    mean, variance = mean_variance(placements_above(of_others)[Cuts.of(slides).index(slides)], np.ones(40), np.arange(40))
    assert mean == pytest.approx(kernel.mean())
    assert variance + others_variance(of_slides, of_others, 70) == pytest.approx(by_hand, rel=1e-9)


def test_a_figure_without_variance_has_no_interval():
    none = float("nan"), 0.1
    assert np.isnan(Estimate.of_auc(0.3, none, 9).low) and np.isnan(Estimate.of_difference(0.3, none, 9)[0].high)
    found, p_value = Estimate.of_difference(0.9, (0.0025, float("nan")), 20)
    assert p_value == pytest.approx(2 * stats.t.sf(18, 19))
    assert found.high == 1.0 and found.low == pytest.approx(0.9 - 2.093024 * 0.05)


def test_an_auc_near_one_has_more_doubt_below_than_above():
    """0.9 of odds of 9, with a standard error of 0.05 / 0.09 of their logarithm, 2.093 times by 20 landslides."""
    found = Estimate.of_auc(0.9, (0.002, 0.0005), 20)
    assert (found.low, found.high) == pytest.approx((0.737775, 0.966431), abs=1e-6)


def test_landslides_above_all_other_cells_leave_doubt():
    """Five above all others: of an AUC below 0.025 to the power of a fifth that is rarer than once in forty."""
    found = Estimate.of_auc(1 - 1e-16, (1e-33, 1e-34), 5)
    assert (found.low, found.high) == (pytest.approx(0.025**0.2), 1.0)
    assert Estimate.of_auc(0.9, (0.01, 0.0), 5).low < Estimate.of_auc(0.9, (0.01, 0.0), 50).low < 0.7
    assert np.isnan(Estimate.of_auc(1.0, (float("nan"), 0.1), 1).low)


def test_landslides_that_all_lie_in_one_class_leave_doubt():
    """Five in the highest of five classes, above 80 % of the other cells and level with 20 %: a sixth may lie anywhere."""
    found = Estimate.of_auc(0.9, (0.0, 1e-6), 5)
    assert (found.low, found.high) == pytest.approx((0.025**0.2 * 0.9, 1 - 0.025**0.2 * 0.1))
    few, p_value = Estimate.of_difference(1.0, (0.0, 0.0), 2)
    assert (few.low, few.high) == pytest.approx((2 * 0.025**0.5 - 1, 1.0)) and p_value == 0.5, "as two coins fall"
    assert Estimate.of_difference(0.0, (0.0, 0.0), 2)[1] == 1 and Estimate.of_difference(0.0, (0.0, 0.0), 2)[0].high == 0


def test_many_thresholds_are_thinned_and_fewer_ones_are_found_again():
    values = np.arange(1000.0)
    assert len(Cuts.of(values, 10).values) == 10
    cuts, fewer = Cuts.of(values), Cuts.of(values, 10)
    some = np.r_[values, values - 0.5, values + 0.5]
    np.testing.assert_array_equal(cuts.coarser(fewer)[cuts.index(some)], fewer.index(some))


def test_rate_curve_by_hand():
    """Half of the landslides on the best fifth, a quarter on the next three tenths, a quarter on the rest."""
    curve = RateCurve.of(np.array([50, 0, 30, 20]), np.array([1, 0, 1, 2]))
    assert curve.under == pytest.approx(0.2 * 0.25 + 0.3 * 0.625 + 0.5 * 0.875)
    assert curve.at(0.1) == pytest.approx(0.25) and curve.at(0.2) == pytest.approx(0.5)
    assert RateCurve.of(np.array([99, 1]), np.array([0, 1])).under == pytest.approx(0.995)


def test_kappa_by_hand():
    assert kappa(np.eye(3)) == (1.0, 1.0)
    assert kappa(np.ones((2, 2))) == (0.5, 0.0)
    assert kappa(np.array([[5.0]])) == (1.0, 1.0)


def test_kappa_goes_by_the_shares_of_both_maps():
    """Three quarters are low on the first map and nine tenths on the second: by chance 0.7 agree, here 0.85."""
    assert kappa(np.array([[15, 0], [3, 2]])) == pytest.approx((0.85, 0.5))
