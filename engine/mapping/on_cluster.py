# SPDX-License-Identifier: GPL-2.0-or-later
"""Mapping on the workers of a Dask cluster.

A worker needs Python with numpy and GDAL (and TensorFlow, or scikit-learn and skops for such models), and must see the stack under the same
path.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ...models.model_file import load_model
from ..cluster import code_hash, connect
from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Window
from ..files.partial import PartialRaster
from ..files.stack import Stack
from .trust import Trust
from .windows import WindowMapper, complete

# Windows under way for each thread of the cluster: one at work, one waiting.
_WINDOWS_A_THREAD = 2
_opening = threading.Lock()


def map_on_cluster(
    address: str,
    stack: Stack,
    model: str,
    backend: str,
    partials: Sequence[PartialRaster],
    feedback: Feedback,
    trust: Trust | None = None,
) -> None:
    """Map the windows of partial rasters that are not done yet on the workers of a Dask cluster, with a `backend` of `models.dense`.

    Windows of a worker that dies are mapped by another one.

    Raises
    ------
    EngineError
        If the cluster cannot be used, or its workers cannot read the stack or the model.
    """
    with connect(address) as client:
        from distributed import KilledWorker

        threads = sum(client.nthreads().values())
        feedback.message(f"Mapping on {len(client.nthreads())} Dask workers with {threads} threads.")
        content = client.submit(bytes, Path(model).read_bytes(), pure=False)
        path, code = _everywhere(stack.path), code_hash()

        def submit(window: Window) -> Future[list[np.ndarray]]:
            return client.submit(_map_window, path, content, backend, trust, window, code, pure=False)  # type: ignore[no-any-return]

        try:
            complete(partials, stack.grid, submit, _WINDOWS_A_THREAD * threads, feedback)
        except KilledWorker as error:
            raise EngineError(f"Dask workers died again and again on the same window ({error}); give them more memory.") from error
        except EngineError as error:
            raise EngineError(f"On a Dask worker: {error}") from error


def _map_window(path: str, content: bytes, backend: str, trust: Trust | None, window: Window, code: str) -> list[np.ndarray]:
    """Map one window; runs on a Dask worker."""
    if code not in __file__:
        raise EngineError("the workers still hold another version of Scarp; restart them.")
    with _opening:
        mapper = _mapper(path, content, backend, trust)
    return mapper(window)


@lru_cache(maxsize=1)
def _mapper(path: str, content: bytes, backend: str, trust: Trust | None) -> WindowMapper:
    return WindowMapper(Stack.open(path), load_model(io.BytesIO(content), backend), trust)


def _everywhere(path: str) -> str:
    """Return a path that does not depend on the working folder."""
    named = Source.parse(path)
    return str(replace(named, path=str(Path(named.path).resolve()))) if Path(named.path).exists() else path
