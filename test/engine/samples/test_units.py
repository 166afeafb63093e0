# SPDX-License-Identifier: GPL-2.0-or-later
"""A landslide is one unit: whatever deals cells, the cells of one landslide stay together, by their ids."""

import numpy as np
import pytest
from listening import Listener
from osgeo import ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.samples.cells import SampleCells, draw, notice_divided, resolve_samples
from scarp.engine.samples.folds import (
    BlockKFold,
    KMeansKFold,
    TemporalSplit,
    block_ids,
    deal_folds,
    fewest_units,
    keep_whole,
    landslide_units,
    suggested_block_size,
    take_share,
    validation_part,
)
from scarp.models.covariate import Covariate

ROWS, COLS = 67, 94
GRID = Grid(reference_of(32639).ExportToWkt(), (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (ROWS, COLS))


def landslides():
    """Thirty landslides of 1 to 30 cells beside each other, then as many single absences as they have cells, in no order."""
    rng = np.random.default_rng(1)
    size = np.arange(1, 31)
    origin = np.repeat(np.arange(30), size)
    place = np.arange(origin.size) - np.repeat(size.cumsum() - size, size)
    corner_row, corner_col = np.divmod(rng.permutation(30), 6)
    rows = corner_row[origin] * 13 + place // 6 + 1
    cols = corner_col[origin] * 15 + place % 6 + 2
    free = rng.choice(np.setdiff1d(np.arange(ROWS * COLS), rows * COLS + cols), origin.size, replace=False)
    rows, cols = np.r_[rows, free // COLS], np.r_[cols, free % COLS]
    labels = np.repeat([1, 0], origin.size)
    names = np.r_[origin.astype(str), np.full(origin.size, "random")]
    order = rng.permutation(len(rows))
    return rows[order], cols[order], labels[order], names[order]


CELLS = landslides()
UNITS = landslide_units(*CELLS[2:])


def whole(part, units=UNITS):
    """Whether no unit has cells in two parts."""
    return all(len(np.unique(part[units == unit])) == 1 for unit in np.unique(units))


def test_units_are_landslides_and_single_absences():
    _, _, labels, origin = CELLS
    for unit in np.unique(UNITS):
        members = np.flatnonzero(unit == UNITS)
        if labels[members[0]]:
            assert len(set(origin[members])) == 1
            assert len(members) == int(origin[members[0]]) + 1
        else:
            assert len(members) == 1
    assert len(np.unique(UNITS)) == 30 + 465
    assert fewest_units(labels, UNITS) == 30
    assert fewest_units(labels, None) == 465
    named = landslide_units(np.array([0, 0, 1, 1]), np.array(["7", "7", "7", "8"]))
    assert len(set(named)) == 3 and named[0] == named[1], "a polygon of no landslide is one too, and none with the landslide of its name"


def test_some_of_the_cells_have_the_landslides_that_they_had():
    rows, cols, labels, origin = CELLS
    cells = SampleCells(rows, cols, labels, np.full(len(rows), "train"), np.zeros(len(rows), int), origin)
    few = cells.only(np.arange(len(rows))[::-2])
    assert few.origin.tolist() == origin[::-2].tolist()
    _, expected = np.unique(UNITS[::-2], return_inverse=True)
    _, found = np.unique(few.units, return_inverse=True)
    assert len(set(zip(expected.tolist(), found.tolist()))) == len(set(expected.tolist()))


def test_a_share_is_one_of_whole_landslides():
    labels = CELLS[2]
    for seed in range(6):
        taken = take_share(labels, 0.2, None, np.random.default_rng(seed), UNITS)
        assert whole(taken)
        assert taken[labels == 0].sum() == 93
        assert abs(taken[labels == 1].sum() - 93) <= 15, "half of the largest landslide at most"
    assert (take_share(labels, 0.2, None, np.random.default_rng(0), UNITS) != taken).any()
    two = np.repeat([0, 0, 1, 1], [5, 5, 9, 1])
    for seed in range(6):
        taken = take_share(two, 0.9, None, np.random.default_rng(seed), np.repeat([0, 1, 2, 3], [5, 5, 9, 1]))
        assert [len(set(two[part])) for part in (taken, ~taken)] == [2, 2], "one landslide at least is left on either side"


def test_folds_are_dealt_by_landslides_and_hold_as_many_cells():
    labels = CELLS[2]
    fold = deal_folds(labels, 5, None, 3, UNITS)
    assert whole(fold)
    assert np.ptp(np.bincount(fold[labels == 1])) <= 5
    assert np.bincount(fold[labels == 0]).tolist() == [93] * 5
    assert (deal_folds(labels, 5, None, 3, UNITS) == fold).all()
    assert (deal_folds(labels, 5, None, 4, UNITS) != fold).any()
    few = labels.copy()
    few[~np.isin(CELLS[3], ["27", "28", "29"])] = 0
    units = np.where(few == 1, UNITS, 10_000 + np.arange(len(few)))
    with pytest.raises(EngineError, match="5 folds need at least 5 landslides, since the cells of one are not divided; there are 3"):
        deal_folds(few, 5, None, 1, units)
    stable = np.where(few == 1, 10_000 + np.arange(len(few)), np.arange(len(few)) % 2)
    with pytest.raises(EngineError, match="5 folds need at least 5 features without landslides, .*; there are 2"):
        deal_folds(few, 5, None, 1, stable)


def test_points_are_dealt_as_ever():
    """Where every landslide is one cell nothing is passed on, so that results of points stay."""
    labels = CELLS[2]
    assert landslide_units(labels, np.arange(len(labels)).astype(str)) is None
    assert keep_whole(labels, None) is labels


def test_blocks_take_in_the_landslides_that_lie_mostly_in_them():
    rows, cols, labels, _ = CELLS
    blocks = block_ids(rows, cols, GRID, 250.0)
    assert not whole(blocks)
    kept = keep_whole(blocks, UNITS)
    assert whole(kept)
    for unit in np.unique(UNITS):
        counts = np.bincount(blocks[unit == UNITS])
        assert counts[kept[unit == UNITS][0]] == counts.max()
    fold = deal_folds(labels, 4, blocks, 1, UNITS)
    assert whole(fold) and whole(take_share(labels, 0.3, blocks, np.random.default_rng(1), UNITS))
    for block in np.unique(kept):
        assert len(set(fold[kept == block])) == 1


@pytest.mark.parametrize("method", ["random", "blocks"])
def test_no_landslide_both_trains_a_member_and_stops_it(method):
    rows, cols, labels, _ = CELLS
    parts = [validation_part(rows, cols, labels, method, GRID, 3, member, UNITS) for member in range(6)]
    assert all(whole(part) for part in parts)
    assert all(set(labels[part]) == {0, 1} == set(labels[~part]) for part in parts)
    if method == "random":
        assert (np.sum(parts[:5], axis=0) == 1).all(), "five members' parts are all cells, each once"


@pytest.mark.parametrize("splitter", [BlockKFold(4, 300.0, random_state=2), KMeansKFold(6, random_state=1), BlockKFold(3, 300.0, 60.0, 1)])
def test_spatial_folds_divide_no_landslide(splitter):
    rows, cols, labels, _ = CELLS
    xy = GRID.centres_m(rows, cols)
    divided = 0
    for training, test in splitter.split(xy, labels, UNITS):
        assert not set(UNITS[training]) & set(UNITS[test])
    for training, test in splitter.split(xy, labels):
        divided += len(set(UNITS[training]) & set(UNITS[test]))
    assert divided, "as they would be"


def test_a_landslide_goes_by_its_earliest_date():
    """Where cells of one landslide have several dates, as where a later one runs over it."""
    labels = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0])
    units = np.array([0, 0, 1, 1, 2, 3, 3, 4, 4])
    dates = np.array(["2001-01-01", "2009-01-01", "2008-01-01", "NaT", "2002-01-01", *["NaT"] * 4], "datetime64[D]")
    ((training, test),) = TemporalSplit(np.datetime64("2005-01-01"), random_state=1, units=units).split(None, labels, dates)
    assert sorted(training[labels[training] == 1]) == [0, 1, 4]
    assert sorted(test[labels[test] == 1]) == [2, 3]
    assert not set(units[training]) & set(units[test])
    assert set(labels[test]) == {0, 1} == set(labels[training])


@pytest.fixture
def stack(tmp_path):
    path = str(tmp_path / "stack.tif")
    rng = np.random.default_rng(4)
    with StackWriter(path, GRID, [Covariate("slope")]) as writer:
        writer.write("slope", Window(0, 0, ROWS, COLS), rng.normal(20, 5, (ROWS, COLS)))
    return Stack.open(path)


@pytest.fixture
def inventory(tmp_path):
    """Thirty rectangles of 1 × 1 to 5 × 5 cells, and four points."""
    path = str(tmp_path / "slides.gpkg")
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = dataset.CreateLayer("slides", GRID.spatial_reference, ogr.wkbUnknown)
    x, width, _, y, _, height = GRID.transform
    for number in range(34):
        row, col = 3 + number // 6 * 11, 3 + number % 6 * 15
        west, north = x + width * col, y + height * row
        if number >= 30:
            text = f"POINT ({west + 3} {north - 3})"
        else:
            east, south = west + width * (1 + number % 5), north + height * (1 + number // 7)
            text = f"POLYGON (({west} {north}, {east} {north}, {east} {south}, {west} {south}, {west} {north}))"
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(text))
        layer.CreateFeature(feature)
    return path


@pytest.mark.parametrize("split", ["random", "blocks"])
def test_sample_cells_keep_landslides_whole_and_their_ids(stack, inventory, tmp_path, split):
    cells = draw(stack, inventory, Feedback(), buffer_m=30.0, split=split, folds=3, seed=2, block_size_m=300.0)
    slides = cells.landslide == 1
    assert len(set(cells.origin[slides])) == 34
    assert slides.sum() == sum((1 + n % 5) * (1 + n // 7) for n in range(30)) + 4
    listener = Listener()
    cells.write(tmp_path / "cells.gpkg", GRID)
    again = resolve_samples(stack, str(tmp_path / "cells.gpkg"), "landslide", 1, listener)
    for found in (cells, again):
        units = found.units
        assert whole(found.subset, units) and whole(found.fold, units)
        assert set(found.subset) == {"train", "test"} and set(found.fold) == {-1, 0, 1, 2}
        for name in set(found.origin[found.landslide == 1]):
            assert len(set(units[(found.origin == name) & (found.landslide == 1)])) == 1
        assert len(set(units)) == 34 + int((found.landslide == 0).sum())
    assert not [text for text in listener.warnings if "partly" in text]
    cells.subset[np.flatnonzero(cells.origin == "26")[:2]] = "test"
    cells.subset[np.flatnonzero(cells.origin == "26")[2:]] = "train"
    cells.write(tmp_path / "divided.gpkg", GRID)
    notice_divided(resolve_samples(stack, str(tmp_path / "divided.gpkg"), "landslide", 1), listener)
    assert any("whose cells lie partly in training and partly in the test: 1. So" in text for text in listener.warnings)
    dataset = ogr.Open(str(tmp_path / "cells.gpkg"), 1)
    dataset.ExecuteSQL("UPDATE sample_cells SET origin = NULL")
    del dataset
    assert resolve_samples(stack, str(tmp_path / "cells.gpkg"), "landslide", 1).units is None, "without ids each cell is for itself"


def test_blocks_are_two_patches_wide_where_there_is_room(stack):
    """Cells of 25 × 35 m over 2,325 × 2,310 m: five cells are 175 m, a fifth of the extent 465 m."""
    rows, cols = np.divmod(np.random.default_rng(5).permutation(ROWS * COLS)[:500], COLS)
    rows[:2], cols[:2] = (0, 66), (0, 93)
    listener = Listener()
    assert suggested_block_size(stack, rows, cols, 1, 5, listener) == 350
    assert not listener.warnings
    assert suggested_block_size(stack, rows, cols, 1, 1, listener) == 175
    assert suggested_block_size(stack, rows, cols, 1, 15, listener) == pytest.approx(93 * 25 / 5)
    (told,) = listener.warnings
    assert "blocks are 465 m wide, narrower than two patches (1,050 m)" in told
