# SPDX-License-Identifier: GPL-2.0-or-later
"""The companion of a network: a forest of shallow trees on a cell's own channels, as plain arrays.

It sees nothing around a cell, errs elsewhere than the network does, and so makes a better mean with it. As arrays it needs no scikit-learn
to map, and no trust to load.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

# What a cell costs, however many cells the trees were grown on: steps of DEPTH in each of TREES. Deeper ones and more of them gain
# nothing that can be told from chance, see docs/benchmark.md.
TREES, DEPTH = 64, 8
_LEAST_CELLS_OF_LEAF = 2
_ARRAYS = {"channel": np.uint16, "limit": np.float32, "value": np.float32}
# Cells whose channels stay in the nearest cache while all trees are walked, and rows of a window that a thread takes at once.
_BLOCK, _STRIP = 128, 32
# Nodes of the levels whose questions are put to all cells: of four.
_BY_ALL = 15


class Trees:
    """Trees of one depth, whose mean is the susceptibility of a cell.

    A tree begins at node 0; from node k the way goes to node 2 k + 1 where the cell's channel is at most the limit, else to 2 k + 2. After
    as many steps as the depth it comes to one of the values. A branch that ends early has infinite limits and one value from there on.

    Parameters
    ----------
    arrays
        By name: `channel` and `limit` of each node, (trees, 2^depth - 1), and `value`, 0 to 1, of each end, (trees, 2^depth).
    channels
        How many channels a cell has.

    Raises
    ------
    ValueError
        If the arrays make no such trees.

    Examples
    --------
    One tree that asks whether the second of two channels is greater than 0.5:

    >>> import numpy as np
    >>> from scarp.models.trees import Trees
    >>> trees = Trees({"channel": [[1]], "limit": [[0.5]], "value": [[0.25, 0.75]]}, channels=2)
    >>> trees.predict(np.array([[9, 0.5], [0, 0.6]], np.float32)).tolist()
    [0.25, 0.75]
    """

    # Names of the arrays.
    ARRAYS = tuple(_ARRAYS)

    def __init__(self, arrays: Mapping[str, Any], channels: int) -> None:
        if set(arrays) != set(_ARRAYS):
            raise ValueError(f"unexpected arrays of trees {', '.join(sorted(set(arrays) ^ set(_ARRAYS)))}")
        given = {name: np.asarray(arrays[name]) for name in _ARRAYS}
        for name, array in given.items():
            if array.ndim != 2 or array.dtype.kind not in "iuf" or array.shape[0] != len(given["value"]):
                raise ValueError(f"no {name} of trees")
        (count, ends), nodes = given["value"].shape, given["limit"].shape[1]
        if count < 1 or ends < 2 or ends & (ends - 1) or nodes != ends - 1 or given["channel"].shape[1] != nodes:
            raise ValueError(f"trees of {nodes} nodes and {ends} ends")
        if given["channel"].dtype.kind == "f" or given["channel"].min() < 0 or given["channel"].max() >= channels:
            raise ValueError(f"trees that ask for other channels than the {channels} that cells have")
        if np.isnan(given["limit"]).any() or not ((given["value"] >= 0) & (given["value"] <= 1)).all():
            raise ValueError("trees with a limit or a value that cannot be")
        self.arrays = {name: np.ascontiguousarray(given[name], kind) for name, kind in _ARRAYS.items()}
        self.channels = channels

    @property
    def count(self) -> int:
        """How many trees there are."""
        return len(self.arrays["value"])

    def predict(self, encoded: np.ndarray) -> np.ndarray:
        """Return the susceptibility of encoded cells.

        Parameters
        ----------
        encoded
            Channels, float32 (rows, cols, channels) or (n, channels), without NaN, as the encoder gives them.

        Returns
        -------
        Float32 (rows, cols) or (n,).
        """
        planes = np.moveaxis(encoded if encoded.ndim == 3 else encoded[None], -1, 0)
        if len(planes) != self.channels:
            raise ValueError(f"cells of {len(planes)} channels for trees of {self.channels}")
        out = np.empty(planes.shape[1:], np.float32)
        walk, arrays = _walk(), self.arrays
        strips = [slice(start, start + _STRIP) for start in range(0, len(out), _STRIP)]
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(lambda strip: walk(planes[:, strip], arrays["channel"], arrays["limit"], arrays["value"], out[strip]), strips))
        return out.reshape(encoded.shape[:-1])


def grow(encoded: np.ndarray, labels: np.ndarray, seed: int, counts: np.ndarray | None = None) -> Trees:
    """Return trees grown on training cells, landslide and non-landslide cells counting the same.

    Parameters
    ----------
    encoded
        Channels of the cells, float32 (n, channels).
    labels
        1 for landslide, 0 for none, (n,), of both.
    seed
        The same seed grows the same trees.
    counts
        What each cell counts beside its class, (n,); None where all count the same.
    """
    return trees_of(forest(seed).fit(encoded, labels, counts), encoded.shape[1])


def joined(first: Trees, second: Trees) -> Trees:
    """Return the trees of both, on the same channels: their mean counts each tree the same.

    Examples
    --------
    >>> import numpy as np
    >>> from scarp.models.trees import Trees, joined
    >>> old = Trees({"channel": [[1]], "limit": [[0.5]], "value": [[0.25, 0.75]]}, channels=2)
    >>> new = Trees({"channel": [[0, 0, 0]], "limit": [[1, 0, 2]], "value": [[0, 0.5, 0.5, 1]]}, channels=2)
    >>> joined(old, new).predict(np.array([[3, 0.5], [0, 0.6]], np.float32)).tolist()
    [0.625, 0.375]
    """
    nodes = max(each.arrays["limit"].shape[1] for each in (first, second))
    each = [_deepened(trees, nodes) for trees in (first, second)]
    return Trees({name: np.concatenate([arrays[name] for arrays in each]) for name in _ARRAYS}, first.channels)


def _deepened(trees: Trees, nodes: int) -> dict[str, np.ndarray]:
    """Return the arrays of trees, their branches drawn out until there are so many nodes."""
    own = trees.arrays
    more = nodes - own["limit"].shape[1]
    return {
        "channel": np.pad(own["channel"], ((0, 0), (0, more))),
        "limit": np.pad(own["limit"], ((0, 0), (0, more)), constant_values=np.inf),
        "value": np.repeat(own["value"], (nodes + 1) // own["value"].shape[1], axis=1),
    }


def forest(seed: int) -> Any:
    """Return the scikit-learn forest that grows the trees, not fitted yet."""
    from sklearn.ensemble import RandomForestClassifier

    least = _LEAST_CELLS_OF_LEAF
    return RandomForestClassifier(TREES, max_depth=DEPTH, min_samples_leaf=least, class_weight="balanced", random_state=seed, n_jobs=-1)


def trees_of(fitted: Any, channels: int) -> Trees:
    """Return the trees of a scikit-learn forest that was fitted to the labels 0 and 1."""
    depth = max(1, *(estimator.get_depth() for estimator in fitted.estimators_))
    each = [_complete(estimator.tree_, depth) for estimator in fitted.estimators_]
    return Trees({name: np.stack([arrays[name] for arrays in each]) for name in _ARRAYS}, channels)


def _complete(tree: Any, depth: int) -> dict[str, np.ndarray]:
    """Return the arrays of one tree, its short branches drawn out to the depth."""
    level = np.zeros(1, np.int64)
    channels, limits = [], []
    for _ in range(depth):
        leaf = tree.children_left[level] < 0
        channels.append(np.where(leaf, 0, tree.feature[level]))
        limits.append(np.where(leaf, np.inf, _not_above(tree.threshold[level])))
        ways = np.where(leaf, level, tree.children_left[level]), np.where(leaf, level, tree.children_right[level])
        level = np.stack(ways, axis=1).ravel()
    value = tree.value[level, 0]
    return {"channel": np.concatenate(channels), "limit": np.concatenate(limits), "value": value[:, 1] / value.sum(axis=1)}


def _not_above(limits: np.ndarray) -> np.ndarray:
    """Return the greatest float32 not above each limit: a float32 is at most the one where it is at most the other."""
    near = limits.astype(np.float32)
    return np.where(near > limits, np.nextafter(near, np.float32(-np.inf)), near)


_compiled: list[Callable[..., None]] = []


def _walk() -> Callable[..., None]:
    """Return what walks the trees: compiled where numba is, which QGIS's own Python need not have."""
    if not _compiled:
        try:
            from .compiled import compiled
        except ImportError:
            return _by_arrays
        _compiled.append(compiled()(_by_cells))
    return _compiled[0]


def _by_cells(  # noqa: PLR0912 (one loop: what it calls could not be compiled where numba is not)
    planes: np.ndarray, channel: np.ndarray, limit: np.ndarray, value: np.ndarray, out: np.ndarray
) -> None:
    """Set `out`, (rows, cols), to the mean of the trees on `planes`, (channels, rows, cols).

    Level by level over the cells of a block: no step waits for the one before it, and no branch is guessed wrongly. On the first levels
    all cells are asked the questions of all nodes, by vectors, and keep the answer to their own; that is quicker while nodes are few.
    Numbers of nodes are unsigned, since numba would look whether others are negative.
    """
    channels, rows, cols = planes.shape
    trees, nodes = limit.shape
    cells, lines = np.empty((_BLOCK, channels), np.float32), np.empty((channels, _BLOCK), np.float32)
    node, answer = np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.uint32)
    one, two = np.uint32(1), np.uint32(2)
    total = np.empty(_BLOCK)
    for row in range(rows):
        for start in range(0, cols, _BLOCK):
            count = min(_BLOCK, cols - start)
            for number in range(channels):
                for cell in range(count):
                    cells[cell, number] = lines[number, cell] = planes[number, row, start + cell]
            total[:] = 0.0
            for tree in range(trees):
                of_node, limits, values = channel[tree], limit[tree], value[tree]
                node[:] = 0  # counted from the first of its level
                reached = 0
                while reached < min(nodes, _BY_ALL):
                    answer[:] = 0
                    for place in range(reached + 1):
                        line, edge, own = lines[of_node[reached + place]], limits[reached + place], np.uint32(place)
                        for cell in range(count):
                            answer[cell] += np.uint32((line[cell] > edge) & (node[cell] == own))
                    for cell in range(count):
                        node[cell] = two * node[cell] + answer[cell]
                    reached = 2 * reached + 1
                for cell in range(count):
                    node[cell] += np.uint32(reached)
                while reached < nodes:
                    for cell in range(count):
                        here = node[cell]
                        node[cell] = two * here + one + np.uint32(cells[cell, of_node[here]] > limits[here])
                    reached = 2 * reached + 1
                for cell in range(count):
                    total[cell] += values[node[cell] - np.uint32(nodes)]
            for cell in range(count):
                out[row, start + cell] = total[cell] / trees


def _by_arrays(planes: np.ndarray, channel: np.ndarray, limit: np.ndarray, value: np.ndarray, out: np.ndarray) -> None:
    """Do what `_by_cells` does, more slowly, with numpy alone."""
    cells = planes.reshape(len(planes), -1)
    nodes, numbers, total = limit.shape[1], np.arange(cells.shape[1]), np.zeros(cells.shape[1])
    for channels, limits, values in zip(channel, limit, value):
        node, reached = np.zeros(len(numbers), np.int64), 0
        while reached < nodes:
            node = 2 * node + 1 + (cells[channels[node], numbers] > limits[node])
            reached = 2 * reached + 1
        total += values[node - nodes]
    out[:] = (total / len(value)).reshape(out.shape)
