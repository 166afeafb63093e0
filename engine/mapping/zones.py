# SPDX-License-Identifier: GPL-2.0-or-later
"""Polygons laid over a map as numbers of zones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..files.grid import Grid, Window
from ..files.raster import as_text
from ..files.shapes import every
from ..files.vectors import feature_id, laid_over, open_layer
from ..gdal import gdal, ogr


@dataclass(frozen=True)
class ZoneRaster:
    """Which zone each cell lies in.

    Parameters
    ----------
    dataset
        Numbers from 1 on the map's grid; 0 where there is none.
    names
        The zones' names, in the order of their numbers.
    beyond
        Names of those that no polygon of reaches the grid, or that have no geometry or area.
    """

    dataset: gdal.Dataset
    names: list[str]
    beyond: list[str]

    @classmethod
    def lay(cls, source: str, field: str | None, grid: Grid, path: Path) -> ZoneRaster:
        """Lay polygons over a grid, into a raster at `path`; where they overlap, the later one counts.

        Parameters
        ----------
        field
            Polygons with the same value are one zone; None: each polygon is one, called by its id.

        Raises
        ------
        EngineError
            If there are no polygons, the field is missing, or none reaches the grid.
        """
        dataset, layer = open_layer(source)
        name = Source.parse(source).label
        definition = layer.GetLayerDefn()
        fields = [definition.GetFieldDefn(index).GetName() for index in range(definition.GetFieldCount())]
        if field and field not in fields:
            raise EngineError(f"The layer {name} has no field {field!r}; its fields are {', '.join(fields) or 'none'}.")
        numbers: dict[str, int] = {}

        def called(feature: ogr.Feature) -> str:
            return (as_text(feature.GetFieldAsString(field)) if field else feature_id(feature)) or "without a name"

        def number(feature: ogr.Feature) -> int:
            return numbers.setdefault(called(feature), len(numbers) + 1)

        polygons = laid_over(layer, grid, grid.bounds, number, polygons=True)
        if not numbers:
            raise EngineError(f"No polygon of the layer {name} reaches the map; check its coordinate reference system.")
        out = grid.create(str(path), 1, gdal.GDT_Int32, 0)
        gdal.RasterizeLayer(out, [1], polygons.GetLayer(0), options=["ATTRIBUTE=code"])
        out.FlushCache()
        beyond = dict.fromkeys(name for name in map(called, every(layer)) if name not in numbers)
        del dataset
        return cls(out, list(numbers), list(beyond))

    def read(self, window: Window) -> np.ndarray:
        """Return the numbers of a window, int64 (rows, cols); 0 where there is no zone."""
        values = self.dataset.GetRasterBand(1).ReadAsArray(window.col, window.row, window.cols, window.rows)
        return values.astype(np.int64)  # type: ignore[no-any-return]

    def at(self, rows: np.ndarray, cols: np.ndarray) -> np.ndarray:
        """Return the numbers of cells, (n,)."""
        found = np.zeros(len(rows), np.int64)
        order = np.argsort(rows, kind="stable")
        for some in np.split(order, np.flatnonzero(np.diff(rows[order])) + 1) if len(order) else []:
            line = self.read(Window(int(rows[some[0]]), 0, 1, self.dataset.RasterXSize))[0]
            found[some] = line[cols[some]]
        return found
