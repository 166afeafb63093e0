# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw docs/images/rooms.svg: the rooms of the engine, from the table `ROOMS`, and the arrows between them, from the imports.

`python3 docs/draw_rooms.py` after a change of either; `test/test_architecture.py` holds that the picture is what this gives.
"""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "rooms.svg"
COLUMN, BOX, TALL, ROW, EDGE = 230, 210, 78, 116, 16
BLUE, INK, GREY, PALE = "#0072B2", "#222222", "#555555", "#EAF3F9"


def table(root: Path = ROOT) -> list[dict[str, str]]:
    """Return the levels of the engine's table from the top, and `models` below them: each room with the reason for its walls."""
    tree = ast.parse((root / "engine" / "__init__.py").read_text(encoding="utf-8"))
    levels = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.AnnAssign))
    return [*levels, {"models": "everything that learns; a package of its own that never sees the engine"}]


def imports(root: Path = ROOT) -> dict[str, set[str]]:
    """Return which rooms each room imports."""
    found: dict[str, set[str]] = {room: set() for level in table(root) for room in level}
    for path in sorted((root / "engine").glob("*/*.py")):
        package = path.relative_to(root).parent.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
                for alias in node.names:
                    parts = [part for part in (*base, alias.name) if part]
                    found[package[1]] |= {parts[0], parts[1]} & set(found) - {package[1]}
    return found


def arrows(found: dict[str, set[str]]) -> list[tuple[str, str]]:
    """Return the pairs (from, to) that no longer way replaces."""

    def reached(room: str) -> set[str]:
        return found[room].union(*(reached(other) for other in found[room]))

    return [(room, other) for room in found for other in sorted(found[room]) if not any(other in reached(by) for by in found[room])]


def words(x: float, y: float, text: str, style: str) -> str:
    """Return a line of text, centred."""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="middle" {style}>{text.replace("&", "&amp;").replace("<", "&lt;")}</text>'


def picture(root: Path = ROOT) -> str:
    """Return the drawing; a level of one room spans all columns, so that arrows pass beside the boxes of other levels."""
    levels = table(root)
    columns = max(map(len, levels))
    place: dict[str, tuple[float, float, float]] = {}  # left, top, width
    boxes, lines = [], []
    for row, level in enumerate(levels):
        for column, (room, reason) in enumerate(level.items()):
            wide = columns * COLUMN - COLUMN + BOX if len(level) == 1 else BOX
            left, top = EDGE + column * COLUMN, EDGE + row * ROW
            place[room] = left, top, wide
            boxes.append(f'<rect x="{left:g}" y="{top:g}" width="{wide}" height="{TALL}" rx="6" fill="{PALE}" stroke="{BLUE}"/>')
            boxes.append(words(left + wide / 2, top + 21, f"{room}/", f'font-size="15" font-weight="bold" fill="{INK}"'))
            told = textwrap.wrap(re.split("[;:]", reason)[0], wide // 7)
            boxes += [words(left + wide / 2, top + 39 + 15 * n, line, f'font-size="12" fill="{GREY}"') for n, line in enumerate(told)]
    for one, other in arrows(imports(root)):
        (left, top, wide), (below, down, breadth) = place[one], place[other]
        start, end = left + wide / 2, below + breadth / 2
        if wide != breadth:
            start = end = end if wide > breadth else start
        line = f"M{start:g} {top + TALL:g}C{start:g} {top + TALL + 20:g} {end:g} {down - 26:g} {end:g} {down - 6:g}"
        lines.append(f'<path d="{line}" fill="none" stroke="{INK}"/>')
        boxes.append(f'<path d="M{end - 4:g} {down - 8:g}h8l-4 8z" fill="{INK}"/>')
    size = columns * COLUMN - COLUMN + BOX + 2 * EDGE, len(levels) * ROW - ROW + TALL + 2 * EDGE
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}" font-family="sans-serif">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#FFFFFF"/>', *lines, *boxes, "</svg>\n"])


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
