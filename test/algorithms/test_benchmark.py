# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark as a user runs it."""

import csv
from pathlib import Path

import pytest

QUICK = {"CLASSIFIERS": ["lr", "dt", "slope"], "FOLDS": 3, "VALIDATION": "kmeans"}


def rows_of(path):
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_the_best_model_maps(run, landscape, stack, tmp_path):
    found = run(
        "benchmarkclassifiers",
        {
            "COVARIATES": stack,
            "INVENTORY": landscape["INVENTORY"],
            **QUICK,
            "OUTPUT": str(tmp_path / "table.csv"),
            "REPORT": str(tmp_path / "report.html"),
            "MODEL": str(tmp_path / "best.scarp"),
            "FOLD_CELLS": str(tmp_path / "folds.gpkg"),
        },
    )
    rows = rows_of(found["OUTPUT"])
    assert {(row["validation"], row["classifier"]) for row in rows} == {(v, c) for v in ("kmeans", "random") for c in QUICK["CLASSIFIERS"]}
    spatial = {row["classifier"]: float(row["auc"]) for row in rows if row["validation"] == "kmeans"}
    assert found["BEST"] == max(spatial, key=spatial.get)
    assert found["AUC"] == pytest.approx(max(spatial.values()), abs=1e-5)
    assert "optimis" in Path(found["REPORT"]).read_text(encoding="utf-8")
    assert Path(found["FOLD_CELLS"]).exists()
    mapped = run("mapsusceptibility", {"COVARIATES": stack, "MODEL": found["MODEL"], "OUTPUT": str(tmp_path / "map.tif")})

    from osgeo import gdal

    values = gdal.Open(mapped["OUTPUT"]).ReadAsArray()
    valid = values[values >= 0]
    assert valid.size > values.size / 2
    assert valid.max() > 0.7
    assert valid.min() < 0.3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"VALIDATION": "temporal"}, "DATE_FIELD"),
        ({"SPLIT_DATE": "30.4.2021"}, "year-month-day"),
        ({"CLASSIFIERS": ["oracle"]}, "CLASSIFIERS|Classifiers"),
    ],
)
def test_wrong_input_is_one_sentence(run, landscape, stack, tmp_path, changed, said):
    from qgis.core import QgsProcessingException

    usual = {"COVARIATES": stack, "INVENTORY": landscape["INVENTORY"], **QUICK, "OUTPUT": str(tmp_path / "table.csv")}
    with pytest.raises(QgsProcessingException, match=said):
        run("benchmarkclassifiers", {**usual, **changed})
