# SPDX-License-Identifier: GPL-2.0-or-later
"""How far a test lies from training, and the map from landslides: the figure of the three distances, and what it says in words."""

from __future__ import annotations

import numpy as np

from . import figures
from .page import Report

REFERENCES = (
    "Linnenbrink, J., Milà, C., Ludwig, M., Meyer, H. (2024). kNNDM CV: k-fold nearest-neighbour distance matching cross-validation "
    "for map accuracy estimation. Geoscientific Model Development 17, 5897–5912.",
    "Milà, C., Mateu, J., Pebesma, E., Meyer, H. (2022). Nearest neighbour distance matching leave-one-out cross-validation for map "
    "validation. Methods in Ecology and Evolution 13, 1304–1316.",
)
# Test and map lie as far from landslides, to the eye, where their mean distances differ by less than a quarter.
_ALIKE = 1.25


def add(page: Report, samples: np.ndarray, folds: np.ndarray, places: np.ndarray, name: str, narrow: bool = False) -> None:
    """Add the figure and its words; distances in metres, see `samples.nearest.Distances`, of the folds with such a name.

    Where blocks are `narrow` for the patches of a network, see `samples.folds.told_if_narrow`, the words do not contradict that.
    """
    page.text(in_words(folds, places, name, narrow))
    page.figure(
        figures.distance_curves({
            "sample to sample (landslide to the nearest other one)": samples,
            "fold to fold (test landslide to the nearest training one)": folds,
            "map to sample (cell of the map to the nearest landslide)": places,
        }),
        f"How far it is to the nearest landslide, by {name}: the share of cells that lie nearer than so far (Milà et al. 2022). Landslide "
        "cells alone are counted, since absences were drawn at will. Where the curve of the folds runs along that of the map, the test is "
        "as hard as the map.",
    )  # fmt: skip


def in_words(folds: np.ndarray, places: np.ndarray, name: str, narrow: bool = False) -> str:
    """Say whether a test by these folds is as hard as the map; distances in metres, infinite where no landslide trains.

    >>> import numpy as np
    >>> from scarp.engine.reporting.distances import in_words
    >>> said = in_words(np.array([40.0, 60]), np.array([300.0, 700]), "random folds")
    >>> said.split(": ")[1]
    'the test is easier than the map, and its figure flatters.'
    >>> said = in_words(np.array([50.0, np.inf]), np.array([300.0, 700]), "random folds")
    >>> said.split(". ")[1]
    '1 of 2 landslide cells are tested where no landslide trains, and are left out of this.'
    """
    near = folds[np.isfinite(folds)]
    if not len(near):
        return f"By {name} no landslide cell is tested where other landslides train, so that nothing says how far the test lies from them."
    tested, mapped = float(np.mean(near)), float(np.mean(places))
    alone = len(folds) - len(near)
    if tested * _ALIKE < mapped:
        verdict = "the test is easier than the map, and its figure flatters"
    elif tested > mapped * _ALIKE:
        verdict = "the test is harder than most of the map, and its figure is a careful one"
        if narrow:
            verdict = (
                "by that the test is harder than most of the map and its figure careful, while patches that reach over training cells "
                "flatter a network; which of both is more is not known"
            )
    else:
        verdict = "the test is about as hard as the map"
    return (
        f"By {name} a test landslide lies on average {tested:,.0f} m from the nearest training landslide, and a cell of the map "
        f"{mapped:,.0f} m from the nearest landslide: {verdict}."
    ) + (f" {alone:,} of {len(folds):,} landslide cells are tested where no landslide trains, and are left out of this." if alone else "")
