# SPDX-License-Identifier: GPL-2.0-or-later
"""Sample landslide and non-landslide cells."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterVectorDestination,
)

from ..engine.declarations import choices
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
    HELP = (
        "Turns a landslide inventory into sample cells: every cell of a landslide is a presence, and cells without landslides "
        "are drawn as absences in one of the ways of Huang et al. that the paper names: "
        "at random, in a ring around the landslides (seed "
        "cells), or on flat ground. A buffer keeps absences away from landslides. "
        "Each cell belongs to the training or the test part, and to a fold.\n\n"
        "Split by blocks to test how well the model predicts ground that it has not seen; a random split flatters, "
        "since neighbours are alike."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_stack()
        self.add_inventory()
        self.add_choice(
            "METHOD",
            self.tr("Draw non-landslide cells"),
            choices.ABSENCE_METHODS,
            self.tr("Where absences come from."),
            default=choices.METHOD,
        )
        self.add_number(
            "RATIO", "Absences per presence", choices.RATIO, 0.01, None, "How many non-landslide cells are drawn for each landslide cell."
        )
        self.add_number(
            "BUFFER",
            "Buffer around landslides (m)",
            choices.BUFFER_M,
            0.0,
            None,
            "No absence is drawn nearer to a landslide than this, in metres.",
        )
        self.add_number(
            "SLOPE_LIMIT",
            "Flat ground is below (degrees)",
            choices.SLOPE_LIMIT_DEG,
            0.0,
            90.0,
            "The slope below which ground counts as flat; used where flat ground is sampled.",
            advanced=True,
        )
        self.add_choice(
            "SPLIT",
            self.tr("Split into training and test cells"),
            choices.SPLITS,
            self.tr("Random, or by spatial blocks that belong as a whole to one part."),
            default=choices.SPLIT,
        )
        self.add_number(
            "TEST_SHARE",
            "Share of test cells",
            choices.TEST_SHARE,
            0.0,
            0.9,
            "The part of the cells that is kept for the test; 0.2 is the paper's.",
        )
        self.add_number(
            "FOLDS",
            "Folds",
            choices.FOLDS,
            2,
            None,
            "The training cells are dealt into this many folds, for cross-validation.",
            advanced=True,
        )
        self.add_number(
            "BLOCK_SIZE",
            "Block size (m)",
            0.0,
            0.0,
            None,
            "The side of a spatial block in metres. 0: from the spatial autocorrelation of the covariates.",
            advanced=True,
        )
        self.add_number("SEED", "Seed", choices.SEED, 0, None, "The same seed draws the same cells.", advanced=True)
        self.add(
            QgsProcessingParameterVectorDestination("OUTPUT", self.tr("Sample cells"), QgsProcessing.SourceType.TypeVectorPoint),
            self.tr("One point per cell centre: landslide (1/0), subset (train/test), fold, x, y, origin."),
        )
