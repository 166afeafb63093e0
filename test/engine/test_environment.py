# SPDX-License-Identifier: GPL-2.0-or-later
"""What is told of the worker's environment: the plugin's version, the packages that results depend on, and the room that it takes."""

import configparser
import importlib.metadata
import sys
from pathlib import Path
from types import SimpleNamespace

from scarp.engine import environment
from scarp.engine.files.manifest import versions

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_is_that_of_the_metadata():
    metadata = configparser.ConfigParser(interpolation=None)
    metadata.read(ROOT / "metadata.txt", encoding="utf-8")
    assert environment.scarp_version() == metadata["general"]["version"]


def test_manifests_tell_the_versions_of_what_results_depend_on():
    told = versions()
    for name in ("numpy", "tensorflow", "keras", "scikit-learn", "GDAL"):
        assert told[name] == importlib.metadata.version(name), name


def test_the_room_that_is_asked_for_is_what_the_button_says():
    assert environment.DISK_BYTES == 4e9
    assert "Install the engine (about 4 GB)" in (ROOT / "processing_provider" / "start.py").read_text(encoding="utf-8")


def test_an_environment_is_complete_from_the_last_step_on(tmp_path):
    python = environment.environment_python(tmp_path)
    assert not environment.is_complete(tmp_path), "an empty folder"
    python.parent.mkdir(parents=True)
    python.touch()
    assert environment.is_complete(tmp_path)
    (tmp_path / environment.UNFINISHED).touch()
    assert not environment.is_complete(tmp_path)


def test_each_python_has_an_environment_of_its_own(monkeypatch):
    """What is installed for 3.9 cannot be loaded by 3.12, whose QGIS may be that of the same user."""
    names = []
    for version in ((3, 9), (3, 12)):
        told = SimpleNamespace(platform=sys.platform, version_info=SimpleNamespace(major=version[0], minor=version[1]))
        monkeypatch.setattr(environment, "sys", told)
        names.append(environment.environment_folder().name)
    assert names == ["engine-py3.9", "engine-py3.12"]
