# SPDX-License-Identifier: GPL-2.0-or-later
"""What holds for every parameter of every task: its declaration, and the sentence that a wrong value gets before any work."""

import importlib
import inspect
import json
import math
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from scarp.engine.declarations.checks import MOST_POINTS, allowed, checked, checked_value, plain
from scarp.engine.declarations.labels import readable, settings
from scarp.engine.declarations.parameters import FILES, KINDS, TASKS, dialog_parameters, keywords, task_parameters
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.models.recipe import Recipe

EVERY = [pytest.param(task, each, id=f"{task}-{each.id}") for task in TASKS for each in task_parameters(task).values()]


def task_module(task):
    return importlib.import_module(f"scarp.engine.tasks.{task}")


def least_of(task, folder):
    """The values that must be given for a task, all of them files that do not exist; of Prepare covariates the DEM, as is usual."""
    usual = {"dem"} if task == "prepare_covariates" else set()
    return {key: str(folder / key) for key, each in task_parameters(task).items() if each.required or key in usual}


@pytest.mark.parametrize("task", TASKS)
def test_a_task_takes_its_declaration_and_has_no_defaults(task):
    signature = inspect.signature(task_module(task).run.__wrapped__)
    taken = {name for name, each in signature.parameters.items() if each.kind is each.KEYWORD_ONLY}
    assert taken - {"asked"} == keywords(task)
    assert all(each.default is each.empty for each in signature.parameters.values())


@pytest.mark.parametrize(("task", "parameter"), EVERY)
def test_declarations_are_sound(task, parameter):
    assert parameter.kind in KINDS
    assert parameter.id == parameter.id.upper()
    assert parameter.help.endswith((".", "…", ")."))
    assert (parameter.table is not None) == (parameter.kind in ("choice", "choices"))
    assert (parameter.least is not None) == (parameter.kind in ("integer", "band", "number", "distance", "integers", "numbers"))
    if not parameter.required and parameter.default is not None:
        assert checked_value(parameter, parameter.default) == parameter.default
    if parameter.recipe:
        assert parameter.default == getattr(Recipe(), parameter.key)


def test_every_hyper_parameter_of_the_dialog_is_one_of_the_recipe():
    declared = {key for key, each in task_parameters("train_cnn_dnn").items() if each.recipe}
    assert {each.name for each in fields(Recipe)} - declared == {"l2", "label_smoothing", "augment"}


@pytest.mark.parametrize("task", TASKS)
def test_ids_and_titles_are_told_apart(task):
    shown = [each for each in TASKS[task] if each.kind not in FILES]
    assert len({each.id for each in TASKS[task]}) == len(TASKS[task])
    assert len({each.title for each in shown}) == len(shown)
    assert {each.parent for each in TASKS[task] if each.parent} <= {each.id for each in TASKS[task]}


def wrong_values(parameter):
    """Every kind of wrong value for a parameter."""
    wrong = [{"a": 1}, math.nan, math.inf]
    kind = parameter.kind
    if parameter.required:
        wrong += [None, ""]
    if kind in ("integer", "band", "number", "distance"):
        wrong += ["many", "2", True, [parameter.least], -math.inf, parameter.least - 1, 10**400]
        wrong += [parameter.most + 1, parameter.most * 10**6] if parameter.most is not None else []
        wrong += [parameter.least + 0.5] if kind in ("integer", "band") else []
        wrong += [2] if parameter.odd else []
    elif kind in ("integers", "numbers"):
        wrong += ["fast", ",", "nan", "1 2", True, 3, [], [True], ["1"], [math.nan], f"{parameter.least}, {parameter.least - 1}"]
        wrong += [f"{parameter.most + 1}", [parameter.most + 1]] if parameter.most is not None else []
        wrong += ["1.5"] if kind == "integers" else []
    elif kind == "boolean":
        wrong += [1, 0, "yes", [True]]
    elif kind == "choice":
        wrong += ["", "nonsense", 0, True, [next(iter(parameter.table))], next(iter(parameter.table.values()))]
    elif kind == "choices":
        wrong += ["nonsense", ["nonsense"], 0, [0], [None], next(iter(parameter.table))]
    elif kind in ("rasters", "sources"):
        wrong += ["one.tif", [1], [""], [None], 3]
    elif kind == "point":
        wrong += ["somewhere", "5", "1,nan", "1,2,3", 5, [1.0, 2.0], "1;2 [EPSG:4326"]
    elif kind == "date":
        wrong += ["30.4.2021", "20210430", "2021-4-3", "2021-13-01", 2021, True, ["2021-04-30"]]
    else:
        wrong += [5, 2.5, True, ["a"], [None]]
    return wrong


@pytest.mark.parametrize(("task", "parameter"), EVERY)
def test_a_wrong_value_is_one_sentence_before_any_work(task, parameter, tmp_path):
    run = task_module(task).run
    usual = least_of(task, tmp_path)
    for value in wrong_values(parameter):
        with pytest.raises(EngineError) as told:
            run(Feedback(), **{**usual, parameter.key: value})
        sentence = str(told.value)
        assert sentence.startswith(f"{parameter.title} ({parameter.id}) "), (value, sentence)
        assert allowed(parameter) in sentence, (value, sentence)
        assert sentence.endswith(".") and "\n" not in sentence
        assert len(sentence) < 600
        if parameter.least is not None and value is not None:
            assert plain(parameter.least) in sentence
        if value in (None, ""):
            continue
        assert "; found " in sentence
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("task", "parameter"), EVERY)
def test_the_ends_of_a_range_are_allowed(task, parameter):
    if parameter.kind in ("integer", "number", "distance"):
        for value in (parameter.least, parameter.most):
            assert value is None or checked_value(parameter, value) == value


@pytest.mark.parametrize("task", TASKS)
def test_unknown_and_missing_parameters_are_told(task, tmp_path):
    run, usual = task_module(task).run, least_of(task, tmp_path)
    with pytest.raises(EngineError, match=f'^The task {task} has no parameter "colour"; it has .*{next(iter(usual))}'):
        run(Feedback(), **usual, colour="red")
    for name, each in task_parameters(task).items():
        if each.required:
            with pytest.raises(EngineError, match=rf"\({each.id}\) is missing; it must be "):
                run(Feedback(), **{key: value for key, value in usual.items() if key != name})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("task", "changes", "said"),
    [
        ("sample_landscape", {"size": 64, "landslides": 1025}, r"\(LANDSLIDES\) must be at most 1024 on 4096 cells.*; found 1025\.$"),
        ("prepare_covariates", {"red": "red.tif"}, "NDVI needs both"),
        ("prepare_covariates", {"nir": "nir.tif"}, "NDVI needs both"),
        ("prepare_covariates", {"dem": None}, r"Elevation \(DEM\) is missing; give it, or ready rasters.*TEMPLATE"),
        ("prepare_covariates", {"dem": None, "template": "t.tif"}, r"\(TERRAIN\) must be at least one"),
        ("prepare_covariates", {"terrain": []}, r"\(TERRAIN\) must be at least one"),
        ("prepare_covariates", {"terrain": [], "area": "area.gpkg"}, r"\(TERRAIN\) must be at least one"),
        ("benchmark_classifiers", {"validation": "temporal"}, r"\(DATE_FIELD\)"),
        ("classify_susceptibility", {"method": "manual"}, r"\(BREAKS\) must rise.*found null"),
        ("classify_susceptibility", {"method": "manual", "breaks": "0,2 0,4"}, r"\(BREAKS\) must be .* \(0.2, 0.4\) or semicolons \(0,2"),
        ("classify_susceptibility", {"method": "manual", "breaks": "0, 0.2"}, r"\(BREAKS\) must rise.*such as 0.2, 0.4 or 0,2; 0,4"),
        ("classify_susceptibility", {"method": "manual", "breaks": "0.5, 0.2"}, r"\(BREAKS\) must rise.*found \"0.5, 0.2\""),
        ("classify_susceptibility", {"method": "manual", "breaks": [0.2, 0.2]}, r"\(BREAKS\) must rise"),
        ("classify_susceptibility", {"method": "manual", "breaks": [0.2, 1]}, r"\(BREAKS\) must rise"),
        ("classify_susceptibility", {"method": "manual", "breaks": [0, 0.2]}, r"\(BREAKS\) must rise"),
        ("classify_susceptibility", {"method": "best_rate"}, r"\(METHOD\) .*give an inventory \(INVENTORY\)"),
        ("classify_susceptibility", {"method": "landslide_shares"}, r"\(METHOD\) .*give an inventory \(INVENTORY\)"),
        ("classify_susceptibility", {"shares": "50, 50"}, r"\(SHARES\) are for the method"),
        ("print_map", {"hillshade": "h.tif", "dem": "d.tif"}, r"\(HILLSHADE\) and elevations \(DEM\) are both given"),
        ("print_map", {"title": "x" * 81}, r"\(TITLE\) has 81 letters, and 80 fit"),
        ("print_map", {"note": "x" * 261}, r"\(NOTE\) has 261 letters, and 260 fit"),
        ("validate_map", {"method": "manual"}, r"\(BREAKS\) must rise.*found null"),
        ("validate_map", {"method": "manual", "breaks": "2, 1"}, r"\(BREAKS\) must rise.*found \"2, 1\""),
        ("validate_map", {"breaks": "1, 2"}, r"\(METHOD\) is not “manual”"),
        ("validate_map", {"zone_field": "name"}, r"no sub-areas \(ZONES\) are given"),
        ("train_cnn_dnn", {"patch_size": 101, "filters": 512, "units": 4096}, r"million weights, and at most 50 million"),
        ("train_cnn_dnn", {"patch_size": 101, "filters": 128, "tune": True, "tune_units": "64, 4096"}, r"\(UNITS\) 4096 .*million weights"),
        ("train_cnn_dnn", {"tune": True, "tune_units": [*range(1, MOST_POINTS)]}, r"\(TUNE\) has 5,988 points"),
    ],
)
def test_what_does_not_go_together_is_told_before_any_work(task, changes, said, tmp_path):
    with pytest.raises(EngineError, match=said):
        task_module(task).run(Feedback(), **{**least_of(task, tmp_path), **changes})
    assert not list(tmp_path.iterdir())


def test_what_goes_together_is_allowed(tmp_path):
    for task, changes in (
        ("sample_landscape", {"size": 64, "landslides": 1024}),
        ("prepare_covariates", {"red": "red.tif", "nir": "nir.tif"}),
        ("prepare_covariates", {"dem": None, "extra_categorical": ["soil.tif"]}),
        ("prepare_covariates", {"dem": None, "template": "t.tif", "roads": "roads.gpkg"}),
        ("prepare_covariates", {"terrain": [], "extra_distances": ["lines.gpkg"]}),
        ("benchmark_classifiers", {"validation": "temporal", "date_field": "day", "split_date": "2021-04-30"}),
        ("classify_susceptibility", {"method": "manual", "breaks": "0.2; 0.9"}),
        ("classify_susceptibility", {"breaks": [0.9, 0.2]}),  # not used by natural breaks
        ("train_cnn_dnn", {"tune_units": [*range(1, MOST_POINTS)]}),  # not tuned
        ("train_cnn_dnn", {"patch_size": 31, "filters": 32, "units": 512, "tune": True}),
    ):
        values = checked(task, {**least_of(task, tmp_path), **changes})
        assert {key: values[key] for key in changes} == changes


def test_a_search_has_at_most_so_many_points(tmp_path):
    usual = {**least_of("train_cnn_dnn", tmp_path), "tune": True, "tune_hidden_layers": "1", "tune_batch_sizes": "32"}
    most = [*range(1, MOST_POINTS // 2 + 1)]
    assert checked("train_cnn_dnn", {**usual, "tune_learning_rates": "0.1, 0.01", "tune_units": most})["tune_units"] == most
    with pytest.raises(EngineError, match=f"has {MOST_POINTS + 2} points"):
        checked("train_cnn_dnn", {**usual, "tune_learning_rates": "0.1, 0.01", "tune_units": [*most, 9]})


def test_the_weights_of_a_network_are_counted(tmp_path, monkeypatch):
    """One cell seen, no convolution: 30 covariates to 8 units and to 1, biases, the output, and the linear part."""
    usual = {**least_of("train_cnn_dnn", tmp_path), "patch_size": 1, "hidden_layers": 1, "units": 8}
    weights = (30 * 8 + 30 * 8 + 8) + (8 + 1) + 30
    monkeypatch.setattr("scarp.engine.declarations.checks.MOST_WEIGHTS", weights)
    checked("train_cnn_dnn", usual)
    monkeypatch.setattr("scarp.engine.declarations.checks.MOST_WEIGHTS", weights - 1)
    with pytest.raises(EngineError, match="million weights"):
        checked("train_cnn_dnn", usual)


def test_defaults_are_filled_in_and_not_shared():
    first, second = (checked("train_cnn_dnn", {"covariates": "c", "inventory": "i", "model": "m", "report": "r"}) for _ in range(2))
    assert (first["epochs"], first["compare_optimizers"], first["label_field"], first["tune_units"]) == (0, None, None, "32, 64")
    assert list(first) == list(task_parameters("train_cnn_dnn"))
    assert first == second
    terrain = task_parameters("prepare_covariates")["terrain"]
    checked_value(terrain, None).append("northness")
    assert "northness" not in checked_value(terrain, None)
    whole = checked_value(task_parameters("train_cnn_dnn")["epochs"], 7.0)
    assert whole == 7 and isinstance(whole, int)


def test_a_long_value_is_shortened():
    with pytest.raises(EngineError) as told:
        checked_value(task_parameters("train_cnn_dnn")["optimizer"], "x" * 10_000)
    assert str(told.value).endswith('found "' + "x" * 58 + "….")


def test_values_are_told_as_people_write_them():
    asked = {
        "covariates": "stack.tif",
        "patch_size": 15,
        "learning_rate": 0.002,
        "optimizer": "adam",
        "compare_optimizers": ["sgd", "rmsprop"],
        "tune": False,
        "batch_normalisation": True,
        "seed": 2**31 - 1,
        "label_field": None,
        "tune_units": "32, 64",
        "report": "r.html",
    }
    assert settings("train_cnn_dnn", asked) == {
        "Field that tells landslides": "–",
        "Patch size": "15 cells",
        "Optimizer": "Adam",
        "Learning rate": "0.002",
        "Seed": "2147483647",
        "Batch normalisation": "yes",
        "Optimizers to compare": "SGD, RMSprop",
        "Search the best hyper-parameters": "no",
        "Units to try": "32, 64",
    }
    assert readable(task_parameters("classify_susceptibility")["breaks"], [0.2, 0.45]) == "0.2, 0.45"
    assert readable(task_parameters("sample_cells")["buffer"], 0.0) == "0 m"
    copy = "/tmp/layer0.fgb|name=slides|of=/data/slides.shp"
    assert readable(task_parameters("sample_cells")["inventory"], copy) == "/data/slides.shp|name=slides"
    assert readable(task_parameters("prepare_covariates")["extra_distances"], [copy, "a.gpkg"]) == "/data/slides.shp|name=slides, a.gpkg"


def test_zeros_and_blanks_that_are_no_amounts_have_words():
    """And what the run took in their place is told, where it is known."""
    train, prepare = task_parameters("train_cnn_dnn"), task_parameters("prepare_covariates")
    assert readable(train["patience"], 0) == readable(train["epochs"], 0) == "automatic"
    assert readable(train["patience"], 0, 13) == "13 epochs (automatic)"
    assert readable(train["patience"], 7, 7) == "7 epochs"
    assert readable(task_parameters("sample_cells")["block_size"], 0.0) == "automatic"
    assert readable(task_parameters("sample_cells")["together"], 0.0) == "each for itself"
    assert readable(task_parameters("map_susceptibility")["dropout_passes"], 0) == "none"
    assert readable(prepare["cell_size"], None) == "the DEM's own"
    assert readable(prepare["z_factor"], None) == "as the DEM declares"


def test_help_that_says_what_nothing_means_goes_with_a_word_for_it():
    """A number whose help explains 0 or an empty field shows that in dialogs and reports too."""
    explained = re.compile(r"\b(?:0|Empty): ")
    for task in TASKS:
        for each in dialog_parameters(task):
            if each.kind in ("integer", "number", "distance"):
                assert bool(explained.search(each.help)) == bool(each.nothing), (task, each.id)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "cannot be read as JSON"),
        ("[1, 2]", "names no task with parameters; it must be an object such as"),
        ('{"parameters": {}}', "names no task"),
        ('{"task": 3, "parameters": {}}', "names no task"),
        ('{"task": "sample_cells"}', "names no task with parameters"),
        ('{"task": "os", "parameters": {}}', "There is no task 'os'; choose one of sample_landscape, "),
        ('{"task": "train_cnn_dnn", "parameters": {"epochs": NaN}}', "(COVARIATES) is missing"),
        ('{"task": "sample_landscape", "parameters": {"folder": "f", "cell_size": NaN}}', "(CELL_SIZE) must be a number"),
    ],
)
def test_a_wrong_task_description_is_one_sentence(text, said, tmp_path):
    path = tmp_path / "task.json"
    path.write_text(text, encoding="utf-8")
    entry = Path(__file__).resolve().parents[3] / "engine" / "__main__.py"
    done = subprocess.run([sys.executable, "-I", str(entry), str(path)], capture_output=True, text=True, check=False)
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 1
    assert last["type"] == "error"
    assert said in last["text"]
    assert "Traceback" not in done.stderr


def test_what_must_be_given_comes_first_and_in_sight():
    for task in TASKS:
        shown = [each for each in dialog_parameters(task) if not each.is_output and not each.parent]  # bands stand beside their raster
        needed = [each.required for each in shown]
        assert needed == sorted(needed, reverse=True), task
        assert not any(each.advanced for each in shown if each.required), task


@pytest.mark.parametrize("task", [task for task in TASKS if task != "prepare_covariates"])
def test_few_settings_are_basic(task):
    """Those of preparing are layers, which everyone has to look through."""
    assert sum(not each.advanced and not each.is_output for each in dialog_parameters(task)) <= 9


@pytest.mark.parametrize(
    ("task", "key", "value"),
    [
        ("print_map", "title", "Slope \ud800"),
        ("classify_susceptibility", "output", "c\udcff.tif"),
        ("prepare_covariates", "extra_continuous", ["rain.tif", "snow\0.tif"]),
        ("prepare_covariates", "extra_continuous", ["rain.tif", "snow\udfff.tif"]),
    ],
)
def test_letters_that_no_file_takes_are_refused(task, key, value):
    parameter = task_parameters(task)[key]
    with pytest.raises(EngineError, match=rf"^{re.escape(parameter.title)} \({parameter.id}\) must be "):
        checked_value(parameter, value)
