# SPDX-License-Identifier: GPL-2.0-or-later
"""What the screening found of each covariate, and which to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...models.covariate import Covariate
from ..declarations.covariates import label_of, labels_of, spoken
from ..reporting.numbers import number
from .binning import Classing
from .statistics import (
    ClassRelation,
    Collinearity,
    Correlation,
    Gain,
    Inflation,
    class_relation,
    columns_of,
    correlation_with,
    cramers_v,
    explained_by,
    information_gain,
    sine_cosine,
    stepwise,
)

# Coefficients are taken from no more cells than this: an inventory of large polygons has millions, all alike.
MOST_CELLS = 200_000
# A relation to landslides is seen where one of the two p-values is below this: together they err at most at the 5 % level.
_LEVEL = 0.025
# Covariates that are more alike than this tell the same.
_SAME = 1.0 - 1e-6
_MEASURES = {"continuous": "r", "circular": "R (sine, cosine)", "categorical": "Cramér’s V"}


@dataclass(frozen=True)
class CovariateSummary:
    """One covariate.

    Parameters
    ----------
    inflation
        By all the other covariates.
    alike, alike_r
        The covariate that is most like it, and how alike they are (0 to 1); empty and NaN where there is none.
    pearson
        Pearson's coefficient with landslide occurrence.
    gain
        Information gain of its classes on landslide occurrence.
    class_names, relation
        Its classes that have some area, and the landslides in them.
    advice
        `keep`, `drop` (collinear or constant) or `doubtful` (no relation to landslides seen).
    reason
        Why, as the end of a sentence about it; empty for nothing to say.
    """

    covariate: Covariate
    inflation: Inflation
    alike: str
    alike_r: float
    pearson: Correlation
    gain: Gain
    classing: Classing
    class_names: tuple[str, ...]
    relation: ClassRelation
    advice: str
    reason: str

    @property
    def name(self) -> str:
        """The covariate's name."""
        return self.covariate.name

    @property
    def label(self) -> str:
        """Its name as people read it."""
        return label_of(self.name)

    @property
    def measure(self) -> str:
        """What the coefficient with landslide occurrence is for this kind of covariate."""
        return _MEASURES[self.covariate.kind]


@dataclass(frozen=True)
class Screening:
    """The whole screening.

    Parameters
    ----------
    summaries
        One a covariate, in the order of the stack.
    dropped
        Names of those that collinearity drops, in the order of the steps.
    remaining_vif
        VIFs by name once those are gone.
    correlation, correlation_names
        Correlation matrix of continuous covariates and of sine and cosine of circular ones.
    cramer, cramer_names
        Cramér's V of each two categorical covariates.
    """

    summaries: tuple[CovariateSummary, ...]
    dropped: tuple[str, ...]
    remaining_vif: dict[str, float]
    correlation: np.ndarray
    correlation_names: tuple[str, ...]
    cramer: np.ndarray
    cramer_names: tuple[str, ...]
    vif_limit: float


def screen(
    sample: np.ndarray,
    cells: np.ndarray,
    labels: np.ndarray,
    classings: Sequence[Classing],
    areas: Sequence[np.ndarray],
    vif_limit: float,
) -> Screening:
    """Return the screening of the covariates of `classings`.

    Parameters
    ----------
    sample
        Covariates of a sample of all cells (n, covariates), for collinearity.
    cells, labels
        Covariates (m, covariates) and labels 1 or 0 (m,) of landslide and non-landslide cells, for the relation to landslides.
    areas
        Cells of each class of each covariate, over the whole area.
    """
    covariates = [classing.covariate for classing in classings]
    collinearity = Collinearity([columns_of(values, covariate) for values, covariate in zip(sample.T, covariates)])
    inflation = collinearity.inflation(range(len(covariates)))
    varying = [index for index, each in enumerate(inflation) if each.df]
    thinned = slice(None, None, -(-len(labels) // MOST_CELLS))
    columns = [columns_of(values, covariate) for values, covariate in zip(cells[thinned].T, covariates)]
    steps = dict(stepwise(collinearity, varying, vif_limit, explained_by(columns, labels[thinned])))
    left = [index for index in varying if index not in steps]
    alike = collinearity.likeness() - np.eye(len(covariates))
    summaries = []
    for index, (covariate, classing) in enumerate(zip(covariates, classings)):
        used = areas[index] > 0
        numbers = classing.number(cells[:, index])
        landslides = np.bincount(numbers[labels == 1], minlength=len(used))
        pearson, gain = correlation_with(labels[thinned], columns[index]), information_gain(numbers, labels)
        most = int(alike[index].argmax())
        partner = covariates[most].name if alike[index, most] > 0 else ""
        if index in steps:
            nearest, worst = max(left, key=lambda other: alike[index, other]), steps[index]
            advice = "drop"
            if inflation[index].vif > vif_limit:
                reason = _redundancy(inflation[index], spoken(covariates[nearest].name), alike[index, nearest])
            else:
                reason = f"it takes the VIF of {spoken(covariates[worst].name)} above {vif_limit:g}, and is the one that is missed least"
        else:
            advice, reason = _advice(inflation[index], pearson, gain, vif_limit)
        summaries.append(
            CovariateSummary(
                covariate=covariate,
                inflation=inflation[index],
                alike=partner,
                alike_r=float(alike[index, most]) if partner else float("nan"),
                pearson=pearson,
                gain=gain,
                classing=classing,
                class_names=tuple(name for name, some in zip(classing.names, used) if some),
                relation=class_relation(areas[index][used], landslides[used]),
                advice=advice,
                reason=reason,
            )
        )
    names, matrix = _correlation_matrix(sample, covariates)
    categorical = [index for index, covariate in enumerate(covariates) if covariate.kind == "categorical"]
    return Screening(
        summaries=tuple(summaries),
        dropped=tuple(covariates[index].name for index in steps),
        remaining_vif={covariates[i].name: each.vif for i, each in zip(left, collinearity.inflation(left))},
        correlation=matrix,
        correlation_names=names,
        cramer=np.array([[cramers_v(sample[:, i], sample[:, j]) for j in categorical] for i in categorical]),
        cramer_names=tuple(labels_of(covariates[index].name for index in categorical)),
        vif_limit=vif_limit,
    )


def table_rows(screening: Screening) -> list[dict[str, Any]]:
    """Return the rows of the output table, one a covariate; None where there is no value, `inf` where a VIF has no bound."""
    rows = []
    for each in screening.summaries:
        relation, names = each.relation, each.class_names
        most = int(np.argmax(relation.frequency_ratio))
        rows.append(
            {
                "covariate": each.name,
                "kind": each.covariate.kind,
                "unit": each.covariate.unit,
                "group": each.covariate.group,
                "advice": each.advice,
                "reason": each.reason,
                "vif": _number(each.inflation.vif),
                "tolerance": _number(each.inflation.tolerance),
                "gvif": _number(each.inflation.gvif),
                "df": each.inflation.df,
                "most_alike": each.alike,
                "most_alike_r": _number(each.alike_r),
                "coefficient": each.measure,
                "pearson": _number(each.pearson.r),
                "pearson_p": _number(each.pearson.p_value),
                "information_gain_bits": _number(each.gain.bits),
                "information_gain_p": _number(each.gain.p_value),
                "classes": len(names),
                "classes_without_landslides": int((relation.landslides == 0).sum()),
                "highest_frequency_ratio": _number(float(relation.frequency_ratio[most])),
                "highest_class": names[most],
            }
        )
    return rows


def class_rows(screening: Screening) -> list[dict[str, Any]]:
    """Return the rows of the table of classes, one a class of a covariate."""
    rows = []
    for each in screening.summaries:
        relation = each.relation
        for index, name in enumerate(each.class_names):
            rows.append(
                {
                    "covariate": each.name,
                    "class": name,
                    "cells": int(relation.area[index]),
                    "area_percent": _number(100 * relation.area_share[index]),
                    "landslide_cells": int(relation.landslides[index]),
                    "landslide_percent": _number(100 * relation.landslide_share[index]),
                    "frequency_ratio": _number(relation.frequency_ratio[index]),
                    "information_value": _number(relation.information_value[index]),
                    "w_plus": _number(relation.w_plus[index]),
                    "w_plus_variance": _number(relation.w_plus_variance[index]),
                    "w_minus": _number(relation.w_minus[index]),
                    "w_minus_variance": _number(relation.w_minus_variance[index]),
                    "contrast": _number(relation.contrast[index]),
                    "contrast_sd": _number(relation.contrast_deviation[index]),
                    "studentised_contrast": _number(relation.studentised_contrast[index]),
                    "zero_corrected": int(relation.corrected[index]),
                }
            )
    return rows


def _advice(inflation: Inflation, pearson: Correlation, gain: Gain, limit: float) -> tuple[str, str]:
    if not inflation.df:
        return "drop", "it has one value only, so it tells nothing and its VIF is undefined"
    if not (pearson.p_value < _LEVEL or gain.p_value < _LEVEL):
        return (
            "doubtful",
            "on its own it shows no relation to landslides (coefficient and information gain are no more than chance)",
        )
    if inflation.vif > limit:
        return "keep", f"its VIF of {number(inflation.vif)} falls below the limit once others are dropped"
    return "keep", ""


def _redundancy(inflation: Inflation, partner: str, alike: float) -> str:
    """Say what makes a covariate redundant; `partner` is the most alike of those that stay."""
    if not np.isinf(inflation.vif):
        return f"others tell most of it (VIF {number(inflation.vif)}); of those that stay {partner} is most like it ({number(alike)})"
    if alike < _SAME:
        return "a combination of other covariates tells it exactly (VIF infinite)"
    if inflation.df > 1:
        return f"{partner} tells some or all of its classes exactly (VIF infinite)"
    return f"{partner} tells it exactly (VIF infinite)"


def _correlation_matrix(sample: np.ndarray, covariates: Sequence[Covariate]) -> tuple[tuple[str, ...], np.ndarray]:
    """Return names and Pearson's coefficients of all columns that are numbers; NaN for those that do not vary."""
    names, columns = [], []
    for values, covariate in zip(sample.T.astype(np.float64), covariates):
        if covariate.kind == "continuous":
            names.append(label_of(covariate.name))
            columns.append(values)
        elif covariate.kind == "circular":
            names += [f"{of} of {spoken(covariate.name)}" for of in ("Sine", "Cosine")]
            columns += list(sine_cosine(values).T)
    if not columns:
        return (), np.empty((0, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return tuple(names), np.atleast_2d(np.corrcoef(columns))


def _number(value: float) -> float | None:
    """Return a number of the table, with so many digits that whoever rounds it again writes what the report does."""
    return None if np.isnan(value) else float(f"{value:.10g}")
