# SPDX-License-Identifier: GPL-2.0-or-later
"""Validation, classes and zones as QGIS runs them."""

import csv

import pytest
from osgeo import ogr


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_map_is_validated_classified_and_told_by_zones(run, landscape, feedback, tmp_path):
    from qgis.core import QgsProject, QgsVectorLayer

    validated = run(
        "validatemap",
        {
            "SUSCEPTIBILITY": landscape["TRUTH"],
            "INVENTORY": landscape["INVENTORY"],
            "ROLE": "held_out",
            "ZONES": landscape["GEOLOGY"],
            "ZONE_FIELD": "unit",
            "SUSCEPTIBILITY_2": landscape["DEM"],
            "OUTPUT": str(tmp_path / "t.csv"),
            "DIFFERENCE": str(tmp_path / "d.tif"),
            "REPORT": str(tmp_path / "r.html"),
        },
        feedback,
    )
    rows = rows_of(tmp_path / "t.csv")
    assert validated["AUC"] > 0.85 and float(rows[0]["auc_by_cells"]) == pytest.approx(validated["AUC"], abs=1e-6)
    assert rows[0]["rate"] == "prediction rate" and rows[-1]["part"] == "comparison"
    assert {row["part"] for row in rows} == {"all", "sub-area", "comparison"}
    assert feedback.percents == sorted(feedback.percents)
    from qgis.core import QgsRasterLayer
    from scarp.algorithms.results import LOOKS

    apart = QgsRasterLayer(validated["DIFFERENCE"], "apart")
    LOOKS["difference"](apart)
    assert apart.renderer().classificationMin() == -apart.renderer().classificationMax() < 0
    labels = [label for label, _ in apart.renderer().legendSymbologyItems()]
    assert labels[1] == "+0" and labels[0].startswith("-") and labels[2].startswith("+")
    classified = run(
        "classifysusceptibility",
        {
            "SUSCEPTIBILITY": landscape["TRUTH"],
            "INVENTORY": landscape["INVENTORY"],
            "METHOD": "best_rate",
            "CLASSES": 3,
            "OUTPUT": str(tmp_path / "c.tif"),
            "POLYGONS": str(tmp_path / "c.shp"),
        },
    )
    assert QgsVectorLayer(classified["POLYGONS"], "c", "ogr").featureCount() == 3
    printed = run(
        "printmap",
        {"CLASSES": classified["OUTPUT"], "DEM": landscape["DEM"], "TITLE": "Classes", "OUTPUT": str(tmp_path / "m.pdf")},
    )
    assert (tmp_path / "m.pdf").read_bytes().startswith(b"%PDF") and printed == {"OUTPUT": str(tmp_path / "m.pdf")}
    # A layer of memory keeps its fields of text and dates.
    zones = QgsVectorLayer("Polygon?crs=EPSG:4326&field=name:string(20)&field=day:date", "zones", "memory")
    source = QgsVectorLayer(landscape["GEOLOGY"], "geology", "ogr")
    from qgis.core import QgsCoordinateTransform, QgsFeature, QgsGeometry

    there = QgsGeometry.fromRect(source.extent())
    there.transform(QgsCoordinateTransform(source.crs(), zones.crs(), QgsProject.instance()))
    feature = QgsFeature(zones.fields())
    feature.setGeometry(there)
    feature.setAttributes(["all of it", "2020-02-03"])
    zones.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(zones)
    try:
        told = run(
            "zonalsusceptibility",
            {"SUSCEPTIBILITY": landscape["TRUTH"], "ZONES": zones, "CLASSES": classified["OUTPUT"], "OUTPUT": str(tmp_path / "z.gpkg")},
        )
    finally:
        QgsProject.instance().removeMapLayer(zones.id())
    dataset = ogr.Open(told["OUTPUT"])
    (found,) = [each.items() for each in dataset.GetLayer(0)]
    assert found["name"] == "all of it" and found["day"] == "2020-02-03"
    assert 0 < found["susc_mean"] < found["susc_highest"] <= 1
    assert sum(found[f"susc_percent_{name}"] for name in ("low", "moderate", "high")) == pytest.approx(100, abs=0.01)
    high = found["susc_percent_moderate"] + found["susc_percent_high"]
    assert found["susc_percent_high_classes"] == pytest.approx(high, abs=0.01)
    assert "scarp_id" not in found


def test_sample_cells_need_their_field(run, landscape, stack, tmp_path):
    from qgis.core import QgsProcessingException

    cells = run("samplecells", {"COVARIATES": stack, "INVENTORY": landscape["INVENTORY"], "OUTPUT": str(tmp_path / "cells.gpkg")})
    given = {"SUSCEPTIBILITY": landscape["TRUTH"], "INVENTORY": cells["OUTPUT"], "OUTPUT": str(tmp_path / "t.csv")}
    with pytest.raises(QgsProcessingException, match="LABEL_FIELD"):
        run("validatemap", given)
    run("validatemap", {**given, "LABEL_FIELD": "landslide"})
    assert [row["rate"] for row in rows_of(tmp_path / "t.csv")] == ["prediction rate", "success rate"]
