# SPDX-License-Identifier: GPL-2.0-or-later
import csv
import json
from pathlib import Path

import pytest
from osgeo import gdal


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def names_of(stack):
    dataset = gdal.Open(stack)
    return [dataset.GetRasterBand(number).GetDescription() for number in range(1, dataset.RasterCount + 1)]


def test_screening_by_processing_run(run, landscape, stack, feedback, tmp_path):
    from qgis.core import QgsVectorLayer

    result = run(
        "screencovariates",
        {
            "COVARIATES": stack,
            "INVENTORY": landscape["INVENTORY"],
            "METHOD": "natural_breaks",
            "CLASSES": 5,
            "OUTPUT": str(tmp_path / "screened.gpkg"),
            "CLASS_TABLE": str(tmp_path / "classes.csv"),
            "REPORT": str(tmp_path / "report.html"),
        },
        feedback,
    )
    table = QgsVectorLayer(result["OUTPUT"], "screened", "ogr")
    assert table.isValid() and not table.isSpatial()
    rows = {feature["covariate"]: feature.attributeMap() for feature in table.getFeatures()}
    assert list(rows) == names_of(stack)
    assert rows["slope"]["vif"] >= 1 and rows["slope"]["tolerance"] == pytest.approx(1 / rows["slope"]["vif"], rel=1e-4)
    assert rows["slope"]["pearson"] > 0.2 and rows["slope"]["pearson_p"] < 0.001  # landslides lie on steep ground
    assert rows["aspect"]["df"] == 2 and rows["geology"]["kind"] == "categorical"
    classes = [row for row in rows_of(tmp_path / "classes.csv") if row["covariate"] == "slope"]
    assert len(classes) == 5 and sum(int(row["cells"]) for row in classes) == 192 * 192
    ratios = [float(row["frequency_ratio"]) for row in classes]
    assert ratios[0] < 1 < ratios[-1]
    manifest = json.loads((tmp_path / "report.html.run.json").read_text(encoding="utf-8"))
    assert manifest["parameters"]["method"] == "natural_breaks" and set(manifest["inputs_sha256"]) == {"covariates", "inventory"}
    assert feedback.percents == sorted(feedback.percents)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for part in ("Collinearity", "Fox", "paper’s Fig. 8", "Weights of evidence", "Geological covariates in their classes", "method"):
        assert part.lower() in page.lower(), part
    assert "<script" not in page and 'src="http' not in page


def test_sample_cells_and_a_temporary_table(run, landscape, stack, tmp_path):
    cells = run("samplecells", {"COVARIATES": stack, "INVENTORY": landscape["INVENTORY"], "OUTPUT": str(tmp_path / "cells.gpkg")})
    parameters = {"COVARIATES": stack, "INVENTORY": cells["OUTPUT"], "LABEL_FIELD": "landslide", "OUTPUT": "TEMPORARY_OUTPUT"}
    result = run("screencovariates", parameters)
    assert result["OUTPUT"].endswith((".csv", ".gpkg")) and "CLASS_TABLE" not in result
    again = run("screencovariates", {**parameters, "OUTPUT": str(tmp_path / "again.csv")})
    assert [row["covariate"] for row in rows_of(Path(again["OUTPUT"]))] == names_of(stack)


def test_the_table_in_a_format_that_is_not_written(run, landscape, stack, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=r"must end in \.csv or \.gpkg"):
        run("screencovariates", {"COVARIATES": stack, "INVENTORY": landscape["INVENTORY"], "OUTPUT": str(tmp_path / "t.shp")})
