# SPDX-License-Identifier: GPL-2.0-or-later
"""Members that an interrupted training left beside its model, so that the next run goes on from the last of them."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...models.architecture import Architecture
from ...models.archive import read_arrays
from ..files.outputs import not_written

Trained = tuple[dict[str, np.ndarray], dict[str, list[float]]]


class KeptMembers:
    """A hidden folder beside a model file, from `begin` to `clear`; it stays where a run does not come to its end.

    Parameters
    ----------
    target
        The model file.
    key
        What the members depend on, as plain JSON: a folder of another key is begun anew.
    """

    def __init__(self, target: str | Path, key: Mapping[str, Any]) -> None:
        self._target = Path(target)
        self.folder = self._target.with_name(f".{self._target.name}.scarp-members")
        self._key = json.loads(json.dumps(key, default=str))
        self._resume = True

    def begin(self, resume: bool = True) -> KeptMembers:
        """Take the folder that an interrupted run left, or make one; without `resume` keep nothing, and clear what was left."""
        self._resume = resume
        if not resume:
            self.clear()
            return self
        try:
            if self._kept_key() != self._key:
                shutil.rmtree(self.folder, ignore_errors=True)
                self.folder.mkdir()
                self._write("key.json", json.dumps(self._key).encode())
        except OSError as error:
            raise not_written(self._target, error) from error
        return self

    def clear(self) -> None:
        """Remove the folder: the model is whole."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self, number: int, architecture: Architecture) -> Trained | None:
        """Return the weights and the training history of a member; None if it is not there, or damaged."""
        try:
            content = (self.folder / f"member{number}.npz").read_bytes()
            told = json.loads((self.folder / f"member{number}.json").read_text(encoding="utf-8"))
            if told["sha256"] != hashlib.sha256(content).hexdigest():
                return None
            return read_arrays(content, architecture.shapes), told["history"]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, number: int, weights: Mapping[str, np.ndarray], history: Mapping[str, list[float]]) -> None:
        """Keep a member: its weights first, and then what says that they are whole."""
        if not self._resume:
            return
        stream = io.BytesIO()
        np.savez(stream, **weights)
        told = {"sha256": hashlib.sha256(stream.getvalue()).hexdigest(), "history": history}
        try:
            self._write(f"member{number}.npz", stream.getvalue())
            self._write(f"member{number}.json", json.dumps(told).encode())
        except OSError as error:
            raise not_written(self._target, error) from error

    def _write(self, name: str, content: bytes) -> None:
        temporary = self.folder / f"{name}.new"
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, self.folder / name)

    def _kept_key(self) -> Any:
        try:
            return json.loads((self.folder / "key.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
