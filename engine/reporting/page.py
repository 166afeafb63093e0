# SPDX-License-Identifier: GPL-2.0-or-later
"""A report: one self-contained HTML file that can go into a paper's supplement."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from datetime import datetime, timezone
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import matplotlib as mpl
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib.figure import Figure

from ..files.outputs import replacing

_TEMPLATES = Path(__file__).resolve().parents[2] / "resources"
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

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]], caption: str) -> str:
        """Add a table and return its name, e.g. `Table 2`.

        Numbers are formatted by `format_cell`; a column of nothing but numbers is aligned to the right.
        """
        numeric = [all(_is_number(row[i]) for row in rows) for i in range(len(header))]
        cells = [[format_cell(cell) for cell in row] for row in rows]
        number = self._add("table", header=list(header), rows=cells, numeric=numeric, caption=caption)
        return f"Table {number}"

    def figure(self, figure: Figure, caption: str) -> str:
        """Add a figure and return its name, e.g. `Figure 3`: SVG for drawings, PNG for maps."""
        mime, data = _image(figure)
        width = round(figure.get_figwidth() * _PX_PER_INCH)
        encoded = base64.b64encode(data).decode("ascii")
        return f"Figure {self._add('figure', mime=mime, data=encoded, width=width, caption=caption)}"

    def references(self, items: Sequence[str]) -> None:
        """Add a numbered list of references."""
        self._add("references", lines=list(items))

    def write(self, path: str | Path) -> None:
        """Write the report as one HTML file."""
        environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        html = environment.get_template("report.html.j2").render(
            title=self.title,
            subtitle=self.subtitle,
            headings=[block["text"] for block in self._blocks if block["kind"] == "section"],
            blocks=self._blocks,
            footer=f"Made with Scarp, {datetime.now(timezone.utc):%d %B %Y, %H:%M} UTC.",
        )
        with replacing(path) as temporary:
            temporary.write_text(html, encoding="utf-8")

    def _add(self, kind: str, **values: Any) -> int:
        number = 1 + sum(block["kind"] == kind for block in self._blocks)
        self._blocks.append({"kind": kind, "number": number, **values})
        return number


def format_cell(value: Any) -> str:
    """Return a table cell's text; a dash for None and NaN.

    Examples
    --------
    >>> from scarp.engine.reporting.page import format_cell
    >>> [format_cell(value) for value in (1234, 0.8123, -4321.06, 1.2e-5, None, "Adam")]
    ['1,234', '0.812', '−4,321.1', '1.2e-05', '–', 'Adam']
    """
    if value is None or (isinstance(value, Real) and math.isnan(value)):
        return "–"
    if not _is_number(value):
        return str(value)
    if isinstance(value, Integral):
        text = f"{value:,}"
    elif value == 0 or 0.001 <= abs(value) < 100:
        text = f"{value:.3f}"
    elif 100 <= abs(value) < 1e7:
        text = f"{value:,.1f}"
    else:
        text = f"{value:.2g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, Real) and not isinstance(value, bool))


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
