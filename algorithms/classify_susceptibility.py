# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify susceptibility."""

from __future__ import annotations

from ..engine.environment import MAPPING_PACKAGES
from .base import ScarpAlgorithm


class ClassifySusceptibility(ScarpAlgorithm):
    """Sort susceptibility into classes from very low to very high."""

    ID = "classifysusceptibility"
    TITLE = "Classify susceptibility"
    GROUP = "map"
    TAGS = (
        "classify zonation classes natural breaks jenks quantile equal interval geometric standard deviation polygons legend susceptibility"
    )
    TASK = "classify_susceptibility"
    NEEDS = MAPPING_PACKAGES
    SHOWN = (("OUTPUT", "classes"),)
    HELP = (
        "Sorts a susceptibility raster into classes, very low to very high, by natural breaks, quantiles, equal or geometric "
        "intervals, standard deviations, by shares of landslides or your own breaks. The class raster carries its names and colours, so "
        "that they appear in any GIS. With an inventory, the table "
        "tells how many landslides and how many of their cells fall into each class: in a good map, most lie in little area. Breaks "
        "found by "
        "landslides fit those landslides: test the classes on others."
    )
