# SPDX-License-Identifier: GPL-2.0-or-later
"""Training of the CNN–DNN: a compiled loop over shuffled batches that are held in memory."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .architecture import Architecture
from .dense import Weights, has_gpu
from .errors import DivergedError
from .network import build, building, put_weights, still_normalisation, weights_of
from .optimizers import OPTIMIZERS, PLATEAU_EPOCHS, make_optimizer, rate_at
from .patches import ALIGNMENT, Patches
from .recipe import Recipe

# Batches are small: networks of a thread each, as many at once as there are cores, are trained sooner than one by all threads, and are the
# same whatever the number of cores.
with suppress(RuntimeError):  # where TensorFlow has begun to compute, as after a map
    tf.config.threading.set_intra_op_parallelism_threads(1)
_turns = BoundedSemaphore(os.cpu_count() or 1)
_VALIDATION_BATCH = 1024
# A network that says one half of every cell has a loss of ln 2. Twice that, on training and on validation cells, is no network.
_WORST_LOSS = 2 * math.log(2)
# Weights, and the statistics of normalisation, that are larger have seen sums that are no numbers; such a network may yet have a loss.
_LARGEST = 1e12
# What a network says of the cells differs by more than this, unless it says the same of all.
_LEAST_SPREAD = 1e-6


@dataclass
class Member:
    """One trained network: its weights and its training history (a list per curve, a value per epoch)."""

    weights: dict[str, np.ndarray]
    history: dict[str, list[float]] = field(default_factory=dict)


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until a core is free for one more network."""
    with _turns:
        yield


@_turn()
def train(
    patches: Patches,
    labels: np.ndarray,
    validation: np.ndarray,
    recipe: Recipe,
    seed: int,
    circular_pairs: Sequence[tuple[int, int]] = (),
    progress: Callable[[float], None] = lambda percent: None,
    status: Callable[[str], None] = lambda text: None,
    counts: np.ndarray | None = None,
    start: Weights | None = None,
) -> Member:
    """Train one network and keep the weights of its best validation loss.

    Patches are flipped and turned at random, their aspect with them; the centre cell keeps its true aspect.
    The linear part starts from a logistic regression on the centre cells, so that the rest learns what that leaves. From the weights of
    a trained network it goes on instead, and leaves its normalisation as it is, of which few cells tell nothing better.

    Parameters
    ----------
    patches
        Encoded patches, n of them.
    labels
        1 for landslide, 0 for none, (n,).
    validation
        Which cells decide when to stop, boolean (n,). None of them: the last weights are kept.
    recipe
        The hyper-parameters; `members` and `validation` are the caller's.
    seed
        The same seed on the same machine gives the same weights.
    circular_pairs
        Channel numbers of each sine and cosine.
    progress
        Called with 0 to 100.
    status
        Called with what is being done: compiling, or the epoch and its loss.
    counts
        What each cell counts beside its class, (n,), about 1 on average; None where all count the same.
    start
        The weights of a trained network to go on from; None for a new one.

    Returns
    -------
    The weights by the names of `Architecture.shapes`, and the curves `loss` and `accuracy`, with `val_loss` and `val_accuracy` where there
    are validation cells. The loss counts class weights and label smoothing, that of validation only the weights; neither counts the
    penalty.

    Raises
    ------
    DivergedError
        If the loss is no number, or twice as large as that of a network that knows nothing, or the network says the same of every cell.
    """
    rng = np.random.default_rng(seed)
    architecture = recipe.architecture(patches.cells.shape[-1])
    labels = np.asarray(labels, np.float32)
    weights = class_weights(labels, ~validation, recipe.class_weights)
    if counts is not None:
        weights *= counts.astype(np.float32)
    y, weight = labels[~validation], weights[~validation]
    turns = Turns.of(patches.offsets, architecture.channels, circular_pairs)
    batch = min(recipe.batch_size, len(y))
    told = recipe.optimizer, recipe.l2, recipe.label_smoothing, batch, patches.cells.dtype.name, turns.channels is not None
    kind = _Kind(architecture, *told, start is not None)
    loop = _taken(kind)
    network, optimizer = loop.network, loop.optimizer
    loop.start(seed)
    if start is None:
        start_from_logistic_regression(network, patches.only(~validation).centres(), y, weight)
    else:
        put_weights(network, architecture, start)
    cells, places = _shared(patches.cells), tf.constant(turns.cells)
    channels = () if turns.channels is None else (tf.constant(turns.channels),)
    trained = cells, tf.constant(patches.first[~validation]), tf.constant(y), tf.constant(weight)
    validated = cells, tf.constant(patches.first[validation]), tf.constant(labels[validation]), tf.constant(weights[validation])

    member = Member({}, {"loss": [], "accuracy": []})
    if validation.any():
        member.history.update({"val_loss": [], "val_accuracy": []})
    best, stalled, plateaus = np.inf, 0, 0
    trained_loss, lowest, highest = np.inf, 0.0, 0.0
    status("compiling the network")
    for number in range(recipe.epochs):
        optimizer.learning_rate.assign(rate_at(recipe.schedule, recipe.learning_rate, number, recipe.epochs, plateaus))
        order = shuffled_batches(rng, len(y), recipe.batch_size)
        ways = rng.integers(0, 2, (len(order), 3)) @ (1, 2, 4) * recipe.augment
        batches = tf.constant(order, tf.int32), tf.constant(ways, tf.int32), places
        loss, accuracy = (float(each) for each in loop.epoch(*trained, *batches, *channels))
        member.history["loss"].append(loss)
        member.history["accuracy"].append(accuracy)
        if not math.isfinite(loss):  # no further epoch brings its weights back
            break
        judged, low, high = loss, 0.0, 1.0
        if validation.any():
            judged, accuracy, low, high = (float(each) for each in loop.validate(*validated, places[0]))
            member.history["val_loss"].append(judged)
            member.history["val_accuracy"].append(accuracy)
        progress(100.0 * (number + 1) / recipe.epochs)
        status(f"epoch {number + 1:,} of {recipe.epochs:,}, loss {judged:.3f}")
        if judged < best:
            best, stalled = judged, 0
            trained_loss, lowest, highest = loss, low, high
            member.weights = weights_of(network, architecture) if validation.any() else {}
        else:
            stalled += 1
            plateaus += stalled % PLATEAU_EPOCHS == 0
            if validation.any() and stalled >= recipe.epochs_to_wait:
                break
    if not member.weights and not validation.any():  # the last weights are all there is
        member.weights = weights_of(network, architecture)
        best, _, lowest, highest = (float(each) for each in loop.validate(*trained, places[0]))
        trained_loss = member.history["loss"][-1]
    _kept(loop)
    is_known = all((np.abs(array) <= _LARGEST).all() for array in member.weights.values())
    differ = bool(np.ptp(patches.centres(), axis=0).any())
    best = best if is_known else math.inf
    _check_learnt(recipe, len(member.history["loss"]), best, trained_loss, highest - lowest if differ else 1.0)
    progress(100.0)
    return member


def _check_learnt(recipe: Recipe, epochs: int, best: float, trained: float, spread: float) -> None:
    """Raise DivergedError unless the loss and the spread of what the kept weights say are those of a network that learnt something."""
    advice = f"Choose a lower learning rate than {recipe.learning_rate:g}, or another optimizer than {OPTIMIZERS[recipe.optimizer]}"
    if not math.isfinite(best) or not math.isfinite(trained):
        what = f"after {epochs} epochs its loss or its weights are no numbers"
    elif min(best, trained) > _WORST_LOSS:
        what = f"its best loss is {best:.3g}, where a network that knows nothing has {math.log(2):.2f}"
    elif not spread >= _LEAST_SPREAD:
        what = "it says the same of every cell"
    else:
        return
    raise DivergedError(f"The training of the network diverged: {what}. {advice}; no model is kept.")


def _shared(cells: np.ndarray) -> Any:
    """Return an array as a tensor: on the processor the same memory, where `tf.constant` would need it twice more for a while."""
    if cells.ctypes.data % ALIGNMENT or has_gpu():
        return tf.constant(cells)
    return tf.experimental.dlpack.from_dlpack(cells.__dlpack__())


def shuffled_batches(rng: np.random.Generator, count: int, batch_size: int) -> np.ndarray:
    """Return the cells of each batch of an epoch, (steps, batch); the last batch is filled up with the first cells.

    >>> import numpy as np
    >>> from scarp.models.training import shuffled_batches
    >>> shuffled_batches(np.random.default_rng(1), count=5, batch_size=3).tolist()
    [[4, 0, 1], [2, 3, 4]]
    """
    batch = min(batch_size, count)
    steps = -(-count // batch)
    return np.resize(rng.permutation(count), steps * batch).reshape(steps, batch)


def class_weights(labels: np.ndarray, training: np.ndarray, kind: str) -> np.ndarray:
    """Return what each cell counts in the loss, (n,), with mean 1 over the training cells (boolean (n,)); see `recipe.CLASS_WEIGHTS`.

    >>> import numpy as np
    >>> from scarp.models.training import class_weights
    >>> labels, training = np.array([1, 0, 0, 0, 1]), np.array([True, True, True, True, False])
    >>> class_weights(labels, training, "balanced").astype(float).round(3).tolist()
    [2.0, 0.667, 0.667, 0.667, 2.0]
    """
    if kind == "none":
        return np.ones(len(labels), np.float32)
    share = float(labels[training].mean())
    return np.where(labels == 1, 0.5 / share, 0.5 / (1 - share)).astype(np.float32)


def start_from_logistic_regression(network: keras.Model, centres: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> None:
    """Set the linear part to a penalised logistic regression on the centre cells, and the deep part's output to zero."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=0.1, max_iter=500).fit(centres, labels, weights)
    network.get_layer("linear").set_weights([fitted.coef_.T.astype(np.float32)])
    kernel, _ = network.get_layer("output").get_weights()
    network.get_layer("output").set_weights([np.zeros_like(kernel), fitted.intercept_.astype(np.float32)])


@dataclass(frozen=True)
class Turns:
    """The eight ways to flip and turn a patch.

    Parameters
    ----------
    cells
        The offset (see `Patches`) of the cell that comes to each place, int64 (8, size²).
    channels
        The matrix that turns directions with the patch, float32 (8, channels, channels); None where no channel is one.
    """

    cells: np.ndarray
    channels: np.ndarray | None

    @classmethod
    def of(cls, offsets: np.ndarray, channels: int, circular_pairs: Sequence[tuple[int, int]]) -> Turns:
        """Return them, numbered by three bits: 1 for a flip of columns, then 2 for a flip of rows, then 4 for a transposition.

        Columns run east and rows south, so a direction (sine east, cosine north) becomes (-sine, cosine), (sine, -cosine) and
        (-cosine, -sine).
        """
        cells, turned = [], []
        for way in range(8):
            places, matrix = offsets.reshape(round(len(offsets) ** 0.5), -1), np.eye(channels, dtype=np.float32)
            for bit, move in ((1, np.fliplr), (2, np.flipud), (4, np.transpose)):
                if not way & bit:
                    continue
                places = move(places)
                for sine, cosine in circular_pairs:
                    if bit == 4:
                        matrix[:, [sine, cosine]] = -matrix[:, [cosine, sine]]
                    else:
                        matrix[:, sine if bit == 1 else cosine] *= -1
            cells.append(places.ravel())
            turned.append(matrix)
        return cls(np.array(cells), np.array(turned) if circular_pairs else None)


def _gathered(cells: Any, first: Any, offsets: Any, size: int) -> Any:
    """Return patches (n, size, size, channels) as float32 from the cells of all patches."""
    return tf.reshape(tf.cast(tf.gather(cells, first[:, None] + offsets), tf.float32), (-1, size, size, cells.shape[-1]))


@dataclass(frozen=True)
class _Kind:
    """What a compiled loop is made for: the network, and all that its graph has as constants."""

    architecture: Architecture
    optimizer: str
    l2: float
    label_smoothing: float
    batch: int
    cells_type: str
    turns_channels: bool
    goes_on: bool


class _Loop:
    """A network with its optimizer and its compiled epoch, for one training after another.

    TensorFlow never forgets a compiled function, and compiling takes seconds: so cells, labels and turns come as arguments, and networks
    of one kind, such as the members of a model and those of all folds, share a loop.
    """

    def __init__(self, kind: _Kind) -> None:
        self.kind = kind
        self.network = build(kind.architecture, kind.l2)
        if kind.goes_on:
            still_normalisation(self.network)
        self.optimizer = make_optimizer(kind.optimizer, 0.001)
        self.optimizer.build(self.network.trainable_variables)
        self._at_first = [np.array(each) for each in self.optimizer.variables]
        size, channels = kind.architecture.patch_size_px, kind.architecture.channels
        numbers, values = tf.TensorSpec([None], tf.int64), tf.TensorSpec([None], tf.float32)
        cells = tf.TensorSpec([None, channels], kind.cells_type), numbers, values, values
        order, ways = tf.TensorSpec([None, kind.batch], tf.int32), tf.TensorSpec([None], tf.int32)
        turns = [tf.TensorSpec([8, size**2], tf.int64), *[tf.TensorSpec([8, channels, channels], tf.float32)] * kind.turns_channels]
        self.epoch = tf.function(self._epoch, input_signature=[*cells, order, ways, *turns])
        self.validate = tf.function(self._validate, input_signature=[*cells, tf.TensorSpec([size**2], tf.int64)])

    def start(self, seed: int) -> None:
        """Forget what was trained: weights as a new network of this seed has them."""
        with building:
            keras.utils.set_random_seed(seed)
            tf.config.experimental.enable_op_determinism()
            new = build(self.kind.architecture, self.kind.l2)
        for own, value in zip(self.network.variables, new.variables):
            own.assign(value)
        for own, value in zip(self.optimizer.variables, self._at_first):
            own.assign(value)

    def _epoch(
        self, cells: Any, first: Any, labels: Any, weights: Any, order: Any, ways: Any, places: Any, channels: Any = None
    ) -> tuple[Any, Any]:
        """Train on the batches of `order`, each turned one way; return mean loss and accuracy."""
        network, smoothing = self.network, self.kind.label_smoothing
        size, bands = self.kind.architecture.patch_size_px, self.kind.architecture.channels
        middle = places[0, size**2 // 2]
        total, right = tf.constant(0.0), tf.constant(0.0)
        for step in tf.range(tf.shape(order)[0]):
            index, way = order[step], ways[step]
            start, label, weight = tf.gather(first, index), tf.gather(labels, index), tf.gather(weights, index)
            centre = tf.cast(tf.gather(cells, start + middle), tf.float32)
            patch = _gathered(cells, start, tf.gather(places, way), size)
            if channels is not None:
                turned = tf.matmul(tf.reshape(patch, (-1, bands)), tf.gather(channels, way))
                patch = tf.reshape(turned, (-1, size, size, bands))
            with tf.GradientTape() as tape:
                logits = network([patch, centre], training=True)[:, 0]
                target = label * (1 - smoothing) + 0.5 * smoothing
                loss = tf.reduce_mean(weight * tf.nn.sigmoid_cross_entropy_with_logits(target, logits))
                penalised = loss + tf.add_n(network.losses)
            self.optimizer.apply(tape.gradient(penalised, network.trainable_variables), network.trainable_variables)
            total += loss
            right += tf.reduce_mean(tf.cast((logits > 0) == (label > 0.5), tf.float32))
        steps = tf.cast(tf.shape(order)[0], tf.float32)
        return total / steps, right / steps

    def _validate(self, cells: Any, first: Any, labels: Any, weights: Any, offsets: Any) -> tuple[Any, Any, Any, Any]:
        """Return mean loss, accuracy, and the least and greatest susceptibility of cells as they lie."""
        size = self.kind.architecture.patch_size_px
        total, right, low, high = tf.constant(0.0), tf.constant(0.0), tf.constant(1.0), tf.constant(0.0)
        count = tf.shape(first)[0]
        for start in tf.range(0, count, _VALIDATION_BATCH):
            some, label, weight = (each[start : start + _VALIDATION_BATCH] for each in (first, labels, weights))
            centre = tf.cast(tf.gather(cells, some + offsets[size**2 // 2]), tf.float32)
            logits = self.network([_gathered(cells, some, offsets, size), centre], training=False)[:, 0]
            total += tf.reduce_sum(weight * tf.nn.sigmoid_cross_entropy_with_logits(label, logits))
            right += tf.reduce_sum(tf.cast((logits > 0) == (label > 0.5), tf.float32))
            said = tf.sigmoid(logits)
            low, high = tf.minimum(low, tf.reduce_min(said)), tf.maximum(high, tf.reduce_max(said))
        return total / tf.cast(count, tf.float32), right / tf.cast(count, tf.float32), low, high


# Loops that no training uses now, the latest last.
_LOOPS_KEPT = 4
_idle: list[_Loop] = []
_choosing = Lock()


def _taken(kind: _Kind) -> _Loop:
    """Return a loop of a kind, one that is idle if there is any."""
    with _choosing:
        for loop in _idle:
            if loop.kind == kind:
                _idle.remove(loop)
                return loop
    return _Loop(kind)


def _kept(loop: _Loop) -> None:
    """Keep a loop for the next training of its kind."""
    with _choosing:
        _idle.append(loop)
        del _idle[:-_LOOPS_KEPT]
