# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin: adds the Scarp provider to Processing, and takes it away again."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsApplication

from .processing_provider.provider import ScarpProvider


class ScarpPlugin:
    """What QGIS loads and unloads; `qgis_process` calls only `initProcessing`."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._provider: ScarpProvider | None = None
        self._menu: Any = None

    def initProcessing(self) -> None:  # noqa: N802 (QGIS looks for this name)
        """Register the provider."""
        self._provider = ScarpProvider()
        QgsApplication.processingRegistry().addProvider(self._provider)
        # Models know their outputs only once the registry knows the algorithms that they chain.
        self._provider.refreshAlgorithms()

    def initGui(self) -> None:  # noqa: N802 (QGIS looks for this name)
        """Register the provider, and add the menu and toolbar entry."""
        from .processing_provider.menu import ScarpMenu  # `qgis_process` has no windows

        self.initProcessing()
        self._menu = ScarpMenu(self._iface)

    def unload(self) -> None:
        """Take away what was added, in the reverse order."""
        if self._menu is not None:
            self._menu.remove()
            self._menu = None
        if self._provider is not None:
            QgsApplication.processingRegistry().removeProvider(self._provider)
            self._provider = None
