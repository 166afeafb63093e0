# SPDX-License-Identifier: GPL-2.0-or-later
"""Optimizers and learning-rate schedules: tables of id to label, and what makes each. TensorFlow is imported only when one is made."""

from __future__ import annotations

import math
from typing import Any

OPTIMIZERS = {"adam": "Adam", "sgd": "SGD", "rmsprop": "RMSprop", "adagrad": "Adagrad"}
SCHEDULES = {
    "constant": "Constant",
    "step": "Step (halved after each third)",
    "cosine": "Cosine decay",
    "plateau": "On plateau (halved when validation stalls)",
}
# Epochs without a better validation loss that make a plateau.
PLATEAU_EPOCHS = 5


def make_optimizer(name: str, learning_rate: float) -> Any:
    """Return a Keras optimizer, without momentum."""
    import keras

    factories = {
        "adam": keras.optimizers.Adam,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
        "adagrad": keras.optimizers.Adagrad,
    }
    return factories[name](learning_rate=learning_rate)


def rate_at(schedule: str, learning_rate: float, epoch: int, epochs: int, plateaus: int) -> float:
    """Return the learning rate of an epoch.

    Parameters
    ----------
    schedule
        One of `SCHEDULES`.
    learning_rate
        That of the first epoch.
    epoch, epochs
        Number of the epoch, from 0, and of all.
    plateaus
        How often the validation loss has stalled for `PLATEAU_EPOCHS`.

    Examples
    --------
    >>> from scarp.models.optimizers import SCHEDULES, rate_at
    >>> [round(rate_at("cosine", 0.01, epoch, 40, 0), 4) for epoch in (0, 10, 20, 30)]
    [0.01, 0.0085, 0.005, 0.0015]
    >>> {schedule: round(rate_at(schedule, 0.01, 20, 60, 2), 4) for schedule in SCHEDULES}
    {'constant': 0.01, 'step': 0.005, 'cosine': 0.0075, 'plateau': 0.0025}
    """
    if schedule == "step":
        return learning_rate * 0.5 ** (3 * epoch // max(epochs, 1))
    if schedule == "cosine":
        return learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / max(epochs, 1)))
    if schedule == "plateau":
        return learning_rate * 0.5**plateaus
    return learning_rate
