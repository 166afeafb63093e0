# SPDX-License-Identifier: GPL-2.0-or-later
"""A model of an area where slides follow one covariate, brought to an area where they follow another one too."""

import hashlib
import html
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from scarp.engine.adaptation import adapting
from scarp.engine.adaptation import contest as contests
from scarp.engine.adaptation.adapting import adapted
from scarp.engine.benchmark.comparison import Data, fit_cells
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.files.vectors import write_points
from scarp.engine.gdal import ogr
from scarp.engine.learning import fitting
from scarp.engine.learning.fitting import Examples, fit
from scarp.engine.learning.validation import Evaluation
from scarp.engine.reporting.metrics import balanced, evaluate
from scarp.engine.samples.cells import SampleCells, resolve_samples
from scarp.engine.tasks import explain_model, finetune_model, map_susceptibility, project_report
from scarp.models.covariate import Covariate
from scarp.models.model_file import load_model, save_model
from scarp.models.recipe import Recipe
from scipy.ndimage import gaussian_filter

TINY = Recipe(patch_size=9, filters=4, hidden_layers=1, units=12, members=1, epochs=10, learning_rate=0.01)
SETTINGS = {name: getattr(TINY, name) for name in ("filters", "hidden_layers", "units", "epochs", "learning_rate", "members")}
NAMES = ("slope", "wetness")
SIDE = 80


@pytest.fixture(scope="module", autouse=True)
def short():
    """Fewer epochs, which do for so small a network, and fewer folds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adapting, "EPOCHS", (5, 40))
        patch.setattr(adapting, "_INNER_FOLDS", 2)
        patch.setattr(contests, "FOLDS", 2)
        yield


def area(folder, name, weights, seed, corner):
    """Write a stack of two smooth covariates and points of 24 landslides, where the weighted sum of the covariates is high."""
    rng = np.random.default_rng(seed)
    fields = np.stack([gaussian_filter(rng.normal(size=(SIDE, SIDE)), 3) for _ in NAMES], axis=-1)
    fields = 20 + 5 * fields / fields.std(axis=(0, 1))
    grid = Grid(reference_of(32639).ExportToWkt(), (corner, 30.0, 0.0, 3.6e6, 0.0, -30.0), (SIDE, SIDE))
    path = str(folder / f"{name}.tif")
    with StackWriter(path, grid, [Covariate(each, unit="°") for each in NAMES]) as writer:
        for band, each in enumerate(NAMES):
            writer.write(each, Window(0, 0, SIDE, SIDE), fields[..., band])
    odds = 1.2 * (fields - 20) @ np.array(weights) / 5
    keys = rng.standard_exponential(odds.size) / np.exp(odds.ravel())
    rows, cols = np.divmod(np.argsort(keys)[:24], SIDE)
    x, y = grid.centres(rows, cols)
    inventory = str(folder / f"{name}.gpkg")
    write_points(inventory, "slides", {"x": ogr.OFTReal, "y": ogr.OFTReal}, (x, y), grid.spatial_reference)
    return path, inventory, odds


def examples_of(stack, odds, count, seed):
    """Return landslide cells drawn by the odds, five other cells for each."""
    rng = np.random.default_rng(seed)
    slides = np.argsort(rng.standard_exponential(odds.size) / np.exp(odds.ravel()))[:count]
    others = rng.permutation(np.setdiff1d(np.arange(odds.size), slides))[: 5 * count]
    rows, cols = np.divmod(np.concatenate([slides, others]), SIDE)
    label = np.repeat([1, 0], [count, 5 * count])
    nothing = np.zeros(len(rows), int)
    return Examples.of(stack, SampleCells(rows, cols, label, nothing.astype(str), nothing, np.arange(len(rows)).astype(str)), 9)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A model of one area; the stack and the landslides of another one, where the second covariate counts too."""
    folder = tmp_path_factory.mktemp("adapt")
    old, _, odds = area(folder, "old", (1.5, 0.0), 1, 5e5)
    new, inventory, _ = area(folder, "new", (0.6, 1.5), 2, 6e5)
    network, _ = fit(examples_of(Stack.open(old), odds, 150, 1), TINY, 1)
    network.manifest = {"settings": SETTINGS, "cell_size": [30.0, 30.0], "seed": 1}
    network.calibration = {"method": "platt", "slope": 1.0, "intercept": 0.0}
    save_model(folder / "old.scarp", network)
    return folder, {"covariates": new, "model": str(folder / "old.scarp"), "inventory": inventory}


@pytest.fixture(scope="module")
def run(study):
    folder, given = study
    told, made = Listener(), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetune_model, "held", lambda *arguments: made.append(contests.held(*arguments)) or made[-1])
        found = finetune_model.run(told, **given, output=str(folder / "new.scarp"), report=str(folder / "new.html"))
    (told.contest,) = made
    return folder, given, found, told


def test_adapting_serves_where_the_truth_differs(run):
    _, _, found, told = run
    tests = {each["contender"]: each for each in load_model(found["output"], "numpy").manifest["tests"]}
    assert list(tests) == list(contests.CONTENDERS)
    assert tests["adapted"]["auc"] > tests["unadapted"]["auc"] + 0.05
    assert found["auc"] == tests["adapted"]["auc"] and {each["landslides"] for each in tests.values()} == {24}
    assert found["best"] == max(tests, key=lambda name: tests[name]["auc"])
    assert told.percents == sorted(told.percents) and told.percents[-1] == 100
    (verdict,) = [text for text in told.messages if text.startswith("On landslides held out")]
    assert contests.CONTENDERS[found["best"]][1] in verdict and verdict in Path(found["report"]).read_text(encoding="utf-8")


def test_what_the_file_tells_of_errors_is_of_cells_that_the_calibration_was_not_fitted_to(run):
    """The folds' models are not calibrated; a curve fitted to what they say has a smaller error on just these cells."""
    _, _, found, told = run
    made, test = load_model(found["output"], "numpy"), told.contest.tests["adapted"]
    weights = balanced(test.labels)
    error, praised = (
        evaluate(test.labels, said, weights=weights)["mse"] for said in (test.susceptibility, made.calibrated(test.susceptibility))
    )
    assert made.manifest["metrics"]["mse"] == pytest.approx(error) and praised < error - 1e-4


def test_the_file_tells_where_it_comes_from_and_serves_like_any_other(run, tmp_path):
    folder, given, found, _ = run
    made, old = load_model(found["output"], "numpy"), load_model(given["model"], "numpy")
    digest = hashlib.sha256(Path(given["model"]).read_bytes()).hexdigest()
    assert made.manifest["adapted_from"]["sha256"] == digest and made.manifest["adapted_from"]["cell_size"] == [30.0, 30.0]
    assert made.manifest["fitted_to"] == "all cells"
    assert made.manifest["settings"] == SETTINGS and made.manifest["crs"] == Stack.open(given["covariates"]).grid.crs
    assert made.encoder.to_json() == old.encoder.to_json() and made.share == old.share
    assert made.trees.count == 2 * old.trees.count and len(made.members) == 1
    assert made.calibration["method"] == "platt" and made.calibration != old.calibration
    known, wide = old.encoder.seen[0], made.encoder.seen[0]
    assert wide["cells"] == known["cells"] + 144
    assert wide["quantiles"][0] <= known["quantiles"][0] and wide["quantiles"][-1] >= known["quantiles"][-1]
    for weights in ("mean0", "variance0", "gamma0"):
        np.testing.assert_array_equal(made.members[0][weights], old.members[0][weights])
    assert np.abs(made.members[0]["dense0"] - old.members[0]["dense0"]).max() > 1e-3
    told = json.loads(Path(f"{found['output']}.run.json").read_text())
    assert told["task"] == "finetune_model" and told["inputs_sha256"]["model"] == digest
    outputs = {name: str(tmp_path / f"{name}.tif") for name in ("output", "uncertainty", "applicability")}
    mapped = Listener()
    map_susceptibility.run(mapped, covariates=given["covariates"], model=found["output"], dropout_passes=2, **outputs)
    assert not [text for text in mapped.warnings if "outside what the model" in text], "the area is the model's own now"
    explained = explain_model.run(Feedback(), **{**given, "model": found["output"]}, role="held_out", output=str(tmp_path / "t.csv"))
    assert explained["auc"] > 0.6


def test_the_same_seed_gives_the_same_bytes(study, tmp_path):
    folder, given = study
    model, stack = load_model(given["model"], "numpy"), Stack.open(given["covariates"])
    examples = Examples.of(stack, resolve_samples(stack, given["inventory"], None, 1), 9, model.covariates).only(np.arange(70))
    for name, seed in (("one", 1), ("same", 1)):
        save_model(tmp_path / name, adapted(model, examples, seed)[0])
    assert (tmp_path / "one").read_bytes() == (tmp_path / "same").read_bytes()


def test_no_landslide_is_asked_about_that_was_adapted_to(study, monkeypatch):
    """Polygons of three cells each: a fold's landslides take no part in the adapting and the training of that fold."""
    _, given = study
    model, stack = load_model(given["model"], "numpy"), Stack.open(given["covariates"])
    number = np.arange(12)
    slides = ((6 * number * SIDE + 13 * number % 70)[:, None] + np.arange(3)).ravel()
    origin = np.repeat([f"slide {k}" for k in number], 3)
    others = np.setdiff1d(np.random.default_rng(4).permutation(SIDE * SIDE)[:150], slides)
    rows, cols = np.divmod(np.concatenate([slides, others]), SIDE)
    label = np.repeat([1, 0], [len(slides), len(others)])
    origins = np.concatenate([origin, np.full(len(others), "random")])
    cells = SampleCells(rows, cols, label, np.full(len(rows), "train"), np.zeros(len(rows), int), origins)
    examples = Examples.of(stack, cells, 9, model.covariates)
    trained, asked, told = [], [], Listener()
    monkeypatch.setattr(fitting, "sys", SimpleNamespace(modules={}))
    monkeypatch.setattr(contests, "adapted", lambda model, known, *more: trained.append(known) or (model, 20))
    monkeypatch.setattr(contests, "fit", lambda known, *more, **by: trained.append(known) or (model, []))
    monkeypatch.setattr(contests, "uncalibrated", lambda model, part: asked.append(part) or np.linspace(0, 1, len(part.labels)))
    contest = contests.held(model, examples, 500.0, 1, told)
    assert "Starting TensorFlow" in told.statuses, "the model as it was is asked first, by TensorFlow"
    assert asked.pop(0) is examples and len(trained) == len(asked) == 2 * len(np.unique(contest.tests["adapted"].fold))
    for known, part in zip(trained, asked):
        assert not np.intersect1d(known.units, part.units).size
        assert len(known.labels) + len(part.labels) == len(examples.labels)
    tested = np.concatenate([part.units for part in asked[::2]])
    assert sorted(tested.tolist()) == sorted(examples.units.tolist()), "each cell is tested once"


def evaluation(said, fold):
    labels = np.tile([1, 1, 0, 0, 0], 8)
    return Evaluation("spatial", "Spatial folds", "", labels, np.asarray(said, float), fold, None)


def test_the_verdict_says_which_serves_best_and_what_chance_may_bring():
    """A perfect contender, one that is right in three of four folds, and one that says the same of all."""
    fold = np.repeat(np.arange(4), 10)
    right = np.tile([1.0, 0.9, 0.2, 0.1, 0.0], 8)
    partly = np.where(fold == 3, 1 - right, right)
    nothing = np.full(40, 0.5)
    contest = contests.Contest.of(
        {"unadapted": evaluation(nothing, fold), "adapted": evaluation(right, fold), "alone": evaluation(partly, fold)}
    )
    assert contest.best == "adapted" and contest.advice == ""
    assert {name: each.auc.auc for name, each in contest.tests.items()} == {"unadapted": 0.5, "adapted": 1.0, "alone": 0.75}
    assert contest.against("adapted", "unadapted").mean == 0.5 == -contest.against("unadapted", "adapted").mean
    assert "the adapted model serves best: AUC 1.000" in contest.verdict and "0.500 of the model as it was" in contest.verdict
    assert contest.verdict.count(". ") == 0 and contest.verdict.endswith(".")
    for best, words in (("unadapted", "map with the model as it was"), ("alone", "train on these landslides")):
        others = {name: evaluation(nothing, fold) for name in contests.CONTENDERS} | {best: evaluation(right, fold)}
        told = contests.Contest.of(others)
        assert told.best == best and words in told.advice and "written all the same" in told.advice
    close = right.copy()
    close[2] = 0.95  # above two landslide cells of its fold: 2 of 24 pairs, in one of four folds
    told = contests.Contest.of(
        {"unadapted": evaluation(nothing, fold), "adapted": evaluation(right, fold), "alone": evaluation(close, fold)}
    )
    assert "but chance alone may bring its lead of +0.021 on a model of the new landslides alone (p = " in told.verdict
    turned = contests.Contest.of(
        {"unadapted": evaluation(nothing, fold), "adapted": evaluation(close, fold), "alone": evaluation(right, fold)}
    )
    assert turned.best == "alone" and "train on these" not in turned.advice
    assert turned.advice.startswith("Whether adapting serves better than a model of the new landslides alone is not told")


def test_bad_input_is_one_sentence_and_leaves_nothing(study, tmp_path, write_stack):
    folder, given = study
    stack = Stack.open(given["covariates"])
    cells = resolve_samples(stack, given["inventory"], None, 1)
    classic, _ = fit_cells(Data.of(stack, cells), np.arange(len(cells.rows)), "lr", True, 1)
    classic.manifest = {"classifier": "Logistic regression"}
    save_model(folder / "classic.scarp", classic)
    x, y = stack.grid.centres(np.array([10, 50, 70]), np.array([20, 60, 30]))
    three = str(tmp_path / "three.gpkg")
    write_points(three, "slides", {"x": ogr.OFTReal, "y": ogr.OFTReal}, (x, y), stack.grid.spatial_reference)
    place = tmp_path / "out"
    place.mkdir()
    outputs = {"output": str(place / "m.scarp"), "report": str(place / "r.html")}
    for change, message in (
        ({"model": str(folder / "classic.scarp")}, r"classic.scarp holds a classifier of single cells \(Logistic regression\)"),
        ({"inventory": three}, "There are 3 landslides and 15 non-landslide cells .* at least 5"),
        ({"covariates": write_stack("other.tif", (20, 20))}, "lacks wetness, which the model was trained with"),
    ):
        with pytest.raises(EngineError, match=message) as told:
            finetune_model.run(Feedback(), **{**given, **change}, **outputs)
        assert "\n" not in str(told.value) and str(told.value).endswith(".")
    assert not list(place.iterdir())


class StoppedError(Exception):
    """Raised where a run is cancelled."""


class Stopping(Listener):
    """Stops a run once it has come so far."""

    def __init__(self, percent):
        super().__init__()
        self.last = percent

    def progress(self, percent):
        if percent >= self.last:
            raise StoppedError


def test_cancel_leaves_no_file_and_a_known_inventory_is_told(study, tmp_path):
    """Figures of a model that was trained on these landslides are no test."""
    _, given = study
    model = load_model(given["model"], "numpy")
    place = tmp_path / "out"
    place.mkdir()
    slides, stack = (hashlib.sha256(Path(given[name]).read_bytes()).hexdigest() for name in ("inventory", "covariates"))
    for digests, known in (
        ({"inventory": "another", "covariates": "another"}, ""),
        ({"inventory": slides}, "very inventory, so it remembers these landslides, and no figure of it is a test."),
        ({"inventory": "a copy", "covariates": stack}, "very covariate stack, so this is no other area"),
    ):
        model.manifest["inputs_sha256"] = digests
        save_model(tmp_path / "old.scarp", model)
        told = Stopping(5.1)
        with pytest.raises(StoppedError):
            finetune_model.run(
                told, **{**given, "model": str(tmp_path / "old.scarp")}, output=str(place / "m.scarp"), report=str(place / "r.html")
            )
        sentences = [text for text in told.warnings if "trained on this very" in text]
        assert len(sentences) == bool(known) and all(known in text for text in sentences)
    assert not list(place.iterdir())


def test_the_report_of_the_project_is_of_the_adapted_model(run, tmp_path):
    """Its tests are those of the adapted model, its shape that of the training, and the page says that it was adapted."""
    _, given, found, _ = run
    mapped = str(tmp_path / "map.tif")
    map_susceptibility.run(Feedback(), covariates=given["covariates"], model=found["output"], output=mapped)
    for each in (found["output"], f"{found['output']}.run.json"):
        shutil.copy(each, tmp_path)
    told = project_report.run(Feedback(), folder=str(tmp_path), repeats=2, report=str(tmp_path / "p.html"))
    words = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", Path(told["report"]).read_text(encoding="utf-8"))).split())
    manifest = load_model(found["output"], "numpy").manifest
    adapted_test, as_it_was = ({each["contender"]: each for each in manifest["tests"]}[name] for name in ("adapted", "unadapted"))
    epochs = manifest["adapted_from"]["epochs"]
    assert f"area under the ROC curve (AUC) is {adapted_test['auc']:.3f} (95 % interval {adapted_test['low']:.3f} to" in words
    assert f"Adapted from a model of another area, trained on for {epochs} epochs on landslides of this one" in words
    assert f"Adapting: On landslides held out, {contests.CONTENDERS[found['best']][1]} serves best" in words
    assert "Epochs 10 Ensemble members 1 Learning rate 0.01 Hidden layers 1 Units 12 Filters 4" in words
    assert "24 landslide and 120 non-landslide cells for adapting" in words and "Adapting 24 120" in words
    assert f"It was trained in another area, and trained on for {epochs} epochs on landslides of this one." in words
    assert "Absences were drawn by the adapting itself with the defaults of" in words
    table = words[words.index("Tested by AUC") :]
    assert table.startswith(f"Tested by AUC 95 % interval Landslides What it says Spatial folds {adapted_test['auc']:.3f}")
    assert f"{as_it_was['auc']:.3f}" not in table[: table.index("A test of the map itself")]
