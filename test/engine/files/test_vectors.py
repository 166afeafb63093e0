# SPDX-License-Identifier: GPL-2.0-or-later
import os
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr, osr
from scarp.engine.errors import EngineError
from scarp.engine.files import tables, vectors
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.manifest import files_of
from scarp.engine.files.opening import opened, opens, untouched
from scarp.engine.files.shapes import Tally
from scarp.engine.files.vectors import feature_id, features, laid_over, open_layer, write_points


def reference(code):
    found = osr.SpatialReference()
    found.ImportFromEPSG(code)
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return found


GRID = Grid(reference(32639).ExportToWkt(), (500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0), (10, 10))


def layer_of(shapes, code=32639):
    dataset = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = dataset.CreateLayer("layer", reference(code), ogr.wkbUnknown)
    for wkt in shapes:
        feature = ogr.Feature(layer.GetLayerDefn())
        if wkt:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    return dataset, layer


def test_features_outside_the_bounds_are_left_out():
    inside, outside = "POINT (500100 3599900)", "LINESTRING (600000 3599900, 600100 3599900)"
    dataset, layer = layer_of([inside, outside, None, outside])
    tally = Tally()
    assert [feature.GetFID() for feature, _ in features(layer, GRID, tally=tally)] == [0]
    assert str(tally) == "1 of 4 features; left out: 2 outside the raster, 1 without a geometry"
    wide = (*GRID.bounds[:2], 700000.0, GRID.bounds[3])
    assert [feature.GetFID() for feature, _ in features(layer, GRID, wide)] == [0, 1, 3]
    assert laid_over(layer, GRID, GRID.bounds, lambda _: 1).GetLayer(0).GetFeatureCount() == 1


def test_geometries_come_flat_valid_straight_and_reprojected():
    degrees = reference(4326)
    to_degrees = osr.CoordinateTransformation(reference(32639), degrees)
    east, north, _ = to_degrees.TransformPoint(500100.0, 3599900.0)
    dataset, layer = layer_of([f"POINT Z ({east} {north} 7)"], 4326)
    (_, point), = features(layer, GRID)  # fmt: skip
    assert point.GetCoordinateDimension() == 2
    assert (point.GetX(), point.GetY()) == pytest.approx((500100.0, 3599900.0), abs=1e-3)
    bow_tie = "POLYGON ((500000 3600000, 500100 3599900, 500100 3600000, 500000 3599900, 500000 3600000))"
    arc = "CIRCULARSTRING (500000 3600000, 500050 3599950, 500100 3600000)"
    dataset, layer = layer_of([bow_tie, arc])
    shapes = [geometry for _, geometry in features(layer, GRID)]
    assert shapes[0].IsValid()
    assert shapes[0].Area() == pytest.approx(5000)
    assert not shapes[1].HasCurveGeometry()


def test_a_geometry_beyond_its_projection_lies_nowhere():
    dataset, layer = layer_of(["POINT (1e12 1e12)"], 3857)
    assert not list(features(layer, GRID, GRID.bounds))


def test_lines_cover_no_area():
    line, square = (
        "LINESTRING (500010 3599900, 500200 3599900)",
        "POLYGON ((500000 3599900, 500100 3599900, 500100 3600000, 500000 3599900))",
    )
    dataset, layer = layer_of([line, square, "POINT (500100 3599900)", line])
    tally = Tally()
    laid = laid_over(layer, GRID, GRID.bounds, lambda _: 1, tally, polygons=True)
    assert laid.GetLayer(0).GetFeatureCount() == 1
    assert str(tally) == "1 of 4 features; left out: 2 lines, which cover no area, 1 point, which covers no area"
    dataset, layer = layer_of([line])
    with pytest.raises(
        EngineError,
        match=r"The layer layer holds lines; polygons are needed here, which native:polygonize makes of closed lines, native:buffer",
    ):
        laid_over(layer, GRID, GRID.bounds, lambda _: 1, polygons=True)


def write(path, layers, driver="GPKG", code=32639):
    """Write layers of points, by name: a list of WKT each."""
    dataset = ogr.GetDriverByName(driver).CreateDataSource(str(path))
    for name, shapes in layers.items():
        layer = dataset.CreateLayer(name, reference(code) if code else None, ogr.wkbUnknown)
        layer.CreateField(ogr.FieldDefn("kind", ogr.OFTString))
        for wkt in shapes:
            feature = ogr.Feature(layer.GetLayerDefn())
            feature["kind"] = name
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
            layer.CreateFeature(feature)
    return str(path)


def kinds_of(source):
    dataset, layer = open_layer(source)
    return [(feature["kind"], feature.GetGeometryRef().GetGeometryName()) for feature in layer]


def test_a_file_of_several_layers_is_never_its_first(tmp_path):
    path = write(tmp_path / "slides.gpkg", {"2010": ["POINT (1 1)"], "2020": ["POINT (2 2)", "POINT (3 3)"], "empty": []})
    with pytest.raises(EngineError, match=rf"slides.gpkg holds 2 layers \(2010, 2020\).*{re.escape(path)}\|layername=2010"):
        open_layer(path)
    assert kinds_of(f"{path}|layername=2020") == [("2020", "POINT")] * 2
    with pytest.raises(EngineError, match="has no layer '2030'; its layers are 2010, 2020, empty"):
        open_layer(f"{path}|layername=2030")


def test_one_layer_beside_tables_and_empty_ones_needs_no_name(tmp_path):
    path = write(tmp_path / "slides.gpkg", {"a": [], "b": ["POINT (2 2)"]})
    dataset = ogr.Open(path, 1)
    dataset.CreateLayer("layer_styles", None, ogr.wkbNone)
    dataset = None
    assert kinds_of(path) == [("b", "POINT")]


def test_one_kind_of_geometry_of_a_mixed_layer(tmp_path):
    path = write(
        tmp_path / "mixed.gpkg", {"inv": ["POINT (1 1)", "POLYGON ((0 0, 1 0, 1 1, 0 0))", "MULTIPOINT (2 2)", "LINESTRING (0 0, 1 1)"]}
    )
    assert kinds_of(f"{path}|layername=inv|geometrytype=Point") == [("inv", "POINT"), ("inv", "MULTIPOINT")]
    assert kinds_of(f"{path}|geometrytype=Polygon") == [("inv", "POLYGON")]
    dataset, layer = open_layer(f"{path}|geometrytype=LineString")
    assert [(feature_id(feature), feature.GetGeometryRef().GetGeometryName()) for feature in layer] == [("4", "LINESTRING")]


def test_the_crs_named_counts_instead_of_the_files(tmp_path):
    for code in (32718, None):
        path = write(tmp_path / f"{code}.fgb", {"inv": ["POINT (500100 3599900)"]}, "FlatGeobuf", code)
        dataset, layer = open_layer(f"{path}|crs=EPSG:32639")
        (_, point), = features(layer, GRID)  # fmt: skip
        assert (point.GetX(), point.GetY()) == (500100.0, 3599900.0)
    with pytest.raises(EngineError, match=r"The layer None has no coordinate reference system.*None.fgb\|crs=EPSG:"):
        open_layer(path)


def test_open_options_and_names_reach_the_file(tmp_path):
    path = tmp_path / "slides.csv"
    path.write_text("easting,northing,kind\n500100,3599900,old\n", encoding="utf-8")
    with pytest.raises(EngineError, match="The layer Slides of May is a table without geometries"):
        open_layer(f"{path}|name=Slides of May")
    source = f"{path}|option:X_POSSIBLE_NAMES=easting|option:Y_POSSIBLE_NAMES=northing|crs=EPSG:32639"
    dataset, layer = open_layer(source)
    (feature, point), = features(layer, GRID)  # fmt: skip
    assert (feature["kind"], point.GetX(), point.GetY()) == ("old", 500100.0, 3599900.0)


def test_what_cannot_be_opened_is_named(tmp_path):
    (tmp_path / "slides.shp").write_text("nothing", encoding="utf-8")
    with pytest.raises(EngineError, match="The layer Slides cannot be opened"):
        open_layer(f"{tmp_path / 'slides.shp'}|name=Slides")


def test_a_feature_keeps_the_id_that_it_has_in_qgis(tmp_path):
    dataset, layer = layer_of(["POINT (0 0)"])
    assert [feature_id(feature) for feature in layer] == ["0"]
    layer.CreateField(ogr.FieldDefn("scarp_id", ogr.OFTInteger64))
    feature = layer.GetFeature(0)
    feature["scarp_id"] = 5_000_000_000
    assert feature_id(feature) == "5000000000"


@pytest.mark.parametrize(("most", "indexed"), [(3, True), (2, False)])
def test_points_by_columns(tmp_path, monkeypatch, most, indexed):
    monkeypatch.setattr("scarp.engine.files.vectors._MOST_INDEXED", most)
    fields = {"n": ogr.OFTInteger, "x": ogr.OFTReal, "y": ogr.OFTReal, "origin": ogr.OFTString}
    x, y = np.array([500100.1, 500200.25, 500300 + 1 / 3]), np.array([3599900.7, 3599800.0, 3599700.5])
    columns = [np.array([3, 1, 2]), x, y, np.array(["7", 'a "b", c', "ä"])]
    write_points(tmp_path / "p.gpkg", "cells", fields, columns, GRID.spatial_reference)
    layer = (dataset := ogr.Open(str(tmp_path / "p.gpkg"))).GetLayer(0)
    assert (layer.GetName(), layer.GetGeomType()) == ("cells", ogr.wkbPoint) and layer.GetSpatialRef().IsSame(GRID.spatial_reference)
    assert [layer.GetLayerDefn().GetFieldDefn(index).GetType() for index in range(4)] == list(fields.values())
    assert [(each["n"], each["x"], each["y"], each["origin"]) for each in layer] == list(zip(*(column.tolist() for column in columns)))
    layer.ResetReading()
    assert [(each.geometry().GetX(), each.geometry().GetY()) for each in layer] == list(zip(x.tolist(), y.tolist()))
    found = dataset.ExecuteSQL("SELECT HasSpatialIndex('cells', 'geom')")
    assert found.GetNextFeature().GetField(0) == indexed
    dataset.ReleaseResultSet(found)
    del layer, dataset


@pytest.mark.parametrize("index", ["YES", "NO"])
def test_a_flatgeobuf_cut_off_between_two_features_is_not_taken_for_whole(tmp_path, index):
    def points(count):
        path = tmp_path / f"{count}.fgb"
        dataset = ogr.GetDriverByName("FlatGeobuf").CreateDataSource(str(path))
        layer = dataset.CreateLayer("slides", reference(32639), ogr.wkbPoint, [f"SPATIAL_INDEX={index}"])
        for number in range(count):
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POINT({500000 + number} 3600000)"))
            layer.CreateFeature(feature)
        del layer, dataset
        return path

    whole, more = points(8), points(9)
    size = more.stat().st_size - whole.stat().st_size - (40 if index == "YES" else 0)  # a place in the index has 40 bytes
    dataset, layer = open_layer(str(whole))
    assert len(list(layer)) == 8
    del layer, dataset
    whole.write_bytes(whole.read_bytes()[: -2 * size])
    with pytest.raises(EngineError, match="The layer slides cannot be read to its end .*; its file is damaged"):
        open_layer(str(whole))


@pytest.mark.parametrize("what", ["layer", "table"])
def test_a_geopackage_that_is_cut_off_once_it_is_open_is_told_as_damaged(tmp_path, monkeypatch, what):
    """GDAL reads what a layer is only when it is asked, and then SQLite gives its whole statement."""
    path = tmp_path / "a.gpkg"
    rows = [({"n": number}, None) for number in range(3000)]
    kind = ogr.wkbPoint if what == "layer" else ogr.wkbNone
    vectors.write_layer(path, "a", kind, {"n": ogr.OFTInteger}, rows, reference_of(32639) if what == "layer" else None)

    def cut(*given):
        dataset = opened(*given)
        os.truncate(path, path.stat().st_size // 2)
        return dataset

    for module in (vectors, tables):
        monkeypatch.setattr(module, "opened", cut)
    with pytest.raises(
        EngineError, match=rf"The {what} a\S* cannot be read \(database .*\); its file is damaged\. Download or copy it again\."
    ):
        vectors.open_layer(str(path)) if what == "layer" else tables.read_table(str(path))


def slides_of(path, count):
    vectors.write_layer(
        path, "a", ogr.wkbPoint, {"n": ogr.OFTInteger}, [({"n": n}, vectors.point(n, n)) for n in range(count)], reference_of(32639)
    )


def test_a_geopackage_with_writings_ahead_is_read_with_them_and_stays_as_it_is(tmp_path, monkeypatch):
    """SQLite moves what lies in the `-wal` into the file when it is closed, were it opened to be read."""
    made, path, beside = tmp_path / "made.gpkg", tmp_path / "a.gpkg", tmp_path / "a.gpkg-wal"
    slides_of(made, 3)
    with closing(sqlite3.connect(made, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("DELETE FROM a WHERE n = 2")  # as if the program had been killed here
        path.write_bytes(made.read_bytes())
        beside.write_bytes(Path(f"{made}-wal").read_bytes())
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "run"))
    before = path.read_bytes(), beside.read_bytes()
    dataset, layer = open_layer(str(path))
    assert [feature["n"] for feature in layer] == [0, 1]
    del dataset, layer
    assert files_of(str(path)) == [path, beside]
    assert not opens(str(path), gdal.OF_RASTER)
    assert (path.read_bytes(), beside.read_bytes()) == before
    assert {each.name for each in tmp_path.iterdir()} == {"a.gpkg", "a.gpkg-wal", "made.gpkg", "run"}


@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize("is_closed", [False, True])
def test_a_geopackage_that_is_written_while_it_is_copied_is_read_as_it_was_at_one_moment(tmp_path, monkeypatch, after, is_closed):
    """Once the file, or it and its `-wal`, are copied, another program moves what waits into the file, and the `-wal` is empty or goes."""
    path = tmp_path / "a.gpkg"
    slides_of(path, 500)
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "run"))
    copied, copy_it = [], shutil.copyfile
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("DELETE FROM a WHERE n >= 400")  # waits in the -wal
    assert (tmp_path / "a.gpkg-wal").stat().st_size

    def copyfile(*given):
        copied.append(Path(given[0]).name)
        copy_it(*given)
        if len(copied) == after:
            other.execute("DELETE FROM a WHERE n < 100")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if is_closed:
                other.close()

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    with closing(other):
        dataset, layer = open_layer(str(path))
        assert [feature["n"] for feature in layer] == list(range(100, 400))
        del layer, dataset


def test_a_copy_of_a_geopackage_that_is_written_without_end_is_given_up_after_five(tmp_path, monkeypatch):
    path = tmp_path / "a.gpkg"
    slides_of(path, 3)
    (tmp_path / "a.gpkg-wal").write_bytes(b"x")
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "run"))
    copied, copy_it = [], shutil.copyfile

    def copyfile(*given):
        copied.append(given)
        copy_it(*given)
        with (tmp_path / "a.gpkg-wal").open("ab") as stream:
            stream.write(b"x")

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    untouched(str(path))
    assert len(copied) == 2 * 5


def test_a_locked_geopackage_is_waited_for_once(tmp_path, monkeypatch):
    path = tmp_path / "a.gpkg"
    slides_of(path, 3)
    opened_so_often, open_it = [], gdal.OpenEx
    monkeypatch.setattr(gdal, "OpenEx", lambda *given, **named: opened_so_often.append(given) or open_it(*given, **named))
    monkeypatch.setitem(os.environ, "SQLITE_BUSY_TIMEOUT", "10")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        for ask in (open_layer, files_of):
            opened_so_often.clear()
            with pytest.raises(EngineError, match="another program holds it locked; close it there"):
                ask(str(path))
            assert len(opened_so_often) == 1


@pytest.mark.parametrize("rows", [10, 61])
def test_a_shapefile_whose_attributes_are_not_those_of_its_shapes_is_refused(tmp_path, rows):
    """Of 60 points GDAL would read those 10 that have a row, without a word."""
    path = tmp_path / "a.shp"
    made = [({"n": n}, vectors.point(n, n)) for n in range(60)]
    vectors.write_layer(path, "a", ogr.wkbPoint, {"n": ogr.OFTInteger}, made, reference_of(32639), "ESRI Shapefile")
    dataset, layer = open_layer(str(path))
    assert layer.GetFeatureCount() == 60
    del layer, dataset
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[4:8] = rows.to_bytes(4, "little")
    path.with_suffix(".dbf").write_bytes(table)
    with pytest.raises(EngineError, match=rf"a has 60 shapes and {rows} rows of attributes: its \.dbf was cut off, or is that of"):
        open_layer(str(path))
