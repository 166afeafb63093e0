# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import ogr, osr
from scarp.engine.files import shapes
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.shapes import BEYOND, OUTSIDE, Onto, Tally, batches, valid

GRID = Grid(reference_of(32639).ExportToWkt(), (500007.25, 20.0, 0.0, 3600011.5, 0.0, -35.0), (40, 61))
WORLD = reference_of(4326)


def shape(wkt):
    return ogr.CreateGeometryFromWkt(wkt)


def there(x, y):
    """A place in UTM 39 N as longitude and latitude."""
    return osr.CoordinateTransformation(reference_of(32639), WORLD).TransformPoint(x, y)[:2]


def test_world_wide_parts_are_cut_off_before_they_are_projected():
    """One line through the grid, one around the world that a transverse Mercator cannot hold, one at the other side of it."""
    near = "({} {}, {} {})".format(*there(500100, 3599000), *there(500900, 3599500))
    geometry = shape(f"MULTILINESTRING ({near}, (-170 10, -60 10, 60 -5, 170 10), (-129 -32, -129.1 -32.5))")
    laid, reason = Onto(WORLD, GRID).geometry(geometry)
    assert reason == "" and laid.GetGeometryCount() in (0, 1)
    assert laid.Length() == pytest.approx(np.hypot(800, 500), rel=1e-3)
    assert Onto(WORLD, GRID).geometry(shape("LINESTRING (-170 10, -60 10, 60 -5, 170 10)")) == (None, OUTSIDE)


def test_a_long_line_is_clipped_near_the_grid():
    """From the Atlantic to China, a little north of the grid's middle."""
    (west, y), (east, _) = there(500007, 3599300), there(501227, 3599300)
    laid, _ = Onto(WORLD, GRID).geometry(shape(f"LINESTRING (-40 {y}, {west} {y}, {east} {y}, 110 {y})"))
    assert 1220 < laid.Length() < 3 * 1220 + 10, "the grid's width, and as much on each side"
    assert laid.GetEnvelope()[2] == pytest.approx(3599300, abs=2)


def test_a_polygon_around_the_world_covers_the_grid():
    laid, _ = Onto(WORLD, GRID).geometry(shape("POLYGON ((-179 -80, 179 -80, 179 80, -179 80, -179 -80))"))
    assert laid.IsValid() and laid.Contains(
        shape("POLYGON ((500007 3598611, 501228 3598611, 501228 3600012, 500007 3600012, 500007 3598611))")
    )


def test_what_cannot_be_projected_is_told_apart(monkeypatch):
    """Where the reach of the grid is not known, parts are tried one by one."""
    monkeypatch.setattr(shapes, "_reach", lambda bounds, back: [])
    inside = "({} {}, {} {})".format(*there(500100, 3599000), *there(500900, 3599500))
    onto = Onto(WORLD, GRID)
    assert onto.geometry(shape("LINESTRING (141 0, 141 0.1)")) == (None, BEYOND)
    laid, reason = onto.geometry(shape(f"MULTILINESTRING ((141 0, 141 0.1), {inside})"))
    assert laid.Length() == pytest.approx(np.hypot(800, 500), rel=1e-3) and reason == ""


def test_an_area_at_the_date_line_has_two_sides():
    """Fiji: UTM 60 S, and degrees that jump from 180 to −180."""
    grid = Grid(reference_of(32760).ExportToWkt(), (815000.0, 100.0, 0.0, 8145000.0, 0.0, -100.0), (100, 100))
    back = osr.CoordinateTransformation(grid.spatial_reference, WORLD)
    onto = Onto(WORLD, grid)
    (west, y), (east, _) = (back.TransformPoint(x, 8140000.0)[:2] for x in (816000.0, 824000.0))
    assert west > 179 and east < -179
    laid, beyond = onto.points(np.array([(west, y), (east, y), (0.0, y)]))
    assert laid[:2, 0] == pytest.approx([816000, 824000], abs=5) and np.isnan(laid[2]).all() and not beyond.any()
    geometry, _ = onto.geometry(shape(f"MULTIPOINT (({west} {y}), ({east} {y}), (0 {y}))"))
    assert geometry.GetGeometryCount() == 2


@pytest.mark.parametrize("reach", [True, False])
def test_points_are_laid_many_at_a_time(monkeypatch, reach):
    if not reach:
        monkeypatch.setattr(shapes, "_reach", lambda bounds, back: [])
    xy = np.array([there(500100, 3599000), (-129.0, -32.0), there(501000, 3598700), (141.0, 0.0)])
    laid, beyond = Onto(WORLD, GRID).points(xy)
    assert laid[[0, 2]] == pytest.approx(np.array([[500100, 3599000], [501000, 3598700]]), abs=1e-3)
    rows, cols, inside = GRID.cells(*np.nan_to_num(laid[[1, 3]], nan=-1e9).T)
    assert not inside.any()
    assert not beyond[[0, 2]].any()


def test_the_same_crs_changes_nothing():
    xy = np.array([[500100.0, 3599000.0], [1e9, 0]])
    laid, beyond = Onto(reference_of(32639), GRID).points(xy)
    assert laid is xy and not beyond.any()


@pytest.mark.parametrize(
    ("wkt", "area", "parts"),
    [
        ("MULTIPOLYGON (((0 0, 2 0, 2 2, 0 2, 0 0)), ((1 1, 3 1, 3 3, 1 3, 1 1)))", 7, 1),  # overlapping
        ("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)), ((1 1, 2 1, 2 2, 1 2, 1 1)))", 16, 1),  # one in another
        ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)), ((1 0, 2 0, 2 1, 1 1, 1 0)))", 2, 1),  # side by side
        ("MULTIPOLYGON (((0 0, 1 0, 1 1, 0 1, 0 0)), ((5 0, 6 0, 6 1, 5 1, 5 0)))", 2, 2),  # apart
        ("MULTIPOLYGON (((0 0, 2 2, 2 0, 0 2, 0 0)), ((5 0, 6 0, 6 1, 5 1, 5 0)))", 3, 3),  # a ring that crosses itself
        ("GEOMETRYCOLLECTION (POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0)), POLYGON ((1 1, 3 1, 3 3, 1 3, 1 1)))", 7, 1),
        ("GEOMETRYCOLLECTION (POINT (9 9), POLYGON ((0 0, 2 0, 2 2, 0 2, 0 0)), LINESTRING (0 0, 9 0))", 4, 3),
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))", 15, 1),
    ],
)
def test_polygons_that_overlap_are_a_union(wkt, area, parts):
    found = valid(shape(wkt))
    assert found.Area() == pytest.approx(area) and len(shapes.simple_parts(found)) == parts


def test_rings_that_cross_themselves_are_mended_in_silence(capfd):
    bow = "((0 0, 2 2, 2 0, 0 2, 0 0))"
    assert valid(shape(f"POLYGON {bow}")).Area() == pytest.approx(2)
    valid(shape(f"MULTIPOLYGON ({bow})"))
    assert capfd.readouterr().err == ""


WKT = (
    "POINT (1 2)",
    "POINT Z (3 4 5)",
    None,
    "POLYGON ((0 0, 0 1, 1 1, 0 0))",
    "POINT EMPTY",
    "MULTIPOINT ((1 1))",
    "POINT M (6 7 8)",
    "POINT ZM (1 2 3 4)",
)


@pytest.fixture
def layer():
    dataset = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = dataset.CreateLayer("layer", WORLD, ogr.wkbUnknown)
    for name, kind in (("n", ogr.OFTInteger), ("x", ogr.OFTReal), ("text", ogr.OFTString), ("day", ogr.OFTDate), ("other", ogr.OFTString)):
        layer.CreateField(ogr.FieldDefn(name, kind))
    for number, wkt in enumerate(WKT):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetFID(10 + number)
        if wkt:
            feature.SetGeometry(shape(wkt))
        if number:
            feature["n"], feature["x"], feature["text"], feature["day"] = number, number / 2, "Löß" * number, f"2014/05/{number + 10}"
        layer.CreateFeature(feature)
    yield layer
    del layer, dataset


@pytest.mark.parametrize("way", ["arrow", "loop", "neither"])
def test_batches_hold_what_the_layer_holds(layer, monkeypatch, way):
    """By columns, by features, and by features where columns fail."""
    monkeypatch.setattr(shapes, "_BATCH", 3)
    if way == "loop":
        monkeypatch.setattr(shapes, "_columns", shapes._loop)
    elif way == "neither":
        monkeypatch.setattr(shapes, "_plain", lambda column: {}["no such type"])
    elif not hasattr(ogr.Layer, "GetArrowStreamAsNumPy"):
        pytest.skip("GDAL before 3.6")
    found = list(batches(layer, ["text", "n", "x", "day"]))
    assert [len(each.ids) for each in found] == ([8] if way == "arrow" else [3, 3, 2])
    assert np.concatenate([each.ids for each in found]).tolist() == [str(10 + number) for number in range(8)]
    values = {name: np.concatenate([each.values[name] for each in found]).tolist() for name in ("text", "n", "x", "day")}
    assert values["text"] == [None, *("Löß" * number for number in range(1, 8))]
    assert values["n"] == [None, 1, 2, 3, 4, 5, 6, 7] and values["x"] == [None, *(number / 2 for number in range(1, 8))]
    assert values["day"] == [None, *(f"2014-05-{number + 10}" for number in range(1, 8))]
    xy, is_point = (np.concatenate(each) for each in zip(*(each.points() for each in found)))
    assert is_point.tolist() == [True, True, False, False, True, False, True, True]
    assert xy[[0, 1, 6, 7]].tolist() == [[1, 2], [3, 4], [6, 7], [1, 2]] and np.isnan(xy[[2, 3, 4, 5]]).all()
    kinds = [None if each is None else ogr.CreateGeometryFromWkb(each).GetGeometryName() for part in found for each in part.shapes.tolist()]
    assert kinds == ["POINT", "POINT", None, "POLYGON", "POINT", "MULTIPOINT", "POINT", "POINT"]
    assert [each.tolist() for each in next(batches(layer, [], "n")).values.values()] == []
    assert next(batches(layer, [], "n")).ids.tolist()[1:3] == ["1", "2"]


def test_points_of_one_size_are_read_from_one_block():
    """As Arrow hands over a column of equal geometries."""
    dataset = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = dataset.CreateLayer("layer", WORLD, ogr.wkbPoint)
    for number in range(5):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(shape(f"POINT ({number} {-number})"))
        layer.CreateFeature(feature)
    xy, is_point = next(batches(layer, [])).points()
    assert is_point.all() and xy.tolist() == [[number, -number] for number in range(5)]


def test_ids_below_zero_stay_apart(tmp_path):
    """Cut to the letters of the largest, they would be one landslide."""
    path = str(tmp_path / "layer.gpkg")
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = dataset.CreateLayer("layer", WORLD, ogr.wkbPoint)
    for number in (-4_000_000, -3_000_000, 5, 123):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetFID(number)
        feature.SetGeometry(shape("POINT (1 2)"))
        layer.CreateFeature(feature)
    del layer, dataset
    dataset = ogr.Open(path)
    assert next(batches(dataset.GetLayer(0), [])).ids.tolist() == ["-4000000", "-3000000", "5", "123"]


def test_ids_of_a_field_in_every_batch(layer, monkeypatch):
    monkeypatch.setattr(shapes, "_BATCH", 3)
    monkeypatch.setattr(shapes, "_columns", shapes._loop)
    assert np.concatenate([each.ids for each in batches(layer, [], "n")]).tolist() == ["None", *map(str, range(1, 8))]


def test_a_tally_begins_with_nothing():
    tally = Tally()
    assert str(tally) == "0 features"
    tally.taken = 1200
    tally.drop(OUTSIDE, 3)
    tally.drop(OUTSIDE)
    tally.drop(BEYOND, 0)
    assert str(tally) == "1,200 of 1,204 features; left out: 4 outside the raster"
