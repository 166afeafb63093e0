# SPDX-License-Identifier: GPL-2.0-or-later
"""A Graphical Modeler model that the plugin ships."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsProcessing,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingModelAlgorithm,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
)
from qgis.PyQt.QtGui import QIcon

from ..algorithms.base import COMMON_TAGS, GROUPS, help_of, icon_of
from ..algorithms.bridge import WorkerMissingError, find_python
from ..algorithms.definitions import let_ids_name, numbered
from ..algorithms.inputs import refusal
from ..algorithms.translation import tr

_GROUP = "chain"
# Words that find a model beside those that find all of Scarp.
_TAGS = ("model", "workflow", "chain", "dem", "slope", "wetness", "terrain", "map", "cnn")
# The output that a model is for; a user may leave out any other, and a step that needs it writes a temporary one.
_MAIN = "susceptibility_classes"
# Outputs that are left out unless the user asks for them, so that QGIS does not load them.
_ASIDE = frozenset({"sample_cells", "table_of_classes"})
# Layers that cover others, in their order in the group.
_FROM_BELOW = ("covariates", "susceptibility", "susceptibility_classes")
# Names that say in the results viewer what a report is of.
_TITLES = {"report": "Training report"}


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
        for definition in self.destinationParameterDefinitions():
            name = definition.name()
            if name != _MAIN:
                definition.setFlags(definition.flags() | QgsProcessingParameterDefinition.Flag.FlagOptional)
            if name in _ASIDE:
                definition.setCreateByDefault(False)
            if name in _TITLES:
                definition.setDescription(_TITLES[name])
                self.outputDefinition(name).setDescription(_TITLES[name])
        self.setHelpContent({key: tr(text) for key, text in self.helpContent().items()})
        for each in (*self.parameterDefinitions(), *self.outputDefinitions()):
            each.setDescription(tr(each.description()))
            if isinstance(each, QgsProcessingParameterDefinition):
                each.setHelp(tr(each.help()))
            if isinstance(each, QgsProcessingParameterEnum):
                let_ids_name(each, tr)
                each.setOptions([tr(label) for label in each.options()])

    def checkParameterValues(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext
    ) -> tuple[bool, str]:
        """Refuse layers before any work that a step would refuse after the ones before it."""
        parameters = numbered(self, parameters)
        if why := refusal(self, parameters, context):
            return False, why
        can, reason = super().checkParameterValues(parameters, context)
        return can, reason

    def processAlgorithm(  # noqa: N802
        self, parameters: dict[str, Any], context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> dict[str, Any]:
        """Run the steps; an output that was left out and that a step needs is a temporary one."""
        needed = dict.fromkeys((name for name in self._needed() if not parameters.get(name)), QgsProcessing.TEMPORARY_OUTPUT)
        results: dict[str, Any] = super().processAlgorithm({**numbered(self, parameters), **needed}, context, feedback)
        group = f"{self.displayName()}, {datetime.now():%H:%M:%S}"
        for name, path in results.items():
            if isinstance(path, str) and context.willLoadLayerOnCompletion(path):
                details = context.layerToLoadOnCompletionDetails(path)  # a model takes the group away that its step gave
                details.groupName = group
                details.layerSortKey = len(_FROM_BELOW) if name not in _FROM_BELOW else _FROM_BELOW.index(name)
        return results

    def _needed(self) -> Iterator[str]:
        """Yield the outputs of the model that one of its steps reads."""
        children = self.childAlgorithms().values()
        sources = (source for child in children for given in child.parameterSources().values() for source in given)
        read = {(source.outputChildId(), source.outputName()) for source in sources}
        for child in children:
            for title, output in child.modelOutputs().items():
                if (child.childId(), output.childOutputName()) in read:
                    yield title.lower().replace(" ", "_")  # as QGIS makes names of titles

    def createCustomParametersWidget(self, parent: Any = None) -> Any:  # noqa: N802
        """Return the dialog with its pickers; only a window asks for it."""
        from ..algorithms.dialog import ScarpDialog

        return ScarpDialog(self, parent=parent)

    @property
    def path(self) -> Path:
        """The model's file."""
        return self._path

    def name(self) -> str:
        """Return the fixed part of the id."""
        return re.sub(r"\W", "", super().name()).lower()

    def displayName(self) -> str:  # noqa: N802
        """Return the name that the toolbox shows."""
        return tr(super().name())

    def groupId(self) -> str:  # noqa: N802
        """Return the group of what does several steps."""
        return _GROUP

    def group(self) -> str:
        """Return the name of that group."""
        return tr(GROUPS[_GROUP])

    def icon(self) -> QIcon:
        """Return the icon of its own."""
        return icon_of(self.name())

    def canExecute(self) -> tuple[bool, str]:  # noqa: N802
        """Tell whether the engine is there; QGIS asks a model, not its steps."""
        try:
            find_python()
        except WorkerMissingError as error:
            return False, str(error)
        can, reason = super().canExecute()
        return can, reason

    def tags(self) -> list[str]:
        """Return the words that find it in the toolbox."""
        return [*COMMON_TAGS, *_TAGS]

    def helpUrl(self) -> str:  # noqa: N802
        """Return the address of its page of help."""
        return help_of("models")

    def createInstance(self) -> ShippedModel:  # noqa: N802
        """Return a fresh copy."""
        return ShippedModel(self._path)
