# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of the report on a map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from ..reporting import figures
from ..reporting.numbers import percent

_BY_LANDSLIDES, _BY_CELLS = figures.COLOURS[1], figures.COLOURS[0]


@figures.styled
def density_by_class(names: Sequence[str], area: np.ndarray, by_landslides: np.ndarray, by_cells: np.ndarray) -> Figure:
    """Draw the shares of the area and of the landslides in each class, and their ratio.

    Parameters
    ----------
    area, by_landslides, by_cells
        Shares from 0 to 1, (classes,).
    """
    figure = Figure(figsize=(7.2, 3.2), layout="constrained")
    shares, ratios = figure.subplots(1, 2)
    at = np.arange(len(names))
    for offset, (label, share, colour) in zip(
        (-0.27, 0, 0.27),
        (("area", area, "#BBBBBB"), ("landslides", by_landslides, _BY_LANDSLIDES), ("landslide cells", by_cells, _BY_CELLS)),
    ):
        shares.bar(at + offset, 100 * share, 0.25, color=colour, label=label)
    for offset, (label, share, colour) in zip(
        (-0.17, 0.17), (("landslides", by_landslides, _BY_LANDSLIDES), ("landslide cells", by_cells, _BY_CELLS))
    ):
        ratio = np.divide(share, area, out=np.zeros(len(names)), where=area > 0)
        ratios.bar(at + offset, ratio, 0.32, color=colour, label=label)
    ratios.axhline(1, color=figures.GREY, lw=0.9, ls=":")
    shares.set(ylabel="Share (%)", title="What lies in each class")
    ratios.set(ylabel="Frequency ratio", title="Share of landslides / share of area")
    for axes in (shares, ratios):
        axes.set_xticks(at, [name.replace(" ", "\n") for name in names])
        axes.tick_params(axis="x", length=0)
        axes.grid(False, axis="x")
    figures.legend_below(shares)
    return figure


@figures.styled
def reliability_diagram(curves: Sequence[tuple[str, np.ndarray]], cells: np.ndarray) -> Figure:
    """Draw observed shares of landslides against mean probabilities; each curve has a name and two rows (2, n), of bins with cells (n,)."""
    figure = Figure(figsize=(4.8, 4.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=figures.GREY, lw=0.8, ls=":", label="perfect")
    for number, (name, (mean, share)) in enumerate(curves):
        figures.joined(axes, mean, share, cells, color=figures.COLOURS[number], ls="-" if number == 0 else "--", label=name)
    axes.set(xlabel="Susceptibility", ylabel="Observed share of landslide cells", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
    figures.legend_below(axes)
    return figure


@figures.styled
def agreement(table: np.ndarray, names: tuple[Sequence[str], Sequence[str]], labels: tuple[str, str]) -> Figure:
    """Draw the share of the area in each class of two maps, (classes of the first, classes of the second)."""
    share = table / table.sum()
    rows, cols = table.shape
    figure = Figure(figsize=(1.6 + 0.85 * cols, 1.2 + 0.6 * rows), layout="constrained")
    axes = figure.subplots()
    axes.pcolormesh(share, cmap="Blues", vmin=0, vmax=max(float(share.max()) * 1.2, 1e-9), edgecolors="white", linewidth=2)
    for row in range(rows):
        for col in range(cols):
            dark = share[row, col] > 0.7 * share.max()
            text = percent(float(share[row, col]), 1)
            axes.text(col + 0.5, row + 0.5, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    axes.set(xlabel=f"Second map: {labels[1]}", ylabel=f"First map: {labels[0]}")
    axes.set_xticks(np.arange(cols) + 0.5, [name.replace(" ", "\n") for name in names[1]])
    axes.set_yticks(np.arange(rows) + 0.5, list(names[0]))
    axes.tick_params(length=0)
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure
