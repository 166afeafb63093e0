# SPDX-License-Identifier: GPL-2.0-or-later
"""The landscape of a seed stays what it was: figures of two small ones, with a control grid as fine as the landscape, and coarser."""

from collections import Counter

import numpy as np
import pytest
from osgeo import gdal, ogr
from scarp.engine.feedback import Feedback
from scarp.engine.landscape import structure
from scarp.engine.tasks import sample_landscape

CELLS = ([5, 20, 50], [40, 11, 33])
# Of each raster its mean, standard deviation and quantiles (0.05, 0.5, 0.95), of the DEM also the altitude of three cells.
AS_EVER = {
    (64, 3, 1024): {
        "dem": [1223.9, 90.855, 1098.2, 1218.3, 1385.4, 1360.8, 1237.6, 1171.0],
        "red": [0.089929, 0.025341, 0.059686, 0.082964, 0.13835],
        "nir": [0.24037, 0.04925, 0.15728, 0.24585, 0.31653],
        "truth": [0.014838, 0.052145, 2.9478e-05, 0.0014553, 0.060575],
        "land_use": [0, 12, 337, 2730, 84, 317, 616],
        "geology": {"alluvium": 547, "dolomite": 955, "limestone": 556, "marl": 784, "sandstone": 811, "shale": 443},
        "soil": {"calcisol": 1220, "cambisol": 791, "fluvisol": 566, "leptosol": 336, "vertisol": 1183},
        "climate": {"arid plain": 1024, "cold highland": 492, "semi-arid foothills": 1434, "sub-humid mountains": 1146},
        "faults": [865.34, 1100.6, 2054.0, 1090.6],
        "roads": [687.78, 1038.8, 90.0, 2053.6],
        "settlements": [(561225.0, 3611235.0), (561525.0, 3612645.0), (561135.0, 3611895.0)],
        "inventory": [(562573.9, 3611555.4), (562535.5, 3611724.2), (561650.1, 3611594.7)],
        "best_auc": 0.9274,
    },
    (96, 4, 80): {
        "dem": [1241.8, 106.51, 1104.4, 1226.3, 1448.5, 1200.6, 1142.0, 1208.4],
        "red": [0.10572, 0.031288, 0.0623, 0.10132, 0.16113],
        "nir": [0.20989, 0.045005, 0.14968, 0.20355, 0.29042],
        "truth": [0.032231, 0.1207, 9.8884e-06, 0.0018503, 0.1553],
        "land_use": [0, 49, 2906, 4174, 251, 1247, 589],
        "geology": {"alluvium": 708, "dolomite": 1078, "gypsum": 403, "limestone": 1587, "marl": 1630, "sandstone": 2313, "shale": 1497},
        "soil": {"calcisol": 1414.1, "cambisol": 2301.1, "fluvisol": 764.6, "gypsisol": 373.0, "leptosol": 1494.7, "vertisol": 2868.5},
        "climate": {"arid plain": 2304.0, "cold highland": 1105.9, "semi-arid foothills": 3225.6, "sub-humid mountains": 2580.5},
        "faults": [1546.8, 597.74, 695.44, 1255.6],
        "roads": [1842.7, 2834.5, 288.0, 695.68],
        "settlements": [(560856.0, 3610866.0), (562728.0, 3613170.0), (560892.0, 3612486.0)],
        "inventory": [(563229.8, 3611630.4), (562246.7, 3612265.8), (562385.1, 3612159.0)],
        "best_auc": 0.9486,
    },
}


def features(path):
    dataset = ogr.Open(path)
    return [(feature.items(), feature.GetGeometryRef().Clone()) for feature in dataset.GetLayer(0)]


@pytest.mark.parametrize(("size", "seed", "control"), AS_EVER)
def test_the_landscape_of_a_seed_stays(tmp_path, monkeypatch, size, seed, control):
    for module in (structure, sample_landscape):
        monkeypatch.setattr(module, "CONTROL_PX", control)
    made = sample_landscape.run(Feedback(), size=size, cell_size=30.0, landslides=40, seed=seed, folder=str(tmp_path))
    known = AS_EVER[size, seed, control]
    for name in ("dem", "red", "nir", "truth"):
        values = gdal.Open(made[name]).ReadAsArray().astype(float)
        found = [values.mean(), values.std(), *np.quantile(values, [0.05, 0.5, 0.95]), *(values[CELLS] if name == "dem" else [])]
        np.testing.assert_allclose(found, known[name], rtol=1e-3, err_msg=name)
    counts = np.bincount(gdal.Open(made["land_use"]).ReadAsArray().ravel(), minlength=7)
    np.testing.assert_allclose(counts, known["land_use"], atol=3)
    for name in ("geology", "soil", "climate"):
        areas = Counter()
        for values, shape in features(made[name]):
            areas[values["unit"]] += shape.Area() / 900
        assert areas == pytest.approx(known[name], abs=3), name
    for name in ("faults", "roads"):
        assert [shape.Length() for _, shape in features(made[name])] == pytest.approx(known[name], rel=1e-3), name
    for name in ("settlements", "inventory"):
        found = [(shape.GetX(), shape.GetY()) for _, shape in features(made[name])[:3]]
        np.testing.assert_allclose(found, known[name], atol=0.1, err_msg=name)
    assert made["best_auc"] == pytest.approx(known["best_auc"], abs=1e-3)
