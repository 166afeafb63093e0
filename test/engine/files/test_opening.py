# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of files that cannot be opened, beside the several hundred of `test_bad_input.py`."""

import os
import sys

import pytest
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.files.opening import check_file, damage_told, opened, parsed, shortened


def test_each_file_of_a_mosaic_is_looked_at_before_it_is_read(tmp_path, odd_grid):
    """The last one was cut off to nothing after the mosaic was made."""
    parts = [str(tmp_path / f"{number}.tif") for number in range(3)]
    for number, path in enumerate(parts):
        odd_grid(corner=(512_347.3 + 340 * number, 3_598_761.9)).create(path).FlushCache()
    mosaic = str(tmp_path / "a.vrt")
    gdal.BuildVRT(mosaic, parts).FlushCache()
    assert opened(parsed(mosaic), gdal.OF_RASTER, "raster a.vrt").RasterXSize == 3 * 17
    (tmp_path / "2.tif").write_bytes(b"")
    with pytest.raises(EngineError, match=r"The file .*2\.tif of the raster a\.vrt cannot be opened: its file is empty"):
        opened(parsed(mosaic), gdal.OF_RASTER, "raster a.vrt")


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        ("database is locked", "cannot be read: another program holds it locked; close it there"),
        ("database disk image is malformed", r"cannot be read \(database disk image is malformed\); its file is damaged"),
    ],
)
def test_a_file_that_is_held_by_another_program_is_not_called_damaged(cause, words):
    """And SQLite's whole statement is not told."""
    with pytest.raises(EngineError, match=f"^The layer a {words}"), damage_told("layer a"):
        raise RuntimeError(f"sqlite3_exec(SELECT * FROM a) failed: {cause}")


def test_of_a_long_name_both_ends_are_shown():
    """The end of a path says more than its middle."""
    assert shortened("a" * 100 + "b" * 100) == "a" * 60 + "…" + "b" * 59
    assert shortened("c" * 120) == "c" * 120


@pytest.mark.parametrize(
    ("name", "content", "kind", "words"),
    [
        ("a.gpkg", None, gdal.OF_RASTER, "it holds no raster; give one"),
        ("a.tif", None, gdal.OF_VECTOR, "it holds no vector layer; give one"),
        ("b.tif", b" <!DOCTYPE HTML>\n<HTML><body>Log in</body></HTML>", gdal.OF_RASTER, "it is a web page, as a download gives"),
        ("b.gpkg", b"<html>", gdal.OF_VECTOR, "it is a web page, as a download gives"),
        ("c.gpkg", b"PK\x03\x04 and more", gdal.OF_VECTOR, r"it is an archive \(zip\); unpack it"),
        ("c.ods", b"PK\x03\x04 and more", gdal.OF_VECTOR, "it is (no vector layer that GDAL knows|damaged)"),
        ("c.xlsx", b"PK\x03\x04 and more", gdal.OF_VECTOR, "it is (no vector layer that GDAL knows|damaged)"),
    ],
)
def test_what_a_file_is_instead_is_told(tmp_path, odd_grid, name, content, kind, words):
    path = str(tmp_path / name)
    if content:
        (tmp_path / name).write_bytes(content)
    elif kind == gdal.OF_VECTOR:
        odd_grid().create(path).FlushCache()
    else:
        dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
        dataset.CreateLayer("a", None, ogr.wkbPoint)
        del dataset
    with pytest.raises(EngineError, match=f"^The file a cannot be opened: {words}"):
        opened(parsed(path), kind, "file a")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes with names")
@pytest.mark.parametrize("beside", ["a.tif.aux.xml", "a.tif.ovr", "a.tif.msk", "a.tif.vat.dbf", "a.aux", "a.rrd", "a.hdr", "a.tfw"])
def test_a_pipe_beside_a_file_is_never_waited_for(tmp_path, odd_grid, beside):
    path = str(tmp_path / "a.tif")
    odd_grid().create(path).FlushCache()
    os.mkfifo(tmp_path / beside)
    with pytest.raises(EngineError, match=f"{beside}, which belongs to it, is a pipe, no file; remove it"):
        check_file(path, "raster a")
