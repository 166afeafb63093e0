# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): puts each layer of the JSON file in SCARP_WINDOW into each layer widget of each dialog.

What it did is written beside that file, line by line, so that the last line tells what ended QGIS.
"""

import json
import os
import traceback
from pathlib import Path

import processing
from qgis.core import QgsApplication, QgsMeshLayer, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import QEventLoop, QTimer

ORDERS = Path(os.environ["SCARP_WINDOW"])
KINDS = {"raster": (QgsRasterLayer, "gdal"), "vector": (QgsVectorLayer, "ogr"), "mesh": (QgsMeshLayer, "mdal")}
LAYERS = {"raster", "source", "vector", "maplayer", "layer", "multilayer"}


def pause(milliseconds):
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def main(seen):
    layers = []
    for kind, path in json.loads(ORDERS.read_text(encoding="utf-8")):
        make, provider = KINDS[kind]
        layers.append(make(path, f"{kind} {Path(path).stem}", provider))
    QgsProject.instance().addMapLayers(layers)
    for algorithm in QgsApplication.processingRegistry().providerById("scarp").algorithms():
        dialog = processing.createAlgorithmDialog(algorithm.id(), {})
        dialog.show()
        pause(200)
        for definition in algorithm.parameterDefinitions():
            if definition.type() not in LAYERS:
                continue
            for layer in layers:
                for value in (layer.id(), layer.source()):
                    seen.write(f"{algorithm.name()} {definition.name()} {value}\n")
                    seen.flush()
                    dialog.setParameters({definition.name(): [value] if definition.type() == "multilayer" else value})
                    QgsApplication.processEvents()
        dialog.close()
    seen.write("done\n")


def run():
    with (ORDERS.parent / "seen.txt").open("w", encoding="utf-8") as seen:
        try:
            main(seen)
        except Exception:
            seen.write(traceback.format_exc())
    os._exit(0)


QTimer.singleShot(1000, run)
