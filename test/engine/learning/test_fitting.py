# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks are trained side by side, as many as there are cores, and are what they are when trained one after the other."""

import itertools
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from scarp.engine import threads
from scarp.engine.files.grid import Grid
from scarp.engine.learning.fitting import Examples, fit, stopping_parts
from scarp.engine.samples.folds import validation_part
from scarp.models import training
from scarp.models.covariate import Covariate
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe

RECIPE = Recipe(patch_size=3, filters=2, hidden_layers=1, units=4, epochs=2, members=3)


@pytest.fixture
def examples():
    rng = np.random.default_rng(1)
    rows, cols = np.divmod(rng.permutation(2000)[:120], 50)
    patches = rng.normal(size=(120, 3, 3, 2)).astype(np.float32)
    grid = Grid("", (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (40, 50))
    labels = (patches[:, 1, 1, 0] > 0).astype(int)
    return Examples(Patches.of(patches), (Covariate("slope"), Covariate("relief")), labels, rows, cols, grid)


def test_members_are_the_same_side_by_side_and_one_after_the_other(examples, monkeypatch):
    found, progress, messages = {}, [], []
    for cores in (1, 3):
        monkeypatch.setattr(threads, "cores", lambda cores=cores: cores)
        found[cores] = fit(examples, RECIPE, 7, progress.append, messages.append)
    for one, other in zip(found[1][0].members, found[3][0].members):
        assert all((one[name] == other[name]).all() for name in one)
    assert found[1][1] == found[3][1]
    assert len({member["linear"].tobytes() for member in found[3][0].members}) == 3
    half = len(progress) // 2
    assert progress[:half] == sorted(progress[:half])
    assert progress[half - 1] == progress[-1] == 100
    assert [text.split(":")[0] for text in messages if text.startswith("Member")] == 2 * [f"Member {n} of 3" for n in (1, 2, 3)]


def test_blocks_that_stop_a_network_are_two_of_its_patches_wide(examples):
    """Covariates of no range: two patches of three cells, 35 m high; blocks of five cells would be what any patch gets."""
    recipe = replace(RECIPE, validation="blocks")
    given = examples.rows, examples.cols, examples.labels, "blocks", examples.grid, 7
    for number, part in enumerate(stopping_parts(examples, recipe, 7)):
        assert part.tolist() == validation_part(*given, number, None, 210.0).tolist()
        assert part.tolist() != validation_part(*given, number, None, 175.0).tolist()


def test_two_members_are_under_training_at_once(examples, monkeypatch):
    met = threading.Barrier(2)
    real = training.train

    def meets(*arguments, **more):
        met.wait(30)  # breaks, and with it the test, where no other training begins meanwhile
        return real(*arguments, **more)

    monkeypatch.setattr(training, "train", meets)
    monkeypatch.setattr(threads, "cores", lambda: 2)
    model, _ = fit(examples, Recipe(**{**vars(RECIPE), "members": 2}), 7)
    assert len(model.members) == 2


def test_no_more_networks_than_there_are_cores_are_under_training(examples, monkeypatch):
    at_work, most, lock = [0], [0], threading.Lock()
    real = training.start_from_logistic_regression

    def counted(*arguments):
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        time.sleep(0.5)
        try:
            return real(*arguments)
        finally:
            with lock:
                at_work[0] -= 1

    monkeypatch.setattr(training, "start_from_logistic_regression", counted)
    monkeypatch.setattr(training, "_turns", threading.BoundedSemaphore(2))
    monkeypatch.setattr(threads, "cores", lambda: 3)
    list(threads.at_once(lambda seed: fit(examples, RECIPE, seed), [1, 2]))
    assert most[0] == 2


def test_no_more_folds_than_memory_holds_are_at_work(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 16)
    at_work, most, lock = set(), [], threading.Lock()

    def work(item):
        with lock:
            at_work.add(item)
            most.append(len(at_work))
        time.sleep(0.02)
        with lock:
            at_work.remove(item)

    list(threads.at_once(work, range(12), 4))
    assert max(most) == 4


def test_what_is_done_at_once_comes_in_order_and_an_error_ends_it(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 3)
    waits = itertools.cycle((0.03, 0.0, 0.01))
    assert list(threads.at_once(lambda item: time.sleep(next(waits)) or item, range(20))) == list(range(20))

    def fails(item):
        if item == 2:
            raise ValueError(item)
        return item

    told = threads.at_once(fails, range(5))
    assert [next(told), next(told)] == [0, 1]
    with pytest.raises(ValueError, match="2"):
        next(told)
