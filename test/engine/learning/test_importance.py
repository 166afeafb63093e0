# SPDX-License-Identifier: GPL-2.0-or-later
"""What covariates count where a model is applicable: by what is lost without them, on as many cells of both kinds."""

import numpy as np
import pytest
from scarp.engine.learning import importance as module
from scarp.engine.learning.importance import importance

LABELS = np.arange(400) % 2


def test_what_tells_everything_loses_a_half_and_what_is_not_read_nothing():
    """Dealt anew, a covariate that ranked all pairs rightly ranks half of them so; one that the model does not read costs nothing."""
    values = np.column_stack([LABELS + 0.001 * np.arange(400), np.random.default_rng(1).normal(size=400)])
    found = importance(values, LABELS, lambda cells: cells[:, 0], 1)
    assert found == pytest.approx([0.5, 0.0], abs=0.06) and found[1] == 0
    assert importance(values, LABELS, lambda cells: cells[:, 0], 1).tolist() == found.tolist()
    assert importance(values, LABELS, lambda cells: cells[:, 0], 2).tolist() != found.tolist()
    assert values[:, 0].tolist() == (LABELS + 0.001 * np.arange(400)).tolist(), "what was given stays as it is"


def test_a_patch_is_dealt_as_a_whole():
    patches = np.broadcast_to(np.arange(400.0)[:, None, None, None], (400, 3, 3, 2))

    def said(given):
        assert np.ptp(given, axis=(1, 2)).max() == 0, "the cells of a patch come from one"
        assert given.shape == patches.shape
        return given[:, 1, 1, 0]

    importance(patches, LABELS, said, 1)


def test_it_is_measured_on_as_many_cells_of_both_kinds(monkeypatch):
    monkeypatch.setattr(module, "_CELLS", 30)
    labels = (np.arange(500) < 50).astype(int)
    drawn = module._drawn(labels, 1)
    assert np.bincount(labels[drawn]).tolist() == [30, 30] and len(np.unique(drawn)) == 60 and (np.diff(drawn) > 0).all()
    assert np.bincount(labels[module._drawn(labels[:60], 1)]).tolist() == [10, 30], "all where there are fewer"
    assert drawn.tolist() != module._drawn(labels, 2).tolist()
    monkeypatch.undo()
    assert module._CELLS == 200
