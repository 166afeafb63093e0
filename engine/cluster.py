# SPDX-License-Identifier: GPL-2.0-or-later
"""Mapping on the workers of a Dask cluster that is there already.

A worker needs Python with numpy and GDAL (and TensorFlow, or scikit-learn and skops for such models), and must see the stack under the same
path. Scarp's own code travels to it as a zip file.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..models.errors import ModelError
from ..models.model_file import load_model
from .errors import EngineError
from .feedback import Feedback
from .files.grid import Window
from .files.partial import PartialRaster
from .files.stack import Stack
from .mapping.windows import WindowMapper, complete

if TYPE_CHECKING:
    from distributed import Client

_ROOT = Path(__file__).resolve().parents[1]
_CONNECT_S = 15
# Windows under way for each thread of the cluster: one at work, one waiting.
_WINDOWS_A_THREAD = 2
_opening = threading.Lock()


def connect(address: str) -> Client:
    """Return a client of the scheduler at `address`, whose workers know Scarp's code.

    TLS certificates come from Dask's own configuration.

    Raises
    ------
    EngineError
        If Dask is not installed, nothing answers, or no worker is there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise EngineError(
            "Mapping on a cluster needs the package distributed in the engine's Python: python -m pip install distributed"
        ) from error
    try:
        client = Client(address, timeout=_CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as error:
        raise EngineError(f"The Dask scheduler {address} cannot be reached ({error}); check the address, as in tcp://host:8786.") from error
    if not client.scheduler_info()["workers"]:
        client.close()
        raise EngineError(f"The Dask scheduler {address} has no workers; start one with: dask worker {address}")
    with tempfile.TemporaryDirectory(prefix="scarp-") as folder:
        client.upload_file(_write_code(Path(folder)))
    return client


@contextmanager
def on_cluster(address: str) -> Iterator[None]:
    """Let joblib's parallel jobs run on the workers of a Dask cluster; raise EngineError as `connect` does."""
    import joblib

    with connect(address) as client, joblib.parallel_config(backend="dask", client=client):
        yield


def map_on_cluster(address: str, stack: Stack, model: str, partial: PartialRaster, feedback: Feedback) -> None:
    """Map the windows of a partial raster that are not done yet on the workers of a Dask cluster.

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
        path, code = _everywhere(stack.path), _code_hash()

        def submit(window: Window) -> Future[np.ndarray]:
            return client.submit(_map_window, path, content, window, code, pure=False)  # type: ignore[no-any-return]

        try:
            complete(partial, stack.grid, submit, _WINDOWS_A_THREAD * threads, feedback)
        except KilledWorker as error:
            raise EngineError(f"Dask workers died again and again on the same window ({error}); give them more memory.") from error
        except (EngineError, ModelError) as error:
            raise EngineError(f"On a Dask worker: {error}") from error


def _map_window(path: str, content: bytes, window: Window, code: str) -> np.ndarray:
    """Map one window; runs on a Dask worker."""
    if code not in __file__:
        raise EngineError("the workers still hold another version of Scarp; restart them.")
    with _opening:
        mapper = _mapper(path, content)
    return mapper(window)


@lru_cache(maxsize=1)
def _mapper(path: str, content: bytes) -> WindowMapper:
    return WindowMapper(Stack.open(path), load_model(io.BytesIO(content)))


def _everywhere(path: str) -> str:
    """Return a path that does not depend on the working folder."""
    return str(Path(path).resolve()) if Path(path).exists() else path


def _modules() -> list[Path]:
    return sorted(path for folder in ("engine", "models") for path in (_ROOT / folder).rglob("*.py"))


@lru_cache(maxsize=1)
def _code_hash() -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in _modules())).hexdigest()[:16]


def _write_code(folder: Path) -> str:
    """Write Scarp's code as a zip file that Python imports, and return its path."""
    target = folder / f"scarp-{_code_hash()}.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(_ROOT / "__init__.py", "scarp/__init__.py")
        for path in _modules():
            archive.write(path, Path("scarp") / path.relative_to(_ROOT))
    return str(target)
