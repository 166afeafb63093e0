# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of the screening report, as matplotlib `Figure` objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ..reporting.figures import COLOURS, GREY, Frame, border, scale_bar, styled
from ..reporting.numbers import cut, number
from .binning import DIRECTIONS, Classing

_ABOVE, _BELOW, _AREA = COLOURS[0], COLOURS[1], "#9A9A9A"
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
# Paul Tol's muted scheme, told apart by colour-blind people, and two that differ from it.
_CATEGORIES = (
    "#88CCEE", "#CC6677", "#117733", "#DDCC77", "#332288", "#AA4499", "#44AA99", "#999933", "#882255", "#E69F00", "#000000"
)  # fmt: skip
_OTHER = "#DDDDDD"
# Correlation matrices larger than this bear no numbers, and bar charts of classes show no more than the largest.
_MOST_NUMBERED = 26
MOST_SHOWN = 20
# Longer bars of the VIF are cut off at so many times its limit.
VIF_LIMITS = 4
_MAP_WIDTH, _LEGEND_WIDTH, _LEGEND_LINE, _MOST_HEIGHT = 2.55, 1.35, 0.145, 3.4
# Longer class names and titles lose their middle in legends, axes and maps.
_MOST_LETTERS, _MOST_TITLE = 24, 40


@dataclass(frozen=True)
class MapPanel:
    """One map: class numbers (rows, cols) from 0, −1 where there are none, north up, with names and colours of the classes."""

    title: str
    numbers: np.ndarray
    names: Sequence[str]
    colours: Sequence[str]


@styled
def vif_bars(names: Sequence[str], vif: Sequence[float], limit: float) -> Figure:
    """Draw the VIF of each covariate and the limit; bars longer than `VIF_LIMITS` limits are cut off, each tells its value."""
    values = np.asarray(vif, float)
    end = min(max(np.nanmax(np.r_[values, 0.0]), 1.3 * limit), VIF_LIMITS * limit)
    colours = [_ABOVE if value > limit else _BELOW for value in values]
    figure, axes = _bars(names, np.nan_to_num(np.minimum(values, end)), colours)
    for position, value in enumerate(values):
        text = "∞" if np.isinf(value) else "one value only" if np.isnan(value) else number(value)
        axes.text(np.nan_to_num(min(value, end)) + 0.01 * end, position, text, va="center", fontsize=8, bbox=_PAPER)
    axes.axvline(limit, color=GREY, lw=0.9, ls="--")
    axes.set(xlabel=f"VIF (dashed: the limit of {limit:g})", xlim=(0, 1.12 * end))
    return figure


@styled
def coefficient_bars(names: Sequence[str], r: Sequence[float], signed: Sequence[bool]) -> Figure:
    """Draw the coefficient of each covariate with landslide occurrence (the paper's Fig. 8); unsigned ones in another colour."""
    values = np.asarray(r, float)
    colours = [COLOURS[1] if each else COLOURS[4] for each in signed]
    figure, axes = _bars(names, np.nan_to_num(values), colours)
    reach = 0.02 * max(np.nanmax(np.abs(np.r_[values, 0.1])), 0.1)
    for position, value in enumerate(np.nan_to_num(values)):
        text = "one value only" if np.isnan(values[position]) else number(value)
        axes.text(value + (reach if value >= 0 else -reach), position, text, va="center", ha="left" if value >= 0 else "right", fontsize=8)
    axes.axvline(0, color=GREY, lw=0.8)
    axes.margins(x=0.16)
    axes.set(xlabel="Coefficient with landslide occurrence")
    kinds = [(COLOURS[1], "continuous", True), (COLOURS[4], "circular or categorical (no sign)", False)]
    handles = [Patch(color=colour, label=label) for colour, label, sign in kinds if sign in signed]
    axes.legend(handles=handles, loc="lower left", bbox_to_anchor=(0, 1), ncols=len(handles), borderaxespad=0.2)
    return figure


@styled
def gain_bars(names: Sequence[str], bits: Sequence[float]) -> Figure:
    """Draw the information gain of each covariate."""
    figure, axes = _bars(names, np.asarray(bits, float), [COLOURS[2]] * len(names))
    for position, value in enumerate(bits):
        axes.text(value, position, f" {number(value)}", va="center", fontsize=8)
    axes.margins(x=0.12)
    axes.set(xlabel="Information gain (bits)", xlim=(0, None))
    return figure


@styled
def heat_map(matrix: np.ndarray, names: Sequence[str], label: str, signed: bool) -> Figure:
    """Draw a symmetric matrix of coefficients, from −1 or, where not `signed`, from 0 to 1; white where there is none."""
    count = len(names)
    side = max(0.34 * count, 1.6)
    figure = Figure(figsize=(min(side + 2.6, 8.0), min(side + 2.6, 8.0) - 0.7), layout="constrained")
    axes = figure.subplots()
    colours = axes.pcolormesh(matrix, cmap="RdBu_r" if signed else "Blues", vmin=-1 if signed else 0, vmax=1, edgecolors="white", lw=0.8)
    if count <= _MOST_NUMBERED:
        for row, col in zip(*np.nonzero(np.isfinite(matrix))):
            value = round(float(matrix[row, col]), 2) + 0.0
            text = f"{value:.0f}" if abs(value) == 1 else f"{value:.2f}".replace("0.", ".", 1)
            colour = "white" if abs(value) > 0.6 else "black"
            axes.text(col + 0.5, row + 0.5, text.replace("-", "−"), ha="center", va="center", fontsize=6.5, color=colour)
    ticks = np.arange(count) + 0.5
    axes.set(xticks=ticks, yticks=ticks, aspect="equal")
    axes.set_xticklabels(names, rotation=90, fontsize=8)
    axes.set_yticklabels(names, fontsize=8)
    axes.tick_params(length=0)
    axes.invert_yaxis()
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    figure.colorbar(colours, ax=axes, label=label, shrink=0.7, aspect=24)
    return figure


@styled
def class_shares(names: Sequence[str], area: np.ndarray, landslides: np.ndarray, frequency_ratio: np.ndarray, label: str) -> Figure:
    """Draw each class's share of the landslide cells beside its share of the area, with the frequency ratio at the end."""
    figure = Figure(figsize=(6.6, 0.85 + 0.29 * len(names)), layout="constrained")
    axes = figure.subplots()
    positions = np.arange(len(names))
    axes.barh(positions - 0.19, 100 * landslides, 0.36, color=_ABOVE, label="landslide cells")
    axes.barh(positions + 0.19, 100 * area, 0.36, color=_AREA, label="area")
    for position, ratio in enumerate(frequency_ratio):
        axes.text(1.01, position, number(float(ratio)), va="center", fontsize=8, transform=axes.get_yaxis_transform())
    axes.text(1.01, -0.75, "FR", va="center", fontsize=8, fontweight="bold", transform=axes.get_yaxis_transform())
    axes.set(yticks=positions, xlabel="Share (%)", ylabel=label)
    axes.set_yticklabels([cut(name, _MOST_LETTERS) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
    return figure


@styled
def covariate_maps(panels: Sequence[MapPanel], metres_per_px: tuple[float, float], frame: Frame | None = None) -> Figure:
    """Draw maps of covariates in two columns, each with its legend and a scale bar (the paper's Figs. 3 to 6).

    Parameters
    ----------
    metres_per_px
        Width and height of a cell of the pictures.
    frame
        Where they lie; without, they have no coordinates.
    """
    rows, cols = panels[0].numbers.shape
    across, down = metres_per_px
    shape = rows * down / (cols * across)
    width = min(_MAP_WIDTH, _MOST_HEIGHT / shape)
    height = max(width * shape, _LEGEND_LINE * max(len(panel.names) for panel in panels)) + 0.35
    lines = -(-len(panels) // 2)
    columns = min(len(panels), 2)
    figure = Figure(figsize=(columns * (width + _LEGEND_WIDTH + 0.1), lines * height), layout="constrained")
    grid = figure.subplots(lines, 2 * columns, squeeze=False, gridspec_kw={"width_ratios": [width, _LEGEND_WIDTH] * columns})
    for each in grid.ravel():
        each.set_axis_off()
    for place, panel in enumerate(panels):
        axes, legend = grid[place // 2, 2 * (place % 2) : 2 * (place % 2) + 2]
        palette = ListedColormap(["#FFFFFF", *panel.colours])
        axes.imshow(panel.numbers, cmap=palette, vmin=-1.5, vmax=len(panel.colours) - 0.5, interpolation="nearest", aspect=down / across)
        axes.set_axis_on()
        axes.set(title=cut(panel.title, _MOST_TITLE), anchor="NW")
        border(axes, frame, (rows, cols), 5.5)
        scale_bar(axes, cols * across, across, rows)
        axes.text(0.97, 0.97, "N\n↑", transform=axes.transAxes, ha="right", va="top", fontsize=7, linespacing=0.8, bbox=_PAPER)
        handles = [
            Patch(facecolor=c, edgecolor="#888888", lw=0.4, label=cut(name, _MOST_LETTERS)) for name, c in zip(panel.names, panel.colours)
        ]
        legend.legend(
            handles=handles,
            loc="upper left",
            borderaxespad=0,
            borderpad=0,
            fontsize=7,
            handlelength=1.2,
            handleheight=1.0,
            labelspacing=0.35,
        )
    return figure


def map_panel(title: str, classing: Classing, values: np.ndarray) -> MapPanel:
    """Return the map of a covariate (rows, cols) in its classes.

    A categorical covariate with more classes than there are colours shows the largest; the rest are drawn alike.
    """
    numbers, names = classing.number(values), list(classing.names)
    counts = np.bincount(numbers[numbers >= 0], minlength=len(names))
    if classing.covariate.kind == "circular":
        ring = mpl.colormaps["twilight"](np.arange(len(DIRECTIONS) - 1) / (len(DIRECTIONS) - 1))
        colours = [*(to_hex(colour) for colour in ring), "#FFF7BC"]
        used = len(names) if counts[-1] else len(names) - 1  # flat ground only where there is some
        return MapPanel(title, numbers, names[:used], colours[:used])
    if classing.covariate.kind == "continuous":
        colours = [to_hex(colour) for colour in mpl.colormaps["viridis"](np.linspace(0, 1, len(names)))]
        return MapPanel(title, numbers, names, colours)
    shown = np.sort(np.argsort(-counts, kind="stable")[: len(_CATEGORIES)])
    place = np.full(len(names) + 1, len(shown))
    place[shown] = np.arange(len(shown))
    place[-1] = -1  # where there is no class
    names_shown, colours = [names[index] for index in shown], list(_CATEGORIES[: len(shown)])
    if len(shown) < len(names):
        names_shown.append(f"{len(names) - len(shown)} others")
        colours.append(_OTHER)
    return MapPanel(title, place[numbers], names_shown, colours)


def _bars(names: Sequence[str], values: np.ndarray, colours: Sequence[str]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.6, 0.8 + 0.25 * len(names)), layout="constrained")
    axes = figure.subplots()
    positions = np.arange(len(names))
    axes.barh(positions, values, 0.68, color=colours)
    axes.set(yticks=positions)
    axes.set_yticklabels(names)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.set_ylim(len(names) - 0.5, -0.5)
    return figure, axes
