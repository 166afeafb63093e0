# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): clicks Run in each dialog of its orders, as a user would.

Before, it loads their `layers`. It tells what each dialog gave, said and loaded. An order's `way` is `batch` or `modeler` where it is not
the dialog.

Nothing waits without end: a box that wants an answer is closed, and what it said is told; after the order's `seconds` the next one follows.
"""

import time
import traceback

import in_window
import processing
from in_window import FOLDER, begin, orders, pause, picture, tell
from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.gui import QgsProcessingAlgorithmDialogBase
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtWidgets import QApplication, QDialog, QLabel, QMessageBox, QPushButton
from qgis.utils import iface

said = []
QMessageBox.warning = lambda *told: said.append(str(told[2]))


def close_box():
    """Close the box that QGIS waits at, if there is one, after its words are kept; answer it by what loses nothing that is asked for."""
    box = QApplication.activeModalWidget()
    if box is None or not isinstance(box, QDialog) or isinstance(box, QgsProcessingAlgorithmDialogBase):
        return
    told = [box.windowTitle(), *([box.text()] if isinstance(box, QMessageBox) else [each.text() for each in box.findChildren(QLabel)])]
    said.append(" | ".join(each for each in told if each))
    QApplication.primaryScreen().grabWindow(0).save(str(FOLDER / f"box_{len(list(FOLDER.glob('box_*')))}.png"))
    discard = [each for each in box.findChildren(QPushButton) if each.text().replace("&", "") in ("Discard", "OK")]
    discard[0].click() if discard else box.reject()


def tree(node):
    """The layer tree below a node: groups as lists."""
    return [[each.name(), tree(each)] if hasattr(each, "findGroups") else each.name() for each in node.children()]


def wait_until(is_done, seconds):
    """Wait until something is so, or somebody said something, or the time is up; return whether it is so."""
    in_window.wait_until(lambda: is_done() or said, seconds)
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
    wait_until(is_done, order.get("seconds", 600))
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
    picture(modeler, f"modeler_{order['algorithm'].partition(':')[2]}")
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
        wait_until(lambda: seen["ended"] or "Execution failed" in log_of(dialog), order.get("seconds", 600))
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
        picture(dialog, f"dialog_{order['picture']}")
    dialog.algorithmFinished.connect(lambda ok, results: seen["ended"].append(ok))
    said.clear()
    dialog.runButton().click()
    wait_until(
        lambda: seen["ended"] or "Execution failed" in log_of(dialog) or dialog.messageBar().items(),
        order.get("seconds", 600),
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
        picture(iface.mainWindow(), f"window_{order['picture']}")
    return seen


def log_of(dialog):
    """The text of the dialog's log."""
    from qgis.PyQt.QtWidgets import QTextEdit

    return max((each.toPlainText() for each in dialog.findChildren(QTextEdit)), key=len, default="")


WAYS = {"batch": click_batch, "modeler": run_in_modeler}


def main():
    seen = []
    boxes = QTimer()
    boxes.timeout.connect(close_box)
    boxes.start(1000)
    asked = orders()
    layers = [(QgsRasterLayer if path.endswith(".tif") else QgsVectorLayer)(path, name) for name, path in asked.get("layers", {}).items()]
    QgsProject.instance().addMapLayers(layers)
    for order in asked["runs"]:
        began = time.monotonic()
        try:
            came = WAYS.get(order.get("way"), click_run)(order)
        except Exception:
            return [*seen, {"error": traceback.format_exc()}]
        seen.append({**order, **came, "took": time.monotonic() - began})
        tell(seen)
    return seen


begin(main)
