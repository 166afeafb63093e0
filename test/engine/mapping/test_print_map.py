# SPDX-License-Identifier: GPL-2.0-or-later
"""Printed maps by value: colours of known cells, length of the scale bar, words of the PDF, numbers of the table."""

import json
import re
import runpy
import zlib
from pathlib import Path

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.overlay import coarsened
from scarp.engine.files.raster import open_raster
from scarp.engine.mapping.maps import open_map
from scarp.engine.mapping.sheet import Picture, read_picture, read_shade
from scarp.engine.mapping.sheet_figure import Frame, draw_sheet, foot_of, ground_size_m
from scarp.engine.reporting.page import scarp_version
from scarp.engine.tasks.print_map import run

UTM = Grid(reference_of(32639).ExportToWkt(), (500_000.0, 20.0, 0.0, 3_600_000.0, 0.0, -20.0), (40, 60))
DEGREES = Grid(reference_of(4326).ExportToWkt(), (10.0, 0.001, 0.0, 60.05, 0.0, -0.001), (100, 200))
COLOURS = [(10, 20, 200), (240, 250, 90), (200, 10, 30)]


@pytest.fixture
def write(tmp_path):
    def written(name, values, grid=UTM, kind=gdal.GDT_Byte, nodata=0, *, named=True):
        dataset = grid.create(str(tmp_path / name), kind=kind, nodata=nodata)
        band = dataset.GetRasterBand(1)
        if named:
            colours = gdal.ColorTable()
            for number, colour in enumerate(COLOURS, start=1):
                colours.SetColorEntry(number, (*colour, 255))
            band.SetColorTable(colours)
            band.SetCategoryNames(["", "Low", "Moderate", "High"])
        band.WriteArray(values)
        del band, dataset
        return str(tmp_path / name)

    return written


def bands(grid=UTM):
    """Low in the west, high in the east, moderate between, nothing in the north-west corner."""
    values = np.repeat(np.array([1, 2, 3]), grid.shape[1] // 3 + 1)[: grid.shape[1]] * np.ones((grid.shape[0], 1), int)
    values[: grid.shape[0] // 4, : grid.shape[1] // 6] = 0
    return values


def pixel(path, frame, grid, row, col):
    """The colour that a printed map has in the middle of a cell."""
    picture = gdal.Open(path).ReadAsArray()
    left, bottom, width, height = frame.map
    x = (left + width * (col + 0.5) / grid.shape[1]) / frame.paper[0] * picture.shape[2]
    y = (frame.paper[1] - bottom - height + height * (row + 0.5) / grid.shape[0]) / frame.paper[1] * picture.shape[1]
    return tuple(picture[:3, int(y), int(x)])


def text_of(path):
    """The words of a PDF whose fonts are of two bytes a letter."""
    content = path.read_bytes()
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S):
        try:
            plain = zlib.decompress(stream)
        except zlib.error:
            continue
        for shown in re.findall(rb"BT(.*?)ET", plain, re.S):
            pieces = re.findall(rb"\(((?:\\.|[^\\)])*)\)", shown, re.S)
            raw = b"".join(re.sub(rb"\\(.)", lambda match: {b"n": b"\n", b"r": b"\r"}.get(match[1], match[1]), each) for each in pieces)
            found.append(raw.decode("utf-16-be", errors="replace"))
    return "\n".join(found)


def drawn(classes, paper="a4"):
    seen = open_map(classes, None, "CLASSES", Feedback(), varied=False)
    frame = Frame.of(paper, ground_size_m(seen.grid))
    picture = read_picture(seen, frame.pixels(100), Feedback())
    return draw_sheet(picture, picture.painted(None), frame, "A map", ["Date: today"], []), frame, picture


def test_colours_size_and_manifest(write, tmp_path):
    classes = write("c.tif", bands())
    listener = Listener()
    output = tmp_path / "m.png"
    run(listener, classes=classes, output=str(output), resolution=100, date="2026-01-31")
    frame = Frame.of("a4", ground_size_m(UTM))
    picture = gdal.Open(str(output))
    assert sorted((picture.RasterXSize, picture.RasterYSize)) == [pytest.approx(827, abs=1), pytest.approx(1169, abs=1)]
    assert [pixel(str(output), frame, UTM, 15, col) for col in (12, 33, 53)] == COLOURS
    assert pixel(str(output), frame, UTM, 5, 4) == (255, 255, 255)
    assert '"date": "2026-01-31"' in (tmp_path / "m.png.run.json").read_text(encoding="utf-8")
    assert listener.percents == sorted(listener.percents) and listener.percents[-1] == 100
    # One cell of 20 m on paper is 20 m of the scale told.
    assert frame.map[2] * 0.0254 * frame.scale == pytest.approx(60 * 20)
    assert any(f"1 : {frame.scale:,.0f}" in each for each in listener.messages)


def test_relief_leaves_level_ground_its_colour(write, tmp_path):
    """The north is level, the south rises to the south: it faces north and is lit; the other way round it is dark."""
    classes = write("c.tif", np.where(bands() == 0, 1, bands()))
    frame = Frame.of("a4", ground_size_m(UTM))
    found = {}
    for name, sign in (("lit", 1), ("dark", -1)):
        elevation = np.maximum(np.arange(40) - 20, 0)[:, None] * 10.0 * sign * np.ones((1, 60))
        dem = write(f"{name}.tif", elevation, kind=gdal.GDT_Float32, nodata=-9999, named=False)
        output = str(tmp_path / f"{name}.png")
        run(Feedback(), classes=classes, dem=dem, output=output, resolution=100)
        assert [pixel(output, frame, UTM, 8, col) for col in (12, 33, 53)] == COLOURS
        found[name] = pixel(output, frame, UTM, 25, 33)
    assert np.sum(found["dark"]) < sum(COLOURS[1]) < np.sum(found["lit"])
    # A hillshade of bytes has 181 on level ground.
    shades = write("h.tif", np.full((40, 60), 181), nodata=0, named=False)
    run(Feedback(), classes=classes, hillshade=shades, output=str(tmp_path / "h.png"), resolution=100)
    assert pixel(str(tmp_path / "h.png"), frame, UTM, 25, 33) == pytest.approx(COLOURS[1], abs=1)


def test_the_darkest_slope_keeps_two_thirds_of_its_colour():
    """So that very high in the shade is no other class in the light."""
    picture = Picture(np.zeros((1, 3), np.int16), ["high"], np.array([[0.8, 0.4, 0.2]]), [], UTM, UTM)
    found = picture.painted(np.array([[0.0, 1.0, np.nan]]))
    assert found[0].tolist() == [[133, 66, 33], [204, 102, 51], [204, 102, 51]]


@pytest.mark.parametrize("grid", [UTM, DEGREES], ids=["metres", "degrees"])
def test_scale_bar_is_as_long_as_it_says(write, grid):
    figure, frame, _ = drawn(write("c.tif", bands(grid), grid))
    axes = figure.axes[0]
    length = sum(each.get_width() for each in axes.patches if each.get_gid() == "scale bar")
    said = next(each.get_text() for each in axes.texts if each.get_text().endswith("m"))
    said_m = float(said.split()[0]) * (1000 if said.endswith("km") else 1)
    _, south, _, north = grid.bounds
    # Length of a degree of longitude on the WGS 84 ellipsoid.
    latitude = np.radians((south + north) / 2)
    degree_m = np.pi / 180 * 6378137 * np.cos(latitude) / np.sqrt(1 - 0.00669438 * np.sin(latitude) ** 2)
    assert length * (1.0 if grid is UTM else degree_m) == pytest.approx(said_m, rel=0.005)
    # On paper too, as the scale tells.
    share = length / (grid.bounds[2] - grid.bounds[0])
    assert share * frame.map[2] * 0.0254 * frame.scale == pytest.approx(said_m, rel=0.005)


def test_words_of_the_pdf(write, tmp_path):
    classes, table = write("c.tif", bands()), tmp_path / "t.csv"
    counts = [int((bands() == number).sum()) for number in (1, 2, 3)]
    rows = [
        f"{name},{count},{share},{ratio}" for name, count, share, ratio in zip(("low", "moderate", "high"), counts, (5, 20, 75), (1, 2, 3))
    ]
    table.write_text("class,cells,percent_of_landslides,frequency_ratio_by_landslides\n" + "\n".join(rows), encoding="utf-8")
    output = tmp_path / "m.pdf"
    given = {"classes": classes, "table": str(table), "output": str(output), "date": "2026-01-31"}
    run(Feedback(), **given, title="Slopes of $nowhere$ and ground\nbelow", note="Made by nobody.")
    (box,) = re.findall(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", output.read_bytes())
    assert sorted(float(side) / 72 * 25.4 for side in box) == pytest.approx([210, 297], abs=0.01)
    words = text_of(output)
    for said in ("Slopes of $nowhere$ and ground below", "Made by nobody.", "WGS 84 / UTM zone 39N", "EPSG:32639", "Cell size: 20 m"):
        assert said in words
    for said in ("Date: 2026-01-31", "moderate", "0.336", "75.0 %", "N", "3,599,400", "neither hazard", "Mapped area: 0.920 km²"):
        assert said in words, said
    assert "are no test of the map" in words
    run(Feedback(), **{**given, "table": None})
    assert "are no test of the map" not in text_of(output), "no landslides are told"


def test_what_the_classification_told_is_printed_without_a_table(write, tmp_path):
    classes, manifest = write("c.tif", bands()), tmp_path / "c.tif.run.json"
    counts = [int((bands() == number).sum()) for number in (1, 2, 3)]
    rows = [
        {"class": name, "cells": count, "percent_of_landslides": share}
        for name, count, share in zip(("low", "moderate", "high"), counts, (5.5, 20.25, 74.25))
    ]
    told = {"task": "classify_susceptibility", "parameters": {}, "results": {"classes": rows}}

    def printed(content):
        manifest.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        run(Feedback(), classes=classes, output=str(tmp_path / "m.pdf"), date="2026-01-31")
        return [each in text_of(tmp_path / "m.pdf") for each in ("5.5 %", "20.2 %", "74.2 %")]

    assert printed(told) == [True] * 3
    others = [{**row, "cells": row["cells"] + 1} for row in rows]
    for content in (
        {**told, "results": {"classes": others}},  # classified anew since
        {**told, "results": {"classes": rows[:2]}},
        {**told, "results": {"classes": [{**rows[0], "cells": "many"}, *rows[1:]]}},
        {**told, "results": {"classes": 3}},
        {**told, "task": "map_susceptibility"},
        "{",
    ):
        assert printed(content) == [False] * 3, content


def test_a_table_of_another_map_is_refused(write, tmp_path):
    classes, table = write("c.tif", bands()), tmp_path / "t.csv"
    given = {"classes": classes, "table": str(table), "output": str(tmp_path / "m.pdf")}
    elevation = write("dem.tif", 900 + bands(), kind=gdal.GDT_Float32, nodata=-9999, named=False)
    for text, changed, said in (
        ("class,cells\nlow,1\nhigh,2\n", {}, "has the classes low, high"),
        ("class,cells\nlow,1\nmoderate,2\nhigh,3\n", {}, "counts 1 cell of the class low, and the map 740"),
        ("", {"table": None, "hillshade": elevation}, "values from 900 to 903"),
        ("", {"table": None, "classes": elevation.replace("dem", "none")}, "cannot be opened"),
        ("", {"table": None, "classes": write("s.tif", bands() / 7, kind=gdal.GDT_Float32, nodata=-9, named=False)}, "classes are needed"),
    ):
        table.write_text(text, encoding="utf-8")
        with pytest.raises(EngineError, match=said) as told:
            run(Feedback(), **{**given, **changed})
        assert "\n" not in str(told.value)
        assert not list(tmp_path.glob("m.pdf*")) and not list(tmp_path.glob(".*"))


def test_windows_give_the_same_picture(write, monkeypatch):
    rng = np.random.default_rng(2)
    classes = write("c.tif", rng.integers(0, 4, UTM.shape))
    seen = open_map(classes, None, "CLASSES", Feedback(), varied=False)
    whole = read_picture(seen, (17, 23), Feedback())
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 7)
    parts = read_picture(seen, (17, 23), Feedback())
    np.testing.assert_array_equal(parts.numbers, whole.numbers)
    assert parts.rows == whole.rows and whole.numbers.shape == (17, 23)
    values = gdal.Open(classes).ReadAsArray()
    assert [row["cells"] for row in whole.rows] == [int((values == number).sum()) for number in (1, 2, 3)]
    assert whole.numbers[8, 11] == int(values[20, 30]) - 1  # the middle of the picture is that of the map
    assert read_shade(None, None, whole.grid, None, Feedback()) is None


def test_a_sheet_tells_for_which_types_it_is():
    assert foot_of("By us", "classes.tif", "flow") == [
        "By us",
        f"Printed from classes.tif for landslides of the type flow with Scarp {scarp_version()}.",
    ]
    assert foot_of(None, "classes.tif") == [f"Printed from classes.tif with Scarp {scarp_version()}."]


def test_a_fine_relief_is_put_together_in_whole_blocks(write, tmp_path, monkeypatch):
    """Seven by seven cells of a finer DEM make one of the map, of those that have a value; windows give the same."""
    rng = np.random.default_rng(5)
    fine = Grid(UTM.crs, (500_000.0, 20.0 / 7, 0.0, 3_600_000.0, 0.0, -20.0 / 7), (280, 420))
    values = rng.uniform(500, 900, fine.shape).astype(np.float32)
    values[:9, :9] = -9999
    raster = open_raster(write("fine.tif", values, fine, gdal.GDT_Float32, -9999, named=False))
    blocks = np.where(values == -9999, np.nan, values).reshape(40, 7, 60, 7)
    with np.errstate(invalid="ignore"):
        by_hand = np.nansum(blocks, axis=(1, 3)) / np.isfinite(blocks).sum(axis=(1, 3))
    for at_once in (1024, 20):
        monkeypatch.setattr("scarp.engine.files.overlay._BLOCKS_PX", at_once)
        coarse = coarsened(raster, UTM, tmp_path / f"{at_once}.tif", Feedback())
        assert coarse.grid.matches(UTM) and coarse.file == "fine.tif"
        np.testing.assert_allclose(coarse.read(Window(0, 0, 40, 60)), by_hand, rtol=1e-6)
    assert np.isnan(by_hand[0, 0]) and np.isfinite(by_hand[1, 1])
    assert coarsened(coarse, UTM, tmp_path / "none.tif", Feedback()) is coarse


def test_memory_does_not_grow_with_the_relief(write, tmp_path, monkeypatch):
    """A DEM of 49 million cells in place of one of 1 million; as float32 alone it is 187 MiB. GDAL keeps little of what it read."""
    monkeypatch.setenv("GDAL_CACHEMAX", "32")
    timed = runpy.run_path(str(Path(__file__).resolve().parents[2] / "bench" / "timed.py"))["timed"]
    peaks = []
    for side in (1000, 7000):
        grid = Grid(UTM.crs, (500_000.0, 20_000 / side, 0.0, 3_600_000.0, 0.0, -20_000 / side), (side, side))
        dataset = grid.create(str(tmp_path / f"dem{side}.tif"), kind=gdal.GDT_Float32)
        rows = np.linspace(400, 900, side, dtype=np.float32)
        for start in range(0, side, 500):
            dataset.GetRasterBand(1).WriteArray(np.repeat(rows[start : start + 500, None], side, axis=1), 0, start)
        dataset = None
        classes = Grid(UTM.crs, (500_000.0, 100.0, 0.0, 3_600_000.0, 0.0, -100.0), (200, 200))
        given = {"classes": write("classes.tif", bands(classes), classes), "dem": str(tmp_path / f"dem{side}.tif"), "resolution": 100}
        peaks.append(timed("print_map", **given, output=str(tmp_path / "m.png"))[2])
    assert peaks[1] < peaks[0] + 120, peaks


@pytest.mark.parametrize("shape", [(900, 60), (50, 900), (3, 4)], ids=["tall", "wide", "tiny"])
def test_words_of_an_odd_map_do_not_lie_on_each_other(write, shape):
    """Coordinates along a side, numbers of the scale bar, the north arrow and the bar itself; all inside the map's frame."""
    grid = Grid(UTM.crs, UTM.transform, shape)
    figure, frame, _ = drawn(write("c.tif", bands(grid), grid))
    axes = figure.axes[0]
    figure.canvas.draw()
    inside = axes.get_window_extent()
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        labels = [
            label for place, label in zip(axis.get_majorticklocs(), axis.get_ticklabels()) if low <= place <= high and label.get_text()
        ]
        boxes = [label.get_window_extent() for label in labels]
        assert boxes and not any(one.overlaps(other) for one, other in zip(boxes, boxes[1:]))
    numbers = [text.get_window_extent() for text in axes.texts if text.get_text() != "N"]
    assert numbers and not any(one.overlaps(other) for one, other in zip(numbers, numbers[1:]))
    bars = [each.get_window_extent() for each in axes.patches if each.get_gid() == "scale bar"]
    (north,) = [text.get_window_extent() for text in axes.texts if text.get_text() == "N"]
    assert all(inside.y0 <= box.y0 and box.y1 <= inside.y1 for box in [*bars, *numbers, north])
    assert not any(north.overlaps(box) for box in bars)
