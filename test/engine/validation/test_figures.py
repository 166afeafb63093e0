# SPDX-License-Identifier: GPL-2.0-or-later
"""What the figures of a validation draw, and where."""

import numpy as np
import pytest
from scarp.engine.validation import figures


def bars(axes):
    """The heights of the bars by what the legend calls them."""
    return {container.get_label(): [bar.get_height() for bar in container] for container in axes.containers}


def words(texts):
    return [text.get_text() for text in texts]


def test_each_class_has_its_shares_and_their_ratio():
    """A class without area has no ratio."""
    area, slides, cells = np.array([0.8, 0.2, 0.0]), np.array([0.4, 0.6, 0.0]), np.array([0.1, 0.9, 0.0])
    shares, ratios = figures.density_by_class(["very low", "high", "none"], area, slides, cells).axes
    assert {name: pytest.approx(each) for name, each in bars(shares).items()} == {
        "area": [80, 20, 0], "landslides": [40, 60, 0], "landslide cells": [10, 90, 0]
    }  # fmt: skip
    assert {name: pytest.approx(each) for name, each in bars(ratios).items()} == {
        "landslides": [0.5, 3, 0],
        "landslide cells": [0.125, 4.5, 0],
    }
    assert words(shares.get_xticklabels()) == words(ratios.get_xticklabels()) == ["very\nlow", "high", "none"]
    assert (shares.get_ylabel(), ratios.get_ylabel()) == ("Share (%)", "Frequency ratio")
    (even,) = ratios.lines
    assert list(even.get_ydata()) == [1, 1], "as many landslides as area"
    colours = [[container[0].get_facecolor() for container in axes.containers][-2:] for axes in (shares, ratios)]
    assert colours[0] == colours[1], "the same on both sides"


def test_what_was_seen_stands_above_what_was_said():
    curves = [("by cells", np.array([[0.1, 0.8, 0.95], [0.2, 0.6, 0.0]]))]
    axes = figures.reliability_diagram(curves, np.array([500.0, 20.0, 1.0])).axes[0]
    perfect, drawn, rings = axes.lines
    assert list(rings.get_xdata()) == [0.95] and rings.get_linestyle() == "None", "one cell drew the curve down to 0"
    assert [list(each) for each in drawn.get_data()] == [[0.1, 0.8], [0.2, 0.6]] and [list(each) for each in perfect.get_data()] == [
        [0, 1]
    ] * 2
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Susceptibility", "Observed share of landslide cells")


def test_classes_of_the_first_map_stand_upwards_and_those_of_the_second_across():
    """Of 10 km² 5 are low on both, 3 low on the first and high on the second."""
    table = np.array([[5.0, 3.0, 0.0], [0.0, 1.0, 1.0]])
    axes = figures.agreement(table, (["low", "high"], ["a", "b", "c d"]), ("one.tif", "two.tif")).axes[0]
    assert {text.get_position(): text.get_text() for text in axes.texts} == {
        (0.5, 0.5): "50.0 %", (1.5, 0.5): "30.0 %", (2.5, 0.5): "0.0 %", (0.5, 1.5): "0.0 %", (1.5, 1.5): "10.0 %", (2.5, 1.5): "10.0 %"
    }  # fmt: skip
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Second map: two.tif", "First map: one.tif")
    assert words(axes.get_xticklabels()) == ["a", "b", "c\nd"] and words(axes.get_yticklabels()) == ["low", "high"]
    assert axes.collections[0].get_array().ravel().tolist() == pytest.approx((table.ravel() / 10).tolist())
