# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.screening.statistics import (
    Collinearity,
    class_relation,
    columns_of,
    correlation_with,
    cramers_v,
    explained_by,
    information_gain,
    stepwise,
)
from scarp.models.covariate import Covariate
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.outliers_influence import variance_inflation_factor

# Five rows by five columns; L marks the landslide cells: 1 in class 1, 4 in class 2, none in class 3.
CLASSES = np.array(
    [
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3],
        [1, 1, 2, 2, 3],
    ]
)
LANDSLIDES = np.array(
    [
        [0, 1, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ]
)
ROW, COL = (each.ravel().astype(float) for each in np.indices((5, 5)))


def vifs(*columns):
    collinearity = Collinearity([np.asarray(each, float).reshape(len(each), -1) for each in columns])
    return [each.vif for each in collinearity.inflation(range(len(columns)))]


def relation_5x5():
    area, slides = (np.bincount(CLASSES.ravel(), weights)[1:] for weights in (None, LANDSLIDES.ravel()))
    return class_relation(area, slides)


def test_frequency_ratio_and_weights_of_evidence_by_hand():
    """Class 2 has 10 of 25 cells and 4 of 5 landslide cells; class 1 has 10 and 1."""
    found = relation_5x5()
    np.testing.assert_allclose(found.frequency_ratio, [0.5, 2.0, 0.0])
    np.testing.assert_allclose(found.information_value[:2], [-0.693147, 0.693147], atol=1e-6)
    np.testing.assert_allclose(found.w_plus[1], 0.980829, atol=1e-6)  # ln((4/5) / (6/20))
    np.testing.assert_allclose(found.w_minus[1], -1.252763, atol=1e-6)  # ln((1/5) / (14/20))
    np.testing.assert_allclose(found.w_plus_variance[1], 1 / 4 + 1 / 6)
    np.testing.assert_allclose(found.w_minus_variance[1], 1 / 1 + 1 / 14)
    np.testing.assert_allclose(found.contrast[1], 2.233592, atol=1e-6)
    np.testing.assert_allclose(found.studentised_contrast[1], 2.233592 / np.sqrt(1.488095), rtol=1e-5)


def test_a_class_without_landslides_gets_a_half_added_to_each_count():
    """Class 3: 0, 5, 5 and 15 become 0.5, 5.5, 5.5 and 15.5."""
    found = relation_5x5()
    assert found.corrected.tolist() == [False, False, True]
    np.testing.assert_allclose(found.information_value[2], np.log(0.375))  # (0.5/6) / (6/27)
    np.testing.assert_allclose(found.w_plus[2], np.log((0.5 / 6) / (5.5 / 21)))
    np.testing.assert_allclose(found.w_minus[2], np.log((5.5 / 6) / (15.5 / 21)))
    np.testing.assert_allclose(found.w_plus_variance[2], 1 / 0.5 + 1 / 5.5)


def test_a_class_of_nothing_but_landslides_and_one_that_covers_all():
    found = class_relation([4, 21], [4, 1])
    assert np.isfinite(found.contrast).all() and found.corrected.all()
    alone = class_relation([25], [5])
    assert alone.frequency_ratio == [1.0] and np.isnan(alone.contrast).all() and not alone.corrected.any()


def test_vif_by_hand():
    """Column numbers and column plus row number share half of their variance: R² = 1/2, VIF = 2. Row and column share nothing."""
    assert vifs(COL, COL + ROW) == pytest.approx([2, 2])
    assert vifs(COL, ROW) == pytest.approx([1, 1])
    assert vifs(COL) == [1]


def test_vif_agrees_with_statsmodels():
    rng = np.random.default_rng(0)
    mix = [[1, 0, 0, 3], [0, 1, 2, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    x = rng.normal(size=(500, 4)) @ mix * [1e-5, 1, 1e3, 1] + [0, 5, 1e6, 0]
    design = np.c_[np.ones(500), x]
    expected = [variance_inflation_factor(design, column) for column in range(1, 5)]
    assert max(expected) > 8
    assert vifs(*x.T) == pytest.approx(expected)


def test_gvif_is_the_ratio_of_determinants_whatever_the_coding():
    """Fox & Monette (1992), eq. 10: det(R11) det(R22) / det(R)."""
    rng = np.random.default_rng(1)
    x, angle = rng.normal(size=400), rng.uniform(0, 360, 400)
    geology = np.digitize(x + rng.normal(size=400), [-1, 0, 1]) + 1.0
    blocks = [
        columns_of(x, Covariate("x")),
        columns_of(angle, Covariate("aspect", "circular")),
        columns_of(geology, Covariate("geology", "categorical")),
    ]
    assert [block.shape[1] for block in blocks] == [1, 2, 3]
    other_coding = [*blocks[:2], (geology[:, None] == [1, 2, 3]).astype(float)]
    for coded in (blocks, other_coding):
        found = Collinearity(coded).inflation(range(3))
        for index in range(3):
            rest = np.hstack([block for number, block in enumerate(coded) if number != index])
            one, two, both = (
                np.linalg.det(np.atleast_2d(np.corrcoef(each, rowvar=False))) for each in (coded[index], rest, np.hstack(coded))
            )
            assert found[index].gvif == pytest.approx(one * two / both)
            comparable = found[index].gvif ** (1 / (2 * coded[index].shape[1]))
            assert found[index].vif == pytest.approx(comparable**2)
            assert found[index].tolerance == pytest.approx(1 / found[index].vif)


def test_perfect_collinearity_is_infinite_for_those_concerned_only():
    rng = np.random.default_rng(2)
    a, b, c = rng.normal(100, 1, size=(3, 1000)).astype(np.float32)
    assert vifs(a, b, c, a * np.float32(2) + np.float32(1)) == pytest.approx([np.inf, 1, 1, np.inf], abs=0.02)
    assert vifs(a, b, c, a + b) == pytest.approx([np.inf, np.inf, 1, np.inf], abs=0.02)


def test_likeness_is_the_correlation_of_pairs():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(300, 2)) @ [[1, 0.5], [0, 1]]
    code = (x[:, 0] > 0).astype(float) + (x[:, 0] > 1)
    found = Collinearity([x[:, :1], x[:, 1:], columns_of(code, Covariate("c", "categorical"))]).likeness()
    assert found[0, 1] == pytest.approx(abs(np.corrcoef(x.T)[0, 1]))
    between = sum((code == k).mean() * (x[code == k, 0].mean() - x[:, 0].mean()) ** 2 for k in range(3)) / x[:, 0].var()
    assert found[2, 0] == pytest.approx(np.sqrt(between))  # the correlation ratio


def test_constant_covariates_have_no_columns():
    for kind in ("continuous", "circular", "categorical"):
        assert columns_of(np.full(9, 7.0), Covariate("c", kind)).shape == (9, 0)
    (constant, other) = Collinearity([np.empty((25, 0)), COL[:, None]]).inflation(range(2))
    assert np.isnan(constant.vif) and constant.df == 0 and other.vif == 1


def test_flat_ground_has_no_direction():
    np.testing.assert_allclose(
        columns_of(np.array([-1.0, 0.0, 90.0]), Covariate("aspect", "circular")), [[0, 0], [0, 1], [1, 0]], atol=1e-9
    )


def test_steps_drop_what_is_missed_least_and_no_more():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 1000))
    collinearity = Collinearity([each[:, None] for each in (a, b, a + 0.1 * rng.normal(size=1000))])
    for worth in ([3, 1, 2], [2, 1, 3]):
        dropped = [step[0] for step in stepwise(collinearity, range(3), 5, lambda members, worth=worth: sum(worth[m] for m in members))]
        assert dropped == [worth.index(2)]
    assert stepwise(collinearity, range(3), 1000, len) == []


def test_steps_rather_drop_a_cause_than_the_covariate_that_landslides_need():
    """x is the sum of two others and a little more; each of these has a VIF below 5, and the loss of either cures x."""
    rng = np.random.default_rng(11)
    a, b, rest = rng.normal(size=(3, 2000))
    x = a + 0.5 * b + 0.4 * rest
    collinearity = Collinearity([each[:, None] for each in (x, a, b)])
    assert [each.vif > 5 for each in collinearity.inflation(range(3))] == [True, True, False]
    explained = explained_by([x[:, None], a[:, None], b[:, None]], (x + a > 0).astype(int))
    assert stepwise(collinearity, range(3), 5, explained) == [(2, 0)]


def test_explained_is_the_adjusted_r_squared():
    rng = np.random.default_rng(12)
    x, y = rng.normal(size=(60, 3)), rng.integers(0, 2, 60)
    model = OLS(y, np.c_[np.ones(60), x[:, :2]]).fit()
    assert explained_by([x[:, :1], x[:, 1:2], x[:, 2:]], y)([0, 1]) == pytest.approx(model.rsquared_adj)


def test_correlation_with_occurrence():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=200), np.arange(200) % 2
    expected = stats.pearsonr(-x + y, y)
    found = correlation_with(y, (-x + y)[:, None])
    assert (found.r, found.p_value) == (pytest.approx(expected[0]), pytest.approx(expected[1]))
    assert correlation_with(y, -3.0 * y[:, None]).r == pytest.approx(-1)
    noise = correlation_with(y, x[:, None])
    assert abs(noise.r) < 0.15 and noise.p_value > 0.05
    code = rng.integers(0, 3, 200)
    table = stats.contingency.crosstab(code, y).count
    categorical = correlation_with(y, columns_of(code, Covariate("c", "categorical")))
    assert categorical.r == pytest.approx(np.sqrt(stats.chi2_contingency(table, correction=False)[0] / 200))
    assert np.isnan(correlation_with(y, np.empty((200, 0))).r)


def test_coefficients_and_gain_do_not_depend_on_how_many_absences_there_are():
    """Each absence five times over says the same of landslides, more surely."""
    rng = np.random.default_rng(5)
    x, y, code = rng.normal(size=200), np.arange(200) % 2, rng.integers(0, 3, 200)
    x += y
    many = np.concatenate([np.flatnonzero(y), np.repeat(np.flatnonzero(1 - y), 5)])
    even, uneven = (correlation_with(y[some], x[some, None]) for some in (np.arange(200), many))
    assert uneven.r == pytest.approx(even.r) and uneven.p_value < even.p_value
    assert information_gain(code[many], y[many]).bits == pytest.approx(information_gain(code, y).bits)


def test_cramers_v_by_hand():
    """Counts [[20, 5], [10, 15]]: chi² = 50 (20·15 − 5·10)² / (25·25·30·20) = 8.3333, φ² = 1/6."""
    first = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    second = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    assert cramers_v(first, second) == pytest.approx(np.sqrt((1 / 6 - 1 / 49) / ((2 - 1 / 49) - 1)))
    assert cramers_v(first, first) == pytest.approx(1)
    assert np.isnan(cramers_v(first, np.ones(50)))


def test_cramers_v_of_independent_classes_is_near_zero():
    rng = np.random.default_rng(6)
    found = [cramers_v(rng.integers(0, 8, 200), rng.integers(0, 8, 200)) for _ in range(50)]
    assert np.mean(found) < 0.07  # uncorrected: 0.18


def test_information_gain_by_hand():
    """Of 5 landslide cells 4 lie in the one class, where no other does: of 1 bit, 0.6 · H(1/6) = 0.6 · 0.650022 are left."""
    classes, labels = np.repeat([0, 1], 4), np.array([1, 1, 1, 1, 1, 0, 0, 0])
    found = information_gain(classes, labels)
    assert found.bits == pytest.approx(1 - 0.6 * 0.650022, abs=1e-6)
    table = stats.contingency.crosstab(classes, labels).count
    assert found.p_value == pytest.approx(stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")[1])
    assert information_gain(classes, classes).bits == pytest.approx(1)
    assert information_gain(np.zeros(8), labels).bits == 0


def test_a_class_too_small_for_landslides_has_no_evidence():
    """Ten flat cells of 10,000 and 50 landslides: a twentieth of a landslide is expected, and none says nothing for landslides there."""
    found = class_relation([9990, 10], [50, 0])
    assert found.frequency_ratio.tolist() == [pytest.approx(10000 / 9990), 0.0]
    for figure in (found.information_value, found.w_plus, found.w_minus, found.contrast, found.studentised_contrast):
        assert np.isnan(figure).all()
    assert not found.corrected.any()
    large = class_relation([9000, 1000], [50, 0])
    assert large.corrected.all() and large.information_value[1] == pytest.approx(np.log((0.5 / 51) / (1001 / 10002)))
    assert large.studentised_contrast[1] < 0
