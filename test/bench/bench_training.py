# SPDX-License-Identifier: GPL-2.0-or-later
"""Training by Scarp's compiled loop against Keras `model.fit`, side by side in one run.

The same network, optimizer, batch size and validation after each epoch, on 268 patches of 15×15 cells and 30 channels as in the paper.
Keras does not augment, Scarp does. Rounds of both alternate, and the fastest of each counts, so that other work on the machine touches
both alike. At last Scarp trains 5,000 epochs in one go.

    python test/bench/bench_training.py [EPOCHS]
"""

import os
import resource
import runpy
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
runpy.run_path(str(Path(__file__).resolve().parents[2] / "engine" / "__main__.py"), run_name="launch")["register_package"]()

import keras
import numpy as np
from scarp.models.architecture import Architecture
from scarp.models.network import build
from scarp.models.optimizers import make_optimizer
from scarp.models.patches import Patches
from scarp.models.settings import Settings
from scarp.models.training import train

PATCHES, CHANNELS = 268, 30
ROUNDS, EPOCHS = 4, 50
TARGET = 4.0


def keras_seconds(patches, labels, validation, architecture, settings):
    """Return the seconds of an epoch of `model.fit` after the first, which compiles."""
    network = build(architecture, settings.l2)
    loss = keras.losses.BinaryCrossentropy(from_logits=True, label_smoothing=settings.label_smoothing)
    network.compile(make_optimizer(settings.optimizer, settings.learning_rate), loss, weighted_metrics=["accuracy"])
    middle = architecture.margin_px
    inputs = [patches[~validation], patches[~validation][:, middle, middle]]
    held = ([patches[validation], patches[validation][:, middle, middle]], labels[validation, None])
    ends = []
    network.fit(
        inputs,
        labels[~validation, None],
        batch_size=settings.batch_size,
        epochs=settings.epochs + 1,
        validation_data=held,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter()))],
    )
    return (ends[-1] - ends[0]) / settings.epochs


def our_seconds(patches, labels, validation, architecture, settings):
    """Return the seconds of an epoch of `train` after the first, which compiles, and of the whole call."""
    ends = []
    start = time.perf_counter()
    train(
        Patches.of(patches), labels, validation, architecture, settings, seed=1, progress=lambda percent: ends.append(time.perf_counter())
    )
    return (ends[-2] - ends[0]) / (settings.epochs - 1), time.perf_counter() - start


def main():
    epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    rng = np.random.default_rng(1)
    architecture = Architecture(CHANNELS)
    size = architecture.patch_size_px
    patches = rng.normal(size=(PATCHES, size, size, CHANNELS)).astype(np.float32)
    labels = np.arange(PATCHES) % 2
    validation = rng.random(PATCHES) < 0.15
    settings = Settings(epochs=EPOCHS, patience=epochs)
    theirs, ours = [], []
    for _ in range(ROUNDS):
        theirs.append(keras_seconds(patches, labels, validation, architecture, settings))
        ours.append(our_seconds(patches, labels, validation, architecture, settings)[0])
    ratio = min(theirs) / min(ours)
    print(f"{int((~validation).sum())} training and {int(validation.sum())} validation patches, {size}×{size}×{CHANNELS}, batches of 64")
    print(f"Keras model.fit  {1000 * min(theirs):6.1f} ms an epoch (fastest of {ROUNDS} × {EPOCHS} epochs)")
    print(f"Scarp            {1000 * min(ours):6.1f} ms an epoch: {ratio:.1f}× faster")
    _, seconds = our_seconds(patches, labels, validation, architecture, Settings(epochs=epochs, patience=epochs))
    print(f"Scarp, {epochs:,} epochs with compilation: {seconds:.0f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
    print("the target of 4×", "is reached" if ratio >= TARGET else "is MISSED")
    return int(ratio < TARGET)


if __name__ == "__main__":
    sys.exit(main())
