# SPDX-License-Identifier: GPL-2.0-or-later
"""What the scripts that run inside a real QGIS window (`qgis --code`) share; `conftest.window` puts this folder on PYTHONPATH.

The folder SCARP_WINDOW has a script's orders (`orders.json`), and takes what it saw (`seen.json`) with its pictures.
"""

import json
import os
import time
import traceback
from pathlib import Path

from qgis.PyQt.QtCore import QEventLoop, QTimer

FOLDER = Path(os.environ["SCARP_WINDOW"])


def pause(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(is_done, seconds, every=50):
    """Wait until something is so or the time is up; return whether it is so."""
    deadline = time.monotonic() + seconds
    while not is_done() and time.monotonic() < deadline:
        pause(every)
    return is_done()


def picture(widget, name):
    widget.grab().save(str(FOLDER / f"{name}.png"))


def orders():
    return json.loads((FOLDER / "orders.json").read_text(encoding="utf-8"))


def tell(seen):
    (FOLDER / "seen.json").write_text(json.dumps(seen), encoding="utf-8")


def begin(main, milliseconds=1000):
    """Run `main` once the window is there, tell what it returns or how it failed, and end QGIS."""

    def run():
        try:
            seen = main()
        except Exception:
            seen = {"error": traceback.format_exc()}
        tell(seen)
        os._exit(0)

    QTimer.singleShot(milliseconds, run)
