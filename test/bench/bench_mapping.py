# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole-window inference against `model.predict` over extracted patches, same weights, side by side in one run."""

import os
import resource
import runpy
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
runpy.run_path(str(Path(__file__).resolve().parents[2] / "engine" / "__main__.py"), run_name="launch")["register_package"]()

import numpy as np
from scarp.models.architecture import Architecture
from scarp.models.dense import DenseNetwork
from scarp.models.network import build, weights_of, with_weights

CHANNELS, SIDE, PATCHES, REPEATS = 30, 512, 8192, 5


def best_seconds(work):
    """Return the shortest of several runs, after one to warm up."""
    work()
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main():
    architecture = Architecture(CHANNELS)
    network = build(architecture)
    weights = weights_of(network, architecture)
    margin, size = architecture.margin_px, architecture.patch_size_px
    rng = np.random.default_rng(1)
    window = rng.normal(size=(SIDE + 2 * margin, SIDE + 2 * margin, CHANNELS)).astype(np.float32)
    patches = rng.normal(size=(PATCHES, size, size, CHANNELS)).astype(np.float32)
    reference = with_weights(architecture, weights)
    rates = {}
    centres = patches[:, margin, margin]
    rates["model.predict over patches"] = PATCHES / best_seconds(lambda: reference.predict([patches, centres], batch_size=512, verbose=0))
    for backend in ("tensorflow", "numpy"):
        dense = DenseNetwork(architecture, [weights], backend)
        rates[f"whole window, {backend}"] = SIDE * SIDE / best_seconds(lambda dense=dense: dense.predict(window))
    base = rates["model.predict over patches"]
    print(f"{network.count_params()} parameters, {size}×{size} patches, {CHANNELS} channels")
    for name, rate in rates.items():
        print(f"{name:30s} {rate:12,.0f} cells/s  {rate / base:7.1f}×")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
