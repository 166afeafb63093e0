# SPDX-License-Identifier: GPL-2.0-or-later
"""What a report tells, read back without its markup: a fault in a column is seen in the cell that it changes."""


def words(page):
    """Return all paragraphs of a report as one text."""
    return " ".join(block["text"] for block in page._blocks if block["kind"] in ("text", "quote"))


def rows(page, *header, caption=""):
    """Return the rows, as they are written, of the one table with this header, and with such words in its caption."""
    tables = [block for block in page._blocks if block["kind"] == "table"]
    (found,) = (block for block in tables if tuple(block["header"]) == header and caption in block["caption"])
    return found["rows"]


def captions(page, kind="figure"):
    """Return the captions of all figures, or tables, in their order."""
    return [block["caption"] for block in page._blocks if block["kind"] == kind]


def drawn_by(monkeypatch, module, *names):
    """Return a list that takes (name, arguments, keywords) whenever a function of a module draws a figure, which it still does."""
    calls = []

    def recorded(name, true):
        return lambda *given, **more: calls.append((name, given, more)) or true(*given, **more)

    for name in names:
        monkeypatch.setattr(module, name, recorded(name, getattr(module, name)))
    return calls


def without_pictures(monkeypatch):
    """Let figures be made but not be turned into pictures, which takes longest."""
    monkeypatch.setattr("scarp.engine.reporting.page._image", lambda figure: ("image/png", b""))
