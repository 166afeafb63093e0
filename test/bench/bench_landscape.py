# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark on a sample landscape, whose true susceptibility tells the best AUC that any model can reach.

Absences are drawn without a buffer, so that they are as the truth has them.

    python test/bench/bench_landscape.py [FOLDS]
"""

import sys
import tempfile
import warnings

import numpy as np
from bench_ecuador import compared, judged
from osgeo import gdal
from scarp.engine.benchmark.comparison import Data, Validation
from scarp.engine.feedback import Feedback
from scarp.engine.files.stack import Stack
from scarp.engine.reporting.metrics import delong
from scarp.engine.samples.cells import resolve_samples
from scarp.engine.samples.folds import suggested_block_size
from scarp.engine.tasks import prepare_covariates, sample_cells, sample_landscape

LAYERS = ("faults", "roads", "settlements", "geology", "land_use", "soil", "climate", "red", "nir")


def main():
    warnings.filterwarnings("ignore")
    folds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        land = sample_landscape.run(Feedback(), size=512, cell_size=30.0, landslides=1500, seed=1, folder=folder)
        fields = {f"{name}_field": "unit" for name in ("geology", "soil", "climate")}
        layers = {name: land[name] for name in LAYERS}
        made = prepare_covariates.run(Feedback(), dem=land["dem"], **layers, **fields, output=f"{folder}/stack.tif")
        stack = Stack.open(made["output"])
        drawn = sample_cells.run(
            Feedback(), covariates=stack.path, inventory=land["inventory"], buffer=0.0, ratio=1.0, output=f"{folder}/cells.gpkg"
        )
        data = Data.of(stack, resolve_samples(stack, drawn["output"], "landslide", 1))
        truth = gdal.Open(land["truth"]).ReadAsArray()[data.cells.rows, data.cells.cols]
        size = suggested_block_size(stack, data.cells.rows, data.cells.cols, 1)
        print(f"{len(data.labels)} cells, {len(data.covariates)} covariates, {folds} folds, blocks of {size:.0f} m")
        share, ahead = {}, {}
        for method in ("blocks", "random"):
            validation = Validation(method, folds, block_size_m=size)
            best = float(np.mean([delong(data.labels[fold.test], truth[fold.test]).auc for fold in validation.make(data, 1)]))
            auc = compared(stack, data, validation)
            share[method] = auc["cnn_dnn"] / best
            ahead[method] = auc["cnn_dnn"] - max(value for name, value in auc.items() if name != "cnn_dnn")
            print(f"The truth itself: {best:.3f}. CNN–DNN: {share[method]:.1%} of it, {ahead[method]:+.3f} over the best of single cells.")
    claims = {
        "the CNN–DNN is within 2 % of the best reachable AUC by random folds": share["random"] >= 0.98,
        "single cells are behind it by random and by spatial folds": min(ahead.values()) > 0,
    }
    return judged(claims)


if __name__ == "__main__":
    sys.exit(main())
