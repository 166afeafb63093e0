# SPDX-License-Identifier: GPL-2.0-or-later
"""The steps of a first map: “Make a first map” runs them in QGIS's window, and `make demo` headless. Standard library only."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

# Layers of the sample landscape that are covariates as they are, and those whose field `unit` names classes.
_LAYERS = ("DEM", "FAULTS", "ROADS", "SETTLEMENTS", "RED", "NIR", "LAND_USE")
_CLASSES = ("GEOLOGY", "SOIL", "CLIMATE")
STACK = "covariates.tif"
# The outputs of the model, by its names for them.
OUTPUTS = {
    "sample_cells": "samples.gpkg",
    "model_file": "model.scarp",
    "report": "report.html",
    "susceptibility": "susceptibility.tif",
    "susceptibility_classes": "classes.tif",
    "table_of_classes": "classes.csv",
}
# A step: an algorithm with its values. What it gave is sent back.
Steps = Generator[tuple[str, dict[str, Any]], dict[str, Any], None]


def steps(landscape: dict[str, Any], folder: Path) -> Steps:
    """Yield the algorithms that make a sample landscape, its covariate stack and its map, each with its values.

    Parameters
    ----------
    landscape
        Values of `scarp:samplelandscape` but its folder.
    folder
        Where everything lies afterwards.
    """
    made = yield "scarp:samplelandscape", {**landscape, "FOLDER": str(folder / "landscape")}
    layers = {name: made[name] for name in (*_LAYERS, *_CLASSES)}
    fields = {f"{name}_FIELD": "unit" for name in _CLASSES}
    stack = yield "scarp:preparecovariates", {**layers, **fields, "OUTPUT": str(folder / STACK)}
    outputs = {name: str(folder / file) for name, file in OUTPUTS.items()}
    inputs = {"COVARIATES": stack["OUTPUT"], "INVENTORY": made["INVENTORY"]}
    yield "scarp:susceptibilityfromcovariates", {**inputs, **outputs}
