# SPDX-License-Identifier: GPL-2.0-or-later
"""Vector layers as tasks name them: `path` or `path|layername=name`."""

from __future__ import annotations

from pathlib import Path

from osgeo import gdal, ogr

from .errors import EngineError

gdal.UseExceptions()


def open_layer(source: str) -> tuple[gdal.Dataset, ogr.Layer]:
    """Open a vector layer for reading.

    Parameters
    ----------
    source
        `path`, or `path|layername=name` where the file holds several layers.

    Returns
    -------
    The dataset, which must be kept while the layer is in use, and the layer.

    Raises
    ------
    EngineError
        If it cannot be opened, has no such layer, or has no coordinate reference system.
    """
    path, _, options = source.partition("|")
    name = next((o[len("layername=") :] for o in options.split("|") if o.startswith("layername=")), None)
    try:
        dataset = gdal.OpenEx(path, gdal.OF_VECTOR)
    except RuntimeError as error:
        raise EngineError(f"The layer {path} cannot be opened: {error}") from error
    layer = dataset.GetLayerByName(name) if name else dataset.GetLayer(0)
    if layer is None:
        raise EngineError(f"The file {path} has no layer {name!r}.")
    if layer.GetSpatialRef() is None:
        raise EngineError(
            f"The layer {name or Path(path).stem} has no coordinate reference system; assign one "
            "(Layer > Set Layer CRS) so that it can be laid over the raster."
        )
    return dataset, layer
