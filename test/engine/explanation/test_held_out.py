# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cells a model like the explained one is fitted to, and which it is asked about."""

from types import SimpleNamespace

import numpy as np
import pytest
from scarp.engine.benchmark.comparison import Validation
from scarp.engine.errors import EngineError
from scarp.engine.explanation import held_out
from scarp.engine.explanation.held_out import Ground, as_it_is, refitted, spatial_folds
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.learning.fitting import recipe_of
from scarp.engine.samples.cells import SampleCells
from scarp.engine.samples.folds import landslide_weights
from scarp.models.covariate import Covariate
from scarp.models.model_file import load_model

SHAPE = (40, 60)


@pytest.fixture
def ground(write_stack, model_file):
    """A quarter of 200 cells are landslides, one in each cell; some cells lack a covariate."""
    stack, model = Stack.open(write_stack("s.tif", SHAPE)), load_model(model_file, "numpy")
    rows, cols = np.divmod(np.random.default_rng(2).permutation(SHAPE[0] * SHAPE[1])[:200], SHAPE[1])
    number = np.arange(200)
    cells = SampleCells(rows, cols, (number % 4 == 0).astype(int), np.full(200, "train"), number % 5, number.astype(str))
    made = Ground.of(stack, cells, model)
    whole = np.isfinite(stack.read(Window(0, 0, *SHAPE), 0, ["slope", "geology"])[rows, cols]).all(axis=1)
    assert 150 < whole.sum() < 200 and made.data.cells.rows.tolist() == rows[whole].tolist()
    assert made.labels.tolist() == cells.landslide[whole].tolist() and len(made.patches) == whole.sum()
    x, y = stack.grid.centres(rows[whole], cols[whole])
    np.testing.assert_allclose(made.data.xy - made.data.xy[0], np.stack([x - x[0], y - y[0]], axis=1), rtol=1e-2)  # metres on the ground
    return made


def test_folds_are_whole_blocks_as_many_and_as_wide_as_asked_for(ground):
    folds, how = spatial_folds(ground, 4, 240.0, 1, Feedback())
    assert len(folds) == 4 and how.startswith("square blocks of 240 m, dealt into 4 folds")
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(len(ground.labels)))
    for fold, own in zip(folds, Validation("blocks", 4, block_size_m=240.0).make(ground.data, 1)):
        np.testing.assert_array_equal(fold.test, own.test)
        assert sorted([*fold.test, *fold.training]) == list(range(len(ground.labels)))
        near = np.argsort(np.hypot(*(ground.data.xy[fold.test][:, None] - ground.data.xy).transpose(2, 0, 1)))[:, 1]
        assert np.isin(near, fold.test).mean() > 0.5, "neighbours are together"


def test_where_blocks_are_too_few_places_near_each_other_are_a_fold(ground):
    folds, how = spatial_folds(ground, 3, 50_000.0, 1, Feedback())
    assert how == "3 folds that k-means made of the cells' places, each landslide in one, since blocks of 50,000 m do not suffice"
    spread = [ground.data.xy[fold.test].std(axis=0).sum() for fold in folds]
    assert max(spread) < 0.8 * ground.data.xy.std(axis=0).sum()


def test_a_model_of_a_fold_is_fitted_to_the_others_alone_and_asked_about_its_own(ground, monkeypatch):
    """As it was trained, but with one member."""
    ground.model.manifest["settings"] = {"optimizer": "sgd", "epochs": 7, "equal_landslides": True}
    ground.model.members.append(ground.model.members[0])
    folds, _ = spatial_folds(ground, 3, 240.0, 1, Feedback())
    fitted = []

    def fit(examples, recipe, seed, *_, **__):
        fitted.append((examples.patches.centres(), examples.labels, recipe, seed))
        return f"model {len(fitted)}", []

    monkeypatch.setattr(held_out, "fit", fit)
    monkeypatch.setattr(held_out, "answer_of", lambda model: model)

    class Model(str):
        encoder = "its own"

    monkeypatch.setattr(held_out, "fit", lambda *given, **more: (Model(fit(*given, **more)[0]), []))
    for number, (fold, part) in enumerate(zip(folds, refitted(ground, folds, 9, [Feedback()] * 3)), start=1):
        values, labels, recipe, seed = fitted[-1]
        np.testing.assert_array_equal(values, ground.data.values[fold.training])
        np.testing.assert_array_equal(labels, ground.labels[fold.training])
        assert recipe == held_out.replace(recipe_of(ground.model), members=1) and (recipe.optimizer, recipe.epochs) == ("sgd", 7)
        assert seed == 9 and (part.answer, part.encoder) == (f"model {number}", "its own")
        np.testing.assert_array_equal(part.patches.centres(), ground.data.values[fold.test])
        np.testing.assert_array_equal(part.labels, ground.labels[fold.test])


@pytest.mark.parametrize("settings", [{"epochs": -1}, {"optimizer": "oracle"}, {"learning_rate": float("nan")}])
def test_settings_that_no_training_has_are_the_files_fault(ground, settings):
    """Who explains a model chose none of them."""
    ground.model.manifest["settings"] = settings
    with pytest.raises(EngineError, match="^The model file tells of a training that cannot be repeated, so it is damaged; train it anew. "):
        recipe_of(ground.model)


def test_a_network_is_not_asked_without_memory_for_it(ground, monkeypatch):
    def full(needed):
        raise EngineError(f"{needed} bytes are too many")

    monkeypatch.setattr("scarp.engine.explanation.answers.check_room", full)
    with pytest.raises(EngineError, match="are too many"):
        as_it_is(ground, 1)


def test_a_model_that_gives_no_number_is_told_as_damaged(ground):
    ground.model.members[0]["output"] = ground.model.members[0]["output"] * np.nan
    part = as_it_is(ground, 1)
    with pytest.raises(EngineError, match="^The model gives no susceptibility for cells that have all covariates: it is damaged"):
        part.answer(part.patches.encoded(part.encoder).take(np.arange(50)))


def test_of_many_cells_some_are_asked_in_the_shares_of_both_kinds(ground, monkeypatch):
    monkeypatch.setattr(held_out, "answer_of", lambda model: model)
    monkeypatch.setattr(held_out, "_MOST_CELLS", 40)
    share = ground.labels.mean()
    part, again, other = (as_it_is(ground, seed) for seed in (1, 1, 2))
    assert part.labels.sum() == round(40 * share) and (part.labels == 0).sum() == round(40 * (1 - share))
    assert part.patches.centres().tolist() == again.patches.centres().tolist() != other.patches.centres().tolist()
    monkeypatch.setattr(held_out, "_MOST_CELLS", len(ground.labels))
    assert len(as_it_is(ground, 1).labels) == len(ground.labels) and as_it_is(ground, 1).answer is ground.model


def test_covariates_are_matched_by_name_whatever_their_order(write_stack, model_file):
    """The stack has geology first, and one more covariate."""
    rng = np.random.default_rng(5)
    values = np.stack([rng.integers(1, 3, SHAPE), rng.normal(5, 1, SHAPE), rng.normal(20, 5, SHAPE)], axis=-1)
    covariates = (Covariate("geology", "categorical", classes={1: "marl", 2: "lime"}), Covariate("twi"), Covariate("slope"))
    stack, model = Stack.open(write_stack("s.tif", SHAPE, covariates, values=values)), load_model(model_file, "numpy")
    rows, cols = np.array([3, 20]), np.array([50, 7])
    cells = SampleCells(rows, cols, np.array([1, 0]), np.full(2, "train"), np.zeros(2, int), np.array(["1", "2"]))
    made = Ground.of(stack, cells, model)
    np.testing.assert_allclose(made.data.values, values[rows, cols][:, [2, 0]], rtol=1e-6)
    assert [each.name for each in made.data.covariates] == ["slope", "geology"] and made.patches.size_px == 9


@pytest.mark.parametrize("alike", [True, False])
def test_a_classifier_is_fitted_anew_as_the_benchmark_does(ground, monkeypatch, alike):
    """Its grid searched in space, landslides alike where it was trained so, on the cells of the other folds."""
    manifest = {"classifier": "Random forest", "settings": {"equal_landslides": alike}}
    known = held_out.replace(ground, model=SimpleNamespace(manifest=manifest, encoder="its own"))
    asked = []

    def fit_cells(data, training, name, *, spatial, seed, equal):
        asked.append((data, training, name, spatial, seed, equal))
        return SimpleNamespace(encoder=f"of fold {len(asked)}"), None

    monkeypatch.setattr(held_out, "fit_cells", fit_cells)
    monkeypatch.setattr(held_out, "answer_of", lambda model: model)
    folds, _ = spatial_folds(ground, 3, 240.0, 1, Feedback())
    parts = list(refitted(known, folds, 9, [Feedback()] * 3))
    for fold, (data, training, *how), part, number in zip(folds, asked, parts, (1, 2, 3)):
        assert data is ground.data and training.tolist() == fold.training.tolist()
        assert how == ["rf", True, 9, alike] and part.encoder == f"of fold {number}"
    manifest["classifier"] = "Another one"
    with pytest.raises(EngineError, match="does not tell which classifier it holds"):
        next(refitted(known, folds, 9, [Feedback()] * 3))


def test_landslides_count_alike_where_the_model_was_trained_so(ground, monkeypatch):
    """Landslides of two and of one cell: half a count each, and one."""
    monkeypatch.setattr(held_out, "answer_of", lambda model: model)
    cells = ground.data.cells
    slides = np.flatnonzero(cells.landslide == 1)
    origin = cells.origin.astype(object)
    origin[slides[1]] = origin[slides[0]]
    whole = held_out.replace(ground, data=held_out.replace(ground.data, cells=held_out.replace(cells, origin=origin.astype(str))))
    assert as_it_is(whole, 1).weights is None, "as its file tells"
    ground.model.manifest["settings"] = {"equal_landslides": True}
    weights = as_it_is(whole, 1).weights
    np.testing.assert_array_equal(weights, landslide_weights(whole.labels, whole.data.units))
    assert weights[slides[0]] == weights[slides[1]] == pytest.approx(weights[slides[2]] / 2)
    monkeypatch.setattr(held_out, "_MOST_CELLS", 100)
    some = held_out._some(whole.labels, 100, 1)
    np.testing.assert_array_equal(as_it_is(whole, 1).weights, landslide_weights(whole.labels[some], whole.data.units[some]))


def test_folds_go_by_the_seed(ground):
    first, again, other = ([fold.test.tolist() for fold in spatial_folds(ground, 4, 240.0, seed, Feedback())[0]] for seed in (5, 5, 6))
    assert first == again != other


def test_of_many_cells_each_fold_is_asked_about_its_share(ground, monkeypatch):
    monkeypatch.setattr(held_out, "answer_of", lambda model: model)
    monkeypatch.setattr(held_out, "_MOST_CELLS", 60)
    monkeypatch.setattr(held_out, "fit", lambda *_, **__: (SimpleNamespace(encoder="its own"), []))
    folds, _ = spatial_folds(ground, 3, 240.0, 1, Feedback())
    assert [len(part.labels) for part in refitted(ground, folds, 9, [Feedback()] * 3)] == [pytest.approx(20, abs=1)] * 3
