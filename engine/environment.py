# SPDX-License-Identifier: GPL-2.0-or-later
"""The worker's own Python environment: where it lies, what it holds. Standard library only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# The worker's packages, by import name: the names under which they are installed. All are in `requirements.txt` but GDAL, which the
# environment takes from QGIS's Python, and keras, which tensorflow brings.
DISTRIBUTIONS = {
    "numpy": "numpy",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "sklearn": "scikit-learn",
    "osgeo": "GDAL",
    "scipy": "scipy",
    "numba": "numba",
    "skops": "skops",
    "matplotlib": "matplotlib",
    "jinja2": "Jinja2",
    "filelock": "filelock",
}
PACKAGES = tuple(DISTRIBUTIONS)
# Enough to map with a trained network, and to classify a map: QGIS's own Python has them.
MAPPING_PACKAGES = ("numpy", "osgeo")
# Enough to sample cells.
SAMPLING_PACKAGES = (*MAPPING_PACKAGES, "scipy", "sklearn")
# Those that results depend on: models and run manifests tell their versions.
NUMERIC_PACKAGES = ("numpy", "tensorflow", "keras", "sklearn", "osgeo")
# Measured with TensorFlow 2.21 on Debian 12: 2.8 GB installed, and pip's downloads beside it meanwhile.
DISK_BYTES = 4_000_000_000
# Lies in the environment from the first to the last step of an installation.
UNFINISHED = "installation-unfinished"


def scarp_version() -> str:
    """Return the plugin's version, which its metadata declare."""
    lines = (Path(__file__).resolve().parents[1] / "metadata.txt").read_text(encoding="utf-8").splitlines()
    return next(line.partition("=")[2].strip() for line in lines if line.startswith("version="))


def environment_folder() -> Path:
    """Return the folder of the plugin's own environment for this version of Python.

    It lies outside the plugin, which QGIS deletes when it updates it, and serves every QGIS profile of the user.
    """
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "scarp" / f"engine-py{sys.version_info.major}.{sys.version_info.minor}"


def environment_python(folder: Path) -> Path:
    """Return the interpreter of the environment in `folder`."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def is_complete(folder: Path) -> bool:
    """Tell whether an installation into `folder` has come to its end."""
    return environment_python(folder).exists() and not (folder / UNFINISHED).exists()
