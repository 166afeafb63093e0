# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from listening import Listener
from osgeo import ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.samples.cells import draw
from scarp.engine.samples.labels import check_no_labels, folds, labels, subsets, truth

CELLS = [(row, col) for row in range(3, 36, 6) for col in range(3, 58, 6)]


@pytest.mark.parametrize("value", [1, 1.0, "1", "1.0", "1,0", "1,00", " Yes ", "TRUE", True, "t", "landslide", "Landslides", "Presence"])
def test_what_says_landslide(value):
    assert truth(value) == 1


@pytest.mark.parametrize(
    "value",
    [
        0,
        0.0,
        "0",
        "0,0",
        "0.00",
        "no",
        "False",
        False,
        "f",
        "stable",
        "none",
        "non-landslide",
        "Non landslide",
        "no_slide",
        "Absence",
        -0.0,
    ],
)
def test_what_says_none(value):
    assert truth(value) == 0


@pytest.mark.parametrize("value", [None, "", 2, 0.5, "maybe", "1,5", -1, float("nan"), "10"])
def test_what_says_neither(value):
    assert truth(value) is None
    said = "NULL" if value is None else str(value)
    with pytest.raises(EngineError, match=f"'slide' holds '{said}'; landslides must be 1, yes or true"):
        labels(np.array([1, 0, value], object), "slide")


def test_words_of_subsets():
    words = ["train", " Training ", "TEST", "validation", "hold-out", "calibration", "Training set", "test_data"]
    assert subsets(np.array(words, object), "part").tolist() == ["train", "train", "test", "test", "test", "train", "train", "test"]
    with pytest.raises(EngineError, match="'part' holds 'NULL', 'a'; expected train"):
        subsets(np.array(["train", "a", None], object), "part")


def test_folds_in_numbers_and_words():
    assert folds(np.array([0, 2, None, -1, -9999], object), "fold").tolist() == [0, 2, -1, -1, -1]
    assert folds(np.array(["0", "2.0", "1,0", ""], object), "fold").tolist() == [0, 2, 1, -1]
    assert folds(np.array(["south", "north", None, "south"], object), "fold").tolist() == [1, 0, -1, 1]
    with pytest.raises(EngineError, match="'fold' holds 0.5; folds are whole numbers"):
        folds(np.array([1, 0.5], object), "fold")


@pytest.mark.parametrize(
    ("field", "values", "kind"),
    [
        ("lslpts", [0, 1], ogr.OFTInteger),
        ("anything", [0, 1], ogr.OFTInteger),
        ("type", ["yes", "no"], ogr.OFTString),
        ("value", [1.0, 0.0], ogr.OFTReal),
        ("landslide", ["1,0", "0,0"], ogr.OFTString),
        ("target", [1, -1], ogr.OFTInteger),
    ],
)
def test_points_with_labels_are_no_inventory(stack, layer_of, points, field, values, kind):
    source = layer_of("a.gpkg", points(CELLS), types={field: kind}, note=["x"] * 60, **{field: values * 30})
    with pytest.raises(EngineError, match=f"The field '{field}' of the landslide inventory holds both yes and no"):
        draw(stack, source, Feedback())


def test_landslides_alone_are_an_inventory_whatever_their_fields(stack, layer_of, points, box):
    one = layer_of("a.gpkg", points(CELLS), landslide=["1"] * 60, year=["2014"] * 60)
    assert draw(stack, one, Feedback()).landslide.sum() == 60
    three = layer_of("b.gpkg", points(CELLS), types={"kind": ogr.OFTInteger}, kind=[0, 1, 2] * 20)
    check_no_labels(three)
    polygons = [box(cell, cell, 1) for cell in CELLS]
    check_no_labels(layer_of("c.gpkg", polygons, types={"is_deep": ogr.OFTInteger}, is_deep=[0, 1] * 30))
    with pytest.raises(EngineError, match="'Landslide'"):
        check_no_labels(layer_of("d.gpkg", polygons, types={"Landslide": ogr.OFTInteger}, Landslide=[0, 1] * 30))
    with pytest.raises(EngineError, match="'DN'"):  # of a raster that gdal:polygonize made polygons of
        check_no_labels(layer_of("e.gpkg", polygons, types={"DN": ogr.OFTInteger}, DN=[0, 1] * 30))


def test_one_and_two_are_warned_of_where_the_field_may_tell_landslides(layer_of, points):
    kinds = {"slide_type": ogr.OFTInteger, "bank": ogr.OFTInteger, "CLASS": ogr.OFTReal}
    source = layer_of("a.gpkg", points(CELLS), types=kinds, slide_type=[1, 2, None] * 20, bank=[1, 2] * 30, CLASS=[1.0, 2.0, 3.0] * 20)
    listener = Listener()
    check_no_labels(source, listener)
    assert len(listener.warnings) == 1
    assert "'slide_type' of the landslide inventory holds 1 and 2 and nothing else; all its features count" in listener.warnings[0]
    listener = Listener()
    check_no_labels(layer_of("b.gpkg", points(CELLS), types=kinds, slide_type=[2] * 60), listener)
    assert listener.warnings == []


def test_empty_labels_are_told(layer_of, points):
    source = layer_of("a.gpkg", points(CELLS), types={"slide": ogr.OFTInteger}, slide=[0, 1, None] * 20)
    with pytest.raises(EngineError) as caught:
        check_no_labels(source)
    assert "Some of its values are empty (NULL), which say neither: fill them, then keep the landslides alone" in str(caught.value)
    assert 'by a filter ("slide" = 1)' in str(caught.value)


@pytest.mark.parametrize(
    ("values", "kind", "right"),
    [
        ([0, 1], ogr.OFTInteger, '"kind" = 1'),
        ([1.0, 0.0], ogr.OFTReal, '"kind" = 1'),
        (["Slide", "stable"], ogr.OFTString, "\"kind\" = 'Slide'"),
        (["1,0", "0,0"], ogr.OFTString, "\"kind\" = '1,0'"),
    ],
)
def test_the_filter_that_is_advised_selects_the_landslides(layer_of, points, values, kind, right):
    source = layer_of("a.gpkg", points(CELLS), types={"kind": kind}, kind=values * 30)
    with pytest.raises(EngineError) as caught:
        check_no_labels(source)
    assert f"by a filter ({right}) or, where" in str(caught.value)
    layer = (dataset := ogr.Open(source)).GetLayer(0)
    layer.SetAttributeFilter(right)
    assert layer.GetFeatureCount() == 30
    del dataset


def test_one_landslide_cannot_train_and_test(stack, layer_of, box):
    with pytest.raises(EngineError, match=r"All \d+ landslide cells belong to one landslide"):
        draw(stack, layer_of("one.gpkg", [box((4, 5), (9, 12), 1)]), Feedback())


def test_triangles_and_surfaces_are_polygons(stack, layer_of, box):
    polygons = [box(cell, cell, 1) for cell in CELLS]
    surfaces = [each.replace("POLYGON ", "POLYHEDRALSURFACE (") + ")" for each in polygons]
    flat, made = (draw(stack, layer_of(name, shapes), Feedback()) for name, shapes in (("a.gpkg", polygons), ("b.gpkg", surfaces)))
    np.testing.assert_array_equal(made.rows[made.landslide == 1], flat.rows[flat.landslide == 1])


def test_sample_cells_are_no_inventory(stack, layer_of, points, tmp_path):
    cells = draw(stack, layer_of("a.gpkg", points(CELLS)), Feedback())
    cells.write(tmp_path / "cells.gpkg", stack.grid)
    with pytest.raises(EngineError, match="'landslide'"):
        draw(stack, str(tmp_path / "cells.gpkg"), Feedback())


def test_an_empty_label_is_told_as_such():
    with pytest.raises(EngineError, match="'slide' holds 'NULL', 'perhaps'"):
        labels(np.array([1, None, " perhaps "], object), "slide")
