# SPDX-License-Identifier: GPL-2.0-or-later
"""How a network is trained. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

CLASS_WEIGHTS = {"balanced": "Balanced (both classes count the same)", "none": "None (every cell counts the same)"}

CALIBRATIONS = {"none": "None", "platt": "Platt (logistic)", "isotonic": "Isotonic"}


@dataclass(frozen=True)
class Settings:
    """Hyper-parameters of training; defaults are what served best on several areas."""

    epochs: int = 40
    optimizer: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    batch_size: int = 64
    class_weights: str = "balanced"
    l2: float = 1e-3
    label_smoothing: float = 0.05
    # Epochs without a better validation loss before training stops; None: a third of all, at least 10.
    patience: int | None = None
    # Flip and turn patches at random.
    augment: bool = True
