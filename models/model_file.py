# SPDX-License-Identifier: GPL-2.0-or-later
"""Model files (`*.scarp`): a zip of `manifest.json` and arrays, or a skops file. Loading executes nothing from the file."""

from __future__ import annotations

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Union

import numpy as np

from .applicability import Applicability
from .architecture import Architecture
from .archive import opened, read_arrays, read_json
from .cell_model import CellModel
from .cnn_dnn import CnnDnn
from .dense import DenseNetwork, Weights
from .encoding import Encoder
from .errors import EngineError, short
from .manifest_schema import check_manifest
from .skops_file import estimator_bytes, estimator_of
from .trees import Trees

FORMAT = 1
_MANIFEST_BYTES = 8 << 20
# Products that asking a network about a cell takes, at most, which last some tenths of a second; the usual one of six members takes 3 %.
_MOST_SUMS = 1_000_000_000
# Zip entries carry a date; a fixed one keeps equal models equal bit for bit.
_DATE = (1980, 1, 1, 0, 0, 0)
_ESTIMATOR, _TREES, _APPLICABILITY = "estimator.skops", "trees.npz", "applicability.npz"
_DAMAGES = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,  # an encrypted archive, or JSON that is nested too deeply
    MemoryError,
    SyntaxError,
    struct.error,
)

Model = Union[CnnDnn, CellModel]


def save_model(path: str | Path | IO[bytes], model: Model) -> None:
    """Write a model file, or its bytes to a stream; equal models make equal files, byte by byte.

    Its `manifest.json` holds `format`, `kind`, `encoder`, what that has `seen`, and what `model.manifest` tells; of a network also
    `architecture`, `members` and `calibration`, and with trees `share`, what the network counts beside them. Beside it lie `member0.npz`
    and so on, the arrays of `Architecture.shapes`, and `trees.npz`, those of `Trees`; or `estimator.skops`. Either may have
    `applicability.npz`, those of `Applicability`.
    """
    manifest = {"format": FORMAT, "kind": model.kind, **model.manifest, "encoder": model.encoder.to_json()}
    if model.encoder.seen is not None:
        manifest["seen"] = model.encoder.seen
    if isinstance(model, CnnDnn):
        manifest.update(architecture=model.architecture.to_json(), members=len(model.members), calibration=model.calibration)
        entries = {_member(number): _bytes_of(weights) for number, weights in enumerate(model.members)}
        if model.trees:
            manifest["share"] = model.share
            entries[_TREES] = _bytes_of(model.trees.arrays)
    else:
        entries = {_ESTIMATOR: estimator_bytes(model.estimator)}
    if model.applicability:
        entries[_APPLICABILITY] = _bytes_of(model.applicability.arrays)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, "manifest.json", json.dumps(manifest, indent=1, sort_keys=True).encode())
        for name, content in entries.items():
            _write(archive, name, content)


def load_model(path: str | Path | IO[bytes], backend: str | None = None, cells: int | None = None) -> Model:
    """Read a model file.

    Parameters
    ----------
    path
        The file, or a stream of its bytes.
    backend
        What computes a network: `tensorflow`, `numpy`, or None for the one that is sooner done with so many `cells`.

    Raises
    ------
    EngineError
        If it is missing, no model file, of another format, damaged, or holds what no classifier of Scarp needs.

    Examples
    --------
    >>> import io, numpy as np
    >>> from scarp.models.cnn_dnn import CnnDnn
    >>> from scarp.models.covariate import Covariate
    >>> from scarp.models.encoding import Encoder
    >>> from scarp.models.model_file import load_model, save_model
    >>> from scarp.models.recipe import Recipe
    >>> encoder = Encoder.fit(np.array([[10.0], [30.0]]), [Covariate("slope")])
    >>> architecture = Recipe(patch_size=3, hidden_layers=0).architecture(channels=1)
    >>> weights = {name: np.ones(shape) for name, shape in architecture.shapes.items()}
    >>> file = io.BytesIO()
    >>> save_model(file, CnnDnn(encoder, architecture, [weights], {"seed": 7}, "numpy"))
    >>> model = load_model(file, "numpy")
    >>> model.manifest["seed"], model.covariates[0].name, model.margin_px
    (7, 'slope', 1)
    >>> model.predict(np.full((3, 4, 1), 20.0)).shape
    (1, 2)
    """
    try:
        with opened(path) as archive:
            manifest = read_json(archive, "manifest.json", _MANIFEST_BYTES)
            number, kind = (manifest.get("format"), manifest.get("kind")) if isinstance(manifest, dict) else (None, None)
            if type(number) is int and number > FORMAT:
                raise EngineError(
                    f"The model file {path} has format {short(number)}, and this version of Scarp reads format {FORMAT}; update Scarp."
                )
            if type(number) is not int or number < 1:
                raise ValueError(f"it has format {short(number)}")
            if not isinstance(kind, str) or kind not in _READERS:
                raise EngineError(f"The model file {path} holds a model of kind {short(kind)}, which is unknown here; update Scarp.")
            check_manifest(manifest, kind)
            encoder = Encoder.from_json(manifest.pop("encoder"), manifest.pop("seen", None))
            model = _READERS[kind](archive, manifest, encoder, backend, cells)
            if _APPLICABILITY in archive.namelist():
                model.applicability = Applicability(encoder, read_arrays(archive.read(_APPLICABILITY), names=Applicability.ARRAYS))
            return model
    except FileNotFoundError as error:
        raise EngineError(f"There is no model file {path}.") from error
    except _DAMAGES as error:
        told = "a part of it is missing" if isinstance(error, KeyError) else short(getattr(error, "strerror", None) or error, 200)
        raise EngineError(f"{path} is no Scarp model file, or it is damaged ({told}).") from error


def _read_network(archive: zipfile.ZipFile, manifest: dict[str, Any], encoder: Encoder, backend: str | None, cells: int | None) -> CnnDnn:
    architecture = Architecture(**manifest.pop("architecture"))
    members = []
    for number in range(manifest.pop("members")):
        weights = read_arrays(archive.read(_member(number)), architecture.shapes)
        for name, array in weights.items():
            if not np.isfinite(array).all() or (name.startswith("variance") and (array < 0).any()):
                raise ValueError(f"weights {name} of member {number + 1} that no network has")
        members.append(weights)
    _check_says(architecture, members)
    calibration, share, trees = manifest.pop("calibration", None), manifest.pop("share", None), None
    if share is not None:
        trees = Trees(read_arrays(archive.read(_TREES), names=Trees.ARRAYS), architecture.channels)
    return CnnDnn(encoder, architecture, members, manifest, backend, calibration, trees, 1.0 if share is None else float(share), cells)


def _check_says(architecture: Architecture, members: Sequence[Weights]) -> None:
    """Raise ValueError if a network says no number of some cells, as where sums of its weights are none; a very large one is not asked."""
    side = architecture.patch_size_px
    weights = sum(math.prod(shape) for shape in architecture.shapes.values())
    if weights * side**2 * len(members) > _MOST_SUMS:
        return
    with np.errstate(all="ignore"):
        network = DenseNetwork(architecture, members, "numpy")
        for value in (0.0, 1.0, -5.0):
            found = network.predict(np.full((side, side, architecture.channels), value, np.float32))
            if not ((found >= 0) & (found <= 1)).all():
                raise ValueError("it gives no susceptibility")


def _read_estimator(archive: zipfile.ZipFile, manifest: dict[str, Any], encoder: Encoder, *_: Any) -> CellModel:
    return CellModel(encoder, estimator_of(archive.read(_ESTIMATOR), len(encoder.channels)), manifest)


_READERS: dict[str, Callable[..., Model]] = {CnnDnn.kind: _read_network, CellModel.kind: _read_estimator}


def _member(number: int) -> str:
    return f"member{number}.npz"


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _bytes_of(arrays: Any) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **{name: arrays[name] for name in sorted(arrays)})
    return stream.getvalue()
