# SPDX-License-Identifier: GPL-2.0-or-later
"""The same forty landslides, in whatever format and coordinate reference system, lie in the same cells."""

import zipfile

import numpy as np
import pytest
from osgeo import gdal, ogr, osr
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.samples.inventory import read_inventory
from scarp.models.covariate import Covariate

# In Poland, where all of the systems below are made for.
GRID = Grid(reference_of(32634).ExportToWkt(), (440013.5, 20.0, 0.0, 5760007.25, 0.0, -35.0), (60, 90))
FIRST = [(row, col) for row in range(2, 52, 10) for col in range(3, 83, 10)]
# Each polygon covers two rows and three columns, and ends between centres.
POLYGONS = sorted((row + down, col + across) for row, col in FIRST for down in (0, 1) for across in (0, 1, 2))
# UTM, UTM on ETRS89, Web Mercator; the others have the northing or latitude first.
SYSTEMS = (32634, 25834, 3857, 2180, 3035, 3046, 4326, 4258)


@pytest.fixture
def stack(stack_of):
    return stack_of([(Covariate("slope"), 1)], GRID)


def shapes(kind, grid=GRID):
    for row, col in FIRST:
        (west, north), (east, south) = grid.centres(row - 0.5, col - 0.5), grid.centres(row + 1.5, col + 2.5)
        if kind == "points":
            yield "POINT ({} {})".format(*grid.centres(row, col))
        else:
            yield f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"


def write(path, kind, code, driver="GPKG", options=(), grid=GRID):
    dataset = gdal.GetDriverByName(driver).Create(str(path), 0, 0, 0, gdal.GDT_Unknown, list(options))
    there = osr.CoordinateTransformation(grid.spatial_reference, reference_of(code))
    layer = dataset.CreateLayer("slides", reference_of(code), ogr.wkbPoint if kind == "points" else ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("note", ogr.OFTString))
    for wkt in shapes(kind, grid):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["note"] = "Löß"
        geometry = ogr.CreateGeometryFromWkt(wkt)
        geometry.Transform(there)
        feature.SetGeometry(geometry)
        layer.CreateFeature(feature)
    return str(path)


def cells(source, stack):
    found = read_inventory(str(source), stack)
    assert len(np.unique(found.origin)) == 40
    return sorted(zip(found.rows.tolist(), found.cols.tolist()))


@pytest.mark.parametrize("kind", ["points", "polygons"])
@pytest.mark.parametrize("code", SYSTEMS)
def test_in_every_coordinate_reference_system(stack, tmp_path, code, kind):
    assert cells(write(tmp_path / "slides.gpkg", kind, code), stack) == (FIRST if kind == "points" else POLYGONS)


@pytest.mark.parametrize("kind", ["points", "polygons"])
@pytest.mark.parametrize(
    ("code", "x", "y"),
    [(2180, 5e5, 5e5), (3116, 1e6, 1e6), (5514, -6e5, -1.1e6), (3035, 4.3e6, 3e6), (2193, 1.6e6, 5.4e6), (5186, 2e5, 6e5)],
)
def test_on_a_stack_whose_northing_comes_first(stack_of, tmp_path, code, x, y, kind):
    grid = Grid(reference_of(code).ExportToWkt(), (x + 13.5, 20.0, 0.0, y + 7.25, 0.0, -35.0), (60, 90))
    stack = stack_of([(Covariate("slope"), 1)], grid)
    assert cells(write(tmp_path / "slides.gpkg", kind, code, grid=grid), stack) == (FIRST if kind == "points" else POLYGONS)
    assert cells(write(tmp_path / "degrees.gpkg", kind, 4326, grid=grid), stack) == (FIRST if kind == "points" else POLYGONS)


@pytest.mark.parametrize("kind", ["points", "polygons"])
@pytest.mark.parametrize(
    ("driver", "ending", "code"),
    [
        ("GPKG", "gpkg", 2180),
        ("GeoJSON", "geojson", 4326),
        ("KML", "kml", 4326),
        ("ESRI Shapefile", "shp", 2180),
        ("FlatGeobuf", "fgb", 2180),
        ("SQLite", "sqlite", 2180),
        ("GML", "gml", 2180),
        ("MapInfo File", "tab", 32634),
    ],
)
def test_in_every_format(stack, tmp_path, driver, ending, code, kind):
    source = write(tmp_path / f"slides.{ending}", kind, code, driver, ["SPATIALITE=YES"] if driver == "SQLite" else [])
    assert cells(source, stack) == (FIRST if kind == "points" else POLYGONS)


@pytest.mark.parametrize("kind", ["points", "polygons"])
def test_in_a_zip(stack, tmp_path, kind):
    write(tmp_path / "slides.shp", kind, 2180, "ESRI Shapefile")
    with zipfile.ZipFile(tmp_path / "slides.zip", "w") as archive:
        for path in tmp_path.glob("slides.*"):
            if path.suffix != ".zip":
                archive.write(path, path.name)
    assert cells(f"/vsizip/{tmp_path}/slides.zip/slides.shp", stack) == (FIRST if kind == "points" else POLYGONS)


def test_in_a_table(stack, tmp_path):
    """Text has no coordinate reference system; the layer's name in the task brings it."""
    lines = [f"{x},{y}" for x, y in (GRID.centres(*cell) for cell in FIRST)]
    (tmp_path / "slides.csv").write_text("\n".join(["east,north", *lines]), encoding="utf-8")
    options = "|option:X_POSSIBLE_NAMES=east|option:Y_POSSIBLE_NAMES=north"
    assert cells(f"{tmp_path}/slides.csv|crs=EPSG:32634{options}", stack) == FIRST
    rows = [f'"{wkt}",{number}' for number, wkt in enumerate(shapes("polygons"))]
    (tmp_path / "shapes.csv").write_text("\n".join(["WKT,id", *rows]), encoding="utf-8")
    assert cells(f"{tmp_path}/shapes.csv|crs=EPSG:32634", stack) == POLYGONS
