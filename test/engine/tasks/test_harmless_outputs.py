# SPDX-License-Identifier: GPL-2.0-or-later
"""What a task reads is never what it writes, whichever way it reads it."""

import shutil

import pytest
from osgeo import gdal
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.tasks import prepare_covariates, sample_cells


def test_the_source_of_a_mosaic_of_mosaics_is_not_replaced(tmp_path):
    dem, inner, outer = (str(tmp_path / name) for name in ("tile.tif", "inner.vrt", "outer.vrt"))
    dataset = gdal.GetDriverByName("GTiff").Create(dem, 4, 3, 1, gdal.GDT_Float32)
    dataset.SetGeoTransform((500000.0, 30.0, 0.0, 3600000.0, 0.0, -20.0))
    dataset = None
    gdal.BuildVRT(inner, [dem])
    gdal.BuildVRT(outer, [inner])
    before = (tmp_path / "tile.tif").read_bytes()
    for source in (dem, outer, f"{outer}|name=Elevation|crs=EPSG:32639"):
        with pytest.raises(EngineError, match=rf"Covariate stack \(OUTPUT\) would replace .*\(DEM\), which is read from {dem}"):
            prepare_covariates.run(Feedback(), dem=source, output=dem)
    assert (tmp_path / "tile.tif").read_bytes() == before


def test_layers_in_archives_and_models_are_inputs_too(tmp_path):
    shutil.make_archive(str(tmp_path / "slides"), "zip", tmp_path, ".")
    shutil.move(tmp_path / "slides.zip", tmp_path / "slides.gpkg")
    with pytest.raises(EngineError, match=r"would replace Landslide inventory \(INVENTORY\)"):
        sample_cells.run(
            Feedback(),
            covariates=str(tmp_path / "stack.tif"),
            inventory=f"/vsizip/{tmp_path}/slides.gpkg/slides.shp",
            output=str(tmp_path / "slides.gpkg"),
        )


@pytest.mark.parametrize("address", ["file:///tmp/stack.tif", "https://example.com/stack.tif", "s3://bucket/stack.tif"])
def test_addresses_are_no_files(tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError, match=f"Covariate stack \\(OUTPUT\\) cannot be written to the address {address}"):
        prepare_covariates.run(Feedback(), dem=str(tmp_path / "dem.tif"), output=address)
    assert list(tmp_path.iterdir()) == []
