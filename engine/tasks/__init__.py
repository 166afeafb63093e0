# SPDX-License-Identifier: GPL-2.0-or-later
"""One file a task, called as the task is in `declarations.parameters.TASKS`; its function `run` does the work."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...models.recipe import Recipe
from ..declarations.checks import checked
from ..declarations.outputs import check_outputs
from ..declarations.parameters import FILES, task_parameters
from ..feedback import Feedback
from ..files.outputs import one_set


def task(run: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Make a task of a function: what it is given is checked, and defaults are filled in, before it does anything.

    Its outputs are one set: all of them are written or none. Nothing is written that would replace an input, another output or another
    layer. The function takes `feedback` and, by keyword, each parameter that is declared for the task of its module. The
    hyper-parameters come as one `recipe`. Where it names `asked`, it also gets the values of all parameters by keyword, as the run
    manifest tells them.

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
        check_outputs(name, values, _inputs(name, values))
        _tell_large(name, values, feedback)
        hyper = {key for key, each in task_parameters(name).items() if each.recipe}
        keywords = {key: value for key, value in values.items() if key not in hyper}
        if hyper:
            keywords["recipe"] = Recipe(**{key: values[key] for key in hyper})
        if wants_all:
            keywords["asked"] = values
        with one_set(values[key] for key, each in task_parameters(name).items() if each.is_output and values.get(key)):
            return run(feedback, **keywords)

    return checked_run


def _inputs(name: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Path]]:
    """Yield the files that a task reads, those of mosaics and attributes too, each with the title of its parameter."""
    for title, kind, source in _sources(name, values):
        if kind == "file":
            yield title, Path(source)
            continue
        from ..files.manifest import files_of  # installing needs no GDAL
        from ..files.opening import parsed

        yield from ((title, file) for file in files_of(parsed(source).path))


def _tell_large(name: str, values: Mapping[str, Any], feedback: Feedback) -> None:
    """Warn of rasters that take long to read, before that begins: a small file may hold a large one."""
    for title, kind, source in _sources(name, values):
        if kind not in ("raster", "rasters"):
            continue
        from ..files.raster import large  # installing needs no GDAL

        if told := large(source):
            feedback.warning(f"{title}: {told}")


def _sources(name: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield what a task is given to read: the title of its parameter, the parameter's kind, and each file or layer."""
    for key, parameter in task_parameters(name).items():
        if parameter.kind in FILES and not parameter.is_output and values.get(key):
            for source in values[key] if isinstance(values[key], (list, tuple)) else [values[key]]:
                yield f"{parameter.title} ({parameter.id})", parameter.kind, source
