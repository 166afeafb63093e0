# SPDX-License-Identifier: GPL-2.0-or-later
"""The page of the use in Python, run as it stands."""

import re
from pathlib import Path

import numpy as np
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    cells = {"folder": str(tmp_path)}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(compile(block, "python.md", "exec"), cells)
    assert "must be an odd whole number from 1 to 101 cells; found 14" in cells["refused"]
    assert 0.5 < cells["trained"]["auc"] < 1
    assert f"AUC on the test cells: {cells['trained']['auc']:.3f}" in capsys.readouterr().out
    whole = gdal.Open(cells["mapped"]["output"]).ReadAsArray()
    rows, cols = cells["susceptibility"].shape
    np.testing.assert_allclose(cells["susceptibility"], whole[:rows, :cols], atol=1e-5)
