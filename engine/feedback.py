# SPDX-License-Identifier: GPL-2.0-or-later
"""How a task tells how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from threading import Lock
from typing import TypeVar

T = TypeVar("T")


class Feedback:
    """Silent feedback: the base of the worker's, and enough for a test.

    Progress runs from 0 to 100 and never falls. `part` gives a piece of work its own 0 to 100.
    `message` is for the log; `status` is what is being done now, such as an epoch with its loss, and may be told as often as it changes:
    the worker shows the last one every few seconds.
    """

    def progress(self, percent: float) -> None:
        """Report that `percent` (0 to 100) of the work is done."""

    def message(self, text: str) -> None:
        """Report one line for the log."""

    def warning(self, text: str) -> None:
        """Report one line that the user should not overlook."""

    def status(self, text: str) -> None:
        """Report what is being done now, without a full stop: Training member 1 of 3, epoch 12 of 40."""

    def part(self, start: float, end: float) -> Feedback:
        """Return feedback whose 0 to 100 is `start` to `end` of this one."""
        return _Part(self, start, end)

    def under(self, title: str) -> Feedback:
        """Return feedback whose status says under which title something is done: Fold 2 of 3, training member 1 of 3."""
        return _Part(self, 0, 100, f"{title}, ")

    def parts(self, weights: Sequence[float]) -> list[Feedback]:
        """Return feedback for pieces of work that follow each other, with shares like their weights."""
        ends = [100.0 * sum(weights[:number]) / (sum(weights) or 1.0) for number in range(len(weights) + 1)]
        return [self.part(start, end) for start, end in zip(ends, ends[1:])]

    def beside(self, count: int) -> list[Feedback]:
        """Return feedback for so many pieces of work that are done at once, each of which counts the same."""
        return [_Beside(self, tell) for tell in beside(self.progress, count)]

    def steps(self, items: Iterable[T], total: int, doing: str = "") -> Iterator[T]:
        """Yield `items`, reporting progress after each of `total`, and with `doing` (Mapping window) which of them is being done."""
        for done, item in enumerate(items, start=1):
            if doing:
                self.status(f"{doing} {done:,} of {total:,}")
            yield item
            self.progress(100.0 * done / max(total, 1))


class Later(Feedback):
    """Keeps messages and warnings for later, as of work beside other work, so that a log has one order.

    >>> from scarp.engine.feedback import Feedback, Later
    >>> later, loud = Later(), Feedback()
    >>> later.message("A river was found."), later.warning("It is dry.")
    (None, None)
    >>> loud.message = loud.warning = print
    >>> later.tell(loud)
    A river was found.
    It is dry.
    """

    def __init__(self) -> None:
        self._kept: list[tuple[bool, str]] = []

    def message(self, text: str) -> None:
        """Keep one line."""
        self._kept.append((False, text))

    def warning(self, text: str) -> None:
        """Keep one line that the user should not overlook."""
        self._kept.append((True, text))

    def tell(self, feedback: Feedback) -> None:
        """Tell a feedback, once, what was kept."""
        kept, self._kept = self._kept, []
        for is_warning, text in kept:
            (feedback.warning if is_warning else feedback.message)(text)


class Heard(Feedback):
    """Feedback that hands everything on, and keeps the warnings."""

    def __init__(self, other: Feedback) -> None:
        self._other = other
        self.warnings: list[str] = []

    def progress(self, percent: float) -> None:
        """Hand it on."""
        self._other.progress(percent)

    def message(self, text: str) -> None:
        """Hand it on."""
        self._other.message(text)

    def warning(self, text: str) -> None:
        """Hand it on, and keep it."""
        self.warnings.append(text)
        self._other.warning(text)

    def status(self, text: str) -> None:
        """Hand it on."""
        self._other.status(text)


class _Part(Feedback):
    def __init__(self, whole: Feedback, start: float, end: float, title: str = "") -> None:
        self._whole, self._start, self._end, self._title = whole, start, end, title

    def progress(self, percent: float) -> None:
        self._whole.progress(self._start + (self._end - self._start) * percent / 100.0)

    def message(self, text: str) -> None:
        self._whole.message(text)

    def warning(self, text: str) -> None:
        self._whole.warning(text)

    def status(self, text: str) -> None:
        self._whole.status(self._title + (text[:1].lower() + text[1:] if self._title else text))


class _Beside(_Part):
    def __init__(self, whole: Feedback, tell: Callable[[float], None]) -> None:
        super().__init__(whole, 0, 100)
        self._tell = tell

    def progress(self, percent: float) -> None:
        self._tell(percent)


def beside(progress: Callable[[float], None], count: int) -> list[Callable[[float], None]]:
    """Return what so many pieces of work that are done at once call with their percent each; `progress` hears the mean, which never falls.

    >>> one, other = beside(print, 2)
    >>> one(50.0), other(50.0)
    25.0
    50.0
    (None, None)
    """
    reached, lock = [0.0] * count, Lock()

    def tell(number: int, percent: float) -> None:
        with lock:
            reached[number] = percent
            progress(sum(reached) / count)

    return [partial(tell, number) for number in range(count)]


def duration(seconds: float) -> str:
    """Return a time in words, in two units at most.

    >>> duration(8), duration(100), duration(3900)
    ('8 s', '2 min', '1 h 5 min')
    """
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def counted(how_many: int, noun: str = "landslide", ending: str = "s") -> str:
    """Return how many there are of something, which has an ending unless it is one.

    >>> counted(1), counted(1234), counted(2, "class", "es")
    ('1 landslide', '1,234 landslides', '2 classes')
    """
    return f"{how_many:,} {noun}{'' if how_many == 1 else ending}"
