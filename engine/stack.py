# SPDX-License-Identifier: GPL-2.0-or-later
"""The covariate stack: one raster, one band per covariate, each band described."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import TracebackType

import numpy as np
from osgeo import gdal

from ..models.covariate import Covariate
from .errors import EngineError
from .grid import Grid, Window
from .raster import read_window

gdal.UseExceptions()

# Patches are cut from windows of this size, so that memory does not depend on the raster's.
_PATCH_WINDOW_PX = 512


class Stack:
    """A covariate stack opened for reading; see `Stack.open`.

    Values are float32 with NaN where a band is invalid. Beyond the raster's edge they are reflected, as by
    `numpy.pad(mode="reflect")`.
    """

    def __init__(self, path: str, dataset: gdal.Dataset, covariates: Sequence[Covariate]) -> None:
        self.path = path
        self.grid = Grid.of(dataset)
        self.covariates = tuple(covariates)
        self._dataset = dataset

    @classmethod
    def open(cls, path: str) -> Stack:
        """Open a stack.

        Raises
        ------
        EngineError
            If the raster cannot be opened, has no CRS, or its bands are not named or not named apart.
        """
        try:
            dataset = gdal.Open(str(path))
        except RuntimeError as error:
            raise EngineError(f"The covariate stack {path} cannot be opened: {error}") from error
        covariates = [_describe(dataset.GetRasterBand(number), path) for number in range(1, dataset.RasterCount + 1)]
        names = [covariate.name for covariate in covariates]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise EngineError(f"The covariate stack {path} has more than one band named {', '.join(twice)}.")
        return cls(str(path), dataset, covariates)

    @property
    def names(self) -> list[str]:
        """Names of the covariates in the order of the bands."""
        return [covariate.name for covariate in self.covariates]

    def covariate(self, name: str) -> Covariate:
        """Return one covariate by name."""
        return self.covariates[self.names.index(name)]

    def read(self, window: Window, margin_px: int = 0, names: Sequence[str] | None = None) -> np.ndarray:
        """Return the covariates of a window and its margin, (rows + 2 margin, cols + 2 margin, bands)."""
        return self._at(
            _reflected(np.arange(window.row - margin_px, window.row + window.rows + margin_px), self.grid.shape[0]),
            _reflected(np.arange(window.col - margin_px, window.col + window.cols + margin_px), self.grid.shape[1]),
            names,
        )

    def at(self, rows: np.ndarray, cols: np.ndarray, names: Sequence[str] | None = None) -> np.ndarray:
        """Return the covariates of cells, (n, bands)."""
        return self.patches(rows, cols, 1, names)[:, 0, 0, :]

    def patches(self, rows: np.ndarray, cols: np.ndarray, size_px: int, names: Sequence[str] | None = None) -> np.ndarray:
        """Return the patches of `size_px` (odd) cells around cells, (n, size, size, bands)."""
        rows, cols = np.asarray(rows, np.int64), np.asarray(cols, np.int64)
        bands = len(names) if names is not None else len(self.covariates)
        out = np.empty((len(rows), size_px, size_px, bands), np.float32)
        margin = size_px // 2
        blocks = (rows // _PATCH_WINDOW_PX) * (self.grid.shape[1] // _PATCH_WINDOW_PX + 1) + cols // _PATCH_WINDOW_PX
        for block in np.unique(blocks):
            members = np.flatnonzero(blocks == block)
            row, col = rows[members].min(), cols[members].min()
            window = Window(int(row), int(col), int(rows[members].max() - row + 1), int(cols[members].max() - col + 1))
            values = self.read(window, margin, names)
            view = np.lib.stride_tricks.sliding_window_view(values, (size_px, size_px), axis=(0, 1))  # type: ignore[call-overload]
            out[members] = view[rows[members] - row, cols[members] - col].transpose(0, 2, 3, 1)
        return out

    def _at(self, rows: np.ndarray, cols: np.ndarray, names: Sequence[str] | None) -> np.ndarray:
        """Return the covariates at the crossings of rows and columns, read as one rectangle."""
        numbers = [self.names.index(name) + 1 for name in names] if names is not None else range(1, len(self.covariates) + 1)
        row, col = int(rows.min()), int(cols.min())
        height, width = int(rows.max()) - row + 1, int(cols.max()) - col + 1
        whole = len(rows) == height and len(cols) == width
        out = np.empty((len(rows), len(cols), len(numbers)), np.float32)
        for index, number in enumerate(numbers):
            values = read_window(self._dataset, Window(row, col, height, width), number)
            out[..., index] = values if whole else values[np.ix_(rows - row, cols - col)]
        return out


class StackWriter:
    """Writes a stack one band and one window at a time; use it in a `with` block."""

    def __init__(self, path: str, grid: Grid, covariates: Sequence[Covariate]) -> None:
        self._dataset = grid.create(path, len(covariates), gdal.GDT_Float32, float("nan"))
        self._names = [covariate.name for covariate in covariates]
        for number, covariate in enumerate(covariates, start=1):
            band = self._dataset.GetRasterBand(number)
            band.SetDescription(covariate.name)
            for key in ("kind", "unit", "group", "source"):
                band.SetMetadataItem(key, getattr(covariate, key))
            if covariate.classes:
                band.SetMetadataItem("classes", json.dumps({str(code): name for code, name in covariate.classes.items()}))

    def write(self, name: str, window: Window, values: np.ndarray) -> None:
        """Write a window (rows, cols) of the band with this name; NaN where it is invalid."""
        band = self._dataset.GetRasterBand(self._names.index(name) + 1)
        band.WriteArray(np.ascontiguousarray(values, np.float32), window.col, window.row)

    def __enter__(self) -> StackWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._dataset.FlushCache()
        self._dataset = None


def _describe(band: gdal.Band, path: str) -> Covariate:
    name = band.GetDescription()
    if not name:
        raise EngineError(f"Band {band.GetBand()} of {path} has no name, so it is no covariate stack; make one with “Prepare covariates”.")
    item = band.GetMetadata()
    return Covariate.from_json(
        {
            "name": name,
            "kind": item.get("kind", "continuous"),
            "unit": item.get("unit", ""),
            "group": item.get("group", "extra"),
            "source": item.get("source", ""),
            "classes": json.loads(item.get("classes", "{}")),
        }
    )


def _reflected(indices: np.ndarray, length: int) -> np.ndarray:
    """Fold indices beyond 0 … length − 1 back, the edge itself not repeated."""
    if length == 1:
        return np.zeros_like(indices)
    period = 2 * (length - 1)
    folded = np.abs(indices) % period
    return np.where(folded >= length, period - folded, folded)
