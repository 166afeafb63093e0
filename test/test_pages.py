# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages that are written from declarations are what they would be written as today."""

import runpy
from pathlib import Path

import pytest
from scarp.engine.declarations.parameters import TASKS, dialog_parameters

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_page_of_parameters_is_up_to_date():
    found = (DOCS / "parameters.md").read_text(encoding="utf-8")
    assert found == runpy.run_path(str(DOCS / "make_pages.py"))["page"](), "run make docs"
    for task in TASKS:
        for each in dialog_parameters(task):
            assert f"| {each.id}{' *' * each.advanced} | {each.label} |" in found
    assert "| OPTIMIZER * | Optimizer | choice | `adam` | `adam` (Adam), `sgd` (SGD)," in found
    assert "| PATCH_SIZE | Patch size (cells) | integer | 15 cells | an odd whole number from 1 to 101 cells |" in found


@pytest.mark.parametrize(("page", "made_by"), [("covariates.md", "covariates"), ("architecture.md", "rooms")])
def test_the_tables_in_pages_are_up_to_date(page, made_by):
    assert (DOCS / page).read_text(encoding="utf-8") == runpy.run_path(str(DOCS / "make_pages.py"))[made_by](), "run make docs"


def test_every_algorithm_has_its_page_of_help():
    """And no page is left of one that is gone."""
    made = runpy.run_path(str(DOCS / "make_pages.py"))["help_pages"]()
    folder = DOCS.parent / "resources" / "help"
    assert {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.html")} == made, "run make docs"
    assert set(made) == {task.replace("_", "") for task in TASKS} | {"models"}
    assert "<td><code>PATCH_SIZE</code></td><td>Patch size (cells)</td><td>15 cells</td>" in made["traincnndnn"]
