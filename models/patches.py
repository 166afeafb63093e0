# SPDX-License-Identifier: GPL-2.0-or-later
"""Square neighbourhoods of cells, where those that overlap share memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Union

import numpy as np

from .encoding import Encoder

Index = Union[np.ndarray, slice]
# Encoded cells that would take more than this are held in half precision.
_FULL_PRECISION_BYTES = 1_000_000_000
_ENCODED_AT_ONCE = 1 << 20
# Bytes; what TensorFlow asks of memory that it did not take itself.
ALIGNMENT = 64


@dataclass(frozen=True)
class Patches:
    """The patches around n cells.

    Parameters
    ----------
    cells
        Covariates or encoded channels of all cells that some patch holds, (cells, bands).
    first
        Where in `cells` the upper left cell of each patch lies, int64 (n,).
    offsets
        Where the cells of a patch lie from there, row by row, int64 (size²,).

    Examples
    --------
    Two patches of 3 × 3 in a strip of 3 × 4 share six of its twelve cells:

    >>> import numpy as np
    >>> from scarp.models.patches import Patches
    >>> patches = Patches(np.arange(12.0)[:, None], np.array([0, 1]), np.array([0, 1, 2, 4, 5, 6, 8, 9, 10]))
    >>> len(patches), patches.size_px
    (2, 3)
    >>> patches.take()[1, ..., 0].tolist()
    [[1.0, 2.0, 3.0], [5.0, 6.0, 7.0], [9.0, 10.0, 11.0]]
    >>> patches.centres().tolist()
    [[5.0], [6.0]]
    """

    cells: np.ndarray
    first: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(cls, patches: np.ndarray) -> Patches:
        """Return patches that share nothing, from an array (n, size, size, bands)."""
        count, size = patches.shape[:2]
        return cls(patches.reshape(-1, patches.shape[-1]), np.arange(count) * size**2, np.arange(size**2))

    def __len__(self) -> int:
        return len(self.first)

    @property
    def size_px(self) -> int:
        """Side of a patch in cells."""
        return round(len(self.offsets) ** 0.5)

    def only(self, index: Index) -> Patches:
        """Return some of the patches, by number, mask or slice; the cells stay where they are."""
        return replace(self, first=self.first[index])

    def take(self, index: Index = slice(None)) -> np.ndarray:
        """Return some patches as an array, (n, size, size, bands)."""
        cells = self.cells[self.first[index][:, None] + self.offsets]
        return cells.reshape(-1, self.size_px, self.size_px, self.cells.shape[-1])

    def centres(self) -> np.ndarray:
        """Return the cells that the patches lie around, (n, bands)."""
        return self.cells[self.first + self.offsets[len(self.offsets) // 2]]

    def encoded(self, encoder: Encoder) -> Patches:
        """Return the patches of encoded channels; float16 where float32 would take more than a gigabyte.

        Patches that share little are cut apart first, if that takes less memory.
        """
        if len(self) * len(self.offsets) < len(self.cells):
            return Patches.of(self.take()).encoded(encoder)
        shape = len(self.cells), len(encoder.channels)
        kind = np.float32 if 4 * shape[0] * shape[1] < _FULL_PRECISION_BYTES else np.float16
        cells = _aligned(shape, kind)
        for start in range(0, len(cells), _ENCODED_AT_ONCE):
            part = slice(start, start + _ENCODED_AT_ONCE)
            cells[part] = encoder.encode(self.cells[part])
        return replace(self, cells=cells)


def _aligned(shape: tuple[int, int], kind: type) -> np.ndarray:
    """Return an empty array whose memory begins where TensorFlow can share it."""
    size = shape[0] * shape[1] * np.dtype(kind).itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(kind).reshape(shape)
