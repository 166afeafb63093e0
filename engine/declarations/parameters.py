# SPDX-License-Identifier: GPL-2.0-or-later
"""Every parameter of every task, declared once. Standard library only.

From `TASKS` come the Processing dialogs (`algorithms/definitions.py`), the defaults and the worker's check of a task (`checks.py`), the
labels in reports and run manifests (`labels.py`), and the page `docs/parameters.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...models.classifiers import LABELS
from ...models.optimizers import OPTIMIZERS, SCHEDULES
from ...models.recipe import CALIBRATIONS, CLASS_WEIGHTS, LEAST_EPOCHS, MORE_SEEN, USUAL_EPOCHS, VALIDATIONS, Recipe
from . import choices
from .covariates import DECLARATIONS, FLOW_METHODS, SLOPE_METHODS, TERRAIN, TERRAIN_DEFAULT, UNKNOWN

# Each kind, and what a task takes for it in JSON.
KINDS = {
    "raster": "the path of a raster",
    "rasters": "a list of paths of rasters",
    "source": "the path of a vector layer",
    "sources": "a list of paths of vector layers",
    "layer": "the path of a raster or of a vector layer",
    "field": "the name of a field",
    "band": "the number of a band",
    "file": "the path of a file",
    "folder": "the path of a folder",
    "integer": "a whole number",
    "number": "a number",
    "distance": "a number",
    "integers": "whole numbers",
    "numbers": "numbers",
    "choice": "an id",
    "choices": "a list of ids",
    "boolean": "true or false",
    "point": "the coordinates of a point, such as 512000,3600000 [EPSG:32639]",
    "text": "text",
    "date": "a date written as year-month-day, such as 2021-04-30",
    "raster output": "the path to write to",
    "vector output": "the path to write to",
    "file output": "the path to write to",
    "folder output": "the folder to write to",
}
# These are read or written as files.
FILES = frozenset(kind for kind in KINDS if kind.endswith("output")) | {"raster", "rasters", "source", "sources", "layer", "file"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a task.

    Parameters
    ----------
    id
        Its name in scripts; the task's keyword is the same in lower case.
    title
        Its label, without the unit.
    kind
        One of `KINDS`.
    help
        What the dialog says of it.
    default
        What counts where nothing is given. None for a parameter that must be given, or that may be left out (`optional`).
    unit
        Of a number, as it follows one: m, cells.
    nothing
        Of a number that may be left out, or else of one that is 0: what that means, in a word or two, where it is no amount.
    least, most
        The range of a number or of each of several; None: no limit.
    odd
        Whether a whole number must be odd.
    table
        Of a choice: id to label.
    optional
        Whether it may be left out, or none be chosen.
    advanced
        Whether the dialog folds it away.
    parent
        Of a field or band: the parameter whose layer has it. Of a distance: the layer whose unit it is in.
    geometry
        Of vector layers: point, polygon, any or table; of a `layer`, raster too.
    files
        Of a file: its name and pattern, such as HTML (*.html).
    made
        Whether an optional output is made unless the user skips it.
    recipe
        Whether it is a hyper-parameter: a field of `Recipe`, which has its default.
    whole
        Of a vector layer: whether all of its fields are needed, not only those that are named.
    place
        "both", or "dialog" or "task" for what only one of them knows.
    """

    id: str
    title: str
    kind: str
    help: str
    default: Any = None
    unit: str = ""
    least: float | None = None
    most: float | None = None
    odd: bool = False
    table: Mapping[str, str] | None = None
    optional: bool = False
    advanced: bool = False
    parent: str = ""
    geometry: tuple[str, ...] = ()
    files: str = ""
    made: bool = True
    recipe: bool = False
    whole: bool = False
    place: str = "both"
    nothing: str = ""

    @property
    def key(self) -> str:
        """The task's keyword."""
        return self.id.lower()

    @property
    def label(self) -> str:
        """The title with the unit, as the dialog shows it."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

    @property
    def is_output(self) -> bool:
        """Whether the task writes it."""
        return self.kind.endswith("output")

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is None and not self.optional

    def is_nothing(self, value: Any) -> bool:
        """Tell whether a value is what `nothing` has a word for."""
        return bool(self.nothing) and (value is None if self.optional else value == 0)


@dataclass(frozen=True)
class Result:
    """What an algorithm gives back beside its outputs: `kind` is raster, vector, number or text."""

    id: str
    title: str
    kind: str


# What Scarp finds by itself.
_AUTOMATIC = "automatic"


def _advanced(parameter: Parameter) -> Parameter:
    return replace(parameter, advanced=True)


def _hyper(id_: str, title: str, kind: str, text: str, **more: Any) -> Parameter:
    """Return a hyper-parameter: `Recipe` has its default."""
    return Parameter(id_, title, kind, text, getattr(Recipe(), id_.lower()), recipe=True, **more)


def _band(id_: str, title: str, of: str) -> Parameter:
    text = "Which band of the raster it is; needed where that has several."
    return Parameter(id_, title, "band", text, least=1, optional=True, parent=of, nothing="the only one")


def _seed(text: str) -> Parameter:
    return Parameter("SEED", "Seed", "integer", text, choices.SEED, least=0, most=2**31 - 1)


def _scheduler(text: str) -> Parameter:
    common = "The address of a Dask scheduler, such as tcp://host:8786 or tls://host:8786; empty: this machine. "
    return Parameter("SCHEDULER", "Dask scheduler", "text", common + text, optional=True, advanced=True)


def _report(title: str, text: str, *, optional: bool = True) -> Parameter:
    return Parameter("REPORT", title, "file output", text, files="HTML (*.html)", optional=optional)


_STACK = Parameter("COVARIATES", "Covariate stack", "raster", "The output of “Prepare covariates”.")
_LANDSLIDES = ("point", "polygon")
_INVENTORY = Parameter(
    "INVENTORY",
    "Landslide inventory",
    "source",
    "Landslides as points or polygons, in any coordinate reference system.",
    geometry=_LANDSLIDES,
)
# An inventory, or sample cells where the field that tells landslides is given.
_SAMPLES = (
    replace(
        _INVENTORY,
        title="Landslide inventory or sample cells",
        help="Landslides as points or polygons; or sample cells, if the field below is set.",
    ),
    Parameter(
        "LABEL_FIELD",
        "Field that tells landslides",
        "field",
        "For sample cells: the field with 1 for landslide and 0 for none (“landslide”). Empty for a plain inventory.",
        parent="INVENTORY",
        optional=True,
    ),
)
# Which of the landslides count.
_TYPES = (
    Parameter(
        "TYPE_FIELD",
        "Field with the type of movement",
        "field",
        "For a model of one type of landslide, or of types alike: the field that tells the type, as text or code. Landslides of other "
        "types, and those without one, take no part, and no absence is drawn near them.",
        parent="INVENTORY",
        optional=True,
        advanced=True,
    ),
    Parameter(
        "TYPES",
        "Types of movement",
        "text",
        "Which types count, as the field has them, whatever their case; several separated by commas, or by semicolons where their names "
        "have commas (debris flow; debris slide).",
        optional=True,
        advanced=True,
    ),
)
_TABLE = "Table (*.csv *.gpkg *.xlsx)"
_MODEL = Parameter(
    "MODEL",
    "Model file",
    "file",
    "The model file that “Train CNN–DNN” or “Benchmark classifiers” wrote.",
    files="Scarp model (*.scarp)",
)
_TEST_INVENTORY = Parameter(
    "TEST_INVENTORY",
    "Test inventory",
    "source",
    "Landslides that take no part in training, in any coordinate reference system; the AUC is then that of them (prediction), and "
    "landslides in both inventories do not train.",
    optional=True,
    geometry=_LANDSLIDES,
    whole=True,
)
_EQUAL_LANDSLIDES = _hyper(
    "EQUAL_LANDSLIDES",
    "Each landslide counts the same",
    "boolean",
    "In training, however many cells it has. No: each cell counts the same, so large landslides speak louder, which suits maps of where "
    "ground fails (all cells of a polygon; Sinčić et al. 2024). Yes suits maps of where landslides begin, or few large ones among many.",
    advanced=True,
)
_BLOCK_SIZE = Parameter(
    "BLOCK_SIZE",
    "Block size",
    "number",
    "Side of a block in metres. 0: from the covariates’ spatial autocorrelation, at least two patches.",
    0.0,
    "m",
    0,
    advanced=True,
    nothing=_AUTOMATIC,
)
_PATCH_SIZE = _hyper(
    "PATCH_SIZE",
    "Patch size",
    "integer",
    "Side of the square of cells that the network sees; odd.",
    unit="cells",
    least=1,
    most=101,
    odd=True,
)
_MEMBERS = _hyper(
    "MEMBERS", "Ensemble members", "integer", "Networks with different seeds; susceptibility is their mean.", least=1, most=50
)
_OPTIMIZER = _hyper("OPTIMIZER", "Optimizer", "choice", "The method that adjusts the weights.", table=OPTIMIZERS, advanced=True)
_LEARNING_RATE = _hyper(
    "LEARNING_RATE",
    "Learning rate",
    "number",
    "Size of each step; Azarafza et al. (2021) have 0.01 for SGD, RMSprop and Adagrad.",
    least=1e-6,
    most=10.0,
    advanced=True,
)
_BATCH_SIZE = _hyper("BATCH_SIZE", "Batch size", "integer", "Cells that make one step.", least=1, most=100000, advanced=True)
_HIDDEN_LAYERS = _hyper(
    "HIDDEN_LAYERS", "Hidden layers", "integer", "Dense layers after the two parts are joined.", least=0, most=10, advanced=True
)
_UNITS = _hyper(
    "UNITS", "Units", "integer", "Units of the first dense layer; each further one has half.", least=1, most=4096, advanced=True
)
_FILTERS = _hyper(
    "FILTERS",
    "Filters",
    "integer",
    "Filters of the first convolution; each further one has twice as many.",
    least=1,
    most=512,
    advanced=True,
)
_DROPOUT = _hyper(
    "DROPOUT", "Dropout", "number", "The share of units that each training step leaves out.", least=0.0, most=0.95, advanced=True
)
_PATIENCE = _hyper(
    "PATIENCE",
    "Patience",
    "integer",
    "Epochs without a better validation loss before training stops. 0: a third of all, at least 10.",
    unit="epochs",
    least=0,
    most=100000,
    advanced=True,
    nothing=_AUTOMATIC,
)


def _tried(id_: str, title: str, of: Parameter, default: str) -> Parameter:
    """Return the values of a hyper-parameter that the search tries: of the same range."""
    return Parameter(
        id_, title, f"{of.kind}s", "For the search: values separated by commas.", default, "", of.least, of.most, advanced=True
    )


# The grid of the search, as in the paper's Table 2: what is tried, and the hyper-parameter that it is tried for.
GRID = {
    "tune_learning_rates": "learning_rate",
    "tune_hidden_layers": "hidden_layers",
    "tune_units": "units",
    "tune_batch_sizes": "batch_size",
}


def _class_layers() -> tuple[Parameter, ...]:
    """Return the layers that covariates of classes are made from, each with its field."""
    found = []
    for declared in (each for each in DECLARATIONS if each.family == "classes"):
        id_ = declared.requires.upper()
        help_ = "Polygons with a field that names the class, or a raster of class codes."
        field = "The field of the polygons that names the class; not needed for a raster."
        found += [
            Parameter(id_, declared.label, "layer", help_, optional=True, geometry=("polygon", "raster")),
            Parameter(f"{id_}_FIELD", f"{declared.label}: field with the class", "field", field, optional=True, parent=id_),
        ]
    return tuple(found)


def _distance_layers() -> tuple[Parameter, ...]:
    """Return the layers that distances are measured to."""
    return tuple(
        Parameter(
            declared.requires.upper(),
            declared.requires.capitalize(),
            "source",
            f"Points, lines or polygons; gives “{declared.label}” in metres.",
            optional=True,
            geometry=("any",),
        )
        for declared in DECLARATIONS
        if declared.family == "distance"
    )


def _extra(id_: str, title: str, kind: str, text: str) -> Parameter:
    return Parameter(id_, title, kind, text, optional=True, advanced=True, geometry=("any",))


# Each task's parameters, in the order of the work and of its dialog.
TASKS: dict[str, tuple[Parameter, ...]] = {
    "sample_landscape": (
        Parameter("SIZE", "Cells per side", "integer", "The landscape is a square of this many cells.", 512, least=64, most=20000),
        Parameter("CELL_SIZE", "Cell size", "number", "The side of a cell in metres.", 30.0, "m", 1.0, 1000.0),
        Parameter(
            "LANDSLIDES",
            "Number of landslides",
            "integer",
            "How many landslides to draw; at most one in a cell.",
            1500,
            least=1,
            most=10**8,
        ),
        Parameter(
            "LANDSLIDE_CELLS",
            "Size of a landslide",
            "integer",
            "How large landslides are on average. 1: points; more: polygons, each grown from a cell over the most susceptible ground.",
            1,
            "cells",
            least=1,
            most=10_000,
            advanced=True,
        ),
        _seed("Another number makes another landscape."),
        Parameter(
            "FOLDER",
            "Folder for the landscape",
            "folder output",
            "The layers are written here, under plain names: dem.tif, geology.gpkg, inventory.gpkg, truth.tif, …",
        ),
    ),
    "prepare_covariates": (
        Parameter(
            "DEM",
            "Elevation (DEM)",
            "raster",
            "A digital elevation model in a projected coordinate reference system; it gives the stack its grid. It may be left out where "
            "ready rasters are given.",
            optional=True,
        ),
        _advanced(_band("DEM_BAND", "Elevation: band", "DEM")),
        Parameter(
            "AREA",
            "Study area",
            "source",
            "Polygons that bound the study area; cells outside them become nodata. Empty: the whole grid.",
            optional=True,
            geometry=("polygon",),
        ),
        Parameter(
            "CELL_SIZE",
            "Cell size",
            "distance",
            "Cell size of the stack, in the units of its coordinate reference system. Empty: the DEM's own.",
            least=0,
            optional=True,
            advanced=True,
            parent="DEM",
            nothing="the DEM's own",
        ),
        Parameter(
            "Z_FACTOR",
            "Z factor",
            "number",
            "What one unit of elevation is in metres: 1 for metres, 0.3048 for feet. Empty: as the DEM declares, which is metres where it "
            "declares nothing.",
            least=1e-6,
            most=1000,
            optional=True,
            advanced=True,
            nothing="as the DEM declares",
        ),
        Parameter(
            "TEMPLATE",
            "Template",
            "raster",
            "A raster whose grid the stack gets where there is no DEM. Empty: that of the first raster given.",
            optional=True,
            advanced=True,
        ),
        Parameter(
            "TERRAIN",
            "Covariates from the DEM",
            "choices",
            "Which covariates to compute, none without a DEM. Those of flow, from flow accumulation on, need the whole DEM in memory (some "
            "24 bytes a cell, 2.7 GB for a province of 118 million cells); where memory is short, leave them out.",
            list(TERRAIN_DEFAULT),
            table=TERRAIN,
        ),
        Parameter(
            "SLOPE_METHOD",
            "Slope and aspect by",
            "choice",
            "The formula for slope and aspect: Horn (1981), as GDAL does, or Zevenbergen and Thorne (1987).",
            "horn",
            table=SLOPE_METHODS,
            advanced=True,
        ),
        Parameter(
            "FLOW_METHOD",
            "Contributing area by",
            "choice",
            "How a cell shares out what drains through it, for flow accumulation, specific catchment area, wetness and stream power: all "
            "to the steepest of eight neighbours (D8), to all lower neighbours by their slopes (multiple flow), or to the two beside the "
            "steepest way down (D∞). D8 is the quickest and draws straight lines on even slopes, the others spread there. The drainage "
            "network, heights above it and watersheds follow D8 whatever is chosen.",
            "d8",
            table=FLOW_METHODS,
            advanced=True,
        ),
        # The smaller window of Weiss (2001).
        Parameter(
            "WINDOW",
            "Window radius",
            "number",
            "Radius in metres of the window of topographic position, local relief and vector ruggedness; at least the neighbours count.",
            300.0,
            "m",
            0,
            advanced=True,
        ),
        Parameter(
            "DRAINAGE_AREA",
            "Contributing area of drainage",
            "number",
            "A cell belongs to the drainage network from this contributing area on; for the distance to, the height above and the "
            "density of drainage.",
            1.0,
            "km²",
            0,
            advanced=True,
        ),
        *_distance_layers(),
        *_class_layers(),
        Parameter("RED", "Red band", "raster", "Reflectance in red; together with the near-infrared band it gives NDVI.", optional=True),
        _band("RED_BAND", "Red band: number", "RED"),
        Parameter(
            "NIR",
            "Near-infrared band",
            "raster",
            "Reflectance in the near infrared; it may be the same raster as the red band, where that has several bands.",
            optional=True,
        ),
        _band("NIR_BAND", "Near-infrared band: number", "NIR"),
        _extra(
            "EXTRA_CONTINUOUS",
            "Further continuous rasters",
            "rasters",
            "Rasters of quantities (rainfall, say); each becomes a covariate with the layer's name, of several bands each with its own.",
        ),
        _extra(
            "EXTRA_CATEGORICAL",
            "Further categorical rasters",
            "rasters",
            "Rasters of class codes; each becomes a categorical covariate with the layer's name, of several bands each with its own.",
        ),
        _extra(
            "EXTRA_DISTANCES",
            "Further layers for distances",
            "sources",
            "Vector layers (power lines, say); each gives the distance to its features, named after the layer.",
        ),
        Parameter(
            "UNKNOWN",
            "Cells without a class",
            "choice",
            "What becomes of cells that no polygon covers, or that the raster has no class for.",
            "class",
            table=UNKNOWN,
            advanced=True,
        ),
        Parameter("OUTPUT", "Covariate stack", "raster output", "One band per covariate, with its name, kind and unit."),
    ),
    "sample_cells": (
        _STACK,
        _INVENTORY,
        *_TYPES,
        Parameter(
            "POLYGON_CELLS",
            "Cells of a polygon",
            "choice",
            "Which cells stand for a landslide. All, kept together where cells are divided, tell most (Sinčić et al. 2024); the highest "
            "third is where a landslide began, and leaves out where it ran to; one, or some spread over it, keep large landslides from "
            "outweighing small ones.",
            "all",
            table=choices.POLYGON_CELLS,
        ),
        Parameter(
            "MOST_CELLS",
            "Most cells of a polygon",
            "integer",
            "How many cells a landslide has at most, where some are spread over it.",
            10,
            least=1,
            most=100_000,
            advanced=True,
        ),
        Parameter(
            "TOGETHER",
            "Landslides together within",
            "number",
            "Landslides nearer to each other than this count as one, which is not divided between training and test. Half a patch (the "
            "default patch is 15 cells wide) keeps points apart whose patches overlap most. 0: each for itself.",
            0.0,
            "m",
            0,
            advanced=True,
            nothing="each for itself",
        ),
        Parameter(
            "METHOD", "Draw non-landslide cells", "choice", "Where absences come from.", choices.METHOD, table=choices.ABSENCE_METHODS
        ),
        Parameter(
            "RATIO",
            "Non-landslide cells per landslide cell",
            "number",
            "How many non-landslide cells are drawn for each landslide cell; in training both kinds count the same in all. The default of "
            f"{choices.RATIO:g} becomes less, but no less than {choices.RATIO_LEAST:g}, where it means more than {choices.RATIO_CELLS:,} "
            "cells, and where no more cells qualify; any other number is kept. Azarafza et al. (2021) have 1.",
            choices.RATIO,
            least=0.01,
            most=1000,
        ),
        Parameter(
            "BUFFER",
            "Buffer around landslides",
            "number",
            "No absence is drawn nearer than this, in metres from centre to centre, to a cell that a landslide covers, if only in part.",
            choices.BUFFER_M,
            "m",
            0,
        ),
        Parameter(
            "SLOPE_LIMIT",
            "Flat ground is below",
            "number",
            "The slope below which ground counts as flat; used where flat ground is sampled.",
            choices.SLOPE_LIMIT_DEG,
            "degrees",
            0,
            90,
            advanced=True,
        ),
        Parameter(
            "SPLIT",
            "Split into training and test cells",
            "choice",
            "Random, or by spatial blocks that belong as a whole to one part.",
            choices.SPLIT,
            table=choices.SPLITS,
        ),
        Parameter(
            "TEST_SHARE",
            "Share of test cells",
            "number",
            "The part of the cells that is kept for the test; 0.2 as in Azarafza et al. (2021).",
            choices.TEST_SHARE,
            least=0,
            most=0.9,
        ),
        Parameter(
            "FOLDS",
            "Folds",
            "integer",
            "The training cells are dealt into this many folds, for cross-validation.",
            choices.FOLDS,
            least=2,
            most=1000,
            advanced=True,
        ),
        replace(
            _BLOCK_SIZE,
            help="The side of a spatial block in metres. 0: from the spatial autocorrelation of the covariates, at least two patches.",
        ),
        _advanced(_seed("The same seed draws the same cells.")),
        Parameter(
            "OUTPUT",
            "Sample cells",
            "vector output",
            "One point per cell centre: landslide (1/0), subset (train/test), fold, x, y, origin.",
            geometry=("point",),
        ),
    ),
    "screen_covariates": (
        _STACK,
        *_SAMPLES,
        *_TYPES,
        Parameter(
            "CLASSES", "Classes", "integer", "Most classes that a continuous covariate is divided into.", 8, least=2, most=20, advanced=True
        ),
        Parameter(
            "METHOD",
            "Classes by",
            "choice",
            "How the limits between classes of a continuous covariate are found.",
            "quantiles",
            table=choices.CLASSINGS,
            advanced=True,
        ),
        Parameter(
            "VIF_LIMIT",
            "VIF limit",
            "number",
            "Covariates above it count as collinear, as repeating others; 5 as in Azarafza et al. (2021).",
            5.0,
            least=1,
            advanced=True,
        ),
        _advanced(_seed("The same seed draws the same cells and the same absences.")),
        Parameter(
            "OUTPUT",
            "Covariates screened",
            "vector output",
            "Table with one row a covariate: advice, VIF, coefficients, information gain (.csv, .gpkg or .xlsx).",
            geometry=("table",),
        ),
        Parameter(
            "CLASS_TABLE",
            "Classes of covariates",
            "vector output",
            "Table with one row a class: frequency ratio, information value, weights of evidence (.csv, .gpkg or .xlsx).",
            optional=True,
            geometry=("table",),
            made=False,
        ),
        _report("Screening report", "All figures, tables and maps of the screening, with its method."),
    ),
    "train_cnn_dnn": (
        _STACK,
        *_SAMPLES,
        *_TYPES,
        _TEST_INVENTORY,
        _PATCH_SIZE,
        _hyper(
            "EPOCHS",
            "Epochs",
            "integer",
            "Most passes over the training cells; training stops when it no longer helps. "
            f"0: {USUAL_EPOCHS}, fewer of more than {MORE_SEEN // (USUAL_EPOCHS - LEAST_EPOCHS):,} training cells, "
            f"but no fewer than {LEAST_EPOCHS}.",
            least=0,
            most=100000,
            nothing=_AUTOMATIC,
        ),
        _MEMBERS,
        _hyper(
            "COMPANION",
            "Trees beside the network",
            "boolean",
            "Susceptibility is the mean of the network and of a forest of shallow trees on single cells; what each counts is chosen on "
            "held-out training cells. No: the network alone, as in Azarafza et al. (2021).",
        ),
        _hyper(
            "VALIDATION",
            "Validation cells",
            "choice",
            "Which part of the training cells decides when to stop: random ones, or whole spatial blocks of at least two patches.",
            table=VALIDATIONS,
            advanced=True,
        ),
        _EQUAL_LANDSLIDES,
        _OPTIMIZER,
        _LEARNING_RATE,
        _BATCH_SIZE,
        _HIDDEN_LAYERS,
        _UNITS,
        _FILTERS,
        _DROPOUT,
        _PATIENCE,
        _advanced(_seed("The same seed on the same machine trains the same model.")),
        _hyper(
            "SCHEDULE",
            "Learning-rate schedule",
            "choice",
            "How the learning rate falls during training.",
            table=SCHEDULES,
            advanced=True,
        ),
        _hyper("BATCH_NORMALISATION", "Batch normalisation", "boolean", "Normalise after each convolution.", advanced=True),
        _hyper(
            "CLASS_WEIGHTS",
            "Class weights",
            "choice",
            "What a landslide cell counts against a non-landslide cell in the loss.",
            table=CLASS_WEIGHTS,
            advanced=True,
        ),
        Parameter(
            "CALIBRATION",
            "Calibration",
            "choice",
            "Turn susceptibility into the share of landslide cells among cells like it, learnt on folds of the training cells.",
            "none",
            table=CALIBRATIONS,
            advanced=True,
        ),
        Parameter(
            "COMPARE_OPTIMIZERS",
            "Optimizers to compare",
            "choices",
            "One network is trained by each, for its training history in the report; the model is trained by the optimizer above.",
            table=OPTIMIZERS,
            optional=True,
            advanced=True,
        ),
        Parameter(
            "TUNE",
            "Search the best hyper-parameters",
            "boolean",
            "Try the grid below on folds inside the training cells, and train with the point of the highest AUC. Takes long.",
            False,
            advanced=True,
        ),
        _tried("TUNE_LEARNING_RATES", "Learning rates to try", _LEARNING_RATE, "0.001, 0.002, 0.01"),
        _tried("TUNE_HIDDEN_LAYERS", "Hidden layers to try", _HIDDEN_LAYERS, "1, 2"),
        _tried("TUNE_UNITS", "Units to try", _UNITS, "32, 64"),
        _tried("TUNE_BATCH_SIZES", "Batch sizes to try", _BATCH_SIZE, "32, 64"),
        Parameter(
            "RESUME",
            "Resume an interrupted training",
            "boolean",
            "Go on from the last member that an interrupted run of the same training left beside the model file, and leave what is done if "
            "this run is interrupted in turn.",
            False,
            advanced=True,
        ),
        Parameter("MODEL", "Model file", "file output", "The trained model, for “Map susceptibility”.", files="Scarp model (*.scarp)"),
        _report("Training report", "Training history, ROC curve, confusion matrix and metrics on the test cells.", optional=False),
    ),
    "benchmark_classifiers": (
        _STACK,
        *_SAMPLES,
        *_TYPES,
        _TEST_INVENTORY,
        Parameter("CLASSIFIERS", "Classifiers", "choices", "Which classifiers to compare.", list(LABELS), table=LABELS),
        Parameter(
            "VALIDATION",
            "Validation",
            "choice",
            "How cells are divided into training and test cells. Spatial folds come with random ones beside them, and random ones "
            "with spatial.",
            "blocks",
            table=choices.VALIDATIONS,
        ),
        Parameter(
            "FOLDS",
            "Folds",
            "integer",
            "The cells are divided into so many parts (folds); each is the test once while the others train.",
            choices.FOLDS,
            least=2,
            most=100,
        ),
        Parameter(
            "REPEATS",
            "Repeats",
            "integer",
            "How often to deal the cells into folds anew; more make the intervals narrower.",
            1,
            least=1,
            most=1000,
            advanced=True,
        ),
        _BLOCK_SIZE,
        Parameter(
            "EXCLUSION",
            "Exclusion distance",
            "number",
            "Training cells nearer to a test cell of spatial folds are left out. 0: none.",
            0.0,
            "m",
            0,
            advanced=True,
            nothing="none",
        ),
        _advanced(replace(_MEMBERS, help="Networks of the CNN–DNN with different seeds; susceptibility is their mean.")),
        _EQUAL_LANDSLIDES,
        _advanced(_seed("The same seed on the same machine gives the same results.")),
        Parameter(
            "DATE_FIELD",
            "Field with the date",
            "field",
            "For the temporal validation: when each landslide happened (a day, month, year, span of years, …).",
            optional=True,
            advanced=True,
            parent="INVENTORY",
        ),
        Parameter(
            "SPLIT_DATE",
            "Test from this date",
            "date",
            "For the temporal validation: landslides of this day (2021-04-30) and later test. Empty: the latest fifth.",
            optional=True,
            advanced=True,
        ),
        _scheduler("Its workers train the classifiers of the folds."),
        Parameter(
            "OUTPUT",
            "Table of metrics",
            "vector output",
            "A row for each validation and classifier, with every metric, its deviation and the comparison with the CNN–DNN.",
            geometry=("table",),
        ),
        _report("Benchmark report", "Tables and plots of all metrics, with the method in words, for a paper's supplement."),
        Parameter(
            "MODEL",
            "Model file of the best",
            "file output",
            "The classifier with the highest AUC, fitted to all cells but those of a test inventory, for “Map susceptibility”.",
            optional=True,
            files="Scarp model (*.scarp)",
            made=False,
        ),
        Parameter(
            "FOLD_CELLS",
            "Cells with their folds",
            "vector output",
            "The sample cells with the number of the fold that tests them, to look at.",
            optional=True,
            geometry=("point",),
            made=False,
        ),
    ),
    "map_susceptibility": (
        replace(_STACK, help="The output of “Prepare covariates”, of the same area or another."),
        _MODEL,
        Parameter(
            "DROPOUT_PASSES",
            "Passes of dropout",
            "integer",
            "For the uncertainty: from each member so many networks are drawn that leave out units as in training (Monte-Carlo dropout; "
            "Gal and Ghahramani 2016), and their spread is told in place of the members'. 20 are enough as a rule; mapping takes about so "
            "many times as long. 0: the members as they are.",
            0,
            least=0,
            most=100,
            advanced=True,
            nothing="none",
        ),
        Parameter(
            "STABILITY_BREAKS",
            "Breaks of class stability",
            "numbers",
            "For the uncertainty: the values between the classes of which stability is told, from low to high, separated by commas; give "
            "those of your classes. A value that equals a break belongs to the higher class.",
            "0.2, 0.4, 0.6, 0.8",
            least=0,
            most=1,
            advanced=True,
        ),
        _scheduler("Its workers map the windows, and must see the stack under the same path."),
        Parameter(
            "BACKEND",
            "Computed by",
            "choice",
            "What computes the networks. TensorFlow needs seconds to start and is then faster: by itself Scarp takes NumPy below ten "
            "million cells times members. The maps are the same.",
            "auto",
            table=choices.BACKENDS,
            advanced=True,
        ),
        Parameter(
            "RESUME",
            "Resume an interrupted map",
            "boolean",
            "Go on from what an interrupted run of the same map left beside the output, and leave what is done if this run is "
            "interrupted in turn.",
            False,
            advanced=True,
        ),
        Parameter(
            "OUTPUT",
            "Susceptibility",
            "raster output",
            "Susceptibility from 0 to 1 on the stack's grid, a Cloud Optimized GeoTIFF with overviews and statistics.",
        ),
        Parameter(
            "UNCERTAINTY",
            "Uncertainty",
            "raster output",
            "Three bands on the stack's grid. Uncertainty: the standard deviation of what the model's members say, each calibrated as the "
            "map is. Class stability: the share of members that put the cell into the class that the map puts it into, 0 to 1. "
            "Susceptibility and uncertainty: tens for low, moderate and high susceptibility (below 1/3, below 2/3, and above), units for "
            "low, moderate and high uncertainty (below 0.05, below 0.10, and above). Trees beside the network are shared by all members, "
            "so their own spread is not in it.",
            optional=True,
            made=False,
        ),
        Parameter(
            "APPLICABILITY",
            "Area of applicability",
            "raster output",
            "Two bands on the stack's grid, after Meyer and Pebesma (2021). Dissimilarity index: how far a cell lies from the nearest "
            "training cell in the space of standardised covariates, weighted by their importance for the model, divided by the mean "
            "distance between training cells. Inside: 1 where it is at most the threshold that the folds of the validation gave, else 0.",
            optional=True,
            made=False,
        ),
        Parameter(
            "OUTSIDE",
            "Outside the area of applicability",
            "vector output",
            "The cells outside as polygons, drawn hatched over the map; needs the area of applicability (APPLICABILITY).",
            geometry=("polygon",),
            optional=True,
            made=False,
        ),
    ),
    "classify_susceptibility": (
        Parameter("SUSCEPTIBILITY", "Susceptibility", "raster", "The output of “Map susceptibility”, values from 0 to 1."),
        Parameter(
            "METHOD", "Method", "choice", "How the breaks between classes are found.", "natural_breaks", table=choices.CLASSIFICATIONS
        ),
        Parameter(
            "CLASSES",
            "Number of classes",
            "integer",
            "Five classes are: very low, low, moderate, high, very high.",
            5,
            least=2,
            most=9,
        ),
        Parameter(
            "BREAKS",
            "Manual breaks",
            "numbers",
            "For the method “manual breaks”: the values between classes, from low to high, separated by commas (0.2, 0.4, 0.6, 0.8).",
            least=0,
            most=1,
            optional=True,
            advanced=True,
        ),
        Parameter(
            "SHARES",
            "Shares of landslides",
            "numbers",
            "For the method “by share of landslides”: percent of the landslides in each class, from the highest class down, separated by "
            "commas (50, 25, 15, 7, 3). Empty: each class holds half of those that the higher ones left.",
            least=0,
            most=100,
            optional=True,
            advanced=True,
        ),
        replace(_INVENTORY, help="Landslides to count in each class, and to find breaks by where the method does.", optional=True),
        replace(
            _TYPES[0],
            help="For a map of one type of landslide, or of types alike: the field that tells the type, as text or code. Landslides of "
            "other types, and those without one, are not counted.",
        ),
        _TYPES[1],
        Parameter("OUTPUT", "Susceptibility classes", "raster output", "Class numbers from 1 (lowest), with names and colours."),
        Parameter(
            "TABLE",
            "Table of classes",
            "file output",
            "Range, area and share of each class, and its landslides where an inventory is given.",
            optional=True,
            files=_TABLE,
            made=False,
        ),
        Parameter(
            "LEAST_AREA",
            "Smallest polygon",
            "number",
            "Patches of a class polygon that are smaller go to their largest neighbour, in the polygons alone. 0: all stay.",
            0.0,
            "m²",
            0,
            advanced=True,
            nothing="all stay",
        ),
        Parameter(
            "DISSOLVE",
            "One polygon a class",
            "boolean",
            "Put all patches of a class together; without, each patch is a polygon of its own.",
            True,
            advanced=True,
        ),
        Parameter(
            "POLYGONS",
            "Class polygons",
            "vector output",
            "The classes as polygons, with their area (.gpkg or .shp).",
            optional=True,
            geometry=("polygon",),
            files="GeoPackage or shapefile (*.gpkg *.shp)",
            made=False,
        ),
    ),
    "validate_map": (
        Parameter(
            "SUSCEPTIBILITY",
            "Susceptibility map",
            "raster",
            "Any raster whose values rise with susceptibility: of Scarp or of another tool, from 0 to 1, percents, an index or classes.",
        ),
        _advanced(_band("SUSCEPTIBILITY_BAND", "Band of the map", "SUSCEPTIBILITY")),
        replace(
            _INVENTORY,
            title="Landslide inventory or labelled cells",
            help="Landslides as points or polygons, best such that the map was made without; or cells with and without landslides, if the "
            "field below is set.",
        ),
        replace(
            _SAMPLES[1],
            help="For labelled cells: the field with 1 for landslide and 0 for none. Empty for an inventory: its landslides are told from "
            "all other cells of the map.",
        ),
        Parameter(
            "ROLE",
            "These landslides",
            "choice",
            "What they are to the map: their curve is the prediction rate if they are held out, the success rate if the map was made "
            "from them.",
            "unknown",
            table=choices.INVENTORY_ROLES,
        ),
        Parameter(
            "TRAINING_INVENTORY",
            "Landslides that the map was made from",
            "source",
            "Gives the success rate beside the prediction rate of the others, and is no ground without landslides.",
            geometry=_LANDSLIDES,
            optional=True,
        ),
        Parameter(
            "METHOD",
            "Classes by",
            "choice",
            "How the map is divided into classes for the density of landslides; a map of classes keeps its own.",
            "natural_breaks",
            table=choices.OWN_CLASSIFICATIONS,
        ),
        Parameter("CLASSES", "Number of classes", "integer", "Into how many classes the map is divided.", 5, least=2, most=9),
        Parameter(
            "BREAKS",
            "Manual breaks",
            "numbers",
            "For the method “manual breaks”: the values between classes in the map's own numbers, from low to high, separated by commas.",
            least=-1e9,
            most=1e9,
            optional=True,
            advanced=True,
        ),
        Parameter(
            "DATE_FIELD",
            "Field with the date",
            "field",
            "When each landslide happened (a day, month, year, span of years, …): the figures are then given by year too.",
            optional=True,
            advanced=True,
            parent="INVENTORY",
        ),
        Parameter(
            "SPLIT_DATE",
            "Later landslides from this date",
            "date",
            "Landslides of this day (2021-04-30) and later happened after the inventory that the map was made from: they are held out, and "
            "earlier ones are what is chosen above.",
            optional=True,
            advanced=True,
        ),
        *_TYPES,
        Parameter(
            "ZONES",
            "Sub-areas",
            "source",
            "Polygons, such as districts or catchments: the figures are then given for each too.",
            geometry=("polygon",),
            optional=True,
            advanced=True,
        ),
        Parameter(
            "ZONE_FIELD",
            "Field with the name of the sub-area",
            "field",
            "Polygons with the same name are one sub-area. Empty: each polygon is one.",
            optional=True,
            advanced=True,
            parent="ZONES",
        ),
        Parameter(
            "SUSCEPTIBILITY_2",
            "Second map",
            "raster",
            "Another map of the same area, to be compared: which of the two ranks the landslides better, and where they differ.",
            optional=True,
            advanced=True,
        ),
        _advanced(_band("SUSCEPTIBILITY_2_BAND", "Band of the second map", "SUSCEPTIBILITY_2")),
        Parameter(
            "OUTPUT",
            "Table of figures",
            "vector output",
            "A row for all, for each sub-area and for each date: AUC with its interval, rate, average precision (.csv, .gpkg or .xlsx).",
            geometry=("table",),
        ),
        Parameter(
            "CLASS_TABLE",
            "Density by class",
            "vector output",
            "A row for each class, of all, of each sub-area and of each date: area, landslides, density (.csv, .gpkg or .xlsx).",
            optional=True,
            geometry=("table",),
            made=False,
        ),
        Parameter(
            "DIFFERENCE",
            "Difference of the maps",
            "raster output",
            "The first map minus the second one: of susceptibility where both hold it, else of the share of the area that ranks lower.",
            optional=True,
            made=False,
        ),
        _report("Validation report", "All curves and tables, with what each means and which AUC to quote."),
    ),
    "print_map": (
        Parameter(
            "CLASSES", "Susceptibility classes", "raster", "The output of “Classify susceptibility”, or another raster of few classes."
        ),
        Parameter(
            "HILLSHADE",
            "Hillshade",
            "raster",
            "Drawn under the classes, so that valleys and ridges are seen; values from 0 to 255 (gdal:hillshade).",
            optional=True,
        ),
        Parameter(
            "DEM",
            "Elevation",
            "raster",
            "A hillshade is made from it, at the resolution of the paper, where none is given; in metres.",
            optional=True,
        ),
        Parameter(
            "TABLE",
            "Table of classes",
            "file",
            "The table that “Classify susceptibility” wrote with the classes: adds the landslides of each class. Empty: what that "
            "run told beside the classes, else areas alone.",
            files=_TABLE,
            optional=True,
        ),
        Parameter("TITLE", "Title", "text", "Printed above the map.", "Landslide susceptibility"),
        Parameter(
            "NOTE",
            "Note",
            "text",
            "A line at the foot of the map: who made it, from which data and inventory, how well it was tested.",
            optional=True,
        ),
        Parameter("DATE", "Date", "date", "Printed on the map. Empty: today.", optional=True, advanced=True),
        Parameter("PAPER", "Paper", "choice", "Lengthwise or upright, whichever makes the map larger.", "a4", table=choices.PAPERS),
        Parameter(
            "RESOLUTION",
            "Resolution",
            "integer",
            "Pixels in an inch of paper. A raster with more cells is shown by every so manieth of them.",
            200,
            "dpi",
            50,
            300,
            advanced=True,
        ),
        Parameter(
            "OUTPUT",
            "Printed map",
            "file output",
            "With legend, table, coordinates, scale bar and north arrow, at the true scale of the paper.",
            files="PDF or PNG (*.pdf *.png)",
        ),
    ),
    "zonal_susceptibility": (
        Parameter(
            "SUSCEPTIBILITY",
            "Susceptibility map",
            "raster",
            "The output of “Map susceptibility”, or any other raster of susceptibility.",
        ),
        _advanced(_band("SUSCEPTIBILITY_BAND", "Band of the map", "SUSCEPTIBILITY")),
        Parameter(
            "ZONES",
            "Zones",
            "source",
            "Polygons: slope units, districts, catchments, buffers around roads; in any coordinate reference system.",
            geometry=("polygon",),
            whole=True,
        ),
        Parameter(
            "CLASSES",
            "Susceptibility classes",
            "raster",
            "The output of “Classify susceptibility”: gives the share of each class, and of the high ones together.",
            optional=True,
        ),
        Parameter(
            "HIGH_CLASSES",
            "Classes that count as high",
            "integer",
            "How many of the highest classes: of five, 2 are high and very high.",
            2,
            least=1,
            most=20,
            advanced=True,
        ),
        Parameter(
            "OUTPUT",
            "Susceptibility of zones",
            "vector output",
            "The polygons with their fields and susc_mean, susc_highest, susc_percent_high_classes and more.",
            geometry=("polygon",),
        ),
    ),
    "explain_model": (
        replace(_STACK, help="The output of “Prepare covariates”, with the covariates of the model."),
        _MODEL,
        *_SAMPLES,
        *_TYPES,
        Parameter(
            "ROLE",
            "These landslides",
            "choice",
            "What they are to the model. What a model learnt from landslides says nothing of others, so importance is measured on "
            "landslides "
            "that it has not seen: by models like it, each fitted anew without those of a part of the area, or by the model itself.",
            "unknown",
            table=choices.EXPLAINED_BY,
        ),
        Parameter(
            "FOLDS",
            "Spatial folds",
            "integer",
            "In how many parts of the area the model is fitted anew; each takes about as long as one member of its training.",
            3,
            least=2,
            most=20,
        ),
        Parameter(
            "REPEATS",
            "Permutations",
            "integer",
            "How often the values of each covariate are exchanged between places (permuted) in each fold; their spread is told.",
            5,
            least=2,
            most=100,
            advanced=True,
        ),
        Parameter(
            "POINT",
            "Point to be explained",
            "point",
            "A place on the map: the report tells what makes its susceptibility.",
            optional=True,
        ),
        _BLOCK_SIZE,
        _advanced(_seed("The same seed on the same machine gives the same results.")),
        Parameter(
            "OUTPUT",
            "Table of importance",
            "vector output",
            "A row for each covariate, each group and each set that correlates: by how much the AUC falls without it "
            "(.csv, .gpkg or .xlsx).",
            geometry=("table",),
        ),
        _report("Explanation report", "Importance, response curves and the point explained, with what each means."),
        Parameter(
            "DOMINANT",
            "Strongest factor",
            "raster output",
            "For each cell the covariate that does most to make it more, or less, susceptible than average ground. Takes as long as about "
            "two maps for each covariate.",
            optional=True,
            made=False,
        ),
        Parameter(
            "ATTRIBUTIONS",
            "Contributions of all covariates",
            "raster output",
            "A band for each covariate: what it adds to the susceptibility of average ground. Takes no longer than the strongest factor.",
            optional=True,
            made=False,
        ),
    ),
    "finetune_model": (
        replace(_STACK, help="That of the new area: the output of “Prepare covariates”, with the covariates of the model."),
        replace(_MODEL, help="The CNN–DNN to be adapted, as “Train CNN–DNN” or this algorithm wrote it."),
        replace(
            _SAMPLES[0],
            title="Landslides of the new area, or sample cells",
            help="At least five, as points or polygons; or sample cells, if the field below is set.",
        ),
        _SAMPLES[1],
        *_TYPES,
        _advanced(_seed("The same seed on the same machine gives the same model.")),
        Parameter("OUTPUT", "Adapted model", "file output", "The model for the new area.", files="Scarp model (*.scarp)"),
        _report("Adaptation report", "Which model serves best in the new area, tested on landslides held out, and how it was adapted."),
    ),
    "project_report": (
        Parameter(
            "FOLDER",
            "Folder of the project",
            "folder",
            "Where the other algorithms wrote; the folder and those directly in it are searched for their run manifests "
            "(.run.json). The newest "
            "map is reported, with what belongs to it. Empty: the files below alone.",
            optional=True,
        ),
        Parameter("TITLE", "Title", "text", "The heading of the report.", "Landslide susceptibility: project report"),
        Parameter("AUTHOR", "Author", "text", "Who made the map, and for whom; below the title.", optional=True),
        Parameter(
            "PURPOSE",
            "Purpose",
            "text",
            "What the map is for, in a sentence or two: for which decisions, at which scale, in which area.",
            optional=True,
        ),
        Parameter(
            "COMPLETENESS",
            "Completeness of the inventory",
            "text",
            "What is known of it: how landslides were found, where nobody looked, from which size on all are mapped.",
            optional=True,
        ),
        replace(
            _INVENTORY,
            optional=True,
            help="The landslides whose quality is told. Empty: those that the model was made from, if their file is still where it was.",
        ),
        Parameter(
            "TYPE_FIELD", "Field with the type of movement", "field", "Slide, flow, fall and so on.", optional=True, parent="INVENTORY"
        ),
        Parameter(
            "DATE_FIELD",
            "Field with the date",
            "field",
            "When each landslide happened (a day, month, year, span of years, …), for the period.",
            optional=True,
            parent="INVENTORY",
        ),
        Parameter(
            "POSITION_ERROR",
            "Positional error of landslides",
            "number",
            "How far they may lie from where they are mapped. They are moved by it in random directions, and the AUC of the map is told "
            "again. Empty: two cells of the map, for a trial. 0: not at all.",
            unit="m",
            least=0,
            most=100_000,
            optional=True,
            nothing="two cells of the map",
        ),
        Parameter("REPEATS", "Repeats", "integer", "How often landslides are moved.", 20, least=2, most=1000, advanced=True),
        _advanced(_seed("The same seed moves landslides the same way.")),
        *(
            _advanced(Parameter(id_, title, "raster", f"The output of “{maker}”. Empty: that of the folder.", optional=True))
            for id_, title, maker in (
                ("SUSCEPTIBILITY", "Susceptibility map", "Map susceptibility"),
                ("COVARIATES", "Covariate stack", "Prepare covariates"),
                ("CLASSES", "Susceptibility classes", "Classify susceptibility"),
                ("UNCERTAINTY", "Uncertainty", "Map susceptibility"),
                ("APPLICABILITY", "Area of applicability", "Map susceptibility"),
            )
        ),
        replace(_MODEL, optional=True, advanced=True),
        Parameter(
            "SAMPLES",
            "Sample cells",
            "file",
            "The output of “Sample landslide and non-landslide cells”. Empty: that of the folder.",
            files="GeoPackage (*.gpkg)",
            optional=True,
            advanced=True,
        ),
        *(
            Parameter(id_, title, "file", f"The table of “{maker}”. Empty: that of the folder.", files=_TABLE, optional=True, advanced=True)
            for id_, title, maker in (
                ("SCREENING", "Covariates screened", "Screen covariates"),
                ("BENCHMARK", "Table of the benchmark", "Benchmark classifiers"),
                ("CLASS_TABLE", "Table of classes", "Classify susceptibility"),
                ("VALIDATION", "Table of the validation", "Validate susceptibility map"),
                ("EXPLANATION", "Table of importance", "Explain model"),
            )
        ),
        _report("Project report", "One page of everything, to print; made for a PDF on A4.", optional=False),
    ),
    "install_engine": (
        Parameter(
            "PYTHON",
            "Python to make it from",
            "file",
            "An interpreter that has GDAL's Python bindings. Empty: QGIS's own, which is nearly always right.",
            optional=True,
            advanced=True,
            place="dialog",
        ),
        Parameter(
            "UPGRADE",
            "Install the newest versions",
            "boolean",
            "Replace the packages of a complete engine by the newest versions that Scarp allows.",
            False,
        ),
        Parameter("LOG", "Installation log", "file output", "Everything that pip printed.", files="Text (*.txt)"),
        Parameter("FOLDER", "Folder of the engine", "folder output", "Where the environment is made.", place="task"),
        Parameter("PROXY", "Proxy", "text", "The proxy that QGIS is set to.", optional=True, place="task"),
    ),
}

# What algorithms give back beside their outputs.
RESULTS: dict[str, tuple[Result, ...]] = {
    "sample_landscape": (
        Result("DEM", "Elevation", "raster"),
        Result("LAND_USE", "Land use", "raster"),
        Result("RED", "Red reflectance", "raster"),
        Result("NIR", "Near-infrared reflectance", "raster"),
        Result("TRUTH", "True susceptibility", "raster"),
        Result("GEOLOGY", "Geology", "vector"),
        Result("SOIL", "Soil", "vector"),
        Result("CLIMATE", "Climate", "vector"),
        Result("FAULTS", "Faults", "vector"),
        Result("ROADS", "Roads", "vector"),
        Result("SETTLEMENTS", "Settlements", "vector"),
        Result("INVENTORY", "Landslide inventory", "vector"),
        Result("BEST_AUC", "AUC that the truth itself has on average", "number"),
    ),
    "map_susceptibility": (Result("OUTSIDE_PERCENT", "Share of the area outside the area of applicability (%)", "number"),),
    "train_cnn_dnn": (Result("AUC", "AUC of the most honest test", "number"),),
    "validate_map": (Result("AUC", "AUC by cells", "number"),),
    "project_report": (Result("RELIABILITY", "Reliability by the rules of the report", "text"),),
    "explain_model": (Result("AUC", "AUC on held-out landslides", "number"), Result("STRONGEST", "Most important covariate", "text")),
    "finetune_model": (
        Result("AUC", "AUC of the adapted model on landslides held out", "number"),
        Result("BEST", "Model that serves best", "text"),
    ),
    "benchmark_classifiers": (Result("BEST", "Best classifier", "text"), Result("AUC", "Its mean AUC", "number")),
}


def dialog_parameters(task: str) -> tuple[Parameter, ...]:
    """Return what the dialog of a task's algorithm shows."""
    return tuple(each for each in TASKS[task] if each.place != "task")


def task_parameters(task: str) -> dict[str, Parameter]:
    """Return what a task takes, by keyword."""
    return {each.key: each for each in TASKS[task] if each.place != "dialog"}


def keywords(task: str) -> set[str]:
    """Return the keywords of a task's `run`: its parameters, with one `recipe` for all hyper-parameters."""
    return {"recipe" if each.recipe else key for key, each in task_parameters(task).items()}
