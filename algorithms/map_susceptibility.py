# SPDX-License-Identifier: GPL-2.0-or-later
"""Map susceptibility."""

from __future__ import annotations

from ..engine.environment import MAPPING_PACKAGES
from .base import ScarpAlgorithm


class MapSusceptibility(ScarpAlgorithm):
    """Apply a trained model to every cell of a covariate stack."""

    ID = "mapsusceptibility"
    TITLE = "Map susceptibility"
    GROUP = "map"
    TAGS = "map predict inference susceptibility landslide cnn raster apply uncertainty spread members dropout stability bivariate"
    TASK = "map_susceptibility"
    NEEDS = MAPPING_PACKAGES
    SHOWN = (("OUTPUT", "susceptibility"), ("UNCERTAINTY", "uncertainty"), ("APPLICABILITY", "applicability"), ("OUTSIDE", "outside"))
    HELP = (
        "Computes the landslide susceptibility (0 to 1) of every cell of a covariate stack with a trained model. "
        "The stack is read by windows, so its size does not matter. A trained network also maps without TensorFlow, only slower: "
        "a colleague who has QGIS but not Scarp's engine can use your model file.\n\n"
        "Bands are matched by name: the stack may have more covariates than the model, in any order.\n\n"
        "The uncertainty tells how far the members of a CNN–DNN differ, and how many of them put a cell into the map's class; it is drawn "
        "with the susceptibility, pale where members differ. It tells what the training leaves open, not what is wrong with covariates "
        "or inventory.\n\n"
        "The area of applicability is where the covariates are like those of training cells, by the importance of each; elsewhere the "
        "model guesses, and its tests say nothing."
    )
