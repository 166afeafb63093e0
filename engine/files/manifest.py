# SPDX-License-Identifier: GPL-2.0-or-later
"""The run manifest beside an output: what was run with what, enough to repeat it, and what came of it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..declarations.labels import read_by, settings
from ..declarations.outputs import archive_of
from ..declarations.source import Source, without_password
from ..environment import DISTRIBUTIONS, NUMERIC_PACKAGES, scarp_version
from ..errors import EngineError
from ..gdal import gdal
from .opening import UNLOCK, ahead_of, check_file, is_locked, shortened
from .outputs import replacing
from .virtual import check_virtual

# Ends the name of a run manifest, which begins with that of the output that it lies beside.
ENDING = ".run.json"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for name in (DISTRIBUTIONS[package] for package in NUMERIC_PACKAGES):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def hashes(inputs: Mapping[str, str | Sequence[str] | None]) -> dict[str, Any]:
    """Return the SHA-256 of each input, by parameter.

    Parameters
    ----------
    inputs
        Layers as tasks name them, or other files, by parameter, or a list of them; None for one that was not given.

    Returns
    -------
    Of an input of one file its hash; of several (the attributes of a shapefile, the rasters of a mosaic) theirs by file name, those that
    lie elsewhere by path.
    """
    found: dict[str, Any] = {}
    for name, given in inputs.items():
        sources = [given] if isinstance(given, str) else given or []
        files = list(dict.fromkeys(file for source in sources if source for file in files_of(Source.parse(source).path)))
        if len(files) == 1:
            found[name] = _digest(files[0])
        elif files:
            here = files[0].parent
            found[name] = {(each.name if each.parent == here else str(each)): _digest(each) for each in files}
    return found


def files_of(path: str) -> list[Path]:
    """Return the files that an input is read from, the main one first, and those of a mosaic's own sources.

    Of what lies in an archive it is the archive.

    Raises
    ------
    EngineError
        If one is no file that may be opened, or is empty.
    """
    check_virtual(path)
    waiting, seen, files = [path], {path}, []
    while waiting:
        each = waiting.pop(0)
        check_file(each, f"file {shortened(each)}")
        file = archive_of(each)
        if file.is_file() and file not in files:
            files.append(file)
        if beside := ahead_of(each):  # what was written last lies there
            files += beside
            continue
        try:
            listed = gdal.OpenEx(each).GetFileList() or []
        except RuntimeError as error:
            if is_locked(str(error)):
                raise EngineError(f"The file {shortened(each)} cannot be opened: {UNLOCK}.") from error
            continue  # no layer
        waiting += [other for other in dict.fromkeys(listed) if other not in seen]
        seen.update(listed)
    # Overviews are for display, and statistics are GDAL's own notes: they may come later, and nothing is read from them.
    return [each for each in files if not each.name.endswith((".ovr", ".aux.xml")) or str(each) == path]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _open(value: Any) -> Any:
    """Return a parameter without the passwords of connections."""
    if isinstance(value, str):
        return without_password(value)
    return [_open(each) for each in value] if isinstance(value, (list, tuple)) else value


def write_manifests(
    besides: Iterable[str | None],
    task: str,
    parameters: Mapping[str, Any],
    seconds: float,
    *,
    inputs: Mapping[str, Any] | None = None,
    results: Mapping[str, Any] | None = None,
    used: Mapping[str, Any] | None = None,
) -> None:
    """Write `<beside>.run.json` beside each of some outputs.

    It holds the parameters by keyword, to repeat the run, and again with titles and readable values, to read; no passwords.

    Parameters
    ----------
    besides
        Outputs of the run; None for one that was not asked for.
    parameters
        All values of the task by keyword.
    inputs
        The SHA-256 of what was read, as `hashes` returns it; None: it is computed here.
    results
        What came of it in numbers, for those that tell of the whole project.
    used
        What the run took for parameters that were left to it, by keyword.
    """
    content = {
        "task": task,
        "parameters": {key: _open(value) for key, value in parameters.items()},
        "settings": settings(task, parameters, used),
        "inputs_sha256": dict(hashes(read_by(task, parameters)) if inputs is None else inputs),
        "results": dict(results or {}),
        "scarp": scarp_version(),
        "versions": versions(),
        "written": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
    }
    text = json.dumps(content, indent=1, default=str)
    for beside in besides:
        if beside:
            with replacing(f"{beside}{ENDING}") as temporary:
                temporary.write_text(text, encoding="utf-8")
