# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether what a task would write harms nothing: one sentence before any work. Standard library only."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...models.errors import EngineError
from .parameters import Parameter, task_parameters

# The endings by which each kind of output is named; files beside these have theirs in their declaration.
FORMATS = {
    "raster output": (".tif", ".tiff"),
    "vector output": (".gpkg",),
    "table": (".csv", ".gpkg", ".xlsx"),
    "html": (".html", ".htm"),
}
# What the layers of Scarp's GeoPackages are called, beside the file's own name; QGIS keeps styles beside them.
_OURS = {"sample_cells", "susceptibility_classes", "layer_styles"}
# What is no file, and is waited for without end or has none.
_KINDS = ((stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"))
# Two letters at least: `C:/` is a drive.
_URL = re.compile(r"[a-z][a-z0-9+.-]+:/{1,3}", re.IGNORECASE)
# GDAL would write into memory, an archive or a store; what names outputs knows files alone.
_OF_GDAL = re.compile(r"/vsi[a-z0-9_]+/")
_DATABASE = re.compile(r"(ogr|postgis|postgres|spatialite|mssql|oracle|hana|memory):|.*\bdbname=", re.IGNORECASE)


def check_outputs(task: str, values: Mapping[str, Any], inputs: Iterable[tuple[str, Path]]) -> None:
    """Raise EngineError if an output would harm something or is not named after its format.

    Parameters
    ----------
    values
        The task's values by keyword.
    inputs
        The files that are read, each with what it is called.
    """
    declared = task_parameters(task)
    taken: dict[str, Parameter] = {}
    read = list(inputs)
    for key, parameter in declared.items():
        path = values.get(key)
        if not parameter.is_output or not path:
            continue
        what = f"{parameter.title} ({parameter.id})"
        if _URL.match(path) or _OF_GDAL.match(path):
            raise EngineError(f"{what} cannot be written to the address {path}; give the path of a file or folder on this machine.")
        if "\0" in path:
            raise EngineError(f"{what} has a character of code 0 in its name; leave it out.")
        if parameter.kind == "folder output":
            if _DATABASE.match(path):
                raise EngineError(f"{what} cannot be written into a database ({path}); give a folder on this machine.")
            continue
        _check_name(what, parameter, path)
        place = os.path.normcase(os.path.realpath(path))
        if place in taken:
            other = taken[place]
            raise EngineError(
                f"{other.title} ({other.id}) and {what} would both be written to {path}; choose another name for one of them."
            )
        taken[place] = parameter
        for name, file in read:
            if _is_same(path, file):
                raise EngineError(f"{what} would replace {name}, which is read from {file}; choose another name.")
        others = _other_layers(Path(path))
        if others:
            raise EngineError(f"{what} would replace {path}, which holds other layers ({', '.join(others)}); choose another name.")


def endings(parameter: Parameter) -> tuple[str, ...]:
    """Return how the name of an output may end; nothing where any will do.

    Examples
    --------
    >>> endings(task_parameters("train_cnn_dnn")["report"]), endings(task_parameters("map_susceptibility")["output"])
    (('.html', '.htm'), ('.tif', '.tiff'))
    """
    if parameter.files:
        patterns = tuple(re.findall(r"\*(\.\w+)", parameter.files))
        return FORMATS["html"] if ".html" in patterns else FORMATS["table"] if ".csv" in patterns else patterns
    return FORMATS["table"] if parameter.geometry == ("table",) else FORMATS.get(parameter.kind, ())


def archive_of(path: str) -> Path:
    """Return the file on disk that a path leads into: of `/vsizip//d/a.zip/b.shp` it is `/d/a.zip`."""
    plain = Path(re.sub(r"^(/vsi[a-z0-9]+/)+", "", path))
    try:
        return next((each for each in (plain, *plain.parents) if each.is_file()), plain)
    except OSError:  # a name that is too long for a file
        return plain


def odd_kind(path: str) -> str:
    """Return what a path leads to where that must not be opened: a pipe, a socket or a device; nothing of anything else.

    Examples
    --------
    >>> import os
    >>> odd_kind(os.devnull), odd_kind("no such file")
    ('a device', '')
    """
    try:
        mode = archive_of(path).stat().st_mode
    except (OSError, ValueError):  # nothing, or a name that none can have
        return ""
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "")


def _check_name(what: str, parameter: Parameter, path: str) -> None:
    allowed = endings(parameter)
    told = " or ".join(allowed)
    if _DATABASE.match(path):
        raise EngineError(f"{what} cannot be written into a database ({path}); give a file whose name ends in {told}.")
    if allowed and Path(path).suffix.lower() not in allowed:
        raise EngineError(f"{what} cannot be written to {path} in that format; its name must end in {told}.")


def _is_same(path: str, file: Path) -> bool:
    try:
        return Path(path).samefile(file)
    except OSError:
        return False


def _other_layers(path: Path) -> list[str]:
    """Return the layers of a GeoPackage that Scarp did not write under this name."""
    if path.suffix.lower() != ".gpkg":
        return []
    try:
        if not path.is_file():
            return []
        database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            names = [str(name) for (name,) in database.execute("SELECT table_name FROM gpkg_contents")]
        finally:
            database.close()
    except (sqlite3.Error, OSError):  # no database, or a name that is too long
        return []
    return [name for name in names if name not in _OURS | {path.stem}]
