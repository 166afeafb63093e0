# SPDX-License-Identifier: GPL-2.0-or-later
"""What QGIS loads names nothing that Qt 6 lacks: unscoped enumerations, `exec_`, PyQt itself."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = [ROOT / "plugin.py", *(path for room in ("algorithms", "processing_provider") for path in sorted((ROOT / room).glob("*.py")))]
# Members of Qt's own classes that are enumerations' values: capitalised, and reached without the name of their enumeration.
UNSCOPED = re.compile(
    r"^(?:Qt|QFrame|QSizePolicy|QDialogButtonBox|QMessageBox|QToolButton|QPalette|QFont|QProcess|QNetworkProxy)\.[A-Z]\w*$"
)


def found(text):
    """What of this text Qt 6 would refuse."""
    inner = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names]
            module = getattr(node, "module", None) or ""
            if any(name.startswith(("PyQt5", "PyQt6")) for name in (module, *names)):
                yield "import of PyQt itself"
        if isinstance(node, ast.Attribute):
            inner.add(id(node.value))
            if node.attr == "exec_":
                yield "exec_"
            if id(node) not in inner and UNSCOPED.match(ast.unparse(node)):
                yield ast.unparse(node)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_qt6_takes_it(path):
    assert list(found(path.read_text(encoding="utf-8"))) == []


def test_the_check_notices():
    text = "import PyQt5.QtCore\ndialog.exec_()\na = Qt.AlignLeft\nb = Qt.AlignmentFlag.AlignLeft\n"
    assert set(found(text)) == {"import of PyQt itself", "exec_", "Qt.AlignLeft"}
