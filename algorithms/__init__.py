# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithms, in the order of the work."""

from __future__ import annotations

from .benchmark_classifiers import BenchmarkClassifiers
from .classify_susceptibility import ClassifySusceptibility
from .install_engine import InstallEngine
from .map_susceptibility import MapSusceptibility
from .prepare_covariates import PrepareCovariates
from .sample_cells import SampleCells
from .sample_landscape import SampleLandscape
from .screen_covariates import ScreenCovariates
from .train_cnn_dnn import TrainCnnDnn

ALGORITHMS = (
    SampleLandscape,
    PrepareCovariates,
    SampleCells,
    ScreenCovariates,
    TrainCnnDnn,
    BenchmarkClassifiers,
    MapSusceptibility,
    ClassifySusceptibility,
    InstallEngine,
)
