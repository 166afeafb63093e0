# SPDX-License-Identifier: GPL-2.0-or-later
"""Create sample landscape."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProcessingContext

from ..engine.declarations.parameters import RESULTS
from .base import ScarpAlgorithm
from .results import present, save_look

# Those that cover no other, from below.
_VISIBLE = ("FAULTS", "ROADS", "SETTLEMENTS", "INVENTORY")


class SampleLandscape(ScarpAlgorithm):
    """Make a synthetic landscape with landslides whose true susceptibility is known."""

    ID = "samplelandscape"
    TITLE = "Create sample landscape"
    GROUP = "setup"
    TAGS = "synthetic example demo test truth landslide inventory dem"
    TASK = "sample_landscape"
    HELP = (
        "Makes a synthetic mountain landscape with everything that a landslide susceptibility study starts from, and an inventory "
        "of landslides drawn from a susceptibility that is known. Use it to learn Scarp, and to see how "
        "close a model can come to the truth: no model can be expected to predict better than the true susceptibility itself, though by "
        "chance it may on one draw of test cells.\n\n"
        "The same seed makes the same landscape."
    )

    def show(self, result: dict[str, Any], ground: str, context: QgsProcessingContext) -> None:
        """Load every layer, which a folder as output would not: landslides and lines over the hillshade, the others switched off."""
        save_look("susceptibility", result["truth"])
        if context.project() is None:
            return
        for each in RESULTS[self.TASK]:
            if each.kind not in ("raster", "vector"):
                continue
            path = result[each.id.lower()]
            context.addLayerToLoadOnCompletion(path, QgsProcessingContext.LayerDetails(self.tr(each.title), context.project(), each.id))
            look = {"TRUTH": "susceptibility", "INVENTORY": "landslides"}.get(each.id, "")
            order = 5 + _VISIBLE.index(each.id) if each.id in _VISIBLE else 0
            present(path, context, self.displayName(), look=look, ground=result["dem"], hidden=not order, order=order)
