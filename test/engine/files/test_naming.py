# SPDX-License-Identifier: GPL-2.0-or-later
"""A run that is killed at any moment while its outputs get their names leaves the old set or the new one, once somebody has looked."""

import errno
import json
import os
import signal
import sys
from pathlib import Path

import pytest
from scarp.engine.files import naming, outputs
from scarp.engine.files.naming import Step, take_names, undo_interrupted
from scarp.engine.files.outputs import check_writable, one_set, replacing
from scarp.engine.files.partial import PartialRaster

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are not forked there")
# What changes a folder; a run is killed before each of its calls, and after the last.
CALLS = [(os, "replace"), (os, "link"), (os, "unlink"), (os, "fsync")]


def in_child(work):
    """Carry something out in a process of its own; return how it ended, and its number."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), child


def killed_before_call(number, work, *, links=True):
    """Carry something out in a process that is killed before it changes a folder for that time; return whether it was."""

    def kill_in_time():
        left = [number]

        def counted(call):
            def wrapped(*arguments, **options):
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                if call.__name__ == "link" and not links:
                    raise OSError(errno.EPERM, "no links here")
                return call(*arguments, **options)

            return wrapped

        for module, name in CALLS:
            setattr(module, name, counted(getattr(module, name)))
        work()

    return in_child(kill_in_time)[0] == -signal.SIGKILL


def contents(*folders):
    return {path: path.read_text() for folder in folders for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("links", [True, False], ids=["links", "no-links"])
@pytest.mark.parametrize("apart", [False, True], ids=["one-folder", "two-folders"])
def test_a_run_killed_at_any_call_leaves_the_old_set_or_the_new(tmp_path, links, apart):
    here, there = tmp_path / "here", tmp_path / ("there" if apart else "here")
    table, raster, report = here / "t.csv", there / "o.txt", there / "r.html"
    old = {table: "old table", raster: "old raster", Path(f"{raster}.aux.xml"): "old statistics"}
    new = {table: "new table", raster: "new raster", report: "new report"}

    def write():
        with one_set(new):
            for target, text in new.items():
                with replacing(target) as path:
                    path.write_text(text)

    seen, number = set(), 0
    while True:
        number += 1
        for folder in {here, there}:
            folder.mkdir(exist_ok=True)
            for path in folder.iterdir():
                path.unlink()
        for path, text in old.items():
            path.write_text(text)
        was_killed = killed_before_call(number, write, links=links)
        for folder in {here, there}:
            check_writable(folder / "another.txt")  # whatever is written into the folder next
        check_writable(table), check_writable(raster), check_writable(report)
        left = contents(here, there)
        assert left in (old, new), (number, left)
        seen.add(left == new)
        if not was_killed:
            assert left == new
            break
    assert seen == {True, False}
    assert number > 15


def test_a_name_that_cannot_be_given_brings_all_back_and_leaves_no_journal(tmp_path):
    one, other = tmp_path / "one.txt", tmp_path / "other.txt"
    for path in (one, other):
        path.write_text("old")
    new = tmp_path / ".one.1.scarp-part.txt"
    new.write_text("new")
    steps = [
        naming.Step(one, new, tmp_path / ".one.1.scarp-part.0.old"),
        naming.Step(other, tmp_path / "missing", tmp_path / ".other.1.scarp-part.1.old"),
    ]
    with pytest.raises(FileNotFoundError):
        naming.take_names(steps)
    assert contents(tmp_path) == {one: "old", other: "old"}


@pytest.mark.parametrize("ending", ["killed", "an error"])
def test_whoever_is_killed_while_he_undoes_leaves_the_rest_to_the_next(tmp_path, ending):
    """Two folders, in which a run was killed before its last name, or could not give it: all old, wherever the undoing ends."""
    here, there = tmp_path / "here", tmp_path / "there"
    names = [folder / name for folder in (here, there) for name in ("one.txt", "two.txt")]

    def give():
        steps = [
            naming.Step(path, path.with_name(f"new-{path.name}"), path.with_name(f".{path.stem}.1.scarp-part.0.old")) for path in names
        ]
        replace = os.replace

        def fail(source, aim):
            if aim == names[-1] and source == steps[-1].new:
                if ending == "killed":
                    os.kill(os.getpid(), signal.SIGKILL)
                raise OSError(errno.EIO, "no")
            return replace(source, aim)

        os.replace = fail
        naming.take_names(steps)

    def undo():
        undo_interrupted(there, lambda pid: False)

    number, was_killed = 0, True
    while was_killed:
        number += 1
        for path in names:
            path.parent.mkdir(exist_ok=True)
            path.write_text("old")
            path.with_name(f"new-{path.name}").write_text(f"new {path.name}")
        if ending == "killed":
            in_child(give)
            assert {path.read_text() for path in names} == {"old", "new one.txt", "new two.txt"}
            was_killed = killed_before_call(number, undo)
        else:
            was_killed = killed_before_call(number, give)
        for folder in (there, here):
            undo_interrupted(folder, lambda pid: False)
        assert [path.read_text() for path in names] == ["old"] * 4, number
        assert not list(tmp_path.glob("*/.*"))
    assert number > 6


@pytest.fixture
def journal(tmp_path):
    """Write the journal of a dead run that had renamed a new file over an old one."""
    folder = tmp_path.resolve()
    target, old = folder / "map.txt", folder / ".map.9.scarp-part.0.old"

    def write(**changes):
        target.write_text("new")
        old.write_text("old")
        found = target.stat()
        step = [str(changes.get("path", target)), changes.get("old", old.name), [found.st_size, found.st_mtime_ns]]
        path = folder / ".scarp-set.4194311.scarp-part.json"
        path.write_text(changes.get("text") or json.dumps({"journals": [str(path)], "steps": [step]}))
        return target

    return write


def test_what_was_written_since_stays(journal, tmp_path):
    target = journal()
    target.write_text("the user's own")
    undo_interrupted(tmp_path, outputs._alive)
    assert contents(tmp_path) == {target: "the user's own"}


def test_where_there_was_nothing_the_new_goes_unless_it_was_written_since(journal, tmp_path):
    target = journal(old=None)
    undo_interrupted(tmp_path, outputs._alive)
    assert not target.exists()
    target = journal(old=None)
    target.write_text("the user's own")
    undo_interrupted(tmp_path, outputs._alive)
    assert target.read_text() == "the user's own"


def test_the_new_stays_where_the_old_is_gone(journal, tmp_path):
    target = journal()
    (tmp_path / ".map.9.scarp-part.0.old").unlink()
    undo_interrupted(tmp_path, lambda pid: False)
    assert contents(tmp_path) == {target: "new"}


def test_a_run_that_still_gives_names_is_left_alone(journal, tmp_path):
    import fcntl

    target = journal()
    with next(tmp_path.glob("*.json")).open("r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        undo_interrupted(tmp_path, lambda pid: False)
        assert target.read_text() == "new"
    undo_interrupted(tmp_path, lambda pid: False)
    assert contents(tmp_path) == {target: "old"}


def test_nobody_undoes_what_a_run_is_about(tmp_path, monkeypatch):
    """Whoever comes while names are given finds the journal held, in every folder, whatever is thought of its process."""
    (tmp_path / "b").mkdir()
    targets = [tmp_path / "a.txt", tmp_path / "b" / "b.txt"]
    steps = [Step(each, each.with_suffix(".new"), each.with_name(f".{each.name}.scarp-part.0.old")) for each in targets]
    for step in steps:
        step.path.write_text("old")
        step.new.write_text("new")
    set_aside, looked = naming._set_aside, []

    def come_between(step):
        set_aside(step)
        undo_interrupted(step.path.parent, lambda pid: False)
        looked.append(len(list(step.path.parent.glob(".scarp-set*"))))

    monkeypatch.setattr(naming, "_set_aside", come_between)
    take_names(steps)
    assert looked == [1, 1] and [each.read_text() for each in targets] == ["new", "new"]
    assert sorted(tmp_path.rglob("*.*")) == sorted(targets)


def test_a_journal_undoes_no_other_set_that_it_names(journal, tmp_path):
    target, other = journal(), tmp_path.resolve() / "other"
    other.mkdir()
    found = [str(path.resolve()) for path in (next(tmp_path.glob(".scarp-set*")), other / ".scarp-set.4194312.scarp-part.json")]
    told = json.loads(Path(found[0]).read_text())
    Path(found[0]).write_text(json.dumps({**told, "journals": found}))
    (other / "b.txt").write_text("new")
    stamp = [(other / "b.txt").stat().st_size, (other / "b.txt").stat().st_mtime_ns]
    Path(found[1]).write_text(json.dumps({"journals": found[1:], "steps": [[str(other / "b.txt"), None, stamp]]}))
    undo_interrupted(tmp_path, lambda pid: False)
    assert target.read_text() == "old"
    assert (other / "b.txt").read_text() == "new" and Path(found[1]).exists()


def test_without_locks_a_process_that_runs_is_left_alone(journal, tmp_path, monkeypatch):
    import fcntl

    def flock(*_):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", flock)
    target = journal()
    undo_interrupted(tmp_path, lambda pid: pid == 4194311)
    assert target.read_text() == "new"
    undo_interrupted(tmp_path, lambda pid: False)
    assert contents(tmp_path) == {target: "old"}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "[" * 100_000, '{"journals": [1], "steps": []}', '{"journals": [], "steps": [[1, 2]]}', '{"steps": 3, "journals": []}'],
)
def test_a_journal_that_is_none_changes_nothing_and_goes(journal, tmp_path, text):
    target = journal(text=text or " ")
    undo_interrupted(tmp_path, outputs._alive)
    assert target.read_text() == "new"
    assert not list(tmp_path.glob("*.json"))


@pytest.mark.parametrize("steps", [[[1, 2]], [[1, None, [1, 2]]], [["map.txt", 3, None]], [["map.txt", None, "x"]], [3]])
def test_a_journal_of_its_own_name_whose_steps_are_none_changes_nothing_and_goes(journal, tmp_path, steps):
    path = tmp_path.resolve() / ".scarp-set.4194311.scarp-part.json"
    target = journal(text=json.dumps({"journals": [str(path)], "steps": steps}))
    undo_interrupted(tmp_path, outputs._alive)
    assert target.read_text() == "new"
    assert not list(tmp_path.glob("*.json"))


def test_a_journal_of_somebody_else_touches_no_other_folder_and_no_other_file(journal, tmp_path):
    """Data come with hidden files too: what these say goes for temporary files of their own folder alone."""
    victim = tmp_path.parent / f"{tmp_path.name}-victim.txt"
    victim.write_text("new")
    target = journal(path=victim)
    os.utime(victim, ns=(target.stat().st_atime_ns, target.stat().st_mtime_ns))
    undo_interrupted(tmp_path, outputs._alive)
    assert victim.read_text() == "new"
    target = journal(path=victim, old=None)
    os.utime(victim, ns=(target.stat().st_atime_ns, target.stat().st_mtime_ns))
    undo_interrupted(tmp_path, outputs._alive)
    assert victim.read_text() == "new", "nor is it removed as if nothing had been there before"
    (tmp_path / "own.txt").write_text("the user's own")
    for name in ("own.txt", "../own.txt", "/etc/passwd"):
        target = journal(old=name)
        undo_interrupted(tmp_path, outputs._alive)
        assert target.read_text() == "new"
        assert (tmp_path / "own.txt").read_text() == "the user's own"


def test_a_copy_of_a_journal_undoes_nothing_where_it_was_copied_from(journal, tmp_path):
    """A folder may be copied while a run gives names there: that run holds its own journal, and not the copy."""
    import fcntl

    target, copies = journal(), tmp_path / "copies"
    copies.mkdir()
    own = next(tmp_path.glob(".scarp-set*"))
    copy = copies / own.name
    copy.write_bytes(own.read_bytes())
    with own.open("r+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        undo_interrupted(copies, lambda pid: False)
        assert target.read_text() == "new"
        assert own.exists() and not copy.exists()
    undo_interrupted(tmp_path, lambda pid: False)
    assert target.read_text() == "old"


def test_whoever_watches_a_worker_clears_what_it_leaves(tmp_path, monkeypatch):
    """Into whatever folder it wrote: the next run may be of another output."""
    shared, folder = tmp_path / "tmp", tmp_path / "out"
    shared.mkdir()
    monkeypatch.setattr(outputs, "_SHARED", str(shared))
    target = folder / "map.txt"

    def work():
        with outputs.private_folder(), replacing(target) as path, outputs.scratch_folder(target) as scratch:
            path.write_text("half")
            (scratch / "large.bin").write_text("much")
            os.kill(os.getpid(), signal.SIGKILL)

    for clear in (outputs.clear_after, lambda pid: outputs.private_folder().__enter__()):
        code, pid = in_child(work)
        assert code == -signal.SIGKILL
        assert len(list(folder.iterdir())) == 2
        other = folder / f".map.{os.getpid()}.scarp-part.txt"
        other.touch()  # of a run that goes on
        clear(pid)
        assert list(folder.iterdir()) == [other]
        other.unlink()
        assert not list(shared.glob(f"scarp-run-{pid}-*"))


def test_what_is_written_after_a_worker_was_told_to_end_goes_too(tmp_path, monkeypatch):
    """Another thread may write while one removes what is unfinished: a journal of SQLite comes back, and names are being given."""
    shared, target = tmp_path / "tmp", tmp_path / "out" / "o.gpkg"
    shared.mkdir()
    monkeypatch.setattr(outputs, "_SHARED", str(shared))

    def work():
        with outputs.private_folder(), replacing(target) as path:
            path.touch()
            outputs.remove_unfinished()
            assert not path.exists()
            path.with_name(path.name + "-journal").touch()
            os._exit(7)

    code, pid = in_child(work)
    assert code == 7
    assert [each.name for each in target.parent.iterdir()] == [f".o.{pid}.scarp-part.gpkg-journal"]
    outputs.clear_after(pid)
    assert not list(target.parent.iterdir())
    assert not list(shared.glob("scarp-run*"))


def test_a_raster_under_work_goes_with_its_run_unless_another_holds_it(tmp_path, monkeypatch, odd_grid):
    shared, target = tmp_path / "tmp", tmp_path / "map.tif"
    shared.mkdir()
    monkeypatch.setattr(outputs, "_SHARED", str(shared))

    def work():
        with outputs.private_folder(), PartialRaster(target, odd_grid(), -9999.0, {}):
            os.kill(os.getpid(), signal.SIGKILL)

    _, pid = in_child(work)
    assert (tmp_path / ".map.tif.scarp-partial").is_dir()
    with PartialRaster(target, odd_grid(), -9999.0, {}) as raster:
        outputs.clear_after(pid)
        assert raster.folder.is_dir()
    _, pid = in_child(work)
    outputs.clear_after(pid)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["tmp"]


def test_in_a_container_what_a_process_of_the_same_number_left_goes_too(tmp_path):
    target = tmp_path / "o.gpkg"
    left = tmp_path / f".o.{os.getpid()}.scarp-part.gpkg-journal"
    left.touch()
    with replacing(target) as path:
        assert not left.exists()
        path.with_name(path.name + ".tmp").touch()
        check_writable(target)
        assert path.with_name(path.name + ".tmp").exists()
        path.unlink(missing_ok=True)
        with one_set([target]):
            pass
        path.with_name(path.name + ".tmp").unlink()
        import sqlite3

        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE gpkg_contents (name)")
            database.execute("INSERT INTO gpkg_contents VALUES ('a')")
        database.close()
    assert [each.name for each in tmp_path.iterdir()] == ["o.gpkg"]
