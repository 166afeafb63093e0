# SPDX-License-Identifier: GPL-2.0-or-later
"""Project report."""

from __future__ import annotations

from .base import ScarpAlgorithm


class ProjectReport(ScarpAlgorithm):
    """Tell all of a project on one page: what a guideline, a planner and a reviewer ask for."""

    ID = "projectreport"
    TITLE = "Project report"
    GROUP = "map"
    TAGS = (
        "project report summary documentation methods paragraph citation jtc-1 guidelines fell level scale reliability inventory quality "
        "positional error completeness limits html pdf print"
    )
    TASK = "project_report"
    HELP = (
        "Puts all of a project on one page that prints to a clean PDF: purpose and terms, area, the inventory and its quality, "
        "conditioning "
        "factors, sampling, model, validation, classes, uncertainty, area of applicability, explanation, limits, the statement of type, "
        "level, scale and reliability that the JTC-1 guidelines ask for, a methods paragraph to paste, citation, versions and every "
        "parameter.\n\n"
        "Give the folder in which the other algorithms wrote. Each left a run manifest (.run.json) beside its output, and by these "
        "the page "
        "takes what belongs to one map: its model, covariates, classes and so on. What has been written anew since is left out and named; "
        "what is missing is named with the algorithm that makes it. With several maps in the folder the newest is reported, unless one is "
        "given. Or give the files one by one."
    )
