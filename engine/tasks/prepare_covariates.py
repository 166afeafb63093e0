# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: turn a DEM and other layers, or ready rasters, into one covariate stack."""

from __future__ import annotations

import time
from typing import Any

from ..covariates.build import Build, banded, first_raster
from ..feedback import Feedback
from ..files.manifest import write_manifests
from ..files.outputs import replacing, scratch_folder
from . import task


@task
def run(
    feedback: Feedback,
    *,
    dem: str | None,
    dem_band: int | None,
    area: str | None,
    cell_size: float | None,
    z_factor: float | None,
    template: str | None,
    terrain: list[str],
    slope_method: str,
    flow_method: str,
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
    red_band: int | None,
    nir: str | None,
    nir_band: int | None,
    extra_continuous: list[str] | None,
    extra_categorical: list[str] | None,
    extra_distances: list[str] | None,
    unknown: str,
    output: str,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the stack; a cell is valid where every covariate is."""
    started = time.monotonic()
    continuous, categorical, distances = extra_continuous or [], extra_categorical or [], extra_distances or []
    with scratch_folder(output) as folder:
        if dem:
            build = Build.of_dem(banded(dem, dem_band), cell_size, z_factor, folder, feedback)
        else:
            ready = [geology, land_use, soil, climate, red, nir, *continuous, *categorical]
            build = Build.of_template(template or first_raster(ready), cell_size, folder, feedback)
        with build:
            if area:
                build.bound(area)
            build.add_ground(terrain, slope_method, flow_method, window, drainage_area)
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
                build.add_ndvi(banded(red, red_band), banded(nir, nir_band))
            build.add_extras(continuous, categorical, distances, unknown)
            feedback.progress(40)
            with replacing(output) as path:
                build.write(path, feedback.part(40, 100))
    names = [covariate.name for covariate in build.covariates]
    write_manifests([output], "prepare_covariates", asked, time.monotonic() - started, results={"covariates": names})
    return {"output": output, "covariates": names}
