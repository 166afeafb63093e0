# SPDX-License-Identifier: GPL-2.0-or-later
"""The report on a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..declarations.choices import INVENTORY_ROLES, RATES
from ..feedback import counted
from ..mapping.counting import Landslides
from ..mapping.maps import Map, Thumbnail
from ..mapping.zonation import class_colours, falling
from ..reporting.figures import RINGS, Frame, bars, class_map
from ..reporting.numbers import count, estimate, number, p_value, percent, signed
from ..reporting.page import BETTER_THAN_TRAINING, Report
from ..reporting.rates import COLOURS, REFERENCE, rate_curves, unit_curves
from . import figures
from .assessment import FEW, WAYS, Assessment
from .pair import Pair
from .ranking import Estimate
from .survey import Classes

REFERENCES = (
    "Brier, G. W. (1950). Verification of forecasts expressed in terms of probability. Monthly Weather Review 78, 1–3.",
    REFERENCE,
    "Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20, 37–46.",
    "DeLong, E. R., DeLong, D. M., Clarke-Pearson, D. L. (1988). Comparing the areas under two or more correlated receiver operating "
    "characteristic curves: a nonparametric approach. Biometrics 44, 837–845.",
    "Obuchowski, N. A. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53, 567–578.",
    "Saito, T., Rehmsmeier, M. (2015). The precision–recall plot is more informative than the ROC plot when evaluating binary classifiers "
    "on imbalanced datasets. PLoS ONE 10, e0118432.",
)
# Rows and columns of the picture of the map.
PICTURE_PX = (900, 900)
_ROLE_WORDS = {"unknown": "landslides", "held_out": "held-out landslides", "training": "landslides that the map was made from"}
_REVERSED = (
    " An AUC below 0.5 ranks landslides lower than other ground. If low numbers mean high susceptibility on this map (a class 1 for very "
    "high, say), turn it round first, by its negative (gdal:rastercalculator)."
)


def verdict(made: Sequence[Assessment], shared: int = 0) -> str:
    """Return the main finding in a few sentences."""
    first = made[0]
    auc = first.auc
    alike = first.landslides == first.cells  # every landslide is one cell
    text = (
        f"AUC {_interval(auc['cells'])}, of {_counted(first)}, each on one cell. The most susceptible 10 % of the area "
        f"holds {percent(first.rates['cells'].at(0.1))} of them."
        if alike
        else f"AUC {_interval(auc['landslides'])} by landslides and {_interval(auc['cells'])} by cells, of "
        f"{_counted(first)} on {counted(first.cells, 'cell')}. The most susceptible 10 % of the area holds "
        f"{percent(first.rates['landslides'].at(0.1))} of the landslides and {percent(first.rates['cells'].at(0.1))} of their cells."
    )
    if first.role == "training":
        text += " This is a success rate: it says how well the map fits the landslides it was made from, not what it can tell of others."
    if first.role == "unknown":
        text += (
            " It is not known whether the map was made from these landslides; if it was, this says how well it fits, and not what it can "
            "tell (set “These landslides”)."
        )
    if all(each.value + 2 * each.error < 0.5 for each in first.auc.values()):
        text += _REVERSED
    for other in (each for each in made[1:] if each.kind == "all"):
        fitted, told = other.auc["landslides"].value, first.auc["landslides"].value
        text += (
            f" Of the {_counted(other)} it reaches {number(fitted)} by landslides (area under the "
            f"{RATES[other.role]} {number(other.rates['landslides'].under)}, under the {RATES[first.role]} "
            f"{number(first.rates['landslides'].under)})."
        )
        if other.role == "training" and first.role == "held_out" and told > fitted and not shared:
            text += f" {BETTER_THAN_TRAINING}"
    return text


def make_report(
    seen: Map,
    made: Sequence[Assessment],
    classes: Classes,
    densities: Sequence[Mapping[str, Any]],
    pair: Pair | None,
    facts: Mapping[str, Any],
) -> Report:
    """Return the report.

    Parameters
    ----------
    made
        All assessments, the most honest one of the whole area first.
    densities
        The table of classes, as `Assessor.densities` gives it.
    facts
        What the report states as it is: `map`, `inputs` and `settings` (name to text), `versions`, whether cells are `labelled`, the
        `files`, how many `cells` have a value, of which `types` the landslides and of which `model` the map are, where that is known,
        the `picture` of the map, the `parts` that were assessed, and in a sentence each which sub-areas are `without` figures and which
        landslides count by the date of others, `by_others`; and how many landslides of the test are `shared` with the training.
    """
    whole = [each for each in made if each.kind == "all"]
    first = whole[0]
    page = Report(
        "Validation of a susceptibility map",
        f"{seen.name}, tested on {_counted(first)}",
    )
    page.section("Result")
    page.text(verdict(made, facts["shared"]), lead=True)
    page.text(_told_from(first, facts["labelled"]))
    if facts["by_others"]:
        page.text(facts["by_others"])
    told = {"The map holds": facts["map"], "Model of the map": facts["model"], "Types of movement": facts["types"]}
    page.data(seen.grid, facts["files"], facts["cells"], told)
    rows = [
        row for row in densities if (row["part"], row["name"], row["landslides_are"]) == ("all", first.name, INVENTORY_ROLES[first.role])
    ]
    _map(page, seen, classes, rows, facts["picture"], facts["parts"][0].landslides)
    _whole_table(page, whole)
    _ranking(page, whole)
    _calibration(page, first)
    _classes(page, classes, rows)
    _groups(page, [each for each in made if each.kind == "sub-area"], "Sub-areas", "sub-area", facts["without"])
    _groups(page, [each for each in made if each.kind == "date"], "Dates", "period")
    if pair:
        _pair(page, pair, first.role)
    _method(page, facts)
    page.section("References")
    page.references(REFERENCES)
    return page


def _told_from(first: Assessment, labelled: bool) -> str:
    if labelled:
        return (
            f"Landslides are told from the {first.others:,} cells that are labelled as no landslide. How these were drawn decides the AUC: "
            "from flat ground it is easily high. Rate curves do not depend on them; they go by the whole area."
        )
    return (
        f"Landslides are told from all other cells of the map, {first.others:,}, by their area; cells of any landslide given are left out. "
        "These include easy ground, such as plains, so the AUC depends on how much of it the map covers: compare maps on the same area "
        "only."
    )


def _map(page: Report, seen: Map, classes: Classes, rows: Sequence[Mapping[str, Any]], picture: Thumbnail, slides: Landslides) -> None:
    """Show the classes of the map, and the landslides on it."""
    small, cells = picture.grid, seen.grid.shape
    colours = ["#{:02x}{:02x}{:02x}".format(*colour) for colour in class_colours(len(classes.names))]
    drawn = class_map(
        picture.numbers + 1,
        classes.names,
        colours,
        [row["share_percent"] / 100 for row in rows],
        small.cell_size_m,
        frame=Frame.of(small, small.shape),
        landslides=((slides.rows + 0.5) * small.shape[0] / cells[0] - 0.5, (slides.cols + 0.5) * small.shape[1] / cells[1] - 0.5),
    )
    page.figure(drawn, f"The map in classes, and the landslides that test it. Coordinates: {seen.grid.spatial_reference.GetName()}.")


def _whole_table(page: Report, whole: Sequence[Assessment]) -> None:
    rows = []
    for each in whole:
        for way, label in WAYS.items():
            rows.append(
                (
                    _named(INVENTORY_ROLES[each.role], each),
                    label,
                    each.landslides if way == "landslides" else each.cells,
                    _interval(each.auc[way]),
                    RATES[each.role],
                    each.rates[way].under,
                    percent(each.rates[way].at(0.1), 1),
                    percent(each.rates[way].at(0.2), 1),
                )
            )
    page.table(
        ["Landslides", "Counted", "Number", "AUC (95 %)", "Curve", "Area under it", "In the top 10 %", "In the top 20 %"],
        rows,
        "How well the map ranks landslides. By landslides each counts once; by cells large ones count more. The AUC is the share of "
        "pairs of a "
        "landslide and another cell that the map ranks rightly; the last columns are what the most susceptible 10 and 20 % of the area "
        "hold.",
    )


def _ranking(page: Report, whole: Sequence[Assessment]) -> None:
    page.section("Ranking")
    ways = _ways(whole)
    rates = {f"{_named(RATES[each.role], each)}{label}": each.rates[way] for each in whole for way, label in ways.items()}
    page.figure(
        rate_curves(rates),
        "Rate curves: the share of the landslides in the most susceptible share of the area. The success rate is that of landslides that "
        "the "
        "map was made from, the prediction rate that of others.",
    )
    curves = {f"{_called(each)}{label}  {number(each.auc[way].value)}": each.roc[way] for each in whole for way, label in ways.items()}
    colours = [COLOURS[RATES[each.role]] for each in whole]
    across, up = "False positive rate (1 − specificity)", "True positive rate (sensitivity)"
    page.figure(unit_curves(curves, across, up, [colour for colour in colours for _ in ways], legend="AUC", guide=(0, 1)), "ROC curves.")
    first = whole[0]
    name = f"{_called(first)}, by cells  {number(first.average_precision)}"
    page.figure(
        unit_curves(
            {name: (first.recall, first.precision)},
            "Recall",
            "Precision",
            colours[:1],
            legend="average precision",
            guide=(first.prevalence, first.prevalence),
        ),
        f"Precision–recall curve. A map that says nothing reaches {number(first.prevalence)}, the share of landslide cells (dotted). Where "
        "landslides "
        "are rare, precision is low even for a good map; compare it with this share.",
    )


def _ways(made: Sequence[Assessment]) -> dict[str, str]:
    """Return the ways to count that differ, each as it follows a name: one where every landslide is one cell."""
    if all(each.landslides == each.cells for each in made):
        return {"cells": ""}
    return {way: f", {label}" for way, label in WAYS.items()}


def _calibration(page: Report, first: Assessment) -> None:
    page.section("Probability")
    found = first.calibration
    if found is None:
        page.text("The map's values are no probabilities from 0 to 1, so there is no Brier score and no reliability diagram.")
        return
    page.text(
        f"The Brier score, the mean squared error of the susceptibility read as a probability, is {number(found.brier)} where landslide "
        f"cells are as rare as here ({percent(first.prevalence, 1)}), and {number(found.balanced)} where landslide and other cells weigh a "
        "half each "
        "(0.25 for a map of 0.5 everywhere). Most maps are trained on as many other cells as landslide cells, or a few times as many: "
        "their "
        "values are then far above the share of ground that slid, and only the balanced figures say how well calibrated they are."
    )
    page.figure(
        figures.reliability_diagram([("both weigh a half", found.balanced_reliability), ("as they are", found.reliability)], found.cells),
        f"Reliability: the observed share of landslide cells where the map says so much susceptibility. {RINGS}",
    )


def _classes(page: Report, classes: Classes, rows: Sequence[Mapping[str, Any]]) -> None:
    page.section("Classes")
    area, by_landslides, by_cells = (
        np.array([row[key] for row in rows]) / 100 for key in ("share_percent", "percent_of_landslides", "landslide_percent")
    )
    page.figure(
        figures.density_by_class(classes.names, area, by_landslides, by_cells),
        "What each class holds, and landslides against area. In a good map the ratio rises steeply from the lowest to the highest class.",
    )
    page.table(
        ["Class", "From", "To", "Area (km²)", "of all", "Landslides", "of all", "per km²", "FR", "Cells", "of all", "of the class", "FR"],
        [
            (
                row["class"],
                row["from"],
                row["to"],
                row["area_km2"],
                _of_hundred(row["share_percent"]),
                count(row["landslides"]),
                _of_hundred(row["percent_of_landslides"]),
                row["landslides_per_km2"],
                row["frequency_ratio_by_landslides"],
                row["landslide_cells"],
                _of_hundred(row["landslide_percent"]),
                _of_hundred(row["density_percent"]),
                row["frequency_ratio"],
            )
            for row in rows
        ],
        "Landslides in each class: by landslides (a landslide on several classes counts in parts), then by their cells. FR: frequency "
        "ratio, "
        "the share of landslides over the share of the area.",
    )
    if sentence := falling(rows):
        page.text(sentence)


def _groups(page: Report, made: Sequence[Assessment], heading: str, what: str, without: str = "") -> None:
    """Show the figures of some parts; `without` tells which have none."""
    if made or without:
        page.section(heading)
    if without:
        page.text(without)
    if not made:
        return
    shown = sorted(made, key=lambda each: -each.landslides)[:30] if what == "sub-area" else list(made)
    ways = {way: WAYS[way] for way in _ways(shown)}
    values = {label: [each.auc[way].value for each in shown] for way, label in ways.items()}
    low = {label: [_end(each.auc[way], "low") for each in shown] for way, label in ways.items()}
    high = {label: [_end(each.auc[way], "high") for each in shown] for way, label in ways.items()}
    start = 0.5 if min(min(each) for each in low.values()) >= 0.5 else 0.0
    few = f" Those of fewer than {FEW} landslides are chance to a large part." if any(each.landslides < FEW for each in made) else ""
    page.figure(
        bars(values, [f"{each.name} ({each.landslides:,})" for each in shown], "AUC", low=low, high=high, reference=0.5, start=start),
        f"AUC in each {what}, with the number of landslides and 95 % intervals.{few}",
    )
    page.table(
        [
            what.capitalize(),
            "Landslides",
            "Cells",
            "Area (km²)",
            "AUC by landslides (95 %)",
            "AUC by cells (95 %)",
            "Curve",
            "Area under it",
        ],
        [
            (
                each.name,
                each.landslides,
                each.cells,
                each.area,
                _interval(each.auc["landslides"]),
                _interval(each.auc["cells"]),
                RATES[each.role],
                each.rates["landslides"].under,
            )
            for each in made
        ],
        f"Each {what} by itself; the last column by landslides."
        + (
            " Its landslides are told from the other cells of the same sub-area; one that lies in several counts in each."
            if what == "sub-area"
            else ""
        ),
    )


def _pair(page: Report, pair: Pair, role: str) -> None:
    page.section("Two maps")
    page.text(pair_verdict(pair), lead=True)
    if role != "held_out":
        page.text(
            "A map that was made from these landslides has seen them: if one of the two was, it fits better, which does not say that it "
            "predicts better. Compare them on landslides that took part in neither."
        )
    page.table(
        ["Counted", "AUC, first map", "AUC, second map", "First − second (95 %)", "p"],
        [
            (
                label,
                pair.aucs[way][0],
                pair.aucs[way][1],
                f"{signed(pair.difference[way].value)} ({signed(pair.difference[way].low)} to {signed(pair.difference[way].high)})",
                p_value(pair.p_value[way]),
            )
            for way, label in WAYS.items()
        ],
        f"The first map is {pair.names[0]}, the second {pair.names[1]}; {counted(pair.landslides)} on the {pair.cells:,} cells where both "
        "have a value. The test is paired (DeLong et al. 1988), with the cells of one landslide as one cluster (Obuchowski 1997).",
    )
    page.figure(
        figures.agreement(pair.table, pair.classes, pair.names),
        "Share of the area by the class of both maps."
        + (f" {percent(pair.agreement, 1)} agree; Cohen’s κ is {number(pair.kappa)}." if pair.agreement is not None else ""),
    )
    page.text(
        "Classes of two maps agree only where they are alike in size too: natural breaks may put half of one map and a tenth of another "
        "into "
        "the lowest class. Quantiles (METHOD) give both maps classes of equal area, so that the agreement is that of their order."
    )
    if pair.kappa is None:
        page.text("The maps have different numbers of classes, so that their agreement is not defined.")
    page.text(f"The difference raster, where it was asked for, holds the {pair.what}.")


def pair_verdict(pair: Pair) -> str:
    """Return in words which map ranks the landslides better."""
    found, p = pair.difference["landslides"], pair.p_value["landslides"]
    if not np.isfinite(p):
        return f"By landslides the AUCs differ by {number(abs(found.value))}; one landslide does not tell whether that is chance."
    better = pair.names[0 if found.value > 0 else 1]
    if p < 0.05:
        return f"{better} ranks the landslides better: its AUC by landslides is higher by {number(abs(found.value))} (p {p_value(p)})."
    return f"The AUCs by landslides differ by {number(abs(found.value))}, no more than chance may bring (p {p_value(p)})."


def _method(page: Report, facts: Mapping[str, Any]) -> None:
    page.section("Method")
    page.text(
        "By landslides each landslide counts once, an equal part of it on each of its cells; by cells each cell counts by its area, or "
        "as one "
        "where cells are labelled. Landslides that share a cell count as one. Intervals treat the cells of one landslide as one "
        "cluster "
        "(Obuchowski 1997), by Student’s t of as many landslides, that of an AUC on the scale of log odds; other cells count as "
        "independent, and where they are all cells of the area they add next to nothing."
    )
    page.text(
        "Equal values count as half right in AUCs, and curves are straight between thresholds. The average precision is the area under "
        "the steps "
        "of the precision–recall curve. Which landslides are held out is what the user says; nothing in a map tells it."
    )
    page.table(["Parameter", "Value"], [*facts["inputs"].items(), *facts["settings"].items()], "Parameters.")
    page.table(["Package", "Version"], list(facts["versions"].items()), "Versions.")


def _interval(found: Estimate) -> str:
    return estimate(found.value, found.low if np.isfinite(found.error) else float("nan"), found.high)


def _end(found: Estimate, name: str) -> float:
    return float(getattr(found, name)) if np.isfinite(found.error) else found.value


def _of_hundred(value: float | None) -> str:
    return percent(None if value is None else value / 100, 1)


def _named(what: str, each: Assessment) -> str:
    """Return a name with the dates that it is of, where it is of some."""
    return what if each.name == "all" else f"{what} ({each.name})"


def _called(each: Assessment) -> str:
    return _named(_ROLE_WORDS[each.role], each)


def _counted(each: Assessment) -> str:
    """Return how many landslides there are, as they are called."""
    called = _called(each)
    return f"{each.landslides:,} {called.replace('landslides', 'landslide', 1) if each.landslides == 1 else called}"
