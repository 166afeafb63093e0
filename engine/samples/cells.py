# SPDX-License-Identifier: GPL-2.0-or-later
"""Sample cells: landslide cells of an inventory, and non-landslide cells drawn beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from ..declarations import choices
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid
from ..files.stack import Stack
from ..files.vectors import open_layer, point, write_layer
from ..gdal import ogr
from .folds import block_ids, deal_folds, suggested_block_size, take_share
from .inventory import read_inventory

_FIELDS = {
    "landslide": ogr.OFTInteger,
    "subset": ogr.OFTString,
    "fold": ogr.OFTInteger,
    "x": ogr.OFTReal,
    "y": ogr.OFTReal,
    "origin": ogr.OFTString,
}
_TRUE = {"1", "1.0", "yes", "y", "true", "t", "landslide"}
_FALSE = {"0", "0.0", "no", "n", "false", "f", "none", "non-landslide", "stable"}
# Width of the ring that seed cells are drawn from, in cells, beyond the buffer.
_RING_CELLS = 10


@dataclass(frozen=True)
class SampleCells:
    """Cells to learn from and to test on; all arrays (n,).

    `subset` is "train" or "test"; `fold` numbers the folds of the training cells from 0, -1 for test cells; `origin` is the id in the
    inventory or the rule that drew the absence.
    """

    rows: np.ndarray
    cols: np.ndarray
    landslide: np.ndarray
    subset: np.ndarray
    fold: np.ndarray
    origin: np.ndarray

    def write(self, path: str | Path, grid: Grid) -> None:
        """Write the cells as points of a GeoPackage."""
        columns = (
            self.landslide.tolist(),
            self.subset.tolist(),
            self.fold.tolist(),
            *(each.tolist() for each in grid.centres(self.rows, self.cols)),
            map(str, self.origin),
        )
        rows = ((dict(zip(_FIELDS, values)), point(*values[3:5])) for values in zip(*columns))
        write_layer(path, "sample_cells", ogr.wkbPoint, _FIELDS, rows, grid.spatial_reference)


def draw(
    stack: Stack,
    inventory: str,
    feedback: Feedback,
    *,
    method: str = choices.METHOD,
    ratio: float = choices.RATIO,
    buffer_m: float = choices.BUFFER_M,
    slope_limit_deg: float = choices.SLOPE_LIMIT_DEG,
    split: str = choices.SPLIT,
    test_share: float = choices.TEST_SHARE,
    folds: int = choices.FOLDS,
    block_size_m: float = 0.0,
    seed: int = choices.SEED,
) -> SampleCells:
    """Return the landslide cells of an inventory and non-landslide cells drawn by a method of `choices.ABSENCE_METHODS`.

    Raises
    ------
    EngineError
        If the inventory is of no use, or too few cells are left to draw from.
    """
    if not stack.grid.is_projected:
        raise EngineError(
            f"The covariate stack {stack.told} is in degrees, and absences are drawn at distances in metres; warp it to a projected "
            "coordinate reference system first (gdal:warpreproject)."
        )
    rng = np.random.default_rng(seed)
    found = read_inventory(inventory, stack, feedback=feedback)
    _, first = np.unique(stack.grid.numbers(found.rows, found.cols), return_index=True)
    rows, cols, origin = found.rows[first], found.cols[first], found.origin[first]
    wanted = max(round(ratio * len(rows)), 1)
    parts = {"random_and_flat": (("random", wanted - wanted // 2), ("flat", wanted // 2))}.get(method, ((method, wanted),))
    landslides_m = stack.grid.centres_m(rows, cols)
    occupied = stack.grid.numbers(rows, cols)
    for rule, count in parts:
        drawn = _draw_absences(stack, landslides_m, occupied, rule, count, buffer_m, slope_limit_deg, rng)
        occupied = np.concatenate([occupied, drawn])
        origin = np.concatenate([origin.astype(object), np.full(count, rule, object)])
    rows, cols = np.divmod(occupied, stack.grid.shape[1])
    landslide = (np.arange(len(rows)) < len(landslides_m)).astype(int)
    feedback.message(f"{len(landslides_m)} landslide cells and {len(rows) - len(landslides_m)} non-landslide cells.")
    return _dealt(stack, rows, cols, landslide, origin, split, test_share, folds, block_size_m, seed, feedback)


def resolve_samples(stack: Stack, inventory: str, label_field: str | None, seed: int, feedback: Feedback | None = None) -> SampleCells:
    """Return sample cells from whatever the user has.

    With a label field, the layer holds labelled points: ours, with `subset` and `fold`, or anybody's, which are then split
    80/20 at random. Without one it is a plain inventory, and absences are drawn with the defaults.

    Raises
    ------
    EngineError
        If labels are not understood, or there is one class only.
    """
    feedback = feedback or Feedback()
    if not label_field:
        return draw(stack, inventory, feedback, seed=seed)
    dataset, layer = open_layer(inventory)
    ours = [name for name in ("subset", "fold") if layer.FindFieldIndex(name, True) >= 0]
    del dataset
    found = read_inventory(inventory, stack, [label_field, *ours], feedback)
    landslide = _labels(found.fields[label_field], label_field)
    _, first = np.unique(stack.grid.numbers(found.rows, found.cols), return_index=True)
    first.sort()
    if len(first) < len(found.rows):
        feedback.warning(f"{len(found.rows) - len(first)} points share a cell with another one and are left out.")
    rows, cols, landslide, origin = found.rows[first], found.cols[first], landslide[first], found.origin[first]
    if len(np.unique(landslide)) < 2:
        raise EngineError(
            f"All {len(rows)} cells have the same value in {label_field!r}: landslide and non-landslide cells are both needed."
        )
    if len(ours) == 2:
        subset = np.array([str(value) for value in found.fields["subset"][first]])
        fold = np.array([-1 if value is None else int(value) for value in found.fields["fold"][first]])
        if set(subset) == {"train", "test"}:
            return SampleCells(rows, cols, landslide, subset, fold, origin)
    return _dealt(stack, rows, cols, landslide, origin, choices.SPLIT, choices.TEST_SHARE, choices.FOLDS, 0.0, seed, feedback)


def _draw_absences(
    stack: Stack,
    landslides_m: np.ndarray,
    occupied: np.ndarray,
    rule: str,
    count: int,
    buffer_m: float,
    slope_limit_deg: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the numbers of `count` cells that are not occupied.

    Every candidate gets a random rank, window by window, and the lowest ranks win. `landslides_m` are coordinates in metres, (n, 2).
    """
    if rule == "flat" and "slope" not in stack.names:
        raise EngineError("Drawing absences on flat ground needs the covariate slope, which the stack lacks.")
    grid = stack.grid
    tree = cKDTree(landslides_m)
    ring = buffer_m + _RING_CELLS * max(grid.cell_size_m)
    reach = ring if rule == "seed_cells" else buffer_m
    best_rank, best_cell = np.empty(0), np.empty(0, np.int64)
    for window in grid.windows():
        values = stack.read(window)
        allowed = np.isfinite(values).all(axis=-1)
        if rule == "flat":
            allowed &= values[..., stack.names.index("slope")] < slope_limit_deg
        row, col = np.nonzero(allowed)
        row, col = row + window.row, col + window.col
        cell = grid.numbers(row, col)
        keep = ~np.isin(cell, occupied)
        row, col, cell = row[keep], col[keep], cell[keep]
        if reach > 0 and len(row):
            distance, _ = tree.query(grid.centres_m(row, col), distance_upper_bound=reach)
            keep = np.isfinite(distance) & (distance >= buffer_m) if rule == "seed_cells" else ~np.isfinite(distance)
            cell = cell[keep]
        rank = np.concatenate([best_rank, rng.random(len(cell))])
        cell = np.concatenate([best_cell, cell])
        lowest = np.argsort(rank, kind="stable")[:count]
        best_rank, best_cell = rank[lowest], cell[lowest]
    if len(best_cell) < count:
        raise EngineError(
            f"{count} non-landslide cells were to be drawn ({choices.ABSENCE_METHODS[rule]}), "
            f"and only {len(best_cell)} cells qualify; use a "
            "smaller buffer, a smaller ratio or another method."
        )
    return best_cell


def _dealt(
    stack: Stack,
    rows: np.ndarray,
    cols: np.ndarray,
    landslide: np.ndarray,
    origin: np.ndarray,
    split: str,
    test_share: float,
    folds: int,
    block_size_m: float,
    seed: int,
    feedback: Feedback,
) -> SampleCells:
    groups = None
    if split == "blocks":
        size = block_size_m or suggested_block_size(stack, rows, cols, seed)
        groups = block_ids(rows, cols, stack.grid, size)
        feedback.message(f"{len(np.unique(groups))} spatial blocks of {size:.0f} m hold the cells.")
    test = take_share(landslide, test_share, groups, np.random.default_rng(seed))
    fold = np.full(len(rows), -1)
    fold[~test] = deal_folds(landslide[~test], folds, None if groups is None else groups[~test], seed)
    return SampleCells(rows, cols, landslide, np.where(test, "test", "train"), fold, origin)


def _labels(values: np.ndarray, field: str) -> np.ndarray:
    """Understand labels given as numbers, truth values or words."""
    words = ["NULL" if value is None else str(value).strip().lower() for value in values]
    strange = sorted({word for word in words if word not in _TRUE | _FALSE})
    if strange:
        raise EngineError(
            f"The field {field!r} holds {', '.join(map(repr, strange[:3]))}; landslides must be 1, yes or true, and others 0, no or false."
        )
    return np.array([int(word in _TRUE) for word in words])
