# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.feedback import Feedback
from scarp.engine.screening.advice import screen, table_rows
from scarp.engine.screening.binning import DIRECTIONS, Classing
from scarp.engine.screening.survey import class_areas, survey


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
