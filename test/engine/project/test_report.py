# SPDX-License-Identifier: GPL-2.0-or-later
"""What the page of a project says, in numbers; what is missing; names that would be markup."""

import html
import json
import re
import shutil
from pathlib import Path

import bad_files
import pytest
from osgeo import ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.manifest import write_manifests
from scarp.engine.files.tables import read_table, write_table
from scarp.engine.tasks import validate_map
from scarp.engine.tasks.project_report import run

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
    assert "9 landslides of later.gpkg, which took no part in the training, was moved by 60 m" in tested
    assert f"by cells {auc:.3f} " in tested and "success rate" not in tested.split("Positional error")[1]
    run_["parameters"]["test_inventory"] = None
    manifest.write_text(json.dumps(run_), encoding="utf-8")
    shutil.copy(table, project / "validation.csv")
    asked = {"susceptibility": mapped, "inventory": inventory, "role": "held_out", "output": "validation.csv"}
    write_manifests([str(project / "validation.csv")], "validate_map", asked, 1.0)
    assert "9 landslides of later.gpkg, which took no part in the training, was moved by 60 m" in told()


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
