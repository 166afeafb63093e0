# SPDX-License-Identifier: GPL-2.0-or-later
"""The menu “Scarp” in a real window: with the engine, and without."""

import json
import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("xvfb-run") or not shutil.which("qgis"), reason="needs a QGIS window")


@pytest.fixture
def seen_in(window, tmp_path):
    """Run a script in a window, by default one that clicks every entry; return what was seen."""

    def run(script="first.py", **environment):
        window(script, {**os.environ, "SCARP_WINDOW": str(tmp_path), "HOME": str(tmp_path), **environment}, 600)
        seen = json.loads((tmp_path / "seen.json").read_text(encoding="utf-8"))
        assert "error" not in seen, seen["error"]
        return seen

    return run


def test_a_new_user_without_the_engine_is_told_and_can_install_it(provider, seen_in, tmp_path):
    seen = seen_in(XDG_DATA_HOME=str(tmp_path / "data"), SCARP_PYTHON="")
    assert len(seen["bar"]) == 1 and "is not installed" in seen["bar"][0]
    assert seen["can_install"]
    assert seen["end"] == "Install the engine first."
    assert seen["layers"] == []


def test_each_entry_does_what_it_says(provider, seen_in, tmp_path):
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    seen = seen_in(XDG_DATA_HOME=data)
    assert seen["bar"] == []
    assert seen["entries"] == [
        "State of the engine…",
        "Make a first map",
        "Start with my own data…",
        "Tutorial",
        "Copy diagnostics",
    ]
    assert seen["state"].startswith("The engine is ready (") and not seen["can_install"]
    assert seen["own_data"] in ("scarp:susceptibilityfromdemandlandslides", "scarp:preparecovariates")
    assert seen["diagnostics"].startswith("Scarp ") and "QGIS 3" in seen["diagnostics"]
    assert str(tmp_path) not in seen["diagnostics"]
    pages = seen["pages"]
    assert pages["tutorial"].startswith("A map in ten minutes") and pages["validation"].startswith("Honest validation")
    assert pages["widest"] <= pages["width"], "pictures fit into the window"
    assert pages["back"]
    assert seen["end"].startswith("Your first map is in the window"), seen["end"]
    opened = [Path(unquote(urlsplit(link).path)) for link in re.findall('href="([^"]+)"', seen["end"])]
    assert [path.name for path in opened] == ["report.html", "Scarp first map"] and all(path.exists() for path in opened)
    assert {"Susceptibility", "Susceptibility classes"} <= {name.strip() for name in seen["layers"]}
    assert seen["gone"] == ["Scarp"] and seen["back"]
    assert list(tmp_path.glob("**/report.html"))


FAKE = """#!/bin/sh
tell() {{ printf '%s\\n' "$1"; sleep 0.4; }}
tell '{{"type": "status", "text": "Downloading tensorflow 2.21: 10 of 600 MB"}}'
tell '{{"type": "progress", "percent": 40}}'
if [ ! -e {folder}/works ]; then
    tell '{{"type": "error", "text": "The disk is full; make room."}}'
    exit 1
fi
mkdir -p {data}/scarp && ln -s {engine} {data}/scarp/
tell '{{"type": "progress", "percent": 90}}'
tell '{{"type": "result", "value": {{"log": "{folder}/log.txt"}}}}'
"""


def test_the_install_button_tells_how_far_it_is_why_it_failed_and_what_comes_next(provider, seen_in, tmp_path):
    """The worker that loads packages is a fake; the window, the task and the bridge are not."""
    from scarp.engine.environment import environment_folder, is_complete

    if not is_complete(environment_folder()):
        pytest.skip("needs the engine in its own place")
    fake, data = tmp_path / "python", tmp_path / "data"
    fake.write_text(FAKE.format(folder=tmp_path, data=data, engine=environment_folder()), encoding="utf-8")
    fake.chmod(0o755)
    failed, installed = seen_in("install.py", XDG_DATA_HOME=str(data), SCARP_PYTHON="", SCARP_FAKE=str(fake))
    state, can_install, can_map = failed["before"]
    assert "is not installed" in state and can_install and not can_map
    assert len(failed["bars"]) == 1
    assert failed["meanwhile"] == [True, True, False]
    assert "Downloading tensorflow 2.21: 10 of 600 MB" in failed["told"] and 40 in failed["percents"]
    assert failed["after"][1:] == [True, False, "The disk is full; make room."]
    assert len(failed["bars_after"]) == 1
    assert 90 in installed["percents"]
    state, can_install, can_map, said = installed["after"]
    assert state.startswith("The engine is ready (") and not can_install and can_map
    assert said == "Ready: make a first map now."
    assert installed["bars_after"] == []
