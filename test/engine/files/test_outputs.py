# SPDX-License-Identifier: GPL-2.0-or-later
import errno
import os
import re
import shutil
import subprocess
import sys

import pytest
from scarp.engine.errors import EngineError
from scarp.engine.files.outputs import check_writable, remove_unfinished, replacing, scratch_folder


def test_a_failed_run_leaves_what_was_there(tmp_path):
    target = tmp_path / "map.dat"
    target.write_text("old")
    with pytest.raises(KeyError), replacing(target) as path:
        path.write_text("half")
        raise KeyError
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["map.dat"]


def test_a_finished_run_replaces_it_and_its_outdated_sidecar(tmp_path):
    target = tmp_path / "map.dat"
    target.write_text("old")
    (tmp_path / "map.dat.aux.xml").write_text("old statistics")
    with replacing(target) as path:
        path.write_text("new")
        path.with_name(path.name + ".msk").write_text("mask")
        assert target.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["map.dat", "map.dat.msk"]
    assert target.read_text() == "new"


def test_the_next_run_clears_what_a_killed_one_left(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f".map.{gone.pid}.scarp-part.dat").write_text("half")
    other = tmp_path / f".map.{os.getppid()}.scarp-part.dat"
    other.write_text("still written")
    check_writable(tmp_path / "map.dat")
    assert os.listdir(tmp_path) == [other.name]


def test_a_place_that_cannot_be_written_is_named():
    with pytest.raises(EngineError, match="/proc/map.tif"):
        check_writable("/proc/map.tif")


def test_a_scratch_folder_leaves_nothing(tmp_path):
    with scratch_folder(tmp_path / "stack.dat") as folder:
        (folder / "1.dat").write_text("a")
        assert folder.parent == tmp_path
    assert not os.listdir(tmp_path)
    with scratch_folder(tmp_path / "stack.dat") as folder:
        (folder / "1.dat").write_text("a")
        remove_unfinished()  # the worker was told to stop
        assert not os.listdir(tmp_path)


def test_long_names_are_written_and_longer_ones_refused(tmp_path):
    target = tmp_path / ("s" * 231 + ".dat")
    with replacing(target) as temporary, scratch_folder(target) as folder:
        temporary.write_text("whole", encoding="utf-8")
        assert folder.is_dir()
    assert target.read_text(encoding="utf-8") == "whole"
    assert [path.name for path in tmp_path.iterdir()] == [target.name]
    check_writable(tmp_path / ("s" * 236 + ".dat"))
    with pytest.raises(EngineError, match="has 241 bytes, and at most 240 are allowed; shorten it"):
        check_writable(tmp_path / ("s" * 237 + ".dat"))
    with pytest.raises(EngineError, match="has 304 bytes"):
        check_writable(tmp_path / ("é" * 150 + ".dat"))


def test_what_a_killed_run_left_of_a_long_name_is_cleared(tmp_path):
    names = [("s" * 200 + letter + ".dat") for letter in "ab"]
    with replacing(tmp_path / names[0]) as temporary:
        temporary.write_text("", encoding="utf-8")
        left = temporary.with_name(temporary.name.replace(f".{os.getpid()}.", ".999999999."))
        temporary.rename(left)
        temporary.write_text("", encoding="utf-8")
    check_writable(tmp_path / names[1])
    assert left.exists()
    check_writable(tmp_path / names[0])
    assert not left.exists()


def test_a_step_on_the_way_is_told_as_the_output_that_it_is_for(tmp_path):
    """Its own place is hidden, and gone when the sentence is read."""
    target = tmp_path / "zones.gpkg"
    for error, told in (
        (RuntimeError("the database is broken"), f"The output {target} cannot be written (the database is broken)"),
        (OSError(errno.ENOSPC, "No space left on device"), f"The disk of {tmp_path} is full; free some space"),
    ):
        with pytest.raises(EngineError, match="^" + re.escape(told)), scratch_folder(target) as folder, replacing(folder / "step.gpkg"):
            raise error
    assert not list(tmp_path.iterdir())


def test_what_goes_wrong_in_a_scratch_folder_is_told_of_the_output(tmp_path):
    """A disk that fills up, or a folder that is taken away, while a task works in a scratch folder of its own."""
    target = tmp_path / "there" / "stack.dat"
    with pytest.raises(EngineError, match=r"stack\.dat cannot be written \(IO error writing tag data\)"), scratch_folder(target):
        raise RuntimeError("TIFFWriteDirectoryTagData: IO error writing tag data")
    with pytest.raises(EngineError, match=r"there"), scratch_folder(target) as folder:
        shutil.rmtree(target.parent)
        (folder / "part.dat").write_bytes(b"1")
    with pytest.raises(ZeroDivisionError), scratch_folder(target):
        raise ZeroDivisionError
    assert not list(tmp_path.rglob("*.folder"))
