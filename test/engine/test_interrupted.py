# SPDX-License-Identifier: GPL-2.0-or-later
"""Tasks that are killed or told to end at some moment: the old outputs or the new ones, never a part of them, and the next run works."""

import signal
import time
from pathlib import Path

import bad_files
import forked
import pytest
import small_runs

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")
# When each task is struck, as shares of the time that it takes undisturbed from its first word on.
STRIKES = [("SIGKILL", 0.7), ("SIGTERM", 0.6)]


# The others are struck by `make bench ONLY=interrupted`: networks and many classifiers take long.
TASKS = [task for task in small_runs.TASKS if task not in ("explain_model", "benchmark_classifiers", "finetune_model", "train_cnn_dnn")]


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    return bad_files.write_area(tmp_path_factory.mktemp("area"))


class Bench:
    """A task, its inputs and its output folder, and how long it takes and what it writes undisturbed."""

    def __init__(self, task, area, folder):
        self.task, self.folder, self.out = task, folder, folder / "out"
        self.out.mkdir()
        self.inputs = Path(area["dem"]).parent
        self.parameters = small_runs.runs(area, self.out)[task]
        for _ in range(2):  # the first compiles
            run = self.start()
            assert run.wait() == 0, run.last
        self.seconds, self.names = run.seconds, sorted(path.name for path in self.out.iterdir())
        self.before = forked.digests(self.inputs)

    def start(self):
        return forked.Run(self.folder, self.task, self.parameters).wait_for_a_word()

    def old(self):
        forked.leave_old(self.out, self.names)

    def check_next(self):
        """Look whether the next run works and clears what is left."""
        run = self.start()
        assert run.wait() == 0, run.last
        assert forked.check_outputs(self.out, self.names)
        assert sorted(path.name for path in self.out.iterdir()) == self.names
        assert forked.digests(self.inputs) == self.before


@pytest.fixture(params=TASKS)
def bench(request, area, tmp_path):
    return Bench(request.param, area, tmp_path)


def test_a_run_that_is_struck_leaves_the_old_outputs_or_the_new(bench):
    for name, share in STRIKES:
        bench.old()
        run = bench.start()
        time.sleep(share * bench.seconds)
        code = run.end(forked.SIGNALS[name])
        new = forked.check_outputs(bench.out, bench.names)
        assert new or code in (-signal.SIGKILL, 128 + signal.SIGTERM), run.last
        assert not forked.leftovers(bench.out)
        assert forked.digests(bench.inputs) == bench.before
        bench.check_next()


def test_a_benchmark_that_is_cancelled_has_told_its_table_so_far(area, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    parameters = {**small_runs.runs(area, out)["benchmark_classifiers"], "classifiers": ["lr", "rf", "hgb", "svm"]}
    whole = forked.Run(tmp_path, "benchmark_classifiers", parameters)
    assert whole.wait() == 0, whole.last
    table = [line for line in whole.lines() if ": AUC " in line.get("text", "")]
    assert len(table) == 4
    for path in out.iterdir():
        path.unlink()
    run = forked.Run(tmp_path, "benchmark_classifiers", parameters)
    while not any(line == table[0] for line in run.lines()):
        time.sleep(0.005)
    assert run.end(signal.SIGTERM) == 128 + signal.SIGTERM
    so_far = [line for line in run.lines() if ": AUC " in line.get("text", "")]
    assert so_far == table[: len(so_far)]
    assert not list(out.iterdir())
