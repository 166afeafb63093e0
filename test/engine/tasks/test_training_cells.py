# SPDX-License-Identifier: GPL-2.0-or-later
"""Which cells the train task hands to whom, with functions in place of what trains: whoever learns gets no cell of the test."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from osgeo import ogr
from scarp.engine.errors import EngineError
from scarp.engine.files.stack import Stack
from scarp.engine.files.vectors import write_layer
from scarp.engine.learning.tuning import Candidate
from scarp.engine.learning.validation import Evaluation, random_folds
from scarp.engine.reporting import metrics
from scarp.engine.samples.cells import SampleCells
from scarp.engine.samples.folds import deal_folds, splits
from scarp.engine.samples.nearest import Distances, places_of
from scarp.engine.tasks import train_cnn_dnn
from scarp.models.calibration import fit_calibration
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.model_file import load_model

SHAPE, SEED, LANDSLIDES = (50, 60), 5, 24
# Each landslide has three cells side by side; the last quarter of landslides and absences is the test.
SLIDES = np.arange(LANDSLIDES).repeat(3)
NUMBER = np.r_[SLIDES, np.arange(72)]
LABELS = np.repeat([1, 0], 72)
TEST = NUMBER % 4 == 3
SMALL = {"patch_size": 3, "filters": 2, "units": 4, "members": 2, "equal_landslides": True}


def sample():
    """Cells of which one training landslide has a cell in another fold than its others."""
    rows, cols = 2 * (SLIDES // 4) + 3, 12 * (SLIDES % 4) + 2 + np.tile(np.arange(3), LANDSLIDES)
    others = np.divmod(np.random.default_rng(1).permutation(30 * 60)[:72], 60)
    fold = np.where(TEST, -1, NUMBER % 4)
    fold[0] = 2
    origin = np.r_[SLIDES.astype(str), np.full(72, "random")]
    subset = np.where(TEST, "test", "train")
    return SampleCells(np.r_[rows, 20 + others[0]], np.r_[cols, others[1]], LABELS, subset, fold, origin, types="flow")


class Trainings:
    """Notes what is asked for in place of a training, and says of each cell what its slope is."""

    def __init__(self, monkeypatch, no_folds=False):
        self.calls = {}
        for name in ("search", "fit", "held_out", "by_spatial_folds", "by_random_folds", "by_parts", "applicability_of_network"):
            monkeypatch.setattr(train_cnn_dnn, name, self.noted(name))
        monkeypatch.setattr(train_cnn_dnn, "uncalibrated", lambda model, examples: said(examples))
        monkeypatch.setattr(train_cnn_dnn, "make_report", self.make_report)
        monkeypatch.setattr(train_cnn_dnn, "FEW_LANDSLIDES", LANDSLIDES)
        self.no_folds = no_folds

    def noted(self, name):
        def stand_in(*given, **named):
            self.calls.setdefault(name, []).append(given)
            return getattr(self, name)(*given, **named)

        return stand_in

    def search(self, examples, folds, candidates, *_):
        return list(candidates)[::-1]

    def fit(self, examples, recipe, seed, *_, **__):
        encoder = Encoder.fit(examples.patches.centres(), examples.covariates)
        architecture = recipe.architecture(len(encoder.channels))
        weights = {name: np.zeros(shape, np.float32) for name, shape in architecture.shapes.items()}
        return CnnDnn(encoder, architecture, [weights] * recipe.members, backend="numpy"), [{"loss": [1.0]}] * recipe.members

    def held_out(self, examples, folds, recipe, *_):
        return ((folds == number, said(examples)[folds == number] ** 2) for number in np.unique(folds))

    def by_spatial_folds(self, examples, size, folds, *_):
        if self.no_folds:
            return None
        return evaluation("spatial", examples, folds)

    def by_random_folds(self, examples, folds, *_):
        return evaluation("random", examples, folds)

    def by_parts(self, examples, *_):
        return evaluation("part", examples, 2)

    def applicability_of_network(self, model, examples, parts, seed):
        self.parts = [tuple(each.tolist() for each in part) for part in parts]

    def make_report(self, facts):
        self.facts = facts
        return SimpleNamespace(write=lambda path, _: Path(path).write_text("a page", encoding="utf-8"))


def said(examples):
    return (examples.patches.centres()[:, 0] / 60).astype(float)


def evaluation(kind, examples, folds):
    """Folds of rows, which divide no landslide; what is said of the cells is not what the model says."""
    fold = examples.rows // 2 % folds
    return Evaluation(kind, kind, "", examples.labels, np.sqrt(said(examples)), fold, examples.units)


@pytest.fixture
def study(write_stack, tmp_path):
    rng = np.random.default_rng(2)
    values = np.stack([rng.uniform(0, 30, SHAPE), rng.normal(0, 1, SHAPE), np.full(SHAPE, 7.0)], axis=-1)
    cells = sample()
    values[cells.rows[:72], cells.cols[:72], 0] += rng.uniform(0, 30, 72)
    covariates = (Covariate("slope"), Covariate("curvature"), Covariate("rain"))
    stack = Stack.open(write_stack("stack.tif", SHAPE, covariates, values=values, cell=(20.0, 35.0)))
    cells.write(tmp_path / "cells.gpkg", stack.grid)

    def trained(cells="cells.gpkg", label_field="landslide", **more):
        listener = Listener()
        given = {"covariates": stack.path, "inventory": str(tmp_path / cells), "label_field": label_field, "seed": SEED, **SMALL}
        outputs = {"model": str(tmp_path / "m.scarp"), "report": str(tmp_path / "m.html")}
        result = train_cnn_dnn.run(listener, **given, **outputs, **more)
        return result, load_model(result["model"], "numpy"), listener

    return stack, trained


def places(examples):
    """The cells of examples, which are to have the units of their landslides too."""
    slide = examples.labels == 1
    assert len(np.unique(examples.units[slide])) == slide.sum() / 3
    return list(zip(examples.rows.tolist(), examples.cols.tolist()))


def where(chosen):
    cells = sample()
    return list(zip(cells.rows[chosen].tolist(), cells.cols[chosen].tolist()))


ALL = {"tune": True, "tune_learning_rates": "0.01, 0.02", "calibration": "platt", "compare_optimizers": ["adagrad"]}


def test_who_learns_gets_training_cells_alone(study, monkeypatch):
    """As many landslides as are no longer few; test cells are in the spatial folds, which test on them in turn, and nowhere else."""
    _, trained = study
    made = Trainings(monkeypatch)
    trained(**ALL)
    calls, known = made.calls, where(~TEST)
    (searched,) = calls["search"]
    compared, fitted = calls["fit"]
    (held,) = calls["held_out"]
    for given in (searched, compared, fitted, held):
        assert places(given[0]) == known
    assert places(calls["by_spatial_folds"][0][0]) == places(calls["by_parts"][0][0]) == where(TEST | ~TEST)
    assert places(calls["applicability_of_network"][0][1]) == known and "by_random_folds" not in calls
    fold = np.where(NUMBER == 0, np.where(LABELS == 1, 0, NUMBER % 4), NUMBER % 4)[~TEST]  # the lone cell goes with its landslide
    assert searched[1].tolist() == held[1].tolist() == fold.tolist()
    compared, fitted, held = (given[number] for given, number in ((compared, 1), (fitted, 1), (held, 2)))
    assert (compared.optimizer, compared.members, compared.companion) == ("adagrad", 1, False)
    assert fitted == held and (fitted.learning_rate, fitted.members, fitted.companion) == (0.02, 2, True)
    assert calls["by_spatial_folds"][0][2] == 3 and calls["by_parts"][0][2] is True


def test_what_is_told_of_a_test_part(study, monkeypatch):
    stack, trained = study
    made = Trainings(monkeypatch)
    result, model, listener = trained(**ALL)
    facts, examples = made.facts, made.calls["by_spatial_folds"][0][0]
    known, unseen = made.calls["fit"][1][0], examples.only(TEST)
    assert model.calibration == pytest.approx(fit_calibration("platt", said(known) ** 2, known.labels, metrics.balanced(known.labels)))
    assert [each["kind"] for each in model.manifest["tests"]] == ["spatial", "test", "part"]
    assert [each["landslides"] for each in model.manifest["tests"]] == [24, 6, 24]
    assert result["auc"] == model.manifest["tests"][0]["auc"] == evaluation("spatial", examples, 3).auc.auc
    assert facts.shown.kind == "test" and facts.shown.units.tolist() == unseen.units.tolist()
    expected = metrics.evaluate(unseen.labels, model.calibrated(said(unseen)), weights=metrics.balanced(unseen.labels))
    assert model.manifest["metrics"] == facts.tested == pytest.approx(expected)
    assert (facts.fitted.landslides, facts.fitted.auc_by_landslides) == (18, pytest.approx(of_landslides(known)))
    assert facts.counts == {"training": (54, 54), "test": (18, 18)} and facts.types == model.manifest["landslide_type"] == "flow"
    assert "fitted_to" not in model.manifest
    spatial = evaluation("spatial", examples, 3)
    xy = stack.grid.centres_m(examples.rows, examples.cols)
    distances = Distances.of(xy, examples.labels, examples.units, splits(spatial.fold), places_of(stack, SEED))
    for name in ("samples", "folds", "places"):
        np.testing.assert_array_equal(getattr(facts.distances, name), getattr(distances, name))
    assert made.parts == [tuple(each.tolist() for each in part) for part in splits(spatial.fold[~TEST])]
    assert "All training cells have the same rain, so the model cannot learn from it." in listener.warnings


def of_landslides(examples):
    """The AUC where each cell counts one over the cells of its landslide."""
    sizes = np.where(examples.labels == 1, 3, 1)
    return metrics.weighted_auc(examples.labels, said(examples), 1 / sizes)


def test_without_spatial_folds_the_area_of_applicability_goes_by_those_inside(study, monkeypatch):
    _, trained = study
    made = Trainings(monkeypatch, no_folds=True)
    _, model, _ = trained()
    fold = np.where(NUMBER == 0, np.where(LABELS == 1, 0, NUMBER % 4), NUMBER % 4)[~TEST]
    assert made.parts == [tuple(each.tolist() for each in part) for part in splits(fold)]
    assert [each["kind"] for each in model.manifest["tests"]] == ["test"] and made.facts.distances is None


def test_few_landslides_all_train_and_the_headline_is_that_of_folds(study, monkeypatch):
    _, trained = study
    made = Trainings(monkeypatch)
    monkeypatch.setattr(train_cnn_dnn, "FEW_LANDSLIDES", LANDSLIDES + 1)
    result, model, _ = trained(calibration="platt")
    calls, everything = made.calls, where(TEST | ~TEST)
    for name in ("fit", "held_out", "by_spatial_folds", "by_random_folds", "by_parts"):
        assert places(calls[name][0][0]) == everything
    assert calls["by_spatial_folds"][0][2] == calls["by_random_folds"][0][1] == 5
    spatial = evaluation("spatial", calls["fit"][0][0], 5)
    assert [each["kind"] for each in model.manifest["tests"]] == ["spatial", "random", "part"]
    assert made.facts.shown.kind == "spatial" and model.manifest["fitted_to"] == "all cells"
    expected = metrics.evaluate(spatial.labels, spatial.susceptibility, weights=metrics.balanced(spatial.labels))
    assert made.facts.tested == pytest.approx(expected), "what folds say is not what the model's calibration is for"
    assert model.manifest["metrics"] == pytest.approx({**expected, "auc": spatial.auc.auc}) and result["auc"] == spatial.auc.auc
    assert expected["auc"] != pytest.approx(spatial.auc.auc, abs=1e-6)
    assert made.facts.counts == {"training": (72, 72), "test": (0, 0)}


def test_a_test_inventory_has_no_part_in_folds_and_is_the_headline(study, monkeypatch, tmp_path):
    """Eight landslides of two cells; all sample cells train, those of their test part too, but absences that are drawn for the test."""
    stack, trained = study
    x, y = stack.grid.centres(np.full(8, 18), np.arange(8) * 5 + 2)

    def box(east, north):
        west, right, south, top = east - 5, east + 25, north - 5, north + 5
        return f"POLYGON (({west} {south}, {right} {south}, {right} {top}, {west} {top}, {west} {south}))"

    shapes = (({}, ogr.CreateGeometryFromWkt(box(*each))) for each in zip(x, y))
    write_layer(str(tmp_path / "later.gpkg"), "later", ogr.wkbPolygon, {}, shapes, stack.grid.spatial_reference)
    made = Trainings(monkeypatch)
    monkeypatch.setattr(train_cnn_dnn, "FEW_LANDSLIDES", 1000)  # a test inventory is a test, however few there are
    result, model, _ = trained(test_inventory=str(tmp_path / "later.gpkg"), calibration="platt")
    calls, sampled = made.calls, where(TEST | ~TEST)
    known = calls["fit"][0][0]
    assert set(places(known)) < set(sampled) and 50 < (known.labels == 0).sum() < 72
    for name in ("held_out", "by_spatial_folds", "by_parts"):
        assert places(calls[name][0][0]) == places(known)
    assert places(calls["applicability_of_network"][0][1]) == places(known)
    assert [(each["kind"], each["landslides"]) for each in model.manifest["tests"]] == [("held_out", 8), ("spatial", 24), ("part", 24)]
    shown = made.facts.shown
    assert shown.kind == "held_out" and (shown.labels == 1).sum() == 16 and model.manifest["fitted_to"] == "all cells"
    assert result["auc"] == shown.auc.auc == pytest.approx(model.manifest["metrics"]["auc"])
    spatial = evaluation("spatial", calls["fit"][0][0], 3)
    assert made.parts == [tuple(each.tolist() for each in part) for part in splits(spatial.fold)]
    assert made.facts.counts["training"] == (72, (known.labels == 0).sum())


def test_a_training_that_goes_on_depends_on_what_it_learns_from(study, monkeypatch):
    """Not on where it is written; and that it was resumed is nothing that the model tells."""
    _, trained = study
    made, keys = Trainings(monkeypatch), []

    class Kept:
        def __init__(self, target, key):
            keys.append((Path(target).name, key))

        def begin(self, resume):
            keys.append(resume)
            return self

        def clear(self):
            keys.append("cleared")

    monkeypatch.setattr(train_cnn_dnn, "KeptMembers", Kept)
    _, resumed, _ = trained(resume=True)
    (target, key), begun, cleared = keys
    assert (target, begun, cleared) == ("m.scarp", True, "cleared") and isinstance(made.calls["fit"][0][-1], Kept)
    assert {"seed", "covariates", "inventory", "units"} < key.keys() and not {"model", "report"} & key.keys()
    assert key["inputs"] == resumed.manifest["inputs_sha256"] and key["versions"] == resumed.manifest["versions"]
    _, anew, _ = trained(resume=False)
    assert keys[4] is False and anew.manifest["settings"] == resumed.manifest["settings"]


def folds_of(fold):
    cells = sample()
    cells = SampleCells(cells.rows, cells.cols, LABELS, cells.subset, fold, cells.origin)
    return train_cnn_dnn._folds(cells, ~TEST, SEED), cells


def test_folds_inside_are_dealt_anew_where_those_of_the_layer_do_not_serve():
    """Where some cells have none, or a fold holds one class alone; landslides are whole then too."""
    given = np.where(TEST, -1, NUMBER % 4)
    lacking, lone = np.where(NUMBER == 5, -1, given), np.where((LABELS == 0) & (given == 1), 2, given)
    for fold in (lacking, lone):
        found, cells = folds_of(fold)
        expected = deal_folds(LABELS[~TEST], 3, None, SEED, cells.units[~TEST])
        assert found.tolist() == expected.tolist()
    found, _ = folds_of(given)
    assert found.tolist() == given[~TEST].tolist()


@pytest.mark.parametrize("landslides", [2, 3])
def test_three_landslides_train_and_those_of_the_test_do_not_count(landslides):
    """Of ten cells each, beside absences; two more landslides are of the test."""
    number = np.arange(10 * (landslides + 4)) // 10
    slide, test = number < landslides + 2, number < 2
    test[-1] = True
    origin = np.where(slide, number.astype(str), "random")
    cells = SampleCells(number, np.arange(len(number)), slide.astype(int), np.where(test, "test", "train"), number, origin)
    if landslides == 3:
        train_cnn_dnn._check(cells, ~test)
        return
    with pytest.raises(EngineError, match="The training has 2 landslides, and at least 3 are needed"):
        train_cnn_dnn._check(cells, ~test)


def test_that_cells_suffice_is_asked_for_each_that_trains(study, monkeypatch):
    """The model on all of its cells, a network a fold on those of the other folds."""
    _, trained = study
    made = Trainings(monkeypatch)
    monkeypatch.setattr(train_cnn_dnn, "FEW_LANDSLIDES", LANDSLIDES + 1)
    asked = []
    monkeypatch.setattr(train_cnn_dnn, "stopping_parts", lambda examples, recipe, _: asked.append((examples, recipe.members)))
    trained(calibration="platt")
    examples, folds = made.calls["held_out"][0][:2]
    dealt, _ = random_folds(examples, 5, SEED)
    expected = [np.ones(144, bool), *(folds != number for number in range(3)), *(dealt != number for number in range(5))]
    assert [places(given) for given, _ in asked] == [places(examples.only(each)) for each in expected]
    assert [members for _, members in asked] == [2] * 4 + [1] * 5


def test_isotonic_curves_of_three_hundred_cells_are_told_of_no_more():
    assert train_cnn_dnn._unsure("isotonic", 300) == train_cnn_dnn._unsure("platt", 299) == ""
    assert train_cnn_dnn._unsure("isotonic", 299).startswith("Isotonic calibration of 299 training cells")


def test_optimizers_that_are_compared_are_those_that_are_asked_for(study, monkeypatch):
    _, trained = study
    made = Trainings(monkeypatch)
    trained(compare_optimizers=["sgd", "rmsprop"])
    assert [given[1].optimizer for given in made.calls["fit"]] == ["sgd", "rmsprop", "adam"]
    assert list(made.facts.others) == ["sgd", "rmsprop"]


def test_the_best_candidate_trains(study, monkeypatch):
    _, trained = study
    made = Trainings(monkeypatch)
    best = Candidate(0.07, 1, 5, 16, (0.9,))
    made.search = lambda *_: [best, Candidate(0.01, 2, 6, 32, (0.8,))]
    result, model, _ = trained(tune=True)
    (fitted,) = [given[1] for given in made.calls["fit"]]
    assert (fitted.learning_rate, fitted.hidden_layers, fitted.units, fitted.batch_size) == (0.07, 1, 5, 16)
    assert model.manifest["settings"]["learning_rate"] == 0.07 and model.manifest["settings"]["units"] == 5
