# SPDX-License-Identifier: GPL-2.0-or-later
"""Train CNN–DNN."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsProcessingContext,
    QgsProcessingOutputNumber,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterString,
)

from ..engine.declarations.choices import TUNING_GRID
from ..models.optimizers import OPTIMIZERS, SCHEDULES
from ..models.recipe import CALIBRATIONS, CLASS_WEIGHTS, VALIDATIONS
from .base import ScarpAlgorithm


class TrainCnnDnn(ScarpAlgorithm):
    """Train the coupled network on sample cells and test it on those held out."""

    ID = "traincnndnn"
    TITLE = "Train CNN–DNN"
    GROUP = "model"
    TAGS = "train deep learning convolutional neural network cnn dnn tensorflow keras landslide susceptibility"
    TASK = "train_cnn_dnn"
    HELP = (
        "Trains the coupled network of Azarafza et al. (2021): a convolutional part reads the patch of covariates around a cell, a dense "
        "part also sees the cell's own covariates, and both together tell how susceptible the cell is. The report shows the "
        "training history and how well the model predicts the test cells, which it never saw.\n\n"
        "Give a landslide inventory as it is (absences are then drawn with the defaults of “Sample landslide and non-landslide cells”), or "
        "sample cells with the field that tells landslides. The defaults suit most areas."
    )

    def initAlgorithm(self, configuration: dict[str, Any] | None = None) -> None:
        self.add_stack()
        self.add_inventory(samples=True)
        self.add_number("PATCH_SIZE", "Patch size (cells)", 15, 1, 101, "Side of the square of cells that the network sees; odd.")
        self.add_number("EPOCHS", "Epochs", 40, 1, 100000, "Most passes over the training cells; training stops when it no longer helps.")
        self.add_number("MEMBERS", "Ensemble members", 3, 1, 50, "Networks with different seeds; susceptibility is their mean.")
        self.add_choice(
            "VALIDATION",
            self.tr("Validation cells"),
            VALIDATIONS,
            self.tr("Which part of the training cells decides when to stop: random ones, or whole spatial blocks."),
            default="random",
            advanced=True,
        )
        self.add_choice(
            "OPTIMIZER",
            self.tr("Optimizer"),
            OPTIMIZERS,
            self.tr("The method that adjusts the weights."),
            default="adam",
            advanced=True,
        )
        for name, title, default, low, high, text in (
            ("LEARNING_RATE", "Learning rate", 0.002, 1e-6, 10.0, "Size of each step; the paper has 0.01 for SGD, RMSprop and Adagrad."),
            ("BATCH_SIZE", "Batch size", 64, 1, 100000, "Cells that make one step."),
            ("HIDDEN_LAYERS", "Hidden layers", 2, 0, 10, "Dense layers after the two parts are joined."),
            ("UNITS", "Units", 64, 1, 4096, "Units of the first dense layer; each further one has half."),
            ("FILTERS", "Filters", 16, 1, 512, "Filters of the first convolution; each further one has twice as many."),
            ("DROPOUT", "Dropout", 0.3, 0.0, 0.95, "The share of units that each training step leaves out."),
            (
                "PATIENCE",
                "Patience (epochs)",
                0,
                0,
                100000,
                "Epochs without a better validation loss before training stops. 0: a third of all.",
            ),
            ("SEED", "Seed", 1, 0, 2**31 - 1, "The same seed on the same machine trains the same model."),
        ):
            self.add_number(name, title, default, low, high, text, advanced=True)
        self.add_choice(
            "SCHEDULE",
            self.tr("Learning-rate schedule"),
            SCHEDULES,
            self.tr("How the learning rate falls during training."),
            default="cosine",
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("BATCH_NORMALISATION", self.tr("Batch normalisation"), True),
            self.tr("Normalise after each convolution."),
            advanced=True,
        )
        self.add_choice(
            "CLASS_WEIGHTS",
            self.tr("Class weights"),
            CLASS_WEIGHTS,
            self.tr("What a landslide cell counts against a non-landslide cell in the loss."),
            default="balanced",
            advanced=True,
        )
        self.add_choice(
            "CALIBRATION",
            self.tr("Calibration"),
            CALIBRATIONS,
            self.tr("Turn susceptibility into the share of landslide cells among cells like it, learnt on folds of the training cells."),
            default="none",
            advanced=True,
        )
        self.add_choice(
            "COMPARE_OPTIMIZERS",
            self.tr("Optimizers to compare"),
            OPTIMIZERS,
            self.tr("One network is trained by each, for its training history in the report; the model is trained by the optimizer above."),
            default=[],
            advanced=True,
        )
        self.add(
            QgsProcessingParameterBoolean("TUNE", self.tr("Search the best hyper-parameters"), False),
            self.tr("Try the grid below on folds inside the training cells, and train with the point of the highest AUC. Takes long."),
        )
        for name, title in (
            ("TUNE_LEARNING_RATES", "Learning rates to try"),
            ("TUNE_HIDDEN_LAYERS", "Hidden layers to try"),
            ("TUNE_UNITS", "Units to try"),
            ("TUNE_BATCH_SIZES", "Batch sizes to try"),
        ):
            self.add(
                QgsProcessingParameterString(name, self.tr(title), TUNING_GRID[name.lower()]),
                self.tr("For the search: values separated by commas."),
                advanced=True,
            )
        self.add(
            QgsProcessingParameterFileDestination("MODEL", self.tr("Model file"), self.tr("Scarp model (*.scarp)")),
            self.tr("The trained model, for “Map susceptibility”."),
        )
        self.add(
            QgsProcessingParameterFileDestination("REPORT", self.tr("Report"), self.tr("HTML (*.html)")),
            self.tr("Training history, ROC curve, confusion matrix and metrics on the test cells."),
        )
        self.addOutput(QgsProcessingOutputNumber("AUC", self.tr("AUC on the test cells")))

    def checkParameterValues(self, parameters: dict[str, Any], context: QgsProcessingContext) -> tuple[bool, str]:
        patch_size = self.parameterAsInt(parameters, "PATCH_SIZE", context)
        if patch_size % 2 == 0:
            return False, self.tr("The patch size must be odd, so that a patch has a centre cell; found {}, try {}.").format(
                patch_size, patch_size + 1
            )
        return super().checkParameterValues(parameters, context)
