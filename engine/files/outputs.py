# SPDX-License-Identifier: GPL-2.0-or-later
"""Outputs appear whole or not at all: written beside their target, renamed at the end."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import EngineError, without_workings
from .intact import DamagedError, check_intact
from .naming import PART as _PART
from .naming import Step, lock, take_names, undo_interrupted

# Paths under work in this process; the worker removes them when it is told to stop.
_unfinished: set[Path] = set()
# The output that each folder with steps on the way is for.
_scratch: dict[Path, Path] = {}
_PRIVATE = "scarp-run-"
# Ends the name of a folder of a raster under work, which has no number of a process since the next run may go on from it.
_PARTIAL = ".scarp-partial"
# In the temporary folder of a run, the folders that it writes into, a line each, for whoever clears what it leaves when it is killed.
_WRITES_INTO = "writes-into.jsonl"
# That file, once there is such a folder, and what it tells.
_told: list[tuple[Path, set[Path]]] = []
# The temporary folder of all runs; a worker has one of its own besides.
try:
    _SHARED = tempfile.gettempdir()
except FileNotFoundError:  # where nothing can be written: whoever has to write says so
    _SHARED = os.environ.get("TMPDIR") or "/tmp"  # nosec B108
# File systems take names of 255 bytes; temporary files and those beside an output have longer names than the output.
_LONGEST = 240
_SHORT = 64
# A disk with less than this is full.
_FULL_BYTES = 1 << 20
# What the system says, and what GDAL and SQLite say, where something cannot be written.
_WRITE_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
_WRITE_WORDS = re.compile(
    r"\bTIFF\w+:|sqlite|database|write error|no space left|cannot write|failed to write|disk|WriteBlock"
    r"|terminating translation|file too large",
    re.IGNORECASE,
)


# The outputs of the run that are whole and wait for the others, target and temporary file; no such set outside a run.
_sets: list[dict[Path, Path]] = []


@contextmanager
def one_set(targets: Iterable[str | Path] = ()) -> Iterator[None]:
    """Make one set of the outputs that are written in this block: they get their names together at its end, or none does.

    Parameters
    ----------
    targets
        What will be written, files or folders: no other run may write them meanwhile, and they can be replaced.

    Raises
    ------
    EngineError
        If another run writes one of them, one cannot be replaced, or the disk becomes full.
    """
    if _sets:  # part of a larger set
        yield
        return
    with ExitStack() as locks:
        for target in sorted({os.path.realpath(each) for each in targets}):
            locks.enter_context(_locked(target))
        waiting: dict[Path, Path] = {}
        _sets.append(waiting)
        is_done = False
        try:
            yield
            is_done = True
            _name(waiting)
        except OSError as error:
            if not is_done and error.errno not in _WRITE_ERRNOS:  # as of a library that could not be loaded
                raise
            raise not_written(next(iter(waiting), error.filename or tempfile.gettempdir()), error) from error
        finally:
            for temporary in waiting.values():
                _remove(temporary)
                _unfinished.discard(temporary)
            _sets.pop()


@contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `target` that takes its place when the block ends well.

    The temporary name keeps the suffix of `target`, so that GDAL picks the same format. If the block raises,
    nothing is left of it, and a file that stood at `target` before stays as it was. So it is if a data set could not be written to its
    end, which GDAL tells only when it closes and Python then prints and forgets: what could not be closed well is not renamed, and what is
    renamed was opened again and lies on the disk.

    Parameters
    ----------
    target
        The file to write.

    Raises
    ------
    EngineError
        If the folder cannot be written to, the disk is full, or the file could not be written to its end.
    """
    target = Path(target)
    check_writable(target)
    temporary = target.with_name(f".{_short(target.stem)}.{os.getpid()}{_PART}{target.suffix}")
    _unfinished.add(temporary)
    is_waiting = False
    try:
        with _told_in_words(target), _errors_at_closing() as errors:
            yield temporary
            if errors:
                raise errors[0]
            if temporary.is_file():
                try:
                    check_intact(temporary, target)
                except DamagedError as error:
                    raise not_written(target, error) from error
            if not _sets or target.parent in _unfinished:  # a scratch folder is part of no set
                _name({target: temporary})
            elif temporary.exists():
                _sets[0][target] = temporary
                is_waiting = True
    finally:
        if failed := sys.exc_info()[1]:
            with _errors_at_closing():  # a data set that is still held there would write statistics when it goes
                traceback.clear_frames(failed.__traceback__)
        if not is_waiting:
            _remove(temporary)
            _unfinished.discard(temporary)


def place_of(target: str | Path) -> Path:
    """Return where an output that is written lies until its set gets its names, for a later step that reads it."""
    return _sets[0].get(Path(target), Path(target)) if _sets else Path(target)


def not_written(target: str | Path, error: BaseException) -> EngineError:
    """Return the sentence for an output that cannot be written, be it something on the way to it."""
    target = _scratch.get(Path(target).parent, Path(target))
    folder = target.parent
    if not folder.is_dir():
        return EngineError(
            f"The output {target} cannot be written: its folder was removed meanwhile. Make it again, or choose another one."
        )
    if getattr(error, "errno", None) == errno.ENOSPC or shutil.disk_usage(folder).free < _FULL_BYTES:
        return EngineError(f"The disk of {folder} is full; free some space or choose another folder.")
    words = str(getattr(error, "strerror", "") or error).rpartition(" failed: ")[2]  # SQLite gives the whole statement before
    told = without_workings(words)[:200] or "the disk or a limit of files lets it not grow"
    return EngineError(f"The output {target} cannot be written ({told}); choose another folder.")


@contextmanager
def _told_in_words(target: Path) -> Iterator[None]:
    """Make one sentence of what is raised where something cannot be written; other errors pass as they are."""
    try:
        yield
    except EngineError:
        raise
    except (OSError, RuntimeError, AttributeError) as error:  # GDAL returns None, or raises an empty error, where it could not begin a file
        if is_of_writing(error, target.parent):
            raise not_written(target, error) from error
        raise


def is_of_writing(error: BaseException, folder: Path) -> bool:
    """Tell whether an error of the system, GDAL or SQLite is that something could not be written into a folder."""
    is_empty = isinstance(error, RuntimeError) and not str(error).strip()
    if is_empty or not folder.is_dir() or getattr(error, "errno", None) in _WRITE_ERRNOS or _WRITE_WORDS.search(str(error)):
        return True
    return shutil.disk_usage(folder).free < _FULL_BYTES


@contextmanager
def _errors_at_closing() -> Iterator[list[BaseException]]:
    """Collect what GDAL raises while Python lets go of a data set, which Python would print and forget."""
    errors: list[BaseException] = []
    usual = sys.unraisablehook

    def keep(told: Any) -> None:
        if isinstance(told.exc_value, RuntimeError) and "delete_" in getattr(told.object, "__name__", ""):
            errors.append(told.exc_value)
        else:
            usual(told)

    sys.unraisablehook = keep
    try:
        yield errors
    finally:
        sys.unraisablehook = usual


@contextmanager
def scratch_folder(target: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `target`, on the disk that has room for it; it is removed at the end, however that comes.

    Raises
    ------
    EngineError
        If the folder of `target` cannot be written to, then or later.
    """
    target = Path(target)
    check_writable(target)
    folder = target.with_name(f".{_short(target.stem)}.{os.getpid()}{_PART}.folder")
    _unfinished.add(folder)
    _scratch[folder] = target
    try:
        with _told_in_words(target):
            folder.mkdir()
            yield folder
    finally:
        del _scratch[folder]
        _remove(folder)
        _unfinished.discard(folder)


def check_writable(target: str | Path) -> None:
    """Make the folder of `target`, clear what a killed run left there, and raise if it cannot be written to."""
    target = Path(target)
    length = len(os.fsencode(target.name))
    if length > _LONGEST:
        raise EngineError(f"The name of the output {target.name} has {length} bytes, and at most {_LONGEST} are allowed; shorten it.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _tell(target.parent)
        probe = target.with_name(f".{_short(target.stem)}.{os.getpid()}{_PART}.probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        blocking = next((each for each in target.parents if os.path.lexists(each)), target)
        no_folder = "a file, where a folder is needed" if blocking.is_file() else "no folder"
        why = error.strerror or error if blocking.is_dir() else f"{blocking} is {no_folder}"
        raise EngineError(f"The output {target} cannot be written ({why}). Choose another folder.") from error
    if target.is_dir():
        raise EngineError(f"The output {target} is a folder; a file name is needed.")
    if target.exists():
        if not target.is_file():
            raise EngineError(f"The output {target} cannot be replaced (it is a pipe or a device, no file); choose another name.")
        try:
            if not target.stat().st_mode & 0o222:
                raise PermissionError(errno.EACCES, "it is read-only")
            with target.open("r+b"):  # fails where another program holds it, or it must not change
                pass
        except OSError as error:
            raise EngineError(f"The output {target} cannot be replaced ({error.strerror or error}); choose another name.") from error
    _clear_stale(target)


def remove_if_stopped(path: Path) -> None:
    """Remove a folder too when this process is told to stop; after a kill it is removed unless another run holds its file `lock`."""
    _unfinished.add(path)
    _tell(path)


def remove_unfinished() -> None:
    """Remove every output that this process has begun and not finished.

    Its temporary folder stays for whoever clears after it, since other threads may still write.
    """
    for temporary in list(_unfinished):
        if not any(temporary == told.parent for told, _ in _told):
            _remove(temporary)


def _name(finished: dict[Path, Path]) -> None:
    """Give temporary files the names of their targets, all of them or none; what stood there before comes back if one cannot be."""
    steps: list[Step] = []

    for target, temporary in finished.items():

        def add(path: Path, new: Path | None, stem: str = _short(target.stem)) -> None:
            old = path.with_name(f".{stem}.{os.getpid()}{_PART}.{len(steps)}.old") if path.exists() else None
            steps.append(Step(path, new, old))

        beside = {target.with_name(target.name + each.name[len(temporary.name) :]): each for each in _sidecars(temporary)}
        add(target, temporary)
        for path, new in beside.items():
            add(path, new)
        for path in (target.with_name(f"{target.name}{ending}") for ending in (".aux.xml", ".ovr", ".msk")):
            if path.exists() and path not in beside:
                add(path, None)
    take_names(steps)


def lock_of(target: str) -> Path:
    """Return the file by which runs of this user know of each other, in the temporary folder; `target` is a real path."""
    return Path(_SHARED) / f"scarp-locks-{os.getuid()}" / hashlib.sha256(os.fsencode(target)).hexdigest()


@contextmanager
def _locked(target: str) -> Iterator[None]:
    """Keep other runs of this user from writing the same target; the lock goes with the process, however it ends."""
    if sys.platform == "win32":  # a file that is being written cannot be replaced there
        yield
        return
    try:
        path = lock_of(target)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError:  # nothing to lock with is no reason not to work
        yield
        return
    try:
        if lock(handle) is False:
            raise EngineError(f"Another run is writing {target}; wait for it or choose another output.")
        yield
    finally:
        os.close(handle)


def _short(stem: str) -> str:
    """Return a name that leaves room for what temporary files add to it."""
    return stem if len(os.fsencode(stem)) <= _SHORT else hashlib.sha256(os.fsencode(stem)).hexdigest()[:_SHORT]


def _sidecars(path: Path) -> list[Path]:
    """Files that GDAL writes beside a raster: `.aux.xml`, `.ovr`, `.msk`."""
    return [p for p in path.parent.glob(f"{glob.escape(path.name)}.*") if p.is_file()]


def _remove(path: Path) -> None:
    journals = (path.with_name(path.name + ending) for ending in ("-journal", "-wal", "-shm"))  # of SQLite
    for each in (path, *_sidecars(path), *journals):
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)


def _clear_stale(target: Path) -> None:
    """Undo and remove what runs that were killed left of this target."""
    undo_interrupted(target.parent, _alive)
    pattern = re.compile(rf"\.{re.escape(_short(target.stem))}\.(\d+){re.escape(_PART)}.*")
    for path in target.parent.glob(f".{glob.escape(_short(target.stem))}.*{_PART}*"):
        match = pattern.fullmatch(path.name)
        if match and (not _alive(int(match[1])) or (int(match[1]) == os.getpid() and not _is_unfinished(path))):
            _remove(path)


def _is_unfinished(path: Path) -> bool:
    """Tell whether a file with this process's number is its own: in containers one process after the other has the same."""
    return any(path == each or path.name.startswith(each.name) for each in _unfinished if each.parent == path.parent)


def _tell(folder: Path) -> None:
    """Tell whoever comes after this process that it writes into a folder, one of a user or one of its own."""
    if not _told:
        return
    path, folders = _told[-1]
    if folder not in folders:
        folders.add(folder)
        with suppress(OSError), path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(str(folder.resolve())) + "\n")


def clear_after(pid: int) -> None:
    """Undo and remove all that a run has left which was killed, wherever it wrote; `pid` was its process."""
    for private in Path(_SHARED).glob(f"{_PRIVATE}{pid}-*"):
        if private.is_dir() and not private.is_symlink() and _is_mine(private):
            _clear_private(private, pid, lambda number: number != pid and _alive(number))


def _clear_private(private: Path, pid: int, is_alive: Callable[[int], bool]) -> None:
    with suppress(OSError, ValueError, TypeError):
        for line in (private / _WRITES_INTO).read_text(encoding="utf-8").splitlines():
            folder = Path(json.loads(line))
            if folder.name.endswith(_PARTIAL):
                _remove_unless_held(folder)
                continue
            undo_interrupted(folder, is_alive)
            for path in folder.glob(f".*.{pid}{_PART}*"):
                _remove(path)
    shutil.rmtree(private, ignore_errors=True)


def _remove_unless_held(folder: Path) -> None:
    with suppress(OSError), (folder / "lock").open("r+", encoding="utf-8") as stream:
        if lock(stream) is not False:
            shutil.rmtree(folder, ignore_errors=True)


def _is_mine(path: Path) -> bool:
    return not hasattr(os, "getuid") or path.stat().st_uid == os.getuid()


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give this process a temporary folder of its own, where what libraries leave goes with it; what killed runs left goes too.

    TensorFlow leaves the source of each function that it compiles, and Python what it makes of that.
    """
    for stale in Path(_SHARED).glob(f"{_PRIVATE}*"):
        number = stale.name[len(_PRIVATE) :].partition("-")[0]
        with suppress(OSError):  # another run may clear it at the same time
            if number.isdigit() and stale.is_dir() and not stale.is_symlink() and _is_mine(stale) and not _alive(int(number)):
                _clear_private(stale, int(number), _alive)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PRIVATE}{os.getpid()}-", dir=_SHARED))
    _unfinished.add(folder)
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    _told.append((folder / _WRITES_INTO, set()))
    try:
        yield folder
    finally:
        _told.pop()
        tempfile.tempdir = before[0]
        if before[1] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[1]
        shutil.rmtree(folder, ignore_errors=True)
        _unfinished.discard(folder)


def _alive(pid: int) -> bool:
    if os.name == "nt":  # os.kill would end the process there
        return _alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _alive_on_windows(pid: int) -> bool:
    import ctypes

    synchronize, is_running, denied = 0x00100000, 0x102, 5
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(synchronize, False, pid)
    if not handle:
        return bool(ctypes.get_last_error() == denied)  # type: ignore[attr-defined]
    try:
        return bool(kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == is_running)
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))
