# SPDX-License-Identifier: GPL-2.0-or-later
"""Model files (`*.scarp`): a zip of `manifest.json` and arrays. Loading executes nothing from the file."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from .architecture import Architecture
from .cnn_dnn import CnnDnn
from .encoding import Encoder
from .errors import ModelError

FORMAT = 1
# Zip entries carry a date; a fixed one keeps equal models equal bit for bit.
_DATE = (1980, 1, 1, 0, 0, 0)


def save_model(path: str | Path, model: CnnDnn) -> None:
    """Write a model file."""
    manifest = {
        "format": FORMAT,
        "kind": model.kind,
        **model.manifest,
        "encoder": model.encoder.to_json(),
        "architecture": model.architecture.to_json(),
        "members": len(model.members),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, "manifest.json", json.dumps(manifest, indent=1, sort_keys=True).encode())
        for number, weights in enumerate(model.members):
            stream = io.BytesIO()
            np.savez(stream, **{name: weights[name] for name in sorted(weights)})  # type: ignore[arg-type]
            _write(archive, f"member{number}.npz", stream.getvalue())


def load_model(path: str | Path, backend: str | None = None) -> CnnDnn:
    """Read a model file.

    Raises
    ------
    ModelError
        If it is missing, no model file, of a newer format, or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
            if manifest.get("format") != FORMAT:
                raise ModelError(
                    f"The model file {path} has format {manifest.get('format')}, and this version of Scarp reads format {FORMAT}; "
                    "update Scarp."
                )
            if manifest.get("kind") != CnnDnn.kind:
                raise ModelError(f"The model file {path} holds a model of kind {manifest.get('kind')!r}, which is unknown here.")
            members = [_arrays(archive.read(f"member{number}.npz")) for number in range(manifest.pop("members"))]
        encoder = Encoder.from_json(manifest.pop("encoder"))
        return CnnDnn(encoder, Architecture(**manifest.pop("architecture")), members, manifest, backend)
    except FileNotFoundError as error:
        raise ModelError(f"There is no model file {path}.") from error
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise ModelError(f"{path} is no Scarp model file, or it is damaged ({error}).") from error


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)
