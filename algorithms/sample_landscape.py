# SPDX-License-Identifier: GPL-2.0-or-later
"""Create sample landscape."""

from __future__ import annotations

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
        "close a model can come to the truth: no model can be expected to predict better than the true susceptibility itself, though by "
        "chance it may on one draw of test cells.\n\n"
        "The same seed makes the same landscape."
    )
