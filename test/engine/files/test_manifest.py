# SPDX-License-Identifier: GPL-2.0-or-later
import hashlib
import json
from datetime import datetime

import pytest
from osgeo import gdal, ogr
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.manifest import hashes, write_manifests


def test_a_run_is_told_twice_to_repeat_it_and_to_read_it(tmp_path):
    asked = {"covariates": "stack.tif", "patch_size": 15, "optimizer": "adam", "tune": False, "label_field": None, "model": "m.scarp"}
    besides = (str(tmp_path / "m.scarp"), None, str(tmp_path / "r.html"))
    write_manifests(besides, "train_cnn_dnn", asked, 1.26, inputs={"covariates": "ab12"}, results={"auc": 0.8})
    assert (tmp_path / "m.scarp.run.json").read_bytes() == (tmp_path / "r.html.run.json").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2
    found = json.loads((tmp_path / "m.scarp.run.json").read_text(encoding="utf-8"))
    assert found["results"] == {"auc": 0.8}
    assert datetime.fromisoformat(found["written"]).utcoffset().total_seconds() == 0
    assert (found["task"], found["parameters"], found["inputs_sha256"]) == ("train_cnn_dnn", asked, {"covariates": "ab12"})
    assert found["settings"] == {
        "Field that tells landslides": "–",
        "Patch size": "15 cells",
        "Optimizer": "Adam",
        "Search the best hyper-parameters": "no",
    }
    assert found["seconds"] == 1.3
    assert "numpy" in found["versions"]


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def shapefile(tmp_path):
    dataset = ogr.GetDriverByName("ESRI Shapefile").CreateDataSource(str(tmp_path / "slides.shp"))
    layer = dataset.CreateLayer("slides", reference_of(32639), ogr.wkbPoint)
    layer.CreateField(ogr.FieldDefn("label", ogr.OFTInteger))
    feature = ogr.Feature(layer.GetLayerDefn())
    feature["label"] = 1
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POINT (500000 3600000)"))
    layer.CreateFeature(feature)
    del feature, layer, dataset
    return tmp_path / "slides.shp"


def test_what_was_read_is_hashed_lists_too(tmp_path):
    rasters = [raster(tmp_path / f"{column}.tif", column) for column in (0, 1)]
    asked = {"dem": str(rasters[0]), "extra_continuous": [f"{each}|name=x" for each in rasters], "output": str(tmp_path / "o.tif")}
    write_manifests([asked["output"]], "prepare_covariates", asked, 0.0)
    found = json.loads((tmp_path / "o.tif.run.json").read_text(encoding="utf-8"))["inputs_sha256"]
    assert found == {"dem": digest(rasters[0]), "extra_continuous": {each.name: digest(each) for each in rasters}}


def raster(path, column=0):
    grid = Grid(reference_of(32639).ExportToWkt(), (500000.0 + 40 * column, 20.0, 0.0, 3600000.0, 0.0, -35.0), (3, 2))
    dataset = grid.create(str(path))
    dataset.GetRasterBand(1).Fill(column)
    del dataset
    return path


def test_what_went_in_is_hashed_attributes_too(shapefile, tmp_path):
    plain = raster(tmp_path / "stack.tif")
    found = hashes({"covariates": str(plain), "inventory": f"{shapefile}|layername=slides", "test": None})
    assert found == {
        "covariates": digest(plain),
        "inventory": {f"slides.{ending}": digest(tmp_path / f"slides.{ending}") for ending in ("shp", "shx", "dbf", "prj")},
    }
    before = found["inventory"]["slides.dbf"]
    dataset = ogr.Open(str(shapefile), 1)
    layer = dataset.GetLayer(0)
    feature = layer.GetNextFeature()
    feature["label"] = 0
    layer.SetFeature(feature)
    del feature, layer, dataset
    after = hashes({"inventory": str(shapefile)})["inventory"]
    assert after["slides.dbf"] != before and after["slides.shp"] == found["inventory"]["slides.shp"]


def test_the_sources_of_a_mosaic_are_hashed(tmp_path):
    (tmp_path / "tiles").mkdir()
    tiles = [str(raster(tmp_path / "tiles" / f"{column}.tif", column)) for column in (0, 1)]
    gdal.BuildVRT(str(tmp_path / "half.vrt"), tiles[:1]).FlushCache()
    gdal.BuildVRT(str(tmp_path / "stack.vrt"), [str(tmp_path / "half.vrt"), tiles[1]]).FlushCache()
    found = hashes({"covariates": str(tmp_path / "stack.vrt")})["covariates"]
    assert found == {
        "stack.vrt": digest(tmp_path / "stack.vrt"),
        "half.vrt": digest(tmp_path / "half.vrt"),
        **{tile: digest(tmp_path / "tiles" / tile[-5:]) for tile in tiles},
    }


def test_files_that_are_no_layers_and_paths_with_pipes(tmp_path):
    model, piped = tmp_path / "m.scarp", raster(tmp_path / "a|b.tif")
    model.write_bytes(b"weights")
    assert hashes({"model": str(model), "dem": f"{piped}|band=1", "none": str(tmp_path / "none.tif")}) == {
        "model": digest(model),
        "dem": digest(piped),
    }
