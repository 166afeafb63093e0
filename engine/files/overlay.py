# SPDX-License-Identifier: GPL-2.0-or-later
"""Other layers laid over the grid, each as a temporary raster, and how that was done in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..declarations.source import Source
from ..errors import EngineError
from ..feedback import Feedback
from ..gdal import close, gdal, osr
from .grid import Grid, Window, creation_options
from .opening import cause, opens, untouched
from .outputs import is_of_writing
from .raster import Contents, Raster, open_raster, tally, told_voids, undeclared_voids, windows_of
from .shapes import OUTSIDE, Tally
from .vectors import laid_over, open_layer

# A raster whose cells are below this share of the grid's is averaged (or its most frequent class is taken).
_FINER = 0.75
_METHODS = {"average": "averaged", "bilinear": "bilinear", "mode": "most frequent class of each cell", "near": "nearest class"}
# Cells around the area that a raster is read beyond it, so that its edge is interpolated as its middle is.
_MARGIN_PX = 3
# Side of what is read at once where cells are put together.
_BLOCKS_PX = 1024
# Points a side at which the area is projected to find the part of a raster under it.
_DENSITY = 21


def quantity_raster(raster: Raster, grid: Grid, path: Path, feedback: Feedback) -> tuple[Raster, str]:
    """Lay a raster of a quantity over the grid: averaged where its cells are smaller, bilinear otherwise.

    Values that look like undeclared nodata are taken as missing, with a warning.

    Returns
    -------
    The raster on the grid (itself if it is there already), and how it came there.

    Raises
    ------
    EngineError
        If it does not reach the area, holds no data there, or cannot be read there.
    """
    part = part_under(raster, grid)
    raster = without_voids(raster, tally(raster, part), feedback)
    told = "a palette" if raster.band.GetColorTable() is not None else "names of classes" if raster.band.GetCategoryNames() else ""
    if told:
        feedback.warning(
            f"The raster {raster.file} has {told}, so its values are perhaps class codes, which must not be averaged; "
            "if so, give it as a categorical raster."
        )
    laid, how = raster, f"{raster.file}, on the grid already"
    if not raster.grid.matches(grid):
        how = lay(raster, grid, path, ("average", "bilinear"), part)
        laid = open_raster(str(path))
    if is_empty(laid):
        width, height = grid.cell_size
        raise EngineError(
            f"The raster {raster.file} holds no data in the area, none at the centre of a cell of {width:.6g} × {height:.6g}; leave it "
            "out, or check its coordinate reference system."
        )
    return laid, how


def coarsened(raster: Raster, grid: Grid, path: Path, feedback: Feedback) -> Raster:
    """Return a raster of a quantity with cells not far below those of a grid: means of whole blocks of its own, in a file at `path`.

    Memory then goes by the grid and not by the raster. One that is not at least twice as fine as the grid is returned as it is.

    Raises
    ------
    EngineError
        If it does not reach the area, or cannot be read there.
    """
    part = part_under(raster, grid)
    side = min(part.rows // grid.shape[0], part.cols // grid.shape[1])
    if side < 2:
        return raster
    raster = without_voids(raster, tally(raster, part), feedback)
    west, width, _, north, _, height = raster.grid.transform
    transform = (west + part.col * width, side * width, 0.0, north + part.row * height, 0.0, side * height)
    coarse = Grid(raster.grid.crs, transform, (-(-part.rows // side), -(-part.cols // side)))
    out = coarse.create(str(path), 1, gdal.GDT_Float32, float("nan"))
    most = max(_BLOCKS_PX // side, 1)
    for window in coarse.windows(most, most):
        row, col = window.row * side, window.col * side
        rows, cols = min(window.rows * side, part.rows - row), min(window.cols * side, part.cols - col)
        values = np.full((window.rows * side, window.cols * side), np.nan)
        values[:rows, :cols] = raster.read(Window(part.row + row, part.col + col, rows, cols), dtype=np.float64)
        blocks = values.reshape(window.rows, side, window.cols, side)
        count = np.isfinite(blocks).sum(axis=(1, 3))
        means = np.where(count > 0, np.nansum(blocks, axis=(1, 3)) / np.maximum(count, 1), np.nan)
        out.GetRasterBand(1).WriteArray(means.astype(np.float32), window.col, window.row)
        if window.col + window.cols == coarse.shape[1]:
            raster.dataset.FlushCache()  # what was read is not read again
    close(out)
    del out
    made = open_raster(str(path))
    return replace(made, source=replace(made.source, name=raster.file))


def without_voids(raster: Raster, found: Contents, feedback: Feedback) -> Raster:
    """Return the raster with its undeclared voids taken as missing, and warn of them, and of −1 that may be one."""
    voids = undeclared_voids(found)
    told = told_voids(found, voids)
    if told:
        feedback.warning(
            f"The raster {raster.file} holds {told} of {found.cells:,} cells, which looks like nodata that nobody declared: they are "
            "taken as missing. Declare it (gdal:translate, “Assign a specified NoData value”) if it is."
        )
    if found.minus_ones:
        feedback.warning(
            f"The raster {raster.file} holds -1 on {found.minus_ones:,} of {found.cells:,} cells and no other value below 0, which may be "
            "nodata that nobody declared: it counts as a value. Declare it (gdal:translate, “Assign a specified NoData value”) if it is."
        )
    return replace(raster, voids=voids)


def area_raster(source: str, grid: Grid, path: Path, feedback: Feedback) -> str:
    """Write 1 inside the polygons of a layer, NaN outside; tell of features on the grid that bound nothing.

    Raises
    ------
    EngineError
        If no cell lies inside.
    """
    dataset, layer = open_layer(source)
    out = grid.create(str(path), 1, gdal.GDT_Float32, float("nan"))
    out.GetRasterBand(1).Fill(float("nan"))
    left_out = Tally()
    polygons = laid_over(layer, grid, grid.bounds, lambda _: 1, left_out, polygons=True)
    gdal.RasterizeLayer(out, [1], polygons.GetLayer(0), burn_values=[1])
    close(out)
    del out
    if is_empty(open_raster(str(path))):
        raise EngineError(
            f"The study area {Source.parse(source).label} holds the centre of no cell: it lies elsewhere, or is smaller than a cell; check "
            "its coordinate reference system, or leave it out."
        )
    del left_out.dropped[OUTSIDE]  # a study area may be larger than the raster
    if left_out.reasons:
        feedback.warning(
            f"Features of the study area {Source.parse(source).label} that bound nothing were left out: {left_out.reasons}. Make areas of "
            "them (native:buffer, native:polygonize) if they are to count."
        )
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
    if named.layername or not opens(named.path, gdal.OF_RASTER):
        return False
    if not opens(named.path, gdal.OF_VECTOR):
        return True
    if field:
        return False
    vectors = gdal.OpenEx(untouched(named.path), gdal.OF_VECTOR)
    layer = vectors.GetLayer(0).GetName()
    raise EngineError(
        f"The file {named.path} holds a raster and a vector layer, and its path alone does not tell which: name the vector layer "
        f"({named.path}|layername={layer}) and the field of its classes, or the raster as gdalinfo lists it."
    )


def part_under(raster: Raster, grid: Grid) -> Window:
    """Return the part of a raster that lies under a grid, with a margin.

    Raises
    ------
    EngineError
        If there is none.
    """
    rows, cols = raster.grid.shape
    if raster.grid.matches(grid):
        return Window(0, 0, rows, cols)
    own, here = raster.grid.spatial_reference, grid.spatial_reference
    west, south, east, north = grid.bounds
    if not own.IsSame(here):
        try:
            transformation = osr.CoordinateTransformation(here, own)
            west, south, east, north = transformation.TransformBounds(west, south, east, north, _DENSITY)
        except RuntimeError as error:
            raise EngineError(
                f"The raster {raster.file} cannot be reprojected from {own.GetName()} to {here.GetName()}; check both coordinate reference "
                "systems, or warp it first (gdal:warpreproject)."
            ) from error
        if not np.isfinite([west, south, east, north]).all() or west > east:  # across the end of the map
            return Window(0, 0, rows, cols)
    left, width, _, top, _, height = raster.grid.transform
    # As many cells around as one of the grid may hold.
    margin = [
        _MARGIN_PX + int(np.ceil(extent / count / side))
        for extent, count, side in ((north - south, grid.shape[0], -height), (east - west, grid.shape[1], width))
    ]
    first_row, last_row = (
        int(np.clip(np.floor((edge - top) / height) + step, -1, rows)) for edge, step in ((north, -margin[0]), (south, margin[0]))
    )
    first_col, last_col = (
        int(np.clip(np.floor((edge - left) / width) + step, -1, cols)) for edge, step in ((west, -margin[1]), (east, margin[1]))
    )
    first_row, first_col = max(first_row, 0), max(first_col, 0)
    last_row, last_col = min(last_row, rows - 1), min(last_col, cols - 1)
    if last_row < first_row or last_col < first_col:
        raise EngineError(f"The raster {raster.file} does not reach the area; leave it out, or check its coordinate reference system.")
    return Window(first_row, first_col, last_row - first_row + 1, last_col - first_col + 1)


def lay(
    raster: Raster,
    grid: Grid,
    path: Path,
    methods: tuple[str, str],
    part: Window,
    recoded: Callable[[np.ndarray], np.ndarray] | None = None,
) -> str:
    """Write a raster on the grid, float32 with NaN where it has no value; return how that was done.

    The part under the grid is first written as it is read, so that warping sees neither overviews nor what GDAL could not read.

    Parameters
    ----------
    methods
        The first serves a raster whose cells are clearly smaller than the grid's, the second any other.
    part
        As `part_under` gives it.
    recoded
        What becomes of values, float64, before they are laid.
    """
    read = path.with_suffix(".read.tif")
    _write_part(raster, read, part, recoded)
    dataset = gdal.Open(str(read))
    method = methods[0] if _is_finer(raster.grid, dataset, grid) else methods[1]
    west, south, east, north = grid.bounds
    try:
        done = gdal.Warp(
            str(path),
            dataset,
            format="GTiff",
            dstSRS=grid.crs,
            outputBounds=(west, south, east, north),
            width=grid.shape[1],
            height=grid.shape[0],
            outputType=gdal.GDT_Float32,
            resampleAlg=method,
            dstNodata=float("nan"),
            warpOptions=["NUM_THREADS=ALL_CPUS"],
            creationOptions=creation_options(compressed=False),
        )
    except RuntimeError as error:
        if is_of_writing(error, path.parent):
            raise  # who made this folder says where no more can be written
        raise EngineError(
            f"The raster {raster.file} cannot be laid over the grid{cause(str(error))}; check its coordinate reference system, or warp it "
            "first (gdal:warpreproject)."
        ) from error
    del done, dataset
    read.unlink()
    width, height = raster.grid.cell_size
    return f"{raster.file}, cells of {width:.6g} × {height:.6g}{told_crs(raster.grid.spatial_reference, grid)}, {_METHODS[method]}"


def is_empty(raster: Raster) -> bool:
    """Tell whether no cell of a raster has a value."""
    return not any(np.isfinite(raster.read(window)).any() for window in raster.grid.windows())


def told_crs(own: osr.SpatialReference, grid: Grid) -> str:
    """Tell from which CRS to which a layer is reprojected, or nothing if they are the same."""
    here = grid.spatial_reference
    return "" if own.IsSame(here) else f", reprojected from {own.GetName()} to {here.GetName()}"


def _write_part(raster: Raster, path: Path, part: Window, recoded: Callable[[np.ndarray], np.ndarray] | None) -> None:
    west, width, _, north, _, height = raster.grid.transform
    transform = (west + part.col * width, width, 0.0, north + part.row * height, 0.0, height)
    double = recoded is None and gdal.GetDataTypeSize(raster.band.DataType) > 16
    kind = gdal.GDT_Float64 if double else gdal.GDT_Float32
    out = Grid(raster.grid.crs, transform, (part.rows, part.cols)).create(str(path), 1, kind, float("nan"), compressed=False)
    for window in windows_of(part):
        values = raster.read(window, dtype=np.float64)
        out.GetRasterBand(1).WriteArray(values if recoded is None else recoded(values), window.col - part.col, window.row - part.row)
    out.FlushCache()


def _is_finer(own_grid: Grid, dataset: gdal.Dataset, grid: Grid) -> bool:
    """Tell whether a raster's cells are clearly smaller than the grid's, once in its CRS."""
    own, here = own_grid.cell_size[0] * own_grid.cell_size[1], grid.cell_size[0] * grid.cell_size[1]
    if not own_grid.spatial_reference.IsSame(grid.spatial_reference):
        suggested = gdal.AutoCreateWarpedVRT(dataset, None, grid.crs).GetGeoTransform()
        own = abs(suggested[1] * suggested[5])
    return bool(own**0.5 < _FINER * here**0.5)
