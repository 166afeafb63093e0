# SPDX-License-Identifier: GPL-2.0-or-later
"""A fractal DEM of any size, made strip by strip: sums of interpolated noise, halved in height as it doubles in frequency."""

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()

STRIP_PX, COARSEST_PX, HEIGHT_M, CELL_M = 512, 2048, 1200.0, 30.0


def write_fractal(path, rows, cols, seed=1):
    """Write the DEM (UTM, cells of 30 m, float32) to `path`."""
    reference = osr.SpatialReference()
    reference.ImportFromEPSG(32639)
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), cols, rows, 1, gdal.GDT_Float32, ["TILED=YES", "BIGTIFF=IF_SAFER"])
    dataset.SetProjection(reference.ExportToWkt())
    dataset.SetGeoTransform((500000.0, CELL_M, 0.0, 4000000.0, 0.0, -CELL_M))
    dataset.GetRasterBand(1).SetNoDataValue(-9999.0)
    for row in range(0, rows, STRIP_PX):
        count = min(STRIP_PX, rows - row)
        strip = np.zeros((count, cols), np.float32)
        spacing, height = COARSEST_PX, HEIGHT_M
        while spacing >= 2:
            strip += height * _noise(seed + spacing, row, count, cols, spacing)
            spacing, height = spacing // 2, height / 2
        dataset.GetRasterBand(1).WriteArray(strip, 0, row)
    dataset.FlushCache()
    return str(path)


def _noise(seed, row, rows, cols, spacing):
    """Noise on a lattice, interpolated smoothly; a row of the lattice depends on its number alone, so that strips fit together."""
    first, last = row // spacing, (row + rows - 1) // spacing + 1
    lattice = np.stack([np.random.default_rng([seed, line]).normal(size=cols // spacing + 2) for line in range(first, last + 1)])
    down, right = np.arange(row, row + rows) / spacing - first, np.arange(cols) / spacing
    i, j = down.astype(int), right.astype(int)
    v, u = _smooth(down - i)[:, None], _smooth(right - j)[None, :]
    along = lattice[:, j] * (1 - u) + lattice[:, j + 1] * u
    return (along[i] * (1 - v) + along[i + 1] * v).astype(np.float32)


def _smooth(share):
    return share * share * (3 - 2 * share)
