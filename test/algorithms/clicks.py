# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): clicks Run in each dialog of the JSON file in SCARP_WINDOW, as a user would.

Before, it loads the file's `layers`. What each dialog gave, said and loaded is written beside that file.
"""

import json
import os
import time
import traceback
from pathlib import Path

import processing
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.PyQt.QtWidgets import QMessageBox
from qgis.utils import iface

ORDERS = Path(os.environ["SCARP_WINDOW"])
said = []
QMessageBox.warning = lambda *told: said.append(str(told[2]))


def pause(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def tree(node):
    """The layer tree below a node: groups as lists."""
    return [[each.name(), tree(each)] if hasattr(each, "findGroups") else each.name() for each in node.children()]


def click_batch(order):
    """Open an algorithm's batch dialog with one row, click Run, and wait for its end; return what came of it."""
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
    from qgis.core import QgsApplication, QgsProcessingContext

    algorithm = QgsApplication.processingRegistry().createAlgorithmById(order["algorithm"])
    dialog = BatchAlgorithmDialog(algorithm, parent=iface.mainWindow())
    dialog.show()
    pause(300)
    panel = dialog.mainWidget()
    for definition in algorithm.parameterDefinitions():
        if definition.name() not in order["parameters"]:
            continue
        column, value = panel.parameter_to_column[definition.name()], order["parameters"][definition.name()]
        if definition.isDestination():
            panel.tblParameters.cellWidget(1, column).setValue(value)
        else:
            panel.wrappers[0][column].setParameterValue(value, QgsProcessingContext())
    said.clear()
    dialog.runButton().click()
    deadline = time.monotonic() + order.get("seconds", 500)
    while "Batch execution completed" not in log_of(dialog) and not said and time.monotonic() < deadline:
        pause(100)
    ended = ["correctly executed" in log_of(dialog)]
    pause(300)
    seen = {"ended": ended, "said": said + [item.text() for item in dialog.messageBar().items()], "log": log_of(dialog), "results": {}}
    dialog.close()
    return {**seen, "layers": tree(QgsProject.instance().layerTreeRoot())}


def open_modeler(order):
    """Open a model in the modeler; return what it says of it."""
    from processing.modeler.ModelerDialog import ModelerDialog
    from qgis.core import QgsApplication

    modeler = ModelerDialog.create(QgsApplication.processingRegistry().createAlgorithmById(order["algorithm"]))
    modeler.show()
    pause(700)
    ok, problems = modeler.model().validate()
    seen = {"ended": [ok], "said": [item.text() for item in modeler.messageBar().items()] + problems, "results": {}, "log": ""}
    modeler.grab().save(str(ORDERS.parent / f"modeler_{order['algorithm'].partition(':')[2]}.png"))
    modeler.close()
    return seen


WAYS = {"batch": click_batch, "modeler": open_modeler}


def click_run(order):
    """Open an algorithm's dialog, set what is ordered, click Run, and wait for its end; return what came of it."""
    dialog = processing.createAlgorithmDialog(order["algorithm"], {})
    dialog.show()
    pause(300)
    seen = {"preset": {}, "ended": [], "results": {}}
    for name, wrapper in dialog.mainWidget().wrappers.items():
        if name in order.get("look_at", ()):
            seen["preset"][name] = str(wrapper.parameterValue())
    dialog.setParameters(order["parameters"])
    if order.get("picture"):
        pause(300)
        dialog.grab().save(str(ORDERS.parent / f"dialog_{order['picture']}.png"))
    dialog.algorithmFinished.connect(lambda ok, results: seen["ended"].append(ok))
    said.clear()
    dialog.runButton().click()
    deadline = time.monotonic() + order.get("seconds", 500)
    while (
        not seen["ended"]
        and not said
        and "Execution failed" not in log_of(dialog)
        and not dialog.messageBar().items()
        and time.monotonic() < deadline
    ):
        pause(50)
    pause(300)
    seen["said"] = said + [item.text() for item in dialog.messageBar().items()]
    seen["results"] = {name: str(value) for name, value in dialog.results().items()}
    seen["log"] = log_of(dialog)
    dialog.close()
    seen["layers"] = tree(QgsProject.instance().layerTreeRoot())
    if order.get("picture"):
        iface.mapCanvas().zoomToFullExtent()
        pause(2500)
        iface.mainWindow().grab().save(str(ORDERS.parent / f"window_{order['picture']}.png"))
    return seen


def log_of(dialog):
    """The text of the dialog's log."""
    from qgis.PyQt.QtWidgets import QTextEdit

    return max((each.toPlainText() for each in dialog.findChildren(QTextEdit)), key=len, default="")


def main(seen):
    orders = json.loads(ORDERS.read_text(encoding="utf-8"))
    layers = [(QgsRasterLayer if path.endswith(".tif") else QgsVectorLayer)(path, name) for name, path in orders.get("layers", {}).items()]
    QgsProject.instance().addMapLayers(layers)
    for order in orders["runs"]:
        seen.append({**order, **WAYS.get(order.get("way"), click_run)(order)})


def run():
    seen = []
    try:
        main(seen)
    except Exception:
        seen.append({"error": traceback.format_exc()})
    (ORDERS.parent / "seen.json").write_text(json.dumps(seen), encoding="utf-8")
    os._exit(0)


QTimer.singleShot(1000, run)
