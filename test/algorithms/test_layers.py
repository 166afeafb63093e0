# SPDX-License-Identifier: GPL-2.0-or-later
"""Every way in which QGIS hands a vector layer to an algorithm reaches the worker as the right features."""

import pytest
from osgeo import ogr


def count(path):
    """Return how many landslide cells the sample cells hold."""
    dataset = ogr.Open(path)
    layer = dataset.GetLayer(0)
    layer.SetAttributeFilter("landslide = 1")
    return layer.GetFeatureCount()


@pytest.mark.parametrize("way", ["file", "selected", "filter", "subset", "memory"])
def test_features_of_a_layer(run, landscape, stack, tmp_path, way):
    from qgis.core import QgsFeatureRequest, QgsProcessingFeatureSourceDefinition, QgsProject, QgsVectorLayer

    layer = QgsVectorLayer(landscape["INVENTORY"], "inventory", "ogr")
    some = sorted(layer.allFeatureIds())[:100]
    only = f"$id in ({','.join(map(str, some))})"
    QgsProject.instance().addMapLayer(layer)
    given = layer
    if way == "file":
        given = landscape["INVENTORY"]
    elif way == "selected":
        layer.selectByIds(some)
        given = QgsProcessingFeatureSourceDefinition(layer.id(), True)
    elif way == "filter":
        given = QgsProcessingFeatureSourceDefinition(layer.id(), filterExpression=only)
    elif way == "subset":
        layer.setSubsetString(f"fid in ({','.join(map(str, some))})")
    else:
        given = layer.materialize(QgsFeatureRequest().setFilterFids(some))
    found = run("samplecells", {"COVARIATES": stack, "INVENTORY": given, "OUTPUT": str(tmp_path / "cells.gpkg")})
    QgsProject.instance().removeMapLayer(layer)
    least, most = (101, 400) if way == "file" else (90, 100)  # landslides may share a cell
    assert least <= count(found["OUTPUT"]) <= most
