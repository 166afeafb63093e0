# SPDX-License-Identifier: GPL-2.0-or-later
"""The run manifest beside a model or report: what was run with what, enough to repeat it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..declarations.labels import settings
from ..environment import DISTRIBUTIONS, NUMERIC_PACKAGES
from .outputs import replacing


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for name in (DISTRIBUTIONS[package] for package in NUMERIC_PACKAGES):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def hashes(inputs: Mapping[str, str | None]) -> dict[str, str]:
    """Return the SHA-256 of each input file, by parameter."""
    found = {}
    for name, source in inputs.items():
        path = Path(source.split("|")[0]) if source else None
        if path and path.is_file():
            digest = hashlib.sha256()
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
            found[name] = digest.hexdigest()
    return found


def write_manifest(beside: str, task: str, parameters: Mapping[str, Any], inputs: Mapping[str, str], seconds: float) -> str:
    """Write `<beside>.run.json` and return its path.

    It holds the parameters by keyword, to repeat the run, and again with titles and readable values, to read.
    """
    path = f"{beside}.run.json"
    content = {
        "task": task,
        "parameters": dict(parameters),
        "settings": settings(task, parameters),
        "inputs_sha256": dict(inputs),
        "versions": versions(),
        "seconds": round(seconds, 1),
    }
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, default=str), encoding="utf-8")
    return path
