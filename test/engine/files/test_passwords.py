# SPDX-License-Identifier: GPL-2.0-or-later
"""The password of a connection is in nothing that is kept or shown."""

import json

import pytest
from scarp.engine.declarations.labels import inputs
from scarp.engine.declarations.source import Source, without_password
from scarp.engine.errors import EngineError
from scarp.engine.files.manifest import write_manifests
from scarp.engine.files.raster import open_raster
from scarp.engine.files.vectors import open_layer

SECRET = "s3cr3t word"  # pragma: allowlist secret
WAYS = [
    f"PG:host='localhost' port='1' user='me' password='{SECRET}' dbname='d' schema='x' table='dem' mode='2'",
    "PG:dbname=d host=localhost port=1 user=me password=s3cr3t",
    'PG:dbname=d host=localhost port=1 PASSWORD="s3cr3t"',  # pragma: allowlist secret
    "/vsicurl/https://me:s3cr3t@localhost:1/dem.tif",  # pragma: allowlist secret
]


@pytest.mark.parametrize("path", WAYS)
def test_names_of_layers_tell_none(path):
    for told in (without_password(path), Source.parse(path).told, Source.parse(path).label):
        assert "s3cr3t" not in told


@pytest.mark.parametrize("path", WAYS)
def test_reports_and_manifests_tell_none(tmp_path, path):
    given = {"dem": path, "extra_continuous": [path, "rain.tif"], "output": "stack.tif"}
    assert "s3cr3t" not in str(inputs("prepare_covariates", given))
    write_manifests([str(tmp_path / "stack.tif")], "prepare_covariates", given, 1.0, inputs={})
    content = (tmp_path / "stack.tif.run.json").read_text(encoding="utf-8")
    assert "s3cr3t" not in content
    assert json.loads(content)["parameters"]["extra_continuous"][1] == "rain.tif"


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("opening", [open_raster, open_layer])
def test_refusals_tell_none(path, opening):
    with pytest.raises(EngineError) as caught:
        opening(path)
    assert "s3cr3t" not in str(caught.value)


def test_other_texts_stay():
    assert without_password("C:/passwords/dem.tif|layername=a=b") == "C:/passwords/dem.tif|layername=a=b"
