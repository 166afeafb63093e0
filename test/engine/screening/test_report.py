# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from pages import captions, drawn_by, rows, without_pictures
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.screening import report
from scarp.engine.screening.advice import class_rows, table_rows
from scarp.engine.screening.report import make_report, verdict
from scarp.engine.screening.survey import Survey
from scarp.models.covariate import Covariate

GRID = Grid(reference_of(32639).ExportToWkt(), (500007.25, 20.0, 0.0, 3600011.5, 0.0, -35.0), (10, 10))


class Page(HTMLParser):
    """The tables of a page by their captions, and its text."""

    def __init__(self, path):
        super().__init__()
        self.tables, self.text, self._row, self._cell, self._caption = [], "", None, None, None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        if tag == "table":
            self.tables.append({"caption": "", "rows": []})
        elif tag == "tr":
            self.tables[-1]["rows"].append([])
        elif tag in ("td", "th"):
            self.tables[-1]["rows"][-1].append("")
            self._cell = True
        elif tag == "caption":
            self._caption = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cell = None
        elif tag == "caption":
            self._caption = None

    def handle_data(self, data):
        self.text += data
        if self._cell:
            self.tables[-1]["rows"][-1][-1] += data
        elif self._caption:
            self.tables[-1]["caption"] += data

    def table(self, start):
        """The rows of the table whose caption holds a text, as dictionaries."""
        header, *rows = next(each["rows"] for each in self.tables if start in each["caption"])
        return [dict(zip(header, row)) for row in rows]


@pytest.fixture
def page(by_hand, tmp_path):
    picture = np.full((5, 5, 3), np.nan, np.float32)
    picture[..., :2], picture[..., 2] = 1.0, 2.0
    survey = Survey(100, np.zeros((25, 3), np.float32), picture, 2, {})
    facts = {
        "files": {"Covariate stack": "/data/stack.tif", "Landslide inventory": "/data/slides.gpkg"},
        "inputs": {"covariates": "/data/stack.tif", "inventory": "/data/slides.gpkg"},
        "method": "natural_breaks",
        "classes": 6,
        "settings": {"Classes by": "Natural breaks (Jenks)", "Classes": "6"},
        "versions": {"numpy": "9.8.7"},
    }
    make_report(by_hand, survey, GRID, 5, 20, facts).write(tmp_path / "r.html")
    return Page(tmp_path / "r.html")


def test_the_report_says_what_the_tables_say(page, by_hand):
    rows = page.table("The covariates in the order of the stack")
    assert [row["Covariate"] for row in rows] == ["col", "both", "unit"]
    for row, each, summary in zip(rows, table_rows(by_hand), by_hand.summaries):
        assert row["Advice"] == each["advice"]
        assert (row["VIF"], row["Tolerance"]) == (f"{each['vif']:.3f}", f"{each['tolerance']:.3f}")
        assert row["Most alike"] == each["most_alike"]
        assert float(row["Coefficient"].replace("−", "-")) == pytest.approx(each["pearson"], abs=5e-4)
        assert float(row["Gain"]) == pytest.approx(each["information_gain_bits"], abs=5e-4)
        p = min(2 * min(summary.pearson.p_value, summary.gain.p_value), 1)
        assert float(row["p"]) == pytest.approx(p, abs=5e-4)


def test_covariates_have_their_labels_on_the_page_and_their_names_in_the_table(by_hand, tmp_path):
    names = {"col": "local_relief", "both": "vector_ruggedness", "unit": "Lithology_2"}
    named = [
        replace(each, covariate=replace(each.covariate, name=names[each.name]), alike=names.get(each.alike, ""))
        for each in by_hand.summaries
    ]
    told = replace(
        by_hand, summaries=tuple(named), dropped=("local_relief",), remaining_vif={"vector_ruggedness": 1.5, "Lithology_2": 1.25}
    )
    survey = Survey(100, np.zeros((25, 3), np.float32), np.ones((5, 5, 3), np.float32), 2, {})
    facts = {"files": {}, "inputs": {}, "method": "natural_breaks", "classes": 6, "settings": {}, "versions": {}}
    make_report(told, survey, GRID, 5, 20, facts).write(tmp_path / "r.html")
    page = Page(tmp_path / "r.html")
    rows = page.table("The covariates in the order of the stack")
    assert [row["Covariate"] for row in rows] == ["Local relief", "Vector ruggedness", "Lithology_2"]
    assert {row["Most alike"] for row in rows} <= {"Local relief", "Vector ruggedness", "Lithology_2", "–"}
    words = " ".join(page.text.split())
    assert "When local relief is dropped, in this order, the VIFs are: vector ruggedness 1.500, Lithology_2 1.250." in words
    assert "local_relief" not in words and "vector_ruggedness" not in words
    assert [row["covariate"] for row in table_rows(told)] == ["local_relief", "vector_ruggedness", "Lithology_2"]


def test_the_classes_in_the_report(page, by_hand):
    rows = page.table("unit: share of the area, landslide cells")
    assert [row["Class"] for row in rows] == ["marl", "lime", "clay *"]
    noted = [
        each["caption"].endswith("*: a half added to each count.") for each in page.tables if "share of the area, lands" in each["caption"]
    ]
    assert noted == [False, False, True], "of the three covariates one has a class without landslides"
    keys = {
        "Landslide cells": "landslide_cells", "FR": "frequency_ratio", "IV": "information_value", "W+": "w_plus",
        "s²(W+)": "w_plus_variance",
        "W−": "w_minus", "s²(W−)": "w_minus_variance", "C": "contrast", "s(C)": "contrast_sd", "C/s(C)": "studentised_contrast",
    }  # fmt: skip
    for row, each in zip(rows, class_rows(by_hand)[4:]):
        assert {key: float(row[key].replace("−", "-")) for key in keys} == pytest.approx(
            {key: each[name] for key, name in keys.items()}, abs=6e-4
        )
        assert (float(row["Area share"]), float(row["Their share"])) == pytest.approx(
            (each["area_percent"] / 100, each["landslide_percent"] / 100)
        )


def test_the_report_says_what_it_was_made_from(page):
    assert "3 covariates, 100 valid cells, 5 landslide and 20 non-landslide cells" in page.text
    assert "There are only 5 landslide cells" in page.text
    assert "a random sample of 25 of the 100 valid cells" in page.text
    assert "Thinned to 1 cell in 4." in page.text
    assert "divided by natural breaks into at most 6 classes" in " ".join(page.text.split())
    assert {row["Parameter"]: row["Value"] for row in page.table("Parameters")} == {
        "covariates": "/data/stack.tif", "inventory": "/data/slides.gpkg", "Classes by": "Natural breaks (Jenks)", "Classes": "6"
    }  # fmt: skip
    assert page.table("Versions") == [{"Package": "numpy", "Version": "9.8.7"}]
    # 100 valid cells of 20 by 35 m, and not the 25 of the sample.
    assert {row["Data"]: row[""] for row in page.table("What was looked at")}["Area of the cells with data"] == "0.070 km²"


def test_the_verdict_in_words(by_hand):
    from dataclasses import replace

    kept, doubtful, dropped = by_hand.summaries
    kept = replace(kept, advice="keep", reason="")
    dropped = replace(dropped, advice="drop", reason="col tells it exactly")
    doubtful = replace(doubtful, advice="doubtful", reason="")
    told = replace(by_hand, summaries=(kept, doubtful, dropped), remaining_vif={"col": 1.2, "both": 4.567})
    assert verdict(told) == (
        "Keep 1 of 3 covariates: col. Drop unit: col tells it exactly. Doubtful is both: on its own no relation to landslides is seen. "
        "Among those that are not dropped, no VIF is above 5; the highest is 4.567 (both)."
    )
    assert verdict(replace(told, summaries=(kept,), remaining_vif={"col": 1.0})) == (
        "The one covariate, col, is related to landslides; with no other there is no collinearity."
    )
    assert (
        verdict(replace(told, summaries=(kept, replace(kept)), remaining_vif={})) == "Keep all 2 covariates: each is related to landslides."
    )
    assert verdict(replace(told, summaries=(doubtful, doubtful), remaining_vif={})) == (
        "None of the 2 covariates can be recommended. Doubtful are both and both: on their own no relation to landslides is seen."
    )


def test_bars_that_are_cut_off_are_told(by_hand, tmp_path):
    survey = Survey(100, np.zeros((25, 3), np.float32), np.ones((5, 5, 3), np.float32), 2, {})
    facts = {"files": {}, "inputs": {}, "method": "natural_breaks", "classes": 6, "settings": {}, "versions": {}}
    for limit, said in ((100.0, False), (0.2, True)):
        make_report(replace(by_hand, vif_limit=limit), survey, GRID, 5, 20, facts).write(tmp_path / "r.html")
        assert ("of a covariate’s variance. Bars end at 0.8." in Page(tmp_path / "r.html").text) is said


FACTS = {"files": {}, "inputs": {}, "method": "natural_breaks", "classes": 6, "settings": {}, "versions": {}}


def told(by_hand, **figures):
    """A screening whose covariates (col, both, unit) have these figures, and the picture whose bands are 1, 2 and 3."""
    changed = []
    for each, vif, r, bits in zip(by_hand.summaries, *(figures[name] for name in ("vif", "r", "bits"))):
        inflation = replace(each.inflation, gvif=vif**each.inflation.df)
        changed.append(replace(each, inflation=inflation, pearson=replace(each.pearson, r=r), gain=replace(each.gain, bits=bits)))
    picture = np.broadcast_to(np.float32([1, 2, 3]), (4, 5, 3))
    return replace(by_hand, summaries=tuple(changed)), Survey(100, np.zeros((25, 3), np.float32), picture, 3, {})


def test_bars_stand_in_the_order_of_their_length(by_hand, monkeypatch):
    """The strongest first: of the coefficient whatever its sign, and only that of a continuous covariate has one."""
    without_pictures(monkeypatch)
    names = ("vif_bars", "coefficient_bars", "gain_bars", "heat_map")
    drawn = drawn_by(monkeypatch, report.figures, *names)
    given, survey = told(by_hand, vif=(2.0, 9.0, 4.0), r=(-0.75, 0.125, 0.5), bits=(0.25, 0.125, 0.5))
    page = make_report(given, survey, GRID, 5, 20, FACTS)
    bars = {name: arguments for name, arguments, _ in drawn if name != "heat_map"}
    assert bars["vif_bars"][0] == ["both", "unit", "col"] and bars["vif_bars"][1] == pytest.approx([9, 4, 2]) and bars["vif_bars"][2] == 5
    assert bars["coefficient_bars"] == (["col", "unit", "both"], [-0.75, 0.5, 0.125], [True, False, True])
    assert bars["gain_bars"] == (["unit", "col", "both"], [0.5, 0.25, 0.125])
    ((_, (matrix, columns, label), more),) = [each for each in drawn if each[0] == "heat_map"]
    # Column and the sum of row and column, over five by five cells: of equal variance in both, so half of it is shared.
    np.testing.assert_allclose(matrix, [[1, 0.5**0.5], [0.5**0.5, 1]], atol=1e-6)
    assert (list(columns), label, more) == (["col", "both"], "Pearson’s r", {"signed": True})
    assert rows(page, "Covariate", "Kind", "Unit", "GVIF", "df", "Source")[2][3:5] == ["16.000", "2"], "two columns: the VIF squared"


def test_the_matrix_of_categorical_covariates_is_their_own(by_hand, monkeypatch):
    without_pictures(monkeypatch)
    drawn = drawn_by(monkeypatch, report.figures, "heat_map")
    two = replace(by_hand, cramer=np.array([[1, 0.25], [0.25, 1]]), cramer_names=("unit", "soil"))
    survey = Survey(100, np.zeros((25, 3), np.float32), np.ones((5, 5, 3), np.float32), 1, {})
    page = make_report(two, survey, GRID, 5, 20, FACTS)
    (matrix, names, label), more = drawn[1][1:]
    assert (matrix.tolist(), names, label, more) == ([[1, 0.25], [0.25, 1]], ("unit", "soil"), "Cramér’s V", {"signed": False})
    assert any(each.startswith("Cramér’s V of categorical") for each in captions(page))
    assert not any("Thinned" in each for each in captions(page)), "every cell is drawn"


def test_of_many_classes_the_largest_are_drawn_in_their_order(by_hand, monkeypatch):
    """Lithology: landslides of 40, 40, 20 and 0 cells of 100; five landslides: one in marl, four in lime."""
    without_pictures(monkeypatch)
    drawn = drawn_by(monkeypatch, report.figures, "class_shares")
    survey = Survey(100, np.zeros((25, 3), np.float32), np.ones((5, 5, 3), np.float32), 1, {})
    monkeypatch.setattr(report.figures, "MOST_SHOWN", 3)
    page = make_report(by_hand, survey, GRID, 5, 20, FACTS)
    names, area, landslides, ratio, label = drawn[2][1]
    assert (names, label) == (["marl", "lime", "clay"], "unit")
    np.testing.assert_allclose([area, landslides, ratio], [[0.4, 0.4, 0.2], [0.2, 0.8, 0], [0.5, 2, 0]], atol=1e-6)
    of_classes = [each for each in captions(page) if "against share of the area" in each]
    assert [" largest of " in each for each in of_classes] == [False, False, len(by_hand.summaries[2].class_names) > 3]
    monkeypatch.setattr(report.figures, "MOST_SHOWN", 2)
    drawn.clear()
    make_report(by_hand, survey, GRID, 5, 20, FACTS)
    assert drawn[2][1][0] == ["marl", "lime"]


def test_maps_lie_where_they_are_by_group_and_no_more_than_six_in_a_figure(by_hand, monkeypatch):
    without_pictures(monkeypatch)
    drawn = drawn_by(monkeypatch, report.figures, "covariate_maps")
    panels = drawn_by(monkeypatch, report.figures, "map_panel")
    given, survey = told(by_hand, vif=(2.0, 9.0, 4.0), r=(-0.75, 0.125, 0.5), bits=(0.25, 0.125, 0.5))
    page = make_report(given, survey, GRID, 5, 20, FACTS)
    assert [(title, set(values.ravel().tolist())) for _, (title, _, values), _ in panels] == [
        ("col (m)", {1}),
        ("unit", {3}),
        ("both", {2}),
    ]
    (shown, metres, frame) = drawn[0][1]
    assert metres == (60.0, 105.0) and len(shown) == 1
    assert (frame.west, frame.north, frame.across, frame.down, frame.is_projected) == (500007.25, 3600011.5, 60.0, 105.0, True)
    maps = [each for each in captions(page) if "north up" in each]
    assert [each.split(" covariates")[0] for each in maps] == ["Geomorphologic", "Geological", "Extra"]
    assert all(each.endswith("Thinned to 1 cell in 9.") for each in maps)
    many = replace(by_hand, summaries=(by_hand.summaries[0],) * 8)
    survey = replace(survey, picture=np.ones((4, 5, 8), np.float32))
    drawn.clear()
    page = make_report(many, survey, GRID, 5, 20, FACTS)
    assert [len(arguments[0]) for _, arguments, _ in drawn] == [6, 2]
    assert [", continued" in each for each in captions(page) if "north up" in each] == [False, True]


def test_few_landslide_cells_are_told_and_a_whole_sample_is_none(by_hand, monkeypatch):
    without_pictures(monkeypatch)
    survey = Survey(25, np.zeros((25, 3), np.float32), np.ones((5, 5, 3), np.float32), 1, {})
    for landslides, said in ((29, True), (30, False)):
        page = make_report(by_hand, survey, GRID, landslides, 20, FACTS)
        words = " ".join(block["text"] for block in page._blocks if block["kind"] == "text")
        assert (f"There are only {landslides} landslide cells" in words) is said
        assert "are taken from all 25 valid cells of the area" in words and "random sample of" not in words


def test_units_stand_behind_titles_but_not_behind_directions(by_hand):
    titles = [
        report._label(replace(by_hand.summaries[0], covariate=Covariate("slope", kind, "degree"))) for kind in ("continuous", "circular")
    ]
    assert titles == ["Slope (degree)", "Slope"]
