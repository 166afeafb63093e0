# SPDX-License-Identifier: GPL-2.0-or-later
"""Screen covariates."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterVectorDestination,
)

from ..engine.declarations import choices
from .base import ScarpAlgorithm


class ScreenCovariates(ScarpAlgorithm):
    """Tell which covariates repeat each other, and how each relates to landslides."""

    ID = "screencovariates"
    TITLE = "Screen covariates"
    GROUP = "data"
    TAGS = (
        "screen covariates conditioning factors multicollinearity vif tolerance pearson correlation cramer frequency ratio weights of "
        "evidence information value gain landslide"
    )
    TASK = "screen_covariates"
    HELP = (
        "Tells which covariates to keep. The variance inflation factor (VIF) shows which of them repeat others: above 5, the limit of "
        "Azarafza et al. (2021), the others explain more than 80 % of a covariate. Pearson's coefficient and the information gain show how "
        "each relates to landslides; frequency ratio, information value and weights of evidence, which of its classes do.\n\n"
        "The table has one row a covariate with an advice (keep, drop or doubtful) and its reason. The report has all "
        "figures, and maps of the covariates. Nothing is left out of the stack: to do so, prepare it anew without a covariate."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_stack()
        self.add_inventory(samples=True)
        self.add_number("CLASSES", "Classes", choices.CLASSES, 2, 20, "Most classes that a continuous covariate is divided into.")
        self.add_choice(
            "METHOD",
            self.tr("Classes by"),
            choices.CLASSINGS,
            self.tr("How the limits between classes of a continuous covariate are found."),
            default="quantiles",
        )
        self.add_number(
            "VIF_LIMIT",
            "VIF limit",
            choices.VIF_LIMIT,
            1.0,
            None,
            "Covariates above it count as collinear; the paper has 5.",
            advanced=True,
        )
        self.add_number("SEED", "Seed", choices.SEED, 0, None, "The same seed draws the same cells and the same absences.", advanced=True)
        self.add(
            QgsProcessingParameterVectorDestination("OUTPUT", self.tr("Covariates screened"), QgsProcessing.SourceType.TypeVector),
            self.tr("Table with one row a covariate: advice, VIF, coefficients, information gain (.csv or .gpkg)."),
        )
        self.add(
            QgsProcessingParameterVectorDestination(
                "CLASS_TABLE",
                self.tr("Classes of covariates"),
                QgsProcessing.SourceType.TypeVector,
                optional=True,
                createByDefault=False,
            ),
            self.tr("Table with one row a class: frequency ratio, information value, weights of evidence (.csv or .gpkg)."),
        )
        self.add(
            QgsProcessingParameterFileDestination("REPORT", self.tr("Report"), self.tr("HTML (*.html)"), optional=True),
            self.tr("All figures, tables and maps of the screening, with its method."),
        )
