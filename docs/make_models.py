# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the Graphical Modeler models in `resources/models`, in QGIS's own Python: `make docs`.

The models are declared here, and `test/algorithms/test_models.py` compares the files with this.
"""

from __future__ import annotations

import runpy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterLayer,
)
from qgis.PyQt.QtCore import QPointF

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "resources" / "models"
_TYPES = QgsProcessing.SourceType
_STACK = ("COVARIATES", "The output of “Prepare covariates”.")
_INVENTORY = ("INVENTORY", "Landslides as points or polygons, in any coordinate reference system.")
_TEST = (
    "TEST_INVENTORY",
    "Landslides that take no part in training; the AUC of them is then the headline (prediction rate). Empty: a part of the inventory "
    "is kept for the test.",
)
_CELLS = ("sample_cells", "The cells that the model learnt from and was tested on; left out, they are temporary.")
_MODEL = ("model_file", "The trained model, for “Map a new area” and “Map susceptibility”.")
_REPORT = ("report", "Training history, ROC curve, confusion matrix and metrics on the test cells.")
_MAP = ("susceptibility", "Susceptibility from 0 to 1 on the stack's grid.")
_CLASSES = ("susceptibility_classes", "Five classes from very low to very high, by natural breaks.")
_TABLE = ("table_of_classes", "Range, area and share of each class, and its landslides where an inventory is given.")


@dataclass(frozen=True)
class Step:
    """A child algorithm: `takes` gives a model's input by its id, an output of another step as (step, output), or a `Fixed` value."""

    name: str
    algorithm: str
    title: str
    takes: dict[str, Any]
    gives: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fixed:
    """A value that a step always has."""

    value: Any


@dataclass(frozen=True)
class Model:
    """A model: its help by inputs and outputs, and its steps in their order."""

    file: str
    name: str
    text: str
    help: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]


def _sampling(stack: Any) -> tuple[Step, ...]:
    """Return the steps from a stack to a trained network."""
    return (
        Step("sample", "samplecells", "Sample cells", {"COVARIATES": stack, "INVENTORY": "INVENTORY"}, {"OUTPUT": "Sample cells"}),
        Step(
            "train",
            "traincnndnn",
            "Train CNN–DNN",
            {
                "COVARIATES": stack,
                "INVENTORY": ("sample", "OUTPUT"),
                "LABEL_FIELD": Fixed("landslide"),
                "TEST_INVENTORY": "TEST_INVENTORY",
            },
            {"MODEL": "Model file", "REPORT": "Report"},
        ),
    )


def _mapping(stack: Any, model: Any, **inventory: str) -> tuple[Step, ...]:
    """Return the steps from a stack and a model file to classes."""
    return (
        Step("map", "mapsusceptibility", "Map susceptibility", {"COVARIATES": stack, "MODEL": model}, {"OUTPUT": "Susceptibility"}),
        Step(
            "classes",
            "classifysusceptibility",
            "Classify susceptibility",
            {"SUSCEPTIBILITY": ("map", "OUTPUT"), "METHOD": Fixed(0), "CLASSES": Fixed(5), **inventory},
            {"OUTPUT": "Susceptibility classes", "TABLE": "Table of classes"},
        ),
    )


def models() -> tuple[Model, ...]:
    """Return the models that Scarp ships."""
    prepared = ("prepare", "OUTPUT")
    return (
        Model(
            "susceptibility_from_covariates",
            "Susceptibility from covariates",
            "From a covariate stack and a landslide inventory to a classified susceptibility map, with the defaults of each step: draws "
            "sample cells, trains and tests the CNN–DNN, maps susceptibility and sorts it into five classes.",
            (_STACK, _INVENTORY, _TEST, _CLASSES, _TABLE, _MAP, _CELLS, _MODEL, _REPORT),
            (*_sampling("COVARIATES"), *_mapping("COVARIATES", ("train", "MODEL"), INVENTORY="INVENTORY")),
        ),
        Model(
            "susceptibility_from_dem_and_landslides",
            "Susceptibility from DEM and landslides",
            "From a DEM and a landslide inventory to a classified susceptibility map in one step: prepares the covariates of the terrain, "
            "draws sample cells, trains and tests the CNN–DNN, maps susceptibility and sorts it into five classes, with the "
            "defaults of each step.",
            (
                ("DEM", "A digital elevation model in a projected coordinate reference system."),
                _INVENTORY,
                ("AREA", "Polygons that bound the study area. Empty: the whole DEM."),
                _TEST,
                _CLASSES,
                _TABLE,
                _MAP,
                ("covariates", "The covariate stack, for further runs."),
                _CELLS,
                _MODEL,
                _REPORT,
            ),
            (
                Step("prepare", "preparecovariates", "Prepare covariates", {"DEM": "DEM", "AREA": "AREA"}, {"OUTPUT": "Covariates"}),
                *_sampling(prepared),
                *_mapping(prepared, ("train", "MODEL"), INVENTORY="INVENTORY"),
            ),
        ),
        Model(
            "benchmark_and_map_the_best",
            "Benchmark and map the best",
            "Compares the CNN–DNN with other classifiers on your data, in spatial and random folds, fits the best of them to all cells, "
            "maps susceptibility with it and sorts it into five classes.",
            (
                _STACK,
                _INVENTORY,
                _TEST,
                ("CLASSIFIERS", "Which classifiers to compare."),
                ("FOLDS", "The cells are divided into so many parts (folds); each is the test once while the others train."),
                _CLASSES,
                _TABLE,
                _MAP,
                ("table_of_metrics", "A row for each validation and classifier, with every metric and the comparison with the CNN–DNN."),
                ("benchmark_report", "Tables and plots of all metrics, with the method in words."),
                ("model_file", "The best classifier, fitted to all cells."),
            ),
            (
                Step(
                    "benchmark",
                    "benchmarkclassifiers",
                    "Benchmark classifiers",
                    {name: name for name in ("COVARIATES", "INVENTORY", "TEST_INVENTORY", "CLASSIFIERS", "FOLDS")},
                    {"OUTPUT": "Table of metrics", "REPORT": "Benchmark report", "MODEL": "Model file"},
                ),
                *_mapping("COVARIATES", ("benchmark", "MODEL"), INVENTORY="INVENTORY"),
            ),
        ),
        Model(
            "map_a_new_area",
            "Map a new area",
            "Maps susceptibility of another area with a model file that was trained before, and sorts it into five classes. The stack of "
            "the area must have the covariates that the model was trained with, prepared in the same way.",
            (
                ("COVARIATES", "The output of “Prepare covariates” for the new area."),
                ("MODEL", "The model file that “Train CNN–DNN” or “Benchmark classifiers” wrote."),
                _CLASSES,
                _TABLE,
                _MAP,
            ),
            _mapping("COVARIATES", "MODEL"),
        ),
    )


def inputs() -> dict[str, Any]:
    """Return the parameter of each input that a model may have, by its id."""
    runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()
    from scarp.engine.declarations.parameters import task_parameters

    benchmark = task_parameters("benchmark_classifiers")
    labels, folds = list(benchmark["classifiers"].table or {}), benchmark["folds"]
    names = list((benchmark["classifiers"].table or {}).values())
    chosen = [labels.index(each) for each in benchmark["classifiers"].default]
    landslides = [_TYPES.TypeVectorPoint, _TYPES.TypeVectorPolygon]
    found = [
        QgsProcessingParameterRasterLayer("COVARIATES", "Covariate stack"),
        QgsProcessingParameterRasterLayer("DEM", "Elevation (DEM)"),
        QgsProcessingParameterFeatureSource("INVENTORY", "Landslide inventory", landslides),
        QgsProcessingParameterFeatureSource("TEST_INVENTORY", "Test inventory", landslides, optional=True),
        QgsProcessingParameterFeatureSource("AREA", "Study area", [_TYPES.TypeVectorPolygon], optional=True),
        QgsProcessingParameterFile("MODEL", "Model file", fileFilter="Scarp model (*.scarp)"),
        QgsProcessingParameterEnum("CLASSIFIERS", "Classifiers", names, True, chosen),
        QgsProcessingParameterNumber(
            "FOLDS", "Folds", QgsProcessingParameterNumber.Type.Integer, folds.default, False, folds.least, folds.most
        ),
    ]
    return {each.name(): each for each in found}


def build(declared: Model) -> QgsProcessingModelAlgorithm:
    """Return a model as QGIS has it."""
    made = QgsProcessingModelAlgorithm(declared.name, "Scarp")
    told = dict(declared.help)
    for number, name in enumerate(name for name in told if name in inputs()):
        parameter = inputs()[name]
        parameter.setHelp(told[name])
        component = QgsProcessingModelParameter(name)
        component.setDescription(parameter.description())
        component.setPosition(QPointF(240.0 + 250 * number, 60.0))
        made.addModelParameter(parameter, component)
    for number, step in enumerate(declared.steps):
        child = QgsProcessingModelChildAlgorithm(f"scarp:{step.algorithm}")
        child.setChildId(step.name)
        child.setDescription(step.title)
        child.setPosition(QPointF(240.0, 180.0 + 140 * number))
        for name, value in step.takes.items():
            child.addParameterSources(name, [_source(value)])
        outputs = {}
        for place, (output, title) in enumerate(step.gives.items()):
            given = QgsProcessingModelOutput(title, title)
            given.setChildId(step.name)
            given.setChildOutputName(output)
            given.setPosition(QPointF(520.0, 170.0 + 140 * number + 45 * place))
            outputs[title] = given
        child.setModelOutputs(outputs)
        made.addChildAlgorithm(child)
    made.setParameterOrder([name for name in told if name in inputs()])
    given_by = {title.lower().replace(" ", "_"): f"{step.name}:{title}" for step in declared.steps for title in step.gives.values()}
    made.setOutputOrder([given_by[name] for name in told if name in given_by])
    made.updateDestinationParameters()
    made.setHelpContent({"ALG_DESC": declared.text, "ALG_CREATOR": "Scarp", "ALG_VERSION": "1", **told})
    return made


def _source(value: Any) -> QgsProcessingModelChildParameterSource:
    if isinstance(value, Fixed):
        return QgsProcessingModelChildParameterSource.fromStaticValue(value.value)
    if isinstance(value, tuple):
        return QgsProcessingModelChildParameterSource.fromChildOutput(*value)
    return QgsProcessingModelChildParameterSource.fromModelParameter(value)


def main() -> None:
    """Write all models; Scarp's algorithms need not be there."""
    for declared in models():
        build(declared).toFile(str(MODELS / f"{declared.file}.model3"))


if __name__ == "__main__":
    main()
