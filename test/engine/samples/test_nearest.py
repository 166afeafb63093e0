# SPDX-License-Identifier: GPL-2.0-or-later
"""Distances between map, landslides and folds by hand, and kNNDM folds that match them."""

import numpy as np
import pytest
from scarp.engine.reporting.distances import in_words
from scarp.engine.samples.cells import draw
from scarp.engine.samples.folds import FoldWarning, deal_folds, splits
from scarp.engine.samples.nearest import Distances, KnndmKFold, in_folds, is_clustered, knndm_folds, places_of
from scarp.models.covariate import Covariate
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.stats import wasserstein_distance

# Landslides A (two cells), B and C, on a line, and one absence in the midst of them.
LINE = np.array([[0.0, 0], [10, 0], [30, 0], [100, 0], [15, 0]])
LABELS = np.array([1, 1, 1, 1, 0])
UNITS = np.array([7, 7, 8, 9, 10])


def clustered(seed=1, clusters=6, of_each=20):
    """Landslides in a few places and absences anywhere, of a map of 10 km."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(1000, 9000, (clusters, 2))
    slides = np.repeat(centres, of_each, axis=0) + rng.normal(0, 150, (clusters * of_each, 2))
    xy = np.concatenate([slides, rng.uniform(0, 10_000, (200, 2))])
    return xy, np.repeat([1, 0], [len(slides), 200]), rng.uniform(0, 10_000, (600, 2))


def apart(xy, labels, units, fold, places):
    return wasserstein_distance(Distances.of(xy, labels, units, splits(fold), places).folds, to_map(xy, labels, places))


def to_map(xy, labels, places):
    return Distances.of(xy, labels, None, splits(np.arange(len(xy)) % 2), places).places


def test_distances_by_hand():
    """Of a landslide its own cells do not count; absences never do."""
    fold = np.array([0, 0, 1, 1, 1])
    found = Distances.of(LINE, LABELS, UNITS, splits(fold), np.array([[0.0, 3], [60, 0]]))
    assert found.samples.tolist() == [30, 20, 20, 70]
    assert sorted(found.folds.tolist()) == [20, 20, 30, 90]
    assert found.places.tolist() == [3, 30]
    assert found.folds.mean() / found.places.mean() == pytest.approx(40 / 16.5)


@pytest.mark.parametrize("landslides", [0, 1, 30, 99, 349, 842, 1500])
@pytest.mark.filterwarnings("error")
def test_whether_landslides_are_clustered_is_asked_without_a_word_of_scipy(landslides):
    """It said on stderr that an exact calculation was unsuccessful, or samples too small."""
    rng = np.random.default_rng(landslides)
    places = rng.exponential(100, 1000)
    assert is_clustered(np.append(rng.exponential(20, landslides), np.inf), places) is (landslides > 1)
    assert not is_clustered(rng.exponential(150, landslides), places)


def test_a_landslide_alone_has_no_other():
    found = Distances.of(LINE[:2], LABELS[:2], UNITS[:2], [(np.array([0]), np.array([1]))], LINE[:1])
    assert np.isinf(found.samples).all() and found.folds.tolist() == [10]


def test_clusters_of_the_size_of_a_fold_are_one_and_others_are_dealt_along_the_axis():
    """From south to north the clusters 0 (1 cell), 1 (6), 2 (1), 3 (2), 4 (2); 12 cells in two folds: 1 is a fold of its own."""
    centres = np.array([[0.0, 0], [0, 10], [0, 20], [0, 30], [1, 40]])
    assert in_folds(np.arange(5), centres, np.array([1, 6, 1, 2, 2]), 2).tolist() == [1, 0, 1, 1, 1]
    assert in_folds(np.arange(5), centres, np.array([1, 6, 1, 2, 2]), 3).tolist() == [1, 0, 2, 1, 2]
    assert in_folds(np.array([0, 0, 1, 1, 2]), centres, np.ones(5, int), 2)[[0, 2, 4]].tolist() == [0, 1, 0]


def test_a_clustered_inventory_is_tested_nearly_as_far_away_as_the_map_lies():
    xy, labels, places = clustered()
    found = knndm_folds(xy, labels, None, 5, places, 1)
    random = deal_folds(labels, 5, None, 1)
    assert sorted(np.unique(found)) == [0, 1, 2, 3, 4]
    assert all(len(np.unique(labels[found == number])) == 2 for number in range(5))
    assert apart(xy, labels, None, found, places) < 0.5 * apart(xy, labels, None, random, places)
    told = Distances.of(xy, labels, None, splits(found), places)
    assert told.folds.mean() > 4 * Distances.of(xy, labels, None, splits(random), places).folds.mean()
    assert np.bincount(found[labels == 1]).max() <= 60, "no fold holds more than half of the landslides"


def test_the_main_axis_is_that_of_cells_not_of_landslides():
    """The first eigenvector of their covariance: landslides of many cells turn it, and each still is dealt by its own place along it."""
    rng = np.random.default_rng(4)
    centres = rng.normal(0, 1000, (30, 2))
    cells = np.where(centres[:, 1] > 0, rng.integers(20, 40, 30), 1)  # so that the mean of landslides lies elsewhere than that of cells
    axis = np.linalg.eigh(np.cov(centres.T, fweights=cells))[1][:, 1]
    expected = np.empty(30, int)
    expected[np.argsort(centres @ axis * np.sign(axis[np.argmax(np.abs(axis))]))] = np.arange(30) % 3
    assert in_folds(np.arange(30), centres, cells, 3).tolist() == expected.tolist()
    # Two landslides of 1 and 5 cells are one cluster, whose middle is by cells: at 50, and so after another at 40.
    line = np.array([[0.0, 0], [60, 0], [40, 0], [100, 0], [200, 0], [300, 0]])
    assert in_folds(np.array([0, 0, 1, 2, 3, 4]), line, np.array([1, 5, 4, 6, 6, 6]), 2).tolist() == [1, 1, 0, 0, 1, 0]


def test_the_folds_are_the_best_that_a_tree_of_landslides_gives():
    """Forty landslides of 1 to 4 cells, all cuts of Ward's tree of their middles made again, distances taken one by one."""
    rng = np.random.default_rng(8)
    count = rng.integers(1, 5, 40)
    middle = np.repeat(rng.uniform(1000, 9000, (8, 2)), 5, axis=0) + rng.normal(0, 700, (40, 2))
    units = np.repeat(np.arange(40), count)
    slides = middle[units] + rng.normal(0, 30, (len(units), 2))
    xy = np.concatenate([slides, rng.uniform(0, 10_000, (90, 2))])
    labels, places = np.repeat([1, 0], [len(slides), 90]), rng.uniform(0, 10_000, (400, 2))
    all_units = np.r_[units, 40 + np.arange(90)]
    found = knndm_folds(xy, labels, all_units, 4, places, 1)[: len(slides)]

    def away(mine, others):
        return np.hypot(*(mine[:, None] - others[None]).transpose(2, 0, 1)).min(axis=1)

    centres = np.array([slides[units == number].mean(axis=0) for number in range(40)])
    tree, tried = linkage(centres, "ward"), {}
    for clusters in range(4, 39):
        fold = in_folds(fcluster(tree, clusters, "maxclust") - 1, centres, count, 4)[units]
        if np.bincount(fold, minlength=4).min() > 0 and np.bincount(fold).max() <= len(fold) / 2:
            apart_m = np.concatenate([away(slides[fold == each], slides[fold != each]) for each in range(4)])
            tried[clusters] = wasserstein_distance(apart_m, away(places, slides)), fold
    least, fold = min(tried.values(), key=lambda each: each[0])
    np.testing.assert_array_equal(found, fold)
    assert least < 0.9 * np.median([distance for distance, _ in tried.values()])


@pytest.mark.parametrize("folds", [3, 5])
def test_no_fold_holds_more_than_half_of_the_landslides(folds):
    """60 of 100 lie in one place: as a fold of their own they would be tested as far away as the map lies, by the other 40."""
    rng = np.random.default_rng(7)
    centres, of_each = rng.uniform(500, 9500, (5, 2)), [60, 10, 10, 10, 10]
    slides = np.repeat(centres, of_each, axis=0) + rng.normal(0, 300, (100, 2))
    xy, labels = np.concatenate([slides, rng.uniform(0, 10_000, (200, 2))]), np.repeat([1, 0], [100, 200])
    found = knndm_folds(xy, labels, None, folds, rng.uniform(0, 10_000, (600, 2)), 1)
    assert np.bincount(found[:100], minlength=folds).max() <= 50


@pytest.mark.parametrize("apart_m, clustered", [(10, True), (100, False), (1000, False)])
def test_only_landslides_that_lie_closer_than_the_map_are_clustered(apart_m, clustered):
    """Those of a regular grid lie farther from each other than the map from them, which is no cluster but the opposite."""
    assert is_clustered(np.linspace(0, apart_m, 30), np.linspace(0, 100, 30)) is clustered


def test_an_inventory_spread_over_the_map_is_dealt_at_random():
    rng = np.random.default_rng(3)
    xy, labels, places = rng.uniform(0, 10_000, (400, 2)), np.arange(400) % 2, rng.uniform(0, 10_000, (600, 2))
    np.testing.assert_array_equal(knndm_folds(xy, labels, None, 5, places, 1), deal_folds(labels, 5, None, 1))
    with pytest.warns(FoldWarning, match="kNNDM folds are dealt at random, and are random folds, since landslides lie spread"):
        list(KnndmKFold(5, places, random_state=1).split(xy, labels))
    # Landslides of two cells beside each other, and features of no landslide too, stay whole then.
    twice, units = np.repeat(xy, 2, axis=0) + np.tile([[0.0, 0], [20, 0]], (400, 1)), np.arange(800) // 2
    found = knndm_folds(twice, labels[units], units, 5, places, 1)
    np.testing.assert_array_equal(found, deal_folds(labels[units], 5, None, 1, units))
    assert (found[::2] == found[1::2]).all()


def test_landslides_stay_whole_and_absences_go_with_the_nearest():
    xy, labels, places = clustered()
    units = np.arange(len(xy))
    units[:120] = np.arange(120) // 3
    found = knndm_folds(xy, labels, units, 4, places, 1)
    assert all(len(np.unique(found[units == unit])) == 1 for unit in np.unique(units))
    slides = np.flatnonzero(labels == 1)
    nearest = [slides[np.hypot(*(xy[slides] - place).T).argmin()] for place in xy[labels == 0]]
    np.testing.assert_array_equal(found[labels == 0], found[nearest])


def test_cells_of_one_stable_polygon_stay_whole_too():
    """Wherever they lie: features that are labelled as no landslide have ids as landslides have."""
    xy, labels, places = clustered()
    units = np.arange(len(xy))
    units[120:] = 1000 + np.arange(200) // 4
    alone = knndm_folds(xy, labels, None, 4, places, 1)
    assert any(len(np.unique(alone[units == unit])) > 1 for unit in np.unique(units)), "else it would prove nothing"
    found = knndm_folds(xy, labels, units, 4, places, 1)
    assert all(len(np.unique(found[units == unit])) == 1 for unit in np.unique(units))


def test_many_landslides_are_joined_by_some_of_them(monkeypatch):
    xy, labels, places = clustered(clusters=8, of_each=50)
    whole = apart(xy, labels, None, knndm_folds(xy, labels, None, 5, places, 1), places)
    monkeypatch.setattr("scarp.engine.samples.nearest._JOINED", 60)
    fewer = knndm_folds(xy, labels, None, 5, places, 1)
    assert apart(xy, labels, None, fewer, places) < 2 * whole + 50
    np.testing.assert_array_equal(fewer, knndm_folds(xy, labels, None, 5, places, 1))
    others = [knndm_folds(xy, labels, None, 5, places, seed) for seed in range(2, 6)]
    assert any((each != fewer).any() for each in others), "another seed joins others of them"


def test_training_cells_within_the_exclusion_distance_are_left_out():
    xy, labels, places = clustered()
    for training, test in KnndmKFold(5, places, exclusion_m=300.0, random_state=1).split(xy, labels):
        assert np.hypot(*(xy[training][:, None] - xy[test][None]).transpose(2, 0, 1)).min() >= 300


def test_places_of_a_map_are_centres_of_valid_cells(stack):
    places = places_of(stack, 1)
    grid = stack.grid
    all_cells = {tuple(each) for each in grid.centres_m(*np.divmod(np.arange(grid.shape[0] * grid.shape[1]), grid.shape[1])).tolist()}
    assert 500 < len(places) <= 1000 and {tuple(each) for each in places.tolist()} <= all_cells
    assert len({tuple(each) for each in places.tolist()}) == len(places), "no cell twice"
    np.testing.assert_array_equal(places, places_of(stack, 1))


def test_places_are_drawn_from_windows_all_over_the_map(stack_of, monkeypatch):
    """Windows of 8 cells, the upper left quarter without data: places lie on all other windows, and another seed draws others."""
    monkeypatch.setattr("scarp.engine.samples.nearest._WINDOW_PX", 8)
    monkeypatch.setattr("scarp.engine.samples.nearest._PLACES", 150)
    slope = np.ones((40, 61))
    slope[:20, :30] = np.nan
    stack = stack_of([(Covariate("slope", unit="degree"), slope)])
    valid = {tuple(each) for each in stack.grid.centres_m(*np.nonzero(np.isfinite(slope))).tolist()}
    first, second = places_of(stack, 1), places_of(stack, 2)
    for places in (first, second):
        assert {tuple(each) for each in places.tolist()} <= valid and 60 < len(places) <= 150
        west, north = stack.grid.transform[0], stack.grid.transform[3]
        windows = {(int((north - y) // 35 // 8), int((x - west) // 20 // 8)) for x, y in places}
        assert len(windows) > 25, "of 40"
    assert {tuple(each) for each in first.tolist()} != {tuple(each) for each in second.tolist()}


def test_narrow_windows_at_the_edge_have_no_more_places_than_others(stack_of, monkeypatch):
    """Of 40 x 61 cells in windows of 20 the last column is one window of a cell's width: a 61st of the places lies there, not a quarter."""
    monkeypatch.setattr("scarp.engine.samples.nearest._WINDOW_PX", 20)
    stack = stack_of([(Covariate("slope", unit="degree"), np.ones((40, 61)))])
    cols = np.concatenate([(places_of(stack, seed)[:, 0] - stack.grid.transform[0]) // 20 for seed in range(10)]).astype(int)
    assert len(cols) == 10_000, "a thousand, as there are more"
    counts = np.bincount(cols, minlength=61)
    assert abs(counts - 10_000 / 61).max() < 5 * (10_000 / 61) ** 0.5


@pytest.mark.parametrize("test_m, words", [(79, "easier"), (81, "about as hard"), (124, "about as hard"), (126, "harder than most")])
def test_words_say_whether_the_test_is_as_hard_as_the_map(test_m, words):
    assert words in in_words(np.array([test_m]), np.array([100.0]), "spatial folds")


def test_sample_cells_are_dealt_so_too(stack, layer_of, points, listener):
    cells = [(row, col) for row in (3, 5, 7) for col in range(2, 14, 2)] + [(row, col) for row in (30, 32) for col in range(40, 56, 2)]
    found = draw(stack, layer_of("slides.gpkg", points(cells)), listener, split="knndm", folds=3, buffer_m=36.0, ratio=2.0)
    slide, test = found.landslide == 1, found.subset == "test"
    assert (slide & test).any() and sorted(np.unique(found.fold[~test])) == [0, 1, 2] and (found.fold[test] == -1).all()
    assert 0.05 < test.mean() < 0.3, "one fold of five"
    assert "(kNNDM)" in found.divided
    large = draw(stack, layer_of("again.gpkg", points(cells)), listener, split="knndm", folds=3, buffer_m=36.0, ratio=2.0, test_share=0.8)
    assert 0 < (large.subset == "test").mean() < 0.8, "two folds at least: the larger share there can be is about a half"
