# SPDX-License-Identifier: GPL-2.0-or-later
"""A grid whose every number differs, a small stack, and an untrained network that maps it."""

import numpy as np
import pytest
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import StackWriter
from scarp.models.cnn_dnn import CnnDnn
from scarp.models.covariate import Covariate
from scarp.models.encoding import Encoder
from scarp.models.model_file import save_model
from scarp.models.recipe import Recipe

COVARIATES = (Covariate("slope"), Covariate("geology", "categorical", classes={1: "marl", 2: "lime"}))


def _crs(epsg):
    return reference_of(epsg).ExportToWkt()


@pytest.fixture
def odd_grid():
    """Return what makes a grid on which no two things can be taken for each other.

    Cells are 20 m wide and 35 m high, rows and columns differ, and the corner is a multiple of nothing: what swaps width and height,
    rows and columns or easting and northing, or drops the offset, gives other numbers. Use it for new tests of whatever lies on a grid.
    """

    def make(rows=23, cols=17, *, width=20.0, height=35.0, epsg=32639, corner=(512_347.3, 3_598_761.9)):
        return Grid(_crs(epsg), (corner[0], width, 0.0, corner[1], 0.0, -height), (rows, cols))

    return make


@pytest.fixture
def write_stack(tmp_path):
    """Write a stack of slope and geology; return its path."""

    def write(name, shape, covariates=COVARIATES, *, epsg=32639, corner=(0.0, 0.0), cell=(30.0, 30.0), values=None):
        grid = Grid(_crs(epsg), (corner[0], cell[0], 0.0, corner[1], 0.0, -cell[1]), shape)
        if values is None:
            rng = np.random.default_rng(5)
            values = np.stack([rng.normal(20, 5, shape), rng.integers(1, 3, shape)], axis=-1)
            values[rng.random(shape) < 0.1] = np.nan
        path = str(tmp_path / name)
        with StackWriter(path, grid, covariates) as writer:
            for band, covariate in enumerate(covariates):
                writer.write(covariate.name, Window(0, 0, *shape), values[..., band])
        return path

    return write


@pytest.fixture
def model_file(tmp_path):
    """A model file with a network of random weights for such a stack."""
    encoder = Encoder.fit(np.array([[10.0, 1], [30, 2]]), COVARIATES)
    architecture = Recipe(9, 4).architecture(3)
    rng = np.random.default_rng(1)
    weights = {
        name: (rng.uniform(0.5, 1.5, shape) if name.startswith(("gamma", "variance")) else rng.normal(0, 0.2, shape)).astype(np.float32)
        for name, shape in architecture.shapes.items()
    }
    path = tmp_path / "model.scarp"
    save_model(path, CnnDnn(encoder, architecture, [weights], {"cell_size": [30, 30], "crs": _crs(32639)}, "numpy"))
    return str(path)
