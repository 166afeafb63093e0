# SPDX-License-Identifier: GPL-2.0-or-later
import sqlite3

import pytest
from scarp.engine.declarations.outputs import archive_of, check_outputs, endings
from scarp.engine.declarations.parameters import TASKS, task_parameters
from scarp.engine.errors import EngineError


def refused(task, values, inputs=()):
    with pytest.raises(EngineError) as caught:
        check_outputs(task, values, inputs)
    return str(caught.value)


def test_every_output_has_its_endings():
    for task in TASKS:
        for parameter in task_parameters(task).values():
            if parameter.is_output:
                assert bool(endings(parameter)) == (parameter.kind != "folder output"), (task, parameter.id)


@pytest.mark.parametrize(
    ("task", "key", "good", "bad"),
    [
        ("prepare_covariates", "output", ("a.tif", "a.TIFF"), ("a.asc", "a.nc", "a.png", "a.img", "a.gpkg", "a.vrt", "a")),
        ("sample_cells", "output", ("a.gpkg", "a.GPKG"), ("a.shp", "a.csv", "a.geojson", "a.kml", "a.tif", "gpkg")),
        ("screen_covariates", "output", ("a.csv", "a.gpkg", "a.XLSX"), ("a.shp", "a.ods", "a")),
        ("classify_susceptibility", "table", ("a.csv",), ("a.dbf",)),
        ("train_cnn_dnn", "model", ("a.scarp",), ("a.tif", "a.pkl", "a")),
        ("train_cnn_dnn", "report", ("a.html", "a.htm"), ("a.pdf", "a")),
    ],
)
def test_the_extension_says_the_format(tmp_path, task, key, good, bad):
    for name in good:
        check_outputs(task, {key: str(tmp_path / name)}, [])
    for name in bad:
        text = refused(task, {key: str(tmp_path / name)})
        assert f"({key.upper()}) cannot be written to {tmp_path / name} in that format; its name must end in {good[0].lower()[1:]}" in text


@pytest.mark.parametrize("path", ["/vsimem/a.tif", "/vsizip//tmp/a.zip/a.tif", "/vsis3/bucket/a.tif", "/vsicrypt/a.tif"])
def test_what_gdal_alone_knows_is_no_output(path):
    text = refused("classify_susceptibility", {"output": path})
    assert f"(OUTPUT) cannot be written to the address {path}; give the path of a file or folder on this machine." in text


def test_databases_are_refused():
    for uri in (
        "ogr:dbname='x.gpkg' table=\"cells\" (geom)",
        "postgis:dbname='gis'",
        "spatialite:dbname='x.sqlite'",
        "memory:cells",
        "PG:dbname=gis",
    ):
        assert "Sample cells (OUTPUT) cannot be written into a database" in refused("sample_cells", {"output": uri})


def test_an_output_is_never_an_input_however_it_is_spelt(tmp_path):
    dem = tmp_path / "dem.tif"
    dem.write_bytes(b"dem")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.tif").symlink_to(dem)
    (tmp_path / "hard.tif").hardlink_to(dem)
    inputs = [("Elevation (DEM)", dem)]
    for name in ("dem.tif", "sub/../dem.tif", "link.tif", "hard.tif"):
        text = refused("prepare_covariates", {"output": str(tmp_path / name)}, inputs)
        assert f"Covariate stack (OUTPUT) would replace Elevation (DEM), which is read from {dem}" in text
    (tmp_path / "other.tif").write_bytes(b"old stack")
    check_outputs("prepare_covariates", {"output": str(tmp_path / "other.tif")}, inputs)
    check_outputs("prepare_covariates", {"output": str(tmp_path / "new.tif")}, inputs)


def test_two_outputs_never_have_one_name(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    values = {"output": str(tmp_path / "a.gpkg"), "fold_cells": str(tmp_path / "link" / "a.gpkg")}
    text = refused("benchmark_classifiers", values)
    assert "(OUTPUT) and" in text
    assert "(FOLD_CELLS) would both be written to" in text
    check_outputs("benchmark_classifiers", {**values, "fold_cells": str(tmp_path / "b.gpkg")}, [])


def geopackage(path, *tables):
    database = sqlite3.connect(path)
    with database:
        database.execute("CREATE TABLE gpkg_contents (table_name TEXT)")
        database.executemany("INSERT INTO gpkg_contents VALUES (?)", [(table,) for table in tables])
    database.close()
    return str(path)


def test_a_file_with_other_layers_is_never_replaced(tmp_path):
    project = geopackage(tmp_path / "project.gpkg", "sample_cells", "roads", "elevation")
    assert f"would replace {project}, which holds other layers (roads, elevation)" in refused("sample_cells", {"output": project})
    for tables in (("sample_cells",), ("sample_cells", "layer_styles"), ("own",), ()):
        (tmp_path / "own.gpkg").unlink(missing_ok=True)
        check_outputs("sample_cells", {"output": geopackage(tmp_path / "own.gpkg", *tables)}, [])
    (tmp_path / "torn.gpkg").write_bytes(b"no database")
    check_outputs("sample_cells", {"output": str(tmp_path / "torn.gpkg")}, [])


def test_a_path_into_an_archive_leads_to_the_archive(tmp_path):
    archive = tmp_path / "slides.zip"
    archive.write_bytes(b"zip")
    assert archive_of(f"/vsizip/{archive}/sub/slides.shp") == archive
    assert archive_of(f"/vsizip//vsicurl/{archive}") == archive
    assert archive_of(str(archive)) == archive
    assert archive_of(f"/vsizip/{tmp_path}/gone.zip/a.shp") == tmp_path / "gone.zip" / "a.shp"
