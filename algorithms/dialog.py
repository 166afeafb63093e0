# SPDX-License-Identifier: GPL-2.0-or-later
"""The dialog of an algorithm: QGIS's own, with layers chosen that can be right and fields to pick.

Only a window imports it; the modeler, batch and scripts have QGIS's own widgets, which take the same values.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

from processing.gui.AlgorithmDialog import AlgorithmDialog
from processing.gui.ParametersPanel import ParametersPanel
from processing.gui.wrappers import dialogTypes
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMapLayer,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingModelAlgorithm,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.gui import QgsDoubleSpinBox, QgsGui, QgsMapLayerComboBox, QgsProcessingGui, QgsRasterBandComboBox, QgsSpinBox
from qgis.PyQt import sip
from qgis.PyQt.QtWidgets import QComboBox, QLineEdit, QMenu, QTextBrowser, QWidget

from ..engine.declarations.covariates import DECLARATIONS
from .definitions import IDS, PARENT, in_scripts
from .inputs import are_sample_cells
from .results import band_names, is_hillshade
from .translation import tr

# The field of sample cells that tells landslides; it is filled in where the layer has it.
_LABEL = "landslide"
_SURE, _PERHAPS = 2, 1
_COVARIATES = frozenset(each.name for each in DECLARATIONS)
_ELEVATIONS = re.compile(r"dem|dtm|dsm|elev|altit|srtm|height|terrain", re.IGNORECASE)
_LANDSLIDES = re.compile(r"land.?slide|inventor|slide|mass.?movement|debris|sample.?cells", re.IGNORECASE)
_CLASSES = re.compile(r"suscept|classes|classif", re.IGNORECASE)
_SUSCEPTIBILITY = re.compile(r"suscept", re.IGNORECASE)


class ScarpDialog(AlgorithmDialog):
    """QGIS's dialog with `_Panel`, and with the help of each parameter beside it, which QGIS shows for models alone."""

    def __init__(self, algorithm: Any, parent: Any = None) -> None:
        super().__init__(algorithm, parent=parent)
        beside = self.findChild(QTextBrowser, "textShortHelp")
        if beside is not None and not isinstance(algorithm, QgsProcessingModelAlgorithm):
            told = {each.name(): escape(_help_of(each)) for each in algorithm.parameterDefinitions()}
            told["ALG_DESC"] = escape(algorithm.shortHelpString()).replace("\n\n", "</p><p>")
            html = QgsProcessingUtils.formatHelpMapAsHtml(told, algorithm)
            beside.setHtml(f"<h2>{escape(algorithm.displayName())}</h2>{html}")

    def getParametersPanel(self, alg: Any, parent: Any) -> ParametersPanel:
        return _Panel(parent, alg, self.in_place, self.active_layer)


def _help_of(definition: Any) -> str:
    """Return what a parameter's help says, without what only scripts need."""
    ids = definition.metadata().get(IDS)
    text: str = definition.help()
    return text[: -len(in_scripts(ids, tr))] if ids else text


class _Panel(ParametersPanel):
    def initWidgets(self) -> None:
        super().initWidgets()
        self.pickers: dict[str, _FieldPicker] = {}
        flags = QgsProcessingParameterDefinition.Flag
        for definition in self.algorithm().parameterDefinitions():
            name = definition.name()
            wrapper = self.wrappers.get(name)
            if wrapper is None or definition.isDestination():
                continue
            # What is folded away and may be left out is left out until somebody asks for it.
            spare = definition.flags() & flags.FlagAdvanced and definition.flags() & flags.FlagOptional
            if name in _SUITS and not spare:
                is_plain = name == "INVENTORY" and self.algorithm().parameterDefinition("LABEL_FIELD") is None
                _choose_layer(_layer_box(wrapper.wrappedWidget()), _may_be_plain_inventory if is_plain else _SUITS[name])
            parent = self.wrappers.get(definition.metadata().get(PARENT, ""))
            field = wrapper.wrappedWidget()
            if parent is not None and isinstance(field, QLineEdit):
                self.pickers[name] = _FieldPicker(self.processing_context, field, parent, _LABEL if name == "LABEL_FIELD" else "")


class _FieldPicker:
    """A list of the fields of a layer inside a line of text, which may be typed into as well.

    QGIS's own widget of a field ends QGIS where its layer is a raster (`QgsProcessingFieldWidgetWrapper::setParentLayerWrapperValue`).
    """

    def __init__(self, context: Any, line: QLineEdit, parent: Any, wanted: str) -> None:
        self._context, self._line, self._parent, self._wanted = context, line, parent, wanted
        self._own = ""
        icon = QgsApplication.getThemeIcon("/mActionArrowDown.svg")
        self.action = line.addAction(icon, QLineEdit.ActionPosition.TrailingPosition)
        self.action.setText(tr("Choose a field of the layer"))
        self.action.triggered.connect(self.pick)
        parent.widgetValueHasChanged.connect(self.follow)
        self.follow()

    def names(self) -> list[str]:
        """Return the fields of the layer, none where it is no vector layer."""
        layer = _layer_of(self._parent.parameterValue(), self._context)
        return [each.name() for each in layer.fields()] if isinstance(layer, QgsVectorLayer) else []

    def follow(self, *_: Any) -> None:
        """Fill in the field that is wanted, and take back what was filled in for another layer."""
        if sip.isdeleted(self._line) or self._parent.wrappedWidget() is None:
            return  # the dialog is gone, and QGIS still tells of layers
        names = self.names()
        self.action.setVisible(bool(names))
        if self._line.text() == self._own:
            self._own = next((name for name in names if name.lower() == self._wanted), "")
            self._line.setText(self._own)

    def pick(self) -> None:
        """Show the fields, and take the one that is clicked."""
        menu = QMenu(self._line)
        for name in self.names():
            menu.addAction(name).triggered.connect(partial(self._line.setText, name))
        menu.popup(self._line.mapToGlobal(self._line.rect().bottomLeft()))


def _layer_of(value: Any, context: Any) -> QgsMapLayer | None:
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source.staticValue()
    if isinstance(value, str):
        return QgsProcessingUtils.mapLayerFromString(value, context) if value else None
    return value if isinstance(value, QgsMapLayer) else None


def _layer_box(widget: Any) -> QgsMapLayerComboBox | None:
    """Return the box of layers inside QGIS's widget, which Python takes for a plain one."""
    boxes = (each for each in widget.findChildren(QComboBox) if each.metaObject().className() == "QgsMapLayerComboBox")
    return next((sip.cast(each, QgsMapLayerComboBox) for each in boxes), None)


class Worded:
    """QGIS's own field of a number or band, where words stand for 0, or for QGIS's “Not set”.

    A definition names it in its metadata (`definitions.py`), and so QGIS makes it in the dialog, in batch and in the modeler.
    """

    def __new__(cls, definition: Any, dialog: Any, *_cell: int, **told: Any) -> Any:
        registry, words = QgsGui.processingGuiRegistry(), told["nothing"]
        kind = dialogTypes.get(type(dialog).__name__, QgsProcessingGui.WidgetType.Standard)
        if kind == QgsProcessingGui.WidgetType.Modeler:
            wrapper = registry.createModelerParameterWidget(dialog.model, dialog.childId, definition, dialog.context)
            _say_nothing(wrapper, words)
        else:
            wrapper = registry.createParameterWidgetWrapper(definition, kind)
            # Not bound to the wrapper, which would keep itself until Python looks for such cycles, long after its dialog is gone.
            make, of = type(wrapper).createWrappedWidget, weakref.ref(wrapper)
            wrapper.createWrappedWidget = lambda context: _say_nothing(make(of(), context), words)
        wrapper.setDialog(dialog)
        return wrapper


def _say_nothing(widget: QWidget, words: str) -> QWidget:
    """Show words for the least value of a field of a number, or where no band is chosen; return the widget."""
    kinds = {"QgsSpinBox": QgsSpinBox, "QgsDoubleSpinBox": QgsDoubleSpinBox}
    for each in [widget, *widget.findChildren(QWidget)]:
        name = each.metaObject().className()
        if name == "QgsRasterBandComboBox":
            sip.cast(each, QgsRasterBandComboBox).setShowNotSetOption(True, words)
        elif name == "QLineEdit":  # batch and the modeler have one for a band
            each.setPlaceholderText(words)
        elif name in kinds:
            sip.cast(each, kinds[name]).setSpecialValueText(words)
    return widget


def _choose_layer(box: QgsMapLayerComboBox | None, suits: Callable[[QgsMapLayer], int]) -> None:
    """Choose the layer that is right, or the only one that may be; none where QGIS would take the first of any."""
    if box is None:
        return
    found = [(suits(layer), layer) for layer in _layers(box)]
    sure = [layer for score, layer in found if score == _SURE]
    perhaps = [layer for score, layer in found if score == _PERHAPS]
    box.setAllowEmptyLayer(True)
    box.setLayer(sure[0] if sure else perhaps[0] if len(perhaps) == 1 else None)


def _layers(box: QgsMapLayerComboBox) -> list[QgsMapLayer]:
    """Return the layers of a box, in the order of the layer tree."""
    offered = [layer for layer in (box.layer(index) for index in range(box.count())) if layer and not is_hillshade(layer)]
    order = [each.id() for each in QgsProject.instance().layerTreeRoot().layerOrder()]
    return sorted(offered, key=lambda layer: order.index(layer.id()) if layer.id() in order else len(order))


def _may_be_stack(layer: QgsMapLayer) -> int:
    return _SURE if isinstance(layer, QgsRasterLayer) and _COVARIATES & set(band_names(layer)) and layer.bandCount() > 1 else 0


def _is_surface(layer: QgsMapLayer) -> bool:
    """Tell whether a layer is one band of amounts: no classes, no picture."""
    if not isinstance(layer, QgsRasterLayer) or layer.bandCount() != 1 or layer.dataProvider() is None:
        return False
    kind = layer.dataProvider().dataType(1)
    paletted = layer.renderer() is not None and layer.renderer().type() == "paletted"
    return kind != Qgis.DataType.Byte and not paletted


def _may_be_dem(layer: QgsMapLayer) -> int:
    if not _is_surface(layer):
        return 0
    told = " ".join([layer.name(), *band_names(layer)])
    return _SURE if _ELEVATIONS.search(told) else 0 if _SUSCEPTIBILITY.search(told) else _PERHAPS


def _may_be_susceptibility(layer: QgsMapLayer) -> int:
    if not _is_surface(layer):
        return 0
    return _SURE if _SUSCEPTIBILITY.search(" ".join([layer.name(), *band_names(layer)])) else 0


def _may_be_classes(layer: QgsMapLayer) -> int:
    if not isinstance(layer, QgsRasterLayer) or layer.bandCount() != 1 or _is_surface(layer):
        return 0
    return _SURE if _CLASSES.search(" ".join([layer.name(), *band_names(layer)])) else 0


def _may_be_inventory(layer: QgsMapLayer) -> int:
    if not isinstance(layer, QgsVectorLayer):
        return 0
    if _LANDSLIDES.search(layer.name()) or _LABEL in [each.name().lower() for each in layer.fields()]:
        return _SURE
    return _PERHAPS if layer.geometryType() == QgsWkbTypes.GeometryType.PointGeometry else 0


def _may_be_plain_inventory(layer: QgsMapLayer) -> int:
    """Tell whether all of a layer's features may be landslides: not those of sample cells."""
    return 0 if isinstance(layer, QgsVectorLayer) and are_sample_cells(layer) else _may_be_inventory(layer)


def _may_be_zones(layer: QgsMapLayer) -> int:
    is_area = isinstance(layer, QgsVectorLayer) and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry
    return _PERHAPS if is_area and not _LANDSLIDES.search(layer.name()) else 0


# How well a layer suits a parameter, by its id: what is sure is taken before what is only possible, and what is neither never.
_SUITS = {
    "COVARIATES": _may_be_stack,
    "DEM": _may_be_dem,
    "SUSCEPTIBILITY": _may_be_susceptibility,
    "CLASSES": _may_be_classes,
    "INVENTORY": _may_be_inventory,
    "ZONES": _may_be_zones,
}
