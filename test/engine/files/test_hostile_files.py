# SPDX-License-Identifier: GPL-2.0-or-later
"""Stacks, virtual rasters and descriptions of tasks that somebody spoiled: one sentence each, and nothing is run or fetched."""

import json
import os
import time
import zipfile

import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine import worker
from scarp.engine.declarations.parameters import TASKS
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import reference_of
from scarp.engine.files.manifest import files_of
from scarp.engine.files.stack import Stack
from scarp.engine.files.vectors import open_layer, point, write_layer
from scarp.engine.files.virtual import check_virtual


def refused(act):
    started = time.process_time()
    with pytest.raises(EngineError) as caught:
        act()
    assert time.process_time() - started < 2
    assert len(str(caught.value)) < 800 and "Traceback" not in str(caught.value)
    return str(caught.value)


METADATA = {
    "kind of nothing": {"kind": "psychic"},
    "kind of 3 MB": {"kind": "x" * 3_000_000},
    "classes no JSON": {"kind": "categorical", "classes": "{"},
    "classes a list": {"kind": "categorical", "classes": "[1, 2]"},
    "classes a number": {"kind": "categorical", "classes": "7"},
    "classes of text": {"kind": "categorical", "classes": '{"one": "marl"}'},
    "classes nested": {"kind": "categorical", "classes": "[" * 100_000},
    "classes of 5 MB": {"kind": "categorical", "classes": json.dumps({str(n): "x" * 60 for n in range(80_000)})},
    "codes a list": {"kind": "categorical", "classes": "{}", "codes": '{"1": [2]}'},
    "codes infinite": {"kind": "categorical", "classes": "{}", "codes": '{"1": Infinity}'},
    "digits without end": {"kind": "categorical", "classes": '{"' + "9" * 100_000 + '": "x"}'},
}


@pytest.mark.parametrize("name", METADATA)
def test_metadata_that_are_none_are_told(write_stack, name):
    path = write_stack("s.tif", (5, 6))
    dataset = gdal.Open(path, gdal.GA_Update)
    for key, value in METADATA[name].items():
        dataset.GetRasterBand(1).SetMetadataItem(key, value)
    del dataset
    assert "are no longer those of a covariate stack" in refused(lambda: Stack.open(path))


def test_more_bands_than_any_stack_and_longer_names(tmp_path):
    path = str(tmp_path / "many.tif")
    made = gdal.GetDriverByName("GTiff").Create(path, 2, 2, 2100, gdal.GDT_Byte)
    made.SetProjection(reference_of(32639).ExportToWkt())
    del made
    assert "2,100 bands" in refused(lambda: Stack.open(path))
    path = str(tmp_path / "long.tif")
    made = gdal.GetDriverByName("GTiff").Create(path, 2, 2, 1, gdal.GDT_Float32)
    made.SetProjection(reference_of(32639).ExportToWkt())
    made.GetRasterBand(1).SetDescription("z" * 100_000)
    del made
    assert "longer than any covariate's" in refused(lambda: Stack.open(path))


DISGUISES = {
    "a comment before": ("<!-- mosaic -->", "<SourceFilename>{}</SourceFilename>"),
    "text before": ("mosaic ", "<SourceFilename>{}</SourceFilename>"),
    "a byte order mark": ("\ufeff", "<SourceFilename>{}</SourceFilename>"),
    "as it stands": ("", "<SourceFilename><![CDATA[{}]]></SourceFilename>"),
    "small letters": ("", "<sourcefilename>{}</sourcefilename>"),
}


@pytest.mark.parametrize("name", DISGUISES)
def test_gdal_reads_no_more_of_a_virtual_raster_than_is_looked_at(tmp_path, name):
    """GDAL finds the source in each of these, so its name is to be looked at in each."""
    before, source = DISGUISES[name]
    local, path = str(tmp_path / "a.tif"), tmp_path / "v.vrt"
    made = gdal.GetDriverByName("GTiff").Create(local, 2, 2)
    made.GetRasterBand(1).Fill(7)
    del made
    band = '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>' + source + "</SimpleSource></VRTRasterBand>"
    text = before + f'<VRTDataset rasterXSize="2" rasterYSize="2">{band}</VRTDataset>'
    path.write_text(text.format(local), encoding="utf-8")
    assert gdal.Open(str(path)).ReadAsArray().sum() == 28
    check_virtual(str(path))
    path.write_text(text.format("/vsicurl/http://127.0.0.1:9/a.tif"), encoding="utf-8")
    assert "names a file of the network" in refused(lambda: check_virtual(str(path)))


def virtual(path, *sources, band="", inside=""):
    """A virtual raster of one band and what it is made of, by names as they are."""
    source = '<SimpleSource><SourceFilename relativeToVRT="{}">{}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
    parts = "".join(source.format(int(not name.startswith("/")), name) for name in sources)
    head = '<VRTDataset rasterXSize="6" rasterYSize="5"><SRS>EPSG:32639</SRS><GeoTransform>0,30,0,0,0,-30</GeoTransform>'
    described = f'<VRTRasterBand dataType="Float32" band="1" {band}><Description>slope</Description>{inside}{parts}</VRTRasterBand>'
    path.write_text(f"{head}{described}</VRTDataset>")
    return str(path)


PYTHON = (
    "<PixelFunctionType>f</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>"
    "<PixelFunctionCode><![CDATA[{}]]></PixelFunctionCode>"
)
OF_ITSELF = "is made of itself"
NETWORK = "names a file of the network"


@pytest.mark.parametrize("reads", [Stack.open, files_of], ids=["stack", "files"])
@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a": ["a.vrt"]}, OF_ITSELF),
        ({"a": ["b.vrt"], "b": ["a.vrt"]}, OF_ITSELF),
        ({"a": ["b.vrt"], "b": ["c.vrt"], "c": ["good.tif", "b.vrt"]}, OF_ITSELF),
        ({"a": ["/vsicurl/http://192.0.2.1/x.tif"]}, NETWORK),
        ({"a": ["good.tif", "b.vrt"], "b": ["/vsis3/bucket/x.tif"]}, NETWORK),
        ({"a": ["/vsizip//vsicurl/https://192.0.2.1/x.zip/x.tif"]}, NETWORK),
        ({"a": ["WMS:http://192.0.2.1/?"]}, NETWORK),
    ],
)
def test_virtual_rasters_of_themselves_and_of_the_network(write_stack, tmp_path, reads, files, words):
    write_stack("good.tif", (5, 6))
    for name, sources in files.items():
        virtual(tmp_path / f"{name}.vrt", *sources)
    assert words in refused(lambda: reads(str(tmp_path / "a.vrt")))


def test_a_virtual_raster_of_a_description_of_a_service_fetches_nothing(write_stack, tmp_path):
    write_stack("good.tif", (5, 6))
    (tmp_path / "tiles.xml").write_text(
        '<?xml version="1.0"?>\n<GDAL_WMS><Service name="TMS"><ServerUrl>http://192.0.2.1/</ServerUrl></Service></GDAL_WMS>'
    )
    assert "names a service of the network" in refused(lambda: Stack.open(virtual(tmp_path / "a.vrt", "good.tif", "tiles.xml")))


@pytest.mark.parametrize("reads", [open_layer, files_of])
@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("a.vrt", OF_ITSELF),
        ("pipe.gpkg", "it is a pipe, no file; give a file"),
        ("/vsicurl/http://192.0.2.1/a.gpkg", NETWORK),
        ("WFS:http://192.0.2.1/", NETWORK),
        ("service.xml", "names a service of the network"),
    ],
)
def test_virtual_layers_of_themselves_of_pipes_and_of_the_network(tmp_path, monkeypatch, reads, source, words):
    os.mkfifo(tmp_path / "pipe.gpkg")
    monkeypatch.setattr(gdal, "OpenEx", lambda *given, **named: pytest.fail("it would be waited for without end"))
    (tmp_path / "service.xml").write_text("<OGRWFSDataSource><URL>http://192.0.2.1/</URL></OGRWFSDataSource>")
    made = f'<SrcDataSource relativeToVRT="{int(source[0] not in "/W")}">{source}</SrcDataSource>'
    path = tmp_path / "a.vrt"
    path.write_text(f'<OGRVRTDataSource><OGRVRTLayer name="a">{made}</OGRVRTLayer></OGRVRTDataSource>')
    assert words in refused(lambda: reads(str(path)))


def test_what_is_no_raster_within_an_archive_is_not_told_as_missing(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr("a.tif", bytes(5000))
    assert "it is an archive (zip); unpack it" in refused(lambda: Stack.open(f"/vsizip/{tmp_path}/a.zip/a.tif"))


def test_a_good_virtual_layer_is_read(tmp_path):
    write_layer(tmp_path / "b.gpkg", "b", ogr.wkbPoint, {}, [({}, point(1, 2))], reference_of(32639))
    made = '<SrcDataSource relativeToVRT="1">b.gpkg</SrcDataSource>'
    (tmp_path / "a.vrt").write_text(f'<OGRVRTDataSource><OGRVRTLayer name="b">{made}</OGRVRTLayer></OGRVRTDataSource>')
    _, layer = open_layer(str(tmp_path / "a.vrt"))
    assert [feature.GetGeometryRef().ExportToWkt() for feature in layer] == ["POINT (1 2)"]


def test_a_good_virtual_raster_twice_over_is_none_of_itself(write_stack, tmp_path):
    write_stack("good.tif", (5, 6))
    for name in ("b", "c"):
        virtual(tmp_path / f"{name}.vrt", "good.tif")
    assert Stack.open(virtual(tmp_path / "a.vrt", "b.vrt", "c.vrt")).names == ["slope"]


def test_python_in_a_virtual_raster_is_never_run(write_stack, tmp_path, monkeypatch):
    write_stack("good.tif", (5, 6))
    monkeypatch.setenv("GDAL_VRT_ENABLE_PYTHON", "YES")
    owned = tmp_path / "owned"
    code = PYTHON.format(f"\nopen({str(owned)!r}, 'w')\ndef f(in_ar, out_ar, *a, **k):\n    out_ar[:] = 1\n")
    path = virtual(tmp_path / "a.vrt", "good.tif", band='subClass="VRTDerivedRasterBand"', inside=code)
    assert "never run" in refused(lambda: Stack.open(path))
    assert gdal.GetConfigOption("GDAL_VRT_ENABLE_PYTHON") == "NO"
    with pytest.raises(RuntimeError):  # should the text ever be overlooked
        gdal.Open(path).ReadAsArray()
    assert not owned.exists()


def test_a_reference_system_is_no_file_and_no_address(tmp_path):
    (tmp_path / "crs.prj").write_text(reference_of(32639).ExportToWkt())
    for text in (str(tmp_path / "crs.prj"), "http://192.0.2.1/crs", "/vsicurl/http://192.0.2.1/crs.prj"):
        with pytest.raises(EngineError, match="is no coordinate reference system"):
            reference_of(text)
    assert reference_of("http://www.opengis.net/def/crs/EPSG/0/32639").IsSame(reference_of(32639))


TEXTS = {
    "nothing": b"",
    "no JSON": b"{",
    "other bytes": b"\xff\xfe\x00",
    "nested": b"[" * 1_000_000,
    "a list": b"[1]",
    "a number": b"1",
    "no parameters": b'{"task": "train_cnn_dnn"}',
    "parameters a list": b'{"task": "train_cnn_dnn", "parameters": [1]}',
    "task a list": b'{"task": ["train_cnn_dnn"], "parameters": {}}',
    "17 MB": b'{"task": "' + b"x" * 17_000_000 + b'"}',
    "digits": b'{"task": ' + b"9" * 1_000_000 + b"}",
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_description_that_is_none_is_told(tmp_path, name):
    (tmp_path / "task.json").write_bytes(TEXTS[name])
    assert "it must be an object such as" in refused(lambda: worker._described(tmp_path / "task.json"))


def test_a_task_of_no_name_is_told_in_short():
    assert len(refused(lambda: worker.run("z" * 1_000_000, {}, Feedback()))) < 500


TEXT = ["", "\0", "x" * 100_000, "a\nb", "/nowhere/x", "\u202e", "|layername=", "|crs=/etc/passwd", "<VRTDataset/>", "/vsizip/"]
VALUES = [None, True, -1, 0, 1e400, float("nan"), 10**400, [], [[]], ["\0"], {}, {"a": 1}, *TEXT]


@pytest.mark.parametrize("task", [task for task in TASKS if task != "install_engine"])
def test_no_value_of_a_parameter_makes_a_traceback(task, tmp_path):
    """Every parameter with every odd value, the others left out or of nothing: a sentence, whatever it is."""
    from scarp.engine.declarations.parameters import task_parameters

    rng = np.random.default_rng(5)
    nowhere = {"folder": "/proc/nowhere/x"} if task == "sample_landscape" else {}  # it needs nothing else
    keys = [key for key in task_parameters(task) if key not in nowhere]
    tried = [{key: value} for key in keys for value in VALUES]
    tried += [{key: VALUES[rng.integers(len(VALUES))] for key in rng.choice(keys, min(len(keys), 6), replace=False)} for _ in range(100)]
    tried += [{"unknown": 1}, {"x" * 10_000: 1}, {"\0": 1}]
    for parameters in tried:
        with pytest.raises(EngineError) as caught:
            worker.run(task, {**parameters, **nowhere}, Feedback())
        assert len(str(caught.value)) < 3000, parameters
