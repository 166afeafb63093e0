# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of files that cannot be opened, beside the several hundred of `test_bad_input.py`."""

import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.files.opening import damage_told, opened, parsed


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
