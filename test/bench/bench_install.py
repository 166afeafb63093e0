# SPDX-License-Identifier: GPL-2.0-or-later
"""Installations that are killed or told to end at many moments, and two at once: nothing looks finished, and no pip goes on.

The package index is out of reach, so that every installation ends in a sentence if it is let go on.

python test/bench/bench_install.py [MOMENTS]
"""

import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ENTRY = ROOT / "engine" / "__main__.py"
runpy.run_path(str(ENTRY), run_name="launch")["register_package"]()

import ending
from scarp.engine.environment import is_complete

GONE_S = 5.0


def start(folder):
    """Start an installation into `folder/engine` as QGIS does."""
    parameters = {"folder": str(folder / "engine"), "upgrade": False, "log": str(folder / "log.txt"), "proxy": None}
    description = folder / f"task-{time.monotonic_ns()}.json"
    description.write_text(json.dumps({"task": "install_engine", "parameters": parameters}))
    return subprocess.Popen(
        ["/usr/bin/python3", "-I", str(ENTRY), str(description)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PIP_NO_INDEX": "1"},
    )


def processes(folder):
    """The processes that name the folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = each.read_bytes()
        except OSError:
            continue
        if str(folder).encode() in words and int(each.parent.name) != os.getpid():
            found.append(words.replace(b"\0", b" ").decode()[:120])
    return found


def check(folder, old):
    """Return what is wrong after an installation has ended."""
    until = time.monotonic() + GONE_S
    while processes(folder) and time.monotonic() < until:
        time.sleep(0.05)
    faults = [f"goes on: {each}" for each in processes(folder)]
    if is_complete(folder / "engine"):
        faults.append("it looks complete")
    if (folder / "log.txt").read_text() != old:
        faults.append("the log of an earlier installation is gone")
    left = sorted(each.name for each in folder.iterdir() if "scarp-part" in each.name)
    return faults + [f"left behind: {left}"] * bool(left)


def main():
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    faults, seen = [], Counter()
    with tempfile.TemporaryDirectory(prefix="scarp-bench-") as name:
        folder, old = Path(name), "what an earlier installation told\n"
        (folder / "log.txt").write_text(old)
        began = time.monotonic()
        told = start(folder).communicate()[0].splitlines()[-1]
        seconds = time.monotonic() - began
        print(f"undisturbed {seconds:.1f} s: {json.loads(told)['text'][:160]}", flush=True)
        faults += check(folder, old)
        for kind in (signal.SIGKILL, signal.SIGTERM):
            for number in range(moments):
                run = start(folder)
                time.sleep(seconds * (number + 0.5) / moments)
                run.send_signal(kind)
                run.communicate()
                wrong = check(folder, old)
                seen[kind.name] += 1
                faults += [f"{kind.name} after {seconds * (number + 0.5) / moments:.1f} s: {each}" for each in wrong]
        both = [start(folder), start(folder)]
        words = [json.loads(run.communicate()[0].splitlines()[-1])["text"] for run in both]
        if sum("Another" in each for each in words) != 1:
            faults.append(f"two at once: {words}")
        faults += check(folder, old)
    print(", ".join(f"{kind} {count}" for kind, count in seen.items()) + ", two at once 1")
    return ending.told(faults)


if __name__ == "__main__":
    sys.exit(main())
