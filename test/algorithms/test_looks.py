# SPDX-License-Identifier: GPL-2.0-or-later
"""How each result is drawn, in which group and over what, on layers of a few cells; no worker is started."""

import re
import shutil

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

BLUE_TO_RED = ["#2c7bb6", "#abd9e9", "#ffffbf", "#fdae61", "#d7191c"]
# The outputs that are drawn in a way of their own, by hand from what they hold.
SHOWN = {
    "preparecovariates": {"OUTPUT": "stack"},
    "samplecells": {"OUTPUT": "cells"},
    "benchmarkclassifiers": {"FOLD_CELLS": "cells"},
    "mapsusceptibility": {"OUTPUT": "susceptibility", "UNCERTAINTY": "uncertainty", "APPLICABILITY": "applicability", "OUTSIDE": "outside"},
    "classifysusceptibility": {"OUTPUT": "classes"},
    "validatemap": {"DIFFERENCE": "difference"},
    "explainmodel": {"DOMINANT": "dominant"},
    "zonalsusceptibility": {"OUTPUT": "zones"},
}


@pytest.fixture
def raster(provider, tmp_path):
    """Write bands (rows, cols) by name; return the layer."""

    def write(name, bands, kind=gdal.GDT_Float32, colours=None, west=500_000.0):
        from qgis.core import QgsRasterLayer

        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32639)
        arrays = [np.atleast_2d(values) for values in bands.values()]
        path = str(tmp_path / f"{name}.tif")
        made = gdal.GetDriverByName("GTiff").Create(path, arrays[0].shape[1], arrays[0].shape[0], len(arrays), kind)
        made.SetGeoTransform((west, 30.0, 0.0, 3_600_000.0, 0.0, -30.0))
        made.SetProjection(reference.ExportToWkt())
        if colours:
            table = gdal.ColorTable()
            for number, colour in colours.items():
                table.SetColorEntry(number, colour)
            made.GetRasterBand(1).SetColorTable(table)
            made.GetRasterBand(1).SetCategoryNames([f"factor {number}" for number in range(max(colours) + 1)])
        for number, (band, values) in enumerate(zip(bands, arrays), start=1):
            made.GetRasterBand(number).SetDescription(band)
            made.GetRasterBand(number).WriteArray(values)
        made = None
        return QgsRasterLayer(path, name)

    return write


@pytest.fixture
def polygons(provider, tmp_path):
    """Write squares with a number each as `susc_mean`; return the layer."""

    def write(name, means):
        from qgis.core import QgsVectorLayer

        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32639)
        path = str(tmp_path / f"{name}.gpkg")
        made = ogr.GetDriverByName("GPKG").CreateDataSource(path)
        layer = made.CreateLayer(name, reference, ogr.wkbPolygon)
        layer.CreateField(ogr.FieldDefn("susc_mean", ogr.OFTReal))
        for number, mean in enumerate(means):
            feature, west = ogr.Feature(layer.GetLayerDefn()), 500_000 + 10 * number
            feature["susc_mean"] = mean
            ring = f"{west} 3600000, {west + 10} 3600000, {west + 10} 3599990, {west} 3599990, {west} 3600000"
            feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POLYGON (({ring}))"))
            layer.CreateFeature(feature)
        layer = made = None
        return QgsVectorLayer(path, name)

    return write


def drawn(look, layer):
    """Give a layer its look; return the values, colours and words of its legend."""
    from scarp.algorithms.results import LOOKS

    LOOKS[look](layer)
    renderer = layer.renderer()
    items = renderer.classes() if renderer.type() == "paletted" else renderer.shader().rasterShaderFunction().colorRampItemList()
    return [each.value for each in items], [each.color.name() for each in items], [each.label for each in items]


def is_multiplied(layer):
    """Tell whether what lies below, a hillshade, is seen through it."""
    from qgis.PyQt.QtGui import QPainter

    return layer.blendMode() == QPainter.CompositionMode.CompositionMode_Multiply


def test_each_result_has_the_look_of_what_it_holds(provider):
    from scarp.algorithms import ALGORITHMS
    from scarp.algorithms.results import LOOKS

    assert {each.ID: dict(each.SHOWN) for each in ALGORITHMS if each.SHOWN} == SHOWN
    for name, outputs in SHOWN.items():
        assert set(outputs.values()) <= set(LOOKS)
        assert set(outputs) <= {each.name() for each in provider.algorithm(name).destinationParameterDefinitions()}


def test_susceptibility_goes_from_blue_to_red(raster):
    layer = raster("s", {"susceptibility": [[0.2, 0.4]]})
    assert drawn("susceptibility", layer) == ([0, 0.25, 0.5, 0.75, 1], BLUE_TO_RED, ["0 (low)", "0.25", "0.50", "0.75", "1 (high)"])
    renderer = layer.renderer()
    assert is_multiplied(layer) and renderer.inputBand() == 1
    assert (renderer.classificationMin(), renderer.classificationMax()) == (0, 1)


def test_what_is_more_unlike_the_training_is_darker(raster):
    from qgis.PyQt.QtGui import QColor

    layer = raster("a", {"dissimilarity index": [[0.2, 0.4]], "inside": [[1, 0]]})
    values, colours, _ = drawn("applicability", layer)
    assert values == sorted(values) and values[0] == 0 and layer.renderer().inputBand() == 1
    light = [QColor(each).lightness() for each in colours]
    assert light == sorted(light, reverse=True) and light[0] > light[-1] + 80
    assert is_multiplied(layer)


def test_members_that_differ_make_the_colour_of_susceptibility_paler(raster):
    """Tens count susceptibility, from blue through yellow to red; units uncertainty, low to high."""
    from qgis.PyQt.QtGui import QColor

    layer = raster("u", {name: [[11, 33]] for name in ("uncertainty", "class stability", "both")})
    values, colours, labels = drawn("uncertainty", layer)
    legend = {int(value): (QColor(colour), label) for value, colour, label in zip(values, colours, labels)}
    assert sorted(legend) == [11, 12, 13, 21, 22, 23, 31, 32, 33] and layer.renderer().inputBand() == 3
    for tens, word in ((1, "Low"), (2, "Moderate"), (3, "High")):
        told = [legend[10 * tens + units] for units in (1, 2, 3)]
        assert [label.partition(",")[0] for _, label in told] == [f"{word} susceptibility"] * 3
        assert [label.partition(", ")[2].partition(" uncertainty")[0] for _, label in told] == ["low", "moderate", "high"]
        assert [label.rpartition("(")[2] for _, label in told] == ["below 0.05)", "0.05 to 0.10)", "0.10 and more)"]
        strong = [colour.saturation() for colour, _ in told]
        assert strong == sorted(strong, reverse=True) and strong[0] > strong[-1]
    blue, red = legend[11][0], legend[31][0]
    assert blue.blue() > blue.red() and red.red() > red.blue()
    assert is_multiplied(layer)


def test_what_lies_outside_is_hatched_and_seen_through(polygons):
    from scarp.algorithms.results import LOOKS

    layer = polygons("outside", [0.5])
    LOOKS["outside"](layer)
    hatch = layer.renderer().symbol().symbolLayer(0)
    assert (hatch.layerType(), hatch.distance(), hatch.lineAngle()) == ("LinePatternFill", 1.6, 45)
    assert hatch.subSymbol().color().name() == "#333333" and layer.renderer().symbol().symbolLayerCount() <= 2


def test_landslide_cells_are_red_and_others_grey(provider):
    from qgis.core import QgsVectorLayer
    from scarp.algorithms.results import LOOKS

    layer = QgsVectorLayer("Point?crs=EPSG:32639&field=landslide:integer", "cells", "memory")
    LOOKS["cells"](layer)
    assert layer.renderer().classAttribute() == "landslide"
    told = {each.value(): (each.label(), each.symbol().color()) for each in layer.renderer().categories()}
    assert {value: label for value, (label, _) in told.items()} == {1: "Landslide", 0: "No landslide"}
    assert told[1][1].name() == "#d7191c" and told[0][1].saturation() < 30
    layer = QgsVectorLayer("Point?crs=EPSG:32639", "slides", "memory")
    LOOKS["landslides"](layer)
    assert layer.renderer().symbol().color().name() == "#d7191c" and layer.renderer().symbol().size() < 2


def test_a_stack_shows_slope_before_altitude_and_else_its_first_band(raster):
    """Of 0 to 100 what lies between the 2nd and the 98th percent, by viridis."""
    ramp = np.linspace(0, 100, 10_201).reshape(101, 101)
    layer = raster("stack", {"twi": 0 * ramp, "altitude": 1000 + ramp, "slope": ramp})
    values, colours, _ = drawn("stack", layer)
    assert layer.renderer().inputBand() == 3 and values == pytest.approx([2, 26, 50, 74, 98], abs=0.5)
    assert colours == ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"] and is_multiplied(layer)
    assert (layer.renderer().classificationMin(), layer.renderer().classificationMax()) == (values[0], values[-1])
    drawn("stack", second := raster("second", {"twi": ramp, "altitude": ramp}))
    drawn("stack", other := raster("other", {"twi": ramp, "ndvi": ramp}))
    assert (second.renderer().inputBand(), other.renderer().inputBand()) == (2, 1)
    mostly = np.zeros((30, 30))
    mostly[0, 0] = 5
    values, _, _ = drawn("stack", raster("mostly", {"slope": mostly}))
    assert values == [0, 1.25, 2.5, 3.75, 5], "the whole range where the middle of it is one value"


def test_a_difference_is_white_at_nothing_and_reaches_as_far_to_either_side(raster):
    layer = raster("d", {"difference": np.linspace(-0.5, 0.25, 7_500).reshape(75, 100)})
    values, colours, labels = drawn("difference", layer)
    assert colours == ["#2c7bb6", "#ffffff", "#d7191c"] and values == pytest.approx([-0.485, 0, 0.485], abs=0.005)
    assert [label[0] for label in labels] == ["-", "+", "+"] and is_multiplied(layer)


def test_of_dominant_factors_those_that_are_somewhere_are_told(raster):
    colours = {0: (0, 0, 0, 0), 1: (10, 20, 30, 255), 2: (40, 50, 60, 255), 3: (70, 80, 90, 255)}
    layer = raster("f", {"": [[0, 1, 3, 3]]}, gdal.GDT_Byte, colours)
    assert drawn("dominant", layer) == ([1, 3], ["#0a141e", "#46505a"], ["factor 1", "factor 3"])
    assert is_multiplied(layer)


def test_zones_go_from_blue_to_red_by_natural_classes(polygons):
    from scarp.algorithms.results import LOOKS

    layer = polygons("zones", [0.1, 0.11, 0.3, 0.31, 0.5, 0.51, 0.7, 0.71, 0.9, 0.91])
    LOOKS["zones"](layer)
    ranges = layer.renderer().ranges()
    assert [each.symbol().color().name() for each in ranges] == BLUE_TO_RED
    assert [round(each.upperValue(), 2) for each in ranges] == [0.11, 0.31, 0.51, 0.71, 0.91]
    assert ranges[1].label() == "0.110 – 0.310" and is_multiplied(layer)
    alike = polygons("alike", [0.4, 0.4])
    LOOKS["zones"](alike)
    assert len(alike.renderer().ranges()) == 1, "one class of one value"


def test_a_style_goes_beside_the_file_but_never_over_one_of_the_user(provider, raster, tmp_path):
    from scarp.algorithms.results import STYLES, save_look

    path = raster("s", {"": [[0.5]]}).source()
    beside = tmp_path / "s.qml"
    for look, name in (
        ("susceptibility", "susceptibility"),
        ("uncertainty", "uncertainty"),
        ("cells", "sample_cells"),
        ("outside", "outside"),
    ):
        save_look(look, path)  # over that of another of ours too
        assert beside.read_bytes() == (STYLES / f"{name}.qml").read_bytes()
    beside.write_text("<qgis>mine</qgis>", encoding="utf-8")
    for look in ("susceptibility", "stack"):
        save_look(look, path)
        assert beside.read_text(encoding="utf-8") == "<qgis>mine</qgis>"
    beside.unlink()
    save_look("stack", path)
    assert "scarp_wrote_this_style" in beside.read_text(encoding="utf-8")
    save_look("applicability", path)
    assert beside.read_bytes() == (STYLES / "applicability.qml").read_bytes(), "that of a stack is ours too"
    beside.unlink()
    save_look("classes", path)
    save_look("", path)
    assert not beside.exists()


@pytest.fixture
def load(project):
    """Load layers as Processing does after a run: each into the group it was told, the topmost first; return the group."""

    def load_layers(context, layers):
        from qgis.core import QgsProcessingFeedback

        told = sorted(layers, key=lambda each: -context.layerToLoadOnCompletionDetails(each.source()).layerSortKey)
        for each in told:
            details = context.layerToLoadOnCompletionDetails(each.source())
            group = project.layerTreeRoot().findGroup(details.groupName) or project.layerTreeRoot().addGroup(details.groupName)
            project.addMapLayer(each, False)
            group.addLayer(each)
        for each in told[::-1]:
            context.layerToLoadOnCompletionDetails(each.source()).postProcessor().postProcessLayer(each, context, QgsProcessingFeedback())
        return group

    return load_layers


@pytest.fixture
def context(project):
    from qgis.core import QgsProcessingContext

    made = QgsProcessingContext()
    made.setProject(project)
    return made


def present(context, layers, **more):
    """Say of layers, by their looks, that they are loaded and how they are shown."""
    from qgis.core import QgsProcessingContext
    from scarp.algorithms.results import present

    for look, layer in layers.items():
        details = QgsProcessingContext.LayerDetails(layer.name(), context.project(), look)
        context.addLayerToLoadOnCompletion(layer.source(), details)
        present(layer.source(), context, "Map susceptibility", look=look, **more)


def test_what_covers_lies_above_and_only_the_topmost_is_shown(context, load, raster, polygons):
    """What lies outside, then classes, then susceptibility, then what tells of it; all in one group of the run, over one hillshade."""
    ground = raster("dem", {"": np.arange(12.0).reshape(3, 4)}).source()
    cells = np.full((3, 4), 0.5)
    layers = {look: raster(look, {"a": cells, "b": cells, "c": cells}) for look in ("applicability", "susceptibility", "classes")}
    layers["outside"] = polygons("outside", [0.5])
    present(context, layers, ground=ground)
    group = load(context, layers.values())
    assert re.fullmatch(r"Map susceptibility, \d\d:\d\d:\d\d", group.name())
    assert [each.name() for each in group.children()] == ["outside", "classes", "susceptibility", "applicability", "Hillshade"]
    assert [each.name() for each in group.children() if each.isVisible()] == ["outside", "classes", "Hillshade"]
    assert layers["susceptibility"].renderer().type() == "singlebandpseudocolor"


def test_a_layer_that_waits_is_switched_off_and_a_model_gives_its_name(context, load, raster):
    from qgis.core import QgsExpressionContextScope

    scope = QgsExpressionContextScope()
    scope.setVariable("model_name", "My model")
    context.expressionContext().appendScope(scope)
    layer = raster("stack", {"slope": np.arange(12.0).reshape(3, 4), "ndvi": np.ones((3, 4))})
    present(context, {"stack": layer}, hidden=True)
    group = load(context, [layer])
    assert group.name().startswith("My model, ")
    assert [(each.name(), each.isVisible()) for each in group.children()] == [("stack", False)], "no ground, no hillshade"


def test_a_later_step_comes_into_the_group_of_the_first_one(context, raster):
    """A model's steps end at different times."""
    first, second = (raster(name, {"": [[0.5]]}) for name in ("first", "second"))
    present(context, {"susceptibility": first})
    context.layerToLoadOnCompletionDetails(first.source()).groupName = "My model, 12:00:00"
    present(context, {"classes": second})
    assert context.layerToLoadOnCompletionDetails(second.source()).groupName == "My model, 12:00:00"


def test_of_a_sample_landscape_landslides_lines_and_places_are_shown_over_its_ground(provider, context, load, raster, polygons, tmp_path):
    """The truth waits below, drawn as susceptibility, in QGIS and for whoever opens the file."""
    from qgis.core import QgsVectorLayer
    from scarp.engine.declarations.parameters import RESULTS

    kinds = {each.id: each.kind for each in RESULTS["sample_landscape"]}
    made = {name: raster(name, {"": np.arange(12.0).reshape(3, 4) / 12}) for name, kind in kinds.items() if kind == "raster"}
    for name in (name for name, kind in kinds.items() if kind == "vector"):
        path = str(tmp_path / f"{name}.gpkg")
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32639)
        dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
        shape = {"FAULTS": ogr.wkbLineString, "ROADS": ogr.wkbLineString, "SETTLEMENTS": ogr.wkbPoint, "INVENTORY": ogr.wkbPoint}
        dataset.CreateLayer(name, reference, shape.get(name, ogr.wkbPolygon))
        dataset = None
        made[name] = QgsVectorLayer(path, name)
    result = {name.lower(): each.source() for name, each in made.items()}
    provider.algorithm("samplelandscape").create().show(result, "", context)
    group = load(context, made.values())
    assert group.name().startswith("Create sample landscape, ")
    names = [each.name() for each in group.children()]
    assert names[:4] == ["INVENTORY", "SETTLEMENTS", "ROADS", "FAULTS"] and names[-1] == "Hillshade" and set(made) < set(names)
    assert {each.name() for each in group.children() if each.isVisible()} == {"INVENTORY", "SETTLEMENTS", "ROADS", "FAULTS", "Hillshade"}
    assert made["TRUTH"].renderer().type() == "singlebandpseudocolor" and (tmp_path / "TRUTH.qml").is_file()
    assert made["INVENTORY"].renderer().symbol().color().name() == "#d7191c" != made["SETTLEMENTS"].renderer().symbol().color().name()
    assert group.children()[-1].layer().source().endswith("/./DEM.tif")


def test_a_table_has_no_hillshade_below_it(context, load, raster, tmp_path):
    from qgis.core import QgsVectorLayer

    (tmp_path / "t.csv").write_text("covariate,advice\nslope,keep\n", encoding="utf-8")
    table = QgsVectorLayer(str(tmp_path / "t.csv"), "table")
    present(context, {"": table}, ground=raster("dem", {"": np.arange(12.0).reshape(3, 4)}).source())
    assert [each.name() for each in load(context, [table]).children()] == ["table"]


def test_what_is_not_loaded_is_left_alone(context, raster):
    from scarp.algorithms.results import present

    path = raster("s", {"": [[0.5]]}).source()
    present(path, context, "Map susceptibility", look="susceptibility")
    assert not context.willLoadLayerOnCompletion(path)


def test_a_hillshade_is_of_the_elevations_light_and_found_again(context, load, project, raster):
    """Of a stack it is of its altitude; a later result on the same place takes that of the project, one elsewhere does not."""
    from qgis.core import QgsProcessingContext

    ramp = np.arange(12.0).reshape(3, 4)
    ground = raster("stack", {"slope": ramp, "altitude": ramp}).source()
    first = raster("first", {"": ramp})
    present(context, {"susceptibility": first}, ground=ground)
    shade = load(context, [first]).children()[-1].layer()
    renderer = shade.renderer()
    assert (renderer.type(), renderer.usesBands(), renderer.azimuth(), renderer.altitude()) == ("hillshade", [2], 315, 45)
    assert renderer.multiDirectional() and shade.brightnessFilter().brightness() == 90
    assert shade.source().endswith("/./stack.tif"), "another spelling than the user's"
    others = {
        "near": (raster("near", {"": ramp}, west=500_030.0), ""),
        "far": (raster("far", {"": ramp}, west=600_000.0), ""),
        "bare": (bare := raster("bare", {"red": ramp, "nir": ramp}), bare.source()),
    }
    found = {}
    for name, (layer, ground) in others.items():
        for each in project.layerTreeRoot().findGroups():
            each.setName("before")  # runs of the same second have groups of one name
        later = QgsProcessingContext()
        later.setProject(project)
        present(later, {"": layer}, ground=ground)
        found[name] = [each.name() for each in load(later, [layer]).children()]
    assert found == {"near": ["near", "Hillshade"], "far": ["far"], "bare": ["bare"]}, "bands that are no elevations give none"


def test_ground_is_the_dem_else_the_stack_where_it_is_a_file(tmp_path):
    from scarp.algorithms.results import elevation_of

    dem, stack = tmp_path / "dem.tif", tmp_path / "stack.tif"
    for each in (dem, stack):
        shutil.copy(__file__, each)
    assert elevation_of({"dem": f"{dem}|band=2", "covariates": str(stack)}) == str(dem)
    assert elevation_of({"dem": None, "covariates": str(stack)}) == str(stack)
    assert elevation_of({"covariates": "PG:dbname=a"}) == "" == elevation_of({"susceptibility": str(stack)})
