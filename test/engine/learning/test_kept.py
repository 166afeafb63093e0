# SPDX-License-Identifier: GPL-2.0-or-later
"""A training that was interrupted goes on from its last member, to the same bytes."""

import json

import numpy as np
import pytest
from scarp.engine import threads
from scarp.engine.feedback import Feedback
from scarp.engine.files.stack import Stack
from scarp.engine.learning.kept import KeptMembers
from scarp.engine.samples.cells import SampleCells
from scarp.engine.tasks import train_cnn_dnn
from scarp.models import training
from scarp.models.recipe import Recipe

ARCHITECTURE = Recipe(patch_size=3, filters=2, hidden_layers=1, units=4).architecture(3)


def weights(seed):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in ARCHITECTURE.shapes.items()}


def test_a_member_comes_back_as_it_was(tmp_path):
    kept = KeptMembers(tmp_path / "m.scarp", {"seed": 1}).begin()
    history = {"loss": [0.1 + 0.2, 1e-300], "accuracy": [1 / 3, 1.0]}
    kept.write(0, weights(1), history)
    again = KeptMembers(tmp_path / "m.scarp", {"seed": 1}).begin()
    found, told = again.read(0, ARCHITECTURE)
    assert told == history
    for name, array in weights(1).items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    assert again.read(1, ARCHITECTURE) is None
    again.clear()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", ["other key", "cut", "flipped", "no history", "other shapes"])
def test_what_is_damaged_or_of_another_training_is_trained_anew(tmp_path, damage):
    kept = KeptMembers(tmp_path / "m.scarp", {"seed": 1}).begin()
    kept.write(0, weights(1), {"loss": [1.0]})
    file = kept.folder / "member0.npz"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-9])
    if damage == "flipped":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    if damage == "no history":
        (kept.folder / "member0.json").write_text("[]")
    key = {"seed": 2 if damage == "other key" else 1}
    other = Recipe(patch_size=3, filters=2, hidden_layers=2, units=4).architecture(3) if damage == "other shapes" else ARCHITECTURE
    assert KeptMembers(tmp_path / "m.scarp", key).begin().read(0, other) is None


@pytest.fixture
def parameters(write_stack, tmp_path):
    path = write_stack("stack.tif", (40, 50))
    rng = np.random.default_rng(1)
    rows, cols = np.divmod(rng.permutation(2000)[:200], 50)
    slope = np.nan_to_num(Stack.open(path).at(rows, cols)[:, 0])
    labels = (slope + rng.normal(0, 2, 200) > 20).astype(int)
    subset = np.where(np.arange(200) >= 160, "test", "train")
    SampleCells(rows, cols, labels, subset, np.arange(200) % 3, np.arange(200).astype(str)).write(
        tmp_path / "cells.gpkg", Stack.open(path).grid
    )
    tiny = {"patch_size": 3, "filters": 2, "units": 4, "epochs": 3, "members": 3}
    return {"covariates": path, "inventory": str(tmp_path / "cells.gpkg"), "label_field": "landslide", **tiny}


def test_a_resumed_training_gives_the_same_bytes(parameters, tmp_path, monkeypatch):
    def run(name, **more):
        outputs = {"model": str(tmp_path / f"{name}.scarp"), "report": str(tmp_path / f"{name}.html")}
        train_cnn_dnn.run(Feedback(), **parameters, **outputs, **more)
        return (tmp_path / f"{name}.scarp").read_bytes()

    (tmp_path / ".whole.scarp.scarp-members").mkdir()  # left by an earlier run
    expected = run("whole")
    assert not (tmp_path / ".whole.scarp.scarp-members").exists()
    real, seeds, left = training.train, [], [0]

    def dies(*arguments, **more):
        seeds.append(arguments[4])
        left[0] -= 1
        if left[0] <= 0 < dies_in:
            raise KeyboardInterrupt
        return real(*arguments, **more)

    monkeypatch.setattr(training, "train", dies)
    monkeypatch.setattr(
        threads, "cores", lambda: 1
    )  # else members are trained side by side, which gives the same bytes, as `expected` shows
    folder, begun = tmp_path / ".resumed.scarp.scarp-members", []
    # Interrupted in the first member, the second, the third, and in a network of the folds: each run begins with the member that broke off.
    for dies_in, members in ((1, 0), (2, 1), (2, 2), (3, 3)):
        seeds.clear()
        left[0] = dies_in
        with pytest.raises(KeyboardInterrupt):
            run("resumed", resume=True)
        kept = [f"member{number}.{ending}" for number in range(members) for ending in ("json", "npz")]
        assert sorted(each.name for each in folder.iterdir() if "member" in each.name) == kept
        assert not (tmp_path / "resumed.scarp").exists()
        begun.append(seeds[0])
    assert begun[0] == begun[1]
    assert len(set(begun)) == 3
    dies_in = 0
    assert run("resumed", resume=True) == expected
    assert not folder.exists()
    assert json.loads((tmp_path / "resumed.scarp.run.json").read_text())["parameters"]["resume"] is True
