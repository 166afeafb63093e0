# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole-window inference: the patch network as a fully convolutional one, exactly.

A patch network with valid convolutions computes the same numbers for neighbouring patches again and again. Here every map is computed once:
2×2 pooling moves by one cell instead of two, and the four phases that result (even and odd rows and columns) go on side by
side in the batch, so that the next convolution stays an ordinary one. Batch normalisation is folded into the kernels.
The flattened dense layer becomes a convolution over the last maps, and the phases are woven together at the end.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .architecture import Architecture

Weights = Mapping[str, np.ndarray]
BATCH_NORM_EPSILON = 1e-3
# Rows that the numpy pass takes at once: its maps should stay in the processor's cache.
_NUMPY_ROWS = 32


class DenseNetwork:
    """One trained network ready for windows; built from the arrays of `network.weights_of`.

    Parameters
    ----------
    architecture, weights
        The network.
    backend
        `tensorflow`, `numpy`, or None for TensorFlow where it is installed.
    """

    def __init__(self, architecture: Architecture, weights: Weights, backend: str | None = None) -> None:
        self.architecture = architecture
        self.backend = backend or ("tensorflow" if importlib.util.find_spec("tensorflow") else "numpy")
        self._kernels = _folded(architecture, weights)
        self._pass = _tensorflow_pass(architecture, self._kernels) if self.backend == "tensorflow" else self._numpy_pass

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
        margin = self.architecture.margin_px
        rows, cols = encoded.shape[0] - 2 * margin, encoded.shape[1] - 2 * margin
        multiple = 2 ** len(self.architecture.stages)
        padded = np.pad(encoded, ((0, -rows % multiple), (0, -cols % multiple), (0, 0)))
        return np.asarray(self._pass(padded))[:rows, :cols]

    def _numpy_pass(self, encoded: np.ndarray) -> np.ndarray:
        margin = self.architecture.margin_px
        rows = encoded.shape[0] - 2 * margin
        multiple = 2 ** len(self.architecture.stages)
        step = max(multiple, _NUMPY_ROWS - _NUMPY_ROWS % multiple)
        parts = [
            _forward(encoded[row : min(row + step, rows) + 2 * margin], self.architecture, self._kernels, _Numpy)
            for row in range(0, rows, step)
        ]
        return np.concatenate(parts)


def _folded(architecture: Architecture, weights: Weights) -> dict[str, np.ndarray]:
    """Fold batch normalisation into the kernels, and split the joined layer into its two parts."""
    kernels: dict[str, np.ndarray] = {}
    last = architecture.channels
    for stage, filters in enumerate(architecture.stages):
        scale = weights[f"gamma{stage}"] / np.sqrt(weights[f"variance{stage}"] + BATCH_NORM_EPSILON)
        kernels[f"convolution{stage}"] = (weights[f"convolution{stage}"] * scale).astype(np.float32)
        kernels[f"shift{stage}"] = (weights[f"beta{stage}"] - weights[f"mean{stage}"] * scale).astype(np.float32)
        last = filters
    side = architecture.last_side
    flat = side * side * last
    joined = weights["dense0"] if architecture.hidden_layers else weights["output"]
    kernels["flat"] = joined[:flat].reshape(side, side, last, -1)
    kernels["centre"] = joined[flat:]
    for name in weights:
        if name.startswith(("dense", "bias", "output", "linear")):
            kernels[name] = weights[name]
    return kernels


def _forward(encoded: Any, architecture: Architecture, kernels: Mapping[str, Any], ops: Any) -> Any:
    margin = architecture.margin_px
    rows, cols = encoded.shape[0] - 2 * margin, encoded.shape[1] - 2 * margin
    centre = encoded[margin : margin + rows, margin : margin + cols]
    x = encoded[None]
    side = architecture.patch_size_px
    phase_rows, phase_cols = rows, cols
    for stage in range(len(architecture.stages)):
        x = ops.relu(ops.convolve(x, kernels[f"convolution{stage}"]) + kernels[f"shift{stage}"])
        x = ops.maximum(x[:, :-1], x[:, 1:])
        x = ops.maximum(x[:, :, :-1], x[:, :, 1:])
        side = (side - 2) // 2
        phase_rows, phase_cols = phase_rows // 2, phase_cols // 2
        height, width = 2 * (phase_rows + side - 1), 2 * (phase_cols + side - 1)
        x = ops.concatenate([x[:, row:height:2, col:width:2] for row in (0, 1) for col in (0, 1)])
    x = ops.convolve(x, kernels["flat"])
    for _ in architecture.stages:
        x = _woven(x, ops)
    x = x[0] + ops.multiply(centre, kernels["centre"])
    for layer in range(architecture.hidden_layers):
        if layer:
            x = ops.multiply(x, kernels[f"dense{layer}"])
        x = ops.relu(x + kernels[f"bias{layer}"])
    if architecture.hidden_layers:
        x = ops.multiply(x, kernels["output"])
    logit = x + kernels["output_bias"] + ops.multiply(centre, kernels["linear"])
    return ops.sigmoid(logit[..., 0])


def _woven(x: Any, ops: Any) -> Any:
    """Weave four phases (4 n, rows, cols, c) into maps (n, 2 rows, 2 cols, c)."""
    count, (rows, cols, channels) = x.shape[0] // 4, x.shape[1:]
    x = ops.reshape(x, (2, 2, count, rows, cols, channels))
    return ops.reshape(ops.transpose(x, (2, 3, 0, 4, 1, 5)), (count, 2 * rows, 2 * cols, channels))


class _Numpy:
    concatenate = staticmethod(np.concatenate)
    maximum = staticmethod(np.maximum)
    reshape = staticmethod(np.reshape)
    transpose = staticmethod(np.transpose)
    multiply = staticmethod(np.matmul)

    @staticmethod
    def relu(x: np.ndarray) -> np.ndarray:
        return np.maximum(x, 0, out=x)

    @staticmethod
    def sigmoid(x: np.ndarray) -> np.ndarray:
        return 0.5 * (np.tanh(0.5 * x) + 1)

    @staticmethod
    def convolve(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
        """Convolve without padding, as one matrix product per kernel row."""
        side, _, channels, filters = kernel.shape
        rows, cols = x.shape[1] - side + 1, x.shape[2] - side + 1
        wide = np.concatenate([x[:, :, col : col + cols] for col in range(side)], axis=-1)
        by_row = kernel.reshape(side, side * channels, filters)
        out = wide[:, :rows] @ by_row[0]
        for row in range(1, side):
            out += wide[:, row : row + rows] @ by_row[row]
        return out


def _tensorflow_pass(architecture: Architecture, kernels: Mapping[str, np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    import tensorflow as tf

    class _TensorFlow:
        maximum, reshape, transpose = tf.maximum, tf.reshape, tf.transpose
        relu, sigmoid = tf.nn.relu, tf.sigmoid

        @staticmethod
        def concatenate(parts: list[Any]) -> Any:
            return tf.concat(parts, axis=0)

        @staticmethod
        def multiply(x: Any, kernel: Any) -> Any:
            flat = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), kernel)
            return tf.reshape(flat, (*x.shape[:-1], kernel.shape[-1]))

        @staticmethod
        def convolve(x: Any, kernel: Any) -> Any:
            return tf.nn.conv2d(x, kernel, strides=1, padding="VALID")

    constants = {name: tf.constant(array) for name, array in kernels.items()}

    @tf.function(reduce_retracing=False)
    def forward(encoded: Any) -> Any:
        return _forward(encoded, architecture, constants, _TensorFlow)

    return lambda encoded: forward(tf.constant(encoded)).numpy()
