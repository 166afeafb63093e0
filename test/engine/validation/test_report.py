# SPDX-License-Identifier: GPL-2.0-or-later
"""The report on a map of ten cells: each figure, reckoned by hand, in its row and its column."""

from types import SimpleNamespace

import numpy as np
import pages
import pytest
from scarp.engine.feedback import Feedback
from scarp.engine.reporting.rates import COLOURS
from scarp.engine.tasks import validate_map
from scarp.engine.validation import report
from sklearn.metrics import auc
from small_maps import UTM, box

# One row of ten cells; a landslide of 2019 covers those of 0.8 and 0.9, one of 2021 that of 0.4.
VALUES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


@pytest.fixture
def page(map_of, layer_of, tmp_path, monkeypatch):
    """Return what validates the map, and the page that tells of it."""
    pages.without_pictures(monkeypatch)
    made = []
    true = validate_map.make_report
    monkeypatch.setattr(validate_map, "make_report", lambda *given: made.append(true(*given)) or made[-1])
    slides = layer_of([box(UTM, 0, 7, 1, 2), box(UTM, 0, 3)], day=["2019-05-01", "2021"])

    def validate(values=VALUES, **given):
        given = {"inventory": slides, "classes": 2, "method": "equal_intervals", "role": "unknown", **given}
        validate_map.run(
            Feedback(), susceptibility=map_of(values), output=str(tmp_path / "t.csv"), report=str(tmp_path / "r.html"), **given
        )
        return made[-1]

    return validate


def first(row):
    """Return a row without its intervals, which are tested elsewhere."""
    return [cell.partition(" (")[0] for cell in row]


def test_landslides_and_their_cells_are_counted_apart(page):
    """Of 14 pairs 9 are in order by landslides, by cells 15 of 21; the best fifth, 0.9 and 1.0, holds a cell, half of a landslide."""
    made = page()
    header = ("Landslides", "Counted", "Number", "AUC (95 %)", "Curve", "Area under it", "In the top 10 %", "In the top 20 %")
    assert [first(row)[1:] for row in pages.rows(made, *header)] == [
        ["by landslides", "2", "0.643", "rate curve", "0.575", "0.0 %", "25.0 %"],
        ["by cells", "3", "0.714", "rate curve", "0.650", "0.0 %", "33.3 %"],
    ]
    words = pages.words(made)
    assert words.startswith("AUC 0.643 (") and "by landslides and 0.714 (" in words and "by cells, of 2 landslides on 3 cells." in words
    assert "Landslides are told from all other cells of the map, 7, by their area" in words
    assert "is 0.265 where landslide cells are as rare as here (30.0 %), and 0.228 where landslide and other cells weigh a half" in words
    assert made.subtitle == "map.tif, tested on 2 landslides"


def test_each_class_has_its_area_its_landslides_and_their_cells(page):
    """Five cells of 400 m² each: below 0.55 the landslide of 2021, above it both cells of the other one."""
    header = ("Class", "From", "To", "Area (km²)", "of all", "Landslides", "of all", "per km²", "FR")
    header += ("Cells", "of all", "of the class", "FR")
    assert pages.rows(page(), *header) == [
        ["low", "0.100", "0.550", "0.002", "50.0 %", "1", "50.0 %", "500.0", "1.000", "1", "33.3 %", "20.0 %", "0.667"],
        ["high", "0.550", "1.000", "0.002", "50.0 %", "1", "50.0 %", "500.0", "1.000", "2", "66.7 %", "40.0 %", "1.333"],
    ]


def test_sub_areas_and_dates_have_their_own(page, layer_of, monkeypatch):
    drawn = pages.drawn_by(monkeypatch, report, "bars")
    zones = layer_of([box(UTM, 0, 0, 1, 5), box(UTM, 0, 5, 1, 5)], "zones.gpkg", name=["west", "east"])
    made = page(zones=zones, zone_field="name", date_field="day")
    header = ("Landslides", "Cells", "Area (km²)", "AUC by landslides (95 %)", "AUC by cells (95 %)", "Curve", "Area under it")
    assert [first(row) for row in pages.rows(made, "Sub-area", *header)] == [
        ["west", "1", "1", "0.002", "0.750", "0.750", "rate curve", "0.700"],
        ["east", "1", "2", "0.002", "0.667", "0.667", "rate curve", "0.600"],
    ]
    assert [first(row) for row in pages.rows(made, "Period", *header)] == [
        ["2019", "1", "2", "0.004", "0.857", "0.857", "rate curve", "0.800"],
        ["2021", "1", "1", "0.004", "0.429", "0.429", "rate curve", "0.350"],
    ]
    (_, (values, names, label), more), _ = drawn
    assert names == ["west (1)", "east (1)"] and label == "AUC" and more["reference"] == 0.5
    assert values == {name: [pytest.approx(3 / 4), pytest.approx(2 / 3)] for name in ("by landslides", "by cells")}


def test_of_two_maps_the_first_stands_first(page, map_of, monkeypatch):
    """The second is the first one turned round; so no cell is in the same class on both."""
    drawn = pages.drawn_by(monkeypatch, report.figures, "agreement")
    made = page(susceptibility_2=map_of(VALUES[::-1], "other.tif"))
    header = ("Counted", "AUC, first map", "AUC, second map", "First − second (95 %)", "p")
    assert [first(row)[:4] for row in pages.rows(made, *header)] == [
        ["by landslides", "0.643", "0.357", "+0.286"],
        ["by cells", "0.714", "0.286", "+0.429"],
    ]
    ((_, (table, classes, names), _),) = drawn
    np.testing.assert_allclose(table, [[0, 0.002], [0.002, 0]], atol=1e-9)
    assert classes == (["low", "high"], ["low", "high"]) and names == ("map.tif", "other.tif")
    assert "0.0 % agree; Cohen’s κ is −1.000." in pages.captions(made)[-1]
    assert "The AUCs by landslides differ by 0.286, no more than chance may bring" in pages.words(made)


def test_curves_are_drawn_from_what_they_are_named_after(page, monkeypatch):
    drawn = pages.drawn_by(monkeypatch, report, "rate_curves", "unit_curves")
    page(role="held_out")
    (_, (rates,), _), (_, (curves, across, up, colours), more), (_, (recalls, recall, precision, _), guided) = drawn
    assert list(rates) == ["prediction rate, by landslides", "prediction rate, by cells"]
    assert rates["prediction rate, by cells"].at(0.2) == pytest.approx(1 / 3)
    assert colours == [COLOURS["prediction rate"]] * 2, "of the landslides whose rate is drawn above"
    assert list(curves) == ["held-out landslides, by landslides  0.643", "held-out landslides, by cells  0.714"]
    assert (across, up) == ("False positive rate (1 − specificity)", "True positive rate (sensitivity)") and more["guide"] == (0, 1)
    false, true = curves["held-out landslides, by cells  0.714"]
    assert auc(false, true) == pytest.approx(15 / 21)
    assert (recall, precision) == ("Recall", "Precision") and guided["guide"] == pytest.approx((0.3, 0.3))
    ((found, precise),) = recalls.values()
    assert found == pytest.approx([1 / 3, 2 / 3, 1]) and precise == pytest.approx([1 / 2, 2 / 3, 3 / 7])


def test_what_the_landslides_are_to_the_map_is_said(page):
    assert "set “These landslides”" in pages.words(page()) and "This is a success rate" in pages.words(page(role="training"))
    held_out = pages.words(page(role="held_out"))
    assert (
        "success rate:" not in held_out and "set “These landslides”" not in held_out and "of 2 held-out landslides on 3 cells" in held_out
    )


def test_numbers_that_are_no_probabilities_have_no_brier_score(page):
    words = pages.words(page([10 * each for each in VALUES]))
    assert "no probabilities from 0 to 1, so there is no Brier score" in words and "The Brier score" not in words


@pytest.mark.parametrize(
    ("value", "p", "told"),
    [
        (0.125, 0.01, "one.tif ranks the landslides better: its AUC by landslides is higher by 0.125 (p 0.010)."),
        (-0.125, 0.049, "two.tif ranks the landslides better: its AUC by landslides is higher by 0.125 (p 0.049)."),
        (-0.125, 0.05, "The AUCs by landslides differ by 0.125, no more than chance may bring (p 0.050)."),
        (0.125, float("nan"), "By landslides the AUCs differ by 0.125; one landslide does not tell whether that is chance."),
    ],
)
def test_the_better_of_two_maps_is_named_where_chance_does_not_explain_it(value, p, told):
    pair = SimpleNamespace(difference={"landslides": SimpleNamespace(value=value)}, p_value={"landslides": p}, names=("one.tif", "two.tif"))
    assert report.pair_verdict(pair) == told
