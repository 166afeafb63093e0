# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: print a map of classes."""

from __future__ import annotations

import datetime
import time
from typing import Any

from ..feedback import Feedback
from ..files.manifest import write_manifests
from ..files.outputs import check_writable, replacing, scratch_folder
from ..mapping.maps import open_map
from ..mapping.sheet import read_picture, read_shade, with_table
from ..mapping.sheet_figure import Frame, draw_sheet, facts_of, foot_of, ground_size_m, save_sheet
from . import task


@task
def run(
    feedback: Feedback,
    *,
    classes: str,
    hillshade: str | None,
    dem: str | None,
    table: str | None,
    title: str,
    note: str | None,
    date: str | None,
    paper: str,
    resolution: int,
    output: str,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the map as a PDF or PNG of the size of its paper."""
    started = time.monotonic()
    check_writable(output)
    seen = open_map(classes, None, "CLASSES", feedback, varied=False)
    frame = Frame.of(paper, ground_size_m(seen.grid))
    feedback.progress(20)
    picture = read_picture(seen, frame.pixels(resolution), feedback.part(20, 50))
    if table:
        picture = with_table(picture, table)
    with scratch_folder(output) as folder:
        shade = read_shade(hillshade, dem, picture.grid, folder, feedback)
    feedback.progress(75)
    date = date or datetime.date.today().isoformat()
    title = " ".join(title.split())
    foot = foot_of(note, seen.name, seen.says("landslide_type"))
    figure = draw_sheet(picture, picture.painted(shade), frame, title, facts_of(picture, frame, paper, date), foot)
    with replacing(output) as temporary:
        save_sheet(figure, temporary, resolution, title)
    results = {"scale": round(frame.scale)}
    write_manifests([output], "print_map", {**asked, "date": date}, time.monotonic() - started, results=results)
    feedback.message(f"The scale on paper is about 1 : {frame.scale:,.0f}.")
    feedback.progress(100)
    return {"output": output}
