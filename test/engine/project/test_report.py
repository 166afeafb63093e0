# SPDX-License-Identifier: GPL-2.0-or-later
"""What the page of a project says, in numbers; what is missing; names that would be markup."""

import html
import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import bad_files
import numpy as np
import pytest
from osgeo import ogr
from pages import captions, drawn_by, rows, without_pictures
from pages import words as words_of
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.manifest import write_manifests
from scarp.engine.files.tables import read_table, write_table
from scarp.engine.mapping.counting import Landslides
from scarp.engine.project import report
from scarp.engine.project.found import Project
from scarp.engine.project.gather import Facts, Spread, Tested
from scarp.engine.project.landslides import UNTOLD, Inventory, Moved
from scarp.engine.project.runs import Run
from scarp.engine.reporting.page import Report
from scarp.engine.tasks import validate_map
from scarp.engine.tasks.project_report import run
from scarp.engine.validation.ranking import Estimate
from scarp.models.covariate import Covariate

SECTIONS = [
    "Purpose and terms",
    "Area and data",
    "Landslide inventory and its quality",
    "Conditioning factors",
    "Sample cells",
    "Model",
    "Validation",
    "Susceptibility classes",
    "Uncertainty",
    "Area of applicability",
    "What the model goes by",
    "Limits",
    "Type, level, scale and reliability",
    "Methods, ready to paste",
    "Citation and versions",
    "Every parameter",
    "References",
]


class Told(Feedback):
    def __init__(self):
        self.warnings, self.messages, self.percents = [], [], []

    def warning(self, text):
        self.warnings.append(text)

    def message(self, text):
        self.messages.append(text)

    def progress(self, percent):
        self.percents.append(percent)


def text_of(page):
    """The words of a page, without markup, by section."""
    body = re.sub(r"<style>.*?</style>|<img[^>]*>", "", Path(page).read_text(encoding="utf-8"), flags=re.DOTALL)
    parts = re.split(r'<h2 id="s\d+"><span class="number">\d+</span>(.*?)</h2>', body)
    plain = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", part)).split()) for part in parts]
    return {"": plain[0], **dict(zip(plain[1::2], plain[2::2]))}


def reported(tmp_path, **given):
    told = Told()
    found = run(told, report=str(tmp_path / "r.html"), **{"repeats": 3, **given})
    assert told.percents == sorted(told.percents)
    return text_of(found["report"]), told, found


@pytest.fixture(scope="module")
def page(made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    shutil.copytree(Path(made["map"]).parent, folder / "moved")
    words = {"purpose": "To plan roads.", "completeness": "All above 100 m² since 1990.", "author": "A. Author"}
    return *reported(folder, folder=str(folder / "moved"), **words), folder


def test_every_part_is_there_with_its_numbers(page):
    words, told, found, folder = page
    assert list(words)[1:] == SECTIONS
    assert told.warnings == []
    assert "susceptibility.tif; A. Author" in words[""]
    assert (
        "By spatial folds the area under the ROC curve (AUC) is 0.812 (95 % interval 0.750 to 0.875); that is what to expect of "
        "other landslides of this area, beside and between the mapped ones; where none is mapped, in a part of it or in another area, "
        "expect less." in words[""]
    )
    assert words["Purpose and terms"].startswith("To plan roads. Susceptibility: ")
    # 48 × 48 cells of 30 m.
    assert "Cell size 30 m Grid 48 rows × 48 columns Area of the cells with data 2.074 km²" in words["Area and data"]
    assert "WGS 84 / UTM zone 39N (EPSG:32639)" in words["Area and data"]
    quality = words["Landslide inventory and its quality"]
    assert "Landslides on the map 60, 28.935 a km²; those that share cells count as one elsewhere, 57 in all" in quality
    assert "Completeness All above 100 m² since 1990." in quality
    # Nobody told it, so two cells of 30 m are tried, which lowers nothing.
    assert "Positional error: not told (POSITION_ERROR), so two cells of the map were tried: each of 57 landslides of" in quality
    assert "was moved by 60 m in a random direction, 3 times, and" in quality
    assert "How far landslides may lie from where they are mapped is not told (POSITION_ERROR)." in words["Limits"]
    assert "Slope keep – 1.250 0.500 yes Geology doubtful it shows nothing 1.125 0.000 yes" in words["Conditioning factors"]
    assert "Training 46 228 Test 11 57" in words["Sample cells"]
    assert "Classifier CNN–DNN Covariates 2" in words["Model"]
    assert "Tuning: no search was asked for" in words["Model"]
    validation = words["Validation"]
    assert validation.index("Spatial folds 0.812 0.750 to 0.875 48 what to expect of other landslides of this area") < validation.index(
        "Test cells 0.900 0.840 to 0.960 12"
    )
    assert "how well the map fits the landslides it was made from: no test" in validation
    assert words["Uncertainty"].startswith("Not part of this project: made by “Map susceptibility” where UNCERTAINTY is asked for.")
    assert words["Area of applicability"].startswith("Not part of this project: made by “Map susceptibility” where APPLICABILITY")
    assert "Slope 0.250 0.200 to 0.300 yes" in words["What the model goes by"]
    statement = words["Type, level, scale and reliability"]
    assert "Level preliminary For the intermediate level are lacking: kinds of movement in the inventory; outlines or dates" in statement
    assert "Scale medium (regional): not larger than 1 : 60,000" in statement
    assert "the lower end of the 95 % interval of the AUC is 0.750" in statement
    assert "48 landslides were tested, fewer than 60" in statement
    assert "Not known, and so not counted: the area of applicability, the positional error of landslides." in statement
    assert found["reliability"] == "low"


def test_the_classes_are_those_of_their_table(page):
    words, _, _, folder = page
    rows = read_table(str(folder / "moved" / "class_table.xlsx"))
    assert [row["class"] for row in rows] == ["very low", "low", "moderate", "high", "very high"]
    for row in rows:
        assert f"{row['class']} {row['from']:.3f} {row['to']:.3f}" in words["Susceptibility classes"]
    held = sum(row["percent_of_landslides"] for row in rows[-2:])
    area = sum(row["share_percent"] for row in rows[-2:])
    assert (
        f"the two highest hold {held:.0f} % of the landslides that it was made from on {area:.0f} % of the area"
        in words["Methods, ready to paste"]
    )
    high = f"The class very high holds {rows[-1]['percent_of_landslides']:.0f} % of the landslides, those that the map was made from, on"
    assert high in words[""]
    assert "so the shares are success, no test" in words["Susceptibility classes"]


def test_the_methods_paragraph_has_the_right_numbers(page):
    methods = page[0]["Methods, ready to paste"]
    assert methods.startswith(
        "Landslide susceptibility was mapped for 2.074 km² (2,304 cells of 30 m, WGS 84 / UTM zone 39N (EPSG:32639)) with Scarp"
    )
    for sentence in (
        "The inventory has 60 landslides on the map, mapped as points; those that share cells count as one, 57 in all.",
        "2 conditioning factors were used: slope and geology. The variance inflation factors of those are at most 1.250.",
        "The sample has 46 landslide and 228 non-landslide cells for training and 11 landslide and 57 non-landslide cells for the test;",
        "reads patches of 9 × 9 cells and the cell's own covariates; susceptibility is that of one network.",
        "by spatial folds: 0.812 (95 % interval 0.750 to 0.875); by test cells: 0.900 (95 % interval 0.840 to 0.960)",
        "The map was divided into 5 classes (equal intervals)",
    ):
        assert sentence in methods
    assert "Breiman" not in methods  # there are no trees


def test_every_parameter_is_there_and_the_page_has_a_manifest(page):
    words, _, found, folder = page
    for row in ("Sample landslide and non-landslide cells: what it read", "Buffer around landslides 100 m", "Method Equal intervals"):
        assert row in words["Every parameter"]
    told = json.loads(Path(f"{found['report']}.run.json").read_text(encoding="utf-8"))
    assert told["results"]["reliability"] == "low"
    assert told["settings"]["Positional error of landslides"] == "60 m (two cells of the map)"
    assert Path(told["results"]["files"]["model"]).name == "model.scarp"


def test_a_map_alone_names_what_makes_the_rest(made, tmp_path):
    shutil.copy(made["map"], tmp_path / "map.tif")
    words, told, found = reported(tmp_path, susceptibility=str(tmp_path / "map.tif"))
    missing = {
        "Conditioning factors": "“Prepare covariates”. Screening (collinearity, relation to landslides) is not part of this project",
        "Sample cells": "“Sample landslide and non-landslide cells”",
        "Model": "“Train CNN–DNN” or “Benchmark classifiers”",
        "Susceptibility classes": "“Classify susceptibility”",
        "What the model goes by": "“Explain model”",
    }
    for section, made_by in missing.items():
        assert words[section].startswith(f"Not part of this project: made by {made_by}"), section
    assert "The inventory is not part of this project" in words["Landslide inventory and its quality"]
    assert words["Validation"].startswith("No test of the model or the map was found.")
    assert "No run manifest (.run.json) was found" in words["Every parameter"]
    assert found["reliability"] == "not assessed"
    assert told.warnings == []


def test_a_model_alone(made, tmp_path):
    shutil.copy(made["model"], tmp_path / "m.scarp")
    words, _, found = reported(tmp_path, model=str(tmp_path / "m.scarp"))
    assert "By spatial folds the area under the ROC curve (AUC) is 0.812" in words["Validation"]
    assert words["Type, level, scale and reliability"] == "Without a map there is no statement."
    assert found["reliability"] == "not assessed"


def test_kinds_and_dates_raise_the_level(project, tmp_path):
    places = bad_files.places(60)
    kinds = {"kind": (ogr.OFTString, ["slide"] * 40 + ["flow"] * 20), "day": (ogr.OFTString, ["2014-05-31"] * 59 + ["2019-01-01"])}
    inventory = bad_files.write_layer(tmp_path / "typed.gpkg", [bad_files.point(*each) for each in places], ogr.wkbPoint, fields=kinds)
    words, _, _ = reported(tmp_path, folder=str(project), inventory=inventory, type_field="kind", date_field="day", position_error=0.0)
    quality = words["Landslide inventory and its quality"]
    assert "slide 40 67 % flow 20 33 %" in quality
    assert "Period 2014-05-31 to 2019-01-01" in quality
    assert "Positional error: not looked at (POSITION_ERROR)." in quality
    assert "Level intermediate There are an inventory" in words["Type, level, scale and reliability"]
    assert "dated 2014-05-31 to 2019-01-01; kinds of movement: slide (40) and flow (20); " in words["Methods, ready to paste"]


def test_test_cells_of_a_sample_are_no_other_inventory(project, tmp_path):
    """They lie among the training cells: a map that is validated on them has the spatial folds for its headline."""
    drawn = {"inventory": str(project / "drawn.gpkg"), "label_field": "landslide"}
    validate_map.run(Feedback(), susceptibility=str(project / "susceptibility.tif"), **drawn, output=str(project / "validation.gpkg"))
    auc = float(read_table(str(project / "validation.gpkg"))[0]["auc_by_cells"])
    words = reported(tmp_path, folder=str(project), position_error=0.0)[0]
    assert "By spatial folds the area under the ROC curve (AUC) is 0.812" in words[""] and "other inventory" not in words[""]
    validation = words["Validation"]
    assert f"Test cells, by the map {auc:.3f}" in validation and "other inventory" not in validation


def test_landslides_that_took_no_part_are_moved_where_a_run_tells_of_them(project, tmp_path):
    """The test inventory of the training, else the landslides that tested the map as held out, else those that made it."""
    inventory = bad_files.write_layer(project / "later.gpkg", [bad_files.point(*each) for each in bad_files.places(9)], ogr.wkbPoint)
    table = tmp_path / "t.csv"
    mapped = str(project / "susceptibility.tif")
    validate_map.run(Feedback(), susceptibility=mapped, inventory=inventory, output=str(table), role="held_out")
    auc = float(read_table(str(table))[0]["auc_by_cells"])
    training = {"training_inventory": str(project / "landslides.gpkg")}
    both = {"susceptibility": mapped, "inventory": inventory, "role": "held_out", **training}
    validate_map.run(Feedback(), **both, output=str(tmp_path / "both.csv"))
    apart = float(read_table(str(tmp_path / "both.csv"))[0]["auc_by_cells"])
    assert abs(auc - apart) > 0.002

    def told(**given):
        words = reported(tmp_path, folder=str(project), **given)[0]
        return words["Landslide inventory and its quality"]

    of_training = told()
    assert "each of 57 landslides of landslides.gpkg, which the map was made from, was moved by 60 m" in of_training
    assert "It is a success rate and no test" in of_training
    other = told(inventory=inventory)
    assert "landslides of later.gpkg, of which is not known whether the map was made from them, was moved" in other
    assert "If the map was made from them, it is a success rate" in other
    manifest = project / "model.scarp.run.json"
    run_ = json.loads(manifest.read_text(encoding="utf-8"))
    run_["parameters"]["test_inventory"] = inventory
    manifest.write_text(json.dumps(run_), encoding="utf-8")
    tested = told()
    assert "9 landslides of later.gpkg, which took no part in the training, was moved by 60 m" in tested, "the training left them out"
    assert f"by cells {apart:.3f} " in tested and "from all other cells of the map but those of landslides of landslides.gpkg, as" in tested
    assert "success rate" not in tested.split("Positional error")[1]
    run_["parameters"]["test_inventory"] = None
    manifest.write_text(json.dumps(run_), encoding="utf-8")
    shutil.copy(table, project / "validation.csv")
    asked = {"susceptibility": mapped, "inventory": inventory, "role": "held_out", "output": "validation.csv"}
    write_manifests([str(project / "validation.csv")], "validate_map", asked, 1.0)
    tested = told()
    assert (
        "9 landslides of later.gpkg, which took no part in the training (but 9 on cells of landslides that did), was moved by 60 m"
        in tested
    )
    assert f"by cells {auc:.3f} " in tested and "from all other cells of the map, as by “Validate susceptibility map”" in tested
    asked = {**both, "output": "validation.csv"}
    write_manifests([str(project / "validation.csv")], "validate_map", asked, 1.0)
    assert f"by cells {apart:.3f} " in told()


HOSTILE = "<script>alert(1)</script>"


def test_hostile_names_are_text(project, tmp_path):
    write_table(str(project / "screening.csv"), [{"covariate": HOSTILE, "advice": "=1+1", "reason": '"><img src=x onerror=y>', "vif": 1.0}])
    manifest = project / "importance.csv.run.json"
    told = json.loads(manifest.read_text(encoding="utf-8"))
    manifest.write_text(json.dumps({**told, "results": {"verdict": HOSTILE}, "settings": {HOSTILE: HOSTILE}}), encoding="utf-8")
    reported(tmp_path, folder=str(project), title=f"{HOSTILE} & Co", purpose=HOSTILE, position_error=0.0)
    raw = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in raw
    assert "<img src=x" not in raw
    assert raw.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4


def test_another_table_is_refused_by_its_columns(project, tmp_path):
    write_table(str(tmp_path / "other.csv"), [{"a": 1, "b": 2}])
    with pytest.raises(
        EngineError,
        match=r"The table other.csv has no column covariate, advice; give the one that “Screen covariates” wrote \(SCREENING\)\.",
    ):
        run(Feedback(), folder=str(project), screening=str(tmp_path / "other.csv"), report=str(tmp_path / "r.html"))
    assert not (tmp_path / "r.html").exists()


def test_nothing_given_is_refused(tmp_path):
    with pytest.raises(EngineError, match=r"\(FOLDER\), a susceptibility map \(SUSCEPTIBILITY\) or a model file \(MODEL\) must be given"):
        run(Feedback(), report=str(tmp_path / "r.html"))


GRID = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -35.0), (50, 40))


def section(add, *, runs=(), project=(), **found):
    """The section of what was found."""
    texts = {"title": "T", "author": "", "purpose": "", "completeness": ""}
    page = Report("T", "")
    add(page, Facts(Project(runs=dict(runs), **dict(project)), texts, **found))
    return page


def of_run(task, parameters=(), settings=(), **told):
    return Run(task, None, dict(parameters), dict(settings), **told)


def test_the_summary_tells_of_the_highest_class_and_of_what_lies_outside():
    classes = [
        {"class": "low", "share_percent": 75.0, "percent_of_landslides": 20.0, "landslide_percent": 10.0},
        {"class": "high", "share_percent": 25.0, "percent_of_landslides": 80.0, "landslide_percent": 90.0},
    ]
    given = {"area_km2": 12.5, "cells": 999, "outside_percent": 7.25, "tables": {"class_table": classes}}
    told = report.summary(Facts(Project({"susceptibility": "map.tif"}), {}, **given))
    assert told == (
        "A landslide susceptibility map of 12.5 km². No test of it was found: how reliable it is, is not known. The class high holds 80 % "
        "of the landslides on 25 % of the area. 7.2 % of the area lie outside the model's area of applicability."
    )
    for each in classes:
        del each["percent_of_landslides"]
    success = Tested("success", "", "", 0.9, None, None, 3)
    told = report.summary(Facts(Project({"model": "m.scarp"}, is_counted_learnt=True), {}, **{**given, "success": success}))
    assert "A landslide susceptibility model. No test on landslides that took no part was found; the AUC of 0.900 may only" in told
    assert "The class high holds 90 % of the landslides, those that the map was made from, on 25 % of the area." in told


def test_the_inventory_has_each_number_in_its_row():
    """Four polygons on six cells, of which two landslides share one: three in all."""
    number = np.array([0, 1, 2, 3, 4, 5])
    slides = Landslides.of(number, number, np.array([0, 0, 0, 1, 1, 2]), number.astype(np.float32))
    slides = SimpleNamespace(count=slides.count, cells=6, as_mapped=4)
    found = Inventory(
        slides, 9, True, {"slide": 2, "flow": 1, UNTOLD: 1}, "2011 to 2014", 1, {"2011": 1, "2014": 2}, 5, 2, ["One lies outside."]
    )
    page = section(report._inventory, inventory=found, area_km2=8.0, of_type="slide")
    assert dict(rows(page, "Quality", "Found")) == {
        "Landslides on the map": "4, 0.500 a km²; those that share cells count as one elsewhere, 3 in all",
        "Mapped as": "polygons",
        "Cells of landslides": "6, 1.500 a landslide",
        "Kinds of movement": "2 kinds told; see below",
        "The map is for": "slide",
        "Period": "2011 to 2014; 1 landslide without a date",
        "Completeness": "not told (COMPLETENESS)",
        "Duplicates": "5 of 9 features have the geometry of one before",
        "Overlap": "2 landslides lie on a cell that another one lies on too",
        "Left out": "One lies outside.",
    }
    assert [tuple(row) for row in rows(page, "Kind of movement", "Landslides", "Share")] == [
        ("slide", "2", "50 %"), ("flow", "1", "25 %"), (UNTOLD, "1", "25 %")
    ]  # fmt: skip
    assert [tuple(row) for row in rows(page, "When", "Landslides")] == [("2011", "1"), ("2014", "2")]
    assert "Positional error: not looked at" in words_of(page)


def test_of_many_kinds_the_rare_ones_are_counted_together_but_each_as_one():
    """Three of 23 kinds stood as one “further kind”, so 21 were told, and the landslide without a kind was among them."""
    number = np.arange(26)
    slides = SimpleNamespace(count=26, cells=26, as_mapped=26)
    types = {"slide": 3, **{f"kind {each:02d}": 1 for each in number[:22]}, UNTOLD: 1}
    found = Inventory(slides, 26, True, types, "", 0, {}, 0, 0, [])
    page = section(report._inventory, inventory=found, area_km2=8.0)
    assert dict(rows(page, "Quality", "Found"))["Kinds of movement"] == "23 kinds told; see below"
    told = [tuple(row[:2]) for row in rows(page, "Kind of movement", "Landslides", "Share")]
    assert told[0] == ("slide", "3") and told[19:] == [("kind 18", "1"), ("3 further kinds", "3"), (UNTOLD, "1")]


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("training", "as mapped and moved. It is a success rate and no test, and a part of the fall"),
        ("unknown", "as mapped and moved. If the map was made from them, it is a success rate"),
        ("held_out", "as mapped and moved. 0.5 landslides leave the map on average."),
    ],
)
def test_moved_landslides_stand_beside_mapped_ones(role, said):
    """Of three repeats the mean, and how far it lies below."""
    cells, slides = Estimate(0.875, 0.05, 0.75, 1.0), Estimate(0.8, 0.05, 0.7, 0.9)
    moved = Moved(
        40.0, {"cells": cells, "landslides": slides}, {each: np.array([0.5, 0.625, 0.75]) for each in ("cells", "landslides")}, 0.5
    )
    page = section(report._position, moved=moved, moved_ones="12 landslides of a.gpkg", moved_role=role, is_error_told=True)
    header = ("AUC", "As mapped", "95 % interval", "Moved, mean", "95 % of repeats", "Difference")
    of_cells = next(row for row in rows(page, *header) if "cells" in row[0])
    assert tuple(of_cells[1:]) == ("0.875", "0.750 to 1.000", "0.625", "0.506 to 0.744", "−0.250")
    assert said in captions(page, "table")[0]
    assert "Positional error: each of 12 landslides of a.gpkg, was moved by 40 m in a random direction, 3 times" in words_of(page)


def test_factors_are_those_of_the_model_and_dropped_ones_are_told_where_it_reads_them():
    model = SimpleNamespace(covariates=(Covariate("slope", unit="degree"), Covariate("local_relief")))
    stack = SimpleNamespace(covariates=(*model.covariates, Covariate("topographic_wetness")))
    advised = (("slope", "keep", 1.5, 0.25), ("local_relief", "drop", 9.5, 0.125), ("topographic_wetness", "drop", 8.0, 0.0625))
    keys = ("covariate", "advice", "vif", "information_gain_bits")
    table = {"screening": [dict(zip(keys, each)) for each in advised]}
    page = section(report._factors, model=model, stack=stack, tables=table)
    assert captions(page, "table")[0] == "The 2 covariates that the model reads."
    header = ("Covariate", "Advice", "Reason", "VIF", "Information gain (bits)", "In the model")
    assert [tuple(row) for row in rows(page, *header)] == [
        ("Slope", "keep", "–", "1.500", "0.250", "yes"),
        ("Local relief", "drop", "–", "9.500", "0.125", "yes"),
        ("Topographic wetness", "drop", "–", "8.000", "0.062", "no"),
    ]
    assert "The model reads local relief all the same, which the screening advises to drop." in words_of(page)
    alone = section(report._factors, stack=stack, tables=table)
    assert captions(alone, "table")[0] == "The 3 covariates of the stack." and "all the same" not in words_of(alone)


@pytest.mark.parametrize(
    ("task", "label", "said"),
    [
        ("train_cnn_dnn", None, "Absences were drawn by the training itself"),
        ("benchmark_classifiers", None, "Absences were drawn by the benchmark itself"),
        ("finetune_model", None, "Absences were drawn by the adapting itself"),
        ("train_cnn_dnn", "landslide", "The cells and their labels were given; what drew them is not part of this project."),
    ],
)
def test_who_drew_the_absences_is_told(task, label, said):
    run_ = of_run(task, {"label_field": label}, results={"divided": "By blocks.", "cells": {"training": [3, 9]}})
    page = section(report._samples, runs={"model": run_})
    assert words_of(page).startswith(said) and words_of(page).endswith("By blocks.")
    assert [tuple(row) for row in rows(page, "Cells", "Landslide", "Non-landslide")] == [("Training", "3", "9")]


def test_tuning_is_told_as_it_was():
    model = SimpleNamespace(manifest={}, name="Random forest", covariates=(1, 2, 3))
    trained, searched = of_run("train_cnn_dnn"), of_run("train_cnn_dnn", results={"tried": 12})
    for run_, tune, start in (
        (searched, None, "Tuning: 12 candidates were tried"),
        (trained, None, "Tuning: no search was asked for"),
        (of_run("benchmark_classifiers"), None, ""),
        (None, False, "Tuning: no search was asked for"),
        (None, True, ""),
    ):
        model.manifest = {"settings": {"tune": tune}}
        told = words_of(section(report._model, runs={"model": run_} if run_ else {}, model=model))
        assert told.startswith(start) and bool(told) == bool(start)


def test_tests_of_the_map_and_the_benchmark_have_their_columns():
    of_map = {"part": "all", "landslides_are": "Held out", "landslides": 9, "auc_by_landslides": 0.75, "auc_by_cells": 0.875}
    benchmark = [{"validation": "blocks", "classifier": "rf", "label": "Random forest", "auc": 0.8, "auc_low": 0.7, "auc_high": 0.9}]
    tables = {"validation": [{**of_map, "top_10_percent_by_landslides": 42.0}, {**of_map, "part": "date"}], "benchmark": benchmark}
    tests = [
        Tested("spatial", "Spatial folds", "In blocks.", 0.8, 0.7, 0.9, 48),
        Tested("test", "Test cells", "Dealt.", 0.9, None, None, 12),
    ]
    page = section(report._validation, tests=tests, success=Tested("success", "The map", "", 0.95, 0.9, 1.0, 60), tables=tables)
    header = ("Landslides", "Number", "AUC by landslides", "AUC by cells", "Share of landslides in the top 10 % of the area")
    assert [tuple(row) for row in rows(page, *header)] == [("Held out", "9", "0.750", "0.875", "42 %")]
    assert [tuple(row)[1:] for row in rows(page, "Validation", "Classifier", "AUC", "95 % interval")] == [
        ("Random forest", "0.800", "0.700 to 0.900")
    ]
    told = words_of(page)
    assert "Fewer than 10 landslides make a figure that is chance" in told
    assert told.count("In blocks.") == 1 and "Test cells: Dealt." in told
    header = ("Tested by", "AUC", "95 % interval", "Landslides", "What it says")
    assert [tuple(row)[:4] for row in rows(page, *header)] == [
        ("Spatial folds", "0.800", "0.700 to 0.900", "48"), ("Test cells", "0.900", "–", "12"), ("The map", "0.950", "0.900 to 1.000", "60")
    ]  # fmt: skip
    enough = section(report._validation, tables={"validation": [{**of_map, "landslides": 10}]})
    assert "chance" not in words_of(enough) and "No test of the model or the map was found." in words_of(enough)


def test_classes_have_the_figures_by_landslides_before_those_by_cells(monkeypatch):
    without_pictures(monkeypatch)
    drawn = drawn_by(monkeypatch, report, "density_by_class")
    by_slides = {"landslides": 4.0, "percent_of_landslides": 80.0, "frequency_ratio_by_landslides": 3.2, "landslides_per_km2": 0.5}
    by_cells = {"landslide_cells": 9, "landslide_percent": 90.0, "frequency_ratio": 3.6}
    low = {"class": "low", "from": 0.0, "to": 0.5, "area_km2": 24.0, "cells": 3, "share_percent": 75.0, "density_percent": 1.0}
    high = {"class": "high", "from": 0.5, "to": 1.0, "area_km2": 8.0, "cells": 1, "share_percent": 25.0, "density_percent": 5.0}
    none = {"landslides": 1.0, "percent_of_landslides": 20.0, "frequency_ratio_by_landslides": 0.25, "landslide_cells": 1}
    table = [
        {**low, **none, "landslide_percent": 10.0, "frequency_ratio": 0.125, "landslides_per_km2": 0.0},
        {**high, **by_slides, **by_cells},
    ]
    header = ("Class", "From", "To", "Area (km²)", "Share of the area", "Landslides", "Share", "Landslides a km²", "Frequency ratio")
    page = section(report._classes, tables={"class_table": table})
    assert [tuple(row) for row in rows(page, *header)][1] == (
        "high", "0.500", "1.000", "8.000", "25 %", "4", "80 %", "0.500", "3.200"
    )  # fmt: skip
    ((_, (names, area, slides, cells), _),) = drawn
    assert names == ["low", "high"]
    assert (area.tolist(), slides.tolist(), cells.tolist()) == ([0.75, 0.25], [0.2, 0.8], [0.1, 0.9])
    assert "success, no test" not in captions(page, "table")[0]
    assert "Landslides are denser in each class than in the one below it." in words_of(page)
    page = section(report._classes, tables={"class_table": table[::-1]}, project={"is_counted_learnt": True})
    assert "success, no test" in captions(page, "table")[0] and "denser in each class" not in words_of(page)
    page = section(report._classes, tables={"class_table": [{**low, "landslide_cells": 1}, {**high, **by_cells}]})
    assert [tuple(row)[5:] for row in rows(page, *header)][1] == ("9", "90 %", "–", "3.600")


def test_the_picture_of_the_classes_has_their_numbers_and_colours(monkeypatch):
    """Of the raster the lowest class is 1, of a picture 0; −1 is no data, which is drawn as 0."""
    without_pictures(monkeypatch)
    drawn = drawn_by(monkeypatch, report.figures, "class_map")
    grid = Grid(GRID.crs, GRID.transform, (2, 3))
    table = [{"class": name, "area_km2": 1.0, "share_percent": share} for name, share in (("low", 75.0), ("high", 25.0))]
    numbers, colours = np.array([[-1, 0, 1], [0, 0, 0]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 1.0]])
    picture = SimpleNamespace(grid=grid, whole=grid, numbers=numbers, names=["low", "high"], colours=colours, rows=table)
    page = section(report._classes, picture=picture, runs={"classes": of_run("classify_susceptibility", settings={"Method": "Quantiles"})})
    ((_, (classes, names, told, shares, cell), more),) = drawn
    assert classes.tolist() == [[0, 1, 2], [1, 1, 1]] and (names, told, shares) == (["low", "high"], ["#ff0000", "#0080ff"], [0.75, 0.25])
    assert cell == (20.0, 35.0) and (more["frame"].west, more["frame"].north) == (5e5, 3.6e6)
    assert "Classes by: Quantiles." in words_of(page)


def test_uncertainty_and_applicability_in_words():
    spread = Spread(0.0625, (0.5, 0.375, 0.125), 0.75)
    for passes, whose in ((0, "members"), (8, "passes of dropout")):
        run_ = of_run("map_susceptibility", {"dropout_passes": passes})
        page = section(report._uncertainty, runs={"uncertainty": run_}, spread=spread)
        shares = rows(page, f"Standard deviation of the {whose}", "Share of the area")
        assert [tuple(row) for row in shares] == [("below 0.05", "50 %"), ("0.05 to 0.1", "38 %"), ("above 0.1", "12 %")]
        assert captions(page, "table") == [
            f"How far the {whose} of the model differ; 0.062 on average. On average 75 % of the {whose} put a cell into the class that the "
            "map puts it into."
        ]
    assert words_of(section(report._applicability, outside_percent=12.5)).startswith("12.5 % of the area lie outside the area")


def test_importance_is_that_of_single_covariates_with_its_folds(monkeypatch):
    without_pictures(monkeypatch)
    drawn = drawn_by(monkeypatch, report.figures, "bars")
    keys = ("kind", "factor", "auc_drop", "lowest_fold", "highest_fold", "matters")
    told = [
        ("covariate", "slope", 0.25, 0.2, 0.3, "yes"),
        ("group", "terrain", 0.5, 0.4, 0.6, "yes"),
        ("covariate", "topographic_wetness", 0.0, -0.1, 0.1, ""),
    ]
    page = section(report._explanation, tables={"explanation": [dict(zip(keys, each)) for each in told]})
    assert [tuple(row) for row in rows(page, "Covariate", "Fall of the AUC", "Folds", "Matters")] == [
        ("Slope", "0.250", "0.200 to 0.300", "yes"), ("Topographic wetness", "0.000", "−0.100 to 0.100", "–")
    ]  # fmt: skip
    ((_, given, more),) = drawn
    assert given[0] == {"fall": [0.25, 0.0]} and more == {"low": {"fall": [0.2, -0.1]}, "high": {"fall": [0.3, 0.1]}}
    told = [("covariate", "slope", 0.25, 0.25, 0.25, "yes")]  # of the model itself, which was asked once
    page = section(report._explanation, tables={"explanation": [dict(zip(keys, each)) for each in told]})
    assert [tuple(row) for row in rows(page, "Covariate", "Fall of the AUC", "Matters")] == [("Slope", "0.250", "yes")]
    assert drawn[1][2] == {"low": None, "high": None} and "fold" not in captions(page)[0]


def test_each_run_is_told_once_in_the_order_of_the_work():
    mapped = of_run(
        "map_susceptibility", {"model": "/a/m.scarp", "scheduler": ""}, {"Uncertainty": "yes"}, inputs={"model": "ab"}, scarp="1.2"
    )
    trained = of_run("train_cnn_dnn", scarp="1.1", versions={"numpy": "1.26"}, written="2026-11-28T01:02:03+00:00")
    runs = {"susceptibility": mapped, "uncertainty": mapped, "model": trained}
    page = section(report._versions, runs=runs)
    assert [tuple(row) for row in rows(page, "Step", "Written (UTC)", "Scarp")] == [
        ("Train CNN–DNN", "2026-11-28 01:02", "1.1"), ("Map susceptibility", "not told", "1.2")
    ]  # fmt: skip
    assert [tuple(row) for row in rows(page, "Package", "Version")] == [("Scarp", "1.1, 1.2"), ("numpy", "1.26")]
    page = section(report._parameters, runs=runs)
    assert [tuple(row) for row in rows(page, "Parameter", "Value", caption="Map susceptibility")] == [
        ("Model file", "m.scarp"), ("Uncertainty", "yes")
    ]  # fmt: skip


def test_only_what_was_used_is_cited():
    def cited(**found):
        return " ".join(report._references(Facts(Project(), {}, **found)))

    assert "Meyer" not in cited() and "Obuchowski" not in cited() and "Fell" in cited()
    assert "Meyer" in cited(outside_percent=0.0)
    test = Tested("spatial", "", "", 0.8, None, None, None)
    assert "Obuchowski" in cited(tests=[test]) and "Obuchowski" in cited(success=test)


def test_what_was_left_out_of_a_project_stands_on_its_page(project, tmp_path):
    (project / "susceptibility.tif").write_bytes((project / "map.tif").read_bytes())
    words, _, _ = reported(tmp_path, folder=str(project), position_error=0.0)
    assert "validation.gpkg is left out: its susceptibility map has been written anew since." in words[""]
