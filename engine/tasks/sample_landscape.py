# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a synthetic landscape with landslides whose true susceptibility is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..declarations.choices import TEST_SHARE
from ..feedback import Feedback
from ..files.outputs import check_writable
from ..landscape import layers
from ..landscape.cover import CLIMATES, SOILS, cover
from ..landscape.structure import CONTROL_PX, ROCKS, draw_structure, padded, resample, shape_terrain
from . import task


@task
def run(
    feedback: Feedback, *, size: int, cell_size: float, landslides: int, landslide_cells: int, seed: int, folder: str
) -> dict[str, Any]:
    """Write the layers of a landscape, its landslide inventory and its true susceptibility.

    Parameters
    ----------
    size
        Cells a side.
    cell_size
        Metres.
    landslides
        How many; at most one in a cell.
    landslide_cells
        How many cells a landslide has on average: 1 for points, more for polygons.
    seed
        The same seed makes the same landscape.
    folder
        Where the files go.

    Returns
    -------
    The paths of the layers, and `best_auc`, the expected AUC of the truth itself (`engine.landscape.truth.BestAuc`).
    """
    paths = {name: str(Path(folder) / f"{name.replace('_', '')}.tif") for name in layers.RASTERS}
    paths |= {name: str(Path(folder) / f"{name}.gpkg") for name in layers.VECTORS}
    for path in paths.values():
        check_writable(path)

    grid = layers.grid_of(size, cell_size)
    control = min(size, CONTROL_PX)
    control_cell = cell_size * size / control
    surroundings = draw_structure(np.random.default_rng([seed, 0]), padded(control), control_cell)
    feedback.message("Rivers wear the mountains down.")
    feedback.status("Wearing the mountains down")
    altitude = shape_terrain(np.random.default_rng([seed, 1]), surroundings, size, cell_size, feedback.part(1, 60))
    structure = surroundings.crop(control)
    land = cover(np.random.default_rng([seed, 2]), structure, resample(altitude, control), control_cell)
    feedback.progress(65)
    feedback.status("Writing geology, soil, climate, faults, roads and settlements")

    layers.write_areas(paths["geology"], grid, structure.rock, [rock.name for rock in ROCKS])
    layers.write_areas(paths["soil"], grid, land.soil, SOILS)
    layers.write_areas(paths["climate"], grid, land.climate, CLIMATES)
    layers.write_lines(paths["faults"], grid, [trace * size / control for trace in structure.faults], "fault")
    layers.write_lines(paths["roads"], grid, [road * size / control for road in land.roads], "road")
    layers.write_points(paths["settlements"], grid, land.settlements * size / control)
    feedback.progress(70)
    feedback.status("Writing rasters and drawing landslides")

    cells, best = layers.write_rasters(
        paths, grid, altitude, structure, land, landslides=landslides, seed=seed, feedback=feedback.part(70, 98)
    )
    rng = np.random.default_rng([seed, 4])
    if landslide_cells > 1:
        found, own = layers.bodies(paths["truth"], grid, cells, landslide_cells, rng)
        layers.write_bodies(paths["inventory"], grid, found, rng)
        best_auc = best.of(own)
        told = "" if len(found) == landslides else f" {landslides - len(found):,} others would have begun within one of them."
        feedback.message(
            f"{len(found):,} landslides of {len(own) / len(found):,.0f} cells on average.{told} On their cells the true susceptibility "
            f"itself has an AUC of {best_auc:.3f} against all other cells, about the best that a model can reach."
        )
        feedback.message(f"All layers are in {folder}.")
        feedback.progress(100)
        return {**paths, "folder": folder, "best_auc": best_auc}
    layers.write_inventory(paths["inventory"], grid, cells, rng)
    tested = max(round(landslides * TEST_SHARE), 1)
    chance = 1.96 * best.standard_error(tested, tested)
    feedback.message(
        f"The true susceptibility itself has an AUC of {best.value():.3f} on average, so no model can be expected to do better. "
        f"On one draw of test cells ({tested:,} with and {tested:,} without landslides) chance moves it by ±{chance:.3f} (95 % of draws), "
        "so that a model may be above it."
    )
    feedback.message(f"All layers are in {folder}.")
    feedback.progress(100)
    return {**paths, "folder": folder, "best_auc": best.value()}
