# SPDX-License-Identifier: GPL-2.0-or-later
"""Map susceptibility."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFile,
    QgsProcessingParameterRasterDestination,
)

from ..engine.environment import MAPPING_PACKAGES
from .base import ScarpAlgorithm, Style


class MapSusceptibility(ScarpAlgorithm):
    """Apply a trained model to every cell of a covariate stack."""

    ID = "mapsusceptibility"
    TITLE = "Map susceptibility"
    GROUP = "map"
    TAGS = "map predict inference susceptibility landslide cnn raster apply"
    TASK = "map_susceptibility"
    NEEDS = MAPPING_PACKAGES
    HELP = (
        "Computes the landslide susceptibility (0 to 1) of every cell of a covariate stack with a trained model. "
        "The stack is read by windows, so its size does not matter. A trained network also maps without TensorFlow, only slower: "
        "a colleague who has QGIS but not Scarp's engine can use your model file.\n\n"
        "Bands are matched by name: the stack may have more covariates than the model, in any order."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_stack("The output of “Prepare covariates”, of the same area or another.")
        self.add(
            QgsProcessingParameterFile("MODEL", self.tr("Model file"), fileFilter=self.tr("Scarp model (*.scarp)")),
            self.tr("The model file that “Train CNN–DNN” or “Benchmark classifiers” wrote."),
        )
        self.add_scheduler("Its workers map the windows, and must see the stack under the same path.")
        self.add(
            QgsProcessingParameterBoolean("RESUME", self.tr("Resume an interrupted map"), False),
            self.tr(
                "Go on from what an interrupted run of the same map left beside the output, and leave what is done if this run is "
                "interrupted in turn."
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Susceptibility")),
            self.tr("Susceptibility from 0 to 1 on the stack's grid, a Cloud Optimized GeoTIFF with overviews and statistics."),
        )

    def finish(self, result: dict[str, Any], context: QgsProcessingContext) -> None:
        Style.apply("susceptibility.qml", result["output"], context)
