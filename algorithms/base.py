# SPDX-License-Identifier: GPL-2.0-or-later
"""What all of Scarp's algorithms share."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingUtils,
    QgsProperty,
)
from qgis.PyQt.QtGui import QIcon

from ..engine.declarations.checks import check_together, checked_value, point
from ..engine.declarations.outputs import check_outputs
from ..engine.declarations.parameters import FILES, RESULTS, Parameter, dialog_parameters
from ..engine.environment import PACKAGES
from ..engine.errors import EngineError
from .bridge import WorkerMissingError, find_python, run_task
from .definitions import IDS, make_definition, make_output, numbered, unknown_choice
from .inputs import KINDS, files_read, refuse_layers, take_layers
from .results import elevation_of, present, save_look
from .translation import tr

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
# In the order of the work; the toolbox sorts groups by name.
GROUPS = {
    "setup": "1. Set up and try",
    "data": "2. Prepare data",
    "model": "3. Train and compare",
    "map": "4. Map and classify",
    "chain": "5. Several steps at once",
}
# Words that find every algorithm and model of Scarp.
COMMON_TAGS = (
    "landslide",
    "hazard",
    "susceptibility",
    "machine learning",
    "deep learning",
    "mass movement",
    "slope stability",
    "geohazard",
)


def icon_of(name: str) -> QIcon:
    """Return the icon of an algorithm or model, by the fixed part of its id."""
    return QIcon(str(RESOURCES / "icons" / f"{name}.svg"))


def help_of(name: str) -> str:
    """Return the address of an algorithm's help: a page inside the plugin, so that it opens offline too."""
    page = RESOURCES / "help" / f"{name}.html"
    return page.as_uri() if page.is_file() else ""


class ScarpAlgorithm(QgsProcessingAlgorithm):
    """An algorithm that describes one task and lets the worker run it.

    A subclass names itself in the class attributes; its parameters are those declared for its task. `finish` may style what came out.
    """

    ID: ClassVar[str]
    TITLE: ClassVar[str]
    GROUP: ClassVar[str]
    TAGS: ClassVar[str]
    HELP: ClassVar[str]
    TASK: ClassVar[str]
    # Outputs that are layers, each with how it is shown: an id of `results.LOOKS`.
    SHOWN: ClassVar[tuple[tuple[str, str], ...]] = ()
    # Import names of the packages that the task needs.
    NEEDS: ClassVar[tuple[str, ...]] = PACKAGES

    def name(self) -> str:
        return self.ID

    def displayName(self) -> str:
        return self.tr(self.TITLE)

    def group(self) -> str:
        return self.tr(GROUPS[self.GROUP])

    def groupId(self) -> str:
        return self.GROUP

    def tags(self) -> list[str]:
        return [*COMMON_TAGS, *self.TAGS.split()]

    def shortHelpString(self) -> str:
        return self.tr(self.HELP)

    def icon(self) -> QIcon:
        return icon_of(self.ID)

    def helpUrl(self) -> str:
        return help_of(self.ID)

    def createInstance(self) -> ScarpAlgorithm:
        return type(self)()

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        for parameter in dialog_parameters(self.TASK):
            self.addParameter(make_definition(parameter, self.tr))
        for result in RESULTS.get(self.TASK, ()):
            self.addOutput(make_output(result, self.tr))

    def createCustomParametersWidget(self, parent: Any = None) -> Any:
        """Return the dialog with its pickers; only a window asks for it."""
        from .dialog import ScarpDialog

        return ScarpDialog(self, parent=parent)

    def tr(self, text: str) -> str:
        return tr(text)

    def canExecute(self) -> tuple[bool, str]:
        try:
            find_python(self.NEEDS)
        except WorkerMissingError as error:
            return False, str(error)
        return True, ""

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        parameters = numbered(self, parameters)
        try:
            self._check(parameters, context)
            refuse_layers(self, parameters, context)
            check_outputs(self.TASK, self._targets(parameters), files_read(self, parameters, context))
        except EngineError as error:
            return False, str(error)
        return super().checkParameterValues(parameters, context)

    def _check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raise EngineError where the worker would before any work; of files, only whether they are given is looked at."""
        values: dict[str, Any] = {}
        for declared in dialog_parameters(self.TASK):
            value = parameters.get(declared.id)
            if declared.table and (odd := unknown_choice(declared, value)) is not None:
                value = checked_value(declared, odd)  # says which there are
            elif declared.kind not in FILES:
                # QGIS would round 2.5 epochs, and take its default for what it cannot read.
                number = _number(value) if declared.kind in ("integer", "number") else None
                read = self.value(self.parameterDefinition(declared.id), parameters, context, None) if number is None else number
                value = checked_value(declared, read)
            elif declared.kind == "file" and value:
                _refuse_ending(declared, str(_plain(value)))
            values[declared.key] = value
        check_together(self.TASK, values)

    def _targets(self, parameters: dict[str, Any]) -> dict[str, str]:
        """Return the files that outputs were given by name, by keyword; QGIS names temporary ones itself."""
        found = {}
        for definition in self.parameterDefinitions():
            value = _plain(parameters.get(definition.name()))
            if definition.isDestination() and isinstance(value, str) and value not in ("", "memory:", QgsProcessing.TEMPORARY_OUTPUT):
                found[definition.name().lower()] = value
        return found

    def prepareAlgorithm(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> bool:
        parameters = numbered(self, parameters)
        self._refused = ""
        try:
            refuse_layers(self, parameters, context)  # a model does not check its children
            check_outputs(self.TASK, self._targets(parameters), files_read(self, parameters, context))
            self._layers = take_layers(self, parameters, context)
        except EngineError as error:
            self._refused = str(error)  # told when the algorithm runs, since QGIS drops what is raised here
        return super().prepareAlgorithm(parameters, context, feedback)

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        if self._refused:
            raise QgsProcessingException(self._refused)
        with tempfile.TemporaryDirectory(prefix="scarp-", dir=QgsProcessingUtils.tempFolder()) as folder:
            self._folder = Path(folder)
            values = self.task_values(numbered(self, parameters), context, feedback)
            result = {} if feedback.isCanceled() else run_task(self.TASK, values, self.NEEDS, feedback)
        if feedback.isCanceled():
            return {}
        self.show(result, elevation_of(values), context)
        self.finish(result, context)
        return {name.upper(): value for name, value in result.items() if self.outputDefinition(name.upper())}

    def task_values(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Return the task's values: by default every parameter, by its id in lower case."""
        return {
            definition.name().lower(): self.value(definition, parameters, context, feedback) for definition in self.parameterDefinitions()
        }

    def show(self, result: dict[str, Any], ground: str, context: QgsProcessingContext) -> None:
        """Say how the layers that came out are shown, over a hillshade of `ground` if that has elevations."""
        for definition in self.parameterDefinitions():
            path = result.get(definition.name().lower())
            if path and definition.type() in ("rasterDestination", "vectorDestination"):
                look = dict(self.SHOWN).get(definition.name(), "")
                save_look(look, path)
                present(path, context, self.displayName(), look=look, ground=ground or (path if look == "stack" else ""))

    def finish(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        """Do what is left when the worker has done its part, such as styling an output."""

    def value(
        self,
        definition: QgsProcessingParameterDefinition,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Any:
        """Return a parameter's value as the task takes it: plain JSON, layers as files."""
        name, kind = definition.name(), definition.type()
        if kind in KINDS:
            files = [written(self._folder, feedback) for written in self._layers[name]]
            return files if kind == "multilayer" else (files[0] if files else None)
        optional = bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)
        given = _plain(parameters.get(name))
        missing = given is None or given == ""
        if optional and ((missing and definition.isDestination()) or (given is None and definition.defaultValue() is None)):
            return None
        if kind == "enum":
            ids = definition.metadata()[IDS]
            if definition.allowMultiple():
                return [ids[number] for number in self.parameterAsEnums(parameters, name, context)]
            return ids[self.parameterAsEnum(parameters, name, context)]
        if kind in {"band", "number", "distance", "area"}:
            if kind == "band" or definition.dataType() == QgsProcessingParameterNumber.Type.Integer:
                return self.parameterAsInt(parameters, name, context)
            return self.parameterAsDouble(parameters, name, context)
        if kind == "boolean":
            return self.parameterAsBoolean(parameters, name, context)
        # QGIS would take a text that it cannot read for 0,0.
        if kind == "point" and not missing and not (isinstance(given, str) and point(given) is None):
            return _told(self.parameterAsPoint(parameters, name, context), self.parameterAsPointCrs(parameters, name, context))
        if definition.isDestination() and (missing or given == "memory:"):
            # Scripts ask for a temporary layer by the last; a model that leaves out what its next step needs, by the first.
            parameters = {**parameters, name: QgsProcessing.TEMPORARY_OUTPUT}
        if kind in {"fileDestination", "folderDestination"}:
            return self.parameterAsFileOutput(parameters, name, context) or None
        if definition.isDestination():
            return self.parameterAsOutputLayer(parameters, name, context) or None
        return self.parameterAsString(parameters, name, context) or None


def _refuse_ending(declared: Parameter, path: str) -> None:
    """Raise EngineError if a file cannot be of the kind that is asked for; QGIS would only say that the value is incorrect."""
    endings = re.findall(r"\*(\.\w+)", declared.files)
    if endings and not path.lower().endswith(tuple(endings)):
        raise EngineError(f"“{Path(path).name}” ({declared.title}) is none of these files: {declared.files}; choose another.")


def _plain(value: Any) -> Any:
    """Return the name that an output was given, whatever QGIS wrapped it in."""
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    return value.staticValue() if isinstance(value, QgsProperty) else value


def _told(point: QgsPointXY, crs: QgsCoordinateReferenceSystem) -> str:
    """Return a point as a task takes it, with its coordinate reference system where it has one."""
    told = crs.authid() or crs.toWkt()
    return f"{point.x()!r},{point.y()!r}" + (f" [{told}]" if told else "")


def _number(value: Any) -> float | None:
    """Return a number that was given as one or as text."""
    try:
        return float(value) if isinstance(value, (int, float, str)) else None
    except ValueError:
        return None
