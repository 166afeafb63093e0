# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: sort susceptibility into classes."""

from __future__ import annotations

from typing import Any

from ..feedback import Feedback
from ..files.outputs import check_writable, replacing
from ..files.tables import check_table, write_table
from ..mapping.breaks import find_breaks
from ..mapping.zonation import SusceptibilityRaster, class_names, class_rows, write_classes, write_polygons


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
    for path in (output, polygons):
        if path:
            check_writable(path)
    if table:
        check_table(table)
    raster = SusceptibilityRaster.open(susceptibility)
    found = find_breaks(raster.histogram(feedback), method, classes, breaks)
    names = class_names(len(found) + 1)
    feedback.progress(30)
    with replacing(output) as temporary:
        counts, areas = write_classes(raster, found, temporary, feedback.part(30, 80))
    rows = class_rows(raster, names, found, counts, areas, inventory)
    for row in rows:
        feedback.message("{class}: {from} to {to}, {share_percent} % of the area".format(**row))
    if table:
        write_table(table, rows)
    if polygons:
        with replacing(polygons) as temporary:
            write_polygons(output, names, temporary)
    feedback.progress(100)
    wanted = {"table": table, "polygons": polygons}
    return {"output": output, "breaks": found, **{key: path for key, path in wanted.items() if path}}
