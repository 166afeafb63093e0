# SPDX-License-Identifier: GPL-2.0-or-later
"""A million landslides as points, sampled on a stack of 16 million cells: seconds and memory of the whole task.

python test/bench/bench_inventory.py [POINTS]
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

from osgeo import ogr
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.stack import StackWriter
from scarp.engine.files.vectors import write_points
from scarp.models.covariate import Covariate

SIDE = 4000
MOST_S, MOST_MB = 15.0, 500.0


def main():
    points = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    grid = Grid(reference_of(32639).ExportToWkt(), (500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0), (SIDE, SIDE))
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        stack, slides = f"{folder}/stack.tif", f"{folder}/slides.gpkg"
        with StackWriter(stack, grid, [Covariate("slope"), Covariate("altitude")]) as writer:
            for window in grid.windows():
                for name in ("slope", "altitude"):
                    writer.write(name, window, rng.normal(size=(window.rows, window.cols)))
        x, y = 500000 + rng.uniform(0, 30 * SIDE, points), 3600000 - rng.uniform(0, 30 * SIDE, points)
        write_points(slides, "slides", {"x": ogr.OFTReal, "y": ogr.OFTReal}, [x, y], grid.spatial_reference)
        spent = [resource.getrusage(resource.RUSAGE_CHILDREN)]
        found, seconds, memory = timed("sample_cells", covariates=stack, inventory=slides, ratio=1.0, output=f"{folder}/cells.gpkg")
        spent.append(resource.getrusage(resource.RUSAGE_CHILDREN))
    core = sum(getattr(spent[1], each) - getattr(spent[0], each) for each in ("ru_utime", "ru_stime"))
    print(f"{points:,} points over {SIDE * SIDE:,} cells: {found['cells']:,} sample cells")
    print(f"{seconds:.1f} s ({core:.1f} s of one core), {memory:,.0f} MiB")
    print(f"under {MOST_S:g} s and {MOST_MB:g} MB: {'yes' if seconds < MOST_S and memory * 1.048576 < MOST_MB else 'NO'}")
    return 0 if seconds < MOST_S and memory * 1.048576 < MOST_MB else 1


if __name__ == "__main__":
    sys.exit(main())
