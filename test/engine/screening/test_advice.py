# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.feedback import Feedback
from scarp.engine.screening.advice import _advice, class_rows, screen, table_rows
from scarp.engine.screening.binning import DIRECTIONS, Classing
from scarp.engine.screening.statistics import Correlation, Gain, Inflation, information_gain
from scarp.engine.screening.survey import class_areas, survey
from scarp.models.covariate import Covariate

ROW, COL = (each.ravel().astype(float) for each in np.indices((5, 5)))
LANDSLIDES = np.isin(np.arange(25), (1, 2, 7, 13, 18)).astype(int)


def test_a_perfect_covariate_and_noise(stack, whole, classings_of):
    rng = np.random.default_rng(10)
    values = whole
    labels = (values[:, 0] > 40).astype(int)
    chosen = np.r_[rng.choice(np.flatnonzero(labels), 500), rng.choice(np.flatnonzero(1 - labels), 500)]
    found = survey(stack, 1, Feedback())
    classings = classings_of(found)
    screening = screen(found.sample, values[chosen], labels[chosen], classings, class_areas(stack, classings, Feedback()), 5.0)
    slope, twice, aspect, geology, constant, noise = screening.summaries
    assert slope.gain.bits == pytest.approx(1, abs=0.05)  # the limits are near 10, 20, 30 and 40
    assert slope.relation.frequency_ratio == pytest.approx([0, 0, 0, 0, 5], abs=0.05)
    assert noise.gain.bits < 0.01 and abs(noise.pearson.r) < 0.1
    assert {slope.advice, twice.advice} == {"keep", "drop"} and screening.dropped == (("slope",) if slope.advice == "drop" else ("twice",))
    assert constant.advice == "drop" and "one value" in constant.reason
    assert noise.advice == geology.advice == aspect.advice == "doubtful"
    assert "exactly" in (twice if twice.advice == "drop" else slope).reason
    assert geology.class_names == ("marl", "granite") and aspect.class_names == DIRECTIONS
    rows = {row["covariate"]: row for row in table_rows(screening)}
    assert rows["constant"]["vif"] is None and rows["twice"]["vif"] == np.inf and rows["twice"]["tolerance"] == 0
    assert rows["slope"]["highest_class"].startswith("≥ ")


def test_one_covariate_only(stack, whole):
    values = whole[:, :1]
    labels = (values[:, 0] > 25).astype(int)
    classing = Classing.of(stack.covariates[0], values[:, 0], np.empty(0), "quantiles", 5)
    areas = [np.bincount(classing.number(values[:, 0]))]
    (only,) = screen(values[:2000], values[:2000], labels[:2000], [classing], areas, 5.0).summaries
    assert only.inflation.vif == 1 and only.alike == "" and only.advice == "keep"


def test_the_table_by_hand(by_hand):
    col, both, unit = table_rows(by_hand)
    assert (col["covariate"], col["kind"], col["unit"], col["group"]) == ("col", "continuous", "m", "geomorphologic")
    assert (unit["kind"], unit["unit"], unit["group"], unit["coefficient"]) == ("categorical", "", "geological", "Cramér’s V")
    assert col["coefficient"] == "r" and col["df"] == 1 and unit["df"] == 2
    assert col["vif"] == pytest.approx(col["gvif"]) and col["tolerance"] == pytest.approx(1 / col["vif"], rel=1e-5)
    assert unit["gvif"] == pytest.approx(unit["vif"] ** 2, rel=1e-4)
    # Column and class tell each other nearly; of 25 cells, five landslides have columns 1, 2, 2, 3, 3.
    counting_the_same = np.where(LANDSLIDES, 1 / 5, 1 / 20)
    covariance = np.cov(COL, LANDSLIDES, aweights=counting_the_same)
    r = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert col["pearson"] == pytest.approx(r, rel=1e-5)
    assert (col["classes"], unit["classes"], unit["classes_without_landslides"]) == (2, 3, 1), "a class without area is none"
    assert (unit["highest_frequency_ratio"], unit["highest_class"]) == (2.0, "lime")
    assert col["most_alike"] == "unit" and both["most_alike"] == "col"
    assert both["most_alike_r"] == pytest.approx(np.sqrt(0.5), rel=1e-5)
    # H(label) − H(label | class), landslide and other cells counting the same: 1, 4 and 0 of 5, and 9, 6 and 5 of 20.
    entropy = lambda share: -sum(each * np.log2(each) for each in (share, 1 - share) if each)  # noqa: E731
    assert unit["information_gain_bits"] == pytest.approx(1 - 0.325 * entropy(0.1 / 0.325) - 0.55 * entropy(0.4 / 0.55), rel=1e-5)


def test_the_table_of_classes_by_hand(by_hand):
    rows = class_rows(by_hand)
    assert [(row["covariate"], row["class"]) for row in rows] == [
        ("col", "< 2"), ("col", "≥ 2"), ("both", "< 4"), ("both", "≥ 4"), ("unit", "marl"), ("unit", "lime"), ("unit", "clay")
    ]  # fmt: skip
    lime, clay = rows[5:]
    counts = ("cells", "area_percent", "landslide_cells", "landslide_percent", "frequency_ratio")
    assert [lime[key] for key in counts] == [40, 40, 4, 80, 2]
    assert [clay[key] for key in counts] == [20, 20, 0, 0, 0]
    # Lime: 4 landslide cells of 5, and 36 of the 95 others.
    plus, minus = np.log((4 / 5) / (36 / 95)), np.log((1 / 5) / (59 / 95))
    variances = 1 / 4 + 1 / 36, 1 / 1 + 1 / 59
    expected = {
        "information_value": np.log(2),
        "w_plus": plus,
        "w_plus_variance": variances[0],
        "w_minus": minus,
        "w_minus_variance": variances[1],
        "contrast": plus - minus,
        "contrast_sd": np.sqrt(sum(variances)),
        "studentised_contrast": (plus - minus) / np.sqrt(sum(variances)),
    }
    assert {key: lime[key] for key in expected} == pytest.approx(expected, rel=1e-5)
    assert (lime["zero_corrected"], clay["zero_corrected"]) == (0, 1)
    assert clay["w_plus"] == pytest.approx(np.log((0.5 / 6) / (20.5 / 96)), rel=1e-5)


def test_matrices_by_hand(by_hand):
    assert by_hand.correlation_names == ("col", "both") and by_hand.cramer_names == ("unit",)
    np.testing.assert_allclose(by_hand.correlation, [[1, np.sqrt(0.5)], [np.sqrt(0.5), 1]], atol=1e-6)
    assert by_hand.cramer.shape == (1, 1)
    assert by_hand.vif_limit == 5.0


def test_no_more_cells_than_needed_are_taken(monkeypatch):
    """Coefficients come from every third cell where there are thrice as many as wanted; landslides are counted in all."""
    monkeypatch.setattr("scarp.engine.screening.advice.MOST_CELLS", 100)
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(300, 1)).astype(np.float32), rng.integers(0, 2, 300)
    classing = Classing(Covariate("x"), ("< 0", "≥ 0"), np.float32([0]))
    (found,) = screen(x, x, labels, [classing], [np.array([150, 150])], 5.0).summaries
    assert found.pearson.r == pytest.approx(np.corrcoef(x[::3, 0], labels[::3])[0, 1])
    assert found.relation.landslides.tolist() == np.bincount(x[:, 0] >= 0, labels).tolist()
    assert found.gain == information_gain(x[:, 0] >= 0, labels)


def test_a_class_without_area_between_two_shifts_no_count():
    x = np.repeat(np.float32([[-1], [3]]), 50, axis=0)
    labels = np.tile([1, 0, 0, 0, 0], 20)
    labels[50:] = 0
    classing = Classing(Covariate("x"), ("< 0", "0 to 2", "≥ 2"), np.float32([0, 2]))
    (found,) = screen(x, x, 1 - labels, [classing], [np.array([500, 0, 700])], 5.0).summaries
    assert (found.class_names, found.relation.landslides.tolist()) == (("< 0", "≥ 2"), [40, 50])


@pytest.mark.parametrize(("p", "p_of_gain", "told"), [(0.024, 0.9, "keep"), (0.9, 0.024, "keep"), (0.026, 0.026, "doubtful")])
def test_a_relation_is_seen_where_either_of_two_tests_sees_it(p, p_of_gain, told):
    """At 2.5 % each, so that together they err at most at 5 %."""
    assert _advice(Inflation(1.0, 1), Correlation(0.1, p), Gain(0.1, p_of_gain), 5.0)[0] == told


def test_what_is_dropped_is_said_to_be_like_one_that_stays():
    """Each of two shadows is most like the other."""
    rng = np.random.default_rng(3)
    a, one, two = rng.normal(size=(3, 3000)).astype(np.float32)
    values = np.stack([a, a + np.float32(0.2) * one, a + np.float32(0.2) * one + np.float32(0.1) * two], axis=1)
    covariates = [Covariate(name) for name in ("a", "shadow", "its shadow")]
    classings = [Classing.of(each, values[:, index], np.empty(0), "quantiles", 4) for index, each in enumerate(covariates)]
    areas = [np.bincount(each.number(values[:, index])) for index, each in enumerate(classings)]
    found = screen(values, values, (a + rng.normal(size=3000) > 0).astype(int), classings, areas, 5.0)
    assert set(found.dropped) == {"shadow", "its shadow"}
    assert found.summaries[1].alike == "its shadow"
    assert all("; of those that stay a is most like it (0.9" in each.reason for each in found.summaries[1:])


def test_advice_and_its_reasons():
    """The redundant one of three that landslides need least goes; what shows no relation is doubtful."""
    rng = np.random.default_rng(3)
    a, b, noise = rng.normal(size=(3, 3000)).astype(np.float32)
    values = np.stack([a, b, np.float32(0.7) * a + np.float32(0.3) * rng.normal(size=3000).astype(np.float32), noise], axis=1)
    labels = (a + rng.normal(size=3000) > 0).astype(int)
    covariates = [Covariate(name) for name in ("a", "b", "shadow", "noise")]
    classings = [Classing.of(each, values[:, index], np.empty(0), "quantiles", 4) for index, each in enumerate(covariates)]
    areas = [np.bincount(each.number(values[:, index])) for index, each in enumerate(classings)]
    found = screen(values, values, labels, classings, areas, 5.0)
    assert {each.name: each.advice for each in found.summaries} == {"a": "keep", "b": "doubtful", "shadow": "drop", "noise": "doubtful"}
    assert found.dropped == ("shadow",) and set(found.remaining_vif) == {"a", "b", "noise"}
    assert max(found.remaining_vif.values()) < 1.01
    kept, doubtful, dropped, _ = found.summaries
    assert kept.inflation.vif > 5 and kept.reason == f"its VIF of {kept.inflation.vif:.3f} falls below the limit once others are dropped"
    assert doubtful.reason.startswith("on its own it shows no relation to landslides")
    r = np.corrcoef(a, values[:, 2])[0, 1]
    assert dropped.reason == f"others tell most of it (VIF {dropped.inflation.vif:.3f}); of those that stay a is most like it ({r:.3f})"
