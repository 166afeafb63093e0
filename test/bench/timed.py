# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a task in a process of its own, as QGIS does, and tells its time and peak memory."""

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_CODE = """
import json, os, runpy, sys, time
begin = time.perf_counter()
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("GDAL_CACHEMAX", "256")
runpy.run_path(sys.argv[1], run_name="launch")["register_package"]()
from scarp.engine import worker
from scarp.engine.feedback import Feedback
result = worker.run(sys.argv[2], json.loads(sys.argv[3]), Feedback())
seconds = time.perf_counter() - begin
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([result, seconds, int(peak.split()[1]) / 1024]))
"""


def timed(task, **parameters):
    """Return the result of a task, its seconds with start-up, and its peak memory in MiB."""
    command = [sys.executable, "-c", _CODE, str(_ROOT / "engine" / "__main__.py"), task, json.dumps(parameters)]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(found.stdout.splitlines()[-1])
