# SPDX-License-Identifier: GPL-2.0-or-later
"""What README, Makefile, requirements and docs say is so."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from scarp.engine.environment import DISTRIBUTIONS

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").glob("*.md")))]
# Every line of these files asks for one package, in a range, with the reason.
REQUIREMENT = re.compile(r"^(?P<name>[\w-]+)>=[\d.]+,<\d+(; [^#]*)? *# \w.*$")  # where, if not everywhere


def text(file):
    return (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_have_a_range_and_a_reason(file):
    lines = [line for line in text(file).splitlines() if not line.startswith("#")]
    assert [line for line in lines if not REQUIREMENT.match(line)] == []


def test_requirements_are_the_packages_of_the_engine():
    """GDAL is QGIS's own, and tensorflow brings keras."""
    asked = {match["name"] for line in text("requirements.txt").splitlines() if (match := REQUIREMENT.match(line))}
    assert asked == set(DISTRIBUTIONS.values()) - {"GDAL", "keras"}


def test_targets_of_the_makefile_are_phony_and_told_of():
    makefile = text("Makefile")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert targets == set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    assert targets - set(re.findall(r"^([a-z-]+):.*##? \w", makefile, re.MULTILINE)) == set()
    named = {name for page in [*PAGES, ".ci/run"] for name in re.findall(r"(?:`| {4}|^)make ([a-z-]+)", text(page), re.MULTILINE)}
    assert named >= {"demo", "test", "package", "check"}
    assert named <= targets


def recipe(target):
    """The lines of a target of the Makefile."""
    return re.search(rf"^{target}:.*\n((?:\t.*\n)*)", text("Makefile"), re.MULTILINE)[1]


def test_all_tests_are_run_and_every_tool_that_is_asked_for_checks():
    """What continuous integration runs is what developers run, and it ends at the first thing that fails."""
    runs = [line.split("pytest ", 1)[1].split() for line in recipe("test").splitlines() if "pytest" in line]
    given = [word for words in runs for word in words if word.startswith("test")]
    for path in (ROOT / "test").rglob("test_*.py"):
        name = str(path.relative_to(ROOT))
        assert sum(name == each or name.startswith(f"{each}/") or (fnmatch(name, each) and "/" not in name[5:]) for each in given) == 1, (
            name
        )
    checks = recipe("check")
    for tool in ("ruff check .", "ruff format --check .", "mypy", "flake8", "bandit --quiet --recursive .", "detect-secrets-hook"):
        assert f"$(DEV)/{tool}" in checks, tool
    assert "$(MAKE) --no-print-directory site" in checks and "--strict" in recipe("site")
    assert not re.search(r"^\t+-|\|\| *true", recipe("test") + checks + recipe("site"), re.MULTILINE)
    script = [line for line in text(".ci/run").splitlines() if line and not line.startswith("#")]
    assert script[0].startswith("set -e") and script[-2:] == ["make check", "make test"]
    assert "[ $# -gt 0 ] || set -- make test\n" in text(".ci/matrix")


@pytest.mark.parametrize("page", PAGES)
def test_files_that_pages_name_exist(page):
    folder = (ROOT / page).parent
    linked = [link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text(page)) if not (folder / link).exists()]
    named = re.findall(r"`((?!build/|dist/)[\w.-]+(?:/[\w.-]+)+\.[\w.]+)`", text(page))
    named = [name for name in named if not (ROOT / name).exists()]
    assert (linked, named) == ([], [])
