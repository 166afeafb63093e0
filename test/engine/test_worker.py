# SPDX-License-Identifier: GPL-2.0-or-later
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from scarp.engine import worker
from scarp.engine.feedback import Feedback
from scarp.engine.worker import JsonFeedback


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def told(stream):
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [line["text"] for line in lines if line["type"] == "status"]


def make():
    stream, clock = io.StringIO(), Clock()
    return stream, clock, JsonFeedback(stream, clock)


def test_a_status_is_told_at_once_and_then_every_two_seconds():
    stream, clock, feedback = make()
    for tenth in range(50):
        clock.now = tenth / 10
        feedback.part(10, 20).status(f"Epoch {tenth}")
    assert told(stream) == ["Epoch 0 …", "Epoch 20 …", "Epoch 40 …"]


def test_what_lasts_is_told_again_with_the_time_left():
    stream, clock, feedback = make()
    feedback.status("Compiling")
    clock.now = 1.9
    feedback.tell_status()
    assert told(stream) == ["Compiling …"]
    clock.now = 2.0
    feedback.tell_status()
    clock.now = 6.0
    feedback.progress(10)
    clock.now = 10.0
    feedback.tell_status()  # 6 s for a tenth: 54 s from then on, of which 4 are over
    clock.now = 60.0
    feedback.tell_status()  # longer than reckoned: no guess more
    assert told(stream) == ["Compiling …", "Compiling – 2 s so far", "Compiling – about 50 s left", "Compiling – 60 s so far"]


@pytest.mark.parametrize("last", ["error", "result"])
def test_nothing_comes_after_the_end(last):
    stream, clock, feedback = make()
    feedback.status("Starting the engine")
    feedback.write(last, text="x", value={})
    clock.now = 9.0
    feedback.tell_status()  # as the thread of its own does, until the process is gone
    feedback.write("error", text="y")
    assert [json.loads(line)["type"] for line in stream.getvalue().splitlines()] == ["status", last]


def test_nothing_is_repeated_while_progress_tells():
    stream, clock, feedback = make()
    feedback.status("Mapping window 1 of 9")
    for second in range(1, 20):
        clock.now = float(second)
        feedback.progress(second)
        feedback.tell_status()
    assert len(told(stream)) == 1


def test_steps_tell_what_is_done():
    heard = []

    class Listening(Feedback):
        def status(self, text):
            heard.append(text)

    assert list(Listening().part(0, 50).steps("ab", 1200, "Mapping window")) == ["a", "b"]
    assert heard == ["Mapping window 1 of 1,200", "Mapping window 2 of 1,200"]


def test_what_is_done_is_told_under_its_title():
    stream, clock, feedback = make()
    feedback.part(10, 20).under("Candidate 2 of 9").under("Fold 1 of 3").status("Training member 1 of 1, epoch 3 of 40, loss 0.412")
    assert told(stream) == ["Candidate 2 of 9, fold 1 of 3, training member 1 of 1, epoch 3 of 40, loss 0.412 …"]


LEAVING = """
import atexit, runpy, threading, time
runpy.run_path({entry!r}, run_name="entry")["register_package"]()
from scarp.engine.worker import leave
atexit.register(print, "removed")
threading.Thread(target=time.sleep, args=(600,)).start()
leave(3)
"""


def test_a_worker_that_is_done_ends_at_once_after_its_exit_handlers():
    entry = Path(worker.__file__).with_name("__main__.py")
    run = subprocess.run([sys.executable, "-c", LEAVING.format(entry=str(entry))], capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (3, "removed\n", "")
