# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk that becomes full leaves the old outputs as they were, and is told in one sentence; so is one that cannot be replaced."""

import os
import resource
import signal
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files import outputs
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.outputs import one_set, replacing
from scarp.engine.files.tables import write_table
from scarp.engine.tasks import classify_susceptibility


@contextmanager
def room_for(size):
    """Let no file of this process grow beyond a size, as on a full disk."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.fixture
def susceptibility(tmp_path):
    folder = tmp_path / "inputs"
    folder.mkdir()
    grid = Grid(reference_of(32639).ExportToWkt(), (0.0, 10.0, 0.0, 0.0, 0.0, -10.0), (600, 600))
    dataset = grid.create(str(folder / "map.tif"), nodata=-9999)
    dataset.GetRasterBand(1).WriteArray(np.random.default_rng(1).random((600, 600), np.float32))
    del dataset
    return str(folder / "map.tif")


@pytest.mark.parametrize("size", [1, 4096, 20_000, 40_000])
def test_a_full_disk_leaves_the_old_classes_and_table(susceptibility, tmp_path, size):
    place = tmp_path / "out"
    place.mkdir()
    wanted = {"output": str(place / "classes.tif"), "table": str(place / "classes.csv")}
    classify_susceptibility.run(Feedback(), susceptibility=susceptibility, classes=3, **wanted)
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    with room_for(size), pytest.raises(EngineError) as caught:
        classify_susceptibility.run(Feedback(), susceptibility=susceptibility, classes=5, **wanted)
    assert str(caught.value).count(".") <= 3
    assert "space" in str(caught.value) or "cannot be written" in str(caught.value)
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_what_cannot_be_read_back_does_not_replace_the_old(tmp_path):
    target = tmp_path / "map.tif"
    target.write_text("old")
    with pytest.raises(EngineError, match="cannot be written"), replacing(target) as path:
        path.write_bytes(b"II*\0half a raster")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["map.tif"]


def test_the_outputs_of_one_run_are_one_set(tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    one.write_text("old")
    with pytest.raises(KeyError), one_set([one, other]):
        with replacing(one) as path:
            path.write_text("new")
        assert one.read_text() == "old"
        raise KeyError
    assert (one.read_text(), sorted(os.listdir(tmp_path))) == ("old", ["one.txt"])
    with one_set([one, other]):
        for target in (one, other):
            with replacing(target) as path:
                path.write_text("new")
    assert [each.read_text() for each in (one, other)] == ["new", "new"]
    assert sorted(os.listdir(tmp_path)) == ["one.txt", "other.txt"]


def test_a_name_that_cannot_be_given_brings_the_old_set_back(tmp_path, monkeypatch):
    one, other = tmp_path / "one.tif.txt", tmp_path / "other.txt"
    for target in (one, other):
        target.write_text("old")
    (tmp_path / "one.tif.txt.aux.xml").write_text("old statistics")
    with pytest.raises(EngineError, match="cannot be written"), one_set():
        for target in (one, other):
            with replacing(target) as path:
                path.write_text("new")
        other.unlink()
        other.mkdir()  # what no file can replace
    other.rmdir()
    assert one.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["one.tif.txt", "one.tif.txt.aux.xml"]


def test_a_second_run_into_the_same_output_is_refused(tmp_path):
    script = "import fcntl, sys\nhandle = open(sys.argv[1])\nfcntl.flock(handle, fcntl.LOCK_EX)\nprint(1, flush=True)\ninput()"
    target = tmp_path / "out.csv"
    with one_set([target]):
        pass
    lock = outputs.lock_of(os.path.realpath(target))
    other = subprocess.Popen([sys.executable, "-c", script, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        other.stdout.readline()
        with pytest.raises(EngineError, match="Another run is writing"), one_set([target]):
            raise AssertionError
    finally:
        other.communicate(b"\n")
    with one_set([target]):
        write_table(str(target), [{"a": 1}])


def test_cells_of_a_table_are_no_formulas(tmp_path):
    write_table(str(tmp_path / "a.csv"), [{"name": "=HYPERLINK(1)", "value": -1.5}, {"name": "@a", "value": 2.0}])
    assert (tmp_path / "a.csv").read_text().splitlines() == ["name,value", "'=HYPERLINK(1),-1.5", "'@a,2.0"]


def test_a_folder_that_is_removed_meanwhile_is_told(tmp_path):
    place = tmp_path / "out"
    with pytest.raises(EngineError, match="its folder was removed meanwhile. Make it again"), replacing(place / "a.txt") as path:
        path.write_text("half")
        path.unlink()
        place.rmdir()
        path.write_text("whole")


def test_what_may_not_change_keeps_the_whole_old_set(tmp_path):
    """Neither where it may not change from the beginning, nor where that comes while the outputs are under work."""
    paths = [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]
    for path in paths:
        path.write_text("old")
    try:
        for first, number in ((True, 1), (False, 0), (False, 1), (False, 2)):
            with pytest.raises(EngineError, match=r"not permitted\); choose another"), one_set(paths):
                if first and _changed("+i", paths[number]):
                    pytest.skip("root, and a file system that has attributes, are needed")
                for path in paths:
                    with replacing(path) as temporary:
                        temporary.write_text("new")
                if not first and _changed("+i", paths[number]):
                    pytest.skip("root, and a file system that has attributes, are needed")
            assert [path.read_text() for path in paths] == ["old"] * 3
            assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.txt", "c.txt"]
            _changed("-i", paths[number])
    finally:
        for path in paths:
            _changed("-i", path)


def _changed(flag, path):
    """Set or take the attribute that not even root may change a file; return 0 where it could be done."""
    try:
        return subprocess.run(["chattr", flag, str(path)], check=False, capture_output=True).returncode
    except FileNotFoundError:  # no Linux
        return 1
