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
    """A run of each algorithm that reads layers and is over in seconds, with its layers as GeoPackages and as shapefiles."""
    for ending in ("", "_shp"):
        slides, zones = area[f"landslides{ending}"], area[f"zones{ending}"]
        cells = {"COVARIATES": area["stack"], "INVENTORY": slides}
        geology = {"GEOLOGY": zones, "GEOLOGY_FIELD": "name", "FAULTS": zones}
        yield "preparecovariates", {"DEM": area["dem"], "TERRAIN": [0], **geology, "OUTPUT": f"{out}/s{ending}.tif"}
        yield "samplecells", {**cells, "OUTPUT": f"{out}/c{ending}.gpkg"}
        yield "screencovariates", {**cells, "OUTPUT": f"{out}/t{ending}.csv", "REPORT": f"{out}/t{ending}.html"}
        given = {"SUSCEPTIBILITY": area["map"], "INVENTORY": slides}
        yield "classifysusceptibility", {**given, "OUTPUT": f"{out}/k{ending}.tif", "TABLE": f"{out}/k{ending}.csv"}
        yield "validatemap", {**given, "ZONES": zones, "OUTPUT": f"{out}/v{ending}.csv", "REPORT": f"{out}/v{ending}.html"}
        yield "zonalsusceptibility", {"SUSCEPTIBILITY": area["map"], "ZONES": zones, "OUTPUT": f"{out}/z{ending}.gpkg"}
    yield "mapsusceptibility", {"COVARIATES": area["stack"], "MODEL": area["model"], "OUTPUT": f"{out}/m.tif"}
    yield "printmap", {"CLASSES": area["classes"], "DEM": area["dem"], "TABLE": area["table"], "OUTPUT": f"{out}/p.png"}
    given = {"SUSCEPTIBILITY": area["map"], "CLASSES": area["classes"], "MODEL": area["model"], "INVENTORY": area["landslides_shp"]}
    yield "projectreport", {**given, "REPEATS": 2, "REPORT": f"{out}/r.html"}


def test_scripts_leave_inputs_as_they_are(run, area, tmp_path):
    before = contents(area)
    for name, parameters in orders(area, tmp_path):
        run(name, parameters)
        assert contents(area) == before, name
    assert len(list(tmp_path.glob("*.html"))) == 5


@pytest.mark.parametrize("ending", ["", "_shp"])
def test_qgis_process_leaves_inputs_as_they_are(qgis_process, area, tmp_path, ending):
    before = contents(area)
    for name, parameters in orders(area, tmp_path):
        if name in ("samplecells", "zonalsusceptibility") and f"{ending}.gpkg" in parameters["OUTPUT"]:
            assert isinstance(qgis_process(name, parameters), dict)
            assert contents(area) == before, name


@pytest.mark.parametrize("ending", ["", "_shp"])
def test_layers_of_a_project_stay_as_they_are_while_and_after_they_are_loaded(run, area, tmp_path, ending):
    """As in a window: the layers are loaded, and one is filtered, for which QGIS itself brings a GeoPackage into another mode."""
    from qgis.core import QgsProject, QgsRasterLayer, QgsVectorLayer

    project = QgsProject.instance()
    layers = [QgsVectorLayer(area[f"{name}{ending}"], name, "ogr") for name in ("landslides", "zones")]
    assert layers[1].setSubsetString("\"name\" <> 'zone 3'")
    rasters = [QgsRasterLayer(area[name], name) for name in ("stack", "map")]
    project.addMapLayers([*layers, *rasters])
    before = contents(area)
    try:
        run("samplecells", {"COVARIATES": rasters[0], "INVENTORY": layers[0], "OUTPUT": str(tmp_path / "c.gpkg")})
        run("zonalsusceptibility", {"SUSCEPTIBILITY": rasters[1], "ZONES": layers[1], "OUTPUT": str(tmp_path / "z.gpkg")})
        made = QgsVectorLayer(str(tmp_path / "z.gpkg"), "z", "ogr")
        assert made.featureCount() == 15
        del made
        during = contents(area)
    finally:
        del layers, rasters
        project.clear()
    assert during == before
