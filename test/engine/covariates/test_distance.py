# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import gdal, ogr, osr
from scarp.engine.covariates.distance import distance_raster, distance_to_features
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Grid, Window, reference_of
from scipy import ndimage


def grid_of(rows, cols, width=30.0, height=20.0):
    return Grid(reference_of(32639).ExportToWkt(), (500000.0, width, 0.0, 3600000.0, 0.0, -height), (rows, cols))


@pytest.mark.parametrize("strip_px", [7, 512])
@pytest.mark.parametrize("share", [0.3, 0.003, 0.0003])
def test_distances_are_those_of_the_exact_transform(tmp_path, monkeypatch, strip_px, share):
    monkeypatch.setattr("scarp.engine.covariates.distance._STRIP_PX", strip_px)
    touched = np.random.default_rng(4).random((90, 130)) < share
    touched[61, 17] = True
    mask = grid_of(90, 130).create("/vsimem/mask.tif", 1, gdal.GDT_Byte)
    mask.GetRasterBand(1).WriteArray(touched.astype(np.uint8))
    inner = Window(11, 23, 50, 80)
    path = tmp_path / "distance.tif"
    assert distance_raster(mask, grid_of(50, 80), path, inner)
    expected = ndimage.distance_transform_edt(~touched, sampling=(20.0, 30.0))[11:61, 23:103]
    np.testing.assert_allclose(gdal.Open(str(path)).ReadAsArray(), expected, rtol=1e-6)


def test_nothing_to_measure_to(tmp_path):
    mask = grid_of(9, 9).create("/vsimem/empty.tif", 1, gdal.GDT_Byte)
    assert not distance_raster(mask, grid_of(9, 9), tmp_path / "distance.tif", Window(0, 0, 9, 9))


def layer(path, *wkts, epsg=32639):
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    features = dataset.CreateLayer("lines", reference_of(epsg), ogr.wkbUnknown)
    for wkt in wkts:
        feature = ogr.Feature(features.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        features.CreateFeature(feature)
    return str(path)


def at(grid, row, col):
    """The centre of a cell, which may lie outside the grid, as text."""
    x, y = grid.centres(np.array([row]), np.array([col]))
    return f"{x[0]} {y[0]}"


def measured(path):
    return gdal.Open(path).ReadAsArray()


def away(grid, *cells):
    """The distance of each cell to the nearest of some cells."""
    rows, cols = np.mgrid[: grid.shape[0], : grid.shape[1]]
    width, height = grid.cell_size
    return np.min([np.hypot((rows - row) * height, (cols - col) * width) for row, col in cells], axis=0)


def test_each_feature_counts_from_the_cells_that_it_touches(tmp_path, odd_grid):
    grid = odd_grid()
    source = layer(tmp_path / "roads.gpkg", f"LINESTRING ({at(grid, 3, 2)}, {at(grid, 3, 6)})", f"POINT ({at(grid, 19, 14)})")
    path, how = distance_to_features(source, grid, tmp_path / "distance.tif")
    expected = away(grid, *((3, col) for col in range(2, 7)), (19, 14))
    np.testing.assert_allclose(measured(path), expected, rtol=1e-6)
    assert how == "roads.gpkg, 2 features"


@pytest.mark.parametrize(("row", "col"), [(-5, 8), (27, 8), (11, -4), (11, 20)])
def test_features_up_to_a_quarter_outside_count(tmp_path, odd_grid, row, col):
    """23 rows reach 5 cells beyond the edge, and 17 columns 4."""
    grid = odd_grid()
    path, _ = distance_to_features(layer(tmp_path / "f.gpkg", f"POINT ({at(grid, row, col)})"), grid, tmp_path / "distance.tif")
    np.testing.assert_allclose(measured(path), away(grid, (row, col)), rtol=1e-6)


@pytest.mark.parametrize(("row", "col"), [(-6, 8), (28, 8), (11, -5), (11, 21)])
def test_features_farther_outside_do_not_count(tmp_path, odd_grid, row, col):
    grid = odd_grid()
    outside = f"POINT ({at(grid, row, col)})"
    with pytest.raises(EngineError, match="The layer far has no features in the area or near it, so no distance can be computed"):
        distance_to_features(layer(tmp_path / "far.gpkg", outside), grid, tmp_path / "distance.tif")
    source = layer(tmp_path / "both.gpkg", outside, f"POINT ({at(grid, 22, 16)})")
    path, how = distance_to_features(source, grid, tmp_path / "distance.tif")
    np.testing.assert_allclose(measured(path), away(grid, (22, 16)), rtol=1e-6)
    assert how == "both.gpkg, 1 of 2 features; left out: 1 outside the raster"


def test_features_in_degrees_are_reprojected(tmp_path, odd_grid):
    grid = odd_grid()
    x, y = grid.centres(np.array([7]), np.array([4]))
    lon, lat, _ = osr.CoordinateTransformation(grid.spatial_reference, reference_of(4326)).TransformPoint(x[0], y[0])
    path, how = distance_to_features(layer(tmp_path / "f.gpkg", f"POINT ({lon} {lat})", epsg=4326), grid, tmp_path / "distance.tif")
    np.testing.assert_allclose(measured(path), away(grid, (7, 4)), rtol=1e-6)
    assert how == "f.gpkg, 1 feature, reprojected from WGS 84 to WGS 84 / UTM zone 39N"


def test_distances_are_in_metres_where_the_crs_is_in_feet(tmp_path, odd_grid):
    grid = odd_grid(epsg=2263, corner=(982_347.3, 198_761.9))  # New York in US survey feet
    path, _ = distance_to_features(layer(tmp_path / "f.gpkg", f"POINT ({at(grid, 7, 4)})", epsg=2263), grid, tmp_path / "distance.tif")
    np.testing.assert_allclose(measured(path), away(grid, (7, 4)) * 1200 / 3937, rtol=1e-6)


def test_every_cell_that_a_line_touches_counts(tmp_path, odd_grid):
    grid = odd_grid()
    line = f"LINESTRING ({at(grid, 3, 2)}, {at(grid, 8, 13)})"
    path, _ = distance_to_features(layer(tmp_path / "road.gpkg", line), grid, tmp_path / "distance.tif")
    touched = []
    for row, col in np.ndindex(*grid.shape):
        (x, y), (width, height) = np.ravel(grid.centres(np.array([row]), np.array([col]))), grid.cell_size
        corners = [(x + i * width / 2, y + j * height / 2) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))]
        cell = ogr.CreateGeometryFromWkt(f"POLYGON (({', '.join(f'{i} {j}' for i, j in corners)}))")
        if cell.Intersection(ogr.CreateGeometryFromWkt(line)).Length() > 0.1:
            touched.append((row, col))
    assert len(touched) > 14
    nought = measured(path) == 0
    assert nought[tuple(np.transpose(touched))].all()
    assert nought.sum() <= len(touched) + 2  # GDAL takes a cell whose corner is touched
