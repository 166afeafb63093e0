# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables without geometry, as CSV or GeoPackage."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from osgeo import ogr

from .errors import EngineError
from .outputs import check_writable, replacing

ogr.UseExceptions()
_TYPES = {int: ogr.OFTInteger64, float: ogr.OFTReal, str: ogr.OFTString}


def check_table(path: str) -> None:
    """Raise EngineError if no table can be written to `path`."""
    check_writable(path)
    if Path(path).suffix.lower() not in (".csv", ".gpkg"):
        raise EngineError(f"The table {path} cannot be written in this format; its name must end in .csv or .gpkg.")


def write_table(path: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that have the same keys: CSV or, where the name ends in `.gpkg`, a GeoPackage; None is an empty field."""
    check_table(path)
    with replacing(path) as temporary:
        if Path(path).suffix.lower() == ".csv":
            with temporary.open("w", newline="", encoding="utf-8") as stream:
                writer = csv.DictWriter(stream, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        else:
            _write_geopackage(temporary, Path(path).stem, rows)


def _write_geopackage(path: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(path))
    layer = dataset.CreateLayer(name, None, ogr.wkbNone)
    for key in rows[0]:
        kind = next((type(row[key]) for row in rows if row[key] is not None), float)
        layer.CreateField(ogr.FieldDefn(key, _TYPES[kind]))
    layer.StartTransaction()
    for row in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        for key, value in row.items():
            if value is not None:
                feature[key] = value
        layer.CreateFeature(feature)
    layer.CommitTransaction()
