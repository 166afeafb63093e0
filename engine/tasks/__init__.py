# SPDX-License-Identifier: GPL-2.0-or-later
"""One file a task, called as the task is in `declarations.parameters.TASKS`; its function `run` does the work."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ...models.recipe import Recipe
from ..declarations.checks import checked
from ..declarations.parameters import task_parameters
from ..feedback import Feedback


def task(run: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Make a task of a function: what it is given is checked, and defaults are filled in, before it does anything.

    The function takes `feedback` and, by keyword, each parameter that is declared for the task of its module. The hyper-parameters come as
    one `recipe`. Where it names `asked`, it also gets the values of all parameters by keyword, as the run manifest tells them.

    Raises
    ------
    EngineError
        When called with what the declaration does not allow.
    """
    name = run.__module__.rpartition(".")[2]
    wants_all = "asked" in inspect.signature(run).parameters

    @functools.wraps(run)
    def checked_run(feedback: Feedback, **given: Any) -> dict[str, Any]:
        values = checked(name, given)
        hyper = {key for key, each in task_parameters(name).items() if each.recipe}
        keywords = {key: value for key, value in values.items() if key not in hyper}
        if hyper:
            keywords["recipe"] = Recipe(**{key: values[key] for key in hyper})
        if wants_all:
            keywords["asked"] = values
        return run(feedback, **keywords)

    return checked_run
