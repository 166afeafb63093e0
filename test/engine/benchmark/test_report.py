# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of a comparison: each figure in its row, its column and its curve."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pages
import pytest
from scarp.engine.benchmark import report
from scarp.engine.benchmark.comparison import Data, Fold, Validation
from scarp.engine.benchmark.report import headline, make_report, verdict
from scarp.engine.benchmark.summary import ClassifierSummary, table_rows
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.reporting import metrics
from scarp.engine.reporting.metrics import METRICS
from scarp.engine.reporting.numbers import number
from scarp.engine.samples.cells import SampleCells
from scarp.models.covariate import Covariate

NUMBERS = np.arange(40)
LABELS = (NUMBERS % 4 == 0).astype(int)
OF_FOLD = NUMBERS // 4 % 2
GRID = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -20.0), (20, 20))
CELLS = SampleCells(NUMBERS // 2, NUMBERS % 20, LABELS, np.full(40, "train"), OF_FOLD, NUMBERS.astype(str))
XY = np.stack([NUMBERS * 10.0, NUMBERS * 20.0], axis=1)
DATA = Data(CELLS, GRID, (Covariate("slope"),), np.zeros((40, 1)), XY, np.full((40, 2), np.datetime64("NaT"), "datetime64[D]"), XY[:9])
FOLDS = [
    Fold(method, 0, number, np.flatnonzero(number != OF_FOLD), np.flatnonzero(number == OF_FOLD))
    for method in ("blocks", "random")
    for number in (0, 1)
]
# Every metric has a value of its own, so that none can stand for another.
MEAN = {key: place / 100 for place, (key, _, _) in enumerate(METRICS, start=1)} | {"support_landslide": 10.0, "support_none": 30.0}
SETS = [(LABELS[:20], np.linspace(0, 1, 20)), (LABELS[20:], np.linspace(1, 0, 20))]


def summary(method, name, auc, difference=None, constant=0, **more):
    given = {"mean": {**MEAN, "auc": auc}, "deviation": {key: value / 10 for key, value in MEAN.items()} | {"auc": 0.0125}}
    given |= {"confusion": np.array([[25, 5], [4, 6]]), "test_sets": SETS, "chosen": {}, "fold_aucs": {}}
    interval = metrics.TestedMean(auc, auc - 0.05, auc + 0.04, float("nan"))
    return ClassifierSummary(method, name, 1, auc=interval, difference=difference, constant=constant, **{**given, **more})


BETTER, WORSE = metrics.TestedMean(0.05, 0.01, 0.09, 0.012), metrics.TestedMean(-0.1, -0.15, -0.05, 0.001)
BLOCKS = [
    summary("blocks", "cnn_dnn", 0.75),
    summary("blocks", "rf", 0.8, BETTER, chosen={"max_depth 8": 3, "max_depth 4": 2}),
    summary("blocks", "lr", 0.65, WORSE),
]
RANDOM = [summary("random", "cnn_dnn", 0.85), summary("random", "rf", 0.95), summary("random", "lr", 0.7)]


@pytest.fixture
def page(monkeypatch):
    """Return what makes a report."""
    pages.without_pictures(monkeypatch)

    def make(summaries=(*BLOCKS, *RANDOM), methods=("blocks", "random"), **facts):
        asked = [Validation(method, 2, block_size_m=300.0) for method in methods]
        given = {
            "files": {"Covariate stack": "/data/s.tif"},
            "inputs": {"Inventory": "x"},
            "settings": {},
            "versions": {},
        }
        return make_report(
            DATA, asked, FOLDS, list(summaries), {**given, "members": 3, "patch_size": 15, "equal_landslides": False, **facts}
        )

    return make


def test_the_auc_of_each_stands_with_what_it_differs_by(page):
    header = ("Validation", "Classifier", "AUC", "SD", "95 % interval", "Minus CNN–DNN", "95 % interval", "p, corrected")
    found = pages.rows(page(), *header)
    assert found[:3] == [
        ["Spatial folds", "Random forest", "0.800", "0.013", "0.750 to 0.840", "+0.050", "+0.010 to +0.090", "0.012"],
        ["Spatial folds", "CNN–DNN", "0.750", "0.013", "0.700 to 0.790", "–", "–", "–"],
        ["Spatial folds", "Logistic regression", "0.650", "0.013", "0.600 to 0.690", "−0.100", "−0.150 to −0.050", "0.001"],
    ]
    assert [row[1:3] for row in found[3:]] == [["Random forest", "0.950"], ["CNN–DNN", "0.850"], ["Logistic regression", "0.700"]]
    lost = [*BLOCKS[:2], summary("blocks", "lr", 0.5, constant=1)]
    (row,) = (row for row in pages.rows(page(lost, ("blocks",)), *header) if row[1] == "Logistic regression")
    assert row[2:] == ["–", "–", "not fitted in 1 of 2 test sets", "–", "–", "–"]


def test_without_the_network_nothing_is_said_of_it(page):
    """Neither what others have less than it, nor that narrow blocks flatter it, as they do where it is."""
    narrow = "Blocks of 300 m are narrower than two patches of the network (600 m)"
    assert narrow in pages.words(page())
    made = page([summary("blocks", "rf", 0.8), summary("blocks", "lr", 0.65)], ("blocks",))
    assert pages.rows(made, "Validation", "Classifier", "AUC", "SD", "95 % interval") == [
        ["Spatial folds", "Random forest", "0.800", "0.013", "0.750 to 0.840"],
        ["Spatial folds", "Logistic regression", "0.650", "0.013", "0.600 to 0.690"],
    ]
    assert narrow not in pages.words(made)
    for each, said in ((made, "one repeat). Intervals by the t-test"), (page(), "Intervals and p by the t-test")):
        (told,) = (caption for caption in pages.captions(each, "table") if "t-test" in caption)
        assert said in told and ("p is corrected" in told) == ("Intervals and p" in told)


def test_random_folds_promise_more_by_what_stands_beside_them(page, monkeypatch):
    """0.1, 0.15 and 0.05 more: on average 0.1, most for the random forest."""
    drawn = pages.drawn_by(monkeypatch, report.figures, "bars")
    made = page()
    assert "Random folds promise on average +0.100 AUC over spatial folds, most for random forest (+0.150)." in pages.words(made)
    assert pages.rows(made, "Classifier", "AUC, spatial folds", "AUC, random folds", "Optimism") == [
        ["Random forest", "0.800", "0.950", "+0.150"],
        ["CNN–DNN", "0.750", "0.850", "+0.100"],
        ["Logistic regression", "0.650", "0.700", "+0.050"],
    ]
    ((_, (values, names, label), more),) = drawn
    assert values == {"spatial folds": [0.8, 0.75, 0.65], "random folds": [0.95, 0.85, 0.7]}
    low, high = more["low"]["spatial folds"], more["high"]["spatial folds"]
    assert low == pytest.approx([0.75, 0.7, 0.6]) and high == pytest.approx([0.84, 0.79, 0.69])
    assert names == ["Random forest", "CNN–DNN", "Logistic regression"] and (label, more["start"]) == ("AUC", 0.5)


def optimism(monkeypatch, gap, spread, names=("rf", "lr")):
    """What is said where random folds have `gap` more, and the AUCs of four folds of either lie `spread` above and below their mean."""
    pages.without_pictures(monkeypatch)
    page = report.Report("", "")
    found = {}
    for method, auc in (("blocks", 0.75), ("random", 0.75 + gap)):
        aucs = {(0, number): auc + spread * (-1) ** number for number in range(4)}
        found[method] = [summary(method, name, auc, fold_aucs=aucs) for name in names]
    report._side_by_side(page, found, "blocks")
    return pages.words(page)


def test_an_optimism_that_may_be_chance_is_told_as_such(monkeypatch):
    """Standard errors of 0.01 · √(4/3) / 2 of either: √2 times that in all, 0.00816, and twice that is 0.0163."""
    flatters, chance = (
        "a classifier that remembers its neighbours looks good there",
        "no more than chance may make of so few folds (standard",
    )
    words = optimism(monkeypatch, 0.016, 0.01)
    assert f"on average +0.016 AUC over spatial folds, {chance} error 0.008)" in words and flatters not in words
    assert flatters in optimism(monkeypatch, 0.017, 0.01)


def test_what_learns_nothing_remembers_nothing(monkeypatch):
    assert "Random folds" not in optimism(monkeypatch, 0.1, 0.0, ("slope",)).replace("random folds promise beyond", "")
    assert "on average +0.100 AUC over spatial folds, most for random forest" in optimism(monkeypatch, 0.1, 0.0, ("slope", "rf"))


@pytest.mark.parametrize(("method", "said"), [("knndm", True), ("blocks", False)])
def test_folds_as_far_as_the_map_that_are_random_ones_are_no_sign_that_closeness_does_not_flatter(monkeypatch, method, said):
    pages.without_pictures(monkeypatch)
    made = [summary("random", "rf", 0.8), summary("random", "lr", 0.7)]
    page = report.Report("", "")
    report._side_by_side(page, {method: [replace(each, validation=method) for each in made], "random": made}, method)
    words = pages.words(page)
    assert ("they are the random ones, and both figures are one." in words) is said
    assert ("does not flatter these classifiers" in words) is not said


def test_each_metric_stands_under_its_name(page):
    made = page(BLOCKS, ("blocks",))
    told = {key: number(value) for key, value in MEAN.items()}
    table = pages.rows(made, "Classifier", "Class", "Precision", "Recall", "F1", "Support", "Accuracy", "AUC")
    of_slides, of_none = ([told[f"{metric}_{side}"] for metric in ("precision", "recall", "f1")] for side in ("landslide", "none"))
    assert table[:2] == [
        ["Random forest", "landslide", *of_slides, "10", told["accuracy"], "0.800"],
        ["", "none", *of_none, "30", "–", "–"],
    ]
    assert pages.rows(made, "Classifier", "MSE", "RMSE", "MAPE")[0] == ["Random forest", told["mse"], told["rmse"], told["mape"]]
    more = ("Average precision", "Sensitivity", "Specificity", "Pearson’s φ (MCC)", "Cohen’s κ", "Youden’s J", "Threshold of J", "ECE")
    keys = ("average_precision", "sensitivity", "specificity", "phi", "kappa", "youden_j", "youden_threshold", "ece")
    assert pages.rows(made, "Classifier", *more)[0] == ["Random forest", *(told[key] for key in keys)]


def test_curves_and_matrices_are_of_the_classifier_that_they_are_named_after(page, monkeypatch):
    other = [(labels, said / 2) for labels, said in SETS]
    forest = replace(BLOCKS[1], test_sets=other, confusion=np.array([[1, 2], [3, 4]]))
    drawn = pages.drawn_by(monkeypatch, report.figures, "roc_curves", "precision_recall_curves", "confusion_matrices", "reliability_plot")
    page([BLOCKS[0], forest, BLOCKS[2]], ("blocks",))
    for name, (given,), _ in drawn:
        assert list(given) == ["Random forest", "CNN–DNN", "Logistic regression"], name
        if name == "confusion_matrices":
            assert given["Random forest"].tolist() == [[1, 2], [3, 4]] and given["CNN–DNN"].tolist() == [[25, 5], [4, 6]]
        else:
            assert given["Random forest"] is other and given["CNN–DNN"] is SETS, name
    assert len(drawn) == 4


def test_folds_are_drawn_where_their_cells_lie(page, monkeypatch):
    drawn = pages.drawn_by(monkeypatch, report.figures, "fold_map")
    distances = []
    monkeypatch.setattr(report.distances, "add", lambda page, *given: distances.append(given))
    page(BLOCKS, ("blocks",))
    ((_, (x, y, fold, landslide), _),) = drawn
    assert x.tolist() == XY[:, 0].tolist() and y.tolist() == XY[:, 1].tolist()
    assert fold.tolist() == OF_FOLD.tolist() and landslide.tolist() == LABELS.tolist()
    found = DATA.distances(FOLDS[:2])
    ((samples, folds, places, _, narrow),) = distances
    assert narrow, "blocks of 300 m for patches of 15 cells of 20 m"
    for one, other in ((samples, found.samples), (folds, found.folds), (places, found.places)):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("patch_px, told", [(15, ["100 %"]), (3, ["50 %"]), (1, [])])
def test_patches_that_reach_over_training_cells_are_told_of_folds_that_are_no_blocks(page, monkeypatch, patch_px, told):
    """Landslides of the test 22.4 and 67 m from those that train; patches of 300, 60 and 20 m."""
    monkeypatch.setattr(f"{__name__}.FOLDS", [Fold("kmeans", 0, 0, np.arange(20), np.array([20, 22]))])
    monkeypatch.setattr(Data, "distances", lambda *_: SimpleNamespace(samples=XY[:2, 0], folds=np.array([22.4, 67.0]), places=XY[:2, 0]))
    for name, expected in (("cnn_dnn", told), ("rf", [])):
        said = pages.words(page([summary("kmeans", name, 0.75)], ["kmeans"], patch_size=patch_px))
        assert re.findall(r"(\d+ %) of the test’s landslide cells lie nearer than a patch", said) == expected


def test_folds_have_the_numbers_of_the_layer_of_cells(page, monkeypatch):
    """−1 and 0 there were 0 and 1 in the figure."""
    monkeypatch.setattr(f"{__name__}.FOLDS", [Fold("holdout", 0, 0, np.arange(10), np.arange(10, 25))])
    captions = pages.captions(page([summary("holdout", "cnn_dnn", 0.75)], ["holdout"]), "figure")
    assert any("colours are test folds, by the numbers of FOLD_CELLS (training only: −1 there)." in each for each in captions)


def test_the_verdict_names_what_is_better_and_worse():
    told = verdict(BLOCKS, "blocks")
    assert told.startswith(
        "Random forest has the highest AUC in the validation by spatial folds: 0.800 (95 % interval 0.750 to 0.840); that is"
    )
    assert "The CNN–DNN reaches 0.750 (95 % interval 0.700 to 0.790)." in told
    assert told.endswith("the CNN–DNN is better than logistic regression; worse than random forest.")
    assert [headline(each) for each in (["random", "blocks"], ["blocks", "temporal"], ["holdout"])] == ["blocks", "temporal", "holdout"]


def test_the_method_and_what_was_chosen_are_told(page):
    made = page()
    words = pages.words(made)
    assert made.subtitle == "40 cells (10 landslide, 30 non-landslide), 1 covariate"
    assert "Square blocks of 300 m are dealt into folds as a whole" in words and " 2 folds." in words
    assert "it is the mean of 3 networks" in words and "25 % of the cells are landslide cells." in words
    assert "Each landslide counts the same" not in words and "Each landslide counts the same" in pages.words(page(equal_landslides=True))
    (row,) = pages.rows(made, "Validation", "Classifier", "Chosen most often", "Times")
    assert row[1:] == ["Random forest", "max_depth 8", "3"]


def test_the_table_has_every_figure_under_its_name():
    (row,) = table_rows([BLOCKS[1]])
    assert (row["validation"], row["classifier"], row["label"], row["repeats"], row["not_fitted"]) == (
        "blocks",
        "rf",
        "Random forest",
        1,
        0,
    )
    assert (row["auc"], row["auc_low"], row["auc_high"], row["auc_sd"]) == (0.8, 0.75, 0.84, 0.0125)
    assert (row["auc_minus_cnn_dnn"], row["p_value"]) == (0.05, 0.012) and row["chosen"] == "max_depth 8 (3); max_depth 4 (2)"
    for key, value in MEAN.items():
        assert row[key] == (0.8 if key == "auc" else value), key
        assert key == "auc" or row[f"{key}_sd"] == pytest.approx(value / 10, abs=1e-6), key


def test_a_map_of_folds_has_the_cells_of_these_folds_alone(page, monkeypatch):
    """Cells of a test inventory, and those that an exclusion or an open date left out, were drawn as if they trained."""
    drawn = pages.drawn_by(monkeypatch, report.figures, "fold_map")
    monkeypatch.setattr(f"{__name__}.FOLDS", [Fold("holdout", 0, 0, np.arange(10), np.arange(10, 25))])
    page([summary("holdout", "cnn_dnn", 0.75)], ["holdout"])
    ((_, (east, _, number, _), _),) = drawn
    assert east.tolist() == (np.arange(25) * 10.0).tolist() and number.tolist() == [-1] * 10 + [0] * 15


@pytest.mark.parametrize(("members", "told"), [(1, "it is one network, trained"), (3, "it is the mean of 3 networks, trained")])
def test_how_often_folds_were_dealt_and_how_many_networks_there_are(page, members, told):
    """A test inventory was said to be repeated, and a single network to be a mean."""
    words = pages.words(page(members=members))
    assert told in words and "with other seeds" not in words
