# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of a training: how well the model predicts the test cells, how it was trained, and by which method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...models.classifiers import LABELS
from ...models.cnn_dnn import CnnDnn
from ...models.optimizers import OPTIMIZERS, SCHEDULES
from ...models.recipe import CALIBRATIONS, Recipe
from ..declarations.covariates import labels_of
from ..feedback import counted
from ..files.grid import Grid
from ..reporting import distances, figures, metrics, rates
from ..reporting.numbers import interval, percent
from ..reporting.numbers import number as written
from ..reporting.page import Report, listed
from ..samples.nearest import Distances
from .fitting import History
from .tuning import Candidate
from .validation import WHERE, Evaluation

PAPER = (
    "Azarafza, M., Azarafza, M., Akgün, H., Atkinson, P. M., Derakhshani, R. (2021). Deep learning-based landslide susceptibility "
    "mapping. Scientific Reports 11, 24112."
)
_ALONE = (
    "The model is the CNN–DNN alone, without trees: a convolutional and a dense part, joined, after Azarafza et al. (2021). Its linear "
    "term, label smoothing and falling learning rate are Scarp’s own."
)
_WITH_TREES = (
    "The model is a {name}: susceptibility is the weighted mean of the network and of {count} shallow trees of a random forest, which see "
    "a cell's own covariates only. The weights were chosen on those training cells that each network was not trained on, with trees grown "
    "without them; they are equal unless these cells tell otherwise (DeLong's test). The network alone, without COMPANION, is the paper's "
    "classifier."
)
# Tests of the model itself.
_OF_MODEL = ("held_out", "test")


@dataclass(frozen=True)
class Training:
    """What the report tells.

    Parameters
    ----------
    model
        The trained model.
    tests
        How the model or its like was tested, the most honest first.
    fitted
        What the model says of the cells that it was fitted to.
    shown
        That of them whose cells are shown in full; not calibrated.
    tested
        Metrics of these cells, calibrated where the model itself was tested.
    divided
        How cells were divided, in words.
    histories
        The training history of each member.
    others
        That of a network trained by each other optimizer, by id.
    tried
        The candidates of the grid search, the best first.
    distances
        Those of the spatial folds; None where there are none.
    counts
        Landslide and non-landslide cells, by part.
    recipe
        By what it was trained.
    settings, versions
        What was run with what, inputs too: title to text, package to version.
    grid
        Of the stack.
    files
        What the data are, and where they lie; None for what was not given.
    types
        The types of movement that the model is for; empty for all.
    not_calibrated
        Why it is not calibrated, where that was asked for in vain.
    """

    model: CnnDnn
    tests: Sequence[Evaluation]
    fitted: Evaluation
    shown: Evaluation
    tested: Mapping[str, float]
    divided: str
    histories: Sequence[History]
    others: Mapping[str, History]
    tried: Sequence[Candidate]
    distances: Distances | None
    counts: Mapping[str, tuple[int, int]]
    recipe: Recipe
    settings: Mapping[str, str]
    versions: Mapping[str, str]
    grid: Grid
    files: Mapping[str, str | None]
    types: str = ""
    not_calibrated: str = ""


def make_report(facts: Training) -> Report:
    """Return the report."""
    of_types = f" of the type {facts.types}" if facts.types else ""
    page = Report("CNN–DNN landslide susceptibility model", f"Trained on {counted(facts.fitted.landslides)}{of_types}")
    _add_test(page, facts)
    if facts.tried:
        _add_search(page, facts)
    _add_histories(page, facts)
    _add_method(page, facts)
    return page


def _add_test(page: Report, facts: Training) -> None:
    best = facts.tests[0]
    page.section("Result")
    page.text(
        f"By {best.name.lower()} the area under the ROC curve (AUC) is {best.in_words}; that is what to expect "
        f"{WHERE[best.kind]}. {best.how}",
        lead=True,
    )
    for each in facts.tests:
        if each.kind == "part":
            page.text(each.how)
    if len(facts.tests) == 1:
        page.text("There is no figure of spatial folds, since the cells do not suffice for them; away from mapped landslides expect less.")
    page.data(facts.grid, facts.files, told={"Types of movement": facts.types})
    if facts.divided != best.how:
        page.text(facts.divided)
    rows = [
        (each.name, each.auc.auc, interval(each.auc.low, each.auc.high), each.auc_by_landslides, each.landslides, len(each.labels))
        for each in facts.tests
    ]
    page.table(
        ["Tested by", "AUC", "95 % interval", "AUC, landslides alike", "Landslides", "Cells"],
        rows,
        "AUC of each way of testing, the one to quote first. AUC counts cells; “landslides alike” counts every landslide the same, however "
        "many cells it has. Intervals take the cells of a landslide as one (Obuchowski 1997). Cells dealt at random lie among training "
        "cells like them; whole blocks lie beside them.",
    )
    for each in facts.tests[1:]:
        if each.how != facts.divided and each.kind != "part":
            page.text(f"{each.name}: {each.how}")
    slides, others = (sum(column) for column in zip(*facts.counts.values()))
    page.text(
        f"{percent(slides / (slides + others))} of the sample cells are landslide cells. {metrics.BALANCED} Susceptibility ranks cells; "
        "it is not the probability of a landslide in a given time, with calibration or without."
    )
    if facts.not_calibrated:
        page.text(facts.not_calibrated)
    if facts.distances:
        narrow = any(each.kind == "spatial" and each.narrow for each in facts.tests)
        distances.add(page, facts.distances.samples, facts.distances.folds, facts.distances.places, "spatial folds", narrow)
    _add_cells(page, facts)
    _add_rates(page, facts)


def _add_rates(page: Report, facts: Training) -> None:
    """Tell how well the model fits, and apart from that how well it predicts."""
    page.section("Success rate and prediction rate")
    fit, tested = facts.fitted, facts.shown
    both = {"success rate": fit, "prediction rate": tested}
    alike = all(each.landslides == int(each.labels.sum()) for each in both.values())  # every landslide is one cell
    curves = {
        name if alike else f"{name} {how}": curve
        for name, each in both.items()
        for how, curve in each.rate_curves().items()
        if how == "by cells" or not alike
    }
    page.text(
        f"The success rate is that of the {counted(fit.landslides, 'training landslide')} and says how well the model fits (AUC "
        f"{written(fit.auc.auc)}); the prediction rate is that of {counted(tested.landslides)} that took no part "
        f"({tested.name.lower()}, AUC {written(tested.auc.auc)}) and says how well it predicts. Only the second is a test (Chung & Fabbri "
        "2003)."
    )
    if tested.auc.auc > fit.auc.auc:
        page.text(
            "The prediction is above the success here: training holds the network back (dropout, penalty, stopping early), and the few "
            "landslides of a test may be easier ones by chance; their interval tells how much."
        )
    page.figure(
        rates.rate_curves(curves),
        "Share of the landslides in the most susceptible share of the area, for which the non-landslide cells stand"
        + (", each on one cell." if alike else "; by cells, and by landslides, each counting the same however many cells it has."),
    )


def _add_cells(page: Report, facts: Training) -> None:
    """Show the cells of one test in full."""
    shown, name = facts.shown, LABELS[facts.model.classifier]
    labels, raw = shown.labels, shown.susceptibility
    own = shown.kind in _OF_MODEL
    found = facts.model.calibrated(raw) if own else raw
    where = f"the cells of {shown.name.lower()}" if not own else f"the {shown.name.lower()}"
    page.section(shown.name)
    sets = [(labels[shown.fold == number], found[shown.fold == number]) for number in np.unique(shown.fold)]
    page.figure(figures.roc_curves({name: sets}), f"ROC curve on {where}.")
    matrix = figures.confusion_matrices({name: metrics.confusion(labels, found)})
    text = f"Confusion matrix on {where} at a susceptibility of 0.5; percentages are of the cells of a row."
    page.figure(matrix, text)
    rows = [(label, facts.tested[key], meaning) for key, label, meaning in metrics.METRICS]
    together = (
        ""
        if own
        else ", all folds together: each fold's network has a scale of its own, so the AUC of one ranking of all cells is another than the "
        f"mean of the folds ({written(shown.auc.auc)}), which is the figure of the test"
    )
    page.table(["Metric", "Value", "Meaning"], rows, f"Metrics on {where}{together}.")
    curves = {name: [(labels, found)]}
    if facts.model.calibration and own:
        curves = {"Calibrated": [(labels, found)], "Not calibrated": [(labels, raw)]}
        before = metrics.evaluate(labels, raw, weights=metrics.balanced(labels))
        page.table(
            ["", "Brier score (MSE)", "Expected calibration error"],
            [
                ("Not calibrated", before["mse"], before["ece"]),
                ("Calibrated", facts.tested["mse"], facts.tested["ece"]),
            ],
            f"Calibration by the method {CALIBRATIONS[facts.model.calibration['method']]}, fitted to folds of the training cells.",
        )
    page.figure(figures.reliability_plot(curves), f"Reliability on {where}. {figures.RINGS}")


def _add_search(page: Report, facts: Training) -> None:
    best = facts.tried[0]
    page.section("Grid search")
    page.text(
        f"{len(facts.tried)} candidates were tried with one network each on {len(best.auc)} folds inside the training cells"
        f"{'; the test cells took no part' if facts.shown.kind in _OF_MODEL else ''}. The best has a mean AUC of {written(best.mean)}, the "
        f"worst {written(facts.tried[-1].mean)}."
    )
    if folds := [each.name.lower() for each in facts.tests if each.kind in ("spatial", "random")]:
        page.text(
            f"The figures of {listed(folds)} are those of networks with the chosen settings, and cells that they are tested on took part "
            "in the choice: the best of several looks a little better there than it is."
        )
    rows = [
        (f"{each.learning_rate:g}", each.hidden_layers, each.units, each.batch_size, each.mean, float(np.std(each.auc, ddof=1)))
        for each in facts.tried
    ]
    page.table(
        ["Learning rate", "Hidden layers", "Units", "Batch size", "AUC", "Standard deviation"], rows, "Candidates, the chosen one first."
    )


def _add_histories(page: Report, facts: Training) -> None:
    page.section("Training")
    both = [(history["loss"], history["val_loss"]) for history in [*facts.histories, *facts.others.values()] if history.get("val_loss")]
    if any(validation[int(np.argmin(validation))] < training[int(np.argmin(validation))] for training, validation in both):
        page.text(
            "Where validation lies above training in accuracy, or below it in loss, nothing is wrong: training is measured while the "
            "network is held back (dropout leaves out units, patches are turned, labels are smoothed) and while its weights still move in "
            "an epoch, validation after the epoch and by the whole network. Which cells validate is chance too, where they are few."
        )
    for number, history in enumerate(facts.histories, start=1):
        kept = "the weights of the best validation loss are kept"
        caption = f"Training history of member {number} ({len(history['loss'])} epochs); {kept}."
        page.figure(figures.training_history(history, f"Member {number}", _best_epoch(history)), caption)
    for name, history in facts.others.items():
        caption = f"Training history of one network by {OPTIMIZERS[name]} ({len(history['loss'])} epochs), for comparison."
        page.figure(figures.training_history(history, OPTIMIZERS[name], _best_epoch(history)), caption)
    if facts.others:
        rows = [
            (OPTIMIZERS[name], len(history["loss"]), min(history["val_loss"]), max(history["val_accuracy"]))
            for name, history in facts.others.items()
        ]
        page.table(["Optimizer", "Epochs", "Least validation loss", "Greatest validation accuracy"], rows, "Optimizers compared.")


def _best_epoch(history: History) -> int | None:
    losses = history.get("val_loss")
    return int(np.argmin(losses)) + 1 if losses else None


def _add_method(page: Report, facts: Training) -> None:
    recipe = facts.recipe
    normalised = "batch normalisation, " if recipe.batch_normalisation else ""
    weights = " with class weights" if recipe.class_weights == "balanced" else ""
    alike = " Each landslide counted the same in training, however many cells it has." if recipe.equal_landslides else ""
    model = facts.model
    page.section("Method")
    page.text(_WITH_TREES.format(name=model.name, count=model.trees.count) if model.trees else _ALONE)
    page.text(
        f"A coupled network: 3×3 convolutions with {normalised}ReLU and max-pooling read the patch around a cell; their maps are "
        "flattened and joined with the cell's own covariates; dense layers follow, and a linear term of the cell's own covariates "
        f"is added before the sigmoid. Binary cross-entropy{weights}, L2 penalty, dropout and label smoothing; patches are "
        "flipped and turned at random. The encoding of covariates was fitted on training cells only; the cells of a landslide stayed "
        f"together where cells were divided for validation and into folds.{alike} "
        f"Optimizer: {OPTIMIZERS[recipe.optimizer]}; schedule: {SCHEDULES[recipe.schedule]}."
    )
    counts = [(name.capitalize(), *numbers) for name, numbers in facts.counts.items()]
    page.table(["Cells", "Landslide", "Non-landslide"], counts, "Sample cells; training cells include those of validation.")
    page.table(
        ["Covariate", "Kind", "Unit", "Source"],
        [(label, c.kind, c.unit, c.source) for label, c in zip(labels_of(c.name for c in facts.model.covariates), facts.model.covariates)],
        "Covariates.",
    )
    page.table(["Parameter", "Value"], list(facts.settings.items()), "Parameters.")
    page.table(["Package", "Version"], list(facts.versions.items()), "Versions.")
    page.section("References")
    page.references([PAPER, rates.REFERENCE, *(distances.REFERENCES if facts.distances else ())])
