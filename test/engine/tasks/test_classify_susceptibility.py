# SPDX-License-Identifier: GPL-2.0-or-later
import csv
import json
from pathlib import Path

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.tasks.classify_susceptibility import run

GRID = Grid(reference_of(32639).ExportToWkt(), (500007.25, 20.0, 0.0, 3600011.5, 0.0, -35.0), (30, 23))


@pytest.fixture
def susceptibility(tmp_path):
    """Five values, each on 6 of 30 rows; one cell has none."""
    path = str(tmp_path / "s.tif")
    dataset = GRID.create(path, nodata=-9999)
    values = np.repeat(np.float32([0.05, 0.3, 0.31, 0.7, 0.97]), 6)[:, None] * np.ones((1, 23))
    values[0, 0] = -9999
    dataset.GetRasterBand(1).WriteArray(values)
    dataset.FlushCache()
    return path


@pytest.fixture
def slides(tmp_path):
    """Four landslides in the rows of 0.97, one in those of 0.05."""
    path = str(tmp_path / "slides.gpkg")
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = dataset.CreateLayer("slides", GRID.spatial_reference, ogr.wkbPoint)
    for cell in ((25, 2), (26, 3), (27, 4), (28, 5), (1, 1)):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt("POINT ({} {})".format(*GRID.centres(*cell))))
        layer.CreateFeature(feature)
    dataset.FlushCache()
    return path


def test_all_outputs_by_value(susceptibility, slides, tmp_path):
    listener = Listener()
    paths = {"output": "c.tif", "table": "c.csv", "polygons": "c.gpkg"}
    paths = {key: str(tmp_path / name) for key, name in paths.items()}
    result = run(listener, susceptibility=susceptibility, classes=4, inventory=slides, **paths)
    ends = [52 / 1024, 318 / 1024, 717 / 1024]  # 0.3 and 0.31 go together; a class ends with the bin of its highest value
    assert result == {**paths, "breaks": ends}
    numbers = np.repeat([1, 2, 2, 3, 4], 6)[:, None] * np.ones((1, 23), int)
    numbers[0, 0] = 0
    np.testing.assert_array_equal(gdal.Open(paths["output"]).ReadAsArray(), numbers)
    with Path(paths["table"]).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["class"] for row in rows] == ["low", "moderate", "high", "very high"]
    assert [row["cells"] for row in rows] == ["137", "276", "138", "138"]
    assert [row["area_km2"] for row in rows] == ["0.0959", "0.1932", "0.0966", "0.0966"]
    assert [row["share_percent"] for row in rows] == ["19.88", "40.06", "20.03", "20.03"]
    assert [row["landslide_cells"] for row in rows] == ["1", "0", "0", "4"]
    assert [row["frequency_ratio"] for row in rows] == ["1.0058", "0.0", "0.0", "3.9942"]
    dataset = ogr.Open(paths["polygons"])
    assert sorted((each["class"], each["name"], round(each.geometry().Area() / 700)) for each in dataset.GetLayer(0)) == [
        (1, "low", 137), (2, "moderate", 276), (3, "high", 138), (4, "very high", 138)
    ]  # fmt: skip
    assert listener.messages == [
        "low: 0.000 to 0.051, 19.9 % of the area, 20.0 % of the landslides",
        "moderate: 0.051 to 0.310, 40.1 % of the area, 0.0 % of the landslides",
        "high: 0.310 to 0.700, 20.0 % of the area, 0.0 % of the landslides",
        "very high: 0.700 to 1.000, 20.0 % of the area, 80.0 % of the landslides",
        "The landslides are those of slides, each counting the same. If the map was made from them, their shares say how well it fits "
        "(success), not what it tells of others (prediction); scarp:validatemap keeps the two apart.",
    ]
    assert listener.percents == sorted(listener.percents) and listener.percents[-1] == 100


def test_landslides_of_one_type_are_counted_alone(susceptibility, slides, tmp_path):
    """Of four landslides in the highest class two are slides, and so is the one in the lowest; the map is for flows."""
    dataset = ogr.Open(slides, 1)
    layer = dataset.GetLayer(0)
    layer.CreateField(ogr.FieldDefn("kind", ogr.OFTString))
    for feature, kind in zip(layer, ("Slide", "flow", "slide ", None, "Slide")):
        feature["kind"] = kind
        layer.SetFeature(feature)
    del feature, layer, dataset
    gdal.Open(susceptibility, gdal.GA_Update).SetMetadataItem("landslide_type", "flow")
    listener, table = Listener(), str(tmp_path / "c.csv")
    given = {"susceptibility": susceptibility, "classes": 2, "inventory": slides, "type_field": "kind", "output": str(tmp_path / "c.tif")}
    run(listener, types="slide", table=table, **given)
    with Path(table).open(encoding="utf-8", newline="") as stream:
        assert [row["landslides"] for row in csv.DictReader(stream)] == ["1.0", "2.0"]
    assert "The map is for landslides of the type flow, and those given are of the type Slide: choose them by their field" in (
        " ".join(listener.warnings)
    )
    told = json.loads((tmp_path / "c.tif.run.json").read_text(encoding="utf-8"))
    assert told["results"]["types"] == "Slide"
    listener.warnings.clear()
    run(listener, types="FLOW", **given)
    assert not listener.warnings
    with pytest.raises(EngineError, match=r"Types of movement \(TYPES\) are named, and no field that tells them \(TYPE_FIELD\)"):
        run(listener, types="flow", **{**given, "type_field": None})


@pytest.mark.parametrize(
    ("method", "breaks", "found"),
    [
        ("manual", [0.5], [0.5]),
        ("equal_intervals", None, [51 / 1024 + (994 - 51) / 1024 / 2]),
        ("quantiles", None, [318 / 1024]),
        ("natural_breaks", None, [318 / 1024]),
    ],
)
def test_the_method_decides(susceptibility, tmp_path, method, breaks, found):
    result = run(Feedback(), susceptibility=susceptibility, output=str(tmp_path / "c.tif"), method=method, classes=2, breaks=breaks)
    assert result == {"output": str(tmp_path / "c.tif"), "breaks": pytest.approx(found)}
    dataset = gdal.Open(result["output"])
    assert Grid.of(dataset).shape == (30, 23)
    band = dataset.GetRasterBand(1)
    assert band.GetCategoryNames() == ["", "Low", "High"]
    assert np.bincount(band.ReadAsArray().ravel()).tolist() == [1, 413, 276]


def test_nothing_is_left_of_a_run_that_fails(susceptibility, tmp_path):
    with pytest.raises(EngineError, match="only 5 different values"):
        run(Feedback(), susceptibility=susceptibility, output=str(tmp_path / "c.tif"), classes=6, table=str(tmp_path / "c.csv"))
    with pytest.raises(EngineError, match=r"must end in .csv or .gpkg or .xlsx"):
        run(Feedback(), susceptibility=susceptibility, output=str(tmp_path / "c.tif"), table=str(tmp_path / "c.xls"))
    assert not list(tmp_path.glob("c.*")) and not list(tmp_path.glob(".c.*"))


def test_polygons_of_a_smallest_area(tmp_path):
    """Two single cells of the high class: one goes to its neighbour, patches of a class are one feature or each its own."""
    path = str(tmp_path / "s.tif")
    dataset = GRID.create(path, nodata=-9999)
    values = np.full((30, 23), 0.1, np.float32)
    values[20:] = 0.9
    values[5, 5] = values[8, 9] = 0.9
    dataset.GetRasterBand(1).WriteArray(values)
    del dataset
    given = {"susceptibility": path, "output": str(tmp_path / "c.tif"), "method": "manual", "breaks": [0.5]}

    def polygons(name, **more):
        run(Feedback(), polygons=str(tmp_path / name), **given, **more)
        dataset = ogr.Open(str(tmp_path / name))
        return [(each["class"], each["area_km2"], each.geometry().GetGeometryCount()) for each in dataset.GetLayer(0)]

    cell, cells = 0.0007, 30 * 23
    assert polygons("all.gpkg") == [(1, pytest.approx((cells - 232) * cell), 1), (2, pytest.approx(232 * cell), 3)]
    assert polygons("large.gpkg", least_area=701.0) == [(1, pytest.approx((cells - 230) * cell), 1), (2, pytest.approx(230 * cell), 1)]
    assert polygons("exact.gpkg", least_area=700.0)[1][1] == pytest.approx(232 * cell)
    assert len(polygons("single.gpkg", dissolve=False)) == 4
    # The class raster itself keeps them.
    assert gdal.Open(given["output"]).ReadAsArray()[5, 5] == 2


def test_a_shapefile_of_polygons(susceptibility, slides, tmp_path):
    given = {"susceptibility": susceptibility, "output": str(tmp_path / "c.tif"), "inventory": slides}
    run(Feedback(), **given, method="landslide_shares", classes=2, shares="80, 20", polygons=str(tmp_path / "p.shp"))
    layer = ogr.Open(str(tmp_path / "p.shp"))
    assert [(each["class"], each["name"]) for each in layer.GetLayer(0)] == [(1, "low"), (2, "high")]
    assert {path.suffix for path in tmp_path.glob("p.*")} == {".shp", ".shx", ".dbf", ".prj", ".cpg"}
    assert gdal.Open(str(tmp_path / "c.tif")).ReadAsArray()[25, 2] == 2
    assert not list(tmp_path.glob(".*"))
    with pytest.raises(EngineError, match=r"must end in .gpkg or .shp"):
        run(Feedback(), **given, polygons=str(tmp_path / "p.kml"))
    with pytest.raises(EngineError, match=r"finds breaks by landslides; give an inventory \(INVENTORY\)"):
        run(Feedback(), susceptibility=susceptibility, output=str(tmp_path / "d.tif"), method="best_rate")
    with pytest.raises(EngineError, match=r"\(SHARES\) are for the method"):
        run(Feedback(), **given, shares="50, 50")


def test_a_class_with_fewer_landslides_than_the_one_below_is_told(susceptibility, slides, tmp_path):
    listener = Listener()
    table = str(tmp_path / "t.csv")
    run(
        listener,
        susceptibility=susceptibility,
        inventory=slides,
        output=str(tmp_path / "c.tif"),
        table=table,
        method="manual",
        breaks=[0.2, 0.5],
    )
    assert any("no denser in the class moderate than in low" in each for each in listener.warnings)
    with Path(table).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["landslides"], row["density_percent"]) for row in rows] == [("1.0", "0.7299"), ("0.0", "0.0"), ("4.0", "1.4493")]
