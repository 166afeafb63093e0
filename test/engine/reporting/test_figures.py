# SPDX-License-Identifier: GPL-2.0-or-later
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.reporting import figures, rates
from scarp.engine.validation import figures as validation

RNG = np.random.default_rng(0)
LABELS = np.array([0, 0, 0, 1, 1, 1])
SUSCEPTIBILITY = np.array([0.1, 0.2, 0.7, 0.4, 0.8, 0.9])


def curve(figure, index, label):
    line = next(line for line in figure.axes[index].lines if label in str(line.get_label()))
    return line.get_data()


def test_history_shows_training_and_validation():
    history = {"accuracy": [0.5, 0.7], "val_accuracy": [0.4, 0.6], "loss": [0.9, 0.6], "val_loss": [1.0, 0.8]}
    figure = figures.training_history(history, "SGD", best_epoch=2)
    epochs, accuracy = curve(figure, 0, "validation")
    assert epochs.tolist() == [1, 2] and accuracy.tolist() == [0.4, 0.6]
    assert curve(figure, 1, "training")[1].tolist() == [0.9, 0.6]
    assert curve(figure, 0, "epoch 2")[0] == [2, 2]


def test_roc_runs_through_hand_computed_points_and_states_the_auc():
    figure = figures.roc_curves({"LR": [(LABELS, SUSCEPTIBILITY)]})
    rate, sensitivity = curve(figure, 0, "LR  0.889")  # 8 of 9 pairs are in order
    assert set(zip(rate, sensitivity)) >= {(0, 2 / 3), (1 / 3, 2 / 3), (1 / 3, 1)}


def test_mean_roc_lies_between_its_test_sets():
    figure = figures.roc_curves({"LR": [(LABELS, LABELS.astype(float)), (LABELS, 1.0 - LABELS)]})
    rate, sensitivity = curve(figure, 0, "LR  0.500")
    assert sensitivity[(rate > 0) & (rate < 1)] == pytest.approx(0.5)


def test_the_auc_of_several_test_sets_is_their_mean():
    figure = figures.roc_curves({"LR": [(LABELS, SUSCEPTIBILITY), (LABELS, LABELS.astype(float))]})
    assert "LR  0.944" in [line.get_label() for line in figure.axes[0].lines]  # of 8/9 and 1


def test_precision_at_recall_by_hand():
    figure = figures.precision_recall_curves({"LR": [(LABELS, SUSCEPTIBILITY)]})
    recall, precision = curve(figure, 0, "LR")
    assert precision[recall <= 2 / 3] == pytest.approx(1.0)
    assert precision[recall > 2 / 3] == pytest.approx(3 / 4)


def test_reliability_plots_the_observed_share():
    """Of four cells, each there five times, one is no landslide, and counts like three."""
    cells = (np.array([0, 1, 1, 1]), np.array([0.22, 0.28, 0.9, 1.0]))
    figure = figures.reliability_plot({"LR": [tuple(np.repeat(each, 5) for each in cells)]})
    mean, share = curve(figure, 0, "LR")
    assert mean == pytest.approx([(3 * 0.22 + 0.28) / 4, 0.95]) and share == pytest.approx([0.25, 1.0])


def test_confusion_shows_counts_and_shares():
    figure = figures.confusion_matrices({"LR": np.array([[5, 1], [1, 3]])})
    assert [text.get_text() for text in figure.axes[0].texts] == ["5\n83 %", "1\n17 %", "1\n25 %", "3\n75 %"]
    assert [text.get_text() for text in figure.axes[0].get_xticklabels()] == ["none", "landslide"]


def test_bars_begin_where_they_are_told():
    figure = figures.bars({"random": [0.8, 0.7]}, ["LR", "SVM"], "AUC", start=0.5)
    assert [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches] == [
        (0.5, pytest.approx(0.3)),
        (0.5, pytest.approx(0.2)),
    ]


@pytest.mark.parametrize(("width_m", "expected"), [(999, 500), (2000, 2000), (0.7, 0.5), (12_000, 10_000)])
def test_scale_bar_has_a_round_length(width_m, expected):
    assert figures.round_length(width_m) == pytest.approx(expected)


def test_no_figure_needs_pyplot():
    code = "import sys, runpy; runpy.run_path(sys.argv[1], run_name='launch')['register_package']()\n"
    code += "import scarp.engine.reporting.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code, str(root / "engine" / "__main__.py")], check=True)


def test_error_bars_reach_from_low_to_high():
    figure = figures.bars(
        {"a": [0.8], "b": [0.6]}, ["LR"], "AUC", low={"a": [0.7], "b": [0.55]}, high={"a": [0.85], "b": [0.7]}, reference=0.5
    )
    axes = figure.axes[0]
    reaches = [
        segment[:, 0].tolist() for container in axes.containers if hasattr(container, "lines") for segment in container[2][0].get_segments()
    ]
    assert [pytest.approx(each) for each in reaches] == [[0.7, 0.85], [0.55, 0.7]]
    assert [list(line.get_xdata()) for line in axes.lines if line.get_linestyle() == ":"] == [[0.5, 0.5]]
    first, second = (bar.get_y() + bar.get_height() / 2 for bar in axes.patches)
    assert (first, second) == (pytest.approx(-0.2), pytest.approx(0.2)), "side by side about the name's place"


def test_a_bar_of_one_landslide_has_no_error_bar():
    figure = figures.bars({"a": [0.8, 0.6]}, ["LR", "RF"], "AUC", low={"a": [np.nan, 0.5]}, high={"a": [np.nan, 0.7]})
    (drawn,) = (each for each in figure.axes[0].containers if hasattr(each, "lines"))
    assert [segment[:, 0].tolist() for segment in drawn[2][0].get_segments()] == [[pytest.approx(0.5), pytest.approx(0.7)]]


def test_the_best_reachable_is_drawn_beside():
    figure = figures.roc_curves({"LR": [(LABELS, SUSCEPTIBILITY)]}, truth=[(LABELS, LABELS.astype(float))])
    rate, sensitivity = curve(figure, 0, "best reachable  1.000")
    assert sensitivity[rate == 0].max() == 1


def test_every_model_has_a_line_of_its_own():
    styles = figures._line_styles()
    assert len({(each["color"], each["ls"]) for each in styles}) == len(styles) == 28


def test_cells_of_folds_lie_where_they_are():
    x, y = np.array([1.0, 2, 3, 4]), np.array([5.0, 6, 7, 8])
    figure = figures.fold_map(x, y, np.array([0, 0, 1, 1]), np.array([1, 0, 1, 0]))
    drawn = [collection.get_offsets().tolist() for collection in figure.axes[0].collections]
    assert drawn == [[[1, 5]], [[2, 6]], [[3, 7]], [[4, 8]]]
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == ["fold 0", "fold 1"]
    assert [text.get_text() for text in figure.axes[0].texts] == ["0.5 m", "N"], "a quarter of 3.3 m, rounded down"


def test_a_class_map_has_its_colours_and_shares():
    classes = np.array([[0, 1, 2], [2, 2, 1]], np.uint8)
    figure = figures.class_map(classes, ["low", "high"], ["#111111", "#222222"], [0.4, 0.6], (20.0, 35.0))
    axes, legend = figure.axes
    picture = axes.images[0]
    shades = [tuple(np.round(np.array(picture.cmap(picture.norm(number)))[:3] * 255).astype(int).tolist()) for number in (0, 1, 2)]
    assert shades == [(255,) * 3, (17,) * 3, (34,) * 3]
    assert axes.get_aspect() == pytest.approx(35 / 20)
    assert [text.get_text() for text in legend.get_legend().get_texts()] == ["high  (60 %)", "low  (40 %)"]
    (bar,) = axes.lines
    assert np.ptp(bar.get_xdata()) == pytest.approx(10 / 20), "a quarter of 60 m, rounded down to 10 m"
    assert [text.get_text() for text in axes.texts] == ["10 m", "N"]


def test_a_scale_bar_of_kilometres():
    classes = np.ones((100, 400), np.uint8)
    figure = figures.class_map(classes, ["low"], ["#111111"], [1.0], (30.0, 30.0))
    assert figure.axes[0].texts[0].get_text() == "2 km"


def test_a_classifier_has_one_colour_whatever_stands_beside_it():
    from scarp.models.classifiers import LABELS

    everything = figures.line_styles(list(LABELS.values()))
    assert len({(each["color"], each["ls"]) for each in everything.values()}) == len(LABELS), "each is told apart"
    for label in LABELS.values():
        assert figures.line_styles([label])[label] == everything[label]
    sets = [(np.array([0, 0, 0, 1, 1, 1]), SUSCEPTIBILITY)]
    for names in (["Random forest", "SVM"], ["SVM", "CNN–DNN", "Random forest"]):
        models = dict.fromkeys(names, sets)
        for figure in (figures.roc_curves(models), figures.precision_recall_curves(models), figures.reliability_plot(models)):
            drawn = {str(line.get_label()).split("  ")[0]: line.get_color() for line in figure.axes[0].lines}
            assert drawn["Random forest"] == "#009E73" and drawn["SVM"] == everything["SVM"]["color"]
    strong = [label for label, each in everything.items() if each["color"] in figures.COLOURS]
    assert strong == ["CNN–DNN", "CNN–DNN with trees", "Logistic regression", "Random forest"]
    assert figures.line_styles(["Calibrated", "SVM", "Not calibrated"])["Calibrated"]["color"] == figures.COLOURS[0]


def test_a_map_bears_round_coordinates_where_they_lie():
    """100 columns of 30 m from 711,870 and 60 rows of 50 m down from 9,560,120: whole kilometres, each in its cell."""
    frame = figures.Frame(711_870.0, 9_560_120.0, 30.0, 50.0)
    figure = figures.class_map(np.ones((60, 100), np.uint8), ["low"], ["#111111"], [1.0], (30.0, 50.0), frame=frame)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["712,000", "713,000", "714,000"]
    assert axes.get_xticks() == pytest.approx([130 / 30 - 0.5, 1130 / 30 - 0.5, 2130 / 30 - 0.5])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["9,558,000", "9,559,000", "9,560,000"]
    assert axes.get_yticks() == pytest.approx([2120 / 50 - 0.5, 1120 / 50 - 0.5, 120 / 50 - 0.5])


def test_degrees_have_their_side():
    frame = figures.Frame(-79.3, -4.0, 0.001, 0.001, is_projected=False)
    figure = figures.class_map(np.ones((100, 200), np.uint8), ["low"], ["#111111"], [1.0], (110.0, 111.0), frame=frame)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["79.3° W", "79.2° W", "79.1° W"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["4.1° S", "4.05° S", "4° S"]


@pytest.mark.parametrize("shape", [(60, 100), (100, 60), (50, 200)])
def test_coordinates_are_not_cut_off(shape):
    frame = figures.Frame(711_870.0, 9_560_120.0, 30.0, 30.0)
    figure = figures.class_map(np.ones(shape, np.uint8), ["low"], ["#111111"], [1.0], (30.0, 30.0), frame=frame)
    figure.savefig(io.BytesIO(), dpi=100)
    axes = figure.axes[0]
    renderer = figure._get_renderer()
    assert min(label.get_window_extent(renderer).y0 for label in axes.get_xticklabels()) >= 0
    assert min(label.get_window_extent(renderer).x0 for label in axes.get_yticklabels()) >= 0


def test_a_long_strip_fits_on_a_page():
    """900 × 60 cells would be 48 inches high at the least width; on its short side one coordinate has room."""
    frame = figures.Frame(500_000.0, 3_600_000.0, 30.0, 30.0)
    figure = figures.class_map(np.ones((900, 60), np.uint8), ["low"], ["#111111"], [1.0], (30.0, 30.0), frame=frame)
    assert figure.get_figheight() < 10
    axes = figure.axes[0]
    assert len(axes.get_xticks()) == 1 and 2 <= len(axes.get_yticks()) <= 5


def said(axes):
    """What stands along the axes, across and up."""
    return axes.get_xlabel(), axes.get_ylabel()


def test_axes_say_what_they_measure():
    history = figures.training_history({"accuracy": [0.5], "val_accuracy": [0.4], "loss": [0.9], "val_loss": [1.0]})
    assert [said(axes) for axes in history.axes] == [("Epoch", "Accuracy"), ("Epoch", "Loss")]
    assert {line.get_label(): line.get_color() for line in history.axes[0].lines} == {"training": "#0072B2", "validation": "#D55E00"}
    sets = {"LR": [(LABELS, SUSCEPTIBILITY)]}
    assert said(figures.roc_curves(sets).axes[0]) == ("False positive rate (1 − specificity)", "True positive rate (sensitivity)")
    assert said(figures.precision_recall_curves(sets).axes[0]) == ("Recall", "Precision")
    curves, counts = figures.reliability_plot(sets).axes
    assert (curves.get_ylabel(), said(counts)) == ("Observed share of landslide cells", ("Susceptibility", "Cells"))
    assert said(figures.fold_map(*np.ones((4, 2))).axes[0]) == ("Easting", "Northing")


def test_what_says_nothing_is_dotted():
    """Half of the pairs in order; half of what is told to slide does, both classes counting the same; what is said is what is seen."""
    sets = {"LR": [(LABELS, SUSCEPTIBILITY)]}
    dotted = [
        next(line for line in figure.axes[0].lines if line.get_linestyle() == ":")
        for figure in (figures.roc_curves(sets), figures.precision_recall_curves(sets), figures.reliability_plot(sets))
    ]
    assert [[list(each) for each in line.get_data()] for line in dotted] == [[[0, 1], [0, 1]], [[0, 1], [0.5, 0.5]], [[0, 1], [0, 1]]]


def test_distances_rise_to_all_of_the_cells_that_have_one():
    figure = figures.distance_curves({"test": np.array([300.0, 100.0, np.inf, 200.0, 200.0]), "none": np.array([np.inf])})
    metres, share = curve(figure, 0, "test")
    assert metres.tolist() == [100, 200, 200, 300] and share.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert figure.axes[0].lines[0].get_drawstyle() == "steps-post" and len(figure.axes[0].lines) == 1
    assert said(figure.axes[0]) == ("Distance (m)", "Share of cells")


def test_a_confusion_has_the_truth_down_and_what_was_said_across():
    """Of 6 cells without a landslide 1 was told to slide: in the upper row, which is shaded by its own shares."""
    figure = figures.confusion_matrices({"LR": np.array([[5, 1], [1, 3]])})
    axes = figure.axes[0]
    assert [text.get_position() for text in axes.texts] == [(0.5, 1.5), (1.5, 1.5), (0.5, 0.5), (1.5, 0.5)]
    assert [(label.get_text(), label.get_position()[1]) for label in axes.get_yticklabels()] == [("landslide", 0.5), ("none", 1.5)]
    assert axes.collections[0].get_array().ravel().tolist() == pytest.approx([1 / 4, 3 / 4, 5 / 6, 1 / 6]), "from the lowest row up"
    assert {text.get_text(): text.get_rotation() for text in figure.texts} == {"Predicted": 0, "True": 90}


def test_precision_counts_both_classes_the_same():
    """A landslide at 0.9, three cells without at 0.8 and 0.1 twice: at 0.8 one whole class is met, and a third of the other."""
    labels, susceptibility = np.array([1, 0, 0, 0, 1]), np.array([0.9, 0.8, 0.1, 0.1, 0.5])
    recall, precision = curve(figures.precision_recall_curves({"LR": [(labels, susceptibility)]}), 0, "LR")
    assert precision[recall <= 0.5] == pytest.approx(1.0) and precision[recall > 0.5] == pytest.approx(1 / (1 + 1 / 3))


def test_reliability_takes_all_test_sets_together():
    sets = [(np.array([0, 1] * 5), np.array([0.15, 0.85] * 5)), (np.array([1, 0] * 5), np.array([0.15, 0.85] * 5))]
    mean, share = curve(figures.reliability_plot({"LR": sets}), 0, "LR")
    assert mean == pytest.approx([0.15, 0.85]) and share == pytest.approx([0.5, 0.5])


def test_a_bin_of_few_cells_is_a_ring_that_no_line_joins():
    """The last bin, of four cells without a landslide, drew the curve down to 0."""
    labels, said = np.array([0, 1] * 10 + [0] * 4), np.array([0.15] * 10 + [0.75] * 10 + [0.95] * 4)
    axes = figures.reliability_plot({"LR": [(labels, said)]}).axes[0]
    _, drawn, rings = axes.lines
    assert drawn.get_xdata() == pytest.approx([0.15, 0.75]) and drawn.get_linestyle() == "-"
    assert rings.get_xdata() == pytest.approx([0.95]) and rings.get_ydata() == pytest.approx([0.0])
    assert (rings.get_linestyle(), rings.get_markerfacecolor(), rings.get_color()) == ("None", "none", drawn.get_color())


@pytest.mark.parametrize("epochs", [1, 2, 13])
def test_epochs_are_whole(epochs):
    history = {"accuracy": [0.5] * epochs, "loss": [0.9] * epochs}
    for axes in figures.training_history(history).axes:
        assert all(float(each).is_integer() for each in axes.get_xticks())


def test_legends_hide_nothing():
    sets = {f"Model {number}": [(LABELS, SUSCEPTIBILITY)] for number in range(12)}
    rate = rates.RateCurve.of_cells(LABELS, SUSCEPTIBILITY)
    fifth = np.full(5, 0.2)
    for figure in (
        figures.training_history({"accuracy": [0.5, 0.7], "loss": [0.9, 0.6], "val_loss": [1.0, 0.8]}, "SGD", best_epoch=2),
        figures.roc_curves(sets),
        figures.precision_recall_curves(sets),
        figures.reliability_plot(sets),
        figures.distance_curves({"test": np.arange(9.0)}),
        figures.bars({"a": [0.8], "b": [0.6]}, ["LR"], "AUC"),
        rates.rate_curves({"prediction rate (from 2010-01-01 to 2019-12-31), by landslides": rate, "success rate, by landslides": rate}),
        validation.density_by_class(["very low", "low", "moderate", "high", "very high"], fifth, fifth, fifth),
        validation.reliability_diagram([("as they are", np.array([[0.1, 0.5], [0.2, 0.6]]))], np.array([20, 30])),
    ):
        figure.savefig(io.BytesIO(), dpi=50)
        legends = [axes.get_legend().get_window_extent() for axes in figure.axes if axes.get_legend()]
        assert legends
        for legend in legends:
            assert legend.x0 >= 0 and legend.y0 >= 0 and legend.x1 <= figure.bbox.x1, "all of it is seen"
            for axes in figure.axes:
                assert not legend.overlaps(axes.bbox) and not legend.overlaps(axes.xaxis.get_tightbbox() or axes.bbox)


def test_the_first_name_is_the_topmost():
    axes = figures.bars({"random": [0.8, 0.7]}, ["LR", "SVM"], "AUC").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["LR", "SVM"] and axes.get_ylim()[0] > axes.get_ylim()[1]
    assert [round(bar.get_y() + bar.get_height() / 2, 6) for bar in axes.patches] == [0, 1] and axes.get_xlabel() == "AUC"


def test_landslides_are_dots_and_other_cells_crosses_in_the_colour_of_their_fold():
    figure = figures.fold_map(np.arange(4.0), np.arange(4.0), np.array([-1, -1, 0, 0]), np.array([1, 0, 1, 0]))
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == ["training only", "fold 0"]
    dots = figure.axes[0].collections
    assert [len(each.get_paths()[0].vertices) > 10 for each in dots] == [True, False, True, False], "a circle has many corners"
    colours = [tuple(np.round(each.get_edgecolor()[0][:3], 2)) for each in dots]
    assert colours[0] == colours[1] != colours[2] == colours[3]


def test_landslides_are_marked_where_they_lie():
    """Rows go down, columns to the right; each pixel once."""
    marked = np.array([0.2, 2.0, 0.1]), np.array([3.0, 1.0, 2.9])
    figure = figures.class_map(np.ones((3, 5), np.uint8), ["low"], ["#111111"], [1.0], (30.0, 30.0), landslides=marked)
    axes, legend = figure.axes
    dots = next(line for line in axes.lines if line.get_marker() == "o")
    assert list(zip(*dots.get_data())) == [(1, 2), (3, 0)]
    assert [text.get_text() for text in legend.get_legend().get_texts()] == ["low  (100 %)", "landslide"]
    assert legend.get_legend().get_title().get_text() == "Landslide susceptibility\n(share of the area)"
    north = next(each for each in axes.texts if each.get_text() == "N")
    assert north.xy[1] > north.xyann[1], "the arrow points up"


def test_a_frame_is_that_of_the_whole_grid():
    """A picture of 2 × 3 pixels of a grid of 40 rows of 35 m and 60 columns of 20 m."""
    grid = Grid(reference_of(32639).ExportToWkt(), (500_000.0, 20.0, 0.0, 3_600_000.0, 0.0, -35.0), (40, 60))
    assert figures.Frame.of(grid, (2, 3)) == figures.Frame(500_000.0, 3_600_000.0, 400.0, 700.0, True)
