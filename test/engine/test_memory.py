# SPDX-License-Identifier: GPL-2.0-or-later
"""Too little memory is one sentence, at once, wherever it is noticed."""

import errno
import io
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from scarp.engine import worker
from scarp.engine.files.stack import Stack
from scarp.engine.samples.cells import SampleCells
from scarp.models import memory

ENTRY = Path(__file__).resolve().parents[2] / "engine" / "__main__.py"
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[1]),) * 2)
import os
os.execv(sys.executable, [sys.executable, "-I", *sys.argv[2:]])
"""


class ResourceExhaustedError(Exception):
    """As TensorFlow's, by name."""


def caused(by):
    last = RuntimeError("cannot go on")
    last.__cause__ = by
    return last


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, "x"),
        ImportError("libtensorflow_cc.so.2: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
        RuntimeError("std::bad_alloc"),
        ResourceExhaustedError("OOM when allocating tensor"),
        caused(MemoryError()),
        caused(ImportError("failed to map segment from shared object")),
        np.core._exceptions._ArrayMemoryError((9, 9), np.dtype(float)) if hasattr(np, "core") else MemoryError("Unable to allocate"),
    ],
    ids=lambda error: f"{type(error).__name__} {error}"[:40],
)
def test_libraries_say_it_in_many_ways(error):
    assert memory.is_shortage(error)


@pytest.mark.parametrize(
    "error", [KeyError("x"), OSError(errno.ENOSPC, "No space left"), ImportError("No module named x"), ValueError("memory")]
)
def test_other_errors_are_others(error):
    assert not memory.is_shortage(error)


@pytest.fixture
def tasks(write_stack, model_file, tmp_path):
    """Train and map, as descriptions of tasks."""
    path = write_stack("stack.tif", (40, 50))
    rng = np.random.default_rng(1)
    rows, cols = np.divmod(rng.permutation(2000)[:200], 50)
    number = np.arange(200) % 5
    cells = SampleCells(rows, cols, number % 2, np.where(np.arange(200) >= 160, "test", "train"), number, np.arange(200).astype(str))
    cells.write(tmp_path / "cells.gpkg", Stack.open(path).grid)
    outputs = {"model": str(tmp_path / "m.scarp"), "report": str(tmp_path / "r.html")}
    train = {"covariates": path, "inventory": str(tmp_path / "cells.gpkg"), "label_field": "landslide", **outputs}
    mapped = {"covariates": path, "model": model_file, "output": str(tmp_path / "map.tif")}
    asked = {"covariates": path, "inventory": train["inventory"], "label_field": "landslide", "model": model_file}
    return {
        "train": ("train_cnn_dnn", train),
        "adapt": ("finetune_model", {**asked, "output": outputs["model"]}),
        "explain": ("explain_model", {**asked, "output": str(tmp_path / "table.csv")}),
        "map": ("map_susceptibility", mapped),
        "map by TensorFlow": ("map_susceptibility", {**mapped, "backend": "tensorflow"}),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="address space cannot be limited elsewhere")
@pytest.mark.parametrize(
    ("name", "megabytes"),
    [
        *[("train", size) for size in (100, 300, 500, 700, 1300, 2200, 2800)],
        ("map", 100),
        ("map", 500),
        ("map by TensorFlow", 1500),
        ("adapt", 2200),
        ("explain", 2200),
    ],
)
def test_a_limit_is_one_sentence_and_leaves_nothing(tasks, tmp_path, name, megabytes):
    task, parameters = tasks[name]
    before = sorted(each.name for each in tmp_path.iterdir())
    description = tmp_path / "task.json"
    description.write_text(json.dumps({"task": task, "parameters": parameters}))
    started = time.monotonic()
    command = [sys.executable, "-I", "-c", LIMITED, str(megabytes << 20), str(ENTRY), str(description)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert time.monotonic() - started < 40
    last = json.loads(run.stdout.splitlines()[-1])
    assert run.returncode == 1
    assert last["type"] == "error" and last["text"].startswith(memory.SENTENCE) and "unexpected" not in last
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([*before, "task.json"])


@pytest.mark.skipif(sys.platform != "linux", reason="address space cannot be limited elsewhere")
def test_where_tensorflow_has_no_room_numpy_maps(tasks, tmp_path):
    task, parameters = tasks["map"]
    (tmp_path / "task.json").write_text(json.dumps({"task": task, "parameters": parameters}))
    command = [sys.executable, "-I", "-c", LIMITED, str(1500 << 20), str(ENTRY), str(tmp_path / "task.json")]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert json.loads(run.stdout.splitlines()[-1])["type"] == "result", run.stdout + run.stderr


def test_without_memory_for_the_thread_of_the_status_the_task_says_so_itself(monkeypatch):
    """Its error ended the worker before there was one that tells of it."""

    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    worker.JsonFeedback(io.StringIO()).keep_telling()


def test_a_thread_of_a_library_that_has_no_memory_ends_the_worker(tmp_path):
    """Who waits for the thread would wait for ever."""
    code = f"""
import io, runpy, sys, threading, time
runpy.run_path({str(ENTRY)!r}, run_name="launch")["register_package"]()
from scarp.engine import worker
threading.excepthook = worker._ended_by_thread(worker.JsonFeedback(sys.stdout))
def fails():
    raise MemoryError
threading.Thread(target=fails).start()
time.sleep(60)
"""
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert run.returncode == 1
    assert json.loads(run.stdout.splitlines()[-1]) == {"type": "error", "text": memory.SENTENCE}
