# SPDX-License-Identifier: GPL-2.0-or-later
"""Covariates and labels that no textbook has: a map has a number wherever all covariates are, or there is no map and a sentence."""

import json
import zipfile

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import StackWriter
from scarp.engine.samples.cells import SampleCells
from scarp.engine.tasks import benchmark_classifiers, map_susceptibility, train_cnn_dnn
from scarp.models.covariate import Covariate

ROWS, COLS = 40, 60
TINY = {"patch_size": 5, "filters": 2, "hidden_layers": 1, "units": 4, "members": 1, "epochs": 3, "batch_size": 64}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A stack of bands between 1e-30 and 1e30, one that is the same everywhere, and 12 landslides with 100 absences each."""
    folder = tmp_path_factory.mktemp("odd")
    rng = np.random.default_rng(2)
    grid = Grid(reference_of(32639).ExportToWkt(), (500_000.0, 30.0, 0.0, 3_900_000.0, 0.0, -30.0), (ROWS, COLS))
    slope = rng.normal(20, 6, (ROWS, COLS))
    huge = np.where(rng.random((ROWS, COLS)) < 0.03, 1e30, rng.normal(0, 1e18, (ROWS, COLS)))
    bands = {
        "slope": slope,
        "huge": huge,
        "tiny": rng.normal(0, 1e-30, (ROWS, COLS)),
        "same": np.full((ROWS, COLS), 7.0),
        "peak": np.where(slope == slope.max(), 1e15, 0.0),
    }
    with StackWriter(str(folder / "stack.tif"), grid, [Covariate(name) for name in bands]) as writer:
        for name, values in bands.items():
            writer.write(name, Window(0, 0, ROWS, COLS), values)
    known = np.flatnonzero((huge < 1e19).ravel())
    steep = known[np.argsort(-slope.ravel()[known])]
    slides, others = steep[:12], rng.permutation(steep[40:])[:1200]
    rows, cols = np.divmod(np.concatenate([slides, others]), COLS)
    labels = np.repeat([1, 0], [12, 1200])
    number = np.arange(1212) % 4
    subset, fold = np.where(number == 3, "test", "train"), np.where(number == 3, -1, number)
    SampleCells(rows, cols, labels, subset, fold, np.arange(1212).astype(str)).write(folder / "cells.gpkg", grid)
    SampleCells(rows[:1], cols[:1], labels[:1], subset[:1], fold[:1], np.array(["0"])).write(folder / "one.gpkg", grid)
    return folder, np.abs(huge) < 1e19


def mapped(folder, model):
    result = map_susceptibility.run(Feedback(), covariates=str(folder / "stack.tif"), model=model, output=str(folder / "map.tif"))
    return gdal.Open(result["output"]).ReadAsArray()


def trained(folder, **more):
    parameters = {"covariates": str(folder / "stack.tif"), "inventory": str(folder / "cells.gpkg"), "label_field": "landslide"}
    outputs = {"model": str(folder / "m.scarp"), "report": str(folder / "r.html")}
    return train_cnn_dnn.run(Feedback(), **{**parameters, **outputs, **TINY, **more})


@pytest.fixture(scope="module")
def result(odd):
    return trained(odd[0], model=str(odd[0] / "network.scarp"), report=str(odd[0] / "network.html"))


def test_a_network_maps_a_number_wherever_covariates_are(odd, result):
    folder, valid = odd
    found = mapped(folder, result["model"])
    assert ((found[valid] >= 0) & (found[valid] <= 1)).all() and np.ptp(found[valid]) > 0
    assert (found[~valid] == -9999).all()
    assert np.isfinite(result["auc"])


def test_so_do_classifiers_of_cells(odd):
    folder, valid = odd
    result = benchmark_classifiers.run(
        Feedback(),
        covariates=str(folder / "stack.tif"),
        inventory=str(folder / "cells.gpkg"),
        label_field="landslide",
        classifiers=["lr", "gnb", "dt"],
        validation="random",
        folds=3,
        repeats=1,
        output=str(folder / "table.csv"),
        model=str(folder / "best.scarp"),
    )
    found = mapped(folder, result["model"])
    assert ((found[valid] >= 0) & (found[valid] <= 1)).all()


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_training_that_diverged_leaves_no_model(odd, optimizer):
    folder, _ = odd
    for name in ("m.scarp", "r.html"):
        (folder / name).unlink(missing_ok=True)
    with pytest.raises(EngineError, match="diverged: .*no model is kept"):
        trained(folder, optimizer=optimizer, learning_rate=10.0, units=64, filters=16, epochs=2)
    assert not (folder / "m.scarp").exists() and not (folder / "r.html").exists()


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 10.5, 0, -1, "NaN", None, True])
def test_a_learning_rate_that_is_none_is_refused_before_any_work(odd, rate):
    folder, _ = odd
    if rate is None:  # the default
        return
    with pytest.raises(EngineError, match="Learning rate .* must be a number from 1e-06 to 10; found"):
        trained(folder, learning_rate=rate)


def test_one_landslide_is_told_as_one(odd):
    folder, _ = odd
    with pytest.raises(EngineError) as caught:
        trained(folder, inventory=str(folder / "one.gpkg"))
    assert "landslide" in str(caught.value) and "Traceback" not in str(caught.value)


def test_no_number_of_a_model_file_is_none(result):
    with zipfile.ZipFile(result["model"]) as archive:
        text = archive.read("manifest.json").decode()
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in the manifest"))
