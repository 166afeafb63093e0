# SPDX-License-Identifier: GPL-2.0-or-later
"""One file an algorithm, called as its task is, with a class of the same name; in the order of the work."""

from __future__ import annotations

import importlib

from ..engine.declarations.parameters import TASKS
from .base import ScarpAlgorithm


def _algorithm(task: str) -> type[ScarpAlgorithm]:
    module = importlib.import_module(f".{task}", __package__)
    found: type[ScarpAlgorithm] = getattr(module, "".join(word.capitalize() for word in task.split("_")))
    return found


ALGORITHMS = tuple(_algorithm(task) for task in TASKS)
