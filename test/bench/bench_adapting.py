# SPDX-License-Identifier: GPL-2.0-or-later
"""Models adapted to another area with few landslides: sample landscapes whose truth differs, and two real areas.

python test/bench/bench_adapting.py [alike|other|ecuador|czech_cag …] [--landslides N …] [--seed N]
"""

import argparse
import os
import sys
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from bench_areas import AREAS
from bench_ecuador import ROOT
from scarp.engine.adaptation import adapting
from scarp.engine.adaptation.adapting import adapted
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.gdal import gdal
from scarp.engine.learning.fitting import Examples, fit, uncalibrated
from scarp.engine.samples.cells import SampleCells, draw
from scarp.engine.tasks import prepare_covariates, sample_landscape
from scarp.models.recipe import Recipe
from sklearn.metrics import roc_auc_score

# Parts of the true log-odds, of the rock and of the altitude (negative) in the odds of the new landscape.
TRUTHS = {"alike": (0.6, 1.0, 0.7), "other": (0.15, 1.5, 1.2)}
TESTED, A_SLIDE, APART = 300, 5, 4


def landscape(folder, seed):
    """Return the stack of a sample landscape and its layers."""
    land = sample_landscape.run(Feedback(), size=200, cell_size=30.0, landslides=600, seed=seed, folder=f"{folder}/{seed}")
    given = {"dem": land["dem"], "roads": land["roads"], "faults": land["faults"], "geology": land["geology"], "geology_field": "unit"}
    prepare_covariates.run(Feedback(), **given, output=f"{folder}/{seed}/stack.tif")
    return Stack.open(f"{folder}/{seed}/stack.tif"), land


def drawn(stack, truth, parts, count, rng):
    """Return few cells of a landscape, and cells to test on that lie apart from their landslides."""
    values = stack.read(Window(0, 0, *stack.grid.shape))
    valid = np.isfinite(values).all(axis=-1)
    probability = np.clip(gdal.Open(truth).ReadAsArray().astype(float), 1e-9, 1 - 1e-9)
    rock, altitude = (values[..., stack.names.index(name)] for name in ("geology", "altitude"))
    codes = np.unique(rock[valid])
    weak = dict(zip(codes, np.random.default_rng(99).permutation(np.linspace(-1, 1, len(codes)))))
    high = (altitude - np.nanmean(altitude)) / np.nanstd(altitude)
    odds = (
        parts[0] * np.log(probability / (1 - probability))
        + parts[1] * np.vectorize(lambda code: weak.get(code, 0.0))(rock)
        - parts[2] * high
    )
    chance = np.where(valid, np.exp(odds - odds[valid].max()), 1e-30).ravel()
    slides = rng.permutation(np.argsort(rng.standard_exponential(chance.size) / chance)[: count + TESTED])
    free = rng.permutation(np.setdiff1d(np.flatnonzero(valid), slides))[: A_SLIDE * (count + TESTED)]
    rows, cols = np.divmod(np.concatenate([slides, free]), stack.grid.shape[1])
    label, few = np.repeat([1, 0], [len(slides), len(free)]), np.arange(len(rows))
    few = np.concatenate([few[:count], few[len(slides) : len(slides) + A_SLIDE * count]])
    near = np.hypot(rows[:, None] - rows[:count], cols[:, None] - cols[:count]).min(axis=1) <= APART
    test = np.setdiff1d(np.flatnonzero(~near), few)
    nothing = np.zeros(len(rows), int)
    cells = SampleCells(rows, cols, label, nothing.astype(str), nothing, np.arange(len(rows)).astype(str))
    return [Examples.of(stack, cells.only(part), Recipe().patch_size) for part in (few, test)]


def split(cells, count, rng, stack):
    """Return the cells of few landslides of a real area, at most three of each, and of the others, with absences."""
    slides, others = np.flatnonzero(cells.landslide == 1), rng.permutation(np.flatnonzero(cells.landslide == 0))
    names = rng.permutation(np.unique(cells.origin[slides]))
    found = []
    for part in (names[:count], names[count:]):
        own = np.concatenate([rng.permutation(slides[cells.origin[slides] == name])[:3] for name in part])
        mine, others = others[: A_SLIDE * len(own)], others[A_SLIDE * len(own) :]
        found.append(Examples.of(stack, cells.only(np.concatenate([own, mine])), Recipe().patch_size))
    return found


def measured(name, model, few, test, seed):
    """Print the AUC of the model as it was, of one of the few alone, and adapted for each number of epochs and for those chosen."""
    auc = lambda made: roc_auc_score(test.labels, uncalibrated(made, test))  # noqa: E731
    alone, _ = fit(few, replace(Recipe(), members=1), seed)
    told = [f"as it was {auc(model):.3f}", f"alone {auc(alone):.3f}"]
    usual = adapting.EPOCHS
    for epochs in usual:
        adapting.EPOCHS = (epochs,)
        told.append(f"{epochs} epochs {auc(adapted(model, few, seed)[0]):.3f}")
    adapting.EPOCHS = usual
    made, epochs = adapted(model, few, seed)
    print(f"{name}, {len(np.unique(few.rows * 10**6 + few.cols))} cells: {', '.join(told)}, chosen {epochs}: {auc(made):.3f}", flush=True)


def main():
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser()
    parser.add_argument("areas", nargs="*", default=[*TRUTHS, "ecuador", "czech_cag"])
    parser.add_argument("--landslides", nargs="+", type=int, default=[10, 20, 50])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    data = Path(os.environ.get("SCARP_TEST_DATA", ROOT.parent / "shared" / "data"))
    one = replace(Recipe(), members=1)
    with tempfile.TemporaryDirectory() as folder:
        known = {}
        for area in given.areas:
            if area in TRUTHS:
                if "landscape" not in known:
                    stack, land = landscape(folder, 2 * given.seed - 1)
                    cells = draw(stack, land["inventory"], Feedback(), folds=2, test_share=0.0, seed=1)
                    known["landscape"] = fit(Examples.of(stack, cells, one.patch_size), one, 1)[0], *landscape(folder, 2 * given.seed)
                model, stack, land = known["landscape"]
                for count in given.landslides:
                    parts = drawn(stack, land["truth"], TRUTHS[area], count, np.random.default_rng([given.seed, count]))
                    measured(f"{area}, {count} landslides", model, *parts, given.seed)
                continue
            if not data.is_dir():
                print(f"{area}: skipped, no data at {data} (set SCARP_TEST_DATA)")
                continue
            for name in ("ecuador", "czech_cag"):
                if name not in known:
                    dem, inventory = (str(data / name / each) for each in AREAS[name])
                    prepare_covariates.run(Feedback(), dem=dem, output=f"{folder}/{name}.tif")
                    stack = Stack.open(f"{folder}/{name}.tif")
                    cells = draw(stack, inventory, Feedback(), folds=2, test_share=0.0, seed=1)
                    all_slides = len(np.unique(cells.origin[cells.landslide == 1]))
                    examples = split(cells, all_slides - 1, np.random.default_rng(1), stack)[0]
                    known[name] = fit(examples, one, 1)[0], cells, stack
            (other,) = {"ecuador", "czech_cag"} - {area}
            for count in given.landslides:
                parts = split(known[area][1], count, np.random.default_rng([given.seed, count]), known[area][2])
                measured(f"{other} to {area}, {count} landslides", known[other][0], *parts, given.seed)


if __name__ == "__main__":
    sys.exit(main())
