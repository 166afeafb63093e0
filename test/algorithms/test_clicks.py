# SPDX-License-Identifier: GPL-2.0-or-later
"""Run is clicked in the dialog of every algorithm and model, in a real window."""

import shutil
from pathlib import Path

import pytest
from scarp.engine.declarations.outputs import endings
from scarp.engine.declarations.parameters import TASKS, dialog_parameters

pytestmark = pytest.mark.skipif(not shutil.which("xvfb-run") or not shutil.which("qgis"), reason="needs a QGIS window")

# What makes a run short; everything else is as the dialog has it. Networks of the benchmark and of explanation are trained once, as
# `LONGER` has it: two quick classifiers, and landslides held out, show the same of names and places.
SMALL = {"SIZE": 64, "LANDSLIDES": 60, "EPOCHS": 2, "MEMBERS": 1, "PATCH_SIZE": 5, "FOLDS": 2, "CLASSIFIERS": [3, 7], "ROLE": 1}
LONGER = {"CLASSIFIERS": [0, 3], "ROLE": 0}
# The small model has one member, which differs from no other.
SMALL["DROPOUT_PASSES"] = 4
TEMPORARY = "TEMPORARY_OUTPUT"


@pytest.fixture(scope="session")
def inputs(run, small, tmp_path_factory):
    """What each input of any algorithm is given, by its id."""
    classes = str(tmp_path_factory.mktemp("classed") / "classes.tif")
    run("classifysusceptibility", {"SUSCEPTIBILITY": small["SUSCEPTIBILITY"], "OUTPUT": classes})
    layers = {each: small[each] for each in ("DEM", "COVARIATES", "INVENTORY", "SUSCEPTIBILITY", "MODEL")}
    return {**SMALL, **layers, "SUSCEPTIBILITY_2": small["TRUTH"], "ZONES": small["GEOLOGY"], "CLASSES": classes}


def given(definitions, inputs):
    """The inputs that an algorithm has; elsewhere CLASSES is a number."""
    known = [each for each in definitions if each.name() in inputs and not each.isDestination()]
    return {each.name(): inputs[each.name()] for each in known if each.name() != "CLASSES" or each.type() == "raster"}


def named_outputs(task, folder):
    """Yield the outputs of a task, named with each of their endings in turn."""
    outputs = {each.id: endings(each) or ("",) for each in dialog_parameters(task) if each.is_output}
    for number in range(max(map(len, outputs.values()), default=0)):
        yield {name: str(folder / f"{task}_{name}_{number}{ends[number % len(ends)]}") for name, ends in outputs.items()}


def written(path):
    return Path(str(path).split("|")[0]).exists()


@pytest.fixture(scope="session")
def clicked(click, provider, inputs, tmp_path_factory):
    """Every algorithm with temporary outputs, and with each of the names that each output may have."""
    runs, folder = [], tmp_path_factory.mktemp("named")
    for task in TASKS:
        algorithm = provider.algorithm(task.replace("_", ""))
        parameters = given(algorithm.parameterDefinitions(), inputs)
        # What the dialog leaves out by itself is asked for as well.
        skipped = [each.id for each in dialog_parameters(task) if each.is_output and not each.made]
        longer = {name: value for name, value in LONGER.items() if name in parameters}
        asked = {**parameters, **longer, **dict.fromkeys(skipped, TEMPORARY)}
        runs.append({"algorithm": algorithm.id(), "parameters": asked, "outputs": TEMPORARY})
        runs += [
            {"algorithm": algorithm.id(), "parameters": {**parameters, **named}, "outputs": named} for named in named_outputs(task, folder)
        ]
    return click(runs, windows=2)


@pytest.mark.parametrize("task", TASKS)
def test_run_in_every_dialog(clicked, task, provider):
    mine = [each for each in clicked if each["algorithm"] == f"scarp:{task.replace('_', '')}"]
    assert len(mine) > 1
    for each in mine:
        assert each["ended"] == [True], (each["outputs"], each["said"], each["log"][-2000:])
        assert each["said"] == []
        for name in each["outputs"] if isinstance(each["outputs"], dict) else ():
            assert written(each["results"][name]), (name, each["results"])
        if each["outputs"] == TEMPORARY:
            for definition in provider.algorithm(task.replace("_", "")).parameterDefinitions():
                if definition.isDestination():
                    assert written(each["results"][definition.name()]), definition.name()


def test_run_in_a_model_of_the_users_own(click, provider, profile, inputs, tmp_path):
    """A model that exposes every table of an algorithm runs in its dialog, with temporary and with named tables."""
    from qgis.core import (
        QgsProcessingModelAlgorithm,
        QgsProcessingModelChildAlgorithm,
        QgsProcessingModelChildParameterSource,
        QgsProcessingModelOutput,
    )

    folder = Path(profile["QGIS_CUSTOM_CONFIG_PATH"]) / "profiles" / "default" / "processing" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    runs = []
    for task in TASKS:
        tables = [each for each in dialog_parameters(task) if each.is_output and ".csv" in endings(each)]
        if not tables:
            continue
        algorithm = provider.algorithm(task.replace("_", ""))
        model, child = QgsProcessingModelAlgorithm(f"my {task}", "mine"), QgsProcessingModelChildAlgorithm(algorithm.id())
        child.setChildId("step")
        for name, value in given(algorithm.parameterDefinitions(), inputs).items():
            child.addParameterSources(name, [QgsProcessingModelChildParameterSource.fromStaticValue(value)])
        outputs = {}
        for each in tables:
            outputs[each.id.lower()] = QgsProcessingModelOutput(each.id.lower(), each.id.lower())
            outputs[each.id.lower()].setChildId("step")
            outputs[each.id.lower()].setChildOutputName(each.id)
        child.setModelOutputs(outputs)
        model.addChildAlgorithm(child)
        assert model.toFile(str(folder / f"{task}.model3"))
        own = f"model:my {task}"
        temporary = dict.fromkeys(outputs, TEMPORARY)
        runs += [{"algorithm": own, "parameters": temporary}, {"algorithm": own, "parameters": {}}]
        runs += [
            {"algorithm": own, "parameters": {name: str(tmp_path / f"{task}_{name}{end}") for name in outputs}} for end in (".csv", ".gpkg")
        ]
    assert len(runs) >= 8
    for each in click(runs):
        assert each["ended"] == [True], (each["algorithm"], each["parameters"], each["said"], each["log"][-1500:])
        assert each["said"] == []
        for path in each["parameters"].values():
            assert path == TEMPORARY or Path(path).exists(), path
