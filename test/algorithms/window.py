# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): clicks Run in dialogs, looks at the canvas, opens the modeler."""

import processing
from in_window import begin, orders, pause, picture, wait_until
from processing.modeler.ModelerDialog import ModelerDialog
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface


def click_run(order):
    """Open an algorithm's dialog with these parameters, click Run, and wait for its end."""
    dialog = processing.createAlgorithmDialog(order["algorithm"], order["parameters"])
    dialog.show()
    pause(500)
    picture(dialog, order["algorithm"].split(":")[1])
    ended = []
    dialog.algorithmFinished.connect(lambda *_: ended.append(True))
    QTimer.singleShot(0, dialog.runButton().click)
    wait_until(lambda: ended, 120)
    pause(1000)
    results = {name: str(value) for name, value in dialog.results().items()}
    dialog.close()
    return results


def legend(layer):
    """What the layer's legend shows: label and colour."""
    return [[label, colour.name()] for label, colour in layer.renderer().legendSymbologyItems()]


def main():
    asked = orders()
    seen = {"results": [click_run(order) for order in asked["runs"]]}
    layers = list(QgsProject.instance().mapLayers().values())
    seen["layers"] = {layer.name(): {"renderer": layer.renderer().type(), "legend": legend(layer)} for layer in layers}
    iface.mapCanvas().zoomToFullExtent()
    pause(2000)
    picture(iface.mainWindow(), "window")
    model = QgsApplication.processingRegistry().createAlgorithmById(asked["model"])
    modeler = ModelerDialog.create(model)
    modeler.show()
    pause(1000)
    seen["modeler_messages"] = [item.text() for item in modeler.messageBar().items()]
    seen["modeler_valid"] = modeler.model().validate()[0]
    picture(modeler, "modeler")
    return seen


begin(main)
