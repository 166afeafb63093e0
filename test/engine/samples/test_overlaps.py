# SPDX-License-Identifier: GPL-2.0-or-later
"""Landslides that share cells are not divided, nor are those whose ids come from elsewhere; where ids are missing that is said."""

import numpy as np
import pytest
from osgeo import ogr
from scarp.engine.feedback import Feedback
from scarp.engine.samples.cells import draw, landslides, resolve_samples
from scarp.engine.tasks import benchmark_classifiers

PLAIN = {"ratio": 1.0, "buffer_m": 36.0}


def chain(box):
    """Twelve landslides of 2 × 4 cells: of each three the second shares two cells with the first, the third stands alone."""
    corners = [(row, col) for row in (2, 12, 22, 32) for col in (2, 4, 40)]
    return [box((row, col), (row + 1, col + 3), 5.0) for row, col in corners]


def sides(cells, name):
    """The parts that the cells of each landslide as it was mapped lie in; `name` tells which these are."""
    slide = np.flatnonzero(cells.landslide == 1)
    return {key: {name(cells, index) for index in slide if key(cells.rows[index], cells.cols[index])} for key in KEYS}


# A pair covers cols 2 to 7 of its rows, whichever of the two its cells are counted to.
KEYS = [lambda row, col, top=top: top <= row <= top + 1 and 2 <= col <= 7 for top in (2, 12, 22, 32)]


@pytest.mark.parametrize("split", ["random", "blocks", "knndm"])
@pytest.mark.parametrize("seed", range(4))
def test_landslides_that_share_cells_are_one_wherever_cells_are_divided(stack, layer_of, box, listener, split, seed):
    given = layer_of("slides.gpkg", chain(box))
    cells = draw(stack, given, listener, split=split, test_share=0.3, folds=2, block_size_m=100.0, seed=seed, **PLAIN)
    assert landslides(cells) == 8
    assert (cells.landslide == 1).sum() == 4 * 12 + 4 * 8
    for found in sides(cells, lambda cells, index: (str(cells.subset[index]), int(cells.fold[index]))).values():
        assert len(found) == 1
    assert "Some of the 12 landslides share cells and are kept together, so that there are 8." in listener.messages


def test_each_of_them_still_has_cells_of_its_own_that_stand_for_it(stack, layer_of, box):
    """One cell of each of the twelve, though they are eight where cells are divided."""
    cells = draw(stack, layer_of("slides.gpkg", chain(box)), Feedback(), polygon_cells="one", test_share=0.3, folds=2, **PLAIN)
    assert (cells.landslide == 1).sum() == 12 and landslides(cells) == 8


def test_a_landslide_wholly_under_another_one_is_counted_among_those_that_are_joined(stack, layer_of, box, listener):
    given = layer_of("slides.gpkg", [box((2, 2), (5, 5), 5.0), box((3, 3), (4, 4), 5.0), box((20, 20), (22, 22), 5.0)])
    draw(stack, given, listener, test_share=0.0, folds=2, **PLAIN)
    assert "Some of the 3 landslides share cells and are kept together, so that there are 2." in listener.messages


@pytest.mark.parametrize(
    ("alone", "said"), [(3, "Of 7 landslides of several cells 4 (57 %) touch"), (15, "Of 19 landslides of several cells 4 (21 %)")]
)
def test_parts_of_landslides_as_features_of_their_own_are_told(stack, layer_of, box, listener, alone, said):
    """Scarps and deposits beside each other, and landslides that stand alone: nothing was said where fewer than a half touch."""
    parts = [box((row, col), (row + 1, col + 3), 5.0) for row in (2, 12) for col in (2, 6)]
    lone = [box((row, col), (row + 1, col + 1), 5.0) for row in (2, 8, 14, 20, 26) for col in (40, 46, 52)][:alone]
    draw(stack, layer_of("slides.gpkg", parts + lone), listener, test_share=0.3, folds=2, **PLAIN)
    assert [text for text in listener.warnings if text.startswith(said)]


def test_parts_that_are_kept_together_are_not_told(stack, layer_of, box, listener):
    """The advice was given again to whom had followed it, and of a test inventory, whose parts are all on one side."""
    parts = [box((row, col), (row + 1, col + 3), 5.0) for row in (2, 12) for col in (2, 6)]
    alone = [box((row, 40), (row + 1, 43), 5.0) for row in (2, 12, 22)]
    draw(stack, layer_of("slides.gpkg", parts + alone), listener, test_share=0.3, folds=2, together_m=40.0, **PLAIN)
    rows = (6, 16, 26, 30)
    given = layer_of("others.gpkg", [box((row, 20), (row + 1, 23), 5.0) for row in rows])
    resolve_samples(stack, given, None, 1, listener, test_inventory=layer_of("parts.gpkg", parts))
    assert not [text for text in listener.warnings if "touch another one" in text]


def test_neighbours_that_share_no_cell_stay_two(stack, layer_of, box, listener):
    given = layer_of("slides.gpkg", [box((2, 2), (3, 5), 5.0), box((2, 6), (3, 9), 5.0), box((20, 20), (22, 22), 5.0)])
    cells = draw(stack, given, listener, test_share=0.0, folds=2, **PLAIN)
    assert landslides(cells) == 3
    assert not any("share cells" in text for text in listener.messages)


def test_the_first_of_several_dates_counts(stack, layer_of, box):
    """A landslide of 2014 that lies over one of 2010, whichever comes first in the layer: the ground slid in 2010."""
    early, late = box((2, 2), (3, 5), 5.0), box((2, 2), (6, 9), 5.0)
    alone = box((20, 20), (21, 21), 5.0)
    for shapes, days in (((early, late), ("2010-05-01", "2014-06-01")), ((late, early), ("2014-06-01", "2010-05-01"))):
        given = layer_of(f"{days[0]}.gpkg", [*shapes, alone], day=[*days, None])
        cells = draw(stack, given, Feedback(), test_share=0.0, folds=2, **PLAIN)
        found = benchmark_classifiers._dates(stack, given, False, "day", None, cells, Feedback())[0][:, 0]
        inner = (cells.landslide == 1) & (cells.rows <= 3) & (cells.cols <= 5)
        outer = (cells.landslide == 1) & (cells.rows <= 6) & ~inner
        assert set(found[inner].astype(str)) == {"2010-05-01"} and inner.sum() == 8
        assert set(found[outer].astype(str)) == {"2014-06-01"}
        assert np.isnat(found[cells.rows >= 20]).all()


def labelled(layer_of, points, name, **fields):
    """Ten landslides of 2 × 2 cells and forty other cells, as points of another tool."""
    corners = [(row, col) for row in (2, 12) for col in range(2, 52, 10)]
    slides = [(row + down, col + right) for row, col in corners for down in (0, 1) for right in (0, 1)]
    others = [(row, col) for row in (26, 29, 32, 35) for col in range(3, 53, 5)]
    label = [1] * 40 + [0] * 40
    given = {key: make(np.arange(80) // 4) for key, make in fields.items()}
    return layer_of(name, points([*slides, *others]), label=label, types={"label": ogr.OFTInteger}, **given)


def of_slides(cells):
    """Parts of the landslides by their corner."""
    slide = cells.landslide == 1
    keys = list(zip((cells.rows[slide] // 10).tolist(), (cells.cols[slide] // 10).tolist()))
    return {key: {part for other, part in zip(keys, cells.subset[slide].tolist()) if other == key} for key in keys}


def rule(number):
    return [f"slide {each}" if each < 10 else "random" for each in number]


def test_cells_of_another_tool_without_ids_are_told_to_be_memory(stack, layer_of, points, listener):
    cells = resolve_samples(stack, labelled(layer_of, points, "cells.gpkg"), "label", 3, listener)
    assert cells.units is None
    assert any({"train", "test"} == parts for parts in of_slides(cells).values()), "they are divided, which is why it is said"
    assert [text for text in listener.warnings if text.startswith("100 % of the 40 landslide cells lie beside another one")]


def test_cells_beside_each_other_may_be_landslides_of_their_own(stack, layer_of, points, listener):
    """Points of another tool, some of them in neighbouring cells: the advice was to draw them from polygons, which nobody has."""
    slides = [(row, col) for row in range(1, 39, 3) for col in range(1, 31, 3)]
    slides += [(1, 2), (4, 2), (7, 2), (10, 2), (13, 2)]
    others = [(row, col) for row in range(1, 39, 3) for col in range(32, 61, 3)]
    label = [1] * len(slides) + [0] * len(others)
    given = layer_of("points.gpkg", points(slides + others), label=label, types={"label": ogr.OFTInteger})
    resolve_samples(stack, given, "label", 3, listener)
    (told,) = [text for text in listener.messages if "lie beside another one" in text]
    assert told.startswith("7 % of the 135 landslide cells") and "If each is a landslide of its own, that is as it should be" in told
    assert "samplecells" not in told and not [text for text in listener.warnings if "beside another one" in text]


def test_points_apart_are_not_taken_for_cells_of_one_landslide(stack, layer_of, points, listener):
    places = [(row, col) for row in range(1, 39, 3) for col in range(1, 61, 3)]
    given = layer_of("apart.gpkg", points(places), label=[each % 2 for each in range(len(places))], types={"label": ogr.OFTInteger})
    resolve_samples(stack, given, "label", 3, listener)
    assert not [text for text in listener.warnings if "beside another one" in text]


@pytest.mark.parametrize("subset", [None, "train"])
def test_ids_of_sample_cells_keep_landslides_whole_without_parts_too(stack, layer_of, points, listener, subset):
    """The field subset was dropped, or says the same of all: they are divided anew, but by landslides."""
    more = {"subset": lambda number: [subset] * len(number)} if subset else {}
    cells = resolve_samples(stack, labelled(layer_of, points, "cells.gpkg", origin=rule, **more), "label", 3, listener)
    assert landslides(cells) == 10
    assert all(len(parts) == 1 for parts in of_slides(cells).values())
    assert not [text for text in listener.warnings if "beside another one" in text]


def test_a_field_of_that_name_may_say_something_else(stack, layer_of, points, listener):
    """Where the cells come from, say: it is no id of landslides, of which there would be one."""
    given = labelled(layer_of, points, "cells.gpkg", origin=lambda number: ["GPS"] * len(number))
    assert resolve_samples(stack, given, "label", 3, listener).units is None


@pytest.mark.parametrize("empty", [None, "", " "])
def test_cells_without_an_id_are_landslides_of_their_own(stack, layer_of, points, listener, empty):
    """Whether empty is NULL or a blank, as in a table of text; the point's own number is no id of a landslide either."""

    def some(number):
        return [empty if place < 20 else f"{place // 4}" for place in range(len(number))]

    def parts(number):
        return ["test" if place % 20 == 0 else "train" for place in range(len(number))]

    cells = resolve_samples(stack, labelled(layer_of, points, "cells.gpkg", origin=some, subset=parts), "label", 3, listener)
    slides = cells.landslide == 1
    assert landslides(cells) == 20 + 5
    (told,) = [text for text in listener.warnings if "without an id" in text]
    assert told.startswith("Landslide cells without an id in the field origin: 20 of 40. Each counts as a landslide of its own")
    assert sorted(np.unique(cells.units[slides], return_counts=True)[1].tolist()) == [1] * 20 + [4] * 5


@pytest.mark.parametrize("written", ["{}.0", "00{}", " {} ", "{},0"])
def test_an_id_that_is_written_in_two_ways_is_one(stack, layer_of, points, listener, written):
    """As where tables of two programs were joined: 7 and 7.0 are one landslide, which lies on one side."""

    def some(number):
        return [written.format(place // 4) if place % 2 else f"{place // 4}" for place in range(len(number))]

    given = labelled(layer_of, points, "cells.gpkg", origin=some, subset=lambda number: ["train"] * len(number))
    cells = resolve_samples(stack, given, "label", 3, listener)
    assert landslides(cells) == 10
    assert all(len(parts) == 1 for parts in of_slides(cells).values()), "none is on both sides"


def test_ids_in_capitals_and_parts_of_ids(stack, layer_of, points, listener):
    """A1 and a1 are one, which at worst keeps two landslides together; 1.1 and 1.10 are parts 1 and 10 of a feature."""
    names = ["A1", "a1", "1.1", "1.10"]
    given = labelled(
        layer_of, points, "cells.gpkg", origin=lambda n: [names[i % 4] for i in range(len(n))], subset=lambda n: ["train"] * len(n)
    )
    cells = resolve_samples(stack, given, "label", 3, listener)
    assert set(cells.origin[cells.landslide == 1]) == {"A1", "1.1", "1.10"}


@pytest.mark.parametrize("word", ["stable", "Random", "0"])
def test_what_all_absences_have_is_no_id_of_theirs(stack, layer_of, points, listener, word):
    """Else all of them were one unit, which no part can hold."""
    given = labelled(
        layer_of,
        points,
        "cells.gpkg",
        origin=lambda n: [word if i >= 40 else f"slide {i // 4}" for i in range(len(n))],
        subset=lambda n: ["train"] * len(n),
    )
    cells = resolve_samples(stack, given, "label", 3, listener)
    others = cells.landslide == 0
    assert len(np.unique(cells.units[others])) == others.sum()
