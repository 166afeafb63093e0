# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmark classifiers."""

from __future__ import annotations

import datetime
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingParameterField,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
    QgsProcessingParameterVectorDestination,
)

from ..engine.declarations import choices
from ..models.classifiers import LABELS
from .base import ScarpAlgorithm


class BenchmarkClassifiers(ScarpAlgorithm):
    """Compare the CNN–DNN with other classifiers on the same cells and folds."""

    ID = "benchmarkclassifiers"
    TITLE = "Benchmark classifiers"
    GROUP = "model"
    TAGS = "benchmark compare svm logistic regression naive bayes mlp decision tree random forest cross-validation spatial roc auc"
    TASK = "benchmark_classifiers"
    HELP = (
        "Makes the evaluation of Azarafza et al. (2021) on your own data: the CNN–DNN and other classifiers learn from the same cells "
        "in the same folds, hyper-parameters are searched inside the training part of each fold, and every metric of the paper is "
        "reported with its uncertainty and a test of whether the CNN–DNN is really better or worse.\n\n"
        "Random folds flatter, since the test cells have neighbours among the training cells; folds of whole spatial blocks tell how well "
        "a model does on ground that it has not seen. Both are shown side by side. The best model is fitted to all cells and can be "
        "mapped with “Map susceptibility”."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_stack()
        self.add_inventory(samples=True)
        self.add_choice(
            "CLASSIFIERS",
            self.tr("Classifiers"),
            LABELS,
            self.tr("Which classifiers to compare."),
            default=list(LABELS),
        )
        self.add_choice(
            "VALIDATION",
            self.tr("Validation"),
            choices.VALIDATIONS,
            self.tr(
                "How cells are divided into training and test cells. Spatial folds come with random ones beside them, and random ones "
                "with spatial."
            ),
            default="blocks",
        )
        self.add_number("FOLDS", "Folds", choices.FOLDS, 2, 100, "Each fold is the test part once.")
        self.add_number("REPEATS", "Repeats", 1, 1, 1000, "How often to deal the cells into folds anew; more make the intervals narrower.")
        for name, title, default, low, high, text in (
            ("BLOCK_SIZE", "Block size (m)", 0.0, 0.0, None, "Side of a block in metres. 0: from the covariates’ spatial autocorrelation."),
            ("EXCLUSION", "Exclusion distance (m)", 0.0, 0.0, None, "Training cells nearer to a test cell of spatial folds are left out."),
            ("MEMBERS", "Ensemble members", 3, 1, 50, "Networks of the CNN–DNN with different seeds; susceptibility is their mean."),
            ("SEED", "Seed", choices.SEED, 0, 2**31 - 1, "The same seed on the same machine gives the same results."),
        ):
            self.add_number(name, title, default, low, high, text, advanced=True)
        self.add(
            QgsProcessingParameterField("DATE_FIELD", self.tr("Field with the date"), parentLayerParameterName="INVENTORY", optional=True),
            self.tr("For the temporal validation: when each landslide happened (a date, or text such as 2021-04-30)."),
            advanced=True,
        )
        self.add(
            QgsProcessingParameterString("SPLIT_DATE", self.tr("Test from this date"), optional=True),
            self.tr("For the temporal validation: landslides of this day (2021-04-30) and later test. Empty: the latest fifth."),
            advanced=True,
        )
        self.add_scheduler("Its workers train the classifiers of the folds.")
        self.add(
            QgsProcessingParameterVectorDestination("OUTPUT", self.tr("Table of metrics"), QgsProcessing.SourceType.TypeVector),
            self.tr("A row for each validation and classifier, with every metric, its deviation and the comparison with the CNN–DNN."),
        )
        self.add(
            QgsProcessingParameterFileDestination("REPORT", self.tr("Report"), self.tr("HTML (*.html)"), optional=True),
            self.tr("Tables and plots of all metrics, with the method in words, for a paper's supplement."),
        )
        self.add(
            QgsProcessingParameterFileDestination(
                "MODEL", self.tr("Model file of the best"), self.tr("Scarp model (*.scarp)"), optional=True, createByDefault=False
            ),
            self.tr("The classifier with the highest AUC, fitted to all cells, for “Map susceptibility”."),
        )
        self.add(
            QgsProcessingParameterVectorDestination(
                "FOLD_CELLS",
                self.tr("Cells with their folds"),
                QgsProcessing.SourceType.TypeVectorPoint,
                optional=True,
                createByDefault=False,
            ),
            self.tr("The sample cells with the number of the fold that tests them, to look at."),
        )
        self.addOutput(QgsProcessingOutputString("BEST", self.tr("Best classifier")))
        self.addOutput(QgsProcessingOutputNumber("AUC", self.tr("Its mean AUC")))

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        temporal = list(choices.VALIDATIONS)[self.parameterAsEnum(self._numbered(parameters), "VALIDATION", context)] == "temporal"
        if temporal and not self.parameterAsString(parameters, "DATE_FIELD", context):
            return False, self.tr("The temporal validation needs the field that holds the landslides’ dates (DATE_FIELD).")
        date = self.parameterAsString(parameters, "SPLIT_DATE", context)
        try:
            datetime.date.fromisoformat(date or "2000-01-01")
        except ValueError:
            return False, self.tr("The date must be written as year-month-day, such as 2021-04-30; found “{}”.").format(date)
        return super().checkParameterValues(parameters, context)
