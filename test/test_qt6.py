# SPDX-License-Identifier: GPL-2.0-or-later
"""What QGIS loads names nothing that Qt 6 lacks, as QGIS's own migration script looks for it, by reading the code alone.

Unscoped enumerations of any class of Qt, `exec_`, PyQt itself, classes that moved or are gone, types of QVariant.
"""

import ast
import importlib
from enum import Enum
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [ROOT / "plugin.py", *(path for room in ("algorithms", "processing_provider") for path in sorted((ROOT / room).glob("*.py")))]
# Classes that Qt 6 has in another module, or no longer.
MOVED = {"QAction", "QActionGroup", "QShortcut", "QUndoCommand", "QUndoStack", "QFileSystemModel"}
GONE = {"QRegExp", "QDesktopWidget", "QSignalMapper", "QStringRef", "QTextCodec", "QMatrix"}


def is_unscoped(module, name, member):
    """Tell whether `name.member` is a value of an enumeration, reached without the enumeration's name."""
    owner = getattr(importlib.import_module(module), name, None)
    value = getattr(owner, member, None)
    is_class = isinstance(owner, type) and not issubclass(owner, (int, Enum))
    return is_class and isinstance(value, (int, Enum)) and type(value) not in (int, bool)


def found(text):
    """What of this text Qt 6 would refuse."""
    tree, qt = ast.parse(text), {}
    # What only older versions of QGIS come to.
    choices = [node for node in ast.walk(tree) if isinstance(node, ast.IfExp) and "versionInt" in ast.unparse(node.test)]
    old = {id(node) for choice in choices for node in ast.walk(choice.orelse)}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            module = getattr(node, "module", None) or ""
            if any(name.startswith(("PyQt5", "PyQt6")) for name in (module, *names)):
                yield "import of PyQt itself"
            if module.startswith("qgis.PyQt"):
                qt.update(dict.fromkeys(names, module))
                yield from (name for name in names if name in MOVED | GONE)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in old:
            if node.attr == "exec_":
                yield "exec_"
            name = getattr(node.value, "id", "")
            if name in qt and (name == "QVariant" or is_unscoped(qt[name], name, node.attr)):
                yield ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_qt6_takes_it(path):
    pytest.importorskip("qgis.PyQt.QtCore")
    assert list(found(path.read_text(encoding="utf-8"))) == []


def test_the_check_notices():
    pytest.importorskip("qgis.PyQt.QtCore")
    text = (
        "import PyQt5.QtCore\nfrom qgis.PyQt.QtCore import Qt, QEvent, QVariant, QRegExp\nfrom qgis.PyQt.QtWidgets import QAction, QFrame\n"
        "dialog.exec_()\na = Qt.AlignLeft\nb = Qt.AlignmentFlag.AlignLeft\nc = QEvent.KeyPress\nd = QFrame.HLine\ne = QVariant.Int\n"
        "f = QFrame.Shape.HLine\ng = 1 if Qgis.versionInt() >= 33800 else QVariant.Int\n"
    )
    assert sorted(found(text)) == sorted(
        ["import of PyQt itself", "QRegExp", "QAction", "exec_", "Qt.AlignLeft", "QEvent.KeyPress", "QFrame.HLine", "QVariant.Int"]
    )
