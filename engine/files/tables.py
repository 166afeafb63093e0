# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables without geometry, as CSV or GeoPackage."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import EngineError
from ..gdal import ogr
from .outputs import check_writable, replacing
from .vectors import write_layer

_TYPES = {int: ogr.OFTInteger64, float: ogr.OFTReal, str: ogr.OFTString}
_CSV_TYPES = {int: "Integer64", float: "Real", str: "String"}


def check_table(path: str) -> None:
    """Raise EngineError if no table can be written to `path`."""
    check_writable(path)
    if Path(path).suffix.lower() not in (".csv", ".gpkg"):
        raise EngineError(f"The table {path} cannot be written in this format; its name must end in .csv or .gpkg.")


def write_table(path: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that have the same keys: a GeoPackage where the name ends in `.gpkg`, else CSV; None is an empty field.

    Beside a CSV lies a `.csvt` with the types of its columns, by which QGIS knows numbers from text.
    """
    check_table(path)
    types = {key: next((type(row[key]) for row in rows if row[key] is not None), float) for key in rows[0]}
    if Path(path).suffix.lower() == ".gpkg":
        with replacing(path) as temporary:
            fields = {key: _TYPES[kind] for key, kind in types.items()}
            write_layer(temporary, Path(path).stem, ogr.wkbNone, fields, ((row, None) for row in rows))
        return
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(types))
        writer.writerow({key: _plain(key) for key in types})
        writer.writerows({key: _plain(value) for key, value in row.items()} for row in rows)
    with replacing(Path(path).with_suffix(".csvt")) as temporary:
        temporary.write_text(",".join(f'"{_CSV_TYPES[kind]}"' for kind in types.values()) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: names come from data that others made.

    >>> from scarp.engine.files.tables import _plain
    >>> _plain("=1+1"), _plain("-granite"), _plain("slope"), _plain(-1.5)
    ("'=1+1", "'-granite", 'slope', -1.5)
    """
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
