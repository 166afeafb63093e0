# SPDX-License-Identifier: GPL-2.0-or-later
"""Rate curves as they are drawn: area across, landslides up."""

import numpy as np
from scarp.engine.reporting import figures
from scarp.engine.reporting.rates import RateCurve, rate_curves, unit_curves


def test_area_goes_across_and_landslides_up():
    """The best fifth of the area holds half of the landslides; under the curve lie 0.675."""
    curve = RateCurve.of(np.array([50, 30, 20]), np.array([1, 1, 2]))
    assert (curve.at(0.2), curve.at(0.1)) == (0.5, 0.25)
    axes = rate_curves({"success rate": curve}).axes[0]
    guide, drawn = axes.lines
    assert [each.tolist() for each in drawn.get_data()] == [[0, 0.2, 0.5, 1], [0, 0.5, 0.75, 1]]
    assert drawn.get_label() == "success rate  0.675" and [list(each) for each in guide.get_data()] == [[0, 1], [0, 1]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Share of the area, most susceptible first", "Share of the landslides")
    assert axes.get_legend().get_title().get_text() == "area under the curve"


def test_a_rate_has_one_colour_whatever_stands_beside_it():
    """With points both were orange; the report of a map had the colours the other way round."""
    curve = RateCurve.of(np.array([50, 30, 20]), np.array([1, 1, 2]))

    def styles(*names):
        lines = rate_curves(dict.fromkeys(names, curve)).axes[0].lines[1:]
        return [(each.get_color(), each.get_linestyle()) for each in lines]

    blue, orange = figures.COLOURS[1], figures.COLOURS[0]
    assert styles("success rate", "prediction rate") == [(blue, "-"), (orange, "-")]
    assert styles("prediction rate", "success rate") == [(orange, "-"), (blue, "-")]
    assert styles("prediction rate (later), by landslides", "prediction rate (later), by cells", "success rate, by landslides") == [
        (orange, "-"), (orange, "--"), (blue, "-")
    ]  # fmt: skip
    assert styles("rate curve")[0][0] not in (blue, orange)
    history = figures.training_history({"loss": [1.0], "val_loss": [1.0]}).axes[1]
    assert [each.get_color() for each in history.lines] == [blue, orange], "training with success, validation with prediction"


def test_curves_of_one_colour_are_told_apart_by_dashes():
    line = np.array([0.0, 1.0])
    axes = unit_curves({name: (line, line**number) for number, name in enumerate("abc", 1)}, "x", "y", ["red", "red", "blue"]).axes[0]
    assert [(each.get_color(), each.get_linestyle()) for each in axes.lines] == [("red", "-"), ("red", "--"), ("blue", "-")]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("x", "y") and axes.get_legend().get_title().get_text() == ""


def test_the_legend_tells_the_area_under_the_whole_curve_though_fewer_points_are_drawn():
    """Steps of a thousandth and one great one: without a point of its corner there is less under what is drawn."""
    area = np.r_[np.linspace(0, 0.001, 30_000), 0.2, 1.0]
    curve = RateCurve(area, np.r_[np.linspace(0, 0.5, 30_000), 1.0, 1.0])
    whole = 0.001 * 0.25 + 0.199 * 0.75 + 0.8
    drawn = rate_curves({"rate curve": curve}).axes[0].lines[1]
    assert drawn.get_label() == f"rate curve  {whole:.3f}"
    across, up = drawn.get_data()
    assert len(across) == 2000 and f"{RateCurve(across, up).under:.3f}" != f"{whole:.3f}"
