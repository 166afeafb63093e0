# SPDX-License-Identifier: GPL-2.0-or-later
"""Seconds of fuzzing, beside the minutes of `make bench`: what reads files of others ends in a model, a task or a sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "fuzzing.py"


@pytest.mark.parametrize("reader", ["model", "task"])
def test_a_few_seconds_of_fuzzing_find_nothing(reader):
    run = subprocess.run([sys.executable, str(SCRIPT), reader, "3"], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    assert "inputs by chance" in run.stdout or "Done" in run.stderr


def test_fuzzing_notices_what_is_no_sentence(monkeypatch):
    """A reader that raises anything else is told."""
    sys.path.insert(0, str(SCRIPT.parent))
    import fuzzing

    class Broken:
        def seeds(self):
            return [b"\0abc"]

        def __call__(self, data):
            if b"[" in data:
                raise KeyError("list")

    with pytest.raises(KeyError):
        fuzzing.by_chance(Broken(), 5)
