# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole-window inference: the patch network as a fully convolutional one, exactly.

A patch network with valid convolutions computes the same numbers for neighbouring patches again and again. Here every map is computed once:
2×2 pooling moves by one cell instead of two, and the four phases that result (even and odd rows and columns) go on side by
side in the batch, so that the next convolution stays an ordinary one. Batch normalisation is folded into the kernels.
The flattened dense layer becomes a convolution over the last maps, the dense layers run phase by phase, and only the susceptibility is
woven together at the end.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import numpy as np

from .architecture import Architecture
from .batches import Batches, Run
from .errors import EngineError
from .memory import TENSORFLOW_BYTES, check_room, has_room

Weights = Mapping[str, np.ndarray]
Pass = Callable[[np.ndarray], np.ndarray]
BATCH_NORM_EPSILON = 1e-3
# Cells times members from which TensorFlow makes up for its start and its memory: about two and a half seconds to import, then a fifth of a
# microsecond less for each (`test/bench/bench_mapping.py`).
_WORTH_TENSORFLOW = 10_000_000
# Rows and columns that the numpy pass takes at once: its maps should stay in the processor's cache. In strips of 32 × 512 each cell takes a
# third longer.
_NUMPY_TILE = (64, 128)
# Windows of 256 × 512 cells that a GPU computes at once: the maps of the default network for them take about 2 GB.
WINDOWS_ON_GPU = 16


class DenseNetwork:
    """The trained members of a network, ready for windows; built from the arrays of `network.weights_of`.

    Parameters
    ----------
    architecture
        The shape that all members share.
    members
        The weights of each member; susceptibility is their mean.
    backend
        `tensorflow`, `numpy`, or None for the one that is sooner done, see `preferred_backend`.
    cells
        How many cells are to be predicted; None for so many that starting TensorFlow is nothing.

    Raises
    ------
    EngineError
        If TensorFlow is asked for and not installed.

    Examples
    --------
    A network of linear terms alone, without a patch: the first channel less the second, through the logistic function.

    >>> import numpy as np
    >>> from scarp.models.dense import DenseNetwork
    >>> from scarp.models.recipe import Recipe
    >>> architecture = Recipe(patch_size=1, hidden_layers=0).architecture(channels=2)
    >>> weights = {name: np.zeros(shape) for name, shape in architecture.shapes.items()}
    >>> weights["linear"] = np.array([[1.0], [-1.0]])
    >>> window = np.array([[[0, 0], [3, 1], [1, 3]]], np.float32)
    >>> (1000 * DenseNetwork(architecture, [weights], "numpy").predict(window)).round().tolist()
    [[500.0, 881.0, 119.0]]
    """

    def __init__(
        self, architecture: Architecture, members: Sequence[Weights], backend: str | None = None, cells: int | None = None
    ) -> None:
        self.architecture = architecture
        self.backend = backend or preferred_backend(None if cells is None else cells * len(members))
        if self.backend == "tensorflow" and not _has_tensorflow():
            raise EngineError("TensorFlow is asked for and not installed; install the engine (scarp:installengine), or map with NumPy.")
        if self.backend == "tensorflow":
            check_room(TENSORFLOW_BYTES)
        self._kernels = [_folded(architecture, weights) for weights in members]
        self._batches: Batches | None = None
        self._tell: Callable[[str], None] = lambda text: None
        self._making = Lock()
        self._each: Pass | None = None
        self._pass = self._make_pass(each=False)

    def _make_pass(self, *, each: bool) -> Pass:
        """Return what computes the mean of a window, or also what each member says."""
        if self.backend == "numpy":
            return _numpy_pass(self.architecture, self._kernels, each)
        tf = _tensorflow()
        run = _tensorflow_pass(self.architecture, self._kernels, each)
        if not has_gpu():
            return lambda encoded: run([encoded])[0]
        self._batches = Batches(run, WINDOWS_ON_GPU, tf.errors.ResourceExhaustedError)
        self._batches.tell = self._tell
        return self._batches

    @property
    def _pass_each(self) -> Pass:
        with self._making:  # the threads that ask first come together, and should share one pass and its batches
            self._each = self._each or self._make_pass(each=True)
        return self._each

    @property
    def windows_at_once(self) -> int:
        """How many threads should ask for windows: two, so that one is read while the other is computed; on a GPU for two batches."""
        return 2 * (self._batches.most if self._batches else 1)

    def listen(self, tell: Callable[[str], None]) -> None:
        """Have what happens while windows are computed told: that a batch did not fit into the memory of the GPU."""
        self._tell = tell
        if self._batches:
            self._batches.tell = tell

    @property
    def device(self) -> str:
        """What computes, in words for the log."""
        if self.backend == "numpy":
            return "NumPy on the processor" + (
                "" if _has_tensorflow() else " (with TensorFlow, from scarp:installengine, large maps are faster)"
            )
        if not self._batches:
            return "TensorFlow on the processor"
        tf = _tensorflow()
        gpus = tf.config.list_physical_devices("GPU")
        names = [tf.config.experimental.get_device_details(each).get("device_name", each.name) for each in gpus]
        return f"TensorFlow on the GPU ({', '.join(names)}), up to {self._batches.most} windows at once"

    def predict(self, encoded: np.ndarray) -> np.ndarray:
        """Return the susceptibility of a window.

        Parameters
        ----------
        encoded
            Channels of the window and its margin, float32 (rows + 2 margin, cols + 2 margin, channels).

        Returns
        -------
        Susceptibility, float32 (rows, cols).
        """
        return self._computed(encoded, self._pass)

    def predict_each(self, encoded: np.ndarray) -> np.ndarray:
        """Return the susceptibility of a window as `predict` does, and then that of each member alone.

        Parameters
        ----------
        encoded
            See `predict`.

        Returns
        -------
        Float32 (1 + members, rows, cols): the mean first.
        """
        return np.moveaxis(self._computed(encoded, self._pass_each), -1, 0)

    def _computed(self, encoded: np.ndarray, forward: Pass) -> np.ndarray:
        margin = self.architecture.margin_px
        rows, cols = encoded.shape[0] - 2 * margin, encoded.shape[1] - 2 * margin
        multiple = 2 ** len(self.architecture.stages)
        if rows % multiple or cols % multiple:
            encoded = np.pad(encoded, ((0, -rows % multiple), (0, -cols % multiple), (0, 0)))
        return forward(encoded)[:rows, :cols]


def preferred_backend(work: int | None) -> str:
    """Return what is sooner done with so many cells times members: `numpy` below ten million, or where TensorFlow is not or lacks memory.

    >>> from scarp.models.dense import preferred_backend
    >>> preferred_backend(3_000_000)
    'numpy'
    """
    small = work is not None and work < _WORTH_TENSORFLOW
    return "numpy" if small or not _has_tensorflow() or not has_room(TENSORFLOW_BYTES) else "tensorflow"


def has_gpu() -> bool:
    """Tell whether TensorFlow has a GPU; it then takes of its memory what it needs, as it needs it, and not all at its start."""
    tf = _tensorflow()
    gpus = tf.config.list_physical_devices("GPU")
    for each in gpus:
        try:
            tf.config.experimental.set_memory_growth(each, True)
        except RuntimeError:  # it has begun to compute, so that this was settled before
            break
    return bool(gpus)


def _tensorflow() -> Any:
    """Return TensorFlow, started without Keras: a third of its start, which no pass needs and which it can do without."""
    if not {"tensorflow", "keras"} & set(sys.modules):
        sys.modules["keras"] = None  # type: ignore[assignment]
        try:
            return importlib.import_module("tensorflow")
        finally:
            del sys.modules["keras"]
    return importlib.import_module("tensorflow")


def _has_tensorflow() -> bool:
    return importlib.util.find_spec("tensorflow") is not None


def _folded(architecture: Architecture, weights: Weights) -> dict[str, np.ndarray]:
    """Fold batch normalisation into the kernels, and split the joined layer into its two parts; all kernels are 4-dimensional."""
    kernels: dict[str, np.ndarray] = {}
    last = architecture.channels
    for stage, filters in enumerate(architecture.stages):
        scale = weights[f"gamma{stage}"] / np.sqrt(weights[f"variance{stage}"] + BATCH_NORM_EPSILON)
        kernels[f"convolution{stage}"] = weights[f"convolution{stage}"] * scale
        kernels[f"shift{stage}"] = weights[f"beta{stage}"] - weights[f"mean{stage}"] * scale
        last = filters
    side = architecture.last_side
    joined = weights["dense0"] if architecture.hidden_layers else weights["output"]
    flat, centre = np.split(joined, [side * side * last])
    kernels["flat"] = flat.reshape(side, side, last, -1)
    kernels["centre"] = centre[None, None]
    for name, array in weights.items():
        if name.startswith(("dense", "output", "linear", "bias")):
            kernels[name] = array if array.ndim == 1 else array[None, None]
    return {name: np.ascontiguousarray(array, np.float32) for name, array in kernels.items()}


def _forward(encoded: Any, architecture: Architecture, members: Sequence[Mapping[str, Any]], ops: Any, each: bool = False) -> Any:
    """Return the mean susceptibility of the members for windows (n, rows, cols, channels): (n, rows, cols).

    With `each`, (n, rows, cols, 1 + members): the mean, and then each member. Rows and columns are multiples of the number of phases a
    side.
    """
    margin, x = architecture.margin_px, encoded
    centre = x[:, margin : x.shape[1] - margin, margin : x.shape[2] - margin]
    for _ in architecture.stages:
        centre = ops.split(centre)
    if each:
        said = [ops.sigmoid(_logit(x, centre, architecture, kernels, ops)) for kernels in members]
        out = ops.join([sum(said) / len(members), *said])
    else:  # one after the other, so that memory holds one
        out = sum(ops.sigmoid(_logit(x, centre, architecture, kernels, ops)) for kernels in members) / len(members)
    for _ in architecture.stages:
        out = ops.weave(out)
    return out if each else out[..., 0]


def _logit(x: Any, centre: Any, architecture: Architecture, kernels: Mapping[str, Any], ops: Any) -> Any:
    for stage in range(len(architecture.stages)):
        x = ops.relu(ops.convolve(x, kernels[f"convolution{stage}"], kernels[f"shift{stage}"]))
        x = ops.pool(x)
        x = ops.split(x[:, : x.shape[1] // 2 * 2, : x.shape[2] // 2 * 2])
    # The maps may reach one cell further than the phases of the centre cells.
    reach = architecture.last_side - 1
    x = x[:, : centre.shape[1] + reach, : centre.shape[2] + reach]
    if not architecture.hidden_layers:
        joined = ops.convolve(x, kernels["flat"], kernels["output_bias"]) + ops.convolve(centre, kernels["centre"])
        return joined + ops.convolve(centre, kernels["linear"])
    x = ops.relu(ops.convolve(x, kernels["flat"], kernels["bias0"]) + ops.convolve(centre, kernels["centre"]))
    for layer in range(1, architecture.hidden_layers):
        x = ops.relu(ops.convolve(x, kernels[f"dense{layer}"], kernels[f"bias{layer}"]))
    return ops.convolve(x, kernels["output"], kernels["output_bias"]) + ops.convolve(centre, kernels["linear"])


class _Numpy:
    """What `_forward` needs, on maps (n, rows, cols, channels)."""

    @staticmethod
    def relu(x: np.ndarray) -> np.ndarray:
        return np.maximum(x, 0, out=x)

    @staticmethod
    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 0.5 * (np.tanh(0.5 * x) + 1)

    @staticmethod
    def join(maps: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate(maps, axis=-1)

    @staticmethod
    def convolve(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        """Convolve without padding, as one matrix product per kernel row."""
        side, _, channels, filters = kernel.shape
        rows, cols = x.shape[1] - side + 1, x.shape[2] - side + 1
        wide = x if side == 1 else np.concatenate([x[:, :, col : col + cols] for col in range(side)], axis=-1)
        by_row = kernel.reshape(side, side * channels, filters)
        out = wide[:, :rows] @ by_row[0]
        for row in range(1, side):
            out += wide[:, row : row + rows] @ by_row[row]
        return out if bias is None else np.add(out, bias, out=out)

    @staticmethod
    def pool(x: np.ndarray) -> np.ndarray:
        x = np.maximum(x[:, :-1], x[:, 1:])
        return np.maximum(x[:, :, :-1], x[:, :, 1:])

    @staticmethod
    def split(x: np.ndarray) -> np.ndarray:
        """Split maps (n, rows, cols, c) into their four phases (4 n, rows / 2, cols / 2, c)."""
        return np.concatenate([x[:, row::2, col::2] for row in (0, 1) for col in (0, 1)])

    @staticmethod
    def weave(x: np.ndarray) -> np.ndarray:
        """Undo `split`."""
        count, (rows, cols, channels) = x.shape[0] // 4, x.shape[1:]
        x = x.reshape(2, 2, count, rows, cols, channels)
        return x.transpose(2, 3, 0, 4, 1, 5).reshape(count, 2 * rows, 2 * cols, channels)


def _numpy_pass(architecture: Architecture, members: Sequence[Weights], each: bool) -> Pass:
    multiple, margin = 2 ** len(architecture.stages), architecture.margin_px
    high, wide = (max(multiple, side - side % multiple) for side in _NUMPY_TILE)

    def forward(encoded: np.ndarray) -> np.ndarray:
        rows, cols = (range(0, side - 2 * margin, step) for side, step in zip(encoded.shape, (high, wide)))
        tiles = (encoded[row : row + high + 2 * margin, col : col + wide + 2 * margin] for row in rows for col in cols)
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            found = list(threads.map(lambda tile: _forward(tile[None], architecture, members, _Numpy, each)[0], tiles))
        lines = [found[start : start + len(cols)] for start in range(0, len(found), len(cols))]
        return np.concatenate([np.concatenate(line, axis=1) for line in lines])

    return forward


def _tensorflow_pass(architecture: Architecture, members: Sequence[Weights], each: bool) -> Run:
    """Return what computes some windows of one shape together."""
    tf = _tensorflow()

    class _TensorFlow:
        relu, sigmoid = tf.nn.relu, tf.sigmoid

        @staticmethod
        def join(maps: Sequence[Any]) -> Any:
            return tf.concat(maps, axis=-1)

        @staticmethod
        def convolve(x: Any, kernel: Any, bias: Any = None) -> Any:
            if kernel.shape[:2] == (1, 1):  # a product of matrices, which is sooner done
                shape = tf.concat([tf.shape(x)[:3], [kernel.shape[3]]], 0)
                x = tf.reshape(tf.matmul(tf.reshape(x, (-1, kernel.shape[2])), kernel[0, 0]), shape)
            else:
                x = tf.nn.conv2d(x, kernel, strides=1, padding="VALID")
            return x if bias is None else tf.nn.bias_add(x, bias)

        @staticmethod
        def pool(x: Any) -> Any:
            return tf.nn.max_pool2d(x, ksize=2, strides=1, padding="VALID")

        @staticmethod
        def split(x: Any) -> Any:
            return tf.space_to_batch(x, [2, 2], [[0, 0], [0, 0]])

        @staticmethod
        def weave(x: Any) -> Any:
            return tf.batch_to_space(x, [2, 2], [[0, 0], [0, 0]])

    constants = [{name: tf.constant(array) for name, array in kernels.items()} for kernels in members]

    @tf.function(reduce_retracing=False)
    def forward(planes: Any) -> Any:
        return _forward(tf.transpose(planes, (0, 2, 3, 1)), architecture, constants, _TensorFlow, each)

    def run(windows: Sequence[np.ndarray]) -> list[np.ndarray]:
        # The encoder's arrays lie channel by channel in memory: TensorFlow turns them faster than numpy.
        planes = [np.moveaxis(each, -1, 0) for each in windows]
        return list(np.asarray(forward(tf.constant(planes[0][None] if len(planes) == 1 else np.stack(planes)))))

    return run
