# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of an adaptation: which of three models serves best in the new area, and how it was found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...models.cnn_dnn import CnnDnn
from ...models.recipe import CALIBRATIONS
from ..files.grid import Grid
from ..mapping.likeness import OLDER, Likeness, plain
from ..reporting import figures
from ..reporting.numbers import interval, p_value, percent, signed
from ..reporting.page import Report, listed
from .adapting import EPOCHS, LEARNING_RATE
from .contest import CONTENDERS, Contest

REFERENCES = (
    "DeLong, E. R., DeLong, D. M., Clarke-Pearson, D. L. (1988). Comparing the areas under two or more correlated receiver operating "
    "characteristic curves: a nonparametric approach. Biometrics 44, 837–845.",
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65–70.",
    "Obuchowski, N. A. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53, 567–578.",
    "Roberts, D. R. et al. (2017). Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic structure. "
    "Ecography 40, 913–929.",
)


@dataclass(frozen=True)
class Adaptation:
    """What the report tells.

    Parameters
    ----------
    given, made
        The model as it was, and adapted.
    grid
        That of the new area's stack.
    contest
        What each contender says of held-out cells.
    found
        How each covariate is in the area, and was in training.
    epochs
        For how many epochs the members were trained on, of `adapting.EPOCHS`.
    files
        What was read: a few words to path.
    settings, versions
        What was run with what: title to text, package to version.
    warnings
        Sentences on what else differs: cell size, units, coordinate reference system.
    known
        Says that the model knows these landslides or this area, where it does, so that its figures are no test.
    """

    given: CnnDnn
    made: CnnDnn
    grid: Grid
    contest: Contest
    found: Sequence[Likeness]
    epochs: int
    files: Mapping[str, str]
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    warnings: Sequence[str] = ()
    known: str = ""


def make_report(facts: Adaptation) -> Report:
    """Return the report."""
    page = Report("Model adapted to another area", "What serves best there, on landslides held out")
    page.text(f"{facts.known} {facts.contest.verdict} {facts.contest.advice}".strip(), lead=True)
    page.data(facts.grid, facts.files)
    _add_contest(page, facts.contest)
    _add_likeness(page, facts)
    _add_method(page, facts)
    return page


def _add_contest(page: Report, contest: Contest) -> None:
    page.section("Which model serves best")
    test = next(iter(contest.tests.values()))
    page.text(test.how)
    rows = [
        (CONTENDERS[name][0], each.auc.auc, interval(each.auc.low, each.auc.high), each.auc_by_landslides)
        for name, each in contest.tests.items()
    ]
    page.table(
        ["Model", "AUC", "95 % interval", "AUC, landslides alike"],
        rows,
        f"AUC on the same {len(test.labels):,} cells, {test.landslides:,} landslides among them, by {test.name.lower()}. AUC counts cells; "
        "“landslides alike” counts every landslide the same, however many cells it has. Intervals take the cells of a landslide as one "
        "(Obuchowski 1997); with few landslides they are wide.",
    )
    names = {name: told[0] for name, told in CONTENDERS.items()}
    page.table(
        ["Models", "Difference of AUC", "95 % interval", "p"],
        [
            (f"{names[first]} − {names[second]}", signed(each.mean), interval(each.low, each.high), p_value(each.p_value))
            for (first, second), each in contest.differences.items()
        ],
        "Differences on the same cells, by DeLong’s test for paired curves with the cells of a landslide as one; p is corrected for three "
        "comparisons (Holm 1979). A p above 0.05 says that chance alone may bring such a difference.",
    )
    numbers = np.unique(test.fold)
    page.figure(
        figures.roc_curves(
            {
                names[name]: [(each.labels[each.fold == number], each.susceptibility[each.fold == number]) for number in numbers]
                for name, each in contest.tests.items()
            }
        ),
        "ROC curves on cells held out, the mean over folds.",
    )


def _add_likeness(page: Report, facts: Adaptation) -> None:
    page.section("How far the area lies from the model’s")
    for sentence in facts.warnings:
        page.text(sentence)
    told = [each.sentence for each in facts.found if each.sentence]
    if facts.given.encoder.seen is None:
        page.text(OLDER)
    elif not told:
        cells = "sampled cells" if any(each.is_sampled for each in facts.found) else "cells"
        page.text(f"No covariate has more than a few {cells} outside what the model has seen in training.")
    for sentence in told:
        page.text(f"{sentence}.")
    spans = [each for each in facts.found if each.known and each.found]
    if spans:
        page.table(
            ["Covariate", "Unit", "Model, 5 to 95 %", "Model, least to greatest", "Area, 5 to 95 %", "Outside"],
            [
                (
                    each.label,
                    each.unit,
                    _span(each.known, 1),
                    _span(each.known, 0),
                    _span(each.found, 1),
                    percent(each.outside),
                )
                for each in spans
            ],
            "Continuous covariates in the training cells of the model and in the new area; outside are its cells below the least or above "
            "the greatest value of the training cells."
            + (" Of the new area a sample of cells counts, from windows spread evenly over it." if spans[0].is_sampled else ""),
        )


def _span(quantiles: Sequence[float] | None, end: int) -> str:
    return f"{plain(quantiles[end])} to {plain(quantiles[-1 - end])}" if quantiles else ""


def _add_method(page: Report, facts: Adaptation) -> None:
    trees = facts.made.trees
    page.section("Method")
    grown = (
        f" Beside the {facts.given.trees.count} trees of the model stand {trees.count - facts.given.trees.count} new ones, grown on new "
        "cells; each tree counts the same, and what network and trees count stays as it was."
        if trees and facts.given.trees
        else ""
    )
    count = len(facts.made.members)
    members = "The one member" if count == 1 else f"Each of the {count} members"
    page.text(
        f"{members} was trained on from its weights, on landslide and non-landslide cells of the new "
        f"area alone, by Adam at a learning rate of {LEARNING_RATE:g}. {listed([str(each) for each in EPOCHS])} epochs were "
        f"tried, and {facts.epochs} were "
        "chosen on inner folds of these cells, and anew in each fold of the test, where the tested cells took no part; of many cells "
        "epochs are fewer, in the same ratio. The encoding of covariates and the normalisation between layers stay those of the model; a "
        f"class that the model does not know stays unknown.{grown} The file that the model was adapted from is told by its hash in the new "
        "one."
    )
    how = (
        f"The calibration ({CALIBRATIONS[facts.made.calibration['method']]}) was fitted anew to what the folds’ models say of cells held "
        "out."
        if facts.made.calibration
        else "The model is not calibrated: susceptibility ranks cells of the new area."
    )
    page.text(
        f"{how} Landslide and non-landslide cells counted the same in adapting, as in training, so susceptibility is not the frequency of "
        "landslides. Where the adapted model is applicable is told by the cells of the new area alone, since only there was it tested."
    )
    page.table(["Parameter", "Value"], list(facts.settings.items()), "Parameters.")
    page.table(["Package", "Version"], list(facts.versions.items()), "Versions.")
    page.section("References")
    page.references(REFERENCES)
