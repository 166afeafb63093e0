# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: turn a DEM and other layers into one covariate stack."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal

from ...models.covariate import Covariate
from .. import layers
from ..covariates import BY_NAME, SLOPE_METHODS, TERRAIN_DEFAULT
from ..errors import EngineError
from ..feedback import Feedback
from ..grid import Grid, Window
from ..outputs import check_writable, replacing
from ..stack import StackWriter
from ..terrain import HALO_PX, TERRAIN, Neighbourhood

_WINDOW_PX = 1024
# A layer that alone takes more than this share of the DEM's cells away deserves a warning.
_COST_SHARE = 0.05
Reader = Callable[[Window], np.ndarray]


def run(
    feedback: Feedback,
    *,
    dem: str,
    output: str,
    area: str | None = None,
    cell_size: float | None = None,
    z_factor: float = 1.0,
    terrain: list[str] | None = None,
    slope_method: str = "horn",
    faults: str | None = None,
    roads: str | None = None,
    settlements: str | None = None,
    streams: str | None = None,
    geology: str | None = None,
    geology_field: str | None = None,
    land_use: str | None = None,
    land_use_field: str | None = None,
    soil: str | None = None,
    soil_field: str | None = None,
    climate: str | None = None,
    climate_field: str | None = None,
    red: str | None = None,
    nir: str | None = None,
    extra_continuous: list[str] | None = None,
    extra_categorical: list[str] | None = None,
    unknown: str = "class",
) -> dict[str, Any]:
    """Write the stack; a cell is valid where every covariate is."""
    check_writable(output)
    with tempfile.TemporaryDirectory(prefix="scarp-") as folder:
        build = _Build(feedback, Path(folder), dem, cell_size, z_factor, unknown)
        build.add_terrain(terrain if terrain is not None else list(TERRAIN_DEFAULT), slope_method)
        for parameter, source in (
            ("faults", faults),
            ("roads", roads),
            ("settlements", settlements),
            ("streams", streams),
        ):
            if source:
                build.add_distance(f"distance_to_{parameter}", source)
        for name, source, field in (
            ("geology", geology, geology_field),
            ("land_use", land_use, land_use_field),
            ("soil", soil, soil_field),
            ("climate", climate, climate_field),
        ):
            if source:
                build.add_classes(name, source, field)
        if red and nir:
            build.add_ndvi(red, nir)
        for source in extra_continuous or []:
            build.add_continuous(Path(source).stem, source)
        for source in extra_categorical or []:
            build.add_classes(Path(source).stem, source, None)
        mask = build.reader(layers.area_raster(area, build.grid, build.path())) if area else None
        feedback.progress(40)
        with replacing(output) as path:
            build.write(path, mask, feedback.part(40, 100))
    return {"output": output, "covariates": [covariate.name for covariate in build.covariates]}


class _Build:
    """Collects covariates and what reads each, window by window, then writes them."""

    def __init__(self, feedback: Feedback, folder: Path, dem: str, cell_size: float | None, z_factor: float, unknown: str) -> None:
        self._feedback, self._folder, self._unknown = feedback, folder, unknown
        self._count = 0
        self.covariates: list[Covariate] = []
        self._readers: list[Reader] = []
        dataset = layers.open_raster(dem)
        own = Grid.of(dataset)
        if not own.is_projected:
            raise EngineError(
                f"The DEM {dem} is in degrees, and slopes and distances need metres; warp it to a projected coordinate "
                "reference system first (gdal:warpreproject)."
            )
        self.grid = _resized(own, cell_size) if cell_size else own
        self._dem = gdal.Open(layers.warped_raster(dem, self.grid, self.path())) if self.grid != own else dataset
        self._z_factor = z_factor
        self._check_elevation(dem)

    def path(self) -> Path:
        """Return a new temporary path."""
        self._count += 1
        return self._folder / f"{self._count}.tif"

    def reader(self, path: str) -> Reader:
        """Return what reads windows of a raster on the grid."""
        dataset = gdal.Open(path)
        return lambda window: _read(dataset, window)

    def add_terrain(self, names: list[str], method: str) -> None:
        """Add covariates of the DEM."""
        unknown = [name for name in names if name not in TERRAIN]
        if unknown:
            raise EngineError(f"No terrain covariate is called {', '.join(unknown)}; there are {', '.join(TERRAIN)}.")
        width, height = (each * self.grid.metres_per_unit for each in self.grid.cell_size)
        last: list[Any] = [None, None]

        def neighbourhood(window: Window) -> Neighbourhood:
            if last[0] != window:
                last[:] = window, Neighbourhood(self._elevation(window, HALO_PX), width, height, method)
            return last[1]  # type: ignore[no-any-return]

        for name in names:
            compute = TERRAIN[name]
            source = SLOPE_METHODS[method] if name in ("slope", "aspect") else BY_NAME[name].source
            self._add(name, _after(neighbourhood, compute), source)

    def add_distance(self, name: str, source: str) -> None:
        """Add the distance to the features of a layer."""
        self._add(name, self.reader(layers.distance_raster(source, self.grid, self.path())), _file_name(source))

    def add_classes(self, name: str, source: str, field: str | None) -> None:
        """Add the classes of polygons or of a raster."""
        path, classes = layers.class_raster(source, field, self.grid, self.path())
        read = self.reader(path)
        gaps = any((read(window) == 0).any() for window in self.grid.windows(_WINDOW_PX, _WINDOW_PX))
        if gaps and self._unknown == "class":
            classes = {0: "unknown", **classes}
        elif gaps:
            self._add(name, lambda window: _without_zero(read(window)), _file_name(source), classes)
            return
        self._add(name, read, _file_name(source), classes)

    def add_continuous(self, name: str, source: str) -> None:
        """Add a raster of a quantity."""
        self._add(name, self.reader(layers.warped_raster(source, self.grid, self.path())), _file_name(source))

    def add_ndvi(self, red: str, nir: str) -> None:
        """Add the normalised difference vegetation index."""
        low = self.reader(layers.warped_raster(red, self.grid, self.path()))
        high = self.reader(layers.warped_raster(nir, self.grid, self.path()))

        def ndvi(window: Window) -> np.ndarray:
            r, n = low(window), high(window)
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.where(r + n > 0, (n - r) / (n + r), np.nan)

        self._add("ndvi", ndvi, f"{_file_name(red)}, {_file_name(nir)}")

    def write(self, path: Path, mask: Reader | None, feedback: Feedback) -> None:
        """Write every covariate, masked where one is missing, and tell what each layer cost."""
        windows = list(self.grid.windows(_WINDOW_PX, _WINDOW_PX))
        inside = 0
        valid = 0
        lost = np.zeros(len(self.covariates), np.int64)
        with StackWriter(str(path), self.grid, self.covariates) as writer:
            for window in feedback.steps(windows, len(windows)):
                values = np.stack([read(window) for read in self._readers]).astype(np.float32)
                have = np.isfinite(values)
                ground = np.isfinite(self._elevation(window, 0))
                if mask is not None:
                    ground &= np.isfinite(mask(window))
                common = have.all(axis=0) & ground
                inside += int(ground.sum())
                valid += int(common.sum())
                lost += (ground & ~have).sum(axis=(1, 2))
                values[:, ~common] = np.nan
                for covariate, band in zip(self.covariates, values):
                    writer.write(covariate.name, window, band)
        for covariate, cells in zip(self.covariates, lost):
            if cells:
                tell = feedback.warning if cells > _COST_SHARE * inside else feedback.message
                tell(f"{covariate.name} is missing on {cells} of {inside} cells ({cells / inside:.1%}), which become nodata.")
        feedback.message(f"{len(self.covariates)} covariates, {valid} valid cells of {inside} in the area.")
        if not valid:
            raise EngineError("No cell has a value in every covariate: the layers do not overlap where the DEM is valid.")

    def _add(self, name: str, read: Reader, source: str, classes: dict[int, str] | None = None) -> None:
        declared = BY_NAME.get(name)
        base = name
        taken = {covariate.name for covariate in self.covariates}
        number = 2
        while name in taken:
            name, number = f"{base}_{number}", number + 1
        kind = declared.kind if declared else ("categorical" if classes else "continuous")
        self.covariates.append(
            Covariate(
                name,
                kind,
                declared.unit if declared else "",
                declared.group if declared else "extra",
                source,
                classes or {},
            )
        )
        self._readers.append(read)
        self._feedback.message(f"{name}: {self.covariates[-1].source}" + (f", {len(classes)} classes" if classes else ""))
        self._feedback.progress(min(38, 2 * len(self.covariates)))

    def _elevation(self, window: Window, halo_px: int) -> np.ndarray:
        """Elevation in metres with a halo, NaN beyond the raster and where nodata."""
        rows, cols = self.grid.shape
        row, col = max(window.row - halo_px, 0), max(window.col - halo_px, 0)
        end_row, end_col = min(window.row + window.rows + halo_px, rows), min(window.col + window.cols + halo_px, cols)
        out = np.full((window.rows + 2 * halo_px, window.cols + 2 * halo_px), np.nan)
        top, left = row - (window.row - halo_px), col - (window.col - halo_px)
        out[top : top + end_row - row, left : left + end_col - col] = _read(self._dem, Window(row, col, end_row - row, end_col - col))
        return out * self._z_factor

    def _check_elevation(self, dem: str) -> None:
        low, high = np.inf, -np.inf
        for window in self.grid.windows(_WINDOW_PX, _WINDOW_PX):
            values = self._elevation(window, 0)
            if np.isfinite(values).any():
                low, high = min(low, float(np.nanmin(values))), max(high, float(np.nanmax(values)))
        if low > high:
            raise EngineError(f"The DEM {dem} holds no data.")
        if low == high:
            raise EngineError(f"The DEM {dem} is the same everywhere ({low:g} m); no terrain can be derived from it.")


def _after(first: Callable[[Window], Neighbourhood], then: Callable[[Neighbourhood], np.ndarray]) -> Reader:
    return lambda window: then(first(window))


def _read(dataset: gdal.Dataset, window: Window) -> np.ndarray:
    band = dataset.GetRasterBand(1)
    values = band.ReadAsArray(window.col, window.row, window.cols, window.rows).astype(np.float64)
    nodata = band.GetNoDataValue()
    if nodata is not None and not np.isnan(nodata) and band.DataType != gdal.GDT_Int32:
        values[values == nodata] = np.nan
    return values


def _without_zero(codes: np.ndarray) -> np.ndarray:
    return np.where(codes == 0, np.nan, codes)


def _file_name(source: str) -> str:
    return Path(source.split("|", maxsplit=1)[0]).name


def _resized(grid: Grid, cell_size: float) -> Grid:
    west, south, east, north = grid.bounds
    rows, cols = max(round((north - south) / cell_size), 1), max(round((east - west) / cell_size), 1)
    return Grid(grid.crs, (west, cell_size, 0.0, north, 0.0, -cell_size), (rows, cols))
