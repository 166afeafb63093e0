# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.files.grid import Window
from scarp.engine.files.kept import Kept

WHOLE = np.arange(77, dtype=np.int32).reshape(7, 11)


@pytest.mark.parametrize("halo", [0, 1, 3])
@pytest.mark.parametrize("window", [Window(0, 0, 7, 11), Window(2, 3, 4, 5), Window(5, 8, 2, 3), Window(0, 9, 1, 2), Window(6, 0, 1, 4)])
def test_a_window_is_a_slice_with_a_halo_of_nothing_beyond_the_array(tmp_path, window, halo):
    kept = Kept(tmp_path / "cells", WHOLE.shape, np.int32, nothing=5)
    kept.write(4, WHOLE[4:])  # in any order, as distances come from the last rows up
    kept.write(0, WHOLE[:4].astype(float))
    whole = WHOLE.astype(np.float32)
    whole[0, 5] = np.nan
    around = np.pad(whole, halo, constant_values=np.nan)
    expected = around[window.row : window.row + window.rows + 2 * halo, window.col : window.col + window.cols + 2 * halo]
    found = kept.read(window, halo)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.float32


def test_what_is_read_is_a_copy_that_may_be_masked(tmp_path):
    kept = Kept(tmp_path / "cells", WHOLE.shape, np.float64)
    kept.write(3, WHOLE[3:])
    kept.write(0, WHOLE[:3])
    kept.read(Window(0, 0, 7, 11))[:] = np.nan
    np.testing.assert_array_equal(kept.read(Window(0, 0, 7, 11)), WHOLE)
    assert kept.read(Window(0, 5, 1, 1)) == 5  # where nothing stands for a missing value, 5 is one
