# SPDX-License-Identifier: GPL-2.0-or-later
"""The numbers that tasks tell in manifests and tables, counted again from what they wrote."""

import csv
import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from listening import Listener
from osgeo import ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.stack import Stack
from scarp.engine.files.vectors import write_points
from scarp.engine.tasks import benchmark_classifiers, sample_cells, screen_covariates, train_cnn_dnn
from scarp.models.covariate import Covariate

SHAPE = (30, 50)


@pytest.fixture
def ground(write_stack, tmp_path):
    """Slope rises from west to east, rain from north to south; landslides where it is steep and wet."""
    rows, cols = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    values = np.stack([cols / 2.0, 1000.0 + 10 * rows], axis=-1)
    stack = write_stack("s.tif", SHAPE, (Covariate("slope"), Covariate("rain")), values=values)

    def slides(count):
        number = np.arange(count)
        x, y = Stack.open(stack).grid.centres(20 + number % 10, 40 + number // 10)
        path = str(tmp_path / f"{count}.gpkg")
        write_points(path, "slides", {"x": ogr.OFTReal, "y": ogr.OFTReal}, (x, y), Stack.open(stack).grid.spatial_reference)
        return path

    return stack, slides


def results(path):
    return json.loads(Path(f"{path}.run.json").read_text(encoding="utf-8"))["results"]


def test_cells_of_each_part_are_counted(ground, tmp_path):
    stack, slides = ground
    for count in (40, 60):
        path = str(tmp_path / "cells.gpkg")
        returned = sample_cells.run(Feedback(), covariates=stack, inventory=slides(count), output=path, buffer=60.0)
        dataset = ogr.Open(path)
        assert returned == {"output": path, "cells": dataset.GetLayer(0).GetFeatureCount()}
        found = [(each["subset"], each["landslide"]) for each in dataset.GetLayer(0)]
        told = results(path)["cells"]
        assert told["training"] == [found.count(("train", 1)), found.count(("train", 0))]
        assert told["test"] == [found.count(("test", 1)), found.count(("test", 0))]
        assert told["training"][0] + told["test"][0] == count and told["training"][0] > told["test"][0] > 0


def test_how_cells_are_divided_is_told_and_a_test_of_few_landslides(ground, tmp_path):
    """Thirty per cent of 20 landslides tell little, those of 100 enough; the manifest says how both came about."""
    stack, slides = ground
    for count, is_few in ((20, True), (100, False)):
        path, listener = str(tmp_path / "cells.gpkg"), Listener()
        sample_cells.run(listener, covariates=stack, inventory=slides(count), output=path, buffer=60.0, test_share=0.3)
        told = results(path)
        tested = told["cells"]["test"][0]
        said = [text for text in listener.messages if text.startswith(f"Only {tested} of {count} landslides are for the test")]
        assert len(said) == is_few and 0 < tested < count / 2
        assert told["divided"] == "The cells were divided at random, 30 % of them for the test."


def test_landslides_that_subsets_divide_are_told_where_subsets_are_the_test(ground, tmp_path, monkeypatch):
    """In folds they are whole, whatever subset their cells have."""
    stack, slides = ground
    path, listener = str(tmp_path / "cells.gpkg"), Listener()
    sample_cells.run(Feedback(), covariates=stack, inventory=slides(80), output=path, buffer=60.0)
    dataset = ogr.Open(path, 1)
    dataset.ExecuteSQL("UPDATE sample_cells SET origin = fid % 70 WHERE landslide = 1")
    dataset.ExecuteSQL("UPDATE sample_cells SET subset = 'test' WHERE fid = 71")
    dataset.ExecuteSQL("UPDATE sample_cells SET subset = 'train' WHERE fid = 1")
    del dataset
    given = {"covariates": stack, "inventory": path, "label_field": "landslide"}

    def told(task, **more):
        listener.warnings.clear()
        with suppress(EngineError):
            task.run(listener, **given, **more)
        return any("partly in training and partly in the test" in each for each in listener.warnings)

    table = str(tmp_path / "table.csv")
    assert [
        told(benchmark_classifiers, classifiers=["slope"], folds=2, validation=each, output=table) for each in ("holdout", "random")
    ] == [True, False]

    def enough(*_):
        raise EngineError("enough")

    monkeypatch.setattr(train_cnn_dnn.Examples, "of", enough)
    files = {"model": str(tmp_path / "m.scarp"), "report": str(tmp_path / "m.html")}
    assert told(train_cnn_dnn, **files)
    monkeypatch.setattr(train_cnn_dnn, "FEW_LANDSLIDES", 1000)
    assert not told(train_cnn_dnn, **files)


def test_blocks_too_narrow_for_patches_are_told_of_networks_alone(ground, tmp_path, monkeypatch):
    stack, slides = ground
    monkeypatch.setattr(benchmark_classifiers, "compare", lambda *_: (_ for _ in ()).throw(EngineError("enough")))
    for names, told in ((["lr"], False), (["lr", "cnn_dnn"], True)):
        listener = Listener()
        with pytest.raises(EngineError, match="enough"):
            benchmark_classifiers.run(
                listener, covariates=stack, inventory=slides(60), classifiers=names, validation="blocks", output=str(tmp_path / "t.csv")
            )
        assert any("narrower than two patches" in each for each in listener.warnings) == told


def test_each_covariate_is_screened_by_its_own_values(ground, tmp_path):
    """All landslides are in the steepest and in the wettest classes, by the limits of slope and of rain."""
    stack, slides = ground
    paths = {name: str(tmp_path / f"{name}.csv") for name in ("output", "class_table")}
    given = {"covariates": stack, "inventory": slides(60), "classes": 5}
    screen_covariates.run(Feedback(), **given, **paths)
    told = results(paths["output"])
    assert told["landslide_cells"] == 60 and told["other_cells"] == 300
    with Path(paths["class_table"]).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    ratios = {name: [float(row["frequency_ratio"]) for row in rows if row["covariate"] == name] for name in ("slope", "rain")}
    assert ratios["slope"] == pytest.approx([0, 0, 0, 0, 5], abs=0.05)
    assert ratios["rain"][:3] == [0, 0, 0] and ratios["rain"][3] + ratios["rain"][4] == pytest.approx(5, abs=0.2)
