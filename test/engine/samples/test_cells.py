# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import ogr, osr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.samples.cells import draw, resolve_samples
from scarp.engine.samples.folds import block_ids, deal_folds, take_share, validation_part
from scarp.models.covariate import Covariate

SIZE = 60


class Listener(Feedback):
    def __init__(self):
        self.warnings = []

    def warning(self, text):
        self.warnings.append(text)


def reference(code):
    found = osr.SpatialReference()
    found.ImportFromEPSG(code)
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return found


@pytest.fixture
def stack(tmp_path):
    """60 × 60 cells of 30 m; slope grows from 0 to 59 degrees to the east, the last row has no data."""
    grid = Grid(reference(32639).ExportToWkt(), (500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0), (SIZE, SIZE))
    slope = np.tile(np.arange(SIZE, dtype=np.float32), (SIZE, 1))
    slope[-1] = np.nan
    path = str(tmp_path / "stack.tif")
    with StackWriter(path, grid, [Covariate("slope", unit="degree")]) as writer:
        writer.write("slope", Window(0, 0, SIZE, SIZE), slope)
    return Stack.open(path)


def layer_of(path, shapes, code=32639, labels=None):
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = dataset.CreateLayer("slides", reference(code), ogr.wkbUnknown)
    layer.CreateField(ogr.FieldDefn("label", ogr.OFTString))
    for number, wkt in enumerate(shapes):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        if labels:
            feature["label"] = labels[number]
        layer.CreateFeature(feature)
    return str(path)


def centre(row, col):
    return 500015.0 + 30 * col, 3600000.0 - 15 - 30 * row


def points(cells):
    return ["POINT({} {})".format(*centre(row, col)) for row, col in cells]


CELLS = [(row, col) for row in range(3, 55, 6) for col in range(3, 55, 6)]


def test_a_polygon_stands_for_the_cells_in_it_and_for_one_at_least(stack, tmp_path):
    x, y = centre(10, 10)
    square = f"POLYGON(({x - 40} {y - 40}, {x + 40} {y - 40}, {x + 40} {y + 40}, {x - 40} {y + 40}, {x - 40} {y - 40}))"
    x, y = centre(40, 40)
    sliver = f"POLYGON(({x + 2} {y + 2}, {x + 4} {y + 2}, {x + 4} {y + 4}, {x + 2} {y + 2}))"
    cells = draw(stack, layer_of(tmp_path / "a.gpkg", [square, sliver, *points(CELLS)]), Feedback(), buffer_m=0)
    slides = set(zip(cells.rows[cells.landslide == 1].tolist(), cells.cols[cells.landslide == 1].tolist()))
    expected = {(row, col) for row in (9, 10, 11) for col in (9, 10, 11)} | {(40, 40)} | set(CELLS)
    assert slides == expected


def test_another_crs_is_reprojected(stack, tmp_path):
    to_degrees = osr.CoordinateTransformation(reference(32639), reference(4326))
    there = ["POINT({} {})".format(*to_degrees.TransformPoint(*centre(row, col))[:2]) for row, col in CELLS]
    cells = draw(stack, layer_of(tmp_path / "a.gpkg", there, 4326), Feedback())
    slides = cells.landslide == 1
    assert sorted(zip(cells.rows[slides], cells.cols[slides])) == CELLS


@pytest.mark.parametrize("method", ["random", "flat", "random_and_flat"])
def test_absences_are_drawn_as_told(stack, tmp_path, method):
    cells = draw(stack, layer_of(tmp_path / "a.gpkg", points(CELLS)), Feedback(), method=method, buffer_m=45, slope_limit_deg=20, ratio=1)
    absent = cells.landslide == 0
    assert absent.sum() == len(CELLS)
    pairs = set(zip(cells.rows.tolist(), cells.cols.tolist()))
    assert len(pairs) == len(cells.rows), "no cell twice"
    assert (cells.rows < SIZE - 1).all(), "no cell without data"
    slides = np.array(CELLS)
    distance = 30 * np.hypot(*(np.stack([cells.rows, cells.cols], 1)[absent][:, None] - slides).transpose(2, 0, 1)).min(axis=1)
    assert distance.min() >= 45
    flat = cells.cols[absent & (cells.origin == "flat")]
    assert (flat < 20).all()
    assert len(flat) == {"random": 0, "flat": len(CELLS), "random_and_flat": len(CELLS) // 2}[method]


def test_the_seed_decides(stack, tmp_path):
    source = layer_of(tmp_path / "a.gpkg", points(CELLS))
    first, second, other = (draw(stack, source, Feedback(), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.rows, second.rows)
    np.testing.assert_array_equal(first.subset, second.subset)
    assert (first.rows != other.rows).any()


def test_too_few_candidates_are_told(stack, tmp_path):
    with pytest.raises(EngineError, match="qualify"):
        draw(stack, layer_of(tmp_path / "a.gpkg", points(CELLS)), Feedback(), buffer_m=5000)


def test_labels_in_words_and_two_points_in_a_cell(stack, tmp_path):
    labels = ["yes" if number % 2 else "no" for number in range(len(CELLS))]
    source = layer_of(tmp_path / "a.gpkg", points([*CELLS, CELLS[0]]), labels=[*labels, "no"])
    listener = Listener()
    cells = resolve_samples(stack, source, "label", 1, listener)
    assert len(cells.rows) == len(CELLS)
    assert cells.landslide.sum() == labels.count("yes")
    assert any("share a cell" in warning for warning in listener.warnings)
    odd = layer_of(tmp_path / "b.gpkg", points(CELLS), labels=["maybe"] * len(CELLS))
    with pytest.raises(EngineError, match="maybe"):
        resolve_samples(stack, odd, "label", 1)


def test_a_missing_label_is_no_absence(stack, tmp_path):
    labels = [None, *("yes" if number % 2 else "no" for number in range(1, len(CELLS)))]
    source = layer_of(tmp_path / "a.gpkg", points(CELLS), labels=labels)
    with pytest.raises(EngineError, match="holds 'NULL'"):
        resolve_samples(stack, source, "label", 1)


def test_blocks_and_folds_stay_whole(stack):
    rng = np.random.default_rng(0)
    rows, cols = rng.integers(0, SIZE, 400), rng.integers(0, SIZE, 400)
    labels = rng.integers(0, 2, 400)
    blocks = block_ids(rows, cols, stack.grid, 300.0)
    assert len(np.unique(blocks)) == 36
    taken = take_share(labels, 0.2, blocks, rng)
    assert not set(blocks[taken]) & set(blocks[~taken])
    fold = deal_folds(labels, 5, blocks, 1)
    for number in range(5):
        assert not set(blocks[fold == number]) & set(blocks[fold != number])
        assert 0.3 < labels[fold == number].mean() < 0.7
    held = validation_part(rows, cols, labels, "blocks", stack.grid, 1)
    assert 0.1 < held.mean() < 0.3
    with pytest.raises(EngineError, match="fewer folds"):
        deal_folds(np.array([0, 0, 0, 1, 1]), 3, None, 1)


def test_a_stack_in_degrees_is_refused(tmp_path):
    grid = Grid(reference(4326).ExportToWkt(), (50.0, 0.001, 0.0, 30.0, 0.0, -0.001), (9, 9))
    path = str(tmp_path / "degrees.tif")
    with StackWriter(path, grid, [Covariate("slope")]) as writer:
        writer.write("slope", Window(0, 0, 9, 9), np.ones((9, 9)))
    slides = layer_of(tmp_path / "slides.gpkg", ["POINT (50.003 29.995)"], 4326)
    with pytest.raises(EngineError, match="gdal:warpreproject"):
        draw(Stack.open(path), slides, Feedback())
