# SPDX-License-Identifier: GPL-2.0-or-later
import json
import os
import shutil

import numpy as np
import pytest
from osgeo import gdal, ogr, osr


def layers(folder):
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32717)
    dem = str(folder / "dem.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(dem, 4, 3, 2, gdal.GDT_Float32)
    dataset.SetGeoTransform((500000.0, 30.0, 0.0, 9600000.0, 0.0, -20.0))
    dataset.SetProjection(reference.ExportToWkt())
    dataset.GetRasterBand(1).WriteArray(np.ones((3, 4), np.float32))
    dataset = None
    yield "raster", dem
    for name, kind in (("points", ogr.wkbPoint), ("lines", ogr.wkbLineString), ("polygons", ogr.wkbPolygon), ("table", ogr.wkbNone)):
        path = str(folder / f"{name}.gpkg")
        dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
        layer = dataset.CreateLayer(name, reference, kind)
        for field in ("unit", "landslide"):
            layer.CreateField(ogr.FieldDefn(field, ogr.OFTString))
        layer = None
        dataset = None
        yield "vector", path
    mesh = folder / "mesh.2dm"
    mesh.write_text("MESH2D\nND 1 0 0 0\nND 2 1 0 0\nND 3 0 1 0\nE3T 1 1 2 3 1\n", encoding="utf-8")
    yield "mesh", str(mesh)


@pytest.mark.skipif(not shutil.which("xvfb-run") or not shutil.which("qgis"), reason="needs a QGIS window")
def test_no_layer_in_any_widget_ends_qgis(provider, window, tmp_path):
    (tmp_path / "orders.json").write_text(json.dumps(list(layers(tmp_path))), encoding="utf-8")
    run = window("widgets.py", {**os.environ, "SCARP_WINDOW": str(tmp_path)}, 300)
    seen = (tmp_path / "seen.txt").read_text(encoding="utf-8").splitlines()
    assert seen[-1] == "done", (run.returncode, seen[-3:])
    tried = {tuple(line.split(" ")[:2]) for line in seen[:-1]}
    assert {("preparecovariates", name) for name in ("DEM", "FAULTS", "LAND_USE", "GEOLOGY", "SOIL", "CLIMATE", "RED")} <= tried
    assert ("traincnndnn", "INVENTORY") in tried
