# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from scarp.engine.screening.binning import Classing
from scarp.engine.screening.figures import (
    MapPanel,
    class_shares,
    coefficient_bars,
    covariate_maps,
    gain_bars,
    heat_map,
    map_panel,
    vif_bars,
)
from scarp.models.covariate import Covariate


def test_maps_show_the_largest_classes_and_the_rest_alike():
    codes = np.arange(15, dtype=np.float32)
    classing = Classing.of(Covariate("geology", "categorical"), np.empty(0), codes, "quantiles", 5)
    values = np.repeat(codes, codes.astype(int) + 1)
    panel = map_panel("Geology", classing, np.r_[values, np.nan, 99].astype(np.float32)[None])
    assert list(panel.names) == [*(str(code) for code in range(4, 15)), "4 others"] and len(set(panel.colours)) == 12
    shown = [panel.names[number] if number >= 0 else None for number in panel.numbers[0]]
    assert shown == [str(int(value)) if value >= 4 else "4 others" for value in values] + [None, None]


def test_maps_of_directions_have_flat_ground_only_where_there_is_some():
    classing = Classing.of(Covariate("aspect", "circular"), np.empty(0), np.empty(0), "quantiles", 5)
    assert list(map_panel("Aspect", classing, np.float32([[0, 90], [180, -1]])).names)[-1] == "flat"
    panel = map_panel("Aspect", classing, np.float32([[0, 90], [180, np.nan]]))
    assert list(panel.names) == ["N", "NE", "E", "SE", "S", "SW", "W", "NW"] and len(panel.colours) == 8
    assert panel.numbers.tolist() == [[0, 2], [4, -1]]


def lengths(figure):
    return [bar.get_width() for bar in figure.axes[0].patches]


def texts(figure, axes=0):
    return [text.get_text() for text in figure.axes[axes].texts]


def test_bars_of_vif_are_cut_and_tell_their_value():
    figure = vif_bars(["a", "b", "c", "d"], [1.5, 30.0, np.inf, np.nan], 5.0)
    assert lengths(figure) == [1.5, 20, 20, 0] and texts(figure) == ["1.500", "30.000", "∞", "one value only"]
    (limit,) = figure.axes[0].lines
    assert list(limit.get_xdata()) == [5, 5]
    colours = [bar.get_facecolor() for bar in figure.axes[0].patches]
    assert colours[1] == colours[2] != colours[0]


def test_bars_of_coefficients_and_of_gain():
    figure = coefficient_bars(["a", "b", "c"], [-0.25, 0.5, np.nan], [True, False, True])
    assert lengths(figure) == [-0.25, 0.5, 0] and texts(figure) == ["−0.250", "0.500", "one value only"]
    figure = gain_bars(["a", "b"], [0.1234, 0.0])
    assert lengths(figure) == [0.1234, 0] and texts(figure) == [" 0.123", " 0.000"]


def test_a_heat_map_bears_its_numbers():
    figure = heat_map(np.array([[1, -0.256], [-0.256, np.nan]]), ["a", "b"], "r", signed=True)
    assert texts(figure) == ["1", "−.26", "−.26"]
    assert figure.axes[0].collections[0].get_clim() == (-1, 1)
    assert heat_map(np.eye(2), ["a", "b"], "V", signed=False).axes[0].collections[0].get_clim() == (0, 1)


def test_shares_of_classes_in_per_cent():
    figure = class_shares(["flat", "steep"], np.array([0.7, 0.3]), np.array([0.1, 0.9]), np.array([1 / 7, 3.0]), "Slope")
    assert lengths(figure) == pytest.approx([10, 90, 70, 30])
    assert texts(figure) == ["0.143", "3.000", "FR"]


def test_maps_have_the_shape_of_the_ground():
    panel = MapPanel("Slope", np.array([[0, 1, -1], [1, 1, 0]]), ["flat", "steep"], ["#111111", "#222222"])
    figure = covariate_maps([panel], (20.0, 35.0))
    axes = figure.axes[0]
    assert axes.get_aspect() == pytest.approx(35 / 20)
    (bar,) = axes.lines
    assert np.ptp(bar.get_xdata()) == pytest.approx(10 / 20), "a quarter of 60 m, rounded down to 10 m"
    picture = axes.images[0]
    assert [tuple(np.round(picture.cmap(picture.norm(value)), 2))[:3] for value in (-1, 0, 1)] == [
        (1, 1, 1), (0.07, 0.07, 0.07), (0.13, 0.13, 0.13)
    ]  # fmt: skip


def labels(figure):
    return [label.get_text() for label in figure.axes[0].get_yticklabels()]


def colour_of(drawn):
    return to_hex(drawn.get_facecolor()).upper()


def test_the_first_covariate_is_the_topmost_of_every_bar_chart():
    charts = [vif_bars(["a", "b"], [1.0, 9.0], 5.0), coefficient_bars(["a", "b"], [0.1, 0.2], [True, True]), gain_bars(["a", "b"], [1, 2])]
    charts.append(class_shares(["a", "b"], np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([1.0, 1.0]), "Slope (°)"))
    for figure in charts:
        assert labels(figure) == ["a", "b"] and figure.axes[0].get_ylim()[0] > figure.axes[0].get_ylim()[1]
    assert [figure.axes[0].get_xlabel() for figure in charts] == [
        "VIF (dashed: the limit of 5)", "Coefficient with landslide occurrence", "Information gain (bits)", "Share (%)"
    ]  # fmt: skip
    assert charts[-1].axes[0].get_ylabel() == "Slope (°)"


def test_what_is_above_the_limit_is_red_and_what_has_no_sign_is_told_apart():
    assert [colour_of(bar) for bar in vif_bars(["a", "b", "c"], [4.9, 5.1, 5.0], 5.0).axes[0].patches] == ["#0072B2", "#D55E00", "#0072B2"]
    figure = coefficient_bars(["slope", "geology"], [0.5, 0.25], [True, False])
    legend = {
        text.get_text(): colour_of(patch)
        for text, patch in zip(*(figure.axes[0].get_legend().get_texts(), figure.axes[0].get_legend().get_patches()))
    }
    assert legend == {
        "continuous": colour_of(figure.axes[0].patches[0]),
        "circular or categorical (no sign)": colour_of(figure.axes[0].patches[1]),
    }
    assert colour_of(figure.axes[0].patches[0]) == "#0072B2"
    shares = class_shares(["a"], np.array([0.25]), np.array([0.75]), np.array([3.0]), "")
    told = {container.get_label(): container[0].get_width() for container in shares.axes[0].containers}
    assert told == {"landslide cells": 75, "area": 25}


def test_a_heat_map_is_read_like_its_matrix_and_red_where_both_rise():
    figure = heat_map(np.array([[1.0, 0.9], [-0.9, 1.0]]), ["a", "b"], "r", signed=True)
    axes, mesh = figure.axes[0], figure.axes[0].collections[0]
    assert labels(figure) == ["a", "b"] == [label.get_text() for label in axes.get_xticklabels()]
    assert axes.get_ylim()[0] > axes.get_ylim()[1], "the first row is the topmost"
    red, blue = mesh.cmap(mesh.norm(0.9)), mesh.cmap(mesh.norm(-0.9))
    assert red[0] > red[2] and blue[2] > blue[0] and figure.axes[1].get_ylabel() == "r"


def test_each_map_has_its_own_legend_beside_it():
    """Continuous covariates from dark to light, as they rise."""
    values = np.linspace(0, 1, 90, dtype=np.float32).reshape(9, 10)
    classing = Classing.of(Covariate("slope"), values.ravel(), np.empty(0), "quantiles", 3)
    slope = map_panel("Slope", classing, values)
    light = [sum(to_rgb(colour)) for colour in slope.colours]
    assert light == sorted(light) and len(light) == 3 and slope.numbers[0, 0] == 0 and slope.numbers[-1, -1] == 2
    rock = MapPanel("Rock", np.zeros((9, 10), int), ["marl", "lime"], ["#111111", "#222222"])
    twi = MapPanel("Wetness", np.ones((9, 10), int), ["dry", "wet"], ["#333333", "#444444"])
    axes = covariate_maps([slope, rock, twi], (20.0, 20.0)).axes
    places = [axes[place] for place in (0, 2, 4)]
    assert [each.get_title(loc="left") for each in places] == ["Slope", "Rock", "Wetness"]
    for place, panel in zip((1, 3, 5), (slope, rock, twi)):
        legend = axes[place].get_legend()
        assert [text.get_text() for text in legend.get_texts()] == list(panel.names)
        assert [to_hex(patch.get_facecolor()) for patch in legend.get_patches()] == [each.lower() for each in panel.colours]
