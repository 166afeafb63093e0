# SPDX-License-Identifier: GPL-2.0-or-later
"""Register the repository root as the package `scarp`, whatever the folder is called."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

if "scarp" not in sys.modules:
    spec = importlib.util.spec_from_file_location("scarp", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
    module = importlib.util.module_from_spec(spec)
    sys.modules["scarp"] = module
    spec.loader.exec_module(module)


@pytest.fixture(scope="session")
def data_folder():
    """The real data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("SCARP_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data not found at {folder} (set SCARP_TEST_DATA)")
    return folder


def pytest_collection_modifyitems(items):
    """Refuse tests that have another name in each process: those that share the suite would not agree on what there is to run."""
    odd = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if odd:
        raise pytest.UsageError(f"Name the cases of {odd[0]}.")
