# SPDX-License-Identifier: GPL-2.0-or-later
"""How soon tasks begin: a worker's start until the task's own work would begin, against a Python that imports NumPy and GDAL alone.

python test/bench/bench_start.py
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AIM_S = {"classify_susceptibility": 0.7, "sample_cells": 0.7}
TASKS = [*AIM_S, "zonal_susceptibility", "prepare_covariates", "map_susceptibility", "validate_map", "train_cnn_dnn", "print_map"]
BARE = "import numpy; from osgeo import gdal, ogr, osr"
TASK = """
import importlib, runpy
runpy.run_path({entry!r}, run_name="launch")["register_package"]()
importlib.import_module("scarp.engine.worker")
importlib.import_module("scarp.engine.tasks.{task}")
"""
PEAK = "\nimport os\nprint(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')), flush=True)\nos._exit(0)"


def begun(code):
    """Return the seconds from the start of a process until code has run in it, and its peak memory in MiB."""
    start = time.perf_counter()
    told = subprocess.run([sys.executable, "-I", "-c", code + PEAK], check=True, stdout=subprocess.PIPE, text=True).stdout
    return time.perf_counter() - start, int(told.split()[1]) / 1024


def main():
    """Print the shortest of five starts of each task, taken in turn."""
    codes = {"NumPy and GDAL alone": BARE} | {task: TASK.format(entry=str(ROOT / "engine" / "__main__.py"), task=task) for task in TASKS}
    runs = {name: [] for name in codes}
    for _ in range(5):
        for name, code in codes.items():
            runs[name].append(begun(code))
    bare = min(runs["NumPy and GDAL alone"])[0]
    print(f"{'begins after':28s} seconds   ratio   peak MiB   aim s")
    for name, found in runs.items():
        seconds, mebibytes = min(found)
        print(f"{name:28s} {seconds:7.2f} {seconds / bare:7.1f} {mebibytes:10.0f}   {AIM_S.get(name, '')}")


if __name__ == "__main__":
    main()
