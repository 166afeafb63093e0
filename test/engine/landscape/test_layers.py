# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of a sample landscape, by value."""

from datetime import date

import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.landscape import layers
from scarp.engine.landscape.cover import LandCover
from scarp.engine.landscape.structure import ROCKS, Structure
from scarp.engine.landscape.truth import BestAuc, true_susceptibility

SIDE = 12


@pytest.fixture
def grid():
    return layers.grid_of(SIDE, 25.0)


def features(path):
    dataset = ogr.Open(str(path))
    layer = dataset.GetLayer(0)
    return [(feature.items(), feature.GetGeometryRef().Clone()) for feature in layer]


def test_the_grid_lies_around_isfahan_on_whole_cells():
    grid = layers.grid_of(100, 30.0)
    assert grid.shape == (100, 100)
    assert grid.transform == (560490.0, 30.0, 0.0, 3613500.0, 0.0, -30.0)  # 562000 − 1500 = 560500 and 3612000 + 1500, to whole 30 m
    assert grid.spatial_reference.GetAuthorityCode(None) == "32639"
    west, south, east, north = grid.bounds
    assert abs((west + east) / 2 - 562_000) <= 15
    assert abs((south + north) / 2 - 3_612_000) <= 15


def test_cells_between_those_of_the_control_grid():
    """Three cells in two: centres at 1/6, 1/2 and 5/6 of the extent; of the control grid at 1/4 and 3/4."""
    before, after, weight = layers._between(0, 3, 2, 3)
    assert before.tolist() == [0, 0, 1]
    assert after.tolist() == [1, 1, 1]
    np.testing.assert_allclose(weight, [0, 0.5, 0], atol=1e-6)
    values = np.array([[1.0, 3.0], [5.0, 11.0]], np.float32)
    expected = [[1, 2, 3], [3, 5, 7], [5, 8, 11]]
    np.testing.assert_allclose(layers._smooth(values, Window(0, 0, 3, 3), 3), expected, rtol=1e-6)
    np.testing.assert_allclose(layers._smooth(values, Window(1, 0, 2, 3), 3), expected[1:], rtol=1e-6)
    np.testing.assert_allclose(layers._smooth(values, Window(0, 2, 3, 1), 3), np.array(expected)[:, 2:], rtol=1e-6)
    assert layers._nearest(values, Window(0, 0, 4, 4), 4).tolist() == [[1, 1, 3, 3]] * 2 + [[5, 5, 11, 11]] * 2
    assert layers._nearest(values, Window(2, 1, 2, 2), 4).tolist() == [[5, 11], [5, 11]]


def test_around_a_window_the_landscape_is_reflected():
    rows = layers._around(0, 3, 20)
    assert rows.tolist() == [7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_areas_are_the_classes_of_the_cells(tmp_path, grid):
    classes = np.zeros((SIDE // 2, SIDE // 2), np.uint8)  # on a control grid of half the cells
    classes[1, 2:4] = 1
    layers.write_areas(str(tmp_path / "soil.gpkg"), grid, classes, ["clay", "sand"])
    found = features(tmp_path / "soil.gpkg")
    areas = {values["unit"]: shape for values, shape in found}
    assert sorted(areas) == ["clay", "sand"]
    assert areas["sand"].Area() == pytest.approx(2 * 50**2)
    assert areas["clay"].Area() == pytest.approx(34 * 50**2)
    west, _, _, north = grid.bounds
    assert areas["sand"].GetEnvelope() == (west + 100, west + 200, north - 100, north - 50)


def test_lines_are_cut_at_the_edge_and_numbered(tmp_path, grid):
    lines = [np.array([[-3.0, 4.0], [6.0, 4.0]]), np.array([[-3.0, -3.0], [-3.0, 20.0]]), np.array([[2.0, 1.0], [2.0, 30.0]])]
    layers.write_lines(str(tmp_path / "roads.gpkg"), grid, lines, "road")
    found = features(tmp_path / "roads.gpkg")
    assert [values["name"] for values, _ in found] == ["road 1", "road 2"]
    assert all(shape.GetGeometryName() == "MULTILINESTRING" for _, shape in found)
    west, _, east, north = grid.bounds
    assert found[0][1].GetEnvelope() == pytest.approx((west + 100, west + 100, north - 150, north))
    assert found[1][1].GetEnvelope() == pytest.approx((west + 25, east, north - 50, north - 50))


def test_settlements_lie_where_they_are(tmp_path, grid):
    layers.write_points(str(tmp_path / "towns.gpkg"), grid, np.array([[0.5, 1.5], [11.5, 3.0]]))
    west, _, _, north = grid.bounds
    found = [(values["name"], shape.GetX() - west, north - shape.GetY()) for values, shape in features(tmp_path / "towns.gpkg")]
    assert found == [("settlement 1", 37.5, 12.5), ("settlement 2", 75.0, 287.5)]


def test_landslides_lie_in_the_inner_part_of_their_cells(tmp_path, grid):
    cells = np.array([[0, 0], [11, 3], [5, 11]] * 300)
    layers.write_inventory(str(tmp_path / "slides.gpkg"), grid, cells, np.random.default_rng(1))
    found = features(tmp_path / "slides.gpkg")
    assert [values["id"] for values, _ in found] == list(range(1, 901))
    x, y = np.array([(shape.GetX(), shape.GetY()) for _, shape in found]).T
    centre_x, centre_y = grid.centres(*cells.T)
    assert np.abs(x - centre_x).max() < 0.4 * 25
    assert np.abs(y - centre_y).max() < 0.4 * 25
    assert np.std(x - centre_x) == pytest.approx(0.8 * 25 / np.sqrt(12), rel=0.05)
    days = sorted(date.fromisoformat(values["date"].replace("/", "-")) for values, _ in found)
    assert date(2005, 1, 1) <= days[0] < date(2005, 4, 1)
    assert date(2024, 10, 1) < days[-1] <= date(2024, 12, 31)


def test_days_are_drawn_from_the_first_to_the_last(tmp_path, grid):
    class Ends:
        """Draws the least and the greatest number that may be drawn."""

        def uniform(self, low, high, shape):
            return np.zeros(shape)

        def integers(self, low, high, count):
            return np.array([low, high - 1])

    layers.write_inventory(str(tmp_path / "slides.gpkg"), grid, np.array([[1, 2], [3, 4]]), Ends())
    found = features(tmp_path / "slides.gpkg")
    assert [values["date"].replace("/", "-") for values, _ in found] == ["2005-01-01", "2024-12-31"]
    x, y = grid.centres(np.array([1, 3]), np.array([2, 4]))
    assert [(shape.GetX(), shape.GetY()) for _, shape in found] == list(zip(x, y))


def flat(value, kind=np.float32):
    return np.full((SIDE, SIDE), value, kind)


def test_rasters_are_what_they_say(tmp_path, grid, monkeypatch):
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 5)
    rng = np.random.default_rng(3)
    altitude = rng.normal(900, 20, (SIDE, SIDE)).astype(np.float32)
    rock = rng.integers(0, len(ROCKS), (SIDE, SIDE)).astype(np.uint8)
    land_use = rng.integers(0, 6, (SIDE, SIDE)).astype(np.uint8)
    ndvi, brightness = rng.uniform(0.1, 0.6, (2, SIDE, SIDE)).astype(np.float32)
    fault_m, road_m = rng.uniform(0, 900, (2, SIDE, SIDE)).astype(np.float32)
    land = LandCover(flat(0, np.uint8), flat(0, np.uint8), land_use, ndvi, brightness, np.empty((0, 2)), (), road_m, fault_m)
    structure = Structure(rock, flat(1), flat(0), ())
    paths = {name: str(tmp_path / f"{name}.tif") for name in layers.RASTERS}
    cells, best = layers.write_rasters(paths, grid, altitude, structure, land, landslides=30, seed=7, feedback=Feedback())
    read = {name: gdal.Open(path).ReadAsArray() for name, path in paths.items()}
    assert Grid.of(gdal.Open(paths["truth"])) == grid
    np.testing.assert_array_equal(read["dem"], altitude)
    np.testing.assert_array_equal(read["land_use"], land_use + 1)
    np.testing.assert_allclose(read["red"] + read["nir"], brightness, rtol=1e-5)
    greenness = (read["nir"] - read["red"]) / (read["nir"] + read["red"])
    noise = greenness - ndvi
    assert 0.012 < noise.std() < 0.028  # speckle of 0.02
    assert np.corrcoef(noise[0:5, 0:5].ravel(), noise[5:10, 5:10].ravel())[0, 1] < 0.9  # not the same in every window
    expected = true_susceptibility(
        np.pad(altitude, 7, mode="reflect"),
        25.0,
        weakness=np.array([each.weakness for each in ROCKS])[rock],
        fault_m=fault_m,
        road_m=road_m,
        ndvi=greenness,
    )
    np.testing.assert_allclose(read["truth"], expected, rtol=1e-3)
    auc = BestAuc()
    auc.add(read["truth"])
    assert best.value() == pytest.approx(auc.value(), abs=1e-6)
    assert len({tuple(cell) for cell in cells}) == 30
    assert cells.min() >= 0
    assert cells.max() < SIDE
    assert read["truth"][tuple(cells.T)].mean() > read["truth"].mean()
