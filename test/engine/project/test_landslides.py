# SPDX-License-Identifier: GPL-2.0-or-later
"""The quality of an inventory, and the AUC of landslides that lie elsewhere, on maps that are reckoned by hand."""

import bad_files
import numpy as np
import pytest
from osgeo import ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.mapping.counting import Landslides
from scarp.engine.mapping.maps import open_map
from scarp.engine.project.landslides import Moved, auc_of_moved, moved, read_project_inventory

WEST, NORTH, CELL, SIDE = 500_000.0, 3_600_000.0, 10.0, 40


def make_map(path, values):
    grid = Grid(reference_of(32639).ExportToWkt(), (WEST, CELL, 0.0, NORTH, 0.0, -CELL), values.shape)
    dataset = grid.create(str(path), nodata=-9999.0)
    dataset.GetRasterBand(1).WriteArray(values.astype(np.float32))
    del dataset
    return open_map(str(path), None, "SUSCEPTIBILITY", Feedback())


def make_points(path, cells, fields=None):
    shapes = [bad_files.point(WEST + (col + 0.5) * CELL, NORTH - (row + 0.5) * CELL) for row, col in cells]
    return bad_files.write_layer(path, shapes, ogr.wkbPoint, fields=fields or {}, name="slides", crs=32639)


@pytest.fixture
def halves(tmp_path):
    """A map whose eastern half is susceptible: 1 there, 0 in the west."""
    values = np.zeros((SIDE, SIDE))
    values[:, SIDE // 2 :] = 1
    values[0, 0] = 0.5  # a map of two whole numbers would be one of classes
    return make_map(tmp_path / "map.tif", values)


def read(source, seen, types=None, days=None):
    return read_project_inventory(source, seen, types, days, Feedback())


def test_landslides_deep_inside_keep_their_auc_and_those_on_the_edge_lose_it(halves, tmp_path):
    inside = read(make_points(tmp_path / "inside.gpkg", [(row, 33) for row in range(10, 30)]), halves).slides
    found = auc_of_moved(inside, halves, 50.0, 4, 1, Feedback())
    # 20 landslides on 1, told from 780 cells of 1 and 800 of less: of the former as good as a half.
    by_hand = (799 + 1 + 780 / 2) / 1580
    assert found.as_mapped["cells"].value == pytest.approx(by_hand)
    # Two may come to lie on one cell, which then is no other one.
    assert found.moved["cells"] == pytest.approx(by_hand, abs=5e-4)
    assert found.fall() == pytest.approx(0, abs=5e-4)
    assert found.lost == 0
    edge = read(make_points(tmp_path / "edge.gpkg", [(row, SIDE // 2) for row in range(10, 30)]), halves).slides
    found = auc_of_moved(edge, halves, 100.0, 10, 1, Feedback())
    # About half of them come to lie in the west, among the 800 of less, of which they are as good as a half.
    assert found.fall() == pytest.approx(0.5 * (by_hand - (800 / 2) / 1580), abs=0.06)


def test_a_landslide_on_the_one_high_cell_always_leaves_it(tmp_path):
    values = np.full((SIDE, SIDE), 0.25)
    values[20, 20] = 0.75
    seen = make_map(tmp_path / "map.tif", values)
    slides = read(make_points(tmp_path / "one.gpkg", [(20, 20)]), seen).slides
    # Farther than the diagonal of a cell, whichever way: the landslide then lies as low as all others but the one high cell.
    found = auc_of_moved(slides, seen, 1.5 * CELL, 10, 7, Feedback())
    assert found.as_mapped["landslides"].value == 1
    others = SIDE * SIDE - 1
    assert found.moved["landslides"] == pytest.approx((others - 1) * 0.5 / others)
    assert found.range("landslides") == pytest.approx([(others - 1) * 0.5 / others] * 3)


def test_landslides_are_moved_by_the_distance_whole_in_every_direction(halves, tmp_path):
    slides = read(make_points(tmp_path / "many.gpkg", [(row, col) for row in range(0, 40, 2) for col in range(0, 40, 2)]), halves).slides
    row, col = moved(slides, halves, 200.0, 3)
    again, other = moved(slides, halves, 200.0, 3), moved(slides, halves, 200.0, 4)
    assert (again[0] == row).all() and (again[1] == col).all() and (other[1] != col).any()
    down, across = (row - slides.rows) * CELL, (col - slides.cols) * CELL
    distance = np.hypot(down, across)
    # A cell's half diagonal on either side, and none on average.
    assert np.abs(distance - 200).max() < CELL * np.sqrt(2)
    assert abs(distance.mean() - 200) < 2
    assert abs(np.mean(down)) < 25 and abs(np.mean(across)) < 25
    assert {(d > 0, a > 0) for d, a in zip(down, across)} == {(True, True), (True, False), (False, True), (False, False)}


def test_less_than_a_cell_moves_as_many_out_of_it_as_it_should(halves, tmp_path):
    slides = read(make_points(tmp_path / "many.gpkg", [(row, col) for row in range(40) for col in range(40)]), halves).slides
    row, col = moved(slides, halves, CELL / 2, 1)
    stayed = np.mean((row == slides.rows) & (col == slides.cols))
    # Over all directions: the mean of (1 - d |cos|)(1 - d |sin|) with d half a cell = 1 - 2 d 2/pi + d² / pi.
    assert stayed == pytest.approx(1 - 2 * 0.5 * 2 / np.pi + 0.25 / np.pi, abs=0.03)


def test_those_that_come_to_share_a_cell_by_being_moved_are_still_two(halves, tmp_path):
    """Four hundred side by side, far from the edge: moved by two cells many meet, and none is lost."""
    slides = read(make_points(tmp_path / "dense.gpkg", [(row, col) for row in range(10, 30) for col in range(10, 30)]), halves).slides
    assert auc_of_moved(slides, halves, 2 * CELL, 3, 1, Feedback()).lost == 0


def test_those_that_leave_the_map_do_not_count(halves, tmp_path):
    slides = read(make_points(tmp_path / "corner.gpkg", [(0, 0), (20, 20)]), halves).slides
    found = auc_of_moved(slides, halves, 150.0, 20, 1, Feedback())
    assert 0.5 < found.lost < 1  # the one in the corner in three of four directions
    assert len(found.moved["cells"]) == 20


def test_a_distance_that_leads_all_away_is_no_error(halves, tmp_path):
    slides = read(make_points(tmp_path / "one.gpkg", [(20, 20)]), halves).slides
    found = auc_of_moved(slides, halves, 5000.0, 3, 1, Feedback())
    assert found.lost == 1
    assert len(found.moved["cells"]) == 0


def test_kinds_period_and_copies(halves, tmp_path):
    cells = [(1, 1), (1, 1), (5, 5), (6, 6), (7, 7)]
    fields = {
        "kind": (ogr.OFTString, ["slide", "slide ", "flow", None, "slide"]),
        "day": (ogr.OFTString, ["2014-05-31", "2011-01-01", "", "2014-06-01", None]),
    }
    found = read(make_points(tmp_path / "slides.gpkg", cells, fields), halves, "kind", "day")
    assert found.types == {"slide": 3, "flow": 1, "not told": 1}
    assert (found.period, found.undated) == ("2011-01-01 to 2014-06-01", 2)
    assert found.by_year == {"2011": 1, "2014": 2, "unknown": 2}
    assert (found.copies, found.sharing, found.features) == (1, 2, 5)
    assert not found.are_polygons
    with pytest.raises(EngineError, match=r"has no field 'type'; its fields are kind, day"):
        read(str(tmp_path / "slides.gpkg"), halves, "type")


def test_kinds_that_are_written_in_several_ways_are_one(halves, tmp_path):
    """As TYPES compares them: whatever their case, and 1 is 1.0."""
    kinds = ["Sesuv", "SESUV", "Sesuv", "1.0", "1", "1.0", " ", None]
    path = make_points(tmp_path / "s.gpkg", [(1, col) for col in range(8)], {"kind": (ogr.OFTString, kinds)})
    assert read(path, halves, "kind").types == {"Sesuv": 3, "1.0": 3, "not told": 2}


def test_outlines_and_what_lies_outside(halves, tmp_path):
    square = bad_files.square(WEST + 100, NORTH - 100, 15)
    far = bad_files.square(WEST - 1000, NORTH - 100, 15)
    path = bad_files.write_layer(tmp_path / "p.gpkg", [square, square, far], ogr.wkbPolygon, name="slides", crs=32639)
    found = read(path, halves)
    assert found.are_polygons
    assert (found.copies, found.sharing, found.slides.count, found.slides.as_mapped) == (1, 2, 1, 2)
    assert found.left_out == ["1 of 3 features of the layer p were left out: 1 outside the raster."]


@pytest.fixture
def oblong(tmp_path):
    """A map of 12 rows of 35 m and 50 columns of 20 m."""
    grid = Grid(reference_of(32639).ExportToWkt(), (WEST, 20.0, 0.0, NORTH, 0.0, -35.0), (12, 50))
    dataset = grid.create(str(tmp_path / "oblong.tif"), nodata=-9999.0)
    dataset.GetRasterBand(1).WriteArray(np.linspace(0, 1, 600, dtype=np.float32).reshape(12, 50))
    del dataset
    return open_map(str(tmp_path / "oblong.tif"), None, "SUSCEPTIBILITY", Feedback())


def slides_of(rows, cols):
    return Landslides.of(rows, cols, np.arange(len(rows)), np.zeros(len(rows), np.float32))


def test_metres_are_metres_down_and_across(oblong):
    """In all directions the mean square of either part of 700 m is half of 700²."""
    slides = slides_of(*np.divmod(np.arange(600), 50))
    row, col = moved(slides, oblong, 700.0, 3)
    down, across = (row - slides.rows) * 35.0, (col - slides.cols) * 20.0
    assert np.sqrt((down**2).mean()) == pytest.approx(700 / np.sqrt(2), rel=0.05)
    assert np.sqrt((across**2).mean()) == pytest.approx(700 / np.sqrt(2), rel=0.05)
    assert np.abs(np.hypot(down, across) - 700).max() < np.hypot(35, 20)


def test_what_leaves_by_any_side_is_lost(oblong):
    """Landslides along all sides of a map that is wider than high, moved by a cell and more."""
    rows, cols = np.repeat([0, 6, 11], 10), np.tile([0, 1, 10, 20, 25, 30, 40, 47, 48, 49], 3)
    slides, expected = slides_of(rows, cols), []
    for seed in (5, 6, 7, 8):
        row, col = moved(slides, oblong, 40.0, seed)
        expected.append(int(((row < 0) | (row > 11) | (col < 0) | (col > 49)).sum()))
    found = auc_of_moved(slides, oblong, 40.0, 4, 5, Feedback())
    assert found.lost == pytest.approx(np.mean(expected)) and 5 < found.lost < 20 and len(set(expected)) > 1


def test_the_range_is_that_of_95_percent():
    found = Moved(50.0, {}, {"cells": np.arange(101) / 100}, 0.0)
    assert found.range("cells") == pytest.approx((0.5, 0.025, 0.975))


def test_an_inventory_has_outlines_where_most_have(halves, tmp_path):
    """Of one part or of several."""
    square, point = bad_files.square(WEST + 100, NORTH - 100, 15), bad_files.point(WEST + 205, NORTH - 205)
    several = square.replace("POLYGON ((", "MULTIPOLYGON (((") + ")"
    for number, (shapes, outlines) in enumerate((([square, point, point], False), ([square, several, point], True), ([several], True))):
        path = bad_files.write_layer(tmp_path / f"{number}.gpkg", shapes, ogr.wkbUnknown, name="slides", crs=32639)
        assert read(path, halves).are_polygons == outlines
