# SPDX-License-Identifier: GPL-2.0-or-later
"""“Save a copy to my models” in the toolbox's menu of a shipped model: QGIS edits only models of the user's own."""

from __future__ import annotations

from pathlib import Path

from processing.gui.ContextAction import ContextAction
from processing.modeler.ModelerUtils import ModelerUtils
from qgis.core import Qgis, QgsApplication, QgsProcessingModelAlgorithm
from qgis.PyQt.QtGui import QIcon
from qgis.utils import iface

from ..algorithms.translation import tr
from .shipped_model import ShippedModel


class CopyModelAction(ContextAction):
    """Copies a shipped model into the folder of the user's models, where it can be edited."""

    def __init__(self) -> None:
        super().__init__()
        self.name = tr("Save a copy to my models")

    def icon(self) -> QIcon:
        """Return QGIS's own icon for saving."""
        return QgsApplication.getThemeIcon("/mActionFileSaveAs.svg")

    def isEnabled(self) -> bool:  # noqa: N802 (QGIS looks for this name)
        """Tell whether the entry is a model that Scarp ships."""
        return isinstance(self.itemData, ShippedModel)

    def execute(self) -> None:
        """Copy it and say where it is."""
        own, path = copy_model(self.itemData)
        if iface is not None:
            text = tr("“{}” is now among your models (Models, group Scarp), ready to be edited: {}")
            iface.messageBar().pushMessage("Scarp", text.format(own, path), Qgis.MessageLevel.Success)


def copy_model(model: ShippedModel) -> tuple[str, Path]:
    """Copy a shipped model into the folder of the user's models under a name and a file that are free, and return both.

    QGIS finds models by their names: of two that have the same it shows one.
    """
    folder = Path(ModelerUtils.modelsFolders()[0])
    folder.mkdir(parents=True, exist_ok=True)
    stem = model.path.stem
    names = (stem if number == 1 else f"{stem}_{number}" for number in range(1, 10**6))
    number, path = next(each for each in enumerate((folder / f"{name}.model3" for name in names), 1) if not each[1].exists())
    own = QgsProcessingModelAlgorithm()
    own.fromFile(str(model.path))
    own.setName((tr("{} (copy)") if number == 1 else tr("{} (copy {})")).format(model.displayName(), number))
    own.toFile(str(path))
    provider = QgsApplication.processingRegistry().providerById("model")
    if provider is not None:
        provider.refreshAlgorithms()
    return own.name(), path
