# SPDX-License-Identifier: GPL-2.0-or-later
"""Write what comes from declarations: `docs/parameters.md`, `resources/help`, tables of covariates and of rooms: `make docs`."""

from __future__ import annotations

import ast
import html
import re
import runpy
from math import inf
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()

from scarp.engine import ROOMS
from scarp.engine.declarations.checks import allowed
from scarp.engine.declarations.covariates import DECLARATIONS, Declaration
from scarp.engine.declarations.labels import readable
from scarp.engine.declarations.parameters import RESULTS, TASKS, Parameter, dialog_parameters

PAGE = Path(__file__).with_name("parameters.md")
COVARIATES = Path(__file__).with_name("covariates.md")
HELP = ROOT / "resources" / "help"
ARCHITECTURE = Path(__file__).with_name("architecture.md")
HEAD = """# Parameters

Every parameter of every algorithm, in the order of its dialog. A script gives it by its id, as in
`processing.run("scarp:samplecells", {"RATIO": 2, …})`. A choice takes its id or its number. Advanced parameters are marked with an
asterisk.

<!-- Written by `make docs` from engine/declarations/parameters.py; change it there. -->
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *(_section(task) for task in TASKS)])


def _section(task: str) -> str:
    """Return the part of one algorithm."""
    algorithm = _attributes(task)
    rows = [
        f"## {algorithm['TITLE']} (`scarp:{algorithm['ID']}`)\n",
        "| id | label | kind | default | allowed | what it is |",
        "|---|---|---|---|---|---|",
        *(_row(each) for each in dialog_parameters(task)),
    ]
    results = ", ".join(f"{each.id} ({_inside(each.title)})" for each in RESULTS.get(task, ()))
    return "\n".join([*rows, f"\nIt also gives back {results}." if results else "", ""])


def _inside(title: str) -> str:
    """Return a title as it stands inside a sentence."""
    return title if title[:2].isupper() else title[0].lower() + title[1:]


def _row(declared: Parameter) -> str:
    star = " *" if declared.advanced else ""
    may_be = ", ".join(f"`{id_}` ({label})" for id_, label in declared.table.items()) if declared.table else allowed(declared)
    cells = (f"{declared.id}{star}", declared.label, declared.kind, _default(declared), may_be, declared.help)
    return "| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |"


def _default(declared: Parameter) -> str:
    """Return what counts where nothing is given; choices by their ids, as scripts give them."""
    if declared.required:
        return "must be given"
    if declared.table and declared.default:
        chosen = [declared.default] if isinstance(declared.default, str) else declared.default
        return "all" if chosen == list(declared.table) else ", ".join(f"`{id_}`" for id_ in chosen)
    return readable(declared, declared.default)


def _attributes(task: str) -> dict[str, Any]:
    """Return the plain attributes of a task's algorithm, read from its file, since that needs no QGIS."""
    tree = ast.parse((ROOT / "algorithms" / f"{task}.py").read_text(encoding="utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    plain = [node for node in body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)]
    return {node.targets[0].id: node.value.value for node in plain if isinstance(node.targets[0], ast.Name)}


_STARS = "A script gives a parameter by its id; a choice takes its id or its number. Advanced parameters are marked with an asterisk."
_HTML = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} – Scarp</title><style>
body {{ font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222; background: #fff }}
table {{ border-collapse: collapse }} td, th {{ border: 1px solid #ccc; padding: .3em .6em; text-align: left; vertical-align: top }}
code {{ background: #f2f2f2; padding: 0 .2em }}
</style></head><body>
<!-- Written by `make docs`. -->
<h1>{title}</h1>
{body}
<p>A script gives a parameter by its id; a choice takes its id or its number. Advanced parameters are marked with an asterisk.
The menu Scarp › Tutorial leads to the pages that tell more of methods and inputs.</p>
</body></html>
"""


def algorithm_pages() -> dict[str, str]:
    """Return a page of the site for each algorithm, as Markdown by the fixed part of its id, in the order of the work."""
    pages = {}
    for task in TASKS:
        algorithm = _attributes(task)
        _title, *table = _section(task).splitlines()
        words = [f"# {algorithm['TITLE']}", f"`scarp:{algorithm['ID']}`", algorithm["HELP"]]
        pages[algorithm["ID"]] = "\n\n".join([*words, "## Parameters", _STARS, "\n".join(table).strip()]) + "\n"
    return pages


def help_pages() -> dict[str, str]:
    """Return the pages of help that the dialogs open, by the fixed part of the algorithm's id; `models` is that of the shipped models."""
    pages = {}
    for task in TASKS:
        algorithm = _attributes(task)
        rows = "".join(
            f"<tr><td><code>{each.id}</code>{' *' * each.advanced}</td><td>{html.escape(each.label)}</td>"
            f"<td>{html.escape(_default(each)).replace('`', '')}</td><td>{html.escape(each.help)}</td></tr>\n"
            for each in dialog_parameters(task)
        )
        results = "".join(f"<li><code>{each.id}</code>: {html.escape(each.title)}</li>" for each in RESULTS.get(task, ()))
        words = "".join(f"<p>{html.escape(part)}</p>\n" for part in algorithm["HELP"].split("\n\n"))
        body = (
            f"<p><code>scarp:{algorithm['ID']}</code></p>\n{words}<h2>Parameters</h2>\n"
            f"<table>\n<tr><th>id</th><th>label</th><th>default</th><th>what it is</th></tr>\n{rows}</table>\n"
            + (f"<p>It also gives back:</p><ul>{results}</ul>" if results else "")
        )
        pages[algorithm["ID"]] = _HTML.format(title=html.escape(algorithm["TITLE"]), body=body)
    steps = "".join(f'<li><a href="{each}.html"><code>scarp:{each}</code></a></li>\n' for each in pages)
    words = (
        "<p>The models that Scarp ships chain its algorithms, each with its defaults; its dialog tells what it asks for and gives. "
        "To change a step, make a copy in the Graphical Modeler: every output of one algorithm fits the next one's input.</p>"
    )
    pages["models"] = _HTML.format(title="Several steps at once", body=f"{words}<p>The steps:</p><ul>{steps}</ul>")
    return pages


def covariate_row(declared: Declaration) -> str:
    """Return the row of a covariate."""
    least = "" if declared.low == -inf else f"{declared.low:g}"
    span = f"{least} … {'' if declared.high == inf else f'{declared.high:g}'}".rstrip() if least else ""
    default = "yes" if declared.default and declared.requires == "dem" else ""
    cells = (f"`{declared.name}`", declared.kind, declared.unit, span, declared.requires.upper(), default, declared.source)
    return "| " + " | ".join(cells) + " |"


def covariates() -> str:
    """Return the page of covariates with a table of what is declared; the words around it stay."""
    return _with_rows(
        COVARIATES, "name | kind | unit | range | requires | default | source", [covariate_row(each) for each in DECLARATIONS]
    )


def rooms() -> str:
    """Return the page of the architecture with a table of the engine's rooms; the words around it stay."""
    rows = [f"| `{room}/` | {reason} |" for level in ROOMS for room, reason in level.items()]
    return _with_rows(ARCHITECTURE, "room | what lives there, and why it has walls", rows)


def _with_rows(page: Path, header: str, rows: list[str]) -> str:
    """Return a page with other rows in the table that has this header."""
    head = f"| {header} |\n{'|---' * (header.count('|') + 1)}|\n"
    before, after = page.read_text(encoding="utf-8").split(head)
    return before + head + "\n".join(rows) + "\n" + re.sub(r"\A(?:\|.*\n)*", "", after)


if __name__ == "__main__":
    COVARIATES.write_text(covariates(), encoding="utf-8")
    ARCHITECTURE.write_text(rooms(), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    HELP.mkdir(exist_ok=True)
    for name, text in help_pages().items():
        (HELP / f"{name}.html").write_text(text, encoding="utf-8")
