# SPDX-License-Identifier: GPL-2.0-or-later
"""The report on a model: each figure in its row, its column and its sentence."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pages
import pytest
from scarp.engine.explanation import report
from scarp.engine.explanation.attribution import Local, factor_colours
from scarp.engine.explanation.importance import Factor, Importance
from scarp.engine.explanation.report import Explanation, make_report, table_rows
from scarp.engine.explanation.response import Response
from scarp.engine.files.grid import Grid, reference_of
from scarp.models.covariate import Covariate

GRID = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -35.0), (40, 60))
COVARIATES = (
    Covariate("slope", unit="degree", group="geomorphologic", source="Horn"),
    Covariate("aspect", "circular", unit="degree", group="geomorphologic"),
    Covariate("geology", "categorical", group="geological", classes={1: "marl", 2: "lime"}),
)
AUC = np.array([0.75, 0.85])


def importance(name, kind, members, *drops):
    """The fall of the AUC in two folds, twice each."""
    return Importance(Factor(kind, name, tuple(members)), AUC, np.array(drops), 50, 20)


SLOPE = importance("slope", "covariate", [0], [0.1, 0.12], [0.2, 0.22])
ASPECT = importance("aspect", "covariate", [1], [-0.01, -0.01], [0.03, 0.03])
GEOLOGY = importance("geology", "covariate", [2], [0.3, 0.32], [0.2, 0.22])
GROUP = importance("geomorphologic", "group", [0, 1], [0.15, 0.15], [0.25, 0.25])
SAME = importance("slope, aspect", "correlated", [0, 1], [0.11, 0.11], [0.23, 0.23])
HEADER = ("Fall of the AUC", "Deviation over permutations", "Lowest fold", "Highest fold", "Matters")


@pytest.fixture
def page(monkeypatch):
    """Return what makes a report of what differs from the usual."""
    pages.without_pictures(monkeypatch)

    def make(**changed):
        model = SimpleNamespace(
            name="CNN–DNN", covariates=COVARIATES, manifest={"settings": changed.pop("settings", {})}, margin_px=changed.pop("margin", 4)
        )
        responses = [
            Response(each, np.array([0.0, 1.0]), np.array([0.2, 0.4]), np.empty(0), np.empty(0), np.array([0.0, 1.0]))
            for each in COVARIATES
        ]
        given = {
            "model": model,
            "grid": GRID,
            "valid": 2000,
            "found": [SLOPE, ASPECT, GEOLOGY, GROUP, SAME],
            "how": "So they were held out.",
        }
        given |= {
            "responses": responses,
            "local": None,
            "strongest": None,
            "files": {"Model file": "/data/m.scarp"},
            "settings": {"Seed": "7"},
        }
        return make_report(replace(Explanation(**given, versions={"numpy": "1.26.4"}), **changed))

    return make


def test_what_matters_most_comes_first_with_what_is_lost_without_it(page):
    words = pages.words(page())
    assert words.startswith(
        "On landslides that it has not seen the model has an AUC of 0.800. What matters most to it are geology (−0.260) and "
    )
    assert "slope (−0.160): so much is lost of the AUC where one of them tells of other ground." in words
    assert "No sign that it needs, each for itself: aspect." in words
    assert "No single covariate matters to it" in pages.words(
        page(
            found=[
                ASPECT,
                replace(ASPECT, factor=SLOPE.factor),
                replace(ASPECT, factor=GEOLOGY.factor),
            ]
        )
    )
    alone = pages.words(page(found=[SLOPE, ASPECT, replace(ASPECT, factor=GEOLOGY.factor)]))
    assert "What matters most to it is slope (−0.160): so much is lost of the AUC where it tells of other ground." in alone


def test_importance_stands_in_its_columns(page):
    """Over permutations: the means over folds of the first are 0.15 and 0.17, so that they deviate by 0.014."""
    made = page()
    assert pages.rows(made, "Covariate", *HEADER) == [
        ["Geology", "0.260", "0.014", "0.210", "0.310", "yes"],
        ["Slope", "0.160", "0.014", "0.110", "0.210", "yes"],
        ["Aspect", "0.010", "0.000", "−0.010", "0.030", "no sign of it"],
    ]
    same = ("Covariates that tell the same", "Fall of the AUC together", *HEADER[1:])
    assert pages.rows(made, *same) == [["Slope and Aspect", "0.170", "0.000", "0.110", "0.230", "yes"]]
    words = pages.words(made)
    assert "permuted over the 50 held-out cells (20 of landslides), 2 times" in words and "the whole patch that the network sees" in words
    assert "It counts cells: a landslide" in words and "It counts each landslide the same" in pages.words(
        page(settings={"equal_landslides": True})
    )
    assert "the whole patch" not in pages.words(page(margin=0))


def test_where_the_model_itself_is_asked_there_are_no_folds(page, monkeypatch):
    drawn = pages.drawn_by(monkeypatch, report.figures, "importance")
    alone = [replace(each, auc=each.auc[:1], drop=each.drop[:1]) for each in (SAME, SLOPE, GROUP, ASPECT, GEOLOGY)]
    made = page(found=alone)
    header = [each for each in HEADER if "fold" not in each]
    assert len(header) == len(HEADER) - 2
    assert pages.rows(made, "Covariate", *header)[0][0] == "Geology"
    assert pages.rows(made, "Covariates that tell the same", "Fall of the AUC together", *header[1:])
    assert not any("fold" in caption for kind in ("figure", "table") for caption in pages.captions(made, kind))
    assert "each fold (dot)" in pages.captions(page())[0]
    dots = [
        sum(line.get_marker() == "o" for line in report.figures.importance(*drawn[place][1]).axes[0].lines)
        for place in (0, len(drawn) // 2)
    ]
    assert dots == [0, 3]


def test_the_figures_are_of_covariates_then_of_groups_then_of_responses(page, monkeypatch):
    drawn = pages.drawn_by(monkeypatch, report.figures, "importance", "responses")
    page()
    (_, covariates, _), (_, groups, _), (_, responses, _) = drawn
    assert covariates == ([GEOLOGY, SLOPE, ASPECT], ["Geology", "Slope", "Aspect"])
    assert groups == ([GROUP], ["Geomorphologic"])
    assert [each.covariate.name for each in responses[0]] == ["geology", "slope", "aspect"] and responses[1] == [
        "Geology",
        "Slope",
        "Aspect",
    ]


def test_the_table_has_a_row_for_each_factor_by_kind_and_rank():
    rows = table_rows([SAME, SLOPE, GROUP, ASPECT, GEOLOGY], COVARIATES)
    assert [(row["kind"], row["factor"], row["rank"], row["matters"]) for row in rows] == [
        ("covariate", "geology", 1, "yes"),
        ("covariate", "slope", 2, "yes"),
        ("covariate", "aspect", 3, "no sign of it"),
        ("group", "geomorphologic", 1, "yes"),
        ("correlated", "slope, aspect", 1, "yes"),
    ]
    first = rows[0]
    assert (first["auc_drop"], first["sd_repeats"]) == (pytest.approx(0.26), pytest.approx(0.014142))
    assert (first["lowest_fold"], first["highest_fold"], first["auc"], first["folds"]) == (pytest.approx(0.21), pytest.approx(0.31), 0.8, 2)
    assert rows[3]["covariates"] == "slope, aspect"


def test_the_point_is_told_from_the_strongest_part_down(page, monkeypatch):
    """0.3 on average ground, plus 0.05, minus 0.1 and plus 0.25."""
    drawn = pages.drawn_by(monkeypatch, report.figures, "contributions")
    values, parts, error = np.array([31.0, -1.0, 2.0]), np.array([0.05, -0.1, 0.25]), np.array([0.001, 0.002, 0.003])
    local = Local(3, 7, (500_100.0, 3_599_000.0), 0.5, 0.3, values, parts, error)
    made = page(local=local)
    assert pages.rows(made, "Covariate", "Value", "Contribution", "Standard error") == [
        ["Geology", "lime", "+0.250", "0.003"],
        ["Aspect", "flat", "−0.100", "0.002"],
        ["Slope", "31.000°", "+0.050", "0.001"],
        ["Sum", "", "+0.200", "–"],
    ]
    words = pages.words(made)
    assert "The cell at 500,100, 3,599,000 has a susceptibility of 0.500; average ground of the area has 0.300." in words
    assert "above all geology (+0.250) and slope (+0.050); what makes it less susceptible, aspect (−0.100)." in words
    ((_, (names, parts, average, said), _),) = drawn
    assert (names, parts.tolist()) == (["Geology: lime", "Aspect: flat", "Slope: 31.000°"], [0.25, -0.1, 0.05]) and (average, said) == (
        0.3,
        0.5,
    )


def test_the_strongest_factor_is_told_by_its_share_and_colour(page, monkeypatch):
    """Of 1,000 cells slope is it on 300, aspect on 2, which is too little for the legend, geology on 698."""
    drawn = pages.drawn_by(monkeypatch, report, "class_map")
    small = np.array([[0, 1, 2], [3, 3, 1]])
    made = page(strongest=(np.array([300, 2, 698]), small))
    assert pages.rows(made, "Covariate", "Cells", "Share of the area") == [
        ["Geology", "698", "69.8 %"], ["Slope", "300", "30.0 %"], ["Aspect", "2", "0.2 %"]
    ]  # fmt: skip
    ((_, (numbers, names, colours, shares, step, title, frame), _),) = drawn
    assert names == ["Others", "Slope", "Geology"] and title == "Strongest factor"
    assert numbers.tolist() == [[0, 2, 1], [3, 3, 2]], "nothing, slope, the others; geology twice, slope"
    own = factor_colours(3)
    assert colours == ["#E8E8E8", own[0], own[2]] and shares == pytest.approx([0.002, 0.3, 0.698])
    assert step == (20 * 60 / 3, 35 * 40 / 2) and (frame.west, frame.north, frame.across, frame.down) == (5e5, 3.6e6, 400.0, 700.0)


def test_the_model_and_what_was_asked_are_told(page):
    made = page()
    assert made.subtitle == "CNN–DNN; 3 covariates"
    assert pages.rows(made, "Covariate", "Group", "Kind", "Unit", "Source") == [
        ["Slope", "geomorphologic", "continuous", "degree", "Horn"],
        ["Aspect", "geomorphologic", "circular", "degree", ""],
        ["Geology", "geological", "categorical", "", ""],
    ]
    assert pages.rows(made, "Parameter", "Value") == [["Seed", "7"]] and pages.rows(made, "Package", "Version") == [["numpy", "1.26.4"]]
    told = pages.rows(made, "Data", "")
    assert ["Model file", "m.scarp"] in told and ["Area of the cells with data", "1.400 km²"] in told  # 2,000 cells of 700 m²
