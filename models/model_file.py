# SPDX-License-Identifier: GPL-2.0-or-later
"""Model files (`*.scarp`): a zip of `manifest.json` and arrays, or a skops file. Loading executes nothing from the file."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Union

import numpy as np

from .architecture import Architecture
from .cell_model import CellModel, estimator_bytes, estimator_of
from .cnn_dnn import CnnDnn
from .encoding import Encoder
from .errors import EngineError
from .trees import Trees

FORMAT = 1
# Zip entries carry a date; a fixed one keeps equal models equal bit for bit.
_DATE = (1980, 1, 1, 0, 0, 0)
_ESTIMATOR, _TREES = "estimator.skops", "trees.npz"
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
    RuntimeError,  # an encrypted archive
    NotImplementedError,  # an unknown compression
)

Model = Union[CnnDnn, CellModel]


def save_model(path: str | Path | IO[bytes], model: Model) -> None:
    """Write a model file, or its bytes to a stream; equal networks make equal files, byte by byte (skops names its entries anew each time).

    Its `manifest.json` holds `format`, `kind`, `encoder` and what `model.manifest` tells; of a network also `architecture`, `members` and
    `calibration`, and with trees `share`, what the network counts beside them. Beside it lie `member0.npz` and so on, the arrays of
    `Architecture.shapes`, and `trees.npz`, those of `Trees`; or `estimator.skops`.
    """
    manifest = {"format": FORMAT, "kind": model.kind, **model.manifest, "encoder": model.encoder.to_json()}
    if isinstance(model, CnnDnn):
        manifest.update(architecture=model.architecture.to_json(), members=len(model.members), calibration=model.calibration)
        entries = {_member(number): _bytes_of(weights) for number, weights in enumerate(model.members)}
        if model.trees:
            manifest["share"] = model.share
            entries[_TREES] = _bytes_of(model.trees.arrays)
    else:
        entries = {_ESTIMATOR: estimator_bytes(model.estimator)}
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
        with zipfile.ZipFile(path) as archive:
            manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
            if manifest["format"] != FORMAT:
                raise EngineError(
                    f"The model file {path} has format {manifest['format']}, and this version of Scarp reads format {FORMAT}; update Scarp."
                )
            if manifest["kind"] not in _READERS:
                raise EngineError(f"The model file {path} holds a model of kind {manifest['kind']!r}, which is unknown here; update Scarp.")
            encoder = Encoder.from_json(manifest.pop("encoder"))
            return _READERS[manifest["kind"]](archive, manifest, encoder, backend, cells)
    except FileNotFoundError as error:
        raise EngineError(f"There is no model file {path}.") from error
    except _DAMAGES as error:
        raise EngineError(f"{path} is no Scarp model file, or it is damaged ({error}).") from error


def _read_network(archive: zipfile.ZipFile, manifest: dict[str, Any], encoder: Encoder, backend: str | None, cells: int | None) -> CnnDnn:
    architecture = Architecture(**manifest.pop("architecture"))
    if architecture.channels != len(encoder.channels):
        raise ValueError(f"{len(encoder.channels)} channels for a network of {architecture.channels}")
    members = [_arrays(archive.read(_member(number))) for number in range(manifest.pop("members"))]
    for weights in members:
        found, expected = {name: array.shape for name, array in weights.items()}, architecture.shapes
        if found != expected:
            wrong = sorted(name for name in {**found, **expected} if found.get(name) != expected.get(name))
            raise ValueError(f"unexpected weights {', '.join(wrong[:3])}")
    calibration, share, trees = manifest.pop("calibration", None), manifest.pop("share", None), None
    if share is not None:
        if not 0 <= share <= 1:
            raise ValueError(f"a share of {share}")
        trees = Trees(_arrays(archive.read(_TREES)), architecture.channels)
    return CnnDnn(encoder, architecture, members, manifest, backend, calibration, trees, 1.0 if share is None else float(share), cells)


def _read_estimator(archive: zipfile.ZipFile, manifest: dict[str, Any], encoder: Encoder, *_: Any) -> CellModel:
    return CellModel(encoder, estimator_of(archive.read(_ESTIMATOR)), manifest)


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


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)
