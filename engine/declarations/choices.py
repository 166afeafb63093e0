# SPDX-License-Identifier: GPL-2.0-or-later
"""What the user can choose from: tables of id to label. Standard library only, since QGIS's dialogs read them."""

from __future__ import annotations

# How non-landslide cells are drawn (Huang et al. 2020); `engine/samples/cells.py`.
ABSENCE_METHODS = {
    "random": "Random",
    "seed_cells": "Seed cells (in a ring around landslides, beyond the buffer)",
    "flat": "Flat (slope below the limit)",
    "random_and_flat": "Half random, half flat",
}

# Which cells of a polygon stand for its landslide; `engine/samples/polygon_cells.py`.
POLYGON_CELLS = {
    "all": "All",
    "one": "One, in the middle",
    "highest": "The highest third",
    "spread": "Some, spread over it",
}

# How sample cells are divided into training and test cells; `engine/samples/cells.py`.
SPLITS = {
    "random": "Random",
    "blocks": "Spatial blocks",
    "knndm": "As far apart as the map lies from landslides (kNNDM)",
}

# The defaults of drawing sample cells, also where an algorithm draws them itself.
METHOD = "random"
RATIO = 5.0
# Beyond so many non-landslide cells the default ratio becomes less, and no less than this, so that a long training takes no more than
# about twice as long as with as many of each (docs/results.md).
RATIO_CELLS, RATIO_LEAST = 10_000, 3.0
BUFFER_M = 100.0
SLOPE_LIMIT_DEG = 2.0
SPLIT = "random"
TEST_SHARE = 0.2
# Of fewer landslides than this no test part is kept where Scarp divides them: it would be too small to tell anything, so folds test all.
FEW_LANDSLIDES = 60
# Fewer landslides of a type of movement than this do not tell what it needs.
FEW_OF_TYPE = 30
FOLDS = 5
SEED = 1

# How classifiers are validated; `engine/samples/folds.py`.
VALIDATIONS = {
    "holdout": "Hold-out (80/20, as in Azarafza et al. 2021)",
    "random": "Random folds",
    "blocks": "Spatial folds (blocks)",
    "kmeans": "Spatial folds (k-means on coordinates)",
    "knndm": "Spatial folds (kNNDM: as far from training as the map lies from landslides)",
    "temporal": "Temporal (train before a date, test after)",
    "inventory": "Held-out inventory (prediction rate)",
}

# What computes a map; `models/dense.py`.
BACKENDS = {
    "auto": "Whichever is sooner done",
    "tensorflow": "TensorFlow (a GPU where there is one)",
    "numpy": "NumPy",
}

# How susceptibility is divided into classes; `engine/mapping/zonation.py`.
CLASSIFICATIONS = {
    "natural_breaks": "Natural breaks (Jenks)",
    "quantiles": "Quantiles (equal areas)",
    "equal_intervals": "Equal intervals",
    "geometric": "Geometric intervals",
    "standard_deviation": "Standard deviation",
    "landslide_shares": "By share of landslides (the highest class holds half of them, …)",
    "best_rate": "Breaks that keep the most of the success rate and the AUC",
    "manual": "Manual breaks",
}
# Those that need an inventory.
BY_LANDSLIDES = ("landslide_shares", "best_rate")
# Those that ask the map alone; `engine/validation/`.
OWN_CLASSIFICATIONS = {method: label for method, label in CLASSIFICATIONS.items() if method not in BY_LANDSLIDES}

# How continuous covariates are divided into classes for screening; `engine/screening/binning.py`.
CLASSINGS = {method: CLASSIFICATIONS[method] for method in ("quantiles", "natural_breaks")}

# What landslides are to a map that they test, and what their rate curve is called then (Chung & Fabbri 2003); `engine/validation/`.
INVENTORY_ROLES = {
    "unknown": "Not known whether the map was made from them",
    "held_out": "Held out: the map was made without them",
    "training": "The map was made from them",
}
RATES = {"unknown": "rate curve", "held_out": "prediction rate", "training": "success rate"}

# What a model file and its map say where the model was fitted to all cells of its inventory, those for a test too.
FITTED_TO_ALL = {"fitted_to": "all cells"}

# What landslides are to a model that is explained by them; `engine/explanation/`.
EXPLAINED_BY = {
    "unknown": "The model may know them: fit it anew in spatial folds without them",
    "held_out": "Held out: the model was trained without them",
}

# Papers of printed maps by their short and long side in millimetres; `engine/mapping/sheet_figure.py`.
PAPERS_MM = {"a4": (210, 297), "a3": (297, 420)}
PAPERS = {paper: f"{paper.upper()} ({short} × {long} mm)" for paper, (short, long) in PAPERS_MM.items()}
