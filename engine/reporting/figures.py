# SPDX-License-Identifier: GPL-2.0-or-later
"""The figures of the reports, as matplotlib `Figure` objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, TypeVar, cast

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation
from sklearn.metrics import auc as area
from sklearn.metrics import precision_recall_curve, roc_curve

from ...models.classifiers import LABELS
from ..files.grid import Grid
from .metrics import balanced, reliability
from .numbers import cut, number, percent

# Okabe & Ito (2008), told apart by colour-blind people; yellow is left out, too pale for lines on white.
COLOURS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINES = ("-", "--", "-.", ":")
GREY = "#767676"
# A bin of fewer cells says next to nothing: one cell moves its share by a fifth and more.
FEW_IN_BIN = 5
RINGS = f"Rings, which no line joins, are of fewer than {FEW_IN_BIN} cells."
_STYLE = {
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.labelsize": 9,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.5,
    "text.parse_math": False,  # names from data may hold dollars
}

# A few strong colours for what readers look for, the same in every figure; other classifiers are told apart by dashes and two greys.
_STRONG = {"cnn_dnn": COLOURS[0], "cnn_dnn_trees": COLOURS[1], "rf": COLOURS[2], "lr": COLOURS[3]}
_PALE = [(colour, line) for line in LINES for colour in ("#4D4D4D", "#9A9A9A")]
# Most inches of a map's height, and how many times as long as wide one is that is narrow.
_TALLEST, _NARROW = 9.0, 4
# Longer names of bars lose their middle.
_MOST_LETTERS = 40


@dataclass(frozen=True)
class Frame:
    """Where a picture lies: its west and north edge, and the width and height of its cells, in the units of its coordinates."""

    west: float
    north: float
    across: float
    down: float
    is_projected: bool = True

    @classmethod
    def of(cls, grid: Grid, shape: tuple[int, int]) -> Frame:
        """Return the frame of a picture of a whole grid, of any (rows, cols)."""
        west, south, east, north = grid.bounds
        return cls(west, north, (east - west) / shape[1], (north - south) / shape[0], grid.is_projected)


# One pair of labels (n,) and susceptibility (n,) for each test set of a model.
TestSets = Sequence[tuple[np.ndarray, np.ndarray]]
Make = TypeVar("Make", bound=Callable[..., Figure])


def styled(make: Make) -> Make:
    """Give the figure that a function makes the look of all reports."""

    @wraps(make)
    def styled(*args: Any, **kwargs: Any) -> Figure:
        with mpl.rc_context(_STYLE):
            return make(*args, **kwargs)

    return cast(Make, styled)


def legend_below(axes: Axes, title: str | None = None, of: Axes | None = None) -> None:
    """Name what these axes, or others, show below their axis, where it hides nothing; the figure grows by the lines that this takes."""
    figure = cast(Figure, axes.figure)
    handles, names = (of or axes).get_legend_handles_labels()
    if not names:
        return
    inches = 0.065 * max(len(name) for name in names) + 0.5
    columns = min(max(int(figure.get_figwidth() * axes.get_position().width / inches), 1), len(names))
    deep = (axes.bbox.y0 - axes.xaxis.get_tightbbox().y0) / figure.dpi + 0.05
    figure.set_figheight(figure.get_figheight() + 0.17 * (-(-len(names) // columns) + bool(title)))
    axes.legend(
        handles,
        names,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=axes.transAxes + ScaledTranslation(0, -deep, figure.dpi_scale_trans),
        borderaxespad=0,
        ncols=columns,
        title=title,
        alignment="left",
    )


@styled
def training_history(history: Mapping[str, Sequence[float]], title: str | None = None, best_epoch: int | None = None) -> Figure:
    """Draw accuracy and loss against epochs, training beside validation (the paper's Figs. 10 to 13).

    Parameters
    ----------
    history
        One value an epoch under `accuracy`, `loss` and, where there is a validation part, `val_accuracy`, `val_loss`.
    title
        What was trained, e.g. the optimiser's name.
    best_epoch
        The epoch, counted from 1, whose weights were kept; marked by a line.
    """
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=9.5, fontweight="bold", x=0.01, ha="left")
    for axes, key, label in zip(figure.subplots(1, 2), ("accuracy", "loss"), ("Accuracy", "Loss")):
        for prefix, name, colour in (("", "training", COLOURS[1]), ("val_", "validation", COLOURS[0])):
            values = np.asarray(history.get(prefix + key, ()), float)
            if values.size:
                axes.plot(np.arange(1, values.size + 1), values, color=colour, lw=1.2, label=name)
        if best_epoch:
            axes.axvline(best_epoch, color=GREY, lw=0.8, ls=":", label=f"weights kept (epoch {best_epoch:,})")
        axes.set(xlabel="Epoch", ylabel=label)
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True, min_n_ticks=1))
        legend_below(axes)
    return figure


@styled
def distance_curves(distances: Mapping[str, np.ndarray]) -> Figure:
    """Draw the share of cells within a distance; metres (n,) by what they are measured between, some perhaps infinite."""
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for (name, metres), colour, line in zip(distances.items(), COLOURS, LINES):
        ordered = np.sort(metres[np.isfinite(metres)])
        if len(ordered):
            axes.step(ordered, np.arange(1, len(ordered) + 1) / len(ordered), where="post", color=colour, ls=line, label=name)
    axes.set(xlabel="Distance (m)", ylabel="Share of cells", xlim=(0, None), ylim=(0, 1.02))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    legend_below(axes)
    return figure


@styled
def roc_curves(models: Mapping[str, TestSets], truth: TestSets | None = None) -> Figure:
    """Draw the ROC curves of all models in one plot (the paper's Fig. 14).

    Parameters
    ----------
    models
        For each model its test sets. The curve of several is their mean at equal false positive rates.
    truth
        The best that can be reached, where it is known; drawn in grey.
    """
    figure = Figure(figsize=(5.4, 4.8), layout="constrained")
    axes = figure.subplots()
    styles = line_styles(list(models))
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":")
    if truth:
        rate, curve, mean = _mean_roc(truth)
        axes.plot(rate, curve, color="#BBBBBB", lw=3, label=f"best reachable  {number(mean)}")
    for name, sets in models.items():
        style = styles[name]
        rate, curve, mean = _mean_roc(sets)
        axes.plot(rate, curve, label=f"{name}  {number(mean)}", **style)
    _unit_square(axes, "False positive rate (1 − specificity)", "True positive rate (sensitivity)")
    legend_below(axes, "AUC")
    return figure


@styled
def precision_recall_curves(models: Mapping[str, TestSets]) -> Figure:
    """Draw the precision–recall curves of all models, both classes counting the same; several test sets as their mean at equal recall."""
    figure = Figure(figsize=(5.4, 4.8), layout="constrained")
    axes = figure.subplots()
    axes.axhline(0.5, color=GREY, lw=0.8, ls=":")
    recalls = np.linspace(0, 1, 201)
    styles = line_styles(list(models))
    for name, sets in models.items():
        style = styles[name]
        curve = np.mean([_precision_at(recalls, *pair) for pair in sets], axis=0)
        axes.plot(recalls, curve, label=name, **style)
    _unit_square(axes, "Recall", "Precision")
    legend_below(axes)
    return figure


@styled
def confusion_matrices(matrices: Mapping[str, np.ndarray]) -> Figure:
    """Draw one confusion matrix for each model: counts [[TN, FP], [FN, TP]], shaded by the share of their row."""
    columns = min(len(matrices), 4)
    rows = -(-len(matrices) // columns)
    figure = Figure(figsize=(max(1.95 * columns, 2.8), 1.95 * rows + 0.25), layout="constrained")
    panels = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axes, (name, matrix) in zip(panels, matrices.items()):
        counts = np.asarray(matrix)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.pcolormesh(share[::-1], cmap="Blues", vmin=0, vmax=1.15, edgecolors="white", linewidth=2)
        for row in range(2):
            for column in range(2):
                axes.text(
                    column + 0.5,
                    1.5 - row,
                    f"{counts[row, column]:,}\n{percent(share[row, column])}",
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color="white" if share[row, column] > 0.65 else "black",
                )
        axes.set(title=name, xticks=[0.5, 1.5], yticks=[0.5, 1.5], aspect="equal")
        axes.set_xticklabels(["none", "landslide"])
        axes.set_yticklabels(["landslide", "none"], rotation=90, va="center")
        axes.tick_params(length=0)
        axes.grid(False)
        for spine in axes.spines.values():
            spine.set_visible(False)
    for axes in panels[len(matrices) :]:
        axes.set_axis_off()
    figure.supxlabel("Predicted", fontsize=9)
    figure.supylabel("True", fontsize=9)
    return figure


@styled
def reliability_plot(models: Mapping[str, TestSets], bins: int = 10) -> Figure:
    """Draw the observed share of landslide cells against susceptibility, both classes counting the same, and how many cells are there.

    Bins of few cells are not joined by the line.
    """
    figure = Figure(figsize=(4.6, 5.2), layout="constrained")
    axes, counts = figure.subplots(2, 1, gridspec_kw={"height_ratios": [4, 1]}, sharex=True)
    axes.plot([0, 1], [0, 1], color=GREY, lw=0.8, ls=":", label="perfect")
    styles = line_styles(list(models))
    for name, sets in models.items():
        style = styles[name]
        labels, susceptibility = (np.concatenate(each) for each in zip(*sets))
        mean, share, _ = reliability(labels, susceptibility, bins, balanced(labels))
        joined(axes, mean, share, reliability(labels, susceptibility, bins)[2], label=name, **style)
        counts.hist(susceptibility, bins=2 * bins, range=(0, 1), histtype="step", **style)
    axes.set(ylabel="Observed share of landslide cells", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    counts.set(xlabel="Susceptibility", ylabel="Cells")
    legend_below(counts, of=axes)
    return figure


def joined(axes: Axes, mean: np.ndarray, share: np.ndarray, cells: np.ndarray, **style: Any) -> None:
    """Draw bins of a reliability figure, (n,): those of several cells joined by a line, those of few are rings, which one cell moves."""
    several = cells >= FEW_IN_BIN
    axes.plot(mean[several], share[several], marker="o", ms=3.5, **style)
    axes.plot(mean[~several], share[~several], marker="o", ms=3.5, mfc="none", **{**style, "ls": "", "label": None})


@styled
def bars(
    values: Mapping[str, Sequence[float]],
    names: Sequence[str],
    label: str,
    *,
    low: Mapping[str, Sequence[float]] | None = None,
    high: Mapping[str, Sequence[float]] | None = None,
    reference: float | None = None,
    start: float = 0.0,
) -> Figure:
    """Draw horizontal bars, one group a name, with error bars from `low` to `high`.

    Parameters
    ----------
    values
        For each series (e.g. `random folds`, `spatial folds`) one value a name.
    names
        What the bars stand for, top to bottom.
    label
        Of the value axis.
    low, high
        Ends of the error bars, shaped as `values`; NaN where a bar has none.
    reference
        A value marked by a dotted line.
    start
        Where the bars begin, e.g. 0.5 for AUC.
    """
    height = 0.8 / len(values)
    figure = Figure(figsize=(6.4, 0.9 + 0.24 * len(names) * (1 + 0.35 * len(values))), layout="constrained")
    axes = figure.subplots()
    positions = np.arange(len(names))
    colours = (COLOURS[1], COLOURS[4], COLOURS[2], COLOURS[3])
    for index, series in enumerate(values):
        middle = positions + (index - (len(values) - 1) / 2) * height
        lengths = np.asarray(values[series], float)
        axes.barh(middle, lengths - start, 0.88 * height, left=start, color=colours[index % 4], label=series)
        if low is not None and high is not None:
            reach = np.abs(np.stack([lengths - np.asarray(low[series]), np.asarray(high[series]) - lengths]))
            known = np.isfinite(reach).all(axis=0)
            axes.errorbar(lengths[known], middle[known], xerr=reach[:, known], fmt="none", ecolor="#333333", elinewidth=0.9, capsize=2)
    if reference is not None:
        axes.axvline(reference, color=GREY, lw=0.9, ls=":")
    axes.set(yticks=positions, xlabel=label)
    axes.set_yticklabels([cut(name, _MOST_LETTERS) for name in names])
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")
    axes.margins(y=0.02)
    axes.invert_yaxis()
    if len(values) > 1:
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(values), borderaxespad=0.2)
    return figure


@styled
def fold_map(x: np.ndarray, y: np.ndarray, fold: np.ndarray, landslide: np.ndarray) -> Figure:
    """Draw where the cells of each fold lie: one colour a fold, dots for landslide, crosses for other cells; -1 is no fold but training."""
    figure = Figure(figsize=(6.2, 4.8), layout="constrained")
    axes, legend = figure.subplots(1, 2, gridspec_kw={"width_ratios": [7, 1]})
    for index, name in enumerate(np.unique(fold)):
        colour = COLOURS[index % len(COLOURS)]
        for kind, marker, width in ((1, "o", 0.0), (0, "x", 0.7)):
            here = (fold == name) & (landslide == kind)
            label = (f"fold {name}" if name >= 0 else "training only") if kind else None
            axes.scatter(x[here], y[here], 10, color=colour, marker=marker, linewidths=width or None, label=label)
    axes.set(xlabel="Easting", ylabel="Northing", aspect="equal")
    for axis, sides in ((axes.xaxis, "EW"), (axes.yaxis, "NS")):
        axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(partial(_easting, sides))
    axes.tick_params(labelsize=7)
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    length_m = round_length((east - west) / 4)
    left, bottom = west + 0.03 * (east - west), south + 0.035 * (north - south)
    _bar(axes, left, left + length_m, bottom, length_m)
    _north(axes)
    legend.legend(*axes.get_legend_handles_labels(), loc="upper left", borderaxespad=0)
    legend.set_axis_off()
    return figure


@styled
def class_map(
    classes: np.ndarray,
    names: Sequence[str],
    colours: Sequence[str],
    shares: Sequence[float],
    metres_per_px: tuple[float, float],
    title: str = "Landslide susceptibility",
    frame: Frame | None = None,
    landslides: tuple[np.ndarray, np.ndarray] | None = None,
) -> Figure:
    """Draw a map of classes, by default of susceptibility, from the lowest up, with legend, class shares, scale bar, north, coordinates.

    Parameters
    ----------
    classes
        (rows, cols) 1 to the number of classes, north up; 0 where there is none.
    names, colours, shares
        For each class its name, colour and share of the area (0 to 1).
    metres_per_px
        Width and height of a cell of `classes`.
    title
        Of the legend.
    frame
        Where the picture lies; without, it has no coordinates.
    landslides
        Rows and columns of landslide cells in the picture, both (n,), to be marked.
    """
    rows, cols = classes.shape
    across, down = metres_per_px
    shape = rows * down / (cols * across)
    width = float(np.clip(5.6 / shape, 3.2, 8.5))
    edges = 0.45 if frame else 0.0  # for coordinates
    height = min(width * shape, _TALLEST)
    figure = Figure(figsize=(width + 2.0 + edges, height + 0.1 + 1.5 * edges), layout="constrained")
    axes, legend = figure.subplots(1, 2, gridspec_kw={"width_ratios": [width, 1.8]})
    palette = ListedColormap(["#FFFFFF", *colours])
    axes.imshow(classes, cmap=palette, vmin=-0.5, vmax=len(colours) + 0.5, interpolation="nearest", aspect=down / across)
    border(axes, frame, (rows, cols))
    marks = []
    if landslides is not None:
        marks = [_mark(axes, *landslides)]
        axes.set(xlim=(-0.5, cols - 0.5), ylim=(rows - 0.5, -0.5))
    scale_bar(axes, cols * across, across, rows)
    _north(axes)
    handles = [
        Patch(facecolor=colour, edgecolor="#888888", linewidth=0.4, label=f"{name}  ({percent(share)})")
        for name, colour, share in list(zip(names, colours, shares))[::-1]
    ]
    legend.set_axis_off()
    legend.legend(
        handles=[*handles, *marks],
        title=f"{title}\n(share of the area)",
        loc="upper left",
        borderaxespad=0,
        alignment="left",
        labelspacing=0.8,
        handlelength=1.6,
        handleheight=1.3,
        fontsize=9,
    )
    return figure


def _mark(axes: Axes, rows: np.ndarray, cols: np.ndarray) -> Line2D:
    """Mark landslide cells by dots, smaller ones where there are many, each pixel once; return what the legend shows."""
    places = np.unique(np.rint(np.stack([cols, rows], axis=1)), axis=0)
    size = float(np.clip(60 / np.sqrt(len(places)), 1.0, 4.0))
    look = {"marker": "o", "color": "black", "markeredgecolor": "white", "markeredgewidth": 0.1 * size, "linestyle": "none"}
    axes.plot(*places.T, markersize=size, **look)
    return Line2D([], [], markersize=4, label="landslide", **look)


def border(axes: Axes, frame: Frame | None, shape: tuple[int, int], size: float = 7) -> None:
    """Draw the border of a picture of (rows, cols) cells with a few round coordinates, in letters of `size` points."""
    axes.set(xticks=[], yticks=[])
    axes.grid(False)
    for spine in axes.spines.values():
        spine.set(visible=True, color="#BBBBBB", linewidth=0.6)
    if frame is None:
        return
    for axis, begin, step, count, sides in (
        (axes.xaxis, frame.west, frame.across, shape[1], "EW"),
        (axes.yaxis, frame.north, -frame.down, shape[0], "NS"),
    ):
        told = round_coordinates(begin, begin + step * count)
        if count * _NARROW < max(shape):  # on a short side numbers would lie on each other
            told = told[:1]
        axis.set_ticks([(each - begin) / step - 0.5 for each in told])
        axis.set_ticklabels([coordinate(each, sides, is_projected=frame.is_projected) for each in told])
    axes.tick_params(labelsize=size, length=2)
    axes.tick_params(axis="y", labelrotation=90)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("center")


def round_coordinates(one: float, other: float) -> list[float]:
    """Return two to five round coordinates between two others.

    >>> from scarp.engine.reporting.figures import round_coordinates
    >>> round_coordinates(711_870, 716_020), round_coordinates(11.02, 10.98)
    ([712000.0, 714000.0, 716000.0], [10.98, 11.0, 11.02])
    """
    low, high = min(one, other), max(one, other)
    step = round_length((high - low) / 2 * (1 + 1e-9))  # 0.05, as floating point has it, is 0.05
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return [float(f"{number * step:.12g}") for number in np.arange(first, last + 1)]


def coordinate(value: float, sides: str, *, is_projected: bool) -> str:
    """Return a coordinate as maps have it; `sides` are the letters of positive and negative degrees.

    Examples
    --------
    >>> from scarp.engine.reporting.figures import coordinate
    >>> coordinate(3598000.0, "NS", is_projected=True), coordinate(-79.25, "EW", is_projected=False)
    ('3,598,000', '79.25° W')
    """
    if is_projected:
        return number(round(value))
    return f"{abs(value):.4f}".rstrip("0").rstrip(".") + f"° {sides[int(value < 0)]}"


def scale_bar(axes: Axes, width_m: float, cell_size_m: float, rows: int) -> None:
    """Draw a scale bar into a map `width_m` wide, in the lower left corner; `rows` and `cell_size_m` are the picture's."""
    length_m = round_length(width_m / 4)
    length, left, bottom = length_m / cell_size_m, width_m / cell_size_m * 0.03, rows * 0.965
    _bar(axes, left, left + length, bottom, length_m)


def _bar(axes: Axes, left: float, right: float, bottom: float, length_m: float) -> None:
    label = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 1.5}
    halo = [withStroke(linewidth=4.5, foreground="white")]
    axes.plot([left, right], [bottom, bottom], color="black", lw=2.5, solid_capstyle="butt", path_effects=halo)
    axes.annotate(label, ((left + right) / 2, bottom), (0, 4), textcoords="offset points", ha="center", va="bottom", fontsize=8, bbox=box)


def _north(axes: Axes) -> None:
    axes.annotate(
        "N",
        xy=(0.965, 0.985),
        xytext=(0.965, 0.9),
        xycoords="axes fraction",
        ha="center",
        va="top",
        fontsize=10,
        fontweight="bold",
        arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.2},
        bbox={"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.5},
    )


def _easting(sides: str, value: float, _: int) -> str:
    return coordinate(value, sides, is_projected=True)


def round_length(length_m: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten not above `length_m`."""
    power = 10.0 ** np.floor(np.log10(length_m))
    return float(max(step * power for step in (1, 2, 5) if step * power <= length_m))


def line_styles(names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return colour and dashes of each line by its name.

    A classifier has its own wherever it is drawn, whatever is drawn beside it; other names get those of `COLOURS` in their order.
    """
    pale = iter(_PALE)
    own = {}
    for classifier, label in LABELS.items():
        colour, line = (_STRONG[classifier], "-") if classifier in _STRONG else next(pale)
        own[label] = {"color": colour, "ls": line, "zorder": 3 if classifier in _STRONG else 2}
    others = iter(_line_styles())
    return {name: own[name] if name in own else next(others) for name in names}


def _line_styles() -> list[dict[str, Any]]:
    return [{"color": colour, "ls": line} for line in LINES for colour in COLOURS]


def _mean_roc(sets: TestSets) -> tuple[np.ndarray, np.ndarray, float]:
    if len(sets) == 1:
        false_positive, true_positive, _ = roc_curve(*sets[0])
        return false_positive, true_positive, float(area(false_positive, true_positive))
    rates = np.linspace(0, 1, 201)
    curves, areas = [], []
    for labels, susceptibility in sets:
        false_positive, true_positive, _ = roc_curve(labels, susceptibility)
        curves.append(np.interp(rates, false_positive, true_positive))
        areas.append(area(false_positive, true_positive))
    mean = np.mean(curves, axis=0)
    return np.r_[0, rates], np.r_[0, mean], float(np.mean(areas))


def _precision_at(recalls: np.ndarray, labels: np.ndarray, susceptibility: np.ndarray) -> np.ndarray:
    """Return the precision at the highest threshold that reaches each recall."""
    precision, recall, _ = precision_recall_curve(labels, susceptibility, sample_weight=balanced(labels))
    precision, recall = precision[-2::-1], recall[-2::-1]  # from the highest threshold on; the last point is made up
    return precision[np.minimum(np.searchsorted(recall, recalls - 1e-12), recall.size - 1)]


def _unit_square(axes: Axes, x: str, y: str) -> None:
    axes.set(xlabel=x, ylabel=y, xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), aspect="equal")
