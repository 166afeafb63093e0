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
