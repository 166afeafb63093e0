# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs leave nothing behind, those that were killed leave it to the next one; file systems and systems of other kinds are simulated."""

import ctypes
import errno
import fcntl
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.files import outputs, partial
from scarp.engine.files.stack import Stack
from scarp.engine.samples.cells import SampleCells

ROOT = Path(__file__).resolve().parents[2]
DEAD = 2**22 + 7  # above the highest number of a process


@pytest.fixture
def shared(tmp_path, monkeypatch):
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(outputs, "_SHARED", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_a_run_has_a_temporary_folder_of_its_own_and_takes_it_with_it(shared, monkeypatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    with pytest.raises(RuntimeError), outputs.private_folder() as folder:
        assert Path(tempfile.mkdtemp()).parent == folder
        assert os.environ["TMPDIR"] == str(folder)
        assert folder.stat().st_mode & 0o077 == 0
        raise RuntimeError
    assert list(shared.iterdir()) == []
    assert "TMPDIR" not in os.environ and tempfile.gettempdir() == str(shared)


def test_what_a_killed_run_left_goes_with_the_next_and_what_others_have_stays(shared):
    for name in (f"scarp-run-{DEAD}-a", f"scarp-run-{os.getpid()}-b", "scarp-run-x", f"other-{DEAD}-c"):
        (shared / name).mkdir()
        (shared / name / "__autograph_generated_file1.py").touch()
    aim = shared.parent / "aim"
    aim.mkdir()
    (shared / f"scarp-run-{DEAD}-link").symlink_to(aim)
    with outputs.private_folder():
        pass
    assert sorted(each.name for each in shared.iterdir()) == sorted(
        [f"scarp-run-{os.getpid()}-b", "scarp-run-x", f"other-{DEAD}-c", f"scarp-run-{DEAD}-link"]
    )
    assert aim.exists()


def test_unfinished_outputs_of_a_killed_run_are_cleared(tmp_path):
    target = tmp_path / "classes.gpkg"
    left = [f".classes.{DEAD}.scarp-part.gpkg", f".classes.{DEAD}.scarp-part.gpkg-journal", f".classes.{DEAD}.scarp-part.tif.aux.xml"]
    stays = [".classes.txt", f".other.{DEAD}.scarp-part.gpkg", f".classes.{os.getppid()}.scarp-part.gpkg"]
    for name in (*left, *stays):
        (tmp_path / name).touch()
    outputs.check_writable(target)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(stays)


@pytest.fixture
def training(write_stack, tmp_path):
    path = write_stack("stack.tif", (40, 50))
    rng = np.random.default_rng(1)
    rows, cols = np.divmod(rng.permutation(2000)[:200], 50)
    number = np.arange(200) % 5
    subset = np.where(np.arange(200) >= 160, "test", "train")
    SampleCells(rows, cols, number % 2, subset, number, np.arange(200).astype(str)).write(tmp_path / "cells.gpkg", Stack.open(path).grid)
    tiny = {"patch_size": 3, "filters": 2, "units": 4, "epochs": 1, "members": 1}
    data = {"covariates": path, "inventory": str(tmp_path / "cells.gpkg"), "label_field": "landslide"}
    return {**data, **tiny, "model": str(tmp_path / "m.scarp"), "report": str(tmp_path / "r.html")}


def test_a_training_leaves_nothing_in_the_temporary_folder(training, tmp_path):
    """TensorFlow leaves the text of every function that it compiles, and Python what it makes of it."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "task.json").write_text(json.dumps({"task": "train_cnn_dnn", "parameters": training}))
    command = [sys.executable, "-I", str(ROOT / "engine" / "__main__.py"), str(tmp_path / "task.json")]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    run = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=200, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    left = [each for each in (tmp_path / "tmp").rglob("*") if "locks" not in str(each)]
    assert left == []


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_worked_on(tmp_path, monkeypatch, number):
    def flock(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    unlock = partial._locked(tmp_path / "lock")
    assert unlock is not None
    unlock()
    with outputs.one_set([tmp_path / "map.tif"]):
        pass


def test_a_lock_that_another_run_holds_is_one(tmp_path):
    unlock = partial._locked(tmp_path / "lock")
    assert partial._locked(tmp_path / "lock") is None
    unlock()
    partial._locked(tmp_path / "lock")()


@pytest.mark.parametrize(
    ("handle", "waited", "last", "alive"), [(0, 0, 87, False), (0, 0, 5, True), (44, 0x102, 0, True), (44, 0, 0, False)]
)
def test_who_is_alive_on_windows(monkeypatch, handle, waited, last, alive):
    """No such process; one of another user; one that runs; one that has ended while somebody still asks for it."""
    closed = []

    class OpenProcess:
        def __call__(self, rights, inherit, pid):
            assert pid == 4711
            return handle

    kernel = SimpleNamespace(OpenProcess=OpenProcess(), WaitForSingleObject=lambda *_: waited, CloseHandle=closed.append)
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, **_: kernel, raising=False)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: last, raising=False)
    assert outputs._alive_on_windows(4711) is alive
    assert len(closed) == bool(handle)


def test_a_file_where_a_folder_should_be_is_told_as_such(tmp_path):
    (tmp_path / "plain").touch()
    for target in (tmp_path / "plain" / "map.tif", tmp_path / "plain" / "deeper" / "map.tif"):
        with pytest.raises(EngineError, match=r"plain is a file, where a folder is needed"):
            outputs.check_writable(target)


def test_compiled_functions_are_kept_where_it_is_possible_and_nowhere_else():
    """A plugin folder may be read-only: only `models.compiled` knows what to do then."""
    users = [path for room in ("engine", "models") for path in (ROOT / room).rglob("*.py") if "njit" in path.read_text(encoding="utf-8")]
    assert [path.name for path in users] == ["compiled.py"]
