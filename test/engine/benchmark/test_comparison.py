# SPDX-License-Identifier: GPL-2.0-or-later
import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr
from scarp.engine.benchmark.comparison import Data, Fold, Outcome, Validation, compare, fit_cells
from scarp.engine.benchmark.report import verdict
from scarp.engine.benchmark.summary import best, chosen_elsewhere, summarise, table_rows
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.files.vectors import write_points
from scarp.engine.reporting.metrics import METRICS, balanced, corrected_t_test, delong, delong_test, evaluate
from scarp.engine.samples.cells import SampleCells, resolve_samples
from scarp.engine.tasks import benchmark_classifiers, map_susceptibility
from scarp.models.classifiers import CLASSIFIERS, LABELS, Classifier
from scarp.models.covariate import Covariate
from scarp.models.model_file import load_model, save_model
from scarp.models.recipe import Recipe
from sklearn.metrics import roc_auc_score

ROWS, COLS = 71, 90
COVARIATES = [Covariate("slope", unit="degree"), Covariate("noise"), Covariate("geology", "categorical", classes={1: "marl", 2: "granite"})]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """71 × 90 cells of 25 m × 35 m: slope at random, noise, and geology in two halves."""
    rng = np.random.default_rng(0)
    crs = 'PROJCS["flat",GEOGCS["g",DATUM["d",SPHEROID["s",6378137,298.25]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925]],'
    crs += 'PROJECTION["Transverse_Mercator"],PARAMETER["scale_factor",1],UNIT["metre",1]]'
    grid = Grid(crs, (437_123.7, 25.0, 0.0, 3_912_345.6, 0.0, -35.0), (ROWS, COLS))
    bands = {
        "slope": rng.uniform(0, 50, (ROWS, COLS)),
        "noise": rng.normal(size=(ROWS, COLS)),
        "geology": np.repeat([[1.0, 2.0]], ROWS, 0).repeat(COLS // 2, 1),
    }
    path = str(tmp_path_factory.mktemp("stack") / "stack.tif")
    with StackWriter(path, grid, COVARIATES) as writer:
        for name, values in bands.items():
            writer.write(name, Window(0, 0, ROWS, COLS), values.astype(np.float32))
    return Stack.open(path)


def cells_of(rows, cols, labels):
    count = len(rows)
    subset = np.where(np.arange(count) % 5, "train", "test")
    return SampleCells(rows, cols, labels, subset, np.full(count, -1), np.arange(count).astype(str))


@pytest.fixture(scope="module")
def data(stack):
    """240 cells, landslides by a logistic law of slope alone."""
    rng = np.random.default_rng(1)
    chosen = rng.permutation(ROWS * COLS)[:240]
    rows, cols = np.divmod(chosen, COLS)
    slope = stack.at(rows, cols, ["slope"])[:, 0]
    labels = (rng.uniform(size=240) < 1 / (1 + np.exp(-(slope - 25) / 5))).astype(int)
    return Data.of(stack, cells_of(rows, cols, labels))


def test_a_perfect_covariate_gives_1_and_noise_a_half(stack, data):
    perfect = Data(data.cells, data.grid, COVARIATES[:1], data.labels[:, None].astype(np.float32), data.xy, data.dates)
    rng = np.random.default_rng(2)
    noise = Data(data.cells, data.grid, COVARIATES[:1], rng.normal(size=(240, 1)).astype(np.float32), data.xy, data.dates)
    for made, low, high in ((perfect, 1.0, 1.0), (noise, 0.35, 0.65)):
        folds = Validation("random", repeats=2).make(made, 1)
        for summary in summarise(compare(stack, made, folds, ["lr", "slope", "gnb"], 1, Recipe(), Feedback()), made.labels):
            assert low <= summary.auc.mean <= high


def test_slope_alone_is_logistic_regression_on_slope(stack, data):
    """Slope alone ranks as slope does, so its AUC in each fold is that of slope itself."""
    folds = Validation("blocks", block_size_m=300.0).make(data, 1)
    outcomes = compare(stack, data, folds, ["slope"], 1, Recipe(), Feedback())
    for outcome in outcomes:
        expected = roc_auc_score(data.labels[outcome.fold.test], data.values[outcome.fold.test, 0])
        assert roc_auc_score(data.labels[outcome.fold.test], outcome.susceptibility) == expected


def test_the_encoding_sees_training_cells_only(data):
    training = np.arange(150)
    model, _ = fit_cells(data, training, "lr", False, 1)
    x = data.values.copy()
    x[150:] += 1000.0
    moved, _ = fit_cells(Data(data.cells, data.grid, data.covariates, x, data.xy, data.dates), training, "lr", False, 1)
    np.testing.assert_array_equal(model.predict(data.values[None]), moved.predict(data.values[None]))
    standard = (data.values[:, 0] - data.values[training, 0].mean()) / data.values[training, 0].std()
    np.testing.assert_allclose(model.encoder.encode(data.values)[:, 0], standard, atol=1e-5)


def test_grids_are_searched_inside_the_training_cells(data):
    """A label that only test cells could give away must not be found."""
    rng = np.random.default_rng(3)
    leak = np.where(np.arange(240) < 120, rng.normal(size=240), data.labels * 10.0)
    leaking = Data(data.cells, data.grid, COVARIATES[:1], leak[:, None].astype(np.float32), data.xy, data.dates)
    model, chosen = fit_cells(leaking, np.arange(120), "dt", False, 1)
    assert set(chosen) == {"max_depth"}
    same, _ = fit_cells(
        Data(
            data.cells, data.grid, COVARIATES[:1], np.where(np.arange(240) < 120, leak, 0)[:, None].astype(np.float32), data.xy, data.dates
        ),
        np.arange(120),
        "dt",
        False,
        1,
    )
    np.testing.assert_array_equal(model.predict(leaking.values[None]), same.predict(leaking.values[None]))


def test_the_holdout_is_the_one_in_the_layer_and_others_after_it(data):
    folds = Validation("holdout", repeats=2).make(data, 1)
    np.testing.assert_array_equal(folds[0].test, np.flatnonzero(data.cells.subset == "test"))
    assert len(folds) == 2 and set(folds[1].test) != set(folds[0].test)
    assert len(folds[1].test) == pytest.approx(48, abs=1)


def outcomes_of(labels, predictions, folds):
    return [Outcome(fold, name, values[fold.test], {}) for name, values in predictions.items() for fold in folds]


def test_differences_from_the_cnn_dnn_are_tested_fold_by_fold():
    rng = np.random.default_rng(4)
    labels = np.tile([0, 1], 100)
    predictions = {"cnn_dnn": labels + rng.normal(size=200), "lr": labels + 2 * rng.normal(size=200), "gnb": labels + rng.normal(size=200)}
    predictions = {name: 1 / (1 + np.exp(-values)) for name, values in predictions.items()}
    number = np.arange(200) // 40
    folds = [Fold("random", 0, k, np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(5)]
    found = {each.classifier: each for each in summarise(outcomes_of(labels, predictions, folds), labels)}
    aucs = {name: [roc_auc_score(labels[f.test], values[f.test]) for f in folds] for name, values in predictions.items()}
    tests = {name: corrected_t_test(np.subtract(aucs[name], aucs["cnn_dnn"]), 40 / 160) for name in ("lr", "gnb")}
    assert found["cnn_dnn"].difference is None
    assert found["lr"].difference.mean == pytest.approx(tests["lr"].mean)
    lower, higher = sorted(tests, key=lambda name: tests[name].p_value)
    assert found[lower].difference.p_value == pytest.approx(min(2 * tests[lower].p_value, 1))
    assert found["lr"].mean["auc"] == pytest.approx(np.mean(aucs["lr"]))
    assert found["lr"].deviation["auc"] == pytest.approx(np.std(aucs["lr"], ddof=1))
    assert found["lr"].mean["accuracy"] == pytest.approx(evaluate(labels, predictions["lr"])["accuracy"])
    assert found["lr"].mean["support_landslide"] == 100 and found["lr"].confusion.sum() == 200


def test_one_test_set_is_compared_by_delong():
    rng = np.random.default_rng(5)
    labels = np.tile([0, 1], 100)
    first, second = (np.clip(0.3 + 0.4 * labels + rng.normal(0, 0.2, 200), 0, 1) for _ in range(2))
    folds = [Fold("holdout", 0, 0, np.arange(100), np.arange(100, 200))]
    found = summarise(outcomes_of(labels, {"cnn_dnn": first, "lr": second}, folds), labels)
    expected = delong_test(labels[100:], second[100:], first[100:])
    assert found[1].difference == expected
    assert "not told apart from logistic regression" in verdict(found, "holdout")


def test_the_verdict_says_what_is_tested():
    labels = np.tile([0, 1], 200)
    rng = np.random.default_rng(6)
    poor = rng.uniform(size=400)
    number = np.arange(400) // 80
    folds = [Fold("random", 0, k, np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(5)]
    good = np.clip(labels * 0.8 + rng.uniform(0, 0.3, 400), 0, 1)
    text = verdict(summarise(outcomes_of(labels, {"cnn_dnn": good, "gnb": poor}, folds), labels), "random")
    assert text.startswith("The CNN–DNN has the highest AUC in the validation by random folds: 1.000")
    assert text.endswith("the CNN–DNN is better than Gaussian naïve Bayes.")
    text = verdict(summarise(outcomes_of(labels, {"cnn_dnn": poor, "dt": good}, folds), labels), "random")
    assert "Decision tree has the highest" in text and text.endswith("the CNN–DNN is worse than decision tree.")


def folds_where(good):
    """Two classifiers on three folds of four cells: each is perfect on the folds that it is `good` on, and wrong on all others."""
    labels, number = np.tile([0, 1], 6), np.arange(12) // 4
    folds = [Fold("random", 0, k, np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(3)]
    said = {name: np.where(np.isin(number, own), labels, 1 - labels).astype(float) for name, own in good.items()}
    return summarise(outcomes_of(labels, said, folds), labels)


def test_the_best_of_several_is_quoted_where_it_was_not_chosen_too():
    """The network is perfect on folds 0 and 1, the tree on fold 2. Without fold 0 both have a half, and the first of the table is taken,
    which is right on it; so without fold 1; without fold 2 the network is taken, and is wrong there: 2/3."""
    found = folds_where({"cnn_dnn": [0, 1], "dt": [2]})
    assert best(found, "random").classifier == "cnn_dnn" and best(found, "random").auc.mean == pytest.approx(2 / 3)
    assert chosen_elsewhere(found) == pytest.approx(2 / 3)
    # Each of three is perfect on one fold alone: whichever the other folds choose fails on the fold that is left.
    found = folds_where({"cnn_dnn": [0], "dt": [1], "lr": [2]})
    assert best(found, "random").auc.mean == pytest.approx(1 / 3) and chosen_elsewhere(found) == pytest.approx(0)
    assert (
        "It is the best of 3 on these very cells, and to be the highest of several flatters a figure a little: where the other "
        "folds choose the best each time, it reaches 0.000 on average on the fold that is left." in verdict(found, "random")
    )


def test_one_classifier_was_not_chosen_and_one_test_set_tells_no_more():
    assert chosen_elsewhere(folds_where({"cnn_dnn": [0, 1]})) is None
    assert "the best of" not in verdict(folds_where({"cnn_dnn": [0, 1]}), "random")
    labels = np.tile([0, 1], 40)
    folds = [Fold("holdout", 0, 0, np.arange(40), np.arange(40, 80))]
    rng = np.random.default_rng(4)
    found = summarise(outcomes_of(labels, {"cnn_dnn": rng.random(80), "dt": rng.random(80)}, folds), labels)
    assert chosen_elsewhere(found) is None
    assert "It is the best of 2 on these very cells, and to be the highest of several flatters a figure a little." in verdict(
        found, "holdout"
    )


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ("random", "of other landslides among the mapped ones, and less elsewhere"),
        ("blocks", "where none is mapped, in a part of it or in another area, expect less"),
        ("kmeans", "told from that part's own cells alone; on a map of the whole area expect less"),
        ("temporal", "of later landslides on the same ground"),
        ("inventory", "of the landslides of the other inventory, which took no part"),
    ],
)
def test_the_verdict_says_what_its_figure_holds_for(method, where):
    labels = np.tile([0, 1], 40)
    folds = [Fold(method, 0, k, np.flatnonzero(np.arange(80) // 40 != k), np.flatnonzero(np.arange(80) // 40 == k)) for k in range(2)]
    said = np.clip(0.3 * labels + np.random.default_rng(6).uniform(0, 0.7, 80), 0, 1)
    text = verdict(summarise(outcomes_of(labels, {"cnn_dnn": said}, folds), labels), method)
    assert "; that is what to expect of " in text.split(". ")[0] and where in text.split(". ")[0]


def test_constant_covariates_and_unseen_classes_are_told(stack, data):
    x = data.values.copy()
    x[:, 1] = 7.0
    odd = Data(data.cells, data.grid, data.covariates, x, data.xy, data.dates)
    west = np.flatnonzero(x[:, 2] == 1)
    east = np.flatnonzero(x[:, 2] == 2)
    listener = Listener()
    outcomes = compare(stack, odd, [Fold("blocks", 0, 0, west, east)], ["lr", "bnb", "dt"], 1, Recipe(), listener)
    assert any("noise has one value only in the training cells of 1 fold." in text for text in listener.warnings)
    assert any(
        "Classes of geology that occur in test cells of a fold without training cells: 1 (granite)" in text for text in listener.warnings
    )
    assert all(roc_auc_score(odd.labels[east], outcome.susceptibility) > 0.7 for outcome in outcomes)


def test_too_few_cells_for_the_folds_are_told(data):
    few = np.r_[np.flatnonzero(data.labels == 1)[:3], np.flatnonzero(data.labels == 0)[:20]]
    small = Data(
        cells_of(data.cells.rows[few], data.cells.cols[few], data.labels[few]),
        data.grid, data.covariates, data.values[few], data.xy[few], data.dates[few],
    )  # fmt: skip
    for method in ("random", "blocks", "kmeans"):
        with pytest.raises(EngineError, match="at least 5 cells of each class; the smaller class has 3"):
            Validation(method).make(small, 1)


@pytest.fixture(scope="module")
def layer(stack, data, tmp_path_factory):
    """The cells as anybody's labelled points, with dates of the landslides."""
    path = str(tmp_path_factory.mktemp("cells") / "cells.gpkg")
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    points = dataset.CreateLayer("points", stack.grid.spatial_reference, ogr.wkbPoint)
    points.CreateField(ogr.FieldDefn("slide", ogr.OFTString))
    points.CreateField(ogr.FieldDefn("seen", ogr.OFTString))
    for number, (x, y) in enumerate(zip(*stack.grid.centres(data.cells.rows, data.cells.cols))):
        feature = ogr.Feature(points.GetLayerDefn())
        feature["slide"] = "yes" if data.labels[number] else "no"
        feature["seen"] = f"{2000 + number % 10}-06-01" if data.labels[number] else None
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POINT({x} {y})"))
        points.CreateFeature(feature)
    return path


def test_the_task_end_to_end(stack, layer, tmp_path):
    listener = Listener()
    result = benchmark_classifiers.run(
        listener,
        covariates=stack.path,
        inventory=layer,
        label_field="slide",
        classifiers=["lr", "slope", "dt", "cnn_dnn"],
        validation="kmeans",
        folds=3,
        members=1,
        output=str(tmp_path / "table.csv"),
        report=str(tmp_path / "report.html"),
        fold_cells=str(tmp_path / "folds.gpkg"),
    )
    with (tmp_path / "table.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["validation"], row["classifier"]) for row in rows] == [
        (validation, name) for validation in ("kmeans", "random") for name in ("cnn_dnn", "lr", "dt", "slope")
    ]
    best = max(rows[:4], key=lambda row: float(row["auc"]))
    assert result["best"] == best["classifier"] and result["auc"] == pytest.approx(float(best["auc"]), abs=1e-6)
    assert all(float(row["auc_low"]) <= float(row["auc"]) <= float(row["auc_high"]) for row in rows)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert ">Slope</td>" in text and ">slope</td>" not in text
    assert text.count("on a map of the whole area expect less") == 1, "once is enough"
    for part in (
        "Accuracy by spatial folds", "Accuracy by random folds", "Random folds", "DeLong", "Nadeau", "MAPE is taken over landslide cells"
    ):  # fmt: skip
        assert part in text, part
    run = json.loads((tmp_path / "report.html.run.json").read_text())
    assert run["parameters"]["seed"] == 1 and set(run["inputs_sha256"]) == {"covariates", "inventory"}
    folds = ogr.Open(str(tmp_path / "folds.gpkg"))
    assert sorted({feature["fold"] for feature in folds.GetLayer(0)}) == [0, 1, 2]
    assert (np.diff(listener.percents) > -1e-9).all() and listener.percents[-1] == 100
    doing = [each for each in listener.statuses if re.fullmatch(r"Networks: fold 6 of 6, training member 1 of 1, epoch \d+ of 40.*", each)]
    assert doing and listener.statuses[-1] == "Writing the table and drawing the report"


def test_temporal_validation_trains_before_the_date(stack, layer, tmp_path):
    result = benchmark_classifiers.run(
        Feedback(),
        covariates=stack.path,
        inventory=layer,
        label_field="slide",
        classifiers=["lr"],
        validation="temporal",
        date_field="seen",
        split_date="2008-01-01",
        output=str(tmp_path / "table.csv"),
        fold_cells=str(tmp_path / "folds.gpkg"),
    )
    assert 0.7 < result["auc"] <= 1
    source, folds = (ogr.Open(path) for path in (layer, str(tmp_path / "folds.gpkg")))
    seen = {(f.GetGeometryRef().GetX(), f.GetGeometryRef().GetY()): f["seen"] for f in source.GetLayer(0)}
    for feature in folds.GetLayer(0):
        date = seen[feature["x"], feature["y"]]
        assert date is None or (date >= "2008") == (feature["fold"] == 0)


def test_later_landslides_on_cells_of_earlier_ones_train_and_are_told(stack, data, tmp_path):
    """Of landslides of 2000 to 2009, a cell each, those of 2008 and 2009 are later; on three cells of 2000 and one of 2009 slid more."""
    slides = np.flatnonzero(data.labels == 1)
    years = 2000 + np.arange(len(slides)) % 10
    more = np.r_[np.flatnonzero(years == 2000)[:3], np.flatnonzero(years == 2009)[:1]]
    x, y = data.grid.centres(data.cells.rows[slides], data.cells.cols[slides])
    columns = (np.r_[x, x[more]], np.r_[y, y[more]], np.char.add("June ", np.r_[years, np.full(4, 2009)].astype(str)))
    inventory = str(tmp_path / "slides.gpkg")
    fields = {"x": ogr.OFTReal, "y": ogr.OFTReal, "day": ogr.OFTString}
    write_points(inventory, "slides", fields, columns, data.grid.spatial_reference)
    listener, page = Listener(), tmp_path / "report.html"
    benchmark_classifiers.run(
        listener, covariates=stack.path, inventory=inventory, classifiers=["slope"], validation="temporal", date_field="day",
        split_date="2008-01-01", block_size=300.0, output=str(tmp_path / "table.csv"), report=str(page),
    )  # fmt: skip
    told = (
        f"Of {(years > 2007).sum() + 4} landslides of 2008-01-01 or later 3 share cells with an earlier one (or are kept together with "
        "it) and count as one landslide with it, which trains."
    )
    assert listener.warnings.count(told) == 1 and told in page.read_text(encoding="utf-8")


def test_a_test_inventory_is_a_fold_of_its_own_and_in_no_other(stack, layer, data, tmp_path, monkeypatch):
    """Every fifth landslide is given as a test inventory too: it tests, and neither trains nor is in any other fold."""
    monkeypatch.setattr("scarp.engine.declarations.choices.BUFFER_M", 0.0)
    later = str(tmp_path / "later.gpkg")
    chosen = np.flatnonzero(data.labels == 1)[::5]
    x, y = data.grid.centres(data.cells.rows[chosen], data.cells.cols[chosen])
    fields = {"x": ogr.OFTReal, "y": ogr.OFTReal, "name": ogr.OFTString}
    write_points(later, "later", fields, (x, y, np.full(len(x), "slide")), data.grid.spatial_reference)
    listener = Listener()
    result = benchmark_classifiers.run(
        listener,
        covariates=stack.path,
        inventory=layer,
        label_field="slide",
        test_inventory=later,
        classifiers=["lr"],
        folds=3,
        output=str(tmp_path / "table.csv"),
        fold_cells=str(tmp_path / "folds.gpkg"),
        model=str(tmp_path / "best.scarp"),
    )
    with Path(result["output"]).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["validation"] for row in rows] == ["inventory", "blocks", "random"]
    cells = resolve_samples(stack, layer, "slide", 1, test_inventory=later)
    test = cells.subset == "test"
    inner, _ = fit_cells(Data.of(stack, cells), np.flatnonzero(~test), "lr", False, 1)
    said = inner.predict(Data.of(stack, cells).values[None, test])[0]
    assert result["auc"] == pytest.approx(evaluate(cells.landslide[test], said)["auc"], abs=1e-6)
    assert (float(rows[0]["support_landslide"]), float(rows[1]["support_landslide"])) == (len(chosen), (cells.landslide[~test] == 1).sum())
    kept = load_model(result["model"]).predict(Data.of(stack, cells).values[None, test])[0]
    np.testing.assert_allclose(kept, said, atol=1e-6)
    assert "Logistic regression is fitted to all cells but those of the test inventory." in listener.messages
    assert f"1 classifier on 7 folds, {len(test):,} cells, {test.sum():,} of them those of the test inventory." in listener.messages


def test_repeats_that_deal_the_same_folds_count_once(stack):
    """Three places far apart are always the three folds of k-means: intervals of three repeats were those of nine test sets."""
    rows, cols = (each.ravel() for each in np.meshgrid(np.arange(5), np.r_[0:5, 20:25, 35:40]))
    data = Data.of(stack, cells_of(rows, cols, (rows + cols) % 2))
    listener = Listener()
    folds = Validation("kmeans", folds=3, repeats=3).make(data, 1, listener)
    assert len(folds) == 3 and {each.repeat for each in folds} == {0}
    assert listener.messages == ["By spatial folds the seed changes nothing in the others, so one of 3 repeats counts."]
    assert len(Validation("random", folds=3, repeats=3).make(data, 1, listener)) == 9 and len(listener.messages) == 1


def test_landslides_of_no_fold_are_not_near_the_map(data):
    """Those of a test inventory, in the distances of the folds beside it."""
    slides = np.flatnonzero(data.labels == 1)
    left = np.setdiff1d(np.arange(240), slides[:1])
    at_it = replace(data, places=data.xy[slides[:1]])
    for cells, near in ((np.arange(240), True), (left, False)):
        found = at_it.distances([Fold("random", 0, 0, cells[::2], cells[1::2]), Fold("random", 0, 1, cells[1::2], cells[::2])])
        assert bool(found.places[0] == 0) is near and len(found.samples) == len(slides) - (not near)


def test_the_map_is_not_made_from_the_landslides_of_a_test_inventory(data):
    """A cell of the map on one of them lies as far from landslides as the nearest that trains."""
    slides = np.flatnonzero(data.labels == 1)
    at_it = replace(data, places=data.xy[slides[:1]])
    training, test = np.setdiff1d(np.arange(240), slides[:3]), slides[:3]
    of_others = np.hypot(*(data.xy[slides[3:]] - data.xy[slides[0]]).T).min()
    for method, expected in (("inventory", of_others), ("random", 0.0)):
        assert at_it.distances(iter([Fold(method, 0, 0, training, test)])).places == pytest.approx([expected])


def test_wrong_inputs_are_told(stack, layer, tmp_path):
    given = {"covariates": stack.path, "inventory": layer, "label_field": "slide", "output": str(tmp_path / "t.csv")}
    with pytest.raises(EngineError, match=r'^Classifiers \(CLASSIFIERS\) must be a list of some of cnn_dnn, .*, slope; found \["xgb"\]\.$'):
        benchmark_classifiers.run(Feedback(), **given, classifiers=["xgb"])
    with pytest.raises(EngineError, match="needs one: give a test inventory"):
        benchmark_classifiers.run(Feedback(), **given, classifiers=["lr"], validation="inventory")
    with pytest.raises(EngineError, match="needs the field"):
        benchmark_classifiers.run(Feedback(), **given, classifiers=["lr"], validation="temporal")
    with pytest.raises(EngineError, match="holds '(yes|no)'"):
        benchmark_classifiers.run(Feedback(), **given, classifiers=["lr"], validation="temporal", date_field="slide")
    assert not (tmp_path / "t.csv").exists()


def test_a_test_part_of_one_class_is_told_before_training(data):
    day = np.where(data.labels == 1, np.datetime64("2001-01-01"), np.datetime64("2000-01-01"))
    day[np.flatnonzero(data.labels == 1)[:5]] = np.datetime64("1999-01-01")
    dated = Data(data.cells, data.grid, data.covariates, data.values, data.xy, day)
    with pytest.raises(EngineError, match="The test part of a fold has .* and 0 non-landslide cells"):
        Validation("temporal", split_date=np.datetime64("2001-01-01")).make(dated, 1)


def labelled(path, grid, rows, cols, labels):
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    points = dataset.CreateLayer("points", grid.spatial_reference, ogr.wkbPoint)
    points.CreateField(ogr.FieldDefn("slide", ogr.OFTInteger))
    for x, y, label in zip(*grid.centres(rows, cols), labels):
        feature = ogr.Feature(points.GetLayerDefn())
        feature["slide"] = int(label)
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POINT({x} {y})"))
        points.CreateFeature(feature)
    return str(path)


def test_edges_missing_values_and_two_points_in_a_cell(data, tmp_path):
    """Corner cells train like any other; cells without data and second points are left out, and told."""
    rng = np.random.default_rng(7)
    names = [each.name for each in COVARIATES[:2]]
    path = str(tmp_path / "holes.tif")
    with StackWriter(path, data.grid, COVARIATES[:2]) as writer:
        for name in names:
            values = rng.normal(size=(ROWS, COLS)).astype(np.float32)
            values[:10, 10:20] = np.nan
            writer.write(name, Window(0, 0, ROWS, COLS), values)
    rows, cols = np.r_[data.cells.rows, 0, ROWS - 1, 0, ROWS - 1], np.r_[data.cells.cols, 0, 0, COLS - 1, COLS - 1]
    rows, cols, labels = np.r_[rows, rows[:3]], np.r_[cols, cols[:3]], np.r_[data.labels, 1, 0, 1, 0, data.labels[:3]]
    holes = int(((rows < 10) & (cols >= 10) & (cols < 20)).sum())
    assert holes
    listener = Listener()
    benchmark_classifiers.run(
        listener,
        covariates=path,
        inventory=labelled(tmp_path / "points.gpkg", data.grid, rows, cols, labels),
        label_field="slide",
        classifiers=["cnn_dnn", "lr"],
        validation="holdout",
        members=1,
        output=str(tmp_path / "table.gpkg"),
    )
    assert any(f"{holes} on cells without data" in text for text in listener.warnings)
    assert any("share a cell" in text for text in listener.warnings)
    assert len(set(listener.percents)) > 12 and listener.percents == sorted(listener.percents), "progress within a network"
    table = ogr.Open(str(tmp_path / "table.gpkg"))
    rows_of_table = {feature["classifier"]: feature for feature in table.GetLayer(0)}
    assert set(rows_of_table) == {"cnn_dnn", "lr"}
    assert 0 <= rows_of_table["cnn_dnn"]["auc"] <= 1


@pytest.mark.parametrize("name", [name for name, classifier in CLASSIFIERS.items() if classifier.make])
def test_every_kind_of_model_maps(stack, layer, name, tmp_path):
    model, here = str(tmp_path / "best.scarp"), str(tmp_path / "map.tif")
    benchmark_classifiers.run(
        Feedback(),
        covariates=stack.path,
        inventory=layer,
        label_field="slide",
        classifiers=[name],
        validation="holdout",
        model=model,
        output=str(tmp_path / "table.csv"),
    )
    other = [COVARIATES[1], COVARIATES[0], Covariate("geology", "categorical", classes={1: "marl", 2: "granite", 9: "ash"})]
    values = stack.read(Window(0, 0, ROWS, COLS))
    values[: ROWS // 10, :, stack.names.index("geology")] = 9
    with StackWriter(str(tmp_path / "other.tif"), stack.grid, other) as writer:
        for covariate in other:
            writer.write(covariate.name, Window(0, 0, ROWS, COLS), values[..., stack.names.index(covariate.name)])
    listener = Listener()
    map_susceptibility.run(listener, covariates=str(tmp_path / "other.tif"), model=model, output=here)
    mapped = gdal.Open(here).ReadAsArray()
    assert any("of the cells are of class ash, which is unknown to the model" in text for text in listener.warnings)
    assert mapped[values[..., 0] > 35].mean() > mapped[values[..., 0] < 15].mean() + 0.3
    assert (mapped >= 0).all() and (mapped <= 1).all()


@pytest.mark.parametrize(("validation", "spatial"), [("holdout", False), ("random", True), ("blocks", True), ("kmeans", True)])
def test_the_last_fit_searches_its_grid_as_the_headline_tests(stack, layer, tmp_path, monkeypatch, validation, spatial):
    """In space where the classifier won in space, as beside random folds too, and on all the cells."""
    asked = []

    def noted(data, training, name, where, *others):
        asked.append((len(training), name, where))
        return fit_cells(data, training, name, where, *others)

    monkeypatch.setattr(benchmark_classifiers, "fit_cells", noted)
    benchmark_classifiers.run(
        Feedback(),
        covariates=stack.path,
        inventory=layer,
        label_field="slide",
        classifiers=["dt"],
        validation=validation,
        folds=2,
        model=str(tmp_path / "best.scarp"),
        output=str(tmp_path / "table.csv"),
    )
    assert asked == [(240, "dt", spatial)]


def test_the_table_holds_numbers_of_repeats(stack, data):
    folds = Validation("random", folds=4, repeats=3).make(data, 1)
    summaries = summarise(compare(stack, data, folds, ["slope"], 1, Recipe(), Feedback()), data.labels)
    (row,) = table_rows(summaries)
    each = [
        np.mean([roc_auc_score(data.labels[fold.test], data.values[fold.test, 0]) for fold in folds if fold.repeat == repeat])
        for repeat in range(3)
    ]
    assert row["repeats"] == 3 and row["auc"] == pytest.approx(np.mean(each), abs=1e-6)
    assert row["auc_sd"] == pytest.approx(np.std(each, ddof=1), abs=1e-6)


def _tree_of_rule(channels, seed):
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=seed)


def _neighbours(channels, seed):
    from sklearn.neighbors import RadiusNeighborsClassifier

    return RadiusNeighborsClassifier(0.5, outlier_label=0)


def test_a_classifier_is_one_entry(stack, layer, tmp_path, monkeypatch):
    """By its entry alone it trains, is searched, maps and is told of in the report; without a covariate that it needs it is left out."""
    entry = Classifier(
        "Tree of Rule",
        _tree_of_rule,
        [{"min_samples_leaf": [90, 12]}],
        needs=("noise",),
        note="Trees rule by their leaves.",
    )
    monkeypatch.setitem(CLASSIFIERS, "rule", entry)
    monkeypatch.setitem(LABELS, "rule", entry.label)
    given = {"inventory": layer, "label_field": "slide", "classifiers": ["rule", "slope"], "validation": "holdout"}
    outputs = {name: str(tmp_path / f"{name}.{kind}") for name, kind in (("output", "csv"), ("report", "html"), ("model", "scarp"))}
    result = benchmark_classifiers.run(Feedback(), covariates=stack.path, **given, **outputs)
    rows = {row["classifier"]: row for row in csv.DictReader((tmp_path / "output.csv").open(encoding="utf-8"))}
    assert list(rows) == ["slope", "rule"]
    assert rows["rule"]["label"] == "Tree of Rule" and rows["rule"]["chosen"] == "min_samples_leaf 12 (1)"
    assert float(rows["rule"]["auc"]) > 0.7
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Trees rule by their leaves." in text and "Bernoulli" not in text and "CNN–DNN also sees" not in text
    assert result["best"] in rows
    data = Data.of(stack, resolve_samples(stack, layer, "slide", 1))
    model, _ = fit_cells(data, np.arange(240), "rule", False, 1)
    save_model(tmp_path / "rule.scarp", model)
    np.testing.assert_array_equal(load_model(tmp_path / "rule.scarp").predict(data.values[None]), model.predict(data.values[None]))

    monkeypatch.setitem(CLASSIFIERS, "rule", replace(entry, make=_neighbours, grids=[], needs=("noise", "wind")))
    other, _ = fit_cells(data, np.arange(240), "rule", False, 1)
    with pytest.raises(EngineError, match="which no classifier of Scarp needs"):
        save_model(tmp_path / "other.scarp", other)
    listener = Listener()
    benchmark_classifiers.run(listener, covariates=stack.path, **given, output=outputs["output"])
    assert listener.warnings == ["The stack has no covariate wind, so tree of Rule is left out."]
    with pytest.raises(EngineError, match="No classifier is left"):
        benchmark_classifiers.run(Feedback(), covariates=stack.path, **{**given, "classifiers": ["rule"]}, output=outputs["output"])


def test_every_metric_of_the_table_is_its_own():
    """Ranks are compared within folds, as networks differ; the others count the cells of all folds of a repeat. Then come the repeats."""
    rng = np.random.default_rng(8)
    labels = (rng.random(120) < 0.35).astype(int)
    folds, outcomes, expected = [], [], []
    within = ("auc", "average_precision", "youden_j", "youden_threshold")
    for repeat in range(3):
        number = rng.permutation(np.arange(120) % 2)
        said = np.clip(0.4 * labels + 0.15 * number + rng.uniform(0, 0.6, 120), 0, 1)
        made = [Fold("random", repeat, k, np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(2)]
        folds += made
        outcomes += [Outcome(fold, "lr", said[fold.test], {"C": 10.0 if repeat else 1.0}) for fold in made]
        each = [evaluate(labels[fold.test], said[fold.test], weights=balanced(labels[fold.test])) for fold in made]
        expected.append(
            {**evaluate(labels, said, weights=balanced(labels)), **{key: np.mean([one[key] for one in each]) for key in within}}
        )
    (row,) = table_rows(summarise(outcomes, labels))
    names = [key for key, _, _ in METRICS]
    assert len({round(float(expected[0][name]), 6) for name in names}) >= len(names) - 2, "recall is sensitivity or specificity"
    for name in names:
        values = [one[name] for one in expected]
        assert row[name] == pytest.approx(np.mean(values), abs=1e-6), name
        assert row[f"{name}_sd"] == pytest.approx(np.std(values, ddof=1), abs=1e-6), name
    assert row["chosen"] == "C 10.0 (4); C 1.0 (2)"
    assert (row["repeats"], row["label"], row["auc_minus_cnn_dnn"], row["p_value"]) == (3, "Logistic regression", None, None)
    aucs = np.array([roc_auc_score(labels[outcome.fold.test], outcome.susceptibility) for outcome in outcomes])
    interval = corrected_t_test(aucs, 1.0)
    assert (row["auc_low"], row["auc_high"]) == pytest.approx((interval.low, min(interval.high, 1.0)), abs=1e-6)


def test_the_best_is_the_first_by_mean_auc_in_the_validation_that_counts():
    labels = np.tile([0, 1], 60)
    rng = np.random.default_rng(9)
    number = np.arange(120) // 2 % 3
    outcomes = []
    for method, better in (("random", "dt"), ("blocks", "lr")):
        for name in ("lr", "dt"):
            said = np.clip(labels * (0.6 if name == better else 0.2) + rng.uniform(0, 0.4, 120), 0, 1)
            for k in range(3):
                fold = Fold(method, 0, k, np.flatnonzero(number != k), np.flatnonzero(number == k))
                outcomes.append(Outcome(fold, name, said[fold.test], {}))
    summaries = summarise(outcomes, labels)
    assert [(each.validation, each.classifier) for each in summaries] == [(m, n) for m in ("random", "blocks") for n in ("lr", "dt")]
    assert best(summaries, "random").classifier == "dt"
    assert best(summaries, "blocks").classifier == "lr"


def test_the_best_is_fitted_to_all_cells(stack, layer, tmp_path):
    """And with what is chosen on all of them: the map is that of a fit to the layer, not of a fold."""
    model = str(tmp_path / "best.scarp")
    result = benchmark_classifiers.run(
        Feedback(),
        covariates=stack.path,
        inventory=layer,
        label_field="slide",
        classifiers=["dt"],
        validation="kmeans",
        folds=3,
        model=model,
        output=str(tmp_path / "table.csv"),
    )
    data = Data.of(stack, resolve_samples(stack, layer, "slide", 1))
    own, chosen = fit_cells(data, np.arange(240), "dt", True, 1)
    kept = load_model(model)
    assert kept.estimator.get_depth() == own.estimator.get_depth()
    np.testing.assert_array_equal(kept.predict(data.values[None]), own.predict(data.values[None]))
    with (tmp_path / "table.csv").open(encoding="utf-8") as stream:
        rows = {row["validation"]: row for row in csv.DictReader(stream)}
    assert result["auc"] == pytest.approx(float(rows["kmeans"]["auc"]), abs=1e-6)
    assert kept.manifest["metrics"]["auc (Spatial folds (k-means on coordinates))"] == pytest.approx(result["auc"], abs=1e-6)
    assert kept.manifest["cell_size"] == [25.0, 35.0]
    assert kept.manifest["fitted_to"] == "all cells"
    assert len(kept.applicability.arrays["cells"]) == 240 and kept.applicability.threshold > 0
    np.testing.assert_allclose(kept.applicability.index(data.values[None]), 0, atol=1e-4)


def test_no_verdict_over_a_classifier_that_was_not_fitted():
    """It says the same of every cell in one fold: its AUC is 0.5 there, and the CNN–DNN is no better for that."""
    labels = np.tile([0, 1], 60)
    rng = np.random.default_rng(10)
    good = np.clip(labels * 0.6 + rng.uniform(0, 0.4, 120), 0, 1)
    number = np.arange(120) // 2 % 3
    folds = [Fold("random", 0, k, np.flatnonzero(number != k), np.flatnonzero(number == k)) for k in range(3)]
    said = {"cnn_dnn": good, "lr": good[::-1] * 0.1 + good * 0.9, "hgb": np.where(number == 1, 0.4, good)}
    found = {each.classifier: each for each in summarise(outcomes_of(labels, said, folds), labels)}
    assert (found["hgb"].constant, found["hgb"].fitted, found["hgb"].difference) == (1, False, None)
    assert found["lr"].fitted and found["lr"].difference is not None
    text = verdict(list(found.values()), "random")
    assert text.endswith("Nothing is said of gradient boosting, which was not fitted in some fold.") and "better than" not in text
    rows = {row["classifier"]: row for row in table_rows(list(found.values()))}
    assert rows["hgb"]["not_fitted"] == 1 and rows["hgb"]["p_value"] is None and rows["lr"]["not_fitted"] == 0
    alone = summarise(outcomes_of(labels, {"cnn_dnn": good, "hgb": np.full(120, 0.5)}, folds), labels)
    assert best(alone, "random").classifier == "cnn_dnn" and "5 % level" not in verdict(alone, "random")


def test_gradient_boosting_learns_from_46_cells(data):
    """At the library's 20 cells a leaf it would make no tree, and score 0.5."""
    few = np.r_[np.flatnonzero(data.labels == 1)[:23], np.flatnonzero(data.labels == 0)[:23]]
    model, _ = fit_cells(data, few, "hgb", False, 1)
    assert model.estimator.min_samples_leaf == 4, "a tenth of the cells that train, whatever others there are"
    others = np.setdiff1d(np.arange(240), few)
    assert roc_auc_score(data.labels[others], model.predict(data.values[others][None])[0]) > 0.75


def test_the_cells_of_a_landslide_are_one_draw_in_a_single_test_set():
    rng = np.random.default_rng(11)
    labels = np.repeat([1, 0], 100)
    units = np.r_[np.arange(100) // 10, np.arange(100, 200)]
    first, second = (0.3 * labels + rng.random(200) for _ in range(2))
    folds = [Fold("holdout", 0, 0, np.arange(200), np.arange(200))]
    found = {each.classifier: each for each in summarise(outcomes_of(labels, {"cnn_dnn": first, "lr": second}, folds), labels, units)}
    expected = delong(labels, second, units)
    assert (found["lr"].auc.low, found["lr"].auc.high) == (expected.low, expected.high)
    assert found["lr"].difference == delong_test(labels, second, first, units)


def test_a_test_set_of_one_landslide_tells_no_interval():
    """Its cells alone would make one that is far too narrow; table, page and figure leave it open."""
    rng = np.random.default_rng(11)
    labels, units = np.repeat([1, 0], 100), np.r_[np.zeros(100, int), np.arange(100, 200)]
    folds = [Fold("holdout", 0, 0, np.arange(200), np.arange(200))]
    said = {"cnn_dnn": 0.1 * labels + rng.random(200), "lr": 0.6 * labels + rng.random(200)}
    found = summarise(outcomes_of(labels, said, folds), labels, units)
    row = table_rows(found)[1]
    assert row["classifier"] == "lr" and row["auc"] > 0.8
    assert (row["auc_low"], row["auc_high"], row["p_value"]) == (None, None, None)
    assert not found[1].differs and "of one landslide, so without an interval" in verdict(found, "holdout")


def test_the_log_is_the_table_so_far(stack, data):
    """A line a classifier once its folds are done, one after the other: what is there when a run is cancelled."""
    folds = Validation("random", folds=3).make(data, 1)
    listener = Listener()
    outcomes = compare(stack, data, folds, ["lr", "slope"], 1, Recipe(), listener)
    auc = {name: np.mean([roc_auc_score(data.labels[o.fold.test], o.susceptibility) for o in outcomes if o.classifier == name])
           for name in ("lr", "slope")}  # fmt: skip
    assert listener.messages == [
        f"Logistic regression: AUC {auc['lr']:.3f} in random folds.",
        f"Slope alone: AUC {auc['slope']:.3f} in random folds.",
    ]


def test_temporal_validation_stands_beside_random_and_spatial(stack, layer, tmp_path):
    table = str(tmp_path / "table.csv")
    result = benchmark_classifiers.run(
        Feedback(), covariates=stack.path, inventory=layer, label_field="slide", classifiers=["lr", "slope"], validation="temporal",
        date_field="seen", split_date="2008-01-01", block_size=300.0, output=table, report=str(tmp_path / "report.html"),
    )  # fmt: skip
    with (tmp_path / "table.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["validation"] for row in rows] == ["temporal"] * 2 + ["blocks"] * 2 + ["random"] * 2
    assert result["auc"] == pytest.approx(max(float(row["auc"]) for row in rows[:2]), abs=1e-6)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert (
        "AUC, later landslides" in text
        and "in the validation by later landslides" in text
        and "AUC, spatial folds" in text
        and "AUC, random folds" in text
        and "stack.tif" in text
    )
