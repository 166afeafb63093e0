# SPDX-License-Identifier: GPL-2.0-or-later
"""The cells that test a map: landslides by what they are to it, and others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import EngineError
from ..feedback import Feedback
from ..files.raster import Raster
from ..files.vectors import open_layer
from ..mapping.counting import Landslides, as_stack, cell_keys, read_landslides
from ..samples.folds import landslide_units
from ..samples.inventory import read_inventory
from ..samples.labels import labels, subsets


@dataclass(frozen=True)
class Others:
    """Cells that are labelled as no landslide; all arrays (n,), `unit` numbers those of one feature alike."""

    rows: np.ndarray
    cols: np.ndarray
    unit: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Part:
    """Landslides in one role of `choices.INVENTORY_ROLES`, and the cells that they are told from: None for all others of the map."""

    role: str
    landslides: Landslides
    others: Others | None = None


def read_parts(
    raster: Raster,
    inventory: str,
    label_field: str | None,
    training: str | None,
    role: str,
    date_field: str | None,
    feedback: Feedback,
) -> list[Part]:
    """Return the landslides that test a map, those first that say most about it: held-out ones before those that made it.

    Parameters
    ----------
    training
        An inventory of landslides that the map was made from.
    role
        What the landslides of `inventory` are to the map. Where `training` is given, those of unknown role count as held out.

    Raises
    ------
    EngineError
        If an inventory or a field is of no use.
    """
    fields = [date_field] if date_field else []
    if label_field:
        parts = _labelled(raster, inventory, label_field, role, fields, feedback)
    else:
        parts = [Part(role, read_landslides(inventory, raster, fields, feedback))]
    if training:
        first = parts[0]
        parts = [Part("held_out" if first.role == "unknown" else first.role, first.landslides, first.others)]
        parts.append(Part("training", read_landslides(training, raster, (), feedback), first.others))
        _notice_shared(parts[0].landslides, parts[1].landslides, feedback)
    return parts


def _labelled(raster: Raster, inventory: str, label_field: str, role: str, fields: list[str], feedback: Feedback) -> list[Part]:
    """Return labelled cells; those that Scarp drew are divided into test and training cells by their subset."""
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
        given = found.fields[ours["origin"]]
        origin = np.array([own if value is None else str(value) for value, own in zip(given, origin)])
    units = landslide_units(told, origin)
    units = np.arange(len(told)) if units is None else units
    subset = subsets(found.fields[ours["subset"]], ours["subset"]) if ours else np.full(len(told), "")
    is_divided = set(subset) == {"train", "test"} and all(len(np.unique(told[subset == name])) == 2 for name in ("train", "test"))
    if is_divided:
        feedback.message("The cells are Scarp's sample cells: test cells count as held out, training cells as those that made the map.")
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
    return parts


def _notice_shared(tested: Landslides, training: Landslides, feedback: Feedback) -> None:
    shared = np.isin(cell_keys(tested.rows, tested.cols), cell_keys(training.rows, training.cols))
    if shared.any():
        count = len(np.unique(tested.unit[shared]))
        feedback.warning(
            f"{count:,} of {tested.count:,} landslides that are to test the map lie on cells of landslides that it was made from: for "
            "these "
            "the prediction rate is memory. Leave them out of the inventory if they are the same landslides."
        )
