# SPDX-License-Identifier: GPL-2.0-or-later
import itertools

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.mapping.breaks import find_breaks


def counts_of(values):
    return np.histogram(values, 1024, (0, 1))[0]


@pytest.mark.parametrize(("seed", "classes"), [(0, 3), (1, 4), (2, 5), (3, 2)])
def test_natural_breaks_are_the_best_there_are(seed, classes):
    """Against every possible way to cut a few values, some of them many times there."""
    rng = np.random.default_rng(seed)
    values = np.sort(np.repeat(rng.choice(1024, 11, replace=False), rng.integers(1, 5, 11)) + 0.5) / 1024

    def within(breaks):
        parts = np.split(values, np.searchsorted(values, breaks))
        return sum(((part - part.mean()) ** 2).sum() for part in parts if len(part))

    distinct = np.unique(values)
    cuts = [(low + high) / 2 for low, high in zip(distinct, distinct[1:])]
    best = min(itertools.combinations(cuts, classes - 1), key=within)
    found = find_breaks(counts_of(values), "natural_breaks", classes)
    assert within(found) == pytest.approx(within(best))
    # A class ends with the bin of its highest value.
    assert found == [(np.floor(distinct[distinct < cut][-1] * 1024) + 1) / 1024 for cut in best]


def test_quantiles_end_with_the_bin_that_fills_them():
    counts = np.zeros(10, int)
    counts[[1, 3, 4, 8]] = 25, 25, 30, 20
    assert find_breaks(counts, "quantiles", 4) == pytest.approx([0.2, 0.4, 0.5])
    assert find_breaks(counts, "quantiles", 2) == pytest.approx([0.4])
    values = np.linspace(0.0005, 0.9995, 100_000) ** 2
    assert find_breaks(counts_of(values), "quantiles", 4) == pytest.approx([0.0625, 0.25, 0.5625], abs=2e-3)


@pytest.mark.parametrize("counts", [[0, 90, 5, 5], [5, 90, 5, 0], [5, 5, 90, 0]])
def test_quantiles_of_one_value_that_most_cells_share_are_refused(counts):
    with pytest.raises(EngineError, match="share one value for 3 classes"):
        find_breaks(np.array(counts), "quantiles", 3)
    with pytest.raises(EngineError, match="share one value for 2 classes"):
        find_breaks(np.array([5, 95, 0]), "quantiles", 2)


def test_equal_intervals_divide_the_values_that_there_are():
    counts = np.zeros(10, int)
    counts[[2, 5, 7]] = 1
    assert find_breaks(counts, "equal_intervals", 3) == pytest.approx([0.4, 0.6])  # of 0.2 to 0.8
    assert find_breaks(np.ones(1024, int), "equal_intervals", 5) == pytest.approx([0.2, 0.4, 0.6, 0.8])


@pytest.mark.parametrize("breaks", [[0.5, 0.2], [0.2, 0.2], [0.0, 0.5], [0.5, 1.0], [-0.1, 0.5], [0.5, 1.5], [], None])
def test_manual_breaks_rise_between_0_and_1(breaks):
    with pytest.raises(EngineError, match="must rise and lie between 0 and 1"):
        find_breaks(np.ones(4), "manual", 3, breaks)


@pytest.mark.parametrize(("method", "label"), [("natural_breaks", "Natural breaks"), ("quantiles", "Quantiles")])
def test_breaks_with_another_method_are_refused(method, label):
    with pytest.raises(EngineError, match=rf"Breaks are given \(0.2, 0.4\), and the method is “{label} .*choose “Manual breaks”"):
        find_breaks(np.ones(1024), method, 3, [0.2, 0.4])


def test_manual_breaks_are_taken_as_they_are():
    assert find_breaks(np.ones(4), "manual", 5, [0.001, 0.25, 0.999]) == [0.001, 0.25, 0.999]


@pytest.mark.parametrize("method", ["natural_breaks", "quantiles", "equal_intervals"])
def test_one_value_everywhere_is_told(method):
    with pytest.raises(EngineError, match=r"the same susceptibility everywhere, 0.625 \(to 0.001\).*choose “Manual breaks”"):
        find_breaks(np.array([0, 0, 7, 0]), method, 3)


@pytest.mark.parametrize("method", ["natural_breaks", "quantiles", "equal_intervals"])
def test_too_few_values_are_named(method):
    counts = np.array([0, 4, 0, 3])
    with pytest.raises(EngineError, match=r"only 2 different values of susceptibility .* too few for 3 classes"):
        find_breaks(counts, method, 3)
    assert len(find_breaks(counts, method, 2)) == 1


def test_geometric_intervals_grow_by_one_factor():
    counts = counts_of(np.linspace(0.0005, 0.9995, 100_000) ** 3)
    breaks = find_breaks(counts, "geometric", 4)
    widths = np.diff([0.0, *breaks, 1023 / 1024])  # the last bin that holds something
    assert widths[1:] / widths[:-1] == pytest.approx([widths[1] / widths[0]] * 3)
    assert widths[1] / widths[0] > 1.5

    def squares(ends):
        return (np.histogram(np.linspace(0.0005, 0.9995, 100_000) ** 3, [0, *ends, 1])[0] ** 2.0).sum()

    assert squares(breaks) < squares([0.25, 0.5, 0.75])
    assert find_breaks(np.full(1024, 7), "geometric", 4) == pytest.approx([0.25, 0.5, 0.75])


def test_standard_deviations_around_the_mean():
    values = np.clip(np.random.default_rng(1).normal(0.5, 0.1, 100_000), 0, 1)
    assert find_breaks(counts_of(values), "standard_deviation", 5) == pytest.approx([0.35, 0.45, 0.55, 0.65], abs=2e-3)
    assert find_breaks(counts_of(values), "standard_deviation", 4) == pytest.approx([0.4, 0.5, 0.6], abs=2e-3)
    # Where whole ones would leave classes empty, a part of one.
    assert find_breaks(counts_of(np.linspace(0, 1, 10_001)), "standard_deviation", 5) == pytest.approx(
        0.5 + np.array([-1.5, -0.5, 0.5, 1.5]) / 12**0.5, abs=2e-3
    )
    # Most maps are skewed: the breaks begin above the mean where there is nothing so far below it.
    skewed = np.random.default_rng(2).beta(0.3, 4, 100_000)
    mean, deviation = skewed.mean(), skewed.std()
    found = find_breaks(counts_of(skewed), "standard_deviation", 5)
    assert found == pytest.approx(mean + deviation * np.array([-0.5, 0.5, 1.5, 2.5]), abs=2e-3)
    # Where there is nothing at the mean and as much below as above it, they go up.
    forked = np.repeat([0.01, 0.2, 0.8, 0.99], [1, 50, 50, 1])
    found = find_breaks(counts_of(forked), "standard_deviation", 3)
    assert found == pytest.approx(0.5 + forked.std() * np.array([0.5, 1.5]), abs=2e-3)
    with pytest.raises(EngineError, match="some of 4 classes would be empty"):
        find_breaks(counts_of(np.repeat([0.1, 0.101, 0.102, 0.9], 100)), "standard_deviation", 4)


def test_shares_of_landslides_by_hand():
    """Ten landslides in ten bins, from the highest down: half, three tenths, two tenths."""
    counts, slides = np.full(10, 100), np.array([0, 0, 1, 1, 1, 1, 1, 1, 2, 2])
    assert find_breaks(counts, "landslide_shares", 3, slides=slides, shares=[50, 30, 20]) == pytest.approx([0.4, 0.7])
    assert find_breaks(counts, "landslide_shares", 2, slides=slides) == pytest.approx([0.7])
    for shares, said in (([50, 30], "3 numbers above 0 that make 100"), ([50, 30, 30], "that make 100"), ([1, 1, 98], "too few different")):
        with pytest.raises(EngineError, match=said):
            find_breaks(counts, "landslide_shares", 3, slides=slides, shares=shares)
    with pytest.raises(EngineError, match="needs landslides"):
        find_breaks(counts, "landslide_shares", 3)


@pytest.mark.parametrize(("seed", "classes"), [(0, 2), (1, 3), (2, 4)])
def test_no_other_breaks_keep_more_of_the_rate(seed, classes):
    rng = np.random.default_rng(seed)
    counts, slides = rng.integers(1, 50, 12), rng.integers(0, 6, 12)

    def rightly(ends):
        parts = np.split(np.arange(12), ends)
        below = np.cumsum([0, *(counts[part].sum() for part in parts)])
        return sum(slides[part].sum() * (low + high) / 2 for part, low, high in zip(parts, below, below[1:]))

    best = max(itertools.combinations(range(1, 12), classes - 1), key=rightly)
    found = find_breaks(counts, "best_rate", classes, slides=slides)
    assert rightly([round(each * 12) for each in found]) == rightly(best)
