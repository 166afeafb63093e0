# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: tell how well a map ranks landslides, and whether another one does it better."""

from __future__ import annotations

import time
from typing import Any

from ..declarations.checks import numbers
from ..declarations.labels import inputs, settings
from ..feedback import Feedback, Heard
from ..files.manifest import versions, write_manifests
from ..files.outputs import check_writable, scratch_folder
from ..files.tables import check_table, write_table
from ..mapping.maps import Thumbnail, open_map
from ..mapping.zonation import falling
from ..samples.types import Types, other_types
from ..validation.assessment import Assessor, same_keys, table_row, warn_of_few, without_figures
from ..validation.landslides import Part, read_parts
from ..validation.pair import compare_maps
from ..validation.report import PICTURE_PX, make_report, verdict
from ..validation.survey import classes_of, count_classes, cuts_of, lay_zones, survey
from . import task


@task
def run(
    feedback: Feedback,
    *,
    susceptibility: str,
    susceptibility_band: int | None,
    inventory: str,
    label_field: str | None,
    role: str,
    training_inventory: str | None,
    method: str,
    classes: int,
    breaks: str | list[float] | None,
    date_field: str | None,
    split_date: str | None,
    type_field: str | None,
    types: str | None,
    zones: str | None,
    zone_field: str | None,
    susceptibility_2: str | None,
    susceptibility_2_band: int | None,
    output: str,
    class_table: str | None,
    difference: str | None,
    report: str | None,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the table of figures and, where wanted, that of classes, the difference of two maps and the report."""
    feedback = Heard(feedback)
    started = time.monotonic()
    for table in (output, class_table):
        if table:
            check_table(table)
    for path in (difference, report):
        if path:
            check_writable(path)
    seen = open_map(susceptibility, susceptibility_band, "SUSCEPTIBILITY_BAND", feedback)
    feedback.message(f"The map holds {seen.told()}.")
    kinds = Types.of(type_field, types)
    asked_of = inventory, label_field, training_inventory, role, date_field, split_date, kinds
    tested = read_parts(seen.raster, *asked_of, feedback, knows_all=bool(seen.says("fitted_to")), is_known=bool(seen.says("model")))
    parts = tested.parts
    of_map, of_parts = seen.says("landslide_type"), tested.types
    if sentence := other_types("map", of_map, of_parts):
        feedback.warning(sentence)
    feedback.progress(15)
    with scratch_folder(output) as folder:
        laid = lay_zones(zones, zone_field, seen.grid, folder / "zones.tif")
        found = survey(seen, *cuts_of(parts), laid, feedback.part(15, 40))
        divided = classes_of(seen, found, method, classes, numbers(breaks or []), feedback)
        picture = Thumbnail(seen.grid, PICTURE_PX) if report else None
        counts = count_classes(seen, divided, laid, feedback.part(40, 55), picture)
        assessor = Assessor(seen, found, tested, laid)
        made = assessor.everything(parts)
        densities = assessor.densities(parts, divided, *counts)
        pair = None
        if susceptibility_2:
            given = susceptibility_2, susceptibility_2_band, folder / "second.tif"
            how = method, classes, numbers(breaks or [])
            beside = [*parts, *(Part("unknown", each) for each in tested.aside)]
            pair = compare_maps(seen, found, divided, beside, given, how, difference, feedback.part(55, 90))
    warn_of_few(made, feedback)
    if without := without_figures(made, laid):
        feedback.message(without)
    if sentence := falling([row for row in densities if row["part"] == "all"][: len(divided.names)]):
        feedback.warning(sentence)
    feedback.message(verdict(made, tested.shared))
    write_table(output, same_keys([*map(table_row, made), *(pair.rows() if pair else [])]))
    if class_table:
        write_table(class_table, densities)
    if report:
        facts = {
            "map": seen.told(),
            "inputs": inputs("validate_map", asked),
            "settings": settings("validate_map", asked),
            "versions": versions(),
            "labelled": bool(label_field),
            "files": {
                "Susceptibility map": susceptibility,
                "Landslides": inventory,
                "Landslides that the map was made from": training_inventory,
                "Second map": susceptibility_2,
                "Sub-areas": zones,
            },
            "cells": found.cells,
            "model": seen.says("model"),
            "types": of_parts or of_map,
            "picture": picture,
            "parts": parts,
            "without": without,
            "by_others": tested.by_others,
            "shared": tested.shared,
        }
        make_report(seen, made, divided, densities, pair, facts).write(report, feedback.warnings)
    results = {"verdict": verdict(made, tested.shared), "role": made[0].role, "are_samples": tested.are_samples, "shared": tested.shared}
    write_manifests((output, report), "validate_map", asked, time.monotonic() - started, results=results)
    feedback.progress(100)
    wanted = {"output": output, "class_table": class_table, "difference": difference, "report": report}
    return {**{key: path for key, path in wanted.items() if path}, "auc": made[0].auc["cells"].value}
