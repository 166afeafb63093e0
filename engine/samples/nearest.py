# SPDX-License-Identifier: GPL-2.0-or-later
"""How far the map lies from the landslides that it is learnt from, and folds whose test lies as far: kNNDM (Linnenbrink et al. 2024).

Only landslides count here. Absences are drawn wherever one likes, and would make the most clustered inventory look spread over the map.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from ..files.stack import Stack
from .folds import FoldWarning, SpatialKFold, deal_folds, keep_whole

# Cells of the map that stand for all, and windows that they are read from.
_PLACES, _WINDOWS, _WINDOW_PX = 1000, 200, 256
# Landslides that are joined one by one; others go where the nearest of these goes.
_JOINED = 1500
# Numbers of clusters that are tried, and the largest share of landslides in one fold.
_TRIED, _MOST = 30, 0.5
_CHANCE, _EXACT = 0.05, 100


@dataclass(frozen=True)
class Distances:
    """Distances in metres to the nearest landslide cell, whose distribution tells whether folds are as hard as the map (Milà et al. 2022).

    Parameters
    ----------
    samples
        From each landslide cell to the nearest one of another landslide.
    folds
        From each landslide cell of a test to the nearest one that trains.
    places
        From cells of the map, to those that it is made from.
    """

    samples: np.ndarray
    folds: np.ndarray
    places: np.ndarray

    @classmethod
    def of(
        cls,
        xy: np.ndarray,
        labels: np.ndarray,
        units: np.ndarray | None,
        splits: Iterable[tuple[np.ndarray, np.ndarray]],
        places: np.ndarray,
        made_from: np.ndarray | None = None,
    ) -> Distances:
        """Return them.

        Parameters
        ----------
        xy, labels, units
            Coordinates in metres (n, 2), 1 or 0 (n,), and the unit (n,) of each cell, see `folds.landslide_units`.
        splits
            The numbers of the cells that train and of those that are tested, fold by fold.
        places
            Coordinates of cells of the map, (m, 2), see `places_of`.
        made_from
            Which cells the map is made from, (n,); None: all.
        """
        slide = np.asarray(labels) == 1
        own = np.flatnonzero(slide)
        units = own if units is None else units[own]
        apart = [cKDTree(xy[training[slide[training]]]).query(xy[test[slide[test]]])[0] for training, test in splits]
        return cls(
            _to_another(xy[own], units),
            np.concatenate(apart),
            cKDTree(xy[own if made_from is None else slide & made_from]).query(places)[0],
        )


def places_of(stack: Stack, seed: int) -> np.ndarray:
    """Return the coordinates in metres of up to a thousand valid cells of a map, (m, 2), drawn from windows at random places.

    Every valid cell is as likely as any other: each gets a random rank, window by window, and the lowest ranks win.
    """
    rng = np.random.default_rng(seed)
    windows = list(stack.grid.windows(_WINDOW_PX, _WINDOW_PX))
    chosen = sorted(rng.permutation(len(windows))[:_WINDOWS])
    rank, cells = np.empty(0), np.empty((0, 2), np.int64)
    for window in (windows[number] for number in chosen):
        # One covariate says nearly everywhere whether there is a map.
        row, col = np.nonzero(np.isfinite(stack.read(window, names=stack.names[:1])[..., 0]))
        rank = np.concatenate([rank, rng.random(len(row))])
        cells = np.concatenate([cells, np.stack([row + window.row, col + window.col], axis=1)])
        lowest = np.argsort(rank, kind="stable")[:_PLACES]
        rank, cells = rank[lowest], cells[lowest]
    return stack.grid.centres_m(cells[:, 0], cells[:, 1])


def _to_another(xy: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return the distance of each cell to the nearest one of another unit, (n,); infinite where there is none."""
    tree, found, left, count = cKDTree(xy), np.full(len(xy), np.inf), np.arange(len(xy)), 2
    while len(left):
        count = min(2 * count, len(xy))
        distance, neighbour = tree.query(xy[left], count)
        other = units[neighbour] != units[left][:, None]
        found[left] = np.where(other, distance, np.inf).min(axis=1)
        left = left[~other.any(axis=1)] if count < len(xy) else left[:0]
    return found


class KnndmKFold(SpatialKFold):
    """Folds whose test landslides lie as far from training landslides as the map does: k-fold nearest neighbour distance matching.

    Where landslides lie no closer together than the map lies to them (Kolmogorov–Smirnov, p ≥ 0.05), folds are dealt at random. Else
    landslides are joined to clusters (Ward), clusters are put into folds along their first principal axis, and that number of clusters is
    taken whose distances from test to training are nearest to those of the map (Wasserstein distance). Absences go where the nearest
    landslide goes.

    Linnenbrink, J., Milà, C., Ludwig, M., Meyer, H. (2024). kNNDM CV: k-fold nearest-neighbour distance matching cross-validation for map
    accuracy estimation. Geoscientific Model Development 17, 5897–5912.

    Parameters
    ----------
    places
        Coordinates of cells of the map, (m, 2), see `places_of`.
    """

    def __init__(self, n_splits: int, places: np.ndarray, exclusion_m: float = 0.0, random_state: int = 0) -> None:
        super().__init__(n_splits, exclusion_m, random_state)
        self.places = places

    def _fold(self, xy: np.ndarray, labels: np.ndarray, units: np.ndarray | None) -> np.ndarray:
        slides = np.flatnonzero(labels == 1)
        own, number = xy[slides], np.arange(len(slides))
        if units is not None:
            number = np.unique(units[slides], return_inverse=True)[1].ravel()
        to_map = cKDTree(own).query(self.places)[0]
        clustered = is_clustered(_to_another(own, number), to_map)
        fold_of = self._nearest_to(own, number, to_map) if clustered else None
        if fold_of is None:
            why = "too few clusters make folds" if clustered else "landslides lie spread over the map"
            warnings.warn(f"The kNNDM folds are dealt at random, and are random folds, since {why}.", FoldWarning, stacklevel=4)
            return deal_folds(labels, self.n_splits, None, self.random_state, units)
        fold = fold_of[cKDTree(own).query(xy)[1]]
        fold[slides] = fold_of
        return keep_whole(fold, units)

    def _nearest_to(self, xy: np.ndarray, number: np.ndarray, to_map: np.ndarray) -> np.ndarray | None:
        """Return the fold of each landslide cell, (n,), whose distances are nearest to the map's; None where no clusters make folds."""
        from scipy.cluster.hierarchy import fcluster, linkage
        from scipy.stats import wasserstein_distance

        count = np.bincount(number)
        centres = np.stack([np.bincount(number, values) / count for values in xy.T], axis=1)
        drawn = np.sort(np.random.default_rng(self.random_state).permutation(len(centres))[:_JOINED])
        if len(drawn) < self.n_splits + 2:
            return None
        nearest = cKDTree(centres[drawn]).query(centres)[1]
        joined = linkage(centres[drawn], "ward")
        best, least = None, np.inf
        for clusters in np.unique(np.geomspace(self.n_splits, len(drawn) - 2, _TRIED).round().astype(int)):
            cluster = fcluster(joined, clusters, "maxclust")[nearest] - 1
            fold = in_folds(cluster, centres, count, self.n_splits)[number]
            share = np.bincount(fold, minlength=self.n_splits) / len(fold)
            if share.max() > _MOST or share.min() == 0:
                continue
            apart = [cKDTree(xy[fold != each]).query(xy[fold == each])[0] for each in range(self.n_splits)]
            if (distance := wasserstein_distance(np.concatenate(apart), to_map)) < least:
                best, least = fold, distance
        return best


def knndm_folds(xy: np.ndarray, labels: np.ndarray, units: np.ndarray | None, folds: int, places: np.ndarray, seed: int) -> np.ndarray:
    """Return the fold of each cell from 0, (n,), as `KnndmKFold` deals them; raise EngineError where fewer than two hold both classes."""
    fold = np.zeros(len(labels), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FoldWarning)
        for number, (_, test) in enumerate(KnndmKFold(folds, places, random_state=seed).split(xy, labels, units)):
            fold[test] = number
    return fold


def is_clustered(samples: np.ndarray, places: np.ndarray) -> bool:
    """Return whether landslides lie closer to each other than the map lies to them, by more than chance explains.

    >>> import numpy as np
    >>> from scarp.engine.samples.nearest import is_clustered
    >>> is_clustered(np.linspace(0, 10, 30), np.linspace(0, 100, 30)), is_clustered(np.linspace(0, 10, 30), np.linspace(0, 10, 30))
    (True, False)
    """
    from scipy.stats import ks_2samp  # lasts a third of a second, which other samplings need not wait for

    samples = samples[np.isfinite(samples)]
    if not len(samples):  # one landslide alone
        return False
    # The exact p-value overflows where both are many, which SciPy warns of, and then is the limit's, which differs by less than 0.01.
    method = "exact" if len(samples) < _EXACT else "asymp"
    return bool(ks_2samp(samples, places, alternative="greater", method=method).pvalue < _CHANCE)


def in_folds(cluster: np.ndarray, centres: np.ndarray, cells: np.ndarray, folds: int) -> np.ndarray:
    """Return the fold of each landslide, (n,): a cluster of a fold's size is one, the others are dealt in turn along their main axis.

    Parameters
    ----------
    cluster, centres, cells
        The number of the cluster from 0 (n,), the centre (n, 2), and how many cells (n,) each landslide has.

    Examples
    --------
    Four clusters of one landslide each, from west to east:

    >>> import numpy as np
    >>> from scarp.engine.samples.nearest import in_folds
    >>> in_folds(np.arange(4), np.array([[0.0, 0], [1, 0], [2, 0], [3, 0]]), np.ones(4, int), 2).tolist()
    [0, 1, 0, 1]
    """
    centred = centres - np.average(centres, axis=0, weights=cells)
    axis = np.linalg.svd(centred * cells[:, None] ** 0.5, full_matrices=False)[2][0]
    along = centred @ (axis * np.sign(axis[np.argmax(np.abs(axis))]))
    size = np.bincount(cluster, cells)
    order = np.argsort(np.bincount(cluster, along * cells) / np.maximum(size, 1), kind="stable")
    large = size[order] >= cells.sum() / folds
    fold = np.empty(len(size), np.int64)
    fold[order[large]] = np.arange(large.sum())
    rest = order[~large]
    if len(rest):
        fold[rest] = large.sum() + np.arange(len(rest)) % (folds - large.sum())
    return fold[cluster]
