# SPDX-License-Identifier: GPL-2.0-or-later
"""The cells that test a map: landslides by what they are to it, and others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import EngineError
from ..feedback import Feedback
from ..files.raster import Raster
from ..files.vectors import open_layer
from ..mapping.counting import Landslides, as_stack, on_cells_of, read_landslides
from ..samples.cells import ids_given
from ..samples.dates import dates, reach, within
from ..samples.folds import earliest, landslide_units, told_by_others
from ..samples.inventory import read_inventory
from ..samples.labels import labels, subsets
from ..samples.types import Types


@dataclass(frozen=True)
class Others:
    """Cells that are labelled as no landslide; all arrays (n,), `unit` numbers those of one feature alike."""

    rows: np.ndarray
    cols: np.ndarray
    unit: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Part:
    """Landslides in one role of `choices.INVENTORY_ROLES`, and the cells that they are told from: None for all others of the map.

    `spans` say for each row of the landslides when it happened, datetime64[D] (n, 2), see `samples.dates`; None where that is not asked.
    `name` tells some by their date; all otherwise.
    """

    role: str
    landslides: Landslides
    others: Others | None = None
    spans: np.ndarray | None = None
    name: str = "all"


@dataclass(frozen=True)
class Tested:
    """The parts that are assessed, and the landslides `aside` that are in none, which are no ground without landslides either.

    `types` are the types of movement that they are of; empty where none were chosen. `are_samples` tells that the held-out ones are the
    test cells of a sample, which lie among those that trained. `by_others` says which go by the date of others, see `told_by_others`,
    and `shared` how many of the held-out ones lie on cells of those that made the map.
    """

    parts: list[Part]
    aside: list[Landslides]
    types: str = ""
    are_samples: bool = False
    by_others: str = ""
    shared: int = 0


def read_parts(
    raster: Raster,
    inventory: str,
    label_field: str | None,
    training: str | None,
    role: str,
    date_field: str | None,
    split_date: str | None,
    types: Types | None,
    feedback: Feedback,
    *,
    knows_all: bool = False,
    is_known: bool = True,
) -> Tested:
    """Return the landslides that test a map, those first that say most about it: held-out ones before those that made it.

    Parameters
    ----------
    training
        An inventory of landslides that the map was made from.
    role
        What the landslides of `inventory` are to the map. Where `training` is given, those of unknown role count as held out.
    split_date
        Landslides from this day on are held out, and come first; those before have the role.
    types
        The types of movement that count, in both inventories.
    knows_all
        Whether the model of the map was fitted to all of its sample cells, those for the test too.
    is_known
        Whether the map says which model it is of.

    Raises
    ------
    EngineError
        If an inventory or a field is of no use.
    """
    fields = list(dict.fromkeys(each for each in (date_field, types.field if types else None) if each))
    if label_field:
        parts, are_samples = _labelled(raster, inventory, label_field, role, fields, feedback, knows_all, is_known)
    else:
        parts, are_samples = [Part(role, read_landslides(inventory, raster, fields, feedback))], False
    aside: list[Landslides] = []
    told, by_others, shared = "", "", 0
    if types:
        found = [_of_types(part, types, inventory, aside, feedback) for part in parts]
        parts, told = [part for part, _ in found], found[0][1]
    if training:
        first = parts[0]
        parts = [replace(first, role="held_out" if first.role == "unknown" else first.role)]
        theirs = Part("training", read_landslides(training, raster, [types.field] if types else (), feedback), first.others)
        parts.append(_of_types(theirs, types, training, aside, feedback)[0] if types else theirs)
        shared = on_cells_of(parts[0].landslides, parts[1].landslides)
        if shared:
            feedback.warning(
                f"Landslides that are to test the map and lie on cells of the training inventory: {shared:,} of "
                f"{parts[0].landslides.count:,}. For these the prediction rate is memory, unless the model was trained without them (as it "
                "is with its TEST_INVENTORY). Leave them out of the inventory if they are the same landslides."
            )
    if date_field:
        slides = parts[0].landslides
        own = dates(slides.fields[date_field], date_field, feedback)
        spans = earliest(own, slides.unit)
        if np.isnat(spans).all():
            raise EngineError(f"The date field {date_field} is empty for all landslides on the map; leave DATE_FIELD empty, or fill it.")
        parts[0] = replace(parts[0], spans=spans)
        if split_date:
            date = np.datetime64(split_date)
            _, each = np.unique(np.column_stack([slides.mapped, own.astype(np.int64)]), axis=0, return_index=True)
            by_others = told_by_others(np.stack([own[each], spans[each]], axis=1), date, "is no later one")
            if by_others:
                feedback.warning(by_others)
            parts[:1] = _by_date(parts[0], date, aside, feedback)
    return Tested(parts, aside, told, are_samples, by_others, shared)


def _of_types(part: Part, types: Types, inventory: str, aside: list[Landslides], feedback: Feedback) -> tuple[Part, str]:
    """Return a part with the landslides of some types alone, and these types; the others go aside."""
    mine, others, told = part.landslides.of_types(types, inventory, feedback)
    aside.append(others)
    return replace(part, landslides=mine), told


def _by_date(part: Part, date: np.datetime64, aside: list[Landslides], feedback: Feedback) -> list[Part]:
    """Return the later landslides of a part, held out, and the earlier ones in its role; what is neither for certain goes aside."""
    spans = np.asarray(part.spans)
    earlier, later = within(spans, date)
    open_ = ~earlier & ~later
    if not later.any():
        known = spans[~np.isnat(spans[:, 0])]
        raise EngineError(f"No landslide on the map is known to be of {date} or later (SPLIT_DATE); their dates are {reach(known)}.")
    if open_.any():
        count = len(np.unique(part.landslides.unit[open_]))
        feedback.warning(f"Landslides that take no part, since whether they happened before {date} or later is not known: {count:,}.")
        aside.append(part.landslides.alone(open_))
    others = replace(part, landslides=part.landslides.alone(later), spans=spans[later], role="held_out", name=f"from {date} on")
    if not earlier.any():
        return [others]
    return [others, replace(part, landslides=part.landslides.alone(earlier), spans=spans[earlier], name=f"before {date}")]


def _labelled(
    raster: Raster, inventory: str, label_field: str, role: str, fields: list[str], feedback: Feedback, knows_all: bool, is_known: bool
) -> tuple[list[Part], bool]:
    """Return labelled cells; those that Scarp drew are divided by their subset, unless the map knows all, which is told."""
    dataset, layer = open_layer(inventory)
    definition = layer.GetLayerDefn()
    names = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
    ours = {name.lower(): name for name in names if name.lower() in ("subset", "fold", "origin")}
    ours = ours if {"subset", "fold"} <= ours.keys() else {}
    del dataset
    stack = as_stack(raster)
    found = read_inventory(inventory, stack, [label_field, *fields, *ours.values()], feedback)
    values = stack.at(found.rows, found.cols)[:, 0]
    told = labels(found.fields[label_field], label_field)
    if len(np.unique(told)) < 2:
        kind = "landslides" if told[0] else "no landslides"
        raise EngineError(
            f"All {len(told):,} cells of the field {label_field!r} are {kind}; both are needed. Leave “Field that tells landslides” "
            "empty for "
            "an inventory of landslides alone: they are then told from all other cells of the map."
        )
    origin = found.origin
    if "origin" in ours:
        origin = ids_given(found.fields[ours["origin"]], origin, told, True, feedback)
    units = landslide_units(told, origin)
    units = np.arange(len(told)) if units is None else units
    # Who says that the map was made from them knows; that all are held out is believed of no training cells.
    divides = bool(ours) and role != "training"
    subset = subsets(found.fields[ours["subset"]], ours["subset"]) if divides else np.full(len(told), "")
    is_divided = set(subset) == {"train", "test"} and all(len(np.unique(told[subset == name])) == 2 for name in ("train", "test"))
    if is_divided and knows_all:
        is_divided, role = False, "training" if role == "unknown" else role
        if role == "training":
            feedback.warning(
                "The model of this map was fitted to all of its sample cells, those for the test too, so none of these counts as held out, "
                "and the rate is a success rate. Quote the figures of its report, or test it on landslides that took no part. If these "
                "cells are such, set “These landslides” to held out."
            )
    if is_divided:
        feedback.message("The cells are Scarp's sample cells: test cells count as held out, training cells as those that made the map.")
        if not is_known:
            feedback.warning(
                "The map does not say which model it is of. If that was fitted to the test cells too, as with fewer than 60 landslides, "
                "with a test inventory or by a benchmark, these are not held out, and their figures are memory."
            )
    roles = {"test": "held_out", "train": "training"} if is_divided else {"": role}
    parts = []
    for name, of_role in roles.items():
        here = subset == name if is_divided else np.ones(len(told), bool)
        slide, other = here & (told == 1), here & (told == 0)
        columns = {field: found.fields[field][slide] for field in fields}
        parts.append(
            Part(
                of_role,
                Landslides.of(found.rows[slide], found.cols[slide], units[slide], values[slide], columns),
                Others(found.rows[other], found.cols[other], units[other], values[other]),
            )
        )
    return parts, is_divided
