# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: make or repair the worker's own Python environment.

It runs in the Python that the environment is made from, so it may import nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from ..environment import DISK_BYTES, PACKAGES, UNFINISHED, environment_python, is_complete
from ..errors import EngineError
from ..feedback import Feedback
from ..files.outputs import replacing
from . import task

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"
# pip prints about this many lines for the whole installation; progress goes by them.
_PIP_LINES = 140
_VERSIONS = """
import importlib, importlib.metadata as m, json, sys
names = json.loads(sys.argv[1])
[importlib.import_module(n) for n in names]
from osgeo import gdal, gdal_array
owners = m.packages_distributions() if hasattr(m, "packages_distributions") else {}
print(json.dumps({n: m.version(owners.get(n, [n])[0]) for n in names if n in owners or n != "osgeo"}))
"""


@task
def run(feedback: Feedback, *, folder: str, upgrade: bool, log: str) -> dict[str, Any]:
    """Make the environment, or repair it, and prove that it works.

    An environment that is complete and works stays as it is unless `upgrade` asks for newer versions. One whose installation was
    interrupted is made again; pip's cache spares the downloads.

    Parameters
    ----------
    folder
        Where to make it (`environment.environment_folder`).
    upgrade
        Whether to install the newest allowed versions over a complete environment.
    log
        Where to write the full log.

    Returns
    -------
    `python` (the interpreter), `versions` (package to version) and `log`.

    Raises
    ------
    EngineError
        If Python is too old, the disk too small, or pip fails, with pip's own last lines.
    """
    with replacing(log) as path, path.open("w", encoding="utf-8") as stream:
        result = _install(feedback, Path(folder), upgrade, stream)
    return {**result, "log": log}


def _install(feedback: Feedback, folder: Path, upgrade: bool, log: IO[str]) -> dict[str, Any]:
    shell = _Shell(feedback, log)
    if sys.version_info < (3, 10):
        raise EngineError(
            f"TensorFlow needs Python 3.10 or newer, and this is {sys.version.split()[0]}; choose a newer interpreter "
            "(parameter PYTHON) or use a newer QGIS."
        )
    if is_complete(folder) and not upgrade:
        versions = shell.versions(environment_python(folder))
        if versions:
            shell.say(f"The engine in {folder} is complete and works; nothing to do.")
            return {"python": str(environment_python(folder)), "versions": versions}
        shell.say(f"The engine in {folder} does not work; it is made again.")
    _check_disk(folder, shell)
    _make_environment(folder, shell, keep=is_complete(folder) and upgrade)
    python = environment_python(folder)
    constraint = _numpy_constraint()
    shell.say(f"Installing {REQUIREMENTS.name} and {constraint} (as QGIS's GDAL needs) into {folder}")
    shell.pip(python, ["install", *(["--upgrade"] if upgrade else []), constraint, "--requirement", str(REQUIREMENTS)])
    versions = shell.versions(python)
    if not versions:
        raise EngineError(f"The packages were installed into {folder} but do not work together; the log says why.")
    (folder / UNFINISHED).unlink(missing_ok=True)
    feedback.progress(100)
    shell.say("Installed: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())))
    return {"python": str(python), "versions": versions}


def _check_disk(folder: Path, shell: _Shell) -> None:
    existing = next(parent for parent in folder.parents if parent.exists())
    free = shutil.disk_usage(existing).free
    shell.say(f"The engine needs about {DISK_BYTES / 1e9:.0f} GB on the disk of {existing}; {free / 1e9:.0f} GB are free.")
    if free < DISK_BYTES:
        raise EngineError(
            f"The engine needs about {DISK_BYTES / 1e9:.0f} GB in {folder}, and only {free / 1e9:.1f} GB are free; make room and run again."
        )


def _make_environment(folder: Path, shell: _Shell, *, keep: bool) -> None:
    if not keep and folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / UNFINISHED).touch()
    shell.say(f"Making a virtual environment from {sys.executable} in {folder}")
    try:
        shell.run([sys.executable, "-I", "-m", "venv", "--system-site-packages", str(folder)])
    except EngineError as error:
        hint = f"sudo apt install python{sys.version_info.major}.{sys.version_info.minor}-venv" if "ensurepip" in str(error) else ""
        raise EngineError(f"{error}" + (f" On Debian and Ubuntu, first run: {hint}" if hint else "")) from error


def _numpy_constraint() -> str:
    """Keep the major version of numpy that GDAL's Python bindings were compiled for."""
    import numpy

    major = int(numpy.__version__.split(".")[0])
    return f"numpy>={major},<{major + 1}"


class _Shell:
    """Runs commands, sending each line they print to the feedback and the log."""

    def __init__(self, feedback: Feedback, log: IO[str]) -> None:
        self._feedback, self._log = feedback, log

    def say(self, line: str) -> None:
        self._feedback.message(line)
        self._log.write(line + "\n")
        self._log.flush()

    def run(self, command: Sequence[str]) -> list[str]:
        """Run a command to its end; raise with its last lines if it fails."""
        # pip reads its index, proxy and certificate settings from PIP_*, HTTPS_PROXY and its own files: all pass through.
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        lines = []
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=clean,
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                lines.append(line.rstrip())
                self.say(lines[-1])
                self._feedback.progress(min(95.0, 95.0 * len(lines) / _PIP_LINES))
        if process.returncode != 0:
            last = " ".join(lines[-4:])
            raise EngineError(f"“{Path(command[0]).name} {' '.join(command[1:4])}…” failed: {last}")
        return lines

    def pip(self, python: Path, arguments: Sequence[str]) -> None:
        self.run([str(python), "-I", "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments])

    def versions(self, python: Path) -> dict[str, str]:
        """Import every package in the environment; return their versions, or nothing if one fails."""
        check = subprocess.run([str(python), "-I", "-c", _VERSIONS, json.dumps(PACKAGES)], capture_output=True, text=True, check=False)
        if check.returncode != 0:
            self.say(check.stderr.strip())
            return {}
        versions: dict[str, str] = json.loads(check.stdout.strip().splitlines()[-1])
        return versions
