# SPDX-License-Identifier: GPL-2.0-or-later
"""Models of every kind asked alike: encoded patches in, susceptibility out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from threadpoolctl import threadpool_limits

from ...models.cnn_dnn import CnnDnn
from ...models.errors import numbers
from ...models.memory import TENSORFLOW_BYTES, check_room
from ...models.model_file import Model
from ..learning.fitting import tell_start

# Takes encoded patches (n, size, size, channels), of one cell where a model sees no more, and returns susceptibility (n,).
Answer = Callable[[np.ndarray], np.ndarray]
# Cells of patches that are held at once.
_AT_ONCE = 230_400


def batches(count: int, size_px: int) -> Iterator[slice]:
    """Yield slices of so many patches that memory holds at once: 1,024 of 15 × 15 cells, and all the more of single cells.

    >>> from scarp.engine.explanation.answers import batches
    >>> [(each.start, each.stop) for each in batches(1500, 15)]
    [(0, 1024), (1024, 1500)]
    """
    step = max(_AT_ONCE // size_px**2, 1)
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def answer_of(model: Model, status: Callable[[str], None] = lambda text: None) -> Answer:
    """Return what asks a model: calibrated, and with its trees where it has some, as it maps.

    Networks are made once and kept, so ask often rather than make another. What is being done is told to `status`.

    Raises
    ------
    EngineError
        If a network is asked, and TensorFlow has no room. What is returned raises it if the model gives no susceptibility.
    """
    if not isinstance(model, CnnDnn):

        def alone(encoded: np.ndarray) -> np.ndarray:
            with threadpool_limits(1, user_api="openmp"):  # on few cells threads only wait for each other
                return numbers(np.asarray(model.of_encoded(encoded[:, 0, 0]), np.float32))

        return alone
    check_room(TENSORFLOW_BYTES)
    tell_start(status)
    from ...models.network import answering

    network, middle = answering(model.architecture, model.members), model.margin_px
    return lambda encoded: numbers(model.calibrated(model.mixed(network(encoded), np.ascontiguousarray(encoded[:, middle, middle]))))
