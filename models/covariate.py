# SPDX-License-Identifier: GPL-2.0-or-later
"""The description of one covariate, as the stack carries it and a model remembers it. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = ("continuous", "circular", "categorical")
# Shares of the training cells up to which a model file tells a continuous covariate, from the least to the greatest value.
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True)
class Covariate:
    """One band of a covariate stack.

    `classes` maps the codes of a categorical covariate to names. A circular covariate is in degrees clockwise from north;
    -1 stands for flat ground, which has no direction. `codes` maps those codes that stand for longer ones to these.
    """

    name: str
    kind: str = "continuous"
    unit: str = ""
    group: str = "extra"
    source: str = ""
    classes: Mapping[int, str] = field(default_factory=dict)
    codes: Mapping[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"Kind {self.kind!r} of covariate {self.name!r} is none of {', '.join(KINDS)}")

    def is_named(self, code: int) -> bool:
        """Tell whether a class has a name of its own, rather than its code for want of one.

        Examples
        --------
        >>> rock = Covariate("rock", "categorical", classes={1: "marl", 2: "2", 9: "110000007"}, codes={9: 110_000_007})
        >>> [rock.is_named(code) for code in rock.classes]
        [True, False, False]
        """
        return code in self.classes and self.classes[code] != str(self.codes.get(code, code))

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "unit": self.unit,
            "group": self.group,
            "source": self.source,
            "classes": {str(code): name for code, name in self.classes.items()},
            **({"codes": {str(code): own for code, own in self.codes.items()}} if self.codes else {}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Covariate:
        """Return the covariate that `to_json` described."""
        classes = {int(code): str(name) for code, name in values.get("classes", {}).items()}
        codes = {int(code): int(own) for code, own in values.get("codes", {}).items()}
        return cls(**{**values, "classes": classes, "codes": codes})
