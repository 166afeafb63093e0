# SPDX-License-Identifier: GPL-2.0-or-later
"""Susceptibility of zones."""

from __future__ import annotations

from ..engine.environment import MAPPING_PACKAGES
from .base import ScarpAlgorithm


class ZonalSusceptibility(ScarpAlgorithm):
    """Tell how susceptible each of many polygons is."""

    ID = "zonalsusceptibility"
    TITLE = "Susceptibility of zones"
    GROUP = "map"
    TAGS = "zonal statistics susceptibility slope units districts catchments municipalities roads corridor mean share high classes"
    TASK = "zonal_susceptibility"
    SHOWN = (("OUTPUT", "zones"),)
    NEEDS = MAPPING_PACKAGES
    HELP = (
        "Tells how susceptible polygons are: slope units, districts, catchments, buffers around roads. Each gets the mean, the spread "
        "and the "
        "highest susceptibility of its cells and, where the susceptibility classes are given, the share of its area in each class and in "
        "the "
        "high ones together. Polygons may overlap and have any coordinate reference system; their own fields are kept. A polygon smaller "
        "than a cell gets that of the cell in its midst."
    )
