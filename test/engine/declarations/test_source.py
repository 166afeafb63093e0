# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scarp.engine.declarations.source import Source

words = st.text(max_size=12)
numbers = st.floats(allow_nan=False)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.builds(
        Source,
        path=st.sampled_from(["/d/dem.tif", "/d/a|b.tif", "/d/50%|x=1.tif", "GPKG:C:/d/climate.gpkg:rain"]),
        name=words,
        layername=words,
        geometrytype=st.sampled_from(["", "Point"]),
        band=st.integers(0, 300),
        crs=st.sampled_from(["", "EPSG:32639", 'PROJCRS["a|b 100%",BASEGEOGCRS["é"]]']),
        nodata=st.lists(st.tuples(numbers, numbers), max_size=3).map(tuple),
        own_nodata=st.booleans(),
        options=st.sampled_from([(), ("SHEET=a|b",), ("OVERVIEW_LEVEL=NONE", "X=1=2")]),
    )
)
def test_what_is_written_is_read(source):
    assert Source.parse(str(source)) == source


def test_a_path_alone_stays_as_it_is():
    for path in ("/d/dem.tif", "/d/a|b.tif", "/d/100%25.tif", "/d/x|color=red.tif"):
        assert str(Source.parse(path)) == Source.parse(path).path == path


def test_wrong_options_are_noticed():
    for text in ("/d/dem.tif|band=red", "/d/dem.tif|nodata=5"):
        with pytest.raises(ValueError):
            Source.parse(text)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("/d/rain.tif", "rain"),
        ("/d/rain.tif|name=Rain of June", "Rain of June"),
        ("/d/osm.gpkg|layername=roads", "roads"),
        ("/d/osm.gpkg|layername=roads|name=Roads", "Roads"),
        ("GPKG:/d/climate.gpkg:rain", "rain"),
        ("GPKG:C:\\d\\climate.gpkg:rain", "rain"),
        ('NETCDF:"/d/climate.nc":rain', "rain"),
        ('HDF5:"/d/climate.h5"://group/rain', "rain"),
        ("/d/soil/hdr.adf", "soil"),
        ("C:/d/rain.tif", "rain"),
        ("/vsizip//d/maps.zip/rain.tif", "rain"),
    ],
)
def test_the_label_is_the_layers_own_name(text, label):
    assert Source.parse(text).label == label
