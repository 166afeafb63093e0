# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows of several threads, computed together: a GPU is filled by many windows at once, and one that fills it too much gets fewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock

import numpy as np

from .errors import EngineError

Run = Callable[[Sequence[np.ndarray]], Sequence[np.ndarray]]


class Batches:
    """Runs what several threads ask for together: who finds nobody at work computes all that waits, of one shape and up to `most`.

    Where a batch does not fit into memory it is halved, told of, and all that follow are no larger.

    Parameters
    ----------
    run
        Computes windows of one shape, each (rows, cols, channels), and returns for each (rows, cols).
    most
        Windows at once, a power of two: so are all batches, since TensorFlow compiles anew for each number.
    exhausted
        What `run` raises where memory does not suffice.

    Attributes
    ----------
    tell
        Called with a sentence where a batch is halved.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.models.batches import Batches
    >>> Batches(lambda windows: [each.sum(axis=-1) for each in windows], 8, MemoryError)(np.ones((1, 2, 3)))
    array([[3., 3.]])
    """

    def __init__(self, run: Run, most: int, exhausted: type[BaseException]) -> None:
        self._run, self.most, self._exhausted = run, most, exhausted
        self.tell: Callable[[str], None] = lambda text: None
        self._waiting: list[tuple[np.ndarray, Future[np.ndarray]]] = []
        self._listing, self._computing = Lock(), Lock()

    def __call__(self, window: np.ndarray) -> np.ndarray:
        """Return what a window, (rows, cols, channels), gives; (rows, cols).

        Raises
        ------
        EngineError
            If memory does not suffice for one window.
        """
        own: Future[np.ndarray] = Future()
        with self._listing:
            self._waiting.append((window, own))
        while not own.done():
            with self._computing:
                if not own.done():  # else another thread did it meanwhile
                    self._serve()
        return own.result()

    def _serve(self) -> None:
        """Compute the windows that have waited longest, and hand out what they give."""
        with self._listing:
            shape = self._waiting[0][0].shape
            alike = [each for each in self._waiting if each[0].shape == shape]
            batch = alike[: min(self.most, 1 << (len(alike).bit_length() - 1))]
            self._waiting = [each for each in self._waiting if not any(each is other for other in batch)]
        try:
            found = self._halved([window for window, _ in batch])
        except Exception as error:
            for _, asked in batch:
                asked.set_exception(error)
            return
        for (_, asked), values in zip(batch, found):
            asked.set_result(values)

    def _halved(self, windows: list[np.ndarray]) -> list[np.ndarray]:
        """Return what windows give, computed in as many parts as memory asks for."""
        found: list[np.ndarray] = []
        while len(found) < len(windows):
            part = windows[len(found) : len(found) + self.most]
            try:
                found.extend(self._run(part))
            except self._exhausted as error:
                if len(part) == 1:
                    raise EngineError(
                        "The memory of the GPU does not suffice for a single window; close what else uses it, or map with NumPy (BACKEND)."
                    ) from error
                self.most = len(part) // 2
                self.tell(f"The memory of the GPU does not suffice for {len(part)} windows at once; from now on there are {self.most}.")
        return found
