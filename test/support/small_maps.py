# SPDX-License-Identifier: GPL-2.0-or-later
"""A map of one row of ten cells, outlines of cells, and tables that were written."""

import csv
from pathlib import Path

from scarp.engine.files.grid import Grid, reference_of

UTM = Grid(reference_of(32639).ExportToWkt(), (500_000.0, 20.0, 0.0, 3_600_000.0, 0.0, -20.0), (1, 10))


def box(grid, row, col, rows=1, cols=1):
    """The outline of some cells."""
    west, width, _, north, _, height = grid.transform
    left, right, top, bottom = west + col * width, west + (col + cols) * width, north + row * height, north + (row + rows) * height
    return f"POLYGON (({left} {top}, {right} {top}, {right} {bottom}, {left} {bottom}, {left} {top}))"


def rows_of(path):
    """The rows of a CSV."""
    with Path(path).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
