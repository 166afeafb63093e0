# SPDX-License-Identifier: GPL-2.0-or-later
"""Arrays that are kept on disk for a while, without GDAL: threads that use it at once would share its cache, and wait for each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .grid import Window, with_halo


class Kept:
    """An array (rows, cols) of one type in a file of its own, written by whole rows and read by windows.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     kept = Kept(Path(folder) / "cells", (3, 2), np.int32, nothing=0)
    ...     kept.write(1, np.array([[5, 0], [7, 8]]))
    ...     kept.write(0, np.array([[1, 2]]))
    ...     kept.read(Window(1, 0, 2, 2)).tolist()
    [[5.0, nan], [7.0, 8.0]]
    """

    def __init__(self, path: Path, shape: tuple[int, int], kind: type[np.number], nothing: float | None = None) -> None:
        self._path, self._shape, self._kind, self._nothing = path, shape, np.dtype(kind), nothing
        path.touch()

    def write(self, row: int, values: np.ndarray) -> None:
        """Write whole rows, (some, cols), from one row on."""
        with self._path.open("r+b") as file:
            file.seek(row * self._shape[1] * self._kind.itemsize)
            file.write(np.ascontiguousarray(values, self._kind).data)

    def read(self, window: Window, halo_px: int = 0) -> np.ndarray:
        """Return a window with a halo, float32 (rows + 2 halo, cols + 2 halo); NaN beyond the array, and where it holds `nothing`."""
        whole = np.memmap(self._path, self._kind, "r", shape=self._shape)

        def read(part: Window) -> np.ndarray:
            stored = whole[part.row : part.row + part.rows, part.col : part.col + part.cols]
            values = stored.astype(np.float32)
            if self._nothing is not None:
                values[stored == self._nothing] = np.nan
            return values

        return with_halo(read, self._shape, window, halo_px, np.float32)
