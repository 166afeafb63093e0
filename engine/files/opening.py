# SPDX-License-Identifier: GPL-2.0-or-later
"""The one place that opens what users give: a file that GDAL reads, or one sentence that says what it is and what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from ..declarations.outputs import archive_of, odd_kind
from ..declarations.source import Source, is_elsewhere, unreached, without_password
from ..errors import EngineError, without_workings
from ..gdal import gdal
from .virtual import check_virtual

_HEAD_BYTES = 512
# Longer names are cut, and causes as GDAL tells them.
_SHOWN = 120
# What SQLite calls the files beside a GeoPackage.
_AHEAD = ("-wal", "-journal")
# What GDAL opens beside a file, by endings that follow its name and such that replace its own.
_BESIDE = (".aux.xml", ".ovr", ".msk", ".vat.dbf")
_INSTEAD = (".aux", ".rrd", ".hdr", ".tfw", ".wld", ".prj", ".qpj", ".shx", ".dbf", ".cpg", ".sbn", ".qix", ".csvt", ".rpb")
# So often a file is copied that another program writes to.
_TRIES = 5
# What SQLite says of a file that another program writes.
_LOCKED, UNLOCK = "database is locked", "another program holds it locked; close it there, or wait until that is done, and run again"


def parsed(source: str, what: str = "layer") -> Source:
    """Return what a text names; messages call it `what`.

    Raises
    ------
    EngineError
        If it is not named as a layer is.
    """
    try:
        return Source.parse(source)
    except ValueError as error:
        raise EngineError(
            f"The {what} {shortened(source)} is not named as it should be: a band is a whole number, and nodata are ranges low:high; see "
            "docs/inputs.md."
        ) from error


def check_file(path: str, told: str) -> None:
    """Raise EngineError if the file that a layer lies in must not be opened: a pipe would be waited for without end, a device has no end.

    What is no file on this machine, as a database, passes.
    """
    try:
        found = archive_of(path).stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return
    except OSError as error:
        raise EngineError(f"The {told} cannot be opened: {(error.strerror or str(error)).lower()}; check its name.") from error
    if kind := odd_kind(path):
        raise EngineError(f"The {told} cannot be opened: it is {kind}, no file; give a file.")
    if stat.S_ISREG(found.st_mode):
        file = archive_of(path)
        for beside in (*(f"{file}{ending}" for ending in _BESIDE), *(str(file.with_suffix(ending)) for ending in _INSTEAD)):
            if kind := odd_kind(beside):
                raise EngineError(f"The {told} cannot be opened: {beside}, which belongs to it, is {kind}, no file; remove it.")
    if stat.S_ISREG(found.st_mode) and not found.st_size:
        raise EngineError(f"The {told} cannot be opened: its file is empty (0 bytes); download or copy it again.")


def opened(named: Source, kind: int, what: str, options: Sequence[str] = (), wanted: tuple[str, str] | None = None) -> gdal.Dataset:
    """Open a layer.

    Parameters
    ----------
    kind
        `gdal.OF_RASTER` or `gdal.OF_VECTOR`.
    what
        What messages call it, with its name.
    options
        GDAL's open options.
    wanted
        What it should be, and a format of it, where that is more than a raster or a vector layer.

    Raises
    ------
    EngineError
        If it cannot be opened: why, and what to do.
    """
    check_file(named.path, what)
    check_virtual(named.path)
    try:
        dataset = gdal.OpenEx(untouched(named.path), kind | gdal.OF_VERBOSE_ERROR, open_options=list(options))
        parts = dataset.GetFileList() or []
    except RuntimeError as error:
        raise EngineError(f"The {what} cannot be opened: {_why_not(named.path, str(error), kind, wanted or _WANTED[kind])}.") from error
    if dataset.GetDriver().ShortName == "CSV" and (found := _of_its_beginning(named.path)):  # newer GDAL takes anything for text
        raise EngineError(f"The {what} cannot be opened: {found}.")
    for part in parts:  # what a mosaic is made of is opened when it is read
        check_file(part, f"file {part} of the {what}")
    return dataset


def ahead_of(path: str) -> list[Path]:
    """Return the files in which SQLite keeps what was written to a GeoPackage and not yet moved into it, or is to be taken back."""
    beside = [Path(f"{archive_of(path)}{ending}") for ending in _AHEAD]
    try:
        return [each for each in beside if each.is_file() and each.stat().st_size]
    except (OSError, ValueError):  # a name that no file has
        return []


def untouched(path: str) -> str:
    """Return what to open so that a file stays as it is: itself, or a copy for this run where a killed program left something to be done.

    Whoever opens such a GeoPackage last, were it only to read, moves what waits into it; only a writer takes back what must be.
    """
    file, beside = archive_of(path), ahead_of(path)
    if not beside:
        return path
    copy = Path(tempfile.mkdtemp(prefix="scarp-")) / file.name
    for _ in range(_TRIES):  # again where a program wrote meanwhile
        before = _state(file, *beside)
        for each in (file, *beside):
            copy.with_name(each.name).write_bytes(b"") if not each.is_file() else shutil.copyfile(each, copy.with_name(each.name))
        if _state(file, *beside) == before:
            break
    with suppress(sqlite3.Error), closing(sqlite3.connect(copy)) as database:  # of what is no such file whoever reads it says so
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return path.replace(str(file), str(copy))


def _state(*files: Path) -> list[tuple[int, int]]:
    return [(each.stat().st_mtime_ns, each.stat().st_size) for each in files if each.is_file()]


@contextmanager
def damage_told(what: str) -> Iterator[None]:
    """Make one sentence of what GDAL raises where a file that was opened cannot be read: it was damaged, or cut off since.

    Parameters
    ----------
    what
        What the sentence calls it, with its name.
    """
    try:
        yield
    except RuntimeError as error:
        raise damaged(what, str(error).rpartition(" failed: ")[2]) from error  # SQLite gives the whole statement before


def is_locked(text: str) -> bool:
    """Tell from what GDAL says whether another program holds a file locked; it has waited for seconds then."""
    return _LOCKED in text


def damaged(what: str, text: str, how: str = "") -> EngineError:
    """Return the error for a file that was opened and cannot be read: what it is called, what GDAL says, and how far it was read."""
    if is_locked(text):
        return EngineError(f"The {what} cannot be read{how}: {UNLOCK}.")
    return EngineError(f"The {what} cannot be read{how}{cause(text)}; its file is damaged. Download or copy it again.")


def cause(text: str) -> str:
    """Return in brackets why GDAL could not read something, without its own workings, cut; nothing where it told no more.

    Examples
    --------
    >>> cause("a.tif, band 1: IReadBlock failed at X offset 0, Y offset 1: TIFFReadEncodedStrip() failed.")
    ''
    >>> cause("b.tif: No such file or directory")
    ' (b.tif: No such file or directory)'
    """
    plain = without_workings(text)
    return f" ({shortened(plain)})" if len(plain) > 1 else ""


def shortened(text: str) -> str:
    r"""Return a name or a cause on one line, cut if it is long, without passwords.

    Examples
    --------
    >>> shortened("a\nb"), len(shortened("x" * 300))
    ('a b', 120)
    """
    plain = " ".join(without_password(text).split()) or "without a name"
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN // 2]}…{plain[-_SHOWN // 2 + 1 :]}"


def _why_not(path: str, text: str, kind: int, sought: tuple[str, str]) -> str:
    """Return why a file cannot be opened and what to do, from what it begins with where GDAL does not know it."""
    wanted, form = sought
    if archive_of(path).is_dir():
        return f"it is a folder; give the file of a {wanted} in it"
    if is_locked(text):
        return UNLOCK
    if is_elsewhere(path) and not is_there(path):
        return unreached(cause(text.replace(f"{path}: ", "")), form)
    if not is_there(path) and ("No such file" in text or "not recognized" in text or not path.strip()):
        return f"there is no such file ({shortened(path)}); check its name and folder"
    if found := _of_its_beginning(path):
        return found
    if opens(path, gdal.OF_VECTOR if kind == gdal.OF_RASTER else gdal.OF_RASTER):
        return f"it holds no {wanted}; give one"
    if "SHAPE_RESTORE_SHX" in text:
        return "its .shx is missing; copy the shapefile with all files that belong to it (.shp, .shx, .dbf, .prj)"
    if "not recognized" in text:
        return f"it is no {wanted} that GDAL knows, or damaged at its beginning; export it anew, as {form}"
    return f"it is damaged{cause(text.replace(f'{path}: ', ''))}; download, copy or export it again"


def is_there(path: str) -> bool:
    """Tell whether there is something of this name, in an archive too."""
    plain = path.partition("\0")[0]
    return os.path.lexists(plain) or (plain.startswith("/vsi") and gdal.VSIStatL(plain) is not None)


def _of_its_beginning(path: str) -> str:
    """Return what a file is instead of data and what to do, from its first bytes; empty where they do not tell."""
    file = archive_of(path)
    begins = _beginning(file)
    if begins.lstrip()[:1] == b"<" and b"<html" in begins.lower():
        return "it is a web page, as a download gives that failed or needs to log in; download it again"
    if begins and not begins.strip(b"\0"):
        return "it holds zeros alone, as a copy that was cut off does; download or copy it again"
    if begins[:4] == b"PK\x03\x04" and file.suffix.lower() not in _ZIPPED:
        return "it is an archive (zip); unpack it, and give what is in it"
    return ""


_WANTED = {gdal.OF_RASTER: ("raster", "a GeoTIFF"), gdal.OF_VECTOR: ("vector layer", "a GeoPackage")}
# Formats that are archives themselves.
_ZIPPED = (".xlsx", ".ods")


def _beginning(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_HEAD_BYTES)
    except (OSError, ValueError):
        return b""


def opens(path: str, kind: int) -> bool:
    """Tell whether GDAL finds rasters, or layers, in a file: `kind` is `gdal.OF_RASTER` or `gdal.OF_VECTOR`."""
    try:
        dataset = gdal.OpenEx(untouched(path), kind)
    except RuntimeError:
        return False
    return bool(dataset.RasterCount if kind == gdal.OF_RASTER else dataset.GetLayerCount())
