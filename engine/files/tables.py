# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables without geometry, as CSV or GeoPackage."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from osgeo import ogr

from ..errors import EngineError
from .outputs import check_writable, replacing

ogr.UseExceptions()
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
            _write_geopackage(temporary, Path(path).stem, rows, types)
        return
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(types))
        writer.writeheader()
        writer.writerows(rows)
    with replacing(Path(path).with_suffix(".csvt")) as temporary:
        temporary.write_text(",".join(f'"{_CSV_TYPES[kind]}"' for kind in types.values()) + "\n", encoding="utf-8")


def _write_geopackage(path: Path, name: str, rows: Sequence[Mapping[str, Any]], types: Mapping[str, type]) -> None:
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = dataset.CreateLayer(name, None, ogr.wkbNone)
    for key, kind in types.items():
        layer.CreateField(ogr.FieldDefn(key, _TYPES[kind]))
    layer.StartTransaction()
    for row in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        for key, value in row.items():
            if value is not None:
                feature[key] = value
        layer.CreateFeature(feature)
    layer.CommitTransaction()
