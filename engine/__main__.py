# SPDX-License-Identifier: GPL-2.0-or-later
"""The worker's entry: `python -I engine/__main__.py TASK.json`.

This file runs before the package has a name: it registers the folder above it as `scarp` and hands over.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


def register_package() -> None:
    """Make the plugin's folder importable as `scarp`, whatever the folder is called."""
    if "scarp" in sys.modules:
        return
    root = Path(__file__).resolve().parents[1]
    spec = importlib.util.spec_from_file_location("scarp", root / "__init__.py", submodule_search_locations=[str(root)])
    if spec is None or spec.loader is None:
        raise ImportError(f"No Scarp package at {root}")
    module = importlib.util.module_from_spec(spec)
    sys.modules["scarp"] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    register_package()
    from scarp.engine.worker import leave, main

    leave(main(sys.argv[1:]))
