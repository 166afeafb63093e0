# SPDX-License-Identifier: GPL-2.0-or-later
"""How results look in QGIS: one layer group a run, styled, over a hillshade."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from qgis.core import (
    QgsBilinearRasterResampler,
    QgsClassificationJenks,
    QgsColorRampShader,
    QgsFillSymbol,
    QgsGradientColorRamp,
    QgsGradientStop,
    QgsGraduatedSymbolRenderer,
    QgsHillshadeRenderer,
    QgsLayerTreeGroup,
    QgsMapLayer,
    QgsMarkerSymbol,
    QgsMessageLog,
    QgsPalettedRasterRenderer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsProject,
    QgsRasterBandStats,
    QgsRasterLayer,
    QgsRasterShader,
    QgsSingleBandPseudoColorRenderer,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtGui import QColor, QPainter

from .translation import tr

# By this a style of a stack tells that Scarp wrote it.
_WRITTEN = "scarp_wrote_this_style"
STYLES = Path(__file__).resolve().parents[1] / "resources" / "styles"
# Marks the hillshade of a group.
_HILLSHADE = "scarp/hillshade"
# Marks layers that wait for a hillshade: a step that comes later in a model may bring it.
_UNMIXED = "scarp/unmixed"
# Files of polygons through which what is below them is seen; told before any look is given, since looks come in any order.
_hatched: set[str] = set()
# The band of a stack that holds elevations.
_ALTITUDE = "altitude"
# Bands of a stack that show its area at a glance, the best first.
_READABLE = ("slope", _ALTITUDE)
# How much lighter a hillshade is drawn, of 255.
_BRIGHTER = 90
# Viridis, which colour-blind people can read too.
_VIRIDIS = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
# Blue to red through yellow, as susceptibility is drawn.
_RAMP = ("#2c7bb6", "#abd9e9", "#ffffbf", "#fdae61", "#d7191c")
# The field of zones with their mean susceptibility.
_ZONE_MEAN = "susc_mean"
# Means that differ by less are the same; they are written with six decimals.
_SAME = 1e-6


def susceptibility(layer: QgsMapLayer) -> None:
    """Show susceptibility from blue to red, with the hillshade through it."""
    layer.loadNamedStyle(str(STYLES / "susceptibility.qml"))
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)


def uncertainty(layer: QgsMapLayer) -> None:
    """Show susceptibility by colour and its uncertainty by paleness, in nine classes, with the hillshade through them."""
    layer.loadNamedStyle(str(STYLES / "uncertainty.qml"))
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)


def applicability(layer: QgsMapLayer) -> None:
    """Show the dissimilarity index from light to dark."""
    layer.loadNamedStyle(str(STYLES / "applicability.qml"))
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)


def outside(layer: QgsMapLayer) -> None:
    """Hatch what lies outside the area of applicability."""
    layer.loadNamedStyle(str(STYLES / "outside.qml"))


def classes(layer: QgsMapLayer) -> None:
    """Show classes in their own colours and the user's words, with the hillshade through them."""
    if not isinstance(layer, QgsRasterLayer):
        return
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)
    renderer = layer.renderer()
    if renderer is not None and renderer.type() == "paletted":
        kind, words = QgsPalettedRasterRenderer.Class, _words()
        told = [kind(each.value, each.color, words.get(each.label, each.label)) for each in renderer.classes()]
        layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, told))


def _words() -> dict[str, str]:
    """Return what the engine calls classes, and each in the user's words."""
    return {
        "Very low": tr("Very low"),
        "Low": tr("Low"),
        "Moderate": tr("Moderate"),
        "High": tr("High"),
        "Very high": tr("Very high"),
        "Extreme": tr("Extreme"),
        "Extremely low": tr("Extremely low"),
        "Extremely high": tr("Extremely high"),
    }


def cells(layer: QgsMapLayer) -> None:
    """Show sample cells as small points: landslides red, the others grey."""
    layer.loadNamedStyle(str(STYLES / "sample_cells.qml"))
    for index, words in enumerate((tr("Landslide"), tr("No landslide"))):
        layer.renderer().updateCategoryLabel(index, words)


def stack(layer: QgsMapLayer) -> None:
    """Show one covariate, where QGIS would mix three of them as red, green and blue."""
    names = band_names(layer)
    number = next((names.index(name) + 1 for name in _READABLE if name in names), 1)
    provider = layer.dataProvider()
    low, high = provider.cumulativeCut(number, 0.02, 0.98, provider.extent(), 250_000)
    if not low < high:
        found = provider.bandStatistics(number, QgsRasterBandStats.Stats.All, provider.extent(), 250_000)
        low, high = found.minimumValue, found.maximumValue
    ramp = QgsColorRampShader(low, high)
    ramp.setColorRampType(QgsColorRampShader.Type.Interpolated)
    values = [low + (high - low) * step / (len(_VIRIDIS) - 1) for step in range(len(_VIRIDIS))]
    ramp.setColorRampItemList(
        [QgsColorRampShader.ColorRampItem(value, QColor(colour), f"{value:.4g}") for value, colour in zip(values, _VIRIDIS)]
    )
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(ramp)
    renderer = QgsSingleBandPseudoColorRenderer(provider, number, shader)
    renderer.setClassificationMin(low)
    renderer.setClassificationMax(high)
    layer.setRenderer(renderer)
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)


def difference(layer: QgsMapLayer) -> None:
    """Show where the first of two maps is lower in blue, and where it is higher in red."""
    provider = layer.dataProvider()
    reach = max(map(abs, provider.cumulativeCut(1, 0.02, 0.98, provider.extent(), 250_000))) or 1.0
    ramp = QgsColorRampShader(-reach, reach)
    ramp.setColorRampType(QgsColorRampShader.Type.Interpolated)
    colours = zip((-reach, 0.0, reach), ("#2c7bb6", "#ffffff", "#d7191c"))
    ramp.setColorRampItemList([QgsColorRampShader.ColorRampItem(value, QColor(colour), f"{value:+.3g}") for value, colour in colours])
    shader = QgsRasterShader()
    shader.setRasterShaderFunction(ramp)
    renderer = QgsSingleBandPseudoColorRenderer(provider, 1, shader)
    renderer.setClassificationMin(-reach)
    renderer.setClassificationMax(reach)
    layer.setRenderer(renderer)
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)


def dominant(layer: QgsMapLayer) -> None:
    """Show the strongest factor of each cell by colour and name, with the hillshade through it; those that are nowhere are left out."""
    provider = layer.dataProvider()
    found = {int(each.value) for each in QgsPalettedRasterRenderer.classDataFromRaster(provider, 1)}
    shown = [
        each for each in QgsPalettedRasterRenderer.colorTableToClassData(provider.colorTable(1)) if each.value > 0 and each.value in found
    ]
    layer.setRenderer(QgsPalettedRasterRenderer(provider, 1, shown))
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)


def landslides(layer: QgsMapLayer) -> None:
    """Show landslides as small red points."""
    if isinstance(layer, QgsVectorLayer) and layer.geometryType() == QgsWkbTypes.GeometryType.PointGeometry:
        symbol = QgsMarkerSymbol.createSimple({"name": "circle", "color": "#d7191c", "size": "1.4", "outline_style": "no"})
        layer.setRenderer(QgsSingleSymbolRenderer(symbol))


def zones(layer: QgsMapLayer) -> None:
    """Show the mean susceptibility of polygons from blue to red, in at most five natural classes, with the hillshade through them."""
    if not isinstance(layer, QgsVectorLayer) or layer.fields().indexOf(_ZONE_MEAN) < 0:
        return
    first, *between, last = (QColor(colour) for colour in _RAMP)
    stops = [QgsGradientStop(step / (len(_RAMP) - 1), colour) for step, colour in enumerate(between, start=1)]
    method = QgsClassificationJenks()
    method.setLabelPrecision(3)
    method.setLabelTrimTrailingZeroes(False)
    method.setLabelFormat("%1 – %2")
    renderer = QgsGraduatedSymbolRenderer(_ZONE_MEAN)
    renderer.setSourceSymbol(QgsFillSymbol.createSimple({"outline_color": "#555555", "outline_width": "0.2"}))
    renderer.setClassificationMethod(method)
    renderer.updateClasses(layer, len(_RAMP))
    # Of few zones Jenks makes classes of one value, which the class beside them holds too.
    for index in reversed([number for number, each in enumerate(renderer.ranges()) if each.upperValue() - each.lowerValue() < _SAME]):
        if len(renderer.ranges()) > 1:
            renderer.deleteClass(index)
    renderer.updateColorRamp(QgsGradientColorRamp(first, last, False, stops))
    layer.setRenderer(renderer)
    layer.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)


LOOKS: dict[str, Callable[[QgsMapLayer], None]] = {
    "susceptibility": susceptibility,
    "uncertainty": uncertainty,
    "applicability": applicability,
    "outside": outside,
    "classes": classes,
    "cells": cells,
    "stack": stack,
    "landslides": landslides,
    "difference": difference,
    "dominant": dominant,
    "zones": zones,
}


# The looks that are styles as they are.
_FILES = {
    **{name: f"{name}.qml" for name in ("susceptibility", "uncertainty", "applicability", "outside")},
    "cells": "sample_cells.qml",
}


def save_look(look: str, path: str) -> None:
    """Write a look beside a file, for whoever opens the file later."""
    name = _FILES.get(look)
    beside = str(Path(path).with_suffix(".qml"))
    if Path(beside).exists() and not _is_ours(Path(beside)):
        return  # the user's own
    if name:
        try:
            shutil.copyfile(STYLES / name, beside)
        except OSError as error:
            QgsMessageLog.logMessage(f"The style {beside} cannot be written ({error.strerror}).", "Scarp")
    elif look in ("stack", "dominant", "zones"):
        layer = QgsVectorLayer(path) if look == "zones" else QgsRasterLayer(path)
        if layer.isValid():
            LOOKS[look](layer)
            layer.setCustomProperty(_WRITTEN, True)
            layer.saveNamedStyle(beside)


def _is_ours(path: Path) -> bool:
    """Tell whether a style is one that Scarp wrote and nobody has changed."""
    try:
        found = path.read_bytes()
    except OSError:
        return False
    return _WRITTEN.encode() in found or any(found == each.read_bytes() for each in STYLES.glob("*.qml"))


def band_names(layer: QgsRasterLayer) -> list[str]:
    """Return the descriptions of the bands, which QGIS puts after their numbers."""
    return [layer.bandName(number).partition(": ")[2] for number in range(1, layer.bandCount() + 1)]


def is_hillshade(layer: QgsMapLayer) -> bool:
    """Tell whether a layer is a hillshade that lies under results."""
    return bool(layer.customProperty(_HILLSHADE))


def present(
    path: str, context: QgsProcessingContext, title: str, *, look: str = "", ground: str = "", hidden: bool = False, order: int = 0
) -> None:
    """Say how a layer is shown once Processing loads it, if it does.

    Parameters
    ----------
    path
        What is loaded.
    title
        Of the algorithm, for the name of the group; all layers of a run, and of a model, come into one.
    look
        An id of `LOOKS`.
    ground
        A raster whose elevations give the hillshade, where there is one.
    hidden
        Whether the layer waits for the user to switch it on.
    order
        Its place in the group where it has no look: the higher, the further up.
    """
    if not context.willLoadLayerOnCompletion(path):
        return
    if look == "outside":
        _hatched.add(path)
    others = [each.groupName for each in context.layersToLoadOnCompletion().values() if each.groupName]
    details = context.layerToLoadOnCompletionDetails(path)
    model = context.expressionContext().variable("model_name") if context.expressionContext().hasVariable("model_name") else ""
    details.groupName = others[0] if others else f"{model or title}, {datetime.now():%H:%M:%S}"
    details.layerSortKey = _ORDER.get(look, order)
    shown = _Shown(LOOKS.get(look), ground, hidden)
    _Shown.kept.append(shown)
    details.setPostProcessor(shown)


# The higher, the further up in the group.
_ORDER = {
    "outside": 10,
    "cells": 9,
    "landslides": 9,
    "zones": 6,
    "classes": 5,
    "susceptibility": 4,
    **dict.fromkeys(("uncertainty", "applicability", "dominant"), 3),
    "stack": 2,
}


class _Shown(QgsProcessingLayerPostProcessorInterface):
    """Gives a layer its look, and its group a hillshade, when Processing has loaded it."""

    # Processing does not keep post-processors alive.
    kept: ClassVar[list[_Shown]] = []

    def __init__(self, look: Callable[[QgsMapLayer], None] | None, ground: str, hidden: bool) -> None:
        super().__init__()
        self._look, self._ground, self._hidden = look, ground, hidden

    def postProcessLayer(self, layer: QgsMapLayer, context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> None:
        if self._look:
            self._look(layer)
            layer.triggerRepaint()
        project = context.project() or QgsProject.instance()
        node = project.layerTreeRoot().findLayer(layer.id())
        group = node.parent() if node else None
        if not isinstance(group, QgsLayerTreeGroup) or group is project.layerTreeRoot():
            return
        node.setExpanded(self._look is not None and not self._hidden)
        above = group.children()[: group.children().index(node)]
        covered = _covers(layer) and any(_covers(each.layer()) and each.isVisible() for each in above if hasattr(each, "layer"))
        node.setItemVisibilityChecked(not (self._hidden or covered))
        if layer.isSpatial():
            _lay_hillshade(group, self._ground, layer, project)


def _covers(layer: QgsMapLayer) -> bool:
    """Tell whether a layer hides what is below it."""
    return isinstance(layer, QgsRasterLayer) or (
        isinstance(layer, QgsVectorLayer)
        and layer.geometryType() == QgsWkbTypes.GeometryType.PolygonGeometry
        and layer.source().partition("|")[0] not in _hatched
    )


def _lay_hillshade(group: QgsLayerTreeGroup, ground: str, layer: QgsMapLayer, project: QgsProject) -> None:
    """Put a hillshade at the bottom of a group: of `ground`, else of one, or of a stack, that the project has in that place.

    Where there is none, the layer is not mixed with whatever lies below the group, since its colours would no longer be those of its
    legend, until another layer brings one.
    """
    if any(each.layer() and is_hillshade(each.layer()) for each in group.findLayers()):
        return
    shade = _hillshade_of(ground or _ground_below(layer, project))
    if shade is None:
        layer.setCustomProperty(_UNMIXED, layer.blendMode() == QPainter.CompositionMode.CompositionMode_Multiply)
        layer.setBlendMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        return
    for each in (node.layer() for node in group.findLayers()):
        if each and each.customProperty(_UNMIXED):
            each.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)
    project.addMapLayer(shade, False)
    group.addLayer(shade).setExpanded(False)


def _ground_below(layer: QgsMapLayer, project: QgsProject) -> str:
    """Return the source of elevations in a layer's place: a hillshade's, else a stack's; empty if the project has none."""
    rasters = [each for each in project.mapLayers().values() if isinstance(each, QgsRasterLayer)]
    shades = [each for each in rasters if is_hillshade(each)]
    stacks = [each for each in rasters if _ALTITUDE in band_names(each)]
    there = (each for each in (*shades, *stacks) if each.extent().intersects(layer.extent()) and each.crs() == layer.crs())
    return next((each.source() for each in there), "")


def _hillshade_of(ground: str) -> QgsRasterLayer | None:
    """Return a hillshade of a raster's elevations, without the style that lies beside the raster; None if it has none."""
    if not ground:
        return None
    # Another spelling of the path, so that what a user gives by it is not taken for this layer.
    path = str(Path(ground).parent) + "/./" + Path(ground).name
    shade = QgsRasterLayer(path, tr("Hillshade"), "gdal", QgsRasterLayer.LayerOptions(False))
    names = band_names(shade) if shade.isValid() else []
    band = names.index(_ALTITUDE) + 1 if _ALTITUDE in names else 1 if len(names) == 1 else 0
    if not band:
        return None
    renderer = QgsHillshadeRenderer(shade.dataProvider(), band, 315, 45)
    renderer.setMultiDirectional(True)
    shade.setRenderer(renderer)
    # Light, since what lies over it is multiplied by it; smooth, since it stands in for the ground itself.
    shade.brightnessFilter().setBrightness(_BRIGHTER)
    shade.resampleFilter().setZoomedInResampler(QgsBilinearRasterResampler())
    shade.setCustomProperty(_HILLSHADE, True)
    return shade


def elevation_of(values: dict[str, Any]) -> str:
    """Return which input of a task has elevations: a DEM, else a stack; nothing where neither is a plain file."""
    for key in ("dem", "covariates"):
        if values.get(key):
            path = str(values[key]).partition("|")[0]
            return path if Path(path).is_file() else ""
    return ""
