# SPDX-License-Identifier: GPL-2.0-or-later
"""What users give stays as it is: no byte of it changes, and nothing comes to lie beside it, while QGIS and the worker read it."""

import hashlib
from pathlib import Path

import bad_files
import pytest
from osgeo import gdal


@pytest.fixture(scope="module")
def area(provider, tmp_path_factory):
    """Good inputs of all tasks, the layers as shapefiles too; no style, index or encoding lies beside them.

    QGIS itself writes statistics beside every raster that it opens (`.aux.xml`), whoever asks it to; they are there already.
    """
    from qgis.core import QgsRasterLayer

    folder = tmp_path_factory.mktemp("given")
    made = bad_files.write_area(folder)
    for name in ("landslides", "zones"):
        gdal.VectorTranslate(str(folder / f"{name}.shp"), made[name], format="ESRI Shapefile", layerCreationOptions=["ENCODING=ISO-8859-1"])
        (folder / f"{name}.cpg").unlink(missing_ok=True)
        made[f"{name}_shp"] = str(folder / f"{name}.shp")
    for path in folder.glob("*.tif"):
        assert QgsRasterLayer(str(path), path.stem).isValid()
    return made


def contents(area):
    folder = Path(area["dem"]).parent
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def orders(area, out):
    """A run of each algorithm that reads layers and is over in seconds; one of its layers is a GeoPackage and the next a shapefile."""
    slides, zones = area["landslides"], area["zones"]
    slides_shp, zones_shp = area["landslides_shp"], area["zones_shp"]
    geology = {"GEOLOGY": zones, "GEOLOGY_FIELD": "name", "FAULTS": zones_shp}
    yield "preparecovariates", {"DEM": area["dem"], "TERRAIN": [0], **geology, "OUTPUT": f"{out}/s.tif"}
    yield "samplecells", {"COVARIATES": area["stack"], "INVENTORY": slides, "OUTPUT": f"{out}/c.gpkg"}
    yield "screencovariates", {"COVARIATES": area["stack"], "INVENTORY": slides_shp, "OUTPUT": f"{out}/t.csv", "REPORT": f"{out}/t.html"}
    given = {"SUSCEPTIBILITY": area["map"], "INVENTORY": slides_shp}
    yield "classifysusceptibility", {**given, "OUTPUT": f"{out}/k.tif", "TABLE": f"{out}/k.csv"}
    yield "validatemap", both_kinds(area, out)
    yield "zonalsusceptibility", {"SUSCEPTIBILITY": area["map"], "ZONES": zones, "OUTPUT": f"{out}/z.gpkg"}
    yield "mapsusceptibility", {"COVARIATES": area["stack"], "MODEL": area["model"], "OUTPUT": f"{out}/m.tif"}
    yield "printmap", {"CLASSES": area["classes"], "DEM": area["dem"], "TABLE": area["table"], "OUTPUT": f"{out}/p.png"}
    given = {"SUSCEPTIBILITY": area["map"], "CLASSES": area["classes"], "MODEL": area["model"], "INVENTORY": slides_shp}
    yield "projectreport", {**given, "REPEATS": 2, "REPORT": f"{out}/r.html"}


def both_kinds(area, out):
    """A run of “Validate” with a GeoPackage and a shapefile."""
    given = {"SUSCEPTIBILITY": area["map"], "INVENTORY": area["landslides"], "ZONES": area["zones_shp"]}
    return {**given, "OUTPUT": f"{out}/v.csv", "REPORT": f"{out}/v.html"}


def test_scripts_leave_inputs_as_they_are(run, area, tmp_path):
    before = contents(area)
    for name, parameters in orders(area, tmp_path):
        run(name, parameters)
        assert contents(area) == before, name
    assert len(list(tmp_path.glob("*.html"))) == 3


def test_qgis_process_leaves_inputs_as_they_are(qgis_process, area, tmp_path):
    before = contents(area)
    assert isinstance(qgis_process("validatemap", both_kinds(area, tmp_path)), dict)
    assert contents(area) == before


def test_layers_of_a_project_stay_as_they_are_while_and_after_they_are_loaded(run, area, tmp_path):
    """As in a window: the layers are loaded, and two are filtered, for which QGIS itself brings a GeoPackage into another mode."""
    from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer

    project = QgsProject.instance()
    slides, zones, zones_shp = (QgsVectorLayer(area[name], name, "ogr") for name in ("landslides", "zones", "zones_shp"))
    for layer in (zones, zones_shp):
        assert layer.setSubsetString("\"name\" <> 'zone 12'")
    raster = QgsRasterLayer(area["map"], "map")
    project.addMapLayers([slides, zones, zones_shp, raster])
    before = contents(area)
    try:
        out = str(tmp_path / "v.csv")
        run("validatemap", {"SUSCEPTIBILITY": raster, "INVENTORY": slides, "ZONES": zones_shp, "ZONE_FIELD": "name", "OUTPUT": out})
        run("zonalsusceptibility", {"SUSCEPTIBILITY": raster, "ZONES": zones, "OUTPUT": str(tmp_path / "z.gpkg")})
        made = QgsVectorLayer(str(tmp_path / "z.gpkg"), "z", "ogr")
        assert made.featureCount() == 15
        assert "zone 13" in Path(out).read_text() and "zone 12" not in Path(out).read_text()
        del made
        during = contents(area)
    finally:
        del slides, zones, zones_shp, layer, raster
        project.clear()
    assert during == before
