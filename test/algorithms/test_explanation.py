# SPDX-License-Identifier: GPL-2.0-or-later
"""A model explained as QGIS runs it: a point of another CRS, and factors by name in the legend."""

from pathlib import Path

import pytest
from osgeo import gdal


def test_a_model_is_explained(run, landscape, stack, mapped, feedback, tmp_path):
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject, QgsRasterLayer

    layer = QgsRasterLayer(stack)
    away = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance())
    there = away.transform(layer.extent().center())
    found = run(
        "explainmodel",
        {
            "COVARIATES": stack,
            "MODEL": mapped["model"],
            "INVENTORY": landscape["INVENTORY"],
            "ROLE": "held_out",
            "REPEATS": 2,
            "POINT": f"{there.x()!r},{there.y()!r} [EPSG:4326]",
            "OUTPUT": str(tmp_path / "t.csv"),
            "REPORT": str(tmp_path / "r.html"),
            "DOMINANT": str(tmp_path / "d.tif"),
        },
        feedback,
    )
    assert found["STRONGEST"] in {each.partition(": ")[2] for each in map(layer.bandName, range(1, layer.bandCount() + 1))}
    page = Path(found["REPORT"]).read_text(encoding="utf-8")
    assert "The point explained" in page and ("The cell at 561,975" in page or "The cell at 562,005" in page)
    assert Path(tmp_path / "d.qml").exists()
    shown = QgsRasterLayer(found["DOMINANT"])
    entries = dict(shown.renderer().legendSymbologyItems())
    names = [layer.bandName(number).partition(": ")[2] for number in range(1, layer.bandCount() + 1)]
    assert shown.renderer().type() == "paletted" and entries and set(entries) <= set(names)
    present = set(gdal.Open(found["DOMINANT"]).ReadAsArray().ravel().tolist()) - {0}
    assert {each.value for each in shown.renderer().classes()} == present
    assert {each.label for each in shown.renderer().classes()} == {names[value - 1] for value in present}


@pytest.mark.parametrize(("point", "message"), [("nowhere", "POINT"), ("0,0 [EPSG:4326]", "outside the covariate stack")])
def test_a_wrong_point_is_one_sentence(run, landscape, stack, mapped, tmp_path, point, message):
    from qgis.core import QgsProcessingException

    given = {"COVARIATES": stack, "MODEL": mapped["model"], "INVENTORY": landscape["INVENTORY"], "OUTPUT": str(tmp_path / "t.csv")}
    with pytest.raises(QgsProcessingException, match=message):
        run("explainmodel", {**given, "POINT": point})
    assert not list(tmp_path.iterdir())
