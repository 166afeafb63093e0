# SPDX-License-Identifier: GPL-2.0-or-later
"""A fault of QGIS's batch dialog, kept away from who runs Scarp's algorithms."""

from __future__ import annotations

import time
from typing import Any

from processing.core.ProcessingResults import ProcessingResults, resultsList


def take_reports_without_time() -> None:
    """Let the results viewer take a report that comes without its time, as from the batch dialog of QGIS 3.40.

    There `BatchAlgorithmDialog.loadHtmlResults` leaves out the argument `timestamp`, so that every batch run of an algorithm with a report
    ends in a box with a Python error, though all went well.
    """

    def add(icon: Any, name: str, timestamp: Any = None, result: str = "") -> None:
        ProcessingResults.addResult(resultsList, icon, name, timestamp or time.localtime(), result)

    resultsList.addResult = add


def as_before() -> None:
    """Take that away again."""
    vars(resultsList).pop("addResult", None)
