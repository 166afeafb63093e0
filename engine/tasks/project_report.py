# SPDX-License-Identifier: GPL-2.0-or-later
"""Task: tell all of a project on one page."""

from __future__ import annotations

import time
from typing import Any

from ..feedback import Feedback
from ..files.manifest import write_manifests
from ..files.outputs import check_writable
from ..project.found import MADE_BY, find_project
from ..project.gather import gather
from ..project.report import make_report, summary
from ..project.statement import reliability_of
from . import task


@task
def run(
    feedback: Feedback,
    *,
    folder: str | None,
    title: str,
    author: str | None,
    purpose: str | None,
    completeness: str | None,
    inventory: str | None,
    type_field: str | None,
    date_field: str | None,
    position_error: float | None,
    repeats: int,
    seed: int,
    susceptibility: str | None,
    covariates: str | None,
    classes: str | None,
    uncertainty: str | None,
    applicability: str | None,
    model: str | None,
    samples: str | None,
    screening: str | None,
    benchmark: str | None,
    class_table: str | None,
    validation: str | None,
    explanation: str | None,
    report: str,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """Write the page."""
    started = time.monotonic()
    check_writable(report)
    feedback.status("Looking what belongs together")
    project = find_project(folder, {part: asked.get(part) for part in MADE_BY}, inventory, feedback)
    for sentence in project.notes:
        feedback.warning(sentence)
    feedback.progress(5)
    texts = {"title": title, "author": author or "", "purpose": purpose or "", "completeness": completeness or ""}
    moving = position_error, repeats, seed
    facts = gather(project, texts, (type_field, date_field), moving, feedback.part(5, 95))
    feedback.status("Writing the page")
    make_report(facts).write(report)
    evidence = facts.evidence
    reliability = reliability_of(evidence).word if evidence else "not assessed"
    results = {"files": project.files, "reliability": reliability}
    used = {"position_error": facts.moved.distance_m} if facts.moved else {}
    write_manifests([report], "project_report", asked, time.monotonic() - started, results=results, used=used)
    feedback.message(summary(facts))
    feedback.progress(100)
    return {"report": report, "reliability": reliability}
