# SPDX-License-Identifier: GPL-2.0-or-later
"""A stack to be screened, on a grid of unlike cells."""

import numpy as np
import pytest
from scarp.engine.files.grid import Grid, Window, reference_of
from scarp.engine.files.stack import Stack, StackWriter
from scarp.engine.screening.advice import screen
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


# Five rows by five columns; landslide cells: 1 in class 1, 4 in class 2, none in class 3.
CLASSES = np.tile([1.0, 1, 2, 2, 3], 5)
LANDSLIDES = np.isin(np.arange(25), (1, 2, 7, 13, 18)).astype(int)
ROW, COL = (each.ravel().astype(float) for each in np.indices((5, 5)))


@pytest.fixture
def by_hand():
    """The screening of 25 cells whose figures can be had by hand; the whole area is four times as large, and holds a fourth class."""
    covariates = (
        Covariate("col", unit="m", group="geomorphologic"),
        Covariate("both"),
        Covariate("unit", "categorical", group="geological", classes={1: "marl", 2: "lime", 3: "clay", 4: "sand"}),
    )
    cells = np.stack([COL, COL + ROW, CLASSES], axis=1).astype(np.float32)
    codes = np.float32([1, 2, 3, 4])
    classings = [
        Classing(covariates[0], ("< 2", "≥ 2"), np.float32([2])),
        Classing(covariates[1], ("< 4", "≥ 4"), np.float32([4])),
        Classing(covariates[2], ("marl", "lime", "clay", "sand"), codes),
    ]
    areas = [np.array([40, 60]), np.array([40, 60]), np.array([40, 40, 20, 0])]
    return screen(cells[:, :3], cells, LANDSLIDES, classings, areas, 5.0)
