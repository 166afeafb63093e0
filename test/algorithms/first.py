# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): clicks each entry of Scarp's menu, as a new user would.

With SCARP_FIRST=missing the engine is not there; what it saw is written as JSON into the folder SCARP_WINDOW, with pictures.
"""

import json
import os
import time
import traceback
from pathlib import Path

from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QEventLoop, QTimer
from qgis.PyQt.QtGui import QDesktopServices
from qgis.utils import iface, plugins

FOLDER = Path(os.environ["SCARP_WINDOW"])


def pause(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def picture(widget, name):
    widget.grab().save(str(FOLDER / f"{name}.png"))


def entries():
    return [action.text() for action in iface.pluginMenu().actions()]


def main():
    seen = {}
    opened = []

    plugin = plugins["scarp"]
    menu = plugin._menu
    menu.tell_if_missing()
    pause(1000)
    seen["bar"] = [item.text() for item in iface.messageBar().items() if item.title() == "Scarp"]
    picture(iface.mainWindow(), "window")
    menu.menu.popup(iface.mainWindow().mapToGlobal(iface.mainWindow().rect().center()))
    pause(300)
    picture(menu.menu, "menu")
    menu.menu.hide()
    seen["entries"] = [action.text() for action in menu.menu.actions()]
    menu.entries["state"].trigger()
    window = menu._window
    pause(300)
    picture(window, "state")
    seen["state"], seen["can_install"] = window.state.text(), window.install.isVisible()
    menu.entries["own_data"].trigger()
    pause(500)
    seen["own_data"] = menu._dialog.algorithm().id()
    picture(menu._dialog, "own_data")
    menu._dialog.close()
    menu.entries["diagnostics"].trigger()
    seen["diagnostics"] = QgsApplication.clipboard().text()
    import sys

    module = sys.modules[type(menu).__module__]

    class Opened(QDesktopServices):
        @staticmethod
        def openUrl(url):
            opened.append(url.toLocalFile())

    module.QDesktopServices = Opened
    menu.entries["tutorial"].trigger()
    seen["tutorial"] = opened
    start = time.monotonic()
    menu.entries["first_map"].trigger()
    shot = False
    while window._feedback is not None and time.monotonic() - start < 400:
        pause(500)
        if not shot and window.bar.value() > 20:
            picture(window, "first_map")
            shot = True
    seen["seconds"] = time.monotonic() - start
    pause(3000)
    seen["end"] = window.doing.text()
    picture(window, "end")
    picture(iface.mainWindow(), "map")
    seen["layers"] = [layer.name() for layer in QgsProject.instance().mapLayers().values()]
    before = entries()
    plugin.unload()
    pause(200)
    seen["gone"] = sorted(set(before) - set(entries()))
    plugin.initGui()
    pause(200)
    seen["back"] = entries() == before
    return seen


def run():
    try:
        seen = main()
    except Exception:
        seen = {"error": traceback.format_exc()}
    (FOLDER / "seen.json").write_text(json.dumps(seen), encoding="utf-8")
    os._exit(0)


QTimer.singleShot(3000, run)
