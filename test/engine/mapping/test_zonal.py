# SPDX-License-Identifier: GPL-2.0-or-later
import json

import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.tasks.zonal_susceptibility import run
from small_maps import box

GRID = Grid(reference_of(32639).ExportToWkt(), (500_000.0, 20.0, 0.0, 3_600_000.0, 0.0, -20.0), (4, 6))
VALUES = np.arange(24.0).reshape(4, 6) / 24


@pytest.fixture
def raster(tmp_path):
    def write(values, name, kind=gdal.GDT_Float32, nodata=-9999.0, names=None):
        dataset = GRID.create(str(tmp_path / name), kind=kind, nodata=nodata)
        dataset.GetRasterBand(1).WriteArray(np.where(np.isnan(values), nodata, values))
        dataset.GetRasterBand(1).SetCategoryNames(names or [])
        del dataset
        return str(tmp_path / name)

    return write


@pytest.fixture
def zones(tmp_path):
    def write(shapes, **fields):
        dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "zones.gpkg"))
        layer = dataset.CreateLayer("zones", GRID.spatial_reference, ogr.wkbUnknown)
        for field in fields:
            layer.CreateField(ogr.FieldDefn(field, ogr.OFTString))
        for number, shape in enumerate(shapes):
            feature = ogr.Feature(layer.GetLayerDefn())
            feature.SetGeometry(ogr.CreateGeometryFromWkt(shape))
            for field, column in fields.items():
                feature[field] = column[number]
            layer.CreateFeature(feature)
        del layer, dataset
        return str(tmp_path / "zones.gpkg")

    return write


def with_fields(path, fields):
    """Write a square over the whole map as GeoJSON, whose fields may have any names."""
    x, width, _, y, _, height = GRID.transform
    rows, cols = GRID.shape
    right, low = x + cols * width, y + rows * height
    ring = [[x, low], [right, low], [right, y], [x, y], [x, low]]
    feature = {"type": "Feature", "properties": fields, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32639"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}), encoding="utf-8")
    return str(path)


def results(path):
    dataset = ogr.Open(path)
    return [feature.items() for feature in dataset.GetLayer(0)]


def test_what_an_earlier_run_said_is_not_beside_what_this_one_says(raster, zones, tmp_path):
    """Shares of other classes, and the class where no classes are given now, stood beside the new figures as if they were of these."""
    classes = raster(np.where(VALUES < 0.5, 1, 2), "c.tif", gdal.GDT_Byte, 0, ["", "Low", "High"])
    first = zones([box(GRID, 0, 0, 4, 6)], name=["all"], susc_code=["mine"], susc_percent_Very_high=["33.3"], susc_class=["old"])
    listener, given = Listener(), {"susceptibility": raster(VALUES, "s.tif"), "high_classes": 1}
    again = run(listener, **given, zones=first, classes=classes, output=str(tmp_path / "a.gpkg"))["output"]
    assert any(": susc_percent_Very_high, susc_class. Rename" in each for each in listener.warnings)
    (whole,) = results(again)
    shares = ["susc_percent_high_classes", "susc_percent_low", "susc_percent_high"]
    assert whole["susc_code"] == "mine" and [each for each in whole if each.startswith("susc_percent")] == shares
    (whole,) = results(run(Listener(), **given, zones=again, classes=None, output=str(tmp_path / "b.gpkg"))["output"])
    assert [each for each in whole if each.startswith("susc_")] == [
        "susc_code", "susc_cells", "susc_area_km2", "susc_mean", "susc_deviation", "susc_highest"
    ]  # fmt: skip


def test_figures_by_hand(raster, zones, tmp_path):
    """Two zones overlap, one is smaller than a cell, one lies beyond the map, one on its gap."""
    values = VALUES.copy()
    values[3, 5] = np.nan
    classes = raster(np.where(VALUES < 0.5, 1, np.where(VALUES < 0.75, 2, 3)), "c.tif", gdal.GDT_Byte, 0, ["", "Low", "High", "Very high"])
    small = "POLYGON ((500024 3599996, 500028 3599996, 500028 3599992, 500024 3599996))"
    shapes = [box(GRID, 0, 0, 4, 6), box(GRID, 1, 2, 2, 2), small, box(GRID, 9, 9), box(GRID, 3, 5)]
    listener = Listener()
    polygons = zones(shapes, name=["all", "part", "small", "far", "gap"], susc_mean=["old"] * 5)
    result = run(
        listener, susceptibility=raster(values, "s.tif"), zones=polygons, classes=classes, high_classes=2, output=str(tmp_path / "z.gpkg")
    )
    (replaced,) = [each for each in listener.warnings if "from an earlier run" in each]
    assert replaced.startswith("Fields of the layer zones that have") and ": susc_mean. Rename them" in replaced
    whole, part, small, far, gap = results(result["output"])
    assert [each["name"] for each in (whole, part, small, far, gap)] == ["all", "part", "small", "far", "gap"]
    assert (whole["susc_cells"], whole["susc_area_km2"]) == (23, pytest.approx(23 * 0.0004))
    assert whole["susc_mean"] == pytest.approx(np.nanmean(values), abs=1e-6)
    assert whole["susc_deviation"] == pytest.approx(np.nanstd(values), abs=1e-6)
    assert whole["susc_highest"] == pytest.approx(22 / 24, abs=1e-6)
    assert [whole[f"susc_percent_{name}"] for name in ("low", "high", "very_high")] == pytest.approx(
        [1200 / 23, 600 / 23, 500 / 23], abs=1e-3
    )
    assert whole["susc_percent_high_classes"] == pytest.approx(1100 / 23, abs=1e-3)
    here = np.array([8, 9, 14, 15]) / 24
    assert (part["susc_mean"], part["susc_highest"]) == (pytest.approx(here.mean(), abs=1e-6), pytest.approx(15 / 24, abs=1e-6))
    assert (part["susc_percent_high_classes"], part["susc_percent_low"], part["susc_class"]) == (50, 50, "low")
    assert (small["susc_cells"], small["susc_mean"]) == (1, pytest.approx(1 / 24, abs=1e-6))
    assert far["susc_mean"] is None and gap["susc_mean"] is None
    assert any(each.startswith("2 of 5 polygons have no result") for each in listener.warnings)
    assert listener.percents == sorted(listener.percents) and listener.percents[-1] == 100


@pytest.mark.parametrize(("high", "told", "share"), [(1, False, 50), (2, True, 100), (20, True, 100)])
def test_that_all_classes_count_as_high_is_told(raster, zones, tmp_path, high, told, share):
    classes = raster(np.where(VALUES < 0.5, 1, 2), "c.tif", gdal.GDT_Byte, 0, ["", "Low", "High"])
    listener, polygons = Listener(), zones([box(GRID, 0, 0, 4, 6)], name=["all"])
    given = {"susceptibility": raster(VALUES, "s.tif"), "zones": polygons, "classes": classes, "high_classes": high}
    (zone,) = results(run(listener, **given, output=str(tmp_path / "z.gpkg"))["output"])
    assert zone["susc_percent_high_classes"] == share
    sentence = f"{high} of the highest classes count as high, and the map of classes has 2: all are high"
    assert bool([each for each in listener.warnings if each.startswith(sentence)]) == told


def test_windows_and_another_crs(raster, zones, tmp_path, monkeypatch):
    polygons = zones([box(GRID, 0, 1, 4, 4)], name=["a"])
    susceptibility = raster(VALUES, "s.tif")
    whole = results(run(Feedback(), susceptibility=susceptibility, zones=polygons, output=str(tmp_path / "a.gpkg"))["output"])
    monkeypatch.setattr("scarp.engine.mapping.zonal.WINDOW_PX", 3)
    assert results(run(Feedback(), susceptibility=susceptibility, zones=polygons, output=str(tmp_path / "b.gpkg"))["output"]) == whole
    degrees = str(tmp_path / "degrees.gpkg")
    gdal.VectorTranslate(degrees, polygons, dstSRS="EPSG:4326", reproject=True)
    (other,) = results(run(Feedback(), susceptibility=susceptibility, zones=degrees, output=str(tmp_path / "d.gpkg"))["output"])
    assert other["susc_cells"] == 16 and other["susc_mean"] == whole[0]["susc_mean"]
    dataset = ogr.Open(str(tmp_path / "d.gpkg"))
    assert dataset.GetLayer(0).GetSpatialRef().GetAuthorityCode(None) == "4326" and dataset.GetLayer(0).GetName() == "d"


def test_what_is_of_no_use_is_one_sentence(raster, zones, tmp_path):
    good = {"susceptibility": raster(VALUES, "s.tif"), "zones": zones([box(GRID, 0, 0)], name=["a"]), "output": str(tmp_path / "z.gpkg")}
    far = str(tmp_path / "far.gpkg")
    gdal.VectorTranslate(far, good["zones"], options=["-where", "name = 'a'", "-a_srs", "EPSG:32633"])
    for changed, said in (
        ({"classes": good["susceptibility"]}, "classes are needed"),
        ({"zones": far}, "lies on the map"),
        ({"zones": str(tmp_path / "none.gpkg")}, "cannot be opened"),
        ({"susceptibility": raster(np.full((4, 6), np.nan), "empty.tif")}, "holds no data"),
    ):
        with pytest.raises(EngineError, match=said) as told:
            run(Feedback(), **{**good, **changed})
        assert "\n" not in str(told.value)
        assert not list(tmp_path.glob("z.gpkg")) and not list(tmp_path.glob(".*"))


def test_fields_whose_names_a_geopackage_takes_for_one_are_told_apart(raster, tmp_path):
    fields = {"Name": "a", "NAME": "b", "name": "c", "name_1": "d", "fid": "e", "FID_1": "f", "geom": "g", "SUSC_MEAN": "old", "x": "h"}
    output = str(tmp_path / "o.gpkg")
    run(Listener(), susceptibility=raster(VALUES, "s.tif"), zones=with_fields(tmp_path / "z.geojson", fields), output=output)
    (found,) = results(output)
    own = {name: value for name, value in found.items() if not name.startswith("susc_")}
    assert own == {
        "Name": "a",
        "NAME_1": "b",
        "name_2": "c",
        "name_1_1": "d",
        "fid_1": "e",
        "FID_1_1": "f",
        "geom_1": "g",
        "x": "h",
    }
    assert found["susc_mean"] == pytest.approx(VALUES.mean(), abs=1e-6)


def test_more_fields_than_a_geopackage_takes_are_told(raster, tmp_path):
    for count, message in ((1993, ""), (1994, "has 1,994 fields, and a GeoPackage takes 1,993 beside those of the map; leave out")):
        zones = with_fields(tmp_path / "z.geojson", {f"f{number}": number for number in range(count)})
        output = str(tmp_path / f"{count}.gpkg")
        if message:
            with pytest.raises(EngineError, match=message):
                run(Listener(), susceptibility=raster(VALUES, "s.tif"), zones=zones, output=output)
        else:
            run(Listener(), susceptibility=raster(VALUES, "s.tif"), zones=zones, output=output)
            assert results(output)[0]["f1992"] == 1992


def test_what_covers_no_area_is_told_as_that(raster, zones, tmp_path):
    lines = zones(["LINESTRING (500000 3599990, 500030 3599990)"], name=["a"])
    with pytest.raises(EngineError, match=r"\(1 lines or points, which cover no area\); give polygons"):
        run(Listener(), susceptibility=raster(VALUES, "s.tif"), zones=lines, output=str(tmp_path / "o.gpkg"))


def test_classes_of_one_name_keep_their_shares_apart(raster, tmp_path):
    classes = raster(np.repeat([1, 2, 3, 2], 6).reshape(4, 6), "c.tif", gdal.GDT_Byte, 0, ["", "Low", "low", "High classes"])
    output, zones = str(tmp_path / "o.gpkg"), with_fields(tmp_path / "z.geojson", {"name": "a"})
    run(Listener(), susceptibility=raster(VALUES, "s.tif"), zones=zones, classes=classes, output=output)
    (found,) = results(output)
    shares = {name.removeprefix("susc_percent_"): value for name, value in found.items() if name.startswith("susc_percent_")}
    assert shares == {"high_classes": 75, "low_1": 25, "low_2": 50, "high_classes_3": 25}


def test_shares_are_of_the_cells_that_have_a_class_whatever_the_codes(raster, zones, tmp_path):
    """Of the first row one cell has no class, two are of class 4 and three of class 9; none is of class 1."""
    codes = np.full((4, 6), 9.0)
    codes[0], codes[3] = [0, 4, 4, 9, 9, 9], 1
    names = ["", "Low", "", "", "High", "", "", "", "", "Very high"]
    given = {"susceptibility": raster(VALUES, "s.tif"), "classes": raster(codes, "c.tif", gdal.GDT_Byte, 0, names)}
    (found,) = results(
        run(Feedback(), **given, zones=zones([box(GRID, 0, 0, 1, 6)]), high_classes=1, output=str(tmp_path / "z.gpkg"))["output"]
    )
    assert found["susc_cells"] == 6
    assert [found[f"susc_percent_{each}"] for each in ("low", "high", "very_high", "high_classes")] == [0, 40, 60, 60]
    assert found["susc_class"] == "very high"


def test_of_slivers_without_a_centre_the_cell_of_the_largest_counts(raster, zones, tmp_path):
    """Both lie beside the centre of their cell: 4 by 4 m in the cell of 15/24, 2 by 2 m in that of 1/24."""
    x, y = 500_000.0, 3_600_000.0

    def square(row, col, side):
        left, top = x + 20 * col + 2, y - 20 * row - 2
        return f"(({left} {top}, {left + side} {top}, {left + side} {top - side}, {left} {top - side}, {left} {top}))"

    both = f"MULTIPOLYGON ({square(0, 1, 2)}, {square(2, 3, 4)})"
    (found,) = results(
        run(Feedback(), susceptibility=raster(VALUES, "s.tif"), zones=zones([both]), output=str(tmp_path / "z.gpkg"))["output"]
    )
    assert (found["susc_cells"], found["susc_mean"]) == (1, pytest.approx(15 / 24, abs=1e-6))


@pytest.mark.parametrize("width", [1024, 16])
def test_in_degrees_each_cell_counts_by_its_area(tmp_path, monkeypatch, width):
    """Cells at 60.5° and at 0.5° north: 6,123 and 12,308 km², so that the southern one counts twice."""
    monkeypatch.setattr("scarp.engine.mapping.zonal.WINDOW_PX", width)
    grid = Grid(reference_of(4326).ExportToWkt(), (0.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 1))
    dataset = grid.create(str(tmp_path / "s.tif"), nodata=-9999.0)
    values = np.full((61, 1), -9999.0)
    values[0], values[60] = 0.8, 0.2
    dataset.GetRasterBand(1).WriteArray(values)
    del dataset
    shape = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 61], [0, 61], [0, 0]]]}
    features = [{"type": "Feature", "properties": {}, "geometry": shape}]
    (tmp_path / "z.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    given = {"susceptibility": str(tmp_path / "s.tif"), "zones": str(tmp_path / "z.geojson")}
    (found,) = results(run(Feedback(), **given, output=str(tmp_path / "out.gpkg"))["output"])
    share = 12308.46 / (6123.14 + 12308.46)
    assert found["susc_cells"] == 2 and found["susc_area_km2"] == pytest.approx(6123.14 + 12308.46, rel=1e-5)
    assert found["susc_mean"] == pytest.approx(0.8 - 0.6 * share, abs=1e-5)
    assert found["susc_deviation"] == pytest.approx(0.6 * np.sqrt(share * (1 - share)), abs=1e-5)
    assert found["susc_highest"] == pytest.approx(0.8)
