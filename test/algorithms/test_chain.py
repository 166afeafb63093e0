# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job from end to end, by qgis_process and in a QGIS window."""

import json

import pytest

FAST = {"EPOCHS": 3, "MEMBERS": 1, "PATCH_SIZE": 9}


def chain(runner, folder, dem, inventory, **layers):
    """Run the main line step by step; return the results of each step."""
    steps = {"stack": runner("preparecovariates", {"DEM": dem, **layers, "OUTPUT": f"{folder}/stack.tif"})}
    stack = steps["stack"]["OUTPUT"]
    steps["cells"] = runner(
        "samplecells",
        {
            "COVARIATES": stack,
            "INVENTORY": inventory,
            "METHOD": "random_and_flat",
            "SLOPE_LIMIT": 15,
            "OUTPUT": f"{folder}/cells.gpkg",
        },
    )
    steps["model"] = runner(
        "traincnndnn",
        {
            "COVARIATES": stack,
            "INVENTORY": steps["cells"]["OUTPUT"],
            "LABEL_FIELD": "landslide",
            "MODEL": f"{folder}/model.scarp",
            "REPORT": f"{folder}/report.html",
            **FAST,
        },
    )
    steps["map"] = runner("mapsusceptibility", {"COVARIATES": stack, "MODEL": steps["model"]["MODEL"], "OUTPUT": f"{folder}/map.tif"})
    steps["classes"] = runner(
        "classifysusceptibility",
        {
            "SUSCEPTIBILITY": steps["map"]["OUTPUT"],
            "INVENTORY": inventory,
            "OUTPUT": f"{folder}/classes.tif",
            "TABLE": f"{folder}/classes.csv",
        },
    )
    return steps


def check_chain(steps, folder):
    """Landslides lie in the high classes, and every output has what belongs beside it."""
    assert steps["model"]["AUC"] > 0.6
    rows = [line.split(",") for line in (folder / "classes.csv").read_text().splitlines()]
    ratio = rows[0].index("frequency_ratio")
    assert float(rows[5][ratio]) > 1 > float(rows[1][ratio])
    for name in ("model.scarp.run.json", "report.html.run.json", "map.qml"):
        assert (folder / name).is_file()


def test_real_data_by_qgis_process(qgis_process, data_folder, tmp_path):
    """Ecuador: a DEM and an inventory are enough for a map."""
    ecuador = data_folder / "ecuador"
    check_chain(chain(qgis_process, tmp_path, str(ecuador / "dem.tif"), f"{ecuador}/ecuador.gpkg|layername=inventory_175"), tmp_path)


def test_the_sample_landscape_by_qgis_process(qgis_process, landscape, tmp_path):
    """The twin of the test on real data."""
    check_chain(chain(qgis_process, tmp_path, landscape["DEM"], landscape["INVENTORY"]), tmp_path)


def test_a_dialog_in_a_real_window(profile, window, mapped, stack, tmp_path):
    """Click Run in two dialogs and find styled layers in the canvas; open the shipped model in the modeler."""
    (tmp_path / "orders.json").write_text(
        json.dumps(
            {
                "runs": [
                    {
                        "algorithm": "scarp:mapsusceptibility",
                        "parameters": {
                            "COVARIATES": stack,
                            "MODEL": mapped["model"],
                            "OUTPUT": str(tmp_path / "map.tif"),
                        },
                    },
                    {
                        "algorithm": "scarp:classifysusceptibility",
                        "parameters": {"SUSCEPTIBILITY": mapped["map"], "OUTPUT": str(tmp_path / "classes.tif")},
                    },
                ],
                "model": "scarp:susceptibilityfromcovariates",
            }
        ),
        encoding="utf-8",
    )
    window("window.py", {**profile, "SCARP_WINDOW": str(tmp_path)}, 240)
    seen = json.loads((tmp_path / "seen.json").read_text())
    assert "error" not in seen, seen["error"]
    layers = seen["layers"]
    assert layers["Susceptibility"]["renderer"] == "singlebandpseudocolor"
    assert layers["Susceptibility classes"]["renderer"] == "paletted"
    assert layers["Susceptibility classes"]["legend"][-1] == ["Very high", "#d7191c"]
    assert seen["modeler_messages"] == []
    assert seen["modeler_valid"]
    assert (tmp_path / "window.png").stat().st_size > 20_000


@pytest.mark.parametrize(
    ("algorithm", "changed", "said"),
    [
        ("traincnndnn", {"PATCH_SIZE": 14}, "odd"),
        ("traincnndnn", {"MODEL": "/proc/m.scarp"}, "/proc/m.scarp"),
        ("mapsusceptibility", {"COVARIATES": "{dem_stack}"}, "lacks"),
        ("mapsusceptibility", {"MODEL": "{damaged}"}, "no Scarp model file"),
        ("traincnndnn", {"INVENTORY": "{far}"}, "outside"),
        ("traincnndnn", {"INVENTORY": "{empty}"}, "empty|no features"),
        ("traincnndnn", {"INVENTORY": "{one_class}", "LABEL_FIELD": "landslide"}, "landslide and non-landslide"),
        ("traincnndnn", {"INVENTORY": "{no_crs}"}, "coordinate reference system"),
        ("preparecovariates", {"AREA": "{far_area}"}, "centre of no cell"),
    ],
)
def test_wrong_input_is_one_sentence(run, landscape, stack, mapped, tmp_path, algorithm, changed, said):
    from qgis.core import QgsFeature, QgsGeometry, QgsProcessingException, QgsRectangle, QgsVectorLayer

    def points(crs, cells, name):
        layer = QgsVectorLayer(f"Point?crs={crs}&field=landslide:integer", name, "memory")
        for x, y, value in cells:
            feature = QgsFeature(layer.fields())
            feature.setAttribute("landslide", value)
            feature.setGeometry(QgsGeometry.fromWkt(f"POINT({x} {y})"))
            layer.dataProvider().addFeature(feature)
        return layer

    def area(rectangle):
        layer = QgsVectorLayer("Polygon?crs=EPSG:32639", "area", "memory")
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromRect(rectangle))
        layer.dataProvider().addFeature(feature)
        return layer

    def damaged():
        path = tmp_path / "damaged" / "m.scarp"
        path.parent.mkdir()
        path.write_text("no zip")
        return str(path)

    from osgeo import gdal

    transform = gdal.Open(landscape["DEM"]).GetGeoTransform()
    inside = [(transform[0] + 30 * k, transform[3] - 30 * k, 1) for k in range(20, 120, 4)]
    made = {
        "{damaged}": damaged,
        "{dem_stack}": lambda: run("preparecovariates", {"DEM": landscape["DEM"], "OUTPUT": str(tmp_path / "dem.tif")})["OUTPUT"],
        "{far}": lambda: points("EPSG:32639", [(0, 0, 1), (10, 10, 1)], "far"),
        "{empty}": lambda: points("EPSG:32639", [], "empty"),
        "{one_class}": lambda: points("EPSG:32639", inside, "one"),
        "{no_crs}": lambda: points("", inside, "nowhere"),
        "{far_area}": lambda: area(QgsRectangle(0, 0, 100, 100)),
    }
    usual = {
        "traincnndnn": {
            "COVARIATES": stack,
            "INVENTORY": landscape["INVENTORY"],
            "MODEL": f"{tmp_path}/m.scarp",
            "REPORT": f"{tmp_path}/r.html",
        },
        "mapsusceptibility": {"COVARIATES": stack, "MODEL": mapped["model"], "OUTPUT": f"{tmp_path}/map.tif"},
        "preparecovariates": {"DEM": landscape["DEM"], "OUTPUT": f"{tmp_path}/stack.tif"},
    }[algorithm]
    parameters = {**usual, **{name: made[value]() if value in made else value for name, value in changed.items()}}
    with pytest.raises(QgsProcessingException, match=said) as raised:
        run(algorithm, parameters)
    assert "Traceback" not in str(raised.value)
    assert not list(tmp_path.glob("*.scarp*"))
