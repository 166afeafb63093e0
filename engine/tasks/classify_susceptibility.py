# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: sort susceptibility into classes."""

from __future__ import annotations

import time
from typing import Any

from ..declarations.checks import numbers
from ..declarations.source import Source
from ..feedback import Feedback
from ..files.manifest import write_manifests
from ..files.outputs import check_writable, replacing
from ..files.tables import check_table, write_table
from ..mapping.breaks import find_breaks
from ..mapping.counting import Landslides, read_landslides
from ..mapping.zonation import (
    SusceptibilityRaster,
    class_names,
    class_rows,
    falling,
    landslides_in_bins,
    write_classes,
    write_polygons,
)
from ..reporting.numbers import interval, percent
from ..samples.types import Types, other_types
from . import task


@task
def run(
    feedback: Feedback,
    *,
    susceptibility: str,
    method: str,
    classes: int,
    breaks: str | list[float] | None,
    shares: str | list[float] | None,
    inventory: str | None,
    type_field: str | None,
    types: str | None,
    least_area: float,
    dissolve: bool,
    output: str,
    table: str | None,
    polygons: str | None,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the class raster and, where wanted, the table and the polygons."""
    started = time.monotonic()
    for path in (output, polygons):
        if path:
            check_writable(path)
    if table:
        check_table(table)
    raster = SusceptibilityRaster.open(susceptibility, feedback)
    counts = raster.histogram(feedback)
    slides, of_type = _landslides(inventory, raster, Types.of(type_field, types), feedback) if inventory else (None, "")
    in_bins = landslides_in_bins(slides) if slides else None
    found = find_breaks(counts, method, classes, numbers(breaks or []), in_bins, numbers(shares or []))
    names = class_names(len(found) + 1)
    feedback.progress(30)
    with replacing(output) as temporary:
        counts, areas = write_classes(raster, found, temporary, feedback.part(30, 80))
        rows = class_rows(names, found, counts, areas, slides)
        if polygons:
            write_polygons(str(temporary), names, polygons, least_area, dissolve)
        if table:
            write_table(table, rows)
    for row in rows:
        ends, share = interval(row["from"], row["to"]), percent(row["share_percent"] / 100, 1)
        held = f", {percent(row['percent_of_landslides'] / 100, 1)} of the landslides" if slides else ""
        feedback.message(f"{row['class']}: {ends}, {share} of the area{held}")
    if slides and inventory:
        feedback.message(
            f"The landslides are those of {Source.parse(inventory).label}, each counting the same. If the map was made from them, their "
            "shares say how well it fits (success), not what it tells of others (prediction); scarp:validatemap keeps the two apart."
        )
    if sentence := falling(rows):
        feedback.warning(sentence)
    results = {"classes": rows, "falling": sentence, "types": of_type}
    write_manifests([output], "classify_susceptibility", asked, time.monotonic() - started, results=results)
    feedback.progress(100)
    wanted = {"table": table, "polygons": polygons}
    return {"output": output, "breaks": found, **{key: path for key, path in wanted.items() if path}}


def _landslides(inventory: str, raster: SusceptibilityRaster, types: Types | None, feedback: Feedback) -> tuple[Landslides, str]:
    """Return the landslides that are counted, and their types where some were chosen; warn where the map is for others."""
    slides, told = read_landslides(inventory, raster.raster, [types.field] if types else (), feedback), ""
    if types:
        slides, _, told = slides.of_types(types, inventory, feedback)
    if sentence := other_types("map", raster.raster.dataset.GetMetadata().get("landslide_type", ""), told):
        feedback.warning(sentence)
    return slides, told
