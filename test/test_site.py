# SPDX-License-Identifier: GPL-2.0-or-later
"""The site of docs/ builds without a warning, holds every page, and needs nothing from elsewhere."""

import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scarp.engine.declarations.parameters import TASKS, dialog_parameters

pytest.importorskip("mkdocs")
ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = runpy.run_path(str(ROOT / "docs" / "site_hooks.py"))["OUTSIDE"]


def build(config, output):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", str(config), "--site-dir", str(output)]
    return subprocess.run(command, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    output = tmp_path_factory.mktemp("site")
    run = build(ROOT / "mkdocs.yml", output)
    assert run.returncode == 0, run.stdout + run.stderr
    return output


def test_every_page_and_every_algorithm_is_there(site):
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {path.stem for path in site.glob("*.html")} == pages | {"404", *(page[:-3] for page in OUTSIDE)}
    assert {path.stem for path in (site / "algorithms").glob("*.html")} == {task.replace("_", "") for task in TASKS}
    training = (site / "algorithms" / "traincnndnn.html").read_text(encoding="utf-8")
    assert [each.id for each in dialog_parameters("train_cnn_dnn") if f"<td>{each.id}" not in training] == []
    assert "<td>15 cells</td>" in training


def test_the_first_page_is_the_readme_and_its_links_hold(site):
    first = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="architecture.html"' in first and 'href="contributing.html"' in first and 'src="images/sample-map.png"' in first
    assert (site / "images" / "sample-map.png").is_file()


def test_equations_are_shown_and_nothing_comes_from_elsewhere(site):
    method = (site / "method.html").read_text(encoding="utf-8")
    assert method.count("<blockquote>") == 12 and "<em>z</em><sub>ij</sub> = (<em>x</em><sub>ij</sub> − <em>x̄</em><sub>j</sub>)" in method
    for page in site.rglob("*.html"):
        assert re.findall(r'(?:src|<link rel="(?:stylesheet|preconnect)" href)="(https?:[^"]+)"', page.read_text(encoding="utf-8")) == []


def test_equations_are_read_as_they_are_written():
    """QGIS shows the pages of docs/ by itself, and no TeX."""
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / name for name in OUTSIDE.values())]
    tex = re.compile(r"\$\$|\\(frac|sum|mathrm)|\$[^$`\n]*[\\^_][^$`\n]*\$")
    assert [page.name for page in pages if tex.search(page.read_text(encoding="utf-8"))] == []


def test_a_link_that_leads_nowhere_is_an_error(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path / "mkdocs.yml")
    for name in OUTSIDE.values():
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("engine", "models", "algorithms", "resources"):
        (tmp_path / name).symlink_to(ROOT / name)
    with (tmp_path / "docs" / "data.md").open("a", encoding="utf-8") as page:
        page.write("\n[nothing](nowhere.md)\n")
    run = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert run.returncode != 0 and "nowhere.md" in run.stdout + run.stderr


def test_pictures_of_the_tutorial_are_small():
    pictures = re.findall(r"!\[[^]]+\]\((images/[^)]+)\)", (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
    assert len(pictures) >= 5
    assert [name for name in pictures if (ROOT / "docs" / name).stat().st_size > 200_000] == []
