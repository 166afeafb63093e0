# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the pictures of the tutorial from a real QGIS window: `make pictures` (needs the engine and xvfb; some minutes).

Started by itself it opens QGIS twice, without the engine and with it, each time with this file as QGIS's `--code`. That half clicks
what the tutorial tells, and saves what is seen as `docs/images/tutorial-<name>.png`, in 256 colours so that the plugin stays small.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

# QGIS gives code no `__file__`.
IMAGES = Path(os.environ["SCARP_IMAGES"]) if "SCARP_IMAGES" in os.environ else Path(__file__).resolve().parent / "images"
SIZE = (1180, 720)
# Longest time of one half, in seconds; then QGIS is ended, with whatever box it waits at.
LONGEST_S = 1500
# Set inside QGIS: which half it is.
HALF = "SCARP_PICTURES"


def open_qgis(half: str, home: Path, **environment: str) -> None:
    """Run one half in a QGIS of its own; raise RuntimeError with what it said where it did not come to its end."""
    told = home / "told.txt"
    told_where = {HALF: half, "SCARP_IMAGES": str(IMAGES), "SCARP_TOLD": str(told), "HOME": str(home)}
    environment = {**os.environ, **environment, **told_where, "QT_QPA_PLATFORM": "xcb"}
    command = ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", "timeout", str(LONGEST_S)]
    command += ["qgis", "--nologo", "--noversioncheck", "--code", __file__]
    subprocess.run(command, env=environment, check=False, capture_output=True)
    said = told.read_text(encoding="utf-8") if told.exists() else "QGIS did not come to the end."
    if said:
        raise RuntimeError(said)


def main() -> None:
    """Make all pictures."""
    from PIL import Image

    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    with tempfile.TemporaryDirectory(prefix="home-") as folder:
        home = Path(folder)
        open_qgis("missing", home, XDG_DATA_HOME=str(home / "data"), SCARP_PYTHON="")
        open_qgis("ready", home, XDG_DATA_HOME=data)
    for image in sorted(IMAGES.glob("tutorial-*.png")):
        with Image.open(image) as picture:
            picture.convert("RGB").quantize(255, dither=Image.Dither.NONE).save(image, optimize=True)
        sys.stdout.write(f"{image.name}: {image.stat().st_size / 1000:.0f} kB\n")


def in_qgis() -> None:
    """Click and save, inside QGIS."""
    import time

    from qgis.core import QgsApplication, QgsProject, QgsRasterLayer, QgsVectorLayer
    from qgis.PyQt.QtCore import QEventLoop, QTimer
    from qgis.PyQt.QtWidgets import QDockWidget, QTreeView, QWidget
    from qgis.utils import iface, plugins

    def pause(milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def save(widget: QWidget, name: str) -> None:
        widget.grab().save(str(IMAGES / f"tutorial-{name}.png"))

    def dock(name: str) -> QDockWidget:
        return iface.mainWindow().findChild(QDockWidget, name)

    def missing() -> None:
        menu.tell_if_missing()
        window = menu.open_start()
        pause(1000)
        save(window, "engine")

    def ready() -> None:
        menu.menu.popup(iface.mainWindow().mapToGlobal(iface.mainWindow().rect().center()))
        pause(500)
        save(menu.menu, "menu")
        menu.menu.hide()
        toolbox = dock("ProcessingToolbox")
        toolbox.show()
        toolbox.resize(360, 600)
        pause(1500)
        tree = toolbox.findChild(QTreeView)
        model = tree.model()
        for row in range(model.rowCount()):
            index = model.index(row, 0)
            if model.data(index) == "Scarp":
                tree.expandRecursively(index)
                tree.scrollTo(index, QTreeView.ScrollHint.PositionAtTop)
        pause(500)
        save(toolbox, "toolbox")
        toolbox.hide()
        window = menu.open_start()
        menu.entries["first_map"].trigger()
        end = time.monotonic() + LONGEST_S - 200
        while window._feedback is not None and time.monotonic() < end:
            pause(500)
        said = window.doing.text()
        window.close()
        if not QgsProject.instance().mapLayers():
            raise RuntimeError(f"The first map did not come out: {said}")
        pause(4000)
        save(iface.mainWindow(), "first-map")
        folder = next(Path.home().rglob("dem.tif")).parent
        layers = [QgsRasterLayer(str(folder / "dem.tif"), "DEM"), QgsVectorLayer(str(next(folder.glob("inventory.*"))), "Landslides")]
        QgsProject.instance().clear()
        QgsProject.instance().addMapLayers(layers)
        menu.entries["own_data"].trigger()
        pause(1500)
        save(menu._dialog, "own-data")

    menu = plugins["scarp"]._menu
    told = ""
    try:
        iface.mainWindow().showNormal()
        iface.mainWindow().resize(*SIZE)
        iface.messageBar().clearWidgets()
        for name in ("Browser", "LayerOrder", "ProcessingToolbox"):
            if dock(name) is not None:
                dock(name).hide()
        halves: dict[str, Callable[[], None]] = {"missing": missing, "ready": ready}
        halves[os.environ[HALF]]()
    except Exception:
        told = traceback.format_exc()
    Path(os.environ["SCARP_TOLD"]).write_text(told, encoding="utf-8")
    QgsApplication.processEvents()
    os._exit(0)


if HALF in os.environ:
    from qgis.PyQt.QtCore import QTimer

    QTimer.singleShot(4000, in_qgis)
else:
    main()
