# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes of polygons or of a raster, laid over the grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window, read_window
from ..files.overlay import file_name, is_raster, lay, open_real, told_crs
from ..files.shapes import Tally
from ..files.vectors import laid_over, open_layer
from ..gdal import gdal, ogr

# Each class becomes a channel of the models; more than these are no longer learnt from a few hundred landslides.
MOST_CLASSES = 64
# The stack stores codes in 32-bit floats, which hold integers exactly up to 2²⁴: codes of a source lie within, these two at the end.
UNKNOWN_CODE, OTHER_CODE = -(2**24), 1 - 2**24
_MOST_CODE = 2**24 - 2


@dataclass(frozen=True)
class Classes:
    """Class codes on the grid: a raster that is NaN where no class is known, and what the codes mean.

    `names` holds the classes that the grid has. The codes of `folded` are read as `OTHER_CODE`, and cells without a class as
    `UNKNOWN_CODE` if `names` holds that.
    """

    raster: gdal.Dataset
    names: Mapping[int, str]
    how: str
    folded: tuple[int, ...] = ()

    def read(self, window: Window) -> np.ndarray:
        """Return the codes of a window, float32 (rows, cols)."""
        codes = read_window(self.raster, window)
        if self.folded:
            codes[np.isin(codes, self.folded)] = OTHER_CODE
        if UNKNOWN_CODE in self.names:
            codes[np.isnan(codes)] = UNKNOWN_CODE
        return codes


def lay_classes(source: str, field: str | None, grid: Grid, path: Path, unknown: str, feedback: Feedback) -> Classes:
    """Lay the classes of a layer over the grid, with the codes of a raster as they are, and of polygons numbered from 1.

    Polygons give a cell the class at its centre; rasters the class that covers most of it, or the nearest where their cells are not
    smaller than the grid's. Beyond `MOST_CLASSES` the rarest classes are folded into one, with a warning.

    Parameters
    ----------
    field
        Attribute that names the class of a polygon; not needed for a raster.
    unknown
        An id of `covariates.UNKNOWN`: what becomes of cells without a class.

    Raises
    ------
    EngineError
        If the field is missing, there are no classes on the grid, or the raster holds what cannot be class codes.
    """
    if is_raster(source, field):
        names, how = _from_raster(source, grid, path)
    else:
        names, how = _from_polygons(source, field, grid, path)
    raster = gdal.Open(str(path))
    cells: Counter[float] = Counter()
    gaps = False
    for window in grid.windows():
        codes, counts = np.unique(read_window(raster, window), return_counts=True)
        known = np.isfinite(codes)
        gaps |= not known.all()
        cells.update(dict(zip(codes[known].tolist(), counts[known].tolist())))
    return _named(raster, cells, names, how, gaps and unknown == "class", feedback)


def _named(
    raster: gdal.Dataset, cells: Counter[float], names: Mapping[int, str], how: str, has_unknown: bool, feedback: Feedback
) -> Classes:
    """Name the classes that the grid has, and fold the rarest if they are too many."""
    layer = how.split(",", maxsplit=1)[0]
    if not cells:
        raise EngineError(f"The layer {layer} has no classes in the area; leave it out.")
    odd = next((code for code in cells if not code.is_integer() or abs(code) > _MOST_CODE), None)
    if odd is not None:
        raise EngineError(
            f"The raster {layer} holds {odd:.10g}, and class codes are whole numbers of at most {_MOST_CODE:,}; "
            "reclassify it, or give it as a continuous raster."
        )
    codes = [int(code) for code, _ in cells.most_common()]
    kept, folded = codes, []
    if len(codes) > MOST_CLASSES:
        kept, folded = codes[: MOST_CLASSES - 1], codes[MOST_CLASSES - 1 :]
        share = sum(cells[code] for code in folded) / cells.total()
        feedback.warning(
            f"The layer {layer} has {len(codes)} classes in the area, and at most {MOST_CLASSES} make sense: the {len(folded)} rarest, on "
            f"{share:.1%} of its cells, become one class, “other”. Group them first if they matter."
        )
    found = {code: names.get(code, str(code)) for code in sorted(kept)}
    if folded:
        found[OTHER_CODE] = "other"
    if has_unknown:
        found[UNKNOWN_CODE] = "unknown"
    return Classes(raster, found, f"{how}, {len(found)} classes", tuple(folded))


def _from_polygons(source: str, field: str | None, grid: Grid, path: Path) -> tuple[dict[int, str], str]:
    if not field:
        raise EngineError(f"The polygon layer {Source.parse(source).label} needs the field that names its classes.")
    dataset, layer = open_layer(source)
    if layer.FindFieldIndex(field, True) < 0:
        raise EngineError(f"The layer {Source.parse(source).label} has no field {field!r}.")

    def name(feature: ogr.Feature) -> str:
        return (feature.GetFieldAsString(field) or "").strip()

    # Numbered over the whole layer, so that stacks of different areas agree.
    numbers = {name: number for number, name in enumerate(sorted({name(feature) for feature in layer} - {""}), start=1)}
    out = grid.create(str(path), 1, gdal.GDT_Float32, float("nan"))
    out.GetRasterBand(1).Fill(float("nan"))
    tally = Tally()
    polygons = laid_over(layer, grid, grid.bounds, lambda feature: numbers.get(name(feature)), tally, polygons=True)
    gdal.RasterizeLayer(out, [1], polygons.GetLayer(0), options=["ATTRIBUTE=code"])
    out.FlushCache()
    how = f"{file_name(source)}, field {field}, {tally}{told_crs(layer.GetSpatialRef(), grid)}, class at the centre of each cell"
    del dataset
    return {number: name for name, number in numbers.items()}, how


def _from_raster(source: str, grid: Grid, path: Path) -> tuple[dict[int, str], str]:
    dataset = open_real(source)
    how = lay(source, dataset, grid, path, ("mode", "near"))
    return _category_names(dataset.GetRasterBand(1)), how


def _category_names(band: gdal.Band) -> dict[int, str]:
    table = band.GetDefaultRAT()
    if table is not None and table.GetRowCount():
        columns = {table.GetUsageOfCol(column): column for column in range(table.GetColumnCount())}
        if gdal.GFU_Name in columns:
            values = columns.get(gdal.GFU_MinMax, 0)
            return {
                table.GetValueAsInt(row, values): table.GetValueAsString(row, columns[gdal.GFU_Name]) for row in range(table.GetRowCount())
            }
    return {code: name for code, name in enumerate(band.GetCategoryNames() or []) if name}
