# SPDX-License-Identifier: GPL-2.0-or-later
"""What a report of a fault needs: versions, the state of the engine, the last lines of the logs; no names of the user's layers."""

from __future__ import annotations

import configparser
import platform
import sys
from pathlib import Path

from osgeo import gdal
from qgis.core import Qgis
from qgis.PyQt.QtCore import QT_VERSION_STR

from ..algorithms.bridge import WorkerMissingError, environment_folder, find_python, log_file
from ..algorithms.translation import tr

_LINES = 15


def engine_state() -> tuple[bool, str]:
    """Return whether the engine is ready, and one sentence that says so or what is missing."""
    try:
        python = find_python()
    except WorkerMissingError as error:
        return False, str(error)
    return True, tr("The engine is ready ({}).").format(python)


def plugin_version() -> str:
    """Return the plugin's version, as its metadata tell it."""
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(Path(__file__).resolve().parents[1] / "metadata.txt", encoding="utf-8")
    return metadata["general"]["version"]


def diagnostics() -> str:
    """Return the report as text, with the user's home folder written ~."""
    lines = [
        f"Scarp {plugin_version()}",
        f"QGIS {Qgis.QGIS_VERSION}, Qt {QT_VERSION_STR}, GDAL {gdal.__version__}, Python {platform.python_version()}",
        f"{platform.platform()}, {sys.platform}",
        engine_state()[1],
    ]
    for log in (environment_folder().with_name("installation.log"), log_file()):
        if log.is_file():
            last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LINES:]
            lines += ["", f"{log}:", *last]
    return "\n".join(lines).replace(str(Path.home()), "~")
