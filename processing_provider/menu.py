# SPDX-License-Identifier: GPL-2.0-or-later
"""The menu and toolbar entry “Scarp”, and the bar that says where the engine is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import processing
from qgis.core import Qgis, QgsApplication
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QMenu, QPushButton, QToolButton

from ..algorithms.base import RESOURCES
from ..algorithms.translation import tr
from .diagnostics import diagnostics, engine_state
from .pages import Pages
from .results_viewer import as_before, take_reports_without_time
from .start import StartWindow

# What a user with data of their own begins with: the first of these that is there.
_OWN_DATA = ("scarp:susceptibilityfromdemandlandslides", "scarp:preparecovariates")


class ScarpMenu:
    """Adds the entries to a QGIS window, and takes all of them away again."""

    def __init__(self, iface: Any) -> None:
        self._iface = iface
        self._bar: Any = None
        self._window: StartWindow | None = None
        self._pages: Pages | None = None
        self._dialog: Any = None
        icon = QIcon(str(Path(RESOURCES) / "icons" / "scarp.svg"))
        self.menu = QMenu("Scarp", iface.mainWindow())
        self.menu.setIcon(icon)
        self.entries = {
            name: self._entry(name, text, does)
            for name, text, does in (
                ("state", tr("State of the engine…"), self.open_start),
                ("first_map", tr("Make a first map"), self.make_first_map),
                ("own_data", tr("Start with my own data…"), self.open_own_data),
                ("tutorial", tr("Tutorial"), self.open_tutorial),
                ("diagnostics", tr("Copy diagnostics"), self.copy_diagnostics),
            )
        }
        iface.pluginMenu().addMenu(self.menu)
        self._button = QToolButton()
        self._button.setIcon(icon)
        self._button.setToolTip(tr("Scarp: landslide susceptibility"))
        self._button.setMenu(self.menu)
        self._button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._on_toolbar = iface.addToolBarWidget(self._button)
        take_reports_without_time()
        # Once QGIS has drawn its window: looking for the engine may start another Python.
        self._later = QTimer(self.menu)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self.tell_if_missing)
        self._later.start(2000)

    def _entry(self, name: str, text: str, does: Any) -> Any:
        entry = self.menu.addAction(text)
        entry.setObjectName(f"scarp_{name}")
        entry.triggered.connect(lambda *_: does())
        return entry

    def remove(self) -> None:
        """Take everything away."""
        self._later.stop()
        as_before()
        self._close_bar()
        if self._window is not None:
            self._window.stop()
            self._window.close()
            self._window.deleteLater()
        if self._pages is not None:
            self._pages.close()
            self._pages.deleteLater()
        self._iface.removeToolBarIcon(self._on_toolbar)
        self._button.deleteLater()
        self._iface.pluginMenu().removeAction(self.menu.menuAction())
        self.menu.deleteLater()

    def tell_if_missing(self) -> None:
        """Show a bar with a button where there is no engine."""
        ready, state = engine_state()
        if ready or self._bar is not None:
            return
        bar = self._iface.messageBar()
        self._bar = bar.createMessage("Scarp", tr("The engine that Scarp computes in is not ready. {}").format(state))
        button = QPushButton(tr("Install…"))
        button.clicked.connect(lambda *_: self.open_start())
        self._bar.layout().addWidget(button)
        self._bar.destroyed.connect(self._forget_bar)
        bar.pushWidget(self._bar, Qgis.MessageLevel.Warning)

    def _forget_bar(self, *_: Any) -> None:
        self._bar = None

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._iface.messageBar().popWidget(self._bar)
            self._bar = None

    def open_start(self) -> StartWindow:
        """Show the window with the state of the engine."""
        if self._window is None:
            self._window = StartWindow(self._iface.mainWindow(), self._iface)
            self._window.engine_ready.connect(self._close_bar)
            self._window.own_data_wanted.connect(self.open_own_data)
        self._window.refresh()
        self._window.show()
        self._window.raise_()
        return self._window

    def make_first_map(self) -> None:
        """Make a landscape and its map, from one click."""
        self.open_start().make_first_map()

    def open_own_data(self) -> None:
        """Open the dialog that asks for a DEM and landslides."""
        registry = QgsApplication.processingRegistry()
        name = next(each for each in _OWN_DATA if registry.algorithmById(each) is not None)
        self._dialog = processing.createAlgorithmDialog(name, {})
        self._dialog.show()

    def open_tutorial(self) -> None:
        """Open the tutorial, from which links lead to all other pages."""
        if self._pages is None:
            self._pages = Pages(self._iface.mainWindow())
        self._pages.open_page("tutorial")

    def copy_diagnostics(self) -> None:
        """Put on the clipboard what a report of a fault needs."""
        QgsApplication.clipboard().setText(diagnostics())
        self._iface.messageBar().pushMessage("Scarp", tr("Diagnostics are on the clipboard: paste them into your report."))
