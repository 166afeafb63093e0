# SPDX-License-Identifier: GPL-2.0-or-later
"""Contributions by hand, and that they sum to the difference to average ground whatever the model."""

from dataclasses import replace

import numpy as np
import pytest
from at_once import slowed
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.explanation import attribution
from scarp.engine.explanation.attribution import (
    Local,
    average_ground,
    cell_at,
    contributions,
    explain_cell,
    factor_colours,
    map_attributions,
    picture,
)
from scarp.engine.explanation.report import local_verdict
from scarp.engine.feedback import Feedback
from scarp.engine.files.stack import Stack
from scarp.engine.mapping import windows
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder

PARTS = [slice(0, 1), slice(1, 3), slice(3, 4)]
AVERAGE = np.array([0.5, 0.0, 1.0, -1.0], np.float32)


@pytest.fixture
def own():
    return np.random.default_rng(3).normal(size=(6, 4)).astype(np.float32)


def test_a_sum_gives_each_its_own_term(own):
    weights = np.array([0.3, -0.2, 0.5, 0.1], np.float32)
    found, (average, said) = contributions(lambda each: each @ weights, own, AVERAGE, PARTS, np.array([2, 0, 1]))
    terms = (own - AVERAGE) * weights
    by_hand = np.column_stack([terms[:, 0], terms[:, 1] + terms[:, 2], terms[:, 3]])
    np.testing.assert_allclose(found.T, by_hand, atol=1e-6)
    assert said - average == pytest.approx(found.sum(axis=0), abs=1e-6)


def test_two_that_work_only_together_share_it(own):
    flat = np.zeros(4, np.float32)
    found, _ = contributions(lambda each: each[..., 0] * each[..., 3], own, flat, PARTS, np.array([0, 1, 2]))
    assert found[0] == pytest.approx(own[:, 0] * own[:, 3] / 2, abs=1e-6)
    assert found[2] == pytest.approx(found[0], abs=1e-6) and (found[1] == 0).all()


def test_contributions_sum_to_the_difference_whatever_the_model(own):
    def odd(each):
        return np.sin(each.sum(axis=-1)) + (each[..., 0] > 0) * np.abs(each[..., 3])

    found, (average, said) = contributions(odd, own, AVERAGE, PARTS, np.array([1, 2, 0]))
    assert found.sum(axis=0) == pytest.approx(said - average, abs=1e-5)
    assert average == pytest.approx(odd(AVERAGE))


def test_points_are_found_in_any_crs(odd_grid):
    grid = odd_grid()
    x, y = grid.centres(np.array([5]), np.array([11]))
    assert cell_at(f"{x[0]},{y[0]}", grid) == (5, 11)
    from scarp.engine.files.grid import reference_of
    from scarp.engine.gdal import osr

    there = osr.CoordinateTransformation(grid.spatial_reference, reference_of(4326)).TransformPoint(float(x[0]), float(y[0]))
    assert cell_at(f"{there[0]!r},{there[1]!r} [EPSG:4326]", grid) == (5, 11)
    for wrong in ("0,0", "0,0 [EPSG:4326]", f"{grid.bounds[0] - 1},{y[0]}"):
        with pytest.raises(EngineError, match=r"^The point \(POINT\) .* lies outside the covariate stack.*\.$"):
            cell_at(wrong, grid)


NAMES = ("slope", "relief", "rain", "wetness")


class Odd:
    """A model of single cells whose answer is no sum."""

    margin_px = 0

    def __init__(self, values):
        self.covariates = tuple(Covariate(name) for name in NAMES)
        self.encoder = Encoder.fit(values.reshape(-1, 4)[np.isfinite(values).all(axis=-1).ravel()], self.covariates)

    @staticmethod
    def of_encoded(encoded):
        a, b, c, d = np.moveaxis(encoded, -1, 0)
        return 0.5 + 0.4 * np.tanh(a * b - c * np.abs(d) + 0.5 * a * c * d)


@pytest.fixture
def odd(write_stack):
    """A stack of four covariates on 13 × 22 cells of 20 by 35 m, two cells without one of them, and a model of it."""
    values = np.random.default_rng(5).normal(size=(13, 22, 4)).astype(np.float32)
    values[3, 8, 1] = values[9, 20, 3] = np.nan
    model = Odd(values)
    path = write_stack("odd.tif", (13, 22), model.covariates, corner=(500_007.0, 3_600_011.0), cell=(20.0, 35.0), values=values)
    return Stack.open(path), model, values


def of_seed(model, encoded, average, seed):
    """What the one pair of orders of a map says."""
    return contributions(model.of_encoded, encoded, average, model.encoder.of_covariate, np.random.default_rng(seed).permutation(4))[0]


def test_maps_of_contributions_cell_by_cell(odd, tmp_path, monkeypatch):
    """Windows of 8 cells give what all cells at once give; nodata is 0 in the raster of the strongest and −9999 in the bands."""
    monkeypatch.setattr(windows, "WINDOW_PX", 8)
    stack, model, values = odd
    average = np.float32([0.3, -0.2, 0.1, 0.4])
    valid = np.isfinite(values).all(axis=-1)
    found = {}
    for seed in (1, 2):
        counts = map_attributions(stack, model, average, tmp_path / f"d{seed}.tif", tmp_path / f"a{seed}.tif", seed, Feedback())
        expected = of_seed(model, model.encoder.encode(values[valid]), average, seed)
        bands, dominant = gdal.Open(str(tmp_path / f"a{seed}.tif")), gdal.Open(str(tmp_path / f"d{seed}.tif"))
        found[seed] = bands.ReadAsArray()
        np.testing.assert_allclose(found[seed][:, valid], expected, atol=1e-6)
        assert (found[seed][:, ~valid] == -9999).all() and bands.GetRasterBand(2).GetNoDataValue() == -9999
        change = model.of_encoded(model.encoder.encode(values[valid])) - model.of_encoded(average)
        np.testing.assert_allclose(expected.sum(axis=0), change, atol=1e-6)
        numbers = dominant.ReadAsArray()
        by_hand = np.where(change < 0, expected.argmin(axis=0), expected.argmax(axis=0)) + 1
        assert (numbers[valid] == by_hand).all() and (numbers[~valid] == 0).all()
        assert counts.tolist() == [(by_hand == number).sum() for number in (1, 2, 3, 4)]
        band = dominant.GetRasterBand(1)
        table = band.GetDefaultRAT()
        assert [table.GetValueAsString(row, 1) for row in range(table.GetRowCount())] == list(NAMES)
        assert band.GetCategoryNames() == ["", *NAMES] and band.GetNoDataValue() == 0
        colours = [band.GetColorTable().GetColorEntry(number)[:3] for number in (1, 2, 3, 4)]
        assert ["#{:02X}{:02X}{:02X}".format(*each) for each in colours] == factor_colours(4)
    assert np.abs(found[1] - found[2]).max() > 1e-3, "another seed takes another order"


def test_windows_are_read_one_at_a_time(odd, tmp_path, monkeypatch):
    """A GDAL dataset serves one thread."""
    stack, model, _ = odd
    monkeypatch.setattr(windows, "WINDOW_PX", 8)
    most = slowed(monkeypatch, Stack, "read")
    map_attributions(stack, model, np.zeros(4, np.float32), tmp_path / "d.tif", None, 1, Feedback())
    assert len(most) == 4 * 3
    assert set(most) == {1}


def test_a_point_is_the_mean_of_many_orders_with_its_error(odd, monkeypatch):
    monkeypatch.setattr(attribution, "PAIRS", 5)
    stack, model, values = odd
    average = np.float32([0.3, -0.2, 0.1, 0.4])
    encoded = model.encoder.encode(values[4, 17])
    local = explain_cell(lambda patches: model.of_encoded(patches[:, 0, 0]), model, stack, (4, 17), average, 3)
    rng = np.random.default_rng(3)
    orders = [rng.permutation(4) for _ in range(5)]
    each = np.array([contributions(model.of_encoded, encoded, average, model.encoder.of_covariate, order)[0] for order in orders])
    np.testing.assert_allclose(local.parts, each.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(local.error, each.std(axis=0, ddof=1) / np.sqrt(5), atol=1e-6)
    assert local.error.max() > 1e-3
    assert local.susceptibility == pytest.approx(model.of_encoded(encoded), abs=1e-6)
    assert local.average == pytest.approx(model.of_encoded(average), abs=1e-6)
    assert (local.row, local.col, local.xy) == (4, 17, (500_007 + 17.5 * 20, 3_600_011 - 4.5 * 35))
    np.testing.assert_array_equal(local.values, values[4, 17])


def test_average_ground_is_the_mean_of_channels():
    encoder = Encoder.fit(np.array([[1.0, 1], [3.0, 2]]), (Covariate("slope"), Covariate("rock", "categorical", classes={1: "a", 2: "b"})))
    found = average_ground(encoder, np.array([[2.0, 1], [2.0, 1], [2.0, 2], [2.0, 2]]))
    np.testing.assert_allclose(found, [0, 0.5, 0.5], atol=1e-6)


def test_a_picture_keeps_the_shape_and_sixteen_factors_their_colours(tmp_path, odd_grid):
    path = str(tmp_path / "d.tif")
    made = odd_grid(30, 70).create(path, 1, gdal.GDT_Byte, 0)
    made.GetRasterBand(1).WriteArray(np.broadcast_to(np.repeat(np.arange(1, 8), 10), (30, 70)).astype(np.uint8))
    del made
    found = picture(path, 7)
    assert found.shape == (3, 7) and (found == np.arange(1, 8)).all()
    assert picture(path).shape == (30, 70)
    colours = factor_colours(18)
    assert len(set(colours[:16])) == 16 and colours[16:] == colours[:2]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            [0.4, -0.2, 0.1, 0.05, 0.02, -0.01],
            "What makes it more susceptible is above all slope (+0.400), soil (+0.100) and ndvi (+0.050); "
            "what makes it less susceptible, relief (−0.200) and rain (−0.010).",
        ),
        (
            [-0.3, -0.1, 0.0004, 0.0, 0.0, 0.0],
            "Nothing makes it more susceptible; what makes it less susceptible, slope (−0.300) and relief (−0.100).",
        ),
        ([0.1, 0.0, 0.0, 0.0, 0.0, 0.0], "is above all slope (+0.100); nothing makes it less susceptible."),
    ],
)
def test_a_cell_is_explained_in_both_directions(parts, said):
    names = ["slope", "relief", "soil", "ndvi", "wetness", "rain"]
    local = Local(0, 0, (561975.0, 9568000.4), 0.8, 0.5, np.zeros(6), np.array(parts), np.zeros(6))
    sentence = local_verdict(local, names, local.parts, is_projected=True)
    assert sentence.startswith("The cell at 561,975, 9,568,000 has a susceptibility of 0.800; average ground of the area has 0.500. ")
    assert sentence.endswith(said)
    degrees = replace(local, xy=(-79.0421, 4.5))
    assert "at 79.0421° W, 4.5° N has" in local_verdict(degrees, names, local.parts, is_projected=False)
