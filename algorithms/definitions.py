# SPDX-License-Identifier: GPL-2.0-or-later
"""Processing's own parameters and outputs, made from what the engine declares (`engine/declarations/parameters.py`)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingOutputDefinition,
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputString,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterBand,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterDistance,
    QgsProcessingParameterEnum,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMapLayer,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterPoint,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from ..engine.declarations.parameters import TASKS, Parameter, Result, dialog_parameters

# Under this key a choice's definition keeps the ids of its options, in their order.
IDS = "scarp_ids"
# Under this key a field's definition keeps the parameter whose layer has it.
PARENT = "scarp_parent"
# What makes the field of a number or band that has words for 0, or for no value at all; only a window imports it.
_WORDED = f"{__package__}.dialog.Worded"
# Numbers that may be smaller than this are shown with all their decimals, and so are these: a field rounds what it is given,
# and cells of 30.8719 m are others than those of 30.87.
_FINE = 0.001
_EXACT = ("CELL_SIZE", "DRAINAGE_AREA")
_TYPES = QgsProcessing.SourceType
_GEOMETRIES = {
    "point": _TYPES.TypeVectorPoint,
    "polygon": _TYPES.TypeVectorPolygon,
    "any": _TYPES.TypeVectorAnyGeometry,
    "table": _TYPES.TypeVector,
    "raster": _TYPES.TypeRaster,
}
_RESULTS = {
    "raster": QgsProcessingOutputRasterLayer,
    "vector": QgsProcessingOutputVectorLayer,
    "number": QgsProcessingOutputNumber,
    "text": QgsProcessingOutputString,
}
Translate = Callable[[str], str]


def make_definition(declared: Parameter, tr: Translate) -> QgsProcessingParameterDefinition:
    """Return the parameter of a dialog, with its help."""
    metadata: dict[str, Any] = {}
    made: QgsProcessingParameterDefinition = _MAKERS[declared.kind](declared, tr(declared.label), tr)
    text = tr(declared.help)
    if declared.table:
        text += in_scripts(list(declared.table), tr)
        metadata[IDS] = list(declared.table)
    if declared.kind == "field":
        metadata[PARENT] = declared.parent
    field: dict[str, Any] = {"decimals": _decimals(declared)} if declared.kind == "number" else {}
    if declared.nothing:
        field |= {"class": _WORDED, "nothing": tr(declared.nothing)}
    if field:
        metadata["widget_wrapper"] = field
    made.setMetadata(metadata)
    made.setHelp(text)
    if declared.advanced:
        made.setFlags(made.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
    return made


def let_ids_name(definition: QgsProcessingParameterEnum, tr: Translate) -> None:
    """Let scripts name the options of a model's choice as they name those of the step that takes it, which its file does not keep."""
    for declared in (each for task in TASKS for each in dialog_parameters(task)):
        if declared.id == definition.name() and list((declared.table or {}).values()) == definition.options():
            ids = list(declared.table or {})
            definition.setMetadata({**definition.metadata(), IDS: ids})
            definition.setHelp(definition.help() + in_scripts(ids, tr))
            return


def numbered(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of an algorithm or model with the options of choices, ids or numbers, as numbers; what is none stays.

    Several are a list, or text that separates them by commas or semicolons; empty ones among them are left out.
    """
    found = dict(parameters)
    for definition in algorithm.parameterDefinitions():
        ids, value = definition.metadata().get(IDS), parameters.get(definition.name())
        if not ids or value is None:
            continue
        if isinstance(value, str) and definition.allowMultiple():
            value = re.split("[;,]", value)
        several = isinstance(value, (list, tuple))
        given = [each for each in value if not (isinstance(each, str) and not each.strip())] if several else [value]
        numbers = [_number_of(each, ids) for each in given]
        found[definition.name()] = numbers if several else numbers[0]
    return found


def _number_of(value: Any, ids: list[str]) -> Any:
    """Return the number that an option is given by, its id or the number itself (" 01", "3.0"); what is neither stays."""
    word = value.strip().lower() if isinstance(value, str) else value
    if word in ids:
        return ids.index(word)
    try:
        return int(float(word)) if float(word).is_integer() else value
    except (TypeError, ValueError):
        return value


def unknown_choice(declared: Parameter, value: Any) -> Any:
    """Return what was given for a choice, after `numbered`, where it names none of its options; else None."""
    words = value if isinstance(value, (list, tuple)) else [value]
    known = range(len(declared.table or {}))
    odd = [each for each in words if isinstance(each, (str, int, float)) and each != "" and each not in known]
    if not odd:
        return None
    return [str(each) for each in odd] if declared.kind == "choices" else str(odd[0])


def in_scripts(ids: list[str], tr: Translate) -> str:
    """Return what a choice's help ends with: how scripts name its options."""
    return " " + tr("In scripts: {}.").format(", ".join(ids))


def _decimals(declared: Parameter) -> int:
    """Return how many decimals the field of a number shows, where QGIS shows six."""
    if declared.id in _EXACT or (declared.least and declared.least < _FINE):
        return 6
    return 2 if declared.unit in ("m", "m²", "degrees") else 3


def make_output(declared: Result, tr: Translate) -> QgsProcessingOutputDefinition:
    """Return an output that no parameter stands for."""
    return _RESULTS[declared.kind](declared.id, tr(declared.title))


def _number(declared: Parameter, title: str, _tr: Translate) -> Any:
    kinds = QgsProcessingParameterNumber.Type
    kind = kinds.Integer if declared.kind == "integer" else kinds.Double
    made = QgsProcessingParameterNumber(declared.id, title, kind, declared.default, declared.optional)
    return _with_range(made, declared)


def _distance(declared: Parameter, title: str, _tr: Translate) -> Any:
    made = QgsProcessingParameterDistance(declared.id, title, declared.default, declared.parent, declared.optional)
    return _with_range(made, declared)


def _with_range(made: Any, declared: Parameter) -> Any:
    if declared.least is not None:
        made.setMinimum(declared.least)
    if declared.most is not None:
        made.setMaximum(declared.most)
    return made


def _choice(declared: Parameter, title: str, tr: Translate) -> Any:
    table = declared.table or {}
    ids, several = list(table), declared.kind == "choices"
    default = [ids.index(each) for each in declared.default or []] if several else ids.index(declared.default)
    return QgsProcessingParameterEnum(
        declared.id, title, [tr(label) for label in table.values()], several, default, optional=declared.optional
    )


def _vector_output(declared: Parameter, title: str, _tr: Translate) -> Any:
    return QgsProcessingParameterVectorDestination(
        declared.id, title, _GEOMETRIES[declared.geometry[0]], optional=declared.optional, createByDefault=declared.made
    )


def _file_output(declared: Parameter, title: str, tr: Translate) -> Any:
    return QgsProcessingParameterFileDestination(
        declared.id, title, tr(declared.files), optional=declared.optional, createByDefault=declared.made
    )


def _text(declared: Parameter, title: str, _tr: Translate) -> Any:
    return QgsProcessingParameterString(declared.id, title, declared.default, optional=declared.optional)


def _layers(declared: Parameter, title: str, _tr: Translate) -> Any:
    kind = _TYPES.TypeRaster if declared.kind == "rasters" else _GEOMETRIES[declared.geometry[0]]
    return QgsProcessingParameterMultipleLayers(declared.id, title, kind, optional=declared.optional)


_MAKERS: dict[str, Callable[[Parameter, str, Translate], Any]] = {
    "raster": lambda each, title, _: QgsProcessingParameterRasterLayer(each.id, title, optional=each.optional),
    "rasters": _layers,
    "source": lambda each, title, _: QgsProcessingParameterFeatureSource(
        each.id, title, [_GEOMETRIES[name] for name in each.geometry], optional=each.optional
    ),
    "sources": _layers,
    "layer": lambda each, title, _: QgsProcessingParameterMapLayer(
        each.id, title, optional=each.optional, types=[_GEOMETRIES[name] for name in each.geometry]
    ),
    # As text, to which the dialog adds a picker (dialog.py): QGIS’s own ends it where its layer is a raster.
    "field": _text,
    "band": lambda each, title, _: QgsProcessingParameterBand(
        each.id, title, None, parentLayerParameterName=each.parent, optional=each.optional
    ),
    "file": lambda each, title, tr: QgsProcessingParameterFile(each.id, title, optional=each.optional, fileFilter=tr(each.files)),
    "folder": lambda each, title, _: QgsProcessingParameterFile(
        each.id, title, QgsProcessingParameterFile.Behavior.Folder, optional=each.optional
    ),
    "integer": _number,
    "number": _number,
    "distance": _distance,
    "integers": _text,
    "numbers": _text,
    "choice": _choice,
    "choices": _choice,
    "boolean": lambda each, title, _: QgsProcessingParameterBoolean(each.id, title, each.default),
    "point": lambda each, title, _: QgsProcessingParameterPoint(each.id, title, optional=each.optional),
    "text": _text,
    "date": _text,
    "raster output": lambda each, title, _: QgsProcessingParameterRasterDestination(
        each.id, title, optional=each.optional, createByDefault=each.made
    ),
    "vector output": _vector_output,
    "file output": _file_output,
    "folder output": lambda each, title, _: QgsProcessingParameterFolderDestination(
        each.id, title, optional=each.optional, createByDefault=each.made
    ),
}
