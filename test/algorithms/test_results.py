# SPDX-License-Identifier: GPL-2.0-or-later
"""What results look like once QGIS has loaded them."""

import shutil

import pytest


@pytest.fixture
def load(project, provider):
    """Run an algorithm as its dialog does, and load what came out; return the layers of the project by name."""

    def run_and_load(name, parameters, outputs=()):
        from processing.gui.Postprocessing import handleAlgorithmResults
        from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProcessingOutputLayerDefinition

        context, feedback = QgsProcessingContext(), QgsProcessingFeedback()
        context.setProject(project)
        algorithm = provider.algorithm(name).create()
        given = {**parameters, **{each: QgsProcessingOutputLayerDefinition("TEMPORARY_OUTPUT", project) for each in outputs}}
        results, ok = algorithm.run(given, context, feedback)
        assert ok
        assert handleAlgorithmResults(algorithm, context, feedback, results)
        return results

    return run_and_load


def groups(project):
    return {group.name().partition(",")[0]: [each.name() for each in group.children()] for group in project.layerTreeRoot().findGroups()}


def visible(project):
    return {each.name() for each in project.layerTreeRoot().findLayers() if each.isVisible()}


def layer(project, name):
    (found,) = project.mapLayersByName(name)
    return found


def test_a_stack_is_one_covariate_over_a_hillshade(load, project, landscape, tmp_path):
    from qgis.core import QgsRasterLayer

    results = load("preparecovariates", {"DEM": landscape["DEM"]}, ["OUTPUT"])
    assert groups(project) == {"Prepare covariates": ["Covariate stack", "Hillshade"]}
    stack = layer(project, "Covariate stack")
    assert stack.renderer().type() == "singlebandpseudocolor"
    assert stack.bandName(stack.renderer().inputBand()).endswith(": slope")
    items = stack.renderer().shader().rasterShaderFunction().colorRampItemList()
    assert [each.color.name() for each in (items[0], items[-1])] == ["#440154", "#fde725"]
    assert 0 <= items[0].value < items[-1].value < 90
    shade = layer(project, "Hillshade")
    assert shade.renderer().type() == "hillshade"
    assert visible(project) == {"Covariate stack", "Hillshade"}
    again = QgsRasterLayer(results["OUTPUT"])
    assert again.renderer().type() == "singlebandpseudocolor"  # whoever opens the file sees the same


def test_a_table_has_no_hillshade(load, project, stack, landscape):
    load("screencovariates", {"COVARIATES": stack, "INVENTORY": landscape["INVENTORY"], "REPORT": None}, ["OUTPUT"])
    assert groups(project) == {"Screen covariates": ["Covariates screened"]}


def test_cells_are_coloured_by_class(load, project, stack, landscape):
    load("samplecells", {"COVARIATES": stack, "INVENTORY": landscape["INVENTORY"]}, ["OUTPUT"])
    cells = layer(project, "Sample cells")
    renderer = cells.renderer()
    assert (renderer.type(), renderer.classAttribute()) == ("categorizedSymbol", "landslide")
    assert {each.value(): each.label() for each in renderer.categories()} == {1: "Landslide", 0: "No landslide"}
    assert max(each.symbol().size() for each in renderer.categories()) < 2
    assert groups(project) == {"Sample landslide and non-landslide cells": ["Sample cells", "Hillshade"]}


def test_classes_find_the_hillshade_of_their_place(load, project, stack, mapped):
    load("mapsusceptibility", {"COVARIATES": stack, "MODEL": mapped["model"]}, ["OUTPUT"])
    load("classifysusceptibility", {"SUSCEPTIBILITY": mapped["map"]}, ["OUTPUT"])
    assert groups(project) == {
        "Map susceptibility": ["Susceptibility", "Hillshade"],
        "Classify susceptibility": ["Susceptibility classes", "Hillshade"],
    }
    assert layer(project, "Susceptibility").renderer().type() == "singlebandpseudocolor"
    assert layer(project, "Susceptibility classes").renderer().type() == "paletted"
    # The stack has a style beside it that mixes its colours with what is below; the ground itself is opaque.
    assert {each.blendMode() for each in project.mapLayersByName("Hillshade")} == {NORMAL}


NORMAL, MULTIPLIED = 0, 13


def test_classes_keep_the_colours_of_their_legend_where_there_is_no_ground(load, project, stack, mapped, landscape):
    """Multiplied by a map below them they would have the colours of neither; a stack in the project gives the ground."""
    from qgis.core import QgsRasterLayer

    project.addMapLayer(QgsRasterLayer(mapped["map"], "older map"))
    load("classifysusceptibility", {"SUSCEPTIBILITY": mapped["map"]}, ["OUTPUT"])
    assert groups(project) == {"Classify susceptibility": ["Susceptibility classes"]}
    assert layer(project, "Susceptibility classes").blendMode() == NORMAL
    project.clear()
    project.addMapLayer(QgsRasterLayer(stack, "factors"))
    load("classifysusceptibility", {"SUSCEPTIBILITY": mapped["map"]}, ["OUTPUT"])
    assert groups(project) == {"Classify susceptibility": ["Susceptibility classes", "Hillshade"]}
    assert layer(project, "Susceptibility classes").blendMode() == MULTIPLIED


def test_uncertainty_is_drawn_with_susceptibility(load, project, stack, mapped, tmp_path):
    """Nine classes, each drawn in its own colour, and the legend says which is which."""
    import numpy as np
    from osgeo import gdal
    from qgis.core import QgsRasterLayer
    from qgis.PyQt.QtGui import QColor

    given = {"COVARIATES": stack, "MODEL": mapped["model"], "DROPOUT_PASSES": 4}
    results = load("mapsusceptibility", given, ["OUTPUT", "UNCERTAINTY"])
    assert groups(project) == {"Map susceptibility": ["Susceptibility", "Uncertainty", "Hillshade"]}
    codes = gdal.Open(results["UNCERTAINTY"]).ReadAsArray()[2]
    shown = QgsRasterLayer(results["UNCERTAINTY"])  # the style beside the file
    for one in (layer(project, "Uncertainty"), shown):
        renderer = one.renderer()
        assert (renderer.type(), renderer.inputBand()) == ("paletted", 3)
        legend = {each.value: (each.label, each.color) for each in renderer.classes()}
        assert sorted(legend) == [11, 12, 13, 21, 22, 23, 31, 32, 33]
        assert legend[31][0] == "High susceptibility, low uncertainty (below 0.05)"
        block = renderer.block(1, one.extent(), one.width(), one.height())
        for code in set(np.unique(codes)) - {-9999}:
            row, col = np.argwhere(codes == code)[0]
            assert QColor(block.color(int(row), int(col))).name() == legend[code][1].name()


def test_what_lies_outside_is_hatched_over_the_map(load, project, stack, mapped):
    given = {"COVARIATES": stack, "MODEL": mapped["model"]}
    results = load("mapsusceptibility", given, ["OUTPUT", "APPLICABILITY", "OUTSIDE"])
    names = ["Outside the area of applicability", "Susceptibility", "Area of applicability", "Hillshade"]
    assert groups(project) == {"Map susceptibility": names}
    symbol = layer(project, names[0]).renderer().symbol()
    hatch = symbol.symbolLayer(0)
    assert (hatch.layerType(), hatch.distance(), hatch.lineAngle()) == ("LinePatternFill", 1.6, 45)
    assert hatch.subSymbol().color().name() == "#333333"
    assert {names[0], "Susceptibility"} <= visible(project)
    index = layer(project, names[2]).renderer()
    assert (index.type(), index.inputBand()) == ("singlebandpseudocolor", 1)
    assert 0 <= results["OUTSIDE_PERCENT"] < 100


def test_a_model_is_one_group_with_its_map_on_top(load, project, stack, mapped):
    outputs = ["susceptibility", "susceptibility_classes"]
    load("mapanewarea", {"COVARIATES": stack, "MODEL": mapped["model"]}, outputs)
    assert groups(project) == {"Map a new area": ["Susceptibility classes", "Susceptibility", "Hillshade"]}
    assert visible(project) == {"Susceptibility classes", "Hillshade"}


def test_a_sample_landscape_is_loaded(load, project, tmp_path):
    from scarp.engine.declarations.parameters import RESULTS

    load("samplelandscape", {"SIZE": 64, "LANDSLIDES": 20, "FOLDER": str(tmp_path)})
    (names,) = groups(project).values()
    titles = [each.title for each in RESULTS["sample_landscape"] if each.kind != "number"]
    assert sorted(names) == sorted([*titles, "Hillshade"])
    assert names[0] == "Landslide inventory"
    assert names[-1] == "Hillshade"
    assert visible(project) == {"Landslide inventory", "Settlements", "Roads", "Faults", "Hillshade"}


def test_a_dem_that_is_loaded_keeps_its_name(load, project, landscape, tmp_path):
    """What is given by its path is not taken for the hillshade of the same file."""
    from qgis.core import QgsProcessingContext, QgsProcessingUtils

    dem = str(shutil.copy(landscape["DEM"], tmp_path / "ground.tif"))
    load("preparecovariates", {"DEM": dem}, ["OUTPUT"])
    assert layer(project, "Hillshade").renderer().type() == "hillshade"
    context = QgsProcessingContext()
    context.setProject(project)
    assert QgsProcessingUtils.mapLayerFromString(dem, context).name() != "Hillshade"


def test_what_is_left_out_of_a_model_is_temporary(provider, stack, landscape):
    """A step of a model whose output is left out still writes what the next step needs."""
    from pathlib import Path

    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    algorithm = provider.algorithm("samplecells").create()
    given = {"COVARIATES": stack, "INVENTORY": landscape["INVENTORY"], "OUTPUT": None}
    results, ok = algorithm.run(given, QgsProcessingContext(), QgsProcessingFeedback())
    assert ok
    assert Path(results["OUTPUT"]).exists()


def test_names_of_factors_are_text_in_a_style(project, tmp_path):
    """A style is XML, and QGIS takes what stands between [% and %] in some of its texts for an expression."""
    from xml.etree import ElementTree

    import numpy as np
    from osgeo import gdal
    from qgis.core import QgsRasterLayer
    from scarp.algorithms.results import save_look

    names = ["", "<script>alert('x')</script> & \" ]]>", "[% $now %]", "=cmd()|' \u202egpj", "$\\frac{"]
    path = str(tmp_path / "dominant.tif")
    made = gdal.GetDriverByName("GTiff").Create(path, 4, 4, 1, gdal.GDT_Byte)
    made.SetGeoTransform((0, 1, 0, 4, 0, -1))
    colours = gdal.ColorTable()
    for number in range(1, 5):
        colours.SetColorEntry(number, (50 * number, 0, 0, 255))
    made.GetRasterBand(1).SetColorTable(colours)
    made.GetRasterBand(1).SetCategoryNames(names)
    made.GetRasterBand(1).WriteArray(np.repeat(np.arange(1, 5, dtype=np.uint8)[None], 4, axis=0))
    del made
    save_look("dominant", path)
    tree = ElementTree.parse(tmp_path / "dominant.qml")
    assert [each.get("label") for each in tree.iter("paletteEntry")] == names[1:]
    layer = QgsRasterLayer(path, "dominant")
    assert [each.label for each in layer.renderer().classes()] == names[1:]


def test_zones_are_coloured_by_their_mean(load, project, mapped, tmp_path):
    """Four squares of a quarter of the map each; the most susceptible one is red, whoever opens the file."""
    import processing
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    extent = QgsRasterLayer(mapped["map"]).extent()
    side = {"HSPACING": extent.width() / 2, "VSPACING": extent.height() / 2}
    grid = {"TYPE": 2, "EXTENT": mapped["map"], **side, "CRS": mapped["map"], "OUTPUT": str(tmp_path / "grid.gpkg")}
    zones = processing.run("native:creategrid", grid)["OUTPUT"]
    results = load("zonalsusceptibility", {"SUSCEPTIBILITY": mapped["map"], "ZONES": zones}, ["OUTPUT"])
    for one in (layer(project, "Susceptibility of zones"), QgsVectorLayer(results["OUTPUT"], "again")):
        renderer = one.renderer()
        assert (renderer.type(), renderer.classAttribute()) == ("graduatedSymbol", "susc_mean")
        means = sorted(feature["susc_mean"] for feature in one.getFeatures())
        colours = [renderer.symbolForValue(mean).color().name() for mean in (means[0], means[-1])]
        assert len(means) == 4 and colours == ["#2c7bb6", "#d7191c"], [(each.lowerValue(), each.upperValue()) for each in renderer.ranges()]
        assert renderer.ranges()[-1].label().endswith(f" – {means[-1]:.3f}")


def test_classes_are_mixed_with_a_hillshade_that_a_later_step_brings(project, stack, mapped):
    """In a model the step that classifies knows no ground; that of the map does, and its layer may come second."""
    from qgis.core import QgsRasterLayer
    from qgis.PyQt.QtGui import QPainter
    from scarp.algorithms.results import _lay_hillshade

    group = project.layerTreeRoot().addGroup("run")
    classes, around = (QgsRasterLayer(mapped["map"], name) for name in ("classes", "map"))
    classes.setBlendMode(QPainter.CompositionMode.CompositionMode_Multiply)
    for each, ground, mode in ((classes, "", NORMAL), (around, stack, MULTIPLIED)):
        project.addMapLayer(each, False)
        group.addLayer(each)
        _lay_hillshade(group, ground, each, project)
        assert classes.blendMode() == mode
    assert around.blendMode() == NORMAL, "it was not mixed before either"
