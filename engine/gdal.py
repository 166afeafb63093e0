# SPDX-License-Identifier: GPL-2.0-or-later
"""GDAL, OGR and OSR with exceptions on: the one place that imports them, so that no error passes in silence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from osgeo import gdal, ogr, osr

for _library in (gdal, ogr, osr):
    _library.UseExceptions()


@contextmanager
def quiet() -> Iterator[None]:
    """Keep GDAL from printing, a line for each ring that crosses itself for example; what fails still raises."""
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        yield
    finally:
        gdal.PopErrorHandler()


__all__ = ["gdal", "ogr", "osr", "quiet"]
