# SPDX-License-Identifier: GPL-2.0-or-later
"""The provider, its models, the menu and the window “Scarp”, without an engine and without QGIS's own window."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest


def test_files_are_written_in_the_formats_of_the_worker(provider):
    assert (provider.defaultVectorFileExtension(True), provider.defaultVectorFileExtension(False)) == ("gpkg", "csv")
    assert provider.defaultRasterFileExtension() == "tif" and provider.supportedOutputRasterLayerExtensions() == ["tif", "tiff"]
    assert not provider.supportsNonFileBasedOutput(), "the worker cannot write into QGIS's memory"
    assert not provider.icon().isNull() and provider.icon().availableSizes() == provider.icon().availableSizes()
    assert (provider.id(), provider.name()) == ("scarp", "Scarp")


def test_every_algorithm_and_every_model_is_there(provider, root):
    from scarp.algorithms import ALGORITHMS

    models = {path.stem.replace("_", "") for path in (root / "resources" / "models").glob("*.model3")}
    assert len(models) == 4 and {each.name() for each in provider.algorithms()} == {each.ID for each in ALGORITHMS} | models


def test_the_interpreter_of_the_settings_counts_before_that_of_the_environment(provider, monkeypatch):
    from processing.core.ProcessingConfig import ProcessingConfig, Setting
    from qgis.core import QgsSettings

    told = ProcessingConfig.settings["SCARP_PYTHON"]
    assert (told.group, told.valuetype, told.value) == ("Scarp", Setting.FILE, "")
    monkeypatch.setenv("SCARP_PYTHON", "/nowhere/of the environment")
    key = "Processing/Configuration/SCARP_PYTHON"
    QgsSettings().setValue(key, "/nowhere/of the settings")
    try:
        can, message = provider.algorithm("traincnndnn").canExecute()
        of_model = provider.algorithm("mapanewarea").canExecute()
    finally:
        QgsSettings().remove(key)
    assert not can and message.startswith("The provider setting “Python interpreter” names /nowhere/of the settings, which does not exist")
    assert of_model == (False, message)
    assert "The environment variable SCARP_PYTHON names /nowhere/of the environment" in provider.algorithm("traincnndnn").canExecute()[1]


def test_an_interpreter_that_lacks_packages_is_named_with_them(provider, monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho \'["keras", "numba"]\'\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.setenv("SCARP_PYTHON", str(python))
    _, message = provider.algorithm("traincnndnn").canExecute()
    assert f"SCARP_PYTHON names {python}, which lacks keras, numba; install them there" in message
    python.write_text("#!/bin/sh\necho '[]'\n", encoding="utf-8")  # installed meanwhile
    assert provider.algorithm("traincnndnn").canExecute() == (True, "")


@pytest.fixture
def model(provider, tmp_path):
    """A model of two quick steps of QGIS, as one that ships: points around which there are areas, which have middles."""
    from qgis.core import (
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
        QgsProcessingModelParameter,
        QgsProcessingParameterFeatureSource,
    )
    from scarp.processing_provider.shipped_model import ShippedModel

    made = QgsProcessingModelAlgorithm("Map a new area", "x")
    made.addModelParameter(QgsProcessingParameterFeatureSource("INPUT", "Input"), QgsProcessingModelParameter("INPUT"))
    source = QgsProcessingModelChildParameterSource
    for name, algorithm, given, title in (
        ("first", "native:buffer", source.fromModelParameter("INPUT"), "Susceptibility"),
        ("second", "native:centroids", source.fromChildOutput("first", "OUTPUT"), "Susceptibility classes"),
        ("third", "native:centroids", source.fromModelParameter("INPUT"), "Report"),
    ):
        child = QgsProcessingModelChildAlgorithm(algorithm)
        child.setChildId(name)
        child.addParameterSources("INPUT", [given])
        output = QgsProcessingModelOutput(title, title)
        output.setChildId(name)
        output.setChildOutputName("OUTPUT")
        child.setModelOutputs({title: output})
        made.addChildAlgorithm(child)
    made.updateDestinationParameters()
    made.toFile(str(tmp_path / "m.model3"))
    return ShippedModel(tmp_path / "m.model3")


@pytest.fixture
def points(provider):
    from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer

    layer = QgsVectorLayer("Point?crs=EPSG:32639", "points", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromPointXY(QgsPointXY(500_000, 3_600_000)))
    layer.dataProvider().addFeatures([feature])
    return layer


def test_a_model_makes_what_its_steps_need_though_it_was_left_out(model, points, tmp_path):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingParameterDefinition

    flags = {each.name(): bool(each.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional) for each in model.parameterDefinitions()}
    assert flags == {"INPUT": False, "susceptibility": True, "susceptibility_classes": False, "report": True}
    assert list(model._needed()) == ["susceptibility"]
    given = {
        "INPUT": points,
        "susceptibility": None,
        "report": str(tmp_path / "r.gpkg"),
        "susceptibility_classes": str(tmp_path / "c.gpkg"),
    }
    results, ok = model.createInstance().run(given, QgsProcessingContext(), QgsProcessingFeedback(False))
    assert ok and (tmp_path / "c.gpkg").is_file()
    named = {**given, "susceptibility": str(tmp_path / "s.gpkg")}
    results, ok = model.createInstance().run(named, QgsProcessingContext(), QgsProcessingFeedback(False))
    assert ok and results["susceptibility"] == str(tmp_path / "s.gpkg") and (tmp_path / "s.gpkg").is_file()


def test_what_a_model_loads_comes_into_one_group_with_its_map_on_top(model, points, tmp_path):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingOutputLayerDefinition, QgsProject

    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    names = ("susceptibility", "susceptibility_classes", "report")
    files = {name: QgsProcessingOutputLayerDefinition(str(tmp_path / f"{name}.gpkg"), QgsProject.instance()) for name in names}
    results, ok = model.createInstance().run({"INPUT": points, **files}, context, QgsProcessingFeedback(False))
    assert ok
    told = {name: context.layerToLoadOnCompletionDetails(results[name]) for name in names}
    groups = {each.groupName for each in told.values()}
    assert len(groups) == 1 and groups.pop().startswith("Map a new area, ")
    assert {name: each.layerSortKey for name, each in told.items()} == {"susceptibility": 1, "susceptibility_classes": 2, "report": 3}


def test_outputs_that_few_want_are_left_out_until_asked_for(provider):
    made = {
        each.name(): each.createByDefault() for each in provider.algorithm("susceptibilityfromcovariates").destinationParameterDefinitions()
    }
    assert made == {
        "sample_cells": False,
        "table_of_classes": False,
        "model_file": True,
        "report": True,
        "susceptibility": True,
        "susceptibility_classes": True,
    }


def test_what_a_step_of_a_shipped_model_reads_is_made_whether_asked_for_or_not(provider):
    needed = {
        name: set(provider.algorithm(name)._needed()) for name in ("susceptibilityfromcovariates", "mapanewarea", "benchmarkandmapthebest")
    }
    assert needed == {
        "susceptibilityfromcovariates": {"sample_cells", "model_file", "susceptibility"},
        "mapanewarea": {"susceptibility"},
        "benchmarkandmapthebest": {"model_file", "susceptibility"},
    }


def test_the_plugin_takes_its_menu_away_once(provider):
    from scarp.plugin import ScarpPlugin

    gone = []
    plugin = ScarpPlugin(None)
    plugin._menu = SimpleNamespace(remove=lambda: gone.append(True))
    plugin.unload()
    plugin.unload()
    assert gone == [True]


def test_a_first_map_is_made_of_all_that_the_landscape_has(provider, tmp_path):
    """What each step gave goes into the next: layers of classes with their field, roads as roads."""
    from scarp.engine.declarations.parameters import RESULTS
    from scarp.processing_provider.first_map import OUTPUTS, steps

    made = {each.id: f"{each.id} of the landscape" for each in RESULTS["sample_landscape"]}
    run = steps({"SIZE": 64}, tmp_path)
    assert next(run) == ("scarp:samplelandscape", {"SIZE": 64, "FOLDER": str(tmp_path / "landscape")})
    name, values = run.send(made)
    layers = ("DEM", "FAULTS", "ROADS", "SETTLEMENTS", "RED", "NIR", "LAND_USE", "GEOLOGY", "SOIL", "CLIMATE")
    fields = {"GEOLOGY_FIELD": "unit", "SOIL_FIELD": "unit", "CLIMATE_FIELD": "unit"}
    assert (name, values) == (
        "scarp:preparecovariates",
        {**{each: made[each] for each in layers}, **fields, "OUTPUT": str(tmp_path / "covariates.tif")},
    )
    name, values = run.send({"OUTPUT": "the stack"})
    assert name == "scarp:susceptibilityfromcovariates"
    assert values == {
        "COVARIATES": "the stack",
        "INVENTORY": made["INVENTORY"],
        "sample_cells": str(tmp_path / "samples.gpkg"),
        "model_file": str(tmp_path / "model.scarp"),
        "report": str(tmp_path / "report.html"),
        "susceptibility": str(tmp_path / "susceptibility.tif"),
        "susceptibility_classes": str(tmp_path / "classes.tif"),
        "table_of_classes": str(tmp_path / "classes.csv"),
    }
    assert set(OUTPUTS) == {each.name() for each in provider.algorithm("susceptibilityfromcovariates").destinationParameterDefinitions()}
    with pytest.raises(StopIteration):
        run.send({})


def test_diagnostics_have_the_last_lines_and_no_name_of_the_user(provider, monkeypatch, tmp_path):
    from scarp.processing_provider import diagnostics

    home = tmp_path / "home of somebody"
    (home / "engine").mkdir(parents=True)
    (home / "engine.log").write_text("\n".join(f"line {number} in {home}/data" for number in range(40)), encoding="utf-8")
    (home / "installation.log").write_text("pip was here", encoding="utf-8")
    monkeypatch.setattr(diagnostics, "log_file", lambda: home / "engine.log")
    monkeypatch.setattr(diagnostics, "environment_folder", lambda: home / "engine")
    monkeypatch.setattr(diagnostics, "engine_state", lambda: (True, "The engine is ready (/x)."))
    monkeypatch.setenv("HOME", str(home))
    lines = diagnostics.diagnostics().splitlines()
    assert lines[0].startswith("Scarp 0.") and "QGIS " in lines[1] and lines[3] == "The engine is ready (/x)."
    assert "pip was here" in lines and lines[-16:] == ["~/engine.log:", *(f"line {number} in ~/data" for number in range(25, 40))]
    assert "somebody" not in "\n".join(lines)


def test_a_missing_engine_is_not_told_as_ready(provider, monkeypatch):
    from scarp.processing_provider.diagnostics import engine_state

    monkeypatch.setenv("SCARP_PYTHON", "/nowhere/python")
    ready, state = engine_state()
    assert not ready and "/nowhere/python" in state


def test_a_report_without_its_time_is_taken(provider):
    """As QGIS's batch dialog hands it over."""
    from processing.core.ProcessingResults import resultsList
    from qgis.PyQt.QtGui import QIcon
    from scarp.processing_provider.results_viewer import as_before, take_reports_without_time

    before, kept = resultsList.addResult, list(resultsList.results)
    take_reports_without_time()
    try:
        resultsList.addResult(QIcon(), "Report", result="/tmp/r.html")
        told = resultsList.results[-1]
        assert (told.name, told.filename) == ("Report", "/tmp/r.html") and told.timestamp
    finally:
        as_before()
        resultsList.results[:] = kept
    assert resultsList.addResult == before


@pytest.fixture
def start(provider, monkeypatch):
    """The window with an engine that is there or not, where nothing is run: what would be is kept."""
    from qgis.core import QgsApplication
    from qgis.PyQt import sip
    from scarp.processing_provider import start as module

    state = {"ready": True}
    monkeypatch.setattr(module, "engine_state", lambda: (state["ready"], "It is there." if state["ready"] else "It is missing."))
    window = module.StartWindow(None, None)
    window.told = state
    window.tasks = []

    class Signal:
        def connect(self, then):
            self.emit = then

    class Task:
        def __init__(self, algorithm, values, context, feedback):
            self.algorithm, self.values, self.context, self.feedback, self.executed = algorithm, values, context, feedback, Signal()
            window.tasks.append(self)

    class Manager:
        def addTask(self, task):
            assert task is window.tasks[-1]

    monkeypatch.setattr(module, "QgsProcessingAlgRunnerTask", Task)
    monkeypatch.setattr(QgsApplication, "taskManager", staticmethod(Manager))
    yield window
    sip.delete(window)


def shown(window):
    """Which of the buttons can be seen, and which can be clicked."""
    return {
        name: (not each.isHidden(), each.isEnabled())
        for name, each in (("install", window.install), ("first", window.first), ("cancel", window.cancel))
    }


def test_what_can_be_clicked_follows_the_engine_and_what_runs(start):
    ready = []
    start.engine_ready.connect(lambda: ready.append(True))
    start.refresh()
    assert shown(start) == {"install": (False, True), "first": (True, True), "cancel": (False, True)}
    assert ready == [True] and start.state.text() == "It is there." and start.bar.isHidden()
    start.told["ready"] = False
    start.refresh()
    assert shown(start) == {"install": (True, True), "first": (True, False), "cancel": (False, True)} and len(ready) == 1
    start.make_first_map()
    assert start.doing.text() == "Install the engine first." and not start.tasks
    start.install_engine()
    assert shown(start) == {"install": (True, False), "first": (True, False), "cancel": (True, True)} and not start.bar.isHidden()
    (task,) = start.tasks
    assert task.algorithm.id() == "scarp:installengine"
    task.feedback.setProgress(40)
    assert start.bar.value() == 40
    task.feedback.setProgressText("Downloading")
    assert start.doing.text() == "Downloading"
    task.feedback.reportError("The disk is full.", True)
    task.executed.emit(False, {})
    assert start.doing.text() == "The disk is full." and shown(start)["install"] == (True, True)
    start.install_engine()
    start.told["ready"] = True
    start.tasks[-1].executed.emit(True, {"LOG": "x"})
    assert start.doing.text() == "Ready: make a first map now." and shown(start)["first"] == (True, True)


def test_a_first_map_goes_on_from_step_to_step_with_a_progress_that_rises(start, monkeypatch, tmp_path):
    from scarp.engine.declarations.parameters import RESULTS
    from scarp.processing_provider import start as module

    handled = []
    monkeypatch.setattr(module, "free_folder", lambda: tmp_path / "first")
    monkeypatch.setattr(module, "handleAlgorithmResults", lambda algorithm, *_: handled.append(algorithm.name()))
    start.make_first_map()
    answers = [{each.id: f"{each.id}.x" for each in RESULTS["sample_landscape"]}, {"OUTPUT": "stack.tif"}, {}]
    seen = []
    for number, answer in enumerate(answers):
        task = start.tasks[number]
        for percent in (0, 50, 100):
            task.feedback.setProgress(percent + 0.001)
            seen.append(start.bar.value())
        assert (task.context.project() is not None) == (number == 2), "only the map is shown"
        task.executed.emit(True, answer)
    assert seen == sorted(seen) == [0, 7, 15, 15, 25, 35, 35, 67, 100]
    assert [task.algorithm.name() for task in start.tasks] == ["samplelandscape", "preparecovariates", "susceptibilityfromcovariates"]
    last = start.tasks[-1].values
    assert {name: last[name].sink.staticValue() for name in ("susceptibility", "susceptibility_classes")} == {
        "susceptibility": str(tmp_path / "first" / "susceptibility.tif"), "susceptibility_classes": str(tmp_path / "first" / "classes.tif")
    }  # fmt: skip
    assert handled == ["susceptibilityfromcovariates"] and start.doing.text().startswith("Your first map is in the window")
    assert str(tmp_path / "first") in start.doing.text()


def test_cancel_ends_the_step_and_says_so(start, monkeypatch, tmp_path):
    from scarp.processing_provider import start as module

    monkeypatch.setattr(module, "free_folder", lambda: tmp_path / "first")
    start.make_first_map()
    start.stop()
    assert start.tasks[0].feedback.isCanceled()
    start.tasks[0].executed.emit(False, {})
    assert start.doing.text() == "Cancelled." and len(start.tasks) == 1 and shown(start)["cancel"][0] is False


def test_a_folder_for_the_first_map_is_a_new_one(provider, monkeypatch, tmp_path):
    from scarp.processing_provider import start as module

    monkeypatch.setattr(module.QStandardPaths, "writableLocation", staticmethod(lambda _: str(tmp_path)))
    for name in ("Scarp first map", "Scarp first map 2", "Scarp first map 3"):
        assert module.free_folder() == tmp_path / name
        (tmp_path / name).mkdir()


@pytest.fixture
def window(provider, monkeypatch):
    """What of QGIS's window the menu needs."""
    from qgis.gui import QgsMessageBar
    from qgis.PyQt import sip
    from qgis.PyQt.QtWidgets import QAction, QMainWindow, QMenu
    from scarp.processing_provider import menu as module

    class Window:
        def __init__(self):
            self.main, self.plugins, self.bar, self.tools = QMainWindow(), QMenu(), QgsMessageBar(), []

        def mainWindow(self):
            return self.main

        def pluginMenu(self):
            return self.plugins

        def messageBar(self):
            return self.bar

        def addToolBarWidget(self, widget):
            self.tools.append(QAction(self.main))
            return self.tools[-1]

        def removeToolBarIcon(self, action):
            self.tools.remove(action)

    state = {"ready": False}
    monkeypatch.setattr(module, "engine_state", lambda: (state["ready"], "It is missing."))
    monkeypatch.setattr("scarp.processing_provider.start.engine_state", lambda: (state["ready"], "It is missing."))
    made = Window()
    made.state = state
    yield made
    for each in (made.main, made.plugins, made.bar):
        sip.delete(each)  # with all that is in it, while the application is there


def test_each_entry_of_the_menu_does_what_it_says_and_all_go_again(window, monkeypatch):
    from processing.core.ProcessingResults import resultsList
    from qgis.core import QgsApplication
    from scarp.processing_provider import menu as module

    dialogs = []

    class Dialog:
        def show(self):
            dialogs[-1] += " shown"

    monkeypatch.setattr(module.processing, "createAlgorithmDialog", lambda name, values: dialogs.append(name) or Dialog())
    monkeypatch.setattr(module, "diagnostics", lambda: "what is needed")
    made = module.ScarpMenu(window)
    assert [each.text() for each in window.plugins.actions()] == ["Scarp"] and len(window.tools) == 1
    assert list(made.entries) == ["state", "first_map", "own_data", "tutorial", "diagnostics"]
    made.entries["tutorial"].trigger()
    assert made._pages.isVisible() and made._pages.text.toPlainText().startswith("A map in ten minutes")
    made.entries["own_data"].trigger()
    assert dialogs == ["scarp:susceptibilityfromdemandlandslides shown"]
    window.state["ready"] = True
    made.open_start().own.click()
    assert dialogs == ["scarp:susceptibilityfromdemandlandslides shown"] * 2
    window.state["ready"] = False
    made.entries["diagnostics"].trigger()
    assert QgsApplication.clipboard().text() == "what is needed"
    made.entries["state"].trigger()
    assert made._window.state.text() == "It is missing." and made._window.doing.text() == ""
    made.entries["first_map"].trigger()
    assert made._window.doing.text() == "Install the engine first."
    assert made._later.isActive() and "addResult" in vars(resultsList)
    made.remove()
    assert not made._pages.isVisible()
    assert window.plugins.actions() == [] and window.tools == [] and "addResult" not in vars(resultsList) and not made._later.isActive()


def test_a_bar_tells_of_a_missing_engine_once_and_goes_when_it_is_there(window):
    from scarp.processing_provider import menu as module

    window.state["ready"] = True
    made = module.ScarpMenu(window)
    made.tell_if_missing()
    assert window.bar.items() == []
    window.state["ready"] = False
    made.tell_if_missing()
    made.tell_if_missing()
    (bar,) = window.bar.items()
    assert "The engine that Scarp computes in is not ready. It is missing." in bar.text()
    start = made.open_start()
    assert window.bar.items() == [bar]
    window.state["ready"] = True
    start.refresh()
    assert window.bar.items() == []
    made.remove()


def test_the_provider_takes_all_of_it_away_again(root):
    """In a QGIS of its own: settings, actions and texts."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.path.append('/usr/share/qgis/python/plugins')\n"
        "import conftest, json\n"
        "from qgis.core import QgsApplication, QgsSettings; app = QgsApplication([], False); app.initQgis()\n"
        "from qgis.PyQt.QtCore import QCoreApplication, QSettings, QLocale\n"
        "from processing.core.Processing import Processing; Processing.initialize()\n"
        "from processing.core.ProcessingConfig import ProcessingConfig\n"
        "from processing.gui.ProviderActions import ProviderContextMenuActions as actions\n"
        "app.setLocale(QLocale('it'))\n"
        "from scarp import classFactory\n"
        "def seen():\n"
        "    there = QgsApplication.processingRegistry().providerById('scarp') is not None\n"
        "    names = [type(each).__name__ for each in actions.actions].count('CopyModelAction')\n"
        "    setting = ProcessingConfig.settings.get('SCARP_PYTHON')\n"
        "    shown = [setting is not None and setting.value, 'Scarp' in ProcessingConfig.settingIcons]\n"
        "    return [there, *shown, names, QCoreApplication.translate('Scarp', 'Train CNN–DNN')]\n"
        "key = 'Processing/Configuration/SCARP_PYTHON'; QgsSettings().setValue(key, '/a/python')\n"
        "before = seen(); plugin = classFactory(None); plugin.initProcessing(); during = seen()\n"
        "there = QgsApplication.processingRegistry().providerById('scarp').algorithms()\n"
        "models = len([each for each in there if each.groupId() == 'chain' and each.outputDefinitions()])\n"
        "plugin.unload(); plugin.unload(); QgsSettings().remove(key); print(json.dumps([before, during, models, seen()]))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(root / "test")], capture_output=True, text=True, check=True)
    before, during, models, after = json.loads(run.stdout.splitlines()[-1])
    assert before == after == [False, False, False, 0, "Train CNN–DNN"]
    assert during == [True, "/a/python", True, 1, "Addestra CNN–DNN"] and models == 4


def told(source):
    """What a step of a model takes, in a word: an input of the model, an output of another step, or a value."""
    if source.outputChildId():
        return f"{source.outputChildId()}.{source.outputName()}"
    return source.parameterName() or source.staticValue()


SAMPLED = {
    "sample": {"COVARIATES": "COVARIATES", "INVENTORY": "INVENTORY"},
    "train": {"COVARIATES": "COVARIATES", "INVENTORY": "sample.OUTPUT", "LABEL_FIELD": "landslide", "TEST_INVENTORY": "TEST_INVENTORY"},
}
MAPPED = {
    "map": {"COVARIATES": "COVARIATES", "MODEL": "train.MODEL"},
    "classes": {"SUSCEPTIBILITY": "map.OUTPUT", "METHOD": "natural_breaks", "CLASSES": 5, "INVENTORY": "INVENTORY"},
}
PREPARED = {
    name: {key: "prepare.OUTPUT" if value == "COVARIATES" else value for key, value in takes.items()}
    for name, takes in {**SAMPLED, **MAPPED}.items()
}
ALONE = {key: value for key, value in MAPPED["classes"].items() if key != "INVENTORY"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("susceptibilityfromcovariates", {**SAMPLED, **MAPPED}),
        ("susceptibilityfromdemandlandslides", {"prepare": {"DEM": "DEM", "AREA": "AREA"}, **PREPARED}),
        ("mapanewarea", {"map": {"COVARIATES": "COVARIATES", "MODEL": "MODEL"}, "classes": ALONE}),
        (
            "benchmarkandmapthebest",
            {
                "benchmark": {name: name for name in ("COVARIATES", "INVENTORY", "TEST_INVENTORY", "CLASSIFIERS", "FOLDS")},
                "map": {"COVARIATES": "COVARIATES", "MODEL": "benchmark.MODEL"},
                "classes": MAPPED["classes"],
            },
        ),
    ],
)
def test_each_step_of_a_model_takes_what_the_one_before_made(provider, name, expected):
    from scarp.engine.declarations.parameters import task_parameters

    steps = provider.algorithm(name).childAlgorithms()
    found = {each: {key: told(source) for key, (source,) in step.parameterSources().items()} for each, step in steps.items()}
    ways = list(task_parameters("classify_susceptibility")["method"].table)
    found["classes"]["METHOD"] = ways[found["classes"]["METHOD"]]
    assert found == expected
