# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: print a map of classes."""

from __future__ import annotations

import datetime
import time
from pathlib import Path
from typing import Any

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.manifest import ENDING, write_manifests
from ..files.outputs import check_writable, replacing, scratch_folder
from ..mapping.maps import open_map
from ..mapping.sheet import Picture, read_picture, read_shade, with_rows, with_table
from ..mapping.sheet_figure import Frame, draw_sheet, facts_of, foot_of, ground_size_m, save_sheet
from ..project.runs import read_run
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
    picture = with_table(picture, table) if table else _as_classified(picture, Source.parse(classes).path)
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


def _as_classified(picture: Picture, classes: str) -> Picture:
    """Return the picture with what the run that wrote the classes told of them beside its output, if they are still those."""
    run_told = read_run(Path(f"{classes}{ENDING}"))
    rows = run_told.results.get("classes") if run_told and run_told.task == "classify_susceptibility" else None
    try:
        return with_rows(picture, [row for row in rows if isinstance(row, dict)], "") if isinstance(rows, list) else picture
    except EngineError:
        return picture
