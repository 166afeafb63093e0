# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables without geometry, as CSV, GeoPackage or XLSX."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..declarations.outputs import FORMATS
from ..declarations.source import Source
from ..errors import EngineError
from ..gdal import gdal, ogr
from .opening import opened
from .outputs import check_writable, replacing
from .vectors import write_layer

_TYPES = {int: ogr.OFTInteger64, float: ogr.OFTReal, str: ogr.OFTString}
_CSV_TYPES = {int: "Integer64", float: "Real", str: "String"}
# Formats of OGR; in a sheet of XLSX each cell tells whether it is text, and a formula is none.
_DRIVERS = {".gpkg": "GPKG", ".xlsx": "XLSX"}
# What a cell of CSV begins with that spreadsheets take for a formula.
_FORMULAS = tuple("=+-@\t\r")
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
    dataset = opened(Source(path), gdal.OF_VECTOR, f"table {name}", options)
    layer = dataset.GetLayer(0)
    if layer is None or layer.GetFeatureCount() > MOST_ROWS:
        found = "no table" if layer is None else f"{layer.GetFeatureCount():,} rows"
        raise EngineError(f"The table {name} holds {found}, and a table of at most {MOST_ROWS:,} rows is needed that Scarp wrote.")
    rows = [{_own(key): _own(value) for key, value in feature.items().items()} for feature in layer]
    del layer, dataset
    return rows


def _plain(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: names come from data that others made.

    >>> from scarp.engine.files.tables import _plain
    >>> _plain("=1+1"), _plain("-granite"), _plain("slope"), _plain(-1.5)
    ("'=1+1", "'-granite", 'slope', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def _own(value: Any) -> Any:
    """Return a cell as it was before `_plain`; None for an empty text.

    >>> from scarp.engine.files.tables import _own
    >>> _own("'=1+1"), _own("'tis"), _own(""), _own(-1.5)
    ('=1+1', "'tis", None, -1.5)
    """
    if not isinstance(value, str):
        return value
    return (value[1:] if value.startswith(tuple(f"'{each}" for each in _FORMULAS)) else value) or None
