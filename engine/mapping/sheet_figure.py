# SPDX-License-Identifier: GPL-2.0-or-later
"""The printed map as a figure of the size of its paper, so that its scale is true."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ..declarations.choices import PAPERS_MM
from ..environment import scarp_version
from ..files.grid import Grid
from ..reporting.figures import coordinate, round_length, styled
from ..reporting.numbers import cell_size, number, percent
from .sheet import Picture

_MM = 25.4  # in an inch
# In inches: the margin of the paper, room for the title and the coordinates, and the panel of legend and table.
_MARGIN, _TITLE, _LABELS, _PANEL, _FOOT = 0.45, 0.55, 0.35, 3.3, 0.7
# Of the panel: a line of text, and how deep it is where it lies below the map.
_LINE, _PANEL_DEPTH = 0.19, 2.3
# Least room for a coordinate along a side, and for a scale bar with three numbers.
_APART, _LEAST_BAR = 1.0, 0.8
# Letters in a line of the panel, and in an inch of a line at the foot.
_WIDE, _LETTERS = 50, 19
_TERMS = (
    "Susceptibility tells where landslides are more likely than elsewhere: it is neither hazard (when, how large) nor risk (what is lost)."
)


@dataclass(frozen=True)
class Frame:
    """Where things lie on the paper, in inches from its lower left corner: left, bottom, width, height."""

    paper: tuple[float, float]
    map: tuple[float, float, float, float]
    panel: tuple[float, float, float, float]
    scale: float

    @classmethod
    def of(cls, paper: str, ground_m: tuple[float, float]) -> Frame:
        """Lay a map of some width and height on the ground on paper, lengthwise or upright, the panel right or below: the largest map."""
        short, long = (side / _MM for side in PAPERS_MM[paper])
        ways = [(size, right) for size in ((long, short), (short, long)) for right in (True, False)]
        return min((cls._on(size, ground_m, is_right=right) for size, right in ways), key=lambda each: each.scale)

    def pixels(self, resolution_dpi: int) -> tuple[int, int]:
        """Return rows and columns of the map at some resolution."""
        return max(round(self.map[3] * resolution_dpi), 1), max(round(self.map[2] * resolution_dpi), 1)

    @classmethod
    def _on(cls, paper: tuple[float, float], ground_m: tuple[float, float], *, is_right: bool) -> Frame:
        """Lay the map on paper of some width and height in inches, with the panel right of it or below."""
        right, below = (_PANEL + 0.25, 0.0) if is_right else (0.0, _PANEL_DEPTH + 0.1)
        left, bottom, top = _MARGIN + _LABELS, _MARGIN + _FOOT, paper[1] - _MARGIN - _TITLE
        room = paper[0] - left - _MARGIN - right, top - bottom - _LABELS - below
        metres = max(ground_m[0] / room[0], ground_m[1] / room[1])  # on the ground in an inch of paper
        width, height = ground_m[0] / metres, ground_m[1] / metres
        low = top - height
        if is_right:
            panel = left + width + 0.25, bottom, _PANEL, top - bottom
        else:
            panel = left, bottom, paper[0] - left - _MARGIN, low - _LABELS - 0.1 - bottom
        return cls(paper, (left, low, width, height), panel, metres / (_MM / 1000))


def ground_size_m(grid: Grid) -> tuple[float, float]:
    """Return width and height of a grid on the ground, in its middle."""
    width, height = grid.cell_size_m
    return width * grid.shape[1], height * grid.shape[0]


def facts_of(picture: Picture, frame: Frame, paper: str, date: str) -> list[str]:
    """Return what has to be known of a map: where it lies, its cells, its area, its scale, its date."""
    reference = picture.whole.spatial_reference
    code = f" ({reference.GetAuthorityName(None)}:{reference.GetAuthorityCode(None)})" if reference.GetAuthorityCode(None) else ""
    degrees = "" if picture.whole.is_projected else " in the middle, {:.6f}° × {:.6f}°".format(*picture.whole.cell_size)
    facts = [
        f"Coordinate reference system: {reference.GetName()}{code}",
        f"Cell size: {cell_size(*picture.whole.cell_size_m)}{degrees}",
        f"Mapped area: {number(float(sum(row['area_km2'] for row in picture.rows)))} km²",
        f"Scale: about 1 : {_rounded(frame.scale):,} in the middle, on {paper.upper()}",
        f"Date: {date}",
    ]
    if any(row.get("percent_of_landslides") is not None for row in picture.rows):
        facts.append("Shares of landslides are no test of the map if it was made from these.")
    return [textwrap.fill(fact, _WIDE, subsequent_indent="    ") for fact in facts]


def _rounded(value: float) -> int:
    """Return a number with three digits that count."""
    return int(float(f"{value:.3g}"))


def foot_of(note: str | None, name: str, types: str = "") -> list[str]:
    """Return the lines at the foot: the note, from what the map was printed and with what, and for which types of movement it is."""
    of_types = f" for landslides of the type {types}" if types else ""
    return [*([note] if note else []), f"Printed from {name}{of_types} with Scarp {scarp_version()}."]


def save_sheet(figure: Figure, path: Path, resolution_dpi: int, title: str) -> None:
    """Write the figure as its name ends: a PDF whose text is text, or a PNG."""
    with mpl.rc_context({"pdf.fonttype": 42}):
        figure.savefig(path, dpi=resolution_dpi, metadata={"Title": title})


@styled
def draw_sheet(picture: Picture, painted: np.ndarray, frame: Frame, title: str, facts: Sequence[str], foot: Sequence[str]) -> Figure:
    """Draw the map with coordinates, scale bar, north arrow, legend with the table of classes, and what has to be said of it.

    Parameters
    ----------
    painted
        The map as red, green and blue, uint8 (rows, cols, 3).
    facts
        Lines below the legend: CRS, cell size, area, scale, date.
    foot
        Lines at the foot of the paper.
    """
    figure = Figure(figsize=frame.paper)
    axes = figure.add_axes(_share(frame.map, frame.paper))
    west, south, east, north = picture.grid.bounds
    axes.imshow(painted, extent=(west, east, south, north), aspect="auto", interpolation="nearest")
    _coordinates(axes, picture.grid, frame)
    _scale_bar(axes, picture.grid, frame)
    _north_arrow(axes, frame)
    top = (frame.paper[1] - _MARGIN) / frame.paper[1]
    room = frame.paper[0] - frame.map[0] - _MARGIN
    size = min(15.0, 72 * room / (0.7 * max(len(title), 1)))
    figure.text(frame.map[0] / frame.paper[0], top, title, fontsize=size, fontweight="bold", va="top", parse_math=False)
    lines = [line for text in (*foot, _TERMS) for line in textwrap.wrap(text, int(_LETTERS * room))]
    for index, text in enumerate(reversed(lines)):
        place = frame.map[0] / frame.paper[0], (_MARGIN + 0.14 * index) / frame.paper[1]
        figure.text(*place, text, fontsize=6.5, va="bottom", parse_math=False)
    _panel(figure.add_axes(_share(frame.panel, frame.paper)), picture, facts, frame)
    return figure


def _share(box: tuple[float, float, float, float], paper: tuple[float, float]) -> tuple[float, float, float, float]:
    return box[0] / paper[0], box[1] / paper[1], box[2] / paper[0], box[3] / paper[1]


def _coordinates(axes: Axes, grid: Grid, frame: Frame) -> None:
    """Write coordinates along the sides, as many as have room, with fine lines across the map."""
    for axis, sides, length in ((axes.xaxis, "EW", frame.map[2]), (axes.yaxis, "NS", frame.map[3])):
        axis.set_major_locator(MaxNLocator(int(np.clip(length / _APART, 1, 5)), steps=[1, 2, 5, 10], min_n_ticks=1))
        axis.set_major_formatter(FuncFormatter(lambda value, _, sides=sides: coordinate(value, sides, is_projected=grid.is_projected)))
    axes.tick_params(labelsize=7, length=3, top=True, right=True)
    axes.tick_params(axis="y", labelrotation=90)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("center")
    axes.set_axisbelow(False)
    axes.grid(True, color="black", alpha=0.18, linewidth=0.4)
    for spine in axes.spines.values():
        spine.set(visible=True, color="black", linewidth=0.8)


def _scale_bar(axes: Axes, grid: Grid, frame: Frame) -> None:
    """Draw a bar of two parts in the lower left corner, as long as it says in the middle of the map.

    It takes a quarter of the map's width, more of one that is narrow, where only its whole length is told.
    """
    west, south, east, north = grid.bounds
    width, height = frame.map[2:]
    ground_m = ground_size_m(grid)[0]
    length_m = round_length(ground_m * float(np.clip(_LEAST_BAR / width, 0.25, 0.85)))
    metres, inch = ground_m / (east - west), (north - south) / height
    left, length, deep = west + 0.045 * (east - west), length_m / metres, 0.06 * inch
    bottom = south + min(0.25, 0.15 * height) * inch
    has_room = length_m / ground_m * width >= 0.8 * _LEAST_BAR
    around = {"facecolor": "white", "alpha": 0.8, "linewidth": 0}
    beside = max(0.15 * length, 0.2 * (east - west) / width)  # room for half of the last number and its unit
    axes.add_patch(Rectangle((left - 0.1 * length, bottom - 1.2 * deep), 1.1 * length + beside, 5.5 * deep, zorder=3, **around))
    for part, colour in enumerate(("black", "white")):
        half = Rectangle((left + part * length / 2, bottom), length / 2, deep, facecolor=colour, edgecolor="black", linewidth=0.7, zorder=4)
        half.set_gid("scale bar")
        axes.add_patch(half)
    unit, name = (1000, "km") if length_m >= 1000 else (1, "m")
    for share in (0, 0.5, 1) if has_room else (1,):
        text = f"{share * length_m / unit:g}" + (f" {name}" if share == 1 else "")
        place = left + (share if has_room else 0.5) * length
        axes.text(place, bottom + 1.4 * deep, text, fontsize=7, ha="center", va="bottom", zorder=4)


def _north_arrow(axes: Axes, frame: Frame) -> None:
    """Draw an arrow in the upper right corner; the rows of the map run from west to east of its grid."""
    width, height = frame.map[2:]
    x, top = 1 - 0.22 / width, 1 - min(0.12, 0.08 * height) / height
    low = top - min(0.5, 0.45 * height) / height
    around = {"boxstyle": "square,pad=0.25", "facecolor": "white", "alpha": 0.8, "edgecolor": "none"}
    axes.annotate(
        "N",
        xy=(x, top),
        xytext=(x, low),
        xycoords="axes fraction",
        ha="center",
        va="top",
        fontsize=10,
        fontweight="bold",
        bbox=around,
        arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.4},
    )


def _panel(axes: Axes, picture: Picture, facts: Sequence[str], frame: Frame) -> None:
    """Write legend and table in one, the highest class first, and what has to be known of the map below (beside, on upright paper)."""
    width, height = frame.panel[2:]
    axes.set(xlim=(0, width), ylim=(-height, 0))
    axes.set_axis_off()
    columns = _columns(picture)
    axes.text(0, -0.02, "Class", fontsize=8, fontweight="bold", va="top")
    ends = [1.55 + 0.575 * index for index in range(len(columns))]
    for end, (head, _) in zip(ends, columns):
        axes.text(end, -0.02, head, fontsize=6.5, ha="right", va="top", linespacing=1.1)
    y = -0.45
    for index, row, colour in list(zip(range(len(picture.rows)), picture.rows, picture.colours))[::-1]:
        axes.add_patch(Rectangle((0, y - 0.02), 0.28, _LINE - 0.04, facecolor=tuple(colour), edgecolor="#666666", linewidth=0.5))
        axes.text(0.36, y + 0.055, str(row["class"]), fontsize=8, va="center", parse_math=False)
        for end, (_, texts) in zip(ends, columns):
            axes.text(end, y + 0.055, texts[index], fontsize=7.5, ha="right", va="center")
        y -= _LINE
    beside = width > 1.5 * _PANEL
    x, y = (_PANEL + 0.4, -0.02) if beside else (0.0, y - 0.1)
    for fact in facts:
        axes.text(x, y, fact, fontsize=7.5, va="top", parse_math=False)
        y -= _LINE * (0.95 + 0.7 * fact.count("\n"))


def _columns(picture: Picture) -> list[tuple[str, list[str]]]:
    """Return heading and texts, from the lowest class up, of each column that the classes have."""
    offered = (
        ("area_km2", "area\n(km²)", False),
        ("share_percent", "share\nof area", True),
        ("percent_of_landslides", "share of\nlandslides", True),
        ("frequency_ratio_by_landslides", "frequency\nratio", False),
    )
    found = []
    for key, head, is_percent in offered:
        values = [row.get(key) for row in picture.rows]
        if any(value is not None for value in values):
            found.append((head, [percent(value / 100, 1) if is_percent and value is not None else number(value) for value in values]))
    return found
