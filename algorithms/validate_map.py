# SPDX-License-Identifier: GPL-2.0-or-later
"""Validate susceptibility map."""

from __future__ import annotations

from .base import ScarpAlgorithm


class ValidateMap(ScarpAlgorithm):
    """Tell how well a map, of whatever tool, ranks landslides."""

    ID = "validatemap"
    TITLE = "Validate susceptibility map"
    GROUP = "map"
    TAGS = (
        "validate test susceptibility map roc auc success rate prediction rate curve precision recall brier reliability landslide density "
        "compare two maps kappa difference"
    )
    TASK = "validate_map"
    SHOWN = (("DIFFERENCE", "difference"),)
    HELP = (
        "Tells how well a susceptibility map ranks landslides, whichever tool made it. Best give landslides that the map was made without: "
        "their curve is the prediction rate, which says what the map can tell; that of the landslides it was made from is the success "
        "rate, which only says how well it fits. The AUC says how often a landslide gets the higher susceptibility of a landslide and a "
        "place without (0.5 is chance, 1 perfect). Everything is counted by landslides (each counts once) and by cells (large ones count "
        "more), and the cells of one landslide are one cluster in the intervals.\n\n"
        "Without a field that tells landslides, they are told from all other cells of the map. With sub-areas or dates the figures are "
        "given for each. With a second map both are compared on the same landslides: a paired test of their AUCs, the agreement of their "
        "classes, and a raster of the difference. What each figure means, and which to quote, tells the page “Honest validation” (menu "
        "Scarp › Tutorial)."
    )
