# SPDX-License-Identifier: GPL-2.0-or-later
"""What covers a synthetic landscape: climate, soil, land use and greenness, and where people live and travel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from .erosion import drainage_area
from .structure import ALLUVIUM, ROCKS, STRIKE_DEG, Structure, noise

CLIMATES = ("arid plain", "semi-arid foothills", "sub-humid mountains", "cold highland")
SOILS = ("leptosol", "calcisol", "vertisol", "gypsisol", "cambisol", "fluvisol")
LAND_USES = ("bare rock", "rangeland", "woodland", "orchard", "cropland", "built-up")
BARE_ROCK, RANGELAND, WOODLAND, ORCHARD, CROPLAND, BUILT_UP = range(6)
_NDVI = np.array([0.08, 0.18, 0.42, 0.50, 0.38, 0.12], np.float32)
_SOIL_OF_ROCK = {"limestone": 1, "dolomite": 1, "shale": 2, "marl": 2, "gypsum": 3, "sandstone": 4, "alluvium": 5}
_ROAD_PX = 256  # roads are sought on a grid of at most about this many cells a side


@dataclass(frozen=True)
class LandCover:
    """What lies on the land, on the control grid (side, side).

    `climate`, `soil` and `land_use` hold indices of `CLIMATES`, `SOILS` and `LAND_USES`; `ndvi` is the mean greenness
    and `brightness` the sum of red and near-infrared reflectance; `settlements` (n, 2) and each of the `roads` (n, 2)
    are rows and columns, in cells from the upper left corner; `road_m` and `fault_m` are the distances to the nearest
    road and fault.
    """

    climate: np.ndarray
    soil: np.ndarray
    land_use: np.ndarray
    ndvi: np.ndarray
    brightness: np.ndarray
    settlements: np.ndarray
    roads: tuple[np.ndarray, ...]
    road_m: np.ndarray
    fault_m: np.ndarray


def cover(rng: np.random.Generator, structure: Structure, altitude: np.ndarray, cell_size: float) -> LandCover:
    """Clothe the land.

    Parameters
    ----------
    structure
        On the control grid of the landscape.
    altitude
        On the same grid, shape (side, side), m.
    cell_size
        Of that grid, m.
    """
    side = altitude.shape[0]
    south, east = np.gradient(ndimage.gaussian_filter(altitude, 2.0), cell_size)
    slope = np.degrees(np.arctan(np.hypot(south, east)))
    area = drainage_area(altitude, cell_size)
    settlements = _settle(rng, slope, area, cell_size)
    roads = _connect(settlements, slope)
    town_m = _distance_m(tuple(settlements[:, None]), side, cell_size)

    moisture = _moisture(rng, altitude, cell_size)
    climate = np.searchsorted(np.quantile(moisture, (0.25, 0.6, 0.88)), moisture).astype(np.uint8)
    valley = (slope < 5) & (area > 2e5)
    soil = np.array([_SOIL_OF_ROCK[rock.name] for rock in ROCKS], np.uint8)[structure.rock]
    soil[valley] = SOILS.index("fluvisol")
    soil[slope > 24] = SOILS.index("leptosol")

    patchy = noise(rng, side, max(1500.0 / cell_size, 4.0))
    land_use = np.full((side, side), RANGELAND, np.uint8)
    land_use[(moisture + 0.4 * patchy > 0.5) & (slope > 8)] = WOODLAND
    land_use[slope + 4 * patchy > 37] = BARE_ROCK
    farmed = town_m < 2500 + 700 * patchy
    land_use[(slope < 7) & (farmed | ((structure.rock == ALLUVIUM) & (patchy > -0.2)))] = CROPLAND
    land_use[(slope < 13) & (area > 1e5) & farmed & (structure.rock != ALLUVIUM)] = ORCHARD
    land_use[(slope < 12) & (town_m < 280 + 90 * patchy)] = BUILT_UP

    ndvi = _NDVI[land_use] + 0.05 * moisture + 0.05 * patchy + 0.02 * np.clip(np.log10(area / 1e4), 0, 3)
    bare = np.array([rock.brightness for rock in ROCKS], np.float32)[structure.rock]
    return LandCover(
        climate=climate,
        soil=soil,
        land_use=land_use,
        ndvi=np.clip(ndvi, 0.02, 0.8).astype(np.float32),
        brightness=bare * (1 + np.float32(0.05) * patchy),
        settlements=settlements,
        roads=roads,
        road_m=_distance_m(roads, side, cell_size),
        fault_m=_distance_m(structure.faults, side, cell_size),
    )


def _moisture(rng: np.random.Generator, altitude: np.ndarray, cell_size: float) -> np.ndarray:
    """Return moisture, about −2 to 2: more in the heights and on slopes that face the south-west wind."""
    side = altitude.shape[0]
    south, east = np.gradient(ndimage.gaussian_filter(altitude, max(1000.0 / cell_size, 2.0)), cell_size)
    strike = np.radians(STRIKE_DEG)
    windward = east * -np.cos(strike) - south * np.sin(strike)  # rises towards the north-east
    height = (altitude - altitude.mean()) / altitude.std()
    return height + 0.5 * windward / max(float(windward.std()), 1e-6) + 0.3 * noise(rng, side, side / 3)


def _settle(rng: np.random.Generator, slope: np.ndarray, area: np.ndarray, cell_size: float) -> np.ndarray:
    """Return the cells (n, 2) of settlements: on gentle ground beside rivers, apart from each other."""
    side = slope.shape[0]
    extent = side * cell_size
    count = int(np.clip(extent**2 / 16e6, 3, 150))
    apart = 0.55 * extent / np.sqrt(count) / cell_size
    margin = side // 20
    appeal = 0.6 * np.log10(area) - slope / 4 + 0.7 * rng.standard_normal(slope.shape)
    inner = np.full(slope.shape, -np.inf)
    inner[margin : side - margin, margin : side - margin] = appeal[margin : side - margin, margin : side - margin]
    chosen: list[np.ndarray] = []
    for index in np.argsort(inner, axis=None)[::-1]:
        cell = np.array(np.unravel_index(index, slope.shape))
        if all(np.hypot(*(cell - other)) >= apart for other in chosen):
            chosen.append(cell)
        if len(chosen) == count:
            break
    return np.array(chosen) + 0.5


def _connect(settlements: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return roads that join the settlements, and lead out at the west and east edge, by the gentlest ground."""
    step = max(1, slope.shape[0] // _ROAD_PX)
    coarse = slope[step // 2 :: step, step // 2 :: step]
    side = coarse.shape
    at = np.minimum((settlements / step).astype(int), np.array(side) - 1)
    towns = np.ravel_multi_index((at[:, 0], at[:, 1]), side)
    cost, before = csgraph.dijkstra(_travel(1 + (coarse / 5) ** 2), indices=towns, return_predecessors=True)
    tree = csgraph.minimum_spanning_tree(cost[:, towns]).tocoo()
    trips = [(start, towns[end]) for start, end in zip(tree.row, tree.col)]
    cells = np.arange(coarse.size).reshape(side)
    for edge in (cells[:, 0], cells[:, -1]):
        start, end = np.unravel_index(np.argmin(cost[:, edge]), (len(towns), len(edge)))
        trips.append((start, edge[end]))
    return tuple(_smooth(_path(before[start], end, side)) * step for start, end in trips)


def _travel(cost: np.ndarray) -> sparse.csr_matrix:
    """Return the graph of steps between neighbouring cells; a step costs its length times the mean of both cells."""
    rows, cols = cost.shape
    cells = np.arange(cost.size).reshape(rows, cols)
    parts = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        a = np.s_[: rows - down, max(-right, 0) : cols - max(right, 0)]
        b = np.s_[down:, max(right, 0) : cols + min(right, 0)]
        parts.append((cells[a].ravel(), cells[b].ravel(), (np.hypot(down, right) * (cost[a] + cost[b]) / 2).ravel()))
    start, end, weight = (np.concatenate(each) for each in zip(*parts))
    graph = sparse.csr_matrix((weight, (start, end)), shape=(cost.size, cost.size))
    return graph + graph.T


def _path(before: np.ndarray, end: int, side: tuple[int, ...]) -> np.ndarray:
    """Return the cell centres (n, 2) of the way that predecessors `before` describe, from `end` back to its start."""
    way = [end]
    while before[way[-1]] >= 0:
        way.append(before[way[-1]])
    return np.stack(np.unravel_index(way, side), axis=1) + 0.5


def _smooth(line: np.ndarray) -> np.ndarray:
    """Return a line whose bends are rounded; its ends stay."""
    if len(line) < 3:
        return line
    rounded = ndimage.uniform_filter1d(line, 3, axis=0, mode="nearest")
    rounded[[0, -1]] = line[[0, -1]]
    return rounded


def _distance_m(lines: tuple[np.ndarray, ...], side: int, cell_size: float) -> np.ndarray:
    """Return the distance (m) of each cell to the nearest cell on one of the lines."""
    away = np.ones((side, side), bool)
    for line in lines:
        dense = line
        if len(line) > 1:
            t = np.arange(0, len(line) - 1, 0.1 / max(np.abs(np.diff(line, axis=0)).max(), 0.1))
            dense = np.stack([np.interp(t, np.arange(len(line)), line[:, axis]) for axis in (0, 1)], axis=1)
        row, col = np.floor(dense).astype(int).T
        inside = (row >= 0) & (row < side) & (col >= 0) & (col < side)
        away[row[inside], col[inside]] = False
    if away.all():
        return np.full((side, side), side * cell_size, np.float32)
    return (ndimage.distance_transform_edt(away) * cell_size).astype(np.float32)
