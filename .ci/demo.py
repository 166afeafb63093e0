# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job on the sample landscape, as a user would run it headless: `make demo`.

It runs in the engine's Python; every step is a `qgis_process` run of an algorithm or the shipped model.
"""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DEMO = ROOT / "demo"
# The steps, which the window of a first map takes too.
FIRST_MAP = runpy.run_path(str(ROOT / "processing_provider" / "first_map.py"))
LANDSCAPE = {"SIZE": 512, "CELL_SIZE": 30, "LANDSLIDES": 1500, "SEED": 1}


def qgis(algorithm: str, inputs: dict) -> dict:
    """Run one algorithm by qgis_process and return its results."""
    start = time.monotonic()
    print(f"  {algorithm} … ", end="", flush=True)
    run = subprocess.run(
        ["qgis_process", "run", algorithm, "-"],
        input=json.dumps({"inputs": inputs}),
        capture_output=True,
        text=True,
        check=False,
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
    steps, results = FIRST_MAP["steps"](LANDSCAPE, DEMO), []
    with suppress(StopIteration):
        while True:
            results.append(qgis(*steps.send(results[-1] if results else None)))
    truth, outputs = results[0]["TRUTH"], FIRST_MAP["OUTPUTS"]
    seconds = time.monotonic() - start
    tests = tests_of(DEMO / outputs["model_file"])
    best = best_auc(DEMO / outputs["sample_cells"], Path(truth))
    draw(DEMO / outputs["susceptibility_classes"], DEMO / "map.png")
    print(
        f"\nDone in {seconds:.0f} s.\n"
        f"  AUC by spatial folds       {tests['spatial']:.3f} (blocks beside those trained on)\n"
        f"  AUC on the test cells      {tests['test']:.3f}\n"
        f"  AUC of the truth itself    {best:.3f} (on the test cells; no model can be expected to do better)\n\n"
        f"  map (picture)   {DEMO / 'map.png'}\n"
        f"  classes         {DEMO / outputs['susceptibility_classes']}\n"
        f"  susceptibility  {DEMO / outputs['susceptibility']}\n"
        f"  report          {DEMO / outputs['report']}\n"
        f"  model file      {DEMO / outputs['model_file']}"
    )


def tests_of(model: Path) -> dict[str, float]:
    """Return the AUC by each way of testing, as the model file tells it."""
    from scarp.models.model_file import load_model

    return {each["kind"]: each["auc"] for each in load_model(model, "numpy").manifest["tests"]}


def best_auc(samples: Path, truth: Path) -> float:
    """Return the AUC of the true susceptibility on the test cells: no model can be expected to do better."""
    import numpy as np
    from osgeo import gdal
    from scarp.engine.files.stack import Stack
    from scarp.engine.reporting.metrics import delong
    from scarp.engine.samples.cells import resolve_samples

    cells = resolve_samples(Stack.open(str(DEMO / FIRST_MAP["STACK"])), str(samples), "landslide", 1)
    test = cells.subset == "test"
    values = gdal.Open(str(truth)).ReadAsArray()[cells.rows[test], cells.cols[test]]
    return delong(np.asarray(cells.landslide[test]), values).auc


def draw(classes: Path, picture: Path) -> None:
    """Save the class map with its legend as a PNG."""
    from scarp.engine.mapping.figures import class_map_figure

    class_map_figure(str(classes)).savefig(picture, dpi=150)


if __name__ == "__main__":
    runpy.run_path(str(ROOT / "engine" / "__main__.py"), run_name="launch")["register_package"]()
    main()
