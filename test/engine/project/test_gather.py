# SPDX-License-Identifier: GPL-2.0-or-later
"""What is read out of a project's files: tests, uncertainty, applicability, and the evidence of the statement."""

from types import SimpleNamespace

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.project import gather
from scarp.engine.project.found import Project
from scarp.engine.project.gather import Facts
from scarp.engine.project.runs import Run

UTM = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -35.0), (1, 4))
# Two rows of a degree: at the equator, and at 60° north, where a cell has half of the area.
DEGREES = Grid(reference_of(4326).ExportToWkt(), (0.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 1))


@pytest.fixture
def bands(tmp_path):
    """Write two bands of (rows, cols); return the path."""

    def write(first, second, grid=UTM):
        path = str(tmp_path / "bands.tif")
        dataset = grid.create(path, 2, nodata=-9999.0)
        for number, values in enumerate((first, second), start=1):
            cells = np.asarray(values, np.float32).reshape(grid.shape)
            dataset.GetRasterBand(number).WriteArray(np.where(np.isnan(cells), -9999.0, cells))
        del dataset
        return path

    return write


def two_rows(north, south):
    values = np.full(61, np.nan)
    values[0], values[60] = north, south
    return values


def test_uncertainty_is_the_mean_over_the_area(bands):
    """Deviations of 0.02, 0.07 and 0.2 and nothing: one cell below 0.05, one between, one above 0.1."""
    found = gather._spread(bands([0.02, 0.07, 0.2, np.nan], [1.0, 0.5, 0.25, np.nan]), None, Feedback())
    assert found.mean == pytest.approx(0.29 / 3) and found.shares == pytest.approx((1 / 3,) * 3)
    assert found.stability == pytest.approx(1.75 / 3)
    found = gather._spread(bands(two_rows(0.2, 0.02), two_rows(0.0, 1.0), DEGREES), None, Feedback())
    assert found.shares == pytest.approx((2 / 3, 0, 1 / 3), abs=0.003), "the northern cell counts half"
    assert found.mean == pytest.approx(0.08, abs=0.001) and found.stability == pytest.approx(2 / 3, abs=0.003)
    assert gather._spread(bands([np.nan] * 4, [np.nan] * 4), None, Feedback()) is None


def test_the_share_outside_is_of_the_area_that_is_known(bands):
    assert gather._outside(bands([0.1, 2.0, 0.3, np.nan], [1, 0, 1, np.nan]), None, Feedback()) == pytest.approx(100 / 3)
    assert gather._outside(bands(two_rows(2.0, 0.1), two_rows(0, 1), DEGREES), None, Feedback()) == pytest.approx(100 / 3, abs=0.3)


def test_another_raster_is_refused_by_its_values_or_its_grid(bands):
    with pytest.raises(EngineError, match=r"Band 2 of the raster bands.tif has values such as 1.5, and uncertainty lies between 0 and 1"):
        gather._spread(bands([0.1] * 4, [1.5] * 4), None, Feedback())
    with pytest.raises(EngineError, match=r"Band 1 .* has values such as -0.5, and applicability is never below 0; give"):
        gather._outside(bands([-0.5] * 4, [1] * 4), None, Feedback())
    seen = SimpleNamespace(grid=Grid(UTM.crs, (5e5, 20.0, 0.0, 3.6e6, 0.0, -35.0), (1, 5)), name="map.tif")
    with pytest.raises(EngineError, match=r"bands.tif has another grid than the map map.tif; give that of this map \(UNCERTAINTY\)"):
        gather._spread(bands([0.1] * 4, [1] * 4), seen, Feedback())


def told(**changed):
    """A project whose model was made by a run with these results, and whose tables are these."""
    task, results = changed.pop("task", "train_cnn_dnn"), changed.pop("results", {})
    return Facts(Project(runs={"model": Run(task, None, {}, results=results)}), {}, **changed)


def test_tests_stand_the_most_honest_first_and_those_of_the_adapted_model_alone():
    tests = [
        {"kind": "test", "auc": 0.9, "low": 0.85, "high": 0.95, "landslides": 12, "name": "Test cells", "how": "Dealt."},
        {"kind": "spatial", "auc": 0.7, "low": None, "high": None, "contender": "unadapted"},
        {"kind": "spatial", "auc": 0.8, "low": 0.7, "high": 0.875, "contender": "adapted"},
        {"kind": "part", "auc": 0.6},
        {"kind": "other", "auc": 0.5},
        {"kind": "random", "auc": 1.5},
        "no test",
    ]
    facts = told(results={"tests": tests})
    gather._read_tests(facts)
    assert [(each.kind, each.name, each.auc, each.low, each.high) for each in facts.tests] == [
        ("spatial", "Spatial folds", 0.8, 0.7, 0.875),
        ("part", "Whole parts", 0.6, None, None),
        ("test", "Test cells", 0.9, 0.85, 0.95),
    ]
    assert (facts.tests[2].landslides, facts.tests[2].how, facts.success) == (12, "Dealt.", None)


def test_the_benchmark_tests_the_classifier_that_the_model_is():
    """Where the benchmark made it: the rows of the best one, each by its validation."""
    rows = [
        {"validation": "blocks", "classifier": "rf", "label": "Random forest", "auc": 0.8, "auc_low": 0.7, "auc_high": 0.9},
        {"validation": "blocks", "classifier": "lr", "label": "Logistic regression", "auc": 0.75, "auc_low": 0.6, "auc_high": 0.8},
        {"validation": "random", "classifier": "rf", "label": "Random forest", "auc": 0.95, "auc_low": None, "auc_high": None},
    ]
    facts = told(task="benchmark_classifiers", results={"best": "Random forest"}, tables={"benchmark": rows})
    gather._read_tests(facts)
    assert [(each.kind, each.auc, each.low, each.high) for each in facts.tests] == [
        ("spatial", 0.8, 0.7, 0.9),
        ("random", 0.95, None, None),
    ]
    trained = told(results={"best": "Random forest"}, tables={"benchmark": rows})
    gather._read_tests(trained)
    assert trained.tests == [], "another model was compared"


def test_what_the_map_was_tested_on_decides_what_it_tells():
    """All of the map, by cells; landslides that it was made from are no test."""

    def row(part, role, auc):
        from scarp.engine.declarations.choices import INVENTORY_ROLES

        ends = {"auc_by_cells_low": auc - 0.05, "auc_by_cells_high": auc + 0.05}
        return {"part": part, "landslides_are": INVENTORY_ROLES[role], "landslides": 30, "auc_by_cells": auc, **ends}

    facts = told(tables={"validation": [row("all", "held_out", 0.75), row("sub-area", "held_out", 0.5), row("all", "training", 0.9)]})
    gather._read_tests(facts)
    assert [(each.kind, each.auc, each.low, each.high, each.landslides) for each in facts.tests] == [
        ("held_out", 0.75, pytest.approx(0.7), 0.8, 30)
    ]
    assert (facts.success.kind, facts.success.auc) == ("success", 0.9)
    facts = told(tables={"validation": [row("all", "unknown", 0.75)]})
    gather._read_tests(facts)
    assert facts.tests == [] and facts.success.kind == "unknown"


def test_the_evidence_has_each_fact_in_its_place():
    grid = Grid(UTM.crs, UTM.transform, (10, 10))
    slides = SimpleNamespace(count=77)
    inventory = SimpleNamespace(slides=slides, types=None, are_polygons=True, period="")
    classes = [{"density_percent": density} for density in (0.1, 0.4, 0.4, 2.0)]
    test = gather.Tested("spatial", "", "", 0.8, 0.72, 0.9, 48)
    moved = SimpleNamespace(fall=lambda: 0.03)
    given = {"grid": grid, "area_km2": 0.07, "inventory": inventory, "tests": [test], "outside_percent": 12.5, "moved": moved}
    found = told(**given, is_error_told=True, tables={"class_table": classes}).evidence
    assert (found.cell_m, found.area_km2, found.landslides) == (35.0, 0.07, 77)
    assert (found.has_types, found.has_sizes, found.has_dates) == (False, True, False)
    assert (found.test, found.auc_low, found.tested) == ("spatial", 0.72, 48)
    assert (found.outside_percent, found.fall, found.rises) == (12.5, 0.03, True)
    assert told(**given, tables={"class_table": classes}).evidence.fall is None, "where nobody told how far they may lie"
    assert told(**given, of_type="slide", tables={"class_table": classes[::-1]}).evidence.rises is False
    assert told(**given, of_type="slide").evidence.has_types and told(**given).evidence.rises is None
    assert told().evidence is None
