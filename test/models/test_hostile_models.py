# SPDX-License-Identifier: GPL-2.0-or-later
"""Model files that somebody spoiled, by chance or on purpose: each is refused in one sentence, soon, and with little memory."""

import io
import json
import os
import resource
import struct
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from good_models import cell_model, file_of, network_model, packed, unpacked, window, with_arrays, with_entry, with_json
from scarp.models import skops_file
from scarp.models.errors import EngineError
from scarp.models.model_file import load_model

MOST_S, MOST_BYTES, MOST_LETTERS = 2.0, 500_000_000, 330


@pytest.fixture(scope="module")
def good():
    """Files that are as they should be, by what they hold."""
    platt = {"method": "platt", "slope": 1.2, "intercept": -0.1}
    isotonic = {"method": "isotonic", "from": [0.1, 0.9], "to": [0.2, 0.8]}
    files = {name: file_of(cell_model(name)) for name in ("dt", "lr", "rf", "hgb", "svm", "mlp")}
    return {
        **files,
        "network": file_of(network_model()),
        "platt": file_of(network_model(calibration=platt)),
        "isotonic": file_of(network_model(calibration=isotonic)),
    }


@pytest.mark.parametrize("name", ["network", "platt", "isotonic", "dt", "lr", "rf", "hgb", "svm", "mlp"])
def test_those_that_are_not_spoiled_load(good, name):
    model = load_model(io.BytesIO(good[name]), "numpy")
    found = model.predict(window())
    assert np.isfinite(found).all() and np.ptp(found) > 0.01


def manifest(change, name="network"):
    return name, lambda content: with_json(content, "manifest.json", change)


def sets(path, value, name="network"):
    """Set one value of the manifest, named by its way through objects and lists; a key of `DELETE` removes it."""

    def change(values):
        *way, last = path
        for key in way:
            values = values[key]
        if value is DELETE:
            del values[last]
        else:
            values[last] = value

    return manifest(change, name)


DELETE = object()
A = "architecture"
COLUMN, COVARIATE = ("encoder", "columns"), ("encoder", "covariates")
NOT_NUMBERS = [None, "7", [], {}, True, float("nan"), float("inf")]

MANIFESTS = {
    "format 0": sets(["format"], 0),
    "format text": sets(["format"], "1"),
    "format list": sets(["format"], [1]),
    "format true": sets(["format"], True),
    "format gone": sets(["format"], DELETE),
    "kind gone": sets(["kind"], DELETE),
    "kind list": sets(["kind"], ["cnn_dnn"]),
    "kind of another": sets(["kind"], "scikit-learn"),
    "manifest is a list": manifest(lambda values: [values]),
    "manifest is a text": manifest(lambda values: "cnn_dnn"),
    **{
        f"{key} {value}": sets([A, key], value)
        for key, value in [
            ("hidden_layers", 10**9),
            ("hidden_layers", -1),
            ("hidden_layers", 1.5),
            ("units", 10**12),
            ("units", 0),
            ("filters", 10**9),
            ("filters", -3),
            ("patch_size_px", 4),
            ("patch_size_px", 10**9 + 1),
            ("patch_size_px", -1),
            ("channels", 10**9),
            ("channels", 4),
            ("dropout", 1.5),
            ("dropout", "0.3"),
            ("batch_normalisation", 1),
            ("hidden_layers", "2"),
            ("more", 1),
        ]
    },
    **{f"units {value}": sets([A, "units"], value) for value in NOT_NUMBERS},
    "architecture gone": sets([A], DELETE),
    "architecture a list": sets([A], [1, 2]),
    "units gone": sets([A, "units"], DELETE),
    **{f"members {value}": sets(["members"], value) for value in (0, -1, 51, 10**9, 1.0, "2", None, [2])},
    **{
        f"cell size {value}": sets(["cell_size"], value) for value in ("30", [30], [30, "a"], [0, 30], [30, -30], {"x": 30}, 30, [1e300, 1])
    },
    **{
        f"crs {str(value)[:20]}": sets(["crs"], value)
        for value in (32639, ["EPSG:32639"], "/etc/passwd", "http://example.org/crs", "x" * 3_000_000)
    },
    **{f"share {value}": sets(["share"], value) for value in (-0.1, 1.5, "half", [0.5], float("nan"))},
    "seen of no covariate": sets(["seen"], []),
    "seen an object": sets(["seen"], {"slope": 1}),
    "seen in six quantiles": sets(["seen", 0, "quantiles"], [1, 2, 3, 4, 5, 6]),
    "seen in quantiles that fall": sets(["seen", 0, "quantiles"], [7, 6, 5, 4, 3, 2, 1]),
    "seen in no cell": sets(["seen", 0, "cells"], 0),
    "seen with more": sets(["seen", 0, "more"], 1),
    "encoder gone": sets(["encoder"], DELETE),
    "encoder a list": sets(["encoder"], []),
    "no covariates": sets(["encoder", "covariates"], []),
    "a column too few": manifest(lambda values: values["encoder"]["columns"].pop() and None),
    "mean a text": sets([*COLUMN, 0, "mean"], "ten"),
    "mean NaN": sets([*COLUMN, 0, "mean"], float("nan")),
    "deviation negative": sets([*COLUMN, 0, "deviation"], -1.0),
    "deviation gone": sets([*COLUMN, 0, "deviation"], DELETE),
    "column of another kind": sets([*COLUMN, 0], {"classes": [1]}),
    "classes as text": sets([*COLUMN, 2, "classes"], ["marl", "lime"]),
    "classes twice": sets([*COLUMN, 2, "classes"], [1, 1]),
    "classes without end": sets([*COLUMN, 2, "classes"], list(range(100_000))),
    "kind of covariate": sets([*COVARIATE, 0, "kind"], "psychic"),
    "name of covariate": sets([*COVARIATE, 0, "name"], 7),
    "name of a megabyte": sets([*COVARIATE, 0, "name"], "z" * 1_000_000),
    "half a letter in a name": sets([*COVARIATE, 0, "name"], "slope\ud800"),
    "half a letter in a unit": sets([*COVARIATE, 0, "unit"], "\udfffm"),
    "half a letter in a type": sets(["landslide_type"], "flow\udc80"),
    "fitted to a number": sets(["fitted_to"], 1),
    "name twice": sets([*COVARIATE, 1, "name"], "slope"),
    "covariate with more": sets([*COVARIATE, 0, "evil"], 1),
    "codes of text": sets([*COVARIATE, 2, "classes"], {"one": "marl"}),
    "codes too large": sets([*COVARIATE, 2, "classes"], {"99999999999": "marl"}),
    "names of numbers": sets([*COVARIATE, 2, "classes"], {"1": 1}),
    "seed a list": sets(["seed"], [1]),
    "metrics a text": sets(["metrics"], "good"),
    "classifier a list": sets(["classifier"], ["x"]),
    **{f"platt {value}": sets(["calibration", "slope"], value, "platt") for value in (-1, "1", None, float("nan"), 1e300)},
    "isotonic beyond 1": sets(["calibration", "to"], [0.2, 99], "isotonic"),
    "isotonic below 0": sets(["calibration", "to"], [-7, 0.8], "isotonic"),
    "isotonic falls": sets(["calibration", "to"], [0.8, 0.2], "isotonic"),
    "isotonic without points": sets(["calibration"], {"method": "isotonic", "from": [], "to": []}, "isotonic"),
    "isotonic of other lengths": sets(["calibration", "from"], [0.1], "isotonic"),
    "isotonic of text": sets(["calibration", "to"], ["a", "b"], "isotonic"),
    "calibration a list": sets(["calibration"], [1]),
    "calibration of no method": sets(["calibration"], {"method": "oracle"}),
    "a scikit-learn model as a network": sets(["kind"], "cnn_dnn", "lr"),
    "other channels": sets([*COLUMN, 2, "classes"], [1], "dt"),
}


def bytes_of(text):
    return "network", lambda content: with_entry(content, "manifest.json", lambda _: text)


def bomb(size, entry="manifest.json", name="network"):
    return name, lambda content: with_entry(content, entry, lambda _: b"0" * size)


def array_header(text):
    """A member whose first array has a header of its own."""
    head = text.encode("latin-1")
    made = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + b"\0" * 64
    return "network", lambda content: with_entry(
        content, "member0.npz", lambda arrays: packed({**unpacked(arrays), "linear.npy": made}, zipfile.ZIP_STORED)
    )


def weights(change, entry="member0.npz"):
    return "network", lambda content: with_arrays(content, entry, change)


def renamed_end(content):
    """The list of entries is said to be 3 GB."""
    return content[:-10] + struct.pack("<I", 3 * 2**30) + content[-6:]


CONTAINERS = {
    "nothing": ("network", lambda content: b""),
    "text": ("network", lambda content: b"I am a model file"),
    "a zip of nothing": ("network", lambda content: packed({})),
    "cut in half": ("network", lambda content: content[: len(content) // 2]),
    "cut by a byte": ("network", lambda content: content[:-1]),
    "a comment": ("network", lambda content: content + b"more"),
    "entries without end": ("network", lambda content: packed({**unpacked(content), **{f"{n}": b"" for n in range(21_000)}})),
    "a list of 3 GB": ("network", renamed_end),
    "packed by LZMA": ("network", lambda content: packed(unpacked(content), zipfile.ZIP_LZMA)),
    "packed by BZIP2": ("network", lambda content: packed(unpacked(content), zipfile.ZIP_BZIP2)),
    "manifest gone": ("network", lambda content: packed({k: v for k, v in unpacked(content).items() if k != "manifest.json"})),
    "member gone": ("network", lambda content: packed({k: v for k, v in unpacked(content).items() if k != "member1.npz"})),
    "trees gone": ("network", lambda content: packed({k: v for k, v in unpacked(content).items() if k != "trees.npz"})),
    "manifest of 100 MB": bomb(100_000_000),
    "member of 100 MB": bomb(100_000_000, "member0.npz"),
    "trees of 80 MB": bomb(80_000_000, "trees.npz"),
    "estimator of 80 MB": bomb(80_000_000, "estimator.skops", "lr"),
    "manifest of 9 MB": bomb(9_000_000),
    "no JSON": bytes_of(b"{"),
    "other bytes": bytes_of(b"\xff\xfe\x00\x80"),
    "nested without end": bytes_of(b"[" * 1_000_000),
    "a number of a million digits": bytes_of(b'{"format": ' + b"9" * 1_000_000 + b"}"),
    "a million lists": bytes_of(json.dumps({"format": 1, "kind": "cnn_dnn", "encoder": [[]] * 1_000_000}).encode()),
    "a member that is no zip": ("network", lambda content: with_entry(content, "member0.npz", lambda _: b"\x93NUMPY")),
    "arrays of objects": weights(lambda arrays: arrays.update(linear=np.array([[0.5]] * 5, object))),
    "arrays of text": weights(lambda arrays: arrays.update(linear=np.array([["0.5"]] * 5))),
    "arrays of records": weights(lambda arrays: arrays.update(linear=np.zeros((5, 1), [("a", "f4"), ("b", "f4")]))),
    "complex arrays": weights(lambda arrays: arrays.update(linear=np.zeros((5, 1), complex))),
    "dates": weights(lambda arrays: arrays.update(linear=np.zeros((5, 1), "datetime64[s]"))),
    "NaN": weights(lambda arrays: arrays.update(linear=np.full((5, 1), np.nan, np.float32))),
    "infinite": weights(lambda arrays: arrays.update(output=np.full_like(arrays["output"], np.inf))),
    "a variance below 0": weights(lambda arrays: arrays.update(variance0=-arrays["variance0"])),
    "weights whose sums are no numbers": weights(
        lambda arrays: arrays.update({key: array * (1 if key.startswith("variance") else 1e10) for key, array in arrays.items()})
    ),
    "normalisation of no numbers": weights(lambda arrays: arrays.update(gamma0=arrays["gamma0"] * 3e38, mean0=arrays["mean0"] * 3e38)),
    "another shape": weights(lambda arrays: arrays.update(dense0=arrays["dense0"].T)),
    "an array too many": weights(lambda arrays: arrays.update(evil=np.zeros(3))),
    "an array too few": weights(lambda arrays: arrays.pop("bias0")),
    "an array of a terabyte": array_header("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }\n"),
    "an array of negative length": array_header("{'descr': '<f4', 'fortran_order': False, 'shape': (-5, 1), }\n"),
    "an array that runs code": array_header("__import__('os').system('touch /tmp/owned')\n"),
    "an array that lies": array_header("{'descr': '<f8', 'fortran_order': False, 'shape': (5, 1000), }\n"),
    "a header nested without end": array_header("{'descr': '<f4', 'fortran_order': False, 'shape': " + "(" * 900 + ")" * 900 + ", }\n"),
    "trees that ask for other channels": weights(lambda arrays: arrays.update(channel=arrays["channel"] + 9), "trees.npz"),
    "trees of three ends": weights(lambda arrays: arrays.update(value=arrays["value"][:, :3]), "trees.npz"),
    "trees beyond 1": weights(lambda arrays: arrays.update(value=arrays["value"] + 7), "trees.npz"),
    "trees of NaN": weights(lambda arrays: arrays.update(limit=arrays["limit"] * np.nan), "trees.npz"),
    "no trees": weights(lambda arrays: arrays.update({key: array[:0] for key, array in arrays.items()}), "trees.npz"),
}


def skops(name, change):
    """Change the schema of a skops file."""
    return name, lambda content: with_entry(content, "estimator.skops", lambda inner: with_json(inner, "schema.json", change))


def nodes_of(schema):
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def every(loader, **values):
    def change(schema):
        for node in nodes_of(schema):
            if node.get("__loader__") == loader:
                node.update(values)

    return change


def attribute(name, content):
    """Give every attribute of a name another value."""

    def change(schema):
        for node in nodes_of(schema):
            if isinstance(node.get(name), dict) and "__loader__" in node[name]:
                node[name] = {
                    "__class__": "str",
                    "__module__": "builtins",
                    "__loader__": "JsonNode",
                    "content": json.dumps(content),
                    "is_json": True,
                }

    return change


def holds(make):
    """Put something else than a classifier into the file."""

    def change(content):
        import skops.io

        return with_entry(content, "estimator.skops", lambda _: skops.io.dumps(make()))

    return "lr", change


def records(name, change):
    """Change the records of the trees of a classifier."""

    def spoilt(inner):
        entries = unpacked(inner)
        for entry, content in entries.items():
            if entry.endswith(".npy"):
                array = np.load(io.BytesIO(content))
                if array.dtype.names:
                    change(array)
                    stream = io.BytesIO()
                    np.save(stream, array)
                    entries[entry] = stream.getvalue()
        return packed(entries, zipfile.ZIP_STORED)

    return name, lambda content: with_entry(content, "estimator.skops", spoilt)


def cycle(first, second=None):
    def change(nodes):
        nodes[first][0] = 0
        if second:
            nodes[second][0] = 0

    return change


def put(field, value):
    def change(nodes):
        nodes[field][0] = value

    return change


def estimators(values):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(np.zeros((4, 5)) + np.arange(4)[:, None], values)


def transformer():
    from sklearn.preprocessing import FunctionTransformer

    return FunctionTransformer(func=subprocess.run)


def another():
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(1).fit(np.zeros((4, 5)) + np.arange(4)[:, None], [0, 1, 0, 1])


def deep():
    """Lists in lists, deeper than any program follows."""
    start, end = '{"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [', "]}"
    text = (start * 5000 + end * 5000).encode()
    return "lr", lambda content: with_entry(content, "estimator.skops", lambda inner: with_entry(inner, "schema.json", lambda _: text))


ESTIMATORS = {
    "a text": holds(lambda: "a classifier"),
    "a list": holds(lambda: [1, 2, 3]),
    "an array": holds(lambda: np.arange(5)),
    "a number": holds(lambda: 7),
    "a classifier of three classes": holds(lambda: estimators([0, 1, 2, 1])),
    "a classifier of texts": holds(lambda: estimators(["no", "yes", "no", "yes"])),
    "a classifier of no kind of Scarp's": holds(another),
    "a function": holds(transformer),
    "a function of numpy": holds(lambda: np.add),
    "not fitted": holds(lambda: __import__("sklearn.linear_model", fromlist=["x"]).LogisticRegression()),
    "an unknown part": skops("lr", every("ObjectNode", __loader__="OracleNode")),
    "a part that is another": skops("lr", every("ObjectNode", __module__="os", __class__="system")),
    "a function as a part": skops("lr", every("JsonNode", __loader__="FunctionNode", __module__="os", __class__="system")),
    "a method as a part": skops("lr", every("JsonNode", __loader__="MethodNode")),
    "a type as a part": skops("lr", every("JsonNode", __loader__="TypeNode", __module__="subprocess", __class__="Popen")),
    "an operator as a part": skops(
        "lr", every("ObjectNode", __loader__="OperatorFuncNode", __module__="operator", __class__="methodcaller")
    ),
    "an old way to read": skops("lr", lambda schema: schema.update(protocol=0) or every("NdArrayNode", __loader__="FunctionNode")(schema)),
    "arrays elsewhere": skops("lr", every("NdArrayNode", file="../../etc/passwd")),
    "arrays of objects (skops)": skops("lr", every("NdArrayNode", type="json", content=[], shape=None)),
    "nested without end (skops)": deep(),
    "coefficients of text": skops("lr", attribute("coef_", "steep")),
    "coefficients of nothing": skops("lr", attribute("coef_", None)),
    "features of another": skops("lr", attribute("n_features_in_", 99)),
    "classes of nothing": skops("lr", attribute("classes_", [])),
    "a tree of many labels": skops(
        "dt",
        lambda schema: (
            [node["__reduce__"]["args"]["content"][2].update(content="1000000000") for node in nodes_of(schema) if "__reduce__" in node]
            and None
        ),
    ),
    "fewer nodes than it has": skops("dt", attribute("node_count", 1)),
    "nodes below none": skops("dt", attribute("node_count", -5)),
    "a tree that turns in circles": records("dt", cycle("left_child", "right_child")),
    "a forest that turns in circles": records("rf", cycle("right_child")),
    "a tree that leads outside": records("dt", put("left_child", 10**6)),
    "a tree that leads below": records("dt", put("right_child", -7)),
    "a tree that asks for other channels": records("dt", put("feature", 10**6)),
    "a tree of NaN": records("dt", put("threshold", np.nan)),
    "boosting that turns in circles": records("hgb", cycle("left", "right")),
    "boosting that leads outside": records("hgb", put("right", 10**6)),
    "boosting that asks for other channels": records("hgb", put("feature_idx", 10**6)),
    "boosting by categories": records("hgb", put("is_categorical", 1)),
    "boosting of NaN": records("hgb", lambda nodes: nodes["value"].fill(np.nan)),
    "no support": skops("svm", attribute("support_vectors_", None)),
    "other numbers of support": skops("svm", attribute("_n_support", [10**6, 10**6])),
    "support without coefficients": skops("svm", attribute("_dual_coef_", [[1.0]])),
    "support without intercept": skops("svm", attribute("_intercept_", [])),
    "layers without end": skops("mlp", attribute("n_layers_", 10**9)),
    "no layers": skops("mlp", attribute("coefs_", [])),
}
SPOILT = {**MANIFESTS, **CONTAINERS, **ESTIMATORS}


def refused(path):
    """Load a file; return the sentence, seconds, and by how many bytes this process grew beyond what it ever was."""
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(EngineError) as caught:
        load_model(path, "numpy")
    return str(caught.value), time.process_time() - started, 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_file_is_refused_in_one_sentence(good, tmp_path, name):
    kind, spoil = SPOILT[name]
    path = tmp_path / "m.scarp"
    path.write_bytes(spoil(good[kind]))
    sentence, seconds, grown = refused(path)
    told = sentence.replace(str(path), "")
    assert len(told) < MOST_LETTERS, told
    assert told.isprintable() and "Traceback" not in told
    assert seconds < MOST_S
    assert grown < MOST_BYTES


def test_a_network_that_gives_no_susceptibility_is_told_as_a_classifier_that_gives_none(good, tmp_path):
    (tmp_path / "m.scarp").write_bytes(SPOILT["weights whose sums are no numbers"][1](good["network"]))
    assert refused(tmp_path / "m.scarp")[0].endswith("is no Scarp model file, or it is damaged (it gives no susceptibility).")


def test_so_many_were_tried():
    assert len(SPOILT) >= 150


def test_a_newer_format_is_refused_with_its_version(good, tmp_path):
    (tmp_path / "m.scarp").write_bytes(
        with_json(good["network"], "manifest.json", lambda values: values.update(format=12, architecture=None))
    )
    assert "has format 12, and this version of Scarp reads format 1; update Scarp" in refused(tmp_path / "m.scarp")[0]


def test_what_cannot_be_a_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.scarp")
    assert "it is no file" in refused(tmp_path / "pipe.scarp")[0]
    assert "it is no file" in refused(tmp_path)[0]
    assert "There is no model file" in refused(tmp_path / "missing.scarp")[0]


@pytest.mark.parametrize("name", ["manifest of 100 MB", "member of 100 MB", "trees of 80 MB", "estimator of 80 MB"])
def test_an_entry_that_becomes_too_large_is_never_unpacked(good, tmp_path, name):
    kind, spoil = SPOILT[name]
    (tmp_path / "m.scarp").write_bytes(spoil(good[kind]))
    assert "larger than those of any model" in refused(tmp_path / "m.scarp")[0]


def test_a_part_cannot_stand_for_another_by_its_number(good):
    """By the number of an earlier part, a tree would be made for 10 labels though its own part says 1."""

    def change(schema):
        (tree,) = (node for node in nodes_of(schema) if "__reduce__" in node)
        ten = {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": "10", "is_json": True, "__id__": 77}
        schema["content"]["content"] = {"ten": ten, **schema["content"]["content"]}
        tree["__reduce__"]["args"]["content"][2]["__id__"] = 77

    _, spoil = skops("dt", change)
    assert load_model(io.BytesIO(spoil(good["dt"]))).estimator.tree_.n_outputs == 1


@pytest.mark.parametrize("name", ["dt", "rf", "hgb", "svm", "mlp", "lr"])
def test_equal_classifiers_make_equal_files(good, name):
    kept = [cell_model(name) for _ in range(3)]  # other places in memory
    assert [file_of(each) == good[name] for each in kept] == [True] * 3


def test_what_memory_held_between_fields_is_no_part_of_a_file():
    kind = np.dtype({"names": ["a", "b"], "formats": ["<i8", "u1"], "offsets": [0, 8], "itemsize": 16})
    files = []
    for fill in (0, 255):
        records, stream = np.frombuffer(bytes([fill]) * 48, kind).copy(), io.BytesIO()
        records["a"], records["b"] = 7, 1
        np.save(stream, records)
        files.append(skops_file._array_bytes(stream.getvalue()))
    assert files[0] == files[1]
    assert np.load(io.BytesIO(files[1]))["a"].tolist() == [7, 7, 7]


def test_nobody_asks_for_more_threads_than_there_are(good):
    """A forest says how many threads its predictions take; a file may not."""
    _, spoil = skops("rf", attribute("n_jobs", 100_000))
    model = load_model(io.BytesIO(spoil(good["rf"])))
    assert {each.n_jobs for each in [model.estimator]} == {None}


def test_random_damage_never_passes_as_an_error_of_scarp(good, tmp_path):
    """Flipped bytes, anywhere: a sentence, or a model that maps numbers of 0 to 1."""
    rng = np.random.default_rng(11)
    path = tmp_path / "m.scarp"
    tried = 0
    for name in ("network", "isotonic", "dt", "hgb", "svm"):
        for _ in range(40):
            content = bytearray(good[name])
            for place in rng.integers(0, len(content), rng.integers(1, 6)):
                content[place] = rng.integers(0, 256)
            path.write_bytes(content)
            try:
                found = load_model(path, "numpy").predict(window())
                assert ((found >= 0) & (found <= 1)).all()
            except EngineError as error:
                tried += 1
                assert len(str(error)) < MOST_LETTERS + len(str(path))
    assert tried > 100


@pytest.mark.skipif(sys.platform == "win32", reason="processes are limited otherwise there")
def test_the_bounds_are_those_of_the_dialogs():
    """What can be trained can be loaded."""
    from scarp.engine.declarations.parameters import task_parameters
    from scarp.models.manifest_schema import MOST

    declared = task_parameters("train_cnn_dnn")
    asked = {"patch_size_px": "patch_size"}
    for key, most in MOST.items():
        assert declared[asked.get(key, key)].most == most, key
