# SPDX-License-Identifier: GPL-2.0-or-later
"""The area of applicability: how far a cell lies, in the space of covariates, from the cells that a model was trained on.

Meyer and Pebesma (2021), Predicting into unknown space? Methods in Ecology and Evolution 12, 1620-1633; the figures are those of their
package CAST (`trainDI`, `aoa`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .encoding import Encoder

# Training cells that a model file keeps; of more, so many are drawn.
MOST_CELLS = 2000
# Training cells whose distances to all others are held at once, and rows of a window that a thread takes at once.
_AT_ONCE, _STRIP = 500, 32
# Axes that are summed up before the sum is looked at.
_AXES = 4
_NAMES = ("cells", "mean", "deviation", "weight", "figures")


class Applicability:
    """Training cells as the dissimilarity index needs them.

    A channel is a continuous covariate as it is, sine and cosine of a circular one (both 0 on flat ground), or 0 and 1 for a class. Each is
    standardised by its mean and standard deviation (n - 1) on the training cells and multiplied by the weight of its covariate. The
    dissimilarity index of a cell is its distance to the nearest training cell, divided by the mean distance between training cells. A
    class that training has not seen has 0 in all its channels. Nothing is cut off, unlike in `Encoder.encode`.

    Parameters
    ----------
    encoder
        That of the model: it knows the covariates and their classes.
    arrays
        `cells`, float32 (n, channels), weighted; `mean`, `deviation` and `weight` of the channels, (channels,), a weight of 0
        leaving one out; `figures`, the mean distance and the threshold, (2,).

    Raises
    ------
    ValueError
        If the arrays make no such thing.
    """

    # Names of the arrays.
    ARRAYS = _NAMES

    def __init__(self, encoder: Encoder, arrays: Mapping[str, Any]) -> None:
        channels = len(encoder.channels)
        given = {name: np.asarray(arrays[name]) for name in _NAMES}
        cells = given["cells"]
        if cells.ndim != 2 or not 2 <= len(cells) <= MOST_CELLS or cells.shape[1] != channels:
            raise ValueError("no training cells of an area of applicability")
        for name in _NAMES[1:]:
            if given[name].shape != ((2,) if name == "figures" else (channels,)):
                raise ValueError(f"no {name} of an area of applicability")
        if any(array.dtype.kind != "f" or not np.isfinite(array).all() for array in given.values()):
            raise ValueError("an area of applicability without numbers")
        if (given["deviation"] <= 0).any() or (given["weight"] < 0).any() or given["figures"][0] <= 0 or given["figures"][1] < 0:
            raise ValueError("an area of applicability that cannot be")
        self.encoder, self.arrays = encoder, given
        self.mean_distance, self.threshold = (float(each) for each in given["figures"])
        # Turned so that the first axes spread most: distances stay as they are, and a search soon knows who is too far away.
        used = given["weight"] > 0
        centred = cells[:, used].astype(np.float64)
        _, axes = np.linalg.eigh(centred.T @ centred / len(cells) - np.outer(centred.mean(axis=0), centred.mean(axis=0)))
        scale = np.where(used, given["weight"] / given["deviation"], 0.0)
        count = int(used.sum())
        # Axes of nothing but 0 make their number a multiple of four.
        self._turn = np.zeros((channels, count + -count % _AXES))
        self._turn[used, :count] = axes[:, ::-1] * scale[used, None]
        self._turn = self._turn.astype(np.float32)
        turned = np.zeros((len(cells), self._turn.shape[1]), np.float32)
        turned[:, :count] = centred @ axes[:, ::-1]
        self._cells = np.ascontiguousarray(turned[np.argsort(turned[:, 0], kind="stable")])

    @classmethod
    def fit(
        cls,
        encoder: Encoder,
        values: np.ndarray,
        weights: Sequence[float] | np.ndarray,
        splits: Iterable[tuple[np.ndarray, np.ndarray]],
        seed: int = 0,
    ) -> Applicability:
        """Return the area of applicability of a model.

        Parameters
        ----------
        encoder
            That of the model.
        values
            The covariates of the cells that it was trained on, (n, bands); cells that lack one do not count.
        weights
            The importance of each covariate, (bands,); below 0 is 0, and 1 for all where none is above 0.
        splits
            Numbers of the training and test cells of each fold of the cross-validation. The threshold is the upper whisker (75 % quartile
            + 1.5 quartile ranges, at most the greatest) of the distances of test cells to the training cells of their fold. A cell in no
            test part has none; no splits: distances to all other cells.
        seed
            Draws `MOST_CELLS` of more.

        Raises
        ------
        ValueError
            If fewer than two cells differ.
        """
        kept = np.flatnonzero(np.isfinite(values).all(axis=1))
        if len(kept) > MOST_CELLS:
            kept = np.sort(np.random.default_rng(seed).choice(kept, MOST_CELLS, replace=False))
        raw = channels_of(encoder, np.asarray(values[kept], np.float64)).T
        weight = np.maximum(np.asarray(weights, float), 0.0)
        weight = weight / weight.max() if weight.max() > 0 else np.ones(len(weight))
        of_channel = np.concatenate([np.full(each.stop - each.start, one) for each, one in zip(encoder.of_covariate, weight)])
        mean, deviation = raw.mean(axis=0), raw.std(axis=0, ddof=1)
        of_channel[~(deviation > 0)] = 0.0
        deviation[~(deviation > 0)] = 1.0
        cells = (raw - mean) / deviation * of_channel
        number = np.full(len(values), -1)
        number[kept] = np.arange(len(kept))
        folds = [tuple(np.unique(number[part][number[part] >= 0]) for part in split) for split in splits]
        mean_distance, nearest = _distances(cells, folds)
        if not mean_distance > 0:
            raise ValueError("all training cells are the same")
        index = nearest[np.isfinite(nearest)] / mean_distance
        low, high = np.quantile(index, [0.25, 0.75])
        threshold = min(high + 1.5 * (high - low), index.max())
        figures = np.array([mean_distance, threshold])
        named = dict(zip(_NAMES, (cells.astype(np.float32), mean, deviation, of_channel, figures)))
        return cls(encoder, named)

    def index(self, values: np.ndarray) -> np.ndarray:
        """Return the dissimilarity index of cells.

        Parameters
        ----------
        values
            Covariates, (rows, cols, bands), NaN where invalid.

        Returns
        -------
        Float32 (rows, cols), 0 on a training cell; NaN where a covariate is invalid.
        """
        out = np.full(values.shape[:-1], np.nan, np.float32)
        search = _search()

        def strip(start: int) -> None:
            part = values[start : start + _STRIP]
            valid = np.isfinite(part).all(axis=-1)
            turned = channels_of(self.encoder, part[valid], self.arrays["mean"]).T @ self._turn
            squared = np.empty(len(turned), np.float32)
            search(turned, self._cells, squared)
            out[start : start + _STRIP][valid] = np.sqrt(squared) / np.float32(self.mean_distance)

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(strip, range(0, len(values), _STRIP)))
        return out


def channels_of(encoder: Encoder, values: np.ndarray, mean: np.ndarray | None = None) -> np.ndarray:
    """Return cells (n, bands), without NaN, as channels (channels, n), less a mean of each (channels,); neither scaled nor cut off.

    Float32 where a mean is taken off, else float64.
    """
    planes = np.empty((len(encoder.channels), len(values)), np.float64 if mean is None else np.float32)
    rows = iter(range(len(planes)))
    less = np.zeros(len(planes)) if mean is None else mean
    for x, covariate, classes in zip(values.T, encoder.covariates, encoder.classes):
        if covariate.kind == "categorical":
            for code in classes:
                row = next(rows)
                np.subtract(x == code, less[row], out=planes[row], casting="same_kind", dtype=planes.dtype)
        elif covariate.kind == "circular":
            angle = np.radians(x)
            for turn in (np.sin, np.cos):
                row = next(rows)
                np.subtract(np.where(x >= 0, turn(angle), 0.0), less[row], out=planes[row], casting="same_kind")
        else:
            row = next(rows)
            np.subtract(x, less[row], out=planes[row], casting="same_kind")
    return planes


def _distances(cells: np.ndarray, folds: Sequence[Sequence[np.ndarray]]) -> tuple[float, np.ndarray]:
    """Return the mean distance between cells, (n, channels), and of each that to the nearest cell that trains where it is tested, (n,)."""
    squares, total, nearest = (cells**2).sum(axis=1), 0.0, np.full(len(cells), np.nan)
    training = np.zeros((len(folds), len(cells)), bool)
    fold = np.full(len(cells), -1)
    for number, (train, test) in enumerate(folds):
        training[number, train] = True
        fold[test] = number
    for start in range(0, len(cells), _AT_ONCE):
        some = np.arange(start, min(start + _AT_ONCE, len(cells)))
        apart = np.sqrt(np.maximum(squares[some, None] + squares - 2 * cells[some] @ cells.T, 0.0))
        apart[np.arange(len(some)), some] = 0.0
        total += apart.sum()
        apart[np.arange(len(some)), some] = np.inf
        if folds:
            apart[~training[fold[some]]] = np.inf
            apart[fold[some] < 0] = np.inf
        least = apart.min(axis=1)
        nearest[some] = np.where(np.isfinite(least), least, np.nan)
    return total / (len(cells) * (len(cells) - 1)), nearest


_compiled: list[Callable[..., None]] = []


def _search() -> Callable[..., None]:
    """Return what finds the nearest cell: compiled where numba is, which QGIS's own Python need not have."""
    if not _compiled:
        try:
            from .compiled import compiled
        except ImportError:
            return _by_arrays
        _compiled.append(compiled()(_one_by_one))
    return _compiled[0]


def _one_by_one(queries: np.ndarray, cells: np.ndarray, squared: np.ndarray) -> None:
    """Set `squared` to the squared distance of each query, (n, axes), to the nearest of the cells, (m, axes), sorted by the first.

    A query begins with the cell that was nearest to the one before it, since neighbours are alike, and goes outwards from its own place
    along the first axis, on either side until that axis alone is further than the nearest so far.
    """
    count, axes = cells.shape
    last = count // 2
    for query in range(len(queries)):
        first = queries[query, 0]
        best = np.float32(0.0)
        for axis in range(axes):
            apart = queries[query, axis] - cells[last, axis]
            best += apart * apart
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if cells[middle, 0] < first:
                low = middle + 1
            else:
                high = middle
        nearest = last
        for step in (-1, 1):
            place = low - 1 if step < 0 else low
            while 0 <= place < count:
                apart = first - cells[place, 0]
                if apart * apart >= best:
                    break
                total, axis = np.float32(0.0), 0
                while axis < axes and total < best:
                    for more in range(_AXES):
                        apart = queries[query, axis + more] - cells[place, axis + more]
                        total += apart * apart
                    axis += _AXES
                if total < best:
                    best, nearest = total, place
                place += step
        squared[query] = best
        last = nearest


def _by_arrays(queries: np.ndarray, cells: np.ndarray, squared: np.ndarray) -> None:
    """Do what `_one_by_one` does, more slowly, with numpy alone."""
    of_cells = (cells.astype(np.float64) ** 2).sum(axis=1)
    for start in range(0, len(queries), _AT_ONCE):
        some = queries[start : start + _AT_ONCE].astype(np.float64)
        apart = (some**2).sum(axis=1)[:, None] + of_cells - 2 * some @ cells.T.astype(np.float64)
        squared[start : start + _AT_ONCE] = np.maximum(apart.min(axis=1), 0.0)
