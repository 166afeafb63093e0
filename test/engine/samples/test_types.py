# SPDX-License-Identifier: GPL-2.0-or-later
"""A model of a type of movement: its landslides count, and those of other types are neither landslides nor ground without."""

import numpy as np
import pytest
from listening import Listener
from osgeo import ogr
from scarp.engine.declarations import checks
from scarp.engine.errors import EngineError
from scarp.engine.samples.cells import draw, resolve_samples
from scarp.engine.samples.types import Types, other_types

CELLS = [(row, col) for row in range(1, 38, 4) for col in range(1, 60, 8)]


def told(field, wanted, values, listener):
    origin = np.array([str(number) for number in range(len(values))])
    mask, of_type = Types.of(field, wanted).among(np.array(values, object), origin, "slides", listener)
    return mask.tolist(), of_type


@pytest.mark.parametrize(
    ("wanted", "values", "expected"),
    [
        ("slide", ["Slide", " slide ", "flow", None, ""], [True, True, False, False, False]),
        ("slide, fall", ["slide", "fall", "flow"], [True, True, False]),
        ("debris flow, wet; fall", ["Debris  flow, wet", "fall", "debris flow"], [True, True, False]),
        ("fall, ;; slide;,", ["slide", "fall", "flow"], [True, True, False]),
        ("debris flow, wet", ["Debris flow, wet", "wet", "debris flow"], [True, False, False]),
        ("1", [1, 1.0, "1", "01", 2, float("nan"), None], [True, True, True, True, False, False, False]),
        ("Überschiebung", ["ÜBERSCHIEBUNG", "x"], [True, False]),
    ],
)
def test_types_are_compared_as_text(listener, wanted, values, expected):
    assert told("kind", wanted, values, listener)[0] == expected


@pytest.mark.parametrize(
    ("wanted", "values", "expected"),
    [
        ("slide,FALL", ["Slide", "fall", "flow"], "Slide, fall"),
        ("slide", ["slide", "Slide", "Slide"], "Slide"),
        ("slide, Slide", ["SLIDE"], "SLIDE"),
        ("debris  flow, wet", ["Debris flow, wet"], "Debris flow, wet"),
        ("01", [1.0, 2.0], "1"),
    ],
)
def test_a_type_is_told_as_the_field_has_it(listener, wanted, values, expected):
    """The most frequent way to write it, where there are several."""
    assert told("kind", wanted, values, listener)[1] == expected
    assert f"of the type {expected}." in listener.messages[0]


def test_the_most_frequent_way_is_that_of_landslides_however_large(listener):
    """Five cells of one landslide say Slide, and those of two others slide."""
    origin = np.array(["1"] * 5 + ["2", "3"])
    _, of_type = Types("kind", "slide").among(np.array(["Slide"] * 5 + ["slide"] * 2, object), origin, "slides", listener)
    assert of_type == "slide"


def test_how_many_are_of_which_type_is_told(listener):
    told("kind", "slide", ["slide"] * 30 + ["flow"] * 4 + [None] * 2, listener)
    assert listener.messages == [
        "30 landslides of the layer slides are of the type slide. 4 of other types (flow 4) and 2 without a type take no part, and their "
        "cells stand for no other ground."
    ]
    assert not listener.warnings
    told("kind", "slide", ["slide"] * 29 + ["flow"], listener)
    assert "Only 29 landslides are of the type slide, fewer than 30: too few" in listener.warnings[0]


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (None, r"The field 'kind' of the layer slides holds flow 2, slide 1; say for which the model is to be \(TYPES\)"),
        (" , ", r"say for which the model is to be \(TYPES\)"),
        ("slide, fall", r"No landslide of the layer slides is of the type 'fall' \(TYPES\); its field 'kind' holds flow 2, slide 1"),
    ],
)
def test_a_type_that_is_not_there_is_asked_back(listener, wanted, said):
    with pytest.raises(EngineError, match=said):
        told("kind", wanted, ["slide", "flow", "flow", None], listener)


@pytest.mark.parametrize("wanted", ["", "  ", ",", ",;,", "; ,;"])
def test_separators_alone_name_no_type(listener, wanted):
    with pytest.raises(EngineError, match=r"holds slide 1; say for which the model is to be \(TYPES\)"):
        told("kind", wanted, ["slide"], listener)
    checks.check_together("sample_cells", {"types": wanted, "type_field": None})


def test_no_type_is_asked_for_without_a_field():
    assert Types.of(None, "slide") is None and Types.of("", None) is None


def near(cells, others):
    """Return the least distance in metres of a drawn absence from some cells."""
    drawn = np.stack([cells.rows, cells.cols], axis=1)[cells.landslide == 0]
    apart = (drawn[:, None] - np.array(others)[None]) * [35.0, 20.0]
    return np.hypot(*apart.transpose(2, 0, 1)).min()


def pairs(cells, chosen):
    return sorted(zip(cells.rows[chosen].tolist(), cells.cols[chosen].tolist()))


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setitem(draw.__kwdefaults__, "buffer_m", 36.0)
    monkeypatch.setattr("scarp.engine.declarations.choices.BUFFER_M", 36.0)
    monkeypatch.setattr("scarp.engine.samples.cells.absences_of", lambda landslides, *_: landslides)


def test_landslides_of_other_types_are_neither_landslides_nor_absences(stack, layer_of, points, listener, narrow):
    """Every second point is a flow, one has no type; another flow lies in the cell of a slide, which stays one."""
    places = [*CELLS[:41], CELLS[0]]
    kinds = ["slide" if number % 2 == 0 else "flow" for number in range(40)] + [None, "flow"]
    given = layer_of("slides.gpkg", points(places), kind=kinds)
    cells = resolve_samples(stack, given, None, 3, listener, types=Types("kind", "slide"))
    assert pairs(cells, cells.landslide == 1) == sorted(CELLS[:40:2])
    assert near(cells, places) >= 36, "absences keep the buffer from all landslides"
    assert cells.types == "slide"
    assert "20 landslides of the layer slides are of the type slide. 21 of other types (flow 21) and 1 without" in listener.messages[0]
    assert "Only 20 landslides are of the type" in listener.warnings[0]


def test_the_type_goes_with_the_sample_cells(stack, layer_of, points, tmp_path, listener, narrow):
    given = layer_of("slides.gpkg", points(CELLS[:40]), types={"kind": ogr.OFTInteger}, kind=[1, 2] * 20)
    drawn = resolve_samples(stack, given, None, 3, listener, types=Types("kind", "1"))
    path = str(tmp_path / "cells.gpkg")
    drawn.write(path, stack.grid)
    again = resolve_samples(stack, path, "landslide", 3, listener)
    assert again.types == "1"
    written = ogr.Open(path)
    assert {(each["landslide"], each["landslide_type"] or "") for each in written.GetLayer(0)} == {(1, "1"), (0, "")}
    assert pairs(again, again.landslide == 1) == sorted(CELLS[:40:2])
    plain = resolve_samples(stack, given, None, 3, listener)
    plain.write(str(tmp_path / "plain.gpkg"), stack.grid)
    dataset = ogr.Open(str(tmp_path / "plain.gpkg"))
    assert dataset.GetLayer(0).GetLayerDefn().GetFieldIndex("landslide_type") < 0, "where no type was chosen there is none"


def test_labelled_cells_by_type_keep_their_absences(stack, layer_of, points, listener):
    kinds = ["slide", "flow"] * 15 + [None] * 30
    given = layer_of("cells.gpkg", points(CELLS[:60]), slide=["1"] * 30 + ["0"] * 30, kind=kinds)
    cells = resolve_samples(stack, given, "slide", 3, listener, types=Types("kind", "flow"))
    assert pairs(cells, cells.landslide == 1) == sorted(CELLS[1:30:2])
    assert pairs(cells, cells.landslide == 0) == sorted(CELLS[30:60])


def test_landslides_of_other_types_are_no_ground_of_the_test(stack, layer_of, points, box, listener, narrow):
    """A flow over a third of the map in the inventory of the training, and a slide of the test as large: absences lie beside both."""
    flow = box((2, 2), (36, 22), 5.0)
    given = layer_of("slides.gpkg", [*points([(row, 58) for row in range(1, 39, 3)]), flow], kind=["slide"] * 13 + ["flow"])
    later = layer_of("later.gpkg", [box((2, 30), (36, 45), 5.0)], kind=["slide"])
    cells = resolve_samples(stack, given, None, 3, listener, later, Types("kind", "slide"))
    absence = (cells.landslide == 0) & (cells.subset == "test")
    assert absence.sum() > 200
    assert not (absence & (cells.rows >= 2) & (cells.rows <= 36) & (cells.cols >= 2) & (cells.cols <= 22)).any()


def test_a_test_inventory_is_of_the_same_type(stack, layer_of, points, listener, narrow):
    slides, later = CELLS[:40], CELLS[40:60]
    given = layer_of("slides.gpkg", points(slides), kind=["slide", "flow"] * 20)
    held_out = layer_of("later.gpkg", points(later), kind=["slide", "flow"] * 10)
    cells = resolve_samples(stack, given, None, 3, listener, held_out, Types("kind", "slide"))
    slide, test = cells.landslide == 1, cells.subset == "test"
    assert pairs(cells, slide & ~test) == sorted(slides[::2]) and pairs(cells, slide & test) == sorted(later[::2])
    assert near(cells.only(test), [*slides, *later]) > 0, "landslides of other types are no ground without landslides"
    assert near(cells.only(~test), slides) >= 36, "nor are those of the training's inventory, with its buffer"
    with pytest.raises(EngineError, match="The layer other has no field 'kind'"):
        resolve_samples(stack, given, None, 3, listener, layer_of("other.gpkg", points(later)), Types("kind", "slide"))


@pytest.mark.parametrize(
    ("wanted", "values", "expected"),
    [
        ("STRASSE", ["Straße", "strasse"], [True, True]),
        ("1.5", [1.5, "1.50", 2, 1], [True, True, False, False]),
        ("Slide, FALL", ["slide", "Fall", "flow"], [True, True, False]),
    ],
)
def test_ways_to_write_a_type(listener, wanted, values, expected):
    assert told("kind", wanted, values, listener)[0] == expected


def test_landslides_are_counted_not_their_cells(listener):
    """Two slides of three and two cells, a flow of four, and one of no type."""
    origin = np.array(["a"] * 3 + ["b"] * 2 + ["c"] * 4 + ["d"])
    values = np.array(["slide"] * 5 + ["flow"] * 4 + [None], object)
    assert Types("kind", "slide").among(values, origin, "slides", listener)[0].tolist() == [True] * 5 + [False] * 5
    assert listener.messages[0].startswith(
        "2 landslides of the layer slides are of the type slide. 1 of other types (flow 1) and 1 without"
    )
    listener.warnings.clear()
    Types("kind", "flow").among(values, origin, "slides", listener)
    assert "Only 1 landslide is of the type flow" in listener.warnings[0]
    listener.warnings.clear()
    Types("kind", "flow").among(values, origin, "slides", listener, few=False)
    assert listener.warnings == []


def test_eight_types_are_told_and_the_others_counted(listener):
    names = [f"t{number}" for number in range(10) for _ in range(20 - number)]
    for most, more in ((8, ""), (10, " and 2 more types")):
        kept = [name for name in names if int(name[1:]) < most]
        with pytest.raises(EngineError, match=rf"holds t0 20, t1 19, .*, t7 13{more}; say"):
            told("kind", None, kept, listener)


def test_types_of_a_map_in_another_order_and_case_are_the_same():
    assert other_types("map", "slide, fall", "Fall, Slide") == ""
    assert "of the type slide, and those given are of the type slide, fall:" in other_types("model", "slide", "slide, fall")


def test_others_are_listed_as_they_are_alike():
    kinds = np.array(["flow", "Sesuv", "SESUV", "Sesuv", None], object)
    listener = Listener()
    Types("kind", "flow").among(kinds, np.arange(5), "slides", listener)
    assert "3 of other types (Sesuv 3) and 1 without a type take no part" in listener.messages[0]
