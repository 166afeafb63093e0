# SPDX-License-Identifier: GPL-2.0-or-later
"""A synthetic landscape: rock that is folded, faulted and lifted, and worn down by rivers.

The structure (rock, uplift, faults) is drawn on a *control grid* of at most `CONTROL_PX` cells a side, and the rivers
cut into it on ever finer grids. Both first take in the surroundings of the landscape, so that rivers cross its edge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from ..feedback import Feedback
from .erosion import Land, erode, fill

STRIKE_DEG = 130.0  # azimuth of the folds: north-west to south-east, as in the Zagros
BASE_LEVEL_M = 1100.0
PLAIN_SHARE = 0.2
UPLIFT_M = 30.0  # in a step of erosion
ERODIBILITY = 0.5  # K times the length of a step, m^(1 − 2m)
CONTROL_PX = 1024
COARSEST_PX = 96
MEANDER_PX = np.float32(2.0)


@dataclass(frozen=True)
class Rock:
    """A rock unit.

    `thickness` is its share of the column, `erodibility` how easily rivers cut it, `talus_deg` its steepest slope,
    `weakness` (0 to 1) how readily its hillsides slide, `brightness` its reflectance where bare.
    """

    name: str
    thickness: float
    erodibility: float
    talus_deg: float
    weakness: float
    brightness: float


# From the core of the anticlines outwards.
COLUMN = (
    Rock("dolomite", 0.8, 0.65, 44.0, 0.10, 0.34),
    Rock("shale", 0.6, 1.35, 36.0, 0.90, 0.24),
    Rock("limestone", 0.9, 0.60, 45.0, 0.05, 0.40),
    Rock("marl", 0.8, 1.40, 35.0, 1.00, 0.36),
    Rock("sandstone", 0.8, 0.90, 40.0, 0.35, 0.30),
    Rock("gypsum", 0.5, 1.50, 34.0, 0.75, 0.50),
)
ROCKS = (*COLUMN, Rock("alluvium", 0.0, 2.5, 25.0, 0.20, 0.28))
ALLUVIUM = len(COLUMN)


@dataclass(frozen=True)
class Structure:
    """What lies under the land, on a control grid of shape (side, side).

    `rock` holds indices of `ROCKS`; `uplift` runs from 0 (plain) to about 1.5; `damage` (0 to 1) is how far faults have
    broken the rock; `faults` are traces (n, 2) of rows and columns, in cells from the upper left corner.
    """

    rock: np.ndarray
    uplift: np.ndarray
    damage: np.ndarray
    faults: tuple[np.ndarray, ...]

    def crop(self, side: int) -> Structure:
        """Return the `side` by `side` cells in the middle."""
        margin = (self.rock.shape[0] - side) // 2
        rock, uplift, damage = (crop(each, side) for each in (self.rock, self.uplift, self.damage))
        return replace(self, rock=rock, uplift=uplift, damage=damage, faults=tuple(f - margin for f in self.faults))


@dataclass(frozen=True)
class Fault:
    """A gently bowed fault; lengths in metres, `centre` as (southing, easting) from the upper left corner.

    A thrust runs along the folds and lifts one side; a cross fault shifts the folds sideways.
    """

    centre: np.ndarray
    azimuth: float
    length: float
    bow: float
    phase: float
    sense: float
    thrust: bool

    def offset(self, along: np.ndarray) -> np.ndarray:
        """Return how far the trace lies beside its chord at `along` (−1 to 1)."""
        return self.bow * np.sin(1.1 * np.pi * along + self.phase)

    def trace(self, points: int) -> np.ndarray:
        """Return `points` of the trace, (southing, easting)."""
        s = np.linspace(-1.0, 1.0, points)
        u, v = self._axes()
        return self.centre + s[:, None] * self.length / 2 * u + self.offset(s)[:, None] * v

    def coordinates(self, southing: np.ndarray, easting: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the position along the fault (−1 to 1 between its tips) and the distance beside it (m, signed)."""
        u, v = self._axes()
        y, x = southing - self.centre[0], easting - self.centre[1]
        s = (y * u[0] + x * u[1]) / (self.length / 2)
        return s, y * v[0] + x * v[1] - self.offset(s)

    def _axes(self) -> tuple[np.ndarray, np.ndarray]:
        sin, cos = np.sin(self.azimuth), np.cos(self.azimuth)
        return np.array([-cos, sin]), np.array([sin, cos])


def noise(rng: np.random.Generator, side: int, wavelength_px: float, octaves: int = 3) -> np.ndarray:
    """Return smooth fractal noise, float32 (side, side): mean 0, standard deviation about 1.

    Parameters
    ----------
    side
        Cells a side.
    wavelength_px
        Of the coarsest octave, in cells; each further one has half of it, and half the amplitude.
    octaves
        How many at most; those finer than two cells are left out.

    Examples
    --------
    >>> round(float(noise(np.random.default_rng(1), 200, 40.0).std()), 1)
    0.9
    """
    total = np.zeros((side, side), np.float32)
    for octave in range(octaves):
        spacing = wavelength_px / 2.0 / 2**octave
        if spacing < 1.0:
            break
        lattice = rng.standard_normal((int(side / spacing) + 5,) * 2).astype(np.float32)
        weights = _cubic_weights(np.arange(side) / spacing + 1.5, lattice.shape[0])
        total += np.float32(0.5**octave / 0.6) * (weights @ lattice @ weights.T)
    return total


def _cubic_weights(at: np.ndarray, knots: int) -> np.ndarray:
    """Return the cubic B-spline weights (n, knots) of the positions `at`."""
    d = np.abs(at[:, None] - np.arange(knots))
    return np.where(d < 1, 2 / 3 - d**2 + d**3 / 2, np.where(d < 2, (2 - d) ** 3 / 6, 0.0)).astype(np.float32)


def padded(side: int) -> int:
    """Return the side of the surroundings in which a landscape of `side` cells grows.

    Examples
    --------
    >>> padded(100)
    132
    """
    return side + 2 * (side // 6)


def crop(values: np.ndarray, side: int) -> np.ndarray:
    """Return the `side` by `side` cells in the middle.

    Examples
    --------
    >>> crop(np.arange(16).reshape(4, 4), 2)
    array([[ 5,  6],
           [ 9, 10]])
    """
    margin = (values.shape[0] - side) // 2
    return values[margin : margin + side, margin : margin + side]


def resample(values: np.ndarray, side: int) -> np.ndarray:
    """Return a square grid of `side` cells over the same extent, bilinear.

    Examples
    --------
    >>> resample(np.array([[0.0, 4.0], [0.0, 4.0]]), 4)[0]
    array([0., 1., 3., 4.])
    """
    if values.shape[0] == side:
        return values
    return ndimage.zoom(values, side / values.shape[0], order=1, mode="nearest", grid_mode=True)


def draw_structure(rng: np.random.Generator, side: int, cell_size: float) -> Structure:
    """Draw the folds, faults and rock units of a control grid of `side` cells of `cell_size` metres, as `Structure` describes them."""
    extent = side * cell_size
    fold = float(np.clip(extent / 3.5, 1500.0, 11000.0))  # wavelength
    px = fold / cell_size
    southing, easting = np.mgrid[:side, :side].astype(np.float32) * np.float32(cell_size)
    strike = np.radians(STRIKE_DEG)
    across = easting * np.cos(strike) + southing * np.sin(strike)

    height = noise(rng, side, max(1.5 * px, side / 2)) - 3.0 * across / extent
    lifted = 1.0 / (1.0 + np.exp((np.quantile(height, PLAIN_SHARE) - height) / 0.12))
    bend = 0.16 * fold * noise(rng, side, 2.5 * px)
    plunge = noise(rng, side, 2.0 * px, octaves=2)
    throw, block, damage = (np.zeros((side, side), np.float32) for _ in range(3))
    faults = _draw_faults(rng, lifted, cell_size, fold)
    for fault in faults:
        reach = int(0.8 * fault.length / cell_size) + 2
        row, col = (fault.centre / cell_size).astype(int)
        near = np.s_[max(row - reach, 0) : row + reach, max(col - reach, 0) : col + reach]
        along, beside = fault.coordinates(southing[near], easting[near])
        taper = np.sqrt(np.clip(1 - along**2, 0, 1))
        jump = fault.sense * np.where(beside > 0, 0.5, -0.5) * taper * np.exp(-np.abs(beside) / (0.22 * fault.length))
        if fault.thrust:
            throw[near] += 2.2 * jump
            block[near] += jump
        else:
            bend[near] += 0.3 * fold * jump
        damage[near] = np.maximum(damage[near], np.sqrt(taper) * np.exp(-np.abs(beside) / 180.0))

    wave = np.cos(2 * np.pi * (across + bend) / fold)
    thickness = np.array([rock.thickness for rock in COLUMN])
    depth = thickness.sum() * (0.5 - 0.36 * wave - 0.10 * plunge) + throw
    rock = np.searchsorted(np.cumsum(thickness)[:-1], depth).astype(np.uint8)
    rock[lifted < 0.4] = ALLUVIUM
    uplift = lifted * np.clip(0.66 + 0.25 * wave + 0.7 * block + 0.15 * plunge, 0.2, 1.5)
    traces = tuple(fault.trace(max(int(fault.length / cell_size / 2), 12)) / cell_size for fault in faults)
    return Structure(rock, uplift.astype(np.float32), damage, traces)


def _draw_faults(rng: np.random.Generator, lifted: np.ndarray, cell_size: float, fold: float) -> list[Fault]:
    """Draw faults in the lifted land, about six for each ten square folds."""
    extent = lifted.shape[0] * cell_size
    faults = []
    for n in range(int(np.clip(0.6 * (extent / fold) ** 2, 4, 240))):
        thrust = n % 3 > 0
        turn = rng.normal(0, 7) if thrust else rng.uniform(55, 80)
        length = fold * rng.uniform(0.7, 1.2) * (1.5 if thrust else 0.9)
        for _ in range(20):
            centre = rng.uniform(0.05, 0.95, 2) * extent
            if lifted[tuple((centre / cell_size).astype(int))] > 0.5:
                break
        faults.append(
            Fault(
                centre=centre,
                azimuth=np.radians(STRIKE_DEG + turn),
                length=length,
                bow=length * rng.uniform(0.01, 0.035),
                phase=rng.uniform(0, 2 * np.pi),
                sense=rng.choice([-1.0, 1.0]),
                thrust=thrust,
            )
        )
    return faults


def shape_terrain(rng: np.random.Generator, structure: Structure, side: int, cell_size: float, feedback: Feedback) -> np.ndarray:
    """Wear the lifted structure down, from coarse grids to fine.

    All grids but the last take in the surroundings; the last keeps the altitude of its edge.

    Parameters
    ----------
    structure
        On the control grid of the landscape with its surroundings (`padded`).
    side, cell_size
        The landscape: cells a side, and metres.

    Returns
    -------
    Altitude, shape (side, side), float32, metres; every cell drains to the edge.
    """
    erodibility = np.array([rock.erodibility for rock in ROCKS], np.float32)[structure.rock] * (1 + 1.5 * structure.damage)
    talus = np.tan(np.radians([rock.talus_deg for rock in ROCKS])).astype(np.float32)[structure.rock]
    land = Land(UPLIFT_M * structure.uplift, np.float32(ERODIBILITY) * erodibility, talus)
    altitude = np.float32(BASE_LEVEL_M) + 200 * structure.uplift

    levels = [side]
    while levels[0] > 1.5 * COARSEST_PX or len(levels) == 1:
        levels.insert(0, max((levels[0] + 1) // 2, min(levels[0], COARSEST_PX)))
    for level, at in enumerate(levels):
        size = cell_size * side / at
        altitude = resample(altitude, padded(at))
        if level > 0:
            altitude = _meander(rng, altitude)
        if level < len(levels) - 1:
            steps, part = 80 if level == 0 else 10, feedback.part(5 * level, 5 * (level + 1))
        else:
            steps, part = 10 if at <= 3000 else 3, feedback.part(5 * level, 95)
            altitude = crop(altitude, at)
            land = Land(*(crop(field, min(side, CONTROL_PX)) for field in land))
        width = altitude.shape[0]
        altitude = altitude + np.float32(0.02 * size) * rng.standard_normal((width, width), np.float32)
        altitude = erode(altitude, Land(*(resample(field, width) for field in land)), size, steps, part)
    return _roughen(rng, altitude, cell_size)


def _meander(rng: np.random.Generator, altitude: np.ndarray) -> np.ndarray:
    """Shift the terrain sideways by a cell or two, here and there, so that the straight runs of coarser grids wind."""
    side = altitude.shape[0]
    row_shift, col_shift = (resample(rng.standard_normal((side // 6 + 1,) * 2, np.float32), side) for _ in range(2))
    shifted = np.empty_like(altitude)
    cols = np.arange(side, dtype=np.float32)
    for first in range(0, side, 512):
        block = np.s_[first : first + 512]
        rows = cols[block, None] + MEANDER_PX * row_shift[block]
        ndimage.map_coordinates(altitude, [rows, cols + MEANDER_PX * col_shift[block]], shifted[block], order=1, mode="nearest")
    return shifted


def _roughen(rng: np.random.Generator, altitude: np.ndarray, cell_size: float) -> np.ndarray:
    """Add the small bumps that every survey of a hillside shows, the more the steeper it is."""
    bumps = ndimage.gaussian_filter(rng.standard_normal(altitude.shape, np.float32), 0.8)
    steep = np.minimum(np.maximum(*map(np.abs, np.gradient(altitude, np.float32(cell_size)))), np.float32(0.5))
    bumps *= np.float32(0.05 * cell_size) * steep
    altitude += bumps
    return fill(altitude)
