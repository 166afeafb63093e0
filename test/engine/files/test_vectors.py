# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from osgeo import ogr, osr
from scarp.engine.files.grid import Grid
from scarp.engine.files.vectors import features, laid_over


def reference(code):
    found = osr.SpatialReference()
    found.ImportFromEPSG(code)
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return found


GRID = Grid(reference(32639).ExportToWkt(), (500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0), (10, 10))


def layer_of(shapes, code=32639):
    dataset = ogr.GetDriverByName("Memory").CreateDataSource("")
    layer = dataset.CreateLayer("layer", reference(code), ogr.wkbUnknown)
    for wkt in shapes:
        feature = ogr.Feature(layer.GetLayerDefn())
        if wkt:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    return dataset, layer


def test_features_outside_the_bounds_are_left_out():
    inside, outside = "POINT (500100 3599900)", "LINESTRING (600000 3599900, 600100 3599900)"
    dataset, layer = layer_of([inside, outside, None])
    assert len(list(features(layer, GRID))) == 3
    assert [feature.GetFID() for feature, _ in features(layer, GRID, GRID.bounds)] == [0]
    assert laid_over(layer, GRID, GRID.bounds, lambda _: 1).GetLayer(0).GetFeatureCount() == 1


def test_geometries_come_flat_valid_straight_and_reprojected():
    degrees = reference(4326)
    to_degrees = osr.CoordinateTransformation(reference(32639), degrees)
    east, north, _ = to_degrees.TransformPoint(500100.0, 3599900.0)
    dataset, layer = layer_of([f"POINT Z ({east} {north} 7)"], 4326)
    (_, point), = features(layer, GRID)  # fmt: skip
    assert point.GetCoordinateDimension() == 2
    assert (point.GetX(), point.GetY()) == pytest.approx((500100.0, 3599900.0), abs=1e-3)
    bow_tie = "POLYGON ((500000 3600000, 500100 3599900, 500100 3600000, 500000 3599900, 500000 3600000))"
    arc = "CIRCULARSTRING (500000 3600000, 500050 3599950, 500100 3600000)"
    dataset, layer = layer_of([bow_tie, arc])
    shapes = [geometry for _, geometry in features(layer, GRID)]
    assert shapes[0].IsValid()
    assert shapes[0].Area() == pytest.approx(5000)
    assert not shapes[1].HasCurveGeometry()


def test_a_geometry_beyond_its_projection_lies_nowhere():
    dataset, layer = layer_of(["POINT (1e12 1e12)"], 3857)
    assert not list(features(layer, GRID, GRID.bounds))
