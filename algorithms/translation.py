# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts in the user's language: one context, `Scarp`, for literals here and for what the engine declares."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QCoreApplication, QLocale, QTranslator

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "translations"
CONTEXT = "Scarp"


def tr(text: str) -> str:
    """Return a text in the language that QGIS is set to, or as it is where nobody translated it."""
    return QCoreApplication.translate(CONTEXT, text)


def load_translation(locale: str = "") -> QTranslator | None:
    """Install the translation for a locale, by default the one that QGIS is set to; return it, or None where there is none."""
    translator = QTranslator()
    if not translator.load(QLocale(locale or QgsApplication.instance().locale()), "scarp", "_", str(FOLDER)):
        return None
    QCoreApplication.installTranslator(translator)
    return translator
