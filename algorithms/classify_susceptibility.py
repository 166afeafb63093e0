# SPDX-License-Identifier: GPL-2.0-or-later
"""Classify susceptibility."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from ..engine.declarations.choices import CLASSIFICATIONS
from ..engine.environment import MAPPING_PACKAGES
from .base import ScarpAlgorithm


class ClassifySusceptibility(ScarpAlgorithm):
    """Sort susceptibility into classes from very low to very high."""

    ID = "classifysusceptibility"
    TITLE = "Classify susceptibility"
    GROUP = "map"
    TAGS = "classify zonation classes natural breaks jenks quantile equal interval legend susceptibility"
    TASK = "classify_susceptibility"
    NEEDS = MAPPING_PACKAGES
    HELP = (
        "Sorts a susceptibility raster into classes, very low to very high, by natural breaks, quantiles, equal intervals or your own "
        "breaks. The class raster carries its names and colours, so that they appear in any GIS. With an inventory, the table tells how "
        "many landslides fall into each class: in a good map, most landslides lie in little area."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add(
            QgsProcessingParameterRasterLayer("SUSCEPTIBILITY", self.tr("Susceptibility")),
            self.tr("The output of “Map susceptibility”, values from 0 to 1."),
        )
        self.add_choice(
            "METHOD",
            self.tr("Method"),
            CLASSIFICATIONS,
            self.tr("How the breaks between classes are found."),
            default="natural_breaks",
        )
        self.add(
            QgsProcessingParameterNumber(
                "CLASSES",
                self.tr("Number of classes"),
                QgsProcessingParameterNumber.Type.Integer,
                5,
                minValue=2,
                maxValue=9,
            ),
            self.tr("Five classes are: very low, low, moderate, high, very high."),
        )
        self.add(
            QgsProcessingParameterString("BREAKS", self.tr("Manual breaks"), optional=True),
            self.tr(
                "For the method “manual breaks”: the values between classes, from low to high, separated by commas (0.2, 0.4, 0.6, 0.8)."
            ),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterFeatureSource(
                "INVENTORY",
                self.tr("Landslide inventory"),
                [QgsProcessing.SourceType.TypeVectorPoint, QgsProcessing.SourceType.TypeVectorPolygon],
                optional=True,
            ),
            self.tr("Landslides to count in each class."),
        )
        self.add(
            QgsProcessingParameterRasterDestination("OUTPUT", self.tr("Susceptibility classes")),
            self.tr("Class numbers from 1 (lowest), with names and colours."),
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "TABLE", self.tr("Table of classes"), "CSV (*.csv)", optional=True, createByDefault=False
            ),
            self.tr("Range, area and share of each class, and its landslides where an inventory is given."),
        )
        self.add(
            QgsProcessingParameterVectorDestination(
                "POLYGONS",
                self.tr("Class polygons"),
                QgsProcessing.SourceType.TypeVectorPolygon,
                optional=True,
                createByDefault=False,
            ),
            self.tr("The classes as polygons."),
        )

    def task_values(self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback) -> dict[str, Any]:
        values = super().task_values(parameters, context, feedback)
        if values["breaks"]:
            values["breaks"] = [float(each) for each in values["breaks"].replace(";", ",").split(",") if each.strip()]
        return values

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        breaks = self.parameterAsString(parameters, "BREAKS", context)
        try:
            [float(each) for each in breaks.replace(";", ",").split(",") if each.strip()]
        except ValueError:
            return False, self.tr("Manual breaks must be numbers separated by commas, such as 0.2, 0.4, 0.6, 0.8; found “{}”.").format(
                breaks
            )
        return super().checkParameterValues(parameters, context)
