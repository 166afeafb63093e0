# SPDX-License-Identifier: GPL-2.0-or-later
"""Workers that start at once: forked from a process that has loaded the engine, else the same as those that QGIS starts."""

import functools
import hashlib
import importlib
import json
import multiprocessing
import os
import runpy
import signal
import sys
import time
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path

if "scarp" not in sys.modules:  # in the process that forks
    runpy.run_path(str(Path(__file__).resolve().parents[2] / "engine" / "__main__.py"), run_name="launch")["register_package"]()

from scarp.engine.adaptation import adapting, contest
from scarp.engine.files.intact import check_intact
from scarp.engine.worker import main

TASKS = ("prepare_covariates", "sample_cells", "screen_covariates", "map_susceptibility", "classify_susceptibility", "validate_map")
for _name in (
    *TASKS,
    "zonal_susceptibility",
    "sample_landscape",
    "benchmark_classifiers",
    "print_map",
    "explain_model",
    "train_cnn_dnn",
    "finetune_model",
    "project_report",
):
    importlib.import_module(f"scarp.engine.tasks.{_name}")
train_cnn_dnn = sys.modules["scarp.engine.tasks.train_cnn_dnn"]
OLD = b"what an earlier run wrote\n"
# A process that is told to end, or whose worker is gone, may take so long.
GONE_S = 5.0


@functools.cache
def context():
    """Return what starts processes by forking one that has loaded this module."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["forked"])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # else it would not find this module, and say nothing
    try:
        forkserver.ensure_running()
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before
    return made


def _work(description, told, limits):
    # A network is trained for each fold and inner fold, seconds each: with fewer, and fewer epochs, all is still done that is to be done.
    adapting._INNER_FOLDS, adapting.EPOCHS, contest.FOLDS, train_cnn_dnn.FOLDS = 2, (1, 2), 2, 2
    os.setsid()
    for path, stream in ((told, 1), (f"{told}.log", 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), stream)
    if limits:
        import resource

        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, resource.getrlimit(getattr(resource, name))[1]))
    os._exit(main([description]))


class Run:
    """A run of a task in a worker of its own; its description and what it tells lie in `folder`."""

    count = 0

    def __init__(self, folder, task, parameters, limits=None):
        Run.count += 1
        self.told = folder / f"told-{Run.count}.jsonl"
        description = folder / f"task-{Run.count}.json"
        description.write_text(json.dumps({"task": task, "parameters": parameters}))
        self.process = context().Process(target=_work, args=(str(description), str(self.told), limits))
        self.began = time.monotonic()
        self.process.start()

    def wait_for_a_word(self, seconds=60):
        """Wait until it tells something, and count its time from then: before, it listens to no signal and has written nothing."""
        until = self.began + seconds
        while not self.told.exists() or not self.told.stat().st_size:
            assert self.process.is_alive() and time.monotonic() < until, "it tells nothing"
            time.sleep(0.005)
        self.began = time.monotonic()
        return self

    def wait(self, seconds=120):
        """Wait for its end; return the exit code."""
        self.process.join(seconds)
        assert self.process.exitcode is not None, "it does not end"
        self.seconds = time.monotonic() - self.began
        return self.process.exitcode

    def end(self, number):
        """Send it a signal, and wait for its end and for that of every process that it started."""
        with suppress(ProcessLookupError):  # it may end by itself meanwhile
            if self.process.is_alive():
                os.kill(self.process.pid, number)
        code, until = self.wait(2 * GONE_S), time.monotonic() + GONE_S
        while self.processes():
            assert time.monotonic() < until, self.processes()
            time.sleep(0.02)
        return code

    def processes(self):
        """Return the processes of its session that still run."""
        found = []
        for each in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = each.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                found.append(int(each.parent.name))
        return found

    def lines(self):
        """What it told, without a line that is not yet whole."""
        return [json.loads(line) for line in self.told.read_text().splitlines(True) if line.endswith("\n")] if self.told.exists() else []

    @property
    def last(self):
        """The last line that it told."""
        return (self.lines() or [{}])[-1]


def digests(folder):
    """The contents of all files of a folder, by name."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path(folder).iterdir()) if path.is_file()}


def leave_old(folder, names):
    """Make all outputs such as an earlier run has written; what a killed run left of its work stays."""
    for name in names:
        (folder / name).write_bytes(OLD)


def check_outputs(folder, names):
    """Look whether all outputs are old or all are new, and none is in between; return whether they are new."""
    found = {name: (folder / name).read_bytes() for name in names}
    old = [name for name, content in found.items() if content == OLD]
    assert old in ([], list(names)), f"old {old} beside new {sorted(set(names) - set(old))}"
    for name in () if old else names:
        check_intact(folder / name, folder / name)
    return not old


def leftovers(folder):
    """What a run has left of its work."""
    return sorted(path.name for path in Path(folder).iterdir() if "scarp-part" in path.name)


SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM}
