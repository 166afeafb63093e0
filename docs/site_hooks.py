# SPDX-License-Identifier: GPL-2.0-or-later
"""What MkDocs cannot know by itself (`hooks` in `mkdocs.yml`): pages from declarations, README as the first page."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
# Pages of the site that stand outside docs/, by their file there.
OUTSIDE = {"index.md": "README.md", "contributing.md": "CONTRIBUTING.md", "security.md": "SECURITY.md", "changelog.md": "CHANGELOG.md"}
_PLACES = {**{file: page for page, file in OUTSIDE.items()}, "CITATION.cff": "citing.md"}


def algorithm_pages() -> dict[str, str]:
    """Return a page an algorithm as Markdown, by its name in the site, in the order of the work."""
    made = runpy.run_path(str(DOCS / "make_pages.py"))
    return {f"algorithms/{name}.md": page for name, page in made["algorithm_pages"]().items()}


def on_config(config: Any) -> Any:
    """Put the algorithms' pages into the navigation, and whatever page of docs/ nobody put there."""
    next(each for each in config.nav if "Algorithms" in each)["Algorithms"] = list(algorithm_pages())
    named = {page for part in config.nav for page in ([part] if isinstance(part, str) else next(iter(part.values())))}
    further = next(each for each in config.nav if "More" in each)["More"]
    further += sorted(page.name for page in DOCS.glob("*.md") if page.name not in named)
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are no files of docs/."""
    pages = {page: (ROOT / file).read_text(encoding="utf-8") for page, file in OUTSIDE.items()}
    for page, content in {**pages, **algorithm_pages()}.items():
        files.append(File.generated(config, page, content=content))
    files.append(File.generated(config, "images/scarp.svg", abs_src_path=str(ROOT / "resources" / "icons" / "scarp.svg")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Return the page with links that hold inside the site."""
    return _linked(markdown, outside=page.file.src_uri in OUTSIDE)


def _linked(markdown: str, *, outside: bool) -> str:
    """Return the text with links to what stands in another place of the site than in the project."""

    def place(match: re.Match[str]) -> str:
        file = match[1].removeprefix("docs/" if outside else "../")
        return f"]({_PLACES.get(file, file)}"

    return re.sub(r"\]\((?!https?:|#)([^)#\s]+)", place, markdown)
