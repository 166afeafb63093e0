# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): clicks Run in each dialog of the JSON file in SCARP_WINDOW, as a user would.

Before, it loads the file's `layers`. What each dialog gave, said and loaded is written beside that file. An order's `way` is `batch` or
`modeler` where it is not the dialog.

Nothing waits without end: a box that wants an answer is closed, and what it said is told; after the order's `seconds` the next one follows.
"""

import json
import os
import time
import traceback
from pathlib import Path

import processing
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.PyQt.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QPushButton
from qgis.utils import iface

ORDERS = Path(os.environ["SCARP_WINDOW"])
said = []
QMessageBox.warning = lambda *told: said.append(str(told[2]))


def close_box():
    """Close the box that QGIS waits at, if there is one, after its words are kept; answer it by what loses nothing that is asked for."""
    box = QApplication.activeModalWidget()
    if box is None or not isinstance(box, QDialog) or isinstance(box, QgsProcessingAlgorithmDialogBase):
        return
    told = [box.windowTitle(), *([box.text()] if isinstance(box, QMessageBox) else [each.text() for each in box.findChildren(QLabel)])]
    said.append(" | ".join(each for each in told if each))
    QApplication.primaryScreen().grabWindow(0).save(str(ORDERS.parent / f"box_{len(list(ORDERS.parent.glob('box_*')))}.png"))
    discard = [each for each in box.findChildren(QPushButton) if each.text().replace("&", "") in ("Discard", "OK")]
    discard[0].click() if discard else box.reject()


def pause(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def tree(node):
    """The layer tree below a node: groups as lists."""
    return [[each.name(), tree(each)] if hasattr(each, "findGroups") else each.name() for each in node.children()]


def wait_until(is_done, seconds):
    """Wait until something is so, or somebody said something, or the time is up; return whether it is so."""
    deadline = time.monotonic() + seconds
    while not is_done() and not said and time.monotonic() < deadline:
        pause(50)
    return is_done()


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
    is_done = lambda: "Batch execution completed" in log_of(dialog) or dialog.messageBar().items()  # noqa: E731
    wait_until(is_done, order.get("seconds", 240))
    pause(300)
    log = log_of(dialog)
    seen = {"ended": ["Batch execution completed" in log and "failed" not in log], "said": list(said), "log": log, "results": {}}
    seen["said"] += [item.text() for item in dialog.messageBar().items()]
    dialog.close()
    return {**seen, "layers": tree(QgsProject.instance().layerTreeRoot())}


def run_in_modeler(order):
    """Open a model in the modeler, click its Run, and Run in the dialog that opens; return what came of it."""
    from processing.gui.AlgorithmDialog import AlgorithmDialog
    from processing.modeler.ModelerDialog import ModelerDialog
    from qgis.core import QgsApplication

    said.clear()
    modeler = ModelerDialog.create(QgsApplication.processingRegistry().createAlgorithmById(order["algorithm"]))
    modeler.show()
    pause(700)
    ok, problems = modeler.model().validate()
    seen = {"ended": [], "said": [item.text() for item in modeler.messageBar().items()] + problems, "results": {}, "log": ""}
    modeler.grab().save(str(ORDERS.parent / f"modeler_{order['algorithm'].partition(':')[2]}.png"))
    before = {each for each in QApplication.topLevelWidgets() if isinstance(each, AlgorithmDialog)}

    def run():
        """Runs while the dialog, which is modal here, waits."""
        opened = [each for each in QApplication.topLevelWidgets() if isinstance(each, AlgorithmDialog) and each not in before]
        if not opened:
            return
        dialog = opened[0]
        dialog.algorithmFinished.connect(lambda ok, results: seen["ended"].append(ok))
        dialog.setParameters(order["parameters"])
        dialog.runButton().click()
        wait_until(lambda: seen["ended"] or "Execution failed" in log_of(dialog), order.get("seconds", 240))
        pause(300)
        seen["results"], seen["log"] = {name: str(value) for name, value in dialog.results().items()}, log_of(dialog)
        dialog.close()

    if order.get("runs", True):
        QTimer.singleShot(1500, run)
        modeler.actionRun().trigger()
    seen["said"] += list(said)
    modeler.setDirty(False)  # else it asks whether to save when it closes
    modeler.close()
    return {**seen, "valid": ok, "layers": tree(QgsProject.instance().layerTreeRoot())}


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
    wait_until(
        lambda: seen["ended"] or "Execution failed" in log_of(dialog) or dialog.messageBar().items(),
        order.get("seconds", 240),
    )
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


WAYS = {"batch": click_batch, "modeler": run_in_modeler}


def main(seen):
    orders = json.loads(ORDERS.read_text(encoding="utf-8"))
    layers = [(QgsRasterLayer if path.endswith(".tif") else QgsVectorLayer)(path, name) for name, path in orders.get("layers", {}).items()]
    QgsProject.instance().addMapLayers(layers)
    for order in orders["runs"]:
        began = time.monotonic()
        seen.append({**order, **WAYS.get(order.get("way"), click_run)(order), "took": time.monotonic() - began})
        (ORDERS.parent / "seen.json").write_text(json.dumps(seen), encoding="utf-8")


def run():
    seen = []
    boxes = QTimer()
    boxes.timeout.connect(close_box)
    boxes.start(1000)
    try:
        main(seen)
    except Exception:
        seen.append({"error": traceback.format_exc()})
    (ORDERS.parent / "seen.json").write_text(json.dumps(seen), encoding="utf-8")
    os._exit(0)


QTimer.singleShot(1000, run)
