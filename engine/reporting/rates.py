# SPDX-License-Identifier: GPL-2.0-or-later
"""Rate curves: the share of landslides in the most susceptible share of the area (Chung & Fabbri 2003, Natural Hazards 30, 451–472).

The curve of landslides that the map was made from is its **success rate**, which says how well it fits; that of landslides that took no
part is its **prediction rate**, which says what it can tell. Nothing but who the landslides are tells them apart, so every curve is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from . import figures
from .numbers import number

REFERENCE = (
    "Chung, C.-J. F., Fabbri, A. G. (2003). Validation of spatial prediction models for landslide hazard mapping. Natural Hazards 30, "
    "451–472."
)
# The colour of each rate in all reports, the same that training and validation have in training histories.
COLOURS = {"success rate": figures.COLOURS[1], "prediction rate": figures.COLOURS[0], "rate curve": figures.COLOURS[2]}
# Points of a curve that are drawn: more cannot be told apart on paper.
_POINTS = 2000


@dataclass(frozen=True)
class RateCurve:
    """The shares of the area, from the most susceptible cells down, and of the landslides in them; both (n,), from 0 to 1."""

    area: np.ndarray
    landslides: np.ndarray

    @classmethod
    def of(cls, area: np.ndarray, landslides: np.ndarray) -> RateCurve:
        """Return the curve of bins of susceptibility, from low to high; within a bin it is straight.

        Parameters
        ----------
        area, landslides
            What lies in each bin, of the whole area and of the landslides, (bins,); in any unit.

        Examples
        --------
        >>> import numpy as np
        >>> from scarp.engine.reporting.rates import RateCurve
        >>> curve = RateCurve.of(np.array([50, 30, 20]), np.array([1, 1, 2]))
        >>> curve.area.tolist(), curve.landslides.tolist(), round(curve.under, 3)
        ([0.0, 0.2, 0.5, 1.0], [0.0, 0.5, 0.75, 1.0], 0.675)
        """
        used = (area > 0) | (landslides > 0)
        shares = (np.r_[0.0, np.cumsum(each[used][::-1])] for each in (np.asarray(area, float), np.asarray(landslides, float)))
        of_area, of_landslides = (each / each[-1] for each in shares)
        return cls(of_area, of_landslides)

    @classmethod
    def of_cells(cls, labels: np.ndarray, susceptibility: np.ndarray, weights: np.ndarray | None = None) -> RateCurve:
        """Return the curve of sample cells, whose non-landslide cells stand for the area.

        Parameters
        ----------
        labels, susceptibility
            1 or 0, and what a model says, (n,).
        weights
            What each cell counts, (n,); None where all count the same.

        Examples
        --------
        >>> import numpy as np
        >>> from scarp.engine.reporting.rates import RateCurve
        >>> curve = RateCurve.of_cells(np.array([1, 1, 0, 0]), np.array([0.9, 0.3, 0.3, 0.1]))
        >>> curve.area.tolist(), curve.landslides.tolist()
        ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
        """
        weights = np.ones(len(labels)) if weights is None else weights
        _, place = np.unique(susceptibility, return_inverse=True)
        landslides, area = (np.bincount(place.ravel(), weights * (np.asarray(labels) == label)) for label in (1, 0))
        return cls.of(area, landslides)

    @property
    def under(self) -> float:
        """The area under the curve: 0.5 for a map that says nothing."""
        return float(np.sum(np.diff(self.area) * (self.landslides[1:] + self.landslides[:-1]) / 2))

    def at(self, share: float) -> float:
        """Return the share of the landslides in the most susceptible `share` of the area."""
        return float(np.interp(share, self.area, self.landslides))


@figures.styled
def rate_curves(curves: Mapping[str, RateCurve]) -> Figure:
    """Draw rate curves, each under its name, which begins with one of `COLOURS`; the area under each stands in the legend."""
    drawn = {f"{name}  {number(curve.under)}": (curve.area, curve.landslides) for name, curve in curves.items()}
    colours = [next(colour for rate, colour in COLOURS.items() if name.startswith(rate)) for name in curves]
    across, up = "Share of the area, most susceptible first", "Share of the landslides"
    return unit_curves(drawn, across, up, colours, legend="area under the curve", guide=(0, 1))


@figures.styled
def unit_curves(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    x: str,
    y: str,
    colours: Sequence[str],
    *,
    legend: str = "",
    guide: tuple[float, float] | None = None,
) -> Figure:
    """Draw curves from 0 to 1.

    Parameters
    ----------
    curves
        Two arrays (n,) under each name.
    x, y
        Labels of the axes.
    colours
        One a curve; the second of one colour is dashed, the next are dotted.
    legend
        Title of the legend.
    guide
        The ends of a dotted line: what a map that says nothing reaches.
    """
    drawing = Figure(figsize=(5.4, 4.8), layout="constrained")
    axes = drawing.subplots()
    if guide:
        axes.plot([0, 1], guide, color=figures.GREY, lw=0.8, ls=":")
    for at, ((name, (across, up)), colour) in enumerate(zip(curves.items(), colours)):
        some = np.unique(np.linspace(0, len(across) - 1, min(len(across), _POINTS)).round().astype(int))
        axes.plot(across[some], up[some], color=colour, ls=figures.LINES[colours[:at].count(colour) % 4], label=name)
    axes.set(xlabel=x, ylabel=y, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
    figures.legend_below(axes, legend or None)
    return drawing
