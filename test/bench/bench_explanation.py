# SPDX-License-Identifier: GPL-2.0-or-later
"""The raster of the strongest factor beside the map itself, by one model: seconds of the cores, and memory.

python test/bench/bench_explanation.py [SIDE]
"""

import resource
import runpy
import sys
import tempfile
from pathlib import Path

import numpy as np
from timed import timed

ROOT = Path(__file__).resolve().parents[2]
runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()

from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.learning.fitting import Examples, fit
from scarp.engine.samples.cells import SampleCells
from scarp.models.covariate import Covariate
from scarp.models.model_file import save_model
from scarp.models.recipe import Recipe

SIDE, BANDS, CELLS = 1500, 8, 600
# Two maps a covariate, less what they share, and as much again for comparing them.
MOST_RATIO, MOST_MIB = 4.0 * BANDS, 2500.0


def spent(task, **values):
    """Seconds of the cores that a task takes in a process of its own, and its peak memory in MiB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    _, _, memory = timed(task, **values)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, memory


def main():
    side = int(sys.argv[1]) if len(sys.argv) > 1 else SIDE
    grid = Grid(reference_of(32639).ExportToWkt(), (300_000.0, 30.0, 0.0, 4_000_000.0, 0.0, -30.0), (side, side))
    covariates = [Covariate(f"band{number}") for number in range(BANDS)]
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        with StackWriter(f"{folder}/stack.tif", grid, covariates) as writer:
            for each in covariates:
                for row in range(0, side, 256):
                    rows = min(256, side - row)
                    writer.write(each.name, Window(row, 0, rows, side), rng.normal(size=(rows, side)))
        stack = Stack.open(f"{folder}/stack.tif")
        rows, cols = rng.integers(0, side, (2, CELLS))
        labels = (stack.at(rows, cols)[:, 0] + rng.normal(size=CELLS) > 0).astype(int)
        cells = SampleCells(rows, cols, labels, np.full(CELLS, "train"), np.arange(CELLS) % 5, np.arange(CELLS).astype(str))
        cells.write(f"{folder}/cells.gpkg", grid)
        recipe = Recipe(members=1, epochs=2)
        model, _ = fit(Examples.of(stack, cells, recipe.patch_size), recipe, 1)
        save_model(f"{folder}/m.scarp", model)
        common = {"covariates": f"{folder}/stack.tif", "model": f"{folder}/m.scarp"}
        asked = {**common, "inventory": f"{folder}/cells.gpkg", "label_field": "landslide", "role": "held_out", "repeats": 2}
        asked["output"] = f"{folder}/t.csv"
        start, _ = spent("map_susceptibility", **{**common, "covariates": _corner(folder, stack)}, output=f"{folder}/c.tif")
        mapped, of_map = spent("map_susceptibility", **common, output=f"{folder}/map.tif")
        without, _ = spent("explain_model", **asked)
        with_raster, memory = spent("explain_model", **asked, dominant=f"{folder}/d.tif", attributions=f"{folder}/a.tif")
    ratio = (with_raster - without) / (mapped - start)
    print(f"{side**2 / 1e6:.1f} million cells, {BANDS} covariates, a network with trees; seconds of the cores:")
    print(f"map {mapped:.1f} (start-up {start:.1f}), {of_map:,.0f} MiB; explanation without rasters {without:.1f}")
    print(f"with both {with_raster:.1f}, {memory:,.0f} MiB; the rasters take {ratio:.1f} times the map itself")
    fine = ratio < MOST_RATIO and memory < MOST_MIB
    print(f"under {MOST_RATIO:g} times and {MOST_MIB:g} MiB: {'yes' if fine else 'NO'}")
    return 0 if fine else 1


def _corner(folder, stack):
    """A small part of a stack, whose map takes the start-up alone."""
    grid = Grid(stack.grid.crs, stack.grid.transform, (64, 64))
    with StackWriter(f"{folder}/corner.tif", grid, stack.covariates) as writer:
        values = stack.read(Window(0, 0, 64, 64))
        for band, each in enumerate(stack.covariates):
            writer.write(each.name, Window(0, 0, 64, 64), values[..., band])
    return f"{folder}/corner.tif"


if __name__ == "__main__":
    sys.exit(main())
