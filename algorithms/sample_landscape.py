# SPDX-License-Identifier: GPL-2.0-or-later
"""Create sample landscape."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingOutputNumber,
    QgsProcessingOutputRasterLayer,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterNumber,
)

from .base import ScarpAlgorithm


class SampleLandscape(ScarpAlgorithm):
    """Make a synthetic landscape with landslides whose true susceptibility is known."""

    ID = "samplelandscape"
    TITLE = "Create sample landscape"
    GROUP = "data"
    TAGS = "synthetic example demo test truth landslide inventory dem"
    TASK = "sample_landscape"
    HELP = (
        "Makes a synthetic mountain landscape with everything that a landslide susceptibility study starts from, and an inventory "
        "of landslides drawn from a susceptibility that is known. Use it to learn Scarp, and to see how "
        "close a model can come to the truth: no model can predict better than the true susceptibility itself.\n\n"
        "The same seed makes the same landscape."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        integer = QgsProcessingParameterNumber.Type.Integer
        self.add(
            QgsProcessingParameterNumber("SIZE", self.tr("Cells per side"), integer, 512, minValue=64, maxValue=20000),
            self.tr("The landscape is a square of this many cells."),
        )
        self.add(
            QgsProcessingParameterNumber(
                "CELL_SIZE", self.tr("Cell size (m)"), QgsProcessingParameterNumber.Type.Double, 30.0, minValue=1.0
            ),
            self.tr("The side of a cell in metres."),
        )
        self.add(
            QgsProcessingParameterNumber("LANDSLIDES", self.tr("Number of landslides"), integer, 1500, minValue=1),
            self.tr("How many landslides to draw; at most one in a cell."),
        )
        self.add(
            QgsProcessingParameterNumber("SEED", self.tr("Seed"), integer, 1, minValue=0),
            self.tr("Another number makes another landscape."),
        )
        self.add(
            QgsProcessingParameterFolderDestination("FOLDER", self.tr("Folder for the landscape")),
            self.tr("The layers are written here, under plain names: dem.tif, geology.gpkg, inventory.gpkg, truth.tif, …"),
        )
        for name, title in (
            ("DEM", "Elevation"),
            ("LAND_USE", "Land use"),
            ("RED", "Red reflectance"),
            ("NIR", "Near-infrared reflectance"),
            ("TRUTH", "True susceptibility"),
        ):
            self.addOutput(QgsProcessingOutputRasterLayer(name, self.tr(title)))
        for name, title in (
            ("GEOLOGY", "Geology"),
            ("SOIL", "Soil"),
            ("CLIMATE", "Climate"),
            ("FAULTS", "Faults"),
            ("ROADS", "Roads"),
            ("SETTLEMENTS", "Settlements"),
            ("INVENTORY", "Landslide inventory"),
        ):
            self.addOutput(QgsProcessingOutputVectorLayer(name, self.tr(title)))
        self.addOutput(QgsProcessingOutputNumber("BEST_AUC", self.tr("Best AUC that any model could reach")))
