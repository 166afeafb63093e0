# SPDX-License-Identifier: GPL-2.0-or-later
"""Names from data are text wherever they go: in pages, tables, layers, figures and the queries of GDAL."""

import csv
import shutil
import sqlite3
import zipfile
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import bad_files
import bad_projects
import matplotlib as mpl
import numpy as np
import pytest
from carrying import carry
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.files.tables import read_table, write_table
from scarp.engine.files.vectors import open_layer
from scarp.engine.reporting.page import Report
from scarp.models.covariate import Covariate

# What ends a text in some language, and what a reader does not see.
NASTY = "=1+1|'<script>alert(\"x\")</script>' & \" ' % \\ $\\frac{$ {{7*7}} ]]> --; DROP TABLE layer; \u202egpj.\u202c é\nnew"
IN_A_FILE_NAME = "a'b\"&<i>%s$\\frac{;--"


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    return bad_files.write_area(tmp_path_factory.mktemp("area"))


class Page(HTMLParser):
    """The elements of a page, what stands in them, and the attributes that run code."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.text, self.handlers = set(), "", []
        self.feed(Path(path).read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)
        if tag == "img" and not dict(attributes).get("src", "").startswith("data:image/"):
            self.handlers.append("src")
        self.handlers += [name for name, value in attributes if name.startswith("on") or (value or "").startswith("javascript:")]

    def handle_data(self, data):
        self.text += data


def of_layer(path, name):
    """The values of the first layer of a GeoPackage in one of its fields."""
    dataset = ogr.Open(str(path))
    return [feature[name] for feature in dataset.GetLayer(0)]


def check_page(path):
    page = Page(path)
    assert not page.elements & {"script", "i", "iframe", "object"}
    assert not page.handlers
    return page


def test_names_of_classes_and_covariates_are_text(tmp_path, area):
    half = bad_files.SIDE * bad_files.CELL / 2
    wkt = [bad_files.square(bad_files.WEST + half * side, bad_files.NORTH - half, half) for side in (0.5, 1.5)]
    geology = bad_files.write_layer(
        tmp_path / f"{IN_A_FILE_NAME}.gpkg", wkt, ogr.wkbPolygon, fields={"o'r\"o %": (ogr.OFTString, [NASTY, "marl"])}, name="l'a\"y"
    )
    stack = tmp_path / "stack.tif"
    told = carry(
        "prepare_covariates",
        tmp_path,
        dem=area["dem"],
        terrain=["slope"],
        geology=geology,
        geology_field="o'r\"o %",
        extra_continuous=[f"{area['band']}|name={IN_A_FILE_NAME.replace('%', '%25')}"],
        output=str(stack),
    )
    assert not told.error
    made = gdal.Open(str(stack))
    assert made.RasterCount == 3
    report, table = tmp_path / "report.html", tmp_path / "table.csv"
    told = carry(
        "screen_covariates",
        tmp_path,
        covariates=str(stack),
        inventory=area["landslides"],
        output=str(table),
        class_table=str(tmp_path / "classes.csv"),
        report=str(report),
    )
    assert not told.error
    page = check_page(report)
    assert "<script>alert" in page.text
    assert IN_A_FILE_NAME in page.text
    with (tmp_path / "classes.csv").open(newline="", encoding="utf-8") as stream:
        cells = {cell for row in csv.reader(stream) for cell in row}
    assert any("<script>" in cell for cell in cells)
    assert not [cell for cell in cells if cell[:1] in ("=", "@", "\t", "\r") or (cell[:1] in "+-" and not _is_number(cell))]


def _is_number(text):
    try:
        float(text)
    except ValueError:
        return not text
    return True


def test_names_of_zones_fields_and_categories_are_text(tmp_path, area):
    zones = bad_files.write_layer(
        tmp_path / f"{IN_A_FILE_NAME}.gpkg",
        [bad_files.square(bad_files.WEST + 700, bad_files.NORTH - 700, 600)],
        ogr.wkbPolygon,
        fields={"na\"me's; --": (ogr.OFTString, [NASTY])},
        name="zo\"ne's",
    )
    classes = tmp_path / "classes.tif"
    classes.write_bytes(Path(area["classes"]).read_bytes())
    named = gdal.Open(str(classes), gdal.GA_Update)
    named.GetRasterBand(1).SetCategoryNames(["none", NASTY, "low", "moderate", "high", "very high"])
    del named
    output = tmp_path / f"out {IN_A_FILE_NAME}.gpkg"
    told = carry("zonal_susceptibility", tmp_path, susceptibility=area["map"], zones=zones, classes=str(classes), output=str(output))
    assert not told.error
    assert of_layer(output, "na\"me's; --") == [NASTY]
    with closing(sqlite3.connect(output)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    report = tmp_path / "report.html"
    told = carry(
        "validate_map",
        tmp_path,
        susceptibility=area["map"],
        inventory=area["landslides"],
        zones=zones,
        zone_field="na\"me's; --",
        output=str(tmp_path / "figures.csv"),
        class_table=str(tmp_path / "classes.csv"),
        report=str(report),
    )
    assert not told.error
    assert "<script>alert" in check_page(report).text


def test_a_layer_whose_name_has_quotes_is_copied_with_its_crs(tmp_path):
    """GDAL is asked for a type of geometry by a query in which the layer's name stands."""
    path = bad_files.write_layer(
        tmp_path / "mixed.gpkg", ["POINT (1 2)", "LINESTRING (0 0, 1 1)"], name='la"yer; SELECT * FROM x --', crs=32639
    )
    dataset, layer = open_layer(f"{path}|geometrytype=Point|crs=EPSG:32640")
    assert (layer.GetFeatureCount(), layer.GetSpatialRef().GetAuthorityCode(None)) == (1, "32640")
    del dataset


def test_dollars_in_a_figure_are_dollars(tmp_path):
    from scarp.engine.reporting import figures

    @figures.styled
    def drawn(title):
        figure = mpl.figure.Figure()
        figure.subplots().set_title(title)
        return figure

    page = Report("t")
    page.figure(drawn("$\\frac{ of $"), "c")
    page.write(tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size > 1000


def test_what_a_spreadsheet_would_compute_is_text_in_every_table(tmp_path):
    for first in "=+-@\t\r":
        write_table(str(tmp_path / "a.csv"), [{f"{first}head": f"{first}SUM(A1)", "value": -1.5}])
        with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as stream:
            head, row = list(csv.reader(stream))
        assert head[0] == f"'{first}head"
        assert row == [f"'{first}SUM(A1)", "-1.5"]
    write_table(str(tmp_path / "a.gpkg"), [{"name": "=SUM(A1)", "value": np.float64(-1.5).item()}])
    assert of_layer(tmp_path / "a.gpkg", "name") == ["=SUM(A1)"]


def test_titles_notes_and_classes_of_a_printed_map_are_text(tmp_path, area):
    classes, table = tmp_path / "classes.tif", tmp_path / "table.csv"
    classes.write_bytes(Path(area["classes"]).read_bytes())
    named = gdal.Open(str(classes), gdal.GA_Update)
    names = [NASTY, "=cmd()", "\u202egpj", "]]>", "$\\frac{"]
    named.GetRasterBand(1).SetCategoryNames(["none", *names])
    del named
    write_table(str(table), [{"class": name, "from": 0.1 * number, "to": 0.1 * (number + 1)} for number, name in enumerate(names)])
    for ending, begins in ((".png", b"\x89PNG"), (".pdf", b"%PDF")):
        output = tmp_path / f"o{ending}"
        told = carry(
            "print_map", tmp_path, classes=str(classes), title=NASTY[:78], note=NASTY, resolution=72, date="2024-05-06", output=str(output)
        )
        assert not told.error
        assert output.read_bytes().startswith(begins)
    content = output.read_bytes()
    assert not [word for word in (b"/JavaScript", b"/JS ", b"/Launch", b"/OpenAction", b"/URI") if word in content]


def test_names_of_covariates_and_classes_are_text_in_an_explanation(tmp_path, area):
    covariates = (Covariate("<script>a('\"&]]>"), Covariate("=geo;logy", "categorical", classes={1: NASTY, 2: "lime"}))
    rows, cols = np.mgrid[0 : bad_files.SIDE, 0 : bad_files.SIDE]
    values = np.stack([45 * bad_files.surface(), 1 + (rows + cols) % 2], axis=-1).astype(np.float32)
    stack = bad_files.write_stack(tmp_path / "stack.tif", values, covariates=covariates)
    bad_files.write_model(tmp_path / "model.scarp", covariates)
    table, report, dominant = (tmp_path / name for name in ("t.csv", "r.html", "d.tif"))
    told = carry(
        "explain_model",
        tmp_path,
        covariates=stack,
        model=str(tmp_path / "model.scarp"),
        inventory=area["landslides"],
        role="held_out",
        repeats=2,
        output=str(table),
        report=str(report),
        dominant=str(dominant),
    )
    assert not told.error
    page = check_page(report)
    assert "<script>a('\"&]]>" in page.text
    with table.open(newline="", encoding="utf-8") as stream:
        cells = {cell for row in csv.reader(stream) for cell in row}
    assert "'=geo;logy" in cells
    names = [each.text for each in ElementTree.parse(f"{dominant}.aux.xml").iter("Category")]
    assert sorted(filter(None, names)) == ["<script>a('\"&]]>", "=geo;logy"]


# What a spreadsheet would compute, what XML may not hold, what it would take for markup or its own marks, and what is long.
IN_CELLS = [
    "=SUM(A1)",
    "+1+1",
    "-1+1",
    "@x",
    "{=A1}",
    "\t=1",
    "new\nline",
    "<f>1</f>&\"'",
    "a\x01b\x0bc\x1f",
    "a\ufffeb\uffffc",
    "é日\U0001f9ff",
]


def test_a_sheet_holds_text_that_nobody_computes_and_that_xml_may_hold(tmp_path):
    path = tmp_path / "a.xlsx"
    write_table(str(path), [{"name": text, "value": number + 0.5} for number, text in enumerate(IN_CELLS)])
    back = read_table(str(path))
    assert [row["name"] for row in back] == [*IN_CELLS[:8], "abc", "abc", IN_CELLS[10]]
    assert [row["value"] for row in back] == [number + 0.5 for number in range(len(IN_CELLS))]
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not [each for each in sheet.iter() if each.tag.endswith("}f")]


def test_a_sheet_is_cut_where_spreadsheets_would_cut_it(tmp_path):
    path = str(tmp_path / "a.xlsx")
    write_table(path, [{"name": text, "value": 0.5} for text in ("x" * 40_000, "\U0001f9ff" * 20_000, "y" * 32_767)])
    one, two, three = (row["name"] for row in read_table(path))
    assert one == "x" * 32_766 + "…"
    assert two == "\U0001f9ff" * 16_383 + "…"
    assert three == "y" * 32_767
    with pytest.raises(EngineError, match=r"would have 1,048,576 rows, and XLSX takes 1,048,575; give it a name in \.csv or \.gpkg\."):
        write_table(path, [{"name": ""}] * 2**20)


def not_utf8(path, field):
    """Spell the text of a field in Latin-1, as software does that knows no UTF-8."""
    with closing(sqlite3.connect(path)) as database, database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')  # they need functions that SQLite alone lacks
        table = Path(path).stem
        database.execute(f'UPDATE "{table}" SET "{field}" = CAST(x\'6772E873\' AS TEXT) WHERE fid % 2')
    return path


def test_text_that_is_no_utf8_is_read_as_windows_1252_wherever_it_goes(tmp_path, area):
    zones = tmp_path / "zones.gpkg"
    shutil.copy(area["zones"], zones)
    not_utf8(zones, "name")
    output = tmp_path / "o.gpkg"
    told = carry("zonal_susceptibility", tmp_path, susceptibility=area["map"], zones=str(zones), output=str(output))
    assert not told.error
    assert sorted(of_layer(output, "name"))[:8] == ["grès"] * 8
    table, report = tmp_path / "v.csv", tmp_path / "v.html"
    told = carry(
        "validate_map",
        tmp_path,
        susceptibility=area["map"],
        inventory=area["landslides"],
        zones=str(zones),
        zone_field="name",
        output=str(table),
        report=str(report),
    )
    assert not told.error
    assert "grès" in {value for row in read_table(str(table)) for value in row.values()}
    assert "grès" in check_page(report).text
    slides = bad_files.write_layer(
        tmp_path / "typed.gpkg",
        [bad_files.point(*each) for each in bad_files.places(60)],
        ogr.wkbPoint,
        fields={"kind": (ogr.OFTString, ["slide", "flow"] * 30)},
        name="typed",
    )
    not_utf8(slides, "kind")
    report = tmp_path / "p.html"
    told = carry(
        "project_report",
        tmp_path,
        susceptibility=area["map"],
        inventory=slides,
        type_field="kind",
        position_error=0.0,
        report=str(report),
    )
    assert not told.error
    assert "grès" in check_page(report).text


def test_names_in_manifests_and_tables_of_a_project_are_text(tmp_path, area):
    place = bad_projects.PROJECTS["names_of_html"](tmp_path, area["map"])
    told = carry("project_report", tmp_path, folder=place, position_error=0.0, report=str(tmp_path / "r.html"))
    assert not told.error
    page = check_page(tmp_path / "r.html")
    assert page.text.count("<img src=x onerror=y>") >= 6
    given = {"susceptibility": area["map"], "position_error": 0.0, "report": str(tmp_path / "t.html")}
    for part in bad_projects.ROWS:
        folder = tmp_path / f"of {part}"
        folder.mkdir()
        given[part] = bad_projects.TABLES["table_of_html"](folder, part)
    told = carry("project_report", tmp_path, **given)
    assert not told.error
    assert "<img src=x onerror=y>" in check_page(tmp_path / "t.html").text
