# SPDX-License-Identifier: GPL-2.0-or-later
"""Sample cells: landslide cells of an inventory, and non-landslide cells drawn beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt

from ...models.recipe import Recipe
from ..declarations import choices
from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback, counted
from ..files.grid import Grid, Window
from ..files.stack import Stack
from ..files.vectors import open_layer, write_points
from ..gdal import ogr
from .folds import block_ids, deal_folds, fewest_units, landslide_units, suggested_block_size, take_share
from .inventory import InventoryCells, read_inventory
from .labels import check_no_labels, labels, subsets
from .labels import folds as folds_of
from .leaks import leaking
from .nearest import knndm_folds, places_of
from .polygon_cells import overlapping, standing_for, together, touching
from .types import Types

_FIELDS = {
    "landslide": ogr.OFTInteger,
    "subset": ogr.OFTString,
    "fold": ogr.OFTInteger,
    "x": ogr.OFTReal,
    "y": ogr.OFTReal,
    "origin": ogr.OFTString,
}
# Of sample cells of some types of movement: which ones.
TYPE = "landslide_type"
# Width of the ring that seed cells are drawn from, in cells, beyond the buffer.
_RING_CELLS = 10
# Fewer landslides than this in the test say little.
_FEW_TEST = 10
# Absences beside a test inventory, at least: they cost next to nothing, and by 20 of them the AUC would vary by 0.025 (SD).
_TEST_ABSENCES = 1000
# Cells larger than this are told.
_LARGE_CELL_M = 200.0
# At most this share of the ground without landslides, and so of the absences that train, is taken for a test.
_TEST_GROUND = 0.2
# A share of landslides beside others that is told: less moves no figure by much.
_TOLD_BESIDE = 0.05
# Points of landslides are rarely so dense that more than this share of them has another one in the next cell.
_MOST_BESIDE = 0.5
# A whole number, however it is written.
_WHOLE = re.compile(r"^([+-]?)0*(\d+)(?:[.,]0+)?$")
# Cells that leaks are looked for in.
_LEAK_CELLS = 20_000


@dataclass(frozen=True)
class SampleCells:
    """Cells to learn from and to test on; all arrays (n,).

    `subset` is "train" or "test"; `fold` numbers the folds of the training cells from 0, -1 for test cells; `origin` is the landslide's id
    in the inventory or the rule that drew the absence. The cells of one landslide have one subset and one fold. `divided` says in a
    sentence how they were divided, and `types` which types of movement the landslides are of, where they were chosen by that.
    """

    rows: np.ndarray
    cols: np.ndarray
    landslide: np.ndarray
    subset: np.ndarray
    fold: np.ndarray
    origin: np.ndarray
    divided: str = ""
    types: str = ""

    def only(self, index: np.ndarray) -> SampleCells:
        """Return some of the cells, by number or mask."""
        names = ("rows", "cols", "landslide", "subset", "fold", "origin")
        return replace(self, **{name: np.asarray(getattr(self, name))[index] for name in names})

    @property
    def units(self) -> np.ndarray | None:
        """The unit of each cell, which no part or fold divides, (n,); None where each is one cell. See `folds.landslide_units`."""
        return landslide_units(np.asarray(self.landslide), np.asarray(self.origin))

    def write(self, path: str | Path, grid: Grid) -> None:
        """Write the cells as points of a GeoPackage."""
        x, y = grid.centres(self.rows, self.cols)
        fields = _FIELDS | ({TYPE: ogr.OFTString} if self.types else {})
        of_type = np.where(np.asarray(self.landslide) == 1, self.types, "")
        columns = (self.landslide, self.subset, self.fold, x, y, self.origin, of_type)[: len(fields)]
        write_points(path, "sample_cells", fields, columns, grid.spatial_reference)


def draw(
    stack: Stack,
    inventory: str,
    feedback: Feedback,
    *,
    polygon_cells: str = "all",
    most_cells: int = 10,
    together_m: float = 0.0,
    method: str = choices.METHOD,
    ratio: float = choices.RATIO,
    buffer_m: float = choices.BUFFER_M,
    slope_limit_deg: float = choices.SLOPE_LIMIT_DEG,
    split: str = choices.SPLIT,
    test_share: float | None = choices.TEST_SHARE,
    folds: int | None = choices.FOLDS,
    block_size_m: float = 0.0,
    seed: int = choices.SEED,
    few: bool = False,
    types: Types | None = None,
) -> SampleCells:
    """Return the landslide cells of an inventory and non-landslide cells drawn by a method of `choices.ABSENCE_METHODS`.

    Parameters
    ----------
    inventory
        A layer of points or polygons, all of them landslides.
    polygon_cells, most_cells
        Which cells stand for a landslide, see `polygon_cells.standing_for`; absences keep away from all of its cells.
    together_m
        Landslides nearer to each other than this are one.
    ratio
        Non-landslide cells for each landslide cell, see `absences_of`.
    buffer_m
        Non-landslide cells are no nearer than this, from centre to centre, to a cell that a landslide covers, if only in part.
    slope_limit_deg
        Ground is flat below this slope.
    split
        An id of `choices.SPLITS`; blocks of `block_size_m`, or as wide as the practical range of the covariates where that is 0.
    test_share
        Share of the cells that is kept for the test; None for the default, or none of fewer than `choices.FEW_LANDSLIDES` landslides.
    folds
        Folds that the training cells are dealt into; None for the default, or as many as there are landslides.
    seed
        The same seed draws the same cells.
    few
        Whether fewer landslides than a test and the folds need will do: none is then kept for a test.
    types
        The types of movement that are wanted; landslides of others take no part, and absences keep away from them as well. None: all.

    Raises
    ------
    EngineError
        If the inventory is of no use or holds others than landslides, or too few cells are left to draw from.
    """
    if not stack.grid.is_projected:
        raise EngineError(
            f"The covariate stack {stack.told} is in degrees, and absences are drawn at distances in metres; warp it to a projected "
            "coordinate reference system first (gdal:warpreproject)."
        )
    rng = np.random.default_rng(seed)
    check_no_labels(inventory, feedback)
    feedback.status("Counting the cells of landslides")
    _notice_cells(stack, feedback)
    found, whole, told = _of_types(stack, inventory, types, feedback, together_m=together_m)
    rows, cols, origin = found.rows, found.cols, found.origin
    mine = np.arange(len(whole))
    kept = standing_for(stack, rows[mine], cols[mine], origin[mine], polygon_cells, most_cells)
    origin[mine] = whole
    _tell_touching(rows[mine], cols[mine], origin[mine], feedback)
    wanted = absences_of(len(kept), ratio)
    parts = {"random_and_flat": (("random", wanted - wanted // 2), ("flat", wanted // 2))}.get(method, ((method, wanted),))
    landslides = occupied = stack.grid.numbers(rows, cols)
    covered = np.union1d(landslides, found.edge)
    for rule, count in parts:
        # The default asks for many; as many as there are landslide cells will do.
        least = min(count, -(-count * len(kept) // wanted)) if ratio == choices.RATIO else count
        drawn, _ = _draw_absences(stack, covered, np.concatenate([covered, occupied]), rule, count, least, buffer_m, slope_limit_deg, rng)
        occupied = np.concatenate([occupied, drawn])
        origin = np.concatenate([origin, np.full(len(drawn), rule)])
    absences = np.arange(len(landslides), len(occupied))
    occupied, origin = (each[np.concatenate([kept, absences])] for each in (occupied, origin))
    slides = len(kept)
    del landslides
    rows, cols = np.divmod(occupied, stack.grid.shape[1])
    del occupied
    landslide = (np.arange(len(rows)) < slides).astype(int)
    feedback.message(f"{counted(slides, 'landslide cell')} and {counted(len(rows) - slides, 'non-landslide cell')}.")
    if few and folds and (units := landslide_units(landslide, origin)) is not None:
        _, number = np.unique(units[landslide == 1], return_inverse=True)
        there = int(number.max()) + 1
        if there < folds + bool(test_share):
            told = "one landslide, which is" if there == 1 else f"{there} landslides, which are"
            feedback.warning(
                f"The landslide cells are those of {told} not divided: too few for a test and {folds} folds. All "
                "cells are for training, and nothing tells how good a model of them is; use a larger inventory."
            )
            fold = rng.permutation(len(rows)) % folds
            fold[landslide == 1] = number.ravel() % folds
            return SampleCells(rows, cols, landslide, np.full(len(rows), "train"), fold, origin, types=told)
    cells = _dealt(stack, rows, cols, landslide, origin, split, test_share, folds, block_size_m, seed, feedback)
    return replace(cells, types=told)


def _of_types(
    stack: Stack, inventory: str, types: Types | None, feedback: Feedback, few: bool = True, together_m: float = 0.0
) -> tuple[InventoryCells, np.ndarray, str]:
    """Return an inventory's cells, each once, those of the wanted types first, without fields.

    Then come the landslides of these (wanted,), those that share a cell as one, and those nearer than `together_m`: a part or fold must not
    divide them, since the cells of one are partly those of the other; and the types as the field has them.
    """
    found = read_inventory(inventory, stack, [types.field] if types else (), feedback)
    numbers, origin = stack.grid.numbers(found.rows, found.cols), found.origin
    mine, told = np.ones(len(origin), bool), ""
    if types:
        mine, told = types.among(found.fields[types.field], origin, Source.parse(inventory).label, feedback, few)
    kept = []
    for wanted in (True, False):
        some = np.flatnonzero(mine == wanted)
        _, first = np.unique(numbers[some], return_index=True)
        kept.append(some[first])
    kept[1] = kept[1][~np.isin(numbers[kept[1]], numbers[kept[0]])]
    own = np.flatnonzero(mine)
    whole = np.empty_like(origin)
    whole[own] = overlapping(numbers[own], origin[own])
    why = "share cells"
    if together_m > 0:
        whole[own] = together(stack.grid.centres_m(found.rows[own], found.cols[own]), whole[own], together_m)
        why += f", or lie nearer than {together_m:g} m to each other,"
    apart, joined = (len(np.unique(each[own])) for each in (origin, whole))
    if joined < apart:
        feedback.message(f"Some of the {apart:,} landslides {why} and are kept together, so that there are {joined:,}.")
    both = np.concatenate(kept)
    return InventoryCells(found.rows[both], found.cols[both], origin[both], {}, found.edge), whole[kept[0]], told


def _tell_touching(rows: np.ndarray, cols: np.ndarray, origin: np.ndarray, feedback: Feedback) -> None:
    """Warn of landslides, by the id of each cell (n,), that touch another one: they may be parts of one, which a test then divides."""
    beside, several = touching(rows, cols, origin)
    if beside > _TOLD_BESIDE * several:
        feedback.warning(
            f"Of {several:,} landslides of several cells {beside:,} ({100 * beside / several:.0f} %) touch another one. Where these are "
            "parts of one, such as scarp and deposit, a test that divides it is memory to that extent: make one "
            "feature of such parts (native:dissolve by the id of the landslide), or keep them together (TOGETHER of scarp:samplecells)."
        )


def absences_of(landslides: int, ratio: float = choices.RATIO) -> int:
    """Return how many non-landslide cells are drawn beside landslide cells; the default ratio becomes less where these are many.

    >>> from scarp.engine.samples.cells import absences_of
    >>> [absences_of(count) for count in (100, 2000, 3000, 20_000)], absences_of(20_000, 1.0)
    ([500, 10000, 10000, 60000], 20000)
    """
    wanted = ratio * landslides
    if ratio == choices.RATIO:
        wanted = min(wanted, max(choices.RATIO_LEAST * landslides, choices.RATIO_CELLS))
    return max(round(wanted), 1)


def resolve_samples(
    stack: Stack,
    inventory: str,
    label_field: str | None,
    seed: int,
    feedback: Feedback | None = None,
    test_inventory: str | None = None,
    types: Types | None = None,
) -> SampleCells:
    """Return sample cells from whatever the user has.

    With a label field, the layer holds labelled points: ours, with `subset` and `fold`, or anybody's, which are split 80/20 at random
    where they have no `subset`; folds are −1 where they have a `subset` alone. Without one it is a plain inventory, and absences are
    drawn with the defaults. With a test inventory its landslides and absences drawn outside both inventories are the test cells, and all
    others train, see `_with_test`.
    With types, landslides of others take no part, in either inventory. A covariate that tells the labels by itself is warned of.

    Raises
    ------
    EngineError
        If labels, subsets or folds are not understood, or there is one class only.
    """
    feedback = feedback or Feedback()
    if label_field:
        cells = _labelled(stack, inventory, label_field, seed, feedback, types)
    else:
        cells = draw(stack, inventory, feedback, seed=seed, folds=None, test_share=0.0 if test_inventory else None, types=types)
    if test_inventory:
        if label_field:
            feedback.message(
                "Absences of the test keep off the sample cells alone: where these stand for a part of each landslide (POLYGON_CELLS other "
                "than all), some lie on its other cells, and the AUC is less than the map deserves. Give the inventory itself, without a "
                "label field, to keep off all of its cells."
            )
        beside = _of_types(stack, inventory, types, Feedback()) if types and not label_field else None
        others = [] if beside is None else [stack.grid.numbers(beside[0].rows, beside[0].cols)[len(beside[1]) :]]
        cells = _with_test(stack, cells, test_inventory, seed, feedback, types, others)
        notice_few(cells, feedback, test_inventory=True)
    some = np.random.default_rng(seed).permutation(len(cells.rows))[:_LEAK_CELLS]
    values = stack.at(cells.rows[some], cells.cols[some])
    for name, auc in leaking(values, cells.landslide[some], stack.covariates).items():
        feedback.warning(
            f"The covariate {name} alone tells landslide cells from others with an AUC of {auc:.3f}. Was it made from the landslides, or "
            "were the cells drawn by it? Then no figure of the model means anything; leave it out."
        )
    return cells


def _labelled(stack: Stack, inventory: str, label_field: str, seed: int, feedback: Feedback, types: Types | None) -> SampleCells:
    feedback.status("Counting the cells of landslides")
    _notice_cells(stack, feedback)
    dataset, layer = open_layer(inventory)
    definition = layer.GetLayerDefn()
    names = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    ours = {name.lower(): name for name in names if name.lower() in ("subset", "fold", "origin", TYPE)}
    del dataset
    asked = [label_field, *ours.values(), *([types.field] if types else [])]
    found = read_inventory(inventory, stack, list(dict.fromkeys(asked)), feedback)
    landslide = labels(found.fields[label_field], label_field)
    told = ""
    if types:
        slides = np.flatnonzero(landslide == 1)
        given = found.fields[ours["origin"]] if "origin" in ours else found.origin
        name = Source.parse(inventory).label
        mine, told = types.among(found.fields[types.field][slides], given[slides].astype(str), name, feedback)
        keep = np.ones(len(landslide), bool)
        keep[slides[~mine]] = False
        # A cell of another type that is one of the wanted type too stays, as that.
        fields = {name: column[keep] for name, column in found.fields.items()}
        found = InventoryCells(found.rows[keep], found.cols[keep], found.origin[keep], fields, found.edge)
        landslide = landslide[keep]
    elif TYPE in ours:
        told = ", ".join(dict.fromkeys(str(each) for each in found.fields[ours[TYPE]][landslide == 1] if each))
    _, first = np.unique(stack.grid.numbers(found.rows, found.cols), return_index=True)
    first.sort()
    if len(first) < len(found.rows):
        feedback.warning(f"Points that share a cell with another one and are left out: {len(found.rows) - len(first):,}.")
    rows, cols, landslide, origin = found.rows[first], found.cols[first], landslide[first], found.origin[first]
    if len(np.unique(landslide)) < 2:
        raise EngineError(
            f"All {len(rows):,} cells have the same value in {label_field!r}: landslide and non-landslide cells are both needed."
        )
    if "origin" in ours:
        origin = ids_given(found.fields[ours["origin"]][first], origin, landslide, "subset" in ours, feedback)
    _tell_unknown(rows, cols, landslide, origin, feedback)
    if "subset" in ours:
        subset, fold = subsets(found.fields[ours["subset"]][first], ours["subset"]), np.full(len(rows), -1)
        if "fold" in ours:
            fold = folds_of(found.fields[ours["fold"]][first], ours["fold"])
        if set(subset) == {"train", "test"}:
            how = f"Training and test cells are those that the field {ours['subset']} of the sample cells says."
            return SampleCells(rows, cols, landslide, subset, fold, origin, how, told)
        feedback.warning(f"All cells are {subset[0]} cells by the field {ours['subset']!r}; they are divided anew, at random.")
    dealt = _dealt(stack, rows, cols, landslide, origin, choices.SPLIT, choices.TEST_SHARE, None, 0.0, seed, feedback)
    return replace(dealt, types=told)


def ids_given(values: np.ndarray, own: np.ndarray, landslide: np.ndarray, known: bool, feedback: Feedback) -> np.ndarray:
    """Return the landslide of each cell, (n,), as the field `origin` of sample cells says, or its `own` feature where that is empty.

    The field of another tool may say anything (GPS, photo): it counts if the layer is `known` for sample cells, or absences name the rule
    that drew them. Ids that differ only in how they are written are one, see `_alike`; what all absences have is no id of theirs, but
    says that they are absences. Landslide cells without an id, where others have one, are warned of.
    """
    words, slide = _alike(values), landslide == 1
    known = known or bool(np.isin(words[~slide], list(choices.ABSENCE_METHODS)).any())
    lone = np.char.add("feature ", np.asarray(own, str))  # no id of a landslide
    empty = int(((words == "") & slide).sum())
    if known and 0 < empty < slide.sum():
        feedback.warning(
            f"Landslide cells without an id in the field origin: {empty:,} of {slide.sum():,}. Each counts as a landslide of its own: if "
            "they belong to others, these lie on both sides of a test. Fill it in, or draw the cells anew (scarp:samplecells)."
        )
    said = np.unique(words[~slide & (words != "")])
    is_id = (words != "") & (slide | (len(said) > 1) | np.isin(words, list(choices.ABSENCE_METHODS)))
    return np.where(is_id, words, lone) if known else own


def _alike(values: np.ndarray) -> np.ndarray:
    """Return values (n,) as text; those that differ in case, blanks around or as 7, 007 and 7.0 do are as the first is written.

    Two landslides that are taken for one only stay together, while one that is taken for two lies on both sides of a test.

    >>> import numpy as np
    >>> from scarp.engine.samples.cells import _alike
    >>> _alike(np.array(["7", "7.0", "A1", " a1 ", 7.0, "007", "7.1", None], object)).tolist()
    ['7', '7', 'A1', 'A1', '7', '7', '7.1', '']
    """
    texts = ["" if value is None else str(value).strip() for value in values]
    first = {rule: rule for rule in choices.ABSENCE_METHODS}
    return np.array([first.setdefault(_WHOLE.sub(r"\1\2", text).casefold(), text) for text in texts])


def _tell_unknown(rows: np.ndarray, cols: np.ndarray, landslide: np.ndarray, origin: np.ndarray, feedback: Feedback) -> None:
    """Tell of landslide cells beside each other where nothing says which of them belong together; warn where these are most."""
    slides = np.flatnonzero(landslide == 1)
    if len(np.unique(origin[slides])) < len(slides):
        return
    from scipy.spatial import cKDTree

    places = np.stack([rows[slides], cols[slides]], axis=1)
    beside = len(slides) > 1 and np.mean(cKDTree(places).query(places, 2)[0][:, 1] < 2)
    if beside > _TOLD_BESIDE:
        tell = feedback.warning if beside > _MOST_BESIDE else feedback.message
        tell(
            f"{100 * beside:.0f} % of the {len(slides):,} landslide cells lie beside another one. If each is a landslide of its own, that "
            "is as it should be. If some are cells of one landslide, it lies on both sides of every test, whose figures are then memory: "
            "write its id to each of them in a text field origin, and random to the other cells there; then it is kept whole."
        )


def _with_test(
    stack: Stack,
    cells: SampleCells,
    test_inventory: str,
    seed: int,
    feedback: Feedback,
    types: Types | None,
    others: Sequence[np.ndarray],
) -> SampleCells:
    """Return cells that all train, and test cells: the landslides of another inventory, and absences on any other cell.

    A landslide that shares a cell with one of the test inventory takes no part in training. Else training hears nothing of that inventory:
    absences may lie on its landslides, as they do where these are not known yet; a gap among them there would tell where to look. Nor do
    the test's absences keep a distance from landslides: ground beside these belongs to the map too, and is the harder to tell from them.
    So they are drawn from all ground without landslides, and absences of the training that are among them do not train: what these leave of
    a small area lies near landslides for the most part, and is not the ground of the map. `others` are the numbers of cells of landslides
    that are neither, of other types.
    """
    check_no_labels(test_inventory, feedback)
    found, test_origin, _ = _of_types(stack, test_inventory, types, feedback, few=False)
    tested, aside = np.split(stack.grid.numbers(found.rows, found.cols), [len(test_origin)])
    test_rows, test_cols = found.rows[: len(tested)], found.cols[: len(tested)]
    numbers, slides = stack.grid.numbers(cells.rows, cells.cols), np.asarray(cells.landslide) == 1
    units = np.arange(len(numbers)) if cells.units is None else cells.units
    known = np.isin(units, units[np.isin(numbers, tested) & slides])
    keep = ~known
    if not (keep & slides).any():
        raise EngineError("All landslides of the inventory lie in the test inventory too; none is left to train with.")
    if known.any():
        there = len(np.unique(units[known]))
        feedback.warning(f"Landslides that lie in the test inventory too, and take no part in training: {there:,}.")
    _tell_beside(cells.only(keep & slides), test_rows, test_cols, test_origin, feedback)
    rng = np.random.default_rng([seed, len(tested)])
    count = max(absences_of(len(tested)), _TEST_ABSENCES)
    landslides = np.concatenate([numbers[slides], *others])
    least = min(count, len(tested))
    drawn, ground = _draw_absences(stack, landslides, landslides, choices.METHOD, count, least, 0.0, choices.SLOPE_LIMIT_DEG, rng)
    drawn = drawn[: max(least, int(_TEST_GROUND * ground))]
    both = np.isin(numbers, drawn)
    keep &= ~both
    # On landslides of the test too, where they are no absences, so that the gaps that they leave tell nothing.
    absences = drawn[~np.isin(drawn, np.concatenate([tested, aside]))]
    count = len(absences)
    rows, cols = np.divmod(np.concatenate([numbers[keep], tested, absences]), stack.grid.shape[1])
    more = len(tested) + count
    told = f"The test inventory gives {counted(len(tested), 'landslide cell')}"
    of_both = f"; {both.sum():,} that were drawn for training do not train" if both.any() else ""
    feedback.message(f"{told}; {counted(count, 'non-landslide cell')} for the test were drawn{of_both}.")
    return SampleCells(
        rows,
        cols,
        np.concatenate([cells.landslide[keep], np.repeat([1, 0], [len(tested), count])]),
        np.repeat(["train", "test"], [keep.sum(), more]),
        np.concatenate([cells.fold[keep], np.full(more, -1)]),
        np.concatenate([cells.origin[keep], [f"test {each}" for each in test_origin], np.full(count, choices.METHOD)]),
        types=cells.types,
    )


def _tell_beside(training: SampleCells, rows: np.ndarray, cols: np.ndarray, origin: np.ndarray, feedback: Feedback) -> None:
    """Warn of landslides of a test, on cells (n,), that lie beside a cell of a landslide that trains: they may be the same ones."""
    from scipy.spatial import cKDTree

    known = cKDTree(np.stack([training.rows, training.cols], axis=1))
    distance, _ = known.query(np.stack([rows, cols], axis=1), distance_upper_bound=2.0)
    there, beside = len(np.unique(origin)), len(np.unique(origin[distance < 2]))
    if beside > _TOLD_BESIDE * there:
        feedback.warning(
            f"Of {counted(there)} of the test inventory {beside:,} ({100 * beside / there:.0f} %) {'lies' if beside == 1 else 'lie'} "
            "beside landslides that train. Where these are the same, mapped anew or shown by a part of their cells, the figure of the test "
            "is memory to that extent: leave them out of one of the two inventories."
        )


def landslides(cells: SampleCells) -> int:
    """Return how many landslides there are: units, and not cells."""
    slides = np.asarray(cells.landslide) == 1
    return int(slides.sum()) if cells.units is None else len(np.unique(cells.units[slides]))


def counts_of(cells: SampleCells, training: np.ndarray) -> dict[str, tuple[int, int]]:
    """Return the landslide and non-landslide cells of each part; `training` (n,) tells which cells train."""
    parts = {"training": training, "test": ~training}
    return {name: (int((cells.landslide[part] == 1).sum()), int((cells.landslide[part] == 0).sum())) for name, part in parts.items()}


def notice_few(cells: SampleCells, feedback: Feedback, test_inventory: bool = False) -> None:
    """Tell of a test that few landslides take part in; training takes none that is drawn from few landslides."""
    slides = cells.landslide == 1
    tested, there = (len(np.unique(cells.origin[some])) for some in (slides & (cells.subset == "test"), slides))
    if tested < _FEW_TEST and there < choices.FEW_LANDSLIDES and tested and not test_inventory:
        feedback.message(
            f"{_few(tested, there)}, which tells little. scarp:traincnndnn tests by folds on all of them, as wherever landslides are fewer "
            f"than {choices.FEW_LANDSLIDES} and no test inventory is given."
        )
    else:
        warn_of_few(tested, there, feedback)


def warn_of_few(tested: int, there: int, feedback: Feedback) -> None:
    """Warn where few of the landslides that are there are tested."""
    if 0 < tested < _FEW_TEST:
        feedback.warning(f"{_few(tested, there)}: what it says is chance to a large part. Validation by folds tests on more of them.")


def _few(tested: int, there: int) -> str:
    return f"Only {tested} of {there} landslides {'are' if tested > 1 else 'is'} for the test"


def notice_divided(cells: SampleCells, feedback: Feedback) -> None:
    """Warn of landslides that the subsets of sample cells divide."""
    units = cells.units
    if units is not None:
        divided = len(np.unique(np.stack([units, cells.subset == "test"]), axis=1).T) - len(np.unique(units))
        if divided:
            feedback.warning(
                f"Landslides, or other features, whose cells lie partly in training and partly in the test: {divided:,}. So the figures of "
                "the test are partly memory. Let the cells of each have one subset (scarp:samplecells does)."
            )


def _notice_cells(stack: Stack, feedback: Feedback) -> None:
    width, height = stack.grid.cell_size_m
    if max(width, height) > _LARGE_CELL_M:
        feedback.warning(
            f"The cells are {width:,.0f} × {height:,.0f} m: most landslides are smaller, and slopes are those of whole hillsides. Cells "
            "of 10 to 50 m are usual."
        )


def _draw_absences(
    stack: Stack,
    landslides: np.ndarray,
    occupied: np.ndarray,
    rule: str,
    count: int,
    least: int,
    buffer_m: float,
    slope_limit_deg: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, int]:
    """Draw the numbers of `count` cells that are not occupied, or of all that qualify if these are fewer, but `least` at least.

    Returns them and how many qualify.
    Every candidate gets a random rank, window by window, and the lowest ranks win. `landslides` and `occupied` are numbers of cells.
    """
    if rule == "flat" and "slope" not in stack.names:
        raise EngineError("Drawing absences on flat ground needs the covariate slope, which the stack lacks.")
    grid = stack.grid
    ring = buffer_m + _RING_CELLS * max(grid.cell_size_m)
    reach = ring if rule == "seed_cells" else buffer_m
    best_rank, best_cell, valid, qualify = np.empty(0), np.empty(0, np.int64), 0, 0
    for window in grid.windows():
        values = stack.read(window)
        allowed = np.isfinite(values).all(axis=-1)
        valid += int(allowed.sum())
        if rule == "flat":
            allowed &= values[..., stack.names.index("slope")] < slope_limit_deg
        allowed[_in_window(grid, occupied, window)] = False
        if reach > 0 and allowed.any():
            distance = _distance_m(grid, landslides, window, reach)
            allowed &= (distance >= buffer_m) & (distance < ring) if rule == "seed_cells" else distance >= buffer_m
        row, col = np.nonzero(allowed)
        qualify += len(row)
        drawn, cell = rng.random(len(row)), grid.numbers(row + window.row, col + window.col)
        # Once there are enough, none with a higher rank than all of them can enter.
        entering = drawn < (best_rank[-1] if len(best_rank) == count else 1.0)
        rank, cell = np.concatenate([best_rank, drawn[entering]]), np.concatenate([best_cell, cell[entering]])
        lowest = np.argsort(rank, kind="stable")[:count]
        best_rank, best_cell = rank[lowest], cell[lowest]
        if window.col + window.cols == grid.shape[1]:
            stack.forget()
    if len(best_cell) < least and 2 * len(landslides) > valid:
        raise EngineError(
            f"The landslides cover {len(landslides):,} of {valid:,} valid cells, so that too little is left without. If these are no "
            "landslides, choose the layer that holds them."
        )
    if len(best_cell) < least:
        raise EngineError(
            f"{least:,} non-landslide cells were to be drawn ({choices.ABSENCE_METHODS[rule]}), and only {len(best_cell):,} cells qualify; "
            "use a smaller buffer, a smaller ratio or another method."
        )
    return best_cell, qualify


def _in_window(grid: Grid, cells: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns, from the window's first, of those cells that lie in it."""
    rows, cols = np.divmod(cells, grid.shape[1])
    rows, cols = rows - window.row, cols - window.col
    inside = (rows >= 0) & (rows < window.rows) & (cols >= 0) & (cols < window.cols)
    return rows[inside], cols[inside]


def _distance_m(grid: Grid, landslides: np.ndarray, window: Window, reach_m: float) -> np.ndarray:
    """Return the distance in metres from each cell of a window to the nearest landslide cell, (rows, cols); infinite beyond `reach_m`."""
    width, height = grid.cell_size_m
    down, across = (int(np.ceil(reach_m / side)) for side in (height, width))
    wide = Window(window.row - down, window.col - across, window.rows + 2 * down, window.cols + 2 * across)
    elsewhere = np.ones((wide.rows, wide.cols), bool)
    elsewhere[_in_window(grid, landslides, wide)] = False
    if elsewhere.all():
        return np.full((window.rows, window.cols), np.inf)
    distance = distance_transform_edt(elsewhere, (height, width))[down : down + window.rows, across : across + window.cols]
    return np.where(distance < reach_m, distance, np.inf)


def _dealt(
    stack: Stack,
    rows: np.ndarray,
    cols: np.ndarray,
    landslide: np.ndarray,
    origin: np.ndarray,
    split: str,
    test_share: float | None,
    folds: int | None,
    block_size_m: float,
    seed: int,
    feedback: Feedback,
) -> SampleCells:
    groups, size = None, 0.0
    places = places_of(stack, seed) if split == "knndm" else None
    if split == "blocks":
        size = block_size_m or suggested_block_size(stack, rows, cols, seed, Recipe().patch_size, feedback)
        groups = block_ids(rows, cols, stack.grid, size)
        feedback.message(f"{len(np.unique(groups))} spatial blocks of {size:.0f} m hold the cells.")
    units = landslide_units(landslide, origin)

    def in_folds(own: np.ndarray, folds: int) -> np.ndarray:
        of_own, group = (each if each is None else each[own] for each in (units, groups))
        if places is None:
            return deal_folds(landslide[own], folds, group, seed, of_own)
        return knndm_folds(stack.grid.centres_m(rows[own], cols[own]), landslide[own], of_own, folds, places, seed)

    if test_share is None:
        test_share = choices.TEST_SHARE if fewest_units(landslide, units) >= choices.FEW_LANDSLIDES else 0.0
    if places is not None and test_share:
        test = in_folds(np.arange(len(rows)), max(round(1 / test_share), 2)) == 0
    else:
        test = take_share(landslide, test_share, groups, np.random.default_rng(seed), units)
    if folds is None:
        folds = max(min(choices.FOLDS, fewest_units(landslide[~test], units if units is None else units[~test])), 2)
    slides, tested = int(landslide.sum()), int(landslide[test].sum())
    if units is not None and len(np.unique(units[landslide == 1])) == 1:
        raise EngineError(
            f"All {slides:,} landslide cells belong to one landslide, and the cells of a landslide stay together: it cannot both train and "
            "test. Use a larger inventory; landslides that were dissolved into one overlapping shape are to be drawn apart."
        )
    if slides == 1:
        raise EngineError("There is one landslide cell only, which cannot both train and test; use a larger inventory.")
    if slides - tested < folds:
        raise EngineError(
            f"There are {slides} landslide cells; {tested} of them {'is' if tested == 1 else 'are'} for the test, and the other "
            f"{slides - tested} are to be dealt into {folds} folds, which need {folds} at least. Use fewer folds, a smaller share of test "
            "cells, or a larger inventory."
        )
    fold = np.full(len(rows), -1)
    fold[~test] = in_folds(np.flatnonzero(~test), folds)
    how = {
        "random": "at random",
        "blocks": f"by square blocks of {size:,.0f} m, each in one part",
        "knndm": "such that test landslides lie as far from training landslides as the map does (kNNDM)",
    }[split]
    whole = "" if units is None else "; the cells of a landslide stay together"
    told = f"The cells were divided {how}, {100 * test.mean():.0f} % of them for the test{whole}."
    return SampleCells(rows, cols, landslide, np.where(test, "test", "train"), fold, origin, told)
