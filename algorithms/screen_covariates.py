# SPDX-License-Identifier: GPL-2.0-or-later
"""Screen covariates."""

from __future__ import annotations

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
