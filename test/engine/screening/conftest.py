# SPDX-License-Identifier: GPL-2.0-or-later
"""A stack to be screened, on a grid of unlike cells."""

import numpy as np
import pytest
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.screening.binning import Classing
from scarp.models.covariate import Covariate

COVARIATES = (
    Covariate("slope", unit="degree"),
    Covariate("twice"),
    Covariate("aspect", "circular", "degree"),
    Covariate("geology", "categorical", classes={1: "marl", 2: "granite", 9: "absent"}),
    Covariate("constant"),
    Covariate("noise"),
)
SHAPE = (300, 260)
GRID = Grid(reference_of(32639).ExportToWkt(), (500007.25, 20.0, 0.0, 3600011.5, 0.0, -35.0), SHAPE)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """300 rows and 260 columns of 20 × 35 m, one corner without data; landslides are where slope is above 40."""
    rng = np.random.default_rng(8)
    slope = rng.uniform(0, 50, SHAPE)
    bands = {
        "slope": slope,
        "twice": 2 * slope + 1,
        "aspect": np.where(rng.uniform(size=SHAPE) < 0.1, -1, rng.uniform(0, 360, SHAPE)),
        "geology": np.repeat([[1.0, 2.0]], 300, 0).repeat(130, 1),
        "constant": np.full(SHAPE, 4.0),
        "noise": rng.normal(size=SHAPE),
    }
    bands["noise"][:50, :70] = np.nan
    path = str(tmp_path_factory.mktemp("stack") / "stack.tif")
    with StackWriter(path, GRID, COVARIATES) as writer:
        for name, values in bands.items():
            writer.write(name, Window(0, 0, *SHAPE), values.astype(np.float32))
    return Stack.open(path)


@pytest.fixture(scope="module")
def whole(stack):
    """The covariates of every valid cell, (n, covariates)."""
    values = stack.read(Window(0, 0, *SHAPE))
    return values[np.isfinite(values).all(axis=-1)]


@pytest.fixture(scope="module")
def classings_of(stack):
    """The classes of each covariate, from what a survey found."""

    def make(found, method="quantiles"):
        return [
            Classing.of(covariate, found.sample[:, index], found.codes.get(covariate.name, np.empty(0)), method, 5)
            for index, covariate in enumerate(stack.covariates)
        ]

    return make
