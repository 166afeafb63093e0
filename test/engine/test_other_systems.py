# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done differently on Windows and macOS, simulated: no locks of Unix, files that cannot be removed while open, other folders."""

import ctypes
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from scarp.engine import environment, stop
from scarp.engine.errors import EngineError
from scarp.engine.files import outputs, partial
from scarp.engine.files.naming import undo_interrupted
from scarp.engine.files.outputs import one_set, replacing
from scarp.engine.tasks import install_engine

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are looked for in /proc")
DEAD = 2**22 + 7  # above the highest number of a process


def is_open(path):
    real = os.path.realpath(path)
    return any(os.path.realpath(each) == real for each in Path("/proc/self/fd").iterdir())


@pytest.fixture
def windows(monkeypatch):
    """No module fcntl, and an open file can neither be removed nor replaced."""

    def refusing(call):
        def wrapped(*paths, **more):
            for path in paths:
                if isinstance(path, (str, os.PathLike)) and is_open(path):
                    raise PermissionError(13, "The process cannot access the file because it is being used by another process", str(path))
            return call(*paths, **more)

        return wrapped

    monkeypatch.setitem(sys.modules, "fcntl", None)
    for name in ("unlink", "replace", "rename", "remove"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))


def test_outputs_get_their_names_where_open_files_stay(windows, tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text("old")
    with one_set([one, other]):
        for target in (one, other):
            with replacing(target) as path:
                path.write_text("new")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"one.txt": "new", "other.txt": "new"}


def test_an_output_that_another_program_holds_keeps_the_old_set(windows, tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    for target in (one, other):
        target.write_text("old")
    with other.open() as stream, pytest.raises(EngineError, match="being used by another process"), one_set():
        for target in (one, other):
            with replacing(target) as path:
                path.write_text("new")
    assert stream.closed
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"one.txt": "old", "other.txt": "old"}


def test_what_a_killed_run_left_is_undone_where_open_files_stay(windows, tmp_path):
    import json

    folder = tmp_path.resolve()
    target, old = folder / "map.txt", folder / f".map.{DEAD}.scarp-part.0.old"
    target.write_text("new")
    old.write_text("old")
    found = target.stat()
    journal = folder / f".scarp-set.{DEAD}.scarp-part.json"
    steps = [[str(target), old.name, [found.st_size, found.st_mtime_ns]]]
    journal.write_text(json.dumps({"journals": [str(journal)], "steps": steps}))
    undo_interrupted(folder, lambda pid: pid == DEAD)
    assert target.read_text() == "new"  # it still runs
    undo_interrupted(folder, lambda pid: False)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"map.txt": "old"}


def test_a_raster_under_work_is_locked_without_fcntl(monkeypatch, tmp_path):
    import filelock

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(filelock, "FileLock", filelock.SoftFileLock)  # the one that needs no system
    unlock = partial._locked(tmp_path / "lock")
    assert partial._locked(tmp_path / "lock") is None
    unlock()
    unlock = partial._locked(tmp_path / "lock")
    assert unlock is not None
    unlock()
    monkeypatch.setitem(sys.modules, "filelock", None)  # QGIS's own Python may lack it
    assert partial._locked(tmp_path / "lock") is not None


def test_processes_are_never_signalled_on_windows(monkeypatch):
    """`os.kill` with 0 would end them there."""
    monkeypatch.setattr(outputs.os, "name", "nt")
    monkeypatch.setattr(outputs.os, "kill", lambda *_: pytest.fail("a process would have been ended"))
    monkeypatch.setattr(outputs, "_alive_on_windows", lambda pid: pid == 4711)
    assert outputs._alive(4711)
    assert not outputs._alive(4712)


@pytest.mark.parametrize(
    ("system", "folder", "python"),
    [
        ("win32", "local/scarp", "Scripts/python.exe"),
        ("darwin", "home/Library/Application Support/scarp", "bin/python"),
        ("linux", "data/scarp", "bin/python"),
    ],
)
def test_where_the_engine_lies(monkeypatch, tmp_path, system, folder, python):
    monkeypatch.setattr(environment.sys, "platform", system)
    for name, value in (("LOCALAPPDATA", "local"), ("HOME", "home"), ("XDG_DATA_HOME", "data")):
        monkeypatch.setenv(name, str(tmp_path / value))
    found = environment.environment_folder()
    assert found.parent == tmp_path / folder
    assert environment.environment_python(found) == found / python


def test_a_second_installation_is_refused_on_windows(monkeypatch, tmp_path):
    held = []

    def locking(handle, mode, count):
        if held:
            raise OSError(36, "Resource deadlock avoided")
        held.append(handle)

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    monkeypatch.setattr(install_engine.sys, "platform", "win32")
    folder = tmp_path / "engine-py3.11"
    with install_engine._alone(folder), pytest.raises(EngineError, match="Another installation"), install_engine._alone(folder):
        raise AssertionError


def test_a_worker_ends_with_qgis_on_windows(monkeypatch):
    """A thread waits for the end of the parent, which it may not be allowed to."""
    ended, gone = threading.Event(), threading.Event()
    opened = []

    class OpenProcess:
        def __call__(self, rights, inherit, pid):
            opened.append(pid)
            return 44

    def wait(handle, milliseconds):
        assert (handle.value, milliseconds) == (44, 0xFFFFFFFF)
        gone.wait(10)

    kernel = SimpleNamespace(OpenProcess=OpenProcess(), WaitForSingleObject=wait)
    monkeypatch.setattr(ctypes, "windll", SimpleNamespace(kernel32=kernel), raising=False)
    monkeypatch.setattr(stop.sys, "platform", "win32")
    stop._end_with_parent(ended.set)
    assert opened == [os.getppid()]
    assert not ended.wait(0.2)
    gone.set()
    assert ended.wait(10)
