# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): clicks Run in dialogs, looks at the canvas, opens the modeler.

Reads its orders from the JSON file in SCARP_WINDOW, and writes what it saw beside it.
"""

import json
import os
import traceback
from pathlib import Path

import processing
from processing.modeler.ModelerDialog import ModelerDialog
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.utils import iface

ORDERS = Path(os.environ["SCARP_WINDOW"])


def wait_for(signal, seconds):
    loop = QEventLoop()
    signal.connect(lambda *_: loop.quit())
    QTimer.singleShot(seconds * 1000, loop.quit)
    loop.exec()


def pause(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def click_run(order, pictures):
    """Open an algorithm's dialog with these parameters, click Run, and wait for its end."""
    dialog = processing.createAlgorithmDialog(order["algorithm"], order["parameters"])
    dialog.show()
    pause(500)
    dialog.grab().save(str(pictures / f"{order['algorithm'].split(':')[1]}.png"))
    QTimer.singleShot(0, dialog.runButton().click)
    wait_for(dialog.algorithmFinished, 120)
    pause(1000)
    results = {name: str(value) for name, value in dialog.results().items()}
    dialog.close()
    return results


def legend(layer):
    """What the layer's legend shows: label and colour."""
    return [[label, colour.name()] for label, colour in layer.renderer().legendSymbologyItems()]


def main():
    orders = json.loads(ORDERS.read_text(encoding="utf-8"))
    seen = {"results": [click_run(order, ORDERS.parent) for order in orders["runs"]]}
    layers = list(QgsProject.instance().mapLayers().values())
    seen["layers"] = {layer.name(): {"renderer": layer.renderer().type(), "legend": legend(layer)} for layer in layers}
    iface.mapCanvas().zoomToFullExtent()
    pause(2000)
    iface.mainWindow().grab().save(str(ORDERS.parent / "window.png"))
    model = QgsApplication.processingRegistry().createAlgorithmById(orders["model"])
    modeler = ModelerDialog.create(model)
    modeler.show()
    pause(1000)
    seen["modeler_messages"] = [item.text() for item in modeler.messageBar().items()]
    seen["modeler_valid"] = modeler.model().validate()[0]
    modeler.grab().save(str(ORDERS.parent / "modeler.png"))
    return seen


def run():
    try:
        seen = main()
    except Exception:
        seen = {"error": traceback.format_exc()}
    (ORDERS.parent / "seen.json").write_text(json.dumps(seen), encoding="utf-8")
    os._exit(0)


QTimer.singleShot(1000, run)
