# SPDX-License-Identifier: GPL-2.0-or-later
"""The statement of type, level, scale and reliability that the JTC-1 guidelines ask for, by rules that are told with it.

Fell, R. et al. (2008), Engineering Geology 102, 85–98, ask that a zoning map says of which type, level and scale it is and how reliable.
They give the scales and the activities of each level; what a map must have here to be called so is this module's rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Half a millimetre on paper for a cell: what is smaller cannot be told apart (Tobler 1987; Hengl 2006).
_PER_METRE = 2000
# Scales of zoning maps by the greatest denominator, with the area that is typical of them in km² (Fell et al. 2008, their table of scales).
SCALES: tuple[tuple[float, str, float, float], ...] = (
    (5_000, "detailed (site specific)", 0.01, 50),
    (25_000, "large (local)", 10, 1000),
    (100_000, "medium (regional)", 1000, 10_000),
    (float("inf"), "small (national to regional)", 10_000, float("inf")),
)
RELIABILITIES = ("low", "moderate", "good")
# How much each way of testing lets a map be called: steps of `RELIABILITIES`.
_MOST = {"held_out": 2, "spatial": 2, "part": 2, "temporal": 2, "random": 1, "test": 1}
# Lower ends of the interval of the AUC for moderate and for good (Hosmer & Lemeshow 2000: acceptable from 0.7, excellent from 0.8).
ACCEPTABLE, EXCELLENT = 0.7, 0.8
# What lowers it by a step.
FEW_TESTED, MUCH_OUTSIDE_PERCENT, MUCH_FALL = 60, 10.0, 0.05
# Trees, networks and regressions all are statistical; what takes strength and water into account is another matter.
REFERENCES = (
    "Fell, R., Corominas, J., Bonnard, C., Cascini, L., Leroi, E., Savage, W. Z. (2008). Guidelines for landslide susceptibility, hazard "
    "and risk zoning for land-use planning. Engineering Geology 102, 85–98; commentary 99–111.",
    "Hengl, T. (2006). Finding the right pixel size. Computers & Geosciences 32, 1283–1298.",
    "Hosmer, D. W., Lemeshow, S. (2000). Applied logistic regression, 2nd ed. Wiley, New York.",
)


@dataclass(frozen=True)
class Evidence:
    """What was found of a project, as far as the statement goes by it; None for what was not looked at.

    Parameters
    ----------
    cell_m
        Side of a cell.
    area_km2
        What was mapped.
    landslides
        How many the inventory has on the map.
    has_types, has_sizes, has_dates
        Whether the inventory tells kinds of movement, outlines, and days.
    test
        How the model or map was tested, the most honest way: an id of `_MOST`, `success` for the landslides it was made from, or
        `unknown` where that is not known.
    auc_low
        The lower end of its 95 % interval.
    tested
        Landslides that took part in that test.
    outside_percent
        Share of the area outside the area of applicability.
    fall
        By how much the map's AUC falls if landslides lie elsewhere by their positional error; None where nobody told that.
    rises
        Whether landslides are denser in each class than in the one below it.
    """

    cell_m: float
    area_km2: float
    landslides: int | None = None
    has_types: bool = False
    has_sizes: bool = False
    has_dates: bool = False
    test: str | None = None
    auc_low: float | None = None
    tested: int | None = None
    outside_percent: float | None = None
    fall: float | None = None
    rises: bool | None = None


@dataclass(frozen=True)
class Verdict:
    """A word of the statement, and why."""

    word: str
    why: str


def scale_of(found: Evidence) -> Verdict:
    """Return the largest scale at which the map may be shown, and what zoning of this scale is called.

    >>> scale_of(Evidence(10.0, 120.0)).word
    'large (local): not larger than 1 : 20,000'
    """
    denominator = found.cell_m * _PER_METRE
    told = float(f"{denominator:.2g}")
    most, name, least_km2, most_km2 = next(each for each in SCALES if denominator <= each[0])
    del most
    why = f"A cell of {found.cell_m:,.4g} m is half a millimetre on paper at 1 : {told:,.0f}; enlarged beyond that, a map shows no more."
    if not least_km2 <= found.area_km2 <= most_km2:
        usual = f"{least_km2:,g} to {most_km2:,g} km²" if most_km2 != float("inf") else f"more than {least_km2:,g} km²"
        why += f" The area of {found.area_km2:,.4g} km² is not what zoning of this scale usually covers ({usual})."
    return Verdict(f"{name}: not larger than 1 : {told:,.0f}", why)


def level_of(found: Evidence) -> Verdict:
    """Return the level of the zoning: preliminary or intermediate; advanced is never claimed."""
    lacks = []
    if not found.landslides:
        lacks.append("an inventory")
    else:
        if not found.has_types:
            lacks.append("kinds of movement in the inventory")
        if not (found.has_sizes or found.has_dates):
            lacks.append("outlines or dates in the inventory")
    if found.test not in _MOST:
        lacks.append("a test on landslides that took no part in the model")
    never = "The advanced level is not claimed: it asks for the mechanics of slopes (strength, water), which no statistical model has."
    if lacks:
        verb = "is" if len(lacks) == 1 else "are"
        return Verdict("preliminary", f"For the intermediate level {verb} lacking: {'; '.join(lacks)}. {never}")
    return Verdict(
        "intermediate",
        "There are an inventory with kinds of movement and with outlines or dates, a statistical model, and a test on landslides that took "
        f"no part in it. {never}",
    )


def reliability_of(found: Evidence) -> Verdict:
    """Return how reliable the map is, by the way it was tested, the lower end of the AUC's interval, and what lowers it."""
    if found.test is None:
        return Verdict("not assessed", "No test of the model or of the map was found.")
    if found.test == "unknown":
        return Verdict("not assessed", "It is not known whether the map was made from the landslides that it was tested on.")
    if found.test == "success":
        return Verdict(
            "not assessed", "Only the landslides that the map was made from test it: that is how well it fits, not how reliable it is."
        )
    step = _MOST[found.test]
    why = [_TEST_WORDS[found.test]]
    if found.auc_low is None:
        step = 0
        why.append("the AUC has no interval")
    else:
        bound = 2 if found.auc_low >= EXCELLENT else 1 if found.auc_low >= ACCEPTABLE else 0
        step = min(step, bound)
        why.append(
            f"the lower end of the 95 % interval of the AUC is {found.auc_low:.3f} (moderate from {ACCEPTABLE}, good from {EXCELLENT})"
        )
    lowers = [
        (found.tested is not None and found.tested < FEW_TESTED, f"{found.tested} landslides were tested, fewer than {FEW_TESTED}"),
        (
            found.outside_percent is not None and found.outside_percent > MUCH_OUTSIDE_PERCENT,
            f"{found.outside_percent or 0:.1f} % of the area lie outside the area of applicability, more than {MUCH_OUTSIDE_PERCENT:.0f} %",
        ),
        (
            found.fall is not None and found.fall > MUCH_FALL,
            f"the AUC falls by {found.fall or 0:.3f} if landslides are moved by the positional error that was given",
        ),
        (found.rises is False, "landslides are less dense in a class than in the one below it"),
    ]
    reasons = [text for holds, text in lowers if holds]
    step = max(step - len(reasons), 0)
    sentence = f"{why[0]}; {why[1]}."
    if reasons:
        sentence += f" Lowered by a step each: {'; '.join(reasons)}."
    unseen = _not_known(found)
    if unseen:
        sentence += f" Not known, and so not counted: {', '.join(unseen)}."
    return Verdict(RELIABILITIES[step], sentence)


_TEST_WORDS = {
    "held_out": "Landslides of another inventory tested it (at most good)",
    "spatial": "Whole blocks of the area, beside those of the training, tested it (at most good)",
    "part": "Whole parts of the area tested it (at most good)",
    "temporal": "Later landslides tested it (at most good)",
    "random": "Landslides among those of the training tested it (at most moderate)",
    "test": "A part of the landslides, among those of the training, tested it (at most moderate)",
}


def _not_known(found: Evidence) -> Sequence[str]:
    looked = {
        "the area of applicability": found.outside_percent,
        "the positional error of landslides": found.fall,
        "density by class": found.rises,
    }
    return [name for name, value in looked.items() if value is None]


def statement(found: Evidence) -> list[tuple[str, str, str]]:
    """Return the rows of the statement: what it is of, the word for it, and why."""
    kind = Verdict(
        "susceptibility zoning",
        "The map ranks ground by how like it is to ground that slid; it says nothing of how often, how large or how far (hazard), "
        "nor of what "
        "is lost (risk).",
    )
    named = {"Type": kind, "Level": level_of(found), "Scale": scale_of(found), "Reliability": reliability_of(found)}
    return [(name, each.word, each.why) for name, each in named.items()]
