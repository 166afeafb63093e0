# SPDX-License-Identifier: GPL-2.0-or-later
"""The grid that rasters share, how it is cut into windows, and windows of a raster as arrays."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..gdal import gdal, osr

# Side of the windows by which rasters are gone through where nothing asks for others.
WINDOW_PX = 1024
_METRES_PER_DEGREE = 111_320.0  # of latitude, and of longitude on the equator


@dataclass(frozen=True)
class Window:
    """A rectangle of cells: its first row and column, and how many of each."""

    row: int
    col: int
    rows: int
    cols: int


@dataclass(frozen=True)
class Grid:
    """A north-up raster grid.

    Parameters
    ----------
    crs
        Coordinate reference system as WKT.
    transform
        GDAL's geotransform: west edge, cell width, 0, north edge, 0, minus cell height.
    shape
        Rows and columns.
    """

    crs: str
    transform: tuple[float, float, float, float, float, float]
    shape: tuple[int, int]

    @classmethod
    def of(cls, dataset: gdal.Dataset) -> Grid:
        """Return the grid of a raster.

        Raises
        ------
        EngineError
            If the raster has no coordinate reference system or is rotated.
        """
        name = dataset.GetDescription()
        transform = dataset.GetGeoTransform()
        if not dataset.GetProjection():
            raise EngineError(f"The raster {name} has no coordinate reference system; assign one (gdal:assignprojection).")
        if transform[2] or transform[4] or transform[5] >= 0:
            raise EngineError(f"The raster {name} is rotated or not north-up; warp it first (gdal:warpreproject).")
        return cls(dataset.GetProjection(), transform, (dataset.RasterYSize, dataset.RasterXSize))

    @property
    def cell_size(self) -> tuple[float, float]:
        """Width and height of a cell in units of the CRS."""
        return self.transform[1], -self.transform[5]

    @property
    def spatial_reference(self) -> osr.SpatialReference:
        """The CRS, with coordinates always in the order easting, northing."""
        return reference_of(self.crs)

    @property
    def is_projected(self) -> bool:
        """Whether coordinates are lengths rather than degrees."""
        return bool(self.spatial_reference.IsProjected())

    @property
    def metres_per_unit(self) -> float:
        """Metres in one unit of a projected CRS."""
        return float(self.spatial_reference.GetLinearUnits())

    @property
    def cell_size_m(self) -> tuple[float, float]:
        """Width and height of a cell in metres; of a grid in degrees those in its middle, on a sphere."""
        width, height = self.cell_size
        if not self.spatial_reference.IsGeographic():
            return width * self.metres_per_unit, height * self.metres_per_unit
        _, south, _, north = self.bounds
        return width * _METRES_PER_DEGREE * float(np.cos(np.radians((south + north) / 2))), height * _METRES_PER_DEGREE

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        west, width, _, north, _, height = self.transform
        return west, north + height * self.shape[0], west + width * self.shape[1], north

    def cells(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return rows and columns of the cells that hold the points, and which points lie inside; all (n,)."""
        west, width, _, north, _, height = self.transform
        cols = np.floor((np.asarray(x, float) - west) / width).astype(np.int64)
        rows = np.floor((np.asarray(y, float) - north) / height).astype(np.int64)
        inside = (rows >= 0) & (rows < self.shape[0]) & (cols >= 0) & (cols < self.shape[1])
        return rows, cols, inside

    def centres(self, rows: np.ndarray, cols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return easting and northing of the centres of cells."""
        west, width, _, north, _, height = self.transform
        return west + (np.asarray(cols) + 0.5) * width, north + (np.asarray(rows) + 0.5) * height

    def centres_m(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Return easting and northing of the centres of cells in metres, (n, 2)."""
        return np.stack(self.centres(rows, cols), axis=1) * self.metres_per_unit

    def numbers(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Return the number of each cell, counted row by row from 0; int64 (n,)."""
        return np.asarray(rows, np.int64) * self.shape[1] + cols

    def windows(self, rows_px: int | None = None, cols_px: int | None = None) -> Iterator[Window]:
        """Yield windows of at most this size (`WINDOW_PX` unless told) that cover the grid, row by row."""
        rows_px, cols_px = rows_px or WINDOW_PX, cols_px or WINDOW_PX
        for row in range(0, self.shape[0], rows_px):
            for col in range(0, self.shape[1], cols_px):
                yield Window(row, col, min(rows_px, self.shape[0] - row), min(cols_px, self.shape[1] - col))

    def create(self, path: str, bands: int = 1, kind: int = gdal.GDT_Float32, nodata: float | None = None) -> gdal.Dataset:
        """Create a tiled, compressed GeoTIFF on this grid."""
        # Without GDAL's threads: where its cache is full, one that reads a raster may have to write another, and waits for itself.
        options = ["TILED=YES", "INTERLEAVE=BAND", "BIGTIFF=IF_SAFER", *compression()]
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), self.shape[1], self.shape[0], bands, kind, options)
        dataset.SetProjection(self.crs)
        dataset.SetGeoTransform(self.transform)
        for band in range(1, bands + 1):
            if nodata is not None:
                dataset.GetRasterBand(band).SetNoDataValue(nodata)
        return dataset


def reference_of(crs: str | int) -> osr.SpatialReference:
    """Return a CRS given as WKT or EPSG code, with coordinates always in the order easting, northing."""
    reference = osr.SpatialReference(crs if isinstance(crs, str) else "")
    if isinstance(crs, int):
        reference.ImportFromEPSG(crs)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def compression() -> list[str]:
    """Return GDAL's creation options for the best compression that it can write, at the fastest level.

    On stacks of 16 million cells, band by band, level 1 writes about four times as fast as ZSTD's default of 9, in files as large.
    """
    has_zstd = "ZSTD" in gdal.GetDriverByName("GTiff").GetMetadataItem("DMD_CREATIONOPTIONLIST")
    return ["COMPRESS=ZSTD", "ZSTD_LEVEL=1"] if has_zstd else ["COMPRESS=DEFLATE", "ZLEVEL=1"]


def reflected(indices: np.ndarray, length: int) -> np.ndarray:
    """Fold indices beyond 0 … length − 1 back, the edge itself not repeated."""
    if length == 1:
        return np.zeros_like(indices)
    period = 2 * (length - 1)
    folded = np.abs(indices) % period
    return np.where(folded >= length, period - folded, folded)


def open_raster(source: str, what: str = "raster") -> gdal.Dataset:
    """Open a raster as a `Source` names it; its CRS and nodata count besides the file's. Messages call it `what`.

    Raises
    ------
    EngineError
        If it cannot be opened, holds several rasters and none is named, is rotated or has no coordinate reference system.
    """
    dataset = open_bands(source, what)
    Grid.of(dataset)
    return dataset


def open_bands(source: str, what: str) -> gdal.Dataset:
    """Open a raster as `open_raster` does, wherever it lies."""
    named = Source.parse(source)
    try:
        dataset = gdal.OpenEx(named.path, gdal.OF_RASTER, open_options=list(named.options))
    except RuntimeError as error:
        raise EngineError(f"The {what} {named.told} cannot be opened: {error}") from error
    if not dataset.RasterCount:
        listed = ", ".join(name for name, _ in dataset.GetSubDatasets())
        raise EngineError(f"The file {named.path} holds several rasters, and its path alone does not tell which: name one, {listed}.")
    if named.crs or not named.own_nodata:
        crs, nodata = named.crs or None, None if named.own_nodata else "none"
        dataset = gdal.Translate("", dataset, format="VRT", outputSRS=crs, noData=nodata)
    ranges = [f"{low:g} to {high:g}" for low, high in named.nodata if low != high]
    if ranges:
        raise EngineError(
            f"The raster {named.told} has a range of nodata values ({ranges[0]}) set in QGIS; save it as GeoTIFF and use that."
        )
    if named.nodata:
        dataset = _without(dataset, [low for low, _ in named.nodata])
    return dataset


def _without(dataset: gdal.Dataset, values: list[float]) -> gdal.Dataset:
    """Return a view of a raster whose cells of these values have the nodata of their band, the first value where a band declares none.

    One view leaves out one value, so there is a view of a view for each.
    """
    root, path = ElementTree.fromstring(gdal.Translate("", dataset, format="VRT").GetMetadata("xml:VRT")[0]), ""
    for value in values:
        for number, band in enumerate(root.iter("VRTRasterBand"), start=1):
            if band.find("NoDataValue") is None:
                _put(band, "NoDataValue", repr(value))
            for source in [*band.iter("SimpleSource"), *band.iter("ComplexSource")]:
                source.tag = "ComplexSource"
                _put(source, "NODATA", repr(value))
                if path:
                    _put(source, "SourceFilename", path)
                    _put(source, "SourceBand", str(number))
        path = f"/vsimem/{uuid.uuid4().hex}.vrt"
        gdal.FileFromMemBuffer(path, ElementTree.tostring(root))
    return gdal.Open(path)


def _put(element: ElementTree.Element, tag: str, text: str) -> None:
    """Set the text of the child with this tag."""
    child = element.find(tag)
    (ElementTree.SubElement(element, tag) if child is None else child).text = text


def read_window(dataset: gdal.Dataset, window: Window, number: int = 1, dtype: Any = np.float32, halo_px: int = 0) -> np.ndarray:
    """Return a window of a band with a halo, (rows + 2 halo, cols + 2 halo) in `dtype`.

    It is NaN beyond the raster, and where the band holds NaN or its nodata value, whatever its data type.
    """
    row, col = max(window.row - halo_px, 0), max(window.col - halo_px, 0)
    end_row = min(window.row + window.rows + halo_px, dataset.RasterYSize)
    end_col = min(window.col + window.cols + halo_px, dataset.RasterXSize)
    band = dataset.GetRasterBand(number)
    stored = band.ReadAsArray(col, row, end_col - col, end_row - row)
    values = stored.astype(dtype, copy=False)
    nodata = band.GetNoDataValue()
    if nodata is not None and not np.isnan(nodata):
        values[stored == nodata] = np.nan
    top, left = row - (window.row - halo_px), col - (window.col - halo_px)
    shape = window.rows + 2 * halo_px, window.cols + 2 * halo_px
    if values.shape == shape:
        return values  # type: ignore[no-any-return]
    out = np.full(shape, np.nan, dtype)
    out[top : top + end_row - row, left : left + end_col - col] = values
    return out
