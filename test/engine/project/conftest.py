# SPDX-License-Identifier: GPL-2.0-or-later
"""A small project as the algorithms write it; tables that take long are written by hand, with their manifests."""

import shutil
from pathlib import Path

import bad_files
import pytest
from scarp.engine.feedback import Feedback
from scarp.engine.files.manifest import write_manifests
from scarp.engine.files.tables import write_table
from scarp.engine.tasks import classify_susceptibility, map_susceptibility, sample_cells, validate_map
from scarp.models.model_file import load_model, save_model

TESTS = [
    {"kind": "spatial", "auc": 0.8125, "low": 0.75, "high": 0.875, "landslides": 48, "name": "Spatial folds", "how": "Blocks of 300 m."},
    {"kind": "test", "auc": 0.9, "low": 0.84, "high": 0.96, "landslides": 12, "name": "Test cells", "how": "Dealt at random."},
]


def write_project(folder):
    """Write a project into a folder; return its files by what they are."""
    folder = Path(folder)
    area = bad_files.write_area(folder)
    stack, inventory = area["stack"], area["landslides"]
    cells = str(folder / "drawn.gpkg")
    sample_cells.run(Feedback(), covariates=stack, inventory=inventory, output=cells)
    model = load_model(area["model"], "numpy")
    model.manifest["tests"] = [{key: each[key] for key in ("kind", "auc", "low", "high", "landslides")} for each in TESTS]
    save_model(area["model"], model)
    trained = {"covariates": stack, "inventory": cells, "label_field": "landslide", "model": area["model"], "patch_size": 9}
    results = {"tests": TESTS, "cells": {"training": [46, 228], "test": [11, 57]}, "tried": 0, "divided": "Dealt at random."}
    write_manifests([area["model"]], "train_cnn_dnn", trained, 1.0, results=results)
    found = {key: str(folder / name) for key, name in NAMES.items()}
    screened = [
        {"covariate": "slope", "advice": "keep", "reason": "", "vif": 1.25, "information_gain_bits": 0.5},
        {"covariate": "geology", "advice": "doubtful", "reason": "it shows nothing", "vif": 1.125, "information_gain_bits": 0.0},
    ]
    write_table(found["screening"], screened)
    asked = {"covariates": stack, "inventory": inventory, "output": found["screening"]}
    write_manifests([found["screening"]], "screen_covariates", asked, 1.0, results={"verdict": "Keep 1 of 2 covariates: slope."})
    map_susceptibility.run(Feedback(), covariates=stack, model=area["model"], backend="numpy", output=found["map"])
    cut = {"susceptibility": found["map"], "inventory": inventory}
    classify_susceptibility.run(Feedback(), **cut, method="equal_intervals", output=found["classes"], table=found["class_table"])
    validate_map.run(Feedback(), **cut, role="training", output=found["validation"])
    rows = [("slope", 0.25, 0.2, 0.3), ("geology", 0.0, -0.01, 0.01)]
    columns = ("factor", "auc_drop", "lowest_fold", "highest_fold")
    write_table(found["explanation"], [{"kind": "covariate", "matters": "yes", **dict(zip(columns, row))} for row in rows])
    asked = {"covariates": stack, "model": area["model"], "inventory": cells, "output": found["explanation"]}
    write_manifests([found["explanation"]], "explain_model", asked, 1.0, results={"verdict": "What matters most is slope."})
    return {**area, **found, "drawn": cells}


NAMES = {
    "screening": "screening.csv",
    "map": "susceptibility.tif",
    "classes": "susceptibility_classes.tif",
    "class_table": "class_table.xlsx",
    "validation": "validation.gpkg",
    "explanation": "importance.csv",
}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    return write_project(tmp_path_factory.mktemp("project"))


@pytest.fixture
def project(made, tmp_path):
    """A copy of the project, at another place than where it was made."""
    shutil.copytree(Path(made["map"]).parent, tmp_path / "moved")
    return tmp_path / "moved"
