# SPDX-License-Identifier: GPL-2.0-or-later
"""Finished outputs get their names all together: a journal beside them lets whoever comes after a killed run undo what was half done."""

from __future__ import annotations

import errno
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

# In the name of every temporary file, after the number of its process.
PART = ".scarp-part"
# Held while outputs get their names: a run that is told to stop then stops before or after, not between.
naming = threading.RLock()
_JOURNAL = re.compile(rf"\.scarp-set\.(\d+){re.escape(PART)}\.json")
_OLD = re.compile(rf"\..*{re.escape(PART)}\.\d+\.old")


class Step(NamedTuple):
    """A name that changes hands.

    Parameters
    ----------
    path
        The name.
    new
        What takes it; None where it is only given up.
    old
        Where what had it before waits meanwhile; None where there was nothing.
    """

    path: Path
    new: Path | None
    old: Path | None


def take_names(steps: Sequence[Step]) -> None:
    """Carry out all steps, or none.

    An error brings back what stood there before. After a kill `undo_interrupted` does, by a journal in each folder: of every step the path,
    what waits and the stamp of the new, written before anything changes and removed, that of the first folder first, when all is done.

    Raises
    ------
    OSError
        If a name cannot be given: all is then as before.
    """
    with naming:
        folders = dict.fromkeys(step.path.parent.resolve() for step in steps)
        journals = [folder / f".scarp-set.{os.getpid()}{PART}.json" for folder in folders]
        told = [[str(step.path.parent.resolve() / step.path.name), step.old.name if step.old else None, _stamp(step.new)] for step in steps]
        content = json.dumps({"journals": [str(each) for each in journals], "steps": told})
        with ExitStack() as opened:
            try:
                for journal in journals:
                    stream = opened.enter_context(journal.open("w", encoding="utf-8"))
                    lock(stream)
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
                for folder in folders:
                    _sync(folder)
                for step in steps:
                    _set_aside(step)
                for step in steps:
                    if step.new is None:
                        step.path.unlink(missing_ok=True)
                    else:
                        os.replace(step.new, step.path)
                for folder in folders:
                    _sync(folder)
            except BaseException:
                opened.close()
                _undo_all(journals)
                raise
            opened.close()  # Windows removes no file that is open
            for journal in journals:
                journal.unlink(missing_ok=True)
        for step in steps:
            if step.old:
                step.old.unlink(missing_ok=True)


def undo_interrupted(folder: Path, is_alive: Callable[[int], bool]) -> None:
    """Bring back the old outputs of a folder, and of the others of their set, where a run was killed while it gave names.

    Parameters
    ----------
    folder
        Where outputs lie.
    is_alive
        Tells whether a process runs, by its number; asked where the file system knows no locks.
    """
    for path in sorted(folder.resolve().glob(f".scarp-set.*{PART}.json")):
        match = _JOURNAL.fullmatch(path.name)
        if match:
            with suppress(OSError), _ours(path, is_alive(int(match[1]))) as is_ours:
                if is_ours:
                    _undo_set(path)


def _undo_set(path: Path) -> None:
    """Undo the set of a journal; where that of its first folder is gone, all had been done."""
    found = _read(path)
    journals = [Path(each) for each in found["journals"]] if found else []
    if found and path in journals and journals[0].exists():
        _undo_all([journal for journal in journals if _read(journal) == found])
    path.unlink(missing_ok=True)


def _undo_all(journals: Sequence[Path]) -> None:
    """Undo what journals tell, that of the first folder last: while it is there, whoever is killed here has not undone all."""
    for journal in reversed(journals):
        _undo(journal)


def _undo(journal: Path) -> None:
    """Undo what a journal tells of its own folder, as far as it was done, and remove it.

    What is not as the killed run left it stays: somebody has written it since.
    """
    found = _read(journal)
    for told, old_name, stamp in found["steps"] if found else []:
        path = Path(told)
        if path.parent != journal.parent or (old_name is not None and not _OLD.fullmatch(old_name)):
            continue
        old = path.with_name(old_name) if old_name is not None else None
        with suppress(OSError):
            if (not os.path.lexists(path) or (stamp is not None and _stamp(path) == stamp)) and old is not None and old.exists():
                os.replace(old, path)
            elif old is None and stamp is not None and _stamp(path) == stamp:
                path.unlink()
            if old is not None:
                old.unlink(missing_ok=True)
    journal.unlink(missing_ok=True)


def _set_aside(step: Step) -> None:
    """Keep what has a name; it also keeps that name where the file system lets it have two."""
    if step.old is None:
        return
    if step.path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(step.path))
    try:
        os.link(step.path, step.old)
    except OSError:
        os.replace(step.path, step.old)


def _stamp(path: Path | None) -> list[int] | None:
    """Return what a file is known by, whatever it is called; None if there is none."""
    try:
        found = path.lstat() if path else None
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns] if found else None


def _read(journal: Path) -> dict[str, Any] | None:
    """Return what a journal tells; None of one that was not written to its end, after which nothing had changed yet."""
    try:
        found = json.loads(journal.read_text(encoding="utf-8"))
        is_one = isinstance(found, Mapping) and all(isinstance(each, str) for each in found["journals"])
        return dict(found) if is_one and all(_is_step(each) for each in found["steps"]) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_step(told: Any) -> bool:
    path, old, stamp = told
    return isinstance(path, str) and isinstance(old, (str, type(None))) and isinstance(stamp, (list, type(None)))


@contextmanager
def _ours(path: Path, is_alive: bool) -> Iterator[bool]:
    """Hold a journal whose run has ended; yield whether it is such a one."""
    with path.open("r+", encoding="utf-8") as stream:
        locked = lock(stream)
        if locked is not None:
            yield locked and path.exists()
            return
    yield not is_alive  # no locks: it is closed, since Windows removes no file that is open


def lock(stream: IO[str] | int) -> bool | None:
    """Lock an open file for this process, which loses it when it ends; return whether it has it, None where there are no locks."""
    try:
        import fcntl
    except ImportError:
        return None
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return None
    return True


def _sync(folder: Path) -> None:
    """Bring the names of a folder to the disk, where a system lets that be asked."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
