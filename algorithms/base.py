# SPDX-License-Identifier: GPL-2.0-or-later
"""What all of Scarp's algorithms share."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any, ClassVar

from qgis.core import (
    QgsMapLayer,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterNumber,
    QgsProcessingUtils,
    QgsProviderRegistry,
    QgsRasterFileWriter,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..engine.declarations.checks import check_together, checked_value
from ..engine.declarations.parameters import FILES, RESULTS, dialog_parameters
from ..engine.environment import PACKAGES
from ..engine.errors import EngineError
from .bridge import WorkerMissingError, find_python, run_task
from .definitions import IDS, make_definition, make_output

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
GROUPS = {
    "data": "1. Data",
    "model": "2. Model",
    "map": "3. Map",
    "setup": "Set-up",
}
_LAYER_TYPES = {"raster", "source", "vector", "maplayer", "layer", "multilayer"}


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
        return self.TAGS.split()

    def shortHelpString(self) -> str:
        return self.tr(self.HELP)

    def icon(self) -> QIcon:
        return QIcon(str(RESOURCES / "icons" / "scarp.svg"))

    def createInstance(self) -> ScarpAlgorithm:
        return type(self)()

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        for parameter in dialog_parameters(self.TASK):
            self.addParameter(make_definition(parameter, self.tr))
        for result in RESULTS.get(self.TASK, ()):
            self.addOutput(make_output(result, self.tr))

    def tr(self, text: str) -> str:
        return QCoreApplication.translate("Scarp", text)

    def canExecute(self) -> tuple[bool, str]:
        try:
            find_python(self.NEEDS)
        except WorkerMissingError as error:
            return False, str(error)
        return True, ""

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        parameters = self._numbered(parameters)
        try:
            self._check(parameters, context)
        except EngineError as error:
            return False, str(error)
        for definition in self.parameterDefinitions():
            for layer in self._layers(definition, parameters, context):
                if not layer.crs().isValid():
                    return False, self.tr(
                        "The layer “{}” ({}) has no coordinate reference system; assign one (Layer > Set Layer CRS) so that "
                        "it can be laid over the others."
                    ).format(layer.name(), definition.description())
        return super().checkParameterValues(parameters, context)

    def _check(self, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
        """Raise EngineError where the worker would before any work; of files, only whether they are given is looked at."""
        values: dict[str, Any] = {}
        for declared in dialog_parameters(self.TASK):
            value = parameters.get(declared.id)
            if declared.kind not in FILES:
                # QGIS would round 2.5 epochs, and take its default for what it cannot read.
                number = _number(value) if declared.kind in ("integer", "number") else None
                read = self.value(self.parameterDefinition(declared.id), parameters, context, None) if number is None else number
                value = checked_value(declared, read)
            values[declared.key] = value
        check_together(self.TASK, values)

    def processAlgorithm(
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        values = self.task_values(self._numbered(parameters), context, feedback)
        result = run_task(self.TASK, values, self.NEEDS, feedback)
        if feedback.isCanceled():
            return {}
        self.finish(result, context)
        return {name.upper(): value for name, value in result.items() if self.outputDefinition(name.upper())}

    def task_values(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        """Return the task's values: by default every parameter, by its id in lower case."""
        return {
            definition.name().lower(): self.value(definition, parameters, context, feedback) for definition in self.parameterDefinitions()
        }

    def finish(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        """Do what is left when the worker has done its part, such as styling an output."""

    def _numbered(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with the ids of choices replaced by their numbers."""
        numbered = dict(parameters)
        for definition in self.parameterDefinitions():
            ids, value = definition.metadata().get(IDS), parameters.get(definition.name())
            if not ids or value is None:
                continue
            if isinstance(value, str) and not value.replace(";", "").replace(",", "").isdigit():
                value = re.split("[;,]", value) if definition.allowMultiple() else value
            if isinstance(value, (list, tuple)):
                value = [ids.index(each) if each in ids else each for each in value]
            elif value in ids:
                value = ids.index(value)
            numbered[definition.name()] = value
        return numbered

    def value(
        self,
        definition: QgsProcessingParameterDefinition,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> Any:
        """Return a parameter's value as the task takes it: plain JSON, layers as files."""
        name, kind = definition.name(), definition.type()
        if kind in _LAYER_TYPES:
            files = [self._file(layer, name, parameters, context, feedback) for layer in self._layers(definition, parameters, context)]
            return files if kind == "multilayer" else (files[0] if files else None)
        optional = bool(definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional)
        if optional and parameters.get(name) is None and (definition.isDestination() or definition.defaultValue() is None):
            return None
        if kind == "enum":
            ids = definition.metadata()[IDS]
            if definition.allowMultiple():
                return [ids[number] for number in self.parameterAsEnums(parameters, name, context)]
            return ids[self.parameterAsEnum(parameters, name, context)]
        if kind in {"number", "distance", "area"}:
            if definition.dataType() == QgsProcessingParameterNumber.Type.Integer:
                return self.parameterAsInt(parameters, name, context)
            return self.parameterAsDouble(parameters, name, context)
        if kind == "boolean":
            return self.parameterAsBoolean(parameters, name, context)
        if kind in {"fileDestination", "folderDestination"}:
            return self.parameterAsFileOutput(parameters, name, context) or None
        if definition.isDestination():
            return self.parameterAsOutputLayer(parameters, name, context) or None
        return self.parameterAsString(parameters, name, context) or None

    def _layers(
        self, definition: QgsProcessingParameterDefinition, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> list[QgsMapLayer]:
        name, kind = definition.name(), definition.type()
        if kind == "multilayer":
            return self.parameterAsLayerList(parameters, name, context)
        if kind == "raster":
            layer = self.parameterAsRasterLayer(parameters, name, context)
        elif kind in {"source", "vector"}:
            value = parameters.get(name)
            if isinstance(value, QgsProcessingFeatureSourceDefinition):  # “Selected features only” and the like
                layer_id, _ = value.source.valueAsString(context.expressionContext())
                layer = QgsProcessingUtils.mapLayerFromString(layer_id, context)
            else:
                layer = self.parameterAsVectorLayer(parameters, name, context)
        elif kind in {"maplayer", "layer"}:
            layer = self.parameterAsLayer(parameters, name, context)
        else:
            return []
        return [layer] if layer is not None else []

    def _file(
        self,
        layer: QgsMapLayer,
        name: str,
        parameters: dict[str, Any],
        context: QgsProcessingContext,
        feedback: QgsProcessingFeedback,
    ) -> str:
        """Return the file that holds the layer; what exists only in QGIS is written to a temporary file first."""
        if isinstance(layer, QgsRasterLayer):
            return _raster_file(layer, context)
        value = parameters.get(name)
        if isinstance(value, QgsProcessingFeatureSourceDefinition) and (
            value.selectedFeaturesOnly or value.filterExpression or value.featureLimit >= 0
        ):
            return self.parameterAsCompatibleSourceLayerPath(parameters, name, context, ["gpkg"], "gpkg", feedback)
        return _vector_file(layer, context)


class Style(QgsProcessingLayerPostProcessorInterface):
    """Gives a layer a style of `resources/styles` when Processing loads it."""

    # Processing does not keep post-processors alive.
    _kept: ClassVar[list[Style]] = []

    def __init__(self, name: str) -> None:
        super().__init__()
        self._path = str(RESOURCES / "styles" / name)

    def postProcessLayer(self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        layer.loadNamedStyle(self._path)
        layer.triggerRepaint()

    @classmethod
    def apply(cls, name: str, path: str, context: QgsProcessingContext) -> None:
        """Style what gets loaded from `path`, now by Processing and later by whoever opens the file."""
        shutil.copyfile(RESOURCES / "styles" / name, Path(path).with_suffix(".qml"))
        if context.willLoadLayerOnCompletion(path):
            cls._kept.append(cls(name))
            context.layerToLoadOnCompletionDetails(path).setPostProcessor(cls._kept[-1])


def _number(value: Any) -> float | None:
    """Return a number that was given as one or as text."""
    try:
        return float(value) if isinstance(value, (int, float, str)) else None
    except ValueError:
        return None


def _raster_file(layer: QgsRasterLayer, context: QgsProcessingContext) -> str:
    if layer.providerType() == "gdal":
        return layer.source().split("|")[0]
    path = QgsProcessingUtils.generateTempFilename("layer.tif", context)
    pipe = QgsRasterPipe()
    provider = layer.dataProvider()
    pipe.set(provider.clone())
    error = QgsRasterFileWriter(path).writeRaster(
        pipe, layer.width(), layer.height(), layer.extent(), layer.crs(), context.transformContext()
    )
    if error != QgsRasterFileWriter.WriterError.NoError:
        raise QgsProcessingException(f"The layer “{layer.name()}” could not be saved for the worker; save it as GeoTIFF and use that.")
    return path


def _vector_file(layer: QgsVectorLayer, context: QgsProcessingContext) -> str:
    uri = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    if layer.providerType() == "ogr" and not layer.isModified() and not layer.subsetString():
        name = uri.get("layerName")
        return f"{uri['path']}|layername={name}" if name else uri["path"]
    path = QgsProcessingUtils.generateTempFilename("layer.gpkg", context)
    options = QgsVectorFileWriter.SaveVectorOptions()
    error, message, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(layer, path, context.transformContext(), options)
    if error != QgsVectorFileWriter.WriterError.NoError:
        raise QgsProcessingException(f"The layer “{layer.name()}” could not be saved for the worker: {message}")
    return path
