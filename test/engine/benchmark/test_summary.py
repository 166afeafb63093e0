# SPDX-License-Identifier: GPL-2.0-or-later
from dataclasses import replace

import numpy as np
import pytest
from scarp.engine.benchmark.comparison import Fold, Outcome
from scarp.engine.benchmark.summary import summarise
from scarp.engine.reporting.metrics import TestedMean

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
