# SPDX-License-Identifier: GPL-2.0-or-later
"""The layers of a landscape as files: rasters by windows, areas, lines, points, and the inventory of its landslides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np

from ..feedback import Feedback
from ..files.grid import Grid, Window, reference_of, reflected
from ..files.outputs import place_of, replacing
from ..files.vectors import Row, point, write_layer
from ..gdal import close, gdal, ogr
from .cover import LAND_USES, LandCover
from .structure import ROCKS, Structure
from .truth import MARGIN_PX, BestAuc, draw_keys, grown, true_susceptibility

RASTERS = ("dem", "land_use", "red", "nir", "truth")
VECTORS = ("geology", "soil", "climate", "faults", "roads", "settlements", "inventory")
_EPSG = 32639
_CENTRE = (562_000.0, 3_612_000.0)  # near Isfahan, in UTM zone 39N
_FIRST_DAY, _LAST_DAY = date(2005, 1, 1), date(2024, 12, 31)
_NODATA = -9999.0
_BLOCK_PX = 256


def grid_of(size: int, cell_size: float) -> Grid:
    """Return the grid of a landscape of `size` cells of `cell_size` metres a side, around `_CENTRE`."""
    west, north = (round((at + sign * size * cell_size / 2) / cell_size) * cell_size for at, sign in zip(_CENTRE, (-1, 1)))
    return Grid(reference_of(_EPSG).ExportToWkt(), (west, cell_size, 0.0, north, 0.0, -cell_size), (size, size))


def write_rasters(
    paths: dict[str, str],
    grid: Grid,
    altitude: np.ndarray,
    structure: Structure,
    land: LandCover,
    *,
    landslides: int,
    seed: int,
    feedback: Feedback,
) -> tuple[np.ndarray, BestAuc]:
    """Write all rasters, window by window; return the cells (n, 2) that slide and the best AUC to expect."""
    weakness = np.array([rock.weakness for rock in ROCKS], np.float32)
    side = grid.shape[0]
    best = BestAuc()
    keys, cells = np.empty(0), np.empty((0, 2), np.int64)
    with ExitStack() as stack:
        files = {}
        for name in RASTERS:
            part = stack.enter_context(replacing(paths[name]))
            kind, nodata = (gdal.GDT_Byte, 0) if name == "land_use" else (gdal.GDT_Float32, _NODATA)
            files[name] = grid.create(str(part), kind=kind, nodata=nodata)
        files["land_use"].GetRasterBand(1).SetCategoryNames(["no data", *LAND_USES])
        windows = list(grid.windows())
        for window in feedback.steps(windows, len(windows)):
            rng = np.random.default_rng([seed, 3, window.row, window.col])
            ndvi = _smooth(land.ndvi, window, side) + 0.02 * rng.standard_normal((window.rows, window.cols), np.float32)
            bright = _smooth(land.brightness, window, side)
            around = altitude[
                np.ix_(*(_around(first, count, side) for first, count in ((window.row, window.rows), (window.col, window.cols))))
            ]
            truth = true_susceptibility(
                around,
                grid.cell_size[0],
                weakness=weakness[_nearest(structure.rock, window, side)],
                fault_m=_smooth(land.fault_m, window, side),
                road_m=_smooth(land.road_m, window, side),
                ndvi=ndvi,
            )
            values = {
                "dem": around[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX],
                "land_use": _nearest(land.land_use, window, side) + 1,
                "red": bright * (1 - ndvi) / 2,
                "nir": bright * (1 + ndvi) / 2,
                "truth": truth,
            }
            for name, array in values.items():
                files[name].GetRasterBand(1).WriteArray(array, window.col, window.row)
            best.add(truth)
            key = draw_keys(rng, truth).ravel()
            first = np.argsort(key, kind="stable")[:landslides]
            row, col = np.unravel_index(first, truth.shape)
            cells = np.concatenate([cells, np.stack([row + window.row, col + window.col], axis=1)])
            keys = np.concatenate([keys, key[first]])
            first = np.argsort(keys, kind="stable")[:landslides]
            keys, cells = keys[first], cells[first]
        while files:
            close(files.popitem()[1])
    return cells, best


def _around(first: int, count: int, side: int) -> np.ndarray:
    """Return rows or columns of a window with its margin, reflected at the edge of the landscape."""
    return reflected(np.arange(first - MARGIN_PX, first + count + MARGIN_PX), side)


def _nearest(values: np.ndarray, window: Window, side: int) -> np.ndarray:
    """Return the part of a control grid under a window, each cell from the nearest."""
    scale = values.shape[0] / side
    rows = ((np.arange(window.row, window.row + window.rows) + 0.5) * scale).astype(np.int64)
    cols = ((np.arange(window.col, window.col + window.cols) + 0.5) * scale).astype(np.int64)
    return values[np.ix_(rows, cols)]


def _smooth(values: np.ndarray, window: Window, side: int) -> np.ndarray:
    """Return the part of a control grid under a window, bilinear, float32."""
    rows = _between(window.row, window.rows, values.shape[0], side)
    cols = _between(window.col, window.cols, values.shape[0], side)
    along = values[rows[0]] * (1 - rows[2])[:, None] + values[rows[1]] * rows[2][:, None]
    return along[:, cols[0]] * (1 - cols[2]) + along[:, cols[1]] * cols[2]


def _between(first: int, count: int, control: int, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the control cells before and after each cell, and the weight of the one after."""
    at = np.clip((np.arange(first, first + count) + 0.5) * control / side - 0.5, 0, control - 1)
    before = np.floor(at).astype(np.int64)
    return before, np.minimum(before + 1, control - 1), (at - before).astype(np.float32)


def write_areas(path: str, grid: Grid, classes: np.ndarray, names: Iterable[str]) -> None:
    """Write the areas of a class raster as polygons with the field `unit`."""
    names = list(names)
    side = classes.shape[0]
    west, cell, _, north, _, _ = grid.transform
    cell *= grid.shape[0] / side
    raster = gdal.GetDriverByName("MEM").Create("", side, side, 1, gdal.GDT_Byte)
    raster.SetGeoTransform((west, cell, 0, north, 0, -cell))
    raster.SetProjection(grid.crs)
    raster.GetRasterBand(1).WriteArray(classes)
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    areas = memory.CreateLayer("areas", grid.spatial_reference, ogr.wkbPolygon)
    areas.CreateField(ogr.FieldDefn("code", ogr.OFTInteger))
    gdal.Polygonize(raster.GetRasterBand(1), None, areas, 0)
    features = (({"unit": names[area["code"]]}, area.GetGeometryRef()) for area in areas)
    _write(path, grid, ogr.wkbPolygon, {"unit": ogr.OFTString}, features)


def write_lines(path: str, grid: Grid, lines: list[np.ndarray], name: str) -> None:
    """Write lines of rows and columns, cut at the edge of the grid."""
    west, south, east, north = grid.bounds
    frame = ogr.CreateGeometryFromWkt(f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))")
    geometries = []
    for line in lines:
        geometry = ogr.Geometry(ogr.wkbLineString)
        for x, y in zip(*grid.centres(line[:, 0] - 0.5, line[:, 1] - 0.5)):
            geometry.AddPoint_2D(x, y)
        inside = ogr.ForceToMultiLineString(geometry.Intersection(frame))
        if inside.Length() > 0:
            geometries.append(inside)
    features = (({"name": f"{name} {n}"}, geometry) for n, geometry in enumerate(geometries, start=1))
    _write(path, grid, ogr.wkbMultiLineString, {"name": ogr.OFTString}, features)


def write_points(path: str, grid: Grid, cells: np.ndarray) -> None:
    """Write the settlements, rows and columns (n, 2), as points."""
    points = _points(grid, cells - 0.5)
    features = (({"name": f"settlement {n}"}, point) for n, point in enumerate(points, start=1))
    _write(path, grid, ogr.wkbPoint, {"name": ogr.OFTString}, features)


def write_inventory(path: str, grid: Grid, cells: np.ndarray, rng: np.random.Generator) -> None:
    """Write one point a cell, anywhere in its inner part, with a number and a date."""
    points = _points(grid, cells + rng.uniform(-0.4, 0.4, cells.shape))
    days = rng.integers(0, (_LAST_DAY - _FIRST_DAY).days + 1, len(cells))
    features = (
        ({"id": n, "date": (_FIRST_DAY + timedelta(int(day))).isoformat()}, point)
        for n, (day, point) in enumerate(zip(days, points), start=1)
    )
    _write(path, grid, ogr.wkbPoint, {"id": ogr.OFTInteger, "date": ogr.OFTDate}, features)


def bodies(truth: str, grid: Grid, starts: np.ndarray, cells: int, rng: np.random.Generator) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the cells of landslides, see `truth.grown`, and the true susceptibility of all of them, (n,), from its raster."""
    raster = gdal.Open(str(place_of(truth)))

    @lru_cache(256)
    def block(row: int, col: int) -> np.ndarray:
        left, top = col * _BLOCK_PX, row * _BLOCK_PX
        return raster.ReadAsArray(left, top, min(_BLOCK_PX, grid.shape[1] - left), min(_BLOCK_PX, grid.shape[0] - top))

    def at(row: int, col: int) -> float:
        return float(block(row // _BLOCK_PX, col // _BLOCK_PX)[row % _BLOCK_PX, col % _BLOCK_PX])

    found = grown(at, starts, cells, grid.shape, rng)
    return found, np.array([at(row, col) for body in found for row, col in body.tolist()])


def write_bodies(path: str, grid: Grid, bodies: Sequence[np.ndarray], rng: np.random.Generator) -> None:
    """Write one polygon a landslide, around its cells (n, 2), which touch by their sides; with a number and a date."""
    days = rng.integers(0, (_LAST_DAY - _FIRST_DAY).days + 1, len(bodies))
    features = (
        ({"id": n, "date": (_FIRST_DAY + timedelta(int(day))).isoformat()}, _around_cells(grid, cells))
        for n, (day, cells) in enumerate(zip(days, bodies), start=1)
    )
    _write(path, grid, ogr.wkbPolygon, {"id": ogr.OFTInteger, "date": ogr.OFTDate}, features)


def _around_cells(grid: Grid, cells: np.ndarray) -> ogr.Geometry:
    (top, left), (height, width) = cells.min(axis=0), np.ptp(cells, axis=0) + 1
    mask = gdal.GetDriverByName("MEM").Create("", int(width), int(height), 1, gdal.GDT_Byte)
    west, across, _, north, _, down = grid.transform
    mask.SetGeoTransform((west + left * across, across, 0, north + top * down, 0, down))
    inside = np.zeros((height, width), np.uint8)
    inside[tuple((cells - (top, left)).T)] = 1
    band = mask.GetRasterBand(1)
    band.WriteArray(inside)
    memory = ogr.GetDriverByName("Memory").CreateDataSource("")
    areas = memory.CreateLayer("areas", grid.spatial_reference, ogr.wkbPolygon)
    gdal.Polygonize(band, band, areas, -1)
    areas.ResetReading()
    area = areas.GetNextFeature()  # holds the geometry while it is copied
    return area.GetGeometryRef().Clone()


def _points(grid: Grid, cells: np.ndarray) -> Iterable[ogr.Geometry]:
    return (point(x, y) for x, y in zip(*grid.centres(cells[:, 0], cells[:, 1])))


def _write(path: str, grid: Grid, kind: int, fields: dict[str, int], rows: Iterable[Row]) -> None:
    with replacing(path) as part:
        write_layer(part, Path(path).stem, kind, fields, rows, grid.spatial_reference)
