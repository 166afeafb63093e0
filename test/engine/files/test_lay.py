# SPDX-License-Identifier: GPL-2.0-or-later
"""Rasters of quantities laid over a grid of oblong cells, by value."""

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, osr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.overlay import part_under, quantity_raster
from scarp.engine.files.raster import open_raster

ROWS, COLS = 23, 17


@pytest.fixture
def write(tmp_path):
    """Write values on a grid; return the path."""

    def write(grid, values, name="rain.tif", kind=gdal.GDT_Float32, nodata=None):
        path = str(tmp_path / name)
        dataset = grid.create(path, kind=kind, nodata=nodata)
        dataset.GetRasterBand(1).WriteArray(values)
        return path

    return write


def laid(path, grid, tmp_path, feedback=None):
    raster, how = quantity_raster(open_raster(path), grid, tmp_path / "laid.tif", feedback or Feedback())
    assert not list(tmp_path.glob("*.read.tif"))
    return raster.read(Window(0, 0, *grid.shape)), how


def numbered(shape):
    return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)


def plane(grid):
    rows, cols = np.indices(grid.shape)
    x, y = grid.centres(rows, cols)
    return (x - 512_000) * 0.01 + (y - 3_598_000) * 0.1


def test_on_the_grid_already_nothing_is_laid(write, odd_grid, tmp_path):
    found, how = laid(write(odd_grid(), numbered((ROWS, COLS))), odd_grid(), tmp_path)
    np.testing.assert_array_equal(found, numbered((ROWS, COLS)))
    assert how == "rain.tif, on the grid already"
    assert not (tmp_path / "laid.tif").exists()


def test_smaller_cells_are_averaged(write, odd_grid, tmp_path):
    fine = odd_grid(2 * ROWS, 2 * COLS, width=10.0, height=17.5)
    values = numbered(fine.shape)
    values[0, 0] = np.nan
    found, how = laid(write(fine, values), odd_grid(), tmp_path)
    expected = np.nanmean(values.reshape(ROWS, 2, COLS, 2), axis=(1, 3))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert how == "rain.tif, cells of 10 × 17.5, averaged"


def test_larger_or_shifted_cells_are_interpolated(write, odd_grid, tmp_path):
    for source in (
        odd_grid(14, 12, width=40.0, height=70.0, corner=(512_287.3, 3_598_831.9)),
        odd_grid(25, 19, corner=(512_340.1, 3_598_770.3)),
    ):
        found, how = laid(write(source, plane(source)), odd_grid(), tmp_path)
        np.testing.assert_allclose(found, plane(odd_grid()), atol=0.02)
        assert how.endswith("bilinear")
        assert f"cells of {source.cell_size[0]:.6g} × {source.cell_size[1]:.6g}" in how


def test_the_share_from_which_on_cells_are_smaller(write, odd_grid, tmp_path):
    for share, method in ((0.74, "averaged"), (0.76, "bilinear")):
        source = odd_grid(60, 60, width=20 * share, height=35 * share, corner=(512_300.3, 3_598_800.9))
        assert laid(write(source, plane(source)), odd_grid(), tmp_path)[1].endswith(method)


def test_another_crs_is_reprojected(write, odd_grid, tmp_path):
    grid = odd_grid()
    to_degrees = osr.CoordinateTransformation(grid.spatial_reference, reference_of(4326))
    west, south, east, north = to_degrees.TransformBounds(*grid.bounds, 21)
    shape = 60, 50
    step_x, step_y = (east - west) * 1.2 / shape[1], (north - south) * 1.2 / shape[0]
    degrees = Grid(reference_of(4326).ExportToWkt(), (west - 4 * step_x, step_x, 0, north + 5 * step_y, 0, -step_y), shape)
    rows, cols = np.indices(shape)
    lon, lat = degrees.centres(rows, cols)
    to_map = osr.CoordinateTransformation(reference_of(4326), grid.spatial_reference)
    points = np.array(to_map.TransformPoints(np.stack([lon.ravel(), lat.ravel()], axis=1)))
    values = ((points[:, 0] - 512_000) * 0.01 + (points[:, 1] - 3_598_000) * 0.1).reshape(shape)
    found, how = laid(write(degrees, values), grid, tmp_path)
    np.testing.assert_allclose(found, plane(grid), atol=0.7)
    assert "reprojected from WGS 84 to WGS 84 / UTM zone 39N, averaged" in how


def test_larger_cells_in_degrees_are_interpolated(write, odd_grid, tmp_path):
    grid = odd_grid()
    west, south, east, north = osr.CoordinateTransformation(grid.spatial_reference, reference_of(4326)).TransformBounds(*grid.bounds, 21)
    coarse = Grid(reference_of(4326).ExportToWkt(), (west - 0.01, 0.001, 0, north + 0.01, 0, -0.001), (40, 40))
    found, how = laid(write(coarse, np.full(coarse.shape, 3.5)), grid, tmp_path)
    assert how.endswith("bilinear")
    np.testing.assert_allclose(found, 3.5)


def test_only_the_part_under_the_grid_is_read(write, odd_grid):
    grid = odd_grid()
    wide = odd_grid(223, 317, corner=(512_347.3 - 100 * 20, 3_598_761.9 + 50 * 35))
    part = part_under(open_raster(write(wide, numbered(wide.shape))), grid)
    assert part.row in (45, 46)  # three cells and one of the grid's, and one more where the edges meet
    assert part.col in (95, 96)
    assert part.row + part.rows in (50 + ROWS + 4, 50 + ROWS + 5)
    assert part.col + part.cols in (100 + COLS + 4, 100 + COLS + 5)
    assert part_under(open_raster(write(grid, numbered(grid.shape))), grid) == Window(0, 0, ROWS, COLS)


def test_where_the_map_ends_all_of_a_raster_in_degrees_is_read(write):
    """A grid across the date line lies under both ends of the raster."""
    fiji = Grid(reference_of(32760).ExportToWkt(), (810_000.0, 1000.0, 0.0, 8_020_000.0, 0.0, -1000.0), (30, 40))
    world = Grid(reference_of(4326).ExportToWkt(), (-180.0, 1.0, 0.0, -10.0, 0.0, -1.0), (15, 360))
    assert part_under(open_raster(write(world, numbered(world.shape))), fiji) == Window(0, 0, 15, 360)


@pytest.mark.parametrize("corner", [(400_000.0, 3_598_761.9), (512_347.3, 3_700_000.0), (600_000.0, 3_598_761.9), (512_347.3, 3_400_000.0)])
def test_what_does_not_reach_the_area_is_told(write, odd_grid, tmp_path, corner):
    with pytest.raises(EngineError, match=r"The raster rain\.tif does not reach the area"):
        laid(write(odd_grid(corner=corner), numbered((ROWS, COLS))), odd_grid(), tmp_path)


def test_what_has_no_value_on_the_grid_is_told(write, odd_grid, tmp_path):
    """On the grid already, between two centres, and where it has none under the grid."""
    small = odd_grid(2, 2, width=2.0, height=2.0)
    beside = np.full((ROWS + 20, COLS), np.nan)
    beside[:4] = 7
    for source, values in (
        (odd_grid(), np.full((ROWS, COLS), np.nan)),
        (small, numbered(small.shape)),
        (odd_grid(ROWS + 20, COLS, corner=(512_347.3, 3_598_761.9 + 20 * 35)), beside),
    ):
        with pytest.raises(EngineError, match=r"The raster rain\.tif holds no data in the area, none at the centre of a cell of 20 × 35"):
            laid(write(source, values), odd_grid(), tmp_path)


def test_undeclared_voids_are_told_and_never_averaged(write, odd_grid, tmp_path):
    fine = odd_grid(2 * ROWS, 2 * COLS, width=10.0, height=17.5)
    values = np.full(fine.shape, 12.0)
    values[10:14, 6:8] = -9999
    values[0, 0] = 13.0
    listener = Listener()
    found, _ = laid(write(fine, values), odd_grid(), tmp_path, listener)
    expected = np.full((ROWS, COLS), 12.0)
    expected[0, 0], expected[5:7, 3] = 12.25, np.nan
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert listener.warnings[0].startswith(
        "The raster rain.tif holds -9999 on 8 of 1,564 cells, which looks like nodata that nobody declared"
    )


def test_scale_counts_before_averaging(write, odd_grid, tmp_path):
    fine = odd_grid(2 * ROWS, 2 * COLS, width=10.0, height=17.5)
    path = write(fine, np.full(fine.shape, 300), kind=gdal.GDT_Int16)
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetScale(0.01)
    dataset.GetRasterBand(1).SetOffset(-1)
    dataset = None
    np.testing.assert_allclose(laid(path, odd_grid(), tmp_path)[0], 2.0, rtol=1e-6)


def test_overviews_are_never_averaged(write, odd_grid, tmp_path):
    fine = odd_grid(4 * ROWS, 4 * COLS, width=5.0, height=8.75)
    path = write(fine, np.full(fine.shape, 3.0))
    gdal.Open(path).BuildOverviews("AVERAGE", [2, 4])
    dataset = gdal.Open(path, gdal.GA_Update)  # the values change, the overviews stay
    dataset.GetRasterBand(1).WriteArray(np.full(fine.shape, 7.0))
    dataset = None
    assert (laid(path, odd_grid(), tmp_path)[0] == 7).all()


def test_a_raster_in_the_same_local_crs_is_laid(write, odd_grid, tmp_path):
    wkt = 'LOCAL_CS["site grid",UNIT["metre",1]]'
    here, fine = odd_grid(corner=(113.7, 2_011.9)), odd_grid(2 * ROWS, 2 * COLS, width=10.0, height=17.5, corner=(113.7, 2_011.9))
    here, fine = (Grid(wkt, grid.transform, grid.shape) for grid in (here, fine))
    values = numbered(fine.shape)
    found, how = laid(write(fine, values), here, tmp_path)
    np.testing.assert_allclose(found, values.reshape(ROWS, 2, COLS, 2).mean(axis=(1, 3)), rtol=1e-6)
    assert how == "rain.tif, cells of 10 × 17.5, averaged"


def test_a_full_disk_is_no_fault_of_the_raster(write, odd_grid, tmp_path, monkeypatch):
    """Who made the folder tells it, from the error as it is; see `test_full_disk.py`."""

    def full(*_, **__):
        raise RuntimeError("laid.tif, band 1: An error occurred while writing a dirty block: No space left on device")

    monkeypatch.setattr("scarp.engine.files.overlay.gdal.Warp", full)
    with pytest.raises(RuntimeError, match="No space left"):
        laid(write(odd_grid(width=30.0), numbered((ROWS, COLS))), odd_grid(), tmp_path)


def test_a_local_crs_cannot_be_reprojected(write, odd_grid, tmp_path):
    grid = odd_grid()
    local = Grid('LOCAL_CS["site grid",UNIT["metre",1]]', grid.transform, grid.shape)
    with pytest.raises(EngineError, match=r"rain\.tif cannot be reprojected from WGS 84 / UTM zone 39N to site grid"):
        laid(write(odd_grid(corner=(0.0, 0.0)), numbered(grid.shape)), local, tmp_path)
