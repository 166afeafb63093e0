# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: turn a DEM and other layers into one covariate stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..covariates.build import Build
from ..declarations.covariates import DRAINAGE_AREA_KM2, TERRAIN_DEFAULT, WINDOW_M
from ..feedback import Feedback
from ..files.outputs import replacing, scratch_folder
from ..files.overlay import area_raster


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
        build = Build(feedback, folder, dem, cell_size, z_factor)
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


def _layer_name(source: str) -> str:
    """Return the name of a layer that a task names by its path."""
    path, _, layer = source.partition("|layername=")
    return layer or Path(path).stem
