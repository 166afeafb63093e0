# SPDX-License-Identifier: GPL-2.0-or-later
import warnings

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.samples.folds import (
    BlockKFold,
    FoldWarning,
    KMeansKFold,
    TemporalSplit,
    block_ids,
    deal_folds,
    merge_one_class_folds,
    suggested_block_size,
    take_share,
    validation_part,
)
from scarp.models.covariate import Covariate
from scipy.spatial.distance import cdist
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

RNG = np.random.default_rng(0)
XY = RNG.uniform(0, 10_000, (400, 2))
LABELS = RNG.integers(0, 2, 400)
SPLITTERS = (BlockKFold(5, 1000.0, random_state=3), KMeansKFold(5, random_state=3))


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_every_cell_is_tested_once_and_never_trains_itself(splitter):
    tested = []
    for training, test in splitter.split(XY, LABELS):
        assert not set(training) & set(test) and len(training) + len(test) == 400
        assert len(np.unique(LABELS[test])) == 2
        tested += list(test)
    assert sorted(tested) == list(range(400))


@pytest.mark.parametrize("splitter", SPLITTERS)
def test_the_seed_decides(splitter):
    first, second = ([test.tolist() for _, test in splitter.split(XY, LABELS)] for _ in range(2))
    assert first == second
    other = type(splitter)(random_state=4)
    assert [test.tolist() for _, test in other.split(XY, LABELS)] != first


def test_blocks_stay_whole():
    origin = XY.min(axis=0) - np.random.default_rng(3).uniform(0, 1000.0, 2)
    blocks = [tuple(each) for each in np.floor((XY - origin) / 1000.0)]
    for training, test in SPLITTERS[0].split(XY, LABELS):
        assert not {blocks[i] for i in training} & {blocks[i] for i in test}


def test_kmeans_folds_lie_together():
    within = [cdist(XY[test], XY[test]).mean() for _, test in SPLITTERS[1].split(XY, LABELS)]
    assert max(within) < 0.6 * cdist(XY, XY).mean()


@pytest.mark.parametrize("splitter", [BlockKFold(5, 1000.0, exclusion_m=500.0), KMeansKFold(5, exclusion_m=500.0)])
def test_the_exclusion_distance_is_kept(splitter):
    for training, test in splitter.split(XY, LABELS):
        distance = cdist(XY[training], XY[test])
        assert distance.min() >= 500
        left_out = np.setdiff1d(np.arange(400), np.r_[training, test])
        assert len(left_out) and cdist(XY[left_out], XY[test]).min(axis=1).max() < 500


def test_cells_just_as_far_as_the_exclusion_distance_train():
    """Two places of four columns 30 m apart: of the other place those 90 m away train, and those 60 m away do not."""
    xy = np.stack([np.r_[0:120:30, 150:270:30].repeat(2), np.tile([0, 30], 8)], axis=1).astype(float)
    for training, test in KMeansKFold(2, exclusion_m=90.0).split(xy, np.tile([0, 1], 8)):
        assert len(test) == 8 and cdist(xy[training], xy[test]).min() == 90.0


def test_too_large_an_exclusion_distance_is_told():
    with pytest.raises(EngineError, match="20000 m"):
        list(KMeansKFold(5, exclusion_m=20_000.0).split(XY, LABELS))


def test_they_work_in_scikit_learn():
    perfect = cross_val_score(
        LogisticRegression(), np.c_[XY[:, :1], LABELS], LABELS, cv=list(SPLITTERS[1].split(XY, LABELS)), scoring="roc_auc"
    )
    assert len(perfect) == 5 and perfect.min() == 1.0


def test_a_fold_with_one_class_joins_its_neighbour():
    xy = np.array([[0, 0], [0, 1], [10, 0], [10, 1], [30, 0], [30, 1]], float)
    labels = np.array([1, 0, 1, 1, 1, 0])
    fold = merge_one_class_folds(np.array([0, 0, 1, 1, 2, 2]), labels, xy)
    assert fold.tolist() == [0, 0, 0, 0, 1, 1]
    with pytest.warns(FoldWarning, match="1 of 3 spatial folds"):
        assert len(list(KMeansKFold(3).split(xy, labels))) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(np.unique(KMeansKFold(3).dealt(xy, labels, None))) == 2
        assert merge_one_class_folds(np.array([5, 5, 5, 5, 2, 2]), labels, xy).tolist() == [1, 1, 1, 1, 0, 0]


def test_classes_that_lie_apart_are_told():
    with pytest.raises(EngineError, match="no two spatial folds"):
        merge_one_class_folds(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]), np.array([[0, 0], [1, 0], [90, 0], [91, 0]], float))


def days(*texts):
    return np.array(texts, "datetime64[D]")


def test_landslides_before_a_date_train_and_those_after_test():
    dates = days("2001-01-01", "2003-01-01", "2005-01-01", "2007-01-01", "2009-01-01", *["NaT"] * 10)
    labels = np.repeat([1, 0], [5, 10])
    ((training, test),) = TemporalSplit(np.datetime64("2007-01-01"), random_state=1).split(None, labels, dates)
    assert training[labels[training] == 1].tolist() == [0, 1, 2] and test[labels[test] == 1].tolist() == [3, 4]
    assert (labels[test] == 0).sum() == 4, "absences follow the landslides' share of 2/5"
    ((training, test),) = TemporalSplit(test_share=0.2).split(None, labels, dates)
    assert test[labels[test] == 1].tolist() == [4]


def test_a_landslide_of_an_open_date_is_left_out_and_told():
    """2014 may be before May or after; before 1998 is before, and June 2014 after."""
    spans = np.array(
        [["2014-01-01", "2014-12-31"], ["0001-01-01", "1997-12-31"], ["2014-06-01", "2014-06-30"], *[["NaT", "NaT"]] * 6], "datetime64[D]"
    )
    with pytest.warns(FoldWarning, match="Landslide cells that are left out, .* is not known: 1 .2014-01-01 to 2014-12-31, say"):
        ((training, test),) = TemporalSplit(np.datetime64("2014-05-01")).split(None, np.repeat([1, 0], [3, 6]), spans)
    assert training[training < 3].tolist() == [1] and test[test < 3].tolist() == [2]
    assert len(training) == len(test) == 4, "absences follow the share of a half"
    with pytest.raises(EngineError, match="lie on one side of 1990-01-01 .until 2014-12-31"):
        list(TemporalSplit(np.datetime64("1990-01-01")).split(None, np.repeat([1, 0], [3, 6]), spans[[0, 0, 1, *range(3, 9)]]))


def test_undated_landslides_are_left_out_and_told():
    dates = days("2001-01-01", "2009-01-01", "NaT", *["NaT"] * 6)
    with pytest.warns(FoldWarning, match="Landslide cells without a date, which are left out: 1."):
        ((training, test),) = TemporalSplit(np.datetime64("2005-01-01")).split(None, np.repeat([1, 0], [3, 6]), dates)
    assert 2 not in np.r_[training, test]
    with pytest.raises(EngineError, match="one side of 1990"):
        list(TemporalSplit(np.datetime64("1990-01-01")).split(None, np.array([1, 1, 0]), days("2001-01-01", "2002-01-01", "NaT")))
    with pytest.raises(EngineError, match="None of the landslides"):
        list(TemporalSplit().split(None, np.array([1, 0]), days("NaT", "NaT")))


def test_a_part_is_late_by_date_alone():
    """Landslides of the very day test; absences follow at random, their share rounded."""
    dates = days("2001-01-01", "2003-01-01", "2005-01-01", *["NaT"] * 9)
    labels = np.repeat([1, 0], [3, 9])
    ((training, test),) = TemporalSplit(np.datetime64("2005-01-01"), random_state=1).split(None, labels, dates)
    assert test[labels[test] == 1].tolist() == [2] and (labels[test] == 0).sum() == 3
    ((_, other),) = TemporalSplit(np.datetime64("2005-01-01"), random_state=2).split(None, labels, dates)
    assert other.tolist() != test.tolist()
    assert sorted([*training, *test]) == list(range(12))


def test_the_last_fifth_tests_where_no_date_is_given():
    dates = np.datetime64("2000-01-01") + np.arange(20)
    ((training, test),) = TemporalSplit().split(None, np.ones(20, int), dates)
    assert test.tolist() == [16, 17, 18, 19]
    ((training, test),) = TemporalSplit(test_share=0.5).split(None, np.ones(20, int), dates)
    assert test.tolist() == list(range(10, 20))


def test_blocks_are_square_on_the_ground(grid):
    """100 m are 3 rows of 35 m and 5 columns of 20 m, and 13 blocks lie beside each other."""
    rows, cols = (each.ravel() for each in np.indices(grid.shape))
    np.testing.assert_array_equal(block_ids(rows, cols, grid, 100.0), rows // 3 * 13 + cols // 5)
    assert len(np.unique(block_ids(rows, cols, grid, 1.0))) == rows.size, "a block has one cell at least"


def practical_range(values, x, y, extent):
    """The lag, of 20 up to half the extent, where half the mean squared difference first reaches 95 % of the variance."""
    lags = [[] for _ in range(20)]
    for i in range(len(values)):
        for j in range(i):
            lag = int(np.hypot(x[i] - x[j], y[i] - y[j]) / (extent / 2) * 20)
            if lag < 20:
                lags[lag].append(0.5 * (values[i] - values[j]) ** 2)
    reached = [number for number, lag in enumerate(lags) if lag and np.mean(lag) >= 0.95 * np.var(values)]
    return (reached[0] + 0.5) * extent / 40 if reached else extent / 2


def wavy(grid, length_m, seed=1):
    """A smooth random field, whose values are alike over about `length_m`, (rows, cols)."""
    rng = np.random.default_rng(seed)
    x, y = grid.centres_m(*(each.ravel() for each in np.indices(grid.shape))).T
    waves = rng.normal(0, 1 / length_m, (60, 2)), rng.uniform(0, 2 * np.pi, 60)
    return np.cos(np.stack([x, y], 1) @ waves[0].T + waves[1]).sum(axis=1).reshape(grid.shape)


def test_blocks_are_as_wide_as_the_practical_range(stack_of, grid):
    bands = {name: wavy(grid, length, seed) for seed, (name, length) in enumerate({"a": 40.0, "b": 70.0, "c": 120.0}.items())}
    stack = stack_of([(Covariate(name), values) for name, values in bands.items()])
    rng = np.random.default_rng(3)
    rows, cols = rng.integers(0, 40, 300), rng.integers(0, 61, 300)
    x, y = 20.0 * cols, 35.0 * rows
    extent = max(np.ptp(x), np.ptp(y))
    ranges = [practical_range(values.astype(np.float32)[rows, cols].astype(float), x, y, extent) for values in bands.values()]
    assert len(set(ranges)) == 3 and 175 < np.median(ranges) < extent / 5
    assert suggested_block_size(stack, rows, cols, 1) == pytest.approx(np.median(ranges))


def test_blocks_do_not_hang_on_the_seed(stack_of, grid):
    """Some covariates vary over short ways and some over long ones, so that the median is the last of those or the first of these."""
    lengths = (30.0, 40.0, 50.0, 60.0, 90.0, 110.0, 130.0)
    stack = stack_of([(Covariate(f"c{number}"), wavy(grid, length, number)) for number, length in enumerate(lengths)])
    rows, cols = np.random.default_rng(6).permutation(np.indices(grid.shape).reshape(2, -1), axis=1)[:, :1900]
    assert len({suggested_block_size(stack, rows, cols, seed) for seed in range(12)}) == 1


def test_blocks_go_by_cells_of_both_kinds(stack_of, grid):
    """Landslides come first among the cells, and more than are looked at: where they lie alone nothing varies."""
    values = np.random.default_rng(8).normal(size=grid.shape)
    values[:20] = 0.0
    stack = stack_of([(Covariate("a"), values)])
    rows, cols = np.divmod(np.arange(40 * 61), 61)
    few = rows < 20
    first, all_of_them = np.repeat(np.flatnonzero(few), 3), np.flatnonzero(~few)
    order = np.r_[first, all_of_them]
    size = suggested_block_size(stack, rows[order], cols[order], 1)
    assert len(first) > 2000 and size == suggested_block_size(stack, rows[order[::-1]], cols[order[::-1]], 1)


def test_blocks_are_neither_too_small_nor_too_few(stack_of, grid):
    rng = np.random.default_rng(4)
    rows, cols = rng.integers(0, 40, 300), rng.integers(0, 61, 300)
    noise = stack_of([(Covariate("a"), rng.normal(size=grid.shape))], name="noise.tif")
    assert suggested_block_size(noise, rows, cols, 1) == 5 * 35, "five cells"
    trend = stack_of([(Covariate("a"), np.indices(grid.shape).sum(axis=0))], name="trend.tif")
    assert suggested_block_size(trend, rows, cols, 1) == pytest.approx(max(20 * np.ptp(cols), 35 * np.ptp(rows)) / 5)


def test_classes_have_a_range_too(stack_of, grid):
    """Categorical covariates alone: cells count as different by one where their classes differ."""
    rng = np.random.default_rng(5)
    rows, cols = rng.integers(0, 40, 300), rng.integers(0, 61, 300)
    codes = np.digitize(wavy(grid, 60.0), [-4, 4]) + 1.0
    stack = stack_of([(Covariate("geology", "categorical"), codes), (Covariate("aspect", "circular"), 90)])
    x, y, here = 20.0 * cols, 35.0 * rows, codes[rows, cols]
    extent = max(np.ptp(x), np.ptp(y))
    lag = (np.hypot(x[:, None] - x, y[:, None] - y) / extent * 40).astype(int)
    pairs = np.tril(np.ones_like(lag), -1) > 0
    differ = 0.5 * (here[:, None] != here)
    sill = 0.5 * (1 - sum((here == code).mean() ** 2 for code in (1, 2, 3)))
    reached = [number for number in range(20) if differ[pairs & (lag == number)].mean() >= 0.95 * sill]
    assert suggested_block_size(stack, rows, cols, 1) == pytest.approx(np.clip((reached[0] + 0.5) * extent / 40, 175, extent / 5))
    constant = stack_of([(Covariate("geology", "categorical"), 1)], name="constant.tif")
    assert suggested_block_size(constant, rows, cols, 1) == 5 * 35


def test_a_share_is_taken_of_each_class():
    labels = np.repeat([0, 1], [30, 12])
    rng = np.random.default_rng(1)
    for share, counts in ((0.2, [6, 2]), (0.5, [15, 6]), (0.01, [1, 1]), (0.0, [0, 0])):
        taken = take_share(labels, share, None, rng)
        assert [(taken & (labels == label)).sum() for label in (0, 1)] == counts
    assert take_share(labels, 0.2, None, rng).tolist() != take_share(labels, 0.2, None, rng).tolist()


def test_groups_are_taken_until_the_share_is_reached_with_both_classes():
    groups, labels = np.repeat(np.arange(10), 10), np.tile([0, 1], 50)
    taken = take_share(labels, 0.25, groups, np.random.default_rng(1))
    assert taken.sum() == 30 and len(np.unique(groups[taken])) == 3
    assert take_share(labels, 0.3, groups, np.random.default_rng(1)).sum() == 30, "no more than is needed"
    alone = np.where(groups == 7, 1, np.where(groups == 8, 1, 0))
    taken = take_share(alone, 0.1, groups, np.random.default_rng(1))
    assert len(np.unique(alone[taken])) == 2 and len(np.unique(alone[~taken])) == 2
    with pytest.raises(EngineError, match="10 spatial blocks, too few"):
        take_share(np.where(groups == 7, 1, 0), 0.1, groups, np.random.default_rng(1))


def test_folds_are_dealt_in_like_shares_or_whole_groups():
    labels = np.repeat([0, 1], [50, 23])
    fold = deal_folds(labels, 4, None, 1)
    assert all(np.ptp(np.bincount(fold[labels == label], minlength=4)) <= 1 for label in (0, 1))
    assert (deal_folds(labels, 4, None, 1) == fold).all() and (deal_folds(labels, 4, None, 2) != fold).any()
    groups = np.arange(73) // 5
    by_group = deal_folds(np.tile([0, 1], 37)[:73], 3, groups, 1)
    assert all(len(np.unique(by_group[groups == group])) == 1 for group in np.unique(groups)) and set(by_group) == {0, 1, 2}
    with pytest.raises(EngineError, match="24 folds need at least 24 cells of each class; the smaller class has 23"):
        deal_folds(labels, 24, None, 1)
    with pytest.raises(EngineError, match="5 folds need at least 5 spatial blocks; there are 4"):
        deal_folds(labels, 5, np.arange(73) % 4, 1)


def test_members_validate_on_parts_of_their_own(grid):
    rng = np.random.default_rng(0)
    rows, cols = rng.integers(0, 40, 400), rng.integers(0, 61, 400)
    parts = [validation_part(rows, cols, LABELS, "random", grid, 3, member) for member in range(6)]
    assert (np.sum(parts[:5], axis=0) == 1).all(), "five members' parts are all cells, each once"
    assert all(abs(LABELS[part].mean() - LABELS.mean()) < 0.02 for part in parts)
    assert (parts[5] != parts[0]).any()
    few = np.array([1, 1, 1, *[0] * 20])
    assert few[validation_part(np.arange(23), np.arange(23), few, "random", grid, 3, 1)].sum() == 1
    single = np.array([1, *[0] * 22])
    with pytest.raises(EngineError, match="2 folds need"):
        validation_part(np.arange(23), np.arange(23), single, "random", grid, 3)


def test_validation_in_blocks_keeps_them_whole(grid):
    """The cells reach over 39 rows of 35 m and 60 columns of 20 m: blocks of an eighth of 1365 m are 5 rows and 9 columns."""
    rng = np.random.default_rng(0)
    rows, cols = rng.integers(0, 40, 400), rng.integers(0, 61, 400)
    rows[:2], cols[:2] = (0, 39), (0, 60)
    blocks = rows // 5 * 100 + cols // 9
    first, second = (validation_part(rows, cols, LABELS, "blocks", grid, 3, member) for member in (0, 1))
    assert (first != second).any()
    for part in (first, second):
        assert not set(blocks[part]) & set(blocks[~part])
        assert 0.2 <= part.mean() < 0.3 and len(np.unique(LABELS[part])) == 2


@pytest.mark.parametrize(("reach", "block"), [((39, 3), (5, 9)), ((3, 60), (4, 8))])
def test_blocks_of_validation_follow_the_longer_side(grid, reach, block):
    """39 rows of 35 m are 1365 m, 60 columns of 20 m 1200 m; an eighth of either is rounded to whole cells."""
    rng = np.random.default_rng(0)
    rows, cols = (rng.integers(0, side + 1, 400) for side in reach)
    rows[:2], cols[:2] = (0, reach[0]), (0, reach[1])
    part = validation_part(rows, cols, LABELS, "blocks", grid, 3)
    blocks = rows // block[0] * 100 + cols // block[1]
    assert not set(blocks[part]) & set(blocks[~part])
