# SPDX-License-Identifier: GPL-2.0-or-later
"""A Graphical Modeler model that the plugin ships."""

from __future__ import annotations

import re
from pathlib import Path

from qgis.core import QgsProcessingModelAlgorithm
from qgis.PyQt.QtCore import QCoreApplication
from qgis.PyQt.QtGui import QIcon

from ..algorithms.base import COMMON_TAGS, GROUPS, help_of, icon_of

_GROUP = "chain"
# Words that find a model beside those that find all of Scarp.
_TAGS = ("model", "workflow", "chain", "dem", "slope", "wetness", "terrain", "map", "cnn")


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
        """Return the group of what does several steps."""
        return _GROUP

    def group(self) -> str:
        """Return the name of that group."""
        return QCoreApplication.translate("Scarp", GROUPS[_GROUP])

    def icon(self) -> QIcon:
        """Return the icon of its own."""
        return icon_of(self.name())

    def tags(self) -> list[str]:
        """Return the words that find it in the toolbox."""
        return [*COMMON_TAGS, *_TAGS]

    def helpUrl(self) -> str:  # noqa: N802
        """Return the address of its page of help."""
        return help_of("models")

    def createInstance(self) -> ShippedModel:  # noqa: N802
        """Return a fresh copy."""
        return ShippedModel(self._path)
