# SPDX-License-Identifier: GPL-2.0-or-later
"""What is read out of a project's files: tests, uncertainty, applicability, and the evidence of the statement."""

from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from scarp.engine.declarations.choices import INVENTORY_ROLES, VALIDATIONS
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.tables import write_table
from scarp.engine.mapping.maps import open_map
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
    success = gather.Tested("success", "", "", 0.9, 0.85, 0.95, 60)
    assert told(grid=grid, area_km2=1.0, success=success).evidence.auc_low == 0.85, "where there is no test"
    assert told(**given, success=success).evidence.auc_low == 0.72
    one = told(**given, tables={"class_table": classes[:1]}).evidence
    assert one.rises is None, "one class rises over none"


def test_the_most_honest_test_is_the_evidence():
    tests = [gather.Tested("spatial", "", "", 0.8, 0.72, 0.9, 48), gather.Tested("test", "", "", 0.9, 0.85, 0.95, 12)]
    assert told(grid=UTM, area_km2=1.0, tests=tests).evidence.test == "spatial"


@pytest.mark.parametrize("width", [1024, 7])
def test_the_area_of_a_map_is_that_of_its_cells_with_data(bands, monkeypatch, width):
    """Cells of a degree at 60.5° and 0.5° north have 6,123 and 12,308 km²."""
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", width)
    path = bands(two_rows(0.2, 0.7), two_rows(0.2, 0.7), DEGREES)
    cells, area = gather._area(open_map(path, 1, "BAND", Feedback()), Feedback())
    assert cells == 2 and area == pytest.approx(6123.14 + 12308.46, rel=1e-4)
    found = gather._spread(path, None, Feedback())
    assert found.shares == pytest.approx((0, 0, 1)) and found.mean == pytest.approx((6123.14 * 0.2 + 12308.46 * 0.7) / 18431.6, abs=1e-4)


def test_cells_are_told_as_the_training_tells_them_else_as_the_sampling_does():
    pairs = {"training": [3, 9], "test": [1, 2], "short": [1], "words": ["a", "b"], "shares": [0.5, 0.5], "none": 3}
    facts = told(results={"cells": pairs})
    assert facts.counts == {"training": (3, 9), "test": (1, 2)}
    facts.project.runs["samples"] = Run("sample_cells", None, {}, results={"cells": {"all": [5, 25]}})
    assert facts.counts == {"training": (3, 9), "test": (1, 2)}
    del facts.project.runs["model"]
    assert facts.counts == {"all": (5, 25)}


def test_what_flatters_is_told_of_the_headline_of_the_benchmark_alone():
    rows = [{"validation": each, "classifier": "rf", "label": "RF", "auc": auc} for each, auc in (("blocks", 1.0), ("random", 0.0))]
    results = {"best": "RF", "validation": VALIDATIONS["blocks"], "flattered": "It was chosen by this figure."}
    facts = told(task="benchmark_classifiers", results=results, tables={"benchmark": rows})
    gather._read_tests(facts)
    assert [(each.auc, each.how) for each in facts.tests] == [(1.0, "It was chosen by this figure."), (0.0, "")]


@pytest.mark.parametrize(
    ("label", "results", "kind", "name"),
    [
        (None, {}, "held_out", "Validation of the map"),
        ("landslide", {}, "test", "Test cells, by the map"),
        ("landslide", {"are_samples": False}, "held_out", "Validation of the map"),
        (None, {"are_samples": True}, "test", "Test cells, by the map"),
    ],
)
def test_test_cells_of_a_sample_are_told_as_such(label, results, kind, name):
    row = {"part": "all", "landslides_are": INVENTORY_ROLES["held_out"], "landslides": 30, "auc_by_cells": 0.75, "auc_by_landslides": 0.5}
    facts = told(tables={"validation": [row, {**row, "landslides_are": INVENTORY_ROLES["training"]}]})
    facts.project.runs["validation"] = Run("validate_map", None, {"label_field": label}, results=results)
    gather._read_tests(facts)
    assert [(each.kind, each.name) for each in facts.tests] == [(kind, name)]
    assert facts.success.name == "Validation of the map", "cells that trained are no test cells"


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ({"shared": 4}, "of the landslides of the other inventory, 4 of which lie on cells of landslides of the training inventory"),
        ({"shared": 0}, gather.WHERE["held_out"]),
        ({}, gather.WHERE["held_out"]),
    ],
)
def test_landslides_that_lie_on_those_of_the_training_did_not_take_no_part(results, said):
    row = {"part": "all", "landslides_are": INVENTORY_ROLES["held_out"], "landslides": 29, "auc_by_cells": 0.75, "auc_by_landslides": 0.5}
    facts = told(tables={"validation": [row]})
    facts.project.runs["validation"] = Run("validate_map", None, {}, results=results)
    facts.shared = gather._shared(facts.project, None, None)
    gather._read_tests(facts)
    assert [each.where for each in facts.tests] == [said]


def test_a_model_file_tells_of_its_tests_where_no_run_does():
    model = SimpleNamespace(manifest={"tests": [{"kind": "spatial", "auc": 0.75}]})
    facts = told(model=model)
    gather._read_tests(facts)
    assert [each.auc for each in facts.tests] == [0.75]
    facts = told(model=model, results={"tests": [{"kind": "spatial", "auc": 0.5}]})
    gather._read_tests(facts)
    assert [each.auc for each in facts.tests] == [0.5]
    assert gather.members_of(model) == 0, "no network"


def test_a_table_that_is_none_of_its_kind_is_refused(tmp_path):
    def read(rows, part="screening"):
        write_table(str(tmp_path / "t.csv"), rows)
        return gather._table(part, str(tmp_path / "t.csv"))

    row = {"covariate": "slope", "advice": "keep", "vif": 1.5}
    assert read([row] * 1000)[0]["vif"] == 1.5
    with pytest.raises(EngineError, match=r"The table t.csv has 1,001 rows, and at most 1,000 make a page; give the one that “Screen"):
        read([row] * 1001)
    with pytest.raises(EngineError, match=r"t\.csv.*vif.*give the one that “Screen covariates” wrote \(SCREENING\)"):
        read([{**row, "vif": "high"}])
    of_class = {"class": "low", "cells": 3, "area_km2": 1.0, "share_percent": 50.0}
    assert read([of_class], "class_table")[0]["cells"] == 3
    with pytest.raises(EngineError, match="t.csv lacks the name, cells or area of a class; give the one that “Classify susceptibility”"):
        read([of_class, {**of_class, "area_km2": None}], "class_table")


def test_classes_are_those_of_the_table_else_those_that_the_run_tells():
    """The figures of a table are of no use without a map or a class raster that they are of."""
    rows = [{"class": name, "cells": 3, "area_km2": 1.0, "share_percent": 50.0} for name in ("low", "high")]
    of_run = [{**row, "cells": 7} for row in rows]

    def found(seen, tables, results):
        facts = told(tables=dict(tables))
        facts.project.runs["classes"] = Run("classify_susceptibility", None, {}, results=results)
        listener = Listener()
        gather._read_classes(facts, seen, listener)
        return [row["cells"] for row in facts.classes], listener.warnings

    assert found("a map", {"class_table": rows}, {"classes": of_run}) == ([3, 3], [])
    assert found("a map", {}, {"classes": of_run}) == ([7, 7], [])
    assert found(None, {"class_table": rows}, {}) == ([], [])
    cells, warnings = found("a map", {}, {"classes": [{"class": "low"}]})
    assert cells == [] and "The run manifest has no column cells, area_km2, share_percent" in warnings[0]


def test_which_landslides_are_moved_is_told(monkeypatch):
    own, other = SimpleNamespace(count=60), SimpleNamespace(count=1234)
    monkeypatch.setattr(gather, "read_landslides", lambda source, raster: other if source == "later.gpkg" else 1 / 0)
    monkeypatch.setattr(gather, "on_cells_of", lambda some, others: 4 if (some, others) == (other, own) else 1 / 0)
    inventory, seen = SimpleNamespace(slides=own), SimpleNamespace(raster=None)

    def moved(of_type="", validated=None, trained=None, **given):
        facts = Facts(Project(inventory="slides.gpkg", **given), {}, of_type=of_type)
        for part, inventories in (("validation", validated), ("model", trained)):
            if inventories is not None:
                facts.project.runs[part] = SimpleNamespace(source=inventories.get, parameters=inventories, results={})
        found = gather._held_out(facts.project, seen, Feedback())
        facts.shared = gather._shared(facts.project, inventory, found)
        return gather._moved_ones(facts, inventory, found), facts.moved_ones, facts.moved_role

    assert moved() == ((own, []), "60 landslides of slides.gpkg, of which is not known whether the map was made from them", "unknown")
    assert moved(is_learnt=True) == ((own, []), "60 landslides of slides.gpkg, which the map was made from", "training")
    later = {"is_learnt": True, "held_out": "later.gpkg"}
    told = "1,234 landslides of later.gpkg, which took no part in the training (but 4 on cells of landslides that did), of all kinds"
    assert moved("slide", {"inventory": "later.gpkg"}, **later) == ((other, []), told, "held_out")
    beside = {"inventory": "later.gpkg", "training_inventory": "slides.gpkg"}
    assert moved("slide", beside, **later) == ((other, [own]), told, "held_out")
    told = "1,234 landslides of later.gpkg, which took no part in the training"
    assert moved("", {"inventory": "later.gpkg"}, {"test_inventory": "later.gpkg"}, **later)[1] == told, "the training left the 4 out"


@pytest.mark.parametrize(
    ("beside", "trained", "shared", "said"),
    [
        ({}, {}, 0, "of the landslides of the other inventory, 2 of which lie on cells of landslides of the training inventory"),
        ({"training_inventory": "a.gpkg"}, {}, 3, "of the landslides of the other inventory, 3 of which lie on cells of landslides of the"),
        ({"training_inventory": "a.gpkg"}, {"test_inventory": "later.gpkg"}, 3, gather.WHERE["held_out"]),
    ],
)
def test_the_headline_tells_of_held_out_landslides_what_the_page_tells_below(monkeypatch, beside, trained, shared, said):
    """Validated without the training inventory, the headline said that they took no part, and a table that some lie on its cells."""
    seen = SimpleNamespace(grid=UTM, name="map.tif", raster=None, says={}.get)
    monkeypatch.setattr(gather, "open_map", lambda *given: seen)
    monkeypatch.setattr(gather, "_area", lambda given, feedback: (4, 0.0028))
    monkeypatch.setattr(gather, "on_cells_of", lambda some, others: 2)
    monkeypatch.setattr(gather, "read_landslides", lambda source, raster: SimpleNamespace(count=29))
    monkeypatch.setattr(gather, "read_project_inventory", lambda *given: SimpleNamespace(slides=SimpleNamespace(count=60)))
    monkeypatch.setattr(gather, "auc_of_moved", lambda *given: None)
    row = {"part": "all", "landslides_are": INVENTORY_ROLES["held_out"], "landslides": 29, "auc_by_cells": 0.75, "auc_by_landslides": 0.5}
    monkeypatch.setattr(gather, "_table", lambda part, path: [row])
    asked = {"inventory": "later.gpkg", **beside}
    runs = {
        part: SimpleNamespace(task=task, source=given.get, parameters=given, results=results)
        for part, task, given, results in (
            ("validation", "validate_map", asked, {"shared": shared}),
            ("model", "train_cnn_dnn", trained, {}),
        )
    }
    files = {"susceptibility": "map.tif", "validation": "v.csv"}
    project = Project(files, runs, inventory="a.gpkg", held_out="later.gpkg", is_learnt=True)
    for moved_m in (0.0, 5.0):
        facts = gather.gather(project, {}, (None, None), (moved_m, 2, 7), Feedback())
        assert said in facts.tests[0].where
    assert ("(but " in facts.moved_ones) is not bool(trained)


@pytest.mark.parametrize(("told_m", "tried", "is_told"), [(None, 70.0, False), (12.5, 12.5, True), (0.0, None, False)])
def test_what_each_file_is_for(monkeypatch, told_m, tried, is_told):
    """Cells are 20 m wide and 35 m high: where no error is told two of their longer sides are tried."""
    seen = SimpleNamespace(grid=UTM, name="map.tif", raster=None, says={"landslide_type": "flow"}.get)
    monkeypatch.setattr(gather, "open_map", lambda source, band, parameter, feedback: seen)
    monkeypatch.setattr(gather, "_area", lambda given, feedback: (4, 0.0028))
    model = SimpleNamespace(manifest={})
    monkeypatch.setattr(gather, "load_model", lambda path, backend: model)
    other = SimpleNamespace(grid=Grid(UTM.crs, UTM.transform, (1, 5)))
    monkeypatch.setattr(gather, "Stack", SimpleNamespace(open=lambda path: other))
    slides, asked = SimpleNamespace(count=3), []
    monkeypatch.setattr(gather, "read_project_inventory", lambda source, *given: SimpleNamespace(slides=slides, types=None, given=given))
    monkeypatch.setattr(gather, "auc_of_moved", lambda *given: asked.append((*given[:5], given[6])))
    project = Project({"susceptibility": "map.tif", "model": "m.scarp", "covariates": "stack.tif"}, inventory="slides.gpkg")
    listener = Listener()

    def found():
        return gather.gather(project, {}, ("kind", "day"), (told_m, 20, 7), listener)

    facts = found()
    assert asked == ([(slides, seen, tried, 20, 7, [])] if tried else []) and facts.is_error_told is is_told
    assert facts.grid is UTM and (facts.cells, facts.area_km2) == (4, 0.0028) and facts.inventory.given[1:3] == ("kind", "day")
    assert facts.of_type == "flow", "the map says it where the model does not"
    assert listener.warnings == ["The covariate stack stack.tif has another grid than the map map.tif; is it that of this map?"]
    model.manifest["landslide_type"] = "slide"
    assert found().of_type == "slide"


def test_the_class_raster_lies_on_the_grid_of_the_map_and_its_table_names_its_classes(monkeypatch):
    pictured = SimpleNamespace(rows=[{"cells": 5}])
    monkeypatch.setattr(gather, "open_map", lambda *given, varied: SimpleNamespace(grid=UTM))
    monkeypatch.setattr(gather, "read_picture", lambda *_: pictured)
    monkeypatch.setattr(gather, "with_table", lambda picture, path: (picture, path))
    facts = Facts(Project({"classes": "classes.tif"}), {})
    gather._read_classes(facts, None, Feedback())
    assert facts.picture is pictured and facts.classes == [{"cells": 5}], "of the raster alone where there is no table"
    facts.project.files["class_table"] = "t.csv|layername=t"
    gather._read_classes(facts, SimpleNamespace(grid=UTM), Feedback())
    assert facts.picture == (pictured, "t.csv")
    other = SimpleNamespace(grid=Grid(UTM.crs, UTM.transform, (1, 5)), name="map.tif")
    with pytest.raises(EngineError, match=r"classes.tif has another grid than the map map.tif; give that of this map \(CLASSES\)"):
        gather._read_classes(facts, other, Feedback())


def test_what_the_run_tells_of_the_area_outside_is_not_counted_again(monkeypatch):
    monkeypatch.setattr(gather, "_outside", lambda *_: 50.0)
    facts = Facts(Project({"applicability": "a.tif"}), {})
    gather._read_trust(facts, None, Feedback())
    assert facts.outside_percent == 50.0
    facts.project.runs["applicability"] = Run("map_susceptibility", None, {}, results={"outside_percent": 12.5})
    gather._read_trust(facts, None, Feedback())
    assert facts.outside_percent == 12.5


def test_sample_cells_that_cannot_be_opened_are_told(tmp_path):
    (tmp_path / "cells.gpkg").write_text("no layer", encoding="utf-8")
    project = Project({"samples": str(tmp_path / "cells.gpkg")})
    with pytest.raises(EngineError, match="The layer cells cannot be opened"):
        gather.gather(project, {}, (None, None), (0.0, 1, 1), Feedback())
