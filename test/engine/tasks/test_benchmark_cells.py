# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cells and folds the benchmark hands to whom, with functions in place of what trains networks."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from osgeo import ogr
from scarp.engine.benchmark.comparison import Outcome, Validation, fit_cells
from scarp.engine.benchmark.summary import best, summarise
from scarp.engine.declarations.choices import VALIDATIONS
from scarp.engine.errors import EngineError
from scarp.engine.files.stack import Stack
from scarp.engine.files.vectors import write_layer
from scarp.engine.samples.cells import SampleCells, resolve_samples
from scarp.engine.samples.nearest import places_of
from scarp.engine.tasks import benchmark_classifiers
from scarp.models.classifiers import CLASSIFIERS
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.model_file import load_model

SHAPE, SEED, SIZE = (50, 60), 5, 300.0
SLIDES = np.arange(24).repeat(3)
LABELS = np.repeat([1, 0], 72)
NUMBER = np.r_[SLIDES, np.arange(72)]


def sample():
    """Twenty-four landslides of three cells side by side, and as many absences; a quarter of either is the test of the layer."""
    rows, cols = 7 * (SLIDES // 4) + 3, 12 * (SLIDES % 4) + 2 + np.tile(np.arange(3), 24)
    rows_between = np.array([row for row in range(45) if row % 7 != 3])
    others = np.divmod(np.random.default_rng(1).permutation(60 * len(rows_between))[:72], 60)
    subset = np.where(NUMBER % 4 == 3, "test", "train")
    origin = np.r_[SLIDES.astype(str), np.full(72, "random")]
    return SampleCells(np.r_[rows, rows_between[others[0]]], np.r_[cols, others[1]], LABELS, subset, np.full(144, -1), origin, types="flow")


@pytest.fixture
def ground(write_stack, tmp_path):
    rng = np.random.default_rng(2)
    values = np.stack([rng.uniform(0, 40, SHAPE), rng.normal(0, 1, SHAPE)], axis=-1)
    cells = sample()
    values[cells.rows[:72], cells.cols[:72], 0] += rng.uniform(0, 20, 72)
    stack = Stack.open(write_stack("stack.tif", SHAPE, (Covariate("slope"), Covariate("curvature")), values=values, cell=(20.0, 35.0)))
    cells.write(tmp_path / "cells.gpkg", stack.grid)
    x, y = stack.grid.centres(np.full(8, 47), np.arange(8) * 5 + 2)
    corners = ((-5, -5), (25, -5), (25, 5), (-5, 5), (-5, -5))  # two cells
    shapes = [f"POLYGON (({', '.join(f'{east + right} {north + up}' for right, up in corners)}))" for east, north in zip(x, y)]
    features = (({}, ogr.CreateGeometryFromWkt(each)) for each in shapes)
    write_layer(str(tmp_path / "later.gpkg"), "later", ogr.wkbPolygon, {}, features, stack.grid.spatial_reference)
    return stack


@pytest.fixture
def benchmark(ground, tmp_path, monkeypatch):
    """Run the task, and return what was asked for on the way; `ranks` says in which validation which classifier is right."""
    asked = SimpleNamespace(fits=[], cell_fits=[], areas=[], blocks=[])

    def compare(stack, data, folds, names, seed, *_):
        asked.data, asked.folds, asked.names = data, folds, names
        slope, noise = data.values[:, 0] / 60, np.random.default_rng(3).random(len(data.labels))
        asked.outcomes = [
            Outcome(fold, name, (0.5 * data.labels + 0.4 * slope if asked.ranks.get(fold.validation) == name else noise)[fold.test], {})
            for name in names
            for fold in folds
        ]
        return asked.outcomes

    def fit(examples, recipe, seed, *_, **__):
        asked.fits.append((examples, recipe, seed))
        encoder = Encoder.fit(examples.patches.centres(), examples.covariates)
        architecture = recipe.architecture(2)
        weights = {name: np.zeros(shape, np.float32) for name, shape in architecture.shapes.items()}
        return CnnDnn(encoder, architecture, [weights], backend="numpy"), []

    def fit_noted(data, training, name, spatial, seed, equal=False):
        asked.cell_fits.append((training, name, spatial, seed, equal))
        return fit_cells(data, training, name, spatial, seed, equal)

    def area(model, *given):
        asked.areas.append((*given[:-2], [(fold[0].tolist(), fold[1].tolist()) for fold in given[-2]], given[-1]))

    size = benchmark_classifiers.suggested_block_size
    monkeypatch.setattr(benchmark_classifiers, "suggested_block_size", lambda *given: asked.blocks.append(given) or size(*given))
    monkeypatch.setattr(benchmark_classifiers, "compare", compare)
    monkeypatch.setattr(benchmark_classifiers, "fit", fit)
    monkeypatch.setattr(benchmark_classifiers, "fit_cells", fit_noted)
    for name in ("applicability_of_network", "applicability_of_classifier"):
        monkeypatch.setattr(benchmark_classifiers, name, area)

    def run(ranks, test=False, **more):
        asked.ranks, asked.listener = ranks, Listener()
        given = {"covariates": ground.path, "inventory": str(tmp_path / "cells.gpkg"), "label_field": "landslide", "seed": SEED}
        given |= {"test_inventory": str(tmp_path / "later.gpkg")} if test else {}
        outputs = {name: str(tmp_path / f"o.{kind}") for name, kind in (("output", "csv"), ("model", "scarp"), ("fold_cells", "gpkg"))}
        asked.result = benchmark_classifiers.run(
            asked.listener, **given, **outputs, **{"classifiers": ["lr", "dt"], "folds": 3, "block_size": SIZE, **more}
        )
        asked.manifest = load_model(outputs["model"], "numpy").manifest
        asked.run = json.loads(Path(f"{outputs['output']}.run.json").read_text(encoding="utf-8"))
        layer = ogr.Open(outputs["fold_cells"])
        asked.fold_of = {(each["x"], each["y"]): each["fold"] for each in layer.GetLayer(0)}
        return asked

    return run


def of(made, validation, repeat=0):
    return [each for each in made.folds if (each.validation, each.repeat) == (validation, repeat)]


def cells_with_test(stack, tmp_path):
    return resolve_samples(stack, str(tmp_path / "cells.gpkg"), "landslide", SEED, None, str(tmp_path / "later.gpkg"))


def test_a_test_inventory_has_no_part_in_folds_blocks_or_the_model(benchmark, ground, tmp_path):
    made = benchmark({"inventory": "lr", "kmeans": "dt"}, test=True, validation="kmeans", equal_landslides=True)
    cells = cells_with_test(ground, tmp_path)
    inner, data = np.flatnonzero(cells.subset != "test"), made.data
    assert cells.landslide[inner].sum() == 72 and cells.landslide.sum() == 72 + 16
    assert list(dict.fromkeys(each.validation for each in made.folds)) == ["inventory", "kmeans", "random"]
    (own,) = of(made, "inventory")
    assert own.training.tolist() == inner.tolist() and own.test.tolist() == np.setdiff1d(np.arange(len(cells.rows)), inner).tolist()
    for method in ("kmeans", "random"):
        expected = Validation(method, 3).make(data.only(inner), SEED)
        found = of(made, method)
        assert len(found) == 3
        for one, other in zip(found, expected):
            assert one.training.tolist() == inner[other.training].tolist() and one.test.tolist() == inner[other.test].tolist()
    ((training, *fitted),) = made.cell_fits
    assert training.tolist() == inner.tolist() and fitted == ["lr", False, SEED, True]
    ((values, labels, parts, seed),) = made.areas
    np.testing.assert_array_equal(values, data.values[inner])
    assert labels.tolist() == data.labels[inner].tolist() and parts == [] and seed == SEED
    assert made.result["best"] == "lr" and made.manifest["fitted_to"] == "all cells"
    x, y = ground.grid.centres(cells.rows, cells.cols)
    assert {made.fold_of[place] for place in zip(x[inner], y[inner])} == {-1}, "they train alone"
    assert {made.fold_of[place] for place in zip(x[own.test], y[own.test])} == {0}


def test_blocks_are_as_wide_as_the_cells_of_folds_ask(benchmark, ground, tmp_path):
    made = benchmark({}, test=True, validation="blocks", block_size=0)
    cells = cells_with_test(ground, tmp_path)
    ((_, rows, cols, seed, patch_px, _),) = made.blocks
    inner = cells.subset != "test"
    assert (rows.tolist(), cols.tolist(), seed) == (cells.rows[inner].tolist(), cells.cols[inner].tolist(), SEED)
    assert patch_px == 15
    size = made.run["parameters"]["block_size"]
    used = made.manifest["settings"]["block_size"]
    assert size == 0 and used > 100 and made.run["settings"]["Block size"] == f"{used:,g} m (automatic)"
    expected = Validation("blocks", 3, block_size_m=used).make(made.data.only(np.flatnonzero(inner)), SEED)
    assert [each.test.tolist() for each in of(made, "blocks")] == [np.flatnonzero(inner)[each.test].tolist() for each in expected]


def test_the_subset_of_sample_cells_divides_no_folds(benchmark, ground):
    """Spatial folds stand beside random ones, are the headline, and the first repeat of them is that of the layer and the file."""
    made = benchmark({"blocks": "dt", "random": "lr"}, validation="random", repeats=2)
    data = made.data
    assert list(dict.fromkeys(each.validation for each in made.folds)) == ["random", "blocks"]
    for method in ("random", "blocks"):
        for repeat in (0, 1):
            found = of(made, method, repeat)
            assert len(found) == 3 and sorted(np.concatenate([each.test for each in found])) == list(range(144))
            assert all(np.array_equal(np.union1d(each.training, each.test), np.arange(144)) for each in found)
            for each in found:
                assert not set(data.units[each.training]) & set(data.units[each.test])
    ((training, *fitted),) = made.cell_fits
    assert training.tolist() == list(range(144)) and fitted == ["dt", True, SEED, False]
    ((_, _, parts, _),) = made.areas
    blocks = of(made, "blocks")
    assert parts == [(each.training.tolist(), each.test.tolist()) for each in blocks]
    x, y = ground.grid.centres(data.cells.rows, data.cells.cols)
    for each in blocks:
        assert {made.fold_of[place] for place in zip(x[each.test], y[each.test])} == {each.number}
    summaries = summarise(made.outcomes, data.labels, data.units)
    winner = best(summaries, "blocks")
    assert made.result == {**made.result, "best": winner.classifier, "auc": winner.auc.mean} and winner.classifier == "dt"
    assert made.run["results"]["auc"] == winner.auc.mean and made.run["results"]["validation"] == VALIDATIONS["blocks"]
    assert "It is the best of 2 on these very cells" in made.run["results"]["flattered"]
    assert made.manifest["metrics"] == {f"{name} ({VALIDATIONS['blocks']})": value for name, value in winner.mean.items()}
    assert made.manifest["landslide_type"] == "flow" and made.manifest["settings"]["block_size"] == SIZE
    np.testing.assert_array_equal(data.places, places_of(ground, SEED))


def test_in_one_test_the_cells_of_a_landslide_are_one_draw(benchmark, tmp_path):
    made = benchmark({"holdout": "lr"}, validation="holdout")
    (lr,) = [each for each in summarise(made.outcomes, made.data.labels, made.data.units) if each.classifier == "lr"]
    alone = next(each for each in summarise(made.outcomes, made.data.labels) if each.classifier == "lr")
    row = next(line.split(",") for line in (tmp_path / "o.csv").read_text(encoding="utf-8").splitlines() if line.startswith("holdout,lr"))
    assert float(row[5]) == pytest.approx(lr.auc.low, abs=1e-6) and lr.auc.low != pytest.approx(alone.auc.low, abs=1e-4)


@pytest.mark.parametrize("name", ["cnn_dnn", "cnn_dnn_trees"])
def test_a_network_that_is_best_is_fitted_as_it_was_compared(benchmark, name):
    """With trees or without, on all cells; where it is applicable is told by the folds of the headline."""
    made = benchmark({"blocks": name}, validation="blocks", classifiers=["cnn_dnn", "cnn_dnn_trees", "lr"], members=2)
    ((examples, recipe, seed),) = made.fits
    assert (recipe.companion, recipe.members, seed, len(examples.labels)) == (name == "cnn_dnn_trees", 2, SEED, 144)
    assert examples.patches.size_px == 15 and examples.units.tolist() == made.data.units.tolist()
    ((known, parts, seed),) = made.areas
    assert known is examples and seed == SEED
    assert parts == [(each.training.tolist(), each.test.tolist()) for each in of(made, "blocks")]


def test_whoever_is_left_to_choose_compares_all(benchmark):
    made = benchmark({"random": "gnb"}, classifiers=[])
    assert made.names == list(CLASSIFIERS) and made.manifest["settings"]["classifiers"] == list(CLASSIFIERS)


def test_folds_beside_that_cannot_be_stop_all_but_a_temporal_validation(benchmark):
    """Blocks as wide as the area."""
    with pytest.raises(EngineError, match="spatial blocks; there are"):
        benchmark({}, validation="random", block_size=50_000.0)


def test_folds_are_those_of_the_cells_that_train_wherever_these_stand_among_all(benchmark, monkeypatch):
    """Where a test inventory cannot test, later landslides are the headline, and cells of the test may come first."""
    real = benchmark_classifiers.resolve_samples

    def test_first(*given):
        found = real(*given)
        return found.only(np.argsort(found.subset == "train", kind="stable"))

    monkeypatch.setattr(benchmark_classifiers, "resolve_samples", test_first)
    monkeypatch.setattr(benchmark_classifiers, "headline", lambda methods: "blocks")
    made = benchmark({"blocks": "lr"}, test=True, validation="blocks")
    ((values, _, parts, _),) = made.areas
    before = int((made.data.cells.subset == "test").sum())
    assert len(values) == len(made.data.labels) - before and before > len(values)
    assert parts == [((each.training - before).tolist(), (each.test - before).tolist()) for each in of(made, "blocks")]
