# SPDX-License-Identifier: GPL-2.0-or-later
"""The one door through which layers go into a task: as QGIS shows them, or refused in one sentence."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsDataSourceUri,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsMapLayer,
    QgsMeshLayer,
    QgsPointCloudLayer,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingFeedback,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
    QgsProperty,
    QgsProviderRegistry,
    QgsRasterBlockFeedback,
    QgsRasterFileWriter,
    QgsRasterLayer,
    QgsRasterPipe,
    QgsVariantUtils,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QMetaType, Qt, QVariant

from ..engine.declarations.outputs import archive_of, odd_kind
from ..engine.declarations.parameters import task_parameters
from ..engine.declarations.source import ID_FIELD, Source, is_elsewhere, several_layers
from ..engine.errors import EngineError
from .definitions import PARENT

KINDS = frozenset({"raster", "source", "vector", "maplayer", "layer", "multilayer"})
# Vector formats that QGIS and the worker read alike: text is UTF-8, and a layer has one name.
_ALIKE = frozenset({"GPKG", "GeoJSON", "FlatGeobuf"})
# Fields of sample cells.
_SAMPLE_FIELDS = ("landslide", "subset", "fold")
# Parameters whose layers may hold labels, known or overlooked.
_INVENTORIES = frozenset({"INVENTORY", "TEST_INVENTORY"})
# Types of fields.
_STRING, _TRUTH, _WHOLE = (
    (QMetaType.Type.QString, QMetaType.Type.Bool, QMetaType.Type.Int)
    if Qgis.versionInt() >= 33800
    else (QVariant.String, QVariant.Bool, QVariant.Int)
)
# What names a table of a database rather than a file.
_IN_DATABASE = re.compile(r"(^|\s)(dbname|host|service|table|password)\s*=")
# What a vector layer holds, by the type that a parameter names.
_SHAPES = {
    QgsProcessing.SourceType.TypeVectorPoint: (QgsWkbTypes.GeometryType.PointGeometry, "points"),
    QgsProcessing.SourceType.TypeVectorLine: (QgsWkbTypes.GeometryType.LineGeometry, "lines"),
    QgsProcessing.SourceType.TypeVectorPolygon: (QgsWkbTypes.GeometryType.PolygonGeometry, "polygons"),
}
# Features between two looks at whether the user cancelled.
_LOOK = 4096
# What becomes of layers of other kinds.
_WAYS = {
    QgsMeshLayer: ("a mesh", "make a raster of it first (native:meshrasterize)"),
    QgsPointCloudLayer: ("a point cloud", "make a raster of it first (pdal:exportraster)"),
}


def refuse_layers(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
    """Raise EngineError if a layer among the parameters cannot go into the task."""
    for definition in algorithm.parameterDefinitions():
        for given in _given(definition, parameters, context):
            _refuse(given, algorithm, parameters, context)


def refusal(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
    """Return why a layer among the parameters cannot go into the task; empty if all can."""
    try:
        refuse_layers(algorithm, parameters, context)
    except EngineError as error:
        return str(error)
    return ""


def take_layers(
    algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> dict[str, list[Callable[[Path, QgsProcessingFeedback], str]]]:
    """Return, for each parameter that takes layers, what writes each layer's `Source` (and its file, if it needs one) into a folder.

    Layers live in the thread that calls this; what is returned may be called in another.
    """
    return {
        definition.name(): [
            _raster(given, given.layer)
            if isinstance(given.layer, QgsRasterLayer)
            else _vector(given, given.layer, algorithm, parameters, context)
            for given in _given(definition, parameters, context)
        ]
        for definition in algorithm.parameterDefinitions()
        if definition.type() in KINDS
    }


def files_read(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> Iterator[tuple[str, Path]]:
    """Yield the files of the layers among the parameters, each with what it is called."""
    for definition in algorithm.parameterDefinitions():
        for given in _given(definition, parameters, context):
            if given.layer is not None:
                yield given.told, archive_of(str(_parts(given.layer).get("path") or given.layer.source()))


@dataclass(frozen=True)
class _Given:
    """What a parameter was given for one layer: the text, if it was one, the layer that it means, and which of its features count."""

    definition: QgsProcessingParameterDefinition
    text: str
    layer: QgsMapLayer | None
    limits: QgsProcessingFeatureSourceDefinition
    is_path: bool

    @property
    def label(self) -> str:
        """What the user calls it; of a table of a database that is no layer yet, its name."""
        if self.layer is None and _IN_DATABASE.search(self.text):
            return QgsDataSourceUri(self.text.partition("://")[2] or self.text).table() or "of a database"
        return self.layer.name() if self.layer is not None and not self.is_path else self.named().label

    @property
    def told(self) -> str:
        """It and its parameter, for a sentence."""
        return f"“{self.label}” ({self.definition.description()})"

    @property
    def lasting(self) -> str:
        """Where the layer lies, for people, of which the task has a copy; empty where that is in no file, such as in QGIS's memory."""
        path = self.named().path
        return str(Path(path).absolute()) if path and Path(path).exists() else ""

    def named(self) -> Source:
        """Return the file and the layer in it, as far as the text or the layer's provider tells."""
        if self.layer is None:
            return Source.parse(self.text)
        if not isinstance(self.layer, QgsVectorLayer):
            return Source.parse(self.layer.source())
        parts = _parts(self.layer)
        path = "".join(str(parts.get(key, "")) for key in ("vsiPrefix", "path", "vsiSuffix"))
        return Source(path or self.layer.source(), layername=str(parts.get("layerName", "")))


def _given(definition: QgsProcessingParameterDefinition, parameters: dict[str, Any], context: QgsProcessingContext) -> Iterator[_Given]:
    """Yield what a parameter was given; nothing for one that takes no layers or was left out."""
    if definition.type() not in KINDS:
        return
    value = parameters.get(definition.name())
    if value is None:
        value = definition.defaultValue()
    for each in value if isinstance(value, (list, tuple)) else [value]:
        limits = each if isinstance(each, QgsProcessingFeatureSourceDefinition) else QgsProcessingFeatureSourceDefinition()
        meant = _meant(each, context)
        if isinstance(meant, QgsMapLayer):
            yield _Given(definition, "", meant, limits, False)
        elif meant:
            shown = _shown(meant, context)
            yield _Given(definition, meant, _loaded(meant, definition, context) if shown is None else shown, limits, shown is None)


def _meant(value: Any, context: QgsProcessingContext) -> QgsMapLayer | str:
    """Return the layer, or the text that names one, within what a dialog, a model or a script gives."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source
    if isinstance(value, QgsProcessingOutputLayerDefinition):
        value = value.sink
    if isinstance(value, QgsProperty):
        value, _ = value.valueAsString(context.expressionContext())
    return value if isinstance(value, QgsMapLayer) else str(value or "")


def _shown(text: str, context: QgsProcessingContext) -> QgsMapLayer | None:
    """Return the layer with this id or name that QGIS or a model has already, a broken one too."""
    stores = [context.project().layerStore()] if context.project() is not None else []
    for store in (*stores, context.temporaryLayerStore()):
        found = store.mapLayer(text) or next(iter(store.mapLayersByName(text)), None)
        if found is not None:
            return found
    return None


def _loaded(text: str, definition: QgsProcessingParameterDefinition, context: QgsProcessingContext) -> QgsMapLayer | None:
    """Load a layer of the kind that the parameter takes, else of any kind; None if it cannot be."""
    hints = QgsProcessingUtils.LayerHint
    wanted = {"raster": hints.Raster, "source": hints.Vector, "vector": hints.Vector}.get(definition.type(), hints.UnknownType)
    if definition.type() == "multilayer":
        wanted = hints.Raster if definition.layerType() == QgsProcessing.SourceType.TypeRaster else hints.Vector
    if odd_kind(text.partition("|")[0]):  # QGIS would wait for it
        return None
    found = QgsProcessingUtils.mapLayerFromString(text, context, True, wanted)
    return found or QgsProcessingUtils.mapLayerFromString(text, context, True, hints.UnknownType)


def _parts(layer: QgsMapLayer) -> dict[str, Any]:
    """Return what a layer's source tells: path, layerName, subset and the like."""
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    return {key: value for key, value in parts.items() if not QgsVariantUtils.isNull(value)}


def _crs(layer: QgsMapLayer) -> QgsCoordinateReferenceSystem:
    """Return a layer's CRS; of a layer of geometry collections, to which QGIS gives none, that of its source."""
    if layer.crs().isValid() or not isinstance(layer, QgsVectorLayer) or layer.isSpatial():
        return layer.crs()
    return layer.dataProvider().crs()


def _refuse(given: _Given, algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext) -> None:
    """Raise EngineError if the layer cannot go into the task."""
    layer = given.layer
    if layer is None or given.is_path:
        _refuse_unnamed(given, is_vector=any(_asked_fields(given, algorithm, parameters).values()))
    if layer is None:
        raise EngineError(f"The layer {given.told} cannot be opened: {_why_not(given)}.")
    takes_rasters, takes_vectors = _takes(given.definition)
    if not isinstance(layer, (QgsRasterLayer, QgsVectorLayer)):
        kind, way = next(
            (told for known, told in _WAYS.items() if isinstance(layer, known)), ("no raster and no vector layer", "choose another")
        )
        raise EngineError(f"The layer {given.told} is {kind}; {way}.")
    if not layer.isValid():
        raise EngineError(f"The layer {given.told} is broken: {_why_not(given)}. Repair its source in QGIS, or choose another layer.")
    if isinstance(layer, QgsRasterLayer) and not takes_rasters:
        way = "make polygons of its cells first (gdal:polygonize)"
        if given.definition.name() in _INVENTORIES:
            way += " or points (native:pixelstopoints), and keep the landslides alone by a filter"
        raise EngineError(f"The layer {given.told} is a raster, and a vector layer is needed; {way}.")
    if isinstance(layer, QgsVectorLayer) and not takes_vectors:
        raise EngineError(f"The layer {given.told} is a vector layer, and a raster is needed; choose one.")
    if isinstance(layer, QgsVectorLayer) and layer.wkbType() == QgsWkbTypes.NoGeometry:
        raise EngineError(
            f"The layer {given.told} is a table without geometries; load it with “Add Delimited Text Layer”, or make points of it first "
            "(native:createpointslayerfromtable)."
        )
    if not _crs(layer).isValid():
        raise EngineError(
            f"The layer {given.told} has no coordinate reference system; assign one (Layer > Set Layer CRS) so that it can be laid over "
            "the others."
        )
    if isinstance(layer, QgsVectorLayer):
        _refuse_geometry(given, layer)
        _refuse_features(given, layer, algorithm, parameters, context)


def _refuse_geometry(given: _Given, layer: QgsVectorLayer) -> None:
    """Raise EngineError if a layer holds points, lines or polygons alone, and the parameter takes others."""
    types = given.definition.dataTypes() if hasattr(given.definition, "dataTypes") else []
    taken = [_SHAPES[each] for each in types if each in _SHAPES]
    kind = QgsWkbTypes.geometryType(layer.wkbType())
    holds = next((words for known, words in _SHAPES.values() if known == kind), None)
    if taken and holds and kind not in [known for known, _ in taken]:
        needed = [words for _, words in taken] + ["a raster"] * _takes(given.definition)[0]
        raise EngineError(f"The layer {given.told} holds {holds}, and {' or '.join(needed)} are needed; choose another.")


def _takes(definition: QgsProcessingParameterDefinition) -> tuple[bool, bool]:
    """Return whether a parameter takes rasters, and whether it takes vector layers."""
    if definition.type() == "multilayer":
        is_raster = definition.layerType() == QgsProcessing.SourceType.TypeRaster
        return is_raster, not is_raster
    return definition.type() not in ("source", "vector"), definition.type() != "raster"


def _refuse_unnamed(given: _Given, *, is_vector: bool) -> None:
    """Raise EngineError if a text is the path alone of a file that holds several layers of the kind that is needed.

    Where a field of it is named besides, it is a vector layer.
    """
    if not given.text.startswith("/vsi") and not Path(given.text).is_file():
        return
    takes_rasters, takes_vectors = _takes(given.definition)
    takes_rasters &= not is_vector
    # Counted, since GPX files have layers of every kind, most of them empty.
    flags = Qgis.SublayerQueryFlags(Qgis.SublayerQueryFlag.ResolveGeometryType) | Qgis.SublayerQueryFlag.CountFeatures
    found = QgsProviderRegistry.instance().querySublayers(given.text, flags)
    rasters = [each for each in found if each.type() == Qgis.LayerType.Raster] if takes_rasters else []
    vectors = [
        each
        for each in found
        if each.type() == Qgis.LayerType.Vector and each.wkbType() != QgsWkbTypes.NoGeometry and each.featureCount() != 0
    ]
    vectors = vectors if takes_vectors else []
    if len(rasters) + len(vectors) < 2:
        return
    names = [each.name() for each in vectors]
    if rasters:
        listed = ", ".join(each.uri() for each in (*rasters, *vectors))
        raise EngineError(
            f"The file {given.text} holds {len(rasters) + len(vectors)} layers, and its path alone does not tell which: name one, {listed}."
        )
    if len(set(names)) == 1:
        kinds = [QgsWkbTypes.geometryDisplayString(QgsWkbTypes.geometryType(each.wkbType())) for each in vectors]
        uris = " or ".join(f"{given.text}|layername={names[0]}|geometrytype={kind}" for kind in dict.fromkeys(kinds))
        raise EngineError(f"The layer {given.told} mixes geometries ({', '.join(dict.fromkeys(kinds))}); name those that count: {uris}.")
    raise EngineError(several_layers(given.text, names))


def _why_not(given: _Given) -> str:
    """Tell why a layer cannot be opened, as far as its file tells."""
    path = given.named().path
    if not path or is_elsewhere(path):
        told = QgsDataSourceUri.removePassword(path or given.text)
        return f"its source {told} cannot be read; its server may be out of reach"
    if kind := odd_kind(path):
        return f"it is {kind}, no file; give a file"
    if path.startswith("/vsi") or Path(path).exists():
        return f"its file {path} cannot be read"
    return f"its file {path} does not exist"


def _refuse_features(
    given: _Given, layer: QgsVectorLayer, algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> None:
    """Raise EngineError if the features asked for are none, or are sample cells that are taken for landslides."""
    if given.limits.selectedFeaturesOnly and not layer.selectedFeatureCount():
        raise EngineError(f"No feature of the layer {given.told} is selected; select some, or do not ask for “Selected features only”.")
    names = layer.fields().names()
    for parameter, field in _asked_fields(given, algorithm, parameters).items():
        if field and field not in names:
            raise EngineError(f"The layer {given.told} has no field “{field}” ({parameter}); its fields are {', '.join(names) or 'none'}.")
        if not field and _takes(given.definition)[0]:
            listed = ", ".join(names) or "it has none"
            raise EngineError(f"The layer {given.told} is a polygon layer; name the field with the class ({parameter}): {listed}.")
    if given.definition.name() != "INVENTORY" or not are_sample_cells(layer):
        return
    if algorithm.parameterDefinition("LABEL_FIELD") is None:
        raise EngineError(
            f"The layer {given.told} holds sample cells (it has the fields {', '.join(_SAMPLE_FIELDS)}); a plain inventory is needed."
        )
    if not parameters.get("LABEL_FIELD"):
        raise EngineError(
            f"The layer {given.told} holds sample cells, and without a label field all of them would count as landslides; choose "
            "“landslide” (LABEL_FIELD)."
        )


def are_sample_cells(layer: QgsVectorLayer) -> bool:
    """Tell whether a layer holds sample cells: landslides and absences."""
    return set(_SAMPLE_FIELDS) <= set(layer.fields().names())


def _raster(given: _Given, layer: QgsRasterLayer) -> Callable[[Path, QgsProcessingFeedback], str]:
    """Return what gives a raster's source: the file with what was set in QGIS, or a copy where there is no file."""
    name = given.label
    provider = layer.dataProvider()
    bands = range(1, provider.bandCount() + 1)
    if layer.providerType() == "gdal" and "|credential:" not in layer.source() and "authcfg=" not in layer.source():
        nodata = {tuple((each.min(), each.max()) for each in provider.userNoDataValues(band)) for band in bands}
        declared = {provider.useSourceNoDataValue(band) for band in bands if provider.sourceHasNoDataValue(band)}
        if len(nodata) > 1 or len(declared) > 1:
            raise EngineError(
                f"The bands of the layer {given.told} have different nodata values set in QGIS; save it as GeoTIFF and use that."
            )
        file = Source.parse(layer.source())
        crs = "" if layer.crs() == provider.crs() else _told_crs(layer.crs())
        source = Source(
            file.path,
            name if name != Source(file.path).label else "",
            crs=crs,
            nodata=nodata.pop(),
            own_nodata=False not in declared,
            options=file.options,
        )
        return lambda folder, feedback: str(source)
    if provider.dataType(1) in (Qgis.DataType.ARGB32, Qgis.DataType.ARGB32_Premultiplied):
        raise EngineError(f"The layer {given.told} is a picture of a map and has no values; use the raster that it was made from.")
    pipe = QgsRasterPipe()
    pipe.set(provider.clone())
    size, extent, crs = (layer.width(), layer.height()), layer.extent(), layer.crs()

    def write(folder: Path, feedback: QgsProcessingFeedback) -> str:
        path, block = _new(folder, "tif"), QgsRasterBlockFeedback()
        feedback.canceled.connect(block.cancel)
        error = QgsRasterFileWriter(path).writeRaster(pipe, *size, extent, crs, QgsCoordinateTransformContext(), block)
        if feedback.isCanceled():
            return path
        if error != QgsRasterFileWriter.WriterError.NoError:
            raise QgsProcessingException(f"The layer “{name}” could not be saved for the worker; save it as GeoTIFF and use that.")
        return str(Source(path, name, of=given.lasting))

    return write


def _vector(
    given: _Given, layer: QgsVectorLayer, algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], context: QgsProcessingContext
) -> Callable[[Path, QgsProcessingFeedback], str]:
    """Return what gives a vector layer's source: its file where QGIS shows just that, else a copy of what QGIS shows."""
    name = given.label
    if _is_as_in_its_file(given, layer):
        named = given.named()
        layername = named.layername or layer.dataProvider().subLayers()[0].split("!!::!!")[1]
        source = Source(named.path, name if name != layername else "", layername)
        return lambda folder, feedback: str(source)
    asked = set(_asked_fields(given, algorithm, parameters).values())
    if any(each.whole and each.id == given.definition.name() for each in task_parameters(algorithm.TASK).values()):  # type: ignore[attr-defined]
        asked = set(layer.fields().names())
    features = _Features.of(given, layer, asked, context)
    return lambda folder, feedback: str(Source(features.write(_new(folder, "fgb"), feedback), name, of=given.lasting))


def _is_as_in_its_file(given: _Given, layer: QgsVectorLayer) -> bool:
    """Tell whether the worker would read from the layer's file just what QGIS shows."""
    limits, fields, parts = given.limits, layer.fields(), set(_parts(layer))
    if "uniqueGeometryType" in parts:
        parts -= {"uniqueGeometryType", "geometryType"}
    return (
        layer.providerType() == "ogr"
        and layer.storageType() in _ALIKE
        and parts <= {"path", "layerName"}
        and not layer.isModified()
        and not layer.subsetString()
        and all(fields.fieldOrigin(index) == QgsFields.FieldOrigin.OriginProvider for index in range(fields.count()))
        and _crs(layer) == layer.dataProvider().crs()
        and not (limits.selectedFeaturesOnly or limits.filterExpression or limits.featureLimit >= 0 or limits.flags)
    )


def _asked_fields(given: _Given, algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any]) -> dict[str, str]:
    """Return the fields that parameters name of this layer, by the parameters; those left out too, as empty text."""
    named = (each for each in algorithm.parameterDefinitions() if each.metadata().get(PARENT) == given.definition.name())
    return {each.name(): str(parameters.get(each.name()) or "") for each in named}


@dataclass(frozen=True)
class _Features:
    """Features of a layer as QGIS shows them, and what of them a task may need; made where the layer lives, written anywhere."""

    name: str
    source: QgsVectorLayerFeatureSource
    request: QgsFeatureRequest
    fields: QgsFields
    indices: tuple[int, ...]
    crs: QgsCoordinateReferenceSystem
    selected: frozenset[int] | None
    limit: int
    check: Any
    # How many there must be; 0 where there is no telling. QGIS says nothing where a FlatGeobuf ends too early.
    promised: int

    @classmethod
    def of(cls, given: _Given, layer: QgsVectorLayer, asked: set[str], context: QgsProcessingContext) -> _Features:
        """Take the features of a layer, with the fields asked for, and of an inventory all that may be labels."""
        limits, own = given.limits, layer.fields()
        is_inventory = given.definition.name() in _INVENTORIES
        indices = tuple(index for index, field in enumerate(own) if field.name() in asked or (is_inventory and _may_be_label(field)))
        fields = QgsFields()
        fields.append(_field(ID_FIELD))
        for index in indices:
            field = own.at(index)
            fields.append(QgsField(field) if field.isNumeric() else _field(field.name(), is_whole=_is_truth(field)))
        request = QgsFeatureRequest().setSubsetOfAttributes(list(indices))
        if limits.filterExpression:
            scope = QgsExpressionContext(context.expressionContext())
            scope.appendScope(QgsExpressionContextUtils.layerScope(layer))
            request.setExpressionContext(scope)
            request.setFilterExpression(limits.filterExpression)
        selected = frozenset(layer.selectedFeatureIds()) if limits.selectedFeaturesOnly else None
        some = layer.subsetString() or limits.filterExpression or limits.selectedFeaturesOnly or limits.featureLimit >= 0 or limits.flags
        overridden = limits.flags & Qgis.ProcessingFeatureSourceDefinitionFlag.OverrideDefaultGeometryCheck
        return cls(
            given.label,
            QgsVectorLayerFeatureSource(layer),
            request,
            fields,
            indices,
            _crs(layer),
            selected,
            limits.featureLimit,
            limits.geometryCheck if overridden else Qgis.InvalidGeometryCheck.NoCheck,
            layer.featureCount() if layer.storageType() == "FlatGeobuf" and not some else 0,
        )

    def write(self, path: str, feedback: QgsProcessingFeedback) -> str:
        """Write them as FlatGeobuf, which takes any names of fields, and return its source.

        Raises
        ------
        QgsProcessingException
            If one cannot be written, or is invalid and the user wants to stop then.
        """
        options = QgsVectorFileWriter.SaveVectorOptions()
        options.driverName, options.layerName, options.layerOptions = "FlatGeobuf", self.name, ["SPATIAL_INDEX=NO"]
        writer = QgsVectorFileWriter.create(path, self.fields, QgsWkbTypes.Unknown, self.crs, QgsCoordinateTransformContext(), options)
        feedback.setProgressText(f"Reading “{self.name}” …")
        columns = [(index, self.fields.at(place).isNumeric()) for place, index in enumerate(self.indices, start=1)]
        written = bare = 0
        for count, feature in enumerate(self._wanted()):
            if count % _LOOK == 0 and feedback.isCanceled():
                break
            if not feature.hasGeometry() or feature.geometry().isEmpty():
                bare += 1  # FlatGeobuf would leave it out in silence
                continue
            values = [feature.attribute(index) if is_number else _text(feature.attribute(index)) for index, is_number in columns]
            feature.setAttributes([str(feature.id()), *values])
            if not writer.addFeature(feature, QgsFeatureSink.Flag.FastInsert):
                raise QgsProcessingException(f"The layer “{self.name}” could not be saved for the worker: {writer.errorMessage()}")
            written += 1
        if bare + written < self.promised and not feedback.isCanceled():
            raise QgsProcessingException(
                f"Only {bare + written:,} of the {self.promised:,} features of the layer “{self.name}” can be read; its file is damaged. "
                "Download or copy it again."
            )
        if not bare and not written and not feedback.isCanceled():
            raise QgsProcessingException(
                f"The layer “{self.name}” has no features, or a filter leaves none; look at what made it (a join without matches, say)."
            )
        if bare and not written:
            raise QgsProcessingException(f"None of the {bare:,} features of the layer “{self.name}” has a geometry.")
        if bare:
            feedback.pushWarning(f"{bare:,} of {bare + written:,} features of the layer “{self.name}” have no geometry and are left out.")
        del writer
        return path

    def _wanted(self) -> Iterator[QgsFeature]:
        left = self.limit  # below 0: no limit
        for feature in self.source.getFeatures(self.request):
            if left == 0:
                return
            if self.selected is not None and feature.id() not in self.selected:
                continue
            if self.check != Qgis.InvalidGeometryCheck.NoCheck and feature.hasGeometry() and not feature.geometry().isGeosValid():
                if self.check == Qgis.InvalidGeometryCheck.AbortOnInvalid:
                    raise QgsProcessingException(
                        f"The feature {feature.id()} of the layer “{self.name}” has an invalid geometry; repair it (native:fixgeometries)."
                    )
                continue
            left -= 1
            yield feature


def _new(folder: Path, suffix: str) -> str:
    """Return a path in the folder that is not taken."""
    return str(folder / f"layer{len(list(folder.iterdir()))}.{suffix}")


def _field(name: str, *, is_whole: bool = False) -> QgsField:
    """Return a field of text, or of whole numbers."""
    return QgsField(name, _WHOLE if is_whole else _STRING)


def _is_truth(field: QgsField) -> bool:
    return bool(field.type() == _TRUTH)


def _may_be_label(field: QgsField) -> bool:
    """Tell whether a field holds numbers, text or truth."""
    return bool(field.isNumeric() or field.type() in (_STRING, _TRUTH))


def _text(value: Any) -> str | None:
    """Return what a field holds as text: dates as ISO writes them."""
    if QgsVariantUtils.isNull(value):
        return None
    if hasattr(value, "toString"):
        return str(value.toString(Qt.DateFormat.ISODate))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _told_crs(crs: QgsCoordinateReferenceSystem) -> str:
    """Return a CRS as a `Source` tells it."""
    return crs.authid() if crs.authid().startswith("EPSG:") else crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED_GDAL)
