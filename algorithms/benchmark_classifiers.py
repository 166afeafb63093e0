# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmark classifiers."""

from __future__ import annotations

from .base import ScarpAlgorithm


class BenchmarkClassifiers(ScarpAlgorithm):
    """Compare the CNN–DNN with other classifiers on the same cells and folds."""

    ID = "benchmarkclassifiers"
    TITLE = "Benchmark classifiers"
    GROUP = "model"
    TAGS = "benchmark compare svm logistic regression naive bayes mlp decision tree random forest cross-validation spatial roc auc"
    TASK = "benchmark_classifiers"
    SHOWN = (("FOLD_CELLS", "cells"),)
    HELP = (
        "Makes the evaluation of Azarafza et al. (2021) on your own data: the CNN–DNN and other classifiers learn from the same cells "
        "in the same folds (parts of the cells that take turns in testing), the settings of each are searched inside the training part of "
        "each fold, and every metric of that study is reported with its uncertainty and a test of whether the CNN–DNN is really better or "
        "worse.\n\n"
        "Random folds flatter, since the test cells have neighbours among the training cells; folds of whole spatial blocks tell how well "
        "a model does on ground that it has not seen. Both are shown side by side. The best model is fitted to all cells but those of "
        "a test inventory and can be mapped with “Map susceptibility”."
    )
