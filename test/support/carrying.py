# SPDX-License-Identifier: GPL-2.0-or-later
"""Run a task in this process as the worker does: with its checks, its lines and the words of errors that a user sees."""

import io
import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass

from scarp.engine.worker import JsonFeedback, carry_out


@dataclass(frozen=True)
class Told:
    """What a worker wrote.

    Parameters
    ----------
    code
        Its exit code.
    lines
        What it told, line by line.
    stderr
        What went to the log, tracebacks too.
    """

    code: int
    lines: tuple
    stderr: str

    @property
    def result(self):
        """The result of a run that succeeded."""
        assert self.code == 0, self.error
        return self.lines[-1]["value"]

    @property
    def error(self):
        """The sentence of one that failed; empty of one that did not."""
        return self.lines[-1].get("text", "") if self.code else ""

    @property
    def warnings(self):
        return [line["text"] for line in self.lines if line["type"] == "warning"]


@contextmanager
def _log():
    kept, usual = io.StringIO(), sys.stderr
    sys.stderr = kept
    try:
        yield kept
    finally:
        sys.stderr = usual


def carry(task, folder, /, **parameters):
    """Run a task; its description lies in `folder` meanwhile."""
    description = folder / "task.json"
    description.write_text(json.dumps({"task": task, "parameters": parameters}), encoding="utf-8")
    stream = io.StringIO()
    with _log() as log:
        code = carry_out(description, JsonFeedback(stream))
    description.unlink()
    return Told(code, tuple(json.loads(line) for line in stream.getvalue().splitlines()), log.getvalue())
