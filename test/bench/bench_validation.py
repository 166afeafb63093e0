# SPDX-License-Identifier: GPL-2.0-or-later
"""A map of a province validated against 20,000 landslides, alone and beside a second map: seconds of one core and memory.

python test/bench/bench_validation.py [SIDE]
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
from scarp.engine.files.vectors import write_points

SIDE, SLIDES = 11_000, 20_000
MOST_MIB = 1500.0


def core_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    side = int(sys.argv[1]) if len(sys.argv) > 1 else SIDE
    grid = Grid(reference_of(32639).ExportToWkt(), (300_000.0, 30.0, 0.0, 4_000_000.0, 0.0, -30.0), (side, side))
    rng = np.random.default_rng(1)
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in ("first", "second"):
            dataset = grid.create(f"{folder}/{name}.tif", nodata=-9999.0)
            for window in grid.windows():
                values = rng.beta(1, 4, (window.rows, window.cols)).astype(np.float32)
                dataset.GetRasterBand(1).WriteArray(values, window.col, window.row)
            del dataset
        x, y = 300_000 + rng.uniform(0, 30 * side, SLIDES), 4_000_000 - rng.uniform(0, 30 * side, SLIDES)
        write_points(f"{folder}/slides.gpkg", "slides", {"x": ogr.OFTReal, "y": ogr.OFTReal}, [x, y], grid.spatial_reference)
        given = {"susceptibility": f"{folder}/first.tif", "inventory": f"{folder}/slides.gpkg", "output": f"{folder}/t.csv"}
        given["report"] = f"{folder}/r.html"
        for name, more in (
            ("one map", {}),
            ("two maps", {"susceptibility_2": f"{folder}/second.tif", "difference": f"{folder}/d.tif"}),
        ):
            before = core_seconds()
            found, seconds, memory = timed("validate_map", **given, **more)
            worst = max(worst, memory)
            core = core_seconds() - before
            print(f"{name}, {side**2 / 1e6:.1f} million cells: {seconds:.1f} s, {core:.1f} s of one core, {memory:,.0f} MiB")
            print(f"AUC of noise {found['auc']:.4f}")
    print(f"under {MOST_MIB:g} MiB: {'yes' if worst < MOST_MIB else 'NO'}")
    return 0 if worst < MOST_MIB else 1


if __name__ == "__main__":
    sys.exit(main())
