# SPDX-License-Identifier: GPL-2.0-or-later
"""What computes a map: chosen by the work, or by the user."""

import importlib.util

import numpy as np
import pytest
from scarp.models.dense import DenseNetwork, preferred_backend
from scarp.models.errors import EngineError
from scarp.models.recipe import Recipe


@pytest.fixture
def network():
    architecture = Recipe(patch_size=3, hidden_layers=0).architecture(channels=1)
    weights = {name: np.ones(shape) for name, shape in architecture.shapes.items()}

    def make(members=1, **given):
        return DenseNetwork(architecture, [weights] * members, **given)

    return make


@pytest.fixture
def no_tensorflow(monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "tensorflow" else found(name, *more))


@pytest.mark.parametrize(("cells", "members", "backend"), [(4_999_999, 2, "numpy"), (5_000_000, 2, "tensorflow"), (None, 1, "tensorflow")])
def test_small_maps_do_not_wait_for_tensorflow(network, cells, members, backend):
    assert network(members, cells=cells).backend == backend


def test_the_user_may_choose(network):
    assert network(cells=1, backend="tensorflow").backend == "tensorflow"
    assert network(cells=10**9, backend="numpy").backend == "numpy"


def test_without_tensorflow_numpy_maps_everything(network, no_tensorflow):
    assert preferred_backend(None) == preferred_backend(10**12) == "numpy"
    assert network(cells=10**9).device == ("NumPy on the processor (with TensorFlow, from scarp:installengine, large maps are faster)")


def test_tensorflow_that_is_asked_for_and_missing_is_said(network, no_tensorflow):
    with pytest.raises(EngineError, match="TensorFlow is asked for and not installed; install the engine"):
        network(backend="tensorflow")
