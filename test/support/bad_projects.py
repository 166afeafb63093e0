# SPDX-License-Identifier: GPL-2.0-or-later
"""Folders of a project whose manifests and tables are damaged, foreign, huge or hostile."""

import json
import os
import shutil
import zipfile
from pathlib import Path

from osgeo import ogr

# What a function of this module makes, by its name: a folder, or a table of some part.
PROJECTS, TABLES = {}, {}
HTML = "<script>alert('\"&')</script><img src=x onerror=y>]]>"
# A row of each table as its algorithm writes it.
ROWS = {
    "screening": {"covariate": "slope", "advice": "keep", "reason": "", "vif": 1.25, "information_gain_bits": 0.5},
    "benchmark": {"validation": "random", "classifier": "rf", "label": "Random forest", "auc": 0.75, "auc_low": 0.7, "auc_high": 0.8},
    "class_table": {"class": "low", "from": 0, "to": 0.5, "cells": 1152, "area_km2": 1.0368, "share_percent": 50.0, "landslides": 3},
    "validation": {"part": "all", "landslides_are": "held out", "landslides": 60, "auc_by_cells": 0.75, "auc_by_landslides": 0.75},
    "explanation": {"kind": "covariate", "factor": "slope", "auc_drop": 0.25, "lowest_fold": 0.2, "highest_fold": 0.3, "matters": "yes"},
}


def write_project(folder, good):
    """Write a map with its model, classes and manifests into a folder; `good` is a file of `bad_files.write_area`'s."""
    place, area = Path(folder) / "project", Path(good).parent
    place.mkdir()
    for name in ("map.tif", "model.scarp", "classes.tif", "stack.tif", "landslides.gpkg"):
        shutil.copy(area / name, place / name)
    stack, inventory, model = (str(place / name) for name in ("stack.tif", "landslides.gpkg", "model.scarp"))
    trained = {"covariates": stack, "inventory": inventory, "model": model}
    tests = [{"kind": "spatial", "auc": 0.8125, "low": 0.75, "high": 0.875, "landslides": 48, "name": "Spatial folds", "how": "In blocks."}]
    tell(place, "model.scarp", "train_cnn_dnn", trained, results={"tests": tests, "cells": {"training": [40, 200]}})
    tell(place, "map.tif", "map_susceptibility", {"covariates": stack, "model": model, "output": str(place / "map.tif")})
    cut = {"susceptibility": str(place / "map.tif"), "output": str(place / "classes.tif")}
    rows = [{**ROWS["class_table"], "class": f"{number}"} for number in range(1, 6)]
    tell(place, "classes.tif", "classify_susceptibility", cut, results={"classes": rows})
    return place


def tell(place, name, task, parameters, **more):
    """Write a manifest."""
    told = {"task": task, "parameters": parameters, "settings": {}, "inputs_sha256": {}, "results": {}, "scarp": "1.0", "versions": {}}
    (place / f"{name}.run.json").write_text(json.dumps({**told, "written": "2026-01-01T00:00:00+00:00", **more}), encoding="utf-8")


def retell(place, name, **changed):
    """Change what a manifest tells."""
    path = place / f"{name}.run.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **changed}), encoding="utf-8")


def project(change):
    """Count a function as one that spoils a folder: it is given a good one."""

    def make(folder, good):
        place = write_project(folder, good)
        change(place)
        return str(place)

    PROJECTS[change.__name__] = make
    return change


# Beside the good manifests one that is none, by what it holds.
_NONE = {
    "manifest_of_no_bytes": b"",
    "manifest_of_zeros": bytes(5000),
    "manifest_not_in_utf8": b'{"task": "map_susceptibility\xff"}',
    "manifest_of_a_list": b"[1, 2]",
    "manifest_of_a_number": b"7",
    "manifest_whose_task_is_a_list": b'{"task": ["map_susceptibility"], "parameters": {}}',
    "manifest_whose_task_is_an_object": b'{"task": {"a": 1}, "parameters": {}}',
    "manifest_of_a_later_task": b'{"task": "predict_earthquakes", "parameters": {}}',
    "manifest_of_no_parameters": b'{"task": "map_susceptibility"}',
    "manifest_whose_parameters_are_a_list": b'{"task": "map_susceptibility", "parameters": [1]}',
    "manifest_of_brackets": b"[" * 100_000,
    "manifest_nested_deep": b'{"task": "map_susceptibility", "parameters": {"output": ' + b"[" * 900 + b"]" * 900 + b"}}",
    "manifest_of_a_huge_number": b'{"task": "map_susceptibility", "parameters": {}, "results": {"tried": 1' + b"0" * 400 + b"}}",
    "manifest_of_9_million_letters": b'{"task": "map_susceptibility", "parameters": {"output": "' + b"x" * 9_000_000 + b'"}}',
}
for _name, _content in _NONE.items():

    def _add(place, content=_content):
        (place / "another.run.json").write_bytes(content)

    _add.__name__ = _name
    project(_add)


@project
def manifest_cut_off(place):
    path = place / "map.tif.run.json"
    path.write_text(path.read_text()[:200])


@project
def all_manifests_cut_off(place):
    for path in place.glob("*.run.json"):
        path.write_text(path.read_text()[:100])


@project
def no_manifests(place):
    for path in place.glob("*.run.json"):
        path.unlink()


@project
def manifest_that_is_a_pipe(place):
    os.mkfifo(place / "pipe.run.json")


@project
def manifest_that_is_a_folder(place):
    (place / "folder.run.json").mkdir()


@project
def manifest_that_links_to_itself(place):
    (place / "loop.run.json").symlink_to(place / "loop.run.json")


@project
def manifest_that_links_to_a_device(place):
    (place / "zeros.run.json").symlink_to("/dev/zero")


@project
def manifests_without_number(place):
    for number in range(1001):
        tell(place, f"{number}.tif", "map_susceptibility", {})


@project
def manifests_of_too_many_bytes(place):
    for number in range(9):
        with (place / f"{number}.run.json").open("wb") as stream:
            stream.truncate(8_000_000)


@project
def a_hundred_unknown_manifests(place):
    for number in range(100):
        (place / f"{number}.run.json").write_text("{}")


@project
def thousands_of_files(place):
    for number in range(3000):
        (place / f"{number}.txt").touch()
    for number in range(500):
        (place / f"folder {number}").mkdir()


@project
def folder_in_itself(place):
    (place / "again").symlink_to(place)
    (place / "above").symlink_to(place.parent)


@project
def link_out_of_the_folder(place):
    other = place.parent / "other"
    other.mkdir()
    shutil.copy(place / "map.tif", other / "foreign.tif")
    tell(other, "foreign.tif", "map_susceptibility", {"output": str(other / "foreign.tif")}, written="2020-01-01T00:00:00+00:00")
    (place / "linked").symlink_to(other)


@project
def map_under_a_long_name(place):
    tell(place, "long", "map_susceptibility", {"output": str(place / ("x" * 300 + ".tif"))})


@project
def map_under_a_name_with_nul(place):
    tell(place, "nul", "map_susceptibility", {"output": str(place / "a\0.tif")})


@project
def map_in_the_network(place):
    for number, path in enumerate(("/vsicurl/http://127.0.0.1:9/a.tif", "http://127.0.0.1:9/a.tif", "//127.0.0.1/share/a.tif")):
        tell(place, f"{number}", "map_susceptibility", {"output": path, "covariates": path, "model": path})


@project
def map_that_is_a_pipe(place):
    (place / "map.tif").unlink()
    os.mkfifo(place / "map.tif")


@project
def map_that_is_a_device(place):
    retell(place, "map.tif", parameters={"output": "/dev/zero"})


@project
def map_cut_off(place):
    content = (place / "map.tif").read_bytes()
    (place / "map.tif").write_bytes(content[: len(content) // 3])


@project
def stack_of_a_terabyte(place):
    os.truncate(place / "stack.tif", 1 << 40)  # behind its end there is nothing, which takes no room
    retell(place, "map.tif", inputs_sha256={"covariates": "0" * 64})


@project
def model_that_is_a_file_of_the_system(place):
    retell(place, "map.tif", parameters={"output": str(place / "map.tif"), "model": "/etc/passwd"})
    (place / "model.scarp.run.json").unlink()


@project
def model_that_is_the_map(place):
    there = str(place / "map.tif")
    retell(place, "map.tif", parameters={"output": there, "model": there, "covariates": there})


@project
def screening_that_is_a_file_of_the_system(place):
    tell(place, "s", "screen_covariates", {"output": "/etc/passwd", "covariates": str(place / "stack.tif")})


@project
def name_of_100_000_bands(place):
    tell(place, "bands", "map_susceptibility", {"output": "a" + "|band=1" * 100_000})


@project
def name_of_no_letters(place):
    retell(place, "map.tif", settings={"a\ud800": "b\udfff"}, scarp="\ud800", versions={"\udc80": "\udcff"})


@project
def names_of_html(place):
    tests = [{"kind": "spatial", "auc": 0.75, "low": 0.7, "high": 0.8, "landslides": 48, "name": HTML, "how": HTML}]
    retell(place, "model.scarp", settings={HTML: HTML}, scarp=HTML, versions={HTML: HTML}, written=HTML)
    retell(place, "model.scarp", results={"tests": tests, "cells": {HTML: [1, 2]}, "divided": HTML})
    retell(place, "classes.tif", settings={"Method": HTML}, results={"classes": [{**ROWS["class_table"], "class": HTML}] * 3})


@project
def parameters_of_wrong_kinds(place):
    for name in ("map.tif", "model.scarp", "classes.tif"):
        path = place / f"{name}.run.json"
        given = json.loads(path.read_text())["parameters"]
        for number, odd in enumerate((7, None, True, [given], {"a": given}, 1e308, "")):
            retell(place, name)
            shutil.copy(path, place / f"{number}-{name}.run.json")
            retell(place, f"{number}-{name}", parameters=dict.fromkeys((*given, "label_field"), odd))


@project
def parts_of_wrong_kinds(place):
    for name in ("map.tif", "model.scarp", "classes.tif"):
        retell(place, name, settings=[1], inputs_sha256="a", results=7, scarp=[1], versions=None, written={"a": 1})


@project
def hashes_of_wrong_kinds(place):
    for name in ("map.tif", "model.scarp", "classes.tif"):
        retell(place, name, inputs_sha256={"covariates": [1], "model": {"a": 1}, "susceptibility": 7, "inventory": None})


@project
def results_of_wrong_kinds(place):
    odd = [7, None, "x", [], {}, {"kind": [], "auc": 0.5}, {"kind": "spatial", "auc": "x"}, {"kind": "spatial", "auc": True, "low": {}}]
    odd += [{"kind": "spatial", "auc": 0.5, "low": "a", "high": [], "landslides": "many", "name": [], "how": 7}, {"kind": "test", "auc": 7}]
    cells = {"training": ["a", "b"], "test": [1, None], "validation": [1.5, 2], "more": [1, 2, 3], "most": 7}
    retell(place, "model.scarp", results={"tests": odd, "cells": cells, "tried": "x", "divided": 5})
    retell(place, "map.tif", results={"outside_percent": "much"})


@project
def results_that_are_no_numbers(place):
    nan, infinite = float("nan"), float("inf")
    tests = [{"kind": "spatial", "auc": nan}, {"kind": "random", "auc": 0.5, "low": nan, "high": infinite, "landslides": infinite}]
    retell(place, "model.scarp", results={"tests": tests, "cells": {"training": [nan, infinite]}})
    retell(place, "map.tif", results={"outside_percent": infinite})


@project
def a_hundred_thousand_tests(place):
    retell(place, "model.scarp", results={"tests": [{"kind": "spatial", "auc": 0.5, "how": "Again."}] * 100_000})


@project
def sentence_of_a_million_letters(place):
    tests = [{"kind": "spatial", "auc": 0.5, "name": "x" * 1_000_000, "how": "y" * 1_000_000}]
    retell(place, "model.scarp", results={"tests": tests, "divided": "z" * 1_000_000})


@project
def classes_of_wrong_kinds(place):
    rows = [{"class": [], "cells": "x"}, 7, {"class": "low", "cells": 1, "area_km2": "wide", "share_percent": None}]
    retell(place, "classes.tif", results={"classes": rows})


@project
def classes_without_number(place):
    retell(place, "classes.tif", results={"classes": [ROWS["class_table"]] * 20_000})


@project
def hundreds_of_maps(place):
    for number in range(400):
        shutil.copy(place / "classes.tif", place / f"{number}.tif")
        tell(place, f"{number}.tif", "map_susceptibility", {"output": str(place / f"{number}.tif")}, written="2020-01-01T00:00:00+00:00")


def table(make):
    """Count a function as one that makes a table: it is given a good row, and returns rows."""

    def write(folder, part):
        rows = make(ROWS.get(part, ROWS["class_table"]))
        path = Path(folder) / "bad.csv"
        lines = [",".join('"' + str(each).replace('"', '""') + '"' for each in row) for row in (rows[0], *(row.values() for row in rows))]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)

    TABLES[make.__name__] = write
    return make


@table
def table_of_words(row):
    return [{key: "many" if isinstance(value, (int, float)) else value for key, value in row.items()}] * 3


@table
def table_of_other_columns(row):
    return [{f"{key} (new)": value for key, value in row.items()}] * 3


@table
def table_with_empty_cells(row):
    return [row, dict.fromkeys(row, "")]


@table
def table_of_infinite_numbers(row):
    return [{key: "inf" if isinstance(value, float) else value for key, value in row.items()}] * 3


@table
def table_of_numbers_of_1e300(row):
    return [{key: 1e300 if isinstance(value, float) else value for key, value in row.items()}] * 3


@table
def table_of_5000_rows(row):
    return [row] * 5000


@table
def table_of_200_000_rows(row):
    return [row] * 200_000


@table
def table_of_html(row):
    return [
        {key: HTML if isinstance(value, str) and key not in ("kind", "part", "validation") else value for key, value in row.items()}
    ] * 3


@table
def table_of_one_class_thrice(row):
    return [row] * 3


def other_table(make):
    """Count a function as one that makes a table which is no plain CSV: it is given a folder and a good row."""
    TABLES[make.__name__] = lambda folder, part: str(make(Path(folder), ROWS.get(part, ROWS["class_table"])))
    return make


def _csv(row, apart=","):
    return "".join(apart.join(str(each) for each in line) + "\n" for line in (row, row.values(), row.values()))


@other_table
def table_with_semicolons(folder, row):
    (folder / "bad.csv").write_text(_csv(row, ";"), encoding="utf-8")
    return folder / "bad.csv"


@other_table
def table_in_utf_16(folder, row):
    (folder / "bad.csv").write_text(_csv(row), encoding="utf-16")
    return folder / "bad.csv"


@other_table
def table_with_nul(folder, row):
    (folder / "bad.csv").write_text(_csv(row).replace("low", "l\0w"), encoding="utf-8")
    return folder / "bad.csv"


@other_table
def table_of_one_endless_line(folder, row):
    with (folder / "bad.csv").open("w") as stream:
        stream.write(",".join(row) + "\n" + "x" * 50_000_000)
    return folder / "bad.csv"


@other_table
def table_of_no_rows(folder, row):
    (folder / "bad.csv").write_text(",".join(row) + "\n", encoding="utf-8")
    return folder / "bad.csv"


@other_table
def table_with_a_column_twice(folder, row):
    (folder / "bad.csv").write_text(_csv(row).replace("class,", "class,class,", 1).replace("low,", "low,high,"), encoding="utf-8")
    return folder / "bad.csv"


@other_table
def sheet_of_a_million_columns(folder, row):
    good, path = folder / "good.xlsx", folder / "bad.xlsx"
    made = ogr.GetDriverByName("XLSX").CreateDataSource(str(good))
    layer = made.CreateLayer("table")
    for name in row:
        layer.CreateField(ogr.FieldDefn(name, ogr.OFTString))
    layer.CreateFeature(ogr.Feature(layer.GetLayerDefn()))
    del layer, made
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if "worksheets/sheet1" not in name:
                target.writestr(name, source.read(name))
                continue
            with target.open(name, "w", force_zip64=True) as stream:
                stream.write(source.read(name).partition(b"<sheetData>")[0] + b"<sheetData>")
                for number in range(1, 3):
                    stream.write(b'<row r="%d">' % number + b"<c><v>1</v></c>" * 1_000_000 + b"</row>")
                stream.write(b"</sheetData></worksheet>")
    good.unlink()
    return path
