# SPDX-License-Identifier: GPL-2.0-or-later
"""A small run of each task, on the area that `bad_files.write_area` writes."""

from pathlib import Path

# The least network.
SMALL = {"epochs": 2, "members": 2, "patch_size": 3, "filters": 2, "units": 4}
# The files that a small report of a project is given, by the names of `write_area`.
PROJECT = {"susceptibility": "map", "model": "model", "classes": "classes", "class_table": "table", "uncertainty": "pair"}


def runs(area, out):
    """The parameters of a small run of each task, all outputs wanted."""

    def at(name):
        return str(out / name)

    cells = {"covariates": area["stack"], "inventory": area["landslides"]}
    return {
        "sample_landscape": {"size": 64, "landslides": 20, "folder": str(out)},
        "prepare_covariates": {"dem": area["dem"], "terrain": ["slope", "aspect", "flow_accumulation"], "output": at("o.tif")},
        "screen_covariates": {**cells, "output": at("o.csv"), "class_table": at("c.csv"), "report": at("r.html")},
        "sample_cells": {**cells, "output": at("o.gpkg")},
        "map_susceptibility": {
            "covariates": area["stack"],
            "model": area["model"],
            "backend": "numpy",
            "dropout_passes": 2,
            "output": at("o.tif"),
            "uncertainty": at("u.tif"),
            "applicability": at("a.tif"),
            "outside": at("x.gpkg"),
        },
        "classify_susceptibility": {"susceptibility": area["map"], "output": at("o.tif"), "table": at("t.csv"), "polygons": at("p.gpkg")},
        "validate_map": {
            "susceptibility": area["map"],
            "inventory": area["landslides"],
            "susceptibility_2": area["band"],
            "difference": at("d.tif"),
            "class_table": at("c.gpkg"),
            "report": at("r.html"),
            "output": at("o.csv"),
        },
        "zonal_susceptibility": {"susceptibility": area["map"], "zones": area["zones"], "classes": area["classes"], "output": at("o.gpkg")},
        "print_map": {"classes": area["classes"], "dem": area["dem"], "date": "2024-05-06", "resolution": 72, "output": at("o.png")},
        "explain_model": {
            **cells,
            "model": area["model"],
            "folds": 2,
            "repeats": 2,
            "role": "held_out",
            "output": at("o.csv"),
            "report": at("r.html"),
            "dominant": at("d.tif"),
            "attributions": at("a.tif"),
        },
        "benchmark_classifiers": {
            **cells,
            "classifiers": ["lr", "rf"],
            "validation": "random",
            "folds": 2,
            "block_size": 200,
            "output": at("o.csv"),
            "report": at("r.html"),
            "model": at("m.scarp"),
            "fold_cells": at("f.gpkg"),
        },
        "finetune_model": {  # few cells, since it trains many networks
            "covariates": area["stack"],
            "inventory": area["cells"],
            "label_field": "landslide",
            "model": area["model"],
            "output": at("m.scarp"),
            "report": at("r.html"),
        },
        "project_report": {
            **cells,
            **{key: area[name] for key, name in PROJECT.items()},
            "position_error": 30.0,
            "repeats": 3,
            "report": at("r.html"),
        },
        "train_cnn_dnn": {**cells, **SMALL, "model": at("m.scarp"), "report": at("r.html")},
    }


NAMES = ("stack", "landslides", "dem", "model", "map", "band", "zones", "classes", "table", "pair", "cells")
TASKS = tuple(runs(dict.fromkeys(NAMES, ""), Path()))
