# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: train the CNN–DNN on sample cells and test it on those held out."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from ...models.architecture import Architecture
from ...models.cnn_dnn import CnnDnn
from ...models.encoding import Encoder
from ...models.model_file import save_model
from ...models.optimizers import OPTIMIZERS, SCHEDULES
from .. import figures, metrics
from ..choices import SEED
from ..errors import EngineError
from ..feedback import Feedback
from ..folds import validation_part
from ..manifest import hashes, versions, write_manifest
from ..outputs import check_writable, replacing
from ..report import Report
from ..sampling import SampleCells, resolve_samples
from ..stack import Stack

# Fewer training cells of a class than this teach nothing.
_LEAST_CELLS = 10
PAPER = (
    "Azarafza, M., Azarafza, M., Akgün, H., Atkinson, P. M., Derakhshani, R. (2021). Deep learning-based landslide susceptibility "
    "mapping. Scientific Reports 11, 24112."
)


def run(
    feedback: Feedback,
    *,
    covariates: str,
    inventory: str,
    model: str,
    report: str,
    label_field: str | None = None,
    patch_size: int = 15,
    epochs: int = 40,
    optimizer: str = "adam",
    learning_rate: float = 2e-3,
    schedule: str = "cosine",
    batch_size: int = 64,
    hidden_layers: int = 2,
    units: int = 64,
    filters: int = 16,
    dropout: float = 0.3,
    members: int = 3,
    validation: str = "random",
    seed: int = SEED,
) -> dict[str, Any]:
    """Write the model file and the report; return them and the AUC on the test cells."""
    started = time.monotonic()
    parameters = {key: value for key, value in locals().items() if key not in ("feedback", "started")}
    Architecture(1, patch_size, filters, hidden_layers, units, dropout)
    for path in (model, report):
        check_writable(path)
    stack = Stack.open(covariates)
    cells = resolve_samples(stack, inventory, label_field, seed, feedback)
    training = cells.subset != "test"
    _check(cells, training)

    from ...models.network import predict_patches
    from ...models.training import Settings, train

    encoder = Encoder.fit(stack.at(cells.rows[training], cells.cols[training]), stack.covariates)
    architecture = Architecture(len(encoder.channels), patch_size, filters, hidden_layers, units, dropout)
    feedback.message(
        f"{int(training.sum())} training and {int((~training).sum())} test cells, {len(stack.covariates)} covariates in "
        f"{architecture.channels} channels."
    )
    patches = encoder.encode(stack.patches(cells.rows, cells.cols, patch_size))
    feedback.progress(5)
    of_training = cells.rows[training], cells.cols[training], cells.landslide[training]
    settings = Settings(epochs, optimizer, learning_rate, schedule, batch_size)
    trained = []
    for number in range(members):
        part = feedback.part(5 + 85 * number / members, 5 + 85 * (number + 1) / members)
        trained.append(
            train(
                patches[training],
                cells.landslide[training],
                validation_part(*of_training, validation, stack.grid, seed, number),
                architecture,
                settings,
                seed + number,
                encoder.circular_pairs,
                part.progress,
            )
        )
        feedback.message(f"Member {number + 1} of {members}: {len(trained[-1].history['loss'])} epochs.")
    weights = [member.weights for member in trained]
    susceptibility = np.mean([predict_patches(architecture, each, patches[~training]) for each in weights], axis=0)
    labels = np.asarray(cells.landslide[~training])
    tested = metrics.evaluate(labels, susceptibility)

    inputs = hashes({"covariates": covariates, "inventory": inventory})
    told = {key: value for key, value in parameters.items() if key not in ("covariates", "inventory", "model", "report")}
    manifest = {
        "cell_size": list(stack.grid.cell_size),
        "crs": stack.grid.crs,
        "settings": told,
        "seed": seed,
        "metrics": tested,
        "versions": versions(),
        "inputs_sha256": inputs,
    }
    with replacing(model) as temporary:
        save_model(temporary, CnnDnn(encoder, architecture, weights, manifest, backend="numpy"))
    _report(cells, training, tested, labels, susceptibility, trained, told, encoder, versions()).write(report)
    for beside in (model, report):
        write_manifest(beside, "train_cnn_dnn", parameters, inputs, time.monotonic() - started)
    feedback.message(f"AUC on the test cells: {tested['auc']:.3f}")
    feedback.progress(100)
    return {"model": model, "report": report, "auc": tested["auc"]}


def _check(cells: SampleCells, training: np.ndarray) -> None:
    for part, name, least in ((training, "training", _LEAST_CELLS), (~training, "test", 1)):
        for label, kind in ((1, "landslide"), (0, "non-landslide")):
            count = int((cells.landslide[part] == label).sum())
            if count < least:
                raise EngineError(
                    f"There are {count} {kind} cells among the {name} cells, and at least {least} are needed; use a larger inventory or "
                    "another split."
                )


def _report(
    cells: SampleCells,
    training: np.ndarray,
    tested: dict[str, float],
    labels: np.ndarray,
    susceptibility: np.ndarray,
    trained: list[Any],
    told: dict[str, Any],
    encoder: Encoder,
    packages: dict[str, str],
) -> Report:
    interval = metrics.delong(labels, susceptibility)
    page = Report("CNN–DNN landslide susceptibility model", "Training and test")
    page.text(
        f"On {len(labels)} test cells that took no part in training, the area under the ROC curve is {tested['auc']:.3f} "
        f"(95 % interval {interval.low:.3f} to {interval.high:.3f}, DeLong), and {tested['accuracy']:.1%} of the cells are classified "
        "correctly at a susceptibility of 0.5.",
        lead=True,
    )
    share = float(cells.landslide.mean())
    page.text(
        f"{share:.0%} of the sample cells are landslide cells. That share was chosen when the cells were drawn, so susceptibility "
        "ranks cells; it is not the probability of a landslide in a given time."
    )
    page.section("Test cells")
    rows = [(label, tested[key], meaning) for key, label, meaning in metrics.METRICS]
    page.figure(figures.roc_curves({"CNN–DNN": [(labels, susceptibility)]}), "ROC curve on the test cells.")
    page.figure(
        figures.confusion_matrices({"CNN–DNN": metrics.confusion(labels, susceptibility)}),
        "Confusion matrix on the test cells at a susceptibility of 0.5.",
    )
    page.table(["Metric", "Value", "Meaning"], rows, "Metrics on the test cells.")
    page.figure(figures.reliability_plot({"CNN–DNN": [(labels, susceptibility)]}), "Reliability on the test cells.")
    page.section("Training")
    for number, member in enumerate(trained, start=1):
        losses = member.history.get("val_loss")
        best = int(np.argmin(losses)) + 1 if losses else None
        page.figure(
            figures.training_history(member.history, f"Member {number}", best),
            f"Training history of member {number} ({len(member.history['loss'])} epochs); "
            "the weights of the best validation loss are kept.",
        )
    page.section("Method")
    page.text(
        "A coupled network: 3×3 convolutions with batch normalisation, ReLU and max-pooling read the patch around a cell; their maps are "
        "flattened and joined with the cell's own covariates; dense layers follow, and a linear term of the cell's own covariates "
        "is added before the sigmoid. Binary cross-entropy with class weights, L2 penalty, dropout and label smoothing; patches are "
        "flipped and turned at random. The encoding of covariates was fitted on training cells only. "
        f"Optimizer: {OPTIMIZERS[told['optimizer']]}; schedule: {SCHEDULES[told['schedule']]}."
    )
    counts = [
        (name, int((cells.landslide[part] == 1).sum()), int((cells.landslide[part] == 0).sum()))
        for name, part in (("Training (with validation)", training), ("Test", ~training))
    ]
    page.table(["Cells", "Landslide", "Non-landslide"], counts, "Sample cells.")
    page.table(
        ["Covariate", "Kind", "Unit", "Source"],
        [(c.name, c.kind, c.unit, c.source) for c in encoder.covariates],
        "Covariates.",
    )
    page.table(["Parameter", "Value"], [(key, str(value)) for key, value in told.items()], "Parameters.")
    page.table(["Package", "Version"], list(packages.items()), "Versions.")
    page.references([PAPER])
    return page
