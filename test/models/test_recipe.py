# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipe: what it makes of its numbers, and the defaults that docs/benchmark.md was measured with."""

import pytest
from scarp.models.recipe import CALIBRATIONS, CLASS_WEIGHTS, VALIDATIONS, Recipe


def test_a_network_has_the_shape_that_is_asked_for():
    """Each number in its own place."""
    made = Recipe(patch_size=9, filters=4, hidden_layers=3, units=7, dropout=0.25, batch_normalisation=False).architecture(5)
    assert (made.channels, made.patch_size_px, made.filters, made.hidden_layers, made.units) == (5, 9, 4, 3, 7)
    assert (made.dropout, made.batch_normalisation) == (0.25, False)


@pytest.mark.parametrize(
    ("given", "epochs"),
    [({"patience": 7, "epochs": 90}, 7), ({"epochs": 90}, 30), ({"epochs": 32}, 10), ({"epochs": 12}, 10), ({"epochs": 33}, 11)],
)
def test_a_third_of_the_epochs_is_waited_for_and_ten_at_least(given, epochs):
    assert Recipe(**given).epochs_to_wait == epochs


def test_epochs_are_fewer_with_more_cells_unless_they_are_given():
    """15, and as many more as show a network 25,000 cells, but no more than 40."""
    assert [Recipe().for_cells(cells).epochs for cells in (0, 1, 1000, 1001, 5000, 25_000, 25_001)] == [40, 40, 40, 39, 20, 16, 15]
    assert Recipe(epochs=3).for_cells(10) == Recipe(epochs=3)


def test_the_defaults_are_those_that_were_measured():
    """Another one is another model: it has to be measured anew, and told in docs/benchmark.md and the changelog."""
    usual = Recipe()
    assert (usual.patch_size, usual.filters, usual.hidden_layers, usual.units, usual.dropout) == (15, 16, 2, 64, 0.3)
    assert (usual.members, usual.validation, usual.epochs, usual.batch_size, usual.patience) == (3, "random", 0, 64, 0)
    assert (usual.optimizer, usual.learning_rate, usual.schedule, usual.class_weights) == ("adam", 2e-3, "cosine", "balanced")
    assert (usual.l2, usual.label_smoothing) == (1e-3, 0.05)
    assert usual.batch_normalisation and usual.augment and usual.companion and not usual.equal_landslides


def test_choices_say_what_they_are():
    assert CALIBRATIONS == {"none": "None", "platt": "Platt (logistic)", "isotonic": "Isotonic"}
    assert list(CLASS_WEIGHTS) == ["balanced", "none"] and "both classes count the same" in CLASS_WEIGHTS["balanced"]
    assert VALIDATIONS == {"random": "Random cells", "blocks": "Spatial blocks"}
