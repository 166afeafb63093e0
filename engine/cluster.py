# SPDX-License-Identifier: GPL-2.0-or-later
"""The connection to a Dask cluster that is there already. Scarp's own code travels to its workers as a zip file."""

from __future__ import annotations

import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import EngineError

if TYPE_CHECKING:
    from distributed import Client

_ROOT = Path(__file__).resolve().parents[1]
_CONNECT_S = 15


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


def _modules() -> list[Path]:
    return sorted(path for folder in ("engine", "models") for path in (_ROOT / folder).rglob("*.py"))


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Return what tells this version of Scarp's code from any other."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in _modules())).hexdigest()[:16]


def _write_code(folder: Path) -> str:
    """Write Scarp's code as a zip file that Python imports, and return its path."""
    target = folder / f"scarp-{code_hash()}.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(_ROOT / "__init__.py", "scarp/__init__.py")
        for path in _modules():
            archive.write(path, Path("scarp") / path.relative_to(_ROOT))
    return str(target)
