# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole task on a landscape whose truth is known: true factors come first, noise shows nothing, contributions sum."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal
from scarp.engine.benchmark.comparison import Data, fit_cells
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window, reference_of
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.files.vectors import write_points
from scarp.engine.gdal import ogr
from scarp.engine.learning import fitting
from scarp.engine.learning.fitting import Examples, fit
from scarp.engine.samples.cells import resolve_samples
from scarp.engine.tasks import explain_model, prepare_covariates, sample_landscape
from scarp.models.covariate import Covariate
from scarp.models.model_file import load_model, save_model
from scarp.models.recipe import Recipe

TINY = Recipe(patch_size=9, filters=4, hidden_layers=1, units=12, members=1, epochs=8, learning_rate=0.01, companion=True)
SETTINGS = {name: getattr(TINY, name) for name in ("filters", "hidden_layers", "units", "epochs", "learning_rate", "members")}


def rows_of(path):
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return {(row["kind"], row["factor"]): row for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A landscape, a stack with a band of noise, and a network and a logistic regression of it."""
    folder = tmp_path_factory.mktemp("explain")
    land = sample_landscape.run(Feedback(), size=128, cell_size=30.0, landslides=250, seed=3, folder=str(folder))
    bare = prepare_covariates.run(
        Feedback(),
        dem=land["dem"],
        terrain=["slope", "aspect", "topographic_position"],
        geology=land["geology"],
        geology_field="unit",
        output=str(folder / "bare.tif"),
    )["output"]
    given = Stack.open(bare)
    noise = np.random.default_rng(8).normal(size=given.grid.shape)
    noise[40:44, 50:60] = np.nan
    covariates = (*given.covariates, Covariate("noise"))
    with StackWriter(str(folder / "stack.tif"), given.grid, covariates) as writer:
        whole = Window(0, 0, *given.grid.shape)
        for each in given.covariates:
            writer.write(each.name, whole, given.read(whole, 0, [each.name])[..., 0])
        writer.write("noise", whole, noise)
    stack = Stack.open(str(folder / "stack.tif"))
    cells = resolve_samples(stack, land["inventory"], None, 1)
    network, _ = fit(Examples.of(stack, cells, TINY.patch_size), TINY, 1)
    network.manifest = {"settings": SETTINGS}
    save_model(folder / "network.scarp", network)
    classic, _ = fit_cells(Data.of(stack, cells), np.arange(len(cells.rows)), "lr", True, 1)
    classic.manifest = {"classifier": "Logistic regression"}
    save_model(folder / "classic.scarp", classic)
    given = {"covariates": stack.path, "inventory": land["inventory"], "folds": 2, "repeats": 3}
    return folder, stack, given


def test_a_model_that_cannot_be_fitted_anew_is_refused_before_any_work(study, tmp_path):
    folder, _, given = study
    model = load_model(folder / "network.scarp")
    model.manifest = {"settings": {**SETTINGS, "epochs": -1}}
    save_model(tmp_path / "damaged.scarp", model)
    told = Listener()
    with pytest.raises(EngineError, match="tells of a training that cannot be repeated, so it is damaged"):
        explain_model.run(told, model=str(tmp_path / "damaged.scarp"), **given, output=str(tmp_path / "o.csv"))
    assert told.statuses == [] and not (tmp_path / "o.csv").exists()


def test_other_cells_may_lie_on_landslides_that_the_model_knows(study, tmp_path):
    """The cells drawn beside held-out landslides keep away from these alone; labelled ones are whoever labels them to answer for."""
    folder, stack, given = study
    resolve_samples(stack, given["inventory"], None, 1).write(tmp_path / "cells.gpkg", stack.grid)
    for more, is_told in (({}, True), ({"inventory": str(tmp_path / "cells.gpkg"), "label_field": "landslide"}, False)):
        told = Listener()
        given = {**given, "role": "held_out", **more}
        explain_model.run(
            told, model=str(folder / "classic.scarp"), **given, output=str(tmp_path / "o.csv"), report=str(tmp_path / "r.html")
        )
        words = (tmp_path / "r.html").read_text(encoding="utf-8")
        assert "Permutations" in words and "Spatial folds" not in words and "Block size" not in words, "there are no folds"
        assert any("some may lie on landslides that the model was trained on" in text for text in told.messages) == is_told


@pytest.mark.parametrize("kind", ["network", "classic"])
def test_true_factors_come_first_and_noise_shows_nothing(study, kind, tmp_path):
    folder, stack, given = study
    model = load_model(folder / f"{kind}.scarp")
    outputs = {name: str(tmp_path / name) + end for name, end in (("output", ".csv"), ("report", ".html"), ("dominant", ".tif"))}
    outputs["attributions"] = str(tmp_path / "a.tif")
    x, y = stack.grid.centres(np.array([70]), np.array([33]))
    told = Listener()
    found = explain_model.run(told, model=str(folder / f"{kind}.scarp"), **given, **outputs, point=f"{x[0]},{y[0]}")
    assert told.percents == sorted(told.percents) and told.percents[-1] == 100
    rows = rows_of(outputs["output"])
    # The truth goes by how the ground converges around a cell and how steep it is; see engine/landscape/truth.py.
    of_covariates = {name: row for (kind_of, name), row in rows.items() if kind_of == "covariate"}
    assert found["strongest"] == "topographic_position" == min(of_covariates, key=lambda name: int(of_covariates[name]["rank"]))
    assert float(of_covariates["topographic_position"]["auc_drop"]) > 0.15
    assert of_covariates["topographic_position"]["matters"] == "yes"
    assert abs(float(of_covariates["noise"]["auc_drop"])) < 0.02 and of_covariates["noise"]["matters"] == "no sign of it"
    assert 0.75 < found["auc"] < 1
    # What the raster says is what the map says: contributions sum to its difference to average ground.
    bands = gdal.Open(outputs["attributions"])
    names = [bands.GetRasterBand(number).GetDescription() for number in range(1, bands.RasterCount + 1)]
    assert names == [each.name for each in model.covariates]
    parts = np.where(bands.ReadAsArray() == -9999, np.nan, bands.ReadAsArray())
    mapped = model.predict(stack.read(Window(0, 0, *stack.grid.shape), model.margin_px, names))
    assert np.array_equal(np.isfinite(parts[0]), np.isfinite(mapped)) and np.isnan(mapped).sum() == 40
    average = (mapped - parts.sum(axis=0))[np.isfinite(mapped)]
    assert np.ptp(average) < 1e-4 and 0 < average.mean() < 0.6
    dominant = gdal.Open(outputs["dominant"])
    numbers, table = dominant.ReadAsArray(), dominant.GetRasterBand(1).GetDefaultRAT()
    valid = np.isfinite(mapped)
    change = parts[:, valid].sum(axis=0)
    by_hand = np.argmax(parts[:, valid] * np.where(change < 0, -1, 1), axis=0) + 1
    assert (numbers[~valid] == 0).all() and (numbers[valid] == by_hand).mean() > 0.9999
    assert [table.GetValueAsString(row, 1) for row in range(table.GetRowCount())] == names
    assert [table.GetValueAsInt(row, 2) for row in range(table.GetRowCount())] == [(numbers == row + 1).sum() for row in range(len(names))]
    assert dominant.GetRasterBand(1).GetCategoryNames() == ["", *names]
    page = Path(outputs["report"]).read_text(encoding="utf-8")
    for words in (
        "WGS 84 / UTM zone 39N",
        "30 m",
        "km²",
        "stack.tif",
        f"{kind}.scarp",
        "To cite it",
        "Topographic position",
        "fitted anew",
    ):
        assert words in page, words
    assert json.loads(Path(f"{outputs['report']}.run.json").read_text())["task"] == "explain_model"


def test_the_explained_point_adds_up(study, monkeypatch):
    from scarp.engine.explanation.answers import answer_of
    from scarp.engine.explanation.attribution import average_ground, explain_cell
    from scarp.engine.explanation.held_out import Ground

    folder, stack, given = study
    cells = resolve_samples(stack, given["inventory"], None, 1)
    monkeypatch.setattr(fitting, "sys", SimpleNamespace(modules={}))
    for kind, starts in (("network", ["Starting TensorFlow"]), ("classic", [])):
        model, told = load_model(folder / f"{kind}.scarp"), Listener()
        ground = Ground.of(stack, cells, model)
        average = average_ground(model.encoder, ground.data.values[ground.labels == 0])
        local = explain_cell(answer_of(model, told.status), model, stack, (70, 33), average, 1)
        mapped = model.predict(stack.read(Window(70, 33, 1, 1), model.margin_px, [each.name for each in model.covariates]))
        assert told.statuses == starts
        assert local.susceptibility == pytest.approx(float(mapped[0, 0]), abs=1e-5)
        assert local.parts.sum() == pytest.approx(local.susceptibility - local.average, abs=1e-6)
        with pytest.raises(EngineError, match=r"POINT.*without a value of noise"):
            explain_cell(answer_of(model), model, stack, (41, 55), average, 1)


def test_a_network_is_fitted_anew_without_the_fold_that_it_is_asked_about(study, monkeypatch):
    """By its own settings, with one member."""
    from scarp.engine.explanation import held_out

    folder, stack, given = study
    ground = held_out.Ground.of(stack, resolve_samples(stack, given["inventory"], None, 1), load_model(folder / "network.scarp"))
    folds, _ = held_out.spatial_folds(ground, 2, 900.0, 1, Feedback())
    fitted = []
    monkeypatch.setattr(held_out, "fit", lambda known, recipe, *more, **by: fitted.append((known, recipe)) or (ground.model, []))
    for fold, part in zip(folds, held_out.refitted(ground, folds, 1, [Feedback()] * 2)):
        known, recipe = fitted[-1]
        own, asked = (set(zip(rows.tolist(), cols.tolist())) for rows, cols in ((known.rows, known.cols), cells_of(ground, fold.test)))
        assert own and asked and not own & asked and len(own) + len(asked) == len(ground.labels)
        assert (recipe.filters, recipe.members, recipe.companion) == (TINY.filters, 1, True)
        assert len(part.labels) == len(fold.test)


def cells_of(ground, members):
    """Rows and columns of some cells."""
    return ground.data.cells.rows[members], ground.data.cells.cols[members]


def test_folds_never_test_what_they_were_fitted_to(study, monkeypatch):
    """Every landslide is in one fold, and the model of a fold is fitted to none of its cells."""
    from scarp.engine.explanation import held_out

    folder, stack, given = study
    cells = resolve_samples(stack, given["inventory"], None, 1)
    ground = held_out.Ground.of(stack, cells, load_model(folder / "classic.scarp"))
    folds, how = held_out.spatial_folds(ground, 2, 900.0, 1, Feedback())
    assert "blocks of 900 m" in how
    fitted = []
    real = held_out.fit_cells
    monkeypatch.setattr(
        held_out, "fit_cells", lambda data, training, *more, **by: fitted.append(training) or real(data, training, *more, **by)
    )
    for fold, part in zip(folds, held_out.refitted(ground, folds, 1, [Feedback()] * 2)):
        own = {tuple(cell) for cell in ground.data.values[fitted[-1]]}
        assert not own & {tuple(cell) for cell in part.patches.centres()}
        assert len(part.labels) == len(fold.test)
    units = cells.units if cells.units is not None else np.arange(len(cells.rows))
    assert not np.intersect1d(units[folds[0].test], units[folds[1].test]).size


@pytest.mark.parametrize("equal", [False, True])
def test_models_are_fitted_anew_as_the_model_was(study, monkeypatch, equal):
    """Landslides count alike in fitting and in the AUC where they did in training, and only there."""
    from scarp.engine.explanation import held_out

    folder, stack, given = study
    cells = resolve_samples(stack, given["inventory"], None, 1)
    pairs = np.where(cells.landslide == 1, np.arange(len(cells.rows)) // 2, np.arange(len(cells.rows))).astype(str)
    model = load_model(folder / "classic.scarp")
    model.manifest = {**model.manifest, "settings": {"equal_landslides": equal}}
    ground = held_out.Ground.of(stack, replace(cells, origin=pairs), model)
    told = []
    real = held_out.fit_cells
    monkeypatch.setattr(held_out, "fit_cells", lambda *given, **by: told.append(by["equal"]) or real(*given, **by))
    folds, _ = held_out.spatial_folds(ground, 2, 900.0, 1, Feedback())
    parts = list(held_out.refitted(ground, folds, 1, [Feedback()] * 2))
    assert told == [equal, equal]
    for part in [*parts, held_out.as_it_is(ground, 1)]:
        assert (part.weights is not None) == equal
        assert part.weights is None or part.weights.sum() == pytest.approx(len(part.labels))


def test_the_model_itself_is_asked_of_held_out_landslides(study, tmp_path):
    folder, _, given = study
    told = Listener()
    found = explain_model.run(told, model=str(folder / "classic.scarp"), **given, role="held_out", output=str(tmp_path / "t.csv"))
    assert rows_of(found["output"])["covariate", "topographic_position"]["folds"] == "1"
    assert not any("fitted anew" in each for each in told.messages)


def test_bad_input_is_one_sentence_and_leaves_nothing(study, tmp_path, write_stack):
    folder, stack, given = study
    far = str(tmp_path / "far.gpkg")
    write_points(far, "far", {"x": ogr.OFTReal, "y": ogr.OFTReal}, (np.arange(3.0), np.arange(3.0)), reference_of(32639))
    model = str(folder / "classic.scarp")
    place = tmp_path / "out"
    place.mkdir()
    outputs = {"output": str(place / "t.csv"), "report": str(place / "r.html"), "dominant": str(place / "d.tif")}
    for change, message in (
        ({"covariates": write_stack("other.tif", (20, 20))}, "lacks .*topographic_position.* which the model was trained with"),
        ({"inventory": far}, "lies wholly outside the raster"),
        ({"point": "1,2"}, r"The point \(POINT\) 1, 2 lies outside the covariate stack"),
        ({"point": "here"}, r"\(POINT\) must be the coordinates of a point"),
        ({"model": far}, "is no Scarp model file"),
    ):
        with pytest.raises(EngineError, match=message) as told:
            explain_model.run(Feedback(), **{**given, "model": model, **outputs, **change})
        assert "\n" not in str(told.value) and str(told.value).endswith(".")
    assert not list(place.iterdir())


def test_a_classifier_that_is_not_told_is_refused_unless_held_out(study, tmp_path):
    folder, _, given = study
    model = load_model(folder / "classic.scarp")
    model.manifest = {"classifier": "Something else"}
    save_model(tmp_path / "odd.scarp", model)
    with pytest.raises(EngineError, match="does not tell which classifier it holds"):
        explain_model.run(Feedback(), model=str(tmp_path / "odd.scarp"), **given, output=str(tmp_path / "t.csv"))
