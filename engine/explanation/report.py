# SPDX-License-Identifier: GPL-2.0-or-later
"""The report and the table on why a model says what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...models.covariate import Covariate
from ...models.model_file import Model
from ..declarations.covariates import label_of, labels_of, spoken
from ..feedback import counted
from ..files.grid import Grid
from ..reporting.figures import Frame, class_map, coordinate
from ..reporting.numbers import number, percent, signed
from ..reporting.page import Report, listed
from . import figures
from .attribution import PAIRS, Local, factor_colours
from .held_out import counts_alike
from .importance import CORRELATED, LEAST_DROP, Importance
from .response import ENDS, Response

REFERENCES = (
    "Apley, D. W., Zhu, J. (2020). Visualizing the effects of predictor variables in black box supervised learning models. Journal of the "
    "Royal Statistical Society B 82, 1059–1086.",
    "Breiman, L. (2001). Random forests. Machine Learning 45, 5–32.",
    "Castro, J., Gómez, D., Tejada, J. (2009). Polynomial calculation of the Shapley value based on sampling. Computers & Operations "
    "Research 36, 1726–1730.",
    "Fisher, A., Rudin, C., Dominici, F. (2019). All models are wrong, but many are useful: learning a variable’s importance by "
    "studying an "
    "entire class of prediction models simultaneously. Journal of Machine Learning Research 20, 177.",
    "Friedman, J. H. (2001). Greedy function approximation: a gradient boosting machine. The Annals of Statistics 29, 1189–1232.",
    "Roberts, D. R. et al. (2017). Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic structure. "
    "Ecography 40, 913–929.",
    "Štrumbelj, E., Kononenko, I. (2014). Explaining prediction models and individual predictions with feature contributions. "
    "Knowledge and "
    "Information Systems 41, 647–665.",
)
# Covariates that a sentence names for each direction.
_TOLD = 3
# Curves in one figure.
_A_FIGURE = 9
# A factor that is the strongest on less of the area is not told apart in the figure.
_LEAST_SHARE = 0.005


@dataclass(frozen=True)
class Explanation:
    """What the report tells.

    Parameters
    ----------
    model
        What is explained.
    grid, valid
        The stack's grid, and its cells with data where they were counted.
    found
        The importance of each factor.
    how
        How cells were held out, in a sentence.
    responses
        The response to each covariate, in the model's order.
    local
        The cell that was asked about, if any.
    strongest
        Cells that each covariate is strongest on, and the map of numbers drawn small, if they were mapped.
    files, settings, versions
        What was read, what was chosen, and by what: name to text.
    """

    model: Model
    grid: Grid
    valid: int | None
    found: Sequence[Importance]
    how: str
    responses: Sequence[Response]
    local: Local | None
    strongest: tuple[np.ndarray, np.ndarray | None] | None
    files: Mapping[str, str | None]
    settings: Mapping[str, str]
    versions: Mapping[str, str]

    def of_kind(self, *kinds: str) -> list[Importance]:
        """Return what was found of factors of some kinds, the most important first."""
        return sorted((each for each in self.found if each.factor.kind in kinds), key=lambda each: -each.mean)

    @property
    def are_alike(self) -> bool:
        """Whether each landslide counts the same in the AUC, however many cells it has: where it did when the model was trained."""
        return counts_alike(self.model)

    @property
    def folds(self) -> int:
        """How many sets of held-out cells there are, each asked of a model of its own; one where the model itself is asked."""
        return len(self.found[0].auc)

    @property
    def auc(self) -> float:
        """Mean AUC of the folds as they are."""
        return float(self.found[0].auc.mean())


def table_rows(found: Sequence[Importance], covariates: Sequence[Covariate]) -> list[dict[str, Any]]:
    """Return a row for each factor, covariates first, within each kind the most important first."""
    kinds = ("covariate", "group", "correlated")
    rows = []
    for kind in kinds:
        ranked = sorted((each for each in found if each.factor.kind == kind), key=lambda each: -each.mean)
        for rank, each in enumerate(ranked, start=1):
            rows.append(
                {
                    "kind": kind,
                    "factor": each.factor.name,
                    "covariates": ", ".join(covariates[member].name for member in each.factor.members),
                    "rank": rank,
                    "auc_drop": round(each.mean, 6),
                    "sd_repeats": round(each.deviation, 6),
                    "lowest_fold": round(float(each.of_folds.min()), 6),
                    "highest_fold": round(float(each.of_folds.max()), 6),
                    "auc": round(float(each.auc.mean()), 6),
                    "folds": len(each.auc),
                    "matters": "yes" if each.is_clear else "no sign of it",
                }
            )
    return rows


def verdict(facts: Explanation) -> str:
    """Return the main finding in a few sentences."""
    ranked = facts.of_kind("covariate")
    clear, nothing = [each for each in ranked if each.is_clear], [each for each in ranked if not each.is_clear]
    where = f"On landslides that it has not seen the model has an AUC of {number(facts.auc)}."
    if not clear:
        return f"{where} No single covariate matters to it: permuting one hardly lowers the AUC. Look at those that go together."
    names = [spoken(each.factor.name) for each in clear[:3]]
    falls = [f"{name} ({signed(-each.mean)})" for name, each in zip(names, clear)]
    verb, tells = ("is", "it tells") if len(falls) == 1 else ("are", "one of them tells")
    text = f"{where} What matters most to it {verb} {listed(falls)}: so much is lost of the AUC where {tells} of other ground."
    if nothing:
        shown = [spoken(each.factor.name) for each in nothing]
        named = listed(shown) if len(shown) <= 8 else f"{', '.join(shown[:8])} and {len(shown) - 8} more"
        text += f" No sign that it needs, each for itself: {named}."
    return text


def make_report(facts: Explanation) -> Report:
    """Return the report."""
    page = Report("Why the model says what it says", f"{facts.model.name}; {counted(len(facts.model.covariates), 'covariate')}")
    page.text(verdict(facts), lead=True)
    page.text(
        "The model tells ground like that of known landslides (landslide) from other ground (none); this page says what it goes "
        "by. What it "
        "goes by need not be what causes landslides: a covariate may stand for another one, or for how the landslides were found "
        "and mapped."
    )
    page.data(facts.grid, facts.files, facts.valid, {"Types of movement": facts.model.manifest.get("landslide_type")})
    _importance(page, facts)
    _responses(page, facts)
    if facts.local:
        _local(page, facts, facts.local)
    if facts.strongest:
        _strongest(page, facts, *facts.strongest)
    _method(page, facts)
    page.section("References")
    page.references(REFERENCES)
    return page


def _importance(page: Report, facts: Explanation) -> None:
    page.section("What matters to the model")
    ranked = facts.of_kind("covariate")
    repeats = ranked[0].drop.shape[1]
    page.text(
        f"{facts.how} Then one covariate after the other was permuted over the {ranked[0].cells:,} held-out cells "
        f"({ranked[0].landslides:,} of "
        f"landslides), {repeats} times: each cell got the covariate of another cell"
        + (", the whole patch that the network sees" if facts.model.margin_px else "")
        + ". The more the AUC falls, the more the model needs the covariate. It counts "
        + ("each landslide the same, as training did." if facts.are_alike else "cells: a landslide of many cells counts for as many.")
    )
    dots, everywhere = (", each fold (dot)", " in every fold") if facts.folds > 1 else ("", "")
    page.figure(
        figures.importance(ranked, labels_of([each.factor.name for each in ranked])),
        f"Fall of the AUC when a covariate is permuted: mean (bar){dots}, and twice the standard deviation over permutations (line). "
        f"Grey: no sign that it matters, since the AUC does not fall{everywhere}, or by less than {LEAST_DROP:g} or twice that deviation.",
    )
    of_folds = ["Lowest fold", "Highest fold"] if facts.folds > 1 else []
    page.table(
        ["Covariate", "Fall of the AUC", "Deviation over permutations", *of_folds, "Matters"],
        [_row(each, label_of(each.factor.name)) for each in ranked],
        f"Importance of each covariate; the AUC as it is: {number(facts.auc)}.",
    )
    groups = facts.of_kind("group")
    if groups:
        page.figure(
            figures.importance(groups, [each.factor.name.capitalize() for each in groups]),
            "Fall of the AUC when a whole group of covariates is permuted together.",
        )
    same = facts.of_kind("correlated")
    if same:
        page.text(
            f"Some covariates tell much the same (rank correlation of {CORRELATED:g} or more). Permuted alone, each looks as if it "
            "mattered "
            "little, because the others still tell it; what they matter together stands in the next table."
        )
        names = [_listed_members(facts, each) for each in same]
        page.table(
            [
                "Covariates that tell the same",
                "Fall of the AUC together",
                "Deviation over permutations",
                *of_folds,
                "Matters",
            ],
            [_row(each, name) for each, name in zip(same, names)],
            "Importance of covariates that correlate, permuted together.",
        )


def _listed_members(facts: Explanation, each: Importance) -> str:
    return listed(labels_of([facts.model.covariates[member].name for member in each.factor.members]))


def _row(each: Importance, name: str) -> tuple[Any, ...]:
    ends = (float(each.of_folds.min()), float(each.of_folds.max())) if len(each.of_folds) > 1 else ()
    return name, each.mean, each.deviation, *ends, "yes" if each.is_clear else "no sign of it"


def _responses(page: Report, facts: Explanation) -> None:
    page.section("How susceptibility responds")
    page.text(
        "The solid line (partial dependence) is the mean susceptibility of the sample cells if all of them had this value; the dashed one "
        "(accumulated local effects) adds up what small changes do to those cells that have such values, and so asks nothing of "
        "ground that "
        "there is not. Where the two differ, the covariate goes together with others: trust the dashed line. Grey: how often each value "
        f"occurs; curves reach from the {ENDS[0]:g}st to the {ENDS[1]:g}th percentile."
        + (" The patch around a cell rises or turns with it." if facts.model.margin_px else "")
    )
    order = {each.factor.members[0]: place for place, each in enumerate(facts.of_kind("covariate"))}
    ranked = sorted(facts.responses, key=lambda each: order[[c.name for c in facts.model.covariates].index(each.covariate.name)])
    for start in range(0, len(ranked), _A_FIGURE):
        some = ranked[start : start + _A_FIGURE]
        page.figure(
            figures.responses(some, labels_of([each.covariate.name for each in some])),
            f"Response of the mean susceptibility to {listed([spoken(each.covariate.name) for each in some])}.",
        )


def _local(page: Report, facts: Explanation, local: Local) -> None:
    page.section("The point explained")
    order = np.argsort(-np.abs(local.parts), kind="stable")
    covariates = facts.model.covariates
    names = labels_of([covariates[at].name for at in order])
    values = [_value(covariates[at], local.values[at]) for at in order]
    inside = [spoken(covariates[at].name) for at in order]
    page.text(local_verdict(local, inside, local.parts[order], is_projected=facts.grid.is_projected), lead=True)
    page.figure(
        figures.contributions(
            [f"{name}: {value}" for name, value in zip(names, values)], local.parts[order], local.average, local.susceptibility
        ),
        "From the susceptibility of average ground to that of the cell, by what each covariate adds (orange) or takes (blue).",
    )
    rows: list[tuple[Any, ...]] = [
        (name, value, signed(local.parts[at]), float(local.error[at])) for name, value, at in zip(names, values, order)
    ]
    total = float(local.parts.sum())
    rows.append(("Sum", "", signed(total), None))
    page.table(
        ["Covariate", "Value", "Contribution", "Standard error"],
        rows,
        f"Contributions to the susceptibility of the cell (Shapley values, {2 * PAIRS} orders); they sum to its difference to "
        "average ground, "
        "the mean of the sample cells without landslides.",
    )


def local_verdict(local: Local, names: Sequence[str], parts: np.ndarray, *, is_projected: bool) -> str:
    """Return what makes a cell more susceptible than average ground, and what less: of each the strongest.

    Parameters
    ----------
    names, parts
        Each covariate and what it adds, (n,), the strongest first.
    is_projected
        Whether coordinates are no degrees.
    """
    told = [(f"{name} ({signed(part)})", part) for name, part in zip(names, parts) if signed(part) != signed(0.0)]
    more, less = ([text for text, part in told if part * sign > 0][:_TOLD] for sign in (1, -1))
    adds = f"What makes it more susceptible is above all {listed(more)}" if more else "Nothing makes it more susceptible"
    takes = f"what makes it less susceptible, {listed(less)}" if less else "nothing makes it less susceptible"
    east, north = (coordinate(each, sides, is_projected=is_projected) for each, sides in zip(local.xy, ("EW", "NS")))
    return (
        f"The cell at {east}, {north} has a susceptibility of {number(local.susceptibility)}; average ground of the "
        f"area has {number(local.average)}. {adds}; {takes}."
    )


def _value(covariate: Covariate, value: float) -> str:
    if covariate.kind == "categorical":
        return covariate.classes.get(int(value), str(int(value)))
    if covariate.kind == "circular" and value < 0:
        return "flat"
    return with_unit(float(value), covariate.unit)


def with_unit(value: float, unit: str) -> str:
    """Return a value with the unit of its covariate as people write it.

    >>> from scarp.engine.explanation.report import with_unit
    >>> [with_unit(2.5, unit) for unit in ("m", "degree", "log10 m", "")]
    ['2.500 m', '2.500°', '2.500 (log10 m)', '2.500']
    """
    told = number(value)
    if unit == "degree":
        return f"{told}°"
    return f"{told} ({unit})" if " " in unit else f"{told} {unit}".rstrip()


def _strongest(page: Report, facts: Explanation, counts: np.ndarray, small: np.ndarray | None) -> None:
    page.section("The strongest factor of each cell")
    names = labels_of([each.name for each in facts.model.covariates])
    shares = counts / counts.sum()
    order = [int(at) for at in np.argsort(-shares, kind="stable") if counts[at]]
    page.text(
        "Of the covariates that make a cell more susceptible than average ground, or less where it is less, the one that does so "
        "most. It is "
        "what the model goes by there, seen against average ground; where two do nearly the same, the other one may be as good an answer."
    )
    if small is not None:
        rows, cols = facts.grid.shape
        across, down = facts.grid.cell_size_m
        step = across * cols / small.shape[1], down * rows / small.shape[0]
        # The legend begins with what covers the most; what covers hardly anything is not told apart there.
        large = [at for at in order if shares[at] >= _LEAST_SHARE][::-1]
        lookup = np.ones(len(counts) + 1, np.int64)
        lookup[0] = 0
        lookup[[at + 1 for at in large]] = np.arange(2, len(large) + 2)
        colours = factor_colours(len(counts))
        rest = max(1 - sum(shares[at] for at in large), 0.0)
        pixels = int(small.shape[0]), int(small.shape[1])
        drawn = class_map(
            lookup[small],
            ["Others", *(names[at] for at in large)],
            ["#E8E8E8", *(colours[at] for at in large)],
            [rest, *(shares[at] for at in large)],
            step,
            "Strongest factor",
            Frame.of(facts.grid, pixels),
        )
        page.figure(drawn, f"The strongest factor of each cell. Coordinates: {facts.grid.spatial_reference.GetName()}.")
    page.table(
        ["Covariate", "Cells", "Share of the area"],
        [(names[at], int(counts[at]), percent(shares[at], 1)) for at in order],
        "Where each covariate is the strongest.",
    )


def _method(page: Report, facts: Explanation) -> None:
    page.section("Method")
    page.text(
        "Importance is that of permutation (Breiman 2001; Fisher et al. 2019) on held-out cells, landslides whole. Response curves, the "
        "point and the map of the strongest factor are of the model file itself, asked about all sample cells. Contributions are Shapley "
        "values by orders in pairs (Castro et al. 2009; Štrumbelj & Kononenko 2014): one covariate after the other becomes the cell’s "
        "own; "
        f"{PAIRS} pairs of orders for the point, one pair for each cell of the map, so that two "
        "covariates that only work together share what they do, on the map by halves of two orders only."
    )
    labels = labels_of(each.name for each in facts.model.covariates)
    page.table(
        ["Covariate", "Group", "Kind", "Unit", "Source"],
        [(label, each.group, each.kind, each.unit, each.source) for label, each in zip(labels, facts.model.covariates)],
        "Covariates of the model.",
    )
    page.table(["Parameter", "Value"], list(facts.settings.items()), "Parameters.")
    page.table(["Package", "Version"], list(facts.versions.items()), "Versions.")
