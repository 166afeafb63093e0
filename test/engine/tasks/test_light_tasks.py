# SPDX-License-Identifier: GPL-2.0-or-later
"""Some tasks run in QGIS's own Python, which has few of the worker's packages."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine.environment import DISTRIBUTIONS, MAPPING_PACKAGES, SAMPLING_PACKAGES
from scarp.engine.files.grid import Grid, reference_of

ENTRY = Path(__file__).resolve().parents[3] / "engine" / "__main__.py"
# Runs a task where the packages named first do not exist.
CODE = """
import json, runpy, sys
sys.modules.update(dict.fromkeys(sys.argv[2].split(",")))
runpy.run_path(sys.argv[1], run_name="launch")["register_package"]()
from scarp.engine.feedback import Feedback
from scarp.engine.worker import run
run(sys.argv[3], json.loads(sys.argv[4]), Feedback())
"""


def run_without(packages, task, **parameters):
    without = ",".join(set(DISTRIBUTIONS) - set(packages))
    command = [sys.executable, "-c", CODE, str(ENTRY), without, task, json.dumps(parameters)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.fixture
def slides(tmp_path):
    grid = Grid(reference_of(32639).ExportToWkt(), (0.0, 30.0, 0.0, 0.0, 0.0, -30.0), (40, 50))
    path = str(tmp_path / "slides.gpkg")
    layer = (dataset := ogr.GetDriverByName("GPKG").CreateDataSource(path)).CreateLayer("slides", grid.spatial_reference, ogr.wkbPoint)
    for number in range(20):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(ogr.CreateGeometryFromWkt("POINT ({} {})".format(*grid.centres(number + 5, number + 6))))
        layer.CreateFeature(feature)
    del layer, dataset
    return path


def test_classifying_needs_numpy_and_gdal_alone(tmp_path, slides):
    grid = Grid(reference_of(32639).ExportToWkt(), (0.0, 30.0, 0.0, 0.0, 0.0, -30.0), (40, 50))
    dataset = grid.create(str(tmp_path / "s.tif"), nodata=-9999)
    dataset.GetRasterBand(1).WriteArray(np.linspace(0, 1, 2000).reshape(40, 50))
    del dataset
    outputs = {"output": str(tmp_path / "c.tif"), "table": str(tmp_path / "c.csv"), "polygons": str(tmp_path / "c.gpkg")}
    run_without(MAPPING_PACKAGES, "classify_susceptibility", susceptibility=str(tmp_path / "s.tif"), inventory=slides, **outputs)
    assert set(np.unique(gdal.Open(outputs["output"]).ReadAsArray())) == {1, 2, 3, 4, 5}
    assert "frequency_ratio" in (tmp_path / "c.csv").read_text(encoding="utf-8") and (tmp_path / "c.gpkg").is_file()


def test_mapping_with_a_network_needs_numpy_and_gdal_alone(tmp_path, write_stack, model_file):
    run_without(
        MAPPING_PACKAGES, "map_susceptibility", covariates=write_stack("s.tif", (40, 50)), model=model_file, output=str(tmp_path / "m.tif")
    )
    assert 0 < gdal.Open(str(tmp_path / "m.tif")).ReadAsArray().max() < 1


def test_sampling_needs_no_engine_of_three_gigabytes(tmp_path, write_stack, slides):
    values = np.ones((40, 50, 2))
    stack = write_stack("s.tif", (40, 50), values=values)
    run_without(SAMPLING_PACKAGES, "sample_cells", covariates=stack, inventory=slides, output=str(tmp_path / "cells.gpkg"), split="blocks")
    dataset = ogr.Open(str(tmp_path / "cells.gpkg"))
    assert dataset.GetLayer(0).GetFeatureCount() == 120
