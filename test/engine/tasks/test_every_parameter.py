# SPDX-License-Identifier: GPL-2.0-or-later
"""Each parameter of each task reaches what it is for: dropped, swapped with another or replaced by a default, it fails here.

A task only wires, so all that it calls is replaced by spies; what the functions make of their arguments is tested in their own rooms.
"""

import importlib
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import wires
from scarp.engine.benchmark.comparison import Data, Fold
from scarp.engine.covariates.build import Build
from scarp.engine.declarations.parameters import TASKS, task_parameters
from scarp.engine.feedback import Feedback, Heard
from scarp.engine.learning.kept import KeptMembers
from scarp.engine.mapping.sheet_figure import Frame
from scarp.engine.mapping.zonal import Zones
from scarp.engine.reporting.page import Report
from scarp.engine.samples.cells import SampleCells
from scarp.models.covariate import Covariate
from wires import Anything, Noted, Something

NUMBERS = np.arange(60)
CELLS = SampleCells(
    NUMBERS,
    NUMBERS,
    (NUMBERS % 2 == 0).astype(int),
    np.where(NUMBERS < 10, "test", "train"),
    np.where(NUMBERS < 10, -1, NUMBERS % 3),
    NUMBERS.astype(str),
)
INVENTORY = {
    "label_field": ("slid", "resolve_samples label_field"),
    "type_field": ("kind", "resolve_samples types.field"),
    "types": ("flow", "resolve_samples types.wanted"),
    "inventory": ("slides.gpkg", "resolve_samples inventory"),
    "covariates": ("stack.tif", "Stack.open path"),
}


ASKED = ("resolve_samples", "explain_cell", "spatial_folds", "refitted", "as_it_is", "importances", "all_responses", "map_attributions")


def classes(name):
    """The rows of a layer of classes and its field."""
    return {
        name: (f"{name}.gpkg", "Build.add_classes source", {"name": name}),
        f"{name}_field": (f"{name} unit", "Build.add_classes field", {"name": name}),
    }


def distance(name):
    """The row of a layer that distances are measured to."""
    return {name: (f"{name}.gpkg", "Build.add_distance source", {"name": f"distance_to_{name}"})}


def part(name, ending):
    """The row of a part of a project."""
    return {name: (f"{name}{ending}", f"find_project given.{name}")}


# Of each task and parameter: a value that is no default, and the arguments that it must come to, `function argument`, one or several. Then,
# where needed, what arrives in its place (not a dict), or what must come to the same call (a dict). A function alone must be called where
# the value is given, and not otherwise.
REACHES = {
    "sample_landscape": {
        "size": (64, ["layers.grid_of size", "shape_terrain side"]),
        "cell_size": (20.0, ["layers.grid_of cell_size", "shape_terrain cell_size"]),
        "landslides": (33, "layers.write_rasters landslides"),
        "landslide_cells": (7, "layers.bodies cells"),
        "seed": (5, "layers.write_rasters seed"),
        "folder": ("out", "layers.write_bodies path", "out/inventory.gpkg"),
    },
    "prepare_covariates": {
        "dem": ("dem.tif", "Build.of_dem dem", "dem.tif|band=2"),
        "dem_band": (2, "Build.of_dem dem", "dem.tif|band=2"),
        "area": ("area.gpkg", "Build.bound area"),
        "cell_size": (12.5, ["Build.of_dem cell_size", "Build.of_template cell_size"]),
        "z_factor": (0.3048, "Build.of_dem z_factor"),
        "template": ("template.tif", "Build.of_template template"),
        "terrain": (["aspect"], "Build.add_ground names"),
        "slope_method": ("zevenbergen_thorne", "Build.add_ground method"),
        "flow_method": ("mfd", "Build.add_ground flow_method"),
        "window": (150.0, "Build.add_ground window_m"),
        "drainage_area": (2.5, "Build.add_ground drainage_area_km2"),
        **distance("faults"),
        **distance("roads"),
        **distance("settlements"),
        **distance("streams"),
        **classes("geology"),
        **classes("land_use"),
        **classes("soil"),
        **classes("climate"),
        "red": ("red.tif", "Build.add_ndvi red", "red.tif|band=3"),
        "red_band": (3, "Build.add_ndvi red", "red.tif|band=3"),
        "nir": ("nir.tif", "Build.add_ndvi nir", "nir.tif|band=4"),
        "nir_band": (4, "Build.add_ndvi nir", "nir.tif|band=4"),
        "extra_continuous": (["rain.tif"], "Build.add_extras continuous"),
        "extra_categorical": (["rock.tif"], "Build.add_extras categorical"),
        "extra_distances": (["lines.gpkg"], "Build.add_extras distances"),
        "unknown": ("nodata", ["Build.add_classes unknown", "Build.add_extras unknown"]),
        "output": ("out/o.tif", ["replacing target", "Build.write path"]),
    },
    "sample_cells": {
        "covariates": ("stack.tif", "Stack.open path"),
        "inventory": ("slides.gpkg", "draw inventory"),
        "type_field": ("kind", "draw types.field"),
        "types": ("flow", "draw types.wanted"),
        "polygon_cells": ("highest", "draw polygon_cells"),
        "most_cells": (11, "draw most_cells"),
        "together": (12.0, "draw together_m"),
        "method": ("flat", "draw method"),
        "ratio": (2.0, "draw ratio"),
        "buffer": (70.0, "draw buffer_m"),
        "slope_limit": (3.0, "draw slope_limit_deg"),
        "split": ("blocks", "draw split"),
        "test_share": (0.3, "draw test_share"),
        "folds": (7, "draw folds"),
        "block_size": (450.0, "draw block_size_m"),
        "seed": (5, "draw seed"),
        "output": ("out/o.gpkg", ["replacing target", "SampleCells.write path"]),
    },
    "screen_covariates": {
        **INVENTORY,
        "classes": (6, "Classing.of classes"),
        "method": ("natural_breaks", "Classing.of method"),
        "vif_limit": (4.0, "screen vif_limit"),
        "seed": (5, ["resolve_samples seed", "survey seed"]),
        "output": ("out/o.csv", "write_table path", {"rows": ["covariates"]}),
        "class_table": ("out/c.csv", "write_table path", {"rows": ["classes"]}),
        "report": ("out/r.html", "Report.write path"),
    },
    "train_cnn_dnn": {
        **INVENTORY,
        "test_inventory": ("later.gpkg", ["resolve_samples test_inventory", "hashes inputs.test_inventory"]),
        "patch_size": (5, ["fit recipe.patch_size", "Examples.of size_px", "suggested_block_size patch_px"]),
        "epochs": (3, ["fit recipe.epochs", "by_spatial_folds recipe.epochs"]),
        "members": (2, "fit recipe.members"),
        "companion": (False, "fit recipe.companion"),
        "validation": ("blocks", "fit recipe.validation"),
        "equal_landslides": (True, "fit recipe.equal_landslides"),
        "optimizer": ("sgd", "fit recipe.optimizer"),
        "learning_rate": (0.5, "fit recipe.learning_rate"),
        "batch_size": (13, "fit recipe.batch_size"),
        "hidden_layers": (1, "fit recipe.hidden_layers"),
        "units": (9, "fit recipe.units"),
        "filters": (4, "fit recipe.filters"),
        "dropout": (0.25, "fit recipe.dropout"),
        "patience": (6, "fit recipe.patience"),
        "schedule": ("step", "fit recipe.schedule"),
        "batch_normalisation": (False, "fit recipe.batch_normalisation"),
        "class_weights": ("none", "fit recipe.class_weights"),
        "seed": (7, ["resolve_samples seed", "search seed", "fit seed", "held_out seed", "by_spatial_folds seed"]),
        "calibration": ("platt", "fit_calibration method"),
        "compare_optimizers": (["adagrad"], "fit recipe.optimizer", "adagrad"),
        "tune": (True, "read_grid"),
        "tune_learning_rates": ("0.25", "read_grid learning_rates"),
        "tune_hidden_layers": ("3", "read_grid hidden_layers"),
        "tune_units": ("8", "read_grid units"),
        "tune_batch_sizes": ("10", "read_grid batch_sizes"),
        "resume": (True, "KeptMembers.begin resume"),
        "model": ("out/m.scarp", ["replacing target", "save_model path", "KeptMembers target"]),
        "report": ("out/r.html", "Report.write path"),
    },
    "benchmark_classifiers": {
        **INVENTORY,
        "test_inventory": ("later.gpkg", ["resolve_samples test_inventory", "hashes inputs.test_inventory"]),
        "classifiers": (["lr"], "compare classifiers"),
        "validation": ("temporal", "Validation method"),
        "folds": (4, "Validation folds"),
        "repeats": (2, "Validation repeats"),
        "block_size": (450.0, "Validation block_size_m"),
        "exclusion": (60.0, "Validation exclusion_m"),
        "members": (6, "compare recipe.members"),
        "equal_landslides": (True, ["compare recipe.equal_landslides", "fit_cells equal"]),
        "seed": (5, ["resolve_samples seed", "_folds seed", "compare seed", "fit_cells seed"]),
        "date_field": ("day", ["read_inventory fields.0", "dates field"]),
        "split_date": ("2021-04-30", "Validation split_date", np.datetime64("2021-04-30")),
        "scheduler": ("tcp://host:8786", "compare scheduler"),
        "output": ("out/o.csv", "write_table path"),
        "report": ("out/r.html", "Report.write path"),
        "model": ("out/m.scarp", ["replacing target", "save_model path"]),
        "fold_cells": ("out/f.gpkg", ["replacing target", "SampleCells.write path"]),
    },
    "map_susceptibility": {
        "covariates": ("stack.tif", "Stack.open path"),
        "model": ("m.scarp", ["load_model path", "_key model"]),
        "dropout_passes": (3, "Trust passes"),
        "stability_breaks": ("0.25, 0.5", "Trust breaks", [0.25, 0.5]),
        "scheduler": ("tcp://host:8786", "map_on_cluster address"),
        "backend": ("numpy", "load_model backend"),
        "resume": (True, ["PartialRaster keep", "_key resume"]),
        "output": ("out/o.tif", "PartialRaster target", {"bands": ["susceptibility"]}),
        "uncertainty": (
            "out/u.tif",
            "PartialRaster target",
            {"bands": ["uncertainty", "class stability", "susceptibility and uncertainty"]},
        ),
        "applicability": ("out/a.tif", "PartialRaster target", {"bands": ["dissimilarity index", "inside the area of applicability"]}),
        "outside": ("out/p.gpkg", "write_outside path", {"applicability": "out/a.tif"}),
    },
    "classify_susceptibility": {
        "susceptibility": ("map.tif", "SusceptibilityRaster.open path"),
        "method": ("landslide_shares", "find_breaks method"),
        "classes": (3, "find_breaks classes"),
        "breaks": ("0.3, 0.6", "find_breaks manual", [0.3, 0.6]),
        "shares": ("80, 20", "find_breaks shares", [80, 20]),
        "inventory": ("slides.gpkg", "read_landslides inventory"),
        "type_field": ("kind", "Types.of field"),
        "types": ("flow", "Types.of wanted"),
        "output": ("out/o.tif", ["replacing target", "write_classes path"]),
        "table": ("out/t.csv", "write_table path"),
        "least_area": (900.0, "write_polygons least_area_m2"),
        "dissolve": (False, "write_polygons dissolve"),
        "polygons": ("out/p.gpkg", "write_polygons path"),
    },
    "validate_map": {
        "susceptibility": ("map.tif", "open_map source", {"parameter": "SUSCEPTIBILITY_BAND"}),
        "susceptibility_band": (2, "open_map band", {"parameter": "SUSCEPTIBILITY_BAND"}),
        "inventory": ("slides.gpkg", "read_parts inventory"),
        "label_field": ("slid", "read_parts label_field"),
        "role": ("held_out", "read_parts role"),
        "training_inventory": ("before.gpkg", "read_parts training"),
        "method": ("manual", ["classes_of method", "compare_maps how.0"]),
        "classes": (3, ["classes_of classes", "compare_maps how.1"]),
        "breaks": ("0.3, 0.6", ["classes_of breaks", "compare_maps how.2"], [0.3, 0.6]),
        "date_field": ("day", "read_parts date_field"),
        "split_date": ("2021-04-30", "read_parts split_date"),
        "type_field": ("kind", "read_parts types.field"),
        "types": ("flow", "read_parts types.wanted"),
        "zones": ("zones.gpkg", "lay_zones zones"),
        "zone_field": ("name", "lay_zones field"),
        "susceptibility_2": ("other.tif", "compare_maps second.0"),
        "susceptibility_2_band": (4, "compare_maps second.1"),
        "output": ("out/o.csv", "write_table path", {"rows": ["figures"]}),
        "class_table": ("out/c.csv", "write_table path", {"rows": [{"part": "all"}]}),
        "difference": ("out/d.tif", "compare_maps difference"),
        "report": ("out/r.html", "Report.write path"),
    },
    "print_map": {
        "classes": ("classes.tif", "open_map source"),
        "hillshade": ("shade.tif", "read_shade hillshade"),
        "dem": ("dem.tif", "read_shade dem"),
        "table": ("table.csv", "with_table table"),
        "title": ("A title", ["draw_sheet title", "save_sheet title"]),
        "note": ("A note", "foot_of note"),
        "date": ("2024-05-06", "facts_of date"),
        "paper": ("a3", ["Frame.of paper", "facts_of paper"]),
        "resolution": (72, ["Frame.pixels resolution_dpi", "save_sheet resolution_dpi"]),
        "output": ("out/o.png", ["replacing target", "save_sheet path"]),
    },
    "zonal_susceptibility": {
        "susceptibility": ("map.tif", "open_map source"),
        "susceptibility_band": (3, "open_map band"),
        "zones": ("zones.gpkg", "Zones.open source"),
        "classes": ("classes.tif", "class_map source"),
        "high_classes": (1, "Zones.rows high"),
        "output": ("out/o.gpkg", "replacing target"),
    },
    "explain_model": {
        **INVENTORY,
        "model": ("m.scarp", "load_model path"),
        "role": ("held_out", "as_it_is"),
        "folds": (4, "spatial_folds folds"),
        "repeats": (6, "importances repeats"),
        "point": ("500100,3600000", "cell_at place"),
        "block_size": (450.0, "spatial_folds block_size_m"),
        "seed": (5, [f"{name} seed" for name in ASKED]),
        "output": ("out/o.csv", "write_table path"),
        "report": ("out/r.html", "Report.write path"),
        "dominant": ("out/d.tif", ["replacing target", "map_attributions dominant"]),
        "attributions": ("out/a.tif", ["replacing target", "map_attributions bands"]),
    },
    "finetune_model": {
        **INVENTORY,
        "model": ("m.scarp", ["load_model path", "hashes inputs.model"]),
        "seed": (5, ["resolve_samples seed", "held seed", "adapted seed", "applicability_of_network seed"]),
        "output": ("out/m.scarp", ["replacing target", "save_model path"]),
        "report": ("out/r.html", "Report.write path"),
    },
    "project_report": {
        "folder": ("project", "find_project folder"),
        "title": ("A title", "gather texts.title"),
        "author": ("An author", "gather texts.author"),
        "purpose": ("A purpose", "gather texts.purpose"),
        "completeness": ("All of them", "gather texts.completeness"),
        "inventory": ("slides.gpkg", "find_project inventory"),
        "type_field": ("kind", "gather fields.0"),
        "date_field": ("day", "gather fields.1"),
        "position_error": (30.0, "gather moving.0"),
        "repeats": (9, "gather moving.1"),
        "seed": (5, "gather moving.2"),
        **part("susceptibility", ".tif"),
        **part("covariates", ".tif"),
        **part("classes", ".tif"),
        **part("uncertainty", ".tif"),
        **part("applicability", ".tif"),
        **part("model", ".scarp"),
        **part("samples", ".gpkg"),
        **part("screening", ".csv"),
        **part("benchmark", ".csv"),
        **part("class_table", ".csv"),
        **part("validation", ".csv"),
        **part("explanation", ".csv"),
        "report": ("out/r.html", "Report.write path"),
    },
    "install_engine": {
        "folder": ("out/engine", "_install folder"),
        "upgrade": (True, "_install upgrade"),
        "proxy": ("http://proxy:3128", "_Shell proxy"),
        "log": ("out/log.txt", "replacing target"),
    },
}
# What does not go together, or hides something else: runs without these, beside the one with all.
WITHOUT = {
    "prepare_covariates": [{"dem", "terrain"}],
    "map_susceptibility": [{"scheduler"}],
    "print_map": [{"hillshade"}, {"dem"}],
    "explain_model": [{"role"}],
    "train_cnn_dnn": [{"tune"}],
}
TOGETHER = {"print_map"}  # no run with all
# What a task hands on beside its parameters.
BESIDE = {
    "sample_cells": [("draw few", True)],
    "map_susceptibility": [("write_manifests results", {"cells": 9, "outside_percent": 60.0}), ("map_on_cluster model", "m.scarp")],
    "print_map": [("foot_of types", "flow")],
    "zonal_susceptibility": [("Zones.open classes", {1: "low"}), ("Zones.rows classes", {1: "low"}), ("open_map varied", False)],
    "finetune_model": [("Examples.of covariates", ["slope"]), ("Examples.of size_px", 9), ("held block_size_m", 100.0)],
    "explain_model": [("load_model cells", 30 * 7 * 12)],
}


def stubs(calls):
    """What each function gives back in place of what takes long or needs files."""
    report = Noted(calls, Report)
    stack = Anything()
    stack.covariates = (Covariate("slope"),)
    stack.grid = Anything()
    stack.grid.shape = (7, 12)
    model = Anything()
    model.margin_px, model.covariates = 4, ("slope",)
    seen = Anything()
    seen.says = {"landslide_type": "flow"}.get
    empty = np.empty((0, 1))
    data = Data(CELLS, Anything(), (), np.zeros((60, 1)), np.zeros((60, 2)), np.full((60, 2), np.datetime64("NaT")))
    anything = Anything()
    common = {
        "Stack.open": stack,
        "resolve_samples": CELLS,
        "make_report": report,
        "write_table": None,
        "write_manifests": None,
        "save_model": None,
        "load_model": model,
        "open_map": seen,
        "replacing": nullcontext,
        "hashes": {"inventory": "a", "model": "b"},
        "check_stack": [],
        "likeness": [],
        "other_types": "",
        "suggested_block_size": 100.0,
        "verdict": "",
        "falling": "",
        "metrics.evaluate": {},
        "metrics.balanced": anything,
        "applicability_of_network": None,
        "Examples.of": anything,
        "Evaluation": Something(),
    }
    of_task = {
        "sample_landscape": {
            "draw_structure": anything,
            "shape_terrain": anything,
            "layers.grid_of": anything,
            "resample": anything,
            "cover": anything,
            **{f"layers.{name}": anything for name in ("write_areas", "write_lines", "write_points", "write_bodies")},
            "layers.write_rasters": (anything, anything),
            "layers.bodies": (anything, anything),
        },
        "prepare_covariates": {"Build.of_dem": Noted(calls, Build), "Build.of_template": Noted(calls, Build)},
        "sample_cells": {"draw": Noted(calls, SampleCells), "counts_of": {}, "notice_few": None},
        "screen_covariates": {
            "survey": anything,
            "Classing.of": anything,
            "class_areas": anything,
            "screen": anything,
            "table_rows": ["covariates"],
            "class_rows": ["classes"],
        },
        "train_cnn_dnn": {
            "_check_parts": None,
            "read_grid": [],
            "search": [],
            "fit": (anything, [anything]),
            "held_out": [],
            "fit_calibration": None,
            "KeptMembers": Noted(calls, KeptMembers),
            "by_spatial_folds": None,
            "uncalibrated": anything,
        },
        "benchmark_classifiers": {
            "Data.of": data,
            "places_of": empty,
            "read_inventory": anything,
            "dates": np.full((60, 2), np.datetime64("NaT")),
            "Validation": ...,
            "_folds": [Fold("temporal", 0, 0, NUMBERS[20:], NUMBERS[:20])],
            "compare": [],
            "summarise": [],
            "headline": "temporal",
            "best": SimpleNamespace(classifier="lr", label="Logistic regression", mean={}, auc=SimpleNamespace(mean=0.5)),
            "table_rows": [],
            "fit_cells": (anything, None),
            "applicability_of_classifier": None,
            "_with_folds": Noted(calls, SampleCells),
        },
        "map_susceptibility": {
            "differences": [],
            "Trust.check": None,
            "Trust": ...,
            "_key": {},
            "windows_of": [],
            "PartialRaster": Partial,
            "done_in": [],
            "map_susceptibility": None,
            "write_outside": None,
        },
        "classify_susceptibility": {
            "SusceptibilityRaster.open": anything,
            "Types.of": SimpleNamespace(field="kind"),
            "read_landslides": SimpleNamespace(of_types=lambda *_: (anything, anything, "flow")),
            "find_breaks": [0.5],
            "write_classes": (anything, anything),
            "class_rows": [],
            "write_polygons": None,
        },
        "validate_map": {
            "read_parts": SimpleNamespace(parts=[anything], aside=[], types="", are_samples=False, by_others="", shared=0),
            "cuts_of": (anything, anything),
            "lay_zones": None,
            "survey": anything,
            "classes_of": anything,
            "count_classes": (anything, anything),
            "Assessor": assessor(),
            "compare_maps": SimpleNamespace(rows=list),
            "warn_of_few": None,
            "same_keys": ["figures"],
        },
        "print_map": {
            "ground_size_m": (1.0, 1.0),
            "Frame.of": Noted(calls, Frame),
            "read_picture": anything,
            "with_table": anything,
            "read_shade": None,
            "facts_of": [],
            "foot_of": [],
            "draw_sheet": anything,
            "save_sheet": None,
        },
        "zonal_susceptibility": {
            "class_map": (anything, {1: "low"}),
            "Zones.open": Noted(calls, Zones),
            "write_layer": lambda path, *_: Path(path).touch(),
        },
        "explain_model": {
            "differences": [],
            "cell_at": (0, 0),
            "Ground.of": anything,
            "answer_of": anything,
            "average_ground": anything,
            "explain_cell": anything,
            "as_it_is": anything,
            "spatial_folds": ([1, 2], "told"),
            "refitted": [],
            "correlations": anything,
            "factors_of": anything,
            "importances": [],
            "all_responses": [],
            "map_attributions": anything,
            "picture": None,
            "Explanation": anything,
            "table_rows": [{"factor": "slope"}],
        },
        "finetune_model": {"check_is_network": model, "check_enough": None, "held": anything, "adapted": (anything, 3)},
        "project_report": {"find_project": anything, "gather": anything, "summary": ""},
        "install_engine": {"_install": {}, "_alone": nullcontext(), "_Shell": ...},
    }
    return common, of_task


class Partial(Anything):
    """A raster under work that has cells."""

    def __init__(self, *_, **__):
        self.means = (0.25, 0.4)

    def finish(self, *_):
        return 9


def assessor():
    """What assesses, and tells densities of one row."""
    made = Anything()
    made.densities = lambda *_: [{"part": "all"}]
    return made


def calls_of(task, given, monkeypatch):
    """Run a task with spies; return what was called."""
    calls = {}
    module = importlib.import_module(f"scarp.engine.tasks.{task}")
    common, of_task = stubs(calls)
    for name, value in {**{key: value for key, value in common.items() if hasattr(module, key.split(".")[0])}, **of_task[task]}.items():
        is_done = callable(value) and not isinstance(value, Anything)
        back = None if value is ... else value if is_done else lambda *_, value=value, **__: value
        wires.put(monkeypatch, module, calls, name, back)
    if task == "map_susceptibility":
        wires.put(monkeypatch, importlib.import_module("scarp.engine.mapping.on_cluster"), calls, "map_on_cluster", lambda *_: None)
    module.run(Feedback(), **given)
    return calls


def as_list(value):
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("task", TASKS)
def test_values_are_no_defaults_and_told_apart(task):
    declared = task_parameters(task)
    assert set(REACHES[task]) == set(declared), "a row for each parameter"
    for key, (value, *_) in REACHES[task].items():
        assert value != declared[key].default, key
    plain = [repr(value) for value, *_ in REACHES[task].values() if not isinstance(value, bool)]
    assert len(set(plain)) == len(plain)


@pytest.mark.parametrize("task", TASKS)
def test_every_parameter_reaches_what_it_is_for(task, tmp_path, monkeypatch):
    rows = REACHES[task]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    left_out = WITHOUT.get(task, []) if task in TOGETHER else [set(), *WITHOUT.get(task, [])]
    runs = []
    for without in left_out:
        with pytest.MonkeyPatch.context() as patch:
            runs.append(calls_of(task, {key: value for key, (value, *_) in rows.items() if key not in without}, patch))
    together = {name: [call for calls in runs for call in calls.get(name, [])] for calls in runs for name in calls}
    for key, (value, where, *more) in rows.items():
        beside = next((each for each in more if isinstance(each, dict)), {})
        expected = next((each for each in more if not isinstance(each, dict)), value)
        for each in as_list(where):
            if " " in each:
                assert wires.arrived(together, each, expected, beside), (key, each, together.get(each.split()[0]))
            else:
                seen = {each in calls for calls, without in zip(runs, left_out) if key not in without}
                unseen = {each in calls for calls, without in zip(runs, left_out) if key in without}
                assert (seen, unseen) == ({True}, {False}), key
    for where, expected in BESIDE.get(task, ()):
        assert wires.arrived(together, where, expected, {}), (where, together.get(where.split()[0]))
    told = [call["parameters"] for call in together.get("write_manifests", [])]
    assert all(told) and (told or task in ("sample_landscape", "install_engine"))
    for key, (value, *_) in rows.items() if told else ():
        assert any(each[key] == value for each in told), f"{key} is not in the run manifest"


@pytest.mark.parametrize("task", [each for each in TASKS if "report" in REACHES[each] and each != "project_report"])
def test_a_report_has_what_its_run_warned_of(task, tmp_path, monkeypatch):
    """Project report tells of each inventory's warnings in the section of the inventory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out").mkdir()
    calls = calls_of(task, {key: value for key, (value, *_) in REACHES[task].items()}, monkeypatch)
    heard = {id(each): each for of_one in calls.values() for call in of_one for each in call.values() if isinstance(each, Heard)}
    (feedback,) = heard.values()
    assert all(call["warnings"] is feedback.warnings for call in calls["Report.write"])
