# SPDX-License-Identifier: GPL-2.0-or-later
"""GDAL, OGR and OSR with exceptions on: the one place that imports them, so that no error passes in silence."""

from __future__ import annotations

from osgeo import gdal, ogr, osr

for _library in (gdal, ogr, osr):
    _library.UseExceptions()

__all__ = ["gdal", "ogr", "osr"]
