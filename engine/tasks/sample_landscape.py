# SPDX-License-Identifier: GPL-2.0-or-later
"""Make a synthetic landscape with landslides whose true susceptibility is known."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from osgeo import gdal, ogr, osr

from ..errors import EngineError
from ..feedback import Feedback
from ..files.grid import Grid, Window
from ..files.outputs import check_writable, replacing
from ..landscape.cover import CLIMATES, LAND_USES, SOILS, LandCover, cover
from ..landscape.structure import CONTROL_PX, ROCKS, Structure, draw_structure, padded, resample, shape_terrain
from ..landscape.truth import MARGIN_PX, BestAuc, draw_keys, true_susceptibility

SMALLEST_PX, LARGEST_PX = 64, 20_000
CENTRE = (562_000.0, 3_612_000.0)  # near Isfahan, in UTM zone 39N
FIRST_DAY, LAST_DAY = date(2005, 1, 1), date(2024, 12, 31)
NODATA = -9999.0
WINDOW_PX = 1024
RASTERS = ("dem", "land_use", "red", "nir", "truth")


def run(feedback: Feedback, *, size: int, cell_size: float, landslides: int, seed: int, folder: str) -> dict:
    """Write the layers of a landscape, its landslide inventory and its true susceptibility.

    Parameters
    ----------
    size
        Cells a side.
    cell_size
        Metres.
    landslides
        How many; at most one in a cell.
    seed
        The same seed makes the same landscape.
    folder
        Where the files go.

    Returns
    -------
    The paths of the layers, and `best_auc`, the expected AUC of the truth itself (`engine.landslides.BestAuc`).
    """
    _check(size, cell_size, landslides, seed)
    paths = {name: str(Path(folder) / f"{name.replace('_', '')}.tif") for name in RASTERS}
    vectors = ("geology", "soil", "climate", "faults", "roads", "settlements", "inventory")
    paths |= {name: str(Path(folder) / f"{name}.gpkg") for name in vectors}
    for path in paths.values():
        check_writable(path)

    grid = _grid(size, cell_size)
    control = min(size, CONTROL_PX)
    control_cell = cell_size * size / control
    surroundings = draw_structure(np.random.default_rng([seed, 0]), padded(control), control_cell)
    feedback.message("Rivers wear the mountains down")
    altitude = shape_terrain(np.random.default_rng([seed, 1]), surroundings, size, cell_size, feedback.part(1, 60))
    structure = surroundings.crop(control)
    land = cover(np.random.default_rng([seed, 2]), structure, resample(altitude, control), control_cell)
    feedback.progress(65)

    _write_areas(paths["geology"], grid, structure.rock, [rock.name for rock in ROCKS])
    _write_areas(paths["soil"], grid, land.soil, SOILS)
    _write_areas(paths["climate"], grid, land.climate, CLIMATES)
    _write_lines(paths["faults"], grid, [trace * size / control for trace in structure.faults], "fault")
    _write_lines(paths["roads"], grid, [road * size / control for road in land.roads], "road")
    _write_points(paths["settlements"], grid, land.settlements * size / control)
    feedback.progress(70)

    cells, best = _write_rasters(paths, grid, altitude, structure, land, landslides=landslides, seed=seed, feedback=feedback.part(70, 98))
    _write_inventory(paths["inventory"], grid, cells, np.random.default_rng([seed, 4]))
    feedback.message(f"No model can be expected to exceed an AUC of {best:.3f} here")
    feedback.progress(100)
    return {**paths, "folder": folder, "best_auc": best}


def _check(size: int, cell_size: float, landslides: int, seed: int) -> None:
    if not SMALLEST_PX <= size <= LARGEST_PX:
        raise EngineError(f"The landscape would have {size} cells a side; choose a size from {SMALLEST_PX} to {LARGEST_PX}.")
    if not 1 <= cell_size <= 1000:
        raise EngineError(f"The cell size is {cell_size:g} m; choose one from 1 to 1000 m.")
    if not 1 <= landslides <= size * size // 4:
        raise EngineError(
            f"{landslides} landslides were asked for on {size * size} cells; choose from 1 to {size * size // 4}, "
            "so that at most a quarter of the cells slide."
        )
    if seed < 0:
        raise EngineError(f"The seed is {seed}; choose a number from 0 up.")


def _grid(size: int, cell_size: float) -> Grid:
    west, north = (round((at + sign * size * cell_size / 2) / cell_size) * cell_size for at, sign in zip(CENTRE, (-1, 1)))
    return Grid(_crs().ExportToWkt(), (west, cell_size, 0.0, north, 0.0, -cell_size), (size, size))


def _crs() -> osr.SpatialReference:
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    return reference


def _write_rasters(
    paths: dict[str, str],
    grid: Grid,
    altitude: np.ndarray,
    structure: Structure,
    land: LandCover,
    *,
    landslides: int,
    seed: int,
    feedback: Feedback,
) -> tuple[np.ndarray, float]:
    """Write all rasters, window by window; return the cells (n, 2) that slide and the best AUC."""
    weakness = np.array([rock.weakness for rock in ROCKS], np.float32)
    side = grid.shape[0]
    best = BestAuc()
    keys, cells = np.empty(0), np.empty((0, 2), np.int64)
    with ExitStack() as stack:
        files = {}
        for name in RASTERS:
            part = stack.enter_context(replacing(paths[name]))
            kind, nodata = (gdal.GDT_Byte, 0) if name == "land_use" else (gdal.GDT_Float32, NODATA)
            files[name] = grid.create(str(part), kind=kind, nodata=nodata)
        files["land_use"].GetRasterBand(1).SetCategoryNames(["no data", *LAND_USES])
        windows = list(grid.windows(WINDOW_PX, WINDOW_PX))
        for window in feedback.steps(windows, len(windows)):
            rng = np.random.default_rng([seed, 3, window.row, window.col])
            ndvi = _smooth(land.ndvi, window, side) + 0.02 * rng.standard_normal((window.rows, window.cols), np.float32)
            bright = _smooth(land.brightness, window, side)
            around = altitude[np.ix_(*_reflected(window, side))]
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
        files.clear()
    return cells, best.value()


def _reflected(window: Window, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and columns of a window with its margin, reflected at the edge of the landscape."""
    rows = np.arange(window.row - MARGIN_PX, window.row + window.rows + MARGIN_PX)
    cols = np.arange(window.col - MARGIN_PX, window.col + window.cols + MARGIN_PX)
    last = side - 1
    return last - np.abs(last - np.abs(rows)), last - np.abs(last - np.abs(cols))


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


def _write_areas(path: str, grid: Grid, classes: np.ndarray, names: Iterable[str]) -> None:
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
    areas = memory.CreateLayer("areas", _crs(), ogr.wkbPolygon)
    areas.CreateField(ogr.FieldDefn("code", ogr.OFTInteger))
    gdal.Polygonize(raster.GetRasterBand(1), None, areas, 0)
    features = (({"unit": names[area["code"]]}, area.GetGeometryRef()) for area in areas)
    _write_features(path, ogr.wkbPolygon, {"unit": ogr.OFTString}, features)


def _write_lines(path: str, grid: Grid, lines: list[np.ndarray], name: str) -> None:
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
    _write_features(path, ogr.wkbMultiLineString, {"name": ogr.OFTString}, features)


def _write_points(path: str, grid: Grid, cells: np.ndarray) -> None:
    points = _points(grid, cells - 0.5)
    features = (({"name": f"settlement {n}"}, point) for n, point in enumerate(points, start=1))
    _write_features(path, ogr.wkbPoint, {"name": ogr.OFTString}, features)


def _write_inventory(path: str, grid: Grid, cells: np.ndarray, rng: np.random.Generator) -> None:
    """Write one point a cell, anywhere in its inner part, with a number and a date."""
    points = _points(grid, cells + rng.uniform(-0.4, 0.4, cells.shape))
    days = rng.integers(0, (LAST_DAY - FIRST_DAY).days + 1, len(cells))
    features = (
        ({"id": n, "date": (FIRST_DAY + timedelta(int(day))).isoformat()}, point)
        for n, (day, point) in enumerate(zip(days, points), start=1)
    )
    _write_features(path, ogr.wkbPoint, {"id": ogr.OFTInteger, "date": ogr.OFTDate}, features)


def _points(grid: Grid, cells: np.ndarray) -> Iterable[ogr.Geometry]:
    for x, y in zip(*grid.centres(cells[:, 0], cells[:, 1])):
        point = ogr.Geometry(ogr.wkbPoint)
        point.AddPoint_2D(x, y)
        yield point


def _write_features(path: str, kind: int, fields: dict[str, int], features: Iterable[tuple[dict[str, Any], ogr.Geometry]]) -> None:
    with replacing(path) as part:
        dataset = ogr.GetDriverByName("GPKG").CreateDataSource(str(part))
        layer = dataset.CreateLayer(Path(path).stem, _crs(), kind)
        for name, field in fields.items():
            layer.CreateField(ogr.FieldDefn(name, field))
        layer.StartTransaction()
        for values, geometry in features:
            feature = ogr.Feature(layer.GetLayerDefn())
            for name, value in values.items():
                feature[name] = value
            feature.SetGeometry(geometry)
            layer.CreateFeature(feature)
        layer.CommitTransaction()
        del layer, dataset
