# SPDX-License-Identifier: GPL-2.0-or-later
"""However a virtual raster writes what it is made of, it is understood as GDAL does; whole runs of such are in `test_hostile_files.py`."""

import pytest
from scarp.engine.errors import EngineError
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
