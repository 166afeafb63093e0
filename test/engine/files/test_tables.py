# SPDX-License-Identifier: GPL-2.0-or-later
import pytest
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.files.tables import write_table


@pytest.mark.parametrize("ending", ["csv", "gpkg"])
def test_tables_keep_their_values_and_types(tmp_path, ending):
    path = str(tmp_path / f"t.{ending}")
    write_table(path, [{"name": "a", "n": 3, "x": None}, {"name": "b, c", "n": 4, "x": 0.25}])
    layer = (dataset := gdal.OpenEx(path)).GetLayer(0)
    assert layer.GetGeomType() == ogr.wkbNone
    assert [(each["name"], each["n"], each["x"]) for each in layer] == [("a", 3, None), ("b, c", 4, 0.25)]
    del dataset


def test_tables_of_other_formats_are_refused(tmp_path):
    with pytest.raises(EngineError, match=r"must end in .csv or .gpkg"):
        write_table(str(tmp_path / "t.shp"), [{"a": 1}])


def test_a_table_of_one_row(tmp_path):
    write_table(str(tmp_path / "t.csv"), [{"n": 3, "x": None}])
    assert (tmp_path / "t.csv").read_text() == "n,x\n3,\n"
    assert (tmp_path / "t.csvt").read_text() == '"Integer64","Real"\n'
