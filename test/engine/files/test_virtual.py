# SPDX-License-Identifier: GPL-2.0-or-later
"""However a virtual raster writes what it is made of, it is understood as GDAL does; whole runs of such are in `test_hostile_files.py`."""

import pytest
from scarp.engine.errors import EngineError
from scarp.engine.files import virtual as module
from scarp.engine.files.virtual import check_virtual


def virtual(path, name, dataset="VRTDataset", attributes=""):
    source = f"<SimpleSource><SourceFilename{attributes}>{name}</SourceFilename></SimpleSource>"
    path.write_text(f'<{dataset} rasterXSize="4" rasterYSize="4"><VRTRasterBand>{source}</VRTRasterBand></{dataset}>')
    return str(path)


@pytest.mark.parametrize("kind", ["curl", "s3", "gs", "az", "adls", "oss", "swift", "webhdfs", "hdfs"])
def test_every_file_system_of_the_network_is_one(tmp_path, kind):
    with pytest.raises(EngineError, match=rf"a\.vrt names a file of the network \(./vsi{kind}/there/b\.tif.\)"):
        check_virtual(virtual(tmp_path / "a.vrt", f"/vsi{kind}/there/b.tif"))


@pytest.mark.parametrize(
    ("name", "dataset"), [("&#47;vsicurl/b.tif", "VRTDataset"), ("/VSICURL/b.tif", "VRTDataset"), ("/vsis3/b", "vrtdataset")]
)
def test_letters_that_are_written_otherwise_are_read(tmp_path, name, dataset):
    with pytest.raises(EngineError, match="names a file of the network"):
        check_virtual(virtual(tmp_path / "a.vrt", name, dataset))


@pytest.mark.parametrize(("attributes", "is_told"), [(' relativeToVRT="1"', True), (' relativeToVRT="0"', False), ("", False)])
def test_a_name_counts_from_the_virtual_raster_where_it_says_so(tmp_path, monkeypatch, attributes, is_told):
    """Else from where the run was started, where another file of that name lies."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    virtual(tmp_path / "b.vrt", "/vsicurl/there/c.tif")
    virtual(tmp_path / "elsewhere" / "b.vrt", "c.tif")
    outer = virtual(tmp_path / "a.vrt", "b.vrt", attributes=attributes)
    if is_told:
        with pytest.raises(EngineError, match="names a file of the network"):
            check_virtual(outer)
    else:
        check_virtual(outer)


def test_a_comment_over_several_lines_is_none_of_the_file(tmp_path):
    """And what stands as it is, over several lines too, is a name."""
    path, source = tmp_path / "a.vrt", "<SourceFilename>{}</SourceFilename>"
    path.write_text("<VRTDataset>\n<!-- once\n" + source.format("/vsicurl/b.tif") + "\n-->\n</VRTDataset>")
    check_virtual(str(path))
    virtual(tmp_path / "b.vrt", "/vsicurl/c.tif")
    path.write_text("<VRTDataset>" + source.format(f"<![CDATA[\n{tmp_path / 'b.vrt'}\n]]>") + "</VRTDataset>")
    with pytest.raises(EngineError, match=r"b\.vrt names a file of the network"):
        check_virtual(str(path))


@pytest.mark.parametrize("language", ["Python", "python", " Python\n"])
def test_python_however_it_is_written_is_never_run(tmp_path, language):
    path = tmp_path / "a.vrt"
    path.write_text(f"<VRTDataset><PixelFunctionLanguage>{language}</PixelFunctionLanguage></VRTDataset>")
    with pytest.raises(EngineError, match="has a pixel function in Python"):
        check_virtual(str(path))


def test_a_service_that_the_user_names_is_the_users_wish(tmp_path):
    """That of a virtual raster is that of who made it."""
    (tmp_path / "tiles.xml").write_text('<GDAL_WMS><Service name="TMS"/></GDAL_WMS>')
    check_virtual(str(tmp_path / "tiles.xml"))
    with pytest.raises(EngineError, match="names a service of the network"):
        check_virtual(virtual(tmp_path / "a.vrt", tmp_path / "tiles.xml"))


def test_a_file_that_is_named_twice_is_looked_at_once(tmp_path, monkeypatch):
    """Twenty files that name the next one twice are a million ways down."""
    looked_at = []

    def text(path, text=module._text):
        looked_at.append(path.name)
        assert len(looked_at) <= 2 * 20 + 1
        return text(path)

    monkeypatch.setattr(module, "_text", text)
    for number in range(20):
        source = f'<SourceFilename relativeToVRT="1">{number + 1}.vrt</SourceFilename>'
        (tmp_path / f"{number}.vrt").write_text(f"<VRTDataset>{source}{source}</VRTDataset>")
    check_virtual(str(tmp_path / "0.vrt"))
    assert set(looked_at) == {f"{number}.vrt" for number in range(21)}
