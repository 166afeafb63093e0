# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzing of what reads files of others: `python test/support/fuzzing.py READER SECONDS`, with READER `model` or `task`.

With atheris the mutations follow the lines of code that they reach; without it they are drawn with a fixed seed. Any error but the
sentence for the user, an input that takes longer than `MOST_S`, and more memory than `MOST_MB` end it with exit code 1 or more.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import random
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_S, MOST_MB = 5, 1500
# What of a model file an input stands for, by its first byte.
ENTRIES = ("", "manifest.json", "member0.npz", "trees.npz", "estimator.skops", "schema.json")


def register() -> None:
    if "scarp" not in sys.modules:
        spec = importlib.util.spec_from_file_location("scarp", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
        sys.modules["scarp"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["scarp"])


class Model:
    """A model file of which one entry is the input."""

    def __init__(self):
        import good_models
        from scarp.models.errors import EngineError
        from scarp.models.model_file import load_model

        self.load, self.error, self.pack = load_model, EngineError, good_models.packed
        self.network = good_models.unpacked(good_models.file_of(good_models.network_model()))
        self.trees = good_models.unpacked(good_models.file_of(good_models.cell_model("dt")))
        self.skops = good_models.unpacked(self.trees["estimator.skops"])

    def seeds(self):
        whole = self.pack(self.network, 0)
        parts = [whole, *(self.network[name] for name in ENTRIES[1:4]), self.trees["estimator.skops"], self.skops["schema.json"]]
        return [bytes([number]) + part for number, part in enumerate(parts)] + [b"\1" + self.trees["manifest.json"]]

    def __call__(self, data: bytes) -> None:
        if not data:
            return
        entry, content = ENTRIES[data[0] % len(ENTRIES)], data[1:]
        if entry == "schema.json":
            content = self.pack({**self.skops, entry: content}, 0)
            entry = "estimator.skops"
        if entry:
            entries = self.trees if entry == "estimator.skops" else self.network
            content = self.pack({**entries, entry: content}, 0)
        with contextlib.suppress(self.error):
            self.load(io.BytesIO(content), "numpy")


class Task:
    """The description of a task."""

    def __init__(self):
        from scarp.engine import worker
        from scarp.engine.declarations.checks import checked
        from scarp.engine.declarations.parameters import TASKS
        from scarp.engine.declarations.source import Source
        from scarp.models.errors import EngineError

        self.worker, self.checked, self.source, self.tasks, self.error = worker, checked, Source, TASKS, EngineError
        self.path = Path(tempfile.mkdtemp()) / "task.json"

    def seeds(self):
        texts = {"covariates": "/a/s.tif|layername=x|crs=EPSG:4326", "inventory": "/a/i.gpkg", "model": "/a/m.scarp", "report": "/a/r.html"}
        return [json.dumps({"task": task, "parameters": {**texts, "seed": 1, "output": "/a/o.tif"}}).encode() for task in self.tasks]

    def __call__(self, data: bytes) -> None:
        self.path.write_bytes(data)
        with contextlib.suppress(self.error):
            task, parameters = self.worker._described(self.path)
            for value in parameters.values():
                if isinstance(value, str):
                    self.source.parse(value)
            if task in self.tasks:
                self.checked(task, parameters)


READERS = {"model": Model, "task": Task}


def by_chance(reader, seconds: float) -> int:
    """Feed mutations of the seeds, drawn with a fixed seed; return how many."""
    rng, seeds, until, tried = random.Random(7), reader.seeds(), time.monotonic() + seconds, 0
    while time.monotonic() < until:
        data = bytearray(rng.choice(seeds))
        for _ in range(rng.randint(1, 8)):
            place = rng.randrange(1, len(data) + 1)
            kind = rng.randrange(4)
            if kind == 0:
                data[place:place] = rng.choice([b"9" * 30, b"-", b"[", b'"', b"\0", b"NaN", rng.randbytes(4)])
            elif kind == 1:
                del data[place : place + rng.randint(1, 40)]
            elif kind == 2 and place < len(data):
                data[place] = rng.randrange(256)
            else:
                other = rng.choice(seeds)
                start = rng.randrange(len(other))
                data[place : place + rng.randint(0, 40)] = other[start : start + 40]
        started = time.monotonic()
        try:
            reader(bytes(data))
        except Exception:
            print(f"input: {bytes(data)[:3000]!r}", file=sys.stderr)
            raise
        if time.monotonic() - started > MOST_S:
            raise TimeoutError(f"{bytes(data)[:3000]!r}")
        tried += 1
    return tried


def main(name: str, seconds: float) -> None:
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(Path(__file__).parent))
    register()
    try:
        import atheris
    except ImportError:
        print(f"{name}: {by_chance(READERS[name](), seconds):,} inputs by chance, each a sentence or a model")
        return
    with atheris.instrument_imports(include=["scarp.models", "scarp.engine"]):
        reader = READERS[name]()
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(reader.seeds()):
            (Path(folder) / str(number)).write_bytes(seed)
        # The most that the process held counts from the one that began it, as Linux tells it.
        limit = MOST_MB + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        limits = [f"-max_total_time={seconds:.0f}", f"-timeout={MOST_S}", f"-rss_limit_mb={limit}", "-max_len=65536", "-seed=7"]
        atheris.Setup(["fuzzing", f"-artifact_prefix={tempfile.gettempdir()}/scarp-fuzz-", "-print_final_stats=1", *limits, folder], reader)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
