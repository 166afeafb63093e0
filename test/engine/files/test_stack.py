# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal, osr
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.raster import open_rasters
from scarp.engine.files.stack import Stack, StackWriter
from scarp.models.covariate import Covariate


def utm():
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    return reference.ExportToWkt()


@pytest.fixture
def stack(tmp_path):
    grid = Grid(utm(), (500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0), (9, 7))
    rng = np.random.default_rng(1)
    values = rng.normal(size=(9, 7, 2)).astype(np.float32)
    values[4, 3, 1] = np.nan
    covariates = [Covariate("altitude", unit="m"), Covariate("geology", "categorical", classes={1: "marl", 2: "lime"})]
    path = str(tmp_path / "stack.tif")
    with StackWriter(path, grid, covariates) as writer:
        for window in grid.windows(4, 4):
            part = values[window.row : window.row + window.rows, window.col : window.col + window.cols]
            for band, covariate in enumerate(covariates):
                writer.write(covariate.name, window, part[..., band])
    return Stack.open(path), values, covariates


def test_what_is_written_is_read(stack):
    opened, values, covariates = stack
    assert opened.covariates == tuple(covariates)
    np.testing.assert_array_equal(opened.read(Window(2, 1, 5, 4)), values[2:7, 1:5])
    np.testing.assert_array_equal(opened.read(Window(0, 0, 9, 7), names=["geology"])[..., 0], values[..., 1])


@pytest.mark.parametrize(("row", "col"), [(0, 0), (0, 4), (6, 0), (6, 4), (3, 4), (6, 2)])
def test_beyond_each_edge_the_raster_is_reflected(stack, row, col):
    opened, values, _ = stack
    padded = np.pad(values, ((2, 2), (2, 2), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(opened.read(Window(row, col, 3, 3), 2), padded[row : row + 7, col : col + 7])


@pytest.mark.parametrize("gap", [False, True])
def test_no_value_is_beyond_what_can_be(stack, gap):
    """Read band by band or all at once, with other cells missing or not, at the edge and inside."""
    opened, values, _ = stack
    values = values.copy()
    if not gap:
        values[4, 3, 1] = 1.0
    values[2, 5, 0], values[8, 0, 1] = 3.4e38, -np.inf
    dataset = gdal.OpenEx(opened.path, gdal.OF_UPDATE)
    for band in (0, 1):
        dataset.GetRasterBand(band + 1).WriteArray(np.ascontiguousarray(values[..., band]))
    dataset = None
    values[2, 5, 0] = values[8, 0, 1] = np.nan
    found = Stack.open(opened.path)
    assert found._is_plain
    padded = np.pad(values, ((3, 3), (3, 3), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(found.read(Window(0, 0, 9, 7), 3), padded)
    np.testing.assert_array_equal(found.read(Window(1, 1, 7, 6), names=["geology", "altitude"]), values[1:8, 1:7, ::-1])
    one_by_one = Stack.open(opened.path)
    one_by_one.__dict__["_is_plain"] = False
    np.testing.assert_array_equal(one_by_one.read(Window(0, 0, 9, 7), 3), padded)


@pytest.mark.parametrize("margin", [1, 6, 25])
def test_beyond_the_edge_values_are_reflected(stack, margin):
    opened, values, _ = stack
    padded = np.pad(values, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    np.testing.assert_array_equal(opened.read(Window(0, 0, 9, 7), margin), padded)


def test_patches_are_cut_by_the_same_rule(stack):
    opened, values, _ = stack
    rows, cols = np.array([0, 8, 4, 3]), np.array([0, 6, 3, 1])
    padded = np.pad(values, ((2, 2), (2, 2), (0, 0)), mode="reflect")
    expected = np.stack([padded[r : r + 5, c : c + 5] for r, c in zip(rows, cols)])
    np.testing.assert_array_equal(opened.patches(rows, cols, 5).take(), expected)
    np.testing.assert_array_equal(opened.at(rows, cols), values[rows, cols])


@pytest.mark.parametrize("count", [1, 40, 5000])
def test_patches_that_overlap_share_memory(write_stack, count):
    opened = Stack.open(write_stack("stack.tif", (100, 90)))
    numbers = np.random.default_rng(1).choice(9000, count, replace=False)
    rows, cols = np.divmod(numbers, 90)
    padded = np.pad(opened.read(Window(0, 0, 100, 90)), ((7, 7), (7, 7), (0, 0)), mode="reflect")
    expected = np.stack([padded[row : row + 15, col : col + 15] for row, col in zip(rows, cols)])
    patches = opened.patches(rows, cols, 15)
    np.testing.assert_array_equal(patches.take(), expected)
    np.testing.assert_array_equal(patches.centres(), expected[:, 7, 7])
    some = np.array([count - 1, 0])
    np.testing.assert_array_equal(patches.only(some).take(), expected[some])
    assert len(patches.cells) <= min(count * 225, 2 * 114 * 104)


def test_cells_and_centres_are_inverse(stack):
    grid = stack[0].grid
    rows, cols = np.divmod(np.arange(63), 7)
    found = grid.cells(*grid.centres(rows, cols))
    np.testing.assert_array_equal(found[0], rows)
    np.testing.assert_array_equal(found[1], cols)
    assert found[2].all()
    assert not grid.cells(np.array([499999.0]), np.array([3599999.0]))[2][0]


def test_a_raster_that_is_no_stack_is_refused(tmp_path):
    path = str(tmp_path / "plain.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 4, 4, 1)
    dataset.SetProjection(utm())
    dataset = None
    with pytest.raises(EngineError, match="Prepare covariates"):
        Stack.open(path)


def test_a_stack_of_another_program_with_nodata_that_nobody_declared_is_refused(tmp_path):
    path = str(tmp_path / "foreign.tif")
    dataset = Grid(utm(), (500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0), (9, 7)).create(path, 2, gdal.GDT_Float32, None)
    values = np.arange(63, dtype=np.float32).reshape(9, 7)
    for number, name in enumerate(("slope", "altitude"), start=1):
        dataset.GetRasterBand(number).SetDescription(name)
        dataset.GetRasterBand(number).WriteArray(values)
    dataset.FlushCache()
    assert np.nanmin(Stack.open(path).read(Window(0, 0, 9, 7))) == 0
    dataset.GetRasterBand(2).WriteArray(np.where(np.indices((9, 7))[0] < 2, np.float32(-3.4028235e38), values))
    dataset.FlushCache()
    assert np.isnan(Stack.open(path).read(Window(0, 0, 9, 7), names=["altitude"])).sum() == 14, "no number of this field"
    values[:2] = -9999
    dataset.GetRasterBand(2).WriteArray(values)
    dataset = None
    with pytest.raises(EngineError, match=r"foreign\.tif, band altitude holds .* on 14 of 63 cells, which looks like nodata that nobody"):
        Stack.open(path)
    declared = Stack.open(f"{path}|nodata=-9999:-9999").read(Window(0, 0, 9, 7), names=["altitude"])
    assert np.isnan(declared).sum() == 14
    dataset = gdal.OpenEx(path, gdal.OF_UPDATE)
    dataset.GetRasterBand(2).SetMetadataItem("kind", "continuous")  # as “Prepare covariates” writes it, which has looked at the values
    dataset = None
    assert (Stack.open(path).read(Window(0, 0, 9, 7), names=["altitude"]) == -9999).sum() == 14


def hidden(dataset):
    dataset.CreateMaskBand(gdal.GMF_PER_DATASET)
    dataset.GetRasterBand(1).GetMaskBand().WriteArray(np.tile(np.uint8([255, 0, 255, 255, 0, 255, 255]), (9, 1)))


FOREIGN = {
    "nodata": lambda dataset: [dataset.GetRasterBand(number).SetNoDataValue(7.0) for number in (1, 2, 3)],
    "scale": lambda dataset: dataset.GetRasterBand(2).SetScale(0.25),
    "offset": lambda dataset: dataset.GetRasterBand(2).SetOffset(-3.0),
    "mask": hidden,
    "alpha": lambda dataset: dataset.GetRasterBand(3).SetColorInterpretation(gdal.GCI_AlphaBand),
    "south up": lambda dataset: dataset.SetGeoTransform((500000.0, 30.0, 0.0, 3599730.0, 0.0, 30.0)),
    "signed bytes": lambda dataset: dataset.GetRasterBand(1).WriteArray(np.full((9, 7), 251, np.uint8).view(np.int8)),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_a_stack_of_another_program_means_what_its_bands_say(tmp_path, what):
    """All bands are read at once only where what is stored are their values."""
    path, values = str(tmp_path / "foreign.tif"), np.arange(63).reshape(9, 7)
    signed = (gdal.GDT_Int8, []) if hasattr(gdal, "GDT_Int8") else (gdal.GDT_Byte, ["PIXELTYPE=SIGNEDBYTE"])
    kind, options = signed if what == "signed bytes" else (gdal.GDT_Float32, [])
    dataset = gdal.GetDriverByName("GTiff").Create(path, 7, 9, 3, kind, options)
    dataset.SetProjection(utm())
    dataset.SetGeoTransform((500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0))
    for number in (1, 2, 3):
        dataset.GetRasterBand(number).SetDescription(f"of {number}")
        dataset.GetRasterBand(number).WriteArray(values * (number != 3))
    dataset = None
    dataset = gdal.Open(path, gdal.GA_Update)
    FOREIGN[what](dataset)
    stored = dataset.ReadAsArray().astype(float)
    dataset = None
    bands = open_rasters(path)
    found = Stack.open(path).read(Window(0, 0, 9, 7))
    np.testing.assert_array_equal(found, np.stack([band.read(Window(0, 0, 9, 7)) for band in bands], axis=-1))
    assert np.array_equal(np.moveaxis(found, -1, 0), stored[: len(bands)]) == (what == "signed bytes")


def test_values_are_not_compressed_and_empty_ground_takes_no_room(tmp_path):
    grid = Grid(utm(), (500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0), (512, 512))
    path = tmp_path / "stack.tif"
    values = np.full(grid.shape, 3.0, np.float32)
    values[256:, :] = values[:256, 256:] = np.nan
    with StackWriter(str(path), grid, [Covariate("altitude"), Covariate("slope")]) as writer:
        for name in ("altitude", "slope"):
            writer.write(name, Window(0, 0, 512, 512), values)
    assert gdal.Open(str(path)).GetMetadataItem("COMPRESSION", "IMAGE_STRUCTURE") is None
    tile = 4 * 256**2
    assert 2 * tile < path.stat().st_size < 3 * tile  # one of the four tiles of each covariate
    np.testing.assert_array_equal(Stack.open(str(path)).read(Window(0, 0, 512, 512)), np.stack([values, values], axis=-1))
