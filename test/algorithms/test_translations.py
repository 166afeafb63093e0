# SPDX-License-Identifier: GPL-2.0-or-later
"""Translations are complete, hold what the texts hold, and are what QGIS shows in its language."""

import json
import os
import re
import runpy
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "resources" / "translations").glob("scarp_*.ts"))
# Whatever must stay as it is: places for values, file endings, ids, numbers of years and addresses.
FIXED = re.compile(r"\{\}|\*\.\w+|scarp:\w+|\((?:18|19|20)\d\d\)|tcp://\S+|susc_\w+|\.csv|\.gpkg|SCARP_PYTHON")


@pytest.fixture(scope="module")
def strings(provider):
    return runpy.run_path(str(ROOT / "docs" / "make_strings.py"))


@pytest.fixture
def italian(provider):
    """The translation, as it is where QGIS is set to Swiss Italian."""
    from qgis.PyQt.QtCore import QCoreApplication
    from scarp.algorithms.translation import load_translation

    translator = load_translation("it_CH")
    assert translator is not None
    yield translator
    assert QCoreApplication.removeTranslator(translator)


def test_there_is_one():
    assert [path.name for path in FILES] == ["scarp_it.ts"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_is_translated(strings, path):
    found = strings["read"](path)
    assert sorted(found) == strings["sources"](), "run make strings, and translate what is new"
    assert [source for source, translation in found.items() if not translation] == [], "translate these, and run make strings"
    for source, translation in found.items():
        assert sorted(FIXED.findall(source)) == sorted(FIXED.findall(translation)), source
        assert source.count("\n\n") == translation.count("\n\n"), source
        assert source.endswith(".") == translation.endswith("."), source
        words = re.findall(r"\b[a-z]{2,}\b", FIXED.sub("", source))
        assert translation != source or len(words) < 2, source


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_qgis_loads_is_what_is_written(provider, strings, path):
    from qgis.PyQt.QtCore import QCoreApplication, QTranslator

    translator = QTranslator()
    assert translator.load(str(path.with_suffix(".qm")))
    QCoreApplication.installTranslator(translator)
    try:
        for source, translation in strings["read"](path).items():
            assert QCoreApplication.translate("Scarp", source) == translation
    finally:
        QCoreApplication.removeTranslator(translator)


def test_texts_of_code_declarations_and_models_are_gathered(strings):
    found = set(strings["sources"]())
    assert {
        "Make a first map",  # a literal
        "Train CNN–DNN",  # a title
        "3. Train and compare",  # a group
        "Patch size (cells)",  # a label
        "Side of the square of cells that the network sees; odd.",  # help
        "Balanced (both classes count the same)",  # a choice
        "Scarp model (*.scarp)",  # a filter of files
        "Map a new area",  # a model
        "The covariate stack, for further runs.",  # an output of a model
        "No half-written output is left; run again.",  # a message
    } <= found


def test_the_toolbox_is_in_the_language_of_qgis(provider, italian):
    train = provider.algorithm("traincnndnn").create()
    assert (train.displayName(), train.group()) == ("Addestra CNN–DNN", "3. Addestrare e confrontare")
    patch = train.parameterDefinition("PATCH_SIZE")
    assert patch.description() == "Dimensione della patch (celle)"
    assert patch.help() == "Lato del quadrato di celle che la rete vede; dispari."
    assert train.parameterDefinition("CLASS_WEIGHTS").options()[0] == "Bilanciati (le due classi contano lo stesso)"
    assert train.shortHelpString().startswith("Addestra la rete accoppiata")
    assert train.name() == "traincnndnn"
    model = provider.algorithm("susceptibilityfromdemandlandslides").create()
    assert (model.displayName(), model.group()) == ("Suscettibilità da DEM e frane", "5. Più passi in una volta")
    assert model.name() == "susceptibilityfromdemandlandslides"
    assert model.parameterDefinition("INVENTORY").description() == "Inventario delle frane"
    assert model.parameterDefinition("report").description() == "Rapporto dell'addestramento"
    assert model.helpContent()["covariates"] == "Lo stack di covariate, per altre esecuzioni."
    helps = {each.name(): each.help() for each in model.parameterDefinitions()}
    assert helps["AREA"] == "Poligoni che delimitano l'area di studio. Vuoto: tutto il DEM."
    assert helps["covariates"] == "Una banda per covariata, con nome, tipo e unità."
    assert {each.name() for each in model.destinationParameterDefinitions()} >= {"susceptibility_classes", "report"}


def test_outputs_of_a_model_keep_their_names_in_the_language_of_qgis(provider, italian):
    """QGIS makes them of titles."""
    model = provider.algorithm("mapanewarea").create()
    names = {each.name() for each in model.destinationParameterDefinitions()}
    assert names == {"susceptibility", "susceptibility_classes", "table_of_classes"}
    assert set(model._needed()) == {"susceptibility"}


def test_legends_are_in_the_language_of_qgis(italian, tmp_path):
    """Classes with the engine's names; names of others stay, and so do colours."""
    import numpy as np
    from osgeo import gdal
    from qgis.core import QgsPalettedRasterRenderer, QgsRasterLayer, QgsVectorLayer
    from qgis.PyQt.QtGui import QColor
    from scarp.algorithms.results import LOOKS

    dataset = gdal.GetDriverByName("GTiff").Create(str(tmp_path / "c.tif"), 4, 3)
    dataset.GetRasterBand(1).WriteArray(np.ones((3, 4)))
    dataset = None
    layer, kind = QgsRasterLayer(str(tmp_path / "c.tif")), QgsPalettedRasterRenderer.Class
    told = [kind(1, QColor("#2c7bb6"), "Very low"), kind(2, QColor("#d7191c"), "Extremely high"), kind(3, QColor("#000000"), "rock")]
    layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, told))
    LOOKS["classes"](layer)
    shown = [(each.value, each.label, each.color.name()) for each in layer.renderer().classes()]
    assert shown == [(1, "Molto bassa", "#2c7bb6"), (2, "Estremamente alta", "#d7191c"), (3, "rock", "#000000")]
    cells = QgsVectorLayer("Point?crs=EPSG:32639&field=landslide:integer", "cells", "memory")
    LOOKS["cells"](cells)
    assert {each.value(): each.label() for each in cells.renderer().categories()} == {1: "Frana", 0: "Nessuna frana"}


def test_the_language_is_the_one_that_qgis_is_set_to(root, tmp_path):
    """In a QGIS of its own, by its settings; the names that scripts rely on stay."""
    settings = tmp_path / "profiles" / "default" / "QGIS" / "QGIS3.ini"
    plugins = tmp_path / "profiles" / "default" / "python" / "plugins"
    settings.parent.mkdir(parents=True)
    plugins.mkdir(parents=True)
    (plugins / "scarp").symlink_to(root)
    found = {}
    for language in ("it", "fi"):
        settings.write_text(f"[locale]\noverrideFlag=true\nuserLocale={language}\n[PythonPlugins]\nscarp=true\n", encoding="utf-8")
        environment = {**os.environ, "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
        command = ["qgis_process", "--json", "help", "scarp:traincnndnn"]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr
        found[language] = json.loads(run.stdout)
    assert found["it"]["algorithm_details"]["name"] == "Addestra CNN–DNN"
    assert found["fi"]["algorithm_details"]["name"] == "Train CNN–DNN"
    assert found["it"]["parameters"]["EPOCHS"]["description"] == "Epoche"
    assert list(found["it"]["parameters"]) == list(found["fi"]["parameters"])
