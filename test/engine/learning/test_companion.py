# SPDX-License-Identifier: GPL-2.0-or-later
"""The trees beside a network: grown on training cells alone, their share chosen on cells that neither has seen, landslides whole."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scarp.engine.files.grid import Grid
from scarp.engine.learning import companion, fitting
from scarp.engine.learning.companion import HALF, choose_share
from scarp.engine.learning.fitting import Examples, fit, susceptibility
from scarp.models.covariate import Covariate
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from scarp.models.trees import grow

TINY = Recipe(patch_size=5, filters=2, hidden_layers=1, units=8, members=2, epochs=2, batch_size=16)


@pytest.fixture(scope="module")
def examples():
    """Landslides of four cells each, and as many single absences."""
    rng = np.random.default_rng(3)
    count = 120
    patches = rng.normal(20, 8, (count, 5, 5, 2)).astype(np.float32)
    labels = np.repeat([1, 0], count // 2)
    patches[labels == 1, 2, 2, 0] += 8
    units = np.concatenate([np.arange(60) // 4, 15 + np.arange(60)])
    rows, cols = np.divmod(np.arange(count), 12)
    grid = Grid("", (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (10, 12))
    return Examples(Patches.of(patches), (Covariate("slope"), Covariate("altitude")), labels, rows, cols, grid, units)


def said(labels, strength, seed):
    return np.clip(0.5 + strength * (labels - 0.5) + np.random.default_rng(seed).normal(0, 0.2, len(labels)), 0, 1)


def test_the_better_counts_more_where_cells_can_tell():
    labels = np.arange(3000) % 2
    assert choose_share(labels, said(labels, 0.6, 1), said(labels, 0.0, 2)) == 1.0
    assert choose_share(labels, said(labels, 0.0, 1), said(labels, 0.6, 2)) == 0.0
    assert choose_share(labels, said(labels, 0.4, 1), said(labels, 0.4, 2)) == HALF
    assert choose_share(labels, said(labels, 0.45, 1), said(labels, 0.2, 2)) == 0.75


def test_each_quarter_may_be_the_best():
    """Beside a network of so much strength trees of so much more: the one counts as much less."""
    labels = np.arange(3000) % 2
    assert choose_share(labels, said(labels, 0.2, 1), said(labels, 0.45, 2)) == 0.25
    assert choose_share(labels, said(labels, 0.45, 1), said(labels, 0.2, 2)) == 0.75


@pytest.mark.parametrize(("p", "share"), [(0.0124, 1.0), (0.0126, HALF), (0.04, HALF)])
def test_the_level_is_divided_by_the_shares_that_were_tried(monkeypatch, p, share):
    labels = np.arange(3000) % 2
    monkeypatch.setattr(companion.metrics, "delong_test", lambda *_: SimpleNamespace(p_value=p))
    assert choose_share(labels, said(labels, 0.6, 1), said(labels, 0.0, 2)) == share


def test_cells_of_a_landslide_have_one_voice():
    """Ten landslides of 300 cells each, on which the network is right throughout, tell no more than ten cells do."""
    labels = np.repeat(np.arange(20) % 2, 300)
    units = np.repeat(np.arange(20), 300)
    network, trees = said(labels, 0.3, 1), said(labels, 0.0, 2)
    assert choose_share(labels, network, trees) == 1.0
    # What each says of all cells of a landslide is the same: twenty voices cannot tell, where 6,000 seem to.
    sure, unsure = (np.repeat(said(np.arange(20) % 2, *how), 300) for how in ((0.4, 2), (0.0, 22)))
    assert choose_share(labels, sure, unsure, units) == HALF
    assert choose_share(labels, sure, unsure) == 1.0
    one_by_one = np.random.default_rng(4).permutation(len(labels))
    assert choose_share(labels, network, trees, one_by_one) == 1.0


def test_many_landslides_of_several_cells_can_tell():
    """What is said of a landslide is the mean of its cells, and a landslide is one however many they are."""
    labels, units = np.repeat(np.arange(1500) % 2, 2), np.repeat(np.arange(1500), 2)
    assert choose_share(labels, said(labels, 0.6, 1), said(labels, 0.0, 2), units) == 1.0
    assert choose_share(labels, said(labels, 0.0, 1), said(labels, 0.6, 2), units) == 0.0


def test_few_cells_choose_one_half():
    """Twenty cells on which the network happens to be right always and the trees are no better than chance."""
    labels = np.arange(20) % 2
    assert choose_share(labels, said(labels, 0.5, 1), said(labels, 0.3, 2)) == HALF
    assert choose_share(np.ones(9), np.ones(9), np.ones(9)) == HALF


def test_the_share_is_chosen_on_cells_that_neither_has_seen_landslides_whole(examples, monkeypatch):
    grown, asked = [], []

    def recorded_grow(encoded, labels, seed, counts=None):
        grown.append((encoded, labels))
        return grow(encoded, labels, seed, counts)

    def recorded_share(labels, network, trees, units):
        asked.append((labels, network, trees, units))
        return 0.25

    parts = []
    true_part = fitting.validation_part

    def recorded_part(*arguments):
        parts.append(true_part(*arguments))
        return parts[-1]

    monkeypatch.setattr(fitting, "grow", recorded_grow)
    monkeypatch.setattr(fitting, "choose_share", recorded_share)
    monkeypatch.setattr(fitting, "validation_part", recorded_part)
    model, _ = fit(examples, TINY, 1)
    ((labels, network, trees, units),) = asked
    np.testing.assert_array_equal(units, np.concatenate([examples.units[held] for held in parts]))
    own = model.encoder.encode(examples.patches.centres())
    assert len(grown) == 3
    for (encoded, told), held in zip(grown, parts):
        np.testing.assert_array_equal(encoded, own[~held])
        np.testing.assert_array_equal(told, examples.labels[~held])
        assert not set(examples.units[held]) & set(examples.units[~held])
    np.testing.assert_array_equal(grown[-1][0], own)
    np.testing.assert_array_equal(labels, np.concatenate([examples.labels[held] for held in parts]))
    without = np.concatenate([grow(own[~held], examples.labels[~held], 1 + k).predict(own[held]) for k, held in enumerate(parts)])
    np.testing.assert_array_equal(trees, without)
    for member, held, part in zip(model.members, parts, np.split(network, [parts[0].sum()])):
        one = model.alone()
        one.members = [member]
        np.testing.assert_allclose(susceptibility(one, examples.only(held)), part, atol=1e-5)
    assert model.share == 0.25


def test_cells_that_are_left_out_change_neither_trees_nor_share(examples):
    """What is fitted to some cells is the same whatever the labels and covariates of the others: test cells leak into nothing."""
    known = np.arange(len(examples.labels)) % 12 < 9
    other = examples.patches.take().copy()
    other[~known] = 99.0
    changed = replace(examples, patches=Patches.of(other), labels=np.where(known, examples.labels, 1 - examples.labels))
    first, second = (fit(each.only(known), TINY, 1)[0] for each in (examples, changed))
    assert first.share == second.share
    for name, array in first.trees.arrays.items():
        np.testing.assert_array_equal(array, second.trees.arrays[name])


def test_without_a_companion_the_network_is_the_same(examples):
    both, _ = fit(examples, TINY, 1)
    alone, _ = fit(examples, replace(TINY, companion=False), 1)
    assert alone.trees is None
    for own, other in zip(both.members, alone.members):
        for name, array in own.items():
            np.testing.assert_array_equal(array, other[name])
    mean = both.share * susceptibility(alone, examples) + (1 - both.share) * both.trees.predict(
        both.encoder.encode(examples.patches.centres())
    )
    np.testing.assert_allclose(susceptibility(both, examples), mean, atol=1e-6)
    np.testing.assert_allclose(susceptibility(both.alone(), examples), susceptibility(alone, examples), atol=1e-7)
