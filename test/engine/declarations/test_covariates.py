# SPDX-License-Identifier: GPL-2.0-or-later
"""Every covariate against its declaration: computed, named, of its kind and unit, within its range, and documented."""

from math import inf
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr, osr
from scarp.engine.declarations.covariates import BY_NAME, DECLARATIONS, FAMILIES, GROUPS, TERRAIN, TERRAIN_DEFAULT
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.tasks import prepare_covariates
from scarp.models.covariate import KINDS

gdal.UseExceptions()

PAGE = Path(__file__).resolve().parents[3] / "docs" / "covariates.md"
SIZE, CELL = 60, 90.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """Every covariate at once, of a rough slope with a flat corner and a hole."""
    folder = tmp_path_factory.mktemp("covariates")
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    rng = np.random.default_rng(1)
    row, col = np.mgrid[:SIZE, :SIZE]
    z = 900 - 6.0 * row + 30 * np.sin(col / 6) + rng.normal(0, 4, (SIZE, SIZE))
    z[40:, 40:] = 500
    z[5:9, 5:9] = -9999

    def raster(name, values):
        dataset = gdal.GetDriverByName("GTiff").Create(str(folder / name), SIZE, SIZE, 1, gdal.GDT_Float32)
        dataset.SetProjection(reference.ExportToWkt())
        dataset.SetGeoTransform((500000.0, CELL, 0.0, 3600000.0, 0.0, -CELL))
        dataset.GetRasterBand(1).SetNoDataValue(-9999)
        dataset.GetRasterBand(1).WriteArray(values)
        return str(folder / name)

    def line(name):
        dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(folder / name))
        layer = dataset.CreateLayer("lines", reference, ogr.wkbLineString)
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt("LINESTRING (500100 3600000, 505000 3595000)"))
        layer.CreateFeature(feature)
        return str(folder / name)

    given = {"distance": line, "classes": lambda name: raster(name, rng.integers(0, 4, (SIZE, SIZE)))}
    layers = {each.requires: given[each.family](f"{each.requires}.gpkg") for each in DECLARATIONS if each.family in given}
    output = str(folder / "stack.tif")
    prepare_covariates.run(
        Feedback(),
        dem=raster("dem.tif", z),
        terrain=list(TERRAIN),
        red=raster("red.tif", rng.random((SIZE, SIZE))),
        nir=raster("nir.tif", rng.random((SIZE, SIZE))),
        output=output,
        **layers,
    )
    return Stack.open(output)


def test_all_are_computed_in_the_order_declared(stack):
    assert stack.names == [each.name for each in DECLARATIONS]


@pytest.mark.parametrize("declared", DECLARATIONS, ids=lambda each: each.name)
def test_each_is_as_declared(stack, declared):
    assert declared.group in GROUPS
    assert declared.kind in KINDS
    assert declared.family in FAMILIES
    covariate = stack.covariate(declared.name)
    assert (covariate.kind, covariate.unit, covariate.group) == (declared.kind, declared.unit, declared.group)
    assert covariate.source
    values = stack.read(Window(0, 0, SIZE, SIZE), names=[declared.name])[..., 0]
    assert np.isnan(values[5:9, 5:9]).all()
    values = values[np.isfinite(values)]
    assert len(values) == SIZE * SIZE - 16
    assert values.min() >= declared.low
    assert values.max() <= declared.high
    assert values.min() < values.max()
    if declared.kind == "categorical":
        assert set(np.unique(values)) == set(covariate.classes)
    if declared.kind == "circular":
        assert values.max() < 360


def test_the_defaults_are_a_small_choice():
    assert TERRAIN_DEFAULT == (
        "altitude", "slope", "aspect", "plan_curvature", "profile_curvature", "topographic_position", "local_relief", "vector_ruggedness",
        "specific_catchment_area", "topographic_wetness", "distance_to_drainage", "height_above_drainage",
    )  # fmt: skip
    assert len(BY_NAME) == len(DECLARATIONS)


@pytest.mark.parametrize("declared", DECLARATIONS, ids=lambda each: each.name)
def test_each_has_its_row_in_the_documentation(declared):
    limits = ("", "") if declared.low == -inf else (f"{declared.low:g}", "" if declared.high == inf else f"{declared.high:g}")
    span = " … ".join(limits).rstrip() if any(limits) else ""
    chosen = "yes" if declared.default and declared.requires == "dem" else ""
    row = f"| `{declared.name}` | {declared.kind} | {declared.unit} | {span} | {declared.requires.upper()} | {chosen} | {declared.source} |"
    assert row in PAGE.read_text(encoding="utf-8").splitlines(), row
