# SPDX-License-Identifier: GPL-2.0-or-later
"""Landslides of a test inventory take no part in training, and few landslides are not divided."""

import numpy as np
import pytest
from scarp.engine.errors import EngineError
from scarp.engine.samples.cells import draw, resolve_samples

CELLS = [(row, col) for row in range(1, 39, 4) for col in range(1, 61, 8)]


@pytest.fixture(autouse=True)
def narrow_buffer(monkeypatch):
    monkeypatch.setattr("scarp.engine.declarations.choices.BUFFER_M", 36.0)
    monkeypatch.setattr("scarp.engine.declarations.choices.RATIO", 1.0)
    monkeypatch.setattr("scarp.engine.samples.cells.absences_of", lambda landslides, *_: landslides)


def box(first, last, grid):
    """A polygon over the cells from one (row, col) to another."""
    (west, north), (east, south) = grid.centres(*first), grid.centres(*last)
    west, east, south, north = west - 9, east + 9, south - 16, north + 16
    return f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"


def pairs(cells, chosen):
    return sorted(zip(cells.rows[chosen].tolist(), cells.cols[chosen].tolist()))


def test_the_landslides_of_the_test_inventory_are_the_test(stack, layer_of, points, listener):
    slides, later = CELLS[::2], CELLS[1::4]
    given = layer_of("slides.gpkg", points(slides))
    cells = resolve_samples(stack, given, None, 3, listener, test_inventory=layer_of("later.gpkg", points(later)))
    slide, test = cells.landslide == 1, cells.subset == "test"
    assert pairs(cells, slide & test) == sorted(later)
    assert pairs(cells, slide & ~test) == sorted(slides)
    assert (~slide & test).sum() == pytest.approx((39 * 61 - len(slides) - len(later)) / 5, abs=3), (
        "few make the figure chance, but training needs some"
    )
    for part in (test, ~test):
        assert len(set(pairs(cells, part))) == part.sum(), "no cell is there twice in a part"
    assert not set(pairs(cells, ~slide & test)) & set(pairs(cells, slide | ~test)), "the test's absences are cells of nothing else"
    assert set(cells.origin[slide & test]) == {f"test {number}" for number in range(1, len(later) + 1)}
    assert (cells.fold[test] == -1).all()
    assert not listener.warnings


def test_training_hears_nothing_of_the_test_inventory(stack, grid, layer_of, points, listener):
    """Not by where absences are missing either: those drawn for the test leave gaps on its landslides as they do elsewhere."""
    given, later = layer_of("slides.gpkg", points(CELLS[:20])), layer_of("later.gpkg", [box((16, 10), (32, 40), grid)])
    cells = resolve_samples(stack, given, None, 3, listener, test_inventory=later)
    alone = draw(stack, given, listener, seed=3, folds=None, test_share=0.0)
    train = cells.subset == "train"
    before, after = set(pairs(alone, alone.landslide < 2)), set(pairs(cells, train))
    assert after < before and after & set(pairs(cells, ~train)), "some lie on the landslide that nobody knew of"
    lost, on_it = [], [(row, col) for row in range(16, 33) for col in range(10, 41)]
    for seed in range(40):
        cells = resolve_samples(stack, given, None, seed, listener, test_inventory=later)
        alone = draw(stack, given, listener, seed=seed, folds=None, test_share=0.0)
        before = set(pairs(alone, alone.landslide == 0))
        gone = before - set(pairs(cells, cells.subset == "train"))
        lost.append([len(each & set(on_it)) for each in (before, gone)] + [len(each - set(on_it)) for each in (before, gone)])
    on, gone_on, off, gone_off = np.sum(lost, axis=0)
    assert gone_on / on == pytest.approx(0.2, abs=0.06) and gone_off / off == pytest.approx(0.2, abs=0.06)


def test_no_absence_of_the_test_lies_on_a_landslide_of_it(stack, grid, layer_of, points, listener):
    """A landslide over nearly half of the map, and as many absences: one at random would lie on it."""
    given, later = (
        layer_of("slides.gpkg", points([(30, col) for col in range(1, 61, 4)])),
        layer_of("later.gpkg", [box((2, 2), (19, 56), grid)]),
    )
    cells = resolve_samples(stack, given, None, 3, listener, test_inventory=later)
    slide, test = cells.landslide == 1, cells.subset == "test"
    assert (slide & test).sum() == 18 * 55 and (~slide & test).sum() > 200
    assert not set(pairs(cells, slide & test)) & set(pairs(cells, ~slide & test))


def test_the_absences_of_the_test_are_the_ground_of_the_map(stack, layer_of, points, listener):
    """Near landslides too: without these the AUC would be above that of the map against all its cells."""
    given, later = layer_of("slides.gpkg", points(CELLS[::2])), layer_of("later.gpkg", points(CELLS[1::2]))
    cells = resolve_samples(stack, given, None, 3, listener, test_inventory=later)
    of_test = (cells.landslide == 0) & (cells.subset == "test")
    away = np.stack([cells.rows, cells.cols], axis=1)[of_test][:, None] - np.array(CELLS)[None]
    near = np.hypot(*(away * np.array([35.0, 20.0])).transpose(2, 0, 1)).min(axis=1) < 36
    assert near.any()


@pytest.mark.parametrize("ratio", [10, 50, 90])
def test_the_test_is_drawn_from_all_ground_and_training_loses_what_it_takes(stack, layer_of, points, listener, monkeypatch, ratio):
    """Training takes 200 to 1,800 of the 1,821 cells that lie 45 m or more from its 20 landslides, and none of the others.

    What it leaves is near them for the most part: an AUC against that is not that of the map. A fifth of the ground is the test's at most.
    """
    monkeypatch.setattr("scarp.engine.declarations.choices.BUFFER_M", 45.0)
    monkeypatch.setattr("scarp.engine.samples.cells.absences_of", lambda landslides, *_: ratio * 20)
    slides, later = CELLS[:80:4], [(20, 50), (20, 52), (22, 50)]
    given = layer_of("a.gpkg", points(slides))
    cells = resolve_samples(stack, given, None, 3, listener, test_inventory=layer_of("b.gpkg", points(later)))
    row, col = np.indices((39, 61))
    near = np.min([np.hypot(35.0 * (row - r), 20.0 * (col - c)) for r, c in slides], axis=0) < 45
    ground = np.ones((39, 61), bool)
    ground[tuple(np.array([*slides, *later]).T)] = False
    tested, trained = ((cells.subset == part) & (cells.landslide == 0) for part in ("test", "train"))
    assert tested.sum() == pytest.approx(0.2 * ground.sum(), abs=3) and tested.sum() == len(set(pairs(cells, tested)))
    assert ground[cells.rows, cells.cols][tested].all()
    assert near[cells.rows, cells.cols][tested].mean() == pytest.approx(near[ground].mean(), abs=0.03)
    alone = draw(stack, given, listener, seed=3, folds=None, test_share=0.0)
    before, after, taken = (set(pairs(*each)) for each in ((alone, alone.landslide == 0), (cells, trained), (cells, tested)))
    gone = before - after
    assert after < before and not after & taken and gone - taken <= set(later) and len(before) == ratio * 20
    assert any(f"; {len(gone)} that were drawn for training do not train." in each for each in listener.messages)


def test_sample_cells_tell_nothing_of_the_landslides_other_cells(stack, layer_of, points, listener, tmp_path):
    slides, later = layer_of("slides.gpkg", points(CELLS[::2])), layer_of("later.gpkg", points(CELLS[1::4]))
    draw(stack, slides, listener, seed=3, folds=2, test_share=0.0).write(tmp_path / "cells.gpkg", stack.grid)
    for source, label, told in ((slides, None, False), (str(tmp_path / "cells.gpkg"), "landslide", True)):
        listener.messages.clear()
        resolve_samples(stack, source, label, 3, listener, test_inventory=later)
        assert any("Absences of the test keep off the sample cells alone" in each for each in listener.messages) == told


def test_a_landslide_of_both_inventories_is_no_part_of_training(stack, grid, layer_of, listener):
    """A polygon of 4 × 3 cells shares one cell with a landslide of the test: all of it is left out, and that is said."""
    shapes = [box((2, 2), (5, 4), grid), box((20, 10), (21, 12), grid), box((30, 40), (33, 44), grid)]
    later = layer_of("later.gpkg", [box((5, 4), (6, 8), grid)])
    cells = resolve_samples(stack, layer_of("slides.gpkg", shapes), None, 3, listener, test_inventory=later)
    slide, test = cells.landslide == 1, cells.subset == "test"
    assert set(cells.origin[slide & ~test]) == {"2", "3"}
    assert pairs(cells, slide & test) == [(row, col) for row in (5, 6) for col in range(4, 9)]
    assert listener.warnings == [
        "Landslides that lie in the test inventory too, and take no part in training: 1.",
        "Only 1 of 3 landslides is for the test: what it says is chance to a large part. Validation by folds tests on more of them.",
    ]
    assert len(np.unique(cells.units[slide])) == 3, "landslides with the same id in the two inventories are two"


def test_landslides_of_the_test_that_share_cells_are_one(stack, grid, layer_of, listener):
    """As in training: else its cells would count as those of two witnesses."""
    later = layer_of("later.gpkg", [box((5, 4), (6, 8), grid), box((6, 8), (8, 10), grid), box((20, 10), (21, 12), grid)])
    given = layer_of("slides.gpkg", [box((30, col), (33, col + 4), grid) for col in (20, 40)])
    cells = resolve_samples(stack, given, None, 3, listener, test_inventory=later)
    slide = (cells.landslide == 1) & (cells.subset == "test")
    assert set(cells.origin[slide]) == {"test 1", "test 3"} and len(np.unique(cells.units[slide])) == 2


def test_beside_a_test_inventory_no_landslides_are_kept_for_a_test(stack, layer_of, points, listener):
    """However many there are: all of them train, in some fold."""
    given, later = layer_of("slides.gpkg", points(CELLS[:70])), layer_of("later.gpkg", points(CELLS[70:]))
    cells = resolve_samples(stack, given, None, 3, listener, test_inventory=later)
    training = cells.subset == "train"
    assert (cells.landslide[training] == 1).sum() == 70 and cells.fold[training].min() == 0


@pytest.mark.parametrize(
    ("near", "away", "told"),
    [(11, 1, "11 (55 %) lie beside"), (2, 1, "2 (10 %) lie beside"), (1, 1, ""), (11, 2, "")],
)
def test_landslides_beside_those_that_train_are_told_as_perhaps_the_same(stack, layer_of, points, listener, near, away, told):
    """A cell stood for each of 70 landslides, and their points, a cell away, were the test: nothing was said, nor where half did."""
    given = layer_of("slides.gpkg", points(CELLS[:20]))
    later = layer_of("later.gpkg", points([(row, col + (away if number < near else 3)) for number, (row, col) in enumerate(CELLS[:20])]))
    resolve_samples(stack, given, None, 3, listener, test_inventory=later)
    found = [text for text in listener.warnings if text.startswith(f"Of 20 landslides of the test inventory {told} ")]
    assert len(found) == bool(told) == any("beside landslides that train" in text for text in listener.warnings)


def test_the_same_inventory_twice_leaves_nothing_to_train_with(stack, layer_of, points, listener):
    given = layer_of("slides.gpkg", points(CELLS[:20]))
    with pytest.raises(EngineError, match="All landslides of the inventory lie in the test inventory too"):
        resolve_samples(stack, given, None, 3, listener, test_inventory=given)
    assert not listener.warnings, "one sentence says it"


@pytest.mark.parametrize(("count", "tested"), [(59, 0), (60, 12)])
def test_few_landslides_are_not_divided(stack, layer_of, points, count, tested):
    cells = resolve_samples(stack, layer_of("slides.gpkg", points(CELLS[:count])), None, 3)
    assert (cells.landslide[cells.subset == "test"] == 1).sum() == tested


@pytest.mark.parametrize("count", [2, 3])
def test_two_landslides_are_not_asked_for_five_folds(stack, layer_of, points, count):
    cells = resolve_samples(stack, layer_of("slides.gpkg", points(CELLS[:count])), None, 3)
    assert sorted(set(cells.fold)) == list(range(count))
