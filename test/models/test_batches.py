# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows of many threads in batches: the same values, halved where memory does not suffice, and said."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from scarp.models import dense
from scarp.models.batches import Batches
from scarp.models.dense import DenseNetwork
from scarp.models.errors import EngineError
from scarp.models.recipe import Recipe

ARCHITECTURE = Recipe(patch_size=9, filters=4, units=8).architecture(channels=5)


def weights(seed):
    rng = np.random.default_rng(seed)
    return {
        name: np.abs(rng.normal(0, 0.3, shape)) if "variance" in name else rng.normal(0, 0.3, shape)
        for name, shape in ARCHITECTURE.shapes.items()
    }


def windows(count, rows=24, cols=40):
    rng = np.random.default_rng(7)
    shapes = [(rows + 8, cols + 8, 5) if number % 5 else (rows, cols + 8, 5) for number in range(count)]
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def ask(batches, given, threads=12):
    """Ask for all windows by threads that begin together."""
    start = Barrier(threads)

    def work(number):
        start.wait()
        return [batches(window) for window in given[number::threads]]

    found = [None] * len(given)
    with ThreadPoolExecutor(threads) as pool:
        for number, each in enumerate(pool.map(work, range(threads))):
            found[number::threads] = each
    return found


class Scarce:
    """Computes sums, and has memory for a few windows."""

    def __init__(self, room, lasts_s=0.0):
        self.room, self.lasts_s, self.tried = room, lasts_s, []

    def __call__(self, given):
        self.tried.append(len(given))
        time.sleep(self.lasts_s)
        assert len({each.shape for each in given}) == 1
        if len(given) > self.room:
            raise MemoryError
        return [each.sum(axis=-1) for each in given]


@pytest.mark.parametrize("room", [1, 3, 16])
def test_a_batch_that_does_not_fit_is_halved_and_said(room):
    given, run, told = windows(60), Scarce(room), []
    batches = Batches(run, 16, MemoryError)
    batches.tell = told.append
    for found, window in zip(ask(batches, given), given):
        np.testing.assert_array_equal(found, window.sum(axis=-1))
    assert all(count in (1, 2, 4, 8, 16) for count in run.tried)
    failed = [count for count in run.tried if count > room]
    assert len(told) == len(failed)
    for text, count in zip(told, failed):
        assert text == f"The memory of the GPU does not suffice for {count} windows at once; from now on there are {count // 2}."
    if failed:  # once halved, no batch is larger again
        last = max(number for number, count in enumerate(run.tried) if count > room)
        assert max(run.tried[last + 1 :]) <= failed[-1] // 2


def test_windows_that_wait_are_computed_together():
    """While one pass lasts, others wait; one that takes no time is over before the next thread asks."""
    run = Scarce(16, lasts_s=0.02)
    ask(Batches(run, 16, MemoryError), windows(96), threads=24)
    assert len(run.tried) < 96


def test_one_window_too_large_is_told_to_all_who_asked():
    batches = Batches(Scarce(0), 4, MemoryError)
    with pytest.raises(EngineError, match=r"does not suffice for a single window.*NumPy \(BACKEND\)"):
        ask(batches, windows(6), threads=3)


def test_another_fault_reaches_the_thread_that_asked():
    def broken(given):
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        Batches(broken, 4, MemoryError)(windows(1)[0])


def test_a_network_on_a_gpu_halves_where_tensorflow_runs_out_of_memory(monkeypatch):
    """A GPU is feigned: TensorFlow computes on the processor, and says that more than two windows exhaust it."""
    import tensorflow as tf

    given, members = windows(30), [weights(1), weights(2)]
    plain = DenseNetwork(ARCHITECTURE, members, "tensorflow")
    assert plain.windows_at_once == 2
    real = dense._tensorflow_pass

    def scarce(architecture, kernels, each):
        run = real(architecture, kernels, each)

        def limited(some):
            if len(some) > 2:
                raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")
            return run(some)

        return limited

    monkeypatch.setattr(dense, "_tensorflow_pass", scarce)
    monkeypatch.setattr(dense, "has_gpu", lambda: True)
    network, told = DenseNetwork(ARCHITECTURE, members, "tensorflow"), []
    assert network.windows_at_once == 32
    network.listen(told.append)
    for found, window in zip(ask(network.predict, given), given):
        np.testing.assert_allclose(found, plain.predict(window), atol=1e-6)
    assert told
    assert network.windows_at_once <= 4 + 4
    for found, window in zip(ask(network.predict_each, given[:10]), given):
        np.testing.assert_allclose(found, plain.predict_each(window), atol=1e-6)


def test_memory_growth_is_on_where_there_is_a_gpu(monkeypatch):
    import tensorflow as tf

    grown = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: ["gpu 0", "gpu 1"])
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda device, enable: grown.append((device, enable)))
    assert dense.has_gpu()
    assert grown == [("gpu 0", True), ("gpu 1", True)]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])
    assert not dense.has_gpu()
