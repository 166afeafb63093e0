# SPDX-License-Identifier: GPL-2.0-or-later
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scarp.engine.reporting import figures

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


def test_precision_at_recall_by_hand():
    figure = figures.precision_recall_curves({"LR": [(LABELS, SUSCEPTIBILITY)]})
    recall, precision = curve(figure, 0, "LR")
    assert precision[recall <= 2 / 3] == pytest.approx(1.0)
    assert precision[recall > 2 / 3] == pytest.approx(3 / 4)


def test_reliability_plots_the_observed_share():
    figure = figures.reliability_plot({"LR": [(np.array([0, 1, 1, 1]), np.array([0.22, 0.28, 0.9, 1.0]))]})
    mean, share = curve(figure, 0, "LR")
    assert mean == pytest.approx([0.25, 0.95]) and share == pytest.approx([0.5, 1.0])


def test_confusion_shows_counts_and_shares():
    figure = figures.confusion_matrices({"LR": np.array([[5, 1], [1, 3]])})
    assert [text.get_text() for text in figure.axes[0].texts] == ["5\n83%", "1\n17%", "1\n25%", "3\n75%"]


def test_bars_begin_where_they_are_told():
    figure = figures.bars({"random": [0.8, 0.7]}, ["LR", "SVM"], "AUC", start=0.5)
    assert [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches] == [
        (0.5, pytest.approx(0.3)),
        (0.5, pytest.approx(0.2)),
    ]


@pytest.mark.parametrize(("width_m", "expected"), [(999, 500), (2000, 2000), (0.7, 0.5), (12_000, 10_000)])
def test_scale_bar_has_a_round_length(width_m, expected):
    assert figures._round_length(width_m) == pytest.approx(expected)


def test_no_figure_needs_pyplot():
    code = "import sys, runpy; runpy.run_path(sys.argv[1], run_name='launch')['register_package']()\n"
    code += "import scarp.engine.reporting.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    root = Path(__file__).resolve().parents[3]
    subprocess.run([sys.executable, "-c", code, str(root / "engine" / "__main__.py")], check=True)
