# SPDX-License-Identifier: GPL-2.0-or-later
"""What network, trees and their mean say after 25, 50 and 100 landslides, tested on all the others of an area.

Landslides whole, five absences each, three members; mean AUC of six drawings. With few landslides folds test on a handful of them; here all
that are left out are the test.

    python test/bench/bench_few_landslides.py [ecuador] [czech_cag]
"""

import os
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
from bench_areas import AREAS, thinned
from bench_ecuador import ROOT
from scarp.engine.feedback import Feedback
from scarp.engine.files.stack import Stack
from scarp.engine.learning.fitting import Examples, fit
from scarp.engine.samples.cells import draw
from scarp.engine.tasks import prepare_covariates
from scarp.models.network import predict_patches
from scarp.models.recipe import Recipe
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.utils.class_weight import compute_sample_weight

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
DRAWINGS = 6


def said(examples, training):
    """Return the AUC on the other cells of each share of the network, and of gradient boosting."""
    known, unseen = examples.only(training), examples.only(~training)
    model, _ = fit(known, Recipe(), 1)
    own, other = (model.encoder.encode(each.patches.centres()) for each in (known, unseen))
    network = predict_patches(model.architecture, model.members, unseen.patches, model.encoder.encode)
    trees = model.trees.predict(other)
    found = {share: roc_auc_score(unseen.labels, share * network + (1 - share) * trees) for share in SHARES}
    boosting = HistGradientBoostingClassifier(min_samples_leaf=max(2, min(20, len(own) // 10)), random_state=1)
    boosting.fit(own, known.labels, sample_weight=compute_sample_weight("balanced", known.labels))
    return {**found, "gradient boosting": roc_auc_score(unseen.labels, boosting.predict_proba(other)[:, 1])}


def main():
    warnings.filterwarnings("ignore")
    for area in sys.argv[1:] or ("ecuador", "czech_cag"):
        data = Path(os.environ.get("SCARP_TEST_DATA", ROOT.parent / "shared" / "data")) / area
        if not data.is_dir():
            print(f"{area}: skipped, no data at {data} (set SCARP_TEST_DATA)")
            continue
        with tempfile.TemporaryDirectory() as folder:
            dem, inventory = (str(data / each) for each in AREAS[area])
            prepare_covariates.run(Feedback(), dem=dem, output=f"{folder}/stack.tif")
            stack = Stack.open(f"{folder}/stack.tif")
            cells = thinned(draw(stack, inventory, Feedback(), folds=2, seed=1), 3, 5)
            examples = Examples.of(stack, cells, Recipe().patch_size)
            units = np.arange(len(cells.rows)) if cells.units is None else cells.units
            slides, absences = np.unique(units[examples.labels == 1]), np.flatnonzero(examples.labels == 0)
            rng = np.random.default_rng(5)
            for count in (25, 50, 100):
                each = []
                for _ in range(DRAWINGS):
                    training = (examples.labels == 1) & np.isin(units, rng.permutation(slides)[:count])
                    training[rng.permutation(absences)[: 5 * training.sum()]] = True
                    each.append(said(examples, training))
                told = ", ".join(f"{name} {np.mean([one[name] for one in each]):.3f}" for name in each[0])
                print(f"{area}, {count} landslides: network's share {told}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
