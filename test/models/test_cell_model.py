# SPDX-License-Identifier: GPL-2.0-or-later
import io
import zipfile

import numpy as np
import pytest
import skops.io
from scarp.models.cell_model import CellModel
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.errors import EngineError
from scarp.models.model_file import load_model, save_model
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

COVARIATES = (Covariate("slope"), Covariate("aspect", "circular"))


@pytest.fixture
def cells():
    rng = np.random.default_rng(1)
    values = np.column_stack([rng.uniform(0, 40, 200), rng.uniform(0, 360, 200)])
    return values, (values[:, 0] > 20).astype(int)


@pytest.mark.parametrize("estimator", [LogisticRegression(), DecisionTreeClassifier(max_depth=3, random_state=0)])
def test_a_model_file_keeps_a_model_of_single_cells(cells, tmp_path, estimator):
    values, labels = cells
    encoder = Encoder.fit(values, COVARIATES)
    model = CellModel(encoder, estimator.fit(encoder.encode(values), labels), {"seed": 7})
    save_model(tmp_path / "m.scarp", model)
    window = values.reshape(10, 20, 2).copy()
    window[3, 4, 0] = np.nan
    again = load_model(tmp_path / "m.scarp")
    found = again.predict(window)
    np.testing.assert_array_equal(found, model.predict(window))
    assert np.isnan(found[3, 4])
    assert np.isfinite(found).sum() == found.size - 1
    assert again.manifest["seed"] == 7
    slides = labels.reshape(10, 20) == 1
    assert np.nanmin(found[slides]) > np.nanmax(found[~slides]) - 0.1 and np.nanmean(found[slides]) > 0.8, "of landslides, not of none"


def test_a_file_with_code_in_it_is_refused(cells, tmp_path):
    """An estimator that would call a function of the file's choosing must not be loaded."""
    values, labels = cells
    encoder = Encoder.fit(values, COVARIATES)
    save_model(tmp_path / "m.scarp", CellModel(encoder, LogisticRegression().fit(encoder.encode(values), labels)))
    with zipfile.ZipFile(tmp_path / "m.scarp") as archive:
        manifest = archive.read("manifest.json")
    hostile = io.BytesIO(skops.io.dumps(FunctionTransformer(func=exec)))
    with zipfile.ZipFile(tmp_path / "hostile.scarp", "w") as archive:
        archive.writestr("manifest.json", manifest)
        archive.writestr("estimator.skops", hostile.getvalue())
    with pytest.raises(EngineError):
        load_model(tmp_path / "hostile.scarp")
