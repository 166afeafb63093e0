# SPDX-License-Identifier: GPL-2.0-or-later
"""The grid that rasters share, and how it is cut into windows."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import EngineError
from ..gdal import gdal, osr, quiet

# Side of the windows by which rasters are gone through where nothing asks for others.
WINDOW_PX = 1024
_METRES_PER_DEGREE = 111_320.0  # of latitude, and of longitude on the equator
# A projection whose metre differs from a metre on the ground by more than this share is reckoned with.
_SCALE_SHARE = 0.01
# Grids whose corners differ by less than this share of a cell are the same.
_SAME_CELLS = 1e-3
# Where the environment says that PROJ's files lie, by its versions; other programs set it for their own.
_PROJ_PLACES = ("PROJ_DATA", "PROJ_LIB")


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

    Examples
    --------
    >>> grid = Grid(reference_of(32639).ExportToWkt(), (512_000.0, 20.0, 0.0, 3_600_000.0, 0.0, -35.0), (23, 17))
    >>> grid.cell_size, grid.bounds
    ((20.0, 35.0), (512000.0, 3599195.0, 512340.0, 3600000.0))
    >>> grid.centres(np.array([0, 1]), np.array([0, 2]))
    (array([512010., 512050.]), array([3599982.5, 3599947.5]))
    >>> rows, cols, inside = grid.cells(np.array([512_050.0, 511_999.0]), np.array([3_599_950.0, 3_599_950.0]))
    >>> int(rows[0]), int(cols[0]), inside
    (1, 2, array([ True, False]))
    >>> [(window.row, window.col, window.rows, window.cols) for window in grid.windows(20, 20)]
    [(0, 0, 20, 17), (20, 0, 3, 17)]
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
        """Whether coordinates are lengths rather than degrees; a local CRS counts as projected."""
        return not self.spatial_reference.IsGeographic()

    @property
    def metres_per_unit(self) -> float:
        """Metres in one unit of a projected CRS."""
        return float(self.spatial_reference.GetLinearUnits())

    @property
    def cell_size_m(self) -> tuple[float, float]:
        """Width and height of a cell in metres on the ground, in the middle of the grid.

        Where the projection's scale is off by no more than 1 % its own units count; of a grid in degrees the metres are those on a sphere.
        """
        width, height = self.cell_size
        if self.is_projected:
            across, down = self.ground_scale[0]
            return width * self.metres_per_unit * across, height * self.metres_per_unit * down
        _, south, _, north = self.bounds
        return width * _METRES_PER_DEGREE * float(np.cos(np.radians((south + north) / 2))), height * _METRES_PER_DEGREE

    @property
    def ground_scale(self) -> tuple[tuple[float, float], float]:
        """Metres on the ground in a metre of the projection, along rows and columns in the middle, and how far they are off elsewhere.

        The scale is (1, 1) where it is off by no more than 1 %. The second number is the greatest share by which the true scale differs
        from it anywhere on the grid.
        """
        return _ground_scale(self.crs, self.bounds)

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
        """Return easting and northing of the centres of cells in metres on the ground, (n, 2); distances between them are what counts."""
        return np.stack(self.centres(rows, cols), axis=1) * (np.array(self.cell_size_m) / self.cell_size)

    def matches(self, other: Grid) -> bool:
        """Tell whether another grid has the same cells, whatever words its CRS is written in."""
        if self.shape != other.shape:
            return False
        tolerance = _SAME_CELLS * min(self.cell_size)
        if max(abs(own - its) for own, its in zip(self.bounds, other.bounds)) > tolerance:
            return False
        return self.crs == other.crs or bool(self.spatial_reference.IsSame(other.spatial_reference))

    def numbers(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Return the number of each cell, counted row by row from 0; int64 (n,)."""
        return np.asarray(rows, np.int64) * self.shape[1] + cols

    def windows(self, rows_px: int | None = None, cols_px: int | None = None) -> Iterator[Window]:
        """Yield windows of at most this size (`WINDOW_PX` unless told) that cover the grid, row by row."""
        rows_px, cols_px = rows_px or WINDOW_PX, cols_px or WINDOW_PX
        for row in range(0, self.shape[0], rows_px):
            for col in range(0, self.shape[1], cols_px):
                yield Window(row, col, min(rows_px, self.shape[0] - row), min(cols_px, self.shape[1] - col))

    def create(
        self, path: str, bands: int = 1, kind: int = gdal.GDT_Float32, nodata: float | None = None, *, compressed: bool = True
    ) -> gdal.Dataset:
        """Create a tiled GeoTIFF on this grid."""
        options = creation_options(compressed=compressed)
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), self.shape[1], self.shape[0], bands, kind, options)
        dataset.SetProjection(self.crs)
        dataset.SetGeoTransform(self.transform)
        for band in range(1, bands + 1):
            if nodata is not None:
                dataset.GetRasterBand(band).SetNoDataValue(nodata)
        return dataset


def _names_a_file(crs: str) -> bool:
    """Tell whether the text of a CRS is one that GDAL would read from a file or from the network."""
    try:
        is_file = len(crs) < 4096 and Path(crs).exists()
    except (OSError, ValueError):
        is_file = False
    is_address = "://" in crs[:12] and not re.match(r"https?://(www\.)?opengis\.net/", crs)
    return bool(crs) and (is_file or is_address or crs.startswith("/vsi"))


def reference_of(crs: str | int) -> osr.SpatialReference:
    """Return a CRS, with coordinates always in the order easting, northing: the one way to make a spatial reference.

    Parameters
    ----------
    crs
        WKT, `EPSG:32639` or another text that GDAL understands, or an EPSG code; an empty text gives an empty reference.

    Raises
    ------
    EngineError
        If it is no CRS.

    Examples
    --------
    >>> reference_of("EPSG:5514").GetName(), reference_of(32639).GetAuthorityCode(None)
    ('S-JTSK / Krovak East North', '32639')
    """
    reference = osr.SpatialReference()
    wrong = EngineError(f"{str(crs)[:60]!r} is no coordinate reference system; give an EPSG code, such as EPSG:32639.")
    if isinstance(crs, str) and _names_a_file(crs):
        raise wrong
    try:
        if crs:
            reference.SetFromUserInput(f"EPSG:{crs}" if isinstance(crs, int) else crs)
    except RuntimeError as error:
        raise wrong from error
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def _check_projections() -> None:
    """Raise EngineError if PROJ cannot read its database: without it each layer would fail in another way, some not at all."""
    try:
        with quiet():
            reference_of(4326)
    except EngineError as error:
        given = {each: os.environ[each] for each in _PROJ_PLACES if os.environ.get(each)}
        told = " and ".join(f"{name} is {place}" for name, place in given.items())
        way = f"Unset {' and '.join(given)}, or let them name the folder of QGIS’s own" if given else "Install QGIS anew"
        raise EngineError(
            "The engine finds no database of coordinate reference systems (proj.db) that it can read: "
            f"{told or 'that of the installation is missing or of another version'}. {way}."
        ) from error


_check_projections()  # before any work, whatever the task


@lru_cache(maxsize=64)
def _ground_scale(crs: str, bounds: tuple[float, float, float, float]) -> tuple[tuple[float, float], float]:
    """Return what `Grid.ground_scale` says, measured on the ellipsoid at nine points (corners, sides and middle)."""
    reference = reference_of(crs)
    if not reference.IsProjected():
        return (1.0, 1.0), 0.0
    to_degrees = osr.CoordinateTransformation(reference, _degrees_of(reference))
    west, south, east, north = bounds
    step_x, step_y = (east - west) / 1000, (north - south) / 1000
    scales = []
    for x in (west, (west + east) / 2, east):
        for y in (south, (south + north) / 2, north):
            try:
                here, right, up = (to_degrees.TransformPoint(*at)[:2] for at in ((x, y), (x + step_x, y), (x, y + step_y)))
            except RuntimeError:  # beyond the projection
                continue
            metres = reference.GetLinearUnits()
            scales.append((_metres(reference, here, right) / (step_x * metres), _metres(reference, here, up) / (step_y * metres)))
    found = np.array(scales)
    if not len(found) or not np.isfinite(found).all():
        return (1.0, 1.0), 0.0
    middle = found[len(found) // 2]
    if np.abs(middle - 1).max() <= _SCALE_SHARE:
        middle = np.ones(2)
    return (float(middle[0]), float(middle[1])), float(np.abs(found / middle - 1).max())


def _degrees_of(reference: osr.SpatialReference) -> osr.SpatialReference:
    """Return the geographic CRS that a projected one is made on."""
    degrees = reference.CloneGeogCS()
    degrees.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return degrees


def _metres(reference: osr.SpatialReference, one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the length on the ellipsoid between two near points in longitude and latitude."""
    a, b = reference.GetSemiMajor(), reference.GetSemiMinor()
    (from_x, from_y), (to_x, to_y) = np.radians(one), np.radians(other)
    sine = np.sin((from_y + to_y) / 2)
    squared = 1 - (b / a) ** 2
    across = a / np.sqrt(1 - squared * sine**2)  # radius of curvature along a parallel's normal
    along = a * (1 - squared) / (1 - squared * sine**2) ** 1.5
    return float(np.hypot(along * (to_y - from_y), across * np.sqrt(1 - sine**2) * (to_x - from_x)))


def creation_options(*, compressed: bool) -> list[str]:
    """Return GDAL's creation options of a tiled GeoTIFF.

    Values of continuous covariates hardly compress, and compressing them takes longer than computing them; without it a tile that is
    nodata throughout takes no room.
    """
    # Without GDAL's threads: where its cache is full, one that reads a raster may have to write another, and waits for itself.
    return ["TILED=YES", "INTERLEAVE=BAND", "BIGTIFF=IF_SAFER", *(compression() if compressed else ["SPARSE_OK=TRUE"])]


def compression() -> list[str]:
    """Return GDAL's creation options for the best compression that it can write, at the fastest level.

    On stacks of 16 million cells, band by band, level 1 writes about four times as fast as ZSTD's default of 9, in files as large.
    """
    has_zstd = "ZSTD" in gdal.GetDriverByName("GTiff").GetMetadataItem("DMD_CREATIONOPTIONLIST")
    return ["COMPRESS=ZSTD", "ZSTD_LEVEL=1"] if has_zstd else ["COMPRESS=DEFLATE", "ZLEVEL=1"]


def reflected(indices: np.ndarray, length: int) -> np.ndarray:
    """Fold indices beyond 0 … length − 1 back, the edge itself not repeated.

    Examples
    --------
    >>> reflected(np.arange(-2, 7), 4)
    array([2, 1, 0, 1, 2, 3, 2, 1, 0])
    """
    if length == 1:
        return np.zeros_like(indices)
    period = 2 * (length - 1)
    folded = np.abs(indices) % period
    return np.where(folded >= length, period - folded, folded)


def with_halo(read: Callable[[Window], np.ndarray], shape: tuple[int, int], window: Window, halo_px: int, dtype: Any) -> np.ndarray:
    """Return a window with a halo, (rows + 2 halo, cols + 2 halo) in `dtype`, NaN beyond a raster of this `shape` (rows, cols).

    `read` is asked for the part that lies in the raster, if any does.
    """
    top, left = max(window.row - halo_px, 0), max(window.col - halo_px, 0)
    bottom, right = min(window.row + window.rows + halo_px, shape[0]), min(window.col + window.cols + halo_px, shape[1])
    wide = window.rows + 2 * halo_px, window.cols + 2 * halo_px
    if bottom <= top or right <= left:
        return np.full(wide, np.nan, dtype)
    values = read(Window(top, left, bottom - top, right - left))
    if values.shape == wide:
        return values
    out = np.full(wide, np.nan, dtype)
    row, col = top - (window.row - halo_px), left - (window.col - halo_px)
    out[row : row + values.shape[0], col : col + values.shape[1]] = values
    return out
