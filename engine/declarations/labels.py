# SPDX-License-Identifier: GPL-2.0-or-later
"""A task's values as people read them, for reports and run manifests. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

from .checks import plain
from .parameters import FILES, Parameter, task_parameters
from .source import Source, without_password


def settings(task: str, values: Mapping[str, Any], used: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return title and readable value of what was chosen: all parameters that are no files, in the order of the dialog.

    Parameters
    ----------
    values
        What was asked for, by keyword.
    used
        What the run took, by keyword, where it was left to it.

    Examples
    --------
    >>> settings("sample_landscape", {"size": 512, "cell_size": 30.0})
    {'Cells per side': '512', 'Cell size': '30 m'}
    >>> settings("explain_model", {"block_size": 0.0}), settings("explain_model", {"block_size": 0.0}, {"block_size": 720.0})
    ({'Block size': 'automatic'}, {'Block size': '720 m (automatic)'})
    """
    declared, took = task_parameters(task).items(), used or {}
    return {each.title: readable(each, values[key], took.get(key)) for key, each in declared if key in values and each.kind not in FILES}


def inputs(task: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return title and file of what was read.

    >>> inputs("map_susceptibility", {"covariates": "stack.tif", "model": "m.scarp", "output": "map.tif"})
    {'Covariate stack': 'stack.tif', 'Model file': 'm.scarp'}
    """
    declared = task_parameters(task)
    return {declared[key].title: readable(declared[key], value) for key, value in read_by(task, values).items()}


def read_by(task: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was read by keyword: a layer or file as the task names it, or a list of them.

    >>> read_by("map_susceptibility", {"covariates": "stack.tif", "model": "m.scarp", "output": "map.tif"})
    {'covariates': 'stack.tif', 'model': 'm.scarp'}
    """
    declared = task_parameters(task).items()
    return {key: values[key] for key, each in declared if each.kind in FILES and not each.is_output and values.get(key)}


def chosen(task: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was chosen by keyword, as `settings` does for people."""
    declared = task_parameters(task)
    return {key: value for key, value in values.items() if declared[key].kind not in FILES}


def readable(parameter: Parameter, value: Any, used: Any = None) -> str:
    """Return a value as a person would write it: yes, Adam, 15 cells, automatic; a dash for none.

    What the run took where that was left to it, `used`, is told too.
    """
    if parameter.is_nothing(value):
        return parameter.nothing if used is None else f"{readable(parameter, used)} ({parameter.nothing})"
    if value is None or (isinstance(value, (str, list, tuple)) and not value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if parameter.table:
        return ", ".join(parameter.table[each] for each in ([value] if isinstance(value, str) else value))
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(float(each)) if isinstance(each, Real) else _text(parameter, each) for each in value)
    if isinstance(value, Real):
        return f"{plain(float(value))} {parameter.unit}".rstrip()
    return _text(parameter, value)


def _text(parameter: Parameter, value: Any) -> str:
    return without_password(str(Source.parse(value).lasting if parameter.kind in FILES and "|" in value else value))
