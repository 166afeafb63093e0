# SPDX-License-Identifier: GPL-2.0-or-later
"""Types of movement: which landslides of an inventory are of those that a model is for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..declarations.checks import SEPARATORS
from ..declarations.choices import FEW_OF_TYPE
from ..errors import EngineError
from ..feedback import Feedback, counted

# So many types are told in a sentence.
_MOST_TOLD = 8


@dataclass(frozen=True)
class Types:
    """The types that are wanted, as text, and the field that tells them."""

    field: str
    wanted: str

    @classmethod
    def of(cls, field: str | None, wanted: str | None) -> Types | None:
        """Return what the parameters TYPE_FIELD and TYPES ask for; None where no field is named."""
        return cls(field, wanted or "") if field else None

    def among(self, values: np.ndarray, origin: np.ndarray, name: str, feedback: Feedback, few: bool = True) -> tuple[np.ndarray, str]:
        """Return which cells are of landslides of the wanted types, boolean (n,), and these types as the field has them most often.

        Types are compared as text, whatever their case: the code 1 is 1.0 and "1". Several are separated by semicolons, or by commas where
        no type has one in its name. A cell without a type is of none.

        Parameters
        ----------
        values
            What the field holds, (n,), object.
        origin
            The landslide of each cell, (n,).
        name
            What the inventory is called, for the message.
        few
            Whether to warn of few landslides, since a model is to learn from them.

        Raises
        ------
        EngineError
            If no type is asked for, or none of the landslides is of one that is.

        Examples
        --------
        >>> import numpy as np
        >>> from scarp.engine.feedback import Feedback
        >>> from scarp.engine.samples.types import Types
        >>> kinds = np.array(["Slide ", 2.0, "flow", None], object)
        >>> mask, told = Types("kind", "slide, 2").among(kinds, np.arange(4), "slides", Feedback())
        >>> mask.tolist(), told
        ([True, True, False, False], 'Slide, 2')
        """
        _, first = np.unique(origin, return_index=True)
        told = as_types(values, first)
        counts = Counter(str(each) for each in told[first])
        untyped = counts.pop("", 0)
        known = {_key(each) for each in counts}
        held = _listed(counts) or "no type at all"
        wanted = self._wanted(known)
        if not wanted:
            raise EngineError(f"The field {self.field!r} of the layer {name} holds {held}; say for which the model is to be (TYPES).")
        missing = [each for each in wanted if _key(each) not in known]
        if missing:
            raise EngineError(
                f"No landslide of the layer {name} is of the type {', '.join(map(repr, missing))} (TYPES); its field {self.field!r} holds "
                f"{held}."
            )
        keys = list(dict.fromkeys(map(_key, wanted)))
        of_type = ", ".join(next(each for each, _ in counts.most_common() if _key(each) == key) for key in keys)
        mask = np.array([_key(each) in keys for each in told], bool)
        others = Counter({each: count for each, count in counts.items() if _key(each) not in keys})
        count = len(np.unique(origin[mask]))
        aside = [f"{sum(others.values()):,} of other types ({_listed(others)})"] if others else []
        aside += [f"{untyped:,} without a type"] if untyped else []
        beside = f" {' and '.join(aside)} take no part, and their cells stand for no other ground." if aside else ""
        feedback.message(f"{counted(count)} of the layer {name} {'is' if count == 1 else 'are'} of the type {of_type}.{beside}")
        if few and count < FEW_OF_TYPE:
            feedback.warning(
                f"Only {count} landslide{'s are' if count != 1 else ' is'} of the type {of_type}, fewer than {FEW_OF_TYPE}: too few to "
                "tell its conditions from chance. Put it together with types alike (TYPES), or give a larger inventory."
            )
        return mask, of_type

    def _wanted(self, known: set[str]) -> list[str]:
        whole = " ".join(self.wanted.split())
        if _key(whole) in known:
            return [whole]
        parts = (each.strip(SEPARATORS) for each in whole.split(";" if ";" in whole.strip(SEPARATORS) else ","))
        return [each for each in parts if each]


def as_types(values: np.ndarray, among: np.ndarray | None = None) -> np.ndarray:
    """Return types as text, (n,) object, those that are alike as they are written most often (`among` some of them); empty for none.

    >>> import numpy as np
    >>> from scarp.engine.samples.types import as_types
    >>> as_types(np.array(["flow", "Flow ", "flow", 1, "1.0", 1.0, None], object)).tolist()
    ['flow', 'flow', 'flow', '1', '1', '1', '']
    """
    told = np.array([_text(value) for value in values.tolist()], object)
    spelt: dict[str, str] = {}
    for text, _ in Counter((told if among is None else told[among]).tolist()).most_common():
        spelt.setdefault(_key(text), text)
    return np.array([spelt.get(_key(text), text) for text in told], object)


def other_types(what: str, its: str, given: str) -> str:
    """Return a warning where a map or model for some types is asked about landslides of others; empty where all is well.

    >>> from scarp.engine.samples.types import other_types
    >>> other_types("map", "flow", "")
    'The map is for landslides of the type flow, and those given are of all types: choose them by their field (TYPE_FIELD).'
    >>> other_types("map", "flow", "flow"), other_types("map", "", "flow")
    ('', '')
    """
    if not its or set(its.casefold().split(", ")) == set(given.casefold().split(", ")):
        return ""
    those = f"of the type {given}" if given else "of all types"
    return f"The {what} is for landslides of the type {its}, and those given are {those}: choose them by their field (TYPE_FIELD)."


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else " ".join(str(value).split())


def _key(text: str) -> str:
    """Return what two ways to write a type have in common."""
    try:
        return f"{float(text):g}"
    except ValueError:
        return text.casefold()


def _listed(counts: Counter[str]) -> str:
    told = [f"{name} {count:,}" for name, count in counts.most_common(_MOST_TOLD)]
    return ", ".join(told) + (f" and {len(counts) - _MOST_TOLD:,} more types" if len(counts) > _MOST_TOLD else "")
