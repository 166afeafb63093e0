# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages of `docs/` in a window of QGIS: they need no browser that reads Markdown, and no connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qgis.PyQt.QtCore import Qt, QUrl
from qgis.PyQt.QtGui import QImage
from qgis.PyQt.QtWidgets import QDialog, QHBoxLayout, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from ..algorithms.translation import tr

DOCS = Path(__file__).resolve().parents[1] / "docs"


class Pages(QDialog):
    """Shows a page; its links lead to the others, and back."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Scarp")
        self.resize(900, 700)
        self.text = _Browser()
        self.text.setOpenExternalLinks(True)
        back = QPushButton(tr("Back"))
        back.setEnabled(False)
        back.clicked.connect(self.text.backward)
        self.text.backwardAvailable.connect(back.setEnabled)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.close)
        below = QHBoxLayout()
        below.addWidget(back)
        below.addStretch()
        below.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addLayout(below)

    def open_page(self, name: str) -> None:
        """Show the page of this name."""
        self.show()
        self.raise_()
        self.text.setSource(QUrl.fromLocalFile(str(DOCS / f"{name}.md")))


class _Browser(QTextBrowser):
    def loadResource(self, kind: int, name: QUrl) -> Any:  # noqa: N802 (Qt looks for this name)
        """Load what a page names; pictures no wider than the window."""
        if not name.path().endswith(".png"):
            return super().loadResource(kind, name)
        picture = QImage(self.source().resolved(name).toLocalFile())
        widest = self.viewport().width() - 30
        if picture.width() <= widest:
            return picture
        return picture.scaledToWidth(widest, Qt.TransformationMode.SmoothTransformation)
