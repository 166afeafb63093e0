# SPDX-License-Identifier: GPL-2.0-or-later
import subprocess
import sys
import zipfile

import pytest
from scarp.engine import cluster
from scarp.engine.errors import EngineError


def test_the_code_that_travels_imports_by_itself(tmp_path):
    path = cluster._write_code(tmp_path)
    assert path == str(tmp_path / f"scarp-{cluster.code_hash()}.zip") and len(cluster.code_hash()) == 16
    names = set(zipfile.ZipFile(path).namelist())
    assert {"scarp/__init__.py", "scarp/engine/mapping/on_cluster.py", "scarp/models/cnn_dnn.py"} <= names
    assert not [name for name in names if not name.startswith(("scarp/__init__", "scarp/engine/", "scarp/models/"))]
    code = f"import sys; sys.path.insert(0, {path!r}); from scarp.engine.mapping.windows import windows_of; print(windows_of.__module__)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert run.stdout.strip() == "scarp.engine.mapping.windows"


def test_other_code_has_another_hash(tmp_path, monkeypatch):
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "a.py").write_text("1")
    monkeypatch.setattr(cluster, "_ROOT", tmp_path)
    cluster.code_hash.cache_clear()
    first = cluster.code_hash()
    (tmp_path / "engine" / "a.py").write_text("2")
    cluster.code_hash.cache_clear()
    assert cluster.code_hash() != first
    cluster.code_hash.cache_clear()


def test_dask_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match="needs the package distributed"):
        cluster.connect("tcp://127.0.0.1:1")
