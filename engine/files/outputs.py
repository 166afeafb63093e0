# SPDX-License-Identifier: GPL-2.0-or-later
"""Outputs appear whole or not at all: written beside their target, renamed at the end."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import EngineError

# Paths under work in this process; the worker removes them when it is told to stop.
_unfinished: set[Path] = set()
_PART = ".scarp-part"
# File systems take names of 255 bytes; temporary files and those beside an output have longer names than the output.
_LONGEST = 240
_SHORT = 64


@contextmanager
def replacing(target: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `target` that takes its place when the block ends well.

    The temporary name keeps the suffix of `target`, so that GDAL picks the same format. If the block raises,
    nothing is left of it, and a file that stood at `target` before stays as it was.

    Parameters
    ----------
    target
        The file to write.

    Raises
    ------
    EngineError
        If the folder cannot be written to.
    """
    target = Path(target)
    check_writable(target)
    temporary = target.with_name(f".{_short(target.stem)}.{os.getpid()}{_PART}{target.suffix}")
    _unfinished.add(temporary)
    try:
        yield temporary
        for outdated in (target.with_name(f"{target.name}.aux.xml"), target.with_name(f"{target.name}.ovr")):
            outdated.unlink(missing_ok=True)
        os.replace(temporary, target)
        for sidecar in _sidecars(temporary):
            os.replace(sidecar, target.with_name(target.name + sidecar.name[len(temporary.name) :]))
    finally:
        _remove(temporary)
        _unfinished.discard(temporary)


@contextmanager
def scratch_folder(target: str | Path) -> Iterator[Path]:
    """Yield a temporary folder beside `target`, on the disk that has room for it; it is removed at the end, however that comes.

    Raises
    ------
    EngineError
        If the folder of `target` cannot be written to.
    """
    target = Path(target)
    check_writable(target)
    folder = target.with_name(f".{_short(target.stem)}.{os.getpid()}{_PART}.folder")
    _unfinished.add(folder)
    try:
        folder.mkdir()
        yield folder
    finally:
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
        probe = target.with_name(f".{_short(target.stem)}.{os.getpid()}{_PART}.probe")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise EngineError(f"The output {target} cannot be written ({error.strerror or error}). Choose another folder.") from error
    if target.is_dir():
        raise EngineError(f"The output {target} is a folder; a file name is needed.")
    _clear_stale(target)


def remove_if_stopped(path: Path) -> None:
    """Remove `path` too when this process is told to stop."""
    _unfinished.add(path)


def remove_unfinished() -> None:
    """Remove every output that this process has begun and not finished."""
    for temporary in list(_unfinished):
        _remove(temporary)


def _short(stem: str) -> str:
    """Return a name that leaves room for what temporary files add to it."""
    return stem if len(os.fsencode(stem)) <= _SHORT else hashlib.sha256(os.fsencode(stem)).hexdigest()[:_SHORT]


def _sidecars(path: Path) -> list[Path]:
    """Files that GDAL writes beside a raster: `.aux.xml`, `.ovr`, `.msk`."""
    return [p for p in path.parent.glob(f"{glob.escape(path.name)}.*") if p.is_file()]


def _remove(path: Path) -> None:
    for each in (path, *_sidecars(path)):
        if each.is_dir():
            shutil.rmtree(each, ignore_errors=True)
        else:
            each.unlink(missing_ok=True)


def _clear_stale(target: Path) -> None:
    pattern = re.compile(rf"\.{re.escape(_short(target.stem))}\.(\d+){re.escape(_PART)}.*")
    for path in target.parent.glob(f".{glob.escape(_short(target.stem))}.*{_PART}*"):
        match = pattern.fullmatch(path.name)
        if match and not _alive(int(match[1])):
            _remove(path)


def _alive(pid: int) -> bool:
    if os.name == "nt":  # os.kill would end the process there
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
