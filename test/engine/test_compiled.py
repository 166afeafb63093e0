# SPDX-License-Identifier: GPL-2.0-or-later
import numba
from scarp.engine.compiled import compiled


def test_functions_run_where_nothing_can_be_kept(monkeypatch):
    njit = numba.njit

    def without_a_folder(*, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", without_a_folder)

    @compiled(parallel=True)
    def total(count):
        found = 0
        for number in numba.prange(count):
            found += number
        return found

    assert total(5) == 10
