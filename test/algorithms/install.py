# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): clicks “Install the engine” twice, where the first time fails.

The worker that installs is replaced by the program in SCARP_FAKE; everything that a user sees is real.
"""

import os
import sys
import time
from pathlib import Path

from in_window import FOLDER, begin, pause, picture
from qgis.utils import iface, plugins


def bars():
    return [item.text() for item in iface.messageBar().items() if item.title() == "Scarp"]


def click(window):
    """Click the button; return what the window shows before, meanwhile and at the end."""
    seen = {"before": [window.state.text(), window.install.isVisible(), window.first.isEnabled()], "bars": bars()}
    window.install.click()
    told, percents = [], []
    end = time.monotonic() + 60
    while window._feedback is not None and time.monotonic() < end:
        pause(50)
        told.append(window.doing.text())
        percents.append(window.bar.value())
        seen.setdefault("meanwhile", [window.cancel.isVisible(), window.bar.isVisible(), window.install.isEnabled()])
    pause(500)
    seen["told"] = list(dict.fromkeys(told))
    seen["percents"] = percents
    seen["after"] = [window.state.text(), window.install.isVisible(), window.first.isEnabled(), window.doing.text()]
    seen["bars_after"] = bars()
    return seen


def main():
    installing = next(module for name, module in sys.modules.items() if name.endswith(".algorithms.install_engine"))
    installing.own_python = lambda: Path(os.environ["SCARP_FAKE"])
    menu = plugins["scarp"]._menu
    menu.tell_if_missing()
    window = menu.open_start()
    pause(500)
    seen = [click(window)]
    picture(window, "failed")
    (FOLDER / "works").touch()
    seen.append(click(window))
    picture(window, "installed")
    return seen


begin(main, 3000)
