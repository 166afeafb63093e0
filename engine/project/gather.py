# SPDX-License-Identifier: GPL-2.0-or-later
"""What the files of a project say: read once, for the report to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...models.cnn_dnn import CnnDnn
from ...models.model_file import Model, load_model
from ..benchmark.comparison import KINDS
from ..declarations.choices import INVENTORY_ROLES, VALIDATIONS
from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback, counted
from ..files.grid import Grid
from ..files.raster import open_raster
from ..files.stack import Stack
from ..files.tables import read_table, with_numbers
from ..files.vectors import open_layer
from ..learning.validation import WHERE
from ..mapping.counting import Landslides, on_cells_of, read_landslides
from ..mapping.maps import Map, open_map
from ..mapping.sheet import Picture, read_picture, with_table
from ..mapping.trust import UNCERTAINTY_BREAKS
from ..mapping.windows import trained_in
from ..mapping.zonation import CLASS_NUMBERS, cell_areas_km2
from .found import Project
from .landslides import Inventory, Moved, auc_of_moved, read_project_inventory
from .runs import name_of, tame
from .statement import Evidence

# Pixels of the map in the report.
_PICTURE_PX = (1100, 1100)
# Landslides whose positional error nobody tells are moved by so many cells.
_TRIED_CELLS = 2
# The most honest first.
_ORDER = ("held_out", "temporal", "spatial", "part", "random", "test")
# Columns of each table without which it is another one.
_COLUMNS = {
    "screening": ("covariate", "advice"),
    "benchmark": ("validation", "classifier", "label", "auc"),
    "class_table": ("class", "cells", "area_km2", "share_percent"),
    "validation": ("part", "landslides_are", "landslides", "auc_by_cells"),
    "explanation": ("kind", "factor", "auc_drop"),
}
# Columns that hold numbers, where there are such.
_NUMBERS: Mapping[str, frozenset[str]] = {
    "screening": frozenset(("vif", "information_gain_bits")),
    "benchmark": frozenset(("auc", "auc_low", "auc_high")),
    "class_table": CLASS_NUMBERS,
    "validation": frozenset(
        ("landslides", "auc_by_cells", "auc_by_cells_low", "auc_by_cells_high", "auc_by_landslides", "top_10_percent_by_landslides")
    ),
    "explanation": frozenset(("auc_drop", "lowest_fold", "highest_fold")),
}
# Rows of a table, ways of testing and parts of a sample are fewer; figures of more would be drawn for minutes.
_MOST_ROWS, _MOST_TOLD = 1000, 50
_MAKERS = {
    "screening": "Screen covariates",
    "benchmark": "Benchmark classifiers",
    "class_table": "Classify susceptibility",
    "validation": "Validate susceptibility map",
    "explanation": "Explain model",
}


@dataclass(frozen=True)
class Tested:
    """One way in which the model or the map was tested.

    Parameters
    ----------
    kind
        An id of `_ORDER`, `success` or `unknown`.
    name, how
        In a few words, and in a sentence; `how` may be empty.
    auc, low, high
        With the 95 % interval, None where it is not known.
    landslides
        How many took part; None where that is not known.
    shared
        How many of these lie on cells of landslides that trained.
    """

    kind: str
    name: str
    how: str
    auc: float
    low: float | None
    high: float | None
    landslides: int | None
    shared: int = 0

    @property
    def where(self) -> str:
        """Where this figure is to be expected; empty of one that is no test."""
        if self.shared:
            return (
                f"of the landslides of the other inventory, {self.shared:,} of which lie on cells of landslides of the training inventory"
            )
        return WHERE.get(self.kind, "")


@dataclass(frozen=True)
class Spread:
    """How far the members of a model differ, over the area.

    Parameters
    ----------
    mean
        The mean of the standard deviation.
    shares
        Of the area, by `UNCERTAINTY_BREAKS`: below, between, above.
    stability
        The mean share of members that agree with the map on the class.
    """

    mean: float
    shares: tuple[float, float, float]
    stability: float


@dataclass
class Facts:
    """All that the report tells, as far as it was found."""

    project: Project
    texts: Mapping[str, str]
    grid: Grid | None = None
    cells: int | None = None
    area_km2: float | None = None
    model: Model | None = None
    stack: Stack | None = None
    inventory: Inventory | None = None
    moved: Moved | None = None
    moved_ones: str = ""
    moved_role: str = "unknown"
    moved_aside: str = ""
    is_error_told: bool = False
    tests: list[Tested] = field(default_factory=list)
    success: Tested | None = None
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    picture: Picture | None = None
    spread: Spread | None = None
    outside_percent: float | None = None
    of_type: str = ""
    shared: int = 0

    @property
    def classes(self) -> list[dict[str, Any]]:
        """The rows of the class table: as it was written, else of the class raster alone."""
        return self.tables.get("class_table") or (self.picture.rows if self.picture else [])

    @property
    def counts(self) -> dict[str, tuple[int, int]]:
        """Landslide and non-landslide cells of each part of the sample, as training tells them, else the sampling."""
        told = self.project.result("model", "cells", dict) or self.project.result("samples", "cells", dict) or {}
        pairs = {name: pair for name, pair in list(told.items())[:_MOST_TOLD] if isinstance(pair, list) and len(pair) == 2}
        return {name: (pair[0], pair[1]) for name, pair in pairs.items() if all(type(each) is int for each in pair)}

    @property
    def evidence(self) -> Evidence | None:
        """What the statement goes by; None without a grid."""
        if self.grid is None or self.area_km2 is None:
            return None
        test = self.tests[0] if self.tests else self.success
        found = self.inventory
        dense = [float(row["density_percent"]) for row in self.classes if isinstance(row.get("density_percent"), (int, float))]
        return Evidence(
            max(self.grid.cell_size_m),
            self.area_km2,
            found.slides.count if found else None,
            bool(self.of_type or (found and found.types)),
            bool(found and found.are_polygons),
            bool(found and found.period),
            test.kind if test else None,
            test.low if test else None,
            test.landslides if test else None,
            self.outside_percent,
            self.moved.fall() if self.moved and self.is_error_told else None,
            all(low <= high for low, high in zip(dense, dense[1:])) if len(dense) > 1 else None,
        )


def gather(
    project: Project,
    texts: Mapping[str, str],
    fields: tuple[str | None, str | None],
    moving: tuple[float | None, int, int],
    feedback: Feedback,
) -> Facts:
    """Read the files of a project.

    Parameters
    ----------
    texts
        What the user says: `title`, `author`, `purpose`, `completeness`.
    fields
        The fields with the kind of movement and with the date.
    moving
        Metres that landslides are moved by, how often, and the first seed; 0 m: not at all, None: two cells of the map, for a trial.

    Raises
    ------
    EngineError
        If a file is of no use: which, and what to do.
    """
    facts, files = Facts(project, texts), project.files
    seen = None
    if source := files.get("susceptibility"):
        seen = open_map(source, None, "SUSCEPTIBILITY", feedback)
        facts.grid = seen.grid
        facts.of_type = seen.says("landslide_type")
        facts.cells, facts.area_km2 = _area(seen, feedback.part(0, 10))
    if path := files.get("model"):
        facts.model = load_model(path, "numpy")
        trained_in(facts.model)  # a file that names none that can be read is told as where it maps
        facts.of_type = str(facts.model.manifest.get("landslide_type") or facts.of_type)
    if path := files.get("covariates"):
        facts.stack = Stack.open(path)
        if seen is not None and not facts.stack.grid.matches(seen.grid):
            feedback.warning(f"The covariate stack {name_of(path)} has another grid than the map {seen.name}; is it that of this map?")
        facts.grid = facts.grid or facts.stack.grid
    facts.tables = {part: _table(part, files[part]) for part in _COLUMNS if part in files}
    _read_classes(facts, seen, feedback)
    _read_trust(facts, seen, feedback)
    if source := files.get("samples"):
        open_layer(source)  # a file that is none is told, though nothing but its name is needed here
    other = None
    if seen is not None and project.inventory:
        facts.inventory = read_project_inventory(project.inventory, seen, *fields, feedback)
        other = _held_out(project, seen, feedback)
    facts.shared = _shared(project, facts.inventory, other)
    _read_tests(facts)
    if seen is not None and facts.inventory is not None:
        told, repeats, seed = moving
        distance = _TRIED_CELLS * max(seen.grid.cell_size_m) if told is None else told
        if distance:
            slides, aside = _moved_ones(facts, facts.inventory, other)
            facts.moved = auc_of_moved(slides, seen, distance, repeats, seed, feedback.part(40, 95), aside)
            facts.is_error_told = told is not None
    return facts


def _held_out(project: Project, seen: Map, feedback: Feedback) -> Landslides | None:
    """Return the landslides on the map that took no part in the training; None where there are none that can be read."""
    if not project.held_out:
        return None
    try:
        return read_landslides(project.held_out, seen.raster)
    except EngineError as error:
        feedback.warning(f"The landslides that took no part in the training cannot be moved. {error}")
        return None


def _shared(project: Project, inventory: Inventory | None, other: Landslides | None) -> int:
    """Return how many of the landslides that tested the map as held-out ones lie on cells of landslides that trained.

    A training with these as its test inventory has left out the landslides of those cells.
    """
    validated, trained = project.run("validation"), project.run("model")
    source = validated.source("inventory") if validated else None
    if source and trained and source == trained.source("test_inventory"):
        return 0
    told = int(project.result("validation", "shared", int, 0))
    if told or inventory is None or other is None or source != project.held_out or not project.is_learnt:
        return told
    return on_cells_of(other, inventory.slides)


def _moved_ones(facts: Facts, inventory: Inventory, other: Landslides | None) -> tuple[Landslides, list[Landslides]]:
    """Return the landslides whose position is doubted, and tell which: those that took no part in the training where there are some.

    Then those whose cells these are not told from: the landslides that trained, unless the validation of the map told them from these too.
    """
    project, kinds = facts.project, ", of all kinds" if facts.of_type else ""
    if other is not None:
        validated = project.run("validation")
        by_it = validated is not None and validated.source("inventory") == project.held_out
        beside = f" (but {facts.shared:,} on cells of landslides that did)" if by_it and facts.shared else ""
        of = name_of(str(project.held_out))
        facts.moved_ones = f"{counted(other.count)} of {of}, which took no part in the training{beside}{kinds}"
        facts.moved_role = "held_out"
        if by_it and validated and not validated.parameters.get("training_inventory"):
            return other, []
        facts.moved_aside = name_of(str(project.inventory))
        return other, [inventory.slides]
    slides = inventory.slides
    role = "which the map was made from" if project.is_learnt else "of which is not known whether the map was made from them"
    facts.moved_ones = f"{counted(slides.count)} of {name_of(str(project.inventory))}, {role}{kinds}"
    facts.moved_role = "training" if project.is_learnt else "unknown"
    return slides, []


def _read_classes(facts: Facts, seen: Map | None, feedback: Feedback) -> None:
    """Fill in the picture of the classes and their table: as it was written, else as the run tells it."""
    files = facts.project.files
    if source := files.get("classes"):
        classed = open_map(source, None, "CLASSES", feedback, varied=False)
        _check_grid(classed.grid, seen, source, "classes")
        facts.picture = read_picture(classed, _PICTURE_PX, feedback.part(10, 20))
        if "class_table" in files:
            facts.picture = with_table(facts.picture, Source.parse(files["class_table"]).path)
    elif seen is None and "class_table" in facts.tables:
        del facts.tables["class_table"]
    if not facts.tables.get("class_table") and (told := facts.project.result("classes", "classes", list)):
        try:
            facts.tables["class_table"] = _rows_of("class_table", [row for row in told if isinstance(row, dict)], "The run manifest")
        except EngineError as error:
            feedback.warning(f"{error} What it tells of classes is passed over.")


def _read_trust(facts: Facts, seen: Map | None, feedback: Feedback) -> None:
    """Fill in how far members differ, and how much of the area lies outside that of applicability."""
    files = facts.project.files
    if source := files.get("uncertainty"):
        facts.spread = _spread(source, seen, feedback.part(20, 30))
    facts.outside_percent = facts.project.result("applicability", "outside_percent", float)
    if facts.outside_percent is None and (source := files.get("applicability")):
        facts.outside_percent = _outside(source, seen, feedback.part(30, 40))


def _area(seen: Map, feedback: Feedback) -> tuple[int, float]:
    """Return how many cells of a map have a value, and their square kilometres."""
    of_row, cells, area = cell_areas_km2(seen.grid), 0, 0.0
    for window in seen.windows(feedback):
        there = np.isfinite(seen.read(window)).sum(axis=1)
        cells += int(there.sum())
        area += float(there @ of_row[window.row : window.row + window.rows])
    return cells, area


def _table(part: str, source: str) -> list[dict[str, Any]]:
    path = Source.parse(source).path
    return _rows_of(part, read_table(path), f"The table {Path(path).name}")


def _rows_of(part: str, rows: list[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    """Return the rows of a table if they are such ones: numbers where numbers belong; `what` begins the sentence that refuses them."""
    wanted = f"give the one that “{_MAKERS[part]}” wrote ({part.upper()})"
    lacking = [name for name in _COLUMNS[part] if not rows or any(name not in row for row in rows)]
    if lacking:
        raise EngineError(f"{what} has no column {', '.join(lacking)}; {wanted}.")
    if len(rows) > _MOST_ROWS:
        raise EngineError(f"{what} has {len(rows):,} rows, and at most {_MOST_ROWS:,} make a page; {wanted}.")
    rows = with_numbers(rows, _NUMBERS[part], what, wanted)
    if part == "class_table" and any(row[name] is None for row in rows for name in _COLUMNS[part]):
        raise EngineError(f"{what} lacks the name, cells or area of a class; {wanted}.")
    return rows


def _read_tests(facts: Facts) -> None:
    """Fill in how the model and the map were tested, the most honest way first."""
    found = [*_of_map(facts), *_of_training(facts), *_of_benchmark(facts)]
    facts.tests = sorted((each for each in found if each.kind in _ORDER), key=lambda each: _ORDER.index(each.kind))
    facts.success = next((each for each in found if each.kind not in _ORDER), None)


def _of_training(facts: Facts) -> list[Tested]:
    told = facts.project.result("model", "tests", list)
    if told is None and facts.model is not None:
        told = _tests_of(facts.model)
    names = {
        "held_out": "Held-out landslides",
        "spatial": "Spatial folds",
        "part": "Whole parts",
        "random": "Random folds",
        "test": "Test cells",
    }
    made = []
    for each in (told or [])[:_MOST_TOLD]:
        # Of an adapted model the file also tells how others would have done.
        if not isinstance(each, dict) or each.get("contender", "adapted") != "adapted":
            continue
        if str(each.get("kind")) not in names or _auc(each.get("auc")) is None:
            continue
        name, how = str(each.get("name") or names[each["kind"]]), str(each.get("how") or "")
        low, high, landslides = _real(each.get("low")), _real(each.get("high")), _whole(each.get("landslides"))
        made.append(Tested(each["kind"], name, how, float(each["auc"]), low, high, landslides))
    return made


def _tests_of(model: Model) -> list[Any]:
    """Return what a model file tells of its tests."""
    try:
        return list(tame(model.manifest.get("tests") or []))
    except (ValueError, RecursionError):
        return []


def _auc(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and 0 <= value <= 1 else None


def _of_benchmark(facts: Facts) -> list[Tested]:
    """Return how the benchmark tested the classifier that the model is, where the benchmark made it."""
    run = facts.project.run("model")
    if run is None or run.task != "benchmark_classifiers" or "benchmark" not in facts.tables:
        return []
    best = run.results.get("best")
    made = []
    for row in facts.tables["benchmark"]:
        if row["label"] == best and str(row["validation"]) in VALIDATIONS and _auc(row["auc"]) is not None:
            kind = KINDS[row["validation"]]
            name = f"{VALIDATIONS[row['validation']]} of the benchmark"
            is_headline = VALIDATIONS[row["validation"]] == run.results.get("validation")
            how = str(run.results.get("flattered") or "") if is_headline else ""
            made.append(Tested(kind, name, how, float(row["auc"]), _real(row.get("auc_low")), _real(row.get("auc_high")), None))
    return made


def _of_map(facts: Facts) -> list[Tested]:
    """Return what “Validate susceptibility map” says of the whole map, by cells as the other tests."""
    roles = {label: role for role, label in INVENTORY_ROLES.items()}
    # Test cells of a sample lie among the training cells: they are no other inventory.
    run = facts.project.run("validation")
    are_samples = facts.project.result("validation", "are_samples", bool, bool(run and run.parameters.get("label_field")))
    kinds = {"held_out": "test" if are_samples else "held_out", "training": "success"}
    name = "Test cells, by the map" if are_samples else "Validation of the map"
    made = []
    for row in facts.tables.get("validation", []):
        if row["part"] != "all" or _auc(row["auc_by_cells"]) is None:
            continue
        kind = kinds.get(roles.get(str(row["landslides_are"]), ""), "unknown")
        low, high = (_real(row.get(f"auc_by_cells_{end}")) for end in ("low", "high"))
        told = "Validation of the map" if kind == "success" else name
        shared = facts.shared if kind == "held_out" else 0
        made.append(Tested(kind, told, "", float(row["auc_by_cells"]), low, high, _whole(row["landslides"]), shared))
    return made


def _real(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and np.isfinite(value) else None


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and np.isfinite(value) else None


def _check_grid(grid: Grid, seen: Map | None, source: str, part: str) -> None:
    if seen is not None and not grid.matches(seen.grid):
        raise EngineError(
            f"The raster {name_of(source)} has another grid than the map {seen.name}; give that of this map ({part.upper()})."
        )


def _bands(source: str, seen: Map | None, part: str, most: tuple[float, float], feedback: Feedback) -> Any:
    """Yield two bands of each window of a raster, (2, rows, cols), with the area of each cell, (rows, cols).

    Parameters
    ----------
    most
        The largest number that each band may have; the least is 0.
    """
    rasters = [open_raster(str(replace(Source.parse(source), band=number))) for number in (1, 2)]
    grid = rasters[0].grid
    _check_grid(grid, seen, source, part)
    of_row, windows = cell_areas_km2(grid), list(grid.windows())
    for window in feedback.steps(windows, len(windows)):
        values = np.stack([raster.read(window) for raster in rasters])
        for number, band in enumerate(values):
            odd = band[np.isfinite(band) & ((band < 0) | (band > most[number]))]
            if odd.size:
                usual = "is never below 0" if np.isinf(most[number]) else f"lies between 0 and {most[number]:g}"
                raise EngineError(
                    f"Band {number + 1} of the raster {name_of(source)} has values such as {odd[0]:.6g}, and {part} {usual}; give the "
                    f"raster that “Map susceptibility” wrote ({part.upper()})."
                )
        yield values, np.broadcast_to(of_row[window.row : window.row + window.rows, None], values.shape[1:])


def _spread(source: str, seen: Map | None, feedback: Feedback) -> Spread | None:
    total = deviation = stability = 0.0
    parts = np.zeros(3)
    for (spread, alike), area in _bands(source, seen, "uncertainty", (1.0, 1.0), feedback):
        there = np.isfinite(spread)
        weight = area[there]
        total += float(weight.sum())
        deviation += float(weight @ spread[there])
        stability += float(weight @ np.nan_to_num(alike[there]))
        parts += np.bincount(np.searchsorted(UNCERTAINTY_BREAKS, spread[there], side="right"), weight, 3)
    if not total:
        return None
    low, middle, high = (float(each) for each in parts / total)
    return Spread(deviation / total, (low, middle, high), stability / total)


def _outside(source: str, seen: Map | None, feedback: Feedback) -> float | None:
    total = outside = 0.0
    for (_, inside), area in _bands(source, seen, "applicability", (np.inf, 1.0), feedback):
        there = np.isfinite(inside)
        total += float(area[there].sum())
        outside += float(area[there & (inside == 0)].sum())
    return 100 * outside / total if total else None


def members_of(model: Model) -> int:
    """Return how many networks a model is the mean of; 0 for a classifier of single cells."""
    return len(model.members) if isinstance(model, CnnDnn) else 0
