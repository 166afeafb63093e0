# SPDX-License-Identifier: GPL-2.0-or-later
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from scarp.engine.errors import EngineError
from scarp.engine.threads import begun, cores, in_order


def test_work_begins_before_its_result_is_asked_for_and_does_not_hold_up_who_began_it():
    started, told = threading.Event(), threading.Event()

    def work():
        started.set()
        assert told.wait(10)
        return threading.current_thread().daemon

    future = begun(work)
    assert started.wait(10)
    assert not future.done()
    told.set()
    assert future.result(10) is True  # the end of the process waits for no such thread


def test_the_error_of_work_is_raised_where_its_result_is_asked_for():
    def work():
        raise EngineError("The file is damaged.")

    future = begun(work)
    with pytest.raises(EngineError, match="damaged"):
        future.result(10)


@pytest.mark.parametrize(("told", "expected"), [(7, 7), (1, 1), (None, 1)])
def test_as_many_threads_compute_as_there_are_cores(monkeypatch, told, expected):
    monkeypatch.setattr(os, "cpu_count", lambda: told)
    assert cores() == expected


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_so_many_more_are_under_work_while_one_is_taken(at_once):
    submitted = []
    with ThreadPoolExecutor(1) as threads:

        def submit(item):
            submitted.append(item)
            return threads.submit(str, item)

        found = [(item, result, len(submitted)) for item, result in in_order(submit, range(6), at_once)]
    assert found == [(item, str(item), min(item + 1 + at_once, 6)) for item in range(6)]
