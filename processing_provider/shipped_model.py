# SPDX-License-Identifier: GPL-2.0-or-later
"""A Graphical Modeler model that the plugin ships."""

from __future__ import annotations

import re
from pathlib import Path

from qgis.core import QgsProcessingModelAlgorithm
from qgis.PyQt.QtGui import QIcon

_GROUP = ("map", "3. Map")


class ShippedModel(QgsProcessingModelAlgorithm):
    """A model file as an algorithm whose id is the model's name without blanks, in lower case.

    Raises
    ------
    ValueError
        If the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        if not self.fromFile(str(path)):
            raise ValueError(f"The model {path} cannot be read")
        self.setSourceFilePath(str(path))

    def name(self) -> str:
        """Return the fixed part of the id."""
        return re.sub(r"\W", "", super().name()).lower()

    def displayName(self) -> str:  # noqa: N802
        """Return the name that the toolbox shows."""
        return super().name()

    def groupId(self) -> str:  # noqa: N802
        """Return the group of the algorithms that make maps."""
        return _GROUP[0]

    def group(self) -> str:
        """Return the name of that group."""
        return _GROUP[1]

    def icon(self) -> QIcon:
        """Return Scarp's icon."""
        return QIcon(str(self._path.parents[1] / "icons" / "scarp.svg"))

    def createInstance(self) -> ShippedModel:  # noqa: N802
        """Return a fresh copy."""
        return ShippedModel(self._path)
