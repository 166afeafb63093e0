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
from ..reporting import figures, metrics
from ..reporting.page import Report
from .fitting import History
from .tuning import Candidate

PAPER = (
    "Azarafza, M., Azarafza, M., Akgün, H., Atkinson, P. M., Derakhshani, R. (2021). Deep learning-based landslide susceptibility "
    "mapping. Scientific Reports 11, 24112."
)
_ALONE = "The model is the CNN–DNN alone, as in the paper."
_WITH_TREES = (
    "The model is a {name}: susceptibility is the weighted mean of the network and of {count} shallow trees of a random forest, which see "
    "a cell's own covariates only. The weights were chosen on those training cells that each network was not trained on, with trees grown "
    "without them; they are equal unless these cells tell otherwise (DeLong's test). The network alone, without COMPANION, is the paper's "
    "classifier."
)


@dataclass(frozen=True)
class Training:
    """What the report tells.

    Parameters
    ----------
    model
        The trained model.
    labels, raw
        The test cells: 1 or 0, and their susceptibility before calibration, (n,).
    tested
        Metrics on the test cells.
    histories
        The training history of each member.
    others
        That of a network trained by each other optimizer, by id.
    tried
        The candidates of the grid search, the best first.
    counts
        Landslide and non-landslide cells, by part.
    recipe
        By what it was trained.
    settings, versions
        What was run with what, inputs too: title to text, package to version.
    """

    model: CnnDnn
    labels: np.ndarray
    raw: np.ndarray
    tested: Mapping[str, float]
    histories: Sequence[History]
    others: Mapping[str, History]
    tried: Sequence[Candidate]
    counts: Mapping[str, tuple[int, int]]
    recipe: Recipe
    settings: Mapping[str, str]
    versions: Mapping[str, str]


def make_report(facts: Training) -> Report:
    """Return the report."""
    page = Report("CNN–DNN landslide susceptibility model", "Training and test")
    _add_test(page, facts)
    if facts.tried:
        _add_search(page, facts)
    _add_histories(page, facts)
    _add_method(page, facts)
    return page


def _add_test(page: Report, facts: Training) -> None:
    labels, found = facts.labels, facts.model.calibrated(facts.raw)
    interval = metrics.delong(labels, found)
    page.text(
        f"On {len(labels)} test cells that took no part in training, the area under the ROC curve is {facts.tested['auc']:.3f} "
        f"(95 % interval {interval.low:.3f} to {interval.high:.3f}, DeLong), and {facts.tested['accuracy']:.1%} of the cells are "
        "classified correctly at a susceptibility of 0.5, landslide and non-landslide cells counting the same.",
        lead=True,
    )
    slides, others = (sum(column) for column in zip(*facts.counts.values()))
    page.text(
        f"{slides / (slides + others):.0%} of the sample cells are landslide cells. {metrics.BALANCED} Susceptibility ranks cells; it is "
        "not the probability of a landslide in a given time, with calibration or without."
    )
    page.section("Test cells")
    page.figure(figures.roc_curves({LABELS[facts.model.classifier]: [(labels, found)]}), "ROC curve on the test cells.")
    matrix = figures.confusion_matrices({LABELS[facts.model.classifier]: metrics.confusion(labels, found)})
    page.figure(matrix, "Confusion matrix on the test cells at a susceptibility of 0.5; percentages are of the cells of a row.")
    rows = [(label, facts.tested[key], meaning) for key, label, meaning in metrics.METRICS]
    page.table(["Metric", "Value", "Meaning"], rows, "Metrics on the test cells.")
    curves = {LABELS[facts.model.classifier]: [(labels, found)]}
    if facts.model.calibration:
        curves = {"Calibrated": [(labels, found)], "Not calibrated": [(labels, facts.raw)]}
        before = metrics.evaluate(labels, facts.raw, weights=metrics.balanced(labels))
        page.table(
            ["", "Brier score (MSE)", "Expected calibration error"],
            [
                ("Not calibrated", before["mse"], before["ece"]),
                ("Calibrated", facts.tested["mse"], facts.tested["ece"]),
            ],
            f"Calibration by the method {CALIBRATIONS[facts.model.calibration['method']]}, fitted to folds of the training cells.",
        )
    page.figure(figures.reliability_plot(curves), "Reliability on the test cells.")


def _add_search(page: Report, facts: Training) -> None:
    best = facts.tried[0]
    page.section("Grid search")
    page.text(
        f"{len(facts.tried)} candidates were tried with one network each on {len(best.auc)} folds inside the training cells; the test "
        f"cells took no part. The best has a mean AUC of {best.mean:.3f}, the worst {facts.tried[-1].mean:.3f}."
    )
    rows = [
        (each.learning_rate, each.hidden_layers, each.units, each.batch_size, each.mean, float(np.std(each.auc, ddof=1)))
        for each in facts.tried
    ]
    page.table(
        ["Learning rate", "Hidden layers", "Units", "Batch size", "AUC", "Standard deviation"], rows, "Candidates, the chosen one first."
    )


def _add_histories(page: Report, facts: Training) -> None:
    page.section("Training")
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
    page.section("Method")
    page.text(
        f"A coupled network: 3×3 convolutions with {normalised}ReLU and max-pooling read the patch around a cell; their maps are "
        "flattened and joined with the cell's own covariates; dense layers follow, and a linear term of the cell's own covariates "
        f"is added before the sigmoid. Binary cross-entropy{weights}, L2 penalty, dropout and label smoothing; patches are "
        "flipped and turned at random. The encoding of covariates was fitted on training cells only; the cells of a landslide stayed "
        "together where cells were divided for validation and into folds. "
        f"Optimizer: {OPTIMIZERS[recipe.optimizer]}; schedule: {SCHEDULES[recipe.schedule]}."
    )
    counts = [(name.capitalize(), *numbers) for name, numbers in facts.counts.items()]
    page.table(["Cells", "Landslide", "Non-landslide"], counts, "Sample cells; training cells include those of validation.")
    page.table(
        ["Covariate", "Kind", "Unit", "Source"],
        [(c.name, c.kind, c.unit, c.source) for c in facts.model.covariates],
        "Covariates.",
    )
    page.table(["Parameter", "Value"], list(facts.settings.items()), "Parameters.")
    page.table(["Package", "Version"], list(facts.versions.items()), "Versions.")
    page.references([PAPER])
