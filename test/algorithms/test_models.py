# SPDX-License-Identifier: GPL-2.0-or-later
"""The shipped models: what they say, and that each runs in every way that QGIS runs a model."""

import re
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

MAIN = "susceptibility_classes"
MODELS = {
    "susceptibilityfromcovariates": ("COVARIATES", "INVENTORY"),
    "susceptibilityfromdemandlandslides": ("DEM", "INVENTORY"),
    "benchmarkandmapthebest": ("COVARIATES", "INVENTORY", "CLASSIFIERS", "FOLDS"),
    "mapanewarea": ("COVARIATES", "MODEL"),
}
OUTPUTS = {
    "susceptibilityfromcovariates": {"sample_cells", "model_file", "report", "susceptibility", MAIN, "table_of_classes"},
    "susceptibilityfromdemandlandslides": {
        "covariates",
        "sample_cells",
        "model_file",
        "report",
        "susceptibility",
        MAIN,
        "table_of_classes",
    },
    "benchmarkandmapthebest": {"table_of_metrics", "benchmark_report", "model_file", "susceptibility", MAIN, "table_of_classes"},
    "mapanewarea": {"susceptibility", MAIN, "table_of_classes"},
}
# The modeler opens all of them, and runs these: one that trains is enough, since each takes a while.
RUN_IN_MODELER = ("susceptibilityfromdemandlandslides", "mapanewarea")
ENDINGS = {"rasterDestination": "tif", "vectorDestination": "gpkg"}


# Two that are quick: that the benchmark trains networks too is shown elsewhere (test_clicks.py, test/engine/benchmark).
QUICK = {"CLASSIFIERS": [3, 7], "FOLDS": 2}


@pytest.fixture(scope="session")
def given(small):
    """Inputs of the models, by their ids: a small landscape."""
    return {name: {each: {**small, **QUICK}[each] for each in inputs} for name, inputs in MODELS.items()}


@pytest.fixture(params=MODELS)
def name(request):
    return request.param


def destinations(provider, name, folder):
    """A file for each output of a model."""
    ends = {"model_file": "scarp", "report": "html", "benchmark_report": "html", "table_of_classes": "csv"}
    found = provider.algorithm(name).destinationParameterDefinitions()
    return {each.name(): f"{folder}/{each.name()}.{ENDINGS.get(each.type(), ends.get(each.name()))}" for each in found}


@pytest.mark.parametrize("classifiers", ["lr,rf", "lr, RF", "lr,,rf", "lr", ["lr", "rf"], [3, 7], "3,7", "3.0;7"])
def test_choices_of_a_model_are_named_by_id_as_those_of_its_steps(provider, given, tmp_path, classifiers):
    """“Incorrect parameter value for CLASSIFIERS”, while the algorithm itself took them."""
    from qgis.core import QgsProcessingContext

    algorithm = provider.algorithm("benchmarkandmapthebest").create()
    values = {**given["benchmarkandmapthebest"], **destinations(provider, "benchmarkandmapthebest", tmp_path), "CLASSIFIERS": classifiers}
    can, why = algorithm.checkParameterValues(values, QgsProcessingContext())
    assert can, why
    assert "In scripts: " in algorithm.parameterDefinition("CLASSIFIERS").help()


def test_they_are_what_is_declared(provider, root):
    made = runpy.run_path(str(root / "docs" / "make_models.py"), run_name="models")
    assert {path.stem for path in (root / "resources" / "models").glob("*.model3")} == {each.file for each in made["models"]()}
    for declared in made["models"]():
        shipped = provider.algorithm(declared.file.replace("_", ""))
        expected = made["build"](declared)
        assert shipped.displayName() == declared.name
        assert {key: child.toVariant() for key, child in shipped.childAlgorithms().items()} == {
            key: child.toVariant() for key, child in expected.childAlgorithms().items()
        }
        assert shipped.helpContent() == expected.helpContent()
        inputs = [
            [{**each.toVariantMap(), "metadata": None} for each in model.parameterDefinitions() if not each.isDestination()]
            for model in (shipped, expected)
        ]
        for each in inputs[0]:
            each["help"] = each["help"].partition(" In scripts: ")[0]  # which the plugin adds, as the ids of choices
        assert inputs[0] == inputs[1]


def test_sample_cells_are_refused_before_any_step_runs(provider, given, run, tmp_path):
    """The step that would refuse them comes after covariates were prepared."""
    from qgis.core import QgsProcessingContext

    cells = run("samplecells", {**given["susceptibilityfromcovariates"], "OUTPUT": str(tmp_path / "cells.gpkg")})["OUTPUT"]
    for name in (name for name, inputs in MODELS.items() if "INVENTORY" in inputs):
        model = provider.algorithm(name).create()
        assert model.checkParameterValues({**given[name], MAIN: "TEMPORARY_OUTPUT"}, QgsProcessingContext())[0]
        can, why = model.checkParameterValues({**given[name], "INVENTORY": cells, MAIN: "TEMPORARY_OUTPUT"}, QgsProcessingContext())
        assert not can and "holds sample cells" in why and "a plain inventory is needed" in why, name


def test_help_and_python_have_every_input_and_output(provider, name):
    from qgis.core import QgsProcessing, QgsProcessingContext

    model = provider.algorithm(name)  # as the toolbox has it
    outputs = {each.name() for each in model.destinationParameterDefinitions()}
    assert outputs == OUTPUTS[name]
    assert outputs == {each.name() for each in model.outputDefinitions()}
    shown = model.shortHelpString()
    code = "\n".join(model.asPythonCode(QgsProcessing.PythonOutputType.PythonQgsProcessingAlgorithmSubclass, 4))
    for each in model.parameterDefinitions():
        assert model.helpContent()[each.name()], each.name()
        assert f"<h3>{each.description()}</h3>" in shown
        assert re.search(f"'({each.name()}|{each.description().title().replace(' ', '')})'", code), each.name()
    command = model.asPythonCommand(dict.fromkeys(outputs, "TEMPORARY_OUTPUT"), QgsProcessingContext())
    assert all(f"'{each}':'TEMPORARY_OUTPUT'" in command for each in outputs)


def test_reports_are_named(provider):
    model = provider.algorithm("susceptibilityfromcovariates").create()
    assert model.outputDefinition("report").description() == "Training report"
    assert provider.algorithm("benchmarkandmapthebest").create().outputDefinition("benchmark_report").description() == "Benchmark report"


def test_every_output_but_the_map_may_be_left_out(run, given, name):
    results = run(name, {**given[name], MAIN: "TEMPORARY_OUTPUT"})
    assert Path(results[MAIN]).exists()


def test_every_output_by_qgis_process(qgis_process, provider, given, name, tmp_path):
    files = destinations(provider, name, tmp_path)
    assert set(files) == OUTPUTS[name]
    results = qgis_process(name, {**given[name], **files})
    assert isinstance(results, dict), results
    for output, path in files.items():
        assert results[output] == path
        assert Path(path).exists(), output


def test_landslides_of_a_test_inventory_take_no_part(run, given, tmp_path):
    name = "susceptibilityfromcovariates"
    inventory = given[name]["INVENTORY"]
    parts = {"INVENTORY": f"{inventory}|subset=fid % 4 > 0", "TEST_INVENTORY": f"{inventory}|subset=fid % 4 = 0"}
    run(name, {**given[name], **parts, MAIN: "TEMPORARY_OUTPUT", "report": str(tmp_path / "report.html")})
    assert "By held-out landslides (prediction) the area under" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_model_as_a_step_of_another(provider, given, tmp_path):
    """As the modeler chains it: the user's model takes the classes of a shipped one."""
    from qgis.core import (
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
    )

    model, child = QgsProcessingModelAlgorithm("mine", "mine"), QgsProcessingModelChildAlgorithm("scarp:mapanewarea")
    child.setChildId("map")
    for name, value in given["mapanewarea"].items():
        child.addParameterSources(name, [QgsProcessingModelChildParameterSource.fromStaticValue(value)])
    output = QgsProcessingModelOutput("classes", "classes")
    output.setChildId("map")
    output.setChildOutputName(MAIN)
    child.setModelOutputs({"classes": output})
    model.addChildAlgorithm(child)
    model.updateDestinationParameters()
    results, ok = model.run({"classes": str(tmp_path / "classes.tif")}, QgsProcessingContext(), QgsProcessingFeedback())
    assert ok
    assert (tmp_path / "classes.tif").exists()


@pytest.fixture(scope="module")
def in_a_window(click, provider, given, tmp_path_factory):
    """What was seen of every model in its dialog, in batch and in the modeler."""
    if not shutil.which("xvfb-run") or not shutil.which("qgis"):
        pytest.skip("needs a QGIS window")
    runs, folder = [], tmp_path_factory.mktemp("window")
    for name, inputs in given.items():
        algorithm = f"scarp:{name}"
        (folder / name).mkdir()
        named = {**inputs, **destinations(provider, name, folder / name)}
        runs.append({"algorithm": algorithm, "way": "dialog", "parameters": inputs})
        runs.append({"algorithm": algorithm, "way": "batch", "parameters": named})
        runs.append({"algorithm": algorithm, "way": "modeler", "parameters": inputs, "runs": name in RUN_IN_MODELER})
    return {(each["algorithm"].partition(":")[2], each["way"]): each for each in click(runs, windows=2)}


@pytest.mark.parametrize("way", ["dialog", "batch", "modeler"])
def test_by_clicking_run(in_a_window, provider, name, way):
    """With temporary outputs as the dialogs have them by themselves; in batch with every output named."""
    seen = in_a_window[name, way]
    if way == "modeler" and name not in RUN_IN_MODELER:
        assert (seen["valid"], seen["said"]) == (True, [])
        return
    assert (seen["ended"], seen["said"]) == ([True], []), seen["log"][-2000:]
    if way == "batch":
        for output in provider.algorithm(name).destinationParameterDefinitions():
            assert Path(seen["parameters"][output.name()]).exists(), output.name()
    else:
        assert Path(seen["results"][MAIN]).exists()
    if way == "dialog":
        assert "Susceptibility classes" in str(seen["layers"])
    if way == "modeler":
        assert seen["valid"]


def test_a_copy_for_editing(provider, tmp_path, monkeypatch):
    from processing.modeler.ModelerUtils import ModelerUtils
    from qgis.core import QgsProcessingModelAlgorithm
    from scarp.processing_provider.copy_model import CopyModelAction, copy_model

    monkeypatch.setattr(ModelerUtils, "modelsFolders", staticmethod(lambda: [str(tmp_path / "models")]))
    model, action = provider.algorithm("mapanewarea"), CopyModelAction()
    action.setData(model, None)
    assert action.isEnabled()
    action.setData(provider.algorithm("samplecells"), None)
    assert not action.isEnabled()
    copies = [copy_model(model), copy_model(model)]
    assert [path.name for _, path in copies] == ["map_a_new_area.model3", "map_a_new_area_2.model3"]
    assert [name for name, _ in copies] == ["Map a new area (copy)", "Map a new area (copy 2)"]
    mine = QgsProcessingModelAlgorithm()
    assert mine.fromFile(str(copies[1][1]))
    assert (mine.name(), mine.group()) == ("Map a new area (copy 2)", "Scarp")
    assert mine.validate() == (True, [])
    assert set(mine.childAlgorithms()) == set(model.childAlgorithms())


def test_a_copy_is_there_at_once_and_the_user_hears_where(provider, tmp_path, monkeypatch):
    from processing.modeler.ModelerUtils import ModelerUtils
    from qgis.core import QgsApplication
    from scarp.processing_provider import copy_model

    refreshed, told = [], []
    monkeypatch.setattr(ModelerUtils, "modelsFolders", staticmethod(lambda: [str(tmp_path)]))
    registry = SimpleNamespace(providerById={"model": SimpleNamespace(refreshAlgorithms=lambda: refreshed.append(True))}.get)
    monkeypatch.setattr(
        copy_model, "QgsApplication", SimpleNamespace(processingRegistry=lambda: registry, getThemeIcon=QgsApplication.getThemeIcon)
    )
    monkeypatch.setattr(
        copy_model, "iface", SimpleNamespace(messageBar=lambda: SimpleNamespace(pushMessage=lambda *text: told.append(text)))
    )
    action = copy_model.CopyModelAction()
    action.setData(provider.algorithm("mapanewarea"), None)
    action.execute()
    path = tmp_path / "map_a_new_area.model3"
    assert refreshed == [True], "QGIS looks for models when it is told to"
    assert told[0][1] == f"“Map a new area (copy)” is now among your models (Models, group Scarp), ready to be edited: {path}"
