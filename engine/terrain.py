# SPDX-License-Identifier: GPL-2.0-or-later
"""Slope, aspect and curvatures from the 3×3 cells around each cell.

A neighbour that is missing (beyond the raster or nodata) is extrapolated linearly from the cells that are there, so that cells at
the edge keep their values, as with GDAL's `-compute_edges`, and a plane stays a plane up to its edge.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

HALO_PX = 1
FLAT_ASPECT = -1.0


class Neighbourhood:
    """First and second derivatives of elevation on a window.

    Parameters
    ----------
    elevation
        Elevation in metres with a halo of one cell, (rows + 2, cols + 2), NaN where missing.
    cell_width_m, cell_height_m
        Cell size in metres.
    method
        `horn` (Horn 1981) or `zevenbergen_thorne` (1987) for the first derivatives that slope and aspect use.
    """

    def __init__(self, elevation: np.ndarray, cell_width_m: float, cell_height_m: float, method: str = "horn") -> None:
        z = np.asarray(elevation, np.float64)
        rows, cols = z.shape[0] - 2, z.shape[1] - 2
        centre = z[1:-1, 1:-1]

        def at(down: int, right: int, otherwise: np.ndarray) -> np.ndarray:
            here = z[1 + down : 1 + down + rows, 1 + right : 1 + right + cols]
            opposite = z[1 - down : 1 - down + rows, 1 - right : 1 - right + cols]
            beyond = np.where(np.isnan(opposite), otherwise, 2 * centre - opposite)
            return np.where(np.isnan(here), beyond, here)

        north, south, east, west = at(-1, 0, centre), at(1, 0, centre), at(0, 1, centre), at(0, -1, centre)
        north_east, north_west = at(-1, 1, north + east - centre), at(-1, -1, north + west - centre)
        south_east, south_west = at(1, 1, south + east - centre), at(1, -1, south + west - centre)
        width, height = cell_width_m, cell_height_m
        self.altitude = centre
        # Derivatives along easting (x) and northing (y); Zevenbergen and Thorne (1987), with full second derivatives.
        self.p = (east - west) / (2 * width)
        self.q = (north - south) / (2 * height)
        self.r = (east - 2 * centre + west) / width**2
        self.t = (north - 2 * centre + south) / height**2
        self.s = (north_east - north_west - south_east + south_west) / (4 * width * height)
        if method == "horn":
            self.slope_x = ((north_east + 2 * east + south_east) - (north_west + 2 * west + south_west)) / (8 * width)
            self.slope_y = ((north_west + 2 * north + north_east) - (south_west + 2 * south + south_east)) / (8 * height)
        else:
            self.slope_x, self.slope_y = self.p, self.q

    def slope(self) -> np.ndarray:
        """Slope in degrees."""
        return np.degrees(np.arctan(np.hypot(self.slope_x, self.slope_y)))

    def aspect(self) -> np.ndarray:
        """Direction that the slope faces, degrees clockwise from north; -1 where it is flat."""
        facing = np.degrees(np.arctan2(-self.slope_x, -self.slope_y)) % 360.0
        flat = (self.slope_x == 0) & (self.slope_y == 0)
        return np.where(flat, FLAT_ASPECT, facing)

    def profile_curvature(self) -> np.ndarray:
        """Curvature along the slope line in 1/m, positive where convex; 0 where it is flat."""
        p, q = self.p, self.q
        squared = p**2 + q**2
        along = p**2 * self.r + 2 * p * q * self.s + q**2 * self.t
        return -_divided(along, squared * (1 + squared) ** 1.5, squared)

    def plan_curvature(self) -> np.ndarray:
        """Curvature of the contour line in 1/m, positive where the ground diverges; 0 where it is flat."""
        p, q = self.p, self.q
        squared = p**2 + q**2
        across = q**2 * self.r - 2 * p * q * self.s + p**2 * self.t
        return -_divided(across, squared**1.5, squared)


# Covariate to what computes it.
TERRAIN: dict[str, Callable[[Neighbourhood], np.ndarray]] = {
    "altitude": lambda cells: cells.altitude,
    "slope": Neighbourhood.slope,
    "aspect": Neighbourhood.aspect,
    "plan_curvature": Neighbourhood.plan_curvature,
    "profile_curvature": Neighbourhood.profile_curvature,
}


def _divided(above: np.ndarray, below: np.ndarray, squared: np.ndarray) -> np.ndarray:
    flat = squared == 0
    ratio = above / np.where(flat, 1.0, below)
    return np.where(flat & ~np.isnan(above), 0.0, ratio)
