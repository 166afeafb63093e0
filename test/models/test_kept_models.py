# SPDX-License-Identifier: GPL-2.0-or-later
"""Model files that earlier versions wrote load, and map what they mapped; `keep_models.py` made them."""

from pathlib import Path

import numpy as np
import pytest
from good_models import window
from scarp.models.model_file import load_model

KEPT = sorted((Path(__file__).parent / "kept").glob("*.scarp"))


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.stem)
@pytest.mark.parametrize("backend", ["numpy", "tensorflow"])
def test_a_kept_model_maps_what_it_mapped(path, backend):
    if backend == "tensorflow" and "network" not in path.name:
        pytest.skip("one way to compute")
    found, expected = load_model(path, backend).predict(window()), np.load(path.with_suffix(".npy"))
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)


def test_every_kind_of_model_is_kept():
    assert len(KEPT) >= 19
    assert {"network-none", "network-isotonic", "network-alone", "rf", "svm"} <= {path.stem.removeprefix("0.1.0-") for path in KEPT}
