# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.reporting import metrics
from scipy import stats

LABELS = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
SUSCEPTIBILITY = np.array([0.9, 0.8, 0.6, 0.3, 0.7, 0.4, 0.2, 0.2, 0.1, 0.1])
# At 0.5: TP 3, FN 1, FP 1, TN 5. Of 24 pairs three are out of order: 0.3 under 0.7 and 0.4, 0.6 under 0.7.


def test_every_metric_by_hand():
    found = metrics.evaluate(LABELS, SUSCEPTIBILITY)
    tp, fn, fp, tn = 3, 1, 1, 5
    squares = 0.01 + 0.04 + 0.16 + 0.49 + 0.49 + 0.16 + 0.04 + 0.04 + 0.01 + 0.01
    expected = {
        "auc": 21 / 24,
        # Precision at each landslide from the top: 1/1, 2/2, 3/4, 4/6, each a quarter of the recall.
        "average_precision": (1 + 1 + 3 / 4 + 4 / 6) / 4,
        "accuracy": 0.8,
        "precision_landslide": 3 / 4,
        "recall_landslide": 3 / 4,
        "f1_landslide": 3 / 4,
        "support_landslide": 4,
        "precision_none": 5 / 6,
        "recall_none": 5 / 6,
        "f1_none": 5 / 6,
        "support_none": 6,
        "sensitivity": 3 / 4,
        "specificity": 5 / 6,
        "phi": (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
        "kappa": (0.8 - (0.4 * 0.4 + 0.6 * 0.6)) / (1 - (0.4 * 0.4 + 0.6 * 0.6)),
        # J is 2/4 at 0.8, 3/4 - 1/6 = 7/12 at 0.6, 1 - 2/6 = 8/12 at 0.3.
        "youden_j": 8 / 12,
        "youden_threshold": 0.3,
        "mse": squares / 10,
        "rmse": np.sqrt(squares / 10),
        "mape": (0.1 + 0.2 + 0.4 + 0.7) / 4,
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=1e-12), name
    assert set(found) == {name for name, _, _ in metrics.METRICS}


def test_at_a_threshold_where_no_two_figures_are_alike():
    """At 0.4 and above: TP 3, FN 1, FP 2, TN 4; the cell of 0.4 itself is predicted landslide."""
    found = metrics.evaluate(LABELS, SUSCEPTIBILITY, threshold=0.4)
    expected = {"accuracy": 7 / 10, "precision_landslide": 3 / 5, "recall_landslide": 3 / 4, "f1_landslide": 6 / 9}
    expected |= {"precision_none": 4 / 5, "recall_none": 4 / 6, "f1_none": 8 / 11, "sensitivity": 3 / 4, "specificity": 4 / 6}
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert metrics.confusion(LABELS, SUSCEPTIBILITY, 0.4).tolist() == [[4, 2], [1, 3]]


def test_weights_are_as_if_there_were_as_many_of_both():
    """Every landslide cell three times and every other one twice, 12 of each: what balanced weights say of the cells themselves."""
    times = np.where(LABELS == 1, 3, 2)
    labels, susceptibility = np.repeat(LABELS, times), np.repeat(SUSCEPTIBILITY, times)
    expected, found = metrics.evaluate(labels, susceptibility), metrics.evaluate(LABELS, SUSCEPTIBILITY, weights=metrics.balanced(LABELS))
    assert found["accuracy"] == pytest.approx((3 / 4 + 5 / 6) / 2)
    assert (found.pop("support_landslide"), found.pop("support_none")) == (4, 6)
    for name, value in found.items():
        assert value == pytest.approx(expected[name], abs=1e-12), name
    even = metrics.evaluate(LABELS[:8], SUSCEPTIBILITY[:8])
    assert metrics.evaluate(LABELS[:8], SUSCEPTIBILITY[:8], weights=metrics.balanced(LABELS[:8])) == pytest.approx(even)


def test_any_weights_are_as_if_cells_were_there_so_often():
    times = np.array([1, 2, 3, 1, 2, 1, 3, 2, 1, 4])
    expected = metrics.evaluate(np.repeat(LABELS, times), np.repeat(SUSCEPTIBILITY, times), 0.4)
    found = metrics.evaluate(LABELS, SUSCEPTIBILITY, 0.4, times)
    for name in set(found) - {"support_landslide", "support_none", "youden_j", "youden_threshold"}:
        assert found[name] == pytest.approx(expected[name], abs=1e-12), name


def test_confusion_counts_rows_by_truth():
    assert metrics.confusion(LABELS, SUSCEPTIBILITY).tolist() == [[5, 1], [1, 3]]


def test_youden_gives_the_threshold_and_not_j():
    labels = np.array([0, 0, 1, 1])
    assert metrics.youden(labels, np.array([0.02, 0.03, 0.04, 0.05])) == (1.0, 0.04)


def test_perfect_model_is_1_and_noise_a_half():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 2, 40_000)
    assert metrics.evaluate(labels, labels.astype(float))["auc"] == 1.0
    noise = metrics.evaluate(labels, rng.uniform(size=labels.size))
    assert noise["auc"] == pytest.approx(0.5, abs=0.01)
    assert noise["phi"] == pytest.approx(0.0, abs=0.02)


def test_calibration_error_by_hand():
    # Bin 0.2-0.3: mean 0.25, share 1/2; bin 0.9-1: mean 0.95, share 1.
    labels, susceptibility = np.array([0, 1, 1, 1]), np.array([0.22, 0.28, 0.9, 1.0])
    assert metrics.expected_calibration_error(labels, susceptibility) == pytest.approx(0.5 * 0.25 + 0.5 * 0.05)
    rng = np.random.default_rng(1)
    calibrated = rng.uniform(size=50_000)
    happened = rng.uniform(size=calibrated.size) < calibrated
    assert metrics.expected_calibration_error(happened, calibrated) < 0.01


def test_a_bin_begins_at_its_lower_edge():
    """0.5 belongs to what lies above it, as a cell of 0.5 is predicted landslide; 1 to the last bin, 0 to the first."""
    mean, share, count = metrics.reliability([0, 1, 1, 1, 0], [0.45, 0.5, 0.55, 1.0, 0.0])
    np.testing.assert_allclose([mean, share, count], [[0, 0.45, 0.525, 1], [0, 0, 1, 1], [1, 1, 2, 1]])


def test_landslides_that_are_all_above_leave_doubt_by_how_many_they_are():
    """Two landslides of two cells each, or four of one: an interval of 1.000 to 1.000 was told of five."""
    labels, said = [1, 1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.7, 0.6, 0.3, 0.2, 0.1]
    assert metrics.delong(labels, said).low == pytest.approx(0.025 ** (1 / 3)), "three other cells, which are fewer"
    assert metrics.delong([*labels, 0], [*said, 0.0]).low == pytest.approx(0.025**0.25)
    assert metrics.delong(labels, said, clusters=[1, 1, 2, 2, 3, 4, 5]).low == pytest.approx(0.025**0.5)
    assert metrics.delong(labels, said).high == 1.0 == metrics.delong(labels, said).auc
    turned = metrics.delong(labels, [-each for each in said])
    assert (turned.low, turned.high) == (0.0, pytest.approx(1 - 0.025 ** (1 / 3)))


def test_delong_agrees_with_its_definition():
    rng = np.random.default_rng(2)
    labels = np.r_[np.ones(40, int), np.zeros(60, int)]
    first = np.round(rng.normal(labels * 1.0), 1)  # rounded, so that there are ties
    second = np.round(rng.normal(labels * 0.4), 1)

    def placements(values):
        kernel = (values[:40, None] > values[40:]) + 0.5 * (values[:40, None] == values[40:])
        return kernel.mean(axis=1), kernel.mean(axis=0)

    (v1, w1), (v2, w2) = placements(first), placements(second)
    variance = v1.var(ddof=1) / 40 + w1.var(ddof=1) / 60
    interval = metrics.delong(labels, first)
    assert interval.auc == pytest.approx(v1.mean())
    assert interval.standard_error == pytest.approx(np.sqrt(variance))
    odds = np.log([each / (1 - each) for each in (interval.low, interval.auc, interval.high)])
    # Student's t of the 40 landslides, which are fewer than the others.
    assert np.diff(odds) == pytest.approx(2.022691 * np.sqrt(variance) / (interval.auc * (1 - interval.auc)), rel=1e-6)
    of_difference = (v1 - v2).var(ddof=1) / 40 + (w1 - w2).var(ddof=1) / 60
    tested = metrics.delong_test(labels, first, second)
    assert tested.mean == pytest.approx(v1.mean() - v2.mean())
    assert tested.p_value == pytest.approx(2 * stats.t.sf(abs(tested.mean) / np.sqrt(of_difference), 39))
    assert tested.high - tested.mean == pytest.approx(2.022691 * np.sqrt(of_difference), rel=1e-6)
    same = metrics.delong_test(labels, first, first)
    assert (same.mean, same.p_value) == (0.0, 1.0)
    # Folds have models of their own: the mean of what each fold's cells tell alone.
    folds = np.arange(100) % 2
    parts = [metrics.delong_test(labels[folds == k], first[folds == k], second[folds == k]) for k in (0, 1)]
    whole = metrics.delong_test(labels, first + 5 * folds, second, folds=folds)
    assert whole.mean == pytest.approx(np.mean([each.mean for each in parts]))
    half = np.hypot(*[each.high - each.mean for each in parts]) / 2
    assert whole.high - whole.mean == pytest.approx(half, rel=0.06)


def test_corrected_t_test_by_hand():
    # Mean 0.02, variance 0.0001, n = 5, one test cell for four training cells: t = 0.02 / sqrt(0.0001 (1/5 + 1/4)).
    differences = 0.02 + 0.01 * np.array([-1, -1, 0, 1, 1])
    found = metrics.corrected_t_test(differences, 1 / 4)
    t = 0.02 / np.sqrt(0.0001 * 0.45)
    assert found.mean == pytest.approx(0.02)
    assert found.p_value == pytest.approx(2 * stats.t.sf(t, 4))
    assert (found.high - found.low) / 2 == pytest.approx(2.776445 * 0.02 / t, rel=1e-6)
    assert found.p_value > stats.ttest_1samp(differences, 0).pvalue  # the plain test is too sure


def test_holm_by_hand():
    assert metrics.holm(np.array([0.04, 0.01, 0.03])) == pytest.approx([0.06, 0.03, 0.06])
    assert metrics.holm(np.array([0.6, 0.7])) == pytest.approx([1.0, 1.0])


def test_one_class_is_named():
    with pytest.raises(EngineError, match="All 3 test cells are landslide cells"):
        metrics.evaluate(np.ones(3), np.array([0.1, 0.2, 0.3]))
    with pytest.raises(EngineError, match="1 of 2 cells have no susceptibility"):
        metrics.evaluate(np.array([0, 1]), np.array([0.1, np.nan]))


def test_the_cells_of_a_landslide_are_one_draw():
    """By hand, after Obuchowski (1997): landslide A has two cells (0.9 and 0.4), B one (0.8); three absences.

    Placements of A are 1 and 2/3, of B 1; the AUC is 8/9. Sums less AUC by cell: A -1/9, B +1/9, so that the presences give
    2/(2 - 1) x 2/81 / 3^2 = 4/729. Placements of absences are 2/3, 1, 1: 3/(3 - 1) x 6/81 / 3^2 = 9/729.
    """
    labels, said, landslide = [1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.4, 0.7, 0.2, 0.1], ["A", "B", "A", "x", "y", "z"]
    found = metrics.delong(labels, said, landslide)
    assert found.auc == pytest.approx(8 / 9)
    assert found.standard_error == pytest.approx((13 / 729) ** 0.5)
    alone = metrics.delong(labels, said, range(6))
    assert alone.standard_error == pytest.approx(metrics.delong(labels, said).standard_error)


def test_copies_of_cells_tell_nothing_new():
    """Ten cells alike of each landslide: the interval by landslides is that of one cell each, that by cells far narrower."""
    rng = np.random.default_rng(1)
    labels = np.arange(60) % 2
    first, second = 0.3 * labels + rng.random(60), 0.3 * labels + rng.random(60)
    times = np.where(labels == 1, 10, 1)
    copied = [np.repeat(each, times) for each in (labels, first, second, np.arange(60))]
    one, all_cells = metrics.delong(labels, first), metrics.delong(copied[0], copied[1], copied[3])
    assert all_cells.auc == pytest.approx(one.auc) and all_cells.standard_error == pytest.approx(one.standard_error)
    assert metrics.delong(copied[0], copied[1]).standard_error < 0.85 * one.standard_error
    p = metrics.delong_test(labels, first, second).p_value
    assert metrics.delong_test(copied[0], copied[1], copied[2], copied[3]).p_value == pytest.approx(p)


def test_the_error_of_clusters_is_that_of_a_jackknife():
    """Landslides and other clusters whose cells are alike: the error is near what leaving out one cluster at a time gives."""
    rng = np.random.default_rng(2)
    cluster = np.repeat(np.arange(80), rng.integers(1, 9, 80))
    labels = cluster % 2
    said = 0.5 * labels + rng.normal(size=80)[cluster] + 0.5 * rng.normal(size=len(cluster))
    aucs = [metrics.delong(labels[cluster != out], said[cluster != out]).auc for out in range(80)]
    jackknife = np.sqrt(79 / 80 * np.sum((np.array(aucs) - np.mean(aucs)) ** 2))
    found = metrics.delong(labels, said, cluster)
    assert found.standard_error == pytest.approx(jackknife, rel=0.06)
    assert found.standard_error > 1.5 * metrics.delong(labels, said).standard_error


def test_folds_are_compared_within_and_count_the_same():
    """By hand. Fold 0: landslide A (0.9, 0.6), C (0.4) and x (0.5); fold 1: B (0.8), y (0.7) and z (0.9). The AUCs are 2/3 and 1/2.

    Of 72nds, sums of placements less 7/12, times 1/6 or 1/2: A 10, C -7, B -3; of 144ths x 6, y 15, z -21.
    """
    labels, said = [1, 1, 1, 0, 1, 0, 0], [0.9, 0.6, 0.4, 0.5, 0.8, 0.7, 0.9]
    found = metrics.delong(labels, said, ["A", "A", "C", "x", "B", "y", "z"], [0, 0, 0, 0, 1, 1, 1])
    assert found.auc == pytest.approx(7 / 12)
    assert found.standard_error**2 == pytest.approx(3 / 2 * (100 + 49 + 9) / 72**2 + 3 / 2 * (36 + 225 + 441) / 144**2)
    with pytest.raises(EngineError, match="All 1 test cells are landslide cells"):
        metrics.delong([1, 0, 1], [0.5, 0.6, 0.7], folds=[0, 0, 1])


def test_the_interval_of_few_landslides_holds_the_truth_nearly_as_often_as_it_says():
    """Ten landslides, both kinds normal, a true AUC of 0.9: 1.96 standard errors to either side hold it in 80 of 100 draws."""
    rng, apart = np.random.default_rng(4), 2**0.5 * stats.norm.ppf(0.9)
    labels, held = np.repeat([1, 0], [10, 300]), np.zeros(2)
    for _ in range(400):
        found = metrics.delong(labels, rng.normal(apart * labels))
        held += found.low <= 0.9 <= found.high, abs(found.auc - 0.9) < 1.96 * found.standard_error
    assert 0.88 < held[0] / 400 < 0.96 and held[1] / 400 < 0.85


def test_cells_of_one_landslide_add_no_certainty():
    """Each value ten times in its unit: the variance is that of one each, not a tenth."""
    values = np.array([0.2, 0.9, 0.5, 0.7])
    once = metrics.mean_variance(values, np.ones(4), np.arange(4))
    again = metrics.mean_variance(np.repeat(values, 10), np.ones(40), np.repeat(np.arange(4), 10))
    assert again == pytest.approx(once)
    assert once[1] == pytest.approx(values.var(ddof=1) / 4)


def test_one_landslide_has_no_interval_and_no_p():
    """However many cells it has: what another landslide would be like, it does not tell. Absences from one polygon add nothing."""
    labels, said = np.repeat([1, 0], [50, 30]), np.random.default_rng(3).random(80)
    found = metrics.delong(labels, said, np.r_[np.zeros(50), 1:31])
    assert found.auc == pytest.approx(metrics.delong(labels, said).auc)
    assert np.isnan([found.standard_error, found.low, found.high]).all()
    assert np.isnan(metrics.delong_test(labels, said, said[::-1], np.r_[np.zeros(50), 1:31]).p_value)
    of_slides = metrics.mean_variance(np.array([(said[50:] < each).mean() for each in said[:50]]), np.ones(50), np.arange(50))[1]
    assert metrics.delong(labels, said, np.r_[0:50, np.full(30, 99)]).standard_error ** 2 == pytest.approx(of_slides)


def test_p_by_hand():
    assert metrics.two_sided(0.1, 0.05, 10**6) == pytest.approx(0.0455, abs=1e-4)
    assert metrics.two_sided(0.1, 0.05, 2) == pytest.approx(0.2952, abs=1e-4)
    assert metrics.two_sided(0.1, 0.0, 10) == 0
