# SPDX-License-Identifier: GPL-2.0-or-later
"""Every task is struck at many moments, and given too little room: whether anything is lost, half written, left behind or told wrongly.

python test/bench/bench_interrupted.py [TASK|all [KIND…]]

SCARP_MOMENTS (20) says how many moments of each kind. KIND is SIGKILL, SIGTERM, all (SIGKILL to the worker and to the process that watches
it, as when the power is cut), disk (needs root, to mount a small file system), memory, cut (inputs truncated in mid-run), odd (odd outputs)
or twice (two runs at once). Immutable outputs (odd) need root too. Cancelling in QGIS is in bench_session.py.
"""

import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "support"))
ENTRY = ROOT / "engine" / "__main__.py"
runpy.run_path(str(ENTRY), run_name="launch")["register_package"]()

import bad_files
import forked
import small_runs
from scarp.engine.files.outputs import check_writable

MOMENTS = int(os.environ.get("SCARP_MOMENTS", "20"))
KINDS = ("SIGKILL", "SIGTERM", "all", "disk", "memory", "cut", "odd", "twice")
MIB = 1 << 20
# What no user should read.
NO_WORDS = re.compile(r"unexpectedly|Traceback|Errno|IReadBlock|NoneType|TIFF\w+:|sqlite3|RuntimeError")


class FaultError(AssertionError):
    """Something that must not be."""


def demand(is_so, told):
    if not is_so:
        raise FaultError(told)


class Started:
    """A run in a worker that QGIS could have started, with so many bytes of address space."""

    def __init__(self, bench, limit):
        description = bench.folder / "task.json"
        description.write_text(json.dumps({"task": bench.task, "parameters": small_runs.runs(bench.area, bench.out)[bench.task]}))
        command = f"ulimit -v {limit // 1024}; exec {shlex.join([sys.executable, '-I', str(ENTRY), str(description)])}"
        self._process = subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def wait(self, seconds):
        """Wait for its end; return the exit code."""
        try:
            told, _ = self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise FaultError("it does not end") from None
        lines = told.splitlines()
        self.last = json.loads(lines[-1]) if lines else {}
        return self._process.returncode


class Bench:
    """One task with its own copy of the inputs and its output folder."""

    def __init__(self, task, folder):
        self.task, self.folder = task, Path(folder)
        self.inputs, self.out = self.folder / "inputs", self.folder / "out"
        self.inputs.mkdir()
        self.out.mkdir()
        self.area = bad_files.write_area(self.inputs)
        for _ in range(2):  # the first compiles
            run = self.start()
            demand(run.wait(300) == 0, run.last)
        self.seconds, self.names = run.seconds, sorted(path.name for path in self.out.iterdir())
        self.bytes = sum(path.stat().st_size for path in self.out.iterdir())
        self.before = forked.digests(self.inputs)
        self.models = self.model_files(self.out)

    def start(self, out=None, area=None):
        parameters = small_runs.runs(area or self.area, out or self.out)[self.task]
        return forked.Run(self.folder, self.task, parameters).wait_for_a_word()

    def check(self, out=None):
        """Look whether outputs are all old or all new; return whether they are new."""
        try:
            return forked.check_outputs(out or self.out, self.names)
        except AssertionError as error:
            raise FaultError(str(error)) from error
        except Exception as error:
            raise FaultError(f"an output is damaged: {error!r}") from error

    def model_files(self, out):
        """The hashes of model files, which are the same for the same seed."""
        return {name: digest for name, digest in forked.digests(out).items() if name.endswith(".scarp")}

    def check_words(self, run, code):
        """Look whether a run that failed says so in one sentence."""
        if code in (0, -9, 143):
            return
        text = run.last.get("text", "")
        demand(run.last.get("type") == "error" and text, f"code {code} and no word: {run.last}")
        demand(not NO_WORDS.search(text) and "\n" not in text and len(text) < 600, f"words: {text}")

    def check_next(self, out=None):
        """Look whether the next run works and clears what is left, and inputs are what they were."""
        out = out or self.out
        run = self.start(out)
        demand(run.wait(300) == 0, f"the next run: {run.last}")
        demand(self.check(out), "the next run left old outputs")
        left = sorted(path.name for path in out.iterdir() if path.name not in self.names)
        demand(not left, f"left behind: {left}")
        demand(self.model_files(out) == self.models, "another model file for the same seed")
        demand(forked.digests(self.inputs) == self.before, "an input has changed")

    def struck(self, kind, share):
        forked.leave_old(self.out, self.names)
        run = self.start()
        time.sleep(share * self.seconds)
        if kind == "all":
            for process in run.processes():
                os.kill(process, 9)
            code = run.end(9)
            check_writable(self.out / "another.txt")  # the next run into this folder
        else:
            code = run.end(forked.SIGNALS[kind])
            demand(not forked.leftovers(self.out), f"left behind: {forked.leftovers(self.out)}")
        new = self.check()
        demand(new or code in (-9, 143), f"code {code}, old outputs: {run.last}")
        demand(kind == "SIGTERM" or code != 143, code)
        return "new" if new else "old"

    def on_full_disk(self, mount, share):
        """Run with room for a share of what an undisturbed run needs beside the old outputs."""
        for path in mount.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        forked.leave_old(mount, self.names)
        room = int(share * (2.5 * self.bytes + 300_000))
        free = shutil.disk_usage(mount).free
        with (mount / "filler").open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, max(free - room, 1))
        run = self.start(mount)
        code = run.wait(300)
        new = self.check(mount)
        demand(new == (code == 0), f"code {code}, outputs {'new' if new else 'old'}: {run.last}")
        self.check_words(run, code)
        demand(code == 0 or re.search(r"full|space|cannot be written", run.last["text"]), run.last)
        demand(not forked.leftovers(mount), f"left behind: {forked.leftovers(mount)}")
        (mount / "filler").unlink()
        self.check_next(mount)
        return "new" if new else "told"

    def in_little_memory(self, megabytes):
        forked.leave_old(self.out, self.names)
        run = Started(self, megabytes * MIB)  # what is forked has taken more already
        code = run.wait(300)
        new = self.check()
        demand(new == (code == 0), f"code {code}, outputs {'new' if new else 'old'}: {run.last}")
        self.check_words(run, code)
        demand(not forked.leftovers(self.out), f"left behind: {forked.leftovers(self.out)}")
        return "new" if new else "told"

    def with_cut_input(self, name, share):
        """Truncate an input while it is read."""
        copy = self.folder / "cut"
        shutil.copytree(self.inputs, copy)
        try:
            area = {key: path.replace(str(self.inputs), str(copy)) for key, path in self.area.items()}
            forked.leave_old(self.out, self.names)
            run = self.start(area=area)
            time.sleep(share * self.seconds)
            path = Path(area[name])
            os.truncate(path, path.stat().st_size // 2)
            code = run.wait(300)
            new = self.check()
            demand(new == (code == 0), f"code {code}, outputs {'new' if new else 'old'}: {run.last}")
            self.check_words(run, code)
            demand(not forked.leftovers(self.out), f"left behind: {forked.leftovers(self.out)}")
        finally:
            shutil.rmtree(copy)
        return "new" if new else "told"

    def into_odd_outputs(self, odd, share):
        """Make the place of the outputs odd, before the run (share 0) or in it."""
        try:
            return self._into_odd_outputs(odd, share)
        finally:
            _chattr("-i", self.out, "-R")
            subprocess.run(["chmod", "-R", "u+rwX", str(self.out)], check=False, capture_output=True)
            shutil.rmtree(self.out, ignore_errors=True)
            self.out.mkdir()

    def _into_odd_outputs(self, odd, share):
        forked.leave_old(self.out, self.names)
        target = self.out / self.names[0 if odd.startswith("first") else -1]
        if not share:
            ODD[odd](self, target)
        run = self.start()
        if share:
            time.sleep(share * self.seconds)
            ODD[odd](self, target)
        code = run.wait(300)
        self.check_words(run, code)
        seen = "new" if code == 0 else "told"
        if self.out.is_dir():
            demand(not forked.leftovers(self.out) or code == 0, f"left behind: {forked.leftovers(self.out)}")
            kept = [name for name in self.names if (self.out / name).is_file() and (self.out / name).read_bytes() == forked.OLD]
            others = [name for name in self.names if name != target.name]
            demand(code == 0 or set(kept) >= set(others) or odd == "folder removed", f"code {code}, old are {kept}: {run.last}")
            if "immutable" in odd and target.is_file():  # new where the run had ended already
                demand(target.read_bytes() == self.fixed, "what must not change has changed")
                demand(code or self.fixed != forked.OLD, "success, and an output is old")
        return seen

    def twice(self):
        """Start two runs at once, into the same outputs."""
        forked.leave_old(self.out, self.names)
        runs = [self.start(), self.start()]
        codes = [run.wait(300) for run in runs]
        demand(0 in codes, [run.last for run in runs])
        for run, code in zip(runs, codes):
            self.check_words(run, code)
            demand(code == 0 or "Another run" in run.last["text"], run.last)
        demand(self.check(), "old outputs")
        return f"codes {sorted(codes)}"


def _folder_instead(bench, target):
    target.unlink()
    target.mkdir()


def _read_only(bench, target):
    target.chmod(0o444)


def _link(bench, target):
    target.rename(bench.folder / "aim")
    target.symlink_to(bench.folder / "aim")


def _loop(bench, target):
    target.unlink()
    target.symlink_to(target)


def _fifo(bench, target):
    target.unlink()
    os.mkfifo(target)


def _folder_removed(bench, target):
    shutil.rmtree(bench.out)


def _gone(bench, target):
    target.unlink(missing_ok=True)


def _chattr(flag, path, *more):
    return subprocess.run(["chattr", *more, flag, str(path)], check=False, capture_output=True).returncode


def _immutable(bench, target):
    bench.fixed = target.read_bytes()
    demand(not _chattr("+i", target), "root, and a file system that has attributes, are needed here")


def _folder_immutable(bench, target):
    bench.fixed = target.read_bytes()
    demand(not _chattr("+i", bench.out), "root, and a file system that has attributes, are needed here")


ODD = {
    "immutable": _immutable,
    "first immutable": _immutable,
    "folder immutable": _folder_immutable,
    "read-only": _read_only,
    "a folder": _folder_instead,
    "a link": _link,
    "a loop": _loop,
    "a pipe": _fifo,
    "removed": _gone,
    "folder removed": _folder_removed,
}


def cases(bench, kinds, mount):
    """Yield each case: its kind, what names it, and what carries it out."""
    shares = [(number + 0.5) / MOMENTS for number in range(MOMENTS)]
    for kind in ("SIGKILL", "SIGTERM", "all"):
        if kind in kinds:
            yield from ((kind, f"{share:.2f}", lambda kind=kind, share=share: bench.struck(kind, share)) for share in shares)
            yield kind, "next", bench.check_next
    if "disk" in kinds and mount:
        yield from (("disk", f"{part / 10:.1f}", lambda part=part: bench.on_full_disk(mount, part / 10)) for part in (0, *range(1, 10)))
    if "memory" in kinds:
        sizes = (300, 500, 700, 850, 1000, 1300, 1700, 2200, 2700, 3200)
        yield from (("memory", f"{size} MB", lambda size=size: bench.in_little_memory(size)) for size in sizes)
        yield "memory", "next", bench.check_next
    if "cut" in kinds:
        own = json.dumps(small_runs.runs(bench.area, bench.out)[bench.task])
        names = [name for name, path in bench.area.items() if path in own]
        some = [share**3 for share in shares[:: max(MOMENTS // 5, 1)]]  # the most at the beginning, when inputs are read
        for name in names:
            yield from (("cut", f"{name} {share:.3f}", lambda name=name, share=share: bench.with_cut_input(name, share)) for share in some)
        yield "cut", "next", bench.check_next
    if "odd" in kinds:
        yield from (
            ("odd", f"{odd} {share}", lambda odd=odd, share=share: bench.into_odd_outputs(odd, share))
            for odd in ODD
            for share in (0, 0.5)
            if (odd, share) not in (("removed", 0), ("folder removed", 0), ("folder immutable", 0.5))
        )
        yield "odd", "next", bench.check_next
    if "twice" in kinds:
        yield "twice", "same outputs", bench.twice
        yield "twice", "next", bench.check_next


def mounted(folder):
    """Mount a small file system; None where this user may not."""
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True, check=False)
    return folder if done.returncode == 0 else None


def main():
    given = sys.argv[1:] or ["all"]
    tasks = small_runs.TASKS if given[0] == "all" else given[0].split(",")
    kinds = given[1:] or KINDS
    faults = 0
    with tempfile.TemporaryDirectory(prefix="scarp-bench-") as folder:
        mount = mounted(Path(folder) / "small") if "disk" in kinds else None
        if "disk" in kinds and not mount:
            print("Full disks are left out: only root can mount a small file system.")
        try:
            for task in tasks:
                place = Path(folder) / task
                place.mkdir()
                bench = Bench(task, place)
                print(f"{task}: {bench.seconds:.1f} s undisturbed, {len(bench.names)} files", flush=True)
                for kind, some in groupby(cases(bench, kinds, mount), key=lambda case: case[0]):
                    seen = Counter()
                    for _, name, carry_out in some:
                        try:
                            seen[carry_out() or "the next run works"] += 1
                        except (FaultError, AssertionError) as error:
                            faults += 1
                            seen["FAULT"] += 1
                            print(f"  {task} {kind} {name}: {error}", flush=True)
                            for path in bench.out.iterdir() if bench.out.is_dir() else ():
                                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
                            bench.out.mkdir(exist_ok=True)
                    print(f"  {kind}: {', '.join(f'{what} {count}' for what, count in seen.items())}", flush=True)
                shutil.rmtree(place)
        finally:
            if mount:
                subprocess.run(["umount", str(mount)], check=False)
    print(f"{faults} faults")
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
