# SPDX-License-Identifier: GPL-2.0-or-later
"""How landslides on a map are counted: each landslide once, and each cell once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...models.covariate import Covariate
from ..declarations.source import Source
from ..feedback import Feedback
from ..files.raster import Raster
from ..files.stack import Stack
from ..samples.inventory import read_inventory
from ..samples.labels import check_no_labels
from ..samples.polygon_cells import overlapping
from ..samples.types import Types


@dataclass(frozen=True)
class Landslides:
    """The cells of landslides on a map, a row for each landslide and cell; all arrays (n,).

    Landslides that share a cell are one, as where cells are divided. A landslide on several cells counts as an equal part of one on each of
    them, and a cell that is there several times as equal parts of a cell: so sums of `of_landslides` count landslides, and sums of
    `of_cells` count cells.

    Parameters
    ----------
    rows, cols
        The cells.
    unit
        The number of the landslide.
    mapped
        The number of the landslide as it was mapped, which may share a cell with others.
    values
        The map's value there, as `Raster.dtype` says.
    fields
        Attribute values (object) by field.
    """

    rows: np.ndarray
    cols: np.ndarray
    unit: np.ndarray
    mapped: np.ndarray
    values: np.ndarray
    of_landslides: np.ndarray
    of_cells: np.ndarray
    fields: dict[str, np.ndarray] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        rows: np.ndarray,
        cols: np.ndarray,
        mapped: np.ndarray,
        values: np.ndarray,
        fields: dict[str, np.ndarray] | None = None,
        unit: np.ndarray | None = None,
    ) -> Landslides:
        """Return landslides by their cells; `mapped` (n,) tells them apart as they were mapped, `unit` (n,) what counts as one where known.

        Examples
        --------
        >>> import numpy as np
        >>> from scarp.engine.mapping.counting import Landslides
        >>> rows, cols = np.array([0, 0, 0, 5]), np.array([1, 2, 2, 2])
        >>> found = Landslides.of(rows, cols, np.array(["a", "a", "b", "c"]), np.zeros(4))
        >>> found.of_landslides.tolist(), found.of_cells.tolist(), found.count
        ([0.5, 0.25, 0.25, 1.0], [1.0, 0.5, 0.5, 1.0], 2)
        """
        keys = cell_keys(rows, cols)
        units = overlapping(keys, mapped) if unit is None else unit
        (_, number), (_, of_mapped), (_, cell) = (np.unique(each, return_inverse=True) for each in (units, mapped, keys))
        number, cell = number.ravel(), cell.ravel()
        _, pair = np.unique(np.stack([number, cell]), axis=1, return_inverse=True)
        share = 1 / np.bincount(pair.ravel())[pair.ravel()]  # of a cell, to each row of the landslide there
        of_landslides = share / np.bincount(number, share)[number]
        return cls(rows, cols, number, of_mapped.ravel(), values, of_landslides, 1 / np.bincount(cell)[cell], fields or {})

    @property
    def count(self) -> int:
        """How many landslides there are."""
        return len(np.unique(self.unit))

    @property
    def as_mapped(self) -> int:
        """How many there are as they were mapped, those that share a cell each for itself."""
        return len(np.unique(self.mapped))

    @property
    def cells(self) -> int:
        """How many cells they cover."""
        return round(float(self.of_cells.sum()))

    def only(self, chosen: np.ndarray) -> Landslides:
        """Return some of the rows (n,), boolean; what is left of a landslide keeps its share."""
        columns = ("rows", "cols", "unit", "mapped", "values", "of_landslides", "of_cells")
        fields = {name: column[chosen] for name, column in self.fields.items()}
        return replace(self, fields=fields, **{name: getattr(self, name)[chosen] for name in columns})

    def alone(self, chosen: np.ndarray) -> Landslides:
        """Return some of the rows (n,), boolean, as if there were no others."""
        fields = {name: column[chosen] for name, column in self.fields.items()}
        return Landslides.of(self.rows[chosen], self.cols[chosen], self.mapped[chosen], self.values[chosen], fields)

    def of_types(self, types: Types, inventory: str, feedback: Feedback) -> tuple[Landslides, Landslides, str]:
        """Return the landslides of some types of movement, all others, and these types as the field has them.

        Raises
        ------
        EngineError
            As `Types.among`.
        """
        mine, told = types.among(self.fields[types.field], self.mapped, Source.parse(inventory).label, feedback, few=False)
        return self.alone(mine), self.alone(~mine), told


def on_cells_of(some: Landslides, others: Landslides) -> int:
    """Return how many of some landslides lie on a cell of others.

    >>> import numpy as np
    >>> from scarp.engine.mapping.counting import Landslides, on_cells_of
    >>> one, other = (Landslides.of(np.arange(3), np.array(cols), np.array([4, 4, 7]), np.zeros(3)) for cols in ([1, 1, 1], [1, 1, 5]))
    >>> on_cells_of(one, other)
    1
    """
    shared = np.isin(cell_keys(some.rows, some.cols), cell_keys(others.rows, others.cols))
    return len(np.unique(some.unit[shared]))


def cell_keys(rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
    """Return a number for each cell, alike for the same cell, int64 (n,)."""
    return np.asarray(rows, np.int64) << 32 | np.asarray(cols, np.int64)


def as_stack(raster: Raster) -> Stack:
    """Return a map as a stack of one band, by which inventories are read."""
    return Stack(raster.source.told, [raster], [Covariate("susceptibility")], raster.dtype)


def read_landslides(inventory: str, raster: Raster, fields: Sequence[str] = (), feedback: Feedback | None = None) -> Landslides:
    """Return the landslides of a plain inventory on the valid cells of a map.

    Raises
    ------
    EngineError
        If the inventory holds others than landslides, or none of them lies on the map.
    """
    check_no_labels(inventory, feedback)
    stack = as_stack(raster)
    found = read_inventory(inventory, stack, fields, feedback)
    values = stack.at(found.rows, found.cols)[:, 0]
    slides = Landslides.of(found.rows, found.cols, found.origin, values, found.fields)
    if feedback and slides.count < slides.as_mapped:
        feedback.message(f"Some of the {slides.as_mapped:,} landslides share cells and count as one, so that there are {slides.count:,}.")
    return slides
