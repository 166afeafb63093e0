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
    deadline = time.monotonic() + order.get("seconds", 240)
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
        seen.append({**order, **click_run(order)})


def run():
    seen = []
    try:
        main(seen)
    except Exception:
        seen.append({"error": traceback.format_exc()})
    (ORDERS.parent / "seen.json").write_text(json.dumps(seen), encoding="utf-8")
    os._exit(0)


QTimer.singleShot(1000, run)
