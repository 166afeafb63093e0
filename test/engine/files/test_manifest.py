# SPDX-License-Identifier: GPL-2.0-or-later
import json

from scarp.engine.files.manifest import write_manifest


def test_a_run_is_told_twice_to_repeat_it_and_to_read_it(tmp_path):
    asked = {"covariates": "stack.tif", "patch_size": 15, "optimizer": "adam", "tune": False, "label_field": None, "model": "m.scarp"}
    path = write_manifest(str(tmp_path / "m.scarp"), "train_cnn_dnn", asked, {"covariates": "ab12"}, 1.26)
    found = json.loads((tmp_path / "m.scarp.run.json").read_text(encoding="utf-8"))
    assert path == str(tmp_path / "m.scarp.run.json")
    assert (found["task"], found["parameters"], found["inputs_sha256"]) == ("train_cnn_dnn", asked, {"covariates": "ab12"})
    assert found["settings"] == {
        "Field that tells landslides": "–",
        "Patch size": "15 cells",
        "Optimizer": "Adam",
        "Search the best hyper-parameters": "no",
    }
    assert found["seconds"] == 1.3
    assert "numpy" in found["versions"]
