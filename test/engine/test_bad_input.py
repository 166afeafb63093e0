# SPDX-License-Identifier: GPL-2.0-or-later
"""What is given to the tasks by mistake: `bad_input.tsv` says what each of several hundred files gives, and all of them are tried.

A row is a task, the parameter that is given a bad file, what is bad about it (a function of `support/bad_files.py`), and words of the one
sentence that tells so; `right` is a run that succeeds, with words of its warning where it has one. After a bar stands what another
version of GDAL makes of the file. Every run is over in seconds, leaves no
file that it did not mean to, no temporary file and no traceback.
"""

import csv
import io
import json
import os
import re
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import bad_files
import bad_projects
import numpy as np
import pytest
from carrying import carry
from osgeo import gdal, ogr
from scarp.engine.declarations.parameters import TASKS
from scarp.engine.worker import JsonFeedback, carry_out

with (Path(__file__).parent / "bad_input.tsv").open(encoding="utf-8", newline="") as _stream:
    ROWS = list(csv.reader(_stream, delimiter="\t"))
# Tasks of which no row is in the table: it reads no data.
WITHOUT_ROWS = {"install_engine"}
# Seconds that a run may take on a busy machine; the longest takes three on an idle one.
LIMIT_S = 30
# Of outputs, what each is called where it is not the odd one.
NAMES = {
    "folder": "land",
    "report": "report.html",
    "model": "model.scarp",
    "table": "table.csv",
    "polygons": "polygons.gpkg",
    "difference": "difference.tif",
    "class_table": "classes.csv",
}
OUTPUT_NAMES = {"prepare_covariates": "o.tif", "map_susceptibility": "o.tif", "classify_susceptibility": "o.tif"}
OUTPUT_NAMES |= {"sample_cells": "o.gpkg", "zonal_susceptibility": "o.gpkg", "print_map": "o.png", "finetune_model": "o.scarp"}
# Which of the good inputs each parameter takes.
GOOD = {"dem": "dem", "template": "dem", "extra_continuous": "band", "extra_categorical": "classes", "covariates": "stack"}
GOOD |= {"susceptibility": "map", "susceptibility_2": "map", "classes": "classes", "area": "zones", "faults": "zones"}
GOOD |= {"geology": "zones", "zones": "zones", "inventory": "landslides", "test_inventory": "landslides", "model": "model"}
GOOD |= {"hillshade": "band", "table": "table", "class_table": "table", "samples": "cells", "folder": "map"}
GOOD |= {"uncertainty": "pair", "applicability": "pair", **dict.fromkeys(("screening", "benchmark", "validation", "explanation"), "table")}


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    return bad_files.write_area(tmp_path_factory.mktemp("area"))


def parameters(task, area, out):
    """The parameters of a good run of a task, as quick as it can be."""
    output = str(out / OUTPUT_NAMES.get(task, "o.csv"))
    cells = {"covariates": area["stack"], "inventory": area["landslides"]}
    small = {"epochs": 1, "members": 1, "patch_size": 3, "filters": 2, "units": 4, "companion": False}
    return {
        "sample_landscape": {"size": 64, "landslides": 20, "folder": str(out)},
        "prepare_covariates": {"dem": area["dem"], "terrain": ["slope", "aspect"], "output": output},
        "screen_covariates": {**cells, "output": output},
        "sample_cells": {**cells, "output": output},
        "train_cnn_dnn": {**cells, **small, "model": str(out / "m.scarp"), "report": str(out / "r.html")},
        "benchmark_classifiers": {**cells, "classifiers": ["lr"], "validation": "random", "folds": 2, "output": output},
        "finetune_model": {**cells, "model": area["model"], "output": output, "report": str(out / "r.html")},
        "map_susceptibility": {"covariates": area["stack"], "model": area["model"], "backend": "numpy", "output": output},
        "classify_susceptibility": {"susceptibility": area["map"], "output": output, "table": str(out / "t.csv")},
        "validate_map": {"susceptibility": area["map"], "inventory": area["landslides"], "output": output},
        "zonal_susceptibility": {"susceptibility": area["map"], "zones": area["zones"], "output": output},
        "explain_model": {**cells, "model": area["model"], "role": "held_out", "repeats": 2, "output": output},
        "project_report": {
            "covariates": area["stack"],
            **{key: area[GOOD[key]] for key in ("susceptibility", "inventory", "model", "classes")},
            "position_error": 0.0,
            "report": str(out / "r.html"),
        },
        "print_map": {"classes": area["classes"], "date": "2024-05-06", "resolution": 72, "output": output},
    }[task]


def given(task, key, what, area, folder):
    """The parameters of a run with something bad in one of them."""
    out = folder / "out"
    out.mkdir()
    values = parameters(task, area, out)
    if what in bad_files.OUTPUTS:
        values[key] = bad_files.OUTPUTS[what](folder, NAMES.get(key, OUTPUT_NAMES.get(task, "o.csv")))
        return values | ({"susceptibility_2": area["map"]} if key == "difference" else {})
    good = area["cells" if what in (*bad_files.LABELS, "no_label_field") else GOOD[key]]
    if what in bad_projects.TABLES:
        return values | {key: bad_projects.TABLES[what](folder, key)}
    bad = {**bad_files.VECTORS, **bad_files.RASTERS, **bad_projects.PROJECTS}[what](folder, good)
    if key == "folder":
        return {"folder": bad, "position_error": 0.0, "report": values["report"]}
    values[key] = [bad] if key.startswith("extra") else bad
    if what in (*bad_files.LABELS, "no_label_field"):
        values["label_field"] = "landslide"
    if what in bad_files.TOLD:
        values |= bad_files.TOLD[what][2]
    if key == "template":
        values = {**values, "dem": None, "terrain": None, "extra_continuous": [area["band"]]}
    return values


def listed(folder):
    """All files of a folder, with their sizes and times where they may not change."""
    return {str(path): path.lstat().st_mtime_ns for path in Path(folder).rglob("*") if not path.is_dir()}


def let_go(folder, done):
    """End what waits for a pipe, so that the test fails rather than wait too."""
    while not done.wait(LIMIT_S / 2):
        for path in folder.rglob("*"):
            if path.is_fifo():
                os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))


def check_output(path):
    """Look whether a raster or a layer that was written holds something."""
    if path.suffix == ".tif":
        values = gdal.Open(str(path)).ReadAsArray()
        assert np.isfinite(values).any(), path
    elif path.suffix == ".gpkg":
        dataset = ogr.Open(str(path))
        assert dataset.GetLayer(0).GetFeatureCount(), path
    else:
        assert path.stat().st_size, path


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row[:3]))
def test_a_mistake_is_told_in_one_sentence(row, area, tmp_path, monkeypatch):
    task, key, what, words = row
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    values = given(task, key, what, area, tmp_path)
    before, done = listed(tmp_path), threading.Event()
    inputs = listed(Path(area["dem"]).parent)
    threading.Thread(target=let_go, args=(tmp_path, done), daemon=True).start()
    began = time.monotonic()
    try:
        told = carry(task, tmp_path, **values)
    finally:
        done.set()
    assert time.monotonic() - began < LIMIT_S
    assert "Traceback" not in told.stderr, told.stderr
    assert not told.lines[-1].get("unexpected"), told.error
    left = {path for path in listed(tmp_path) if path not in before and "scarp-locks" not in path}
    assert not [path for path in left if "scarp-part" in path or path.startswith(str(temporary))]
    assert listed(Path(area["dem"]).parent) == inputs
    assert not (tmp_path / "executed").exists()
    assert all(time_ns == before[path] for path, time_ns in listed(tmp_path).items() if path in before)
    wanted = words.split(" | ")
    right = [each for each in wanted if each.startswith("right")]
    if told.error or not right:
        assert any(each in told.error for each in wanted if each not in right), told.error or told.lines[-1]
        assert_is_a_sentence(told.error.replace(str(tmp_path), "").replace(str(Path(area["dem"]).parent), ""))
        assert not left
        return
    assert right[0].partition(": ")[2] in " ".join(told.warnings)
    for path in left:
        check_output(Path(path))


def assert_is_a_sentence(text):
    """A sentence or two, on one line, of bearable length, without the words of libraries, and with something to do."""
    assert len(text) < 600, len(text)
    assert "\n" not in text
    assert text[-1] in ".…?", text
    assert not re.search(r"IReadBlock|TIFFRead|Errno|not recognized|RuntimeError|ENGCRS|invalid literal|NoneType", text), text


def test_every_task_and_every_bad_file_is_in_the_table():
    tried = Counter(task for task, *_ in ROWS)
    assert len(ROWS) >= 300
    assert set(TASKS) - set(tried) <= WITHOUT_ROWS
    made = set(bad_files.RASTERS) | set(bad_files.VECTORS) | set(bad_files.OUTPUTS) | set(bad_projects.PROJECTS) | set(bad_projects.TABLES)
    assert made <= {what for _, _, what, _ in ROWS}


def test_a_text_that_is_no_task_is_told_in_one_sentence(tmp_path):
    for content in ("", "[1, 2]", '{"task": 3}', "\x00", json.dumps({"task": "map_susceptibility", "parameters": []}), "[" * 100_000):
        path = tmp_path / "task.json"
        path.write_text(content)
        stream, before = io.StringIO(), path.read_text()
        assert carry_out(path, JsonFeedback(stream)) == 1
        last = json.loads(stream.getvalue().splitlines()[-1])
        assert last["type"] == "error"
        assert not last.get("unexpected"), last
        assert path.read_text() == before
