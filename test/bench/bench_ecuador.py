# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark on real data: AUC of classifiers on the 350 cells of Muenchow et al. (2012) in southern Ecuador.

Published for these cells and covariates (Geocomputation with R, ch. 12; 5 folds, 100 repeats): logistic regression 0.773 by k-means
folds and 0.810 by random folds. Logistic regression here is unpenalised, as there; everything else has Scarp's defaults.

    python test/bench/bench_ecuador.py [REPEATS]
"""

import os
import runpy
import sys
import time
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()

from scarp.engine.benchmark.comparison import Data, Validation, compare
from scarp.engine.benchmark.summary import summarise
from scarp.engine.feedback import Feedback
from scarp.engine.files.stack import Stack
from scarp.engine.samples.cells import resolve_samples
from scarp.models.classifiers import CLASSIFIERS, LABELS
from scarp.models.recipe import Recipe

PUBLISHED = {("kmeans", "lr"): 0.773, ("random", "lr"): 0.810}
TOLERANCE = 0.01
PAPER = ("svm", "lr", "gnb", "mlp", "bnb", "dt")


def compared(stack, data, validation):
    """Compare all classifiers, print the table and return the AUC of each."""
    start = time.monotonic()
    folds = validation.make(data, 1)
    summaries = summarise(compare(stack, data, folds, list(LABELS), 1, Recipe(), Feedback()), data.labels)
    print(f"\n{validation.method + ' folds':28s} AUC    SD     95 % interval   minus CNN–DNN   ({time.monotonic() - start:.0f} s)")
    for each in sorted(summaries, key=lambda each: -each.auc.mean):
        difference = f"{each.difference.mean:+.3f} (p {each.difference.p_value:.3f})" if each.difference else ""
        interval = f"{each.auc.low:.3f} to {each.auc.high:.3f}"
        print(f"{each.label:28s} {each.auc.mean:.3f}  {each.deviation['auc']:.3f}  {interval}  {difference}", flush=True)
    return {each.classifier: each.auc.mean for each in summaries}


def judged(claims):
    """Print which claims hold; return the exit code, 0 if all do."""
    print()
    for claim, holds in claims.items():
        print("yes" if holds else "NO ", claim)
    return int(not all(claims.values()))


def main():
    warnings.filterwarnings("ignore")
    folder = Path(os.environ.get("SCARP_TEST_DATA", ROOT.parent / "shared" / "data")) / "ecuador"
    if not folder.is_dir():
        print(f"skipped: no data at {folder} (set SCARP_TEST_DATA)")
        return 0
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    CLASSIFIERS["lr"].grids.clear()  # unpenalised, like the published one
    stack = Stack.open(str(folder / "ta_saga.tif"))
    data = Data.of(stack, resolve_samples(stack, f"{folder / 'ecuador.gpkg'}|layername=lsl_350", "lslpts", 1))
    print(f"{len(data.labels)} cells, {len(data.covariates)} covariates, 5 folds, {repeats} repeats")
    found = {method: compared(stack, data, Validation(method, 5, repeats)) for method in ("kmeans", "random")}
    claims = {
        f"logistic regression reproduces {known} by {method} folds within {TOLERANCE}": abs(found[method][name] - known) <= TOLERANCE
        for (method, name), known in PUBLISHED.items()
    }
    for method, auc in found.items():
        own = auc["cnn_dnn"]
        claims[f"the CNN–DNN is ahead of the paper's other classifiers by {method} folds"] = own > max(auc[name] for name in PAPER)
        claims[f"the CNN–DNN is not behind random forest by {method} folds"] = own >= auc["rf"]
    reached = found["kmeans"]["cnn_dnn"] >= PUBLISHED["kmeans", "lr"]
    claims["the CNN–DNN reaches the published logistic regression by kmeans folds"] = reached
    return judged(claims)


if __name__ == "__main__":
    sys.exit(main())
