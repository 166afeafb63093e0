# SPDX-License-Identifier: GPL-2.0-or-later
"""Classes of polygons or of a raster, laid over the grid.

A class has the same code on every map sheet: that of the raster or, of polygons, the number or a checksum of its name.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback, counted
from ..files.grid import Grid, Window
from ..files.opening import damage_told, opened
from ..files.overlay import is_raster, lay, part_under, told_crs
from ..files.raster import (
    USUAL_VOIDS,
    Contents,
    Raster,
    as_text,
    counts_of,
    file_name,
    is_text,
    open_raster,
    told_voids,
    undeclared_voids,
    windows_of,
)
from ..files.shapes import Tally, every
from ..files.vectors import laid_over, open_layer
from ..gdal import gdal, ogr
from ..reporting.numbers import percent

# Each class becomes a channel of the models; more than these are no longer learnt from a few hundred landslides.
MOST_CLASSES = 64
# The stack stores codes in 32-bit floats, which hold integers exactly up to 2²⁴: codes of a source lie within, these two at the end.
UNKNOWN_CODE, OTHER_CODE = -(2**24), 1 - 2**24
_MOST_CODE = 2**24 - 2
# The largest prime below: longer codes are known by the rest that it leaves, so that they are the same on every map sheet.
_PRIME = 16_777_213
# What has more different values than these is no map of classes.
_MOST_CODES = 100_000
# How the columns of attribute tables are called, where their usage does not tell; Esri and QGIS write Value.
_VALUE_COLUMNS = (
    "value",
    "values",
    "pixel_value",
    "pixelvalue",
    "pixel",
    "code",
    "class_value",
    "classvalue",
    "dn",
    "gridcode",
    "grid_code",
)
# Columns of whole numbers that are no codes.
_NO_CODES = {"count", "histogram", "pixelcount", "oid", "fid", "rowid", "objectid", "red", "green", "blue", "alpha", "opacity"}
# Ranges of more whole numbers than these name no classes.
_MOST_IN_RANGES = 65_536
_FEWEST_BESIDE_255 = 2
_NAME_COLUMNS = (
    "class_name",
    "classname",
    "class_names",
    "name",
    "label",
    "class",
    "category",
    "legend",
    "description",
    "desc",
    "unit",
    "type",
)


@dataclass(frozen=True)
class Classes:
    """Class codes on the grid: a raster that is NaN where no class is known, and what the codes mean.

    `names` holds the classes that the grid has. The codes of `folded` are read as `OTHER_CODE`, and cells without a class as
    `UNKNOWN_CODE` if `names` holds that. `codes` has the source's own code of each that was too long for the stack.
    """

    raster: Raster
    names: Mapping[int, str]
    how: str
    folded: tuple[int, ...] = ()
    codes: Mapping[int, int] = field(default_factory=dict)

    def read(self, window: Window) -> np.ndarray:
        """Return the codes of a window, float32 (rows, cols)."""
        codes = self.raster.read(window)
        if self.folded:
            codes[np.isin(codes, self.folded)] = OTHER_CODE
        if UNKNOWN_CODE in self.names:
            codes[np.isnan(codes)] = UNKNOWN_CODE
        return codes


@dataclass(frozen=True)
class _Laid:
    """A layer of classes on the grid: its codes as a raster, all names that it has, and its own codes where those were too long."""

    raster: Raster
    names: Mapping[int, str]
    how: str
    label: str
    codes: Mapping[int, int] = field(default_factory=dict)


def lay_classes(source: str, name_field: str | None, grid: Grid, path: Path, unknown: str, feedback: Feedback) -> Classes:
    """Lay the classes of a layer over the grid, with the codes of a raster as they are, and of polygons by their names.

    Polygons give a cell the class at its centre; rasters the class that covers most of it, or the nearest where their cells are not
    smaller than the grid's. Beyond `MOST_CLASSES` the rarest classes are folded into one, with a warning.

    Parameters
    ----------
    name_field
        Attribute that names the class of a polygon; not needed for a raster.
    unknown
        An id of `covariates.UNKNOWN`: what becomes of cells without a class.

    Raises
    ------
    EngineError
        If the field is missing, there are no classes on the grid, or the raster holds what cannot be class codes.
    """
    if is_raster(source, name_field):
        laid = _from_raster(open_raster(source), grid, path, feedback)
    else:
        laid = _from_polygons(source, name_field, grid, path, feedback)
    return _named(laid, grid, unknown, feedback)


def lay_class_raster(raster: Raster, grid: Grid, path: Path, unknown: str, feedback: Feedback) -> Classes:
    """Lay the classes of one band over the grid, as `lay_classes` does."""
    return _named(_from_raster(raster, grid, path, feedback), grid, unknown, feedback)


def _named(laid: _Laid, grid: Grid, unknown: str, feedback: Feedback) -> Classes:
    """Name the classes that the grid has, and fold the rarest if they are too many."""
    cells: Counter[int] = Counter()
    gaps = False
    for window in grid.windows():
        values = laid.raster.read(window)
        there, counts = counts_of(values)
        gaps |= int(counts.sum()) < values.size
        cells.update(dict(zip(there.astype(np.int64).tolist(), counts.tolist())))
    if not cells:
        raise EngineError(f"The layer {laid.label} has no classes in the area; leave it out.")
    kept, folded = [code for code, _ in cells.most_common()], []
    if len(kept) > MOST_CLASSES:
        kept, folded = kept[: MOST_CLASSES - 1], kept[MOST_CLASSES - 1 :]
        share = sum(cells[code] for code in folded) / cells.total()
        feedback.warning(
            f"The layer {laid.label} has {len(cells)} classes in the area, and at most {MOST_CLASSES} make sense: the {len(folded)} "
            f"rarest, on {percent(share, 1)} of its cells, become one class, “other”. Group them first if they matter."
        )
    found = {code: laid.names.get(code) or str(laid.codes.get(code, code)) for code in sorted(kept)}
    if folded:
        found[OTHER_CODE] = "other"
    if gaps and unknown == "class":
        found[UNKNOWN_CODE] = "unknown"
    codes = {code: own for code, own in laid.codes.items() if code in found}
    return Classes(laid.raster, found, f"{laid.how}, {counted(len(found), 'class', 'es')}", tuple(folded), codes)


def code_of_name(name: str) -> int:
    """Return the code of a class that has only a name: its number if the name is one, else a checksum of the name.

    Examples
    --------
    >>> code_of_name("7"), code_of_name("marl"), code_of_name("110101001")
    (7, 1075651, 9437723)
    """
    digits = name.removeprefix("-")
    if digits.isdecimal() and digits.isascii() and str(int(name)) == name:
        return int(short_codes(np.array([float(name)]))[0])
    return 1 + zlib.crc32(name.encode()) % _MOST_CODE


def short_codes(codes: np.ndarray) -> np.ndarray:
    """Return codes that a 32-bit float holds exactly: the same, or what a prime number leaves of those that are too long.

    Examples
    --------
    >>> short_codes(np.array([7.0, -9.0, 110_101_001.0, np.nan]))
    array([ 7.000000e+00, -9.000000e+00,  9.437723e+06,           nan])
    """
    return np.where(np.abs(codes) > _MOST_CODE, np.fmod(codes, _PRIME), codes)


def _from_polygons(source: str, name_field: str | None, grid: Grid, path: Path, feedback: Feedback) -> _Laid:
    label = Source.parse(source).label
    dataset, layer = open_layer(source)
    if not name_field:
        raise EngineError(f"The polygon layer {label} needs the field that names its classes.")
    if layer.FindFieldIndex(name_field, True) < 0:
        raise EngineError(f"The layer {label} has no field {name_field!r}.")

    def name(feature: ogr.Feature) -> str:
        return as_text(feature.GetFieldAsString(name_field)).strip()

    if not all(is_text(feature.GetFieldAsString(name_field)) for feature in every(layer)):
        feedback.warning(
            f"The field {name_field} of the layer {label} is no UTF-8 and was read as Windows-1252; if its names look wrong, set the "
            "layer’s encoding in QGIS."
        )
    numbers = _distinct({name(feature) for feature in every(layer)} - {""})
    out = grid.create(str(path), 1, gdal.GDT_Float32, float("nan"))
    out.GetRasterBand(1).Fill(float("nan"))
    tally = Tally()
    polygons = laid_over(layer, grid, grid.bounds, lambda feature: numbers.get(name(feature)), tally, polygons=True)
    gdal.RasterizeLayer(out, [1], polygons.GetLayer(0), options=["ATTRIBUTE=code"])
    out.FlushCache()
    how = f"{file_name(source)}, field {name_field}, {tally}{told_crs(layer.GetSpatialRef(), grid)}, class at the centre of each cell"
    del dataset, out
    return _Laid(open_raster(str(path)), {number: name for name, number in numbers.items()}, how, label)


def _distinct(names: Iterable[str]) -> dict[str, int]:
    """Return the code of each name; where two have the same, the later in the alphabet takes the next that is free."""
    codes: dict[str, int] = {}
    for name in sorted(names):
        code = code_of_name(name)
        while code in codes.values():
            code = code % _MOST_CODE + 1
        codes[name] = code
    return codes


def _from_raster(raster: Raster, grid: Grid, path: Path, feedback: Feedback) -> _Laid:
    part = part_under(raster, grid)
    codes = _codes_of(raster, part)
    own_names = class_names(raster, codes)
    raster = _without_voids(raster, codes, own_names, feedback)
    codes = Counter({code: count for code, count in codes.items() if abs(code) != np.inf and code not in raster.voids})
    nameless = sorted(code for code in codes if code not in own_names)
    if own_names and nameless:
        feedback.warning(
            f"{len(nameless)} of {len(codes)} classes of the raster {raster.file} have no name in its table "
            f"({', '.join(f'{code:.10g}' for code in nameless[:5])}); they are called by their codes."
        )
    long = {code for code in (*codes, *own_names) if abs(code) > _MOST_CODE}
    if raster.band.DataType == gdal.GDT_Float32 and long.intersection(codes):
        feedback.warning(
            f"The raster {raster.file} holds codes above {_MOST_CODE:,} as 32-bit floats, which cannot tell neighbouring ones apart; save "
            "it as whole numbers (Int32) from its source if classes are missing."
        )
    short = {code: int(short_codes(np.array([float(code)]))[0]) for code in (*codes, *own_names)}
    own = {short[code]: int(code) for code in long}
    if len({short[code] for code in codes}) < len(codes):
        raise EngineError(f"The raster {raster.file} has class codes of more than 8 digits that cannot be told apart; reclassify it.")
    names = {short[code]: name for code, name in own_names.items()}
    if raster.grid.matches(grid) and not long:
        return _Laid(raster, names, f"{raster.file}, on the grid already", raster.file)
    how = lay(raster, grid, path, ("mode", "near"), part, short_codes)
    return _Laid(open_raster(str(path)), names, how, raster.file, own)


def _codes_of(raster: Raster, part: Window) -> Counter[float]:
    """Count the cells of each code in a part of a raster, infinity for what is larger than any."""
    cells: Counter[float] = Counter()
    for window in windows_of(part):
        codes, counts = counts_of(replace(raster, limits=(-np.inf, np.inf)).read(window, dtype=np.float64))
        codes = np.where(np.abs(codes) >= 1e19, np.inf, codes)
        odd = codes[np.isfinite(codes) & (codes != np.floor(codes))]
        if odd.size:
            raise EngineError(
                f"The raster {raster.file} holds {odd[0]:.10g}, and class codes are whole numbers; reclassify it, or give it as a "
                "continuous raster."
            )
        for code, count in zip(codes.tolist(), counts.tolist()):
            cells[code] += count
        if len(cells) > _MOST_CODES:
            raise EngineError(
                f"The raster {raster.file} has more than {_MOST_CODES:,} different values, so they are no classes; give it as a continuous "
                "raster."
            )
    return cells


def _without_voids(raster: Raster, codes: Counter[float], names: Mapping[int, str], feedback: Feedback) -> Raster:
    """Return a raster of classes with its undeclared voids taken as missing, and warn of them; what has a name is a class."""
    suspects = {
        code: count for code, count in codes.items() if code in (*USUAL_VOIDS, 32767.0, 65535.0, 2147483647.0, 4294967295.0, np.inf)
    }
    if raster.band.DataType == gdal.GDT_Byte and len(codes) > _FEWEST_BESIDE_255 and 255.0 in codes:  # 0 and 255 make a mask
        suspects[255.0] = codes[255.0]
    suspects = {code: count for code, count in suspects.items() if code not in names}
    rest = [code for code in codes if code not in suspects]
    found = Contents(codes.total(), min(rest, default=np.inf), max(rest, default=-np.inf), suspects)
    voids = undeclared_voids(found)
    if told := told_voids(found, voids):
        feedback.warning(
            f"The raster {raster.file} holds {told} of {found.cells:,} cells, which is no class but looks like nodata that nobody "
            "declared: they are taken as without a class. Declare it (gdal:translate, “Assign a specified NoData value”) if it is."
        )
    return replace(raster, voids=voids)


def class_names(raster: Raster, codes: Iterable[float] = ()) -> dict[int, str]:
    """Return what a raster calls its classes: by its attribute table, an Esri table beside it, or its category names; code to name.

    `codes` are those of its cells, by which a column of codes is known that nothing else tells.
    """
    band = raster.band
    table = band.GetDefaultRAT()
    found = _table_names(table, set(codes)) if table is not None and table.GetRowCount() else {}
    return found or _esri_names(raster.source) or {code: as_text(name) for code, name in enumerate(band.GetCategoryNames() or []) if name}


def _table_names(table: gdal.RasterAttributeTable, codes: set[float]) -> dict[int, str]:
    """Return the names of a raster attribute table: the first text, or the column of names by its usage or name, by codes.

    Codes are in a column by its usage, else by its name, else in the one that holds those of the cells; else they are the rows.
    """
    columns = range(table.GetColumnCount())
    usages = [table.GetUsageOfCol(column) for column in columns]
    called = [as_text(table.GetNameOfCol(column)).strip().lower() for column in columns]
    texts = [column for column in columns if table.GetTypeOfCol(column) == gdal.GFT_String]
    name = _column(usages, (gdal.GFU_Name,), called, _NAME_COLUMNS, texts)
    if name is None:
        name = next(iter(texts), None)
    if name is None:
        return {}
    value = _column(usages, (gdal.GFU_MinMax, gdal.GFU_Min), called, _VALUE_COLUMNS, [column for column in columns if column != name])
    if {gdal.GFU_Min, gdal.GFU_Max} <= set(usages):
        ranges = _range_names(table, usages.index(gdal.GFU_Min), usages.index(gdal.GFU_Max), name)
        if ranges:
            return ranges
    if value is None:
        value = _column_of_codes(table, usages, called, codes)
    binned, first, step = table.GetLinearBinning()

    def code(row: int) -> float:
        if value is not None:
            return float(table.GetValueAsDouble(row, value))
        return first + row * step if binned else float(row)

    found = {code(row): as_text(table.GetValueAsString(row, name)).strip() for row in range(table.GetRowCount())}
    return {int(code): name for code, name in found.items() if name and code.is_integer()}


def _column_of_codes(table: gdal.RasterAttributeTable, usages: list[int], called: list[str], codes: set[float]) -> int | None:
    """Return the column of whole numbers that differ from row to row and hold most of the codes, the first of equals; None without any.

    Without codes to look for it is the only such column of integers.
    """
    rows, found = range(table.GetRowCount()), {}
    for column, usage in enumerate(usages):
        if table.GetTypeOfCol(column) == gdal.GFT_String or usage != gdal.GFU_Generic or called[column] in _NO_CODES:
            continue
        values = {table.GetValueAsDouble(row, column) for row in rows}
        if len(values) == len(rows) and all(value.is_integer() for value in values):
            found[column] = len(values & codes)
    if codes:
        best = max(found, key=lambda column: found[column], default=None)
        return best if best is not None and found[best] else None
    whole = [column for column in found if table.GetTypeOfCol(column) == gdal.GFT_Integer]
    return whole[0] if len(whole) == 1 else None


def _range_names(table: gdal.RasterAttributeTable, low: int, high: int, name: int) -> dict[int, str]:
    """Return the names of whole numbers by rows of ranges; a limit that two rows share belongs to the upper. Nothing without ranges."""
    rows = sorted(
        (table.GetValueAsDouble(row, low), table.GetValueAsDouble(row, high), as_text(table.GetValueAsString(row, name)).strip())
        for row in range(table.GetRowCount())
    )
    if not any(most > least for least, most, _ in rows) or sum(most - least for least, most, _ in rows) > _MOST_IN_RANGES:
        return {}
    return {code: told for least, most, told in rows if told for code in range(math.ceil(least), math.floor(most) + 1)}


def _column(usages: list[int], wanted: tuple[int, ...], called: list[str], names: tuple[str, ...], among: list[int]) -> int | None:
    """Return the column with the first of the wanted usages, else the one among some with the first of these names."""
    for usage in wanted:
        if usage in usages:
            return usages.index(usage)
    return next((column for name in names for column in among if called[column] == name), None)


def _esri_names(source: Source) -> dict[int, str]:
    """Return the names of the table that Esri keeps beside a raster (`.vat.dbf`)."""
    for path in (f"{source.path}.vat.dbf", f"{Path(source.path).with_suffix('')}.vat.dbf"):
        if not Path(path).is_file():
            continue
        told = f"table {path} of the raster's classes"
        dataset = opened(replace(source, path=path), gdal.OF_VECTOR, told)
        with damage_told(told):
            layer = dataset.GetLayer(0)
            fields = [layer.GetLayerDefn().GetFieldDefn(number) for number in range(layer.GetLayerDefn().GetFieldCount())]
            called = [each.GetName().lower() for each in fields]
            texts = [number for number, each in enumerate(fields) if each.GetType() == ogr.OFTString]
            name = next((number for each in _NAME_COLUMNS for number in texts if called[number] == each), next(iter(texts), None))
            if "value" in called and name is not None:
                value = called.index("value")
                return {int(row.GetFieldAsDouble(value)): as_text(row.GetFieldAsString(name)).strip() for row in layer}
    return {}
