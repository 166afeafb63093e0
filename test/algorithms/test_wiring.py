# SPDX-License-Identifier: GPL-2.0-or-later
"""What a dialog was given reaches the task under its own name, and what the task gave reaches QGIS; no worker is started."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr, osr
from scarp.engine.declarations.outputs import endings
from scarp.engine.declarations.parameters import RESULTS, TASKS, dialog_parameters, task_parameters


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    """A raster and polygons, to be copied under the name of each parameter that takes a layer."""
    folder = tmp_path_factory.mktemp("layers")
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    raster, polygons = str(folder / "raster.tif"), str(folder / "polygons.gpkg")
    made = gdal.GetDriverByName("GTiff").Create(raster, 4, 3, 2, gdal.GDT_Float32)
    made.SetGeoTransform((500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0))
    made.SetProjection(reference.ExportToWkt())
    made.GetRasterBand(1).WriteArray(np.ones((3, 4), np.float32))
    made = None
    made = ogr.GetDriverByName("GPKG").CreateDataSource(polygons)
    layer = made.CreateLayer("areas", reference, ogr.wkbPolygon)
    for name in {each.id for task in TASKS for each in dialog_parameters(task) if each.kind == "field"}:
        layer.CreateField(ogr.FieldDefn(f"of {name}", ogr.OFTString))
    feature = ogr.Feature(layer.GetLayerDefn())
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POLYGON ((500000 3600000, 500060 3600000, 500060 3599940, 500000 3600000))"))
    layer.CreateFeature(feature)
    layer = made = None
    return {"raster": raster, "source": polygons}


def given_for(declared, number, layers, folder):
    """Return a value of a parameter's own that is no default: as a script gives it, and as a task takes it."""
    kind = declared.kind
    if kind in ("raster", "rasters", "source", "sources", "layer"):
        source = layers["raster" if kind in ("raster", "rasters") else "source"]
        path = shutil.copy(source, str(folder / f"{declared.id}{Path(source).suffix}"))
        return [path] if kind.endswith("s") else path, [path] if kind.endswith("s") else path
    if declared.is_output:
        path = str(folder / f"{declared.id}{'' if kind == 'folder output' else endings(declared)[0]}")
        return path, path
    if kind == "field":
        return f"of {declared.id}", f"of {declared.id}"
    if kind in ("band", "integer"):
        return 100 + number, 100 + number
    if kind in ("number", "distance"):
        return 100.25 + number, 100.25 + number
    if kind == "boolean":
        return not declared.default, not declared.default
    if kind == "choice":
        other = next(each for each in list(declared.table)[::-1] if each != declared.default)
        return list(declared.table).index(other), other
    if kind == "choices":
        return list(declared.table)[-1:], list(declared.table)[-1:]
    if kind == "point":
        return "512000.5,3600000.25 [EPSG:32639]", "512000.5,3600000.25 [EPSG:32639]"
    return f"{declared.id} it is", f"{declared.id} it is"


def plain(value):
    """Return the paths of layers without what else their sources tell."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value.partition("|")[0] if isinstance(value, str) and value.startswith("/") else value


@pytest.fixture
def run(provider, monkeypatch):
    """Return what runs an algorithm up to the worker: the results, whether it ended well, and what the worker was asked for."""
    from qgis.core import QgsProcessingContext, QgsProcessingException, QgsProcessingFeedback
    from scarp.algorithms import base

    def run_algorithm(name, parameters, answer=None, feedback=None, *, cancelled=False):
        asked = []

        def run_task(task, values, needs, feedback):
            asked.append((task, values, tuple(needs)))
            if cancelled:
                feedback.cancel()
            if answer is None:
                raise QgsProcessingException("no answer")
            return answer

        monkeypatch.setattr(base, "run_task", run_task)
        algorithm = provider.algorithm(name).create()
        told = feedback or QgsProcessingFeedback(False)
        results, ok = algorithm.run(parameters, QgsProcessingContext(), told)
        return results, ok, asked

    return run_algorithm


@pytest.mark.parametrize("task", [each for each in TASKS if each != "install_engine"])
def test_every_parameter_reaches_the_task_under_its_own_name(run, layers, tmp_path, task):
    """Each has a value of its own, so that two that were swapped, and one that was left out, are seen."""
    pairs = {each.id: given_for(each, number, layers, tmp_path) for number, each in enumerate(dialog_parameters(task))}
    _, _, asked = run(task.replace("_", ""), {name: given for name, (given, _) in pairs.items()})
    ((told, values, _),) = asked
    assert told == task
    expected = {name.lower(): taken for name, (_, taken) in pairs.items()}
    assert {name: plain(value) for name, value in values.items()} == expected
    assert set(values) == set(task_parameters(task))


@pytest.mark.parametrize("task", [each for each in TASKS if each != "install_engine"])
def test_what_is_left_out_is_left_to_the_declaration(run, layers, tmp_path, task):
    """What must be given is; of the rest the task hears the declared default, and nothing where there is none."""
    declared = dialog_parameters(task)
    kinds = ("raster", "source", "layer", "file")
    needed = {each.id: given_for(each, 0, layers, tmp_path)[0] for each in declared if each.required and each.kind in kinds}
    needed |= {
        each.id: str(tmp_path / f"{each.id}{endings(each)[0]}") for each in declared if each.required and each.is_output and endings(each)
    }
    _, _, ((_, values, _),) = run(task.replace("_", ""), needed)
    for each in declared:
        if each.id in needed:
            assert plain(values[each.key]) == needed[each.id]
        elif each.is_output or each.kind in ("rasters", "sources"):
            assert not values[each.key] or each.required, each.id
        elif each.kind == "choices":
            assert values[each.key] == (each.default or []) or (each.default is None and values[each.key] is None), each.id
        else:
            assert values[each.key] == each.default, each.id


def test_the_worker_is_one_that_has_what_the_task_needs(run, layers, tmp_path):
    """Mapping, classes and zones need no TensorFlow, and sampling less than a training."""
    from scarp.engine.environment import MAPPING_PACKAGES, PACKAGES, SAMPLING_PACKAGES

    raster, areas = layers["raster"], layers["source"]
    needs = {
        "mapsusceptibility": run("mapsusceptibility", {"COVARIATES": raster, "MODEL": "m.scarp", "OUTPUT": str(tmp_path / "a.tif")}),
        "classifysusceptibility": run("classifysusceptibility", {"SUSCEPTIBILITY": raster, "OUTPUT": str(tmp_path / "a.tif")}),
        "zonalsusceptibility": run("zonalsusceptibility", {"SUSCEPTIBILITY": raster, "ZONES": areas, "OUTPUT": str(tmp_path / "z.gpkg")}),
        "samplecells": run("samplecells", {"COVARIATES": raster, "INVENTORY": areas, "OUTPUT": str(tmp_path / "c.gpkg")}),
        "traincnndnn": run("traincnndnn", {"COVARIATES": raster, "INVENTORY": areas, "MODEL": str(tmp_path / "m.scarp")}),
    }
    assert {name: asked[0][2] for name, (_, _, asked) in needs.items()} == {
        **dict.fromkeys(("mapsusceptibility", "classifysusceptibility", "zonalsusceptibility"), tuple(MAPPING_PACKAGES)),
        "samplecells": tuple(SAMPLING_PACKAGES),
        "traincnndnn": tuple(PACKAGES),
    }
    assert set(MAPPING_PACKAGES) < set(PACKAGES) and "tensorflow" not in {*MAPPING_PACKAGES, *SAMPLING_PACKAGES}


def test_what_the_task_gave_comes_back_by_the_ids_of_outputs(run, layers, tmp_path):
    """Files and figures alike; what no output stands for is left out."""
    output, report = str(tmp_path / "t.csv"), str(tmp_path / "r.html")
    answer = {"output": output, "report": report, "auc": 0.75, "cells": 9}
    given = {"SUSCEPTIBILITY": layers["raster"], "INVENTORY": layers["source"], "OUTPUT": output, "REPORT": report}
    results, ok, _ = run("validatemap", given, answer)
    assert ok and results == {"OUTPUT": output, "REPORT": report, "AUC": 0.75}
    assert {each.id for each in RESULTS["validate_map"]} == {"AUC"}


def test_a_run_that_was_cancelled_gives_nothing_and_asks_for_nothing(run, layers, tmp_path):
    from qgis.core import QgsProcessingFeedback

    feedback = QgsProcessingFeedback(False)
    feedback.cancel()
    given = {"SUSCEPTIBILITY": layers["raster"], "OUTPUT": str(tmp_path / "a.tif")}
    results, _, asked = run("classifysusceptibility", given, {"output": "x"}, feedback)
    assert results == {} and asked == []
    results, _, asked = run("classifysusceptibility", given, {"output": given["OUTPUT"]}, cancelled=True)
    assert results == {} and len(asked) == 1, "cancelled while the worker ran"


def test_choices_are_taken_by_id_by_number_and_by_text(run, layers, tmp_path):
    """As scripts, dialogs and qgis_process give them."""
    given = {"COVARIATES": layers["raster"], "INVENTORY": layers["source"], "OUTPUT": str(tmp_path / "t.csv")}

    def chosen(name, value):
        (_, values, _), *_ = run("benchmarkclassifiers", {**given, name: value})[2]
        return values[name.lower()]

    table = list(task_parameters("benchmark_classifiers")["classifiers"].table)
    for value in (["lr", "rf"], "lr;rf", "lr,rf", [table.index("lr"), table.index("rf")], [str(table.index("lr")), str(table.index("rf"))]):
        assert chosen("CLASSIFIERS", value) == ["lr", "rf"], value
    way = task_parameters("validate_map")["method"].table
    last = list(way)[-1]
    for value in (last, len(way) - 1, str(len(way) - 1)):
        asked = run(
            "validatemap",
            {"SUSCEPTIBILITY": layers["raster"], "INVENTORY": layers["source"], "OUTPUT": str(tmp_path / "t.csv"), "METHOD": value},
        )[2]
        assert asked[0][1]["method"] == last


def test_the_installation_hears_which_python_and_where(provider, monkeypatch, tmp_path):
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback
    from scarp.algorithms import install_engine
    from scarp.algorithms.bridge import own_python
    from scarp.engine.environment import environment_folder

    asked = []
    log = str(tmp_path / "log.txt")
    monkeypatch.setattr(
        install_engine, "run_with", lambda python, task, values, feedback: asked.append((python, task, values)) or {"log": log}
    )
    for python, upgrade in (("/usr/bin/python3", True), (None, False)):
        algorithm = provider.algorithm("installengine").create()
        results, ok = algorithm.run(
            {"PYTHON": python, "UPGRADE": upgrade, "LOG": log}, QgsProcessingContext(), QgsProcessingFeedback(False)
        )
        assert ok and results == {"LOG": log}
        assert asked.pop() == (
            Path(python) if python else own_python(),
            "install_engine",
            {"upgrade": upgrade, "log": log, "folder": str(environment_folder()), "proxy": None},
        )


def test_an_output_that_is_an_input_or_of_another_format_never_reaches_the_worker(run, provider, layers, tmp_path):
    """In the dialog, and where a model or a script runs what no dialog has checked."""
    from qgis.core import QgsProcessingContext

    raster = shutil.copy(layers["raster"], str(tmp_path / "s.tif"))
    for output in (raster, str(tmp_path / "s.jpg")):
        given = {"SUSCEPTIBILITY": raster, "OUTPUT": output}
        ok, sentence = provider.algorithm("classifysusceptibility").create().checkParameterValues(given, QgsProcessingContext())
        assert not ok and Path(output).name in sentence
        _, ok, asked = run("classifysusceptibility", given, {"output": output})
        assert not ok and asked == []
    _, ok, asked = run("classifysusceptibility", {"SUSCEPTIBILITY": layers["source"], "OUTPUT": str(tmp_path / "a.tif")}, {})
    assert not ok and asked == [], "polygons are no susceptibility"
    given = {"SUSCEPTIBILITY": layers["source"], "OUTPUT": str(tmp_path / "a.tif")}
    ok, sentence = provider.algorithm("classifysusceptibility").create().checkParameterValues(given, QgsProcessingContext())
    assert not ok and "is a vector layer, and a raster is needed" in sentence


def test_outputs_without_a_name_are_temporary_and_those_left_out_are_none(run, layers, tmp_path):
    """QGIS's own words for them; an empty text is what a dialog gives where the user skips an output."""
    from qgis.core import QgsProcessingUtils

    given = {"COVARIATES": layers["raster"], "INVENTORY": layers["source"]}
    for name in ("memory:", "TEMPORARY_OUTPUT"):
        _, _, ((_, values, _),) = run("samplecells", {**given, "OUTPUT": name})
        assert values["output"].endswith(".gpkg") and values["output"].startswith(QgsProcessingUtils.tempFolder())
    maps = {"SUSCEPTIBILITY": layers["raster"], "INVENTORY": layers["source"], "OUTPUT": str(tmp_path / "t.csv")}
    for nothing in ("", None):
        _, _, ((_, values, _),) = run("validatemap", {**maps, "REPORT": nothing})
        assert values["report"] is None


def test_what_came_out_is_styled_beside_its_file_and_grouped(provider, monkeypatch, layers, tmp_path):
    """A stack of ready rasters, without a DEM, is its own ground."""
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingOutputLayerDefinition, QgsProject
    from scarp.algorithms import base

    shown = []
    output = str(tmp_path / "stack.tif")
    true = base.present
    monkeypatch.setattr(base, "present", lambda *given, **more: shown.append((given[0], given[2], more)) or true(*given, **more))
    monkeypatch.setattr(base, "run_task", lambda *_: {"output": shutil.copy(layers["raster"], output)})
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    for dem, ground in ((None, output), (layers["raster"], layers["raster"])):
        given = {
            "DEM": dem,
            "EXTRA_CONTINUOUS": [layers["raster"]],
            "OUTPUT": QgsProcessingOutputLayerDefinition(output, QgsProject.instance()),
        }
        results, ok = provider.algorithm("preparecovariates").create().run(given, context, QgsProcessingFeedback(False))
        assert ok and results["OUTPUT"] == output and (tmp_path / "stack.qml").is_file()
        assert shown.pop() == (output, "Prepare covariates", {"look": "stack", "ground": ground})
    assert context.layerToLoadOnCompletionDetails(output).groupName.startswith("Prepare covariates, ")


def test_whether_it_can_run_goes_by_what_the_task_needs(provider, monkeypatch):
    from scarp.algorithms import base
    from scarp.engine.environment import MAPPING_PACKAGES

    asked = []
    monkeypatch.setattr(base, "find_python", asked.append)
    assert provider.algorithm("mapsusceptibility").create().canExecute() == (True, "") and asked == [MAPPING_PACKAGES]
