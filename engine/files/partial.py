# SPDX-License-Identifier: GPL-2.0-or-later
"""A raster under work: windows are kept as they come, so that an interrupted run can go on where it stopped."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from ..declarations.covariates import MAP_BANDS
from ..errors import EngineError
from ..gdal import close, gdal
from .grid import Grid, Window, compression
from .naming import lock
from .outputs import check_writable, not_written, remove_if_stopped

# Values that are looked at together.
_CHUNK = 1 << 22
# GDAL reads the values by this header (ENVI); their place on Earth is added at the end.
_HEADER = """ENVI
samples = {cols}
lines = {rows}
bands = {bands}
header offset = 0
data type = 4
interleave = bsq
byte order = 0
data ignore value = {nodata}
"""
_COG = [
    compression()[0],
    "LEVEL=1",
    "PREDICTOR=YES",
    "OVERVIEW_RESAMPLING=AVERAGE",
    "NUM_THREADS=ALL_CPUS",
    "BIGTIFF=IF_SAFER",
]


class PartialRaster:
    """A float32 raster of one or a few bands in a hidden folder beside its target; use it in a `with` block.

    The folder holds the values as they lie in memory, the numbers of the windows that are done, and the key. It goes when the block
    ends, except when `keep` is set and the block fails. A killed run leaves it behind; the next one goes on from it or clears it.

    Parameters
    ----------
    target
        The file that the raster will become.
    grid
        Its grid.
    nodata
        The value of cells without one.
    key
        What the values depend on, as plain JSON: only a folder with the same key is gone on from.
    windows
        All windows of the raster by number, to check those that were kept; needed to go on.
    bands
        What each band is, in a word or two.
    keep
        Whether to go on from what an interrupted run left, and to leave it when this one is interrupted.

    Raises
    ------
    EngineError
        If another run is writing the same target, or the folder cannot be written.
    """

    def __init__(
        self,
        target: str | Path,
        grid: Grid,
        nodata: float,
        key: Mapping[str, Any],
        windows: Sequence[Window] = (),
        bands: Sequence[str] = MAP_BANDS[:1],
        *,
        keep: bool = False,
    ) -> None:
        target = Path(target)
        check_writable(target)
        self._target, self._grid, self._nodata, self._keep = target, grid, nodata, keep
        self._key = json.loads(json.dumps(key))
        self.folder = target.with_name(f".{target.name}.scarp-partial")
        self._values, self._numbers, self._key_file = (self.folder / name for name in ("values.img", "windows.txt", "key.json"))
        self.done: set[int] = set()
        # The checksum of the values of each window that is done.
        self._checks: dict[int, int] = {}
        # What was left and could not be used, in words.
        self.damage = ""
        self._windows, self._bands = list(windows), tuple(bands)
        # Of each band, once it is finished.
        self.means: list[float] = []

    def __enter__(self) -> PartialRaster:
        try:
            self.folder.mkdir(exist_ok=True)
            unlock = _locked(self.folder / "lock")
        except OSError as error:
            raise not_written(self._target, error) from error
        if unlock is None:
            raise EngineError(f"Another run is writing {self._target}; wait for it or choose another output.")
        self._unlock = unlock
        try:
            if self._keep and self._kept_key() == self._key:
                self.done = self._kept_windows()
                with self._numbers.open("w", encoding="ascii") as stream:  # without what was damaged
                    stream.writelines(f"{number} {check}\n" for number, check in sorted(self._checks.items()))
            if not self.done:
                self._checks.clear()
                self._create()
            self._stream = self._values.open("r+b", buffering=0)
        except OSError as error:
            self._clear()
            raise not_written(self._target, error) from error
        if not self._keep:
            remove_if_stopped(self.folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stream.close()
        if kind is not None and self._keep:
            self._unlock()
        else:
            self._clear()

    def write(self, number: int, window: Window, values: np.ndarray) -> None:
        """Keep a window, (rows, cols), or (bands, rows, cols) of a raster of several bands; NaN where it has no value."""
        rows = np.where(np.isfinite(values), values, np.float32(self._nodata)).astype("<f4").reshape(-1, *values.shape[-2:])
        height, width = self._grid.shape
        try:
            for band, lines in enumerate(rows):
                for row, line in enumerate(lines):
                    self._stream.seek(4 * ((band * height + window.row + row) * width + window.col))
                    _write_all(self._stream, line.tobytes())
            if self._keep:
                os.fsync(self._stream.fileno())  # a power cut must not leave windows listed that were never written
            with self._numbers.open("a", encoding="ascii") as stream:
                stream.write(f"{number} {zlib.crc32(rows.tobytes())}\n")
        except OSError as error:
            raise not_written(self._target, error) from error
        self.done.add(number)

    def finish(self, path: str | Path, progress: Callable[[float], None], told: Mapping[str, str] | None = None) -> int:
        """Write a Cloud Optimized GeoTIFF with overviews and statistics; return how many cells have a value in the first band.

        `told` becomes the raster's own metadata.
        """
        found = [self._statistics(number) for number in range(len(self._bands))]
        self.means = [mean for _, _, _, mean, _ in found]
        if not found[0][0]:
            return 0

        def listen(share: float, message: str, data: Any) -> int:
            progress(100 * share)
            return 1

        try:
            west, south, east, north = self._grid.bounds
            placed = gdal.TranslateOptions(format="VRT", outputSRS=self._grid.crs, outputBounds=(west, north, east, south))
            dataset = gdal.Translate("", str(self._values), options=placed)
            dataset.SetMetadata(dict(told or {}))
            for number, (name, (count, *statistics)) in enumerate(zip(self._bands, found), start=1):
                dataset.GetRasterBand(number).SetDescription(name)
                if count:
                    dataset.GetRasterBand(number).SetStatistics(*statistics)
            close(gdal.GetDriverByName("COG").CreateCopy(str(path), dataset, 0, _COG, listen))
        except RuntimeError as error:
            raise not_written(path, error) from error
        return found[0][0]

    def _statistics(self, band: int) -> tuple[int, float, float, float, float]:
        """Return how many cells of a band have a value, and their least, greatest and mean value and standard deviation."""
        count, low, high, total, squares = 0, np.inf, -np.inf, 0.0, 0.0
        left = math.prod(self._grid.shape)
        with self._values.open("rb") as stream:
            stream.seek(4 * left * band)
            while len(values := np.fromfile(stream, "<f4", min(_CHUNK, left))):
                left -= len(values)
                values = values[values != np.float32(self._nodata)].astype(np.float64)
                if len(values):
                    count, low, high = count + len(values), min(low, values.min()), max(high, values.max())
                    total, squares = total + values.sum(), squares + (values**2).sum()
        mean = total / max(count, 1)
        return count, float(low), float(high), mean, max(squares / max(count, 1) - mean**2, 0.0) ** 0.5

    def _kept_key(self) -> Any:
        try:
            return json.loads(self._key_file.read_text())
        except (OSError, ValueError):
            return None

    def _kept_windows(self) -> set[int]:
        """Return the windows that an interrupted run has kept and whose values are still what it wrote."""
        rows, cols = self._grid.shape
        try:
            lines = [line.split(" ") for line in self._numbers.read_bytes().decode("ascii").splitlines()]
            listed = {int(number): int(check) for number, check in lines}
            header = self._values.with_suffix(".hdr").read_text(encoding="ascii")
            is_whole = header == self._header() and self._values.stat().st_size == 4 * len(self._bands) * rows * cols
        except (OSError, ValueError):
            is_whole = False
        if not is_whole:
            self.damage = "What the interrupted run left is damaged, so the map begins anew."
            return set()
        values = np.memmap(self._values, "<f4", "r", shape=(len(self._bands), rows, cols))
        for number, check in listed.items():
            if 0 <= number < len(self._windows):
                each = self._windows[number]
                part = np.ascontiguousarray(values[:, each.row : each.row + each.rows, each.col : each.col + each.cols])
                if zlib.crc32(part.tobytes()) == check:
                    self._checks[number] = check
        damaged = len(listed) - len(self._checks)
        if damaged:
            self.damage = f"{damaged} of {len(listed)} windows that the interrupted run left are damaged; they are mapped anew."
        return set(self._checks)

    def _header(self) -> str:
        return _HEADER.format(cols=self._grid.shape[1], rows=self._grid.shape[0], bands=len(self._bands), nodata=self._nodata)

    def _create(self) -> None:
        rows, cols = self._grid.shape
        self._values.with_suffix(".hdr").write_text(self._header(), encoding="ascii")
        with self._values.open("wb") as stream:
            stream.truncate(4 * len(self._bands) * rows * cols)
        self._numbers.write_text("")
        self._key_file.write_text(json.dumps(self._key))

    def _clear(self) -> None:
        self._unlock()
        shutil.rmtree(self.folder, ignore_errors=True)


def _write_all(stream: IO[bytes], content: bytes) -> None:
    if stream.write(content) < len(content):  # as on a disk that has just become full
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _locked(path: Path) -> Callable[[], None] | None:
    """Lock a file for this process, which loses it when it ends, however it ends; return what unlocks it, or None if another one has it.

    Where the file system knows no locks nothing keeps two runs apart, nor in QGIS's own Python on Windows, which may lack the package
    filelock.
    """
    if sys.platform == "win32":
        return _locked_on_windows(path)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if lock(handle) is False:
        os.close(handle)
        return None
    return lambda: os.close(handle)


def _locked_on_windows(path: Path) -> Callable[[], None] | None:
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        return lambda: None
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock.release
