# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmark classifiers with all defaults on a sample landscape of 21,886 cells: minutes and peak memory.

All classifiers, in five spatial and five random folds, in a process of its own as from QGIS. The table so far is printed as it comes,
with what the process holds of memory then. The time is that of a machine with nothing else to do: the load is told.

    python test/bench/bench_benchmark.py [CELLS]
"""

import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
runpy.run_path(str(_ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()

from scarp.engine.feedback import Feedback
from scarp.engine.tasks import prepare_covariates, sample_cells, sample_landscape

TARGET_MINUTES = 12.0
LAYERS = ("faults", "roads", "settlements", "geology", "land_use", "soil", "climate", "red", "nir")


def prepared(folder, cells):
    """Return the stack of a sample landscape, and half landslide, half other cells on it."""
    land = sample_landscape.run(Feedback(), size=1024, cell_size=30.0, landslides=cells // 2, seed=1, folder=folder)
    fields = {f"{name}_field": "unit" for name in ("geology", "soil", "climate")}
    layers = {name: land[name] for name in LAYERS}
    stack = prepare_covariates.run(Feedback(), dem=land["dem"], **layers, **fields, output=f"{folder}/stack.tif")["output"]
    drawn = {"ratio": 1.0, "buffer": 0.0, "output": f"{folder}/cells.gpkg"}
    return stack, sample_cells.run(Feedback(), covariates=stack, inventory=land["inventory"], **drawn)["output"]


def memory_mib(process, key):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(key)), 0.0)


def main():
    cells = int(sys.argv[1]) if len(sys.argv) > 1 else 21_886
    with tempfile.TemporaryDirectory() as folder:
        stack, points = prepared(folder, cells)
        parameters = {
            "covariates": stack, "inventory": points, "label_field": "landslide", "output": f"{folder}/table.csv",
            "report": f"{folder}/report.html",
        }  # fmt: skip
        task = Path(folder) / "task.json"
        task.write_text(json.dumps({"task": "benchmark_classifiers", "parameters": parameters}))
        start, peak = time.monotonic(), 0.0
        command = [sys.executable, str(_ROOT / "engine" / "__main__.py"), str(task)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            for line in process.stdout:
                told = json.loads(line)
                peak = max(peak, memory_mib(process.pid, "VmHWM"))
                if told["type"] in ("message", "warning", "error"):
                    now = memory_mib(process.pid, "VmRSS")
                    print(f"{time.monotonic() - start:6.0f} s {now:6.0f} MiB  {told['text']}", flush=True)
        minutes = (time.monotonic() - start) / 60
    print(f"{cells:,} cells: {minutes:.1f} min, peak memory {peak:,.0f} MiB, load {os.getloadavg()[2]:.1f} on {os.cpu_count()} cores")
    print(f"the target of {TARGET_MINUTES:g} min", "is reached" if minutes <= TARGET_MINUTES else "is MISSED")
    return int(minutes > TARGET_MINUTES or process.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
