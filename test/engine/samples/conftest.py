# SPDX-License-Identifier: GPL-2.0-or-later
"""A grid on which nothing is even, and layers over it."""

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr, osr
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack, StackWriter
from scarp.models.covariate import Covariate

# 40 rows of 35 m and 61 columns of 20 m; the corner is no multiple of anything.
GRID = Grid(reference_of(32639).ExportToWkt(), (500007.25, 20.0, 0.0, 3600011.5, 0.0, -35.0), (40, 61))


@pytest.fixture
def listener():
    return Listener()


@pytest.fixture
def grid():
    return GRID


@pytest.fixture
def stack_of(tmp_path):
    """Write covariates, each with its band (rows, cols), as a stack and open it."""

    def make(bands, grid=GRID, name="stack.tif"):
        path = str(tmp_path / name)
        with StackWriter(path, grid, [each for each, _ in bands]) as writer:
            for covariate, values in bands:
                writer.write(covariate.name, Window(0, 0, *grid.shape), np.broadcast_to(np.float32(values), grid.shape))
        return Stack.open(path)

    return make


@pytest.fixture
def stack(stack_of):
    """Slope is the column's number in degrees; the last row has no data."""
    slope = np.tile(np.arange(61.0), (40, 1))
    slope[-1] = np.nan
    return stack_of([(Covariate("slope", unit="degree"), slope)])


@pytest.fixture
def layer_of(tmp_path):
    """Write geometries given as WKT (in UTM 39 N unless told) in any CRS and format, with fields; return the layer's path."""

    def make(name, shapes, code=32639, driver="GPKG", types=None, given=32639, **fields):
        path = str(tmp_path / name)
        dataset = gdal.GetDriverByName(driver).Create(path, 0, 0, 0, gdal.GDT_Unknown)
        layer = dataset.CreateLayer("slides", reference_of(code) if code else None, ogr.wkbUnknown)
        for field in fields:
            layer.CreateField(ogr.FieldDefn(field, (types or {}).get(field, ogr.OFTString)))
        there = osr.CoordinateTransformation(reference_of(given), reference_of(code)) if code and code != given else None
        for number, wkt in enumerate(shapes):
            feature = ogr.Feature(layer.GetLayerDefn())
            if wkt:
                geometry = ogr.CreateGeometryFromWkt(wkt)
                if there:
                    geometry.Transform(there)
                feature.SetGeometry(geometry)
            for field, values in fields.items():
                if values[number] is not None:
                    feature[field] = values[number]
            layer.CreateFeature(feature)
        return path

    return make


@pytest.fixture
def points():
    """The centres of cells (row, col) as WKT."""

    def make(cells, grid=GRID):
        return ["POINT ({} {})".format(*grid.centres(row, col)) for row, col in cells]

    return make


@pytest.fixture
def box():
    """A rectangle around the cells from (row, col) to (row, col), `wider` by so many metres on each side, as WKT."""

    def make(first, last, wider=0.0, grid=GRID):
        (west, north), (east, south) = grid.centres(*first), grid.centres(*last)
        west, north, east, south = west - wider, north + wider, east + wider, south - wider
        return f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"

    return make
