# SPDX-License-Identifier: GPL-2.0-or-later
"""What the numbers of a map are taken for, and a second map on the grid of the first."""

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.mapping.maps import Thumbnail, open_map, open_second

ROWS, COLS = 22, 18


@pytest.fixture
def write(tmp_path, odd_grid):
    """Write values on the odd grid, or on cells of which so many lie along a side of its; return the path."""

    def write(name, values, kind=gdal.GDT_Float32, parts=1):
        grid = odd_grid(*values.shape, width=20.0 / parts, height=35.0 / parts)
        dataset = grid.create(str(tmp_path / name), kind=kind)
        dataset.GetRasterBand(1).WriteArray(values)
        return str(tmp_path / name)

    return write


def opened(path):
    return open_map(path, None, "BAND", Feedback())


def steps(count):
    return np.linspace(0, count - 1, ROWS * COLS).round().reshape(ROWS, COLS)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (steps(2), "classes (0 to 1)"),
        (steps(20), "classes (0 to 19)"),
        (steps(21), "an index (0 to 20)"),
        (steps(5) / 4, "susceptibility from 0 to 1 (0.000 to 1.000)"),
        (steps(5) / 2, "an index (0 to 2)"),
    ],
)
def test_what_numbers_are_is_told_by_the_numbers(write, values, told):
    assert opened(write("map.tif", values)).told().replace("–", " to ") == told


def test_whole_numbers_with_a_scale_are_no_classes(write):
    path = write("percent.tif", steps(101), gdal.GDT_Int16)
    dataset = gdal.Open(path, gdal.GA_Update)
    dataset.GetRasterBand(1).SetScale(0.01)
    dataset = None
    assert opened(path).is_probability


@pytest.mark.parametrize("parts", [3, 1 / 2])
def test_a_second_map_of_classes_keeps_whole_classes_and_one_of_others_is_averaged(write, odd_grid, tmp_path, parts):
    """Of finer cells the class of the most, of coarser ones the nearest."""
    grid, shape = odd_grid(ROWS, COLS), (round(ROWS * parts), round(COLS * parts))
    classes = np.random.default_rng(3).integers(1, 4, shape)
    if parts > 1:
        whole = np.random.default_rng(4).integers(1, 4, (ROWS, COLS))
        classes = whole.repeat(3, axis=0).repeat(3, axis=1)
        classes[::3] = 3  # a third of each cell
    else:
        whole = classes.repeat(2, axis=0).repeat(2, axis=1)
    found = open_second(write("classes.tif", classes, parts=parts), None, "BAND_2", grid, tmp_path / "laid.tif", Feedback())
    np.testing.assert_array_equal(found.read(Window(0, 0, ROWS, COLS)), whole)
    other = open_second(write("index.tif", classes + 0.5, parts=parts), None, "BAND_2", grid, tmp_path / "laid2.tif", Feedback())
    assert (other.read(Window(0, 0, ROWS, COLS)) % 1 != 0.5).any()
    assert (found.name, other.name) == ("classes.tif", "index.tif")


def test_a_picture_reaches_as_far_as_its_map(odd_grid):
    small = Thumbnail(odd_grid(ROWS, COLS), (11, 6)).grid
    assert small.shape == (11, 6)
    np.testing.assert_allclose(small.bounds, odd_grid(ROWS, COLS).bounds)
    assert small.cell_size == (60.0, 70.0)
