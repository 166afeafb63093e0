# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of a comparison of classifiers, with every figure and table of the paper."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...models.classifiers import CLASSIFIERS
from ...models.recipe import LEAST_EPOCHS, MORE_SEEN
from ..declarations.choices import VALIDATIONS
from ..declarations.covariates import labels_of
from ..feedback import counted
from ..learning.validation import WHERE
from ..reporting import distances, figures
from ..reporting.metrics import BALANCED, METRICS
from ..reporting.numbers import interval, p_value, percent, signed, with_interval
from ..reporting.numbers import number as written
from ..reporting.page import Report, listed
from ..samples.folds import told_if_narrow
from .comparison import KINDS, SEARCH_CELLS, SPATIAL, Data, Fold, Validation, called
from .summary import REFERENCE, ClassifierSummary, best, chosen_elsewhere

# A share of landslide cells that patches reach from training cells, and that is told.
_TOLD_REACHED = 0.05
# They have an article in a sentence.
NETWORKS = {"cnn_dnn", "cnn_dnn_trees"}
# It has no cells to remember.
_LEARNS_NOTHING = {"slope"}
REFERENCES = (
    "Azarafza, M., Azarafza, M., Akgün, H., Atkinson, P. M., Derakhshani, R. (2021). Deep learning-based landslide susceptibility "
    "mapping. Scientific Reports 11, 24112.",
    "Brenning, A. (2012). Spatial cross-validation and bootstrap for the assessment of prediction rules in remote sensing: the R package "
    "sperrorest. IEEE International Geoscience and Remote Sensing Symposium, 5372–5375.",
    "DeLong, E. R., DeLong, D. M., Clarke-Pearson, D. L. (1988). Comparing the areas under two or more correlated receiver operating "
    "characteristic curves: a nonparametric approach. Biometrics 44, 837–845.",
    "Obuchowski, N. A. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53, 567–578.",
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6, 65–70.",
    *distances.REFERENCES,
    "Nadeau, C., Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52, 239–281.",
    "Pedregosa, F. et al. (2011). Scikit-learn: machine learning in Python. Journal of Machine Learning Research 12, 2825–2830.",
    "Roberts, D. R. et al. (2017). Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic structure. "
    "Ecography 40, 913–929.",
    "Varma, S., Simon, R. (2006). Bias in error estimation when using cross-validation for model selection. BMC Bioinformatics 7, 91.",
    "Youden, W. J. (1950). Index for rating diagnostic tests. Cancer 3, 32–35.",
)
_NAMES = {name: label for name, label, _ in METRICS}
_HOW = {
    "holdout": "One part of the cells is held out for the test; the others train. The cells of a landslide stay together.",
    "random": "Cells are dealt into folds at random, the cells of a landslide together, each fold with about the same share of landslide "
    "cells; each fold is the test once.",
    "blocks": "Square blocks of {block_size_m:,.0f} m are dealt into folds as a whole, so that test cells lie beside training cells and "
    "not among them; the origin of the blocks is random.",
    "kmeans": "k-means on the coordinates finds compact folds; each is the test once, so that most test cells lie far from training cells.",
    "knndm": "Landslides are joined to clusters, and clusters to folds, such that a test landslide lies as far from the training "
    "landslides as the cells of the map do (kNNDM; Linnenbrink et al. 2024); absences go with the nearest landslide. Where landslides "
    "lie spread over the map these are random folds.",
    "inventory": "The landslides of another inventory are the test, with absences drawn outside both inventories. Training hears nothing "
    "of them, and they are in no other fold.",
    "temporal": "Landslides before a date train, those from it on test; non-landslide cells without a date are dealt at random in the same "
    "share.",
}
_MORE = ("average_precision", "sensitivity", "specificity", "phi", "kappa", "youden_j", "youden_threshold", "ece")


def make_report(
    data: Data, validations: Sequence[Validation], folds: Sequence[Fold], summaries: Sequence[ClassifierSummary], facts: Mapping[str, Any]
) -> Report:
    """Return the report.

    Parameters
    ----------
    validations
        The one that was asked for first, then the one beside it.
    facts
        What the report states as it is: `files` (what each is, and where it lies), `inputs` and `settings` (name to text), `versions`, and
        the `members` and `patch_size` of the CNN–DNN and whether it was `equal_landslides`.
    """
    honest = headline([each.method for each in validations])
    page = Report(
        "Benchmark of landslide susceptibility classifiers",
        f"{len(data.labels):,} cells ({int(data.labels.sum()):,} landslide, {int((1 - data.labels).sum()):,} non-landslide), "
        + counted(len(data.covariates), "covariate"),
    )
    by_method = {each.method: [summary for summary in summaries if summary.validation == each.method] for each in validations}
    page.section("Result")
    page.text(verdict(by_method[honest], honest), lead=True)
    narrow, has_network = "", bool(NETWORKS.intersection(each.classifier for each in summaries))
    if has_network:
        sizes = [each.block_size_m for each in validations if each.method == "blocks"]
        narrow = " ".join(filter(None, (told_if_narrow(size, facts["patch_size"], data.grid) for size in sizes)))
    if narrow:
        page.text(narrow)
    _not_fitted(page, by_method)
    if len(validations) > 1:
        _side_by_side(page, by_method, honest)
    elif honest == "holdout":
        page.text(
            "The held-out cells lie among the training cells, which resemble them; elsewhere expect less. A validation by spatial folds "
            "tells how much less."
        )
    page.data(data.grid, facts["files"], told={"Types of movement": data.cells.types})
    _auc_table(page, by_method)
    for method, found in by_method.items():
        _accuracy(page, found, method)
    page.section("Folds")
    for method in by_method:
        first = [fold for fold in folds if fold.validation == method and fold.repeat == 0]
        patch_m = facts["patch_size"] * max(data.grid.cell_size_m) if has_network and method in SPATIAL and method != "blocks" else 0.0
        _folds(page, data, first, method, bool(narrow) and method == "blocks", patch_m)
    _method(page, data, validations, folds, by_method, facts)
    page.section("References")
    page.references(REFERENCES)
    return page


def headline(methods: Sequence[str]) -> str:
    """Return the validation whose figures come first: later landslides, else spatial folds, else what was asked for."""
    return next((each for each in ("inventory", "temporal", *SPATIAL) if each in methods), methods[0])


def verdict(summaries: Sequence[ClassifierSummary], method: str) -> str:
    """Say in plain words which classifier is best, and whether the CNN–DNN differs from the others by more than chance."""
    first = best(summaries, method)
    if not first.fitted:
        return f"No classifier was fitted in every fold of the validation by {called(method)}: there are too few cells to compare them."
    name = f"The {first.label}" if first.classifier in NETWORKS else first.label
    text = (
        f"{name} has the highest AUC in the validation by {called(method)}: {_with_interval(first)}; that is what to expect "
        f"{WHERE[KINDS[method]]}."
    )
    if optimism := flattered(summaries):
        text += f" {optimism}"
    reference = next((each for each in summaries if each.classifier == REFERENCE), None)
    left_out = [each for each in summaries if not each.fitted]
    ending = (
        f" Nothing is said of {_named(left_out)}, which {'was' if len(left_out) == 1 else 'were'} not fitted in some fold."
        if left_out
        else ""
    )
    if reference is None or len(summaries) - len(left_out) < 2 or not reference.fitted:
        return text + ending
    if first is not reference:
        text += f" The CNN–DNN reaches {_with_interval(reference)}."
    worse = [each for each in summaries if each.differs and each.difference and each.difference.mean < 0]
    better = [each for each in summaries if each.differs and each.difference and each.difference.mean > 0]
    same = [each for each in summaries if each.difference and not each.differs]
    parts = [
        f"better than {_named(worse)}" if worse else "",
        f"worse than {_named(better)}" if better else "",
        f"not told apart from {_named(same)} by these cells" if same else "",
    ]
    told = "; ".join(part for part in parts if part)
    return f"{text} At the 5 % level (corrected for the number of comparisons) the CNN–DNN is {told}.{ending}"


def flattered(summaries: Sequence[ClassifierSummary]) -> str:
    """Say that the best was chosen on the cells that it is quoted on, and what it reaches on others; empty of one alone."""
    count = sum(each.fitted for each in summaries)
    if count < 2:
        return ""
    text = f"It is the best of {count} on these very cells, and to be the highest of several flatters a figure a little"
    honest = chosen_elsewhere(summaries)
    if honest is None:
        return f"{text}."
    return f"{text}: where the other folds choose the best each time, it reaches {written(honest)} on average on the fold that is left."


def _not_fitted(page: Report, by_method: Mapping[str, Sequence[ClassifierSummary]]) -> None:
    for method, summaries in by_method.items():
        told = [f"{each.label} ({each.constant} of {len(each.test_sets)})" for each in summaries if not each.fitted]
        if told:
            page.text(
                f"Not fitted by {called(method)}, in so many test sets: {listed(told)}. There the classifier says the same of every cell, "
                "as where too few cells train it, and its AUC is 0.5 whatever the ground; it is left out of curves and comparisons."
            )


def _side_by_side(page: Report, by_method: Mapping[str, Sequence[ClassifierSummary]], honest: str) -> None:
    found = {method: {each.classifier: each for each in summaries if each.fitted} for method, summaries in by_method.items()}
    methods = [honest, *(method for method in found if method != honest)]
    names = [name for name in found[honest] if all(name in found[method] for method in methods)]
    if not names:
        return
    spatial = next((method for method in methods if method in SPATIAL), None)
    if spatial and "random" in found:
        if told := _optimism(found["random"], found[spatial], [name for name in names if name not in _LEARNS_NOTHING], spatial):
            page.text(told)
        if spatial != honest:
            page.text(f"What spatial folds say is to be expected {WHERE[KINDS[spatial]]}.")
    if honest == "temporal":
        page.text(
            "The temporal validation tells how well earlier landslides point to later ones on the same ground; spatial folds ask about "
            "ground beside that of the training. Neither stands for the other."
        )
    order = sorted(names, key=lambda name: -found[honest][name].auc.mean)
    page.figure(
        figures.bars(
            {called(method): [found[method][name].auc.mean for name in order] for method in methods},
            [found[honest][name].label for name in order],
            "AUC",
            low={called(method): [found[method][name].auc.low for name in order] for method in methods},
            high={called(method): [found[method][name].auc.high for name in order] for method in methods},
            start=0.5,
        ),
        f"AUC by {listed([called(method) for method in methods])}, with 95 % intervals.",
    )
    optimism = bool(spatial and "random" in found)
    page.table(
        ["Classifier", *(f"AUC, {called(method)}" for method in methods), *["Optimism"] * optimism],
        [
            (
                found[honest][name].label,
                *(found[method][name].auc.mean for method in methods),
                *[signed(found["random"][name].auc.mean - found[str(spatial)][name].auc.mean)] * optimism,
            )
            for name in order
        ],
        "The validations side by side." + " The optimism is what random folds promise beyond spatial ones." * optimism,
    )


def _optimism(random: Mapping[str, ClassifierSummary], spatial: Mapping[str, ClassifierSummary], names: Sequence[str], method: str) -> str:
    """Say what random folds promise beyond spatial ones, and whether that is more than the folds differ by; empty of no classifier."""
    if not names:
        return ""
    if method == "knndm" and all(random[name].fold_aucs == spatial[name].fold_aucs for name in names):
        return (
            "The kNNDM folds were dealt at random, since landslides lie spread over the map: they are the random ones, and both figures "
            "are one."
        )
    gaps = [random[name].auc.mean - spatial[name].auc.mean for name in names]
    mean = signed(np.mean(gaps))
    if np.mean(gaps) <= 0:
        return (
            f"Random folds give no higher AUC than spatial ones here (on average {mean}): closeness of test and training cells does not "
            "flatter these classifiers on these cells."
        )
    error = math.hypot(*(_error_over_folds([found[name] for name in names]) for found in (random, spatial)))
    if np.mean(gaps) < 2 * error:
        return (
            f"Random folds promise on average {mean} AUC over spatial folds, no more than chance may make of so few folds (standard error "
            f"{written(error)}): nothing is told of whether closeness of test and training cells flatters here."
        )
    return (
        f"Random folds promise on average {mean} AUC over spatial folds, most for {_named([spatial[names[int(np.argmax(gaps))]]])} "
        f"({signed(max(gaps))}). In random folds a test cell has training cells next to it, which resemble it; a classifier that remembers "
        "its neighbours looks good there."
    )


def _error_over_folds(summaries: Sequence[ClassifierSummary]) -> float:
    """Return the standard error of the mean AUC of classifiers over the folds of a repeat; 0 where there is one test set."""
    keys = list(summaries[0].fold_aucs)
    aucs = [float(np.mean([each.fold_aucs[key] for each in summaries])) for key in keys]
    folds = len({number for _, number in keys})
    return float(np.std(aucs, ddof=1) / np.sqrt(folds)) if len(aucs) > 1 else 0.0


def _auc_table(page: Report, by_method: Mapping[str, Sequence[ClassifierSummary]]) -> None:
    rows: list[tuple[Any, ...]] = []
    for method, summaries in by_method.items():
        for each in sorted(summaries, key=lambda each: (not each.fitted, -each.auc.mean)):
            difference = each.difference
            if not each.fitted:
                told = f"not fitted in {each.constant} of {len(each.test_sets)} test sets"
                rows.append((called(method).capitalize(), each.label, None, None, told, None, None, None))
                continue
            rows.append(
                (
                    called(method).capitalize(),
                    each.label,
                    each.auc.mean,
                    each.deviation["auc"],
                    interval(each.auc.low, each.auc.high),
                    signed(difference.mean) if difference else None,
                    f"{signed(difference.low)} to {signed(difference.high)}" if difference and np.isfinite(difference.low) else None,
                    p_value(difference.p_value) if difference else None,
                )
            )
    header = ["Validation", "Classifier", "AUC", "SD", "95 % interval", "Minus CNN–DNN", "95 % interval", "p, corrected"]
    beside, tested = ", and the paired difference from the CNN–DNN on the same test cells", "Intervals and p"
    corrected = (
        "; p is corrected for the number of classifiers (Holm 1979), intervals are not, so that one may leave out 0 beside a p above 0.05"
    )
    if not any(each.difference for summaries in by_method.values() for each in summaries):
        header, rows, beside, tested, corrected = header[:5], [row[:5] for row in rows], "", "Intervals", ""
    page.table(
        header,
        rows,
        f"Area under the ROC curve: mean, standard deviation over repeats (over folds where there is one repeat){beside}. {tested} "
        "by the t-test corrected for overlapping training sets (Nadeau & Bengio 2003), by DeLong’s test where there is one test set, there "
        f"with the cells of a landslide as one draw (Obuchowski 1997){corrected}.",
    )


def _accuracy(page: Report, summaries: Sequence[ClassifierSummary], method: str) -> None:
    name = called(method)
    page.section(f"Accuracy by {name}")
    ordered = sorted((each for each in summaries if each.fitted), key=lambda each: -each.auc.mean)
    if not ordered:
        page.text("No classifier was fitted in every test set.")
        return
    sets = {each.label: each.test_sets for each in ordered}
    several = len(ordered[0].test_sets) > 1
    mean = f" Means of {len(ordered[0].test_sets)} test sets." if several else ""
    page.figure(figures.roc_curves(sets), f"ROC curves of all classifiers by {name}.{mean}")
    page.figure(figures.precision_recall_curves(sets), f"Precision–recall curves by {name}.{mean} Dotted: no skill, with as many of both.")
    rows = []
    for each in ordered:
        slides, none = ([each.mean[f"{metric}_{side}"] for metric in ("precision", "recall", "f1")] for side in ("landslide", "none"))
        rows.append((each.label, "landslide", *slides, round(each.mean["support_landslide"]), each.mean["accuracy"], each.mean["auc"]))
        rows.append(("", "none", *none, round(each.mean["support_none"]), None, None))
    page.table(
        ["Classifier", "Class", "Precision", "Recall", "F1", "Support", "Accuracy", "AUC"],
        rows,
        f"Precision, recall, F1 and support of cells predicted landslide and none, at a susceptibility of 0.5, by {name} (Table 3 of "
        "the paper). Support counts the test cells of all folds of one repeat. Some rank well and rarely say 0.5: what a random forest "
        "says follows how many non-landslide cells were drawn. Compare by the AUC, which knows no threshold.",
    )
    errors = ("mse", "rmse", "mape")
    page.table(
        ["Classifier", *(_NAMES[metric] for metric in errors)],
        [(each.label, *(each.mean[metric] for metric in errors)) for each in ordered],
        f"Errors of susceptibility against the labels 1 and 0, by {name} (Table 4 of the paper). MSE is the Brier score. MAPE is taken "
        "over landslide cells, since a label of 0 has no percentage error.",
    )
    page.table(
        ["Classifier", *(_NAMES[metric] for metric in _MORE)],
        [(each.label, *(each.mean[metric] for metric in _MORE)) for each in ordered],
        f"Further metrics by {name}.",
    )
    page.figure(
        figures.confusion_matrices({each.label: each.confusion for each in ordered}),
        f"Confusion matrices by {name}, all repeats added; percentages are of the cells of a row, however many there are.",
    )
    shown = {each.label: each.test_sets for each in ordered[:3]}
    page.figure(
        figures.reliability_plot(shown),
        f"Reliability by {name}: what share of cells with a susceptibility are landslide cells, with as many of both. Best three. "
        f"{figures.RINGS}",
    )


def _folds(page: Report, data: Data, folds: Sequence[Fold], method: str, narrow: bool, patch_m: float) -> None:
    """Show where folds lie, and how far apart; of a network's patches, `patch_m` wide, how many reach over training cells (0: not told)."""
    number, part = np.full(len(data.labels), -1), np.zeros(len(data.labels), bool)
    for fold in folds:
        number[fold.test] = fold.number
        part[fold.test] = part[fold.training] = True
    for sentence in folds[0].told if folds else ():
        page.text(sentence)
    name = called(method)
    used = number >= 0 if len(np.unique(number[number >= 0])) > 1 else part
    alone = "" if (number[used] >= 0).all() else " (training only: −1 there)"
    page.figure(
        figures.fold_map(data.xy[used, 0], data.xy[used, 1], number[used], data.labels[used]),
        f"Cells of the first repeat by {name}: landslides as dots, others as crosses; colours are test folds, "
        f"by the numbers of FOLD_CELLS{alone}. Coordinates: {data.grid.spatial_reference.GetName()}, in metres.",
    )
    found = data.distances(folds)
    distances.add(page, found.samples, found.folds, found.places, name, narrow)
    reached = float(np.mean(found.folds < patch_m))
    if reached > _TOLD_REACHED:
        page.text(
            f"By {name} {percent(reached)} of the test’s landslide cells lie nearer than a patch of the network ({patch_m:,.0f} m) to one "
            "that trains: what it sees of these lies partly on training cells, which flatters it."
        )


def _method(
    page: Report,
    data: Data,
    validations: Sequence[Validation],
    dealt: Sequence[Fold],
    by_method: Mapping[str, Sequence[ClassifierSummary]],
    facts: Mapping[str, Any],
) -> None:
    page.section("Method")
    for each in validations:
        taken = len({fold.repeat for fold in dealt if fold.validation == each.method})
        repeats = f" Dealt {taken} times with other seeds." if taken > 1 else ""
        excludes = each.method in SPATIAL and each.exclusion_m > 0
        apart = f" Training cells within {each.exclusion_m:g} m of a test cell are left out." if excludes else ""
        folds = f" {each.folds} folds." if each.method not in ("holdout", "temporal", "inventory") else ""
        page.text(f"{VALIDATIONS[each.method]}. {_HOW[each.method].format(block_size_m=each.block_size_m)}{folds}{repeats}{apart}")
    compared = dict.fromkeys(each.classifier for found in by_method.values() for each in found)
    several = "one network" if facts["members"] == 1 else f"the mean of {facts['members']} networks"
    own = (
        f"The CNN–DNN also sees the patch of covariates around each cell; it is {several}, trained with the defaults of "
        "scarp:traincnndnn, and nothing of it was tuned on these cells."
    )
    notes = [CLASSIFIERS[name].note for name in compared if CLASSIFIERS[name].note]
    if NETWORKS.intersection(compared):
        own += f" Many cells take fewer epochs: a member sees each {LEAST_EPOCHS} times, and {MORE_SEEN:,} more in all."
        notes.append(own)
    few = [f"{CLASSIFIERS[name].name} ({CLASSIFIERS[name].most_cells:,})" for name in compared if CLASSIFIERS[name].most_cells]
    if few:
        notes.append(f"Where more cells train, only so many of them, drawn at random, are used for {listed(few)}.")
    if facts["equal_landslides"]:
        notes.append("Each landslide counts the same in training, however many cells it has, where a classifier takes weights of cells.")
    page.text(
        "All classifiers get the same cells, the same folds and the same encoding: continuous covariates standardised, aspect as sine and "
        "cosine, classes one-hot, fitted on the training cells of each fold alone. Hyper-parameters are searched for the best AUC on "
        f"three folds inside the training cells (spatial ones where the test is spatial and they hold both classes; at most "
        f"{SEARCH_CELLS:,} cells). {' '.join(notes)}"
    )
    page.text(
        f"{percent(data.labels.mean())} of the cells are landslide cells. {BALANCED} Susceptibility ranks cells; it is not the probability "
        "of a landslide in a given time."
    )
    rows = [
        (called(method).capitalize(), each.label, *next(iter(each.chosen.items())))
        for method, found in by_method.items()
        for each in found
        if each.chosen
    ]
    if rows:
        page.table(
            ["Validation", "Classifier", "Chosen most often", "Times"],
            rows,
            "Hyper-parameters chosen inside the training folds (grids after Table 2 of the paper).",
        )
    labels = labels_of(each.name for each in data.covariates)
    of_covariates = [(label, each.kind, each.unit, each.source) for label, each in zip(labels, data.covariates)]
    page.table(["Covariate", "Kind", "Unit", "Source"], of_covariates, "Covariates.")
    page.table(["Metric", "Meaning"], [(label, meaning) for _, label, meaning in METRICS], "Definitions.")
    page.table(["Parameter", "Value"], [*facts["inputs"].items(), *facts["settings"].items()], "Inputs and parameters.")
    page.table(["Package", "Version"], list(facts["versions"].items()), "Versions.")


def _with_interval(summary: ClassifierSummary) -> str:
    return with_interval(summary.auc.mean, summary.auc.low, summary.auc.high)


def _named(summaries: Sequence[ClassifierSummary]) -> str:
    return listed([CLASSIFIERS[each.classifier].name for each in summaries])
