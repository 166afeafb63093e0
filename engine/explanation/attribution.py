# SPDX-License-Identifier: GPL-2.0-or-later
"""What each covariate contributes to the susceptibility of a cell: Shapley values by orders (Castro et al. 2009).

A cell is compared with average ground: the mean of the encoded covariates of cells without landslides, everywhere in its patch. In
some order one covariate after the other becomes the cell's own, and what changes is that covariate's contribution, averaged over orders.
Each order goes from average ground to the cell, so that contributions always sum to the difference of the two, whatever the model. Orders
come in pairs, one the reverse of the other, which halves what the order matters (Mitchell et al. 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from ...models.encoding import Encoder
from ...models.model_file import Model
from ..declarations.checks import point
from ..errors import EngineError
from ..feedback import Feedback
from ..files.attributes import attribute_table, name_values
from ..files.grid import Grid, Window, reference_of
from ..files.shapes import Onto
from ..files.stack import Stack
from ..gdal import close, gdal
from ..mapping.windows import NODATA, windows_of
from ..threads import in_order
from .answers import Answer

# Pairs of orders for one cell; a map has one pair, which takes the time of about two maps a covariate.
PAIRS = 32
_AT_ONCE = 2
_MOST_FACTORS = 255
# Told apart by colour-blind people as far as there are so many; then lighter and darker ones.
_COLOURS = [
    *("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#4D4D4D", "#F0E442"),
    *("#8C510A", "#6A51A3", "#A6D854", "#FB9A99", "#01665E", "#BDBDBD", "#80B1D3", "#7F0000"),
]


def average_ground(encoder: Encoder, centres: np.ndarray) -> np.ndarray:
    """Return the mean channels of cells, float32 (channels,); `centres` are their covariates, (n, bands)."""
    return np.asarray(encoder.encode(centres).reshape(len(centres), -1).mean(axis=0), np.float32)


def contributions(
    ask: Callable[[np.ndarray], np.ndarray],
    own: np.ndarray,
    average: np.ndarray,
    parts: list[slice],
    order: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return what each covariate contributes by one order and its reverse, (covariates, …), and what is said of average and own ground.

    Parameters
    ----------
    ask
        Takes channels, shaped as `own`, and returns susceptibility, (…).
    own
        Channels of the ground, (…, channels).
    average
        Channels of average ground, (channels,).
    parts
        The channels of each covariate.
    order
        A permutation of the numbers of the covariates.
    ends
        What is said of average and of own ground, where it is known.
    """
    ground = np.empty_like(own)  # as it lies in memory, which networks are fastest with
    ground[...] = average
    first, last = ends or (ask(ground), ask(own))
    found = np.zeros((len(parts), *np.shape(last)), np.float32)
    for turn in (order, order[::-1]):
        ground[...] = average
        before = first
        for place, number in enumerate(turn):
            ground[..., parts[number]] = own[..., parts[number]]
            after = last if place + 1 == len(turn) else ask(ground)
            found[number] += (after - before) / 2
            before = after
    return found, (first, last)


@dataclass(frozen=True)
class Local:
    """Why one cell has its susceptibility.

    Parameters
    ----------
    row, col, xy
        The cell, and its centre in the stack's CRS.
    susceptibility, average
        Of the cell and of average ground.
    values
        The cell's own covariates, (covariates,).
    parts, error
        What each covariate adds to the average, and the standard error that the few orders leave, (covariates,).
    """

    row: int
    col: int
    xy: tuple[float, float]
    susceptibility: float
    average: float
    values: np.ndarray
    parts: np.ndarray
    error: np.ndarray


def explain_cell(answer: Answer, model: Model, stack: Stack, cell: tuple[int, int], average: np.ndarray, seed: int) -> Local:
    """Return the contributions to one cell, by `PAIRS` pairs of orders.

    Raises
    ------
    EngineError
        If the cell lacks a covariate of the model.
    """
    names = [each.name for each in model.covariates]
    rows, cols = (np.array([each]) for each in cell)
    patch = stack.patches(rows, cols, 2 * model.margin_px + 1, names).take()
    values = patch[0, model.margin_px, model.margin_px]
    missing = [name for name, value in zip(names, values) if not np.isfinite(value)]
    if missing:
        raise EngineError(f"The point (POINT) lies on a cell without a value of {', '.join(missing)}; choose another one.")
    own = np.ascontiguousarray(model.encoder.encode(patch))
    rng, found, ends = np.random.default_rng(seed), [], None
    for _ in range(PAIRS):
        parts, ends = contributions(answer, own, average, model.encoder.of_covariate, rng.permutation(len(names)), ends)
        found.append(parts[:, 0].astype(float))
    if ends is None:
        raise ValueError("no orders")
    x, y = stack.grid.centres(rows, cols)
    mean, error = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) / PAIRS**0.5
    return Local(cell[0], cell[1], (float(x[0]), float(y[0])), float(ends[1][0]), float(ends[0][0]), values, mean, error)


def cell_at(place: str, grid: Grid) -> tuple[int, int]:
    """Return row and column of the cell that a point lies in, given as QGIS writes it; without a CRS it is in the grid's.

    Raises
    ------
    EngineError
        If it is no point, or lies outside the grid.
    """
    found = point(place)
    if found is None:
        raise EngineError(f"{place!r} is no point.")
    x, y, crs = found
    reference = reference_of(crs) if crs else grid.spatial_reference
    laid, _ = Onto(reference, grid).points(np.array([[x, y]]))
    if np.isfinite(laid).all():
        rows, cols, inside = grid.cells(*laid.T)
        if inside[0]:
            return int(rows[0]), int(cols[0])
    west, south, east, north = grid.bounds
    raise EngineError(
        f"The point (POINT) {x:.10g}, {y:.10g} lies outside the covariate stack, which reaches from {west:,.0f} to {east:,.0f} east "
        "and from "
        f"{south:,.0f} to {north:,.0f} north in {grid.spatial_reference.GetName()}; choose one inside, or check its coordinate reference "
        "system."
    )


def strongest(parts: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Return the number of the covariate, from 0, that does most to make a cell as it is, int (…).

    Of those whose contribution goes the way that the cell differs from average ground: where it is more susceptible, the one that raises
    it most.

    Parameters
    ----------
    parts
        Contributions, (covariates, …).
    change
        Susceptibility less that of average ground, (…).

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.engine.explanation.attribution import strongest
    >>> strongest(np.array([[0.3, 0.1], [-0.2, -0.4]]), np.array([0.1, -0.3])).tolist()
    [0, 1]
    """
    return np.asarray(np.argmax(parts * np.where(change < 0, -1.0, 1.0), axis=0))


def map_attributions(
    stack: Stack, model: Model, average: np.ndarray, dominant: Path | None, bands: Path | None, seed: int, feedback: Feedback
) -> np.ndarray:
    """Write the strongest covariate of each cell, the contributions of all, or both; return the cells that each is strongest on.

    Memory is that of a few windows; the time is that of about two maps a covariate.

    Parameters
    ----------
    average
        Channels of average ground.
    dominant
        Becomes a raster of numbers of the model's covariates from 1, 0 for nodata, with names and colours.
    bands
        Becomes a raster with a float32 band of contributions for each covariate.

    Returns
    -------
    Int64 (covariates,).
    """
    names = [each.name for each in model.covariates]
    if len(names) > _MOST_FACTORS:
        raise EngineError(f"The model has {len(names)} covariates, and the raster of the strongest factor holds at most {_MOST_FACTORS}.")
    order = np.random.default_rng(seed).permutation(len(names))
    margin, parts, reading = model.margin_px, model.encoder.of_covariate, Lock()
    counts = np.zeros(len(names), np.int64)
    flat = np.broadcast_to(average, (2 * margin + 1, 2 * margin + 1, len(average))).copy()
    base = model.of_encoded(flat)[0, 0]

    def explained(window: Window) -> tuple[np.ndarray, np.ndarray]:
        with reading:
            values = stack.read(window, margin, names)
        own = values[margin : margin + window.rows, margin : margin + window.cols]
        valid = np.isfinite(own).all(axis=-1)
        out = np.full((len(names), *valid.shape), np.nan, np.float32)
        if not valid.any():
            return out, valid
        # Cells without data need not be asked, where none stands in the patch of another.
        encoded = model.encoder.encode(values[valid][None] if margin == 0 else values)
        last = model.of_encoded(encoded)
        found, _ = contributions(model.of_encoded, encoded, average, parts, order, (np.full_like(last, base), last))
        out[:, valid] = found[:, 0] if margin == 0 else found[:, valid]
        return out, valid

    with ExitStack() as files:
        written = files.enter_context(_created(stack.grid, dominant, 1, gdal.GDT_Byte, 0)) if dominant else None
        colours = [tuple(bytes.fromhex(each[1:])) for each in factor_colours(len(names))]
        if written:
            written.GetRasterBand(1).SetDescription("strongest factor")
            name_values(written.GetRasterBand(1), names, colours)
        each_band = files.enter_context(_created(stack.grid, bands, len(names), gdal.GDT_Float32, NODATA)) if bands else None
        threads = files.enter_context(ThreadPoolExecutor(_AT_ONCE))
        windows = windows_of(stack.grid)
        for window, (found, valid) in feedback.steps(
            in_order(lambda each: threads.submit(explained, each), windows, _AT_ONCE), len(windows), "Explaining window"
        ):
            number = np.zeros(valid.shape, np.uint8)
            number[valid] = strongest(found[:, valid], found[:, valid].sum(axis=0)) + 1
            counts += np.bincount(number.ravel(), minlength=len(names) + 1)[1:]
            if written:
                written.GetRasterBand(1).WriteArray(number, window.col, window.row)
            if each_band:
                for band, values in enumerate(found, start=1):
                    each_band.GetRasterBand(band).WriteArray(np.where(valid, values, np.float32(NODATA)), window.col, window.row)
        if not counts.any():
            raise EngineError(f"The covariate stack {stack.told} has no valid cell: every cell lacks a covariate of the model.")
        if written:
            written.GetRasterBand(1).SetDefaultRAT(attribute_table("Factor", names, colours, counts))
        if each_band:
            for place, name in enumerate(names, start=1):
                each_band.GetRasterBand(place).SetDescription(name)
    return counts


def picture(path: Path, most_px: int = 1000) -> np.ndarray:
    """Return the raster of the strongest factor at most so many cells wide and high, for a figure."""
    dataset = gdal.Open(str(path))
    step = max(1.0, max(dataset.RasterXSize, dataset.RasterYSize) / most_px)
    cols, rows = (max(round(side / step), 1) for side in (dataset.RasterXSize, dataset.RasterYSize))
    return np.asarray(dataset.GetRasterBand(1).ReadAsArray(buf_xsize=cols, buf_ysize=rows))


def factor_colours(count: int) -> list[str]:
    """Return a colour for each factor, `#rrggbb`; beyond the first sixteen they come again."""
    return [_COLOURS[number % len(_COLOURS)] for number in range(count)]


@contextmanager
def _created(grid: Grid, path: Path, bands: int, kind: int, nodata: float) -> Iterator[Any]:
    dataset = grid.create(str(path), bands, kind, nodata)
    yield dataset
    close(dataset)
