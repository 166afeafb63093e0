# SPDX-License-Identifier: GPL-2.0-or-later
"""What the numbers of a raster stand for, as GIS shows it: names, colours and counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..gdal import gdal


def name_values(band: gdal.Band, names: Sequence[str], colours: Sequence[Sequence[int]]) -> None:
    """Give a band a palette and the names of its values 1, 2, …; a GeoTIFF takes a palette only before its first cell is written.

    Parameters
    ----------
    names, colours
        What each value stands for, and its red, green and blue (0 to 255); (n,).
    """
    palette = gdal.ColorTable()
    for number, colour in enumerate(colours, start=1):
        palette.SetColorEntry(number, (*colour, 255))
    band.SetColorTable(palette)
    band.SetCategoryNames(["", *names])


def attribute_table(
    title: str, names: Sequence[str], colours: Sequence[Sequence[int]], counts: np.ndarray, ends: Sequence[float] = ()
) -> gdal.RasterAttributeTable:
    """Return a table with a row for each of the values 1, 2, ….

    Parameters
    ----------
    title
        Of the column of names.
    names, colours, counts
        What each value stands for, its red, green and blue (0 to 255), and how many cells have it; (n,).
    ends
        Where each value begins and, last, where the highest ends, (n + 1,), as the columns From and To; empty where they have none.
    """
    table = gdal.RasterAttributeTable()
    columns = [("Value", gdal.GFT_Integer, gdal.GFU_MinMax), (title, gdal.GFT_String, gdal.GFU_Name)]
    columns += [(name, gdal.GFT_Real, gdal.GFU_Generic) for name in ("From", "To") if len(ends)]
    usages = {"Count": gdal.GFU_PixelCount, "Red": gdal.GFU_Red, "Green": gdal.GFU_Green, "Blue": gdal.GFU_Blue}
    columns += [(name, gdal.GFT_Integer, usage) for name, usage in usages.items()]
    for column in columns:
        table.CreateColumn(*column)
    table.SetRowCount(len(names))
    for row, (name, colour) in enumerate(zip(names, colours)):
        table.SetValueAsInt(row, 0, row + 1)
        table.SetValueAsString(row, 1, name)
        for place, end in enumerate(ends[row : row + 2], start=2):
            table.SetValueAsDouble(row, place, end)
        whole = (int(min(counts[row], 2**31 - 1)), *colour)
        for place, value in enumerate(whole, start=len(columns) - len(whole)):
            table.SetValueAsInt(row, place, value)
    return table
