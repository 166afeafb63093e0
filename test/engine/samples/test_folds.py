# SPDX-License-Identifier: GPL-2.0-or-later
import warnings

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Grid
from scarp.engine.samples.folds import BlockKFold, FoldWarning, KMeansKFold, TemporalSplit, merge_one_class_folds, validation_part
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
    with pytest.warns(FoldWarning, match="1 of 3 spatial folds"):
        fold = merge_one_class_folds(np.array([0, 0, 1, 1, 2, 2]), labels, xy)
    assert fold.tolist() == [0, 0, 0, 0, 1, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
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


def test_undated_landslides_are_left_out_and_told():
    dates = days("2001-01-01", "2009-01-01", "NaT", *["NaT"] * 6)
    with pytest.warns(FoldWarning, match="1 landslide cells have no date"):
        ((training, test),) = TemporalSplit(np.datetime64("2005-01-01")).split(None, np.repeat([1, 0], [3, 6]), dates)
    assert 2 not in np.r_[training, test]
    with pytest.raises(EngineError, match="one side of 1990"):
        list(TemporalSplit(np.datetime64("1990-01-01")).split(None, np.array([1, 1, 0]), days("2001-01-01", "2002-01-01", "NaT")))
    with pytest.raises(EngineError, match="None of the landslides"):
        list(TemporalSplit().split(None, np.array([1, 0]), days("NaT", "NaT")))


def test_members_validate_on_parts_of_their_own():
    grid = Grid("", (0.0, 30.0, 0.0, 0.0, 0.0, -30.0), (200, 200))
    rows, cols = (XY / 30).astype(int).T % 200
    parts = [validation_part(rows, cols, LABELS, "random", grid, 3, member) for member in range(6)]
    assert (np.sum(parts[:5], axis=0) == 1).all(), "five members' parts are all cells, each once"
    assert all(abs(LABELS[part].mean() - LABELS.mean()) < 0.02 for part in parts)
    assert (parts[5] != parts[0]).any()
    first, second = (validation_part(rows, cols, LABELS, "blocks", grid, 3, member) for member in (0, 1))
    assert (first != second).any()
    assert all(0.15 < part.mean() < 0.4 and len(np.unique(LABELS[part])) == 2 for part in (first, second))
    few = np.array([1, 1, 1, *[0] * 20])
    assert few[validation_part(np.arange(23), np.arange(23), few, "random", grid, 3, 1)].sum() == 1
