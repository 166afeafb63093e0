# SPDX-License-Identifier: GPL-2.0-or-later
"""The provider: Scarp's place in the Processing Toolbox."""

from __future__ import annotations

from pathlib import Path

from processing.core.ProcessingConfig import ProcessingConfig, Setting
from processing.gui.ProviderActions import ProviderContextMenuActions
from qgis.core import QgsProcessingProvider
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..algorithms import ALGORITHMS
from ..algorithms.bridge import SETTING
from ..algorithms.translation import load_translation, tr
from .copy_model import CopyModelAction
from .shipped_model import ShippedModel

RESOURCES = Path(__file__).resolve().parents[1] / "resources"


class ScarpProvider(QgsProcessingProvider):
    """Registers `algorithms.ALGORITHMS` and the Graphical Modeler models in `resources/models`."""

    def __init__(self) -> None:
        super().__init__()
        self._translator = load_translation()  # before anything that has a text
        self._actions = [CopyModelAction()]

    def id(self) -> str:
        """Return the identifier that ids of algorithms begin with."""
        return "scarp"

    def name(self) -> str:
        """Return the name that the toolbox shows."""
        return "Scarp"

    def longName(self) -> str:  # noqa: N802
        """Return the name with what it is for."""
        return tr("Scarp – landslide susceptibility mapping")

    def icon(self) -> QIcon:
        """Return the icon that the toolbox shows."""
        return QIcon(str(RESOURCES / "icons" / "scarp.svg"))

    def load(self) -> bool:
        """Add the settings page and the algorithms."""
        ProcessingConfig.settingIcons[self.name()] = self.icon()
        ProcessingConfig.addSetting(
            Setting(
                self.name(),
                SETTING,
                tr("Python interpreter (empty: the engine that Scarp installs)"),
                "",
                valuetype=Setting.FILE,
            )
        )
        ProcessingConfig.readSettings()
        ProviderContextMenuActions.registerProviderContextMenuActions(self._actions)
        self.refreshAlgorithms()
        return True

    def unload(self) -> None:
        """Take the settings page away."""
        ProviderContextMenuActions.deregisterProviderContextMenuActions(self._actions)
        ProcessingConfig.removeSetting(SETTING)
        ProcessingConfig.settingIcons.pop(self.name(), None)
        if self._translator is not None:
            QCoreApplication.removeTranslator(self._translator)

    def loadAlgorithms(self) -> None:  # noqa: N802
        """Add every algorithm, then the models that chain them."""
        for algorithm in ALGORITHMS:
            self.addAlgorithm(algorithm())
        for path in sorted((RESOURCES / "models").glob("*.model3")):
            self.addAlgorithm(ShippedModel(path))

    def supportedOutputVectorLayerExtensions(self) -> list[str]:  # noqa: N802
        """Return the vector formats that the worker writes; QGIS counts tables among them."""
        return ["gpkg", "shp", "csv", "xlsx"]

    def supportedOutputTableExtensions(self) -> list[str]:  # noqa: N802
        """Return the table formats that the worker writes."""
        return ["csv", "gpkg", "xlsx"]

    def supportedOutputRasterLayerExtensions(self) -> list[str]:  # noqa: N802
        """Return the raster formats that the worker writes."""
        return ["tif", "tiff"]

    def defaultVectorFileExtension(self, hasGeometry: bool = True) -> str:  # noqa: N802, N803
        """Return the format of a temporary vector output."""
        return "gpkg" if hasGeometry else "csv"

    def defaultRasterFileExtension(self) -> str:  # noqa: N802
        """Return the format of a temporary raster output."""
        return "tif"

    def supportsNonFileBasedOutput(self) -> bool:  # noqa: N802
        """Return False: the worker writes files."""
        return False
