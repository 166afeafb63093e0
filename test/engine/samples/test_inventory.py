# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.files import shapes
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.stack import Stack
from scarp.engine.samples.inventory import read_inventory
from scarp.models.covariate import Covariate

_read = Stack.read


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
        "5 of 6 features of the layer slides were left out: 1 without a geometry, 2 outside the raster, 1 lines, 1 on cells without data."
    ]


def test_a_landslide_is_without_data_where_all_of_its_cells_are(stack, layer_of, box, listener):
    cells = read_inventory(layer_of("slides.gpkg", [box((39, 3), (39, 6), 1), box((37, 8), (39, 9), 1)]), stack, feedback=listener)
    assert found(cells) == {"2": rectangle((37, 8), (38, 9))}
    assert listener.warnings == ["1 of 2 features of the layer slides were left out: 1 on cells without data."]


def test_points_of_a_multipoint_are_landslides_of_their_own(stack, layer_of, points):
    here, there = (each[len("POINT (") : -1] for each in points([(3, 4), (8, 50)]))
    cells = read_inventory(layer_of("a.gpkg", [f"MULTIPOINT (({here}), ({there}), ({here}))"]), stack)
    assert found(cells) == {"1.1": [(3, 4)], "1.2": [(8, 50)], "1.3": [(3, 4)]}


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


def test_each_part_of_a_dissolved_inventory_is_a_landslide(stack, layer_of, box, grid):
    """Two of them are smaller than a cell."""
    x, y = grid.centres(30, 40)
    slivers = [f"(({x + dx} {y + 2}, {x + dx + 2} {y + 2}, {x + dx + 2} {y + 4}, {x + dx} {y + 2}))" for dx in (2, 22)]
    large = box((9, 9), (10, 11), 1)[len("POLYGON ") :]
    cells = read_inventory(layer_of("a.gpkg", [f"MULTIPOLYGON ({slivers[0]}, {large}, {slivers[1]})"], note=["x"]), stack, ["note"])
    assert sorted(found(cells).values()) == sorted([[(30, 40)], rectangle((9, 9), (10, 11)), [(30, 41)]])
    assert set(found(cells)) == {"1.1", "1.2", "1.3"} and set(cells.fields["note"]) == {"x"}


@pytest.mark.parametrize("collected", ["MULTIPOLYGON ({}, {})", "GEOMETRYCOLLECTION (POLYGON {}, POLYGON {})"])
def test_parts_that_overlap_are_one_landslide(stack, layer_of, box, collected):
    """Ten by ten cells each, five by five in common; and one within another."""
    parts = [box(*ends, 1)[len("POLYGON ") :] for ends in (((5, 5), (14, 14)), ((10, 10), (19, 19)), ((6, 6), (8, 8)))]
    overlapping = read_inventory(layer_of("a.gpkg", [collected.format(*parts[:2])]), stack)
    assert found(overlapping) == {"1": sorted({*rectangle((5, 5), (14, 14)), *rectangle((10, 10), (19, 19))})}
    assert len(overlapping.rows) == 175
    nested = read_inventory(layer_of("b.gpkg", [collected.format(parts[0], parts[2])]), stack)
    assert found(nested) == {"1": rectangle((5, 5), (14, 14))}


def test_parts_outside_are_counted_as_landslides(stack, layer_of, points, listener):
    here, far = (each[len("POINT (") : -1] for each in points([(3, 4), (-5, 9)]))
    read_inventory(layer_of("slides.gpkg", [f"MULTIPOINT (({here}), ({far}), ({far}))"]), stack, feedback=listener)
    assert listener.warnings == ["2 of 3 landslides (parts of features) of the layer slides were left out: 2 outside the raster."]


def test_rings_that_cross_themselves_say_nothing(stack, layer_of, grid, capfd):
    (west, north), (east, south) = grid.centres(5, 5), grid.centres(9, 9)
    corners = ((-1, 1), (1, -1), (1, 1), (-1, -1), (-1, 1))
    ring = ", ".join(f"{(west, east)[x > 0] + x} {(south, north)[y > 0] + y}" for x, y in corners)
    bow = f"POLYGON (({ring}))"
    cells = read_inventory(layer_of("a.gpkg", [bow] * 3), stack)
    assert found(cells)["1.1"] == [(6, 5), (7, 5), (7, 6), (7, 7), (8, 5)] and found(cells)["1.2"] == [(6, 9), (7, 8), (7, 9), (8, 9)]
    assert capfd.readouterr().err == ""


def test_a_raster_is_named_as_such(stack):
    with pytest.raises(EngineError, match=r"The layer stack is a raster, and points or other vectors are needed .*native:pixelstopoints"):
        read_inventory(stack.path, stack)


def test_older_versions_of_gdal_read_the_same(stack, layer_of, points, box, monkeypatch):
    source = layer_of("a.gpkg", [*points([(3, 4), (8, 50)]), None, box((9, 9), (11, 12), 1)], day=["2014", None, "x", "y"])
    new = read_inventory(source, stack, ["day"])
    monkeypatch.setattr("scarp.engine.files.shapes._columns", shapes._loop)
    old = read_inventory(source, stack, ["day"])
    assert found(new) == found(old) and new.fields["day"].tolist() == old.fields["day"].tolist() == ["2014", None, *["y"] * 12]


def test_cells_of_many_windows_are_looked_at(stack_of, layer_of, points, monkeypatch):
    monkeypatch.setattr("scarp.engine.samples.inventory._WINDOW_PX", 7)
    values = np.ones((40, 61))
    values[10:20, 20:40] = np.nan
    stack = stack_of([(Covariate("a"), 1), (Covariate("b"), values)])
    cells = [(row, col) for row in range(0, 40, 3) for col in range(0, 61, 4)]
    reads = []
    monkeypatch.setattr(type(stack), "read", lambda self, window: reads.append(window) or _read(self, window))
    read = read_inventory(layer_of("a.gpkg", points(cells)), stack)
    assert list(zip(read.rows.tolist(), read.cols.tolist())) == [cell for cell in cells if not (10 <= cell[0] < 20 and 20 <= cell[1] < 40)]
    assert max(max(window.rows, window.cols) for window in reads) <= 7, "memory does not depend on how far they lie"


def test_points_far_off_lie_outside_and_not_in_the_corner(stack_of, layer_of, listener):
    """The grid holds the origin of its coordinates; one point is at the other side of the world."""
    grid = Grid(reference_of(3857).ExportToWkt(), (-610.0, 20.0, 0.0, 700.0, 0.0, -35.0), (40, 61))
    stack = stack_of([(Covariate("a"), 1)], grid)
    source = layer_of("slides.gpkg", ["POINT (0.001 0.001)", "POINT (170 60)"], 4326, given=4326)
    cells = read_inventory(source, stack, feedback=listener)
    assert found(cells) == {"1": [(16, 36)]}
    assert listener.warnings == ["1 of 2 features of the layer slides were left out: 1 outside the raster."]
