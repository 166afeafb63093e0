# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipe of a CNN–DNN: every hyper-parameter once, with its default. Standard library only, since QGIS's dialogs read it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .architecture import Architecture

CLASS_WEIGHTS = {"balanced": "Balanced (both classes count the same)", "none": "None (every cell counts the same)"}
CALIBRATIONS = {"none": "None", "platt": "Platt (logistic)", "isotonic": "Isotonic"}
# Which training cells decide when to stop.
VALIDATIONS = {"random": "Random cells", "blocks": "Spatial blocks"}
# Epochs of a network where none are asked for: the least, and as many more as show it so many cells, up to the usual. So five absences a
# landslide train in about twice the time of one at most, as timed in docs/results.md.
USUAL_EPOCHS, LEAST_EPOCHS, MORE_SEEN = 40, 15, 25_000


@dataclass(frozen=True)
class Recipe:
    """How a CNN–DNN is made: its shape, its training, and how many members it has.

    The defaults are what served best on several areas. A hyper-parameter that is also a task's parameter has its id in lower case.

    Parameters
    ----------
    patch_size
        Side of the square of cells that the network sees, in cells; odd.
    filters
        Filters of the first convolution; each further one has twice as many.
    hidden_layers
        Dense layers after the two parts are joined.
    units
        Units of the first dense layer; each further one has half.
    dropout
        The share of units that each training step leaves out.
    batch_normalisation
        Whether to normalise after each convolution.
    members
        Networks with different seeds, whose mean is the susceptibility.
    validation
        How the cells that decide when training stops are chosen, one of `VALIDATIONS`.
    epochs
        Most passes over the training cells; 0: as many as serve so many cells, see `for_cells`.
    optimizer
        What adjusts the weights, one of `optimizers.OPTIMIZERS`.
    learning_rate
        Size of each step.
    schedule
        How the learning rate falls, one of `optimizers.SCHEDULES`.
    batch_size
        Cells that make one step.
    class_weights
        What a landslide cell counts in the loss, one of `CLASS_WEIGHTS`.
    equal_landslides
        Whether each landslide counts the same in training, however many cells it has.
    patience
        Epochs without a better validation loss before training stops; 0: a third of all, at least 10.
    l2
        Weight of the squared weights in the loss.
    label_smoothing
        How far labels are drawn to 0.5, from 0 to 1.
    augment
        Whether to flip and turn patches at random.
    companion
        Whether trees on single cells stand beside the network; susceptibility is then the mean of both.
    """

    patch_size: int = 15
    filters: int = 16
    hidden_layers: int = 2
    units: int = 64
    dropout: float = 0.3
    batch_normalisation: bool = True
    members: int = 3
    validation: str = "random"
    epochs: int = 0
    optimizer: str = "adam"
    learning_rate: float = 2e-3
    schedule: str = "cosine"
    batch_size: int = 64
    class_weights: str = "balanced"
    equal_landslides: bool = False
    patience: int = 0
    l2: float = 1e-3
    label_smoothing: float = 0.05
    augment: bool = True
    companion: bool = True

    def architecture(self, channels: int) -> Architecture:
        """Return the shape of a network of so many channels; raise EngineError if there is none."""
        return Architecture(channels, self.patch_size, self.filters, self.hidden_layers, self.units, self.dropout, self.batch_normalisation)

    def for_cells(self, cells: int) -> Recipe:
        """Return the recipe with a number of epochs, for so many training cells; where it has one, as it is.

        >>> from scarp.models.recipe import Recipe
        >>> [Recipe().for_cells(cells).epochs for cells in (1000, 2500, 100_000)], Recipe(epochs=5000).for_cells(100_000).epochs
        ([40, 25, 15], 5000)
        """
        return replace(self, epochs=self.epochs or min(USUAL_EPOCHS, LEAST_EPOCHS + MORE_SEEN // max(cells, 1)))

    @property
    def epochs_to_wait(self) -> int:
        """Epochs without a better validation loss before training stops."""
        return self.patience or max(10, self.epochs // 3)
