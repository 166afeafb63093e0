# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job on the sample landscape, as a user would run it headless: `make demo`.

It runs in the engine's Python; every step is a `qgis_process` run of an algorithm or the shipped model.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "demo"
LANDSCAPE = {"SIZE": 512, "CELL_SIZE": 30, "LANDSLIDES": 1500, "SEED": 1}


def qgis(algorithm: str, inputs: dict) -> dict:
    """Run one algorithm by qgis_process and return its results."""
    start = time.monotonic()
    print(f"  {algorithm} … ", end="", flush=True)
    run = subprocess.run(
        ["qgis_process", "run", algorithm, "-"], input=json.dumps({"inputs": inputs}), capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        print("failed")
        sys.exit(run.stdout[-2000:] + run.stderr[-4000:])
    print(f"{time.monotonic() - start:.0f} s")
    return json.loads(run.stdout)["results"]


def main() -> None:
    """Make the landscape, the stack, and the map; print what came out and where it is."""
    print(f"Scarp's demo: a sample landscape of {LANDSCAPE['SIZE']}×{LANDSCAPE['SIZE']} cells of {LANDSCAPE['CELL_SIZE']} m")
    start = time.monotonic()
    landscape = qgis("scarp:samplelandscape", {**LANDSCAPE, "FOLDER": str(DEMO / "landscape")})
    layers = {name: landscape[name] for name in ("DEM", "FAULTS", "ROADS", "SETTLEMENTS", "RED", "NIR", "LAND_USE")}
    polygons = {
        key: value
        for name, field in (("GEOLOGY", "unit"), ("SOIL", "unit"), ("CLIMATE", "unit"))
        for key, value in ((name, landscape[name]), (f"{name}_FIELD", field))
    }
    stack = qgis("scarp:preparecovariates", {**layers, **polygons, "OUTPUT": str(DEMO / "covariates.tif")})["OUTPUT"]
    outputs = {
        "SAMPLE_CELLS": "samples.gpkg",
        "MODEL": "model.scarp",
        "REPORT": "report.html",
        "SUSCEPTIBILITY": "susceptibility.tif",
        "CLASSES": "classes.tif",
        "TABLE": "classes.csv",
    }
    results = qgis(
        "scarp:susceptibilityfromcovariates",
        {
            "COVARIATES": stack,
            "INVENTORY": landscape["INVENTORY"],
            **{name: str(DEMO / file) for name, file in outputs.items()},
        },
    )
    seconds = time.monotonic() - start
    best = best_auc(DEMO / outputs["SAMPLE_CELLS"], Path(landscape["TRUTH"]))
    draw(DEMO / outputs["CLASSES"], DEMO / "map.png")
    print(
        f"\nDone in {seconds:.0f} s.\n"
        f"  AUC on the test cells      {results['AUC']:.3f}\n"
        f"  best AUC that is reachable {best:.3f} (the true susceptibility itself, on the same cells)\n\n"
        f"  map (picture)   {DEMO / 'map.png'}\n"
        f"  classes         {DEMO / outputs['CLASSES']}\n"
        f"  susceptibility  {DEMO / outputs['SUSCEPTIBILITY']}\n"
        f"  report          {DEMO / outputs['REPORT']}\n"
        f"  model file      {DEMO / outputs['MODEL']}"
    )


def best_auc(samples: Path, truth: Path) -> float:
    """Return the AUC of the true susceptibility on the test cells: no model can be expected to do better."""
    import numpy as np
    from osgeo import gdal
    from scarp.engine.grid import Grid
    from scarp.engine.metrics import auc
    from scarp.engine.sampling import SampleCells

    dataset = gdal.Open(str(truth))
    cells = SampleCells.read(str(samples), Grid.of(dataset))
    test = cells.subset == "test"
    values = dataset.ReadAsArray()[cells.rows[test], cells.cols[test]]
    return float(auc(np.asarray(cells.landslide[test]), values))


def draw(classes: Path, picture: Path) -> None:
    """Save the class map with its legend as a PNG."""
    from scarp.engine.zonation import class_map_figure

    class_map_figure(str(classes)).savefig(picture, dpi=150)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "engine"))
    from __main__ import register_package  # type: ignore[attr-defined]

    register_package()
    main()
