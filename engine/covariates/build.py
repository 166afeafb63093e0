# SPDX-License-Identifier: GPL-2.0-or-later
"""The building of a covariate stack: covariates and what reads them, window by window, and the loop that writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from ...models.covariate import Covariate
from ..declarations.covariates import BY_NAME
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Window, open_raster, read_window
from ..files.overlay import quantity_raster
from ..files.stack import StackWriter
from .categories import lay_classes
from .distance import distance_to_features
from .elevation import Elevation
from .of_dem import Ground

# A layer that alone takes more than this share of the DEM's cells away deserves a warning.
_COST_SHARE = 0.05
Reader = Callable[[Window], np.ndarray]


class Build:
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
        dataset = open_raster(path)
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
        windows = list(self.elevation.grid.windows())
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
