# SPDX-License-Identifier: GPL-2.0-or-later
"""Thirty networks in one process, as folds, members and tuning train them: what memory grows by after the first three.

Each round is one fold: three members with other cells and another number of them, and the susceptibility of the test cells.

    python test/bench/bench_long_session.py [NETWORKS]
"""

import os
import runpy
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
runpy.run_path(str(Path(__file__).resolve().parents[2] / "engine" / "__main__.py"), run_name="launch")["register_package"]()

import numpy as np
from scarp.models.network import predict_patches
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from scarp.models.training import train

PATCHES, CHANNELS, MEMBERS = 400, 24, 3
LIMIT_MIB = 50


def resident_mib():
    """Return what the process holds of memory now."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main():
    networks = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    rng = np.random.default_rng(1)
    recipe = Recipe(epochs=4)
    patches = Patches.of(rng.normal(size=(PATCHES, recipe.patch_size, recipe.patch_size, CHANNELS)).astype(np.float32))
    labels = np.arange(PATCHES) % 2
    held = []
    for fold in range(networks // MEMBERS + 1):
        cells = rng.permutation(PATCHES)[: 300 + fold]
        some, of = patches.only(cells), labels[cells]
        weights = [train(some, of, rng.random(len(cells)) < 0.2, recipe, fold + seed, [(0, 1)]).weights for seed in range(MEMBERS)]
        predict_patches(recipe.architecture(CHANNELS), weights, patches)
        held.append(resident_mib())
        print(f"after {MEMBERS * (fold + 1):3d} networks {held[-1]:7.0f} MiB", flush=True)
    grown = held[-1] - held[0]
    print(f"{networks} networks more than the first {MEMBERS}: {grown:+.0f} MiB")
    print(f"the target of {LIMIT_MIB} MiB", "is reached" if grown < LIMIT_MIB else "is MISSED")
    return int(grown >= LIMIT_MIB)


if __name__ == "__main__":
    sys.exit(main())
