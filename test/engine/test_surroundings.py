# SPDX-License-Identifier: GPL-2.0-or-later
"""The same numbers wherever a worker runs: under a decimal comma, in another time zone, with umask 077, at home in other letters."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import bad_files
import pytest
import small_runs
from osgeo import ogr

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locales are made by localedef")
ENTRY = Path(__file__).resolve().parents[2] / "engine" / "__main__.py"
HOME = "the home of پایگاه and 日本語"


def worker(task, parameters, folder, *, umask=-1, **environment):
    folder.mkdir(parents=True, exist_ok=True)
    description = folder / "task.json"
    description.write_text(json.dumps({"task": task, "parameters": parameters}))
    run = subprocess.run(
        [sys.executable, "-I", str(ENTRY), str(description)],
        env={**os.environ, **environment},
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-500:] + run.stderr[-500:]


def contents(path):
    if path.suffix != ".gpkg":
        return path.read_bytes()
    dataset = ogr.Open(str(path))
    return [feature.ExportToJson() for feature in dataset.GetLayer(0)]


def test_results_do_not_depend_on_the_surroundings(tmp_path):
    area = bad_files.write_area(tmp_path)
    home = tmp_path / HOME
    home.mkdir()
    here = {key: shutil.copy(path, home) for key, path in area.items()}
    odd = {"HOME": str(home), "TZ": "Asia/Kathmandu", "XDG_CACHE_HOME": str(home / ".cache")}
    if shutil.which("localedef"):
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", str(tmp_path / "de_DE.UTF-8")], capture_output=True, check=False)
    if (tmp_path / "de_DE.UTF-8").is_dir():
        odd |= {"LOCPATH": str(tmp_path), "LC_ALL": "de_DE.UTF-8"}
    for task in ("classify_susceptibility", "prepare_covariates"):
        usual, others = tmp_path / task, home / task
        worker(task, small_runs.runs(area, usual)[task], usual)
        worker(task, small_runs.runs(here, others)[task], others, umask=0o077, **odd)
        names = sorted(path.name for path in usual.iterdir() if path.suffix in (".tif", ".csv", ".gpkg"))
        assert names
        for name in names:
            assert contents(usual / name) == contents(others / name), name
            assert (others / name).stat().st_mode & 0o077 == 0
