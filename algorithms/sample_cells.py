# SPDX-License-Identifier: GPL-2.0-or-later
"""Sample landslide and non-landslide cells."""

from __future__ import annotations

from ..engine.environment import SAMPLING_PACKAGES
from .base import ScarpAlgorithm


class SampleCells(ScarpAlgorithm):
    """Draw the cells that a model learns from and is tested on."""

    ID = "samplecells"
    TITLE = "Sample landslide and non-landslide cells"
    GROUP = "data"
    TAGS = "sample presence absence landslide inventory training test split fold block buffer seed cells"
    TASK = "sample_cells"
    NEEDS = SAMPLING_PACKAGES
    SHOWN = (("OUTPUT", "cells"),)
    HELP = (
        "Turns a landslide inventory into sample cells: every cell of a landslide is a presence, and cells without landslides "
        "are drawn as absences: at random, in a ring around the landslides (seed cells), or on flat ground. A buffer keeps absences away "
        "from landslides. Each cell belongs to the training or the test part, and the training cells are dealt into folds, parts that "
        "take turns in testing.\n\n"
        "Split by blocks to test how well the model predicts ground that it has not seen; a random split flatters, "
        "since neighbours are alike."
    )
