# SPDX-License-Identifier: GPL-2.0-or-later
import threading

import pytest
from scarp.engine.errors import EngineError
from scarp.engine.threads import begun


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
