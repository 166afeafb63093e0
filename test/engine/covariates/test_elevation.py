# SPDX-License-Identifier: GPL-2.0-or-later
"""Elevation in metres, whatever the DEM is measured in, and what is no elevation."""

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, osr
from scarp.engine.covariates.elevation import Elevation, check_ground, resized
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Window

ROWS, COLS = 23, 17


def plane(low=500.0):
    row, col = np.mgrid[:ROWS, :COLS]
    return low + 3.0 * col + 7.0 * row


@pytest.fixture
def write(tmp_path, odd_grid):
    """Write a DEM on the odd grid; return its path."""

    def write(values, kind=gdal.GDT_Float32, unit="", nodata=None, crs=None, **grid):
        made = odd_grid(*values.shape, **grid)
        path = str(tmp_path / "dem.tif")
        dataset = made.create(path, kind=kind, nodata=nodata)
        if crs:
            dataset.SetProjection(crs)
        dataset.GetRasterBand(1).WriteArray(values)
        dataset.GetRasterBand(1).SetUnitType(unit)
        return path

    return write


def opened(path, tmp_path, cell_size=None, z_factor=None):
    listener = Listener()
    elevation = Elevation.open(path, cell_size, z_factor, tmp_path / "laid.tif", listener)
    return elevation, elevation.whole(), listener


@pytest.mark.parametrize(
    ("unit", "metres"),
    [
        *dict.fromkeys(("", "m", "Metre", "metres above sea level"), 1).items(),
        *dict.fromkeys(("ft", "feet"), 0.3048).items(),
        *dict.fromkeys(("US survey foot", "us-ft"), 1200 / 3937).items(),
        *{"cm": 0.01, "dm": 0.1, "mm": 0.001, "km": 1000}.items(),
    ],
)
def test_a_declared_unit_is_converted(write, tmp_path, unit, metres):
    elevation, z, told = opened(write(plane() / metres, gdal.GDT_Float64, unit), tmp_path)
    np.testing.assert_allclose(z, plane(), rtol=1e-6)
    np.testing.assert_allclose(elevation.read(Window(2, 3, 4, 5)), plane()[2:6, 3:8], rtol=1e-9)
    assert any(f"elevations are in {unit.lower()}: multiplied by" in text for text in told.messages) is (metres != 1)
    assert not told.warnings


def test_a_unit_that_is_no_length_is_refused_unless_a_z_factor_is_given(write, tmp_path):
    path = write(plane(), unit="fathom")
    with pytest.raises(EngineError, match=r"says that its elevations are in 'fathom'.*\(Z_FACTOR\)"):
        opened(path, tmp_path)
    np.testing.assert_allclose(opened(path, tmp_path, z_factor=1.8288)[1], plane() * 1.8288, rtol=1e-6)


def test_a_vertical_crs_tells_the_unit(write, tmp_path):
    feet = osr.SpatialReference()
    feet.SetFromUserInput("EPSG:32639+6360")  # NAVD88 height in US survey feet
    _, z, _ = opened(write(plane() * 3937 / 1200, crs=feet.ExportToWkt()), tmp_path)
    np.testing.assert_allclose(z, plane(), rtol=1e-6)


def test_a_crs_in_feet_asks_for_the_unit_of_elevations(write, tmp_path):
    corner = (982_347.3, 198_761.9)
    path = write(plane(), epsg=2263, corner=corner)
    with pytest.raises(EngineError, match=r"in US survey foot, and does not say in what its elevations are; set the Z factor"):
        opened(path, tmp_path)
    assert (opened(path, tmp_path, z_factor=1.0)[1] == plane().astype(np.float32)).all()
    elevation, z, _ = opened(write(plane() / 0.3048, unit="ft", epsg=2263, corner=corner), tmp_path)
    np.testing.assert_allclose(z, plane(), rtol=1e-6)
    np.testing.assert_allclose(elevation.grid.cell_size_m, (20 * 1200 / 3937, 35 * 1200 / 3937))


@pytest.mark.parametrize(
    ("void", "kind"),
    [
        *((void, gdal.GDT_Int16) for void in (-32768, 32767, -9999, -999)),
        (65535, gdal.GDT_UInt16),
        (-99999, gdal.GDT_Int32),
        (-3.4028234663852886e38, gdal.GDT_Float32),
        (1e20, gdal.GDT_Float64),
    ],
)
def test_undeclared_voids_are_missing_and_told(write, tmp_path, void, kind):
    values = plane()
    values[4:7, 2:9] = void
    _, z, told = opened(write(values, kind), tmp_path)
    np.testing.assert_array_equal(z, np.where(values == void, np.nan, values).astype(np.float32))
    assert [text for text in told.warnings if "on 21 of 391 cells, which looks like nodata that nobody declared" in text]


@pytest.mark.parametrize(
    ("low", "void", "kind", "factor"),
    [
        (0, -9999, gdal.GDT_Int32, 0.01),  # 100 m below a coast, in centimetres
        (-3, -9999, gdal.GDT_Int32, 0.01),  # … that has ground below the sea itself
        (30, -32768, gdal.GDT_Int32, 0.001),
        (0, -999, gdal.GDT_Int16, 0.1),
        (0, 65535, gdal.GDT_UInt16, 0.01),
        (3, 32767, gdal.GDT_Int16, 0.05),
        (0, 255, gdal.GDT_Byte, 1.0),
    ],
)
def test_undeclared_voids_are_none_of_the_ground_in_any_unit(write, tmp_path, low, void, kind, factor):
    """No other value is negative, or none nearly as low, or they lie farther from all others than these from each other."""
    values = np.round(plane(0) / (202 * factor) * (100 if void > 0 else 25)) if kind != gdal.GDT_Byte else np.round(plane(0) / 4)
    values += round(low / factor)
    ground = values * factor
    values[4:7, 2:9] = void
    _, z, told = opened(write(values, kind), tmp_path, z_factor=factor)
    np.testing.assert_allclose(z, np.where(values == void, np.nan, ground), rtol=1e-6)
    assert [text for text in told.warnings if "on 21 of 391 cells, which looks like nodata that nobody declared" in text]


def test_a_void_that_may_be_ground_is_left(write, tmp_path):
    """Among others that are negative and near, or as far from the others as these from each other."""
    for values, kind, factor in (
        (np.where(plane(0) < 30, -9999, plane(0) * 100 - 5000), gdal.GDT_Int32, 0.01),
        (np.where(plane(0) < 100, 65535, plane(0) * 320), gdal.GDT_UInt16, 0.01),
        (np.where(plane(0) < 30, 255, plane(0)), gdal.GDT_Byte, 0.5),
    ):
        _, z, told = opened(write(values, kind), tmp_path, z_factor=factor)
        assert not np.isnan(z).any()
        assert not [text for text in told.warnings if "nodata that nobody declared" in text]


def test_a_lone_minus_one_with_cliffs_is_told(write, tmp_path):
    values = plane()
    values[10:18, 5:12] = -1
    (text,) = opened(write(values), tmp_path)[2].warnings
    assert text.startswith("The DEM dem.tif is -1 on 56 cells with cliffs around them, as where nodata was not declared")
    coast = plane(-1)
    coast[coast < 6] = -1
    assert not opened(write(coast), tmp_path)[2].warnings


def test_what_no_place_on_earth_is_as_low_or_high_as_is_missing(write, tmp_path):
    values = plane()
    values[0, :3], values[5, 5] = [-15_000, -20_000, -12_001], 9_001
    _, z, told = opened(write(values), tmp_path)
    assert np.isnan(z).sum() == 4
    assert any("elevations lower or higher than any on Earth on 4 of 391 cells" in text for text in told.warnings)
    values[0, :3], values[5, 5] = -11_999, 8_999
    assert not np.isnan(opened(write(values), tmp_path)[1]).any()


def test_the_deep_sea_and_the_dead_sea_are_ground(write, tmp_path):
    for values in (plane(-430), plane(-9_990) - plane(0) * 0.01, np.where(plane() > 560, plane(), plane(-1_100))):
        values[3, 3] = -999 if values.max() > -1_000 and values.min() < -600 else values[3, 3]
        _, z, told = opened(write(values), tmp_path)
        assert not np.isnan(z).any()
        assert not told.warnings


def test_centimetres_without_a_unit_are_refused(write, tmp_path):
    path = write(plane() * 100, gdal.GDT_Int32)
    with pytest.raises(EngineError, match=r"elevations from 50,000 to 70,200 m, as no place on Earth.*0\.01 for centimetres"):
        opened(path, tmp_path)
    np.testing.assert_allclose(opened(path, tmp_path, z_factor=0.01)[1], plane(), rtol=1e-6)


def test_what_is_no_ground_is_told_by_metres_whatever_the_unit(write, tmp_path):
    """In decimetres: −999.9 m beside ground at −700 m, the highest mountain beside what is higher, and steps of 10 m around 0."""
    sea = plane() * 10 - 12_000  # from −700 m on
    sea[4:7, 2:9] = -9_999
    _, z, told = opened(write(sea), tmp_path, z_factor=0.1)
    assert not np.isnan(z).any()
    assert not told.warnings
    high = plane(8_500) * 10
    high[5, 5] = 90_010
    assert np.isnan(opened(write(high), tmp_path, z_factor=0.1)[1]).sum() == 1
    low = np.where(plane(0) % 2 < 1, 100.0, 130.0)
    low[10:18, 5:12] = 0
    assert not opened(write(low), tmp_path, z_factor=0.1)[2].warnings


def test_oblong_cells_become_square_ones_of_the_size_asked_for(write, tmp_path):
    assert opened(write(plane()), tmp_path, cell_size=20.0)[0].grid.cell_size == (20.0, 20.0)


def test_a_hillshade_is_noticed(write, tmp_path):
    shade = (plane() % 255).astype(np.uint8)
    assert any("from 0 to 254 in bytes, as a hillshade" in text for text in opened(write(shade, gdal.GDT_Byte), tmp_path)[2].warnings)
    assert not opened(write((plane() % 90).astype(np.uint8), gdal.GDT_Byte), tmp_path)[2].warnings  # a lowland


def test_pictures_are_refused(write, tmp_path):
    path = write(np.arange(ROWS * COLS).reshape(ROWS, COLS) % 200, gdal.GDT_Byte)
    dataset = gdal.Open(path, gdal.GA_Update)
    table = gdal.ColorTable()
    table.SetColorEntry(1, (255, 0, 0, 255))
    dataset.GetRasterBand(1).SetColorTable(table)
    dataset = None
    with pytest.raises(EngineError, match=r"The DEM dem\.tif is a picture"):
        opened(path, tmp_path)


def test_what_says_that_it_is_something_else_is_refused(write, tmp_path):
    path = write(plane())
    dataset = gdal.Open(path, gdal.GA_Update)
    for told, expected in (("susceptibility", "susceptibility"), ("Slope", "slope"), ("local_relief", "local relief")):
        dataset.GetRasterBand(1).SetDescription(told)
        dataset.FlushCache()
        with pytest.raises(EngineError, match=rf"The DEM dem\.tif holds {expected}, not elevations; choose the raster that has these"):
            opened(path, tmp_path)
    for told in ("altitude", "Elevation", "Band 1", ""):
        dataset.GetRasterBand(1).SetDescription(told)
        dataset.FlushCache()
        np.testing.assert_array_equal(opened(path, tmp_path)[1], plane())
    dataset.GetRasterBand(1).SetCategoryNames(["", "rock", "meadow", "wood", "field"])
    dataset = None
    with pytest.raises(EngineError, match=r"holds classes \(rock, meadow, wood, …\), not elevations"):
        opened(path, tmp_path)


def test_a_missing_tile_of_zeros_is_told(write, tmp_path):
    values = plane()
    values[10:18, 5:12] = 0
    _, z, told = opened(write(values), tmp_path)
    assert any("dem.tif is 0 on 56 cells with cliffs around them" in text for text in told.warnings)
    assert (z == 0).sum() == 56
    for coast in (np.maximum(plane(-60), 0), np.maximum(plane(-60) / 10, 0), np.maximum(np.floor(plane(-60) / 4), 0)):
        assert not opened(write(coast), tmp_path)[2].warnings
    lowland = plane() / 100 + 3  # 8 m and a centimetre a cell
    lowland[10:18, 5:12] = 0
    assert any("dem.tif is 0 on 56 cells" in text for text in opened(write(lowland), tmp_path)[2].warnings)
    lowland += np.where(lowland > 0, -4.9, 0)  # 3 m is no cliff
    assert not opened(write(lowland), tmp_path)[2].warnings
    values = plane()
    values[10:18, 5:12] = 0
    assert not opened(write(values, nodata=0), tmp_path)[2].warnings


def test_zeros_apart_from_the_ground_or_below_a_step_of_30_m_are_no_missing_tile(write, tmp_path):
    values = plane()
    values[9:19, 4:13] = -1
    values[10:18, 5:12] = 0
    assert not opened(write(values, nodata=-1), tmp_path)[2].warnings, "nothing borders them"
    values[values == -1] = 30
    assert not opened(write(values), tmp_path)[2].warnings
    values[values == 30] = 30.5
    assert any("dem.tif is 0 on 56 cells with cliffs" in text for text in opened(write(values), tmp_path)[2].warnings)


def test_a_dem_of_no_data_or_one_value(write, tmp_path):
    for values, said in ((np.full((ROWS, COLS), -9999.0), "holds no data"), (np.full((ROWS, COLS), 7.0), r"same everywhere \(7 m\)")):
        with pytest.raises(EngineError, match=said):
            opened(write(values), tmp_path)
    with pytest.raises(EngineError, match="holds no data"):
        opened(write(np.full((ROWS, COLS), 5.0), nodata=5), tmp_path)


def test_a_cell_size_averages_over_the_same_extent(write, tmp_path):
    elevation, z, told = opened(write(plane() / 0.3048, gdal.GDT_Float64, "ft"), tmp_path, cell_size=70.0)
    assert elevation.grid.transform == (512_347.3, 70.0, 0.0, 3_598_761.9, 0.0, -70.0)
    assert elevation.grid.shape == (12, 5)  # 805 m and 340 m
    # Two rows and three and a half columns: its cells 0, 1, 2 and half of 3.
    assert z[0, 0] == pytest.approx(500 + 7 * 0.5 + 3 * (0 + 1 + 2 + 1.5) / 3.5, rel=1e-4)
    assert told.messages[-1] == "Elevation: dem.tif, cells of 20 × 35, averaged."
    assert resized(elevation.grid, 10_000.0).shape == (1, 1)


def test_cells_too_large_for_the_dem_are_told_of_it(write, tmp_path):
    """One cell has no slope, wherever its centre lies, and the centres of a row of cells may lie beside a narrow DEM."""
    told = r"The DEM dem\.tif reaches over 340 × 805, and cells of 2000 × 2000 \(CELL_SIZE\) make it one cell; choose smaller ones\."
    with pytest.raises(EngineError, match=told):
        opened(write(plane()), tmp_path, cell_size=2000.0)
    with pytest.raises(EngineError, match=r"reaches over 60 × 35, and cells of 200 × 200"):
        opened(write(plane()[:1, :3]), tmp_path, cell_size=200.0)
    with pytest.raises(EngineError, match=r"reaches over 20 × 350, and no cell of 150 × 150 \(CELL_SIZE\) has elevations at its centre"):
        opened(write(plane()[:10, :1]), tmp_path, cell_size=150.0)
    values = np.full((ROWS, COLS), -9999.0)
    values[1, :2] = 500, 501
    with pytest.raises(EngineError, match=r"reaches over 340 × 805, and cells of 700 × 700"):
        opened(write(values, nodata=-9999), tmp_path, cell_size=700.0)


def test_a_local_crs_in_metres_works_and_degrees_do_not(write, tmp_path):
    local = 'LOCAL_CS["site grid",UNIT["metre",1]]'
    elevation, z, _ = opened(write(plane(), crs=local), tmp_path)
    assert elevation.grid.cell_size_m == (20, 35)
    assert (z == plane().astype(np.float32)).all()
    path = write(plane(), epsg=4326, width=0.001, height=0.002, corner=(51.2, 33.4))
    with pytest.raises(
        EngineError, match=r"The DEM dem\.tif is in degrees, and slopes and distances need metres; warp it .*gdal:warpreproject"
    ):
        opened(path, tmp_path)


def test_true_cell_sizes_are_told(write, tmp_path):
    elevation, _, told = opened(write(plane(), epsg=3857, corner=(1_000_000.3, 8_400_000.7)), tmp_path)
    assert elevation.grid.cell_size_m == pytest.approx((20 * 0.5014, 35 * 0.4995), rel=2e-3)
    assert any(
        "in WGS 84 / Pseudo-Mercator, whose metres are not those on the ground: its cells are 10.0" in text for text in told.warnings
    )
    assert not opened(write(plane()), tmp_path)[2].warnings


def test_a_projection_that_stretches_the_area_unevenly_is_refused(odd_grid):
    north = odd_grid(6000, 3000, epsg=3857, corner=(1_000_000.3, 8_500_000.7))  # 60° N, 105 km from north to south
    with pytest.raises(EngineError, match=r"in WGS 84 / Pseudo-Mercator, whose metre is 0\.5.*% off elsewhere.*gdal:warpreproject"):
        check_ground(north, "The DEM", "slopes need metres")
    check_ground(odd_grid(30, 30, epsg=3857, corner=(1_000_000.3, 8_400_000.7)), "The DEM", "slopes need metres")
    check_ground(odd_grid(30, 30), "The DEM", "slopes need metres")


@pytest.mark.parametrize("unit", ["unspecified", "Unknown", "none"])
def test_a_unit_that_says_nothing_is_none(write, tmp_path, unit):
    values = np.arange(60.0).reshape(6, 10) + 100
    np.testing.assert_array_equal(opened(write(values, unit=unit), tmp_path)[1], values)
