# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from listening import Listener
from osgeo import gdal, ogr, osr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, reference_of
from scarp.engine.mapping.counting import Landslides, cell_keys, read_landslides
from scarp.engine.mapping.figures import class_map_figure
from scarp.engine.mapping.zonation import (
    SusceptibilityRaster,
    cell_areas_km2,
    class_colours,
    class_names,
    class_rows,
    falling,
    landslides_in_bins,
    write_classes,
    write_outside,
    write_polygons,
)
from scarp.engine.samples.types import Types

UTM = Grid(reference_of(32639).ExportToWkt(), (500007.25, 20.0, 0.0, 3600011.5, 0.0, -35.0), (30, 23))
BREAKS = [0.25, 0.5, 0.625, 0.75]


@pytest.fixture
def raster_of(tmp_path):
    """Write values as a susceptibility raster and open it."""

    def make(values, grid=UTM, kind=gdal.GDT_Float32, nodata=-9999, name="s.tif"):
        path = str(tmp_path / name)
        dataset = grid.create(path, kind=kind, nodata=nodata)
        dataset.GetRasterBand(1).WriteArray(np.array(np.broadcast_to(values, grid.shape)))
        del dataset
        return SusceptibilityRaster.open(path)

    return make


@pytest.fixture
def values():
    """Rising from 0 to 1 by columns and rows; some cells lie on a break, some have none."""
    values = np.linspace(0, 1, 30 * 23, dtype=np.float32).reshape(30, 23)
    values[5] = 0.5
    values[0, 0] = values[17, 9:14] = -9999
    return values


def test_the_histogram_counts_each_value_once(raster_of, monkeypatch):
    values = np.full((30, 23), -9999.0)
    values[:, 3], values[4], values[2, :2] = 0.25, 1.0, (0.0, np.nan)
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", 7)
    counts = raster_of(values).histogram()
    assert len(counts) == 1024 and dict(zip(np.flatnonzero(counts).tolist(), counts[counts > 0].tolist())) == {0: 1, 256: 29, 1023: 23}


def test_rounding_beyond_0_and_1_is_told(raster_of):
    values = np.linspace(-5e-7, 1 + 5e-7, 30 * 23, dtype=np.float32).reshape(30, 23)
    raster, listener = raster_of(values), Listener()
    assert raster.histogram(listener)[[0, -1]].tolist() == [1, 1]
    assert listener.warnings == ["The raster s.tif has values from -4.99999999e-07 to 1.00000048; those beyond 0 … 1 count as 0 or 1."]
    read = raster.read(raster.windows()[0])
    assert (read.min(), read.max()) == (0, 1)
    listener = Listener()
    raster_of(np.clip(values, 0, 1)).histogram(listener)
    assert listener.warnings == []


@pytest.mark.parametrize(
    ("low", "high", "kind", "said"),
    [
        (0, 1.00001, gdal.GDT_Float32, "from 0 to 1.00001001; susceptibility lies between 0 and 1."),
        (-0.00001, 1, gdal.GDT_Float32, "from -9.99999975e-06 to 1;"),
        (0, 87.5, gdal.GDT_Float32, "If these are percents, divide by 100"),
        (1, 5, gdal.GDT_Byte, "Are these classes?"),
        (0, 87, gdal.GDT_Byte, r"If these are percents, divide by 100 \(gdal:rastercalculator\)"),
        (0, 250, gdal.GDT_Byte, "If these are values that were multiplied by 255, divide by 255"),
        (0, 9876, gdal.GDT_Int16, "If these are values that were multiplied by 10,000, divide by 10,000"),
        (-0.7, 2.5, gdal.GDT_Float32, "from -0.699999988 to 2.5; .* Bring an index that can be negative to 0 … 1 first"),
        (0, 70_000, gdal.GDT_Float32, r"from 0 to 70000; susceptibility lies between 0 and 1.$"),
    ],
)
def test_values_that_are_no_susceptibility_are_refused(raster_of, low, high, kind, said):
    values = np.full((30, 23), low, float)
    values[7, 8] = high
    with pytest.raises(EngineError, match=said):
        raster_of(values, kind=kind, nodata=None).histogram()


def test_nodata_that_nobody_declared_is_no_susceptibility(raster_of, tmp_path):
    values = np.tile(np.linspace(0.1, 0.9, 23), (30, 1))
    values[:5] = -9999
    raster_of(values, nodata=None)
    listener = Listener()
    raster = SusceptibilityRaster.open(str(tmp_path / "s.tif"), listener)
    assert raster.histogram(listener).sum() == 25 * 23
    assert len(listener.warnings) == 1
    assert "s.tif holds -9999 on 115 of 690 cells, which looks like nodata" in listener.warnings[0]
    counts, _ = write_classes(raster, [0.5], tmp_path / "classes.tif", Feedback())
    assert counts.tolist() == [25 * 11, 25 * 12]


def test_a_class_raster_is_no_susceptibility(raster_of, tmp_path, values):
    write_classes(raster_of(values), [0.5], tmp_path / "classes.tif", Feedback())
    with pytest.raises(EngineError, match=r"holds classes \(Low, High, …\) and no susceptibility"):
        SusceptibilityRaster.open(str(tmp_path / "classes.tif")).histogram()


def test_an_empty_raster_is_told(raster_of):
    with pytest.raises(EngineError, match="holds no data"):
        raster_of(np.nan).histogram()


def test_names_and_colours_of_classes():
    expected = {
        2: "low, high",
        3: "low, moderate, high",
        4: "low, moderate, high, very high",
        5: "very low, low, moderate, high, very high",
        6: "very low, low, moderate, high, very high, extreme",
        7: "extremely low, very low, low, moderate, high, very high, extremely high",
        8: "class 1, class 2, class 3, class 4, class 5, class 6, class 7, class 8",
    }
    assert {classes: ", ".join(class_names(classes)) for classes in expected} == expected
    assert class_colours(5) == [(44, 123, 182), (171, 217, 233), (255, 255, 191), (253, 174, 97), (215, 25, 28)]
    assert class_colours(3) == [(44, 123, 182), (255, 255, 191), (215, 25, 28)]
    assert class_colours(2) == [(44, 123, 182), (215, 25, 28)]
    assert class_colours(9)[1] == (108, 170, 208)  # half way: 107.5, 170, 207.5


@pytest.mark.parametrize("window_px", [7, 1024])
def test_the_class_raster_tells_everything(raster_of, tmp_path, values, monkeypatch, window_px):
    monkeypatch.setattr("scarp.engine.files.grid.WINDOW_PX", window_px)
    counts, areas = write_classes(raster_of(values), BREAKS, tmp_path / "classes.tif", Feedback())
    expected = np.where(values == -9999, 0, np.digitize(values, np.float32(BREAKS)) + 1)
    assert set(expected[5]) == {3}, "a break belongs to the class above it"
    assert counts.tolist() == np.bincount(expected.ravel())[1:].tolist()
    assert areas == pytest.approx(counts * 20 * 35 / 1e6)
    dataset = gdal.Open(str(tmp_path / "classes.tif"))
    band = dataset.GetRasterBand(1)
    assert Grid.of(dataset).transform == UTM.transform and Grid.of(dataset).spatial_reference.IsSame(UTM.spatial_reference)
    np.testing.assert_array_equal(band.ReadAsArray(), expected)
    assert (band.DataType, band.GetNoDataValue(), band.GetDescription()) == (gdal.GDT_Byte, 0, "susceptibility class")
    names = ["Very low", "Low", "Moderate", "High", "Very high"]
    assert band.GetCategoryNames() == ["", *names]
    colours = class_colours(5)
    assert [band.GetColorTable().GetColorEntry(number) for number in range(1, 6)] == [(*colour, 255) for colour in colours]
    table = band.GetDefaultRAT()
    columns = [(table.GetNameOfCol(column), table.GetUsageOfCol(column)) for column in range(table.GetColumnCount())]
    assert columns == [
        ("Value", gdal.GFU_MinMax), ("Class", gdal.GFU_Name), ("From", gdal.GFU_Generic), ("To", gdal.GFU_Generic),
        ("Count", gdal.GFU_PixelCount), ("Red", gdal.GFU_Red), ("Green", gdal.GFU_Green), ("Blue", gdal.GFU_Blue),
    ]  # fmt: skip
    ends = [0, *BREAKS, 1]
    for row in range(5):
        assert [table.GetValueAsString(row, 1), *(table.GetValueAsDouble(row, column) for column in (0, 2, 3, 4, 5, 6, 7))] == [
            names[row], row + 1, ends[row], ends[row + 1], counts[row], *colours[row]
        ]  # fmt: skip


def test_rows_of_the_table(raster_of, tmp_path, values):
    """Two cells in class 1, one of them of one landslide mapped twice, one just above a break, and three in class 5 by one polygon."""
    raster = raster_of(values)
    counts, areas = write_classes(raster, BREAKS, tmp_path / "classes.tif", Feedback())
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "slides.gpkg"))
    layer = dataset.CreateLayer("slides", UTM.spatial_reference, ogr.wkbUnknown)
    x, y = UTM.centres(29, 20)
    box = f"POLYGON (({x - 1} {y - 1}, {x + 41} {y - 1}, {x + 41} {y + 1}, {x - 1} {y + 1}, {x - 1} {y - 1}))"
    for wkt in (box, *("POINT ({} {})".format(*UTM.centres(*cell)) for cell in ((1, 3), (1, 9), (1, 9), (17, 10), (15, 0)))):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt(wkt))
        layer.CreateFeature(feature)
    dataset.FlushCache()
    slides = read_landslides(str(tmp_path / "slides.gpkg"), raster.raster)
    rows = class_rows(class_names(5), BREAKS, counts, areas, slides)
    total = counts.sum()
    for number, row in enumerate(rows):
        share = counts[number] / total
        cells, count = [2, 0, 1, 0, 3][number], [2, 0, 1, 0, 1][number]
        assert row == {
            "class": ["very low", "low", "moderate", "high", "very high"][number],
            "from": [0, 0.25, 0.5, 0.625, 0.75][number],
            "to": [0.25, 0.5, 0.625, 0.75, 1][number],
            "cells": counts[number],
            "area_km2": round(counts[number] * 0.0007, 4),
            "share_percent": round(100 * share, 2),
            "landslide_cells": cells,
            "landslide_percent": round(100 * cells / 6, 2),
            "density_percent": round(100 * cells / counts[number], 4),
            "frequency_ratio": round(cells / 6 / share, 4),
            "landslides": count,
            "percent_of_landslides": 25 * count,
            "landslides_per_km2": round(count / areas[number], 4),
            "frequency_ratio_by_landslides": round(count / 4 / share, 4),
        }
    plain = class_rows(class_names(5), BREAKS, counts, areas)
    assert list(plain[0]) == ["class", "from", "to", "cells", "area_km2", "share_percent"]
    empty = class_rows(class_names(2), [0.5], np.array([9, 0]), np.array([9.0, 0]), slides)
    assert empty[1]["frequency_ratio"] is None


def test_a_class_is_as_large_as_on_the_ellipsoid(raster_of, tmp_path):
    """One degree of longitude wide; the areas are those of PROJ's geodesics (geod, WGS 84)."""
    grid = Grid(reference_of(4326).ExportToWkt(), (10.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 1))
    found = cell_areas_km2(grid)
    assert found[[0, -1]] == pytest.approx([6123.1409, 12308.4639], abs=1e-3)
    values = np.where(np.arange(61)[:, None] < 1, 0.9, 0.1)
    _, areas = write_classes(raster_of(values, grid), [0.5], tmp_path / "classes.tif", Feedback())
    assert areas == pytest.approx([found[1:].sum(), found[0]])
    sphere = osr.SpatialReference()
    sphere.ImportFromProj4("+proj=longlat +R=6371000 +no_defs")
    ball = Grid(sphere.ExportToWkt(), (10.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 1))
    zones = 6371.0**2 * np.radians(1) * -np.diff(np.sin(np.radians(np.arange(61, -1, -1))))
    assert cell_areas_km2(ball) == pytest.approx(zones, rel=1e-6)
    feet = Grid(reference_of(2225).ExportToWkt(), (6000000.0, 100.0, 0.0, 2000000.0, 0.0, -200.0), (4, 3))
    assert cell_areas_km2(feet) == pytest.approx([100 * 200 * (1200 / 3937) ** 2 / 1e6] * 4)


def test_polygons_are_the_areas_of_the_classes(raster_of, tmp_path, values):
    counts, _ = write_classes(raster_of(values), BREAKS, tmp_path / "classes.tif", Feedback())
    write_polygons(str(tmp_path / "classes.tif"), class_names(5), tmp_path / "classes.gpkg")
    layer = (dataset := ogr.Open(str(tmp_path / "classes.gpkg"))).GetLayer(0)
    assert layer.GetName() == "susceptibility_classes" and layer.GetSpatialRef().IsSame(UTM.spatial_reference)
    cells, names = dict.fromkeys(range(1, 6), 0.0), {}
    for feature in layer:
        cells[feature["class"]] += feature.geometry().Area() / (20 * 35)
        names[feature["class"]] = feature["name"]
    assert [cells[number] for number in range(1, 6)] == pytest.approx(counts.tolist())
    assert names == {1: "very low", 2: "low", 3: "moderate", 4: "high", 5: "very high"}
    del dataset


def test_the_picture_has_the_shape_of_the_ground(raster_of, tmp_path, values):
    counts, _ = write_classes(raster_of(values), BREAKS, tmp_path / "classes.tif", Feedback())
    figure = class_map_figure(str(tmp_path / "classes.tif"), most_px=10)
    axes, legend = figure.axes
    picture = axes.images[0].get_array()
    assert picture.shape == (10, 8)
    across, down = 23 * 20 / 8, 30 * 35 / 10
    assert axes.get_aspect() == pytest.approx(down / across)
    (bar,) = axes.lines
    assert np.ptp(bar.get_xdata()) == pytest.approx(100 / across), "a quarter of 460 m, rounded down to 100 m"
    assert "100 m" in [text.get_text() for text in axes.texts]
    shares = [text.get_text() for text in legend.get_legend().get_texts()]
    names = ["Very low", "Low", "Moderate", "High", "Very high"]
    assert shares == [f"{name}  ({100 * count / counts.sum():.0f} %)" for name, count in zip(names[::-1], counts[::-1])]


def features(path):
    dataset = ogr.Open(str(path))
    return [(each.items(), each.geometry().GetEnvelope(), each.geometry().Area()) for each in dataset.GetLayer(0)]


def test_outside_is_where_the_applicability_says_so(tmp_path):
    """Of its second band 0 is outside; where there is no value nothing is known. Two cells and one, three of 20 by 35 m."""
    dataset = UTM.create(str(tmp_path / "a.tif"), 2, nodata=-9999.0)
    inside = np.ones(UTM.shape)
    inside[2, 3:5] = inside[9, 9] = 0
    inside[20:] = -9999
    dataset.GetRasterBand(1).WriteArray(np.full(UTM.shape, 5.0))
    dataset.GetRasterBand(2).WriteArray(inside)
    del dataset
    write_outside(str(tmp_path / "a.tif"), tmp_path / "outside.gpkg")
    ((fields, envelope, area),) = features(tmp_path / "outside.gpkg")
    assert (fields["name"], area) == ("outside the area of applicability", pytest.approx(3 * 700))
    west, north = 500007.25, 3600011.5
    assert envelope == pytest.approx((west + 60, west + 200, north - 350, north - 70))
    assert fields["area_km2"] == pytest.approx(0.0021)


def test_polygons_in_degrees_are_as_large_as_their_latitude_has_it(raster_of, tmp_path):
    grid = Grid(reference_of(4326).ExportToWkt(), (10.0, 1.0, 0.0, 61.0, 0.0, -1.0), (61, 1))
    values = np.full((61, 1), -9999.0)
    values[0], values[60] = 0.9, 0.1
    write_classes(raster_of(values, grid), [0.5], tmp_path / "classes.tif", Feedback())
    for dissolve in (True, False):
        write_polygons(str(tmp_path / "classes.tif"), class_names(2), tmp_path / f"{dissolve}.gpkg", dissolve=dissolve)
        sizes = {fields["class"]: fields["area_km2"] for fields, _, _ in features(tmp_path / f"{dissolve}.gpkg")}
        assert sizes == {1: pytest.approx(12308.4639, abs=1e-3), 2: pytest.approx(6123.1409, abs=1e-3)}


def slides_of(values, unit):
    number = np.arange(len(values))
    return Landslides.of(number, number, np.array(unit), np.array(values, np.float32))


def test_a_landslide_on_a_break_is_of_the_class_above():
    rows = class_rows(class_names(2), [0.5], np.array([5, 5]), np.array([1.0, 1.0]), slides_of([0.5, 0.25], [0, 1]))
    assert [row["landslide_cells"] for row in rows] == [1, 1]


def test_a_landslide_counts_as_one_over_all_bins():
    """One of four cells in three bins, and one of a cell."""
    counts = landslides_in_bins(slides_of([0.0, 0.5, 0.5, 1.0, 1.0], [0, 0, 0, 0, 1]))
    assert {int(each): float(counts[each]) for each in np.flatnonzero(counts)} == {0: 0.25, 512: 0.5, 1023: 1.25}


def test_classes_of_the_same_density_do_not_rank():
    rows = [{"class": name, "density_percent": 1.0, "frequency_ratio_by_landslides": 1.0} for name in ("low", "high")]
    assert falling(rows).startswith("Landslides are no denser in the class high than in low (1.000 % against 1.000 % of the cells)")
    named = falling([{**row, "class": f"class {number}"} for number, row in enumerate(rows, start=7)])
    assert named.startswith("Landslides are no denser in the class 8 than in 7 (")


def test_classes_of_many_small_landslides_rank_by_landslides_alone():
    """One of nine cells in the lower class, three of one cell in the upper one, which is as large."""
    slides = slides_of([0.25] * 9 + [0.75] * 3, [0] * 9 + [1, 2, 3])
    rows = class_rows(class_names(2), [0.5], np.array([50, 50]), np.array([1.0, 1.0]), slides)
    assert falling(rows).startswith("Counted by cells, landslides are no denser in the class high than in low (6.000 % against 18.000 %")


def test_classes_tell_the_model_and_the_type_of_their_map(raster_of, values, tmp_path):
    raster = raster_of(values)
    raster.raster.dataset.SetMetadata({"model": "m.scarp", "landslide_type": "flow", "other": "x"})
    write_classes(raster, [0.5], tmp_path / "classes.tif", Feedback())
    told = gdal.Open(str(tmp_path / "classes.tif")).GetMetadata()
    assert (told["model"], told["landslide_type"], "other" in told) == ("m.scarp", "flow", False)


def test_landslides_of_a_type_stand_as_if_there_were_no_others():
    """A flow shares a cell with each of two slides, and so all are one; without it the slides are two, and have their cells alone."""
    kinds = np.array(["slide", "slide", "flow", "flow", "slide", "slide"], object)
    rows = np.array([0, 1, 1, 2, 2, 3])
    both = Landslides.of(rows, rows, np.array([7, 7, 8, 8, 9, 9]), np.zeros(6, np.float32), {"kind": kinds})
    assert (both.count, both.as_mapped, both.cells) == (1, 3, 4)
    mine, others, told = both.of_types(Types("kind", "slide"), "slides.gpkg", Feedback())
    assert told == "slide" and (mine.count, others.count) == (2, 1)
    assert mine.of_landslides.tolist() == [0.5] * 4 and mine.of_cells.tolist() == [1] * 4 and others.of_cells.tolist() == [1, 1]


def test_no_two_cells_of_a_large_map_are_taken_for_one():
    assert len(np.unique(cell_keys(np.array([0, 1, 0]), np.array([65_536, 0, 0])))) == 3


def test_cells_that_touch_at_a_corner_alone_are_two_patches(raster_of, tmp_path):
    """Two of 700 m² each, of which none is as large as is asked for; side by side they are one that is."""
    for cells, kept in ((((5, 5), (6, 6)), []), (((5, 5), (5, 6)), [1400.0])):
        values = np.full((30, 23), 0.1)
        for cell in cells:
            values[cell] = 0.9
        write_classes(raster_of(values), [0.5], tmp_path / "classes.tif", Feedback())
        write_polygons(str(tmp_path / "classes.tif"), class_names(2), tmp_path / "p.gpkg", 1400.0)
        assert [area for fields, _, area in features(tmp_path / "p.gpkg") if fields["name"] == "high"] == pytest.approx(kept)


def test_labelled_cells_are_no_plain_landslides(raster_of, values, tmp_path):
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(tmp_path / "cells.gpkg"))
    layer = dataset.CreateLayer("cells", UTM.spatial_reference, ogr.wkbPoint)
    layer.CreateField(ogr.FieldDefn("slid", ogr.OFTInteger))
    for number in range(20):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["slid"] = number % 2
        feature.SetGeometry(ogr.CreateGeometryFromWkt("POINT ({} {})".format(*UTM.centres(1 + number, 3))))
        layer.CreateFeature(feature)
    del layer, dataset
    with pytest.raises(EngineError, match="'slid' of the landslide inventory holds both"):
        read_landslides(str(tmp_path / "cells.gpkg"), raster_of(values).raster)
