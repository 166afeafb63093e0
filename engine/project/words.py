# SPDX-License-Identifier: GPL-2.0-or-later
"""Sentences of a project's report that others may copy: the limits, and the methods paragraph."""

from __future__ import annotations

from ...models.cnn_dnn import CnnDnn
from ...models.model_file import Model
from ..declarations.covariates import spoken
from ..environment import scarp_version
from ..feedback import counted
from ..files.grid import Grid
from ..reporting.numbers import cell_size, number, with_interval
from ..reporting.page import listed
from .gather import Facts, Tested
from .landslides import UNTOLD
from .statement import FEW_TESTED, MUCH_OUTSIDE_PERCENT

_BREIMAN = "Breiman, L. (2001). Random forests. Machine Learning 45, 5–32."


def system_of(grid: Grid) -> str:
    """Return a grid's coordinate reference system in words, with its code where it has one."""
    system = grid.spatial_reference
    code = system.GetAuthorityCode(None)
    return f"{system.GetName()} ({system.GetAuthorityName(None)}:{code})" if code else str(system.GetName())


def inside(name: str) -> str:
    """Return a name as it stands inside a sentence.

    >>> inside("Distance to faults"), inside("NDVI")
    ('distance to faults', 'NDVI')
    """
    return name if name.isupper() else f"{name[:1].lower()}{name[1:]}"


def adapted_for(model: Model) -> int | None:
    """Return for how many epochs a model of another area was trained on; None where it was not."""
    told = model.manifest.get("adapted_from")
    epochs = told.get("epochs") if isinstance(told, dict) else None
    return epochs if isinstance(epochs, int) and epochs > 0 else None


def tested_in_words(best: Tested) -> str:
    """Return the AUC of a test, and where it is to be expected, in the words of the training report."""
    nan = float("nan")
    known = best.low is not None and best.high is not None
    auc = with_interval(best.auc, best.low if known else nan, best.high if known else nan) if known else number(best.auc)
    name = inside(best.name)
    how = f" {best.how}" if best.how else ""
    return f"By {name} the area under the ROC curve (AUC) is {auc}; that is what to expect {best.where}.{how}"


def limits(facts: Facts) -> list[str]:
    """Return what the map does not say, the general first, then what was found lacking here."""
    found = [
        "The map ranks ground by how like it is to ground that slid. It says nothing of when, how large, how fast or how far, and a "
        "low class is "
        "no promise that ground stays.",
        "It shows the ground that landslides of the inventory cover, or where they begin, as they were mapped; the ground that they "
        "run over "
        "below is not mapped.",
        "What happened before the covariates were surveyed, or happens after (roads, clearings, fires, another climate), is not in it. It "
        "replaces no investigation of a site.",
    ]
    return [*found, *_limits_of_inventory(facts), *_limits_of_tests(facts)]


def _limits_of_inventory(facts: Facts) -> list[str]:
    inventory, found = facts.inventory, []
    if facts.of_type:
        found.append(f"It is for landslides of the type {facts.of_type} alone; of others it says nothing.")
    if inventory is None:
        found.append("The quality of the inventory is not known.")
    else:
        if not (inventory.types or facts.of_type):
            found.append("Kinds of movement are not told, so slides, flows and falls may be mixed, which go by different things.")
        if not inventory.period:
            found.append("The period of the inventory is not told, so no rate can be had from it.")
        if inventory.copies:
            found.append(f"The inventory holds {counted(inventory.copies, 'feature')} twice, which count once.")
    if not facts.texts["completeness"]:
        found.append(
            "How complete the inventory is, is not told: where nobody looked, ground without mapped landslides is no ground without "
            "landslides."
        )
    if facts.moved is None:
        found.append("What a positional error of the landslides would do to the figures was not looked at (POSITION_ERROR).")
    elif not facts.is_error_told:
        found.append("How far landslides may lie from where they are mapped is not told (POSITION_ERROR).")
    return found


def _limits_of_tests(facts: Facts) -> list[str]:
    found = []
    if not facts.tests:
        found.append("No test on landslides that took no part in the model was found, so nothing tells how well the map predicts.")
    elif facts.tests[0].kind in ("random", "test"):
        found.append("The test lies among the landslides of the training; away from mapped landslides expect less.")
    elif facts.tests[0].kind == "spatial":
        found.append("The test lies beside the landslides of the training; of a part of the area without mapped landslides expect less.")
    tested = facts.tests[0].landslides if facts.tests else None
    if tested is not None and tested < FEW_TESTED:
        found.append(f"The test goes by {tested} landslides; its interval tells how uncertain it is.")
    if facts.outside_percent is None:
        found.append("Where the ground is unlike that of the training was not looked at (APPLICABILITY of “Map susceptibility”).")
    elif facts.outside_percent > MUCH_OUTSIDE_PERCENT:
        found.append(f"On {facts.outside_percent:.0f} % of the area the model was asked of ground unlike any it knows.")
    return found


def methods(facts: Facts) -> str:
    """Return the methods paragraph: what was done, with the numbers of this project and citations."""
    said = [_what(facts), _inventory(facts), _factors(facts), _samples(facts), _model(facts), _tests(facts), _classes(facts), _trust(facts)]
    return " ".join(each for each in said if each)


def methods_references(facts: Facts) -> list[str]:
    """Return the references that the methods paragraph cites beside those of the report."""
    model = facts.model
    return [_BREIMAN] if isinstance(model, CnnDnn) and model.trees else []


def _what(facts: Facts) -> str:
    run = facts.project.run("susceptibility") or facts.project.run("model")
    version = run.scarp if run and run.scarp else scarp_version()
    if facts.grid is None or facts.area_km2 is None:
        return f"Landslide susceptibility was modelled with Scarp {version}."
    kind = f" to landslides of the type {facts.of_type}" if facts.of_type else ""
    size = cell_size(*facts.grid.cell_size_m)
    return (
        f"Landslide susceptibility{kind} was mapped for {facts.area_km2:,.4g} km² ({facts.cells or 0:,} cells of {size}, "
        f"{system_of(facts.grid)}) with Scarp {version}, a QGIS plugin."
    )


def _inventory(facts: Facts) -> str:
    found = facts.inventory
    if found is None:
        return ""
    slides = found.slides
    text = f"The inventory has {counted(slides.as_mapped)} on the map, mapped as {'polygons' if found.are_polygons else 'points'}"
    if found.period:
        text += f" and dated {found.period}"
    if found.types:
        kinds = [f"{name} ({count:,})" for name, count in found.types.items() if name != UNTOLD]
        untold = [f"not told of {found.types[UNTOLD]:,}"] if UNTOLD in found.types else []
        text += f"; kinds of movement: {listed([*kinds[:5], *['others'] * (len(kinds) > 5), *untold])}"
    if slides.count < slides.as_mapped:
        text += f"; those that share cells count as one, {slides.count:,} in all"
    return f"{text}."


def _factors(facts: Facts) -> str:
    covariates = facts.model.covariates if facts.model else facts.stack.covariates if facts.stack else ()
    if not covariates:
        return ""
    names = [spoken(each.name) for each in covariates]
    text = f"{len(names)} conditioning factors were used: {listed(names)}."
    rows = facts.tables.get("screening")
    vifs = [
        row["vif"]
        for row in rows or []
        if isinstance(row.get("vif"), (int, float)) and row["covariate"] in {each.name for each in covariates}
    ]
    return f"{text} The variance inflation factors of those are at most {number(float(max(vifs)))}." if vifs else text


def _samples(facts: Facts) -> str:
    told = [
        f"{pair[0]:,} landslide and {pair[1]:,} non-landslide cells for {'the ' if name == 'test' else ''}{name}"
        for name, pair in facts.counts.items()
        if sum(pair)
    ]
    if not told:
        return ""
    return f"The sample has {listed(told)}; the cells of one landslide were never divided between parts."


def _model(facts: Facts) -> str:
    model = facts.model
    if model is None:
        return ""
    if not isinstance(model, CnnDnn):
        return f"The classifier is {model.name}."
    size, members = model.architecture.patch_size_px, len(model.members)
    of = f"the mean of {members} networks" if members > 1 else "that of one network"
    text = (
        f"The classifier is a coupled convolutional and dense neural network after Azarafza et al. (2021), which reads patches of "
        f"{size} × {size} "
        f"cells and the cell's own covariates; susceptibility is {of}"
    )
    if model.trees:
        text += f" and, with a weight of {1 - model.share:.2f}, of a random forest (Breiman 2001) on the cell's own covariates"
    if epochs := adapted_for(model):
        text += f". It was trained in another area, and trained on for {epochs} epochs on landslides of this one"
    tried = facts.project.result("model", "tried", int, 0)
    return f"{text}.{f' Hyper-parameters were chosen among {tried} candidates on folds inside the training cells.' if tried else ''}"


def _tests(facts: Facts) -> str:
    if not facts.tests:
        return ""
    told = []
    for each in facts.tests:
        known = each.low is not None and each.high is not None
        told.append(f"{inside(each.name)}: {with_interval(each.auc, each.low, each.high) if known else number(each.auc)}")
    how = f" {facts.tests[0].how}" if facts.tests[0].how else ""
    return f"The area under the ROC curve is, by {'; by '.join(told)} (intervals after Obuchowski 1997).{how}"


def _classes(facts: Facts) -> str:
    rows = facts.classes
    if not rows:
        return ""
    run = facts.project.run("classes")
    method = run.settings.get("Method", "") if run else ""
    text = f"The map was divided into {len(rows)} classes{f' ({inside(method)})' if method else ''}"
    high = rows[-2:]
    shares = [row.get("percent_of_landslides", row.get("landslide_percent")) for row in high]
    if len(rows) > 2 and all(isinstance(each, (int, float)) for each in shares):
        area = sum(float(row["share_percent"]) for row in high)
        held = sum(float(each) for each in shares if each is not None)
        its = " that it was made from" if facts.project.is_counted_learnt else ""
        text += f"; the two highest hold {held:.0f} % of the landslides{its} on {area:.0f} % of the area"
    return f"{text}."


def _trust(facts: Facts) -> str:
    if facts.outside_percent is None:
        return ""
    return f"{facts.outside_percent:.1f} % of the area lie outside the area of applicability (Meyer & Pebesma 2021)."
