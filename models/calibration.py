# SPDX-License-Identifier: GPL-2.0-or-later
"""Calibration: a rising curve that turns what a model says into how often it is so. Stored as plain numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import EngineError

_LEAST, _MOST = 1e-6, 1 - 1e-6
# Before the first and beyond the last step a curve is all but level, so that ranks stay.
_SLIGHTLY, _SMALLEST = 0.99, 1e-9
_CHANCE = "It is no better than chance on held-out cells, so that no rising curve fits."


def fit_calibration(
    method: str, susceptibility: np.ndarray, labels: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, Any] | None:
    """Return a calibration fitted to cells that the model was not trained on, or None for the method `none`.

    Platt (1999): a logistic regression on the logit of susceptibility. Isotonic (Zadrozny and Elkan 2002): the rising step function that
    fits best, read off linearly between the middles of its steps (Oron and Flournoy 2017), so that no two values become one and the map
    ranks cells as the model does.

    Parameters
    ----------
    method
        `none`, `platt` or `isotonic`.
    susceptibility, labels
        What the model said of held-out cells (0 to 1), and what they are (1 or 0), (n,).
    weights
        What each cell counts, (n,); None: each the same.

    Returns
    -------
    Plain numbers for the manifest: the `method` with `slope` and `intercept`, or with the points of the curve, `from` and `to`.

    Raises
    ------
    EngineError
        If what the model says falls where landslides are more frequent, so that no rising curve fits.

    Examples
    --------
    Of the cells with 0.2 a half are landslides, of those with 0.8 three quarters:

    >>> import numpy as np
    >>> from scarp.models.calibration import apply_calibration, fit_calibration
    >>> said, labels = np.repeat([0.2, 0.8], 4), np.array([0, 1, 0, 1, 1, 1, 0, 1])
    >>> curve = fit_calibration("isotonic", said, labels)
    >>> curve
    {'method': 'isotonic', 'from': [0.0, 0.2, 0.8, 1.0], 'to': [0.495, 0.5, 0.75, 0.7525]}
    >>> apply_calibration(curve, np.array([0.1, 0.5, 0.9, np.nan])).round(5).tolist()
    [0.4975, 0.625, 0.75125, nan]
    >>> apply_calibration(fit_calibration("platt", said, labels), np.array([0.2, 0.8])).round(3).tolist()
    [0.5, 0.75]
    """
    if method == "none":
        return None
    from sklearn.metrics import roc_auc_score

    if roc_auc_score(labels, susceptibility, sample_weight=weights) <= 0.5:
        raise EngineError(_CHANCE)
    if method == "platt":
        from sklearn.linear_model import LogisticRegression

        fitted = LogisticRegression(C=np.inf).fit(_logit(susceptibility)[:, None], labels, weights)
        slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
        if slope <= 0:
            raise EngineError(_CHANCE)
        return {"method": method, "slope": slope, "intercept": intercept}
    from sklearn.isotonic import IsotonicRegression

    said, counts = np.asarray(susceptibility, np.float64), np.ones(len(labels)) if weights is None else weights
    steps = IsotonicRegression(y_min=0, y_max=1).fit(said, labels, counts).predict(said)
    level, step = np.unique(steps.round(12), return_inverse=True)
    if len(level) < 2:
        raise EngineError(_CHANCE)
    middle = np.bincount(step.ravel(), counts * said) / np.bincount(step.ravel(), counts)
    half = 0.5 / len(labels)  # of a cell: that there is none among so many does not mean never
    level[0], level[-1] = max(level[0], min(half, level[1] / 2)), min(level[-1], max(1 - half, (level[-2] + 1) / 2))
    curve = {
        "from": np.r_[0.0, middle.clip(_SMALLEST, 1 - _SMALLEST), 1.0],
        "to": np.r_[_SLIGHTLY * level[0], level, 1 - _SLIGHTLY * (1 - level[-1])],
    }
    return {"method": method, **{key: points.tolist() for key, points in curve.items()}}


def apply_calibration(calibration: dict[str, Any] | None, susceptibility: np.ndarray) -> np.ndarray:
    """Return calibrated susceptibility.

    Parameters
    ----------
    calibration
        What `fit_calibration` returned; None changes nothing.
    susceptibility
        0 to 1, or NaN, which stays; any shape.

    Returns
    -------
    The same shape and type of numbers.
    """
    if calibration is None:
        return susceptibility
    if calibration["method"] == "platt":
        logit = calibration["slope"] * _logit(susceptibility) + calibration["intercept"]
        return (1 / (1 + np.exp(-logit))).astype(susceptibility.dtype)
    return np.interp(susceptibility, calibration["from"], calibration["to"]).astype(susceptibility.dtype)


def _logit(susceptibility: np.ndarray) -> np.ndarray:
    clipped = np.clip(susceptibility, _LEAST, _MOST)
    return np.log(clipped / (1 - clipped))
