# SPDX-License-Identifier: GPL-2.0-or-later
"""Ready rasters without a DEM, bands of all kinds, and mistakes that are noticed."""

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr
from scarp.engine.covariates.build import distinct
from scarp.engine.covariates.categories import UNKNOWN_CODE
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack
from scarp.engine.tasks.prepare_covariates import run

ROWS, COLS = 23, 17


@pytest.fixture
def raster(tmp_path, odd_grid):
    """Write bands on a grid, the odd one unless told; return the path."""

    def write(name, *bands, grid=None, kind=gdal.GDT_Float32, names=(), nodata=None):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        dataset = (grid or odd_grid(*bands[0].shape)).create(str(path), len(bands), kind, nodata)
        for number, band in enumerate(bands, start=1):
            dataset.GetRasterBand(number).WriteArray(band)
            if names:
                dataset.GetRasterBand(number).SetDescription(names[number - 1])
        return str(path)

    return write


@pytest.fixture
def prepared(tmp_path):
    """Run the task; return what was told, the stack and its values by name."""

    def prepare(**parameters):
        listener = Listener()
        output = str(tmp_path / "stack.tif")
        run(listener, output=output, **parameters)
        stack = Stack.open(output)
        return listener, stack, dict(zip(stack.names, np.moveaxis(stack.read(Window(0, 0, *stack.grid.shape)), -1, 0)))

    return prepare


def numbered(factor=1.0):
    return np.arange(ROWS * COLS, dtype=np.float32).reshape(ROWS, COLS) * factor


def dem(raster):
    row, col = np.mgrid[:ROWS, :COLS]
    return raster("dem.tif", 500 + 3.0 * col - 2.0 * row + np.sin(row * col))


def test_ready_rasters_become_a_stack_on_the_grid_of_the_first(prepared, raster, odd_grid):
    fine = odd_grid(2 * ROWS, 2 * COLS, width=10.0, height=17.5)
    soil = np.repeat(np.repeat(1 + numbered() % 3, 2, axis=0), 2, axis=1)
    slope, classes = raster("Slope.tif", numbered()), raster("Soil type.tif", soil, grid=fine, kind=gdal.GDT_Int16)
    told, stack, bands = prepared(extra_continuous=[slope], extra_categorical=[classes])
    assert stack.grid.matches(odd_grid())
    assert [(each.name, each.kind, each.group) for each in stack.covariates] == [
        ("Slope", "continuous", "extra"),
        ("Soil type", "categorical", "extra"),
    ]
    np.testing.assert_array_equal(bands["Slope"], numbered())
    np.testing.assert_array_equal(bands["Soil type"], 1 + numbered() % 3)
    assert "No DEM: the stack has the grid of Slope.tif, and no covariates of the terrain." in told.messages
    assert told.messages[-1] == f"2 covariates, {ROWS * COLS} valid cells of {ROWS * COLS} in the area."


def test_a_template_gives_the_grid(prepared, raster, odd_grid):
    wide = odd_grid(ROWS // 2, COLS // 2, width=40.0, height=70.0)
    template = raster("template.tif", np.zeros(wide.shape), grid=wide)
    _, stack, bands = prepared(extra_continuous=[raster("rain.tif", numbered())], template=template)
    assert stack.grid.matches(wide)
    np.testing.assert_allclose(bands["rain"], numbered()[:22, :16].reshape(11, 2, 8, 2).mean(axis=(1, 3)), rtol=1e-6)
    _, stack, _ = prepared(extra_continuous=[raster("rain.tif", numbered())], template=template, cell_size=50.0)
    assert stack.grid.cell_size == (50, 50)
    assert stack.grid.shape == (15, 6)  # 770 m and 320 m


def test_class_rasters_alone_make_a_stack_also_in_degrees(prepared, raster):
    grid = Grid(reference_of(4326).ExportToWkt(), (51.003, 0.0003, 0.0, 33.127, 0.0, -0.0004), (ROWS, COLS))
    geology = raster("g.tif", 1 + numbered() % 2, grid=grid, kind=gdal.GDT_Byte)
    soil = raster("s.tif", np.where(numbered() < 40, 0, 5), grid=grid, kind=gdal.GDT_Byte, nodata=0)
    _, stack, bands = prepared(geology=geology, extra_categorical=[soil])
    assert stack.names == ["geology", "s"]
    assert {each.kind for each in stack.covariates} == {"categorical"}
    np.testing.assert_array_equal(bands["s"], np.where(numbered() < 40, UNKNOWN_CODE, 5))


def test_a_vector_layer_gives_no_grid(prepared, tmp_path):
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "units.gpkg"))
    dataset.CreateLayer("units", reference_of(32639), ogr.wkbPolygon).CreateField(ogr.FieldDefn("unit", ogr.OFTString))
    dataset = None
    with pytest.raises(EngineError, match="Without a DEM a raster must give the stack its grid"):
        prepared(geology=str(tmp_path / "units.gpkg"), geology_field="unit")


def test_distances_need_metres(prepared, raster, tmp_path):
    grid = Grid(reference_of(4326).ExportToWkt(), (51.003, 0.0003, 0.0, 33.127, 0.0, -0.0004), (ROWS, COLS))
    with pytest.raises(EngineError, match="The stack is in degrees, and distances need metres"):
        prepared(extra_continuous=[raster("rain.tif", numbered(), grid=grid)], roads=str(tmp_path / "roads.gpkg"))


def test_an_extra_is_what_its_parameter_says_not_its_name(prepared, raster):
    soil, aspect = raster("soil.tif", numbered(0.01)), raster("aspect.tif", 1 + numbered() % 8)
    _, stack, bands = prepared(dem=dem(raster), terrain=["slope"], extra_continuous=[soil], extra_categorical=[aspect])
    assert [(each.name, each.kind, each.unit, each.group) for each in stack.covariates[1:]] == [
        ("soil", "continuous", "", "extra"),
        ("aspect", "categorical", "", "extra"),
    ]
    assert set(stack.covariate("aspect").classes) == set(range(1, 9))


def test_an_extra_has_the_unit_that_it_declares(prepared, raster):
    path = raster("rain.tif", numbered())
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetUnitType("mm")
    dataset = None
    _, stack, _ = prepared(extra_continuous=[path])
    assert (stack.covariate("rain").unit, stack.covariate("rain").source) == ("mm", "rain.tif, on the grid already")


def test_extras_are_named_after_their_layers(prepared, raster):
    a, b = raster("layer.tif", numbered()), raster("other/layer.tif", numbered(2))
    for order in ([f"{a}|name=Rain", f"{b}|name=Warmth"], [f"{b}|name=Warmth", f"{a}|name=Rain"]):
        _, stack, bands = prepared(dem=dem(raster), terrain=["slope"], extra_continuous=order)
        assert sorted(stack.names) == ["Rain", "Warmth", "slope"]
        np.testing.assert_array_equal(bands["Warmth"], numbered(2))


def test_every_band_becomes_a_covariate_named_after_it(prepared, raster):
    image = raster("embedding.tif", numbered(), numbered(2), numbered(3), names=["A00", "A01", ""])
    _, stack, bands = prepared(dem=dem(raster), terrain=["slope"], extra_continuous=[image])
    assert stack.names == ["slope", "A00", "A01", "embedding_3"]
    for name, factor in (("A00", 1), ("A01", 2), ("embedding_3", 3)):
        np.testing.assert_array_equal(bands[name], numbered(factor))
    other = raster("other.tif", numbered(4), numbered(5), names=["A00", "A02"])
    names = [prepared(dem=dem(raster), terrain=["slope"], extra_continuous=each)[1].names for each in ([image, other], [other, image])]
    assert sorted(names[0]) == sorted(names[1])
    assert {"embedding_A00", "other_A00", "A01", "A02"} < set(names[0])
    _, stack, bands = prepared(dem=dem(raster), terrain=["slope"], extra_categorical=[f"{image}|band=2"])
    assert stack.names == ["slope", "A01"]


def test_ndvi_of_bands_of_one_raster(prepared, raster):
    red, nir = np.full((ROWS, COLS), 0.1), np.full((ROWS, COLS), 0.6)
    nir[0] = 0.3
    image = raster("s2.tif", red * 5, red, red * 7, nir)
    _, _, bands = prepared(dem=dem(raster), terrain=["slope"], red=image, red_band=2, nir=image, nir_band=4)
    np.testing.assert_allclose(bands["ndvi"][1:], 5 / 7, rtol=1e-6)
    np.testing.assert_allclose(bands["ndvi"][0], 0.5, rtol=1e-6)
    for bands, said in (
        ({}, r"s2\.tif has 4 bands \(1, 2, 3, 4\), and one is needed; choose one by RED_BAND"),
        ({"red_band": 2}, "choose one by NIR_BAND"),
        ({"red_band": 2, "nir_band": 2}, r"The red and the near-infrared band are the same, s2\.tif, band 2"),
        ({"red_band": 5, "nir_band": 2}, "has 4 bands, and band 5 was asked for"),
    ):
        with pytest.raises(EngineError, match=said):
            prepared(dem=dem(raster), terrain=["slope"], red=image, nir=image, **bands)


def test_rasters_of_several_bands_are_no_dem_and_no_classes(prepared, raster):
    several = raster("several.tif", numbered(), numbered(2), names=["altitude", "heights"])
    with pytest.raises(
        EngineError,
        match=r"several\.tif has 2 bands \(altitude, heights\), and one is needed; choose the one with the elevations by DEM_BAND",
    ):
        prepared(dem=several, terrain=["slope"])
    with pytest.raises(EngineError, match=r"several\.tif has 2 bands \(altitude, heights\), and one is needed"):
        prepared(dem=dem(raster), terrain=["slope"], geology=several)
    _, _, bands = prepared(dem=f"{several}|band=1", terrain=["altitude"])
    np.testing.assert_array_equal(bands["altitude"], numbered())
    _, _, bands = prepared(dem=several, dem_band=2, terrain=["altitude"])
    np.testing.assert_array_equal(bands["altitude"], numbered(2))


def test_a_constant_covariate_is_told(prepared, raster):
    same, classes = raster("same.tif", np.full((ROWS, COLS), 0.25)), raster("soil.tif", np.full((ROWS, COLS), 7))
    nearly = np.full((ROWS, COLS), 0.25)
    nearly[9, 9] = 0.5
    told, *_ = prepared(
        dem=dem(raster), terrain=["slope"], extra_continuous=[same, raster("nearly.tif", nearly)], extra_categorical=[classes]
    )
    constant = [text for text in told.warnings if "the same on all valid cells" in text]
    assert [text.split(" (")[0] for text in constant] == ["same is the same on all valid cells", "soil is the same on all valid cells"]
    assert "(0.25)" in constant[0]
    assert "(7)" in constant[1]
    hidden = np.full((ROWS, COLS), 3.0)
    hidden[0] = np.nan
    nearly = np.where(np.isnan(hidden), 9, 1)  # differs only where the other is missing
    told, *_ = prepared(dem=dem(raster), terrain=["slope"], extra_continuous=[raster("a.tif", hidden), raster("b.tif", nearly)])
    assert sum("the same on all valid cells" in text for text in told.warnings) == 2


def test_a_file_that_is_cut_off_is_no_gap(prepared, raster, tmp_path, odd_grid):
    rng = np.random.default_rng(1)
    wide = odd_grid(230, 170, width=2.0, height=3.5)
    for name, parameters in (("use.tif", {"land_use": ""}), ("rain.tif", {"extra_continuous": ""})):
        path = raster(name, rng.integers(1, 200, wide.shape), grid=wide, kind=gdal.GDT_Byte)
        with (tmp_path / name).open("r+b") as stream:
            stream.truncate((tmp_path / name).stat().st_size * 2 // 3)
        given = {key: [path] if key.startswith("extra") else path for key in parameters}
        with pytest.raises(EngineError, match=rf"The raster {name} cannot be read to its end"):
            prepared(dem=dem(raster), terrain=["slope"], **given)
    assert not (tmp_path / "stack.tif").exists()


def test_a_south_up_raster_is_laid_over(prepared, raster, odd_grid):
    path = raster("rain.tif", numbered())
    grid = odd_grid()
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.SetGeoTransform((*grid.transform[:3], grid.bounds[1], 0.0, 35.0))
    dataset = None
    _, _, bands = prepared(dem=dem(raster), terrain=["slope"], extra_continuous=[path])
    np.testing.assert_array_equal(bands["rain"], numbered()[::-1])


def test_paths_with_a_pipe(prepared, raster):
    path = raster("a|b.tif", numbered())
    _, stack, _ = prepared(dem=dem(raster), terrain=["slope"], extra_continuous=[path])
    assert stack.names == ["slope", "a|b"]


@pytest.mark.parametrize(
    ("candidates", "taken", "names"),
    [
        ([("a", "x_a", "/x/a"), ("b", "x_b", "/x/b")], set(), ["a", "b"]),
        ([("a", "x_a", "/x/a"), ("a", "y_a", "/y/a")], {"x_a"}, ["a_2", "y_a"]),
        ([("a", "x_a", "/1/x/a"), ("a", "x_a", "/2/x/a")], set(), ["a_2", "a_3"]),
        ([("a", "x_a", "/2/x/a"), ("a", "x_a", "/1/x/a")], set(), ["a_3", "a_2"]),
        ([("slope", "x_slope", "/x/slope")], {"slope"}, ["x_slope"]),
        ([], set(), []),
    ],
)
def test_no_two_names_are_the_same_in_any_order(candidates, taken, names):
    assert distinct(candidates, taken) == names
    assert distinct(candidates[::-1], taken) == names[::-1]


def test_a_coast_runs_whole_with_its_sea_and_drifting_grids(prepared, raster, odd_grid, tmp_path):
    """The twin of the test on Los Lagos: a sea that is flat, polygons, layers of one file, and rasters whose cells drift off the DEM's."""
    rows, cols = 60, 45
    row, col = np.mgrid[:rows, :cols]
    z = np.maximum(12.0 * (col - 14) + 9 * np.sin(row / 3), 0).astype(np.float32)
    grid = odd_grid(rows, cols)
    west, south, east, north = grid.bounds
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "places.gpkg"))
    for name, wkts in (("towns", [f"POINT ({west + 710} {north - 717.5})"]), ("none", [])):
        layer = dataset.CreateLayer(name, grid.spatial_reference, ogr.wkbUnknown)
        for wkt in wkts:
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
            layer.CreateFeature(feature)
    units = dataset.CreateLayer("units", grid.spatial_reference, ogr.wkbPolygon)
    units.CreateField(ogr.FieldDefn("Clase", ogr.OFTInteger))
    for number, (top, bottom) in enumerate(((north, north - 1050), (north - 1050, south)), start=1):
        feature = ogr.Feature(units.GetLayerDefn())
        feature.SetGeometry(
            ogr.CreateGeometryFromWkt(f"POLYGON (({west} {top}, {east} {top}, {east} {bottom}, {west} {bottom}, {west} {top}))")
        )
        feature["Clase"] = number
        units.CreateFeature(feature)
    dataset = layer = units = feature = None
    drifting = odd_grid(rows + 2, cols + 2, corner=(west - 13.0, north + 21.0), width=20.001, height=35.002)
    far = np.hypot((np.arange(rows + 2)[:, None] - 21) * 35, (np.arange(cols + 2) - 36) * 20)
    parameters = {
        "dem": raster("dem.tif", z, grid=grid),
        "terrain": ["altitude", "slope", "aspect", "distance_to_drainage", "height_above_drainage", "watershed"],
        "drainage_area": 0.02,
        "settlements": f"{tmp_path / 'places.gpkg'}|layername=towns",
        "geology": f"{tmp_path / 'places.gpkg'}|layername=units",
        "geology_field": "Clase",
        "extra_categorical": [raster("near town.tif", np.where(far <= 400, 4, 1), grid=drifting, kind=gdal.GDT_Byte)],
        "extra_continuous": [raster("rain.tif", far, grid=drifting)],
    }
    told, stack, bands = prepared(**parameters)
    sea = bands["altitude"] == 0
    assert 0.2 < sea.mean() < 0.5
    assert (bands["slope"][sea] == 0).mean() > 0.85
    assert (bands["aspect"][bands["slope"] == 0] == -1).all()
    assert np.nanmin(bands["height_above_drainage"]) == 0
    assert np.nanmax(bands["height_above_drainage"]) <= z.max()
    assert not [text for text in told.warnings if "missing on" in text]
    assert stack.covariate("geology").classes == {1: "1", 2: "2"}
    np.testing.assert_array_equal(bands["geology"], np.where(row < 30, 1, 2))
    assert any(text.startswith("near town: near town.tif, cells of 20.001 × 35.002, nearest class") for text in told.messages)
    near = bands["distance_to_settlements"] <= 400
    assert bands["distance_to_settlements"].min() == 0
    assert (near == (bands["near town"] == 4)).mean() > 0.97
    assert np.abs(bands["rain"] - bands["distance_to_settlements"]).max() < 45
    with pytest.raises(EngineError, match="none has no features in the area or near it"):
        prepared(**{**parameters, "settlements": f"{tmp_path / 'places.gpkg'}|layername=none"})
