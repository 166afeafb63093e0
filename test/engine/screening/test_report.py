# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.screening.advice import class_rows, table_rows
from scarp.engine.screening.report import make_report, verdict
from scarp.engine.screening.survey import Survey

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
