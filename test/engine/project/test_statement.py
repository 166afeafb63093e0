# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the JTC-1 statement, by table."""

from dataclasses import replace

import pytest
from scarp.engine.project.statement import Evidence, level_of, reliability_of, scale_of, statement

# A project with everything.
WHOLE = Evidence(10.0, 120.0, 200, True, True, True, "spatial", 0.83, 200, 3.0, 0.01, True)


@pytest.mark.parametrize(
    ("cell_m", "area_km2", "word", "usual"),
    [
        (2.0, 5.0, "detailed (site specific): not larger than 1 : 4,000", True),
        (2.5, 5.0, "detailed (site specific): not larger than 1 : 5,000", True),
        (2.6, 50.0, "large (local): not larger than 1 : 5,200", True),
        (12.5, 9.0, "large (local): not larger than 1 : 25,000", False),
        (30.0, 2000.0, "medium (regional): not larger than 1 : 60,000", True),
        (30.0, 100.0, "medium (regional): not larger than 1 : 60,000", False),
        (90.0, 20_000.0, "small (national to regional): not larger than 1 : 180,000", True),
        (90.0, 400.0, "small (national to regional): not larger than 1 : 180,000", False),
    ],
)
def test_the_scale_follows_from_the_cell_and_an_unusual_area_is_told(cell_m, area_km2, word, usual):
    found = scale_of(Evidence(cell_m, area_km2))
    assert found.word == word
    assert ("is not what zoning of this scale usually covers" in found.why) != usual


@pytest.mark.parametrize(
    ("changed", "word", "lacking"),
    [
        ({}, "intermediate", ""),
        ({"has_dates": False}, "intermediate", ""),
        ({"has_sizes": False}, "intermediate", ""),
        ({"has_sizes": False, "has_dates": False}, "preliminary", "is lacking: outlines or dates in the inventory."),
        ({"has_types": False}, "preliminary", "is lacking: kinds of movement in the inventory."),
        ({"landslides": None}, "preliminary", "is lacking: an inventory."),
        ({"test": "success"}, "preliminary", "is lacking: a test on landslides"),
        ({"test": None, "has_types": False}, "preliminary", "are lacking: kinds of movement in the inventory; a test on landslides"),
    ],
)
def test_the_level_asks_for_kinds_for_outlines_or_dates_and_for_a_test(changed, word, lacking):
    found = level_of(replace(WHOLE, **changed))
    assert found.word == word
    assert lacking in found.why
    assert "The advanced level is not claimed" in found.why


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({}, "good"),
        ({"test": "held_out"}, "good"),
        ({"test": "temporal"}, "good"),
        ({"test": "part"}, "good"),
        ({"test": "random"}, "moderate"),
        ({"test": "test"}, "moderate"),
        ({"auc_low": 0.8}, "good"),
        ({"auc_low": 0.799}, "moderate"),
        ({"auc_low": 0.7}, "moderate"),
        ({"auc_low": 0.699}, "low"),
        ({"auc_low": None}, "low"),
        ({"tested": 59}, "moderate"),
        ({"tested": 60}, "good"),
        ({"outside_percent": 10.0}, "good"),
        ({"outside_percent": 10.1}, "moderate"),
        ({"fall": 0.05}, "good"),
        ({"fall": 0.051}, "moderate"),
        ({"rises": False}, "moderate"),
        ({"rises": False, "tested": 20}, "low"),
        ({"rises": False, "tested": 20, "outside_percent": 50.0, "fall": 0.2}, "low"),
        ({"test": "random", "outside_percent": 50.0}, "low"),
        ({"test": "success"}, "not assessed"),
        ({"test": "unknown"}, "not assessed"),
        ({"test": None}, "not assessed"),
        ({"outside_percent": None, "fall": None, "rises": None, "tested": None}, "good"),
    ],
)
def test_the_reliability_follows_from_the_test_and_what_lowers_it(changed, word):
    assert reliability_of(replace(WHOLE, **changed)).word == word


def test_what_was_not_looked_at_is_told_and_what_lowers_is_named():
    found = reliability_of(replace(WHOLE, outside_percent=None, fall=None, tested=12)).why
    assert "Not known, and so not counted: the area of applicability, the positional error of landslides." in found
    assert "Lowered by a step each: 12 landslides were tested, fewer than 60." in found
    assert "the lower end of the 95 % interval of the AUC is 0.830" in found


def test_each_reason_is_told_with_its_own_number():
    found = reliability_of(replace(WHOLE, outside_percent=12.5, fall=0.0625, tested=12, rises=False)).why
    for reason in (
        "12 landslides were tested, fewer than 60",
        "12.5 % of the area lie outside the area of applicability, more than 10 %",
        "the AUC falls by 0.062 if landslides are moved by the positional error that was given",
        "landslides are less dense in a class than in the one below it",
    ):
        assert reason in found
    names = {"outside_percent": "the area of applicability", "fall": "the positional error of landslides", "rises": "density by class"}
    for field, name in names.items():
        assert reliability_of(replace(WHOLE, **{field: None})).why.endswith(f"Not known, and so not counted: {name}.")


def test_the_statement_has_its_four_rows():
    rows = statement(WHOLE)
    assert [row[:2] for row in rows] == [
        ("Type", "susceptibility zoning"),
        ("Level", "intermediate"),
        ("Scale", "large (local): not larger than 1 : 20,000"),
        ("Reliability", "good"),
    ]
