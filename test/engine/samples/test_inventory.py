# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.samples.inventory import dates, read_inventory


def found(cells):
    """The cells of each feature, by its id."""
    of_feature = {}
    for row, col, origin in zip(cells.rows.tolist(), cells.cols.tolist(), cells.origin):
        of_feature.setdefault(origin, []).append((row, col))
    return {origin: sorted(some) for origin, some in of_feature.items()}


def rectangle(first, last):
    return [(row, col) for row in range(first[0], last[0] + 1) for col in range(first[1], last[1] + 1)]


def test_a_polygon_stands_for_the_cells_whose_centres_lie_in_it(stack, layer_of, box):
    """A metre more or less decides."""
    shapes = [box((9, 9), (11, 12), 1.0), box((20, 20), (23, 22), -1.0)]
    assert found(read_inventory(layer_of("a.gpkg", shapes), stack)) == {
        "1": rectangle((9, 9), (11, 12)),
        "2": rectangle((21, 21), (22, 21)),
    }


def test_a_polygon_between_centres_stands_for_the_cell_that_it_lies_in(stack, layer_of, grid):
    x, y = grid.centres(30, 40)
    sliver = f"POLYGON (({x + 2} {y + 2}, {x + 4} {y + 2}, {x + 4} {y + 14}, {x + 2} {y + 2}))"
    both = f"MULTIPOLYGON ((({x + 2} {y + 2}, {x + 4} {y + 2}, {x + 4} {y + 4}, {x + 2} {y + 2})))"
    assert found(read_inventory(layer_of("a.gpkg", [sliver, both]), stack)) == {"1": [(30, 40)], "2": [(30, 40)]}


def test_a_hole_is_no_landslide(stack, layer_of, box):
    outer, inner = (box(*ends, 1.0)[len("POLYGON (") : -1] for ends in (((5, 5), (9, 9)), ((7, 7), (7, 8))))
    (cells,) = found(read_inventory(layer_of("a.gpkg", [f"POLYGON ({outer}, {inner})"]), stack)).values()
    assert cells == sorted(set(rectangle((5, 5), (9, 9))) - {(7, 7), (7, 8)})


def test_polygons_at_every_edge_are_cut_there(stack, layer_of, box):
    shapes = [box((-3, 2), (0, 3), 1), box((36, 5), (60, 6), 1), box((4, -9), (5, 0), 1), box((7, 59), (8, 90), 1)]
    assert found(read_inventory(layer_of("a.gpkg", shapes), stack)) == {
        "1": rectangle((0, 2), (0, 3)),
        "2": rectangle((36, 5), (38, 6)),  # the last row has no data
        "3": rectangle((4, 0), (5, 0)),
        "4": rectangle((7, 59), (8, 60)),
    }


def test_what_is_left_out_is_counted_with_its_reason(stack, layer_of, points, listener):
    inside, without_data, outside = points([(3, 4), (39, 7), (3, 61)])
    shapes = [inside, without_data, None, outside, "LINESTRING (500100 3599900, 500200 3599900)", outside]
    cells = read_inventory(layer_of("slides.gpkg", shapes), stack, feedback=listener)
    assert found(cells) == {"1": [(3, 4)]}
    assert listener.warnings == [
        "5 of 6 features of the layer slides were left out: 1 without a geometry, 1 neither a point nor a polygon, "
        "2 outside the raster, 1 on cells without data."
    ]


def test_points_of_a_multipoint_count_each_and_each_cell_once(stack, layer_of, points):
    here, there = (each[len("POINT (") : -1] for each in points([(3, 4), (8, 50)]))
    cells = read_inventory(layer_of("a.gpkg", [f"MULTIPOINT (({here}), ({there}), ({here}))"]), stack)
    assert found(cells) == {"1": [(3, 4), (8, 50)]}


def test_attributes_come_along_with_each_cell(stack, layer_of, points, box):
    source = layer_of("a.gpkg", [box((3, 4), (3, 5), 1), *points([(8, 9)])], day=["2014", None], kind=["flow", "fall"])
    cells = read_inventory(source, stack, ["kind", "day"])
    assert cells.fields["kind"].tolist() == ["flow", "flow", "fall"]
    assert cells.fields["day"].tolist() == ["2014", "2014", None]
    with pytest.raises(EngineError, match="no field 'date'; its fields are day, kind"):
        read_inventory(source, stack, ["date"])


def test_layers_of_no_use_are_told(stack, layer_of, points):
    with pytest.raises(EngineError, match="layer a is empty"):
        read_inventory(layer_of("a.gpkg", []), stack)
    with pytest.raises(EngineError, match="None of the 2 features of the layer b has a geometry"):
        read_inventory(layer_of("b.gpkg", [None, None]), stack)
    with pytest.raises(EngineError, match="neither points nor polygons"):
        read_inventory(layer_of("c.gpkg", ["LINESTRING (500100 3599900, 500200 3599900)"]), stack)
    with pytest.raises(EngineError, match="only on cells without data: of its 2 cells none"):
        read_inventory(layer_of("d.gpkg", points([(39, 1), (39, 2)])), stack)
    with pytest.raises(EngineError, match="coordinate reference system"):
        read_inventory(layer_of("e.shp", points([(3, 4)]), None, "ESRI Shapefile"), stack)
    far = ["POINT (700000 3500000)", "POINT (700010 3500020)"]
    with pytest.raises(EngineError) as raised:
        read_inventory(layer_of("f.gpkg", far), stack)
    assert "it reaches over x 700,000 to 700,010, y 3,500,000 to 3,500,020, " in str(raised.value)
    assert "the raster over x 500,007 to 501,227, y 3,598,612 to 3,600,012 " in str(raised.value)


def test_days():
    told = dates(np.array(["2014-05-31", "2014/05/31", "2014-05-31T12:30:00", 2014, 2014.0, "2014", None, " "], object), "day")
    assert told.astype(str).tolist() == ["2014-05-31"] * 3 + ["2014-01-01"] * 3 + ["NaT"] * 2
    with pytest.raises(EngineError, match="day holds 'in May'"):
        dates(np.array(["in May"], object), "day")
