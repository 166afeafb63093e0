# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): clicks each entry of Scarp's menu, as a new user would."""

import time

from in_window import begin, pause, picture
from qgis.core import QgsApplication, QgsProject
from qgis.PyQt.QtCore import QUrl
from qgis.utils import iface, plugins


def entries():
    return [action.text() for action in iface.pluginMenu().actions()]


def read_pages(pages):
    """What the window of pages shows: how the tutorial begins, how wide it is, and where a link leads."""
    text = pages.text
    picture(pages, "tutorial")
    seen = {"tutorial": text.toPlainText(), "widest": text.document().idealWidth(), "width": text.viewport().width()}
    text.setSource(QUrl("validation.md"))
    seen["validation"] = text.toPlainText()
    text.backward()
    seen["back"] = text.toPlainText() == seen["tutorial"]
    pages.close()
    return seen


def main():
    seen = {}
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
    menu.entries["tutorial"].trigger()
    pause(500)
    seen["pages"] = read_pages(menu._pages)
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


begin(main, 3000)
