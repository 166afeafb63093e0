# SPDX-License-Identifier: GPL-2.0-or-later
"""Training by Scarp's compiled loop against Keras `model.fit`, side by side in one run.

The same network, optimizer, batch size and validation after each epoch, on 268 patches of 15×15 cells and 30 channels as in the paper.
Keras does not augment, Scarp does. Rounds of both alternate, and the fastest of each counts, so that other work on the machine touches
both alike. Then Scarp trains networks one after the other and side by side, on as many cells as a large inventory has, and at last 5,000
epochs in one go.

    python test/bench/bench_training.py [EPOCHS]
"""

import os
import resource
import runpy
import sys
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
runpy.run_path(str(Path(__file__).resolve().parents[2] / "engine" / "__main__.py"), run_name="launch")["register_package"]()

import keras
import numpy as np
from scarp.engine.threads import at_once, cores
from scarp.models.network import build
from scarp.models.optimizers import make_optimizer
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from scarp.models.training import train

PATCHES, CHANNELS = 268, 30
ROUNDS, EPOCHS = 4, 50
NETWORKS, MANY_PATCHES, FEW_EPOCHS = 4, 5000, 4
TARGET = 4.0


def keras_seconds(patches, labels, validation, recipe):
    """Return the seconds of an epoch of `model.fit` after the first, which compiles."""
    architecture = recipe.architecture(CHANNELS)
    network = build(architecture, recipe.l2)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing)
    network.compile(make_optimizer(recipe.optimizer, recipe.learning_rate), loss, weighted_metrics=["accuracy"])
    middle = architecture.margin_px
    inputs = [patches[~validation], patches[~validation][:, middle, middle]]
    held = ([patches[validation], patches[validation][:, middle, middle]], labels[validation, None])
    ends = []
    network.fit(
        inputs,
        labels[~validation, None],
        batch_size=recipe.batch_size,
        epochs=recipe.epochs + 1,
        validation_data=held,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()))],
    )
    return (ends[-1] - ends[0]) / recipe.epochs


def our_seconds(patches, labels, validation, recipe):
    """Return the seconds of an epoch of `train` after the first, which compiles, and of the whole call."""
    ends = []
    start = time.perf_counter()
    train(Patches.of(patches), labels, validation, recipe, seed=1, progress=lambda percent: ends.append(time.perf_counter()))
    return (ends[-2] - ends[0]) / (recipe.epochs - 1), time.perf_counter() - start


def side_by_side(rng):
    """Print how long some networks take one after the other, and as many at once as there are cores; neither compiles."""
    recipe = Recipe(epochs=FEW_EPOCHS)
    patches = Patches.of(rng.normal(size=(MANY_PATCHES, recipe.patch_size, recipe.patch_size, CHANNELS)).astype(np.float32))
    labels, none = np.arange(MANY_PATCHES) % 2, np.zeros(MANY_PATCHES, bool)

    def networks(most):
        start = time.perf_counter()
        list(at_once(lambda seed: train(patches, labels, none, recipe, seed), range(NETWORKS), most))
        return time.perf_counter() - start

    networks(cores())
    alone, beside = (min(each) for each in zip(*((networks(1), networks(cores())) for _ in range(ROUNDS))))
    what = f"{NETWORKS} networks of {FEW_EPOCHS} epochs on {MANY_PATCHES:,} cells"
    print(f"{what}: {alone:.1f} s one after the other, {beside:.1f} s {cores()} at once, {alone / beside:.2f} times as fast")


def main():
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    rng = np.random.default_rng(1)
    recipe = Recipe(epochs=EPOCHS, patience=epochs)
    size = recipe.patch_size
    patches = rng.normal(size=(PATCHES, size, size, CHANNELS)).astype(np.float32)
    labels = np.arange(PATCHES) % 2
    validation = rng.random(PATCHES) < 0.15
    theirs, ours = [], []
    for _ in range(ROUNDS):
        theirs.append(keras_seconds(patches, labels, validation, recipe))
        ours.append(our_seconds(patches, labels, validation, recipe)[0])
    ratio = min(theirs) / min(ours)
    print(f"{int((~validation).sum())} training and {int(validation.sum())} validation patches, {size}×{size}×{CHANNELS}, batches of 64")
    print(f"Keras model.fit  {1000 * min(theirs):6.1f} ms an epoch (fastest of {ROUNDS} × {EPOCHS} epochs)")
    print(f"Scarp            {1000 * min(ours):6.1f} ms an epoch: {ratio:.1f}× faster")
    side_by_side(rng)
    _, seconds = our_seconds(patches, labels, validation, replace(recipe, epochs=epochs))
    print(f"Scarp, {epochs:,} epochs with compilation: {seconds:.0f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    print("the target of 4×", "is reached" if ratio >= TARGET else "is MISSED")
    return int(ratio < TARGET)


if __name__ == "__main__":
    sys.exit(main())
