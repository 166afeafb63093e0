# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr, osr
from scarp.engine.covariates.categories import MOST_CLASSES, OTHER_CODE, UNKNOWN_CODE, code_of_name
from scarp.engine.covariates.disc import half_widths
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.tasks.prepare_covariates import run

gdal.UseExceptions()
ogr.UseExceptions()

SIZE, CELL, WEST, NORTH = 40, 30.0, 500000.0, 3600000.0
TRANSFORM = (WEST, CELL, 0.0, NORTH, 0.0, -CELL)


def reference(code):
    found = osr.SpatialReference()
    found.ImportFromEPSG(code)
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return found


def raster(path, values, transform=TRANSFORM, code=32639, kind=gdal.GDT_Float32, nodata=None, palette=False):
    bands = values if values.ndim == 3 else values[None]
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), bands.shape[2], bands.shape[1], len(bands), kind)
    if code:
        dataset.SetProjection(reference(code).ExportToWkt())
    dataset.SetGeoTransform(transform)
    if palette:
        table = gdal.ColorTable()
        table.SetColorEntry(1, (255, 0, 0, 255))
        dataset.GetRasterBand(1).SetColorTable(table)
    for number, band in enumerate(bands, start=1):
        dataset.GetRasterBand(number).WriteArray(band)
        if nodata is not None:
            dataset.GetRasterBand(number).SetNoDataValue(nodata)
    return str(path)


def vector(path, shapes, code=32639, names=None, driver="GPKG"):
    dataset = ogr.GetDriverByName(driver).CreateDataSource(str(path))
    kind = ogr.CreateGeometryFromWkt(shapes[0]).GetGeometryType() if shapes else ogr.wkbPolygon
    layer = dataset.CreateLayer("layer", reference(code), ogr.wkbUnknown if driver == "GPKG" else kind)
    layer.CreateField(ogr.FieldDefn("unit", ogr.OFTString))
    for number, wkt in enumerate(shapes):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        if names:
            feature["unit"] = names[number]
        layer.CreateFeature(feature)
    return str(path)


def box(left, top, right, bottom):
    """A rectangle in cells of the DEM, as WKT."""
    x1, x2, y1, y2 = WEST + left * CELL, WEST + right * CELL, NORTH - top * CELL, NORTH - bottom * CELL
    return f"POLYGON (({x1} {y1}, {x2} {y1}, {x2} {y2}, {x1} {y2}, {x1} {y1}))"


def hill():
    y, x = np.mgrid[:SIZE, :SIZE]
    return (500 + 3.0 * x - 2.0 * y + 40 * np.sin(x / 5.0) * np.cos(y / 7.0)).astype(np.float32)


@pytest.fixture
def dem(tmp_path):
    return raster(tmp_path / "dem.tif", hill())


def prepared(tmp_path, feedback=None, **parameters):
    """Run the task with altitude alone unless told otherwise; return the stack and its values."""
    values = {"terrain": ["altitude"], "output": str(tmp_path / "stack.tif"), **parameters}
    run(feedback or Feedback(), **values)
    stack = Stack.open(values["output"])
    return stack, dict(zip(stack.names, np.moveaxis(stack.read(Window(0, 0, *stack.grid.shape)), -1, 0)))


@pytest.mark.parametrize(
    ("kind", "nodata"),
    [(gdal.GDT_Int16, -32768), (gdal.GDT_Int32, -2147483648), (gdal.GDT_UInt16, 0), (gdal.GDT_Float64, -3.4028234663852886e38)],
)
def test_nodata_of_any_data_type_is_no_elevation(tmp_path, kind, nodata):
    z = np.rint(hill()).astype(np.float64)
    z[5:8, 9:12] = nodata
    _, bands = prepared(tmp_path, dem=raster(tmp_path / "dem.tif", z, kind=kind, nodata=nodata), terrain=["altitude", "slope"])
    expected = np.where(z == nodata, np.nan, z)
    np.testing.assert_array_equal(bands["altitude"], expected.astype(np.float32))
    assert np.nanmax(bands["slope"]) < 45


def test_class_code_0_is_a_class_and_codes_stay(tmp_path, dem):
    codes = np.zeros((SIZE, SIZE), np.int16)
    codes[:, 20:] = 7
    codes[:, 30:] = -1
    codes[:5] = -9
    source = raster(tmp_path / "use.tif", codes, kind=gdal.GDT_Int16, nodata=-9)
    stack, bands = prepared(tmp_path, dem=dem, land_use=source)
    names = stack.covariate("land_use").classes
    assert names == {-1: "-1", 0: "0", 7: "7", UNKNOWN_CODE: "unknown"}
    np.testing.assert_array_equal(bands["land_use"], np.where(codes == -9, UNKNOWN_CODE, codes.astype(float)))
    stack, bands = prepared(tmp_path, dem=dem, land_use=source, unknown="nodata")
    assert set(stack.covariate("land_use").classes) == {-1, 0, 7}
    np.testing.assert_array_equal(bands["altitude"][5:], hill()[5:])
    assert np.isnan(bands["altitude"][:5]).all()


def test_polygons_give_each_cell_the_class_at_its_centre(tmp_path, dem):
    units = vector(tmp_path / "geology.gpkg", [box(0, 0, 15, 40), box(15, 0, 40, 30)], names=["marl", "lime"])
    stack, bands = prepared(tmp_path, dem=dem, geology=units, geology_field="unit")
    lime, marl = code_of_name("lime"), code_of_name("marl")
    assert stack.covariate("geology").classes == {lime: "lime", marl: "marl", UNKNOWN_CODE: "unknown"}
    expected = np.full((SIZE, SIZE), UNKNOWN_CODE)
    expected[:, :15], expected[:30, 15:] = marl, lime
    np.testing.assert_array_equal(bands["geology"], expected)


def test_too_many_classes_are_folded_with_a_warning(tmp_path, dem):
    rng = np.random.default_rng(2)
    codes = rng.integers(1, 101, (SIZE, SIZE)).astype(np.int16)
    listener = Listener()
    stack, bands = prepared(tmp_path, listener, dem=dem, soil=raster(tmp_path / "soil.tif", codes, kind=gdal.GDT_Int16))
    classes = stack.covariate("soil").classes
    assert len(classes) == MOST_CLASSES
    assert classes[OTHER_CODE] == "other"
    assert any("100 classes" in text and "37 rarest" in text for text in listener.warnings)
    counts = np.bincount(codes.ravel(), minlength=101)
    assert min(counts[code] for code in classes if code > 0) >= max(counts[code] for code in range(1, 101) if code not in classes)
    np.testing.assert_array_equal(bands["soil"], np.where(np.isin(codes, list(classes)), codes.astype(float), OTHER_CODE))


def test_as_many_classes_as_make_sense_stay(tmp_path, dem):
    codes = (np.arange(SIZE * SIZE).reshape(SIZE, SIZE) % MOST_CLASSES + 1).astype(np.int16)
    listener = Listener()
    stack, bands = prepared(tmp_path, listener, dem=dem, soil=raster(tmp_path / "soil.tif", codes, kind=gdal.GDT_Int16))
    assert list(stack.covariate("soil").classes) == list(range(1, MOST_CLASSES + 1))
    np.testing.assert_array_equal(bands["soil"], codes)
    assert not [text for text in listener.warnings if "rarest" in text]


def test_the_two_made_codes_lie_beyond_all_others():
    """32-bit floats hold integers up to 2²⁴ and tell the two apart."""
    assert (UNKNOWN_CODE, OTHER_CODE) == (-16_777_216, -16_777_215)
    assert np.float32(UNKNOWN_CODE) == UNKNOWN_CODE != np.float32(OTHER_CODE) == OTHER_CODE


def test_fractions_are_no_class_codes(tmp_path, dem):
    with pytest.raises(EngineError, match=r"holds 0\.5.*whole numbers"):
        prepared(tmp_path, dem=dem, soil=raster(tmp_path / "soil.tif", np.full((SIZE, SIZE), 0.5)))


def test_a_layer_of_another_crs_cell_size_and_offset_is_laid_over(tmp_path, dem):
    whole = gdal.Warp("", dem, format="MEM", dstSRS="EPSG:4326", xRes=0.0001, yRes=0.0001, dstNodata=-1)
    x, width, _, y, _, height = whole.GetGeoTransform()
    cols, rows = np.meshgrid(np.arange(whole.RasterXSize) + 0.5, np.arange(whole.RasterYSize) + 0.5)
    plane = 1000 * (x + cols * width - 51) + 100 * (y + rows * height - 32)
    rain = raster(tmp_path / "rain.tif", plane, (x, width, 0, y, 0, height), 4326)
    listener = Listener()
    _, bands = prepared(tmp_path, listener, dem=dem, extra_continuous=[rain])
    to_degrees = osr.CoordinateTransformation(reference(32639), reference(4326))
    for row, col in [(3, 4), (20, 31), (36, 7)]:
        east, north, _ = to_degrees.TransformPoint(WEST + (col + 0.5) * CELL, NORTH - (row + 0.5) * CELL)
        assert bands["rain"][row, col] == pytest.approx(1000 * (east - 51) + 100 * (north - 32), abs=0.02)
    told = next(text for text in listener.messages if text.startswith("rain:"))
    assert "reprojected from WGS 84 to WGS 84 / UTM zone 39N" in told
    assert "averaged" in told


def test_the_log_tells_what_each_layer_costs(tmp_path, dem):
    rain = hill()
    rain[:8] = -1
    snow = hill()
    snow[39, 39] = np.nan
    listener = Listener()
    _, bands = prepared(
        tmp_path,
        listener,
        dem=dem,
        extra_continuous=[raster(tmp_path / "rain.tif", rain, nodata=-1), raster(tmp_path / "snow.tif", snow)],
    )
    assert [text for text in listener.warnings if "rain is missing on 320 of 1,600 cells (20.0 %)" in text]
    assert [text for text in listener.messages if "snow is missing on 1 of 1,600 cells" in text]
    assert "1,279 valid cells of 1,600" in listener.messages[-1]
    assert np.isnan(bands["altitude"]).sum() == 321


def test_ndvi_of_reflectances(tmp_path, dem):
    red, nir = np.full((SIZE, SIZE), 0.1), np.full((SIZE, SIZE), 0.3)
    red[0, 0] = nir[0, 0] = 0.0
    _, bands = prepared(tmp_path, dem=dem, red=raster(tmp_path / "r.tif", red), nir=raster(tmp_path / "n.tif", nir))
    np.testing.assert_allclose(bands["ndvi"].ravel()[1:], 0.5, rtol=1e-6)
    assert np.isnan(bands["ndvi"][0, 0])


def test_windows_leave_no_seams(tmp_path, data_folder, monkeypatch):
    everything = {
        "dem": str(data_folder / "ecuador" / "dem.tif"),
        "terrain": [
            "altitude", "slope", "aspect", "plan_curvature", "topographic_position", "local_relief", "ruggedness", "vector_ruggedness",
            "topographic_wetness", "drainage_density", "height_above_drainage",
        ],
        "window": 100.0,
    }  # fmt: skip
    _, whole = prepared(tmp_path, **everything)
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 64)
    _, pieces = prepared(tmp_path, **everything)
    for name, band in whole.items():
        np.testing.assert_allclose(pieces[name], band, rtol=1e-5, atol=1e-6, err_msg=name)


# What is wrong with a DEM, and the sentence that says so.
def constant(path):
    return raster(path, np.full((SIZE, SIZE), 7.0))


def no_data(path):
    return raster(path, np.full((SIZE, SIZE), -9999.0), nodata=-9999)


def rotated(path):
    return raster(path, hill(), (WEST, CELL, 5.0, NORTH, 5.0, -CELL))


def without_crs(path):
    return raster(path, hill(), code=None)


def in_degrees(path):
    return raster(path, hill(), (51, 0.01, 0, 33, 0, -0.01), 4326)


def complex_numbers(path):
    return raster(path, hill(), kind=gdal.GDT_CFloat32)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (constant, "same everywhere"),
        (no_data, "holds no data"),
        (rotated, "rotated; warp it first"),
        (without_crs, "no coordinate reference system; assign one"),
        (in_degrees, "gdal:warpreproject"),
        (complex_numbers, "complex numbers"),
    ],
)
def test_a_bad_dem_gets_one_sentence(tmp_path, make, sentence):
    with pytest.raises(EngineError, match=sentence):
        prepared(tmp_path, dem=make(tmp_path / "dem.tif"))


def test_an_infinite_elevation_is_none(tmp_path):
    z = hill()
    z[7, 9] = np.inf
    _, bands = prepared(tmp_path, dem=raster(tmp_path / "dem.tif", z), terrain=None)
    assert np.isnan(bands["altitude"]).sum() == 1
    assert np.isfinite(bands["topographic_wetness"]).sum() == SIZE * SIZE - 1


def test_a_dem_that_declares_feet_is_converted_and_says_so(tmp_path):
    path = raster(tmp_path / "dem.tif", hill() / 0.3048)
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetUnitType("ft")
    dataset = None
    listener = Listener()
    _, bands = prepared(tmp_path, listener, dem=path)
    np.testing.assert_allclose(bands["altitude"], hill(), rtol=1e-6)
    assert any("says that its elevations are in ft: multiplied by 0.3048" in text for text in listener.messages)
    _, bands = prepared(tmp_path, listener, dem=path, z_factor=0.5)  # whoever sets it knows better
    np.testing.assert_allclose(bands["altitude"], hill() / 0.6096, rtol=1e-6)
    assert not listener.warnings


@pytest.mark.parametrize("shape", [(1, 30), (30, 1), (2, 2)])
def test_a_dem_of_one_row_has_its_slope(tmp_path, shape):
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    _, bands = prepared(tmp_path, dem=raster(tmp_path / "dem.tif", 3.0 * (rows + cols)), terrain=None)
    gradient = np.hypot(*(0.1 if length > 1 else 0.0 for length in shape))
    np.testing.assert_allclose(bands["slope"], np.degrees(np.arctan(gradient)), rtol=1e-5)


def test_a_palette_is_warned_of(tmp_path, dem):
    codes = raster(tmp_path / "codes.tif", np.ones((SIZE, SIZE)), kind=gdal.GDT_Byte, palette=True)
    listener = Listener()
    prepared(tmp_path, listener, dem=dem, extra_continuous=[codes])
    assert any("palette" in text for text in listener.warnings)


def test_names_of_classes_are_warned_of(tmp_path, dem):
    codes = raster(tmp_path / "codes.tif", np.ones((SIZE, SIZE)), kind=gdal.GDT_Byte)
    dataset = gdal.Open(codes, gdal.GA_Update)
    dataset.GetRasterBand(1).SetCategoryNames(["", "rock"])
    dataset = None
    listener = Listener()
    prepared(tmp_path, listener, dem=dem, extra_continuous=[codes])
    assert any("codes.tif has names of classes, so its values are perhaps class codes" in text for text in listener.warnings)


@pytest.mark.parametrize("parameter", ["extra_continuous", "extra_categorical"])
def test_complex_bands_are_refused(tmp_path, dem, parameter):
    radar = raster(tmp_path / "radar.tif", hill(), kind=gdal.GDT_CFloat32)
    with pytest.raises(EngineError, match="complex numbers"):
        prepared(tmp_path, dem=dem, **{parameter: [radar]})


def test_each_of_several_bands_is_a_covariate(tmp_path, dem):
    both = np.stack([np.full((20, 20), 1.0), np.full((20, 20), 2.0)])
    _, bands = prepared(
        tmp_path, dem=dem, extra_continuous=[raster(tmp_path / "two.tif", both, (WEST, 2 * CELL, 0.0, NORTH, 0.0, -2 * CELL))]
    )
    assert (bands["two_1"] == 1).all()
    assert (bands["two_2"] == 2).all()


def test_invalid_polygons_are_repaired(tmp_path, dem):
    x, y = WEST, NORTH
    bow_tie = f"POLYGON (({x} {y}, {x + 1200} {y - 1200}, {x + 1200} {y}, {x} {y - 1200}, {x} {y}))"
    units = vector(tmp_path / "geology.gpkg", [bow_tie], names=["marl"])
    _, bands = prepared(tmp_path, dem=dem, geology=units, geology_field="unit")
    row, col = np.mgrid[:SIZE, :SIZE]
    left, right = (col < row) & (col < SIZE - 1 - row), (col > row) & (col > SIZE - 1 - row)
    assert (bands["geology"][left | right] == code_of_name("marl")).all()
    assert (bands["geology"][(row < col - 1) & (col < SIZE - 2 - row)] == UNKNOWN_CODE).all()


def test_z_values_and_mixed_case_file_names(tmp_path, dem):
    shapes = [f"LINESTRING Z ({WEST + 615} {NORTH} 3, {WEST + 615} {NORTH - 1200} 9)"]
    vector(tmp_path / "faults.shp", shapes, driver="ESRI Shapefile")
    for part in list(tmp_path.glob("faults.*")):
        part.rename(part.with_name("Faults" + part.suffix.upper()))
    (tmp_path / "dem.tif").rename(tmp_path / "Dem.TIF")
    _, bands = prepared(tmp_path, dem=str(tmp_path / "Dem.TIF"), faults=str(tmp_path / "Faults.SHP"))
    np.testing.assert_array_equal(bands["distance_to_faults"], np.tile(np.abs(np.arange(SIZE) - 20) * CELL, (SIZE, 1)))


@pytest.mark.parametrize("shapes", [[], [box(1000, 1000, 1010, 1010)]])
def test_no_features_in_the_area_get_one_sentence(tmp_path, dem, shapes):
    layer = vector(tmp_path / "layer.gpkg", shapes, names=["a"])
    for parameters, sentence in [
        ({"roads": layer}, "no features in the area or near it"),
        ({"soil": layer, "soil_field": "unit"}, "no classes in the area"),
        ({"area": layer}, "holds the centre of no cell"),
        ({"extra_distances": [layer]}, "no features in the area or near it"),
    ]:
        with pytest.raises(EngineError, match=sentence):
            prepared(tmp_path, dem=dem, **parameters)


def test_further_distances_are_named_after_their_layers(tmp_path, dem):
    source = vector(tmp_path / "Power lines.gpkg", [f"POINT ({WEST + 15} {NORTH - 15})"])
    stack, bands = prepared(tmp_path, dem=dem, extra_distances=[source, f"{source}|layername=layer"])
    assert stack.names[1:] == ["distance_to_Power lines", "distance_to_layer"]
    assert stack.covariate("distance_to_layer").unit == "m"
    rows, cols = np.mgrid[:SIZE, :SIZE]
    np.testing.assert_allclose(bands["distance_to_layer"], CELL * np.hypot(rows, cols), rtol=1e-6)


def test_a_study_area_without_elevations_is_told_before_any_work(tmp_path):
    z = hill()
    z[:, :20] = -9999
    listener = Listener()
    area = vector(tmp_path / "west.gpkg", [box(2, 10, 18, 30)])
    with pytest.raises(EngineError, match=r"The DEM holds no data in the study area west; check the coordinate reference systems of both"):
        run(listener, dem=raster(tmp_path / "dem.tif", z, nodata=-9999), area=area, terrain=["slope"], output=str(tmp_path / "stack.tif"))
    assert not [text for text in listener.messages if text.startswith("From the elevation")]


def test_what_bounds_nothing_in_a_study_area_is_told(tmp_path, dem):
    """A point and a line beside the polygon; what lies beyond the raster is no matter."""
    there = [box(2, 10, 18, 30), f"POINT ({WEST + 15} {NORTH - 15})", f"LINESTRING ({WEST} {NORTH}, {WEST + 90} {NORTH - 90})"]
    told = []
    for wkt in (there, [there[0], box(900, 910, 900, 910)]):
        listener = Listener()
        area = vector(tmp_path / "a.gpkg", wkt)
        run(listener, dem=dem, area=area, terrain=["slope"], output=str(tmp_path / "stack.tif"))
        told.append([text for text in listener.warnings if "study area" in text])
    assert told[1] == [] and len(told[0]) == 1
    assert told[0][0].startswith(
        "Features of the study area a that bound nothing were left out: 1 point, which covers no area, 1 line, which "
    )


def test_the_study_area_bounds_the_stack(tmp_path, dem):
    _, bands = prepared(tmp_path, dem=dem, area=vector(tmp_path / "area.gpkg", [box(10, 10, 20, 30)]))
    valid = np.isfinite(bands["altitude"])
    assert valid[10:30, 10:20].all()
    assert valid.sum() == 200
    _, bands = prepared(tmp_path, dem=dem, area=vector(tmp_path / "less.gpkg", [box(10.6, 10.6, 20.4, 30.4)]))
    assert np.isfinite(bands["altitude"]).sum() == 9 * 19, "cells whose centre lies inside"


def test_a_cell_size_changes_the_grid(tmp_path, dem):
    stack, bands = prepared(tmp_path, dem=dem, cell_size=60.0)
    assert stack.grid.shape == (20, 20)
    np.testing.assert_allclose(bands["altitude"], hill().reshape(20, 2, 20, 2).mean(axis=(1, 3)), rtol=1e-5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"window": 1e300}, r"\(WINDOW\) must be at most 1000 cells, 30000 m on this grid; found 1e\+300 m"),
        ({"window": 30_001.0}, r"\(WINDOW\) must be at most 1000 cells"),
        ({"cell_size": 1e-9}, r"\(CELL_SIZE\) 1e-09 would make a stack of .* at most 10,000,000,000 are allowed"),
    ],
)
def test_a_stack_beyond_all_memory_is_refused(tmp_path, dem, changes, said):
    with pytest.raises(EngineError, match=said):
        prepared(tmp_path, dem=dem, terrain=["topographic_position"], **changes)
    assert not list(tmp_path.glob("*stack*"))


def test_the_widest_window_is_allowed():
    assert len(half_widths(30_000.0, 30.0, 50.0)) == 2 * 600 + 1
