# SPDX-License-Identifier: GPL-2.0-or-later
"""Bring `resources/translations` up to date, in QGIS's own Python: `make strings`.

Every text that QGIS shows is gathered: literals in `tr(…)`, titles and help of algorithms, what the engine declares, the models. A `.ts`
keeps the translations of texts that are still there; new ones are marked unfinished. Then Qt's `lrelease` writes the `.qm` that QGIS loads
(Debian: `qttools5-dev-tools`).
"""

from __future__ import annotations

import ast
import runpy
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET  # nosec B405 (files of the project alone)
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "resources" / "translations"
CONTEXT = "Scarp"
# What algorithms name themselves by.
_ATTRIBUTES = ("TITLE", "HELP")


def sources() -> list[str]:
    """Return every text that can be translated, sorted."""
    return sorted({*_literals(), *_declared(), *_models()} - {""})


def _literals() -> set[str]:
    """Return the literals that the code hands to `tr`, and the names, groups and help of algorithms."""
    found = set()
    for path in sorted([*(ROOT / "algorithms").glob("*.py"), *(ROOT / "processing_provider").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "tr":
                found |= {each.value for each in node.args[:1] if isinstance(each, ast.Constant)}
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in _ATTRIBUTES:
                found.add(ast.literal_eval(node.value))
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("GROUPS", "_TITLES"):
                found |= set(ast.literal_eval(node.value).values())
    return found


def _declared() -> set[str]:
    """Return the texts of the engine's declarations."""
    runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()
    from scarp.engine.declarations.parameters import RESULTS, TASKS, dialog_parameters

    found = {each.title for results in RESULTS.values() for each in results}
    for task in TASKS:
        for each in dialog_parameters(task):
            found |= {each.label, each.help, each.files, each.nothing, *(each.table or {}).values()}
    return found


def _models() -> set[str]:
    """Return the texts of the shipped models."""
    made = runpy.run_path(str(ROOT / "docs" / "make_models.py"))
    found = {each.description() for each in made["inputs"]().values()}
    for model in made["models"]():
        found |= {model.name, model.text, *dict(model.help).values(), *(title for step in model.steps for title in step.gives.values())}
    return found


def read(path: Path) -> dict[str, str]:
    """Return the translations of a `.ts` by source; unfinished ones are empty."""
    root = ET.parse(path).getroot()  # nosec B314
    return {message.findtext("source") or "": message.findtext("translation") or "" for message in root.iter("message")}


def write(path: Path, translations: dict[str, str]) -> None:
    """Write a `.ts`, one message a text."""
    root = ET.Element("TS", version="2.1", language=path.stem.partition("_")[2], sourcelanguage="en")
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = CONTEXT
    for source in sorted(translations):
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "source").text = source
        translation = ET.SubElement(message, "translation")
        if translations[source]:
            translation.text = translations[source]
        else:
            translation.set("type", "unfinished")
    ET.indent(root, "")
    text = ET.tostring(root, encoding="unicode")
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{text}\n', encoding="utf-8")


def main() -> None:
    """Bring every `.ts` up to date, and write its `.qm`."""
    wanted = sources()
    for path in sorted(FOLDER.glob("scarp_*.ts")):
        kept = read(path)
        translations = {source: kept.get(source, "") for source in wanted}
        write(path, translations)
        missing = [source for source, translation in translations.items() if not translation]
        sys.stdout.write(f"{path.name}: {len(translations)} texts, {len(missing)} not translated\n")
        if not shutil.which("lrelease"):
            sys.exit("Qt's lrelease writes the .qm: on Debian, apt install qttools5-dev-tools")
        subprocess.run(["lrelease", "-silent", str(path), "-qm", str(path.with_suffix(".qm"))], check=True)


if __name__ == "__main__":
    main()
