# SPDX-License-Identifier: GPL-2.0-or-later
"""Uncertainty and class stability against members run one by one."""

from types import SimpleNamespace

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Window
from scarp.engine.files.stack import Stack
from scarp.engine.mapping import windows as mapping
from scarp.engine.mapping.trust import Trust, applicability, uncertainty
from scarp.engine.tasks.map_susceptibility import run
from scarp.models.applicability import Applicability
from scarp.models.cell_model import CellModel
from scarp.models.classifiers import CLASSIFIERS
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.dropout import Passes
from scarp.models.model_file import load_model, save_model
from scarp.models.recipe import Recipe
from scarp.models.trees import grow

SHAPE = (41, 53)
BREAKS = [0.3, 0.45, 0.6]
CALIBRATION = {"method": "platt", "slope": 1.7, "intercept": -0.4}


@pytest.fixture
def ensemble(tmp_path, model_file):
    """Write a model of so many members, with trees that count 40 % and a calibration; return it with its file."""

    def make(members=4, share=0.6, dropout=0.3, trees=True):
        alone, rng = load_model(model_file, "numpy"), np.random.default_rng(1)
        architecture = Recipe(9, 4, dropout=dropout).architecture(3)
        shaken = [{name: array * rng.uniform(0.6, 1.4, array.shape).astype(np.float32) for name, array in alone.members[0].items()}]
        shaken += [
            {name: array * rng.uniform(0.6, 1.4, array.shape).astype(np.float32) for name, array in shaken[0].items()}
            for _ in range(members - 1)
        ]
        encoded = np.stack([rng.normal(size=300), rng.random(300) < 0.5, rng.random(300) < 0.5], axis=-1).astype(np.float32)
        beside = grow(encoded, (encoded[:, 0] + rng.normal(size=300) > 0).astype(int), 1) if trees else None
        model = CnnDnn(alone.encoder, architecture, shaken, alone.manifest, "numpy", CALIBRATION, beside, share)
        path = str(tmp_path / "ensemble.scarp")
        save_model(path, model)
        return model, path

    return make


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(mapping, "WINDOW_PX", 16)


def read(path):
    values = gdal.Open(str(path)).ReadAsArray()
    return np.where(values == -9999, np.nan, values)


@pytest.mark.parametrize("backend", ["numpy", "tensorflow"])
def test_spread_and_stability_are_those_of_members_one_by_one(tmp_path, write_stack, ensemble, small_windows, backend):
    model, file = ensemble()
    stack = write_stack("stack.tif", SHAPE)
    given = {"covariates": stack, "model": file, "backend": backend}
    run(Feedback(), **given, output=str(tmp_path / "alone.tif"))
    found = run(
        Feedback(),
        **given,
        output=str(tmp_path / "map.tif"),
        uncertainty=str(tmp_path / "uncertainty.tif"),
        stability_breaks="0.3, 0.45, 0.6",
    )
    assert found == {"output": str(tmp_path / "map.tif"), "uncertainty": str(tmp_path / "uncertainty.tif")}
    assert (tmp_path / "map.tif").read_bytes() == (tmp_path / "alone.tif").read_bytes()
    values = Stack.open(stack).read(Window(0, 0, *SHAPE), model.margin_px, ["slope", "geology"])
    each = [
        CnnDnn(model.encoder, model.architecture, [member], {}, "numpy", CALIBRATION, model.trees, model.share).predict(values)
        for member in model.members
    ]
    mean = model.predict(values)
    deviation, stability, both = read(tmp_path / "uncertainty.tif")
    assert (np.isfinite(deviation) == np.isfinite(mean)).all() and np.isnan(mean).any()
    np.testing.assert_allclose(deviation, np.std(each, axis=0), atol=2e-6)
    known = np.isfinite(mean) & (np.abs(np.subtract.outer(np.stack([*each, mean]), BREAKS)) > 1e-5).all(axis=(0, 3))
    alike = np.mean([np.digitize(one, BREAKS) == np.digitize(mean, BREAKS) for one in each], axis=0)
    np.testing.assert_allclose(stability[known], alike[known], atol=1e-6)
    assert len(np.unique(alike[known])) == 4 and np.nanmax(deviation) > 0.05  # 1/4 … 4/4
    expected = 10 * (np.digitize(mean, [1 / 3, 2 / 3]) + 1) + np.digitize(deviation, [0.05, 0.10]) + 1
    known &= (np.abs(np.subtract.outer(deviation, [0.05, 0.10])) > 1e-5).all(axis=2)
    np.testing.assert_array_equal(both[known], expected[known])
    bands = gdal.Open(str(tmp_path / "uncertainty.tif"))
    assert [bands.GetRasterBand(number).GetDescription() for number in (1, 2, 3)] == [
        "uncertainty",
        "class stability",
        "susceptibility and uncertainty",
    ]
    np.testing.assert_allclose(
        bands.GetRasterBand(2).GetStatistics(False, False)[:3],
        [np.nanmin(stability), np.nanmax(stability), np.nanmean(stability)],
        rtol=1e-5,
    )


@pytest.mark.parametrize("hidden_layers", [0, 1, 3])
def test_passes_spread_as_dropout_of_keras_does(hidden_layers):
    """Units that training leaves out are those that a pass leaves out: mean and deviation of many, cell by cell."""
    import keras
    from scarp.models.network import build, weights_of, with_weights

    keras.utils.set_random_seed(3)
    architecture = Recipe(9, 4, hidden_layers, 8, dropout=0.4, batch_normalisation=False).architecture(2)
    rng = np.random.default_rng(4)
    weights = {
        name: array if name.startswith(("gamma", "mean", "variance")) else rng.normal(0, 0.25, array.shape).astype(np.float32)
        for name, array in weights_of(build(architecture), architecture).items()
    }
    encoded = rng.normal(size=(10, 9, 2)).astype(np.float32)
    patches = np.stack([encoded[:9], encoded[1:]])
    network, count = with_weights(architecture, weights), 4000
    copies = [np.repeat(patches, count, axis=0), np.repeat(patches[:, 4, 4], count, axis=0)]
    theirs = np.asarray(network(copies, training=True))[:, 0].reshape(2, count)  # logits, whose tails are short
    said = np.stack([each[:, 0] for each in Passes(architecture, [weights], 1000, "numpy", 1).predict(encoded)], axis=1)
    ours = np.log(said / (1 - said))
    assert theirs.std(axis=1).min() > 0.1
    np.testing.assert_allclose(ours.mean(axis=1), theirs.mean(axis=1), atol=0.15 * theirs.std())
    np.testing.assert_allclose(ours.std(axis=1), theirs.std(axis=1), rtol=0.1)


def test_passes_of_dropout_tell_a_spread_of_one_member(tmp_path, write_stack, ensemble, small_windows):
    model, file = ensemble(members=1)
    stack = write_stack("stack.tif", SHAPE)
    given = {"covariates": stack, "model": file, "dropout_passes": 9}
    for name in ("first", "second"):
        run(Feedback(), **given, output=str(tmp_path / "map.tif"), uncertainty=str(tmp_path / f"{name}.tif"))
    assert (tmp_path / "first.tif").read_bytes() == (tmp_path / "second.tif").read_bytes()
    values = Stack.open(stack).read(Window(0, 0, *SHAPE), model.margin_px, ["slope", "geology"])
    own = values[4:-4, 4:-4]
    encoded = model.encoder.encode(values)
    network = np.stack(list(Passes(model.architecture, model.members, 9, "numpy", 1).predict(encoded)))
    each = model.calibrated(0.6 * network + 0.4 * model.trees.predict(encoded[4:-4, 4:-4]))
    valid = np.isfinite(own).all(axis=-1)
    np.testing.assert_allclose(read(tmp_path / "first.tif")[0][valid], each.std(axis=0)[valid], atol=1e-5)


def test_a_value_on_a_break_belongs_to_the_class_above():
    """One of two members lies on it, as the map does; the other below."""
    spread, stability, both = uncertainty(np.array([[0.5]]), [np.array([[0.5]]), np.array([[0.25]])], [0.5])
    assert (stability.item(), spread.item()) == (0.5, 0.125) and both.item() == 23
    assert uncertainty(np.array([[0.5]]), [np.array([[0.5]]), np.array([[0.75]])], [0.5])[1].item() == 1.0
    assert uncertainty(np.array([[1 / 3, 2 / 3]]), [np.array([[1 / 3, 2 / 3]])], [])[2].tolist() == [[21, 31]]


def test_no_member_tells_nothing():
    assert np.isnan(uncertainty(np.full((2, 3), 0.5), [], [0.5])).all()


def test_at_the_threshold_a_model_is_still_applicable():
    values = np.arange(9.0).reshape(3, 3, 1)
    area = SimpleNamespace(index=lambda inner: inner[..., 0], threshold=4.0)
    assert applicability(area, values, 1).tolist() == [[[4.0]], [[1.0]]]
    assert applicability(area, values, 0)[1].tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 0]]


def test_passes_thin_every_member(ensemble):
    model, _ = ensemble(members=3)
    passes = Trust(passes=5).passes_of(model)
    assert len(list(passes.predict(model.encoder.encode(np.ones((9, 9, 2)))))) == 15
    assert Trust(passes=0).passes_of(model) is None and Trust(passes=5, uncertainty=False).passes_of(model) is None


class InterruptionError(Exception):
    pass


class Interrupting(Listener):
    def progress(self, percent):
        if percent > 50:
            raise InterruptionError


def test_an_interrupted_run_goes_on_with_both(tmp_path, write_stack, ensemble, small_windows):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": ensemble()[1]}
    outputs = {"output": str(tmp_path / "map.tif"), "uncertainty": str(tmp_path / "uncertainty.tif")}
    with pytest.raises(InterruptionError):
        run(Interrupting(), **given, **outputs, resume=True)
    listener = Listener()
    run(listener, **given, **outputs, resume=True)
    assert any("windows were mapped before the interruption" in text for text in listener.messages)
    run(Feedback(), **given, output=str(tmp_path / "map2.tif"), uncertainty=str(tmp_path / "uncertainty2.tif"))
    for name in ("map", "uncertainty"):
        assert (tmp_path / f"{name}.tif").read_bytes() == (tmp_path / f"{name}2.tif").read_bytes()
    with pytest.raises(InterruptionError):
        run(Interrupting(), **given, **outputs, resume=True)
    listener = Listener()
    run(listener, **given, **outputs, resume=True, stability_breaks="0.5")  # what was kept is of other breaks
    assert not any("before the interruption" in text for text in listener.messages)
    assert set(np.unique(read(tmp_path / "uncertainty.tif")[1][~np.isnan(read(tmp_path / "map.tif"))])) <= {0, 0.25, 0.5, 0.75, 1}
    assert not list(tmp_path.glob(".*"))


def test_what_was_kept_of_other_passes_is_not_gone_on_from(tmp_path, write_stack, ensemble, small_windows):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": ensemble(members=1)[1], "resume": True}
    outputs = {"output": str(tmp_path / "map.tif"), "uncertainty": str(tmp_path / "uncertainty.tif")}
    with pytest.raises(InterruptionError):
        run(Interrupting(), **given, **outputs, dropout_passes=2)
    listener = Listener()
    run(listener, **given, **outputs, dropout_passes=3)
    assert not any("before the interruption" in text for text in listener.messages)


@pytest.mark.parametrize(
    ("made", "asked", "sentence"),
    [
        ({"members": 1}, {}, "has one member"),
        ({"share": 0.0}, {}, "goes by trees that all members share"),
        ({"dropout": 0.0}, {"dropout_passes": 3}, "trained without dropout"),
        ({}, {"stability_breaks": "0.4, 0.2"}, "must rise"),
        ({}, {"uncertainty": None, "dropout_passes": 3}, "are for the uncertainty"),
    ],
)
def test_what_tells_no_spread_is_refused(tmp_path, write_stack, ensemble, made, asked, sentence):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": ensemble(**made)[1], "uncertainty": str(tmp_path / "uncertainty.tif")}
    with pytest.raises(EngineError, match=sentence):
        run(Feedback(), **{**given, **asked}, output=str(tmp_path / "map.tif"))
    assert not list(tmp_path.glob("*map*")) and not list(tmp_path.glob("*uncertainty*"))


def test_a_classifier_of_single_cells_has_no_members(tmp_path, write_stack, ensemble):
    encoder, rng = ensemble()[0].encoder, np.random.default_rng(1)
    estimator = CLASSIFIERS["lr"].make(encoder.channels, 1).fit(rng.normal(size=(60, 3)), np.arange(60) % 2)
    save_model(tmp_path / "lr.scarp", CellModel(encoder, estimator, {"classifier": "Logistic regression"}))
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": str(tmp_path / "lr.scarp"), "output": str(tmp_path / "map.tif")}
    with pytest.raises(EngineError, match="Logistic regression has no members"):
        run(Feedback(), **given, uncertainty=str(tmp_path / "uncertainty.tif"))


@pytest.fixture
def applicable(tmp_path, ensemble):
    """A model of slope and geology that was trained on gentle ground; its file."""

    def make():
        model, file = ensemble()
        rng = np.random.default_rng(3)
        cells = np.stack([rng.uniform(8, 24, 200), rng.integers(1, 3, 200)], axis=1)
        folds = [(np.flatnonzero(np.arange(200) % 4 != k), np.flatnonzero(np.arange(200) % 4 == k)) for k in range(4)]
        model.applicability = Applicability.fit(model.encoder, cells, [1.0, 0.3], folds)
        save_model(file, model)
        return model, file

    return make


def test_the_area_of_applicability_is_mapped(tmp_path, write_stack, applicable, small_windows):
    model, file = applicable()
    stack, listener = write_stack("stack.tif", SHAPE), Listener()
    names = ("output", "uncertainty", "applicability", "outside")
    outputs = {name: str(tmp_path / f"{name}.{'gpkg' if name == 'outside' else 'tif'}") for name in names}
    found = run(listener, covariates=stack, model=file, **outputs)
    index, inside = read(outputs["applicability"])
    values = Stack.open(stack).read(Window(0, 0, *SHAPE), 0, ["slope", "geology"])
    valid = np.isfinite(values).all(axis=-1)
    expected = model.applicability.index(values)
    np.testing.assert_allclose(index[valid], expected[valid], atol=1e-6)
    assert (np.isfinite(index) == valid).all() and (np.isfinite(inside) == valid).all()
    beyond = valid & (values[..., 0] > 25)
    assert beyond.any() and not inside[beyond].any() and inside[valid & (np.abs(values[..., 0] - 16) < 6)].all()
    share = 100 * (inside[valid] == 0).mean()
    assert 10 < share < 40 and found == {**outputs, "outside_percent": pytest.approx(share, abs=1e-3)}
    assert any(f"{share:.1f} % of the area lie outside" in text for text in listener.warnings)
    polygons = ogr.Open(outputs["outside"])
    (feature,) = list(polygons.GetLayer(0))
    assert feature.GetGeometryRef().Area() == pytest.approx(900 * (inside[valid] == 0).sum())
    assert feature["area_km2"] == pytest.approx(900e-6 * (inside[valid] == 0).sum(), rel=0.01)
    run(Feedback(), covariates=stack, model=file, output=str(tmp_path / "alone.tif"))
    assert (tmp_path / "alone.tif").read_bytes() == (tmp_path / "output.tif").read_bytes()


@pytest.mark.parametrize(("steep", "is_warned"), [(9, False), (10, False), (11, True)])
def test_more_than_a_tenth_outside_is_a_warning_and_less_is_told(tmp_path, write_stack, applicable, steep, is_warned):
    """Of a hundred cells some are steeper than any training cell by far."""
    values = np.stack([np.where(np.arange(100) < steep, 80.0, 16.0), np.ones(100)], axis=-1).reshape(10, 10, 2)
    listener, outputs = Listener(), {name: str(tmp_path / f"{name}.tif") for name in ("output", "applicability")}
    found = run(listener, covariates=write_stack("stack.tif", (10, 10), values=values), model=applicable()[1], **outputs)
    sentence = f"{steep:.1f} % of the area lie outside the area of applicability"
    assert found["outside_percent"] == pytest.approx(steep)
    told = [any(text.startswith(sentence) for text in texts) for texts in (listener.warnings, listener.messages)]
    assert told == [is_warned, not is_warned]


def test_an_interrupted_area_of_applicability_goes_on_with_the_map(tmp_path, write_stack, applicable, small_windows):
    """Index, mask, polygons and share of a run that was gone on from are those of one run."""
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": applicable()[1]}

    def outputs(name):
        return {
            key: str(tmp_path / f"{name}_{key}.{'gpkg' if key == 'outside' else 'tif'}") for key in ("output", "applicability", "outside")
        }

    with pytest.raises(InterruptionError):
        run(Interrupting(), **given, **outputs("again"), resume=True)
    assert not list(tmp_path.glob("again_*"))
    listener = Listener()
    again = run(listener, **given, **outputs("again"), resume=True)
    assert any("windows were mapped before the interruption" in text for text in listener.messages)
    once = run(Feedback(), **given, **outputs("once"))
    assert 10 < once["outside_percent"] == again["outside_percent"]
    for key in ("output", "applicability"):
        np.testing.assert_array_equal(read(again[key]), read(once[key]))
    polygons = [ogr.Open(found["outside"]) for found in (again, once)]
    areas = [[feature.GetGeometryRef().Area() for feature in each.GetLayer(0)] for each in polygons]
    assert areas[0] == areas[1] and areas[0][0] > 0
    assert not list(tmp_path.glob(".*"))


def test_an_older_model_file_is_told_what_to_do(tmp_path, write_stack, ensemble):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": ensemble()[1], "output": str(tmp_path / "map.tif")}
    with pytest.raises(EngineError, match="train the model anew, or leave out APPLICABILITY"):
        run(Feedback(), **given, applicability=str(tmp_path / "area.tif"))
    with pytest.raises(EngineError, match="ask for it too"):
        run(Feedback(), **given, outside=str(tmp_path / "outside.gpkg"))
    assert not list(tmp_path.glob("*map*")) and not list(tmp_path.glob("*area*"))
