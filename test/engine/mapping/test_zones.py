# SPDX-License-Identifier: GPL-2.0-or-later
"""Which zone each cell of a map lies in, by polygons of a field."""

import numpy as np
import pytest
from osgeo import ogr
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Window
from scarp.engine.mapping.zones import ZoneRaster


@pytest.fixture
def lay(tmp_path, odd_grid):
    """Lay polygons over rows of the odd grid (first, last, name), and a line through all; return the zones."""

    def lay(*rows, field="basin", road=True):
        grid = odd_grid()
        west, south, east, north = grid.bounds
        dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "basins.gpkg"))
        layer = dataset.CreateLayer("basins", grid.spatial_reference, ogr.wkbUnknown)
        layer.CreateField(ogr.FieldDefn("basin", ogr.OFTString))
        boxes = [(north - 35 * first, north - 35 * (last + 1), name) for first, last, name in rows]
        shapes = [(f"POLYGON (({west} {y}, {east} {y}, {east} {end}, {west} {end}, {west} {y}))", name) for y, end, name in boxes]
        for wkt, name in [*shapes, *[(f"LINESTRING ({west} {north}, {east} {south})", "road")] * road]:
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
            feature["basin"] = name
            layer.CreateFeature(feature)
        dataset = None
        return ZoneRaster.lay(str(tmp_path / "basins.gpkg"), field, grid, tmp_path / "zones.tif")

    return lay


def test_the_later_of_two_counts_lines_do_not_and_polygons_of_one_name_are_one(lay):
    zones = lay((2, 9, "upper"), (8, 15, "lower"), (18, 19, "upper"), (20, 20, None))
    assert zones.names == ["upper", "lower", "without a name"] and zones.beyond == ["road"]
    expected = np.zeros((23, 17), int)
    expected[2:10], expected[8:16], expected[18:20], expected[20] = 1, 2, 1, 3
    np.testing.assert_array_equal(zones.read(Window(0, 0, 23, 17)), expected)
    rows, cols = np.array([19, 8, 0, 20, 8]), np.array([3, 16, 0, 1, 2])
    assert zones.at(rows, cols).tolist() == [1, 2, 0, 3, 2]


def test_without_a_field_each_is_a_zone_by_its_id(lay):
    assert lay((2, 9, "upper"), (8, 15, "upper"), field=None).names == ["1", "2"]


def test_what_is_not_there_is_told(lay):
    with pytest.raises(EngineError, match=r"The layer basins has no field 'valley'; its fields are basin\.$"):
        lay((2, 9, "upper"), field="valley")
    with pytest.raises(EngineError, match="No polygon of the layer basins reaches the map"):
        lay((30, 39, "beyond"), road=False)
