# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether what a task is given is what it declares: one sentence before any work. Standard library only."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from ...models.errors import HALF_LETTERS, EngineError
from ...models.recipe import Recipe
from .choices import BY_LANDSLIDES, CLASSIFICATIONS
from .parameters import FILES, GRID, KINDS, Parameter, task_parameters

# What was given is told up to so many characters.
_SHOWN = 60
# The CRS may be written out, with brackets of its own.
_POINT = re.compile(r"([^\s,;\[\]]+)\s*[,;]\s*([^\s,;\[\]]+)(?:\s*\[(.*)\])?", re.DOTALL)
# More points of a grid than this are a slip of the hand: each trains three networks.
MOST_POINTS = 500
# Rasters that may give the stack its grid where there is no DEM, besides those of classes.
READY_RASTERS = ("red", "nir", "extra_continuous", "extra_categorical")
# A network of more weights is no use on any data, and needs many GB to train; the usual one has 68 thousand.
MOST_WEIGHTS = 50_000_000
# For the size of a network before its covariates are known.
_CHANNELS = 30
# Between the types of a list; alone they name none.
SEPARATORS = " ,;"
# A zero byte, which no name of a file has, and half a letter.
_BROKEN = re.compile(f"[\0{HALF_LETTERS}]")


def checked(task: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's values in the order of its declaration, with defaults filled in.

    Parameters
    ----------
    task
        The name of a task.
    given
        Its values by keyword; one that is absent or None takes its default.

    Raises
    ------
    EngineError
        If a value is unknown, missing, of a wrong type, out of range or not among the choices, or does not go with another: what was
        given, and what is allowed.

    Examples
    --------
    >>> checked("sample_landscape", {"folder": "/tmp", "size": 128})["landslides"]
    1500
    >>> checked("sample_landscape", {"folder": "/tmp", "size": 12.5})
    Traceback (most recent call last):
    ...
    scarp.models.errors.EngineError: Cells per side (SIZE) must be a whole number from 64 to 20000; found 12.5.
    """
    declared = task_parameters(task)
    for name in given:
        if name not in declared:
            raise EngineError(f"The task {task} has no parameter {_shown(name)}; it has {', '.join(declared)}.")
    values = {key: checked_value(parameter, given.get(key)) for key, parameter in declared.items()}
    check_together(task, values)
    return values


def checked_value(parameter: Parameter, value: Any) -> Any:
    """Return a value of a parameter, or its default for None; raise EngineError if it is not allowed."""
    nothing = value is None or (value == "" and parameter.kind not in ("choice", "choices"))
    if nothing and not parameter.required:
        return list(parameter.default) if isinstance(parameter.default, list) else parameter.default
    if nothing:
        raise EngineError(f"{parameter.title} ({parameter.id}) is missing; it must be {allowed(parameter)}.")
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    if any(isinstance(each, str) and _BROKEN.search(each) for each in texts) or not _is_allowed(parameter, value):
        raise EngineError(f"{parameter.title} ({parameter.id}) must be {allowed(parameter)}; found {_shown(value)}.")
    return int(value) if parameter.kind in ("integer", "band") else value


def allowed(parameter: Parameter) -> str:
    """Return what a parameter may be, in words.

    >>> allowed(task_parameters("train_cnn_dnn")["patch_size"])
    'an odd whole number from 1 to 101 cells'
    """
    kind = parameter.kind
    if kind == "choice" and parameter.table:
        return f"one of {', '.join(parameter.table)}"
    if kind == "choices" and parameter.table:
        return f"a list of some of {', '.join(parameter.table)}"
    if parameter.least is None:
        return KINDS[kind]
    low, high = (plain(each) if each is not None else None for each in (parameter.least, parameter.most))
    unit = f" {parameter.unit}" if parameter.unit else ""
    several = {"integers": ", separated by commas", "numbers": ", separated by commas (0.2, 0.4) or semicolons (0,2; 0,4)"}.get(kind, "")
    what = KINDS[kind].replace("a whole", "an odd whole") if parameter.odd else KINDS[kind]
    return f"{what} from {low} to {high}{unit}{several}" if high else f"{what} of {low}{unit} or more{several}"


def numbers(text: str | list[Any]) -> list[Any]:
    """Return the numbers of a list, or of text that separates them by commas or semicolons; raise ValueError if one is none.

    Between semicolons, where there is no point, a comma is a decimal one.

    >>> numbers("0.2; 0.4, 1")
    [0.2, 0.4, 1]
    >>> numbers("0,2; 0,4")
    [0.2, 0.4]
    """
    if not isinstance(text, str):
        return list(text)
    if ";" in text and "." not in text:
        text = text.replace(",", ".")
    return [_number(word) for each in text.replace(";", ",").split(",") if (word := each.strip())]


def point(text: str) -> tuple[float, float, str] | None:
    """Return easting, northing and CRS (empty where it is not told) of a point as QGIS writes it; None if it is none.

    >>> point("512000.5,3600000 [EPSG:32639]"), point("12.5, 47"), point("somewhere")
    ((512000.5, 3600000.0, 'EPSG:32639'), (12.5, 47.0, ''), None)
    """
    found = _POINT.fullmatch(text.strip())
    try:
        x, y = (float(found[1]), float(found[2])) if found else (math.nan, math.nan)
    except ValueError:
        return None
    return (x, y, (found[3] or "").strip()) if found and math.isfinite(x) and math.isfinite(y) else None


def plain(number: float) -> str:
    """Return a number as people write it.

    >>> plain(2.0), plain(1e-6), plain(2147483647)
    ('2', '1e-06', '2147483647')
    """
    return str(int(number)) if float(number).is_integer() else f"{number:.10g}"


def check_together(task: str, values: Mapping[str, Any]) -> None:
    """Raise EngineError if values that are allowed alone do not go together."""
    for relation in RELATIONS.get(task, ()):
        relation(values)


def _number(word: str) -> float:
    try:
        return int(word)
    except ValueError:
        return float(word)


def _is_allowed(parameter: Parameter, value: Any) -> bool:
    kind = parameter.kind
    if kind in ("integer", "number", "distance", "band"):
        return _is_in_range(parameter, value, whole=kind in ("integer", "band"))
    if kind in ("integers", "numbers"):
        return _are_in_range(parameter, value)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "choice":
        return isinstance(value, str) and value in (parameter.table or {})
    if kind == "choices":
        return isinstance(value, (list, tuple)) and all(isinstance(each, str) and each in (parameter.table or {}) for each in value)
    if kind in ("rasters", "sources"):
        return isinstance(value, (list, tuple)) and all(isinstance(each, str) and each for each in value)
    if kind == "date":
        return isinstance(value, str) and _is_date(value)
    if kind == "point":
        return isinstance(value, str) and point(value) is not None
    return isinstance(value, str)


def _is_in_range(parameter: Parameter, value: Any, *, whole: bool) -> bool:
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        number = float(value)
    except OverflowError:
        return False
    low = -math.inf if parameter.least is None else parameter.least
    high = math.inf if parameter.most is None else parameter.most
    if not math.isfinite(number) or (whole and not number.is_integer()):
        return False
    return low <= number <= high and not (parameter.odd and int(number) % 2 == 0)


def _are_in_range(parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, (str, list, tuple)):
        return False
    try:
        found = numbers(list(value) if isinstance(value, tuple) else value)
    except ValueError:
        return False
    return bool(found) and all(_is_in_range(parameter, each, whole=parameter.kind == "integers") for each in found)


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text  # newer Pythons read 20210430 too
    except ValueError:
        return False


def _shown(value: Any) -> str:
    """Return a value as JSON has it, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _landslides_fit(values: Mapping[str, Any]) -> None:
    size, landslides = values["size"], values["landslides"]
    if landslides > size * size // 4:
        raise EngineError(
            f"Number of landslides (LANDSLIDES) must be at most {size * size // 4} on {size * size} cells, so that at most a quarter of "
            f"them slide; found {landslides}."
        )


def _bands_are_both_given(values: Mapping[str, Any]) -> None:
    if bool(values["red"]) != bool(values["nir"]):
        raise EngineError("NDVI needs both the red and the near-infrared band (RED and NIR); only one was given.")


def _a_grid_is_given(values: Mapping[str, Any]) -> None:
    if not any(values[each] for each in ("dem", "template", *READY_RASTERS, "geology", "land_use", "soil", "climate")):
        raise EngineError(
            "Elevation (DEM) is missing; give it, or ready rasters as further continuous or categorical rasters (EXTRA_CONTINUOUS, "
            "EXTRA_CATEGORICAL), or a raster whose grid the stack gets (TEMPLATE)."
        )


def _something_is_computed(values: Mapping[str, Any]) -> None:
    inputs = [each for each in task_parameters("prepare_covariates").values() if each.kind in FILES and each.optional]
    layers = [each for each in inputs if each.key not in ("area", "dem", "template")]
    if not (values["terrain"] and values["dem"]) and not any(values[each.key] for each in layers):
        raise EngineError(
            "Covariates from the DEM (TERRAIN) must be at least one where no layer is given that makes a covariate; found none."
        )


def _dates_are_told(values: Mapping[str, Any]) -> None:
    if values["validation"] == "temporal" and not values["date_field"]:
        raise EngineError("The temporal validation needs the field that holds the landslides’ dates (DATE_FIELD).")


def _breaks_rise(values: Mapping[str, Any]) -> None:
    if values["method"] != "manual":
        return
    found = numbers(values["breaks"] or [])
    if not found or sorted(set(found)) != found or found[0] <= 0 or found[-1] >= 1:
        raise EngineError(
            f"Manual breaks (BREAKS) must rise and lie between 0 and 1, such as 0.2, 0.4 or 0,2; 0,4; found {_shown(values['breaks'])}."
        )


def _stability_breaks_rise(values: Mapping[str, Any]) -> None:
    found = numbers(values["stability_breaks"])
    if sorted(set(found)) != found:
        raise EngineError(
            f"Breaks of class stability (STABILITY_BREAKS) must rise, such as 0.2, 0.4; found {_shown(values['stability_breaks'])}."
        )
    if values["dropout_passes"] and not values["uncertainty"]:
        raise EngineError("Passes of dropout (DROPOUT_PASSES) are for the uncertainty (UNCERTAINTY): ask for it too, or leave them at 0.")
    if values["outside"] and not values["applicability"]:
        raise EngineError("The polygons outside (OUTSIDE) are those of the area of applicability (APPLICABILITY): ask for it too.")


def _landslides_find_breaks(values: Mapping[str, Any]) -> None:
    method = values["method"]
    if method in BY_LANDSLIDES and not values["inventory"]:
        raise EngineError(f"The method (METHOD) “{CLASSIFICATIONS[method]}” finds breaks by landslides; give an inventory (INVENTORY).")
    if values["shares"] and method != "landslide_shares":
        raise EngineError(
            f"Shares of landslides (SHARES) are for the method “{CLASSIFICATIONS['landslide_shares']}”; choose it, or leave them empty."
        )


def _own_breaks_rise(values: Mapping[str, Any]) -> None:
    found = numbers(values["breaks"] or [])
    if values["method"] == "manual" and (not found or sorted(set(found)) != found):
        raise EngineError(f"Manual breaks (BREAKS) must rise, such as 1, 2.5, 4; found {_shown(values['breaks'])}.")
    if values["method"] != "manual" and found:
        raise EngineError("Breaks (BREAKS) are given, and the method (METHOD) is not “manual”; choose it, or leave them empty.")


def _types_have_a_field(values: Mapping[str, Any]) -> None:
    if (values["types"] or "").strip(SEPARATORS) and not values["type_field"]:
        raise EngineError("Types of movement (TYPES) are named, and no field that tells them (TYPE_FIELD); name it too.")


def _second_map_is_given(values: Mapping[str, Any]) -> None:
    if values["difference"] and not values["susceptibility_2"]:
        raise EngineError("The difference of the maps (DIFFERENCE) needs a second map (SUSCEPTIBILITY_2).")
    if values["split_date"] and not values["date_field"]:
        raise EngineError("Later landslides (SPLIT_DATE) are told by the field that holds the landslides’ dates (DATE_FIELD); name it.")
    if values["zone_field"] and not values["zones"]:
        raise EngineError("A field of sub-areas (ZONE_FIELD) is named, and no sub-areas (ZONES) are given.")


def _network_is_of_use(values: Mapping[str, Any]) -> None:
    grid = {name: numbers(values[key]) if values["tune"] else [] for key, name in GRID.items()}
    largest = {name: max([values[name], *grid[name]]) for name in ("units", "hidden_layers")}
    recipe = Recipe(values["patch_size"], values["filters"], largest["hidden_layers"], largest["units"])
    weights = sum(math.prod(shape) for shape in recipe.architecture(_CHANNELS).shapes.values())
    if weights > MOST_WEIGHTS:
        raise EngineError(
            f"Patch size (PATCH_SIZE) {recipe.patch_size}, Filters (FILTERS) {recipe.filters} and Units (UNITS) {recipe.units} make a "
            f"network of {weights / 1e6:,.0f} million weights, and at most {MOST_WEIGHTS / 1e6:.0f} million are allowed; lower one of them."
        )
    points = math.prod(len(each) for each in grid.values())
    if points > MOST_POINTS:
        raise EngineError(f"The search (TUNE) has {points:,} points, and at most {MOST_POINTS} are allowed; try fewer.")


def _one_relief_is_given(values: Mapping[str, Any]) -> None:
    if values["hillshade"] and values["dem"]:
        raise EngineError("A hillshade (HILLSHADE) and elevations (DEM) are both given, and the map shows one of them; leave one out.")


def _words_fit_on_paper(values: Mapping[str, Any]) -> None:
    for key, what, most in (("title", "The title (TITLE)", 80), ("note", "The note (NOTE)", 260)):
        length = len(values[key] or "")
        if length > most:
            raise EngineError(f"{what} has {length} letters, and {most} fit on the paper; shorten it.")


def _a_project_is_given(values: Mapping[str, Any]) -> None:
    if not any(values[each] for each in ("folder", "susceptibility", "model")):
        raise EngineError("A folder (FOLDER), a susceptibility map (SUSCEPTIBILITY) or a model file (MODEL) must be given; found none.")


# What must hold between the parameters of a task.
RELATIONS: dict[str, tuple[Callable[[Mapping[str, Any]], None], ...]] = {
    "sample_landscape": (_landslides_fit,),
    "prepare_covariates": (_a_grid_is_given, _bands_are_both_given, _something_is_computed),
    "sample_cells": (_types_have_a_field,),
    "screen_covariates": (_types_have_a_field,),
    "train_cnn_dnn": (_network_is_of_use, _types_have_a_field),
    "benchmark_classifiers": (_dates_are_told, _types_have_a_field),
    "explain_model": (_types_have_a_field,),
    "map_susceptibility": (_stability_breaks_rise,),
    "classify_susceptibility": (_breaks_rise, _landslides_find_breaks, _types_have_a_field),
    "print_map": (_one_relief_is_given, _words_fit_on_paper),
    "project_report": (_a_project_is_given,),
    "validate_map": (_own_breaks_rise, _second_map_is_given, _types_have_a_field),
}
