# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtual rasters over stacks: each band is what it is made of, or the stack is refused."""

from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack, StackWriter
from scarp.models.covariate import Covariate

ROWS, COLS = 9, 7
ALTITUDE, SLOPE = Covariate("altitude", unit="m", group="geomorphologic"), Covariate("slope", unit="degree")
GEOLOGY = Covariate("geology", "categorical", classes={1: "marl", 2: "lime"})


@pytest.fixture
def write(tmp_path, odd_grid):
    """Write a stack whose covariates are told by their hundreds; return its path."""

    def write(name, *covariates, east=0, classes=None):
        grid = odd_grid(ROWS, COLS, corner=(512_347.3 + east * 20 * COLS, 3_598_761.9))
        path = str(tmp_path / name)
        with StackWriter(path, grid, covariates) as writer:
            for number, covariate in enumerate(covariates, start=1):
                values = np.arange(ROWS * COLS).reshape(ROWS, COLS) + 100 * number + 1000 * east
                if covariate.kind == "categorical":
                    values = 1 + values % 2 + east
                writer.write(covariate.name, Window(0, 0, ROWS, COLS), values)
        return path

    return write


def bands(stack):
    return dict(zip(stack.names, np.moveaxis(stack.read(Window(0, 0, *stack.grid.shape)), -1, 0)))


def built(tmp_path, sources, **options):
    path = str(tmp_path / "stack.vrt")
    vrt = gdal.BuildVRT(path, sources, **options)
    vrt.FlushCache()
    del vrt
    assert not gdal.Open(path).GetRasterBand(1).GetMetadata()
    return path


def test_bands_in_another_order_keep_their_names_kinds_and_values(write, tmp_path):
    source = write("stack.tif", ALTITUDE, SLOPE, GEOLOGY)
    expected = bands(Stack.open(source))
    found = Stack.open(built(tmp_path, [source], bandList=[3, 1]))
    assert found.covariates == (GEOLOGY, ALTITUDE)
    for name, values in bands(found).items():
        np.testing.assert_array_equal(values, expected[name])


def test_its_state_is_that_of_all_files_that_it_is_made_of(write, tmp_path):
    """By which a map that was interrupted knows whether it may go on."""
    first, second = write("stack.tif", ALTITUDE), write("other.tif", SLOPE)
    stack = Stack.open(built(tmp_path, [first, second], separate=True))
    before = stack.state
    assert [path for path, _, _ in before] == sorted([stack.path, first, second])
    Path(second).write_bytes(Path(second).read_bytes() + b"more")
    assert [one[0] for one, other in zip(before, stack.state) if one != other] == [second]


def test_gdal_translate_keeps_what_it_kept(write, tmp_path):
    source = write("stack.tif", ALTITUDE, SLOPE, GEOLOGY)
    path = str(tmp_path / "some.vrt")
    gdal.Translate(path, source, format="VRT", bandList=[3, 2]).FlushCache()
    assert Stack.open(path).covariates == (GEOLOGY, SLOPE)


@pytest.mark.parametrize("is_relative", [True, False])
def test_a_name_counts_from_the_vrt_where_it_says_so_else_from_where_the_run_was_started(write, tmp_path, monkeypatch, is_relative):
    """A file of that name lies in both folders, and each holds another covariate."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "started").mkdir()
    write("beside/part.tif", ALTITUDE)
    write("started/part.tif", SLOPE)
    path = built(tmp_path, [str(tmp_path / "beside" / "part.tif")])
    text = Path(path).read_text()
    assert '<SourceFilename relativeToVRT="1">beside/part.tif<' in text
    text = text.replace("beside/part.tif", "part.tif").replace('relativeToVRT="1"', f'relativeToVRT="{int(is_relative)}"')
    (tmp_path / "beside" / "stack.vrt").write_text(text)
    monkeypatch.chdir(tmp_path / "started")
    stack = Stack.open(str(tmp_path / "beside" / "stack.vrt"))
    assert stack.covariates == ((ALTITUDE,) if is_relative else (SLOPE,))


def test_a_vrt_of_a_vrt(write, tmp_path):
    source = write("stack.tif", ALTITUDE, SLOPE)
    inner = str(tmp_path / "inner.vrt")
    gdal.BuildVRT(inner, [source], bandList=[2, 1]).FlushCache()
    assert Stack.open(built(tmp_path, [inner], bandList=[1])).covariates == (SLOPE,)


def test_map_sheets_side_by_side_join_their_classes(write, tmp_path):
    west = write("west.tif", ALTITUDE, Covariate("geology", "categorical", classes={1: "marl", 2: "lime"}))
    east = write("east.tif", ALTITUDE, Covariate("geology", "categorical", classes={2: "lime", 3: "clay"}, codes={3: 110_000_003}), east=1)
    stack = Stack.open(built(tmp_path, [west, east]))
    assert stack.grid.shape == (ROWS, 2 * COLS)
    assert stack.covariate("geology").classes == {1: "marl", 2: "lime", 3: "clay"}
    assert stack.covariate("geology").codes == {3: 110_000_003}
    assert bands(stack)["altitude"][0, COLS] == 1100


def test_a_sheet_without_names_takes_those_of_its_neighbour(write, tmp_path):
    west = write("west.tif", Covariate("geology", "categorical", classes={1: "1", 2: "2"}))
    east = write("east.tif", Covariate("geology", "categorical", classes={2: "lime", 3: "clay"}), east=1)
    for order in ([west, east], [east, west]):
        assert Stack.open(built(tmp_path, order)).covariate("geology").classes == {1: "1", 2: "lime", 3: "clay"}


def test_sheets_that_contradict_each_other_are_refused(write, tmp_path):
    west = write("west.tif", GEOLOGY)
    east = write("east.tif", Covariate("geology", "categorical", classes={1: "clay"}), east=1)
    with pytest.raises(EngineError, match=r"west\.tif has geology where east\.tif calls the class 1 of geology 'clay'"):
        Stack.open(built(tmp_path, [west, east]))
    other = write("other.tif", Covariate("geology"), east=1)
    with pytest.raises(EngineError, match="do not hold the same covariates"):
        Stack.open(built(tmp_path, [west, other]))
    other = write("other.tif", SLOPE, east=1)
    with pytest.raises(EngineError, match=r"west\.tif has geology where other\.tif has slope\. Build the virtual raster"):
        Stack.open(built(tmp_path, [west, other]))


def test_two_covariates_in_one_band_are_refused(write, tmp_path):
    with pytest.raises(EngineError, match=r"altitude\.tif has altitude where slope\.tif has slope\. Build the virtual raster"):
        Stack.open(built(tmp_path, [write("altitude.tif", ALTITUDE), write("slope.tif", SLOPE)]))


def test_tiles_in_separate_bands_are_refused_with_the_way_to_build_them(write, tmp_path):
    tiles = [write("west.tif", ALTITUDE, SLOPE), write("east.tif", ALTITUDE, SLOPE, east=1)]
    with pytest.raises(EngineError, match=r"more than one band named altitude.*gdal:buildvirtualraster without “Place each input"):
        Stack.open(built(tmp_path, tiles, separate=True))


def test_single_bands_in_separate_bands_are_a_stack(write, tmp_path, odd_grid):
    altitude, geology = write("altitude.tif", ALTITUDE), write("geology.tif", GEOLOGY)
    plain = odd_grid(ROWS, COLS).create(str(tmp_path / "Soil depth.tif"))
    plain.GetRasterBand(1).WriteArray(np.full((ROWS, COLS), 0.5))
    plain = None
    stack = Stack.open(built(tmp_path, [altitude, geology, str(tmp_path / "Soil depth.tif")], separate=True))
    assert stack.covariates == (ALTITUDE, GEOLOGY, Covariate("Soil depth"))
    assert (bands(stack)["Soil depth"] == 0.5).all()


def test_bands_without_names_are_refused(odd_grid, tmp_path):
    path = str(tmp_path / "plain.tif")
    odd_grid(ROWS, COLS).create(path, 2).FlushCache()
    for source in (path, built(tmp_path, [path])):
        with pytest.raises(EngineError, match=r"Band 1 of .*plain\.tif has no name, so it is no covariate stack"):
            Stack.open(source)


def test_a_map_is_no_stack(odd_grid, tmp_path):
    path = str(tmp_path / "map.tif")
    dataset = odd_grid(ROWS, COLS).create(path, 1)
    dataset.GetRasterBand(1).SetDescription("susceptibility")
    dataset = None
    with pytest.raises(EngineError, match=r"The raster .*map\.tif holds a map \(susceptibility\), so it is no covariate stack"):
        Stack.open(path)


def test_a_part_that_is_gone_is_named(write, tmp_path):
    path = built(tmp_path, [write("west.tif", ALTITUDE), write("east.tif", ALTITUDE, east=1)])
    (tmp_path / "east.tif").unlink()
    with pytest.raises(EngineError, match=r"The part .*east\.tif of the covariate stack cannot be opened: there is no such file"):
        Stack.open(path)


def test_metadata_that_were_spoilt_are_told(write):
    path = write("stack.tif", GEOLOGY)
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetMetadataItem("classes", "{marl")
    dataset = None
    with pytest.raises(EngineError, match="metadata of the band geology"):
        Stack.open(path)


def test_a_stack_is_read_as_its_source_names_it(write):
    path = write("stack.tif", ALTITUDE, SLOPE)
    stack = Stack.open(f"{path}|name=Stack of June|nodata=205|crs=EPSG:32638".replace("205", "205:205"))
    assert stack.told == "Stack of June"
    assert stack.grid.spatial_reference.GetAuthorityCode(None) == "32638"
    assert np.isnan(bands(stack)["slope"]).sum() == 1
    assert Stack.open(f"{path}|band=2").names == ["slope"]


def test_scale_and_mask_of_a_stack_count(write):
    path = write("stack.tif", ALTITUDE)
    plain = bands(Stack.open(path))["altitude"]
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetScale(0.5)
    dataset = None
    np.testing.assert_array_equal(bands(Stack.open(path))["altitude"], plain / 2)
