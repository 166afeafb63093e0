# SPDX-License-Identifier: GPL-2.0-or-later
"""The algorithms, in the order of the work."""

from __future__ import annotations

from .install_engine import InstallEngine
from .sample_landscape import SampleLandscape

ALGORITHMS = (
    SampleLandscape,
    InstallEngine,
)
