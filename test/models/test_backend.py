# SPDX-License-Identifier: GPL-2.0-or-later
"""What computes a map: chosen by the work, or by the user."""

import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from scarp.models.dense import DenseNetwork, preferred_backend
from scarp.models.errors import EngineError
from scarp.models.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]


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


def test_tensorflow_is_not_begun_without_memory_for_it(network, monkeypatch):
    def full(needed):
        raise EngineError(f"{needed} bytes are too many")

    monkeypatch.setattr("scarp.models.dense.check_room", full)
    with pytest.raises(EngineError, match="are too many"):
        network(backend="tensorflow")
    assert network(backend="numpy").backend == "numpy"


def test_threads_that_ask_first_share_one_pass_for_each_member(network, monkeypatch):
    made = network(2, backend="numpy")

    def slowly(self, each):
        sleep(0.1)
        return object()

    monkeypatch.setattr(DenseNetwork, "_make_pass", slowly)
    with ThreadPoolExecutor(3) as threads:
        assert len(set(threads.map(lambda _: made._pass_each, range(3)))) == 1


def test_tensorflow_starts_without_keras_which_can_be_loaded_later():
    code = f"""
import runpy
import sys

runpy.run_path({str(ROOT / "engine" / "__main__.py")!r}, run_name="launch")["register_package"]()
import numpy as np
from scarp.models.dense import DenseNetwork
from scarp.models.recipe import Recipe

architecture = Recipe(patch_size=1, hidden_layers=0).architecture(channels=1)
network = DenseNetwork(architecture, [{{name: np.zeros(shape) for name, shape in architecture.shapes.items()}}], "tensorflow")
assert network.predict(np.zeros((4, 4, 1), np.float32)).tolist() == [[0.5] * 4] * 4
print([name for name in ("tensorflow", "keras", "sklearn", "matplotlib") if name in sys.modules])
import keras
import tensorflow
print(keras.layers.Dense(1)(np.ones((2, 3), np.float32)).shape, tensorflow.keras.layers.Dense is keras.layers.Dense)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["['tensorflow']", "(2, 1) True"]
