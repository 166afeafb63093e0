# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark with all defaults, from DEM and landslides on, in random and spatial folds, landslides whole.

python test/bench/bench_areas.py [ecuador] [czech_cag] [sinmap] [--terrain NAME …] [--ratio N] [--cells N] [--seed N]
"""

import argparse
import os
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench_ecuador import ROOT
from scarp.engine.benchmark.comparison import Data, Validation, compare
from scarp.engine.benchmark.summary import summarise
from scarp.engine.declarations.choices import RATIO
from scarp.engine.declarations.covariates import TERRAIN_DEFAULT
from scarp.engine.feedback import Feedback
from scarp.engine.files.stack import Stack
from scarp.engine.samples.cells import draw
from scarp.engine.samples.folds import suggested_block_size
from scarp.engine.tasks import prepare_covariates
from scarp.models.recipe import Recipe

AREAS = {
    "ecuador": ("dem.tif", "ecuador.gpkg|layername=inventory_175"),
    "czech_cag": ("dem.tif", "landslides.shp"),
    "sinmap": ("dem.tif", "landslides.gpkg"),
}
CLASSIFIERS = ("cnn_dnn", "cnn_dnn_trees", "rf", "hgb", "lr")


def thinned(cells, most, ratio):
    """Return the cells with at most so many of each landslide, drawn, and as many absences for each as before."""
    rng = np.random.default_rng(1)
    slides = np.flatnonzero(cells.landslide == 1)
    kept = [rng.permutation(slides[cells.origin[slides] == origin])[:most] for origin in np.unique(cells.origin[slides])]
    slides = np.sort(np.concatenate(kept))
    absences = rng.permutation(np.flatnonzero(cells.landslide == 0))[: round(ratio * len(slides))]
    index = np.concatenate([slides, np.sort(absences)])
    return cells.only(index)


def measured(area, folder, given):
    """Print the mean AUC of each classifier over the folds of an area."""
    data = Path(os.environ.get("SCARP_TEST_DATA", ROOT.parent / "shared" / "data")) / area
    if not data.is_dir():
        print(f"{area}: skipped, no data at {data} (set SCARP_TEST_DATA)")
        return
    dem, inventory = (str(data / each) for each in AREAS[area])
    prepare_covariates.run(Feedback(), dem=dem, terrain=given.terrain, output=f"{folder}/{area}.tif")
    stack = Stack.open(f"{folder}/{area}.tif")
    cells = thinned(draw(stack, inventory, Feedback(), ratio=given.ratio, folds=2, seed=1), given.cells, given.ratio)
    size = suggested_block_size(stack, cells.rows, cells.cols, 1, Recipe().patch_size)
    print(
        f"{area}: {cells.landslide.sum()} landslide cells of {len(cells.rows)}, {len(stack.covariates)} covariates, blocks of {size:.0f} m"
    )
    known = Data.of(stack, cells)
    for method in ("random", "blocks"):
        folds = Validation(method, 5, block_size_m=size).make(known, given.seed)
        found = summarise(compare(stack, known, folds, CLASSIFIERS, 1, replace(Recipe(), members=given.members), Feedback()), known.labels)
        told = ", ".join(f"{each.label} {each.auc.mean:.3f}" for each in found)
        shares = next((each.chosen for each in found if each.classifier == "cnn_dnn_trees"), {})
        print(f"  {method}: {told}; {shares}", flush=True)


def main():
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("areas", nargs="*", default=list(AREAS))
    parser.add_argument("--terrain", nargs="+", default=list(TERRAIN_DEFAULT))
    parser.add_argument("--ratio", type=float, default=RATIO)
    parser.add_argument("--cells", type=int, default=3, help="most cells of a landslide")
    parser.add_argument("--members", type=int, default=Recipe().members)
    parser.add_argument("--seed", type=int, default=1, help="that of the folds")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for area in given.areas:
            measured(area, folder, given)


if __name__ == "__main__":
    sys.exit(main())
