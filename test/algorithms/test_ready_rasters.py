# SPDX-License-Identifier: GPL-2.0-or-later
"""Rasters through the dialog's door: bands that are chosen, and a stack without a DEM."""

import numpy as np
import pytest
from osgeo import gdal
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack

GRID = Grid(reference_of(32717).ExportToWkt(), (600_007.0, 20.0, 0.0, 9_559_989.0, 0.0, -35.0), (23, 17))


@pytest.fixture
def image(tmp_path):
    """Four bands without names; the third is red, the fourth near infrared."""
    path = str(tmp_path / "June.tif")
    dataset = GRID.create(path, 4)
    for number, value in enumerate((0.5, 0.7, 0.1, 0.6), start=1):
        dataset.GetRasterBand(number).WriteArray(np.full(GRID.shape, value) + np.arange(17) * 0.01)
    return path


def test_bands_are_chosen_and_ready_rasters_need_no_dem(run, feedback, image, tmp_path):
    from qgis.core import QgsProcessingException, QgsProject, QgsRasterLayer

    output = str(tmp_path / "stack.tif")
    layer = QgsProject.instance().addMapLayer(QgsRasterLayer(image, "Image of June"), False)
    bands = {"RED": layer, "RED_BAND": 3, "NIR": image, "NIR_BAND": "4"}
    run("preparecovariates", {**bands, "EXTRA_CONTINUOUS": [layer.id()], "OUTPUT": output}, feedback)
    stack = Stack.open(output)
    assert stack.names == ["ndvi", *(f"Image of June_{number}" for number in range(1, 5))]
    values = stack.read(Window(0, 0, *GRID.shape))
    rise = np.arange(17) * 0.01
    np.testing.assert_allclose(values[4, :, 0], 0.5 / (0.7 + 2 * rise), rtol=1e-5)
    np.testing.assert_allclose(values[7, :, 2], 0.7 + rise, rtol=1e-6)
    assert any("No DEM: the stack has the grid of Image of June" in text for text in feedback.messages)
    with pytest.raises(QgsProcessingException, match=r"has 4 bands \(1, 2, 3, 4\), and one is needed; choose one by NIR_BAND"):
        run("preparecovariates", {**bands, "NIR_BAND": None, "OUTPUT": output})
    wide = Grid(GRID.crs, (600_007.0, 40.0, 0.0, 9_559_989.0, 0.0, -70.0), (11, 8))
    template = str(tmp_path / "template.tif")
    wide.create(template).FlushCache()
    run("preparecovariates", {"EXTRA_CONTINUOUS": [image], "TEMPLATE": template, "OUTPUT": output})
    assert Stack.open(output).grid.matches(wide)
    assert gdal.Open(output).RasterCount == 4
    QgsProject.instance().clear()
