# SPDX-License-Identifier: GPL-2.0-or-later
"""What the dialogs choose and offer, by themselves."""

import numpy as np
import pytest
from osgeo import gdal, osr


@pytest.fixture
def dialog(provider):
    made = []

    def make(name):
        made.append(provider.algorithm(name).create().createCustomParametersWidget(None))
        return made[-1]

    yield make
    from qgis.PyQt import sip

    for each in made:
        sip.delete(each)


def raster(folder, name, bands=("",), kind=gdal.GDT_Float32, values=1.0):
    from qgis.core import QgsRasterLayer

    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    path = str(folder / f"{name}.tif")
    dataset = gdal.GetDriverByName("GTiff").Create(path, 4, 3, len(bands), kind)
    dataset.SetGeoTransform((500000.0, 30.0, 0.0, 3600000.0, 0.0, -30.0))
    dataset.SetProjection(reference.ExportToWkt())
    for number, band in enumerate(bands, start=1):
        dataset.GetRasterBand(number).SetDescription(band)
        dataset.GetRasterBand(number).WriteArray(np.full((3, 4), values))
    dataset = None
    return QgsRasterLayer(path, name)


def vector(name, kind="Point", fields=("unit",)):
    from qgis.core import QgsVectorLayer

    return QgsVectorLayer(f"{kind}?crs=EPSG:32639" + "".join(f"&field={field}:integer" for field in fields), name, "memory")


def chosen(dialog, project, name):
    value = dialog.mainWidget().wrappers[name].parameterValue()
    layer = project.mapLayer(value) if isinstance(value, str) else None
    return layer.name() if layer else value


def test_layers_that_can_be_right_are_chosen(project, dialog, tmp_path):
    layers = [
        raster(tmp_path, "land use", kind=gdal.GDT_Byte),
        raster(tmp_path, "image", ("red", "green", "blue")),
        raster(tmp_path, "susceptibility"),
        raster(tmp_path, "dem"),
        raster(tmp_path, "susceptibility classes", kind=gdal.GDT_Byte),
        raster(tmp_path, "stack", ("altitude", "slope")),
        vector("geology", "Polygon"),
        vector("settlements"),
        vector("landslides of 2019", "Polygon"),
    ]
    project.addMapLayers(layers)
    expected = {
        ("preparecovariates", "DEM"): "dem",
        ("traincnndnn", "COVARIATES"): "stack",
        ("traincnndnn", "INVENTORY"): "landslides of 2019",
        ("samplecells", "INVENTORY"): "landslides of 2019",
        ("classifysusceptibility", "SUSCEPTIBILITY"): "susceptibility",
        ("printmap", "CLASSES"): "susceptibility classes",
        ("printmap", "DEM"): "dem",
        ("zonalsusceptibility", "CLASSES"): "susceptibility classes",
        ("susceptibilityfromdemandlandslides", "DEM"): "dem",
        ("susceptibilityfromdemandlandslides", "INVENTORY"): "landslides of 2019",
        ("mapanewarea", "COVARIATES"): "stack",
    }
    assert {key: chosen(dialog(key[0]), project, key[1]) for key in expected} == expected


def test_sample_cells_are_chosen_only_where_a_field_tells_which_are_landslides(project, dialog):
    project.addMapLayers([vector("sample cells", fields=("landslide", "subset", "fold")), vector("inventory")])  # the cells lie above
    expected = {
        "traincnndnn": "sample cells",
        "benchmarkclassifiers": "sample cells",
        "samplecells": "inventory",
        "classifysusceptibility": "inventory",
        "projectreport": "inventory",
        "susceptibilityfromcovariates": "inventory",
        "susceptibilityfromdemandlandslides": "inventory",
        "benchmarkandmapthebest": "inventory",
    }
    assert {name: chosen(dialog(name), project, "INVENTORY") for name in expected} == expected


def test_layers_that_cannot_be_right_are_not_chosen(project, dialog, tmp_path):
    layers = [
        raster(tmp_path, "land use", kind=gdal.GDT_Byte),
        raster(tmp_path, "image", ("red", "green", "blue")),
        vector("geology", "Polygon"),
        vector("settlements"),
        vector("wells"),
    ]
    project.addMapLayers(layers)
    for name, parameter in (
        ("preparecovariates", "DEM"),
        ("susceptibilityfromdemandlandslides", "DEM"),
        ("traincnndnn", "COVARIATES"),
        ("traincnndnn", "INVENTORY"),
        ("classifysusceptibility", "SUSCEPTIBILITY"),
        ("printmap", "CLASSES"),
    ):
        assert not chosen(dialog(name), project, parameter), (name, parameter)
    project.removeMapLayer(layers[-1].id())
    assert chosen(dialog("traincnndnn"), project, "INVENTORY") == "settlements"  # the only points there are


def test_a_layer_that_is_no_surface_of_amounts_is_neither_dem_nor_map(project, dialog, tmp_path):
    """A susceptibility map is no DEM, be it the only raster; a stack has several bands; numbers with a palette are classes."""
    from qgis.core import QgsPalettedRasterRenderer

    project.addMapLayer(raster(tmp_path, "susceptibility"))
    assert not chosen(dialog("preparecovariates"), project, "DEM")
    project.clear()
    project.addMapLayer(raster(tmp_path, "altitude alone", ("altitude",)))
    assert not chosen(dialog("traincnndnn"), project, "COVARIATES")
    assert chosen(dialog("preparecovariates"), project, "DEM") == "altitude alone"
    project.clear()
    for name in ("dem", "susceptibility"):
        classes = raster(tmp_path, f"{name} in classes", kind=gdal.GDT_Int16)
        classes.setRenderer(QgsPalettedRasterRenderer(classes.dataProvider(), 1, []))
        project.addMapLayer(classes)
    assert not chosen(dialog("preparecovariates"), project, "DEM")
    assert not chosen(dialog("classifysusceptibility"), project, "SUSCEPTIBILITY")
    assert chosen(dialog("printmap"), project, "CLASSES") == "susceptibility in classes"


@pytest.mark.parametrize("name", ["SRTM 30 m", "DEM", "DTM_10", "dsm", "Elevation", "altitude", "heights", "terrain model"])
def test_a_dem_is_known_by_its_name(project, dialog, tmp_path, name):
    project.addMapLayers([raster(tmp_path, "rainfall"), raster(tmp_path, name)])
    assert chosen(dialog("preparecovariates"), project, "DEM") == name


@pytest.mark.parametrize("name", ["Land slides", "Slides of 2019", "INVENTORY", "mass movements", "Debris flows", "sample_cells"])
def test_an_inventory_is_known_by_its_name(project, dialog, name):
    project.addMapLayers([vector("geology", "Polygon"), vector(name, "Polygon")])
    assert chosen(dialog("traincnndnn"), project, "INVENTORY") == name


def test_zones_are_the_only_polygons_that_are_no_landslides(project, dialog):
    project.addMapLayers([vector("landslides", "Polygon"), vector("wells"), vector("districts", "Polygon")])
    assert chosen(dialog("zonalsusceptibility"), project, "ZONES") == "districts"
    project.addMapLayer(vector("parcels", "Polygon"))
    assert not chosen(dialog("zonalsusceptibility"), project, "ZONES"), "of two either may be meant"


def test_a_layer_may_be_taken_back_and_a_hillshade_is_none(project, dialog, tmp_path):
    from scarp.algorithms.dialog import _layer_box
    from scarp.algorithms.results import _HILLSHADE

    shade = raster(tmp_path, "dem hillshade")
    shade.setCustomProperty(_HILLSHADE, True)
    project.addMapLayer(shade)
    made = dialog("preparecovariates")
    assert not chosen(made, project, "DEM")
    assert _layer_box(made.mainWidget().wrappers["DEM"].wrappedWidget()).allowEmptyLayer()


def test_what_is_folded_away_and_may_be_left_out_is_left_out(project, dialog, provider, tmp_path):
    from qgis.core import QgsProcessingParameterDefinition
    from scarp.algorithms.dialog import _SUITS

    project.addMapLayers(
        [
            *(raster(tmp_path, name) for name in ("dem", "susceptibility")),
            raster(tmp_path, "susceptibility classes", kind=gdal.GDT_Byte),
            raster(tmp_path, "stack", ("altitude", "slope")),
            vector("districts", "Polygon"),
            vector("landslides"),
        ]
    )
    flags, spare, others = QgsProcessingParameterDefinition.Flag, 0, 0
    for algorithm in provider.algorithms():
        made = dialog(algorithm.name())
        for each in algorithm.parameterDefinitions():
            if each.name() in _SUITS and each.type() in ("raster", "source", "vector"):
                is_spare = bool(each.flags() & flags.FlagAdvanced and each.flags() & flags.FlagOptional)
                assert bool(chosen(made, project, each.name())) is not is_spare, (algorithm.name(), each.name())
                spare, others = spare + is_spare, others + (not is_spare)
    assert spare and others


def test_a_required_layer_that_is_not_chosen_is_missed(project, dialog, provider):
    from processing.gui.AlgorithmDialogBase import AlgorithmDialogBase

    with pytest.raises(AlgorithmDialogBase.InvalidParameterValue):
        dialog("traincnndnn").mainWidget().createProcessingParameters()


def test_the_label_field_is_filled_in_and_fields_are_offered(project, dialog):
    cells, plain = vector("sample cells", fields=("landslide", "fold")), vector("landslide points", fields=("unit", "when"))
    project.addMapLayers([cells, plain])
    made = dialog("traincnndnn")
    line, picker = made.mainWidget().wrappers["LABEL_FIELD"].wrappedWidget(), made.mainWidget().pickers["LABEL_FIELD"]
    made.setParameters({"INVENTORY": cells.id()})
    assert line.text() == "landslide"
    assert picker.names() == ["landslide", "fold"]
    made.setParameters({"INVENTORY": plain.id()})
    assert line.text() == ""
    assert picker.names() == ["unit", "when"]
    made.setParameters({"LABEL_FIELD": "unit", "INVENTORY": cells.id()})
    assert line.text() == "unit"  # what the user wrote stays
    assert made.mainWidget().wrappers["LABEL_FIELD"].parameterValue() == "unit"
    made.setParameters({"INVENTORY": plain.id()})
    assert line.text() == "unit", "whatever layer comes after it"


def test_other_fields_are_left_to_the_user_who_picks_them_from_a_list(project, dialog):
    """Though sample cells have a field that tells landslides; also where only what is selected of them counts."""
    from qgis.core import QgsProcessingFeatureSourceDefinition
    from qgis.PyQt.QtWidgets import QMenu

    cells = vector("sample cells", fields=("landslide", "fold"))
    project.addMapLayer(cells)
    made = dialog("validatemap")
    made.setParameters({"INVENTORY": QgsProcessingFeatureSourceDefinition(cells.id(), True)})
    lines = {name: made.mainWidget().wrappers[name].wrappedWidget() for name in made.mainWidget().pickers}
    assert {name: line.text() for name, line in lines.items() if line.text()} == {"LABEL_FIELD": "landslide"}
    picker, line = made.mainWidget().pickers["TYPE_FIELD"], lines["TYPE_FIELD"]
    assert picker.names() == ["landslide", "fold"]
    picker.pick()
    (menu,) = line.findChildren(QMenu)
    menu.actions()[1].trigger()
    assert line.text() == "fold"


def test_a_raster_offers_no_fields(project, dialog, tmp_path):
    classes, areas = raster(tmp_path, "land use", kind=gdal.GDT_Byte), vector("geology", "Polygon")
    project.addMapLayers([classes, areas])
    made = dialog("preparecovariates")
    line, picker = made.mainWidget().wrappers["LAND_USE_FIELD"].wrappedWidget(), made.mainWidget().pickers["LAND_USE_FIELD"]
    for layer, names in ((areas, ["unit"]), (classes, []), (areas, ["unit"])):
        made.setParameters({"LAND_USE": layer.id()})
        assert picker.names() == names
        assert picker.action.isVisible() == bool(names)
    picker.pick()
    assert line.text() == ""


def test_dialogs_that_are_gone_do_not_follow_layers(project, provider, tmp_path):
    """Layers come and go after a dialog was closed, collected or deleted."""
    import gc

    from qgis.core import QgsApplication
    from qgis.PyQt import sip

    for number in range(3):
        kept = [each.create().createCustomParametersWidget(None) for each in provider.algorithms()]
        project.addMapLayers([vector(f"landslides {number}", fields=("landslide",)), raster(tmp_path, f"dem {number}")])
        for each in kept[::2]:
            sip.delete(each)
        del kept
        gc.collect()
        QgsApplication.processEvents()
        project.addMapLayer(vector("more", "Polygon"))
        project.removeAllMapLayers()
        QgsApplication.processEvents()


def shown(widget):
    """What a field of a number, or of a band, shows."""
    from qgis.PyQt.QtWidgets import QAbstractSpinBox, QComboBox, QLineEdit

    if isinstance(widget, QLineEdit):
        return widget.text() or widget.placeholderText()
    combo = widget if isinstance(widget, QComboBox) else widget.findChild(QComboBox)
    if combo is not None and combo.metaObject().className() == "QgsRasterBandComboBox":
        return combo.currentText()
    (box,) = [widget] if isinstance(widget, QAbstractSpinBox) else widget.findChildren(QAbstractSpinBox)
    return box.text()


# What stands in a field in place of 0 and of QGIS's “Not set”; and the value that is handed on, which stays what it was.
NOTHINGS = {
    ("traincnndnn", "PATIENCE"): ("automatic", 0),
    ("traincnndnn", "EPOCHS"): ("automatic", 0),
    ("explainmodel", "BLOCK_SIZE"): ("automatic", 0.0),
    ("mapsusceptibility", "DROPOUT_PASSES"): ("none", 0),
    ("preparecovariates", "CELL_SIZE"): ("the DEM's own", None),
    ("preparecovariates", "Z_FACTOR"): ("as the DEM declares", None),
    ("preparecovariates", "RED_BAND"): ("the only one", None),
    ("projectreport", "POSITION_ERROR"): ("two cells of the map", None),
    ("benchmarkclassifiers", "EXCLUSION"): ("none", 0.0),
    ("classifysusceptibility", "LEAST_AREA"): ("all stay", 0.0),
    ("validatemap", "SUSCEPTIBILITY_BAND"): ("the only one", None),
}


def test_zeros_and_blanks_say_what_they_mean(dialog):
    for (name, parameter), expected in NOTHINGS.items():
        wrapper = dialog(name).mainWidget().wrappers[parameter]
        assert (shown(wrapper.wrappedWidget()), wrapper.parameterValue()) == expected, (name, parameter)


def test_a_field_with_words_goes_when_nobody_has_it(provider):
    """A cycle would keep it until Python looks for cycles, in the midst of whatever QGIS does then, long after its dialog."""
    import gc
    import weakref

    from processing.gui.wrappers import WidgetWrapperFactory
    from qgis.core import QgsProcessingContext
    from qgis.PyQt.QtWidgets import QDialog

    class AlgorithmDialog(QDialog):
        pass

    algorithm, window = provider.algorithm("traincnndnn").create(), AlgorithmDialog()
    wrapper = WidgetWrapperFactory.create_wrapper(algorithm.parameterDefinition("EPOCHS"), window)
    assert shown(wrapper.createWrappedWidget(QgsProcessingContext())) == "automatic"
    gone = weakref.ref(wrapper)
    gc.disable()
    try:
        del wrapper
        assert gone() is None
    finally:
        gc.enable()


def test_they_say_it_in_batch_too(provider):
    from processing.gui.BatchAlgorithmDialog import BatchAlgorithmDialog
    from qgis.PyQt import sip

    for name in dict.fromkeys(name for name, _ in NOTHINGS):
        made = BatchAlgorithmDialog(provider.algorithm(name).create())
        panel = made.mainWidget()
        for parameter, (words, value) in ((key[1], expected) for key, expected in NOTHINGS.items() if key[0] == name):
            column = panel.parameter_to_column[parameter]
            assert shown(panel.tblParameters.cellWidget(1, column)) == words, (name, parameter)
            assert panel.wrappers[0][column].parameterValue() in (value, ""), (name, parameter)
        sip.delete(made)


def test_they_say_it_in_the_modeler_too(provider):
    from processing.modeler.ModelerParametersDialog import ModelerParametersDialog
    from qgis.core import QgsProcessingModelAlgorithm
    from qgis.PyQt import sip
    from qgis.PyQt.QtWidgets import QAbstractSpinBox, QLineEdit

    for name in dict.fromkeys(name for name, _ in NOTHINGS):
        made = ModelerParametersDialog(provider.algorithm(name).create(), QgsProcessingModelAlgorithm())
        for parameter, (words, value) in ((key[1], expected) for key, expected in NOTHINGS.items() if key[0] == name):
            wrapper = made.widget.widget.wrappers[parameter]
            fields = [each for kind in (QAbstractSpinBox, QLineEdit) for each in wrapper.findChildren(kind)]
            assert words in map(shown, fields), (name, parameter)
            assert wrapper.value().staticValue() in (value, ""), (name, parameter)
        sip.delete(made)


def test_what_each_parameter_is_stands_beside_it(dialog, provider):
    from qgis.PyQt.QtWidgets import QTextBrowser
    from scarp.algorithms import ALGORITHMS

    for algorithm in (made() for made in ALGORITHMS):
        algorithm.initAlgorithm()
        told = dialog(algorithm.name()).findChild(QTextBrowser, "textShortHelp").toPlainText()
        assert algorithm.displayName() in told and algorithm.shortHelpString().split("\n\n")[-1] in told
        helps = {each.name(): each.help().partition(" In scripts:")[0] for each in algorithm.parameterDefinitions()}
        assert [name for name, text in helps.items() if text not in told] == [], algorithm.name()
        assert "In scripts" not in told


def test_numbers_have_no_more_decimals_than_they_need(dialog):
    from qgis.PyQt.QtWidgets import QDoubleSpinBox

    def shown(name, parameter):
        widget = dialog(name).mainWidget().wrappers[parameter].wrappedWidget()
        spin = widget if isinstance(widget, QDoubleSpinBox) else widget.findChild(QDoubleSpinBox)  # a distance has its unit beside it
        return spin.decimals()

    assert shown("samplecells", "BUFFER") == 2 and shown("samplecells", "TEST_SHARE") == 3
    assert shown("traincnndnn", "LEARNING_RATE") == 6
    # Where a rounded number is another one.
    assert shown("preparecovariates", "CELL_SIZE") == shown("preparecovariates", "DRAINAGE_AREA") == 6
