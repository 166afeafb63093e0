# SPDX-License-Identifier: GPL-2.0-or-later
"""Examples in docstrings give what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROMPT = ">>>"


def with_examples():
    """Return the files of engine and models whose docstrings hold examples."""
    files = (path.relative_to(ROOT) for room in ("engine", "models") for path in sorted((ROOT / room).rglob("*.py")))
    return [file for file in files if PROMPT in (ROOT / file).read_text(encoding="utf-8")]


@pytest.mark.parametrize("file", with_examples(), ids=str)
def test_examples_hold(file):
    module = importlib.import_module(".".join(["scarp", *file.with_suffix("").parts]))
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted == (ROOT / file).read_text(encoding="utf-8").count(PROMPT)
    assert not result.failed
