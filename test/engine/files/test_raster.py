# SPDX-License-Identifier: GPL-2.0-or-later
"""Pixel values as the raster declares them, on data of every kind that people hold."""

import time

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window, reference_of
from scarp.engine.files.raster import Contents, band_name, large, open_raster, open_rasters, tally, told_voids, undeclared_voids
from scarp.engine.tasks import classify_susceptibility

ROWS, COLS = 23, 17


@pytest.fixture
def write(tmp_path, odd_grid):
    """Write bands on the odd grid in a data type; return the path."""

    def write(*bands, kind=gdal.GDT_Float32, name="values.tif", options=(), crs=True):
        grid = odd_grid(*bands[0].shape)
        path = str(tmp_path / name)
        dataset = gdal.GetDriverByName("GTiff").Create(path, grid.shape[1], grid.shape[0], len(bands), kind, list(options))
        dataset.SetGeoTransform(grid.transform)
        if crs:
            dataset.SetProjection(grid.crs)
        for number, band in enumerate(bands, start=1):
            dataset.GetRasterBand(number).WriteArray(band)
        return path

    return write


def numbered(dtype=np.float32):
    return np.arange(ROWS * COLS, dtype=dtype).reshape(ROWS, COLS)


def change(path, act):
    dataset = gdal.Open(path, gdal.GA_Update)
    act(dataset)
    dataset = None


def whole(path, **options):
    raster = open_raster(path)
    return raster.read(Window(0, 0, *raster.grid.shape), **options)


def test_a_window_and_its_halo(write):
    raster = open_raster(write(numbered()))
    padded = np.pad(numbered(), 2, constant_values=np.nan)
    np.testing.assert_array_equal(raster.read(Window(0, 12, 9, 5), 2), padded[:13, 12:21])
    np.testing.assert_array_equal(raster.read(Window(20, 3, 3, 4)), numbered()[20:, 3:7])
    assert raster.read(Window(2, 2, 3, 3), dtype=np.float64).dtype == np.float64
    assert np.isnan(raster.read(Window(40, 40, 2, 3))).all()


@pytest.mark.parametrize(
    ("kind", "dtype", "nodata"),
    [
        (gdal.GDT_Byte, np.uint8, 0),
        (gdal.GDT_Int16, np.int16, -32768),
        (gdal.GDT_Float64, np.float64, 7.25),
        (gdal.GDT_Float32, np.float32, float(np.finfo(np.float32).min)),
        (gdal.GDT_Float32, np.float32, float("nan")),
    ],
)
def test_declared_nodata_is_missing(write, kind, dtype, nodata):
    values = (numbered() % 100).astype(dtype)
    values[4, 5] = nodata
    path = write(values, kind=kind)
    change(path, lambda dataset: dataset.GetRasterBand(1).SetNoDataValue(nodata))
    expected = np.where((values == dtype(nodata)) | np.isnan(values.astype(float)), np.nan, values).astype(np.float32)
    np.testing.assert_array_equal(whole(path), expected)
    if not np.isnan(nodata) and abs(nodata) < 1e19:
        np.testing.assert_array_equal(whole(f"{path}|ownnodata=no"), values.astype(np.float32))


def test_nodata_that_the_user_added_is_missing(write):
    path = write(numbered())
    found = whole(f"{path}|nodata=3:5,10:10")
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(found)), [3, 4, 5, 10])


def test_scale_and_offset_count_but_not_for_nodata(write):
    path = write(numbered(np.int16), kind=gdal.GDT_Int16)

    def act(dataset):
        band = dataset.GetRasterBand(1)
        band.SetScale(0.1)
        band.SetOffset(500)
        band.SetNoDataValue(20)

    change(path, act)
    expected = numbered() * 0.1 + 500
    expected[numbered() == 20] = np.nan
    np.testing.assert_allclose(whole(path), expected, rtol=1e-6)
    assert np.isnan(whole(f"{path}|nodata=501:501.05")[0, 10])  # as QGIS shows them: raw 10


def test_transparent_cells_are_missing(write):
    alpha = np.full((ROWS, COLS), 255, np.uint8)
    alpha[:, :3] = 0
    path = write(numbered(), alpha)
    change(path, lambda dataset: dataset.GetRasterBand(2).SetColorInterpretation(gdal.GCI_AlphaBand))
    assert len(open_rasters(path)) == 1
    np.testing.assert_array_equal(whole(path), np.where(alpha == 0, np.nan, numbered()))


@pytest.mark.parametrize("inside", ["YES", "NO"])
def test_masked_cells_are_missing(write, tmp_path, inside):
    path = write(numbered())

    def act(dataset):
        with_mask = np.full((ROWS, COLS), 255, np.uint8)
        with_mask[7, 2:9] = 0
        dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
        dataset.GetRasterBand(1).GetMaskBand().WriteArray(with_mask)

    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", inside)
    change(path, act)
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)
    assert len(list(tmp_path.glob("*.msk"))) == (inside == "NO")
    found = whole(path)
    assert np.isnan(found[7, 2:9]).all()
    assert np.isnan(found).sum() == 7


def test_infinite_and_huge_numbers_are_missing(write):
    values = numbered()
    values[0, :4] = [np.inf, -np.inf, -3.4e38, 1e20]
    found = whole(write(values))
    assert np.isnan(found[0, :4]).all()
    assert np.isnan(found).sum() == 4


def test_signed_bytes(write):
    if hasattr(gdal, "GDT_Int8"):  # a type of its own since GDAL 3.7
        path = write(np.full((ROWS, COLS), -5, np.int8), kind=gdal.GDT_Int8)
    else:
        path = write(np.full((ROWS, COLS), 251, np.uint8), kind=gdal.GDT_Byte, options=["PIXELTYPE=SIGNEDBYTE"])
    assert (whole(path) == -5).all()


def test_a_south_up_raster_is_turned(write):
    path = write(numbered())
    grid = open_raster(path).grid
    south = grid.bounds[1]
    change(path, lambda dataset: dataset.SetGeoTransform((*grid.transform[:3], south, 0.0, 35.0)))
    raster = open_raster(path)
    assert raster.grid.matches(grid)
    np.testing.assert_array_equal(raster.read(Window(0, 0, ROWS, COLS)), numbered()[::-1])
    np.testing.assert_array_equal(raster.read(Window(2, 1, 5, 4), 1), numbered()[::-1][1:8, 0:6])


@pytest.mark.parametrize("south_up", [False, True])
def test_a_raster_stored_from_east_to_west_is_mirrored(write, south_up):
    path = write(numbered())
    grid = open_raster(path).grid
    west, south, east, north = grid.bounds
    width, height = grid.cell_size
    change(
        path, lambda dataset: dataset.SetGeoTransform((east, -width, 0.0, *((south, 0.0, height) if south_up else (north, 0.0, -height))))
    )
    raster = open_raster(path)
    assert raster.grid.matches(grid)
    right = numbered()[:: -1 if south_up else 1, ::-1]
    np.testing.assert_array_equal(raster.read(Window(0, 0, ROWS, COLS)), right)
    np.testing.assert_array_equal(raster.read(Window(2, 1, 5, 4), 1), right[1:8, 0:6])


def test_overviews_are_never_read(write):
    values = np.where(np.indices((512, 512)).sum(axis=0) % 2, 1, 9).astype(np.uint8)
    path = write(values, kind=gdal.GDT_Byte)
    gdal.Open(path).BuildOverviews("AVERAGE", [2, 4])
    assert gdal.Open(path).GetRasterBand(1).GetOverviewCount() == 2
    assert set(np.unique(whole(path))) == {1, 9}


def test_a_file_that_is_cut_off_is_named(write, tmp_path):
    path = write(np.random.default_rng(1).random((300, 300)).astype(np.float32), options=["COMPRESS=DEFLATE"])
    with (tmp_path / "values.tif").open("r+b") as stream:
        stream.truncate(200_000)
    with pytest.raises(EngineError, match=r"^The raster values\.tif cannot be read to its end: .*Download or copy it again\.$"):
        whole(path)


@pytest.mark.parametrize(("driver", "name"), [("ENVI", "values.img"), ("EHdr", "values.bil"), ("AAIGrid", "values.asc")])
def test_files_without_blocks_that_are_cut_off_are_named(write, tmp_path, driver, name):
    path, band = str(tmp_path / name), np.random.default_rng(1).random((100, 100)).astype(np.float32)
    gdal.Translate(path, write(*[band] * (1 if driver == "AAIGrid" else 3)), format=driver)
    with (tmp_path / name).open("r+b") as stream:
        stream.truncate((tmp_path / name).stat().st_size // 2)
    with pytest.raises(EngineError, match=rf"^The raster {name} cannot be read to its end"):
        whole(f"{path}|band=1")


@pytest.mark.parametrize(
    ("width", "height", "told"), [(1e9, -30.0, r"1e\+09 × 30"), (30.0, -1e9, r"30 × 1e\+09"), (30.0, -1e-9, "30 × 1e-09")]
)
def test_cells_that_no_data_has_are_refused(write, width, height, told):
    path = write(numbered())
    change(path, lambda dataset: dataset.SetGeoTransform((500_000.0, width, 0.0, 3_600_000.0, 0.0, height)))
    with pytest.raises(EngineError, match=rf"^The raster values\.tif has cells of {told} in its coordinate .* which no data has"):
        whole(path)


@pytest.mark.parametrize(("west", "north", "is_told"), [(-180.0, 50.0, False), (-180.0, 115.0, True), (190.0, 50.0, True)])
def test_degrees_reach_around_the_globe_and_not_beyond_a_pole(write, west, north, is_told):
    """100 rows of 360 cells of a degree; once around and a half beyond the date line is taken, as of data from 0 to 360."""
    path = write(np.arange(36_000.0, dtype=np.float32).reshape(100, 360))

    def act(dataset):
        dataset.SetProjection(reference_of(4326).ExportToWkt())
        dataset.SetGeoTransform((west, 1.0, 0.0, north, 0.0, -1.0))

    change(path, act)
    if is_told:
        with pytest.raises(EngineError, match="which are no degrees"):
            whole(path)
    else:
        np.testing.assert_array_equal(whole(path), np.arange(36_000.0, dtype=np.float32).reshape(100, 360))


def test_a_mosaic_without_one_of_its_tiles_is_named(write, tmp_path):
    west, east = (write(numbered(), name=f"{side}.tif") for side in ("west", "east"))
    grid = open_raster(west).grid
    change(east, lambda dataset: dataset.SetGeoTransform((grid.bounds[2], *grid.transform[1:])))
    path = str(tmp_path / "mosaic.vrt")
    gdal.BuildVRT(path, [west, east])
    assert whole(path).shape == (ROWS, 2 * COLS)
    (tmp_path / "east.tif").unlink()
    with pytest.raises(EngineError, match=r"The raster mosaic\.vrt cannot be read to its end: .*east\.tif"):
        whole(path)


def test_one_of_several_bands_is_never_guessed(write):
    path = write(numbered(), numbered() * 2, numbered() * 3)
    change(path, lambda dataset: dataset.GetRasterBand(3).SetDescription("B8"))
    with pytest.raises(EngineError, match=r"values\.tif has 3 bands \(1, 2, B8\), and one is needed; choose one by NIR_BAND\."):
        open_raster(path, "choose one by NIR_BAND")
    assert [band_name(raster.band) for raster in open_rasters(path)] == ["1", "2", "B8"]
    assert (whole(f"{path}|band=2") == numbered() * 2).all()
    for number in (4, -1):
        with pytest.raises(EngineError, match=f"has 3 bands, and band {number} was asked for"):
            open_raster(f"{path}|band={number}")


def test_a_picture_is_called_one(write):
    colours = [np.full((ROWS, COLS), shade, np.uint8) for shade in (10, 20, 30, 255)]
    path = write(*colours, kind=gdal.GDT_Byte, options=["PHOTOMETRIC=RGB", "ALPHA=YES"])
    with pytest.raises(EngineError, match=r"values\.tif is a picture: its bands \(red, green, blue\) are colours"):
        open_raster(path)
    assert open_raster(f"{path}|band=1").is_picture
    assert not open_raster(write(numbered(), name="plain.tif")).is_picture


def test_a_crs_that_was_set_counts(write):
    path = write(numbered(), crs=False)
    with pytest.raises(EngineError, match=r"values\.tif has no coordinate reference system; .*\|crs=EPSG"):
        open_raster(path)
    assert open_raster(f"{path}|crs=EPSG:5514").grid.spatial_reference.GetAuthorityCode(None) == "5514"
    with pytest.raises(EngineError, match="is no coordinate reference system"):
        open_raster(f"{path}|crs=EPSG:1")


@pytest.mark.parametrize("transform", [(0, 1, 0.1, 0, 0, -1), (0, 1, 0, 0, 0.1, -1)])
def test_a_rotated_raster_is_refused(write, transform):
    path = write(numbered())
    change(path, lambda dataset: dataset.SetGeoTransform(transform))
    with pytest.raises(EngineError, match=r"values\.tif is rotated; warp it first"):
        open_raster(path)


def test_a_file_of_several_rasters_lists_them(tmp_path, write):
    path = str(tmp_path / "climate.gpkg")
    for number, table in enumerate(("rain", "warmth")):
        options = [f"RASTER_TABLE={table}", *(["APPEND_SUBDATASET=YES"] if number else [])]
        gdal.Translate(path, write(numbered()), format="GPKG", creationOptions=options)
    with pytest.raises(EngineError, match=r"climate\.gpkg holds 2 rasters; name one of them: GPKG:.*:rain, GPKG:.*:warmth"):
        open_raster(path)
    assert (whole(f"GPKG:{path}:warmth") == numbered()).all()


def test_what_is_no_raster_is_named(tmp_path):
    with pytest.raises(EngineError, match="nothing.tif cannot be opened"):
        open_raster(str(tmp_path / "nothing.tif"))
    with pytest.raises(EngineError, match="not named as it should be"):
        open_raster(f"{tmp_path}/nothing.tif|band=red")


def test_a_tally_adds_up_over_windows(write, monkeypatch):
    values = numbered()
    values[::2, 3], values[5, 5] = -9999, 3e38
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 8)
    found = tally(open_raster(write(values)), Window(0, 0, ROWS, COLS))
    assert (found.cells, found.low, found.high, found.odd) == (ROWS * COLS, 0, ROWS * COLS - 1, {-9999: 12, np.inf: 1})


def test_a_tally_sets_odd_values_apart(write):
    values = numbered()
    values[0, :5], values[1, :3], values[2, 0] = -9999, -3e38, np.nan
    path = write(values)
    found = tally(open_raster(path), Window(0, 0, ROWS, COLS))
    assert (found.cells, found.low, found.high) == (ROWS * COLS - 1, 5, ROWS * COLS - 1)
    assert found.odd == {-9999: 5, np.inf: 3}
    assert told_voids(found, (-9999.0,)) == "-9999 on 5 and a number beyond 1e+19 on 3"
    part = tally(open_raster(path), Window(3, 0, 2, COLS))
    assert (part.cells, part.low, part.high, part.odd) == (2 * COLS, 3 * COLS, 5 * COLS - 1, {})


@pytest.mark.parametrize(("odd", "count"), [(0.0, 12), (-0.5, 0), (-2.0, 0), (-9999.0, 12)])
def test_minus_one_is_counted_where_nothing_else_is_negative(write, monkeypatch, odd, count):
    values = numbered()
    values[0, 0], values[::2, 3] = odd, -1
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 8)
    assert tally(open_raster(write(values)), Window(0, 0, ROWS, COLS)).minus_ones == count
    assert tally(open_raster(write(np.full_like(values, -1))), Window(0, 0, ROWS, COLS)).minus_ones == 0


@pytest.mark.parametrize("kind", [gdal.GDT_Int16, gdal.GDT_UInt16, gdal.GDT_Int32])
def test_the_largest_number_of_a_type_is_odd(write, kind):
    largest = {gdal.GDT_Int16: 32767, gdal.GDT_UInt16: 65535, gdal.GDT_Int32: 2147483647}[kind]
    values = numbered(np.int64)
    values[0, 0] = largest
    assert tally(open_raster(write(values, kind=kind)), Window(0, 0, ROWS, COLS)).odd == {largest: 1}
    assert tally(open_raster(write(values, kind=gdal.GDT_Float64)), Window(0, 0, ROWS, COLS)).odd == {}


@pytest.mark.parametrize(
    ("low", "high", "odd", "voids"),
    [
        (0.0, 1.0, (-9999.0,), (-9999.0,)),
        (-9997.5, -9997.4, (-9999.0,), (-9999.0,)),
        (-9998.5, -9998.4, (-9999.0,), ()),
        (0.0, 9_998.0, (-9999.0,), (-9999.0,)),
        (0.0, 50_000.0, (-9999.0,), (-9999.0,)),
        (-1.0, 9_997.0, (-9999.0,), ()),
        (-1.0, 9_996.0, (-9999.0,), (-9999.0,)),
        (-9_999.5, 9_998.0, (-9999.0,), ()),
        (0.0, 25_000.0, (65535.0, -32768.0), (65535.0, -32768.0)),
        (0.0, 40_000.0, (65535.0,), ()),
        (0.0, 1.0, (-999.0, np.inf), ()),
        (-32_766.5, -32_766.5, (-32767.0,), ()),
        (np.inf, -np.inf, (-9999.0, np.inf), (-9999.0,)),
    ],
)
def test_voids_lie_apart_from_all_else(low, high, odd, voids):
    assert undeclared_voids(Contents(100, low, high, dict.fromkeys(odd, 1))) == voids


def test_a_band_of_bytes_in_a_geopackage_is_one_band(write, tmp_path):
    """GDAL may show it as red, green, blue and alpha."""
    codes = (numbered() % 7 + 1).astype(np.uint8)
    path = str(tmp_path / "land use.gpkg")
    gdal.Translate(path, write(codes, kind=gdal.GDT_Byte), format="GPKG")
    assert gdal.OpenEx(path, open_options=["BAND_COUNT=4"]).RasterCount == 4
    np.testing.assert_array_equal(whole(path), codes)
    np.testing.assert_array_equal(whole(f"{path}|option:BAND_COUNT=4"), codes)
    picture = str(tmp_path / "picture.gpkg")
    colours = write(codes, codes, codes[::-1], kind=gdal.GDT_Byte, options=["PHOTOMETRIC=RGB"], name="rgb.tif")
    gdal.Translate(picture, colours, format="GPKG")
    with pytest.raises(EngineError, match=r"picture\.gpkg is a picture"):
        open_raster(picture)


def test_a_small_file_of_very_many_cells_is_told_before_it_is_read(tmp_path):
    class HeardError(Exception):
        pass

    class First(Feedback):
        def warning(self, text):
            raise HeardError(text)

    path = str(tmp_path / "large.tif")
    options = ["SPARSE_OK=TRUE", "TILED=YES", "COMPRESS=DEFLATE"]
    made = gdal.GetDriverByName("GTiff").Create(path, 50_000, 40_000, 1, gdal.GDT_Byte, options)
    made.SetProjection(reference_of(32639).ExportToWkt())
    made.SetGeoTransform((500_000, 1, 0, 3_600_000, 0, -1))
    del made
    words = r"SUSCEPTIBILITY\): the raster has 2,000,000,000 cells \(50,000 × 40,000\), and to read them may take hours; cancel and cut it"
    began = time.monotonic()
    with pytest.raises(HeardError, match=words):
        classify_susceptibility.run(First(), susceptibility=path, output=str(tmp_path / "o.tif"))
    assert time.monotonic() - began < 5
    assert large(str(tmp_path / "missing.tif")) == ""
