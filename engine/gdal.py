# SPDX-License-Identifier: GPL-2.0-or-later
"""GDAL, OGR and OSR with exceptions on: the one place that imports them, so that no error passes in silence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from osgeo import gdal, ogr, osr

for _library in (gdal, ogr, osr):
    _library.UseExceptions()
gdal.SetConfigOption("GDAL_VRT_ENABLE_PYTHON", "NO")  # whatever the environment says: a virtual raster of others runs nothing


@contextmanager
def quiet() -> Iterator[None]:
    """Keep GDAL from printing, a line for each ring that crosses itself for example; what fails still raises."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()


def close(dataset: gdal.Dataset | None) -> None:
    """Write what is left of a data set and close it; GDAL alone only prints what fails then.

    Raises
    ------
    RuntimeError
        If it could not be written to its end.
    """
    failed: list[str] = []

    def told(kind: int, _number: int, text: str) -> None:
        if kind >= gdal.CE_Failure:
            failed.append(text)

    if dataset is None:
        raise RuntimeError("the file could not be made")
    gdal.PushErrorHandler(told)
    try:
        dataset.FlushCache()
        if hasattr(dataset, "Close"):  # since GDAL 3.8; before, the last reference closes it
            dataset.Close()
        del dataset
    finally:
        gdal.PopErrorHandler()
    if failed:
        raise RuntimeError(failed[0])


__all__ = ["close", "gdal", "ogr", "osr", "quiet"]
