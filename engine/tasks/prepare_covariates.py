# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: turn a DEM and other layers into one covariate stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal

from ...models.covariate import Covariate
from ..covariates.categories import lay_classes
from ..covariates.distance import distance_to_features
from ..covariates.elevation import Elevation
from ..covariates.of_dem import Ground
from ..declarations.covariates import BY_NAME, DRAINAGE_AREA_KM2, TERRAIN_DEFAULT, WINDOW_M
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Window
from ..files.outputs import replacing, scratch_folder
from ..files.overlay import area_raster, quantity_raster
from ..files.raster import read_window
from ..files.stack import StackWriter

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
    window: float = WINDOW_M,
    drainage_area: float = DRAINAGE_AREA_KM2,
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
    extra_distances: list[str] | None = None,
    unknown: str = "class",
) -> dict[str, Any]:
    """Write the stack; a cell is valid where every covariate is."""
    with scratch_folder(output) as folder:
        build = _Build(feedback, folder, dem, cell_size, z_factor)
        build.add_ground(list(TERRAIN_DEFAULT) if terrain is None else terrain, slope_method, window, drainage_area)
        for requires, source in (("faults", faults), ("roads", roads), ("settlements", settlements), ("streams", streams)):
            if source:
                build.add_distance(f"distance_to_{requires}", source)
        for name, source, field in (
            ("geology", geology, geology_field),
            ("land_use", land_use, land_use_field),
            ("soil", soil, soil_field),
            ("climate", climate, climate_field),
        ):
            if source:
                build.add_classes(name, source, field, unknown)
        if red and nir:
            build.add_ndvi(red, nir)
        for source in extra_continuous or []:
            build.add_quantity(Path(source).stem, source)
        for source in extra_categorical or []:
            build.add_classes(Path(source).stem, source, None, unknown)
        for source in extra_distances or []:
            build.add_distance(f"distance_to_{_layer_name(source)}", source)
        mask = build.reader(area_raster(area, build.elevation.grid, build.path())) if area else None
        feedback.progress(40)
        with replacing(output) as path:
            build.write(path, mask, feedback.part(40, 100))
    return {"output": output, "covariates": [covariate.name for covariate in build.covariates]}


class _Build:
    """Collects covariates and what reads them, window by window, then writes them."""

    def __init__(self, feedback: Feedback, folder: Path, dem: str, cell_size: float | None, z_factor: float) -> None:
        self._feedback, self._folder = feedback, folder
        self._numbers = count(1)
        self.covariates: list[Covariate] = []
        # Each returns the bands of some covariates, in their order.
        self._readers: list[Callable[[Window], list[np.ndarray]]] = []
        self.elevation = Elevation.open(dem, cell_size, z_factor, self.path(), feedback)

    def path(self) -> Path:
        """Return a new temporary path."""
        return self._folder / f"{next(self._numbers)}.tif"

    def reader(self, path: str) -> Reader:
        """Return what reads windows of a raster on the grid."""
        dataset = gdal.Open(path)
        return lambda window: read_window(dataset, window)

    def add_ground(self, names: list[str], method: str, window_m: float, drainage_area_km2: float) -> None:
        """Add covariates of the DEM."""
        ground = Ground(self.elevation, names, method, window_m, drainage_area_km2, self._folder, self._feedback)
        self.covariates += ground.covariates
        self._readers.append(ground.read)
        self._feedback.message(f"From the elevation: {', '.join(names) or 'nothing'}.")
        self._feedback.progress(20)

    def add_distance(self, name: str, source: str) -> None:
        """Add the distance to the features of a layer."""
        path, how = distance_to_features(source, self.elevation.grid, self.path())
        self._add(name, self.reader(path), how, unit="m")

    def add_classes(self, name: str, source: str, field: str | None, unknown: str) -> None:
        """Add the classes of polygons or of a raster."""
        classes = lay_classes(source, field, self.elevation.grid, self.path(), unknown, self._feedback)
        self._add(name, classes.read, classes.how, kind="categorical", classes=classes.names)

    def add_quantity(self, name: str, source: str) -> None:
        """Add a raster of a quantity."""
        path, how = quantity_raster(source, self.elevation.grid, self.path(), self._feedback)
        self._add(name, self.reader(path), how)

    def add_ndvi(self, red: str, nir: str) -> None:
        """Add the normalised difference vegetation index."""
        (low_path, low_how), (high_path, high_how) = (
            quantity_raster(band, self.elevation.grid, self.path(), self._feedback) for band in (red, nir)
        )
        low, high = self.reader(low_path), self.reader(high_path)

        def ndvi(window: Window) -> np.ndarray:
            r, n = low(window), high(window)
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.where((r >= 0) & (n >= 0) & (r + n > 0), (n - r) / (n + r), np.float32(np.nan))

        self._add("ndvi", ndvi, f"red {low_how}; near infrared {high_how}")

    def write(self, path: Path, mask: Reader | None, feedback: Feedback) -> None:
        """Write every covariate, masked where one is missing, and tell what each layer cost."""
        windows = list(self.elevation.grid.windows(_WINDOW_PX, _WINDOW_PX))
        inside = valid = 0
        missing = np.zeros(len(self.covariates), np.int64)
        with StackWriter(str(path), self.elevation.grid, self.covariates) as writer:
            for window in feedback.steps(windows, len(windows)):
                ground = np.isfinite(self.elevation.read(window))
                if mask is not None:
                    ground &= np.isfinite(mask(window))
                bands = [band for read in self._readers for band in read(window)]
                common = ground.copy()
                for number, band in enumerate(bands):
                    have = np.isfinite(band)
                    missing[number] += np.count_nonzero(ground & ~have)
                    common &= have
                inside += np.count_nonzero(ground)
                valid += np.count_nonzero(common)
                whole = common.all()
                for covariate, band in zip(self.covariates, bands):
                    if not whole:
                        np.copyto(band, np.nan, where=~common)
                    writer.write(covariate.name, window, band)
        for covariate, cells in zip(self.covariates, missing):
            if cells:
                tell = feedback.warning if cells > _COST_SHARE * inside else feedback.message
                tell(f"{covariate.name} is missing on {cells:,} of {inside:,} cells ({cells / inside:.1%}), which become nodata.")
        feedback.message(f"{len(self.covariates)} covariates, {valid:,} valid cells of {inside:,} in the area.")
        if not valid:
            raise EngineError("No cell has a value in every covariate: the layers do not overlap where the DEM is valid.")

    def _add(
        self, name: str, read: Reader, how: str, *, kind: str = "continuous", unit: str = "", classes: Mapping[int, str] | None = None
    ) -> None:
        """Add one covariate, as declared under its name if it is; further ones of the same name are numbered."""
        declared = BY_NAME.get(name)
        covariate = Covariate(name, kind, unit, "extra", how, classes or {})
        if declared:
            covariate = replace(covariate, kind=declared.kind, unit=declared.unit, group=declared.group)
        taken = {each.name for each in self.covariates}
        numbered = (f"{name}_{number}" for number in count(2))
        while covariate.name in taken:
            covariate = replace(covariate, name=next(numbered))
        self.covariates.append(covariate)
        self._readers.append(lambda window: [read(window)])
        self._feedback.message(f"{covariate.name}: {how}.")
        self._feedback.progress(min(20 + 2 * len(self.covariates), 38))


def _layer_name(source: str) -> str:
    """Return the name of a layer that a task names by its path."""
    path, _, layer = source.partition("|layername=")
    return layer or Path(path).stem
