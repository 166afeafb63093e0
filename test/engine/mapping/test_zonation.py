# SPDX-License-Identifier: GPL-2.0-or-later
import itertools

import numpy as np
import pytest
from osgeo import gdal, osr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid
from scarp.engine.mapping.breaks import find_breaks
from scarp.engine.tasks.classify_susceptibility import run


def counts_of(values):
    return np.histogram(values, 1024, (0, 1))[0]


def test_natural_breaks_are_the_best_there_are():
    """Against every possible way to cut a small set of values into three classes."""
    values = np.array([0.01, 0.02, 0.05, 0.3, 0.33, 0.36, 0.8, 0.81, 0.95])

    def within(breaks):
        parts = np.split(values, np.searchsorted(values, breaks))
        return sum(((part - part.mean()) ** 2).sum() for part in parts if len(part))

    cuts = [(values[i - 1] + values[i]) / 2 for i in range(1, len(values))]
    best = min(within(pair) for pair in itertools.combinations(cuts, 2))
    assert within(find_breaks(counts_of(values), "natural_breaks", 3)) == pytest.approx(best)


def test_quantiles_and_equal_intervals():
    values = np.linspace(0.0005, 0.9995, 100_000) ** 2
    assert find_breaks(counts_of(values), "quantiles", 4) == pytest.approx([0.0625, 0.25, 0.5625], abs=2e-3)
    assert find_breaks(counts_of(values), "equal_intervals", 5) == pytest.approx([0.2, 0.4, 0.6, 0.8], abs=1e-3)


def test_bad_breaks_are_named():
    with pytest.raises(EngineError, match="rise"):
        find_breaks(counts_of(np.array([0.5])), "manual", 5, [0.5, 0.2])
    with pytest.raises(EngineError, match="only 1 different"):
        find_breaks(counts_of(np.array([0.5])), "natural_breaks", 5)


def raster_of(tmp_path, values):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    grid = Grid(reference.ExportToWkt(), (0.0, 100.0, 0.0, 0.0, 0.0, -100.0), values.shape)
    path = str(tmp_path / "s.tif")
    dataset = grid.create(path, nodata=-9999)
    dataset.GetRasterBand(1).WriteArray(values)
    dataset.FlushCache()
    return path


def test_the_raster_tells_its_classes(tmp_path):
    values = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    values[0, 0] = -9999
    result = run(
        Feedback(),
        susceptibility=raster_of(tmp_path, values),
        output=str(tmp_path / "classes.tif"),
        method="manual",
        breaks=[0.2, 0.4, 0.6, 0.8],
        table=str(tmp_path / "classes.csv"),
        polygons=str(tmp_path / "classes.gpkg"),
    )
    dataset = gdal.Open(result["output"])
    assert Grid.of(dataset).shape == values.shape
    band = dataset.GetRasterBand(1)
    expected = np.where(values == -9999, 0, np.digitize(values, [0.2, 0.4, 0.6, 0.8]) + 1)
    np.testing.assert_array_equal(band.ReadAsArray(), expected)
    assert band.GetCategoryNames() == ["", "Very low", "Low", "Moderate", "High", "Very high"]
    assert band.GetColorTable().GetColorEntry(5) == (215, 25, 28, 255)
    table = (tmp_path / "classes.csv").read_text().splitlines()
    assert table[0].startswith("class,from,to,cells,area_km2")
    assert table[1].startswith("very low,0.0,0.2,79,0.79,")


def test_values_beyond_one_are_refused(tmp_path):
    with pytest.raises(EngineError, match="between 0 and 1"):
        run(
            Feedback(),
            susceptibility=raster_of(tmp_path, np.full((3, 3), 7, np.float32)),
            output=str(tmp_path / "c.tif"),
        )
