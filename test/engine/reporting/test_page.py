# SPDX-License-Identifier: GPL-2.0-or-later
import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.reporting import figures
from scarp.engine.reporting.numbers import p_value, percent, signed
from scarp.engine.reporting.page import Report, format_cell, listed

ROOT = Path(__file__).resolve().parents[3]


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.text = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture
def written(tmp_path):
    report = Report("A <b>title</b>", "on a stack")
    report.section("Result")
    report.text("Slope & aspect < 3")
    assert report.table(["Model", "AUC"], [["LR", 0.7731], ["none", None]], "Areas") == "Table 1"
    labels, susceptibility = np.array([0, 0, 1, 1]), np.array([0.1, 0.6, 0.4, 0.9])
    assert report.figure(figures.roc_curves({"LR": [(labels, susceptibility)]}), "ROC") == "Figure 1"
    classes = np.array([[1, 2], [0, 1]], np.uint8)
    picture = figures.class_map(classes, ["low", "high"], ["#009E73", "#D55E00"], [2 / 3, 1 / 3], (30.0, 30.0))
    assert report.figure(picture, "Map") == "Figure 2"
    report.write(tmp_path / "report.html")
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def test_report_needs_no_other_file(written):
    reader = Reader()
    reader.feed(written)
    assert reader.links and all(link.startswith(("data:", "#")) for link in reader.links)
    assert not {"script", "link"} & set(reader.tags)
    assert "url(" not in written


def test_report_escapes_what_it_is_given(written):
    reader = Reader()
    reader.feed(written)
    text = " ".join(reader.text)
    assert "A <b>title</b>" in text and "Slope & aspect < 3" in text
    assert "<b>title" not in written


def test_drawings_are_svg_and_maps_png(written):
    images = re.findall(r"data:(image/[a-z+]+);base64,([^\"]+)", written)
    assert [kind for kind, _ in images] == ["image/svg+xml", "image/png"]
    assert b"<svg" in base64.b64decode(images[0][1])
    assert base64.b64decode(images[1][1]).startswith(b"\x89PNG")


def test_table_aligns_numbers(written):
    assert '<th scope="col" class="number">AUC</th>' in written
    assert '<td class="number">0.773</td>' in written
    assert '<td class="number">–</td>' in written


def test_cells_read_well():
    values = (
        0.7731,
        -0.02,
        12,
        1234567,
        4321.06,
        3.2e-5,
        0.0,
        np.nan,
        None,
        "SVM",
        True,
        np.float32(0.5),
        np.int64(-7),
    )
    texts = [
        "0.773",
        "−0.020",
        "12",
        "1,234,567",
        "4,321.1",
        "< 0.001",
        "0.000",
        "–",
        "–",
        "SVM",
        "True",
        "0.500",
        "−7",
    ]
    assert [format_cell(value) for value in values] == texts


def test_digits_follow_the_size():
    numbers = (0.0009994, 0.00051, 99.9994, 99.9996, 100.5, 9_999_999.0, 1e7, 9.5e-5, -9.5e-5)
    texts = ["0.001", "0.001", "99.999", "100.0", "100.5", "9,999,999.0", "10,000,000", "< 0.001", "> −0.001"]
    assert [format_cell(number) for number in numbers] == texts


def test_shares_are_written_alike():
    assert [percent(0.95), percent(0.849, 1), percent(0)] == ["95 %", "84.9 %", "0 %"]
    assert [signed(each) for each in (0.5, -0.5, -1e-9)] == ["+0.500", "−0.500", "0.000"]
    assert [p_value(each) for each in (0.0, 0.0009, 0.001, 1, float("nan"))] == ["< 0.001", "< 0.001", "0.001", "1.000", "–"]


def test_the_data_are_named(tmp_path):
    grid = Grid(reference_of(32717).ExportToWkt(), (700_000.0, 10.0, 0.0, 9_560_000.0, 0.0, -20.0), (300, 500))
    report = Report("Benchmark")
    files = {"Covariate stack": "/data/stack.tif", "Landslide inventory": "/data/slides.gpkg|layername=all", "Test inventory": None}
    report.data(grid, files, valid=100_000)
    report.write(tmp_path / "report.html")
    reader = Reader()
    reader.feed((tmp_path / "report.html").read_text(encoding="utf-8"))
    text = " ".join(" ".join(reader.text).split())
    assert "Covariate stack stack.tif" in text and "Landslide inventory slides.gpkg" in text and "Test inventory" not in text
    assert "WGS 84 / UTM zone 17S (EPSG:32717)" in text and "10 × 20 m" in text and "300 rows × 500 columns" in text
    assert "Area of the cells with data 20.000 km²" in text, "100,000 cells of 200 m²"
    version = next(line for line in (ROOT / "metadata.txt").read_text(encoding="utf-8").splitlines() if line.startswith("version="))
    assert f"Made with Scarp {version[8:]}," in text and "Azarafza, M. et al. (2021), Scientific Reports 11, 24112." in text


def test_names_are_listed_in_words():
    assert [listed(names) for names in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]


def test_a_table_of_many_columns_is_set_small(tmp_path):
    """Nine columns of numbers are wider than the page in the usual size, and what is cut off nobody reads."""
    report = Report("Tables")
    for columns in (8, 9):
        report.table([f"c{number}" for number in range(columns)], [[0.5] * columns], f"{columns} columns")
    report.write(tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert re.findall(r'<table id="t\d"(.*?)>', page) == ["", ' class="many"']
    assert "table.many { font-size: .73rem; }" in page


def test_what_the_run_warned_of_stands_before_the_first_section_once(tmp_path):
    report = Report("Test")
    report.section("Result")
    report.text("AUC 0.8. One landslide was left out: on cells without data.")
    one, other = "One landslide was left out: on cells without data.", "Three of 28 landslides < 10 m trained."
    report.write(tmp_path / "r.html", [one, other, other])
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.count("Three of 28 landslides &lt; 10 m trained.") == 1 == page.count(one)
    assert page.index("The run warned:") < page.index("Three of 28") < page.index('<h2 id="s1">') < page.index(one)
    report.write(tmp_path / "r.html", [one])
    assert "The run warned" not in (tmp_path / "r.html").read_text(encoding="utf-8"), "the page says it itself"
