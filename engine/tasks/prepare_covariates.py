# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: turn a DEM and other layers into one covariate stack."""

from __future__ import annotations

from typing import Any

from ..covariates.build import Build
from ..declarations.source import Source
from ..feedback import Feedback
from ..files.outputs import replacing, scratch_folder
from ..files.overlay import area_raster
from . import task


@task
def run(
    feedback: Feedback,
    *,
    dem: str,
    area: str | None,
    cell_size: float | None,
    z_factor: float,
    terrain: list[str],
    slope_method: str,
    window: float,
    drainage_area: float,
    faults: str | None,
    roads: str | None,
    settlements: str | None,
    streams: str | None,
    geology: str | None,
    geology_field: str | None,
    land_use: str | None,
    land_use_field: str | None,
    soil: str | None,
    soil_field: str | None,
    climate: str | None,
    climate_field: str | None,
    red: str | None,
    nir: str | None,
    extra_continuous: list[str] | None,
    extra_categorical: list[str] | None,
    extra_distances: list[str] | None,
    unknown: str,
    output: str,
) -> dict[str, Any]:
    """Write the stack; a cell is valid where every covariate is."""
    with scratch_folder(output) as folder:
        build = Build(feedback, folder, dem, cell_size, z_factor)
        build.add_ground(terrain, slope_method, window, drainage_area)
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
            build.add_quantity(Source.parse(source).label, source)
        for source in extra_categorical or []:
            build.add_classes(Source.parse(source).label, source, None, unknown)
        for source in extra_distances or []:
            build.add_distance(f"distance_to_{Source.parse(source).label}", source)
        mask = build.reader(area_raster(area, build.elevation.grid, build.path())) if area else None
        feedback.progress(40)
        with replacing(output) as path:
            build.write(path, mask, feedback.part(40, 100))
    return {"output": output, "covariates": [covariate.name for covariate in build.covariates]}
