# SPDX-License-Identifier: GPL-2.0-or-later
import os
from pathlib import Path

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window
from scarp.engine.files.stack import Stack
from scarp.engine.mapping import windows as mapping
from scarp.engine.mapping.likeness import OLDER
from scarp.engine.tasks.classify_susceptibility import run as classify
from scarp.engine.tasks.map_susceptibility import run
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.model_file import load_model, save_model
from scarp.models.trees import grow

SHAPE = (70, 53)
UNEVEN = {"cell": (20.0, 35.0), "corner": (500007.25, 3600011.5)}


class InterruptionError(Exception):
    pass


class Interrupting(Listener):
    """Interrupts the run at a percentage."""

    def __init__(self, percent=1000.0):
        super().__init__()
        self._percent = percent

    def progress(self, percent):
        super().progress(percent)
        if percent > self._percent:
            raise InterruptionError


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(mapping, "WINDOW_PX", 16)


def test_windows_of_network_and_trees_are_the_whole(tmp_path, write_stack, model_file, small_windows):
    alone, rng = load_model(model_file, "numpy"), np.random.default_rng(1)
    encoded = np.stack([rng.normal(size=300), rng.random(300) < 0.5, rng.random(300) < 0.5], axis=-1).astype(np.float32)
    trees = grow(encoded, (encoded[:, 0] + rng.normal(size=300) > 0).astype(int), 1)
    model = CnnDnn(alone.encoder, alone.architecture, alone.members, alone.manifest, "numpy", None, trees, 0.5)
    save_model(tmp_path / "both.scarp", model)
    path, listener = write_stack("stack.tif", SHAPE, **UNEVEN), Interrupting()
    run(listener, covariates=path, model=str(tmp_path / "both.scarp"), output=str(tmp_path / "map.tif"))
    values = Stack.open(path).read(Window(0, 0, *SHAPE), model.margin_px, ["slope", "geology"])
    expected, network = model.predict(values), alone.predict(values)
    assert np.nanmax(np.abs(expected - network)) > 0.05
    np.testing.assert_allclose(values_of(tmp_path / "map.tif"), np.where(np.isfinite(expected), expected, -9999), atol=1e-6)
    assert listener.messages[0].startswith("Mapping: CNN–DNN with trees (50 % network, 50 % trees), with ")


def values_of(path):
    return gdal.Open(str(path)).ReadAsArray()


def test_the_map_by_value(tmp_path, write_stack, model_file, small_windows):
    path, listener = write_stack("stack.tif", SHAPE, **UNEVEN), Interrupting()
    assert run(listener, covariates=path, model=model_file, output=str(tmp_path / "map.tif")) == {"output": str(tmp_path / "map.tif")}
    stack, model = Stack.open(path), load_model(model_file)
    expected = model.predict(stack.read(Window(0, 0, *SHAPE), model.margin_px, ["slope", "geology"]))
    valid = np.isfinite(stack.read(Window(0, 0, *SHAPE))).all(axis=-1)
    assert (np.isfinite(expected) == valid).all() and np.nanstd(expected) > 0.01
    np.testing.assert_allclose(values_of(tmp_path / "map.tif"), np.where(valid, expected, -9999), atol=1e-6)
    dataset = gdal.Open(str(tmp_path / "map.tif"))
    band = dataset.GetRasterBand(1)
    assert (dataset.RasterCount, band.DataType, band.GetNoDataValue(), band.GetDescription()) == (
        1,
        gdal.GDT_Float32,
        -9999,
        "susceptibility",
    )
    assert Grid.of(dataset).transform == stack.grid.transform and Grid.of(dataset).spatial_reference.IsSame(stack.grid.spatial_reference)
    assert listener.messages == ["Mapping: CNN–DNN, with NumPy on the processor.", f"Susceptibility of {valid.sum():,} cells."]
    assert listener.percents == sorted(listener.percents) and listener.percents[-1] == 100
    assert [text for text in listener.warnings if "cells of 30 and" in text]


def interrupted(tmp_path, **given):
    with pytest.raises(InterruptionError):
        run(Interrupting(50), **given, output=str(tmp_path / "map.tif"), resume=True)


def resumed(tmp_path, **given):
    """Go on from the interrupted run; return what is said of windows mapped before, and whether the map is that of a run by itself."""
    listener = Interrupting()
    run(listener, **given, output=str(tmp_path / "map.tif"), resume=True)
    run(Feedback(), **given, output=str(tmp_path / "whole.tif"))
    same = (values_of(tmp_path / "map.tif") == values_of(tmp_path / "whole.tif")).all()
    return [text for text in listener.messages if "before" in text], bool(same)


def test_the_type_of_a_model_goes_with_its_map_and_classes(tmp_path, write_stack, model_file, small_windows):
    typed = load_model(model_file, "numpy")
    typed.manifest.update(landslide_type="flow", fitted_to="all cells")
    save_model(tmp_path / "typed.scarp", typed)
    path, listener = write_stack("stack.tif", SHAPE, **UNEVEN), Interrupting()
    for model, name in ((tmp_path / "typed.scarp", "typed"), (model_file, "all")):
        run(listener, covariates=path, model=str(model), output=str(tmp_path / f"{name}.tif"))
        classify(listener, susceptibility=str(tmp_path / f"{name}.tif"), output=str(tmp_path / f"{name}_classes.tif"))
    told = [gdal.Open(str(tmp_path / f"{name}.tif")).GetMetadataItem("landslide_type") for name in ("typed", "typed_classes", "all")]
    assert told == ["flow", "flow", None]
    known = [gdal.Open(str(tmp_path / f"{name}.tif")).GetMetadataItem("fitted_to") for name in ("typed", "typed_classes", "all")]
    assert known == ["all cells", "all cells", None]
    assert gdal.Open(str(tmp_path / "all_classes.tif")).GetMetadataItem("model") == "CNN–DNN"
    assert listener.messages[0] == "The model is for landslides of the type flow; its map says nothing of others."


def test_a_model_of_an_older_version_is_said_not_to_know_what_it_saw(tmp_path, write_stack, model_file, small_windows):
    older = load_model(model_file, "numpy")
    assert older.encoder.seen is not None
    older.encoder.seen = None
    save_model(tmp_path / "older.scarp", older)
    for model, is_told in ((model_file, False), (tmp_path / "older.scarp", True)):
        listener = Interrupting()
        run(listener, covariates=write_stack("stack.tif", SHAPE), model=str(model), output=str(tmp_path / "map.tif"))
        assert (OLDER in listener.messages) is is_told


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, write_stack, model_file, small_windows):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    interrupted(tmp_path, **given)
    told, same = resumed(tmp_path, **given)
    assert same and told == ["21 windows were mapped before the interruption; the others follow."]


def test_another_model_under_the_same_name_begins_anew(tmp_path, write_stack, model_file, small_windows):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    interrupted(tmp_path, **given)
    model = load_model(model_file)
    weights = {name: value if name.startswith(("gamma", "variance")) else -value for name, value in model.members[0].items()}
    save_model(model_file, CnnDnn(model.encoder, model.architecture, [weights], model.manifest, "numpy"))
    assert resumed(tmp_path, **given) == ([], True)


def test_another_stack_under_the_same_name_begins_anew(tmp_path, write_stack, model_file, small_windows):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    interrupted(tmp_path, **given)
    write_stack("stack.tif", SHAPE, values=np.random.default_rng(9).integers(1, 3, (*SHAPE, 2)))
    assert resumed(tmp_path, **given) == ([], True)


def test_a_stack_rewritten_with_the_same_size_and_time_begins_anew(tmp_path, write_stack, model_file, small_windows):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    interrupted(tmp_path, **given)
    state = Path(given["covariates"]).stat()
    write_stack("stack.tif", SHAPE, values=np.random.default_rng(9).integers(1, 3, (*SHAPE, 2)))
    os.utime(given["covariates"], ns=(state.st_atime_ns, state.st_mtime_ns))
    assert resumed(tmp_path, **given) == ([], True)


def damaged_half(folder):
    values = folder / "values.img"
    content = values.read_bytes()
    values.write_bytes(bytes(len(content) // 4) + content[len(content) // 4 :])


def cut_values(folder):
    values = folder / "values.img"
    os.truncate(values, values.stat().st_size // 2)


@pytest.mark.parametrize(
    "damage",
    [
        damaged_half,
        cut_values,
        lambda folder: os.truncate(folder / "values.img", 0),
        lambda folder: (folder / "values.hdr").unlink(),
        lambda folder: (folder / "values.hdr").write_bytes(b""),
        lambda folder: (folder / "windows.txt").write_bytes(b"1 2\n\0\0\0"),
        lambda folder: (folder / "windows.txt").write_text("a text"),
        lambda folder: (folder / "windows.txt").write_bytes(b"\xff\xfe"),
        lambda folder: (folder / "windows.txt").write_text("\n".join(f"{number} 0" for number in range(40))),
    ],
)
def test_what_is_damaged_of_an_interrupted_run_is_mapped_anew(tmp_path, write_stack, model_file, small_windows, damage):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    interrupted(tmp_path, **given)
    damage(tmp_path / ".map.tif.scarp-partial")
    listener = Interrupting()
    run(listener, **given, output=str(tmp_path / "map.tif"), resume=True)
    run(Feedback(), **given, output=str(tmp_path / "whole.tif"))
    assert (values_of(tmp_path / "map.tif") == values_of(tmp_path / "whole.tif")).all()
    assert any("damaged" in text for text in [*listener.messages, *listener.warnings])


def test_windows_of_another_size_begin_anew(tmp_path, write_stack, model_file, small_windows, monkeypatch):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    interrupted(tmp_path, **given)
    monkeypatch.setattr(mapping, "WINDOW_PX", 24)
    monkeypatch.setattr("scarp.engine.tasks.map_susceptibility.WINDOW_PX", 24)
    assert resumed(tmp_path, **given) == ([], True)


def test_another_backend_begins_anew(tmp_path, write_stack, model_file, small_windows, monkeypatch):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    interrupted(tmp_path, **given)
    monkeypatch.setattr(CnnDnn, "backend", "other")
    assert resumed(tmp_path, **given) == ([], True)


def test_without_resume_nothing_is_gone_on_from(tmp_path, write_stack, model_file, small_windows):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    interrupted(tmp_path, **given)
    listener = Interrupting()
    run(listener, **given, output=str(tmp_path / "map.tif"))
    assert not [text for text in listener.messages if "before" in text]
    assert not list(tmp_path.glob(".*"))


def test_a_small_map_starts_no_tensorflow_unless_asked(tmp_path, write_stack, model_file):
    given = {"covariates": write_stack("stack.tif", SHAPE), "model": model_file}
    told, maps = [], []
    for backend in ("auto", "tensorflow"):
        listener = Listener()
        path = run(listener, **given, backend=backend, output=str(tmp_path / f"{backend}.tif"))["output"]
        told.append(next(text for text in listener.messages if text.startswith("Mapping")))
        maps.append(gdal.Open(path).ReadAsArray())
    assert told == ["Mapping: CNN–DNN, with NumPy on the processor.", "Mapping: CNN–DNN, with TensorFlow on the processor."]
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-5)
