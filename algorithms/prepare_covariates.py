# SPDX-License-Identifier: GPL-2.0-or-later
"""Prepare covariates."""

from __future__ import annotations

from .base import ScarpAlgorithm


class PrepareCovariates(ScarpAlgorithm):
    """Turn a DEM and whatever other layers there are into one covariate stack."""

    ID = "preparecovariates"
    TITLE = "Prepare covariates"
    GROUP = "data"
    TAGS = (
        "conditioning factors covariate stack terrain slope aspect curvature hydrology wetness twi flow accumulation roughness relief "
        "distance ndvi geology dem elevation"
    )
    TASK = "prepare_covariates"
    SHOWN = (("OUTPUT", "stack"),)
    HELP = (
        "Computes the conditioning factors (covariates) of landslides on the grid of the DEM and writes them as the bands of one raster, "
        "the covariate stack. A DEM is enough; every further layer adds covariates. Without a DEM, rasters that are ready (“Further "
        "continuous rasters” and “Further categorical rasters”) become the stack. Layers may have "
        "any coordinate reference system, cell size and extent: they are laid over the DEM's grid, and the log says how.\n\n"
        "A cell is valid where every covariate is; the log says how many cells each layer costs."
    )
