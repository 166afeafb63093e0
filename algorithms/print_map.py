# SPDX-License-Identifier: GPL-2.0-or-later
"""Print map."""

from __future__ import annotations

from .base import ScarpAlgorithm


class PrintMap(ScarpAlgorithm):
    """Put a map of susceptibility classes on paper, with all that a reader needs."""

    ID = "printmap"
    TITLE = "Print map"
    GROUP = "map"
    TAGS = "print map layout pdf png paper legend scale bar north arrow hillshade class table cartography export atlas susceptibility"
    TASK = "print_map"
    HELP = (
        "Puts the susceptibility classes on paper, as a PDF or PNG: over a hillshade where one or a DEM is given, with coordinates, scale "
        "bar, north arrow, a legend that is a table of the classes, coordinate reference system, cell size, scale and date. The paper is "
        "turned so that the map is largest, and its scale is true when printed at full size. Nothing of QGIS's window is needed, so that "
        "it also works in models and by qgis_process.\n\n"
        "The share of landslides in each class appears beside its area where “Classify susceptibility” had an inventory. Level "
        "ground has exactly the colours of the legend; slopes are lighter or darker."
    )
