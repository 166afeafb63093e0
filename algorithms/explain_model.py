# SPDX-License-Identifier: GPL-2.0-or-later
"""Explain model."""

from __future__ import annotations

from .base import ScarpAlgorithm


class ExplainModel(ScarpAlgorithm):
    """Tell what a model goes by."""

    ID = "explainmodel"
    TITLE = "Explain model"
    GROUP = "model"
    TAGS = (
        "explain why importance permutation partial dependence accumulated local effects response curve shapley shap attribution "
        "contribution dominant factor"
    )
    TASK = "explain_model"
    SHOWN = (("DOMINANT", "dominant"),)
    HELP = (
        "Tells what a model goes by, a network as well as any classifier of the benchmark. Importance: by how much the AUC falls "
        "on landslides "
        "that the model has not seen, once a covariate, or a group of them, tells it of other ground. Since the model may know the "
        "landslides "
        "of the inventory, models like it are fitted anew without those of a part of the area; say so (“These landslides”) if it was "
        "trained without them, which is much quicker.\n\n"
        "The report also draws how susceptibility responds to each covariate. With a point it tells what makes the susceptibility "
        "there; the "
        "raster of the strongest factor tells for each cell what does most to make it more, or less, susceptible than average ground.\n\n"
        "What a model goes by need not be what causes landslides. What each figure means tells the page “What a model goes by” (menu "
        "Scarp › Tutorial)."
    )
