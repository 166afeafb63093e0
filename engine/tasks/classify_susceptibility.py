# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: sort susceptibility into classes."""

from __future__ import annotations

import csv
from typing import Any

import numpy as np
from osgeo import gdal, ogr

from ..feedback import Feedback
from ..files.grid import Grid
from ..files.outputs import check_writable, replacing
from ..files.stack import Stack
from ..mapping.zonation import SusceptibilityRaster, class_names, find_breaks, write_classes
from ..samples.inventory import read_inventory


def run(
    feedback: Feedback,
    *,
    susceptibility: str,
    output: str,
    method: str = "natural_breaks",
    classes: int = 5,
    breaks: list[float] | None = None,
    inventory: str | None = None,
    table: str | None = None,
    polygons: str | None = None,
) -> dict[str, Any]:
    """Write the class raster and, where wanted, the table and the polygons."""
    for path in (output, table, polygons):
        if path:
            check_writable(path)
    raster = SusceptibilityRaster.open(susceptibility)
    found = find_breaks(raster.histogram(), method, classes, breaks)
    names = class_names(len(found) + 1)
    feedback.progress(30)
    with replacing(output) as temporary:
        counts = write_classes(raster, found, temporary, feedback.part(30, 80))
    rows = _rows(raster, names, found, counts, inventory)
    for row in rows:
        feedback.message("{class}: {from} to {to}, {share_percent} % of the area".format(**row))
    if table:
        with replacing(table) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    if polygons:
        with replacing(polygons) as temporary:
            _write_polygons(output, names, str(temporary))
    feedback.progress(100)
    wanted = {"table": table, "polygons": polygons}
    return {"output": output, "breaks": found, **{key: path for key, path in wanted.items() if path}}


def _rows(
    raster: SusceptibilityRaster, names: list[str], breaks: list[float], counts: np.ndarray, inventory: str | None
) -> list[dict[str, Any]]:
    width, height = (side * raster.grid.metres_per_unit / 1000 for side in raster.grid.cell_size)
    ends = [0.0, *breaks, 1.0]
    share = counts / counts.sum()
    rows: list[dict[str, Any]] = [
        {
            "class": name,
            "from": round(ends[number], 4),
            "to": round(ends[number + 1], 4),
            "cells": int(counts[number]),
            "area_km2": round(float(counts[number] * width * height), 4),
            "share_percent": round(100 * float(share[number]), 2),
        }
        for number, name in enumerate(names)
    ]
    if inventory:
        stack = _as_stack(raster)
        cells = read_inventory(inventory, stack)
        values = stack.at(cells.rows, cells.cols)[:, 0]
        slides = np.bincount(np.searchsorted(breaks, values, side="right"), minlength=len(names))
        for row, count, area in zip(rows, slides, share):
            row["landslide_cells"] = int(count)
            row["landslide_percent"] = round(100 * float(count / slides.sum()), 2)
            row["frequency_ratio"] = round(float(count / slides.sum() / area), 4) if area else None
    return rows


def _as_stack(raster: SusceptibilityRaster) -> Stack:
    from ...models.covariate import Covariate

    return Stack(raster.path, raster.dataset, [Covariate("susceptibility")])


def _write_polygons(classes: str, names: list[str], path: str) -> None:
    dataset = gdal.Open(classes)
    band = dataset.GetRasterBand(1)
    out = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    layer = out.CreateLayer("susceptibility_classes", Grid.of(dataset).spatial_reference, ogr.wkbPolygon)
    layer.CreateField(ogr.FieldDefn("class", ogr.OFTInteger))
    layer.CreateField(ogr.FieldDefn("name", ogr.OFTString))
    gdal.Polygonize(band, band.GetMaskBand(), layer, 0)
    layer.StartTransaction()
    for feature in layer:
        feature["name"] = names[feature["class"] - 1]
        layer.SetFeature(feature)
    layer.CommitTransaction()
