# SPDX-License-Identifier: GPL-2.0-or-later
"""What the figures of an explanation draw, and where."""

import numpy as np
import pytest
from scarp.engine.explanation import figures
from scarp.engine.explanation.importance import Importance
from scarp.engine.explanation.response import Response
from scarp.engine.reporting.figures import COLOURS
from scarp.models.covariate import Covariate

NOTHING = np.empty(0)


def labels(axes):
    return [label.get_text() for label in axes.get_yticklabels()]


def named(axes):
    """The lines of axes by what the legend calls them."""
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def test_what_matters_is_coloured_and_every_fold_is_a_dot():
    """The fall is 0.2 in one fold and 0.3 in the other, 0.01 more or less by the repeat: two standard deviations are 0.02 √2."""
    clear = Importance(None, np.array([0.9, 0.8]), np.array([[0.19, 0.21], [0.29, 0.31]]), 50, 20)
    not_clear = Importance(None, np.array([0.9, 0.8]), np.array([[-0.1, -0.1], [0.3, 0.3]]), 50, 20)
    axes = figures.importance([clear, not_clear], ["slope", "aspect"]).axes[0]
    assert labels(axes) == ["slope", "aspect"] and axes.get_ylim()[0] > axes.get_ylim()[1], "the first is the topmost"
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.25, 0.1])
    assert [bar.get_y() + bar.get_height() / 2 for bar in axes.patches] == pytest.approx([0, 1])
    assert [tuple(bar.get_facecolor()) == tuple(axes.patches[1].get_facecolor()) for bar in axes.patches] == [False, True]
    grey = axes.patches[1].get_facecolor()
    assert grey[0] == grey[1] == grey[2], "what is not clear is grey"
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert dots[0].get_xdata() == pytest.approx([0.2, 0.3]) and dots[1].get_xdata() == pytest.approx([-0.1, 0.3])
    spread = next(line for line in axes.lines if line.get_linewidth() == 1.1)
    assert spread.get_xdata() == pytest.approx([0.25 - 0.02 * 2**0.5, 0.25 + 0.02 * 2**0.5])
    assert axes.get_xlabel() == "Fall of the AUC when permuted"


SLOPE = Response(
    Covariate("slope", unit="°"),
    np.array([0.0, 10.0, 20.0]),
    np.array([0.2, 0.3, 0.7]),
    np.array([0.0, 20.0]),
    np.array([-0.1, 0.1]),
    np.linspace(0, 100, 101),
)


def test_a_response_goes_over_its_values_and_above_their_frequency():
    figure = figures.responses([SLOPE], ["Slope"])
    upper, lower = figure.subfigs[0].axes
    lines = named(upper)
    assert [each.tolist() for each in lines["partial dependence"].get_data()] == [[0, 10, 20], [0.2, 0.3, 0.7]]
    edges, effect = lines["accumulated local effects"].get_data()
    assert edges.tolist() == [0, 20] and effect == pytest.approx([0.3, 0.5]), "about the mean of the dependence, 0.4"
    assert (upper.get_title(loc="left"), upper.get_ylabel(), lower.get_xlabel()) == ("Slope", "Susceptibility", "°")
    assert lower.patches[0].get_x() == pytest.approx(1) and sum(bar.get_height() for bar in lower.patches) == 99, (
        "without the last percent to either side"
    )
    assert upper.get_ylim() == pytest.approx((0, 0.7 * 1.08))


def test_all_responses_are_drawn_on_one_scale():
    other = Response(Covariate("twi"), SLOPE.values, SLOPE.dependence / 7, NOTHING, NOTHING, SLOPE.cells)
    figure = figures.responses([SLOPE, other], ["Slope", "Wetness"])
    first, second = (each.axes for each in figure.subfigs[:2])
    assert first[0].get_ylim() == second[0].get_ylim()
    assert second[1].get_xlabel() == "(no unit)" and second[0].get_ylabel() == ""


def test_directions_are_counted_about_theirs():
    """North goes from 315° to 45°; flat ground, −1, is of no direction."""
    cells = np.array([350.0, 10.0, 44.0, 46.0, 180.0, 260.0, -1.0])
    aspect = Response(
        Covariate("aspect", "circular"), np.array([0.0, 90.0, 180.0, 270.0]), np.array([0.1, 0.2, 0.3, 0.4]), NOTHING, NOTHING, cells
    )
    upper, lower = figures.responses([aspect], ["Aspect"]).subfigs[0].axes
    assert [bar.get_height() for bar in upper.patches] == [0.1, 0.2, 0.3, 0.4]
    assert [bar.get_height() for bar in lower.patches] == [3, 1, 1, 1] and lower.get_xlabel() == "direction"


def test_classes_stand_from_the_most_frequent_down_with_their_names():
    geology = Covariate("geology", "categorical", classes={1: "marl", 2: "lime"})
    cells = np.array([2.0, 2.0, 2.0, 1.0, 7.0, 7.0])
    shown = Response(geology, np.array([1.0, 2.0, 7.0]), np.array([0.1, 0.2, 0.7]), NOTHING, NOTHING, cells)
    upper, lower = figures.responses([shown], ["Geology"]).subfigs[0].axes
    assert [label.get_text() for label in lower.get_xticklabels()] == ["lime", "7", "marl"]
    assert [bar.get_height() for bar in upper.patches] == [0.2, 0.7, 0.1] and [bar.get_height() for bar in lower.patches] == [3, 2, 1]


def test_contributions_lead_from_average_ground_to_the_cell():
    """From 0.3 up by 0.4 and down by 0.1, to 0.6."""
    axes = figures.contributions(["slope", "geology"], np.array([0.4, -0.1]), 0.3, 0.6).axes[0]
    assert [bar.get_x() for bar in axes.patches] == pytest.approx([0.3, 0.7])
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([0.4, -0.1])
    assert [bar.get_facecolor()[:3] == axes.patches[0].get_facecolor()[:3] for bar in axes.patches] == [True, False]
    raises = tuple(int(COLOURS[0][place : place + 2], 16) / 255 for place in (1, 3, 5))
    assert axes.patches[0].get_facecolor()[:3] == pytest.approx(raises)
    told = named(axes)
    assert told["average ground  0.300"].get_xdata() == [0.3, 0.3] and told["this cell  0.600"].get_xdata() == [0.6, 0.6]
    assert labels(axes) == ["slope", "geology"] and axes.get_ylim()[0] > axes.get_ylim()[1] and axes.get_xlabel() == "Susceptibility"
