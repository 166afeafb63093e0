# SPDX-License-Identifier: GPL-2.0-or-later
"""Does the AUC that training prints tell what landslides will be found that took no part at all?

The landslides of an area are dealt into five parts, at random and by place (k-means). Each part in turn is taken away; Scarp trains on the
others with its defaults, maps, and the map is validated on the part. Printed are the means of five: what training printed by spatial folds
and on its own test cells, and what the landslides that were taken away say. Landslides at random ask what random test cells ask, those of
one place what spatial folds ask.

    python test/bench/bench_held_out.py [ecuador] [czech_cag] [polygons] [classed] [--members N] [--cells RULE]
"""

import argparse
import contextlib
import os
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from bench_areas import AREAS
from bench_ecuador import ROOT
from osgeo import gdal, ogr
from scarp.engine.declarations.choices import POLYGON_CELLS
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.tasks import map_susceptibility, prepare_covariates, sample_cells, sample_landscape, train_cnn_dnn, validate_map
from scarp.models.model_file import load_model
from scarp.models.recipe import Recipe
from sklearn.cluster import KMeans

PARTS = 5
CLASSED = ("geology", "land_use", "soil", "climate")


def made(area, folder):
    """Return the stack and the inventory of an area: one of real data, or a sample landscape with landslides of a hundred cells."""
    output = f"{folder}/stack.tif"
    if area in AREAS:
        data = Path(os.environ.get("SCARP_TEST_DATA", ROOT.parent / "shared" / "data")) / area
        if not data.is_dir():
            sys.exit(f"There is no data at {data} (set SCARP_TEST_DATA).")
        dem, inventory = (str(data / each) for each in AREAS[area])
        prepare_covariates.run(Feedback(), dem=dem, output=output)
        return output, inventory
    land = sample_landscape.run(Feedback(), size=400, cell_size=25.0, landslides=150, landslide_cells=100, seed=2, folder=folder)
    layers = {name: land[name] for name in CLASSED}
    fields = {f"{name}_field": "unit" for name in CLASSED if name != "land_use"}
    # Classed maps alone, as where no one had a DEM.
    ground = {"template": land["dem"]} if area == "classed" else {"dem": land["dem"]}
    prepare_covariates.run(Feedback(), **ground, **layers, **fields, output=output)
    return output, land["inventory"]


def dealt(inventory, by_place):
    """Return the part of each landslide by its number."""
    path, _, layer = inventory.partition("|layername=")
    source = ogr.Open(path)
    layer = source.GetLayerByName(layer) if layer else source.GetLayer()
    numbers, centres = zip(*((each.GetFID(), each.GetGeometryRef().Centroid().GetPoint_2D()) for each in layer))
    xy = np.array(centres)
    if by_place:
        return dict(zip(numbers, KMeans(PARTS, n_init=10, random_state=1).fit_predict(xy)))
    return dict(zip(numbers, np.random.default_rng(1).permutation(np.arange(len(xy)) % PARTS)))


def written(inventory, numbers, path):
    """Write some landslides of an inventory, by number."""
    source, _, layer = inventory.partition("|layername=")
    dataset = gdal.OpenEx(source)
    name = layer or dataset.GetLayer(0).GetName()
    chosen = f'SELECT * FROM "{name}" WHERE FID IN ({", ".join(map(str, numbers))})'
    gdal.VectorTranslate(path, dataset, SQLStatement=chosen, SQLDialect="OGRSQL", format="GPKG", layerName="landslides")
    return path


def said(stack, inventory, part_of, part, folder, given):
    """Return what training printed by spatial folds and on its test cells, and the AUC of the landslides that were taken away."""
    known = written(inventory, [number for number, each in part_of.items() if each != part], f"{folder}/known.gpkg")
    away = written(inventory, [number for number, each in part_of.items() if each == part], f"{folder}/away.gpkg")
    model, raster = f"{folder}/model.scarp", f"{folder}/map.tif"
    if given.cells:
        cells = {"polygon_cells": given.cells, "output": f"{folder}/cells.gpkg"}
        known_cells = sample_cells.run(Feedback(), covariates=stack, inventory=known, **cells)["output"]
        source = {"inventory": known_cells, "label_field": "landslide"}
    else:
        source = {"inventory": known}
    train_cnn_dnn.run(Feedback(), covariates=stack, **source, members=given.members, model=model, report=f"{folder}/report.html")
    map_susceptibility.run(Feedback(), covariates=stack, model=model, output=raster)
    outputs = {"output": f"{folder}/table.csv", "report": f"{folder}/validation.html"}
    found = validate_map.run(Feedback(), susceptibility=raster, inventory=away, training_inventory=known, role="held_out", **outputs)
    tests = {each["kind"]: each["auc"] for each in load_model(model, "numpy").manifest["tests"]}
    return tests.get("spatial", np.nan), tests.get("test", tests.get("random", np.nan)), found["auc"]


def main():
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("areas", nargs="*", default=["ecuador", "czech_cag", "polygons", "classed"])
    parser.add_argument("--members", type=int, default=Recipe().members)
    parser.add_argument("--cells", choices=POLYGON_CELLS, help="which cells stand for a polygon; all by default")
    given = parser.parse_args()
    for area in given.areas:
        with tempfile.TemporaryDirectory() as ground:
            stack, inventory = made(area, ground)
            for by_place in (False, True):
                part_of, each = dealt(inventory, by_place), []
                for part in range(PARTS):
                    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(EngineError):
                        each.append(said(stack, inventory, part_of, part, folder, given))
                        print(f"    {part}: {', '.join(f'{value:.3f}' for value in each[-1])}", flush=True)
                spatial, test, away = np.mean(each, axis=0)
                printed = test if not by_place else spatial
                how = "by place" if by_place else "at random"
                print(
                    f"{area}, a fifth of {len(part_of)} landslides taken away {how} ({len(each)} of {PARTS} runs): printed {spatial:.3f} "
                    f"by spatial folds, {test:.3f} on test cells; the landslides taken away {away:.3f} ({away - printed:+.3f})",
                    flush=True,
                )


if __name__ == "__main__":
    sys.exit(main())
