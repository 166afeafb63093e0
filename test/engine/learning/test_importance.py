# SPDX-License-Identifier: GPL-2.0-or-later
"""What covariates count where a model is applicable: by what is lost without them, on as many cells of both kinds."""

from types import SimpleNamespace

import numpy as np
import pytest
from scarp.engine.files.grid import Grid
from scarp.engine.learning import importance as module
from scarp.engine.learning.fitting import Examples, uncalibrated
from scarp.engine.learning.importance import applicability_of_classifier, applicability_of_network, importance
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from scarp.models.trees import Trees

LABELS = np.arange(400) % 2


def test_what_tells_everything_loses_a_half_and_what_is_not_read_nothing():
    """Dealt anew, a covariate that ranked all pairs rightly ranks half of them so; one that the model does not read costs nothing."""
    values = np.column_stack([LABELS + 0.001 * np.arange(400), np.random.default_rng(1).normal(size=400)])
    found = importance(values, LABELS, lambda cells: cells[:, 0], 1)
    assert found == pytest.approx([0.5, 0.0], abs=0.06) and found[1] == 0
    assert importance(values, LABELS, lambda cells: cells[:, 0], 1).tolist() == found.tolist()
    assert importance(values, LABELS, lambda cells: cells[:, 0], 2).tolist() != found.tolist()
    assert values[:, 0].tolist() == (LABELS + 0.001 * np.arange(400)).tolist(), "what was given stays as it is"


def test_a_patch_is_dealt_as_a_whole():
    patches = np.broadcast_to(np.arange(400.0)[:, None, None, None], (400, 3, 3, 2))

    def said(given):
        assert np.ptp(given, axis=(1, 2)).max() == 0, "the cells of a patch come from one"
        assert given.shape == patches.shape
        return given[:, 1, 1, 0]

    importance(patches, LABELS, said, 1)


def test_it_is_measured_on_as_many_cells_of_both_kinds(monkeypatch):
    monkeypatch.setattr(module, "_CELLS", 30)
    labels = (np.arange(500) < 50).astype(int)
    drawn = module._drawn(labels, 1)
    assert np.bincount(labels[drawn]).tolist() == [30, 30] and len(np.unique(drawn)) == 60 and (np.diff(drawn) > 0).all()
    assert np.bincount(labels[module._drawn(labels[:60], 1)]).tolist() == [10, 30], "all where there are fewer"
    assert drawn.tolist() != module._drawn(labels, 2).tolist()
    monkeypatch.undo()
    assert module._CELLS == 200


@pytest.fixture
def fitted(monkeypatch):
    """Note what areas of applicability are fitted to, in place of fitting them."""
    asked = []
    monkeypatch.setattr(module.Applicability, "fit", lambda *given: asked.append(given))
    return asked


def test_what_a_classifier_loses_weighs_where_it_is_applicable(fitted):
    """All of its cells count there, and the folds that tested it; some of each class tell what it loses."""
    rng = np.random.default_rng(2)
    values = rng.normal(size=(700, 2))
    labels = (values[:, 1] > 0).astype(int)
    encoder = Encoder.fit(values, [Covariate("slope"), Covariate("rain")])
    says = SimpleNamespace(predict_proba=lambda encoded: np.stack([1 - encoded[:, 1], encoded[:, 1]], axis=1))
    parts = [(np.arange(350), np.arange(350, 700))]
    applicability_of_classifier(SimpleNamespace(encoder=encoder, estimator=says), values, labels, parts, 5)
    ((of, cells, weights, splits, seed),) = fitted
    assert of is encoder and cells is values and splits is parts and seed == 5
    assert weights[0] == 0 and 0.4 < weights[1] < 0.6


def test_what_a_network_and_its_trees_lose_weighs_where_they_are_applicable(fitted, monkeypatch):
    """Asked of patches side by side it says what it says of them one by one, trees and all."""
    rng = np.random.default_rng(3)
    patches = rng.normal(size=(60, 5, 5, 2))
    labels = (patches[:, 2, 2, 0] > 0).astype(int)
    covariates = (Covariate("slope"), Covariate("rain"))
    encoder = Encoder.fit(patches[:, 2, 2], covariates)
    architecture = Recipe(patch_size=5, filters=2, hidden_layers=1, units=4).architecture(2)
    weights = {name: rng.uniform(0.1, 0.6, shape).astype(np.float32) for name, shape in architecture.shapes.items()}
    trees = Trees({"channel": [[0]], "limit": [[0.0]], "value": [[0.1, 0.9]]}, channels=2)
    model = CnnDnn(encoder, architecture, [weights], backend="numpy", trees=trees, share=0.25)
    grid = Grid("", (0.0, 20.0, 0.0, 0.0, 0.0, -20.0), (60, 60))
    examples = Examples(Patches.of(patches), covariates, labels, np.arange(60), np.arange(60), grid)
    asked = []
    monkeypatch.setattr(module, "_CELLS", 20)
    true = module.importance
    monkeypatch.setattr(module, "importance", lambda *given: asked.append(given) or true(*given))
    parts = [(np.arange(30), np.arange(30, 60))]
    applicability_of_network(model, examples, parts, 5)
    ((some, own, said, seed),) = asked
    order = [np.flatnonzero((patches == each).all(axis=(1, 2, 3)))[0] for each in some]
    assert np.bincount(labels[order]).tolist() == [20, 20] and own.tolist() == labels[order].tolist() and seed == 5
    np.testing.assert_allclose(said(some), uncalibrated(model, examples)[order], atol=1e-5)
    ((of, cells, lost, splits, seed),) = fitted
    assert of is encoder and splits is parts and seed == 5
    np.testing.assert_array_equal(cells, patches[:, 2, 2])
    np.testing.assert_array_equal(lost, true(some, own, said, 5))
