# SPDX-License-Identifier: GPL-2.0-or-later
import csv
import zipfile
from xml.etree import ElementTree

import pytest
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.files.tables import read_table, write_table


@pytest.mark.parametrize("ending", ["csv", "gpkg", "xlsx"])
def test_tables_keep_their_values_and_types(tmp_path, ending):
    path = str(tmp_path / f"t.{ending}")
    write_table(path, [{"name": "a", "n": 3, "x": None}, {"name": "b, c", "n": 4, "x": 0.25}])
    layer = (dataset := gdal.OpenEx(path)).GetLayer(0)
    assert layer.GetGeomType() == ogr.wkbNone
    assert [(each["name"], each["n"], each["x"]) for each in layer] == [("a", 3, None), ("b, c", 4, 0.25)]
    del dataset


def test_tables_of_other_formats_are_refused(tmp_path):
    with pytest.raises(EngineError, match=r"must end in .csv or .gpkg or .xlsx"):
        write_table(str(tmp_path / "t.shp"), [{"a": 1}])


def test_a_table_of_one_row(tmp_path):
    write_table(str(tmp_path / "t.csv"), [{"n": 3, "x": None}])
    assert (tmp_path / "t.csv").read_text() == "n,x\n3,\n"
    assert (tmp_path / "t.csvt").read_text() == '"Integer64","Real"\n'


HOSTILE = ["=1+1", "+SUM(A1)", "-2", "@x", "<b>&\"'", "a"]


@pytest.mark.parametrize("ending", ["csv", "gpkg", "xlsx"])
def test_what_looks_like_a_formula_stays_text_and_comes_back(tmp_path, ending):
    path = str(tmp_path / f"t.{ending}")
    rows = [{"name": text, "n": number, "x": None if number else -0.5, "y": "z"} for number, text in enumerate(HOSTILE)]
    write_table(path, rows)
    assert read_table(path) == rows


def test_a_sheet_has_no_formula_and_its_numbers_are_numbers(tmp_path):
    write_table(str(tmp_path / "t.xlsx"), [{"=name": text, "x": 0.25} for text in HOSTILE])
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        words = archive.read("xl/sharedStrings.xml").decode()
    cells = {cell.get("r"): cell for cell in ElementTree.fromstring(sheet).iter() if cell.tag.endswith("}c")}
    assert [cells[f"A{row}"].get("t") for row in range(1, 8)] == ["s"] * 7  # shared text
    assert [cells[f"B{row}"].get("t") for row in range(2, 8)] == [None] * 6
    assert "<f>" not in sheet
    assert "<t>=1+1</t>" in words


def test_what_is_no_table_of_scarp_is_told(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("")
    with pytest.raises(EngineError, match=r"table t.csv cannot be opened: its file is empty"):
        read_table(str(tmp_path / "t.csv"))
    write_table(str(tmp_path / "t.csv"), [{"a": 1, "b": 2}] * 2)
    monkeypatch.setattr("scarp.engine.files.tables.MOST_ROWS", 1)
    with pytest.raises(EngineError, match=r"holds 2 rows, and a table of at most 1 rows"):
        read_table(str(tmp_path / "t.csv"))


@pytest.mark.parametrize("ending", ["csv", "gpkg", "xlsx"])
def test_numbers_of_any_size_endings_of_any_case_and_rows_up_to_the_most(tmp_path, monkeypatch, ending):
    path = str(tmp_path / f"classes.{ending.upper()}")
    rows = [{"n": 3_000_000_000, "x": 1e-9}, {"n": -1, "x": 2.5}]
    write_table(path, rows)
    monkeypatch.setattr("scarp.engine.files.tables.MOST_ROWS", 2)
    assert read_table(path) == rows
    (tmp_path / "classes.csvt").unlink(missing_ok=True)
    assert read_table(path) == rows, "also where the file was copied alone"
    layer = (dataset := gdal.OpenEx(path)).GetLayer(0)
    assert layer.GetName() == ("table" if ending == "xlsx" else "classes")
    del layer, dataset


def test_no_spreadsheet_takes_a_cell_of_csv_for_a_formula(tmp_path):
    write_table(str(tmp_path / "t.csv"), [{"=name": text} for text in (*HOSTILE, "\tx", "\rx")])
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as stream:
        found = [row[0] for row in csv.reader(stream)]
    assert found == ["'=name", "'=1+1", "'+SUM(A1)", "'-2", "'@x", "<b>&\"'", "a", "'\tx", "'\rx"]


def test_a_sheet_is_one_of_xlsx(tmp_path):
    write_table(str(tmp_path / "t.xlsx"), [{"n": 1}])
    assert zipfile.ZipFile(tmp_path / "t.xlsx").namelist()[0] == "[Content_Types].xml"
