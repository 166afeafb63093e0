# SPDX-License-Identifier: GPL-2.0-or-later
"""Work done by several threads at once, and taken from them in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """Return how many threads can compute at once."""
    return os.cpu_count() or 1


def in_order(submit: Callable[[Item], Future[Result]], items: Sequence[Item], at_once: int) -> Iterator[tuple[Item, Result]]:
    """Yield each item and its result, in order, with up to `at_once` more of them under work meanwhile.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as threads:
    ...     list(in_order(lambda item: threads.submit(pow, item, 2), [3, 1, 2], 2))
    [(3, 9), (1, 1), (2, 4)]
    """
    waiting: deque[tuple[Item, Future[Result]]] = deque()
    try:
        for item in items:
            waiting.append((item, submit(item)))
            if len(waiting) > at_once:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        for _, future in waiting:
            future.cancel()


def at_once(work: Callable[[Item], Result], items: Sequence[Item], most: int | None = None) -> Iterator[Result]:
    """Yield what `work` makes of each item, in order, by as many threads as can compute at once, or at most so many.

    Examples
    --------
    >>> list(at_once(lambda item: item**2, [3, 1, 2]))
    [9, 1, 4]
    >>> list(at_once(str, range(3), most=1))
    ['0', '1', '2']
    """
    count = min(cores(), most or cores())
    with ThreadPoolExecutor(count) as threads:
        for _, result in in_order(lambda item: threads.submit(work, item), items, count):
            yield result


def begun(work: Callable[[], Result]) -> Future[Result]:
    """Begin work in a thread of its own, which ends with the process; return what becomes its result, or raises its error, when asked.

    Examples
    --------
    >>> begun(lambda: 6 * 7).result()
    42
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    Thread(target=run, name="beside", daemon=True).start()
    return future
