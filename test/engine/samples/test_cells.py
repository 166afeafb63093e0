# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from osgeo import ogr
from scarp.engine.declarations import choices
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.outputs import replacing
from scarp.engine.samples.cells import _in_window, absences_of, draw, notice_few, resolve_samples
from scarp.models.covariate import Covariate

ROWS, COLS = 40, 61
CELLS = [(row, col) for row in range(3, 36, 6) for col in range(3, 58, 6)]


def pairs(cells, chosen=slice(None)):
    return sorted(zip(cells.rows[chosen].tolist(), cells.cols[chosen].tolist()))


def distances(slides):
    """Distance in metres of each cell to the nearest landslide, (rows, cols), the slow way."""
    row, col = np.indices((ROWS, COLS))
    return np.min([np.hypot(35.0 * (row - r), 20.0 * (col - c)) for r, c in slides], axis=0)


@pytest.mark.parametrize("window_px", [13, 1024])
@pytest.mark.parametrize(
    ("method", "qualifies"),
    [
        ("random", lambda distance, col: distance >= 70),
        ("seed_cells", lambda distance, col: (distance >= 70) & (distance < 70 + 10 * 35)),
        ("flat", lambda distance, col: (distance >= 70) & (col < 20)),
    ],
)
def test_just_the_cells_that_qualify_are_drawn(stack, layer_of, points, monkeypatch, method, qualifies, window_px):
    """Some cells lie 70 m (the buffer) and 420 m (the ring's end) from a landslide, and some have a slope of 20° (the limit)."""
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", window_px)
    slides = [(20, 5), (22, 30)]
    allowed = qualifies(distances(slides), np.indices((ROWS, COLS))[1])
    allowed[-1] = False
    source = layer_of("slides.gpkg", points(slides))
    options = {"method": method, "buffer_m": 70.0, "slope_limit_deg": 20.0, "folds": 2, "test_share": 0}
    cells = draw(stack, source, Feedback(), ratio=allowed.sum() / 2, **options)
    assert pairs(cells, cells.landslide == 1) == slides
    assert pairs(cells, cells.landslide == 0) == sorted(zip(*(each.tolist() for each in np.nonzero(allowed))))
    with pytest.raises(EngineError, match=f"{allowed.sum() + 1:,} non-landslide cells .* only {allowed.sum():,} cells qualify"):
        draw(stack, source, Feedback(), ratio=(allowed.sum() + 1) / 2, **options)


def test_absences_keep_off_every_cell_that_a_landslide_covers_in_part(stack, grid, layer_of):
    """A flow of 2 m along a row of cells has none of their centres, and stands for one cell; a triangle crosses cells along its sides."""
    (west, north), (east, _) = grid.centres(10, 5), grid.centres(10, 30)
    flow = f"POLYGON (({west} {north - 12}, {east} {north - 12}, {east} {north - 14}, {west} {north - 14}, {west} {north - 12}))"
    (west, north), (east, south) = grid.centres(22, 9), grid.centres(31, 40)
    triangle = f"POLYGON (({west + 3} {north + 4}, {east + 3} {north + 7}, {east - 6} {south - 3}, {west + 3} {north + 4}))"
    shapes = [ogr.CreateGeometryFromWkt(each) for each in (flow, triangle)]
    x, y = grid.centres(*np.divmod(np.arange(40 * 61), 61))
    covered = np.array([any(each.Intersects(cell_box(*at)) for each in shapes) for at in zip(x, y)])
    assert covered.sum() > 26 + 150
    source = layer_of("a.gpkg", [flow, triangle])
    landslide_cells = draw(stack, source, Feedback(), buffer_m=0, ratio=1, folds=2, test_share=0).landslide.sum()
    nearest = np.hypot(x[:, None] - x[covered], y[:, None] - y[covered]).min(axis=1)
    for buffer in (0.0, 45.0):
        free = ~covered & (nearest >= buffer) & (np.arange(40 * 61) < 39 * 61)
        cells = draw(stack, source, Feedback(), buffer_m=buffer, ratio=free.sum() / landslide_cells, folds=2, test_share=0)
        absences = np.sort(cells.rows[cells.landslide == 0] * 61 + cells.cols[cells.landslide == 0])
        assert np.array_equal(absences, np.flatnonzero(free))


def cell_box(x, y):
    west, east, south, north = x - 10, x + 10, y - 17.5, y + 17.5
    return ogr.CreateGeometryFromWkt(f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))")


def test_a_buffer_of_nothing_spares_the_landslides_alone(stack, layer_of, points):
    slides = [(20, 5), (22, 30)]
    cells = draw(stack, layer_of("a.gpkg", points(slides)), Feedback(), buffer_m=0, ratio=(39 * 61 - 2) / 2, folds=2, test_share=0)
    assert pairs(cells) == [(row, col) for row in range(39) for col in range(61)]


def test_half_are_flat_and_the_odd_one_is_random(stack, layer_of, points):
    cells = draw(
        stack, layer_of("a.gpkg", points(CELLS[:9])), Feedback(), method="random_and_flat", buffer_m=45, slope_limit_deg=20, ratio=1
    )
    assert cells.origin.tolist() == [*map(str, range(1, 10)), *["random"] * 5, *["flat"] * 4]
    assert (cells.cols[cells.origin == "flat"] < 20).all()
    assert (cells.cols[cells.origin == "random"] >= 20).any()
    assert len(set(pairs(cells))) == 18, "no cell twice"


def test_every_cell_is_as_likely_as_any_other(stack, layer_of, points, monkeypatch):
    """Whatever window it lies in: over 60 draws of 60 cells each sixth of the raster gets about its share."""
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 25)
    source = layer_of("a.gpkg", points(CELLS))
    hits = np.zeros((ROWS, COLS))
    for seed in range(60):
        cells = draw(stack, source, Feedback(), buffer_m=0, seed=seed, ratio=1)
        absent = cells.landslide == 0
        hits[cells.rows[absent], cells.cols[absent]] += 1
    parts = np.array([[part.sum() for part in np.array_split(half, 3, axis=1)] for half in np.array_split(hits[:-1], 2)])
    assert parts.sum() == 60 * 60
    assert np.abs(parts / parts.sum() - 1 / 6).max() < 0.03


@pytest.mark.parametrize(("ratio", "count"), [(1.0, 60), (0.5, 30), (2.5, 150)])
def test_the_ratio_says_how_many(stack, layer_of, points, ratio, count):
    cells = draw(stack, layer_of("a.gpkg", points(CELLS)), Feedback(), ratio=ratio, buffer_m=0)
    assert (cells.landslide == 0).sum() == count and cells.landslide.sum() == 60


def test_one_absence_is_drawn_at_least(stack, layer_of, points):
    with pytest.raises(EngineError, match="the smaller class has 1"):
        draw(stack, layer_of("a.gpkg", points(CELLS)), Feedback(), ratio=0.001, test_share=0)


def test_two_landslides_in_a_cell_are_one(stack, layer_of, points, listener):
    cells = draw(stack, layer_of("a.gpkg", points([CELLS[3], *CELLS, CELLS[5]])), listener, ratio=1)
    assert pairs(cells, cells.landslide == 1) == CELLS
    origin = dict(zip(zip(cells.rows.tolist(), cells.cols.tolist()), cells.origin))
    assert (origin[CELLS[3]], origin[CELLS[0]], origin[CELLS[5]]) == ("1", "2", "7"), "the first one's id"
    assert listener.messages == [
        "Some of the 62 landslides share cells and are kept together, so that there are 60.",
        "60 landslide cells and 60 non-landslide cells.",
    ]


def test_the_seed_decides(stack, layer_of, points):
    source = layer_of("a.gpkg", points(CELLS))
    first, second, other = (draw(stack, source, Feedback(), seed=seed) for seed in (1, 1, 2))
    for name in ("rows", "cols", "subset", "fold"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert (first.rows != other.rows).any() and (first.subset != other.subset).any()


@pytest.mark.parametrize(("share", "each"), [(0.2, 12), (0.35, 21), (0.0, 0)])
def test_a_share_of_each_class_is_for_the_test_and_the_rest_is_dealt(stack, layer_of, points, share, each):
    cells = draw(stack, layer_of("a.gpkg", points(CELLS)), Feedback(), test_share=share, folds=4, ratio=1)
    test = cells.subset == "test"
    assert set(cells.subset) <= {"train", "test"}
    assert [(test & (cells.landslide == label)).sum() for label in (0, 1)] == [each, each]
    assert (cells.fold[test] == -1).all()
    for label in (0, 1):
        sizes = np.bincount(cells.fold[~test & (cells.landslide == label)], minlength=4)
        assert sizes.sum() == 60 - each and np.ptp(sizes) <= 1 and len(sizes) == 4


def test_blocks_go_whole_to_a_part_and_a_fold(stack, layer_of, points, listener):
    cells = draw(stack, layer_of("a.gpkg", points(CELLS)), listener, split="blocks", block_size_m=200.0, folds=3, ratio=3)
    blocks = list(zip(cells.rows // 6, cells.cols // 10))  # 200 m are 5.7 rows and 10 columns
    parts = {}
    for block, subset, fold in zip(blocks, cells.subset, cells.fold):
        parts.setdefault(block, set()).add((subset, fold))
    assert all(len(each) == 1 for each in parts.values())
    assert {fold for ((_, fold),) in parts.values()} == {-1, 0, 1, 2}
    assert 0.2 <= (cells.subset == "test").mean() < 0.35
    assert listener.messages[-1] == f"{len(parts)} spatial blocks of 200 m hold the cells."


def test_what_is_written_is_read_back(stack, layer_of, points, tmp_path):
    cells = draw(stack, layer_of("a.gpkg", points(CELLS)), Feedback(), split="blocks", block_size_m=150.0, ratio=1)
    path = tmp_path / "cells.gpkg"
    with replacing(path) as temporary:
        cells.write(temporary, stack.grid)
    layer = (dataset := ogr.Open(str(path))).GetLayer(0)
    assert layer.GetName() == "sample_cells"
    assert layer.GetSpatialRef().IsSame(stack.grid.spatial_reference)
    found = list(layer)
    assert len(found) == 120
    for number, feature in enumerate(found):
        x, y = 500007.25 + 20 * (cells.cols[number] + 0.5), 3600011.5 - 35 * (cells.rows[number] + 0.5)
        assert (feature.geometry().GetX(), feature.geometry().GetY()) == (feature["x"], feature["y"]) == (x, y)
        assert (feature["landslide"], feature["subset"], feature["fold"], feature["origin"]) == (
            cells.landslide[number], cells.subset[number], cells.fold[number], cells.origin[number]
        )  # fmt: skip
    del dataset
    again = resolve_samples(stack, str(path), "landslide", 99)
    for name in ("rows", "cols", "landslide", "subset", "fold"):
        np.testing.assert_array_equal(getattr(again, name), getattr(cells, name), name)


def test_labels_in_words_and_two_points_in_a_cell(stack, layer_of, points, listener):
    labels = ["yes" if number % 2 else "no" for number in range(60)]
    source = layer_of("a.gpkg", points([*CELLS, CELLS[0]]), label=[*labels, "yes"])
    cells = resolve_samples(stack, source, "label", 1, listener)
    assert pairs(cells) == CELLS
    assert pairs(cells, cells.landslide == 1) == CELLS[1::2], "the first of two points in a cell counts"
    assert listener.warnings == ["Points that share a cell with another one and are left out: 1."]
    assert [(cells.subset[cells.landslide == label] == "test").sum() for label in (0, 1)] == [6, 6]
    assert set(cells.fold[cells.subset == "train"]) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize(
    ("word", "slide"),
    [("1", 1), ("1.0", 1), ("Yes", 1), (" TRUE ", 1), ("landslide", 1), ("0", 0), ("false", 0), ("N", 0), ("stable", 0), ("None", 0)],
)
def test_words_for_landslides_and_others(stack, layer_of, points, word, slide):
    cells = resolve_samples(stack, layer_of("a.gpkg", points(CELLS), label=[word] * 30 + ["0" if slide else "1"] * 30), "label", 1)
    assert cells.landslide.tolist() == [slide] * 30 + [1 - slide] * 30


def test_labels_that_are_not_understood_are_told(stack, layer_of, points):
    odd = layer_of("a.gpkg", points(CELLS), label=["maybe"] * 60)
    with pytest.raises(EngineError, match="'label' holds 'maybe'"):
        resolve_samples(stack, odd, "label", 1)
    missing = layer_of("b.gpkg", points(CELLS), label=[None, *["yes", "no"] * 29, "no"])
    with pytest.raises(EngineError, match="holds 'NULL'"):
        resolve_samples(stack, missing, "label", 1)
    one = layer_of("c.gpkg", points(CELLS), label=["1"] * 60)
    with pytest.raises(EngineError, match="All 60 cells have the same value in 'label'"):
        resolve_samples(stack, one, "label", 1)


def test_flat_ground_needs_the_slope(stack_of, layer_of, points):
    stack = stack_of([(Covariate("altitude"), 7)])
    with pytest.raises(EngineError, match="covariate slope"):
        draw(stack, layer_of("a.gpkg", points(CELLS)), Feedback(), method="flat")


def test_cells_are_found_in_a_window_that_is_wider_than_high(grid):
    rows, cols = np.array([4, 5, 7, 8, 9, 6, 6, 6]), np.array([9, 3, 20, 9, 9, 2, 3, 21])
    found = _in_window(grid, rows * grid.shape[1] + cols, Window(5, 3, 3, 18))
    assert [each.tolist() for each in found] == [[0, 2, 1], [0, 17, 0]]


def test_how_cells_were_divided_is_told_with_the_share_of_the_test(stack, layer_of, points):
    cells = draw(stack, layer_of("a.gpkg", points(CELLS)), Feedback(), test_share=0.25)
    assert np.mean(cells.subset == "test") == pytest.approx(0.25, abs=0.005)
    assert cells.divided == "The cells were divided at random, 25 % of them for the test."


def test_a_stack_in_degrees_is_refused(stack_of, layer_of):
    grid = Grid(reference_of(4326).ExportToWkt(), (50.0, 0.001, 0.0, 30.0, 0.0, -0.002), (9, 8))
    stack = stack_of([(Covariate("slope"), 1)], grid)
    with pytest.raises(EngineError, match="gdal:warpreproject"):
        draw(stack, layer_of("a.gpkg", ["POINT (500015 3599985)"]), Feedback())


def test_too_few_landslides_are_told_with_what_the_test_took(stack, layer_of, points):
    with pytest.raises(EngineError, match="There are 3 landslide cells; 1 of them is for the test, and the other 2 .* into 5 folds"):
        draw(stack, layer_of("a.gpkg", points(CELLS[:3])), Feedback())
    assert draw(stack, layer_of("b.gpkg", points(CELLS[:3])), Feedback(), folds=2).landslide.sum() == 3


def test_a_layer_that_covers_most_of_the_area_is_told_as_no_landslides(stack, layer_of):
    """25 of 39 valid rows of 61 cells; a geological map, say, in place of the inventory. Half of the cells are no reason."""

    def drawn(rows):
        y = 3600011.5
        halves = [(500007.25 + west, 500007.25 + east) for west, east in ((0, 600), (600, 1220))]
        areas = [f"POLYGON (({w} {y}, {e} {y}, {e} {y - 35 * rows}, {w} {y - 35 * rows}, {w} {y}))" for w, e in halves]
        return draw(stack, layer_of(f"{rows}.gpkg", areas), Feedback(), buffer_m=0, ratio=1, folds=2, test_share=0)

    with pytest.raises(EngineError, match="The landslides cover 1,525 of 2,379 valid cells, .* choose the layer that holds them"):
        drawn(25)
    assert (drawn(19).landslide == 0).sum() == 19 * 61


@pytest.mark.parametrize(("size", "told"), [(500.0, 1), (201.0, 1), (200.0, 0)])
def test_large_cells_are_told(stack_of, layer_of, points, listener, size, told):
    grid = Grid(reference_of(32639).ExportToWkt(), (500007.25, 100.0, 0.0, 3600011.5, 0.0, -size), (40, 61))
    stack = stack_of([(Covariate("slope"), 1)], grid)
    draw(stack, layer_of("a.gpkg", points(CELLS, grid)), listener)
    texts = [text for text in listener.warnings if text.startswith(f"The cells are 100 × {size:,.0f} m: most landslides are smaller")]
    assert len(texts) == told


@pytest.mark.parametrize(("share", "told"), [(0.15, ["Only 9 of 60 landslides are for the test"]), (0.167, []), (0.0, [])])
def test_a_test_of_few_landslides_is_told(stack, layer_of, points, listener, share, told):
    cells = draw(stack, layer_of("a.gpkg", points(CELLS)), Feedback(), test_share=share)
    notice_few(cells, listener)
    assert [text.partition(":")[0] for text in listener.warnings] == told


def test_a_landslide_of_many_cells_is_one_in_the_test(stack, layer_of, box, listener):
    boxes = [box((row, col), (row + 2, col + 2), 1) for row in range(3, 33, 6) for col in range(3, 53, 6)]
    cells = draw(stack, layer_of("a.gpkg", boxes), Feedback(), buffer_m=0)
    notice_few(cells, listener)
    told = "Only 9 of 45 landslides are for the test, which tells little. scarp:traincnndnn tests by folds on all of them"
    assert not listener.warnings and listener.messages[-1].startswith(told)


def test_fewer_landslides_than_folds_are_sampled_whole_and_not_tested(stack, layer_of, box, listener):
    """Two landslides of ten by ten cells that overlap in 25 are one; another lies apart."""
    parts = [box(*ends, 1)[len("POLYGON ") :] for ends in (((5, 5), (14, 14)), ((10, 10), (19, 19)), ((30, 40), (31, 41)))]
    source = layer_of("a.gpkg", [f"MULTIPOLYGON ({', '.join(parts)})"])
    cells = draw(stack, source, listener, buffer_m=0, few=True, ratio=1)
    slides = cells.landslide == 1
    assert (slides.sum(), (~slides).sum(), set(cells.subset)) == (179, 179, {"train"})
    assert sorted((origin, len(set(cells.fold[cells.origin == origin]))) for origin in set(cells.origin[slides])) == [
        ("1.1", 1),
        ("1.2", 1),
    ]
    assert set(cells.fold[slides]) == {0, 1} and np.ptp(np.bincount(cells.fold[~slides], minlength=5)) < 30
    assert listener.warnings[-1].startswith(
        "The landslide cells are those of 2 landslides, which are not divided: too few for a test and 5 folds"
    )
    with pytest.raises(EngineError):
        draw(stack, source, Feedback(), buffer_m=0)


def test_the_default_ratio_becomes_less_where_cells_are_many_and_any_other_is_kept():
    assert (choices.RATIO, [absences_of(count) for count in (0, 1, 2000, 2001, 3333, 3334, 21_886)]) == (
        5.0,
        [1, 5, 10_000, 10_000, 10_000, 10_002, 65_658],
    )
    assert absences_of(21_886, 5.1) == round(21_886 * 5.1)
    assert absences_of(21_886, 1.0) == 21_886


def test_by_default_five_times_as_many_are_drawn_or_all_that_qualify(stack, layer_of, points):
    """A buffer of 115 m leaves fewer cells than five times the landslides, and more than as many."""
    source = layer_of("a.gpkg", points(CELLS))
    cells = draw(stack, source, Feedback(), buffer_m=0)
    assert ((cells.landslide == 0).sum(), len(cells.origin)) == (5 * len(CELLS), 6 * len(CELLS))
    allowed = (distances(CELLS)[:-1] >= 115.0).sum()
    assert len(CELLS) < allowed < 5 * len(CELLS)
    few = draw(stack, source, Feedback(), buffer_m=115.0)
    assert ((few.landslide == 0).sum(), len(few.origin)) == (allowed, allowed + len(CELLS))


def test_a_field_of_parts_counts_without_one_of_folds(stack, layer_of, points):
    places = [(row, col) for row in range(3, 36, 6) for col in range(3, 58, 6)]
    parts = ["Training set", "Training set", "test"] * 20
    kinds = {"slide": ogr.OFTInteger}
    source = layer_of("a.gpkg", points(places), types=kinds, slide=[1, 0] * 30, Subset=parts)
    cells = resolve_samples(stack, source, "slide", 1)
    assert list(cells.subset) == [{"Training set": "train"}.get(each, each) for each in parts]
    assert set(cells.fold) == {-1}
    fold = [number % 3 for number in range(60)]
    twice = layer_of(
        "c.gpkg", points([places[0], *places]), types=dict.fromkeys(("slide", "fold"), ogr.OFTInteger), slide=[1, *[1, 0] * 30],
        Subset=["train", *parts], fold=[0, *fold],
    )  # fmt: skip
    assert resolve_samples(stack, twice, "slide", 1).fold.tolist() == fold, "where a cell has two points, those of its first"
    with pytest.raises(EngineError, match="The field 'Subset' holds 'A', 'B'; expected train"):
        resolve_samples(stack, layer_of("b.gpkg", points(places), types=kinds, slide=[1, 0] * 30, Subset=["A", "B"] * 30), "slide", 1)
