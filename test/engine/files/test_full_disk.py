# SPDX-License-Identifier: GPL-2.0-or-later
"""Where no more can be written, tasks say so in one sentence, and what lay under the output's name is still there, whole.

Files may not grow beyond a limit that the system sets (RLIMIT_FSIZE), so that real writes fail at many places, as on a full disk.
"""

import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.files.outputs import replacing

resource = pytest.importorskip("resource", reason="there are no limits of files on this system")
ROOT = Path(__file__).resolve().parents[3]
SIDE = 300
# Bytes that a file may have: from less than a header to nearly the whole.
LIMITS = [0, 200, 4_000, 20_000, 30_000]


@pytest.fixture(scope="module")
def susceptibility(tmp_path_factory):
    """Noise, so that its classes do not compress to nothing."""
    path = str(tmp_path_factory.mktemp("full") / "susceptibility.tif")
    grid = Grid(reference_of(32639).ExportToWkt(), (5e5, 20.0, 0.0, 3.6e6, 0.0, -20.0), (SIDE, SIDE))
    dataset = grid.create(path, 1, gdal.GDT_Float32, -9999.0)
    dataset.GetRasterBand(1).WriteArray(np.random.default_rng(1).random((SIDE, SIDE)))
    del dataset
    return path


def worker(tmp_path, task, limit, **parameters):
    """Run a task in a worker whose files may not grow beyond `limit` bytes; return its exit code and its last line."""
    description = tmp_path / "task.json"
    description.write_text(json.dumps({"task": task, "parameters": parameters}))
    code = (
        "import resource, runpy, sys; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY)); "
        f"sys.argv = ['worker', {str(description)!r}]; runpy.run_path({str(ROOT / 'engine' / '__main__.py')!r}, run_name='__main__')"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return found.returncode, json.loads(found.stdout.splitlines()[-1])


@pytest.mark.parametrize("limit", LIMITS)
def test_the_old_classes_stay_whole(tmp_path, susceptibility, limit):
    target, table = tmp_path / "classes.tif", tmp_path / "classes.csv"
    grid = Grid.of(gdal.Open(susceptibility))
    old = grid.create(str(target), 1, gdal.GDT_Byte, 0)
    old.GetRasterBand(1).Fill(7)
    del old
    before = target.read_bytes()
    code, last = worker(tmp_path, "classify_susceptibility", limit, susceptibility=susceptibility, output=str(target), table=str(table))
    assert (code, last["type"]) == (1, "error")
    assert "cannot be written" in last["text"], last["text"]
    assert "unexpectedly" not in last["text"]
    assert target.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir() if not each.name.startswith("task")) == ["classes.tif"]


def test_with_room_enough_the_same_run_succeeds(tmp_path, susceptibility):
    target = tmp_path / "classes.tif"
    code, last = worker(tmp_path, "classify_susceptibility", 10_000_000, susceptibility=susceptibility, output=str(target))
    assert (code, last["type"]) == (0, "result")
    assert set(np.unique(gdal.Open(str(target)).ReadAsArray())) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("limit", [4_700, 6_000])
def test_a_raster_that_cannot_be_laid_for_want_of_room_is_told_as_that(tmp_path, susceptibility, limit):
    """The second map has larger cells, so that less is read of it than is laid over the first."""
    coarse, points = tmp_path / "coarse.tif", tmp_path / "task-points.geojson"
    made = Grid(reference_of(32639).ExportToWkt(), (5e5, 200.0, 0.0, 3.6e6, 0.0, -200.0), (30, 30)).create(str(coarse), 1)
    made.GetRasterBand(1).WriteArray(np.random.default_rng(1).random((30, 30)))
    del made
    geometries = [{"type": "Point", "coordinates": [5e5 + 90 * number, 3.6e6 - 50 * number]} for number in range(1, 60)]
    features = [{"type": "Feature", "properties": {}, "geometry": each} for each in geometries]
    points.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    maps = {"susceptibility": susceptibility, "susceptibility_2": str(coarse)}
    code, last = worker(tmp_path, "validate_map", limit, **maps, inventory=f"{points}|crs=EPSG:32639", output=str(tmp_path / "table.csv"))
    assert code == 1
    assert last["text"].startswith(f"The output {tmp_path / 'table.csv'} cannot be written (")
    assert "tiff" not in last["text"].lower()
    assert sorted(each.name for each in tmp_path.iterdir() if not each.name.startswith("task")) == ["coarse.tif"]


@pytest.mark.parametrize("limit", [50_000, 100_000])
def test_points_that_do_not_fit_are_not_there(tmp_path, susceptibility, limit):
    """A GeoPackage whose transaction or index cannot be kept is no output, whatever was written of it."""
    out = tmp_path / "points.gpkg"
    code = (
        "import resource, runpy, sys, numpy as np\n"
        f"runpy.run_path({str(ROOT / 'engine' / '__main__.py')!r}, run_name='launch')['register_package']()\n"
        "from osgeo import ogr\n"
        "from scarp.engine.files.outputs import replacing\n"
        "from scarp.engine.files.vectors import write_points\n"
        "from scarp.engine.files.grid import reference_of\n"
        "from scarp.engine.errors import EngineError\n"
        "n = np.arange(3000.0)\n"
        "try:\n"
        f"    with replacing({str(out)!r}) as path:\n"
        f"        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))\n"
        "        write_points(path, 'points', {'x': ogr.OFTReal, 'y': ogr.OFTReal}, (n, n), reference_of(32639))\n"
        "except EngineError as error:\n"
        "    print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "cannot be written" in found.stdout, found.stdout + found.stderr
    assert not list(tmp_path.glob("*points*"))


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "The disk of .* is full; free some space or choose another folder"),
        (OSError(errno.EROFS, "Read-only file system"), "map.tif cannot be written \\(Read-only file system\\)"),
        (RuntimeError("TIFFAppendToStrip:Write error at scanline 3"), "map.tif cannot be written \\(Write error at scanline 3\\)"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(tmp_path, error, sentence):
    with pytest.raises(EngineError, match=sentence), replacing(tmp_path / "map.tif"):
        raise error


def test_other_errors_stay_what_they_are(tmp_path):
    with pytest.raises(RuntimeError, match="a bug"), replacing(tmp_path / "map.tif"):
        raise RuntimeError("a bug")


def test_a_raster_that_was_cut_off_is_not_renamed(tmp_path, susceptibility):
    target = tmp_path / "map.tif"
    target.write_bytes(b"old")
    content = Path(susceptibility).read_bytes()
    with pytest.raises(EngineError, match="cannot be written"), replacing(target) as path:
        path.write_bytes(content[: len(content) // 2])
    assert target.read_bytes() == b"old"


def test_a_file_that_must_not_change_is_told_before_any_work(tmp_path):
    target = tmp_path / "map.tif"
    target.write_text("old")
    target.chmod(0o444)
    with pytest.raises(EngineError, match="map.tif cannot be replaced \\(it is read-only\\); choose another name"), replacing(target):
        raise AssertionError("no work is begun")
    assert target.read_text() == "old"


@pytest.mark.parametrize("limit", [0, 3_000])
def test_a_landscape_that_does_not_fit_is_told_and_leaves_nothing(tmp_path, limit):
    """SQLite tells nothing where it cannot begin a file."""
    folder = tmp_path / "landscape"
    code, last = worker(tmp_path, "sample_landscape", limit, size=64, landslides=20, folder=str(folder))
    assert (code, last["type"]) == (1, "error")
    assert "cannot be written" in last["text"], last["text"]
    assert len(last["text"]) < 400  # not the whole statement of SQL
    assert not list(folder.glob("*"))
