# SPDX-License-Identifier: GPL-2.0-or-later
import os
import subprocess
import sys

import pytest
from scarp.engine.errors import EngineError
from scarp.engine.files.outputs import check_writable, remove_unfinished, replacing, scratch_folder


def test_a_failed_run_leaves_what_was_there(tmp_path):
    target = tmp_path / "map.tif"
    target.write_text("old")
    with pytest.raises(RuntimeError), replacing(target) as path:
        path.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["map.tif"]


def test_a_finished_run_replaces_it_and_its_outdated_sidecar(tmp_path):
    target = tmp_path / "map.tif"
    target.write_text("old")
    (tmp_path / "map.tif.aux.xml").write_text("old statistics")
    with replacing(target) as path:
        path.write_text("new")
        path.with_name(path.name + ".msk").write_text("mask")
        assert target.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["map.tif", "map.tif.msk"]
    assert target.read_text() == "new"


def test_the_next_run_clears_what_a_killed_one_left(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (tmp_path / f".map.{gone.pid}.scarp-part.tif").write_text("half")
    mine = tmp_path / f".map.{os.getpid()}.scarp-part.tif"
    mine.write_text("still written")
    check_writable(tmp_path / "map.tif")
    assert os.listdir(tmp_path) == [mine.name]


def test_a_place_that_cannot_be_written_is_named():
    with pytest.raises(EngineError, match="/proc/map.tif"):
        check_writable("/proc/map.tif")


def test_a_scratch_folder_leaves_nothing(tmp_path):
    with scratch_folder(tmp_path / "stack.tif") as folder:
        (folder / "1.tif").write_text("a")
        assert folder.parent == tmp_path
    assert not os.listdir(tmp_path)
    with scratch_folder(tmp_path / "stack.tif") as folder:
        (folder / "1.tif").write_text("a")
        remove_unfinished()  # the worker was told to stop
        assert not os.listdir(tmp_path)
