# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of a training: each figure in its row, its column and its curve."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pages
import pytest
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.learning import report
from scarp.engine.learning.report import Training, make_report
from scarp.engine.learning.tuning import Candidate
from scarp.engine.learning.validation import WHERE, Evaluation
from scarp.engine.reporting import metrics
from scarp.engine.reporting.numbers import interval, number
from scarp.models.covariate import Covariate
from scarp.models.recipe import Recipe

GRID = Grid(reference_of(32639).ExportToWkt(), (5e5, 30.0, 0.0, 3.6e6, 0.0, -30.0), (80, 60))
# Two folds, each of a landslide of one cell and of one of three, and of four other cells.
CELLS = np.tile([1, 1, 1, 1, 0, 0, 0, 0], 2)
UNITS = np.array([0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 9, 10, 11])
FOLD = np.repeat([0, 1], 8)
RIGHT = np.tile([0.9, 0.8, 0.8, 0.8, 0.4, 0.3, 0.2, 0.1], 2)
LONE_LAST = np.tile([0.0, 0.8, 0.8, 0.8, 0.4, 0.3, 0.2, 0.1], 2)
WRONG = 1 - RIGHT


def evaluation(kind, name, said, how="So it was tested."):
    return Evaluation(kind, name, how, CELLS, said, FOLD, UNITS)


SPATIAL, RANDOM = evaluation("spatial", "Spatial folds", LONE_LAST, "By blocks."), evaluation("random", "Random folds", RIGHT, "At random.")
PART, TEST = evaluation("part", "Whole parts, trees alone", WRONG, "Of parts."), evaluation("test", "Test cells", LONE_LAST, "By a part.")
FITTED = evaluation("training", "Training cells", RIGHT)


@pytest.fixture
def page(monkeypatch):
    """Return what makes a report of what differs from the usual."""
    pages.without_pictures(monkeypatch)

    def make(**changed):
        model = SimpleNamespace(
            classifier="cnn_dnn_trees",
            name="CNN–DNN with trees (50 % network, 50 % trees)",
            trees=SimpleNamespace(count=64),
            calibration=None,
            calibrated=lambda said: said,
            covariates=(Covariate("slope", unit="degree", source="Horn"), Covariate("geology", "categorical", source="a map")),
        )
        facts = Training(
            replace_in(model, **changed.pop("model", {})),
            [SPATIAL, RANDOM],
            FITTED,
            SPATIAL,
            {key: number / 100 for number, (key, _, _) in enumerate(metrics.METRICS, start=1)},
            "Cells were divided so.",
            [{"loss": [0.9, 0.6, 0.5], "val_loss": [0.95, 0.6, 0.7], "accuracy": [0.5, 0.6, 0.7], "val_accuracy": [0.4, 0.65, 0.6]}],
            {},
            [],
            None,
            {"training": (30, 150), "test": (10, 60)},
            Recipe(optimizer="sgd", schedule="step"),
            {"Seed": "7"},
            {"numpy": "1.26.4"},
            GRID,
            {"Covariate stack": "/data/stack.tif"},
        )
        return make_report(replace(facts, **changed))

    return make


def replace_in(model, **changed):
    vars(model).update(changed)
    return model


def test_each_test_has_its_row_and_the_first_is_the_headline(page):
    """By cells the one landslide of a cell in each fold that is ranked last costs a quarter, by landslides a half."""
    made = page(tests=[SPATIAL, PART, RANDOM])
    header = ("Tested by", "AUC", "95 % interval", "AUC, landslides alike", "Landslides", "Cells")
    told = pages.rows(made, *header)
    assert [(row[0], row[1], *row[3:]) for row in told] == [
        ("Spatial folds", "0.750", "0.500", "4", "16"),
        ("Whole parts, trees alone", "0.000", "0.000", "4", "16"),
        ("Random folds", "1.000", "1.000", "4", "16"),
    ]
    assert [row[2] for row in told] == [interval(each.auc.low, each.auc.high) for each in (SPATIAL, PART, RANDOM)]
    words = pages.words(made)
    assert words.startswith(
        f"By spatial folds the area under the ROC curve (AUC) is {SPATIAL.in_words}; that is what to expect {WHERE['spatial']}."
    )
    assert "Cells were divided so." in words and "Random folds: At random." in words and "Of parts." in words
    assert "There is no figure of spatial folds" not in words and "There is no figure of spatial folds" in pages.words(
        page(tests=[TEST], shown=TEST)
    )
    assert "16 % of the sample cells are landslide cells." in words  # 40 of 250


def test_success_is_of_what_was_fitted_and_prediction_of_what_was_not(page, monkeypatch):
    curves = pages.drawn_by(monkeypatch, report.rates, "rate_curves")
    words = pages.words(page())
    assert "The success rate is that of the 4 training landslides and says how well the model fits (AUC 1.000)" in words
    assert "the prediction rate is that of 4 landslides that took no part (spatial folds, AUC 0.750)" in words
    assert "The prediction is above the success" not in words
    ((_, (drawn,), _),) = curves
    assert list(drawn) == [
        "success rate by landslides",
        "success rate by cells",
        "prediction rate by landslides",
        "prediction rate by cells",
    ]
    for kind, each in (("success", FITTED), ("prediction", SPATIAL)):
        for how, curve in each.rate_curves().items():
            assert drawn[f"{kind} rate {how}"].landslides.tolist() == curve.landslides.tolist()
    assert "The prediction is above the success" in pages.words(page(shown=RANDOM, fitted=SPATIAL))
    single = replace(RANDOM, units=None)
    page(shown=single, fitted=replace(FITTED, units=None))
    assert list(curves[-1][1][0]) == ["success rate", "prediction rate"], "where each landslide is one cell"


def test_cells_are_shown_by_folds_and_metrics_by_their_names(page, monkeypatch):
    drawn = pages.drawn_by(monkeypatch, report.figures, "roc_curves", "confusion_matrices", "reliability_plot")
    made = page()
    found = {name: given[0] for name, given, _ in drawn}
    (sets,) = found["roc_curves"].values()
    assert [(labels.tolist(), said.tolist()) for labels, said in sets] == [(CELLS[:8].tolist(), LONE_LAST[:8].tolist())] * 2
    (matrix,) = found["confusion_matrices"].values()
    assert matrix.tolist() == [[8, 0], [2, 6]]
    assert list(found["roc_curves"]) == list(found["reliability_plot"]) == ["CNN–DNN with trees"]
    told = pages.rows(made, "Metric", "Value", "Meaning")
    assert [row[:2] for row in told] == [[label, number(place / 100)] for place, (_, label, _) in enumerate(metrics.METRICS, start=1)]
    assert "on the cells of spatial folds" in pages.captions(made)[1]
    (told,) = (caption for caption in pages.captions(made, "table") if caption.startswith("Metrics on the cells of spatial folds"))
    assert f"another than the mean of the folds ({number(SPATIAL.auc.auc)})" in told


def test_a_calibration_is_shown_beside_what_it_was(page, monkeypatch):
    """Only where the model itself was tested: models of folds are not calibrated."""
    drawn = pages.drawn_by(monkeypatch, report.figures, "reliability_plot")
    calibrated = {"calibration": {"method": "isotonic"}, "calibrated": lambda said: said / 2}
    tested = {key: 0.5 for key, _, _ in metrics.METRICS} | {"mse": 0.125, "ece": 0.0625}
    made = page(tests=[TEST], shown=TEST, model=calibrated, tested=tested)
    before = metrics.evaluate(CELLS, LONE_LAST, weights=metrics.balanced(CELLS))
    told = pages.rows(made, "", "Brier score (MSE)", "Expected calibration error")
    assert told == [["Not calibrated", number(before["mse"]), number(before["ece"])], ["Calibrated", "0.125", "0.062"]]
    ((_, (curves,), _),) = drawn
    assert curves["Calibrated"][0][1].tolist() == (LONE_LAST / 2).tolist() and curves["Not calibrated"][0][1].tolist() == LONE_LAST.tolist()
    assert "Isotonic" in next(each for each in pages.captions(made, "table") if "Calibration" in each)
    page(model=calibrated)
    ((name, ((_, said),)),) = drawn[-1][1][0].items()
    assert name == "CNN–DNN with trees" and said.tolist() == LONE_LAST.tolist()


def test_candidates_stand_with_what_they_reached(page):
    tried = [Candidate(0.01, 1, 32, 64, auc=(0.8, 0.9)), Candidate(0.002, 2, 16, 128, auc=(0.5, 0.7))]
    made = page(tried=tried)
    told = pages.rows(made, "Learning rate", "Hidden layers", "Units", "Batch size", "AUC", "Standard deviation")
    assert told == [["0.01", "1", "32", "64", "0.850", "0.071"], ["0.002", "2", "16", "128", "0.600", "0.141"]]
    words = pages.words(made)
    assert "2 candidates were tried with one network each on 2 folds inside the training cells." in words
    assert (
        "The best has a mean AUC of 0.850, the worst 0.600." in words and "The figures of spatial folds and random folds are those" in words
    )
    assert "; the test cells took no part." in pages.words(page(tried=tried, tests=[TEST], shown=TEST))


def test_histories_are_marked_where_their_weights_were_kept(page, monkeypatch):
    """The best validation loss is that of the second epoch."""
    drawn = pages.drawn_by(monkeypatch, report.figures, "training_history")
    one = {"loss": [0.9, 0.6, 0.5], "val_loss": [0.95, 0.6, 0.7], "accuracy": [0.5, 0.6, 0.7], "val_accuracy": [0.4, 0.65, 0.6]}
    two = {"loss": [0.4], "val_loss": [0.5], "accuracy": [0.7], "val_accuracy": [0.8]}
    made = page(histories=[one, {"loss": [1.0], "accuracy": [0.5]}], others={"adagrad": two})
    assert [given for _, given, _ in drawn] == [
        (one, "Member 1", 2),
        ({"loss": [1.0], "accuracy": [0.5]}, "Member 2", None),
        (two, "Adagrad", 1),
    ]
    assert pages.rows(made, "Optimizer", "Epochs", "Least validation loss", "Greatest validation accuracy") == [
        ["Adagrad", "1", "0.500", "0.800"]
    ]
    assert "Training history of member 1 (3 epochs)" in " ".join(pages.captions(made))
    words = "Where validation lies above training"
    assert words not in pages.words(made), "0.6 is not below 0.6"
    assert words in pages.words(page(histories=[{**one, "val_loss": [0.95, 0.59, 0.7]}]))


def test_the_method_is_that_of_the_recipe(page):
    made = page()
    words = pages.words(made)
    assert (
        "The model is a CNN–DNN with trees (50 % network, 50 % trees): susceptibility is the weighted mean of the network and of 64 shallow"
        in words
    )
    assert "Optimizer: SGD; schedule:" in words and "batch normalisation, ReLU" in words and "cross-entropy with class weights" in words
    assert "Each landslide counted the same" not in words
    assert pages.rows(made, "Cells", "Landslide", "Non-landslide") == [["Training", "30", "150"], ["Test", "10", "60"]]
    assert pages.rows(made, "Covariate", "Kind", "Unit", "Source") == [
        ["Slope", "continuous", "degree", "Horn"],
        ["Geology", "categorical", "", "a map"],
    ]
    assert pages.rows(made, "Parameter", "Value") == [["Seed", "7"]] and pages.rows(made, "Package", "Version") == [["numpy", "1.26.4"]]
    assert ["Covariate stack", "stack.tif"] in pages.rows(made, "Data", "")
    plain = Recipe(batch_normalisation=False, class_weights="none", equal_landslides=True)
    words = pages.words(page(recipe=plain, model={"trees": None}))
    assert "convolutions with ReLU" in words and "cross-entropy, L2" in words and "Each landslide counted the same in training" in words
    assert "The model is the CNN–DNN alone" in words


def test_distances_are_those_of_the_spatial_folds(page, monkeypatch):
    given = []
    monkeypatch.setattr(report.distances, "add", lambda page, *arguments: given.append(arguments))
    page(distances=SimpleNamespace(samples="s", folds="f", places="p"))
    narrow = replace(SPATIAL, narrow=True)
    page(distances=SimpleNamespace(samples="s", folds="f", places="p"), tests=[narrow, RANDOM])
    assert given == [("s", "f", "p", "spatial folds", told) for told in (False, True)]


def test_the_types_that_it_is_for_are_told(page):
    made = page(types="slide")
    assert made.subtitle == "Trained on 4 landslides of the type slide" and ["Types of movement", "slide"] in pages.rows(made, "Data", "")
    assert page().subtitle == "Trained on 4 landslides"
