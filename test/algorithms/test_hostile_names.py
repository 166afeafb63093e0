# SPDX-License-Identifier: GPL-2.0-or-later
"""Names from data in filters, expressions and styles of QGIS: quotes, percent signs, brackets and new lines are letters there."""

from xml.etree import ElementTree

import bad_files
import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.models.covariate import Covariate

FIELD = "na\"me's [%1%] {x} $a @b\nnew"
VALUE = '=1\'; DROP TABLE "zones"; -- [% 1+1 %] <b>&amp; ]]> "x" é\nnew'


@pytest.fixture(scope="module")
def area(tmp_path_factory):
    return bad_files.write_area(tmp_path_factory.mktemp("area"))


@pytest.fixture
def zones(tmp_path):
    """Sixteen zones, of which every second has the value, in a field and a layer with odd names."""
    places = [(bad_files.WEST + (i + 0.5) * 360, bad_files.NORTH - (j + 0.5) * 360) for i in range(4) for j in range(4)]
    fields = {FIELD: (ogr.OFTString, [VALUE, "plain"] * 8), "nr": (ogr.OFTInteger, list(range(16)))}
    wkt = [bad_files.square(*each, 180) for each in places]
    return bad_files.write_layer(tmp_path / "a'b %s [z].gpkg", wkt, ogr.wkbPolygon, fields=fields, name="zo\"ne's %1")


def values(path):
    dataset = ogr.Open(path)
    return sorted((feature["nr"], feature[FIELD]) for feature in dataset.GetLayer(0))


EXPECTED = [(number, VALUE) for number in range(0, 16, 2)]


def test_a_filter_of_a_layer_with_odd_names_counts(run, provider, area, zones, tmp_path):
    from qgis.core import QgsExpression, QgsProcessingFeatureSourceDefinition, QgsVectorLayer

    layer = QgsVectorLayer(zones, "z", "ogr")
    assert layer.isValid()
    quoted = QgsExpression.quotedColumnRef(FIELD)
    assert layer.setSubsetString(f"{quoted} <> 'plain'")
    run("zonalsusceptibility", {"SUSCEPTIBILITY": area["map"], "ZONES": layer, "OUTPUT": str(tmp_path / "o.gpkg")})
    assert values(str(tmp_path / "o.gpkg")) == EXPECTED
    layer.setSubsetString("")
    expression = f"{quoted} = {QgsExpression.quotedString(VALUE)}"
    chosen = QgsProcessingFeatureSourceDefinition(zones, selectedFeaturesOnly=False, featureLimit=-1, filterExpression=expression)
    run("zonalsusceptibility", {"SUSCEPTIBILITY": area["map"], "ZONES": chosen, "OUTPUT": str(tmp_path / "p.gpkg")})
    assert values(str(tmp_path / "p.gpkg")) == EXPECTED
    del layer


def test_classes_of_a_field_with_odd_names_are_called_so(run, area, zones, tmp_path):
    output = str(tmp_path / "s'%1.tif")
    run("preparecovariates", {"DEM": area["dem"], "TERRAIN": [0], "GEOLOGY": zones, "GEOLOGY_FIELD": FIELD, "OUTPUT": output})
    told = gdal.Open(output)
    names = {name for band in range(told.RasterCount) for name in told.GetRasterBand(band + 1).GetMetadata().values()}
    assert any("DROP TABLE" in name for name in names)


def test_styles_of_rasters_with_odd_names_are_xml_with_these_names(provider, area, tmp_path):
    from qgis.core import QgsRasterLayer
    from scarp.algorithms.results import LOOKS, save_look

    covariates = (Covariate("<b>'[%1%]\"&]]>"), Covariate("geology", "categorical", classes={1: VALUE, 2: "lime"}))
    rows, cols = np.mgrid[0 : bad_files.SIDE, 0 : bad_files.SIDE]
    cells = np.stack([45 * bad_files.surface(), 1 + (rows + cols) % 2], axis=-1).astype(np.float32)
    stack = bad_files.write_stack(tmp_path / "s'%1 [x].tif", cells, covariates=covariates)
    save_look("stack", stack)
    assert ElementTree.parse(tmp_path / "s'%1 [x].qml").getroot().tag == "qgis"
    dominant = tmp_path / "d.tif"
    made = gdal.GetDriverByName("MEM").CreateCopy("", gdal.Open(area["classes"]))
    table = gdal.ColorTable()
    for number in range(6):
        table.SetColorEntry(number, (40 * number, 0, 0, 255))
    made.GetRasterBand(1).SetColorTable(table)
    made.GetRasterBand(1).SetCategoryNames(["", VALUE, FIELD, "a", "b", "c"])
    gdal.GetDriverByName("GTiff").CreateCopy(str(dominant), made)
    layer = QgsRasterLayer(str(dominant), "d")
    LOOKS["dominant"](layer)
    labels = [each.label for each in layer.renderer().classes()]
    assert labels[:2] == [VALUE, FIELD]
    save_look("dominant", str(dominant))
    entries = [each.get("label") for each in ElementTree.parse(tmp_path / "d.qml").iter("paletteEntry")]
    assert [each.split("\n")[0] for each in entries[:2]] == [VALUE.split("\n", maxsplit=1)[0], FIELD.split("\n", maxsplit=1)[0]]
