# SPDX-License-Identifier: GPL-2.0-or-later
"""What holds for every algorithm."""

import subprocess
import sys
from pathlib import Path

import pytest
from scarp.engine.declarations.outputs import FORMATS, endings
from scarp.engine.declarations.parameters import RESULTS, TASKS, dialog_parameters


@pytest.fixture(params=TASKS)
def algorithm(request, provider):
    from scarp.algorithms import ALGORITHMS

    return next(each for each in ALGORITHMS if request.param == each.TASK)().create()


def test_identity(algorithm, provider):
    assert algorithm.name() == algorithm.name().lower()
    assert algorithm.name().isalnum()
    assert provider.algorithm(algorithm.name()) is not None
    assert algorithm.displayName()
    assert algorithm.group()
    assert algorithm.groupId()
    assert algorithm.tags()
    assert len(algorithm.shortHelpString()) > 80
    assert not algorithm.icon().isNull()
    assert type(algorithm.createInstance()) is type(algorithm)


def test_every_parameter_explains_itself(algorithm):
    for definition in algorithm.parameterDefinitions():
        assert definition.help(), definition.name()
        assert definition.description(), definition.name()
        assert definition.name() == definition.name().upper()


def test_every_destination_is_an_output(algorithm):
    outputs = {definition.name() for definition in algorithm.outputDefinitions()}
    assert outputs
    for definition in algorithm.parameterDefinitions():
        if definition.isDestination():
            assert definition.name() in outputs


def test_qgis_takes_every_ending_that_the_worker_writes(algorithm, provider):
    known = {
        "vectorDestination": {f".{each}" for each in provider.supportedOutputVectorLayerExtensions()},
        "rasterDestination": {f".{each}" for each in provider.supportedOutputRasterLayerExtensions()},
    }
    for declared in dialog_parameters(algorithm.TASK):
        kind = algorithm.parameterDefinition(declared.id).type()
        assert kind not in known or set(endings(declared)) <= known[kind], declared.id
    assert {f".{each}" for each in provider.supportedOutputTableExtensions()} == set(FORMATS["table"])


def test_every_task_has_its_algorithm(provider):
    from scarp.algorithms import ALGORITHMS

    assert [each.TASK for each in ALGORITHMS] == list(TASKS)
    assert [each.ID for each in ALGORITHMS] == [task.replace("_", "") for task in TASKS]


def test_each_stands_in_the_group_of_its_step_of_the_work(provider):
    groups = {
        "setup": {"installengine", "samplelandscape"},
        "data": {"preparecovariates", "screencovariates", "samplecells"},
        "model": {"traincnndnn", "benchmarkclassifiers", "explainmodel", "finetunemodel"},
        "map": {"mapsusceptibility", "classifysusceptibility", "validatemap", "printmap", "zonalsusceptibility", "projectreport"},
        "chain": {"susceptibilityfromcovariates", "susceptibilityfromdemandlandslides", "benchmarkandmapthebest", "mapanewarea"},
    }
    assert {name: {each.name() for each in provider.algorithms() if each.groupId() == name} for name in groups} == groups


# The type of Processing's parameter for each kind of the declaration.
TYPES = {
    "raster": "raster",
    "rasters": "multilayer",
    "source": "source",
    "sources": "multilayer",
    "layer": "layer",
    "field": "string",
    "band": "band",
    "file": "file",
    "folder": "file",
    "integer": "number",
    "number": "number",
    "distance": "distance",
    "integers": "string",
    "numbers": "string",
    "choice": "enum",
    "choices": "enum",
    "boolean": "boolean",
    "point": "point",
    "text": "string",
    "date": "string",
    "raster output": "rasterDestination",
    "vector output": "vectorDestination",
    "file output": "fileDestination",
    "folder output": "folderDestination",
}


def test_the_dialog_is_the_declaration(algorithm):
    from qgis.core import QgsProcessingParameterDefinition as Definition

    declared = dialog_parameters(algorithm.TASK)
    shown = algorithm.parameterDefinitions()
    assert [each.name() for each in shown] == [each.id for each in declared]
    for each, definition in zip(declared, shown):
        assert definition.description() == each.label
        assert definition.help().startswith(each.help)
        assert definition.type() == TYPES[each.kind], each.id
        flags = Definition.Flag.FlagOptional * each.optional | Definition.Flag.FlagAdvanced * each.advanced
        assert int(definition.flags()) == flags, each.id
        if each.kind == "choice":
            assert list(each.table)[definition.defaultValue()] == each.default
        elif each.kind == "choices":
            assert [list(each.table)[number] for number in definition.defaultValue()] == (each.default or [])
        else:
            assert definition.defaultValue() == each.default, each.id
        if each.table:
            assert definition.options() == list(each.table.values())
            assert definition.help().endswith(f"In scripts: {', '.join(each.table)}.")
        if each.kind == "field":  # text: the widget of a field ends QGIS where its layer is a raster
            assert each.parent in {other.id for other in declared}
        if each.kind == "band":
            assert definition.parentLayerParameterName() == each.parent
        if each.kind in ("integer", "number", "distance"):
            assert definition.minimum() == each.least
            assert definition.maximum() == (sys.float_info.max if each.most is None else each.most)
            assert definition.dataType() == (0 if each.kind == "integer" else 1)


def test_the_dialog_takes_and_makes_what_is_declared(algorithm):
    """Layers of the right geometry, files of the right kind, outputs made unless skipped, distances in the unit of their layer."""
    from qgis.core import QgsProcessing

    kinds = QgsProcessing.SourceType
    geometries = {"point": kinds.TypeVectorPoint, "polygon": kinds.TypeVectorPolygon, "any": kinds.TypeVectorAnyGeometry}
    geometries |= {"table": kinds.TypeVector, "raster": kinds.TypeRaster}
    for each in dialog_parameters(algorithm.TASK):
        definition, asked = algorithm.parameterDefinition(each.id), [geometries[name] for name in each.geometry]
        if each.kind in ("source", "layer"):
            assert definition.dataTypes() == asked, each.id
        if each.kind == "sources":
            assert [definition.layerType()] == asked, each.id
        if each.kind == "rasters":
            assert definition.layerType() == kinds.TypeRaster
        if each.kind == "vector output":
            assert [definition.dataType()] == asked, each.id
        if each.kind in ("file", "file output"):
            assert definition.fileFilter().startswith(each.files or "All files"), each.id
        if each.is_output:
            assert definition.createByDefault() == each.made, each.id
        if each.kind == "distance":
            assert definition.parentParameterName() == each.parent, each.id
    outputs = {"number": "outputNumber", "text": "outputString", "raster": "outputRaster", "vector": "outputVector"}
    for each in RESULTS.get(algorithm.TASK, ()):
        found = algorithm.outputDefinition(each.id)
        assert (found.description(), found.type()) == (each.title, outputs[each.kind])


@pytest.mark.parametrize(
    ("name", "changed", "said"),
    [
        ("traincnndnn", {"PATCH_SIZE": 14}, "Patch size (PATCH_SIZE) must be an odd whole number from 1 to 101 cells; found 14"),
        ("traincnndnn", {"PATCH_SIZE": "10001"}, "Patch size (PATCH_SIZE) must be an odd whole number from 1 to 101 cells; found 10001"),
        ("traincnndnn", {"EPOCHS": 2.5}, "Epochs (EPOCHS) must be a whole number from 0 to 100000; found 2.5"),
        ("traincnndnn", {"TUNE_UNITS": "32, 5000"}, "Units to try (TUNE_UNITS) must be whole numbers from 1 to 4096"),
        ("classifysusceptibility", {"BREAKS": "0.2; much"}, "Manual breaks (BREAKS) must be numbers from 0 to 1, separated by commas"),
        ("classifysusceptibility", {"METHOD": "manual"}, "Manual breaks (BREAKS) must rise"),
        ("preparecovariates", {"DEM": "dem.tif", "RED": "red.tif"}, "NDVI needs both"),
        ("preparecovariates", {}, "Elevation (DEM) is missing; give it, or ready rasters"),
    ],
)
def test_the_dialog_refuses_what_the_worker_would(provider, name, changed, said):
    from qgis.core import QgsProcessingContext

    ok, sentence = provider.algorithm(name).create().checkParameterValues(changed, QgsProcessingContext())
    assert not ok
    assert sentence.startswith(said)


def test_the_plugin_imports_nothing_heavy(root):
    """Loading the provider in QGIS must not load the worker's packages."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.path.append('/usr/share/qgis/python/plugins')\n"
        "import conftest\n"
        "from qgis.core import QgsApplication; app = QgsApplication([], False); app.initQgis()\n"
        "from processing.core.Processing import Processing; Processing.initialize()\n"
        "from scarp import classFactory; plugin = classFactory(None); plugin.initProcessing()\n"
        "assert QgsApplication.processingRegistry().providerById('scarp').algorithms()\n"
        "heavy = {'tensorflow', 'keras', 'sklearn', 'matplotlib', 'scipy', 'numba'} & set(sys.modules)\n"
        "plugin.unload(); assert QgsApplication.processingRegistry().providerById('scarp') is None\n"
        "print(sorted(heavy))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(root / "test")], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"


def test_model_chains_and_opens(provider):
    model = provider.algorithm("susceptibilityfromcovariates")
    assert model is not None
    ok, message = model.canExecute()
    assert ok, message
    assert model.validate()[0], model.validate()[1]
    for identifier, child in model.childAlgorithms().items():
        ok, problems = model.validateChildAlgorithm(identifier)
        assert ok, (child.description(), problems)


def found(provider, words):
    """The algorithms that the toolbox leaves when these words are typed: each word must be in a tag, the name or the group."""
    return {
        each.name()
        for each in provider.algorithms()
        if all(any(word in text for text in [*each.tags(), each.displayName().lower(), each.group().lower()]) for word in words.split())
    }


@pytest.mark.parametrize(
    "words", ["landslide", "hazard", "susceptibility", "machine learning", "deep learning", "mass movement", "slope", "geohazard"]
)
def test_these_words_find_all_of_scarp(provider, words):
    assert found(provider, words) == {each.name() for each in provider.algorithms()}


def test_wetness_finds_what_computes_it(provider):
    assert {"preparecovariates"} <= found(provider, "wetness") < {each.name() for each in provider.algorithms()}


def test_each_has_an_icon_help_that_opens_and_a_numbered_group(provider, root):
    from qgis.PyQt.QtCore import QSize, QUrl
    from scarp.algorithms.base import GROUPS

    pictures = set()
    for each in provider.algorithms():
        assert QUrl(each.helpUrl()).isLocalFile(), each.name()
        assert "<h1>" in Path(QUrl(each.helpUrl()).toLocalFile()).read_text(encoding="utf-8")
        assert GROUPS[each.groupId()] == each.group()
        assert each.group()[0] == str(list(GROUPS).index(each.groupId()) + 1)
        assert (root / "resources" / "icons" / f"{each.name()}.svg").is_file(), each.name()
        image = each.icon().pixmap(QSize(16, 16)).toImage()
        # A tile of its own colour under white: readable on light and dark.
        light = {image.pixelColor(x, y).lightness() for x in range(3, 13) for y in range(3, 13)}
        assert max(light) - min(light) > 90, each.name()
        pictures.add(bytes(image.constBits().asarray(image.sizeInBytes())))
    assert len(pictures) == len(provider.algorithms())
