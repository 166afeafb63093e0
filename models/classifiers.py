# SPDX-License-Identifier: GPL-2.0-or-later
"""The classifiers that are compared: all that Scarp knows of each is its entry in `CLASSIFIERS`.

Standard library only until one is made, since QGIS's dialogs read the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

# A factory takes the names of the encoded channels and a seed, and returns a scikit-learn estimator.
Factory = Callable[[Sequence[str], int], Any]
Grid = dict[str, list[Any]]


@dataclass(frozen=True)
class Classifier:
    """One way to tell landslide from non-landslide cells.

    Parameters
    ----------
    label
        Its name.
    make
        What makes the scikit-learn estimator; None for those of patches, the CNN–DNN with and without trees, which `models.training`
        makes. It is fitted with weights by which both classes count the same; a pipeline, which takes none, sees to that itself. One
        without `predict_proba` gets probabilities by Platt scaling.
    grids
        The hyper-parameters searched inside each training fold (the paper's Table 2, and the usual one for the others); empty where there
        is nothing to search.
    proper
        Whether the label keeps its capital within a sentence.
    needs
        Covariates without which it is left out.
    note
        A sentence for the method of the report.
    fitting
        What is set beside, by how many cells train, such as leaves that few cells can fill; hyper-parameters by name.
    most_cells
        It is fitted to at most so many training cells, drawn at random; None: to all. For what takes as long as their square.
    cost
        What a fit takes, in fits of a quick classifier; for progress only.
    """

    label: str
    make: Factory | None
    grids: list[Grid] = field(default_factory=list)
    proper: bool = False
    needs: tuple[str, ...] = ()
    note: str = ""
    fitting: Callable[[int], dict[str, Any]] | None = None
    most_cells: int | None = None
    cost: float = 1.0

    @property
    def name(self) -> str:
        """The label as it stands within a sentence.

        >>> from scarp.models.classifiers import CLASSIFIERS
        >>> CLASSIFIERS["rf"].name, CLASSIFIERS["svm"].name
        ('random forest', 'SVM')
        """
        return self.label if self.proper else self.label[0].lower() + self.label[1:]


def is_indicator(channel: str) -> bool:
    """Tell whether a channel is one class of a categorical covariate (`geology=marl`), 0 or 1."""
    return "=" in channel


def _svm(channels: Sequence[str], seed: int) -> Any:
    from sklearn.svm import SVC

    return SVC(random_state=seed)


def _logistic_regression(channels: Sequence[str], seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=math.inf, max_iter=1000, random_state=seed)


def _gaussian_naive_bayes(channels: Sequence[str], seed: int) -> Any:
    from sklearn.naive_bayes import GaussianNB

    return GaussianNB()


def _perceptron(channels: Sequence[str], seed: int) -> Any:
    from sklearn.neural_network import MLPClassifier

    # The library's own tolerance, 1e-4, takes up to twice the time and no higher AUC (docs/benchmark.md).
    return MLPClassifier(max_iter=300, tol=1e-3, random_state=seed)


def _bernoulli_naive_bayes(channels: Sequence[str], seed: int) -> Any:
    """Return a naïve Bayes of yes or no: above the median for a continuous channel, the class itself for an indicator."""
    from sklearn.compose import ColumnTransformer
    from sklearn.naive_bayes import BernoulliNB
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import RobustScaler

    continuous = [number for number, name in enumerate(channels) if not is_indicator(name)]
    about_median = ColumnTransformer([("median", RobustScaler(with_scaling=False), continuous)], remainder="passthrough")
    return make_pipeline(about_median, BernoulliNB(binarize=0.0, class_prior=[0.5, 0.5]))


def _decision_tree(channels: Sequence[str], seed: int) -> Any:
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=seed)


def _random_forest(channels: Sequence[str], seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(500, random_state=seed)


def _gradient_boosting(channels: Sequence[str], seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(learning_rate=0.05, early_stopping=False, random_state=seed)


def _leaves(cells: int) -> dict[str, Any]:
    """Let leaves be so small that few cells can be divided: at 20 a leaf, the library's own, 46 cells make no tree at all."""
    return {"min_samples_leaf": min(20, max(2, cells // 10))}


def _slope_alone(channels: Sequence[str], seed: int) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    slope = [number for number, name in enumerate(channels) if name == "slope"]
    return make_pipeline(ColumnTransformer([("slope", "passthrough", slope)]), LogisticRegression(C=math.inf, class_weight="balanced"))


_C = [0.1, 1.0, 10.0, 100.0]
CLASSIFIERS = {
    "cnn_dnn": Classifier("CNN–DNN", None, proper=True, note="The CNN–DNN is the network alone, after the paper."),
    "cnn_dnn_trees": Classifier(
        "CNN–DNN with trees",
        None,
        proper=True,
        note="The CNN–DNN with trees is the mean of that network and of a forest of shallow trees on single cells; what each counts is "
        "chosen on held-out parts of the training cells, landslides whole.",
    ),
    "svm": Classifier(
        "SVM",
        _svm,
        [{"kernel": ["rbf"], "C": _C, "gamma": ["scale", 0.01, 0.1]}, {"kernel": ["linear"], "C": _C}],
        proper=True,
        most_cells=6000,
        cost=30,
        note="The support vector machine’s decision values become probabilities by Platt scaling on held-out parts of the training cells.",
    ),
    "lr": Classifier("Logistic regression", _logistic_regression, [{"C": [0.1, 1.0, math.inf]}]),
    "gnb": Classifier("Gaussian naïve Bayes", _gaussian_naive_bayes, [{"var_smoothing": [1e-9, 1e-6, 1e-3, 1e-2, 1e-1, 1.0]}], proper=True),
    "mlp": Classifier(
        "Multilayer perceptron",
        _perceptron,
        [{"hidden_layer_sizes": [(16,), (64,), (64, 32)], "learning_rate_init": [0.001, 0.01]}],
        most_cells=10_000,
        cost=30,
    ),
    "bnb": Classifier(
        "Bernoulli naïve Bayes",
        _bernoulli_naive_bayes,
        [{"bernoullinb__alpha": [0.01, 0.1, 1.0, 10.0]}],
        proper=True,
        note="The Bernoulli naïve Bayes sees covariates split at their median.",
    ),
    "dt": Classifier("Decision tree", _decision_tree, [{"max_depth": [2, 3, 4, 6, 8, 12, None]}]),
    "rf": Classifier("Random forest", _random_forest, cost=30),
    "hgb": Classifier(
        "Gradient boosting",
        _gradient_boosting,
        [{"max_leaf_nodes": [4, 15], "max_iter": [60, 200]}],
        note="Gradient boosting asks for 20 cells a leaf; for a tenth of the training cells where these are fewer than 200.",
        fitting=_leaves,
        cost=5,
    ),
    "slope": Classifier("Slope alone", _slope_alone, needs=("slope",)),
}
LABELS = {name: classifier.label for name, classifier in CLASSIFIERS.items()}
