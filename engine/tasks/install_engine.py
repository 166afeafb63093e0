# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: make or repair the worker's own Python environment.

It runs in the Python that the environment is made from, so it may import nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ..environment import DISK_BYTES, PACKAGES, UNFINISHED, environment_python, is_complete
from ..errors import EngineError
from ..feedback import Feedback
from ..files.naming import lock
from ..files.outputs import replacing
from . import task

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements.txt"
# Measured with TensorFlow 2.21: what pip downloads in all; progress goes by it.
_DOWNLOAD_BYTES = 800_000_000
_VERSIONS = """
import importlib, importlib.metadata as m, json, sys
names = json.loads(sys.argv[1])
[importlib.import_module(n) for n in names]
from osgeo import gdal, gdal_array
owners = m.packages_distributions() if hasattr(m, "packages_distributions") else {}
print(json.dumps({n: m.version(owners.get(n, [n])[0]) for n in names if n in owners or n != "osgeo"}))
"""
# A program that ends, with all it has started, when who started it ends: its stdin is closed then, however that comes.
_WATCHED = """
import os, signal, sys, threading
def watch():
    os.read(0, 1)
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
sys.argv = sys.argv[1:]
"""
_MODULE = """
import runpy
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
# Computes everything that has compiled functions, on a landscape of few cells.
_COMPILE = """
import runpy, sys
runpy.run_path(sys.argv[1], run_name="launch")["register_package"]()
from scarp.engine.declarations.parameters import task_parameters
from scarp.engine.feedback import Feedback
from scarp.engine.worker import run
made = run("sample_landscape", {"folder": sys.argv[2], "size": 64, "landslides": 20, "seed": 1}, Feedback())
layers = {name: made[name] for name in ("dem", "faults", "roads", "settlements", "red", "nir", "land_use")}
terrain = list(task_parameters("prepare_covariates")["terrain"].table)
run("prepare_covariates", {**layers, "terrain": terrain, "output": sys.argv[2] + "/stack.tif"}, Feedback())
"""
# What pip says in many lines, in one sentence.
_CAUSES = (
    (
        r"No space left|not enough space on the disk|Errno 28",
        "The disk is full; make room (about {gb:.0f} GB) and run it again: what was downloaded is kept.",
    ),
    (
        r"ProxyError|Cannot connect to proxy|Tunnel connection failed|407 Proxy",
        "The proxy refuses the connection to the package index; check it in QGIS (Settings › Options › Network), and run it again.",
    ),
    (
        r"Missing dependencies for SOCKS",
        "QGIS is set to a SOCKS proxy, which pip cannot use; set an HTTP proxy in QGIS (Settings › Options › Network).",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The package index shows a certificate that is not trusted; name your organisation's certificate in PIP_CERT, and run it again.",
    ),
    (
        r"name resolution|getaddrinfo failed|nodename nor servname|Failed to establish a new connection|NewConnectionError|"
        r"ConnectTimeout|Read timed out|Network is unreachable|ConnectionResetError|IncompleteRead",
        "The package index cannot be reached: the computer is offline, or a proxy or firewall is in the way; connect and run it again: "
        "what was downloaded is kept.",
    ),
    (
        r"Permission denied|PermissionError|WinError 5",
        "A file cannot be written: another program, such as a virus scanner or a running task of Scarp, holds it; close it and try again.",
    ),
)


@task
def run(feedback: Feedback, *, folder: str, upgrade: bool, log: str, proxy: str | None) -> dict[str, Any]:
    """Make the environment, or repair it, and prove that it works.

    An environment that is complete and works stays as it is unless `upgrade` asks for newer versions. One whose installation was
    interrupted is made again; pip's cache spares the downloads. At the end functions are compiled, so that the first run is fast too.

    Parameters
    ----------
    folder
        Where to make it (`environment.environment_folder`).
    upgrade
        Whether to install the newest allowed versions over a complete environment.
    log
        Where to write the full log.
    proxy
        The address of a proxy, with user and password if it needs them; told to pip by the environment, and in no log.

    Returns
    -------
    `python` (the interpreter), `versions` (package to version) and `log`.

    Raises
    ------
    EngineError
        If Python is too old, the disk too small, another installation runs, or pip fails: then with the cause in one sentence, or, where
        it is unknown, with pip's own last lines. `installation.log` beside the folder then has everything.
    """
    kept = Path(folder).with_name("installation.log")  # stays where the installation fails
    with replacing(log) as path, _alone(Path(folder)):
        with kept.open("w", encoding="utf-8") as stream:
            result = _install(feedback, Path(folder), upgrade, _Shell(feedback, stream, proxy))
        shutil.copyfile(kept, path)
    return {**result, "log": log}


def _install(feedback: Feedback, folder: Path, upgrade: bool, shell: _Shell) -> dict[str, Any]:
    if sys.version_info < (3, 10):
        raise EngineError(
            f"TensorFlow needs Python 3.10 or newer, and this is {sys.version.split()[0]}; choose a newer interpreter "
            "(parameter PYTHON) or use a newer QGIS."
        )
    python = environment_python(folder)
    if is_complete(folder) and not upgrade:
        feedback.status("Trying the engine")
        versions = shell.versions(python)
        if versions:
            shell.say(f"The engine in {folder} is complete and works; nothing to do.")
            return {"python": str(python), "versions": versions}
        shell.say(f"The engine in {folder} does not work; it is made again.")
    elif (folder / UNFINISHED).exists():
        shell.say("An earlier installation was interrupted; it is made again, and what was downloaded is kept.")
    _check_disk(folder, shell)
    _make_environment(folder, shell, keep=is_complete(folder) and upgrade)
    feedback.progress(5)
    constraint = _numpy_constraint()
    shell.say(f"Installing the packages of {REQUIREMENTS.name} and {constraint} (as QGIS's GDAL needs) into {folder}")
    feedback.status("Asking the package index")
    shell.pip(python, ["install", "--upgrade", "pip>=24.1"])  # older ones do not tell how far a download is
    shell.pip(
        python, ["install", "--progress-bar", "raw", *(["--upgrade"] if upgrade else []), constraint, "--requirement", str(REQUIREMENTS)]
    )
    feedback.progress(85)
    feedback.status("Trying the packages")
    versions = shell.versions(python)
    if not versions:
        raise EngineError(
            f"The packages were installed into {folder} but do not work together; {folder.with_name('installation.log')} says why."
        )
    feedback.progress(90)
    feedback.status("Compiling, so that the first run is fast")
    _compile(python, shell)
    (folder / UNFINISHED).unlink(missing_ok=True)
    feedback.progress(100)
    shell.say("Installed: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())))
    shell.say("The engine is ready. Next: “Make a first map” in the menu Scarp, or “Create sample landscape” in the toolbox.")
    return {"python": str(python), "versions": versions}


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock that the system frees when this process ends, however that comes; raise if another installation has it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("a+") as stream:
        is_free = lock(stream) is not False
        if sys.platform == "win32":
            import msvcrt

            stream.seek(0)
            try:
                msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                is_free = False
        if not is_free:
            raise EngineError(f"Another installation into {folder} is running; wait until it ends.")
        yield


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
    shell.doing("Making a virtual environment")
    try:
        shell.run(Path(sys.executable), ["venv", "--system-site-packages", str(folder)])
    except EngineError as error:
        hint = f"sudo apt install python{sys.version_info.major}.{sys.version_info.minor}-venv" if "ensurepip" in str(error) else ""
        raise EngineError(f"{error}" + (f" On Debian and Ubuntu, first run: {hint}" if hint else "")) from error


def _numpy_constraint() -> str:
    """Keep the major version of numpy that GDAL's Python bindings were compiled for."""
    import numpy

    major = int(numpy.__version__.split(".")[0])
    return f"numpy>={major},<{major + 1}"


def _compile(python: Path, shell: _Shell) -> None:
    """Compute the covariates of a small landscape, so that numba keeps what it compiles; where that fails, the first run is only slower."""
    with tempfile.TemporaryDirectory(prefix="scarp-") as folder:
        try:
            shell.run(python, ["-", str(ROOT / "engine" / "__main__.py"), folder], _COMPILE)
        except EngineError as error:
            shell.note(f"Compiling ahead failed: {error}")


class Downloads:
    """Follows pip's lines: which file it loads, and how much of it; tells the status and progress from 5 to 70."""

    _FILE = re.compile(r"Downloading (?:\S*/)?([\w.]+)-(\d[\w.]*)\S*")
    _PART = re.compile(r"Progress (\d+) of (\d+)")

    def __init__(self, feedback: Feedback) -> None:
        self._feedback = feedback
        self._before, self._part, self._name = 0, 0, ""

    def take(self, line: str) -> bool:
        """Take a line of pip; tell whether it says only how far a download is."""
        if found := self._PART.match(line):
            self._part = int(found[1])
            self._feedback.status(f"Downloading {self._name}: {self._part / 1e6:,.0f} of {int(found[2]) / 1e6:,.0f} MB")
            self._feedback.progress(5 + 65 * min(1.0, (self._before + self._part) / _DOWNLOAD_BYTES))
            return True
        if found := self._FILE.search(line):
            self._before, self._part = self._before + self._part, 0
            self._name = f"{found[1]} {found[2]}"
            self._feedback.status(f"Downloading {self._name}")
        elif line.startswith("Installing collected packages") and "," in line:  # pip alone comes before
            self._feedback.progress(70)
            self._feedback.status(f"Unpacking {line.count(',') + 1} packages")
        return False


class _Shell:
    """Runs commands, sending each line they print to the log, and how far they are to the feedback."""

    def __init__(self, feedback: Feedback, log: IO[str], proxy: str | None = None) -> None:
        self._feedback, self._log = feedback, log
        # pip reads its index, proxy and certificate settings from PIP_*, HTTPS_PROXY and its own files: all pass through.
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        if proxy:
            self._environment.update(dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy))

    def doing(self, text: str) -> None:
        self._feedback.status(text)

    def say(self, line: str) -> None:
        self._feedback.message(line)
        self.note(line)

    def note(self, line: str) -> None:
        """Write a line into the log alone."""
        self._log.write(line + "\n")
        self._log.flush()

    def run(self, python: Path, arguments: Sequence[str], code: str = _MODULE) -> list[str]:
        """Run a module, the first of the arguments, or other code to its end; raise with the cause, or its last lines, if it fails."""
        lines: list[str] = []
        downloads = Downloads(self._feedback)
        with subprocess.Popen(
            [str(python), "-I", "-c", _WATCHED + code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self._environment,
            start_new_session=True,
        ) as process:
            for line in process.stdout or ():
                if not downloads.take(line.strip()):
                    lines.append(line.rstrip())
                    self.note(lines[-1])
            process.wait()
        if process.returncode != 0:
            raise EngineError(cause(lines) or f"“{' '.join(arguments[:3])}…” failed: {' '.join(lines[-4:])}")
        return lines

    def pip(self, python: Path, arguments: Sequence[str]) -> None:
        self.run(python, ["pip", "--no-input", "--disable-pip-version-check", *arguments])

    def versions(self, python: Path) -> dict[str, str]:
        """Import every package in the environment; return their versions, or nothing if one fails."""
        check = subprocess.run([str(python), "-I", "-c", _VERSIONS, json.dumps(PACKAGES)], capture_output=True, text=True, check=False)
        if check.returncode != 0:
            self.note(check.stderr.strip())
            return {}
        versions: dict[str, str] = json.loads(check.stdout.strip().splitlines()[-1])
        return versions


def cause(lines: Sequence[str]) -> str:
    """Return in one sentence why pip failed, from the lines it printed; nothing if that is not known."""
    text = "\n".join(lines)
    for pattern, sentence in _CAUSES:
        if re.search(pattern, text, re.IGNORECASE):
            return sentence.format(gb=DISK_BYTES / 1e9)
    return ""
