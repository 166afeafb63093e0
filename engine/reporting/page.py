# SPDX-License-Identifier: GPL-2.0-or-later
"""A report: one self-contained HTML file that can go into a paper's supplement."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import matplotlib as mpl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from ..declarations.source import Source
from ..environment import scarp_version
from ..files.grid import Grid
from ..files.outputs import replacing
from .numbers import cell_size, cut, is_number, number, stands_right

# Why a test may be better than the cells that trained; nothing is wrong with it by itself.
BETTER_THAN_TRAINING = (
    "That the test is better than the landslides of the training is chance of which landslides it holds, or these lie on easier ground, "
    "such as large ones on steep slopes; it does not mean that the map tells others better than its own, nor that the success rate is "
    "a test."
)
_TEMPLATES = Path(__file__).resolve().parents[2] / "resources"
# Longer names from data, such as those of sub-areas and classes, lose their middle.
MOST_LETTERS = 80
_PX_PER_INCH = 96
_PNG_DPI = 180


class Report:
    """Sections, paragraphs, numbered tables and numbered figures, in the order in which they are added.

    Parameters
    ----------
    title
        What the report is about.
    subtitle
        On what: the stack, the inventory.
    """

    def __init__(self, title: str, subtitle: str = "") -> None:
        self.title, self.subtitle = title, subtitle
        self._blocks: list[dict[str, Any]] = []

    def section(self, heading: str) -> None:
        """Begin a section."""
        self._add("section", text=heading)

    def text(self, paragraph: str, lead: bool = False) -> None:
        """Add a paragraph; `lead` sets it off as the main finding."""
        self._add("text", text=paragraph, lead=lead)

    def quote(self, paragraph: str) -> None:
        """Add a paragraph that is to be copied."""
        self._add("quote", text=paragraph)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]], caption: str) -> str:
        """Add a table and return its name, e.g. `Table 2`.

        Numbers are formatted by `format_cell`; a column of nothing but numbers, percents and the like is aligned to the right. What a row
        is of, its first cell, is cut where it is longer than `MOST_LETTERS`.
        """
        numeric = [all(stands_right(row[i]) for row in rows) and any(row[i] != "" for row in rows) for i in range(len(header))]
        cells = [[cut(format_cell(first), MOST_LETTERS), *map(format_cell, others)] for first, *others in rows]
        number = self._add("table", header=list(header), rows=cells, numeric=numeric, caption=caption)
        return f"Table {number}"

    def figure(self, figure: Figure, caption: str) -> str:
        """Add a figure and return its name, e.g. `Figure 3`: SVG for drawings, PNG for maps."""
        mime, data = _image(figure)
        width = round(figure.get_figwidth() * _PX_PER_INCH)
        encoded = base64.b64encode(data).decode("ascii")
        return f"Figure {self._add('figure', mime=mime, data=encoded, width=width, caption=caption)}"

    def data(
        self, grid: Grid, files: Mapping[str, str | None], valid: int | None = None, told: Mapping[str, str | None] | None = None
    ) -> None:
        """Add the table of what was looked at: the files by their names, coordinate reference system, cell size and area.

        Parameters
        ----------
        files
            What each is, and where it lies; None for one that was not given.
        valid
            Cells with data, whose area is told; None where they were not counted: then the whole grid's.
        told
            What else to tell, by its name; None or empty for what is not known.
        """
        rows, cols = grid.shape
        across, down = grid.cell_size_m
        area = (rows * cols if valid is None else valid) * across * down / 1e6
        system = grid.spatial_reference
        code = system.GetAuthorityCode(None)
        named = f"{system.GetName()} ({system.GetAuthorityName(None)}:{code})" if code else system.GetName()
        rows_told = [(name, _file_told(each)) for name, each in files.items() if each]
        rows_told += [
            ("Coordinate reference system", named),
            ("Cell size", cell_size(across, down)),
            ("Grid", f"{rows:,} rows × {cols:,} columns"),
            ("Area of the cells with data" if valid is not None else "Area of the grid", f"{number(area)} km²"),
        ]
        rows_told += [(name, each) for name, each in (told or {}).items() if each]
        self.table(["Data", ""], rows_told, "What was looked at.")

    def points(self, items: Sequence[str]) -> None:
        """Add a list of points."""
        self._add("points", lines=list(items))

    def references(self, items: Sequence[str]) -> None:
        """Add a numbered list of references."""
        self._add("references", lines=list(items))

    def write(self, path: str | Path, warnings: Sequence[str] = ()) -> None:
        """Write the report as one HTML file; what its run warned of, and no paragraph says, stands before the first section."""
        said = " ".join(block["text"] for block in self._blocks if block["kind"] == "text")
        environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        html = environment.get_template("report.html.j2").render(
            title=self.title,
            subtitle=self.subtitle,
            headings=[block["text"] for block in self._blocks if block["kind"] == "section"],
            blocks=self._blocks,
            warnings=[each for each in dict.fromkeys(warnings) if each not in said],
            footer=f"Made with Scarp {scarp_version()}, {datetime.now(timezone.utc):%d %B %Y, %H:%M} UTC. {citation()}",
        )
        with replacing(path) as temporary:
            temporary.write_text(html, encoding="utf-8", errors="replace")  # names may hold what is no letter

    def _add(self, kind: str, **values: Any) -> int:
        number = 1 + sum(block["kind"] == kind for block in self._blocks)
        self._blocks.append({"kind": kind, "number": number, **values})
        return number


def citation() -> str:
    """Return how to cite what made the page."""
    return (
        f"To cite it: Scarp {scarp_version()}, a QGIS plugin for landslide susceptibility by deep learning; method: Azarafza, M. et al. "
        "(2021), Scientific Reports 11, 24112."
    )


def _file_told(source: str) -> str:
    """Return the name of a file, and that of its layer where it is another one.

    Examples
    --------
    >>> from scarp.engine.reporting.page import _file_told
    >>> _file_told("/data/slides.gpkg|layername=all"), _file_told("/tmp/layer0.fgb|name=slides|of=/data/slides.shp")
    ('slides.gpkg, layer all', 'slides.shp')
    """
    named = Source.parse(source).lasting
    file = named.path.replace("\\", "/").rsplit("/", 1)[-1]
    return file if named.label in (file, file.rpartition(".")[0]) else f"{file}, layer {named.label}"


def format_cell(value: Any) -> str:
    """Return a table cell's text: `numbers.number` of a number, else the text itself.

    Examples
    --------
    >>> from scarp.engine.reporting.page import format_cell
    >>> [format_cell(value) for value in (1234, 0.8123, -4321.06, 1.2e-5, None, "Adam")]
    ['1,234', '0.812', '−4,321.1', '< 0.001', '–', 'Adam']
    """
    return number(value) if is_number(value) else str(value)


def _image(figure: Figure) -> tuple[str, bytes]:
    buffer = io.BytesIO()
    if any(axes.images for axes in figure.axes):
        figure.savefig(buffer, format="png", dpi=_PNG_DPI)
        return "image/png", buffer.getvalue()
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "scarp"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "image/svg+xml", buffer.getvalue()


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words.

    Examples
    --------
    >>> from scarp.engine.reporting.page import listed
    >>> listed(["slope", "aspect", "geology"])
    'slope, aspect and geology'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
