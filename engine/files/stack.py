# SPDX-License-Identifier: GPL-2.0-or-later
"""The covariate stack: one raster, one band per covariate, each band described."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any
from xml.etree import ElementTree  # nosec B405

import numpy as np

from ...models.covariate import Covariate
from ...models.errors import short
from ...models.patches import Patches
from ..declarations.covariates import MAP_BANDS
from ..declarations.source import Source
from ..errors import EngineError
from ..gdal import close, gdal
from .grid import Grid, Window, reflected
from .opening import opened, shortened
from .raster import HUGE, Raster, as_text, bands_of, is_odd, open_dataset, tally, told_voids, undeclared_voids, unreadable

# Patches are cut from windows of this size, so that memory does not depend on the raster's.
_PATCH_WINDOW_PX = 512
# More bands, longer names and longer lists of classes are those of no stack.
_MOST_BANDS, _LONGEST_NAME, _LONGEST_TEXT = 2000, 200, 4_000_000
_BLOCK_SIDES = (1, 8, 32, 128, 512)


class Stack:
    """A covariate stack opened for reading; see `Stack.open`.

    Values are float32 (or `dtype`, of maps) with NaN where a band is invalid. Beyond the raster's edge they are reflected, as by
    `numpy.pad(mode="reflect")`.
    """

    def __init__(self, path: str, bands: Sequence[Raster], covariates: Sequence[Covariate], dtype: Any = np.float32) -> None:
        self.path = path
        self.told = Source.parse(path).told
        self.grid = bands[0].grid
        self.covariates = tuple(covariates)
        self._bands = list(bands)
        self._dtype = dtype

    @classmethod
    def open(cls, path: str) -> Stack:
        """Open a stack: a raster of which each band has a name, or a VRT of bands of such rasters, in any order.

        Parameters
        ----------
        path
            A `Source` as text.

        Raises
        ------
        EngineError
            If the raster cannot be opened, has no CRS, or its bands are not named or not named apart.
        """
        named, dataset = open_dataset(str(path), "covariate stack")
        told = named.told
        if dataset.RasterCount > _MOST_BANDS:
            raise EngineError(f"The covariate stack {told} has {dataset.RasterCount:,} bands; a stack has at most {_MOST_BANDS:,}.")
        described = _described(dataset, told)
        bands = bands_of(named, dataset, "covariate stack")
        covariates = [described[band.number - 1] for band in bands]
        names = [covariate.name for covariate in covariates]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            way = (
                "; it has its files in separate bands: build it anew as a mosaic (gdal:buildvirtualraster without “Place each input file "
                "into a separate band”)"
                if dataset.GetDriver().ShortName == "VRT"
                else ""
            )
            raise EngineError(f"The covariate stack {told} has more than one band named {', '.join(twice)}{way}.")
        if dataset.GetDriver().ShortName != "VRT":
            _check_voids([band for band in bands if "kind" not in band.band.GetMetadata()])
        return cls(str(path), bands, covariates)

    @property
    def names(self) -> list[str]:
        """Names of the covariates in the order of the bands."""
        return [covariate.name for covariate in self.covariates]

    @property
    def state(self) -> list[tuple[str, int, int]]:
        """Path, size in bytes and time of change of each file that it is read from."""
        found = ((path, gdal.VSIStatL(path)) for path in sorted(self._bands[0].dataset.GetFileList() or [self.path]))
        return [(path, status.size, int(status.mtime)) for path, status in found if status]

    def covariate(self, name: str) -> Covariate:
        """Return one covariate by name."""
        return self.covariates[self.names.index(name)]

    def read(self, window: Window, margin_px: int = 0, names: Sequence[str] | None = None) -> np.ndarray:
        """Return the covariates of a window and its margin, (rows + 2 margin, cols + 2 margin, bands)."""
        return self._at(
            reflected(np.arange(window.row - margin_px, window.row + window.rows + margin_px), self.grid.shape[0]),
            reflected(np.arange(window.col - margin_px, window.col + window.cols + margin_px), self.grid.shape[1]),
            names,
        )

    def forget(self) -> None:
        """Give back the memory in which GDAL keeps what was read; for when all of it has been gone through."""
        for band in self._bands:
            band.dataset.FlushCache()

    def at(self, rows: np.ndarray, cols: np.ndarray, names: Sequence[str] | None = None) -> np.ndarray:
        """Return the covariates of cells, (n, bands)."""
        return self.patches(rows, cols, 1, names).centres()

    def patches(self, rows: np.ndarray, cols: np.ndarray, size_px: int, names: Sequence[str] | None = None) -> Patches:
        """Return the patches of `size_px` (odd) cells around cells.

        The raster is divided into square blocks, and each block with some of the cells is kept once, with its margin; blocks have the side
        that needs the least memory. Scattered cells have a block each, crowded ones share large blocks.
        """
        rows, cols = np.asarray(rows, np.int64), np.asarray(cols, np.int64)
        margin = size_px // 2

        def blocks_of(side: int) -> np.ndarray:
            return (rows // side) * (self.grid.shape[1] // side + 1) + cols // side

        side = min(_BLOCK_SIDES, key=lambda side: len(np.unique(blocks_of(side))) * (side + 2 * margin) ** 2)
        _, members, block = np.unique(blocks_of(side), return_index=True, return_inverse=True)
        wide = side + 2 * margin
        bands = len(names) if names is not None else len(self.covariates)
        cells = np.empty((len(members), wide, wide, bands), self._dtype)
        top, left = rows[members] // side * side, cols[members] // side * side
        groups = (top // _PATCH_WINDOW_PX) * (self.grid.shape[1] // _PATCH_WINDOW_PX + 1) + left // _PATCH_WINDOW_PX
        for group in np.unique(groups):
            some = np.flatnonzero(groups == group)
            row, col = int(top[some].min()), int(left[some].min())
            window = Window(row, col, int(top[some].max()) - row + side, int(left[some].max()) - col + side)
            values = self.read(window, margin, names)
            view = np.lib.stride_tricks.sliding_window_view(values, (wide, wide), axis=(0, 1))  # type: ignore[call-overload]
            for number in some:
                cells[number] = view[top[number] - row, left[number] - col].transpose(1, 2, 0)
        first = block.ravel() * wide**2 + (rows % side) * wide + cols % side
        offsets = (np.arange(size_px)[:, None] * wide + np.arange(size_px)).ravel()
        return Patches(cells.reshape(-1, bands), first, offsets)

    @cached_property
    def _is_plain(self) -> bool:
        """Whether all bands can be read together, without a look at each."""
        return all(band.dataset is self._bands[0].dataset and band.is_plain for band in self._bands)

    def _at(self, rows: np.ndarray, cols: np.ndarray, names: Sequence[str] | None) -> np.ndarray:
        """Return the covariates at the crossings of rows and columns, read as one rectangle."""
        bands = [self._bands[self.names.index(name)] for name in (self.names if names is None else names)]
        row, col = int(rows.min()), int(cols.min())
        height, width = int(rows.max()) - row + 1, int(cols.max()) - col + 1
        out = np.empty((len(bands), height, width), self._dtype)
        try:
            if self._is_plain:
                bands[0].dataset.ReadAsArray(col, row, width, height, buf_obj=out, band_list=[band.number for band in bands])
                if not -HUGE <= out.min() <= out.max() <= HUGE:  # or there is a NaN
                    out[np.abs(out) > HUGE] = np.nan
            else:
                for values, band in zip(out, bands):
                    values[:] = band.read(Window(row, col, height, width), dtype=self._dtype)
        except (EngineError, RuntimeError) as error:
            why = error if isinstance(error, EngineError) else unreadable(bands[0].source, str(error))
            raise EngineError(f"The covariate stack {self.told} can no longer be read: {why}") from error
        if len(rows) != height:
            out = out.take(rows - row, axis=1)
        if len(cols) != width:
            out = out.take(cols - col, axis=2)
        return out.transpose(1, 2, 0)


class StackWriter:
    """Writes a stack one band and one window at a time; use it in a `with` block."""

    def __init__(self, path: str, grid: Grid, covariates: Sequence[Covariate]) -> None:
        self._dataset = grid.create(path, len(covariates), gdal.GDT_Float32, float("nan"), compressed=False)
        self._names = [covariate.name for covariate in covariates]
        for number, covariate in enumerate(covariates, start=1):
            band = self._dataset.GetRasterBand(number)
            band.SetDescription(covariate.name)
            for key in ("kind", "unit", "group", "source"):
                band.SetMetadataItem(key, getattr(covariate, key))
            if covariate.classes:
                band.SetMetadataItem("classes", json.dumps({str(code): name for code, name in covariate.classes.items()}))
            if covariate.codes:
                band.SetMetadataItem("codes", json.dumps({str(code): own for code, own in covariate.codes.items()}))

    def write(self, name: str, window: Window, values: np.ndarray) -> None:
        """Write a window (rows, cols) of the band with this name; NaN where it is invalid."""
        band = self._dataset.GetRasterBand(self._names.index(name) + 1)
        band.WriteArray(np.ascontiguousarray(values, np.float32), window.col, window.row)

    def flush(self) -> None:
        """Write what GDAL keeps, so that the order of the file is that of the windows, whatever else fills GDAL's cache meanwhile."""
        for number in range(1, self._dataset.RasterCount + 1):
            self._dataset.GetRasterBand(number).FlushCache()

    def __enter__(self) -> StackWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        dataset, self._dataset = self._dataset, None
        if error is None:
            close(dataset)


def _check_voids(bands: Sequence[Raster]) -> None:
    """Raise EngineError if bands that another program wrote hold nodata that nobody declared, which would count as values."""
    for raster in bands:
        try:
            ends = raster.band.ComputeRasterMinMax(False)
        except RuntimeError:  # without a value, or unreadable: whoever reads it says so
            continue
        if not is_odd(ends):
            continue
        found = tally(raster, Window(0, 0, *raster.grid.shape))
        voids = undeclared_voids(found)
        if voids:
            raise EngineError(
                f"The covariate stack {raster.file} holds {told_voids(found, voids)} of {found.cells:,} cells, which looks like nodata "
                "that nobody declared. Declare it (gdal:translate, “Assign a specified NoData value”), or let “Prepare covariates” make a "
                "stack of its bands."
            )


def _described(dataset: gdal.Dataset, path: str) -> list[Covariate]:
    """Return the covariate of each band; a band of a VRT that does not say what it is, is what it is made of."""
    bands = [dataset.GetRasterBand(number) for number in range(1, dataset.RasterCount + 1)]
    sources = _sources(dataset) if dataset.GetDriver().ShortName == "VRT" else {}
    return [
        _of_sources(sources[band.GetBand()], as_text(band.GetDescription()), path)
        if sources.get(band.GetBand()) and "kind" not in band.GetMetadata()
        else _describe(band, path)
        for band in bands
    ]


def _sources(dataset: gdal.Dataset) -> dict[int, list[tuple[str, int]]]:
    """Return the file and the band of each part that the bands of a VRT are made of."""
    found: dict[int, list[tuple[str, int]]] = {}
    folder = Path(dataset.GetDescription()).parent
    # The text is GDAL's own, written anew from what it has read.
    tree = ElementTree.fromstring(dataset.GetMetadata("xml:VRT")[0])  # nosec B314
    for number, band in enumerate(tree.iter("VRTRasterBand"), start=1):
        parts = [part for part in band if part.find("SourceFilename") is not None]
        for part in parts:
            file, of_band = part.find("SourceFilename"), part.findtext("SourceBand", "1")
            if file is not None and file.text and of_band.isdigit():
                is_relative = file.get("relativeToVRT") == "1"
                found.setdefault(number, []).append((str(folder / file.text) if is_relative else file.text, int(of_band)))
    return found


def _of_sources(sources: list[tuple[str, int]], name: str, path: str) -> Covariate:
    """Return the covariate that all parts of a band of a VRT hold; map sheets may each have some of its classes."""
    parts = [_of_file(file, number) for file, number in sources]
    first = parts[0]
    classes: dict[int, str] = {}
    codes: dict[int, int] = {}
    for (file, _), part in zip(sources, parts):
        known = replace(first, classes=classes, codes=codes)
        told = [code for code in part.classes if part.is_named(code) and known.is_named(code)]
        clash = next((code for code in told if classes[code] != part.classes[code]), None)
        if part.name != first.name or part.kind != first.kind or clash is not None:
            raise EngineError(
                f"The files of {path} do not hold the same covariates: {Path(sources[0][0]).name} has {first.name} where {Path(file).name} "
                + (f"calls the class {clash} of {part.name} {part.classes[clash]!r}" if clash is not None else f"has {part.name}")
                + ". Build the virtual raster of files with the same bands, or of single bands each placed into a separate band."
            )
        classes |= {code: name for code, name in part.classes.items() if code not in classes or part.is_named(code)}
        codes |= part.codes
    return replace(first, name=name or first.name, classes=classes, codes=codes)


def _of_file(file: str, number: int) -> Covariate:
    """Return the covariate of one band of a file; a band alone has its file's name if it has no other."""
    dataset = opened(Source(file), gdal.OF_RASTER, f"part {shortened(Source(file).told)} of the covariate stack")
    if dataset.RasterCount == 1 and dataset.GetDriver().ShortName != "VRT" and not dataset.GetRasterBand(1).GetDescription():
        return Covariate(Source(file).label)
    return _described(dataset, file)[number - 1]


def _describe(band: gdal.Band, path: str) -> Covariate:
    name = as_text(band.GetDescription())
    if not name:
        raise EngineError(f"Band {band.GetBand()} of {path} has no name, so it is no covariate stack; make one with “Prepare covariates”.")
    item = {key: as_text(value) for key, value in band.GetMetadata().items()}
    if name in MAP_BANDS and "kind" not in item:
        raise EngineError(f"The raster {path} holds a map ({name}), so it is no covariate stack; make one with “Prepare covariates”.")
    wrong = f"The metadata of the band {short(name)[1:-1]} of {path} are no longer those of a covariate stack"
    if len(name) > _LONGEST_NAME or any(len(text) > _LONGEST_TEXT for text in item.values()):
        raise EngineError(f"{wrong}: they are longer than any covariate's; make it anew with “Prepare covariates”.")
    try:
        return Covariate.from_json(
            {
                "name": name,
                "kind": item.get("kind", "continuous"),
                "unit": item.get("unit", ""),
                "group": item.get("group", "extra"),
                "source": item.get("source", ""),
                "classes": json.loads(item.get("classes", "{}")),
                "codes": json.loads(item.get("codes", "{}")),
            }
        )
    except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise EngineError(f"{wrong}: its kind, classes or codes cannot be read; make it anew with “Prepare covariates”.") from error
