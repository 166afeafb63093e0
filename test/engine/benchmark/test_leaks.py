# SPDX-License-Identifier: GPL-2.0-or-later
"""No classifier learns anything from the cells that it is tested on: not by training, choosing, calibrating, encoding or stopping."""

from dataclasses import replace

import numpy as np
import pytest
from osgeo import osr
from scarp.engine.benchmark.comparison import Data, Fold, compare
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.samples.cells import SampleCells
from scarp.models.classifiers import CLASSIFIERS
from scarp.models.covariate import Covariate
from scarp.models.recipe import Recipe
from sklearn.metrics import roc_auc_score

ROWS, COLS = 16, 38
COVARIATES = (Covariate("slope", unit="degree"), Covariate("stripes"))
TINY = Recipe(patch_size=5, filters=4, hidden_layers=1, units=8, members=1, epochs=12, learning_rate=0.02, batch_size=16)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Slope is 20 in the west; in the east it is 35 in the north and 5 in the south. Columns are striped."""
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    grid = Grid(reference.ExportToWkt(), (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (ROWS, COLS))
    slope = np.full((ROWS, COLS), 20.0)
    slope[: ROWS // 2, COLS // 2 :] = 35.0
    slope[ROWS // 2 :, COLS // 2 :] = 5.0
    path = str(tmp_path_factory.mktemp("stack") / "stack.tif")
    with StackWriter(path, grid, COVARIATES) as writer:
        writer.write("slope", Window(0, 0, ROWS, COLS), slope)
        writer.write("stripes", Window(0, 0, ROWS, COLS), np.tile(np.arange(COLS) % 2, (ROWS, 1)))
    return Stack.open(path)


@pytest.fixture(scope="module")
def halves(stack):
    """Cells of the west that train, where slope tells nothing, and cells of the east that are tested, where it tells all.

    Both stripes hold as many landslides as others, so that a classifier that has not seen the east comes to an AUC of exactly a half.
    """
    rows, cols = (part.ravel() for part in np.meshgrid(np.r_[2:5, 11:14], np.r_[2:16, 22:36], indexing="ij"))
    order = np.random.default_rng(1).permutation(len(rows))
    rows, cols = rows[order], cols[order]
    labels = (rows < ROWS // 2).astype(int)
    west = cols < COLS // 2
    nothing = np.full(len(rows), -1)
    cells = SampleCells(rows, cols, labels, np.where(west, "train", "test"), nothing, np.arange(len(rows)).astype(str))
    return Data.of(stack, cells), Fold("holdout", 0, 0, np.flatnonzero(west), np.flatnonzero(~west))


def said(stack, data, fold, name):
    (outcome,) = compare(stack, data, [fold], [name], 1, TINY, Feedback())
    assert outcome.classifier == name
    return outcome.susceptibility


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_what_only_test_cells_tell_is_not_learnt(stack, halves, name):
    data, fold = halves
    # Five digits: equal cells may differ by their place in a batch.
    assert roc_auc_score(data.labels[fold.test], said(stack, data, fold, name).round(5)) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_it_would_be_learnt_if_it_were_told(stack, halves, name):
    """The other way round, so that the half above is no accident: with every other cell for training, the rest is told apart."""
    data, fold = halves
    told = replace(fold, training=np.r_[fold.training, fold.test[::2]], test=fold.test[1::2])
    assert roc_auc_score(data.labels[told.test], said(stack, data, told, name)) > 0.95


@pytest.fixture(scope="module")
def noise(stack):
    """Every third cell is tested; neither slope nor stripes tell much of the labels, which are drawn."""
    rng = np.random.default_rng(2)
    rows, cols = np.divmod(rng.permutation(ROWS * COLS)[:120], COLS)
    labels = np.tile([0, 0, 0, 1, 1, 1], 20)
    cells = SampleCells(rows, cols, labels, np.full(120, "train"), np.full(120, -1), np.arange(120).astype(str))
    data = replace(Data.of(stack, cells), values=rng.normal(size=(120, 2)).astype(np.float32))
    test = np.arange(120) % 3 == 2
    return data, Fold("kmeans", 0, 0, np.flatnonzero(~test), np.flatnonzero(test))


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_labels_of_test_cells_change_nothing(stack, noise, name):
    data, fold = noise
    flipped = data.labels.copy()
    flipped[fold.test] = 1 - flipped[fold.test]
    other = replace(data, cells=replace(data.cells, landslide=flipped))
    np.testing.assert_array_equal(said(stack, data, fold, name), said(stack, other, fold, name))


@pytest.mark.parametrize("name", [name for name, classifier in CLASSIFIERS.items() if classifier.make])
def test_the_covariates_of_test_cells_change_nothing_for_others(stack, noise, name):
    data, fold = noise
    values = data.values.copy()
    values[fold.test[::2]] += 1000.0
    moved = said(stack, replace(data, values=values), fold, name)
    np.testing.assert_array_equal(said(stack, data, fold, name)[1::2], moved[1::2])
