# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs inside a real QGIS window (`qgis --code`): puts each layer of its orders into each layer widget of each dialog.

What it did is written line by line, so that the last line tells what ended QGIS.
"""

from pathlib import Path

import processing
from in_window import FOLDER, begin, orders, pause
from qgis.core import QgsApplication, QgsMeshLayer, QgsProject, QgsRasterLayer, QgsVectorLayer

KINDS = {"raster": (QgsRasterLayer, "gdal"), "vector": (QgsVectorLayer, "ogr"), "mesh": (QgsMeshLayer, "mdal")}
LAYERS = {"raster", "source", "vector", "maplayer", "layer", "multilayer"}


def main():
    layers = []
    seen = (FOLDER / "seen.txt").open("w", encoding="utf-8")
    for kind, path in orders():
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
    seen.close()


begin(main)
