# SPDX-License-Identifier: GPL-2.0-or-later
"""Small model files of every kind that are as they should be, for tests that spoil them."""

import io
import json
import zipfile

import numpy as np
from scarp.models.cell_model import CellModel
from scarp.models.classifiers import CLASSIFIERS
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.model_file import save_model
from scarp.models.recipe import Recipe
from scarp.models.trees import Trees

CRS = 'PROJCS["WGS 84 / UTM zone 39N",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]]]]'
COVARIATES = (
    Covariate("slope", unit="°"),
    Covariate("aspect", "circular"),
    Covariate("rock", "categorical", classes={1: "marl", 4: "lime"}),
)
CHANNELS = 5


def cells(count=120):
    """Covariates (n, 3) and labels, landslides on steep ground."""
    rng = np.random.default_rng(3)
    values = np.column_stack([rng.uniform(0, 40, count), rng.uniform(0, 360, count), rng.choice([1, 4], count)])
    return values, (values[:, 0] + rng.normal(0, 6, count) > 20).astype(int)


def window(rows=9, cols=11):
    """Covariates of a window, (rows, cols, 3)."""
    return cells(rows * cols)[0].reshape(rows, cols, 3)


def network_model(members=2, *, trees=True, calibration=None, manifest=None):
    """A network of 3 × 3 cells with known weights, and two trees of depth two."""
    rng = np.random.default_rng(1)
    encoder = Encoder.fit(cells()[0], COVARIATES)
    architecture = Recipe(patch_size=5, filters=2, hidden_layers=1, units=4).architecture(CHANNELS)
    weights = [
        {
            name: (rng.uniform(0.5, 1.5, shape) if name.startswith(("gamma", "variance")) else rng.normal(0, 0.3, shape)).astype(np.float32)
            for name, shape in architecture.shapes.items()
        }
        for _ in range(members)
    ]
    grown = Trees({"channel": [[0, 1, 2], [4, 0, 0]], "limit": [[0, 0.5, 0], [0.5, -1, 1]], "value": rng.random((2, 4))}, CHANNELS)
    told = (
        {"classifier": "CNN–DNN", "cell_size": [30.0, 30.0], "crs": CRS, "seed": 7, "metrics": {"auc": 0.8}}
        if manifest is None
        else manifest
    )
    return CnnDnn(encoder, architecture, weights, told, "numpy", calibration, grown if trees else None, 0.5)


def cell_model(name="dt"):
    """A classifier of single cells, fitted, as the benchmark fits it."""
    from sklearn.calibration import CalibratedClassifierCV

    values, labels = cells()
    encoder = Encoder.fit(values, COVARIATES)
    estimator = CLASSIFIERS[name].make(encoder.channels, 1)
    if name == "rf":
        estimator.set_params(n_estimators=3, max_depth=4)
    if name == "hgb":
        estimator.set_params(max_iter=3)
    if not hasattr(estimator, "predict_proba"):
        estimator = CalibratedClassifierCV(estimator, ensemble=False, cv=3)
    return CellModel(encoder, estimator.fit(encoder.encode(values), labels), {"classifier": CLASSIFIERS[name].label, "seed": 7})


def file_of(model):
    """Return the bytes of a model file."""
    stream = io.BytesIO()
    save_model(stream, model)
    return stream.getvalue()


def unpacked(content):
    """Return the entries of a zip file by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(entries, compression=zipfile.ZIP_DEFLATED):
    """Return a zip file of entries."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return stream.getvalue()


def with_entry(content, entry, change):
    """Return a zip file of which one entry was changed."""
    entries = unpacked(content)
    return packed({**entries, entry: change(entries[entry])})


def with_json(content, entry, change):
    """Return a zip file of which one entry of JSON was changed in place by a function, or replaced by what that returns."""

    def changed(text):
        values = json.loads(text)
        again = change(values)
        return json.dumps(values if again is None else again).encode()

    return with_entry(content, entry, changed)


def with_arrays(content, entry, change):
    """Return a zip file of which the arrays of one entry were changed in place by a function."""

    def changed(arrays):
        with np.load(io.BytesIO(arrays)) as found:
            values = dict(found)
        change(values)
        stream = io.BytesIO()
        np.savez(stream, **values)
        return stream.getvalue()

    return with_entry(content, entry, changed)
