# SPDX-License-Identifier: GPL-2.0-or-later
"""The coupled CNN–DNN as a Keras network, and its weights as plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any

import keras
import numpy as np

from .architecture import Architecture
from .dense import BATCH_NORM_EPSILON, Weights
from .patches import Patches

# Few batches make an epoch on a small inventory; statistics must follow within them.
_BATCH_NORM_MOMENTUM = 0.9
_PREDICTED_AT_ONCE = 1024
# Held while a network is built: its first weights come from a seed that the whole process shares.
building = RLock()
_NORMALISATION = ("gamma", "beta", "mean", "variance")


def build(architecture: Architecture, l2: float = 1e-3) -> keras.Model:
    """Return the network, untrained.

    Input shape: patches (n, size, size, channels) and their centre cells (n, channels), encoded. Output shape: (n, 1), the logit of
    susceptibility. `l2` weighs the squared weights in the loss.
    """
    with building:
        return _build(architecture, l2)


def _build(architecture: Architecture, l2: float) -> keras.Model:
    regular = keras.regularizers.L2(l2)
    side, channels = architecture.patch_size_px, architecture.channels
    patch = keras.Input((side, side, channels), name="patch")
    centre = keras.Input((channels,), name="centre")
    x = patch
    for stage, filters in enumerate(architecture.stages):
        normalised = architecture.batch_normalisation
        x = keras.layers.Conv2D(filters, 3, use_bias=not normalised, kernel_regularizer=regular, name=f"convolution{stage}")(x)
        if normalised:
            x = keras.layers.BatchNormalization(momentum=_BATCH_NORM_MOMENTUM, epsilon=BATCH_NORM_EPSILON, name=f"normalisation{stage}")(x)
        x = keras.layers.MaxPooling2D(2)(keras.layers.ReLU()(x))
    x = keras.layers.Dropout(architecture.dropout)(keras.layers.Flatten()(x))
    x = keras.layers.Concatenate()([x, centre])
    for layer, units in enumerate(architecture.dense_units):
        x = keras.layers.Dense(units, activation="relu", kernel_regularizer=regular, name=f"dense{layer}")(x)
        if layer + 1 < architecture.hidden_layers:
            x = keras.layers.Dropout(architecture.dropout)(x)
    deep = keras.layers.Dense(1, kernel_regularizer=regular, name="output")(x)
    linear = keras.layers.Dense(1, use_bias=False, kernel_regularizer=regular, name="linear")(centre)
    return keras.Model([patch, centre], keras.layers.Add()([deep, linear]))


def weights_of(network: keras.Model, architecture: Architecture) -> dict[str, np.ndarray]:
    """Return the weights as named arrays; a bias where nothing is normalised as the shift of a normalisation that changes nothing else."""
    found = {}
    for stage, filters in enumerate(architecture.stages):
        kernel, *bias = _arrays(network, f"convolution{stage}")
        found[f"convolution{stage}"] = kernel
        one, nothing = np.ones(filters, np.float32), np.zeros(filters, np.float32)
        normalisation = [one, *bias, nothing, one * (1 - BATCH_NORM_EPSILON)] if bias else _arrays(network, f"normalisation{stage}")
        found.update({f"{name}{stage}": array for name, array in zip(_NORMALISATION, normalisation)})
    for layer in range(architecture.hidden_layers):
        found[f"dense{layer}"], found[f"bias{layer}"] = _arrays(network, f"dense{layer}")
    found["output"], found["output_bias"] = _arrays(network, "output")
    found["linear"] = _arrays(network, "linear")[0]
    return found


def with_weights(architecture: Architecture, weights: Weights) -> keras.Model:
    """Return the network with these weights."""
    network = build(architecture)
    put_weights(network, architecture, weights)
    return network


def put_weights(network: keras.Model, architecture: Architecture, weights: Weights) -> None:
    """Give a network, as `build` returned it, the weights that `weights_of` returns."""
    for stage in range(len(architecture.stages)):
        kernel = weights[f"convolution{stage}"]
        if architecture.batch_normalisation:
            network.get_layer(f"convolution{stage}").set_weights([kernel])
            network.get_layer(f"normalisation{stage}").set_weights([weights[f"{name}{stage}"] for name in _NORMALISATION])
        else:
            network.get_layer(f"convolution{stage}").set_weights([kernel, weights[f"beta{stage}"]])
    for layer in range(architecture.hidden_layers):
        network.get_layer(f"dense{layer}").set_weights([weights[f"dense{layer}"], weights[f"bias{layer}"]])
    network.get_layer("output").set_weights([weights["output"], weights["output_bias"]])
    network.get_layer("linear").set_weights([weights["linear"]])


def still_normalisation(network: keras.Model) -> None:
    """Have a network, from now on, trained with its normalisation as it is."""
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def predict_patches(
    architecture: Architecture, members: Sequence[Weights], patches: Patches, encode: Callable[[np.ndarray], np.ndarray] = np.asarray
) -> np.ndarray:
    """Return the mean susceptibility of the members, patch by patch.

    Parameters
    ----------
    architecture, members
        The shape that all members share, and the weights of each.
    patches
        n patches of covariates, or of channels where `encode` is left out.
    encode
        Turns patches (some, size, size, bands) into channels (some, size, size, channels).

    Returns
    -------
    Float32 (n,), 0 to 1.
    """
    say = answering(architecture, members)
    found = np.empty(len(patches), np.float32)
    for start in range(0, len(patches), _PREDICTED_AT_ONCE):
        part = slice(start, start + _PREDICTED_AT_ONCE)
        found[part] = say(encode(patches.take(part)))
    return found


def answering(architecture: Architecture, members: Sequence[Weights]) -> Callable[[np.ndarray], np.ndarray]:
    """Return what takes encoded patches (n, size, size, channels) and returns the mean susceptibility of the members, float32 (n,)."""
    networks = [with_weights(architecture, weights) for weights in members]
    middle = architecture.margin_px

    def say(encoded: np.ndarray) -> np.ndarray:
        # Called as it is: `predict` would compile a function for each network, which TensorFlow never forgets.
        logits = [network([encoded, encoded[:, middle, middle]], training=False).numpy()[:, 0] for network in networks]
        return np.mean([1.0 / (1.0 + np.exp(-logit)) for logit in logits], axis=0).astype(np.float32)

    return say


def _arrays(network: keras.Model, layer: str) -> list[Any]:
    return [np.asarray(array) for array in network.get_layer(layer).get_weights()]
