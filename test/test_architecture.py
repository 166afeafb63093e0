# SPDX-License-Identifier: GPL-2.0-or-later
"""Imports go only downwards: plugin, provider, algorithms, engine, models."""

import ast
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from scarp.engine import ROOMS

ROOT = Path(__file__).resolve().parents[1]
STANDARD = sys.stdlib_module_names
# Which of the plugin's rooms each room may import.
MAY = {
    "processing_provider": {"processing_provider", "algorithms"},
    "algorithms": {"algorithms", "engine", "models"},
    "engine": {"engine", "models"},
    "models": {"models"},
}


def imports(path, *, later=True):
    """Absolute names of what a file imports, without what its functions import `later`; the plugin's own begin with `scarp.`."""
    package = ["scarp", *path.relative_to(ROOT).parent.parts]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {each for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for each in ast.walk(node)}
    for node in ast.walk(tree):
        if not later and node in inner:
            continue
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


def levels():
    """The level of each room of the engine, 0 at the top."""
    return {room: level for level, rooms in enumerate(ROOMS) for room in rooms}


def test_every_folder_of_the_engine_is_in_the_table():
    folders = {path.name for path in (ROOT / "engine").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(levels())


@pytest.mark.parametrize("room", levels())
def test_rooms_of_the_engine_import_only_lower_ones(room):
    level = levels()
    for path in (ROOT / "engine" / room).rglob("*.py"):
        for name in imports(path):
            parts = name.split(".")
            if parts[:2] != ["scarp", "engine"] or len(parts) < 3 or parts[2] == room:
                continue
            if parts[2] in level:
                assert level[parts[2]] > level[room], f"{path} imports {name}, which is not below {room}"
            else:
                assert (ROOT / "engine" / f"{parts[2]}.py").is_file(), f"{path} imports {name}"
                assert parts[2] not in ("worker", "__main__"), f"{path} imports {name}"


def test_files_beside_the_rooms_import_none_but_declarations():
    """All rooms may use them; the worker alone finds tasks, by name."""
    for path in (ROOT / "engine").glob("*.py"):
        for name in imports(path):
            parts = name.split(".")
            if parts[:2] == ["scarp", "engine"] and len(parts) > 2 and parts[2] in levels() and path.stem != "worker":
                assert parts[2] == "declarations", f"{path} imports {name}"


def test_declarations_import_the_standard_library_only():
    for path in (ROOT / "engine" / "declarations").rglob("*.py"):
        for name in imports(path):
            parts = name.split(".")
            assert parts[0] in STANDARD or parts[:3] == ["scarp", "engine", "declarations"] or parts[:2] == ["scarp", "models"], path


def file_of(name):
    """The file of a module of the engine or the models, if it is one."""
    parts = name.split(".")
    path = ROOT.joinpath(*parts[1:])
    found = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return found if parts[0] == "scarp" and parts[1:2] in (["engine"], ["models"]) and found.is_file() else None


def test_algorithms_read_only_tables_of_the_engine():
    """What QGIS loads of engine and models imports nothing but the standard library, however far one follows it."""
    waiting = {found for path in (ROOT / "algorithms").rglob("*.py") for name in imports(path) if (found := file_of(name))}
    seen = set()
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for name in imports(path, later=False):
            assert name.split(".")[0] in STANDARD | {"scarp"}, f"{path}, which QGIS loads, imports {name}"
            found = file_of(name)
            waiting |= {found} - seen if found else set()
    assert len(seen) > 3


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


def test_the_picture_shows_the_rooms_as_they_are():
    """`python3 docs/draw_rooms.py` draws it anew."""
    draw = runpy.run_path(str(ROOT / "docs" / "draw_rooms.py"))
    assert draw["PICTURE"].read_text(encoding="utf-8") == draw["picture"]()
    drawn = set(draw["arrows"](draw["imports"]()))
    assert {("tasks", "landscape"), ("benchmark", "learning"), ("learning", "samples")} <= drawn
    assert not drawn & {("tasks", "files"), ("covariates", "samples")}


def test_spatial_references_are_made_in_one_place():
    """Elsewhere the order of axes would be forgotten: `grid.reference_of` sets easting before northing."""
    for room in MAY:
        for path in (ROOT / room).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            made = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and ast.unparse(each.func).endswith("SpatialReference")]
            made = [each for each in made if not ast.unparse(each.func).endswith("GetSpatialReference")]
            allowed = path == ROOT / "engine" / "files" / "grid.py"
            assert len(made) == allowed, [f"{path}:{each.lineno}" for each in made]
