# SPDX-License-Identifier: GPL-2.0-or-later
"""The error for the user to read. Models raise it too, and may not import the engine, so it is theirs."""

from __future__ import annotations

from ..models.errors import EngineError

__all__ = ["EngineError"]
