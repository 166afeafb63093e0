# SPDX-License-Identifier: GPL-2.0-or-later
"""What the manifest of a model file may hold, checked before anything is made of it. Standard library only.

A manifest may come from anybody. Whoever reads it after `check_manifest` need not ask for kinds and ranges again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .covariate import KINDS, QUANTILES
from .errors import HALF_LETTERS, short

# The largest that a network may have; the dialogs allow no more (`engine.declarations.parameters`, held by a test).
MOST = {"patch_size_px": 101, "filters": 512, "hidden_layers": 10, "units": 4096, "members": 50}
# Channels of all covariates together; classes of polygons are named one by one, and no legend has as many.
MOST_CHANNELS = 4096
_CODES = range(-(2**31), 2**31)
# A coordinate reference system as WKT. Other texts could name files and addresses, which PROJ would open.
_WKT = re.compile(r"[A-Z_]{4,24}\[")
_HALF = re.compile(f"[{HALF_LETTERS}]")

# Raises ValueError if a value is not what it must be; `name` is what the sentence calls it.
Check = Callable[[str, Any], None]


def _must(holds: bool, name: str, value: Any) -> None:
    if not holds:
        raise ValueError(f"{name} cannot be {short(value)}")


def _whole(least: int, most: int) -> Check:
    return lambda name, value: _must(type(value) is int and least <= value <= most, name, value)


def _number(least: float, most: float) -> Check:
    return lambda name, value: _must(_is_number(value) and least <= value <= most, name, value)


def _text(most: int, pattern: str = "") -> Check:
    """Text of at most so many letters, none of them half a letter."""
    return lambda name, value: _must(
        isinstance(value, str) and len(value) <= most and bool(re.match(pattern, value)) and not _HALF.search(value), name, value
    )


def _list(each: Check, least: int, most: int) -> Check:
    def check(name: str, value: Any) -> None:
        _must(isinstance(value, list) and least <= len(value) <= most, name, value)
        for number, item in enumerate(value, start=1):
            each(f"{name}, entry {number},", item)

    return check


def _object(name: str, value: Any, needs: Mapping[str, Check], may: Mapping[str, Check] | None = None) -> None:
    """Check an object that has the keys of `needs`, perhaps those of `may`, and no others."""
    _must(isinstance(value, dict), name, value)
    may = may or {}
    for key in needs:
        if key not in value:
            raise ValueError(f"{name} lacks {key}")
    for key, item in value.items():
        if key not in needs and key not in may:
            raise ValueError(f"{name} has an unknown {short(key)}")
        (needs.get(key) or may[key])(f"{key} of {name}", item)


def _kind_of(kind: type) -> Check:
    return lambda name, value: _must(isinstance(value, kind), name, value)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _by_code(each: Check) -> Check:
    """Check an object whose keys are class codes."""

    def check(name: str, value: Any) -> None:
        _must(isinstance(value, dict) and len(value) <= MOST_CHANNELS, name, value)
        for code, item in value.items():
            _must(bool(re.fullmatch(r"-?\d{1,10}", code)) and int(code) in _CODES, f"a code of {name}", code)
            each(f"{name}, code {code},", item)

    return check


_NAME, _CODE = _text(1000), _whole(_CODES.start, _CODES.stop - 1)
_COVARIATE = {"name": _text(200, "."), "kind": lambda name, value: _must(value in KINDS, name, value)}
_DESCRIBED = {
    **dict.fromkeys(("unit", "group", "source"), _NAME),
    "classes": _by_code(_NAME),
    "codes": _by_code(_whole(-(2**63), 2**63)),
}
_COLUMN: dict[str, dict[str, Check]] = {
    "continuous": {"mean": _number(-3e38, 3e38), "deviation": _number(0, 3e38)},
    "circular": {},
    "categorical": {"classes": _list(_CODE, 1, MOST_CHANNELS)},
}
# Whatever kind of model it is; what is not named here tells of the training, and nothing is made of it.
_ALL: dict[str, Check] = {
    "cell_size": _list(_number(1e-12, 1e12), 2, 2),
    "crs": lambda name, value: _must(
        value == "" or (isinstance(value, str) and len(value) <= 100_000 and bool(_WKT.match(value))), name, value
    ),
    "classifier": _text(200),
    "landslide_type": _text(1000),
    "fitted_to": _text(200),
    "seed": _whole(-(2**63), 2**63),
    **dict.fromkeys(("settings", "metrics", "versions", "inputs_sha256"), _kind_of(dict)),
    "tests": _kind_of(list),
}
_ARCHITECTURES: dict[str, Check] = {
    "channels": _whole(1, MOST_CHANNELS),
    "dropout": _number(0, 0.999),
    "batch_normalisation": _kind_of(bool),
    "hidden_layers": _whole(0, MOST["hidden_layers"]),
    **{key: _whole(1, MOST[key]) for key in ("patch_size_px", "filters", "units")},
}
_POINTS = _list(_number(0, 1), 1, 1_000_000)
_CALIBRATIONS: dict[str, dict[str, Check]] = {
    "platt": {"slope": _number(0, 1e6), "intercept": _number(-1e6, 1e6)},
    "isotonic": {"from": _POINTS, "to": _POINTS},
}


def check_manifest(manifest: Any, kind: str) -> None:
    """Raise ValueError, with a short sentence, if a manifest is none of a model of this kind, `cnn_dnn` or another.

    Examples
    --------
    >>> from scarp.models.manifest_schema import check_manifest
    >>> encoder = {"covariates": [{"name": "aspect", "kind": "circular"}], "columns": [{}]}
    >>> check_manifest({"encoder": encoder}, "scikit-learn")
    >>> check_manifest({"encoder": encoder, "cell_size": [30, -30]}, "scikit-learn")
    Traceback (most recent call last):
    ValueError: cell_size, entry 2, cannot be -30
    """
    _must(isinstance(manifest, dict), "the manifest", manifest)
    for key, check in _ALL.items():
        if key in manifest:
            check(key, manifest[key])
    channels = _check_encoder(manifest.get("encoder"))
    if manifest.get("seen") is not None:
        _check_seen(manifest["seen"], manifest["encoder"])
    if kind != "cnn_dnn":
        return
    architecture = manifest.get("architecture")
    _object("the architecture", architecture, _ARCHITECTURES)
    _must(architecture["patch_size_px"] % 2 == 1, "patch_size_px of the architecture", architecture["patch_size_px"])
    if architecture["channels"] != channels:
        raise ValueError(f"it has {channels} channels for a network of {architecture['channels']}")
    _whole(1, MOST["members"])("members", manifest.get("members"))
    _check_calibration(manifest.get("calibration"))
    if manifest.get("share") is not None:
        _number(0, 1)("share", manifest["share"])


def _check_encoder(encoder: Any) -> int:
    """Check what the encoder is made of; return how many channels it makes."""
    _object("the encoder", encoder, {"covariates": _list(_covariate, 1, MOST_CHANNELS), "columns": _list(_kind_of(dict), 1, MOST_CHANNELS)})
    covariates, columns = encoder["covariates"], encoder["columns"]
    if len(covariates) != len(columns):
        raise ValueError(f"the encoder has {len(columns)} columns for {len(covariates)} covariates")
    names = [each["name"] for each in covariates]
    if len(set(names)) != len(names):
        raise ValueError("the encoder names a covariate twice")
    channels = 0
    for covariate, column in zip(covariates, columns):
        _object(f"the column of {short(covariate['name'])}", column, _COLUMN[covariate["kind"]])
        classes = column.get("classes", ())
        if len(set(classes)) != len(classes):
            raise ValueError(f"the column of {short(covariate['name'])} has a class twice")
        channels += {"continuous": 1, "circular": 2}.get(covariate["kind"], len(classes))
    if channels > MOST_CHANNELS:
        raise ValueError(f"the encoder makes {channels} channels, more than {MOST_CHANNELS}")
    return channels


def _check_seen(seen: Any, encoder: Mapping[str, Any]) -> None:
    """Check what training has seen of each covariate of an encoder."""
    count = len(encoder["covariates"])
    _list(_kind_of(dict), count, count)("seen", seen)
    for covariate, column, told in zip(encoder["covariates"], encoder["columns"], seen):
        name = f"what is seen of {short(covariate['name'])}"
        classes = len(column.get("classes", ()))
        of_kind = {
            "continuous": {"quantiles": _list(_number(-3.5e38, 3.5e38), len(QUANTILES), len(QUANTILES))},
            "categorical": {"shares": _list(_number(0, 1), classes, classes)},
            "circular": {},
        }[covariate["kind"]]
        _object(name, told, {"cells": _whole(1, 2**53), **of_kind})
        if not _rises(told.get("quantiles", ())):
            raise ValueError(f"{name} falls")


def _covariate(name: str, value: Any) -> None:
    _object(name, value, _COVARIATE, _DESCRIBED)


def _check_calibration(calibration: Any) -> None:
    if calibration is None:
        return
    _must(isinstance(calibration, dict) and calibration.get("method") in ("platt", "isotonic"), "calibration", calibration)
    method = calibration["method"]
    _object("the calibration", calibration, {"method": _text(10), **_CALIBRATIONS[method]})
    if method == "isotonic":
        _must(len(calibration["from"]) == len(calibration["to"]), "to of the calibration", calibration["to"])
        for key in ("from", "to"):
            if not _rises(calibration[key]):
                raise ValueError(f"{key} of the calibration falls")


def _rises(values: Iterable[float]) -> bool:
    values = list(values)
    return all(first <= second for first, second in zip(values, values[1:]))
