# SPDX-License-Identifier: GPL-2.0-or-later
"""Metres on the ground, in whatever a CRS measures."""

import numpy as np
import pytest
from osgeo import osr
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Grid, reference_of

A, F = 6_378_137.0, 1 / 298.257223563


def web_mercator(latitude, cells=(9, 13)):
    y = A * np.log(np.tan(np.pi / 4 + np.radians(latitude) / 2))
    return Grid(reference_of(3857).ExportToWkt(), (1_000_000.0, 20.0, 0.0, y + 35 * cells[0] / 2, 0.0, -35.0), cells)


@pytest.mark.parametrize("latitude", [0.0, 30.0, 60.0, -60.0])
def test_web_mercator_has_its_true_cell_sizes(latitude):
    """Along a parallel the radius is N cos φ, along a meridian M, where Web Mercator has A and A / cos φ."""
    sine, cosine = np.sin(np.radians(latitude)), np.cos(np.radians(latitude))
    squared = F * (2 - F)
    across = cosine / np.sqrt(1 - squared * sine**2)
    along = cosine * (1 - squared) / (1 - squared * sine**2) ** 1.5
    expected = (20 * across, 35 * along) if latitude else (20, 35)
    np.testing.assert_allclose(web_mercator(latitude).cell_size_m, expected, rtol=1e-5)


def test_the_scale_is_the_same_on_both_sides_of_a_central_meridian():
    away = web_mercator(60.0)
    across = Grid(away.crs, (-130.0, *away.transform[1:]), away.shape)
    assert across.bounds[0] == -across.bounds[2]
    np.testing.assert_allclose(across.cell_size_m, away.cell_size_m, rtol=1e-6)


def test_scales_within_a_hundredth_stay(odd_grid):
    grid = odd_grid()
    assert grid.ground_scale[0] == (1, 1)
    assert grid.ground_scale[1] < 0.001
    assert grid.cell_size_m == (20, 35)
    assert web_mercator(4.0).cell_size_m == (20, 35)  # its metre is 0.998 m along the parallel and 0.991 m along the meridian
    assert web_mercator(8.0).cell_size_m[1] == pytest.approx(35 * 0.9837, rel=1e-3)
    assert web_mercator(9.5).cell_size_m[0] < 19.8


def test_a_grid_of_plate_carree_is_stretched_one_way(odd_grid):
    grid = odd_grid(epsg=32662, corner=(5_000_000.0, 6_679_169.0))  # 60° N: a degree is 111 km both ways
    width, height = grid.cell_size_m
    assert width == pytest.approx(10, rel=0.01)
    assert height == pytest.approx(35, rel=0.01)


def test_what_varies_over_the_grid_is_told():
    low = web_mercator(60.0, (9, 13)).ground_scale[1]
    high = web_mercator(60.0, (3000, 13)).ground_scale[1]  # 105 km of Web Mercator, 52 on the ground: ±0.24°
    assert low < 0.001
    assert high == pytest.approx(np.tan(np.radians(60)) * np.radians(0.236), rel=0.05)


def test_degrees_and_local_metres(odd_grid):
    grid = odd_grid(epsg=4326, width=0.001, height=0.002, corner=(51.0, 60.023))
    assert not grid.is_projected
    np.testing.assert_allclose(grid.cell_size_m, (0.001 * 111_320 * np.cos(np.radians(60)), 0.002 * 111_320), rtol=1e-4)
    local = Grid('LOCAL_CS["site",UNIT["foot",0.3048]]', grid.transform, grid.shape)
    assert local.is_projected
    np.testing.assert_allclose(local.cell_size_m, (0.001 * 0.3048, 0.002 * 0.3048))
    assert local.ground_scale == ((1, 1), 0)


def test_centres_in_metres_are_apart_as_on_the_ground():
    grid = web_mercator(60.0)
    one, other = grid.centres_m(np.array([0, 3]), np.array([0, 5]))
    width, height = grid.cell_size_m
    np.testing.assert_allclose(np.abs(other - one), [5 * width, 3 * height])
    np.testing.assert_allclose(np.hypot(*(other - one)), np.hypot(5 * 20 * 0.5013, 3 * 35 * 0.4996), rtol=1e-3)


def test_grids_match_whatever_their_crs_is_called(odd_grid):
    grid = odd_grid()
    renamed = Grid(osr.SpatialReference(grid.crs).ExportToWkt(["FORMAT=WKT2_2019"]), grid.transform, grid.shape)
    assert renamed.crs != grid.crs
    assert grid.matches(renamed)
    x, width, _, y, _, height = grid.transform
    assert grid.matches(Grid(grid.crs, (x + 0.01, width, 0, y, 0, height), grid.shape))
    for transform, shape in (
        ((x + 0.03, width, 0, y, 0, height), grid.shape),
        ((x, width, 0, y - 0.03, 0, height), grid.shape),
        ((x, width * 1.0001, 0, y, 0, height), grid.shape),
        (grid.transform, (grid.shape[0] + 1, grid.shape[1])),
    ):
        assert not grid.matches(Grid(grid.crs, transform, shape))
    assert not grid.matches(odd_grid(epsg=32638))


@pytest.mark.parametrize("code", [3116, 2180, 5514, 3035, 2193, 5186, 32639, 4326])
def test_coordinates_are_easting_then_northing(code):
    to_degrees = osr.CoordinateTransformation(reference_of(code), reference_of(4326))
    to_map = osr.CoordinateTransformation(reference_of(4326), reference_of(code))
    area = reference_of(code).GetAreaOfUse()
    lon, lat = (area.west_lon_degree + area.east_lon_degree) / 2, (area.south_lat_degree + area.north_lat_degree) / 2
    x, y, _ = to_map.TransformPoint(lon, lat)
    east, _, _ = to_degrees.TransformPoint(x + (1000 if code != 4326 else 0.01), y)
    assert east > lon
    back = to_degrees.TransformPoint(x, y)
    assert back[:2] == pytest.approx((lon, lat), abs=1e-6)


def test_what_is_no_crs_is_told():
    with pytest.raises(EngineError, match="'EPSG:1' is no coordinate reference system"):
        reference_of("EPSG:1")
    assert not reference_of("").GetName()
