# SPDX-License-Identifier: GPL-2.0-or-later
"""The runs that a folder tells of, by the manifests that lie beside their outputs."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..declarations.parameters import TASKS, task_parameters
from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.manifest import ENDING, files_of, hashes
from ..files.opening import shortened

# A manifest of Scarp has some kB; a folder of a project some dozens of them.
_MOST_BYTES, _MOST_RUNS, _MOST_BYTES_OF_ALL = 8 << 20, 1000, 64 << 20
# Sentences, numbers and depths of a manifest of Scarp are less.
_MOST_LETTERS, _MOST_NUMBER, _MOST_DEPTH = 2000, 2**53, 10


@dataclass(frozen=True)
class Run:
    """What a run manifest tells; see `engine.files.manifest`.

    Parameters
    ----------
    folder
        Where the manifest lies: outputs are looked for there first, so that a folder may be moved.
    """

    task: str
    folder: Path
    parameters: dict[str, Any]
    settings: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    scarp: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    written: str = ""

    def output(self, key: str) -> Path | None:
        """Return where an output lies now; None where it was not asked for, or is there no more."""
        return self._place(key)

    def read(self, key: str) -> str:
        """Return the file name of an input, as it was when it was read; empty where none was given."""
        given = self.parameters.get(key)
        return name_of(given) if isinstance(given, str) and given else ""

    def source(self, key: str) -> str | None:
        """Return an input as the task named it, if its file is still there, else that of its name beside the manifest; None for neither."""
        given = self.parameters.get(key)
        if not isinstance(given, str) or not given:
            return None
        source = Source.parse(given).lasting
        if is_there(source.path):
            return str(source) if _is_copy(given) else given
        beside = self._place(key)
        return str(replace(source, path=str(beside))) if beside else None

    def _place(self, key: str) -> Path | None:
        given = self.parameters.get(key)
        if not isinstance(given, str) or not given:
            return None
        path = Path(Source.parse(given).lasting.path)
        return next((each for each in (self.folder / path.name, path) if is_there(each)), None)


def is_there(path: str | Path, *, folder: bool = False) -> bool:
    """Tell whether there is such a file, or folder; none has a name that the system cannot take."""
    try:
        return Path(path).is_dir() if folder else Path(path).is_file()
    except OSError:
        return False


def name_of(source: str) -> str:
    r"""Return the name of the file that a task's text names, without its folder.

    >>> name_of("C:\\data\\map.tif|band=1"), name_of("/data/slides.gpkg|layername=a")
    ('map.tif', 'slides.gpkg')
    """
    return Source.parse(source).lasting.path.replace("\\", "/").rsplit("/", 1)[-1]


def runs_in(folder: Path, feedback: Feedback, *, below: bool = True) -> list[Run]:
    """Return the runs that manifests in a folder tell of, and `below` those in its folders, the newest first and each once.

    What is no manifest of this version's tasks is passed over, with one warning for all.

    Raises
    ------
    EngineError
        If there is no such folder, or it cannot be read.
    """
    try:
        places = [folder, *(sorted(each for each in folder.iterdir() if each.is_dir() and each.name[:1] != ".") if below else ())]
        found_there = {path: path.stat() for place in places for path in sorted(place.glob(f"*{ENDING}")) if path.is_file()}
    except OSError as error:
        raise EngineError(f"The folder {folder} cannot be read ({error.strerror or error}); give the folder of a project.") from error
    size = sum(told.st_size for told in found_there.values())
    if len(found_there) > _MOST_RUNS or size > _MOST_BYTES_OF_ALL:
        raise EngineError(
            f"The folder {folder} has {len(found_there):,} run manifests of {size / 1e6:,.1f} MB together; give the folder of one project."
        )
    found: dict[str, Run] = {}
    unknown: list[str] = []
    for path in found_there:
        made = read_run(path)
        if made is None:
            unknown.append(path.name)
        elif made.task != "project_report":
            # The same run lies beside each of its outputs.
            found.setdefault(json.dumps([made.task, made.parameters, made.written], sort_keys=True), made)
    if unknown:
        more = f" and {len(unknown) - 3:,} more" if len(unknown) > 3 else ""
        names = ", ".join(shortened(name) for name in unknown[:3])
        feedback.warning(f"No run manifest that this version of Scarp knows, so passed over: {names}{more}.")
    return sorted(found.values(), key=lambda each: each.written, reverse=True)


def read_run(path: Path) -> Run | None:
    """Return what a manifest tells; None of a file that is none. It may come from anybody."""
    try:
        with path.open("rb") as stream:
            is_empty = not os.fstat(stream.fileno()).st_size  # as the kernel's own are, of which some have no end
            content = b"" if is_empty else stream.read(_MOST_BYTES + 1)
        told = json.loads(content.decode("utf-8")) if len(content) <= _MOST_BYTES else None
        if not isinstance(told, dict) or not isinstance(told.get("parameters"), dict):
            return None
        given = tame(told.pop("parameters"), most_letters=_MOST_BYTES)
        told = tame(told)
    except (OSError, ValueError, RecursionError):
        return None
    task = told.get("task")
    if not isinstance(task, str) or task not in TASKS:
        return None
    known = task_parameters(task)
    parameters = {key: value for key, value in given.items() if key in known and _is_named(value)}
    parts = {key: told.get(key) for key in ("settings", "inputs_sha256", "results", "versions")}
    settings, inputs, results, versions = (part if isinstance(part, dict) else {} for part in parts.values())
    words = {key: str(value) for key, value in settings.items()}
    packages = {key: str(value) for key, value in versions.items()}
    scarp, written = (str(told.get(key) or "") for key in ("scarp", "written"))
    return Run(task, path.parent, parameters, words, inputs, results, scarp, packages, written)


def tame(value: Any, *, most_letters: int = _MOST_LETTERS, depth: int = 0) -> Any:
    """Return what a file of others tells in kinds and sizes that whoever reads it can bear: text cut, None for a number that is none.

    Raises
    ------
    ValueError
        If it is nested deeper, or tells of larger whole numbers, than any manifest of Scarp.

    Examples
    --------
    >>> from scarp.engine.project.runs import tame
    >>> tame({"a": [1, float("inf"), "x" * 5]}, most_letters=3)
    {'a': [1, None, 'xx…']}
    """
    if depth > _MOST_DEPTH:
        raise ValueError("it is nested too deep")
    if isinstance(value, dict):
        return {key: tame(each, most_letters=most_letters, depth=depth + 1) for key, each in value.items()}
    if isinstance(value, list):
        return [tame(each, most_letters=most_letters, depth=depth + 1) for each in value]
    if isinstance(value, str):
        return value if len(value) <= most_letters else f"{value[: most_letters - 1]}…"
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and abs(value) > _MOST_NUMBER:
        raise ValueError("a number is too large")
    return value


def _is_named(value: Any) -> bool:
    """Tell whether a text, if it is one, names a layer as tasks do."""
    try:
        return not isinstance(value, str) or bool(Source.parse(value))
    except ValueError:
        return False


class Digests:
    """SHA-256 of files, each computed once, and no more bytes read for it than a report is worth: manifests of others may name any file.

    Parameters
    ----------
    most_bytes
        So many are read for all of them.
    """

    def __init__(self, most_bytes: int = 20_000_000_000) -> None:
        self._left = most_bytes
        self._found: dict[str, Any] = {}
        self.passed_over: list[str] = []

    def of(self, path: str) -> Any:
        """Return the hash of a file, or of each of several that a layer is read from, as manifests tell it; None if that is too much."""
        if path not in self._found:
            size = sum(each.stat().st_size for each in files_of(Source.parse(path).path))
            self._found[path] = hashes({"file": path}).get("file") if size <= self._left else None
            if size <= self._left:
                self._left -= size
            else:
                self.passed_over.append(name_of(path))
        return self._found[path]


def is_of(run: Run, key: str, path: str, digests: Digests, told: Any = None) -> bool | None:
    """Tell whether a run read this file: by its hash where that is known and can be had, else by its name.

    Parameters
    ----------
    path
        The file, which need not be there any more.
    told
        Its hash, where another manifest tells it; None: it is computed.

    Returns
    -------
    None where the run read a file of this name that is another one today: what it made is out of date.
    """
    there = run.inputs.get(key)
    same_name = run.read(key) == name_of(path)
    # The bytes of a copy that QGIS made say nothing of its file.
    if there is None or _is_copy(run.parameters.get(key)) != _is_copy(path):
        return same_name
    now = told if told is not None or not is_there(Source.parse(path).path) else digests.of(path)
    if now is None:
        return same_name
    if there == now:
        return True
    return None if same_name else False


def _is_copy(given: Any) -> bool:
    return isinstance(given, str) and bool(Source.parse(given).of)


# As the toolbox names them (`algorithms/`, which this side never imports; a test holds them equal).
TITLES: Mapping[str, str] = {
    "prepare_covariates": "Prepare covariates",
    "screen_covariates": "Screen covariates",
    "sample_cells": "Sample landslide and non-landslide cells",
    "train_cnn_dnn": "Train CNN–DNN",
    "benchmark_classifiers": "Benchmark classifiers",
    "finetune_model": "Adapt model to another area",
    "map_susceptibility": "Map susceptibility",
    "classify_susceptibility": "Classify susceptibility",
    "validate_map": "Validate susceptibility map",
    "explain_model": "Explain model",
    "zonal_susceptibility": "Susceptibility of zones",
    "print_map": "Print map",
}
