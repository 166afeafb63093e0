# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of an adaptation: each figure in its row, its column and its curve."""

from types import SimpleNamespace

import numpy as np
import pages
import pytest
from scarp.engine.adaptation import report
from scarp.engine.adaptation.contest import Contest
from scarp.engine.adaptation.report import Adaptation, make_report
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.learning.validation import Evaluation
from scarp.engine.mapping.likeness import OLDER, Likeness
from scarp.engine.reporting.numbers import interval, p_value, signed

GRID = Grid(reference_of(32639).ExportToWkt(), (5e5, 30.0, 0.0, 3.6e6, 0.0, -30.0), (80, 60))
# Two folds, each of two landslides of one and three cells, and four other cells.
LABELS = np.tile([1, 1, 1, 1, 0, 0, 0, 0], 2)
UNITS = np.array([0, 1, 1, 1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 9, 10, 11])
FOLD = np.repeat([0, 1], 8)
RIGHT = np.tile([0.9, 0.8, 0.8, 0.8, 0.4, 0.3, 0.2, 0.1], 2)
SAID = {
    "unadapted": np.where(FOLD == 0, 1 - RIGHT, RIGHT),  # wrong on the first fold, right on the second
    "adapted": RIGHT,
    "alone": np.tile([0.0, 0.8, 0.8, 0.8, 0.4, 0.3, 0.2, 0.1], 2),  # the landslide of one cell is ranked last
}
SLOPE = Likeness(
    "slope", "continuous", "°", 0.25, (10.0, 20.0, 22.0, 25.0, 28.0, 30.0, 40.0), (5.0, 15.0, 22.0, 45.0, 48.0, 50.0, 60.0), {}, 200
)


@pytest.fixture
def contest():
    return Contest.of({name: Evaluation("spatial", "Spatial folds", "So.", LABELS, said, FOLD, UNITS) for name, said in SAID.items()})


@pytest.fixture
def page(contest, monkeypatch):
    """Return what makes a report, and what it drew."""
    pages.without_pictures(monkeypatch)
    drawn = []
    true = report.figures.roc_curves
    monkeypatch.setattr(report.figures, "roc_curves", lambda curves: drawn.append(curves) or true(curves))

    def make(found=(SLOPE,), seen=({},), calibration=None, trees=(64, 128), warnings=(), known=""):
        given = SimpleNamespace(encoder=SimpleNamespace(seen=seen), trees=SimpleNamespace(count=trees[0]) if trees else None)
        made = SimpleNamespace(members=[{}, {}, {}], trees=SimpleNamespace(count=trees[1]) if trees else None, calibration=calibration)
        facts = Adaptation(
            given, made, GRID, contest, found, 20, {"Model file": "old.scarp"}, {"Seed": "7"}, {"numpy": "1.26.4"}, warnings, known
        )
        blocks = make_report(facts)._blocks
        texts = " ".join(each["text"] for each in blocks if each["kind"] == "text")
        return texts, {each["header"][0]: each for each in blocks if each["kind"] == "table"}, drawn[-1]

    return make


def test_each_figure_stands_where_its_heading_says(page, contest):
    """By cells the adapted model reaches 1; of four landslides in two folds the one of a single cell is ranked last by the third."""
    _, tables, _ = page()
    models = tables["Model"]
    assert models["header"] == ["Model", "AUC", "95 % interval", "AUC, landslides alike"]
    names, aucs, intervals, alike = zip(*models["rows"])
    assert names == ("As it was", "Adapted", "New landslides alone")
    assert aucs == ("0.500", "1.000", "0.750") and alike == ("0.500", "1.000", "0.500")
    found = [each.auc for each in contest.tests.values()]
    assert list(intervals) == [interval(each.low, each.high) for each in found]
    assert all(each.low <= each.auc <= each.high for each in found) and found[2].low < found[2].high
    assert "AUC on the same 16 cells, 4 landslides among them, by spatial folds." in models["caption"]


def test_differences_are_of_the_first_named_minus_the_second(page, contest):
    _, tables, _ = page()
    rows = tables["Models"]["rows"]
    assert [(row[0], row[1]) for row in rows] == [
        ("As it was − Adapted", "−0.500"),
        ("As it was − New landslides alone", "−0.250"),
        ("Adapted − New landslides alone", "+0.250"),
    ]
    for row, each in zip(rows, contest.differences.values()):
        assert row[1:] == [signed(each.mean), interval(each.low, each.high), p_value(each.p_value)]


def test_curves_are_of_each_fold_and_under_the_name_of_their_model(page):
    _, _, drawn = page()
    assert list(drawn) == ["As it was", "Adapted", "New landslides alone"]
    for curves, said in zip(drawn.values(), SAID.values()):
        for number, (labels, susceptibility) in enumerate(curves):
            here = np.equal(FOLD, number)
            assert labels.tolist() == LABELS[here].tolist() and susceptibility.tolist() == said[here].tolist()
        assert len(curves) == 2


def test_the_area_stands_beside_the_training(page):
    """5 to 95 % are the second and the last but one of the shares that are told, the ends the least and the greatest."""
    texts, tables, _ = page()
    assert "Slope: 25 % of the cells lie outside what the model has seen (10 to 40 °)." in texts
    assert tables["Covariate"]["header"] == [
        "Covariate",
        "Unit",
        "Model, 5 to 95 %",
        "Model, least to greatest",
        "Area, 5 to 95 %",
        "Outside",
    ]
    assert tables["Covariate"]["rows"] == [["Slope", "°", "20 to 30", "10 to 40", "15 to 50", "25 %"]]
    alike = Likeness("slope", "continuous", "°", 0.0, SLOPE.known, SLOPE.known, {}, 200)
    texts, tables, _ = page(found=[alike])
    assert "No covariate has more than a few cells outside" in texts and "lie outside" not in texts
    texts, tables, _ = page(found=[], seen=None)
    assert OLDER in texts and "No covariate has" not in texts and "Covariate" not in tables


def test_how_it_was_done_is_told_as_it_was(page, contest):
    texts, tables, _ = page()
    assert texts.startswith(contest.verdict)
    assert (
        "Each of the 3 members was trained on" in texts
        and "at a learning rate of 0.001. 20 and 160 epochs were tried, and 20 were" in texts
    )
    assert "Beside the 64 trees of the model stand 64 new ones" in texts
    assert "The model is not calibrated: susceptibility ranks" in texts
    assert tables["Parameter"]["rows"] == [["Seed", "7"]] and tables["Package"]["rows"] == [["numpy", "1.26.4"]]
    assert ["Model file", "old.scarp"] in tables["Data"]["rows"] and ["Grid", "80 rows × 60 columns"] in tables["Data"]["rows"]
    texts, _, _ = page(calibration={"method": "platt"}, trees=None)
    assert "The calibration (Platt (logistic)) was fitted anew" in texts and "not calibrated" not in texts and "trees" not in texts


def test_the_advice_stands_beside_the_verdict(page, contest, monkeypatch):
    monkeypatch.setattr(Contest, "advice", "Do otherwise.")
    texts, _, _ = page()
    assert texts.startswith(f"{contest.verdict} Do otherwise.")
    assert page(known="It knows them.")[0].startswith(f"It knows them. {contest.verdict}"), "what a figure is worth comes first"
