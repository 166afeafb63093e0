# SPDX-License-Identifier: GPL-2.0-or-later
"""What training says of itself: the mean over folds, intervals that take a landslide as one, and folds where landslides are few."""

import re
from dataclasses import replace

import numpy as np
import pytest
from listening import Listener
from osgeo import ogr
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.files.vectors import write_layer
from scarp.engine.learning import validation
from scarp.engine.learning.fitting import Examples, uncalibrated
from scarp.engine.learning.fitting import fit as fit_examples
from scarp.engine.learning.validation import Evaluation, by_parts, by_random_folds, by_spatial_folds, random_folds, spatial_folds
from scarp.engine.reporting.metrics import delong, evaluate
from scarp.engine.samples.cells import resolve_samples
from scarp.engine.samples.folds import landslide_weights, suggested_block_size, validation_part
from scarp.engine.tasks import train_cnn_dnn
from scarp.models.covariate import Covariate
from scarp.models.model_file import load_model
from scarp.models.patches import Patches
from scarp.models.recipe import Recipe
from sklearn.metrics import roc_auc_score

RNG = np.random.default_rng(3)
LABELS = np.repeat([1, 0], [40, 60])
SAID = np.where(LABELS == 1, RNG.normal(1, 1, 100), RNG.normal(0, 1, 100))
TINY = Recipe(patch_size=5, filters=2, hidden_layers=1, units=4, members=1, epochs=2, learning_rate=0.02, batch_size=32)


def test_cells_of_a_landslide_count_as_one_and_folds_as_their_mean():
    fold = np.arange(100) % 4
    once = Evaluation("random", "", "", LABELS, SAID, fold, None)
    nine = Evaluation("random", "", "", *(np.repeat(each, 9) for each in (LABELS, SAID, fold, np.arange(100))))
    assert nine.auc.standard_error == pytest.approx(once.auc.standard_error)
    assert replace(nine, units=None).auc.standard_error < 0.4 * nine.auc.standard_error
    aucs = [evaluate(LABELS[fold == number], np.clip(SAID[fold == number], 0, 1))["auc"] for number in range(4)]
    assert replace(once, susceptibility=np.clip(SAID, 0, 1)).auc.auc == pytest.approx(np.mean(aucs))
    everything = replace(once, fold=np.zeros(100, int)).auc
    assert everything == delong(LABELS, SAID)


def test_a_single_landslide_has_no_interval():
    one = Evaluation("held_out", "", "", LABELS, SAID, np.zeros(100, int), np.r_[np.zeros(40, int), 1:61])
    assert one.in_words == f"{delong(LABELS, SAID).auc:.3f} (of one landslide, so without an interval)"
    assert (one.told["low"], one.told["high"], one.told["landslides"]) == (None, None, 1)


def test_landslides_alike_count_the_same_however_large():
    """One of nine cells ranked last, one of a cell ranked first: by cells 0.1, by landslides a half."""
    labels, units = np.r_[np.ones(10), np.zeros(5)].astype(int), np.r_[np.zeros(9), 1, 2:7].astype(int)
    said = np.r_[np.zeros(9), 1, np.full(5, 0.5)]
    found = Evaluation("test", "", "", labels, said, np.zeros(15, int), units)
    assert (found.auc.auc, found.auc_by_landslides, found.landslides) == pytest.approx((0.1, 0.5, 2))


def examples(side, spread):
    """Forty landslides of four cells and as many other cells, within `spread` cells."""
    grid = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -20.0), (side, side))
    rng = np.random.default_rng(1)
    row, col = (np.concatenate([np.repeat(rng.integers(0, spread, 40), 4), rng.integers(0, spread, 160)]) for _ in range(2))
    units = np.r_[np.repeat(np.arange(40), 4), 40:200]
    patches = Patches.of(rng.normal(size=(320, 5, 5, 1)).astype(np.float32))
    return Examples(patches, (Covariate("slope"),), np.repeat([1, 0], 160), row, col, grid, units)


@pytest.mark.parametrize(("landslides", "expected"), [(2, 2), (3, 3), (5, 4)])
def test_two_landslides_make_two_folds_and_five_no_more_than_asked_for(landslides, expected):
    few = examples(200, 180)
    few = few.only(few.units >= 40 - landslides)
    assert len(np.unique(random_folds(few, 4, 1)[0])) == expected
    assert len(np.unique(spatial_folds(few, 200.0, 4, 1, Listener())[0])) == expected


def test_random_folds_divide_no_landslide():
    found = by_random_folds(examples(200, 180), 3, TINY, 1, Listener())
    assert found.landslides == 40 and set(found.fold) == {0, 1, 2}
    assert len(set(zip(found.units, found.fold))) == len(set(found.units))


def test_spatial_folds_divide_no_landslide_and_tell_of_few_blocks():
    cells = examples(200, 180)
    found = by_spatial_folds(cells, 300.0, 3, TINY, 1, Listener())
    assert found.landslides == 40
    assert len(set(zip(found.units, found.fold))) == len(set(found.units))
    assert "blocks only" not in found.how
    assert TINY.companion and "predicted by one network with trees that had not seen it" in found.how
    few = by_spatial_folds(cells, 1800.0, 3, TINY, 1, Listener())
    assert "The cells lie in 4 blocks only" in few.how or "k-means" in few.how


def test_blocks_narrower_than_two_patches_are_told_on_the_page():
    """Patches of five cells of 20 m: two of them are 200 m wide."""
    cells = examples(200, 180)
    _, how, narrow = spatial_folds(cells, 200.0, 3, 1, Listener())
    assert "narrower" not in how and narrow is False
    _, how, narrow = spatial_folds(cells, 180.0, 3, 1, Listener())
    assert narrow is True and by_spatial_folds(cells, 180.0, 3, TINY, 1, Listener()).narrow
    assert how.endswith(
        "Blocks of 180 m are narrower than two patches of the network (200 m): what it sees of test cells lies partly on training cells, "
        "which flatters it."
    )


def test_long_landslides_that_blocks_would_divide_stay_whole():
    cells = examples(200, 180)
    long = replace(cells, rows=cells.rows + np.r_[np.tile([0, 5, 10, 15], 40), np.zeros(160, int)])
    for fold, *_ in (spatial_folds(long, 160.0, 3, 1, Listener()), random_folds(long, 3, 1)):
        assert len(set(zip(long.units, fold))) == len(set(long.units)) and set(fold) == {0, 1, 2}


def test_where_no_folds_can_be_there_is_a_sentence():
    cells = examples(200, 1)  # all of them in one cell
    listener = Listener()
    assert by_spatial_folds(cells, 300.0, 3, TINY, 1, listener) is None
    assert "There is no spatial figure" in " ".join(listener.warnings)


def test_blocks_that_decide_when_to_stop_are_as_wide_as_asked():
    rows, cols = (each.ravel() for each in np.mgrid[0:80, 0:80])
    grid = Grid("", (0.0, 20.0, 0.0, 0.0, 0.0, -20.0), (80, 80))
    labels = np.arange(6400) % 2
    part = validation_part(rows, cols, labels, "blocks", grid, 1, 0, None, 400.0)
    blocks = {(r // 20, c // 20) for r, c in zip(rows[part], cols[part])}
    assert part.sum() == 400 * len(blocks), "whole blocks of 20 cells, where an eighth of the extent is 10"


def test_few_landslides_are_tested_by_folds_and_the_model_has_them_all(tmp_path):
    """13 points of 23 cells a side gave an AUC of 0.000 on 6 cells."""
    grid = Grid(reference_of(32639).ExportToWkt(), (5e5, 25.0, 0.0, 3.6e6, 0.0, -25.0), (90, 90))
    rng = np.random.default_rng(4)
    slope = np.add.outer(np.linspace(0, 1, 90), np.zeros(90)) + rng.normal(0, 0.05, (90, 90))
    covariates = (Covariate("slope", unit="degree"),)
    with StackWriter(str(tmp_path / "stack.tif"), grid, covariates) as writer:
        writer.write("slope", Window(0, 0, 90, 90), slope)
    x, y = grid.centres(rng.integers(50, 90, 13), rng.permutation(90)[:13])
    shapes = (({}, ogr.CreateGeometryFromWkt(f"POINT ({east} {north})")) for east, north in zip(x, y))
    write_layer(str(tmp_path / "slides.gpkg"), "slides", ogr.wkbPoint, {}, shapes, grid.spatial_reference)
    listener = Listener()
    recipe = {key: value for key, value in vars(TINY).items() if key not in ("l2", "label_smoothing", "augment")}
    result = train_cnn_dnn.run(
        listener,
        covariates=str(tmp_path / "stack.tif"),
        inventory=str(tmp_path / "slides.gpkg"),
        model=str(tmp_path / "few.scarp"),
        report=str(tmp_path / "few.html"),
        **recipe,
    )
    manifest = load_model(result["model"], "numpy").manifest
    spatial, random, *_ = manifest["tests"]
    assert manifest["fitted_to"] == "all cells"
    assert (spatial["kind"], random["kind"]) == ("spatial", "random")
    assert spatial["landslides"] == random["landslides"] == 13
    assert result["auc"] == spatial["auc"]
    assert random["auc"] > 0.6, "steep ground slides"
    assert "There are 13 landslides, fewer than 60" in " ".join(listener.messages)
    page = (tmp_path / "few.html").read_text(encoding="utf-8")
    assert "There are 13 landslides, fewer than 60" in page
    assert f"is {spatial['auc']:.3f} (95 % interval" in page


def test_a_test_inventory_takes_no_part_and_gives_the_headline(tmp_path, monkeypatch):
    """Its landslides, one of which is in both, are the test; the AUC of them comes first."""
    blocks = []

    def noted(stack, rows, *others):
        blocks.append(rows)
        return suggested_block_size(stack, rows, *others)

    monkeypatch.setattr(train_cnn_dnn, "suggested_block_size", noted)
    grid = Grid(reference_of(32639).ExportToWkt(), (5e5, 25.0, 0.0, 3.6e6, 0.0, -25.0), (90, 90))
    rng = np.random.default_rng(4)
    with StackWriter(str(tmp_path / "stack.tif"), grid, (Covariate("slope", unit="degree"),)) as writer:
        writer.write("slope", Window(0, 0, 90, 90), np.add.outer(np.linspace(0, 1, 90), np.zeros(90)) + rng.normal(0, 0.05, (90, 90)))
    x, y = grid.centres(rng.integers(50, 90, 30), rng.permutation(90)[:30])
    for name, part in (("slides", slice(0, 20)), ("later", slice(19, 30))):
        shapes = (({}, ogr.CreateGeometryFromWkt(f"POINT ({east} {north})")) for east, north in zip(x[part], y[part]))
        write_layer(str(tmp_path / f"{name}.gpkg"), name, ogr.wkbPoint, {}, shapes, grid.spatial_reference)
    listener = Listener()
    recipe = {key: value for key, value in vars(TINY).items() if key not in ("l2", "label_smoothing", "augment")}
    result = train_cnn_dnn.run(
        listener,
        covariates=str(tmp_path / "stack.tif"),
        inventory=str(tmp_path / "slides.gpkg"),
        test_inventory=str(tmp_path / "later.gpkg"),
        model=str(tmp_path / "m.scarp"),
        report=str(tmp_path / "m.html"),
        **recipe,
    )
    model = load_model(result["model"], "numpy")
    held, spatial, *_ = model.manifest["tests"]
    assert model.manifest["fitted_to"] == "all cells"
    assert (held["kind"], held["landslides"]) == ("held_out", 11)
    assert (spatial["kind"], spatial["landslides"]) == ("spatial", 19)
    assert result["auc"] == held["auc"] > 0.6
    assert "Landslides that lie in the test inventory too, and take no part in training: 1." in " ".join(listener.warnings)
    page = (tmp_path / "m.html").read_text(encoding="utf-8")
    assert "The success rate is that of the 19 training landslides" in page
    assert "the prediction rate is that of 11 landslides that took no part (held-out landslides (prediction), AUC" in page
    fit = float(re.search(r"the model fits \(AUC (0\.\d{3})\)", page)[1])
    stack = Stack.open(str(tmp_path / "stack.tif"))
    cells = resolve_samples(stack, str(tmp_path / "slides.gpkg"), None, 1, None, str(tmp_path / "later.gpkg"))
    (asked,) = blocks
    assert np.array_equal(asked, cells.rows[cells.subset == "train"]), "the test has no say in how wide blocks are"
    known = Examples.of(stack, cells.only(cells.subset == "train"), TINY.patch_size)
    assert fit == pytest.approx(roc_auc_score(known.labels, uncalibrated(model, known)), abs=6e-4)
    again, _ = fit_examples(known, TINY, 1)
    for name, array in again.members[0].items():
        np.testing.assert_array_equal(model.members[0][name], array, "landslides of the test inventory trained too")


def test_rate_curves_count_cells_and_landslides():
    """A landslide of three cells at 0.9 and one of one cell at 0.2; absences at 0.5 and 0.1: half of the area holds three of four cells."""
    labels, said = np.array([1, 1, 1, 1, 0, 0]), np.array([0.9, 0.9, 0.9, 0.2, 0.5, 0.1])
    curves = Evaluation("test", "Test", "", labels, said, np.zeros(6, int), np.array([1, 1, 1, 2, 3, 4])).rate_curves()
    assert {name: (curve.at(0.25), curve.at(0.75)) for name, curve in curves.items()} == {
        "by cells": (pytest.approx(0.75), 1.0),
        "by landslides": (pytest.approx(0.5), 1.0),
    }


def regions(fold_tells):
    """Three valleys side by side with a covariate each: in every one its own tells landslides, and no other valley's does.

    With `fold_tells` the first covariate tells them everywhere.
    """
    grid = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -20.0), (60, 600))
    rng = np.random.default_rng(5)
    row, col = rng.integers(0, 60, 900), np.repeat([0, 250, 500], 300) + rng.integers(0, 100, 900)
    valley = col // 250
    values = rng.normal(size=(900, 3))
    labels = (values[np.arange(900), 0 if fold_tells else valley] > 0).astype(int)
    patches = Patches.of(np.broadcast_to(values[:, None, None], (900, 5, 5, 3)).astype(np.float32))
    return Examples(patches, tuple(Covariate(each) for each in "abc"), labels, row, col, grid, None), valley


@pytest.mark.parametrize("alike", [True, False])
def test_whole_parts_tell_what_a_part_without_landslides_would_show(monkeypatch, alike):
    """Where valleys are alike leaving one out costs nothing; where each has its own law, blocks do not tell of it and parts do."""
    monkeypatch.setattr(validation, "_PARTS", 3)
    cells, valley = regions(alike)
    blocks = (cells.rows // 10 + cells.cols // 10) % 3
    spatial = Evaluation("spatial", "Spatial folds", "", cells.labels, np.zeros(900), blocks, None)
    found = by_parts(cells, spatial, False, 1)
    assert len(set(zip(found.fold, valley))) == 3, "a valley is a part"
    assert found.kind == "part" and found.auc.auc == (pytest.approx(1.0, abs=0.01) if alike else pytest.approx(0.5, abs=0.08))
    (of_blocks,) = re.findall(r"reach an AUC of (\d\.\d{3}) in the spatial folds", found.how)
    assert float(of_blocks) > (0.99 if alike else 0.65)
    assert f"and {found.in_words} where each of 3 compact parts" in found.how
    there = sorted(int(cells.labels[valley == number].sum()) for number in np.unique(valley))
    assert f"the mean over parts, which count alike and hold {there[0]} to {there[-1]} landslides." in found.how


def test_parts_divide_no_landslide_and_need_both_classes():
    cells = examples(200, 180)
    fold = np.arange(len(cells.labels)) % 3
    spatial = Evaluation("spatial", "", "", cells.labels, np.zeros(len(fold)), fold, cells.units)
    found = by_parts(cells, spatial, True, 1)
    assert len(set(zip(found.units, found.fold))) == len(set(found.units))
    lone = examples(200, 1)
    assert by_parts(lone, replace(spatial, units=lone.units), False, 1) is None


def test_what_is_told_has_its_ends_in_their_order_and_its_landslides():
    told = Evaluation("random", "", "", LABELS, SAID, np.zeros(100, int), np.r_[np.repeat(np.arange(20), 2), 20:80]).told
    assert told["low"] < told["auc"] < told["high"] and told["landslides"] == 20 and told["kind"] == "random"
    assert (validation.FOLDS, validation.FOLDS_BESIDE) == (5, 3)


def test_landslides_alike_are_the_mean_over_folds():
    """Ranked rightly in one fold and wrongly in the other."""
    labels, fold = np.tile([1, 1, 0, 0], 2), np.repeat([0, 1], 4)
    said = np.array([0.9, 0.8, 0.2, 0.1, 0.1, 0.2, 0.8, 0.9])
    assert Evaluation("test", "", "", labels, said, fold, None).auc_by_landslides == pytest.approx(0.5)


def wide(count=200, seed=3):
    """Single cells of both kinds, 20 m wide and 35 m high, strewn over 100 by 100."""
    grid = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -35.0), (100, 100))
    rng = np.random.default_rng(seed)
    rows, cols = np.divmod(rng.permutation(10_000)[:count], 100)
    patches = Patches.of(np.broadcast_to(rng.normal(size=(count, 1, 1, 2)), (count, 3, 3, 2)).astype(np.float32))
    return Examples(patches, (Covariate("slope"), Covariate("twi")), np.arange(count) % 2, rows, cols, grid, None)


def test_blocks_are_as_wide_as_they_are_told_on_the_ground(monkeypatch):
    """However cells are shaped, the places of a fold are squares of so many metres; the sentence tells how wide and how many."""
    cells, asked = wide(), []
    true = validation.BlockKFold
    monkeypatch.setattr(validation, "BlockKFold", lambda *given, **more: asked.append((given, more)) or true(*given, **more))
    fold, how, _ = spatial_folds(cells, 400.0, 4, 7, Listener())
    assert asked == [((4, 400.0), {"random_state": 7})]
    expected = np.full(200, -1)
    for number, (_, test) in enumerate(
        true(4, 400.0, random_state=7).split(cells.grid.centres_m(cells.rows, cells.cols), cells.labels, None)
    ):
        expected[test] = number
    assert fold.tolist() == expected.tolist()
    assert how == "Square blocks of 400 m were dealt into 4 folds as a whole, each landslide in one."  # 6 by 9 of them and more
    _, how, _ = spatial_folds(cells, 1750.0, 2, 7, Listener())  # 2 by 2, where 8 would be enough
    assert "The cells lie in 4 blocks only" in how and "2,000" not in how


def test_parts_and_their_trees_go_by_the_seed(monkeypatch):
    cells, asked, true = wide(), [], validation._said_by_trees
    monkeypatch.setattr(validation, "_said_by_trees", lambda *given: asked.append(given[1:]) or true(*given))
    spatial = Evaluation("spatial", "", "", cells.labels, np.zeros(200), np.arange(200) % 3, None)
    folds = [by_parts(cells, spatial, True, seed).fold.tolist() for seed in (7, 7, 8)]
    assert folds[0] == folds[1] != folds[2]
    assert [each[1:] for each in asked] == [(True, 7)] * 4 + [(True, 8)] * 2


def test_blocks_are_counted_along_and_across():
    """Ten rows and a hundred columns are 350 by 2,000 m: four blocks of 500 m."""
    strip = wide()
    strip = replace(strip, rows=strip.rows % 10)
    assert "The cells lie in 4 blocks only" in spatial_folds(strip, 500.0, 2, 7, Listener())[1]


def test_folds_go_by_the_seed():
    cells = wide()
    for deal in (
        lambda seed: random_folds(cells, 3, seed)[0],
        lambda seed: spatial_folds(cells, 400.0, 3, seed, Listener())[0],
        lambda seed: spatial_folds(cells, 20_000.0, 3, seed, Listener())[0],  # one block, so k-means
    ):
        assert deal(1).tolist() == deal(1).tolist() != deal(2).tolist()
    assert "k-means on the coordinates made 3 folds" in spatial_folds(cells, 20_000.0, 3, 1, Listener())[1]


def test_there_are_no_more_folds_than_landslides():
    few = replace(wide(), labels=(np.arange(200) < 3).astype(int))
    assert set(random_folds(few, 5, 1)[0]) == {0, 1, 2} and "into 3 folds at random" in random_folds(few, 5, 1)[1]


def test_a_fold_is_tested_by_one_network_with_the_seed_that_was_given(monkeypatch):
    asked = []

    def held_out(examples, fold, recipe, seed, feedback):
        asked.append((recipe, seed))
        for number in np.unique(fold):
            yield fold == number, examples.patches.centres()[fold == number, 0]

    monkeypatch.setattr(validation, "held_out", held_out)
    cells, recipe = wide(), replace(TINY, members=3)
    for found, kind, name in (
        (by_random_folds(cells, 3, recipe, 7, Listener()), "random", "Random folds"),
        (by_spatial_folds(cells, 400.0, 3, recipe, 7, Listener()), "spatial", "Spatial folds"),
    ):
        assert asked.pop() == (replace(recipe, members=1), 7)
        assert (found.kind, found.name) == (kind, name) and found.how.endswith("the mean over folds counts.")
        np.testing.assert_array_equal(found.susceptibility, cells.patches.centres()[:, 0].astype(float))
    assert found.fold.tolist() == spatial_folds(cells, 400.0, 3, 7, Listener())[0].tolist()
    assert by_random_folds(cells, 3, recipe, 7, Listener()).fold.tolist() == random_folds(cells, 3, 7)[0].tolist()


@pytest.mark.parametrize("equal", [True, False])
def test_trees_of_parts_see_the_cells_of_the_other_parts_alone(monkeypatch, equal):
    """Encoded by what is usual there, with the seed that was given, landslides alike where training takes them so."""
    cells = examples(200, 180)
    grown, fitted = [], []
    true = validation.grow
    monkeypatch.setattr(validation, "grow", lambda *given: grown.append(given) or true(*given))

    class Recorded(validation.Encoder):
        @classmethod
        def fit(cls, values, covariates):
            fitted.append(values)
            return super().fit(values, covariates)

    monkeypatch.setattr(validation, "Encoder", Recorded)
    fold = np.arange(320) % 2
    fold[:160] = np.repeat(np.arange(40) % 2, 4)
    said = validation._said_by_trees(cells, fold, equal, 7)
    for number, (encoded, labels, seed, counts), values in zip((0, 1), grown, fitted):
        known = fold != number
        np.testing.assert_array_equal(values, cells.patches.centres()[known])
        assert labels.tolist() == cells.labels[known].tolist() and seed == 7
        assert (counts is not None) == equal and (counts is None or (counts == landslide_weights(labels, cells.units[known])).all())
        own = validation.Encoder.fit(values, cells.covariates)
        expected = true(encoded, labels, 7, counts).predict(own.encode(cells.patches.centres()[~known]))
        np.testing.assert_array_equal(said[~known], expected)
