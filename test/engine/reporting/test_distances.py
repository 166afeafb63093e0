# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a test is as hard as the map, in words and in the figure."""

import numpy as np
import pytest
from pages import captions, drawn_by, without_pictures, words
from scarp.engine.reporting import distances
from scarp.engine.reporting.page import Report


@pytest.mark.parametrize(
    ("tested", "mapped", "verdict"),
    [
        (100, 126, "the test is easier than the map, and its figure flatters."),
        (100, 124, "the test is about as hard as the map."),
        (124, 100, "the test is about as hard as the map."),
        (126, 100, "the test is harder than most of the map, and its figure is a careful one."),
    ],
)
def test_a_quarter_more_or_less_is_another_ground(tested, mapped, verdict):
    said = distances.in_words(np.array([tested - 50.0, tested + 50]), np.array([mapped - 20.0, mapped + 20]), "random folds")
    assert said == (
        f"By random folds a test landslide lies on average {tested} m from the nearest training landslide, and a cell of the map {mapped} "
        f"m from the nearest landslide: {verdict}"
    )


def test_a_harder_test_that_flatters_a_network_is_told_in_one_sentence():
    said = [distances.in_words(np.array([tested]), np.array([100.0]), "spatial folds", True) for tested in (200.0, 100.0, 50.0)]
    assert said[0].endswith(
        "m from the nearest landslide: by that the test is harder than most of the map and its figure careful, while patches that reach "
        "over training cells flatter a network; which of both is more is not known."
    )
    assert said[1].endswith(": the test is about as hard as the map.") and said[2].endswith(", and its figure flatters.")


def test_where_no_landslide_trains_nothing_is_said():
    assert distances.in_words(np.full(3, np.inf), np.ones(3), "spatial folds").startswith("By spatial folds no landslide cell is tested")


def test_each_curve_has_its_distances(monkeypatch):
    without_pictures(monkeypatch)
    drawn = drawn_by(monkeypatch, distances.figures, "distance_curves")
    samples, folds, places = np.array([10.0, 20]), np.array([100.0, 200]), np.array([300.0, 500])
    page = Report("T", "")
    distances.add(page, samples, folds, places, "random folds")
    ((_, (curves,), _),) = drawn
    assert {name.split(" (")[0]: values.tolist() for name, values in curves.items()} == {
        "sample to sample": [10, 20], "fold to fold": [100, 200], "map to sample": [300, 500]
    }  # fmt: skip
    assert "on average 150 m from the nearest training landslide, and a cell of the map 400 m" in words(page)
    assert captions(page)[0].startswith("How far it is to the nearest landslide, by random folds")
