# SPDX-License-Identifier: GPL-2.0-or-later
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from types import SimpleNamespace

import numba
import numpy as np
from scarp.models.compiled import compiled


def test_functions_run_where_nothing_can_be_kept(monkeypatch):
    def without_a_folder(*, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    monkeypatch.setattr("scarp.models.compiled.numba", SimpleNamespace(njit=without_a_folder))

    @compiled()
    def total(count):
        found = 0
        for number in range(count):
            found += number
        return found

    assert total(5) == 10


def test_threads_call_parallel_functions_one_at_a_time(monkeypatch):
    at_once, most = [], []

    def work(name):
        at_once.append(name)
        sleep(0.05)
        most.append(len(at_once))
        at_once.remove(name)
        return name

    monkeypatch.setattr("scarp.models.compiled.numba", SimpleNamespace(njit=lambda **_: lambda function: function))
    for parallel, expected in ((True, 1), (False, 3)):
        most.clear()
        with ThreadPoolExecutor(3) as threads:
            assert list(threads.map(compiled(parallel=parallel)(work), "abc")) == ["a", "b", "c"]
        assert max(most) == expected


def test_a_division_by_zero_is_no_error():
    """As with numpy, whether compiled for one thread or for several."""
    for parallel in (False, True):

        @compiled(parallel=parallel)
        def share(part, whole):
            return part / whole

        assert share(-1.0, 0.0) == -np.inf
        assert np.isnan(share(0.0, 0.0))
