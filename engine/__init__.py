# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that computes; it runs in the worker process and never sees QGIS.

`ROOMS` is the one table of the folders, from the top: a room imports itself, rooms on lower levels and the files beside this one, never
its own level and never upwards. `test/test_architecture.py` holds it, and `docs/images/rooms.svg` is drawn from it.
"""

from __future__ import annotations

# Levels from the top; each room with the reason for its walls.
ROOMS: tuple[dict[str, str], ...] = (
    {
        "tasks": "one file a task: opens, calls, writes, and nothing else, so that what a run does can be read at one glance",
    },
    {
        "project": "one report of everything that was written on a map; reads what all others wrote, so nothing may need it",
    },
    {
        "explanation": "why a model says what it says; it fits models anew by the code of benchmark and training, so that it "
        "explains what they make",
    },
    {
        "screening": "which covariates to keep; reads stacks and breaks, and nothing that learns builds on its advice",
        "validation": "how good any map is; knows maps and landslides, and nothing of how a map came about, so that it flatters none",
        "adaptation": "how a model comes to serve another area; it trains by the code of training, and is tested against not adapting",
        "benchmark": "which classifier is best; it trains by the same code as everybody, so that none has an advantage",
    },
    {
        "learning": "the one way from labelled cells to a CNN–DNN; training, tuning, calibration and benchmark share it",
        "mapping": "what follows from a model or a map, cell by cell: windows of any size, breaks and classes",
        "covariates": "from layers to covariates; knows nothing of landslides, so that nothing of them can leak in",
        "landscape": "a landscape whose truth is known; used for trying and testing, so nothing else may need it",
    },
    {
        "samples": "who trains and who is tested: inventory, absences, splits and folds; the honesty of every figure rests here",
        "reporting": "pages, figures and metrics that look and round alike in every report",
    },
    {
        "files": "what is read and written: grids, stacks, layers, tables; whole or not at all",
    },
    {
        "declarations": "what QGIS reads too: parameters, covariates, choices; standard library only",
    },
)
