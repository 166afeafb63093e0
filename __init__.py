# SPDX-License-Identifier: GPL-2.0-or-later
"""Scarp: deep-learning landslide susceptibility mapping for QGIS."""

from __future__ import annotations

from typing import Any


def classFactory(iface: Any) -> Any:  # noqa: N802 (QGIS looks for this name)
    """Return the plugin object; QGIS calls this when it loads the plugin."""
    from .plugin import ScarpPlugin

    return ScarpPlugin(iface)
