# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes keep their codes and names, whatever the raster or the polygons call them, and on every map sheet."""

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr
from scarp.engine.covariates.categories import OTHER_CODE, UNKNOWN_CODE, class_names, code_of_name, lay_classes
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window, reference_of
from scarp.engine.files.raster import open_raster

ROWS, COLS = 23, 17


@pytest.fixture
def write(tmp_path, odd_grid):
    """Write a raster of codes on the odd grid; return its path."""

    def write(codes, kind=gdal.GDT_Int32, name="soil.tif", nodata=None):
        path = str(tmp_path / name)
        dataset = odd_grid(*codes.shape).create(path, kind=kind, nodata=nodata)
        dataset.GetRasterBand(1).WriteArray(codes)
        return path

    return write


def thirds(*codes):
    return np.repeat(np.array(codes), [9, 7, 7])[:, None] * np.ones(COLS, np.int64)


def table(path, *columns):
    """Give a raster an attribute table of columns (name, type, usage, values)."""
    rat = gdal.RasterAttributeTable()
    for number, (name, kind, usage, values) in enumerate(columns):
        rat.CreateColumn(name, kind, usage)
        rat.SetRowCount(len(values))
        put = {gdal.GFT_Integer: rat.SetValueAsInt, gdal.GFT_Real: rat.SetValueAsDouble, gdal.GFT_String: rat.SetValueAsString}[kind]
        for row, value in enumerate(values):
            put(row, number, value)
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetDefaultRAT(rat)
    dataset = None
    return rat


def laid(source, odd_grid, tmp_path, unknown="class", field=None, feedback=None, grid=None):
    grid = grid or odd_grid()
    classes = lay_classes(source, field, grid, tmp_path / "laid.tif", unknown, feedback or Feedback())
    return classes, classes.read(Window(0, 0, *grid.shape))


INTEGER, REAL, STRING = gdal.GFT_Integer, gdal.GFT_Real, gdal.GFT_String
GENERIC, MIN_MAX, MINIMUM, MAXIMUM, NAME = gdal.GFU_Generic, gdal.GFU_MinMax, gdal.GFU_Min, gdal.GFU_Max, gdal.GFU_Name
CODES, NAMES = [4, 7, 9], ["granite", "shale", "lime"]
ROCKS = dict(zip(CODES, NAMES))


@pytest.mark.parametrize(
    "columns",
    [
        [("v", INTEGER, MIN_MAX, CODES), ("n", STRING, NAME, NAMES)],
        [("n", STRING, NAME, NAMES), ("v", INTEGER, MIN_MAX, CODES)],
        [("low", REAL, MINIMUM, CODES), ("high", REAL, MAXIMUM, CODES), ("n", STRING, NAME, NAMES)],
        [("OID", INTEGER, GENERIC, [0, 1, 2]), ("Value", INTEGER, GENERIC, CODES), ("Lith", STRING, GENERIC, NAMES)],
        [("Lith", STRING, GENERIC, NAMES), ("Count", INTEGER, gdal.GFU_PixelCount, [4, 9, 7]), ("VALUE", INTEGER, GENERIC, CODES)],
        [("GRIDCODE", REAL, GENERIC, CODES), ("class", STRING, GENERIC, NAMES), ("note", STRING, GENERIC, ["a", "b", "c"])],
        [("note", STRING, GENERIC, ["a", "b", "c"]), ("Class_Name", STRING, GENERIC, NAMES), ("code", INTEGER, GENERIC, CODES)],
        [("value", INTEGER, GENERIC, [1, 2, 3]), ("n", STRING, NAME, NAMES), ("v", INTEGER, MIN_MAX, CODES)],
    ],
)
def test_columns_are_found_by_usage_then_by_name(write, columns):
    path = write(thirds(*CODES))
    table(path, *columns)
    assert class_names(open_raster(path)) == ROCKS


def test_codes_are_found_in_a_table_of_any_language(write):
    path = write(thirds(*CODES))
    table(path, ("凡例", STRING, GENERIC, NAMES[::-1]), ("値", INTEGER, GENERIC, CODES[::-1]), ("面積", INTEGER, GENERIC, [5, 5, 2]))
    assert class_names(open_raster(path)) == ROCKS


@pytest.mark.parametrize("kind", [INTEGER, REAL])
def test_codes_are_in_the_column_that_holds_those_of_the_cells(write, odd_grid, tmp_path, kind):
    """Beside another one whose numbers differ too, before it or behind it."""
    rows = ("凡例", STRING, GENERIC, NAMES[::-1]), ("値", kind, GENERIC, CODES[::-1]), ("面積", kind, GENERIC, [500, 70, 1])
    for number, columns in enumerate((rows, (rows[2], rows[1], rows[0]))):
        path = write(thirds(*CODES), name=f"{number}.tif")
        table(path, *columns)
        listener = Listener()
        assert laid(path, odd_grid, tmp_path, feedback=listener)[0].names == ROCKS
        assert not [text for text in listener.warnings if "have no name" in text]


def test_classes_without_a_name_are_told(write, odd_grid, tmp_path):
    path = write(thirds(*CODES))
    table(path, ("Value", INTEGER, MIN_MAX, CODES[:2]), ("n", STRING, NAME, NAMES[:2]))
    listener = Listener()
    assert laid(path, odd_grid, tmp_path, feedback=listener)[0].names == {4: "granite", 7: "shale", 9: "9"}
    assert [text for text in listener.warnings if "1 of 3 classes of the raster" in text and "(9)" in text]


@pytest.mark.parametrize(("kind", "warned"), [(gdal.GDT_Float32, 1), (gdal.GDT_Int32, 0)])
def test_long_codes_in_floats_are_told(write, odd_grid, tmp_path, kind, warned):
    listener = Listener()
    laid(write(thirds(110_101_000, 110_101_024, 110_101_048), kind=kind), odd_grid, tmp_path, feedback=listener)
    assert sum("cannot tell neighbouring ones apart" in text for text in listener.warnings) == warned


def test_a_table_of_ranges_names_the_codes_in_them(write):
    path = write(thirds(10, 20, 30))
    table(path, ("a", REAL, MINIMUM, [0, 15, 25]), ("b", REAL, MAXIMUM, [15, 25, 35]), ("n", STRING, NAME, NAMES))
    found = class_names(open_raster(path))
    assert [found[code] for code in (0, 10, 14, 15, 24, 25, 35)] == ["granite"] * 3 + ["shale"] * 2 + ["lime"] * 2
    assert len(found) == 36


@pytest.mark.parametrize(("codes", "kind", "left"), [((1, 3, 255), gdal.GDT_Byte, {1, 3}), ((0, 0, 255), gdal.GDT_Byte, {0, 255})])
def test_255_beside_small_codes_is_no_class(write, odd_grid, tmp_path, codes, kind, left):
    """A mask of 0 and 255 alone keeps both."""
    classes, values = laid(write(thirds(*codes), kind=kind), odd_grid, tmp_path, unknown="nodata")
    assert set(classes.names) == left
    assert np.isnan(values).any() == (255 not in left)


def test_a_table_of_names_alone_counts_its_rows(write):
    path = write(thirds(0, 1, 2))
    table(path, ("legend", STRING, GENERIC, NAMES))
    assert class_names(open_raster(path)) == dict(enumerate(NAMES))
    rat = table(path, ("legend", STRING, GENERIC, NAMES))
    rat.SetLinearBinning(10, 5)
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetDefaultRAT(rat)
    dataset = None
    assert class_names(open_raster(path)) == {10: "granite", 15: "shale", 20: "lime"}


def test_a_table_without_text_names_nothing(write):
    path = write(thirds(*CODES))
    table(path, ("Value", INTEGER, MIN_MAX, CODES), ("Count", INTEGER, GENERIC, [1, 2, 3]))
    assert class_names(open_raster(path)) == {}


def test_category_names_and_esri_tables(write, tmp_path):
    path = write(thirds(1, 2, 3))
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetCategoryNames(["", "clay", "sand"])
    dataset = None
    assert class_names(open_raster(path)) == {1: "clay", 2: "sand"}
    other = write(thirds(*CODES), name="rock.tif")
    esri = ogr.GetDriverByName("ESRI Shapefile").CreateDataSource(str(tmp_path / "rock.tif.vat.dbf"))
    rows = esri.CreateLayer("rock.tif.vat", None, ogr.wkbNone)
    for name, kind in (("VALUE", ogr.OFTInteger), ("COUNT", ogr.OFTInteger), ("LITH", ogr.OFTString)):
        rows.CreateField(ogr.FieldDefn(name, kind))
    for code, name in ROCKS.items():
        row = ogr.Feature(rows.GetLayerDefn())
        row["VALUE"], row["COUNT"], row["LITH"] = code, 3, name
        rows.CreateFeature(row)
    rows = esri = None
    assert class_names(open_raster(other)) == ROCKS


def test_codes_and_names_reach_the_stack(write, odd_grid, tmp_path):
    path = write(thirds(*CODES))
    table(path, ("Value", INTEGER, GENERIC, CODES), ("Lith", STRING, GENERIC, ["granite", "", "lime"]))
    classes, codes = laid(path, odd_grid, tmp_path)
    assert classes.names == {4: "granite", 7: "7", 9: "lime"}
    np.testing.assert_array_equal(codes, thirds(*CODES))
    assert classes.how == "soil.tif, on the grid already, 3 classes"


def test_official_codes_of_nine_digits(write, odd_grid, tmp_path):
    own = (110_101_001, 110_101_002, 7)
    classes, codes = laid(write(thirds(*own)), odd_grid, tmp_path)
    short = [110_101_001 % 16_777_213, 110_101_002 % 16_777_213, 7]
    assert classes.names == {short[0]: "110101001", short[1]: "110101002", 7: "7"}
    assert classes.codes == {short[0]: 110_101_001, short[1]: 110_101_002}
    np.testing.assert_array_equal(codes, thirds(*short))
    assert np.float32(short[0]) == short[0]
    path = write(thirds(*own), name="named.tif")
    table(path, ("Value", INTEGER, GENERIC, list(own)), ("Name", STRING, GENERIC, ["peat", "loess", "scree"]))
    classes, _ = laid(path, odd_grid, tmp_path)
    assert classes.names == {short[0]: "peat", short[1]: "loess", 7: "scree"}


def test_codes_that_cannot_be_told_apart_are_refused(write, odd_grid, tmp_path):
    with pytest.raises(EngineError, match="cannot be told apart; reclassify it"):
        laid(write(thirds(16_777_213 * 6 + 7, 8, 7)), odd_grid, tmp_path)


def test_the_rarest_of_all_windows_are_folded_and_are_not_what_is_unknown(write, odd_grid, tmp_path, monkeypatch):
    """Code 1 is rarer than 2 in each window of 8 cells, and more frequent in all."""
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 8)
    monkeypatch.setattr("scarp.engine.covariates.categories.MOST_CLASSES", 3)
    codes = np.full((23, 17), 3)
    codes[:, ::8], codes[:6, 1:7], codes[22, 1:8], codes[10, 10] = 1, 2, 4, -9999
    classes, found = laid(write(codes, nodata=-9999), odd_grid, tmp_path)
    assert {code: name for code, name in classes.names.items() if code > 0} == {1: "1", 3: "3"}
    assert (classes.names[OTHER_CODE], classes.names[UNKNOWN_CODE]) == ("other", "unknown")
    expected = np.where(np.isin(codes, (2, 4)), OTHER_CODE, np.where(codes < 0, UNKNOWN_CODE, codes))
    np.testing.assert_array_equal(found, expected)


def test_longest_codes_that_stay(write, odd_grid, tmp_path):
    classes, codes = laid(write(thirds(2**24 - 2, 2 - 2**24, 0)), odd_grid, tmp_path)
    assert set(classes.names) == {2**24 - 2, 2 - 2**24, 0}
    assert not classes.codes


@pytest.mark.parametrize("void", [-9999, -32768, 2147483647])
def test_undeclared_voids_are_no_class_but_a_named_code_is(write, odd_grid, tmp_path, void):
    listener = Listener()
    path = write(thirds(1, 2, void))
    classes, codes = laid(path, odd_grid, tmp_path, feedback=listener)
    assert classes.names == {1: "1", 2: "2", UNKNOWN_CODE: "unknown"}
    np.testing.assert_array_equal(codes, thirds(1, 2, UNKNOWN_CODE))
    assert any(f"holds {void} on 119 of 391 cells, which is no class" in text for text in listener.warnings)
    classes, codes = laid(path, odd_grid, tmp_path, unknown="nodata")
    assert np.isnan(codes).sum() == 119
    table(path, ("Value", INTEGER, GENERIC, [1, 2, void]), ("Name", STRING, GENERIC, ["a", "b", "c"]))
    classes, _ = laid(path, odd_grid, tmp_path, feedback=listener)
    assert "c" in classes.names.values()
    assert len(listener.warnings) == 1


def test_an_official_65535_among_others_is_a_class(write, odd_grid, tmp_path):
    classes, _ = laid(write(thirds(30_000, 60_000, 65_535), gdal.GDT_UInt16), odd_grid, tmp_path)
    assert set(classes.names) == {30_000, 60_000, 65_535}


def test_a_raster_of_quantities_is_no_raster_of_classes(odd_grid, tmp_path, write, monkeypatch):
    with pytest.raises(EngineError, match=r"soil\.tif holds 0\.25, and class codes are whole numbers"):
        laid(write(thirds(1, 2, 3) + 0.25 - 1, gdal.GDT_Float32), odd_grid, tmp_path)
    monkeypatch.setattr("scarp.engine.covariates.categories._MOST_CODES", 300)
    with pytest.raises(EngineError, match="more than 300 different values"):
        laid(write(np.arange(ROWS * COLS).reshape(ROWS, COLS) % 301), odd_grid, tmp_path)
    laid(write(np.arange(ROWS * COLS).reshape(ROWS, COLS) % 300), odd_grid, tmp_path)


def polygons(path, units, odd_grid, encoding="UTF-8"):
    """Polygons of three rows of cells each, named."""
    west, _, east, north = odd_grid().bounds
    driver = "GPKG" if path.suffix == ".gpkg" else "ESRI Shapefile"
    dataset = ogr.GetDriverByName(driver).CreateDataSource(str(path))
    options = [f"ENCODING={encoding}"] if driver != "GPKG" else []
    layer = dataset.CreateLayer(path.stem, reference_of(32639), ogr.wkbPolygon, options)
    layer.CreateField(ogr.FieldDefn("unit", ogr.OFTString))
    for number, name in enumerate(units):
        top, bottom = north - number * 105, north - (number + 1) * 105
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(
            ogr.CreateGeometryFromWkt(f"POLYGON (({west} {top}, {east} {top}, {east} {bottom}, {west} {bottom}, {west} {top}))")
        )
        feature["unit"] = name
        layer.CreateFeature(feature)
    return str(path)


def test_polygons_have_the_same_codes_on_every_sheet(tmp_path, odd_grid):
    one = polygons(tmp_path / "one.gpkg", ["marl", "lime", "7"], odd_grid)
    other = polygons(tmp_path / "other.gpkg", ["alluvium", "lime", "marl", " marl ", ""], odd_grid)
    first, codes = laid(one, odd_grid, tmp_path, field="unit")
    second, others = laid(other, odd_grid, tmp_path, field="unit")
    assert first.names[7] == "7"
    assert {code for code in first.names if code in second.names} == {code_of_name("marl"), code_of_name("lime"), UNKNOWN_CODE}
    assert (codes[:3] == code_of_name("marl")).all()
    assert (others[6:12] == code_of_name("marl")).all()
    assert (others[12:] == UNKNOWN_CODE).all()


def test_names_of_one_checksum_are_told_apart(tmp_path, odd_grid, monkeypatch):
    monkeypatch.setattr("scarp.engine.covariates.categories.zlib.crc32", lambda _: 41)
    classes, codes = laid(polygons(tmp_path / "units.gpkg", ["marl", "lime"], odd_grid), odd_grid, tmp_path, field="unit")
    assert classes.names == {42: "lime", 43: "marl", UNKNOWN_CODE: "unknown"}
    assert (codes[:3] == 43).all()


def test_text_of_another_encoding_is_valid_and_told(tmp_path, odd_grid):
    path = polygons(tmp_path / "geo.shp", ["Löß", "Läß"], odd_grid, "ISO-8859-1")
    (tmp_path / "geo.cpg").unlink()
    raw = bytearray((tmp_path / "geo.dbf").read_bytes())
    raw[29] = 0  # the table's own word on its encoding
    (tmp_path / "geo.dbf").write_bytes(raw)
    listener = Listener()
    classes, _ = laid(f"{path}|option:ENCODING=UTF-8", odd_grid, tmp_path, field="unit", feedback=listener)
    assert set(classes.names.values()) == {"Löß", "Läß", "unknown"}
    assert any("geo is no UTF-8 and was read as Windows-1252" in text for text in listener.warnings)


def test_smaller_cells_give_the_most_frequent_class(write, odd_grid, tmp_path):
    fine = odd_grid(46, 34, width=10.0, height=17.5)
    codes = np.repeat(np.repeat(thirds(*CODES), 2, axis=0), 2, axis=1)
    codes[::2, ::2] = 5  # a quarter of each cell
    path = str(tmp_path / "fine.tif")
    dataset = fine.create(path, kind=gdal.GDT_Byte)
    dataset.GetRasterBand(1).WriteArray(codes)
    dataset = None
    classes, found = laid(path, odd_grid, tmp_path)
    assert set(classes.names) == set(CODES)
    np.testing.assert_array_equal(found, thirds(*CODES))
    assert classes.how == "fine.tif, cells of 10 × 17.5, most frequent class of each cell, 3 classes"


def test_larger_cells_give_the_nearest_class(write, odd_grid, tmp_path):
    fine = odd_grid(46, 34, width=10.0, height=17.5)
    classes, found = laid(write(thirds(*CODES)), odd_grid, tmp_path, grid=fine)
    np.testing.assert_array_equal(found, np.repeat(np.repeat(thirds(*CODES), 2, axis=0), 2, axis=1))
    assert classes.how == "soil.tif, cells of 20 × 35, nearest class, 3 classes"
