# SPDX-License-Identifier: GPL-2.0-or-later
"""The train task from end to end, with tuning, calibration and a comparison of optimizers; every part is made again and compared."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from osgeo import osr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.learning.fitting import Examples, fit, susceptibility
from scarp.engine.reporting.metrics import METRICS, balanced, evaluate
from scarp.engine.reporting.page import format_cell
from scarp.engine.samples.cells import SampleCells, resolve_samples
from scarp.engine.tasks import train_cnn_dnn
from scarp.models import recipe as recipe_module
from scarp.models.calibration import fit_calibration
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.model_file import load_model
from scarp.models.recipe import Recipe

ROWS, COLS = 34, 47
SEED = 5
COVARIATES = (Covariate("slope", unit="degree"), Covariate("aspect", "circular", "degree"))
TINY = Recipe(patch_size=5, filters=4, hidden_layers=2, units=12, members=1, epochs=15, learning_rate=0.02, batch_size=32, companion=False)
# The only point of the grid that learns, unlike the recipe in everything.
BEST = {"learning_rate": 0.03, "hidden_layers": 1, "units": 6, "batch_size": 16}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A stack, and 160 cells of 4 folds and a test part; landslides where the surroundings are steep, whatever the cell itself."""
    folder = tmp_path_factory.mktemp("train")
    rng = np.random.default_rng(6)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    grid = Grid(reference.ExportToWkt(), (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (ROWS, COLS))
    bands = {"slope": rng.normal(20, 6, (ROWS, COLS)), "aspect": rng.uniform(0, 360, (ROWS, COLS))}
    with StackWriter(str(folder / "stack.tif"), grid, COVARIATES) as writer:
        for name, values in bands.items():
            writer.write(name, Window(0, 0, ROWS, COLS), values)
    rows, cols = np.divmod(rng.permutation(ROWS * COLS)[:160], COLS)
    padded = np.pad(bands["slope"], 2, mode="reflect")
    around = np.array([padded[r : r + 5, c : c + 5].sum() - padded[r + 2, c + 2] for r, c in zip(rows, cols)]) / 24
    labels = (around + rng.normal(0, 0.2, 160) > 20).astype(int)
    number = np.arange(160) % 5
    cells = SampleCells(
        rows, cols, labels, np.where(number == 4, "test", "train"), np.where(number == 4, -1, number), np.arange(160).astype(str)
    )
    cells.write(folder / "cells.gpkg", grid)
    flipped = np.where(number == 4, 1 - labels, labels)
    replace(cells, landslide=flipped).write(folder / "flipped.gpkg", grid)
    return folder, Stack.open(str(folder / "stack.tif"))


def trained(study, name, cells="cells", recipe=TINY, feedback=None, **parameters):
    """Run the task; return its result, the model and its manifest."""
    folder, stack = study
    chosen = {key: value for key, value in vars(recipe).items() if key not in ("l2", "label_smoothing", "augment")}
    result = train_cnn_dnn.run(
        feedback or Feedback(),
        covariates=stack.path,
        inventory=str(folder / f"{cells}.gpkg"),
        label_field="landslide",
        model=str(folder / f"{name}.scarp"),
        report=str(folder / f"{name}.html"),
        seed=SEED,
        **{**chosen, **parameters},
    )
    return result, load_model(result["model"], "numpy")


RICH = {
    "tune": True,
    "tune_learning_rates": f"0.000001, {BEST['learning_rate']}",
    "tune_hidden_layers": str(BEST["hidden_layers"]),
    "tune_units": str(BEST["units"]),
    "tune_batch_sizes": str(BEST["batch_size"]),
    "calibration": "platt",
    "compare_optimizers": ["adagrad"],
}


def test_a_test_as_far_from_training_as_spatial_folds_is_told_as_one_in_space(study):
    """Landslides 25 m apart in a row: the last ten, which are 25 to 250 m from the others, against one in ten, which are all 25 m."""
    _, stack = study
    place = np.arange(40)
    examples = SimpleNamespace(rows=np.full(40, 3), cols=place, labels=np.ones(40, int), units=None)
    folds = SimpleNamespace(folds=np.array([100.0, 150.0]))
    said = train_cnn_dnn._apart(examples, place < 30, folds, stack)
    assert said.startswith("The landslides of the test lie 138 m from those that train, on average, and those of the spatial folds 125 m")
    assert train_cnn_dnn._apart(examples, place % 10 > 0, folds, stack) == ""


@pytest.fixture(scope="module")
def rich(study):
    return trained(study, "rich", **RICH)


@pytest.fixture(scope="module")
def known(study):
    """The training cells, the test cells, and the folds of the former: 0 and 3 of the layer make one."""
    folder, stack = study
    cells = resolve_samples(stack, str(folder / "cells.gpkg"), "landslide", SEED)
    examples, training = Examples.of(stack, cells, TINY.patch_size), cells.subset == "train"
    return examples.only(training), examples.only(~training), cells.fold[training] % 3


def same(weights, others):
    assert weights.keys() == others.keys()
    for name, array in weights.items():
        np.testing.assert_array_equal(array, others[name])


def test_the_best_point_of_the_grid_makes_the_network(rich, known):
    _, model = rich
    settings = model.manifest["settings"]
    assert {name: settings[name] for name in BEST} == BEST
    assert model.architecture.dense_units == [6]
    assert {name: shape for name, shape in model.architecture.shapes.items() if name.startswith("dense")} == {"dense0": (7, 6)}
    same(model.members[0], fit(known[0], replace(TINY, **BEST), SEED)[0].members[0])


def said_of_held_out(known, recipe):
    """What networks say of each fold that learnt from the two others."""
    training, _, folds = known
    said = np.empty(len(training.labels))
    for number in range(3):
        model, _ = fit(training.only(folds != number), recipe, SEED)
        said[folds == number] = susceptibility(model, training.only(folds == number))
    return said


@pytest.fixture(scope="module")
def said(known):
    return said_of_held_out(known, replace(TINY, **BEST))


def test_the_model_file_knows_where_it_is_applicable(rich, known):
    """Its training cells alone, weighted by what the model loses where a covariate is dealt anew: slope, for aspect is noise here."""
    area, training, test = rich[1].applicability, *known[:2]
    weights = dict(zip(rich[1].encoder.channels, area.arrays["weight"]))
    assert weights["slope"] == 1 and weights["sin(aspect)"] == weights["cos(aspect)"] < 0.5
    np.testing.assert_allclose(area.index(training.patches.centres()[None]), 0, atol=1e-5)
    assert len(area.arrays["cells"]) == len(training.labels) and area.index(test.patches.centres()[None]).min() > 0
    assert 0 < area.threshold < 2
    far = training.patches.centres()[:1] + np.array([60.0, 0.0])
    assert area.index(far[None])[0, 0] > area.threshold


def test_the_calibration_is_that_of_held_out_cells(rich, known, said):
    _, model = rich
    training, test, _ = known
    expected = fit_calibration("platt", said, training.labels, balanced(training.labels))
    assert model.calibration["method"] == "platt"
    assert model.calibration == pytest.approx(expected)
    raw = susceptibility(CnnDnn(model.encoder, model.architecture, model.members), test)
    of_test_cells = fit_calibration("platt", raw, test.labels, balanced(test.labels))
    assert model.calibration["slope"] != pytest.approx(of_test_cells["slope"], rel=0.02)


def test_the_metrics_are_those_of_calibrated_test_cells(rich, known):
    result, model = rich
    test = known[1]
    expected = evaluate(test.labels, susceptibility(model, test), weights=balanced(test.labels))
    assert len(test.labels) == 32
    assert model.manifest["metrics"] == pytest.approx(expected)
    spatial, own, parts = model.manifest["tests"]
    assert "fitted_to" not in model.manifest, "the test cells took no part"
    assert (spatial["kind"], own["kind"], parts["kind"]) == ("spatial", "test", "part")
    assert own["auc"] == pytest.approx(expected["auc"])
    assert result["auc"] == spatial["auc"]
    assert expected["mse"] != pytest.approx(evaluate(test.labels, susceptibility(model, known[0].only(np.arange(32))))["mse"])


def table(page, caption):
    """Return the rows of the report's table with such a caption, as texts."""
    (found,) = (each for each in re.findall(r"<table.*?</table>", page, re.DOTALL) if caption in each)
    rows = re.findall(r"<tr>(.*?)</tr>", found, re.DOTALL)
    return [[re.sub("<.*?>", "", cell).strip() for cell in re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL)] for row in rows]


def shown(*values):
    return [format_cell(value) for value in values]


def test_the_report_tells_of_search_optimizers_and_calibration(rich, known, said):
    result, model = rich
    page = Path(result["report"]).read_text(encoding="utf-8")
    training, test, folds = known
    aucs = [evaluate(training.labels[folds == number], said[folds == number])["auc"] for number in range(3)]
    data = {row[0]: row[1] for row in table(page, "What was looked at.")[1:]}
    assert data["Covariate stack"].endswith(".tif") and data["Landslides"].endswith(".gpkg") and data["Cell size"].endswith(" m")
    assert "EPSG:" in data["Coordinate reference system"] and "Types of movement" not in data
    header, *rows = table(page, "Candidates, the chosen one first.")
    assert header == ["Learning rate", "Hidden layers", "Units", "Batch size", "AUC", "Standard deviation"]
    assert rows[0] == [f"{BEST['learning_rate']:g}", *shown(1, 6, 16, float(np.mean(aucs)), float(np.std(aucs, ddof=1)))]
    assert rows[1][:4] == ["1e-06", *shown(1, 6, 16)]
    assert float(rows[1][4]) < np.mean(aucs) - 0.05, "it stays at its logistic regression of the cell itself, which tells nothing"

    history = fit(training, replace(TINY, **BEST, optimizer="adagrad"), SEED)[1][0]
    header, *rows = table(page, "Optimizers compared.")
    assert header == ["Optimizer", "Epochs", "Least validation loss", "Greatest validation accuracy"]
    assert rows == [["Adagrad", *shown(15, min(history["val_loss"]), max(history["val_accuracy"]))]]
    assert min(history["val_loss"]) != min(fit(training, replace(TINY, **BEST), SEED)[1][0]["val_loss"])
    assert "one network by Adagrad (15 epochs)" in page

    raw = susceptibility(CnnDnn(model.encoder, model.architecture, model.members), test)
    figures = [evaluate(test.labels, each, weights=balanced(test.labels)) for each in (raw, model.calibrated(raw))]
    errors = [(each["mse"], each["ece"]) for each in figures]
    _, *rows = table(page, "Calibration by the method Platt")
    assert rows == [["Not calibrated", *shown(*errors[0])], ["Calibrated", *shown(*errors[1])]]
    _, *rows = table(page, "Metrics on the test cells.")
    assert [row[:2] for row in rows] == [[label, *shown(model.manifest["metrics"][key])] for key, label, _ in METRICS]


def squares(study, name):
    """Three squares of 6 × 7 cells far apart; one fold is two of them, and of the third the cells without landslides lie in one block."""
    folder, stack = study
    rows, cols = (
        np.concatenate([corner[axis] + np.divmod(np.arange(42), 7)[axis] for corner in ((0, 0), (0, 40), (28, 20))]) for axis in (0, 1)
    )
    fold = np.repeat([0, 0, 1], 42)
    fold[84::2] = 2
    labels = (rows + cols) % 2
    labels[84:] = ~((rows[84:] > 30) & (cols[84:] > 23))
    subset = np.where(np.arange(126) % 42 < 2, "test", "train")
    cells = SampleCells(rows, cols, labels, subset, np.where(subset == "test", -1, fold), np.arange(126).astype(str))
    cells.write(folder / name, stack.grid)


def test_cells_that_do_not_suffice_to_calibrate_are_refused_before_training(study, monkeypatch):
    """By blocks three squares can be divided, and the third alone cannot: it was told after the members were trained."""
    squares(study, "squares.gpkg")
    given = {"cells": "squares", "recipe": replace(TINY, validation="blocks"), "calibration": "platt"}
    monkeypatch.setattr(train_cnn_dnn, "fit", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(EngineError, match=r"two of three parts .* do not suffice\. The cells lie in 4 spatial blocks"):
        trained(study, "never", **given)
    assert not list(study[0].glob("never*"))


def test_a_model_no_better_than_chance_is_kept_without_calibration(study, monkeypatch):
    """What networks of the folds say falls where landslides are: nothing of the training was left."""
    known = train_cnn_dnn.held_out
    monkeypatch.setattr(train_cnn_dnn, "held_out", lambda *given: ((held, 1 - said) for held, said in known(*given)))
    listener = Listener()
    result, model = trained(study, "chance", calibration="isotonic", feedback=listener)
    assert model.calibration is None
    (told,) = [text for text in listener.warnings if "not calibrated" in text]
    assert told.startswith("The model is not calibrated, although that was asked for. It is no better than chance")
    assert told in Path(result["report"]).read_text(encoding="utf-8")
    assert [text for text in listener.warnings if text.startswith("Isotonic calibration of 128 training cells")]


def test_isotonic_calibration_of_two_members_whose_mean_is_the_susceptibility(study, known):
    recipe = replace(TINY, members=2, patience=5, optimizer="rmsprop", class_weights="none")
    _, model = trained(study, "isotonic", recipe=recipe, calibration="isotonic")
    expected, histories = fit(known[0], recipe, SEED)
    for weights, others in zip(model.members, expected.members):
        same(weights, others)
    assert len(model.members) == len(histories) == 2
    curve = fit_calibration("isotonic", said_of_held_out(known, recipe), known[0].labels, balanced(known[0].labels))
    assert model.calibration["from"] == pytest.approx(curve["from"])
    assert model.calibration["to"] == pytest.approx(curve["to"])
    single = [susceptibility(CnnDnn(model.encoder, model.architecture, [each]), known[1]) for each in model.members]
    assert susceptibility(expected, known[1]) == pytest.approx(np.mean(single, axis=0), abs=1e-6)
    page = Path(study[0] / "isotonic.html").read_text(encoding="utf-8")
    assert ">Slope</td>" in page and ">slope</td>" not in page
    assert "Grid search" not in page
    assert "Optimizers compared" not in page
    assert f"member 2 ({len(histories[1]['loss'])} epochs)" in page


def test_no_step_hears_of_the_labels_of_test_cells(study, rich):
    """Members, the chosen point and the calibration are the same if every test cell has the other label; the metrics are not."""
    _, model = rich
    _, deaf = trained(study, "deaf", "flipped", **RICH)
    same(model.members[0], deaf.members[0])
    assert deaf.calibration == model.calibration
    assert deaf.encoder.to_json() == model.encoder.to_json()
    assert {name: deaf.manifest["settings"][name] for name in BEST} == BEST
    assert deaf.manifest["metrics"]["auc"] == pytest.approx(1 - model.manifest["metrics"]["auc"])


def test_the_run_can_be_repeated_from_its_manifest(rich):
    result, model = rich
    for path in (result["model"], result["report"]):
        run = json.loads(Path(f"{path}.run.json").read_text(encoding="utf-8"))
        assert run["parameters"]["tune_units"] == "6"
        assert run["parameters"]["calibration"] == "platt"
        assert run["parameters"]["units"] == TINY.units, "what was asked for, where the model tells what was chosen"
        assert run["parameters"]["seed"] == SEED
        assert run["inputs_sha256"] == model.manifest["inputs_sha256"]
    assert model.manifest["cell_size"] == [25.0, 35.0]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ("few", "The training cells hold 9 landslide cells, and at least 10"),
        ("none", "The test cells hold 0 non-landslide cells, and at least 1 "),
    ],
)
def test_too_few_cells_are_told(study, parts, message):
    folder, stack = study
    cells = resolve_samples(stack, str(folder / "cells.gpkg"), "landslide", SEED)
    keep = np.ones(160, bool)
    if parts == "few":
        keep[np.flatnonzero(cells.landslide == 1)[9:]] = False
    else:
        keep[(cells.subset == "test") & (cells.landslide == 0)] = False
    kept = SampleCells(*(getattr(cells, name)[keep] for name in ("rows", "cols", "landslide", "subset", "fold", "origin")))
    kept.write(folder / f"{parts}.gpkg", stack.grid)
    with pytest.raises(EngineError, match=message):
        trained(study, parts, parts)
    assert not (folder / f"{parts}.scarp").exists()


def test_two_landslides_are_too_few_however_many_cells_they_have(study):
    """The sentence says nothing of folds, which training has no parameter for."""
    folder, stack = study
    cells = resolve_samples(stack, str(folder / "cells.gpkg"), "landslide", SEED)
    two = np.where(cells.landslide == 1, np.where(cells.rows % 2, "a", "b"), "random")
    replace(cells, origin=two).write(folder / "two.gpkg", stack.grid)
    with pytest.raises(EngineError, match="The training has 2 landslides, and at least 3 are needed"):
        trained(study, "two", "two")
    assert not (folder / "two.scarp").exists()


def test_with_trees_beside_it_model_manifest_and_report_say_so(study, known):
    recipe = replace(TINY, companion=True)
    _, model = trained(study, "both", recipe=recipe)
    expected, _ = fit(known[0], recipe, SEED)
    assert model.share == expected.share
    for name, array in expected.trees.arrays.items():
        np.testing.assert_array_equal(model.trees.arrays[name], array)
    assert model.manifest["classifier"] == model.name == "CNN–DNN with trees (50 % network, 50 % trees)"
    assert f"The model is a {model.name}" in Path(study[0] / "both.html").read_text(encoding="utf-8")
    alone = replace(TINY, epochs=1)
    assert "The model is the CNN–DNN alone" in Path(trained(study, "alone", recipe=alone)[0]["report"]).read_text(encoding="utf-8")


def test_of_many_cells_fewer_epochs_are_run_and_it_is_told(study, known, monkeypatch):
    """128 cells train; 2,200 are 17 epochs of them, beside the least three. A number that is asked for is kept."""
    monkeypatch.setattr(recipe_module, "MORE_SEEN", 2200)
    monkeypatch.setattr(recipe_module, "LEAST_EPOCHS", 3)
    told = []
    monkeypatch.setattr(Feedback, "message", lambda self, text: told.append(text))
    automatic = replace(TINY, epochs=0, patience=100)
    _, model = trained(study, "automatic", recipe=automatic)
    assert model.manifest["settings"]["epochs"] == 20
    settings = json.loads((study[0] / "automatic.scarp.run.json").read_text(encoding="utf-8"))["settings"]
    assert (settings["Epochs"], settings["Patience"]) == ("20 (automatic)", "100 epochs")
    assert any("at most 20 epochs" in text for text in told)
    training = known[0]
    assert len(fit(training, automatic, SEED)[1][0]["loss"]) == 20
    assert len(fit(training, replace(automatic, epochs=4), SEED)[1][0]["loss"]) == 4
