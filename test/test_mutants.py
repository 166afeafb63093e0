# SPDX-License-Identifier: GPL-2.0-or-later
"""The faults that `make mutants` puts in are those that can matter."""

import ast
import importlib.util
import os
import signal
from itertools import islice
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("mutants", ROOT / "test" / "mutants.py")
driver = importlib.util.module_from_spec(spec)
spec.loader.exec_module(driver)


def after(source):
    return {mutant.after for mutant in driver.mutants("mutated_file.py", source)}


def test_each_kind_of_fault():
    assert after("a = b + 2") == {"a = b - 2", "a = b + 3", "a = b + 1"}
    assert after("a = b < c") == {"a = b <= c", "a = b >= c"}
    assert after("a = b and ~c") == {"a = b or ~c", "a = b and c"}
    assert after("a = -rows * cols") == {"a = +rows * cols", "a = -rows / cols", "a = -cols * cols", "a = -rows * rows"}
    assert after("a = np.log(b)") == {"a = np.log10(b)"}
    assert after("a = log(b)") == set()  # the file knows no log10
    assert after("a = f(rows=cols)") == {"a = f(rows=rows)"}
    assert after("for a in b:\n    break") == {"for a in []:", "continue"}


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: int | None) -> str | None: ...",
        "a: int | None = None",
        "@f(1 + 2)\ndef g(): ...",
        "if TYPE_CHECKING and a + 1: ...",
        "raise ValueError(f'ä{a + 1}')",
        "feedback.message(f'{a + 1}')",
        "WINDOW_PX = 512",
        "def f(a, *, b): ...",
        "'''One + 1.'''",
    ],
)
def test_faults_that_cannot_matter_are_left_out(source):
    assert after(source) == set()


def test_a_fault_after_letters_of_two_bytes_is_found():
    assert after("a = 'äöü', b[0]") == {"a = 'äöü', b[ 1]", "a = 'äöü', b[ -1]"}


def test_the_sample_is_the_same_again_and_other_lines_do_not_change_it():
    source = "def f(a, b):\n    return a + b * 3 - a / 7\n"
    first = [mutant.after for mutant in islice(driver.mutants("mutated_file.py", source), 4)]
    assert first == [mutant.after for mutant in islice(driver.mutants("mutated_file.py", "\n\n" + source), 4)]
    assert all(ast.parse(mutant.text) for mutant in driver.mutants("mutated_file.py", source))


def test_guards_are_the_mirror_the_named_tests_and_the_examples(tmp_path, monkeypatch):
    monkeypatch.setattr(
        driver, "GUARDS", {"engine/room/two.py": ["test/engine/test_other.py"], "engine/room/one.py": ["test/engine/test_other.py"]}
    )
    for name in ("test/engine/room/test_one.py", "test/engine/room/test_four.py", "test/engine/test_other.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "engine" / "room").mkdir(parents=True)
    for name, text in (("one", ""), ("two", ">>> 1"), ("three", ""), ("four", "")):
        (tmp_path / "engine" / "room" / f"{name}.py").write_text(text)
    assert driver.guards("engine/room/one.py", tmp_path) == ["test/engine/room/test_one.py", "test/engine/test_other.py"]
    assert driver.guards("engine/room/two.py", tmp_path) == [
        "test/engine/test_other.py",
        "test/test_docstrings.py::test_examples_hold[engine/room/two.py]",
    ]
    assert driver.guards("engine/room/three.py", tmp_path) == ["test/engine/room/test_four.py", "test/engine/room/test_one.py"]
    assert driver.guards("engine/room/four.py", tmp_path) == ["test/engine/room/test_four.py"]
    (tmp_path / "test" / "engine" / "room" / "test_leaks.py").touch()
    assert driver.guards("engine/room/four.py", tmp_path) == ["test/engine/room/test_four.py", "test/engine/room/test_leaks.py"]


def test_every_file_has_its_guards():
    for path in (*(ROOT / "engine").rglob("*.py"), *(ROOT / "models").rglob("*.py")):
        file = str(path.relative_to(ROOT))
        if not any(driver.fnmatch(file, pattern) for pattern in driver.WITHOUT):
            assert driver.guards(file), file


def test_every_pattern_of_the_tables_finds_a_file():
    for pattern in driver.WITHOUT:
        assert [*ROOT.glob(pattern if pattern[0] != "*" else f"engine/**/{pattern[2:]}")], pattern
    for file, tests in driver.GUARDS.items():
        assert (ROOT / file).is_file(), file
        assert all([*ROOT.glob(test)] for test in tests), tests


@pytest.mark.parametrize(("body", "noticed"), [("assert f() == 3", True), ("f()", False), ("while f(): pass", True)])
def test_a_fault_is_put_in_a_copy_and_taken_out(tmp_path, body, noticed):
    (tmp_path / "mutated_file.py").write_text("def f():\n    return 0\n")
    (tmp_path / "test_file.py").write_text(f"from mutated_file import f\n\n\ndef test_f():\n    {body}\n")
    (tmp_path / "conftest.py").write_text("import sys\n\nsys.path.insert(0, '.')\n")
    driver.put(tmp_path, "mutated_file.py", "def f():\n    return 1\n")
    pid = driver.start(tmp_path, ["test_file.py"], 5 if "while" in body else 60)
    ended, status = driver.ended()
    assert (ended, status != 0) == (pid, noticed), (tmp_path / "output.txt").read_text()
    assert (os.WTERMSIG(status) == signal.SIGALRM) == ("while" in body)


def test_survivors_are_those_that_no_guard_notices(tmp_path, monkeypatch):
    """The copies are right again afterwards."""
    right = "def f(a):\n    return a + 1\n"
    found = list(driver.mutants("mutated_file.py", right))
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "mutated_file.py").write_text(right)
    (tree / "test_file.py").write_text("from mutated_file import f\n\n\ndef test_f():\n    assert f(0) == 1\n")
    (tree / "conftest.py").write_text("import sys\n\nsys.path.insert(0, '.')\n")
    monkeypatch.setattr(driver, "guards", lambda file: ["test_file.py"])
    assert sorted(mutant.after for mutant in found) == ["return a + 0", "return a + 2", "return a - 1"]
    twice = [*found, found[0]._replace(text="def f(a):\n    return 1\n", after="return 1")]
    assert [mutant.after for mutant in driver.survivors(tree, twice)] == ["return 1"]
    assert [(each / "mutated_file.py").read_text() for each in (tree, tmp_path / "tree-1")] == [right, right]
