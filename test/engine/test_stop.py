# SPDX-License-Identifier: GPL-2.0-or-later
"""A worker ends when it is told to or when its parent is gone, within 5 s, even while compiled code keeps Python's lock."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are not what they are there")
ROOT = Path(__file__).resolve().parents[2]
MOST_S = 5.0
WORKER = f"""
import ctypes, os, runpy, sys, time
from pathlib import Path
runpy.run_path({str(ROOT / "engine" / "__main__.py")!r}, run_name="launch")["register_package"]()
from scarp.engine import worker
from scarp.engine.files import outputs
worker.end_when_told(worker._end)
unfinished = Path(sys.argv[2])
unfinished.touch()
outputs.remove_if_stopped(unfinished)
print(os.getpid(), flush=True)
if sys.argv[1] == "stuck":
    mutex, libc = ctypes.create_string_buffer(64), ctypes.PyDLL(None)  # keeps Python's lock, as TensorFlow does at the end of its memory
    for _ in range(2):
        libc.pthread_mutex_lock(mutex)
if sys.argv[1] == "native":
    ctypes.CDLL(None).sleep(120)  # gives the lock back
while True:
    time.sleep(0.01)
"""
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-I", "-c", *sys.argv[1:]])
time.sleep(120)
"""


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def family(pid):
    """The process and its children: the watcher."""
    return [int(each.name) for each in Path("/proc").glob("[0-9]*") if parent_of(each) == pid] + [pid]


def parent_of(folder):
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def seconds_until_gone(pids):
    started = time.monotonic()
    while any(map(is_running, pids)) and time.monotonic() - started < 20:
        time.sleep(0.02)
    return time.monotonic() - started


@pytest.mark.parametrize("doing", ["stuck", "native", "busy"])
def test_sigterm_ends_a_worker_whatever_it_does(tmp_path, doing):
    command = [sys.executable, "-I", "-c", WORKER, doing, str(tmp_path / "part")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    pids = family(int(process.stdout.readline()))
    assert len(pids) == 2
    time.sleep(0.3)
    process.terminate()
    started = time.monotonic()
    process.wait(20)
    assert time.monotonic() - started < (MOST_S if doing == "stuck" else 2.0)
    assert seconds_until_gone(pids) < 1
    assert process.returncode == (-signal.SIGKILL if doing == "stuck" else 143)
    assert (tmp_path / "part").exists() == (doing == "stuck")


@pytest.mark.parametrize("doing", ["stuck", "busy"])
def test_a_worker_ends_with_its_parent(tmp_path, doing):
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", PARENT, WORKER, doing, str(tmp_path / "part")], stdout=subprocess.PIPE, text=True
    )
    pids = family(int(process.stdout.readline()))
    time.sleep(0.3)
    process.kill()  # and not waited for: what is left of it keeps its number
    assert seconds_until_gone(pids) < MOST_S
    process.wait()
    assert (tmp_path / "part").exists() == (doing == "stuck")


def test_the_watcher_goes_with_the_worker_and_the_worker_without_it(tmp_path):
    command = [sys.executable, "-I", "-c", WORKER, "busy", str(tmp_path / "part")]
    for kill_watcher in (False, True):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        watcher, worker = family(int(process.stdout.readline()))
        os.kill(watcher if kill_watcher else worker, signal.SIGKILL)
        time.sleep(0.5)
        if kill_watcher:
            assert is_running(worker)
            process.terminate()  # its main thread hears it
        assert seconds_until_gone([watcher, worker]) < 2
        process.wait()


def test_a_watcher_that_begins_when_its_worker_is_gone_ends_too(tmp_path):
    """On a busy machine a worker that refuses its task at once is gone before the other process has done anything."""
    code = (
        "import os, sys, time; sys.path.insert(0, sys.argv[1]); import stop; fork = os.fork\n"
        "def late():\n    child = fork()\n"
        "    if not child: time.sleep(.5); print(os.getpid(), file=open(sys.argv[2], 'w'))\n    return child\n"
        "os.fork = late; stop.end_when_told(lambda: None); os._exit(0)"
    )
    written = tmp_path / "pid"
    subprocess.run([sys.executable, "-I", "-c", code, str(Path(__file__).resolve().parents[2] / "engine"), str(written)], check=True)
    until = time.monotonic() + 10
    while not (written.exists() and written.read_text().strip()):
        assert time.monotonic() < until
        time.sleep(0.05)
    while Path(f"/proc/{written.read_text().strip()}").exists():
        assert time.monotonic() < until, "it stays"
        time.sleep(0.05)
