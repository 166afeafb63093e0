# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from listening import Listener
from osgeo import ogr
from scarp.engine.errors import EngineError
from scarp.engine.feedback import Feedback
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import StackWriter
from scarp.engine.tasks import screen_covariates
from scarp.models.covariate import Covariate


def made(tmp_path, covariates, bands):
    """Write bands of 30 × 30 cells in degrees as a stack, and ten landslide and ten other cells; return the task's parameters."""
    grid = Grid(reference_of(4326).ExportToWkt(), (10.0, 0.001, 0.0, 46.03, 0.0, -0.001), (30, 30))
    path, inventory = str(tmp_path / "s.tif"), str(tmp_path / "i.gpkg")
    with StackWriter(path, grid, covariates) as writer:
        for covariate, values in zip(covariates, bands):
            writer.write(covariate.name, Window(0, 0, 30, 30), np.broadcast_to(np.asarray(values, np.float32), (30, 30)))
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(inventory)
    layer = dataset.CreateLayer("slides", grid.spatial_reference, ogr.wkbPoint)
    layer.CreateField(ogr.FieldDefn("slide", ogr.OFTInteger))
    for number in range(20):
        feature = ogr.Feature(layer.GetLayerDefn())
        feature["slide"] = number % 2
        feature.SetGeometry(ogr.CreateGeometryFromWkt(f"POINT({10.0055 + 0.001 * number} {46.0155})"))
        layer.CreateFeature(feature)
    outputs = {"output": str(tmp_path / "t.csv"), "report": str(tmp_path / "r.html")}
    return {"covariates": path, "inventory": inventory, "label_field": "slide", **outputs}


def test_one_covariate_few_landslides_and_degrees(tmp_path):
    """A geographic grid, one covariate with one class, and ten landslides: a result, with warnings."""
    listener = Listener()
    screen_covariates.run(listener, **made(tmp_path, [Covariate("geology", "categorical", classes={3: "marl"})], [3]))
    assert any("only 10 landslide cells" in text for text in listener.warnings)
    assert any("geology has one value only" in text for text in listener.warnings)
    assert "Drop geology: it has one value only" in listener.messages[-1]
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "There are only 10 landslide cells" in page and "one value only" in page


def test_equal_covariates_are_named(tmp_path):
    values = np.random.default_rng(13).normal(size=(30, 30))
    listener = Listener()
    screen_covariates.run(listener, **made(tmp_path, [Covariate("a"), Covariate("b")], [values, 3 * values]))
    assert "Drop a: b tells it exactly (VIF infinite)" in listener.messages[-1]
    assert "∞" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_what_cannot_be_screened_is_told(tmp_path):
    amounts = np.arange(900).reshape(30, 30)
    given = made(tmp_path, [Covariate("rain", "categorical")], [amounts])
    with pytest.raises(EngineError, match="rain has more than 200 classes; merge classes"):
        screen_covariates.run(Feedback(), **given)
    with pytest.raises(EngineError, match=r'^Classes by \(METHOD\) must be one of quantiles, natural_breaks; found "jenks"\.$'):
        screen_covariates.run(Feedback(), **given, method="jenks")
    with pytest.raises(EngineError, match="only on cells without data"):
        screen_covariates.run(Feedback(), **made(tmp_path, [Covariate("a")], [np.nan]))
    assert not (tmp_path / "t.csv").exists() and not (tmp_path / "r.html").exists()
