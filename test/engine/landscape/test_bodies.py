# SPDX-License-Identifier: GPL-2.0-or-later
"""Landslides of many cells: how they grow, and the polygons that they become."""

import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.landscape.truth import BestAuc, grown
from scarp.engine.samples.inventory import read_inventory
from scarp.engine.tasks import sample_landscape
from scarp.models.covariate import Covariate
from scipy.ndimage import label
from sklearn.metrics import roc_auc_score

TRUTH = np.array([[0.1, 0.2, 0.3, 0.9], [0.1, 0.8, 0.7, 0.1], [0.6, 0.1, 0.1, 0.1]])


def at(row, col):
    return TRUTH[row, col]


class Whole:
    """Draws the average always."""

    @staticmethod
    def integers(low, high, count):
        return np.full(count, (low + high - 1) // 2)


def test_a_landslide_grows_to_the_side_where_the_truth_is_highest():
    """From 0.8 to 0.7 beside it, 0.3 above that, and 0.9 beside that; never over a corner."""
    (body,) = grown(at, np.array([[1, 1]]), 4, TRUTH.shape, Whole)
    assert body.tolist() == [[1, 1], [1, 2], [0, 2], [0, 3]]


def test_one_that_begins_within_another_is_left_out_and_none_overlap():
    found = grown(at, np.array([[1, 1], [1, 2], [2, 0]]), 2, TRUTH.shape, Whole)
    assert [body.tolist() for body in found] == [[[1, 1], [1, 2]], [[2, 0], [1, 0]]]


def test_numbers_of_cells_vary_around_the_average():
    wide = np.random.default_rng(2).random((200, 200))
    starts = np.stack(np.meshgrid(np.arange(10, 200, 20), np.arange(10, 200, 20)), axis=-1).reshape(-1, 2)
    sizes = [len(body) for body in grown(lambda row, col: wide[row, col], starts, 10, wide.shape, np.random.default_rng(1))]
    assert (min(sizes), max(sizes)) == (5, 15) and np.mean(sizes) == pytest.approx(10, abs=1)


def test_the_truth_of_bodies_against_all_other_cells():
    """0.6 and 0.3 above 0.1 and half of another 0.3: seven of eight; the cells of landslides themselves are no absences."""
    best = BestAuc()
    best.add(np.array([[0.1, 0.3, 0.3, 0.6]]))
    assert best.of(np.array([0.6])) == pytest.approx(1)
    assert best.of(np.array([0.6, 0.3])) == pytest.approx(7 / 8)


def test_polygons_of_a_landscape_cover_the_cells_of_their_landslides(tmp_path):
    told = []

    class Told(Feedback):
        def message(self, text):
            told.append(text)

    made = sample_landscape.run(Told(), size=96, cell_size=30.0, landslides=20, landslide_cells=30, seed=2, folder=str(tmp_path))
    layer = (dataset := ogr.Open(made["inventory"])).GetLayer(0)
    shapes = [feature.GetGeometryRef().Clone() for feature in layer]
    areas = np.array([shape.GetArea() for shape in shapes]) / 900
    assert dataset and layer.GetGeomType() == ogr.wkbPolygon
    np.testing.assert_allclose(areas, areas.round(), atol=1e-6)
    assert areas.min() >= 1 and areas.max() <= 45 and areas.sum() > 20 * 15
    truth = gdal.Open(made["truth"]).ReadAsArray()
    grid = Stack.open(_stack(tmp_path, truth)).grid
    found = read_inventory(made["inventory"], Stack.open(str(tmp_path / "stack.tif")))
    assert len(found.rows) == areas.sum(), "polygons do not overlap, and each holds the centres of its cells alone"
    mask = np.zeros(truth.shape, bool)
    mask[found.rows, found.cols] = True
    assert label(mask)[1] <= len(shapes)
    assert made["best_auc"] == pytest.approx(roc_auc_score(mask.ravel(), truth.ravel()), abs=2e-3)
    assert grid.shape == (96, 96) and f"{len(shapes)} landslides of {areas.mean():,.0f} cells on average." in " ".join(told)


def _stack(folder, truth):
    from scarp.engine.landscape.layers import grid_of

    with StackWriter(str(folder / "stack.tif"), grid_of(96, 30.0), (Covariate("truth"),)) as writer:
        writer.write("truth", Window(0, 0, 96, 96), truth)
    return str(folder / "stack.tif")
