# SPDX-License-Identifier: GPL-2.0-or-later
from types import SimpleNamespace

import numba
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
