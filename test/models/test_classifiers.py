# SPDX-License-Identifier: GPL-2.0-or-later
import csv
import math
import subprocess
import sys

import numpy as np
import pytest
from scarp.models import classifiers
from scarp.models.cell_model import CellModel
from scarp.models.classifiers import CLASSIFIERS
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.errors import EngineError
from scarp.models.skops_file import estimator_bytes, estimator_of

CHANNELS = ["slope", "altitude", "geology=marl", "geology=granite"]
OF_CELLS = [name for name, classifier in CLASSIFIERS.items() if classifier.make]
COVARIATES = [Covariate("slope"), Covariate("altitude"), Covariate("geology", "categorical", classes={1: "marl", 2: "granite"})]


@pytest.fixture(scope="module")
def cells():
    """Covariates (n, 3) and labels: landslides on steep marl."""
    rng = np.random.default_rng(0)
    geology = rng.integers(1, 3, 400)
    slope, altitude = rng.uniform(0, 50, 400), rng.uniform(0, 2000, 400)
    logit = (slope - 25) / 5 + np.where(geology == 1, 1.5, -1.5)
    labels = (rng.uniform(size=400) < 1 / (1 + np.exp(-logit))).astype(int)
    return np.stack([slope, altitude, geology], axis=1).astype(np.float32), labels


def made(name, cells):
    from sklearn.calibration import CalibratedClassifierCV

    values, labels = cells
    encoder = Encoder.fit(values, COVARIATES)
    estimator = CLASSIFIERS[name].make(encoder.channels, 1)
    if not hasattr(estimator, "predict_proba"):
        estimator = CalibratedClassifierCV(estimator, ensemble=False, cv=3)
    return CellModel(encoder, estimator.fit(encoder.encode(values), labels))


def test_unpenalised_logistic_regression_agrees_with_a_published_fit(data_folder):
    with (data_folder / "clearwater" / "landslides.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    names = ["Elev", "Slope", "SinAspct", "CosAspct", "AbsSouth", "DistStrm"]
    x = np.array([[float(row[name]) for name in names] for row in rows])
    y = np.array([int(row["Landslid"]) for row in rows])
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    fitted = CLASSIFIERS["lr"].make(names, 1).set_params(tol=1e-10).fit((x - mean) / deviation, y)
    assert math.isinf(fitted.C)
    coefficients = fitted.coef_[0] / deviation
    intercept = fitted.intercept_[0] - coefficients @ mean
    # GWR4 4.0.90, global logistic regression: clearwater_GS_F_summary.txt.
    assert coefficients == pytest.approx([-0.002408, 0.076097, 0.083827, -1.191339, 0.008819, -0.001732], abs=2e-6)
    assert intercept == pytest.approx(0.491477, abs=2e-5)
    probability = fitted.predict_proba((x - mean) / deviation)[:, 1]
    deviance = -2 * np.sum(y * np.log(probability) + (1 - y) * np.log(1 - probability))
    assert deviance == pytest.approx(264.959861, abs=1e-5)


def test_unpenalised_logistic_regression_is_the_maximum_of_the_likelihood():
    """By Newton's steps from nothing, on cells whose covariates have very unlike scales."""
    rng = np.random.default_rng(4)
    x = np.column_stack([rng.normal(900, 300, 250), rng.uniform(0, 45, 250), rng.uniform(-1, 1, 250)])
    y = (rng.random(250) < 1 / (1 + np.exp(4 - 0.002 * x[:, 0] - 0.09 * x[:, 1] + x[:, 2]))).astype(int)
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    fitted = CLASSIFIERS["lr"].make(["altitude", "slope", "north"], 1).set_params(tol=1e-10).fit((x - mean) / deviation, y)
    design, beta = np.column_stack([np.ones(250), x]), np.zeros(4)
    for _ in range(20):
        p = 1 / (1 + np.exp(-design @ beta))
        beta += np.linalg.solve(design.T * (p * (1 - p)) @ design, design.T @ (y - p))
    assert np.abs(beta[1:]).min() > 0.001
    assert fitted.coef_[0] / deviation == pytest.approx(beta[1:], rel=1e-4)
    assert fitted.intercept_[0] - fitted.coef_[0] / deviation @ mean == pytest.approx(beta[0], rel=1e-4)


def test_unpenalised_logistic_regression_is_the_likeliest():
    """The twin of the test on published data: Newton's method by hand, until the likelihood has no slope left."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(230, 3)) * (1.0, 5.0, 0.2) + (0.0, 20.0, 1.0)
    y = (rng.random(230) < 1 / (1 + np.exp(0.4 - 0.9 * x[:, 0] - 0.15 * (x[:, 1] - 20)))).astype(int)
    columns = np.column_stack([np.ones(230), x])
    by_hand = np.zeros(4)
    for _ in range(25):
        found = 1 / (1 + np.exp(-columns @ by_hand))
        by_hand += np.linalg.solve((columns * (found * (1 - found))[:, None]).T @ columns, columns.T @ (y - found))
    assert np.abs(columns.T @ (y - 1 / (1 + np.exp(-columns @ by_hand)))).max() < 1e-9
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    fitted = CLASSIFIERS["lr"].make(["a", "b", "c"], 1).set_params(tol=1e-10).fit((x - mean) / deviation, y)
    coefficients = fitted.coef_[0] / deviation
    assert coefficients == pytest.approx(by_hand[1:], rel=1e-4, abs=1e-5)
    assert fitted.intercept_[0] - coefficients @ mean == pytest.approx(by_hand[0], rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", OF_CELLS)
def test_every_classifier_learns_and_lives_in_a_file(name, cells):
    from sklearn.metrics import roc_auc_score

    values, labels = cells
    model = made(name, cells)
    found = model.predict(values[None])[0]
    assert roc_auc_score(labels, found) > 0.75
    again = CellModel(model.encoder, estimator_of(estimator_bytes(model.estimator), len(model.encoder.channels)))
    np.testing.assert_array_equal(again.predict(values[None])[0], found)
    values = values.copy()
    values[3, 1] = np.nan
    assert np.isnan(model.predict(values[None])[0]).tolist() == [number == 3 for number in range(len(values))]


@pytest.mark.parametrize("name", OF_CELLS)
def test_every_grid_fits_its_estimator(name):
    estimator = CLASSIFIERS[name].make(CHANNELS, 1)
    for grid in CLASSIFIERS[name].grids:
        assert set(grid) <= set(estimator.get_params())


def test_slope_alone_sees_nothing_else(cells):
    values, _ = cells
    model = made("slope", cells)
    other = values.copy()
    other[:, 1], other[:, 2] = 0, 1
    np.testing.assert_array_equal(model.predict(values[None]), model.predict(other[None]))


@pytest.mark.parametrize("name", ["bnb", "slope"])
def test_both_classes_count_the_same_where_there_is_nothing_to_learn(name):
    """A tenth of the cells are landslides, whatever their covariates: by their numbers each would have a tenth."""
    rng = np.random.default_rng(3)
    values = np.stack([rng.uniform(0, 50, 2000), rng.uniform(0, 2000, 2000), rng.integers(1, 3, 2000)], axis=1).astype(np.float32)
    labels = np.arange(2000) % 10 == 0
    encoder = Encoder.fit(values, COVARIATES)
    estimator = CLASSIFIERS[name].make(encoder.channels, 1).fit(encoder.encode(values), labels.astype(int))
    assert estimator.predict_proba(encoder.encode(values))[:, 1].mean() == pytest.approx(0.5, abs=0.05)


def test_gradient_boosting_asks_for_a_tenth_of_few_cells_a_leaf():
    """With 20 of 46 cells there would be no tree."""
    for cells, least in ((5, 2), (46, 4), (100, 10), (5000, 20)):
        assert list(CLASSIFIERS["hgb"].fitting(cells).values()) == [least]


def test_a_forest_goes_by_its_seed(cells):
    values, labels = cells
    encoder = Encoder.fit(values, COVARIATES)
    some = encoder.encode(values)
    one, again, other = (
        CLASSIFIERS["rf"].make(encoder.channels, seed).set_params(n_estimators=5).fit(some, labels).predict_proba(some)[:, 1]
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_bernoulli_sees_medians_and_classes():
    # Above the median of slope, or in the class that most cells have: the two sides of a coin for the naïve Bayes.
    rng = np.random.default_rng(1)
    common = (rng.uniform(size=1000) < 0.8).astype(float)
    slope = rng.gamma(2.0, 10.0, 1000)
    x = np.stack([slope, rng.normal(size=1000), common, 1 - common], axis=1)
    fitted = CLASSIFIERS["bnb"].make(CHANNELS, 1).fit(x, common.astype(int))
    assert (fitted.predict(x) == common).all()
    steep = slope > np.median(slope)
    found = CLASSIFIERS["bnb"].make(CHANNELS, 1).fit(x, steep.astype(int)).predict_proba(x)[:, 1]
    assert found[steep].min() > 0.9 and found[~steep].max() < 0.1


def test_a_file_with_anything_else_is_not_loaded():
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    content = skops.io.dumps(FunctionTransformer(func=subprocess.run))
    with pytest.raises(EngineError, match="not loaded"):
        estimator_of(content, 4)


def test_the_table_imports_only_the_standard_library():
    code = (
        "import runpy, sys\n"
        f"runpy.run_path({classifiers.__file__!r}, run_name='table')\n"
        "print([name for name in ('numpy', 'sklearn', 'scipy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"
