# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports go only downwards: plugin, provider, algorithms, engine, models."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STANDARD = sys.stdlib_module_names
# Which of the plugin's rooms each room may import.
MAY = {
    "processing_provider": {"processing_provider", "algorithms"},
    "algorithms": {"algorithms", "engine", "models"},
    "engine": {"engine", "models"},
    "models": {"models"},
}


def imports(path):
    """Absolute names of what a file imports; the plugin's own begin with `scarp.`."""
    package = ["scarp", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield stem
            if node.level:
                yield from (f"{stem}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("room", MAY)
def test_arrows_only_go_down(room):
    for path in (ROOT / room).rglob("*.py"):
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "scarp" and len(parts) > 1:
                assert parts[1] in MAY[room], f"{path} imports {name}"
            if room in ("engine", "models"):
                assert parts[0] not in ("qgis", "PyQt5", "PyQt6", "processing"), f"{path} imports {name}"


def test_algorithms_read_only_tables_of_the_engine():
    """What QGIS imports of engine and models imports nothing but the standard library."""
    for path in (ROOT / "algorithms").rglob("*.py"):
        for name in imports(path):
            parts = name.split(".")
            if parts[0] == "scarp" and parts[1] in ("engine", "models") and len(parts) > 2:
                table = ROOT.joinpath(*parts[1:3]).with_suffix(".py")
                tree = ast.parse(table.read_text(encoding="utf-8"))
                top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
                for node in top:
                    assert isinstance(node, ast.Import) or node.level == 0, f"{table} imports its neighbours"
                    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
                    assert {each.split(".")[0] for each in names} <= STANDARD, f"{table} imports {names}"


def test_engine_and_models_import_where_qgis_does_not_exist():
    code = (
        "import importlib, pathlib, runpy, sys\n"
        "sys.modules['qgis'] = None\n"
        "root = pathlib.Path(sys.argv[1])\n"
        "runpy.run_path(str(root / 'engine' / '__main__.py'), run_name='launch')['register_package']()\n"
        "for room in ('engine', 'models'):\n"
        "    for path in (root / room).rglob('*.py'):\n"
        "        if path.stem not in ('__main__', '__init__'):\n"
        "            importlib.import_module('.'.join(['scarp', *path.relative_to(root).with_suffix('').parts]))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(ROOT)], check=True, capture_output=True)


def test_nothing_reads_pickles():
    for room in MAY:
        for path in (ROOT / room).rglob("*.py"):
            assert not {"pickle", "joblib.load", "dill"} & set(imports(path)), path
