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
        "training history and how well the model ranks landslides that it never saw, as an AUC: how often a landslide gets the higher "
        "susceptibility of a landslide and a place without (0.5 is chance, 1 perfect).\n\n"
        "Give a landslide inventory as it is (cells without landslides are then drawn with the defaults of “Sample landslide and "
        "non-landslide cells”), or sample cells with the field that tells landslides. The defaults suit most areas."
    )
