# SPDX-License-Identifier: GPL-2.0-or-later
"""The error for the user to read, raised by models and engine alike. Standard library only."""

from __future__ import annotations

from typing import Any

# Halves of letters (lone surrogates), which no file, no page and no sheet can take; for between the brackets of a pattern.
HALF_LETTERS = r"\ud800-\udfff"


class EngineError(Exception):
    """One sentence or two: what was found, what was expected, what to do.

    It defines no behaviour of its own: the worker shows its text alone, where any other error shows a traceback in the log.
    """


class DivergedError(EngineError):
    """A training that came to nothing; whoever trains several may go on without it."""


def short(value: Any, most: int = 60) -> str:
    """Return what was found in a file for a sentence: text that can be printed, and no more of it than `most` letters.

    Examples
    --------
    >>> from scarp.models.errors import short
    >>> short("marl"), short([1, {"a": None}]), short("z" * 1000, 8), short(OSError("not there"))
    ("'marl'", '[…]', "'zzzzzz…", 'not there')
    """
    if isinstance(value, (list, dict)):  # their own texts may be as large as the file
        text = "[…]" if isinstance(value, list) else "{…}"
    elif isinstance(value, BaseException):
        text = " ".join("".join(letter if letter.isprintable() else " " for letter in str(value)[: 4 * most]).split())
    else:
        text = repr(value[: 2 * most] if isinstance(value, (str, bytes)) else value)
    return text if len(text) <= most else text[: most - 1] + "…"


def numbers(found: Any) -> Any:
    """Return what a model says of valid cells, an array 0 to 1 of any shape; raise EngineError where it is no number.

    A map would show such cells as if a covariate were missing there.
    """
    if not ((found >= 0) & (found <= 1)).all():
        raise EngineError("The model gives no susceptibility for cells that have all covariates: it is damaged, so train it anew.")
    return found
