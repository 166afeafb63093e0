# SPDX-License-Identifier: GPL-2.0-or-later
"""Rasters of others, read as they declare themselves: scale and offset, nodata, masks and alpha, whichever way up; never their overviews.

Every value comes from the full resolution through `Raster.read`, and what cannot be read is an error, never a gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..gdal import gdal, osr
from .grid import Grid, Window, reference_of, with_halo
from .opening import cause, opened, parsed, shortened

# No quantity of this field is as large; fill values are (−3.4e38 of 32-bit floats, 1e20 and 9.97e36 of NetCDF).
HUGE = 1e19
# What people write where nothing was measured, and forget to declare.
USUAL_VOIDS = (-32768.0, -32767.0, -9999.0, -99999.0, -2147483648.0, -2147483647.0)
# The largest numbers of the data types that are used so; of bytes only beside other values that end far below, see `undeclared_voids`.
_LARGEST_BYTE = 255.0
_LARGEST = {gdal.GDT_Int16: 32767.0, gdal.GDT_UInt16: 65535.0, gdal.GDT_Int32: 2147483647.0, gdal.GDT_UInt32: 4294967295.0}
# Formats that show a band of bytes as red, green and blue.
_TILED = ("GPKG", "MBTiles")
# Formats that hold numbers and nothing else.
_PLAIN = ("ENVI", "EHdr")
# Cells of no data are smaller or larger, in units of the CRS, or in degrees; and no place lies so far off, in degrees.
_CELLS, _CELLS_DEGREES, _DEGREES = (1e-5, 1e7), (1e-10, 180.0), (541.0, 91.0)
# Rasters of so many cells are told before they are read: at a million cells a second they take more than half an hour.
_MANY_CELLS = 2_000_000_000
# Types whose numbers float32 holds as they are.
_SHORT = ("Byte", "Int8", "UInt16", "Int16", "Float16", "Float32")
_COLOURS = (gdal.GCI_RedBand, gdal.GCI_GreenBand, gdal.GCI_BlueBand)


@dataclass(frozen=True)
class Raster:
    """One band of a raster, open for reading.

    Parameters
    ----------
    source
        What the task named.
    dataset
        It, open.
    number
        Of the band, from 1.
    grid
        Its cells, north-up also where the file is stored south-up or from east to west.
    voids
        Values that are no data though nobody declared them.
    limits
        Values below the first or above the second are no data either.
    """

    source: Source
    dataset: gdal.Dataset
    number: int
    grid: Grid
    voids: tuple[float, ...] = ()
    limits: tuple[float, float] = (-HUGE, HUGE)

    @property
    def band(self) -> gdal.Band:
        """The band itself."""
        return self.dataset.GetRasterBand(self.number)

    @property
    def file(self) -> str:
        """The file's name for sentences, with the band where there are several."""
        name = file_name(self.source)
        return f"{name}, band {band_name(self.band)}" if len(data_bands(self.dataset)) > 1 else name

    @property
    def is_picture(self) -> bool:
        """Whether it holds colours: bands of red, green and blue, or numbers of a palette."""
        if self.band.GetColorTable() is not None and self.band.DataType == gdal.GDT_Byte:
            return True
        found = {self.dataset.GetRasterBand(number).GetColorInterpretation() for number in range(1, self.dataset.RasterCount + 1)}
        return self.band.DataType == gdal.GDT_Byte and found.issuperset(_COLOURS)

    @property
    def is_plain(self) -> bool:
        """Whether what is stored are its values as they are, float32 with NaN where there is none."""
        band, nodata = self.band, self.band.GetNoDataValue()
        stored = self.dataset.GetGeoTransform()
        return (
            band.DataType == gdal.GDT_Float32
            and (nodata is None or np.isnan(nodata) or not self.source.own_nodata)
            and band.GetMaskFlags() in (gdal.GMF_ALL_VALID, gdal.GMF_NODATA)
            and (band.GetScale() in (None, 1.0) and band.GetOffset() in (None, 0.0))
            and not alpha_band(self.dataset)
            and not (self.source.nodata or self.voids)
            and self.limits == (-HUGE, HUGE)
            and (stored[1] > 0 > stored[5])
        )

    @property
    def dtype(self) -> Any:
        """What tells all of its values apart: float64 of numbers that float32 would make alike, such as 1e8 and 1e8 + 1, else float32."""
        scaled = self.band.GetScale() not in (None, 1.0) or self.band.GetOffset() not in (None, 0.0)
        return np.float64 if scaled or gdal.GetDataTypeName(self.band.DataType) not in _SHORT else np.float32

    def read(self, window: Window, halo_px: int = 0, dtype: Any = np.float32) -> np.ndarray:
        """Return a window with a halo, (rows + 2 halo, cols + 2 halo) in `dtype` (float32 or float64).

        It is NaN beyond the raster and wherever the band declares no value: nodata, mask, transparent, a void or beyond the limits.

        Raises
        ------
        EngineError
            If the file cannot be read there.
        """
        return with_halo(lambda part: self._values(part, dtype), self.grid.shape, window, halo_px, dtype)

    def _values(self, part: Window, dtype: Any) -> np.ndarray:
        band = self.band
        stored = self._stored(band, part)
        if band.GetMetadataItem("PIXELTYPE", "IMAGE_STRUCTURE") == "SIGNEDBYTE":
            stored = stored.view(np.int8)
        missing = self._masked(band, part)
        nodata = band.GetNoDataValue() if self.source.own_nodata else None
        if nodata is not None and not np.isnan(nodata):
            missing |= stored == nodata
        scale, offset = band.GetScale(), band.GetOffset()
        if scale not in (None, 1.0) or offset not in (None, 0.0):
            stored = stored * float(1.0 if scale is None else scale) + float(offset or 0.0)
        values = stored.astype(dtype, copy=False)
        for low, high in self.source.nodata:
            missing |= (stored >= low) & (stored <= high)
        for void in self.voids:
            missing |= stored == void
        # Two looks at the ends tell of most windows that all values lie within; of those with NaN they do not.
        if not self.limits[0] <= stored.min() <= stored.max() <= self.limits[1]:
            missing |= ~((stored >= self.limits[0]) & (stored <= self.limits[1]))
        if missing.any():
            values[missing] = np.nan
        return values  # type: ignore[no-any-return]

    def _masked(self, band: gdal.Band, part: Window) -> np.ndarray:
        """Return where a mask or an alpha band says that there is no value; (rows, cols)."""
        missing = np.zeros((part.rows, part.cols), bool)
        alpha = alpha_band(self.dataset)
        if alpha:
            missing |= self._stored(self.dataset.GetRasterBand(alpha), part) == 0
        if band.GetMaskFlags() & gdal.GMF_PER_DATASET and not band.GetMaskFlags() & gdal.GMF_ALPHA:
            missing |= self._stored(band.GetMaskBand(), part) == 0
        return missing

    def _stored(self, band: gdal.Band, part: Window) -> np.ndarray:
        _, width, _, _, _, height = self.dataset.GetGeoTransform()
        south_up, westward = height > 0, width < 0
        first_row = self.grid.shape[0] - part.row - part.rows if south_up else part.row
        first_col = self.grid.shape[1] - part.col - part.cols if westward else part.col
        try:
            stored = band.ReadAsArray(first_col, first_row, part.cols, part.rows)
        except RuntimeError as error:
            raise EngineError(unreadable(self.source, str(error))) from error
        if stored is None:
            raise EngineError(unreadable(self.source, gdal.GetLastErrorMsg()))
        return stored[:: -1 if south_up else 1, :: -1 if westward else 1]  # type: ignore[no-any-return]


def open_rasters(source: str, what: str = "raster") -> list[Raster]:
    """Open the bands of a raster that hold values: all but the alpha band, or the one that the source names.

    Messages call it `what`.

    Raises
    ------
    EngineError
        If it cannot be opened, has no such band or no coordinate reference system, is rotated, or holds complex numbers.
    """
    named, dataset = open_dataset(source, what)
    return bands_of(named, dataset, what)


def large(source: str) -> str:
    """Return what a raster of very many cells means for who waits; nothing of any other, or of what is none."""
    try:
        _, dataset = open_dataset(source, "raster")
    except EngineError:  # whoever reads it says so
        return ""
    cols, rows = dataset.RasterXSize, dataset.RasterYSize
    if cols * rows < _MANY_CELLS:
        return ""
    return (
        f"the raster has {cols * rows:,} cells ({cols:,} × {rows:,}), and to read them may take hours; cancel and cut it to the area "
        "(gdal:cliprasterbyextent) if that is smaller."
    )


def open_dataset(source: str, what: str) -> tuple[Source, gdal.Dataset]:
    """Open a raster as it lies, whatever its grid; messages call it `what`.

    Raises
    ------
    EngineError
        If it cannot be opened, or is a file of several rasters.
    """
    named = parsed(source, "raster")
    name = file_name(named)
    dataset = opened(named, gdal.OF_RASTER, f"{what} {shortened(named.told)}", named.options)
    if not dataset.RasterCount:
        inner = [path for path, _ in dataset.GetSubDatasets()]
        raise EngineError(
            f"The file {name} holds {len(inner)} rasters; name one of them: {', '.join(inner[:5])}."
            if inner
            else f"The file {name} holds no raster."
        )
    return named, dataset


def bands_of(named: Source, dataset: gdal.Dataset, what: str) -> list[Raster]:
    """Return the bands of an open raster that hold values, as `open_rasters` does."""
    name = file_name(named)
    if not 0 <= named.band <= dataset.RasterCount:
        raise EngineError(f"The {what} {name} has {dataset.RasterCount} bands, and band {named.band} was asked for.")
    _check_size(named, dataset)
    crs = reference_of(named.crs).ExportToWkt() if named.crs else dataset.GetProjection()
    if not crs:
        raise EngineError(
            f"The {what} {name} has no coordinate reference system; assign one (gdal:assignprojection), set it in QGIS, or name it: "
            f"{named.path}|crs=EPSG:…"
        )
    transform = dataset.GetGeoTransform(can_return_null=True)
    if transform is None:
        raise EngineError(
            f"The {what} {name} does not tell where it lies; warp it if it has control points (gdal:warpreproject), else georeference it "
            "(Layer > Georeferencer)."
        )
    west, width, tilt, north, skew, height = transform
    if tilt or skew:
        raise EngineError(f"The {what} {name} is rotated; warp it first (gdal:warpreproject).")
    _check_place(transform, reference_of(crs), (dataset.RasterYSize, dataset.RasterXSize), f"The {what} {name}")
    rows, cols = dataset.RasterYSize, dataset.RasterXSize
    if width < 0:
        west, width = west + cols * width, -width
    if height > 0:
        north, height = north + rows * height, -height
    grid = Grid(crs, (west, width, 0.0, north, 0.0, height), (rows, cols))
    found = [Raster(named, dataset, number, grid) for number in ([named.band] if named.band else data_bands(dataset))]
    if len(found) == len(_COLOURS) and dataset.GetDriver().ShortName in _TILED and _are_alike(found):
        found = found[:1]
    for raster in found:
        if gdal.DataTypeIsComplex(raster.band.DataType):
            raise EngineError(f"The raster {raster.file} holds complex numbers; real ones are needed.")
    return found


def _check_place(transform: Sequence[float], reference: osr.SpatialReference, shape: tuple[int, int], told: str) -> None:
    """Raise EngineError if cells have no size, or one that no data has, or if degrees lie beyond the globe."""
    if reference.IsGeocentric():
        raise EngineError(f"{told} is in geocentric coordinates, which no map is; warp it to a projected system (gdal:warpreproject).")
    west, width, _, north, _, height = transform
    least, most = _CELLS_DEGREES if reference.IsGeographic() else _CELLS
    if not (np.isfinite(transform).all() and least <= abs(width) <= most and least <= abs(height) <= most):
        raise EngineError(
            f"{told} has cells of {abs(width):.6g} × {abs(height):.6g} in its coordinate reference system, which no data has; assign the "
            "right one (gdal:assignprojection), or georeference it anew (Layer > Georeferencer)."
        )
    edges = (west, west + shape[1] * width), (north, north + shape[0] * height)
    if reference.IsGeographic() and any(max(map(abs, each)) > most for each, most in zip(edges, _DEGREES)):
        (left, right), (top, bottom) = edges
        raise EngineError(
            f"{told} reaches over x {left:.6g} to {right:.6g}, y {bottom:.6g} to {top:.6g}, which are no degrees, though its coordinate "
            "reference system is in degrees; assign the right one (gdal:assignprojection)."
        )


def _are_alike(rasters: list[Raster]) -> bool:
    """Tell whether several bands hold the same values everywhere."""
    first, *others = rasters
    return all(
        np.array_equal(first.read(window), other.read(window), equal_nan=True) for window in first.grid.windows() for other in others
    )


def _check_size(named: Source, dataset: gdal.Dataset) -> None:
    """Raise EngineError if a file of plain numbers is cut off: GDAL reads what is not there as zeros."""
    if dataset.GetDriver().ShortName not in _PLAIN or dataset.GetMetadataItem("file_compression", "ENVI") == "1":
        return
    status = gdal.VSIStatL(dataset.GetDescription())
    bits = [
        int(band.GetMetadataItem("NBITS", "IMAGE_STRUCTURE") or gdal.GetDataTypeSize(band.DataType))
        for band in (dataset.GetRasterBand(number) for number in range(1, dataset.RasterCount + 1))
    ]
    needed = dataset.RasterXSize * dataset.RasterYSize * sum(bits) // 8
    if status is not None and status.size < needed:
        raise EngineError(unreadable(named, f"it has {status.size:,} of {needed:,} bytes"))


def open_raster(source: str, way: str = "make a raster of the right one first (gdal:rearrange_bands)", what: str = "raster") -> Raster:
    """Open a raster of one band, or the band that the source names.

    Parameters
    ----------
    way
        How to choose a band, for the sentence that several need.
    what
        What messages call it.

    Raises
    ------
    EngineError
        If it has several bands and none was chosen, and as `open_rasters`.
    """
    found = open_rasters(source, what)
    if len(found) > 1:
        name, bands = file_name(found[0].source), told_bands(found)
        if found[0].is_picture:
            raise EngineError(
                f"The {what} {name} is a picture: its bands ({bands}) are colours, not values. Give the raster that it was drawn from "
                "(in QGIS: Export > Save as > Raw data)."
            )
        raise EngineError(f"The {what} {name} has {len(found)} bands ({bands}), and one is needed; {way}.")
    return found[0]


def told_bands(rasters: list[Raster]) -> str:
    """Return the names of bands, the first few of many."""
    names = [band_name(raster.band) for raster in rasters]
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "")


def band_name(band: gdal.Band) -> str:
    """Return a band's description, else its colour, else its number."""
    if description := as_text(band.GetDescription()):
        return description
    colour = band.GetColorInterpretation()
    return gdal.GetColorInterpretationName(colour).lower() if colour in _COLOURS else str(band.GetBand())


def data_bands(dataset: gdal.Dataset) -> list[int]:
    """Return the numbers of all bands but the alpha band; of a raster of alpha alone, all."""
    numbers = list(range(1, dataset.RasterCount + 1))
    return [number for number in numbers if number != alpha_band(dataset)] or numbers


def alpha_band(dataset: gdal.Dataset) -> int:
    """Return the number of the alpha band, 0 if there is none."""
    numbers = range(2, dataset.RasterCount + 1)
    return next((n for n in numbers if dataset.GetRasterBand(n).GetColorInterpretation() == gdal.GCI_AlphaBand), 0)


def file_name(source: Source | str) -> str:
    """Return what to call a layer: as QGIS does, else its file without the folder; what is in a file keeps its table or variable.

    Examples
    --------
    >>> file_name("/data/dem.tif|crs=EPSG:32639"), file_name("GPKG:/data/climate.gpkg:rain")
    ('dem.tif', 'climate.gpkg:rain')
    """
    named = Source.parse(source) if isinstance(source, str) else source
    path = named.path
    if named.name:
        return named.name
    if path.lower().endswith(".adf"):
        return Path(path).parent.name
    return Path(path.replace('"', "")).name


def as_text(value: Any) -> str:
    r"""Return text that GDAL gives as valid text: what is no UTF-8 (GDAL hands it out as bytes or lone surrogates) is read as Windows-1252.

    Examples
    --------
    >>> as_text("grès"), as_text("grès".encode("latin-1")), as_text("gr\udce8s"), as_text(None)
    ('grès', 'grès', 'grès', '')
    """
    if value is None:
        return ""
    raw = bytes(value) if isinstance(value, (bytes, bytearray)) else str(value).encode("utf-8", errors="surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def is_text(value: Any) -> bool:
    r"""Tell whether text that GDAL gives was UTF-8.

    Examples
    --------
    >>> is_text("grès"), is_text(b"gr\xe8s"), is_text("gr\udce8s")
    (True, False, False)
    """
    return not isinstance(value, (bytes, bytearray)) and not any("\udc80" <= letter <= "\udcff" for letter in str(value))


@dataclass
class Contents:
    """What a raster holds, besides cells without a value.

    Attributes
    ----------
    cells
        How many have a value.
    low, high
        The least and greatest of them, those of `odd` left out.
    odd
        How many cells have each value that looks like a void, and (under infinity) more than any quantity has, infinity too.
    minus_ones, zeros
        How many cells have −1, where no other value is negative, and 0, where none is: a void or a value, which only the user knows.
    """

    cells: int = 0
    low: float = np.inf
    high: float = -np.inf
    odd: dict[float, int] | None = None
    minus_ones: int = 0
    zeros: int = 0

    def without(self, values: tuple[float, ...]) -> Contents:
        """Return it as if only these of `odd` were voids."""
        kept = [value for value in self.odd or {} if value not in values and np.isfinite(value)]
        return replace(self, low=min([self.low, *kept]), high=max([self.high, *kept]), odd=dict.fromkeys(values, 0))


def is_odd(ends: Sequence[float]) -> bool:
    """Tell whether the least or the greatest of some values may be a void.

    Examples
    --------
    >>> is_odd((-9999.0, 41.5)), is_odd((0.0, 41.5)), is_odd((-3.4e38, 2.0)), is_odd((0.0, 65535.0))
    (True, False, True, True)
    """
    return any(value in (*USUAL_VOIDS, *_LARGEST.values()) or abs(value) >= HUGE for value in ends)


def counts_of(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the different finite values of an array, ascending, and how many cells have each, int64.

    Where neighbours mostly are the same, as in maps of classes, runs of them are few and quick to sort.

    >>> import numpy as np
    >>> from scarp.engine.files.raster import counts_of
    >>> counts_of(np.array([[7, 7, np.nan], [-1, 7, np.inf]]))
    (array([-1.,  7.]), array([1, 3]))
    """
    known = values[np.isfinite(values)]
    starts = np.flatnonzero(np.diff(known, prepend=np.nan))
    found, number = np.unique(known[starts], return_inverse=True)
    return found, np.bincount(number, np.diff(starts, append=known.size), len(found)).astype(np.int64)


def tally(raster: Raster, part: Window) -> Contents:
    """Count what a part of a raster holds."""
    found = Contents(odd={})
    largest = {**_LARGEST, gdal.GDT_Byte: _LARGEST_BYTE}.get(raster.band.DataType)
    suspects = (*USUAL_VOIDS, -999.0, *([] if largest is None else [largest]))
    everything = replace(raster, limits=(-np.inf, np.inf))
    odd: dict[float, int] = {}
    is_negative = False
    for window in windows_of(part):
        values = everything.read(window, dtype=np.float64)
        values = values[~np.isnan(values)]
        found.cells += values.size
        huge = np.abs(values) >= HUGE
        if huge.any():
            odd[np.inf] = odd.get(np.inf, 0) + int(huge.sum())
            values = values[~huge]
        if not values.size:
            continue
        low, high = values.min(), values.max()
        for suspect in suspects:
            if low <= suspect <= high and (count := int(np.count_nonzero(values == suspect))):
                odd[suspect] = odd.get(suspect, 0) + count
                values = values[values != suspect]
        if values.size:
            low = float(values.min())
            found.low, found.high = min(found.low, low), max(found.high, float(values.max()))
            if low == -1:
                found.minus_ones += int(np.count_nonzero(values == -1))
            if low == 0:
                found.zeros += int(np.count_nonzero(values == 0))
            is_negative = is_negative or (low < 0 and bool(np.any((values < 0) & (values != -1))))
    found.odd = odd
    if is_negative or found.high == -1:
        found.minus_ones = 0
    if found.low < 0:
        found.zeros = 0
    return found


def windows_of(part: Window) -> Iterator[Window]:
    """Yield windows of the usual size that cover a part of a raster."""
    for window in Grid("", (0.0, 1.0, 0.0, 0.0, 0.0, -1.0), (part.rows, part.cols)).windows():
        yield Window(part.row + window.row, part.col + window.col, window.rows, window.cols)


def undeclared_voids(found: Contents) -> tuple[float, ...]:
    """Return which odd values are voids: farther from all others than these from each other, or negative where no other is.

    255 beside one other value alone makes a mask, and is none.

    Examples
    --------
    >>> undeclared_voids(Contents(100, 0.2, 1.4, {-9999.0: 7}))
    (-9999.0,)
    >>> undeclared_voids(Contents(100, -9998.0, 21_000.0, {-9999.0: 1, 32767.0: 2}))
    ()
    """
    spread = max(found.high - found.low, 1.0)
    odd = [value for value in found.odd or {} if np.isfinite(value) and value != -999.0]
    if not found.low < found.high:
        odd = [value for value in odd if value != _LARGEST_BYTE]
    return tuple(
        value for value in odd if found.low - value > spread or value - found.high > spread or value < 0 <= found.low or found.low == np.inf
    )


def told_voids(found: Contents, voids: tuple[float, ...]) -> str:
    """Return the values and cells of voids in words, empty where there are none."""
    odd = found.odd or {}
    parts = [f"{value:.10g} on {odd[value]:,}" for value in sorted(voids)]
    if np.inf in odd:
        parts.append(f"a number beyond {HUGE:.0e} on {odd[np.inf]:,}")
    return " and ".join(parts)


def unreadable(source: Source, why: str) -> str:
    """Return the sentence for a raster that opens and cannot be read; `why` is what GDAL told."""
    name = file_name(source)
    return (
        f"The raster {name} cannot be read to its end: it is damaged, or a file that it is made of is missing{cause(why)}. "
        "Download or copy it again."
    )
