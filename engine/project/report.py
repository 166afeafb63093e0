# SPDX-License-Identifier: GPL-2.0-or-later
"""The report of a project: what a guideline and a reviewer ask for, from what the algorithms wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...models.cnn_dnn import CnnDnn
from ..declarations.choices import VALIDATIONS
from ..declarations.covariates import label_of, labels_of, spoken
from ..declarations.labels import settings
from ..declarations.parameters import task_parameters
from ..environment import scarp_version
from ..feedback import counted
from ..learning.report import PAPER
from ..mapping.trust import UNCERTAINTY_BREAKS
from ..mapping.zonation import falling
from ..reporting import figures, rates
from ..reporting.numbers import count, interval, number, percent, signed
from ..reporting.page import Report, citation, listed
from ..validation.assessment import FEW, WAYS
from ..validation.figures import density_by_class
from . import statement
from .gather import Facts, Tested
from .landslides import UNTOLD
from .runs import TITLES, Run, name_of
from .words import adapted_for, limits, methods, methods_references, system_of, tested_in_words

_TERMS = (
    "Susceptibility: how like ground is to ground that slid, from 0 to 1. It ranks places; it is no probability of a landslide in "
    "some time.",
    "Hazard: the probability that a landslide of some kind and size comes in some time and reaches some place. This project does "
    "not give it: "
    "it knows neither how often nor how large nor how far.",
    "Risk: what hazard does to people and things, by their number, value and vulnerability. This project does not give it.",
)
_REFERENCES = {
    "aoa": "Meyer, H., Pebesma, E. (2021). Predicting into unknown space? Estimating the area of applicability of spatial prediction "
    "models. Methods in Ecology and Evolution 12, 1620–1633.",
    "auc": "Obuchowski, N. A. (1997). Nonparametric analysis of clustered ROC curve data. Biometrics 53, 567–578.",
    "rates": rates.REFERENCE,
}
# A part of the model's parameters that the table of the section shows; all of them are at the end.
_SHOWN = (
    "patch_size",
    "filters",
    "hidden_layers",
    "units",
    "dropout",
    "members",
    "epochs",
    "optimizer",
    "learning_rate",
    "batch_size",
    "companion",
    "calibration",
)
# Kinds of movement that the table tells of; further ones are counted together.
_MOST_TYPES = 20


def make_report(facts: Facts) -> Report:
    """Return the report."""
    texts = facts.texts
    name = name_of(facts.project.files.get("susceptibility") or facts.project.files.get("model") or "")
    page = Report(texts["title"], f"{name}{'; ' + texts['author'] if texts['author'] else ''}")
    page.text(summary(facts), lead=True)
    if facts.project.notes:
        page.points(facts.project.notes)
    sections: Sequence[tuple[str, Callable[[Report, Facts], None]]] = (
        ("Purpose and terms", _purpose),
        ("Area and data", _area),
        ("Landslide inventory and its quality", _inventory),
        ("Conditioning factors", _factors),
        ("Sample cells", _samples),
        ("Model", _model),
        ("Validation", _validation),
        ("Susceptibility classes", _classes),
        ("Uncertainty", _uncertainty),
        ("Area of applicability", _applicability),
        ("What the model goes by", _explanation),
        ("Limits", _limits),
        ("Type, level, scale and reliability", _statement),
        ("Methods, ready to paste", _methods),
        ("Citation and versions", _versions),
        ("Every parameter", _parameters),
    )
    for heading, add in sections:
        page.section(heading)
        add(page, facts)
    page.section("References")
    page.references(_references(facts))
    return page


def summary(facts: Facts) -> str:
    """Return the main findings in a few sentences."""
    of = f" of {facts.area_km2:,.4g} km²" if facts.area_km2 else ""
    text = f"A landslide susceptibility map{of}." if "susceptibility" in facts.project.files else "A landslide susceptibility model."
    if facts.tests:
        text += f" {tested_in_words(facts.tests[0])}"
    elif facts.success:
        text += f" No test on landslides that took no part was found; the AUC of {number(facts.success.auc)} may only say how well it fits."
    else:
        text += " No test of it was found: how reliable it is, is not known."
    highest = facts.classes[-1] if facts.classes else None
    if highest and (share := highest.get("percent_of_landslides", highest.get("landslide_percent"))) is not None:
        its = ", those that the map was made from," if facts.project.is_counted_learnt else ""
        text += f" The class {highest['class']} holds {share:.0f} % of the landslides{its} on {highest['share_percent']:.0f} % of the area."
    if facts.outside_percent is not None:
        text += f" {facts.outside_percent:.1f} % of the area lie outside the model's area of applicability."
    return text


def _missing(page: Report, *tasks: str, what: str = "", where: str = "") -> None:
    """Tell that a section, or `what` of it, is missing, and what makes it."""
    start = f"{what} is not part of this project" if what else "Not part of this project"
    made = " or ".join(f"“{TITLES[task]}”" for task in tasks)
    page.text(f"{start}: made by {made}{f' where {where} is asked for' if where else ''}.")


def _purpose(page: Report, facts: Facts) -> None:
    page.text(facts.texts["purpose"] or "The purpose was not told (PURPOSE).")
    page.points(_TERMS)


def _area(page: Report, facts: Facts) -> None:
    if facts.grid is None:
        page.text("Neither a map nor covariates are part of this project, so area and cell size are not known.")
        return
    files = {
        "Susceptibility map": facts.project.files.get("susceptibility"),
        "Model file": facts.project.files.get("model"),
        "Covariate stack": facts.project.files.get("covariates"),
        "Landslide inventory": facts.project.inventory,
    }
    page.data(facts.grid, files, facts.cells)


def _inventory(page: Report, facts: Facts) -> None:
    found = facts.inventory
    said = facts.texts["completeness"]
    if found is None:
        why = " A map is needed to lay it over." if facts.project.inventory else ""
        page.text(f"The inventory is not part of this project: give it (INVENTORY), or the folder in which it lies beside the others.{why}")
        page.text(f"Completeness: {said}" if said else "Nothing was said of its completeness (COMPLETENESS).")
        return
    slides = found.slides
    density = f", {number(slides.as_mapped / facts.area_km2)} a km²" if facts.area_km2 else ""
    as_one = f"; those that share cells count as one elsewhere, {slides.count:,} in all" if slides.count < slides.as_mapped else ""
    copies = f"{found.copies:,} of {found.features:,} features have the geometry of one before"
    each = f", {number(slides.cells / slides.as_mapped)} a landslide" if found.are_polygons else ""
    told = [name for name in found.types or () if name != UNTOLD]
    kinds = f"{counted(len(told), 'kind')} told; see below" if found.types else "not told: no field was named (TYPE_FIELD)"
    undated = f"; {counted(found.undated)} without a date" if found.undated else ""
    period = f"{found.period}{undated}" if found.period else "not told: no field was named (DATE_FIELD)"
    page.table(
        ["Quality", "Found"],
        [
            ("Landslides on the map", f"{slides.as_mapped:,}{density}{as_one}"),
            ("Mapped as", "polygons" if found.are_polygons else "points"),
            ("Cells of landslides", f"{slides.cells:,}{each}"),
            ("Kinds of movement", kinds),
            ("The map is for", facts.of_type or "all kinds together"),
            ("Period", period),
            ("Completeness", said or "not told (COMPLETENESS)"),
            ("Duplicates", copies if found.copies else f"none: no two of {found.features:,} features have the same geometry"),
            (
                "Overlap",
                "none shares a cell with another one"
                if not found.sharing
                else f"{found.sharing:,} landslides lie on a cell that another one lies on too",
            ),
            ("Left out", " ".join(found.left_out) or "none"),
        ],
        "The inventory, as far as the file and its fields tell.",
    )
    if found.types:
        rare = told[_MOST_TYPES:]
        counts = {name: found.types[name] for name in told[:_MOST_TYPES]}
        if rare:
            counts[counted(len(rare), "further kind")] = sum(found.types[name] for name in rare)
        if UNTOLD in found.types:
            counts[UNTOLD] = found.types[UNTOLD]
        rows = [(name, number, percent(number / slides.as_mapped)) for name, number in counts.items()]
        page.table(
            ["Kind of movement", "Landslides", "Share"],
            rows,
            "Landslides by kind of movement. One model for all kinds is a mixture of what each goes by.",
        )
    if len(found.by_year) > 1:
        page.table(["When", "Landslides"], list(found.by_year.items()), "Landslides by year.")
    _position(page, facts)


def _position(page: Report, facts: Facts) -> None:
    moved = facts.moved
    if moved is None:
        page.text("Positional error: not looked at (POSITION_ERROR).")
        return
    repeats = len(moved.moved["cells"])
    if not repeats:
        page.text(f"Positional error: moved by {moved.distance_m:,.4g} m, all landslides leave the map.")
        return
    rows = []
    for way, name in WAYS.items():
        own = moved.as_mapped[way]
        mean, low, high = moved.range(way)
        rows.append((name, own.value, interval(own.low, own.high), mean, interval(low, high), signed(mean - own.value)))
    untold = "" if facts.is_error_told else "not told (POSITION_ERROR), so two cells of the map were tried: "
    page.text(
        f"Positional error: {untold}each of {facts.moved_ones}, was moved by {moved.distance_m:,.4g} m in a random direction, {repeats} "
        "times, and the map was asked again. A fall says how far the map's figures hang on landslides lying exactly where they were mapped."
    )
    its = "AUC of the map for these landslides, as mapped and moved."
    if facts.moved_role == "training":
        its += " It is a success rate and no test, and a part of the fall is that the map knows them; the difference is what counts here."
    elif facts.moved_role == "unknown":
        its += " If the map was made from them, it is a success rate, and a part of the fall is that the map knows them."
    aside = f" but those of landslides of {facts.moved_aside}" if facts.moved_aside else ""
    ground = f" Landslides are told from all other cells of the map{aside}, as by “Validate susceptibility map”."
    lost = f" {moved.lost:.1f} landslides leave the map on average." if moved.lost else ""
    page.table(
        ["AUC", "As mapped", "95 % interval", "Moved, mean", "95 % of repeats", "Difference"],
        rows,
        f"{its}{lost}{ground}",
    )


def _factors(page: Report, facts: Facts) -> None:
    covariates = facts.model.covariates if facts.model else facts.stack.covariates if facts.stack else ()
    if covariates:
        names = labels_of([each.name for each in covariates])
        rows = [(name, each.kind, each.unit or "–", each.group or "–", each.source or "–") for name, each in zip(names, covariates)]
        whose = "that the model reads" if facts.model else "of the stack"
        page.table(["Conditioning factor", "Kind", "Unit", "Group", "Source"], rows, f"The {len(rows)} covariates {whose}.")
    else:
        _missing(page, "prepare_covariates")
    rows_of = facts.tables.get("screening")
    if not rows_of:
        _missing(page, "screen_covariates", what="Screening (collinearity, relation to landslides)")
        return
    if sentence := facts.project.result("screening", "verdict", str):
        page.text(f"Screening: {sentence}")
    used = {each.name for each in covariates}
    dropped = [str(row["covariate"]) for row in rows_of if row["advice"] == "drop" and row["covariate"] in used]
    if dropped and facts.model:
        page.text(
            f"The model reads {listed([spoken(name) for name in dropped])} all the same, which the screening advises to "
            f"drop. That "
            "flatters no test; but what such covariates tell is shared, and their importance with it."
        )
    page.table(
        ["Covariate", "Advice", "Reason", "VIF", "Information gain (bits)", "In the model"],
        [
            (
                label_of(str(row["covariate"])),
                row["advice"],
                row.get("reason") or "–",
                row.get("vif"),
                row.get("information_gain_bits"),
                ("yes" if row["covariate"] in used else "no") if facts.model else "–",
            )
            for row in rows_of
        ],
        "Screening. VIF: how far the others tell a covariate already; information gain: what it tells of landslides.",
    )


def _samples(page: Report, facts: Facts) -> None:
    drawn, trained = facts.project.run("samples"), facts.project.run("model")
    if drawn:
        page.text(facts.project.result("samples", "divided", str) or "")
        page.table(["Sampling", ""], list(drawn.settings.items()), f"How “{TITLES['sample_cells']}” drew them.")
    elif trained:
        by = "adapting" if trained.task == "finetune_model" else "benchmark" if trained.task == "benchmark_classifiers" else "training"
        drawn_by = (
            "The cells and their labels were given; what drew them is not part of this project. "
            if trained.parameters.get("label_field")
            else f"Absences were drawn by the {by} itself with the defaults of “{TITLES['sample_cells']}”. "
        )
        page.text(drawn_by + (facts.project.result("model", "divided", str) or ""))
    else:
        _missing(page, "sample_cells")
    rows = [(name.capitalize(), *pair) for name, pair in facts.counts.items()]
    if rows:
        page.table(["Cells", "Landslide", "Non-landslide"], rows, "Sample cells.")


def _model(page: Report, facts: Facts) -> None:
    model = facts.model
    if model is None:
        _missing(page, "train_cnn_dnn", "benchmark_classifiers")
        return
    run = facts.project.run("model")
    own = model.manifest.get("settings")
    own = own if isinstance(own, dict) else {}
    shown = _SHOWN if isinstance(model, CnnDnn) else ()
    try:  # whoever trained the network, its settings are those of the training
        told = settings("train_cnn_dnn", {key: own[key] for key in shown if key in own})
    except (KeyError, TypeError, ValueError):  # of another version of Scarp
        told = {}
    epochs = adapted_for(model)
    adapted = [("Adapted", f"from a model of another area, trained on for {epochs} epochs on landslides of this one")] if epochs else []
    page.table(
        ["Model", ""],
        [("Classifier", model.name), ("Covariates", len(model.covariates)), *adapted, *told.items()],
        "The model, and what shaped it.",
    )
    if epochs and (sentence := facts.project.result("model", "verdict", str)):
        page.text(f"Adapting: {sentence}")
    tried = facts.project.result("model", "tried", int, 0)
    if tried:
        page.text(f"Tuning: {tried} candidates were tried on folds inside the training cells; the best is the model.")
    elif own.get("tune") is False or (run and run.task == "train_cnn_dnn"):
        page.text("Tuning: no search was asked for; the hyper-parameters are those of the table.")


def _validation(page: Report, facts: Facts) -> None:
    if facts.tests:
        page.text(tested_in_words(facts.tests[0]), lead=True)
        for each in facts.tests[1:]:
            if each.how:
                page.text(f"{each.name}: {each.how}")
    elif not facts.success:
        page.text("No test of the model or the map was found.")
    everything = [*facts.tests, *([facts.success] if facts.success else [])]
    if everything:
        page.table(
            ["Tested by", "AUC", "95 % interval", "Landslides", "What it says"],
            [(each.name, each.auc, interval(each.low, each.high), each.landslides, _says(each)) for each in everything],
            "AUC of each way of testing, the most honest first; it counts cells. Intervals take the cells of a landslide as one "
            "(Obuchowski "
            "1997).",
        )
    _of_map(page, facts)
    _of_benchmark(page, facts)


def _says(each: Tested) -> str:
    if each.kind == "success":
        return "how well the map fits the landslides it was made from: no test"
    return f"what to expect {each.where}" if each.where else "it is not known whether the map was made from these landslides"


def _of_map(page: Report, facts: Facts) -> None:
    rows = [row for row in facts.tables.get("validation", []) if row["part"] == "all"]
    if not rows:
        _missing(page, "validate_map", what="A test of the map itself on an inventory")
        return
    page.table(
        ["Landslides", "Number", "AUC by landslides", "AUC by cells", "Share of landslides in the top 10 % of the area"],
        [
            (
                row["landslides_are"],
                _count(row["landslides"]),
                row.get("auc_by_landslides"),
                row["auc_by_cells"],
                percent((row.get("top_10_percent_by_landslides") or 0) / 100),
            )
            for row in rows
        ],
        "The map, by “Validate susceptibility map”.",
    )
    if any(isinstance(row["landslides"], (int, float)) and row["landslides"] < FEW for row in rows):
        page.text(f"Fewer than {FEW} landslides make a figure that is chance to a large part.")


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) else None


def _of_benchmark(page: Report, facts: Facts) -> None:
    rows = facts.tables.get("benchmark")
    if not rows:
        _missing(page, "benchmark_classifiers", what="A comparison with other classifiers")
        return
    if sentence := facts.project.result("benchmark", "verdict", str):
        page.text(f"Comparison with other classifiers: {sentence}")
    page.table(
        ["Validation", "Classifier", "AUC", "95 % interval"],
        [
            (
                VALIDATIONS.get(str(row["validation"]), row["validation"]),
                row["label"],
                row["auc"],
                interval(row.get("auc_low"), row.get("auc_high")),
            )
            for row in rows
        ],
        "The benchmark.",
    )


def _classes(page: Report, facts: Facts) -> None:
    rows = facts.classes
    if not rows:
        _missing(page, "classify_susceptibility")
        return
    run = facts.project.run("classes")
    if run:
        page.text(f"Classes by: {run.settings.get('Method', '–')}.")
    if picture := facts.picture:
        across, down = picture.grid.cell_size_m
        colours = ["#{:02x}{:02x}{:02x}".format(*(round(255 * each) for each in colour)) for colour in picture.colours.tolist()]
        shares = [row["share_percent"] / 100 for row in picture.rows]
        page.figure(
            figures.class_map(
                picture.numbers + 1,
                picture.names,
                colours,
                shares,
                (across, down),
                frame=figures.Frame.of(picture.grid, picture.grid.shape),
            ),
            f"Landslide susceptibility classes. Coordinates: {system_of(picture.whole)}.",
        )
    has_slides = all("landslides" in row or "landslide_cells" in row for row in rows)
    header = ["Class", "From", "To", "Area (km²)", "Share of the area"]
    if has_slides:
        header += ["Landslides", "Share", "Landslides a km²", "Frequency ratio"]
    body = []
    for row in rows:
        cells = [row["class"], row.get("from"), row.get("to"), row["area_km2"], percent(row["share_percent"] / 100)]
        if has_slides:
            share = row.get("percent_of_landslides", row.get("landslide_percent"))
            cells += [
                count(float(row.get("landslides", row.get("landslide_cells")) or 0)),
                percent((share or 0) / 100),
                row.get("landslides_per_km2"),
                row.get("frequency_ratio_by_landslides", row.get("frequency_ratio")),
            ]
        body.append(cells)
    its = " The landslides are those that the map was made from, so the shares are success, no test." if has_slides else ""
    page.table(
        header,
        body,
        "Susceptibility classes; the frequency ratio is the share of landslides divided by the share of the area."
        + (its if facts.project.is_counted_learnt else ""),
    )
    if has_slides:
        names = [str(row["class"]) for row in rows]
        area, by_slides, by_cells = (
            np.array([float(row.get(key) or 0) for row in rows]) / 100
            for key in ("share_percent", "percent_of_landslides", "landslide_percent")
        )
        page.figure(density_by_class(names, area, by_slides, by_cells), "Area and landslides in each class.")
        page.text(falling(rows) or "Landslides are denser in each class than in the one below it.")


def _uncertainty(page: Report, facts: Facts) -> None:
    spread = facts.spread
    if spread is None:
        _missing(page, "map_susceptibility", where="UNCERTAINTY")
        return
    low, high = UNCERTAINTY_BREAKS
    run = facts.project.run("uncertainty")
    whose = "passes of dropout" if run and run.parameters.get("dropout_passes") else "members"
    page.table(
        [f"Standard deviation of the {whose}", "Share of the area"],
        [
            (f"below {low:g}", percent(spread.shares[0])),
            (f"{low:g} to {high:g}", percent(spread.shares[1])),
            (f"above {high:g}", percent(spread.shares[2])),
        ],
        f"How far the {whose} of the model differ; {number(spread.mean)} on average. On average {percent(spread.stability)} of the "
        f"{whose} put a "
        "cell into the class that the map puts it into.",
    )
    page.text("They share covariates, inventory and recipe: a small spread is no proof of being right.")


def _applicability(page: Report, facts: Facts) -> None:
    if facts.outside_percent is None:
        _missing(page, "map_susceptibility", where="APPLICABILITY")
        return
    page.text(
        f"{facts.outside_percent:.1f} % of the area lie outside the area of applicability (Meyer & Pebesma 2021): there the covariates are "
        "unlike those of any training cell, and what the map says is no more than a guess. Inside does not mean right: it knows "
        "covariates, "
        "not landslides."
    )


def _explanation(page: Report, facts: Facts) -> None:
    rows = [row for row in facts.tables.get("explanation", []) if row["kind"] == "covariate"]
    if not rows:
        _missing(page, "explain_model")
        return
    for key in ("verdict", "how"):
        if sentence := facts.project.result("explanation", key, str):
            page.text(sentence)
    names = labels_of([str(row["factor"]) for row in rows])
    falls = [float(row["auc_drop"] or 0) for row in rows]
    low, high = ([float(row.get(key) or 0) for row in rows] for key in ("lowest_fold", "highest_fold"))
    several = low != high  # else the model itself was asked, once
    least, most = ({"fall": ends} if several else None for ends in (low, high))
    page.figure(
        figures.bars({"fall": falls}, names, "Fall of the AUC when permuted", low=least, high=most),
        "Permutation importance on landslides that were not seen"
        + ("; lines reach from the lowest to the highest fold." if several else "."),
    )
    body = [
        (name, fall, *([interval(lowest, highest)] if several else []), row.get("matters") or "–")
        for name, fall, lowest, highest, row in zip(names, falls, low, high, rows)
    ]
    header = ["Covariate", "Fall of the AUC", *(["Folds"] if several else []), "Matters"]
    page.table(header, body, "Importance of each covariate alone.")
    page.text("What a model goes by need not be what causes landslides.")


def _limits(page: Report, facts: Facts) -> None:
    page.points(limits(facts))


def _statement(page: Report, facts: Facts) -> None:
    evidence = facts.evidence
    if evidence is None:
        page.text("Without a map there is no statement.")
        return
    page.table(
        ["", "This map", "Why"],
        statement.statement(evidence),
        "Statement after the guidelines of JTC-1 (Fell et al. 2008). They name types, levels and scales; the rules by which this "
        "table chooses "
        "among them, and the steps of reliability, are those of Scarp, told here so that they can be disputed.",
    )


def _methods(page: Report, facts: Facts) -> None:
    page.quote(methods(facts))


def _versions(page: Report, facts: Facts) -> None:
    page.text(citation())
    runs = _runs(facts)
    packages: dict[str, list[str]] = {}
    for run in runs:
        for name, version in [("Scarp", run.scarp or "not told"), *run.versions.items()]:
            if version not in packages.setdefault(name, []):
                packages[name].append(version)
    if packages:
        page.table(
            ["Package", "Version"],
            [(name, ", ".join(found)) for name, found in packages.items()],
            "Versions that the runs used; this page: Scarp " + scarp_version() + ".",
        )
    steps = [(TITLES[run.task], run.written[:16].replace("T", " ") or "not told", run.scarp or "not told") for run in runs]
    if steps:
        page.table(["Step", "Written (UTC)", "Scarp"], steps, "The runs of this project, by their manifests (.run.json).")


def _parameters(page: Report, facts: Facts) -> None:
    runs = _runs(facts)
    if not runs:
        page.text("No run manifest (.run.json) was found beside the files of this project.")
    for run in runs:
        titles = {key: each.title for key, each in task_parameters(run.task).items()}
        read = [(titles[key], run.read(key)) for key in run.parameters if key in run.inputs and run.read(key)]
        rows = [*read, *run.settings.items()]
        if rows:
            page.table(["Parameter", "Value"], rows, f"{TITLES[run.task]}: what it read, and every parameter.")


def _runs(facts: Facts) -> list[Run]:
    """Return the runs of the project in the order of the work, each once."""
    found = {id(run): run for run in facts.project.runs.values()}
    return sorted(found.values(), key=lambda run: list(TITLES).index(run.task))


def _references(facts: Facts) -> list[str]:
    found = [PAPER, *statement.REFERENCES]
    if facts.outside_percent is not None:
        found.append(_REFERENCES["aoa"])
    if facts.tests or facts.success:
        found += [_REFERENCES["auc"], _REFERENCES["rates"]]
    return sorted({*found, *methods_references(facts)})
