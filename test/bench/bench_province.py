# SPDX-License-Identifier: GPL-2.0-or-later
"""A province the size of the paper's (118.6 million cells of 30 m), from a DEM and layers to the classified map: time and peak memory.

The DEM is a fractal made by strips, not the sample landscape, which holds its whole grid in memory and would take hours. Faults, roads and
settlements are random lines and points, geology and soil random polygons, red and near infrared random noise at 60 m.

    make bench ONLY=province, or python test/bench/bench_province.py [SIDE_PX]
"""

import runpy
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()
sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from fractal import CELL_M, write_fractal
from osgeo import gdal, ogr
from scarp.engine.files.grid import Grid
from timed import timed

SIDE_PX = 10_890
TERRAIN = [
    "altitude", "slope", "aspect", "plan_curvature", "profile_curvature", "topographic_position", "local_relief", "vector_ruggedness",
    "flow_accumulation", "topographic_wetness", "stream_power", "distance_to_drainage", "height_above_drainage", "drainage_density",
]  # fmt: skip


def vector(path, grid, shapes):
    """Write shapes given as WKT, with their number as `unit`."""
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = dataset.CreateLayer("layer", grid.spatial_reference, ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("unit", ogr.OFTInteger))
    layer.StartTransaction()
    for number, shape in enumerate(shapes):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(shape))
        feature["unit"] = number % 12
        layer.CreateFeature(feature)
    layer.CommitTransaction()
    return path


def lines(rng, grid, count, steps):
    """Random walks over the grid."""
    west, south, east, north = grid.bounds
    for _ in range(count):
        start = rng.uniform((west, south), (east, north))
        walk = start + rng.normal(0, 20 * CELL_M, (steps, 2)).cumsum(axis=0)
        yield "LINESTRING (" + ", ".join(f"{x:.1f} {y:.1f}" for x, y in walk) + ")"


def squares(grid, across):
    """A chequerboard that covers the grid."""
    west, south, east, north = grid.bounds
    width, height = (east - west) / across, (north - south) / across
    for row in range(across):
        for col in range(across):
            x, y = west + col * width, south + row * height
            yield f"POLYGON (({x} {y}, {x + width} {y}, {x + width} {y + height}, {x} {y + height}, {x} {y}))"


def points(rng, grid, count):
    """Random points, an inventory that tells nothing: only time and memory count here."""
    west, south, east, north = grid.bounds
    for x, y in rng.uniform((west, south), (east, north), (count, 2)):
        yield f"POINT ({x:.1f} {y:.1f})"


def noise(path, grid, rng):
    """A raster of random reflectances, with cells twice as large."""
    rows, cols = (side // 2 + 1 for side in grid.shape)
    coarse = Grid(grid.crs, (*(grid.transform[0], 2 * CELL_M, 0.0), *(grid.transform[3], 0.0, -2 * CELL_M)), (rows, cols))
    dataset = coarse.create(path, 1, gdal.GDT_Float32)
    for window in coarse.windows(512, cols):
        dataset.GetRasterBand(1).WriteArray(rng.random((window.rows, window.cols), np.float32), 0, window.row)
    return path


def main():
    side = int(sys.argv[1]) if len(sys.argv) > 1 else SIDE_PX
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        dem = write_fractal(f"{folder}/dem.tif", side, side)
        grid = Grid.of(gdal.Open(dem))
        layers = {
            "faults": vector(f"{folder}/faults.gpkg", grid, lines(rng, grid, 200, 100)),
            "roads": vector(f"{folder}/roads.gpkg", grid, lines(rng, grid, 2000, 100)),
            "settlements": vector(f"{folder}/settlements.gpkg", grid, lines(rng, grid, 500, 2)),
            "geology": vector(f"{folder}/geology.gpkg", grid, squares(grid, 40)),
            "soil": vector(f"{folder}/soil.gpkg", grid, squares(grid, 25)),
        }
        bands = {name: noise(f"{folder}/{name}.tif", grid, rng) for name in ("red", "nir")}
        cells = side * side
        print(f"{cells / 1e6:.1f} million cells             seconds  peak MiB", flush=True)

        spent = {}

        def step(name, task, **parameters):
            result, seconds, peak = timed(task, **parameters)
            spent[task] = seconds, peak
            print(f"{name:32s} {seconds:8.0f} {peak:9,.0f}", flush=True)
            return result

        files = {"geology_field": "unit", "soil_field": "unit", **layers, **bands}
        stack = step("prepare covariates", "prepare_covariates", dem=dem, terrain=TERRAIN, output=f"{folder}/stack.tif", **files)["output"]
        print(f"  20 covariates, {Path(stack).stat().st_size / 1e9:.1f} GB")
        model = f"{folder}/model.scarp"
        slides = vector(f"{folder}/inventory.gpkg", grid, points(rng, grid, 1500))
        step(
            "train (5 epochs, 3 members)",
            "train_cnn_dnn",
            covariates=stack,
            inventory=slides,
            epochs=5,
            model=model,
            report=f"{folder}/r.html",
        )
        output = f"{folder}/map.tif"
        step("map susceptibility", "map_susceptibility", covariates=stack, model=model, output=output)
        step("classify susceptibility", "classify_susceptibility", susceptibility=output, output=f"{folder}/classes.tif")
        told = {"DEM and layers to classes": list(spent), "ready stack to classes": ["map_susceptibility", "classify_susceptibility"]}
        for name, tasks in told.items():
            seconds, peaks = zip(*(spent[task] for task in tasks))
            print(f"{name:32s} {sum(seconds):8.0f} {max(peaks):9,.0f}", flush=True)


if __name__ == "__main__":
    main()
