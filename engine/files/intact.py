# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a file that was written can be read: looked at before it takes the place of an older one."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

from ..errors import EngineError

# Of rasters larger than this the last blocks are read, which were written last: all of a province would take half a minute.
_LARGE_BYTES = 256 << 20


def check_intact(path: Path, target: Path) -> None:
    """Bring a file to the disk and read it back, of a large raster the end of each band.

    Parameters
    ----------
    path
        The file.
    target
        What it will be called, for sentences.

    Raises
    ------
    EngineError
        If it is missing.
    DamagedError
        If it cannot be read whole.
    OSError
        If the disk does not take it.
    """
    if not path.is_file():
        raise EngineError(f"The output {target} was not written; run again, or choose another folder.")
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())
    try:
        _READERS.get(path.suffix.lower(), _read_nothing)(path)
    except (RuntimeError, ValueError, sqlite3.Error, zipfile.BadZipFile) as error:
        raise DamagedError(f"the file that was written cannot be read back ({str(error)[:200]})") from error


class DamagedError(Exception):
    """What was written cannot be read."""


def _read_raster(path: Path) -> None:
    from ..gdal import gdal  # installing needs no GDAL

    dataset = gdal.Open(str(path))
    is_large = path.stat().st_size > _LARGE_BYTES
    for number in range(1, dataset.RasterCount + 1):
        band = dataset.GetRasterBand(number)
        rows = band.GetBlockSize()[1]
        strips = range(0, band.YSize, rows)
        for row in strips[-1:] if is_large else strips:
            band.ReadRaster(0, row, band.XSize, min(rows, band.YSize - row))


def _read_layers(path: Path) -> None:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        (state,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if state != "ok":
            raise ValueError(state)
        if not database.execute("SELECT count(*) FROM gpkg_contents").fetchone()[0]:
            raise ValueError("it has no layer")


def _read_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged:
        raise ValueError(f"{damaged} is damaged")


def _read_json(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))


def _read_nothing(path: Path) -> None:
    """Read nothing: a text raises while it is written."""


_READERS = {
    ".tif": _read_raster,
    ".tiff": _read_raster,
    ".gpkg": _read_layers,
    ".scarp": _read_archive,
    ".xlsx": _read_archive,
    ".json": _read_json,
}
