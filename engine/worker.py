# SPDX-License-Identifier: GPL-2.0-or-later
"""The worker process: runs one task and tells on stdout, as JSON lines, how it goes.

`--probe PACKAGE…` prints which of the packages this Python lacks; `--python` the interpreter of the plugin's own environment.

Each line is an object with `type`: `progress` (`percent`), `message`, `warning`, `status` and `error` (`text`), `result` (`value`).
Exactly one `result` or `error` comes last. A traceback goes to stderr, and so does whatever a library prints.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import importlib
import importlib.util
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NoReturn

from ..models import memory
from ..models.errors import short
from .declarations.parameters import TASKS
from .environment import environment_folder, environment_python
from .errors import EngineError
from .feedback import Feedback, duration
from .files import outputs
from .files.naming import naming
from .stop import end_when_told

# How long a worker that is told to stop lets outputs get their names, which takes milliseconds, so that none does without the others.
_NAMING_S = 2.0
# A task of thousands of layers is shorter.
_LONGEST_TASK = 16 << 20
# After so long without any line, what is being done is told again.
_SILENCE_S = 2.0
# What is left is told from this share of the work and this time on: before, it would be a guess.
_LEAST_PERCENT, _LEAST_S = 5.0, 4.0


class JsonFeedback(Feedback):
    """Feedback that writes JSON lines; progress never falls and is written in steps of 0.1.

    A status is written when it has changed, but not oftener than every two seconds (every sixtieth of what a long run has taken), and again
    after two seconds without any line, with the time that is left.
    """

    def __init__(self, stream: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._percent = -1.0
        self._lock = threading.RLock()
        self._doing = self._told = ""
        self._began = self._since = self._progressed = self._last_line = clock()
        self._last_status = -_SILENCE_S
        self._ended = False

    def progress(self, percent: float) -> None:
        percent = min(round(percent, 1), 100.0)
        with self._lock:  # threads may tell at once
            if percent > self._percent:
                self._percent, self._progressed = percent, self._clock()
                self.write("progress", percent=percent)

    def message(self, text: str) -> None:
        self.write("message", text=text)

    def warning(self, text: str) -> None:
        self.write("warning", text=text)

    def status(self, text: str) -> None:
        if text != self._doing:
            self._doing, self._since = text, self._clock()
        self.tell_status()

    def tell_status(self) -> None:
        """Write what is being done, if it is time to."""
        now = self._clock()
        changed = self._doing != self._told and now - self._last_status >= max(_SILENCE_S, (now - self._began) / 60)
        if self._doing and (changed or now - self._last_line >= _SILENCE_S):
            self._told, self._last_status = self._doing, now
            self.write("status", text=self._doing + self._left(now))

    def keep_telling(self) -> None:
        """Tell the status in a thread of its own, whatever the others do; without memory for one the task soon says so itself."""

        def tell() -> None:
            while True:
                time.sleep(_SILENCE_S / 4)
                self.tell_status()

        with contextlib.suppress(RuntimeError, MemoryError):
            threading.Thread(target=tell, name="status", daemon=True).start()

    def _left(self, now: float) -> str:
        """Return the time left, reckoned from the last progress on so that it never grows while nothing moves; else how long this lasts."""
        lasts_s, left_s = now - self._since, 0.0
        if _LEAST_PERCENT <= self._percent < 100 and now - self._began >= _LEAST_S:
            left_s = (self._progressed - self._began) * (100 - self._percent) / self._percent - (now - self._progressed)
        if left_s >= 1:
            return f" – about {duration(left_s)} left"
        return f" – {duration(lasts_s)} so far" if lasts_s >= _SILENCE_S else " …"

    def write(self, kind: str, **values: Any) -> None:
        """Write one line; after a result or an error, whose line is the last whichever thread would tell more, none."""
        with self._lock:
            if self._ended:
                return
            self._ended = kind in ("result", "error")
            self._last_line = self._clock()
            self._stream.write(json.dumps({"type": kind, **values}) + "\n")
            self._stream.flush()


def main(arguments: list[str]) -> int:
    """Run the task described in the file named by the first argument; return the exit code."""
    if arguments[0] == "--probe":
        sys.stdout.write(json.dumps([name for name in arguments[1:] if importlib.util.find_spec(name) is None]))
        return 0
    if arguments[0] == "--python":
        sys.stdout.write(f"{environment_python(environment_folder())}\n")
        return 0
    end_when_told(_end, outputs.clear_after)
    feedback = JsonFeedback(_claim_stdout())
    threading.excepthook = _ended_by_thread(feedback)
    feedback.status("Starting the engine")
    feedback.keep_telling()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Tasks divide their own work among the cores; a matrix product on one core leaves the others to the next window.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # MiB of raster blocks to keep, where GDAL would take a twentieth of the machine: tasks go through rasters in order.
    os.environ.setdefault("GDAL_CACHEMAX", "256")
    return carry_out(Path(arguments[0]), feedback)


def leave(code: int) -> NoReturn:
    """End the process when its exit handlers have run. To take TensorFlow apart first lasts seconds, for which the user would wait."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def carry_out(description: Path, feedback: JsonFeedback) -> int:
    """Run the task of a description, write its result or its error, and return the exit code."""
    try:
        memory.check_room(memory.LEAST_BYTES)
        with outputs.private_folder():
            value = run(*_described(description), feedback)
    except EngineError as error:
        feedback.write("error", text=str(error).replace("\n", " "))  # names may hold such
        return 1
    except Exception as error:
        if memory.is_shortage(error):
            traceback.print_exc()
            feedback.write("error", text=memory.SENTENCE)
            return 1
        if getattr(error, "errno", None) == errno.ENOSPC:
            place = getattr(error, "filename", None) or "the temporary folder"
            feedback.write("error", text=f"No space is left on the disk of {place}; free some.")
            return 1
        # a bug: the traceback goes to the log
        traceback.print_exc()
        feedback.write("error", text=f"Scarp failed unexpectedly ({type(error).__name__}: {error}).", unexpected=True)
        return 1
    feedback.write("result", value=value)
    return 0


def run(task: str, parameters: dict[str, Any], feedback: Feedback) -> dict[str, Any]:
    """Run the task whose module in `engine.tasks` has the name `task`; return its result."""
    if task not in TASKS:
        raise EngineError(f"There is no task {short(task)}; choose one of {', '.join(TASKS)}.")
    module = importlib.import_module(f".tasks.{task}", __package__)
    feedback.status("Reading the inputs")
    result: dict[str, Any] = module.run(feedback, **parameters)
    return result


def _described(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the task and its parameters from a task description; raise EngineError if it is none."""
    wanted = 'an object such as {"task": "sample_landscape", "parameters": {"folder": "/tmp/landscape"}}'
    try:
        is_one = path.is_file() and path.stat().st_size <= _LONGEST_TASK
        description = json.loads(path.read_text(encoding="utf-8")) if is_one else None
    except (OSError, ValueError, RecursionError) as error:
        told = short(error, 120)
        raise EngineError(f"The task description {path} cannot be read as JSON ({told}); it must be {wanted}.") from error
    task, parameters = (description.get("task"), description.get("parameters")) if isinstance(description, dict) else (None, None)
    if not isinstance(task, str) or not isinstance(parameters, dict):
        raise EngineError(f"The task description {path} names no task with parameters; it must be {wanted}.")
    return task, parameters


def _claim_stdout() -> IO[str]:
    """Keep stdout for JSON lines; whatever else is printed, by C code too, goes to stderr."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return stream


def _ended_by_thread(feedback: JsonFeedback) -> Callable[[threading.ExceptHookArgs], None]:
    """Return what ends the worker where a thread of a library is out of memory: others would wait for it for ever."""

    def hook(told: threading.ExceptHookArgs) -> None:
        if told.exc_type is not SystemExit:
            traceback.print_exception(told.exc_type, told.exc_value, told.exc_traceback)
        if memory.is_shortage(told.exc_value):
            feedback.write("error", text=memory.SENTENCE)
            outputs.remove_unfinished()
            os._exit(1)

    return hook


def _end() -> None:
    """Remove unfinished outputs and exit at once, as a process that got SIGTERM."""
    naming.acquire(timeout=_NAMING_S)  # kept: no output gets its name from here on
    outputs.remove_unfinished()
    os._exit(128 + signal.SIGTERM)
