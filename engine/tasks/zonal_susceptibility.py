# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: tell how susceptible each of many polygons is."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ..feedback import Feedback
from ..files.manifest import write_manifests
from ..files.outputs import check_writable, replacing, scratch_folder
from ..files.vectors import write_layer
from ..gdal import ogr
from ..mapping.maps import class_map, open_map
from ..mapping.zonal import Zones
from . import task


@task
def run(
    feedback: Feedback,
    *,
    susceptibility: str,
    susceptibility_band: int | None,
    zones: str,
    classes: str | None,
    high_classes: int,
    output: str,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the polygons with what the map says of each."""
    started = time.monotonic()
    check_writable(output)
    seen = open_map(susceptibility, susceptibility_band, "SUSCEPTIBILITY_BAND", feedback, varied=False)
    with scratch_folder(output) as folder:
        kinds, names = class_map(classes, seen.grid, folder / "classes.tif", feedback) if classes else (None, {})
        polygons = Zones.open(zones, names, feedback)
        feedback.progress(10)
        rows = polygons.rows(seen, kinds, names, high_classes, feedback.part(10, 100))
        written, name = folder / "zones.gpkg", Path(output).stem
        with replacing(written) as temporary:
            write_layer(temporary, name, ogr.wkbUnknown, polygons.fields, rows, polygons.layer.GetSpatialRef())
        with replacing(output) as temporary:
            written.replace(temporary)
    write_manifests([output], "zonal_susceptibility", asked, time.monotonic() - started)
    return {"output": output}
