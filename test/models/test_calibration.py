# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.models.calibration import apply_calibration, fit_calibration
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.errors import EngineError
from scarp.models.model_file import load_model, save_model
from scarp.models.recipe import Recipe
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import roc_auc_score


def overconfident(n=20_000, seed=1):
    """Susceptibility whose logit is twice that of the true probability, less 0.5."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 1.5, n)
    labels = (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int)
    return 1 / (1 + np.exp(-(2 * logit - 0.5))), labels


def test_certainty_counts_as_one_in_a_million():
    """The logit of 0 and 1 is infinite; a curve with slope 1 shows where it is cut."""
    found = apply_calibration({"method": "platt", "slope": 1.0, "intercept": 0.0}, np.array([0.0, 1e-7, 2e-6, 0.5, 1 - 2e-6, 1.0]))
    assert found == pytest.approx([1e-6, 1e-6, 2e-6, 0.5, 1 - 2e-6, 1 - 1e-6], rel=1e-9)
    said, labels = overconfident(400)
    sure = fit_calibration("platt", np.where(said > 0.5, 1.0, 0.0), labels)
    rates = [labels[(said > 0.5) == high].mean() for high in (False, True)]
    assert apply_calibration(sure, np.array([0.0, 1.0])) == pytest.approx(rates, abs=1e-3)


def test_a_model_that_says_one_thing_of_all_cannot_be_calibrated():
    with pytest.raises(EngineError, match="no better than chance"):
        fit_calibration("platt", np.full(40, 0.5), np.arange(40) % 2)


def test_platt_finds_the_curve_that_was_bent():
    said, labels = overconfident()
    found = fit_calibration("platt", said, labels)
    assert found["slope"] == pytest.approx(0.5, abs=0.03)
    assert found["intercept"] == pytest.approx(0.25, abs=0.05)
    half = apply_calibration(found, np.array([0.5]))
    assert half[0] == pytest.approx(1 / (1 + np.exp(-0.25)), abs=0.01)


def test_isotonic_has_the_levels_of_scikit_learns_steps_at_their_middles():
    said, labels = overconfident(500)
    weights = np.where(labels == 1, 3.0, 0.7)
    curve = fit_calibration("isotonic", said, labels, weights)
    expected = IsotonicRegression(y_min=0, y_max=1).fit(said, labels, weights).predict(said)
    levels = np.unique(expected)
    assert 5 < len(levels) == len(curve["to"]) - 2
    for level, x, y in zip(levels, curve["from"][1:], curve["to"][1:]):
        step = expected == level
        assert x == pytest.approx(np.average(said[step], weights=weights[step]))
        assert y == pytest.approx(min(max(level, 0.001), 0.999)), "half of one of five hundred cells"


def test_isotonic_keeps_the_ranks_of_cells():
    """Steps would make values one: an AUC of 0.740 where the model had 0.752."""
    said, labels = overconfident(300)
    unseen, truth = overconfident(3000, seed=2)
    unseen = np.r_[unseen, 0.0, 1e-4, 1 - 1e-4, 1.0].astype(np.float32)
    found = apply_calibration(fit_calibration("isotonic", said, labels), unseen)
    order = np.argsort(unseen, kind="stable")
    rises = np.diff(found[order].astype(np.float64))
    assert (rises[np.diff(unseen[order]) > 0] >= 0).all()
    assert roc_auc_score(truth, found[:-4]) == pytest.approx(roc_auc_score(truth, unseen[:-4]), abs=1e-6)
    (small,) = np.flatnonzero(unseen == np.float32(1e-4))
    assert 0 < found[-4] < found[small] and found[-2] < found[-1] < 1


def test_the_lightest_step_stays_above_one_without_landslides():
    """A landslide that counts next to nothing is rarer than half a cell of two hundred."""
    said, labels = np.repeat([0.1, 0.5, 0.9], [100, 50, 50]), np.repeat([0, 1, 0, 1], [100, 1, 49, 50])
    weights = np.where(labels == 1, 1e-3, 1.0)
    weights[labels.cumsum() > 1] = 1.0
    found = apply_calibration(fit_calibration("isotonic", said, labels, weights), np.array([0.1, 0.5, 0.9]))
    assert found == pytest.approx([0.5e-3 / 49.001, 1e-3 / 49.001, 0.9975], rel=1e-6)


@pytest.mark.parametrize("method", ["none", "platt", "isotonic"])
def test_it_rises_stays_in_range_and_lowers_the_error(method):
    said, labels = overconfident()
    unseen, truth = overconfident(seed=2)
    curve = apply_calibration(fit_calibration(method, said, labels), np.linspace(0, 1, 101))
    assert (np.diff(curve) >= 0).all()
    assert 0 <= curve.min() <= curve.max() <= 1
    if method != "none":
        calibrated = apply_calibration(fit_calibration(method, said, labels), unseen)
        assert np.mean((calibrated - truth) ** 2) < np.mean((unseen - truth) ** 2) - 0.005


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_model_worse_than_chance_is_not_calibrated(method):
    said = np.linspace(0.1, 0.9, 50)
    with pytest.raises(EngineError, match="no better than chance"):
        fit_calibration(method, said, (said < 0.5).astype(int))


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_a_calibrated_model_keeps_its_curve_in_its_file(tmp_path, method):
    covariates = (Covariate("slope"),)
    encoder = Encoder.fit(np.array([[1.0], [3.0]]), covariates)
    architecture = Recipe(5, 2).architecture(1)
    rng = np.random.default_rng(1)
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in architecture.shapes.items()}
    weights.update({name: np.abs(array) + 0.5 for name, array in weights.items() if name.startswith("variance")})
    plain = CnnDnn(encoder, architecture, [weights], backend="numpy")
    curve = fit_calibration(method, *overconfident())
    save_model(tmp_path / "m.scarp", CnnDnn(encoder, architecture, [weights], backend="numpy", calibration=curve))
    values = rng.normal(2, 1, (14, 15, 1))
    values[7, 7] = np.nan
    found = load_model(tmp_path / "m.scarp", "numpy").predict(values)
    assert found.dtype == np.float32
    assert np.isnan(found[5, 5])
    np.testing.assert_allclose(found, apply_calibration(curve, plain.predict(values)), atol=1e-6)
    assert not np.allclose(found, plain.predict(values), equal_nan=True, atol=0.01)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_each_cell_has_the_weight_that_it_is_given(method):
    """Of two cells with 0.2 the one without a landslide counts three, of two with 0.8 the one with one: a quarter and three."""
    said, labels = np.repeat([0.2, 0.8], 2), np.array([1, 0, 1, 0])
    found = fit_calibration(method, said, labels, np.array([1.0, 3.0, 3.0, 1.0]))
    assert apply_calibration(found, np.array([0.2, 0.8])) == pytest.approx([0.25, 0.75], abs=1e-3)
