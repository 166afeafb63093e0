# SPDX-License-Identifier: GPL-2.0-or-later
"""What labels, parts and folds of labelled points say, in numbers or words; and labels that were overlooked."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..errors import EngineError
from ..feedback import Feedback
from ..files.shapes import batches
from ..files.vectors import open_layer
from ..gdal import ogr

# Without blanks, hyphens and underscores.
_TRUE = {"yes", "y", "true", "t", "landslide", "landslides", "slide", "presence", "present"}
_NOT = {f"{no}{slide}" for no in ("no", "non", "not") for slide in ("landslide", "landslides", "slide")}
_FALSE = {"no", "n", "false", "f", "none", "stable", "absence", "absent", *_NOT}
_SUBSETS = {
    "train": ("train", "training", "learn", "learning", "calibration"),
    "test": ("test", "testing", "validation", "validate", "valid", "val", "holdout"),
}
_BETWEEN = re.compile(r"[\s_–-]+")
# What may follow the word of a part: training set.
_PART_OF = re.compile(r"(?<=.)(set|data|cells|points|samples)$")
# Names of fields that say what is a landslide, where a layer of polygons holds 0 and 1 for many things.
_LABEL_NAME = re.compile(
    r"slide|lsl|^ls|label|class|target|presen|absen|occur|^y$|^pa$|binary|response"
    r"|^dn$|^value$|^grid_?code$",  # what QGIS, GDAL and ArcGIS call the values of a raster that was turned into polygons
    re.IGNORECASE,
)
# What some write for landslides and others, and others for kinds of landslides.
_CODES = {"1", "2"}
_KINDS = (ogr.OFTInteger, ogr.OFTInteger64, ogr.OFTReal, ogr.OFTString)


def labels(values: np.ndarray, field: str) -> np.ndarray:
    """Return labels as 1 and 0 (n,), given as numbers, truth values or words.

    Raises
    ------
    EngineError
        If a value is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.labels import labels
    >>> labels(np.array(["1,0", 0.0, "Yes", False], object), "slide").tolist()
    [1, 0, 1, 0]
    >>> labels(np.array([1, -1, -1], object), "slide").tolist()
    [1, 0, 0]
    """
    told = {value: truth(value) for value in set(values.tolist())}
    if 0 not in told.values():  # 1 and −1, as some programs want them
        told = {value: 0 if label is None and _is_minus_one(value) else label for value, label in told.items()}
    strange = sorted("NULL" if value is None else str(value).strip() for value, label in told.items() if label is None)
    if strange:
        raise EngineError(
            f"The field {field!r} holds {', '.join(map(repr, strange[:3]))}; landslides must be 1, yes or true, and others 0, no or "
            "false. Make such a field of it first (native:fieldcalculator)."
        )
    return np.array([told[value] for value in values.tolist()])


def truth(value: object) -> int | None:
    """Return 1 or 0 for a number or word that says yes or no, None for any other.

    >>> from scarp.engine.samples.labels import truth
    >>> truth(" True "), truth("0,0"), truth("Non landslide"), truth(2)
    (1, 0, 0, None)
    """
    if value is None:
        return None
    word = str(value).strip().lower()
    try:
        number = float(word.replace(",", "."))
    except ValueError:
        plain = _BETWEEN.sub("", word)
        return int(plain in _TRUE) if plain in _TRUE or plain in _FALSE else None
    return int(number) if number in (0.0, 1.0) else None


def _is_minus_one(value: object) -> bool:
    try:
        return float(str(value).strip().replace(",", ".")) == -1.0
    except ValueError:
        return False


def subsets(values: np.ndarray, field: str) -> np.ndarray:
    """Return `train` or `test` for each cell (n,), from the words that people use for them.

    Raises
    ------
    EngineError
        If a word is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.labels import subsets
    >>> subsets(np.array(["Training set", "validation"], object), "part").tolist()
    ['train', 'test']
    """
    known = {word: part for part, words in _SUBSETS.items() for word in words}
    told = ["NULL" if value is None else str(value).strip() for value in values]
    words = [_PART_OF.sub("", _BETWEEN.sub("", each.lower())) for each in told]
    strange = sorted({each for each, word in zip(told, words) if word not in known})
    if strange:
        raise EngineError(
            f"The field {field!r} holds {', '.join(map(repr, strange[:3]))}; expected train for training cells and test for test cells. "
            "Rename the field if it means something else."
        )
    return np.array([known[word] for word in words])


def folds(values: np.ndarray, field: str) -> np.ndarray:
    """Return the fold of each cell (n,): whole numbers as they are, other words numbered in their order from 0; −1 where empty or negative.

    Raises
    ------
    EngineError
        If a number is not whole.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.samples.labels import folds
    >>> folds(np.array(["2", "-1", None, 3.0], object), "fold").tolist()
    [2, -1, -1, 3]
    >>> folds(np.array(["fold B", "fold A", ""], object), "fold").tolist()
    [1, 0, -1]
    """
    words = ["" if value is None else str(value).strip() for value in values]
    try:
        numbers = [float(word.replace(",", ".")) if word else -1.0 for word in words]
    except ValueError:
        names = sorted({word for word in words if word})
        return np.array([names.index(word) if word else -1 for word in words])
    broken = [number for number in numbers if not number.is_integer()]
    if broken:
        raise EngineError(f"The field {field!r} holds {broken[0]:g}; folds are whole numbers, or words.")
    return np.maximum(np.array(numbers), -1).astype(np.int64)


def check_no_labels(source: str, feedback: Feedback | None = None) -> None:
    """Raise EngineError where a layer that is given as landslides alone holds landslides and others; warn where it perhaps does.

    A field of 0 and 1, or of words for yes and no, tells them apart. Of polygons, which have such fields for many things, only those count
    whose names say so. A field of 1 and 2 whose name says so may tell them apart too, or kinds of landslides.
    """
    dataset, layer = open_layer(source)
    definition = layer.GetLayerDefn()
    fields = [definition.GetFieldDefn(index) for index in range(definition.GetFieldCount())]
    points = ogr.GT_Flatten(layer.GetGeomType()) in (ogr.wkbPoint, ogr.wkbMultiPoint, ogr.wkbUnknown)
    left = [each.GetName() for each in fields if each.GetType() in _KINDS and (points or _LABEL_NAME.search(each.GetName()))]
    seen: dict[str, dict[int | None, object]] = {name: {} for name in left}
    doubtful: dict[str, set[str]] = {name: set() for name in left if _LABEL_NAME.search(name)}
    for batch in batches(layer, left) if left else ():
        points = points and bool((batch.points()[1] | np.array([each is None for each in batch.shapes.tolist()])).any())
        left = [name for name in left if points or _LABEL_NAME.search(name)]
        doubtful = {name: codes for name, codes in doubtful.items() if _are_codes(batch.values[name], codes)}
        left = [name for name in left if _truths(batch.values[name], seen[name])]
        if not left and not doubtful:
            break
    del dataset
    found = [name for name in left if {0, 1} <= set(seen[name])]
    if found:
        first, word = found[0], _quoted(seen[found[0]][1])
        way = f'Keep the landslides alone by a filter ("{first}" = {word}) or, where it is asked for, set'
        if None in seen[first]:
            way = f"Some of its values are empty (NULL), which say neither: fill them, then k{way[1:]}"
        raise EngineError(
            f"The field {_listed(found)} of the landslide inventory holds both yes and no (1 and 0 or −1), and no field is set that "
            f"tells landslides: those without would count as landslides. {way} “Field that tells landslides” to it; leave the "
            "field out if it means something else (native:deletecolumn)."
        )
    for name, codes in doubtful.items():
        if len(codes) == len(_CODES) and feedback is not None:
            feedback.warning(
                f"The field {name!r} of the landslide inventory holds 1 and 2 and nothing else; all its features count as landslides. If "
                f'one of the numbers means that there is none, keep the landslides alone by a filter ("{name}" = 1).'
            )


def _truths(values: np.ndarray, seen: dict[int | None, object]) -> bool:
    """Add to `seen` what values (n,) say, 1, 0 or None where empty, each with a value that says so; return whether that is all."""
    for value in set(values.tolist()):
        told = None if value is None else 0 if _is_minus_one(value) else truth(value)
        if told is None and value is not None:
            return False
        seen.setdefault(told, value)
    return True


def _are_codes(values: np.ndarray, seen: set[str]) -> bool:
    """Add values (n,) to `seen`, as text; return whether they are 1 or 2 or empty."""
    seen |= {f"{value:g}" if isinstance(value, float) else str(value).strip() for value in set(values.tolist()) - {None}}
    return seen <= _CODES


def _quoted(value: object) -> str:
    """Return a value as a filter of QGIS writes it."""
    return f"{value:g}" if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))
