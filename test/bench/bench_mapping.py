# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole-raster mapping: against `model.predict` over patches, against the bare network, and by the size of the raster.

python test/bench/bench_mapping.py [MILLION_CELLS …]
"""

import os
import runpy
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the worker
ROOT = Path(__file__).resolve().parents[2]
runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from osgeo import osr
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.stack import Stack, StackWriter
from scarp.models.applicability import Applicability
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.dense import DenseNetwork
from scarp.models.encoding import Encoder
from scarp.models.model_file import load_model, save_model
from scarp.models.network import build, weights_of, with_weights
from scarp.models.recipe import Recipe
from scarp.models.trees import grow
from timed import timed

SIZES = (1.0, 4.0, 16.0)
# 16 covariates in 30 channels: 14 continuous ones, aspect, and a geology of 14 classes.
COVARIATES = (
    *(Covariate(f"covariate_{number}") for number in range(14)),
    Covariate("aspect", "circular"),
    Covariate("geology", "categorical", classes={code: f"unit {code}" for code in range(1, 15)}),
)
SIDE, PATCHES, REPEATS = 512, 8192, 5


def best_seconds(work, repeats=REPEATS):
    """Return the shortest of several runs, after one to warm up."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def random_window(channels, margin):
    """Return a random encoded window, channel by channel in memory as the encoder makes it."""
    side = SIDE + 2 * margin
    return np.moveaxis(np.random.default_rng(1).normal(size=(channels, side, side)).astype(np.float32), 0, -1)


def compare_ways(architecture):
    """Print how many cells a second one network does, patch by patch and by whole windows."""
    network = build(architecture)
    weights = weights_of(network, architecture)
    margin, size, channels = architecture.margin_px, architecture.patch_size_px, architecture.channels
    window = random_window(channels, margin)
    patches = np.random.default_rng(2).normal(size=(PATCHES, size, size, channels)).astype(np.float32)
    reference, centres = with_weights(architecture, weights), patches[:, margin, margin]
    rates = {}
    for batch in (32, 512):
        seconds = best_seconds(partial(reference.predict, [patches, centres], batch_size=batch, verbose=0), 3)
        rates[f"model.predict, batches of {batch}"] = PATCHES / seconds
    for backend in ("tensorflow", "numpy"):
        seconds = best_seconds(partial(DenseNetwork(architecture, [weights], backend).predict, window))
        rates[f"whole window, {backend}"] = SIDE * SIDE / seconds
    default, best, *_ = rates.values()
    print(f"\n{network.count_params()} parameters, {size}×{size} patches, {channels} channels: cells/s, times batches of 32, times 512")
    for name, rate in rates.items():
        print(f"{name:32s} {rate:12,.0f} {rate / default:8.1f}× {rate / best:8.1f}×")


def write_stack(path, million_cells):
    """Write a stack of smooth fields with some noise."""
    side = round((million_cells * 1e6) ** 0.5)
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    grid = Grid(reference.ExportToWkt(), (0.0, 30.0, 0.0, 0.0, 0.0, -30.0), (side, side))
    rng = np.random.default_rng(1)
    with StackWriter(path, grid, COVARIATES) as writer:
        for window in grid.windows(1024, 1024):
            y, x = np.mgrid[window.row : window.row + window.rows, window.col : window.col + window.cols] / 100
            for number, covariate in enumerate(COVARIATES):
                field = np.sin(x + number) * np.cos(y - 0.3 * number) + rng.normal(0, 0.01, x.shape)
                kinds = {"circular": np.abs(field) * 180, "categorical": np.clip(np.floor(np.abs(field) * 14) + 1, 1, 14)}
                writer.write(covariate.name, Window(window.row, window.col, window.rows, window.cols), kinds.get(covariate.kind, field))
    return grid


def write_model(path, members, trees):
    """Write a model file with untrained networks, with or without trees; return it."""
    sample = np.random.default_rng(1).normal(size=(500, 16))
    sample[:, 14], sample[:, 15] = np.arange(500) % 360, np.arange(500) % 14 + 1
    encoder = Encoder.fit(sample, COVARIATES)
    architecture = Recipe().architecture(len(encoder.channels))
    weights = [weights_of(build(architecture), architecture) for _ in range(members)]
    beside = grow(encoder.encode(sample), (sample[:, 0] > 0).astype(int), 1) if trees else None
    model = CnnDnn(encoder, architecture, weights, trees=beside, share=0.5)
    save_model(path, model)
    return model


def bare_rate(model):
    """Return how many cells a second the network does on random windows alone."""
    window = random_window(len(model.encoder.channels), model.margin_px)
    return SIDE * SIDE / best_seconds(partial(model.network.predict, window))


def compare_trees(model):
    """Print how long network and trees take together, as times the network alone, on random windows."""
    margin, window = model.margin_px, random_window(len(model.encoder.channels), model.margin_px)
    alone = best_seconds(partial(model.network.predict, window))
    beside = best_seconds(partial(model.trees.predict, window[margin:-margin, margin:-margin]))
    print(f"\n{len(model.members)} members: network and trees take {1 + beside / alone:.2f} times as long as the network")


def map_sizes(sizes):
    """Print time and peak memory of whole maps, each by a worker process of its own, beside the bare network's rate."""
    with tempfile.TemporaryDirectory(prefix="scarp-bench-") as folder:
        for members, trees in ((1, False), (1, True), (3, False), (3, True)):
            model = write_model(Path(folder) / f"{members}.scarp", members, trees)
            bare = bare_rate(model)
            if trees:
                compare_trees(model)
            beside = " with trees" if trees else ""
            print(f"\n{members} members{beside}, 16 covariates, 30 channels: the bare network does {bare:,.0f} cells/s")
            print("million cells  seconds     cells/s  of the bare network  peak MiB")
            for size in sizes:
                stack = Path(folder) / f"{size}.tif"
                if not stack.exists():
                    write_stack(str(stack), size)
                files = {"covariates": str(stack), "model": f"{folder}/{members}.scarp", "output": f"{folder}/map.tif"}
                _, seconds, peak = timed("map_susceptibility", **files)
                cells = round((size * 1e6) ** 0.5) ** 2
                print(f"{size:13.1f} {seconds:8.1f} {cells / seconds:11,.0f} {cells / seconds / bare:19.0%} {peak:10,.0f}", flush=True)


def write_applicable(path, folder):
    """Give a model file an area of applicability, of 2,000 cells of the stack; all covariates count."""
    model = load_model(path, "numpy")
    stack = Stack.open(f"{folder}/stack.tif")
    rng = np.random.default_rng(3)
    rows, cols = (rng.integers(0, side, 2000) for side in stack.grid.shape)
    fold = rng.integers(0, 5, 2000)
    splits = [(np.flatnonzero(fold != number), np.flatnonzero(fold == number)) for number in range(5)]
    model.applicability = Applicability.fit(model.encoder, stack.at(rows, cols), rng.random(16), splits)
    save_model(path, model)


def trust(million_cells=1.0, turns=3):
    """Print what uncertainty and area of applicability take of time and memory, as times the mapping alone; shortest of some turns."""
    with tempfile.TemporaryDirectory(prefix="scarp-bench-") as folder:
        write_stack(f"{folder}/stack.tif", million_cells)
        write_model(f"{folder}/m.scarp", 3, trees=True)
        write_applicable(f"{folder}/m.scarp", folder)
        files = {"covariates": f"{folder}/stack.tif", "model": f"{folder}/m.scarp", "output": f"{folder}/map.tif"}
        asked = {
            "the map alone": {},
            "uncertainty": {"uncertainty": f"{folder}/u.tif"},
            "… by 5 passes of dropout": {"uncertainty": f"{folder}/u.tif", "dropout_passes": 5},
            "area of applicability": {"applicability": f"{folder}/a.tif"},
        }
        for backend in ("numpy", "tensorflow"):
            found = {name: [] for name in asked}
            for _ in range(turns):
                for name, more in asked.items():
                    found[name].append(timed("map_susceptibility", **files, **more, backend=backend)[1:])
            alone = [min(each) for each in zip(*found["the map alone"])]
            print(f"\n{million_cells:g} million cells, 3 members with trees, {backend}: seconds, peak MiB, and times the map alone")
            for name, runs in found.items():
                seconds, peak = (min(each) for each in zip(*runs))
                print(f"{name:28s} {seconds:8.1f} {peak:8,.0f} {seconds / alone[0]:8.2f} {peak / alone[1]:8.2f}", flush=True)


def small_jobs():
    """Print what a map of one million cells takes by each backend, in turns, and what Scarp chooses by itself."""
    with tempfile.TemporaryDirectory(prefix="scarp-bench-") as folder:
        write_stack(f"{folder}/stack.tif", 1.0)
        print("\none million cells          seconds  peak MiB")
        for members in (1, 3):
            write_model(f"{folder}/m.scarp", members, trees=False)
            files = {"covariates": f"{folder}/stack.tif", "model": f"{folder}/m.scarp", "output": f"{folder}/map.tif"}
            for backend in 2 * ("tensorflow", "numpy", "auto"):
                _, seconds, peak = timed("map_susceptibility", **files, backend=backend)
                print(f"{members} members, {backend:12s} {seconds:9.1f} {peak:9,.0f}", flush=True)


def main():
    small_jobs()
    trust()
    compare_ways(Recipe().architecture(30))
    compare_ways(Recipe(15, 32, 2, 128).architecture(30))
    map_sizes([float(each) for each in sys.argv[1:]] or SIZES)


if __name__ == "__main__":
    main()
