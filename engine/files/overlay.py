# SPDX-License-Identifier: GPL-2.0-or-later
"""Other layers laid over the grid, each as a temporary raster, and how that was done in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..gdal import gdal, osr
from .grid import Grid, compression, open_raster
from .vectors import laid_over, open_layer

# A raster whose cells are below this share of the grid's is averaged (or its most frequent class is taken).
_FINER = 0.75
_METHODS = {"average": "averaged", "bilinear": "bilinear", "mode": "most frequent class of each cell", "near": "nearest class"}


def quantity_raster(source: str, grid: Grid, path: Path, feedback: Feedback) -> tuple[str, str]:
    """Lay a raster of a quantity over the grid: averaged where its cells are smaller, bilinear otherwise.

    Returns
    -------
    The raster on the grid (`source` itself if it is there already), and how it came there.

    Raises
    ------
    EngineError
        If it holds complex numbers.
    """
    dataset = open_real(source)
    if dataset.GetRasterBand(1).GetColorTable() is not None:
        feedback.warning(
            f"The raster {file_name(source)} has a palette, so its values are perhaps class codes, which must not be averaged; "
            "if so, give it as a categorical raster."
        )
    if Grid.of(dataset) == grid:
        return source, f"{file_name(source)}, on the grid already"
    return str(path), lay(source, dataset, grid, path, ("average", "bilinear"))


def area_raster(source: str, grid: Grid, path: Path) -> str:
    """Write 1 inside the polygons of a layer, NaN outside.

    Raises
    ------
    EngineError
        If no cell lies inside.
    """
    dataset, layer = open_layer(source)
    out = grid.create(str(path), 1, gdal.GDT_Float32, float("nan"))
    out.GetRasterBand(1).Fill(float("nan"))
    polygons = laid_over(layer, grid, grid.bounds, lambda _: 1, polygons=True)
    gdal.RasterizeLayer(out, [1], polygons.GetLayer(0), burn_values=[1])
    band = out.GetRasterBand(1)
    if not any(np.isfinite(band.ReadAsArray(w.col, w.row, w.cols, w.rows)).any() for w in grid.windows()):
        raise EngineError(f"The study area {Source.parse(source).label} does not overlap the DEM.")
    out.FlushCache()
    del dataset
    return str(path)


def is_raster(source: str, field: str | None = None) -> bool:
    """Tell whether a layer of classes is a raster rather than a vector layer.

    Raises
    ------
    EngineError
        If its file holds both, and neither the layer nor the `field` of its classes is named.
    """
    named = Source.parse(source)
    if named.layername or not _opens(named.path, gdal.OF_RASTER):
        return False
    if not _opens(named.path, gdal.OF_VECTOR):
        return True
    if field:
        return False
    vectors = gdal.OpenEx(named.path, gdal.OF_VECTOR)
    layer = vectors.GetLayer(0).GetName()
    raise EngineError(
        f"The file {named.path} holds a raster and a vector layer, and its path alone does not tell which: name the vector layer "
        f"({named.path}|layername={layer}) and the field of its classes, or the raster as gdalinfo lists it."
    )


def _opens(path: str, kind: int) -> bool:
    try:
        dataset = gdal.OpenEx(path, kind)
    except RuntimeError:
        return False
    return bool(dataset.RasterCount if kind == gdal.OF_RASTER else dataset.GetLayerCount())


def open_real(source: str) -> gdal.Dataset:
    """Open a raster of real numbers; see `grid.open_raster`."""
    dataset = open_raster(source)
    if gdal.DataTypeIsComplex(dataset.GetRasterBand(1).DataType):
        raise EngineError(f"The raster {Source.parse(source).told} holds complex numbers; real ones are needed.")
    return dataset


def lay(source: str, dataset: gdal.Dataset, grid: Grid, path: Path, methods: tuple[str, str]) -> str:
    """Write the first band of a raster on the grid, float32 with NaN where it has no value; return how that was done.

    The first of the two methods serves a raster whose cells are clearly smaller than the grid's, the second any other.
    """
    method = methods[0] if _is_finer(dataset, grid) else methods[1]
    band = dataset if dataset.RasterCount == 1 else gdal.Translate("", dataset, format="VRT", bandList=[1])
    west, south, east, north = grid.bounds
    gdal.Warp(
        str(path),
        band,
        format="GTiff",
        dstSRS=grid.crs,
        outputBounds=(west, south, east, north),
        width=grid.shape[1],
        height=grid.shape[0],
        outputType=gdal.GDT_Float32,
        resampleAlg=method,
        dstNodata=float("nan"),
        multithread=True,
        creationOptions=["TILED=YES", "BIGTIFF=IF_SAFER", *compression()],
    )
    own = Grid.of(dataset)
    width, height = own.cell_size
    return f"{file_name(source)}, cells of {width:.6g} × {height:.6g}{told_crs(own.spatial_reference, grid)}, {_METHODS[method]}"


def told_crs(own: osr.SpatialReference, grid: Grid) -> str:
    """Tell from which CRS to which a layer is reprojected, or nothing if they are the same."""
    here = grid.spatial_reference
    return "" if own.IsSame(here) else f", reprojected from {own.GetName()} to {here.GetName()}"


def file_name(source: str) -> str:
    """Return what the user calls a layer: as QGIS does, else by its file without the folder."""
    named = Source.parse(source)
    return named.name or Path(named.path).name


def _is_finer(dataset: gdal.Dataset, grid: Grid) -> bool:
    """Tell whether the raster's cells are clearly smaller than the grid's, once in its CRS."""
    suggested = gdal.AutoCreateWarpedVRT(dataset, None, grid.crs)
    return bool(suggested.GetGeoTransform()[1] < _FINER * grid.cell_size[0])
