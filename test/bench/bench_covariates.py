# SPDX-License-Identifier: GPL-2.0-or-later
"""Covariates of the DEM against gdaldem and GRASS's r.watershed on the same fractal DEM, side by side in one run.

Every case reads a compressed DEM and writes tiles that are not compressed, as Scarp does (gdaldem slope compressed ones too, in a second
case), in a process of its own, after a warm-up on a small DEM; the shortest of three runs counts. r.watershed (single flow direction)
counts without import, export and start-up.

    python test/bench/bench_covariates.py [SIDE_PX …]
"""

import json
import os
import resource
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()
sys.path.insert(0, str(Path(__file__).parent))

from fractal import write_fractal
from osgeo import gdal
from scarp.engine.declarations.covariates import BY_NAME, TERRAIN
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import compression
from scarp.engine.tasks import prepare_covariates

SIZES_PX, WARM_PX, REPEATS = (1024, 2048, 4096), 256, 3
OPTIONS = ["TILED=YES", "BIGTIFF=IF_SAFER"]
LOCAL = [name for name in TERRAIN if BY_NAME[name].family == "terrain"]
FLOW = [name for name in TERRAIN if BY_NAME[name].family == "flow"]
OURS = {
    "slope and aspect": ["slope", "aspect"],
    f"terrain, all {len(LOCAL)}": LOCAL,
    "flow accumulation": ["flow_accumulation"],
    "… by multiple flow": ["flow_accumulation"],
    "… by D∞": ["flow_accumulation"],
    f"flow, all {len(FLOW)}": FLOW,
    f"terrain and flow, all {len(TERRAIN)}": list(TERRAIN),
}
METHODS = {"… by multiple flow": "mfd", "… by D∞": "dinf"}
THEIRS = {"gdaldem slope": ["slope"], "gdaldem slope, compressed": ["slope"], "gdaldem slope and aspect": ["slope", "aspect"]}


def work(case, dem, folder):
    """Run one case."""
    if case in OURS:
        method = METHODS.get(case, "d8")
        prepare_covariates.run(Feedback(), dem=dem, terrain=OURS[case], flow_method=method, output=f"{folder}/stack.tif")
    else:
        options = [*OPTIONS, *compression()] if case.endswith("compressed") else OPTIONS
        for name in THEIRS[case]:
            gdal.DEMProcessing(f"{folder}/{name}.tif", dem, name, creationOptions=options)


def measure(case, dem, warm):
    """Return the seconds of one case, those of both processors together, and the process's peak memory in MiB."""
    with tempfile.TemporaryDirectory() as folder:
        work(case, warm, folder)
        runs = []
        for _ in range(REPEATS):
            start, busy = time.perf_counter(), time.process_time()
            work(case, dem, folder)
            runs.append((time.perf_counter() - start, time.process_time() - busy))
    return *(min(each) for each in zip(*runs)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_apart(case, dem, warm):
    """Measure a case in a process of its own."""
    worker = {**os.environ, "GDAL_CACHEMAX": "256"}  # as in QGIS
    out = subprocess.run([sys.executable, __file__, case, dem, warm], check=True, capture_output=True, text=True, env=worker).stdout
    return json.loads(out.splitlines()[-1])


def measure_watershed(dem, folder):
    """Return the seconds of r.watershed in a temporary GRASS location."""
    script = Path(folder) / "watershed.sh"
    script.write_text(
        f"r.in.gdal --quiet input={dem} output=dem\ng.region raster=dem\n"
        + "for each in 1 2 3; do start=$(date +%s.%N); r.watershed --quiet --overwrite -s elevation=dem accumulation=acc drainage=dir; "
        'echo seconds $(echo "$(date +%s.%N) - $start" | bc); done\n'
    )
    command = ["grass", "--tmp-location", dem, "--exec", "sh", str(script)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return min(float(line.split()[1]) for line in out.splitlines() if line.startswith("seconds"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        warm = write_fractal(f"{folder}/warm.tif", WARM_PX, WARM_PX)
        for size in [int(each) for each in sys.argv[1:]] or SIZES_PX:
            dem = write_fractal(f"{folder}/{size}.tif", size, size)
            print(f"{size * size / 1e6:.1f} million cells")
            found = {case: measure_apart(case, dem, warm) for case in (*THEIRS, *OURS)}
            for case, (seconds, busy, memory) in found.items():
                rate = size * size / seconds / 1e6
                print(f"  {case:32s} {seconds:7.2f} s (CPU {busy:6.2f} s) {rate:6.1f} million cells/s  peak {memory:6,.0f} MiB")
            both = found["gdaldem slope and aspect"][0]
            print(f"  slope and aspect / gdaldem slope and aspect   {found['slope and aspect'][0] / both:5.2f}")
            for name in ("gdaldem slope", "gdaldem slope, compressed"):
                print(f"  {f'all terrain / {name}':45s} {found[f'terrain, all {len(LOCAL)}'][0] / found[name][0]:5.2f}")
            for case in METHODS:
                print(f"  {f'flow accumulation {case} / by D8':45s} {found[case][0] / found['flow accumulation'][0]:5.2f}")
            if shutil.which("grass"):
                watershed = measure_watershed(dem, folder)
                print(f"  r.watershed -s                   {watershed:7.2f} s")
                print(f"  flow accumulation / r.watershed               {found['flow accumulation'][0] / watershed:5.2f}")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in (*OURS, *THEIRS):
        print(json.dumps(measure(*sys.argv[1:])))
    else:
        main()
