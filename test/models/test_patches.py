# SPDX-License-Identifier: GPL-2.0-or-later
import numpy as np
import pytest
from scarp.models import patches as module
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.patches import ALIGNMENT, Patches

ROWS, COLS, SIZE = 6, 8, 3
COVARIATES = (Covariate("slope"), Covariate("rock", "categorical"))


@pytest.fixture
def field():
    """Every cell of a raster 6 × 8: slope is ten times the row plus the column, rock the parity of the column."""
    row, col = np.divmod(np.arange(ROWS * COLS), COLS)
    return np.stack([10 * row + col, col % 2], axis=-1).astype(np.float32)


@pytest.fixture
def shared(field):
    """Patches around (1, 1), (3, 5) and (4, 2) that share the raster's cells."""
    offsets = (np.arange(SIZE)[:, None] * COLS + np.arange(SIZE)).ravel()
    return Patches(field, np.array([0 * COLS + 0, 2 * COLS + 4, 3 * COLS + 1]), offsets)


def test_rows_and_columns_of_a_patch(shared):
    assert len(shared) == 3
    assert shared.size_px == 3
    taken = shared.take()
    assert taken.shape == (3, 3, 3, 2)
    assert taken[1, ..., 0].tolist() == [[24, 25, 26], [34, 35, 36], [44, 45, 46]]
    assert taken[2, 0, :, 1].tolist() == [1, 0, 1]
    assert shared.centres()[:, 0].tolist() == [11, 35, 42]


def test_some_of_the_patches(shared):
    some = shared.only(np.array([2, 0]))
    assert some.centres()[:, 0].tolist() == [42, 11]
    assert some.cells is shared.cells
    np.testing.assert_array_equal(shared.take(np.array([2, 0])), some.take())
    np.testing.assert_array_equal(shared.take(slice(1, 2)), shared.take()[1:2])
    assert shared.only(np.array([False, True, False])).centres()[:, 0].tolist() == [35]


def test_patches_that_share_nothing_keep_their_order(shared):
    apart = Patches.of(shared.take())
    np.testing.assert_array_equal(apart.take(), shared.take())
    np.testing.assert_array_equal(apart.centres(), shared.centres())


@pytest.mark.parametrize(("at_once", "full_precision", "kind"), [(1 << 20, 1_000_000_000, "float32"), (7, 100, "float16")])
@pytest.mark.parametrize("share", [True, False])
def test_encoding_before_or_after_is_the_same(field, shared, monkeypatch, at_once, full_precision, kind, share):
    """Part by part, in half precision beyond a limit, and cut apart where patches share little: the numbers stay."""
    monkeypatch.setattr(module, "_ENCODED_AT_ONCE", at_once)
    monkeypatch.setattr(module, "_FULL_PRECISION_BYTES", full_precision)
    patches = Patches(field, np.repeat(shared.first, 2), shared.offsets) if share else shared
    encoder = Encoder.fit(field, COVARIATES)
    encoded = patches.encoded(encoder)
    assert encoded.cells.dtype == kind
    assert len(encoded.cells) == (ROWS * COLS if share else 3 * SIZE**2)
    assert encoded.cells.ctypes.data % ALIGNMENT == 0
    np.testing.assert_allclose(encoded.take(), encoder.encode(patches.take()), atol=2e-3 if kind == "float16" else 0)
    np.testing.assert_allclose(encoded.centres(), encoder.encode(patches.centres()), atol=2e-3 if kind == "float16" else 0)
