# SPDX-License-Identifier: GPL-2.0-or-later
"""The claim: where landslides depend on the ground around a cell, the CNN–DNN comes close to the best that can be reached."""

from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.feedback import Feedback
from scarp.engine.files.stack import Stack
from scarp.engine.reporting.metrics import delong
from scarp.engine.samples.cells import resolve_samples
from scarp.engine.tasks import prepare_covariates, sample_cells, sample_landscape, train_cnn_dnn
from scarp.models.encoding import Encoder
from scarp.models.model_file import load_model
from sklearn.linear_model import LogisticRegression


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A landscape, its stack of what each cell shows by itself, sample cells without a buffer, and a model trained with the defaults."""
    folder = tmp_path_factory.mktemp("study")
    land = sample_landscape.run(Feedback(), size=512, cell_size=30.0, landslides=1500, seed=4, folder=str(folder))
    stack = prepare_covariates.run(
        Feedback(),
        dem=land["dem"],
        # None that tells a cell of its surroundings, as topographic position and wetness do.
        terrain=["altitude", "slope", "aspect", "plan_curvature", "profile_curvature"],
        faults=land["faults"],
        roads=land["roads"],
        settlements=land["settlements"],
        geology=land["geology"],
        geology_field="unit",
        land_use=land["land_use"],
        soil=land["soil"],
        soil_field="unit",
        climate=land["climate"],
        climate_field="unit",
        red=land["red"],
        nir=land["nir"],
        output=str(folder / "stack.tif"),
    )["output"]
    cells = sample_cells.run(Feedback(), covariates=stack, inventory=land["inventory"], buffer=0.0, output=str(folder / "cells.gpkg"))
    trained = train_cnn_dnn.run(
        Feedback(),
        covariates=stack,
        inventory=cells["output"],
        label_field="landslide",
        model=str(folder / "m.scarp"),
        report=str(folder / "r.html"),
    )
    opened = Stack.open(stack)
    return land, opened, resolve_samples(opened, cells["output"], "landslide", 1), trained


def test_the_network_comes_close_to_the_truth_and_single_cells_do_not(study):
    land, stack, cells, trained = study
    test = cells.subset == "test"
    truth = gdal.Open(land["truth"]).ReadAsArray()[cells.rows, cells.cols]
    best = delong(cells.landslide[test], truth[test]).auc
    assert (trained["auc"] - 0.5) / (best - 0.5) >= 0.95
    values = stack.at(cells.rows, cells.cols)
    encoder = Encoder.fit(values[~test], stack.covariates)
    single = LogisticRegression(max_iter=2000).fit(encoder.encode(values[~test]), cells.landslide[~test])
    alone = delong(cells.landslide[test], single.predict_proba(encoder.encode(values[test]))[:, 1]).auc
    assert alone < trained["auc"] - 0.03


def test_the_model_never_saw_a_test_cell(study):
    _, stack, cells, trained = study
    training = cells.subset == "train"
    expected = Encoder.fit(stack.at(cells.rows[training], cells.cols[training]), stack.covariates)
    assert load_model(trained["model"], "numpy").encoder.to_json() == expected.to_json()


def test_the_report_stands_alone(study):
    page = Path(study[3]["report"]).read_text(encoding="utf-8")
    assert "ROC curve" in page
    assert "<script" not in page
    assert 'src="http' not in page


def test_sample_cells_keep_their_distance(study, tmp_path):
    land, stack, *_ = study
    output = sample_cells.run(
        Feedback(),
        covariates=stack.path,
        inventory=land["inventory"],
        method="seed_cells",
        ratio=0.5,
        buffer=90.0,
        split="blocks",
        output=str(tmp_path / "c.gpkg"),
    )["output"]
    cells = resolve_samples(stack, output, "landslide", 1)
    x, y = stack.grid.centres(cells.rows, cells.cols)
    slides = cells.landslide == 1
    assert slides.sum() == 1500
    assert (~slides).sum() == 750
    distance = np.hypot(x[~slides][:, None] - x[slides], y[~slides][:, None] - y[slides]).min(axis=1)
    assert distance.min() >= 90
    assert distance.max() <= 90 + 10 * 30
    assert set(cells.fold[cells.subset == "train"]) == set(range(5))
    assert 0.15 < (cells.subset == "test").mean() < 0.4
