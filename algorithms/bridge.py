# SPDX-License-Identifier: GPL-2.0-or-later
"""The one bridge to the worker process: finds its interpreter, starts it, forwards what it tells."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import osgeo
from qgis.core import QgsApplication, QgsBlockingProcess, QgsProcessingException, QgsProcessingFeedback, QgsSettings
from qgis.PyQt.QtCore import QProcess

from ..engine.environment import PACKAGES, environment_folder, environment_python, is_complete
from ..models.memory import SENTENCE, is_shortage_told
from .translation import tr

ENTRY = Path(__file__).resolve().parents[1] / "engine" / "__main__.py"
# Where Processing keeps the provider setting `Python interpreter`.
SETTING = "SCARP_PYTHON"
# The exit code of a worker that got SIGTERM.
_TERMINATED = 143
# Those of one that could not load its libraries, and of C++ that found no memory, as a shell and as Qt tell them.
_OUT_OF_MEMORY = (127, 134, 6)
# The log file is begun anew when it is larger; the one before is kept beside it.
_LOG_BYTES = 2_000_000


def log_file() -> Path:
    """Return the file that takes what libraries print, and tracebacks: for diagnostics, not for the user's log."""
    return Path(QgsApplication.qgisSettingsDirPath()) / "scarp" / "engine.log"


class WorkerMissingError(Exception):
    """No interpreter with the needed packages; the text says what is missing and what installs it."""


def own_python() -> Path:
    """Return the interpreter that QGIS itself embeds.

    `sys.executable` is QGIS's own program on Windows and macOS, and on Linux the first `python3` on PATH, which may be
    pyenv's or conda's. The right one lies above the GDAL bindings that QGIS uses.
    """
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    names = (f"bin/python{version}", "bin/python3", "python.exe", "python3.exe")
    for prefix in (*Path(osgeo.__file__).parents, Path(sys.base_prefix)):
        for name in names:
            if (prefix / name).is_file():
                return prefix / name
    return Path(sys.executable)


def find_python(needs: Iterable[str] = PACKAGES) -> Path:
    """Return the first interpreter that has the packages `needs`, by default all of the engine.

    The provider setting and the environment variable SCARP_PYTHON decide alone when they are set; else it is the plugin's own
    environment, else QGIS's own Python where that is enough.

    Raises
    ------
    WorkerMissingError
        If there is none.
    """
    needs = tuple(needs)
    for label, chosen in (
        (tr("The provider setting “Python interpreter”"), QgsSettings().value(f"Processing/Configuration/{SETTING}", "")),
        (tr("The environment variable SCARP_PYTHON"), os.environ.get("SCARP_PYTHON", "")),
    ):
        if chosen:
            if not Path(chosen).is_file():
                raise WorkerMissingError(tr("{} names {}, which does not exist; correct it or clear it.").format(label, chosen))
            missing = _missing(chosen, needs)
            if missing:
                text = tr(
                    "{} names {}, which lacks {}; install them there, or clear it and run “Install or repair the engine” "
                    "(scarp:installengine)."
                )
                raise WorkerMissingError(text.format(label, chosen, ", ".join(missing)))
            return Path(chosen)
    folder = environment_folder()
    environment = environment_python(folder)
    if is_complete(folder) and not _missing(str(environment), needs):
        return environment
    if not _missing(str(own_python()), needs):
        return own_python()
    if folder.exists():
        raise WorkerMissingError(
            tr(
                "Scarp's engine (TensorFlow, scikit-learn and more) is damaged or incomplete: run “Install or repair the engine” "
                "(scarp:installengine)."
            )
        )
    raise WorkerMissingError(
        tr("Scarp's engine (TensorFlow, scikit-learn and more) is not installed: run “Install or repair the engine” (scarp:installengine).")
    )


def _missing(python: str, needs: tuple[str, ...]) -> list[str]:
    """Return which of the packages `needs` the interpreter `python` lacks."""
    try:
        stamp = max(path.stat().st_mtime_ns for path in (Path(python), *Path(python).parents[1].glob("lib*/python*/site-packages")))
    except OSError:
        stamp = 0
    try:
        return _probe(python, needs, stamp)
    except (OSError, subprocess.SubprocessError, ValueError):  # not kept: a busy machine may answer the next time
        return list(needs)


@functools.lru_cache(maxsize=32)
def _probe(python: str, needs: tuple[str, ...], _stamp: int) -> list[str]:
    run = subprocess.run([python, "-I", str(ENTRY), "--probe", *needs], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(run.stdout)


def run_task(task: str, values: dict[str, Any], needs: Iterable[str], feedback: QgsProcessingFeedback) -> dict[str, Any]:
    """Run a task in the worker and return its result.

    Raises
    ------
    QgsProcessingException
        With the worker's own sentence if the task fails; with what happened if the worker was killed.
    """
    try:
        python = find_python(needs)
    except WorkerMissingError as error:
        raise QgsProcessingException(str(error)) from None
    return run_with(python, task, values, feedback)


def run_with(python: Path, task: str, values: dict[str, Any], feedback: QgsProcessingFeedback) -> dict[str, Any]:
    """Run a task in the worker with this interpreter; see `run_task`."""
    with tempfile.TemporaryDirectory(prefix=f"scarp-run-{os.getpid()}-") as folder:  # a run that comes after a kill clears it
        description = Path(folder) / "task.json"
        description.touch(mode=0o600)  # its user's alone: it names data and folders
        description.write_text(json.dumps({"task": task, "parameters": values}), encoding="utf-8")
        listener = _Listener(feedback, task)
        process = QgsBlockingProcess(str(python), ["-I", str(ENTRY), str(description)])
        stdout, stderr = listener.stdout, listener.stderr  # the process does not keep a bound method alive
        process.setStdOutHandler(stdout)
        process.setStdErrHandler(stderr)
        code = process.run(feedback)
    if listener.result is not None:  # the outputs are in place, whatever came after
        return listener.result
    if feedback.isCanceled():
        return {}
    if listener.error:
        raise QgsProcessingException(
            listener.error + (" " + tr("The details are in {}.").format(log_file()) if listener.unexpected else "")
        )
    if process.processError() == QProcess.ProcessError.FailedToStart:
        raise QgsProcessingException(
            tr("The worker {} could not be started; run “Install or repair the engine” (scarp:installengine).").format(python)
        )
    if code == _TERMINATED:
        raise QgsProcessingException(tr("The worker was told to end by the system or by another program; run again."))
    if code in _OUT_OF_MEMORY or listener.is_short_of_memory:
        raise QgsProcessingException(SENTENCE + " " + tr("No half-written output is left; run again."))
    raise QgsProcessingException(
        tr(
            "The worker was ended by the system (exit code {}; most likely it ran out of memory); no half-written output is left. "
            "Close other programs or use a smaller area, and run again."
        ).format(code)
    )


class _Listener:
    """Turns what the worker tells into calls of the Processing feedback, and writes what libraries print into the log file."""

    def __init__(self, feedback: QgsProcessingFeedback, task: str) -> None:
        self._feedback, self._task = feedback, task
        self._rest = {"out": b"", "err": b""}
        self.result: dict[str, Any] | None = None
        self.error = ""
        self.unexpected = self.is_short_of_memory = False
        self._logged = False

    def stdout(self, data: Any) -> None:
        for line in self._lines("out", data):
            self._take(json.loads(line))

    def stderr(self, data: Any) -> None:
        for line in self._lines("err", data):
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self.is_short_of_memory |= is_shortage_told(text)
                self._log(text)

    def _log(self, text: str) -> None:
        path = log_file()
        try:
            if not self._logged:
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.exists() and path.stat().st_size > _LOG_BYTES:
                    path.replace(path.with_suffix(".old.log"))
                text = f"== {datetime.now():%Y-%m-%d %H:%M:%S} {self._task}\n{text}"
                self._logged = True
            with path.open("a", encoding="utf-8") as stream:
                stream.write(text + "\n")
        except OSError:
            pass  # a folder that cannot be written to is no reason to end a task

    def _lines(self, stream: str, data: Any) -> list[bytes]:
        *lines, self._rest[stream] = (self._rest[stream] + bytes(data)).split(b"\n")
        return lines

    def _take(self, line: dict[str, Any]) -> None:
        kind = line["type"]
        if kind == "progress":
            self._feedback.setProgress(line["percent"])
        elif kind == "message":
            self._feedback.pushInfo(line["text"])
        elif kind == "warning":
            self._feedback.pushWarning(line["text"])
        elif kind == "status":
            self._feedback.setProgressText(line["text"])
        elif kind == "error":
            self.error = line["text"]
            self.unexpected = bool(line.get("unexpected"))
        elif kind == "result":
            self.result = line["value"]
