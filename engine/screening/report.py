# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of a screening: which covariates to keep, every figure behind that, and the maps of the covariates."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np

from ..declarations.choices import CLASSINGS
from ..declarations.covariates import GROUPS, label_of, spoken
from ..feedback import counted
from ..files.grid import Grid
from ..reporting.figures import Frame
from ..reporting.numbers import number, p_value
from ..reporting.page import Report, listed
from . import figures
from .advice import MOST_CELLS, CovariateSummary, Screening
from .survey import Survey

# Maps in one figure: more would be too small to read on a printed page.
_MOST_PANELS = 6
# With fewer landslide cells than this, shares of single classes are mostly chance.
FEW_LANDSLIDES = 30
REFERENCES = (
    "Azarafza, M., Azarafza, M., Akgün, H., Atkinson, P. M., Derakhshani, R. (2021). Deep learning-based landslide susceptibility "
    "mapping. Scientific Reports 11, 24112.",
    "Bergsma, W. (2013). A bias-correction for Cramér’s V and Tschuprow’s T. Journal of the Korean Statistical Society 42, 323–328.",
    "Bonham-Carter, G. F. (1994). Geographic information systems for geoscientists: modelling with GIS. Pergamon, Oxford.",
    "Fox, J., Monette, G. (1992). Generalized collinearity diagnostics. Journal of the American Statistical Association 87, 178–183.",
    "Haldane, J. B. S. (1956). The estimation and significance of the logarithm of a ratio of frequencies. Annals of Human Genetics 20, "
    "309–311.",
    "Lee, S., Talib, J. A. (2005). Probabilistic landslide susceptibility and factor effect analysis. Environmental Geology 47, 982–990.",
    "Mardia, K. V. (1976). Linear-circular correlation coefficients and rhythmometry. Biometrika 63, 403–405.",
    "Quinlan, J. R. (1986). Induction of decision trees. Machine Learning 1, 81–106.",
    "Sokal, R. R., Rohlf, F. J. (1995). Biometry, 3rd ed. Freeman, New York.",
    "Yin, K. L., Yan, T. Z. (1988). Statistical prediction models for slope instability of metamorphosed rocks. Proceedings of the 5th "
    "International Symposium on Landslides, Lausanne, 2, 1269–1272.",
)


def make_report(screening: Screening, survey: Survey, grid: Grid, landslides: int, others: int, facts: Mapping[str, Any]) -> Report:
    """Return the report.

    Parameters
    ----------
    landslides, others
        How many landslide and non-landslide cells there are.
    facts
        What the report states as it is: `files` (what each is, and where it lies), `inputs` and `settings` (name to text), `versions`; and
        how covariates were divided, `method` and `classes`.
    """
    page = Report(
        "Screening of covariates",
        f"{counted(len(screening.summaries), 'covariate')}, {survey.cells:,} valid cells, "
        f"{landslides:,} landslide and {others:,} non-landslide cells",
    )
    page.section("Result")
    page.text(verdict(screening), lead=True)
    if landslides < FEW_LANDSLIDES:
        page.text(f"There are only {landslides} landslide cells: whatever is said here of their relation to covariates is uncertain.")
    page.text(
        "Screening looks at each covariate by itself. One that is doubtful here may still help together with others, and one to be dropped "
        "for collinearity harms the reading of a model more than its predictions; “Benchmark classifiers” with and without it tells what "
        "it is worth."
    )
    page.data(grid, facts["files"], survey.cells, {"Types of movement": facts.get("types")})
    _result_table(page, screening)
    _collinearity(page, screening)
    _relation(page, screening)
    _classes(page, screening)
    _maps(page, screening, survey, grid)
    _method(page, screening, survey, facts)
    page.section("References")
    page.references(REFERENCES)
    return page


def verdict(screening: Screening) -> str:
    """Say in plain words which covariates to keep, which to drop, and why."""
    by_advice = {advice: [each for each in screening.summaries if each.advice == advice] for advice in ("keep", "drop", "doubtful")}
    limit, count = screening.vif_limit, len(screening.summaries)
    keep = by_advice["keep"]
    if count == len(keep) == 1:
        return f"The one covariate, {spoken(keep[0].name)}, is related to landslides; with no other there is no collinearity."
    if len(keep) == count:
        text = f"Keep all {count} covariates: each is related to landslides."
    elif keep:
        text = f"Keep {len(keep)} of {count} covariates: {listed([spoken(each.name) for each in keep])}."
    else:
        text = f"None of the {count} covariates can be recommended."
    text += "".join(f" Drop {spoken(each.name)}: {each.reason}." for each in by_advice["drop"])
    doubtful = by_advice["doubtful"]
    if doubtful:
        text += (
            f" Doubtful {'is' if len(doubtful) == 1 else 'are'} {listed([spoken(each.name) for each in doubtful])}: on "
            f"{'its' if len(doubtful) == 1 else 'their'} own no relation to landslides is seen."
        )
    if len(screening.remaining_vif) > 1:
        highest = max(screening.remaining_vif, key=lambda name: screening.remaining_vif[name])
        then = "Among those that are not dropped, no" if by_advice["drop"] else "No"
        text += f" {then} VIF is above {limit:g}; the highest is {number(screening.remaining_vif[highest])} ({spoken(highest)})."
    return text


def _result_table(page: Report, screening: Screening) -> None:
    page.table(
        ["Covariate", "Advice", "VIF", "Tolerance", "Most alike", "", "Coefficient", "Gain", "p"],
        [
            (
                each.label,
                each.advice,
                number(each.inflation.vif),
                number(each.inflation.tolerance) if each.inflation.df else "–",
                label_of(each.alike) or "–",
                number(each.alike_r) if each.alike else "",
                each.pearson.r,
                each.gain.bits,
                p_value(min(2 * np.fmin(each.pearson.p_value, each.gain.p_value), 1.0)),
            )
            for each in screening.summaries
        ],
        "The covariates in the order of the stack. Tolerance is 1/VIF. Most alike: of all other covariates, dropped ones too, "
        "that with the highest (canonical) correlation; the reasons for dropping name the most alike of those that stay. "
        "Coefficient with landslide occurrence: Pearson’s r, the multiple R of circular and Cramér’s V of categorical "
        "covariates. Gain: information gain in bits. p: for no relation to landslides, by coefficient and gain together.",
    )


def _collinearity(page: Report, screening: Screening) -> None:
    page.section("Collinearity")
    order = sorted(screening.summaries, key=lambda each: -np.nan_to_num(each.inflation.vif, nan=0.0, posinf=1e300))
    longest = np.nan_to_num(order[0].inflation.vif, nan=0.0, posinf=1e300)
    page.figure(
        figures.vif_bars([each.label for each in order], [each.inflation.vif for each in order], screening.vif_limit),
        "Variance inflation factors of all covariates together. A VIF of 5 says that the others explain 80 % of a covariate’s variance."
        + (f" Bars end at {figures.VIF_LIMITS * screening.vif_limit:g}." if longest > figures.VIF_LIMITS * screening.vif_limit else ""),
    )
    if screening.dropped:
        names = [spoken(name) for name in screening.dropped]
        page.text(
            f"When {listed(names)} {'is' if len(names) == 1 else 'are'} dropped, in this order, the VIFs are: "
            + ", ".join(f"{spoken(name)} {number(value)}" for name, value in screening.remaining_vif.items())
            + "."
        )
    if len(screening.correlation_names) > 1:
        page.figure(
            figures.heat_map(screening.correlation, screening.correlation_names, "Pearson’s r", signed=True),
            "Correlation matrix of continuous covariates, and of sine (east) and cosine (north) of circular ones.",
        )
    if len(screening.cramer_names) > 1:
        page.figure(
            figures.heat_map(screening.cramer, screening.cramer_names, "Cramér’s V", signed=False),
            "Cramér’s V of categorical covariates, corrected for bias (Bergsma 2013): 0 for independent classes, 1 where one tells "
            "the other.",
        )


def _relation(page: Report, screening: Screening) -> None:
    page.section("Relation to landslides")
    order = sorted(screening.summaries, key=lambda each: -abs(np.nan_to_num(each.pearson.r)))
    page.figure(
        figures.coefficient_bars(
            [each.label for each in order], [each.pearson.r for each in order], [each.covariate.kind == "continuous" for each in order]
        ),
        "Pearson’s coefficient of each covariate with landslide occurrence, 1 or 0 (the paper’s Fig. 8); of circular covariates the "
        "multiple R of sine and cosine, of categorical ones Cramér’s V, neither of which has a sign. It sees only what rises or falls "
        "steadily; the information gain below also sees classes in the middle.",
    )
    order = sorted(screening.summaries, key=lambda each: -each.gain.bits)
    page.figure(
        figures.gain_bars([each.label for each in order], [each.gain.bits for each in order]),
        "Information gain: how much less uncertain it is whether a sample cell is a landslide cell once the class of its covariate is "
        "known. At most 1 bit, where both are equally many.",
    )


def _classes(page: Report, screening: Screening) -> None:
    page.section("Landslides in the classes of each covariate")
    page.text(
        "A frequency ratio (FR) above 1 means that a class holds more landslide cells than its area would by chance. The contrast C = W+ − "
        "W− says the same on a logarithmic scale; divided by its standard deviation it tells how sure that is: beyond ±1.96 at the 5 % "
        "level, if landslide cells were independent of each other. Cells of one landslide are not, so where landslides are polygons of "
        "many cells, ask for more."
    )
    for each in screening.summaries:
        relation = each.relation
        shown = np.sort(np.argsort(-relation.area, kind="stable")[: figures.MOST_SHOWN])
        fewer = f" The {len(shown)} largest of {len(each.class_names)} classes." if len(shown) < len(each.class_names) else ""
        page.figure(
            figures.class_shares(
                [each.class_names[index] for index in shown],
                relation.area_share[shown],
                relation.landslide_share[shown],
                relation.frequency_ratio[shown],
                _label(each),
            ),
            f"{_label(each)}: share of the landslide cells against share of the area.{fewer}",
        )
        page.table(
            ["Class", "Area share", "Landslide cells", "Their share", "FR", "IV", "W+", "s²(W+)", "W−", "s²(W−)", "C", "s(C)", "C/s(C)"],
            list(
                zip(
                    [f"{name}{' *' if half else ''}" for name, half in zip(each.class_names, relation.corrected)],
                    relation.area_share,
                    relation.landslides.astype(int),
                    relation.landslide_share,
                    relation.frequency_ratio,
                    relation.information_value,
                    relation.w_plus,
                    relation.w_plus_variance,
                    relation.w_minus,
                    relation.w_minus_variance,
                    relation.contrast,
                    relation.contrast_deviation,
                    relation.studentised_contrast,
                )
            ),
            f"{_label(each)}: share of the area, landslide cells, share of the landslide cells, frequency ratio (FR), information value "
            f"(IV), weights of evidence and contrast.{' *: a half added to each count.' if relation.corrected.any() else ''}",
        )


def _maps(page: Report, screening: Screening, survey: Survey, grid: Grid) -> None:
    page.section("Maps")
    across, down = grid.cell_size_m
    width, height = (side * survey.step for side in grid.cell_size)
    frame = Frame(grid.bounds[0], grid.bounds[3], width, height, grid.is_projected)
    by_name = {each.name: index for index, each in enumerate(screening.summaries)}
    ordered = sorted(screening.summaries, key=lambda each: (_group_number(each.covariate.group), each.covariate.group))
    for group, members in groupby(ordered, key=lambda each: each.covariate.group):
        panels = [figures.map_panel(_label(each), each.classing, survey.picture[..., by_name[each.name]]) for each in members]
        thinned = f" Thinned to 1 cell in {survey.step**2:,}." if survey.step > 1 else ""
        for start in range(0, len(panels), _MOST_PANELS):
            page.figure(
                figures.covariate_maps(panels[start : start + _MOST_PANELS], (across * survey.step, down * survey.step), frame),
                f"{group.capitalize()} covariates in their classes{', continued' if start else ''}, north up; white: no data. "
                f"Coordinates: {grid.spatial_reference.GetName()}.{thinned}",
            )


def _method(page: Report, screening: Screening, survey: Survey, facts: Mapping[str, Any]) -> None:
    page.section("Method")
    drawn = (
        f"a random sample of {len(survey.sample):,} of the {survey.cells:,} valid cells"
        if len(survey.sample) < survey.cells
        else f"all {survey.cells:,} valid cells"
    )
    page.text(
        f"Collinearity is a property of the ground that the model will map, so VIFs, correlation matrix and Cramér’s V are taken from "
        f"{drawn} of the area, not from the sample cells, whose absences are drawn at random. A cell is valid where every covariate is."
    )
    page.text(
        "VIF: covariates enter as in a linear model with an intercept: continuous ones as they are, circular ones as sine and cosine "
        "together (0 for flat ground), categorical ones as indicators of all classes but one. With df such columns the generalised VIF is "
        "GVIF = det(R₁₁) det(R₂₂) / det(R) (Fox & Monette 1992); its value on the scale of a VIF is GVIF^(1/df), the square of "
        "GVIF^(1/2df). For one column this is 1 / (1 − R²). The VIF is infinite where less than a millionth of a covariate’s variance is "
        "its own. Covariates are dropped one by one until no VIF is above the limit: of those above it, and of others whose loss brings "
        "the highest VIF below it, the one goes that a linear model of landslide occurrence misses least (adjusted R²)."
    )
    page.text(
        f"Relation to landslides: coefficients (of at most {MOST_CELLS:,} cells) and information gain come from the landslide and "
        "non-landslide cells, both counting the same in all, so that neither depends on how many were drawn (p by the F-test of the linear "
        "model, and by the G-test of classes, both by counts of cells; the smaller of the two doubled). They take cells as independent, "
        "though neighbours are alike, so p is too small rather than too large: a covariate without relation here has none that these cells "
        "can show."
    )
    page.text(
        "Frequency ratio, information value and weights of evidence compare the classes of all landslide cells, each cell counted once, "
        "with the classes of every valid cell of the area. FR = (N(C∩L)/N(L)) / (N(C)/N); IV = ln FR; W+ = ln(P(C|L)/P(C|¬L)); W− = "
        "ln(P(¬C|L)/P(¬C|¬L)); s²(W+) = 1/N(C∩L) + 1/N(C∩¬L); s²(W−) = 1/N(¬C∩L) + 1/N(¬C∩¬L); C = W+ − W−; s(C)² = s²(W+) + s²(W−). "
        "Where one of the four counts of a class is zero, a half is added to each of them (Haldane 1956) for all but FR, which is 0 for a "
        "class without landslides. Where it holds none (or all) of them and chance would have left less than one inside (outside), the "
        "half would be the evidence, so there is a dash. "
        f"Continuous covariates are divided by {CLASSINGS[facts['method']].split(' (')[0].lower()} into "
        f"at most {facts['classes']} classes, with limits from {drawn}; aspect by eight directions and flat ground."
    )
    page.table(
        ["Covariate", "Kind", "Unit", "GVIF", "df", "Source"],
        [
            (each.label, each.covariate.kind, each.covariate.unit, number(each.inflation.gvif), each.inflation.df, each.covariate.source)
            for each in screening.summaries
        ],
        "Covariates.",
    )
    page.table(["Parameter", "Value"], [*facts["inputs"].items(), *facts["settings"].items()], "Parameters.")
    page.table(["Package", "Version"], list(facts["versions"].items()), "Versions.")


def _label(each: CovariateSummary) -> str:
    """Return the covariate's title with its unit; directions are in words, N to NW, and have none."""
    return f"{each.label} ({each.covariate.unit})" if each.covariate.unit and each.covariate.kind != "circular" else each.label


def _group_number(group: str) -> int:
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)
