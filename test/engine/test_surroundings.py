# SPDX-License-Identifier: GPL-2.0-or-later
"""The same numbers wherever a worker runs: under a decimal comma, in another time zone, with umask 077, at home in other letters."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import bad_files
import pytest
import small_runs
from osgeo import ogr

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locales are made by localedef")
ENTRY = Path(__file__).resolve().parents[2] / "engine" / "__main__.py"
HOME = "the home of پایگاه and 日本語"


def worker(task, parameters, folder, *, umask=-1, code=0, **environment):
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
    assert run.returncode == code, run.stdout[-500:] + run.stderr[-500:]
    return run.stdout


@pytest.mark.parametrize("database", [None, "no database", "of another version"])
def test_a_projection_database_that_cannot_be_read_is_told(tmp_path, database):
    """As where another program, such as PostGIS, sets PROJ_LIB for its own."""
    area, elsewhere = bad_files.write_area(tmp_path), tmp_path / "elsewhere"
    elsewhere.mkdir()
    if database == "no database":
        (elsewhere / "proj.db").write_text(database)
    if database == "of another version":
        with closing(sqlite3.connect(elsewhere / "proj.db")) as made:
            made.execute("CREATE TABLE metadata (key TEXT, value TEXT)")
            layout = [(f"DATABASE.LAYOUT.VERSION.{each}", "0") for each in ("MAJOR", "MINOR")]
            made.executemany("INSERT INTO metadata VALUES (?, ?)", layout)
            made.commit()
    for task in ("classify_susceptibility", "prepare_covariates", "sample_landscape"):
        runs = small_runs.runs(area, tmp_path / "out")
        told = worker(task, runs[task], tmp_path / task, code=1, PROJ_LIB=str(elsewhere), PROJ_DATA=str(elsewhere))
        error = json.loads(told.splitlines()[-1])
        assert not error.get("unexpected"), error
        assert f"finds no database of coordinate reference systems (proj.db) that it can read: PROJ_DATA is {elsewhere}" in error["text"]
        assert error["text"].endswith(". Unset PROJ_DATA and PROJ_LIB, or let them name the folder of QGIS’s own.")


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
