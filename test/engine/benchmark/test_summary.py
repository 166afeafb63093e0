# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import numpy as np
import pytest
from scarp.engine.benchmark.comparison import Fold, Outcome
from scarp.engine.benchmark.summary import best, chosen_elsewhere, summarise, table_rows
from scarp.engine.reporting.metrics import TestedMean
from scipy import stats

LABELS = np.tile([1, 0], 15)


def summaries(chosen):
    """What two classifiers say in three folds, with the hyper-parameters that each fold chose."""
    rng = np.random.default_rng(3)
    folds = [Fold("random", 0, number, np.delete(np.arange(30), slice(10 * number, 10 * number + 10)), np.arange(10) + 10 * number)
             for number in range(3)]  # fmt: skip
    said = [
        Outcome(fold, name, rng.random(10), {} if name == "cnn_dnn" else chosen[fold.number])
        for name in ("cnn_dnn", "dt")
        for fold in folds
    ]
    return {each.classifier: each for each in summarise(said, LABELS)}


@pytest.mark.parametrize(("p_value", "differs"), [(0.0, True), (0.049, True), (0.05, False), (0.9, False)])
def test_classifiers_differ_below_5_per_cent(p_value, differs):
    tree = summaries([{}] * 3)["dt"]
    assert replace(tree, difference=TestedMean(0.1, 0.0, 0.2, p_value)).differs == differs
    assert not replace(tree, difference=None).differs


def test_choices_are_counted_over_folds():
    found = summaries([{"dt__max_depth": 2}, {"dt__max_depth": 4}, {"dt__max_depth": 2}])
    assert found["dt"].chosen == {"max_depth 2": 2, "max_depth 4": 1}
    assert found["cnn_dnn"].chosen == {}


def test_intervals_reckon_with_the_share_of_cells_that_test():
    """Ten test cells for twenty that train: 1/3 + 10/20 of the variance of the folds (Nadeau & Bengio 2003)."""
    outcomes = []
    for number, above in enumerate([(4, 4, 3, 2, 1), (4, 4, 3, 2, 2), (4, 4, 3, 3, 2)]):  # of five others: AUC 14/25, 15/25, 16/25
        test = np.arange(10) + 10 * number
        said = np.stack([np.array(above) + 0.5, np.arange(1.0, 6.0)], axis=1).ravel() / 10
        outcomes.append(Outcome(Fold("random", 0, number, np.setdiff1d(np.arange(30), test), test), "dt", said, {}))
    (tree,) = summarise(outcomes, LABELS)
    half = stats.t.ppf(0.975, 2) * (0.04**2 * (1 / 3 + 10 / 20)) ** 0.5
    assert (tree.auc.low, tree.auc.mean, tree.auc.high) == pytest.approx((0.6 - half, 0.6, 0.6 + half))


def test_the_mean_is_that_of_its_interval_where_repeats_have_unequal_folds():
    """Repeats of three folds, with AUC 0.56, 0.6 and 0.64, and of two, with 0.64 and 0.76: 0.64 of five folds; of repeats it is 0.65."""
    above = {(0, 0): (4, 4, 3, 2, 1), (0, 1): (4, 4, 3, 2, 2), (0, 2): (4, 4, 3, 3, 2), (1, 0): (4, 4, 4, 4, 0), (1, 1): (4, 4, 4, 4, 3)}
    outcomes = []
    for (repeat, number), places in above.items():
        test = np.arange(10) + 10 * number
        said = np.stack([np.array(places) + 0.5, np.arange(1.0, 6.0)], axis=1).ravel() / 10
        outcomes.append(Outcome(Fold("kmeans", repeat, number, np.setdiff1d(np.arange(30), test), test), "dt", said, {}))
    (tree,) = summarise(outcomes, LABELS)
    assert list(tree.fold_aucs.values()) == pytest.approx([0.56, 0.6, 0.64, 0.64, 0.76])
    assert (tree.mean["auc"], tree.auc.mean) == pytest.approx((0.64, 0.64))
    (row,) = table_rows([tree])
    assert row["auc"] == pytest.approx((row["auc_low"] + row["auc_high"]) / 2, abs=1e-5)


@pytest.mark.parametrize(("units", "draws"), [(None, 10), (np.arange(20) // 4 * 2 + np.tile([1, 0], 10), 6)])
def test_folds_without_a_pair_out_of_order_leave_doubt_by_all_their_landslides(units, draws):
    """Five landslide and five other cells in each of two folds, which repeats show again; or three landslides of two cells in each."""
    outcomes = []
    for repeat in (0, 1):
        for number in (0, 1):
            test = np.arange(10) + 10 * number
            fold = Fold("random", repeat, number, np.setdiff1d(np.arange(20), test), test)
            outcomes.append(Outcome(fold, "dt", LABELS[test] + np.arange(10) / 100, {}))
    (tree,) = summarise(outcomes, LABELS[:20], units)
    assert (tree.auc.low, tree.auc.mean, tree.auc.high) == (pytest.approx(0.025 ** (1 / draws)), 1.0, 1.0)


def test_the_best_is_chosen_by_the_other_folds():
    """By the others the tree is chosen for the first fold alone, where it is the worse one."""
    found = summaries([{}] * 3)
    aucs = {"cnn_dnn": (0.9, 0.5, 0.6), "dt": (0.4, 0.8, 0.65)}
    told = [replace(found[name], fold_aucs={(0, number): auc for number, auc in enumerate(each)}) for name, each in aucs.items()]
    assert chosen_elsewhere(told) == pytest.approx((0.4 + 0.5 + 0.6) / 3)


def test_folds_of_another_repeat_have_no_say_in_which_is_the_best():
    """Their cells are those of the fold that tests: all of the second repeat says that the tree is better."""
    found = summaries([{}] * 3)
    aucs = {"cnn_dnn": (0.9, 0.5, 0.1, 0.1), "dt": (0.4, 0.8, 1.0, 1.0)}
    keys = [(0, 0), (0, 1), (1, 0), (1, 1)]
    told = [replace(found[name], fold_aucs=dict(zip(keys, each))) for name, each in aucs.items()]
    assert chosen_elsewhere(told) == pytest.approx((0.4 + 0.5 + 1.0 + 1.0) / 4)


def test_what_was_fitted_in_every_fold_is_before_what_was_not():
    found = summaries([{}] * 3)
    tree = replace(found["dt"], auc=TestedMean(0.9, 0.8, 1.0, 0.5), constant=1)
    told = [replace(found["cnn_dnn"], auc=TestedMean(0.6, 0.5, 0.7, 0.5)), tree]
    assert best(told, "random").classifier == "cnn_dnn"
    assert best([told[0], replace(tree, constant=0)], "random").classifier == best([tree], "random").classifier == "dt"


def test_no_interval_reaches_above_one_and_folds_tell_no_spread_of_what_counts_all_cells():
    outcomes = []
    for number, wrong in enumerate((4, None, None)):
        test = np.arange(10) + 10 * number
        said = np.where(np.arange(10) == wrong, 0.1, LABELS[test] * 0.5 + 0.2)
        outcomes.append(Outcome(Fold("random", 0, number, np.setdiff1d(np.arange(30), test), test), "dt", said, {}))
    (tree,) = summarise(outcomes, LABELS)
    assert 0.9 < tree.auc.mean < 1 and tree.auc.high == 1.0
    assert tree.deviation["auc"] > 0 and np.isnan([tree.deviation[name] for name in ("mse", "accuracy")]).all()
