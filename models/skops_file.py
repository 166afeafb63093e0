# SPDX-License-Identifier: GPL-2.0-or-later
"""Fitted scikit-learn classifiers as skops files: of Scarp's own parts alone, the same bytes for the same classifier.

Compiled code of scikit-learn walks trees and support vectors without looking whether their numbers make sense, so they are looked at here.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .archive import opened, read_json
from .errors import EngineError, short

_SCHEMA, _SCHEMA_BYTES = "schema.json", 24 << 20
# Values that all arrays of a classifier may have together, counted as often as they are named.
_ARRAYS_BYTES = 1 << 30
_MOST_ESTIMATORS = 5000
_LISTED_ARRAYS, _PLAIN_KINDS = 16, "biuf"
_DATE = (1980, 1, 1, 0, 0, 0)

# All that a file may hold: by the part of skops that reads it, the types. A file with any other is not loaded.
_OBJECTS = (
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.compose._column_transformer.ColumnTransformer",
    "sklearn.ensemble._forest.RandomForestClassifier",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.naive_bayes.BernoulliNB",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.neural_network._multilayer_perceptron.MLPClassifier",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.RobustScaler",
    "sklearn.preprocessing._function_transformer.FunctionTransformer",
    "sklearn.preprocessing._label.LabelBinarizer",
    "sklearn.preprocessing._label.LabelEncoder",
    "sklearn.svm._classes.SVC",
    "sklearn.tree._classes.DecisionTreeClassifier",
)
_NUMBERS = ("bool", "bool_", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "ndarray")
_PARTS = {
    "DictNode": ("builtins.dict",),
    "ListNode": ("builtins.list",),
    "TupleNode": ("builtins.tuple",),
    "SliceNode": ("builtins.slice",),
    "JsonNode": ("builtins.str",),
    "TypeNode": ("builtins.str",),
    "NdArrayNode": tuple(f"numpy.{name}" for name in _NUMBERS),
    "RandomStateNode": ("numpy.random.mtrand.RandomState",),
    "RandomGeneratorNode": ("numpy.random._generator.Generator",),
    "LossNode": ("sklearn._loss._loss.CyHalfBinomialLoss",),
    "TreeNode": ("sklearn.tree._tree.Tree",),
    "ObjectNode": _OBJECTS,
}
# What skops does not trust by itself, of the above.
_TRUSTED = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
)


def estimator_bytes(estimator: Any) -> bytes:
    """Return a fitted classifier as a skops file, the same bytes for the same classifier."""
    import skops.io

    return _rewritten(skops.io.dumps(estimator))


def estimator_of(content: bytes, channels: int) -> Any:
    """Return the classifier of a skops file.

    Parameters
    ----------
    content
        The file.
    channels
        How many a cell has.

    Raises
    ------
    EngineError
        If it holds anything but the parts of Scarp's own classifiers, or scikit-learn and skops are not installed.
    ValueError
        If it holds no classifier of cells of so many channels, or one that cannot predict.
    """
    try:
        import skops.io
    except ImportError as error:
        raise EngineError("This model needs scikit-learn and skops; install the engine (scarp:installengine).") from error
    try:
        estimator = skops.io.loads(_rewritten(content), trusted=list(_TRUSTED))
        _check(estimator, channels)
    except EngineError:
        raise
    except Exception as error:  # a file of others can make scikit-learn and skops raise anything
        raise ValueError(f"its scikit-learn classifier cannot be used: {short(error, 120)}") from error
    return estimator


def _rewritten(content: bytes) -> bytes:
    """Return a skops file of allowed parts alone, without the numbers by which the process that wrote it knew its objects.

    Those numbers differ from run to run, and by them a part could stand for another one.
    """
    names: dict[str, str] = {}
    made = io.BytesIO()
    with opened(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w") as target:
        schema = read_json(archive, _SCHEMA, _SCHEMA_BYTES)
        size = 0
        for node in _nodes(schema):
            node.pop("__id__", None)
            if node.get("__loader__") == "NdArrayNode":
                file = node.get("file")
                if node.get("type") != "numpy" or not isinstance(file, str):
                    raise ValueError("an array is no array of numbers")
                size += archive.getinfo(file).file_size
                if size > _ARRAYS_BYTES:
                    raise ValueError("its arrays are larger than those of any model")
                if file not in names:
                    names[file] = f"{len(names)}.npy"
                    _write(target, names[file], _array_bytes(archive.read(file)))
                node["file"] = names[file]
            elif node.get("__loader__") == "TreeNode":
                _check_tree_arguments(node)
        _write(target, _SCHEMA, json.dumps(schema).encode())
    return made.getvalue()


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a schema, in its order, raising if one that becomes something is not among the allowed parts."""
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            loader = each.get("__loader__")
            if loader is not None:
                told = f"{each.get('__module__')}.{each.get('__class__')}"
                if not isinstance(loader, str) or told not in _PARTS.get(loader, ()):
                    raise EngineError(f"The model file holds {short(told)}, which no classifier of Scarp needs; it is not loaded.")
            yield each
        if isinstance(each, (dict, list)):
            waiting.extend(reversed(list(each.values()) if isinstance(each, dict) else each))


def _check_tree_arguments(node: dict[str, Any]) -> None:
    """Raise if a tree would be made for anything but one label of two classes: its maker believes what it is told."""
    features, classes, outputs = node["__reduce__"]["args"]["content"]
    if outputs["__loader__"] != "JsonNode" or outputs["content"] != "1" or classes["__loader__"] != "NdArrayNode":
        raise ValueError("a tree of several labels")
    if features["__loader__"] != "JsonNode" or not str(features["content"]).isdigit():
        raise ValueError("a tree of no features")


def _array_bytes(content: bytes) -> bytes:
    """Return an array in numpy's format with zeros in the bytes between the fields of its records, which hold what memory held."""
    if len(content) < 12 or int.from_bytes(content[8:10], "little") > 4096:
        raise ValueError("an array is no array of numbers")
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    shape, in_columns, kind = (np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0)(stream)
    fields = [kind[name] for name in kind.names] if kind.names else [kind]
    if kind.hasobject or len(fields) > _LISTED_ARRAYS or any(each.kind not in _PLAIN_KINDS for each in fields):
        raise ValueError("an array holds other things than plain numbers")
    count = 1
    for side in shape:
        count *= int(side)
    data = content[stream.tell() :]
    if min((0, *shape)) < 0 or count * kind.itemsize != len(data):
        raise ValueError("an array has other numbers than it tells")
    if not kind.names:
        return content
    values = np.frombuffer(data, kind)
    clean = np.zeros(values.shape, kind)
    for name in kind.names:
        clean[name] = values[name]
    made = io.BytesIO()
    np.lib.format.write_array(made, clean.reshape(shape, order="F" if in_columns else "C"), allow_pickle=False)
    return made.getvalue()


def _check(estimator: Any, channels: int) -> None:
    """Raise ValueError unless a classifier predicts landslides of cells of so many channels, whatever their values."""
    if f"{type(estimator).__module__}.{type(estimator).__qualname__}" not in _OBJECTS or not hasattr(estimator, "predict_proba"):
        raise ValueError("it holds no classifier")
    if [int(each) for each in estimator.classes_] != [0, 1]:
        raise ValueError("its classes are not 0 and 1")
    for each in _within(estimator):
        if hasattr(each, "n_jobs"):
            each.n_jobs = None  # as many threads as a file asks for
        if hasattr(each, "verbose"):
            each.verbose = 0
        check = _CHECKS.get(type(each).__name__)
        if check:
            check(each, channels)
    cells = np.array([[0.0] * channels, [1.0] * channels, [-5.0] * channels], np.float32)
    found = estimator.predict_proba(cells)
    if found.shape != (3, 2) or not ((found >= 0) & (found <= 1)).all():
        raise ValueError("it gives no susceptibility")


def _within(estimator: Any) -> Iterator[Any]:
    """Yield a classifier and all that it is made of."""
    waiting, seen, named = [estimator], set(), 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, (list, tuple)):
            waiting.extend(each)
        elif isinstance(each, dict):
            waiting.extend(each.values())
        elif type(each).__module__.startswith("sklearn."):
            named += 1
            if named > 4 * _MOST_ESTIMATORS:
                raise ValueError("it has more parts than any classifier")
            yield each
            waiting.extend(getattr(each, "__dict__", {}).values())


def _check_tree(tree: Any, channels: int) -> None:
    """Check a tree of scikit-learn: every way ends, children come after their parents, as they are grown."""
    if not 0 < tree.node_count <= tree.capacity or tree.n_outputs != 1:
        raise ValueError("a tree without nodes")
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner, number = left != -1, np.arange(tree.node_count)
    ways = np.stack([left[inner], right[inner]])
    if (right[~inner] != -1).any() or not ((ways > number[inner]) & (ways < tree.node_count)).all():
        raise ValueError("a tree whose ways do not end")
    if not ((feature[inner] >= 0) & (feature[inner] < channels)).all() or not np.isfinite(tree.threshold[inner]).all():
        raise ValueError("a tree that asks for what cells do not have")
    if tree.n_features != channels or not (np.isfinite(tree.value).all() and (tree.value >= 0).all()):
        raise ValueError("a tree of other cells")


def _check_predictor(predictor: Any, channels: int) -> None:
    """Check a tree of gradient boosting, as `_check_tree` does."""
    from sklearn.ensemble._hist_gradient_boosting.common import PREDICTOR_RECORD_DTYPE

    nodes = predictor.nodes
    if not isinstance(nodes, np.ndarray) or nodes.dtype != PREDICTOR_RECORD_DTYPE or nodes.ndim != 1 or not len(nodes):
        raise ValueError("a tree without nodes")
    inner = nodes["is_leaf"] == 0
    ways = np.stack([nodes["left"][inner], nodes["right"][inner]]).astype(np.int64)
    if not ((ways > np.flatnonzero(inner)) & (ways < len(nodes))).all():
        raise ValueError("a tree whose ways do not end")
    features = nodes["feature_idx"][inner]
    if not ((features >= 0) & (features < channels)).all() or nodes["is_categorical"].any() or not np.isfinite(nodes["value"]).all():
        raise ValueError("a tree that asks for what cells do not have")


def _check_vectors(machine: Any, channels: int) -> None:
    """Check the arrays of a support vector machine of two classes; one that was never fitted has none."""
    if "support_vectors_" not in vars(machine):
        return
    vectors, counts = machine.support_vectors_, np.asarray(machine._n_support)
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2 or vectors.shape[1] != channels or machine._sparse:
        raise ValueError("support vectors of other cells")
    if counts.shape != (2,) or (counts < 0).any() or counts.sum() != len(vectors) or len(machine.support_) != len(vectors):
        raise ValueError("support vectors of other classes")
    for name, shape in (("_dual_coef_", (1, len(vectors))), ("dual_coef_", (1, len(vectors))), ("_intercept_", (1,)), ("intercept_", (1,))):
        if np.shape(getattr(machine, name)) != shape:
            raise ValueError(f"no {name} of a support vector machine")
    if any(np.size(each) not in (0, 1) for each in (machine._probA, machine._probB)) or machine.kernel not in ("rbf", "linear"):
        raise ValueError("no such support vector machine")


_CHECKS: dict[str, Callable[[Any, int], None]] = {"Tree": _check_tree, "TreePredictor": _check_predictor, "SVC": _check_vectors}


def _write(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _DATE), content)
