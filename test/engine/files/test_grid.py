# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.files.grid import Window, read_window


@pytest.fixture
def dataset(odd_grid):
    """Whole numbers from 0 on, 5 of them nodata."""
    grid = odd_grid(7, 11)
    made = grid.create("/vsimem/window.tif", kind=gdal.GDT_Int16, nodata=5)
    made.GetRasterBand(1).WriteArray(np.arange(77).reshape(7, 11))
    return made


@pytest.mark.parametrize("halo", [0, 1, 3])
@pytest.mark.parametrize("window", [Window(0, 0, 7, 11), Window(2, 3, 4, 5), Window(5, 8, 2, 3), Window(0, 9, 1, 2), Window(6, 0, 1, 4)])
def test_a_window_is_a_slice_with_a_halo_of_nothing_beyond_the_raster(dataset, window, halo):
    whole = np.arange(77, dtype=np.float32).reshape(7, 11)
    whole[0, 5] = np.nan
    around = np.pad(whole, halo, constant_values=np.nan)
    expected = around[window.row : window.row + window.rows + 2 * halo, window.col : window.col + window.cols + 2 * halo]
    np.testing.assert_array_equal(read_window(dataset, window, halo_px=halo), expected)
