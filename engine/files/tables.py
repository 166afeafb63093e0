# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables without geometry, as CSV, GeoPackage or XLSX."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from ...models.errors import HALF_LETTERS, short
from ..declarations.outputs import FORMATS
from ..declarations.source import Source
from ..errors import EngineError
from ..gdal import gdal, ogr
from .opening import damage_told, opened
from .outputs import check_writable, replacing
from .vectors import write_layer

_TYPES = {int: ogr.OFTInteger64, float: ogr.OFTReal, str: ogr.OFTString}
_CSV_TYPES = {int: "Integer64", float: "Real", str: "String"}
# Formats of OGR; in a sheet of XLSX each cell tells whether it is text, and a formula is none.
_DRIVERS = {".gpkg": "GPKG", ".xlsx": "XLSX"}
# What a cell of CSV begins with that spreadsheets take for a formula.
_FORMULAS = tuple("=+-@\t\r")
# What a sheet of XLSX can hold: rows beside the head, and letters in a cell; and what no XML can, which makes it unreadable.
_SHEET_ROWS, _CELL_LETTERS = 2**20 - 1, 32_767
_NO_XML = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{HALF_LETTERS}\ufffe\uffff]")
# Tables of more rows are those of nobody who reads them.
MOST_ROWS = 100_000


def check_table(path: str) -> None:
    """Raise EngineError if no table can be written to `path`."""
    check_writable(path)
    endings = FORMATS["table"]
    if Path(path).suffix.lower() not in endings:
        raise EngineError(f"The table {path} cannot be written in this format; its name must end in {' or '.join(endings)}.")


def write_table(path: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that have the same keys: a GeoPackage or XLSX where the name ends so, else CSV; None is an empty field.

    Beside a CSV lies a `.csvt` with the types of its columns, by which QGIS knows numbers from text.
    """
    check_table(path)
    ending = Path(path).suffix.lower()
    types = {key: next((type(row[key]) for row in rows if row[key] is not None), float) for key in rows[0]}
    if ending in _DRIVERS:
        driver, name = _DRIVERS[ending], "table" if ending == ".xlsx" else Path(path).stem
        if ending == ".xlsx":
            if len(rows) > _SHEET_ROWS:
                raise EngineError(
                    f"The table {path} would have {len(rows):,} rows, and XLSX takes {_SHEET_ROWS:,}; give it a name in .csv or .gpkg."
                )
            rows = [{key: _in_sheet(value) for key, value in row.items()} for row in rows]
        with replacing(path) as temporary:
            fields = {key: _TYPES[kind] for key, kind in types.items()}
            write_layer(temporary, name, ogr.wkbNone, fields, ((row, None) for row in rows), driver=driver)
        return
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(types))
        writer.writerow({key: _plain(key) for key in types})
        writer.writerows({key: _plain(value) for key, value in row.items()} for row in rows)
    with replacing(Path(path).with_suffix(".csvt")) as temporary:
        temporary.write_text(",".join(f'"{_CSV_TYPES[kind]}"' for kind in types.values()) + "\n", encoding="utf-8")


def read_table(path: str) -> list[dict[str, Any]]:
    """Return the rows of a table as `write_table` wrote it: numbers, text, and None for what is empty.

    Raises
    ------
    EngineError
        If it is no table, or has more rows than a table of Scarp.
    """
    name = Path(path).name
    options = ["AUTODETECT_TYPE=YES"] if path.lower().endswith(".csv") else []
    dataset = opened(Source(path), gdal.OF_VECTOR, f"table {name}", options, ("table", "a CSV"))
    with damage_told(f"table {name}"):
        layer = dataset.GetLayer(0)
        if layer is None or layer.GetFeatureCount() > MOST_ROWS:
            found = "no table" if layer is None else f"{layer.GetFeatureCount():,} rows"
            raise EngineError(f"The table {name} holds {found}, and a table of at most {MOST_ROWS:,} rows is needed that Scarp wrote.")
        rows = [{_own(key): _own(value) for key, value in feature.items().items()} for feature in layer]
    del layer, dataset
    return rows


def with_numbers(rows: Sequence[Mapping[str, Any]], columns: AbstractSet[str], what: str, wanted: str) -> list[dict[str, Any]]:
    """Return rows whose columns of these names hold finite numbers or None, as far as there are such columns.

    Parameters
    ----------
    what, wanted
        Begin and end of the sentence that refuses it: which table it is, and what to do.

    Raises
    ------
    EngineError
        If one holds anything else.

    Examples
    --------
    >>> from scarp.engine.files.tables import with_numbers
    >>> with_numbers([{"class": "low", "cells": "12", "to": float("nan")}], {"cells", "to", "from"}, "", "")
    [{'class': 'low', 'cells': 12.0, 'to': None}]
    """
    found = []
    for row in rows:
        numbers = {}
        for key in sorted(columns & row.keys()):
            value = row[key]
            try:
                number = None if value in (None, "") else float(value)
            except (TypeError, ValueError, OverflowError):
                raise EngineError(f"{what} has {short(value)} in the column {key}, where a number is needed; {wanted}.") from None
            whole = type(value) is int
            numbers[key] = None if number is None or not math.isfinite(number) else value if whole else number
        found.append({**row, **numbers})
    return found


def _plain(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: names come from data that others made.

    >>> from scarp.engine.files.tables import _plain
    >>> _plain("=1+1"), _plain("-granite"), _plain("slope"), _plain(-1.5)
    ("'=1+1", "'-granite", 'slope', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def _in_sheet(value: Any) -> Any:
    r"""Return a cell that XLSX can hold, without what no XML may, and cut where Excel would cut it.

    >>> from scarp.engine.files.tables import _in_sheet
    >>> _in_sheet("a\x01b\uffff"), _in_sheet("=1+1"), len(_in_sheet("x" * 40_000)), _in_sheet(-1.5)
    ('ab', '=1+1', 32767, -1.5)
    """
    if not isinstance(value, str):
        return value
    text = _NO_XML.sub("", value)
    units = text.encode("utf-16-le")
    return text if len(units) <= 2 * _CELL_LETTERS else units[: 2 * _CELL_LETTERS - 2].decode("utf-16-le", "ignore") + "…"


def _own(value: Any) -> Any:
    """Return a cell as it was before `_plain`; None for an empty text.

    >>> from scarp.engine.files.tables import _own
    >>> _own("'=1+1"), _own("'tis"), _own(""), _own(-1.5)
    ('=1+1', "'tis", None, -1.5)
    """
    if not isinstance(value, str):
        return value
    return (value[1:] if value.startswith(tuple(f"'{each}" for each in _FORMULAS)) else value) or None
