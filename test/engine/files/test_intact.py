# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever is damaged of what was written is found before it takes the place of an older file."""

import json
import sqlite3
import zipfile

import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.files import intact
from scarp.engine.files.intact import DamagedError, check_intact


@pytest.fixture
def raster(tmp_path):
    """Return what writes two bands in strips of four rows, and damages one strip of one band."""

    def write(name="a.tif", band=None, strip=None):
        path, options = tmp_path / name, ["COMPRESS=DEFLATE", "BLOCKYSIZE=4", "INTERLEAVE=BAND"]
        dataset = gdal.GetDriverByName("GTiff").Create(str(path), 50, 40, 2, gdal.GDT_Float32, options)
        dataset.WriteArray(np.random.default_rng(1).random((2, 40, 50)))
        del dataset
        if band is not None:
            dataset = gdal.Open(str(path))
            told = dataset.GetRasterBand(band).GetMetadataItem(f"BLOCK_OFFSET_0_{strip}", "TIFF")
            del dataset
            with path.open("r+b") as stream:
                stream.seek(int(told))
                stream.write(b"\xff" * 40)
        return path

    return write


@pytest.mark.parametrize("band", [1, 2])
@pytest.mark.parametrize("strip", [0, 4, 9])
def test_each_strip_of_each_band_is_read_and_of_large_rasters_the_last(raster, monkeypatch, band, strip):
    check_intact(raster(), raster())
    path = raster("b.tif", band, strip)
    with pytest.raises(DamagedError, match="cannot be read back"):
        check_intact(path, path)
    monkeypatch.setattr(intact, "_LARGE_BYTES", path.stat().st_size - 1)
    if strip == 9:
        with pytest.raises(DamagedError, match="cannot be read back"):
            check_intact(path, path)
    else:
        check_intact(path, path)


@pytest.mark.parametrize("name", ["b.tiff", "b.TIF"])
def test_a_raster_is_one_whatever_its_ending(raster, name):
    path = raster(name, 1, 9)
    with pytest.raises(DamagedError):
        check_intact(path, path)


def test_a_layer_of_nothing_and_a_damaged_one(tmp_path):
    path = tmp_path / "a.gpkg"
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    with pytest.raises(DamagedError, match="it has no layer"):
        check_intact(path, path)
    layer = dataset.CreateLayer("a", None, ogr.wkbPoint)
    layer.CreateField(ogr.FieldDefn("text", ogr.OFTString))
    for number in range(500):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["text"] = f"{number} " * 40
        layer.CreateFeature(feature)
    del layer, dataset
    check_intact(path, path)
    (page,) = sqlite3.connect(path).execute("SELECT rootpage FROM sqlite_master WHERE name = 'a'").fetchone()
    with path.open("r+b") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(bytes(200))
    with pytest.raises(DamagedError):
        check_intact(path, path)


def test_an_archive_whose_content_is_another_and_a_text_that_is_cut(tmp_path):
    path = tmp_path / "m.scarp"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights", b"0123456789" * 20)
    check_intact(path, path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"0123456789", b"0123456780", 1))
    with pytest.raises(DamagedError, match="weights is damaged"):
        check_intact(path, path)
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"a": [1, 2]}))
    check_intact(path, path)
    path.write_text(json.dumps({"a": [1, 2]})[:-1])
    with pytest.raises(DamagedError):
        check_intact(path, path)


def test_a_temporary_name_decides_how_it_is_read_and_the_real_one_is_told(tmp_path):
    """A folder is no file that was written."""
    (tmp_path / "part.tif").mkdir()
    with pytest.raises(EngineError, match=r"The output .*map\.tif was not written"):
        check_intact(tmp_path / "part.tif", tmp_path / "map.tif")
