# SPDX-License-Identifier: GPL-2.0-or-later
"""Train CNN–DNN."""

from __future__ import annotations

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
